#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/round.h"
#include "bench/support/clock.h"
#include "bench/support/die.h"
#include "bench/support/place.h"
#include "bench/support/program.h"
#include "bench/support/stop.h"
#include "bench/tuning/tuning.h"

#define WRITE_BUFFER_BYTES ((uint64_t)256 << 20) /* no flush while something is measured */

/* ---- Stores and rounds */

void tuning_store_open(const tuning_plan *plan, const char *name, const varve_options *options,
                       bench_shape shape, uint64_t cache_bytes, tuning_store *store)
{
    *store = (tuning_store){.shape = shape};
    (void)snprintf(store->path, sizeof store->path, "%s/%s", plan->place, name);
    if (mkdir(store->path, 0700) != 0)
        bench_die("%s: cannot be made", store->path);
    bench_config config = {.path = store->path,
                           .cache_bytes = cache_bytes,
                           .write_buffer_bytes = options->write_buffer_bytes != 0
                                                     ? options->write_buffer_bytes
                                                     : WRITE_BUFFER_BYTES,
                           .options = options};
    store->store = bench_varve.open(&config);
    store->engine = bench_varve_engine(store->store);
    bench_picker_init(&store->picker, &store->shape);
    double cpu = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
    bench_load(&bench_varve, store->store, &store->shape);
    cpu = bench_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    store->load_cpu = cpu / (double)(shape.keys * shape.versions);
}

void tuning_store_close(tuning_store *store)
{
    if (store->store != NULL)
        bench_varve.close(store->store);
    bench_place_remove(store->path);
}

static void touch(void *state)
{
    bench_varve.touch(((tuning_store *)state)->store);
}

void tuning_order(unsigned round, size_t *order, size_t count)
{
    unsigned short state[3] = {(unsigned short)(round + 1), 0, 0};
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)nrand48(state) % (i + 1);
        order[i] = i;
        order[i] = order[at];
        order[at] = i;
    }
}

/* How many keys a round has: whole batches. */
static size_t count_of(const tuning_plan *plan, const tuning_task *task)
{
    size_t count = plan->points / (task->part == 0 ? 1 : task->part);
    if (task->rows > 1)
        count /= task->rows;
    if (task->batch > 1)
        count = count / task->batch * task->batch;
    size_t least = task->batch > 1 ? task->batch : 1;
    return count < least ? least : count;
}

static double misses_of(const tuning_store *store)
{
    varve_engine_stats stats = {.struct_size = sizeof stats};
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_engine_get_stats(store->engine, &stats, &err), &err);
    return (double)stats.block_cache_misses;
}

double tuning_run(const tuning_plan *plan, const tuning_task *task, tuning_store *store)
{
    unsigned char value[64];
    bench_keys keys = {.count = 0};
    bench_contender contender = bench_varve;
    bench_operation operation = {.mode = task->mode, .batch = task->batch, .rows = task->rows};
    bench_lane lane = {.op = task->op, .threads = task->threads};
    size_t count = count_of(plan, task);
    bench_value(value, sizeof value, 0, 0);
    bench_pick_keys(&store->picker, task->pick, count, task->rows, &keys);
    if (task->run != NULL) {
        contender.run[task->op] = task->run;
        contender.touch = touch;
    }
    bench_round round = {.operation = &operation,
                         .lane = &lane,
                         .contender = &contender,
                         .store = task->run != NULL ? (void *)store : store->store,
                         .units = count * (task->rows == 0 ? 1 : task->rows),
                         .picker = &store->picker};
    round.job = (bench_job){.users = keys.users,
                            .engines = keys.engines,
                            .count = count,
                            .ts = keys.ts,
                            .rows = task->rows,
                            .batch = task->batch,
                            .value = varve_slice_of(value, sizeof value)};
    if (task->before != NULL)
        task->before(store);
    double misses = task->misses ? misses_of(store) : 0;
    bench_times times = bench_round_run(&round);
    bench_keys_release(&keys);
    bench_end_if_stopped();
    if (task->misses)
        return (misses_of(store) - misses) / (double)count;
    return task->mode == BENCH_ROUND ? times.cpu : times.wall;
}

/* ---- The program */

static const struct part {
    const char *name;
    json_t *(*run)(const tuning_plan *plan);
} parts[] = {{"settings", tuning_settings}, {"calls", tuning_calls}, {"loads", tuning_loads}};
enum { PARTS = sizeof parts / sizeof parts[0] };

int main(int argc, char **argv)
{
    bench_arguments a =
        bench_arguments_parse(argc, argv, "varve-tuning", "[settings|calls|loads]",
                              "Measure what options and ways of calling cost and gain.");
    const char *wanted = a.words_count == 0 ? NULL : a.words[0];
    tuning_plan plan = {.place = bench_program_place(a.dir),
                        .rounds = 9,
                        .keys = 100000,
                        .points = 4000,
                        .loaded = 300000};
    if (a.smoke)
        plan = (tuning_plan){
            .place = plan.place, .rounds = 1, .keys = 2000, .points = 200, .loaded = 5000};
    json_t *document = json_object();
    for (size_t i = 0; i < PARTS; i++) {
        if (wanted == NULL || strcmp(wanted, parts[i].name) == 0)
            json_object_set_new(document, parts[i].name, parts[i].run(&plan));
    }
    if (json_object_size(document) == 0)
        bench_die("no part is called %s", wanted);
    bench_program_write(document);
    return 0;
}
