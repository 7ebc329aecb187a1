/* Which exit code a status of the library ends the tool with. */
#include "tools/cli.h"

#include "tests/support/support.h"

static const struct {
    varve_status status;
    enum tool_exit code;
} codes[] = {
    {VARVE_OK, TOOL_OK},
    {VARVE_NOT_FOUND, TOOL_NO},
    {VARVE_INVALID_ARGUMENT, TOOL_USAGE},
    {VARVE_EMPTY_KEY, TOOL_USAGE},
    {VARVE_INVALID_KEY, TOOL_USAGE},
    {VARVE_TOO_LARGE, TOOL_REFUSED},
    {VARVE_TIMESTAMP_OVERFLOW, TOOL_REFUSED},
    {VARVE_VALUE_TYPE, TOOL_REFUSED},
    {VARVE_LOCKED, TOOL_STORE},
    {VARVE_READ_ONLY, TOOL_STORE},
    {VARVE_NOT_A_STORE, TOOL_STORE},
    {VARVE_INCOMPATIBLE, TOOL_STORE},
    {VARVE_NO_STORE, TOOL_STORE},
    {VARVE_CORRUPT, TOOL_CORRUPT},
    {VARVE_CORRUPT_KEY, TOOL_CORRUPT},
    {VARVE_CHECKSUM, TOOL_CORRUPT},
    {VARVE_NO_MEMORY, TOOL_IO},
    {VARVE_IO, TOOL_IO},
    {VARVE_NO_SPACE, TOOL_IO},
    {VARVE_COMMIT_UNKNOWN, TOOL_IO},
    {VARVE_LOG_GAP, TOOL_IO},
    {VARVE_WRITE_INTENT, TOOL_CONFLICT},
    {VARVE_WRITE_TOO_OLD, TOOL_CONFLICT},
    {VARVE_INLINE_MIX, TOOL_CONFLICT},
    {VARVE_MERGE_CONFLICT, TOOL_CONFLICT},
    {VARVE_READ_UNCERTAIN, TOOL_CONFLICT},
    {VARVE_CONDITION_FAILED, TOOL_CONFLICT},
    {VARVE_TXN_EPOCH, TOOL_CONFLICT},
    {VARVE_TXN_REPLAY, TOOL_CONFLICT},
    {VARVE_NOT_GARBAGE, TOOL_CONFLICT},
    {VARVE_INTEGER_OVERFLOW, TOOL_REFUSED},
    {VARVE_BELOW_THRESHOLD, TOOL_REFUSED},
    {VARVE_BAD_BATCH, TOOL_INTERNAL},
    {VARVE_MISUSE, TOOL_INTERNAL},
    {VARVE_UNSUPPORTED, TOOL_INTERNAL},
    {VARVE_BUSY, TOOL_INTERNAL},
    {VARVE_CANCELLED, TOOL_INTERRUPTED},
    {VARVE_DEADLINE, TOOL_INTERNAL},
    {VARVE_INTERNAL, TOOL_INTERNAL},
};

START_TEST(a_status_has_this_code)
{
    ck_assert_int_eq(cli_exit_of(codes[_i].status), codes[_i].code);
}
END_TEST

START_TEST(no_status_is_left_out)
{
    static const varve_status all[] = {
#define STATUS(name, value, text) VARVE_##name,
        VARVE_STATUS_MAP(STATUS)
#undef STATUS
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        bool listed = false;
        for (size_t j = 0; j < sizeof codes / sizeof codes[0]; j++)
            listed = listed || codes[j].status == all[i];
        ck_assert_msg(listed, "%s is not in this table", varve_status_name(all[i]));
    }
}
END_TEST

START_TEST(numbers_are_read_whole)
{
    int64_t number = -7;

    ck_assert(cli_number("0", 10, &number));
    ck_assert_int_eq(number, 0);
    ck_assert(cli_number("10", 10, &number));
    ck_assert_int_eq(number, 10);
    ck_assert(cli_number("9223372036854775807", INT64_MAX, &number));
    ck_assert_int_eq(number, INT64_MAX);
}
END_TEST

START_TEST(other_numbers_are_refused)
{
    static const char *const texts[] = {"", "-1", "+1", " 1", "1 ", "0x1", "11", "1.0"};
    int64_t number = -7;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(!cli_number(texts[i], 10, &number), "'%s'", texts[i]);
    ck_assert(!cli_number("9223372036854775808", INT64_MAX, &number));
    ck_assert(!cli_number("6", 5, &number));
    ck_assert(!cli_number("05", 4, &number));
    ck_assert_int_eq(number, -7);
}
END_TEST

static const char *shown(varve_slice key, bool as_hex)
{
    static char text[CLI_KEY_TEXT_MAX];
    const struct cli cli = {.hex = as_hex};

    return cli_key_text(&cli, key, text);
}

START_TEST(keys_in_messages_are_quoted_and_cut)
{
    ck_assert_str_eq(shown(varve_slice_text("a\n"), false), "\"a\\n\"");
    ck_assert_str_eq(shown(varve_slice_text("a\n"), true), "610a");
    const char *text = shown(repeated('x', 1000), false);
    ck_assert_uint_eq(strlen(text), CLI_KEY_TEXT_MAX - 1);
    ck_assert_str_eq(text + CLI_KEY_TEXT_MAX - 6, "xx...");
    /* 253 with its quotes fits as it is. */
    ck_assert_str_eq(shown(repeated('x', CLI_KEY_TEXT_MAX - 3), false) + CLI_KEY_TEXT_MAX - 4,
                     "xx\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tcase = tcase_create("report");
    tcase_add_loop_test(tcase, a_status_has_this_code, 0, sizeof codes / sizeof codes[0]);
    tcase_add_test(tcase, no_status_is_left_out);
    tcase_add_test(tcase, numbers_are_read_whole);
    tcase_add_test(tcase, other_numbers_are_refused);
    tcase_add_test(tcase, keys_in_messages_are_quoted_and_cut);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
