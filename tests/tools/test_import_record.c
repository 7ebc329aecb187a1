/* Lines of tsv and jsonl files: what they mean, and where they are wrong. */
#include "tools/import_record.h"

#include "tests/support/support.h"

#include <math.h>

/* ---- Reading from memory -----------------------------------------------------------------------
 */

struct source {
    varve_slice left;
    size_t step;
};

static ssize_t read_source(void *arg, void *buffer, size_t size)
{
    struct source *source = arg;
    size_t part = source->left.size < source->step ? source->left.size : source->step;

    ck_assert_uint_ge(size, part);
    if (part > 0)
        memcpy(buffer, source->left.data, part);
    source->left.data += part;
    source->left.size -= part;
    return (ssize_t)part;
}

/* A text that is being read. */
struct reading {
    struct source source;
    struct import_input in;
    struct import_record record;
    struct import_fault fault;
};

static void begin(struct reading *reading, varve_slice text, size_t step)
{
    memset(reading, 0, sizeof *reading);
    reading->source = (struct source){copy_of(text), step};
    ck_assert(import_input_open(&reading->in, read_source, &reading->source));
}

static void end(struct reading *reading)
{
    import_input_close(&reading->in);
    import_record_release(&reading->record);
}

struct expected {
    varve_slice key;
    varve_slice raw;
    bool has_time;
    varve_ts ts;
};

static const size_t steps[] = {1, 2, 3, 1 << 16};

/* The text has exactly these records, however it is cut into pieces. */
static void check_records(import_next_fn next, varve_slice text, const struct expected *expected,
                          size_t count)
{
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        struct reading reading;
        begin(&reading, text, steps[s]);
        for (size_t i = 0; i < count; i++) {
            enum import_step step = next(&reading.in, &reading.record, &reading.fault);
            ck_assert_msg(step == IMPORT_OK, "record %zu: %s", i, reading.fault.message);
            ck_slice_eq(import_bytes_slice(&reading.record.key), expected[i].key);
            ck_slice_eq(import_bytes_slice(&reading.record.raw), expected[i].raw);
            ck_assert(reading.record.has_time == expected[i].has_time);
            if (expected[i].has_time)
                ck_assert_int_eq(varve_ts_compare(reading.record.ts, expected[i].ts), 0);
        }
        ck_assert_int_eq(next(&reading.in, &reading.record, &reading.fault), IMPORT_END);
        ck_assert_uint_eq(reading.in.place.offset, text.size);
        end(&reading);
    }
}

/* Unset checksum, tag BYTES. */
#define RAW "\0\0\0\0\3"

static void check_one(import_next_fn next, varve_slice text, varve_slice key, varve_slice raw)
{
    const struct expected expected = {.key = key, .raw = raw};

    check_records(next, text, &expected, 1);
}

struct bad {
    const char *text;
    unsigned line;
    unsigned offset;
    const char *message; /* a part of it */
};

static void check_bad(import_next_fn next, const struct bad *bad)
{
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
        struct reading reading;
        enum import_step step;
        begin(&reading, varve_slice_text(bad->text), steps[s]);
        do
            step = next(&reading.in, &reading.record, &reading.fault);
        while (step == IMPORT_OK);
        ck_assert_msg(step == IMPORT_FAULT, "accepted: %s", bad->text);
        ck_assert_msg(strstr(reading.fault.message, bad->message) != NULL, "%s\nis refused as: %s",
                      bad->text, reading.fault.message);
        ck_assert_int_eq(reading.fault.code, TOOL_REFUSED);
        ck_assert(reading.fault.placed);
        ck_assert_msg(
            reading.fault.place.line == bad->line && reading.fault.place.offset == bad->offset,
            "%s\nline %llu, byte %llu: %s", bad->text, (unsigned long long)reading.fault.place.line,
            (unsigned long long)reading.fault.place.offset, reading.fault.message);
        end(&reading);
    }
}

/* ---- tsv ---------------------------------------------------------------------------------------
 */

START_TEST(tsv_lines_are_keys_values_and_times)
{
    const struct expected expected[] = {
        {bytes("a"), bytes(RAW "1"), false, {0, 0}},
        {bytes("b c"), bytes(RAW), false, {0, 0}},
        {bytes("d"), bytes(""), false, {0, 0}},
        {bytes("e"), bytes(RAW "2"), true, {1500000000, 0}},
        {bytes("f"), bytes(""), true, {7, 3}},
        {bytes("g"), bytes(RAW "3"), false, {0, 0}},
        {bytes("h"), bytes(RAW "last"), false, {0, 0}},
    };

    check_records(import_tsv_next,
                  bytes("a\t1\nb c\t\nd\t\\N\ne\t2\t@1.5\nf\t\\N\t(7,3)\ng\t3\t\\N\nh\tlast"),
                  expected, 7);
}
END_TEST

START_TEST(tsv_of_nothing_has_no_record)
{
    check_records(import_tsv_next, bytes(""), NULL, 0);
}
END_TEST

/* As PostgreSQL documents COPY's text format. */
START_TEST(tsv_escapes_are_those_of_copy)
{
    check_one(import_tsv_next, bytes("k\\\\\t\\b\\f\\n\\r\\t\\v\\\\\n"), bytes("k\\"),
              bytes(RAW "\b\f\n\r\t\v\\"));
    check_one(import_tsv_next, bytes("\\101\\1\\12x\\0\t\\377\\8\\1011\n"), bytes("A\1\nx\0"),
              bytes(RAW "\xFF"
                        "8A1"));
    check_one(import_tsv_next, bytes("\\x41\\x4g\\xg\t\\xFf\\x0A\\xfFf\n"), bytes("A\4gxg"),
              bytes(RAW "\xFF\n\xFF"
                        "f"));
    check_one(import_tsv_next, bytes("a\\\tb\tc\\\nd\n"), bytes("a\tb"), bytes(RAW "c\nd"));
    check_one(import_tsv_next, bytes("\\q\\.\t\\ \\\"\n"), bytes("q."), bytes(RAW " \""));
}
END_TEST

START_TEST(tsv_null_is_the_whole_field_or_a_letter)
{
    check_one(import_tsv_next, bytes("k\t\\N"), bytes("k"), bytes(""));
    check_one(import_tsv_next, bytes("k\t\\Nx\n"), bytes("k"), bytes(RAW "Nx"));
    check_one(import_tsv_next, bytes("k\tx\\N\n"), bytes("k"), bytes(RAW "xN"));
    check_one(import_tsv_next, bytes("k\t\\N\\N\n"), bytes("k"), bytes(RAW "NN"));
    check_one(import_tsv_next, bytes("k\t\\N\\n\n"), bytes("k"), bytes(RAW "N\n"));
    check_one(import_tsv_next, bytes("k\t\\\\N\n"), bytes("k"), bytes(RAW "\\N"));
    check_one(import_tsv_next, bytes("\\Nk\tN\n"), bytes("Nk"), bytes(RAW "N"));
}
END_TEST

START_TEST(tsv_other_bytes_are_data)
{
    check_one(import_tsv_next, bytes("\0k\xFF\t\0\r\x80\n"), bytes("\0k\xFF"),
              bytes(RAW "\0\r\x80"));
}
END_TEST

START_TEST(tsv_fields_may_be_long)
{
    struct reading reading;
    varve_slice key = repeated('k', VARVE_KEY_SIZE_MAX);
    struct import_bytes text = {0};

    ck_assert(import_bytes_append(&text, key.data, key.size));
    ck_assert(import_bytes_append(&text, "\tv\n", 3));
    begin(&reading, import_bytes_slice(&text), 4096);
    ck_assert_int_eq(import_tsv_next(&reading.in, &reading.record, &reading.fault), IMPORT_OK);
    ck_slice_eq(import_bytes_slice(&reading.record.key), key);
    end(&reading);
    import_bytes_release(&text);
}
END_TEST

START_TEST(tsv_keys_that_are_too_long_are_named)
{
    struct reading reading;

    begin(&reading, repeated('k', VARVE_KEY_SIZE_MAX + 2), 4096);
    ck_assert_int_eq(import_tsv_next(&reading.in, &reading.record, &reading.fault), IMPORT_FAULT);
    ck_assert(strstr(reading.fault.message, "the key \"kkkkkkkk") != NULL);
    ck_assert(strstr(reading.fault.message, "is longer than 65,536 bytes") != NULL);
    ck_assert_uint_le(reading.record.key.capacity, 2 * VARVE_KEY_SIZE_MAX);
    end(&reading);
}
END_TEST

static const struct bad bad_tsv[] = {
    {"\n", 1, 0, "there is no tab behind the key"},
    {"k", 1, 0, "there is no tab behind the key"},
    {"a\t1\nk\nb\t2\n", 2, 4, "there is no tab behind the key"},
    {"a\t1\n\n", 2, 4, "there is no tab behind the key"},
    {"\\N\tv\n", 1, 0, "the key is \\N"},
    {"k\tv\t@1\t\n", 1, 4, "a tab behind the time"},
    {"k\tv\t\n", 1, 4, "time \"\": not a time"},
    {"k\tv\tyesterday\n", 1, 4, "time \"yesterday\": not a time"},
    {"k\tv\tnow\n", 1, 4, "does not depend on the store"},
    {"k\tv\tcommit:1234\n", 1, 4, "does not depend on the store"},
    {"k\tv\t0,0\n", 1, 4, "time zero"},
    {"k\tv\t@0\n", 1, 4, "time zero"},
    {"k\tv\\", 1, 3, "ends behind a backslash"},
    {"k\\400\tv\n", 1, 3, "larger than \\377"},
    {"a\tb\\\nc\nd\n", 3, 7, "there is no tab behind the key"},
};

START_TEST(bad_tsv_is_refused_with_its_place)
{
    check_bad(import_tsv_next, &bad_tsv[_i]);
}
END_TEST

START_TEST(tsv_times_are_limited)
{
    struct reading reading;
    struct import_bytes text = {0};
    varve_slice blanks = repeated(' ', 129);

    ck_assert(import_bytes_append(&text, "k\tv\t", 4));
    ck_assert(import_bytes_append(&text, blanks.data, blanks.size));
    begin(&reading, import_bytes_slice(&text), 4096);
    ck_assert_int_eq(import_tsv_next(&reading.in, &reading.record, &reading.fault), IMPORT_FAULT);
    ck_assert_str_eq(reading.fault.message, "the time is longer than 128 bytes");
    end(&reading);
    import_bytes_release(&text);
}
END_TEST

/* ---- jsonl -------------------------------------------------------------------------------------
 */

START_TEST(jsonl_lines_are_objects)
{
    const struct expected expected[] = {
        {bytes("a"), bytes(RAW "1"), false, {0, 0}},
        {bytes("b"), bytes(RAW), true, {2, 5}},
        {bytes("\xFF"), bytes(RAW "\0\xAB"), false, {0, 0}},
        {bytes("d"), bytes(""), true, {1000000000, 0}},
    };

    check_records(
        import_jsonl_next,
        bytes("{\"key\": \"a\", \"value\": \"1\"}\n\n"
              "{\"value\":\"\",\"time\":\"0.000000002,5\",\"utc\":\"?\",\"key\":\"b\"}\n \t\r\n"
              "{\"key_hex\": \"ff\", \"value_hex\": \"00Ab\"}\r\n"
              "{\"key\": \"d\", \"deleted\": true, \"time\": \"@1\"}"),
        expected, 4);
}
END_TEST

START_TEST(jsonl_text_may_have_any_character)
{
    check_one(import_jsonl_next,
              bytes("{\"key\": \"\\u0000\\u00e4\\n\", \"value\": \"\\ud83d\\udc18 \xC3\xA4\"}\n"),
              bytes("\0\xC3\xA4\n"), bytes(RAW "\xF0\x9F\x90\x98 \xC3\xA4"));
}
END_TEST

START_TEST(jsonl_values_may_have_other_tags)
{
    /* Encodings as the format is described: zigzag varints, big-endian doubles. */
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"BYTES\",\"value\":\"v\"}"),
              bytes("k"), bytes(RAW "v"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"INT\",\"value\":300}"), bytes("k"),
              bytes("\0\0\0\0\1\xD8\4"));
    check_one(import_jsonl_next,
              bytes("{\"key\":\"k\",\"tag\":\"INT\",\"value\":-9223372036854775808}"), bytes("k"),
              bytes("\0\0\0\0\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"INT\",\"value_hex\":\"02\"}"),
              bytes("k"), bytes("\0\0\0\0\1\2"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"FLOAT\",\"value\":1.5}"),
              bytes("k"), bytes("\0\0\0\0\2\x3F\xF8\0\0\0\0\0\0"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"FLOAT\",\"value\":-2}"),
              bytes("k"), bytes("\0\0\0\0\2\xC0\0\0\0\0\0\0\0"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"FLOAT\",\"value\":\"Infinity\"}"),
              bytes("k"), bytes("\0\0\0\0\2\x7F\xF0\0\0\0\0\0\0"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"FLOAT\",\"value\":\"-Infinity\"}"),
              bytes("k"), bytes("\0\0\0\0\2\xFF\xF0\0\0\0\0\0\0"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"TIMETZ\",\"value\":\"x\"}"),
              bytes("k"), bytes("\0\0\0\0\x0Cx"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"tag\":\"TUPLE\",\"value\":\"x\"}"),
              bytes("k"), bytes("\0\0\0\0\x0Ax"));
    check_one(import_jsonl_next,
              bytes("{\"key\":\"k\",\"tag\":\"TUPLE\",\"mode\":\"100755\",\"value\":\"x\"}"),
              bytes("k"),
              bytes("\0\0\0\0\x0A"
                    "100755 x"));
    check_one(import_jsonl_next, bytes("{\"key\":\"k\",\"mode\":\"120000\",\"value_hex\":\"ff\"}"),
              bytes("k"),
              bytes("\0\0\0\0\x0A"
                    "120000 \xFF"));
}
END_TEST

START_TEST(jsonl_nan_is_a_number_that_is_none)
{
    struct reading reading;
    double number;

    begin(&reading, bytes("{\"key\":\"k\",\"tag\":\"FLOAT\",\"value\":\"NaN\"}"), 64);
    ck_assert_int_eq(import_jsonl_next(&reading.in, &reading.record, &reading.fault), IMPORT_OK);
    ck_assert_int_eq(varve_value_get_float(import_bytes_slice(&reading.record.raw), &number, NULL),
                     VARVE_OK);
    ck_assert(isnan(number));
    end(&reading);
}
END_TEST

#define KEY "{\"key\":\"k\","

/* In a line that is no JSON the place is behind the first token that does not fit. */
static const struct bad bad_jsonl[] = {
    {"x\n", 1, 1, "not JSON"},
    {KEY "\"value\":\"1\"}\n{\"key\":}\n", 2, 32, "not JSON"},
    {KEY "\"value\":\"1\"\n}\n", 1, 22, "not JSON"},
    {KEY "\"value\":\"1\"} {}\n", 1, 25, "not JSON"},
    {KEY "\"value\":\"\xFF\"}\n", 1, 20, "not JSON"},
    {KEY "\"key\":\"k\",\"value\":\"1\"}\n", 1, 16, "duplicate"},
    {"[]\n", 1, 0, "not a JSON object"},
    {"7\n", 1, 0, "not a JSON object"},
    {"\n{}\n", 2, 1, "one of \"key\" and \"key_hex\" is needed"},
    {KEY "\"key_hex\":\"00\",\"value\":\"\"}\n", 1, 0, "one of \"key\" and \"key_hex\" is needed"},
    {"{\"key\":1,\"value\":\"\"}\n", 1, 0, "\"key\" is not a string"},
    {"{\"key\":null,\"value\":\"\"}\n", 1, 0, "\"key\" is not a string"},
    {"{\"key_hex\":\"0\",\"value\":\"\"}\n", 1, 0, "\"key_hex\" is not a string of pairs"},
    {"{\"key_hex\":\"0g\",\"value\":\"\"}\n", 1, 0, "\"key_hex\" is not a string of pairs"},
    {"{\"key_hex\":7,\"value\":\"\"}\n", 1, 0, "\"key_hex\" is not a string of pairs"},
    {"{\"key\":\"k\"}\n", 1, 0, "one of \"value\", \"value_hex\" and \"deleted\" is needed"},
    {KEY "\"value\":\"\",\"value_hex\":\"\"}\n", 1, 0, "one of \"value\""},
    {KEY "\"value\":1}\n", 1, 0, "\"value\" is not a string"},
    {KEY "\"value_hex\":\"abc\"}\n", 1, 0, "\"value_hex\" is not a string of pairs"},
    {KEY "\"deleted\":false}\n", 1, 0, "\"deleted\" can only be true"},
    {KEY "\"deleted\":true,\"value\":\"\"}\n", 1, 0, "\"deleted\" goes with no value"},
    {KEY "\"deleted\":true,\"tag\":\"BYTES\"}\n", 1, 0, "\"deleted\" goes with no value"},
    {KEY "\"value\":\"\",\"tag\":\"UNKNOWN\"}\n", 1, 0, "\"tag\" is not the name of a tag"},
    {KEY "\"value\":\"\",\"tag\":3}\n", 1, 0, "\"tag\" is not the name of a tag"},
    {KEY "\"value\":\"1\",\"tag\":\"INT\"}\n", 1, 0, "not an integer"},
    {KEY "\"value\":1.0,\"tag\":\"INT\"}\n", 1, 0, "not an integer"},
    {KEY "\"value\":\"1\",\"tag\":\"FLOAT\"}\n", 1, 0, "not a number"},
    {KEY "\"value\":true,\"tag\":\"FLOAT\"}\n", 1, 0, "not a number"},
    {KEY "\"value\":\"\",\"mode\":\"100644\",\"tag\":\"BYTES\"}\n", 1, 0, "\"mode\" belongs to"},
    {KEY "\"value\":\"\",\"mode\":\"10064\"}\n", 1, 0, "six octal digits"},
    {KEY "\"value\":\"\",\"mode\":\"100648\"}\n", 1, 0, "six octal digits"},
    {KEY "\"value\":\"\",\"mode\":100644}\n", 1, 0, "six octal digits"},
    {KEY "\"value\":\"\",\"time\":5}\n", 1, 0, "\"time\" is not a string"},
    {KEY "\"value\":\"\",\"time\":\"now\"}\n", 1, 0, "does not depend on the store"},
    {KEY "\"value\":\"\",\"time\":\"0,0\"}\n", 1, 0, "time zero"},
    {KEY "\"value\":\"\",\"times\":\"@1\"}\n", 1, 0, "unknown member \"times\""},
    {"{\"resume\": \"6b\"}\n", 1, 0, "unknown member \"resume\""},
};

START_TEST(bad_jsonl_is_refused_with_its_place)
{
    check_bad(import_jsonl_next, &bad_jsonl[_i]);
}
END_TEST

START_TEST(jsonl_lines_are_limited)
{
    struct reading reading;

    begin(&reading, repeated('x', IMPORT_JSONL_LINE_MAX + 1), 1 << 18);
    ck_assert_int_eq(import_jsonl_next(&reading.in, &reading.record, &reading.fault), IMPORT_FAULT);
    ck_assert_str_eq(reading.fault.message, "the line is longer than 67108864 bytes");
    end(&reading);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import_record");
    TCase *tsv = tcase_create("tsv");
    TCase *jsonl = tcase_create("jsonl");

    tcase_add_test(tsv, tsv_lines_are_keys_values_and_times);
    tcase_add_test(tsv, tsv_of_nothing_has_no_record);
    tcase_add_test(tsv, tsv_escapes_are_those_of_copy);
    tcase_add_test(tsv, tsv_null_is_the_whole_field_or_a_letter);
    tcase_add_test(tsv, tsv_other_bytes_are_data);
    tcase_add_test(tsv, tsv_fields_may_be_long);
    tcase_add_test(tsv, tsv_keys_that_are_too_long_are_named);
    tcase_add_loop_test(tsv, bad_tsv_is_refused_with_its_place, 0,
                        (int)(sizeof bad_tsv / sizeof bad_tsv[0]));
    tcase_add_test(tsv, tsv_times_are_limited);
    suite_add_tcase(suite, tsv);
    tcase_add_test(jsonl, jsonl_lines_are_objects);
    tcase_add_test(jsonl, jsonl_text_may_have_any_character);
    tcase_add_test(jsonl, jsonl_values_may_have_other_tags);
    tcase_add_test(jsonl, jsonl_nan_is_a_number_that_is_none);
    tcase_add_loop_test(jsonl, bad_jsonl_is_refused_with_its_place, 0,
                        (int)(sizeof bad_jsonl / sizeof bad_jsonl[0]));
    tcase_add_test(jsonl, jsonl_lines_are_limited);
    suite_add_tcase(suite, jsonl);
    return run_suite(suite);
}
