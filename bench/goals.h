/*
 * The goals of varve's speed, held against what a run has measured.
 */
#ifndef VARVE_BENCH_GOALS_H
#define VARVE_BENCH_GOALS_H

#include <jansson.h>

/*
 * Each goal in each state in which both of its sides were measured: a new array of
 * {name, state, case, ratio, low, high, goal, beyond, at_least, met}.  A ratio is to be at most the
 * goal, or, where `at_least` is true, at least.
 */
json_t *bench_goals(const json_t *run);

/* The lane of that name in a case, or NULL. */
const json_t *bench_lane_in(const json_t *one, const char *name);

/*
 * Of the lanes whose name begins so, the one with the smallest ratio; NULL if there is none.
 */
const json_t *bench_best_lane_in(const json_t *one, const char *beginning);

#endif
