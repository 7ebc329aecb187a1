/*
 * RocksDB's TransactionDB: locks, and a commit that is checked against them.
 */
#include <stdlib.h>

#include "bench/contenders/rocks.h"
#include "bench/support/die.h"

typedef struct txn_store {
    rocksdb_t *plain; /* while loading: compaction is not offered for the other */
    rocksdb_transactiondb_t *db;
    rocksdb_options_t *options;
    rocksdb_readoptions_t *get;
    rocksdb_writeoptions_t *no_sync;
    char *path;
} txn_store;

static void *txn_open(const bench_config *config)
{
    char *error = NULL;
    txn_store *store = bench_alloc(1, sizeof *store);
    store->options = bench_rocks_options(config, BENCH_ROCKS_VARVE);
    store->plain = rocksdb_open(store->options, config->path, &error);
    bench_rocks_check(error);
    store->get = rocksdb_readoptions_create();
    store->no_sync = rocksdb_writeoptions_create();
    store->path = bench_copy(config->path);
    return store;
}

/* Closed and opened again as what it is measured as. */
static void txn_ready(void *state)
{
    txn_store *store = state;
    char *error = NULL;
    rocksdb_transactiondb_options_t *how = rocksdb_transactiondb_options_create();
    rocksdb_close(store->plain);
    store->plain = NULL;
    store->db = rocksdb_transactiondb_open(store->options, how, store->path, &error);
    bench_rocks_check(error);
    rocksdb_transactiondb_options_destroy(how);
}

static void txn_close(void *state)
{
    txn_store *store = state;
    if (store->db != NULL)
        rocksdb_transactiondb_close(store->db);
    if (store->plain != NULL)
        rocksdb_close(store->plain);
    rocksdb_writeoptions_destroy(store->no_sync);
    rocksdb_readoptions_destroy(store->get);
    rocksdb_options_destroy(store->options);
    free(store->path);
    free(store);
}

static void txn_load(void *state, const bench_entry *entries, size_t count)
{
    txn_store *store = state;
    bench_rocks_load(store->plain, store->no_sync, entries, count);
}

static void txn_flush(void *state)
{
    txn_store *store = state;
    bench_rocks_flush(store->plain);
}

static void txn_compact(void *state)
{
    txn_store *store = state;
    bench_rocks_compact(store->plain);
}

static uint64_t txn_get(void *state, const bench_job *job)
{
    txn_store *store = state;
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        char *error = NULL;
        size_t size;
        char *value =
            rocksdb_transactiondb_get(store->db, store->get, (const char *)job->engines[i].data,
                                      job->engines[i].size, &size, &error);
        bench_rocks_check(error);
        if (value != NULL)
            sum += bench_seen(value, size);
        rocksdb_free(value);
    }
    return sum;
}

static uint64_t txn_read_all(void *state, const bench_job *job)
{
    txn_store *store = state;
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    char *error = NULL;
    (void)job;
    rocksdb_readoptions_set_total_order_seek(how, 1);
    rocksdb_iterator_t *it = rocksdb_transactiondb_create_iterator(store->db, how);
    uint64_t records = bench_rocks_read_all(it);
    rocksdb_iter_get_error(it, &error);
    bench_rocks_check(error);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    return records;
}

static uint64_t txn_put(void *state, const bench_job *job)
{
    txn_store *store = state;
    for (size_t i = 0; i < job->count; i++) {
        char *error = NULL;
        rocksdb_transactiondb_put(store->db, store->no_sync, (const char *)job->engines[i].data,
                                  job->engines[i].size, (const char *)job->value.data,
                                  job->value.size, &error);
        bench_rocks_check(error);
    }
    return job->count;
}

static uint64_t txn_put_batch(void *state, const bench_job *job)
{
    txn_store *store = state;
    rocksdb_transaction_options_t *how = rocksdb_transaction_options_create();
    for (size_t i = 0; i < job->count;) {
        char *error = NULL;
        rocksdb_transaction_t *txn =
            rocksdb_transaction_begin(store->db, store->no_sync, how, NULL);
        for (unsigned n = 0; n < job->batch && i < job->count; n++, i++) {
            rocksdb_transaction_put(txn, (const char *)job->engines[i].data, job->engines[i].size,
                                    (const char *)job->value.data, job->value.size, &error);
            bench_rocks_check(error);
        }
        rocksdb_transaction_commit(txn, &error);
        bench_rocks_check(error);
        rocksdb_transaction_destroy(txn);
    }
    rocksdb_transaction_options_destroy(how);
    return job->count;
}

const bench_contender bench_txn = {
    .name = "transactiondb",
    .what = "RocksDB's TransactionDB, in varve's layout",
    .open = txn_open,
    .close = txn_close,
    .load = txn_load,
    .flush = txn_flush,
    .compact = txn_compact,
    .ready = txn_ready,
    .run = {[BENCH_GET_EXACT] = txn_get,
            [BENCH_RECOUNT] = txn_read_all,
            [BENCH_PUT] = txn_put,
            [BENCH_PUT_BATCH] = txn_put_batch,
            [BENCH_TXN] = txn_put_batch},
};
