/* Times as people write them. */
#include "tools/times.h"

#include "tests/support/support.h"

static struct time_spec parsed(const char *text)
{
    struct time_spec spec;
    const char *wrong = time_parse(varve_slice_text(text), &spec);

    ck_assert_msg(wrong == NULL, "%s: %s", text, wrong);
    return spec;
}

struct good {
    const char *text;
    int64_t wall;
    int32_t logical;
    bool has_logical;
};

/* The seconds were taken from `date -u -d ... +%s`. */
static const struct good good[] = {
    {"1970-01-01T00:00:00Z", 0, 0, false},
    {"1970-01-01T00:00:00.000000001Z", 1, 0, false},
    {"2024-05-01T12:00:00Z", 1714564800000000000, 0, false},
    {"2024-05-01t12:00:00z", 1714564800000000000, 0, false},
    {"2024-05-01 12:00:00Z", 1714564800000000000, 0, false},
    {"2024-05-01T12:00:00.5Z", 1714564800500000000, 0, false},
    {"2024-05-01T12:00:00.123456789Z", 1714564800123456789, 0, false},
    {"2024-05-01T12:00:00.1234567890Z", 1714564800123456789, 0, false},
    {"2024-05-01T14:00:00+02:00", 1714564800000000000, 0, false},
    {"2024-05-01T06:30:00-05:30", 1714564800000000000, 0, false},
    {"2024-05-02T00:00:00+12:00", 1714564800000000000, 0, false},
    {"2024-05-01T12:00:00Z,7", 1714564800000000000, 7, true},
    {"2024-05-01T12:00:00.000000000Z,0", 1714564800000000000, 0, true},
    {"2000-02-29T00:00:00Z", 951782400000000000, 0, false},
    {"1972-12-31T23:59:60Z", 94694400000000000, 0, false}, /* the next second, as Unix counts */
    {"1970-01-01T00:00:00-00:01", 60000000000, 0, false},
    {"2262-04-11T23:47:16.854775807Z", INT64_MAX, 0, false},
    {"@0", 0, 0, false},
    {"@1714564800", 1714564800000000000, 0, false},
    {"@1714564800.5", 1714564800500000000, 0, false},
    {"@1714564800.5,3", 1714564800500000000, 3, true},
    {"@9223372036.854775807", INT64_MAX, 0, false},
    {"ns:0", 0, 0, false},
    {"ns:123", 123, 0, false},
    {"ns:123,45", 123, 45, true},
    {"ns:9223372036854775807", INT64_MAX, 0, false},
    {"0,0", 0, 0, true},
    {"0,45", 0, 45, true},
    {"0.000000123,45", 123, 45, true},
    {"2.000000001,7", 2000000001, 7, true},
    {"9223372036.854775807,2147483647", INT64_MAX, INT32_MAX, true},
    {"(0,0)", 0, 0, true},
    {"(123,45)", 123, 45, true},
    {"(9223372036854775807,2147483647)", INT64_MAX, INT32_MAX, true},
};

START_TEST(a_time_is_read)
{
    const struct good *row = &good[_i];
    struct time_spec spec = parsed(row->text);

    ck_assert_int_eq(spec.kind, TIME_AT);
    ck_assert_msg(spec.ts.wall == row->wall, "%s: %jd", row->text, (intmax_t)spec.ts.wall);
    ck_assert_int_eq(spec.ts.logical, row->logical);
    ck_assert_int_eq(spec.has_logical, row->has_logical);
}
END_TEST

START_TEST(the_newest_and_commits_are_read)
{
    ck_assert_int_eq(parsed("now").kind, TIME_NEWEST);

    struct time_spec spec = parsed("commit:0aF9");
    ck_assert_int_eq(spec.kind, TIME_COMMIT);
    ck_slice_eq(spec.commit, varve_slice_text("0aF9"));

    spec = parsed("commit:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    ck_assert_uint_eq(spec.commit.size, 64);
}
END_TEST

static const char *const bad[] = {
    "",
    " ",
    "now ",
    "nowhere",
    "5",
    "-1",
    "+5",
    "abc",
    "1.5",
    "1,0", /* a wall time is printed with nine digits of nanoseconds */
    "1.5,0",
    "2.0000000010,7",
    "2.000000001,",
    "2.000000001,x",
    "2.000000001,2147483648",
    "9223372036.854775808,0",
    "9223372037.000000000,0",
    "@",
    "@x",
    "@-1",
    "@1.",
    "@1.x",
    "@1.1234567891",
    "@9223372036.854775808",
    "@9223372037",
    "@99999999999999999999",
    "@1 ",
    "@1,",
    "@1,-1",
    "@1,2147483648",
    "ns:",
    "ns:-1",
    "ns:1.5",
    "ns:9223372036854775808",
    "ns:1,2,3",
    "(",
    "()",
    "(1)",
    "(1,)",
    "(,1)",
    "(1,2",
    "(1,2)x",
    "(-1,0)",
    "(1,2147483648)",
    "(9223372036854775808,0)",
    "commit:",
    "commit:abc",
    "commit:abcg",
    "commit:HEAD",
    "commit:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
    "2024-05-01",
    "2024-05-01T12:00:00",
    "2024-05-01T12:00Z",
    "2024-5-01T12:00:00Z",
    "2024-05-01T12:00:00.Z",
    "2024-05-01T12:00:00+0200",
    "2024-05-01T12:00:00+24:00",
    "2024-05-01T12:00:00+02:60",
    "2024-05-01T12:00:00Zx",
    "2024-05-01T12:00:00Z,",
    "2024-00-01T12:00:00Z",
    "2024-13-01T12:00:00Z",
    "2024-05-00T12:00:00Z",
    "2024-04-31T12:00:00Z",
    "2023-02-29T12:00:00Z",
    "1900-02-29T12:00:00Z",
    "2024-05-01T24:00:00Z",
    "2024-05-01T12:60:00Z",
    "2024-05-01T12:00:61Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+00:01",
    "2262-04-11T23:47:16.854775808Z",
    "9999-01-01T00:00:00Z",
};

START_TEST(what_is_no_time_is_refused)
{
    struct time_spec spec;
    const char *wrong = time_parse(varve_slice_text(bad[_i]), &spec);

    ck_assert_msg(wrong != NULL, "'%s' is taken for a time", bad[_i]);
    ck_assert_uint_gt(strlen(wrong), 0);
}
END_TEST

/* A text that is not followed by a NUL, as in the middle of a file. */
START_TEST(the_end_of_the_text_is_kept)
{
    struct time_spec spec;

    ck_assert_ptr_null(time_parse(copy_of(varve_slice_text("@12")), &spec));
    ck_assert_int_eq(spec.ts.wall, 12000000000);
    ck_assert_ptr_null(time_parse(varve_slice_of("@1234", 3), &spec));
    ck_assert_int_eq(spec.ts.wall, 12000000000);
    ck_assert_ptr_nonnull(time_parse(copy_of(varve_slice_text("2024-05-01T12:00:0")), &spec));
    ck_assert_ptr_nonnull(time_parse(varve_slice_of(NULL, 0), &spec));
}
END_TEST

START_TEST(a_time_is_printed)
{
    char text[TIME_TEXT_MAX];

    ck_assert_str_eq(time_format(varve_ts_of(0, 0), true, text),
                     "1970-01-01T00:00:00.000000000Z,0");
    ck_assert_str_eq(time_format(varve_ts_of(1714564800123456789, 7), true, text),
                     "2024-05-01T12:00:00.123456789Z,7");
    ck_assert_str_eq(time_format(varve_ts_of(1714564800123456789, 7), false, text),
                     "2024-05-01T12:00:00.123456789Z");
    ck_assert_str_eq(time_format(varve_ts_max(), true, text),
                     "2262-04-11T23:47:16.854775807Z,2147483647");
}
END_TEST

/* Both printed forms of random timestamps read back as the same timestamp. */
START_TEST(what_is_printed_is_read)
{
    test_random random = test_random_start();

    for (int i = 0; i < 20000; i++) {
        varve_ts ts = varve_ts_of((int64_t)(test_random_next(&random) >> (1 + i % 60)),
                                  (int32_t)(test_random_next(&random) >> 33));
        char text[TIME_TEXT_MAX];
        struct time_spec spec = parsed(time_format(ts, true, text));
        ck_assert_msg(varve_ts_compare(spec.ts, ts) == 0 && spec.has_logical, "%s", text);
        char exact[VARVE_TS_TEXT_MAX];
        spec = parsed(varve_ts_format(ts, exact));
        ck_assert_msg(varve_ts_compare(spec.ts, ts) == 0 && spec.has_logical, "%s", exact);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("times");
    TCase *tcase = tcase_create("times");
    tcase_add_loop_test(tcase, a_time_is_read, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tcase, what_is_no_time_is_refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tcase, the_newest_and_commits_are_read);
    tcase_add_test(tcase, the_end_of_the_text_is_kept);
    tcase_add_test(tcase, a_time_is_printed);
    tcase_add_test(tcase, what_is_printed_is_read);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
