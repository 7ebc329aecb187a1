#include "tests/support/support.h"

#include "bench/facts.h"
#include "bench/support/json.h"

#define ck_near(actual, expected) ck_assert_double_eq_tol(actual, expected, 1e-9)

START_TEST(figures_are_for_their_states)
{
    bench_shape shape = {.layout = BENCH_ONE, .versions = 10, .value_size = 64, .keys = 100000};
    ck_near(bench_fact(&shape, "get-newest", "raw get"), 2063);
    ck_near(bench_fact(&shape, "get-newest", "plain get"), 0);
    ck_near(bench_fact(&shape, "get-newest", "varve"), 0);
    shape.layout = BENCH_L0;
    ck_near(bench_fact(&shape, "get-newest", "plain get"), 3560);
    shape.value_size = 8;
    ck_near(bench_fact(&shape, "get-newest", "plain get"), 0);
}
END_TEST

#define LANE(name, cpu, known)                                                                     \
    "{\"name\":\"" name "\",\"wall\":{\"median\":1},\"cpu\":{\"median\":" #cpu                     \
    "},\"known\":" #known "}"
#define CASE(layout, operation, lanes)                                                             \
    "{\"name\":\"here/" operation "\",\"state\":\"here\",\"layout\":\"" layout                     \
    "\",\"operation\":\"" operation "\",\"keys\":1000000,\"versions\":1,\"lanes\":[" lanes "]}"

/* The known figures of a run whose cases are given. */
static json_t *facts_of(const char *cases)
{
    json_error_t error;
    json_t *run = json_pack("{s:o?}", "cases", json_loads(cases, 0, &error));
    ck_assert_msg(run != NULL, "%s", error.text);
    json_t *facts = bench_facts(run);
    json_decref(run);
    return facts;
}

START_TEST(ratios_are_held_to_a_plain_get_of_the_state)
{
    /* A scan costs a quarter of a get here, and a fifth as far as is known. */
    json_t *facts = facts_of("[" CASE(
        "one", "get-newest", LANE("raw get", 1000, 2000) "," LANE("varve", 900, null)) "," //
                             CASE("one", "scan-100", LANE("raw scan", 250, 400)) "]");
    ck_assert_uint_eq(json_array_size(facts), 2);
    const json_t *get = json_array_get(facts, 0);
    const json_t *scan = json_array_get(facts, 1);
    ck_near(bench_number(get, "ratio"), 1);
    ck_assert(json_is_true(json_object_get(get, "agrees")));
    ck_assert_str_eq(bench_text(scan, "case"), "here/scan-100");
    ck_assert_str_eq(bench_text(scan, "lane"), "raw scan");
    ck_near(bench_number(scan, "ratio"), 0.25);
    ck_near(bench_number(scan, "known_ratio"), 0.2);
    ck_near(bench_number(scan, "apart"), 0.25);
    ck_assert(json_is_false(json_object_get(scan, "agrees")));
    json_decref(facts);
}
END_TEST

START_TEST(with_a_level_0_it_is_the_get_of_a_plain_one)
{
    json_t *facts = facts_of("[" CASE(
        "l0", "get-newest", LANE("raw get", 700, null) "," LANE("plain get", 1000, 3000)) "," //
                             CASE("l0", "get-absent", LANE("raw seek", 330, 900)) "]");
    ck_assert_uint_eq(json_array_size(facts), 2);
    const json_t *absent = json_array_get(facts, 1);
    ck_near(bench_number(absent, "ratio"), 0.33);
    ck_near(bench_number(absent, "known_ratio"), 0.3);
    ck_assert(json_is_true(json_object_get(absent, "agrees")));
    json_decref(facts);
}
END_TEST

START_TEST(writes_are_held_to_a_put)
{
    json_t *facts = facts_of("[" CASE("one", "get-newest", LANE("raw get", 1, 1)) "," //
                             CASE("one", "put-1", LANE("raw put", 2000, 3500)) ","    //
                             CASE("one", "put-100", LANE("raw batch", 1000, 1400)) "]");
    const json_t *batch = json_array_get(facts, 2);
    ck_near(bench_number(batch, "ratio"), 0.5);
    ck_near(bench_number(batch, "known_ratio"), 0.4);
    json_decref(facts);
}
END_TEST

START_TEST(other_stores_are_held_to_the_rocksdb_of_their_table)
{
    json_t *facts = facts_of(
        "[" CASE("one", "get-newest", LANE("raw get", 1000, 2208)) "," //
        CASE("one", "put-1",
             LANE("raw put", 2000,
                  3510) ",{\"name\":\"lmdb\",\"contender\":\"lmdb\",\"wall\":{\"median\":4000},"
                        "\"known\":9040}") "]");
    const json_t *lmdb = json_array_get(facts, 2);
    ck_near(bench_number(lmdb, "known_ratio"), 2); /* 9040 to 4520 */
    ck_near(bench_number(lmdb, "ratio"), 2);
    json_decref(facts);
}
END_TEST

START_TEST(a_reason_is_told_of_those_it_fits)
{
    json_t *facts = facts_of(
        "[" CASE("one", "get-newest", LANE("raw get", 1000, 2000)) "," //
        CASE("one", "scan-100", LANE("raw scan", 100, 400) "," LANE("raw next<=2", 900, 400)) "]");
    ck_assert_str_ne(bench_text(json_array_get(facts, 1), "why"), ""); /* it is faster */
    ck_assert_str_eq(bench_text(json_array_get(facts, 2), "why"), ""); /* it is slower */
    json_decref(facts);
}
END_TEST

START_TEST(other_numbers_of_records_are_not_compared)
{
    json_t *facts = facts_of("[{\"name\":\"here/get-newest\",\"state\":\"here\",\"layout\":"
                             "\"one\",\"operation\":\"get-newest\",\"keys\":100000,"
                             "\"versions\":1,\"lanes\":[" LANE("raw get", 1000, 2000) "]}]");
    ck_assert_uint_eq(json_array_size(facts), 0);
    json_decref(facts);
}
END_TEST

START_TEST(without_what_they_are_held_to_there_are_none)
{
    json_t *facts = facts_of("[" CASE("one", "scan-100", LANE("raw scan", 250, 400)) "]");
    ck_assert_uint_eq(json_array_size(facts), 0);
    json_decref(facts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("facts");
    TCase *tcase = tcase_create("facts");
    tcase_add_test(tcase, figures_are_for_their_states);
    tcase_add_test(tcase, ratios_are_held_to_a_plain_get_of_the_state);
    tcase_add_test(tcase, with_a_level_0_it_is_the_get_of_a_plain_one);
    tcase_add_test(tcase, writes_are_held_to_a_put);
    tcase_add_test(tcase, other_stores_are_held_to_the_rocksdb_of_their_table);
    tcase_add_test(tcase, a_reason_is_told_of_those_it_fits);
    tcase_add_test(tcase, other_numbers_of_records_are_not_compared);
    tcase_add_test(tcase, without_what_they_are_held_to_there_are_none);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
