/* Statistics of a span by reading all of it at once. */
#include "mvcc/recount.h"

/* Looking at the clock for a deadline costs more than a record. */
#define RECORDS_BETWEEN_CHECKS 1024

/* Account the key whose first record the walk stands on, and go behind it. */
static varve_status add_key(varve__recount *r, varve__walk *walk, const varve_cancel *cancel,
                            uint64_t *records, varve_error *err)
{
    varve_status status = varve__walk_enter(walk, err);
    if (status == VARVE_OK)
        status = varve__recount_first(r, walk, varve_iter_value(walk->it), err);
    while (status == VARVE_OK) {
        if (++*records % RECORDS_BETWEEN_CHECKS == 0)
            status = varve_cancel_check(cancel, err);
        if (status == VARVE_OK)
            status = varve__walk_older(walk, err);
        if (status == VARVE_OK)
            status = varve__recount_older(r, walk, varve_iter_value(walk->it), err);
    }
    return status == VARVE_NOT_FOUND ? varve__walk_arrived(walk, err) : status;
}

varve_status varve_stats_compute(varve_reader *reader, varve_span span, int64_t now_nanos,
                                 const varve_cancel *cancel, varve_stats *stats, varve_error *err)
{
    varve__recount r = {.stats = {.last_update_nanos = now_nanos}};
    varve__walk walk = {.it = NULL};
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    uint64_t records = 0;
    varve_status status = varve_cancel_check(cancel, err);
    if (status == VARVE_OK)
        status = varve_span_encode(span, &lower, &upper, err);
    if (status == VARVE_OK)
        status = varve__walk_open_first(&walk, reader, varve_buf_slice(&lower),
                                        varve_buf_slice(&upper), err);
    while (status == VARVE_OK)
        status = add_key(&r, &walk, cancel, &records, err);
    if (status == VARVE_NOT_FOUND) {
        *stats = r.stats;
        status = VARVE_OK;
    }
    varve__walk_release(&walk);
    varve_buf_release(&upper);
    varve_buf_release(&lower);
    return status;
}
