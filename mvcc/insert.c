/*
 * Inserting a version where its time says, with the statistics of what that moves: the version
 * below it is covered by this one from now on, and not by the one above.
 */
#include <varve/key.h>
#include <varve/ts.h>
#include <varve/value.h>
#include <varve/write.h>

#include "format/fail.h"
#include "mvcc/bill.h"
#include "mvcc/check.h"
#include "mvcc/stats_delta.h"
#include "mvcc/walk.h"
#include "util/buf.h"

/* A version that stands beside the one inserted. */
struct neighbour {
    bool exists;
    varve_ts ts;
    size_t size; /* of its value */
};

struct insert {
    varve_write how;
    varve_slice key;
    size_t size; /* of the value */
    varve__walk walk;
    struct neighbour above;
    struct neighbour replaced; /* at the same time */
    struct neighbour below;
};

static varve_status check_how(struct insert *insert, const varve_write *how, varve_error *err)
{
    varve_status status =
        varve__struct_copy(&insert->how, sizeof insert->how, how, "varve_write", err);
    if (status != VARVE_OK)
        return status;
    if (insert->how.writer == NULL || insert->how.reader == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.%s is NULL",
                           insert->how.writer == NULL ? "writer" : "reader");
    if (insert->how.txn != NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.txn is not NULL");
    if (varve_ts_is_zero(insert->how.ts))
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.ts is zero");
    return varve__bill_check(insert->how.bill, err);
}

static varve_status check_arguments(struct insert *insert, const varve_write *how, varve_error *err)
{
    varve_status status = check_how(insert, how, err);
    if (status == VARVE_OK)
        status = varve__check_point(insert->key, insert->how.ts, err);
    if (status == VARVE_OK)
        status = varve_key_check(insert->key, err);
    if (status != VARVE_OK)
        return status;
    if (insert->size > VARVE_VALUE_SIZE_MAX)
        return varve__fail_too_large(err, "value", insert->size, VARVE_VALUE_SIZE_MAX);
    return varve_cancel_check(insert->how.cancel, err);
}

/* ---- Looking -----------------------------------------------------------------------------------
 */

/* A metadata record that decodes is an inline value's or an intent's, and either is in the way. */
static varve_status fail_meta(struct insert *insert, varve_error *err)
{
    varve__meta meta;
    varve_status status = varve__walk_meta(&insert->walk, &meta, err);
    if (status != VARVE_OK)
        return status;
    if (meta.has_raw)
        return varve__fail_key(err, VARVE_INLINE_MIX, insert->key,
                               "%s/0,0: put is inline=false, but existing value is inline=true");
    const varve_intent intent = {.key = insert->key, .txn = meta.txn, .ts = meta.ts};
    return varve__fail_intents(err, &intent, 1, false);
}

static struct neighbour here(struct insert *insert)
{
    return (struct neighbour){true, varve__suffix_decode(varve__walk_suffix(&insert->walk)),
                              varve__walk_value(&insert->walk).size};
}

/* The walk stands on the newest version at or below the time, or `status` says that there is none.
 */
static varve_status look_below(struct insert *insert, varve_status status, varve_error *err)
{
    if (status == VARVE_OK) {
        insert->below = here(insert);
        if (varve_ts_compare(insert->below.ts, insert->how.ts) != 0)
            return VARVE_OK;
        insert->replaced = insert->below;
        insert->below.exists = false;
        status = varve__walk_older(&insert->walk, err);
        if (status == VARVE_OK)
            insert->below = here(insert);
    }
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/* A walk that was opened for a key cannot go back to newer versions: open one over its bounds. */
static varve_status open_again(struct insert *insert, varve_error *err)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    const varve__walk_tally tally = insert->walk.tally;
    varve_slice prefix = varve__walk_prefix(&insert->walk);
    varve_status status = varve__buf_assign(&lower, prefix, err);
    if (status == VARVE_OK)
        status = varve__key_append_prefix_end(prefix, &upper, err);
    varve__walk_release(&insert->walk);
    insert->walk = (varve__walk){.tally = tally};
    if (status == VARVE_OK)
        status = varve__walk_open_first(&insert->walk, insert->how.reader, varve_buf_slice(&lower),
                                        varve_buf_slice(&upper), err);
    if (status == VARVE_OK)
        status = varve__walk_enter(&insert->walk, err);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    return status;
}

/* The walk stands on the newest version, which is above the time. */
static varve_status look_between(struct insert *insert, varve_error *err)
{
    unsigned char suffix[VARVE__SUFFIX_SIZE];
    varve__suffix_encode(insert->how.ts, suffix);
    varve_status status = open_again(insert, err);
    if (status == VARVE_OK)
        status = varve__walk_descend(&insert->walk, suffix, err);
    bool is_last = status == VARVE_NOT_FOUND;
    if (status == VARVE_OK)
        status = varve__walk_newer(&insert->walk, err);
    else if (is_last)
        status = varve__walk_again_last(&insert->walk, err);
    if (status != VARVE_OK)
        return status;
    insert->above = here(insert);
    return is_last ? VARVE_OK : look_below(insert, varve__walk_older(&insert->walk, err), err);
}

static varve_status look(struct insert *insert, varve_error *err)
{
    varve_status status = varve__walk_open_key(&insert->walk, insert->how.reader, insert->key, err);
    if (status != VARVE_OK)
        return status == VARVE_NOT_FOUND ? VARVE_OK : status;
    const unsigned char *suffix = varve__walk_suffix(&insert->walk);
    if (suffix == NULL)
        return fail_meta(insert, err);
    if (varve_ts_compare(varve__suffix_decode(suffix), insert->how.ts) > 0)
        return look_between(insert, err);
    return look_below(insert, VARVE_OK, err);
}

static void send_bill(const struct insert *insert)
{
    const varve__walk_tally *tally = &insert->walk.tally;
    const varve_bill cost = {
        .keys = tally->keys,
        .versions = tally->versions,
        .steps = tally->steps,
        .seeks = tally->seeks,
        .bytes_read = tally->bytes,
    };
    varve__bill_add(insert->how.bill, &cost);
}

/* ---- Statistics --------------------------------------------------------------------------------
 */

/* Take away a version that is garbage since that time, or add one. */
static void less_garbage(varve_stats *stats, bool is_system, size_t size, int64_t since)
{
    varve__stats_gc_version(stats, is_system, (int64_t)size, since);
}

static void more_garbage(varve_stats *stats, bool is_system, size_t size, int64_t since)
{
    varve_stats less = {.last_update_nanos = since};
    less_garbage(&less, is_system, size, since);
    varve_stats_subtract(stats, &less);
}

/* A value is garbage since what covers it, a tombstone since it stands. */
static void account_between(const struct insert *insert, bool is_system)
{
    varve_stats *stats = insert->how.stats;
    int64_t wall = insert->how.ts.wall;
    int64_t covered = insert->above.ts.wall;
    if (insert->replaced.exists) {
        size_t size = insert->replaced.size;
        less_garbage(stats, is_system, size, size == 0 ? wall : covered);
    } else if (insert->below.exists && insert->below.size > 0) {
        less_garbage(stats, is_system, insert->below.size, covered);
        more_garbage(stats, is_system, insert->below.size, wall);
    }
    more_garbage(stats, is_system, insert->size, insert->size == 0 ? wall : covered);
}

static void account_newest(const struct insert *insert, bool is_system)
{
    int64_t key_size = (int64_t)insert->key.size + 1;
    varve__stats_meta to = varve__stats_implied(key_size, insert->how.ts, insert->size);
    varve__stats_meta below = varve__stats_implied(key_size, insert->below.ts, insert->below.size);
    const varve__stats_meta *from = insert->below.exists ? &below : NULL;
    if (insert->replaced.exists) {
        varve__stats_meta gone =
            varve__stats_implied(key_size, insert->how.ts, insert->replaced.size);
        varve__stats_remove(insert->how.stats, is_system, &gone, from);
    }
    varve__stats_put(insert->how.stats, is_system, from, &to, 0);
}

static void account(const struct insert *insert)
{
    bool is_system = varve__stats_is_system(insert->key);
    if (insert->how.stats == NULL)
        return;
    if (insert->above.exists)
        account_between(insert, is_system);
    else
        account_newest(insert, is_system);
}

/* ---- The whole ---------------------------------------------------------------------------------
 */

static varve_status write_version(const struct insert *insert, varve_slice raw, varve_error *err)
{
    varve_buf own = VARVE_BUF_INIT;
    varve_buf *memory = insert->how.scratch != NULL ? insert->how.scratch : &own;
    varve_status status = varve_key_encode(insert->key, insert->how.ts, memory, err);
    if (status == VARVE_OK)
        status = varve_writer_put(insert->how.writer, varve_buf_slice(memory), raw, err);
    varve_buf_release(&own);
    return status;
}

varve_status varve_mvcc_insert(const varve_write *how, varve_slice key, varve_slice raw,
                               varve_error *err)
{
    struct insert insert = {.key = key, .size = raw.size};
    varve_status status = check_arguments(&insert, how, err);
    if (status != VARVE_OK)
        return status;
    status = look(&insert, err);
    if (insert.how.bill != NULL)
        send_bill(&insert);
    varve__walk_release(&insert.walk);
    if (status == VARVE_OK)
        status = write_version(&insert, raw, err);
    if (status == VARVE_OK)
        account(&insert);
    return status;
}
