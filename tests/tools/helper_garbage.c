/*
 * Stores full of garbage, for tests and measurements of its collection:
 *
 *     fill STORE KEYS VERSIONS SIZE   a new store of KEYS keys with VERSIONS versions each, at 1 s,
 *                                     2 s and so on, of values of SIZE bytes, and with an account
 *                                     of its statistics; a quarter of the middle versions are
 *                                     deletions
 *     intents STORE KEYS SIZE         a new store of KEYS keys, each with a version at 1 s and an
 *                                     intent at 2 s, with an account
 *     check STORE                     whether the account is what a recount comes to
 */
#include <varve/varve.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SECOND = 1000000000, BATCH = 10000, SIZE_MAX_ = 4096 };

static varve_error err = VARVE_ERROR_INIT;

static void need(varve_status status)
{
    if (status == VARVE_OK)
        return;
    fprintf(stderr, "%s: %s\n", varve_status_name(status), err.message);
    exit(2);
}

static varve_engine *open_store(const char *path, bool read_only)
{
    varve_engine *engine;
    const varve_options options = {.struct_size = sizeof options,
                                   .path = path,
                                   .read_only = read_only,
                                   .never_sync = !read_only};

    need(varve_engine_open(&options, &engine, &err));
    return engine;
}

static varve_stats count(varve_engine *engine)
{
    const varve_span span = {varve_key_app_min(), {NULL, 0}};
    varve_stats stats;

    need(varve_stats_compute(varve_engine_reader(engine), span, 0, NULL, &stats, &err));
    return stats;
}

/* ---- fill ---------------------------------------------------------------------------------- */

static void put(varve_batch *batch, long key, long version, varve_slice value)
{
    char name[32];
    const varve_write how = {.struct_size = sizeof how,
                             .writer = varve_batch_writer_of(batch),
                             .ts = varve_ts_of((int64_t)version * SECOND, 0)};

    snprintf(name, sizeof name, "key%08ld", key);
    need(varve_mvcc_put(&how, varve_slice_text(name), value, &err));
}

/* The account of what there is, all of it in tables. */
static void finish(varve_engine *engine)
{
    const varve_stats stats = count(engine);

    need(varve_stats_account_set(varve_engine_writer(engine), varve_slice_of(NULL, 0), &stats,
                                 &err));
    need(varve_engine_compact(engine, &err));
}

static void fill(varve_engine *engine, long keys, long versions, varve_slice value)
{
    varve_batch *batch;
    long written = 0;

    need(varve_batch_open(engine, VARVE_BATCH_WRITE_ONLY, &batch, &err));
    for (long key = 0; key < keys; key++) {
        for (long version = 1; version <= versions; version++) {
            bool deletes = version > 1 && version < versions && (key + version) % 4 == 0;
            put(batch, key, version, deletes ? varve_slice_of(NULL, 0) : value);
            if (++written % BATCH == 0) {
                need(varve_batch_commit(batch, VARVE_NO_SYNC, &err));
                need(varve_batch_reset(batch, &err));
            }
        }
    }
    need(varve_batch_commit(batch, VARVE_NO_SYNC, &err));
    varve_batch_close(batch);
    finish(engine);
}

/* ---- intents ------------------------------------------------------------------------------- */

static void put_intent(varve_batch *batch, long key, varve_slice value)
{
    char name[32];
    varve_txn txn = VARVE_TXN_INIT;

    txn.meta.id[0] = 1;
    txn.meta.write_ts = varve_ts_of(2 * (int64_t)SECOND, 0);
    txn.read_ts = txn.meta.write_ts;
    const varve_write how = {.struct_size = sizeof how,
                             .reader = varve_batch_reader_of(batch),
                             .writer = varve_batch_writer_of(batch),
                             .ts = txn.read_ts,
                             .txn = &txn};
    snprintf(name, sizeof name, "key%08ld", key);
    need(varve_mvcc_put(&how, varve_slice_text(name), value, &err));
}

static void fill_intents(varve_engine *engine, long keys, varve_slice value)
{
    varve_batch *batch;

    need(varve_batch_open(engine, 0, &batch, &err));
    for (long key = 0; key < keys; key++) {
        put(batch, key, 1, value);
        put_intent(batch, key, value);
        if (key % BATCH == 0) {
            need(varve_batch_commit(batch, VARVE_NO_SYNC, &err));
            need(varve_batch_reset(batch, &err));
        }
    }
    need(varve_batch_commit(batch, VARVE_NO_SYNC, &err));
    varve_batch_close(batch);
    finish(engine);
}

/* ---- check --------------------------------------------------------------------------------- */

static void print(const char *what, const varve_stats *stats)
{
    varve_buf text = VARVE_BUF_INIT;

    need(varve_stats_print(stats, &text, &err));
    printf("%s: %.*s\n", what, (int)text.size, (const char *)text.data);
    varve_buf_release(&text);
}

static void check(varve_engine *engine)
{
    const varve_stats counted = count(engine);
    varve_stats kept;

    need(varve_stats_account_get(varve_engine_reader(engine), varve_slice_of(NULL, 0), 0, &kept,
                                 &err));
    if (memcmp(&kept, &counted, sizeof kept) == 0) {
        puts("the same");
        return;
    }
    print("kept", &kept);
    print("counted", &counted);
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < 0) {
        fprintf(stderr, "'%s' is no number\n", text);
        exit(2);
    }
    return value;
}

static unsigned char raw[SIZE_MAX_];

/* A value of so many bytes. */
static varve_slice value_of(const char *size_text)
{
    size_t size = (size_t)number(size_text);

    memset(raw, 'v', sizeof raw);
    memcpy(raw, "\0\0\0\0\3", 5);
    return varve_slice_of(raw, size < sizeof raw ? size : sizeof raw);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool checks = argc == 3 && strcmp(what, "check") == 0;
    bool fills = argc == 6 && strcmp(what, "fill") == 0;
    varve_engine *engine;

    if (!checks && !fills && (argc != 5 || strcmp(what, "intents") != 0))
        return 2;
    engine = open_store(argv[2], checks);
    if (checks)
        check(engine);
    else if (fills)
        fill(engine, number(argv[3]), number(argv[4]), value_of(argv[5]));
    else
        fill_intents(engine, number(argv[3]), value_of(argv[4]));
    need(varve_engine_close(engine, &err));
    return 0;
}
