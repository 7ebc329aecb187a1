/*
 * WiredTiger with timestamps: versions stand beside each other in the cache, newest first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <wiredtiger.h>

#include "bench/contenders/contender.h"
#include "bench/support/die.h"

typedef struct wiredtiger_store {
    WT_CONNECTION *connection;
    WT_SESSION *session;
    WT_CURSOR *cursor;
    char *path;
    char how[256];
    bool has_history;
} wiredtiger_store;

static void must(int result)
{
    if (result != 0)
        bench_die("wiredtiger: %s", wiredtiger_strerror(result));
}

static void connect(wiredtiger_store *store)
{
    must(wiredtiger_open(store->path, NULL, store->how, &store->connection));
    must(store->connection->open_session(store->connection, NULL, "isolation=snapshot",
                                         &store->session));
    must(store->session->create(store->session, "table:t", "key_format=u,value_format=u"));
    must(store->session->open_cursor(store->session, "table:t", NULL, NULL, &store->cursor));
    must(store->connection->set_timestamp(store->connection, "oldest_timestamp=1"));
}

static void *wiredtiger_start(const bench_config *config)
{
    wiredtiger_store *store = bench_alloc(1, sizeof *store);
    /* Room for all versions, or history would go to a file of its own. */
    unsigned long long cache = config->cache_bytes + 16 * config->data_bytes;
    (void)snprintf(store->how, sizeof store->how,
                   "create,cache_size=%lluM,eviction_dirty_trigger=95,eviction_dirty_target=90,"
                   "log=(enabled=true),transaction_sync=(enabled=false)",
                   (cache >> 20) + 64);
    store->path = bench_copy(config->path);
    connect(store);
    return store;
}

static void disconnect(wiredtiger_store *store)
{
    must(store->connection->close(store->connection, NULL));
}

/* Pages as they come from the disk are better to read, but history is not on it. */
static void wiredtiger_ready(void *state)
{
    wiredtiger_store *store = state;
    if (store->has_history)
        return;
    disconnect(store);
    connect(store);
}

static void wiredtiger_stop(void *state)
{
    wiredtiger_store *store = state;
    disconnect(store);
    free(store->path);
    free(store);
}

static void put(wiredtiger_store *store, varve_slice key, varve_slice value)
{
    WT_ITEM k = {.data = key.data, .size = key.size};
    WT_ITEM v = {.data = value.data, .size = value.size};
    store->cursor->set_key(store->cursor, &k);
    store->cursor->set_value(store->cursor, &v);
    must(store->cursor->insert(store->cursor));
}

static void begin(wiredtiger_store *store, const char *setting, int64_t ts)
{
    char how[64] = "";
    if (setting != NULL)
        (void)snprintf(how, sizeof how, "%s=%llx", setting, (unsigned long long)ts);
    must(store->session->begin_transaction(store->session, how));
}

static void commit(wiredtiger_store *store)
{
    must(store->session->commit_transaction(store->session, NULL));
}

static void stamp(wiredtiger_store *store, int64_t ts)
{
    char how[64];
    (void)snprintf(how, sizeof how, "commit_timestamp=%llx", (unsigned long long)ts);
    must(store->session->timestamp_transaction(store->session, how));
}

/*
 * A transaction cannot be stamped with a time before its first: what comes of each version is
 * written together.
 */
static void wiredtiger_load(void *state, const bench_entry *entries, size_t count)
{
    wiredtiger_store *store = state;
    int64_t ts = INT64_MIN;
    begin(state, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && entries[i].ts < entries[0].ts)
            bench_die("wiredtiger: versions are loaded oldest first");
        if (entries[i].ts != ts)
            stamp(state, entries[i].ts);
        ts = entries[i].ts;
        store->has_history = store->has_history || ts != entries[0].ts;
        put(state, entries[i].user, entries[i].value);
    }
    commit(state);
}

/* ---- Reading */

static void begin_read(wiredtiger_store *store, int64_t ts)
{
    if (ts == INT64_MAX)
        begin(store, NULL, 0);
    else
        begin(store, "read_timestamp", ts);
}

static void sought(wiredtiger_store *store, varve_slice key)
{
    WT_ITEM k = {.data = key.data, .size = key.size};
    store->cursor->set_key(store->cursor, &k);
}

static uint64_t seen(wiredtiger_store *store)
{
    WT_ITEM v;
    must(store->cursor->get_value(store->cursor, &v));
    return bench_seen(v.data, v.size);
}

static bool found(int result)
{
    if (result != 0 && result != WT_NOTFOUND)
        must(result);
    return result == 0;
}

static uint64_t wiredtiger_get(void *state, const bench_job *job)
{
    wiredtiger_store *store = state;
    WT_CURSOR *cursor = store->cursor;
    uint64_t sum = 0;
    begin_read(store, job->ts);
    for (size_t i = 0; i < job->count; i++) {
        sought(store, job->users[i]);
        if (found(cursor->search(cursor)))
            sum += seen(store);
    }
    must(cursor->reset(cursor));
    commit(store);
    return sum;
}

/* To the first key at or above the one sought, or the last below it. */
static bool position(WT_CURSOR *cursor, bool reverse)
{
    int way = 0;
    if (!found(cursor->search_near(cursor, &way)))
        return false;
    if (reverse)
        return way < 0 || found(cursor->prev(cursor));
    return way >= 0 || found(cursor->next(cursor));
}

static uint64_t scan(wiredtiger_store *store, const bench_job *job, bool reverse)
{
    WT_CURSOR *cursor = store->cursor;
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        WT_ITEM key;
        begin_read(store, job->ts);
        sought(store, job->users[i]);
        bool valid = position(cursor, reverse);
        for (unsigned row = 0; row < job->rows && valid; row++) {
            must(cursor->get_key(cursor, &key));
            sum += seen(store);
            valid = found(reverse ? cursor->prev(cursor) : cursor->next(cursor));
        }
        must(cursor->reset(cursor));
        commit(store);
    }
    return sum;
}

static uint64_t wiredtiger_scan(void *state, const bench_job *job)
{
    return scan(state, job, false);
}

static uint64_t wiredtiger_reverse(void *state, const bench_job *job)
{
    return scan(state, job, true);
}

/* ---- Writing */

static uint64_t put_batches(wiredtiger_store *store, const bench_job *job, unsigned size)
{
    for (size_t i = 0; i < job->count; i++) {
        if (i % size == 0)
            begin(store, NULL, 0);
        put(store, job->users[i], job->value);
        if ((i + 1) % size == 0 || i + 1 == job->count) {
            stamp(store, job->ts);
            commit(store);
        }
    }
    return job->count;
}

static uint64_t wiredtiger_put(void *state, const bench_job *job)
{
    return put_batches(state, job, 1);
}

static uint64_t wiredtiger_put_batch(void *state, const bench_job *job)
{
    return put_batches(state, job, job->batch);
}

const bench_contender bench_wiredtiger = {
    .name = "wiredtiger",
    .what = "WiredTiger with timestamps, history in its cache, log not synced",
    .open = wiredtiger_start,
    .close = wiredtiger_stop,
    .load = wiredtiger_load,
    .ready = wiredtiger_ready,
    .run = {[BENCH_GET] = wiredtiger_get,
            [BENCH_SCAN] = wiredtiger_scan,
            [BENCH_REVERSE] = wiredtiger_reverse,
            [BENCH_PUT] = wiredtiger_put,
            [BENCH_PUT_BATCH] = wiredtiger_put_batch},
};
