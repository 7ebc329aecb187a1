#include <varve/gc.h>

#include <varve/ts.h>

#include "format/fail.h"
#include "mvcc/change.h"
#include "mvcc/stats_delta.h"
#include "mvcc/walk.h"
#include "util/fail.h"

/* One key in progress. */
struct garbage {
    const varve_gc_key *entry;
    varve_ts now;
    varve__change *change;
    varve__walk walk;
    varve__run run;
    varve_buf lower; /* the records of the key, as bounds */
    varve_buf upper;
    int64_t key_size; /* of its metadata key */
    bool is_system;
    int64_t since; /* wall time since when the version to come is garbage, if it is a value */
};

static void release(struct garbage *garbage)
{
    varve__change_send_bill(garbage->change, &garbage->walk);
    varve__walk_release(&garbage->walk);
    varve__run_release(&garbage->run);
    varve_buf_release(&garbage->lower);
    varve_buf_release(&garbage->upper);
}

static varve_status check_entry(const varve_gc_key *entry, varve_error *err)
{
    if (entry->key.size == 0)
        return varve__fail_empty_key(err);
    if (entry->threshold.wall < 0 || entry->threshold.logical < 0)
        return varve__fail_key(err, VARVE_INVALID_ARGUMENT, entry->key,
                               "the threshold of %s is negative");
    return VARVE_OK;
}

/* Walk over all records of the key: in both directions, which a walk over one key cannot do. */
static varve_status open_walk(struct garbage *garbage, varve_error *err)
{
    varve_buf *lower = &garbage->lower;
    varve_status status = varve_key_encode(garbage->entry->key, varve_ts_zero(), lower, err);
    if (status == VARVE_OK)
        status = varve__key_append_prefix_end(varve_buf_slice(lower), &garbage->upper, err);
    if (status == VARVE_OK)
        status =
            varve__walk_open_first(&garbage->walk, garbage->change->reader, varve_buf_slice(lower),
                                   varve_buf_slice(&garbage->upper), err);
    return status == VARVE_OK ? varve__walk_enter(&garbage->walk, err) : status;
}

/* ---- The metadata ------------------------------------------------------------------------------
 */

static bool is_due(const struct garbage *garbage, varve_ts ts)
{
    return varve_ts_compare(ts, garbage->entry->threshold) <= 0;
}

/* The walk stands on the newest version, which has no metadata record. */
static varve_status collect_implied(struct garbage *garbage, varve_error *err)
{
    varve_ts ts = varve__suffix_decode(varve__walk_suffix(&garbage->walk));
    size_t size = varve__walk_value(&garbage->walk).size;
    garbage->change->tombstones += size == 0;
    if (!is_due(garbage, ts))
        return VARVE_OK;
    if (size > 0)
        return varve__fail_not_garbage(err, garbage->entry->key, false);
    varve__stats_meta meta = varve__stats_implied(garbage->key_size, ts, size);
    varve__stats_gc_meta(varve__change_stats(garbage->change), garbage->is_system, &meta);
    return VARVE_OK;
}

/* The walk stands on the metadata record, that of an inline value. */
static varve_status collect_inline(struct garbage *garbage, varve_error *err)
{
    varve__change *change = garbage->change;
    varve_stats *stats = varve__change_stats(change);
    int64_t record = (int64_t)varve__walk_value(&garbage->walk).size;
    varve_status status = varve__change_clear_meta(change, varve__walk_prefix(&garbage->walk), err);
    if (status != VARVE_OK)
        return status;
    varve__stats_inline(stats, garbage->is_system, garbage->key_size, record, 0);
    if (stats != NULL)
        varve_stats_age_to(stats, garbage->now.wall);
    return VARVE_OK;
}

/* The walk stands on the metadata record, and goes behind it. */
static varve_status collect_stored(struct garbage *garbage, varve_error *err)
{
    varve__meta meta;
    varve_status status = varve__walk_meta(&garbage->walk, &meta, err);
    if (status != VARVE_OK)
        return status;
    garbage->change->intents += meta.has_txn;
    garbage->change->tombstones += meta.deleted;
    if (is_due(garbage, meta.ts)) {
        if (meta.has_raw && !meta.has_txn)
            status = collect_inline(garbage, err);
        else
            status =
                varve__fail_not_garbage(err, garbage->entry->key, meta.deleted || meta.has_raw);
    }
    return status == VARVE_OK ? varve__walk_older(&garbage->walk, err) : status;
}

/* ---- Versions ----------------------------------------------------------------------------------
 */

/* Leave the version on which the walk stands, which stays, behind. */
static varve_status pass(struct garbage *garbage, varve_error *err)
{
    garbage->since = varve__suffix_decode(varve__walk_suffix(&garbage->walk)).wall;
    return varve__walk_older(&garbage->walk, err);
}

/* From the newest version to the first that goes.  VARVE_NOT_FOUND if there is none. */
static varve_status find_first(struct garbage *garbage, varve_error *err)
{
    unsigned char suffix[VARVE__SUFFIX_SIZE];
    varve__walk *walk = &garbage->walk;
    if (varve_ts_is_zero(garbage->entry->threshold))
        return VARVE_NOT_FOUND;
    varve__suffix_encode(garbage->entry->threshold, suffix);
    if (memcmp(varve__walk_suffix(walk), suffix, sizeof suffix) >= 0)
        return VARVE_OK;
    /* A seek does not show which version covers the one that it finds. */
    varve_status status = varve__walk_descend(walk, suffix, err);
    if (status == VARVE_OK)
        status = varve__walk_newer(walk, err);
    return status == VARVE_OK ? pass(garbage, err) : status;
}

/* Remove the version on which the walk stands, and go on. */
static varve_status collect_version(struct garbage *garbage, varve_error *err)
{
    varve__walk *walk = &garbage->walk;
    int64_t wall = varve__suffix_decode(varve__walk_suffix(walk)).wall;
    int64_t size = (int64_t)varve__walk_value(walk).size;
    varve_status status = varve__run_add(&garbage->run, garbage->change, walk->it->key, err);
    if (status != VARVE_OK)
        return status;
    varve__stats_gc_version(varve__change_stats(garbage->change), garbage->is_system, size,
                            size == 0 ? wall : garbage->since);
    return pass(garbage, err);
}

static varve_status collect_versions(struct garbage *garbage, varve_error *err)
{
    uint64_t steps = 0;
    garbage->since = garbage->now.wall;
    varve_status status = find_first(garbage, err);
    while (status == VARVE_OK)
        status = collect_version(garbage, err);
    if (status != VARVE_NOT_FOUND)
        return status;
    return varve__run_end(&garbage->run, garbage->change, varve_buf_slice(&garbage->upper), &steps,
                          err);
}

/* ---- Keys --------------------------------------------------------------------------------------
 */

/* Gather what goes of the key.  VARVE_NOT_FOUND if it has no records, or none that go. */
static varve_status collect_key(struct garbage *garbage, varve_error *err)
{
    garbage->key_size = (int64_t)garbage->entry->key.size + 1;
    garbage->is_system = varve__stats_is_system(garbage->entry->key);
    varve_status status = check_entry(garbage->entry, err);
    if (status == VARVE_OK)
        status = open_walk(garbage, err);
    if (status != VARVE_OK)
        return status;
    bool is_version = varve__walk_suffix(&garbage->walk) != NULL;
    status = is_version ? collect_implied(garbage, err) : collect_stored(garbage, err);
    return status == VARVE_OK ? collect_versions(garbage, err) : status;
}

varve_status varve_mvcc_gc(const varve_write *how, const varve_gc_key *keys, size_t count,
                           varve_ts now, varve_error *err)
{
    varve__change change;
    varve_status status = varve__change_begin(&change, how, err);
    for (size_t i = 0; status == VARVE_OK && i < count; i++) {
        struct garbage garbage = {.entry = &keys[i], .now = now, .change = &change};
        status = varve__change_check_cancel(&change, err);
        if (status == VARVE_OK)
            status = collect_key(&garbage, err);
        release(&garbage);
        if (status >= 0)
            status = varve__change_apply(&change, err);
    }
    varve__change_release(&change);
    return status;
}
