/*
 * Running a plan once: stores opened and loaded state by state, and in each the operations, whose
 * lanes are measured in turn, round by round.
 */
#ifndef VARVE_BENCH_RUN_H
#define VARVE_BENCH_RUN_H

#include <jansson.h>

#include "bench/cases.h"

typedef struct bench_run_options {
    const bench_plan *plan;
    char *const *globs; /* which cases */
    size_t globs_count;
    char *const *lanes; /* which of their lanes; those that these are held against always */
    size_t lanes_count; /* 0: all */
    const char *place;  /* an empty directory to work in */
} bench_run_options;

/*
 * Returns a new object: `agree`, whether all contenders saw the same, and varve and raw RocksDB had
 * the same options; `states`, each with its name and the seconds that loading and measuring took;
 * and `cases`, which hold what docs/performance.md says, but in their lanes the times of all rounds
 * in arrays `wall` and `cpu` (null if it cannot be told) instead of what these come to.
 */
json_t *bench_run(const bench_run_options *options);

#endif
