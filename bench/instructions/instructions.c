/*
 * A few hot operations for callgrind to count the instructions of.  Each is dumped under its name;
 * instructions.py reads the dumps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>
#include <varve/varve.h>

#include "bench/support/die.h"

enum { KEYS = 400, VERSIONS = 10, KEY_SIZE = 24, TIMES = 100, ROWS = 100 };

#define SECOND 1000000000

/* What the operations work on: keys "one..." have one version, keys "ten..." have ten. */
typedef struct hot {
    varve_engine *engine;
    varve_engine *keeping; /* newest versions; holds the key that is got */
    varve_reader *reader;
    varve_batch *batch;
    varve_latches *latches;
    varve_rows rows;
    varve_buf version; /* an engine key */
    varve_buf buf;
    varve_buf scratch;
    int64_t ts;
} hot;

static varve_error err = VARVE_ERROR_INIT;

static void must(varve_status status)
{
    bench_must(status, &err);
}

static varve_slice key_of(const char *kind, unsigned number)
{
    static char text[KEY_SIZE + 1];
    (void)snprintf(text, sizeof text, "%s-%020u", kind, number);
    return varve_slice_of(text, KEY_SIZE);
}

static varve_slice raw_value(void)
{
    static const unsigned char raw[64] = {0, 0, 0, 0, VARVE_TAG_BYTES, 'v'};
    return varve_slice_of(raw, sizeof raw);
}

static varve_read read_at(int64_t ts)
{
    return (varve_read){.struct_size = sizeof(varve_read), .ts = {ts, 0}};
}

static varve_write write_at(hot *h, varve_reader *reader, int64_t ts)
{
    return (varve_write){.struct_size = sizeof(varve_write),
                         .reader = reader,
                         .writer = varve_batch_writer_of(h->batch),
                         .ts = {ts, 0},
                         .scratch = &h->scratch};
}

static void commit(hot *h)
{
    must(varve_batch_commit(h->batch, VARVE_NO_SYNC, &err));
    must(varve_batch_reset(h->batch, &err));
}

static void put_all(hot *h, const char *kind, int versions)
{
    for (int version = 1; version <= versions; version++) {
        varve_write how = write_at(h, NULL, version * SECOND);
        for (unsigned number = 0; number < KEYS; number++)
            must(varve_mvcc_put(&how, key_of(kind, number), raw_value(), &err));
        commit(h);
    }
}

static void set_up(hot *h)
{
    varve_options options = {.struct_size = sizeof options,
                             .backend = VARVE_BACKEND_ROCKSDB_MEMORY,
                             .rocksdb_options = "disable_auto_compactions=true"};
    must(varve_engine_open(&options, &h->engine, &err));
    must(varve_batch_open(h->engine, 0, &h->batch, &err));
    must(varve_latches_open(0, &h->latches, &err));
    h->reader = varve_engine_reader(h->engine);
    put_all(h, "one", 1);
    put_all(h, "ten", VERSIONS);
    must(varve_engine_compact(h->engine, &err));
    must(varve_key_encode(key_of("one", 7), (varve_ts){SECOND, 0}, &h->version, &err));
    h->ts = (VERSIONS + 1) * (int64_t)SECOND;
}

static void set_up_keeping(hot *h)
{
    varve_options options = {.struct_size = sizeof options,
                             .backend = VARVE_BACKEND_ROCKSDB_MEMORY,
                             .newest_bytes = 1 << 20};
    must(varve_engine_open(&options, &h->keeping, &err));
    varve_write how = {
        .struct_size = sizeof how, .writer = varve_engine_writer(h->keeping), .ts = {SECOND, 0}};
    must(varve_mvcc_put(&how, key_of("one", 7), raw_value(), &err));
}

static void tear_down(hot *h)
{
    varve_batch_close(h->batch);
    varve_latches_close(h->latches);
    must(varve_engine_close(h->engine, &err));
    must(varve_engine_close(h->keeping, &err));
    varve_rows_release(&h->rows);
    varve_buf_release(&h->version);
    varve_buf_release(&h->buf);
    varve_buf_release(&h->scratch);
}

/* ---- The operations */

static void key_encode(hot *h)
{
    must(varve_key_encode(key_of("one", 7), (varve_ts){SECOND, 0}, &h->buf, &err));
}

static void key_decode(hot *h)
{
    varve_ts ts;
    must(varve_key_decode(varve_buf_slice(&h->version), &h->buf, &ts, &err));
}

static void get(hot *h, const char *kind, int64_t ts)
{
    varve_read how = read_at(ts);
    varve_status status = varve_mvcc_get(h->reader, &how, key_of(kind, 7), &h->rows, &err);
    if (status < 0)
        must(status);
}

static void get_newest(hot *h)
{
    get(h, "one", INT64_MAX);
}

static void get_newest_kept(hot *h)
{
    varve_reader *reader = h->reader;
    h->reader = varve_engine_reader(h->keeping);
    get(h, "one", INT64_MAX);
    h->reader = reader;
}

static void get_newest_of_10(hot *h)
{
    get(h, "ten", INT64_MAX);
}

static void get_middle_of_10(hot *h)
{
    get(h, "ten", 5 * (int64_t)SECOND);
}

static void get_absent(hot *h)
{
    get(h, "not", INT64_MAX);
}

static void scan(hot *h, const char *kind)
{
    varve_read how = read_at(INT64_MAX);
    varve_span span = {key_of(kind, 7), varve_key_max()};
    must(varve_mvcc_scan(h->reader, &how, span, ROWS, &h->rows, &err));
}

static void scan_100(hot *h)
{
    scan(h, "one");
}

static void scan_100_of_10(hot *h)
{
    scan(h, "ten");
}

static void reverse_100(hot *h)
{
    varve_read how = read_at(INT64_MAX);
    varve_span span = {varve_key_app_min(), key_of("one", ROWS + 7)};
    must(varve_mvcc_reverse_scan(h->reader, &how, span, ROWS, &h->rows, &err));
}

static void iterator_100(hot *h)
{
    varve_iter *it = NULL;
    must(varve_iter_open(h->reader, NULL, &it, &err));
    varve_iter_seek_ge(it, varve_slice_of(NULL, 0));
    for (int i = 0; i < ROWS && it->valid; i++)
        varve_iter_next(it);
    varve_iter_close(it);
}

static void put_100(hot *h, varve_reader *reader, const char *kind, unsigned first)
{
    h->ts += SECOND;
    varve_write how = write_at(h, reader, h->ts);
    for (unsigned number = 0; number < ROWS; number++)
        must(varve_mvcc_put(&how, key_of(kind, first + number), raw_value(), &err));
    commit(h);
}

static void put_100_blind(hot *h)
{
    put_100(h, NULL, "new", 0);
}

static void put_100_over(hot *h)
{
    put_100(h, varve_batch_reader_of(h->batch), "one", 0);
}

/* Each time other ones. */
static void put_100_new(hot *h)
{
    static unsigned first;
    put_100(h, varve_batch_reader_of(h->batch), "few", first += ROWS);
}

/* Latches, intents in one batch, and their resolution in another. */
static void txn_10(hot *h)
{
    enum { TXN_KEYS = 10 };
    static unsigned time;
    char text[TXN_KEYS][KEY_SIZE];
    varve_slice keys[TXN_KEYS];
    unsigned char id[VARVE_TXN_ID_SIZE] = {1};
    varve_txn txn = VARVE_TXN_INIT;
    varve_latch *latch;
    time++;
    memcpy(id + 1, &time, sizeof time);
    h->ts += SECOND;
    for (unsigned i = 0; i < TXN_KEYS; i++) {
        memcpy(text[i], key_of("txn", TXN_KEYS * time + i).data, KEY_SIZE);
        keys[i] = varve_slice_of(text[i], KEY_SIZE);
    }
    must(varve_txn_begin(&txn, id, varve_slice_text("hot"), &keys[0], (varve_ts){h->ts, 0}, &err));
    must(varve_latches_acquire(h->latches, keys, TXN_KEYS, NULL, 0, NULL, &latch, &err));
    varve_write how = write_at(h, varve_batch_reader_of(h->batch), h->ts);
    how.txn = &txn;
    for (unsigned i = 0; i < TXN_KEYS; i++) {
        must(varve_txn_step(&txn, 1, &err));
        must(varve_mvcc_put(&how, keys[i], raw_value(), &err));
    }
    commit(h);
    varve_latches_release(latch);
    const varve_resolution resolution = {
        .struct_size = sizeof resolution, .txn = &txn.meta, .status = VARVE_TXN_COMMITTED};
    how = write_at(h, varve_batch_reader_of(h->batch), 0);
    for (unsigned i = 0; i < TXN_KEYS; i++)
        must(varve_mvcc_resolve(&how, keys[i], &resolution, NULL, &err));
    commit(h);
    varve_txn_release(&txn);
}

/* ---- Counting */

typedef struct operation {
    const char *name;
    void (*run)(hot *h);
} operation;

static const operation operations[] = {
    {"key encode", key_encode},
    {"key decode", key_decode},
    {"get newest", get_newest},
    {"get newest that is kept", get_newest_kept},
    {"get newest of 10 versions", get_newest_of_10},
    {"get middle of 10 versions", get_middle_of_10},
    {"get absent", get_absent},
    {"iterator, 100 steps", iterator_100},
    {"scan of 100", scan_100},
    {"scan of 100 of 10 versions", scan_100_of_10},
    {"reverse scan of 100", reverse_100},
    {"batch of 100 blind puts", put_100_blind},
    {"batch of 100 puts over existing keys", put_100_over},
    {"batch of 100 puts into new keys", put_100_new},
    {"transaction of 10 keys", txn_10},
};

/* The first time grows buffers. */
static void count(hot *h, const operation *o)
{
    o->run(h);
    CALLGRIND_ZERO_STATS;
    CALLGRIND_TOGGLE_COLLECT;
    for (int i = 0; i < TIMES; i++)
        o->run(h);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(o->name);
}

int main(void)
{
    hot h = {.rows = VARVE_ROWS_INIT};
    set_up(&h);
    set_up_keeping(&h);
    for (int i = 0; i < 2; i++)
        get_newest_kept(&h); /* it is read; from then on it is kept */
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        count(&h, &operations[i]);
    tear_down(&h);
    return 0;
}
