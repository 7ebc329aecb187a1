/*
 * What has been written between two times: the table of the behaviour, seeks, and what cannot be
 * shown.
 */
#include <varve/changes.h>

#include <stdio.h>

#include "tests/support/mvcc.h"

/* ---- Changes as text ---------------------------------------------------------------------------
 */

static varve_changes *changes_of(const char *start, const char *end, varve_ts after, varve_ts until)
{
    varve_changes *changes = NULL;
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    ck_ok(varve_changes_open(mvcc.reader, span, after, until, &changes, &mvcc.err), &mvcc.err);
    return changes;
}

/* The version that it stands on, KEY@TIME=VALUE or KEY@TIME-; "end", or a failure. */
static const char *stand(varve_changes *changes, varve_status status)
{
    char text[VARVE_ERROR_MESSAGE_MAX];
    varve_row row = {.ts = {77, 0}};
    ck_assert(varve_changes_row(changes, &row) == (status == VARVE_OK));
    if (status == VARVE_OK)
        (void)snprintf(text, sizeof text, "%s@%d%s%s", mvcc_text(row.key), (int)row.ts.wall,
                       row.value.size == 0 ? "-" : "=", mvcc_text(row.value));
    else if (status == VARVE_NOT_FOUND)
        (void)snprintf(text, sizeof text, "end");
    else
        (void)snprintf(text, sizeof text, "%s", mvcc.err.message);
    ck_assert(status >= 0 || mvcc.err.status == status);
    ck_assert(status == VARVE_OK || row.ts.wall == 77);
    varve_error_release(&mvcc.err);
    return (const char *)copy_of(varve_slice_of(text, strlen(text) + 1)).data;
}

static const char *next(varve_changes *changes)
{
    return stand(changes, varve_changes_next(changes, &mvcc.err));
}

static const char *next_key(varve_changes *changes)
{
    return stand(changes, varve_changes_next_key(changes, &mvcc.err));
}

static const char *seek(varve_changes *changes, const char *key)
{
    return stand(changes, varve_changes_seek(changes, mvcc_bytes(key), &mvcc.err));
}

typedef const char *movement(varve_changes *changes);

/* All of it by one movement; a failure is the last word. */
static const char *all(int64_t after, int64_t until, movement *move)
{
    char text[600] = "";
    varve_changes *changes = changes_of("k", "l", at(after), at(until));
    for (;;) {
        const char *at_place = move(changes);
        if (strcmp(at_place, "end") == 0)
            break;
        size_t size = strlen(text);
        (void)snprintf(text + size, sizeof text - size, "%s%s", size == 0 ? "" : " ", at_place);
        if (strchr(at_place, '@') == NULL)
            break;
    }
    varve_changes_close(changes);
    return (const char *)copy_of(varve_slice_of(text, strlen(text) + 1)).data;
}

#define ck_window(after, until, versions, keys)                                                    \
    do {                                                                                           \
        ck_assert_str_eq(all(after, until, next), versions);                                       \
        ck_assert_str_eq(all(after, until, next_key), keys);                                       \
    } while (0)

#define MAX_TS INT64_MAX

/* ---- The table ---------------------------------------------------------------------------------
 */

static void put_around(void)
{
    mvcc_put("j", at(1), "in front");
    mvcc_put("l", at(1), "behind");
}

START_TEST(TestMVCCIncrementalIterator)
{
    put_around();
    ck_window(0, MAX_TS, "", "");
    mvcc_put("k1", at(1), "a");
    mvcc_put("k1", at(2), "b");
    mvcc_put("k2", at(2), "c");
    ck_window(0, 0, "", "");
    ck_window(0, 1, "k1@1=a", "k1@1=a");
    ck_window(0, MAX_TS, "k1@2=b k1@1=a k2@2=c", "k1@2=b k2@2=c");
    ck_window(1, 1, "", "");
    ck_window(1, 2, "k1@2=b k2@2=c", "k1@2=b k2@2=c");
    ck_window(2, 2, "", "");
    ck_window(2, 1, "", "");

    mvcc_delete("k1", at(3));
    ck_window(1, MAX_TS, "k1@3- k1@2=b k2@2=c", "k1@3- k2@2=c");

    mvcc_put_intent("k1", at(4), "p", 1);
    mvcc_put_intent("k2", at(4), "p", 1);
    ck_window(0, MAX_TS, "conflicting intents on \"k1\"", "conflicting intents on \"k1\"");
    ck_window(0, 4, "conflicting intents on \"k1\"", "conflicting intents on \"k1\"");
    ck_window(3, 4, "conflicting intents on \"k1\"", "conflicting intents on \"k1\"");
    ck_window(0, 3, "k1@3- k1@2=b k1@1=a k2@2=c", "k1@3- k2@2=c");
    ck_window(4, MAX_TS, "", "");
}
END_TEST

/* More versions than are stepped over, above the window, in it and below it. */
START_TEST(many_versions)
{
    char value[16];
    for (int i = 1; i <= 60; i++) {
        (void)snprintf(value, sizeof value, "%d", i);
        mvcc_put("k1", at(i), value);
        mvcc_put("k2", at(i), value);
    }
    ck_window(28, 30, "k1@30=30 k1@29=29 k2@30=30 k2@29=29", "k1@30=30 k2@30=30");
    ck_window(0, 1, "k1@1=1 k2@1=1", "k1@1=1 k2@1=1");
    ck_window(60, 99, "", "");
    mvcc_put_intent("k2", at(70), "p", 1);
    ck_window(28, 30, "k1@30=30 k1@29=29 k2@30=30 k2@29=29", "k1@30=30 k2@30=30");
}
END_TEST

/* ---- Seeks, ends and failures ------------------------------------------------------------------
 */

START_TEST(seeks_go_anywhere)
{
    put_around();
    mvcc_put("k1", at(2), "a");
    mvcc_put("k3", at(3), "c");
    mvcc_put("k3", at(9), "b");
    mvcc_put("k4%00", at(3), "d");
    varve_changes *changes = changes_of("k", "l", at(1), at(5));

    ck_assert_str_eq(seek(changes, "k2"), "k3@3=c");
    ck_assert_str_eq(next(changes), "k4%00@3=d");
    ck_assert_str_eq(next(changes), "end");
    ck_assert_str_eq(next(changes), "end");
    ck_assert_str_eq(next_key(changes), "end");
    ck_assert_str_eq(seek(changes, "k1"), "k1@2=a");
    ck_assert_str_eq(next_key(changes), "k3@3=c");
    ck_assert_str_eq(seek(changes, "k4%00"), "k4%00@3=d");
    ck_assert_str_eq(seek(changes, "k5"), "end");
    ck_assert_str_eq(seek(changes, ""), "k1@2=a");
    ck_assert_str_eq(seek(changes, "j"), "k1@2=a"); /* below the span */
    ck_assert_str_eq(seek(changes, "l"), "end");
    varve_changes_close(changes);
    varve_changes_close(NULL);
}
END_TEST

START_TEST(spans_may_be_open)
{
    mvcc_put("k1", at(2), "a");
    mvcc_put("k2", at(2), "b");
    varve_changes *changes = changes_of("", "", at(0), at(5));
    ck_assert_str_eq(next_key(changes), "k1@2=a");
    ck_assert_str_eq(next_key(changes), "k2@2=b");
    ck_assert_str_eq(next_key(changes), "end");
    varve_changes_close(changes);

    changes = changes_of("k2", "k1", at(0), at(5));
    ck_assert_str_eq(next(changes), "end");
    varve_changes_close(changes);
}
END_TEST

/* A failure stays until the next seek. */
START_TEST(inline_values_are_refused)
{
    mvcc_put("k1", at(2), "a");
    mvcc_put_inline("k2%00", "i");
    mvcc_put("k3", at(2), "b");
    varve_changes *changes = changes_of("k", "l", at(0), at(5));
    const char *refused = "inline values are unsupported by MVCCIncrementalIterator: \"k2\\x00\"";

    ck_assert_str_eq(next(changes), "k1@2=a");
    ck_assert_int_eq(varve_changes_next(changes, NULL), VARVE_UNSUPPORTED);
    ck_assert_str_eq(next(changes), refused);
    ck_assert_str_eq(next_key(changes), refused);
    ck_assert_str_eq(seek(changes, "k3"), "k3@2=b");
    ck_assert_str_eq(next(changes), "end");
    varve_changes_close(changes);
}
END_TEST

START_TEST(intents_are_told_whole)
{
    varve_txn txn = mvcc_txn(7, 3, 5, at(4), varve_ts_zero());
    txn.meta.key = bytes("anchor");
    mvcc_put_intent_of("k1", at(4), "p", &txn, NULL);
    varve_changes *changes = changes_of("k", "l", at(0), at(5));
    ck_status(varve_changes_next(changes, &mvcc.err), VARVE_WRITE_INTENT, &mvcc.err);
    varve_changes_close(changes);

    ck_assert_uint_eq(mvcc.err.detail.intents.count, 1);
    const varve_intent *intent = mvcc.err.detail.intents.list;
    ck_slice_eq(intent->key, bytes("k1"));
    ck_slice_eq(intent->txn.key, bytes("anchor"));
    ck_assert_int_eq(intent->ts.wall, 4);
    ck_assert_int_eq(intent->txn.epoch, 3);
    varve_error_release(&mvcc.err);
}
END_TEST

START_TEST(damaged_records_are_found)
{
    mvcc_put("k1", at(2), "a");
    mvcc_put_raw(mvcc_engine_key("k2", varve_ts_zero()), bytes("garbage"));
    mvcc_put("k3", at(2), "b");
    varve_changes *changes = changes_of("k", "l", at(0), at(5));
    ck_assert_str_eq(next(changes), "k1@2=a");
    ck_status(varve_changes_next(changes, &mvcc.err), VARVE_CORRUPT, &mvcc.err);
    ck_assert_str_eq(seek(changes, "k3"), "k3@2=b");
    varve_changes_close(changes);
}
END_TEST

/* The third movement is ended, and every one behind it but a seek. */
START_TEST(tokens_end_movements)
{
    varve_cancel *cancel;
    mvcc_put("k1", at(2), "a");
    mvcc_put("k2", at(2), "b");
    mvcc_put("k3", at(2), "c");
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    varve_changes *changes = changes_of("k", "l", at(0), at(5));
    ck_ok(varve_changes_watch(changes, cancel, NULL, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(next(changes), "k1@2=a");
    ck_assert_str_eq(next_key(changes), "k2@2=b");
    varve_cancel_now(cancel);
    ck_assert_str_eq(next(changes), "the call was cancelled");
    ck_assert_int_eq(varve_changes_next_key(changes, NULL), VARVE_CANCELLED);
    ck_assert_str_eq(seek(changes, "k1"), "the call was cancelled");
    ck_ok(varve_changes_watch(changes, NULL, NULL, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(next(changes), "the call was cancelled");
    ck_assert_str_eq(seek(changes, "k3"), "k3@2=c");
    varve_changes_close(changes);
    varve_cancel_close(cancel);
}
END_TEST

START_TEST(movements_are_billed)
{
    varve_bill bill = {.struct_size = sizeof bill};
    mvcc_put("k1", at(2), "abc");
    mvcc_put("k1", varve_ts_of(3, 1), "de");
    mvcc_put("k2", at(2), "too old");
    mvcc_delete("k3", at(4));
    varve_changes *changes = changes_of("k", "l", varve_ts_of(2, 0), at(5));
    ck_ok(varve_changes_watch(changes, NULL, &bill, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(next(changes), "k1@3=de");
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.versions, 1);
    ck_assert_uint_eq(bill.rows, 1);
    ck_assert_uint_eq(bill.bytes_returned, 8 + 2 + 1 + 13 + 2);
    ck_assert_str_eq(next(changes), "k3@4-");
    ck_assert_uint_eq(bill.keys, 3);
    ck_assert_uint_ge(bill.versions, 4);
    ck_assert_uint_eq(bill.tombstones, 1);
    ck_assert_uint_eq(bill.rows, 2);
    ck_assert_uint_eq(bill.bytes_returned, 26 + 8 + 2 + 1 + 9);
    ck_assert_uint_eq(bill.seeks, 1);
    ck_assert_uint_ge(bill.steps, 3);
    ck_assert_str_eq(next(changes), "end");
    ck_assert_uint_eq(bill.rows, 2);

    bill.struct_size = 0;
    ck_status(varve_changes_watch(changes, NULL, &bill, &mvcc.err), VARVE_INVALID_ARGUMENT,
              &mvcc.err);
    varve_changes_close(changes);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestMVCCIncrementalIterator);
    tcase_add_test(tcase, many_versions);
    tcase_add_test(tcase, seeks_go_anywhere);
    tcase_add_test(tcase, spans_may_be_open);
    tcase_add_test(tcase, inline_values_are_refused);
    tcase_add_test(tcase, intents_are_told_whole);
    tcase_add_test(tcase, damaged_records_are_found);
    tcase_add_test(tcase, tokens_end_movements);
    tcase_add_test(tcase, movements_are_billed);
}

int main(void)
{
    return mvcc_run(mvcc_read_suite("mvcc/changes", fill));
}
