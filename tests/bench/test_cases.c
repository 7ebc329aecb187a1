#include "tests/support/support.h"

#include "bench/cases.h"

START_TEST(globs_pick_states_operations_or_both)
{
    char *operation[] = {"scan-*"};
    char *state[] = {"l0-*"};
    char *both[] = {"one-*/get-newest"};
    char *two[] = {"nothing", "put-1"};
    ck_assert(bench_wanted(NULL, 0, "one-v1", "get-newest"));
    ck_assert(bench_wanted(operation, 1, "one-v1", "scan-100"));
    ck_assert(!bench_wanted(operation, 1, "one-v1", "reverse-100"));
    ck_assert(bench_wanted(state, 1, "l0-v10", "reverse-100"));
    ck_assert(!bench_wanted(state, 1, "one-v10", "reverse-100"));
    ck_assert(bench_wanted(both, 1, "one-v10", "get-newest"));
    ck_assert(!bench_wanted(both, 1, "one-v10", "get-newest-writing"));
    ck_assert(!bench_wanted(both, 1, "l0-v10", "get-newest"));
    ck_assert(bench_wanted(two, 2, "l0-v10", "put-1"));
    ck_assert(!bench_wanted(two, 2, "l0-v10", "put-100"));
}
END_TEST

START_TEST(globs_pick_lanes)
{
    char *globs[] = {"raw *", "varve"};
    ck_assert(bench_lane_wanted(NULL, 0, "raw get"));
    ck_assert(bench_lane_wanted(globs, 2, "raw get"));
    ck_assert(bench_lane_wanted(globs, 2, "varve"));
    ck_assert(!bench_lane_wanted(globs, 2, "varve blind"));
    ck_assert(!bench_lane_wanted(globs, 2, "udt"));
}
END_TEST

static bool is_missing(const char *lane)
{
    for (size_t i = 0; bench_missing[i] != NULL; i += 2) {
        if (strncmp(bench_missing[i], lane, strlen(bench_missing[i])) == 0)
            return true;
    }
    return false;
}

START_TEST(every_lane_has_a_contender_that_can_do_it)
{
    for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
        size_t lanes = 0;
        for (const bench_lane *lane = o->lanes; lane->name != NULL; lane++, lanes++) {
            const bench_contender *contender = bench_lane_contender(lane);
            if (contender == NULL)
                ck_assert_msg(is_missing(lane->name), "%s/%s", o->name, lane->name);
            else
                ck_assert_msg(contender->run[lane->op] != NULL &&
                                  (contender->run[BENCH_PUT_BATCH] != NULL ||
                                   (o->mode != BENCH_BESIDE && !o->prepared)),
                              "%s/%s", o->name, lane->name);
        }
        ck_assert_uint_ge(lanes, 2);
        ck_assert_uint_lt(lanes, BENCH_LANES_MAX);
    }
}
END_TEST

START_TEST(every_contender_can_read_everything_once)
{
    for (size_t i = 0; bench_contenders[i] != NULL; i++)
        ck_assert_msg(bench_contenders[i]->run[BENCH_RECOUNT] != NULL ||
                          bench_contenders[i]->run[BENCH_SCAN] != NULL,
                      "%s", bench_contenders[i]->name);
}
END_TEST

START_TEST(operations_have_names_of_their_own_and_those_that_write_come_last)
{
    bool writes = false;
    for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
        for (const bench_operation *other = bench_operations; other != o; other++)
            ck_assert_str_ne(o->name, other->name);
        ck_assert_msg(o->writes || !writes, "%s comes after one that writes", o->name);
        writes = o->writes;
    }
    ck_assert(writes);
}
END_TEST

static bool is_in(const bench_plan *plan, const bench_operation *operation)
{
    for (size_t i = 0; i < plan->states_count; i++) {
        if (bench_operation_fits(operation, &plan->states[i]))
            return true;
    }
    return false;
}

START_TEST(a_full_run_and_a_grid_have_every_operation)
{
    bench_plan full;
    bench_plan grid;
    bench_plan_init(&full, BENCH_FULL);
    bench_plan_init(&grid, BENCH_GRID);
    for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
        ck_assert_msg(is_in(&full, o), "%s", o->name);
        ck_assert_msg(is_in(&grid, o), "%s", o->name);
    }
}
END_TEST

static size_t states_like(const bench_plan *plan, bench_layout layout, unsigned versions)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->states_count; i++)
        count += plan->states[i].shape.layout == layout &&
                 plan->states[i].shape.versions == versions && plan->states[i].flags % 4 == 0;
    return count;
}

START_TEST(quick_and_full_runs_have_the_states_of_the_goals)
{
    for (bench_profile profile = BENCH_QUICK; profile <= BENCH_FULL; profile++) {
        bench_plan plan;
        bench_plan_init(&plan, profile);
        for (unsigned versions = 1; versions <= 100; versions *= 10) {
            ck_assert_uint_eq(states_like(&plan, BENCH_ONE, versions), 1);
            ck_assert_uint_eq(states_like(&plan, BENCH_L0, versions), 1);
        }
    }
}
END_TEST

START_TEST(every_state_of_a_plan_has_a_name_of_its_own)
{
    for (bench_profile profile = BENCH_SMOKE; profile < BENCH_PROFILES; profile++) {
        bench_plan plan;
        char names[BENCH_STATES_MAX][96];
        bench_plan_init(&plan, profile);
        ck_assert_uint_gt(plan.rounds, 1);
        ck_assert_uint_gt(plan.starts, 1);
        for (size_t i = 0; i < plan.states_count; i++) {
            bench_shape_name(&plan.states[i].shape, names[i], sizeof names[i]);
            for (size_t j = 0; j < i; j++)
                ck_assert_str_ne(names[i], names[j]);
        }
    }
}
END_TEST

START_TEST(few_contenders_are_varve_and_rocksdb)
{
    const bench_lane sqlite = {.name = "sqlite", .op = BENCH_GET};
    const bench_lane deep = {.name = "raw next<=20", .op = BENCH_SCAN, .versions = 2};
    const bench_lane plain = {.name = "plain get", .op = BENCH_GET_EXACT, .l0_only = true};
    const bench_lane cannot = {.name = "udt", .op = BENCH_GET_EXACT};
    bench_state state = {.shape = {.versions = 1}};
    ck_assert(!bench_lane_fits(&deep, &state));
    ck_assert(!bench_lane_fits(&cannot, &state));
    ck_assert(!bench_lane_fits(&plain, &state));
    state.shape.versions = 2;
    ck_assert(bench_lane_fits(&deep, &state));
    ck_assert(bench_lane_fits(&sqlite, &state) == (bench_contender_find("sqlite") != NULL));
    state.shape.layout = BENCH_L0;
    ck_assert(bench_lane_fits(&plain, &state));
    state.flags = BENCH_STATE_FEW;
    ck_assert(!bench_lane_fits(&sqlite, &state));
    ck_assert(bench_lane_fits(&deep, &state));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cases");
    TCase *tcase = tcase_create("cases");
    tcase_add_test(tcase, globs_pick_states_operations_or_both);
    tcase_add_test(tcase, globs_pick_lanes);
    tcase_add_test(tcase, every_lane_has_a_contender_that_can_do_it);
    tcase_add_test(tcase, every_contender_can_read_everything_once);
    tcase_add_test(tcase, operations_have_names_of_their_own_and_those_that_write_come_last);
    tcase_add_test(tcase, a_full_run_and_a_grid_have_every_operation);
    tcase_add_test(tcase, quick_and_full_runs_have_the_states_of_the_goals);
    tcase_add_test(tcase, every_state_of_a_plan_has_a_name_of_its_own);
    tcase_add_test(tcase, few_contenders_are_varve_and_rocksdb);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
