/* The levels of table files, and their text form. */
#include "tools/lsm.h"

#include "tests/support/support.h"

static const uint64_t K = 1024;
static const uint64_t M = 1024 * 1024;

static struct lsm lsm;

static void add(int level, uint64_t size)
{
    const varve_table table = {.level = level,
                               .bytes = size,
                               .entries = 10,
                               .deletions = 1,
                               .name = varve_slice_text("000001.sst"),
                               .start = varve_slice_text("a"),
                               .end = varve_slice_text("b")};

    ck_assert(lsm_add(&lsm, &table));
}

static void add_many(int level, uint64_t size, int count)
{
    for (int i = 0; i < count; i++)
        add(level, size);
}

static void check_text(const char *expected)
{
    char *text = lsm_text(&lsm);

    ck_assert_str_eq(text, expected);
    free(text);
    lsm_release(&lsm);
}

START_TEST(levels_are_one_line_each)
{
    add(1, 7 * M);
    add(1, 1 * M);
    add(1, 63 * K);
    add(2, 31 * M);
    add(2, 30 * M);
    add_many(2, 13 * M, 2);
    add(2, 10 * M);
    add(2, 8 * M);
    add(2, 5 * M);
    add_many(3, 129 * M, 14);
    add(3, 122 * M);
    add(3, 93 * M);
    add(3, 24 * M);
    add(3, 18 * M);
    add(3, 9 * M);
    check_text("1 [   8M  3 ]: 7M 1M 63K\n"
               "2 [ 110M  7 ]: 31M 30M 13M[2] 10M 8M 5M\n"
               "3 [   2G 19 ]: 129M[14] 122M 93M 24M 18M 9M\n");
}
END_TEST

/* Sizes as the text form shows them, each as the only table of a store. */
static const struct {
    uint64_t size;
    const char *text;
} sizes[] = {
    {0, "0 [ 0K 1 ]: 0K\n"},
    {511, "0 [ 0K 1 ]: 0K\n"},
    {512, "0 [ 1K 1 ]: 1K\n"},
    {1535, "0 [ 1K 1 ]: 1K\n"},
    {1536, "0 [ 2K 1 ]: 2K\n"},
    {1048575, "0 [ 1024K 1 ]: 1024K\n"},
    {1048576, "0 [ 1M 1 ]: 1M\n"},
    {1572863, "0 [ 1M 1 ]: 1M\n"},
    {1572864, "0 [ 2M 1 ]: 2M\n"},
    {UINT64_C(1) << 30, "0 [ 1G 1 ]: 1G\n"},
    {UINT64_C(1) << 40, "0 [ 1T 1 ]: 1T\n"},
    {UINT64_C(1) << 50, "0 [ 1024T 1 ]: 1024T\n"},
};

START_TEST(sizes_are_rounded_half_up)
{
    add(0, sizes[_i].size);
    check_text(sizes[_i].text);
}
END_TEST

START_TEST(sizes_that_print_alike_are_one_group)
{
    add(0, 1100);
    add(0, 1024);
    add(0, 900);
    add(0, 300);
    check_text("0 [ 3K 4 ]: 1K[3] 0K\n");
}
END_TEST

START_TEST(without_tables_there_is_no_text)
{
    check_text("");
    ck_assert_uint_eq(lsm_read_amplification(&lsm), 0);
}
END_TEST

static const struct {
    const int levels[10];
    size_t count;
    size_t amplification;
} amplifications[] = {
    {{0, 0, 0, 1}, 4, 4},
    {{0, 1, 2, 3}, 4, 4},
    {{0, 0, 1, 1, 1, 2, 3, 6}, 8, 6},
    {{0, 0, 0, 1, 1, 1, 2, 3, 6}, 9, 7},
    {{1, 1, 2}, 3, 2},
};

START_TEST(reads_look_at_all_of_level_0_and_one_of_each_other)
{
    for (size_t i = 0; i < amplifications[_i].count; i++)
        add(amplifications[_i].levels[i], K);
    ck_assert_uint_eq(lsm_read_amplification(&lsm), amplifications[_i].amplification);
    lsm_release(&lsm);
}
END_TEST

START_TEST(a_level_knows_its_sums_and_its_ends)
{
    varve_table table = {
        .level = 3, .bytes = 100, .entries = 7, .deletions = 2, .name = varve_slice_text("x")};

    table.start = varve_slice_text("m");
    table.end = varve_slice_text("p");
    ck_assert(lsm_add(&lsm, &table));
    table.start = varve_slice_text("a");
    table.end = varve_slice_text("c");
    ck_assert(lsm_add(&lsm, &table));
    table.start = varve_slice_text("q");
    table.end = varve_slice_text("z");
    ck_assert(lsm_add(&lsm, &table));

    ck_assert_uint_eq(lsm.count, 1);
    ck_assert_int_eq(lsm.levels[0].number, 3);
    ck_assert_uint_eq(lsm.levels[0].bytes, 300);
    ck_assert_uint_eq(lsm.levels[0].entries, 21);
    ck_assert_uint_eq(lsm.levels[0].deletions, 6);
    ck_assert_uint_eq(lsm.levels[0].first, 1);
    ck_assert_uint_eq(lsm.levels[0].last, 2);
    lsm_release(&lsm);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lsm");
    TCase *tcase = tcase_create("lsm");
    tcase_add_test(tcase, levels_are_one_line_each);
    tcase_add_loop_test(tcase, sizes_are_rounded_half_up, 0, sizeof sizes / sizeof sizes[0]);
    tcase_add_test(tcase, sizes_that_print_alike_are_one_group);
    tcase_add_test(tcase, without_tables_there_is_no_text);
    tcase_add_loop_test(tcase, reads_look_at_all_of_level_0_and_one_of_each_other, 0,
                        sizeof amplifications / sizeof amplifications[0]);
    tcase_add_test(tcase, a_level_knows_its_sums_and_its_ends);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
