/*
 * Resolving, collecting and reverting: every call into the engine fails once, and every allocation.
 */
#include <stdio.h>

#include "engine/view.h"
#include "tests/support/fault.h"
#include "tests/support/intents.h"

/* ---- The operations ----------------------------------------------------------------------------
 */

static varve_span everything(void)
{
    return (varve_span){bytes(""), bytes("\xFF\xFF")};
}

static varve_status resolve(const varve_write *how, const char *key, varve_txn_status status,
                            int64_t wall, varve_error *err)
{
    bool resolved = true;
    varve_seq_range ignored = {15, 35};
    varve_txn_meta meta = txn_of(1, 0, at(wall));
    varve_resolution resolution = {.struct_size = sizeof resolution,
                                   .txn = &meta,
                                   .status = status,
                                   .ignored = &ignored,
                                   .ignored_count = 1};
    varve_status result = varve_mvcc_resolve(how, mvcc_bytes(key), &resolution, &resolved, err);
    ck_assert(resolved == (result == VARVE_OK));
    return result;
}

static varve_status commit(const varve_write *how, varve_error *err)
{
    return resolve(how, "a", VARVE_TXN_COMMITTED, 20, err);
}

static varve_status commit_in_place(const varve_write *how, varve_error *err)
{
    return resolve(how, "a", VARVE_TXN_COMMITTED, 11, err);
}

static varve_status push(const varve_write *how, varve_error *err)
{
    return resolve(how, "a", VARVE_TXN_PENDING, 20, err);
}

static varve_status abort_it(const varve_write *how, varve_error *err)
{
    return resolve(how, "a", VARVE_TXN_ABORTED, 20, err);
}

static varve_status push_over_much(const varve_write *how, varve_error *err)
{
    return resolve(how, "d", VARVE_TXN_PENDING, 90, err);
}

static varve_status resolve_damaged(const varve_write *how, varve_error *err)
{
    return resolve(how, "m", VARVE_TXN_COMMITTED, 90, err);
}

static varve_status resolve_span(const varve_write *how, int64_t max, varve_txn_status status,
                                 varve_error *err)
{
    int64_t resolved = -1;
    int64_t skipped = -1;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_txn_meta meta = txn_of(1, 0, at(90));
    varve_resolution resolution = {
        .struct_size = sizeof resolution, .txn = &meta, .status = status};
    varve_status result = varve_mvcc_resolve_range(how, everything(), max, &resolution, &resolved,
                                                   &skipped, &rows, err);
    ck_assert_int_eq(resolved, result != VARVE_OK ? 0 : max < 0 ? 3 : max);
    ck_assert(rows.more == (result == VARVE_OK && max >= 0));
    varve_rows_release(&rows);
    return result;
}

static varve_status push_span(const varve_write *how, varve_error *err)
{
    return resolve_span(how, -1, VARVE_TXN_PENDING, err);
}

static varve_status abort_span(const varve_write *how, varve_error *err)
{
    return resolve_span(how, 2, VARVE_TXN_ABORTED, err);
}

static varve_status resolve_no_span(const varve_write *how, varve_error *err)
{
    return resolve_span(how, 0, VARVE_TXN_ABORTED, err);
}

static varve_status collect(const varve_write *how, const char *key, int64_t wall, varve_error *err)
{
    varve_gc_key entry = {mvcc_bytes(key), at(wall)};
    return varve_mvcc_gc(how, &entry, 1, at(100), err);
}

static varve_status collect_all_of_one(const varve_write *how, varve_error *err)
{
    return collect(how, "g", 100, err);
}

static varve_status collect_below(const varve_write *how, varve_error *err)
{
    return collect(how, "d", 3, err);
}

static varve_status collect_range(const varve_write *how, varve_error *err)
{
    return collect(how, "h", 69, err);
}

static varve_status collect_inline(const varve_write *how, varve_error *err)
{
    return collect(how, "i", 0, err);
}

static varve_status collect_live(const varve_write *how, varve_error *err)
{
    return collect(how, "h", 100, err);
}

static varve_status collect_nothing(const varve_write *how, varve_error *err)
{
    return collect(how, "nothing", 100, err);
}

static varve_status revert(const varve_write *how, const char *start, int64_t after, int64_t until,
                           int64_t max, varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_span span = {mvcc_bytes(start), bytes("k")};
    varve_status result =
        varve_mvcc_clear_time_range(how, span, at(after), at(until), max, &rows, err);
    ck_assert(rows.more == (result == VARVE_OK && max >= 0));
    varve_rows_release(&rows);
    return result;
}

static varve_status revert_some(const varve_write *how, varve_error *err)
{
    return revert(how, "e", 60, 1000, -1, err);
}

static varve_status revert_deep(const varve_write *how, varve_error *err)
{
    return revert(how, "h", 2, 1000, -1, err);
}

static varve_status revert_limited(const varve_write *how, varve_error *err)
{
    return revert(how, "e", 2, 1000, 1, err);
}

static varve_status revert_into_intent(const varve_write *how, varve_error *err)
{
    return revert(how, "d", 2, 1000, -1, err);
}

static varve_status revert_before_intent(const varve_write *how, varve_error *err)
{
    return revert(how, "c", 2, 1000, -1, err);
}

static const struct operation {
    varve_status (*run)(const varve_write *how, varve_error *err);
    varve_status expected;
    unsigned written;
} operations[] = {
    {commit, VARVE_OK, 1},
    {commit_in_place, VARVE_OK, 1},
    {push, VARVE_OK, 1},
    {abort_it, VARVE_OK, 1},
    {push_over_much, VARVE_OK, 1},
    {resolve_damaged, VARVE_CORRUPT, 0},
    {push_span, VARVE_OK, 1},
    {abort_span, VARVE_OK, 1},
    {resolve_no_span, VARVE_OK, 0},
    {collect_all_of_one, VARVE_OK, 1},
    {collect_below, VARVE_OK, 1},
    {collect_range, VARVE_OK, 1},
    {collect_inline, VARVE_OK, 1},
    {collect_live, VARVE_NOT_GARBAGE, 0},
    {collect_nothing, VARVE_OK, 0},
    {revert_some, VARVE_OK, 1},
    {revert_deep, VARVE_OK, 1},
    {revert_limited, VARVE_OK, 1},
    {revert_into_intent, VARVE_WRITE_INTENT, 0},
    {revert_before_intent, VARVE_WRITE_INTENT, 1},
};
#define OPERATION_COUNT ((int)(sizeof operations / sizeof operations[0]))

/* ---- The store ---------------------------------------------------------------------------------
 */

/* Every operation finds what it is about, whatever those before it have done. */
static void put_store(void)
{
    varve_write how = write_counted();
    varve_rows rows = VARVE_ROWS_INIT;
    how.stats = NULL;
    varve_txn_meta meta = txn_of(1, 0, at(0));
    varve_resolution abort = {
        .struct_size = sizeof abort, .txn = &meta, .status = VARVE_TXN_ABORTED};
    ck_ok(varve_mvcc_resolve_range(&how, everything(), -1, &abort, NULL, NULL, &rows, &mvcc.err),
          &mvcc.err);
    varve_rows_release(&rows);
    mvcc_put_raw(mvcc_engine_key("a", at(5)), bytes("below"));
    intent(.key = "a", .ts = at(11), .value = "v", .sequence = 30, .history = "10=first,20-");
    mvcc_put_raw(mvcc_engine_key("c", at(70)), bytes("v"));
    for (int i = 1; i <= 30; i++)
        mvcc_put_raw(mvcc_engine_key("d", at(i)), bytes("v"));
    intent(.key = "d", .ts = at(40), .value = "p");
    mvcc_put_raw(mvcc_engine_key("e", at(70)), bytes("v"));
    mvcc_put_raw(mvcc_engine_key("e", at(60)), bytes("v"));
    intent(.key = "f", .ts = at(2), .value = "p", .sequence = 30);
    mvcc_put_raw(mvcc_engine_key("g", at(80)), bytes(""));
    mvcc_put_raw(mvcc_engine_key("g", at(30)), bytes("v"));
    for (int i = 1; i <= 90; i++)
        mvcc_put_raw(mvcc_engine_key("h", at(i)), bytes("v"));
    mvcc_put_inline("i", "i");
    mvcc_put_raw(mvcc_engine_key("m", varve_ts_zero()), mvcc_intent_record(at(5), 1, 1));
    mvcc_put_raw(mvcc_engine_key("m", at(4)), bytes("v"));
}

/* All records, added up: a change shows. */
static uint64_t digest(void)
{
    varve_iter *it;
    uint64_t sum = 0;
    ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it)) {
        varve_slice value = varve_iter_value(it);
        for (size_t i = 0; i < it->key.size; i++)
            sum = sum * 31 + it->key.data[i];
        for (size_t i = 0; i < value.size; i++)
            sum = sum * 37 + value.data[i];
    }
    varve_iter_close(it);
    return sum;
}

/* Numbers that nothing else has, so that every change shows. */
static void start_numbers(void)
{
    running = (varve_stats){.last_update_nanos = 1, .key_count = 77, .sys_bytes = 78};
}

/* ---- Calls into the engine ---------------------------------------------------------------------
 */

static void fail_each_call(const struct operation *operation, varve_buf *scratch)
{
    fault_view view;
    put_store();
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    uint64_t before = digest();
    for (unsigned nth = 1;; nth++) {
        varve_write how = write_counted();
        how.reader = &view.reader;
        how.writer = &view.writer;
        how.scratch = scratch;
        start_numbers();
        varve_stats numbers = running;
        fault_view_arm(&view, nth);
        varve_status status = operation->run(&how, &mvcc.err);
        if (!view.fired) {
            ck_status(status, operation->expected, &mvcc.err);
            ck_assert_uint_eq(view.written, operation->written);
            ck_assert((digest() != before) == (operation->written > 0));
            varve_error_release(&mvcc.err);
            ck_assert(nth > 1 || operation->run == resolve_no_span);
            return;
        }
        ck_fails(status, VARVE_IO, &mvcc.err, "injected failure");
        ck_assert_uint_eq(view.written, 0);
        ck_assert_mem_eq(&running, &numbers, sizeof numbers);
        ck_assert_uint_eq(digest(), before);
    }
}

START_TEST(each_call_fails)
{
    varve_buf scratch = VARVE_BUF_INIT;
    for (int i = 0; i < OPERATION_COUNT; i++)
        fail_each_call(&operations[i], i % 2 == 0 ? &scratch : NULL);
    varve_buf_release(&scratch);
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

static const varve__writer_ops drop_ops = {drop_repr, NULL};
static varve_writer drop_writer = {&drop_ops};

struct allocating {
    const struct operation *operation;
    bool with_scratch;
};

static varve_status run_allocating(void *argument, varve_error *err)
{
    const struct allocating *allocating = argument;
    varve_buf scratch = VARVE_BUF_INIT;
    varve_write how = write_counted();
    how.writer = &drop_writer;
    how.scratch = allocating->with_scratch ? &scratch : NULL;
    start_numbers();
    varve_stats numbers = running;
    varve_status status = allocating->operation->run(&how, err);
    varve_buf_release(&scratch);
    if (status < 0 && status != allocating->operation->expected)
        ck_assert_mem_eq(&running, &numbers, sizeof numbers);
    if (status != allocating->operation->expected)
        return status;
    varve_error_release(err);
    return VARVE_OK;
}

START_TEST(each_allocation_fails)
{
    put_store();
    /* What is made on the first read stays: let it be made before counting. */
    ck_assert_str_eq(mvcc_get("h", at(50)), "h@50=v");
    for (int i = 0; i < OPERATION_COUNT; i++) {
        for (int with_scratch = 0; with_scratch < 2; with_scratch++) {
            struct allocating allocating = {&operations[i], with_scratch == 1};
            ck_assert_uint_gt(fault_alloc_each(run_allocating, &allocating), 0);
        }
    }
}
END_TEST

/* Without an error to fill, the statuses are the same. */
START_TEST(nobody_has_to_take_the_details)
{
    put_store();
    for (int i = 0; i < OPERATION_COUNT; i++) {
        varve_write how = write_counted();
        how.writer = &drop_writer;
        how.stats = NULL;
        ck_assert_int_eq(operations[i].run(&how, NULL), operations[i].expected);
    }
}
END_TEST

/* ---- Bills -------------------------------------------------------------------------------------
 */

/* Each operation, and what it costs: keys, versions, tombstones, intents, seeks. */
START_TEST(bills_are_written)
{
    put_store();
    varve_bill bill = {.struct_size = sizeof bill};
    varve_write how = write_counted();
    how.bill = &bill;
    ck_ok(commit(&how, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.intents, 1);
    ck_assert_uint_eq(bill.versions, 2); /* the provisional one, and that below */
    ck_assert_uint_eq(bill.steps, 2);
    ck_assert_uint_eq(bill.seeks, 1);
    ck_assert_uint_gt(bill.bytes_read, 0);
    ck_assert_uint_eq(bill.rows, 0);

    intent(.key = "a", .ts = at(30), .value = "", .sequence = 1);
    ck_assert_uint_eq(bill.tombstones, 0);
    ck_ok(abort_it(&how, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.tombstones, 1);

    put_store();
    bill = (varve_bill){.struct_size = sizeof bill};
    ck_ok(push_span(&how, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.keys, 9);
    ck_assert_uint_eq(bill.intents, 4);

    put_store();
    bill = (varve_bill){.struct_size = sizeof bill};
    ck_ok(collect_all_of_one(&how, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.versions, 2);
    ck_assert_uint_eq(bill.tombstones, 1);
    ck_ok(collect_nothing(&how, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.seeks, 2);

    put_store();
    bill = (varve_bill){.struct_size = sizeof bill};
    ck_status(revert_into_intent(&how, &mvcc.err), VARVE_WRITE_INTENT, &mvcc.err);
    varve_error_release(&mvcc.err);
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.intents, 1);
    ck_assert_uint_eq(bill.tombstones, 0);
    ck_ok(revert_some(&how, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.tombstones, 1);

    bill.struct_size = 0;
    ck_status(commit(&how, &mvcc.err), VARVE_INVALID_ARGUMENT, &mvcc.err);
    varve_error_release(&mvcc.err);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, each_call_fails);
    tcase_add_test(tcase, each_allocation_fails);
    tcase_add_test(tcase, nobody_has_to_take_the_details);
    tcase_add_test(tcase, bills_are_written);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/resolve_faults", fill));
}
