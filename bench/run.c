#include "bench/run.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/facts.h"
#include "bench/round.h"
#include "bench/support/die.h"
#include "bench/support/place.h"
#include "bench/support/stats.h"

enum { CONTENDERS_MAX = 16, OPERATIONS_MAX = 64, PATH_SIZE = 4096 };

#define CHECKED UINT_MAX

#define CACHE_BYTES ((uint64_t)1 << 30)          /* at least, where all of it is to stay there */
#define WRITE_BUFFER_BYTES ((uint64_t)256 << 20) /* no flush while something is measured */

static volatile sig_atomic_t stopped;

void bench_stop(int signal_number)
{
    stopped = signal_number;
}

/* A good place to end: whatever is registered with atexit() tidies up. */
static void end_if_stopped(void)
{
    if (stopped != 0)
        bench_die("stopped by signal %d", (int)stopped);
}

/* A store of a contender, open in a state. */
typedef struct open_store {
    const bench_contender *contender;
    void *store;
    char path[PATH_SIZE];
} open_store;

/* A run in a state. */
typedef struct run_state {
    const bench_run_options *options;
    const bench_state *state;
    char name[96];
    open_store stores[CONTENDERS_MAX];
    size_t stores_count;
    bench_picker picker;
    bench_keys keys;
    json_t *cases;
    bool agree;
} run_state;

/* A lane with what its rounds came to. */
typedef struct lane_run {
    const bench_lane *lane;
    open_store *store;
    double *wall;
    double *cpu;       /* negative: cannot be told */
    double *latencies; /* of all rounds; or NULL */
    uint64_t sum;      /* of the round that is checked */
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

static open_store *store_of(run_state *run, const bench_contender *contender)
{
    for (size_t i = 0; i < run->stores_count; i++) {
        if (run->stores[i].contender == contender)
            return &run->stores[i];
    }
    return NULL;
}

static void say(const run_state *run, const char *what, const char *name)
{
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r\033[K%s: %s %s", run->name, what, name);
}

static void open_one(run_state *run, const bench_contender *contender)
{
    const bench_shape *shape = &run->state->shape;
    open_store *store = &run->stores[run->stores_count++];
    uint64_t data = bench_shape_bytes(shape);
    uint64_t roomy = 2 * data < CACHE_BYTES ? CACHE_BYTES : 2 * data;
    uint64_t cache = shape->beyond_cache == 0 ? roomy : data / shape->beyond_cache;
    store->contender = contender;
    say(run, "loading", contender->name);
    (void)snprintf(store->path, sizeof store->path, "%s/%s", run->options->place, contender->name);
    if (mkdir(store->path, 0700) != 0)
        bench_die("%s: cannot be made", store->path);
    bench_config config = {.path = store->path,
                           .cache_bytes = cache,
                           .write_buffer_bytes = WRITE_BUFFER_BYTES,
                           .data_bytes = data};
    store->store = contender->open(&config);
    bench_load(contender, store->store, shape);
    end_if_stopped();
}

/* Every contender that some lane needs. */
static void open_stores(run_state *run)
{
    for (const bench_operation *o = bench_operations; o->name != NULL; o++) {
        if (!is_wanted(run, o))
            continue;
        for (const bench_lane *lane = o->lanes; lane->name != NULL; lane++) {
            if (bench_lane_fits(lane, run->state) &&
                store_of(run, bench_lane_contender(lane)) == NULL)
                open_one(run, bench_lane_contender(lane));
        }
    }
}

static void compare_options(run_state *run)
{
    const open_store *ours = store_of(run, &bench_varve);
    const open_store *theirs = store_of(run, &bench_raw);
    if (ours != NULL && theirs != NULL && !bench_same_options(ours->path, theirs->path))
        run->agree = false;
}

static void close_stores(run_state *run)
{
    for (size_t i = 0; i < run->stores_count; i++) {
        run->stores[i].contender->close(run->stores[i].store);
        bench_place_remove(run->stores[i].path);
    }
    run->stores_count = 0;
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

/* A lane's `number`-th round, or with CHECKED one that is not measured. */
static bench_times run_round(run_state *run, const operation_run *op, const lane_run *lane,
                             unsigned number)
{
    bool check = number == CHECKED;
    const bench_operation *o = op->operation;
    bench_round round = {.operation = o,
                         .lane = lane->lane,
                         .contender = lane->store->contender,
                         .store = lane->store->store,
                         .units = op->units,
                         .picker = &run->picker};
    round.job = (bench_job){.users = run->keys.users,
                            .engines = run->keys.engines,
                            .count = op->keys,
                            .ts = run->keys.ts,
                            .rows = o->rows,
                            .batch = o->batch,
                            .limit = lane->lane->limit,
                            .value = varve_slice_of(op->value, run->state->shape.value_size),
                            .check = check};
    if (!check && lane->latencies != NULL)
        round.latencies = lane->latencies + number * op->keys;
    return bench_round_run(&round);
}

static bool picks_new_keys(const bench_operation *operation)
{
    return operation->pick == BENCH_PICK_NEW || operation->pick == BENCH_PICK_OVER;
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
        end_if_stopped();
    }
}

/* ---- Results */

static json_t *quartiles_json(const double *rounds, unsigned count)
{
    bench_quartiles found = bench_quartiles_of(rounds, count);
    return json_pack("{s:f,s:f,s:f}", "median", found.median, "q1", found.low, "q3", found.high);
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

static json_t *ratio_json(bench_ratio ratio)
{
    return json_pack("{s:f,s:f,s:f,s:f}", "median", ratio.median, "low", ratio.low, "high",
                     ratio.high, "spread", ratio.spread);
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
    const lane_run *base = &op->lanes[0];
    bool has_cpu = lane->cpu[0] >= 0;
    double fact = bench_fact(&run->state->shape, op->operation->name, lane->lane->name);
    bench_ratio wall = bench_ratio_of(lane->wall, base->wall, rounds);
    bench_ratio decides = cpu_decides(op) ? bench_ratio_of(lane->cpu, base->cpu, rounds) : wall;
    json_t *one = json_pack(
        "{s:s,s:s,s:o,s:o,s:o,s:f,s:o}", "name", lane->lane->name, "contender",
        lane->store->contender->name, "wall", quartiles_json(lane->wall, rounds), "cpu",
        has_cpu ? quartiles_json(lane->cpu, rounds) : json_null(), "ratio", ratio_json(decides),
        "wall_ratio", wall.median, "known", fact == 0 ? json_null() : json_real(fact));
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
    for (const bench_lane *lane = op->operation->lanes; lane->name != NULL; lane++) {
        if (!bench_lane_fits(lane, run->state))
            continue;
        lane_run *added = &op->lanes[op->count++];
        added->lane = lane;
        added->store = store_of(run, bench_lane_contender(lane));
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
    if (run->options->on_case != NULL)
        run->options->on_case(run->options->arg, one);
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

static void run_in_state(const bench_run_options *options, const bench_state *state, json_t *cases,
                         bool *agree)
{
    run_state run = {.options = options, .state = state, .cases = cases, .agree = true};
    bench_shape_name(&state->shape, run.name, sizeof run.name);
    bench_picker_init(&run.picker, &state->shape);
    open_stores(&run);
    compare_options(&run);
    run_operations(&run);
    close_stores(&run);
    bench_keys_release(&run.keys);
    *agree = *agree && run.agree;
}

static json_t *contenders_json(void)
{
    json_t *all = json_array();
    for (size_t i = 0; bench_contenders[i] != NULL; i++)
        json_array_append_new(all, json_pack("{s:s,s:s,s:b}", "name", bench_contenders[i]->name,
                                             "what", bench_contenders[i]->what, "built", 1));
    for (size_t i = 0; bench_missing[i] != NULL; i += 2)
        json_array_append_new(all, json_pack("{s:s,s:s,s:b}", "name", bench_missing[i], "what",
                                             bench_missing[i + 1], "built", 0));
    return all;
}

json_t *bench_run(const bench_run_options *options, bool *agree)
{
    json_t *cases = json_array();
    *agree = true;
    for (size_t i = 0; i < options->plan->states_count; i++)
        run_in_state(options, &options->plan->states[i], cases, agree);
    if (isatty(STDERR_FILENO))
        (void)fputs("\r\033[K", stderr);
    return json_pack("{s:s,s:i,s:b,s:o,s:o}", "profile", options->plan->name, "rounds",
                     (int)options->plan->rounds, "agree", *agree, "contenders", contenders_json(),
                     "cases", cases);
}
