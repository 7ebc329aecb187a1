#include "mvcc/stage.h"

#include <varve/key.h>
#include <varve/ts.h>

#include "format/batch_repr.h"
#include "format/meta.h"

varve_status varve__stage_begin(varve__stage *stage, varve_buf *scratch, varve_error *err)
{
    *stage = (varve__stage){.repr = scratch};
    if (scratch == NULL)
        stage->repr = &stage->own;
    return varve__repr_begin(stage->repr, err);
}

void varve__stage_release(varve__stage *stage)
{
    varve_buf_release(&stage->own);
    varve_buf_release(&stage->key);
    varve_buf_release(&stage->record);
}

static varve_status append(varve__stage *stage, varve_record_type type, varve_slice user_key,
                           varve_ts ts, varve_slice value, varve_error *err)
{
    varve_status status = varve_key_encode(user_key, ts, &stage->key, err);
    if (status != VARVE_OK)
        return status;
    varve_record record = {.type = type, .key = varve_buf_slice(&stage->key), .value = value};
    return varve__repr_append(stage->repr, &record, err);
}

varve_status varve__stage_version(varve__stage *stage, varve_slice user_key, varve_ts ts,
                                  varve_slice raw, varve_error *err)
{
    return append(stage, VARVE_RECORD_PUT, user_key, ts, raw, err);
}

varve_status varve__stage_inline(varve__stage *stage, varve_slice user_key, varve_slice raw,
                                 varve_error *err)
{
    stage->record.size = 0;
    varve_status status = varve__meta_append_inline(raw, &stage->record, err);
    if (status != VARVE_OK)
        return status;
    return append(stage, VARVE_RECORD_PUT, user_key, varve_ts_zero(),
                  varve_buf_slice(&stage->record), err);
}

varve_status varve__stage_clear_meta(varve__stage *stage, varve_slice user_key, varve_error *err)
{
    return append(stage, VARVE_RECORD_CLEAR, user_key, varve_ts_zero(), varve_slice_of(NULL, 0),
                  err);
}

varve_status varve__stage_apply(varve__stage *stage, varve_writer *writer, varve_error *err)
{
    return varve_writer_apply(writer, varve_buf_slice(stage->repr), err);
}
