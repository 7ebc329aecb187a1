/*
 * Telling people what a run has measured.
 */
#ifndef VARVE_BENCH_REPORT_H
#define VARVE_BENCH_REPORT_H

#include <jansson.h>
#include <stdio.h>

/* One case, as a table for a terminal. */
void bench_print_case(FILE *out, const json_t *one);

/* The goals and what they came to; misses are named as such. */
void bench_print_goals(FILE *out, const json_t *run);

/* What bench_compare() found. */
void bench_print_comparison(FILE *out, const json_t *comparison);

#endif
