#include "tests/support/support.h"

#include <varve/ts.h>

static varve_error err = VARVE_ERROR_INIT;

static void ck_ts(varve_ts actual, varve_ts expected)
{
    char actual_text[VARVE_TS_TEXT_MAX];
    char expected_text[VARVE_TS_TEXT_MAX];
    ck_assert_msg(actual.wall == expected.wall && actual.logical == expected.logical,
                  "%s is not %s", varve_ts_format(actual, actual_text),
                  varve_ts_format(expected, expected_text));
}

/* ---- Arithmetic --------------------------------------------------------------------------------
 */

START_TEST(constants)
{
    ck_ts(varve_ts_zero(), (varve_ts){0, 0});
    ck_ts(varve_ts_min(), (varve_ts){0, 1});
    ck_ts(varve_ts_max(), (varve_ts){9223372036854775807, 2147483647});
    ck_assert(varve_ts_is_zero(varve_ts_zero()));
    ck_assert(!varve_ts_is_zero(varve_ts_min()));
    ck_assert(!varve_ts_is_zero(varve_ts_of(1, 0)));
}
END_TEST

START_TEST(order_is_by_wall_then_by_logical)
{
    static const varve_ts ascending[] = {
        {INT64_MIN, INT32_MAX}, {-1, 0}, {0, -1}, {0, 0}, {0, 1},
        {0, INT32_MAX},         {1, 0},  {1, 1},  {2, 0}, {INT64_MAX, 0}};
    const size_t count = sizeof ascending / sizeof ascending[0];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int compared = varve_ts_compare(ascending[i], ascending[j]);
            ck_assert_int_eq((compared > 0) - (compared < 0), (i > j) - (i < j));
        }
    }
}
END_TEST

START_TEST(next)
{
    varve_ts ts;
    ck_ok(varve_ts_next(varve_ts_zero(), &ts, &err), &err);
    ck_ts(ts, (varve_ts){0, 1});
    ck_ok(varve_ts_next((varve_ts){5, 6}, &ts, &err), &err);
    ck_ts(ts, (varve_ts){5, 7});
    ck_ok(varve_ts_next((varve_ts){5, INT32_MAX}, &ts, &err), &err);
    ck_ts(ts, (varve_ts){6, 0});
    ck_ok(varve_ts_next((varve_ts){INT64_MAX, INT32_MAX - 1}, &ts, &err), &err);
    ck_ts(ts, varve_ts_max());
    ck_fails(varve_ts_next(varve_ts_max(), &ts, &err), VARVE_TIMESTAMP_OVERFLOW, &err,
             "there is no timestamp after the last");
    ck_ts(ts, varve_ts_max());
}
END_TEST

START_TEST(prev)
{
    varve_ts ts;
    ck_ok(varve_ts_prev((varve_ts){5, 6}, &ts, &err), &err);
    ck_ts(ts, (varve_ts){5, 5});
    ck_ok(varve_ts_prev((varve_ts){5, 0}, &ts, &err), &err);
    ck_ts(ts, (varve_ts){4, INT32_MAX});
    ck_ok(varve_ts_prev((varve_ts){1, 0}, &ts, &err), &err);
    ck_ts(ts, (varve_ts){0, INT32_MAX});
    ck_ok(varve_ts_prev(varve_ts_min(), &ts, &err), &err);
    ck_ts(ts, varve_ts_zero());
}
END_TEST

START_TEST(floor_prev)
{
    varve_ts ts;
    ck_ok(varve_ts_floor_prev((varve_ts){5, 6}, &ts, &err), &err);
    ck_ts(ts, (varve_ts){5, 5});
    ck_ok(varve_ts_floor_prev((varve_ts){5, 0}, &ts, &err), &err);
    ck_ts(ts, (varve_ts){4, 0});
    ck_ok(varve_ts_floor_prev((varve_ts){1, 0}, &ts, &err), &err);
    ck_ts(ts, varve_ts_zero());
}
END_TEST

START_TEST(nothing_is_before_zero)
{
    varve_ts ts = {3, 3};
    ck_fails(varve_ts_prev(varve_ts_zero(), &ts, &err), VARVE_INVALID_ARGUMENT, &err,
             "there is no timestamp before 0,0");
    ck_fails(varve_ts_floor_prev(varve_ts_zero(), &ts, &err), VARVE_INVALID_ARGUMENT, &err,
             "there is no timestamp before 0,0");
    ck_status(varve_ts_prev((varve_ts){-1, 5}, &ts, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_status(varve_ts_prev((varve_ts){5, -1}, &ts, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_ts(ts, (varve_ts){3, 3});
    varve_error_release(&err);
}
END_TEST

START_TEST(forward_and_backward_tell_whether_they_changed)
{
    varve_ts ts = {5, 5};
    ck_assert(!varve_ts_forward(&ts, (varve_ts){5, 5}));
    ck_assert(!varve_ts_forward(&ts, (varve_ts){4, 9}));
    ck_assert(varve_ts_forward(&ts, (varve_ts){5, 6}));
    ck_ts(ts, (varve_ts){5, 6});
    ck_assert(!varve_ts_backward(&ts, (varve_ts){5, 6}));
    ck_assert(!varve_ts_backward(&ts, (varve_ts){6, 0}));
    ck_assert(varve_ts_backward(&ts, (varve_ts){4, 9}));
    ck_ts(ts, (varve_ts){4, 9});
}
END_TEST

START_TEST(add_is_by_component)
{
    varve_ts ts;
    ck_ok(varve_ts_add((varve_ts){5, 6}, 10, -2, &ts, &err), &err);
    ck_ts(ts, (varve_ts){15, 4});
    ck_ok(varve_ts_add((varve_ts){5, 6}, -6, -7, &ts, &err), &err);
    ck_ts(ts, (varve_ts){-1, -1});
    ck_fails(varve_ts_add((varve_ts){INT64_MAX, 6}, 1, 0, &ts, &err), VARVE_TIMESTAMP_OVERFLOW,
             &err, "9223372036.854775807,6 plus (1,0) is no timestamp");
    ck_fails(varve_ts_add((varve_ts){0, 6}, 0, INT32_MAX, &ts, &err), VARVE_TIMESTAMP_OVERFLOW,
             &err, "0,6 plus (0,2147483647) is no timestamp");
    ck_status(varve_ts_add((varve_ts){-2, 0}, INT64_MIN, 0, &ts, &err), VARVE_TIMESTAMP_OVERFLOW,
              &err);
    ck_ts(ts, (varve_ts){-1, -1});
    varve_error_release(&err);
}
END_TEST

START_TEST(next_and_prev_are_inverse)
{
    test_random random = test_random_start();
    for (int i = 0; i < 10000; i++) {
        varve_ts ts = {
            (int64_t)(test_random_next(&random) >> (1 + test_random_below(&random, 60))),
            (int32_t)(test_random_next(&random) >> (33 + test_random_below(&random, 31)))};
        if (test_random_below(&random, 4) == 0)
            ts.logical = test_random_below(&random, 2) == 0 ? 0 : INT32_MAX;
        varve_ts later;
        varve_ts back;
        ck_ok(varve_ts_next(ts, &later, &err), &err);
        ck_assert_int_gt(varve_ts_compare(later, ts), 0);
        ck_ok(varve_ts_prev(later, &back, &err), &err);
        ck_ts(back, ts);
        ck_ok(varve_ts_floor_prev(later, &back, &err), &err);
        ck_assert_int_lt(varve_ts_compare(back, later), 0);
    }
}
END_TEST

/* ---- Text --------------------------------------------------------------------------------------
 */

static const struct {
    varve_ts ts;
    const char *text;
} printed[] = {
    {{0, 0}, "0,0"},
    {{0, 1}, "0,1"},
    {{0, -1}, "0,-1"},
    {{11, 0}, "0.000000011,0"},
    {{123, 45}, "0.000000123,45"},
    {{2000000001, 7}, "2.000000001,7"},
    {{1000000000, 0}, "1.000000000,0"},
    {{-1, 0}, "-0.000000001,0"},
    {{-2000000001, -3}, "-2.000000001,-3"},
    {{INT64_MAX, INT32_MAX}, "9223372036.854775807,2147483647"},
    {{INT64_MIN, INT32_MIN}, "-9223372036.854775808,-2147483648"},
};
enum { PRINTED_COUNT = sizeof printed / sizeof printed[0] };

START_TEST(printed_forms)
{
    char text[VARVE_TS_TEXT_MAX];
    ck_assert_ptr_eq(varve_ts_format(printed[_i].ts, text), text);
    ck_assert_str_eq(text, printed[_i].text);
}
END_TEST

START_TEST(printed_forms_are_read_back)
{
    varve_ts ts;
    ck_ok(varve_ts_parse(copy_of(varve_slice_text(printed[_i].text)), &ts, &err), &err);
    ck_ts(ts, printed[_i].ts);
}
END_TEST

static const struct {
    const char *text;
    varve_ts ts;
} other_forms[] = {
    {"1,0", {1000000000, 0}},
    {"-1,0", {-1000000000, 0}},
    {"-0,0", {0, 0}},
    {"0.1,0", {1, 0}}, /* Digits behind the point are a plain number of nanoseconds. */
    {"1.5,0", {1000000005, 0}},
    {"1.1000000000,0", {2000000000, 0}},
    {"0000000000000000001.00000000000000000002,0000000003", {1000000002, 3}},
    {"0.9223372036854775807,0", {INT64_MAX, 0}},
    {"-0.9223372036854775808,0", {INT64_MIN, 0}},
};
enum { OTHER_COUNT = sizeof other_forms / sizeof other_forms[0] };

START_TEST(other_forms_are_read)
{
    varve_ts ts;
    ck_ok(varve_ts_parse(copy_of(varve_slice_text(other_forms[_i].text)), &ts, &err), &err);
    ck_ts(ts, other_forms[_i].ts);
}
END_TEST

static const char *const not_timestamps[] = {
    "",
    "0",
    ",0",
    "0,",
    "1.,0",
    ".5,0",
    "-,0",
    "--1,0",
    "+1,0",
    "1,+1",
    "1,--1",
    " 1,0",
    "1,0 ",
    "1 ,0",
    "1.0.0,0",
    "1,0,0",
    "a,0",
    "1,a",
    "0x1,0",
    "1e3,0",
    "1.-5,0",
    "1,0?",
    "1\n,0",
    "00000000000000000001,0",    /* 20 digits of seconds */
    "0.000000000000000000001,0", /* 21 of nanoseconds */
    "0,00000000001",             /* 11 of the logical part */
    "9223372037,0",              /* more than an int64_t of nanoseconds */
    "9999999999999999999,0",
    "9223372036.854775808,0",
    "-9223372036.854775809,0",
    "0.9223372036854775808,0",
    "0.99999999999999999999,0",
    "9223372036.18446744073709551615,0",
    "0,2147483648",
    "0,-2147483649",
    "0,9999999999"};
enum { NOT_COUNT = sizeof not_timestamps / sizeof not_timestamps[0] };

START_TEST(what_is_no_timestamp_is_refused)
{
    varve_ts ts = {7, 7};
    varve_slice text = copy_of(varve_slice_text(not_timestamps[_i]));
    ck_status(varve_ts_parse(text, &ts, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_ts(ts, (varve_ts){7, 7});
    varve_error_release(&err);
}
END_TEST

START_TEST(the_message_shows_the_text_safely)
{
    varve_ts ts;
    ck_fails(varve_ts_parse(bytes("1,0\x00\n"), &ts, &err), VARVE_INVALID_ARGUMENT, &err,
             "failed to parse \"1,0\\x00\\n\" as Timestamp");
    ck_fails(varve_ts_parse(bytes(""), &ts, &err), VARVE_INVALID_ARGUMENT, &err,
             "failed to parse \"\" as Timestamp");
    ck_status(varve_ts_parse(repeated('9', 5000), &ts, &err), VARVE_INVALID_ARGUMENT, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "999\"... as Timestamp"));
    varve_error_release(&err);
}
END_TEST

START_TEST(any_timestamp_is_read_back_from_its_text)
{
    test_random random = test_random_start();
    for (int i = 0; i < 20000; i++) {
        unsigned shift = (unsigned)test_random_below(&random, 64);
        varve_ts ts = {(int64_t)test_random_next(&random) >> shift,
                       (int32_t)test_random_next(&random) >> (shift / 2)};
        char text[VARVE_TS_TEXT_MAX];
        varve_ts back;
        varve_slice printed_text = varve_slice_text(varve_ts_format(ts, text));
        ck_ok(varve_ts_parse(printed_text, &back, &err), &err);
        ck_ts(back, ts);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ts");
    TCase *tcase = tcase_create("arithmetic");
    tcase_add_test(tcase, constants);
    tcase_add_test(tcase, order_is_by_wall_then_by_logical);
    tcase_add_test(tcase, next);
    tcase_add_test(tcase, prev);
    tcase_add_test(tcase, floor_prev);
    tcase_add_test(tcase, nothing_is_before_zero);
    tcase_add_test(tcase, forward_and_backward_tell_whether_they_changed);
    tcase_add_test(tcase, add_is_by_component);
    tcase_add_test(tcase, next_and_prev_are_inverse);
    suite_add_tcase(suite, tcase);
    TCase *text = tcase_create("text");
    tcase_add_loop_test(text, printed_forms, 0, PRINTED_COUNT);
    tcase_add_loop_test(text, printed_forms_are_read_back, 0, PRINTED_COUNT);
    tcase_add_loop_test(text, other_forms_are_read, 0, OTHER_COUNT);
    tcase_add_loop_test(text, what_is_no_timestamp_is_refused, 0, NOT_COUNT);
    tcase_add_test(text, the_message_shows_the_text_safely);
    tcase_add_test(text, any_timestamp_is_read_back_from_its_text);
    suite_add_tcase(suite, text);
    return run_suite(suite);
}
