/*
 * Statistics through resolutions and collections, by the worked cases of the specification: what
 * each comes to, to the byte and the second.
 */
#include <stdio.h>

#include "tests/support/intents.h"

#define V "%00%00%00%00%03value"
#define W "%00%00%00%00%03longvalue"
#define DESCRIPTOR "%01k%12a%00%01rdsc"

static varve_ts s(int64_t seconds)
{
    return at(seconds * SECOND);
}

/* ---- Operations --------------------------------------------------------------------------------
 */

/* A transaction that reads and writes at so many seconds. */
static varve_txn begin(int64_t seconds)
{
    return (varve_txn){.meta = txn_of(1, 0, s(seconds)), .read_ts = s(seconds)};
}

static void put_as(const varve_txn *txn, const char *key, const char *value)
{
    varve_write how = write_counted();
    how.ts = txn->read_ts;
    how.txn = txn;
    ck_ok(varve_mvcc_put(&how, mvcc_bytes(key), mvcc_bytes(value), &mvcc.err), &mvcc.err);
    ck_stats();
}

static void put_at(int64_t seconds, const char *key, const char *value)
{
    varve_write how = write_counted();
    how.ts = s(seconds);
    ck_ok(varve_mvcc_put(&how, mvcc_bytes(key), mvcc_bytes(value), &mvcc.err), &mvcc.err);
    ck_stats();
}

static void resolve(const varve_txn *txn, const char *key, varve_txn_status status, int64_t seconds)
{
    bool resolved;
    varve_txn_meta meta = txn->meta;
    meta.write_ts = s(seconds);
    varve_resolution resolution = {.struct_size = sizeof resolution,
                                   .txn = &meta,
                                   .status = status,
                                   .ignored = txn->ignored,
                                   .ignored_count = txn->ignored_count};
    varve_write how = write_counted();
    ck_ok(varve_mvcc_resolve(&how, mvcc_bytes(key), &resolution, &resolved, &mvcc.err), &mvcc.err);
    ck_assert(resolved);
    ck_stats();
}

#define COMMIT VARVE_TXN_COMMITTED
#define ABORT VARVE_TXN_ABORTED
#define PUSH VARVE_TXN_PENDING

static void collect(const char *key, int64_t threshold, int64_t now)
{
    varve_write how = write_counted();
    varve_gc_key entry = {mvcc_bytes(key), s(threshold)};
    ck_ok(varve_mvcc_gc(&how, &entry, 1, s(now), &mvcc.err), &mvcc.err);
    ck_stats();
}

/* ---- Numbers -----------------------------------------------------------------------------------
 */

/* The numbers that are not zero, as the specification writes them. */
static const char *numbers(void)
{
    static char text[300];
    const struct {
        const char *name;
        int64_t number;
    } all[] = {{"lu", running.last_update_nanos / SECOND},
               {"ia", running.intent_age},
               {"gca", running.gc_bytes_age},
               {"lb", running.live_bytes},
               {"lc", running.live_count},
               {"kb", running.key_bytes},
               {"kc", running.key_count},
               {"vb", running.val_bytes},
               {"vc", running.val_count},
               {"ib", running.intent_bytes},
               {"ic", running.intent_count},
               {"sb", running.sys_bytes},
               {"sc", running.sys_count},
               {"estimates", running.contains_estimates}};
    int size = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].number != 0)
            size += snprintf(text + size, sizeof text - (size_t)size, "%s%s%lld",
                             size > 0 ? " " : "", all[i].name, (long long)all[i].number);
    }
    return text;
}

static void age_to(int64_t seconds)
{
    varve_stats_age_to(&running, seconds * SECOND);
}

static void start(void)
{
    memset(&running, 0, sizeof running);
}

/* ---- The checklist -----------------------------------------------------------------------------
 */

/* Case 5. */
START_TEST(TestMVCCStatsDeleteCommitMovesTimestamp)
{
    varve_txn txn = begin(3);
    start();
    put_at(1, "a", V);
    ck_assert_str_eq(numbers(), "lu1 lb24 lc1 kb14 kc1 vb10 vc1");
    put_as(&txn, "a", "");
    resolve(&txn, "a", COMMIT, 4);
    ck_assert_str_eq(numbers(), "lu4 kb26 kc1 vb10 vc2");
}
END_TEST

/* Cases 2 and 3. */
START_TEST(TestMVCCStatsPutCommitMovesTimestamp)
{
    varve_txn txn = begin(1);
    start();
    put_as(&txn, "a", V);
    ck_assert_str_eq(numbers(), "lu1 lb70 lc1 kb14 kc1 vb56 vc1 ib22 ic1");
    resolve(&txn, "a", COMMIT, 4);
    ck_assert_str_eq(numbers(), "lu4 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

/* Case 4. */
START_TEST(TestMVCCStatsPutPushMovesTimestamp)
{
    varve_txn txn = begin(1);
    start();
    put_as(&txn, "a", V);
    resolve(&txn, "a", PUSH, 4);
    ck_assert_str_eq(numbers(), "lu4 lb70 lc1 kb14 kc1 vb56 vc1 ib22 ic1");
}
END_TEST

/* Cases 9 to 12. */
START_TEST(TestMVCCStatsDelDelCommitMovesTimestamp)
{
    varve_txn txn = begin(2);
    start();
    put_at(1, "a", "");
    ck_assert_str_eq(numbers(), "lu1 kb14 kc1 vc1");
    put_as(&txn, "a", "");
    ck_assert_str_eq(numbers(), "lu2 gca12 kb26 kc1 vb46 vc2 ib12 ic1");
    resolve(&txn, "a", COMMIT, 3);
    ck_assert_str_eq(numbers(), "lu3 gca24 kb26 kc1 vc2");
}
END_TEST

START_TEST(an_aborted_deletion_of_nothing)
{
    varve_txn txn = begin(2);
    start();
    put_at(1, "a", "");
    put_as(&txn, "a", "");
    resolve(&txn, "a", ABORT, 2);
    age_to(3);
    ck_assert_str_eq(numbers(), "lu3 gca28 kb14 kc1 vc1");
}
END_TEST

/* Cases 13 and 14. */
START_TEST(TestMVCCStatsPutDelPutMovesTimestamp)
{
    varve_txn txn = begin(2);
    start();
    put_at(1, "a", V);
    put_as(&txn, "a", "");
    ck_assert_str_eq(numbers(), "lu2 kb26 kc1 vb56 vc2 ib12 ic1");
    resolve(&txn, "a", ABORT, 2);
    age_to(3);
    ck_assert_str_eq(numbers(), "lu3 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

/* Cases 16 and 17, 18 and 19. */
START_TEST(TestMVCCStatsDelDelGC)
{
    start();
    put_at(1, "a", "");
    put_at(2, "a", "");
    ck_assert_str_eq(numbers(), "lu2 gca12 kb26 kc1 vc2");
    collect("a", 2, 2);
    ck_assert_str_eq(numbers(), "lu2");
}
END_TEST

START_TEST(TestMVCCStatsPutWaitDeleteGC)
{
    start();
    put_at(1, "a", V);
    put_at(2, "a", "");
    ck_assert_str_eq(numbers(), "lu2 kb26 kc1 vb10 vc2");
    collect("a", 1, 2);
    ck_assert_str_eq(numbers(), "lu2 kb14 kc1 vc1");
}
END_TEST

/* Cases 21 and 23. */
START_TEST(TestMVCCStatsTxnSysPutAbort)
{
    varve_txn txn = begin(1);
    start();
    put_as(&txn, DESCRIPTOR, V);
    age_to(1);
    ck_assert_str_eq(numbers(), "lu1 sb79 sc1");
    resolve(&txn, DESCRIPTOR, ABORT, 1);
    ck_assert_str_eq(numbers(), "lu1");
}
END_TEST

/* ---- Other worked cases ------------------------------------------------------------------------
 */

/* Cases 25 and 26. */
START_TEST(garbage_below_a_live_value)
{
    start();
    put_at(1, "a", V);
    put_at(4, "a", W);
    put_at(7, "a", V);
    ck_assert_str_eq(numbers(), "lu7 gca66 lb24 lc1 kb38 kc1 vb34 vc3");
    collect("a", 4, 9);
    ck_assert_str_eq(numbers(), "lu7 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

/* Cases 28 to 30. */
START_TEST(an_intent_over_a_value)
{
    for (int is_commit = 0; is_commit < 2; is_commit++) {
        varve_txn txn = begin(3);
        const char *key = is_commit ? "b" : "a";
        start();
        put_at(1, key, V);
        put_as(&txn, key, W);
        ck_assert_str_eq(numbers(), "lu3 lb74 lc1 kb26 kc1 vb70 vc2 ib26 ic1");
        age_to(5);
        ck_assert_str_eq(numbers(), "lu5 ia2 gca44 lb74 lc1 kb26 kc1 vb70 vc2 ib26 ic1");
        age_to(3);
        resolve(&txn, key, is_commit ? COMMIT : ABORT, 3);
        ck_assert_str_eq(numbers(), is_commit ? "lu3 lb28 lc1 kb26 kc1 vb24 vc2"
                                              : "lu3 lb24 lc1 kb14 kc1 vb10 vc1");
        mvcc_clear_raw(mvcc_engine_key(key, s(3)));
        mvcc_clear_raw(mvcc_engine_key(key, s(1)));
    }
}
END_TEST

/* Case 31, of which the last step is a collection. */
START_TEST(an_inline_value_is_collected)
{
    start();
    varve_write how = write_counted();
    ck_ok(varve_mvcc_put(&how, bytes("a"), mvcc_bytes(W), &mvcc.err), &mvcc.err);
    ck_assert_str_eq(numbers(), "lb30 lc1 kb2 kc1 vb28 vc1");
    collect("a", 0, 7);
    ck_assert_str_eq(numbers(), "lu7");
}
END_TEST

/* Case 32. */
START_TEST(a_value_that_is_rolled_back)
{
    varve_txn txn = begin(1);
    varve_seq_range ignored = {2, 2};
    start();
    txn.meta.sequence = 1;
    put_as(&txn, "a", V);
    txn.meta.sequence = 2;
    put_as(&txn, "a", W);
    ck_assert_str_eq(numbers(), "lu1 lb92 lc1 kb14 kc1 vb78 vc1 ib26 ic1");
    txn.ignored = &ignored;
    txn.ignored_count = 1;
    resolve(&txn, "a", COMMIT, 1);
    ck_assert_str_eq(numbers(), "lu1 lb24 lc1 kb14 kc1 vb10 vc1");
}
END_TEST

/* The longer run. */
START_TEST(TestMVCCStatsBasic)
{
    varve_txn txn = begin(2);
    start();
    put_at(1, "a", V);
    ck_assert_str_eq(numbers(), "lu1 lb24 lc1 kb14 kc1 vb10 vc1");
    put_as(&txn, "a", "");
    ck_assert_str_eq(numbers(), "lu2 kb26 kc1 vb56 vc2 ib12 ic1");
    resolve(&txn, "a", ABORT, 2);
    ck_assert_str_eq(numbers(), "lu2 lb24 lc1 kb14 kc1 vb10 vc1");

    txn = begin(3);
    put_as(&txn, "a", "");
    txn.meta.write_ts = s(4);
    put_as(&txn, "b", V);
    ck_assert_str_eq(numbers(), "lu4 ia1 gca82 lb70 lc1 kb40 kc2 vb112 vc3 ib34 ic2");
    resolve(&txn, "a", COMMIT, 4);
    ck_assert_str_eq(numbers(), "lu4 lb70 lc1 kb40 kc2 vb66 vc3 ib22 ic1");
    resolve(&txn, "b", COMMIT, 4);
    ck_assert_str_eq(numbers(), "lu4 lb24 lc1 kb40 kc2 vb20 vc3");

    put_at(10, "b", V);
    ck_assert_str_eq(numbers(), "lu10 gca216 lb24 lc1 kb52 kc2 vb30 vc4");
    varve_write how = write_counted();
    ck_ok(varve_mvcc_put(&how,
                         mvcc_bytes("%01k%12a%00%01txn-%00%00%00%00%00%00%00%00%00%00%00%00"
                                    "%00%00%00%01"),
                         mvcc_bytes("%00%00%00%00%03txn-data"), &mvcc.err),
          &mvcc.err);
    ck_assert_str_eq(numbers(), "lu10 gca216 lb24 lc1 kb52 kc2 vb30 vc4 sb54 sc1");
    ck_stats();

    /* And down again to nothing. */
    collect("a", 4, 11);
    put_at(11, "b", "");
    collect("b", 11, 11);
    ck_assert_str_eq(numbers(), "lu11 sb54 sc1");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestMVCCStatsDeleteCommitMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsPutCommitMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsPutPushMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsDelDelCommitMovesTimestamp);
    tcase_add_test(tcase, an_aborted_deletion_of_nothing);
    tcase_add_test(tcase, TestMVCCStatsPutDelPutMovesTimestamp);
    tcase_add_test(tcase, TestMVCCStatsDelDelGC);
    tcase_add_test(tcase, TestMVCCStatsPutWaitDeleteGC);
    tcase_add_test(tcase, TestMVCCStatsTxnSysPutAbort);
    tcase_add_test(tcase, garbage_below_a_live_value);
    tcase_add_test(tcase, an_intent_over_a_value);
    tcase_add_test(tcase, an_inline_value_is_collected);
    tcase_add_test(tcase, a_value_that_is_rolled_back);
    tcase_add_test(tcase, TestMVCCStatsBasic);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/resolve_stats", fill));
}
