/*
 * Running a plan: stores opened and loaded state by state, and in each the operations, whose lanes
 * are measured in turn, round by round.
 */
#ifndef VARVE_BENCH_RUN_H
#define VARVE_BENCH_RUN_H

#include <jansson.h>

#include "bench/cases.h"

/* Receives each case when it has been measured: see docs/performance.md for what it holds. */
typedef void (*bench_case_fn)(void *arg, const json_t *one);

typedef struct bench_run_options {
    const bench_plan *plan;
    char *const *globs; /* which cases */
    size_t globs_count;
    const char *place; /* an empty directory to work in */
    bench_case_fn on_case;
    void *arg;
} bench_run_options;

/* Ends the run, from a signal handler: what has been measured is dropped. */
void bench_stop(int signal_number);

/*
 * Run a plan and return what it has measured as a new JSON document without goals.  `agree`
 * becomes whether all contenders saw the same, and varve and raw RocksDB had the same options.
 */
json_t *bench_run(const bench_run_options *options, bool *agree);

#endif
