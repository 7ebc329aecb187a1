/*
 * varve-tuning: what options and ways of calling cost and gain.  Three parts, each of which returns
 * what it has found as JSON; tuning.py starts the program several times and makes tables of it.
 */
#ifndef VARVE_BENCH_TUNING_TUNING_H
#define VARVE_BENCH_TUNING_TUNING_H

#include <jansson.h>
#include <varve/varve.h>

#include "bench/cases.h"
#include "bench/contenders/varve.h"

/* How much to do. */
typedef struct tuning_plan {
    const char *place; /* a directory to work in */
    unsigned rounds;
    size_t keys;   /* of a store */
    size_t points; /* gets or puts in a round */
    size_t loaded; /* keys that are written to a store at work */
} tuning_plan;

/* A store of varve's, opened and loaded. */
typedef struct tuning_store {
    void *store; /* of bench_varve */
    varve_engine *engine;
    bench_shape shape;
    bench_picker picker;
    double load_cpu; /* nanoseconds of all threads for a record, compaction included */
    char path[4096];
} tuning_store;

/* Something to do a number of times; what is not named is zero. */
typedef struct tuning_task {
    bench_op op;     /* of bench_varve, */
    bench_op_fn run; /* or, if not NULL, this, on the tuning_store */
    bench_mode mode;
    bench_pick pick;
    unsigned rows;    /* of a scan */
    unsigned batch;   /* keys in a commit */
    unsigned threads; /* with BENCH_THREADS */
    unsigned part;    /* so many times fewer keys than others do in a round; 0: as many */
    bool misses;      /* not time is what counts, but blocks that were not in the cache */
    void (*before)(tuning_store *store); /* what does not count, before each round */
} tuning_task;

/* Open a store in `plan->place` with these options and load it. */
void tuning_store_open(const tuning_plan *plan, const char *name, const varve_options *options,
                       bench_shape shape, uint64_t cache_bytes, tuning_store *store);
void tuning_store_close(tuning_store *store);

/*
 * Do it once; nanoseconds for a key, or a row of a scan: of the processor, or by the clock on the
 * wall where threads or the disk are what is measured.  Or the misses for a key.
 */
double tuning_run(const tuning_plan *plan, const tuning_task *task, tuning_store *store);

/*
 * In what order things are done in a round: the numbers below `count`, in another one each time.
 * What has been done before leaves the processor's caches full of what it had to do with.
 */
void tuning_order(unsigned round, size_t *order, size_t count);

/* The parts, in settings.c, calls.c and loads.c. */
json_t *tuning_settings(const tuning_plan *plan);
json_t *tuning_calls(const tuning_plan *plan);
json_t *tuning_loads(const tuning_plan *plan);

#endif
