#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "bench/cases.h"
#include "bench/support/die.h"

#define MANY ((size_t)1000000)

static void add(bench_plan *plan, bench_shape shape, unsigned flags)
{
    if (plan->states_count == BENCH_STATES_MAX)
        bench_die("a plan has more than %d states", BENCH_STATES_MAX);
    plan->states[plan->states_count++] = (bench_state){shape, flags};
}

/* The states that the goals name: as many records in each. */
static void add_goals(bench_plan *plan, size_t records)
{
    for (unsigned layout = BENCH_ONE; layout <= BENCH_L0; layout++) {
        for (unsigned versions = 1; versions <= 100; versions *= 10)
            add(plan, (bench_shape){layout, versions, 64, records / versions, 0}, 0);
    }
}

/* From one version of a million keys with 64 bytes, one thing at a time. */
static void add_axes(bench_plan *plan)
{
    plan->states[0].flags |= BENCH_STATE_ROWS;
    add(plan, (bench_shape){BENCH_ONE, 1, 8, MANY, 0}, BENCH_STATE_NARROW);
    /* All contenders together would fill 6 GB. */
    add(plan, (bench_shape){BENCH_ONE, 1, 512, MANY, 0}, BENCH_STATE_NARROW | BENCH_STATE_FEW);
    add(plan, (bench_shape){BENCH_ONE, 1, 64, MANY, 4}, BENCH_STATE_NARROW | BENCH_STATE_FEW);
    add(plan, (bench_shape){BENCH_ONE, 1, 64, MANY / 10, 0}, BENCH_STATE_NARROW | BENCH_STATE_FEW);
    add(plan, (bench_shape){BENCH_ONE, 1, 64, 10 * MANY, 0}, BENCH_STATE_NARROW | BENCH_STATE_FEW);
}

static void add_grid(bench_plan *plan)
{
    static const unsigned sizes[] = {8, 64, 512};
    static const unsigned beyond[] = {0, 4};
    for (unsigned layout = BENCH_ONE; layout <= BENCH_L0; layout++) {
        for (unsigned versions = 1; versions <= 100; versions *= 10) {
            for (size_t i = 0; i < 6; i++)
                add(plan,
                    (bench_shape){layout, versions, sizes[i % 3], MANY / versions, beyond[i / 3]},
                    BENCH_STATE_ROWS | (beyond[i / 3] != 0 ? BENCH_STATE_FEW : 0));
        }
    }
    add(plan, (bench_shape){BENCH_ONE, 1, 64, MANY / 10, 0}, BENCH_STATE_FEW);
    add(plan, (bench_shape){BENCH_ONE, 1, 64, 10 * MANY, 0}, BENCH_STATE_FEW);
}

static void add_cockroach(bench_plan *plan)
{
    for (unsigned versions = 1; versions <= 100; versions *= 10) {
        for (unsigned size = 8; size <= 512; size *= 8)
            add(plan, (bench_shape){BENCH_ONE, versions, size, 20000, 0},
                BENCH_STATE_NARROW | BENCH_STATE_FEW | BENCH_STATE_ROWS);
    }
}

static void add_smoke(bench_plan *plan)
{
    add(plan, (bench_shape){BENCH_ONE, 1, 64, 2500, 0}, BENCH_STATE_ROWS);
    add(plan, (bench_shape){BENCH_L0, 10, 8, 200, 0}, 0);
    add(plan, (bench_shape){BENCH_ONE, 100, 512, 120, 4}, BENCH_STATE_NARROW | BENCH_STATE_FEW);
}

void bench_plan_init(bench_plan *plan, bench_profile profile)
{
    static const bench_plan plans[BENCH_PROFILES] = {
        {.name = "smoke", .starts = 2, .rounds = 2, .amounts = {50, 500, 500, 200}},
        {.name = "quick", .starts = 2, .rounds = 3, .amounts = {3000, 4000, 50000, 3000}},
        {.name = "full", .starts = 3, .rounds = 3, .amounts = {10000, 10000, 200000, 10000}},
        {.name = "grid", .starts = 3, .rounds = 4, .amounts = {10000, 10000, 200000, 10000}},
        {.name = "cockroach", .starts = 3, .rounds = 4, .amounts = {10000, 20000, 200000, 10000}},
    };
    *plan = plans[profile];
    if (profile == BENCH_SMOKE)
        add_smoke(plan);
    else if (profile == BENCH_QUICK)
        add_goals(plan, MANY / 10);
    else if (profile == BENCH_GRID)
        add_grid(plan);
    else if (profile == BENCH_COCKROACH)
        add_cockroach(plan);
    else {
        add_goals(plan, MANY);
        add_axes(plan);
    }
}

bool bench_operation_fits(const bench_operation *operation, const bench_state *state)
{
    unsigned versions = state->shape.versions;
    if (operation->rows >= state->shape.keys)
        return false;
    if (versions < operation->versions_min ||
        (operation->versions_max != 0 && versions > operation->versions_max))
        return false;
    if (operation->rows_only)
        return (state->flags & BENCH_STATE_ROWS) != 0;
    return operation->narrow || (state->flags & BENCH_STATE_NARROW) == 0;
}

bool bench_lane_fits(const bench_lane *lane, const bench_state *state)
{
    const bench_contender *contender = bench_lane_contender(lane);
    if (contender == NULL || contender->run[lane->op] == NULL ||
        state->shape.versions < lane->versions ||
        (lane->l0_only && state->shape.layout != BENCH_L0))
        return false;
    return (state->flags & BENCH_STATE_FEW) == 0 || contender == &bench_varve ||
           contender == &bench_raw || contender == &bench_plain || contender == &bench_udt;
}

const bench_contender *bench_lane_contender(const bench_lane *lane)
{
    char name[32];
    size_t size = strcspn(lane->name, " ,");
    (void)snprintf(name, sizeof name, "%.*s", (int)size, lane->name);
    return bench_contender_find(name);
}

bool bench_wanted(char *const *globs, size_t count, const char *state, const char *operation)
{
    char whole[160];
    (void)snprintf(whole, sizeof whole, "%s/%s", state, operation);
    for (size_t i = 0; i < count; i++) {
        if (strchr(globs[i], '/') != NULL && fnmatch(globs[i], whole, 0) == 0)
            return true;
        if (strchr(globs[i], '/') == NULL &&
            (fnmatch(globs[i], state, 0) == 0 || fnmatch(globs[i], operation, 0) == 0))
            return true;
    }
    return count == 0;
}

bool bench_lane_wanted(char *const *globs, size_t count, const char *lane)
{
    for (size_t i = 0; i < count; i++) {
        if (fnmatch(globs[i], lane, 0) == 0)
            return true;
    }
    return count == 0;
}
