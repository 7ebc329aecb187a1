#include "mvcc/stats_delta.h"

#include <varve/key.h>

#include "format/stats.h"

bool varve__stats_is_system(varve_slice user_key)
{
    return varve_slice_compare(user_key, varve_key_app_min()) < 0;
}

varve__stats_meta varve__stats_implied(int64_t meta_key_size, varve_ts ts, size_t value_size)
{
    return (varve__stats_meta){.meta_key_size = meta_key_size,
                               .key_bytes = VARVE_VERSION_TS_SIZE,
                               .val_bytes = (int64_t)value_size,
                               .wall = ts.wall,
                               .deleted = value_size == 0};
}

/* `*number` plus or minus `amount`. */
static void plus(int64_t *number, int64_t amount)
{
    *number = varve__plus(*number, amount);
}

static void minus(int64_t *number, int64_t amount)
{
    *number = varve__minus(*number, amount);
}

static int64_t meta_size(const varve__stats_meta *meta)
{
    return varve__plus(meta->meta_key_size, meta->meta_val_size);
}

static int64_t version_size(const varve__stats_meta *meta)
{
    return varve__plus(meta->key_bytes, meta->val_bytes);
}

/* The parts that a key's numbers are made of, each to be taken away or added. */

static void minus_meta(varve_stats *d, const varve__stats_meta *meta)
{
    minus(&d->key_bytes, meta->meta_key_size);
    minus(&d->val_bytes, meta->meta_val_size);
}

static void plus_meta(varve_stats *d, const varve__stats_meta *meta)
{
    plus(&d->key_bytes, meta->meta_key_size);
    plus(&d->val_bytes, meta->meta_val_size);
}

static void minus_version(varve_stats *d, const varve__stats_meta *meta)
{
    minus(&d->key_bytes, meta->key_bytes);
    minus(&d->val_bytes, meta->val_bytes);
}

static void minus_intent(varve_stats *d, const varve__stats_meta *meta)
{
    minus(&d->intent_bytes, version_size(meta));
    d->intent_count--;
}

static void minus_live(varve_stats *d, const varve__stats_meta *meta)
{
    minus(&d->live_bytes, varve__plus(version_size(meta), meta_size(meta)));
    d->live_count--;
}

static void plus_live(varve_stats *d, const varve__stats_meta *meta)
{
    plus(&d->live_bytes, varve__plus(version_size(meta), meta_size(meta)));
    d->live_count++;
}

/* ---- Puts --------------------------------------------------------------------------------------
 */

static void put_system(varve_stats *d, const varve__stats_meta *from, const varve__stats_meta *to)
{
    if (from != NULL) {
        minus(&d->sys_bytes, meta_size(from));
        if (from->has_txn)
            minus(&d->sys_bytes, version_size(from));
        d->sys_count--;
    }
    plus(&d->sys_bytes, varve__plus(version_size(to), meta_size(to)));
    d->sys_count++;
}

/* The metadata, and with an intent the provisional version, that are no longer what they were. */
static void minus_replaced(varve_stats *d, const varve__stats_meta *from)
{
    minus_meta(d, from);
    if (from->has_txn)
        minus_version(d, from);
}

static void put_replacing(varve_stats *d, const varve__stats_meta *from, int64_t to_wall,
                          int64_t below)
{
    int64_t size_below = below > 0 ? varve__plus(VARVE_VERSION_TS_SIZE, below) : 0;
    d->key_count--;
    varve_stats_age_to(d, from->wall);
    if (from->has_txn) {
        d->val_count--;
        minus_intent(d, from);
    }
    if (from->deleted)
        minus_replaced(d, from);
    /* The version below an intent that moves up is garbage only from the new timestamp on. */
    plus(&d->live_bytes, size_below);
    varve_stats_age_to(d, to_wall);
    minus(&d->live_bytes, size_below);
    if (!from->deleted) {
        minus_live(d, from);
        minus_replaced(d, from);
    }
}

void varve__stats_put(varve_stats *stats, bool is_system, const varve__stats_meta *from,
                      const varve__stats_meta *to, int64_t below)
{
    if (stats == NULL)
        return;
    varve_stats d = {0};
    if (is_system) {
        put_system(&d, from, to);
        varve_stats_add(stats, &d);
        return;
    }
    if (from != NULL)
        put_replacing(&d, from, to->wall, below);
    else
        varve_stats_age_to(&d, to->wall);
    if (!to->deleted)
        plus_live(&d, to);
    plus_meta(&d, to);
    plus(&d.key_bytes, to->key_bytes);
    plus(&d.val_bytes, to->val_bytes);
    d.key_count++;
    d.val_count++;
    if (to->has_txn) {
        plus(&d.intent_bytes, version_size(to));
        d.intent_count++;
    }
    varve_stats_add(stats, &d);
}

/* ---- Removals ----------------------------------------------------------------------------------
 */

static void remove_system(varve_stats *d, const varve__stats_meta *gone,
                          const varve__stats_meta *restored)
{
    if (restored != NULL) {
        plus(&d->sys_bytes, meta_size(restored));
        d->sys_count++;
    }
    minus(&d->sys_bytes, varve__plus(version_size(gone), meta_size(gone)));
    d->sys_count--;
}

/* Up to the time of what is gone, from that of what is restored. */
static void restore(varve_stats *d, const varve__stats_meta *restored, int64_t gone_wall)
{
    varve_stats_age_to(d, restored->wall);
    if (restored->deleted)
        plus_meta(d, restored);
    varve_stats_age_to(d, gone_wall);
    d->key_count++;
    if (!restored->deleted) {
        plus_meta(d, restored);
        plus_live(d, restored);
    }
}

void varve__stats_remove(varve_stats *stats, bool is_system, const varve__stats_meta *gone,
                         const varve__stats_meta *restored)
{
    if (stats == NULL)
        return;
    varve_stats d = {0};
    if (is_system) {
        remove_system(&d, gone, restored);
        varve_stats_add(stats, &d);
        return;
    }
    if (restored != NULL)
        restore(&d, restored, gone->wall);
    else
        varve_stats_age_to(&d, gone->wall);
    if (!gone->deleted)
        minus_live(&d, gone);
    minus_version(&d, gone);
    minus_meta(&d, gone);
    d.key_count--;
    d.val_count--;
    if (gone->has_txn)
        minus_intent(&d, gone);
    varve_stats_add(stats, &d);
}

/* ---- Inline values -----------------------------------------------------------------------------
 */

static void inline_record(varve_stats *stats, bool is_system, int64_t key_size, int64_t record,
                          int64_t count)
{
    int64_t keys = varve__times(count, key_size);
    int64_t values = varve__times(count, record);
    if (is_system) {
        plus(&stats->sys_bytes, varve__plus(keys, values));
        plus(&stats->sys_count, count);
        return;
    }
    plus(&stats->live_bytes, varve__plus(keys, values));
    plus(&stats->live_count, count);
    plus(&stats->key_bytes, keys);
    plus(&stats->key_count, count);
    plus(&stats->val_bytes, values);
    plus(&stats->val_count, count);
}

void varve__stats_inline(varve_stats *stats, bool is_system, int64_t meta_key_size,
                         int64_t old_record, int64_t new_record)
{
    if (stats == NULL)
        return;
    if (old_record > 0)
        inline_record(stats, is_system, meta_key_size, old_record, -1);
    if (new_record > 0)
        inline_record(stats, is_system, meta_key_size, new_record, 1);
}

/* ---- Garbage, merges ---------------------------------------------------------------------------
 */

static void collect(varve_stats *stats, varve_stats *d, bool is_system, int64_t key_bytes,
                    int64_t val_bytes)
{
    if (is_system) {
        minus(&d->sys_bytes, varve__plus(key_bytes, val_bytes));
    } else {
        minus(&d->key_bytes, key_bytes);
        minus(&d->val_bytes, val_bytes);
    }
    varve_stats_add(stats, d);
}

void varve__stats_gc_meta(varve_stats *stats, bool is_system, const varve__stats_meta *meta)
{
    if (stats == NULL)
        return;
    varve_stats d = {0};
    varve_stats_age_to(&d, meta->wall);
    if (is_system)
        d.sys_count--;
    else
        d.key_count--;
    collect(stats, &d, is_system, meta->meta_key_size, meta->meta_val_size);
}

void varve__stats_gc_version(varve_stats *stats, bool is_system, int64_t val_bytes, int64_t since)
{
    if (stats == NULL)
        return;
    varve_stats d = {0};
    varve_stats_age_to(&d, since);
    if (!is_system)
        d.val_count--;
    collect(stats, &d, is_system, VARVE_VERSION_TS_SIZE, val_bytes);
}

void varve__stats_merge(varve_stats *stats, bool is_system, int64_t operand_size, int64_t wall)
{
    if (stats == NULL)
        return;
    varve_stats d = {.contains_estimates = 1};
    int64_t size = varve__plus(operand_size, VARVE_VERSION_TS_SIZE);
    varve_stats_age_to(&d, wall);
    if (is_system) {
        plus(&d.sys_bytes, size);
    } else {
        plus(&d.live_bytes, size);
        plus(&d.val_bytes, size);
    }
    varve_stats_add(stats, &d);
}
