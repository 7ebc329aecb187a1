/*
 * Lists of tables: their read amplification and their text.
 */
#include <varve/admin.h>

#include "tests/support/support.h"

static varve_error err = VARVE_ERROR_INIT;

#define K ((uint64_t)1 << 10)
#define M ((uint64_t)1 << 20)
#define G ((uint64_t)1 << 30)
#define T ((uint64_t)1 << 40)

/* A list that grows; tables have a level and a size. */
struct list {
    varve_table tables[64];
    size_t count;
};

static void add(struct list *list, int level, uint64_t size, size_t times)
{
    for (size_t i = 0; i < times; i++)
        list->tables[list->count++] = (varve_table){.level = level, .bytes = size};
}

static void check_text(const struct list *list, const char *expected)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_tables_text(list->tables, list->count, &text, &err), &err);
    ck_assert_str_eq((const char *)text.data, expected);
    ck_assert_uint_eq(text.size, strlen(expected));
    varve_buf_release(&text);
}

/* The example of the reference's TestSSTableInfosString. */
START_TEST(TestSSTableInfosString)
{
    struct list list = {.count = 0};
    add(&list, 1, 7 * M, 1);
    add(&list, 1, 1 * M, 1);
    add(&list, 1, 63 * K, 1);
    add(&list, 2, 31 * M, 1);
    add(&list, 2, 30 * M, 1);
    add(&list, 2, 13 * M, 2);
    add(&list, 2, 10 * M, 1);
    add(&list, 2, 8 * M, 1);
    add(&list, 2, 5 * M, 1);
    add(&list, 3, 129 * M, 14);
    add(&list, 3, 122 * M, 1);
    add(&list, 3, 93 * M, 1);
    add(&list, 3, 24 * M, 1);
    add(&list, 3, 18 * M, 1);
    add(&list, 3, 9 * M, 1);
    check_text(&list, "1 [   8M  3 ]: 7M 1M 63K\n"
                      "2 [ 110M  7 ]: 31M 30M 13M[2] 10M 8M 5M\n"
                      "3 [   2G 19 ]: 129M[14] 122M 93M 24M 18M 9M\n");
}
END_TEST

static const struct {
    uint64_t bytes;
    const char *text;
} sizes[] = {
    {0, "0 [ 0K 1 ]: 0K\n"},
    {511, "0 [ 0K 1 ]: 0K\n"},
    {512, "0 [ 1K 1 ]: 1K\n"}, /* half up */
    {1535, "0 [ 1K 1 ]: 1K\n"},
    {1536, "0 [ 2K 1 ]: 2K\n"},
    {M - 1, "0 [ 1024K 1 ]: 1024K\n"}, /* the unit is chosen before rounding */
    {M, "0 [ 1M 1 ]: 1M\n"},
    {3 * M / 2 - 1, "0 [ 1M 1 ]: 1M\n"},
    {3 * M / 2, "0 [ 2M 1 ]: 2M\n"},
    {G - 1, "0 [ 1024M 1 ]: 1024M\n"},
    {G, "0 [ 1G 1 ]: 1G\n"},
    {T - 1, "0 [ 1024G 1 ]: 1024G\n"},
    {T, "0 [ 1T 1 ]: 1T\n"},
    {5 * K * T, "0 [ 5120T 1 ]: 5120T\n"},
    {UINT64_MAX, "0 [ 16777216T 1 ]: 16777216T\n"},
};

START_TEST(sizes_are_rounded)
{
    struct list list = {.count = 0};
    add(&list, 0, sizes[_i].bytes, 1);
    check_text(&list, sizes[_i].text);
}
END_TEST

/* Different sizes that look the same are one group; equal ones with another between are not. */
START_TEST(what_looks_the_same_is_grouped)
{
    struct list list = {.count = 0};
    add(&list, 0, 2 * M + 1, 1);
    add(&list, 0, 2 * M, 1);
    add(&list, 0, 2 * M - 1, 1);
    add(&list, 0, M, 10);
    add(&list, 6, 5 * G, 2);
    check_text(&list, "0 [ 16M 13 ]: 2M[3] 1M[10]\n"
                      "6 [ 10G  2 ]: 5G[2]\n");
}
END_TEST

START_TEST(no_tables_no_text)
{
    struct list list = {.count = 0};
    varve_buf text = VARVE_BUF_INIT;
    check_text(&list, "");
    ck_ok(varve_tables_text(NULL, 0, &text, &err), &err);
    ck_assert_uint_eq(text.size, 0);
    varve_buf_release(&text);
}
END_TEST

static void check_amplification(const int *levels, size_t count, uint64_t expected)
{
    struct list list = {.count = 0};
    for (size_t i = 0; i < count; i++)
        add(&list, levels[i], M, 1);
    ck_assert_uint_eq(varve_tables_read_amplification(list.tables, list.count), expected);
}

/* The reference's cases, in the order of varve_engine_tables(). */
START_TEST(TestReadAmplification)
{
    check_amplification((const int[]){0, 0, 0, 1}, 4, 4);
    check_amplification((const int[]){0, 1, 2, 3}, 4, 4);
    check_amplification((const int[]){0, 0, 0, 1, 1, 1, 2, 3, 6}, 9, 7);
    check_amplification((const int[]){5, 5}, 2, 1);
    ck_assert_uint_eq(varve_tables_read_amplification(NULL, 0), 0);
}
END_TEST

static varve_status print_some(void *context, varve_error *failure)
{
    struct list list = {.count = 0};
    varve_buf text = VARVE_BUF_INIT;
    (void)context;
    for (int level = 0; level < 7; level++)
        add(&list, level, (uint64_t)(level + 1) * M, 3);
    varve_status status = varve_tables_text(list.tables, list.count, &text, failure);
    varve_buf_release(&text);
    return status;
}

START_TEST(each_allocation_may_fail)
{
    ck_assert_uint_gt(fault_alloc_each(print_some, NULL), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tables_text");
    TCase *tcase = tcase_create("tables_text");
    tcase_add_test(tcase, TestSSTableInfosString);
    tcase_add_test(tcase, TestReadAmplification);
    tcase_add_loop_test(tcase, sizes_are_rounded, 0, sizeof sizes / sizeof sizes[0]);
    tcase_add_test(tcase, what_looks_the_same_is_grouped);
    tcase_add_test(tcase, no_tables_no_text);
    tcase_add_test(tcase, each_allocation_may_fail);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
