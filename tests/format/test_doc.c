/*
 * The examples of docs/format.md are what the code does.
 *
 * A table that follows `<!-- examples: NAME -->` is one of examples; NAME says how they are
 * checked. Cells hold one code span or nothing.
 */
#include "tests/support/support.h"

#include <inttypes.h>
#include <stdio.h>

#include <varve/key.h>
#include <varve/merge.h>
#include <varve/meta.h>
#include <varve/stats.h>
#include <varve/ts.h>
#include <varve/value.h>

#include "format/batch_repr.h"
#include "format/conflict.h"
#include "format/meta.h"
#include "format/series.h"
#include "util/buf.h"

enum { CELLS_MAX = 3, LINE_MAX_SIZE = 2000 };

static varve_error err = VARVE_ERROR_INIT;
static varve_buf text;
static varve_buf encoded;

static void set_up(void)
{
    text = (varve_buf)VARVE_BUF_INIT;
    encoded = (varve_buf)VARVE_BUF_INIT;
}

static void tear_down(void)
{
    varve_buf_release(&text);
    varve_buf_release(&encoded);
    varve_error_release(&err);
}

/* ---- How each kind of example is checked --------------------------------------------------------
 */

static void check_key(char *cells[])
{
    varve_buf user_key = VARVE_BUF_INIT;
    varve_ts ts;
    varve_slice key = hex(cells[1]);
    text.size = 0;
    ck_ok(varve_engine_key_print(key, &text, &err), &err);
    ck_buf_text(&text, cells[0]);
    ck_ok(varve_key_decode(key, &user_key, &ts, &err), &err);
    ck_ok(varve_key_encode(varve_buf_slice(&user_key), ts, &encoded, &err), &err);
    ck_slice_eq(varve_buf_slice(&encoded), key);
    varve_buf_release(&user_key);
}

static void check_malformed_key(char *cells[])
{
    char message[VARVE_ERROR_MESSAGE_MAX];
    snprintf(message, sizeof message, "unable to decode key: %s", cells[0]);
    ck_fails(varve_key_decode(hex(cells[1]), NULL, NULL, &err), VARVE_CORRUPT_KEY, &err, message);
}

static void check_printed_value(varve_slice raw, const char *printed)
{
    text.size = 0;
    ck_ok(varve_value_print(raw, &text, &err), &err);
    ck_buf_text(&text, printed);
}

static void check_value(char *cells[])
{
    check_printed_value(hex(cells[1]), cells[0]);
}

static void check_checksum(char *cells[])
{
    ck_assert_uint_eq(strlen(cells[0]), 3); /* One letter in quotes. */
    varve_slice key = varve_slice_of(cells[0] + 1, 1);
    varve_slice raw = hex(cells[2]);
    check_printed_value(raw, cells[1]);
    ck_assert_msg(memcmp(raw.data, "\0\0\0\0", 4) != 0, "%s has no checksum", cells[2]);
    ck_ok(varve_value_verify(raw, key, &err), &err);
}

static void check_tuple(char *cells[])
{
    varve_slice data;
    ck_ok(varve_value_get_tuple(hex(cells[1]), &data, &err), &err);
    text.size = 0;
    ck_ok(varve_key_print(data, &text, &err), &err);
    ck_buf_text(&text, cells[0]);
}

static void check_inline(char *cells[])
{
    varve__meta meta;
    varve_slice record = hex(cells[1]);
    ck_ok(varve__meta_decode(record, &meta, &err), &err);
    ck_assert(meta.has_raw && !meta.has_txn);
    check_printed_value(meta.raw, cells[0]);
    encoded.size = 0;
    ck_ok(varve__meta_append_inline(meta.raw, &encoded, &err), &err);
    ck_slice_eq(varve_buf_slice(&encoded), record);
}

static void check_intent(char *cells[])
{
    varve__meta meta;
    char ts[VARVE_TS_TEXT_MAX];
    char summary[200];
    ck_ok(varve__meta_decode(hex(cells[1]), &meta, &err), &err);
    ck_assert(meta.has_txn && !meta.has_raw);
    snprintf(summary, sizeof summary, "ts=%s del=%s klen=%" PRId64 " vlen=%" PRId64,
             varve_ts_format(meta.ts, ts), meta.deleted ? "true" : "false", meta.key_bytes,
             meta.val_bytes);
    ck_assert_str_eq(summary, cells[0]);
}

static void check_operand(char *cells[])
{
    varve__meta meta;
    varve_ts ts;
    char printed[VARVE_TS_TEXT_MAX];
    varve_slice operand = hex(cells[2]);
    ck_ok(varve__meta_decode(operand, &meta, &err), &err);
    check_printed_value(meta.raw, cells[0]);
    ck_assert_int_eq(meta.has_merge_ts, cells[1][0] != '\0');
    ts = meta.merge_ts;
    if (meta.has_merge_ts)
        ck_assert_str_eq(varve_ts_format(ts, printed), cells[1]);
    encoded.size = 0;
    ck_ok(varve_merge_operand(meta.raw, meta.has_merge_ts ? &ts : NULL, &encoded, &err), &err);
    ck_slice_eq(varve_buf_slice(&encoded), operand);
}

enum { MERGED_MAX = 8 };

/* The bytes between semicolons. */
static size_t values_of(char *cell, varve_slice values[MERGED_MAX])
{
    size_t count = 0;
    char *end;
    while ((end = strchr(cell, ';')) != NULL) {
        ck_assert_uint_lt(count + 1, MERGED_MAX);
        *end = '\0';
        values[count++] = hex(cell);
        cell = end + 1;
    }
    values[count++] = hex(cell);
    return count;
}

static void check_merge(char *cells[])
{
    varve_slice values[MERGED_MAX];
    size_t count = values_of(cells[0], values);
    ck_ok(varve_merge_fold(values, count, &encoded, &err), &err);
    ck_hex(varve_buf_slice(&encoded), cells[1]);
}

/* The record keeps both, each as an inline value. */
static void check_conflict(char *cells[])
{
    varve__meta meta;
    varve__conflict conflict;
    varve_slice values[MERGED_MAX];
    varve_slice operand;
    varve_slice record = hex(cells[2]);
    ck_fails(varve__meta_decode(record, &meta, &err), VARVE_MERGE_CONFLICT, &err, cells[0]);
    ck_assert_uint_eq(values_of(cells[1], values), 2);
    ck_fails(varve_merge_fold(values, 2, &encoded, &err), VARVE_MERGE_CONFLICT, &err, cells[0]);
    ck_assert_ptr_null(varve__meta_parse(record, &meta));
    ck_assert_ptr_null(varve__conflict_parse(meta.conflict, &conflict));
    encoded.size = 0;
    ck_ok(varve_merge_operand(values[0], NULL, &encoded, &err), &err);
    ck_slice_eq(conflict.below, varve_buf_slice(&encoded));
    varve_slice left = conflict.operands;
    ck_assert(varve__conflict_next_operand(&left, &operand));
    ck_assert_ptr_null(varve__meta_parse(operand, &meta));
    ck_slice_eq(meta.raw, values[1]);
    ck_assert(!varve__conflict_next_operand(&left, &operand));
}

static void add_number(const char *name, bool is_there, double number)
{
    if (is_there)
        ck_ok(varve__buf_printf(&text, &err, " %s %g", name, number), &err);
}

static void describe_point(const varve__series *series, const varve__point *point)
{
    bool has_all = !series->is_columnar;
    ck_ok(varve__buf_printf(&text, &err, " %s %" PRId32, has_all ? "row" : "column", point->offset),
          &err);
    add_number("last", series->is_columnar, point->last);
    add_number("count", has_all || (series->columns & VARVE__SERIES_COUNT) != 0, point->count);
    add_number("sum", has_all || (series->columns & VARVE__SERIES_SUM) != 0, point->sum);
    add_number("max", point->has_max || (series->columns & VARVE__SERIES_MAX) != 0, point->max);
    add_number("min", point->has_min || (series->columns & VARVE__SERIES_MIN) != 0, point->min);
    add_number("first", (series->columns & VARVE__SERIES_FIRST) != 0, point->first);
    add_number("variance", (series->columns & VARVE__SERIES_VARIANCE) != 0, point->variance);
}

static void check_series(char *cells[])
{
    varve__series series = {.points = NULL};
    varve_slice raw = hex(cells[1]);
    ck_assert_int_eq(varve_value_tag(raw), VARVE_TAG_TIMESERIES);
    ck_ok(varve__series_decode_data(varve_slice_of(raw.data + VARVE_VALUE_HEADER_SIZE,
                                                   raw.size - VARVE_VALUE_HEADER_SIZE),
                                    &series, &err),
          &err);
    text.size = 0;
    ck_ok(varve__buf_printf(&text, &err, "start %" PRId64 " duration %" PRId64, series.start,
                            series.sample_duration),
          &err);
    for (size_t i = 0; i < series.count; i++)
        describe_point(&series, &series.points[i]);
    ck_buf_text(&text, cells[0]);
    encoded.size = 0;
    ck_ok(varve__series_append_raw(&series, &encoded, &err), &err);
    ck_slice_eq(varve_buf_slice(&encoded), raw);
    varve__series_release(&series);
}

static void check_statistics(char *cells[])
{
    varve_stats stats;
    unsigned char record[VARVE_STATS_RECORD_SIZE];
    ck_ok(varve_stats_decode(hex(cells[1]), &stats, &err), &err);
    text.size = 0;
    ck_ok(varve_stats_print(&stats, &text, &err), &err);
    ck_buf_text(&text, cells[0]);
    varve_stats_encode(&stats, record);
    ck_hex(varve_slice_of(record, sizeof record), cells[1]);
}

static void check_statistics_key(char *cells[])
{
    ck_ok(varve_range_stats_key(strtoull(cells[0], NULL, 10), &encoded, &err), &err);
    ck_hex(varve_buf_slice(&encoded), cells[1]);
}

static void check_metadata(char *cells[])
{
    text.size = 0;
    ck_ok(varve_meta_print(hex(cells[1]), &text, &err), &err);
    ck_buf_text(&text, cells[0]);
}

/* A C string that lives as long as the test. */
static const char *printed_key(varve_slice engine_key)
{
    static const char nul = '\0';
    text.size = 0;
    ck_ok(varve_engine_key_print(engine_key, &text, &err), &err);
    ck_ok(varve__buf_append(&text, varve_slice_of(&nul, 1), &err), &err);
    return (const char *)copy_of(varve_buf_slice(&text)).data;
}

static size_t describe(const varve_record *record, char *out, size_t room)
{
    switch (record->type) {
    case VARVE_RECORD_CLEAR:
        return (size_t)snprintf(out, room, "clear %s; ", printed_key(record->key));
    case VARVE_RECORD_SINGLE_CLEAR:
        return (size_t)snprintf(out, room, "single-clear %s; ", printed_key(record->key));
    case VARVE_RECORD_PUT:
        return (size_t)snprintf(out, room, "put %s %s; ", printed_key(record->key),
                                hex_text(record->value));
    case VARVE_RECORD_MERGE:
        return (size_t)snprintf(out, room, "merge %s %s; ", printed_key(record->key),
                                hex_text(record->value));
    case VARVE_RECORD_CLEAR_RANGE:
        return (size_t)snprintf(out, room, "clear-range %s to %s; ", hex_text(record->key),
                                hex_text(record->value));
    default:
        return (size_t)snprintf(out, room, "log %s; ", hex_text(record->value));
    }
}

static void check_batch(char *cells[])
{
    varve__repr_reader reader;
    varve_record record;
    char all[LINE_MAX_SIZE] = "";
    size_t size = 0;
    varve_slice repr = hex(cells[1]);
    ck_ok(varve_batch_repr_validate(repr, &err), &err);
    ck_ok(varve__repr_reader_init(&reader, repr, 0, &err), &err);
    varve_status status = varve__repr_reader_next(&reader, &record, &err);
    for (; status == VARVE_OK; status = varve__repr_reader_next(&reader, &record, &err))
        size += describe(&record, all + size, sizeof all - size);
    ck_status(status, VARVE_NOT_FOUND, &err);
    if (size > 0)
        all[size - 1] = '\0'; /* The blank behind the last. */
    ck_assert_str_eq(all, cells[0]);
}

/* Takes `"KEY"/TIME` apart, where KEY has no escape but \x00. */
static void check_size(char *cells[])
{
    char *slash = strchr(cells[0], '/');
    ck_assert_ptr_nonnull(slash);
    varve_ts ts;
    ck_ok(varve_ts_parse(varve_slice_text(slash + 1), &ts, &err), &err);
    varve_slice key = strncmp(cells[0], "\"a\\x00\"", 7) == 0 ? bytes("a\x00") : bytes("a");
    ck_ok(varve_key_encode(key, ts, &encoded, &err), &err);
    ck_assert_str_eq(printed_key(varve_buf_slice(&encoded)), cells[0]);
    ck_assert_uint_eq(varve_key_scan_size(key, ts), strtoul(cells[1], NULL, 10));
    ck_assert_uint_eq(varve_key_encoded_size(key, ts), strtoul(cells[2], NULL, 10));
}

static void check_timestamp(char *cells[])
{
    varve_ts ts;
    char printed[VARVE_TS_TEXT_MAX];
    ck_assert_int_eq(sscanf(cells[0], "(%" SCNd64 ",%" SCNd32 ")", &ts.wall, &ts.logical), 2);
    ck_assert_str_eq(varve_ts_format(ts, printed), cells[1]);
}

/* ---- The document -------------------------------------------------------------------------------
 */

static struct kind {
    const char *name;
    void (*check)(char *cells[]);
    int columns;
    int wanted; /* so many examples at least */
    int found;
} kinds[] = {
    {"keys", check_key, 2, 18, 0},
    {"malformed keys", check_malformed_key, 2, 6, 0},
    {"values", check_value, 2, 15, 0},
    {"checksums", check_checksum, 3, 2, 0},
    {"tuples", check_tuple, 2, 2, 0},
    {"inline records", check_inline, 2, 2, 0},
    {"intents", check_intent, 2, 2, 0},
    {"operands", check_operand, 3, 2, 0},
    {"merges", check_merge, 2, 4, 0},
    {"series", check_series, 2, 4, 0},
    {"conflicts", check_conflict, 3, 1, 0},
    {"batches", check_batch, 2, 4, 0},
    {"metadata", check_metadata, 2, 2, 0},
    {"statistics", check_statistics, 2, 2, 0},
    {"keys of statistics", check_statistics_key, 2, 5, 0},
    {"sizes", check_size, 3, 4, 0},
    {"timestamps", check_timestamp, 2, 6, 0},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static struct kind *kind_of(const char *line)
{
    char name[100];
    if (sscanf(line, "<!-- examples: %99[a-z ] -->", name) != 1)
        return NULL;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t size = strlen(kinds[i].name);
        if (strncmp(name, kinds[i].name, size) == 0 &&
            strspn(name + size, " ") == strlen(name + size))
            return &kinds[i];
    }
    ck_abort_msg("examples of an unknown kind: %s", line);
    return NULL;
}

/* Cut a line of a table into its cells, without their backticks. */
static int split(char *line, char *cells[])
{
    int count = 0;
    char *at = line + 1;
    for (char *end = strchr(at, '|'); end != NULL; at = end + 1, end = strchr(at, '|')) {
        ck_assert_int_lt(count, CELLS_MAX);
        *end = '\0';
        at += strspn(at, " ");
        char *last = end;
        while (last > at && last[-1] == ' ')
            *--last = '\0';
        ck_assert_msg(*at == '\0' || (*at == '`' && last[-1] == '`'), "not code: %s", at);
        if (*at == '`') {
            last[-1] = '\0';
            at++;
        }
        cells[count++] = at;
    }
    return count;
}

/* Check the rows of a table; its head and the line below it are passed over. */
static void check_table(FILE *file, struct kind *kind)
{
    char line[LINE_MAX_SIZE];
    for (int number = 0; fgets(line, sizeof line, file) != NULL && line[0] == '|'; number++) {
        ck_assert_msg(strchr(line, '\n') != NULL, "too long: %s", line);
        if (number < 2)
            continue;
        char *cells[CELLS_MAX];
        ck_assert_int_eq(split(line, cells), kind->columns);
        kind->check(cells);
        kind->found++;
    }
}

START_TEST(the_examples_of_the_format_are_true)
{
    char path[4096];
    const char *root = getenv("VARVE_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/docs/format.md", root != NULL ? root : ".");
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot read %s", path);
    char line[LINE_MAX_SIZE];
    while (fgets(line, sizeof line, file) != NULL) {
        struct kind *kind = kind_of(line);
        if (kind != NULL)
            check_table(file, kind);
    }
    fclose(file);
    for (size_t i = 0; i < KIND_COUNT; i++)
        ck_assert_msg(kinds[i].found >= kinds[i].wanted, "only %d examples of %s", kinds[i].found,
                      kinds[i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("doc");
    TCase *tcase = tcase_create("doc");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_examples_of_the_format_are_true);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
