/*
 * What is peculiar to reverse scans: keys are met at their oldest version.
 */
#include <stdio.h>

#include <varve/mvcc.h>

#include "tests/support/mvcc.h"

#define FAIL_ON_MORE_RECENT VARVE_READ_FAIL_ON_MORE_RECENT
#define TOMBSTONES VARVE_READ_TOMBSTONES

START_TEST(newest_visible_of_few_versions)
{
    mvcc_put("a", at(1), "a1");
    mvcc_put("a", at(3), "a3");
    mvcc_put("a", at(5), "a5");
    mvcc_put("b", at(2), "b2");
    mvcc_put("b", at(4), "b4");

    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "c", .ts = at(5)), "b@4=b4 a@5=a5");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "c", .ts = at(4)), "b@4=b4 a@3=a3");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "c", .ts = at(3)), "b@2=b2 a@3=a3");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "c", .ts = at(1)), "a@1=a1");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "b", .ts = at(9)), "a@5=a5");
    ck_assert_str_eq(mvcc_reverse(.start = "b", .end = "c", .ts = at(9)), "b@4=b4");
}
END_TEST

START_TEST(over_a_hundred_versions)
{
    char value[16], expected[64];
    mvcc_put("a", at(1), "first");
    for (int i = 1; i <= 100; i++) {
        snprintf(value, sizeof value, "v%d", i);
        mvcc_put("b", at(i), value);
    }
    mvcc_put("c", at(1), "last");

    for (int t = 1; t <= 100; t++) {
        snprintf(expected, sizeof expected, "c@1=last b@%d=v%d a@1=first", t, t);
        ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(t)), expected);
        snprintf(expected, sizeof expected, "b@%d=v%d > [,a%%00)", t, t);
        ck_assert_str_eq(mvcc_reverse(.start = "", .end = "c", .ts = at(t), .max = 1), expected);
    }
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = varve_ts_zero()), "");
}
END_TEST

/* The first key met has nothing for this reader, with few versions and with many. */
START_TEST(keys_whose_versions_are_all_newer)
{
    mvcc_put("a", at(1), "v");
    for (int i = 0; i < 3; i++)
        mvcc_put("b", at(50 + i), "few");
    mvcc_put("c", at(1), "v");
    for (int i = 0; i < 30; i++)
        mvcc_put("d", at(50 + i), "many");

    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(10)), "c@1=v a@1=v");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(10), .max = 1),
                     "c@1=v > [,b%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "d", .end = "e", .ts = at(10)), "");
    ck_assert_str_eq(mvcc_reverse(.start = "b", .end = "c", .ts = at(10)), "");
    ck_assert_str_eq(
        mvcc_reverse(.start = "b", .end = "c", .ts = at(10), .flags = FAIL_ON_MORE_RECENT),
        "WRITE_TOO_OLD 10 -> 52,1");
    ck_assert_str_eq(
        mvcc_reverse(.start = "d", .end = "e", .ts = at(10), .flags = FAIL_ON_MORE_RECENT),
        "WRITE_TOO_OLD 10 -> 79,1");
}
END_TEST

/* The scan ends at the start of the span, though keys go on below it. */
START_TEST(stops_at_the_start)
{
    mvcc_put("a", at(1), "v");
    for (int i = 1; i <= 20; i++)
        mvcc_put("b", at(i), "v");
    mvcc_put("c", at(1), "v");

    ck_assert_str_eq(mvcc_reverse(.start = "b", .end = "d", .ts = at(30)), "c@1=v b@20=v");
    ck_assert_str_eq(mvcc_reverse(.start = "b", .end = "d", .ts = at(30), .max = 2),
                     "c@1=v b@20=v");
    ck_assert_str_eq(mvcc_reverse(.start = "c", .end = "d", .ts = at(30), .max = 1), "c@1=v");
    ck_assert_str_eq(mvcc_reverse(.start = "b%00", .end = "c", .ts = at(30)), "");
}
END_TEST

START_TEST(tombstones)
{
    mvcc_put("a", at(1), "v");
    mvcc_delete("a", at(3));
    mvcc_put("b", at(1), "v");
    for (int i = 2; i <= 20; i++)
        mvcc_delete("b", at(i));
    mvcc_put("c", at(2), "v");

    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(20)), "c@2=v");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(20), .flags = TOMBSTONES),
                     "c@2=v b@20- a@3-");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(1)), "b@1=v a@1=v");
    /* They do not count as rows. */
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(20), .max = 1),
                     "c@2=v > [a,b%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "c", .ts = at(20), .max = 1), "");
}
END_TEST

/* A metadata record is met last, behind all versions. */
START_TEST(metadata_records)
{
    mvcc_put_inline("a", "i");
    mvcc_put("b", at(1), "v");
    mvcc_put("b", at(2), "w");
    mvcc_put_intent("b", at(5), "p", 1);
    for (int i = 1; i <= 20; i++)
        mvcc_put("c", at(i), "v");
    mvcc_put_intent("c", at(25), "p", 2);
    mvcc_put("d", at(1), "hidden");
    mvcc_put_inline("d", "i");
    mvcc_put("e", at(1), "v");

    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(4)),
                     "e@1=v d@0=i c@4=v b@2=w a@0=i");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(1)),
                     "e@1=v d@0=i c@1=v b@1=v a@0=i");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(20)), "WRITE_INTENT b@5/1");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(30)),
                     "WRITE_INTENT c@25/2 b@5/1");
    ck_assert_str_eq(mvcc_reverse(.start = "c", .end = "z", .ts = at(20)), "e@1=v d@0=i c@20=v");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "b", .ts = at(20)), "a@0=i");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(4), .max = 2),
                     "e@1=v d@0=i > [,c%00)");
}
END_TEST

/* An old value is packed while a newer one may still come; none of that remains in the rows. */
START_TEST(rows_hold_nothing_but_results)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(100)};
    varve_span span = {bytes("a"), bytes("z")};
    for (int i = 1; i <= 5; i++) {
        mvcc_put("a", at(i), "some value of a");
        mvcc_put("b", at(i), "some value of b");
    }
    mvcc_delete("b", at(6));
    for (int i = 1; i <= 20; i++)
        mvcc_put("c", at(i), "some value of c");
    mvcc_delete("c", at(21));

    ck_ok(varve_mvcc_reverse_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), &mvcc.err);

    size_t of_reverse = rows.packed.size;
    ck_assert_str_eq(mvcc_result(VARVE_OK, &rows, &mvcc.err), "a@5=some%20value%20of%20a");
    ck_ok(varve_mvcc_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(rows.packed.size, of_reverse);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(malformed_key_among_the_versions)
{
    mvcc_put("a", at(5), "v");
    mvcc_put("b", at(5), "v");
    /* Five bytes that sort in front of the version. */
    mvcc_put_raw(hex("61 00 01 00 01 02 03 04"), mvcc_bytes("x"));

    ck_assert_str_eq(mvcc_reverse(.start = "b", .end = "z", .ts = at(9)), "b@5=v");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(9)), "CORRUPT_KEY");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, newest_visible_of_few_versions);
    tcase_add_test(tcase, over_a_hundred_versions);
    tcase_add_test(tcase, keys_whose_versions_are_all_newer);
    tcase_add_test(tcase, stops_at_the_start);
    tcase_add_test(tcase, tombstones);
    tcase_add_test(tcase, metadata_records);
    tcase_add_test(tcase, rows_hold_nothing_but_results);
    tcase_add_test(tcase, malformed_key_among_the_versions);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/reverse", fill));
}
