#include "mvcc/change.h"

#include <varve/ts.h>

#include "engine/view.h"
#include "format/batch_repr.h"
#include "format/key.h"
#include "mvcc/bill.h"
#include "util/buf.h"
#include "util/fail.h"

static varve_status check_how(const varve_write *how, varve_error *err)
{
    if (how->reader == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.reader is NULL");
    if (how->writer == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.writer is NULL");
    if (!varve_ts_is_zero(how->ts))
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.ts is not zero");
    if (how->txn != NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.txn is not NULL");
    return VARVE_OK;
}

varve_status varve__change_begin(varve__change *change, const varve_write *how, varve_error *err)
{
    varve_write known;
    *change = (varve__change){.records = &change->own};
    varve_status status = varve__struct_copy(&known, sizeof known, how, "varve_write", err);
    if (status == VARVE_OK)
        status = check_how(&known, err);
    if (status == VARVE_OK)
        status = varve__bill_check(known.bill, err);
    if (status != VARVE_OK)
        return status;
    change->cancel = known.cancel;
    change->bill = known.bill;
    change->reader = known.reader;
    change->writer = known.writer;
    change->stats = known.stats;
    if (known.stats != NULL)
        change->numbers = *known.stats;
    if (known.scratch != NULL)
        change->records = known.scratch;
    change->records->size = 0;
    return varve__change_check_cancel(change, err);
}

void varve__change_release(varve__change *change)
{
    varve_buf_release(&change->own);
    varve_buf_release(&change->key);
}

void varve__change_send_bill(varve__change *change, const varve__walk *walk)
{
    const varve_bill cost = {
        .keys = walk->tally.keys,
        .versions = walk->tally.versions,
        .tombstones = change->tombstones,
        .intents = change->intents,
        .steps = walk->tally.steps,
        .seeks = walk->tally.seeks,
        .bytes_read = walk->tally.bytes,
    };
    varve__bill_add(change->bill, &cost);
    change->tombstones = 0;
    change->intents = 0;
}

static varve_status gather(varve__change *change, varve_record_type type, varve_slice key,
                           varve_slice value, varve_error *err)
{
    const varve_record record = {type, key, value};
    return varve__repr_append(change->records, &record, err);
}

varve_status varve__change_put_meta(varve__change *change, varve_slice prefix, varve_slice record,
                                    varve_error *err)
{
    return gather(change, VARVE_RECORD_PUT, prefix, record, err);
}

varve_status varve__change_clear_meta(varve__change *change, varve_slice prefix, varve_error *err)
{
    return gather(change, VARVE_RECORD_CLEAR, prefix, varve_slice_of(NULL, 0), err);
}

/* Gather a record of the version at `ts`. */
static varve_status gather_version(varve__change *change, varve_record_type type,
                                   varve_slice prefix, varve_ts ts, varve_slice value,
                                   varve_error *err)
{
    varve_buf *key = &change->key;
    varve_status status = varve__buf_restart(key, prefix.size + VARVE__SUFFIX_SIZE, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(key, prefix);
    varve__suffix_encode(ts, key->data + key->size);
    key->size += VARVE__SUFFIX_SIZE;
    return gather(change, type, varve_buf_slice(key), value, err);
}

varve_status varve__change_put_version(varve__change *change, varve_slice prefix, varve_ts ts,
                                       varve_slice value, varve_error *err)
{
    return gather_version(change, VARVE_RECORD_PUT, prefix, ts, value, err);
}

varve_status varve__change_clear_version(varve__change *change, varve_slice prefix, varve_ts ts,
                                         varve_error *err)
{
    return gather_version(change, VARVE_RECORD_CLEAR, prefix, ts, varve_slice_of(NULL, 0), err);
}

varve_status varve__change_apply(varve__change *change, varve_error *err)
{
    if (change->records->size > 0) {
        varve_slice records = varve_buf_slice(change->records);
        varve_status status = change->is_checked ? varve__writer_apply(change->writer, records, err)
                                                 : varve_writer_apply(change->writer, records, err);
        if (status != VARVE_OK)
            return status;
    }
    change->records->size = 0;
    if (change->stats != NULL)
        *change->stats = change->numbers;
    return VARVE_OK;
}

/* ---- Runs of records to be removed -------------------------------------------------------------
 */

void varve__run_release(varve__run *run)
{
    varve_buf_release(&run->first);
}

static varve_status start(varve__run *run, const varve__change *change, varve_slice engine_key,
                          varve_error *err)
{
    varve_slice records = varve_buf_slice(change->records);
    run->size = records.size;
    run->count = records.size > 0 ? varve__repr_count(records) : 0;
    return varve__buf_assign(&run->first, engine_key, err);
}

varve_status varve__run_add(varve__run *run, varve__change *change, varve_slice engine_key,
                            varve_error *err)
{
    varve_status status = VARVE_OK;
    if (run->length == 0)
        status = start(run, change, engine_key, err);
    if (status == VARVE_OK && run->length < VARVE__RUN_OF_CLEARS)
        status = gather(change, VARVE_RECORD_CLEAR, engine_key, varve_slice_of(NULL, 0), err);
    else if (status == VARVE_OK && run->length == VARVE__RUN_OF_CLEARS)
        varve__repr_cut(change->records, run->size, run->count);
    if (status == VARVE_OK)
        run->length++;
    return status;
}

varve_status varve__run_end(varve__run *run, varve__change *change, varve_slice end,
                            uint64_t *steps, varve_error *err)
{
    bool is_long = run->length > VARVE__RUN_OF_CLEARS;
    *steps += is_long ? 1 : run->length;
    run->length = 0;
    if (!is_long)
        return VARVE_OK;
    return gather(change, VARVE_RECORD_CLEAR_RANGE, varve_buf_slice(&run->first), end, err);
}
