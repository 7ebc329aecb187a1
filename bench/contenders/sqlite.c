/*
 * SQLite: a table of keys, negated times and values, clustered by the first two.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/contenders/contender.h"
#include "bench/support/die.h"

typedef struct sqlite_store {
    sqlite3 *db;
    sqlite3_stmt *put;
} sqlite_store;

static void must(sqlite3 *db, int result)
{
    if (result != SQLITE_OK)
        bench_die("sqlite: %s", sqlite3_errmsg(db));
}

static void run(sqlite3 *db, const char *sql)
{
    must(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static void set(sqlite3 *db, const char *what, uint64_t number)
{
    char pragma[128];
    (void)snprintf(pragma, sizeof pragma, "PRAGMA %s%llu", what, (unsigned long long)number);
    run(db, pragma);
}

static sqlite3_stmt *prepare(sqlite_store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    must(store->db, sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL));
    return statement;
}

static void *sqlite_open(const bench_config *config)
{
    /* No lock around every call: one thread has the connection. */
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    char path[4096];
    sqlite_store *store = bench_alloc(1, sizeof *store);
    (void)snprintf(path, sizeof path, "%s/data", config->path);
    must(store->db, sqlite3_open_v2(path, &store->db, flags, NULL));
    set(store->db, "cache_size = -", config->cache_bytes / 1024);
    set(store->db, "mmap_size = ", (uint64_t)1 << 30);
    /* One process has the store, as all other contenders have it: no locks to be taken for reads.
     */
    run(store->db, "PRAGMA locking_mode = EXCLUSIVE");
    run(store->db, "PRAGMA journal_mode = WAL");
    run(store->db, "PRAGMA synchronous = OFF");
    run(store->db, "CREATE TABLE t (k BLOB, back INTEGER, v BLOB, PRIMARY KEY (k, back))"
                   " WITHOUT ROWID");
    store->put = prepare(store, "INSERT OR REPLACE INTO t VALUES (?, ?, ?)");
    return store;
}

static void sqlite_close(void *state)
{
    sqlite_store *store = state;
    must(store->db, sqlite3_finalize(store->put));
    must(store->db, sqlite3_close(store->db));
    free(store);
}

static void bind(sqlite_store *store, sqlite3_stmt *statement, int at, varve_slice bytes)
{
    must(store->db, sqlite3_bind_blob(statement, at, bytes.data, (int)bytes.size, SQLITE_STATIC));
}

static bool step(sqlite_store *store, sqlite3_stmt *statement)
{
    int result = sqlite3_step(statement);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        must(store->db, result);
    return result == SQLITE_ROW;
}

static void put(sqlite_store *store, varve_slice key, int64_t ts, varve_slice value)
{
    bind(store, store->put, 1, key);
    must(store->db, sqlite3_bind_int64(store->put, 2, -ts));
    bind(store, store->put, 3, value);
    (void)step(store, store->put);
    must(store->db, sqlite3_reset(store->put));
}

static void sqlite_load(void *state, const bench_entry *entries, size_t count)
{
    sqlite_store *store = state;
    run(store->db, "BEGIN");
    for (size_t i = 0; i < count; i++)
        put(store, entries[i].user, entries[i].ts, entries[i].value);
    run(store->db, "COMMIT");
}

/* So that reads need not look into the log. */
static void sqlite_ready(void *state)
{
    sqlite_store *store = state;
    run(store->db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* ---- Reading */

static uint64_t column_seen(sqlite3_stmt *statement, int column)
{
    const void *value = sqlite3_column_blob(statement, column);
    return bench_seen(value, (size_t)sqlite3_column_bytes(statement, column));
}

static uint64_t sqlite_get(void *state, const bench_job *job)
{
    sqlite_store *store = state;
    sqlite3_stmt *get = prepare(store, "SELECT v FROM t WHERE k = ? AND back >= ?"
                                       " ORDER BY back LIMIT 1");
    uint64_t sum = 0;
    run(store->db, "BEGIN");
    must(store->db, sqlite3_bind_int64(get, 2, -job->ts));
    for (size_t i = 0; i < job->count; i++) {
        bind(store, get, 1, job->users[i]);
        if (step(store, get))
            sum += column_seen(get, 0);
        must(store->db, sqlite3_reset(get));
    }
    run(store->db, "COMMIT");
    must(store->db, sqlite3_finalize(get));
    return sum;
}

/* A user key that a scan has met. */
typedef struct met {
    unsigned char bytes[256];
    size_t size;
} met;

static bool is_same_key(const met *last, sqlite3_stmt *scan)
{
    size_t size = (size_t)sqlite3_column_bytes(scan, 0);
    return size == last->size && memcmp(last->bytes, sqlite3_column_blob(scan, 0), size) == 0;
}

static void meet(met *last, sqlite3_stmt *scan)
{
    const void *key = sqlite3_column_blob(scan, 0);
    size_t size = (size_t)sqlite3_column_bytes(scan, 0);
    if (size > sizeof last->bytes)
        bench_die("a key is longer than the benchmark makes them");
    memcpy(last->bytes, key, size);
    last->size = size;
}

/* All rows in order, of which the first of each key that is old enough counts. */
static uint64_t sqlite_scan(void *state, const bench_job *job)
{
    sqlite_store *store = state;
    sqlite3_stmt *scan = prepare(store, "SELECT k, back, v FROM t WHERE k >= ? ORDER BY k, back");
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        met last = {.size = 0};
        bind(store, scan, 1, job->users[i]);
        for (unsigned rows = 0; rows < job->rows && step(store, scan);) {
            if (sqlite3_column_int64(scan, 1) < -job->ts || is_same_key(&last, scan))
                continue;
            meet(&last, scan);
            sum += column_seen(scan, 2);
            rows++;
        }
        must(store->db, sqlite3_reset(scan));
    }
    must(store->db, sqlite3_finalize(scan));
    return sum;
}

/* Oldest first: what counts of each key is the last row. */
static uint64_t sqlite_reverse(void *state, const bench_job *job)
{
    sqlite_store *store = state;
    sqlite3_stmt *scan =
        prepare(store, "SELECT k, v FROM t WHERE k < ? ORDER BY k DESC, back DESC");
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        met last = {.size = 0};
        uint64_t newest = 0;
        bind(store, scan, 1, job->users[i]);
        for (unsigned keys = 0; keys <= job->rows && step(store, scan);) {
            if (!is_same_key(&last, scan)) {
                meet(&last, scan);
                sum += newest;
                newest = 0;
                keys++;
            }
            if (keys <= job->rows)
                newest = column_seen(scan, 1);
        }
        sum += newest;
        must(store->db, sqlite3_reset(scan));
    }
    must(store->db, sqlite3_finalize(scan));
    return sum;
}

/* ---- Writing */

static uint64_t put_batches(sqlite_store *store, const bench_job *job, unsigned size)
{
    for (size_t i = 0; i < job->count; i++) {
        if (i % size == 0)
            run(store->db, "BEGIN");
        put(store, job->users[i], job->ts, job->value);
        if ((i + 1) % size == 0 || i + 1 == job->count)
            run(store->db, "COMMIT");
    }
    return job->count;
}

static uint64_t sqlite_put(void *state, const bench_job *job)
{
    return put_batches(state, job, 1);
}

static uint64_t sqlite_put_batch(void *state, const bench_job *job)
{
    return put_batches(state, job, job->batch);
}

const bench_contender bench_sqlite = {
    .name = "sqlite",
    .what = "SQLite without sync, in WAL mode",
    .open = sqlite_open,
    .close = sqlite_close,
    .load = sqlite_load,
    .ready = sqlite_ready,
    .run = {[BENCH_GET] = sqlite_get,
            [BENCH_SCAN] = sqlite_scan,
            [BENCH_REVERSE] = sqlite_reverse,
            [BENCH_PUT] = sqlite_put,
            [BENCH_PUT_BATCH] = sqlite_put_batch},
};
