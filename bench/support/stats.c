#include "bench/support/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/support/die.h"

enum { RESAMPLINGS = 1000 };

/* The interquartile range of a normal distribution, in standard deviations. */
#define QUARTILES_APART 1.349

/* What the ratio of two times may differ by from one start of a program to the next: ln 1.21. */
#define START_TO_START 0.1906

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double quantile_of_sorted(const double *numbers, size_t count, double part)
{
    double place = part * (double)(count - 1);
    size_t below = (size_t)place;
    size_t above = below + 1 < count ? below + 1 : below;
    return numbers[below] + (place - (double)below) * (numbers[above] - numbers[below]);
}

double bench_quantile(double *numbers, size_t count, double part)
{
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    return quantile_of_sorted(numbers, count, part);
}

bench_quartiles bench_quartiles_of(const double *numbers, size_t count)
{
    double *sorted = bench_alloc(count, sizeof *sorted);
    memcpy(sorted, numbers, count * sizeof *sorted);
    bench_quartiles found;
    found.median = bench_quantile(sorted, count, 0.5);
    found.low = quantile_of_sorted(sorted, count, 0.25);
    found.high = quantile_of_sorted(sorted, count, 0.75);
    free(sorted);
    return found;
}

/* Knuth's multiplier; the same series for the same rounds. */
static size_t pick(uint64_t *state, size_t count)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((*state >> 33) % count);
}

static void bootstrap(const double *ratios, size_t count, bench_ratio *found)
{
    double *medians = bench_alloc(RESAMPLINGS, sizeof *medians);
    double *sample = bench_alloc(count, sizeof *sample);
    uint64_t state = 1;
    for (int i = 0; i < RESAMPLINGS; i++) {
        for (size_t at = 0; at < count; at++)
            sample[at] = ratios[pick(&state, count)];
        medians[i] = bench_quantile(sample, count, 0.5);
    }
    found->low = bench_quantile(medians, RESAMPLINGS, 0.025);
    found->high = quantile_of_sorted(medians, RESAMPLINGS, 0.975);
    free(medians);
    free(sample);
}

bench_ratio bench_ratio_of(const double *ours, const double *theirs, size_t count)
{
    double *ratios = bench_alloc(count, sizeof *ratios);
    for (size_t i = 0; i < count; i++)
        ratios[i] = ours[i] / theirs[i];
    bench_quartiles quartiles = bench_quartiles_of(ratios, count);
    bench_ratio found = {.median = quartiles.median,
                         .spread = (log(quartiles.high) - log(quartiles.low)) / QUARTILES_APART};
    bootstrap(ratios, count, &found);
    free(ratios);
    return found;
}

bool bench_moved(const bench_ratio *before, const bench_ratio *after)
{
    double noise = 3 * sqrt(before->spread * before->spread + after->spread * after->spread);
    double moved = fabs(log(after->median / before->median));
    bool apart = before->high < after->low || after->high < before->low;
    return apart && moved > START_TO_START && moved > noise;
}
