/*
 * A store at work: many keys in no order are written to it, and it flushes and compacts meanwhile.
 */
#include <time.h>

#include "bench/support/clock.h"
#include "bench/support/die.h"
#include "bench/support/stop.h"
#include "bench/tuning/tuning.h"

enum { AT_ONCE = 5000, BATCH = 100 };

#define CACHE_BYTES ((uint64_t)512 << 20)
#define WRITE_BUFFER_BYTES ((uint64_t)4 << 20) /* so that many flushes come to pass */

struct load {
    const char *option;
    const char *value;
    varve_options options;
};

static const struct load loads[] = {
    {"none", "write_buffer_bytes 4 MiB", {.write_buffer_bytes = WRITE_BUFFER_BYTES}},
    {"write_buffer_bytes", "1 MiB", {.write_buffer_bytes = WRITE_BUFFER_BYTES / 4}},
    {"write_buffer_bytes", "16 MiB", {.write_buffer_bytes = WRITE_BUFFER_BYTES * 4}},
    {"level0_file_num_compaction_trigger",
     "2",
     {.write_buffer_bytes = WRITE_BUFFER_BYTES,
      .rocksdb_options = "level0_file_num_compaction_trigger=2"}},
    {"level0_file_num_compaction_trigger",
     "8",
     {.write_buffer_bytes = WRITE_BUFFER_BYTES,
      .rocksdb_options = "level0_file_num_compaction_trigger=8"}},
    {"compression, bottom_compression",
     "none",
     {.write_buffer_bytes = WRITE_BUFFER_BYTES,
      .compression = VARVE_COMPRESSION_NONE,
      .bottom_compression = VARVE_COMPRESSION_NONE}},
    {"bottom_compression",
     "lz4",
     {.write_buffer_bytes = WRITE_BUFFER_BYTES, .bottom_compression = VARVE_COMPRESSION_LZ4}},
    {"cache_indexes", "true", {.write_buffer_bytes = WRITE_BUFFER_BYTES, .cache_indexes = true}},
    {"wal", "off", {.write_buffer_bytes = WRITE_BUFFER_BYTES, .wal = VARVE_WAL_OFF}},
};
enum { LOADS = sizeof loads / sizeof loads[0] };

static varve_engine_stats stats_of(tuning_store *store)
{
    varve_engine_stats stats = {.struct_size = sizeof stats};
    varve_error err = VARVE_ERROR_INIT;
    bench_must(varve_engine_get_stats(store->engine, &stats, &err), &err);
    return stats;
}

/* Until nothing is flushed or compacted any more: for a tenth of a second on end. */
static void wait_until_quiet(tuning_store *store)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (int quiet = 0; quiet < 10; quiet++) {
        varve_engine_stats stats = stats_of(store);
        if (stats.running_flushes + stats.running_compactions > 0)
            quiet = 0;
        bench_end_if_stopped();
        (void)nanosleep(&pause, NULL);
    }
}

static void write_batch(varve_batch *batch, const bench_keys *keys, size_t first, size_t number)
{
    unsigned char value[64];
    varve_error err = VARVE_ERROR_INIT;
    varve_write how = {
        .struct_size = sizeof how, .writer = varve_batch_writer_of(batch), .ts = {keys->ts, 0}};
    for (size_t i = first; i < first + BATCH; i++) {
        bench_value(value, sizeof value, number + i, 0);
        bench_must(varve_mvcc_put(&how, keys->users[i], varve_slice_of(value, sizeof value), &err),
                   &err);
    }
    bench_must(varve_batch_commit(batch, VARVE_NO_SYNC, &err), &err);
    bench_must(varve_batch_reset(batch, &err), &err);
}

/* Each key once, in no visible order. */
static void write_all(const tuning_plan *plan, tuning_store *store)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_batch *batch = NULL;
    bench_keys keys = {.count = 0};
    bench_must(varve_batch_open(store->engine, VARVE_BATCH_WRITE_ONLY, &batch, &err), &err);
    for (size_t written = 0; written < plan->loaded; written += AT_ONCE) {
        bench_pick_keys(&store->picker, BENCH_PICK_OVER, AT_ONCE, 0, &keys);
        for (size_t first = 0; first < AT_ONCE; first += BATCH)
            write_batch(batch, &keys, first, written);
        bench_end_if_stopped();
    }
    varve_batch_close(batch);
    bench_keys_release(&keys);
}

static void set(json_t *found, const char *name, double number)
{
    json_object_set_new(found, name, json_real(number));
}

static json_t *measure(const tuning_plan *plan, const struct load *load)
{
    tuning_store store;
    json_t *found = json_pack("{s:s,s:s}", "option", load->option, "value", load->value);
    tuning_store_open(plan, "load", &load->options, (bench_shape){BENCH_ONE, 1, 64, 1, 0},
                      CACHE_BYTES, &store);
    store.shape.keys = plan->loaded;
    varve_engine_stats before = stats_of(&store);
    double cpu = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
    double own = bench_cpu();
    write_all(plan, &store);
    own = bench_cpu() - own;
    wait_until_quiet(&store);
    cpu = bench_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    varve_engine_stats after = stats_of(&store);
    double keys = (double)plan->loaded;
    set(found, "cpu", cpu / keys);
    set(found, "own", own / keys);
    set(found, "amplification",
        (double)(after.wal_bytes + after.flush_write_bytes + after.compact_write_bytes -
                 before.wal_bytes - before.flush_write_bytes - before.compact_write_bytes) /
            (double)(after.bytes_written - before.bytes_written));
    set(found, "runs", (double)after.read_amplification);
    tuning_store_close(&store);
    return found;
}

json_t *tuning_loads(const tuning_plan *plan)
{
    json_t *all = json_array();
    for (size_t i = 0; i < LOADS; i++)
        json_array_append_new(all, measure(plan, &loads[i]));
    return all;
}
