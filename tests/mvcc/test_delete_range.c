/*
 * Deleting and clearing the keys of a span.
 */
#include "tests/support/writes.h"

#include <stdio.h>

#define VALUE(text) "%00%00%00%00%03" text
#define IN_THE_WAY "WRITE_INTENT: conflicting intents on "

static void put_keys(void)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ck_assert_str_eq(writes_put(keys[i], at(1), keys[i]), "OK");
}

/* The keys that have a value. */
static const char *keys_left(void)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    varve_span all = {bytes(""), bytes("\xFF\xFF")};
    char text[200] = "";
    size_t size = 0;
    ck_ok(varve_mvcc_scan(mvcc.reader, &how, all, -1, &rows, &mvcc.err), &mvcc.err);
    for (size_t position = 0; varve_rows_next(&rows, &position, &row);)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", mvcc_text(row.key));
    varve_rows_release(&rows);
    return (const char *)copy_of(varve_slice_of(text, size + 1)).data;
}

START_TEST(TestMVCCDeleteRange)
{
    put_keys();
    ck_assert_str_eq(writes_delete_range("b", "f", at(2), NULL, 2, false), "2 > [d,f)");
    ck_assert_str_eq(keys_left(), "adef");
    ck_assert_str_eq(writes_delete_range("d", "f", at(2), NULL, 0, false), "0 > [d,f)");
    ck_assert_str_eq(keys_left(), "adef");
    ck_assert_str_eq(writes_delete_range("d", "z", at(2), NULL, INT64_MAX, false), "3");
    ck_assert_str_eq(keys_left(), "a");
    ck_assert_str_eq(writes_records("d"), "-@2 d@1");
    /* Those that are gone are not deleted once more. */
    ck_assert_str_eq(writes_delete_range("", "z", at(3), NULL, -1, false), "1");
    ck_assert_str_eq(writes_records("d"), "-@2 d@1");
    ck_assert_str_eq(writes_delete_range("", "z", at(4), NULL, -1, false), "0");
    ck_assert_str_eq(writes_delete_range("z", "a", at(4), NULL, -1, false), "0");
}
END_TEST

START_TEST(TestMVCCDeleteRangeReturnKeys)
{
    put_keys();
    ck_assert_str_eq(writes_delete_range("b", "f", at(2), NULL, 2, true), "2 b c > [d,f)");
    ck_assert_str_eq(writes_delete_range("d", "f", at(2), NULL, 0, true), "0 > [d,f)");
    ck_assert_str_eq(writes_delete_range("d", "z", at(2), NULL, -1, true), "3 d e f");
    ck_assert_str_eq(writes_delete_range("b", "z", at(3), NULL, -1, true), "0");
    ck_assert_str_eq(keys_left(), "a");
}
END_TEST

START_TEST(TestMVCCDeleteRangeFailed)
{
    varve_txn txn = writes_txn(1, at(1));
    put_keys();
    ck_assert_str_eq(writes_put_as("bb", &txn, "v"), "OK");
    ck_assert_str_eq(writes_delete_range("a", "z", at(2), NULL, -1, true),
                     "0 " IN_THE_WAY "\"bb\"");
    txn.meta.sequence = 1;
    txn.read_ts = txn.meta.write_ts = at(2);
    ck_assert_str_eq(writes_delete_range("a", "z", at(2), &txn, -1, true), "7 a b bb c d e f");
}
END_TEST

START_TEST(TestMVCCDeleteRangeConcurrentTxn)
{
    varve_txn one = writes_txn(1, at(1));
    varve_txn two = writes_txn(2, at(2));
    ck_assert_str_eq(writes_put("a", at(1), "v"), "OK");
    ck_assert_str_eq(writes_put_as("b", &one, "v"), "OK");
    ck_assert_str_eq(writes_put_as("c", &two, "v"), "OK");
    one.meta.sequence = 1;
    ck_assert_str_eq(writes_delete_range("a", "z", at(1), &one, -1, false),
                     "0 " IN_THE_WAY "\"c\"");
    ck_assert_str_eq(writes_records("a"), "v@1");
}
END_TEST

START_TEST(TestMVCCUncommittedDeleteRangeVisible)
{
    varve_txn txn = writes_txn(1, at(2));
    ck_assert_str_eq(writes_put("a", at(1), "v"), "OK");
    ck_assert_str_eq(writes_put("b", at(1), "v"), "OK");
    ck_assert_str_eq(writes_put("b", at(2), NULL), "OK");
    ck_assert_str_eq(writes_put("c", at(1), "v"), "OK");
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_delete_range("a", "z", at(2), &txn, -1, false), "2");
    ck_assert_str_eq(writes_get("a", at(3), &txn), "-@2");
    txn.meta.epoch = 1;
    ck_assert_str_eq(writes_get("a", at(3), &txn), "v@1");
    ck_assert_str_eq(writes_get("b", at(3), &txn), "-@2");
    ck_assert_str_eq(writes_get("c", at(3), &txn), "v@1");
}
END_TEST

START_TEST(TestMVCCDeleteRangeInline)
{
    static const char *const mix =
        "3 INLINE_MIX: \"b\"/0,0: put is inline=false, but existing value is inline=true";
    varve_txn txn = writes_txn(1, at(1));
    varve_txn zero = writes_txn(1, varve_ts_zero());
    ck_assert_str_eq(writes_put("b", varve_ts_zero(), "v"), "OK");
    ck_assert_str_eq(writes_put("c", varve_ts_zero(), "v"), "OK");
    ck_assert_str_eq(writes_put("d", varve_ts_zero(), "v"), "OK");
    ck_assert_str_eq(writes_put("x", at(1), "v"), "OK");

    /* At a time, and as a transaction. */
    ck_assert_str_eq(writes_delete_range("a", "e", at(1), NULL, -1, true), mix);
    ck_assert_str_eq(writes_delete_range("a", "e", at(1), &txn, -1, true), mix);
    ck_assert_str_eq(writes_delete_range("a", "e", varve_ts_zero(), &zero, -1, true),
                     "3 INVALID_ARGUMENT: \"b\"/0,0: inline writes not allowed within "
                     "transactions");
    /* And a version at no time. */
    ck_assert_str_eq(writes_delete_range("w", "z", varve_ts_zero(), NULL, -1, true),
                     "1 INLINE_MIX: \"x\"/0,0: put is inline=true, but existing value is "
                     "inline=false");
    ck_assert_str_eq(keys_left(), "bcdx");

    ck_assert_str_eq(writes_delete_range("a", "e", varve_ts_zero(), NULL, 2, true),
                     "2 b c > [d,e)");
    ck_assert_str_eq(keys_left(), "dx");
    ck_assert_str_eq(writes_records("b"), "");
}
END_TEST

START_TEST(TestMVCCDeleteRangeWithSequence)
{
    varve_txn txn = writes_txn(1, at(1));
    static const char *const keys[] = {"a", "b", "c"};
    txn.meta.sequence = 2;
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(writes_put_as(keys[i], &txn, "v"), "OK");
    txn.meta.sequence = 5;
    ck_assert_str_eq(writes_delete_range("a", "z", at(1), &txn, -1, true), "3 a b c");
    const char *after = writes_everything();
    /* Done once more it deletes what it deleted; */
    ck_assert_str_eq(writes_delete_range("a", "z", at(1), &txn, -1, true), "3 a b c");
    ck_assert_str_eq(writes_everything(), after);
    /* with a later number there is nothing left; */
    txn.meta.sequence = 6;
    ck_assert_str_eq(writes_delete_range("a", "z", at(1), &txn, -1, true), "0");
    /* with one from in between it has not been. */
    txn.meta.sequence = 4;
    ck_assert_str_eq(writes_delete_range("a", "z", at(1), &txn, -1, true),
                     "3 TXN_REPLAY: transaction 00000000-0000-0000-0000-000000000001 with "
                     "sequence 5 missing an intent with lower sequence 4");
    ck_assert_str_eq(writes_everything(), after);
}
END_TEST

START_TEST(what_is_done_once_more_has_no_number_below_its_own)
{
    varve_txn txn = writes_txn(1, at(2));
    txn.meta.sequence = INT32_MIN;
    ck_assert_str_eq(writes_put("a", at(1), "v"), "OK");
    ck_assert_str_eq(writes_delete_range("a", "z", at(2), &txn, -1, true), "1 a");
    ck_assert_str_eq(writes_delete_range("a", "z", at(2), &txn, -1, true), "1 a");
    ck_assert_str_eq(writes_records("a"), "{1/0/-2147483648 w2 @2 0} -@2 v@1");
    txn.meta.sequence++;
    ck_assert_str_eq(writes_delete_range("a", "z", at(2), &txn, -1, true), "0");
}
END_TEST

/* The first that fails ends it: a write that was too old is done, those behind it are not. */
START_TEST(the_first_failure_ends_it)
{
    put_keys();
    ck_assert_str_eq(writes_put("b", at(10), "w"), "OK");
    ck_assert_str_eq(writes_delete_range("a", "e", at(5), NULL, 3, true),
                     "3 > [d,e) WRITE_TOO_OLD: WriteTooOldError: write at timestamp 0.000000005,0 "
                     "too old; wrote at 0.000000010,1");
    ck_assert_str_eq(writes_records("a"), "-@5 a@1");
    ck_assert_str_eq(writes_records("b"), "-@10,1 w@10 b@1");
    ck_assert_str_eq(writes_records("c"), "c@1");
}
END_TEST

START_TEST(what_it_is_not_told_of_it_does_without)
{
    varve_write how = writes_how(at(2), NULL);
    varve_span span = {bytes("a"), bytes("c")};
    put_keys();
    ck_ok(varve_mvcc_delete_range(&how, span, 1, true, NULL, NULL, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(keys_left(), "bcdef");
    int64_t deleted = -1;
    varve_rows rows = VARVE_ROWS_INIT;
    how.reader = NULL;
    ck_fails(varve_mvcc_delete_range(&how, span, 1, true, &rows, &deleted, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err, "varve_write.reader is NULL");
    ck_assert_int_eq(deleted, 0);
    how.reader = mvcc.reader;
    how.writer = NULL;
    ck_fails(varve_mvcc_delete_range(&how, span, 1, true, NULL, &deleted, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err, "varve_write.writer is NULL");
    how.struct_size = 1;
    ck_status(varve_mvcc_delete_range(&how, span, 1, true, NULL, NULL, &mvcc.err),
              VARVE_INVALID_ARGUMENT, &mvcc.err);
    varve_error_release(&mvcc.err);
    varve_rows_release(&rows);
}
END_TEST

/* The rows have the values that were deleted. */
/* The keys are deleted by a copy of the description, behind which there is nothing to read. */
START_TEST(a_description_of_a_later_version_will_do)
{
    struct {
        varve_write known;
        uint64_t unknown[4];
    } later = {.known = writes_how(at(2), NULL)};
    varve_span span = {bytes("a"), bytes("c")};
    int64_t deleted;
    later.known.struct_size = sizeof later;
    put_keys();
    ck_ok(varve_mvcc_delete_range(&later.known, span, -1, false, NULL, &deleted, &mvcc.err),
          &mvcc.err);
    ck_assert_int_eq(deleted, 2);
    ck_assert_str_eq(keys_left(), "cdef");
}
END_TEST

START_TEST(returned_keys_have_their_values)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = writes_how(at(2), NULL);
    varve_bill bill = {.struct_size = sizeof bill};
    varve_span span = {bytes("a"), bytes("c")};
    how.bill = &bill;
    put_keys();
    varve_status status = varve_mvcc_delete_range(&how, span, 1, true, &rows, NULL, &mvcc.err);
    ck_assert_str_eq(mvcc_result(status, &rows, &mvcc.err), "a@1=" VALUE("a") " > [b,c)");
    ck_assert_uint_ge(bill.keys, 2);
    ck_assert_uint_ge(bill.seeks, 2);
    varve_rows_release(&rows);
}
END_TEST

/* Statistics are kept through it all: writes_delete_range() recounts. */
START_TEST(intents_of_ones_own_are_deleted_in_place)
{
    varve_txn txn = writes_txn(1, seconds(2));
    ck_assert_str_eq(writes_put("a", seconds(1), "v"), "OK");
    ck_assert_str_eq(writes_put_as("a", &txn, "w"), "OK");
    ck_assert_str_eq(writes_put_as("%01s", &txn, "w"), "OK");
    txn.meta.sequence = 1;
    txn.meta.write_ts = seconds(5);
    ck_assert_str_eq(writes_delete_range("", "z", seconds(2), &txn, -1, true), "2 %01s a");
    ck_assert_str_eq(writes_records("a"), "{1/0/1 w5s @5s 0 0=w} -@5s v@1s");
}
END_TEST

/* ---- Clearing ----------------------------------------------------------------------------------
 */

static varve_status clear(const char *start, const char *end)
{
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    return varve_mvcc_clear_range(mvcc.writer, span, &mvcc.err);
}

START_TEST(clearing_leaves_nothing)
{
    varve_txn txn = writes_txn(1, at(2));
    put_keys();
    ck_assert_str_eq(writes_put_as("c", &txn, "p"), "OK");
    ck_assert_str_eq(writes_put("c%00", varve_ts_zero(), "i"), "OK");
    ck_ok(clear("c", "d"), &mvcc.err);
    ck_assert_str_eq(keys_left(), "abdef");
    ck_assert_str_eq(writes_records("c"), "");
    ck_assert_str_eq(writes_records("c%00"), "");
    ck_ok(clear("", "b"), &mvcc.err);
    ck_ok(clear("d", "d"), &mvcc.err);
    ck_assert_str_eq(keys_left(), "bdef");
    ck_status(clear("f", "a"), VARVE_INVALID_ARGUMENT, &mvcc.err);
    ck_status(clear("a", ""), VARVE_EMPTY_KEY, &mvcc.err);
    varve_error_release(&mvcc.err);
    ck_assert_str_eq(keys_left(), "bdef");
}
END_TEST

/* ---- Merging -----------------------------------------------------------------------------------
 */

START_TEST(merges)
{
    varve_txn txn = writes_txn(1, at(2));
    varve_write how = writes_how(at(5), NULL);
    ck_assert_str_eq(writes_merge("k", at(22), "def"), "OK");
    ck_assert_str_eq(writes_everything(), "6B 00 01:12 04 08 00 10 00 18 00 20 00 28 00 32 08 00 "
                                          "00 00 00 03 64 65 66 3A 04 08 16 10 00\n");
    ck_assert_str_eq(writes_merge("k", at(3), "ghi"), "OK");
    ck_assert_str_eq(writes_get("k", at(1), NULL), "defghi@0");
    /* Over versions, which are hidden then, and without a time. */
    writes.quiet = true;
    ck_assert_str_eq(writes_put("l", at(3), "v"), "OK");
    ck_assert_str_eq(writes_merge("l", varve_ts_zero(), "#1"), "OK");
    ck_assert_str_eq(writes_merge("l", varve_ts_zero(), "#2"), "OK");
    ck_assert_str_eq(writes_get("l", at(9), NULL), "#3@0");
    ck_assert_str_eq(writes_records("l"), "{#3} v@3");

    how.txn = &txn;
    ck_fails(varve_mvcc_merge(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err, "a transaction cannot merge");
    how.txn = NULL;
    ck_fails(varve_mvcc_merge(&how, bytes(""), bytes("v"), &mvcc.err), VARVE_EMPTY_KEY, &mvcc.err,
             "attempted access to empty key");
    ck_status(varve_mvcc_merge(&how, bytes("\xFF\xFF"), bytes("v"), &mvcc.err), VARVE_INVALID_KEY,
              &mvcc.err);
    how.writer = NULL;
    ck_fails(varve_mvcc_merge(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err, "varve_write.writer is NULL");
    how.struct_size = 2;
    ck_status(varve_mvcc_merge(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
              &mvcc.err);
    varve_error_release(&mvcc.err);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, writes_start, NULL);
    tcase_add_test(tcase, TestMVCCDeleteRange);
    tcase_add_test(tcase, TestMVCCDeleteRangeReturnKeys);
    tcase_add_test(tcase, TestMVCCDeleteRangeFailed);
    tcase_add_test(tcase, TestMVCCDeleteRangeConcurrentTxn);
    tcase_add_test(tcase, TestMVCCUncommittedDeleteRangeVisible);
    tcase_add_test(tcase, TestMVCCDeleteRangeInline);
    tcase_add_test(tcase, TestMVCCDeleteRangeWithSequence);
    tcase_add_test(tcase, what_is_done_once_more_has_no_number_below_its_own);
    tcase_add_test(tcase, the_first_failure_ends_it);
    tcase_add_test(tcase, what_it_is_not_told_of_it_does_without);
    tcase_add_test(tcase, a_description_of_a_later_version_will_do);
    tcase_add_test(tcase, returned_keys_have_their_values);
    tcase_add_test(tcase, intents_of_ones_own_are_deleted_in_place);
    tcase_add_test(tcase, clearing_leaves_nothing);
    tcase_add_test(tcase, merges);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/delete_range", fill));
}
