#include <stdio.h>

#include "engine/engine.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

/* ---- Closing ------------------------------------------------------------------------------------
 */

static void check_busy(size_t batches, size_t snapshots, size_t iterators)
{
    char message[VARVE_ERROR_MESSAGE_MAX];
    (void)snprintf(message, sizeof message,
                   "the engine has open handles: %zu batches, %zu snapshots, %zu iterators",
                   batches, snapshots, iterators);
    ck_status(varve_engine_close(on.engine, &on.err), VARVE_BUSY, &on.err);
    ck_assert_str_eq(on.err.message, message);
    ck_assert_uint_eq(on.err.detail.busy.batches, batches);
    ck_assert_uint_eq(on.err.detail.busy.snapshots, snapshots);
    ck_assert_uint_eq(on.err.detail.busy.iterators, iterators);

    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.open_batches, batches);
    ck_assert_uint_eq(info.open_snapshots, snapshots);
    ck_assert_uint_eq(info.open_iterators, iterators);
}

START_TEST(open_handles_forbid_closing)
{
    varve_batch *batches[2];
    varve_snapshot *snapshot;
    put(on.writer, "k", "v");
    ck_ok(varve_batch_open(on.engine, 0, &batches[0], &on.err), &on.err);
    check_busy(1, 0, 0);
    ck_ok(varve_batch_open(on.engine, VARVE_BATCH_WRITE_ONLY, &batches[1], &on.err), &on.err);
    check_busy(2, 0, 0);
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    check_busy(2, 1, 0);
    varve_iter *of_engine = iter(on.reader, NULL);
    check_busy(2, 1, 1);
    varve_iter *of_batch = iter(varve_batch_reader_of(batches[0]), NULL);
    varve_iter *of_snapshot = iter(varve_snapshot_reader(snapshot), NULL);
    check_busy(2, 1, 3);

    ck_text(get(on.reader, "k"), "v");
    put(on.writer, "k", "still usable");
    ck_text(get(on.reader, "k"), "still usable");

    varve_iter_close(of_engine);
    check_busy(2, 1, 2);
    varve_iter_close(of_batch);
    varve_batch_close(batches[0]);
    check_busy(1, 1, 1);
    varve_iter_close(of_snapshot);
    varve_snapshot_close(snapshot);
    check_busy(1, 0, 0);
    ck_assert_int_eq(varve_engine_close(on.engine, NULL), VARVE_BUSY);
    varve_batch_close(batches[1]);
}
END_TEST

/* A batch and a snapshot that were closed before their iterators count until these are closed. */
START_TEST(deferred_closings_count)
{
    varve_batch *batch;
    varve_snapshot *snapshot;
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    varve_iter *of_batch[2] = {iter(varve_batch_reader_of(batch), NULL),
                               iter(varve_batch_reader_of(batch), NULL)};
    varve_iter *of_snapshot[2] = {iter(varve_snapshot_reader(snapshot), NULL),
                                  iter(varve_snapshot_reader(snapshot), NULL)};
    varve_batch_close(batch);
    varve_snapshot_close(snapshot);
    check_busy(1, 1, 4);
    varve_iter_close(of_batch[0]);
    varve_iter_close(of_snapshot[1]);
    check_busy(1, 1, 2);
    varve_iter_close(of_batch[1]);
    check_busy(0, 1, 1);
    varve_iter_close(of_snapshot[0]);
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
    ck_ok(varve_engine_close(NULL, &on.err), &on.err);
    varve_batch_close(NULL);
    varve_snapshot_close(NULL);
}
END_TEST

/* ---- Opening ------------------------------------------------------------------------------------
 */

START_TEST(a_refused_open_leaves_null)
{
    varve_engine *engine = on.engine;
    varve_options options = {.struct_size = sizeof options, .bloom_bits = -7};
    ck_status(varve_engine_open(&options, &engine, &on.err), VARVE_INVALID_ARGUMENT, &on.err);
    ck_assert_ptr_null(engine);
    engine = on.engine;
    ck_assert_int_eq(varve_engine_open(NULL, &engine, NULL), VARVE_INVALID_ARGUMENT);
    ck_assert_ptr_null(engine);
}
END_TEST

/* ---- Administration -----------------------------------------------------------------------------
 */

START_TEST(administration_keeps_the_data)
{
    put(on.writer, "a", "1");
    ck_ok(varve_engine_sync(on.engine, &on.err), &on.err);
    put(on.writer, "b@2", "2");
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    clear(on.writer, "a");
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    ck_text(all_of(on.reader), "b@2=2");
}
END_TEST

START_TEST(info_counts_what_is_there)
{
    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    uint64_t before = info.sequence;
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    put(on.writer, "b@1", "3");
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.struct_size, sizeof info);
    ck_assert_uint_eq(info.sequence, before + 3);
    ck_assert_uint_eq(info.estimated_keys, 3);
    ck_assert_uint_gt(info.memtable_bytes, 0);
    ck_assert_int_eq(info.format_version, on.backend == BACKEND_DISK ? 1 : 0);
}
END_TEST

START_TEST(info_fills_as_much_as_the_caller_knows)
{
    struct {
        varve_engine_info known;
        uint64_t later;
    } info;
    put(on.writer, "a", "1");
    memset(&info, 0xEE, sizeof info);
    info.known.struct_size = offsetof(varve_engine_info, table_files);
    ck_ok(varve_engine_get_info(on.engine, &info.known, &on.err), &on.err);
    ck_assert_uint_eq(info.known.struct_size, offsetof(varve_engine_info, table_files));
    ck_assert_uint_eq(info.known.estimated_keys, 1);
    ck_assert_uint_eq(info.known.table_files, UINT64_C(0xEEEEEEEEEEEEEEEE));

    info.known.struct_size = sizeof info;
    ck_ok(varve_engine_get_info(on.engine, &info.known, &on.err), &on.err);
    ck_assert_uint_eq(info.known.open_iterators, 0);
    ck_assert_uint_eq(info.later, 0);

    info.known.struct_size = sizeof(size_t) - 1;
    ck_status(varve_engine_get_info(on.engine, &info.known, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    info.known.struct_size = SIZE_MAX;
    ck_status(varve_engine_get_info(on.engine, &info.known, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    ck_status(varve_engine_get_info(on.engine, NULL, &on.err), VARVE_INVALID_ARGUMENT, &on.err);
}
END_TEST

static bool count_entries(void *arg, const varve_table *table)
{
    *(uint64_t *)arg += table->entries;
    return true;
}

START_TEST(tables_hold_what_was_flushed)
{
    uint64_t entries = 0;
    ck_ok(varve_engine_tables(on.engine, count_entries, &entries, &on.err), &on.err);
    ck_assert_uint_eq(entries, 0);
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    ck_ok(varve_engine_tables(on.engine, count_entries, &entries, &on.err), &on.err);
    ck_assert_uint_eq(entries, on.backend == BACKEND_MAP ? 0 : 2);
}
END_TEST

/* ---- Durability ---------------------------------------------------------------------------------
 */

/* Let the engine of the test have other options. */
static void reopen_with(varve_options options)
{
    backend_close(on.engine);
    on.engine = backend_open_with(on.backend, options);
    on.reader = varve_engine_reader(on.engine);
    on.writer = varve_engine_writer(on.engine);
    backend_faults_insert(on.engine);
}

static bool batch_syncs(varve_durability how)
{
    varve_batch *batch;
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    put(varve_batch_writer_of(batch), "k", "v");
    ck_ok(varve_batch_commit(batch, how, &on.err), &on.err);
    varve_batch_close(batch);
    return backend_faults.last_sync;
}

static bool writer_syncs(void)
{
    put(on.writer, "k", "v");
    return backend_faults.last_sync;
}

START_TEST(commits_are_as_durable_as_asked)
{
    reopen_with((varve_options){.never_sync = false});
    ck_assert(writer_syncs());
    ck_assert(batch_syncs(VARVE_SYNC));
    ck_assert(!batch_syncs(VARVE_NO_SYNC));

    reopen_with((varve_options){.writer_durability = VARVE_NO_SYNC});
    ck_assert(!writer_syncs());
    ck_assert(batch_syncs(VARVE_SYNC));

    reopen_with((varve_options){.never_sync = true});
    ck_assert(!writer_syncs());
    ck_assert(!batch_syncs(VARVE_SYNC));

    reopen_with((varve_options){.wal = VARVE_WAL_OFF});
    ck_assert(!writer_syncs());
    ck_assert(!batch_syncs(VARVE_SYNC));
    ck_assert_uint_eq(backend_faults.applied, 2);
}
END_TEST

START_TEST(sync_goes_to_the_log_if_there_is_one)
{
    reopen_with((varve_options){.never_sync = true});
    ck_ok(varve_engine_sync(on.engine, &on.err), &on.err);
    ck_assert_uint_eq(backend_faults.synced, 1);
    ck_assert_uint_eq(backend_faults.flushed, 0);

    reopen_with((varve_options){.wal = VARVE_WAL_OFF});
    ck_ok(varve_engine_sync(on.engine, &on.err), &on.err);
    ck_assert_uint_eq(backend_faults.synced, 0);
    ck_assert_uint_eq(backend_faults.flushed, 1);
}
END_TEST

START_TEST(closing_without_a_log_flushes)
{
    const char *path = temp_dir_make();
    varve_options options = {.path = path, .wal = VARVE_WAL_OFF};
    varve_engine *engine = backend_open_with(BACKEND_DISK, options);
    backend_faults_insert(engine);
    put(varve_engine_writer(engine), "k", "kept");
    backend_faults.flush = VARVE_NO_SPACE;
    ck_fails(varve_engine_close(engine, &on.err), VARVE_NO_SPACE, &on.err, "injected");
    ck_text(get(varve_engine_reader(engine), "k"), "kept");
    backend_faults.flush = VARVE_OK;
    ck_ok(varve_engine_close(engine, &on.err), &on.err);
    ck_assert_uint_eq(backend_faults.flushed, 2);

    engine = backend_open_with(BACKEND_DISK, options);
    ck_text(get(varve_engine_reader(engine), "k"), "kept");
    backend_close(engine);
}
END_TEST

START_TEST(closing_with_a_log_does_not_flush)
{
    backend_faults_insert(on.engine);
    backend_faults.flush = VARVE_IO;
    put(on.writer, "k", "v");
    backend_close(on.engine);
    ck_assert_uint_eq(backend_faults.flushed, 0);
    on.engine = backend_open(on.backend);
}
END_TEST

/* ---- Reading only -------------------------------------------------------------------------------
 */

static void check_read_only(varve_engine *engine)
{
    varve_writer *writer = varve_engine_writer(engine);
    const char *path = engine->options.path;
    char message[4200];
    (void)snprintf(message, sizeof message, "%s was opened for reading only", path);
    ck_fails(varve_writer_put(writer, key_of("k"), bytes("v"), &on.err), VARVE_READ_ONLY, &on.err,
             message);
    ck_fails(varve_writer_clear(writer, key_of("k"), &on.err), VARVE_READ_ONLY, &on.err, message);
    ck_fails(varve_writer_clear_range(writer, key_of("a"), key_of("z"), &on.err), VARVE_READ_ONLY,
             &on.err, message);
    ck_fails(varve_engine_sync(engine, &on.err), VARVE_READ_ONLY, &on.err, message);
    ck_fails(varve_engine_flush(engine, &on.err), VARVE_READ_ONLY, &on.err, message);
    ck_fails(varve_engine_compact(engine, &on.err), VARVE_READ_ONLY, &on.err, message);
}

START_TEST(a_read_only_engine_refuses_writes)
{
    const char *path = temp_dir_make();
    varve_engine *engine = backend_open_with(BACKEND_DISK, (varve_options){.path = path});
    put(varve_engine_writer(engine), "k", "v");
    ck_ok(varve_engine_close(engine, &on.err), &on.err);

    engine = backend_open_with(BACKEND_DISK, (varve_options){.path = path, .read_only = true});
    check_read_only(engine);

    varve_batch *batch;
    ck_ok(varve_batch_open(engine, 0, &batch, &on.err), &on.err);
    varve_writer *writer = varve_batch_writer_of(batch);
    put(writer, "l", "in the batch");
    ck_status(varve_batch_commit(batch, VARVE_SYNC, &on.err), VARVE_READ_ONLY, &on.err);
    ck_text(all_of(varve_batch_reader_of(batch)), "k=v l=in the batch");
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    ck_ok(varve_batch_commit(batch, VARVE_SYNC, &on.err), &on.err);
    varve_batch_close(batch);

    varve_snapshot *snapshot;
    ck_ok(varve_snapshot_open(engine, &snapshot, &on.err), &on.err);
    ck_text(all_of(varve_snapshot_reader(snapshot)), "k=v");
    varve_snapshot_close(snapshot);
    ck_text(all_of(varve_engine_reader(engine)), "k=v");
    backend_close(engine);
}
END_TEST

/* Without a log, there is nothing that closing a read-only engine could lose. */
START_TEST(a_read_only_engine_without_a_log_closes)
{
    const char *path = temp_dir_make();
    varve_options options = {.path = path, .wal = VARVE_WAL_OFF};
    varve_engine *engine = backend_open_with(BACKEND_DISK, options);
    ck_ok(varve_engine_close(engine, &on.err), &on.err);
    options.read_only = true;
    engine = backend_open_with(BACKEND_DISK, options);
    backend_close(engine);
}
END_TEST

/* ---- The log ------------------------------------------------------------------------------------
 */

static char log_text[4096];

static void remember(void *arg, varve_log_level level, const char *line)
{
    static const char *const levels[] = {"info", "warn", "error"};
    size_t size = strlen(log_text);
    ck_assert_str_eq(arg, "arg");
    (void)snprintf(log_text + size, sizeof log_text - size, "%s: %s\n", levels[level], line);
}

START_TEST(events_are_logged)
{
    static char arg[] = "arg";
    varve_options options = {.log = remember, .log_arg = arg};
    varve_engine *engine = backend_open_with(BACKEND_MAP, options);
    backend_faults_insert(engine);
    varve_iter *it = iter(varve_engine_reader(engine), NULL);
    ck_assert_int_eq(varve_engine_close(engine, NULL), VARVE_BUSY);
    varve_iter_close(it);
    backend_faults.apply = VARVE_NO_SPACE;
    ck_assert_int_eq(varve_writer_put(varve_engine_writer(engine), key_of("k"), bytes("v"), NULL),
                     VARVE_NO_SPACE);
    backend_faults.flush = VARVE_IO;
    ck_status(varve_engine_flush(engine, &on.err), VARVE_IO, &on.err);
    ck_text(get(varve_engine_reader(engine), "k"), "-");
    backend_close(engine);
    ck_assert_str_eq(log_text,
                     "info: mem: opened\n"
                     "warn: mem: not closed: 0 batches, 0 snapshots and 1 iterators are open\n"
                     "error: mem: commit: VARVE_NO_SPACE: injected\n"
                     "error: mem: flush: VARVE_IO: injected\n"
                     "info: mem: closed\n");
}
END_TEST

/* A full disk fails every commit: the log says when that begins and when it is over. */
START_TEST(commits_that_fail_in_a_row_are_logged_once)
{
    static char arg[] = "arg";
    varve_options options = {.log = remember, .log_arg = arg};
    varve_engine *engine = backend_open_with(BACKEND_MAP, options);
    varve_writer *writer = varve_engine_writer(engine);
    backend_faults_insert(engine);
    for (int round = 0; round < 2; round++) {
        backend_faults.apply = VARVE_NO_SPACE;
        for (int i = 0; i < 3; i++)
            ck_status(varve_writer_put(writer, key_of("k"), bytes("v"), &on.err), VARVE_NO_SPACE,
                      &on.err);
        backend_faults.apply = VARVE_OK;
        for (int i = 0; i < 3; i++)
            put(writer, "k", "v");
    }
    ck_assert_uint_eq(backend_faults.fired, 6);
    backend_close(engine);
    ck_assert_str_eq(log_text, "info: mem: opened\n"
                               "error: mem: commit: VARVE_NO_SPACE: injected\n"
                               "info: mem: commits succeed again\n"
                               "error: mem: commit: VARVE_NO_SPACE: injected\n"
                               "info: mem: commits succeed again\n"
                               "info: mem: closed\n");
}
END_TEST

static void fail_and_close(varve_reader *reader)
{
    varve_iter *it = iter(reader, NULL);
    ck_assert(!varve_iter_seek_ge(it, key_of("k")));
    varve_iter_close(it);
}

/* Damage that a walk meets is an event like any other; what the caller does wrong is none. */
START_TEST(failures_of_iterators_are_logged)
{
    static char arg[] = "arg";
    varve_options options = {.log = remember, .log_arg = arg};
    varve_engine *engine = backend_open_with(BACKEND_MAP, options);
    varve_batch *batch;
    varve_snapshot *snapshot;
    backend_faults_insert(engine);
    put(varve_engine_writer(engine), "k", "v");
    ck_ok(varve_batch_open(engine, 0, &batch, &on.err), &on.err);
    ck_ok(varve_snapshot_open(engine, &snapshot, &on.err), &on.err);
    backend_faults.iter_seek = VARVE_CORRUPT;
    fail_and_close(varve_engine_reader(engine));
    fail_and_close(varve_batch_reader_of(batch));
    fail_and_close(varve_snapshot_reader(snapshot));
    varve_snapshot_close(snapshot);

    /* A failure is also told when a seek forgets it, and not once more at the end. */
    backend_faults.iter_seek = VARVE_OK;
    backend_faults.iter_step = VARVE_IO;
    varve_iter *it = iter(varve_batch_reader_of(batch), NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("k")));
    ck_assert(!varve_iter_next(it));
    ck_assert(varve_iter_seek_ge(it, key_of("k")));
    varve_batch_close(batch);
    ck_assert(!varve_iter_next(it));
    ck_status(varve_iter_status(it, &on.err), VARVE_MISUSE, &on.err);
    varve_iter_close(it);
    varve_iter_options prefix = {.struct_size = sizeof prefix, .prefix = true};
    it = iter(varve_engine_reader(engine), &prefix);
    ck_assert(!varve_iter_seek_le(it, key_of("k")));
    ck_assert(!varve_iter_seek_ge(it, bytes("k")));
    varve_iter_close(it);
    backend_close(engine);
    ck_assert_str_eq(log_text, "info: mem: opened\n"
                               "error: mem: iterate: VARVE_CORRUPT: injected\n"
                               "error: mem: iterate: VARVE_CORRUPT: injected\n"
                               "error: mem: iterate: VARVE_CORRUPT: injected\n"
                               "error: mem: iterate: VARVE_IO: injected\n"
                               "info: mem: closed\n");
}
END_TEST

START_TEST(a_failed_open_is_logged)
{
    static char arg[] = "arg";
    char expected[4200];
    const char *path = temp_dir_make();
    varve_options options = {.struct_size = sizeof options, .path = path, .must_exist = true};
    options.log = remember;
    options.log_arg = arg;
    varve_engine *engine;
    ck_assert_int_eq(varve_engine_open(&options, &engine, NULL), VARVE_NO_STORE);
    (void)snprintf(expected, sizeof expected, "error: %s: open: VARVE_NO_STORE: ", path);
    ck_assert_msg(strncmp(log_text, expected, strlen(expected)) == 0, "%s", log_text);
    temp_dir_remove(path);
}
END_TEST

/* ---- Failures of the backend --------------------------------------------------------------------
 */

START_TEST(failures_of_the_backend_are_passed_on)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_snapshot *snapshot = (varve_snapshot *)&value;
    varve_iter *it = (varve_iter *)&value;
    varve_engine_info info = {.struct_size = sizeof info};
    put(on.writer, "k", "v");
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    varve_reader *of_snapshot = varve_snapshot_reader(snapshot);
    backend_faults_insert(on.engine);
    backend_faults.get = VARVE_IO;
    backend_faults.iter_open = VARVE_NO_MEMORY;
    backend_faults.snapshot = VARVE_NO_MEMORY;
    backend_faults.info = VARVE_IO;
    backend_faults.tables = VARVE_NO_MEMORY;
    backend_faults.compact = VARVE_CORRUPT;
    backend_faults.sync = VARVE_COMMIT_UNKNOWN;

    ck_fails(varve_reader_get(on.reader, key_of("k"), &value, &on.err), VARVE_IO, &on.err,
             "injected");
    ck_fails(varve_reader_get(of_snapshot, key_of("k"), &value, &on.err), VARVE_IO, &on.err,
             "injected");
    ck_fails(varve_iter_open(on.reader, NULL, &it, &on.err), VARVE_NO_MEMORY, &on.err, "injected");
    ck_assert_ptr_null(it);
    ck_fails(varve_iter_open(of_snapshot, NULL, &it, &on.err), VARVE_NO_MEMORY, &on.err,
             "injected");
    varve_snapshot *second = snapshot;
    ck_fails(varve_snapshot_open(on.engine, &second, &on.err), VARVE_NO_MEMORY, &on.err,
             "injected");
    ck_assert_ptr_null(second);
    ck_fails(varve_engine_get_info(on.engine, &info, &on.err), VARVE_IO, &on.err, "injected");
    ck_fails(varve_engine_tables(on.engine, count_entries, NULL, &on.err), VARVE_NO_MEMORY, &on.err,
             "injected");
    ck_fails(varve_engine_compact(on.engine, &on.err), VARVE_CORRUPT, &on.err, "injected");
    ck_fails(varve_engine_sync(on.engine, &on.err), VARVE_COMMIT_UNKNOWN, &on.err, "injected");
    ck_assert_uint_eq(backend_faults.fired, 9);
    varve_snapshot_close(snapshot);
    varve_buf_release(&value);
}
END_TEST

/* ---- The suite ----------------------------------------------------------------------------------
 */

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, open_handles_forbid_closing);
    tcase_add_test(tcase, deferred_closings_count);
    tcase_add_test(tcase, closing_nothing_is_fine);
    tcase_add_test(tcase, a_refused_open_leaves_null);
    tcase_add_test(tcase, administration_keeps_the_data);
    tcase_add_test(tcase, info_counts_what_is_there);
    tcase_add_test(tcase, info_fills_as_much_as_the_caller_knows);
    tcase_add_test(tcase, tables_hold_what_was_flushed);
    tcase_add_test(tcase, commits_are_as_durable_as_asked);
    tcase_add_test(tcase, sync_goes_to_the_log_if_there_is_one);
    tcase_add_test(tcase, closing_with_a_log_does_not_flush);
    tcase_add_test(tcase, failures_of_the_backend_are_passed_on);
}

int main(void)
{
    Suite *suite = backend_suite("engine", fill);
    TCase *alone = tcase_create("alone");
    tcase_add_test(alone, closing_without_a_log_flushes);
    tcase_add_test(alone, a_read_only_engine_refuses_writes);
    tcase_add_test(alone, a_read_only_engine_without_a_log_closes);
    tcase_add_test(alone, events_are_logged);
    tcase_add_test(alone, commits_that_fail_in_a_row_are_logged_once);
    tcase_add_test(alone, failures_of_iterators_are_logged);
    tcase_add_test(alone, a_failed_open_is_logged);
    suite_add_tcase(suite, alone);
    return run_suite(suite);
}
