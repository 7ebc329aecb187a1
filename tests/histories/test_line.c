/* Lines of the language of histories, and what is wrong with others. */
#include "tools/histories/line.h"

#include "tests/support/support.h"

#include <stdio.h>

static struct line line;
static size_t column;

static bool parse(const char *text)
{
    return line_parse(copy_of(varve_slice_text(text)), &line, &column);
}

/* The command and its arguments, each with its values, as `command key[value|value]`. */
static void check_line(const char *text, const char *expected)
{
    char shown[512];
    size_t size = 0;

    ck_assert_msg(parse(text), "`%s` does not parse from column %zu on", text, column);
    size += (size_t)snprintf(shown, sizeof shown, "%.*s", (int)line.command.size,
                             (const char *)line.command.data);
    for (size_t i = 0; i < line.arguments.count; i++) {
        const struct argument *argument = &line.arguments.list[i];

        size += (size_t)snprintf(shown + size, sizeof shown - size, " %.*s[",
                                 (int)argument->key.size, (const char *)argument->key.data);
        for (size_t n = 0; n < argument->count; n++) {
            varve_slice value = argument_value(argument, n);
            size += (size_t)snprintf(shown + size, sizeof shown - size, "%s%.*s", n > 0 ? "|" : "",
                                     (int)value.size, (const char *)value.data);
        }
        size += (size_t)snprintf(shown + size, sizeof shown - size, "]");
    }
    ck_assert_str_eq(shown, expected);
    line_release(&line);
}

static void check_column(const char *text, size_t expected)
{
    ck_assert_msg(!parse(text), "`%s` parses", text);
    ck_assert_uint_eq(column, expected);
    ck_assert_uint_eq(line.arguments.count, 0);
}

START_TEST(arguments_split_at_their_first_equals_sign)
{
    check_line("put", "put");
    check_line("put resolve", "put resolve[]");
    check_line("put k=a", "put k[a]");
    check_line("cput cond=", "cput cond[]");
    check_line("clear_range k=a end==b", "clear_range k[a] end[=b]");
    check_line("get ts=123,45", "get ts[123,45]");
    check_line("get k=a/b_c-d.e@f+g", "get k[a/b_c-d.e@f+g]");
    check_line("get ts=-1 k=+a", "get ts[-1] k[+a]");
}
END_TEST

START_TEST(parentheses_hold_several_values)
{
    check_line("x seqs=(1-15,25-35)", "x seqs[1-15|25-35]");
    check_line("x seqs=( 1-15 , 25-35 ) t=A", "x seqs[1-15|25-35] t[A]");
    check_line("x seqs=(25-35)", "x seqs[25-35]");
    check_line("x seqs=( 25-35 )", "x seqs[25-35]");
    check_line("x v=()", "x v[()]");
    check_line("x v=(a b=c!)", "x v[a b=c!]");
    check_line("x v=(,)", "x v[|]");
}
END_TEST

START_TEST(no_values_differ_from_an_empty_one)
{
    ck_assert(parse("x a b= c=d"));
    ck_assert_uint_eq(line.arguments.list[0].count, 0);
    ck_assert_uint_eq(line.arguments.list[1].count, 1);
    ck_assert_uint_eq(line.arguments.list[2].count, 1);
    line_release(&line);
}
END_TEST

START_TEST(blanks_may_be_many_in_front_of_a_token)
{
    check_line("   put      k=a   v=b", "put k[a] v[b]");
    check_line("put k=a ", "put k[a]");
    check_column("put k=a  ", 9);
    check_column("", 1);
    check_column("  ", 1);
}
END_TEST

START_TEST(the_column_is_that_of_the_token_that_is_none)
{
    check_column("put k=a!", 5);
    check_column("put\tk=a", 1);
    check_column("\tput", 1);
    check_column("put k=a\tv=b", 5);
    check_column("put k=(a", 5);
    check_column("put k=(a)b", 5);
    check_column("put =a", 5);
    check_column("put k=a +b", 9);
    check_column("put \"k\"", 5);
    check_column("(put)", 1);
}
END_TEST

START_TEST(the_first_of_a_key_counts)
{
    ck_assert(parse("x k=a k=b k"));
    const struct argument *found = arguments_find(&line.arguments, "k");

    ck_assert_ptr_nonnull(found);
    ck_slice_eq(argument_value(found, 0), bytes("a"));
    ck_assert_ptr_null(arguments_find(&line.arguments, "a"));
    ck_assert_ptr_null(arguments_find(&line.arguments, "x"));
    line_release(&line);
}
END_TEST

START_TEST(numbers_are_decimal_with_an_optional_sign)
{
    int64_t number = 77;
    int32_t narrow = 77;

    ck_assert(text_int64(bytes("-9223372036854775808"), &number) && number == INT64_MIN);
    ck_assert(text_int64(bytes("9223372036854775807"), &number) && number == INT64_MAX);
    ck_assert(text_int64(bytes("+12"), &number) && number == 12);
    ck_assert(text_int64(bytes("007"), &number) && number == 7);
    number = 77;
    ck_assert(!text_int64(bytes("9223372036854775808"), &number));
    ck_assert(!text_int64(bytes("-9223372036854775809"), &number));
    ck_assert(!text_int64(bytes(""), &number));
    ck_assert(!text_int64(bytes("-"), &number));
    ck_assert(!text_int64(bytes("0x1"), &number));
    ck_assert(!text_int64(bytes("1 "), &number));
    ck_assert_int_eq(number, 77);
    ck_assert(text_int32(bytes("-2147483648"), &narrow) && narrow == INT32_MIN);
    ck_assert(!text_int32(bytes("2147483648"), &narrow));
    ck_assert_int_eq(narrow, INT32_MIN);
}
END_TEST

START_TEST(white_space_is_trimmed_at_both_ends)
{
    ck_slice_eq(text_trim(bytes(" \t\r\n a b \n")), bytes("a b"));
    ck_assert_uint_eq(text_trim(bytes(" \n ")).size, 0);
    ck_assert_uint_eq(text_trim(bytes("")).size, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("histories/line");
    TCase *tcase = tcase_create("line");

    tcase_add_test(tcase, arguments_split_at_their_first_equals_sign);
    tcase_add_test(tcase, parentheses_hold_several_values);
    tcase_add_test(tcase, no_values_differ_from_an_empty_one);
    tcase_add_test(tcase, blanks_may_be_many_in_front_of_a_token);
    tcase_add_test(tcase, the_column_is_that_of_the_token_that_is_none);
    tcase_add_test(tcase, the_first_of_a_key_counts);
    tcase_add_test(tcase, numbers_are_decimal_with_an_optional_sign);
    tcase_add_test(tcase, white_space_is_trimmed_at_both_ends);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
