/*
 * The stores of the contenders in one state of the data.
 */
#ifndef VARVE_BENCH_STORES_H
#define VARVE_BENCH_STORES_H

#include "bench/data.h"

enum { BENCH_STORES_MAX = 16, BENCH_PATH_SIZE = 4096 };

/* One of them, open and loaded. */
typedef struct bench_store {
    const bench_contender *contender;
    void *store;
    char path[BENCH_PATH_SIZE];
} bench_store;

typedef struct bench_stores {
    bench_store all[BENCH_STORES_MAX];
    size_t count;
} bench_stores;

/*
 * Open one more below the directory `place` and load the data.  Where all of it is to be in the
 * cache, it is read once, so that it is there.
 */
void bench_stores_open(bench_stores *stores, const bench_contender *contender, const char *place,
                       const bench_shape *shape);

/* That of a contender, or NULL. */
bench_store *bench_stores_find(bench_stores *stores, const bench_contender *contender);

/* Whether varve and raw RocksDB, if both are there, have the same options; says what differs. */
bool bench_stores_agree(bench_stores *stores);

/* Close all and remove their data. */
void bench_stores_close(bench_stores *stores);

#endif
