/* Differences between what a block was expected to print and what it has printed. */
#include "tools/histories/diff.h"

#include "tests/support/support.h"
#include "tools/histories/memory.h"

#include <stdlib.h>

static void check_diff(const char *expected, const char *actual, const char *shown)
{
    struct text text;

    text_begin(&text);
    diff_print(varve_slice_text(expected), varve_slice_text(actual), text.file);
    text_end(&text);
    ck_assert_str_eq(text.data, shown);
    free(text.data);
}

START_TEST(lines_of_both_have_a_blank_in_front)
{
    check_diff("a\nb\n", "a\nb\n", " a\n b\n");
    check_diff("", "", "");
}
END_TEST

START_TEST(what_one_has_alone_is_marked)
{
    check_diff("a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c\n");
    check_diff("a\nc\n", "a\nb\nc\n", " a\n+b\n c\n");
    check_diff("a\nb\nc\n", "a\nc\n", " a\n-b\n c\n");
    check_diff("", "a\n", "+a\n");
    check_diff("a\n", "", "-a\n");
}
END_TEST

START_TEST(what_is_common_in_the_middle_is_found)
{
    check_diff("a\nb\nc\nd\n", "x\nb\nc\ny\n", "-a\n+x\n b\n c\n-d\n+y\n");
    check_diff("1\na\n2\nb\n3\n", "a\nb\n", "-1\n a\n-2\n b\n-3\n");
}
END_TEST

/* Equal lines in front and behind are taken once, though they fit to either end. */
START_TEST(repeated_lines_are_counted)
{
    check_diff("a\na\n", "a\na\na\n", " a\n a\n+a\n");
    check_diff("a\na\na\n", "a\n", " a\n-a\n-a\n");
}
END_TEST

/* `count` lines that are numbers from `start` on. */
static void write_numbers(struct text *text, const char *mark, unsigned start, unsigned count)
{
    for (unsigned i = start; i < start + count; i++)
        fprintf(text->file, "%s%u\n", mark, i);
}

enum { MANY = 100000 };

/* A table of all their pairs would not fit anywhere. */
START_TEST(one_difference_among_many_lines)
{
    struct text expected;
    struct text actual;
    struct text shown;

    text_begin(&expected);
    text_begin(&actual);
    text_begin(&shown);
    write_numbers(&expected, "", 0, 2 * MANY);
    write_numbers(&actual, "", 0, MANY);
    fputs("other\n", actual.file);
    write_numbers(&actual, "", MANY + 1, MANY - 1);
    write_numbers(&shown, " ", 0, MANY);
    fprintf(shown.file, "-%d\n+other\n", MANY);
    write_numbers(&shown, " ", MANY + 1, MANY - 1);
    text_end(&expected);
    text_end(&actual);
    text_end(&shown);
    check_diff(expected.data, actual.data, shown.data);
    free(expected.data);
    free(actual.data);
    free(shown.data);
}
END_TEST

START_TEST(many_differences_come_one_text_behind_the_other)
{
    struct text expected;
    struct text actual;
    struct text shown;

    text_begin(&expected);
    text_begin(&actual);
    text_begin(&shown);
    write_numbers(&expected, "", 0, MANY);
    write_numbers(&actual, "", MANY, MANY);
    write_numbers(&shown, "-", 0, MANY);
    write_numbers(&shown, "+", MANY, MANY);
    text_end(&expected);
    text_end(&actual);
    text_end(&shown);
    check_diff(expected.data, actual.data, shown.data);
    free(expected.data);
    free(actual.data);
    free(shown.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("histories/diff");
    TCase *tcase = tcase_create("diff");

    tcase_add_test(tcase, lines_of_both_have_a_blank_in_front);
    tcase_add_test(tcase, what_one_has_alone_is_marked);
    tcase_add_test(tcase, what_is_common_in_the_middle_is_found);
    tcase_add_test(tcase, repeated_lines_are_counted);
    tcase_add_test(tcase, one_difference_among_many_lines);
    tcase_add_test(tcase, many_differences_come_one_text_behind_the_other);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
