/*
 * Merges through the engine: what its readers get of them, before and after flushes and
 * compactions, under the names of the reference.
 */
#include <stdio.h>

#include <varve/merge.h>
#include <varve/mvcc.h>
#include <varve/value.h>

#include "engine/engine.h"
#include "format/meta.h"
#include "tests/support/backends.h"
#include "tests/support/texts.h"

/* ---- Time series --------------------------------------------------------------------------------
 */

/* Samples are written offset:sum, or offset:sum/count/max/min; a series is some of them. */
enum { SAMPLES_MAX = 8 };

static varve_series series_of(const char *text, varve_sample *samples)
{
    varve_series series = {.start = 1000000000, .sample_duration = 1000, .samples = samples};
    int used;
    for (; *text != '\0'; text += strspn(text, " ")) {
        varve_sample sample = {.count = 1};
        ck_assert_uint_lt(series.count, SAMPLES_MAX);
        ck_assert_int_eq(sscanf(text, "%d:%lf%n", &sample.offset, &sample.sum, &used), 2);
        text += used;
        if (*text == '/') {
            ck_assert_int_eq(
                sscanf(text, "/%u/%lf/%lf%n", &sample.count, &sample.max, &sample.min, &used), 3);
            sample.has_max = sample.has_min = true;
            text += used;
        }
        samples[series.count++] = sample;
    }
    return series;
}

/* The raw value of a series; it lives as long as the test. */
static varve_slice raw_of(const varve_series *series)
{
    varve_buf raw = VARVE_BUF_INIT;
    ck_ok(varve_series_encode(series, &raw, &on.err), &on.err);
    varve_slice copy = copy_of(varve_buf_slice(&raw));
    varve_buf_release(&raw);
    return copy;
}

static varve_slice raw_samples(const char *text)
{
    varve_sample samples[SAMPLES_MAX];
    varve_series series = series_of(text, samples);
    return raw_of(&series);
}

static const char *text_of_samples(varve_slice raw)
{
    static char text[512];
    varve_series series = {.count = 0};
    size_t size = 0;
    ck_ok(varve_series_decode(raw, &series, &on.err), &on.err);
    ck_assert_int_eq(series.start, 1000000000);
    ck_assert_int_eq(series.sample_duration, 1000);
    text[0] = '\0';
    for (size_t i = 0; i < series.count; i++) {
        const varve_sample *sample = &series.samples[i];
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%d:%g", size > 0 ? " " : "",
                                 sample->offset, sample->sum);
        if (sample->has_max)
            size += (size_t)snprintf(text + size, sizeof text - size, "/%u/%g/%g", sample->count,
                                     sample->max, sample->min);
    }
    varve_series_release(&series);
    return text;
}

/* ---- Merging ------------------------------------------------------------------------------------
 */

static void merge_raw(const char *key, varve_slice raw)
{
    varve_buf operand = VARVE_BUF_INIT;
    ck_ok(varve_merge_operand(raw, NULL, &operand, &on.err), &on.err);
    ck_ok(varve_writer_merge(on.writer, key_of(key), varve_buf_slice(&operand), &on.err), &on.err);
    varve_buf_release(&operand);
}

/* The inline value of the key, as a reader gets it; it lives as long as the test. */
static varve_status read_raw(const char *key, varve_slice *raw)
{
    varve_read how = {.struct_size = sizeof how, .ts = {.wall = 1}};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    size_t position = 0;
    varve_status status = varve_mvcc_get(on.reader, &how, varve_slice_text(key), &rows, &on.err);
    if (status == VARVE_OK) {
        ck_assert(varve_rows_next(&rows, &position, &row));
        *raw = copy_of(row.value);
    }
    varve_rows_release(&rows);
    return status;
}

/* Texts are put together and time series united, in whatever state the engine is. */
START_TEST(TestEngineMerge)
{
    varve_slice raw;
    merge_text(on.writer, "haste not in life", "x");
    merge_raw("series", raw_samples("2:1"));
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    merge_text(on.writer, "haste not in life", "y");
    merge_raw("series", raw_samples("1:2 3:3"));
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    merge_text(on.writer, "haste not in life", "z");
    merge_raw("series", raw_samples("2:4 0:5"));
    put_text(on.writer, "on a put", "put");
    merge_text(on.writer, "on a put", "merged");
    for (int compacted = 0; compacted < 2; compacted++) {
        ck_text(get_text(on.reader, "haste not in life"), "xyz");
        ck_text(get_text(on.reader, "on a put"), "putmerged");
        ck_ok(read_raw("series", &raw), &on.err);
        ck_text(text_of_samples(raw), "0:5 1:2 2:4 3:3");
        ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    }
}
END_TEST

/* Behaviour 10.4: what is merged one after the other, and what it gives. */
static const struct {
    const char *operands[4];
    const char *expected;
} series_cases[] = {
    {{"2:5 1:5 2:5"}, "1:5 2:5"},
    {{"1:5", "2:5"}, "1:5 2:5"},
    {{"1:5 3:5", "2:5"}, "1:5 2:5 3:5"},
    {{"1:10", "1:5 2:5", "1:100 2:5 3:5"}, "1:100 2:5 3:5"},
    {{"1:10 1:5 2:5", "1:100 2:5 3:5"}, "1:100 2:5 3:5"},
    {{"1:5", "2:5 1:10/2/7/3", "10:5", "5:5 3:5"}, "1:10/2/7/3 2:5 3:5 5:5 10:5"},
};
enum { SERIES_CASES = sizeof series_cases / sizeof series_cases[0] };

static void check_series(int which, bool flush)
{
    varve_slice raws[4];
    varve_slice raw;
    size_t count = 0;
    char key[16];
    (void)snprintf(key, sizeof key, "series %d", which + 100 * flush);
    for (; count < 4 && series_cases[which].operands[count] != NULL; count++) {
        raws[count] = raw_samples(series_cases[which].operands[count]);
        merge_raw(key, raws[count]);
        if (flush)
            ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    }
    ck_ok(read_raw(key, &raw), &on.err);
    ck_text(text_of_samples(raw), series_cases[which].expected);
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    ck_ok(read_raw(key, &raw), &on.err);
    ck_text(text_of_samples(raw), series_cases[which].expected);

    /* The helper that folds without an engine agrees. */
    varve_buf folded = VARVE_BUF_INIT;
    ck_ok(varve_merge_fold(raws, count, &folded, &on.err), &on.err);
    ck_slice_eq(varve_buf_slice(&folded), raw);
    varve_buf_release(&folded);
}

static varve_slice other_series(int64_t start, int64_t duration)
{
    varve_sample samples[SAMPLES_MAX];
    varve_series series = series_of("1:5", samples);
    series.start = start;
    series.sample_duration = duration;
    return raw_of(&series);
}

static varve_slice raw_bytes(const char *text)
{
    varve_buf raw = VARVE_BUF_INIT;
    ck_ok(varve_value_set_bytes(&raw, varve_slice_text(text), &on.err), &on.err);
    varve_slice copy = copy_of(varve_buf_slice(&raw));
    varve_buf_release(&raw);
    return copy;
}

/* Two that do not fit together: only their key fails, and a put heals it. */
static void check_conflict(varve_slice older, varve_slice newer)
{
    varve_slice raws[] = {older, newer};
    varve_buf folded = VARVE_BUF_INIT;
    varve_slice raw;
    merge_raw("conflict", older);
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
    merge_raw("conflict", newer);
    merge_text(on.writer, "other", "x");
    for (int compacted = 0; compacted < 2; compacted++) {
        ck_status(read_raw("conflict", &raw), VARVE_MERGE_CONFLICT, &on.err);
        varve_error_release(&on.err);
        ck_ok(read_raw("other", &raw), &on.err);
        ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    }
    ck_status(varve_merge_fold(raws, 2, &folded, &on.err), VARVE_MERGE_CONFLICT, &on.err);
    varve_error_release(&on.err);
    put_text(on.writer, "conflict", "healed");
    merge_text(on.writer, "conflict", "+");
    ck_text(get_text(on.reader, "conflict"), "healed+");
    clear(on.writer, "conflict");
    varve_buf_release(&folded);
}

START_TEST(TestGoMerge)
{
    for (int i = 0; i < SERIES_CASES; i++) {
        check_series(i, false);
        check_series(i, true);
    }
    varve_slice series = raw_samples("1:5");
    check_conflict(series, other_series(1000000001, 1000));
    check_conflict(series, other_series(1000000000, 100));
    check_conflict(raw_bytes("a"), series);
    check_conflict(series, raw_bytes("a"));

    varve_slice raw;
    varve_slice data;
    varve_buf folded = VARVE_BUF_INIT;
    varve_slice texts[] = {raw_bytes("a"), raw_bytes(""), raw_bytes("bc"), raw_bytes("d")};
    for (int i = 0; i < 4; i++)
        merge_raw("text", texts[i]);
    ck_ok(read_raw("text", &raw), &on.err);
    ck_ok(varve_value_get_bytes(raw, &data, &on.err), &on.err);
    ck_slice_eq(data, bytes("abcd"));
    ck_ok(varve_merge_fold(texts, 4, &folded, &on.err), &on.err);
    ck_slice_eq(varve_buf_slice(&folded), raw);
    varve_buf_release(&folded);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestEngineMerge);
    tcase_add_test(tcase, TestGoMerge);
}

int main(void)
{
    return run_suite(backend_suite("checklist of merges", fill));
}
