/*
 * Reading row by row: cursors, and iterate with its portions.
 */
#include <stdio.h>

#include "tests/support/mvcc.h"
#include "util/fail.h"

#define LOOSE VARVE_READ_INCONSISTENT

static varve_read read_at(int64_t wall, unsigned flags)
{
    return (varve_read){.struct_size = sizeof(varve_read), .ts = at(wall), .flags = flags};
}

static const varve_span everything = {{(const unsigned char *)"a", 1},
                                      {(const unsigned char *)"z", 1}};

static varve_cursor *cursor_of(const varve_read *how, unsigned flags)
{
    varve_cursor *cursor = NULL;
    ck_ok(varve_cursor_open(mvcc.reader, how, everything, flags, &cursor, &mvcc.err), &mvcc.err);
    return cursor;
}

static const char *next(varve_cursor *cursor)
{
    varve_row row;
    varve_status status = varve_cursor_next(cursor, &row, &mvcc.err);
    if (status < 0) {
        ck_assert_int_eq(mvcc.err.status, status);
        varve_error_release(&mvcc.err);
    }
    return status == VARVE_OK ? mvcc_text(row.key) : varve_status_name(status);
}

/* ---- Cursors -----------------------------------------------------------------------------------
 */

START_TEST(a_cursor_ends_again_and_again)
{
    varve_read how = read_at(5, 0);
    mvcc_put("a", at(1), "v");
    mvcc_delete("b", at(1));
    mvcc_put("c", at(1), "v");
    varve_cursor *cursor = cursor_of(&how, 0);
    ck_assert_str_eq(next(cursor), "a");
    ck_assert_str_eq(next(cursor), "c");
    ck_assert_str_eq(next(cursor), "VARVE_NOT_FOUND");
    ck_assert_str_eq(next(cursor), "VARVE_NOT_FOUND");
    varve_cursor_close(cursor);

    cursor = cursor_of(&how, VARVE_CURSOR_REVERSE);
    ck_assert_str_eq(next(cursor), "c");
    ck_assert_str_eq(next(cursor), "a");
    ck_assert_str_eq(next(cursor), "VARVE_NOT_FOUND");
    varve_cursor_close(cursor);
    varve_cursor_close(NULL);
}
END_TEST

/* A conflict and what lies behind it, once and for all; rows in front have been handed out. */
START_TEST(a_cursor_fails_ever_after)
{
    varve_read how = read_at(5, 0);
    varve_row row;
    mvcc_put("a", at(1), "v");
    mvcc_put_intent("b", at(2), "p", 1);
    mvcc_put("c", at(1), "v");
    mvcc_put_intent("d", at(2), "p", 2);
    mvcc_put_intent("e", at(2), "p", 3);
    how.max_intents = 2;
    varve_cursor *cursor = cursor_of(&how, 0);
    ck_assert_str_eq(next(cursor), "a");
    for (int again = 0; again < 2; again++) {
        ck_status(varve_cursor_next(cursor, &row, &mvcc.err), VARVE_WRITE_INTENT, &mvcc.err);
        ck_assert_uint_eq(mvcc.err.detail.intents.count, 2);
        ck_slice_eq(mvcc.err.detail.intents.list[1].key, bytes("d"));
        ck_assert(mvcc.err.detail.intents.more);
    }
    ck_assert_int_eq(varve_cursor_next(cursor, &row, NULL), VARVE_WRITE_INTENT);
    varve_cursor_close(cursor);
}
END_TEST

START_TEST(a_cursor_tells_intents_as_it_meets_them)
{
    size_t count;
    varve_read how = read_at(5, LOOSE);
    mvcc_put_intent("a", at(2), "p", 1);
    mvcc_put("b", at(1), "v");
    mvcc_put_intent("b", at(2), "p", 2);
    mvcc_put("c", at(1), "v");
    mvcc_put_intent("d", at(2), "p", 3);
    varve_cursor *cursor = cursor_of(&how, 0);
    ck_assert_str_eq(next(cursor), "b");
    const varve_intent *list = varve_cursor_intents(cursor, &count);
    ck_assert_uint_eq(count, 2);
    ck_slice_eq(list[0].key, bytes("a"));
    ck_slice_eq(list[1].key, bytes("b"));
    ck_assert_int_eq(list[1].txn.id[15], 2);
    ck_assert_str_eq(next(cursor), "c");
    (void)varve_cursor_intents(cursor, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_str_eq(next(cursor), "VARVE_NOT_FOUND");
    list = varve_cursor_intents(cursor, &count);
    ck_assert_uint_eq(count, 1);
    ck_slice_eq(list[0].key, bytes("d"));
    varve_cursor_close(cursor);
}
END_TEST

/* An engine's cursor sees what was there when it was opened. */
START_TEST(a_cursor_holds_one_view)
{
    varve_read how = read_at(5, 0);
    mvcc_put("a", at(1), "v");
    mvcc_put("b", at(1), "v");
    mvcc_put("c", at(1), "v");
    varve_cursor *cursor = cursor_of(&how, 0);
    ck_assert_str_eq(next(cursor), "a");
    if (mvcc.batch == NULL) {
        mvcc_delete("c", at(2));
        mvcc_put("bb", at(1), "v");
    }
    ck_assert_str_eq(next(cursor), "b");
    ck_assert_str_eq(next(cursor), "c");
    ck_assert_str_eq(next(cursor), "VARVE_NOT_FOUND");
    varve_cursor_close(cursor);
}
END_TEST

#define RAW(text) "%00%00%00%00%03" text

/* The value of a key as a transaction's own, which writes above what is there. */
static void put_as(const varve_txn *txn, const char *key, const char *value)
{
    varve_write how = {.struct_size = sizeof how,
                       .reader = mvcc.reader,
                       .writer = mvcc.writer,
                       .ts = txn->read_ts,
                       .txn = txn};
    ck_ok(varve_mvcc_put(&how, mvcc_bytes(key), mvcc_bytes(value), &mvcc.err), &mvcc.err);
}

/* The rows left, as text: what the cursor stands in front of has been written to. */
static void ck_rest_is(varve_cursor *cursor, const char *first, const char *second, int64_t wall,
                       const char *value)
{
    varve_row row;
    const char *const keys[] = {first, second};
    for (int i = 0; i < 2; i++) {
        ck_ok(varve_cursor_next(cursor, &row, &mvcc.err), &mvcc.err);
        ck_assert_str_eq(mvcc_text(row.key), keys[i]);
        ck_assert_int_eq(row.ts.wall, wall);
        ck_assert_str_eq(mvcc_text(row.value), value);
    }
    ck_assert_str_eq(next(cursor), "VARVE_NOT_FOUND");
    varve_cursor_close(cursor);
}

/*
 * A transaction writes again, and further above, what its cursor has not come to.  In between lies
 * what it must not see: the old metadata record, whose provisional value is not there any more.
 */
static void rewrite_ahead(unsigned flags, const char *const keys[3])
{
    varve_txn txn = mvcc_txn(1, 0, 1, at(7), varve_ts_zero());
    varve_txn later = mvcc_txn(1, 0, 9, at(7), varve_ts_zero());
    varve_read how = {.struct_size = sizeof how, .ts = at(7), .txn = &later};
    txn.meta.write_ts = at(12);
    for (int i = 0; i < 3; i++) {
        mvcc_put(keys[i], at(5), RAW("committed"));
        put_as(&txn, keys[i], RAW("first"));
    }
    varve_cursor *cursor = cursor_of(&how, flags);
    ck_assert_str_eq(next(cursor), keys[0]);
    txn.meta.sequence = 2;
    txn.meta.write_ts = at(15);
    for (int i = 0; i < 3; i++)
        put_as(&txn, keys[i], RAW("second"));
    if (mvcc.batch == NULL)
        ck_rest_is(cursor, keys[1], keys[2], 12, RAW("first"));
    else
        ck_rest_is(cursor, keys[1], keys[2], 15, RAW("second"));
}

/* Not of a batch of which a part has gone to the engine: that is not shown anew. */
static bool is_split(void)
{
    return mvcc.batch != NULL && mvcc.writer != varve_batch_writer_of(mvcc.batch);
}

START_TEST(keys_rewritten_ahead_are_seen_whole)
{
    static const char *const upwards[] = {"a", "b", "c"};
    static const char *const downwards[] = {"c", "b", "a"};
    if (is_split())
        return;
    rewrite_ahead(_i == 0 ? 0 : VARVE_CURSOR_REVERSE, _i == 0 ? upwards : downwards);
}
END_TEST

/* What the cursor stood in front of is gone, and it goes on behind that. */
START_TEST(keys_removed_ahead_are_gone)
{
    varve_read how = read_at(5, 0);
    if (mvcc.batch == NULL || is_split())
        return;
    for (int reverse = 0; reverse < 2; reverse++) {
        mvcc_put("a", at(1), "v");
        mvcc_put("b", at(1), "v");
        mvcc_put("c", at(1), "v");
        varve_cursor *cursor = cursor_of(&how, reverse ? VARVE_CURSOR_REVERSE : 0);
        ck_assert_str_eq(next(cursor), reverse ? "c" : "a");
        mvcc_clear_raw(mvcc_engine_key("b", at(1)));
        ck_assert_str_eq(next(cursor), reverse ? "a" : "c");
        mvcc_clear_raw(mvcc_engine_key("a", at(1)));
        mvcc_clear_raw(mvcc_engine_key("c", at(1)));
        ck_assert_str_eq(next(cursor), "VARVE_NOT_FOUND");
        varve_cursor_close(cursor);
    }
}
END_TEST

#define ck_no_cursor(how, span, flags, status, text)                                               \
    do {                                                                                           \
        varve_cursor *cursor_ = (varve_cursor *)&mvcc;                                             \
        ck_fails(varve_cursor_open(mvcc.reader, how, span, flags, &cursor_, &mvcc.err), status,    \
                 &mvcc.err, text);                                                                 \
        ck_assert_ptr_null(cursor_);                                                               \
    } while (0)

START_TEST(a_cursor_checks_its_arguments)
{
    varve_read how = read_at(5, LOOSE);
    varve_span endless = {bytes("a"), bytes("")};
    ck_no_cursor(&how, endless, 0, VARVE_EMPTY_KEY, "attempted access to empty key");
    ck_no_cursor(&how, everything, 2, VARVE_INVALID_ARGUMENT,
                 "flags 0x2 are not allowed in this read");
    ck_no_cursor(NULL, everything, 0, VARVE_INVALID_ARGUMENT,
                 "varve_read must be given with struct_size = sizeof(varve_read)");
    how.max_intents = 1;
    ck_no_cursor(&how, everything, 0, VARVE_INVALID_ARGUMENT,
                 "varve_read.max_intents is not for an inconsistent cursor");
    how.max_intents = 0;
    how.target_bytes = 1;
    ck_no_cursor(&how, everything, 0, VARVE_INVALID_ARGUMENT,
                 "varve_read.target_bytes is not for this read");
    how.flags = LOOSE | VARVE_READ_FAIL_ON_MORE_RECENT;
    ck_no_cursor(&how, everything, 0, VARVE_INVALID_ARGUMENT,
                 "cannot allow inconsistent reads with fail on more recent option");
}
END_TEST

/* ---- Iterate -----------------------------------------------------------------------------------
 */

struct seen {
    int rows;
    int stop_after;
    varve_status answer;
    char last[16];
};

static varve_status see(void *arg, const varve_row *row, varve_error *err)
{
    struct seen *seen = arg;
    (void)snprintf(seen->last, sizeof seen->last, "%s", mvcc_text(row->key));
    seen->rows++;
    if (seen->rows != seen->stop_after)
        return VARVE_OK;
    return seen->answer < 0 ? varve__fail(err, seen->answer, "said the callback") : seen->answer;
}

static varve_status iterate(const varve_read *how, unsigned flags, struct seen *seen,
                            varve_rows *intents)
{
    return varve_mvcc_iterate(mvcc.reader, how, everything, flags, see, seen, intents, &mvcc.err);
}

static void put_keys(int from, int to)
{
    char key[32];
    for (int i = from; i < to; i++) {
        (void)snprintf(key, sizeof key, "k%05d", i);
        mvcc_put(key, at(1), "v");
    }
}

START_TEST(callbacks_end_it)
{
    varve_read how = read_at(5, 0);
    put_keys(0, 10);
    struct seen seen = {.stop_after = 3, .answer = VARVE_NOT_FOUND};
    ck_assert_int_eq(iterate(&how, 0, &seen, NULL), VARVE_NOT_FOUND);
    ck_assert_int_eq(seen.rows, 3);
    ck_assert_str_eq(seen.last, "k00002");

    seen = (struct seen){.stop_after = 2, .answer = VARVE_VALUE_TYPE};
    ck_fails(iterate(&how, VARVE_CURSOR_REVERSE, &seen, NULL), VARVE_VALUE_TYPE, &mvcc.err,
             "said the callback");
    ck_assert_str_eq(seen.last, "k00008");

    seen = (struct seen){.rows = 0};
    ck_ok(iterate(&how, 0, &seen, NULL), &mvcc.err);
    ck_assert_int_eq(seen.rows, 10);
}
END_TEST

/* Intents met before a callback ends an inconsistent walk are told, those of a failure are not. */
START_TEST(intents_survive_the_end_but_not_a_failure)
{
    varve_rows intents = VARVE_ROWS_INIT;
    varve_read how = read_at(5, LOOSE);
    mvcc_put_intent("a", at(2), "p", 1);
    put_keys(0, 3);
    struct seen seen = {.stop_after = 1, .answer = VARVE_NOT_FOUND};
    ck_assert_int_eq(iterate(&how, 0, &seen, &intents), VARVE_NOT_FOUND);
    ck_assert_uint_eq(intents.intent_count, 1);
    ck_slice_eq(intents.intents[0].key, bytes("a"));
    seen = (struct seen){.stop_after = 1, .answer = VARVE_VALUE_TYPE};
    ck_status(iterate(&how, 0, &seen, &intents), VARVE_VALUE_TYPE, &mvcc.err);
    ck_assert_uint_eq(intents.intent_count, 0);
    ck_fails(iterate(&how, 0, &seen, NULL), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "an inconsistent read needs `intents`");
    varve_rows_release(&intents);
}
END_TEST

/* A conflict is told before the first row of its portion, and hides none of the portions before. */
START_TEST(portions_are_read_whole)
{
    varve_read how = read_at(5, 0);
    put_keys(0, 2500);
    struct seen seen = {.rows = 0};
    ck_ok(iterate(&how, 0, &seen, NULL), &mvcc.err);
    ck_assert_int_eq(seen.rows, 2500);
    ck_assert_str_eq(seen.last, "k02499");

    mvcc_put_intent("k01500x", at(2), "p", 1);
    mvcc_put_intent("k02200x", at(2), "p", 2);
    seen = (struct seen){.rows = 0};
    ck_status(iterate(&how, 0, &seen, NULL), VARVE_WRITE_INTENT, &mvcc.err);
    ck_assert_int_eq(seen.rows, 1000);
    ck_assert_uint_eq(mvcc.err.detail.intents.count, 1);
    ck_slice_eq(mvcc.err.detail.intents.list[0].key, bytes("k01500x"));
    seen = (struct seen){.rows = 0};
    ck_status(iterate(&how, VARVE_CURSOR_REVERSE, &seen, NULL), VARVE_WRITE_INTENT, &mvcc.err);
    ck_assert_int_eq(seen.rows, 0);
    ck_slice_eq(mvcc.err.detail.intents.list[0].key, bytes("k02200x"));
}
END_TEST

/* Put a key with what a large value needs, in the middle of a walk. */
static varve_status write_behind(void *arg, const varve_row *row, varve_error *err)
{
    varve_write how = {.struct_size = sizeof how, .writer = mvcc.writer, .ts = at(2)};
    (void)row;
    *(int *)arg += 1;
    return varve_mvcc_put(&how, bytes("y"), bytes("new"), err);
}

/* Portions of large values are small, and what a callback writes is not seen in any of them. */
START_TEST(one_view_is_held_throughout)
{
    varve_read how = read_at(5, 0);
    int rows = 0;
    if (mvcc.batch != NULL)
        return; /* what is written to a batch may show */
    varve_slice large = repeated('x', 1 << 20);
    for (int i = 0; i < 10; i++) {
        varve_write put = {.struct_size = sizeof put, .writer = mvcc.writer, .ts = at(1)};
        char key[32];
        (void)snprintf(key, sizeof key, "k%d", i);
        ck_ok(varve_mvcc_put(&put, mvcc_bytes(key), large, &mvcc.err), &mvcc.err);
    }
    ck_ok(
        varve_mvcc_iterate(mvcc.reader, &how, everything, 0, write_behind, &rows, NULL, &mvcc.err),
        &mvcc.err);
    ck_assert_int_eq(rows, 10);
    ck_assert_str_eq(mvcc_get("y", at(5)), "y@2=new");
}
END_TEST

START_TEST(iterate_checks_its_arguments)
{
    varve_read how = read_at(5, 0);
    struct seen seen = {.rows = 0};
    how.target_bytes = 1;
    ck_fails(iterate(&how, 0, &seen, NULL), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "varve_read.target_bytes is not for this read");
    how.target_bytes = 0;
    ck_fails(iterate(&how, 6, &seen, NULL), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "flags 0x6 are not allowed in this read");
    ck_fails(iterate(NULL, 0, &seen, NULL), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "varve_read must be given with struct_size = sizeof(varve_read)");
    ck_ok(iterate(&how, 0, &seen, NULL), &mvcc.err);
    ck_assert_int_eq(seen.rows, 0);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, a_cursor_ends_again_and_again);
    tcase_add_test(tcase, a_cursor_fails_ever_after);
    tcase_add_test(tcase, a_cursor_tells_intents_as_it_meets_them);
    tcase_add_test(tcase, a_cursor_holds_one_view);
    tcase_add_loop_test(tcase, keys_rewritten_ahead_are_seen_whole, 0, 2);
    tcase_add_test(tcase, keys_removed_ahead_are_gone);
    tcase_add_test(tcase, a_cursor_checks_its_arguments);
    tcase_add_test(tcase, callbacks_end_it);
    tcase_add_test(tcase, intents_survive_the_end_but_not_a_failure);
    tcase_add_test(tcase, portions_are_read_whole);
    tcase_add_test(tcase, one_view_is_held_throughout);
    tcase_add_test(tcase, iterate_checks_its_arguments);
}

int main(void)
{
    return mvcc_run(mvcc_read_suite("mvcc/stream", fill));
}
