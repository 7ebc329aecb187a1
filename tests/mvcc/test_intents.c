/*
 * What a failure tells of the intents in the way: all that they store of their transactions, in
 * memory of its own.
 */
#include "tests/support/mvcc.h"

#include "format/meta.h"

/* Anchor key "a", epoch 1, writing at (2,0), sequence 9, with a history; standing at (7,0). */
static const char record[] =
    "0A 1F 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 1A 01 61 20 01 2A 02 08 02 38 09 "
    "4A 00 12 04 08 07 10 00 18 00 20 0C 28 0A 42 0E 08 00 12 0A 00 00 00 00 03 66 69 72 73 74 42 "
    "04 08 03 12 00";

static void put_such_an_intent(const char *key)
{
    mvcc_put_raw(mvcc_engine_key(key, varve_ts_zero()), hex(record));
    mvcc_put_raw(mvcc_engine_key(key, at(7)), hex("00 00 00 00 03 76 61 6C 75 65"));
}

static void ck_intent(const varve_intent *intent, const char *key)
{
    ck_slice_eq(intent->key, mvcc_bytes(key));
    ck_slice_eq(varve_slice_of(intent->txn.id, sizeof intent->txn.id),
                hex("00000000000000000000000000000001"));
    ck_slice_eq(intent->txn.key, bytes("a"));
    ck_assert_int_eq(intent->txn.epoch, 1);
    ck_assert_int_eq(intent->txn.write_ts.wall, 2);
    ck_assert_int_eq(intent->txn.sequence, 9);
    ck_assert_int_eq(intent->ts.wall, 7);
}

/* The failure has released or overwritten all that it was made from. */
static void ck_intents(size_t count)
{
    ck_assert_int_eq(mvcc.err.status, VARVE_WRITE_INTENT);
    ck_assert_uint_eq(mvcc.err.detail.intents.count, count);
    ck_intent(&mvcc.err.detail.intents.list[0], "k");
    if (count > 1)
        ck_intent(&mvcc.err.detail.intents.list[1], "l%00");
    varve_error_release(&mvcc.err);
}

START_TEST(reads_tell_all_of_them)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(9)};
    put_such_an_intent("k");
    put_such_an_intent("l%00");
    mvcc_put("m", at(1), "v");
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err), VARVE_WRITE_INTENT,
              &mvcc.err);
    ck_intents(1);
    varve_span span = {bytes("a"), bytes("z")};
    ck_status(varve_mvcc_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), VARVE_WRITE_INTENT,
              &mvcc.err);
    ck_intents(2);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(writes_tell_the_one_they_met)
{
    varve_write how = {
        .struct_size = sizeof how, .reader = mvcc.reader, .writer = mvcc.writer, .ts = at(9)};
    put_such_an_intent("k");
    ck_status(varve_mvcc_put(&how, bytes("k"), bytes("value"), &mvcc.err), VARVE_WRITE_INTENT,
              &mvcc.err);
    ck_intents(1);
    ck_status(varve_mvcc_delete(&how, bytes("k"), &mvcc.err), VARVE_WRITE_INTENT, &mvcc.err);
    ck_intents(1);
}
END_TEST

/* A get and a put that meet the intent. */
static varve_status meet(void *context, varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read read = {.struct_size = sizeof read, .ts = at(9)};
    varve_write write = {
        .struct_size = sizeof write, .reader = mvcc.reader, .writer = mvcc.writer, .ts = at(9)};
    (void)context;
    varve_status status = varve_mvcc_get(mvcc.reader, &read, bytes("k"), &rows, err);
    varve_rows_release(&rows);
    if (status != VARVE_WRITE_INTENT)
        return status;
    status = varve_mvcc_put(&write, bytes("k"), bytes("value"), err);
    if (status != VARVE_WRITE_INTENT)
        return status;
    varve_error_release(err);
    return VARVE_OK;
}

/* With an anchor key that needs memory of its own wherever it is copied to. */
static void put_an_intent_with_a_long_anchor(const char *key)
{
    varve__meta meta = {.has_txn = true, .ts = at(7), .key_bytes = 12, .val_bytes = 1};
    varve_buf encoded = VARVE_BUF_INIT;
    meta.txn.key = repeated('a', 50000);
    ck_ok(varve__meta_append(&meta, NULL, &encoded, &mvcc.err), &mvcc.err);
    mvcc_put_raw(mvcc_engine_key(key, varve_ts_zero()), varve_buf_slice(&encoded));
    mvcc_put_raw(mvcc_engine_key(key, at(7)), bytes("v"));
    varve_buf_release(&encoded);
}

START_TEST(telling_them_can_run_out_of_memory)
{
    put_an_intent_with_a_long_anchor("k");
    ck_assert_str_eq(mvcc_get("k", at(5)), "none"); /* What is made on the first read stays. */
    /* The list of the error and two keys, once each; the read keeps as much meanwhile. */
    ck_assert_uint_ge(fault_alloc_each(meet, NULL), 3 * 3);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, telling_them_can_run_out_of_memory);
    tcase_add_test(tcase, reads_tell_all_of_them);
    tcase_add_test(tcase, writes_tell_the_one_they_met);
}

int main(void)
{
    return mvcc_run(mvcc_suite("intents", fill));
}
