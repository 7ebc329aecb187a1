#include <varve/resolve.h>

#include "mvcc/bounds.h"
#include "mvcc/resolve_key.h"
#include "util/buf.h"
#include "util/fail.h"

struct range {
    varve__resolver resolver;
    varve__walk walk;
    varve__bounds bounds;
    uint64_t max;
    uint64_t done;     /* resolved and applied */
    uint64_t gathered; /* resolved since */
    uint64_t skipped;
    varve_rows *rows;
};

static bool is_enough(const struct range *range)
{
    return range->done + range->gathered >= range->max;
}

static varve_status apply(struct range *range, varve_error *err)
{
    varve_status status = varve__change_apply(&range->resolver.change, err);
    if (status != VARVE_OK)
        return status;
    range->done += range->gathered;
    range->gathered = 0;
    return VARVE_OK;
}

/* Resolve the current key, and account for it. */
static varve_status resolve_key(struct range *range, varve_error *err)
{
    varve_error failure = VARVE_ERROR_INIT;
    if (varve__walk_suffix(&range->walk) != NULL)
        return VARVE_OK;
    varve_status status = varve__resolve_key(&range->resolver, &range->walk, &failure);
    if (status == VARVE_OK) {
        range->gathered++;
    } else if (status == VARVE_NOT_FOUND) {
        status = VARVE_OK;
    } else if (range->resolver.is_damaged) {
        range->skipped++;
        status = VARVE_OK;
    } else {
        status = varve__error_copy(&failure, err);
    }
    varve_error_release(&failure);
    return status;
}

/* Go on behind the current key, unless that is the end. */
static varve_status resume(struct range *range, varve_error *err)
{
    varve_rows *rows = range->rows;
    varve_status status =
        varve__bounds_resume(&range->bounds, varve__walk_prefix(&range->walk), rows, err);
    if (status == VARVE_OK)
        status = varve__buf_append(&rows->resume_start, varve_slice_of("", 1), err);
    if (status != VARVE_OK)
        return status;
    if (varve_slice_compare(varve_buf_slice(&rows->resume_start),
                            varve_buf_slice(&rows->resume_end)) >= 0)
        varve__rows_clear(rows);
    return VARVE_OK;
}

/* Resolve keys until there are no more, which is VARVE_NOT_FOUND, or it is enough. */
static varve_status resolve_keys(struct range *range, varve_error *err)
{
    for (;;) {
        varve_status status = varve__change_check_cancel(&range->resolver.change, err);
        if (status == VARVE_OK)
            status = varve__walk_enter(&range->walk, err);
        if (status == VARVE_OK)
            status = resolve_key(range, err);
        if (status != VARVE_OK)
            return status;
        if (is_enough(range))
            return resume(range, err);
        if (varve__change_is_full(&range->resolver.change))
            status = apply(range, err);
        if (status == VARVE_OK)
            status = varve__walk_next_key(&range->walk, err);
        if (status != VARVE_OK)
            return status;
    }
}

static varve_status resolve_span(struct range *range, varve_span span, varve_error *err)
{
    varve_status status = varve__bounds_open(&range->bounds, span, err);
    varve__rows_clear(range->rows);
    if (status != VARVE_OK)
        return status;
    if (range->max == 0)
        return varve__bounds_resume(&range->bounds, varve_buf_slice(&range->bounds.lower),
                                    range->rows, err);
    if (range->bounds.is_empty)
        return VARVE_OK;
    status = varve__walk_open_first(&range->walk, range->resolver.change.reader,
                                    varve_buf_slice(&range->bounds.lower),
                                    varve_buf_slice(&range->bounds.upper), err);
    if (status == VARVE_OK)
        status = resolve_keys(range, err);
    return status < 0 ? status : apply(range, err);
}

varve_status varve_mvcc_resolve_range(const varve_write *how, varve_span span, int64_t max_keys,
                                      const varve_resolution *resolution, int64_t *resolved,
                                      int64_t *skipped, varve_rows *rows, varve_error *err)
{
    struct range range = {.rows = rows};
    range.max = max_keys < 0 ? UINT64_MAX : (uint64_t)max_keys;
    varve_status status = varve__resolver_begin(&range.resolver, how, resolution, err);
    if (status == VARVE_OK)
        status = resolve_span(&range, span, err);
    if (status < 0)
        varve__rows_clear(rows);
    varve__change_send_bill(&range.resolver.change, &range.walk);
    varve__bounds_release(&range.bounds);
    varve__walk_release(&range.walk);
    varve__resolver_release(&range.resolver);
    if (resolved != NULL)
        *resolved = (int64_t)range.done;
    if (skipped != NULL)
        *skipped = (int64_t)range.skipped;
    return status;
}
