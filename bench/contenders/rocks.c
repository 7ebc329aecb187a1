#include "bench/contenders/rocks.h"

#include <varve/key.h>

#include "bench/support/die.h"

#define LEVELS 7
#define INFO_LOG_FATAL 4
#define INFO_LOG_FILES 4
#define FORCE_BOTTOMMOST 3

void bench_rocks_check(char *error)
{
    if (error != NULL)
        bench_die("rocksdb: %s", error);
}

static char *extract(void *state, const char *key, size_t size, size_t *prefix_size)
{
    (void)state;
    *prefix_size = varve_key_prefix_size(varve_slice_of(key, size));
    return (char *)(uintptr_t)key;
}

static unsigned char in_domain(void *state, const char *key, size_t size)
{
    (void)state, (void)key, (void)size;
    return 1;
}

static const char *extractor_name(void *state)
{
    (void)state;
    return "varve.userkey.v1";
}

static void no_destructor(void *state)
{
    (void)state;
}

/* Nothing here is ever merged: an operator has to be there because varve has one. */
static char *merge(void *state, const char *key, size_t key_size, const char *existing,
                   size_t existing_size, const char *const *operands, const size_t *sizes,
                   int count, unsigned char *success, size_t *size)
{
    (void)state, (void)key, (void)key_size, (void)existing, (void)existing_size, (void)operands;
    (void)sizes, (void)count;
    *success = 0;
    *size = 0;
    return NULL;
}

static char *merge_some(void *state, const char *key, size_t key_size, const char *const *operands,
                        const size_t *sizes, int count, unsigned char *success, size_t *size)
{
    return merge(state, key, key_size, NULL, 0, operands, sizes, count, success, size);
}

static const char *merge_name(void *state)
{
    (void)state;
    return "varve.merge.v1";
}

static void set_tables(rocksdb_options_t *options, const bench_config *config,
                       bench_rocks_keys keys)
{
    rocksdb_block_based_table_options_t *tables = rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = rocksdb_cache_create_lru((size_t)config->cache_bytes);

    rocksdb_block_based_options_set_format_version(tables, 5);
    rocksdb_block_based_options_set_block_size(tables, 8192);
    rocksdb_block_based_options_set_block_cache(tables, cache);
    rocksdb_block_based_options_set_whole_key_filtering(tables, keys != BENCH_ROCKS_VARVE);
    rocksdb_block_based_options_set_filter_policy(tables,
                                                  rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_options_set_block_based_table_factory(options, tables);
    rocksdb_block_based_options_destroy(tables);
    rocksdb_cache_destroy(cache);
}

/* Filters in memtables, and what all filters are about if not whole keys. */
static void set_prefixes(rocksdb_options_t *options, bench_rocks_keys keys)
{
    if (keys != BENCH_ROCKS_PLAIN)
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.02);
    if (keys == BENCH_ROCKS_UDT)
        rocksdb_options_set_memtable_whole_key_filtering(options, 1);
    if (keys == BENCH_ROCKS_VARVE)
        rocksdb_options_set_prefix_extractor(
            options, rocksdb_slicetransform_create(NULL, no_destructor, extract, in_domain,
                                                   in_domain, extractor_name));
}

/* Only an options string gives access to the comparator that needs no callbacks. */
static rocksdb_options_t *with_timestamps(rocksdb_options_t *base)
{
    char *error = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_get_options_from_string(base, "comparator=leveldb.BytewiseComparator.u64ts", options,
                                    &error);
    bench_rocks_check(error);
    rocksdb_options_destroy(base);
    return options;
}

rocksdb_options_t *bench_rocks_options(const bench_config *config, bench_rocks_keys keys)
{
    int compression[LEVELS] = {rocksdb_no_compression,  rocksdb_no_compression,
                               rocksdb_lz4_compression, rocksdb_lz4_compression,
                               rocksdb_lz4_compression, rocksdb_lz4_compression,
                               rocksdb_lz4_compression};
    rocksdb_options_t *options = rocksdb_options_create();

    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_write_buffer_size(options, (size_t)config->write_buffer_bytes);
    rocksdb_options_set_max_open_files(options, -1);
    rocksdb_options_set_max_manifest_file_size(options, 64 << 20);
    rocksdb_options_set_disable_auto_compactions(options, 1);
    rocksdb_options_set_wal_recovery_mode(options,
                                          rocksdb_tolerate_corrupted_tail_records_recovery);
    set_tables(options, config, keys);
    set_prefixes(options, keys);
    rocksdb_options_set_merge_operator(
        options,
        rocksdb_mergeoperator_create(NULL, no_destructor, merge, merge_some, NULL, merge_name));
    rocksdb_options_set_num_levels(options, LEVELS);
    rocksdb_options_set_compression_per_level(options, compression, LEVELS);
    rocksdb_options_set_bottommost_compression(options, rocksdb_zstd_compression);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
    rocksdb_options_enable_statistics(options); /* as varve does: a hot read is 6 % slower */
    rocksdb_options_set_info_log_level(options, INFO_LOG_FATAL);
    rocksdb_options_set_keep_log_file_num(options, INFO_LOG_FILES);
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    rocksdb_options_set_stats_persist_period_sec(options, 0);
    return keys == BENCH_ROCKS_UDT ? with_timestamps(options) : options;
}

void bench_rocks_flush(rocksdb_t *db)
{
    char *error = NULL;
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    rocksdb_flush(db, flush, &error);
    bench_rocks_check(error);
    rocksdb_flushoptions_destroy(flush);
}

void bench_rocks_compact(rocksdb_t *db)
{
    rocksdb_compactoptions_t *compact = rocksdb_compactoptions_create();
    bench_rocks_flush(db);
    rocksdb_compactoptions_set_bottommost_level_compaction(compact, FORCE_BOTTOMMOST);
    rocksdb_compact_range_opt(db, compact, NULL, 0, NULL, 0);
    rocksdb_compactoptions_destroy(compact);
}

void bench_rocks_load(rocksdb_t *db, const rocksdb_writeoptions_t *how, const bench_entry *entries,
                      size_t count)
{
    char *error = NULL;
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    for (size_t i = 0; i < count; i++)
        rocksdb_writebatch_put(batch, (const char *)entries[i].engine.data, entries[i].engine.size,
                               (const char *)entries[i].value.data, entries[i].value.size);
    rocksdb_write(db, how, batch, &error);
    bench_rocks_check(error);
    rocksdb_writebatch_destroy(batch);
}

uint64_t bench_rocks_read_all(rocksdb_iterator_t *it)
{
    uint64_t records = 0;
    size_t key;
    size_t value;
    for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
        records += rocksdb_iter_key(it, &key) != NULL && key != 0 &&
                   rocksdb_iter_value(it, &value) != NULL && value != 0;
    return records;
}
