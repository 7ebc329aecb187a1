#include <varve/key.h>
#include <varve/merge.h>
#include <varve/ts.h>

#include "mvcc/bill.h"
#include "mvcc/stats_delta.h"
#include "util/fail.h"

#include <varve/mvcc.h>

static varve_status check(varve_write *known, const varve_write *how, varve_slice key,
                          varve_error *err)
{
    varve_status status = varve__struct_copy(known, sizeof *known, how, "varve_write", err);
    if (status != VARVE_OK)
        return status;
    if (known->writer == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.writer is NULL");
    if (known->txn != NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "a transaction cannot merge");
    status = varve__bill_check(known->bill, err);
    if (status == VARVE_OK)
        status = varve_key_check(key, err);
    return status == VARVE_OK ? varve_cancel_check(known->cancel, err) : status;
}

static varve_status merge(const varve_write *how, varve_slice key, varve_slice raw,
                          varve_error *err)
{
    varve_buf engine_key = VARVE_BUF_INIT;
    varve_buf operand = VARVE_BUF_INIT;
    varve_buf *memory = how->scratch != NULL ? how->scratch : &operand;
    memory->size = 0;
    varve_status status = varve_key_encode(key, varve_ts_zero(), &engine_key, err);
    if (status == VARVE_OK)
        status = varve_merge_operand(raw, varve_ts_is_zero(how->ts) ? NULL : &how->ts, memory, err);
    if (status == VARVE_OK)
        status = varve_writer_merge(how->writer, varve_buf_slice(&engine_key),
                                    varve_buf_slice(memory), err);
    varve_buf_release(&operand);
    varve_buf_release(&engine_key);
    return status;
}

varve_status varve_mvcc_merge(const varve_write *how, varve_slice key, varve_slice raw,
                              varve_error *err)
{
    varve_write known;
    varve_status status = check(&known, how, key, err);
    if (status == VARVE_OK)
        status = merge(&known, key, raw, err);
    if (status == VARVE_OK)
        varve__stats_merge(known.stats, varve__stats_is_system(key), (int64_t)raw.size,
                           known.ts.wall);
    return status;
}
