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
    const double ours[] = {2, 4, 20, 6, 8};
    const double theirs[] = {1, 2, 10, 3, 4};
    bench_ratio found = bench_ratio_of(ours, theirs, 5);
    ck_near(found.median, 2);
    ck_near(found.low, 2);
    ck_near(found.high, 2);
    ck_near(found.spread, 0);
}
END_TEST

START_TEST(bounds_enclose_the_median_and_are_the_same_each_time)
{
    const double ours[] = {1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6};
    const double theirs[] = {1, 1, 1, 1, 1, 1, 1};
    bench_ratio found = bench_ratio_of(ours, theirs, 7);
    bench_ratio again = bench_ratio_of(ours, theirs, 7);
    ck_near(found.median, 1.3);
    ck_assert_double_lt(found.low, 1.3);
    ck_assert_double_gt(found.high, 1.3);
    ck_assert_double_ge(found.low, 1.0);
    ck_assert_double_le(found.high, 1.6);
    ck_near(again.low, found.low);
    ck_near(again.high, found.high);
    /* Quartiles 1.15 and 1.45. */
    ck_near(found.spread, (log(1.45) - log(1.15)) / 1.349);
}
END_TEST

START_TEST(one_disturbed_round_does_not_move_a_ratio)
{
    const double ours[] = {2, 2, 2, 900, 2, 2, 2};
    const double theirs[] = {1, 1, 1, 1, 1, 1, 1};
    bench_ratio found = bench_ratio_of(ours, theirs, 7);
    ck_near(found.median, 2);
    ck_near(found.spread, 0);
}
END_TEST

/* Whether a ratio of 1 that is certain to `bounds` has moved to `after`. */
static bool moved(double spread, double bounds, double after, double after_spread)
{
    bench_ratio old = {1.0, 1 - bounds, 1 + bounds, spread};
    bench_ratio new = {after, after - bounds, after + bounds, after_spread};
    ck_assert(bench_moved(&old, &new) == bench_moved(&new, &old));
    return bench_moved(&old, &new);
}

START_TEST(what_moved_is_larger_than_noise)
{
    ck_assert(!moved(0, 0.01, 1.0, 0));
    ck_assert(!moved(0, 0.01, 1.20, 0)); /* what two starts differ by */
    ck_assert(moved(0, 0.01, 1.23, 0));
    ck_assert(!moved(0, 0.12, 1.23, 0)); /* the bounds meet */
    ck_assert(moved(0.02, 0.01, 1.3, 0.02));
    ck_assert(!moved(0.1, 0.01, 1.3, 0.02)); /* the first run was noisy, */
    ck_assert(!moved(0.02, 0.01, 1.3, 0.1)); /* or the second */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats");
    TCase *tcase = tcase_create("stats");
    tcase_add_test(tcase, quantiles_are_interpolated);
    tcase_add_test(tcase, quartiles_leave_the_numbers_alone);
    tcase_add_test(tcase, a_ratio_is_taken_pair_by_pair);
    tcase_add_test(tcase, bounds_enclose_the_median_and_are_the_same_each_time);
    tcase_add_test(tcase, one_disturbed_round_does_not_move_a_ratio);
    tcase_add_test(tcase, what_moved_is_larger_than_noise);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
