/*
 * Tokens that end writes: before they begin, and between the keys of writes of many.
 */
#include "engine/view.h"
#include "tests/support/writes.h"

static varve_span everything(void)
{
    return (varve_span){bytes("a"), bytes("z")};
}

/* ---- The writes --------------------------------------------------------------------------------
 */

static varve_status put(const varve_write *how)
{
    return varve_mvcc_put(how, bytes("b"), writes_raw("v"), &mvcc.err);
}

static varve_status put_inline(const varve_write *how)
{
    varve_write at_zero = *how;
    at_zero.ts = varve_ts_zero();
    at_zero.stats = NULL;
    return varve_mvcc_put(&at_zero, bytes("\x01i"), writes_raw("v"), &mvcc.err);
}

static varve_status delete (const varve_write *how)
{
    return varve_mvcc_delete(how, bytes("b"), &mvcc.err);
}

static varve_status increment(const varve_write *how)
{
    return varve_mvcc_increment(how, bytes("new"), 1, NULL, &mvcc.err);
}

static varve_status merge(const varve_write *how)
{
    return varve_mvcc_merge(how, bytes("m"), writes_raw("v"), &mvcc.err);
}

static varve_status delete_range(const varve_write *how)
{
    varve_rows rows = VARVE_ROWS_INIT;
    int64_t deleted;
    varve_status status =
        varve_mvcc_delete_range(how, everything(), -1, true, &rows, &deleted, &mvcc.err);
    ck_assert_uint_eq(rows.count, status == VARVE_OK ? (size_t)deleted : 0);
    varve_rows_release(&rows);
    return status;
}

static int64_t resolved;

static varve_status resolve_range(const varve_write *how)
{
    varve_write plain = *how;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_txn txn = writes_txn(1, seconds(50));
    varve_resolution commit = {
        .struct_size = sizeof commit, .txn = &txn.meta, .status = VARVE_TXN_COMMITTED};
    plain.ts = varve_ts_zero();
    varve_status status = varve_mvcc_resolve_range(&plain, everything(), -1, &commit, &resolved,
                                                   NULL, &rows, &mvcc.err);
    ck_assert(!rows.more);
    varve_rows_release(&rows);
    return status;
}

static varve_status resolve(const varve_write *how)
{
    varve_write plain = *how;
    bool was_resolved;
    varve_txn txn = writes_txn(1, seconds(50));
    varve_resolution commit = {
        .struct_size = sizeof commit, .txn = &txn.meta, .status = VARVE_TXN_COMMITTED};
    plain.ts = varve_ts_zero();
    varve_status status = varve_mvcc_resolve(&plain, bytes("p"), &commit, &was_resolved, &mvcc.err);
    ck_assert(was_resolved == (status == VARVE_OK));
    return status;
}

static varve_status collect(const varve_write *how)
{
    varve_write plain = *how;
    const varve_gc_key keys[] = {{bytes("b"), seconds(1)}, {bytes("c"), seconds(1)}};
    plain.ts = varve_ts_zero();
    return varve_mvcc_gc(&plain, keys, 2, seconds(9), &mvcc.err);
}

static varve_status revert(const varve_write *how)
{
    varve_write plain = *how;
    varve_rows rows = VARVE_ROWS_INIT;
    plain.ts = varve_ts_zero();
    varve_span span = {bytes("a"), bytes("p")};
    varve_status status =
        varve_mvcc_clear_time_range(&plain, span, seconds(1), seconds(9), -1, &rows, &mvcc.err);
    ck_assert(!rows.more);
    varve_rows_release(&rows);
    return status;
}

static varve_status (*const operations[])(const varve_write *how) = {
    put,     put_inline, delete,        increment, delete_range,
    resolve, collect,    resolve_range, revert,    merge,
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

/* ---- Before they begin -------------------------------------------------------------------------
 */

static void put_some(void)
{
    varve_txn txn = writes_txn(1, seconds(2));
    writes_start();
    ck_assert_str_eq(writes_put("b", seconds(1), "v"), "OK");
    ck_assert_str_eq(writes_put("b", seconds(2), "w"), "OK");
    ck_assert_str_eq(writes_put("c", seconds(1), "v"), "OK");
    ck_assert_str_eq(writes_put("c", seconds(2), NULL), "OK");
    ck_assert_str_eq(writes_put_as("p", &txn, "v"), "OK");
    ck_assert_str_eq(writes_put_as("q", &txn, NULL), "OK");
}

static void ck_all_end(const varve_cancel *cancel, varve_status with)
{
    const char *before = writes_everything();
    const varve_stats stats = writes.stats;
    for (int i = 0; i < OPERATIONS; i++) {
        varve_txn txn = writes_txn(1, seconds(3 + i));
        varve_write how = writes_how(txn.read_ts, operations[i] == delete_range ? &txn : NULL);
        txn.meta.sequence = 1;
        how.cancel = cancel;
        ck_status(operations[i](&how), with, &mvcc.err);
        if (with == VARVE_OK)
            ck_assert_str_ne(writes_everything(), before);
        else
            ck_assert_str_eq(writes_everything(), before);
        ck_assert(with == VARVE_OK || memcmp(&stats, &writes.stats, sizeof stats) == 0);
    }
    varve_error_release(&mvcc.err);
}

START_TEST(tokens_end_writes)
{
    varve_cancel *cancel;
    put_some();
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    varve_cancel_after(cancel, 1);
    ck_all_end(cancel, VARVE_DEADLINE);
    varve_cancel_now(cancel);
    ck_all_end(cancel, VARVE_CANCELLED);
    varve_cancel_close(cancel);

    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    ck_all_end(cancel, VARVE_OK);
    varve_cancel_close(cancel);
}
END_TEST

/* ---- In progress -------------------------------------------------------------------------------
 */

/* A writer that cancels a token when something has been written. */
struct stopper {
    varve_writer writer;
    varve_cancel *cancel;
    unsigned written;
};

static varve_status stopper_apply(varve_writer *writer, varve_slice repr, varve_error *err)
{
    struct stopper *stopper = VARVE__CONTAINER_OF(writer, struct stopper, writer);
    varve_cancel_now(stopper->cancel);
    stopper->written++;
    return varve_writer_apply(mvcc.writer, repr, err);
}

static varve_status stopper_write(varve_writer *writer, const varve_record *record,
                                  varve_error *err)
{
    struct stopper *stopper = VARVE__CONTAINER_OF(writer, struct stopper, writer);
    varve_cancel_now(stopper->cancel);
    stopper->written++;
    return mvcc.writer->ops->write(mvcc.writer, record, err);
}

static const varve__writer_ops stopper_ops = {stopper_apply, stopper_write};

/* Cancelled after what it writes first; done anew it does the rest, which is `rest` writes. */
static void ck_stops(varve_status (*operation)(const varve_write *how), unsigned rest)
{
    varve_write how = writes_how(seconds(9), NULL);
    struct stopper stopper = {.writer = {&stopper_ops}};
    how.writer = &stopper.writer;
    for (unsigned times = 0; times <= rest; times++) {
        ck_ok(varve_cancel_open(&stopper.cancel, &mvcc.err), &mvcc.err);
        how.cancel = stopper.cancel;
        ck_status(operation(&how), times < rest ? VARVE_CANCELLED : VARVE_OK, &mvcc.err);
        ck_assert_uint_eq(stopper.written, times + 1);
        varve_cancel_close(stopper.cancel);
        varve_error_release(&mvcc.err);
    }
}

START_TEST(tokens_end_writes_of_many_keys_between_them)
{
    for (const char *key = "a\0b\0c\0"; *key != '\0'; key += 2)
        ck_assert_str_eq(writes_put(key, seconds(1), "v"), "OK");
    ck_stops(delete_range, 2);
    ck_assert_str_eq(writes_records("a"), "-@9s v@1s");
    ck_assert_str_eq(writes_records("c"), "-@9s v@1s");
    ck_stops(collect, 1);
    ck_assert_str_eq(writes_records("a"), "-@9s v@1s");
    ck_assert_str_eq(writes_records("b"), "-@9s");
    ck_assert_str_eq(writes_records("c"), "-@9s");
}
END_TEST

/* Rows of everything, which have no intents in the way, and all stand at `ts`. */
static void ck_rows(size_t count, varve_ts ts)
{
    varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    ck_ok(varve_mvcc_scan(mvcc.reader, &how, everything(), -1, &rows, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(rows.count, count);
    for (size_t position = 0; varve_rows_next(&rows, &position, &row);)
        ck_assert_int_eq(varve_ts_compare(row.ts, ts), 0);
    varve_rows_release(&rows);
}

/* Two of these values are more than ends a step. */
START_TEST(tokens_end_resolutions_between_steps)
{
    varve_txn txn = writes_txn(1, seconds(2));
    varve_write how = writes_how(varve_ts_zero(), &txn);
    for (const char *key = "a\0b\0c\0d\0"; *key != '\0'; key += 2)
        ck_ok(varve_mvcc_put(&how, mvcc_bytes(key), repeated('v', 600000), &mvcc.err), &mvcc.err);
    ck_stops(resolve_range, 1);
    ck_assert_int_eq(resolved, 2); /* the second time */
    ck_rows(4, seconds(50));
}
END_TEST

/* Of keys that are long, the version at 2 s goes. */
START_TEST(tokens_end_reverts_between_steps)
{
    unsigned char key[60000];
    memset(key, 'k', sizeof key);
    for (key[0] = 'a'; key[0] <= 'c'; key[0]++) {
        for (key[1] = '0'; key[1] <= '9'; key[1]++) {
            for (int64_t wall = 1; wall <= 2; wall++) {
                varve_write how = writes_how(seconds(wall), NULL);
                ck_ok(varve_mvcc_put(&how, varve_slice_of(key, sizeof key), writes_raw("v"),
                                     &mvcc.err),
                      &mvcc.err);
            }
        }
    }
    ck_stops(revert, 1);
    ck_rows(30, seconds(1));
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, writes_start, NULL);
    tcase_add_test(tcase, tokens_end_writes);
    tcase_add_test(tcase, tokens_end_writes_of_many_keys_between_them);
    tcase_add_test(tcase, tokens_end_resolutions_between_steps);
    tcase_add_test(tcase, tokens_end_reverts_between_steps);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/write_cancel", fill));
}
