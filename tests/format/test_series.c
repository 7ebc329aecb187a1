#include "tests/support/support.h"

#include <varve/merge.h>

#include "format/series.h"

static varve_error err = VARVE_ERROR_INIT;
static varve_buf raw;
static varve__series series;

static void set_up(void)
{
    raw = (varve_buf)VARVE_BUF_INIT;
    series = (varve__series){.points = NULL};
}

static void tear_down(void)
{
    varve_buf_release(&raw);
    varve__series_release(&series);
    varve_error_release(&err);
}

/* The data of a value, without its header; what was decoded before is given back. */
static void decode(const char *data)
{
    varve__series_release(&series);
    ck_ok(varve__series_decode_data(hex(data), &series, &err), &err);
}

static void expect_data(const char *data)
{
    raw.size = 0;
    ck_ok(varve__series_append_raw(&series, &raw, &err), &err);
    ck_assert_uint_ge(raw.size, 5);
    ck_hex(varve_slice_of(raw.data, 5), "00 00 00 00 64");
    ck_hex(varve_slice_of(raw.data + 5, raw.size - 5), data);
}

/* Doubles, little-endian: 1, 2, 5, 10. */
#define D1 "00 00 00 00 00 00 F0 3F "
#define D2 "00 00 00 00 00 00 00 40 "
#define D5 "00 00 00 00 00 00 14 40 "
#define D10 "00 00 00 00 00 00 24 40 "

/* Start 1, samples of 1000 nanoseconds. */
#define HEAD "08 01 10 E8 07 "

/* A row: offset, count 1, sum. */
#define ROW(offset, sum) "1A 0D 08 " offset " 30 01 39 " sum

/* ---- Rows ---------------------------------------------------------------------------------------
 */

START_TEST(rows_are_decoded_and_encoded)
{
    static const char data[] = HEAD ROW("01", D5) "1A 1F 08 02 30 02 39 " D10 "41 " D5 "49 " D2;
    decode(data);
    ck_assert(!series.is_columnar);
    ck_assert_int_eq(series.start, 1);
    ck_assert_int_eq(series.sample_duration, 1000);
    ck_assert_uint_eq(series.count, 2);
    ck_assert_int_eq(series.points[0].offset, 1);
    ck_assert_uint_eq(series.points[0].count, 1);
    ck_assert(series.points[0].sum == 5);
    ck_assert(!series.points[0].has_max && !series.points[0].has_min);
    ck_assert_int_eq(series.points[1].offset, 2);
    ck_assert_uint_eq(series.points[1].count, 2);
    ck_assert(series.points[1].sum == 10);
    ck_assert(series.points[1].has_max && series.points[1].max == 5);
    ck_assert(series.points[1].has_min && series.points[1].min == 2);
    expect_data(data);
}
END_TEST

/* Start, duration, offset, count and sum are always written; missing ones are zero. */
START_TEST(rows_have_defaults)
{
    decode("");
    ck_assert_uint_eq(series.count, 0);
    expect_data("08 00 10 00");
    decode("1A 00");
    ck_assert_uint_eq(series.count, 1);
    expect_data("08 00 10 00 1A 0D 08 00 30 00 39 00 00 00 00 00 00 00 00");
}
END_TEST

START_TEST(numbers_have_their_ranges)
{
    static const char data[] = "08 FF FF FF FF FF FF FF FF 7F 10 80 80 80 80 80 80 80 80 80 01 "
                               "1A 1A 08 80 80 80 80 F8 FF FF FF FF 01 30 FF FF FF FF 0F 39 " D1;
    decode(data);
    ck_assert_int_eq(series.start, INT64_MAX);
    ck_assert_int_eq(series.sample_duration, INT64_MIN);
    ck_assert_int_eq(series.points[0].offset, INT32_MIN);
    ck_assert_uint_eq(series.points[0].count, UINT32_MAX);
    expect_data(data);
}
END_TEST

/* Any order, unknown fields, repeated ones. */
START_TEST(rows_are_read_however_they_stand)
{
    decode("65 01 02 03 04 1A 13 39 " D1 "30 07 08 09 08 03 78 05 7A 00 10 05 08 02 08 01");
    expect_data("08 01 10 05 1A 0D 08 03 30 07 39 " D1);
}
END_TEST

/* ---- Columns ------------------------------------------------------------------------------------
 */

START_TEST(columns_are_decoded_and_encoded)
{
    static const char data[] = HEAD "22 02 01 02 2A 10 " D1 D2;
    decode(data);
    ck_assert(series.is_columnar);
    ck_assert_uint_eq(series.columns, 0);
    ck_assert_uint_eq(series.count, 2);
    ck_assert_int_eq(series.points[1].offset, 2);
    ck_assert(series.points[1].last == 2);
    expect_data(data);
}
END_TEST

START_TEST(all_columns_are_kept)
{
    static const char data[] = HEAD "22 01 03 2A 08 " D1 "32 01 07 3A 08 " D2 "42 08 " D5
                                    "4A 08 " D10 "52 08 " D1 "5A 08 " D5;
    decode(data);
    ck_assert_uint_eq(series.columns, VARVE__SERIES_COUNT | VARVE__SERIES_SUM | VARVE__SERIES_MAX |
                                          VARVE__SERIES_MIN | VARVE__SERIES_FIRST |
                                          VARVE__SERIES_VARIANCE);
    const varve__point *point = &series.points[0];
    ck_assert_int_eq(point->offset, 3);
    ck_assert_uint_eq(point->count, 7);
    ck_assert(point->last == 1 && point->sum == 2 && point->max == 5 && point->min == 10);
    ck_assert(point->first == 1 && point->variance == 5);
    expect_data(data);
}
END_TEST

/* Packed in several fields, or a field each, they are the same. */
START_TEST(columns_need_not_be_packed)
{
    decode(HEAD "20 01 22 01 02 29 " D1 "2A 08 " D2 "30 07 30 08");
    expect_data(HEAD "22 02 01 02 2A 10 " D1 D2 "32 02 07 08");
}
END_TEST

/* ---- What does not decode -----------------------------------------------------------------------
 */

static const struct {
    const char *data;
    const char *message;
} undecodable[] = {
    {"67 61 72", "time series does not decode: illegal wire type"},
    {"08", "time series does not decode: bad varint"},
    {"0A 00", "time series does not decode: wrong wire type of a known field"},
    {"18 01", "time series does not decode: wrong wire type of a known field"},
    {"1A 05 08", "time series does not decode: field is cut short"},
    {"1A 02 38 01", "time series does not decode: wrong wire type of a known field"},
    {"1A 02 09 01", "time series does not decode: field is cut short"},
    {"1A 06 08 80 80 80 80 08", "time series does not decode: number has more than 32 bits"},
    {"1A 06 30 80 80 80 80 10", "time series does not decode: number has more than 32 bits"},
    {"22 01 80", "time series does not decode: bad varint"},
    {"22 05 80 80 80 80 08", "time series does not decode: number has more than 32 bits"},
    {"22 01 01 2A 07 00 00 00 00 00 00 00", "time series does not decode: column is cut short"},
    {"28 01", "time series does not decode: wrong wire type of a known field"},
    {"25 00 00 00 00", "time series does not decode: wrong wire type of a known field"},
    {"22 02 01 02 2A 08 " D1, "time series does not decode: columns of different lengths"},
    {"22 01 01 2A 10 " D1 D2, "time series does not decode: columns of different lengths"},
    {"22 01 01", "time series does not decode: columns of different lengths"},
    {"2A 08 " D1, "time series does not decode: columns of different lengths"},
    {"32 01 01", "time series does not decode: columns of different lengths"},
    {"22 02 01 02 2A 10 " D1 D2 "32 01 01",
     "time series does not decode: columns of different lengths"},
    {"22 02 01 02 2A 10 " D1 D2 "5A 08 " D1,
     "time series does not decode: columns of different lengths"},
    {ROW("01", D1) "22 01 01 2A 08 " D1, "time series does not decode: rows and columns"},
    {ROW("01", D1) "2A 08 " D1, "time series does not decode: rows and columns"},
    {ROW("01", D1) ROW("02", D1) "22 01 01 2A 08 " D1,
     "time series does not decode: rows and columns"},
};
enum { UNDECODABLE = sizeof undecodable / sizeof undecodable[0] };

START_TEST(damaged_series_do_not_decode)
{
    ck_fails(varve__series_decode_data(hex(undecodable[_i].data), &series, &err), VARVE_VALUE_TYPE,
             &err, undecodable[_i].message);
    ck_assert_ptr_null(series.points);
    ck_assert_uint_eq(series.count, 0);
}
END_TEST

/* ---- Consolidation and appending ----------------------------------------------------------------
 */

/* Rows as "offset:sum", in text. */
static varve__series rows_of(const char *text)
{
    varve__series rows = {.start = 1, .sample_duration = 1000};
    for (char *end; *text != '\0'; text = end + strspn(end, " ")) {
        ck_ok(varve__series_reserve(&rows, 1, &err), &err);
        varve__point *point = &rows.points[rows.count++];
        *point = (varve__point){.offset = (int32_t)strtol(text, &end, 10), .count = 1};
        ck_assert_int_eq(*end, ':');
        point->sum = strtod(end + 1, &end);
    }
    return rows;
}

static void expect_rows(const varve__series *actual, const char *text)
{
    varve__series expected = rows_of(text);
    ck_assert_uint_eq(actual->count, expected.count);
    for (size_t i = 0; i < expected.count; i++) {
        ck_assert_int_eq(actual->points[i].offset, expected.points[i].offset);
        double number = actual->is_columnar ? actual->points[i].last : actual->points[i].sum;
        ck_assert_msg(number == expected.points[i].sum, "%g, not %g", number,
                      expected.points[i].sum);
    }
    varve__series_release(&expected);
}

static const struct {
    const char *existing;
    const char *update;
    const char *result;
} consolidations[] = {
    {"", "2:5 1:5 2:5", "1:5 2:5"},     {"1:5", "2:5", "1:5 2:5"},
    {"1:5 3:5", "2:5", "1:5 2:5 3:5"},  {"1:10 1:5 2:5", "1:100 2:5 3:5", "1:100 2:5 3:5"},
    {"", "1:1 1:2 1:3", "1:3"},         {"", "", ""},
    {"3:1 2:1 1:1", "", "1:1 2:1 3:1"}, {"5:1 5:2", "-1:7 5:3 5:4 -1:8", "-1:8 5:4"},
};
enum { CONSOLIDATIONS = sizeof consolidations / sizeof consolidations[0] };

START_TEST(of_equal_offsets_the_last_stays)
{
    varve__series update = rows_of(consolidations[_i].update);
    series = rows_of(consolidations[_i].existing);
    ck_ok(varve__series_append(&series, &update, &err), &err);
    varve__series_consolidate(&series);
    ck_assert(!series.is_columnar);
    expect_rows(&series, consolidations[_i].result);
    varve__series_release(&update);
}
END_TEST

/* The same as columns, on either side. */
START_TEST(rows_become_columns)
{
    for (int side = 0; side < 3; side++) {
        varve__series update = rows_of(consolidations[_i].update);
        series = rows_of(consolidations[_i].existing);
        if (side != 1)
            varve__series_make_columnar(&series);
        if (side != 0)
            varve__series_make_columnar(&update);
        ck_ok(varve__series_append(&series, &update, &err), &err);
        varve__series_consolidate(&series);
        ck_assert(series.is_columnar);
        expect_rows(&series, consolidations[_i].result);
        varve__series_release(&update);
        varve__series_release(&series);
    }
}
END_TEST

START_TEST(appending_does_not_sort)
{
    varve__series update = rows_of("2:1 1:1");
    series = rows_of("3:1 2:2");
    ck_ok(varve__series_append(&series, &update, &err), &err);
    expect_rows(&series, "3:1 2:2 2:1 1:1");
    varve__series_release(&update);
}
END_TEST

START_TEST(many_points_are_sorted_stably)
{
    test_random dice = test_random_start();
    int32_t last[50];
    for (int i = 0; i < 50; i++)
        last[i] = -1;
    ck_ok(varve__series_reserve(&series, 5000, &err), &err);
    for (int32_t i = 0; i < 5000; i++) {
        size_t offset = test_random_below(&dice, 50);
        series.points[series.count++] = (varve__point){.offset = (int32_t)offset, .sum = i};
        last[offset] = i;
    }
    varve__series_consolidate(&series);
    size_t at = 0;
    for (int32_t offset = 0; offset < 50; offset++) {
        if (last[offset] < 0)
            continue;
        ck_assert_int_eq(series.points[at].offset, offset);
        ck_assert(series.points[at].sum == last[offset]);
        at++;
    }
    ck_assert_uint_eq(series.count, at);
}
END_TEST

START_TEST(columns_fit_if_they_are_the_same)
{
    varve__series other = rows_of("1:1");
    varve__series nothing = rows_of("");
    decode(HEAD "22 01 03 2A 08 " D1 "32 01 07");
    ck_assert(!varve__series_fits_columns(&series, &other));
    ck_assert(!varve__series_fits_columns(&other, &series));
    ck_assert(varve__series_fits_columns(&series, &nothing));
    ck_assert(varve__series_fits_columns(&nothing, &series));
    ck_assert(varve__series_fits_columns(&series, &series));
    ck_ok(varve__series_append(&nothing, &series, &err), &err);
    ck_assert_uint_eq(nothing.columns, VARVE__SERIES_COUNT);
    decode(HEAD "22 01 03 2A 08 " D1);
    ck_assert(varve__series_fits_columns(&series, &other));
    varve__series_release(&other);
    varve__series_release(&nothing);
}
END_TEST

/* ---- What applications see ----------------------------------------------------------------------
 */

START_TEST(samples_are_encoded_and_decoded)
{
    varve_sample samples[] = {
        {.offset = 1, .count = 1, .sum = 5},
        {.offset = 2, .count = 2, .sum = 10, .has_max = true, .has_min = true, .max = 5, .min = 2}};
    varve_series given = {1, 1000, samples, 2};
    varve_series back;
    ck_ok(varve_series_encode(&given, &raw, &err), &err);
    ck_hex(varve_buf_slice(&raw),
           "00 00 00 00 64 " HEAD ROW("01", D5) "1A 1F 08 02 30 02 39 " D10 "41 " D5 "49 " D2);
    ck_ok(varve_series_decode(varve_buf_slice(&raw), &back, &err), &err);
    ck_assert_int_eq(back.start, 1);
    ck_assert_int_eq(back.sample_duration, 1000);
    ck_assert_uint_eq(back.count, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(back.samples[i].offset, samples[i].offset);
        ck_assert_uint_eq(back.samples[i].count, samples[i].count);
        ck_assert(back.samples[i].sum == samples[i].sum);
        ck_assert_int_eq(back.samples[i].has_max, samples[i].has_max);
        ck_assert_int_eq(back.samples[i].has_min, samples[i].has_min);
        ck_assert(back.samples[i].max == samples[i].max);
        ck_assert(back.samples[i].min == samples[i].min);
    }
    varve_series_release(&back);
    varve_series_release(&back);
}
END_TEST

static varve_sample only_sample(const char *value)
{
    varve_series back;
    ck_ok(varve_series_decode(hex(value), &back, &err), &err);
    ck_assert_uint_eq(back.count, 1);
    varve_sample sample = back.samples[0];
    varve_series_release(&back);
    return sample;
}

START_TEST(columns_are_seen_as_rows)
{
    varve_sample sample = only_sample("00 00 00 00 64 " HEAD "22 01 03 2A 08 " D2);
    ck_assert_int_eq(sample.offset, 3);
    ck_assert_uint_eq(sample.count, 1);
    ck_assert(sample.sum == 2 && !sample.has_max && !sample.has_min);
    sample = only_sample("00 00 00 00 64 " HEAD "22 01 03 2A 08 " D2 "32 01 07 3A 08 " D10
                         "42 08 " D5 "4A 08 " D1);
    ck_assert_uint_eq(sample.count, 7);
    ck_assert(sample.sum == 10 && sample.has_max && sample.max == 5);
    ck_assert(sample.has_min && sample.min == 1);
}
END_TEST

START_TEST(other_values_are_no_series)
{
    varve_series untouched = {7, 7, NULL, 7};
    ck_fails(varve_series_decode(hex("00 00 00 00 03 76"), &untouched, &err), VARVE_VALUE_TYPE,
             &err, "value type is not TIMESERIES: BYTES");
    ck_fails(varve_series_decode(hex("00"), &untouched, &err), VARVE_VALUE_TYPE, &err,
             "value type is not TIMESERIES: UNKNOWN");
    ck_fails(varve_series_decode(hex("00 00 00 00 64 08"), &untouched, &err), VARVE_VALUE_TYPE,
             &err, "time series does not decode: bad varint");
    ck_assert_uint_eq(untouched.count, 7);
}
END_TEST

START_TEST(a_series_without_samples)
{
    varve_series given = {-1, 0, NULL, 0};
    varve_series back = {1, 1, NULL, 1};
    ck_ok(varve_series_encode(&given, &raw, &err), &err);
    ck_hex(varve_buf_slice(&raw), "00 00 00 00 64 08 FF FF FF FF FF FF FF FF FF 01 10 00");
    ck_ok(varve_series_decode(varve_buf_slice(&raw), &back, &err), &err);
    ck_assert_int_eq(back.start, -1);
    ck_assert_uint_eq(back.count, 0);
    varve_series_release(&back);
}
END_TEST

static varve_status all_with_faults(void *context, varve_error *error)
{
    (void)context;
    varve_sample samples[] = {{.offset = 2, .sum = 1}, {.offset = 1, .sum = 1}};
    varve_series given = {1, 1000, samples, 2};
    varve_series back = {.samples = NULL};
    varve_buf out = VARVE_BUF_INIT;
    varve_status status = varve_series_encode(&given, &out, error);
    ck_assert(status == VARVE_OK || out.size == 0);
    if (status == VARVE_OK)
        status = varve_series_decode(varve_buf_slice(&out), &back, error);
    ck_assert_uint_eq(back.count, status == VARVE_OK ? 2 : 0);
    varve_series_release(&back);
    varve_buf_release(&out);
    return status;
}

START_TEST(all_of_it_can_run_out_of_memory)
{
    /* Points, bytes; points twice as they grow, samples. */
    ck_assert_uint_eq(fault_alloc_each(all_with_faults, NULL), 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("series");
    TCase *tcase = tcase_create("series");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, rows_are_decoded_and_encoded);
    tcase_add_test(tcase, rows_have_defaults);
    tcase_add_test(tcase, numbers_have_their_ranges);
    tcase_add_test(tcase, rows_are_read_however_they_stand);
    tcase_add_test(tcase, columns_are_decoded_and_encoded);
    tcase_add_test(tcase, all_columns_are_kept);
    tcase_add_test(tcase, columns_need_not_be_packed);
    tcase_add_loop_test(tcase, damaged_series_do_not_decode, 0, UNDECODABLE);
    tcase_add_loop_test(tcase, of_equal_offsets_the_last_stays, 0, CONSOLIDATIONS);
    tcase_add_loop_test(tcase, rows_become_columns, 0, CONSOLIDATIONS);
    tcase_add_test(tcase, appending_does_not_sort);
    tcase_add_test(tcase, many_points_are_sorted_stably);
    tcase_add_test(tcase, columns_fit_if_they_are_the_same);
    tcase_add_test(tcase, samples_are_encoded_and_decoded);
    tcase_add_test(tcase, columns_are_seen_as_rows);
    tcase_add_test(tcase, other_values_are_no_series);
    tcase_add_test(tcase, a_series_without_samples);
    tcase_add_test(tcase, all_of_it_can_run_out_of_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
