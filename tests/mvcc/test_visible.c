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
