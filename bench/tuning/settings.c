/*
 * Options of an engine: for each, a store that is made and read with it, beside one with none.
 */
#include <stdio.h>
#include <string.h>

#include "bench/support/die.h"
#include "bench/tuning/tuning.h"

#define QUIET "disable_auto_compactions=true;"
#define OF_TABLES(text) QUIET "block_based_table_factory={" text "}"

enum { BEYOND = 4 /* times the cache is the data, where it does not fit in */ };

#define CACHE_BYTES ((uint64_t)256 << 20) /* where it does */

struct setting {
    const char *option;
    const char *value;
    varve_options options;
};

/* The first is what the others are held against. */
static const struct setting settings[] = {
    {"none", "", {.rocksdb_options = QUIET}},
    {"block_bytes", "4 KiB", {.block_bytes = 4096, .rocksdb_options = QUIET}},
    {"block_bytes", "16 KiB", {.block_bytes = 16384, .rocksdb_options = QUIET}},
    {"block_bytes", "32 KiB", {.block_bytes = 32768, .rocksdb_options = QUIET}},
    {"compression", "none", {.compression = VARVE_COMPRESSION_NONE, .rocksdb_options = QUIET}},
    {"compression", "zstd", {.compression = VARVE_COMPRESSION_ZSTD, .rocksdb_options = QUIET}},
    {"bottom_compression",
     "none",
     {.bottom_compression = VARVE_COMPRESSION_NONE, .rocksdb_options = QUIET}},
    {"bottom_compression",
     "lz4",
     {.bottom_compression = VARVE_COMPRESSION_LZ4, .rocksdb_options = QUIET}},
    {"bloom_bits", "-1", {.bloom_bits = -1, .rocksdb_options = QUIET}},
    {"bloom_bits", "5", {.bloom_bits = 5, .rocksdb_options = QUIET}},
    {"bloom_bits", "16", {.bloom_bits = 16, .rocksdb_options = QUIET}},
    {"max_open_files", "1,000", {.max_open_files = 1000, .rocksdb_options = QUIET}},
    {"cache_indexes", "true", {.cache_indexes = true, .rocksdb_options = QUIET}},
    {"cache_indexes",
     "true, in one part",
     {.cache_indexes = true,
      .rocksdb_options = OF_TABLES("index_type=kBinarySearch;partition_filters=false")}},
    {"newest_bytes", "16 MiB", {.newest_bytes = 16 << 20, .rocksdb_options = QUIET}},
    {"wal", "off", {.wal = VARVE_WAL_OFF, .rocksdb_options = QUIET}},
    {"tables: checksum", "kXXH3", {.rocksdb_options = OF_TABLES("checksum=kXXH3")}},
    {"tables: block_restart_interval",
     "4",
     {.rocksdb_options = OF_TABLES("block_restart_interval=4")}},
    {"tables: data_block_index_type",
     "kDataBlockBinaryAndHash",
     {.rocksdb_options = OF_TABLES("data_block_index_type=kDataBlockBinaryAndHash")}},
    {"memtable_protection_bytes_per_key",
     "8",
     {.rocksdb_options = QUIET "memtable_protection_bytes_per_key=8"}},
    {"paranoid_file_checks", "true", {.rocksdb_options = QUIET "paranoid_file_checks=true"}},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

struct column {
    const char *name;
    bool beyond; /* with a small cache */
    tuning_task task;
};

/* What writes comes last. */
static const struct column columns[] = {
    {"get", false, {.op = BENCH_GET, .pick = BENCH_PICK_NEWEST}},
    {"absent", false, {.op = BENCH_GET, .pick = BENCH_PICK_ABSENT}},
    {"scan", false, {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 100}},
    {"put", false, {.op = BENCH_PUT_BATCH, .pick = BENCH_PICK_NEW, .batch = 100}},
    {"get_beyond", true, {.op = BENCH_GET, .pick = BENCH_PICK_NEWEST}},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void tell_sizes(tuning_store *store, json_t *found)
{
    varve_engine_info info = {.struct_size = sizeof info};
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_engine_get_info(store->engine, &info, &err), &err);
    json_object_set_new(found, "load", json_real(store->load_cpu));
    json_object_set_new(found, "table_bytes", json_integer((json_int_t)info.table_bytes));
    json_object_set_new(found, "table_readers", json_integer((json_int_t)info.table_reader_bytes));
}

static void measure(const tuning_plan *plan, const struct column *column, tuning_store *stores,
                    json_t *all)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        json_object_set_new(json_array_get(all, i), column->name, json_array());
        (void)tuning_run(plan, &column->task, &stores[i]); /* warms up */
    }
    for (unsigned round = 0; round < plan->rounds; round++) {
        size_t order[SETTINGS];
        tuning_order(round, order, SETTINGS);
        for (size_t i = 0; i < SETTINGS; i++) {
            size_t at = order[i];
            json_t *times = json_object_get(json_array_get(all, at), column->name);
            json_array_append_new(times, json_real(tuning_run(plan, &column->task, &stores[at])));
        }
    }
}

static void measure_with_cache(const tuning_plan *plan, bool beyond, json_t *all)
{
    static tuning_store stores[SETTINGS];
    const bench_shape shape = {
        .layout = BENCH_L0, .versions = 1, .value_size = 64, .keys = plan->keys};
    for (size_t i = 0; i < SETTINGS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "setting-%zu", i);
        tuning_store_open(plan, name, &settings[i].options, shape,
                          beyond ? bench_shape_bytes(&shape) / BEYOND : CACHE_BYTES, &stores[i]);
        if (!beyond)
            tell_sizes(&stores[i], json_array_get(all, i));
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (columns[i].beyond == beyond)
            measure(plan, &columns[i], stores, all);
    }
    for (size_t i = 0; i < SETTINGS; i++)
        tuning_store_close(&stores[i]);
}

json_t *tuning_settings(const tuning_plan *plan)
{
    json_t *all = json_array();
    for (size_t i = 0; i < SETTINGS; i++)
        json_array_append_new(
            all, json_pack("{s:s,s:s}", "option", settings[i].option, "value", settings[i].value));
    measure_with_cache(plan, false, all);
    measure_with_cache(plan, true, all);
    return all;
}
