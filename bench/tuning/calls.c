/*
 * Ways of calling: for each group of them the first is what the others are held against.
 */
#include <stdio.h>
#include <string.h>

#include "bench/support/die.h"
#include "bench/tuning/tuning.h"

#define QUIET "disable_auto_compactions=true;"
#define CACHE_BYTES ((uint64_t)256 << 20) /* where all data fits into it */

enum { HOT_PART = 5, BEYOND = 4, OWN_WRITES = 1000 };

/* ---- Stores */

enum {
    ONE,
    TEN,
    HUNDRED,
    L0,
    BEYOND_CACHE,
    TOUCHED,
    WRITTEN,
    NEWEST,
    READ_ONLY,
    SECONDARY,
    STORES
};

static tuning_store stores[STORES];

static void open_stores(const tuning_plan *plan)
{
    const varve_options plain = {.rocksdb_options = QUIET};
    const varve_options newest = {.rocksdb_options = QUIET, .newest_bytes = CACHE_BYTES / 4};
    const size_t keys = plan->keys;
    const bench_shape one = {BENCH_ONE, 1, 64, keys, 0};
    tuning_store_open(plan, "one", &plain, one, CACHE_BYTES, &stores[ONE]);
    tuning_store_open(plan, "ten", &plain, (bench_shape){BENCH_ONE, 10, 64, keys / 10, 0},
                      CACHE_BYTES, &stores[TEN]);
    tuning_store_open(plan, "hundred", &plain, (bench_shape){BENCH_ONE, 100, 64, keys / 10, 0},
                      CACHE_BYTES, &stores[HUNDRED]);
    tuning_store_open(plan, "l0", &plain, (bench_shape){BENCH_L0, 1, 64, keys, 0}, CACHE_BYTES,
                      &stores[L0]);
    tuning_store_open(plan, "beyond", &plain, one, bench_shape_bytes(&one) / BEYOND,
                      &stores[BEYOND_CACHE]);
    tuning_store_open(plan, "touched", &plain, one, CACHE_BYTES, &stores[TOUCHED]);
    tuning_store_open(plan, "newest", &newest, one, CACHE_BYTES, &stores[NEWEST]);
    tuning_store_open(plan, "written", &plain, one, CACHE_BYTES, &stores[WRITTEN]);
}

/* Others on the first store, which only read. */
static void open_readers(const tuning_plan *plan)
{
    char path[4096];
    varve_error err = VARVE_ERROR_INIT;
    varve_options options = {
        .struct_size = sizeof options, .path = stores[ONE].path, .cache_bytes = CACHE_BYTES};
    stores[READ_ONLY].shape = stores[ONE].shape;
    bench_picker_init(&stores[READ_ONLY].picker, &stores[READ_ONLY].shape);
    options.read_only = true;
    bench_must(varve_engine_open(&options, &stores[READ_ONLY].engine, &err), &err);
    stores[SECONDARY].shape = stores[ONE].shape;
    bench_picker_init(&stores[SECONDARY].picker, &stores[SECONDARY].shape);
    (void)snprintf(path, sizeof path, "%s/secondary", plan->place);
    options.read_only = false;
    options.secondary_path = path;
    bench_must(varve_engine_open(&options, &stores[SECONDARY].engine, &err), &err);
}

static void close_stores(void)
{
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_engine_close(stores[READ_ONLY].engine, &err), &err);
    bench_must(varve_engine_close(stores[SECONDARY].engine, &err), &err);
    for (size_t i = 0; i < READ_ONLY; i++)
        tuning_store_close(&stores[i]);
}

/* ---- Reading */

static varve_read read_at(int64_t ts)
{
    return (varve_read){.struct_size = sizeof(varve_read), .ts = {ts, 0}};
}

static uint64_t get_all(varve_reader *reader, const varve_read *how, const bench_job *job)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    uint64_t found = 0;
    for (size_t i = 0; i < job->count; i++) {
        varve_status status = varve_mvcc_get(reader, how, job->users[i], &rows, &err);
        if (status != VARVE_NOT_FOUND)
            bench_must(status, &err);
        found += rows.count;
    }
    varve_rows_release(&rows);
    return found;
}

static varve_engine *engine_of(void *state)
{
    return ((tuning_store *)state)->engine;
}

static uint64_t get_plainly(void *state, const bench_job *job)
{
    varve_read how = read_at(job->ts);
    return get_all(varve_engine_reader(engine_of(state)), &how, job);
}

static uint64_t get_with_new_rows(void *state, const bench_job *job)
{
    varve_read how = read_at(job->ts);
    uint64_t found = 0;
    for (size_t i = 0; i < job->count; i++) {
        bench_job one = *job;
        one.users += i;
        one.count = 1;
        found += get_all(varve_engine_reader(engine_of(state)), &how, &one);
    }
    return found;
}

static uint64_t get_checked(void *state, const bench_job *job)
{
    varve_read how = read_at(job->ts);
    how.flags = VARVE_READ_CHECK_COLLECTED;
    return get_all(varve_engine_reader(engine_of(state)), &how, job);
}

static uint64_t get_billed(void *state, const bench_job *job)
{
    varve_bill bill = {.struct_size = sizeof bill};
    varve_read how = read_at(job->ts);
    how.bill = &bill;
    return get_all(varve_engine_reader(engine_of(state)), &how, job);
}

static uint64_t get_from_snapshot(void *state, const bench_job *job)
{
    varve_read how = read_at(job->ts);
    varve_error err = VARVE_ERROR_INIT;
    varve_snapshot *snapshot = NULL;
    bench_must(varve_snapshot_open(engine_of(state), &snapshot, &err), &err);
    uint64_t found = get_all(varve_snapshot_reader(snapshot), &how, job);
    varve_snapshot_close(snapshot);
    return found;
}

static uint64_t get_from_snapshots(void *state, const bench_job *job)
{
    uint64_t found = 0;
    for (size_t i = 0; i < job->count; i++) {
        bench_job one = *job;
        one.users += i;
        one.count = 1;
        found += get_from_snapshot(state, &one);
    }
    return found;
}

static uint64_t get_through_batch(tuning_store *store, const bench_job *job, size_t writes)
{
    varve_read how = read_at(job->ts);
    varve_error err = VARVE_ERROR_INIT;
    varve_batch *batch = NULL;
    bench_must(varve_batch_open(store->engine, 0, &batch, &err), &err);
    for (size_t i = 0; i < writes && i < job->count; i++)
        bench_must(
            varve_writer_put(varve_batch_writer_of(batch), job->engines[i], job->value, &err),
            &err);
    uint64_t found = get_all(varve_batch_reader_of(batch), &how, job);
    varve_batch_close(batch);
    return found;
}

static uint64_t get_through_empty(void *state, const bench_job *job)
{
    return get_through_batch(state, job, 0);
}

static uint64_t get_through_full(void *state, const bench_job *job)
{
    return get_through_batch(state, job, OWN_WRITES);
}

/* Scans row by row. */
static uint64_t scan_with_cursor(void *state, const bench_job *job)
{
    varve_read how = read_at(job->ts);
    varve_error err = VARVE_ERROR_INIT;
    uint64_t found = 0;
    for (size_t i = 0; i < job->count; i++) {
        varve_cursor *cursor = NULL;
        varve_row row;
        varve_span span = {job->users[i], varve_key_max()};
        bench_must(
            varve_cursor_open(varve_engine_reader(engine_of(state)), &how, span, 0, &cursor, &err),
            &err);
        for (unsigned n = 0; n < job->rows && varve_cursor_next(cursor, &row, &err) == VARVE_OK;
             n++)
            found += row.value.size != 0;
        varve_cursor_close(cursor);
    }
    return found;
}

/* ---- Walks beside what is often read */

/*
 * Keys of the first fifth, always the same ones: they take four fifths of the cache.  So few of
 * them are read that most are the first of their block.
 */
static bench_keys hot;

static uint64_t get_hot(void *state, const bench_job *job)
{
    bench_job some = {.users = hot.users, .count = job->count, .ts = hot.ts};
    if (some.count > hot.count)
        bench_die("there are %zu hot keys only", hot.count);
    return get_plainly(state, &some);
}

static void warm(tuning_store *store)
{
    bench_shape shape = store->shape;
    bench_picker picker;
    shape.keys /= HOT_PART;
    bench_picker_init(&picker, &shape);
    if (hot.count == 0)
        bench_pick_keys(&picker, BENCH_PICK_NEWEST, store->shape.keys / 4, 0, &hot);
    bench_job all = {.users = hot.users, .count = hot.count, .ts = hot.ts};
    (void)get_plainly(store, &all);
}

static void walk(tuning_store *store, bool bypass)
{
    varve_iter_options options = {.struct_size = sizeof options, .bypass_cache = bypass};
    varve_error err = VARVE_ERROR_INIT;
    varve_iter *it = NULL;
    bench_must(varve_iter_open(varve_engine_reader(store->engine), &options, &it, &err), &err);
    for (varve_iter_seek_ge(it, varve_slice_of(NULL, 0)); it->valid; varve_iter_next(it))
        continue;
    bench_must(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
}

static void walk_filling(tuning_store *store)
{
    warm(store);
    walk(store, false);
}

static void walk_past(tuning_store *store)
{
    warm(store);
    walk(store, true);
}

/* ---- Writing */

/* What a batch does at its end, and before its commit. */
typedef struct ways_of_writing {
    unsigned flags;
    bool looks;    /* reads what is there, and statistics are told */
    bool accounts; /* adds the statistics of each batch to the store's account */
    bool latches;
    varve_durability durability;
} ways_of_writing;

static varve_latches *latches;

static void end_batch(varve_batch *batch, const ways_of_writing *way, varve_stats *stats)
{
    varve_error err = VARVE_ERROR_INIT;
    if (way->accounts)
        bench_must(varve_stats_account_add(varve_batch_writer_of(batch), varve_slice_of(NULL, 0),
                                           stats, &err),
                   &err);
    memset(stats, 0, sizeof *stats);
    bench_must(varve_batch_commit(batch, way->durability, &err), &err);
    bench_must(varve_batch_reset(batch, &err), &err);
}

static void put_keys(varve_batch *batch, const ways_of_writing *way, const bench_job *job,
                     const varve_slice *users, size_t count)
{
    varve_stats stats = {0};
    varve_buf scratch = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_latch *latch = NULL;
    varve_write how = {.struct_size = sizeof how,
                       .writer = varve_batch_writer_of(batch),
                       .ts = {job->ts, 0},
                       .scratch = &scratch};
    if (way->looks) {
        how.reader = varve_batch_reader_of(batch);
        how.stats = &stats;
    }
    if (way->latches)
        bench_must(varve_latches_acquire(latches, users, count, NULL, 0, NULL, &latch, &err), &err);
    for (size_t i = 0; i < count; i++)
        bench_must(varve_mvcc_put(&how, users[i], job->value, &err), &err);
    end_batch(batch, way, &stats);
    varve_latches_release(latch);
    varve_buf_release(&scratch);
}

static uint64_t put(tuning_store *store, const bench_job *job, const ways_of_writing *way)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_batch *batch = NULL;
    bench_must(varve_batch_open(store->engine, way->flags, &batch, &err), &err);
    for (size_t i = 0; i + job->batch <= job->count; i += job->batch)
        put_keys(batch, way, job, job->users + i, job->batch);
    varve_batch_close(batch);
    return job->count;
}

static uint64_t put_indexed(void *state, const bench_job *job)
{
    return put(state, job, &(ways_of_writing){.durability = VARVE_NO_SYNC});
}

static uint64_t put_accounted(void *state, const bench_job *job)
{
    return put(state, job,
               &(ways_of_writing){.looks = true, .accounts = true, .durability = VARVE_NO_SYNC});
}

static uint64_t put_latched(void *state, const bench_job *job)
{
    return put(state, job,
               &(ways_of_writing){
                   .flags = VARVE_BATCH_WRITE_ONLY, .latches = true, .durability = VARVE_NO_SYNC});
}

static uint64_t put_synced(void *state, const bench_job *job)
{
    return put(state, job,
               &(ways_of_writing){.flags = VARVE_BATCH_WRITE_ONLY, .durability = VARVE_SYNC});
}

/* ---- All of them */

struct call {
    const char *group;
    const char *name;
    const char *unit;
    unsigned store;
    tuning_task task;
};

/* So many times fewer: a sync takes as long as hundreds of puts. */
#define SYNCED(what, size)                                                                         \
    {                                                                                              \
        "sync", what, "put", WRITTEN,                                                              \
        {                                                                                          \
            .run = put_synced, .mode = BENCH_THREADS, .threads = 1, .pick = BENCH_PICK_NEW,        \
            .batch = (size), .part = 4000 / (size) / 10 + 1                                        \
        }                                                                                          \
    }
#define TOGETHER(what, number)                                                                     \
    {                                                                                              \
        "group", what, "commit", WRITTEN,                                                          \
        {                                                                                          \
            .run = put_synced, .mode = BENCH_THREADS, .threads = (number), .pick = BENCH_PICK_NEW, \
            .batch = 1, .part = 40 / (number)                                                      \
        }                                                                                          \
    }
#define WRITING(batch_size) .pick = BENCH_PICK_NEW, .batch = (batch_size)

static const struct call calls[] = {
    {"get", "engine's reader", "get", ONE, {.op = BENCH_GET, .pick = BENCH_PICK_NEWEST}},
    {"get",
     "after a write elsewhere",
     "get",
     TOUCHED,
     {.run = get_plainly, .mode = BENCH_TOUCHED, .pick = BENCH_PICK_NEWEST}},
    {"get",
     "new `varve_rows` each",
     "get",
     ONE,
     {.run = get_with_new_rows, .pick = BENCH_PICK_NEWEST}},
    {"get", "snapshot", "get", ONE, {.run = get_from_snapshot, .pick = BENCH_PICK_NEWEST}},
    {"get",
     "new snapshot each",
     "get",
     ONE,
     {.run = get_from_snapshots, .pick = BENCH_PICK_NEWEST}},
    {"get", "empty batch", "get", ONE, {.run = get_through_empty, .pick = BENCH_PICK_NEWEST}},
    {"get",
     "batch of 1,000 writes",
     "get",
     ONE,
     {.run = get_through_full, .pick = BENCH_PICK_NEWEST}},
    {"get",
     "`VARVE_READ_CHECK_COLLECTED`",
     "get",
     ONE,
     {.run = get_checked, .pick = BENCH_PICK_NEWEST}},
    {"get", "bill", "get", ONE, {.run = get_billed, .pick = BENCH_PICK_NEWEST}},
    {"get",
     "`read_only` engine",
     "get",
     READ_ONLY,
     {.run = get_plainly, .pick = BENCH_PICK_NEWEST}},
    {"get", "secondary", "get", SECONDARY, {.run = get_plainly, .pick = BENCH_PICK_NEWEST}},
    {"get", "10 versions, newest", "get", TEN, {.op = BENCH_GET, .pick = BENCH_PICK_NEWEST}},
    {"get", "10 versions, middle", "get", TEN, {.op = BENCH_GET, .pick = BENCH_PICK_MIDDLE}},
    {"get", "100 versions, newest", "get", HUNDRED, {.op = BENCH_GET, .pick = BENCH_PICK_NEWEST}},
    {"get", "level 0 and a memtable", "get", L0, {.op = BENCH_GET, .pick = BENCH_PICK_NEWEST}},
    {"get",
     "cache of a quarter of the data",
     "get",
     BEYOND_CACHE,
     {.op = BENCH_GET, .pick = BENCH_PICK_NEWEST}},

    {"scan", "100 rows", "row", ONE, {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 100}},
    {"scan", "1 row", "row", ONE, {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 1}},
    {"scan", "10 rows", "row", ONE, {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 10}},
    {"scan", "1,000 rows", "row", ONE, {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 1000}},
    {"scan",
     "10 rows, after a write elsewhere",
     "row",
     TOUCHED,
     {.op = BENCH_SCAN, .mode = BENCH_TOUCHED, .pick = BENCH_PICK_START, .rows = 10}},
    {"scan",
     "cursor",
     "row",
     ONE,
     {.run = scan_with_cursor, .pick = BENCH_PICK_START, .rows = 100}},
    {"scan", "reverse", "row", ONE, {.op = BENCH_REVERSE, .pick = BENCH_PICK_END, .rows = 100}},
    {"scan", "10 versions", "row", TEN, {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 100}},
    {"scan",
     "100 versions",
     "row",
     HUNDRED,
     {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 100}},
    {"scan",
     "level 0 and a memtable",
     "row",
     L0,
     {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 100}},
    {"scan",
     "cache of a quarter of the data",
     "row",
     BEYOND_CACHE,
     {.op = BENCH_SCAN, .pick = BENCH_PICK_START, .rows = 100}},

    {"hot",
     "before it",
     "get",
     BEYOND_CACHE,
     {.run = get_hot, .before = warm, .part = 40, .misses = true}},
    {"hot",
     "after it",
     "get",
     BEYOND_CACHE,
     {.run = get_hot, .before = walk_filling, .part = 40, .misses = true}},
    {"hot",
     "after it, with `bypass_cache`",
     "get",
     BEYOND_CACHE,
     {.run = get_hot, .before = walk_past, .part = 40, .misses = true}},

    {"put",
     "write-only batch of 100, blind",
     "put",
     WRITTEN,
     {.op = BENCH_PUT_BATCH, WRITING(100)}},
    {"put", "engine's writer", "put", WRITTEN, {.op = BENCH_PUT, WRITING(1)}},
    {"put", "batch of 10", "put", WRITTEN, {.op = BENCH_PUT_BATCH, WRITING(10)}},
    {"put", "batch of 1,000", "put", WRITTEN, {.op = BENCH_PUT_BATCH, WRITING(1000)}},
    {"put", "without `VARVE_BATCH_WRITE_ONLY`", "put", WRITTEN, {.run = put_indexed, WRITING(100)}},
    {"put", "with a reader, new keys", "put", WRITTEN, {.op = BENCH_PUT_CHECKED, WRITING(100)}},
    {"put",
     "with a reader, over keys",
     "put",
     WRITTEN,
     {.op = BENCH_PUT_CHECKED, .pick = BENCH_PICK_OVER, .batch = 100}},
    {"put",
     "and statistics",
     "put",
     WRITTEN,
     {.op = BENCH_PUT_STATS, .pick = BENCH_PICK_OVER, .batch = 100}},
    {"put",
     "and an account of them",
     "put",
     WRITTEN,
     {.run = put_accounted, .pick = BENCH_PICK_OVER, .batch = 100}},
    {"put", "latches", "put", WRITTEN, {.run = put_latched, WRITING(100)}},
    {"put", "transactions of 10 keys", "put", WRITTEN, {.op = BENCH_TXN, WRITING(10)}},

    SYNCED("batch of 1", 1),
    SYNCED("batch of 10", 10),
    SYNCED("batch of 100", 100),
    SYNCED("batch of 1,000", 1000),
    TOGETHER("1 thread", 1),
    TOGETHER("2 threads", 2),
    TOGETHER("4 threads", 4),
    TOGETHER("8 threads", 8),
    {"get", "`newest_bytes`, kept there", "get", NEWEST, {.run = get_hot, .before = warm}},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

json_t *tuning_calls(const tuning_plan *plan)
{
    varve_error err = VARVE_ERROR_INIT;
    json_t *all = json_array();
    open_stores(plan);
    open_readers(plan);
    bench_must(varve_latches_open(0, &latches, &err), &err);
    for (size_t i = 0; i < CALLS; i++) {
        json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:[]}", "group", calls[i].group, "name",
                                             calls[i].name, "unit", calls[i].unit, "ns"));
        (void)tuning_run(plan, &calls[i].task, &stores[calls[i].store]); /* warms up */
    }
    for (unsigned round = 0; round < plan->rounds; round++) {
        size_t order[CALLS];
        tuning_order(round, order, CALLS);
        for (size_t i = 0; i < CALLS; i++) {
            const struct call *call = &calls[order[i]];
            json_t *times = json_object_get(json_array_get(all, order[i]), "ns");
            json_array_append_new(times,
                                  json_real(tuning_run(plan, &call->task, &stores[call->store])));
        }
    }
    bench_keys_release(&hot);
    varve_latches_close(latches);
    close_stores();
    return all;
}
