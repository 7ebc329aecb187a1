#include "engine/rocksdb/options.h"

#include <varve/key.h>

/* Part of the format: a filter in a table file is used only under the name it was written with. */
#define PREFIX_EXTRACTOR_NAME "varve.userkey.v1"

#define LEVELS 7

/* RocksDB's numbers, which its C header does not name. */
#define INFO_LOG_FATAL 4
#define INFO_LOG_FILES 4

static char *extract_prefix(void *state, const char *key, size_t size, size_t *prefix_size)
{
    (void)state;
    *prefix_size = varve_key_prefix_size(varve_slice_of(key, size));
    return (char *)(uintptr_t)key; /* the callback's type wants it without const */
}

static unsigned char accept_any(void *state, const char *key, size_t size)
{
    (void)state, (void)key, (void)size;
    return 1;
}

static unsigned char accept_none(void *state, const char *key, size_t size)
{
    (void)state, (void)key, (void)size;
    return 0;
}

static const char *extractor_name(void *state)
{
    (void)state;
    return PREFIX_EXTRACTOR_NAME;
}

static void no_destructor(void *state)
{
    (void)state;
}

static void set_tables(rocksdb_options_t *raw, const varve_options *options)
{
    rocksdb_block_based_table_options_t *tables = rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = rocksdb_cache_create_lru((size_t)options->cache_bytes);

    rocksdb_block_based_options_set_format_version(tables, 5);
    rocksdb_block_based_options_set_block_size(tables, (size_t)options->block_bytes);
    rocksdb_block_based_options_set_block_cache(tables, cache);
    rocksdb_block_based_options_set_whole_key_filtering(tables, 0);
    if (options->bloom_bits > 0) {
        /* The table options own the policy from here on. */
        rocksdb_block_based_options_set_filter_policy(
            tables, rocksdb_filterpolicy_create_bloom_full(options->bloom_bits));
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(raw, 0.02);
    }
    rocksdb_options_set_block_based_table_factory(raw, tables);
    rocksdb_cache_destroy(cache); /* the tables hold it */
    rocksdb_block_based_options_destroy(tables);
}

/*
 * Fresh levels are rewritten soon and compress for nothing; the last one holds most of the data and
 * is read from the disk, not written to.
 */
static void set_levels(rocksdb_options_t *raw)
{
    int compression[LEVELS] = {rocksdb_no_compression, rocksdb_no_compression};
    for (int level = 2; level < LEVELS; level++)
        compression[level] = rocksdb_lz4_compression;
    rocksdb_options_set_num_levels(raw, LEVELS);
    rocksdb_options_set_compression_per_level(raw, compression, LEVELS);
    rocksdb_options_set_bottommost_compression(raw, rocksdb_zstd_compression);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(raw, 1);
}

/*
 * RocksDB built with assertions aborts the process when it writes a line to its info log after the
 * disk has become full.  At level FATAL it writes only while it opens.
 */
static void set_info_log(rocksdb_options_t *raw)
{
    rocksdb_options_set_info_log_level(raw, INFO_LOG_FATAL);
    rocksdb_options_set_keep_log_file_num(raw, INFO_LOG_FILES);
    rocksdb_options_set_stats_dump_period_sec(raw, 0);
    rocksdb_options_set_stats_persist_period_sec(raw, 0);
}

rocksdb_options_t *varve__rocksdb_options(const varve_options *options, rocksdb_env_t *env,
                                          bool create)
{
    rocksdb_options_t *raw = rocksdb_options_create();

    if (env != NULL)
        rocksdb_options_set_env(raw, env);
    rocksdb_options_set_create_if_missing(raw, create);
    rocksdb_options_set_write_buffer_size(raw, (size_t)options->write_buffer_bytes);
    rocksdb_options_set_max_open_files(raw,
                                       options->max_open_files == 0 ? -1 : options->max_open_files);
    /*
     * An ordinary crash leaves a torn tail, which may be dropped.  RocksDB's default would also
     * drop everything behind damage in the middle, without a word: that is for salvage only.
     */
    rocksdb_options_set_wal_recovery_mode(
        raw, options->salvage ? rocksdb_point_in_time_recovery
                              : rocksdb_tolerate_corrupted_tail_records_recovery);
    /* The options own the extractor. */
    rocksdb_options_set_prefix_extractor(
        raw, rocksdb_slicetransform_create(NULL, no_destructor, extract_prefix, accept_any,
                                           accept_none, extractor_name));
    set_tables(raw, options);
    set_levels(raw);
    set_info_log(raw);
    return raw;
}
