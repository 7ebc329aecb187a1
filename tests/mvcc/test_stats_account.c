/*
 * Accounts: what is added to one, by whomever and in whatever order, reads as if it had been added
 * to a number in memory.
 */
#include <varve/varve.h>

#include "tests/support/backends.h"

#define SECOND 1000000000

static const varve_slice store = {NULL, 0};

static void ck_same(const varve_stats *got, const varve_stats *expected)
{
    varve_buf got_text = VARVE_BUF_INIT;
    varve_buf expected_text = VARVE_BUF_INIT;
    ck_ok(varve_stats_print(got, &got_text, &on.err), &on.err);
    ck_ok(varve_stats_print(expected, &expected_text, &on.err), &on.err);
    ck_slice_eq(varve_buf_slice(&got_text), varve_buf_slice(&expected_text));
    varve_buf_release(&got_text);
    varve_buf_release(&expected_text);
}

/* The account is what has been added, whatever time it is asked for. */
static void ck_account(varve_reader *reader, varve_slice name, const varve_stats *expected)
{
    static const int64_t times[] = {0, 999999999, 5 * (int64_t)SECOND, INT64_MAX};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        varve_stats at_time = *expected;
        varve_stats got;
        varve_stats_age_to(&at_time, times[i]);
        ck_ok(varve_stats_account_get(reader, name, times[i], &got, &on.err), &on.err);
        ck_same(&got, &at_time);
    }
}

START_TEST(an_account_has_to_be_opened)
{
    varve_stats got = {.live_bytes = 7};
    const varve_stats none = {0};
    ck_status(varve_stats_account_get(on.reader, store, 0, &got, &on.err), VARVE_NOT_FOUND,
              &on.err);
    ck_assert_int_eq(got.live_bytes, 7);
    ck_ok(varve_stats_account_set(on.writer, store, &none, &on.err), &on.err);
    ck_account(on.reader, store, &none);
    ck_status(varve_stats_account_get(on.reader, bytes("other"), 0, &got, &on.err), VARVE_NOT_FOUND,
              &on.err);
    ck_ok(varve_stats_account_remove(on.writer, store, &on.err), &on.err);
    ck_status(varve_stats_account_get(on.reader, store, 0, &got, &on.err), VARVE_NOT_FOUND,
              &on.err);
}
END_TEST

/* 10 bytes that were garbage for 2 seconds at second 5 would have been so for -3 at 0. */
START_TEST(its_record_has_the_numbers_as_of_time_zero)
{
    const varve_stats stats = {.contains_estimates = 200,
                               .last_update_nanos = 5 * (int64_t)SECOND + 1,
                               .gc_bytes_age = 20,
                               .live_bytes = 4,
                               .key_bytes = 14,
                               .key_count = 1};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_buf text = VARVE_BUF_INIT;
    const varve_read how = {.struct_size = sizeof how};
    size_t position = 0;
    varve_row row;
    ck_ok(varve_stats_account_set(on.writer, bytes("n"), &stats, &on.err), &on.err);
    ck_ok(varve_mvcc_get(on.reader, &how, hex("01 76 73 6E"), &rows, &on.err), &on.err);
    ck_assert(varve_rows_next(&rows, &position, &row));
    ck_ok(varve_value_print(row.value, &text, &on.err), &on.err);
    ck_buf_text(&text, "/COUNTERS/200,0,0,-30,4,0,14,1,0,0,0,0,0,0");
    varve_buf_release(&text);
    varve_rows_release(&rows);
}
END_TEST

static varve_stats any_stats(test_random *dice)
{
    int64_t numbers[sizeof(varve_stats) / sizeof(int64_t)];
    varve_stats stats;
    bool wild = test_random_below(dice, 4) == 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        numbers[i] =
            wild ? (int64_t)test_random_next(dice) : (int64_t)test_random_below(dice, 1000) - 500;
    memcpy(&stats, numbers, sizeof stats);
    stats.last_update_nanos = (int64_t)(test_random_next(dice) >> 1);
    return stats;
}

/* Through batches, directly, with savepoints rolled back; flushed, compacted, opened again. */
START_TEST(additions_add_up)
{
    test_random dice = test_random_start();
    varve_stats sum = any_stats(&dice);
    ck_ok(varve_stats_account_set(on.writer, store, &sum, &on.err), &on.err);
    for (int i = 0; i < 200; i++) {
        varve_stats share = any_stats(&dice);
        varve_batch *batch;
        ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
        varve_writer *writer = varve_batch_writer_of(batch);
        ck_ok(varve_stats_account_add(writer, store, &share, &on.err), &on.err);
        varve_stats_add(&sum, &share);
        ck_account(varve_batch_reader_of(batch), store, &sum);
        ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
        varve_batch_close(batch);
        share = any_stats(&dice);
        ck_ok(varve_stats_account_add(on.writer, store, &share, &on.err), &on.err);
        varve_stats_add(&sum, &share);
        ck_account(on.reader, store, &sum);
        if (test_random_below(&dice, 40) == 0)
            ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
        if (test_random_below(&dice, 40) == 0)
            ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    }
    ck_account(on.reader, store, &sum);
}
END_TEST

START_TEST(what_is_no_account_is_refused)
{
    varve_stats got;
    const varve_write how = {.struct_size = sizeof how, .writer = on.writer};
    const varve_stats none = {0};
    static unsigned char long_name[VARVE_KEY_SIZE_MAX];
    ck_ok(varve_mvcc_put(&how, hex("01 76 73"), hex("00 00 00 00 03 61"), &on.err), &on.err);
    ck_fails(varve_stats_account_get(on.reader, store, 0, &got, &on.err), VARVE_VALUE_TYPE, &on.err,
             "value type is not COUNTERS: BYTES");
    ck_ok(varve_stats_account_add(on.writer, store, &none, &on.err), &on.err);
    ck_status(varve_stats_account_get(on.reader, store, 0, &got, &on.err), VARVE_MERGE_CONFLICT,
              &on.err);
    ck_status(varve_stats_account_set(on.writer, varve_slice_of(long_name, sizeof long_name), &none,
                                      &on.err),
              VARVE_INVALID_KEY, &on.err);
}
END_TEST

static int64_t merge_operations(void)
{
    varve_engine_stats stats = {.struct_size = sizeof stats};
    ck_ok(varve_engine_get_stats(on.engine, &stats, &on.err), &on.err);
    return stats.merge_operations;
}

/* How often a read of the account has to add up; the map keeps every record ever written. */
static int64_t cost_of_reading(const varve_stats *expected)
{
    int64_t before = merge_operations();
    varve_stats got;
    ck_ok(varve_stats_account_get(on.reader, store, 0, &got, &on.err), &on.err);
    int64_t cost = merge_operations() - before;
    varve_stats_age_to(&got, expected->last_update_nanos);
    ck_same(&got, expected);
    return cost;
}

static void add_often(varve_stats *sum, test_random *dice, int times)
{
    while (times-- > 0) {
        varve_stats share = any_stats(dice);
        ck_ok(varve_stats_account_add(on.writer, store, &share, &on.err), &on.err);
        varve_stats_add(sum, &share);
    }
}

/* Behind a snapshot, beside neighbours in other tables, and again when nothing is left to fold. */
START_TEST(consolidating_folds_what_has_been_added)
{
    test_random dice = test_random_start();
    varve_stats sum = any_stats(&dice);
    varve_stats then;
    varve_snapshot *snapshot;
    ck_status(varve_stats_account_consolidate(on.engine, store, NULL, &on.err), VARVE_NOT_FOUND,
              &on.err);
    ck_ok(varve_stats_account_set(on.writer, store, &sum, &on.err), &on.err);
    add_often(&sum, &dice, 20);
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    then = sum;
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    add_often(&sum, &dice, 20);
    ck_assert_int_eq(cost_of_reading(&sum), 1);
    ck_ok(varve_stats_account_consolidate(on.engine, store, NULL, &on.err), &on.err);
    ck_account(varve_snapshot_reader(snapshot), store, &then);
    ck_account(on.reader, store, &sum);
    varve_snapshot_close(snapshot);
    for (int i = 0; i < 2; i++) {
        ck_ok(varve_stats_account_consolidate(on.engine, store, NULL, &on.err), &on.err);
        ck_assert_int_eq(cost_of_reading(&sum), on.backend == BACKEND_MAP);
    }
    add_often(&sum, &dice, 1);
    ck_account(on.reader, store, &sum);
}
END_TEST

START_TEST(consolidating_can_be_cancelled)
{
    const varve_stats none = {0};
    varve_cancel *cancel = NULL;
    ck_ok(varve_stats_account_set(on.writer, store, &none, &on.err), &on.err);
    ck_ok(varve_cancel_open(&cancel, &on.err), &on.err);
    varve_cancel_now(cancel);
    ck_status(varve_stats_account_consolidate(on.engine, store, cancel, &on.err), VARVE_CANCELLED,
              &on.err);
    varve_cancel_close(cancel);
    ck_account(on.reader, store, &none);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, consolidating_folds_what_has_been_added);
    tcase_add_test(tcase, consolidating_can_be_cancelled);
    tcase_add_test(tcase, an_account_has_to_be_opened);
    tcase_add_test(tcase, its_record_has_the_numbers_as_of_time_zero);
    tcase_add_test(tcase, additions_add_up);
    tcase_add_test(tcase, what_is_no_account_is_refused);
}

int main(void)
{
    return run_suite(backend_suite("stats_account", fill));
}
