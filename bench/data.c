#include "bench/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <varve/key.h>
#include <varve/value.h>

#include "bench/support/die.h"
#include "bench/support/stop.h"

enum {
    APART = 1000,      /* numbers from one key to the next */
    ABSENT_OFFSET = 1, /* of a key that never exists */
    OWN_OFFSET = 2,    /* of one that only a batch holds */
    NEW_OFFSET = 10,   /* of the first that is put */
    LOADED_AT_ONCE = 1000,
    L0_FILES = 4,
    L0_PER_MILLE = 25, /* of the keys have their newest version in one of these files */
    MEMTABLE_PER_MILLE = 20,
    HOT_KEYS = 1000
};

#define SECOND 1000000000

void bench_shape_name(const bench_shape *shape, char *name, size_t size)
{
    char beyond[32] = "";
    if (shape->beyond_cache != 0)
        (void)snprintf(beyond, sizeof beyond, "-x%u", shape->beyond_cache);
    (void)snprintf(name, size, "%s-v%u-b%u-k%zu%s", shape->layout == BENCH_ONE ? "one" : "l0",
                   shape->versions, shape->value_size, shape->keys, beyond);
}

uint64_t bench_shape_bytes(const bench_shape *shape)
{
    return (uint64_t)shape->keys * shape->versions * (BENCH_ENGINE_SIZE + shape->value_size);
}

int64_t bench_version_ts(unsigned version)
{
    return (int64_t)version * SECOND;
}

/* Sebastiano Vigna's splitmix64: numbers that look random, from numbers in order. */
static uint64_t mix(uint64_t number)
{
    number += 0x9E3779B97F4A7C15u;
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9u;
    number = (number ^ (number >> 27)) * 0x94D049BB133111EBu;
    return number ^ (number >> 31);
}

/* Half of the data compresses well, half of it not at all; the last byte differs most often. */
void bench_value(unsigned char *value, size_t size, size_t key, unsigned version)
{
    uint64_t number = mix((uint64_t)key * 1000 + version);
    memset(value, 'v', size);
    memset(value, 0, VARVE_VALUE_HEADER_SIZE);
    value[VARVE_VALUE_HEADER_SIZE - 1] = VARVE_TAG_BYTES;
    size_t random =
        size / 2 < size - VARVE_VALUE_HEADER_SIZE ? size / 2 : size - VARVE_VALUE_HEADER_SIZE;
    for (size_t i = 0; i < random; i++) {
        if (i % 8 == 0)
            number = mix(number);
        value[size - 1 - i] = (unsigned char)(number >> (8 * (i % 8)));
    }
}

/* "benchkey" and sixteen digits. */
static void set_user_key(unsigned char *out, uint64_t number)
{
    memcpy(out, "benchkey", 8);
    for (int digit = BENCH_USER_SIZE - 1; digit >= 8; digit--) {
        out[digit] = (unsigned char)('0' + number % 10);
        number /= 10;
    }
}

/* Behind the user key at `out`, its engine key. */
static void set_engine_key(unsigned char *out, int64_t ts, varve_buf *scratch)
{
    varve_error err = VARVE_ERROR_INIT;
    bench_must(
        varve_key_encode(varve_slice_of(out, BENCH_USER_SIZE), (varve_ts){ts, 0}, scratch, &err),
        &err);
    if (scratch->size != BENCH_ENGINE_SIZE)
        bench_die("an engine key has %zu bytes", scratch->size);
    memcpy(out + BENCH_USER_SIZE, scratch->data, BENCH_ENGINE_SIZE);
}

static void set_keys(unsigned char *out, uint64_t number, int64_t ts, varve_buf *scratch)
{
    set_user_key(out, number);
    set_engine_key(out, ts, scratch);
}

/* ---- Loading */

enum { BOTTOM = 0, MEMTABLE = L0_FILES + 1, PARTS = L0_FILES + 2 };

/* Where a version of a key lies: at the bottom, in one of the files above it, or in memory. */
static unsigned part_of(const bench_shape *shape, size_t key, unsigned version)
{
    if (shape->layout == BENCH_ONE || version != shape->versions)
        return BOTTOM;
    unsigned place = (unsigned)(mix(key) % 1000);
    for (unsigned file = 1; file <= L0_FILES; file++) {
        if (place < file * L0_PER_MILLE)
            return file;
    }
    return place < L0_FILES * L0_PER_MILLE + MEMTABLE_PER_MILLE ? MEMTABLE : BOTTOM;
}

/* Entries that wait to be written in one commit. */
typedef struct loader {
    const bench_contender *contender;
    void *store;
    bench_entry entries[LOADED_AT_ONCE];
    unsigned char *bytes;
    size_t entry_size;
    size_t count;
    varve_buf scratch;
} loader;

static void write_out(loader *l)
{
    if (l->count > 0)
        l->contender->load(l->store, l->entries, l->count);
    l->count = 0;
    bench_end_if_stopped();
}

static void add(loader *l, const bench_shape *shape, size_t key, unsigned version)
{
    unsigned char *at = l->bytes + l->count * l->entry_size;
    unsigned char *value = at + BENCH_USER_SIZE + BENCH_ENGINE_SIZE;
    int64_t ts = bench_version_ts(version);
    set_keys(at, (uint64_t)key * APART, ts, &l->scratch);
    bench_value(value, shape->value_size, key, version);
    l->entries[l->count++] =
        (bench_entry){.user = varve_slice_of(at, BENCH_USER_SIZE),
                      .engine = varve_slice_of(at + BENCH_USER_SIZE, BENCH_ENGINE_SIZE),
                      .ts = ts,
                      .value = varve_slice_of(value, shape->value_size)};
}

/* All versions of a key go into one commit. */
static void load_part(loader *l, const bench_shape *shape, unsigned part)
{
    for (size_t key = 0; key < shape->keys; key++) {
        if (l->count + shape->versions > LOADED_AT_ONCE)
            write_out(l);
        for (unsigned version = 1; version <= shape->versions; version++) {
            if (part_of(shape, key, version) == part)
                add(l, shape, key, version);
        }
    }
    write_out(l);
}

static void settle(const bench_contender *contender, void *store, unsigned part)
{
    if (part == BOTTOM && contender->compact != NULL)
        contender->compact(store);
    else if (part != BOTTOM && part != MEMTABLE && contender->flush != NULL)
        contender->flush(store);
}

void bench_load(const bench_contender *contender, void *store, const bench_shape *shape)
{
    loader l = {.contender = contender, .store = store};
    if (shape->versions > LOADED_AT_ONCE || shape->value_size < VARVE_VALUE_HEADER_SIZE + 3)
        bench_die("no data of %u versions and %u bytes", shape->versions, shape->value_size);
    l.entry_size = BENCH_USER_SIZE + BENCH_ENGINE_SIZE + shape->value_size;
    l.bytes = bench_alloc(LOADED_AT_ONCE, l.entry_size);
    for (unsigned part = BOTTOM; part < (shape->layout == BENCH_ONE ? 1 : PARTS); part++) {
        load_part(&l, shape, part);
        settle(contender, store, part);
    }
    if (contender->ready != NULL)
        contender->ready(store);
    free(l.bytes);
    varve_buf_release(&l.scratch);
}

/* ---- Picking */

void bench_picker_init(bench_picker *picker, const bench_shape *shape)
{
    *picker = (bench_picker){
        .shape = shape, .random = 1, .next_ts = bench_version_ts(shape->versions + 1)};
}

static size_t random_below(bench_picker *picker, size_t limit)
{
    picker->random++;
    return (size_t)(mix(picker->random) % limit);
}

static void make_room(bench_keys *keys, size_t count)
{
    if (count <= keys->capacity)
        return;
    bench_keys_release(keys);
    keys->users = bench_alloc(count, sizeof *keys->users);
    keys->engines = bench_alloc(count, sizeof *keys->engines);
    keys->bytes = bench_alloc(count, BENCH_USER_SIZE + BENCH_ENGINE_SIZE);
    keys->capacity = count;
}

/* One key after the other in no visible order: a large prime visits each of them once. */
static size_t shuffled(size_t number, size_t keys)
{
    return number % keys * 2147483647u % keys;
}

/* A key beside one that exists, that has not been picked before. */
static uint64_t new_number(bench_picker *picker)
{
    size_t keys = picker->shape->keys;
    size_t number = picker->new_keys++;
    if (number / keys >= APART - NEW_OFFSET)
        bench_die("no new keys are left");
    return (uint64_t)shuffled(number, keys) * APART + NEW_OFFSET + number / keys;
}

static uint64_t number_for(bench_picker *picker, bench_pick pick, size_t index, unsigned rows)
{
    size_t keys = picker->shape->keys;
    size_t starts = rows < keys ? keys - rows : 1;
    size_t hot = keys < HOT_KEYS ? keys : HOT_KEYS;
    if (pick == BENCH_PICK_HOT)
        return (uint64_t)random_below(picker, hot) * (keys / hot) * APART;
    if (pick == BENCH_PICK_ABSENT)
        return (uint64_t)random_below(picker, keys) * APART + ABSENT_OFFSET;
    if (pick == BENCH_PICK_START || pick == BENCH_PICK_START_MIDDLE)
        return (uint64_t)random_below(picker, starts) * APART;
    if (pick == BENCH_PICK_END)
        return (uint64_t)(random_below(picker, starts) + (rows < keys ? rows : keys - 1)) * APART;
    if (pick == BENCH_PICK_NEW)
        return new_number(picker);
    if (pick == BENCH_PICK_OVER)
        return (uint64_t)shuffled(picker->over_keys++, keys) * APART;
    if (pick == BENCH_PICK_BEHIND)
        return (uint64_t)(keys + picker->behind++) * APART;
    if (pick == BENCH_PICK_BETWEEN)
        return (uint64_t)index * APART + OWN_OFFSET;
    return (uint64_t)random_below(picker, keys) * APART;
}

static bool is_write(bench_pick pick)
{
    return pick == BENCH_PICK_NEW || pick == BENCH_PICK_OVER || pick == BENCH_PICK_BEHIND;
}

static bool is_middle(bench_pick pick)
{
    return pick == BENCH_PICK_MIDDLE || pick == BENCH_PICK_START_MIDDLE;
}

/* The version that a read of these keys finds, or that a write makes. */
static int64_t version_for(bench_picker *picker, bench_pick pick)
{
    if (is_write(pick))
        return picker->next_ts += SECOND;
    if (is_middle(pick))
        return bench_version_ts((picker->shape->versions + 1) / 2);
    return bench_version_ts(picker->shape->versions);
}

void bench_pick_keys(bench_picker *picker, bench_pick pick, size_t count, unsigned rows,
                     bench_keys *keys)
{
    int64_t version = version_for(picker, pick);
    varve_buf scratch = VARVE_BUF_INIT;
    make_room(keys, count);
    for (size_t i = 0; i < count; i++) {
        unsigned char *at = keys->bytes + i * (BENCH_USER_SIZE + BENCH_ENGINE_SIZE);
        set_keys(at, number_for(picker, pick, i, rows), version, &scratch);
        keys->users[i] = varve_slice_of(at, BENCH_USER_SIZE);
        keys->engines[i] = varve_slice_of(at + BENCH_USER_SIZE, BENCH_ENGINE_SIZE);
    }
    keys->count = count;
    keys->ts = is_write(pick) || is_middle(pick) ? version : INT64_MAX;
    varve_buf_release(&scratch);
}

void bench_keys_later(bench_picker *picker, bench_keys *keys)
{
    varve_buf scratch = VARVE_BUF_INIT;
    keys->ts = picker->next_ts += SECOND;
    for (size_t i = 0; i < keys->count; i++) {
        unsigned char *at = keys->bytes + i * (BENCH_USER_SIZE + BENCH_ENGINE_SIZE);
        set_engine_key(at, keys->ts, &scratch);
    }
    varve_buf_release(&scratch);
}

void bench_keys_release(bench_keys *keys)
{
    free(keys->users);
    free(keys->engines);
    free(keys->bytes);
    *keys = (bench_keys){.count = 0};
}
