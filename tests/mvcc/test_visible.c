/*
 * The decision table of mvcc/visible.h, row by row: who reads, what the key's first record is, and
 * what the reader then sees.
 */
#include "mvcc/visible.h"

#include <varve/read.h>

#include "tests/support/support.h"

enum first { VERSION, INTENT, INLINE };

/* R, the flag, the first record and its timestamp; then row, sight, and the timestamp with it. */
struct decision {
    varve_ts read_ts;
    bool fail_on_more_recent;
    enum first first;
    varve_ts first_ts;
    int row;
    varve__seen what;
    varve_ts ts;
};

#define MAX_WALL INT64_MAX
#define MAX_LOGICAL INT32_MAX

static const struct decision decisions[] = {
    /* Row 1: the newest version is at or below R. */
    {{10, 0}, false, VERSION, {10, 0}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{11, 0}, false, VERSION, {10, 0}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{10, 1}, false, VERSION, {10, 0}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{10, 1}, false, VERSION, {10, 1}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{10, 0}, false, VERSION, {9, MAX_LOGICAL}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{0, 1}, false, VERSION, {0, 1}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{MAX_WALL, MAX_LOGICAL}, false, VERSION, {1, 0}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{MAX_WALL, MAX_LOGICAL}, false, VERSION, {MAX_WALL, MAX_LOGICAL}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{10, 0}, true, VERSION, {10, 0}, 1, VARVE__SEE_FIRST, {0, 0}},
    {{11, 0}, true, VERSION, {10, 0}, 1, VARVE__SEE_FIRST, {0, 0}},

    /* Row 2: it is above R, and the reader will not have that. */
    {{9, 0}, true, VERSION, {10, 0}, 2, VARVE__SEE_TOO_NEW, {10, 0}},
    {{10, 0}, true, VERSION, {10, 1}, 2, VARVE__SEE_TOO_NEW, {10, 1}},
    {{0, 0}, true, VERSION, {0, 1}, 2, VARVE__SEE_TOO_NEW, {0, 1}},
    {{-5, 0}, true, VERSION, {10, 0}, 2, VARVE__SEE_TOO_NEW, {10, 0}},
    {{9, 0},
     true,
     VERSION,
     {MAX_WALL, MAX_LOGICAL},
     2,
     VARVE__SEE_TOO_NEW,
     {MAX_WALL, MAX_LOGICAL}},

    /* Row 4: otherwise an older version will do. */
    {{9, 0}, false, VERSION, {10, 0}, 4, VARVE__SEE_AT_OR_BELOW, {9, 0}},
    {{9, MAX_LOGICAL}, false, VERSION, {10, 0}, 4, VARVE__SEE_AT_OR_BELOW, {9, MAX_LOGICAL}},
    {{10, 0}, false, VERSION, {10, 1}, 4, VARVE__SEE_AT_OR_BELOW, {10, 0}},
    {{0, 1}, false, VERSION, {0, 2}, 4, VARVE__SEE_AT_OR_BELOW, {0, 1}},
    /* At zero and below nothing stands. */
    {{0, 0}, false, VERSION, {0, 1}, 4, VARVE__SEE_NOTHING, {0, 0}},
    {{0, 0}, false, VERSION, {10, 0}, 4, VARVE__SEE_NOTHING, {0, 0}},
    {{-1, 0}, false, VERSION, {10, 0}, 4, VARVE__SEE_NOTHING, {0, 0}},
    {{-1, MAX_LOGICAL}, false, VERSION, {0, 1}, 4, VARVE__SEE_NOTHING, {0, 0}},
    {{0, -1}, false, VERSION, {0, 1}, 4, VARVE__SEE_NOTHING, {0, 0}},
    /* A negative logical part is below all others of its wall time. */
    {{10, -1}, false, VERSION, {10, 0}, 4, VARVE__SEE_AT_OR_BELOW, {9, MAX_LOGICAL}},
    {{10, -1}, false, VERSION, {9, MAX_LOGICAL}, 1, VARVE__SEE_FIRST, {0, 0}},

    /* Row 5: an inline value is seen by everybody. */
    {{10, 0}, false, INLINE, {0, 0}, 5, VARVE__SEE_INLINE, {0, 0}},
    {{10, 0}, true, INLINE, {0, 0}, 5, VARVE__SEE_INLINE, {0, 0}},
    {{0, 0}, false, INLINE, {0, 0}, 5, VARVE__SEE_INLINE, {0, 0}},
    {{0, 0}, true, INLINE, {0, 0}, 5, VARVE__SEE_INLINE, {0, 0}},
    {{-1, 0}, true, INLINE, {0, 0}, 5, VARVE__SEE_INLINE, {0, 0}},

    /* Row 6: an intent in the reader's future is no concern of its. */
    {{11, 0}, false, INTENT, {12, 0}, 6, VARVE__SEE_AT_OR_BELOW, {11, 0}},
    {{12, 0}, false, INTENT, {12, 1}, 6, VARVE__SEE_AT_OR_BELOW, {12, 0}},
    {{0, 0}, false, INTENT, {12, 0}, 6, VARVE__SEE_NOTHING, {0, 0}},
    {{-7, 0}, false, INTENT, {12, 0}, 6, VARVE__SEE_NOTHING, {0, 0}},

    /* Row 8: any other intent is. */
    {{12, 0}, false, INTENT, {12, 0}, 8, VARVE__SEE_CONFLICT, {0, 0}},
    {{12, 1}, false, INTENT, {12, 0}, 8, VARVE__SEE_CONFLICT, {0, 0}},
    {{15, 0}, false, INTENT, {12, 0}, 8, VARVE__SEE_CONFLICT, {0, 0}},
    {{MAX_WALL, MAX_LOGICAL},
     false,
     INTENT,
     {MAX_WALL, MAX_LOGICAL},
     8,
     VARVE__SEE_CONFLICT,
     {0, 0}},
    {{12, 0}, true, INTENT, {12, 0}, 8, VARVE__SEE_CONFLICT, {0, 0}},
    {{11, 0}, true, INTENT, {12, 0}, 8, VARVE__SEE_CONFLICT, {0, 0}},
    {{0, 0}, true, INTENT, {12, 0}, 8, VARVE__SEE_CONFLICT, {0, 0}},
};

static varve__sight see(const struct decision *d)
{
    varve__view view;
    varve__view_init(&view, d->read_ts, NULL,
                     d->fail_on_more_recent ? VARVE_READ_FAIL_ON_MORE_RECENT : 0);
    if (d->first == VERSION) {
        unsigned char suffix[VARVE__SUFFIX_SIZE];
        varve__suffix_encode(d->first_ts, suffix);
        return varve__see_version(&view, suffix);
    }
    varve__meta meta = {.ts = d->first_ts};
    meta.has_txn = d->first == INTENT;
    meta.has_raw = d->first == INLINE;
    return varve__see_meta(&view, &meta, varve_slice_of(NULL, 0));
}

START_TEST(each_row_decides_as_the_table_says)
{
    const struct decision *d = &decisions[_i];

    varve__sight sight = see(d);

    ck_assert_int_eq(sight.row, d->row);
    ck_assert_int_eq(sight.what, d->what);
    ck_assert_int_eq(sight.ts.wall, d->ts.wall);
    ck_assert_int_eq(sight.ts.logical, d->ts.logical);
}
END_TEST

/* ---- Readers inside transactions, and inconsistent ones ----------------------------------------
 */

/* The intents below are of transaction 2, epoch 3, sequence 30; 1 is another transaction. */
struct reading {
    int64_t read;
    int64_t max;
    unsigned char id; /* 0 = none */
    int32_t epoch;
    int32_t sequence;
    varve_seq_range ignored; /* {0, 0}: nothing */
    unsigned flags;
};

struct insight {
    struct reading reading;
    enum first first;
    int64_t first_ts;
    const char *history; /* sequence numbers, one letter each: a = 1, b = 2 ... */
    int row;
    varve__seen what;
    int64_t ts;
};

#define LOOSE VARVE_READ_INCONSISTENT
#define FAIL VARVE_READ_FAIL_ON_MORE_RECENT
#define NOBODY(read, flags)                                                                        \
    {                                                                                              \
        read, 0, 0, 0, 0, {0, 0}, flags                                                            \
    }
#define UNSURE(read, max)                                                                          \
    {                                                                                              \
        read, max, 1, 0, 0, {0, 0}, 0                                                              \
    }
#define OWNER(read, epoch, sequence, from, to)                                                     \
    {                                                                                              \
        read, 99, 2, epoch, sequence, {from, to}, FAIL                                             \
    }

static const struct insight insights[] = {
    {UNSURE(7, 10), VERSION, 10, "", 3, VARVE__SEE_UNCERTAIN, 10},
    {UNSURE(7, 11), VERSION, 10, "", 3, VARVE__SEE_UNCERTAIN, 10},
    {UNSURE(7, 9), VERSION, 10, "", 3, VARVE__SEE_CERTAIN, 9},
    {UNSURE(7, 7), VERSION, 10, "", 4, VARVE__SEE_AT_OR_BELOW, 7},
    {UNSURE(7, 0), VERSION, 10, "", 4, VARVE__SEE_AT_OR_BELOW, 7},
    {UNSURE(-7, 0), VERSION, 10, "", 3, VARVE__SEE_NOTHING, 0},
    {UNSURE(10, 11), VERSION, 10, "", 1, VARVE__SEE_FIRST, 0},

    {UNSURE(7, 11), INTENT, 12, "", 6, VARVE__SEE_CERTAIN, 11},
    {UNSURE(7, 12), INTENT, 12, "", 8, VARVE__SEE_CONFLICT, 0},
    {UNSURE(12, 13), INTENT, 12, "", 8, VARVE__SEE_CONFLICT, 0},
    {UNSURE(11, 11), INTENT, 12, "", 6, VARVE__SEE_AT_OR_BELOW, 11},
    {UNSURE(7, 11), INLINE, 0, "", 5, VARVE__SEE_INLINE, 0},

    {NOBODY(11, LOOSE), INTENT, 12, "", 6, VARVE__SEE_AT_OR_BELOW, 11},
    {NOBODY(12, LOOSE), INTENT, 12, "", 7, VARVE__SEE_BESIDE, 11},
    {NOBODY(99, LOOSE), INTENT, 12, "", 7, VARVE__SEE_BESIDE, 11},
    {NOBODY(99, LOOSE), INTENT, 0, "", 7, VARVE__SEE_BESIDE,
     0}, /* damaged: below zero is nothing */

    {OWNER(7, 3, 30, 0, 0), INTENT, 12, "", 9, VARVE__SEE_AT_OR_BELOW, 12},
    {OWNER(0, 3, 31, 0, 0), INTENT, 12, "", 9, VARVE__SEE_AT_OR_BELOW, 12},
    {OWNER(7, 3, 40, 31, 40), INTENT, 12, "ab", 9, VARVE__SEE_AT_OR_BELOW, 12},
    {OWNER(7, 3, 29, 0, 0), INTENT, 12, "ab", 10, VARVE__SEE_HISTORY, 0},
    {OWNER(7, 3, 1, 0, 0), INTENT, 12, "ab", 10, VARVE__SEE_HISTORY, 0},
    {OWNER(7, 3, 40, 30, 30), INTENT, 12, "ab", 10, VARVE__SEE_HISTORY, 0},
    {OWNER(7, 3, 40, 2, 30), INTENT, 12, "ab", 10, VARVE__SEE_HISTORY, 0},
    {OWNER(7, 3, 40, 1, 30), INTENT, 12, "ab", 11, VARVE__SEE_AT_OR_BELOW, 7},
    {OWNER(7, 3, 29, 0, 0), INTENT, 12, "", 11, VARVE__SEE_AT_OR_BELOW, 7},
    {OWNER(7, 3, 1, 0, 0), INTENT, 12, "b", 11, VARVE__SEE_AT_OR_BELOW, 7},
    {OWNER(15, 3, 1, 0, 0), INTENT, 12, "b", 11, VARVE__SEE_AT_OR_BELOW, 11},
    {OWNER(0, 3, 1, 0, 0), INTENT, 12, "b", 11, VARVE__SEE_NOTHING, 0},
    {OWNER(7, 2, 40, 0, 0), INTENT, 12, "ab", 12, VARVE__SEE_LATER_EPOCH, 0},
    {OWNER(7, 4, 40, 0, 0), INTENT, 12, "ab", 13, VARVE__SEE_AT_OR_BELOW, 7},
    {OWNER(15, 4, 1, 0, 0), INTENT, 12, "ab", 13, VARVE__SEE_AT_OR_BELOW, 11},
    {OWNER(7, 3, 40, 0, 0), INLINE, 0, "", 5, VARVE__SEE_INLINE, 0},
};

/* The encoded record of an intent with a history; the value of each entry is its letter. */
static void encode_intent(const struct insight *insight, varve_buf *record, varve_error *err)
{
    varve__history_entry history[4];
    varve__meta meta = {.has_txn = true, .ts = {insight->first_ts, 0}, .key_bytes = 12};
    meta.txn.id[VARVE_TXN_ID_SIZE - 1] = 2;
    meta.txn.epoch = 3;
    meta.txn.sequence = 30;
    for (const char *letter = insight->history; *letter != '\0'; letter++)
        history[meta.history_count++] =
            (varve__history_entry){*letter - 'a' + 1, varve_slice_of(letter, 1)};
    ck_ok(varve__meta_append(&meta, history, record, err), err);
}

static varve__sight gain(const struct insight *insight, const varve__view *view)
{
    varve_buf record = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve__meta meta = {.has_raw = true};
    unsigned char suffix[VARVE__SUFFIX_SIZE];
    if (insight->first == VERSION) {
        varve__suffix_encode(varve_ts_of(insight->first_ts, 0), suffix);
        return varve__see_version(view, suffix);
    }
    if (insight->first == INTENT) {
        encode_intent(insight, &record, &err);
        ck_ok(varve__meta_decode(varve_buf_slice(&record), &meta, &err), &err);
    }
    varve__sight sight = varve__see_meta(view, &meta, varve_buf_slice(&record));
    varve_buf_release(&record);
    return sight;
}

START_TEST(transactions_and_inconsistent_readers_decide_as_the_table_says)
{
    const struct insight *insight = &insights[_i];
    const struct reading *reading = &insight->reading;
    varve_seq_range ignored = reading->ignored;
    varve_txn txn = VARVE_TXN_INIT;
    txn.meta.id[VARVE_TXN_ID_SIZE - 1] = reading->id;
    txn.meta.epoch = reading->epoch;
    txn.meta.sequence = reading->sequence;
    txn.max_ts = varve_ts_of(reading->max, 0);
    txn.ignored = &ignored;
    txn.ignored_count = ignored.end > 0;
    varve__view view;
    varve__view_init(&view, varve_ts_of(reading->read, 0), reading->id > 0 ? &txn : NULL,
                     reading->flags);

    varve__sight sight = gain(insight, &view);

    ck_assert_int_eq(sight.row, insight->row);
    ck_assert_int_eq(sight.what, insight->what);
    ck_assert_int_eq(sight.ts.wall, insight->ts);
    if (insight->ts == 11)
        ck_assert_int_eq(sight.ts.logical, insight->row == 6 ? 0 : INT32_MAX);
}
END_TEST

/* A record with both belongs to nobody, but a reader can meet one: the inline value is first. */
START_TEST(inline_goes_before_intent)
{
    varve__view view;
    varve__view_init(&view, varve_ts_of(10, 0), NULL, VARVE_READ_FAIL_ON_MORE_RECENT);
    const varve__meta meta = {.has_txn = true, .has_raw = true, .ts = {5, 0}};

    ck_assert_int_eq(varve__see_meta(&view, &meta, varve_slice_of(NULL, 0)).row, 5);
}
END_TEST

START_TEST(too_new_says_where_a_write_would_go)
{
    varve_error err = VARVE_ERROR_INIT;
    varve__view view;
    varve__view_init(&view, varve_ts_of(9, 0), NULL, VARVE_READ_FAIL_ON_MORE_RECENT);

    ck_status(varve__fail_too_new(&view, varve_ts_of(10, 0), &err), VARVE_WRITE_TOO_OLD, &err);
    ck_assert_int_eq(err.detail.too_old.attempted.wall, 9);
    ck_assert_int_eq(err.detail.too_old.actual.wall, 10);
    ck_assert_int_eq(err.detail.too_old.actual.logical, 1);
    ck_assert_str_eq(err.message, "WriteTooOldError: write at timestamp 0.000000009,0 too old; "
                                  "wrote at 0.000000010,1");

    ck_status(varve__fail_too_new(&view, varve_ts_max(), &err), VARVE_TIMESTAMP_OVERFLOW, &err);
    varve_error_release(&err);
}
END_TEST

/* The timestamp of the read as given, a negative one included, is what the failure names. */
START_TEST(too_new_names_the_time_of_the_read_as_given)
{
    varve_error err = VARVE_ERROR_INIT;
    varve__view view;
    varve__view_init(&view, varve_ts_of(-1, 0), NULL, VARVE_READ_FAIL_ON_MORE_RECENT);

    ck_status(varve__fail_too_new(&view, varve_ts_of(3, 0), &err), VARVE_WRITE_TOO_OLD, &err);
    ck_assert_int_eq(err.detail.too_old.attempted.wall, -1);
    varve_error_release(&err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mvcc/visible");
    TCase *tcase = tcase_create("visible");
    tcase_add_loop_test(tcase, each_row_decides_as_the_table_says, 0,
                        (int)(sizeof decisions / sizeof decisions[0]));
    tcase_add_loop_test(tcase, transactions_and_inconsistent_readers_decide_as_the_table_says, 0,
                        (int)(sizeof insights / sizeof insights[0]));
    tcase_add_test(tcase, inline_goes_before_intent);
    tcase_add_test(tcase, too_new_says_where_a_write_would_go);
    tcase_add_test(tcase, too_new_names_the_time_of_the_read_as_given);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
