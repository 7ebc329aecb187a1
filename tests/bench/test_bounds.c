#include "tests/support/support.h"

#include "bench/bounds.h"
#include "bench/support/json.h"

#define ck_near(actual, expected) ck_assert_double_eq_tol(actual, expected, 1e-9)

#define LANE(contender, starts)                                                                    \
    "{\"name\":\"" contender "\",\"contender\":\"" contender                                       \
    "\",\"ratio\":{\"median\":2,\"starts\":[" starts "]}}"

/* One case: a base, a calm contender, a wild one, and one with a single lane of equal starts. */
static json_t *run_of_three(void)
{
    json_error_t error;
    json_t *run = json_loads("{\"cases\":[{\"lanes\":[" LANE("base", "1,1,1") ","        //
                             LANE("calm", "2,2.02,1.98") "," LANE("wild", "2,3,1.2") "," //
                             LANE("wild", "2,2,2") "," LANE("wild", "2,2.8,1.5") "]}]}",
                             0, &error);
    ck_assert_msg(run != NULL, "%s", error.text);
    bench_bound(run);
    return run;
}

static const json_t *lane(const json_t *run, size_t index)
{
    const json_t *one = json_array_get(json_object_get(run, "cases"), 0);
    return json_array_get(json_object_get(one, "lanes"), index);
}

START_TEST(contenders_have_variances_of_their_own)
{
    json_t *run = run_of_three();
    ck_assert_double_gt(bench_variance_of(run, lane(run, 2)), 0.01);
    ck_assert_double_lt(bench_variance_of(run, lane(run, 1)), 0.001);
    /* Its own starts are calm, but those of its contender are not. */
    ck_assert_double_gt(bench_number_in(lane(run, 3), "ratio", "error"),
                        10 * bench_number_in(lane(run, 1), "ratio", "error"));
    json_decref(run);
}
END_TEST

START_TEST(a_ratio_lies_within_its_bounds)
{
    json_t *run = run_of_three();
    for (size_t i = 1; i < 5; i++) {
        ck_assert_double_lt(bench_number_in(lane(run, i), "ratio", "low"), 2);
        ck_assert_double_gt(bench_number_in(lane(run, i), "ratio", "high"), 2);
    }
    ck_near(bench_number_in(lane(run, 0), "ratio", "low"), 2); /* the base is not bounded */
    ck_near(bench_number_in(lane(run, 0), "ratio", "error"), 0);
    json_decref(run);
}
END_TEST

START_TEST(bounds_are_the_same_when_made_anew)
{
    json_t *run = run_of_three();
    json_t *before = json_deep_copy(run);
    bench_bound(run);
    ck_assert(json_equal(run, before));
    json_decref(before);
    json_decref(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bounds");
    TCase *tcase = tcase_create("bounds");
    tcase_add_test(tcase, contenders_have_variances_of_their_own);
    tcase_add_test(tcase, a_ratio_lies_within_its_bounds);
    tcase_add_test(tcase, bounds_are_the_same_when_made_anew);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
