/*
 * The tests of writes that the behaviour asks for, by their names in the reference.  Commits are
 * made by hand; what a resolution does besides is tested with that.
 */
#include "mvcc/increment.h"
#include "tests/support/writes.h"

#define TOO_OLD(attempted, actual)                                                                 \
    "WRITE_TOO_OLD: WriteTooOldError: write at timestamp " attempted " too old; wrote at " actual
#define UNEXPECTED "CONDITION_FAILED: unexpected value: "
#define RAW(text) "raw_bytes:\"\\000\\000\\000\\000\\003" text "\" "
#define IN_THE_WAY "WRITE_INTENT: conflicting intents on \"k\""
#define EMPTY_KEY "EMPTY_KEY: attempted access to empty key"

#define ck_ok_put(call) ck_assert_str_eq(call, "OK")
#define ck_get(key, ts, txn, expected) ck_assert_str_eq(writes_get(key, ts, txn), expected)

/* ---- Puts and reads ----------------------------------------------------------------------------
 */

START_TEST(TestMVCCEmptyKey)
{
    ck_get("", at(1), NULL, EMPTY_KEY);
    ck_assert_str_eq(writes_put("", at(1), "v"), EMPTY_KEY);
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "k", .ts = at(1)), "");
    ck_assert_str_eq(mvcc_scan(.start = "k", .end = "", .ts = at(1)), "EMPTY_KEY");
    ck_assert_str_eq(writes_delete_range("k", "", at(1), NULL, -1, false), "0 " EMPTY_KEY);
    ck_assert_str_eq(writes_merge("", at(1), "v"), EMPTY_KEY);
    ck_fails(varve_mvcc_clear_range(mvcc.writer, (varve_span){bytes("k"), bytes("")}, &mvcc.err),
             VARVE_EMPTY_KEY, &mvcc.err, "attempted access to empty key");
}
END_TEST

START_TEST(TestMVCCPutWithTxn)
{
    varve_txn txn = writes_txn(1, at(5));
    ck_ok_put(writes_put_as("k", &txn, "v"));
    ck_get("k", at(5), &txn, "v@5");
    ck_get("k", varve_ts_of(5, 1), &txn, "v@5");
    ck_get("k", at(1000000), &txn, "v@5");
}
END_TEST

START_TEST(TestMVCCPutWithoutTxn)
{
    ck_ok_put(writes_put("k", at(5), "v"));
    ck_get("k", at(5), NULL, "v@5");
    ck_get("k", varve_ts_of(5, 1), NULL, "v@5");
    ck_get("k", at(1000000), NULL, "v@5");
}
END_TEST

START_TEST(TestMVCCPutOutOfOrder)
{
    varve_txn txn = writes_txn(1, varve_ts_of(2, 1));
    ck_ok_put(writes_put_as("k", &txn, "v"));
    txn.read_ts = txn.meta.write_ts = at(1);
    txn.meta.sequence = 1;
    ck_ok_put(writes_put_as("k", &txn, "w"));
    ck_get("k", varve_ts_of(2, 1), &txn, "w@2,1");
    ck_get("k", at(3), &txn, "w@2,1");
}
END_TEST

START_TEST(TestMVCCUpdateExistingKey)
{
    ck_ok_put(writes_put("k", at(1), "v"));
    ck_get("k", at(1), NULL, "v@1");
    ck_ok_put(writes_put("k", at(2), "w"));
    ck_get("k", at(3), NULL, "w@2");
    ck_get("k", at(1), NULL, "v@1");
}
END_TEST

START_TEST(TestMVCCUpdateExistingKeyOldVersion)
{
    ck_ok_put(writes_put("k", varve_ts_of(1, 1), "v"));
    ck_assert_str_eq(writes_put("k", varve_ts_of(0, 1), "w"), TOO_OLD("0,1", "0.000000001,2"));
    ck_assert_str_eq(writes_put("k", varve_ts_of(1, 0), "x"),
                     TOO_OLD("0.000000001,0", "0.000000001,3"));
}
END_TEST

START_TEST(TestMVCCUpdateExistingKeyInTxn)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_ok_put(writes_put_as("k", &txn, "v"));
    txn.read_ts = txn.meta.write_ts = at(2);
    txn.meta.sequence = 1;
    ck_ok_put(writes_put_as("k", &txn, "v"));
    ck_assert_str_eq(writes_records("k"), "{1/0/1 w2 @2 6 0=v} v@2");
}
END_TEST

START_TEST(TestMVCCUpdateExistingKeyDiffTxn)
{
    varve_txn one = writes_txn(1, at(1));
    varve_txn two = writes_txn(2, at(2));
    ck_ok_put(writes_put_as("k", &one, "v"));
    ck_assert_str_eq(writes_put_as("k", &two, "w"), IN_THE_WAY);
}
END_TEST

START_TEST(TestMVCCGetAndDelete)
{
    ck_ok_put(writes_put("k", at(1), "v"));
    ck_get("k", at(2), NULL, "v@1");
    ck_ok_put(writes_put("k", at(3), NULL));
    ck_get("k", at(4), NULL, "-@3");
    ck_assert_str_eq(mvcc_get("k", at(4)), "none");
    ck_get("k", at(2), NULL, "v@1");
    ck_get("k", varve_ts_of(2, INT32_MAX), NULL, "v@1");
}
END_TEST

START_TEST(TestMVCCWriteWithOlderTimestampAfterDeletionOfNonexistentKey)
{
    ck_ok_put(writes_put("k", at(3), NULL));
    ck_assert_str_eq(writes_put("k", at(1), "v"), TOO_OLD("0.000000001,0", "0.000000003,1"));
    ck_assert_str_eq(mvcc_get("k", at(2)), "none");
    ck_get("k", at(3), NULL, "-@3");
    ck_get("k", at(4), NULL, "v@3,1");
}
END_TEST

START_TEST(TestMVCCInlineWithTxn)
{
    varve_txn txn = writes_txn(1, varve_ts_zero());
    txn.meta.write_ts = at(1);
    ck_ok_put(writes_put("k", varve_ts_zero(), "v"));
    ck_get("k", varve_ts_zero(), NULL, "v@0");
    ck_get("k", varve_ts_zero(), &txn, "v@0");
    ck_assert_str_eq(writes_put_as("k", &txn, "w"),
                     "INVALID_ARGUMENT: \"k\"/0,0: inline writes not allowed within transactions");
}
END_TEST

START_TEST(TestMVCCDeleteMissingKey)
{
    ck_ok_put(writes_put("k", at(1), NULL));
    ck_assert_str_eq(writes_records("k"), "-@1");
}
END_TEST

START_TEST(TestMVCCGetAndDeleteInTxn)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_ok_put(writes_put_as("k", &txn, "v"));
    ck_get("k", at(2), &txn, "v@1");
    txn.meta.sequence = 1;
    txn.read_ts = txn.meta.write_ts = at(3);
    ck_ok_put(writes_put_as("k", &txn, NULL));
    ck_get("k", at(4), &txn, "-@3");
    /* What it has written at first is gone, for the reader of before too. */
    ck_get("k", at(2), &txn, "-@3");
}
END_TEST

START_TEST(TestMVCCGetWriteIntentError)
{
    varve_txn one = writes_txn(1, at(1));
    varve_txn two = writes_txn(2, at(1));
    ck_ok_put(writes_put_as("k", &one, "v"));
    ck_get("k", at(1), NULL, IN_THE_WAY);
    ck_get("k", at(1), &two, IN_THE_WAY);
}
END_TEST

/* Of the reference those parts that 2020 has: one R for each, and W where that is. */
START_TEST(TestMVCCWriteWithDiffTimestampsAndEpochs)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_ok_put(writes_put_as("k", &txn, "v1"));
    /* Older epochs are refused, later ones and timestamps forward and back are not. */
    txn.meta.epoch = 2;
    ck_ok_put(writes_put_as("k", &txn, "v2"));
    txn.meta.epoch = 1;
    ck_assert_str_eq(writes_put_as("k", &txn, "v1"),
                     "TXN_EPOCH: put with epoch 1 came after put with epoch 2 in txn "
                     "00000000-0000-0000-0000-000000000001");
    txn.meta.epoch = 2;
    txn.meta.sequence = 1;
    txn.read_ts = txn.meta.write_ts = varve_ts_of(1, 1);
    ck_ok_put(writes_put_as("k", &txn, "v3"));
    ck_assert_str_eq(writes_records("k"), "{1/2/1 w1,1 @1,1 7 0=v2} v3@1,1");
    txn.meta.sequence = 2;
    txn.read_ts = txn.meta.write_ts = at(1);
    ck_ok_put(writes_put_as("k", &txn, "v4"));
    ck_assert_str_eq(writes_records("k"), "{1/2/2 w1 @1,1 7 0=v2 1=v3} v4@1,1");

    writes_commit("k");
    ck_assert_str_eq(writes_put("k", varve_ts_of(1, 1), "v5"),
                     TOO_OLD("0.000000001,1", "0.000000001,2"));
    txn = writes_txn(3, varve_ts_of(1, 1));
    ck_assert_str_eq(writes_put_as("k", &txn, "v6"), TOO_OLD("0.000000001,1", "0.000000001,3"));
}
END_TEST

START_TEST(TestMVCCMultiplePutOldTimestamp)
{
    ck_ok_put(writes_put("k", at(3), "v1"));
    varve_txn txn = writes_txn(1, at(1));
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_put_as("k", &txn, "v2"), TOO_OLD("0.000000001,0", "0.000000003,1"));
    ck_get("k", at(7), &txn, "v2@3,1");
    /* Once more, in the same place: the intent stays. */
    txn.meta.sequence = 2;
    ck_ok_put(writes_put_as("k", &txn, "v3"));
    ck_assert_str_eq(writes_records("k"), "{1/0/2 w1 @3,1 7 1=v2} v3@3,1 v1@3");
    txn.meta.write_ts = at(9);
    txn.meta.sequence = 3;
    ck_ok_put(writes_put_as("k", &txn, "v4"));
    ck_assert_str_eq(writes_records("k"), "{1/0/3 w9 @9 7 1=v2 2=v3} v4@9 v1@3");
}
END_TEST

START_TEST(TestMVCCPutNegativeTimestampError)
{
    ck_assert_str_eq(writes_put("k", at(-1), "v"),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp -0.000000001,0");
}
END_TEST

START_TEST(TestMVCCPutOldOrigTimestampNewCommitTimestamp)
{
    ck_ok_put(writes_put("k", at(3), "v1"));
    varve_txn txn = writes_txn(1, at(1));
    txn.meta.write_ts = at(5);
    ck_assert_str_eq(writes_put_as("k", &txn, "v2"), TOO_OLD("0.000000001,0", "0.000000005,0"));
    ck_get("k", at(7), &txn, "v2@5");
}
END_TEST

/* ---- Replays -----------------------------------------------------------------------------------
 */

#define DIFFERS(value, written)                                                                    \
    "TXN_REPLAY: transaction 00000000-0000-0000-0000-000000000001 with sequence 2 has a "          \
    "different value [" value "] after recomputing from what was written: [" written "]"

static const char *put_at(varve_txn *txn, int32_t sequence, const char *value)
{
    txn->meta.sequence = sequence;
    return writes_put_as("k", txn, value);
}

/* Old sequence numbers were refused in 2017; since 2020 they are replays. */
START_TEST(TestMVCCWriteWithSequence)
{
    static const char *const records = "{1/0/4 w1 @1 7 2=v2 3=v3} v4@1";
    varve_txn txn = writes_txn(1, at(1));
    ck_ok_put(put_at(&txn, 2, "v2"));
    ck_ok_put(put_at(&txn, 3, "v3"));
    ck_ok_put(put_at(&txn, 4, "v4"));
    ck_assert_str_eq(writes_records("k"), records);

    ck_assert_str_eq(put_at(&txn, 1, "v1"),
                     "TXN_REPLAY: transaction 00000000-0000-0000-0000-000000000001 with sequence 4 "
                     "missing an intent with lower sequence 1");
    ck_ok_put(put_at(&txn, 2, "v2"));
    ck_assert_str_eq(put_at(&txn, 2, "v1"), DIFFERS("0 0 0 0 3 118 49", "0 0 0 0 3 118 50"));
    ck_assert_str_eq(put_at(&txn, 2, NULL), DIFFERS("", "0 0 0 0 3 118 50"));
    ck_ok_put(put_at(&txn, 3, "v3"));
    ck_ok_put(put_at(&txn, 4, "v4"));
    ck_assert_str_ne(put_at(&txn, 4, "v5"), "OK");
    ck_assert_str_eq(writes_records("k"), records);
    ck_ok_put(put_at(&txn, 5, "v5"));
}
END_TEST

START_TEST(replays_of_deletions)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_ok_put(put_at(&txn, 2, NULL));
    ck_ok_put(put_at(&txn, 2, NULL));
    ck_assert_str_eq(put_at(&txn, 2, "v"), DIFFERS("0 0 0 0 3 118", ""));
    ck_ok_put(put_at(&txn, 3, "w"));
    ck_ok_put(put_at(&txn, 2, NULL));
    ck_assert_str_eq(writes_records("k"), "{1/0/3 w1 @1 6 2=-} w@1");
}
END_TEST

START_TEST(replays_make_their_values_again)
{
    varve_txn txn = writes_txn(1, at(5));
    ck_ok_put(writes_put("k", at(3), "#3"));
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 1), "OK 4");
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 10), "OK 14");
    txn.meta.sequence = 3;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 100), "OK 114");

    /* Of what was committed, of the history, and the last. */
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 1), "OK 4");
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 10), "OK 14");
    txn.meta.sequence = 3;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 100), "OK 114");
    txn.meta.sequence = 2;
    const char *differs = writes_increment("k", at(5), &txn, 11);
    ck_assert_int_eq(strncmp(differs, "TXN_REPLAY: ", 12), 0);

    /* The error of the function is that of the replay. */
    ck_assert_str_eq(writes_put_if("k", at(5), &txn, "v", NULL),
                     "CONDITION_FAILED: unexpected value: "
                     "raw_bytes:\"\\254\\003D\\240\\001\\010\" timestamp:<> ");
    ck_assert_str_eq(writes_records("k"), "{1/0/3 w5 @5 7 1=#4 2=#14} #114@5 #3@3");
}
END_TEST

START_TEST(replays_make_their_values_of_what_is_not_ignored)
{
    varve_txn txn = writes_txn(1, at(5));
    varve_seq_range second[] = {{2, 2}};
    varve_seq_range both[] = {{1, 2}};
    ck_ok_put(put_at(&txn, 1, "#1"));
    ck_ok_put(put_at(&txn, 2, "#20"));
    txn.ignored = second;
    txn.ignored_count = 1;
    txn.meta.sequence = 3;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 5), "OK 6");
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 5), "OK 6");
    txn.ignored = both;
    ck_assert_str_ne(writes_increment("k", at(5), &txn, 5), "OK 6");
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 6), "OK 6");
    /* What was written is found though it is ignored. */
    ck_ok_put(put_at(&txn, 1, "#1"));
}
END_TEST

START_TEST(replays_at_the_smallest_sequence_number)
{
    varve_txn txn = writes_txn(1, at(5));
    txn.meta.sequence = INT32_MIN;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 5), "OK 5");
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 5), "OK 5");
    txn.meta.sequence = 0;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 1), "OK 6");
    txn.meta.sequence = INT32_MIN;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 5), "OK 5");
}
END_TEST

/* An intent that came above where the transaction writes is found where it is. */
START_TEST(replays_of_a_write_that_was_too_old)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_ok_put(writes_put("k", at(3), "#3"));
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_increment("k", at(1), &txn, 1),
                     TOO_OLD("0.000000001,0", "0.000000003,1") " 1");
    ck_assert_str_eq(writes_increment("k", at(1), &txn, 1), "OK 1");
    ck_assert_str_eq(writes_records("k"), "{1/0/2 w1 @3,1 6} #1@3,1 #3@3");
}
END_TEST

/* ---- Increments --------------------------------------------------------------------------------
 */

START_TEST(TestMVCCIncrement)
{
    ck_assert_str_eq(writes_increment("k", varve_ts_of(0, 1), NULL, 0), "OK 0");
    ck_get("k", varve_ts_of(0, 1), NULL, "#0@0,1");
    ck_assert_str_eq(writes_increment("k", varve_ts_of(0, 2), NULL, 2), "OK 2");
}
END_TEST

START_TEST(TestMVCCIncrementTxn)
{
    varve_txn txn = writes_txn(1, varve_ts_of(0, 1));
    for (int32_t i = 1; i <= 2; i++) {
        txn.meta.sequence = i;
        ck_assert_str_eq(writes_increment("k", txn.read_ts, &txn, 1), i == 1 ? "OK 1" : "OK 2");
    }
}
END_TEST

START_TEST(TestMVCCIncrementOldTimestamp)
{
    ck_ok_put(writes_put("k", at(1), "#1"));
    ck_ok_put(writes_put("k", at(3), "#2"));
    ck_assert_str_eq(writes_increment("k", at(2), NULL, 1),
                     TOO_OLD("0.000000002,0", "0.000000003,1") " 3");
    ck_get("k", varve_ts_of(3, 1), NULL, "#3@3,1");
}
END_TEST

START_TEST(TestMVCCIncrementWriteTooOld)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_assert_str_eq(writes_increment("k", at(10), NULL, 1), "OK 1");
    ck_assert_str_eq(writes_increment("k", at(1), NULL, 1),
                     TOO_OLD("0.000000001,0", "0.000000010,1") " 2");
    ck_assert_str_eq(writes_increment("l", at(10), NULL, 1), "OK 1");
    ck_assert_str_eq(writes_increment("l", at(1), &txn, 1),
                     TOO_OLD("0.000000001,0", "0.000000010,1") " 1");
}
END_TEST

START_TEST(increments_of_what_is_no_integer)
{
    ck_ok_put(writes_put("k", at(1), "text"));
    ck_assert_str_eq(writes_increment("k", at(2), NULL, 1),
                     "VALUE_TYPE: key \"k\" does not contain an integer value");
    ck_ok_put(writes_put("k", at(3), NULL));
    ck_assert_str_eq(writes_increment("k", at(4), NULL, 7), "OK 7");
    mvcc_put_raw(mvcc_engine_key("k", at(5)), hex("00 00 00 00 01 80"));
    varve_write how = writes_how(at(6), NULL);
    ck_fails(varve_mvcc_increment(&how, bytes("k"), 1, NULL, &mvcc.err), VARVE_VALUE_TYPE,
             &mvcc.err, "key \"k\" does not contain an integer value");
}
END_TEST

/* The value of the specification: INT 3 at key "r". */
START_TEST(increments_set_the_checksum)
{
    ck_assert_str_eq(writes_increment("r", at(1), NULL, 3), "OK 3");
    ck_assert_str_eq(writes_everything(),
                     "72 00 01 FF FF FF FF FF FF FF FE FF FF FF FF:58 4C F1 58 01 06\n");
}
END_TEST

START_TEST(increments_that_overflow)
{
    ck_assert_str_eq(writes_increment("k", at(1), NULL, INT64_MAX), "OK 9223372036854775807");
    ck_assert_str_eq(writes_increment("k", at(2), NULL, 1),
                     "INTEGER_OVERFLOW: key \"k\" with value 9223372036854775807 incremented by 1 "
                     "results in overflow 9223372036854775807");
    ck_assert_str_eq(writes_increment("k", at(2), NULL, INT64_MIN), "OK -1");
    ck_assert_str_eq(writes_increment("k", at(3), NULL, INT64_MIN),
                     "INTEGER_OVERFLOW: key \"k\" with value -1 incremented by "
                     "-9223372036854775808 results in overflow -1");
}
END_TEST

static const struct {
    int64_t a;
    int64_t b;
    bool overflows;
} sums[] = {
    {0, 0, false},
    {INT64_MAX, 0, false},
    {INT64_MAX, 1, true},
    {INT64_MAX, INT64_MIN, false},
    {INT64_MIN, 0, false},
    {INT64_MIN, -1, true},
    {INT64_MIN, INT64_MIN, true},
    {INT64_MAX, INT64_MAX, true},
    {INT64_MAX - 1, 1, false},
    {INT64_MIN + 1, -1, false},
    {INT64_MAX, -1, false},
    {INT64_MIN, 1, false},
};

START_TEST(TestWillOverflow)
{
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        ck_assert_int_eq(varve__sum_overflows(sums[i].a, sums[i].b), sums[i].overflows);
        ck_assert_int_eq(varve__sum_overflows(sums[i].b, sums[i].a), sums[i].overflows);
    }
}
END_TEST

/* ---- Conditions --------------------------------------------------------------------------------
 */

START_TEST(TestMVCCConditionalPut)
{
    ck_assert_str_eq(writes_put_if("k", at(1), NULL, "v1", "v2"), UNEXPECTED "<nil>");
    ck_assert_str_eq(writes_put_if("k", at(1), NULL, "v1", "?v2"), "OK");
    ck_assert_str_eq(writes_put_if("k", at(2), NULL, "v1", NULL),
                     UNEXPECTED RAW("v1") "timestamp:<wall_time:1 > ");
    /* Another value, though missing would do. */
    ck_assert_str_eq(writes_put_if("k", at(2), NULL, "v3", "?v2"),
                     UNEXPECTED RAW("v1") "timestamp:<wall_time:1 > ");
    /* From value to value, and to nothing. */
    ck_assert_str_eq(writes_put_if("k", at(2), NULL, "v2", "v1"), "OK");
    ck_assert_str_eq(writes_put_if("k", at(3), NULL, NULL, "v2"), "OK");
    ck_assert_str_eq(writes_put_if("k", at(4), NULL, "v3", NULL), "OK");
    ck_assert_str_eq(writes_records("k"), "v3@4 -@3 v2@2 v1@1");
}
END_TEST

/* An empty string is a value, and one can expect it. */
START_TEST(expecting_the_empty_string)
{
    varve_write how = writes_how(at(1), NULL);
    varve_slice empty = hex("00 00 00 00 03");
    varve_expect expect = {.struct_size = sizeof expect, .exists = true, .raw = empty};
    ck_status(varve_mvcc_put_if(&how, bytes("k"), writes_raw("v"), &expect, &mvcc.err),
              VARVE_CONDITION_FAILED, &mvcc.err);
    ck_assert(!mvcc.err.detail.condition.exists);
    varve_error_release(&mvcc.err);
    ck_ok(varve_mvcc_put(&how, bytes("k"), empty, &mvcc.err), &mvcc.err);
    how.ts = at(2);
    ck_ok(varve_mvcc_put_if(&how, bytes("k"), writes_raw("v"), &expect, &mvcc.err), &mvcc.err);
    how.ts = at(3);
    expect = (varve_expect){.struct_size = sizeof expect};
    ck_status(varve_mvcc_put_if(&how, bytes("k"), empty, &expect, &mvcc.err),
              VARVE_CONDITION_FAILED, &mvcc.err);
    ck_slice_eq(mvcc.err.detail.condition.raw, writes_raw("v"));
    varve_error_release(&mvcc.err);
    ck_status(varve_mvcc_put_if(&how, bytes("k"), empty, NULL, &mvcc.err), VARVE_INVALID_ARGUMENT,
              &mvcc.err);
    expect.struct_size = 0;
    ck_status(varve_mvcc_put_if(&how, bytes("k"), empty, &expect, &mvcc.err),
              VARVE_INVALID_ARGUMENT, &mvcc.err);
    varve_error_release(&mvcc.err);
}
END_TEST

/* Data are compared, not checksums. */
START_TEST(expectations_ignore_checksums)
{
    varve_write how = writes_how(at(1), NULL);
    ck_ok(varve_mvcc_put_record(&how, bytes("k"), bytes("v"), &mvcc.err), &mvcc.err);
    ck_assert_str_eq(writes_put_if("k", at(2), NULL, "w", "v"), "OK");
    how.ts = at(3);
    ck_ok(varve_mvcc_put_record(&how, bytes("k"), bytes("v"), &mvcc.err), &mvcc.err);
    ck_assert_str_eq(writes_init_put("k", at(4), NULL, "v", true), "OK");
}
END_TEST

/* One row for each: what is there, what is expected, and what comes of it. */
START_TEST(the_table_of_conditions)
{
    static const char *const tombstone = UNEXPECTED "timestamp:<wall_time:1 > ";
    static const char *const value = UNEXPECTED RAW("v") "timestamp:<wall_time:1 > ";
    static const struct {
        const char *there; /* "" = nothing, NULL = a tombstone */
        const char *expected;
        const char *const *failure; /* NULL = none */
    } rows[] = {
        {"v", "v", NULL},    {"v", "w", &value},      {"v", "?v", NULL},  {"v", "?w", &value},
        {"v", NULL, &value}, {NULL, "v", &tombstone}, {NULL, "?v", NULL}, {NULL, NULL, NULL},
        {"", "?v", NULL},    {"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char key[] = {(char)('a' + (int)i), '\0'};
        if (rows[i].there == NULL || *rows[i].there != '\0')
            ck_ok_put(writes_put(key, at(1), rows[i].there));
        ck_assert_str_eq(writes_put_if(key, at(2), NULL, "new", rows[i].expected),
                         rows[i].failure == NULL ? "OK" : *rows[i].failure);
    }
}
END_TEST

START_TEST(TestMVCCConditionalPutWithTxn)
{
    varve_txn txn = writes_txn(1, at(1));
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_put_if("k", at(1), &txn, "v1", NULL), "OK");
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_put_if("k", at(1), &txn, "v2", "v1"), "OK");
    txn.meta.sequence = 3;
    ck_assert_str_eq(writes_put_if("k", at(1), &txn, "v3", "v1"),
                     UNEXPECTED RAW("v2") "timestamp:<wall_time:1 > ");
    /* A later epoch does not see what an earlier one has written. */
    txn.meta.epoch = 2;
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_put_if("k", at(1), &txn, "v3", "v2"), UNEXPECTED "<nil>");
    ck_assert_str_eq(writes_put_if("k", at(1), &txn, "v3", NULL), "OK");
    txn.meta.write_ts = at(5);
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_put_if("k", at(1), &txn, "v4", "v3"), "OK");
    writes_commit("k");
    txn = writes_txn(2, at(2));
    ck_assert_str_eq(writes_put_if("k", at(2), &txn, "v5", NULL),
                     TOO_OLD("0.000000002,0", "0.000000005,1"));
}
END_TEST

START_TEST(TestMVCCInitPut)
{
    ck_assert_str_eq(writes_init_put("k", at(1), NULL, "v1", false), "OK");
    ck_assert_str_eq(writes_init_put("k", at(2), NULL, "v1", false), "OK");
    ck_assert_str_eq(writes_records("k"), "v1@2 v1@1");
    ck_assert_str_eq(writes_init_put("k", at(3), NULL, "v2", false),
                     UNEXPECTED RAW("v1") "timestamp:<wall_time:2 > ");
    ck_ok_put(writes_put("k", at(4), NULL));
    ck_assert_str_eq(writes_init_put("k", at(5), NULL, "v2", true),
                     UNEXPECTED "timestamp:<wall_time:4 > ");
    ck_assert_str_eq(writes_init_put("k", at(5), NULL, "v2", false), "OK");
}
END_TEST

START_TEST(TestMVCCInitPutWithTxn)
{
    varve_txn txn = writes_txn(1, at(1));
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_init_put("k", at(1), &txn, "v1", false), "OK");
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_init_put("k", at(1), &txn, "v1", false), "OK");
    txn.meta.sequence = 3;
    ck_assert_str_eq(writes_init_put("k", at(1), &txn, "v2", false),
                     UNEXPECTED RAW("v1") "timestamp:<wall_time:1 > ");
    txn.meta.epoch = 2;
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_init_put("k", at(1), &txn, "v2", false), "OK");
    writes_commit("k");
    ck_assert_str_eq(writes_init_put("k", at(4), NULL, "v1", false),
                     UNEXPECTED RAW("v2") "timestamp:<wall_time:1 > ");
}
END_TEST

START_TEST(TestMVCCConditionalPutWriteTooOld)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_ok_put(writes_put("k", at(10), "v1"));
    ck_assert_str_eq(writes_put_if("k", at(1), NULL, "v2", NULL),
                     UNEXPECTED RAW("v1") "timestamp:<wall_time:10 > ");
    ck_assert_str_eq(writes_put_if("k", at(1), NULL, "v2", "v1"),
                     TOO_OLD("0.000000001,0", "0.000000010,1"));
    ck_assert_str_eq(writes_put_if("k", at(1), &txn, "v3", "v2"), UNEXPECTED "<nil>");
    ck_assert_str_eq(writes_put_if("k", at(1), &txn, "v3", NULL),
                     TOO_OLD("0.000000001,0", "0.000000010,2"));
}
END_TEST

START_TEST(TestMVCCConditionalPutOldTimestamp)
{
    ck_ok_put(writes_put("k", at(1), "v1"));
    ck_ok_put(writes_put("k", at(3), "v2"));
    ck_assert_str_eq(writes_put_if("k", at(2), NULL, "v3", "v1"),
                     UNEXPECTED RAW("v2") "timestamp:<wall_time:3 > ");
    ck_assert_str_eq(writes_put_if("k", at(2), NULL, "v3", "v2"),
                     TOO_OLD("0.000000002,0", "0.000000003,1"));
    ck_get("k", varve_ts_max(), NULL, "v3@3,1");
}
END_TEST

/* ---- Iterators ---------------------------------------------------------------------------------
 */

/* Reads through one batch have iterators of their own: none disturbs another. */
START_TEST(TestMVCCInvalidateIterator)
{
    varve_iter *it;
    varve_iter_options options = {.struct_size = sizeof options};
    varve_span span = {bytes("a"), bytes("z")};
    varve_stats stats;
    ck_ok_put(writes_put("k", at(1), "v"));
    ck_ok_put(writes_put("l", at(1), "w"));
    ck_ok(varve_iter_open(mvcc.reader, &options, &it, &mvcc.err), &mvcc.err);
    for (int what = 0; what < 4; what++) {
        ck_assert(varve_iter_seek_ge(it, mvcc_engine_key("k", varve_ts_zero())));
        if (what == 0)
            ck_get("l", at(2), NULL, "w@1");
        else if (what == 1)
            ck_assert_str_eq(mvcc_scan(.start = "k", .end = "z", .ts = at(1)),
                             "k@1=%00%00%00%00%03v l@1=%00%00%00%00%03w");
        else if (what == 2)
            ck_ok(varve_stats_compute(mvcc.reader, span, 0, NULL, &stats, &mvcc.err), &mvcc.err);
        else
            ck_assert_str_eq(mvcc_versions(.start = "l", .ts = at(1)), "l@1=%00%00%00%00%03w");
        ck_assert(it->valid);
        ck_slice_eq(it->key, mvcc_engine_key("k", at(1)));
    }
    varve_iter_close(it);
}
END_TEST

START_TEST(TestMVCCPutAfterBatchIterCreate)
{
    varve_iter *it;
    varve_txn txn = writes_txn(1, at(10));
    ck_ok_put(writes_put("k", at(1), "v"));
    ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
    ck_assert(varve_iter_seek_ge(it, mvcc_engine_key("k", varve_ts_zero())));
    ck_ok_put(writes_put_as("k", &txn, "w"));
    txn.meta.sequence = 1;
    ck_ok_put(writes_put_as("k", &txn, "x"));
    ck_assert_str_eq(writes_records("k"), "{1/0/1 w10 @10 6 0=w} x@10 v@1");
    varve_iter_close(it);
}
END_TEST

static void add_puts(TCase *tcase)
{
    tcase_add_test(tcase, TestMVCCEmptyKey);
    tcase_add_test(tcase, TestMVCCPutWithTxn);
    tcase_add_test(tcase, TestMVCCPutWithoutTxn);
    tcase_add_test(tcase, TestMVCCPutOutOfOrder);
    tcase_add_test(tcase, TestMVCCUpdateExistingKey);
    tcase_add_test(tcase, TestMVCCUpdateExistingKeyOldVersion);
    tcase_add_test(tcase, TestMVCCUpdateExistingKeyInTxn);
    tcase_add_test(tcase, TestMVCCUpdateExistingKeyDiffTxn);
    tcase_add_test(tcase, TestMVCCGetAndDelete);
    tcase_add_test(tcase, TestMVCCWriteWithOlderTimestampAfterDeletionOfNonexistentKey);
    tcase_add_test(tcase, TestMVCCInlineWithTxn);
    tcase_add_test(tcase, TestMVCCDeleteMissingKey);
    tcase_add_test(tcase, TestMVCCGetAndDeleteInTxn);
    tcase_add_test(tcase, TestMVCCGetWriteIntentError);
    tcase_add_test(tcase, TestMVCCWriteWithDiffTimestampsAndEpochs);
    tcase_add_test(tcase, TestMVCCMultiplePutOldTimestamp);
    tcase_add_test(tcase, TestMVCCPutNegativeTimestampError);
    tcase_add_test(tcase, TestMVCCPutOldOrigTimestampNewCommitTimestamp);
    tcase_add_test(tcase, TestMVCCInvalidateIterator);
    tcase_add_test(tcase, TestMVCCPutAfterBatchIterCreate);
}

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, writes_start, NULL);
    add_puts(tcase);
    tcase_add_test(tcase, TestMVCCWriteWithSequence);
    tcase_add_test(tcase, replays_of_deletions);
    tcase_add_test(tcase, replays_make_their_values_again);
    tcase_add_test(tcase, replays_make_their_values_of_what_is_not_ignored);
    tcase_add_test(tcase, replays_at_the_smallest_sequence_number);
    tcase_add_test(tcase, replays_of_a_write_that_was_too_old);
    tcase_add_test(tcase, TestMVCCIncrement);
    tcase_add_test(tcase, TestMVCCIncrementTxn);
    tcase_add_test(tcase, TestMVCCIncrementOldTimestamp);
    tcase_add_test(tcase, TestMVCCIncrementWriteTooOld);
    tcase_add_test(tcase, increments_of_what_is_no_integer);
    tcase_add_test(tcase, increments_set_the_checksum);
    tcase_add_test(tcase, increments_that_overflow);
    tcase_add_test(tcase, TestWillOverflow);
    tcase_add_test(tcase, TestMVCCConditionalPut);
    tcase_add_test(tcase, expecting_the_empty_string);
    tcase_add_test(tcase, expectations_ignore_checksums);
    tcase_add_test(tcase, the_table_of_conditions);
    tcase_add_test(tcase, TestMVCCConditionalPutWithTxn);
    tcase_add_test(tcase, TestMVCCInitPut);
    tcase_add_test(tcase, TestMVCCInitPutWithTxn);
    tcase_add_test(tcase, TestMVCCConditionalPutWriteTooOld);
    tcase_add_test(tcase, TestMVCCConditionalPutOldTimestamp);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/write_checklist", fill));
}
