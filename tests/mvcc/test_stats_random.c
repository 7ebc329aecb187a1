/*
 * Running statistics against a recount after every step: random operations, done to the records by
 * hand and to the numbers by their differences.
 */
#include "tests/support/mvcc.h"

#include <stdio.h>

#include <varve/stats.h>

#include "mvcc/stats_delta.h"

#define SECOND INT64_C(1000000000)

enum { KEYS = 6, VERSIONS_MAX = 8, STEPS = 1500 };

struct version {
    varve_ts ts;
    int64_t size;
};

struct key {
    const char *name;
    varve_slice user_key;
    struct version versions[VERSIONS_MAX]; /* newest first */
    int count;
    bool has_intent;
    int64_t inline_record; /* its length; 0 = none */
};

static struct key keys[KEYS];
static varve_stats stats;
static test_random random_state;

static size_t below(size_t limit)
{
    return test_random_below(&random_state, limit);
}

static void set_up_keys(void)
{
    static const char *const names[KEYS] = {"%01k%12a%00%01rdsc", "%00", "%02", "a", "a%00", "bb"};
    memset(keys, 0, sizeof keys);
    memset(&stats, 0, sizeof stats);
    for (int i = 0; i < KEYS; i++) {
        keys[i].name = names[i];
        keys[i].user_key = mvcc_bytes(names[i]);
    }
}

/* ---- The state of a key ------------------------------------------------------------------------
 */

static bool is_system(const struct key *key)
{
    return varve__stats_is_system(key->user_key);
}

static int64_t key_size(const struct key *key)
{
    return (int64_t)key->user_key.size + 1;
}

static varve_slice intent_record(const struct key *key)
{
    return mvcc_intent_record(key->versions[0].ts, (size_t)key->versions[0].size, 1);
}

static varve__stats_meta meta_of(const struct key *key, int version, bool has_intent)
{
    const struct version *v = &key->versions[version];
    return (varve__stats_meta){.meta_key_size = key_size(key),
                               .meta_val_size = has_intent ? (int64_t)intent_record(key).size : 0,
                               .key_bytes = 12,
                               .val_bytes = v->size,
                               .wall = v->ts.wall,
                               .deleted = v->size == 0,
                               .has_txn = has_intent};
}

/* Store the newest version and its metadata. */
static void store(const struct key *key)
{
    const struct version *v = &key->versions[0];
    varve_slice value = v->size == 0 ? bytes("") : repeated('v', (size_t)v->size);
    mvcc_put_raw(mvcc_engine_key(key->name, v->ts), value);
    if (key->has_intent)
        mvcc_put_raw(mvcc_engine_key(key->name, varve_ts_zero()), intent_record(key));
    else
        mvcc_clear_raw(mvcc_engine_key(key->name, varve_ts_zero()));
}

static void drop_version(struct key *key, int version)
{
    mvcc_clear_raw(mvcc_engine_key(key->name, key->versions[version].ts));
    for (int v = version; v + 1 < key->count; v++)
        key->versions[v] = key->versions[v + 1];
    key->count--;
}

static void push_version(struct key *key, struct version version)
{
    for (int v = key->count; v > 0; v--)
        key->versions[v] = key->versions[v - 1];
    key->versions[0] = version;
    key->count++;
}

static int64_t random_size(void)
{
    return below(3) == 0 ? 0 : 1 + (int64_t)below(30);
}

static varve_ts later(const struct key *key)
{
    int64_t wall = key->count > 0 ? key->versions[0].ts.wall : 0;
    return varve_ts_of(wall + 1 + (int64_t)below(3 * SECOND), (int32_t)below(2));
}

/* ---- Operations: true if the key was in a state for it -----------------------------------------
 */

static bool write_version(struct key *key, bool has_intent)
{
    if (key->has_intent || key->inline_record > 0 || key->count == VERSIONS_MAX)
        return false;
    bool is_new = key->count == 0;
    varve__stats_meta from = is_new ? (varve__stats_meta){0} : meta_of(key, 0, false);
    push_version(key, (struct version){later(key), random_size()});
    key->has_intent = has_intent;
    varve__stats_meta to = meta_of(key, 0, has_intent);
    varve__stats_put(&stats, is_system(key), is_new ? NULL : &from, &to, 0);
    store(key);
    return true;
}

static bool put(struct key *key)
{
    return write_version(key, false);
}

static bool put_intent(struct key *key)
{
    return write_version(key, true);
}

/* The intent becomes a version of this size and time, provisional or not. */
static void change_intent(struct key *key, struct version to, bool has_intent)
{
    varve__stats_meta before = meta_of(key, 0, true);
    bool moves = varve_ts_compare(key->versions[0].ts, to.ts) != 0;
    int64_t size_below = moves && key->count > 1 ? key->versions[1].size : 0;
    drop_version(key, 0);
    push_version(key, to);
    key->has_intent = has_intent;
    varve__stats_meta after = meta_of(key, 0, has_intent);
    varve__stats_put(&stats, is_system(key), &before, &after, size_below);
    store(key);
}

static varve_ts same_or_later(const struct key *key)
{
    return below(2) == 0 ? key->versions[0].ts : later(key);
}

static bool rewrite_intent(struct key *key)
{
    if (!key->has_intent)
        return false;
    change_intent(key, (struct version){same_or_later(key), random_size()}, true);
    return true;
}

static bool push(struct key *key)
{
    if (!key->has_intent)
        return false;
    change_intent(key, (struct version){later(key), key->versions[0].size}, true);
    return true;
}

static bool commit(struct key *key)
{
    if (!key->has_intent)
        return false;
    change_intent(key, (struct version){same_or_later(key), key->versions[0].size}, false);
    return true;
}

/* A commit that goes back to an earlier value. */
static bool commit_rolled_back(struct key *key)
{
    if (!key->has_intent)
        return false;
    change_intent(key, (struct version){same_or_later(key), random_size()}, false);
    return true;
}

static bool remove_intent(struct key *key)
{
    if (!key->has_intent)
        return false;
    varve__stats_meta gone = meta_of(key, 0, true);
    drop_version(key, 0);
    key->has_intent = false;
    mvcc_clear_raw(mvcc_engine_key(key->name, varve_ts_zero()));
    varve__stats_meta restored = meta_of(key, 0, false);
    varve__stats_remove(&stats, is_system(key), &gone, key->count > 0 ? &restored : NULL);
    return true;
}

/* The newest version is taken back, as reverting a span of time does. */
static bool remove_version(struct key *key)
{
    if (key->has_intent || key->count == 0)
        return false;
    varve__stats_meta gone = meta_of(key, 0, false);
    drop_version(key, 0);
    varve__stats_meta restored = meta_of(key, 0, false);
    varve__stats_remove(&stats, is_system(key), &gone, key->count > 0 ? &restored : NULL);
    return true;
}

static bool collect(struct key *key)
{
    int first = (int)below(3);
    bool takes_newest = first == 0;
    if (first >= key->count || (takes_newest && (key->has_intent || key->versions[0].size > 0)))
        return false;
    if (takes_newest) {
        varve__stats_meta newest = meta_of(key, 0, false);
        varve__stats_gc_meta(&stats, is_system(key), &newest);
    }
    int64_t newer = first == 0 ? 0 : key->versions[first - 1].ts.wall;
    while (key->count > first) {
        struct version v = key->versions[first];
        varve__stats_gc_version(&stats, is_system(key), v.size, v.size == 0 ? v.ts.wall : newer);
        newer = v.ts.wall;
        drop_version(key, first);
    }
    return true;
}

static bool put_inline(struct key *key)
{
    if (key->count > 0)
        return false;
    char value[40] = {0};
    size_t size = 1 + below(sizeof value - 2);
    memset(value, 'i', size);
    int64_t record = 13 + 1 + (int64_t)size;
    varve__stats_inline(&stats, is_system(key), key_size(key), key->inline_record, record);
    mvcc_put_inline(key->name, value);
    key->inline_record = record;
    return true;
}

static bool delete_inline(struct key *key)
{
    if (key->inline_record == 0)
        return false;
    varve__stats_inline(&stats, is_system(key), key_size(key), key->inline_record, 0);
    mvcc_clear_raw(mvcc_engine_key(key->name, varve_ts_zero()));
    key->inline_record = 0;
    return true;
}

static bool (*const operations[])(struct key *key) = {
    put,           put_intent, rewrite_intent, push,    commit,     commit_rolled_back,
    remove_intent, collect,    remove_version, collect, put_inline, delete_inline,
    put,
};
enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

/* ---- The run -----------------------------------------------------------------------------------
 */

/* Aged to any time, the numbers are those of a recount as of that time. */
static void ck_recount(int step)
{
    varve_stats counted;
    varve_stats aged = stats;
    varve_span everything = {bytes(""), bytes("")};
    int64_t now = (int64_t)below(4000) * SECOND / 4;
    ck_ok(varve_stats_compute(mvcc.reader, everything, now, NULL, &counted, &mvcc.err), &mvcc.err);
    varve_stats_age_to(&aged, now);
    if (memcmp(&aged, &counted, sizeof aged) == 0)
        return;
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_stats_print(&aged, &text, &mvcc.err), &mvcc.err);
    const char *running = mvcc_text(varve_buf_slice(&text));
    text.size = 0;
    ck_ok(varve_stats_print(&counted, &text, &mvcc.err), &mvcc.err);
    ck_abort_msg("step %d: running %s, counted %s", step, running,
                 mvcc_text(varve_buf_slice(&text)));
}

/* Not once each operation, but often enough, however they are drawn. */
static bool have_all_been_done(const unsigned done[OPERATION_COUNT])
{
    for (int i = 0; i < OPERATION_COUNT; i++)
        if (done[i] <= STEPS / 200)
            return false;
    return true;
}

START_TEST(numbers_are_a_recount_after_every_step)
{
    unsigned done[OPERATION_COUNT] = {0};
    random_state = test_random_start();
    set_up_keys();
    for (int step = 0; step < (int)test_rounds(STEPS) || !have_all_been_done(done);) {
        size_t operation = below(OPERATION_COUNT);
        if (!operations[operation](&keys[below(KEYS)]))
            continue;
        done[operation]++;
        ck_recount(step++);
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, numbers_are_a_recount_after_every_step);
}

int main(void)
{
    return mvcc_run(mvcc_suite("stats_random", fill));
}
