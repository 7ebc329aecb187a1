/*
 * Administration on every backend.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <varve/admin.h>
#include <varve/merge.h>

#include "tests/support/backends.h"
#include "tests/support/records.h"

/* The metadata key of a name such as p00042; it lives until the fourth call from here. */
static varve_slice numbered(char prefix, unsigned number)
{
    static char keys[4][16];
    static unsigned turn;
    char *key = keys[turn++ % 4];
    int size = snprintf(key, sizeof keys[0], "%c%05u", prefix, number);
    key[size + 1] = 1; /* 00 01 ends a user key */
    return varve_slice_of(key, (size_t)size + 2);
}

/* `count` keys with values of 100 bytes that do not compress, in a few commits. */
static void fill(char prefix, unsigned count)
{
    test_random random = {.state = (unsigned char)prefix};
    varve_batch *batch;
    ck_ok(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batch, &on.err), &on.err);
    for (unsigned i = 0; i < count; i++) {
        uint64_t value[13];
        for (size_t j = 0; j < 13; j++)
            value[j] = test_random_next(&random);
        ck_ok(varve_writer_put(varve_batch_writer_of(batch), numbered(prefix, i),
                               varve_slice_of(value, 100), &on.err),
              &on.err);
    }
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
}

static varve_engine_stats stats(void)
{
    varve_engine_stats known = {.struct_size = sizeof known};
    ck_ok(varve_engine_get_stats(on.engine, &known, &on.err), &on.err);
    ck_assert_uint_eq(known.struct_size, sizeof known);
    return known;
}

static uint64_t bytes_between(varve_slice start, varve_slice end)
{
    uint64_t size = 77;
    ck_ok(varve_engine_approximate_bytes(on.engine, start, end, &size, &on.err), &on.err);
    return size;
}

/* ---- Compaction ---------------------------------------------------------------------------------
 */

static varve_status compact(varve_slice start, varve_slice end, bool bottommost,
                            const varve_cancel *cancel)
{
    const varve_compact_options options = {sizeof options, start, end, bottommost, cancel};
    return varve_engine_compact_range(on.engine, &options, &on.err);
}

static bool count_tables(void *arg, const varve_table *table)
{
    (void)table;
    *(unsigned *)arg += 1;
    return true;
}

static unsigned tables(void)
{
    unsigned count = 0;
    ck_ok(varve_engine_tables(on.engine, count_tables, &count, &on.err), &on.err);
    return count;
}

START_TEST(compaction_keeps_the_data)
{
    fill('a', 100);
    fill('m', 100);
    for (unsigned i = 0; i < 100; i++)
        ck_ok(varve_writer_clear(on.writer, numbered('a', i), &on.err), &on.err);
    const char *before = all_of(on.reader);
    ck_ok(compact(key_of("a"), key_of("b"), false, NULL), &on.err);
    ck_text(all_of(on.reader), before);
    ck_ok(compact(key_of(""), key_of(""), true, NULL), &on.err);
    ck_text(all_of(on.reader), before);
    if (on.backend != BACKEND_MAP)
        ck_assert_uint_eq(tables(), 1);
}
END_TEST

START_TEST(compaction_asks_for_a_range)
{
    ck_fails(compact(key_of("b"), key_of("a"), false, NULL), VARVE_INVALID_ARGUMENT, &on.err,
             "the range ends before it starts");
    ck_ok(compact(key_of("a"), key_of("a"), true, NULL), &on.err);
    ck_status(varve_engine_compact_range(on.engine, NULL, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    varve_compact_options options = {.struct_size = 1};
    ck_status(varve_engine_compact_range(on.engine, &options, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
}
END_TEST

START_TEST(a_cancelled_compaction_does_not_begin)
{
    varve_cancel *cancel;
    ck_ok(varve_cancel_open(&cancel, &on.err), &on.err);
    ck_ok(compact(key_of(""), key_of(""), true, cancel), &on.err);
    varve_cancel_after(cancel, 1);
    ck_status(compact(key_of(""), key_of(""), true, cancel), VARVE_DEADLINE, &on.err);
    varve_cancel_now(cancel);
    ck_status(compact(key_of(""), key_of(""), true, cancel), VARVE_CANCELLED, &on.err);
    put(on.writer, "k", "still writable");
    ck_ok(compact(key_of(""), key_of(""), true, NULL), &on.err);
    ck_text(get(on.reader, "k"), "still writable");
    varve_cancel_close(cancel);
}
END_TEST

/* ---- Sizes --------------------------------------------------------------------------------------
 */

/* 1000 records of 8 + 100 bytes, unflushed and flushed, next to as many others. */
START_TEST(sizes_of_ranges)
{
    ck_assert_uint_eq(bytes_between(key_of(""), key_of("")), 0);
    for (int flushed = 0; flushed < 2; flushed++) {
        if (flushed == 0) {
            fill('a', 1000);
            fill('m', 1000);
        } else {
            ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
        }
        uint64_t whole = bytes_between(key_of(""), key_of(""));
        uint64_t one = bytes_between(key_of("a"), key_of("b"));
        uint64_t other = bytes_between(key_of("m"), key_of(""));
        uint64_t half = bytes_between(numbered('a', 0), numbered('a', 500));
        ck_assert_uint_ge(whole, 200000);
        ck_assert_uint_le(whole, 260000);
        /* A block of a table belongs to one or the other. */
        ck_assert_uint_ge(one, 92000);
        ck_assert_uint_le(one, 130000);
        ck_assert_uint_ge(other, 92000);
        ck_assert_uint_le(other, 130000);
        ck_assert_uint_ge(half, 42000);
        ck_assert_uint_le(half, 65000);
        ck_assert_uint_le(bytes_between(key_of("b"), key_of("c")), 9000);
        ck_assert_uint_le(bytes_between(key_of("x"), key_of("")), 9000);
        ck_assert_uint_eq(bytes_between(key_of("a"), key_of("a")), 0);
    }
}
END_TEST

/* Half in tables, half not. */
START_TEST(both_kinds_add_up)
{
    fill('a', 1000);
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    fill('b', 1000);
    uint64_t whole = bytes_between(key_of("a"), key_of("c"));
    ck_assert_uint_ge(whole, 200000);
    ck_assert_uint_le(whole, 260000);
}
END_TEST

START_TEST(sizes_ask_for_a_range)
{
    uint64_t size = 77;
    ck_fails(varve_engine_approximate_bytes(on.engine, key_of("b"), key_of("a"), &size, &on.err),
             VARVE_INVALID_ARGUMENT, &on.err, "the range ends before it starts");
    ck_assert_uint_eq(size, 0);
}
END_TEST

/* More unflushed records than are counted: everything stays right, a part is off by a bound. */
START_TEST(many_unflushed_records_are_estimated)
{
    fill('a', 55000);
    fill('m', 10000);
    const uint64_t each = 108;
    uint64_t whole = bytes_between(key_of(""), key_of(""));
    ck_assert_uint_ge(whole, 65000 * each * 95 / 100);
    ck_assert_uint_le(whole, 65000 * each * 105 / 100);
    uint64_t part = bytes_between(key_of("a"), key_of("b"));
    ck_assert_uint_ge(part, 50000 * each);
    ck_assert_uint_le(part, 65000 * each);
    ck_assert_uint_eq(bytes_between(key_of("m"), key_of("n")), 10000 * each);
}
END_TEST

/* ---- Numbers ------------------------------------------------------------------------------------
 */

START_TEST(stats_count)
{
    varve_snapshot *snapshot;
    varve_engine_stats fresh = stats();
    ck_assert_int_eq(fresh.snapshots, 0);
    ck_assert_int_eq(fresh.flushes, 0);
    ck_assert_int_eq(fresh.bytes_written, 0);
    fill('a', 1000);
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    varve_engine_stats filled = stats();
    ck_assert_int_eq(filled.snapshots, 1);
    ck_assert_int_gt(filled.memtable_total_size, fresh.memtable_total_size + 100000);
    varve_snapshot_close(snapshot);
    ck_assert_int_eq(stats().snapshots, 0);
    if (on.backend == BACKEND_MAP) {
        ck_assert_int_eq(filled.bytes_written, 0);
        return;
    }
    ck_assert_int_gt(filled.oldest_snapshot_seconds, 1600000000);
    ck_assert_int_ge(filled.bytes_written, 1000 * 108);
    ck_assert_int_ge(filled.wal_bytes, 1000 * 108);
}
END_TEST

START_TEST(merges_are_counted)
{
    varve_buf operand = VARVE_BUF_INIT;
    int64_t before = stats().merge_operations;
    ck_ok(varve_merge_operand(hex("00 00 00 00 03 78"), NULL, &operand, &on.err), &on.err);
    for (int i = 0; i < 2; i++)
        ck_ok(varve_writer_merge(on.writer, key_of("k"), varve_buf_slice(&operand), &on.err),
              &on.err);
    ck_assert_str_ne(get(on.reader, "k"), "-");
    ck_assert_int_gt(stats().merge_operations, before);
    varve_buf_release(&operand);
}
END_TEST

START_TEST(older_callers_get_less)
{
    varve_engine_stats known = {.struct_size = offsetof(varve_engine_stats, flushes), .flushes = 7};
    varve_engine_stall stall = {.struct_size = sizeof stall};
    varve_engine_memory memory = {.struct_size = sizeof memory};
    ck_ok(varve_engine_get_stats(on.engine, &known, &on.err), &on.err);
    ck_assert_int_eq(known.flushes, 7);
    known.struct_size = 0;
    stall.struct_size = 0;
    memory.struct_size = 0;
    ck_status(varve_engine_get_stats(on.engine, &known, &on.err), VARVE_INVALID_ARGUMENT, &on.err);
    ck_status(varve_engine_get_stall(on.engine, &stall, &on.err), VARVE_INVALID_ARGUMENT, &on.err);
    ck_status(varve_engine_get_memory(on.engine, &memory, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
}
END_TEST

START_TEST(a_quiet_engine_does_not_stall)
{
    varve_engine_stall stall = {.struct_size = sizeof stall, .stopped = true, .delays = 7};
    ck_ok(varve_engine_get_stall(on.engine, &stall, &on.err), &on.err);
    ck_assert_uint_eq(stall.struct_size, sizeof stall);
    ck_assert(!stall.stopped && !stall.delayed);
    ck_assert_uint_eq(stall.bytes_per_second, 0);
    ck_assert_uint_eq(stall.delays, 0);
    ck_assert_uint_eq(stall.stall_micros, 0);
}
END_TEST

static varve_engine_memory memory(void)
{
    varve_engine_memory known = {.struct_size = sizeof known};
    ck_ok(varve_engine_get_memory(on.engine, &known, &on.err), &on.err);
    ck_assert_uint_eq(known.total,
                      known.memtables + known.cache + known.table_readers + known.batches);
    ck_assert_uint_le(known.cache_pinned, known.cache);
    return known;
}

START_TEST(memory_adds_up)
{
    varve_batch *batch;
    varve_engine_memory fresh = memory();
    ck_assert_uint_eq(fresh.batches, 0);
    fill('a', 1000);
    varve_engine_memory filled = memory();
    ck_assert_uint_gt(filled.memtables, fresh.memtables + 100000);
    ck_assert_uint_eq(filled.batches, 0);
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), key_of("k"), repeated('v', 1 << 20),
                           &on.err),
          &on.err);
    varve_engine_memory with_batch = memory();
    ck_assert_uint_ge(with_batch.batches, 1 << 20);
    ck_assert_uint_ge(with_batch.total, filled.total + (1 << 20));
    varve_batch_close(batch);
    ck_assert_uint_eq(memory().batches, 0);
    if (on.backend == BACKEND_MAP)
        return;
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    ck_assert_uint_gt(strlen(all_of(on.reader)), 0);
    varve_engine_memory flushed = memory();
    ck_assert_uint_lt(flushed.memtables, filled.memtables);
    ck_assert_uint_gt(flushed.cache, fresh.cache + 100000);
    ck_assert_uint_gt(flushed.table_readers, fresh.table_readers);
}
END_TEST

/* ---- Words and places ---------------------------------------------------------------------------
 */

static const char *attributes_of(varve_engine *engine)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_engine_attributes(engine, &text, &on.err), &on.err);
    ck_assert_uint_eq(strlen((const char *)text.data), text.size);
    const char *copy = (const char *)copy_of(varve_slice_of(text.data, text.size + 1)).data;
    varve_buf_release(&text);
    return copy;
}

START_TEST(attributes_are_printed)
{
    const char *dir = on.backend == BACKEND_DISK ? temp_dir_make() : NULL;
    const char *place = dir != NULL ? dir : "<in-mem>";
    char expected[4200];
    varve_engine *engine = backend_open_with(
        on.backend, (varve_options){.path = dir, .attributes = "ssd,rack7", .never_sync = true});
    (void)snprintf(expected, sizeof expected, "[ssd rack7]=%s", place);
    ck_assert_str_eq(attributes_of(engine), expected);
    if (dir != NULL)
        ck_ok(varve_engine_close(engine, &on.err), &on.err);
    else
        backend_close(engine);
    engine = backend_open_with(on.backend, (varve_options){.path = dir, .never_sync = true});
    (void)snprintf(expected, sizeof expected, "[]=%s", place);
    ck_assert_str_eq(attributes_of(engine), expected);
    backend_close(engine);
}
END_TEST

static const char *temp_dir_of(varve_engine *engine)
{
    varve_buf path = VARVE_BUF_INIT;
    ck_ok(varve_engine_temp_dir(engine, &path, &on.err), &on.err);
    ck_assert_uint_eq(strlen((const char *)path.data), path.size);
    const char *copy = (const char *)copy_of(varve_slice_of(path.data, path.size + 1)).data;
    varve_buf_release(&path);
    ck_assert_int_eq(access(copy, W_OK | X_OK), 0);
    return copy;
}

START_TEST(there_is_a_place_for_scratch_files)
{
    const char *dir = temp_dir_make();
    char below[4200];
    (void)snprintf(below, sizeof below, "%s/scratch", dir);
    varve_engine *engine =
        backend_open_with(on.backend, (varve_options){.temp_dir = below, .never_sync = true});
    ck_assert_str_eq(temp_dir_of(engine), below);
    ck_assert_str_eq(temp_dir_of(engine), below);
    backend_close(engine);

    (void)snprintf(below, sizeof below, "%s/no/such", dir);
    engine = backend_open_with(on.backend, (varve_options){.temp_dir = below, .never_sync = true});
    varve_buf path = VARVE_BUF_INIT;
    ck_status(varve_engine_temp_dir(engine, &path, &on.err), VARVE_IO, &on.err);
    varve_buf_release(&path);
    backend_close(engine);
    temp_dir_remove(dir);
}
END_TEST

/* Below the store, which is opened again with it; the system's for those in memory. */
START_TEST(without_a_choice_it_is_below_the_store)
{
    const char *given = temp_dir_of(on.engine);
    if (on.backend != BACKEND_DISK) {
        const char *of_system = getenv("TMPDIR");
        ck_assert_str_eq(given, of_system != NULL ? of_system : "/tmp");
        (void)setenv("TMPDIR", "", 1);
        ck_assert_str_eq(temp_dir_of(on.engine), "/tmp");
        return;
    }
    const char *attributes = attributes_of(on.engine);
    char expected[4200];
    (void)snprintf(expected, sizeof expected, "%s/VARVE_TEMP", attributes + strlen("[]="));
    ck_assert_str_eq(given, expected);
}
END_TEST

START_TEST(only_secondaries_catch_up)
{
    ck_fails(varve_engine_catch_up(on.engine, &on.err), VARVE_UNSUPPORTED, &on.err,
             "only a secondary catches up");
}
END_TEST

/* ---- Threads ------------------------------------------------------------------------------------
 */

static atomic_bool stop;
static atomic_uint written, asked, compacted; /* how often that was done */

static void *write_on(void *arg)
{
    char key[] = "k00000\0\1";
    (void)arg;
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        (void)snprintf(key, sizeof key, "k%05u", i % 1000);
        key[7] = 1;
        ck_assert_int_eq(
            varve_writer_put(on.writer, varve_slice_of(key, 8), varve_slice_of(key, 8), NULL),
            VARVE_OK);
        atomic_fetch_add(&written, 1);
    }
    return NULL;
}

static void *ask_on(void *arg)
{
    const varve_slice none = {NULL, 0};
    (void)arg;
    while (!atomic_load(&stop)) {
        varve_engine_stats of_stats = {.struct_size = sizeof of_stats};
        varve_engine_stall of_stall = {.struct_size = sizeof of_stall};
        varve_engine_memory of_memory = {.struct_size = sizeof of_memory};
        varve_engine_capacity capacity = {.struct_size = sizeof capacity};
        uint64_t size;
        ck_assert_int_eq(varve_engine_get_stats(on.engine, &of_stats, NULL), VARVE_OK);
        ck_assert_int_eq(varve_engine_get_stall(on.engine, &of_stall, NULL), VARVE_OK);
        ck_assert_int_eq(varve_engine_get_memory(on.engine, &of_memory, NULL), VARVE_OK);
        ck_assert_int_eq(varve_engine_get_capacity(on.engine, &capacity, NULL), VARVE_OK);
        ck_assert_int_eq(varve_engine_approximate_bytes(on.engine, none, none, &size, NULL),
                         VARVE_OK);
        atomic_fetch_add(&asked, 1);
    }
    return NULL;
}

static void *compact_on(void *arg)
{
    const varve_compact_options options = {.struct_size = sizeof options, .bottommost = true};
    (void)arg;
    while (!atomic_load(&stop)) {
        ck_assert_int_eq(varve_engine_compact_range(on.engine, &options, NULL), VARVE_OK);
        atomic_fetch_add(&compacted, 1);
    }
    return NULL;
}

START_TEST(any_thread_may_ask)
{
    static void *(*const bodies[])(void *) = {write_on, ask_on, ask_on, compact_on, compact_on};
    enum { THREADS = sizeof bodies / sizeof bodies[0] };
    pthread_t threads[THREADS];
    atomic_store(&stop, false);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, bodies[i], NULL), 0);
    while (atomic_load(&written) < 2000 || atomic_load(&asked) < 100 ||
           atomic_load(&compacted) < 10)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_str_ne(get(on.reader, "k00000"), "-");
}
END_TEST

/* ---- Memory that runs out -----------------------------------------------------------------------
 */

static varve_status all_texts(void *context, varve_error *failure)
{
    varve_buf text = VARVE_BUF_INIT;
    (void)context;
    varve_status status = varve_engine_attributes(on.engine, &text, failure);
    varve_buf_release(&text);
    if (status == VARVE_OK)
        status = varve_engine_temp_dir(on.engine, &text, failure);
    varve_buf_release(&text);
    return status;
}

static varve_status all_numbers(void *context, varve_error *failure)
{
    varve_engine_stats of_stats = {.struct_size = sizeof of_stats};
    varve_engine_stall of_stall = {.struct_size = sizeof of_stall};
    varve_engine_memory of_memory = {.struct_size = sizeof of_memory};
    uint64_t size;
    (void)context;
    varve_status status = varve_engine_get_stats(on.engine, &of_stats, failure);
    if (status == VARVE_OK)
        status = varve_engine_get_stall(on.engine, &of_stall, failure);
    if (status == VARVE_OK)
        status = varve_engine_get_memory(on.engine, &of_memory, failure);
    if (status == VARVE_OK)
        status =
            varve_engine_approximate_bytes(on.engine, key_of("a"), key_of("b"), &size, failure);
    if (status == VARVE_OK)
        status = compact(key_of("a"), key_of("b"), true, NULL);
    return status;
}

START_TEST(each_allocation_may_fail)
{
    ck_assert_uint_ge(fault_alloc_each(all_texts, NULL), 2);
    fill('a', 10);
    (void)fault_alloc_each(all_numbers, NULL);
}
END_TEST

static void fill_case(TCase *tcase)
{
    tcase_add_test(tcase, compaction_keeps_the_data);
    tcase_add_test(tcase, compaction_asks_for_a_range);
    tcase_add_test(tcase, a_cancelled_compaction_does_not_begin);
    tcase_add_test(tcase, sizes_of_ranges);
    tcase_add_test(tcase, both_kinds_add_up);
    tcase_add_test(tcase, sizes_ask_for_a_range);
    tcase_add_test(tcase, many_unflushed_records_are_estimated);
    tcase_add_test(tcase, stats_count);
    tcase_add_test(tcase, merges_are_counted);
    tcase_add_test(tcase, older_callers_get_less);
    tcase_add_test(tcase, a_quiet_engine_does_not_stall);
    tcase_add_test(tcase, memory_adds_up);
    tcase_add_test(tcase, attributes_are_printed);
    tcase_add_test(tcase, there_is_a_place_for_scratch_files);
    tcase_add_test(tcase, without_a_choice_it_is_below_the_store);
    tcase_add_test(tcase, only_secondaries_catch_up);
    tcase_add_test(tcase, any_thread_may_ask);
    tcase_add_test(tcase, each_allocation_may_fail);
}

int main(void)
{
    return run_suite(backend_suite("admin", fill_case));
}
