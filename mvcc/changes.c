#include <varve/changes.h>

#include "format/fail.h"
#include "mvcc/bill.h"
#include "mvcc/find.h"
#include "mvcc/rows.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

/* Where it stands. */
enum state { IN_FRONT, ON_A_VERSION, AT_THE_END, FAILED };

struct varve_changes {
    varve__walk walk;
    varve_ts after;
    varve_ts until;
    const varve_cancel *cancel;
    varve_bill *bill;
    enum state state;
    varve_buf lower; /* the start of the span, encoded */
    varve_buf seek;  /* an encoded key to go to */
    varve_buf key;   /* of the row */
    varve_row row;
    varve_error failure;
};

/* ---- Opening and closing -----------------------------------------------------------------------
 */

static varve_status open_walk(varve_changes *changes, varve_reader *reader, varve_span span,
                              varve_error *err)
{
    varve_buf upper = VARVE_BUF_INIT;
    varve_status status = varve_span_encode(span, &changes->lower, &upper, err);
    if (status == VARVE_OK)
        status = varve__walk_open_first(&changes->walk, reader, varve_buf_slice(&changes->lower),
                                        varve_buf_slice(&upper), err);
    varve_buf_release(&upper);
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

varve_status varve_changes_open(varve_reader *reader, varve_span span, varve_ts after,
                                varve_ts until, varve_changes **out, varve_error *err)
{
    *out = NULL;
    varve_changes *changes = varve__calloc(1, sizeof *changes);
    if (changes == NULL)
        return varve__fail_no_memory(err, sizeof *changes);
    changes->after = after;
    changes->until = until;
    varve_status status = open_walk(changes, reader, span, err);
    if (status != VARVE_OK) {
        varve_changes_close(changes);
        return status;
    }
    *out = changes;
    return VARVE_OK;
}

varve_status varve_changes_watch(varve_changes *changes, const varve_cancel *cancel,
                                 varve_bill *bill, varve_error *err)
{
    varve_status status = varve__bill_check(bill, err);
    if (status != VARVE_OK)
        return status;
    changes->cancel = cancel;
    changes->bill = bill;
    return VARVE_OK;
}

void varve_changes_close(varve_changes *changes)
{
    if (changes == NULL)
        return;
    varve__walk_release(&changes->walk);
    varve_buf_release(&changes->lower);
    varve_buf_release(&changes->seek);
    varve_buf_release(&changes->key);
    varve_error_release(&changes->failure);
    varve__free(changes);
}

bool varve_changes_row(const varve_changes *changes, varve_row *row)
{
    if (changes->state != ON_A_VERSION)
        return false;
    *row = changes->row;
    return true;
}

/* ---- One key -----------------------------------------------------------------------------------
 */

/* The user key behind the walk's prefix becomes the key of the row, and of failures. */
static varve_status take_key(varve_changes *changes, varve_error *err)
{
    changes->key.size = 0;
    varve_status status =
        varve__key_unescape(varve__walk_prefix(&changes->walk), &changes->key, err);
    changes->row.key = varve_buf_slice(&changes->key);
    return status;
}

static bool is_between(const varve_changes *changes, varve_ts ts)
{
    return varve_ts_compare(ts, changes->after) > 0 && varve_ts_compare(ts, changes->until) <= 0;
}

/* The walk stands on a metadata record. */
static varve_status check_meta(varve_changes *changes, varve_error *err)
{
    varve__meta meta;
    varve_status status = varve__walk_meta(&changes->walk, &meta, err);
    if (status == VARVE_OK && (meta.has_raw || is_between(changes, meta.ts)))
        status = take_key(changes, err);
    if (status != VARVE_OK)
        return status;
    if (meta.has_raw)
        return varve__fail_key(err, VARVE_UNSUPPORTED, changes->row.key,
                               "inline values are unsupported by MVCCIncrementalIterator: %s");
    if (!is_between(changes, meta.ts))
        return VARVE_OK;
    varve_intent intent = {.key = changes->row.key, .txn = meta.txn, .ts = meta.ts};
    return varve__fail_intents(err, &intent, 1, false);
}

/* A version has been found; that it is too old to be shown is VARVE_NOT_FOUND, too. */
static varve_status take(varve_changes *changes, const varve__found *found)
{
    if (varve_ts_compare(found->ts, changes->after) <= 0)
        return VARVE_NOT_FOUND;
    changes->row.ts = found->ts;
    changes->row.value = found->value;
    return VARVE_OK;
}

/* From the first record of a key to its newest version to be shown. */
static varve_status enter(varve_changes *changes, varve_error *err)
{
    varve__found found;
    varve__walk *walk = &changes->walk;
    varve_status status = varve__walk_enter(walk, err);
    if (status == VARVE_OK && varve__walk_suffix(walk) == NULL)
        status = check_meta(changes, err);
    if (status == VARVE_OK)
        status = varve__find_version(walk, changes->until, &found, err);
    if (status == VARVE_OK)
        status = take(changes, &found);
    return status == VARVE_OK ? take_key(changes, err) : status;
}

/* From a version to the next older one to be shown. */
static varve_status older(varve_changes *changes, varve_error *err)
{
    varve__found found;
    varve_status status = varve__walk_older(&changes->walk, err);
    if (status != VARVE_OK)
        return status;
    varve__find_here(&changes->walk, &found);
    return take(changes, &found);
}

/* ---- Movements ---------------------------------------------------------------------------------
 */

/* From the first record of a key to the first version to be shown of it, or of a later key. */
static varve_status enter_some(varve_changes *changes, varve_error *err)
{
    for (;;) {
        varve_status status = varve_cancel_check(changes->cancel, err);
        if (status == VARVE_OK)
            status = enter(changes, err);
        if (status != VARVE_NOT_FOUND)
            return status;
        status = varve__walk_next_key(&changes->walk, err);
        if (status != VARVE_OK)
            return status;
    }
}

static varve_status seek(varve_changes *changes, varve_slice engine_key, varve_error *err)
{
    varve_status status = varve__walk_seek(&changes->walk, engine_key, err);
    return status == VARVE_OK ? enter_some(changes, err) : status;
}

static varve_status next_key(varve_changes *changes, varve_error *err)
{
    varve__walk *walk = &changes->walk;
    varve_status status = changes->state == IN_FRONT ? varve__walk_arrived(walk, err)
                                                     : varve__walk_next_key(walk, err);
    return status == VARVE_OK ? enter_some(changes, err) : status;
}

static varve_status next(varve_changes *changes, varve_error *err)
{
    if (changes->state == IN_FRONT)
        return next_key(changes, err);
    varve_status status = older(changes, err);
    return status == VARVE_NOT_FOUND ? next_key(changes, err) : status;
}

/* What the movement has cost that may have come to a row. */
static void send_bill(varve_changes *changes, bool has_row)
{
    varve__walk_tally *tally = &changes->walk.tally;
    const varve_row *row = &changes->row;
    varve_bill cost = {.keys = tally->keys,
                       .versions = tally->versions,
                       .intents = tally->intents,
                       .steps = tally->steps,
                       .seeks = tally->seeks,
                       .bytes_read = tally->bytes};
    if (has_row) {
        cost.tombstones = row->value.size == 0;
        cost.rows = 1;
        cost.bytes_returned = varve__row_bytes(row->key.size, row->ts, row->value.size);
    }
    varve__bill_add(changes->bill, &cost);
    *tally = (varve__walk_tally){.keys = 0};
}

/* A movement has come to `status`, and if that is a failure, it is kept. */
static varve_status arrive(varve_changes *changes, varve_status status, varve_error *err)
{
    send_bill(changes, status == VARVE_OK);
    changes->state = status == VARVE_OK ? ON_A_VERSION : status < 0 ? FAILED : AT_THE_END;
    return status < 0 ? varve__error_copy(&changes->failure, err) : status;
}

/* Whether it has ended or failed, and thereby what every movement but a seek comes to. */
static bool is_over(const varve_changes *changes)
{
    return changes->state == AT_THE_END || changes->state == FAILED;
}

static varve_status repeat(const varve_changes *changes, varve_error *err)
{
    return changes->state == FAILED ? varve__error_copy(&changes->failure, err) : VARVE_NOT_FOUND;
}

varve_status varve_changes_seek(varve_changes *changes, varve_slice user_key, varve_error *err)
{
    varve_error_release(&changes->failure);
    varve_status status = VARVE_OK;
    varve_slice to = varve_buf_slice(&changes->lower);
    if (user_key.size > 0) {
        status = varve_key_encode(user_key, varve_ts_zero(), &changes->seek, &changes->failure);
        to = varve_buf_slice(&changes->seek);
    }
    if (status == VARVE_OK)
        status = seek(changes, to, &changes->failure);
    return arrive(changes, status, err);
}

varve_status varve_changes_next(varve_changes *changes, varve_error *err)
{
    if (is_over(changes))
        return repeat(changes, err);
    return arrive(changes, next(changes, &changes->failure), err);
}

varve_status varve_changes_next_key(varve_changes *changes, varve_error *err)
{
    if (is_over(changes))
        return repeat(changes, err);
    return arrive(changes, next_key(changes, &changes->failure), err);
}
