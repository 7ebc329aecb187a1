/*
 * What goes of a key, as the rules of garbage collection say it in words, and nothing of how the
 * library finds it out: thresholds by age, by count, by both, capped by holds; on many random keys,
 * whose times are so few that they often are the very time of a limit.  The function that decides
 * and the job have to come to the same.
 */
#include <stdio.h>
#include <varve/varve.h>

#include "tests/support/account.h"
#include "tests/support/backends.h"
#include "tests/support/intents.h"

enum { KEYS = 500, VERSIONS_MAX = 7, MANY_VERSIONS = 30, HOLDS_MAX = 3, SECONDS = 12 };

struct key {
    char name[16];
    varve_gc_version list[MANY_VERSIONS]; /* committed, newest first */
    size_t count;
    varve_ts intent; /* zero: none */
};

static struct key keys[KEYS];
static varve_ts holds[HOLDS_MAX]; /* those that hold */
static size_t hold_count;
static varve_ts now;
static test_random dice;

static size_t below(size_t limit)
{
    return test_random_below(&dice, limit);
}

/* ---- The rules ---------------------------------------------------------------------------------
 */

static varve_ts smaller(varve_ts a, varve_ts b)
{
    return varve_ts_compare(a, b) < 0 ? a : b;
}

static varve_ts larger(varve_ts a, varve_ts b)
{
    return varve_ts_compare(a, b) > 0 ? a : b;
}

/*
 * The first version at or below the limit: a deletion, and it goes itself; otherwise what is older
 * goes.  Zero: nothing.
 */
static varve_ts threshold_at(const struct key *key, varve_ts limit)
{
    for (size_t i = 0; i < key->count; i++) {
        if (varve_ts_compare(key->list[i].ts, limit) > 0)
            continue;
        if (key->list[i].deleted)
            return key->list[i].ts;
        return i + 1 < key->count ? key->list[i + 1].ts : varve_ts_zero();
    }
    return varve_ts_zero();
}

static varve_ts threshold_by_age(const struct key *key, int64_t ttl)
{
    return threshold_at(key, varve_ts_of(now.wall - ttl * SECOND, 0));
}

/* The one behind the `keep` newest. */
static varve_ts threshold_by_count(const struct key *key, int64_t keep)
{
    return (size_t)keep < key->count ? key->list[keep].ts : varve_ts_zero();
}

static varve_ts threshold_of(const struct key *key, const varve_gc_policy *policy)
{
    varve_ts by_age = threshold_by_age(key, policy->ttl_seconds);
    varve_ts by_count = threshold_by_count(key, policy->keep_versions);
    varve_ts threshold =
        policy->intersection ? smaller(by_age, by_count) : larger(by_age, by_count);
    if (policy->keep_versions == 0)
        threshold = by_age;
    else if (policy->ttl_seconds == 0)
        threshold = by_count;
    for (size_t h = 0; h < hold_count; h++)
        threshold = smaller(threshold, threshold_at(key, holds[h]));
    return threshold;
}

/* ---- Random keys -------------------------------------------------------------------------------
 */

/* Whole and half seconds; a limit by age is of logical part 0. */
static varve_ts any_time(void)
{
    return varve_ts_of((int64_t)(1 + below(2 * SECONDS)) * (SECOND / 2), (int32_t)below(3));
}

/* Add a version below the others, unless there is one. */
static void add_version(struct key *key, varve_ts ts)
{
    size_t at = key->count;
    while (at > 0 && varve_ts_compare(key->list[at - 1].ts, ts) < 0)
        at--;
    if (at > 0 && varve_ts_compare(key->list[at - 1].ts, ts) == 0)
        return;
    memmove(&key->list[at + 1], &key->list[at], (key->count - at) * sizeof *key->list);
    key->list[at] = (varve_gc_version){ts, below(3) == 0};
    key->count++;
}

static void make_key(struct key *key, unsigned number)
{
    size_t count = below(below(8) == 0 ? MANY_VERSIONS + 1 : VERSIONS_MAX + 1);
    *key = (struct key){.count = 0};
    (void)snprintf(key->name, sizeof key->name, "k%05u", number);
    for (size_t i = 0; i < count; i++)
        add_version(key, any_time());
    if (below(4) == 0)
        key->intent = varve_ts_of((SECONDS + 1 + (int64_t)below(5)) * SECOND, 0);
}

static void store_key(varve_writer *writer, const struct key *key)
{
    for (size_t i = 0; i < key->count; i++) {
        varve_slice engine_key = mvcc_engine_key(key->name, key->list[i].ts);
        varve_slice value = key->list[i].deleted ? bytes("") : bytes("\0\0\0\0\3v");
        ck_ok(varve_writer_put(writer, engine_key, value, &on.err), &on.err);
    }
    if (!varve_ts_is_zero(key->intent))
        intent(.key = key->name, .ts = key->intent, .value = below(2) == 0 ? "" : "w");
}

static void put_hold(unsigned number, varve_ts ts, int64_t expires)
{
    char id[16];
    (void)snprintf(id, sizeof id, "h%u", number);
    const varve_gc_hold hold = {
        .struct_size = sizeof hold, .id = varve_slice_text(id), .ts = ts, .expires = expires};
    ck_ok(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), &on.err);
}

/* Some hold, at times that versions have, too; one that is over does not. */
static void make_holds(void)
{
    hold_count = below(HOLDS_MAX);
    for (unsigned h = 0; h < hold_count; h++) {
        holds[h] = any_time();
        put_hold(h, holds[h], below(2) == 0 ? 0 : now.wall + 1);
    }
    put_hold(99, varve_ts_of(1, 0), now.wall);
}

static void make_store(void)
{
    varve_batch *batch;
    ck_ok(varve_mvcc_clear_range(on.writer, (varve_span){bytes("\x01"), varve_key_max()}, &on.err),
          &on.err);
    ck_ok(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batch, &on.err), &on.err);
    mvcc.writer = varve_batch_writer_of(batch);
    for (unsigned i = 0; i < KEYS; i++) {
        make_key(&keys[i], i);
        store_key(mvcc.writer, &keys[i]);
    }
    mvcc.writer = on.writer;
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
    account_open();
}

static varve_gc_policy any_policy(void)
{
    varve_gc_policy policy = {.struct_size = sizeof policy};
    while (policy.ttl_seconds == 0 && policy.keep_versions == 0) {
        policy.ttl_seconds = (int64_t)below(8);
        policy.keep_versions = (int64_t)below(5);
    }
    policy.intersection = below(2) == 0;
    return policy;
}

/* ---- Comparing ---------------------------------------------------------------------------------
 */

/* The next record of the store is this one. */
static void ck_record(varve_iter *it, const char *name, varve_ts ts)
{
    ck_assert_msg(it->valid, "%s is missing", name);
    ck_slice_eq(it->key, mvcc_engine_key(name, ts));
    (void)varve_iter_next(it);
}

/* Above the threshold everything is there, and nothing at or below it. */
static void ck_store(const varve_gc_policy *policy)
{
    const varve_iter_options options = {.struct_size = sizeof options};
    varve_iter *it;
    ck_ok(varve_iter_open(on.reader, &options, &it, &on.err), &on.err);
    (void)varve_iter_seek_ge(it, bytes("\x02"));
    for (size_t i = 0; i < KEYS; i++) {
        const struct key *key = &keys[i];
        varve_ts threshold = threshold_of(key, policy);
        if (!varve_ts_is_zero(key->intent)) {
            ck_record(it, key->name, varve_ts_zero());
            ck_record(it, key->name, key->intent);
        }
        for (size_t v = 0; v < key->count; v++) {
            if (varve_ts_compare(key->list[v].ts, threshold) > 0)
                ck_record(it, key->name, key->list[v].ts);
        }
    }
    ck_assert(!it->valid);
    varve_iter_close(it);
}

/* The function decides the same, with the holds given to it. */
static uint64_t ck_decisions(varve_gc_policy policy)
{
    uint64_t gone = 0;
    policy.holds = holds;
    policy.hold_count = hold_count;
    for (size_t i = 0; i < KEYS; i++) {
        const struct key *key = &keys[i];
        varve_ts threshold;
        char told[VARVE_TS_TEXT_MAX];
        char expected[VARVE_TS_TEXT_MAX];
        ck_ok(varve_gc_decide(&policy, now, key->list, key->count, &threshold, &on.err), &on.err);
        ck_assert_str_eq(varve_ts_format(threshold, told),
                         varve_ts_format(threshold_of(key, &policy), expected));
        for (size_t v = 0; v < key->count; v++)
            gone += varve_ts_compare(key->list[v].ts, threshold) <= 0;
    }
    return gone;
}

static varve_gc_report run(const varve_gc_policy *policy, bool estimate)
{
    static const uint64_t sizes[] = {3, 50, 0};
    const varve_gc_options options = {.struct_size = sizeof options,
                                      .policy = policy,
                                      .now = now,
                                      .estimate = estimate,
                                      .has_account = true,
                                      .durability = VARVE_NO_SYNC,
                                      .batch_versions = sizes[below(3)]};
    varve_gc_report report = {.struct_size = sizeof report};
    varve_gc *job;
    bool more = true;
    ck_ok(varve_gc_open(on.engine, &options, &job, &on.err), &on.err);
    while (more)
        ck_ok(varve_gc_step(job, &more, &on.err), &on.err);
    ck_ok(varve_gc_get_report(job, &report, &on.err), &on.err);
    varve_gc_close(job);
    return report;
}

START_TEST(what_the_rules_say_goes)
{
    uint64_t all = 0;
    size_t rounds = test_rounds(30);
    dice = test_random_start();
    mvcc.engine = on.engine;
    mvcc.reader = on.reader;
    mvcc.writer = on.writer;
    for (size_t round = 0; round < rounds; round++) {
        const varve_gc_policy policy = any_policy();
        now = varve_ts_of((SECONDS + (int64_t)below(6)) * SECOND, (int32_t)below(2));
        make_store();
        make_holds();
        uint64_t gone = ck_decisions(policy);
        ck_assert_uint_eq(run(&policy, true).collected.versions, gone);
        ck_assert_uint_eq(run(&policy, false).collected.versions, gone);
        ck_store(&policy);
        ck_account();
        all += gone;
    }
    ck_assert_uint_gt(all, rounds * KEYS / 8);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, what_the_rules_say_goes);
}

int main(void)
{
    return run_suite(backend_suite("gc_rules", fill));
}
