/*
 * How far garbage has been collected: the steps against a model that remembers each key by itself,
 * and reads that are refused below them.
 */
#include <stdio.h>

#include <varve/gc_hold.h>

#include "mvcc/gc_horizon.h"
#include "tests/support/mvcc.h"

static varve_span span_of(const char *start, const char *end)
{
    return (varve_span){mvcc_bytes(start), mvcc_bytes(end)};
}

/* Raise what the store remembers. */
static void raise_to(varve_span span, varve_ts ts)
{
    varve__gc_horizon horizon;
    ck_ok(varve__gc_horizon_read(&horizon, mvcc.reader, &mvcc.err), &mvcc.err);
    ck_ok(varve__gc_horizon_raise(&horizon, span, ts, &mvcc.err), &mvcc.err);
    ck_ok(varve__gc_horizon_put(&horizon, mvcc.writer, &mvcc.err), &mvcc.err);
    varve__gc_horizon_release(&horizon);
}

static int64_t collected(varve_span span)
{
    varve_ts until = varve_ts_of(-7, -7);
    ck_ok(varve_gc_collected(mvcc.reader, span, &until, &mvcc.err), &mvcc.err);
    ck_assert_int_eq(until.logical, 0);
    return until.wall;
}

static int64_t lowest(varve_span span)
{
    varve__gc_horizon horizon;
    ck_ok(varve__gc_horizon_read(&horizon, mvcc.reader, &mvcc.err), &mvcc.err);
    varve_ts ts = varve__gc_horizon_lowest(&horizon, span);
    varve__gc_horizon_release(&horizon);
    return ts.wall;
}

/* ---- The steps ---------------------------------------------------------------------------------
 */

START_TEST(nothing_has_been_collected_from_a_new_store)
{
    ck_assert_int_eq(collected(span_of("", "")), 0);
    ck_assert_int_eq(collected(span_of("a", "a")), 0);
    ck_assert_int_eq(lowest(span_of("", "")), 0);
}
END_TEST

START_TEST(spans_are_raised_and_never_lowered)
{
    raise_to(span_of("c", "f"), at(10));
    ck_assert_int_eq(collected(span_of("a", "c")), 0);
    ck_assert_int_eq(collected(span_of("b", "b")), 0);
    ck_assert_int_eq(collected(span_of("c", "c")), 10);
    ck_assert_int_eq(collected(span_of("e%FF", "e%FF")), 10);
    ck_assert_int_eq(collected(span_of("f", "f")), 0);
    ck_assert_int_eq(collected(span_of("f", "")), 0);
    ck_assert_int_eq(collected(span_of("a", "c%00")), 10);
    ck_assert_int_eq(lowest(span_of("c", "f")), 10);
    ck_assert_int_eq(lowest(span_of("c", "f%00")), 0);
    ck_assert_int_eq(lowest(span_of("b", "f")), 0);

    raise_to(span_of("", ""), at(5));
    ck_assert_int_eq(collected(span_of("%01", "%01")), 5);
    ck_assert_int_eq(collected(span_of("d", "d")), 10);
    ck_assert_int_eq(collected(span_of("%FF%FE", "")), 5);
    ck_assert_int_eq(lowest(span_of("", "")), 5);
    raise_to(span_of("e", "%FF%FF"), at(20));
    ck_assert_int_eq(collected(span_of("d", "e")), 10);
    ck_assert_int_eq(collected(span_of("d", "")), 20);
    ck_assert_int_eq(lowest(span_of("d", "")), 10);
}
END_TEST

/* The layout of docs/format.md. */
START_TEST(the_record_is_as_the_document_says)
{
    varve_buf key = VARVE_BUF_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how};
    varve_row row;
    size_t position = 0;
    varve_slice data;
    raise_to(span_of("c", "f%00"), varve_ts_of(10, 3));
    ck_ok(varve_mvcc_get(mvcc.reader, &how, hex("01 76 78"), &rows, &mvcc.err), &mvcc.err);
    ck_assert(varve_rows_next(&rows, &position, &row));
    ck_ok(varve_value_verify(row.value, row.key, &mvcc.err), &mvcc.err);
    ck_ok(varve_value_get_bytes(row.value, &data, &mvcc.err), &mvcc.err);
    ck_hex(data, "01 00 00 00 01 63 00 00 00 00 00 00 00 0A 00 00 00 03"
                 "   00 00 00 02 66 00 00 00 00 00 00 00 00 00 00 00 00 00");
    varve_rows_release(&rows);
    varve_buf_release(&key);
}
END_TEST

static const char *const damaged[] = {
    "",                                                      /* no version */
    "02",                                                    /* of another */
    "01 00",                                                 /* no size */
    "01 00 00 00 02 61",                                     /* no key */
    "01 00 00 00 01 61 00 00 00 00 00 00 00 01",             /* half a time */
    "01 00 00 00 01 61 80 00 00 00 00 00 00 01 00 00 00 00", /* a negative one */
    ("01 00 00 00 01 61 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 01 61 00 00 00 00 00 00 00 02 "
     "00 00 00 00"), /* a key twice */
};

static void put_record(varve_slice data)
{
    varve_buf raw = VARVE_BUF_INIT;
    varve_write how = {.struct_size = sizeof how, .writer = mvcc.writer};
    ck_ok(varve_value_set_bytes(&raw, data, &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(&how, hex("01 76 78"), varve_buf_slice(&raw), &mvcc.err), &mvcc.err);
    varve_buf_release(&raw);
}

START_TEST(a_damaged_record_is_told)
{
    varve_ts until = at(77);
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        put_record(hex(damaged[i]));
        ck_fails(varve_gc_collected(mvcc.reader, span_of("", ""), &until, &mvcc.err), VARVE_CORRUPT,
                 &mvcc.err, "the record of how far garbage has been collected does not decode");
        ck_assert_int_eq(until.wall, 77);
        ck_assert_str_eq(mvcc_get_flags("a", at(5), VARVE_READ_CHECK_COLLECTED), "CORRUPT");
    }
    put_record(hex("01"));
    ck_assert_int_eq(collected(span_of("", "")), 0);
}
END_TEST

enum { MODEL_KEYS = 40, ROUNDS = 60 };

static const char *model_key(size_t i)
{
    static char text[24];
    snprintf(text, sizeof text, "k%02zu", i);
    return text;
}

/* Many spans: exact while there are few steps. */
START_TEST(steps_are_those_of_the_model)
{
    int64_t model[MODEL_KEYS] = {0};
    test_random random = test_random_start();
    for (int round = 0; round < ROUNDS; round++) {
        size_t a = test_random_below(&random, MODEL_KEYS);
        size_t b = a + 1 + test_random_below(&random, MODEL_KEYS - a);
        int64_t wall = 1 + (int64_t)test_random_below(&random, 50);
        varve_slice start = mvcc_bytes(a == 0 ? "" : model_key(a));
        varve_slice end = mvcc_bytes(b == MODEL_KEYS ? "" : model_key(b));
        raise_to((varve_span){start, end}, at(wall));
        for (size_t i = a; i < b; i++)
            model[i] = wall > model[i] ? wall : model[i];

        int64_t high = 0;
        int64_t low = INT64_MAX;
        for (size_t i = a; i < b; i++) {
            varve_slice key = mvcc_bytes(model_key(i));
            ck_assert_int_eq(collected((varve_span){key, key}), model[i]);
            high = model[i] > high ? model[i] : high;
            low = model[i] < low ? model[i] : low;
        }
        ck_assert_int_eq(collected((varve_span){start, end}), high);
        ck_assert_int_eq(lowest((varve_span){start, end}), low);
    }
}
END_TEST

/* More steps than are kept: no time is remembered too low, and most of them as they are. */
START_TEST(too_many_steps_are_made_fewer)
{
    enum { SPANS = 3 * VARVE__GC_STEPS_MAX };
    char key[16];
    int exact = 0;
    for (int i = 0; i < SPANS; i++) {
        snprintf(key, sizeof key, "k%03d", i);
        varve_slice start = mvcc_bytes(key);
        snprintf(key, sizeof key, "k%03d", i + 1);
        raise_to((varve_span){start, mvcc_bytes(key)}, at(i % 7 == 0 ? 1000000 : 1 + i % 5));
    }
    for (int i = 0; i < SPANS; i++) {
        snprintf(key, sizeof key, "k%03d", i);
        int64_t told = collected(span_of(key, key));
        int64_t expected = i % 7 == 0 ? 1000000 : 1 + i % 5;
        ck_assert_int_ge(told, expected);
        exact += told == expected;
    }
    ck_assert_int_gt(exact, SPANS / 4);
    ck_assert_int_eq(collected(span_of("a", "k000")), 0);
}
END_TEST

/* ---- Reads -------------------------------------------------------------------------------------
 */

#define CHECK .flags = VARVE_READ_CHECK_COLLECTED

START_TEST(reads_below_are_refused_when_asked_to)
{
    mvcc_put("a", at(5), "x");
    mvcc_put("m", at(5), "y");
    mvcc_put_inline("i", "z");
    raise_to(span_of("k", "n"), at(10));

    ck_assert_str_eq(mvcc_get("m", at(9)), "m@5=y"); /* not asked to */
    ck_assert_str_eq(mvcc_get_as(.start = "m", .ts = at(9), CHECK), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_get_as(.start = "gone", .ts = at(9), CHECK), "none");
    ck_assert_str_eq(mvcc_get_as(.start = "lost", .ts = at(9), CHECK), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_get_as(.start = "m", .ts = at(10), CHECK), "m@5=y");
    ck_assert_str_eq(mvcc_get_as(.start = "m", .ts = varve_ts_max(), CHECK), "m@5=y");
    ck_assert_str_eq(mvcc_get_as(.start = "a", .ts = at(9), CHECK), "a@5=x");
    ck_assert_str_eq(mvcc_get_as(.start = "m", .ts = varve_ts_zero(), CHECK), "none");

    ck_assert_str_eq(mvcc_versions(.start = "m", .ts = at(9), CHECK), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_versions(.start = "m", .ts = at(10), CHECK), "m@5=y");
    ck_assert_str_eq(mvcc_versions(.start = "m", .ts = at(9)), "m@5=y");

    ck_assert_str_eq(mvcc_scan(.start = "", .end = "z", .ts = at(9), CHECK), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_scan(.start = "n", .end = "z", .ts = at(9), CHECK), "");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "k", .ts = at(9), CHECK), "a@5=x i@0=z");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "k%00", .ts = at(9), CHECK), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(9), CHECK), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_reverse(.start = "b", .end = "z", .ts = at(10), CHECK), "m@5=y i@0=z");
    ck_assert_str_eq(mvcc_cursor(.start = "a", .end = "z", .ts = at(9), CHECK), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_iterate(.start = "a", .end = "z", .ts = at(9), CHECK), "BELOW_THRESHOLD");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(-1), CHECK), "i@0=z");
}
END_TEST

START_TEST(the_error_carries_both_times)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {
        .struct_size = sizeof how, .ts = varve_ts_of(9, 4), .flags = VARVE_READ_CHECK_COLLECTED};
    raise_to(span_of("", ""), varve_ts_of(9, 5));
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err),
              VARVE_BELOW_THRESHOLD, &mvcc.err);
    ck_assert_int_eq(mvcc.err.detail.below_threshold.read.wall, 9);
    ck_assert_int_eq(mvcc.err.detail.below_threshold.read.logical, 4);
    ck_assert_int_eq(mvcc.err.detail.below_threshold.threshold.wall, 9);
    ck_assert_int_eq(mvcc.err.detail.below_threshold.threshold.logical, 5);
    varve_error_release(&mvcc.err);
    how.ts = varve_ts_of(9, 5);
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err), VARVE_NOT_FOUND,
              &mvcc.err);
    varve_rows_release(&rows);
}
END_TEST

static varve_status read_checked(void *context, varve_error *err)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(20), .flags = VARVE_READ_CHECK_COLLECTED};
    (void)context;
    varve_status status = varve_mvcc_scan(mvcc.reader, &how, span_of("a", "z"), -1, &rows, err);
    varve_rows_release(&rows);
    return status;
}

START_TEST(memory_may_run_out)
{
    mvcc_put("a", at(5), "x");
    raise_to(span_of("k", "n"), at(10));
    ck_assert_uint_gt(fault_alloc_each(read_checked, NULL), 2);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, nothing_has_been_collected_from_a_new_store);
    tcase_add_test(tcase, spans_are_raised_and_never_lowered);
    tcase_add_test(tcase, the_record_is_as_the_document_says);
    tcase_add_test(tcase, a_damaged_record_is_told);
    tcase_add_test(tcase, steps_are_those_of_the_model);
    tcase_add_test(tcase, too_many_steps_are_made_fewer);
    tcase_add_test(tcase, reads_below_are_refused_when_asked_to);
    tcase_add_test(tcase, the_error_carries_both_times);
    tcase_add_test(tcase, memory_may_run_out);
}

int main(void)
{
    return mvcc_run(mvcc_suite("gc_horizon", fill));
}
