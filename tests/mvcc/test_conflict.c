/*
 * Keys whose merges do not fit together: whoever reads one is told so, with the key and the reason;
 * nobody else is.
 */
#include <varve/mvcc.h>

#include "tests/support/mvcc.h"

/* A conflict record: reason 5 with its text, and nothing below. */
static varve_slice conflict_record(void)
{
    return hex("12 04 08 00 10 00 18 00 20 00 28 00 A2 06 23 08 05 12 1F "
               /* "INT cannot be merged into BYTES" */
               "49 4E 54 20 63 61 6E 6E 6F 74 20 62 65 20 6D 65 72 67 65 64 20 69 6E 74 6F 20 "
               "42 59 54 45 53");
}

static void put_conflict(void)
{
    mvcc_put("j", at(5), "other");
    mvcc_put_raw(mvcc_engine_key("k%00", varve_ts_zero()), conflict_record());
    mvcc_put("l", at(5), "other");
}

static const char told[] = "\"k\\x00\": merge conflict: INT cannot be merged into BYTES";

START_TEST(every_read_of_the_key_is_told)
{
    put_conflict();

    ck_assert_str_eq(mvcc_get("k%00", at(9)), "MERGE_CONFLICT");
    ck_assert_str_eq(mvcc_get("k%00", varve_ts_zero()), "MERGE_CONFLICT");
    ck_assert_str_eq(mvcc_versions(.start = "k%00", .ts = at(9)), "MERGE_CONFLICT");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(9)), "MERGE_CONFLICT");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(9)), "MERGE_CONFLICT");
}
END_TEST

START_TEST(other_keys_are_read)
{
    put_conflict();

    ck_assert_str_eq(mvcc_get("j", at(9)), "j@5=other");
    ck_assert_str_eq(mvcc_get("k", at(9)), "none");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "k%00", .ts = at(9)), "j@5=other");
    ck_assert_str_eq(mvcc_reverse(.start = "l", .end = "z", .ts = at(9)), "l@5=other");
}
END_TEST

START_TEST(the_message_names_key_and_reason)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read read = {.struct_size = sizeof read, .ts = at(9)};
    varve_write write = {
        .struct_size = sizeof write, .reader = mvcc.reader, .writer = mvcc.writer, .ts = at(9)};
    varve_span span = {bytes("a"), bytes("z")};
    put_conflict();

    ck_fails(varve_mvcc_get(mvcc.reader, &read, bytes("k\0"), &rows, &mvcc.err),
             VARVE_MERGE_CONFLICT, &mvcc.err, told);
    ck_fails(varve_mvcc_scan(mvcc.reader, &read, span, -1, &rows, &mvcc.err), VARVE_MERGE_CONFLICT,
             &mvcc.err, told);
    ck_fails(varve_mvcc_reverse_scan(mvcc.reader, &read, span, -1, &rows, &mvcc.err),
             VARVE_MERGE_CONFLICT, &mvcc.err, told);
    ck_fails(varve_mvcc_versions(mvcc.reader, &read, bytes("k\0"), -1, &rows, &mvcc.err),
             VARVE_MERGE_CONFLICT, &mvcc.err, told);
    ck_fails(varve_mvcc_put(&write, bytes("k\0"), hex("00 00 00 00 03 76"), &mvcc.err),
             VARVE_MERGE_CONFLICT, &mvcc.err, told);
    ck_assert_int_eq(varve_mvcc_get(mvcc.reader, &read, bytes("k\0"), &rows, NULL),
                     VARVE_MERGE_CONFLICT);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(versions_are_not_written)
{
    put_conflict();

    ck_assert_str_eq(mvcc_try_put("k%00", at(9), "v"), "MERGE_CONFLICT");
    ck_assert_str_eq(mvcc_try_delete("k%00", at(9)), "MERGE_CONFLICT");
    mvcc_put_inline("k%00", "healed");
    ck_assert_str_eq(mvcc_versions(.start = "k%00", .ts = at(9)), "k%00@0=healed");
}
END_TEST

START_TEST(an_inline_value_heals)
{
    put_conflict();

    ck_assert_str_eq(mvcc_try_put("k%00", varve_ts_zero(), "healed"), "OK");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(9)),
                     "j@5=other k%00@0=healed l@5=other");
}
END_TEST

START_TEST(an_inline_deletion_heals)
{
    put_conflict();

    ck_assert_str_eq(mvcc_try_delete("k%00", varve_ts_zero()), "OK");
    ck_assert_int_eq(mvcc.err.status, VARVE_OK);
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(9)), "j@5=other l@5=other");
    ck_assert_str_eq(mvcc_try_put("k%00", at(9), "v"), "OK");
}
END_TEST

/* A message without memory to name the key does without it. */
START_TEST(naming_the_key_can_run_out_of_memory)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read read = {.struct_size = sizeof read, .ts = at(9)};
    unsigned cut = 0;
    bool fired = true;
    put_conflict();
    for (unsigned nth = 1; fired; nth++) {
        fault_alloc_settle(); /* so that every read asks for the same */
        fault_alloc_arm(nth);
        varve_status status = varve_mvcc_get(mvcc.reader, &read, bytes("k\0"), &rows, &mvcc.err);
        fired = fault_alloc_disarm();
        ck_assert(status == VARVE_MERGE_CONFLICT || (fired && status == VARVE_NO_MEMORY));
        if (status == VARVE_MERGE_CONFLICT && fired)
            cut += strcmp(mvcc.err.message, "merge conflict: INT cannot be merged into BYTES") == 0;
    }
    ck_assert_str_eq(mvcc.err.message, told);
    ck_assert_uint_eq(cut, 1);
    varve_rows_release(&rows);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, every_read_of_the_key_is_told);
    tcase_add_test(tcase, other_keys_are_read);
    tcase_add_test(tcase, the_message_names_key_and_reason);
    tcase_add_test(tcase, versions_are_not_written);
    tcase_add_test(tcase, an_inline_value_heals);
    tcase_add_test(tcase, an_inline_deletion_heals);
    tcase_add_test(tcase, naming_the_key_can_run_out_of_memory);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/conflict", fill));
}
