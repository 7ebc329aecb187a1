/*
 * Writes of a transaction over its own intent: step 7 of mvcc/write.h.
 */
#include <varve/ts.h>

#include "format/fail.h"
#include "format/key.h"
#include "mvcc/find.h"
#include "mvcc/write.h"
#include "util/alloc.h"
#include "util/buf.h"

/* Of the decision table (mvcc/visible.h): the reader's own provisional value. */
#define ROW_OF_PROVISIONAL 9

static varve_status fail_epoch(const varve__write *write, varve_error *err)
{
    char id[VARVE_TXN_ID_TEXT_MAX];
    const varve_txn_meta *txn = &write->how.txn->meta;
    return varve__fail(err, VARVE_TXN_EPOCH,
                       "put with epoch %d came after put with epoch %d in txn %s", txn->epoch,
                       write->meta.txn.epoch, varve_txn_id_format(txn->id, id));
}

/* It would be moved from the position of the metadata record, if anywhere. */
static varve_status fail_without_time(const varve__write *write, varve_error *err)
{
    return varve__fail_key(err, VARVE_CORRUPT, write->key,
                           "the intent on %s stands at no timestamp");
}

static varve_status fail_without_value(const varve__write *write, varve_error *err)
{
    return varve__fail_key(err, VARVE_CORRUPT, write->key,
                           "%s: the intent has no provisional value");
}

/* Copy the intent's provisional value, from wherever the walk is in the key. */
static varve_status keep_provisional(varve__write *write, varve_error *err)
{
    varve__found found;
    varve_status status = varve__find_version(&write->walk, write->from_ts, &found, err);
    if (status == VARVE_NOT_FOUND ||
        (status == VARVE_OK && varve_ts_compare(found.ts, write->from_ts) != 0))
        return fail_without_value(write, err);
    if (status != VARVE_OK)
        return status;
    return varve__buf_assign(&write->copies->provisional, found.value, err);
}

/* ---- Writing anew ------------------------------------------------------------------------------
 */

/* Part (d): what there is, with the provisional value kept if that is it. */
static varve_status find_existing(varve__write *write, varve__found *found, varve_error *err)
{
    varve_status status =
        varve__find_to_write(&write->walk, write->key, write->read_ts, write->how.txn, found, err);
    if (status < 0 || found->row != ROW_OF_PROVISIONAL)
        return status;
    if (status == VARVE_NOT_FOUND || varve_ts_compare(found->ts, write->from_ts) != 0)
        return fail_without_value(write, err);
    status = varve__buf_assign(&write->copies->provisional, found->value, err);
    found->value = varve_buf_slice(&write->copies->provisional);
    return status;
}

/* Parts (d) and (e). */
static varve_status make(varve__write *write, bool *had_value, bool *keeps, varve_error *err)
{
    varve__found found;
    varve__existing existing = {.exists = false};
    varve_status status = find_existing(write, &found, err);
    if (status < 0)
        return status;
    if (status == VARVE_OK)
        existing = (varve__existing){true, found.value, found.ts};
    *had_value = existing.exists;
    *keeps = existing.exists && found.row == ROW_OF_PROVISIONAL;
    return varve__write_make(write, &existing, err);
}

/* Part (f).  What lies below is asked for by statistics only. */
static varve_status move(varve__write *write, varve_error *err)
{
    varve_ts below;
    varve__found found;
    write->moves = varve_ts_compare(write->from_ts, write->ts) < 0;
    if (!write->moves) {
        write->ts = write->from_ts;
        return VARVE_OK;
    }
    if (write->how.stats == NULL)
        return VARVE_OK;
    varve_status status = varve_ts_prev(write->from_ts, &below, err);
    if (status == VARVE_OK)
        status = varve__find_version(&write->walk, below, &found, err);
    if (status == VARVE_OK)
        write->below = (int64_t)found.value.size;
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/* Part (g): the entries of the record's copy, and behind them the value that is kept. */
static varve_status make_history(varve__write *write, bool keeps, varve_error *err)
{
    varve_slice left = varve_buf_slice(&write->copies->record);
    size_t count = write->meta.history_count + keeps;
    varve__history_entry *entry;
    if (count == 0)
        return VARVE_OK;
    write->copies->history = varve__malloc(count * sizeof *entry);
    if (write->copies->history == NULL)
        return varve__fail_no_memory(err, count * sizeof *entry);
    entry = write->copies->history;
    while (varve__meta_next_history(&left, entry))
        entry++;
    if (keeps)
        *entry = (varve__history_entry){write->meta.txn.sequence,
                                        varve_buf_slice(&write->copies->provisional)};
    write->copies->history_count = count;
    return VARVE_OK;
}

/* Part (d) and what follows, in the epoch of the intent. */
static varve_status write_anew(varve__write *write, varve_error *err)
{
    bool had_value = false;
    bool keeps = false;
    varve_status status = VARVE_OK;
    if (write->meta.history_count > 0)
        status = varve__buf_assign(&write->copies->record, varve__walk_value(&write->walk), err);
    if (status == VARVE_OK)
        status = make(write, &had_value, &keeps, err);
    if (status == VARVE_OK)
        status = move(write, err);
    if (status == VARVE_OK && had_value)
        status = make_history(write, keeps, err);
    return status;
}

/* The same over an intent of an earlier epoch, which is as good as gone. */
static varve_status write_in_later_epoch(varve__write *write, varve_error *err)
{
    varve_status status = varve__write_make_at(write, write->read_ts, write->how.txn, err);
    return status == VARVE_OK ? move(write, err) : status;
}

/* ---- Replays -----------------------------------------------------------------------------------
 */

/* What the write has written the first time, copied. */
static varve_status find_written(varve__write *write, varve_error *err)
{
    const varve_txn_meta *txn = &write->how.txn->meta;
    varve_slice left = varve__walk_value(&write->walk);
    varve__history_entry entry;
    if (txn->sequence == write->meta.txn.sequence)
        return keep_provisional(write, err);
    while (varve__meta_next_history(&left, &entry))
        if (entry.sequence == txn->sequence)
            return varve__buf_assign(&write->copies->provisional, entry.value, err);
    return varve__fail_missing(err, txn, &write->meta.txn);
}

varve_txn varve__write_txn_before(const varve_txn *txn)
{
    static const varve_seq_range all = {INT32_MIN, INT32_MAX};
    varve_txn before = *txn;
    if (before.meta.sequence > INT32_MIN) {
        before.meta.sequence--;
    } else {
        before.ignored = (varve_seq_range *)(uintptr_t)&all;
        before.ignored_count = 1;
    }
    return before;
}

/* Make the value of what the write has seen the first time: all before its sequence number. */
static varve_status remake(varve__write *write, varve_error *err)
{
    varve_status status = VARVE_OK;
    if (write->make == NULL)
        return VARVE_OK;
    const varve_txn before = varve__write_txn_before(write->how.txn);
    if (!write->walk.at_front)
        status = varve__walk_front(&write->walk, err);
    return status == VARVE_OK ? varve__write_make_at(write, write->read_ts, &before, err) : status;
}

/* Part (c). */
static varve_status replay(varve__write *write, varve_error *err)
{
    const varve_txn_meta intent = write->meta.txn;
    varve_status status = find_written(write, err);
    if (status == VARVE_OK)
        status = remake(write, err);
    if (status != VARVE_OK)
        return status;
    varve_slice written = varve_buf_slice(&write->copies->provisional);
    if (!varve_slice_equal(write->raw, written))
        return varve__fail_replay(err, &write->how.txn->meta, &intent, write->raw, written);
    write->is_replay = true;
    return VARVE_OK;
}

void varve__write_release_copies(varve__write *write)
{
    varve_buf_release(&write->copies->record);
    varve_buf_release(&write->copies->provisional);
    varve__free(write->copies->history);
    varve__free(write->copies);
}

/* In the epoch of the intent, of which copies are needed. */
static varve_status write_in_epoch(varve__write *write, varve_error *err)
{
    write->copies = varve__calloc(1, sizeof *write->copies);
    if (write->copies == NULL)
        return varve__fail_no_memory(err, sizeof *write->copies);
    if (write->how.txn->meta.sequence <= write->meta.txn.sequence)
        return replay(write, err);
    return write_anew(write, err);
}

varve_status varve__write_over_intent(varve__write *write, varve_error *err)
{
    const varve_txn_meta *txn = &write->how.txn->meta;
    const varve_txn_meta *intent = &write->meta.txn;
    if (!varve__ts_is_of_version(write->from_ts))
        return fail_without_time(write, err);
    if (txn->epoch < intent->epoch)
        return fail_epoch(write, err);
    if (txn->epoch > intent->epoch)
        return write_in_later_epoch(write, err);
    return write_in_epoch(write, err);
}
