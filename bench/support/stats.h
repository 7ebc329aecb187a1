/*
 * The statistics of a benchmark: medians, because a disturbed round must not count; quartiles,
 * which say how disturbed it was; and bounds of ratios that hold from one start of the program to
 * the next.
 *
 * The rounds of one start agree with each other better than with those of another: where memory
 * lies differs, and what the machine does beside.  So bounds are not made of rounds, but of how far
 * the medians of several starts lie apart.  These are few for each lane: how far they lie apart in
 * all other lanes of the run counts, too.
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

/* The ratio of two series of rounds in several starts. */
typedef struct bench_ratio {
    double median;    /* of the ratios of all rounds, pair by pair */
    double low, high; /* between which it lies with a probability of 95 % */
    double error;     /* the standard error of its logarithm */
    double variance;  /* of the logarithms of the starts' medians */
    size_t starts;
} bench_ratio;

/* The number below which `part` of `numbers` lie, interpolated.  `numbers` is sorted by it. */
double bench_quantile(double *numbers, size_t count, double part);

/* Quartiles of `numbers`, which stay as they are.  `count` is at least 1. */
bench_quartiles bench_quartiles_of(const double *numbers, size_t count);

/*
 * What `ours[i] / theirs[i]` come to, `rounds` of each start one after the other; without bounds.
 * All are positive, the counts at least 1.
 */
bench_ratio bench_ratio_of(const double *ours, const double *theirs, size_t rounds, size_t starts);

/* The median of `ours[i] / theirs[i]` in each start. */
void bench_medians_of_starts(const double *ours, const double *theirs, size_t rounds, size_t starts,
                             double *medians);

/* A ratio of which the median is known, and those of its starts; without bounds. */
bench_ratio bench_ratio_from(double median, const double *medians, size_t starts);

/*
 * What the variance of a lane is in general, made of those of many, which are sorted by it.  With a
 * single start nothing is known of it, and a guess is returned.
 */
double bench_typical_variance(double *variances, size_t count, size_t starts);

/* Fill in the bounds of a ratio and its error; `typical` is the variance of lanes in general. */
void bench_ratio_bound(bench_ratio *ratio, double typical);

/*
 * Whether two ratios with these errors differ by more than noise explains, and by more than 5 %.
 */
bool bench_moved(double before, double before_error, double after, double after_error);

#endif
