#include "bench/run.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/facts.h"
#include "bench/round.h"
#include "bench/stores.h"
#include "bench/support/clock.h"
#include "bench/support/die.h"
#include "bench/support/stats.h"
#include "bench/support/stop.h"

enum { OPERATIONS_MAX = 64, THREAD_NAME_SIZE = 16 };

#define CHECKED UINT_MAX

/* A run in a state. */
typedef struct run_state {
    const bench_run_options *options;
    const bench_state *state;
    char name[96];
    bench_stores stores;
    bench_picker picker;
    bench_keys keys;
    json_t *cases;
    bool agree;
} run_state;

/* A lane with what its rounds came to. */
typedef struct lane_run {
    const bench_lane *lane;
    bench_store *store;
    double *wall;
    double *cpu;       /* negative: cannot be told */
    double *latencies; /* of all rounds; or NULL */
    uint64_t sum;      /* of the round that is checked */
    char mark[THREAD_NAME_SIZE];
} lane_run;

/* An operation being measured. */
typedef struct operation_run {
    const bench_operation *operation;
    lane_run lanes[BENCH_LANES_MAX];
    size_t count;
    size_t keys;  /* in a round */
    size_t units; /* in a round */
    unsigned char *value;
} operation_run;

/* ---- Stores */

static bool is_wanted(const run_state *run, const bench_operation *operation)
{
    return bench_operation_fits(operation, run->state) &&
           bench_wanted(run->options->globs, run->options->globs_count, run->name, operation->name);
}

static void say(const run_state *run, const char *what, const char *name)
{
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r\033[K%s: %s %s", run->name, what, name);
}

/* The next lane of an operation that is to be measured, from `lane` on; NULL if there is none. */
static const bench_lane *wanted_lane(const run_state *run, const bench_lane *lane, bool first)
{
    for (; lane->name != NULL; lane++) {
        if (bench_lane_fits(lane, run->state) &&
            (first ||
             bench_lane_wanted(run->options->lanes, run->options->lanes_count, lane->name)))
            return lane;
    }
    return NULL;
}

/* Every contender that some lane needs. */
static void open_stores(run_state *run)
{
    for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
        if (!is_wanted(run, o))
            continue;
        for (const bench_lane *lane = wanted_lane(run, o->lanes, true); lane != NULL;
             lane = wanted_lane(run, lane + 1, false)) {
            const bench_contender *contender = bench_lane_contender(lane);
            if (bench_stores_find(&run->stores, contender) != NULL)
                continue;
            say(run, "loading", contender->name);
            bench_stores_open(&run->stores, contender, run->options->place, &run->state->shape);
            bench_end_if_stopped();
        }
    }
}

/* ---- Rounds */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many keys and units a round has. */
static void set_size(const run_state *run, operation_run *op)
{
    const bench_operation *o = op->operation;
    const bench_shape *shape = &run->state->shape;
    size_t amount = run->options->plan->amounts[o->amount];
    op->keys = amount;
    op->units = amount;
    if (o->amount == BENCH_ROWS) {
        op->keys = amount < o->rows ? 1 : amount / o->rows;
        op->units = op->keys * o->rows;
    } else if (o->amount == BENCH_STEPS) {
        op->keys = smaller(amount, shape->keys * shape->versions);
        op->units = op->keys;
    } else if (o->amount == BENCH_ALL) {
        op->keys = 1;
        op->units = shape->keys * shape->versions;
    } else if (o->amount == BENCH_WRITES) {
        if (o->pick == BENCH_PICK_OVER)
            op->keys = smaller(amount, shape->keys);
        op->keys = op->keys / o->batch * o->batch;
        op->units = op->keys;
    }
    if (o->count != 0)
        op->keys = o->count;
    if (o->units != 0)
        op->units = o->units;
}

static void pick_keys(run_state *run, const operation_run *op, const bench_lane *lane)
{
    const bench_operation *o = op->operation;
    size_t count = o->amount == BENCH_STEPS ? 1 : op->keys;
    bench_pick_keys(&run->picker, lane->own_pick ? lane->pick : o->pick, count, o->rows,
                    &run->keys);
}

static bench_job job_of(const run_state *run, const operation_run *op)
{
    return (bench_job){.users = run->keys.users,
                       .engines = run->keys.engines,
                       .count = op->keys,
                       .ts = run->keys.ts,
                       .rows = op->operation->rows,
                       .batch = op->operation->batch,
                       .value = varve_slice_of(op->value, run->state->shape.value_size)};
}

/* The keys are there, each with the value that the round will write, and a later time is its. */
static void prepare(run_state *run, const operation_run *op, const lane_run *lane)
{
    bench_job job = job_of(run, op);
    if (!op->operation->prepared)
        return;
    (void)lane->store->contender->run[BENCH_PUT_BATCH](lane->store->store, &job);
    bench_keys_later(&run->picker, &run->keys);
}

/* So that a profiler tells what is measured from what is not, and one lane from the others. */
static void name_thread(const char *name)
{
    (void)pthread_setname_np(pthread_self(), name);
}

/* A lane's `number`-th round, or with CHECKED one that is not measured. */
static bench_times run_round(run_state *run, const operation_run *op, const lane_run *lane,
                             unsigned number)
{
    bench_round round = {.operation = op->operation,
                         .lane = lane->lane,
                         .contender = lane->store->contender,
                         .store = lane->store->store,
                         .units = op->units,
                         .picker = &run->picker};
    prepare(run, op, lane);
    round.job = job_of(run, op);
    round.job.limit = lane->lane->limit;
    round.job.check = number == CHECKED;
    if (number != CHECKED && lane->latencies != NULL)
        round.latencies = lane->latencies + number * op->keys;
    name_thread(number == CHECKED ? "checked" : lane->mark);
    bench_times times = bench_round_run(&round);
    name_thread("varve-bench");
    return times;
}

static bool picks_new_keys(const bench_operation *operation)
{
    return operation->pick == BENCH_PICK_NEW || operation->pick == BENCH_PICK_OVER ||
           operation->pick == BENCH_PICK_BEHIND;
}

/* All lanes read the same keys, and have to see the same.  Also warms everything up. */
static void check_round(run_state *run, operation_run *op)
{
    const lane_run *first = NULL;
    for (size_t i = 0; i < op->count; i++) {
        lane_run *lane = &op->lanes[i];
        if (first == NULL || lane->lane->own_pick || picks_new_keys(op->operation))
            pick_keys(run, op, lane->lane);
        lane->sum = run_round(run, op, lane, CHECKED).sum;
        if (lane->lane->own_pick)
            continue;
        if (first == NULL)
            first = lane;
        if (lane->sum != first->sum) {
            (void)fprintf(stderr, "%s/%s: %s and %s did not see the same\n", run->name,
                          op->operation->name, first->lane->name, lane->lane->name);
            run->agree = false;
        }
    }
}

/* Who begins changes, for the second finds the processor's caches otherwise. */
static void measured_round(run_state *run, operation_run *op, unsigned number)
{
    for (size_t i = 0; i < op->count; i++) {
        lane_run *lane = &op->lanes[(i + number) % op->count];
        pick_keys(run, op, lane->lane);
        bench_times times = run_round(run, op, lane, number);
        lane->wall[number] = times.wall;
        lane->cpu[number] = times.cpu;
        bench_end_if_stopped();
    }
}

/* ---- Results */

static json_t *numbers_json(const double *numbers, unsigned count)
{
    json_t *all = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(all, json_real(numbers[i]));
    return all;
}

static json_t *latency_json(double *taken, size_t count)
{
    json_t *found = json_object();
    static const struct {
        const char *name;
        double part;
    } parts[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        json_object_set_new(found, parts[i].name,
                            json_real(bench_quantile(taken, count, parts[i].part)));
    return found;
}

/*
 * Work that never waits takes as much of a processor's time on a busy machine as on a quiet one:
 * that decides, where it can be told and where waiting is not what is measured.
 */
static bool cpu_decides(const operation_run *op)
{
    return op->operation->mode == BENCH_ROUND;
}

static json_t *lane_json(const run_state *run, const operation_run *op, const lane_run *lane)
{
    unsigned rounds = run->options->plan->rounds;
    double fact = bench_fact(&run->state->shape, op->operation->name, lane->lane->name);
    json_t *one =
        json_pack("{s:s,s:s,s:o,s:o,s:o}", "name", lane->lane->name, "contender",
                  lane->store->contender->name, "wall", numbers_json(lane->wall, rounds), "cpu",
                  lane->cpu[0] >= 0 ? numbers_json(lane->cpu, rounds) : json_null(), "known",
                  fact == 0 ? json_null() : json_real(fact));
    if (lane->latencies != NULL)
        json_object_set_new(one, "latency",
                            latency_json(lane->latencies, (size_t)rounds * op->keys));
    return one;
}

static json_t *case_json(const run_state *run, const operation_run *op)
{
    const bench_shape *shape = &run->state->shape;
    char name[160];
    json_t *lanes = json_array();
    (void)snprintf(name, sizeof name, "%s/%s", run->name, op->operation->name);
    for (size_t i = 0; i < op->count; i++)
        json_array_append_new(lanes, lane_json(run, op, &op->lanes[i]));
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:I,s:i,s:o}", "name", name, "state",
                     run->name, "operation", op->operation->name, "unit", op->operation->unit,
                     "clock", cpu_decides(op) ? "cpu" : "wall", "layout",
                     shape->layout == BENCH_ONE ? "one" : "l0", "versions", (int)shape->versions,
                     "value_bytes", (int)shape->value_size, "keys", (json_int_t)shape->keys,
                     "beyond_cache", (int)shape->beyond_cache, "lanes", lanes);
}

/* ---- Operations */

static void open_lanes(run_state *run, operation_run *op)
{
    unsigned rounds = run->options->plan->rounds;
    for (const bench_lane *lane = wanted_lane(run, op->operation->lanes, true); lane != NULL;
         lane = wanted_lane(run, lane + 1, false)) {
        lane_run *added = &op->lanes[op->count++];
        added->lane = lane;
        (void)snprintf(added->mark, sizeof added->mark, "%zu %s", op->count - 1,
                       op->operation->name);
        added->store = bench_stores_find(&run->stores, bench_lane_contender(lane));
        added->wall = bench_alloc(rounds, sizeof *added->wall);
        added->cpu = bench_alloc(rounds, sizeof *added->cpu);
        if (op->operation->mode == BENCH_BESIDE)
            added->latencies = bench_alloc((size_t)rounds * op->keys, sizeof *added->latencies);
    }
}

static void close_lanes(operation_run *op)
{
    for (size_t i = 0; i < op->count; i++) {
        free(op->lanes[i].wall);
        free(op->lanes[i].cpu);
        free(op->lanes[i].latencies);
    }
    free(op->value);
}

/* Everything up to the first round that counts; whether there is something to measure. */
static bool begin_operation(run_state *run, const bench_operation *operation, operation_run *op)
{
    *op = (operation_run){.operation = operation};
    say(run, "warming up", operation->name);
    set_size(run, op);
    op->value = bench_alloc(run->state->shape.value_size, 1);
    bench_value(op->value, run->state->shape.value_size, 0, 0);
    open_lanes(run, op);
    if (op->count > 0)
        check_round(run, op);
    else
        close_lanes(op);
    return op->count > 0;
}

static void end_operation(run_state *run, operation_run *op)
{
    json_t *one = case_json(run, op);
    if (one == NULL)
        bench_die("a result that JSON cannot hold");
    say(run, "measured", op->operation->name);
    json_array_append_new(run->cases, one);
    close_lanes(op);
}

/*
 * A round of each operation, then the next one of each: what disturbs the machine for some seconds
 * is then seen in the spread of all of them, instead of shifting one.
 */
static void run_together(run_state *run, const bench_operation *const *operations, size_t count)
{
    operation_run *ops = bench_alloc(count, sizeof *ops);
    size_t begun = 0;
    for (size_t i = 0; i < count; i++)
        begun += begin_operation(run, operations[i], &ops[begun]);
    for (unsigned round = 0; round < run->options->plan->rounds; round++) {
        for (size_t i = 0; i < begun; i++) {
            say(run, "measuring", ops[i].operation->name);
            measured_round(run, &ops[i], round);
        }
    }
    for (size_t i = 0; i < begun; i++)
        end_operation(run, &ops[i]);
    free(ops);
}

/* What writes changes what comes after it, hence comes one by one and last. */
static void run_operations(run_state *run)
{
    const bench_operation *reading[OPERATIONS_MAX] = {NULL};
    size_t count = 0;
    for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
        if (count == OPERATIONS_MAX)
            bench_die("more than %d operations", OPERATIONS_MAX);
        if (is_wanted(run, o) && !o->writes)
            reading[count++] = o;
    }
    run_together(run, reading, count);
    for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
        if (is_wanted(run, o) && o->writes)
            run_together(run, &o, 1);
    }
}

/* How long loading and measuring took, in seconds. */
static json_t *state_json(const run_state *run, double begin, double loaded, double end)
{
    return json_pack("{s:s,s:f,s:f}", "name", run->name, "loading", (loaded - begin) / 1e9,
                     "measuring", (end - loaded) / 1e9);
}

static void run_in_state(const bench_run_options *options, const bench_state *state,
                         json_t *document)
{
    run_state run = {.options = options, .state = state, .agree = true};
    run.cases = json_object_get(document, "cases");
    bench_shape_name(&state->shape, run.name, sizeof run.name);
    bench_picker_init(&run.picker, &state->shape);
    double begin = bench_wall();
    open_stores(&run);
    double loaded = bench_wall();
    if (!bench_stores_agree(&run.stores))
        run.agree = false;
    run_operations(&run);
    if (run.stores.count > 0)
        json_array_append_new(json_object_get(document, "states"),
                              state_json(&run, begin, loaded, bench_wall()));
    bench_stores_close(&run.stores);
    bench_keys_release(&run.keys);
    if (!run.agree)
        json_object_set_new(document, "agree", json_false());
}

json_t *bench_run(const bench_run_options *options)
{
    json_t *document = json_pack("{s:b,s:[],s:[]}", "agree", 1, "states", "cases");
    for (size_t i = 0; i < options->plan->states_count; i++)
        run_in_state(options, &options->plan->states[i], document);
    if (isatty(STDERR_FILENO))
        (void)fputs("\r\033[K", stderr);
    return document;
}
