/*
 * varve-growth: what grows with a store.  Makes stores of several sizes, opens each of them in
 * fresh processes, and writes what it has found to its standard output, as JSON; growth.py makes
 * tables of it.
 *
 * Work is measured by the time of the processor; opening, which also waits, by the clock on the
 * wall.  The system has the files in its page cache.
 */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <varve/varve.h>

#include "bench/data.h"
#include "bench/starts.h"
#include "bench/support/clock.h"
#include "bench/support/die.h"
#include "bench/support/place.h"
#include "bench/support/program.h"
#include "bench/support/stats.h"
#include "bench/support/stop.h"

enum {
    PATH_SIZE = 4096,
    VALUE_SIZE = 64,
    ROWS = 100,
    TIMES = 5,               /* that a store is opened */
    KEYS_OF_TABLE = 1500000, /* about as many as RocksDB puts into one */
    KEYS_OF_SMALL_TABLE = 20,
    FLUSHES = 60,
    GETS = 20000,
    SCANS = 200,
    BEYOND = 4 /* times the block cache is the data, where it does not fit in */
};

#define NOTHING varve_slice_of(NULL, 0)

static varve_error err = VARVE_ERROR_INIT;

static void must(varve_status status)
{
    bench_must(status, &err);
}

/* ---- What a process has used */

/* The number behind `name` in a file of /proc. */
static uint64_t number_in(const char *path, const char *name)
{
    char line[256];
    uint64_t number = 0;
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            number = strtoull(line + strlen(name), NULL, 10);
    }
    if (file != NULL)
        (void)fclose(file);
    return number;
}

/* Memory of its own that it has touched. */
static uint64_t memory_used(void)
{
    return number_in("/proc/self/status", "RssAnon:") << 10;
}

/* Bytes that it has read, from the page cache or from the disk. */
static uint64_t bytes_read(void)
{
    return number_in("/proc/self/io", "rchar:");
}

typedef struct meter {
    double wall;
    double cpu;
    uint64_t bytes;
} meter;

static meter meter_start(void)
{
    meter m = {.bytes = bytes_read()};
    m.cpu = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
    m.wall = bench_wall();
    return m;
}

static void set(json_t *found, const char *what, const char *unit, double number)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s%s", what, unit);
    json_object_set_new(found, name, json_real(number));
}

static void meter_stop(const meter *m, json_t *found, const char *what)
{
    double wall = bench_wall() - m->wall;
    double cpu = bench_clock(CLOCK_PROCESS_CPUTIME_ID) - m->cpu;
    set(found, what, "_us", wall / 1e3);
    set(found, what, "_cpu_us", cpu / 1e3);
    set(found, what, "_bytes", (double)(bytes_read() - m->bytes));
}

/* ---- Making a store of tables that others would have compacted */

typedef struct builder {
    char folder[PATH_SIZE];
    size_t keys_of_table;
    varve_sst_writer *writer;
    size_t in_table;
    char **paths;
    size_t count;
} builder;

static void end_table(builder *b)
{
    if (b->writer == NULL)
        return;
    must(varve_sst_writer_finish(b->writer, &err));
    varve_sst_writer_close(b->writer);
    b->writer = NULL;
    b->in_table = 0;
    bench_end_if_stopped();
}

static void begin_table(builder *b)
{
    char path[PATH_SIZE + 32];
    (void)snprintf(path, sizeof path, "%s-table-%zu", b->folder, b->count);
    b->paths = realloc(b->paths, (b->count + 1) * sizeof *b->paths);
    if (b->paths == NULL)
        bench_die("out of memory");
    b->paths[b->count++] = bench_copy(path);
    must(varve_sst_writer_open(path, &b->writer, &err));
}

static void build(void *state, const bench_entry *entries, size_t count)
{
    builder *b = state;
    for (size_t i = 0; i < count; i++) {
        if (b->writer == NULL)
            begin_table(b);
        must(varve_sst_writer_put(b->writer, entries[i].engine, entries[i].value, &err));
        if (++b->in_table == b->keys_of_table)
            end_table(b);
    }
}

static const bench_contender builder_contender = {.name = "tables", .load = build};

static varve_engine *open_engine(const varve_options *options)
{
    varve_engine *engine = NULL;
    must(varve_engine_open(options, &engine, &err));
    return engine;
}

static void close_engine(varve_engine *engine)
{
    must(varve_engine_close(engine, &err));
}

static bench_shape shape_of(size_t keys)
{
    return (bench_shape){
        .layout = BENCH_ONE, .versions = 1, .value_size = VALUE_SIZE, .keys = keys};
}

/* Tables of so many keys each, all in the last level. */
static void make_store(const char *path, size_t keys, size_t keys_of_table)
{
    bench_shape shape = shape_of(keys);
    builder b = {.keys_of_table = keys_of_table};
    varve_options options = {.struct_size = sizeof options, .path = path};
    varve_ingest_options how = {.struct_size = sizeof how, .move = true, .trust_keys = true};
    (void)snprintf(b.folder, sizeof b.folder, "%s", path);
    bench_load(&builder_contender, &b, &shape);
    end_table(&b);
    varve_engine *engine = open_engine(&options);
    must(varve_engine_ingest(engine, (const char *const *)b.paths, b.count, &how, &err));
    close_engine(engine);
    for (size_t i = 0; i < b.count; i++)
        free(b.paths[i]);
    free(b.paths);
}

/* Written by RocksDB with the options of the way, so that its indexes and filters are as these say.
 */
static void compact(const varve_options *options)
{
    varve_engine *engine = open_engine(options);
    must(varve_engine_compact(engine, &err));
    close_engine(engine);
}

/* ---- Looking at one */

/* How a store is opened. */
struct way {
    const char *name;
    varve_options options;
};

static const struct way ways[] = {
    {"default", {.max_bytes = 0}},
    {"cache_indexes", {.cache_indexes = true}},
    {"max_open_files", {.max_open_files = 100000}},
};
enum { WAYS = sizeof ways / sizeof ways[0], WAYS_OF_STORES = 2, LIMITED = 2 };

static varve_options options_of(const struct way *way, const char *path)
{
    varve_options options = way->options;
    options.struct_size = sizeof options;
    options.path = path;
    return options;
}

static varve_read read_newest(void)
{
    return (varve_read){.struct_size = sizeof(varve_read), .ts = varve_ts_max()};
}

static void get(varve_engine *engine, varve_slice key, varve_rows *rows)
{
    varve_read how = read_newest();
    must(varve_mvcc_get(varve_engine_reader(engine), &how, key, rows, &err));
}

static void scan(varve_engine *engine, varve_slice key, int64_t max, varve_rows *rows)
{
    varve_read how = read_newest();
    varve_span span = {key, varve_key_max()};
    must(varve_mvcc_scan(varve_engine_reader(engine), &how, span, max, rows, &err));
}

static void tell_memory(varve_engine *engine, json_t *found, const char *when, uint64_t before)
{
    char name[64];
    varve_engine_memory memory = {.struct_size = sizeof memory};
    must(varve_engine_get_memory(engine, &memory, &err));
    (void)snprintf(name, sizeof name, "%s_", when);
    set(found, name, "table_readers", (double)memory.table_readers);
    set(found, name, "cache", (double)memory.cache);
    set(found, name, "memtables", (double)memory.memtables);
    uint64_t used = memory_used();
    set(found, name, "process", used > before ? (double)(used - before) : 0);
}

static void tell_tables(varve_engine *engine, json_t *found)
{
    varve_engine_info info = {.struct_size = sizeof info};
    must(varve_engine_get_info(engine, &info, &err));
    set(found, "tables", "", (double)info.table_files);
    set(found, "table_bytes", "", (double)info.table_bytes);
}

/* Everything once, at most a portion of it in memory. */
static void walk(varve_engine *engine, json_t *found, size_t keys)
{
    varve_iter *it = NULL;
    size_t count = 0;
    must(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err));
    meter m = meter_start();
    for (varve_iter_seek_ge(it, NOTHING); it->valid; varve_iter_next(it))
        count += varve_iter_value(it).size != 0;
    meter_stop(&m, found, "walk");
    must(varve_iter_status(it, &err));
    varve_iter_close(it);
    if (count != keys)
        bench_die("%zu records where there are %zu", count, keys);
}

/* Open it once and read for the first time. */
static json_t *look(varve_options options, size_t keys, bool walks)
{
    bench_shape shape = shape_of(keys);
    bench_picker picker;
    bench_keys picked = {.count = 0};
    varve_rows rows = VARVE_ROWS_INIT;
    json_t *found = json_object();
    bench_picker_init(&picker, &shape);
    bench_pick_keys(&picker, BENCH_PICK_START, 4, ROWS, &picked);
    uint64_t before = memory_used();

    meter m = meter_start();
    varve_engine *engine = open_engine(&options);
    meter_stop(&m, found, "open");
    tell_memory(engine, found, "opened", before);
    m = meter_start();
    get(engine, picked.users[0], &rows);
    meter_stop(&m, found, "get");
    m = meter_start();
    scan(engine, picked.users[1], ROWS, &rows);
    meter_stop(&m, found, "scan");
    tell_tables(engine, found);
    if (walks) {
        walk(engine, found, keys);
        tell_memory(engine, found, "walked", before);
    }
    close_engine(engine);
    varve_rows_release(&rows);
    bench_keys_release(&picked);
    return found;
}

/* ---- Reading for long from a store that is larger than its cache */

static void read_all(varve_engine *engine, const bench_keys *keys, int64_t max)
{
    varve_rows rows = VARVE_ROWS_INIT;
    for (size_t i = 0; i < keys->count; i++) {
        if (max == 0)
            get(engine, keys->users[i], &rows);
        else
            scan(engine, keys->users[i], max, &rows);
    }
    varve_rows_release(&rows);
    bench_end_if_stopped();
}

static void measure_reads(varve_engine *engine, bench_picker *picker, json_t *found,
                          const char *what, size_t count, int64_t max)
{
    bench_keys keys = {.count = 0};
    bench_pick_keys(picker, max == 0 ? BENCH_PICK_NEWEST : BENCH_PICK_START, count, ROWS, &keys);
    double cpu = bench_cpu();
    read_all(engine, &keys, max);
    cpu = bench_cpu() - cpu;
    set(found, what, "_ns", cpu / (double)(count * (max == 0 ? 1 : (size_t)max)));
    bench_keys_release(&keys);
}

static json_t *keep_reading(varve_options options, size_t keys)
{
    bench_shape shape = shape_of(keys);
    bench_picker picker;
    bench_keys warm = {.count = 0};
    json_t *found = json_object();
    varve_engine_stats stats = {.struct_size = sizeof stats};
    options.cache_bytes = bench_shape_bytes(&shape) / BEYOND;
    bench_picker_init(&picker, &shape);
    uint64_t before = memory_used();
    varve_engine *engine = open_engine(&options);
    /* Random keys fill the cache after about as many as there are blocks. */
    bench_pick_keys(&picker, BENCH_PICK_NEWEST, keys / 40 + 1000, 0, &warm);
    read_all(engine, &warm, 0);
    must(varve_engine_get_stats(engine, &stats, &err));
    int64_t misses = stats.block_cache_misses;
    measure_reads(engine, &picker, found, "get", GETS < keys ? GETS : keys, 0);
    must(varve_engine_get_stats(engine, &stats, &err));
    set(found, "misses_a_get", "",
        (double)(stats.block_cache_misses - misses) / (double)(GETS < keys ? GETS : keys));
    measure_reads(engine, &picker, found, "row", SCANS, ROWS);
    tell_memory(engine, found, "read", before);
    set(found, "cache_bytes", "", (double)options.cache_bytes);
    close_engine(engine);
    bench_keys_release(&warm);
    return found;
}

/* ---- Many tables */

static uint64_t manifest_bytes(const char *path)
{
    char file[PATH_SIZE + 300];
    struct stat what;
    uint64_t bytes = 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (strncmp(entry->d_name, "MANIFEST-", 9) == 0 && stat(file, &what) == 0)
            bytes += (uint64_t)what.st_size;
    }
    if (dir != NULL)
        (void)closedir(dir);
    return bytes;
}

/* Something beside the data, so that what is kept for reading is of no use any more. */
static void touch(varve_engine *engine)
{
    must(varve_writer_put(varve_engine_writer(engine), varve_slice_of("\x02touched\x00\x01", 10),
                          varve_slice_text("touch"), &err));
}

static double median_of(double *numbers, size_t count)
{
    return bench_quantile(numbers, count, 0.5);
}

/* The first get after each of many changes: of the data, or of the tables as well. */
static void get_after(varve_engine *engine, varve_slice key, json_t *found, bool flushes)
{
    double wall[FLUSHES];
    double cpu[FLUSHES];
    varve_rows rows = VARVE_ROWS_INIT;
    for (size_t i = 0; i < FLUSHES; i++) {
        touch(engine);
        if (flushes)
            must(varve_engine_flush(engine, &err));
        wall[i] = bench_wall();
        cpu[i] = bench_cpu();
        get(engine, key, &rows);
        cpu[i] = bench_cpu() - cpu[i];
        wall[i] = bench_wall() - wall[i];
        bench_end_if_stopped();
    }
    set(found, flushes ? "get_after_flush" : "get_after_write", "_us",
        median_of(wall, FLUSHES) / 1e3);
    set(found, flushes ? "get_after_flush" : "get_after_write", "_cpu_us",
        median_of(cpu, FLUSHES) / 1e3);
    varve_rows_release(&rows);
}

static json_t *change_tables(const char *path, size_t tables)
{
    bench_shape shape = shape_of(tables * KEYS_OF_SMALL_TABLE);
    bench_picker picker;
    bench_keys picked = {.count = 0};
    varve_rows rows = VARVE_ROWS_INIT;
    json_t *found = json_object();
    varve_options options = {.struct_size = sizeof options,
                             .path = path,
                             .writer_durability = VARVE_NO_SYNC,
                             .rocksdb_options = "disable_auto_compactions=true"};
    bench_picker_init(&picker, &shape);
    bench_pick_keys(&picker, BENCH_PICK_NEWEST, 2, 0, &picked);
    varve_engine *engine = open_engine(&options);
    size_t allocated = mallinfo2().uordblks + mallinfo2().hblkhd;
    get(engine, picked.users[0], &rows);
    set(found, "first_get_memory", "",
        (double)(mallinfo2().uordblks + mallinfo2().hblkhd) - (double)allocated);
    get_after(engine, picked.users[1], found, false);
    uint64_t manifest = manifest_bytes(path);
    get_after(engine, picked.users[1], found, true);
    set(found, "manifest_bytes", "", (double)manifest);
    set(found, "manifest_bytes_a_flush", "", (double)(manifest_bytes(path) - manifest) / FLUSHES);
    tell_tables(engine, found);
    close_engine(engine);
    varve_rows_release(&rows);
    bench_keys_release(&picked);
    return found;
}

/* ---- A store that has been open for long */

static json_t *grow_old(const char *path, size_t flushes)
{
    json_t *found = json_object();
    varve_options options = {
        .struct_size = sizeof options, .path = path, .writer_durability = VARVE_NO_SYNC};
    varve_options reading = {.struct_size = sizeof reading, .path = path, .read_only = true};
    varve_engine *engine = open_engine(&options);
    set(found, "young_manifest_bytes", "", (double)manifest_bytes(path));
    meter m = meter_start();
    close_engine(open_engine(&reading));
    meter_stop(&m, found, "young_open");
    for (size_t i = 0; i < flushes; i++) {
        touch(engine);
        must(varve_engine_flush(engine, &err));
        bench_end_if_stopped();
    }
    set(found, "manifest_bytes", "", (double)manifest_bytes(path));
    m = meter_start();
    close_engine(open_engine(&reading));
    meter_stop(&m, found, "open");
    close_engine(engine);
    return found;
}

/* ---- A store that was closed, or whose process has died, before it flushed */

static void fill_log(const char *path, size_t mib)
{
    size_t keys = (mib << 20) / (BENCH_ENGINE_SIZE + VALUE_SIZE);
    bench_shape shape = shape_of(keys);
    bench_config config = {
        .path = path, .cache_bytes = (uint64_t)32 << 20, .write_buffer_bytes = (uint64_t)1 << 30};
    bench_contender loader = bench_varve;
    loader.compact = NULL;
    void *store = loader.open(&config);
    bench_load(&loader, store, &shape);
    loader.close(store);
}

/* ---- The processes */

/* What this process was started for: the words are WHAT NUMBER [WAY read|write [walk]]. */
static json_t *work(const bench_arguments *a, const char *shared)
{
    char path[PATH_SIZE];
    const char *what = a->words[0];
    size_t number = (size_t)strtoull(a->words[1], NULL, 10);
    const struct way *way = &ways[a->words_count > 2 ? strtoul(a->words[2], NULL, 10) % WAYS : 0];
    (void)snprintf(path, sizeof path, "%s/store", shared);
    varve_options options = options_of(way, path);
    options.read_only = a->words_count > 3 && strcmp(a->words[3], "read") == 0;
    if (strcmp(what, "make") == 0)
        make_store(path, number, KEYS_OF_TABLE);
    else if (strcmp(what, "compact") == 0)
        compact(&options);
    else if (strcmp(what, "look") == 0)
        return look(options, number, a->words_count > 4);
    else if (strcmp(what, "read") == 0)
        return keep_reading(options, number);
    else if (strcmp(what, "make-tables") == 0)
        make_store(path, number * KEYS_OF_SMALL_TABLE, KEYS_OF_SMALL_TABLE);
    else if (strcmp(what, "change-tables") == 0)
        return change_tables(path, number);
    else if (strcmp(what, "grow-old") == 0)
        return grow_old(path, number);
    else if (strcmp(what, "fill-log") == 0)
        fill_log(path, number);
    return json_object();
}

static const char *place;
static const char *program;

static void empty_place(void)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/store", place);
    bench_place_remove(path);
}

static json_t *start(const char *what, size_t number, size_t way_number, const char *mode,
                     const char *more)
{
    char numbers[2][32];
    (void)snprintf(numbers[0], sizeof numbers[0], "%zu", number);
    (void)snprintf(numbers[1], sizeof numbers[1], "%zu", way_number);
    char *argv[] = {bench_copy(program),
                    bench_copy(what),
                    numbers[0],
                    numbers[1],
                    bench_copy(mode),
                    more == NULL ? NULL : bench_copy(more),
                    NULL};
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "%s %zu %s %s\n", what, number, ways[way_number].name, mode);
    json_t *found = bench_start(argv, place);
    free(argv[0]);
    free(argv[1]);
    free(argv[4]);
    free(argv[5]);
    return found;
}

static void do_it(const char *what, size_t number, size_t way_number)
{
    json_decref(start(what, number, way_number, "write", NULL));
}

/* The median of what each of several processes has found, number by number. */
static json_t *start_often(const char *what, size_t number, size_t way_number, const char *mode)
{
    json_t *all[TIMES];
    const char *name;
    json_t *value;
    json_t *found = json_object();
    for (size_t i = 0; i < TIMES; i++)
        all[i] = start(what, number, way_number, mode, NULL);
    json_object_foreach(all[0], name, value)
    {
        double numbers[TIMES];
        for (size_t i = 0; i < TIMES; i++)
            numbers[i] = json_number_value(json_object_get(all[i], name));
        set(found, name, "", median_of(numbers, TIMES));
    }
    for (size_t i = 0; i < TIMES; i++)
        json_decref(all[i]);
    return found;
}

static json_t *look_at_store(size_t keys)
{
    json_t *all = json_array();
    meter m = meter_start();
    do_it("make", keys, 0);
    for (size_t i = 0; i < WAYS_OF_STORES; i++) {
        json_t *one = json_pack("{s:I,s:s}", "keys", (json_int_t)keys, "way", ways[i].name);
        if (ways[i].options.cache_indexes)
            do_it("compact", keys, i);
        json_object_set_new(one, "write", start_often("look", keys, i, "write"));
        json_object_set_new(one, "read", start_often("look", keys, i, "read"));
        json_object_set_new(one, "walk", start("look", keys, i, "write", "walk"));
        json_object_set_new(one, "beyond", start("read", keys, i, "write", NULL));
        set(one, "seconds", "", (bench_wall() - m.wall) / 1e9);
        json_array_append_new(all, one);
    }
    empty_place();
    return all;
}

static json_t *look_at_tables(size_t tables)
{
    size_t keys = tables * KEYS_OF_SMALL_TABLE;
    do_it("make-tables", tables, 0);
    json_t *one = json_pack("{s:I}", "tables", (json_int_t)tables);
    json_object_set_new(one, "write", start_often("look", keys, 0, "write"));
    json_object_set_new(one, "read", start_often("look", keys, 0, "read"));
    json_object_set_new(one, "limited", start_often("look", keys, LIMITED, "write"));
    json_object_set_new(one, "change", start("change-tables", tables, 0, "write", NULL));
    empty_place();
    return one;
}

/* What is looked at; lists end with 0. */
struct plan {
    size_t keys[4];
    size_t tables[4];
    size_t flushes[4];
    size_t log_mib[4];
};

static json_t *look_at_old(size_t flushes)
{
    json_t *one = start("grow-old", flushes, 0, "write", NULL);
    set(one, "flushes", "", (double)flushes);
    empty_place();
    return one;
}

static json_t *look_at_log(size_t mib)
{
    size_t keys = (mib << 20) / (BENCH_ENGINE_SIZE + VALUE_SIZE);
    do_it("fill-log", mib, 0);
    json_t *one = json_pack("{s:I}", "mib", (json_int_t)mib);
    json_object_set_new(one, "read", start_often("look", keys, 0, "read"));
    json_object_set_new(one, "write", start("look", keys, 0, "write", NULL));
    json_object_set_new(one, "again", start("look", keys, 0, "write", NULL));
    empty_place();
    return one;
}

static json_t *look_at_all(const struct plan *plan)
{
    json_t *stores = json_array();
    json_t *tables = json_array();
    json_t *old = json_array();
    json_t *logs = json_array();
    for (size_t i = 0; plan->keys[i] != 0; i++) {
        json_t *more = look_at_store(plan->keys[i]);
        json_array_extend(stores, more);
        json_decref(more);
    }
    for (size_t i = 0; plan->tables[i] != 0; i++)
        json_array_append_new(tables, look_at_tables(plan->tables[i]));
    for (size_t i = 0; plan->flushes[i] != 0; i++)
        json_array_append_new(old, look_at_old(plan->flushes[i]));
    for (size_t i = 0; plan->log_mib[i] != 0; i++)
        json_array_append_new(logs, look_at_log(plan->log_mib[i]));
    return json_pack("{s:o,s:o,s:o,s:o}", "stores", stores, "tables", tables, "old", old, "logs",
                     logs);
}

/* A descriptor for each table. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    static const struct plan full = {
        {100000, 1000000, 10000000}, {100, 1000, 10000}, {100, 1000}, {1, 16, 60}};
    static const struct plan smoke = {{1000, 5000}, {10, 50}, {10}, {1}};
    bench_arguments a =
        bench_arguments_parse(argc, argv, "varve-growth", NULL, "Measure what grows with a store.");
    program = argv[0];
    raise_limit();
    if (a.start != NULL) {
        bench_program_write(work(&a, bench_program_share_place(a.start)));
    } else {
        place = bench_program_place(a.dir);
        bench_program_write(look_at_all(a.smoke ? &smoke : &full));
    }
    return 0;
}
