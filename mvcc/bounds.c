#include "mvcc/bounds.h"

#include "format/fail.h"
#include "format/key.h"
#include "util/buf.h"

void varve__bounds_release(varve__bounds *bounds)
{
    varve_buf_release(&bounds->lower);
    varve_buf_release(&bounds->upper);
}

varve_status varve__bounds_open(varve__bounds *bounds, varve_span span, varve_error *err)
{
    if (span.end.size == 0)
        return varve__fail_empty_key(err);
    bounds->is_empty = varve_slice_compare(span.start, span.end) >= 0;
    return varve_span_encode(span, &bounds->lower, &bounds->upper, err);
}

/* Replace the contents of `to` by the user key behind an encoded prefix; nothing stands for it. */
static varve_status set_user_key(varve_buf *to, varve_slice prefix, varve_error *err)
{
    to->size = 0;
    return prefix.size == 0 ? VARVE_OK : varve__key_unescape(prefix, to, err);
}

varve_status varve__bounds_resume(const varve__bounds *bounds, varve_slice prefix, varve_rows *rows,
                                  varve_error *err)
{
    rows->more = true;
    varve_status status = set_user_key(&rows->resume_start, prefix, err);
    if (status == VARVE_OK)
        status = set_user_key(&rows->resume_end, varve_buf_slice(&bounds->upper), err);
    return status;
}

varve_status varve__bounds_resume_backward(const varve__bounds *bounds, varve_slice prefix,
                                           varve_rows *rows, varve_error *err)
{
    rows->more = true;
    varve_status status = set_user_key(&rows->resume_end, prefix, err);
    if (status == VARVE_OK)
        status = varve__buf_append(&rows->resume_end, varve_slice_of("", 1), err);
    if (status == VARVE_OK)
        status = set_user_key(&rows->resume_start, varve_buf_slice(&bounds->lower), err);
    return status;
}
