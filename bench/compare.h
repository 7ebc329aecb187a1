/*
 * Comparing two runs.
 */
#ifndef VARVE_BENCH_COMPARE_H
#define VARVE_BENCH_COMPARE_H

#include <jansson.h>

/*
 * The lanes whose ratio to the base of their case differs between two runs by more than noise: a
 * new object with an array `moved` of {case, lane, before, after, change} and the counts `compared`
 * and `only_in_one`.  Ratios within a run are compared, because times of two processes differ by
 * themselves; and where most lanes of a case move together, which is their base moving, only what
 * moves against them, too, counts.
 */
json_t *bench_compare(const json_t *before, const json_t *after);

#endif
