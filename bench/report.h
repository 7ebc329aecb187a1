/*
 * Telling people what a run has measured.
 */
#ifndef VARVE_BENCH_REPORT_H
#define VARVE_BENCH_REPORT_H

#include <jansson.h>
#include <stdio.h>

/*
 * A run for a terminal: a table for each case, the goals and what they came to, of which misses are
 * named as such, and the contenders that are far from what is known of them.
 */
void bench_print_run(FILE *out, const json_t *run);

/* What bench_compare() found. */
void bench_print_comparison(FILE *out, const json_t *comparison);

#endif
