/*
 * What operations of a transaction's whole life do to the statistics: the worked cases that go on
 * with a commit, an abort, a push or a collection of garbage, through the operations themselves.
 * Their numbers were made elsewhere; after each step they also are those of a recount.
 *
 * Numbers are written as in tests/mvcc/test_stats_delta.c.
 */
#include <stdio.h>

#include <varve/gc.h>
#include <varve/resolve.h>

#include "tests/support/intents.h"

#define V "value"
#define W "longvalue"
#define DESCRIPTOR "%01k%12a%00%01rdsc"

static varve_txn txn;

/* A transaction that reads and writes at so many seconds. */
static void begin(int64_t seconds)
{
    txn = mvcc_txn(1, 0, 0, at(seconds * SECOND), varve_ts_zero());
    txn.meta.write_ts = txn.read_ts;
}

static void set_up(void)
{
    stats_start(0);
    begin(1);
}

/* ---- Operations, which have to succeed; times are in seconds -----------------------------------
 */

static void write_raw(const varve_write *how, const char *key, const char *value)
{
    varve_buf raw = VARVE_BUF_INIT;
    if (value != NULL)
        ck_ok(varve_value_set_bytes(&raw, mvcc_bytes(value), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(how, mvcc_bytes(key), varve_buf_slice(&raw), &mvcc.err), &mvcc.err);
    varve_buf_release(&raw);
    ck_stats();
}

/* NULL deletes. */
static void put(const char *key, int64_t seconds, const char *value)
{
    varve_write how = write_counted();
    how.ts = at(seconds * SECOND);
    write_raw(&how, key, value);
}

static void put_intent(const char *key, int32_t sequence, int64_t write_seconds, const char *value)
{
    varve_write how = write_counted();
    txn.meta.sequence = sequence;
    txn.meta.write_ts = at(write_seconds * SECOND);
    how.txn = &txn;
    how.ts = txn.read_ts;
    write_raw(&how, key, value);
}

static void resolve_but(const char *key, varve_txn_status status, int64_t seconds,
                        const varve_seq_range *ignored)
{
    bool resolved;
    varve_write how = write_counted();
    varve_txn_meta meta = txn.meta;
    meta.write_ts = at(seconds * SECOND);
    varve_resolution resolution = {.struct_size = sizeof resolution,
                                   .txn = &meta,
                                   .status = status,
                                   .ignored = ignored,
                                   .ignored_count = ignored != NULL};
    ck_ok(varve_mvcc_resolve(&how, mvcc_bytes(key), &resolution, &resolved, &mvcc.err), &mvcc.err);
    ck_assert(resolved);
    ck_stats();
}

static void commit(const char *key, int64_t seconds)
{
    resolve_but(key, VARVE_TXN_COMMITTED, seconds, NULL);
}

static void abort_intent(const char *key)
{
    resolve_but(key, VARVE_TXN_ABORTED, 1, NULL);
}

static void push(const char *key, int64_t seconds)
{
    resolve_but(key, VARVE_TXN_PENDING, seconds, NULL);
}

static void collect(const char *key, int64_t threshold_seconds, int64_t now_seconds)
{
    varve_write how = write_counted();
    varve_gc_key garbage = {mvcc_bytes(key), at(threshold_seconds * SECOND)};
    ck_ok(varve_mvcc_gc(&how, &garbage, 1, at(now_seconds * SECOND), &mvcc.err), &mvcc.err);
    ck_stats();
}

static void age_to(int64_t seconds)
{
    varve_stats_age_to(&running, seconds * SECOND);
}

/* ---- Results -----------------------------------------------------------------------------------
 */

static const char *summary(void)
{
    static char text[400];
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {
        {"lu", running.last_update_nanos / SECOND},
        {"lb", running.live_bytes},
        {"lc", running.live_count},
        {"kb", running.key_bytes},
        {"kc", running.key_count},
        {"vb", running.val_bytes},
        {"vc", running.val_count},
        {"ib", running.intent_bytes},
        {"ic", running.intent_count},
        {"ia", running.intent_age},
        {"gca", running.gc_bytes_age},
        {"sb", running.sys_bytes},
        {"sc", running.sys_count},
        {"est", running.contains_estimates},
    };
    size_t size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].number != 0)
            size +=
                (size_t)snprintf(text + size, sizeof text - size, "%s%s%lld", size == 0 ? "" : " ",
                                 numbers[i].name, (long long)numbers[i].number);
        ck_assert_uint_lt(size, sizeof text);
    }
    return text;
}

#define ck_case(expected) ck_assert_str_eq(summary(), expected)

/* ---- The cases ---------------------------------------------------------------------------------
 */

START_TEST(TestMVCCStatsDeleteCommitMovesTimestamp)
{
    put("a", 1, V);
    ck_case("lu1 lb24 lc1 kb14 kc1 vb10 vc1");
    begin(3);
    put_intent("a", 0, 3, NULL);
    commit("a", 4);
    ck_case("lu4 kb26 kc1 vb10 vc2");
}
END_TEST

START_TEST(TestMVCCStatsPutCommitMovesTimestamp)
{
    put_intent("a", 0, 1, V);
    ck_case("lu1 lb70 lc1 kb14 kc1 vb56 vc1 ib22 ic1");
    commit("a", 4);
    ck_case("lu4 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(TestMVCCStatsPutPushMovesTimestamp)
{
    put_intent("a", 0, 1, V);
    push("a", 4);
    ck_case("lu4 lb70 lc1 kb14 kc1 vb56 vc1 ib22 ic1");
}
END_TEST

static void delete_twice(void)
{
    put("a", 1, NULL);
    ck_case("lu1 kb14 kc1 vc1");
    begin(2);
    put_intent("a", 0, 2, NULL);
    ck_case("lu2 kb26 kc1 vb46 vc2 ib12 ic1 gca12");
}

START_TEST(TestMVCCStatsDelDelCommitMovesTimestamp)
{
    delete_twice();
    commit("a", 3);
    ck_case("lu3 kb26 kc1 vc2 gca24");
}
END_TEST

START_TEST(TestMVCCStatsDelDelCommitMovesTimestamp_abort)
{
    delete_twice();
    abort_intent("a");
    age_to(3);
    ck_case("lu3 kb14 kc1 vc1 gca28");
}
END_TEST

static void put_and_delete(void)
{
    put("a", 1, V);
    begin(2);
    put_intent("a", 0, 2, NULL);
    ck_case("lu2 kb26 kc1 vb56 vc2 ib12 ic1");
}

START_TEST(TestMVCCStatsPutDelPutMovesTimestamp)
{
    put_and_delete();
    put_intent("a", 1, 3, W);
    ck_case("lu3 lb82 lc1 kb26 kc1 vb78 vc2 ib26 ic1");
}
END_TEST

START_TEST(TestMVCCStatsPutDelPutMovesTimestamp_abort)
{
    put_and_delete();
    abort_intent("a");
    age_to(3);
    ck_case("lu3 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(TestMVCCStatsDelDelGC)
{
    put("a", 1, NULL);
    put("a", 2, NULL);
    ck_case("lu2 kb26 kc1 vc2 gca12");
    collect("a", 2, 2);
    ck_case("lu2");
}
END_TEST

START_TEST(TestMVCCStatsPutWaitDeleteGC)
{
    put("a", 1, V);
    put("a", 2, NULL);
    ck_case("lu2 kb26 kc1 vb10 vc2");
    collect("a", 1, 2);
    ck_case("lu2 kb14 kc1 vc1");
}
END_TEST

START_TEST(TestMVCCStatsTxnSysPutAbort)
{
    put_intent(DESCRIPTOR, 0, 1, V);
    age_to(1);
    ck_case("lu1 sb79 sc1");
    abort_intent(DESCRIPTOR);
    ck_case("lu1");
}
END_TEST

START_TEST(case_26_the_older_two_collected)
{
    put("a", 1, V);
    put("a", 4, W);
    put("a", 7, V);
    ck_case("lu7 lb24 lc1 kb38 kc1 vb34 vc3 gca66");
    collect("a", 4, 9);
    ck_case("lu7 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

static void put_over_a_value(void)
{
    put("a", 1, V);
    begin(3);
    put_intent("a", 0, 3, W);
    ck_case("lu3 lb74 lc1 kb26 kc1 vb70 vc2 ib26 ic1");
}

START_TEST(case_28_an_intent_that_stays)
{
    put_over_a_value();
    age_to(5);
    ck_case("lu5 lb74 lc1 kb26 kc1 vb70 vc2 ib26 ic1 ia2 gca44");
}
END_TEST

START_TEST(case_29_its_abort)
{
    put_over_a_value();
    abort_intent("a");
    ck_case("lu3 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(case_30_its_commit_where_it_is)
{
    put_over_a_value();
    commit("a", 3);
    ck_case("lu3 lb28 lc1 kb26 kc1 vb24 vc2");
}
END_TEST

START_TEST(case_32_a_commit_that_takes_a_write_back)
{
    put_intent("a", 1, 1, V);
    put_intent("a", 2, 1, W);
    ck_case("lu1 lb92 lc1 kb14 kc1 vb78 vc1 ib26 ic1");
    resolve_but("a", VARVE_TXN_COMMITTED, 1, &(varve_seq_range){2, 2});
    ck_case("lu1 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

START_TEST(TestMVCCStatsBasic)
{
    put("a", 1, V);
    ck_case("lu1 lb24 lc1 kb14 kc1 vb10 vc1");
    begin(2);
    put_intent("a", 0, 2, NULL);
    ck_case("lu2 kb26 kc1 vb56 vc2 ib12 ic1");
    abort_intent("a");
    ck_case("lu2 lb24 lc1 kb14 kc1 vb10 vc1");
    begin(3);
    put_intent("a", 0, 3, NULL);
    put_intent("b", 0, 4, V);
    ck_case("lu4 lb70 lc1 kb40 kc2 vb112 vc3 ib34 ic2 ia1 gca82");
    commit("a", 4);
    ck_case("lu4 lb70 lc1 kb40 kc2 vb66 vc3 ib22 ic1");
    commit("b", 4);
    ck_case("lu4 lb24 lc1 kb40 kc2 vb20 vc3");
    put("b", 10, V);
    ck_case("lu10 lb24 lc1 kb52 kc2 vb30 vc4 gca216");
    put("%01k%12a%00%01txn-%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%01", 0, "txn-data");
    ck_case("lu10 lb24 lc1 kb52 kc2 vb30 vc4 gca216 sb54 sc1");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, TestMVCCStatsDeleteCommitMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsPutCommitMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsPutPushMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsDelDelCommitMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsDelDelCommitMovesTimestamp_abort);
    tcase_add_test(tcase, TestMVCCStatsPutDelPutMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsPutDelPutMovesTimestamp_abort);
    tcase_add_test(tcase, TestMVCCStatsDelDelGC);
    tcase_add_test(tcase, TestMVCCStatsPutWaitDeleteGC);
    tcase_add_test(tcase, TestMVCCStatsTxnSysPutAbort);
    tcase_add_test(tcase, case_26_the_older_two_collected);
    tcase_add_test(tcase, case_28_an_intent_that_stays);
    tcase_add_test(tcase, case_29_its_abort);
    tcase_add_test(tcase, case_30_its_commit_where_it_is);
    tcase_add_test(tcase, case_32_a_commit_that_takes_a_write_back);
    tcase_add_test(tcase, TestMVCCStatsBasic);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/stats_cases", fill));
}
