/*
 * Gets from what an engine keeps of newest versions: that they are made from it where it decides,
 * and that no write, however it is made, leaves a get with what was there before.
 */
#include "mvcc/recall.h"

#include <stdio.h>

#include "engine/engine.h"
#include "mvcc/gc_horizon.h"
#include "tests/support/backends.h"
#include "tests/support/intents.h"

static uint64_t hits(void)
{
    return varve__newest_numbers_of(mvcc.engine->newest).hits;
}

static void start(void)
{
    if (mvcc.engine->newest == NULL)
        backend_keep_newest(mvcc.engine, 65536);
    stats_start(0);
}

/* Of the newest; `*recalled` tells whether nothing else was asked. */
static const char *get_newest(const char *key, unsigned flags, bool *recalled)
{
    varve_bill bill = {.struct_size = sizeof bill};
    uint64_t before = hits();
    const char *found =
        mvcc_get_as(.start = key, .ts = varve_ts_max(), .flags = flags, .bill = &bill);
    *recalled = bill.seeks == 0;
    if (*recalled)
        ck_assert_uint_eq(hits(), before + 1);
    return found;
}

/* Three gets come to the same, the third by what is kept. */
static void ck_recalled(const char *key, unsigned flags, const char *expected)
{
    bool recalled = false;
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(get_newest(key, flags, &recalled), expected);
    ck_assert_msg(recalled, "%s is not kept", key);
}

/* Three gets come to the same, none of them by what is kept. */
static void ck_read(const char *key, unsigned flags, const char *expected)
{
    bool recalled = false;
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(get_newest(key, flags, &recalled), expected);
        ck_assert_msg(!recalled, "%s is kept", key);
    }
}

/* ---- What is recalled --------------------------------------------------------------------------
 */

START_TEST(newest_versions_are_recalled)
{
    start();
    mvcc_put("k", at(5), "old");
    mvcc_put("k", at(9), "new");
    ck_recalled("k", 0, "k@9=new");
    ck_recalled("k", VARVE_READ_FAIL_ON_MORE_RECENT, "k@9=new");
    ck_recalled("k", VARVE_READ_INCONSISTENT, "k@9=new");
    ck_assert_str_eq(mvcc_get("k", at(9)), "k@9=new");
    ck_assert_str_eq(mvcc_get("k", at(10)), "k@9=new");
}
END_TEST

START_TEST(earlier_reads_are_read)
{
    start();
    mvcc_put("k", at(5), "old");
    mvcc_put("k", varve_ts_of(9, 2), "new");
    ck_recalled("k", 0, "k@9,2=new");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(9, 1)), "k@5=old");
    ck_assert_str_eq(mvcc_get("k", at(5)), "k@5=old");
    ck_assert_str_eq(mvcc_get("k", at(4)), "none");
    ck_assert_str_eq(mvcc_get("k", varve_ts_zero()), "none");
    ck_assert_str_eq(mvcc_get_flags("k", at(8), VARVE_READ_FAIL_ON_MORE_RECENT),
                     "WRITE_TOO_OLD 8 -> 9,3");
    varve_txn txn = mvcc_txn(1, 0, 0, at(8), at(20));
    ck_assert_str_eq(mvcc_get_as(.start = "k", .ts = at(8), .txn = &txn),
                     "READ_UNCERTAIN 8 < 9,2 <= 20");
    ck_assert_str_eq(mvcc_get_as(.start = "k", .ts = at(10), .txn = &txn), "k@9,2=new");
    ck_recalled("k", 0, "k@9,2=new");
}
END_TEST

START_TEST(tombstones_and_absent_keys_are_recalled)
{
    start();
    mvcc_put("k", at(5), "v");
    mvcc_delete("k", at(9));
    ck_recalled("k", 0, "none");
    ck_recalled("k", VARVE_READ_TOMBSTONES, "k@9-");
    ck_assert_str_eq(mvcc_get("k", at(8)), "k@5=v");
    ck_recalled("absent", 0, "none");
    ck_recalled("absent", VARVE_READ_TOMBSTONES, "none");
    ck_assert_str_eq(mvcc_get("absent", at(1)), "none");
}
END_TEST

START_TEST(inline_values_are_recalled)
{
    start();
    mvcc_put_inline("k", "v");
    ck_recalled("k", 0, "k@0=v");
    ck_assert_str_eq(mvcc_get("k", varve_ts_zero()), "k@0=v");
    mvcc_put_inline("k", "w");
    ck_recalled("k", 0, "k@0=w");
}
END_TEST

START_TEST(keys_of_all_bytes_are_recalled)
{
    static const char *const keys[] = {"%00", "%00%00", "a%00b", "a%00%01", "a%00%FF", "%FE%FF"};
    char expected[64];
    start();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        mvcc_put(keys[i], at((int64_t)i + 1), "v");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        (void)snprintf(expected, sizeof expected, "%s@%zu=v", keys[i], i + 1);
        ck_recalled(keys[i], 0, expected);
    }
}
END_TEST

/* They decide little, and soon go. */
START_TEST(intents_are_read)
{
    start();
    mvcc_put("k", at(5), "v");
    ck_recalled("k", 0, "k@5=v");
    mvcc_put_intent("k", at(9), "p", 1);
    ck_read("k", 0, "WRITE_INTENT k@9/1");
    ck_read("k", VARVE_READ_INCONSISTENT, "k@5=v + k@9/1");
    ck_assert_str_eq(mvcc_get("k", at(8)), "k@5=v");
    varve_txn txn = mvcc_txn(1, 0, 1, at(9), at(9));
    ck_assert_str_eq(mvcc_get_as(.start = "k", .ts = at(9), .txn = &txn), "k@9=p");
}
END_TEST

START_TEST(damaged_records_are_read)
{
    start();
    mvcc_put_raw(mvcc_engine_key("k", at(0)), bytes("\x80"));
    ck_read("k", 0, "CORRUPT");
    mvcc_put_raw(copy_of(bytes("b\x00\x01suffix")), bytes("v"));
    ck_read("b", 0, "CORRUPT_KEY");
}
END_TEST

START_TEST(a_recalled_get_is_billed)
{
    varve_bill bill = {.struct_size = sizeof bill};
    start();
    mvcc_put("k", at(5), "value");
    mvcc_delete("d", at(5));
    ck_recalled("k", 0, "k@5=value");
    ck_recalled("d", 0, "none");
    ck_recalled("absent", 0, "none");
    (void)mvcc_get_as(.start = "k", .ts = at(9), .bill = &bill);
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.versions, 1);
    ck_assert_uint_eq(bill.bytes_read, 5);
    ck_assert_uint_eq(bill.rows, 1);
    ck_assert_uint_eq(bill.bytes_returned, 8 + 11 + 5);
    (void)mvcc_get_as(.start = "d", .ts = at(9), .bill = &bill);
    (void)mvcc_get_as(.start = "absent", .ts = at(9), .bill = &bill);
    ck_assert_uint_eq(bill.keys, 3);
    ck_assert_uint_eq(bill.versions, 2);
    ck_assert_uint_eq(bill.tombstones, 1);
    ck_assert_uint_eq(bill.rows, 1);
    ck_assert_uint_eq(bill.seeks, 0);
    ck_assert_uint_eq(bill.steps, 0);
}
END_TEST

START_TEST(a_cancelled_get_recalls_nothing)
{
    varve_cancel *cancel = NULL;
    start();
    mvcc_put("k", at(5), "v");
    ck_recalled("k", 0, "k@5=v");
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    varve_cancel_now(cancel);
    ck_assert_str_eq(mvcc_get_as(.start = "k", .ts = at(9), .cancel = cancel), "CANCELLED");
    varve_cancel_close(cancel);
}
END_TEST

/* What has been collected is asked for all the same, and what is kept of that is the newest, too.
 */
START_TEST(collected_garbage_is_looked_at)
{
    const unsigned check = VARVE_READ_CHECK_COLLECTED;
    varve__gc_horizon horizon;
    varve_span span = {bytes("k"), bytes("l")};
    start();
    mvcc_put("k", at(5), "v");
    ck_recalled("k", 0, "k@5=v");
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(mvcc_get_flags("k", at(9), check), "k@5=v");
    ck_ok(varve__gc_horizon_read(&horizon, mvcc.reader, &mvcc.err), &mvcc.err);
    ck_ok(varve__gc_horizon_raise(&horizon, span, at(20), &mvcc.err), &mvcc.err);
    ck_ok(varve__gc_horizon_put(&horizon, mvcc.writer, &mvcc.err), &mvcc.err);
    varve__gc_horizon_release(&horizon);
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(mvcc_get_flags("k", at(9), check), "BELOW_THRESHOLD");
        ck_assert_str_eq(mvcc_get_flags("k", at(20), check), "k@5=v");
    }
}
END_TEST

/* ---- Writes of all kinds -----------------------------------------------------------------------
 */

static void resolve_intent(const char *key, varve_txn_status status, varve_ts ts)
{
    bool resolved = false;
    varve_txn_meta txn = txn_of(1, 0, ts);
    varve_resolution update = {.struct_size = sizeof update, .txn = &txn, .status = status};
    varve_write how = write_counted();
    ck_ok(varve_mvcc_resolve(&how, mvcc_bytes(key), &update, &resolved, &mvcc.err), &mvcc.err);
    ck_assert(resolved);
}

START_TEST(resolutions_are_seen)
{
    start();
    mvcc_put("k", at(5), "v");
    ck_recalled("k", 0, "k@5=v");
    intent(.key = "k", .ts = at(9), .value = "p", .sequence = 1);
    ck_read("k", 0, "WRITE_INTENT k@9/1");
    resolve_intent("k", VARVE_TXN_COMMITTED, at(9));
    ck_recalled("k", 0, "k@9=p");
    intent(.key = "k", .ts = at(11), .value = "q", .sequence = 1);
    ck_read("k", 0, "WRITE_INTENT k@11/1");
    resolve_intent("k", VARVE_TXN_ABORTED, at(11));
    ck_recalled("k", 0, "k@9=p");
    intent(.key = "k", .ts = at(12), .value = "r", .sequence = 1);
    resolve_intent("k", VARVE_TXN_PENDING, at(14));
    ck_read("k", 0, "WRITE_INTENT k@14/1");
    ck_assert_str_eq(mvcc_get("k", at(13)), "k@9=p");
}
END_TEST

START_TEST(collections_are_seen)
{
    varve_gc_key entry = {bytes("k"), at(9 * SECOND)};
    start();
    varve_write how = write_counted();
    mvcc_put("k", at(5 * SECOND), "v");
    mvcc_delete("k", at(9 * SECOND));
    ck_recalled("k", VARVE_READ_TOMBSTONES, "k@9000000000-");
    ck_ok(varve_mvcc_gc(&how, &entry, 1, at(10 * SECOND), &mvcc.err), &mvcc.err);
    ck_recalled("k", VARVE_READ_TOMBSTONES, "none");
    mvcc_put("k", at(11 * SECOND), "w");
    ck_recalled("k", 0, "k@11000000000=w");
}
END_TEST

START_TEST(writes_below_the_newest_are_seen)
{
    start();
    mvcc_put("k", at(9), "v");
    ck_recalled("k", 0, "k@9=v");
    ck_assert_str_eq(mvcc_try_put("k", at(5), "w"), "WRITE_TOO_OLD 5 -> 9,1");
    ck_recalled("k", 0, "k@9,1=w");
    varve_write how = write_counted();
    how.ts = at(20);
    ck_ok(varve_mvcc_insert(&how, bytes("k"), bytes("later"), &mvcc.err), &mvcc.err);
    ck_recalled("k", 0, "k@20=later");
    how.ts = at(2);
    ck_ok(varve_mvcc_insert(&how, bytes("k"), bytes("early"), &mvcc.err), &mvcc.err);
    ck_recalled("k", 0, "k@20=later");
    ck_assert_str_eq(mvcc_get("k", at(3)), "k@2=early");
}
END_TEST

START_TEST(ranges_that_go_are_seen)
{
    varve_span span = {bytes("k"), bytes("l")};
    int64_t deleted;
    start();
    varve_write how = write_counted();
    mvcc_put("k", at(5), "v");
    mvcc_put("kk", at(6), "w");
    ck_recalled("k", 0, "k@5=v");
    ck_recalled("kk", 0, "kk@6=w");
    how.ts = at(9);
    ck_ok(varve_mvcc_delete_range(&how, span, 1, false, NULL, &deleted, &mvcc.err), &mvcc.err);
    ck_recalled("k", VARVE_READ_TOMBSTONES, "k@9-");
    ck_recalled("kk", 0, "kk@6=w");
    ck_ok(varve_mvcc_clear_range(mvcc.writer, span, &mvcc.err), &mvcc.err);
    ck_recalled("k", VARVE_READ_TOMBSTONES, "none");
    ck_recalled("kk", 0, "none");
    stats_start(0);
    mvcc_put("k", at(5), "v");
    ck_recalled("k", 0, "k@5=v");
}
END_TEST

START_TEST(batches_are_seen_once_they_are_committed)
{
    varve_batch *batch = NULL;
    varve_snapshot *snapshot = NULL;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read newest = {.struct_size = sizeof newest, .ts = varve_ts_max()};
    start();
    mvcc_put("k", at(5), "v");
    ck_recalled("k", 0, "k@5=v");
    ck_ok(varve_snapshot_open(mvcc.engine, &snapshot, &mvcc.err), &mvcc.err);
    ck_ok(varve_batch_open(mvcc.engine, 0, &batch, &mvcc.err), &mvcc.err);
    varve_write how = {.struct_size = sizeof how,
                       .reader = varve_batch_reader_of(batch),
                       .writer = varve_batch_writer_of(batch),
                       .ts = at(7)};
    ck_ok(varve_mvcc_put(&how, bytes("k"), bytes("w"), &mvcc.err), &mvcc.err);
    ck_recalled("k", 0, "k@5=v");
    varve_status status =
        varve_mvcc_get(varve_batch_reader_of(batch), &newest, bytes("k"), &rows, &mvcc.err);
    ck_assert_str_eq(mvcc_result(status, &rows, &mvcc.err), "k@7=w");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &mvcc.err), &mvcc.err);
    ck_recalled("k", 0, "k@7=w");
    status = varve_mvcc_get(varve_snapshot_reader(snapshot), &newest, bytes("k"), &rows, &mvcc.err);
    ck_assert_str_eq(mvcc_result(status, &rows, &mvcc.err), "k@5=v");
    ck_recalled("k", 0, "k@7=w");
    varve_rows_release(&rows);
    varve_batch_close(batch);
    varve_snapshot_close(snapshot);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, newest_versions_are_recalled);
    tcase_add_test(tcase, earlier_reads_are_read);
    tcase_add_test(tcase, tombstones_and_absent_keys_are_recalled);
    tcase_add_test(tcase, inline_values_are_recalled);
    tcase_add_test(tcase, keys_of_all_bytes_are_recalled);
    tcase_add_test(tcase, intents_are_read);
    tcase_add_test(tcase, damaged_records_are_read);
    tcase_add_test(tcase, a_recalled_get_is_billed);
    tcase_add_test(tcase, a_cancelled_get_recalls_nothing);
    tcase_add_test(tcase, collected_garbage_is_looked_at);
    tcase_add_test(tcase, resolutions_are_seen);
    tcase_add_test(tcase, collections_are_seen);
    tcase_add_test(tcase, writes_below_the_newest_are_seen);
    tcase_add_test(tcase, ranges_that_go_are_seen);
    tcase_add_test(tcase, batches_are_seen_once_they_are_committed);
}

int main(void)
{
    return mvcc_run(mvcc_engine_suite("mvcc/recall", fill));
}
