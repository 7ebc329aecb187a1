/*
 * Resolving the intent of one key: the decision in all its rows, and what readers see afterwards.
 */
#include <stdio.h>

#include "tests/support/fault.h"
#include "tests/support/intents.h"

/* ---- Resolving, as text ------------------------------------------------------------------------
 */

typedef struct what_is_known {
    const char *key;
    varve_txn_status status;
    unsigned char txn; /* 0 = 1 */
    int32_t epoch;
    varve_ts ts;
    varve_seq_range ignored[3];
    size_t ignored_count;
    varve_buf *scratch;
} what_is_known;

/* "resolved", "nothing", or the name of a failure, whose error is left in mvcc.err. */
static const char *resolve_update(const what_is_known *update)
{
    bool resolved = true;
    unsigned char txn = update->txn == 0 ? 1 : update->txn;
    varve_txn_meta meta = txn_of(txn, update->epoch, update->ts);
    varve_resolution resolution = {.struct_size = sizeof resolution,
                                   .txn = &meta,
                                   .status = update->status,
                                   .ignored = update->ignored,
                                   .ignored_count = update->ignored_count};
    varve_write how = write_counted();
    how.scratch = update->scratch;
    varve_status status =
        varve_mvcc_resolve(&how, mvcc_bytes(update->key), &resolution, &resolved, &mvcc.err);
    if (status == VARVE_OK)
        return resolved ? "resolved" : "nothing";
    ck_assert(!resolved);
    ck_assert_int_eq(mvcc.err.status, status);
    return varve_status_name(status);
}

#define resolve(...) resolve_update(&(what_is_known){__VA_ARGS__})

#define COMMIT .status = VARVE_TXN_COMMITTED
#define ABORT .status = VARVE_TXN_ABORTED
#define PUSH .status = VARVE_TXN_PENDING
#define STAGE .status = VARVE_TXN_STAGING

/* ---- Every row of the decision -----------------------------------------------------------------
 */

/* An intent of value "v" at 5 or 11, an update of it, and what is left of it, if anything. */
static const struct row {
    txn_intent stored;
    what_is_known update;
    const char *left; /* with %s for the key, and "=v" for the provisional value */
    bool is_nothing;
} rows[] = {
#define AT5(e)                                                                                     \
    {                                                                                              \
        .ts = {5, 0}, .value = "v", .epoch = (e), .sequence = 1                                    \
    }
    {AT5(0), {COMMIT, .ts = {5, 0}}, "%s@5=v", false},
    {AT5(0), {COMMIT, .ts = {7, 0}}, "%s@7=v", false},
    {AT5(0), {COMMIT, .ts = {5, 1}}, "%s@5,1=v", false},
    {AT5(0), {COMMIT, .ts = {4, 0}}, "", false},
    {AT5(1), {COMMIT, .epoch = 2, .ts = {5, 0}}, "", false},
    {AT5(1), {COMMIT, .epoch = 2, .ts = {7, 0}}, "", false},
    {AT5(2), {COMMIT, .epoch = 1, .ts = {5, 0}}, "", false},
    {AT5(0), {ABORT, .ts = {5, 0}}, "", false},
    {AT5(0), {ABORT, .ts = {9, 0}}, "", false},
    {AT5(0), {ABORT, .ts = {1, 0}}, "", false},
    {AT5(1), {ABORT, .ts = {5, 0}}, "", false},
    {AT5(0), {ABORT, .epoch = 1, .ts = {5, 0}}, "", false},
    {AT5(0), {PUSH, .ts = {7, 0}}, "%s!1.0.1/5@7 %s@7=v", false},
    {AT5(0), {STAGE, .ts = {7, 0}}, "%s!1.0.1/5@7 %s@7=v", false},
    {AT5(0), {PUSH, .ts = {5, 0}}, "%s!1.0.1/5@5 %s@5=v", true},
    {AT5(0), {PUSH, .ts = {4, 0}}, "%s!1.0.1/5@5 %s@5=v", true},
    {AT5(0), {STAGE, .ts = {5, 0}}, "%s!1.0.1/5@5 %s@5=v", true},
    {AT5(1), {PUSH, .ts = {7, 0}}, "%s!1.1.1/5@7 %s@7=v", false},
    {AT5(1), {PUSH, .ts = {5, 0}}, "%s!1.1.1/5@5 %s@5=v", true},
    {AT5(0), {PUSH, .epoch = 1, .ts = {7, 0}}, "", false},
    {AT5(0), {STAGE, .epoch = 1, .ts = {5, 0}}, "", false},
    {AT5(0), {PUSH, .epoch = 1, .ts = {3, 0}}, "", false},

/* Roll-backs. */
#define AT11                                                                                       \
    {                                                                                              \
        .ts = {11, 0}, .value = "v", .sequence = 30, .history = "10=a,20=b"                        \
    }
#define IGNORE(...)                                                                                \
    .ignored = {__VA_ARGS__},                                                                      \
    .ignored_count = sizeof((varve_seq_range[]){__VA_ARGS__}) / sizeof(varve_seq_range)
    {AT11, {PUSH, .ts = {14, 0}, IGNORE({25, 35})}, "%s!1.0.20/11@14{10=a} %s@14=b", false},
    {AT11, {STAGE, .ts = {14, 0}, IGNORE({15, 35})}, "%s!1.0.10/11@14 %s@14=a", false},
    {AT11, {COMMIT, .ts = {11, 0}, IGNORE({25, 35})}, "%s@11=b", false},
    {AT11, {COMMIT, .ts = {12, 0}, IGNORE({25, 35})}, "%s@12=b", false},
    {AT11, {COMMIT, .ts = {11, 0}, IGNORE({15, 35})}, "%s@11=a", false},
    {AT11, {COMMIT, .ts = {11, 0}, IGNORE({1, 12}, {30, 30})}, "%s@11=b", false},
    {AT11, {COMMIT, .ts = {11, 0}, IGNORE({15, 25})}, "%s@11=v", false},
    {AT11, {COMMIT, .ts = {11, 0}, IGNORE({5, 35})}, "", false},
    {AT11, {COMMIT, .ts = {11, 0}, IGNORE({5, 12}, {20, 20}, {30, 31})}, "", false},
    {AT11, {PUSH, .ts = {14, 0}, IGNORE({5, 35})}, "", false},
    {AT11, {PUSH, .ts = {11, 0}, IGNORE({5, 35})}, "", false},
    {AT11, {ABORT, .ts = {11, 0}, IGNORE({25, 35})}, "", false},
    {AT11, {COMMIT, .ts = {10, 0}, IGNORE({25, 35})}, "", false},
    /* In place, and never down. */
    {AT11, {PUSH, .ts = {11, 0}, IGNORE({25, 35})}, "%s!1.0.20/11@11{10=a} %s@11=b", false},
    {AT11, {PUSH, .ts = {2, 0}, IGNORE({25, 35})}, "%s!1.0.20/11@11{10=a} %s@11=b", false},
    /* An ignored entry in front of the one that is rolled back to stays in the list. */
    {AT11,
     {PUSH, .ts = {11, 0}, IGNORE({1, 12}, {30, 30})},
     "%s!1.0.20/11@11{10=a} %s@11=b",
     false},
    /* Sequence numbers that are not ignored: nothing, or a push with all of the history. */
    {AT11, {PUSH, .ts = {11, 0}, IGNORE({15, 25})}, "%s!1.0.30/11@11{10=a,20=b} %s@11=v", true},
    {AT11, {PUSH, .ts = {14, 0}}, "%s!1.0.30/11@14{10=a,20=b} %s@14=v", false},
    /* Those of another epoch do not count. */
    {{.ts = {11, 0}, .value = "v", .epoch = 1, .sequence = 30, .history = "10=a,20=b"},
     {PUSH, .ts = {14, 0}, IGNORE({25, 35})},
     "%s!1.1.30/11@14{10=a,20=b} %s@14=v",
     false},
    {{.ts = {11, 0}, .value = "v", .epoch = 1, .sequence = 30, .history = "10=a,20=b"},
     {PUSH, .ts = {11, 0}, IGNORE({5, 35})},
     "%s!1.1.30/11@11{10=a,20=b} %s@11=v",
     true},
    {AT11, {PUSH, .epoch = 1, .ts = {14, 0}, IGNORE({25, 35})}, "", false},
    /* To a deletion, and from one. */
    {{.ts = {11, 0}, .value = "v", .sequence = 30, .history = "10=a,20-"},
     {COMMIT, .ts = {11, 0}, IGNORE({25, 35})},
     "%s@11-",
     false},
    {{.ts = {11, 0}, .value = "v", .sequence = 30, .history = "10=a,20-"},
     {PUSH, .ts = {14, 0}, IGNORE({25, 35})},
     "%s!1.0.20/11@14{10=a} %s@14-",
     false},
    {{.ts = {11, 0}, .value = "", .sequence = 30, .history = "20=b"},
     {PUSH, .ts = {14, 0}, IGNORE({25, 35})},
     "%s!1.0.20/11@14 %s@14=b",
     false},
    {{.ts = {11, 0}, .value = "", .sequence = 30, .history = "20=longer"},
     {COMMIT, .ts = {11, 0}, IGNORE({25, 35})},
     "%s@11=longer",
     false},
    {{.ts = {11, 0}, .value = "", .sequence = 30}, {COMMIT, .ts = {13, 0}}, "%s@13-", false},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* `left` and the records below, of a key that has `below` under the intent. */
static const char *expected_text(const char *left, const char *key, const char *below)
{
    static char expected[400];
    char above[200];
    snprintf(above, sizeof above, left, key, key);
    snprintf(expected, sizeof expected, "%s%s%s%s", above,
             above[0] != '\0' && below[0] != '\0' ? " " : "", below[0] != '\0' ? key : "", below);
    return expected;
}

/* Each row with a key of an application or of varve, over nothing, a value or a deletion. */
static void try_row(int i, const char *key, const char *below, varve_buf *scratch)
{
    const struct row *row = &rows[i];
    txn_intent stored = row->stored;
    what_is_known update = row->update;
    stored.key = key;
    update.key = key;
    update.scratch = scratch;

    if (below[0] != '\0')
        mvcc_put_raw(mvcc_engine_key(key, at(2)), mvcc_bytes(below[2] == '=' ? below + 3 : ""));
    intent_put(&stored);
    stats_start(20 * SECOND);
    ck_assert_msg(strcmp(resolve_update(&update), row->is_nothing ? "nothing" : "resolved") == 0,
                  "row %d", i);
    ck_assert_msg(strcmp(store_text(), expected_text(row->left, key, below)) == 0,
                  "row %d: %s, not %s", i, store_text(), expected_text(row->left, key, below));
    ck_stats();
    /* Nothing is left to be resolved, but what another push can push. */
    if (update.status == VARVE_TXN_COMMITTED || update.status == VARVE_TXN_ABORTED)
        ck_assert_str_eq(resolve_update(&update), "nothing");

    mvcc_clear_raw(mvcc_engine_key(key, varve_ts_zero()));
    for (int wall = 1; wall < 20; wall++) {
        mvcc_clear_raw(mvcc_engine_key(key, at(wall)));
        mvcc_clear_raw(mvcc_engine_key(key, varve_ts_of(wall, 1)));
    }
    ck_assert_str_eq(store_text(), "");
}

START_TEST(every_row_of_the_decision)
{
    static const char *const keys[] = {"k", "%01k%00"};
    static const char *const below[] = {"", "@2=w", "@2-"};
    varve_buf scratch = VARVE_BUF_INIT;
    for (int i = 0; i < ROW_COUNT; i++) {
        for (size_t k = 0; k < 2; k++) {
            for (size_t b = 0; b < 3; b++)
                try_row(i, keys[k], below[b], b == 1 ? &scratch : NULL);
        }
    }
    varve_buf_release(&scratch);
}
END_TEST

/* Seconds instead of nanoseconds, so that ages are not zero. */
START_TEST(statistics_know_how_long_things_were_provisional)
{
    static const int64_t walls[] = {SECOND, 3 * SECOND, 3 * SECOND - 1, 5 * SECOND + 1};
    for (size_t w = 0; w < 4; w++) {
        for (int status = 0; status < 4; status++) {
            varve_ts up = at(walls[w] + 4 * SECOND);
            mvcc_put("k", at(SECOND / 2), "below");
            intent(.key = "k", .ts = at(walls[w]), .value = "provisional", .sequence = 4,
                   .history = "1-,2=first");
            stats_start(walls[w]);
            ck_assert_str_eq(resolve(.key = "k", .status = (varve_txn_status)status, .ts = up,
                                     .ignored = {{3, 4}}, .ignored_count = 1),
                             "resolved");
            ck_stats();
            (void)resolve(.key = "k", ABORT);
            ck_stats();
            varve_write how = write_counted();
            varve_rows left = VARVE_ROWS_INIT;
            varve_span all = {bytes(""), bytes("\xFF\xFF")};
            ck_ok(
                varve_mvcc_clear_time_range(&how, all, at(0), at(INT64_MAX), -1, &left, &mvcc.err),
                &mvcc.err);
            ck_assert_str_eq(store_text(), "");
        }
    }
}
END_TEST

/* ---- What is in the way of nothing -------------------------------------------------------------
 */

START_TEST(TestMVCCResolveTxnNoOps)
{
    mvcc_put("b", at(1), "v");
    intent(.key = "c", .ts = at(3), .value = "v", .txn = 2);
    mvcc_put_inline("d", "i");
    const char *before = store_text();
    stats_start(SECOND);
    varve_stats numbers = running;

    ck_assert_str_eq(resolve(.key = "a", COMMIT, .ts = at(3)), "nothing");
    ck_assert_str_eq(resolve(.key = "b", COMMIT, .ts = at(3)), "nothing");
    ck_assert_str_eq(resolve(.key = "c", COMMIT, .ts = at(3)), "nothing");
    ck_assert_str_eq(resolve(.key = "c", ABORT, .ts = at(3)), "nothing");
    ck_assert_str_eq(resolve(.key = "c", PUSH, .ts = at(9)), "nothing");
    ck_assert_str_eq(resolve(.key = "d", ABORT, .ts = at(3)), "nothing");
    ck_assert_str_eq(store_text(), before);
    ck_assert_mem_eq(&numbers, &running, sizeof numbers);
}
END_TEST

START_TEST(neighbours_are_not_touched)
{
    intent(.key = "k", .ts = at(5), .value = "v");
    intent(.key = "k%00", .ts = at(5), .value = "w");
    intent(.key = "ka", .ts = at(5), .value = "x");
    stats_start(0);
    ck_assert_str_eq(resolve(.key = "k%00", ABORT, .ts = at(5)), "resolved");
    ck_assert_str_eq(store_text(), "k!1.0.0/5@5 k@5=v ka!1.0.0/5@5 ka@5=x");
    ck_assert_str_eq(resolve(.key = "k", ABORT, .ts = at(5)), "resolved");
    ck_assert_str_eq(store_text(), "ka!1.0.0/5@5 ka@5=x");
    ck_stats();
}
END_TEST

/* ---- The checklist -----------------------------------------------------------------------------
 */

START_TEST(TestMVCCResolveTxn)
{
    intent(.key = "k", .ts = at(1), .value = "v");
    ck_assert_str_eq(mvcc_get("k", at(1)), "WRITE_INTENT k@1/1");
    ck_assert_str_eq(resolve(.key = "k", COMMIT, .ts = at(1)), "resolved");
    ck_assert_str_eq(mvcc_get("k", at(1)), "k@1=v");
    ck_assert_str_eq(mvcc_get("k", at(0)), "none");
}
END_TEST

START_TEST(TestMVCCResolveNewerIntent)
{
    mvcc_put("k", at(1), "v");
    intent(.key = "k", .ts = at(3), .value = "w");
    ck_assert_str_eq(resolve(.key = "k", COMMIT, .ts = at(2)), "resolved");
    ck_assert_str_eq(mvcc_get("k", at(9)), "k@1=v");
    ck_assert_str_eq(store_text(), "k@1=v");
}
END_TEST

/* The transaction writes at 2, and its intent stands at 1: that is what is compared. */
START_TEST(TestMVCCResolveIntentTxnTimestampMismatch)
{
    intent(.key = "k", .ts = at(1), .value = "v", .write_ts = at(2));
    ck_assert_str_eq(resolve(.key = "k", PUSH, .ts = at(1)), "nothing");
    ck_assert_str_eq(resolve(.key = "k", PUSH, .ts = at(2)), "resolved");
    ck_assert_str_eq(store_text(), "k!1.0.0/2@2 k@2=v");
    ck_assert_str_eq(mvcc_get("k", at(1)), "none");
    ck_assert_str_eq(mvcc_get("k", at(2)), "WRITE_INTENT k@2/1");
}
END_TEST

START_TEST(TestMVCCAbortTxn)
{
    intent(.key = "k", .ts = at(1), .value = "v");
    stats_start(SECOND);
    ck_assert_str_eq(resolve(.key = "k", ABORT, .ts = at(1)), "resolved");
    ck_assert_str_eq(mvcc_get("k", at(9)), "none");
    ck_assert_str_eq(store_text(), "");
    ck_stats();
}
END_TEST

START_TEST(TestMVCCAbortTxnWithPreviousVersion)
{
    mvcc_put("k", at(1), "v");
    mvcc_put("k", at(2), "w");
    intent(.key = "k", .ts = at(3), .value = "x");
    stats_start(SECOND);
    ck_assert_str_eq(resolve(.key = "k", ABORT, .ts = at(3)), "resolved");
    ck_assert_str_eq(mvcc_get("k", at(9)), "k@2=w");
    ck_assert_str_eq(store_text(), "k@2=w k@1=v");
    ck_stats();
}
END_TEST

START_TEST(TestMVCCResolveWithDiffEpochs)
{
    intent(.key = "a", .ts = at(1), .value = "v", .epoch = 0);
    intent(.key = "b", .ts = at(1), .value = "w", .epoch = 1);
    ck_assert_str_eq(resolve(.key = "a", COMMIT, .epoch = 1, .ts = at(1)), "resolved");
    ck_assert_str_eq(resolve(.key = "b", COMMIT, .epoch = 1, .ts = at(1)), "resolved");
    ck_assert_str_eq(mvcc_get("a", at(9)), "none");
    ck_assert_str_eq(mvcc_get("b", at(9)), "b@1=w");
    ck_assert_str_eq(store_text(), "b@1=w");
}
END_TEST

START_TEST(TestMVCCResolveWithUpdatedTimestamp)
{
    intent(.key = "k", .ts = at(1), .value = "v");
    stats_start(SECOND);
    ck_assert_str_eq(resolve(.key = "k", COMMIT, .ts = at(4)), "resolved");
    ck_assert_str_eq(mvcc_get("k", at(3)), "none");
    ck_assert_str_eq(mvcc_get("k", at(4)), "k@4=v");
    ck_assert_str_eq(store_text(), "k@4=v");
    ck_stats();
}
END_TEST

START_TEST(TestMVCCResolveWithPushedTimestamp)
{
    varve_rows row = VARVE_ROWS_INIT;
    varve_txn_meta meta = txn_of(1, 0, at(4));
    varve_txn owner = varve_txn_of_meta(&meta);
    intent(.key = "k", .ts = at(1), .value = "v");
    ck_assert_str_eq(resolve(.key = "k", PUSH, .ts = at(4)), "resolved");
    ck_assert_str_eq(mvcc_get("k", at(3)), "none");
    ck_assert_str_eq(mvcc_get("k", at(4)), "WRITE_INTENT k@4/1");
    varve_read how = {.struct_size = sizeof how, .ts = at(4), .txn = &owner};
    varve_status status = varve_mvcc_get(mvcc.reader, &how, bytes("k"), &row, &mvcc.err);
    ck_assert_str_eq(mvcc_result(status, &row, &mvcc.err), "k@4=v");
    varve_rows_release(&row);
}
END_TEST

START_TEST(TestResolveIntentWithLowerEpoch)
{
    intent(.key = "k", .ts = at(1), .value = "v", .epoch = 2);
    ck_assert_str_eq(resolve(.key = "k", PUSH, .epoch = 1, .ts = at(1)), "nothing");
    ck_assert_str_eq(store_text(), "k!1.2.0/1@1 k@1=v");
}
END_TEST

/* ---- Refusals ----------------------------------------------------------------------------------
 */

static varve_status resolve_raw(const varve_write *how, varve_slice key,
                                const varve_resolution *resolution)
{
    bool resolved = true;
    varve_status status = varve_mvcc_resolve(how, key, resolution, &resolved, &mvcc.err);
    ck_assert(!resolved);
    return status;
}

START_TEST(arguments_that_make_no_sense_are_named)
{
    varve_txn_meta meta = txn_of(1, 0, at(1));
    varve_seq_range ranges[] = {{1, 2}, {2, 3}};
    varve_seq_range backward[] = {{2, 1}};
    varve_txn txn = VARVE_TXN_INIT;
    varve_resolution fine = {.struct_size = sizeof fine, .txn = &meta};
    varve_resolution no = fine;
    varve_write how = write_counted();

    ck_fails(resolve_raw(&how, bytes(""), &fine), VARVE_EMPTY_KEY, &mvcc.err,
             "attempted access to empty key");
    no.end_key = bytes("z");
    ck_fails(resolve_raw(&how, bytes("k"), &no), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "can't resolve range intent as point intent");
    ck_fails(resolve_raw(&how, bytes(""), &no), VARVE_EMPTY_KEY, &mvcc.err,
             "attempted access to empty key");
    no = fine;
    no.txn = NULL;
    ck_fails(resolve_raw(&how, bytes("k"), &no), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "varve_resolution.txn is NULL");
    no = fine;
    no.status = (varve_txn_status)4;
    ck_fails(resolve_raw(&how, bytes("k"), &no), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "4 is no status of a transaction");
    no = fine;
    no.ignored = ranges;
    no.ignored_count = 2;
    ck_fails(resolve_raw(&how, bytes("k"), &no), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "ignored ranges must ascend, but 2-3 does not");
    no.ignored = backward;
    no.ignored_count = 1;
    ck_fails(resolve_raw(&how, bytes("k"), &no), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "ignored ranges must ascend, but 2-1 does not");
    no = fine;
    no.struct_size = 0;
    ck_status(resolve_raw(&how, bytes("k"), &no), VARVE_INVALID_ARGUMENT, &mvcc.err);
    meta.write_ts = varve_ts_of(1, -1);
    ck_fails(resolve_raw(&how, bytes("k"), &fine), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "a transaction cannot write at 0.000000001,-1");
    meta.write_ts = at(1);

    how.reader = NULL;
    ck_fails(resolve_raw(&how, bytes("k"), &fine), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "varve_write.reader is NULL");
    how = write_counted();
    how.writer = NULL;
    ck_fails(resolve_raw(&how, bytes("k"), &fine), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "varve_write.writer is NULL");
    how = write_counted();
    how.ts = at(1);
    ck_fails(resolve_raw(&how, bytes("k"), &fine), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "varve_write.ts is not zero");
    how = write_counted();
    how.txn = &txn;
    ck_fails(resolve_raw(&how, bytes("k"), &fine), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "varve_write.txn is not NULL");
    ck_status(resolve_raw(NULL, bytes("k"), &fine), VARVE_INVALID_ARGUMENT, &mvcc.err);
    varve_error_release(&mvcc.err);
}
END_TEST

/* Damaged keys are left as they are, and said to be damaged. */
START_TEST(damage_is_told)
{
    mvcc_put_raw(mvcc_engine_key("a", varve_ts_zero()), bytes("garbage"));
    mvcc_put_raw(mvcc_engine_key("b", varve_ts_zero()), bytes(""));
    mvcc_put_raw(mvcc_engine_key("c", varve_ts_zero()), mvcc_intent_record(at(5), 1, 1));
    mvcc_put_raw(mvcc_engine_key("c", at(4)), bytes("v"));
    mvcc_put_raw(mvcc_engine_key("d", varve_ts_zero()), mvcc_intent_record(varve_ts_zero(), 1, 1));
    const char *before = raw_store_text();
    memset(&running, 0, sizeof running);

    ck_assert_str_eq(resolve(.key = "a", COMMIT, .ts = at(9)), "VARVE_CORRUPT");
    ck_assert_str_eq(resolve(.key = "b", ABORT, .ts = at(9)), "VARVE_CORRUPT");
    ck_assert_str_eq(mvcc.err.message, "zero-length mvcc metadata");
    ck_assert_str_eq(resolve(.key = "c", COMMIT, .ts = at(9)), "VARVE_CORRUPT");
    ck_assert_str_eq(mvcc.err.message, "existing intent value missing: \"c\"");
    ck_assert_str_eq(resolve(.key = "d", ABORT, .ts = at(9)), "VARVE_CORRUPT");
    ck_assert_str_eq(mvcc.err.message, "the intent on \"d\" stands at no timestamp");
    varve_error_release(&mvcc.err);
    ck_assert_str_eq(raw_store_text(), before);
    ck_assert_int_eq(running.last_update_nanos, 0);
    ck_assert_int_eq(running.key_bytes, 0);

    /* An intent without its value can still be removed. */
    ck_assert_str_eq(resolve(.key = "c", ABORT, .ts = at(9)), "resolved");
    ck_assert_str_eq(mvcc_get("c", at(9)), "c@4=v");
}
END_TEST

/* Nobody has to count, or to take what is told. */
START_TEST(results_may_be_unwanted)
{
    varve_txn_meta meta = txn_of(1, 0, at(5));
    varve_resolution commit = {
        .struct_size = sizeof commit, .txn = &meta, .status = VARVE_TXN_COMMITTED};
    varve_write how = write_counted();
    how.stats = NULL;
    intent(.key = "k", .ts = at(5), .value = "v");
    ck_ok(varve_mvcc_resolve(&how, bytes("k"), &commit, NULL, NULL), &mvcc.err);
    ck_assert_str_eq(store_text(), "k@5=v");
    commit.end_key = bytes("z");
    ck_assert_int_eq(varve_mvcc_resolve(&how, bytes("k"), &commit, NULL, NULL),
                     VARVE_INVALID_ARGUMENT);
}
END_TEST

/* Commit key "a" at a time; how often an iterator is sought for it, and what that costs on paper.
 */
static unsigned commit_and_count(int64_t wall, varve_bill *bill)
{
    fault_view view;
    varve_txn_meta meta = txn_of(1, 0, at(wall));
    varve_resolution resolution = {
        .struct_size = sizeof resolution, .txn = &meta, .status = VARVE_TXN_COMMITTED};
    varve_write how = write_counted();
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    fault_view_arm(&view, 0);
    how.reader = &view.reader;
    how.writer = &view.writer;
    how.bill = bill;
    *bill = (varve_bill){.struct_size = sizeof *bill};
    ck_ok(varve_mvcc_resolve(&how, bytes("a"), &resolution, NULL, &mvcc.err), &mvcc.err);
    return view.seeks;
}

/* Its record is all that is asked for, at the price of a seek; otherwise the key is walked over. */
START_TEST(an_intent_that_stays_is_resolved_by_its_record)
{
    varve_bill bill;
    varve_buf record = VARVE_BUF_INIT;
    intent(.key = "a", .ts = at(5), .value = "v", .sequence = 1);
    ck_ok(varve_reader_get(mvcc.reader, mvcc_engine_key("a", varve_ts_zero()), &record, &mvcc.err),
          &mvcc.err);
    stats_start(SECOND);
    ck_assert_uint_eq(commit_and_count(5, &bill), 0);
    ck_assert_str_eq(store_text(), "a@5=v");
    ck_stats();
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.intents, 1);
    ck_assert_uint_eq(bill.versions, 0);
    ck_assert_uint_eq(bill.tombstones, 0);
    ck_assert_uint_eq(bill.steps, 0);
    ck_assert_uint_eq(bill.seeks, 1);
    ck_assert_uint_eq(bill.bytes_read, record.size);
    varve_buf_release(&record);

    ck_assert_uint_eq(commit_and_count(5, &bill), 1); /* there is none any more */
    ck_assert_uint_eq(bill.keys, 1);
    ck_assert_uint_eq(bill.versions, 1);
    ck_assert_uint_eq(bill.seeks, 1);
    ck_assert_str_eq(store_text(), "a@5=v");

    intent(.key = "a", .ts = at(8), .value = "w", .sequence = 1);
    stats_start(SECOND);
    ck_assert_uint_ge(commit_and_count(9, &bill), 1);
    ck_assert_uint_eq(bill.intents, 1);
    ck_assert_str_eq(store_text(), "a@9=w a@5=v");
    ck_stats();
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, an_intent_that_stays_is_resolved_by_its_record);
    tcase_add_test(tcase, every_row_of_the_decision);
    tcase_add_test(tcase, statistics_know_how_long_things_were_provisional);
    tcase_add_test(tcase, TestMVCCResolveTxnNoOps);
    tcase_add_test(tcase, neighbours_are_not_touched);
    tcase_add_test(tcase, TestMVCCResolveTxn);
    tcase_add_test(tcase, TestMVCCResolveNewerIntent);
    tcase_add_test(tcase, TestMVCCResolveIntentTxnTimestampMismatch);
    tcase_add_test(tcase, TestMVCCAbortTxn);
    tcase_add_test(tcase, TestMVCCAbortTxnWithPreviousVersion);
    tcase_add_test(tcase, TestMVCCResolveWithDiffEpochs);
    tcase_add_test(tcase, TestMVCCResolveWithUpdatedTimestamp);
    tcase_add_test(tcase, TestMVCCResolveWithPushedTimestamp);
    tcase_add_test(tcase, TestResolveIntentWithLowerEpoch);
    tcase_add_test(tcase, arguments_that_make_no_sense_are_named);
    tcase_add_test(tcase, damage_is_told);
    tcase_add_test(tcase, results_may_be_unwanted);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/resolve", fill));
}
