/*
 * Shared caches: who holds them, what they tell, and engines that use one together.
 */
#include <pthread.h>

#include "tests/support/backends.h"
#include "tests/support/records.h"

static varve_error err = VARVE_ERROR_INIT;

static varve_cache *new_cache(uint64_t bytes)
{
    varve_cache *cache = NULL;
    ck_ok(varve_cache_open(bytes, &cache, &err), &err);
    return cache;
}

START_TEST(a_cache_is_counted)
{
    fault_alloc_arm(0);
    varve_cache *cache = new_cache(1 << 20);
    ck_assert_uint_eq(varve_cache_capacity(cache), 1 << 20);
    ck_assert_uint_eq(varve_cache_used(cache), 0);
    ck_assert_uint_eq(varve_cache_pinned(cache), 0);
    ck_assert_ptr_eq(varve_cache_hold(cache), cache);
    varve_cache_release(cache);
    ck_assert_int_gt(fault_alloc_live(), 0);
    varve_cache_resize(cache, 1 << 16);
    ck_assert_uint_eq(varve_cache_capacity(cache), 1 << 16);
    varve_cache_release(cache);
    ck_assert_int_eq(fault_alloc_live(), 0);
    varve_cache_release(NULL);
    (void)fault_alloc_disarm();
}
END_TEST

START_TEST(an_empty_cache_is_refused)
{
    varve_cache *cache = (varve_cache *)&err;
    ck_fails(varve_cache_open(0, &cache, &err), VARVE_INVALID_ARGUMENT, &err,
             "a cache of no bytes holds nothing");
    ck_assert_ptr_null(cache);
}
END_TEST

static varve_status open_and_release(void *context, varve_error *failure)
{
    varve_cache *cache;
    (void)context;
    varve_status status = varve_cache_open(1, &cache, failure);
    ck_assert((cache == NULL) == (status != VARVE_OK));
    varve_cache_release(cache);
    return status;
}

START_TEST(each_allocation_may_fail)
{
    ck_assert_uint_eq(fault_alloc_each(open_and_release, NULL), 1);
}
END_TEST

/* ---- Engines that share one ---------------------------------------------------------------------
 */

/* Incompressible enough, and read once, so that its blocks are in the cache. */
static void fill_and_read(varve_engine *engine)
{
    for (int i = 0; i < 200; i++) {
        char key[] = {(char)('a' + i / 20), (char)('a' + i % 20), '\0'};
        ck_ok(varve_writer_put(varve_engine_writer(engine), key_of(key), repeated('v', 4096), &err),
              &err);
    }
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_assert_uint_gt(strlen(all_of(varve_engine_reader(engine))), 0);
}

static varve_engine *engine_with(varve_cache *cache, int backend)
{
    varve_engine *engine = backend_open_with(
        backend, (varve_options){.cache = cache, .writer_durability = VARVE_NO_SYNC});
    fill_and_read(engine);
    return engine;
}

/* Which of the two engines is closed first, and whether their maker has let go before. */
START_TEST(engines_share_a_cache)
{
    varve_cache *cache = new_cache(64 << 20);
    varve_engine *engines[2] = {engine_with(cache, BACKEND_DISK), NULL};
    uint64_t one = varve_cache_used(cache);
    ck_assert_uint_gt(one, 200 * 4096);
    engines[1] = engine_with(cache, BACKEND_MEMORY);
    ck_assert_uint_gt(varve_cache_used(cache), one + 200 * 4096);

    bool maker_first = (_i & 2) != 0;
    if (maker_first)
        varve_cache_release(cache);
    backend_close(engines[_i & 1]);
    fill_and_read(engines[1 - (_i & 1)]);
    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(engines[1 - (_i & 1)], &info, &err), &err);
    ck_assert_uint_gt(info.cache_bytes, 200 * 4096);
    backend_close(engines[1 - (_i & 1)]);
    if (!maker_first)
        varve_cache_release(cache);
}
END_TEST

/* A small one is kept small by both of them. */
START_TEST(the_sum_is_limited)
{
    varve_cache *cache = new_cache(512 << 10);
    varve_engine *a = engine_with(cache, BACKEND_MEMORY);
    varve_engine *b = engine_with(cache, BACKEND_MEMORY);
    ck_assert_uint_gt(varve_cache_used(cache), 0);
    ck_assert_uint_le(varve_cache_used(cache), (512 << 10) + (64 << 10));
    varve_cache_resize(cache, 1);
    ck_assert_uint_le(varve_cache_used(cache), varve_cache_pinned(cache) + 1);
    backend_close(a);
    backend_close(b);
    varve_cache_release(cache);
}
END_TEST

/* An engine that does not open gives its hold back. */
START_TEST(a_failed_opening_lets_go)
{
    varve_cache *cache = new_cache(1 << 20);
    varve_options options = {.struct_size = sizeof options, .path = "/nowhere/at/all"};
    varve_engine *engine;
    options.cache = cache;
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_IO, &err);
    fault_alloc_arm(0); /* counts from here on: what was taken before is given back below zero */
    varve_cache_release(cache);
    ck_assert_int_eq(fault_alloc_live(), -1);
    (void)fault_alloc_disarm();
}
END_TEST

static void *hold_and_release(void *arg)
{
    for (int i = 0; i < 10000; i++) {
        varve_cache *cache = varve_cache_hold(arg);
        (void)varve_cache_used(cache);
        varve_cache_release(cache);
    }
    varve_cache_release(arg);
    return NULL;
}

START_TEST(threads_hold_and_release)
{
    pthread_t threads[4];
    varve_cache *cache = new_cache(1 << 20);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, hold_and_release, varve_cache_hold(cache)), 0);
    varve_cache_release(cache);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache");
    TCase *tcase = tcase_create("cache");
    tcase_add_test(tcase, a_cache_is_counted);
    tcase_add_test(tcase, an_empty_cache_is_refused);
    tcase_add_test(tcase, each_allocation_may_fail);
    tcase_add_loop_test(tcase, engines_share_a_cache, 0, 4);
    tcase_add_test(tcase, the_sum_is_limited);
    tcase_add_test(tcase, a_failed_opening_lets_go);
    tcase_add_test(tcase, threads_hold_and_release);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
