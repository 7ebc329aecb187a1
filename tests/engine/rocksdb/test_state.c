/*
 * The state of an engine on disk: what makes it read-only or failed, how that is noticed and told,
 * and the ways back.
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "engine/engine.h"
#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"

/* Nothing depends on how soon something happens; this only ends what would never. */
#define SECONDS_MAX 60

static void pause_briefly(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* ---- What the callback has heard */

enum { HEARD_MAX = 16 };
static struct {
    varve_engine *engine;
    varve_engine_state states[HEARD_MAX];
    unsigned count;
    bool asks; /* it asks the engine something, in turn */
} heard;

static varve_engine_state state_of(varve_engine *engine)
{
    varve_engine_state state = {.struct_size = sizeof state};
    ck_ok(varve_engine_get_state(engine, &state, &err), &err);
    return state;
}

static void hear(void *arg, const varve_engine_state *state)
{
    ck_assert_ptr_eq(arg, &heard);
    ck_assert_uint_lt(heard.count, HEARD_MAX);
    ck_assert_uint_eq(state->struct_size, sizeof *state);
    heard.states[heard.count++] = *state;
    if (heard.asks && heard.engine != NULL) {
        (void)state_of(heard.engine);
        varve_status status = store_put(heard.engine, key_number(0), bytes("v"));
        ck_assert_int_eq(status, state->reason);
    }
}

/* An engine that is heard of, with `count` records. */
static varve_engine *open_heard(unsigned count)
{
    varve_options options = store_options(place_path("s"));
    memset(&heard, 0, sizeof heard);
    options.on_state = hear;
    options.on_state_arg = &heard;
    varve_engine *engine = store_open_with(&options);
    heard.engine = engine;
    store_fill(engine, count);
    return engine;
}

static void check_state(varve_engine *engine, varve_health health, varve_status reason)
{
    varve_engine_state state = state_of(engine);
    ck_assert_msg(state.health == health && state.reason == reason, "state %d for %s: %s",
                  (int)state.health, varve_status_name(state.reason), state.message);
    ck_assert_int_eq(state.message[0] == '\0', health == VARVE_HEALTHY);
}

static void check_heard(unsigned index, varve_health health, varve_status reason)
{
    ck_assert_uint_lt(index, heard.count);
    ck_assert_int_eq(heard.states[index].health, health);
    ck_assert_int_eq(heard.states[index].reason, reason);
    ck_assert_uint_eq(heard.states[index].changes, index + 1);
    ck_assert_int_gt(heard.states[index].since, (int64_t)1600000000 * 1000000000);
    if (index > 0)
        ck_assert_int_ge(heard.states[index].since, heard.states[index - 1].since);
}

static varve_status recover(varve_engine *engine, const varve_cancel *cancel)
{
    varve_error_release(&err);
    return varve_engine_recover(engine, cancel, &err);
}

static void check_count(varve_engine *engine, unsigned expected)
{
    varve_status status;
    ck_assert_uint_eq(store_count(engine, &status), expected);
    ck_ok(status, &err);
}

/* Let a write to the log fail for good. */
static void break_log(varve_engine *engine)
{
    fault_arm(FAULT_WRITE, ".log", EIO);
    varve_status status = store_put(engine, key_number(999), bytes("v"));
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_IO, &err);
    check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_IO);
}

/* ---- Ways out of health, and back */

START_TEST(a_failed_write_makes_it_read_only_until_recovered)
{
    varve_engine *engine = open_heard(100);
    check_state(engine, VARVE_HEALTHY, VARVE_OK);
    break_log(engine);
    ck_assert(!state_of(engine).commit_unknown);
    for (int i = 0; i < 3; i++)
        ck_status(store_put(engine, key_number(100), bytes("v")), VARVE_IO, &err);
    check_count(engine, 100);
    ck_ok(recover(engine, NULL), &err);
    check_state(engine, VARVE_HEALTHY, VARVE_OK);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    check_count(engine, 101);
    ck_assert_uint_eq(heard.count, 2);
    check_heard(0, VARVE_HEALTH_READ_ONLY, VARVE_IO);
    check_heard(1, VARVE_HEALTHY, VARVE_OK);
    store_close(engine);
    engine = store_open(place_path("s"));
    check_count(engine, 101);
    ck_status(store_has(engine, key_number(999)), VARVE_NOT_FOUND, &err);
    store_close(engine);
}
END_TEST

static varve_status commit_synced(varve_engine *engine, unsigned number, const char *token)
{
    varve_batch *batch = NULL;
    varve_error_release(&err);
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), key_number(number), bytes("v"), &err),
          &err);
    ck_ok(varve_batch_set_token(batch, varve_slice_text(token), varve_ts_of(1, 0), &err), &err);
    varve_status status = varve_batch_commit(batch, VARVE_SYNC, &err);
    varve_batch_close(batch);
    return status;
}

static varve_cancel *cancel_after(int64_t milliseconds)
{
    varve_cancel *cancel = NULL;
    ck_ok(varve_cancel_open(&cancel, &err), &err);
    varve_cancel_after(cancel, milliseconds * 1000000);
    return cancel;
}

static varve_status look_up(varve_engine *engine, const char *token)
{
    varve_error_release(&err);
    return varve_engine_token_lookup(engine, varve_slice_text(token), NULL, &err);
}

/* The first sync of a log is followed by one of the directory, and its failure names no log. */
START_TEST(a_failed_sync_of_the_directory_leaves_the_commit_unknown)
{
    static const int codes[] = {EIO, ENOSPC, EDQUOT};
    varve_engine *engine =
        open_heard(_i < 3 ? 10 : 0); /* with nothing that a new log is begun for */
    fault_arm_later(FAULT_SYNC, "/s", codes[_i % 3], 1);
    varve_status status = commit_synced(engine, 10, "first");
    ck_assert_uint_ge(atomic_load(&fault.fired), 1);
    ck_status(status, VARVE_COMMIT_UNKNOWN, &err);
    ck_assert_int_eq(state_of(engine).health, VARVE_HEALTH_READ_ONLY);
    ck_assert(state_of(engine).commit_unknown);
    ck_status(look_up(engine, "first"), VARVE_COMMIT_UNKNOWN, &err);
    ck_assert_int_ne(commit_synced(engine, 11, "second"), VARVE_OK);
    (void)fault_disarm();

    varve_cancel *cancel = cancel_after(SECONDS_MAX * 1000);
    varve_error_release(&err);
    ck_ok(recover(engine, cancel), &err);
    varve_cancel_close(cancel);
    ck_assert(!state_of(engine).commit_unknown);
    status = store_has(engine, key_number(10));
    ck_assert_int_ge(status, VARVE_OK);
    ck_assert_int_eq(look_up(engine, "first"), status);
    ck_status(store_has(engine, key_number(11)), VARVE_NOT_FOUND, &err);
    varve_error_release(&err);
    ck_ok(store_put(engine, key_number(12), bytes("v")), &err);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_int_eq(look_up(engine, "first"), status);
    ck_assert_int_eq(store_has(engine, key_number(10)), status);
    ck_ok(store_has(engine, key_number(12)), &err);
    store_close(engine);
}
END_TEST

START_TEST(an_unknown_commit_is_definite_after_recovery)
{
    varve_engine *engine = open_heard(10);
    fault_arm(FAULT_SYNC, ".log", EIO);
    varve_status status = commit_synced(engine, 10, "first");
    ck_assert_uint_eq(fault_disarm(), 1);
    ck_status(status, VARVE_COMMIT_UNKNOWN, &err);
    check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_IO);
    ck_assert(state_of(engine).commit_unknown);
    ck_status(look_up(engine, "first"), VARVE_COMMIT_UNKNOWN, &err);
    ck_status(commit_synced(engine, 11, "second"), VARVE_IO, &err);

    ck_ok(recover(engine, NULL), &err);
    ck_assert(!state_of(engine).commit_unknown);
    status = store_has(engine, key_number(10));
    ck_assert_int_ge(status, VARVE_OK);
    ck_assert_int_eq(look_up(engine, "first"), status);
    ck_assert_int_eq(look_up(engine, "second"), VARVE_NOT_FOUND);
    ck_status(store_has(engine, key_number(11)), VARVE_NOT_FOUND, &err);
    ck_ok(commit_synced(engine, 12, "third"), &err);
    /* And it stays what it was. */
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_int_eq(store_has(engine, key_number(10)), status);
    ck_ok(store_has(engine, key_number(12)), &err);
    store_close(engine);
}
END_TEST

/* Nobody writes: a memtable that is full is flushed in the background, and that fails. */
START_TEST(an_error_in_the_background_is_noticed_when_asked)
{
    varve_options options = store_options(place_path("s"));
    time_t end = time(NULL) + SECONDS_MAX;
    memset(&heard, 0, sizeof heard);
    options.on_state = hear;
    options.on_state_arg = &heard;
    options.write_buffer_bytes = 1 << 16;
    varve_engine *engine = store_open_with(&options);
    fault_arm(FAULT_SYNC, ".sst", EIO);
    unsigned count = 0;
    while (atomic_load(&fault.fired) == 0 &&
           store_put(engine, key_number(count), repeated('v', 1000)) == VARVE_OK)
        count++;
    while (state_of(engine).health == VARVE_HEALTHY) {
        ck_assert_int_lt(time(NULL), end);
        pause_briefly();
    }
    ck_assert_uint_ge(fault_disarm(), 1);
    check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_IO);
    ck_assert_uint_eq(heard.count, 1);
    check_count(engine, count);
    ck_ok(recover(engine, NULL), &err);
    check_count(engine, count);
    ck_ok(store_put(engine, key_number(count), bytes("v")), &err);
    store_close(engine);
}
END_TEST

START_TEST(healing_is_noticed_when_asked)
{
    varve_engine *engine = open_heard(100);
    time_t end = time(NULL) + SECONDS_MAX;
    fault_arm(FAULT_WRITE, "/s/", ENOSPC);
    ck_status(store_put(engine, key_number(100), bytes("v")), VARVE_NO_SPACE, &err);
    for (int i = 0; i < 10; i++)
        check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_NO_SPACE);
    ck_assert_uint_ge(fault_disarm(), 1);
    while (state_of(engine).health != VARVE_HEALTHY) {
        ck_assert_int_lt(time(NULL), end);
        pause_briefly();
    }
    ck_assert_uint_eq(heard.count, 2);
    check_heard(0, VARVE_HEALTH_READ_ONLY, VARVE_NO_SPACE);
    check_heard(1, VARVE_HEALTHY, VARVE_OK);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    check_count(engine, 101);
    store_close(engine);
}
END_TEST

/* RocksDB would go on with a log that has failed: only opening it again helps, and it does. */
START_TEST(a_log_without_a_memtable_is_reopened)
{
    varve_engine *engine = open_heard(100);
    ck_ok(varve_engine_flush(engine, &err), &err);
    fault_arm(FAULT_WRITE, ".log", ENOSPC);
    varve_status status = store_put(engine, key_number(100), bytes("v"));
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_NO_SPACE, &err);
    check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_NO_SPACE);
    ck_ok(recover(engine, NULL), &err);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    check_count(engine, 101);
    store_close(engine);
}
END_TEST

/* ---- Waiting */

static void *disarm_soon(void *arg)
{
    (void)arg;
    (void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    (void)fault_disarm();
    return NULL;
}

START_TEST(recovery_waits_for_space)
{
    varve_engine *engine = open_heard(100);
    pthread_t helper;
    fault_arm(FAULT_WRITE, "/s/", ENOSPC);
    ck_status(store_put(engine, key_number(100), bytes("v")), VARVE_NO_SPACE, &err);
    /* Not at all, for a moment, or until cancelled. */
    ck_status(recover(engine, NULL), VARVE_NO_SPACE, &err);
    check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_NO_SPACE);
    varve_cancel *cancel = cancel_after(50);
    ck_status(recover(engine, cancel), VARVE_DEADLINE, &err);
    varve_cancel_now(cancel);
    ck_status(recover(engine, cancel), VARVE_CANCELLED, &err);
    varve_cancel_close(cancel);
    check_count(engine, 100);
    /* Or until somebody has made room. */
    cancel = cancel_after(SECONDS_MAX * 1000);
    ck_assert_int_eq(pthread_create(&helper, NULL, disarm_soon, NULL), 0);
    ck_ok(recover(engine, cancel), &err);
    ck_assert_int_eq(pthread_join(helper, NULL), 0);
    varve_cancel_close(cancel);
    check_state(engine, VARVE_HEALTHY, VARVE_OK);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    check_count(engine, 101);
    store_close(engine);
}
END_TEST

static void *close_soon(void *arg)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    varve_iter_close(arg);
    return NULL;
}

START_TEST(recovery_waits_for_handles)
{
    varve_engine *engine = open_heard(100);
    varve_snapshot *snapshot = NULL;
    varve_iter *it = NULL;
    varve_batch *batch = NULL;
    pthread_t helper;

    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), key_number(100), bytes("v"), &err), &err);
    ck_ok(varve_snapshot_open(engine, &snapshot, &err), &err);
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    break_log(engine);
    ck_status(recover(engine, NULL), VARVE_BUSY, &err);
    ck_assert_uint_eq(err.detail.busy.snapshots, 1);
    ck_assert_uint_eq(err.detail.busy.iterators, 1);
    varve_snapshot_close(snapshot);
    ck_status(recover(engine, NULL), VARVE_BUSY, &err);
    ck_assert_uint_eq(err.detail.busy.snapshots, 0);
    /* All the while, the iterator reads. */
    ck_assert(varve_iter_seek_ge(it, key_number(7)));
    ck_slice_eq(it->key, key_number(7));
    check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_IO);

    varve_cancel *cancel = cancel_after(SECONDS_MAX * 1000);
    ck_assert_int_eq(pthread_create(&helper, NULL, close_soon, it), 0);
    ck_ok(recover(engine, cancel), &err);
    ck_assert_int_eq(pthread_join(helper, NULL), 0);
    varve_cancel_close(cancel);
    /* The batch has been open throughout, and is as good as before. */
    ck_ok(varve_batch_commit(batch, VARVE_SYNC, &err), &err);
    varve_batch_close(batch);
    check_count(engine, 101);
    store_close(engine);
}
END_TEST

/* ---- Reopening that fails */

static void check_all_fails(varve_engine *engine)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_iter *it = NULL;
    varve_snapshot *snapshot = NULL;
    varve_engine_info info = {.struct_size = sizeof info};
    varve_reader *reader = varve_engine_reader(engine);

    ck_status(varve_reader_get(reader, key_number(0), &value, &err), VARVE_IO, &err);
    ck_status(varve_iter_open(reader, NULL, &it, &err), VARVE_IO, &err);
    ck_assert_ptr_null(it);
    ck_status(varve_snapshot_open(engine, &snapshot, &err), VARVE_IO, &err);
    ck_assert_ptr_null(snapshot);
    ck_status(store_put(engine, key_number(0), bytes("v")), VARVE_IO, &err);
    ck_status(varve_engine_sync(engine, &err), VARVE_IO, &err);
    ck_status(varve_engine_flush(engine, &err), VARVE_IO, &err);
    ck_status(varve_engine_compact(engine, &err), VARVE_IO, &err);
    ck_status(varve_engine_get_info(engine, &info, &err), VARVE_IO, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "could not be reopened"));
}

static bool never(void *arg, const varve_table *table)
{
    (void)arg, (void)table;
    ck_abort_msg("a table of a store that is closed inside");
    return false;
}

static void check_all_numbers_fail(varve_engine *engine)
{
    varve_compact_options range = {.struct_size = sizeof range};
    varve_engine_stats stats = {.struct_size = sizeof stats};
    varve_engine_stall stall = {.struct_size = sizeof stall};
    varve_engine_memory memory = {.struct_size = sizeof memory};
    varve_wal_reader *log = NULL;
    uint64_t bytes_there;

    ck_status(varve_engine_compact_range(engine, &range, &err), VARVE_IO, &err);
    ck_status(
        varve_engine_approximate_bytes(engine, key_number(0), key_number(1), &bytes_there, &err),
        VARVE_IO, &err);
    ck_status(varve_engine_get_stats(engine, &stats, &err), VARVE_IO, &err);
    ck_status(varve_engine_get_stall(engine, &stall, &err), VARVE_IO, &err);
    ck_status(varve_engine_get_memory(engine, &memory, &err), VARVE_IO, &err);
    ck_status(varve_engine_tables(engine, never, NULL, &err), VARVE_IO, &err);
    ck_status(varve_wal_open(engine, 1, &log, &err), VARVE_IO, &err);
    ck_status(varve_wal_open(engine, 50, &log, &err), VARVE_IO, &err);
    ck_assert_ptr_null(log);
    ck_assert_uint_eq(varve_engine_sequence(engine), 0);
}

/* Let recovering fail after the store has been closed inside. */
static varve_engine *open_failed(void)
{
    varve_engine *engine = open_heard(100);
    break_log(engine);
    fault_arm(FAULT_RENAME, "CURRENT", EIO);
    ck_status(recover(engine, NULL), VARVE_IO, &err);
    check_state(engine, VARVE_HEALTH_FAILED, VARVE_IO);
    ck_status(recover(engine, NULL), VARVE_IO, &err);
    ck_assert_uint_ge(fault_disarm(), 2);
    ck_assert_uint_eq(heard.count, 2);
    check_heard(1, VARVE_HEALTH_FAILED, VARVE_IO);
    return engine;
}

START_TEST(a_failed_engine_fails_and_can_be_recovered)
{
    varve_engine *engine = open_failed();
    check_all_fails(engine);
    check_all_numbers_fail(engine);
    ck_ok(recover(engine, NULL), &err);
    check_state(engine, VARVE_HEALTHY, VARVE_OK);
    check_heard(2, VARVE_HEALTHY, VARVE_OK);
    check_count(engine, 100);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    store_close(engine);
}
END_TEST

START_TEST(a_failed_engine_can_be_closed)
{
    varve_engine *engine = open_failed();
    store_close(engine);
    engine = store_open(place_path("s"));
    check_count(engine, 100);
    store_close(engine);
}
END_TEST

/* What the backend offers it offers in that state, too, if only to fail. */
START_TEST(nothing_is_forgotten_in_the_failed_state)
{
    typedef void (*function)(void);
    const varve__backend_ops *open = &varve__backend_rocksdb;
    const varve__backend_ops *closed = open->closed;
    /* These are called on what is open in the store, of a secondary, or not at all. */
    const size_t exempt[] = {
        offsetof(varve__backend_ops, open),     offsetof(varve__backend_ops, snapshot_close),
        offsetof(varve__backend_ops, wal_next), offsetof(varve__backend_ops, wal_close),
        offsetof(varve__backend_ops, closed),   offsetof(varve__backend_ops, caught_up)};
    ck_assert_ptr_nonnull(closed);
    for (size_t at = 0; at < sizeof *open; at += sizeof(function)) {
        function there;
        function here;
        bool is_exempt = false;
        for (size_t i = 0; i < sizeof exempt / sizeof exempt[0]; i++)
            is_exempt |= exempt[i] == at;
        memcpy(&there, (const char *)open + at, sizeof there);
        memcpy(&here, (const char *)closed + at, sizeof here);
        ck_assert_msg(there == NULL || here != NULL || is_exempt, "the operation at byte %zu", at);
    }
}
END_TEST

/* A disk that takes nothing is found out before anything is closed. */
START_TEST(a_store_stays_readable_while_the_disk_fails)
{
    varve_engine *engine = open_heard(100);
    break_log(engine);
    fault_arm(FAULT_WRITE, "VARVE_VERSION_TEMP", EIO);
    ck_status(recover(engine, NULL), VARVE_IO, &err);
    fault_arm(FAULT_SYNC, "VARVE_VERSION_TEMP", EIO);
    ck_status(recover(engine, NULL), VARVE_IO, &err);
    fault_arm(FAULT_WRITE, "VARVE_VERSION_TEMP", ENOSPC);
    ck_status(recover(engine, NULL), VARVE_NO_SPACE, &err);
    ck_assert_uint_eq(fault_disarm(), 1);
    check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_IO);
    check_count(engine, 100);
    ck_ok(recover(engine, NULL), &err);
    check_count(engine, 100);
    store_close(engine);
}
END_TEST

/* ---- Others */

START_TEST(the_callback_may_use_the_engine)
{
    varve_engine *engine = open_heard(100);
    heard.asks = true;
    break_log(engine);
    ck_ok(recover(engine, NULL), &err);
    ck_assert_uint_eq(heard.count, 2);
    check_heard(0, VARVE_HEALTH_READ_ONLY, VARVE_IO);
    check_heard(1, VARVE_HEALTHY, VARVE_OK);
    store_close(engine);
}
END_TEST

START_TEST(reading_only_needs_no_recovery)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = open_heard(10);
    store_close(engine);
    options.read_only = true;
    engine = store_open_with(&options);
    check_state(engine, VARVE_HEALTHY, VARVE_OK);
    ck_status(recover(engine, NULL), VARVE_READ_ONLY, &err);
    store_close(engine);
}
END_TEST

/* Files can no longer be opened; what is open still serves. */
START_TEST(descriptors_that_run_out_are_an_answer)
{
    struct rlimit before;
    varve_engine *engine = open_heard(100);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(0);
    ck_assert_int_ge(next, 0);
    ck_assert_int_eq(close(next), 0);
    const struct rlimit low = {(rlim_t)next, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    ck_status(varve_engine_flush(engine, &err), VARVE_IO, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "Too many open files"));
    varve_status written = store_put(engine, key_number(100), bytes("v"));
    ck_assert(written == VARVE_OK || written == VARVE_IO);
    unsigned count = written == VARVE_OK ? 101 : 100;
    check_count(engine, count);
    varve_status recovered = recover(engine, NULL);
    ck_assert(recovered == VARVE_OK || recovered == VARVE_IO);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_ok(recover(engine, NULL), &err);
    check_count(engine, count);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(store_put(engine, key_number(101), bytes("v")), &err);
    store_close(engine);
}
END_TEST

/* A store that was opened for salvage gives nothing up when it is opened again inside. */
START_TEST(recovery_does_not_salvage)
{
    varve_options options = store_options(place_path("s"));
    options.salvage = true;
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 1000);
    break_log(engine);
    file_damage(file_find(place_path("s"), ".log"), 20000, 1);
    ck_status(recover(engine, NULL), VARVE_CORRUPT, &err);
    check_state(engine, VARVE_HEALTH_FAILED, VARVE_CORRUPT);
    store_close(engine);
}
END_TEST

/* Without a log, what has not been flushed goes when the store has to be opened again. */
START_TEST(without_a_log_recovery_saves_what_it_can)
{
    varve_options options = store_options(place_path("s"));
    varve_status status;
    options.wal = VARVE_WAL_OFF;
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 100);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    fault_arm(FAULT_SYNC, ".sst", EIO);
    ck_status(varve_engine_flush(engine, &err), VARVE_IO, &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    check_state(engine, VARVE_HEALTH_READ_ONLY, VARVE_IO);
    check_count(engine, 101);
    ck_ok(recover(engine, NULL), &err);
    unsigned count = store_count(engine, &status);
    ck_ok(status, &err);
    ck_assert(count == 100 || count == 101);
    ck_ok(store_put(engine, key_number(200), bytes("v")), &err);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state of an engine");
    TCase *cases = tcase_create("state");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, a_failed_write_makes_it_read_only_until_recovered);
    tcase_add_loop_test(cases, a_failed_sync_of_the_directory_leaves_the_commit_unknown, 0, 6);
    tcase_add_test(cases, an_unknown_commit_is_definite_after_recovery);
    tcase_add_test(cases, an_error_in_the_background_is_noticed_when_asked);
    tcase_add_test(cases, healing_is_noticed_when_asked);
    tcase_add_test(cases, a_log_without_a_memtable_is_reopened);
    tcase_add_test(cases, recovery_waits_for_space);
    tcase_add_test(cases, recovery_waits_for_handles);
    tcase_add_test(cases, a_failed_engine_fails_and_can_be_recovered);
    tcase_add_test(cases, a_failed_engine_can_be_closed);
    tcase_add_test(cases, nothing_is_forgotten_in_the_failed_state);
    tcase_add_test(cases, a_store_stays_readable_while_the_disk_fails);
    tcase_add_test(cases, the_callback_may_use_the_engine);
    tcase_add_test(cases, reading_only_needs_no_recovery);
    tcase_add_test(cases, descriptors_that_run_out_are_an_answer);
    tcase_add_test(cases, recovery_does_not_salvage);
    tcase_add_test(cases, without_a_log_recovery_saves_what_it_can);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
