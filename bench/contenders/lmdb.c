/*
 * LMDB: a B-tree in a memory map, with varve's engine keys.
 */
#include <lmdb.h>
#include <stdlib.h>

#include "bench/contenders/contender.h"
#include "bench/support/die.h"

#define SUFFIX_SIZE 12

enum { STEPS_BEFORE_SEEK = 20 };

typedef struct lmdb_store {
    MDB_env *env;
    MDB_dbi db;
} lmdb_store;

static void must(int result)
{
    if (result != 0)
        bench_die("lmdb: %s", mdb_strerror(result));
}

static void *lmdb_open(const bench_config *config)
{
    lmdb_store *store = bench_alloc(1, sizeof *store);
    MDB_txn *txn;
    must(mdb_env_create(&store->env));
    /* Address space, of which only what is written takes room. */
    must(mdb_env_set_mapsize(store->env, ((size_t)4 << 30) + 4 * (size_t)config->data_bytes));
    must(mdb_env_open(store->env, config->path, MDB_NOSYNC | MDB_NOTLS | MDB_WRITEMAP, 0644));
    must(mdb_txn_begin(store->env, NULL, 0, &txn));
    must(mdb_dbi_open(txn, NULL, 0, &store->db));
    must(mdb_txn_commit(txn));
    return store;
}

static void lmdb_close(void *state)
{
    lmdb_store *store = state;
    mdb_env_close(store->env);
    free(store);
}

static MDB_val val(varve_slice slice)
{
    return (MDB_val){slice.size, (void *)(uintptr_t)slice.data};
}

static void put(lmdb_store *store, MDB_txn *txn, varve_slice key, varve_slice value)
{
    MDB_val k = val(key);
    MDB_val v = val(value);
    must(mdb_put(txn, store->db, &k, &v, 0));
}

/* The end of the run of versions that begins at `first`. */
static size_t end_of_key(const bench_entry *entries, size_t count, size_t first)
{
    size_t end = first + 1;
    while (end < count && varve_slice_compare(entries[end].user, entries[first].user) == 0)
        end++;
    return end;
}

/* In the order of the keys, which is newest first: pages are then filled instead of split. */
static void lmdb_load(void *state, const bench_entry *entries, size_t count)
{
    lmdb_store *store = state;
    MDB_txn *txn;
    must(mdb_txn_begin(store->env, NULL, 0, &txn));
    for (size_t first = 0; first < count;) {
        size_t end = end_of_key(entries, count, first);
        for (size_t i = end; i > first; i--)
            put(store, txn, entries[i - 1].engine, entries[i - 1].value);
        first = end;
    }
    must(mdb_txn_commit(txn));
}

/* ---- Reading */

typedef struct cursor {
    MDB_txn *txn;
    MDB_cursor *at;
    MDB_val key;
    MDB_val value;
    bool valid;
} cursor;

static void move(cursor *c, MDB_cursor_op op)
{
    int result = mdb_cursor_get(c->at, &c->key, &c->value, op);
    c->valid = result == 0;
    if (result != 0 && result != MDB_NOTFOUND)
        must(result);
}

static void seek(cursor *c, varve_slice key)
{
    c->key = val(key);
    move(c, MDB_SET_RANGE);
}

static cursor open_cursor(lmdb_store *store)
{
    cursor c = {.valid = false};
    must(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &c.txn));
    must(mdb_cursor_open(c.txn, store->db, &c.at));
    return c;
}

static void close_cursor(cursor *c)
{
    mdb_cursor_close(c->at);
    mdb_txn_abort(c->txn);
}

static varve_slice prefix_of(varve_slice version)
{
    return varve_slice_of(version.data, version.size - SUFFIX_SIZE);
}

static bool begins_with(const cursor *c, varve_slice prefix)
{
    return c->valid && c->key.mv_size >= prefix.size &&
           memcmp(c->key.mv_data, prefix.data, prefix.size) == 0;
}

/* Straight to the version: the order of the keys does the rest. */
static uint64_t lmdb_get(void *state, const bench_job *job)
{
    cursor c = open_cursor(state);
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        seek(&c, job->engines[i]);
        if (begins_with(&c, prefix_of(job->engines[i])))
            sum += bench_seen(c.value.mv_data, c.value.mv_size);
    }
    close_cursor(&c);
    return sum;
}

typedef struct place {
    unsigned char bytes[256];
    size_t prefix;
} place;

static void place_enter(place *at, const cursor *c, const unsigned char *suffix)
{
    at->prefix = c->key.mv_size - SUFFIX_SIZE;
    if (c->key.mv_size > sizeof at->bytes)
        bench_die("a key is longer than the benchmark makes them");
    memcpy(at->bytes, c->key.mv_data, at->prefix);
    memcpy(at->bytes + at->prefix, suffix, SUFFIX_SIZE);
}

static varve_slice place_prefix(const place *at)
{
    return varve_slice_of(at->bytes, at->prefix);
}

static bool find_version(cursor *c, const place *at)
{
    varve_slice wanted = varve_slice_of(at->bytes, at->prefix + SUFFIX_SIZE);
    for (int step = 0; c->valid; step++) {
        if (varve_slice_compare(varve_slice_of(c->key.mv_data, c->key.mv_size), wanted) >= 0)
            return begins_with(c, place_prefix(at));
        if (step < STEPS_BEFORE_SEEK)
            move(c, MDB_NEXT);
        else
            seek(c, wanted);
    }
    return false;
}

static void leave_key(cursor *c, place *at)
{
    for (int step = 0; begins_with(c, place_prefix(at)); step++) {
        if (step < STEPS_BEFORE_SEEK) {
            move(c, MDB_NEXT);
            continue;
        }
        at->bytes[at->prefix - 1]++;
        seek(c, place_prefix(at));
        return;
    }
}

static uint64_t lmdb_scan(void *state, const bench_job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        const unsigned char *suffix = job->engines[i].data + job->engines[i].size - SUFFIX_SIZE;
        cursor c = open_cursor(state);
        seek(&c, prefix_of(job->engines[i]));
        for (unsigned row = 0; row < job->rows && c.valid;) {
            place at;
            place_enter(&at, &c, suffix);
            if (find_version(&c, &at)) {
                sum += bench_seen(c.value.mv_data, c.value.mv_size);
                row++;
            }
            leave_key(&c, &at);
        }
        close_cursor(&c);
    }
    return sum;
}

/* To the newest version of the key at whose oldest the cursor stands, and then before the key. */
static uint64_t newest_backwards(cursor *c)
{
    static const unsigned char no_suffix[SUFFIX_SIZE];
    uint64_t newest = 0;
    place at;
    place_enter(&at, c, no_suffix);
    for (int step = 0; begins_with(c, place_prefix(&at)); step++) {
        if (step == STEPS_BEFORE_SEEK)
            seek(c, place_prefix(&at));
        newest = bench_seen(c->value.mv_data, c->value.mv_size);
        move(c, MDB_PREV);
    }
    return newest;
}

static uint64_t lmdb_reverse(void *state, const bench_job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        cursor c = open_cursor(state);
        seek(&c, prefix_of(job->engines[i]));
        move(&c, c.valid ? MDB_PREV : MDB_LAST);
        for (unsigned row = 0; row < job->rows && c.valid; row++)
            sum += newest_backwards(&c);
        close_cursor(&c);
    }
    return sum;
}

/* ---- Writing */

static uint64_t put_batches(lmdb_store *store, const bench_job *job, unsigned size)
{
    MDB_txn *txn = NULL;
    for (size_t i = 0; i < job->count; i++) {
        if (txn == NULL)
            must(mdb_txn_begin(store->env, NULL, 0, &txn));
        put(store, txn, job->engines[i], job->value);
        if ((i + 1) % size == 0 || i + 1 == job->count) {
            must(mdb_txn_commit(txn));
            txn = NULL;
        }
    }
    return job->count;
}

static uint64_t lmdb_put(void *state, const bench_job *job)
{
    return put_batches(state, job, 1);
}

static uint64_t lmdb_put_batch(void *state, const bench_job *job)
{
    return put_batches(state, job, job->batch);
}

const bench_contender bench_lmdb = {
    .name = "lmdb",
    .what = "LMDB without sync, in varve's layout",
    .open = lmdb_open,
    .close = lmdb_close,
    .load = lmdb_load,
    .run = {[BENCH_GET] = lmdb_get,
            [BENCH_SCAN] = lmdb_scan,
            [BENCH_REVERSE] = lmdb_reverse,
            [BENCH_PUT] = lmdb_put,
            [BENCH_PUT_BATCH] = lmdb_put_batch},
};
