/*
 * Every call into the engine and every allocation of every kind of write fails once.  Nothing is
 * then half written, and no statistics have moved.
 */
#include "tests/support/fault.h"
#include "tests/support/writes.h"

/* The transaction of the store, as it writes next. */
static varve_txn txn;

static void put_as_txn(const char *key, int32_t sequence, const char *value)
{
    txn.meta.sequence = sequence;
    ck_assert_str_eq(writes_put_as(key, &txn, value), "OK");
}

/* Keys of every kind, with enough versions below to make a seek worth it. */
static void put_store(void)
{
    writes_start();
    txn = writes_txn(1, seconds(20));
    ck_assert_str_eq(writes_put("inline", varve_ts_zero(), "#1"), "OK");
    for (int i = 1; i <= 12; i++)
        ck_assert_str_eq(writes_put("deep", seconds(i), "#5"), "OK");
    ck_assert_str_eq(writes_put("intent", seconds(3), "#7"), "OK");
    put_as_txn("intent", 1, "#1");
    put_as_txn("intent", 2, "#2");
    put_as_txn("range-a", 1, "#1");
    ck_assert_str_eq(writes_put("range-b", seconds(1), "v"), "OK");
}

/* ---- The operations ----------------------------------------------------------------------------
 *
 * Their values are made without the library's memory.
 */

static varve_status put_new(varve_write *how, varve_error *err)
{
    return varve_mvcc_put(
        how, bytes("new"),
        hex("00 00 00 00 03 61 20 76 61 6C 75 65 20 6F 66 20 73 6F 6D 65 20 6C 65 6E 67 74 68"),
        err);
}

static varve_status put_intent(varve_write *how, varve_error *err)
{
    how->txn = &txn;
    how->ts = txn.read_ts;
    return varve_mvcc_put(
        how, bytes("fresh"),
        hex("00 00 00 00 03 61 20 76 61 6C 75 65 20 6F 66 20 73 6F 6D 65 20 6C 65 6E 67 74 68"),
        err);
}

static varve_status insert_below(varve_write *how, varve_error *err)
{
    how->ts = varve_ts_of(1, 0);
    return varve_mvcc_insert(how, bytes("deep"), hex("00 00 00 00 03 76"), err);
}

static varve_status put_too_old(varve_write *how, varve_error *err)
{
    how->ts = seconds(2);
    return varve_mvcc_put(how, bytes("deep"), hex("00 00 00 00 03 76"), err);
}

/* As the transaction, with its intent moved up. */
static varve_status rewrite(varve_write *how, varve_error *err)
{
    txn.meta.sequence = 3;
    txn.meta.write_ts = seconds(25);
    how->txn = &txn;
    how->ts = txn.read_ts;
    varve_status status = varve_mvcc_put(how, bytes("intent"), hex("00 00 00 00 01 06"), err);
    txn.meta.write_ts = txn.read_ts;
    return status;
}

static varve_status rewrite_in_later_epoch(varve_write *how, varve_error *err)
{
    varve_txn later = txn;
    later.meta.epoch = 1;
    later.meta.write_ts = seconds(30);
    how->txn = &later;
    how->ts = later.read_ts;
    return varve_mvcc_increment(how, bytes("intent"), 1, NULL, err);
}

static varve_status replay_last(varve_write *how, varve_error *err)
{
    txn.meta.sequence = 2;
    how->txn = &txn;
    how->ts = txn.read_ts;
    return varve_mvcc_put(how, bytes("intent"), hex("00 00 00 00 01 04"), err);
}

static varve_status replay_made(varve_write *how, varve_error *err)
{
    txn.meta.sequence = 1;
    how->txn = &txn;
    how->ts = txn.read_ts;
    /* 7 is committed, -6 makes it the 1 of the history. */
    varve_expect expect = {
        .struct_size = sizeof expect, .exists = true, .raw = hex("00 00 00 00 01 0E")};
    return varve_mvcc_put_if(how, bytes("intent"), hex("00 00 00 00 01 02"), &expect, err);
}

static varve_status replay_differs(varve_write *how, varve_error *err)
{
    txn.meta.sequence = 1;
    how->txn = &txn;
    how->ts = txn.read_ts;
    return varve_mvcc_put(how, bytes("intent"), hex("00 00 00 00 03 6F 74 68 65 72"), err);
}

static varve_status increment_deep(varve_write *how, varve_error *err)
{
    varve_txn other = writes_txn(2, seconds(2));
    how->txn = &other;
    how->ts = other.read_ts;
    return varve_mvcc_increment(how, bytes("deep"), 1, NULL, err);
}

static varve_status fail_condition(varve_write *how, varve_error *err)
{
    varve_expect expect = {.struct_size = sizeof expect};
    return varve_mvcc_put_if(how, bytes("inline"), bytes("vvvvvv"), &expect, err);
}

static varve_status increment_inline(varve_write *how, varve_error *err)
{
    how->ts = varve_ts_zero();
    return varve_mvcc_increment(how, bytes("inline"), 1, NULL, err);
}

static varve_status delete_inline(varve_write *how, varve_error *err)
{
    how->ts = varve_ts_zero();
    return varve_mvcc_delete(how, bytes("inline"), err);
}

static varve_status put_record(varve_write *how, varve_error *err)
{
    return varve_mvcc_put_record(how, bytes("record"), bytes("a record of some length"), err);
}

static varve_status init_put(varve_write *how, varve_error *err)
{
    return varve_mvcc_init_put(how, bytes("initial"), hex("00 00 00 00 03 76"), true, err);
}

static varve_status merge(varve_write *how, varve_error *err)
{
    return varve_mvcc_merge(how, bytes("merged"), hex("00 00 00 00 03 76"), err);
}

static varve_status clear_range(varve_write *how, varve_error *err)
{
    varve_span span = {bytes("x"), bytes("y")};
    return varve_mvcc_clear_range(how->writer, span, err);
}

/* In this order; what each comes to, and how often it calls the writer. */
static const struct operation {
    varve_status (*run)(varve_write *how, varve_error *err);
    varve_status expected;
    unsigned written;
} operations[] = {
    {put_new, VARVE_OK, 1},
    {put_intent, VARVE_OK, 1},
    {insert_below, VARVE_OK, 1},
    {put_too_old, VARVE_WRITE_TOO_OLD, 1},
    {replay_last, VARVE_OK, 0},
    {replay_made, VARVE_OK, 0},
    {replay_differs, VARVE_TXN_REPLAY, 0},
    {rewrite, VARVE_OK, 1},
    {rewrite_in_later_epoch, VARVE_OK, 1},
    {increment_deep, VARVE_WRITE_TOO_OLD, 1},
    {fail_condition, VARVE_INLINE_MIX, 0},
    {increment_inline, VARVE_OK, 1},
    {delete_inline, VARVE_OK, 1},
    {put_record, VARVE_OK, 1},
    {init_put, VARVE_OK, 1},
    {clear_range, VARVE_OK, 1},
    {merge, VARVE_OK, 1},
};
#define OPERATION_COUNT ((int)(sizeof operations / sizeof operations[0]))

/* ---- Calls into the engine ---------------------------------------------------------------------
 */

static void ck_same(const varve_stats *before)
{
    ck_assert_mem_eq(&writes.stats, before, sizeof *before);
}

/* An operation with each call failing in turn, and at last with none. */
static void fail_each_call(const struct operation *operation)
{
    fault_view view;
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    const char *records = writes_everything();
    const varve_stats stats = writes.stats;
    for (unsigned nth = 1;; nth++) {
        varve_write how = writes_how(seconds(40), NULL);
        how.reader = &view.reader;
        how.writer = &view.writer;
        fault_view_arm(&view, nth);
        varve_status status = operation->run(&how, &mvcc.err);
        if (!view.fired) {
            ck_status(status, operation->expected, &mvcc.err);
            ck_assert_uint_eq(view.written, operation->written);
            varve_error_release(&mvcc.err);
            ck_assert_uint_gt(nth, 1);
            return;
        }
        ck_fails(status, VARVE_IO, &mvcc.err, "injected failure");
        ck_assert_uint_eq(view.written, 0);
        ck_assert_str_eq(writes_everything(), records);
        ck_same(&stats);
    }
}

START_TEST(each_call_fails)
{
    put_store();
    for (int i = 0; i < OPERATION_COUNT; i++)
        fail_each_call(&operations[i]);
}
END_TEST

/* What is deleted before the failure stays deleted, and is accounted for. */
START_TEST(each_call_of_a_range_fails)
{
    fault_view view;
    varve_span span = {bytes("range"), bytes("s")};
    bool failed_in_between = false;
    put_store();
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    for (unsigned nth = 1;; nth++) {
        varve_rows rows = VARVE_ROWS_INIT;
        txn.meta.sequence = 2;
        varve_write how = writes_how(varve_ts_zero(), &txn);
        how.reader = &view.reader;
        how.writer = &view.writer;
        fault_view_arm(&view, nth);
        varve_status status = varve_mvcc_delete_range(&how, span, -1, true, &rows, NULL, &mvcc.err);
        ck_assert_uint_eq(rows.count, status == VARVE_OK ? 2 : 0);
        varve_rows_release(&rows);
        if (!view.fired) {
            ck_ok(status, &mvcc.err);
            break;
        }
        ck_fails(status, VARVE_IO, &mvcc.err, "injected failure");
        failed_in_between = failed_in_between || view.written == 1;
        varve_stats found;
        varve_span all = {bytes(""), bytes("")};
        ck_ok(varve_stats_compute(mvcc.reader, all, writes.stats.last_update_nanos, NULL, &found,
                                  &mvcc.err),
              &mvcc.err);
        ck_assert_mem_eq(&found, &writes.stats, sizeof found);
    }
    ck_assert(failed_in_between);
    ck_assert_str_eq(writes_records("range-a"), "{1/0/2 w20s @20s 0 1=#1} -@20s");
    ck_assert_str_eq(writes_records("range-b"), "{1/0/2 w20s @20s 0} -@20s v@1s");
}
END_TEST

/* ---- Allocations -------------------------------------------------------------------------------
 */

/* Takes what it is given, so that no memory stays behind in an engine. */
static varve_status drop_repr(varve_writer *writer, varve_slice repr, varve_error *err)
{
    (void)writer;
    (void)repr;
    (void)err;
    return VARVE_OK;
}

static varve_status drop_record(varve_writer *writer, const varve_record *record, varve_error *err)
{
    (void)writer;
    (void)record;
    (void)err;
    return VARVE_OK;
}

static const varve__writer_ops drop_ops = {drop_repr, drop_record};
static varve_writer drop_writer = {&drop_ops};

struct allocating {
    const struct operation *operation;
    bool with_scratch;
};

static varve_status run_allocating(void *argument, varve_error *err)
{
    const struct allocating *allocating = argument;
    const struct operation *operation = allocating->operation;
    varve_buf scratch = VARVE_BUF_INIT;
    varve_write how = writes_how(seconds(40), NULL);
    varve_stats before = writes.stats;
    how.writer = &drop_writer;
    if (allocating->with_scratch)
        how.scratch = &scratch;
    varve_status status = operation->run(&how, err);
    varve_buf_release(&scratch);
    /* It did not happen, as far as the next trial is concerned. */
    if (status < 0 && status != VARVE_WRITE_TOO_OLD)
        ck_same(&before);
    writes.stats = before;
    if (status != operation->expected) {
        /* Though not every error can be filled, */
        ck_assert_int_eq(status, VARVE_NO_MEMORY);
        return status;
    }
    varve_error_release(err);
    return VARVE_OK;
}

START_TEST(each_allocation_fails)
{
    put_store();
    ck_assert_str_eq(writes_get("inline", seconds(1), NULL), "#1@0");
    for (int i = 0; i < OPERATION_COUNT; i++) {
        for (int with_scratch = 0; with_scratch < 2; with_scratch++) {
            struct allocating allocating = {&operations[i], with_scratch == 1};
            ck_assert_uint_gt(fault_alloc_each(run_allocating, &allocating), 0);
        }
    }
}
END_TEST

START_TEST(nobody_has_to_take_the_details)
{
    put_store();
    for (int i = 0; i < OPERATION_COUNT; i++) {
        varve_write how = writes_how(seconds(40), NULL);
        how.writer = &drop_writer;
        ck_assert_int_eq(operations[i].run(&how, NULL), operations[i].expected);
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, each_call_fails);
    tcase_add_test(tcase, each_call_of_a_range_fails);
    tcase_add_test(tcase, each_allocation_fails);
    tcase_add_test(tcase, nobody_has_to_take_the_details);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/write_faults", fill));
}
