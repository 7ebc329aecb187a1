/*
 * The merge operator by itself: what it makes of operands, and that it does not matter how they
 * were grouped before.
 */
#include "engine/merge.h"

#include <inttypes.h>
#include <stdio.h>
#include <varve/merge.h>
#include <varve/value.h>

#include "format/conflict.h"
#include "format/meta.h"
#include "format/series.h"
#include "tests/support/support.h"
#include "util/buf.h"

static varve_error err = VARVE_ERROR_INIT;
static varve_buf out;

static void set_up(void)
{
    out = (varve_buf)VARVE_BUF_INIT;
}

static void tear_down(void)
{
    varve_buf_release(&out);
    varve_error_release(&err);
}

/* ---- Raw values, which live as long as the test -------------------------------------------------
 */

static varve_slice kept(varve_buf *buf)
{
    varve_slice slice = copy_of(varve_buf_slice(buf));
    varve_buf_release(buf);
    return slice;
}

static varve_slice text_value(const char *text)
{
    varve_buf raw = VARVE_BUF_INIT;
    ck_ok(varve_value_set_bytes(&raw, varve_slice_text(text), &err), &err);
    return kept(&raw);
}

static varve_slice int_value(int64_t number)
{
    varve_buf raw = VARVE_BUF_INIT;
    ck_ok(varve_value_set_int(&raw, number, &err), &err);
    return kept(&raw);
}

/* A series of samples "offset:sum", of count 1, or "offset:sum/count/max/min". */
static varve_slice series_of(int64_t start, int64_t duration, const char *text)
{
    varve_sample samples[32];
    varve_series series = {start, duration, samples, 0};
    varve_buf raw = VARVE_BUF_INIT;
    for (char *end; *text != '\0'; text = end + strspn(end, " ")) {
        varve_sample *sample = &samples[series.count++];
        *sample = (varve_sample){.offset = (int32_t)strtol(text, &end, 10), .count = 1};
        sample->sum = strtod(end + 1, &end);
        if (*end != '/')
            continue;
        sample->count = (uint32_t)strtoul(end + 1, &end, 10);
        sample->has_max = sample->has_min = true;
        sample->max = strtod(end + 1, &end);
        sample->min = strtod(end + 1, &end);
    }
    ck_ok(varve_series_encode(&series, &raw, &err), &err);
    return kept(&raw);
}

static varve_slice samples(const char *text)
{
    return series_of(1000, 100, text);
}

/* The same in columns: offset and last. */
static varve_slice columns(const char *text)
{
    varve_slice raw = samples(text);
    varve__series series = {.points = NULL};
    varve_buf columnar = VARVE_BUF_INIT;
    ck_ok(varve__series_decode_data(varve_slice_of(raw.data + 5, raw.size - 5), &series, &err),
          &err);
    varve__series_make_columnar(&series);
    ck_ok(varve__series_append_raw(&series, &columnar, &err), &err);
    varve__series_release(&series);
    return kept(&columnar);
}

static varve_slice record_of(varve_slice raw)
{
    varve_buf record = VARVE_BUF_INIT;
    ck_ok(varve_merge_operand(raw, NULL, &record, &err), &err);
    return kept(&record);
}

/* ---- Merging ------------------------------------------------------------------------------------
 */

/* What a full merge gives; lives as long as the test. */
static varve_slice full(const varve_slice *existing, const varve_slice *operands, size_t count)
{
    ck_ok(varve__merge_full(existing, operands, count, &out, &err), &err);
    return copy_of(varve_buf_slice(&out));
}

/* The raw value of such a record. */
static varve_slice raw_of(varve_slice record)
{
    varve__meta meta;
    ck_ok(varve__meta_decode(record, &meta, &err), &err);
    ck_assert(meta.has_raw);
    return meta.raw;
}

static varve__conflict conflict_of(varve_slice record)
{
    varve__meta meta;
    varve__conflict conflict;
    ck_assert_ptr_null(varve__meta_parse(record, &meta));
    ck_assert_msg(meta.has_conflict, "no conflict: %s", hex_text(record));
    ck_assert_ptr_null(varve__conflict_parse(meta.conflict, &conflict));
    return conflict;
}

static size_t operands_of(const varve__conflict *conflict, varve_slice *operands, size_t room)
{
    size_t count = 0;
    varve_slice left = conflict->operands;
    varve_slice operand;
    while (varve__conflict_next_operand(&left, &operand)) {
        ck_assert_uint_lt(count, room);
        operands[count++] = operand;
    }
    return count;
}

static varve_slice merged(varve_slice left, varve_slice right)
{
    varve_slice existing = record_of(left);
    varve_slice operand = record_of(right);
    return full(&existing, &operand, 1);
}

/* ---- What fits together -------------------------------------------------------------------------
 */

START_TEST(bytes_are_concatenated)
{
    ck_slice_eq(raw_of(merged(text_value(""), text_value(""))), text_value(""));
    ck_slice_eq(raw_of(merged(text_value("\n "), text_value(" \t "))), text_value("\n  \t "));
    ck_slice_eq(raw_of(merged(text_value("ქართული"), text_value("\nKhartuli"))),
                text_value("ქართული\nKhartuli"));
    const varve_slice xyz[] = {record_of(text_value("x")), record_of(text_value("y")),
                               record_of(text_value("z"))};
    ck_slice_eq(raw_of(full(NULL, xyz, 3)), text_value("xyz"));
}
END_TEST

/* The tag is that of the oldest; other tags than INT and TIMESERIES do not matter. */
START_TEST(the_oldest_tag_stays)
{
    ck_hex(raw_of(merged(hex("00 00 00 00 0A 61"), hex("00 00 00 00 03 62"))),
           "00 00 00 00 0A 61 62");
    ck_hex(raw_of(merged(hex("00 00 00 00 02 3F F0"), hex("00 00 00 00 06 01"))),
           "00 00 00 00 02 3F F0 01");
}
END_TEST

/* A value by itself keeps its checksum; that of a combination is not set. */
START_TEST(checksums)
{
    static const char with_checksum[] = "ED 6C 45 A8 03 76 61 6C 75 65";
    varve_slice operand = record_of(hex(with_checksum));
    ck_hex(raw_of(full(NULL, &operand, 1)), with_checksum);
    ck_hex(raw_of(merged(hex(with_checksum), text_value("+"))), "00 00 00 00 03 76 61 6C 75 65 2B");
    ck_hex(raw_of(merged(hex("58 4C F1 58 01 06"), int_value(1))), "00 00 00 00 01 08");
    /* Even if nothing is added. */
    ck_hex(raw_of(merged(hex(with_checksum), hex("00"))), "00 00 00 00 03 76 61 6C 75 65");
}
END_TEST

START_TEST(values_without_a_header)
{
    varve_slice nothing = hex("");
    /* Nothing merged into nothing is an empty value. */
    ck_hex(full(NULL, &nothing, 1), "12 04 08 00 10 00 18 00 20 00 28 00 32 00");
    ck_hex(full(&nothing, &nothing, 1), "12 04 08 00 10 00 18 00 20 00 28 00 32 00");
    ck_hex(full(NULL, NULL, 0), "12 04 08 00 10 00 18 00 20 00 28 00 32 00");
    /* What is shorter than a header is no value either. */
    ck_hex(raw_of(merged(hex(""), hex("ED 6C 45 A8 03 76 61 6C 75 65"))),
           "00 00 00 00 03 76 61 6C 75 65");
    ck_hex(raw_of(merged(hex("01 02 03"), text_value("abc"))), "00 00 00 00 03 61 62 63");
    ck_hex(raw_of(merged(hex("01 02 03 04"), hex("05 06"))), "01 02 03 04");
    ck_hex(raw_of(merged(text_value("a"), hex("00 00 00 00"))), "00 00 00 00 03 61");
}
END_TEST

START_TEST(integers_are_summed)
{
    static const struct {
        int64_t left, right, sum;
    } sums[] = {{1, 2, 3},
                {-1, 1, 0},
                {INT64_MAX, 1, INT64_MIN},
                {INT64_MIN, -1, INT64_MAX},
                {INT64_MIN, INT64_MIN, 0}};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        ck_slice_eq(raw_of(merged(int_value(sums[i].left), int_value(sums[i].right))),
                    int_value(sums[i].sum));
}
END_TEST

static const struct {
    const char *existing; /* NULL = nothing */
    const char *updates[4];
    const char *result;
} united[] = {
    {NULL, {"2:5 1:5 2:5"}, "1:5 2:5"},
    {"1:5", {"2:5"}, "1:5 2:5"},
    {"1:5 3:5", {"2:5"}, "1:5 2:5 3:5"},
    {"1:10 1:5 2:5", {"1:100 2:5 3:5"}, "1:100 2:5 3:5"},
    {NULL, {"1:5", "2:5 1:10/2/7/3", "10:5", "5:5 3:5"}, "1:10/2/7/3 2:5 3:5 5:5 10:5"},
    {"1:5", {"2:5 1:10/2/7/3", "10:5", "5:5 3:5"}, "1:10/2/7/3 2:5 3:5 5:5 10:5"},
    {NULL, {"", "1:1", ""}, "1:1"},
    {"3:1 1:1", {""}, "1:1 3:1"},
    {"", {""}, ""},
};
enum { UNITED = sizeof united / sizeof united[0] };

/* From nothing, from the first, with partial merges of the rest, and by the helper. */
START_TEST(time_series_are_united)
{
    varve_slice raws[5], records[5];
    size_t count = 0;
    varve_buf rest = VARVE_BUF_INIT;
    varve_slice result = samples(united[_i].result);
    if (united[_i].existing != NULL)
        raws[count++] = samples(united[_i].existing);
    for (int i = 0; i < 4 && united[_i].updates[i] != NULL; i++)
        raws[count++] = samples(united[_i].updates[i]);
    for (size_t i = 0; i < count; i++)
        records[i] = record_of(raws[i]);

    ck_slice_eq(raw_of(full(NULL, records, count)), result);
    ck_slice_eq(
        raw_of(full(&records[0], count > 1 ? &records[1] : records, count > 1 ? count - 1 : 1)),
        result);
    for (size_t from = 0; from < 2 && from < count; from++) {
        varve_status status = varve__merge_partial(records + from, count - from, &rest, &err);
        if (status == VARVE_NOT_FOUND)
            continue;
        ck_ok(status, &err);
        varve_slice operand = varve_buf_slice(&rest);
        ck_slice_eq(raw_of(full(from > 0 ? &records[0] : NULL, &operand, 1)), result);
    }
    ck_ok(varve_merge_fold(raws, count, &rest, &err), &err);
    ck_slice_eq(varve_buf_slice(&rest), result);
    varve_buf_release(&rest);
}
END_TEST

START_TEST(rows_and_columns_are_united_as_columns)
{
    ck_slice_eq(raw_of(merged(samples("1:5 3:5"), columns("2:7 1:6"))), columns("1:6 2:7 3:5"));
    ck_slice_eq(raw_of(merged(columns("1:5 3:5"), samples("2:7 1:6"))), columns("1:6 2:7 3:5"));
    ck_slice_eq(raw_of(merged(columns("3:5 1:5"), columns("3:7"))), columns("1:5 3:7"));
    varve_slice operand = record_of(columns("3:5 1:5 3:6"));
    ck_slice_eq(raw_of(full(NULL, &operand, 1)), columns("1:5 3:6"));
}
END_TEST

static varve_slice at_time(const char *text, int64_t wall)
{
    varve_buf record = VARVE_BUF_INIT;
    varve_ts ts = {wall, 0};
    ck_ok(varve_merge_operand(text_value(text), &ts, &record, &err), &err);
    return kept(&record);
}

/* The first operand's, and none if that has none. */
START_TEST(the_timestamp_is_that_of_the_first_operand)
{
    const varve_slice operands[] = {at_time("a", 22), at_time("b", 33)};
    const varve_slice without = record_of(text_value("b"));
    varve__meta meta;
    ck_hex(operands[0], "12 04 08 00 10 00 18 00 20 00 28 00 32 06 00 00 00 00 03 61 "
                        "3A 04 08 16 10 00");
    ck_ok(varve__meta_decode(full(NULL, operands, 2), &meta, &err), &err);
    ck_assert(meta.has_merge_ts && meta.merge_ts.wall == 22);
    ck_ok(varve__meta_decode(full(&without, operands, 2), &meta, &err), &err);
    ck_assert(!meta.has_merge_ts);
    ck_ok(varve__meta_decode(full(&operands[1], &without, 1), &meta, &err), &err);
    ck_assert(meta.has_merge_ts && meta.merge_ts.wall == 33);
    ck_ok(varve__merge_partial(operands, 2, &out, &err), &err);
    ck_hex(varve_buf_slice(&out), "12 04 08 00 10 00 18 00 20 00 28 00 32 07 00 00 00 00 03 61 62 "
                                  "3A 04 08 16 10 00");
}
END_TEST

/* ---- What does not ------------------------------------------------------------------------------
 */

enum { MISFITS = 12 };

static const struct {
    varve__conflict_code code;
    const char *text;
} reasons[MISFITS] = {
    {VARVE__CONFLICT_TYPES, "TIMESERIES cannot be merged into BYTES"},
    {VARVE__CONFLICT_TYPES, "BYTES cannot be merged into TIMESERIES"},
    {VARVE__CONFLICT_TYPES, "INT cannot be merged into BYTES"},
    {VARVE__CONFLICT_TYPES, "UNKNOWN cannot be merged into INT"},
    {VARVE__CONFLICT_TYPES, "TIMESERIES cannot be merged into INT"},
    {VARVE__CONFLICT_START, "time series that start at 1000 and 1001"},
    {VARVE__CONFLICT_DURATION, "time series of samples of 1000 and 100 nanoseconds"},
    {VARVE__CONFLICT_COLUMNS, "time series with different columns"},
    {VARVE__CONFLICT_SERIES, "time series does not decode: bad varint"},
    {VARVE__CONFLICT_SERIES, "time series does not decode: bad varint"},
    {VARVE__CONFLICT_INT, "an INT does not decode"},
    {VARVE__CONFLICT_INT, "an INT does not decode"},
};

static void misfit(int number, varve_slice pair[2])
{
    static const char bad_series[] = "00 00 00 00 64 08";
    static const char bad_int[] = "00 00 00 00 01 80";
    const varve_slice pairs[MISFITS][2] = {
        {text_value("a"), samples("1:1")},
        {samples("1:1"), text_value("a")},
        {text_value("a"), int_value(1)},
        {int_value(1), hex("00")},
        {int_value(1), samples("1:1")},
        {samples("1:1"), series_of(1001, 100, "1:1")},
        {series_of(1000, 1000, "1:1"), samples("1:1")},
        {samples("1:1"), hex("00 00 00 00 64 08 E8 07 10 64 22 01 01 "
                             "2A 08 00 00 00 00 00 00 F0 3F 32 01 01")},
        {hex(bad_series), samples("1:1")},
        {samples("1:1"), hex(bad_series)},
        {hex(bad_int), int_value(1)},
        {int_value(1), hex(bad_int)},
    };
    pair[0] = pairs[number][0];
    pair[1] = pairs[number][1];
}

START_TEST(what_does_not_fit_is_kept_in_a_conflict)
{
    varve_slice pair[2], operands[2], kept_operands[4];
    char message[VARVE_ERROR_MESSAGE_MAX];
    misfit(_i, pair);
    operands[0] = record_of(pair[0]);
    operands[1] = record_of(pair[1]);
    snprintf(message, sizeof message, "merge conflict: %s", reasons[_i].text);

    varve_slice record = full(&operands[0], &operands[1], 1);
    varve__meta meta;
    ck_fails(varve__meta_decode(record, &meta, &err), VARVE_MERGE_CONFLICT, &err, message);
    varve__conflict conflict = conflict_of(record);
    ck_assert_int_eq(conflict.code, reasons[_i].code);
    ck_assert(conflict.has_below && !conflict.more);
    ck_slice_eq(conflict.below, operands[0]);
    ck_assert_uint_eq(operands_of(&conflict, kept_operands, 4), 1);
    ck_slice_eq(kept_operands[0], operands[1]);

    ck_fails(varve_merge_fold(pair, 2, &out, &err), VARVE_MERGE_CONFLICT, &err, message);
    ck_status(varve__merge_partial(operands, 2, &out, &err), VARVE_NOT_FOUND, &err);

    /* With nothing below, the first operand is what was there, unless it is the one at fault. */
    conflict = conflict_of(full(NULL, operands, 2));
    ck_assert_int_eq(conflict.code, reasons[_i].code);
    ck_assert_int_eq(conflict.has_below, _i != 8);
    ck_assert_uint_eq(operands_of(&conflict, kept_operands, 4), _i != 8 ? 1 : 2);
}
END_TEST

static const struct {
    const char *existing; /* NULL = nothing */
    const char *operand;
    varve__conflict_code code;
    const char *message;
} odd[] = {
    {"80", "32 00", VARVE__CONFLICT_BELOW,
     "merge conflict: what is there does not decode: bad field tag"},
    {"A2 06 01 08", "32 00", VARVE__CONFLICT_BELOW,
     "merge conflict: what is there does not decode: bad varint"},
    {"0A 00", "32 00", VARVE__CONFLICT_INTENT,
     "merge conflict: there is an intent of a transaction"},
    {"0A 00 32 00", "32 00", VARVE__CONFLICT_INTENT,
     "merge conflict: there is an intent of a transaction"},
    {NULL, "80", VARVE__CONFLICT_OPERAND,
     "merge conflict: an operand does not decode: bad field tag"},
    {"32 00", "80", VARVE__CONFLICT_OPERAND,
     "merge conflict: an operand does not decode: bad field tag"},
    {NULL, "A2 06 00", VARVE__CONFLICT_OPERAND, "merge conflict: an operand is a conflict itself"},
    {"32 00", "", VARVE__CONFLICT_NO_VALUE, "merge conflict: an operand has no value"},
    {"32 00", "18 01", VARVE__CONFLICT_NO_VALUE, "merge conflict: an operand has no value"},
};
enum { ODD = sizeof odd / sizeof odd[0] };

START_TEST(what_is_no_value_is_kept_in_a_conflict)
{
    varve_slice below = odd[_i].existing != NULL ? hex(odd[_i].existing) : hex("");
    varve_slice operand = hex(odd[_i].operand);
    varve_slice found;
    varve__meta meta;
    varve_slice record = full(odd[_i].existing != NULL ? &below : NULL, &operand, 1);
    ck_fails(varve__meta_decode(record, &meta, &err), VARVE_MERGE_CONFLICT, &err, odd[_i].message);
    varve__conflict conflict = conflict_of(record);
    ck_assert_int_eq(conflict.code, odd[_i].code);
    ck_assert_int_eq(conflict.has_below, odd[_i].existing != NULL);
    ck_slice_eq(conflict.below, below);
    ck_assert_uint_eq(operands_of(&conflict, &found, 1), 1);
    ck_slice_eq(found, operand);
}
END_TEST

/* To the byte, as docs/format.md has it. */
START_TEST(the_bytes_of_a_conflict)
{
    varve_slice existing = record_of(text_value("a"));
    varve_slice operand = record_of(int_value(1));
    ck_hex(full(&existing, &operand, 1),
           "12 04 08 00 10 00 18 00 20 00 28 00 A2 06 4F 08 05 12 1F "
           "49 4E 54 20 63 61 6E 6E 6F 74 20 62 65 20 6D 65 72 67 65 64 20 69 6E 74 6F 20 "
           "42 59 54 45 53 "
           "1A 14 12 04 08 00 10 00 18 00 20 00 28 00 32 06 00 00 00 00 03 61 "
           "22 14 12 04 08 00 10 00 18 00 20 00 28 00 32 06 00 00 00 00 01 02");
}
END_TEST

START_TEST(a_conflict_stays_one)
{
    varve_slice operands[] = {record_of(text_value("a")), record_of(int_value(1)),
                              record_of(int_value(2)),    record_of(text_value("b")),
                              record_of(text_value("c")), hex("80")};
    varve_slice found[8];
    varve_slice record = full(NULL, operands, 6);
    varve__conflict conflict = conflict_of(record);
    ck_slice_eq(conflict.text, varve_slice_text("INT cannot be merged into BYTES"));
    ck_slice_eq(conflict.below, operands[0]);
    /* What merges with its neighbours is kept merged. */
    ck_assert_uint_eq(operands_of(&conflict, found, 8), 3);
    ck_slice_eq(found[0], record_of(int_value(3)));
    ck_slice_eq(found[1], record_of(text_value("bc")));
    ck_hex(found[2], "80");
    varve_slice same = record;
    ck_slice_eq(full(&record, NULL, 0), same);
}
END_TEST

/* The record is bounded, whatever comes. */
START_TEST(a_conflict_keeps_so_much_and_no_more)
{
    varve_slice existing = record_of(int_value(1));
    varve_slice half = record_of(hex("00 00 00 00 03"));
    varve_buf raw = VARVE_BUF_INIT;
    varve_slice found[8];
    ck_ok(varve_value_set_bytes(&raw, repeated('x', VARVE__CONFLICT_KEPT_MAX / 2), &err), &err);
    half = record_of(varve_buf_slice(&raw));
    const varve_slice operands[] = {half, half, record_of(text_value("small"))};
    /* Merged, the two would be too large by a little. */
    varve_slice record = full(&existing, operands, 3);
    varve__conflict conflict = conflict_of(record);
    ck_assert(conflict.more);
    ck_assert_uint_eq(operands_of(&conflict, found, 8), 1);
    ck_slice_eq(found[0], half);
    ck_slice_eq(full(&record, operands, 3), record);
    /* Of one that is too large nothing is kept. */
    ck_ok(varve_value_set_bytes(&raw, repeated('x', VARVE__CONFLICT_KEPT_MAX), &err), &err);
    const varve_slice large[] = {record_of(varve_buf_slice(&raw)), operands[2]};
    conflict = conflict_of(full(&existing, large, 2));
    ck_assert(conflict.more);
    ck_assert_uint_eq(operands_of(&conflict, found, 8), 0);
    varve_buf_release(&raw);
}
END_TEST

/* The memory behind is not touched but for its front. */
START_TEST(a_merge_beyond_the_limit_of_a_value_is_a_conflict)
{
    size_t size = VARVE_VALUE_SIZE_MAX;
    unsigned char *huge = calloc(1, size + 32);
    ck_assert_ptr_nonnull(huge);
    static const unsigned char head[] = {0x12, 0x04, 0x08, 0x00, 0x10, 0x00, 0x18, 0x00,
                                         0x20, 0x00, 0x28, 0x00, 0x32, 0x80, 0x80, 0x80,
                                         0x80, 0x04, 0,    0,    0,    0,    3};
    memcpy(huge, head, sizeof head);
    varve_slice small = record_of(text_value("123456"));
    varve_slice large = varve_slice_of(huge, 18 + size);
    varve__conflict conflict = conflict_of(full(&small, &large, 1));
    ck_assert_int_eq(conflict.code, VARVE__CONFLICT_TOO_LARGE);
    ck_slice_eq(conflict.below, small);
    ck_assert(conflict.more);
    ck_fails(varve_merge_operand(varve_slice_of(huge, size + 1), NULL, &out, &err), VARVE_TOO_LARGE,
             &err, "value of 1073741825 bytes exceeds the limit of 1073741824");
    free(huge);
}
END_TEST

/* ---- Partial merges -----------------------------------------------------------------------------
 */

START_TEST(operands_that_wait_for_what_lies_below)
{
    const varve_slice good = record_of(text_value("a"));
    const varve_slice empty_series = record_of(samples(""));
    const varve_slice series = record_of(samples("1:1"));
    const varve_slice declined[][2] = {
        {good, hex("")},        {hex(""), good},
        {good, hex("32 00")},   {hex("32 04 00 00 00 00"), good},
        {good, hex("80")},      {good, hex("A2 06 00")},
        {empty_series, series}, {series, empty_series},
    };
    for (size_t i = 0; i < sizeof declined / sizeof declined[0]; i++) {
        out.size = 0;
        ck_status(varve__merge_partial(declined[i], 2, &out, &err), VARVE_NOT_FOUND, &err);
        ck_assert_uint_eq(out.size, 0);
    }
    ck_status(varve__merge_partial(&good, 1, &out, &err), VARVE_NOT_FOUND, &err);
    ck_status(varve__merge_partial(&good, 0, &out, &err), VARVE_NOT_FOUND, &err);
}
END_TEST

START_TEST(partial_merges_do_not_sort)
{
    const varve_slice operands[] = {record_of(samples("3:1 1:1")), record_of(samples("2:1 3:2"))};
    ck_ok(varve__merge_partial(operands, 2, &out, &err), &err);
    ck_slice_eq(raw_of(varve_buf_slice(&out)), samples("3:1 1:1 2:1 3:2"));
}
END_TEST

/* ---- Any operands in any groups -----------------------------------------------------------------
 */

static test_random dice;

static varve_slice any_raw(size_t kind)
{
    char text[40];
    switch (kind) {
    case 0:
        snprintf(text, sizeof text, "%zu", test_random_below(&dice, 1000));
        return text_value(text);
    case 1:
        return int_value((int64_t)test_random_next(&dice));
    case 2:
    case 3:
        snprintf(text, sizeof text, "%zu:%zu %zu:%zu", test_random_below(&dice, 5),
                 test_random_below(&dice, 9), test_random_below(&dice, 5),
                 test_random_below(&dice, 9));
        return kind == 2 ? samples(text) : columns(text);
    case 4:
        return text_value("");
    case 5:
        return samples("");
    case 6:
        return series_of(1001, 100, "1:1");
    case 7:
        return hex("00 00 00 00 64 08");
    case 8:
        return hex("00 00 00 00 01 80");
    case 9:
        return repeated(0, test_random_below(&dice, 5));
    case 10:
        return hex("00 00 00 00 64 08 E8 07 10 64 22 01 01 2A 08 00 00 00 00 00 00 F0 3F 32 01 01");
    default:
        return hex("00 00 00 00 0A 61");
    }
}

/* Mostly of one kind, so that they fit. */
static varve_slice any_record(size_t favourite)
{
    size_t choice = test_random_below(&dice, 20);
    if (choice == 0)
        return hex("80");
    if (choice == 1)
        return hex("");
    if (choice == 2)
        return at_time("t", 5);
    return record_of(any_raw(choice < 14 ? favourite : test_random_below(&dice, 12)));
}

enum { OPERANDS_MAX = 12 };

/* Merge neighbours here and there, as far as they let themselves; returns how many are left. */
static size_t group(varve_slice *operands, size_t count)
{
    for (size_t tries = test_random_below(&dice, 6); tries > 0 && count > 1; tries--) {
        size_t from = test_random_below(&dice, count - 1);
        size_t some = 2 + test_random_below(&dice, count - from - 1);
        varve_status status = varve__merge_partial(operands + from, some, &out, &err);
        if (status == VARVE_NOT_FOUND)
            continue;
        ck_ok(status, &err);
        operands[from] = copy_of(varve_buf_slice(&out));
        memmove(operands + from + 1, operands + from + some,
                (count - from - some) * sizeof *operands);
        count -= some - 1;
    }
    return count;
}

static void one_round(void)
{
    varve_slice operands[OPERANDS_MAX];
    size_t favourite = test_random_below(&dice, 4);
    size_t count = 1 + test_random_below(&dice, OPERANDS_MAX);
    varve_slice below = any_record(favourite);
    const varve_slice *existing = test_random_below(&dice, 3) == 0 ? NULL : &below;
    for (size_t i = 0; i < count; i++)
        operands[i] = any_record(favourite);
    varve_slice expected = full(existing, operands, count);

    /* In two steps. */
    size_t first = test_random_below(&dice, count + 1);
    varve_slice step;
    if (first > 0 && first < count) {
        step = full(existing, operands, first);
        ck_slice_eq(full(&step, operands + first, count - first), expected);
    }
    /* In groups, and those in two steps. */
    count = group(operands, count);
    ck_slice_eq(full(existing, operands, count), expected);
    first = test_random_below(&dice, count + 1);
    if (first > 0 && first < count) {
        step = full(existing, operands, first);
        ck_slice_eq(full(&step, operands + first, count - first), expected);
    }
}

START_TEST(grouping_does_not_matter)
{
    for (unsigned long i = 0; i < test_rounds(5000); i++)
        one_round();
}
END_TEST

/* ---- Against a fold that knows nothing of all this ----------------------------------------------
 */

/* What a key holds, in the simplest form there is. */
struct model {
    int64_t sum;
    char text[400];
    bool has[16]; /* samples by offset */
    double sums[16];
};

static varve_slice model_value(const struct model *model, size_t kind)
{
    char text[400] = "";
    size_t size = 0;
    if (kind == 0)
        return text_value(model->text);
    if (kind == 1)
        return int_value(model->sum);
    for (int i = 0; i < 16; i++) {
        if (model->has[i])
            size += (size_t)snprintf(text + size, sizeof text - size, "%d:%g ", i, model->sums[i]);
    }
    return samples(text);
}

static varve_slice model_add(struct model *model, size_t kind)
{
    char text[100] = "";
    size_t size = 0;
    if (kind == 0) {
        snprintf(text, sizeof text, "<%zu>", test_random_below(&dice, 100));
        size = strlen(model->text);
        snprintf(model->text + size, sizeof model->text - size, "%s", text);
        return text_value(text);
    }
    if (kind == 1) {
        int64_t number = (int64_t)test_random_below(&dice, 1000) - 500;
        model->sum += number;
        return int_value(number);
    }
    for (size_t n = 1 + test_random_below(&dice, 4); n > 0; n--) {
        size_t offset = test_random_below(&dice, 16);
        double sum = (double)test_random_below(&dice, 100);
        model->has[offset] = true;
        model->sums[offset] = sum;
        size += (size_t)snprintf(text + size, sizeof text - size, "%zu:%g ", offset, sum);
    }
    return samples(text);
}

START_TEST(a_plain_fold_agrees)
{
    for (int round = 0; round < 1000; round++) {
        struct model model = {.sum = 0};
        varve_slice operands[OPERANDS_MAX], raws[OPERANDS_MAX];
        size_t kind = test_random_below(&dice, 3);
        size_t count = 1 + test_random_below(&dice, OPERANDS_MAX);
        for (size_t i = 0; i < count; i++) {
            raws[i] = model_add(&model, kind);
            operands[i] = record_of(raws[i]);
        }
        ck_ok(varve_merge_fold(raws, count, &out, &err), &err);
        ck_slice_eq(varve_buf_slice(&out), model_value(&model, kind));
        count = group(operands, count);
        ck_slice_eq(raw_of(full(NULL, operands, count)), model_value(&model, kind));
    }
}
END_TEST

/* ---- The helper, memory, numbers ----------------------------------------------------------------
 */

START_TEST(a_fold_of_nothing_is_nothing)
{
    ck_ok(varve_value_set_int(&out, 5, &err), &err);
    ck_ok(varve_merge_fold(NULL, 0, &out, &err), &err);
    ck_assert_uint_eq(out.size, 0);
    varve_slice one = samples("2:1 1:1");
    ck_ok(varve_merge_fold(&one, 1, &out, &err), &err);
    ck_slice_eq(varve_buf_slice(&out), samples("1:1 2:1"));
}
END_TEST

static varve_slice faulty[4];
static varve_slice faulty_raws[4];
static size_t faulty_count;

static varve_status merge_all_ways(void *context, varve_error *error)
{
    (void)context;
    varve_buf buf = VARVE_BUF_INIT;
    varve_status status = varve__merge_full(NULL, faulty, faulty_count, &buf, error);
    if (status == VARVE_OK)
        status = varve__merge_full(&faulty[0], faulty + 1, faulty_count - 1, &buf, error);
    if (status == VARVE_OK)
        status = varve__merge_partial(faulty, 2, &buf, error);
    if (status >= 0)
        status = varve_merge_fold(faulty_raws, faulty_count, &buf, error);
    if (status == VARVE_MERGE_CONFLICT) {
        varve_error_release(error);
        status = VARVE_OK;
    }
    buf.size = 0;
    if (status >= 0)
        status = varve_merge_operand(faulty_raws[0], NULL, &buf, error);
    varve_buf_release(&buf);
    return status;
}

START_TEST(merges_can_run_out_of_memory)
{
    const varve_slice sets[][4] = {
        {text_value("a"), text_value("b"), text_value("c"), text_value("d")},
        {int_value(1), int_value(2), int_value(3), int_value(4)},
        {samples("2:1 1:1"), samples("1:2"), columns("3:1"), samples("4:1")},
        {text_value("a"), int_value(1), int_value(2), text_value("b")},
        {samples("1:1"), samples("2:1"), series_of(1, 1, "1:1"), hex("00 00 00 00 64 08")},
    };
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        faulty_count = 4;
        for (size_t j = 0; j < 4; j++) {
            faulty_raws[j] = sets[i][j];
            faulty[j] = record_of(sets[i][j]);
        }
        ck_assert_uint_ge(fault_alloc_each(merge_all_ways, NULL), 5);
    }
}
END_TEST

START_TEST(operations_are_counted)
{
    uint64_t before = varve__merge_operations();
    (void)merged(text_value("a"), text_value("b"));
    ck_assert_uint_eq(varve__merge_operations(), before + 1);
    const varve_slice two[] = {record_of(int_value(1)), record_of(int_value(1))};
    ck_ok(varve__merge_partial(two, 2, &out, &err), &err);
    ck_assert_uint_eq(varve__merge_operations(), before + 2);
}
END_TEST

static void roll_dice(void)
{
    set_up();
    dice = test_random_start();
}

int main(void)
{
    Suite *suite = suite_create("merge operator");
    TCase *tcase = tcase_create("operator");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, bytes_are_concatenated);
    tcase_add_test(tcase, the_oldest_tag_stays);
    tcase_add_test(tcase, checksums);
    tcase_add_test(tcase, values_without_a_header);
    tcase_add_test(tcase, integers_are_summed);
    tcase_add_loop_test(tcase, time_series_are_united, 0, UNITED);
    tcase_add_test(tcase, rows_and_columns_are_united_as_columns);
    tcase_add_test(tcase, the_timestamp_is_that_of_the_first_operand);
    tcase_add_loop_test(tcase, what_does_not_fit_is_kept_in_a_conflict, 0, MISFITS);
    tcase_add_loop_test(tcase, what_is_no_value_is_kept_in_a_conflict, 0, ODD);
    tcase_add_test(tcase, the_bytes_of_a_conflict);
    tcase_add_test(tcase, a_conflict_stays_one);
    tcase_add_test(tcase, a_conflict_keeps_so_much_and_no_more);
    tcase_add_test(tcase, a_merge_beyond_the_limit_of_a_value_is_a_conflict);
    tcase_add_test(tcase, operands_that_wait_for_what_lies_below);
    tcase_add_test(tcase, partial_merges_do_not_sort);
    tcase_add_test(tcase, a_fold_of_nothing_is_nothing);
    tcase_add_test(tcase, merges_can_run_out_of_memory);
    tcase_add_test(tcase, operations_are_counted);
    suite_add_tcase(suite, tcase);
    TCase *random = tcase_create("random");
    tcase_add_checked_fixture(random, roll_dice, tear_down);
    tcase_add_test(random, grouping_does_not_matter);
    tcase_add_test(random, a_plain_fold_agrees);
    suite_add_tcase(suite, random);
    return run_suite(suite);
}
