/*
 * The decision table, row by row, as every kind of read comes to see it: get, scans, cursors and
 * iterate, in both directions, over engines, snapshots and batches.
 */
#include <stdio.h>

#include "tests/support/mvcc.h"

/* ---- What is there -----------------------------------------------------------------------------
 */

enum store {
    VERSIONS,        /* a at 10, b at 5 */
    DELETED,         /* a tombstone at 12 above these */
    INLINE,          /* an inline value */
    INLINE_EMPTY,    /* an inline value of length zero */
    INLINE_VERSIONS, /* an inline value that hides versions */
    FOREIGN,         /* an intent of transaction 1 at 12 above a and b */
    FOREIGN_ALONE,   /* the same above nothing */
    OWN,             /* one of transaction 2, sequence 30, with x of 10 and y of 20 before */
    OWN_DELETED,     /* one that deletes, with x of 10 and a deletion of 20 before */
    OWN_PLAIN,       /* one of sequence 30 that had no other value */
    OWN_ALONE,       /* likewise, above nothing */
    MANY,            /* 40 versions, vN at N */
    MANY_INTENT,     /* the same below an intent of transaction 1 at 50 */
    MANY_OWN,        /* below one of transaction 2 */
    STORES
};

static void put_many(void)
{
    char value[16];
    for (int i = 1; i <= 40; i++) {
        (void)snprintf(value, sizeof value, "v%d", i);
        mvcc_put("k", at(i), value);
    }
}

static void put_own(const char *value, const mvcc_earlier *earlier)
{
    varve_txn txn = mvcc_txn(2, 3, 30, at(12), varve_ts_zero());
    mvcc_put_intent_of("k", at(12), value, &txn, earlier);
}

static void put_empty_inline(void)
{
    varve_slice record = hex("12 04 08 00 10 00 18 00 20 00 28 00 32 00");
    mvcc_put_raw(mvcc_engine_key("k", varve_ts_zero()), record);
}

static bool has_versions(enum store store)
{
    return store == VERSIONS || store == DELETED || store == FOREIGN || store == OWN ||
           store == OWN_DELETED || store == OWN_PLAIN || store == INLINE_VERSIONS;
}

static void fill_many(enum store store)
{
    varve_txn txn = mvcc_txn(store == MANY_OWN ? 2 : 1, 3, 30, at(50), varve_ts_zero());
    put_many();
    if (store != MANY)
        mvcc_put_intent_of("k", at(50), "z", &txn, NULL);
}

static void fill_store(enum store store)
{
    static const mvcc_earlier earlier[] = {{10, "x"}, {20, "y"}, {0, NULL}};
    static const mvcc_earlier deleted[] = {{10, "x"}, {20, ""}, {0, NULL}};
    if (has_versions(store)) {
        mvcc_put("k", at(5), "b");
        mvcc_put("k", at(10), "a");
    }
    switch (store) {
    case VERSIONS:
        break;
    case DELETED:
        mvcc_delete("k", at(12));
        break;
    case INLINE:
        mvcc_put_inline("k", "i");
        break;
    case INLINE_EMPTY:
        put_empty_inline();
        break;
    case INLINE_VERSIONS:
        mvcc_put_inline("k", "i");
        break;
    case FOREIGN:
    case FOREIGN_ALONE:
        mvcc_put_intent("k", at(12), "z", 1);
        break;
    case OWN:
        put_own("z", earlier);
        break;
    case OWN_DELETED:
        put_own("", deleted);
        break;
    case OWN_PLAIN:
    case OWN_ALONE:
        put_own("z", NULL);
        break;
    case MANY:
    case MANY_INTENT:
    case MANY_OWN:
        fill_many(store);
        break;
    case STORES:
        ck_abort();
    }
}

/* ---- Who reads, and what that sees -------------------------------------------------------------
 */

#define FAIL VARVE_READ_FAIL_ON_MORE_RECENT
#define DEAD VARVE_READ_TOMBSTONES
#define LOOSE VARVE_READ_INCONSISTENT

/* A reader without a transaction has id 0; that of the stores above is 2, in epoch 3. */
struct reader {
    int64_t ts;
    int64_t max_ts;
    unsigned flags;
    unsigned char id;
    int32_t epoch;
    int32_t sequence;
    varve_seq_range ignored; /* end 0: nothing */
};

struct decision {
    const char *row;
    enum store store;
    struct reader reader;
    const char *seen;
};

#define MAX_TS INT64_MAX

static const struct decision decisions[] = {
    {"1", VERSIONS, {.ts = 10}, "k@10=a"},
    {"1", VERSIONS, {.ts = 11}, "k@10=a"},
    {"1", VERSIONS, {.ts = 10, .flags = FAIL}, "k@10=a"},
    {"1", VERSIONS, {.ts = 10, .max_ts = 15, .id = 2}, "k@10=a"},
    {"1", DELETED, {.ts = 12}, ""},
    {"1", DELETED, {.ts = 12, .flags = DEAD}, "k@12-"},
    {"1", DELETED, {.ts = 12, .max_ts = 20, .flags = FAIL | DEAD, .id = 2}, "k@12-"},

    {"2", VERSIONS, {.ts = 9, .flags = FAIL}, "WRITE_TOO_OLD 9 -> 10,1"},
    {"2", VERSIONS, {.ts = 9, .max_ts = 20, .flags = FAIL, .id = 2}, "WRITE_TOO_OLD 9 -> 10,1"},
    {"2", VERSIONS, {.ts = 0, .flags = FAIL}, "WRITE_TOO_OLD 0 -> 10,1"},
    {"2", DELETED, {.ts = 11, .flags = FAIL}, "WRITE_TOO_OLD 11 -> 12,1"},
    {"2", MANY, {.ts = 3, .flags = FAIL}, "WRITE_TOO_OLD 3 -> 40,1"},

    {"3a", VERSIONS, {.ts = 7, .max_ts = 10, .id = 2}, "READ_UNCERTAIN 7 < 10 <= 10"},
    {"3a", VERSIONS, {.ts = 7, .max_ts = 99, .id = 2}, "READ_UNCERTAIN 7 < 10 <= 99"},
    {"3a", VERSIONS, {.ts = 0, .max_ts = 10, .id = 2}, "READ_UNCERTAIN 0 < 10 <= 10"},
    {"3a", DELETED, {.ts = 10, .max_ts = 12, .id = 2}, "READ_UNCERTAIN 10 < 12 <= 12"},
    {"3a", MANY, {.ts = 2, .max_ts = 60, .id = 2}, "READ_UNCERTAIN 2 < 40 <= 60"},
    {"3b", VERSIONS, {.ts = 7, .max_ts = 9, .id = 2}, "k@5=b"},
    {"3b", VERSIONS, {.ts = 4, .max_ts = 9, .id = 2}, "READ_UNCERTAIN 4 < 5 <= 9"},
    {"3b", VERSIONS, {.ts = 2, .max_ts = 4, .id = 2}, ""},
    {"3b", DELETED, {.ts = 7, .max_ts = 11, .id = 2}, "READ_UNCERTAIN 7 < 10 <= 11"},
    {"3b", DELETED, {.ts = 10, .max_ts = 11, .id = 2}, "k@10=a"},
    {"3b", MANY, {.ts = 2, .max_ts = 30, .id = 2}, "READ_UNCERTAIN 2 < 30 <= 30"},
    {"3b", MANY, {.ts = 2, .max_ts = 3, .id = 2}, "READ_UNCERTAIN 2 < 3 <= 3"},

    {"4", VERSIONS, {.ts = 9}, "k@5=b"},
    {"4", VERSIONS, {.ts = 4}, ""},
    {"4", VERSIONS, {.ts = 0}, ""},
    {"4", VERSIONS, {.ts = 9, .flags = LOOSE}, "k@5=b"},
    {"4", VERSIONS, {.ts = 7, .max_ts = 7, .id = 2}, "k@5=b"},
    {"4", VERSIONS, {.ts = 7, .max_ts = 6, .id = 2}, "k@5=b"},
    {"4", VERSIONS, {.ts = 7, .max_ts = 0, .id = 2}, "k@5=b"},
    {"4", MANY, {.ts = 39}, "k@39=v39"},
    {"4", MANY, {.ts = 2}, "k@2=v2"},
    {"4", MANY, {.ts = 0}, ""},

    {"5", INLINE, {.ts = 10}, "k@0=i"},
    {"5", INLINE, {.ts = 0}, "k@0=i"},
    {"5", INLINE, {.ts = 0, .flags = FAIL}, "k@0=i"},
    {"5", INLINE, {.ts = 0, .flags = LOOSE}, "k@0=i"},
    {"5", INLINE, {.ts = 1, .max_ts = 9, .id = 2}, "k@0=i"},
    {"5", INLINE_VERSIONS, {.ts = 7, .max_ts = 10, .flags = FAIL, .id = 2}, "k@0=i"},
    {"5", INLINE_VERSIONS, {.ts = 0}, "k@0=i"},
    {"5", INLINE_EMPTY, {.ts = 10}, ""},
    {"5", INLINE_EMPTY, {.ts = 10, .flags = DEAD}, "k@0-"},

    {"6", FOREIGN, {.ts = 11}, "k@10=a"},
    {"6", FOREIGN, {.ts = 7}, "k@5=b"},
    {"6", FOREIGN, {.ts = 4}, ""},
    {"6", FOREIGN, {.ts = 0}, ""},
    {"6", FOREIGN, {.ts = 11, .flags = LOOSE}, "k@10=a"},
    {"6", FOREIGN, {.ts = 7, .max_ts = 11, .id = 2}, "READ_UNCERTAIN 7 < 10 <= 11"},
    {"6", FOREIGN, {.ts = 7, .max_ts = 9, .id = 2}, "k@5=b"},
    {"6", FOREIGN, {.ts = 10, .max_ts = 11, .id = 2}, "k@10=a"},
    {"6", FOREIGN_ALONE, {.ts = 11}, ""},
    {"6", FOREIGN_ALONE, {.ts = 7, .max_ts = 11, .id = 2}, ""},
    {"6", MANY_INTENT, {.ts = 3}, "k@3=v3"},
    {"6", MANY_INTENT, {.ts = 0}, ""},
    {"6", MANY_INTENT, {.ts = 3, .max_ts = 30, .id = 2}, "READ_UNCERTAIN 3 < 30 <= 30"},
    {"6", MANY_INTENT, {.ts = 40, .max_ts = 45, .id = 2}, "k@40=v40"},

    {"7", FOREIGN, {.ts = 15, .flags = LOOSE}, "k@10=a + k@12/1"},
    {"7", FOREIGN, {.ts = 12, .flags = LOOSE}, "k@10=a + k@12/1"},
    {"7", FOREIGN, {.ts = 12, .flags = LOOSE | DEAD}, "k@10=a + k@12/1"},
    {"7", FOREIGN_ALONE, {.ts = 12, .flags = LOOSE}, "+ k@12/1"},
    {"7", OWN, {.ts = 12, .flags = LOOSE}, "k@10=a + k@12/2"},
    {"7", MANY_INTENT, {.ts = MAX_TS, .flags = LOOSE}, "k@40=v40 + k@50/1"},

    {"8", FOREIGN, {.ts = 12}, "WRITE_INTENT k@12/1"},
    {"8", FOREIGN, {.ts = MAX_TS}, "WRITE_INTENT k@12/1"},
    {"8", FOREIGN, {.ts = 11, .flags = FAIL}, "WRITE_INTENT k@12/1"},
    {"8", FOREIGN, {.ts = 0, .flags = FAIL}, "WRITE_INTENT k@12/1"},
    {"8", FOREIGN, {.ts = 12, .id = 2}, "WRITE_INTENT k@12/1"},
    {"8", FOREIGN, {.ts = 11, .max_ts = 12, .id = 2}, "WRITE_INTENT k@12/1"},
    {"8", FOREIGN, {.ts = 7, .max_ts = 12, .id = 2}, "WRITE_INTENT k@12/1"},
    {"8", OWN, {.ts = 12}, "WRITE_INTENT k@12/2"},
    {"8", OWN, {.ts = 12, .id = 1, .epoch = 3, .sequence = 40}, "WRITE_INTENT k@12/2"},
    {"8", MANY_INTENT, {.ts = 60}, "WRITE_INTENT k@50/1"},

    {"9", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 40}, "k@12=z"},
    {"9", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 30}, "k@12=z"},
    {"9", OWN, {.ts = 12, .id = 2, .epoch = 3, .sequence = 30}, "k@12=z"},
    {"9", OWN, {.ts = 99, .id = 2, .epoch = 3, .sequence = 30}, "k@12=z"},
    {"9", OWN, {.ts = 0, .id = 2, .epoch = 3, .sequence = 30}, "k@12=z"},
    {"9",
     OWN,
     {.ts = 7, .max_ts = 99, .flags = FAIL, .id = 2, .epoch = 3, .sequence = 40},
     "k@12=z"},
    {"9", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 40, .ignored = {31, 35}}, "k@12=z"},
    {"9", OWN_PLAIN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 40}, "k@12=z"},
    {"9", OWN_ALONE, {.ts = 7, .id = 2, .epoch = 3, .sequence = 40}, "k@12=z"},
    {"9", OWN_DELETED, {.ts = 7, .id = 2, .epoch = 3, .sequence = 40}, ""},
    {"9",
     OWN_DELETED,
     {.ts = 7, .max_ts = 0, .flags = DEAD, .id = 2, .epoch = 3, .sequence = 40},
     "k@12-"},
    {"9", MANY_OWN, {.ts = 3, .max_ts = 45, .id = 2, .epoch = 3, .sequence = 40}, "k@50=z"},

    {"10", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 25}, "k@0=y"},
    {"10", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 20}, "k@0=y"},
    {"10", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 19}, "k@0=x"},
    {"10", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 10}, "k@0=x"},
    {"10", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 40, .ignored = {25, 35}}, "k@0=y"},
    {"10", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 40, .ignored = {15, 35}}, "k@0=x"},
    {"10", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 25, .ignored = {20, 20}}, "k@0=x"},
    {"10",
     OWN,
     {.ts = 7, .max_ts = 99, .flags = FAIL, .id = 2, .epoch = 3, .sequence = 25},
     "k@0=y"},
    {"10", OWN_DELETED, {.ts = 7, .id = 2, .epoch = 3, .sequence = 25}, ""},
    {"10",
     OWN_DELETED,
     {.ts = 7, .max_ts = 0, .flags = DEAD, .id = 2, .epoch = 3, .sequence = 25},
     "k@0-"},
    {"10", OWN_DELETED, {.ts = 7, .id = 2, .epoch = 3, .sequence = 15}, "k@0=x"},

    {"11", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 5}, "k@5=b"},
    {"11", OWN, {.ts = 7, .id = 2, .epoch = 3, .sequence = 40, .ignored = {1, 35}}, "k@5=b"},
    {"11", OWN, {.ts = 15, .id = 2, .epoch = 3, .sequence = 5}, "k@10=a"},
    {"11", OWN, {.ts = 12, .id = 2, .epoch = 3, .sequence = 5}, "k@10=a"},
    {"11",
     OWN,
     {.ts = 7, .max_ts = 99, .flags = FAIL, .id = 2, .epoch = 3, .sequence = 5},
     "k@5=b"},
    {"11", OWN, {.ts = 4, .id = 2, .epoch = 3, .sequence = 5}, ""},
    {"11", OWN_PLAIN, {.ts = 15, .id = 2, .epoch = 3, .sequence = 29}, "k@10=a"},
    {"11", OWN_ALONE, {.ts = 15, .id = 2, .epoch = 3, .sequence = 29}, ""},
    {"11", MANY_OWN, {.ts = 3, .id = 2, .epoch = 3, .sequence = 29}, "k@3=v3"},
    {"11", MANY_OWN, {.ts = 60, .id = 2, .epoch = 3, .sequence = 29}, "k@40=v40"},

    {"12", OWN, {.ts = 15, .id = 2, .epoch = 2, .sequence = 40}, "TXN_EPOCH"},
    {"12",
     OWN,
     {.ts = 7, .max_ts = 99, .flags = FAIL, .id = 2, .epoch = 2, .sequence = 40},
     "TXN_EPOCH"},

    {"13", OWN, {.ts = 15, .id = 2, .epoch = 4, .sequence = 40}, "k@10=a"},
    {"13", OWN, {.ts = 7, .id = 2, .epoch = 4, .sequence = 40}, "k@5=b"},
    {"13",
     OWN,
     {.ts = 7, .max_ts = 99, .flags = FAIL, .id = 2, .epoch = 4, .sequence = 40},
     "k@5=b"},
    {"13", OWN, {.ts = 4, .id = 2, .epoch = 4, .sequence = 40}, ""},
    {"13", OWN_ALONE, {.ts = 15, .id = 2, .epoch = 4, .sequence = 40}, ""},
};

static void ck_decision(const struct decision *d)
{
    const struct reader *reader = &d->reader;
    varve_seq_range ignored = reader->ignored;
    varve_txn txn =
        mvcc_txn(reader->id, reader->epoch, reader->sequence, at(reader->ts), at(reader->max_ts));
    txn.ignored = &ignored;
    txn.ignored_count = ignored.end > 0;

    const char *seen = mvcc_see(.start = "k", .ts = at(reader->ts), .flags = reader->flags,
                                .txn = reader->id > 0 ? &txn : NULL);

    ck_assert_msg(strcmp(seen, d->seen) == 0, "row %s, read at %lld: %s, not %s", d->row,
                  (long long)reader->ts, seen, d->seen);
}

/* Reads change nothing: all decisions about a store are taken in one. */
START_TEST(every_read_decides_as_the_table_says)
{
    int count = 0;
    fill_store((enum store)_i);
    mvcc_put("j", at(1), "in front");
    mvcc_put("k%00%00", at(99), "behind");
    for (size_t i = 0; i < sizeof decisions / sizeof decisions[0]; i++) {
        if (decisions[i].store != (enum store)_i)
            continue;
        ck_decision(&decisions[i]);
        count++;
    }
    ck_assert_int_gt(count, 0);
}
END_TEST

/* ---- Texts -------------------------------------------------------------------------------------
 */

static const char *failure_text(const varve_txn *txn, varve_ts ts, unsigned flags)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_buf text = VARVE_BUF_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = ts, .flags = flags, .txn = txn};
    ck_assert_int_lt(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err), 0);
    ck_ok(varve_error_text(&mvcc.err, &text), &mvcc.err);
    const char *kept = (const char *)copy_of(varve_slice_of(text.data, text.size + 1)).data;
    varve_error_release(&mvcc.err);
    varve_buf_release(&text);
    varve_rows_release(&rows);
    return kept;
}

START_TEST(failures_have_the_texts_of_the_behaviour)
{
    varve_observed observed[] = {{1, {3, 0}}, {2, {4, 5}}};
    varve_txn txn = mvcc_txn(2, 2, 40, at(1), at(12));
    fill_store(FOREIGN);

    ck_assert_str_eq(failure_text(NULL, at(12), 0), "conflicting intents on \"k\"");
    ck_assert_str_eq(failure_text(NULL, varve_ts_of(-1, 0), 0),
                     "cannot write to \"k\" at timestamp -0.000000001,0");
    ck_assert_str_eq(failure_text(&txn, at(7), LOOSE),
                     "cannot allow inconsistent reads within a transaction");
    ck_assert_str_eq(failure_text(NULL, at(7), LOOSE | FAIL),
                     "cannot allow inconsistent reads with fail on more recent option");
    txn.max_ts = at(11);
    txn.observed = observed;
    txn.observed_count = 2;
    ck_assert_str_eq(
        failure_text(&txn, at(7), 0),
        "ReadWithinUncertaintyIntervalError: read at time 0.000000007,0 encountered previous write "
        "with future timestamp 0.000000010,0 within uncertainty interval `t <= 0.000000011,0`; "
        "observed timestamps: [{1 0.000000003,0} {2 0.000000004,5}]");
    put_own("z", NULL);
    ck_assert_str_eq(failure_text(&txn, at(7), 0),
                     "failed to read with epoch 2 due to a write intent with epoch 3");
}
END_TEST

/* What is wrong with the arguments comes to light in this order. */
START_TEST(arguments_are_checked_in_order)
{
    varve_txn txn = mvcc_txn(2, 0, 0, at(1), at(12));
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = {-1, 0}, .flags = LOOSE | FAIL, .txn = &txn};
    varve_span span = {bytes("z"), bytes("")};

    ck_fails(varve_mvcc_get(mvcc.reader, &how, bytes(""), &rows, &mvcc.err), VARVE_EMPTY_KEY,
             &mvcc.err, "attempted access to empty key");
    ck_fails(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err,
             "cannot write to \"k\" at timestamp -0.000000001,0");
    how.ts = at(0);
    ck_fails(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err,
             "cannot allow inconsistent reads within a transaction");

    how.ts = varve_ts_of(-1, 0);
    ck_fails(varve_mvcc_scan(mvcc.reader, &how, span, 0, &rows, &mvcc.err), VARVE_EMPTY_KEY,
             &mvcc.err, "attempted access to empty key");
    span.end = bytes("a");
    ck_fails(varve_mvcc_scan(mvcc.reader, &how, span, 0, &rows, &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err, "cannot allow inconsistent reads within a transaction");
    how.txn = NULL;
    ck_fails(varve_mvcc_reverse_scan(mvcc.reader, &how, span, 0, &rows, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err,
             "cannot allow inconsistent reads with fail on more recent option");
    how.flags = 0;
    ck_ok(varve_mvcc_scan(mvcc.reader, &how, span, 0, &rows, &mvcc.err), &mvcc.err);
    ck_assert(rows.more);
    ck_slice_eq(varve_buf_slice(&rows.resume_start), bytes("z"));
    ck_slice_eq(varve_buf_slice(&rows.resume_end), bytes("a"));
    ck_ok(varve_mvcc_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), &mvcc.err);
    ck_assert(!rows.more);
    varve_rows_release(&rows);
}
END_TEST

/* ---- All versions of a key ---------------------------------------------------------------------
 */

START_TEST(versions_begin_with_what_the_reader_sees)
{
    varve_txn txn = mvcc_txn(2, 3, 40, at(11), varve_ts_zero());
    fill_store(OWN);

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(11), .txn = &txn), "k@12=z k@10=a k@5=b");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(11), .txn = &txn, .max = 1),
                     "k@12=z > 10");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(10)), "k@10=a k@5=b");
    txn.meta.sequence = 25;
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(11), .txn = &txn), "k@0=y k@10=a k@5=b");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .txn = &txn), "k@0=y k@5=b");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(4), .txn = &txn), "k@0=y");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(11), .txn = &txn, .max = 1),
                     "k@0=y > 10");
    txn.meta.epoch = 4;
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(11), .txn = &txn), "k@10=a k@5=b");
    txn.meta.epoch = 2;
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(11), .txn = &txn), "TXN_EPOCH");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(12)), "WRITE_INTENT k@12/2");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(12), .flags = LOOSE, .max_intents = 1),
                     "k@10=a k@5=b + k@12/2");
}
END_TEST

START_TEST(versions_can_be_uncertain)
{
    varve_txn txn = mvcc_txn(2, 0, 0, at(7), at(9));
    fill_store(VERSIONS);

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(7), .txn = &txn), "k@5=b");
    txn.max_ts = at(10);
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 10 <= 10");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_loop_test(tcase, every_read_decides_as_the_table_says, 0, STORES);
    tcase_add_test(tcase, failures_have_the_texts_of_the_behaviour);
    tcase_add_test(tcase, arguments_are_checked_in_order);
    tcase_add_test(tcase, versions_begin_with_what_the_reader_sees);
    tcase_add_test(tcase, versions_can_be_uncertain);
}

int main(void)
{
    return mvcc_run(mvcc_read_suite("mvcc/decisions", fill));
}
