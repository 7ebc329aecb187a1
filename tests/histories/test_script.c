/* History files, their blocks, and blocks with another expectation. */
#include "tools/histories/script.h"

#include "tests/support/support.h"

static struct script script;
static struct block block;

static void begin(const char *text)
{
    script_begin(&script, copy_of(varve_slice_text(text)));
}

static void check_block(size_t line, const char *directive, const char *input, const char *expected)
{
    ck_assert(script_next(&script, &block));
    ck_assert_uint_eq(block.line, line);
    ck_assert_str_eq(block.directive, directive);
    ck_slice_eq(block.input, varve_slice_text(input));
    ck_slice_eq(varve_slice_of(block.expected, block.expected_size), varve_slice_text(expected));
    block_release(&block);
}

static void check_no_block(void)
{
    ck_assert(!script_next(&script, &block));
}

START_TEST(a_file_without_directives_has_no_blocks)
{
    begin("");
    check_no_block();
    begin("\n  \t \n# run ok\n   # x");
    check_no_block();
}
END_TEST

START_TEST(an_expectation_ends_at_a_blank_line)
{
    begin("# one\n  run ok  \nget k=a\n  get k=b\n----\nx\n y \n \t\nrun error\n----\nz");
    check_block(2, "run ok", "get k=a\n  get k=b", "x\n y \n");
    check_block(9, "run error", "", "z\n");
    check_no_block();
}
END_TEST

START_TEST(a_blank_line_at_once_is_an_empty_expectation)
{
    begin("run ok\nput k=a\n----\n\nrun ok\n----\n");
    check_block(1, "run ok", "put k=a", "");
    check_block(5, "run ok", "", "");
    check_no_block();
}
END_TEST

START_TEST(input_loses_the_white_space_at_its_ends_alone)
{
    begin("run ok\n\n  \n   with t=A\n  put\n\n  del\n\t\n----\n");
    ck_assert(script_next(&script, &block));
    ck_slice_eq(block.input, bytes("with t=A\n  put\n\n  del"));
    ck_assert_uint_eq(block.input_line, 4);
    block_release(&block);
}
END_TEST

START_TEST(a_separator_is_exactly_that)
{
    begin("run ok\n ----\n-----\n---- \n----\nx\n");
    check_block(1, "run ok", "----\n-----\n----", "x\n");
    check_no_block();
}
END_TEST

START_TEST(without_a_separator_nothing_is_expected)
{
    begin("run ok\nget k=a");
    check_block(1, "run ok", "get k=a", "");
    check_no_block();
}
END_TEST

START_TEST(a_directive_goes_on_behind_a_backslash)
{
    begin("run \\\n   trace\\\n  ok \n----\nx\n\nrun\\");
    check_block(1, "run  trace ok", "", "x\n");
    check_block(7, "run\\", "", "");
}
END_TEST

START_TEST(doubled_separators_hold_blank_lines)
{
    begin("run ok\nx\n----\n----\na\n\n----\nb\n----\n----\nrun error\n----\nc\n");
    check_block(1, "run ok", "x", "a\n\n----\nb\n");
    check_block(11, "run error", "", "c\n");
    check_no_block();
}
END_TEST

START_TEST(only_run_has_input)
{
    begin("subtest a\nrun ok\n----\nx\n\nsubtest end\nskip rocksdb\nrun ok\n");
    check_block(1, "subtest a", "", "");
    check_block(2, "run ok", "", "x\n");
    check_block(6, "subtest end", "", "");
    check_block(7, "skip rocksdb", "", "");
    check_block(8, "run ok", "", "");
    check_no_block();
}
END_TEST

/* A file of one block, what comes out, and what the file becomes. */
static const struct {
    const char *file;
    const char *actual;
    const char *rewritten;
} rewrites[] = {
    {"run ok\nx\n----\nold\n\n# end\n", "new\n", "run ok\nx\n----\nnew\n\n# end\n"},
    {"run ok\nx\n----\nold", "new\n", "run ok\nx\n----\nnew\n"},
    {"run ok\nx\n----\nold\n\nz", "", "run ok\nx\n----\n\nz"},
    {"run ok\nx\n----\n\nz", "new\n", "run ok\nx\n----\nnew\n\nz"},
    {"run ok\nx", "new\n", "run ok\nx\n----\nnew\n"},
    {"run ok\nx\n", "new\n", "run ok\nx\n----\nnew\n"},
    {"run ok\nx\n----\nold\n\nz", "a\n\nb\n", "run ok\nx\n----\n----\na\n\nb\n----\n----\n\nz"},
    {"run ok\nx\n----\nold\n\nz", "----\n", "run ok\nx\n----\n----\n----\n----\n----\n\nz"},
    {"run ok\n----\n----\na\n\nb\n----\n----\nz", "new\n", "run ok\n----\nnew\n\nz"},
    {"run ok\n----\n----\na\n\nb\n----\n----\n\nz", "new\n", "run ok\n----\nnew\n\nz"},
};

START_TEST(an_expectation_is_replaced)
{
    varve_slice file = varve_slice_text(rewrites[_i].file);
    struct text out;

    begin(rewrites[_i].file);
    ck_assert(script_next(&script, &block));
    text_begin(&out);
    fwrite(file.data, 1, block.start, out.file);
    block_rewrite(&block, varve_slice_text(rewrites[_i].actual), file, &out);
    fwrite(file.data + block.end, 1, file.size - block.end, out.file);
    text_end(&out);
    ck_assert_str_eq(out.data, rewrites[_i].rewritten);
    free(out.data);
    block_release(&block);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("histories/script");
    TCase *tcase = tcase_create("script");

    tcase_add_test(tcase, a_file_without_directives_has_no_blocks);
    tcase_add_test(tcase, an_expectation_ends_at_a_blank_line);
    tcase_add_test(tcase, a_blank_line_at_once_is_an_empty_expectation);
    tcase_add_test(tcase, input_loses_the_white_space_at_its_ends_alone);
    tcase_add_test(tcase, a_separator_is_exactly_that);
    tcase_add_test(tcase, without_a_separator_nothing_is_expected);
    tcase_add_test(tcase, a_directive_goes_on_behind_a_backslash);
    tcase_add_test(tcase, doubled_separators_hold_blank_lines);
    tcase_add_test(tcase, only_run_has_input);
    tcase_add_loop_test(tcase, an_expectation_is_replaced, 0, sizeof rewrites / sizeof rewrites[0]);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
