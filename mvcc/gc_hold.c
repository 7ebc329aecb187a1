#include "mvcc/gc_hold.h"

#include <varve/key.h>
#include <varve/ts.h>

#include "format/fail.h"
#include "mvcc/gc_horizon.h"
#include "mvcc/own.h"
#include "util/buf.h"

/* Behind it comes the name. */
#define KEY_PREFIX "\x01\x76\x68"
#define KEY_PREFIX_SIZE 3
#define KEY_PREFIX_END "\x01\x76\x69"
#define KEY_SIZE_MAX (KEY_PREFIX_SIZE + VARVE_GC_HOLD_ID_MAX)

#define RECORD_VERSION 1
#define RECORD_SIZE (1 + VARVE__OWN_TS_SIZE + 8 + 8 + 4)

/* So many holds are read at once. */
#define PAGE 100

varve_slice varve__gc_holds_latch(void)
{
    return varve_slice_of(KEY_PREFIX, KEY_PREFIX_SIZE);
}

/* ---- Keys and values ---------------------------------------------------------------------------
 */

typedef struct hold_key {
    unsigned char bytes[KEY_SIZE_MAX];
    varve_slice slice;
} hold_key;

static varve_status make_key(varve_slice id, hold_key *key, varve_error *err)
{
    if (id.size == 0 || id.size > VARVE_GC_HOLD_ID_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "the name of a hold has 1 to %d bytes, not %zu", VARVE_GC_HOLD_ID_MAX,
                           id.size);
    memcpy(key->bytes, KEY_PREFIX, KEY_PREFIX_SIZE);
    memcpy(key->bytes + KEY_PREFIX_SIZE, id.data, id.size);
    key->slice = varve_slice_of(key->bytes, KEY_PREFIX_SIZE + id.size);
    return VARVE_OK;
}

static varve_status check_hold(const varve_gc_hold *hold, varve_error *err)
{
    if (hold->owner.size > VARVE_GC_HOLD_OWNER_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "the owner of a hold has at most %d bytes, not %zu",
                           VARVE_GC_HOLD_OWNER_MAX, hold->owner.size);
    if (hold->reason.size > VARVE_GC_HOLD_REASON_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "the reason of a hold has at most %d bytes, not %zu",
                           VARVE_GC_HOLD_REASON_MAX, hold->reason.size);
    if (hold->ts.wall < 0 || hold->ts.logical < 0 || hold->created < 0 || hold->expires < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "a time of the hold is negative");
    return VARVE_OK;
}

static varve_status encode(const varve_gc_hold *hold, varve_buf *data, varve_error *err)
{
    size_t size = RECORD_SIZE + hold->owner.size + hold->reason.size;
    varve_status status = varve__buf_restart(data, size, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push(data, RECORD_VERSION);
    varve__own_push_ts(data, hold->ts);
    varve__own_push_i64(data, hold->created);
    varve__own_push_i64(data, hold->expires);
    varve__own_push_u32(data, (uint32_t)hold->owner.size);
    varve__buf_push_bytes(data, hold->owner);
    varve__buf_push_bytes(data, hold->reason);
    return VARVE_OK;
}

/* Slices of the hold point into the data. */
static bool decode(varve_slice data, varve_gc_hold *hold)
{
    varve_slice version;
    uint32_t owner_size;
    if (!varve__own_take_bytes(&data, 1, &version) || version.data[0] != RECORD_VERSION ||
        !varve__own_take_ts(&data, &hold->ts) || !varve__own_take_i64(&data, &hold->created) ||
        !varve__own_take_i64(&data, &hold->expires) || !varve__own_take_u32(&data, &owner_size) ||
        !varve__own_take_bytes(&data, owner_size, &hold->owner))
        return false;
    hold->reason = data;
    return check_hold(hold, NULL) == VARVE_OK;
}

/* ---- The list ----------------------------------------------------------------------------------
 */

static varve_status tell(const varve_row *row, varve_gc_hold_fn each, void *arg, varve_error *err)
{
    varve_slice data;
    varve_gc_hold hold = {.struct_size = sizeof hold};
    varve_status status = varve__own_data(row, &data, err);
    if (status != VARVE_OK)
        return status;
    hold.id = varve_slice_of(row->key.data + KEY_PREFIX_SIZE, row->key.size - KEY_PREFIX_SIZE);
    if (hold.id.size == 0 || !decode(data, &hold))
        return varve__fail_key(err, VARVE_CORRUPT, row->key,
                               "the hold of garbage collection at %s does not decode");
    return each(arg, &hold, err);
}

varve_status varve_gc_holds(varve_reader *reader, varve_gc_hold_fn each, void *arg,
                            varve_error *err)
{
    const varve_read how = {.struct_size = sizeof how, .flags = VARVE_READ_TOMBSTONES};
    varve_span span = {varve_slice_text(KEY_PREFIX), varve_slice_text(KEY_PREFIX_END)};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_status status = VARVE_OK;
    do {
        varve_row row;
        status = varve_mvcc_scan(reader, &how, span, PAGE, &rows, err);
        for (size_t at = 0; status == VARVE_OK && varve_rows_next(&rows, &at, &row);)
            status = tell(&row, each, arg, err);
        span = (varve_span){varve_buf_slice(&rows.resume_start), varve_buf_slice(&rows.resume_end)};
    } while (status == VARVE_OK && rows.more);
    varve_rows_release(&rows);
    return status;
}

/* ---- Storing -----------------------------------------------------------------------------------
 */

/* A change of one hold: the record that is to be, and the one that was. */
typedef struct change {
    varve_engine *engine;
    hold_key key;
    varve_buf data;
    varve_rows former; /* that there is no former one, is `had` */
    varve_slice former_data;
    bool had;
} change;

static varve_status begin(change *c, varve_error *err)
{
    varve_status status = varve__own_get(varve_engine_reader(c->engine), c->key.slice, &c->former,
                                         &c->former_data, err);
    c->had = status == VARVE_OK;
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

static varve_status stage_clear(varve_batch *batch, varve_slice user_key, varve_error *err)
{
    varve_buf key = VARVE_BUF_INIT;
    varve_status status = varve_key_encode(user_key, varve_ts_zero(), &key, err);
    if (status == VARVE_OK)
        status = varve_writer_clear(varve_batch_writer_of(batch), varve_buf_slice(&key), err);
    varve_buf_release(&key);
    return status;
}

/* Synced, however durable other commits are: a hold that can be lost is none.  NULL removes. */
static varve_status commit(const change *c, const varve_slice *data, varve_error *err)
{
    varve_batch *batch = NULL;
    varve_status status = varve_batch_open(c->engine, VARVE_BATCH_WRITE_ONLY, &batch, err);
    if (status == VARVE_OK && data != NULL)
        status = varve__own_put(varve_batch_writer_of(batch), c->key.slice, *data, err);
    else if (status == VARVE_OK)
        status = stage_clear(batch, c->key.slice, err);
    if (status == VARVE_OK)
        status = varve_batch_commit(batch, VARVE_SYNC, err);
    varve_batch_close(batch);
    return status;
}

/* Whether anything that the hold is to keep may be gone. */
static varve_status check_horizon(const change *c, varve_ts ts, varve_error *err)
{
    varve_ts until;
    varve_span everything = {.start = {NULL, 0}};
    char at[VARVE_TS_TEXT_MAX];
    char collected[VARVE_TS_TEXT_MAX];
    varve_status status =
        varve_gc_collected(varve_engine_reader(c->engine), everything, &until, err);
    if (status != VARVE_OK || varve_ts_compare(ts, until) >= 0)
        return status;
    (void)varve__fail(err, VARVE_BELOW_THRESHOLD,
                      "the hold at %s comes too late: garbage has been collected up to %s",
                      varve_ts_format(ts, at), varve_ts_format(until, collected));
    if (err != NULL) {
        err->detail.below_threshold.read = ts;
        err->detail.below_threshold.threshold = until;
    }
    return VARVE_BELOW_THRESHOLD;
}

/*
 * Who collects announces first how far, and looks for holds then; so a hold is stored first, and
 * looks then how far collecting may go.  One of the two sees the other.
 */
static varve_status put(change *c, const varve_gc_hold *hold, varve_error *err)
{
    varve_slice data = varve_buf_slice(&c->data);
    varve_status status = begin(c, err);
    if (status == VARVE_OK)
        status = check_horizon(c, hold->ts, err);
    if (status == VARVE_OK)
        status = commit(c, &data, err);
    if (status != VARVE_OK)
        return status;
    status = check_horizon(c, hold->ts, err);
    if (status == VARVE_OK)
        return status;
    varve_status undone = commit(c, c->had ? &c->former_data : NULL, err);
    return undone == VARVE_OK ? status : undone;
}

varve_status varve_gc_hold_put(varve_engine *engine, varve_latches *latches,
                               const varve_gc_hold *hold, varve_error *err)
{
    varve_gc_hold known;
    varve_latch *latch = NULL;
    varve_slice latched = varve__gc_holds_latch();
    change c = {.engine = engine, .former = VARVE_ROWS_INIT, .data = VARVE_BUF_INIT};
    varve_status status = varve__struct_copy(&known, sizeof known, hold, "varve_gc_hold", err);
    if (status == VARVE_OK)
        status = make_key(known.id, &c.key, err);
    if (status == VARVE_OK)
        status = check_hold(&known, err);
    if (status == VARVE_OK)
        status = encode(&known, &c.data, err);
    if (status == VARVE_OK && latches != NULL)
        status = varve_latches_acquire(latches, &latched, 1, NULL, 0, NULL, &latch, err);
    if (status == VARVE_OK)
        status = put(&c, &known, err);
    varve_latches_release(latch);
    varve_rows_release(&c.former);
    varve_buf_release(&c.data);
    return status;
}

varve_status varve_gc_hold_remove(varve_engine *engine, varve_latches *latches, varve_slice id,
                                  varve_error *err)
{
    varve_latch *latch = NULL;
    varve_slice latched = varve__gc_holds_latch();
    change c = {.engine = engine, .former = VARVE_ROWS_INIT};
    varve_status status = make_key(id, &c.key, err);
    if (status == VARVE_OK && latches != NULL)
        status = varve_latches_acquire(latches, &latched, 1, NULL, 0, NULL, &latch, err);
    if (status == VARVE_OK)
        status = begin(&c, err);
    if (status == VARVE_CHECKSUM || status == VARVE_VALUE_TYPE) {
        c.had = true; /* one that is damaged can be removed, too */
        status = VARVE_OK;
    }
    if (status == VARVE_OK)
        status = c.had ? commit(&c, NULL, err) : VARVE_NOT_FOUND;
    varve_latches_release(latch);
    varve_rows_release(&c.former);
    return status;
}
