/*
 * Reading: what is particular to RocksDB, and every allocation failing.
 */
#include <pthread.h>

#include "engine/engine.h"
#include "tests/engine/rocksdb/rocks.h"

static varve_engine *engine;

static void setup(void)
{
    place_setup();
    engine = store_open(place_path("s"));
}

static void teardown(void)
{
    store_close(engine);
    place_teardown();
}

static uint64_t cache_bytes(void)
{
    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(engine, &info, &err), &err);
    return info.cache_bytes;
}

static void walk(const varve_iter_options *options, unsigned expected)
{
    varve_iter *it = NULL;
    unsigned count = 0;
    ck_ok(varve_iter_open(varve_engine_reader(engine), options, &it, &err), &err);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it))
        count++;
    ck_ok(varve_iter_status(it, &err), &err);
    ck_assert_uint_eq(count, expected);
    varve_iter_close(it);
}

START_TEST(a_long_walk_can_leave_the_cache_alone)
{
    varve_iter_options options = {.struct_size = sizeof options, .bypass_cache = true};
    store_fill(engine, 20000);
    ck_ok(varve_engine_flush(engine, &err), &err);
    uint64_t before = cache_bytes();
    walk(&options, 20000);
    ck_assert_uint_lt(cache_bytes() - before, 20000);
    options.bypass_cache = false;
    walk(&options, 20000);
    ck_assert_uint_ge(cache_bytes() - before, (uint64_t)20000 * 16);
}
END_TEST

/* Found through the filters of tables and memtable, and not found through them. */
START_TEST(a_value_is_found_in_every_place)
{
    for (unsigned i = 0; i < 300; i += 3)
        ck_ok(store_put(engine, key_number(i), bytes("last level")), &err);
    ck_ok(varve_engine_compact(engine, &err), &err);
    for (unsigned i = 1; i < 300; i += 3)
        ck_ok(store_put(engine, key_number(i), bytes("first level")), &err);
    ck_ok(varve_engine_flush(engine, &err), &err);
    for (unsigned i = 2; i < 300; i += 3)
        ck_ok(store_put(engine, key_number(i), bytes("memory")), &err);
    static const char *const expected[] = {"last level", "first level", "memory"};
    varve_buf value = VARVE_BUF_INIT;
    for (unsigned i = 0; i < 300; i++) {
        ck_ok(varve_reader_get(varve_engine_reader(engine), key_number(i), &value, &err), &err);
        ck_buf_text(&value, expected[i % 3]);
    }
    for (unsigned i = 300; i < 600; i++) {
        ck_status(varve_reader_get(varve_engine_reader(engine), key_number(i), &value, &err),
                  VARVE_NOT_FOUND, &err);
        ck_assert_uint_eq(value.size, 0);
    }
    varve_buf_release(&value);
}
END_TEST

START_TEST(a_snapshot_outlives_compactions)
{
    varve_snapshot *snapshot = NULL;
    varve_buf value = VARVE_BUF_INIT;
    ck_ok(store_put(engine, key_at("k", 0), bytes("old")), &err);
    ck_ok(varve_snapshot_open(engine, &snapshot, &err), &err);
    ck_ok(store_put(engine, key_at("k", 0), bytes("new")), &err);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_ok(varve_reader_get(varve_snapshot_reader(snapshot), key_at("k", 0), &value, &err), &err);
    ck_buf_text(&value, "old");
    ck_ok(varve_reader_get(varve_engine_reader(engine), key_at("k", 0), &value, &err), &err);
    ck_buf_text(&value, "new");
    varve_buf_release(&value);
    varve_snapshot_close(snapshot);
}
END_TEST

/* ---- Every allocation failing */

static varve_status get_without_memory(void *context, varve_error *error)
{
    varve_buf value = VARVE_BUF_INIT;
    const varve_slice *key = context;
    varve_status status = varve_reader_get(varve_engine_reader(engine), *key, &value, error);
    varve_buf_release(&value);
    return status;
}

static varve_status iter_without_memory(void *context, varve_error *error)
{
    varve_iter *it = NULL;
    varve_status status = varve_iter_open(varve_engine_reader(engine), context, &it, error);
    varve_iter_close(it);
    return status;
}

/* What the pool keeps of one trial is not there in the next. */
static void empty_pool(void)
{
    varve__pool_clear(&engine->pool);
}

/* What the first iterator finds out about the tables is kept with the store. */
static void open_iterator(void)
{
    varve_iter *it = NULL;
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    varve_iter_close(it);
}

static varve_status snapshot_without_memory(void *context, varve_error *error)
{
    varve_snapshot *snapshot = NULL;
    (void)context;
    varve_status status = varve_snapshot_open(engine, &snapshot, error);
    varve_snapshot_close(snapshot);
    return status;
}

static varve_status open_without_memory(void *context, varve_error *error)
{
    varve_engine *other = NULL;
    varve_status status = varve_engine_open(context, &other, error);
    if (status == VARVE_OK)
        store_close(other);
    else
        ck_assert_ptr_null(other);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    varve_slice key = key_at("k", 0);
    varve_iter_options bounds = {
        .struct_size = sizeof bounds, .lower = key_at("a", 0), .upper = key_at("z", 0)};
    ck_ok(store_put(engine, key, bytes("v")), &err);
    fault_alloc_ready = open_iterator;
    fault_alloc_settle = empty_pool;
    ck_assert_uint_ge(fault_alloc_each(get_without_memory, &key), 1);
    ck_assert_uint_ge(fault_alloc_each(iter_without_memory, &bounds), 2);
    ck_assert_uint_ge(fault_alloc_each(snapshot_without_memory, NULL), 2);
}
END_TEST

START_TEST(opening_survives_a_failed_allocation)
{
    varve_options disk = store_options(place_path("other"));
    varve_options memory = store_options(NULL);
    memory.backend = VARVE_BACKEND_ROCKSDB_MEMORY;
    store_close(store_open_with(&disk));
    ck_assert_uint_ge(fault_alloc_each(open_without_memory, &disk), 3);
    ck_assert_uint_ge(fault_alloc_each(open_without_memory, &memory), 2);
    disk.read_only = true;
    ck_assert_uint_ge(fault_alloc_each(open_without_memory, &disk), 3);
}
END_TEST

/* ---- Threads */

enum { THREADS = 4, ROUNDS = 200 };

static void *write_and_read(void *arg)
{
    unsigned number = *(unsigned *)arg;
    varve_error own = VARVE_ERROR_INIT;
    varve_buf value = VARVE_BUF_INIT;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char text[16];
        varve_buf key = VARVE_BUF_INIT;
        varve_iter *it = NULL;
        (void)snprintf(text, sizeof text, "t%u-%u", number, i);
        ck_ok(varve_key_encode(varve_slice_text(text), (varve_ts){0, 0}, &key, &own), &own);
        ck_ok(varve_writer_put(varve_engine_writer(engine), varve_buf_slice(&key),
                               varve_slice_text(text), &own),
              &own);
        ck_ok(varve_reader_get(varve_engine_reader(engine), varve_buf_slice(&key), &value, &own),
              &own);
        ck_buf_text(&value, text);
        ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &own), &own);
        ck_assert(varve_iter_seek_ge(it, varve_buf_slice(&key)));
        ck_slice_eq(it->key, varve_buf_slice(&key));
        varve_iter_close(it);
        varve_buf_release(&key);
    }
    varve_buf_release(&value);
    return NULL;
}

START_TEST(threads_share_a_store)
{
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    varve_status status;
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_and_read, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(store_count(engine, &status), THREADS * ROUNDS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb read");
    TCase *cases = tcase_create("read");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, a_long_walk_can_leave_the_cache_alone);
    tcase_add_test(cases, a_value_is_found_in_every_place);
    tcase_add_test(cases, a_snapshot_outlives_compactions);
    tcase_add_test(cases, every_allocation_may_fail);
    tcase_add_test(cases, opening_survives_a_failed_allocation);
    tcase_add_test(cases, threads_share_a_store);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
