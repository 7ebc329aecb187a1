/*
 * What reads put on a bill, and what ends them from outside.
 */
#include <stdio.h>

#include "tests/support/mvcc.h"

#define BILL(...) ((varve_bill){.struct_size = sizeof(varve_bill), __VA_ARGS__})

#define ck_bill(actual, expected, member)                                                          \
    ck_assert_msg((actual)->member == (expected)->member, #member " is %llu, not %llu",            \
                  (unsigned long long)(actual)->member, (unsigned long long)(expected)->member)

/* All but the movements, of which there may be more than one way to do with. */
static void ck_bills(const varve_bill *actual, const varve_bill *expected)
{
    ck_bill(actual, expected, keys);
    ck_bill(actual, expected, versions);
    ck_bill(actual, expected, tombstones);
    ck_bill(actual, expected, intents);
    ck_bill(actual, expected, bytes_read);
    ck_bill(actual, expected, rows);
    ck_bill(actual, expected, bytes_returned);
}

static void put_some(void)
{
    mvcc_put("a", at(1), "aaa");
    mvcc_put("a", at(5), "bb");
    mvcc_delete("b", at(1));
    mvcc_put_intent("c", at(5), "p", 1);
    mvcc_put("d", at(1), "ddddd");
}

START_TEST(a_get_is_billed)
{
    varve_bill bill = BILL();
    put_some();
    ck_assert_str_eq(mvcc_get_as(.start = "a", .ts = at(9), .bill = &bill), "a@5=bb");
    ck_bills(&bill, &BILL(.keys = 1, .versions = 1, .bytes_read = 2, .rows = 1,
                          .bytes_returned = 8 + 11 + 2));
    ck_assert_uint_eq(bill.seeks, 1);
    ck_assert_uint_eq(bill.steps, 0);

    /* It adds up. */
    ck_assert_str_eq(mvcc_get_as(.start = "a", .ts = at(3), .bill = &bill), "a@1=aaa");
    ck_bills(&bill, &BILL(.keys = 2, .versions = 3, .bytes_read = 5, .rows = 2,
                          .bytes_returned = 21 + 22));
    ck_assert_uint_eq(bill.seeks, 2);
    ck_assert_uint_eq(bill.steps, 1);
}
END_TEST

START_TEST(tombstones_and_absent_keys_are_billed)
{
    varve_bill bill = BILL();
    put_some();
    ck_assert_str_eq(mvcc_get_as(.start = "b", .ts = at(9), .bill = &bill), "none");
    ck_bills(&bill, &BILL(.keys = 1, .versions = 1, .tombstones = 1));
    ck_assert_str_eq(mvcc_get_as(.start = "bb", .ts = at(9), .bill = &bill), "none");
    ck_bills(&bill, &BILL(.keys = 2, .versions = 1, .tombstones = 1));
}
END_TEST

/* A failure returns nothing, and has cost something all the same. */
START_TEST(failures_are_billed)
{
    varve_bill bill = BILL();
    size_t record = mvcc_intent_record(at(5), 1, 1).size;
    put_some();
    ck_assert_str_eq(mvcc_get_as(.start = "c", .ts = at(9), .bill = &bill), "WRITE_INTENT c@5/1");
    ck_bills(&bill, &BILL(.keys = 1, .intents = 1, .bytes_read = record));
    bill = BILL();
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "d", .ts = at(9), .bill = &bill),
                     "WRITE_INTENT c@5/1");
    ck_assert_uint_eq(bill.rows, 0);
    ck_assert_uint_eq(bill.keys, 3);
    ck_assert_uint_eq(bill.intents, 1);
}
END_TEST

/* However the span is read, the same keys have been come to and the same rows returned. */
START_TEST(scans_are_billed)
{
    put_some();
    for (int way = 0; way < 6; way++) {
        varve_bill bill = BILL();
        mvcc_query q = {.start = "a", .end = "z", .ts = at(3), .bill = &bill, .reverse = way % 2};
        const char *seen = way < 2   ? mvcc_scan_query(&q)
                           : way < 4 ? mvcc_cursor_query(&q)
                                     : mvcc_iterate_query(&q);
        ck_assert_str_eq(seen, q.reverse ? "d@1=ddddd a@1=aaa" : "a@1=aaa d@1=ddddd");
        ck_assert_uint_eq(bill.keys, 4);
        ck_assert_uint_ge(bill.versions, 4);
        ck_assert_uint_eq(bill.tombstones, 1);
        ck_assert_uint_eq(bill.intents, 1);
        ck_assert_uint_ge(bill.bytes_read, 8);
        ck_assert_uint_eq(bill.rows, 2);
        ck_assert_uint_eq(bill.bytes_returned, 22 + 24);
        ck_assert_uint_ge(bill.seeks, 1);
        ck_assert_uint_ge(bill.steps, 4);
    }
}
END_TEST

/* What makes a read slow is on it: many versions cost seeks, not steps. */
START_TEST(versions_are_sought_when_they_are_many)
{
    varve_bill bill = BILL();
    for (int i = 1; i <= 100; i++)
        mvcc_put("k", at(i), "v");
    ck_assert_str_eq(mvcc_get_as(.start = "k", .ts = at(1), .bill = &bill), "k@1=v");
    ck_assert_uint_eq(bill.seeks, 2);
    ck_assert_uint_eq(bill.steps, 8);
    ck_assert_uint_eq(bill.versions, 1 + 8 + 1);

    bill = BILL();
    ck_assert_int_eq((int)strlen(mvcc_versions(.start = "k", .ts = at(9), .bill = &bill)),
                     9 * 6 - 1);
    ck_assert_uint_eq(bill.rows, 9);
}
END_TEST

/* A caller that was compiled when there was less on a bill. */
START_TEST(bills_of_other_versions_are_respected)
{
    varve_bill bill = {.struct_size = sizeof(size_t) + sizeof(uint64_t), .versions = 77};
    put_some();
    ck_assert_str_eq(mvcc_get_as(.start = "a", .ts = at(9), .bill = &bill), "a@5=bb");
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.versions, 77);
    bill.struct_size = sizeof bill + 8;
    struct {
        varve_bill known;
        uint64_t later;
    } larger = {BILL(), 77};
    larger.known.struct_size = sizeof larger;
    ck_assert_str_eq(mvcc_get_as(.start = "a", .ts = at(9), .bill = &larger.known), "a@5=bb");
    ck_assert_uint_eq(larger.known.bytes_returned, 21);
    ck_assert_uint_eq(larger.later, 77);

    bill.struct_size = 0;
    ck_assert_str_eq(mvcc_get_as(.start = "a", .ts = at(9), .bill = &bill), "INVALID_ARGUMENT");
}
END_TEST

/* What is no bill is not written on: a sanitizer sees it. */
START_TEST(what_is_no_bill_is_left_alone)
{
    const size_t none = 0;
    varve_slice place = copy_of(varve_slice_of((const unsigned char *)&none, sizeof none));
    varve_bill *bill = (varve_bill *)(uintptr_t)place.data;
    put_some();

    mvcc_query q = {.start = "a", .end = "z", .ts = at(3), .bill = bill};
    ck_assert_str_eq(mvcc_get_query(&q), "INVALID_ARGUMENT");
    ck_assert_str_eq(mvcc_scan_query(&q), "INVALID_ARGUMENT");
    ck_assert_str_eq(mvcc_cursor_query(&q), "INVALID_ARGUMENT");
    ck_assert_str_eq(mvcc_iterate_query(&q), "INVALID_ARGUMENT");
    q.flags = 1U << 31;
    ck_assert_str_eq(mvcc_get_query(&q), "INVALID_ARGUMENT");
}
END_TEST

/* ---- Cancelling --------------------------------------------------------------------------------
 */

static void ck_all_end(const varve_cancel *cancel, const char *with)
{
    mvcc_query q = {.start = "a", .end = "z", .ts = at(3), .cancel = cancel};
    ck_assert_str_eq(mvcc_get_query(&q), with);
    ck_assert_str_eq(mvcc_versions_query(&q), with);
    for (int backwards = 0; backwards < 2; backwards++) {
        q.reverse = backwards != 0;
        ck_assert_str_eq(mvcc_scan_query(&q), with);
        ck_assert_str_eq(mvcc_cursor_query(&q), with);
        ck_assert_str_eq(mvcc_iterate_query(&q), with);
    }
}

START_TEST(tokens_end_reads)
{
    varve_cancel *cancel;
    put_some();
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(mvcc_get_as(.start = "a", .ts = at(3), .cancel = cancel), "a@1=aaa");
    varve_cancel_after(cancel, 1);
    ck_all_end(cancel, "DEADLINE");
    varve_cancel_after(cancel, 0);
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "b", .ts = at(3), .cancel = cancel), "a@1=aaa");
    varve_cancel_now(cancel);
    ck_all_end(cancel, "CANCELLED");
    varve_cancel_close(cancel);
}
END_TEST

/* A read in progress is ended between two keys, and one of many versions between two of them. */
static varve_status cancel_at_third(void *arg, const varve_row *row, varve_error *err)
{
    (void)err;
    if (row->key.data[0] == 'c')
        varve_cancel_now(arg);
    return VARVE_OK;
}

START_TEST(tokens_end_reads_in_progress)
{
    varve_cancel *cancel;
    varve_row row;
    varve_read how = {.struct_size = sizeof how, .ts = at(3)};
    varve_span span = {bytes("a"), bytes("z")};
    for (int i = 0; i < 2500; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "%c%05d", i < 3 ? 'a' + i : 'd', i);
        mvcc_put(key, at(1), "v");
    }
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    how.cancel = cancel;
    ck_status(
        varve_mvcc_iterate(mvcc.reader, &how, span, 0, cancel_at_third, cancel, NULL, &mvcc.err),
        VARVE_CANCELLED, &mvcc.err);
    varve_cancel_close(cancel);

    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    how.cancel = cancel;
    varve_cursor *cursor;
    ck_ok(varve_cursor_open(mvcc.reader, &how, span, 0, &cursor, &mvcc.err), &mvcc.err);
    ck_ok(varve_cursor_next(cursor, &row, &mvcc.err), &mvcc.err);
    varve_cancel_now(cancel);
    ck_status(varve_cursor_next(cursor, &row, &mvcc.err), VARVE_CANCELLED, &mvcc.err);
    varve_cursor_close(cursor);
    varve_cancel_close(cancel);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, a_get_is_billed);
    tcase_add_test(tcase, tombstones_and_absent_keys_are_billed);
    tcase_add_test(tcase, failures_are_billed);
    tcase_add_test(tcase, scans_are_billed);
    tcase_add_test(tcase, versions_are_sought_when_they_are_many);
    tcase_add_test(tcase, bills_of_other_versions_are_respected);
    tcase_add_test(tcase, what_is_no_bill_is_left_alone);
    tcase_add_test(tcase, tokens_end_reads);
    tcase_add_test(tcase, tokens_end_reads_in_progress);
}

int main(void)
{
    return mvcc_run(mvcc_read_suite("mvcc/bill", fill));
}
