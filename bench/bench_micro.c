/*
 * What varve's engine costs over RocksDB called directly, on the same data with the same options.
 *
 * Exit status: 0 if every goal is reached, 1 if one is missed, 2 if there was nothing to compare.
 */
#include <getopt.h>
#include <stdlib.h>

#include <varve/varve.h>

#include "bench/contenders/raw.h"
#include "bench/support/measure.h"
#include "bench/support/place.h"

enum {
    VERSIONS = 5,    /* of each user key */
    BATCH = 100,     /* puts in a batch */
    PICKED = 50000,  /* keys for a round of point reads */
    WRITTEN = 20000, /* keys for a round of writes */
    VALUE_SIZE = 64
};

#define CACHE_BYTES ((uint64_t)1 << 30)          /* all of it stays in the cache */
#define WRITE_BUFFER_BYTES ((uint64_t)256 << 20) /* no flush while something is measured */

typedef struct keys {
    unsigned char *bytes;
    varve_slice *list;
    unsigned count;
} keys;

typedef struct bench {
    unsigned users; /* user keys in the read stores */
    varve_engine *engine;
    raw_store *raw;
    varve_engine *write_engine;
    raw_store *write_raw;
    varve_batch *batch;
    varve_buf value;
    keys exact; /* versions that exist */
    keys fresh; /* what a round writes */
    uint64_t random;
    int64_t next_ts;
    bool reads_batch; /* whether the round reads through each batch */
} bench;

static varve_error err = VARVE_ERROR_INIT;
static unsigned char value_bytes[VALUE_SIZE];

static void must(varve_status status)
{
    if (status == VARVE_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", varve_status_name(status), err.message);
    exit(2);
}

static uint64_t random_next(bench *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random;
}

/* ---- Keys: 16 bytes of user key, its terminator, and a version */

#define KEY_SIZE 30

static void keys_make(keys *k, unsigned count)
{
    k->bytes = calloc(count, KEY_SIZE);
    k->list = calloc(count, sizeof *k->list);
    k->count = count;
    if (k->bytes == NULL || k->list == NULL)
        must(VARVE_NO_MEMORY);
}

static void keys_free(keys *k)
{
    free(k->bytes);
    free(k->list);
}

static void keys_set(keys *k, unsigned index, unsigned user, int64_t ts)
{
    char text[32];
    varve_buf key = VARVE_BUF_INIT;
    (void)snprintf(text, sizeof text, "user%012u", user);
    must(varve_key_encode(varve_slice_text(text), (varve_ts){ts, 0}, &key, &err));
    unsigned char *at = k->bytes + (size_t)index * KEY_SIZE;
    memcpy(at, key.data, KEY_SIZE);
    k->list[index] = varve_slice_of(at, KEY_SIZE);
    varve_buf_release(&key);
}

/* ---- Reading */

static uint64_t our_walk(void *state)
{
    bench *b = state;
    varve_iter *it = NULL;
    uint64_t sum = 0;
    unsigned steps = b->users * VERSIONS;
    must(varve_iter_open(varve_engine_reader(b->engine), NULL, &it, &err));
    varve_iter_seek_ge(it, varve_slice_of(NULL, 0));
    for (unsigned i = 0; i < steps && it->valid; i++) {
        sum += it->key.data[it->key.size - 1];
        if (i % VERSIONS == 0)
            sum += varve_iter_value(it).data[0];
        varve_iter_next(it);
    }
    must(varve_iter_status(it, &err));
    varve_iter_close(it);
    return sum;
}

static uint64_t raw_walk_all(void *state)
{
    bench *b = state;
    return raw_walk(b->raw, b->users * VERSIONS, VERSIONS);
}

static uint64_t our_walk_back(void *state)
{
    bench *b = state;
    varve_iter *it = NULL;
    uint64_t sum = 0;
    unsigned steps = b->users * VERSIONS;
    must(varve_iter_open(varve_engine_reader(b->engine), NULL, &it, &err));
    varve_iter_seek_le(it, varve_slice_of(NULL, 0));
    for (unsigned i = 0; i < steps && it->valid; i++) {
        sum += it->key.data[it->key.size - 1];
        if (i % VERSIONS == 0)
            sum += varve_iter_value(it).data[0];
        varve_iter_prev(it);
    }
    must(varve_iter_status(it, &err));
    varve_iter_close(it);
    return sum;
}

static uint64_t raw_walk_all_back(void *state)
{
    bench *b = state;
    return raw_walk_back(b->raw, b->users * VERSIONS, VERSIONS);
}

static uint64_t our_seeks(bench *b, bool prefix)
{
    varve_iter_options options = {.struct_size = sizeof options, .prefix = prefix};
    varve_iter *it = NULL;
    uint64_t sum = 0;
    must(varve_iter_open(varve_engine_reader(b->engine), &options, &it, &err));
    for (unsigned i = 0; i < b->exact.count; i++) {
        if (varve_iter_seek_ge(it, b->exact.list[i])) {
            varve_slice value = varve_iter_value(it);
            sum += value.data[0] + value.size;
        }
    }
    must(varve_iter_status(it, &err));
    varve_iter_close(it);
    return sum;
}

static uint64_t our_total_seeks(void *state)
{
    return our_seeks(state, false);
}

static uint64_t our_prefix_seeks(void *state)
{
    return our_seeks(state, true);
}

static uint64_t raw_total_seeks(void *state)
{
    bench *b = state;
    return raw_seek(b->raw, b->exact.list, b->exact.count, 0);
}

static uint64_t raw_prefix_seeks(void *state)
{
    bench *b = state;
    return raw_seek(b->raw, b->exact.list, b->exact.count, 1);
}

static uint64_t our_gets(void *state)
{
    bench *b = state;
    varve_reader *reader = varve_engine_reader(b->engine);
    uint64_t sum = 0;
    for (unsigned i = 0; i < b->exact.count; i++) {
        varve_status status = varve_reader_get(reader, b->exact.list[i], &b->value, &err);
        if (status == VARVE_OK)
            sum += b->value.data[0] + b->value.size;
        else if (status != VARVE_NOT_FOUND)
            must(status);
    }
    return sum;
}

static uint64_t raw_gets(void *state)
{
    bench *b = state;
    return raw_get(b->raw, b->exact.list, b->exact.count);
}

/* Other versions than in the round before. */
static void pick_keys(void *state)
{
    bench *b = state;
    static bool second; /* both sides of a round get the same */
    second = !second;
    if (!second)
        return;
    for (unsigned i = 0; i < b->exact.count; i++)
        keys_set(&b->exact, i, (unsigned)(random_next(b) % b->users),
                 1 + (int64_t)(random_next(b) % VERSIONS));
}

/* ---- Writing */

/* Versions that were never written, of user keys in any order; both sides of a round get the same.
 */
static void make_fresh_keys(void *state)
{
    bench *b = state;
    static bool second;
    second = !second;
    if (!second)
        return;
    b->next_ts++;
    for (unsigned i = 0; i < b->fresh.count; i++)
        keys_set(&b->fresh, i, (unsigned)(random_next(b) % 1000000), b->next_ts);
}

/* What was put first is read, so that the batch builds its index and keeps it up from there on. */
static void read_through(bench *b, varve_slice key)
{
    must(varve_reader_get(varve_batch_reader_of(b->batch), key, &b->value, &err));
}

static void our_batch(bench *b, const varve_slice *list, varve_slice value)
{
    varve_writer *writer = varve_batch_writer_of(b->batch);
    for (unsigned i = 0; i < BATCH; i++) {
        must(varve_writer_put(writer, list[i], value, &err));
        if (i == 0 && b->reads_batch)
            read_through(b, list[i]);
    }
    must(varve_batch_commit(b->batch, VARVE_NO_SYNC, &err));
    must(varve_batch_reset(b->batch, &err));
}

static uint64_t our_writes(void *state)
{
    bench *b = state;
    varve_slice value = varve_slice_of(value_bytes, sizeof value_bytes);
    varve_engine_info info = {.struct_size = sizeof info};
    for (unsigned i = 0; i < b->fresh.count; i += BATCH)
        our_batch(b, b->fresh.list + i, value);
    must(varve_engine_get_info(b->write_engine, &info, &err));
    return info.sequence;
}

static uint64_t raw_writes(void *state)
{
    bench *b = state;
    return raw_write(b->write_raw, b->fresh.list, b->fresh.count, BATCH,
                     varve_slice_of(value_bytes, sizeof value_bytes));
}

/* ---- Stores */

static varve_engine *open_engine(const char *path)
{
    varve_options options = {.struct_size = sizeof options,
                             .path = path,
                             .cache_bytes = CACHE_BYTES,
                             .write_buffer_bytes = WRITE_BUFFER_BYTES};
    varve_engine *engine = NULL;
    must(varve_engine_open(&options, &engine, &err));
    return engine;
}

/* The same versions of the same keys in both stores, in one level. */
static void load(bench *b)
{
    varve_batch *batch = NULL;
    keys block;
    varve_slice value = varve_slice_of(value_bytes, sizeof value_bytes);
    must(varve_batch_open(b->engine, VARVE_BATCH_WRITE_ONLY, &batch, &err));
    keys_make(&block, VERSIONS);
    for (unsigned user = 0; user < b->users; user++) {
        for (unsigned i = 0; i < VERSIONS; i++) {
            keys_set(&block, i, user, (int64_t)i + 1);
            must(varve_writer_put(varve_batch_writer_of(batch), block.list[i], value, &err));
        }
        raw_put_batch(b->raw, block.list, VERSIONS, value);
        must(varve_batch_commit(batch, VARVE_NO_SYNC, &err));
        must(varve_batch_reset(batch, &err));
    }
    varve_batch_close(batch);
    keys_free(&block);
    must(varve_engine_compact(b->engine, &err));
    raw_compact(b->raw);
}

static void open_all(bench *b, const char *place, bool *same_options)
{
    char ours[4096];
    char theirs[4096];
    (void)snprintf(ours, sizeof ours, "%s/varve", place);
    (void)snprintf(theirs, sizeof theirs, "%s/raw", place);
    b->engine = open_engine(ours);
    b->raw = raw_open(theirs, CACHE_BYTES, WRITE_BUFFER_BYTES);
    *same_options = bench_same_options(ours, theirs);
    load(b);
    (void)snprintf(ours, sizeof ours, "%s/varve-writes", place);
    (void)snprintf(theirs, sizeof theirs, "%s/raw-writes", place);
    b->write_engine = open_engine(ours);
    b->write_raw = raw_open(theirs, CACHE_BYTES, WRITE_BUFFER_BYTES);
    must(varve_batch_open(b->write_engine, 0, &b->batch, &err));
    keys_make(&b->exact, PICKED);
    keys_make(&b->fresh, WRITTEN);
}

static void close_all(bench *b)
{
    varve_batch_close(b->batch);
    must(varve_engine_close(b->engine, &err));
    must(varve_engine_close(b->write_engine, &err));
    raw_close(b->raw);
    raw_close(b->write_raw);
    keys_free(&b->exact);
    keys_free(&b->fresh);
    varve_buf_release(&b->value);
}

/* ---- The program */

enum { DUELS = 7 };

static void run_all(bench *b, unsigned rounds, bench_result results[DUELS])
{
    const uint64_t steps = (uint64_t)b->users * VERSIONS;
    const bench_duel duels[DUELS] = {
        {"next, key at each step, value at some", steps, 1.05, NULL, our_walk, raw_walk_all, b},
        {"prev, key at each step, value at some", steps, 0, NULL, our_walk_back, raw_walk_all_back,
         b},
        {"seek, one iterator", PICKED, 0, pick_keys, our_total_seeks, raw_total_seeks, b},
        {"seek, one prefix iterator", PICKED, 0, pick_keys, our_prefix_seeks, raw_prefix_seeks, b},
        {"get of an exact key", PICKED, 0, pick_keys, our_gets, raw_gets, b},
        {"put, 100 in an indexed batch, and commit", WRITTEN, 1.15, make_fresh_keys, our_writes,
         raw_writes, b},
        {"the same with the batch's index in use", WRITTEN, 1.15, make_fresh_keys, our_writes,
         raw_writes, b},
    };
    for (unsigned i = 0; i < DUELS; i++) {
        b->reads_batch = i == DUELS - 1;
        results[i] = bench_run(&duels[i], rounds);
    }
}

static unsigned number_of(const char *text)
{
    unsigned long number = strtoul(text, NULL, 10);
    if (number == 0 || number > 100000000) {
        (void)fprintf(stderr, "not a number that makes sense here: %s\n", text);
        exit(2);
    }
    return (unsigned)number;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"json", no_argument, NULL, 'j'},
                                          {"rounds", required_argument, NULL, 'r'},
                                          {"keys", required_argument, NULL, 'k'},
                                          {"dir", required_argument, NULL, 'd'},
                                          {NULL, 0, NULL, 0}};
    bench b = {.users = 100000, .random = 88172645463325252};
    bench_result results[DUELS];
    unsigned rounds = 15;
    const char *root = NULL;
    char place[4000];
    bool json = false;
    bool good;

    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 'j')
            json = true;
        else if (option == 'r')
            rounds = number_of(optarg);
        else if (option == 'k')
            b.users = number_of(optarg);
        else if (option == 'd')
            root = optarg;
        else
            return 2;
    }
    for (unsigned i = 0; i < VALUE_SIZE; i++)
        value_bytes[i] = (unsigned char)(i < VALUE_SIZE / 2 ? random_next(&b) : 'v');
    if (!bench_place_make(root, place, sizeof place)) {
        perror("a directory for the benchmark");
        return 2;
    }
    open_all(&b, place, &good);
    run_all(&b, rounds, results);
    close_all(&b);
    bench_place_remove(place);
    if (json)
        bench_print_json(stdout, results, DUELS, rounds);
    else
        bench_print_text(stdout, results, DUELS);
    for (unsigned i = 0; i < DUELS; i++)
        good = good && bench_is_good(&results[i]);
    return good ? 0 : 1;
}
