/*
 * Merges through engines: what they give does not depend on the backend, nor on when the engine
 * flushes, compacts or is opened again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <varve/varve.h>

#include "engine/merge.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"
#include "tests/support/texts.h"

/* ---- Help ---------------------------------------------------------------------------------------
 */

static void flush(void)
{
    ck_ok(varve_engine_flush(on.engine, &on.err), &on.err);
}

static void compact(void)
{
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
}

/* Close and open again, where that keeps anything. */
static void reopen(void)
{
    if (on.backend != BACKEND_DISK)
        return;
    on.engine = backend_reopen(on.engine);
    on.reader = varve_engine_reader(on.engine);
    on.writer = varve_engine_writer(on.engine);
}

static void do_nothing(void)
{
}

static void flush_and_compact(void)
{
    flush();
    compact();
}

/* What may happen to an engine between two merges. */
static void (*const disturbances[])(void) = {do_nothing, flush, compact, flush_and_compact, reopen};
enum { DISTURBANCES = sizeof disturbances / sizeof disturbances[0] };

static void merge_raw(const char *key, varve_slice raw, const varve_ts *ts)
{
    varve_buf operand = VARVE_BUF_INIT;
    ck_ok(varve_merge_operand(raw, ts, &operand, &on.err), &on.err);
    ck_ok(varve_writer_merge(on.writer, key_of(key), varve_buf_slice(&operand), &on.err), &on.err);
    varve_buf_release(&operand);
}

/* What a key gives in all ways there are to read it. */
static const char *read_text(const char *key)
{
    static char first[256];
    varve_iter *it = iter(on.reader, NULL);
    (void)snprintf(first, sizeof first, "%s", get_text(on.reader, key));
    if (strcmp(first, "-") != 0) {
        char expected[300];
        (void)snprintf(expected, sizeof expected, "%s=%s", key, first);
        (void)varve_iter_seek_ge(it, key_of(key));
        ck_assert_str_eq(text_at(it), expected);
        (void)varve_iter_seek_le(it, key_of(key));
        ck_assert_str_eq(text_at(it), expected);
    }
    varve_iter_close(it);
    return first;
}

/* ---- What merges give ---------------------------------------------------------------------------
 */

START_TEST(merges_follow_the_order_of_the_calls)
{
    merge_text(on.writer, "a", "x");
    ck_assert_str_eq(read_text("a"), "x");
    disturbances[_i]();
    merge_text(on.writer, "a", "y");
    ck_assert_str_eq(read_text("a"), "xy");
    disturbances[_i]();
    merge_text(on.writer, "a", "z");
    ck_assert_str_eq(read_text("a"), "xyz");
    merge_text(on.writer, "n", "40");
    disturbances[_i]();
    merge_text(on.writer, "n", "3");
    merge_text(on.writer, "n", "-1");
    disturbances[_i]();
    ck_assert_str_eq(read_text("n"), "42");
    ck_assert_str_eq(texts_of(on.reader), "a=xyz n=42");
}
END_TEST

START_TEST(a_put_or_a_clear_cuts_off_what_was_before)
{
    merge_text(on.writer, "a", "lost");
    merge_text(on.writer, "b", "lost");
    merge_text(on.writer, "c", "lost");
    merge_text(on.writer, "d", "lost");
    disturbances[_i]();
    put_text(on.writer, "a", "put");
    merge_text(on.writer, "a", "+x");
    clear(on.writer, "b");
    merge_text(on.writer, "b", "x");
    clear_range(on.writer, "c", "d");
    ck_assert_str_eq(read_text("c"), "-");
    merge_text(on.writer, "c", "x");
    clear(on.writer, "d");
    disturbances[_i]();
    ck_assert_str_eq(read_text("a"), "put+x");
    ck_assert_str_eq(read_text("b"), "x");
    ck_assert_str_eq(read_text("c"), "x");
    ck_assert_str_eq(read_text("d"), "-");
    ck_assert_str_eq(texts_of(on.reader), "a=put+x b=x c=x");
}
END_TEST

/* Place by place, wrapping around; the shorter row goes on with zeros. */
START_TEST(counters_are_summed)
{
    static const struct {
        int64_t numbers[3];
        size_t count;
    } rows[] = {{{1, INT64_MAX}, 2}, {{5}, 1}, {{0}, 0}, {{-7, 1, 100}, 3}};
    varve_buf raw = VARVE_BUF_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_ok(varve_value_set_counters(&raw, rows[i].numbers, rows[i].count, &on.err), &on.err);
        merge_raw("k", varve_buf_slice(&raw), NULL);
        disturbances[_i]();
    }
    varve_rows got = VARVE_ROWS_INIT;
    const varve_read how = {.struct_size = sizeof how};
    size_t position_of = 0;
    varve_row row;
    ck_ok(varve_mvcc_get(on.reader, &how, bytes("k"), &got, &on.err), &on.err);
    ck_assert(varve_rows_next(&got, &position_of, &row));
    int64_t sums[3];
    size_t count;
    ck_ok(varve_value_get_counters(row.value, sums, 3, &count, &on.err), &on.err);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(sums[0], -1);
    ck_assert_int_eq(sums[1], INT64_MIN);
    ck_assert_int_eq(sums[2], 100);
    varve_rows_release(&got);

    /* Half a number, and another type, are a conflict. */
    ck_ok(varve_value_set_int(&raw, 1, &on.err), &on.err);
    merge_raw("k", varve_buf_slice(&raw), NULL);
    merge_raw("h", hex("00 00 00 00 65 01 02"), NULL);
    merge_raw("h", hex("00 00 00 00 65"), NULL);
    disturbances[_i]();
    ck_fails(varve_mvcc_get(on.reader, &how, bytes("k"), &got, &on.err), VARVE_MERGE_CONFLICT,
             &on.err, "\"k\": merge conflict: INT cannot be merged into COUNTERS");
    ck_fails(varve_mvcc_get(on.reader, &how, bytes("h"), &got, &on.err), VARVE_MERGE_CONFLICT,
             &on.err, "\"h\": merge conflict: COUNTERS do not decode");
    varve_rows_release(&got);
    varve_buf_release(&raw);
}
END_TEST

START_TEST(snapshots_and_iterators_keep_what_they_saw)
{
    varve_snapshot *snapshot;
    put_text(on.writer, "a", "1");
    merge_text(on.writer, "a", "2");
    merge_text(on.writer, "b", "x");
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    varve_iter *it = iter(on.reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    merge_text(on.writer, "a", "4");
    merge_text(on.writer, "b", "y");
    flush_and_compact();
    merge_text(on.writer, "a", "8");
    ck_assert_str_eq(text_at(it), "a=3");
    ck_assert(varve_iter_next(it));
    ck_assert_str_eq(text_at(it), "b=x");
    ck_assert(varve_iter_prev(it));
    ck_assert_str_eq(text_at(it), "a=3");
    ck_assert_str_eq(texts_of(varve_snapshot_reader(snapshot)), "a=3 b=x");
    ck_assert_str_eq(get_text(varve_snapshot_reader(snapshot), "a"), "3");
    ck_assert_str_eq(texts_of(on.reader), "a=15 b=xy");
    varve_iter_close(it);
    varve_snapshot_close(snapshot);
    compact();
    ck_assert_str_eq(texts_of(on.reader), "a=15 b=xy");
}
END_TEST

/* A reader sees a merged value as an inline value: at every time, and before any versions. */
START_TEST(a_merged_value_has_no_time)
{
    const varve_ts times[] = {{0, 0}, {1, 0}, {9, 0}, {INT64_MAX, INT32_MAX}};
    const varve_ts merged_at = {5, 0};
    varve_rows rows = VARVE_ROWS_INIT;
    merge_raw("a", hex("00 00 00 00 03 78"), &merged_at);
    merge_raw("a", hex("00 00 00 00 03 79"), NULL);
    put(on.writer, "a@7", "version");
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        varve_read how = {.struct_size = sizeof how, .ts = times[i]};
        varve_row row;
        size_t position = 0;
        ck_ok(varve_mvcc_get(on.reader, &how, bytes("a"), &rows, &on.err), &on.err);
        ck_assert(varve_rows_next(&rows, &position, &row));
        ck_assert(varve_ts_is_zero(row.ts));
        ck_hex(row.value, "00 00 00 00 03 78 79");
    }
    varve_rows_release(&rows);
}
END_TEST

START_TEST(only_metadata_keys_are_merged)
{
    varve_slice operand = record_of("x");
    ck_fails(varve_writer_merge(on.writer, key_of("a@1"), operand, &on.err), VARVE_INVALID_KEY,
             &on.err, "invalid key: a version cannot be merged");
    ck_fails(varve_writer_merge(on.writer, hex("00 01"), operand, &on.err), VARVE_EMPTY_KEY,
             &on.err, "the empty key cannot be written");
    ck_status(varve_writer_merge(on.writer, bytes("a"), operand, &on.err), VARVE_CORRUPT_KEY,
              &on.err);
    ck_status(varve_writer_merge(on.writer, hex("FF FF 00 01"), operand, &on.err),
              VARVE_INVALID_KEY, &on.err);
    ck_assert_str_eq(texts_of(on.reader), "");
}
END_TEST

/* ---- Time series --------------------------------------------------------------------------------
 */

static varve_slice series_of(const varve_sample *samples, size_t count)
{
    varve_sample copies[8];
    varve_buf raw = VARVE_BUF_INIT;
    memcpy(copies, samples, count * sizeof *samples);
    const varve_series series = {1000, 100, copies, count};
    ck_ok(varve_series_encode(&series, &raw, &on.err), &on.err);
    varve_slice kept = copy_of(varve_buf_slice(&raw));
    varve_buf_release(&raw);
    return kept;
}

/* Whatever happens between the merges, of each offset the last sample stays, in order. */
START_TEST(TestMVCCTimeSeriesPartialMerge)
{
    static const varve_sample merges[][2] = {
        {{.offset = 1, .count = 1, .sum = 5}, {.offset = 3, .count = 1, .sum = 1}},
        {{.offset = 2, .count = 1, .sum = 5}, {.offset = 1, .count = 2, .sum = 10}},
        {{.offset = 10, .count = 1, .sum = 5}, {.offset = 10, .count = 1, .sum = 6}},
        {{.offset = 5, .count = 1, .sum = 5}, {.offset = 3, .count = 1, .sum = 5}},
    };
    static const varve_sample expected[] = {{.offset = 1, .count = 2, .sum = 10},
                                            {.offset = 2, .count = 1, .sum = 5},
                                            {.offset = 3, .count = 1, .sum = 5},
                                            {.offset = 5, .count = 1, .sum = 5},
                                            {.offset = 10, .count = 1, .sum = 6}};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    size_t position = 0;
    const varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    for (size_t i = 0; i < 4; i++) {
        merge_raw("k", series_of(merges[i], 2), NULL);
        disturbances[_i]();
    }
    ck_ok(varve_mvcc_get(on.reader, &how, bytes("k"), &rows, &on.err), &on.err);
    ck_assert(varve_rows_next(&rows, &position, &row));
    ck_slice_eq(row.value, series_of(expected, 5));
    varve_rows_release(&rows);
}
END_TEST

/* ---- Merges that do not fit together ------------------------------------------------------------
 */

static void expect_conflict(const char *key)
{
    varve_rows rows = VARVE_ROWS_INIT;
    const varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    char message[VARVE_ERROR_MESSAGE_MAX];
    (void)snprintf(message, sizeof message,
                   "\"%s\": merge conflict: INT cannot be merged into BYTES", key);
    ck_fails(varve_mvcc_get(on.reader, &how, varve_slice_text(key), &rows, &on.err),
             VARVE_MERGE_CONFLICT, &on.err, message);
    ck_assert_str_eq(read_text(key), "conflict");
    varve_rows_release(&rows);
}

static void make_conflict(const char *key)
{
    merge_text(on.writer, key, "text");
    merge_text(on.writer, key, "5");
    expect_conflict(key);
}

/* Everything goes on but reading that key, and each way to heal it does. */
START_TEST(a_refused_merge_harms_nothing_else)
{
    put_text(on.writer, "a", "stays");
    make_conflict("k");
    make_conflict("l");
    make_conflict("m");
    make_conflict("n");
    for (int round = 0; round < 2; round++) {
        flush();
        expect_conflict("k");
        compact();
        expect_conflict("k");
        reopen();
        expect_conflict("k");
        /* More of them, of any kind, change nothing. */
        merge_text(on.writer, "k", "text");
        merge_text(on.writer, "k", "6");
        expect_conflict("k");
        ck_assert_str_eq(read_text("a"), "stays");
        put_text(on.writer, "z", round == 0 ? "written" : "again");
    }
    ck_assert_str_eq(texts_of(on.reader),
                     "a=stays k=conflict l=conflict m=conflict n=conflict z=again");
    varve_write write = {.struct_size = sizeof write, .reader = on.reader, .writer = on.writer};
    ck_ok(varve_mvcc_put(&write, bytes("k"), hex("00 00 00 00 03 68 69"), &on.err), &on.err);
    clear(on.writer, "l");
    clear_range(on.writer, "m", "n");
    put_text(on.writer, "n", "healed");
    ck_assert_str_eq(texts_of(on.reader), "a=stays k=hi n=healed z=again");
    merge_text(on.writer, "k", "!");
    merge_text(on.writer, "l", "5");
    flush_and_compact();
    reopen();
    ck_assert_str_eq(texts_of(on.reader), "a=stays k=hi! l=5 n=healed z=again");
}
END_TEST

/* An operand that is no record is a conflict as well, not a failure. */
START_TEST(operands_may_be_any_bytes)
{
    ck_ok(varve_writer_merge(on.writer, key_of("k"), bytes("\x80"), &on.err), &on.err);
    ck_assert_str_eq(read_text("k"), "conflict");
    put_text(on.writer, "l", "x");
    ck_ok(varve_writer_merge(on.writer, key_of("l"), bytes(""), &on.err), &on.err);
    put(on.writer, "m", "garbage");
    merge_text(on.writer, "m", "x");
    disturbances[_i]();
    ck_assert_str_eq(texts_of(on.reader), "k=conflict l=conflict m=conflict");
}
END_TEST

/* An intent is not merged away: it is kept in the conflict. */
START_TEST(an_intent_is_not_lost)
{
    varve_rows rows = VARVE_ROWS_INIT;
    const varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    varve_slice intent = hex("0A 18 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
                             "2A 02 08 0B 4A 00 12 04 08 0B 10 00 18 00 20 0C 28 08");
    ck_ok(varve_writer_put(on.writer, key_of("k"), intent, &on.err), &on.err);
    merge_text(on.writer, "k", "x");
    disturbances[_i]();
    ck_fails(varve_mvcc_get(on.reader, &how, bytes("k"), &rows, &on.err), VARVE_MERGE_CONFLICT,
             &on.err, "\"k\": merge conflict: there is an intent of a transaction");
    varve_rows_release(&rows);
}
END_TEST

/* ---- Many operands ------------------------------------------------------------------------------
 */

START_TEST(a_key_may_have_many_operands)
{
    int64_t sum = 0;
    char expected[40];
    for (int i = 1; i <= 2000; i++) {
        char number[20];
        (void)snprintf(number, sizeof number, "%d", i);
        merge_text(on.writer, "k", number);
        sum += i;
        if (i % 500 == 0)
            disturbances[_i]();
    }
    (void)snprintf(expected, sizeof expected, "%" PRId64, sum);
    ck_assert_str_eq(read_text("k"), expected);
}
END_TEST

/* ---- Any sequence, against a fold of the operands -----------------------------------------------
 */

enum { KEYS = 5, KINDS = 4, OPERANDS_MAX = 400, STEPS = 1500, SNAPSHOTS = 2 };

/* What was done to a key since it was put or cleared last. */
struct model {
    bool has_below;
    varve_slice below;
    varve_slice operands[OPERANDS_MAX];
    size_t count;
};

static struct model models[KEYS];
static const char *const names[KEYS] = {"a", "b", "c", "d", "e"};
static test_random dice;

/* What readers have to see, by key; an empty slice is nothing. */
typedef varve_slice contents[KEYS];

static struct {
    varve_snapshot *snapshot;
    contents seen;
} held[SNAPSHOTS];

static void fold_all(contents all)
{
    varve_buf folded = VARVE_BUF_INIT;
    for (int i = 0; i < KEYS; i++) {
        const struct model *model = &models[i];
        all[i] = varve_slice_of(NULL, 0);
        if (model->count > 0) {
            ck_ok(varve__merge_full(model->has_below ? &model->below : NULL, model->operands,
                                    model->count, &folded, &on.err),
                  &on.err);
            all[i] = copy_of(varve_buf_slice(&folded));
        } else if (model->has_below) {
            all[i] = model->below;
        }
    }
    varve_buf_release(&folded);
}

static void check_get(varve_reader *reader, const contents all)
{
    varve_buf value = VARVE_BUF_INIT;
    for (int i = 0; i < KEYS; i++) {
        varve_status status = varve_reader_get(reader, key_of(names[i]), &value, &on.err);
        ck_status(status, all[i].size > 0 ? VARVE_OK : VARVE_NOT_FOUND, &on.err);
        ck_slice_eq(varve_buf_slice(&value), all[i]);
    }
    varve_buf_release(&value);
}

static void check_walk(varve_reader *reader, const contents all)
{
    varve_iter *it = iter(reader, NULL);
    (void)varve_iter_seek_ge(it, key_of(""));
    for (int i = 0; i < KEYS; i++) {
        if (all[i].size == 0)
            continue;
        ck_assert_str_eq(position(it), names[i]);
        ck_slice_eq(varve_iter_value(it), all[i]);
        (void)varve_iter_next(it);
    }
    ck_assert_str_eq(position(it), "-");
    (void)varve_iter_seek_le(it, key_of(""));
    for (int i = KEYS; i-- > 0;) {
        if (all[i].size == 0)
            continue;
        ck_assert_str_eq(position(it), names[i]);
        ck_slice_eq(varve_iter_value(it), all[i]);
        (void)varve_iter_prev(it);
    }
    ck_assert_str_eq(position(it), "-");
    varve_iter_close(it);
}

static void check_all(void)
{
    contents all;
    fold_all(all);
    check_get(on.reader, all);
    check_walk(on.reader, all);
    for (int i = 0; i < SNAPSHOTS; i++) {
        if (held[i].snapshot == NULL)
            continue;
        check_get(varve_snapshot_reader(held[i].snapshot), held[i].seen);
        check_walk(varve_snapshot_reader(held[i].snapshot), held[i].seen);
    }
}

static void drop_snapshots(void)
{
    for (int i = 0; i < SNAPSHOTS; i++) {
        varve_snapshot_close(held[i].snapshot);
        held[i].snapshot = NULL;
    }
}

static void toggle_snapshot(void)
{
    size_t i = test_random_below(&dice, SNAPSHOTS);
    if (held[i].snapshot != NULL) {
        varve_snapshot_close(held[i].snapshot);
        held[i].snapshot = NULL;
        return;
    }
    ck_ok(varve_snapshot_open(on.engine, &held[i].snapshot, &on.err), &on.err);
    fold_all(held[i].seen);
}

static varve_slice any_series(void)
{
    varve_sample samples[2];
    for (int i = 0; i < 2; i++)
        samples[i] = (varve_sample){.offset = (int32_t)test_random_below(&dice, 6),
                                    .count = 1,
                                    .sum = (double)test_random_below(&dice, 100)};
    varve_buf operand = VARVE_BUF_INIT;
    ck_ok(varve_merge_operand(series_of(samples, 2), NULL, &operand, &on.err), &on.err);
    varve_slice kept = copy_of(varve_buf_slice(&operand));
    varve_buf_release(&operand);
    return kept;
}

static varve_slice any_counters(void)
{
    int64_t numbers[4];
    size_t count = test_random_below(&dice, 5);
    varve_buf raw = VARVE_BUF_INIT;
    for (size_t i = 0; i < count; i++)
        numbers[i] = (int64_t)test_random_next(&dice);
    ck_ok(varve_value_set_counters(&raw, numbers, count, &on.err), &on.err);
    varve_buf operand = VARVE_BUF_INIT;
    ck_ok(varve_merge_operand(varve_buf_slice(&raw), NULL, &operand, &on.err), &on.err);
    varve_slice kept = copy_of(varve_buf_slice(&operand));
    varve_buf_release(&operand);
    varve_buf_release(&raw);
    return kept;
}

/* Of the key's own kind, mostly. */
static varve_slice any_operand(size_t key)
{
    size_t choice = test_random_below(&dice, 40);
    char text[20];
    if (choice == 0)
        return hex("80");
    if (choice == 1)
        return hex("");
    size_t kind = choice == 2 ? test_random_below(&dice, KINDS) : key % KINDS;
    if (kind == 2)
        return any_series();
    if (kind == 3)
        return any_counters();
    (void)snprintf(text, sizeof text, kind == 0 ? "%zu" : "<%zu>", test_random_below(&dice, 100));
    return record_of(text);
}

static void write_something(varve_writer *writer)
{
    size_t key = test_random_below(&dice, KEYS);
    size_t choice = test_random_below(&dice, 60);
    struct model *model = &models[key];
    if (choice > 3 && model->count < OPERANDS_MAX) {
        varve_slice operand = any_operand(key);
        ck_ok(varve_writer_merge(writer, key_of(names[key]), operand, &on.err), &on.err);
        model->operands[model->count++] = operand;
        return;
    }
    model->count = 0;
    model->has_below = choice < 2;
    if (choice == 0)
        model->below = any_series();
    else if (choice == 1)
        model->below = record_of("7");
    if (choice < 2)
        ck_ok(varve_writer_put(writer, key_of(names[key]), model->below, &on.err), &on.err);
    else if (choice == 2)
        clear_range(writer, names[key], (char[]){(char)(names[key][0] + 1), '\0'});
    else
        clear(writer, names[key]);
}

static void write_batch(void)
{
    varve_batch *batch;
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    for (size_t i = 1 + test_random_below(&dice, 20); i > 0; i--)
        write_something(varve_batch_writer_of(batch));
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_batch_close(batch);
}

static void step(void)
{
    size_t choice = test_random_below(&dice, 200);
    if (choice < 8)
        flush();
    else if (choice < 11)
        compact();
    else if (choice < 20)
        toggle_snapshot();
    else if (choice < 40)
        write_batch();
    else if (choice > 41)
        write_something(on.writer);
    else {
        drop_snapshots();
        reopen();
    }
}

START_TEST(any_sequence_reads_as_a_fold)
{
    dice = test_random_start();
    for (unsigned long i = 0; i < test_rounds(STEPS); i++) {
        step();
        if (test_random_below(&dice, 10) == 0)
            check_all();
    }
    check_all();
    drop_snapshots();
    compact();
    check_all();
}
END_TEST

/* ---- Memory -------------------------------------------------------------------------------------
 */

static varve_status read_merged(void *context, varve_error *err)
{
    (void)context;
    varve_buf value = VARVE_BUF_INIT;
    varve_iter *it = NULL;
    varve_status status = varve_reader_get(on.reader, key_of("k"), &value, err);
    ck_assert(status == VARVE_OK || value.size == 0);
    if (status == VARVE_OK)
        status = varve_iter_open(on.reader, NULL, &it, err);
    if (status == VARVE_OK && !varve_iter_seek_ge(it, key_of("j")))
        status = varve_iter_status(it, err);
    if (status == VARVE_OK && !varve_iter_next(it))
        status = varve_iter_status(it, err);
    if (status == VARVE_OK && !varve_iter_prev(it))
        status = varve_iter_status(it, err);
    varve_iter_close(it);
    varve_buf_release(&value);
    return status;
}

/* A read without memory fails, and the next one is right. */
START_TEST(reading_can_run_out_of_memory)
{
    if (on.backend == BACKEND_DISK)
        return; /* the same code as in memory, and its threads allocate too */
    put_text(on.writer, "j", "first");
    put_text(on.writer, "k", "text");
    for (int i = 0; i < 40; i++)
        merge_text(on.writer, "k", "+");
    merge_text(on.writer, "l", "x");
    ck_assert_uint_ge(fault_alloc_each(read_merged, NULL), 5);
    ck_assert_str_eq(read_text("k"), "text++++++++++++++++++++++++++++++++++++++++");
    ck_assert_str_eq(read_text("l"), "x");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_loop_test(tcase, merges_follow_the_order_of_the_calls, 0, DISTURBANCES);
    tcase_add_loop_test(tcase, a_put_or_a_clear_cuts_off_what_was_before, 0, DISTURBANCES);
    tcase_add_loop_test(tcase, counters_are_summed, 0, DISTURBANCES);
    tcase_add_test(tcase, snapshots_and_iterators_keep_what_they_saw);
    tcase_add_test(tcase, a_merged_value_has_no_time);
    tcase_add_test(tcase, only_metadata_keys_are_merged);
    tcase_add_loop_test(tcase, TestMVCCTimeSeriesPartialMerge, 0, DISTURBANCES);
    tcase_add_test(tcase, a_refused_merge_harms_nothing_else);
    tcase_add_loop_test(tcase, operands_may_be_any_bytes, 0, DISTURBANCES);
    tcase_add_loop_test(tcase, an_intent_is_not_lost, 0, DISTURBANCES);
    tcase_add_loop_test(tcase, a_key_may_have_many_operands, 0, DISTURBANCES);
    tcase_add_test(tcase, any_sequence_reads_as_a_fold);
    tcase_add_test(tcase, reading_can_run_out_of_memory);
}

int main(void)
{
    return run_suite(backend_suite("merge", fill));
}
