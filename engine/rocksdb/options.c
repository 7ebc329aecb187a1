#include "engine/rocksdb/options.h"

#include "engine/rocksdb/cache.h"
#include "engine/rocksdb/expert.h"
#include "engine/rocksdb/merge.h"
#include "format/key.h"

/* Part of the format: a filter in a table file is used only under the name it was written with. */
#define PREFIX_EXTRACTOR_NAME "varve.userkey.v1"

#define LEVELS 7

/*
 * The manifest tells of each flush and compaction since it was begun, and opening reads all of it.
 * RocksDB begins a new one at this size, by default at 1 GiB, which tells of the tables that there
 * are: some 200 bytes each, so that this is seldom even with a hundred thousand of them.
 */
#define MANIFEST_BYTES ((size_t)64 << 20)

/* RocksDB's numbers, which its C header does not name. */
#define INFO_LOG_FATAL 4
#define INFO_LOG_FILES 4

static char *extract_prefix(void *state, const char *key, size_t size, size_t *prefix_size)
{
    (void)state;
    *prefix_size = varve__key_prefix_size(varve_slice_of(key, size));
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

/*
 * In one part each, those of a table would be a megabyte or more to read and to drop at a time.
 * RocksDB keeps in memory what leads to the parts.  A read of one key may have to look at all
 * tables of level 0; these are few, whatever the size of the store, and theirs stay in the cache.
 */
static void cache_indexes(rocksdb_block_based_table_options_t *tables)
{
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(tables, 1);
    rocksdb_block_based_options_set_index_type(
        tables, rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_block_based_options_set_partition_filters(tables, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(tables, 1);
}

static void set_tables(rocksdb_options_t *raw, const varve_options *options)
{
    rocksdb_block_based_table_options_t *tables = rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = options->cache != NULL
                                 ? varve__cache_raw(options->cache)
                                 : rocksdb_cache_create_lru((size_t)options->cache_bytes);

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
    if (options->cache_indexes)
        cache_indexes(tables);
    rocksdb_options_set_block_based_table_factory(raw, tables);
    if (options->cache == NULL)
        rocksdb_cache_destroy(cache); /* the tables hold it */
    rocksdb_block_based_options_destroy(tables);
}

static int compression_of(varve_compression compression, int otherwise)
{
    static const int numbers[] = {
        [VARVE_COMPRESSION_NONE] = rocksdb_no_compression,
        [VARVE_COMPRESSION_LZ4] = rocksdb_lz4_compression,
        [VARVE_COMPRESSION_ZSTD] = rocksdb_zstd_compression,
    };
    return compression == VARVE_COMPRESSION_DEFAULT ? otherwise : numbers[compression];
}

/*
 * Fresh levels are rewritten soon and compress for nothing; the last one holds most of the data and
 * is read from the disk, not written to.
 */
static void set_levels(rocksdb_options_t *raw, const varve_options *options)
{
    int compression[LEVELS];
    for (int level = 0; level < LEVELS; level++)
        compression[level] = compression_of(
            options->compression, level < 2 ? rocksdb_no_compression : rocksdb_lz4_compression);
    rocksdb_options_set_num_levels(raw, LEVELS);
    rocksdb_options_set_compression_per_level(raw, compression, LEVELS);
    rocksdb_options_set_bottommost_compression(
        raw, compression_of(options->bottom_compression, rocksdb_zstd_compression));
    rocksdb_options_set_level_compaction_dynamic_level_bytes(raw, 1);
}

/* Logs for readers of the log; RocksDB's own size is in MiB. */
static void set_kept_logs(rocksdb_options_t *raw, const varve_options *options)
{
    const uint64_t mib = (uint64_t)1 << 20;
    rocksdb_options_set_WAL_ttl_seconds(raw, options->wal_keep_seconds);
    rocksdb_options_set_WAL_size_limit_MB(raw, options->wal_keep_bytes / mib +
                                                   (options->wal_keep_bytes % mib != 0));
}

void varve__rocksdb_quiet_log(rocksdb_options_t *raw)
{
    rocksdb_options_set_info_log_level(raw, INFO_LOG_FATAL);
    rocksdb_options_set_keep_log_file_num(raw, INFO_LOG_FILES);
    rocksdb_options_set_stats_dump_period_sec(raw, 0);
    rocksdb_options_set_stats_persist_period_sec(raw, 0);
}

/* What does not concern tables. */
static void set_store(rocksdb_options_t *raw, const varve_options *options)
{
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
    /* The options own the extractor and the operator. */
    rocksdb_options_set_prefix_extractor(
        raw, rocksdb_slicetransform_create(NULL, no_destructor, extract_prefix, accept_any,
                                           accept_none, extractor_name));
    rocksdb_options_set_merge_operator(raw, varve__rocksdb_merge_operator());
    /* Costs nothing that could be measured, and there is no other way to learn of these numbers. */
    rocksdb_options_enable_statistics(raw);
    set_levels(raw, options);
    set_kept_logs(raw, options);
    varve__rocksdb_quiet_log(raw);
}

varve_status varve__rocksdb_options(const varve_options *options, rocksdb_env_t *env, bool create,
                                    rocksdb_options_t **out, varve_error *err)
{
    const char *text = options->rocksdb_options;
    rocksdb_options_t *raw = rocksdb_options_create();

    *out = NULL;
    rocksdb_options_set_max_manifest_file_size(raw, MANIFEST_BYTES); /* experts may say another */
    varve_status status = varve__expert_apply(&raw, text, VARVE__EXPERT_STORE, err);
    if (status == VARVE_OK) {
        if (env != NULL)
            rocksdb_options_set_env(raw, env);
        rocksdb_options_set_create_if_missing(raw, create);
        set_store(raw, options);
        set_tables(raw, options);
        status = varve__expert_apply(&raw, text, VARVE__EXPERT_TABLES, err);
    }
    if (status == VARVE_OK)
        *out = raw;
    else
        rocksdb_options_destroy(raw);
    return status;
}
