#include "bench/support/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/support/die.h"

/*
 * How much the ratios of two starts of a program differ by themselves, as a standard deviation of
 * their logarithm, if a run has nothing to tell it from.
 */
#define START_TO_START 0.05

/* As many starts as the scatter of all lanes counts for, beside that of a lane's own starts. */
#define OTHERS_COUNT_AS 4

/* The standard error of a median is larger than that of a mean by about this. */
#define MEDIAN_OVER_MEAN 1.2

/* Of thousands of lanes hardly one differs by so many standard errors if nothing has changed. */
#define MOVED_ERRORS 5

/* Less is not worth a word: ln 1.05. */
#define MOVED_LEAST 0.0488

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

/* ---- Ratios */

static double variance(const double *numbers, size_t count)
{
    double mean = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        mean += numbers[i] / (double)count;
    for (size_t i = 0; i < count; i++)
        sum += (numbers[i] - mean) * (numbers[i] - mean);
    return count < 2 ? 0 : sum / (double)(count - 1);
}

void bench_medians_of_starts(const double *ours, const double *theirs, size_t rounds, size_t starts,
                             double *medians)
{
    double *ratios = bench_alloc(rounds, sizeof *ratios);
    for (size_t start = 0; start < starts; start++) {
        for (size_t i = 0; i < rounds; i++)
            ratios[i] = ours[start * rounds + i] / theirs[start * rounds + i];
        medians[start] = bench_quantile(ratios, rounds, 0.5);
    }
    free(ratios);
}

bench_ratio bench_ratio_from(double median, const double *medians, size_t starts)
{
    double *logarithms = bench_alloc(starts, sizeof *logarithms);
    for (size_t i = 0; i < starts; i++)
        logarithms[i] = log(medians[i]);
    bench_ratio found = {
        .median = median, .variance = variance(logarithms, starts), .starts = starts};
    free(logarithms);
    return found;
}

bench_ratio bench_ratio_of(const double *ours, const double *theirs, size_t rounds, size_t starts)
{
    double *ratios = bench_alloc(rounds * starts, sizeof *ratios);
    double *medians = bench_alloc(starts, sizeof *medians);
    for (size_t i = 0; i < rounds * starts; i++)
        ratios[i] = ours[i] / theirs[i];
    bench_medians_of_starts(ours, theirs, rounds, starts, medians);
    bench_ratio found =
        bench_ratio_from(bench_quantile(ratios, rounds * starts, 0.5), medians, starts);
    free(ratios);
    free(medians);
    return found;
}

/* The median of chi-squared over its degrees of freedom, as Wilson and Hilferty have it. */
static double typical_part(double freedom)
{
    double root = 1 - 2 / (9 * freedom);
    return root * root * root;
}

double bench_typical_variance(double *variances, size_t count, size_t starts)
{
    if (count == 0 || starts < 2)
        return START_TO_START * START_TO_START;
    return bench_quantile(variances, count, 0.5) / typical_part((double)(starts - 1));
}

/* Student's t for 95 of 100, by the first terms of its expansion. */
static double student(double freedom)
{
    return 1.96 + 2.372 / freedom + 2.823 / (freedom * freedom);
}

void bench_ratio_bound(bench_ratio *ratio, double typical)
{
    double own = (double)ratio->starts - 1;
    double freedom = own + OTHERS_COUNT_AS;
    double mixed = (own * ratio->variance + OTHERS_COUNT_AS * typical) / freedom;
    ratio->error = MEDIAN_OVER_MEAN * sqrt(mixed / (double)ratio->starts);
    ratio->low = ratio->median / exp(student(freedom) * ratio->error);
    ratio->high = ratio->median * exp(student(freedom) * ratio->error);
}

bool bench_moved(double before, double before_error, double after, double after_error)
{
    double noise = MOVED_ERRORS * sqrt(before_error * before_error + after_error * after_error);
    double moved = fabs(log(after / before));
    return moved > MOVED_LEAST && moved > noise;
}
