#include "tests/support/support.h"

#include <math.h>

#include "bench/summary.h"
#include "bench/support/json.h"

#define ck_near(actual, expected) ck_assert_double_eq_tol(actual, expected, 1e-9)

static json_t *load(const char *text)
{
    json_error_t error;
    json_t *found = json_loads(text, 0, &error);
    ck_assert_msg(found != NULL, "%s", error.text);
    return found;
}

/* A start with one case of two lanes, whose times by the processor's clock are given. */
#define START(agree, base, other)                                                                  \
    "{\"agree\":" agree ",\"states\":[{\"name\":\"here\",\"loading\":1.5,\"measuring\":2}],"       \
    "\"cases\":[{\"name\":\"here/it\",\"clock\":\"cpu\",\"lanes\":["                               \
    "{\"name\":\"raw\",\"wall\":[9.0,9.0,9.0],\"cpu\":[" base "]},"                                \
    "{\"name\":\"varve\",\"wall\":[18.0,18.0,18.0],\"cpu\":[" other "],"                           \
    "\"latency\":{\"p50\":" LATENCY "}}]}]}"

#define LATENCY "7.0"
#define FIRST START("true", "1.0,2.0,3.0", "3.0,6.0,9.0")
#define SECOND START("true", "1.0,1.0,1.0", "4.0,4.0,4.0")

static json_t *lane(const json_t *run, size_t index)
{
    const json_t *one = json_array_get(json_object_get(run, "cases"), 0);
    return json_array_get(json_object_get(one, "lanes"), index);
}

START_TEST(rounds_of_all_starts_come_together)
{
    json_t *starts[] = {load(FIRST), load(FIRST), load(SECOND)};
    json_t *run = bench_summary(starts, 3);
    ck_assert_ptr_nonnull(run);
    ck_near(bench_number(run, "starts"), 3);
    ck_near(bench_number(run, "rounds"), 3);
    ck_assert(json_is_true(json_object_get(run, "agree")));
    const json_t *varve = lane(run, 1);
    ck_near(bench_number_in(varve, "cpu", "median"), 4);
    ck_near(bench_number_in(varve, "wall", "median"), 18);
    ck_near(bench_number_in(varve, "ratio", "median"), 3);
    ck_near(bench_number(varve, "wall_ratio"), 2);
    ck_near(bench_number_in(varve, "latency", "p50"), 7);
    /* Starts at 3, 3 and 4, and no other lane to tell what is typical. */
    double variance = log(4.0 / 3) * log(4.0 / 3) / 3;
    double error = bench_number_in(varve, "ratio", "error");
    ck_assert_double_gt(error, 1.2 * sqrt(variance / 3));
    ck_assert_double_lt(error, 1.2 * sqrt(1.5 * variance / 3));
    ck_assert_double_lt(bench_number_in(varve, "ratio", "low"), 3);
    ck_assert_double_gt(bench_number_in(varve, "ratio", "high"), 3);
    ck_near(bench_number_in(lane(run, 0), "ratio", "low"), 1);
    ck_near(bench_number_in(lane(run, 0), "ratio", "high"), 1);
    const json_t *state = json_array_get(json_object_get(run, "states"), 0);
    ck_near(bench_number(state, "loading"), 4.5);
    ck_near(bench_number(state, "measuring"), 6);
    json_decref(run);
    for (size_t i = 0; i < 3; i++)
        json_decref(starts[i]);
}
END_TEST

START_TEST(who_disagrees_once_disagrees)
{
    json_t *starts[] = {load(FIRST), load(START("false", "1.0,1.0,1.0", "4.0,4.0,4.0"))};
    json_t *run = bench_summary(starts, 2);
    ck_assert(json_is_false(json_object_get(run, "agree")));
    json_decref(run);
    json_decref(starts[0]);
    json_decref(starts[1]);
}
END_TEST

START_TEST(starts_that_are_not_alike_come_to_nothing)
{
    json_t *starts[] = {load(FIRST), load(SECOND)};
    json_object_set_new(lane(starts[1], 1), "name", json_string("another"));
    ck_assert_ptr_null(bench_summary(starts, 2));
    json_object_set_new(lane(starts[1], 1), "name", json_string("varve"));
    json_array_remove(json_object_get(lane(starts[1], 1), "wall"), 0);
    ck_assert_ptr_null(bench_summary(starts, 2));
    json_array_clear(json_object_get(starts[1], "cases"));
    ck_assert_ptr_null(bench_summary(starts, 2));
    json_decref(starts[0]);
    json_decref(starts[1]);
}
END_TEST

START_TEST(a_time_that_cannot_be_told_stays_untold)
{
    json_t *starts[] = {load(FIRST), load(SECOND)};
    for (size_t i = 0; i < 2; i++) {
        json_object_set_new(json_array_get(json_object_get(starts[i], "cases"), 0), "clock",
                            json_string("wall"));
        for (size_t at = 0; at < 2; at++)
            json_object_set_new(lane(starts[i], at), "cpu", json_null());
    }
    json_t *run = bench_summary(starts, 2);
    ck_assert(json_is_null(json_object_get(lane(run, 1), "cpu")));
    ck_near(bench_number_in(lane(run, 1), "ratio", "median"), 2);
    json_decref(run);
    json_decref(starts[0]);
    json_decref(starts[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("summary");
    TCase *tcase = tcase_create("summary");
    tcase_add_test(tcase, rounds_of_all_starts_come_together);
    tcase_add_test(tcase, who_disagrees_once_disagrees);
    tcase_add_test(tcase, starts_that_are_not_alike_come_to_nothing);
    tcase_add_test(tcase, a_time_that_cannot_be_told_stays_untold);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
