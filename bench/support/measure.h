/*
 * Comparing two ways of doing the same work, in one process, round by round in turn: what disturbs
 * the machine disturbs both.
 */
#ifndef VARVE_BENCH_SUPPORT_MEASURE_H
#define VARVE_BENCH_SUPPORT_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* One round of work; returns a sum over what it has seen, which must be the same on both sides. */
typedef uint64_t (*bench_work)(void *state);

/* Both sides of a comparison. */
typedef struct bench_duel {
    const char *name;
    uint64_t operations;          /* in a round */
    double goal;                  /* the ratio ours / theirs to reach; 0 = none */
    void (*prepare)(void *state); /* before each round of each side, not measured; may be NULL */
    bench_work ours;
    bench_work theirs;
    void *state;
} bench_duel;

/* What came out.  Times are nanoseconds for one operation. */
typedef struct bench_result {
    const char *name;
    double goal;
    double ours_wall, ours_cpu; /* medians over the rounds; CPU time is that of the thread */
    double theirs_wall, theirs_cpu;
    double ratio;                 /* the median of the rounds' ratios, by wall time */
    double ratio_low, ratio_high; /* the quartiles around it */
    double cpu_ratio;             /* the median of the rounds' ratios, by CPU time */
    double best_ratio;            /* of the best rounds by CPU time: what a busy machine spares */
    bool same;                    /* both sides saw the same in every round */
} bench_result;

/* Run `rounds` rounds of both sides, after one of each that is not counted. */
bench_result bench_run(const bench_duel *duel, unsigned rounds);

/*
 * Whether a result is good: the sides agree, and the goal, if there is one, is reached.  CPU time
 * decides: the work compared here never waits, and other programs take away wall time only.
 */
bool bench_is_good(const bench_result *result);

/* Print results for people, or as one JSON document. */
void bench_print_text(FILE *out, const bench_result *results, size_t count);
void bench_print_json(FILE *out, const bench_result *results, size_t count, unsigned rounds);

#endif
