#include "tests/support/support.h"

#include <math.h>

#include "bench/support/stats.h"

#define ck_near(actual, expected) ck_assert_double_eq_tol(actual, expected, 1e-9)

START_TEST(quantiles_are_interpolated)
{
    double numbers[] = {40, 10, 30, 20};
    ck_near(bench_quantile(numbers, 4, 0), 10);
    ck_near(bench_quantile(numbers, 4, 0.5), 25);
    ck_near(bench_quantile(numbers, 4, 0.25), 17.5);
    ck_near(bench_quantile(numbers, 4, 1), 40);
    double one[] = {7};
    ck_near(bench_quantile(one, 1, 0.99), 7);
}
END_TEST

START_TEST(quartiles_leave_the_numbers_alone)
{
    const double numbers[] = {5, 1, 4, 2, 3};
    bench_quartiles found = bench_quartiles_of(numbers, 5);
    ck_near(found.low, 2);
    ck_near(found.median, 3);
    ck_near(found.high, 4);
    ck_near(numbers[0], 5);
}
END_TEST

START_TEST(a_ratio_is_taken_pair_by_pair)
{
    /* Both sides get slower together: the ratio stays. */
    const double ours[] = {2, 4, 20, 6, 8, 10};
    const double theirs[] = {1, 2, 10, 3, 4, 5};
    bench_ratio found = bench_ratio_of(ours, theirs, 3, 2);
    ck_near(found.median, 2);
    ck_near(found.variance, 0);
    ck_assert_uint_eq(found.starts, 2);
}
END_TEST

START_TEST(the_variance_is_that_between_starts)
{
    /* Medians of the starts: 1, e, e^2.  Rounds that are disturbed do not count. */
    const double e = exp(1);
    const double ours[] = {1, 900, 1, e, e, 900, e * e, e * e, e * e};
    const double theirs[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    bench_ratio found = bench_ratio_of(ours, theirs, 3, 3);
    ck_near(found.variance, 1);
    ck_near(found.median, e * e);
}
END_TEST

START_TEST(one_disturbed_round_does_not_move_a_ratio)
{
    const double ours[] = {2, 2, 2, 900, 2, 2, 2};
    const double theirs[] = {1, 1, 1, 1, 1, 1, 1};
    bench_ratio found = bench_ratio_of(ours, theirs, 7, 1);
    ck_near(found.median, 2);
    ck_near(found.variance, 0);
}
END_TEST

/* Of three starts the variance has two degrees of freedom, and is exponential: median ln 2. */
START_TEST(the_typical_variance_is_found_from_the_middle_one)
{
    double variances[] = {log(2), 0.01, 50};
    ck_assert_double_eq_tol(bench_typical_variance(variances, 3, 3), 1, 0.03);
    ck_assert_double_gt(bench_typical_variance(variances, 3, 1), 0); /* a guess, as below */
    ck_near(bench_typical_variance(variances, 3, 1), bench_typical_variance(NULL, 0, 3));
}
END_TEST

START_TEST(bounds_count_what_others_scatter)
{
    bench_ratio calm = {.median = 2, .variance = 0, .starts = 3};
    bench_ratio wild = {.median = 2, .variance = 0.03, .starts = 3};
    bench_ratio_bound(&calm, 0.0);
    ck_near(calm.low, 2);
    ck_near(calm.high, 2);
    bench_ratio_bound(&calm, 0.01);
    bench_ratio_bound(&wild, 0.01);
    /* Two degrees of freedom of its own, four of the others. */
    ck_near(calm.error, 1.2 * sqrt(4 * 0.01 / 6 / 3));
    ck_near(wild.error, 1.2 * sqrt((2 * 0.03 + 4 * 0.01) / 6 / 3));
    /* Student's t of six degrees of freedom is 2.447. */
    ck_assert_double_eq_tol(log(wild.high / wild.median) / wild.error, 2.447, 0.02);
    ck_near(wild.high / wild.median, wild.median / wild.low);
}
END_TEST

/* Bounds of 95 % hold in about so many of runs whose starts scatter as starts do. */
START_TEST(bounds_hold_from_run_to_run)
{
    enum { RUNS = 2000, STARTS = 3, ROUNDS = 4 };
    const double theirs[STARTS * ROUNDS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    double variances[RUNS];
    bench_ratio runs[RUNS];
    double start = 0;
    unsigned held = 0;
    srand48(1); /* the same each time */
    for (size_t run = 0; run < RUNS; run++) {
        double ours[STARTS * ROUNDS];
        for (size_t i = 0; i < STARTS * ROUNDS; i++) {
            if (i % ROUNDS == 0)
                start = drand48() + drand48() + drand48() + drand48() - 2; /* nearly normal */
            ours[i] = exp(0.1 * start + 0.02 * (drand48() - 0.5));
        }
        runs[run] = bench_ratio_of(ours, theirs, ROUNDS, STARTS);
        variances[run] = runs[run].variance;
    }
    double typical = bench_typical_variance(variances, RUNS, STARTS);
    for (size_t run = 0; run < RUNS; run++) {
        bench_ratio_bound(&runs[run], typical);
        held += runs[run].low <= 1 && 1 <= runs[run].high;
    }
    ck_assert_uint_ge(held, RUNS * 93 / 100);
    ck_assert_uint_le(held, RUNS * 995 / 1000);
}
END_TEST

START_TEST(what_moved_is_larger_than_noise)
{
    ck_assert(!bench_moved(1.0, 0, 1.0, 0));
    ck_assert(!bench_moved(1.0, 0, 1.04, 0)); /* not worth a word */
    ck_assert(bench_moved(1.0, 0, 1.06, 0));
    ck_assert(bench_moved(1.06, 0, 1.0, 0));
    ck_assert(bench_moved(1.0, 0.01, 1.3, 0.01));
    ck_assert(!bench_moved(1.0, 0.1, 1.3, 0.01)); /* the first run was noisy, */
    ck_assert(!bench_moved(1.0, 0.01, 1.3, 0.1)); /* or the second */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats");
    TCase *tcase = tcase_create("stats");
    tcase_add_test(tcase, quantiles_are_interpolated);
    tcase_add_test(tcase, quartiles_leave_the_numbers_alone);
    tcase_add_test(tcase, a_ratio_is_taken_pair_by_pair);
    tcase_add_test(tcase, the_variance_is_that_between_starts);
    tcase_add_test(tcase, one_disturbed_round_does_not_move_a_ratio);
    tcase_add_test(tcase, the_typical_variance_is_found_from_the_middle_one);
    tcase_add_test(tcase, bounds_count_what_others_scatter);
    tcase_add_test(tcase, bounds_hold_from_run_to_run);
    tcase_add_test(tcase, what_moved_is_larger_than_noise);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
