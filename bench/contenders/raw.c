/*
 * RocksDB called directly on varve's layout of keys: the floor, with the best plan for each read.
 */
#include <stdlib.h>
#include <varve/key.h>

#include "bench/contenders/rocks.h"
#include "bench/contenders/varve.h"
#include "bench/support/die.h"

/* Behind the user key of a version: its timestamp, inverted and big-endian. */
#define SUFFIX_SIZE 12

/* The longest record that a scan back has to keep. */
#define VALUE_MAX 4096

typedef struct raw_store {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_readoptions_t *get;
    rocksdb_writeoptions_t *no_sync;
} raw_store;

static void *open_with(const bench_config *config, bench_rocks_keys keys)
{
    char *error = NULL;
    raw_store *store = bench_alloc(1, sizeof *store);
    store->options = bench_rocks_options(config, keys);
    store->db = rocksdb_open(store->options, config->path, &error);
    bench_rocks_check(error);
    store->get = rocksdb_readoptions_create();
    store->no_sync = rocksdb_writeoptions_create();
    return store;
}

static void *raw_open(const bench_config *config)
{
    return open_with(config, BENCH_ROCKS_VARVE);
}

static void *plain_open(const bench_config *config)
{
    return open_with(config, BENCH_ROCKS_PLAIN);
}

static void raw_close(void *state)
{
    raw_store *store = state;
    rocksdb_close(store->db);
    rocksdb_writeoptions_destroy(store->no_sync);
    rocksdb_readoptions_destroy(store->get);
    rocksdb_options_destroy(store->options);
    free(store);
}

static void put(rocksdb_writebatch_t *batch, varve_slice key, varve_slice value)
{
    rocksdb_writebatch_put(batch, (const char *)key.data, key.size, (const char *)value.data,
                           value.size);
}

static void clear(rocksdb_writebatch_t *batch, varve_slice key)
{
    rocksdb_writebatch_delete(batch, (const char *)key.data, key.size);
}

static void commit(raw_store *store, rocksdb_writebatch_t *batch)
{
    char *error = NULL;
    rocksdb_write(store->db, store->no_sync, batch, &error);
    bench_rocks_check(error);
}

static void raw_load(void *state, const bench_entry *entries, size_t count)
{
    raw_store *store = state;
    bench_rocks_load(store->db, store->no_sync, entries, count);
}

static void raw_flush(void *state)
{
    raw_store *store = state;
    bench_rocks_flush(store->db);
}

static void raw_compact(void *state)
{
    raw_store *store = state;
    bench_rocks_compact(store->db);
}

static void raw_touch(void *state)
{
    raw_store *store = state;
    char *error = NULL;
    rocksdb_put(store->db, store->no_sync, "\x02touched\x00\x01", 10, "touch", 5, &error);
    bench_rocks_check(error);
}

/* ---- Iterators */

typedef struct cursor {
    rocksdb_readoptions_t *how;
    rocksdb_iterator_t *it;
} cursor;

static cursor open_cursor(raw_store *store, bool prefix)
{
    cursor c = {.how = rocksdb_readoptions_create()};
    if (prefix)
        rocksdb_readoptions_set_prefix_same_as_start(c.how, 1);
    else
        rocksdb_readoptions_set_total_order_seek(c.how, 1);
    c.it = rocksdb_create_iterator(store->db, c.how);
    return c;
}

static void close_cursor(cursor *c)
{
    char *error = NULL;
    rocksdb_iter_get_error(c->it, &error);
    bench_rocks_check(error);
    rocksdb_iter_destroy(c->it);
    rocksdb_readoptions_destroy(c->how);
}

static bool valid(const cursor *c)
{
    return rocksdb_iter_valid(c->it) != 0;
}

static varve_slice key_of(const cursor *c)
{
    size_t size;
    const char *key = rocksdb_iter_key(c->it, &size);
    return varve_slice_of(key, size);
}

static varve_slice value_of(const cursor *c)
{
    size_t size;
    const char *value = rocksdb_iter_value(c->it, &size);
    return varve_slice_of(value, size);
}

static uint64_t seen(const cursor *c)
{
    varve_slice value = value_of(c);
    return bench_seen(value.data, value.size);
}

static void seek(cursor *c, varve_slice key)
{
    rocksdb_iter_seek(c->it, (const char *)key.data, key.size);
}

static varve_slice prefix_of(varve_slice version)
{
    return varve_slice_of(version.data, version.size - SUFFIX_SIZE);
}

static bool begins_with(varve_slice key, varve_slice prefix)
{
    return key.size >= prefix.size && memcmp(key.data, prefix.data, prefix.size) == 0;
}

/* ---- Point reads */

static uint64_t raw_get_exact(void *state, const bench_job *job)
{
    raw_store *store = state;
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        char *error = NULL;
        size_t size;
        char *value = rocksdb_get(store->db, store->get, (const char *)job->engines[i].data,
                                  job->engines[i].size, &size, &error);
        bench_rocks_check(error);
        if (value != NULL)
            sum += bench_seen(value, size);
        rocksdb_free(value);
    }
    return sum;
}

/*
 * From the metadata position, where an intent would be, to the wanted version or the first that is
 * older: some steps, then a seek.
 */
static uint64_t get_as_of(cursor *c, varve_slice wanted, unsigned limit)
{
    varve_slice prefix = prefix_of(wanted);
    seek(c, prefix);
    for (unsigned step = 0; valid(c); step++) {
        varve_slice key = key_of(c);
        if (!begins_with(key, prefix))
            return 0;
        if (varve_slice_compare(key, wanted) >= 0)
            return seen(c);
        if (step < limit)
            rocksdb_iter_next(c->it);
        else
            seek(c, wanted);
    }
    return 0;
}

static uint64_t raw_get_reused(void *state, const bench_job *job)
{
    cursor c = open_cursor(state, true);
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++)
        sum += get_as_of(&c, job->engines[i], job->limit);
    close_cursor(&c);
    return sum;
}

static uint64_t raw_get_fresh(void *state, const bench_job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        cursor c = open_cursor(state, true);
        sum += get_as_of(&c, job->engines[i], job->limit);
        close_cursor(&c);
    }
    return sum;
}

static uint64_t seek_all(void *state, const bench_job *job, bool prefix)
{
    cursor c = open_cursor(state, prefix);
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        seek(&c, job->engines[i]);
        if (valid(&c))
            sum += seen(&c);
    }
    close_cursor(&c);
    return sum;
}

static uint64_t raw_seek(void *state, const bench_job *job)
{
    return seek_all(state, job, false);
}

static uint64_t raw_seek_prefix(void *state, const bench_job *job)
{
    return seek_all(state, job, true);
}

/* ---- Scans */

/* Every record's key is looked at, every tenth value. */
static uint64_t walk(raw_store *store, const bench_job *job, bool back)
{
    cursor c = open_cursor(store, false);
    uint64_t sum = 0;
    if (back)
        rocksdb_iter_seek_to_last(c.it);
    else
        rocksdb_iter_seek_to_first(c.it);
    for (size_t i = 0; i < job->count && valid(&c); i++) {
        varve_slice key = key_of(&c);
        sum += key.data[key.size - 1];
        if (i % 10 == 0)
            sum += seen(&c);
        if (back)
            rocksdb_iter_prev(c.it);
        else
            rocksdb_iter_next(c.it);
    }
    close_cursor(&c);
    return sum;
}

static uint64_t raw_walk(void *state, const bench_job *job)
{
    return walk(state, job, false);
}

static uint64_t raw_walk_back(void *state, const bench_job *job)
{
    return walk(state, job, true);
}

static uint64_t scan_records(raw_store *store, varve_slice from, unsigned rows)
{
    cursor c = open_cursor(store, false);
    uint64_t sum = 0;
    seek(&c, prefix_of(from));
    for (unsigned row = 0; row < rows && valid(&c); row++) {
        (void)key_of(&c);
        sum += seen(&c);
        rocksdb_iter_next(c.it);
    }
    close_cursor(&c);
    return sum;
}

static uint64_t raw_scan_records(void *state, const bench_job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++)
        sum += scan_records(state, job->engines[i], job->rows);
    return sum;
}

static uint64_t raw_read_all(void *state, const bench_job *job)
{
    cursor c = open_cursor(state, false);
    uint64_t records = bench_rocks_read_all(c.it);
    (void)job;
    close_cursor(&c);
    return records;
}

/* What varve's scan through a batch is held against: as many records, all of them in tables. */
static uint64_t raw_own_scan(void *state, const bench_job *job)
{
    cursor c = open_cursor(state, false);
    uint64_t records = 0;
    for (unsigned time = 0; time < job->batch; time++) {
        seek(&c, job->engines[0]);
        for (unsigned row = 0; row < job->rows && valid(&c); row++) {
            records += key_of(&c).size != 0 && value_of(&c).size != 0;
            rocksdb_iter_next(c.it);
        }
    }
    close_cursor(&c);
    return records;
}

/* The user key that a scan stands in, and its version sought: prefix and suffix. */
typedef struct place {
    unsigned char bytes[256];
    size_t prefix;
} place;

static void place_enter(place *at, varve_slice key)
{
    at->prefix = key.size - SUFFIX_SIZE;
    if (at->prefix + SUFFIX_SIZE > sizeof at->bytes)
        bench_die("a key is longer than the benchmark makes them");
    memcpy(at->bytes, key.data, at->prefix);
}

static varve_slice place_prefix(const place *at)
{
    return varve_slice_of(at->bytes, at->prefix);
}

/* Towards the version wanted of the key at hand; whether there is one. */
static bool find_version(cursor *c, place *at, const unsigned char *suffix, unsigned limit)
{
    memcpy(at->bytes + at->prefix, suffix, SUFFIX_SIZE);
    varve_slice wanted = varve_slice_of(at->bytes, at->prefix + SUFFIX_SIZE);
    for (unsigned step = 0; valid(c); step++) {
        varve_slice key = key_of(c);
        if (varve_slice_compare(key, wanted) >= 0)
            return begins_with(key, place_prefix(at));
        if (step < limit)
            rocksdb_iter_next(c->it);
        else
            seek(c, wanted);
    }
    return false;
}

/* Past the versions that are left of the key at hand. */
static void leave_key(cursor *c, place *at, unsigned limit)
{
    for (unsigned step = 0; valid(c) && begins_with(key_of(c), place_prefix(at)); step++) {
        if (step < limit) {
            rocksdb_iter_next(c->it);
            continue;
        }
        at->bytes[at->prefix - 1]++; /* behind the terminator: above every version */
        seek(c, place_prefix(at));
        return;
    }
}

static uint64_t scan_keys(raw_store *store, varve_slice from, const bench_job *job)
{
    const unsigned char *suffix = from.data + from.size - SUFFIX_SIZE;
    cursor c = open_cursor(store, false);
    uint64_t sum = 0;
    place at;
    seek(&c, prefix_of(from));
    for (unsigned row = 0; row < job->rows && valid(&c);) {
        place_enter(&at, key_of(&c));
        if (find_version(&c, &at, suffix, job->limit)) {
            sum += seen(&c);
            row++;
        }
        leave_key(&c, &at, job->limit);
    }
    close_cursor(&c);
    return sum;
}

static uint64_t raw_scan(void *state, const bench_job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++)
        sum += scan_keys(state, job->engines[i], job);
    return sum;
}

/* From the oldest version of a key back to its newest; leaves the iterator before the key. */
static uint64_t newest_backwards(cursor *c, place *at, unsigned limit)
{
    unsigned char kept[VALUE_MAX];
    size_t size = 0;
    place_enter(at, key_of(c));
    for (unsigned step = 0; valid(c) && begins_with(key_of(c), place_prefix(at)); step++) {
        if (step >= limit) {
            seek(c, place_prefix(at));
            uint64_t newest = seen(c);
            rocksdb_iter_prev(c->it);
            return newest;
        }
        varve_slice value = value_of(c);
        size = value.size < sizeof kept ? value.size : sizeof kept;
        memcpy(kept, value.data, size);
        rocksdb_iter_prev(c->it);
    }
    return bench_seen(kept, size);
}

static uint64_t raw_reverse(void *state, const bench_job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        varve_slice end = prefix_of(job->engines[i]);
        cursor c = open_cursor(state, false);
        place at;
        rocksdb_iter_seek_for_prev(c.it, (const char *)end.data, end.size);
        for (unsigned row = 0; row < job->rows && valid(&c); row++)
            sum += newest_backwards(&c, &at, job->limit);
        close_cursor(&c);
    }
    return sum;
}

/* ---- Writing */

static uint64_t raw_put_one(void *state, const bench_job *job)
{
    raw_store *store = state;
    for (size_t i = 0; i < job->count; i++) {
        char *error = NULL;
        rocksdb_put(store->db, store->no_sync, (const char *)job->engines[i].data,
                    job->engines[i].size, (const char *)job->value.data, job->value.size, &error);
        bench_rocks_check(error);
    }
    return job->count;
}

static uint64_t put_batches(raw_store *store, const bench_job *job, cursor *looked_up)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        if (looked_up != NULL) {
            seek(looked_up, prefix_of(job->engines[i]));
            sum += valid(looked_up) && key_of(looked_up).size == job->engines[i].size;
        }
        put(batch, job->engines[i], job->value);
        if ((i + 1) % job->batch == 0) {
            commit(store, batch);
            rocksdb_writebatch_clear(batch);
        }
    }
    rocksdb_writebatch_destroy(batch);
    return sum;
}

static uint64_t raw_put_batch(void *state, const bench_job *job)
{
    (void)put_batches(state, job, NULL);
    return job->count;
}

static uint64_t raw_put_checked(void *state, const bench_job *job)
{
    cursor c = open_cursor(state, true);
    (void)put_batches(state, job, &c);
    close_cursor(&c);
    return job->count;
}

static bool has_value(const cursor *c, varve_slice value)
{
    varve_slice found = value_of(c);
    return found.size == value.size && memcmp(found.data, value.data, value.size) == 0;
}

/* Each key is read, and its value compared. */
static uint64_t raw_put_if(void *state, const bench_job *job)
{
    raw_store *store = state;
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    cursor c = open_cursor(store, true);
    for (size_t i = 0; i < job->count; i++) {
        seek(&c, prefix_of(job->engines[i]));
        if (!valid(&c) || !has_value(&c, job->value))
            bench_die("raw: a key has another value than was put");
        put(batch, job->engines[i], job->value);
        if ((i + 1) % job->batch == 0) {
            commit(store, batch);
            rocksdb_writebatch_clear(batch);
        }
    }
    close_cursor(&c);
    rocksdb_writebatch_destroy(batch);
    return job->count;
}

/* What a transaction by hand writes besides versions. */
typedef struct by_hand {
    rocksdb_writebatch_t *batch;
    varve_buf intent;
    varve_buf record; /* the engine key of the transaction's record */
} by_hand;

/* An intent and a version for each key, and the transaction's record. */
static void write_by_hand(raw_store *store, by_hand *t, const varve_slice *engines,
                          const bench_job *job, cursor *c)
{
    for (unsigned i = 0; i < job->batch; i++) {
        varve_slice prefix = prefix_of(engines[i]);
        seek(c, prefix);
        if (valid(c) && key_of(c).size == prefix.size)
            bench_die("raw: a key has an intent");
        put(t->batch, prefix, varve_buf_slice(&t->intent));
        put(t->batch, engines[i], job->value);
    }
    put(t->batch, varve_buf_slice(&t->record), job->value);
    commit(store, t->batch);
    rocksdb_writebatch_clear(t->batch);
}

/* The intents go, which makes the versions those of a transaction that is committed. */
static void resolve_by_hand(raw_store *store, by_hand *t, const varve_slice *engines,
                            const bench_job *job)
{
    for (unsigned i = 0; i < job->batch; i++)
        clear(t->batch, prefix_of(engines[i]));
    clear(t->batch, varve_buf_slice(&t->record));
    commit(store, t->batch);
    rocksdb_writebatch_clear(t->batch);
}

/* The records that varve writes for transactions, in as many batches, with one look at each key. */
static uint64_t raw_txn(void *state, const bench_job *job)
{
    static uint64_t number;
    raw_store *store = state;
    by_hand t = {.batch = rocksdb_writebatch_create()};
    cursor c = open_cursor(store, true);
    uint64_t sum = 0;
    bench_varve_intent(job, &t.intent);
    for (size_t i = 0; i + job->batch <= job->count; i += job->batch) {
        bench_varve_record_key(++number, &t.record);
        write_by_hand(store, &t, job->engines + i, job, &c);
        resolve_by_hand(store, &t, job->engines + i, job);
        sum += job->batch;
    }
    close_cursor(&c);
    rocksdb_writebatch_destroy(t.batch);
    varve_buf_release(&t.intent);
    varve_buf_release(&t.record);
    return sum;
}

/* The keys that a scan finds from the first one on get a deletion each. */
static uint64_t delete_run(raw_store *store, const varve_slice *engines, const bench_job *job,
                           rocksdb_writebatch_t *batch)
{
    unsigned char newest[SUFFIX_SIZE] = {0}; /* above every version */
    cursor c = open_cursor(store, false);
    unsigned rows = 0;
    place at;
    seek(&c, prefix_of(engines[0]));
    while (rows < job->rows && valid(&c)) {
        place_enter(&at, key_of(&c));
        if (find_version(&c, &at, newest, job->limit) && value_of(&c).size > 0)
            put(batch, engines[rows++], varve_slice_of("", 0));
        leave_key(&c, &at, job->limit);
    }
    close_cursor(&c);
    commit(store, batch);
    rocksdb_writebatch_clear(batch);
    return rows;
}

static uint64_t raw_delete_range(void *state, const bench_job *job)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    uint64_t deleted = 0;
    for (size_t i = 0; i + job->rows <= job->count; i += job->rows)
        deleted += delete_run(state, job->engines + i, job, batch);
    rocksdb_writebatch_destroy(batch);
    return deleted;
}

const bench_contender bench_raw = {
    .name = "raw",
    .what = "RocksDB through its C API, in varve's layout",
    .open = raw_open,
    .close = raw_close,
    .load = raw_load,
    .flush = raw_flush,
    .compact = raw_compact,
    .touch = raw_touch,
    .run = {[BENCH_GET_EXACT] = raw_get_exact,
            [BENCH_GET] = raw_get_reused,
            [BENCH_GET_FRESH] = raw_get_fresh,
            [BENCH_SEEK] = raw_seek,
            [BENCH_SEEK_PREFIX] = raw_seek_prefix,
            [BENCH_WALK] = raw_walk,
            [BENCH_WALK_BACK] = raw_walk_back,
            [BENCH_SCAN_RECORDS] = raw_scan_records,
            [BENCH_SCAN] = raw_scan,
            [BENCH_REVERSE] = raw_reverse,
            [BENCH_PUT] = raw_put_one,
            [BENCH_PUT_BATCH] = raw_put_batch,
            [BENCH_PUT_CHECKED] = raw_put_checked,
            [BENCH_PUT_IF] = raw_put_if,
            [BENCH_DELETE_RANGE] = raw_delete_range,
            [BENCH_TXN] = raw_txn,
            [BENCH_OWN_SCAN] = raw_own_scan,
            [BENCH_RECOUNT] = raw_read_all},
};

const bench_contender bench_plain = {
    .name = "plain",
    .what = "RocksDB in varve's layout, with filters over whole keys",
    .open = plain_open,
    .close = raw_close,
    .load = raw_load,
    .flush = raw_flush,
    .compact = raw_compact,
    .touch = raw_touch,
    .run = {[BENCH_GET_EXACT] = raw_get_exact,
            [BENCH_RECOUNT] = raw_read_all,
            [BENCH_PUT_BATCH] = raw_put_batch},
};
