/*
 * varve, through its public headers.
 */
#include <stdlib.h>
#include <varve/varve.h>

#include "bench/contenders/varve.h"
#include "bench/support/die.h"

typedef struct varve_contender {
    varve_engine *engine;
    varve_batch *own; /* writes that BENCH_OWN_SCAN reads through; opened by the first of these */
} varve_contender;

/* What the cache of newest versions may take where there is one: some 80,000 of 64 bytes. */
#define NEWEST_BYTES ((uint64_t)16 << 20)

static void *our_open(const bench_config *config)
{
    varve_contender *store = bench_alloc(1, sizeof *store);
    varve_error err = VARVE_ERROR_INIT;
    varve_options options = {.rocksdb_options = "disable_auto_compactions=true"};
    if (config->options != NULL)
        options = *config->options;
    options.struct_size = sizeof options;
    options.path = config->path;
    options.writer_durability = VARVE_NO_SYNC;
    options.cache_bytes = config->cache_bytes;
    options.write_buffer_bytes = config->write_buffer_bytes;
    bench_must(varve_engine_open(&options, &store->engine, &err), &err);
    return store;
}

static void *cached_open(const bench_config *config)
{
    varve_options options = {.rocksdb_options = "disable_auto_compactions=true",
                             .newest_bytes = NEWEST_BYTES};
    bench_config with_cache = *config;
    with_cache.options = &options;
    return our_open(&with_cache);
}

varve_engine *bench_varve_engine(void *store)
{
    return ((varve_contender *)store)->engine;
}

static void our_close(void *state)
{
    varve_contender *store = state;
    varve_error err = VARVE_ERROR_INIT;
    varve_batch_close(store->own);
    bench_must(varve_engine_close(store->engine, &err), &err);
    free(store);
}

static varve_batch *open_batch(varve_contender *store, unsigned flags)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_batch *batch = NULL;
    bench_must(varve_batch_open(store->engine, flags, &batch, &err), &err);
    return batch;
}

static void commit(varve_batch *batch)
{
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_batch_commit(batch, VARVE_NO_SYNC, &err), &err);
    bench_must(varve_batch_reset(batch, &err), &err);
}

static void our_load(void *state, const bench_entry *entries, size_t count)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_batch *batch = open_batch(state, VARVE_BATCH_WRITE_ONLY);
    varve_writer *writer = varve_batch_writer_of(batch);
    for (size_t i = 0; i < count; i++)
        bench_must(varve_writer_put(writer, entries[i].engine, entries[i].value, &err), &err);
    commit(batch);
    varve_batch_close(batch);
}

static void our_flush(void *state)
{
    varve_contender *store = state;
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_engine_flush(store->engine, &err), &err);
}

static void our_compact(void *state)
{
    varve_contender *store = state;
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_engine_compact(store->engine, &err), &err);
}

static void our_touch(void *state)
{
    varve_contender *store = state;
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_writer_put(varve_engine_writer(store->engine),
                                varve_slice_of("\x02touched\x00\x01", 10),
                                varve_slice_text("touch"), &err),
               &err);
}

/* ---- Point reads */

static uint64_t our_get_exact(void *state, const bench_job *job)
{
    varve_contender *store = state;
    varve_reader *reader = varve_engine_reader(store->engine);
    varve_buf value = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        varve_status status = varve_reader_get(reader, job->engines[i], &value, &err);
        if (status == VARVE_OK)
            sum += bench_seen(value.data, value.size);
        else if (status != VARVE_NOT_FOUND)
            bench_must(status, &err);
    }
    varve_buf_release(&value);
    return sum;
}

static uint64_t rows_seen(const varve_rows *rows)
{
    uint64_t sum = 0;
    varve_row row;
    size_t position = 0;
    while (varve_rows_next(rows, &position, &row))
        sum += bench_seen(row.value.data, row.value.size);
    return sum;
}

static varve_read read_at(int64_t ts)
{
    return (varve_read){.struct_size = sizeof(varve_read), .ts = {ts, 0}};
}

static uint64_t our_get(void *state, const bench_job *job)
{
    varve_contender *store = state;
    varve_reader *reader = varve_engine_reader(store->engine);
    varve_read how = read_at(job->ts);
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        varve_status status = varve_mvcc_get(reader, &how, job->users[i], &rows, &err);
        if (status == VARVE_OK)
            sum += job->check ? rows_seen(&rows) : rows.count;
        else if (status != VARVE_NOT_FOUND)
            bench_must(status, &err);
    }
    varve_rows_release(&rows);
    return sum;
}

static uint64_t seek_all(varve_contender *store, const bench_job *job, bool prefix)
{
    varve_iter_options options = {.struct_size = sizeof options, .prefix = prefix};
    varve_error err = VARVE_ERROR_INIT;
    varve_iter *it = NULL;
    uint64_t sum = 0;
    bench_must(varve_iter_open(varve_engine_reader(store->engine), &options, &it, &err), &err);
    for (size_t i = 0; i < job->count; i++) {
        if (varve_iter_seek_ge(it, job->engines[i])) {
            varve_slice value = varve_iter_value(it);
            sum += bench_seen(value.data, value.size);
        }
    }
    bench_must(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    return sum;
}

static uint64_t our_seek(void *state, const bench_job *job)
{
    return seek_all(state, job, false);
}

static uint64_t our_seek_prefix(void *state, const bench_job *job)
{
    return seek_all(state, job, true);
}

/* ---- Scans */

static uint64_t record_seen(const varve_iter *it, size_t number)
{
    uint64_t sum = it->key.data[it->key.size - 1];
    if (number % 10 == 0) {
        varve_slice value = varve_iter_value(it);
        sum += bench_seen(value.data, value.size);
    }
    return sum;
}

static varve_iter *open_iter(varve_reader *reader)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_iter *it = NULL;
    bench_must(varve_iter_open(reader, NULL, &it, &err), &err);
    return it;
}

static void close_iter(varve_iter *it)
{
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
}

static uint64_t walk(varve_contender *store, const bench_job *job, bool back)
{
    varve_iter *it = open_iter(varve_engine_reader(store->engine));
    uint64_t sum = 0;
    if (back)
        varve_iter_seek_le(it, varve_slice_of(NULL, 0));
    else
        varve_iter_seek_ge(it, varve_slice_of(NULL, 0));
    for (size_t i = 0; i < job->count && it->valid; i++) {
        sum += record_seen(it, i);
        if (back)
            varve_iter_prev(it);
        else
            varve_iter_next(it);
    }
    close_iter(it);
    return sum;
}

static uint64_t our_walk(void *state, const bench_job *job)
{
    return walk(state, job, false);
}

static uint64_t our_walk_back(void *state, const bench_job *job)
{
    return walk(state, job, true);
}

/* Either way, with the span open at the far end, as one who pages through a store asks. */
static uint64_t scan(varve_contender *store, const bench_job *job, bool reverse)
{
    varve_reader *reader = varve_engine_reader(store->engine);
    varve_read how = read_at(job->ts);
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    uint64_t sum = 0;
    for (size_t i = 0; i < job->count; i++) {
        varve_span span = {job->users[i], varve_key_max()};
        if (reverse) {
            span = (varve_span){varve_key_app_min(), job->users[i]};
            bench_must(varve_mvcc_reverse_scan(reader, &how, span, job->rows, &rows, &err), &err);
        } else {
            bench_must(varve_mvcc_scan(reader, &how, span, job->rows, &rows, &err), &err);
        }
        sum += job->check ? rows_seen(&rows) : rows.count;
    }
    varve_rows_release(&rows);
    return sum;
}

static uint64_t our_scan(void *state, const bench_job *job)
{
    return scan(state, job, false);
}

static uint64_t our_reverse(void *state, const bench_job *job)
{
    return scan(state, job, true);
}

static uint64_t our_recount(void *state, const bench_job *job)
{
    varve_contender *store = state;
    varve_span span = {varve_key_app_min(), varve_key_max()};
    varve_stats stats;
    varve_error err = VARVE_ERROR_INIT;
    (void)job;
    bench_must(varve_stats_compute(varve_engine_reader(store->engine), span, 0, NULL, &stats, &err),
               &err);
    return (uint64_t)stats.val_count;
}

/* The batch holds the keys of the first job, and is never committed. */
static varve_batch *own_writes(varve_contender *store, const bench_job *job)
{
    varve_error err = VARVE_ERROR_INIT;
    if (store->own != NULL)
        return store->own;
    store->own = open_batch(store, 0);
    for (size_t i = 0; i < job->count; i++)
        bench_must(
            varve_writer_put(varve_batch_writer_of(store->own), job->engines[i], job->value, &err),
            &err);
    return store->own;
}

static uint64_t our_own_scan(void *state, const bench_job *job)
{
    varve_batch *own = own_writes(state, job);
    uint64_t records = 0;
    for (unsigned time = 0; time < job->batch; time++) {
        varve_iter *it = open_iter(varve_batch_reader_of(own));
        varve_iter_seek_ge(it, job->engines[0]);
        for (unsigned row = 0; row < job->rows && it->valid; row++) {
            records += it->key.size != 0 && varve_iter_value(it).size != 0;
            varve_iter_next(it);
        }
        close_iter(it);
    }
    return records;
}

/* ---- Writing */

static uint64_t put_all(const bench_job *job, const varve_write *how, varve_batch *batch)
{
    varve_error err = VARVE_ERROR_INIT;
    for (size_t i = 0; i < job->count; i++) {
        bench_must(varve_mvcc_put(how, job->users[i], job->value, &err), &err);
        if (batch != NULL && (i + 1) % job->batch == 0)
            commit(batch);
    }
    varve_buf_release(how->scratch);
    return job->count;
}

static uint64_t our_put(void *state, const bench_job *job)
{
    varve_contender *store = state;
    varve_buf scratch = VARVE_BUF_INIT;
    varve_write how = {.struct_size = sizeof how,
                       .writer = varve_engine_writer(store->engine),
                       .ts = {job->ts, 0},
                       .scratch = &scratch};
    return put_all(job, &how, NULL);
}

/* A write that looks at what is there, through a batch. */
static varve_write write_through(varve_batch *batch, int64_t ts, varve_buf *scratch)
{
    return (varve_write){.struct_size = sizeof(varve_write),
                         .reader = varve_batch_reader_of(batch),
                         .writer = varve_batch_writer_of(batch),
                         .ts = {ts, 0},
                         .scratch = scratch};
}

static uint64_t put_batches(varve_contender *store, const bench_job *job, bool checked,
                            varve_stats *stats)
{
    varve_batch *batch = open_batch(store, checked ? 0 : VARVE_BATCH_WRITE_ONLY);
    varve_buf scratch = VARVE_BUF_INIT;
    varve_write how = write_through(batch, job->ts, &scratch);
    how.stats = stats;
    if (!checked)
        how.reader = NULL;
    uint64_t count = put_all(job, &how, batch);
    varve_batch_close(batch);
    return count;
}

static uint64_t our_put_batch(void *state, const bench_job *job)
{
    return put_batches(state, job, false, NULL);
}

static uint64_t our_put_checked(void *state, const bench_job *job)
{
    return put_batches(state, job, true, NULL);
}

static uint64_t our_put_stats(void *state, const bench_job *job)
{
    varve_stats stats = {0};
    return put_batches(state, job, true, &stats);
}

/* Each key has to have the value that is put. */
static uint64_t our_put_if(void *state, const bench_job *job)
{
    varve_batch *batch = open_batch(state, 0);
    varve_buf scratch = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_expect expect = {.struct_size = sizeof expect, .exists = true, .raw = job->value};
    varve_write how = write_through(batch, job->ts, &scratch);
    for (size_t i = 0; i < job->count; i++) {
        bench_must(varve_mvcc_put_if(&how, job->users[i], job->value, &expect, &err), &err);
        if ((i + 1) % job->batch == 0)
            commit(batch);
    }
    varve_buf_release(&scratch);
    varve_batch_close(batch);
    return job->count;
}

/* What follows from the first key of each run on. */
static uint64_t our_delete_range(void *state, const bench_job *job)
{
    varve_batch *batch = open_batch(state, 0);
    varve_buf scratch = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_write how = write_through(batch, job->ts, &scratch);
    uint64_t sum = 0;
    for (size_t i = 0; i + job->rows <= job->count; i += job->rows) {
        varve_span span = {job->users[i], varve_key_max()};
        int64_t deleted;
        bench_must(varve_mvcc_delete_range(&how, span, job->rows, false, NULL, &deleted, &err),
                   &err);
        commit(batch);
        sum += (uint64_t)deleted;
    }
    varve_buf_release(&scratch);
    varve_batch_close(batch);
    return sum;
}

/* What was put first is read, so that the batch builds its index and keeps it up from there on. */
static void read_through(varve_batch *batch, varve_slice key)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_reader_get(varve_batch_reader_of(batch), key, &value, &err), &err);
    varve_buf_release(&value);
}

static uint64_t engine_put(varve_contender *store, const bench_job *job, bool read)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_batch *batch = open_batch(store, 0);
    varve_writer *writer = varve_batch_writer_of(batch);
    for (size_t i = 0; i < job->count; i++) {
        bench_must(varve_writer_put(writer, job->engines[i], job->value, &err), &err);
        if (read && i % job->batch == 0)
            read_through(batch, job->engines[i]);
        if ((i + 1) % job->batch == 0)
            commit(batch);
    }
    varve_batch_close(batch);
    return job->count;
}

static uint64_t our_engine_put(void *state, const bench_job *job)
{
    return engine_put(state, job, false);
}

static uint64_t our_engine_put_read(void *state, const bench_job *job)
{
    return engine_put(state, job, true);
}

/* ---- Transactions */

/* What transactions go through: writes to a batch, and what may be written is latched. */
typedef struct transactor {
    varve_latches *latches;
    varve_batch *batch;
    varve_buf scratch;
    varve_txn txn;
    varve_buf record; /* the engine key of the transaction's record */
    int64_t ts;
} transactor;

static void set_id(uint64_t number, unsigned char *id)
{
    memset(id, 0, VARVE_TXN_ID_SIZE);
    memcpy(id, &number, sizeof number);
}

void bench_varve_record_key(uint64_t number, varve_buf *key)
{
    unsigned char user[9 + VARVE_TXN_ID_SIZE] = "\x01txn-----";
    varve_error err = VARVE_ERROR_INIT;
    set_id(number, user + 9);
    bench_must(varve_key_encode(varve_slice_of(user, sizeof user), (varve_ts){0, 0}, key, &err),
               &err);
}

/* A transaction of its own for each batch of keys, anchored at the first one. */
static void begin(transactor *t, varve_slice anchor)
{
    static uint64_t number;
    unsigned char id[VARVE_TXN_ID_SIZE];
    varve_error err = VARVE_ERROR_INIT;
    set_id(++number, id);
    bench_must(varve_txn_begin(&t->txn, id, varve_slice_text("bench"), &anchor,
                               (varve_ts){t->ts, 0}, &err),
               &err);
    bench_varve_record_key(number, &t->record);
}

/* Intents and the record, which says that they are committed. */
static void write_intents(transactor *t, const varve_slice *users, const bench_job *job)
{
    static const unsigned char committed[64] = {0, 0, 0, 0, VARVE_TAG_BYTES, VARVE_TXN_COMMITTED};
    varve_latch *latch = NULL;
    varve_error err = VARVE_ERROR_INIT;
    varve_write how = write_through(t->batch, t->ts, &t->scratch);
    how.txn = &t->txn;
    bench_must(varve_latches_acquire(t->latches, users, job->batch, NULL, 0, NULL, &latch, &err),
               &err);
    for (unsigned i = 0; i < job->batch; i++) {
        bench_must(varve_txn_step(&t->txn, 1, &err), &err);
        bench_must(varve_mvcc_put(&how, users[i], job->value, &err), &err);
    }
    bench_must(varve_writer_put(how.writer, varve_buf_slice(&t->record),
                                varve_slice_of(committed, sizeof committed), &err),
               &err);
    commit(t->batch);
    varve_latches_release(latch);
}

/* The intents become versions, and the record goes. */
static uint64_t resolve_intents(transactor *t, const varve_slice *users, const bench_job *job)
{
    varve_resolution resolution = {
        .struct_size = sizeof resolution, .txn = &t->txn.meta, .status = VARVE_TXN_COMMITTED};
    varve_error err = VARVE_ERROR_INIT;
    varve_write how = write_through(t->batch, 0, &t->scratch);
    uint64_t sum = 0;
    for (unsigned i = 0; i < job->batch; i++) {
        bool resolved;
        bench_must(varve_mvcc_resolve(&how, users[i], &resolution, &resolved, &err), &err);
        sum += resolved;
    }
    bench_must(varve_writer_clear(how.writer, varve_buf_slice(&t->record), &err), &err);
    commit(t->batch);
    return sum;
}

static uint64_t our_txn(void *state, const bench_job *job)
{
    transactor t = {.batch = open_batch(state, 0), .txn = VARVE_TXN_INIT, .ts = job->ts};
    varve_error err = VARVE_ERROR_INIT;
    uint64_t sum = 0;
    bench_must(varve_latches_open(0, &t.latches, &err), &err);
    for (size_t i = 0; i + job->batch <= job->count; i += job->batch) {
        begin(&t, job->users[i]);
        write_intents(&t, job->users + i, job);
        sum += resolve_intents(&t, job->users + i, job);
    }
    varve_txn_release(&t.txn);
    varve_latches_close(t.latches);
    varve_batch_close(t.batch);
    varve_buf_release(&t.record);
    varve_buf_release(&t.scratch);
    return sum;
}

void bench_varve_intent(const bench_job *job, varve_buf *record)
{
    transactor t = {.txn = VARVE_TXN_INIT, .ts = job->ts};
    varve_contender store = {.engine = NULL};
    varve_options options = {.struct_size = sizeof options, .backend = VARVE_BACKEND_MEM};
    varve_buf key = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_engine_open(&options, &store.engine, &err), &err);
    t.batch = open_batch(&store, 0);
    begin(&t, job->users[0]);
    bench_must(varve_txn_step(&t.txn, 1, &err), &err);
    varve_write how = write_through(t.batch, t.ts, &t.scratch);
    how.txn = &t.txn;
    bench_must(varve_mvcc_put(&how, job->users[0], job->value, &err), &err);
    bench_must(varve_key_encode(job->users[0], (varve_ts){0, 0}, &key, &err), &err);
    bench_must(varve_reader_get(how.reader, varve_buf_slice(&key), record, &err), &err);
    varve_batch_close(t.batch);
    bench_must(varve_engine_close(store.engine, &err), &err);
    varve_txn_release(&t.txn);
    varve_buf_release(&t.record);
    varve_buf_release(&t.scratch);
    varve_buf_release(&key);
}

const bench_contender bench_varve = {
    .name = "varve",
    .what = "varve, through its public headers",
    .open = our_open,
    .close = our_close,
    .load = our_load,
    .flush = our_flush,
    .compact = our_compact,
    .touch = our_touch,
    .run = {[BENCH_GET_EXACT] = our_get_exact,
            [BENCH_GET] = our_get,
            [BENCH_SEEK] = our_seek,
            [BENCH_SEEK_PREFIX] = our_seek_prefix,
            [BENCH_WALK] = our_walk,
            [BENCH_WALK_BACK] = our_walk_back,
            [BENCH_SCAN] = our_scan,
            [BENCH_REVERSE] = our_reverse,
            [BENCH_PUT] = our_put,
            [BENCH_PUT_BATCH] = our_put_batch,
            [BENCH_PUT_CHECKED] = our_put_checked,
            [BENCH_PUT_STATS] = our_put_stats,
            [BENCH_PUT_IF] = our_put_if,
            [BENCH_DELETE_RANGE] = our_delete_range,
            [BENCH_TXN] = our_txn,
            [BENCH_ENGINE_PUT] = our_engine_put,
            [BENCH_ENGINE_PUT_READ] = our_engine_put_read,
            [BENCH_OWN_SCAN] = our_own_scan,
            [BENCH_RECOUNT] = our_recount},
};

const bench_contender bench_cached = {
    .name = "cached",
    .what = "varve with a cache of newest versions of 16 MiB",
    .open = cached_open,
    .close = our_close,
    .load = our_load,
    .flush = our_flush,
    .compact = our_compact,
    .touch = our_touch,
    .run = {[BENCH_GET] = our_get,
            [BENCH_SCAN] = our_scan,
            [BENCH_PUT] = our_put,
            [BENCH_PUT_BATCH] = our_put_batch,
            [BENCH_TXN] = our_txn,
            [BENCH_RECOUNT] = our_recount},
};
