/*
 * The data of a benchmark: the same keys, versions and values for everybody, made from numbers.
 *
 * User keys have 24 bytes.  Between two that exist others are free, for reads of absent keys and
 * for writes of new ones.
 */
#ifndef VARVE_BENCH_DATA_H
#define VARVE_BENCH_DATA_H

#include "bench/contenders/contender.h"

enum { BENCH_USER_SIZE = 24, BENCH_ENGINE_SIZE = 38 };

/* Where the records of an LSM tree lie. */
typedef enum bench_layout {
    BENCH_ONE, /* all in one level */
    BENCH_L0   /* the newest versions of some keys in overlapping files of level 0 and a memtable */
} bench_layout;

/* What a store holds when it is measured. */
typedef struct bench_shape {
    bench_layout layout;
    unsigned versions;
    unsigned value_size; /* raw values, at least 8 bytes */
    size_t keys;
    unsigned beyond_cache; /* so many times the size of the block cache; 0: all of it fits */
} bench_shape;

/* The name of a shape, such as "l0-v10-b64" or "one-v1-b64-k10000000-x4". */
void bench_shape_name(const bench_shape *shape, char *name, size_t size);

/* How many bytes of keys and values it has. */
uint64_t bench_shape_bytes(const bench_shape *shape);

/* The time of a version, counted from 1. */
int64_t bench_version_ts(unsigned version);

/* The raw value of a version of a key. */
void bench_value(unsigned char *value, size_t size, size_t key, unsigned version);

/* Write the data into a store, in the layout of the shape. */
void bench_load(const bench_contender *contender, void *store, const bench_shape *shape);

/* ---- Keys for a round of work */

/* Which keys a round works on, in what order. */
typedef enum bench_pick {
    BENCH_PICK_NEWEST,       /* random keys, the newest version of each */
    BENCH_PICK_HOT,          /* the same of a thousand keys, which lie apart */
    BENCH_PICK_MIDDLE,       /* random keys, the version in the middle of each */
    BENCH_PICK_ABSENT,       /* random keys that do not exist */
    BENCH_PICK_START,        /* where a scan of `rows` keys may start */
    BENCH_PICK_START_MIDDLE, /* the same, as of the version in the middle */
    BENCH_PICK_END,          /* where it may start backwards */
    BENCH_PICK_NEW,          /* keys that never existed, at a new time */
    BENCH_PICK_OVER,         /* keys that exist, at a new time */
    BENCH_PICK_BEHIND,       /* keys that never existed, behind all others and in their order */
    BENCH_PICK_BETWEEN       /* from the first on, one free key behind each: always the same */
} bench_pick;

typedef struct bench_keys {
    varve_slice *users;
    varve_slice *engines;
    size_t count;
    int64_t ts; /* what to read as of, or to write at */
    unsigned char *bytes;
    size_t capacity;
} bench_keys;

/* What a sequence of picks remembers. */
typedef struct bench_picker {
    const bench_shape *shape;
    uint64_t random;
    size_t new_keys;  /* picked so far */
    size_t over_keys; /* the same */
    size_t behind;    /* the same */
    int64_t next_ts;
} bench_picker;

void bench_picker_init(bench_picker *picker, const bench_shape *shape);

/* Pick `count` keys; `rows` is how long a scan is. */
void bench_pick_keys(bench_picker *picker, bench_pick pick, size_t count, unsigned rows,
                     bench_keys *keys);

/* The same keys at a new time, for another write. */
void bench_keys_later(bench_picker *picker, bench_keys *keys);

void bench_keys_release(bench_keys *keys);

#endif
