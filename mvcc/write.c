#include "mvcc/write.h"

#include <varve/key.h>
#include <varve/ts.h>
#include <varve/value.h>

#include "engine/view.h"
#include "format/fail.h"
#include "mvcc/bill.h"
#include "mvcc/check.h"
#include "mvcc/find.h"

/* ---- Arguments ---------------------------------------------------------------------------------
 */

static varve_status check_arguments(varve__write *write, const varve_write *how, varve_error *err)
{
    varve_status status =
        varve__struct_copy(&write->how, sizeof write->how, how, "varve_write", err);
    if (status != VARVE_OK)
        return status;
    if (write->how.writer == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.writer is NULL");
    if (write->how.bill != NULL)
        status = varve__bill_check(write->how.bill, err);
    if (status == VARVE_OK)
        status = varve__check_point(write->key, write->how.ts, err);
    if (status == VARVE_OK)
        status = varve_key_check(write->key, err);
    if (status != VARVE_OK)
        return status;
    if (write->raw.size > VARVE_VALUE_SIZE_MAX)
        return varve__fail_too_large(err, "value", write->raw.size, VARVE_VALUE_SIZE_MAX);
    return write->how.cancel != NULL ? varve_cancel_check(write->how.cancel, err) : VARVE_OK;
}

/* `format` holds two %s, for the time at which the transaction reads and another one. */
static varve_status fail_read_ts(const varve__write *write, const char *format, varve_ts other,
                                 varve_error *err) VARVE_PRINTF(2, 0);

static varve_status fail_read_ts(const varve__write *write, const char *format, varve_ts other,
                                 varve_error *err)
{
    char read_ts[VARVE_TS_TEXT_MAX];
    char ts[VARVE_TS_TEXT_MAX];
    return varve__fail(err, VARVE_INVALID_ARGUMENT, format,
                       varve_ts_format(write->how.txn->read_ts, read_ts),
                       varve_ts_format(other, ts));
}

/*
 * Step 5.  A transaction that wrote before it reads could put its intent below a version that it
 * has seen.
 */
static varve_status take_timestamps(varve__write *write, varve_error *err)
{
    const varve_txn *txn = write->how.txn;
    write->read_ts = write->how.ts;
    write->ts = write->how.ts;
    if (txn == NULL)
        return VARVE_OK;
    if (varve_ts_compare(txn->read_ts, write->how.ts) != 0)
        return fail_read_ts(write,
                            "mvccPutInternal: txn's read timestamp %s does not match timestamp %s",
                            write->how.ts, err);
    write->ts = txn->meta.write_ts;
    if (varve_ts_is_zero(write->ts))
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_txn.meta.write_ts is zero");
    varve_status status = varve__check_point(write->key, write->ts, err);
    if (status == VARVE_OK && varve_ts_compare(write->ts, write->read_ts) < 0)
        return fail_read_ts(write, "a transaction that reads at %s cannot write at %s", write->ts,
                            err);
    return status;
}

/* ---- What the key has --------------------------------------------------------------------------
 */

/* Nobody asks what an inline value replaces, unless it is accounted for. */
static bool needs_lookup(const varve__write *write)
{
    if (write->how.reader == NULL)
        return false;
    return !write->is_inline || write->raw.size == 0 || write->make != NULL ||
           write->how.stats != NULL;
}

static void note_version(varve__write *write, const unsigned char *suffix)
{
    write->from_ts = varve__suffix_decode(suffix);
    if (write->how.stats == NULL && write->how.bill == NULL)
        return;
    size_t size = varve__walk_value(&write->walk).size;
    write->from = (varve__stats_meta){.key_bytes = VARVE_VERSION_TS_SIZE,
                                      .val_bytes = (int64_t)size,
                                      .wall = write->from_ts.wall,
                                      .deleted = size == 0};
}

/*
 * Merges that do not fit together are an inline value to an inline write, which heals them; unless
 * its value is made of what is there.
 */
static varve_status decode_meta(varve__write *write, varve_error *err)
{
    if (!write->is_inline || write->make != NULL)
        return varve__walk_meta(&write->walk, &write->meta, err);
    varve_error failure = VARVE_ERROR_INIT;
    varve_status status = varve__walk_meta(&write->walk, &write->meta, &failure);
    if (status == VARVE_MERGE_CONFLICT) {
        write->meta = (varve__meta){.has_raw = true};
        status = VARVE_OK;
    }
    if (status < 0)
        (void)varve__error_copy(&failure, err);
    varve_error_release(&failure);
    return status;
}

static varve_status note_meta(varve__write *write, varve_error *err)
{
    const varve__meta *meta = &write->meta;
    varve_status status = decode_meta(write, err);
    write->from_ts = meta->ts;
    write->from =
        (varve__stats_meta){.meta_val_size = (int64_t)varve__walk_value(&write->walk).size,
                            .key_bytes = meta->key_bytes,
                            .val_bytes = meta->val_bytes,
                            .wall = meta->ts.wall,
                            .deleted = meta->deleted,
                            .has_txn = meta->has_txn};
    return status;
}

/* Step 2. */
static varve_status look(varve__write *write, varve_error *err)
{
    write->meta = (varve__meta){.has_txn = false};
    varve_status status = varve__walk_open_prefix(&write->walk, write->how.reader,
                                                  varve_buf_slice(write->memory), err);
    if (status != VARVE_OK)
        return status == VARVE_NOT_FOUND ? VARVE_OK : status;
    write->has_from = true;
    const unsigned char *suffix = varve__walk_suffix(&write->walk);
    if (suffix == NULL)
        return note_meta(write, err);
    note_version(write, suffix);
    return VARVE_OK;
}

/* ---- Values that are made ----------------------------------------------------------------------
 */

varve_status varve__write_make_at(varve__write *write, varve_ts ts, const varve_txn *txn,
                                  varve_error *err)
{
    varve__found found;
    varve__existing existing = {.exists = false};
    if (write->make == NULL)
        return VARVE_OK;
    varve_status status = varve__find_to_write(&write->walk, write->key, ts, txn, &found, err);
    if (status < 0)
        return status;
    if (status == VARVE_OK)
        existing = (varve__existing){true, found.value, found.ts};
    return varve__write_make(write, &existing, err);
}

static varve_status make_of_nothing(varve__write *write, varve_error *err)
{
    const varve__existing nothing = {.exists = false};
    return varve__write_make(write, &nothing, err);
}

/* ---- Placing -----------------------------------------------------------------------------------
 */

static varve_status fail_mix(const varve__write *write, varve_error *err)
{
    return varve__fail_key(err, VARVE_INLINE_MIX, write->key,
                           write->is_inline
                               ? "%s/0,0: put is inline=true, but existing value is inline=false"
                               : "%s/0,0: put is inline=false, but existing value is inline=true");
}

/* Step 4. */
static varve_status place_inline(varve__write *write, varve_error *err)
{
    write->ts = write->how.ts;
    if (write->how.txn != NULL)
        return varve__fail_key(err, VARVE_INVALID_ARGUMENT, write->key,
                               "%s/0,0: inline writes not allowed within transactions");
    if (write->has_from)
        return varve__write_make_at(write, write->ts, NULL, err);
    return make_of_nothing(write, err);
}

/* Steps 8 and 9. */
static varve_status place_over_version(varve__write *write, varve_error *err)
{
    const varve_txn *txn = write->how.txn;
    if (varve_ts_compare(write->read_ts, write->from_ts) > 0)
        return varve__write_make_at(write, write->read_ts, txn, err);

    varve_ts above;
    varve_status status = varve_ts_next(write->from_ts, &above, err);
    if (status != VARVE_OK)
        return status;
    (void)varve_ts_forward(&write->ts, above);
    write->is_too_old = true;
    return varve__write_make_at(write, txn != NULL ? write->read_ts : write->ts, txn, err);
}

static varve_status place_over_intent(varve__write *write, varve_error *err)
{
    const varve__meta *meta = &write->meta;
    if (varve__meta_is_of(meta, write->how.txn))
        return varve__write_over_intent(write, err);
    varve_intent intent = {.key = write->key, .txn = meta->txn, .ts = meta->ts};
    return varve__fail_intents(err, &intent, 1, false);
}

/* Steps 3 to 9. */
static varve_status place(varve__write *write, varve_error *err)
{
    if (write->has_from && write->is_inline != write->meta.has_raw)
        return fail_mix(write, err);
    if (write->is_inline)
        return place_inline(write, err);
    varve_status status = take_timestamps(write, err);
    if (status != VARVE_OK)
        return status;
    if (!write->has_from)
        return make_of_nothing(write, err);
    return write->meta.has_txn ? place_over_intent(write, err) : place_over_version(write, err);
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

/* Step 11. */
static void account(varve__write *write, size_t record)
{
    varve_stats *stats = write->how.stats;
    bool is_system = varve__stats_is_system(write->key);
    int64_t key_size = (int64_t)write->key.size + 1;
    if (write->is_inline) {
        int64_t old_record = write->has_from ? write->from.meta_val_size : 0;
        varve__stats_inline(stats, is_system, key_size, old_record, (int64_t)record);
        return;
    }
    const varve__stats_meta to = {.meta_key_size = key_size,
                                  .meta_val_size = (int64_t)record,
                                  .key_bytes = VARVE_VERSION_TS_SIZE,
                                  .val_bytes = (int64_t)write->raw.size,
                                  .wall = write->ts.wall,
                                  .deleted = write->raw.size == 0,
                                  .has_txn = write->how.txn != NULL};
    write->from.meta_key_size = key_size;
    varve__stats_put(stats, is_system, write->has_from ? &write->from : NULL, &to, write->below);
}

/*
 * Step 10 of most writes, which is the faster for being here.  Behind the prefix there is room for
 * a suffix.
 */
static varve_status put_version(const varve__write *write, varve_error *err)
{
    varve_buf *key = write->memory;
    varve__suffix_encode(write->ts, key->data + key->size);
    key->size += VARVE__SUFFIX_SIZE;
    const varve_record record = {VARVE_RECORD_PUT, varve_buf_slice(key), write->raw};
    return varve__writer_write(write->how.writer, &record, err);
}

static varve_status apply(varve__write *write, varve_error *err)
{
    size_t record = 0;
    varve_status status = write->is_inline || write->how.txn != NULL
                              ? varve__write_apply(write, &record, err)
                              : put_version(write, err);
    if (status == VARVE_OK && write->how.stats != NULL)
        account(write, record);
    return status;
}

/* ---- The whole ---------------------------------------------------------------------------------
 */

static void send_bill(const varve__write *write)
{
    const varve__walk_tally *tally = &write->walk.tally;
    const varve_bill cost = {
        .keys = tally->keys,
        .versions = tally->versions,
        .tombstones = write->has_from && write->from.deleted,
        .intents = write->meta.has_txn,
        .steps = tally->steps,
        .seeks = tally->seeks,
        .bytes_read = tally->bytes,
    };
    varve__bill_add(write->how.bill, &cost);
}

static varve_status look_and_place(varve__write *write, varve_error *err)
{
    if (!needs_lookup(write))
        return place(write, err);
    varve__walk_init(&write->walk);
    varve_status status = look(write, err);
    if (status == VARVE_OK)
        status = place(write, err);
    if (write->how.bill != NULL)
        send_bill(write);
    varve__walk_release(&write->walk);
    return status;
}

/* Steps 2 to 11. */
static varve_status run(varve__write *write, varve_error *err)
{
    write->memory = write->how.scratch != NULL ? write->how.scratch : &write->own;
    varve_status status = varve_key_encode(write->key, varve_ts_zero(), write->memory, err);
    if (status == VARVE_OK)
        status = look_and_place(write, err);
    if (status == VARVE_OK && !write->is_replay)
        status = apply(write, err);
    return status;
}

varve_status varve__write_run(varve__write *write, const varve_write *how, varve_error *err)
{
    varve_status status = check_arguments(write, how, err);
    if (status != VARVE_OK)
        return status;
    write->is_inline = varve_ts_is_zero(write->how.ts);
    write->is_too_old = false;
    write->is_replay = false;
    write->has_from = false;
    write->moves = false;
    write->below = 0;
    write->copies = NULL;
    write->own = (varve_buf)VARVE_BUF_INIT;
    status = run(write, err);
    if (write->copies != NULL)
        varve__write_release_copies(write);
    if (write->own.data != NULL)
        varve_buf_release(&write->own);
    if (status == VARVE_OK && write->is_too_old)
        return varve__fail_too_old(err, write->read_ts, write->ts);
    return status;
}
