/*
 * The decision of garbage collection for one key: its table, its policies against a model that asks
 * of each version by itself whether it may go, and what readers see afterwards.
 */
#include "tests/support/support.h"

#include <varve/gc.h>
#include <varve/ts.h>

#include "mvcc/gc_decide.h"

static varve_error err = VARVE_ERROR_INIT;

#define SECOND INT64_C(1000000000)

static varve_ts s(int64_t seconds, int32_t logical)
{
    return varve_ts_of(seconds * SECOND, logical);
}

static varve_ts decide(const varve_gc_policy *policy, varve_ts now, const varve_gc_version *list,
                       size_t count)
{
    varve_ts threshold = varve_ts_of(-7, -7);
    ck_ok(varve_gc_decide(policy, now, list, count, &threshold, &err), &err);
    return threshold;
}

static void ck_ts(varve_ts actual, varve_ts expected)
{
    char a[VARVE_TS_TEXT_MAX];
    char e[VARVE_TS_TEXT_MAX];
    ck_assert_str_eq(varve_ts_format(actual, a), varve_ts_format(expected, e));
}

static varve_gc_policy by_age(int64_t seconds)
{
    return (varve_gc_policy){.struct_size = sizeof(varve_gc_policy), .ttl_seconds = seconds};
}

static varve_gc_policy by_count(int64_t versions)
{
    return (varve_gc_policy){.struct_size = sizeof(varve_gc_policy), .keep_versions = versions};
}

/* ---- The table ---------------------------------------------------------------------------------
 */

#define NORMAL(wall, logical)                                                                      \
    {                                                                                              \
        {wall * SECOND, logical}, false                                                            \
    }
#define DELETED(wall, logical)                                                                     \
    {                                                                                              \
        {wall * SECOND, logical}, true                                                             \
    }

static const struct {
    varve_gc_version versions[3];
    size_t count;
    int64_t ttl;
    int64_t now;
    varve_ts threshold;
} table[] = {
    {{NORMAL(2, 0), NORMAL(1, 1), NORMAL(1, 0)}, 3, 1, 0, {0, 0}},
    {{NORMAL(2, 0), NORMAL(1, 1), NORMAL(1, 0)}, 3, 1, 1, {0, 0}},
    {{NORMAL(2, 0), NORMAL(1, 1), NORMAL(1, 0)}, 3, 1, 2, {0, 0}},
    {{DELETED(2, 0), DELETED(1, 1), DELETED(1, 0)}, 3, 1, 2, {SECOND, 0}},
    {{NORMAL(2, 0), NORMAL(1, 1), NORMAL(1, 0)}, 3, 1, 3, {SECOND, 1}},
    {{NORMAL(2, 0), NORMAL(1, 1), NORMAL(1, 0)}, 3, 1, 4, {SECOND, 1}},
    {{NORMAL(2, 0), NORMAL(1, 1), NORMAL(1, 0)}, 3, 1, 1000, {SECOND, 1}},
    {{DELETED(2, 0), NORMAL(1, 1), NORMAL(1, 0)}, 3, 1, 3, {2 * SECOND, 0}},
    {{NORMAL(2, 0), NORMAL(1, 0)}, 2, 2, 3, {0, 0}},
    {{NORMAL(2, 0), NORMAL(1, 0)}, 2, 2, 4, {SECOND, 0}},
    {{NORMAL(2, 0), NORMAL(1, 0)}, 2, 2, 5, {SECOND, 0}},
    {{DELETED(2, 0), NORMAL(1, 0)}, 2, 2, 4, {2 * SECOND, 0}},
    {{NORMAL(2, 0), NORMAL(1, 0)}, 2, 0, 100, {0, 0}},  /* no age */
    {{NORMAL(2, 0), NORMAL(1, 0)}, 2, -1, 100, {0, 0}}, /* no age */
    {{NORMAL(2, 0)}, 1, 1, 100, {0, 0}},
    {{DELETED(2, 0)}, 1, 1, 100, {2 * SECOND, 0}},
    {{NORMAL(0, 0)}, 0, 1, 100, {0, 0}}, /* no versions */
};

START_TEST(the_table_of_the_decision_by_age)
{
    varve_gc_policy policy = by_age(table[_i].ttl);
    ck_ts(decide(&policy, s(table[_i].now, 0), table[_i].versions, table[_i].count),
          table[_i].threshold);
    /* The logical part of the present does not count. */
    ck_ts(decide(&policy, s(table[_i].now, INT32_MAX), table[_i].versions, table[_i].count),
          table[_i].threshold);
}
END_TEST

static const varve_gc_version four[] = {NORMAL(8, 0), DELETED(6, 0), NORMAL(4, 0), NORMAL(2, 0)};

START_TEST(a_metadata_record_keeps_everything)
{
    const varve_gc_version with_record[] = {NORMAL(0, 0), DELETED(8, 0), NORMAL(6, 0)};
    varve_gc_policy policy = by_age(1);
    ck_ts(decide(&policy, s(99, 0), with_record, 3), s(0, 0));
    policy = by_count(1);
    ck_ts(decide(&policy, s(99, 0), with_record, 3), s(0, 0));
}
END_TEST

START_TEST(by_count_the_newest_stay)
{
    static const int64_t walls[] = {0, 6, 4, 2, 0, 0};
    for (int64_t keep = 0; keep < 6; keep++) {
        varve_gc_policy policy = by_count(keep);
        ck_ts(decide(&policy, s(0, 0), four, 4), s(walls[keep], 0));
    }
    varve_gc_policy policy = by_count(INT64_MAX);
    ck_ts(decide(&policy, s(0, 0), four, 4), s(0, 0));
}
END_TEST

START_TEST(both_are_joined_or_intersected)
{
    /* At 9, one second of age lets go all that is covered by 8; seven, what 2 covers: nothing. */
    varve_gc_policy policy = by_age(1);
    policy.keep_versions = 3;
    ck_ts(decide(&policy, s(9, 0), four, 4), s(6, 0));
    policy.intersection = true;
    ck_ts(decide(&policy, s(9, 0), four, 4), s(2, 0));
    policy.ttl_seconds = 7;
    ck_ts(decide(&policy, s(9, 0), four, 4), s(0, 0));
    policy.intersection = false;
    ck_ts(decide(&policy, s(9, 0), four, 4), s(2, 0));
    /* One alone has nothing to be intersected with. */
    policy = by_count(2);
    policy.intersection = true;
    ck_ts(decide(&policy, s(9, 0), four, 4), s(4, 0));
    policy = by_age(1);
    policy.intersection = true;
    ck_ts(decide(&policy, s(9, 0), four, 4), s(6, 0));
}
END_TEST

/* A hold, and the threshold that is left of (6,0), which all others but the newest go by. */
static const struct {
    varve_ts hold;
    int64_t threshold;
} holds[] = {
    {{99 * SECOND, 0}, 6},
    {{8 * SECOND, 0}, 6},
    {{8 * SECOND - 1, 0}, 6},
    {{6 * SECOND, 0}, 6},
    {{6 * SECOND, 9}, 6},
    {{6 * SECOND - 1, 0}, 2},
    {{4 * SECOND, 0}, 2},
    {{4 * SECOND - 1, 0}, 0},
    {{2 * SECOND, 0}, 0},
    {{2 * SECOND - 1, 0}, 0},
    {{0, 0}, 0},
    {{-1, 0}, 0},
};

START_TEST(what_a_hold_sees_stays)
{
    varve_ts more[] = {s(99, 0), holds[_i].hold, s(8, 0)};
    varve_gc_policy policy = by_count(1);
    policy.holds = more;
    policy.hold_count = 3;
    ck_ts(decide(&policy, s(9, 0), four, 4), s(holds[_i].threshold, 0));
}
END_TEST

START_TEST(times_beyond_all_bounds_keep_everything)
{
    varve_gc_policy policy = by_age(INT64_MAX);
    ck_ts(decide(&policy, s(9, 0), four, 4), s(0, 0));
    policy = by_age(INT64_MAX / SECOND);
    ck_ts(decide(&policy, varve_ts_of(INT64_MIN, 0), four, 4), s(0, 0));
}
END_TEST

START_TEST(other_arguments_are_refused)
{
    const varve_gc_version wrong[] = {NORMAL(2, 0), NORMAL(2, 0)};
    varve_ts threshold = s(77, 0);
    varve_gc_policy policy = by_age(1);
    ck_fails(varve_gc_decide(&policy, s(9, 0), wrong, 2, &threshold, &err), VARVE_INVALID_ARGUMENT,
             &err,
             "versions must be given newest first, but that at 2.000000000,0 is not older than the "
             "one before");
    policy = by_count(-1);
    ck_fails(varve_gc_decide(&policy, s(9, 0), four, 4, &threshold, &err), VARVE_INVALID_ARGUMENT,
             &err, "varve_gc_policy.keep_versions must not be negative");
    ck_status(varve_gc_decide(NULL, s(9, 0), four, 4, &threshold, &err), VARVE_INVALID_ARGUMENT,
              &err);
    ck_ts(threshold, s(77, 0));
}
END_TEST

/* ---- Against a model ---------------------------------------------------------------------------
 */

enum { VERSIONS_MAX = 8, HOLDS_MAX = 3, ROUNDS = 10000 };

/* Whether nobody who reads at `ts` or later would miss version `i`. */
static bool is_unseen_from(const varve_gc_version *list, size_t i, varve_ts ts)
{
    if (list[i].deleted && varve_ts_compare(list[i].ts, ts) <= 0)
        return true;
    for (size_t newer = 0; newer < i; newer++) {
        if (varve_ts_compare(list[newer].ts, ts) <= 0)
            return true;
    }
    return false;
}

static bool may_go(const varve_gc_policy *policy, int64_t now, const varve_gc_version *list,
                   size_t i)
{
    bool old = policy->ttl_seconds > 0 &&
               is_unseen_from(list, i, varve_ts_of(now - policy->ttl_seconds * SECOND, 0));
    bool superfluous = policy->keep_versions > 0 && (int64_t)i >= policy->keep_versions;
    bool go = old || superfluous;
    if (policy->intersection && policy->ttl_seconds > 0 && policy->keep_versions > 0)
        go = old && superfluous;
    for (size_t h = 0; h < policy->hold_count; h++)
        go = go && is_unseen_from(list, i, policy->holds[h]);
    return go;
}

/* The index of what a reader at `ts` sees; -1 for nothing.  What went is not there. */
static int seen(const varve_gc_version *list, size_t count, varve_ts threshold, varve_ts ts)
{
    for (size_t i = 0; i < count; i++) {
        if (varve_ts_compare(list[i].ts, ts) <= 0 && varve_ts_compare(list[i].ts, threshold) > 0)
            return list[i].deleted ? -1 : (int)i;
    }
    return -1;
}

static void ck_readers(const varve_gc_policy *policy, int64_t now, const varve_gc_version *list,
                       size_t count, varve_ts threshold)
{
    for (int64_t tick = 0; tick < 80; tick++) {
        varve_ts ts = varve_ts_of(tick * SECOND / 4, 1);
        bool same = seen(list, count, threshold, ts) == seen(list, count, varve_ts_zero(), ts);
        for (size_t h = 0; h < policy->hold_count; h++)
            ck_assert(same || varve_ts_compare(ts, policy->holds[h]) < 0);
        if (policy->keep_versions == 0)
            ck_assert(same || ts.wall < now - policy->ttl_seconds * SECOND);
    }
    ck_assert_int_eq(seen(list, count, threshold, varve_ts_max()),
                     seen(list, count, varve_ts_zero(), varve_ts_max()));
    ck_assert(count == 0 || list[0].deleted || varve_ts_compare(list[0].ts, threshold) > 0);
}

/*
 * The first version that goes, by a walk that leaves out what it need not look at after `look`
 * versions; `*left_out` counts those.
 */
static varve_ts decide_skipping(const varve_gc_policy *policy, varve_ts now,
                                const varve_gc_version *list, size_t count, size_t look,
                                unsigned *left_out)
{
    varve__gc_decider decider;
    varve_ts limit;
    ck_ok(varve__gc_decider_init(&decider, policy, now, &err), &err);
    varve__gc_decider_key(&decider);
    for (size_t i = 0; i < count; i++) {
        if (i == look && varve__gc_decider_limit(&decider, &limit)) {
            while (i < count && varve_ts_compare(list[i].ts, limit) > 0) {
                i++;
                ++*left_out;
            }
            varve__gc_decider_skip(&decider);
            if (i == count)
                break;
        }
        if (varve__gc_decider_next(&decider, list[i].ts, list[i].deleted) == VARVE__GC_GOES)
            return list[i].ts;
    }
    return varve_ts_zero();
}

static varve_ts random_ts(test_random *random, int64_t quarters)
{
    return varve_ts_of((int64_t)test_random_below(random, (size_t)quarters) * SECOND / 4,
                       (int32_t)test_random_below(random, 3));
}

static size_t random_versions(test_random *random, varve_gc_version *list)
{
    size_t count = test_random_below(random, VERSIONS_MAX + 1);
    int64_t wall = 15 * SECOND;
    for (size_t i = 0; i < count; i++) {
        wall -= SECOND / 4 * (1 + (int64_t)test_random_below(random, 6));
        list[i].ts = varve_ts_of(wall, (int32_t)test_random_below(random, 3));
        list[i].deleted = test_random_below(random, 3) == 0;
    }
    return count;
}

START_TEST(decisions_are_those_of_the_model)
{
    test_random random = test_random_start();
    unsigned gone = 0;
    unsigned left_out = 0;
    for (int round = 0; round < ROUNDS; round++) {
        varve_gc_version list[VERSIONS_MAX];
        varve_ts times[HOLDS_MAX];
        size_t count = random_versions(&random, list);
        int64_t now = random_ts(&random, 80).wall;
        varve_gc_policy policy = by_age((int64_t)test_random_below(&random, 6));
        policy.keep_versions = (int64_t)test_random_below(&random, 5);
        policy.intersection = test_random_below(&random, 2) == 0;
        policy.hold_count = test_random_below(&random, HOLDS_MAX + 1);
        policy.holds = times;
        for (size_t h = 0; h < policy.hold_count; h++)
            times[h] = random_ts(&random, 70);

        varve_ts expected = varve_ts_zero();
        for (size_t i = count; i-- > 0;) {
            if (may_go(&policy, now, list, i))
                expected = list[i].ts;
        }
        varve_ts threshold = decide(&policy, varve_ts_of(now, 5), list, count);
        ck_ts(threshold, expected);
        ck_readers(&policy, now, list, count, threshold);
        ck_ts(decide_skipping(&policy, varve_ts_of(now, 5), list, count,
                              1 + test_random_below(&random, 3), &left_out),
              expected);
        gone += !varve_ts_is_zero(threshold);
    }
    ck_assert_uint_gt(gone, ROUNDS / 10);
    ck_assert_uint_lt(gone, ROUNDS - ROUNDS / 10);
    ck_assert_uint_gt(left_out, ROUNDS / 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gc_decide");
    TCase *tcase = tcase_create("gc_decide");
    tcase_add_loop_test(tcase, the_table_of_the_decision_by_age, 0, sizeof table / sizeof table[0]);
    tcase_add_test(tcase, a_metadata_record_keeps_everything);
    tcase_add_test(tcase, by_count_the_newest_stay);
    tcase_add_test(tcase, both_are_joined_or_intersected);
    tcase_add_loop_test(tcase, what_a_hold_sees_stays, 0, sizeof holds / sizeof holds[0]);
    tcase_add_test(tcase, times_beyond_all_bounds_keep_everything);
    tcase_add_test(tcase, other_arguments_are_refused);
    tcase_add_test(tcase, decisions_are_those_of_the_model);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
