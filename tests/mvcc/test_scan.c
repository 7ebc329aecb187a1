#include <stdio.h>
#include <stdlib.h>

#include <varve/mvcc.h>

#include "tests/support/mvcc.h"

#define FAIL_ON_MORE_RECENT VARVE_READ_FAIL_ON_MORE_RECENT
#define TOMBSTONES VARVE_READ_TOMBSTONES

/* a@5 a@10, b@7, c@6 deleted at 8, d inline, e@9. */
static void put_keys(void)
{
    mvcc_put("a", at(5), "a5");
    mvcc_put("a", at(10), "a10");
    mvcc_put("b", at(7), "b7");
    mvcc_put("c", at(6), "c6");
    mvcc_delete("c", at(8));
    mvcc_put_inline("d", "di");
    mvcc_put("e", at(9), "e9");
}

START_TEST(keys_in_order_at_a_time)
{
    put_keys();

    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(10)),
                     "a@10=a10 b@7=b7 d@0=di e@9=e9");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(8)), "a@5=a5 b@7=b7 d@0=di");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(7)),
                     "a@5=a5 b@7=b7 c@6=c6 d@0=di");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(4)), "d@0=di");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = varve_ts_zero()), "d@0=di");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(10), .flags = TOMBSTONES),
                     "a@10=a10 b@7=b7 c@8- d@0=di e@9=e9");
}
END_TEST

START_TEST(start_is_inclusive_and_end_exclusive)
{
    put_keys();

    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "b", .ts = at(10)), "a@10=a10");
    ck_assert_str_eq(mvcc_scan(.start = "b", .end = "d", .ts = at(7)), "b@7=b7 c@6=c6");
    ck_assert_str_eq(mvcc_scan(.start = "a%00", .end = "b%00", .ts = at(10)), "b@7=b7");
    ck_assert_str_eq(mvcc_scan(.start = "aa", .end = "ab", .ts = at(10)), "");
    ck_assert_str_eq(mvcc_scan(.start = "b", .end = "b", .ts = at(10)), "");
    ck_assert_str_eq(mvcc_scan(.start = "c", .end = "b", .ts = at(10)), "");
    ck_assert_str_eq(mvcc_scan(.start = "x", .end = "z", .ts = at(10)), "");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "%FF%FF", .ts = at(10)),
                     "a@10=a10 b@7=b7 d@0=di e@9=e9");
}
END_TEST

START_TEST(order_is_that_of_user_keys)
{
    static const char *const keys[] = {"%00", "%00%00", "%00%01",   "%00%FF",   "%01",
                                       "/a",  "/a%00",  "/a%00%00", "/a%00%FF", "/a%01",
                                       "/aa", "/b",     "%FF",      "%FF%00",   "%FF%FE%FF"};
    const size_t count = sizeof keys / sizeof keys[0];
    char expected[512] = "";
    for (size_t i = 0; i < count; i++) {
        mvcc_put(keys[count - 1 - i], varve_ts_of(3, (int32_t)i), "v");
        mvcc_put(keys[count - 1 - i], at(20), "later");
    }

    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += (size_t)snprintf(expected + size, sizeof expected - size, "%s%s@20=later",
                                 i == 0 ? "" : " ", keys[i]);
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "%FF%FF", .ts = at(20)), expected);
    ck_assert_str_eq(mvcc_scan(.start = "/a", .end = "/a%01", .ts = at(20)),
                     "/a@20=later /a%00@20=later /a%00%00@20=later /a%00%FF@20=later");
}
END_TEST

/* Versions of "/a" do not hide "/aa", nor the reverse. */
START_TEST(a_key_may_be_the_prefix_of_another)
{
    mvcc_put("/a", at(1), "1");
    mvcc_put("/a", at(2), "2");
    mvcc_put("/aa", at(2), "3");
    mvcc_put("/aa", at(3), "4");
    mvcc_put("/b", at(1), "5");

    ck_assert_str_eq(mvcc_scan(.start = "/a", .end = "/b", .ts = at(2)), "/a@2=2 /aa@2=3");
    ck_assert_str_eq(mvcc_reverse(.start = "/a", .end = "/b", .ts = at(2)), "/aa@2=3 /a@2=2");
}
END_TEST

START_TEST(limits_resume_at_the_next_existing_key)
{
    put_keys();

    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(10), .max = 1),
                     "a@10=a10 > [b,z)");
    /* c is deleted, but there. */
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(10), .max = 2),
                     "a@10=a10 b@7=b7 > [c,z)");
    ck_assert_str_eq(mvcc_scan(.start = "c", .end = "z", .ts = at(10), .max = 1), "d@0=di > [e,z)");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(10), .max = 4),
                     "a@10=a10 b@7=b7 d@0=di e@9=e9");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(10), .max = INT64_MAX),
                     "a@10=a10 b@7=b7 d@0=di e@9=e9");
    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(10), .max = -3),
                     "a@10=a10 b@7=b7 d@0=di e@9=e9");
    /* Beyond the end there is no next key. */
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "b", .ts = at(10), .max = 1), "a@10=a10");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "b%00", .ts = at(10), .max = 1),
                     "a@10=a10 > [b,b%00)");
}
END_TEST

START_TEST(limits_backwards)
{
    put_keys();

    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(10), .max = 1),
                     "e@9=e9 > [a,d%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(10), .max = 2),
                     "e@9=e9 d@0=di > [,c%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "c%00", .ts = at(10), .max = 1),
                     "b@7=b7 > [,a%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "b", .end = "c%00", .ts = at(10), .max = 1), "b@7=b7");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(10), .max = 4),
                     "e@9=e9 d@0=di b@7=b7 a@10=a10");
}
END_TEST

/* An intent's key exists too, and is not looked into when it is the next one. */
START_TEST(the_next_key_is_not_evaluated)
{
    mvcc_put("b", at(1), "v");
    mvcc_put_intent("a", at(1), "p", 1);
    mvcc_put_intent("c", at(1), "p", 1);
    mvcc_put_intent("%00", at(9), "p", 1);

    ck_assert_str_eq(mvcc_scan(.start = "b", .end = "z", .ts = at(5), .max = 1), "b@1=v > [c,z)");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "c", .ts = at(5), .max = 1),
                     "b@1=v > [,a%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "a", .ts = at(5), .max = 1), "");
}
END_TEST

static const char *scan_none(bool reverse, const char *start, const char *end)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(10)};
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    varve_status status =
        reverse ? varve_mvcc_reverse_scan(mvcc.reader, &how, span, 0, &rows, &mvcc.err)
                : varve_mvcc_scan(mvcc.reader, &how, span, 0, &rows, &mvcc.err);
    const char *result = mvcc_result(status, &rows, &mvcc.err);
    varve_rows_release(&rows);
    return result;
}

START_TEST(max_zero_returns_the_whole_span)
{
    put_keys();
    mvcc_put_intent("a", at(1), "p", 1);

    ck_assert_str_eq(scan_none(false, "a", "z"), "> [a,z)");
    ck_assert_str_eq(scan_none(true, "a", "z"), "> [a,z)");
    ck_assert_str_eq(scan_none(false, "", "%00%FF"), "> [,%00%FF)");
    ck_assert_str_eq(scan_none(false, "z", "a"), "> [z,a)");
    ck_assert_str_eq(scan_none(true, "a", ""), "EMPTY_KEY");
}
END_TEST

/* The three examples of accounted bytes; mvcc_result() holds every sum against the formula. */
START_TEST(accounted_bytes)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(300), .flags = TOMBSTONES};
    mvcc_put("a", varve_ts_of(123, 45), "%00%00%00%00%03abcdef");
    mvcc_put("c", varve_ts_of(123, 45), "%00%00%00%00%03ghijkllkjihg");
    mvcc_delete("aa", varve_ts_of(250, 1));
    static const struct {
        const char *start;
        const char *end;
        int64_t bytes;
    } cases[] = {{"a", "a%00", 34}, {"c", "d", 40}, {"aa", "b", 24}, {"a", "d", 98}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        varve_span span = {mvcc_bytes(cases[i].start), mvcc_bytes(cases[i].end)};
        ck_ok(varve_mvcc_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), &mvcc.err);
        ck_assert_int_eq(rows.bytes, cases[i].bytes);
        ck_ok(varve_mvcc_reverse_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), &mvcc.err);
        ck_assert_int_eq(rows.bytes, cases[i].bytes);
    }
    varve_rows_release(&rows);
}
END_TEST

/* Rows "k" of one byte at a whole time account for 8 + 1 + 1 + 9 + 1 = 20 bytes each. */
START_TEST(target_bytes)
{
    mvcc_put("a", at(1), "1");
    mvcc_put("b", at(1), "2");
    mvcc_put("c", at(1), "3");
    mvcc_delete("d", at(1));

    /* The first row may be larger than the target. */
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .target_bytes = 1),
                     "a@1=1 > [b,z)");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .target_bytes = 20),
                     "a@1=1 > [b,z)");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .target_bytes = 21),
                     "a@1=1 b@1=2 > [c,z)");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .target_bytes = 40),
                     "a@1=1 b@1=2 > [c,z)");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .target_bytes = 60),
                     "a@1=1 b@1=2 c@1=3 > [d,z)");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .target_bytes = 61),
                     "a@1=1 b@1=2 c@1=3");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .target_bytes = -1),
                     "a@1=1 b@1=2 c@1=3");
    ck_assert_str_eq(
        mvcc_scan(.start = "a", .end = "z", .ts = at(1), .target_bytes = 1000, .max = 2),
        "a@1=1 b@1=2 > [c,z)");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(1), .target_bytes = 1),
                     "c@1=3 > [a,b%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(1), .target_bytes = 41),
                     "c@1=3 b@1=2 a@1=1");
}
END_TEST

START_TEST(conflicts_are_gathered)
{
    mvcc_put("a", at(1), "v");
    mvcc_put_intent("b", at(5), "p", 1);
    mvcc_put("c", at(1), "v");
    mvcc_put("d", at(2), "v");
    mvcc_put_intent("d", varve_ts_of(5, 7), "p", 2);
    mvcc_put_intent("e%00", at(9), "p", 3);

    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(6)),
                     "WRITE_INTENT b@5/1 d@5,7/2");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(6)),
                     "WRITE_INTENT d@5,7/2 b@5/1");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(9)),
                     "WRITE_INTENT b@5/1 d@5,7/2 e%00@9/3");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5)), "WRITE_INTENT b@5/1");
    ck_assert_str_eq(mvcc_scan(.start = "c", .end = "z", .ts = at(5)), "c@1=v d@2=v");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(4)), "a@1=v c@1=v d@2=v");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(4)), "d@2=v c@1=v a@1=v");
    ck_assert_str_eq(
        mvcc_scan(.start = "c", .end = "d%00", .ts = at(1), .flags = FAIL_ON_MORE_RECENT),
        "WRITE_INTENT d@5,7/2");
}
END_TEST

/* A conflict yields no row, and the limit of rows counts those behind it. */
START_TEST(limits_end_the_search_for_conflicts)
{
    mvcc_put_intent("a", at(1), "p", 1);
    mvcc_put("b", at(1), "v");
    mvcc_put_intent("c", at(1), "p", 2);
    mvcc_put("d", at(1), "v");
    mvcc_put_intent("e", at(1), "p", 3);

    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .max = 1),
                     "WRITE_INTENT a@1/1");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .max = 2),
                     "WRITE_INTENT a@1/1 c@1/2");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .target_bytes = 20),
                     "WRITE_INTENT a@1/1");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .max_intents = 1),
                     "WRITE_INTENT a@1/1 and more");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .max_intents = 2),
                     "WRITE_INTENT a@1/1 c@1/2 and more");
    /* At the cap it says so, without looking whether anything is left. */
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .max_intents = 3),
                     "WRITE_INTENT a@1/1 c@1/2 e@1/3 and more");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .max_intents = 4),
                     "WRITE_INTENT a@1/1 c@1/2 e@1/3");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(5), .max_intents = 2),
                     "WRITE_INTENT e@1/3 c@1/2 and more");
}
END_TEST

START_TEST(a_version_too_new_goes_before_conflicts)
{
    mvcc_put_intent("a", at(1), "p", 1);
    mvcc_put("b", at(9), "v");
    mvcc_put_intent("c", at(1), "p", 2);

    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .flags = FAIL_ON_MORE_RECENT),
                     "WRITE_TOO_OLD 5 -> 9,1");
    ck_assert_str_eq(
        mvcc_reverse(.start = "a", .end = "z", .ts = at(5), .flags = FAIL_ON_MORE_RECENT),
        "WRITE_TOO_OLD 5 -> 9,1");
    /* Unless the scan stops before it. */
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(5), .flags = FAIL_ON_MORE_RECENT,
                               .max_intents = 1),
                     "WRITE_INTENT a@1/1 and more");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(9), .flags = FAIL_ON_MORE_RECENT),
                     "WRITE_INTENT a@1/1 c@1/2");
}
END_TEST

/* The list of many grows; the message names some at both ends. */
START_TEST(many_conflicts)
{
    char key[16];
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "k%02d", i);
        mvcc_put_intent(key, at(i + 1), "p", 1);
    }
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(100)};
    varve_span span = {bytes("k"), bytes("l")};

    ck_status(varve_mvcc_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), VARVE_WRITE_INTENT,
              &mvcc.err);

    ck_assert_uint_eq(mvcc.err.detail.intents.count, 40);
    ck_assert(!mvcc.err.detail.intents.more);
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "k%02d", i);
        ck_slice_eq(mvcc.err.detail.intents.list[i].key, varve_slice_text(key));
        ck_assert_int_eq(mvcc.err.detail.intents.list[i].ts.wall, i + 1);
    }
    ck_assert_str_eq(mvcc.err.message,
                     "conflicting intents on \"k00\", \"k01\", \"k02\", \"k03\", \"k04\" ... "
                     "\"k35\", \"k36\", \"k37\", \"k38\", \"k39\"");
    varve_rows_release(&rows);
}
END_TEST

START_TEST(fail_on_more_recent)
{
    put_keys();

    ck_assert_str_eq(
        mvcc_scan(.start = "a", .end = "z", .ts = at(10), .flags = FAIL_ON_MORE_RECENT),
        "a@10=a10 b@7=b7 d@0=di e@9=e9");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(8), .flags = FAIL_ON_MORE_RECENT),
                     "WRITE_TOO_OLD 8 -> 10,1");
    ck_assert_str_eq(
        mvcc_reverse(.start = "a", .end = "z", .ts = at(8), .flags = FAIL_ON_MORE_RECENT),
        "WRITE_TOO_OLD 8 -> 9,1");
    ck_assert_str_eq(mvcc_scan(.start = "b", .end = "e", .ts = at(8), .flags = FAIL_ON_MORE_RECENT),
                     "b@7=b7 d@0=di");
    /* A limit may end the scan before the key that is too new. */
    ck_assert_str_eq(
        mvcc_scan(.start = "b", .end = "z", .ts = at(8), .flags = FAIL_ON_MORE_RECENT, .max = 2),
        "b@7=b7 d@0=di > [e,z)");
}
END_TEST

/* A scan asks nothing of its time; below all versions there is nothing but inline values. */
START_TEST(negative_time)
{
    put_keys();
    mvcc_put_intent("f", at(1), "p", 1);

    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(-1)), "d@0=di");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = varve_ts_of(0, -1)), "d@0=di");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "c", .ts = varve_ts_of(7, -1)), "a@5=a5");
    ck_assert_str_eq(
        mvcc_scan(.start = "a", .end = "c", .ts = at(-1), .flags = FAIL_ON_MORE_RECENT),
        "WRITE_TOO_OLD -1 -> 10,1");
}
END_TEST

START_TEST(arguments)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(1), .flags = 1U << 31};
    varve_span span = {bytes("a"), bytes("")};

    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "", .ts = at(1)), "EMPTY_KEY");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "", .ts = at(1)), "EMPTY_KEY");
    ck_fails(varve_mvcc_scan(mvcc.reader, &how, span, 1, &rows, &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err, "flags 0x80000000 are not allowed in this read");
    ck_status(varve_mvcc_reverse_scan(mvcc.reader, NULL, span, 1, &rows, &mvcc.err),
              VARVE_INVALID_ARGUMENT, &mvcc.err);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(damaged_records)
{
    mvcc_put("a", at(1), "v");
    mvcc_put("c", at(1), "v");
    mvcc_put_raw(hex("62 00 03"), mvcc_bytes("x"));

    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "b", .ts = at(1)), "a@1=v");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1)), "CORRUPT_KEY");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(1)), "CORRUPT_KEY");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .max = 1), "CORRUPT_KEY");
    mvcc_clear_raw(hex("62 00 03"));
    mvcc_put_raw(mvcc_engine_key("b", varve_ts_zero()), mvcc_bytes("garbage"));
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1)), "CORRUPT");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(1)), "CORRUPT");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1), .max = 1), "a@1=v > [b,z)");
}
END_TEST

/* Paging with one varve_rows, whose resume span is the next call's span. */
static void page(bool reverse, int64_t max, const char *expected)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(1)};
    varve_span span = {bytes(""), bytes("\xFF\xFF")};
    char keys[64];
    size_t count = 0;
    do {
        ck_ok(reverse ? varve_mvcc_reverse_scan(mvcc.reader, &how, span, max, &rows, &mvcc.err)
                      : varve_mvcc_scan(mvcc.reader, &how, span, max, &rows, &mvcc.err),
              &mvcc.err);
        varve_row row;
        for (size_t position = 0; varve_rows_next(&rows, &position, &row);)
            keys[count++] = (char)row.key.data[0];
        span.start = varve_buf_slice(&rows.resume_start);
        span.end = varve_buf_slice(&rows.resume_end);
    } while (rows.more);
    keys[count] = '\0';
    ck_assert_str_eq(keys, expected);
    varve_rows_release(&rows);
}

START_TEST(paging)
{
    static const char letters[] = "abcdefghij";
    for (size_t i = 0; letters[i] != '\0'; i++)
        mvcc_put(mvcc_text(varve_slice_of(&letters[i], 1)), at(1), "v");

    for (int64_t max = 1; max <= 11; max++) {
        page(false, max, letters);
        page(true, max, "jihgfedcba");
    }
}
END_TEST

/* More versions than a scan steps over before it seeks, at and around that number. */
START_TEST(keys_with_many_versions)
{
    static const char *const keys[] = {"a", "b%00", "c"};
    for (int count = 6; count <= 12; count++) {
        for (size_t k = 0; k < 3; k++) {
            for (int i = 1; i <= count; i++)
                mvcc_put(keys[k], at(100 * count + i), "v");
        }
        char expected[64];
        for (int i = 1; i <= count; i++) {
            int t = 100 * count + i;
            snprintf(expected, sizeof expected, "a@%d=v b%%00@%d=v c@%d=v", t, t, t);
            ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(t)), expected);
            snprintf(expected, sizeof expected, "c@%d=v b%%00@%d=v a@%d=v", t, t, t);
            ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(t)), expected);
        }
        for (size_t k = 0; k < 3; k++) {
            for (int i = 1; i <= count; i++)
                mvcc_clear_raw(mvcc_engine_key(keys[k], at(100 * count + i)));
        }
    }
}
END_TEST

/* ---- Keys that look alike ----------------------------------------------------------------------
 */

enum { ALIKE = 80, ALIKE_SIZE = 64, ALIKE_TIMES = 6, ALIKE_TEXT = ALIKE * 2 * ALIKE_SIZE };

static void add_text(char *text, size_t room, const char *more)
{
    size_t size = strlen(text);
    snprintf(text + size, room - size, "%s", more);
}

static int compare_texts(const void *left, const void *right)
{
    return varve_slice_compare(mvcc_bytes((const char *)left), mvcc_bytes((const char *)right));
}

/* Many of a few lengths, which differ in a few bytes, some of which are escaped; in order. */
static void make_alike(test_random *random, char keys[ALIKE][ALIKE_SIZE])
{
    static const char *const letters[] = {"a", "b", "%00", "%01", "%FF"};
    for (int i = 0; i < ALIKE; i++) {
        size_t size = 7 + test_random_below(random, 3) * 5;
        keys[i][0] = '\0';
        for (size_t at = 0; at < size; at++) {
            bool is_other = at > 0 && test_random_below(random, 4) == 0;
            add_text(keys[i], ALIKE_SIZE, letters[is_other ? test_random_below(random, 5) : 0]);
        }
    }
    qsort(keys, ALIKE, sizeof keys[0], compare_texts);
}

/* A metadata record, versions, or both. */
static void put_alike(test_random *random, const char *key)
{
    if (test_random_below(random, 8) == 0)
        mvcc_put_inline(key, "inline");
    size_t versions = test_random_below(random, 8) == 0 ? 12 : test_random_below(random, 3);
    for (size_t i = 0; i < versions; i++) {
        varve_ts ts = varve_ts_of(1 + (int64_t)test_random_below(random, ALIKE_TIMES), (int)i);
        mvcc_put_raw(mvcc_engine_key(key, ts),
                     mvcc_bytes(test_random_below(random, 6) == 0 ? "" : "%00%00%00%00%03v"));
    }
}

/* What getting key after key tells, in the order of `step`. */
static void get_alike(char keys[ALIKE][ALIKE_SIZE], int step, varve_ts ts, char *text)
{
    *text = '\0';
    for (int i = step > 0 ? 0 : ALIKE - 1; i >= 0 && i < ALIKE; i += step) {
        const char *found = mvcc_get(keys[i], ts);
        bool is_double = i > 0 && strcmp(keys[i], keys[i - 1]) == 0;
        if (is_double || strcmp(found, "none") == 0)
            continue;
        add_text(text, ALIKE_TEXT, *text == '\0' ? "" : " ");
        add_text(text, ALIKE_TEXT, found);
    }
}

START_TEST(keys_that_look_alike)
{
    static char keys[ALIKE][ALIKE_SIZE];
    static char expected[ALIKE_TEXT];
    test_random random = test_random_start();
    make_alike(&random, keys);
    for (int i = 0; i < ALIKE; i++)
        put_alike(&random, keys[i]);
    for (int t = 0; t <= ALIKE_TIMES + 1; t++) {
        get_alike(keys, 1, at(t), expected);
        ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(t)), expected);
        get_alike(keys, -1, at(t), expected);
        ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(t)), expected);
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, keys_in_order_at_a_time);
    tcase_add_test(tcase, start_is_inclusive_and_end_exclusive);
    tcase_add_test(tcase, order_is_that_of_user_keys);
    tcase_add_test(tcase, a_key_may_be_the_prefix_of_another);
    tcase_add_test(tcase, limits_resume_at_the_next_existing_key);
    tcase_add_test(tcase, limits_backwards);
    tcase_add_test(tcase, the_next_key_is_not_evaluated);
    tcase_add_test(tcase, max_zero_returns_the_whole_span);
    tcase_add_test(tcase, accounted_bytes);
    tcase_add_test(tcase, target_bytes);
    tcase_add_test(tcase, conflicts_are_gathered);
    tcase_add_test(tcase, limits_end_the_search_for_conflicts);
    tcase_add_test(tcase, a_version_too_new_goes_before_conflicts);
    tcase_add_test(tcase, many_conflicts);
    tcase_add_test(tcase, fail_on_more_recent);
    tcase_add_test(tcase, negative_time);
    tcase_add_test(tcase, arguments);
    tcase_add_test(tcase, damaged_records);
    tcase_add_test(tcase, paging);
    tcase_add_test(tcase, keys_with_many_versions);
    tcase_add_test(tcase, keys_that_look_alike);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/scan", fill));
}
