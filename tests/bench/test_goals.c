#include "tests/support/support.h"

#include "bench/compare.h"
#include "bench/goals.h"

/* A document with one case, whose lanes are given as JSON. */
static json_t *run_of(const char *layout, int versions, const char *operation, const char *lanes)
{
    json_error_t error;
    json_t *list = json_loads(lanes, 0, &error);
    ck_assert_msg(list != NULL, "%s", error.text);
    json_t *one = json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:o}", "name", "here/it", "state", "here",
                            "operation", operation, "layout", layout, "versions", versions,
                            "beyond_cache", 0, "lanes", list);
    return json_pack("{s:[o]}", "cases", one);
}

#define LANE(name, wall, ratio, low, high, error)                                                  \
    "{\"name\":\"" name "\",\"wall\":{\"median\":" #wall "},\"ratio\":{\"median\":" #ratio         \
    ",\"low\":" #low ",\"high\":" #high ",\"error\":" #error "}}"

#define BASE LANE("raw get", 100, 1.0, 1.0, 1.0, 0.0)

static json_t *goal_named(const json_t *goals, const char *name)
{
    size_t index;
    json_t *goal;
    json_array_foreach(goals, index, goal)
    {
        if (strcmp(json_string_value(json_object_get(goal, "name")), name) == 0)
            return goal;
    }
    return NULL;
}

static double number(const json_t *goal, const char *key)
{
    return json_number_value(json_object_get(goal, key));
}

static void check_goal(const json_t *run, const char *name, double ratio, double goal, bool met)
{
    json_t *goals = bench_goals(run);
    const json_t *found = goal_named(goals, name);
    ck_assert_msg(found != NULL, "no goal: %s", name);
    ck_assert_double_eq_tol(number(found, "ratio"), ratio, 1e-6);
    ck_assert_double_eq_tol(number(found, "goal"), goal, 1e-6);
    ck_assert_int_eq(json_is_true(json_object_get(found, "met")), met);
    ck_assert_str_eq(json_string_value(json_object_get(found, "state")), "here");
    ck_assert_double_le(number(found, "low"), number(found, "ratio"));
    ck_assert_double_ge(number(found, "high"), number(found, "ratio"));
    json_decref(goals);
}

START_TEST(a_goal_depends_on_the_layout)
{
    const char *lanes = "[" BASE "," LANE("varve", 100, 1.0, 0.9, 1.1,
                                          0.1) "," LANE("plain get", 125, 1.25, 1.2, 1.3, 0.1) "]";
    json_t *one = run_of("one", 10, "get-newest", lanes);
    json_t *l0 = run_of("l0", 10, "get-newest", lanes);
    check_goal(one, "newest get, quiet engine", 1.0, 1.10, true);
    check_goal(l0, "newest get, quiet engine", 0.8, 0.90, true); /* against the plain one */
    json_decref(one);
    json_decref(l0);
}
END_TEST

START_TEST(a_goal_may_be_for_one_number_of_versions)
{
    const char *lanes = "[" BASE "," LANE("varve", 100, 1.2, 1.1, 1.3, 0.1) "]";
    json_t *one = run_of("one", 1, "scan-100", lanes);
    check_goal(one, "scan of 100 keys, 1 version, packed", 1.2, 1.25, true);
    json_t *ten = run_of("one", 10, "scan-100", lanes);
    json_t *goals = bench_goals(ten);
    ck_assert_ptr_null(goal_named(goals, "scan of 100 keys, 1 version, packed"));
    json_decref(goals);
    json_decref(one);
    json_decref(ten);
}
END_TEST

START_TEST(a_scan_is_held_against_the_best_pinned_limit)
{
    json_t *run = run_of("one", 10, "scan-100",
                         "[" BASE "," LANE("varve", 660, 6.6, 6.5, 6.7, 0.1) "," LANE(
                             "raw next<=0", 800, 8.0, 7.9, 8.1,
                             0.1) "," LANE("raw next<=10", 600, 6.0, 5.9, 6.1,
                                           0.1) "," LANE("udt", 1100, 11.0, 10.0, 12.0, 0.1) "]");
    check_goal(run, "scan of 100 newest of 10, to the best pinned limit", 1.1, 1.2, true);
    check_goal(run, "newest scan of 10, to user-defined timestamps", 0.6, 0.70, true);
    json_decref(run);
}
END_TEST

START_TEST(two_threads_are_to_be_at_least_so_much_faster)
{
    json_t *fast = run_of("one", 1, "get-2-threads",
                          "[" LANE("varve", 100, 1.0, 1.0, 1.0, 0.0) "," LANE(
                              "varve, two threads", 50, 0.5, 0.48, 0.52, 0.0) "]");
    json_t *slow = run_of("one", 1, "get-2-threads",
                          "[" LANE("varve", 100, 1.0, 1.0, 1.0, 0.0) "," LANE(
                              "varve, two threads", 80, 0.8, 0.78, 0.82, 0.0) "]");
    check_goal(fast, "two reading threads", 2.0, 1.85, true);
    check_goal(slow, "two reading threads", 1.25, 1.85, false);
    json_decref(fast);
    json_decref(slow);
}
END_TEST

/* With a base that is disturbed in one start both lanes are; what they are to each other is not. */
START_TEST(bounds_are_those_of_both_sides_together)
{
    json_error_t error;
    json_t *lanes =
        json_loads("[{\"name\":\"raw get\",\"ratio\":{\"median\":1.0,\"starts\":[1.0,1.0,1.0]}},"
                   "{\"name\":\"varve\",\"ratio\":{\"median\":1.0,\"starts\":[1.0,2.0,1.0]}},"
                   "{\"name\":\"udt\",\"ratio\":{\"median\":2.0,\"starts\":[2.0,4.0,2.0]}}]",
                   0, &error);
    ck_assert_msg(lanes != NULL, "%s", error.text);
    json_t *run = run_of("one", 1, "get-newest", "[]");
    json_object_set_new(json_array_get(json_object_get(run, "cases"), 0), "lanes", lanes);
    json_t *goals = bench_goals(run);
    const json_t *to_base = goal_named(goals, "newest get, quiet engine");
    const json_t *to_udt = goal_named(goals, "newest get, to user-defined timestamps");
    ck_assert_double_lt(number(to_base, "low"), 0.9);
    ck_assert_double_gt(number(to_base, "high"), 1.1);
    ck_assert_double_eq_tol(number(to_udt, "low"), 0.5, 1e-6);
    ck_assert_double_eq_tol(number(to_udt, "high"), 0.5, 1e-6);
    json_decref(goals);
    json_decref(run);
}
END_TEST

START_TEST(without_both_sides_there_is_no_goal)
{
    json_t *run = run_of("one", 1, "get-newest", "[" BASE "]");
    json_t *goals = bench_goals(run);
    ck_assert_uint_eq(json_array_size(goals), 0);
    json_decref(goals);
    json_decref(run);
}
END_TEST

START_TEST(data_beyond_the_cache_has_no_goal)
{
    json_t *run =
        run_of("one", 1, "get-newest", "[" BASE "," LANE("varve", 100, 1.0, 0.9, 1.1, 0.1) "]");
    json_object_set_new(json_array_get(json_object_get(run, "cases"), 0), "beyond_cache",
                        json_integer(4));
    json_t *goals = bench_goals(run);
    ck_assert_uint_eq(json_array_size(goals), 0);
    json_decref(goals);
    json_decref(run);
}
END_TEST

static size_t moved(const json_t *before, const json_t *after, json_int_t compared,
                    json_int_t only_in_one)
{
    json_t *found = bench_compare(before, after);
    size_t count = json_array_size(json_object_get(found, "moved"));
    ck_assert_int_eq(json_integer_value(json_object_get(found, "compared")), compared);
    ck_assert_int_eq(json_integer_value(json_object_get(found, "only_in_one")), only_in_one);
    json_decref(found);
    return count;
}

START_TEST(only_what_is_beyond_noise_has_moved)
{
    json_t *before = run_of("one", 1, "get-newest",
                            "[" BASE "," LANE("varve", 100, 1.0, 0.9, 1.1,
                                              0.02) "," LANE("udt", 100, 1.0, 0.5, 1.5, 0.3) "]");
    json_t *after = run_of("one", 1, "get-newest",
                           "[" BASE "," LANE("varve", 100, 1.3, 1.2, 1.4,
                                             0.02) "," LANE("udt", 100, 1.3, 0.8, 1.8, 0.3) "]");
    json_t *less = run_of("one", 1, "get-newest", "[" BASE "]");
    json_t *other = run_of("one", 1, "get-newest", "[" BASE "]");
    json_object_set_new(json_array_get(json_object_get(other, "cases"), 0), "name",
                        json_string("there/it"));
    ck_assert_uint_eq(moved(before, before, 3, 0), 0);
    ck_assert_uint_eq(moved(before, after, 3, 0), 1);
    ck_assert_uint_eq(moved(after, before, 3, 0), 1);
    ck_assert_uint_eq(moved(less, after, 1, 2), 0);
    ck_assert_uint_eq(moved(other, less, 0, 1), 0);
    json_decref(before);
    json_decref(after);
    json_decref(less);
    json_decref(other);
}
END_TEST

#define PACK(varve, others)                                                                        \
    "[" BASE "," LANE("varve", 100, varve, varve, varve, 0.01) "," LANE(                           \
        "a", 100, others, others, others, 0.01) "," LANE("b", 100, others, others, others,         \
                                                         0.01) "," LANE("c", 100, others, others,  \
                                                                        others, 0.01) "]"

START_TEST(a_base_that_moves_does_not_move_the_others)
{
    json_t *before = run_of("one", 1, "get-newest", PACK(2.0, 2.0));
    json_t *shifted = run_of("one", 1, "get-newest", PACK(2.8, 2.8));
    json_t *slower = run_of("one", 1, "get-newest", PACK(4.2, 2.8));
    ck_assert_uint_eq(moved(before, shifted, 5, 0), 0);
    ck_assert_uint_eq(moved(before, slower, 5, 0), 1);
    ck_assert_uint_eq(moved(slower, shifted, 5, 0), 1);
    json_decref(before);
    json_decref(shifted);
    json_decref(slower);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("goals");
    TCase *tcase = tcase_create("goals");
    tcase_add_test(tcase, a_goal_depends_on_the_layout);
    tcase_add_test(tcase, a_goal_may_be_for_one_number_of_versions);
    tcase_add_test(tcase, a_scan_is_held_against_the_best_pinned_limit);
    tcase_add_test(tcase, two_threads_are_to_be_at_least_so_much_faster);
    tcase_add_test(tcase, bounds_are_those_of_both_sides_together);
    tcase_add_test(tcase, without_both_sides_there_is_no_goal);
    tcase_add_test(tcase, data_beyond_the_cache_has_no_goal);
    tcase_add_test(tcase, only_what_is_beyond_noise_has_moved);
    tcase_add_test(tcase, a_base_that_moves_does_not_move_the_others);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
