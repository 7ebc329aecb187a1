#include "tests/support/support.h"

#include "util/alloc.h"

static size_t allocated;
static size_t resized;
static size_t released;

static void *count_allocate(size_t size)
{
    allocated++;
    return malloc(size);
}

static void *count_resize(void *memory, size_t size)
{
    resized++;
    return realloc(memory, size);
}

static void count_release(void *memory)
{
    released++;
    free(memory);
}

START_TEST(all_memory_passes_through_the_allocator_that_was_set)
{
    varve_allocator counting = {count_allocate, count_resize, count_release};
    varve_allocator_set(&counting);
    memset(&counting, 0, sizeof counting); /* It was copied. */

    char *memory = varve__malloc(3);
    memory = varve__realloc(memory, 300);
    memory[299] = 'x';
    varve__free(memory);
    varve__free(NULL);
    ck_assert_uint_eq(allocated, 1);
    ck_assert_uint_eq(resized, 1);
    ck_assert_uint_eq(released, 2);

    varve_allocator_set(NULL);
    varve__free(varve__malloc(3));
    ck_assert_uint_eq(allocated, 1);
    ck_assert_uint_eq(released, 2);
}
END_TEST

START_TEST(calloc_clears_and_refuses_what_overflows)
{
    unsigned char *memory = varve__calloc(100, 3);
    for (size_t i = 0; i < 300; i++)
        ck_assert_uint_eq(memory[i], 0);
    varve__free(memory);
    ck_assert_ptr_null(varve__calloc(SIZE_MAX / 4 + 2, 4)); /* Four bytes, if it wrapped. */
    varve__free(varve__calloc(0, 0));
}
END_TEST

START_TEST(calloc_reports_that_there_is_no_memory)
{
    fault_alloc_arm(1);
    ck_assert_ptr_null(varve__calloc(1, 1));
    ck_assert(fault_alloc_disarm());
}
END_TEST

/* The seam itself: it fails exactly the allocation it was told to, and counts what is alive. */
START_TEST(the_nth_allocation_fails)
{
    fault_alloc_arm(3);
    void *first = varve__malloc(1);
    void *second = varve__realloc(NULL, 1);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_null(varve__realloc(second, 2));
    ck_assert_int_eq(fault_alloc_live(), 2);
    second = varve__realloc(second, 2);
    ck_assert_ptr_nonnull(second);
    ck_assert_int_eq(fault_alloc_live(), 2);
    varve__free(first);
    varve__free(second);
    ck_assert_int_eq(fault_alloc_live(), 0);
    ck_assert(fault_alloc_disarm());

    fault_alloc_arm(1);
    ck_assert(!fault_alloc_disarm());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alloc");
    TCase *tcase = tcase_create("alloc");
    tcase_add_test(tcase, all_memory_passes_through_the_allocator_that_was_set);
    tcase_add_test(tcase, calloc_clears_and_refuses_what_overflows);
    tcase_add_test(tcase, calloc_reports_that_there_is_no_memory);
    tcase_add_test(tcase, the_nth_allocation_fails);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
