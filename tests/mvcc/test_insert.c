/*
 * Inserting versions where their times say: the records are those of blind puts, and the statistics
 * those of a recount.
 */
#include "tests/support/intents.h"

static const char *try_insert(const char *key, varve_ts ts, const char *value)
{
    varve_write how = write_counted();
    varve_rows none = VARVE_ROWS_INIT;
    how.ts = ts;
    varve_status status = varve_mvcc_insert(&how, mvcc_bytes(key), mvcc_bytes(value), &mvcc.err);
    return status == VARVE_OK ? "OK" : mvcc_result(status, &none, &mvcc.err);
}

static void insert(const char *key, varve_ts ts, const char *value)
{
    ck_assert_str_eq(try_insert(key, ts, value), "OK");
    ck_stats();
}

START_TEST(versions_go_where_their_times_say)
{
    stats_start(0);
    insert("a", at(5 * SECOND), "five");
    insert("a", at(9 * SECOND), "nine");
    insert("a", at(2 * SECOND), "two");
    insert("a", at(7 * SECOND), "");
    insert("a", at(1 * SECOND), "");
    insert("a", at(6 * SECOND), "six");
    insert("a", varve_ts_of(6 * SECOND, 1), "six-and-a-bit");
    ck_assert_str_eq(store_text(), "a@9000000000=nine a@7000000000- a@6000000000,1=six-and-a-bit "
                                   "a@6000000000=six a@5000000000=five a@2000000000=two "
                                   "a@1000000000-");
}
END_TEST

START_TEST(what_stands_at_the_time_is_replaced)
{
    static const char *const values[] = {"", "longer than before", "x", ""};
    stats_start(0);
    insert("a", at(2 * SECOND), "two");
    insert("a", at(4 * SECOND), "four");
    insert("a", at(6 * SECOND), "six");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (int64_t second = 2; second <= 6; second += 2)
            insert("a", at(second * SECOND), values[i]);
    }
    insert("a", at(6 * SECOND), "new");
    ck_assert_str_eq(store_text(), "a@6000000000=new a@4000000000- a@2000000000-");
}
END_TEST

START_TEST(what_it_cannot_insert_into)
{
    stats_start(0);
    mvcc_put_inline("inline", "v");
    intent(.key = "intent", .ts = at(9 * SECOND), .value = "v");
    mvcc_put_raw(mvcc_engine_key("damaged", at(0)), bytes("\x80"));
    varve_write how = write_counted();
    const varve_stats before = *how.stats;
    const char *text = raw_store_text();
    ck_assert_str_eq(try_insert("inline", at(1), "x"), "INLINE_MIX");
    ck_assert_str_eq(try_insert("intent", at(1), "x"), "WRITE_INTENT intent@9000000000/1");
    ck_assert_str_eq(try_insert("damaged", at(1), "x"), "CORRUPT");
    ck_assert_str_eq(try_insert("", at(1), "x"), "EMPTY_KEY");
    ck_assert_str_eq(try_insert("a", at(0), "x"), "INVALID_ARGUMENT");
    ck_assert_str_eq(try_insert("a", at(-1), "x"), "INVALID_ARGUMENT");
    how.ts = at(1);
    how.reader = NULL;
    ck_fails(varve_mvcc_insert(&how, bytes("a"), bytes("x"), &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err, "varve_write.reader is NULL");
    ck_assert_str_eq(raw_store_text(), text);
    ck_assert(memcmp(&before, how.stats, sizeof before) == 0);
}
END_TEST

/* Few times, so that many collide; enough versions for a seek to be worth it. */
START_TEST(in_any_order_the_statistics_are_a_recount)
{
    static const char *const keys[] = {"%01own", "a", "a%00", "b"};
    static const char *const values[] = {"", "v", "longer", ""};
    test_random dice = test_random_start();
    stats_start(0);
    for (int i = 0; i < 400; i++) {
        const char *key = keys[test_random_below(&dice, 4)];
        varve_ts ts = varve_ts_of((int64_t)(1 + test_random_below(&dice, 40)) * SECOND / 2,
                                  (int32_t)test_random_below(&dice, 2));
        insert(key, ts, values[test_random_below(&dice, 4)]);
    }
}
END_TEST

START_TEST(the_cost_does_not_grow_with_the_versions)
{
    varve_bill bill = {.struct_size = sizeof bill};
    stats_start(0);
    for (int i = 1; i <= 500; i++)
        mvcc_put("a", at(2 * i), "v");
    varve_write how = write_counted();
    how.bill = &bill;
    how.ts = at(501);
    ck_ok(varve_mvcc_insert(&how, bytes("a"), bytes("x"), &mvcc.err), &mvcc.err);
    ck_assert_uint_ge(bill.seeks, 2);
    ck_assert_uint_lt(bill.seeks + bill.steps, 30);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, versions_go_where_their_times_say);
    tcase_add_test(tcase, what_stands_at_the_time_is_replaced);
    tcase_add_test(tcase, what_it_cannot_insert_into);
    tcase_add_test(tcase, in_any_order_the_statistics_are_a_recount);
    tcase_add_test(tcase, the_cost_does_not_grow_with_the_versions);
}

int main(void)
{
    return mvcc_run(mvcc_suite("insert", fill));
}
