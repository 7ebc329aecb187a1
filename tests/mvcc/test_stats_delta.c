/*
 * What each kind of operation does to the statistics, by the worked cases of the specification:
 * their operations as changes of metadata, and the numbers that have to come out.
 *
 * Numbers are written as there: lu last update in seconds, lb lc live bytes and count, kb kc keys,
 * vb vc values, ib ic ia intents and their age, gca age of garbage, sb sc system-local keys, est
 * estimates; those that are zero are left out.
 */
#include "mvcc/stats_delta.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "tests/support/support.h"

/* Raw lengths of BYTES "value" and BYTES "longvalue". */
enum { V = 10, W = 14, NO_VALUE = 0 };

/* Encoded lengths of intents' metadata: with nothing else than a timestamp, with a sequence number,
 * and that with a history of one value of length V, or of one tombstone. */
enum { M = 46, M_SEQ = 48, M_VALUE = 64, M_TOMBSTONE = 54 };

static varve_stats stats;
static int64_t key_size;
static bool is_system;

static void set_up(void)
{
    memset(&stats, 0, sizeof stats);
    key_size = 2; /* of "a" */
    is_system = false;
}

static void use_descriptor_key(void)
{
    key_size = 11;
    is_system = true;
}

/* ---- Metadata ----------------------------------------------------------------------------------
 */

#define SECOND INT64_C(1000000000)

static varve__stats_meta intent_nanos(int64_t nanos, int64_t val_bytes, int64_t record)
{
    return (varve__stats_meta){.meta_key_size = key_size,
                               .meta_val_size = record,
                               .key_bytes = 12,
                               .val_bytes = val_bytes,
                               .wall = nanos,
                               .deleted = val_bytes == 0,
                               .has_txn = record > 0};
}

static varve__stats_meta intent(int64_t seconds, int64_t val_bytes, int64_t record)
{
    return intent_nanos(seconds * SECOND, val_bytes, record);
}

static varve__stats_meta version(int64_t seconds, int64_t val_bytes)
{
    return intent(seconds, val_bytes, 0);
}

/* ---- Operations --------------------------------------------------------------------------------
 */

static void create(varve__stats_meta to)
{
    varve__stats_put(&stats, is_system, NULL, &to, 0);
}

static void change(varve__stats_meta from, varve__stats_meta to)
{
    varve__stats_put(&stats, is_system, &from, &to, 0);
}

static void move(varve__stats_meta from, varve__stats_meta to, int64_t below)
{
    varve__stats_put(&stats, is_system, &from, &to, below);
}

static void remove_over(varve__stats_meta gone, varve__stats_meta restored)
{
    varve__stats_remove(&stats, is_system, &gone, &restored);
}

static void remove_only(varve__stats_meta gone)
{
    varve__stats_remove(&stats, is_system, &gone, NULL);
}

static void collect_version(int64_t val_bytes, int64_t since_seconds)
{
    varve__stats_gc_version(&stats, is_system, val_bytes, since_seconds * SECOND);
}

static void age_to(int64_t seconds)
{
    varve_stats_age_to(&stats, seconds * SECOND);
}

/* ---- Results -----------------------------------------------------------------------------------
 */

static void add(char *text, size_t room, const char *format, ...) VARVE_PRINTF(3, 4);

static void add(char *text, size_t room, const char *format, ...)
{
    size_t size = strlen(text);
    va_list args;
    va_start(args, format);
    ck_assert_int_lt(vsnprintf(text + size, room - size, format, args), (int)(room - size));
    va_end(args);
}

static const char *summary(void)
{
    static char text[400];
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {
        {"lu", stats.last_update_nanos / SECOND},
        {"lb", stats.live_bytes},
        {"lc", stats.live_count},
        {"kb", stats.key_bytes},
        {"kc", stats.key_count},
        {"vb", stats.val_bytes},
        {"vc", stats.val_count},
        {"ib", stats.intent_bytes},
        {"ic", stats.intent_count},
        {"ia", stats.intent_age},
        {"gca", stats.gc_bytes_age},
        {"sb", stats.sys_bytes},
        {"sc", stats.sys_count},
        {"est", stats.contains_estimates},
    };
    text[0] = '\0';
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].number != 0)
            add(text, sizeof text, "%s%s%" PRId64, text[0] == '\0' ? "" : " ", numbers[i].name,
                numbers[i].number);
    }
    return text;
}

#define ck_stats(expected) ck_assert_str_eq(summary(), expected)

/* ---- Puts, commits and pushes ------------------------------------------------------------------
 */

START_TEST(case_01_a_put)
{
    create(version(1, V));
    ck_stats("lu1 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(case_02_an_intent)
{
    create(intent(1, V, M));
    ck_stats("lu1 lb70 lc1 kb14 kc1 vb56 vc1 ib22 ic1");
}
END_TEST

START_TEST(case_03_its_commit_at_a_later_time)
{
    create(intent(1, V, M));
    change(intent(1, V, M), version(4, V));
    ck_stats("lu4 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(case_04_its_push)
{
    create(intent(1, V, M));
    change(intent(1, V, M), intent(4, V, M));
    ck_stats("lu4 lb70 lc1 kb14 kc1 vb56 vc1 ib22 ic1");
}
END_TEST

START_TEST(case_05_a_deletion_that_commits_later)
{
    create(version(1, V));
    change(version(1, V), intent(3, NO_VALUE, M));
    move(intent(3, NO_VALUE, M), version(4, NO_VALUE), V);
    ck_stats("lu4 kb26 kc1 vb10 vc2");
}
END_TEST

START_TEST(case_06_an_intent_that_becomes_a_deletion)
{
    create(intent(1, V, M));
    change(intent(1, V, M), intent(2, NO_VALUE, M_VALUE));
    ck_stats("lu2 kb14 kc1 vb64 vc1 ib12 ic1");
}
END_TEST

START_TEST(case_07_a_provisional_deletion)
{
    create(intent(1, NO_VALUE, M));
    ck_stats("lu1 kb14 kc1 vb46 vc1 ib12 ic1");
}
END_TEST

START_TEST(case_08_a_provisional_deletion_that_becomes_a_value)
{
    create(intent(1, NO_VALUE, M));
    change(intent(1, NO_VALUE, M), intent(2, V, M_TOMBSTONE));
    ck_stats("lu2 lb78 lc1 kb14 kc1 vb64 vc1 ib22 ic1");
}
END_TEST

/* ---- Deletions of deletions --------------------------------------------------------------------
 */

START_TEST(case_09_a_deletion_of_nothing)
{
    create(version(1, NO_VALUE));
    ck_stats("lu1 kb14 kc1 vc1");
}
END_TEST

static void delete_twice(void)
{
    create(version(1, NO_VALUE));
    change(version(1, NO_VALUE), intent(2, NO_VALUE, M));
}

START_TEST(case_10_a_provisional_deletion_of_it)
{
    delete_twice();
    ck_stats("lu2 kb26 kc1 vb46 vc2 ib12 ic1 gca12");
}
END_TEST

START_TEST(case_11_committed_later)
{
    delete_twice();
    move(intent(2, NO_VALUE, M), version(3, NO_VALUE), 0); /* A tombstone below does not count. */
    ck_stats("lu3 kb26 kc1 vc2 gca24");
}
END_TEST

START_TEST(case_12_aborted)
{
    delete_twice();
    remove_over(intent(2, NO_VALUE, M), version(1, NO_VALUE));
    age_to(3);
    ck_stats("lu3 kb14 kc1 vc1 gca28");
}
END_TEST

static void put_and_delete(void)
{
    create(version(1, V));
    change(version(1, V), intent(2, NO_VALUE, M));
}

START_TEST(case_13_a_provisional_deletion_of_a_value)
{
    put_and_delete();
    ck_stats("lu2 kb26 kc1 vb56 vc2 ib12 ic1");
}
END_TEST

START_TEST(case_14_aborted)
{
    put_and_delete();
    remove_over(intent(2, NO_VALUE, M), version(1, V));
    age_to(3);
    ck_stats("lu3 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(case_15_followed_by_a_later_put)
{
    put_and_delete();
    move(intent(2, NO_VALUE, M), intent(3, W, M_TOMBSTONE), V);
    ck_stats("lu3 lb82 lc1 kb26 kc1 vb78 vc2 ib26 ic1");
}
END_TEST

/* ---- Garbage collection ------------------------------------------------------------------------
 */

static void delete_twice_at_once(void)
{
    create(version(1, NO_VALUE));
    change(version(1, NO_VALUE), version(2, NO_VALUE));
}

START_TEST(case_16_two_deletions)
{
    delete_twice_at_once();
    ck_stats("lu2 kb26 kc1 vc2 gca12");
}
END_TEST

START_TEST(case_17_all_of_it_collected)
{
    varve__stats_meta newest = version(2, NO_VALUE);
    delete_twice_at_once();
    varve__stats_gc_meta(&stats, false, &newest);
    collect_version(NO_VALUE, 2);
    collect_version(NO_VALUE, 1);
    ck_stats("lu2");
}
END_TEST

START_TEST(case_18_a_put_and_a_deletion)
{
    create(version(1, V));
    change(version(1, V), version(2, NO_VALUE));
    ck_stats("lu2 kb26 kc1 vb10 vc2");
}
END_TEST

START_TEST(case_19_the_value_collected)
{
    create(version(1, V));
    change(version(1, V), version(2, NO_VALUE));
    collect_version(V, 2);
    ck_stats("lu2 kb14 kc1 vc1");
}
END_TEST

START_TEST(case_20_an_intent_that_does_not_move_down)
{
    create(intent_nanos(2 * SECOND + 1, V, M));
    change(intent_nanos(2 * SECOND + 1, V, M), intent_nanos(2 * SECOND + 1, V, M_VALUE));
    ck_assert_int_eq(stats.last_update_nanos, 2 * SECOND + 1);
    ck_stats("lu2 lb88 lc1 kb14 kc1 vb74 vc1 ib22 ic1");
}
END_TEST

/* ---- System-local keys -------------------------------------------------------------------------
 */

START_TEST(case_21_an_intent_on_a_system_key)
{
    use_descriptor_key();
    create(intent(1, V, M));
    ck_assert_int_eq(stats.last_update_nanos, 0);
    age_to(1);
    ck_stats("lu1 sb79 sc1");
}
END_TEST

START_TEST(case_22_followed_by_a_later_put)
{
    use_descriptor_key();
    create(intent(1, V, M));
    change(intent(1, V, M), intent(2, W, M_VALUE));
    ck_stats("sb101 sc1");
}
END_TEST

START_TEST(case_23_aborted)
{
    use_descriptor_key();
    create(intent(1, V, M));
    remove_only(intent(1, V, M));
    ck_stats("");
}
END_TEST

START_TEST(case_24_two_puts_to_a_system_key)
{
    use_descriptor_key();
    create(version(1, V));
    change(version(1, V), version(2, W));
    ck_stats("sb59 sc1");
}
END_TEST

/* ---- Ages --------------------------------------------------------------------------------------
 */

static void put_three_times(void)
{
    create(version(1, V));
    change(version(1, V), version(4, W));
    change(version(4, W), version(7, V));
}

START_TEST(case_25_three_puts)
{
    put_three_times();
    ck_stats("lu7 lb24 lc1 kb38 kc1 vb34 vc3 gca66");
}
END_TEST

START_TEST(case_26_the_older_two_collected)
{
    put_three_times();
    collect_version(W, 7);
    collect_version(V, 4);
    ck_stats("lu7 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(case_27_a_put_over_a_deletion)
{
    create(version(1, NO_VALUE));
    change(version(1, NO_VALUE), version(3, V));
    ck_stats("lu3 lb24 lc1 kb26 kc1 vb10 vc2 gca24");
}
END_TEST

static void put_and_put_intent(void)
{
    create(version(1, V));
    change(version(1, V), intent(3, W, M));
}

START_TEST(case_28_an_intent_over_a_value)
{
    put_and_put_intent();
    ck_stats("lu3 lb74 lc1 kb26 kc1 vb70 vc2 ib26 ic1");
    age_to(5);
    ck_stats("lu5 lb74 lc1 kb26 kc1 vb70 vc2 ib26 ic1 ia2 gca44");
}
END_TEST

START_TEST(case_29_aborted)
{
    put_and_put_intent();
    remove_over(intent(3, W, M), version(1, V));
    ck_stats("lu3 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(case_30_committed_where_it_is)
{
    put_and_put_intent();
    change(intent(3, W, M), version(3, W));
    ck_stats("lu3 lb28 lc1 kb26 kc1 vb24 vc2");
}
END_TEST

/* ---- Inline values, rollbacks, merges ----------------------------------------------------------
 */

START_TEST(case_31_an_inline_value)
{
    varve__stats_inline(&stats, false, key_size, 0, 24);
    ck_stats("lb26 lc1 kb2 kc1 vb24 vc1");
    varve__stats_inline(&stats, false, key_size, 24, 28);
    ck_stats("lb30 lc1 kb2 kc1 vb28 vc1");
    varve__stats_inline(&stats, false, key_size, 28, 0);
    ck_stats("");
}
END_TEST

START_TEST(case_32_a_commit_that_takes_a_write_back)
{
    create(intent(1, V, M_SEQ));
    change(intent(1, V, M_SEQ), intent(1, W, M_VALUE));
    ck_stats("lu1 lb92 lc1 kb14 kc1 vb78 vc1 ib26 ic1");
    change(intent(1, W, M_VALUE), version(1, V));
    ck_stats("lu1 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(case_33_a_merge)
{
    varve__stats_merge(&stats, false, 8, 5 * SECOND);
    ck_stats("lu5 lb20 vb20 est1");
}
END_TEST

START_TEST(a_longer_run)
{
    create(version(1, V));
    ck_stats("lu1 lb24 lc1 kb14 kc1 vb10 vc1");
    change(version(1, V), intent(2, NO_VALUE, M));
    ck_stats("lu2 kb26 kc1 vb56 vc2 ib12 ic1");
    remove_over(intent(2, NO_VALUE, M), version(1, V));
    ck_stats("lu2 lb24 lc1 kb14 kc1 vb10 vc1");
    change(version(1, V), intent(3, NO_VALUE, M));
    create(intent(4, V, M)); /* of "b", by the same transaction */
    ck_stats("lu4 lb70 lc1 kb40 kc2 vb112 vc3 ib34 ic2 ia1 gca82");
    move(intent(3, NO_VALUE, M), version(4, NO_VALUE), V);
    ck_stats("lu4 lb70 lc1 kb40 kc2 vb66 vc3 ib22 ic1");
    change(intent(4, V, M), version(4, V));
    ck_stats("lu4 lb24 lc1 kb40 kc2 vb20 vc3");
    change(version(4, V), version(10, V));
    ck_stats("lu10 lb24 lc1 kb52 kc2 vb30 vc4 gca216");
    varve__stats_inline(&stats, true, 27, 0, 27);
    ck_stats("lu10 lb24 lc1 kb52 kc2 vb30 vc4 gca216 sb54 sc1");
}
END_TEST

/* ---- Beyond the cases --------------------------------------------------------------------------
 */

START_TEST(system_keys_take_merges_garbage_and_inline_values)
{
    varve__stats_meta newest;
    use_descriptor_key();
    create(version(1, V));
    change(version(1, V), version(2, NO_VALUE));
    newest = version(2, NO_VALUE);
    varve__stats_gc_meta(&stats, true, &newest);
    collect_version(NO_VALUE, 2);
    collect_version(V, 2);
    ck_stats("lu2");
    varve__stats_merge(&stats, true, 8, 2 * SECOND);
    ck_stats("lu2 sb20 est1");
    varve__stats_inline(&stats, true, key_size, 0, 24);
    varve__stats_inline(&stats, true, key_size, 24, 28);
    ck_stats("lu2 sb59 sc1 est1");
    varve__stats_inline(&stats, true, key_size, 28, 0);
    ck_stats("lu2 sb20 est1");
}
END_TEST

START_TEST(an_abort_on_a_system_key_counts_what_is_below)
{
    use_descriptor_key();
    create(version(1, V));
    change(version(1, V), intent(2, W, M));
    remove_over(intent(2, W, M), version(1, V));
    ck_stats("sb33 sc1");
}
END_TEST

START_TEST(an_abort_of_a_new_key_leaves_nothing)
{
    create(intent(2, W, M));
    age_to(7);
    remove_only(intent(2, W, M));
    ck_stats("lu7");
}
END_TEST

START_TEST(an_operation_in_the_past_ages_as_if_it_had_been_in_time)
{
    age_to(9);
    put_three_times();
    ck_stats("lu9 lb24 lc1 kb38 kc1 vb34 vc3 gca162"); /* 22 * (9 - 4) + 26 * (9 - 7) */
}
END_TEST

START_TEST(keys_below_02_are_of_the_system)
{
    ck_assert(varve__stats_is_system(bytes("\x01\xFF")));
    ck_assert(varve__stats_is_system(bytes("\x01")));
    ck_assert(varve__stats_is_system(bytes("\x00")));
    ck_assert(!varve__stats_is_system(bytes("\x02")));
    ck_assert(!varve__stats_is_system(bytes("a")));
}
END_TEST

START_TEST(nobody_has_to_want_statistics)
{
    varve__stats_meta meta = version(1, V);
    varve__stats_put(NULL, false, NULL, &meta, 0);
    varve__stats_remove(NULL, false, &meta, NULL);
    varve__stats_inline(NULL, false, 2, 0, 24);
    varve__stats_gc_meta(NULL, false, &meta);
    varve__stats_gc_version(NULL, false, V, 1);
    varve__stats_merge(NULL, false, 8, 1);
    ck_stats("");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats_delta");
    TCase *tcase = tcase_create("stats_delta");
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, case_01_a_put);
    tcase_add_test(tcase, case_02_an_intent);
    tcase_add_test(tcase, case_03_its_commit_at_a_later_time);
    tcase_add_test(tcase, case_04_its_push);
    tcase_add_test(tcase, case_05_a_deletion_that_commits_later);
    tcase_add_test(tcase, case_06_an_intent_that_becomes_a_deletion);
    tcase_add_test(tcase, case_07_a_provisional_deletion);
    tcase_add_test(tcase, case_08_a_provisional_deletion_that_becomes_a_value);
    tcase_add_test(tcase, case_09_a_deletion_of_nothing);
    tcase_add_test(tcase, case_10_a_provisional_deletion_of_it);
    tcase_add_test(tcase, case_11_committed_later);
    tcase_add_test(tcase, case_12_aborted);
    tcase_add_test(tcase, case_13_a_provisional_deletion_of_a_value);
    tcase_add_test(tcase, case_14_aborted);
    tcase_add_test(tcase, case_15_followed_by_a_later_put);
    tcase_add_test(tcase, case_16_two_deletions);
    tcase_add_test(tcase, case_17_all_of_it_collected);
    tcase_add_test(tcase, case_18_a_put_and_a_deletion);
    tcase_add_test(tcase, case_19_the_value_collected);
    tcase_add_test(tcase, case_20_an_intent_that_does_not_move_down);
    tcase_add_test(tcase, case_21_an_intent_on_a_system_key);
    tcase_add_test(tcase, case_22_followed_by_a_later_put);
    tcase_add_test(tcase, case_23_aborted);
    tcase_add_test(tcase, case_24_two_puts_to_a_system_key);
    tcase_add_test(tcase, case_25_three_puts);
    tcase_add_test(tcase, case_26_the_older_two_collected);
    tcase_add_test(tcase, case_27_a_put_over_a_deletion);
    tcase_add_test(tcase, case_28_an_intent_over_a_value);
    tcase_add_test(tcase, case_29_aborted);
    tcase_add_test(tcase, case_30_committed_where_it_is);
    tcase_add_test(tcase, case_31_an_inline_value);
    tcase_add_test(tcase, case_32_a_commit_that_takes_a_write_back);
    tcase_add_test(tcase, case_33_a_merge);
    tcase_add_test(tcase, a_longer_run);
    tcase_add_test(tcase, system_keys_take_merges_garbage_and_inline_values);
    tcase_add_test(tcase, an_abort_on_a_system_key_counts_what_is_below);
    tcase_add_test(tcase, an_abort_of_a_new_key_leaves_nothing);
    tcase_add_test(tcase, an_operation_in_the_past_ages_as_if_it_had_been_in_time);
    tcase_add_test(tcase, keys_below_02_are_of_the_system);
    tcase_add_test(tcase, nobody_has_to_want_statistics);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
