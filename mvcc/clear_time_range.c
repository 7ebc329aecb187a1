#include <varve/revert.h>
#include <varve/ts.h>

#include "format/fail.h"
#include "mvcc/bounds.h"
#include "mvcc/change.h"
#include "mvcc/conflicts.h"
#include "mvcc/stats_delta.h"
#include "mvcc/walk.h"
#include "util/fail.h"

struct revert {
    varve_ts after;
    varve_ts until;
    unsigned char until_suffix[VARVE__SUFFIX_SIZE];
    uint64_t max;
    uint64_t clearings; /* of runs that have ended */
    bool is_over;       /* the limit has been reached */
    varve__bounds bounds;
    varve__walk walk;
    varve__change change;
    varve__run run;
    int64_t key_size; /* of the current key's metadata key */
    bool is_system;

    /*
     * A version that is removed is accounted when it is known what follows it, which is then the
     * newest of its key.
     */
    bool is_pending;
    varve__stats_meta removed;
};

static bool is_inside(const struct revert *revert, varve_ts ts)
{
    return varve_ts_compare(ts, revert->after) > 0 && varve_ts_compare(ts, revert->until) <= 0;
}

/* Account the version removed last; `restored` is the one below it, or NULL. */
static void account(struct revert *revert, const varve__stats_meta *restored)
{
    if (revert->is_pending)
        varve__stats_remove(varve__change_stats(&revert->change), revert->is_system,
                            &revert->removed, restored);
    revert->is_pending = false;
}

/* In front of a record that stays, or at the end. */
static varve_status end_run(struct revert *revert, varve_slice end, varve_error *err)
{
    varve_status status =
        varve__run_end(&revert->run, &revert->change, end, &revert->clearings, err);
    if (status == VARVE_OK && varve__change_is_full(&revert->change))
        status = varve__change_apply(&revert->change, err);
    return status;
}

/* ---- Records -----------------------------------------------------------------------------------
 */

/* What lies in front of the intent goes, once it is certain that its failure can be told. */
static varve_status fail_intent(struct revert *revert, const varve__meta *meta, varve_error *err)
{
    varve__conflicts conflicts = {.list = NULL};
    varve_slice prefix = varve__walk_prefix(&revert->walk);
    varve_status status = varve__conflicts_add(&conflicts, prefix, meta, err);
    if (status == VARVE_OK)
        status = varve__conflicts_fail(&conflicts, err);
    varve__conflicts_release(&conflicts);
    if (status != VARVE_WRITE_INTENT)
        return status;
    varve_status applied = varve__change_apply(&revert->change, err);
    return applied == VARVE_OK ? status : applied;
}

/* The walk stands on a metadata record, and goes behind it. */
static varve_status pass_meta(struct revert *revert, varve_error *err)
{
    varve__meta meta;
    varve_status status = end_run(revert, revert->walk.it->key, err);
    if (status == VARVE_OK)
        status = varve__walk_meta(&revert->walk, &meta, err);
    if (status != VARVE_OK)
        return status;
    revert->change.intents += meta.has_txn;
    revert->change.tombstones += meta.deleted;
    if (meta.has_txn && is_inside(revert, meta.ts))
        return fail_intent(revert, &meta, err);
    return varve__walk_older(&revert->walk, err);
}

/* The walk stands on a version that stays. */
static varve_status pass_version(struct revert *revert, varve_ts ts, varve_error *err)
{
    varve_status status = end_run(revert, revert->walk.it->key, err);
    if (status != VARVE_OK)
        return status;
    if (varve_ts_compare(ts, revert->until) > 0)
        return varve__walk_descend(&revert->walk, revert->until_suffix, err);
    status = varve__walk_next_key(&revert->walk, err);
    return status == VARVE_OK ? VARVE_NOT_FOUND : status; /* no more of this key */
}

/* The walk stands on a version that goes. */
static varve_status remove_version(struct revert *revert, const varve__stats_meta *version,
                                   varve_error *err)
{
    if (revert->clearings >= revert->max) {
        revert->is_over = true;
        return VARVE_OK;
    }
    varve_status status = varve__run_add(&revert->run, &revert->change, revert->walk.it->key, err);
    if (status != VARVE_OK)
        return status;
    revert->is_pending = true;
    revert->removed = *version;
    return varve__walk_older(&revert->walk, err);
}

static varve_status revert_version(struct revert *revert, varve_error *err)
{
    varve_ts ts = varve__suffix_decode(varve__walk_suffix(&revert->walk));
    varve__stats_meta version =
        varve__stats_implied(revert->key_size, ts, varve__walk_value(&revert->walk).size);
    varve_status status = varve__change_check_cancel(&revert->change, err);
    if (status != VARVE_OK)
        return status;
    account(revert, &version);
    if (is_inside(revert, ts))
        return remove_version(revert, &version, err);
    return pass_version(revert, ts, err);
}

/* ---- Keys --------------------------------------------------------------------------------------
 */

static varve_status begin_key(struct revert *revert, varve_error *err)
{
    account(revert, NULL);
    varve_status status = varve__walk_enter(&revert->walk, err);
    if (status != VARVE_OK)
        return status;
    varve_slice prefix = varve__walk_prefix(&revert->walk);
    revert->key_size = (int64_t)varve__key_unescaped_size(prefix) + 1;
    revert->is_system = varve__stats_is_system(prefix);
    if (varve__walk_suffix(&revert->walk) == NULL)
        return pass_meta(revert, err);
    revert->change.tombstones += varve_iter_value(revert->walk.it).size == 0;
    return VARVE_OK;
}

/* All records of the key on which the walk stands.  VARVE_NOT_FOUND behind the last key. */
static varve_status revert_key(struct revert *revert, varve_error *err)
{
    varve_status status = begin_key(revert, err);
    while (status == VARVE_OK && !revert->is_over)
        status = revert_version(revert, err);
    return status == VARVE_NOT_FOUND ? varve__walk_arrived(&revert->walk, err) : status;
}

/* Where to go on has to be known before the last step is done. */
static varve_status finish(struct revert *revert, varve_rows *rows, varve_error *err)
{
    account(revert, NULL);
    varve_status status = end_run(revert, varve_buf_slice(&revert->bounds.upper), err);
    if (status == VARVE_OK && revert->is_over)
        status =
            varve__bounds_resume(&revert->bounds, varve__walk_prefix(&revert->walk), rows, err);
    return status == VARVE_OK ? varve__change_apply(&revert->change, err) : status;
}

static varve_status revert_keys(struct revert *revert, varve_rows *rows, varve_error *err)
{
    varve_status status = varve__walk_open_first(&revert->walk, revert->change.reader,
                                                 varve_buf_slice(&revert->bounds.lower),
                                                 varve_buf_slice(&revert->bounds.upper), err);
    while (status == VARVE_OK && !revert->is_over)
        status = revert_key(revert, err);
    return status < 0 ? status : finish(revert, rows, err);
}

/* ---- The whole ---------------------------------------------------------------------------------
 */

static varve_status check_time(varve_ts ts, const char *name, varve_error *err)
{
    char text[VARVE_TS_TEXT_MAX];
    if (ts.wall >= 0 && ts.logical >= 0)
        return VARVE_OK;
    return varve__fail(err, VARVE_INVALID_ARGUMENT, "%s is negative: %s", name,
                       varve_ts_format(ts, text));
}

static varve_status revert_span(struct revert *revert, varve_span span, varve_rows *rows,
                                varve_error *err)
{
    varve_status status = varve__bounds_open(&revert->bounds, span, err);
    varve__rows_clear(rows);
    if (status == VARVE_OK)
        status = check_time(revert->after, "after", err);
    if (status == VARVE_OK)
        status = check_time(revert->until, "until", err);
    bool is_nothing =
        revert->bounds.is_empty || varve_ts_compare(revert->after, revert->until) >= 0;
    if (status != VARVE_OK || is_nothing)
        return status;
    varve__suffix_encode(revert->until, revert->until_suffix);
    return revert_keys(revert, rows, err);
}

static void release(struct revert *revert)
{
    varve__change_send_bill(&revert->change, &revert->walk);
    varve__bounds_release(&revert->bounds);
    varve__walk_release(&revert->walk);
    varve__change_release(&revert->change);
    varve__run_release(&revert->run);
}

varve_status varve_mvcc_clear_time_range(const varve_write *how, varve_span span, varve_ts after,
                                         varve_ts until, int64_t max_batch, varve_rows *rows,
                                         varve_error *err)
{
    struct revert revert = {.after = after, .until = until};
    revert.max = max_batch < 0 ? UINT64_MAX : (uint64_t)max_batch;
    varve_status status = varve__change_begin(&revert.change, how, err);
    if (status == VARVE_OK)
        status = revert_span(&revert, span, rows, err);
    if (status < 0)
        varve__rows_clear(rows);
    release(&revert);
    return status;
}
