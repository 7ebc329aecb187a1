/*
 * The statistics of a benchmark: medians, because a disturbed round must not count; quartiles,
 * which say how disturbed it was; and bounds of a ratio from its rounds.
 */
#ifndef VARVE_BENCH_SUPPORT_STATS_H
#define VARVE_BENCH_SUPPORT_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* The middle of numbers and their quartiles. */
typedef struct bench_quartiles {
    double low;
    double median;
    double high;
} bench_quartiles;

/* The ratio of two series of rounds. */
typedef struct bench_ratio {
    double median;    /* of the ratios of the rounds, pair by pair */
    double low, high; /* between which that median lies in 95 of 100 resamplings of the rounds */
    double spread;    /* of the logarithm from round to round, as a standard deviation */
} bench_ratio;

/* The number below which `part` of `numbers` lie, interpolated.  `numbers` is sorted by it. */
double bench_quantile(double *numbers, size_t count, double part);

/* Quartiles of `numbers`, which stay as they are.  `count` is at least 1. */
bench_quartiles bench_quartiles_of(const double *numbers, size_t count);

/*
 * What `ours[i] / theirs[i]` come to; the same numbers give the same bounds.  All are positive,
 * `count` at least 1.
 */
bench_ratio bench_ratio_of(const double *ours, const double *theirs, size_t count);

/*
 * Whether two ratios differ by more than noise explains: by more than three times what both runs
 * spread together, with bounds that do not meet, and by at least 21 %: from one start of a program
 * to the next each of two times differs by up to a tenth.
 */
bool bench_moved(const bench_ratio *before, const bench_ratio *after);

#endif
