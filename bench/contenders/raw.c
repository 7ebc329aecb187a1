#include "bench/contenders/raw.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <varve/key.h>

#define LEVELS 7

struct raw_store {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_readoptions_t *get;
    rocksdb_writeoptions_t *no_sync;
    rocksdb_writebatch_t *batch;
};

static void check(char *text)
{
    if (text == NULL)
        return;
    (void)fprintf(stderr, "rocksdb: %s\n", text);
    exit(1);
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

/* Written down apart from varve's; the benchmark compares what RocksDB made of both. */
static rocksdb_options_t *make_options(uint64_t cache_bytes, uint64_t write_buffer_bytes)
{
    int compression[LEVELS] = {rocksdb_no_compression,  rocksdb_no_compression,
                               rocksdb_lz4_compression, rocksdb_lz4_compression,
                               rocksdb_lz4_compression, rocksdb_lz4_compression,
                               rocksdb_lz4_compression};
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_block_based_table_options_t *tables = rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = rocksdb_cache_create_lru((size_t)cache_bytes);

    rocksdb_block_based_options_set_format_version(tables, 5);
    rocksdb_block_based_options_set_block_size(tables, 8192);
    rocksdb_block_based_options_set_block_cache(tables, cache);
    rocksdb_block_based_options_set_whole_key_filtering(tables, 0);
    rocksdb_block_based_options_set_filter_policy(tables,
                                                  rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_options_set_block_based_table_factory(options, tables);
    rocksdb_block_based_options_destroy(tables);
    rocksdb_cache_destroy(cache);
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_write_buffer_size(options, (size_t)write_buffer_bytes);
    rocksdb_options_set_max_open_files(options, -1);
    rocksdb_options_set_wal_recovery_mode(options,
                                          rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_options_set_prefix_extractor(
        options, rocksdb_slicetransform_create(NULL, no_destructor, extract, in_domain, in_domain,
                                               extractor_name));
    rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.02);
    rocksdb_options_set_num_levels(options, LEVELS);
    rocksdb_options_set_compression_per_level(options, compression, LEVELS);
    rocksdb_options_set_bottommost_compression(options, rocksdb_zstd_compression);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
    rocksdb_options_set_info_log_level(options, 4);
    rocksdb_options_set_keep_log_file_num(options, 4);
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    rocksdb_options_set_stats_persist_period_sec(options, 0);
    return options;
}

raw_store *raw_open(const char *path, uint64_t cache_bytes, uint64_t write_buffer_bytes)
{
    char *text = NULL;
    raw_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        exit(1);
    store->options = make_options(cache_bytes, write_buffer_bytes);
    store->db = rocksdb_open(store->options, path, &text);
    check(text);
    store->get = rocksdb_readoptions_create();
    store->no_sync = rocksdb_writeoptions_create();
    store->batch = rocksdb_writebatch_create();
    return store;
}

void raw_close(raw_store *store)
{
    rocksdb_writebatch_destroy(store->batch);
    rocksdb_close(store->db);
    rocksdb_writeoptions_destroy(store->no_sync);
    rocksdb_readoptions_destroy(store->get);
    rocksdb_options_destroy(store->options);
    free(store);
}

void raw_put_batch(raw_store *store, const varve_slice *keys, unsigned count, varve_slice value)
{
    char *text = NULL;
    rocksdb_writebatch_clear(store->batch);
    for (unsigned i = 0; i < count; i++)
        rocksdb_writebatch_put(store->batch, (const char *)keys[i].data, keys[i].size,
                               (const char *)value.data, value.size);
    rocksdb_write(store->db, store->no_sync, store->batch, &text);
    check(text);
}

void raw_compact(raw_store *store)
{
    char *text = NULL;
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    rocksdb_compactoptions_t *compact = rocksdb_compactoptions_create();
    rocksdb_flush(store->db, flush, &text);
    check(text);
    rocksdb_compactoptions_set_bottommost_level_compaction(compact, 3);
    rocksdb_compact_range_opt(store->db, compact, NULL, 0, NULL, 0);
    rocksdb_flushoptions_destroy(flush);
    rocksdb_compactoptions_destroy(compact);
}

static rocksdb_iterator_t *open_iterator(raw_store *store, int prefix, rocksdb_readoptions_t **how)
{
    *how = rocksdb_readoptions_create();
    if (prefix)
        rocksdb_readoptions_set_prefix_same_as_start(*how, 1);
    else
        rocksdb_readoptions_set_total_order_seek(*how, 1);
    return rocksdb_create_iterator(store->db, *how);
}

static void close_iterator(rocksdb_iterator_t *it, rocksdb_readoptions_t *how)
{
    char *text = NULL;
    rocksdb_iter_get_error(it, &text);
    check(text);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
}

uint64_t raw_walk(raw_store *store, unsigned steps, unsigned value_every)
{
    rocksdb_readoptions_t *how;
    rocksdb_iterator_t *it = open_iterator(store, 0, &how);
    uint64_t sum = 0;
    size_t size;

    rocksdb_iter_seek_to_first(it);
    for (unsigned i = 0; i < steps && rocksdb_iter_valid(it); i++) {
        const char *key = rocksdb_iter_key(it, &size);
        sum += (unsigned char)key[size - 1];
        if (i % value_every == 0)
            sum += (unsigned char)rocksdb_iter_value(it, &size)[0];
        rocksdb_iter_next(it);
    }
    close_iterator(it, how);
    return sum;
}

uint64_t raw_walk_back(raw_store *store, unsigned steps, unsigned value_every)
{
    rocksdb_readoptions_t *how;
    rocksdb_iterator_t *it = open_iterator(store, 0, &how);
    uint64_t sum = 0;
    size_t size;

    rocksdb_iter_seek_to_last(it);
    for (unsigned i = 0; i < steps && rocksdb_iter_valid(it); i++) {
        const char *key = rocksdb_iter_key(it, &size);
        sum += (unsigned char)key[size - 1];
        if (i % value_every == 0)
            sum += (unsigned char)rocksdb_iter_value(it, &size)[0];
        rocksdb_iter_prev(it);
    }
    close_iterator(it, how);
    return sum;
}

uint64_t raw_seek(raw_store *store, const varve_slice *keys, unsigned count, int prefix)
{
    rocksdb_readoptions_t *how;
    rocksdb_iterator_t *it = open_iterator(store, prefix, &how);
    uint64_t sum = 0;
    size_t size;

    for (unsigned i = 0; i < count; i++) {
        rocksdb_iter_seek(it, (const char *)keys[i].data, keys[i].size);
        if (rocksdb_iter_valid(it))
            sum += (unsigned char)rocksdb_iter_value(it, &size)[0] + size;
    }
    close_iterator(it, how);
    return sum;
}

uint64_t raw_get(raw_store *store, const varve_slice *keys, unsigned count)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++) {
        char *text = NULL;
        size_t size;
        char *value = rocksdb_get(store->db, store->get, (const char *)keys[i].data, keys[i].size,
                                  &size, &text);
        check(text);
        if (value != NULL)
            sum += (unsigned char)value[0] + size;
        rocksdb_free(value);
    }
    return sum;
}

uint64_t raw_write(raw_store *store, const varve_slice *keys, unsigned count, unsigned batch,
                   varve_slice value)
{
    for (unsigned i = 0; i < count; i += batch)
        raw_put_batch(store, keys + i, batch, value);
    return rocksdb_get_latest_sequence_number(store->db);
}
