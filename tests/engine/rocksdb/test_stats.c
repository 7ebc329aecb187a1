/*
 * What RocksDB counts, as numbers; compactions that are cancelled.
 */
#include <pthread.h>

#include <varve/admin.h>

#include "engine/engine.h"
#include "engine/rocksdb/store.h"
#include "tests/engine/rocksdb/rocks.h"

static varve_engine_stats stats_of(varve_engine *engine)
{
    varve_engine_stats stats = {.struct_size = sizeof stats};
    ck_ok(varve_engine_get_stats(engine, &stats, &err), &err);
    return stats;
}

/* ---- Counters ----------------------------------------------------------------------------------
 */

START_TEST(flushes_and_compactions_are_counted)
{
    varve_engine *engine = store_open(place_path("s"));
    for (int round = 1; round <= 3; round++) {
        store_fill(engine, 1000);
        ck_ok(varve_engine_flush(engine, &err), &err);
        varve_engine_stats stats = stats_of(engine);
        ck_assert_int_eq(stats.flushes, round);
        ck_assert_int_eq(stats.compactions, 0);
        ck_assert_int_eq(stats.l0_file_count, round);
        ck_assert_int_eq(stats.read_amplification, round);
        ck_assert_int_gt(stats.flush_write_bytes, round * 1000);
    }
    ck_ok(varve_engine_compact(engine, &err), &err);
    varve_engine_stats stats = stats_of(engine);
    ck_assert_int_ge(stats.compactions, 1);
    ck_assert_int_eq(stats.l0_file_count, 0);
    ck_assert_int_eq(stats.read_amplification, 1);
    ck_assert_int_gt(stats.compact_read_bytes, 0);
    ck_assert_int_gt(stats.compact_write_bytes, 0);
    ck_assert_int_gt(stats.live_bytes, 0);
    ck_assert_int_eq(stats.background_errors, 0);
    ck_assert_int_eq(stats.running_flushes, 0);
    store_close(engine);

    /* Since the opening: a store that is opened again counts from zero. */
    engine = store_open(place_path("s"));
    ck_assert_int_eq(stats_of(engine).compactions, 0);
    store_close(engine);
}
END_TEST

START_TEST(reads_are_counted)
{
    varve_status status;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 1000);
    ck_ok(store_has(engine, key_number(7)), &err);
    varve_engine_stats in_memory = stats_of(engine);
    ck_assert_int_eq(in_memory.memtable_hits, 1);
    ck_assert_int_eq(in_memory.memtable_misses, 0);
    ck_assert_int_eq(in_memory.block_cache_hits + in_memory.block_cache_misses, 0);
    ck_assert_int_eq(in_memory.bytes_read, 16);

    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(store_has(engine, key_number(7)), &err);
    ck_ok(store_has(engine, key_number(7)), &err);
    varve_engine_stats flushed = stats_of(engine);
    ck_assert_int_eq(flushed.memtable_misses, 2);
    ck_assert_int_eq(flushed.block_cache_misses, 1);
    ck_assert_int_eq(flushed.block_cache_hits, 1);
    ck_assert_int_gt(flushed.block_cache_usage, in_memory.block_cache_usage);
    ck_assert_int_gt(flushed.table_readers_mem_estimate, 1000);
    ck_assert_int_eq(flushed.seeks, 0);
    ck_assert_uint_eq(store_count(engine, &status), 1000);
    ck_assert_int_eq(stats_of(engine).seeks, 1);
    store_close(engine);
}
END_TEST

START_TEST(filters_are_counted)
{
    varve_iter *it;
    const varve_iter_options prefix = {.struct_size = sizeof prefix, .prefix = true};
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 1000);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(varve_iter_open(varve_engine_reader(engine), &prefix, &it, &err), &err);
    for (unsigned i = 0; i < 100; i++) {
        char absent[16];
        (void)snprintf(absent, sizeof absent, "k%08ux", i);
        ck_assert(!varve_iter_seek_ge(it, key_at(absent, 0)));
    }
    varve_iter_close(it);
    varve_engine_stats stats = stats_of(engine);
    ck_assert_int_eq(stats.bloom_filter_prefix_checked, 100);
    ck_assert_int_ge(stats.bloom_filter_prefix_useful, 90);
    ck_assert_int_le(stats.bloom_filter_prefix_useful, 100);
    store_close(engine);
}
END_TEST

START_TEST(the_log_is_counted)
{
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(store_put(engine, key_at("a", 0), repeated('v', 1000)), &err);
    varve_engine_stats before = stats_of(engine);
    ck_assert_int_ge(before.wal_bytes, 1000);
    ck_assert_int_lt(before.wal_bytes, 1100);
    ck_assert_int_ge(before.bytes_written, 1000);
    ck_assert_int_eq(before.wal_syncs, 0);
    ck_ok(varve_engine_sync(engine, &err), &err);
    ck_ok(varve_engine_sync(engine, &err), &err);
    ck_assert_int_eq(stats_of(engine).wal_syncs, 2);
    store_close(engine);
}
END_TEST

START_TEST(old_tables_are_seen)
{
    varve_iter *it;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_assert_int_eq(stats_of(engine).live_versions, 1);
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    store_fill(engine, 10);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_assert_int_eq(stats_of(engine).live_versions, 2);
    varve_iter_close(it);
    ck_assert_int_eq(stats_of(engine).live_versions, 1);
    store_close(engine);
}
END_TEST

/* Small memtables and a level 0 that may hold little: writers have to wait. */
START_TEST(stalls_are_counted)
{
    varve_options options = store_options(place_path("s"));
    varve_engine_stall stall = {.struct_size = sizeof stall};
    options.write_buffer_bytes = 64 << 10;
    options.rocksdb_options = "level0_file_num_compaction_trigger=2;"
                              "level0_slowdown_writes_trigger=2;level0_stop_writes_trigger=3";
    varve_engine *engine = store_open_with(&options);
    varve_slice value = repeated('v', 8192);
    for (unsigned i = 0; i < 20000 && stall.delays == 0; i++) {
        ck_ok(store_put(engine, key_number(i), value), &err);
        ck_ok(varve_engine_get_stall(engine, &stall, &err), &err);
        ck_assert(stall.delayed == (stall.bytes_per_second != 0));
    }
    ck_assert_uint_gt(stall.delays, 0);
    /* A writer that was stopped is counted when it goes on. */
    for (unsigned i = 0; i < 20000 && stall.stall_micros == 0; i++) {
        ck_ok(store_put(engine, key_number(i), value), &err);
        ck_ok(varve_engine_get_stall(engine, &stall, &err), &err);
    }
    ck_assert_uint_gt(stall.stall_micros, 0);
    store_close(engine);
}
END_TEST

/* ---- Compactions -------------------------------------------------------------------------------
 */

/* About 50 MB that do not compress, each key written twice, and half of them removed. */
static varve_engine *open_large(void)
{
    varve_options options = store_options(place_path("s"));
    test_random random = test_random_start();
    options.write_buffer_bytes = 8 << 20;
    options.rocksdb_options = "disable_auto_compactions=true";
    varve_engine *engine = store_open_with(&options);
    for (unsigned i = 0; i < 6000; i++) {
        uint64_t value[512];
        for (size_t j = 0; j < 512; j++)
            value[j] = test_random_next(&random);
        ck_ok(store_put(engine, key_number(i), varve_slice_of(value, sizeof value)), &err);
        ck_ok(store_put(engine, key_number(i), varve_slice_of(value, sizeof value)), &err);
        if (i % 2 == 0)
            ck_ok(varve_writer_clear(varve_engine_writer(engine), key_number(i), &err), &err);
    }
    return engine;
}

struct tables {
    unsigned count;
    unsigned above; /* the last level */
    uint64_t entries;
};

static bool count_table(void *arg, const varve_table *table)
{
    struct tables *tables = arg;
    tables->count++;
    tables->above += table->level < 6;
    tables->entries += table->entries;
    return true;
}

static struct tables tables_of(varve_engine *engine)
{
    struct tables tables = {0};
    ck_ok(varve_engine_tables(engine, count_table, &tables, &err), &err);
    return tables;
}

START_TEST(a_compaction_is_cancelled_on_its_way)
{
    varve_status status;
    varve_cancel *cancel;
    varve_compact_options options = {.struct_size = sizeof options, .bottommost = true};
    varve_engine *engine = open_large();
    ck_ok(varve_engine_flush(engine, &err), &err);
    struct tables before = tables_of(engine);
    ck_assert_uint_eq(before.above, before.count);
    ck_ok(varve_cancel_open(&cancel, &err), &err);
    options.cancel = cancel;
    /* On a busy machine it may be over before anybody looks at the time; then once more. */
    status = VARVE_OK;
    for (int attempt = 0; attempt < 100 && status == VARVE_OK; attempt++) {
        varve_cancel_after(cancel, 5000000);
        status = varve_engine_compact_range(engine, &options, &err);
    }
    ck_fails(status, VARVE_DEADLINE, &err, "the deadline of the call has passed");

    /* Nothing is lost, and everything goes on. */
    ck_assert_uint_eq(store_count(engine, &status), 3000);
    ck_ok(store_put(engine, key_number(0), bytes("v")), &err);
    varve_cancel_after(cancel, 0);
    ck_ok(varve_engine_compact_range(engine, &options, &err), &err);
    struct tables done = tables_of(engine);
    ck_assert_uint_eq(done.above, 0);
    ck_assert_uint_eq(done.entries, 3001);
    ck_assert_uint_eq(store_count(engine, &status), 3001);
    ck_assert_int_eq(stats_of(engine).background_errors, 0);
    varve_cancel_close(cancel);
    store_close(engine);
}
END_TEST

static void *compact_everything(void *arg)
{
    varve_error failure = VARVE_ERROR_INIT;
    ck_ok(varve_engine_compact(arg, &failure), &failure);
    return NULL;
}

/* Cancelling one compaction leaves the other alone, whichever is first. */
START_TEST(the_other_compaction_goes_on)
{
    pthread_t thread;
    varve_cancel *cancel;
    varve_compact_options options = {.struct_size = sizeof options, .bottommost = true};
    varve_engine *engine = open_large();
    ck_ok(varve_cancel_open(&cancel, &err), &err);
    options.cancel = cancel;
    ck_assert_int_eq(pthread_create(&thread, NULL, compact_everything, engine), 0);
    for (int i = 0; i < 3; i++) {
        varve_cancel_after(cancel, 3000000);
        varve_status status = varve_engine_compact_range(engine, &options, &err);
        ck_assert(status == VARVE_DEADLINE || status == VARVE_OK);
        varve_error_release(&err);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    struct tables done = tables_of(engine);
    ck_assert_uint_eq(done.above, 0);
    ck_assert_uint_eq(done.entries, 3000);
    varve_cancel_close(cancel);
    store_close(engine);
}
END_TEST

/* One that waits for its turn is cancelled, too: here the turn never comes. */
START_TEST(waiting_for_another_compaction_is_cancelled)
{
    varve_cancel *cancel;
    varve_compact_options options = {.struct_size = sizeof options};
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    ck_ok(varve_cancel_open(&cancel, &err), &err);
    options.cancel = cancel;
    ck_assert_int_eq(pthread_mutex_lock(&engine->store->compacting), 0);
    varve_cancel_after(cancel, 3000000);
    ck_status(varve_engine_compact_range(engine, &options, &err), VARVE_DEADLINE, &err);
    ck_assert_int_eq(pthread_mutex_unlock(&engine->store->compacting), 0);
    varve_cancel_after(cancel, 0);
    ck_ok(varve_engine_compact_range(engine, &options, &err), &err);
    varve_cancel_close(cancel);
    store_close(engine);
}
END_TEST

/* A range is compacted, what lies apart from it is not. */
START_TEST(only_the_range_is_compacted)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_compact_options options = {.struct_size = sizeof options, .bottommost = true};
    ck_ok(store_put(engine, key_at("a", 0), bytes("1")), &err);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(store_put(engine, key_at("z", 0), bytes("2")), &err);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_assert_uint_eq(tables_of(engine).above, 2);
    options.start = key_at("y", 0);
    ck_ok(varve_engine_compact_range(engine, &options, &err), &err);
    ck_assert_uint_eq(tables_of(engine).above, 1);
    options.start = (varve_slice){NULL, 0};
    options.end = key_at("b", 0);
    ck_ok(varve_engine_compact_range(engine, &options, &err), &err);
    ck_assert_uint_eq(tables_of(engine).above, 0);
    ck_assert_uint_eq(tables_of(engine).count, 2);
    store_close(engine);
}
END_TEST

/* The sizes of a store that is read only, and how much is skipped over. */
START_TEST(removed_records_do_not_stop_the_counting)
{
    uint64_t size;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 60000);
    for (unsigned i = 0; i < 59999; i++)
        ck_ok(varve_writer_clear(varve_engine_writer(engine), key_number(i), &err), &err);
    ck_ok(varve_engine_approximate_bytes(engine, bytes(""), bytes(""), &size, &err), &err);
    ck_assert_uint_lt(size, 120000 * 40);
    store_close(engine);

    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    engine = store_open_with(&options);
    ck_ok(varve_engine_approximate_bytes(engine, key_number(59999), bytes(""), &size, &err), &err);
    ck_assert_uint_eq(size, 27);
    ck_assert_int_eq(stats_of(engine).flushes, 0);
    varve_compact_options everything = {.struct_size = sizeof everything};
    ck_status(varve_engine_compact_range(engine, &everything, &err), VARVE_READ_ONLY, &err);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb stats");
    TCase *cases = tcase_create("stats");
    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, flushes_and_compactions_are_counted);
    tcase_add_test(cases, reads_are_counted);
    tcase_add_test(cases, filters_are_counted);
    tcase_add_test(cases, the_log_is_counted);
    tcase_add_test(cases, old_tables_are_seen);
    tcase_add_test(cases, stalls_are_counted);
    tcase_add_test(cases, a_compaction_is_cancelled_on_its_way);
    tcase_add_test(cases, the_other_compaction_goes_on);
    tcase_add_test(cases, waiting_for_another_compaction_is_cancelled);
    tcase_add_test(cases, only_the_range_is_compacted);
    tcase_add_test(cases, removed_records_do_not_stop_the_counting);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
