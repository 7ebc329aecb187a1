/*
 * RocksDB with its own user-defined timestamps: the newest version at or below a time is found
 * inside of it.
 */
#include <stdlib.h>

#include "bench/contenders/rocks.h"
#include "bench/support/die.h"

enum { TS_SIZE = 8 };

typedef struct udt_store {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_column_family_handle_t *family;
    rocksdb_writeoptions_t *no_sync;
} udt_store;

static void *udt_open(const bench_config *config)
{
    char *error = NULL;
    const char *name = "default";
    udt_store *store = bench_alloc(1, sizeof *store);
    store->options = bench_rocks_options(config, BENCH_ROCKS_UDT);
    const rocksdb_options_t *options = store->options;
    store->db = rocksdb_open_column_families(store->options, config->path, 1, &name, &options,
                                             &store->family, &error);
    bench_rocks_check(error);
    store->no_sync = rocksdb_writeoptions_create();
    return store;
}

static void udt_close(void *state)
{
    udt_store *store = state;
    rocksdb_column_family_handle_destroy(store->family);
    rocksdb_close(store->db);
    rocksdb_writeoptions_destroy(store->no_sync);
    rocksdb_options_destroy(store->options);
    free(store);
}

/* As the comparator has it: little-endian. */
static void encode_ts(int64_t ts, char *out)
{
    for (int i = 0; i < TS_SIZE; i++)
        out[i] = (char)((uint64_t)ts >> (8 * i));
}

static void put(udt_store *store, rocksdb_writebatch_t *batch, varve_slice key, int64_t ts,
                varve_slice value)
{
    char stamp[TS_SIZE];
    encode_ts(ts, stamp);
    rocksdb_writebatch_put_cf_with_ts(batch, store->family, (const char *)key.data, key.size, stamp,
                                      TS_SIZE, (const char *)value.data, value.size);
}

static void commit(udt_store *store, rocksdb_writebatch_t *batch)
{
    char *error = NULL;
    rocksdb_write(store->db, store->no_sync, batch, &error);
    bench_rocks_check(error);
    rocksdb_writebatch_clear(batch);
}

static void udt_load(void *state, const bench_entry *entries, size_t count)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    for (size_t i = 0; i < count; i++)
        put(state, batch, entries[i].user, entries[i].ts, entries[i].value);
    commit(state, batch);
    rocksdb_writebatch_destroy(batch);
}

static void udt_flush(void *state)
{
    udt_store *store = state;
    bench_rocks_flush(store->db);
}

static void udt_compact(void *state)
{
    udt_store *store = state;
    bench_rocks_compact(store->db);
}

static void udt_touch(void *state)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    put(state, batch, varve_slice_text("\x02touched"), 1, varve_slice_text("touch"));
    commit(state, batch);
    rocksdb_writebatch_destroy(batch);
}

static uint64_t udt_get(void *state, const bench_job *job)
{
    udt_store *store = state;
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    char stamp[TS_SIZE];
    uint64_t sum = 0;
    encode_ts(job->ts, stamp);
    rocksdb_readoptions_set_timestamp(how, stamp, TS_SIZE);
    for (size_t i = 0; i < job->count; i++) {
        char *error = NULL;
        char *found = NULL;
        size_t found_size;
        size_t size;
        char *value = rocksdb_get_with_ts(store->db, how, (const char *)job->users[i].data,
                                          job->users[i].size, &size, &found, &found_size, &error);
        bench_rocks_check(error);
        if (value != NULL)
            sum += bench_seen(value, size);
        rocksdb_free(value);
        rocksdb_free(found);
    }
    rocksdb_readoptions_destroy(how);
    return sum;
}

static uint64_t seen(rocksdb_iterator_t *it)
{
    size_t size;
    (void)rocksdb_iter_key(it, &size);
    const char *value = rocksdb_iter_value(it, &size);
    return bench_seen(value, size);
}

static uint64_t scan(rocksdb_iterator_t *it, varve_slice key, unsigned rows, bool reverse)
{
    uint64_t sum = 0;
    if (reverse) {
        rocksdb_iter_seek_for_prev(it, (const char *)key.data, key.size);
        size_t size;
        if (rocksdb_iter_valid(it) && rocksdb_iter_key(it, &size) != NULL && size == key.size &&
            memcmp(rocksdb_iter_key(it, &size), key.data, size) == 0)
            rocksdb_iter_prev(it); /* the end does not belong to the range */
    } else {
        rocksdb_iter_seek(it, (const char *)key.data, key.size);
    }
    for (unsigned row = 0; row < rows && rocksdb_iter_valid(it); row++) {
        sum += seen(it);
        if (reverse)
            rocksdb_iter_prev(it);
        else
            rocksdb_iter_next(it);
    }
    return sum;
}

static uint64_t scan_all(udt_store *store, const bench_job *job, bool reverse)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        rocksdb_readoptions_t *how = rocksdb_readoptions_create();
        char stamp[TS_SIZE];
        char *error = NULL;
        encode_ts(job->ts, stamp);
        rocksdb_readoptions_set_timestamp(how, stamp, TS_SIZE);
        rocksdb_readoptions_set_total_order_seek(how, 1);
        rocksdb_iterator_t *it = rocksdb_create_iterator(store->db, how);
        sum += scan(it, job->users[i], job->rows, reverse);
        rocksdb_iter_get_error(it, &error);
        bench_rocks_check(error);
        rocksdb_iter_destroy(it);
        rocksdb_readoptions_destroy(how);
    }
    return sum;
}

static uint64_t udt_scan(void *state, const bench_job *job)
{
    return scan_all(state, job, false);
}

static uint64_t udt_reverse(void *state, const bench_job *job)
{
    return scan_all(state, job, true);
}

static uint64_t put_batches(udt_store *store, const bench_job *job, unsigned size)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    for (size_t i = 0; i < job->count; i++) {
        put(store, batch, job->users[i], job->ts, job->value);
        if ((i + 1) % size == 0)
            commit(store, batch);
    }
    rocksdb_writebatch_destroy(batch);
    return job->count;
}

static uint64_t udt_put(void *state, const bench_job *job)
{
    return put_batches(state, job, 1);
}

static uint64_t udt_put_batch(void *state, const bench_job *job)
{
    return put_batches(state, job, job->batch);
}

const bench_contender bench_udt = {
    .name = "udt",
    .what = "RocksDB's user-defined timestamps",
    .open = udt_open,
    .close = udt_close,
    .load = udt_load,
    .flush = udt_flush,
    .compact = udt_compact,
    .touch = udt_touch,
    .run = {[BENCH_GET] = udt_get,
            [BENCH_SCAN] = udt_scan,
            [BENCH_REVERSE] = udt_reverse,
            [BENCH_PUT] = udt_put,
            [BENCH_PUT_BATCH] = udt_put_batch},
};
