#include "tests/support/support.h"

#include "util/arena.h"

START_TEST(memory_is_aligned_apart_and_stays_where_it_is)
{
    enum { BLOCKS = 2000 };
    static unsigned char *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    test_random random = test_random_start();
    varve__arena arena = VARVE__ARENA_INIT;
    for (size_t i = 0; i < BLOCKS; i++) {
        sizes[i] = test_random_below(&random, i % 100 == 0 ? 20000 : 200);
        blocks[i] = varve__arena_alloc(&arena, sizes[i]);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % VARVE__ARENA_ALIGN, 0);
        memset(blocks[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        for (size_t j = 0; j < sizes[i]; j++)
            ck_assert_uint_eq(blocks[i][j], i % 251);
    }
    varve__arena_release(&arena);
    ck_assert_ptr_null(arena.chunks);
    ck_assert_uint_eq(arena.total, 0);
    varve__arena_release(&arena);
}
END_TEST

START_TEST(a_reservation_covers_what_was_promised)
{
    varve__arena arena = VARVE__ARENA_INIT;
    ck_assert(varve__arena_reserve(&arena, 100 * varve__arena_round(33) + 5000));
    fault_alloc_arm(1);
    for (int i = 0; i < 100; i++)
        ck_assert_ptr_nonnull(varve__arena_alloc(&arena, 33));
    ck_assert_ptr_nonnull(varve__arena_alloc(&arena, 5000));
    ck_assert(!fault_alloc_disarm());
    varve__arena_release(&arena);
}
END_TEST

START_TEST(chunks_grow_with_the_arena)
{
    varve__arena arena = VARVE__ARENA_INIT;
    unsigned chunks = 0;
    for (size_t i = 0; i < 100000; i++) {
        size_t before = arena.total;
        ck_assert_ptr_nonnull(varve__arena_alloc(&arena, 64));
        chunks += arena.total != before ? 1 : 0;
    }
    /* 6.4 MB: chunks double up to 1 MiB, and one of that size follows the other. */
    ck_assert_uint_le(chunks, 20);
    ck_assert_uint_le(arena.total, 9u << 20);
    varve__arena_release(&arena);
}
END_TEST

START_TEST(a_reset_keeps_the_memory_for_what_comes)
{
    varve__arena arena = VARVE__ARENA_INIT;
    for (int round = 0; round < 5; round++) {
        if (round > 0)
            fault_alloc_arm(1);
        ck_assert_ptr_nonnull(varve__arena_alloc(&arena, 5000));
        for (int i = 0; i < 1000; i++)
            memset(varve__arena_alloc(&arena, 72), i, 72);
        ck_assert(round == 0 || !fault_alloc_disarm());
        size_t total = arena.total;
        varve__arena_reset(&arena);
        ck_assert_uint_eq(arena.total, total);
    }
    /* More than any chunk that is kept takes a new one. */
    fault_alloc_arm(1);
    ck_assert_ptr_null(varve__arena_alloc(&arena, 1u << 20));
    ck_assert(fault_alloc_disarm());
    varve__arena_release(&arena);
    ck_assert_uint_eq(arena.total, 0);
}
END_TEST

START_TEST(without_memory_there_is_none_and_the_arena_goes_on)
{
    varve__arena arena = VARVE__ARENA_INIT;
    fault_alloc_arm(1);
    ck_assert_ptr_null(varve__arena_alloc(&arena, 10));
    ck_assert_ptr_nonnull(varve__arena_alloc(&arena, 10));
    ck_assert(fault_alloc_disarm());
    fault_alloc_arm(1);
    ck_assert(!varve__arena_reserve(&arena, 100000));
    ck_assert_ptr_nonnull(varve__arena_alloc(&arena, 10));
    ck_assert(fault_alloc_disarm());
    ck_assert(!varve__arena_reserve(&arena, SIZE_MAX));
    ck_assert(!varve__arena_reserve(&arena, SIZE_MAX - 8));
    ck_assert_ptr_null(varve__arena_alloc(&arena, SIZE_MAX));
    varve__arena_release(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arena");
    TCase *tcase = tcase_create("arena");
    tcase_add_test(tcase, memory_is_aligned_apart_and_stays_where_it_is);
    tcase_add_test(tcase, a_reservation_covers_what_was_promised);
    tcase_add_test(tcase, chunks_grow_with_the_arena);
    tcase_add_test(tcase, a_reset_keeps_the_memory_for_what_comes);
    tcase_add_test(tcase, without_memory_there_is_none_and_the_arena_goes_on);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
