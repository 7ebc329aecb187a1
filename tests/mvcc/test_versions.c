#include <varve/mvcc.h>

#include "tests/support/mvcc.h"

static void put_history(void)
{
    mvcc_put("j", at(1), "other");
    mvcc_put("k", at(5), "a");
    mvcc_put("k", varve_ts_of(5, 1), "b");
    mvcc_delete("k", at(7));
    mvcc_put("k", at(9), "c");
    mvcc_put("k%00", at(9), "other");
}

START_TEST(newest_first_with_tombstones)
{
    put_history();

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = varve_ts_max()), "k@9=c k@7- k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9)), "k@9=c k@7- k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(8)), "k@7- k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = varve_ts_of(6, INT32_MAX)), "k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(5)), "k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(4)), "");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = varve_ts_zero()), "");
    ck_assert_str_eq(mvcc_versions(.start = "k%00", .ts = at(9)), "k%00@9=other");
    ck_assert_str_eq(mvcc_versions(.start = "x", .ts = at(9)), "");
}
END_TEST

START_TEST(limits)
{
    put_history();

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .max = 1), "k@9=c > 7");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .max = 2), "k@9=c k@7- > 5,1");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = varve_ts_of(5, 1), .max = 1), "k@5,1=b > 5");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .max = 4),
                     "k@9=c k@7- k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(5), .max = 1), "k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .target_bytes = 1), "k@9=c > 7");
    /* 20 bytes for c, 19 for the tombstone. */
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .target_bytes = 20), "k@9=c > 7");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .target_bytes = 39),
                     "k@9=c k@7- > 5,1");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .target_bytes = 40),
                     "k@9=c k@7- k@5,1=b > 5");
}
END_TEST

START_TEST(at_most_none)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = varve_ts_of(8, 3)};
    put_history();

    ck_ok(varve_mvcc_versions(mvcc.reader, &how, bytes("k"), 0, &rows, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(mvcc_result(VARVE_OK, &rows, &mvcc.err), "> 8,3");
    ck_status(varve_mvcc_versions(mvcc.reader, &how, bytes(""), 0, &rows, &mvcc.err),
              VARVE_EMPTY_KEY, &mvcc.err);
    how.ts = at(-1);
    ck_status(varve_mvcc_versions(mvcc.reader, &how, bytes("k"), 0, &rows, &mvcc.err),
              VARVE_INVALID_ARGUMENT, &mvcc.err);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(paging)
{
    for (int i = 1; i <= 30; i++)
        mvcc_put("k", at(i), "v");
    for (int64_t max = 1; max <= 31; max++) {
        varve_rows rows = VARVE_ROWS_INIT;
        varve_read how = {.struct_size = sizeof how, .ts = at(100)};
        int64_t expected = 30;
        do {
            ck_ok(varve_mvcc_versions(mvcc.reader, &how, bytes("k"), max, &rows, &mvcc.err),
                  &mvcc.err);
            varve_row row;
            for (size_t position = 0; varve_rows_next(&rows, &position, &row);)
                ck_assert_int_eq(row.ts.wall, expected--);
            how.ts = rows.resume_ts;
        } while (rows.more);
        ck_assert_int_eq(expected, 0);
        varve_rows_release(&rows);
    }
}
END_TEST

/* What an earlier read has left in the rows is gone. */
START_TEST(rows_are_replaced)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(9)};
    put_history();
    ck_ok(varve_mvcc_versions(mvcc.reader, &how, bytes("k"), 1, &rows, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(mvcc_result(VARVE_OK, &rows, &mvcc.err), "k@9=c > 7");

    ck_ok(varve_mvcc_versions(mvcc.reader, &how, bytes("j"), 1, &rows, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(mvcc_result(VARVE_OK, &rows, &mvcc.err), "j@1=other");
    varve_rows_release(&rows);
    ck_assert_str_eq(mvcc_result(VARVE_OK, &rows, &mvcc.err), "");
}
END_TEST

/* Beyond the first that is visible, versions come one by one; it may have to be sought. */
START_TEST(deep_start)
{
    for (int i = 1; i <= 40; i++)
        mvcc_put("k", at(i), "v");

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(3)), "k@3=v k@2=v k@1=v");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(25), .max = 2), "k@25=v k@24=v > 23");
}
END_TEST

START_TEST(inline_values_are_one_row)
{
    mvcc_put_inline("k", "i");
    mvcc_put("l", at(5), "hidden");
    mvcc_put_inline("l", "i");
    mvcc_put_raw(mvcc_engine_key("m", varve_ts_zero()),
                 hex("12 04 08 00 10 00 18 00 20 00 28 00 32 00"));

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9)), "k@0=i");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = varve_ts_zero()), "k@0=i");
    ck_assert_str_eq(mvcc_versions(.start = "l", .ts = at(9)), "l@0=i");
    ck_assert_str_eq(mvcc_versions(.start = "l", .ts = at(9), .max = 1), "l@0=i");
    ck_assert_str_eq(mvcc_versions(.start = "m", .ts = at(9)), "m@0-");
}
END_TEST

START_TEST(intents)
{
    put_history();
    mvcc_put_intent("k", at(12), "p", 1);

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(12)), "WRITE_INTENT k@12/1");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(20), .max = 1), "WRITE_INTENT k@12/1");
    /* There is no search that a cap could end. */
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(12), .max_intents = 1),
                     "WRITE_INTENT k@12/1");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(11)), "k@9=c k@7- k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(7), .max = 1), "k@7- > 5,1");
}
END_TEST

/* Its own value is seen at any time, and no other version above the time of the read. */
START_TEST(own_intents_above_the_time)
{
    const mvcc_earlier earlier[] = {{10, "y"}, {0, NULL}};
    varve_txn txn = mvcc_txn(2, 3, 30, at(5), varve_ts_zero());
    put_history();
    mvcc_put_intent_of("k", at(12), "z", &txn, earlier);

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(12), .txn = &txn),
                     "k@12=z k@9=c k@7- k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(8), .txn = &txn),
                     "k@12=z k@7- k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(5), .txn = &txn), "k@12=z k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(4), .txn = &txn), "k@12=z");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = varve_ts_zero(), .txn = &txn), "k@12=z");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(8), .txn = &txn, .max = 1), "k@12=z > 7");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(4), .txn = &txn, .max = 1), "k@12=z");
    txn.meta.sequence = 20;
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(8), .txn = &txn),
                     "k@0=y k@7- k@5,1=b k@5=a");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(15), .txn = &txn, .max = 1), "k@0=y > 9");
    txn.meta.epoch = 4;
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(8), .txn = &txn), "k@7- k@5,1=b k@5=a");
}
END_TEST

/* So many versions lie between the two that they are not stepped over. */
START_TEST(own_intents_far_above_the_time)
{
    varve_txn txn = mvcc_txn(2, 0, 1, at(3), varve_ts_zero());
    for (int i = 1; i <= 40; i++)
        mvcc_put("k", at(i), "v");
    mvcc_put_intent_of("k", at(50), "z", &txn, NULL);

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(3), .txn = &txn),
                     "k@50=z k@3=v k@2=v k@1=v");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(3), .txn = &txn, .max = 2),
                     "k@50=z k@3=v > 2");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = varve_ts_zero(), .txn = &txn), "k@50=z");
}
END_TEST

START_TEST(arguments)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(1), .flags = VARVE_READ_TOMBSTONES};

    ck_assert_str_eq(mvcc_versions(.start = "", .ts = at(1)), "EMPTY_KEY");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(-1)), "INVALID_ARGUMENT");
    ck_fails(varve_mvcc_versions(mvcc.reader, &how, bytes("k"), 1, &rows, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err, "flags 0x1 are not allowed in this read");
    varve_rows_release(&rows);
}
END_TEST

START_TEST(malformed_keys)
{
    mvcc_put("k", at(5), "v");
    mvcc_put("k", at(6), "w");
    mvcc_put_raw(hex("6B 00 01 FF FF FF FF FF FF FF FA FF FF"), mvcc_bytes("x"));

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9), .max = 1), "CORRUPT_KEY");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9)), "CORRUPT_KEY");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, newest_first_with_tombstones);
    tcase_add_test(tcase, limits);
    tcase_add_test(tcase, at_most_none);
    tcase_add_test(tcase, paging);
    tcase_add_test(tcase, rows_are_replaced);
    tcase_add_test(tcase, deep_start);
    tcase_add_test(tcase, inline_values_are_one_row);
    tcase_add_test(tcase, intents);
    tcase_add_test(tcase, own_intents_above_the_time);
    tcase_add_test(tcase, own_intents_far_above_the_time);
    tcase_add_test(tcase, arguments);
    tcase_add_test(tcase, malformed_keys);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/versions", fill));
}
