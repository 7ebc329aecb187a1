/* Spans of time and sizes as people write and read them. */
#include "tools/units.h"

#include "tests/support/support.h"

START_TEST(durations)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: it is none */
    } cases[] = {
        {"0", 0},
        {"90", 90},
        {"90s", 90},
        {"15m", 900},
        {"24h", 86400},
        {"7d", 604800},
        {"", -1},
        {"s", -1},
        {"1w", -1},
        {"-1", -1},
        {"1.5h", -1},
        {"1h30m", -1},
        {" 1", -1},
        {"1 s", -1},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", -1},
        {"153722867280912931m", -1},
        {"153722867280912930m", 9223372036854775800},
        {"00000000000000000000000000001", -1},
    };
    int64_t seconds;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool good = duration_parse(cases[i].text, &seconds);
        ck_assert_msg(good == (cases[i].seconds >= 0), "%s", cases[i].text);
        ck_assert_msg(!good || seconds == cases[i].seconds, "%s: %lld", cases[i].text,
                      (long long)seconds);
    }
}
END_TEST

START_TEST(durations_as_text)
{
    char text[DURATION_TEXT_MAX];

    ck_assert_str_eq(duration_format(0, text), "0.0 s");
    ck_assert_str_eq(duration_format(119, text), "119.0 s");
    ck_assert_str_eq(duration_format(120, text), "2.0 min");
    ck_assert_str_eq(duration_format(7200, text), "2.0 h");
    ck_assert_str_eq(duration_format(172800, text), "2.0 d");
}
END_TEST

START_TEST(sizes_as_text)
{
    char text[SIZE_TEXT_MAX];

    ck_assert_str_eq(size_format(0, text), "0 B");
    ck_assert_str_eq(size_format(1023, text), "1023 B");
    ck_assert_str_eq(size_format(1024, text), "1.0 KiB");
    ck_assert_str_eq(size_format(1536 * 1024, text), "1.5 MiB");
    ck_assert_str_eq(size_format(5e15, text), "4547.5 TiB");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("units");
    TCase *tcase = tcase_create("units");
    tcase_add_test(tcase, durations);
    tcase_add_test(tcase, durations_as_text);
    tcase_add_test(tcase, sizes_as_text);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
