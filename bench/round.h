/*
 * One round of one lane.
 */
#ifndef VARVE_BENCH_ROUND_H
#define VARVE_BENCH_ROUND_H

#include "bench/cases.h"

/* What a round needs. */
typedef struct bench_round {
    const bench_operation *operation;
    const bench_lane *lane;
    const bench_contender *contender;
    void *store;
    bench_job job;
    size_t units;
    bench_picker *picker; /* for the keys that a writer beside makes up */
    double *latencies;    /* of each key, where they are taken one by one; or NULL */
} bench_round;

/* What came of it: nanoseconds for a unit. */
typedef struct bench_times {
    double wall;
    double cpu; /* of all threads that worked for the lane; negative: cannot be told */
    uint64_t sum;
} bench_times;

/* Do it. */
bench_times bench_round_run(const bench_round *round);

#endif
