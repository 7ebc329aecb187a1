#include <pthread.h>
#include <stdatomic.h>

#include <varve/varve.h>

#include "engine/engine.h"
#include "tests/support/backends.h"
#include "util/fail.h"

#define SECOND 1000000000
#define MARK_KEY "\x01\x76\x63"

/* ---- A physical clock that the test turns, and a backend that it can see and break
 * --------------- */

static _Atomic int64_t physical_now;

static int64_t physical(void *arg)
{
    (void)arg;
    return atomic_load(&physical_now);
}

static varve__backend_ops watched;
static const varve__backend_ops *real;
static atomic_uint commits;
static atomic_bool last_was_synced;
static varve_status commit_fails_with; /* VARVE_OK = it does not */
static bool iter_open_fails;

static varve_status watched_apply(varve__store *store, varve_slice repr, bool sync,
                                  varve_error *err)
{
    if (commit_fails_with != VARVE_OK)
        return varve__fail(err, commit_fails_with, "injected failure");
    atomic_fetch_add(&commits, 1);
    atomic_store(&last_was_synced, sync);
    return real->apply(store, repr, sync, err);
}

static varve_status watched_iter_open(varve__store *store, varve__store_snapshot *snapshot,
                                      const varve_iter_options *options, varve_iter **out,
                                      varve_error *err)
{
    if (iter_open_fails)
        return varve__fail(err, VARVE_IO, "injected failure");
    return real->iter_open(store, snapshot, options, out, err);
}

static void watch(void)
{
    real = on.engine->ops;
    watched = *real;
    watched.apply = watched_apply;
    watched.iter_open = watched_iter_open;
    on.engine->ops = &watched;
    atomic_store(&commits, 0);
    commit_fails_with = VARVE_OK;
    iter_open_fails = false;
}

static varve_clock *clock_open(int64_t window_ns)
{
    varve_clock *clock = NULL;
    varve_clock_options options = {
        .struct_size = sizeof options, .physical = physical, .window_ns = window_ns};
    ck_ok(varve_clock_open(on.engine, &options, &clock, &on.err), &on.err);
    return clock;
}

static varve_ts now(varve_clock *clock)
{
    varve_ts ts;
    ck_ok(varve_clock_now(clock, &ts, &on.err), &on.err);
    return ts;
}

static void observe(varve_clock *clock, varve_ts ts)
{
    ck_ok(varve_clock_observe(clock, ts, &on.err), &on.err);
}

#define ck_ts(actual, w, l)                                                                        \
    do {                                                                                           \
        varve_ts ts_ = (actual);                                                                   \
        ck_assert_int_eq(ts_.wall, (w));                                                           \
        ck_assert_int_eq(ts_.logical, (l));                                                        \
    } while (0)

/* ---- Time
 * ---------------------------------------------------------------------------------------- */

START_TEST(physical_time_when_it_moves)
{
    varve_clock *clock = clock_open(0);
    physical_now = 100;
    ck_ts(now(clock), 100, 0);
    physical_now = 101;
    ck_ts(now(clock), 101, 0);
    varve_clock_close(clock);
}
END_TEST

START_TEST(logical_ticks_when_it_does_not)
{
    varve_clock *clock = clock_open(0);
    physical_now = 100;
    ck_ts(now(clock), 100, 0);
    ck_ts(now(clock), 100, 1);
    physical_now = 60;
    ck_ts(now(clock), 100, 2);
    physical_now = -5;
    ck_ts(now(clock), 100, 3);
    physical_now = 100;
    ck_ts(now(clock), 100, 4);
    physical_now = 99999;
    ck_ts(now(clock), 99999, 0);
    varve_clock_close(clock);
}
END_TEST

START_TEST(before_1970_it_ticks_from_zero)
{
    varve_clock *clock = clock_open(0);
    physical_now = -100;
    ck_ts(now(clock), 0, 1);
    physical_now = 0;
    ck_ts(now(clock), 0, 2);
    varve_clock_close(clock);
}
END_TEST

START_TEST(observed_timestamps_are_passed)
{
    varve_clock *clock = clock_open(0);
    physical_now = 100;
    observe(clock, varve_ts_of(500, 7));
    ck_ts(now(clock), 500, 8);
    observe(clock, varve_ts_of(400, 0));
    observe(clock, varve_ts_zero());
    ck_ts(now(clock), 500, 9);
    physical_now = 501;
    ck_ts(now(clock), 501, 0);
    varve_clock_close(clock);
}
END_TEST

START_TEST(logical_parts_carry)
{
    varve_clock *clock = clock_open(0);
    physical_now = 100;
    observe(clock, varve_ts_of(200, INT32_MAX));
    ck_ts(now(clock), 201, 0);
    varve_clock_close(clock);
}
END_TEST

START_TEST(timestamps_end)
{
    varve_ts ts = {-1, -1};
    varve_clock *clock = clock_open(0);
    ck_status(varve_clock_observe(clock, varve_ts_max(), &on.err), VARVE_TIMESTAMP_OVERFLOW,
              &on.err);
    ck_status(varve_clock_observe(clock, varve_ts_of(-1, 0), &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    ck_status(varve_clock_observe(clock, varve_ts_of(1, -1), &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    varve_error_release(&on.err);
    physical_now = 100;
    ck_ts(now(clock), 100, 0);

    observe(clock, varve_ts_of(INT64_MAX, INT32_MAX - 1));
    ck_ts(now(clock), INT64_MAX, INT32_MAX);
    ck_status(varve_clock_now(clock, &ts, &on.err), VARVE_TIMESTAMP_OVERFLOW, &on.err);
    ck_ts(ts, -1, -1);
    varve_clock_close(clock);
}
END_TEST

START_TEST(real_time_by_default)
{
    varve_clock *clock;
    ck_ok(varve_clock_open(on.engine, NULL, &clock, &on.err), &on.err);
    int64_t before = test_real_time();
    varve_ts first = now(clock);
    varve_ts second = now(clock);
    ck_assert_int_ge(first.wall, before);
    ck_assert_int_le(first.wall, test_real_time());
    ck_assert_int_gt(varve_ts_compare(second, first), 0);
    varve_clock_close(clock);
}
END_TEST

/* ---- The mark in the store
 * ----------------------------------------------------------------------- */

START_TEST(the_mark_byte_by_byte)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_clock *clock = clock_open(0x100);
    physical_now = 0x0102030405060708;
    ck_ts(now(clock), 0x0102030405060708, 0);
    ck_ok(varve_reader_get(on.reader, hex("01 76 63 00 01"), &value, &on.err), &on.err);
    ck_hex(varve_buf_slice(&value), "12 04 08 00 10 00 18 00 20 00 28 00"
                                    "32 11 00 00 00 00 03 01 02 03 04 05 06 08 08 00 00 00 00");

    observe(clock, varve_ts_of(0x0202030405060708, 0x0A0B0C0D));
    ck_ok(varve_reader_get(on.reader, hex("01 76 63 00 01"), &value, &on.err), &on.err);
    ck_hex(varve_buf_slice(&value), "12 04 08 00 10 00 18 00 20 00 28 00"
                                    "32 11 00 00 00 00 03 02 02 03 04 05 06 08 08 0A 0B 0C 0D");
    varve_buf_release(&value);
    varve_clock_close(clock);
}
END_TEST

START_TEST(one_synced_commit_a_window)
{
    watch();
    varve_clock *clock = clock_open(1000);
    physical_now = 5000;
    for (int i = 0; i < 1000; i++, physical_now++)
        (void)now(clock);
    ck_assert_uint_eq(commits, 1);
    ck_ts(now(clock), 6000, 0);
    ck_assert_uint_eq(commits, 1);
    ck_ts(now(clock), 6000, 1);
    ck_assert_uint_eq(commits, 2);
    observe(clock, varve_ts_of(7000, 1));
    ck_assert_uint_eq(commits, 2);
    observe(clock, varve_ts_of(7000, 2));
    ck_assert_uint_eq(commits, 3);
    varve_clock_close(clock);
}
END_TEST

/* Also where the engine's writer does not sync. */
START_TEST(the_mark_is_synced)
{
    varve_engine *outer = on.engine;
    on.engine = backend_open_with(on.backend, (varve_options){.writer_durability = VARVE_NO_SYNC});
    watch();
    varve_clock *clock = clock_open(0);
    (void)now(clock);
    ck_assert_uint_eq(commits, 1);
    ck_assert(last_was_synced);
    last_was_synced = false;
    varve_clock_close(clock);
    ck_assert_uint_eq(commits, 2);
    ck_assert(last_was_synced);
    on.engine->ops = real;
    backend_close(on.engine);
    on.engine = outer;
}
END_TEST

START_TEST(a_new_clock_goes_on_above_the_old_one)
{
    varve_ts last = {0, 0};
    for (int i = 0; i < 20; i++) {
        varve_clock *clock = clock_open(SECOND);
        physical_now = 100 * (int64_t)SECOND - i; /* a little back each time */
        for (int j = 0; j < 3; j++) {
            varve_ts ts = now(clock);
            ck_assert_int_gt(varve_ts_compare(ts, last), 0);
            last = ts;
        }
        varve_clock_close(clock);
    }
    /* Windows do not add up. */
    ck_assert_int_eq(last.wall, (int64_t)100 * SECOND);
}
END_TEST

/* What a crash leaves behind: a mark that has not been taken back. */
static void clock_crash(varve_clock *clock)
{
    commit_fails_with = VARVE_IO;
    varve_clock_close(clock);
    commit_fails_with = VARVE_OK;
}

START_TEST(closing_takes_the_mark_back)
{
    watch();
    varve_clock *clock = clock_open(1000);
    physical_now = 5000;
    ck_ts(now(clock), 5000, 0);
    observe(clock, varve_ts_of(5100, 3));
    varve_clock_close(clock);
    ck_assert_uint_eq(commits, 2);
    clock = clock_open(1000);
    varve_clock_close(clock);
    ck_assert_uint_eq(commits, 2);
    clock = clock_open(1000);
    ck_ts(now(clock), 5100, 4);
    varve_clock_close(clock);
}
END_TEST

START_TEST(a_crash_jumps_by_one_window_at_most)
{
    watch();
    varve_clock *clock = clock_open(1000);
    physical_now = 5000;
    ck_ts(now(clock), 5000, 0);
    clock_crash(clock);
    clock = clock_open(1000);
    ck_ts(now(clock), 6000, 1);
    clock_crash(clock);
    clock = clock_open(1000);
    physical_now = 9000;
    ck_ts(now(clock), 9000, 0);
    varve_clock_close(clock);
}
END_TEST

START_TEST(observed_timestamps_survive_a_restart)
{
    varve_clock *clock = clock_open(1000);
    physical_now = 5000;
    (void)now(clock);
    observe(clock, varve_ts_of(777777, 3));
    varve_clock_close(clock);
    clock = clock_open(1000);
    varve_ts ts = now(clock);
    ck_assert_int_gt(varve_ts_compare(ts, varve_ts_of(777777, 3)), 0);
    varve_clock_close(clock);
}
END_TEST

/* The end of time is nearer than a window. */
START_TEST(the_last_window_is_cut)
{
    watch();
    varve_clock *clock = clock_open(1000);
    observe(clock, varve_ts_of(INT64_MAX - 10, 0));
    ck_ts(now(clock), INT64_MAX - 10, 1);
    varve_clock_close(clock);
    clock = clock_open(1000);
    ck_ts(now(clock), INT64_MAX - 10, 2);
    clock_crash(clock);
    varve_ts ts;
    clock = clock_open(1000);
    ck_status(varve_clock_now(clock, &ts, &on.err), VARVE_TIMESTAMP_OVERFLOW, &on.err);
    varve_clock_close(clock);
}
END_TEST

START_TEST(no_timestamp_without_its_mark)
{
    static const varve_status failures[] = {VARVE_IO, VARVE_NO_SPACE, VARVE_COMMIT_UNKNOWN,
                                            VARVE_READ_ONLY};
    watch();
    varve_clock *clock = clock_open(1000);
    physical_now = 5000;
    ck_ts(now(clock), 5000, 0);
    physical_now = 9000;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        varve_ts ts = {-1, -1};
        commit_fails_with = failures[i];
        ck_status(varve_clock_now(clock, &ts, &on.err), failures[i], &on.err);
        ck_ts(ts, -1, -1);
        ck_status(varve_clock_observe(clock, varve_ts_of(9000, 5), &on.err), failures[i], &on.err);
        varve_error_release(&on.err);
    }
    /* Below the mark it goes on, as if nothing had been tried. */
    physical_now = 5500;
    ck_ts(now(clock), 5500, 0);
    commit_fails_with = VARVE_OK;
    physical_now = 9000;
    ck_ts(now(clock), 9000, 0);
    varve_clock_close(clock);
}
END_TEST

/* ---- Opening
 * ------------------------------------------------------------------------------------- */

static void put_mark(varve_slice raw)
{
    varve_write how = {.struct_size = sizeof how, .writer = on.writer};
    ck_ok(varve_mvcc_put(&how, bytes(MARK_KEY), raw, &on.err), &on.err);
}

START_TEST(damaged_marks)
{
    static const char *const marks[] = {
        "00 00 00 00 03 00 00 00 00 00 00 00 01 00 00 00",       /* short */
        "00 00 00 00 03 00 00 00 00 00 00 00 01 00 00 00 00 00", /* long */
        "00 00 00 00 0A 00 00 00 00 00 00 00 01 00 00 00 00",    /* no BYTES */
        "00 00 00 00 03 80 00 00 00 00 00 00 01 00 00 00 00",    /* negative */
        "00 00 00 00 03 00 00 00 00 00 00 00 01 80 00 00 00",    "01",
    };
    varve_clock *clock;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        put_mark(hex(marks[i]));
        ck_fails(varve_clock_open(on.engine, NULL, &clock, &on.err), VARVE_CORRUPT, &on.err,
                 "the clock's high-water mark does not decode");
        ck_assert_ptr_null(clock);
    }
    /* An inline value that is empty, as no writer of varve leaves one. */
    ck_ok(varve_writer_put(on.writer, hex("01 76 63 00 01"),
                           hex("12 04 08 00 10 00 18 00 20 00 28 00 32 00"), &on.err),
          &on.err);
    ck_fails(varve_clock_open(on.engine, NULL, &clock, &on.err), VARVE_CORRUPT, &on.err,
             "the clock's high-water mark does not decode");
    put_mark(hex("00 00 00 00 03 00 00 00 00 00 00 01 00 00 00 00 09"));
    clock = clock_open(0);
    physical_now = 1;
    ck_ts(now(clock), 256, 10);
    varve_clock_close(clock);
}
END_TEST

START_TEST(opening_refuses)
{
    varve_clock *clock;
    varve_clock_options options = {.struct_size = sizeof options, .window_ns = -1};
    ck_fails(varve_clock_open(on.engine, &options, &clock, &on.err), VARVE_INVALID_ARGUMENT,
             &on.err, "varve_clock_options.window_ns is negative");
    options.struct_size = 0;
    ck_status(varve_clock_open(on.engine, &options, &clock, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    varve_error_release(&on.err);
    watch();
    iter_open_fails = true;
    ck_fails(varve_clock_open(on.engine, NULL, &clock, &on.err), VARVE_IO, &on.err,
             "injected failure");
    ck_assert_ptr_null(clock);
    varve_clock_close(NULL);
}
END_TEST

static varve_status open_and_close(void *argument, varve_error *err)
{
    (void)argument;
    varve_clock *clock;
    varve_status status = varve_clock_open(on.engine, NULL, &clock, err);
    varve_clock_close(clock);
    return status;
}

/* A backend that takes commits and keeps nothing, so that its memory does not count. */
static varve_status forgetful_apply(varve__store *store, varve_slice repr, bool sync,
                                    varve_error *err)
{
    (void)store;
    (void)repr;
    (void)sync;
    (void)err;
    return VARVE_OK;
}

static varve_status tick(void *argument, varve_error *err)
{
    varve_ts ts = {-1, -1};
    physical_now += 10 * (int64_t)SECOND;
    varve_status status = varve_clock_now(argument, &ts, err);
    ck_assert((status == VARVE_OK) == (ts.wall >= 0));
    return status;
}

START_TEST(each_allocation_fails)
{
    put_mark(hex("00 00 00 00 03 00 00 00 00 00 00 01 00 00 00 00 09"));
    ck_assert_uint_gt(fault_alloc_each(open_and_close, NULL), 1);

    varve_clock *clock = clock_open(0);
    watch();
    watched.apply = forgetful_apply;
    (void)now(clock); /* lets the clock's batch have the memory that it keeps */
    ck_assert_uint_gt(fault_alloc_each(tick, clock), 1);
    varve_clock_close(clock);
}
END_TEST

/* ---- Random times and restarts
 * --------------------------------------------------------------------- */

START_TEST(never_back_whatever_happens)
{
    test_random random = test_random_start();
    varve_ts last = varve_ts_zero();
    watch();
    varve_clock *clock = clock_open(1000);
    physical_now = 1000;
    for (int i = 0; i < 5000; i++) {
        size_t choice = test_random_below(&random, 100);
        if (choice < 40)
            physical_now += (int64_t)test_random_below(&random, 300);
        else if (choice < 50)
            physical_now -= (int64_t)test_random_below(&random, 3000);
        if (choice % 23 == 0) {
            commit_fails_with = choice % 2 == 0 ? VARVE_IO : VARVE_OK;
            varve_clock_close(clock);
            commit_fails_with = VARVE_OK;
            clock = clock_open(1 + (int64_t)test_random_below(&random, 2000));
        }
        if (choice % 7 == 0) {
            varve_ts seen = varve_ts_of(last.wall + (int64_t)test_random_below(&random, 400) - 200,
                                        (int32_t)test_random_below(&random, 5));
            if (seen.wall >= 0) {
                observe(clock, seen);
                (void)varve_ts_forward(&last, seen);
            }
        }
        commit_fails_with = choice % 11 == 0 ? VARVE_IO : VARVE_OK;
        varve_ts ts;
        varve_status status = varve_clock_now(clock, &ts, &on.err);
        if (status == VARVE_OK) {
            ck_assert_int_gt(varve_ts_compare(ts, last), 0);
            last = ts;
        } else {
            ck_status(status, VARVE_IO, &on.err);
            varve_error_release(&on.err);
        }
        commit_fails_with = VARVE_OK;
    }
    varve_clock_close(clock);
}
END_TEST

/* ---- Threads
 * ------------------------------------------------------------------------------------- */

#define THREADS 4
#define TICKS 2000

struct ticker {
    varve_clock *clock;
    varve_ts ticks[TICKS];
    bool failed;
};

static void *take_ticks(void *argument)
{
    struct ticker *ticker = argument;
    for (int i = 0; i < TICKS; i++) {
        if (varve_clock_now(ticker->clock, &ticker->ticks[i], NULL) != VARVE_OK)
            ticker->failed = true;
        if (i % 16 == 0)
            atomic_fetch_add(&physical_now, 1);
        if (i % 50 == 0 &&
            varve_clock_observe(ticker->clock, ticker->ticks[i / 2], NULL) != VARVE_OK)
            ticker->failed = true;
    }
    return NULL;
}

static int compare_ticks(const void *a, const void *b)
{
    return varve_ts_compare(*(const varve_ts *)a, *(const varve_ts *)b);
}

START_TEST(threads_get_distinct_timestamps)
{
    static struct ticker tickers[THREADS];
    static varve_ts all[THREADS * TICKS];
    pthread_t threads[THREADS];
    varve_clock *clock = clock_open(50);
    physical_now = 1000;
    for (int i = 0; i < THREADS; i++) {
        tickers[i].clock = clock;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_ticks, &tickers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert(!tickers[i].failed);
        for (int j = 1; j < TICKS; j++)
            ck_assert_int_lt(compare_ticks(&tickers[i].ticks[j - 1], &tickers[i].ticks[j]), 0);
        memcpy(all + (size_t)i * TICKS, tickers[i].ticks, sizeof tickers[i].ticks);
    }
    qsort(all, THREADS * TICKS, sizeof all[0], compare_ticks);
    for (int i = 1; i < THREADS * TICKS; i++)
        ck_assert_int_lt(compare_ticks(&all[i - 1], &all[i]), 0);
    varve_clock_close(clock);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, physical_time_when_it_moves);
    tcase_add_test(tcase, logical_ticks_when_it_does_not);
    tcase_add_test(tcase, before_1970_it_ticks_from_zero);
    tcase_add_test(tcase, observed_timestamps_are_passed);
    tcase_add_test(tcase, logical_parts_carry);
    tcase_add_test(tcase, timestamps_end);
    tcase_add_test(tcase, real_time_by_default);
    tcase_add_test(tcase, the_mark_byte_by_byte);
    tcase_add_test(tcase, one_synced_commit_a_window);
    tcase_add_test(tcase, the_mark_is_synced);
    tcase_add_test(tcase, a_new_clock_goes_on_above_the_old_one);
    tcase_add_test(tcase, closing_takes_the_mark_back);
    tcase_add_test(tcase, a_crash_jumps_by_one_window_at_most);
    tcase_add_test(tcase, observed_timestamps_survive_a_restart);
    tcase_add_test(tcase, the_last_window_is_cut);
    tcase_add_test(tcase, no_timestamp_without_its_mark);
    tcase_add_test(tcase, damaged_marks);
    tcase_add_test(tcase, opening_refuses);
    tcase_add_test(tcase, each_allocation_fails);
    tcase_add_test(tcase, never_back_whatever_happens);
    tcase_add_test(tcase, threads_get_distinct_timestamps);
}

/* ---- Across processes
 * ------------------------------------------------------------------------------ */

/* The store is closed and opened again, as after a restart of the program. */
START_TEST(goes_on_after_the_engine_was_closed)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_options options = {.struct_size = sizeof options, .path = temp_dir_make()};
    varve_clock_options clock_options = {.struct_size = sizeof clock_options, .physical = physical};
    varve_ts last = varve_ts_zero();
    for (int i = 0; i < 4; i++) {
        varve_engine *engine;
        varve_clock *clock;
        varve_ts ts;
        physical_now = 1000 - 10 * i;
        ck_ok(varve_engine_open(&options, &engine, &err), &err);
        ck_ok(varve_clock_open(engine, &clock_options, &clock, &err), &err);
        for (int j = 0; j < 5; j++) {
            ck_ok(varve_clock_now(clock, &ts, &err), &err);
            ck_assert_int_gt(varve_ts_compare(ts, last), 0);
            last = ts;
        }
        ck_status(varve_engine_close(engine, &err), VARVE_BUSY, &err);
        ck_assert_uint_eq(err.detail.busy.batches, 1);
        varve_error_release(&err);
        varve_clock_close(clock);
        ck_ok(varve_engine_close(engine, &err), &err);
    }
    temp_dir_remove(options.path);
}
END_TEST

int main(void)
{
    Suite *suite = backend_suite("mvcc/clock", fill);
    TCase *tcase = tcase_create("restart");
    tcase_add_test(tcase, goes_on_after_the_engine_was_closed);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
