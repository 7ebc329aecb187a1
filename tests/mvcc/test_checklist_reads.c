/*
 * The tests of reads that the behaviour asks for, under the names that they have in the reference.
 * What transactions have written stands there as records, so that only reads are under test.
 */
#include <stdio.h>

#include "tests/support/mvcc.h"
#include "util/fail.h"

#define LOOSE VARVE_READ_INCONSISTENT
#define DEAD VARVE_READ_TOMBSTONES

static varve_ts logical(int32_t number)
{
    return varve_ts_of(0, number);
}

/* Transaction `id` in its first epoch, which reads at `ts` and is certain of everything. */
static varve_txn txn_at(unsigned char id, varve_ts ts)
{
    return mvcc_txn(id, 0, 1, ts, varve_ts_zero());
}

/* ---- One key -----------------------------------------------------------------------------------
 */

START_TEST(TestMVCCGetNotExist)
{
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(1)), "");
    mvcc_put("j", at(1), "v");
    mvcc_put("l", at(1), "v");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(9)), "");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = varve_ts_zero()), "");
}
END_TEST

START_TEST(TestMVCCPutWithTxn)
{
    varve_txn txn = txn_at(1, logical(1));
    mvcc_put_intent_of("k", logical(1), "v", &txn, NULL);
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(1), .txn = &txn), "k@0,1=v");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(2), .txn = &txn), "k@0,1=v");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(1), .txn = &txn), "k@0,1=v");
}
END_TEST

START_TEST(TestMVCCGetNoMoreOldVersion)
{
    mvcc_put("k1", at(3), "v2");
    mvcc_put("k2", at(1), "v1");
    ck_assert_str_eq(mvcc_see(.start = "k1", .ts = at(2)), "");
}
END_TEST

START_TEST(TestMVCCInlineWithTxn)
{
    varve_txn txn = txn_at(1, varve_ts_zero());
    mvcc_put_inline("k", "v");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = varve_ts_zero()), "k@0=v");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = varve_ts_zero(), .txn = &txn), "k@0=v");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(7), .txn = &txn), "k@0=v");
}
END_TEST

START_TEST(TestMVCCGetAndDeleteInTxn)
{
    const mvcc_earlier earlier[] = {{1, "v"}, {0, NULL}};
    varve_txn txn = txn_at(1, at(1));
    mvcc_put_intent_of("k", at(1), "v", &txn, NULL);
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(2), .txn = &txn), "k@1=v");

    txn.meta.sequence = 2;
    mvcc_clear_raw(mvcc_engine_key("k", at(1)));
    mvcc_put_intent_of("k", at(3), "", &txn, earlier);
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(4), .txn = &txn), "");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(4), .txn = &txn, .flags = DEAD), "k@3-");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(2), .txn = &txn), "");
}
END_TEST

START_TEST(TestMVCCGetWriteIntentError)
{
    varve_txn owner = txn_at(1, logical(1));
    varve_txn other = txn_at(2, logical(1));
    mvcc_put_intent_of("k", logical(1), "v", &owner, NULL);
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(1)), "WRITE_INTENT k@0,1/1");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(1), .txn = &other),
                     "WRITE_INTENT k@0,1/1");
}
END_TEST

START_TEST(TestMVCCGetInconsistent)
{
    varve_txn txn = txn_at(1, logical(2));
    mvcc_put("k1", logical(1), "v1");
    mvcc_put_intent_of("k1", logical(2), "v2", &txn, NULL);
    mvcc_put_intent_of("k2", logical(1), "v3", &txn, NULL);

    ck_assert_str_eq(mvcc_see(.start = "k1", .ts = logical(1), .flags = LOOSE), "k1@0,1=v1");
    ck_assert_str_eq(mvcc_see(.start = "k1", .ts = logical(3), .flags = LOOSE),
                     "k1@0,1=v1 + k1@0,2/1");
    ck_assert_str_eq(mvcc_see(.start = "k1", .ts = logical(1), .flags = LOOSE, .txn = &txn),
                     "INVALID_ARGUMENT");
    ck_assert_str_eq(mvcc_see(.start = "k2", .ts = logical(2), .flags = LOOSE), "+ k2@0,1/1");
    ck_assert_str_eq(mvcc_get_as(.start = "k2", .ts = logical(2), .flags = LOOSE),
                     "none + k2@0,1/1");
}
END_TEST

/* ---- Structured records ------------------------------------------------------------------------
 */

/* Records of this test are text of lower-case letters. */
static varve_status decode(void *arg, varve_slice bytes, varve_error *err)
{
    varve_slice *told = arg;
    *told = bytes;
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] < 'a' || bytes.data[i] > 'z')
            return varve__fail(err, VARVE_CORRUPT, "proto: byte %zu is no letter", i);
    }
    return VARVE_OK;
}

static const char *get_record(const char *key, varve_ts ts, unsigned flags, bool *found)
{
    varve_slice record = {NULL, 0};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = ts, .flags = flags};
    varve_status status = varve_mvcc_get_record(mvcc.reader, &how, mvcc_bytes(key), decode, &record,
                                                found, &rows, &mvcc.err);
    const char *told = varve_status_name(status);
    if (status == VARVE_OK)
        told = mvcc_text(record);
    ck_assert(status >= 0 || mvcc.err.status == status);
    ck_assert_uint_eq(rows.count, *found);
    varve_error_release(&mvcc.err);
    varve_rows_release(&rows);
    return told;
}

START_TEST(TestMVCCGetProtoInconsistent)
{
    bool found = false;
    varve_txn txn = txn_at(1, logical(2));
    mvcc_put("k1", logical(1), "%00%00%00%00%03first");
    mvcc_put_intent_of("k1", logical(2), "%00%00%00%00%03second", &txn, NULL);
    mvcc_put_intent_of("k2", logical(1), "%00%00%00%00%03third", &txn, NULL);
    mvcc_put("k3", logical(1), "%00%00%00%00%03GARBAGE");
    mvcc_put("k4", logical(1), "%00%00%00%00%01%02");
    mvcc_put("k5", logical(1), "%00%00%00%00%03");

    ck_assert_str_eq(get_record("k1", logical(1), LOOSE, &found), "first");
    ck_assert_str_eq(get_record("k1", logical(3), LOOSE, &found), "first");
    ck_assert(found);
    ck_assert_str_eq(get_record("k1", logical(3), 0, &found), "VARVE_WRITE_INTENT");
    ck_assert(!found);
    ck_assert_str_eq(get_record("k2", logical(2), LOOSE, &found), "VARVE_NOT_FOUND");
    ck_assert(!found);
    ck_assert_str_eq(get_record("k3", logical(1), LOOSE, &found), "VARVE_CORRUPT");
    ck_assert(found);
    ck_assert_str_eq(get_record("k4", logical(1), 0, &found), "VARVE_VALUE_TYPE");
    ck_assert(found);
    ck_assert_str_eq(get_record("k5", logical(1), 0, &found), "");
    ck_assert(found);
}
END_TEST

/* Without a decoder it is a test of existence. */
START_TEST(records_need_not_be_decoded)
{
    bool found = false;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(2)};
    mvcc_put("k", at(1), "no record");

    ck_ok(
        varve_mvcc_get_record(mvcc.reader, &how, bytes("k"), NULL, NULL, &found, &rows, &mvcc.err),
        &mvcc.err);
    ck_assert(found);
    ck_ok(varve_mvcc_get_record(mvcc.reader, &how, bytes("k"), NULL, NULL, NULL, &rows, &mvcc.err),
          &mvcc.err);
    ck_assert_int_eq(
        varve_mvcc_get_record(mvcc.reader, &how, bytes("l"), NULL, NULL, &found, &rows, &mvcc.err),
        VARVE_NOT_FOUND);
    ck_assert(!found);
    varve_rows_release(&rows);
}
END_TEST

/* ---- Uncertainty -------------------------------------------------------------------------------
 */

START_TEST(TestMVCCGetUncertainty)
{
    varve_txn txn = mvcc_txn(1, 0, 0, at(5), at(10));
    mvcc_put("k1", at(1), "v1");
    mvcc_put("k1", at(12), "v2");
    mvcc_put("k2", at(9), "v3");
    mvcc_put("k3", at(9), "v4");
    mvcc_put("k3", at(99), "v5");

    ck_assert_str_eq(mvcc_see(.start = "k1", .ts = at(7), .txn = &txn), "k1@1=v1");
    ck_assert_str_eq(mvcc_see(.start = "k2", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 9 <= 10");
    ck_assert_str_eq(mvcc_see(.start = "k3", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 9 <= 10");
    ck_assert_str_eq(mvcc_scan(.start = "k1", .end = "k2", .ts = at(7), .txn = &txn), "k1@1=v1");
    ck_assert_str_eq(mvcc_scan(.start = "k1", .end = "k9", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 9 <= 10");
    ck_assert_str_eq(mvcc_reverse(.start = "k1", .end = "k9", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 9 <= 10");
    txn.max_ts = at(7);
    ck_assert_str_eq(mvcc_see(.start = "k2", .ts = at(7), .txn = &txn), "");
    ck_assert_str_eq(mvcc_see(.start = "k3", .ts = at(7), .txn = &txn), "");
    ck_assert_str_eq(mvcc_scan(.start = "k1", .end = "k9", .ts = at(7), .txn = &txn), "k1@1=v1");
}
END_TEST

/* The groups of 2020: one version, two, below an intent in the interval, and below one above it. */
START_TEST(TestMVCCGetUncertainty_2020)
{
    varve_txn txn = mvcc_txn(2, 0, 0, at(7), at(7));
    mvcc_put("one", at(10), "v");
    mvcc_put("two", at(9), "v1");
    mvcc_put("two", at(20), "v2");
    mvcc_put("in", at(3), "v");
    mvcc_put_intent("in", at(10), "p", 1);
    mvcc_put("above", at(10), "v");
    mvcc_put_intent("above", at(20), "p", 1);

    ck_assert_str_eq(mvcc_see(.start = "one", .ts = at(7), .txn = &txn), "");
    ck_assert_str_eq(mvcc_see(.start = "two", .ts = at(7), .txn = &txn), "");
    ck_assert_str_eq(mvcc_see(.start = "in", .ts = at(7), .txn = &txn), "in@3=v");
    ck_assert_str_eq(mvcc_see(.start = "above", .ts = at(7), .txn = &txn), "");
    txn.max_ts = at(10);
    ck_assert_str_eq(mvcc_see(.start = "one", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 10 <= 10");
    ck_assert_str_eq(mvcc_see(.start = "two", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 9 <= 10");
    ck_assert_str_eq(mvcc_see(.start = "in", .ts = at(7), .txn = &txn), "WRITE_INTENT in@10/1");
    ck_assert_str_eq(mvcc_see(.start = "above", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 10 <= 10");
    txn.max_ts = at(99);
    ck_assert_str_eq(mvcc_see(.start = "two", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 20 <= 99");
    ck_assert_str_eq(mvcc_see(.start = "above", .ts = at(7), .txn = &txn),
                     "WRITE_INTENT above@20/1");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "j", .ts = at(7), .txn = &txn),
                     "WRITE_INTENT above@20/1 in@10/1");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "j", .ts = at(7), .txn = &txn),
                     "WRITE_INTENT in@10/1 above@20/1");
    /* A version ends the scan at once, and wins. */
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 10 <= 99");
}
END_TEST

/* ---- Epochs ------------------------------------------------------------------------------------
 */

START_TEST(TestMVCCReadWithDiffEpochs)
{
    varve_txn txn = txn_at(1, logical(1));
    varve_txn other = txn_at(2, logical(1));
    mvcc_put("k", logical(1), "v1");
    mvcc_put_intent_of("k", logical(2), "v2", &txn, NULL);

    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(3), .txn = &txn), "k@0,2=v2");
    txn.meta.epoch = 2;
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(3), .txn = &txn), "k@0,1=v1");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(3), .txn = &other),
                     "WRITE_INTENT k@0,2/1");
}
END_TEST

START_TEST(TestMVCCReadWithOldEpoch)
{
    varve_txn txn = txn_at(1, logical(1));
    txn.meta.epoch = 2;
    mvcc_put_intent_of("k", logical(1), "v2", &txn, NULL);
    txn.meta.epoch = 1;
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(2), .txn = &txn), "TXN_EPOCH");
}
END_TEST

START_TEST(TestMVCCReadWithPushedTimestamp)
{
    varve_txn txn = txn_at(1, logical(1));
    txn.meta.write_ts = at(1);
    mvcc_put_intent_of("k", at(1), "v", &txn, NULL);
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(1), .txn = &txn), "k@1=v");
    /* And by whoever has found the intent and reads as its owner. */
    txn = varve_txn_of_meta(&txn.meta);
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(1), .txn = &txn), "k@1=v");
}
END_TEST

START_TEST(TestMVCCGetWithDiffEpochsAndTimestamps)
{
    varve_txn txn = txn_at(1, at(4));
    mvcc_put("k", at(1), "v1");
    mvcc_put("k", at(3), "v2");
    mvcc_put_intent_of("k", at(4), "v3", &txn, NULL);

    txn.meta.epoch = 1;
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(4), .txn = &txn), "k@3=v2");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(5), .txn = &txn), "k@3=v2");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(3), .txn = &txn), "k@3=v2");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(2), .txn = &txn), "k@1=v1");
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = logical(9), .txn = &txn), "");
}
END_TEST

/* ---- Scans -------------------------------------------------------------------------------------
 */

START_TEST(TestMVCCScanWriteIntentError)
{
    varve_txn txn1 = txn_at(1, logical(3));
    varve_txn txn2 = txn_at(2, logical(6));
    mvcc_put("k1", logical(1), "v1pre");
    mvcc_put("k4", logical(2), "v4pre");
    mvcc_put_intent_of("k1", logical(3), "v1", &txn1, NULL);
    mvcc_put("k2", logical(4), "v2");
    mvcc_put("k3", logical(5), "v3");
    mvcc_put_intent_of("k4", logical(6), "v4", &txn2, NULL);

    mvcc_query q = {.start = "k1", .end = "k5", .ts = logical(7)};
    ck_assert_str_eq(mvcc_scan_query(&q), "WRITE_INTENT k1@0,3/1 k4@0,6/2");
    ck_assert_str_eq(mvcc_iterate_query(&q), "WRITE_INTENT k1@0,3/1 k4@0,6/2");
    ck_assert_str_eq(mvcc_cursor_query(&q), "WRITE_INTENT k1@0,3/1 k4@0,6/2");
    q.txn = &txn1;
    ck_assert_str_eq(mvcc_scan_query(&q), "WRITE_INTENT k4@0,6/2");
    ck_assert_str_eq(mvcc_cursor_query(&q),
                     "k1@0,3=v1 k2@0,4=v2 k3@0,5=v3 ! WRITE_INTENT k4@0,6/2");
    q.txn = &txn2;
    ck_assert_str_eq(mvcc_scan_query(&q), "WRITE_INTENT k1@0,3/1");
    q.txn = NULL;
    q.flags = LOOSE;
    const char *loose = "k1@0,1=v1pre k2@0,4=v2 k3@0,5=v3 k4@0,2=v4pre + k1@0,3/1 + k4@0,6/2";
    ck_assert_str_eq(mvcc_scan_query(&q), loose);
    ck_assert_str_eq(mvcc_iterate_query(&q), loose);
    ck_assert_str_eq(mvcc_cursor_query(&q), loose);
    q.reverse = true;
    ck_assert_str_eq(mvcc_scan_query(&q),
                     "k4@0,2=v4pre k3@0,5=v3 k2@0,4=v2 k1@0,1=v1pre + k4@0,6/2 + k1@0,3/1");
}
END_TEST

static void put_four(void)
{
    mvcc_put("k1", at(1), "v1");
    mvcc_put("k1", at(2), "v4");
    mvcc_put("k2", at(1), "v2");
    mvcc_put("k2", at(3), "v3");
    mvcc_put("k3", at(1), "v3");
    mvcc_put("k3", at(4), "v2");
    mvcc_put("k4", at(1), "v4");
    mvcc_put("k4", at(5), "v1");
}

START_TEST(TestMVCCScan)
{
    put_four();
    ck_assert_str_eq(mvcc_scan(.start = "k2", .end = "k4", .ts = at(1)), "k2@1=v2 k3@1=v3");
    ck_assert_str_eq(mvcc_scan(.start = "k2", .end = "k4", .ts = at(4)), "k2@3=v3 k3@4=v2");
    ck_assert_str_eq(mvcc_scan(.start = "k4", .end = "%FF%FF", .ts = at(1)), "k4@1=v4");
    ck_assert_str_eq(mvcc_see(.start = "k1", .ts = at(1)), "k1@1=v1");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "k2", .ts = at(1), .max = INT64_MAX), "k1@1=v1");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "", .ts = at(1)), "EMPTY_KEY");
}
END_TEST

static const char *scan_none(bool reverse, const char *start, const char *end)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(1)};
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    varve_status status =
        reverse ? varve_mvcc_reverse_scan(mvcc.reader, &how, span, 0, &rows, &mvcc.err)
                : varve_mvcc_scan(mvcc.reader, &how, span, 0, &rows, &mvcc.err);
    const char *result = mvcc_result(status, &rows, &mvcc.err);
    varve_rows_release(&rows);
    return result;
}

START_TEST(TestMVCCScanMaxNum)
{
    put_four();
    ck_assert_str_eq(mvcc_scan(.start = "k2", .end = "k4", .ts = at(1), .max = 1),
                     "k2@1=v2 > [k3,k4)");
    ck_assert_str_eq(scan_none(false, "k2", "k4"), "> [k2,k4)");
}
END_TEST

START_TEST(TestMVCCScanWithKeyPrefix)
{
    mvcc_put("/a", at(1), "v1");
    mvcc_put("/a", at(2), "v2");
    mvcc_put("/aa", at(2), "v2");
    mvcc_put("/aa", at(3), "v3");
    mvcc_put("/b", at(1), "v3");
    ck_assert_str_eq(mvcc_scan(.start = "/a", .end = "/b", .ts = at(2)), "/a@2=v2 /aa@2=v2");
}
END_TEST

START_TEST(TestMVCCScanInTxn)
{
    varve_txn txn = txn_at(1, at(1));
    mvcc_put("k1", at(1), "v1");
    mvcc_put("k2", at(1), "v2");
    mvcc_put_intent_of("k3", at(1), "v3", &txn, NULL);
    mvcc_put("k4", at(1), "v4");
    ck_assert_str_eq(mvcc_scan(.start = "k2", .end = "k4", .ts = at(1), .txn = &txn),
                     "k2@1=v2 k3@1=v3");
    ck_assert_str_eq(mvcc_scan(.start = "k2", .end = "k4", .ts = at(1)), "WRITE_INTENT k3@1/1");
}
END_TEST

START_TEST(TestMVCCScanInconsistent)
{
    varve_txn txn1 = txn_at(1, at(2));
    varve_txn txn2 = txn_at(2, at(6));
    mvcc_put("k1", at(1), "v1");
    mvcc_put_intent_of("k1", at(2), "v2", &txn1, NULL);
    mvcc_put("k2", at(3), "v1");
    mvcc_put("k2", at(4), "v2");
    mvcc_put_intent_of("k3", at(5), "v3", &txn2, NULL);
    mvcc_put("k4", at(6), "v4");

    mvcc_query q = {.start = "k1", .end = "k5", .ts = at(7), .flags = LOOSE};
    ck_assert_str_eq(mvcc_scan_query(&q), "k1@1=v1 k2@4=v2 k4@6=v4 + k1@2/1 + k3@5/2");
    q.ts = at(3);
    ck_assert_str_eq(mvcc_scan_query(&q), "k1@1=v1 k2@3=v1 + k1@2/1");
    q.txn = &txn1;
    ck_assert_str_eq(mvcc_scan_query(&q), "INVALID_ARGUMENT");
}
END_TEST

START_TEST(TestMVCCReverseScan)
{
    put_four();
    ck_assert_str_eq(mvcc_reverse(.start = "k2", .end = "k4", .ts = at(1)), "k3@1=v3 k2@1=v2");
    ck_assert_str_eq(mvcc_reverse(.start = "k2", .end = "k4", .ts = at(1), .max = 1),
                     "k3@1=v3 > [k2,k2%00)");
    ck_assert_str_eq(scan_none(true, "k2", "k4"), "> [k2,k4)");
    /* The first key is in the future, and the second. */
    ck_assert_str_eq(mvcc_reverse(.start = "k1", .end = "k3", .ts = logical(5)), "");
}
END_TEST

START_TEST(TestMVCCReverseScanFirstKeyInFuture)
{
    mvcc_put("k1", at(2), "v1");
    mvcc_put("k2", at(1), "v2");
    mvcc_put("k3", at(3), "v3");
    mvcc_put("k3", at(4), "v4");
    ck_assert_str_eq(mvcc_reverse(.start = "k1", .end = "k4", .ts = at(2)), "k2@1=v2 k1@2=v1");
}
END_TEST

START_TEST(TestMVCCReverseScanSeeksOverRepeatedKeys)
{
    for (int i = 1; i <= 20; i++)
        mvcc_put("k2", at(i), "v");
    varve_txn txn = txn_at(1, at(20));
    mvcc_put_intent_of("k2", at(21), "p", &txn, NULL);
    mvcc_put("k1", at(1), "v1");
    mvcc_put("k3", at(1), "v3");
    ck_assert_str_eq(mvcc_reverse(.start = "k1", .end = "k4", .ts = at(1)),
                     "k3@1=v3 k2@1=v k1@1=v1");
    ck_assert_str_eq(mvcc_reverse(.start = "k1", .end = "k4", .ts = at(1), .txn = &txn),
                     "k3@1=v3 k2@21=p k1@1=v1");
}
END_TEST

START_TEST(TestMVCCReverseScanStopAtSmallestKey)
{
    for (int keys = 1; keys <= 12; keys++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d/k", keys);
        for (int i = 1; i <= keys; i++)
            mvcc_put(key, at(i + 1), "v");
    }
    for (int keys = 1; keys <= 12; keys++) {
        char start[16], end[16], seen[64];
        (void)snprintf(start, sizeof start, "%d/k", keys);
        (void)snprintf(end, sizeof end, "%d/l", keys);
        (void)snprintf(seen, sizeof seen, "%d/k@%d=v", keys, keys + 1);
        ck_assert_str_eq(mvcc_reverse(.start = start, .end = end, .ts = at(99)), seen);
        ck_assert_str_eq(mvcc_reverse(.start = start, .end = end, .ts = at(1)), "");
    }
}
END_TEST

/* ---- Limits ------------------------------------------------------------------------------------
 */

/* Values of the intent history count as all others do: 8 + (2 + 1) + 1 bytes. */
START_TEST(values_of_the_history_obey_limits)
{
    const mvcc_earlier earlier[] = {{1, "x"}, {0, NULL}};
    varve_txn txn = txn_at(1, at(5));
    txn.meta.sequence = 3;
    mvcc_put_intent_of("k1", at(5), "y", &txn, earlier);
    mvcc_put_intent_of("k2", at(5), "y", &txn, earlier);
    mvcc_put_intent_of("k3", at(5), "y", &txn, earlier);
    txn.meta.sequence = 2;

    mvcc_query q = {.start = "k1", .end = "k9", .ts = at(5), .txn = &txn, .max = 1};
    ck_assert_str_eq(mvcc_scan_query(&q), "k1@0=x > [k2,k9)");
    q.max = 0;
    q.target_bytes = 12;
    ck_assert_str_eq(mvcc_scan_query(&q), "k1@0=x > [k2,k9)");
    q.target_bytes = 13;
    ck_assert_str_eq(mvcc_scan_query(&q), "k1@0=x k2@0=x > [k3,k9)");
    q.reverse = true;
    ck_assert_str_eq(mvcc_scan_query(&q), "k3@0=x k2@0=x > [k1,k1%00)");
    q.target_bytes = 25;
    ck_assert_str_eq(mvcc_scan_query(&q), "k3@0=x k2@0=x k1@0=x");
}
END_TEST

/* With as many intents as the caller wants to know of, an inconsistent scan has a resume span. */
START_TEST(intents_told_are_a_limit)
{
    mvcc_put("a", at(1), "v");
    mvcc_put_intent("b", at(2), "p", 1);
    mvcc_put("c", at(1), "v");
    mvcc_put_intent("c", at(2), "p", 2);
    mvcc_put_intent("d", at(2), "p", 3);

    mvcc_query q = {.start = "a", .end = "z", .ts = at(5), .flags = LOOSE, .max_intents = 2};
    ck_assert_str_eq(mvcc_scan_query(&q), "a@1=v c@1=v > [d,z) + b@2/1 + c@2/2");
    ck_assert_str_eq(mvcc_iterate_query(&q), "a@1=v c@1=v > [d,z) + b@2/1 + c@2/2");
    q.start = "d";
    ck_assert_str_eq(mvcc_scan_query(&q), "+ d@2/3");
    q.start = "a";
    q.reverse = true;
    ck_assert_str_eq(mvcc_scan_query(&q), "c@1=v > [a,b%00) + d@2/3 + c@2/2");
    q.max_intents = 3;
    ck_assert_str_eq(mvcc_scan_query(&q), "c@1=v > [a,a%00) + d@2/3 + c@2/2 + b@2/1");
    q.max_intents = 4;
    ck_assert_str_eq(mvcc_scan_query(&q), "c@1=v a@1=v + d@2/3 + c@2/2 + b@2/1");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestMVCCGetNotExist);
    tcase_add_test(tcase, TestMVCCPutWithTxn);
    tcase_add_test(tcase, TestMVCCGetNoMoreOldVersion);
    tcase_add_test(tcase, TestMVCCInlineWithTxn);
    tcase_add_test(tcase, TestMVCCGetAndDeleteInTxn);
    tcase_add_test(tcase, TestMVCCGetWriteIntentError);
    tcase_add_test(tcase, TestMVCCGetInconsistent);
    tcase_add_test(tcase, TestMVCCGetProtoInconsistent);
    tcase_add_test(tcase, records_need_not_be_decoded);
    tcase_add_test(tcase, TestMVCCGetUncertainty);
    tcase_add_test(tcase, TestMVCCGetUncertainty_2020);
    tcase_add_test(tcase, TestMVCCReadWithDiffEpochs);
    tcase_add_test(tcase, TestMVCCReadWithOldEpoch);
    tcase_add_test(tcase, TestMVCCReadWithPushedTimestamp);
    tcase_add_test(tcase, TestMVCCGetWithDiffEpochsAndTimestamps);
    tcase_add_test(tcase, TestMVCCScanWriteIntentError);
    tcase_add_test(tcase, TestMVCCScan);
    tcase_add_test(tcase, TestMVCCScanMaxNum);
    tcase_add_test(tcase, TestMVCCScanWithKeyPrefix);
    tcase_add_test(tcase, TestMVCCScanInTxn);
    tcase_add_test(tcase, TestMVCCScanInconsistent);
    tcase_add_test(tcase, TestMVCCReverseScan);
    tcase_add_test(tcase, TestMVCCReverseScanFirstKeyInFuture);
    tcase_add_test(tcase, TestMVCCReverseScanSeeksOverRepeatedKeys);
    tcase_add_test(tcase, TestMVCCReverseScanStopAtSmallestKey);
    tcase_add_test(tcase, values_of_the_history_obey_limits);
    tcase_add_test(tcase, intents_told_are_a_limit);
}

int main(void)
{
    return mvcc_run(mvcc_read_suite("mvcc/checklist_reads", fill));
}
