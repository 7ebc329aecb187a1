/*
 * Every call into the engine fails once, and every allocation, in the reads that do more than look
 * for a version: those of transactions, inconsistent ones, cursors, iterate and changes.
 */
#include <varve/changes.h>

#include "mvcc/find.h"
#include "tests/support/fault.h"
#include "tests/support/mvcc.h"

#define LOOSE VARVE_READ_INCONSISTENT

static varve_reader *reader; /* of the operation under test */
static varve_txn owner;

/* Keys whose intents, values and names need memory of their own wherever they are copied to. */
static void put_store(void)
{
    const mvcc_earlier earlier[] = {{1, "earlier"}, {0, NULL}};
    varve_txn other = mvcc_txn(1, 0, 3, at(50), varve_ts_zero());
    other.meta.key = repeated('a', 20000);
    owner = mvcc_txn(2, 0, 3, at(30), at(45));
    for (int i = 1; i <= 30; i++)
        mvcc_put("c", at(i), "v");
    mvcc_put("d", at(2), "v");
    mvcc_put_intent_of("d", at(50), "p", &other, NULL);
    mvcc_put_intent_of("e", at(50), "%00%00%00%00%03p", &owner, earlier);
    mvcc_put("f%00", at(2), "%00%00%00%00%03record");
    mvcc_put_intent_of("f%00", at(51), "p", &other, NULL);
    mvcc_put_inline("y", "i");
    for (int i = 1; i <= 30; i++)
        mvcc_put("z", at(i), "v");
    mvcc_put("z", at(40), "v");
}

static varve_read read_at(int64_t wall, unsigned flags, const varve_txn *txn)
{
    return (varve_read){
        .struct_size = sizeof(varve_read), .ts = at(wall), .flags = flags, .txn = txn};
}

static const varve_span span = {{(const unsigned char *)"c", 1}, {(const unsigned char *)"x", 1}};

/* ---- The operations ----------------------------------------------------------------------------
 */

static varve_status get(const char *key, varve_read how, varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_status status = varve_mvcc_get(reader, &how, mvcc_bytes(key), &rows, err);
    ck_assert(status >= 0 || (rows.count == 0 && rows.intent_count == 0));
    varve_rows_release(&rows);
    return status;
}

static varve_status get_own(varve_error *err)
{
    return get("e", read_at(7, 0, &owner), err);
}

static varve_status get_earlier(varve_error *err)
{
    varve_txn txn = owner;
    txn.meta.sequence = 2;
    return get("e", read_at(7, 0, &txn), err);
}

static varve_status get_of_earlier_epoch(varve_error *err)
{
    varve_txn txn = owner;
    txn.meta.epoch = -1;
    return get("e", read_at(7, 0, &txn), err);
}

static varve_status get_uncertain(varve_error *err)
{
    varve_txn txn = owner;
    varve_observed observed = {1, {5, 0}};
    txn.observed = &observed;
    txn.observed_count = 1;
    return get("z", read_at(7, 0, &txn), err);
}

static varve_status get_uncertain_below(varve_error *err)
{
    varve_txn txn = owner;
    txn.max_ts = at(9);
    return get("z", read_at(7, 0, &txn), err);
}

static varve_status get_inconsistent(varve_error *err)
{
    return get("d", read_at(60, LOOSE, NULL), err);
}

static varve_status scan(bool reverse, varve_read how, varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_status status = reverse ? varve_mvcc_reverse_scan(reader, &how, span, -1, &rows, err)
                                  : varve_mvcc_scan(reader, &how, span, -1, &rows, err);
    ck_assert(status >= 0 || (rows.count == 0 && rows.intent_count == 0));
    varve_rows_release(&rows);
    return status;
}

static varve_status scan_inconsistent(varve_error *err)
{
    return scan(false, read_at(60, LOOSE, NULL), err);
}

static varve_status scan_backward_inconsistent(varve_error *err)
{
    return scan(true, read_at(60, LOOSE, NULL), err);
}

static varve_status scan_as_owner(varve_error *err)
{
    return scan(true, read_at(46, 0, &owner), err);
}

static varve_status versions(varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_txn txn = owner;
    txn.meta.sequence = 2;
    varve_read how = read_at(46, 0, &txn);
    varve_status status = varve_mvcc_versions(reader, &how, bytes("e"), -1, &rows, err);
    varve_rows_release(&rows);
    return status;
}

static varve_status look(void *arg, varve_slice record, varve_error *err)
{
    (void)arg;
    (void)err;
    ck_slice_eq(record, bytes("record"));
    return VARVE_OK;
}

static varve_status get_record(varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = read_at(9, 0, NULL);
    bool found;
    varve_status status =
        varve_mvcc_get_record(reader, &how, bytes("f\0"), look, NULL, &found, &rows, err);
    ck_assert(found == (status == VARVE_OK));
    varve_rows_release(&rows);
    return status;
}

static varve_status run_cursor(varve_read how, unsigned flags, varve_error *err)
{
    varve_row row;
    varve_cursor *cursor;
    varve_status status = varve_cursor_open(reader, &how, span, flags, &cursor, err);
    while (status == VARVE_OK)
        status = varve_cursor_next(cursor, &row, err);
    varve_cursor_close(cursor);
    return status;
}

static varve_status cursor_as_owner(varve_error *err)
{
    return run_cursor(read_at(46, 0, &owner), 0, err);
}

static varve_status cursor_conflicts(varve_error *err)
{
    return run_cursor(read_at(60, 0, NULL), VARVE_CURSOR_REVERSE, err);
}

static varve_status count_row(void *arg, const varve_row *row, varve_error *err)
{
    (void)row;
    (void)err;
    *(int *)arg += 1;
    return VARVE_OK;
}

static varve_status iterate(varve_error *err)
{
    int rows = 0;
    varve_rows intents = VARVE_ROWS_INIT;
    varve_read how = read_at(60, LOOSE, NULL);
    how.max_intents = 2;
    varve_status status =
        varve_mvcc_iterate(reader, &how, span, 0, count_row, &rows, &intents, err);
    ck_assert_uint_eq(intents.intent_count, status == VARVE_OK ? 2 : 0);
    ck_assert(intents.more == (status == VARVE_OK));
    varve_rows_release(&intents);
    return status;
}

static varve_status run_changes(varve_span of, varve_ts after, varve_ts until, varve_error *err)
{
    varve_changes *changes;
    varve_status status = varve_changes_open(reader, of, after, until, &changes, err);
    if (status == VARVE_OK)
        status = varve_changes_seek(changes, bytes("c"), err);
    while (status == VARVE_OK)
        status = varve_changes_next(changes, err);
    varve_changes_close(changes);
    return status;
}

static varve_status changes(varve_error *err)
{
    return run_changes(span, at(0), at(12), err);
}

static varve_status changes_conflict(varve_error *err)
{
    return run_changes(span, at(0), at(60), err);
}

static varve_status changes_inline(varve_error *err)
{
    const varve_span inline_values = {bytes("y"), bytes("z")};
    return run_changes(inline_values, at(0), at(12), err);
}

/* As writers read: the own value, the next version below it, and what is in the way. */
static varve_status find_to_write(const char *key, varve_error *err)
{
    varve__walk walk = {.it = NULL};
    varve__found found;
    varve_status status = varve__walk_open_key(&walk, reader, mvcc_bytes(key), err);
    if (status == VARVE_OK)
        status = varve__find_to_write(&walk, mvcc_bytes(key), owner.read_ts, &owner, &found, err);
    if (status == VARVE_OK)
        status = varve__find_version(&walk, at(2), &found, err);
    varve__walk_release(&walk);
    return status;
}

static varve_status write_own(varve_error *err)
{
    return find_to_write("e", err);
}

static varve_status write_conflict(varve_error *err)
{
    varve_ts max_ts = owner.max_ts;
    owner.max_ts = at(60);
    varve_status status = find_to_write("d", err);
    owner.max_ts = max_ts;
    return status;
}

static const struct operation {
    varve_status (*run)(varve_error *err);
    varve_status expected;
} operations[] = {
    {get_own, VARVE_OK},
    {get_earlier, VARVE_OK},
    {get_of_earlier_epoch, VARVE_TXN_EPOCH},
    {get_uncertain, VARVE_READ_UNCERTAIN},
    {get_uncertain_below, VARVE_READ_UNCERTAIN},
    {get_inconsistent, VARVE_OK},
    {scan_inconsistent, VARVE_OK},
    {scan_backward_inconsistent, VARVE_OK},
    {scan_as_owner, VARVE_OK},
    {versions, VARVE_OK},
    {get_record, VARVE_OK},
    {cursor_as_owner, VARVE_NOT_FOUND},
    {cursor_conflicts, VARVE_WRITE_INTENT},
    {iterate, VARVE_OK},
    {changes, VARVE_NOT_FOUND},
    {changes_conflict, VARVE_WRITE_INTENT},
    {changes_inline, VARVE_UNSUPPORTED},
    {write_own, VARVE_NOT_FOUND},
    {write_conflict, VARVE_WRITE_INTENT},
};
#define OPERATION_COUNT ((int)(sizeof operations / sizeof operations[0]))

START_TEST(each_call_fails)
{
    const struct operation *operation = &operations[_i];
    fault_view view;
    put_store();
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    reader = &view.reader;
    for (unsigned nth = 1;; nth++) {
        fault_view_arm(&view, nth);
        varve_status status = operation->run(&mvcc.err);
        if (!view.fired) {
            ck_status(status, operation->expected, &mvcc.err);
            ck_assert_uint_gt(nth, 1);
            break;
        }
        ck_fails(status, VARVE_IO, &mvcc.err, "injected failure");
    }
}
END_TEST

static varve_status run_and_forgive(void *context, varve_error *err)
{
    const struct operation *operation = context;
    varve_status status = operation->run(err);
    if (status == VARVE_NO_MEMORY)
        return status;
    ck_status(status, operation->expected, err);
    varve_error_release(err);
    return VARVE_OK;
}

START_TEST(each_allocation_fails)
{
    struct operation operation = operations[_i];
    put_store();
    reader = mvcc.reader;
    ck_assert_str_eq(mvcc_get("c", at(1)), "c@1=v"); /* What is made on the first read stays. */
    ck_assert_uint_ge(fault_alloc_each(run_and_forgive, &operation), 1);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_loop_test(tcase, each_call_fails, 0, OPERATION_COUNT);
    tcase_add_loop_test(tcase, each_allocation_fails, 0, OPERATION_COUNT);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/read_faults", fill));
}
