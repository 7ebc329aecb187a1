/*
 * Taking spans of keys back to an earlier time.
 */
#include <stdio.h>

#include "engine/view.h"
#include "tests/support/fault.h"
#include "tests/support/intents.h"

/* ---- Reverting, as text ------------------------------------------------------------------------
 */

typedef struct what_goes {
    const char *start;
    const char *end;
    varve_ts after;
    varve_ts until;
    int64_t max; /* 0 = all, which the function calls -1 */
    varve_buf *scratch;
} what_goes;

static varve_status run(const varve_write *how, const what_goes *what, varve_rows *rows,
                        varve_error *err)
{
    varve_span span = {mvcc_bytes(what->start), mvcc_bytes(what->end)};
    int64_t max = what->max == 0 ? -1 : what->max;
    return varve_mvcc_clear_time_range(how, span, what->after, what->until, max, rows, err);
}

/* "OK", "OK > [d,z)" or a failure. */
static const char *clear_what(const what_goes *what)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    how.scratch = what->scratch;
    return outcome_of(run(&how, what, &rows, &mvcc.err), &rows);
}

#define clear_times(...) clear_what(&(what_goes){__VA_ARGS__})
#define ALL .start = "", .end = "%FF%FF"

static varve_ts forever(void)
{
    return varve_ts_of(INT64_MAX, 0);
}

/* ---- The checklist -----------------------------------------------------------------------------
 */

/*
 *     time   a    b    c    d    e    f    g
 *      1     v1        v1             v1
 *      2          v2        v2
 *      3     v3        v3             v3
 *      4          v4        -
 *      5     -         v5             v5
 */
static void put_table(void)
{
    static const struct {
        const char *key;
        int wall;
        const char *value;
    } versions[] = {{"a", 1, "v1"}, {"a", 3, "v3"}, {"a", 5, ""},   {"b", 2, "v2"}, {"b", 4, "v4"},
                    {"c", 1, "v1"}, {"c", 3, "v3"}, {"c", 5, "v5"}, {"d", 2, "v2"}, {"d", 4, ""},
                    {"f", 1, "v1"}, {"f", 3, "v3"}, {"f", 5, "v5"}};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        mvcc_put_raw(mvcc_engine_key(versions[i].key, at(versions[i].wall * SECOND)),
                     mvcc_bytes(versions[i].value));
    stats_start(6 * SECOND);
}

static varve_ts s(int64_t seconds)
{
    return at(seconds * SECOND);
}

static const char *visible(int64_t seconds)
{
    return mvcc_scan(.start = "", .end = "%FF%FF", .ts = s(seconds));
}

START_TEST(TestMVCCClearTimeRange)
{
    for (int64_t to = 5; to >= 0; to--) {
        put_table();
        const char *then = visible(to);
        ck_assert_str_eq(clear_times(ALL, .after = s(to), .until = forever()), "OK");
        ck_assert_str_eq(visible(9), then);
        ck_stats();
    }
    ck_assert_str_eq(store_text(), "");
    ck_assert_int_eq(running.key_count, 0);

    /* Step by step, with one set of numbers. */
    put_table();
    const char *was[6];
    for (int64_t to = 0; to < 6; to++)
        was[to] = visible(to);
    for (int64_t to = 5; to >= 0; to--) {
        ck_assert_str_eq(clear_times(ALL, .after = s(to), .until = s(to + 1)), "OK");
        ck_assert_str_eq(visible(9), was[to]);
        ck_stats();
    }

    /* A part of the keys. */
    put_table();
    ck_assert_str_eq(clear_times(.start = "b", .end = "d", .after = s(2), .until = forever()),
                     "OK");
    ck_stats();
    ck_assert_str_eq(mvcc_get("b", s(9)), "b@2000000000=v2");
    ck_assert_str_eq(mvcc_get("c", s(9)), "c@1000000000=v1");
    ck_assert_str_eq(mvcc_get("d", s(3)), "d@2000000000=v2");
    ck_assert_str_eq(mvcc_get("d", s(9)), "none");
    ck_assert_str_eq(mvcc_get("f", s(9)), "f@5000000000=v5");
}
END_TEST

/* The window takes its end in, and not its start; both parts of timestamps count. */
START_TEST(the_window_is_open_below_and_closed_above)
{
    mvcc_put("k", varve_ts_of(5, 0), "a");
    mvcc_put("k", varve_ts_of(5, 1), "b");
    mvcc_put("k", varve_ts_of(5, 2), "c");
    mvcc_put("k", varve_ts_of(6, 0), "d");
    varve_write how = write_counted();
    varve_rows rows = VARVE_ROWS_INIT;
    const what_goes middle = {ALL, .after = {5, 0}, .until = {5, 2}};
    how.stats = NULL; /* these are not the newest */
    ck_assert_str_eq(outcome_of(run(&how, &middle, &rows, &mvcc.err), &rows), "OK");
    ck_assert_str_eq(store_text(), "k@6=d k@5=a");
    stats_start(0);
    ck_assert_str_eq(clear_times(ALL, .after = {5, 0}, .until = {5, 9}), "OK");
    ck_assert_str_eq(clear_times(ALL, .after = {6, 0}, .until = {6, 0}), "OK");
    ck_assert_str_eq(clear_times(ALL, .after = {9, 0}, .until = {1, 0}), "OK");
    ck_assert_str_eq(clear_times(ALL, .after = {0, 0}, .until = {0, 0}), "OK");
    ck_assert_str_eq(store_text(), "k@6=d k@5=a");
    ck_assert_str_eq(clear_times(ALL, .after = {5, 0}, .until = {6, 0}), "OK");
    ck_assert_str_eq(store_text(), "k@5=a");
    ck_stats();
}
END_TEST

/* ---- Intents and inline values -----------------------------------------------------------------
 */

START_TEST(an_intent_inside_is_in_the_way)
{
    put_table();
    intent(.key = "e", .ts = s(6), .value = "p", .txn = 7);
    stats_start(7 * SECOND);
    ck_assert_str_eq(clear_times(ALL, .after = s(4), .until = s(6)), "WRITE_INTENT e@6000000000/7");
    /* What lies in front of it is gone, and accounted; the rest is as it was. */
    ck_stats();
    ck_assert_str_eq(mvcc_get("a", s(9)), "a@3000000000=v3");
    ck_assert_str_eq(mvcc_get("c", s(9)), "c@3000000000=v3");
    ck_assert_str_eq(mvcc_get("f", s(9)), "f@5000000000=v5");
    ck_assert_str_eq(mvcc_get("e", s(9)), "WRITE_INTENT e@6000000000/7");
}
END_TEST

START_TEST(intents_outside_stay)
{
    put_table();
    intent(.key = "e", .ts = s(6), .value = "p");
    intent(.key = "c", .ts = s(6), .value = "p");
    mvcc_put_inline("g", "i");
    varve_write how = write_counted();
    varve_rows rows = VARVE_ROWS_INIT;
    const what_goes what = {ALL, .after = s(2), .until = s(5)};
    how.stats = NULL;
    ck_assert_str_eq(outcome_of(run(&how, &what, &rows, &mvcc.err), &rows), "OK");
    stats_start(0);
    ck_stats();
    ck_assert_str_eq(mvcc_get("c", s(9)), "WRITE_INTENT c@6000000000/1");
    ck_assert_str_eq(mvcc_get("c", s(5)), "c@1000000000=v1");
    ck_assert_str_eq(mvcc_get("e", s(9)), "WRITE_INTENT e@6000000000/1");
    ck_assert_str_eq(mvcc_get("f", s(9)), "f@1000000000=v1");
    ck_assert_str_eq(mvcc_get("g", s(9)), "g@0=i");

    /* At or below the start of the window, too. */
    ck_assert_str_eq(clear_times(ALL, .after = s(6), .until = forever()), "OK");
    ck_assert_str_eq(mvcc_get("e", s(9)), "WRITE_INTENT e@6000000000/1");
    ck_stats();
}
END_TEST

/* ---- Counting ----------------------------------------------------------------------------------
 */

static void put_keys(const char *prefix, int from, int to, int64_t wall)
{
    char key[40];
    for (int i = from; i <= to; i++) {
        snprintf(key, sizeof key, "%s%04d", prefix, i);
        mvcc_put_raw(mvcc_engine_key(key, s(wall)), mvcc_bytes("value"));
    }
}

/* How many calls with this limit it takes, and that the numbers are right after each. */
static int calls_until_done(int64_t max)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    varve_span span = {bytes(""), bytes("\xFF\xFF")};
    int calls = 0;
    do {
        ck_ok(varve_mvcc_clear_time_range(&how, span, s(1), s(2), max, &rows, &mvcc.err),
              &mvcc.err);
        calls++;
        ck_stats();
        span.start = varve_buf_slice(&rows.resume_start);
        span.end = varve_buf_slice(&rows.resume_end);
    } while (rows.more);
    varve_rows_release(&rows);
    return calls;
}

START_TEST(single_clearings_count_one_each)
{
    /* Keys that go and keys that stay in turn: each is a run of its own. */
    put_keys("k", 0, 19, 2);
    for (int i = 0; i < 20; i++) {
        char key[40];
        snprintf(key, sizeof key, "k%04dx", i);
        mvcc_put(key, s(1), "stays");
    }
    stats_start(3 * SECOND);
    ck_assert_str_eq(clear_times(ALL, .after = s(1), .until = s(2), .max = 5),
                     "OK > [k0005,%FF%FF)");
    ck_assert_str_eq(mvcc_get("k0004", s(9)), "none");
    ck_assert_str_eq(mvcc_get("k0005", s(9)), "k0005@2000000000=value");
    ck_stats();
    ck_assert_int_eq(calls_until_done(4), 4); /* 15 are left */
    ck_assert_int_eq(running.key_count, 20);
}
END_TEST

/* A run may exceed the limit; what it has left counts for the next. */
START_TEST(runs_are_not_cut)
{
    put_keys("a", 1, 10, 2);
    put_keys("b", 1, 1, 1);
    put_keys("c", 1, 10, 2);
    stats_start(3 * SECOND);
    ck_assert_str_eq(clear_times(ALL, .after = s(1), .until = s(2), .max = 1),
                     "OK > [c0001,%FF%FF)");
    ck_assert_int_eq(running.key_count, 11);
    ck_stats();
    ck_assert_str_eq(clear_times(ALL, .after = s(1), .until = s(2), .max = 1), "OK");
    ck_assert_int_eq(running.key_count, 1);
    ck_stats();
}
END_TEST

START_TEST(zero_stops_at_the_first_match)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    varve_span span = {bytes("a"), bytes("z")};
    put_keys("b", 1, 1, 1);
    put_keys("c", 1, 2, 2);
    stats_start(0);
    const char *before = store_text();
    varve_status status = varve_mvcc_clear_time_range(&how, span, s(1), s(2), 0, &rows, &mvcc.err);
    ck_assert_str_eq(outcome_of(status, &rows), "OK > [c0001,z)");
    status = varve_mvcc_clear_time_range(&how, span, s(3), s(4), 0, &rows, &mvcc.err);
    ck_assert_str_eq(outcome_of(status, &rows), "OK");
    ck_assert_str_eq(store_text(), before);
}
END_TEST

/* What the writer is given: the records of a call, by type. */
static struct {
    unsigned clears;
    unsigned ranges;
    unsigned applied;
} given;

static varve_status count_records(varve_writer *writer, varve_slice repr, varve_error *err)
{
    varve_batch_reader *reader;
    varve_record record;
    (void)writer;
    given.applied++;
    ck_ok(varve_batch_reader_open(repr, 0, &reader, err), &mvcc.err);
    while (varve_batch_reader_next(reader, &record, err) == VARVE_OK) {
        given.clears += record.type == VARVE_RECORD_CLEAR;
        given.ranges += record.type == VARVE_RECORD_CLEAR_RANGE;
    }
    varve_batch_reader_close(reader);
    return varve_writer_apply(mvcc.writer, repr, err);
}

static const varve__writer_ops counting_ops = {count_records, NULL};
static varve_writer counting_writer = {&counting_ops};

START_TEST(long_runs_are_cleared_as_ranges)
{
    static const struct {
        int length;
        unsigned clears;
        unsigned ranges;
    } runs[] = {{1, 1, 0}, {63, 63, 0}, {64, 64, 0}, {65, 0, 1}, {66, 0, 1}, {500, 0, 1}};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    how.writer = &counting_writer;
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        /* In front of a key that stays, and at the end. */
        for (int is_last = 0; is_last < 2; is_last++) {
            const char *behind = is_last ? "A" : "c";
            put_keys("a", 1, 1, 1);
            put_keys("b", 1, runs[i].length, 2);
            mvcc_put_raw(mvcc_engine_key(behind, s(1)), bytes("stays"));
            mvcc_put_inline("D", "i");
            stats_start(3 * SECOND);
            memset(&given, 0, sizeof given);
            const what_goes what = {ALL, .after = s(1), .until = s(2), .max = 1};
            ck_assert_str_eq(outcome_of(run(&how, &what, &rows, &mvcc.err), &rows), "OK");
            ck_assert_uint_eq(given.clears, runs[i].clears);
            ck_assert_uint_eq(given.ranges, runs[i].ranges);
            ck_assert_uint_eq(given.applied, 1);
            ck_stats();
            mvcc_clear_raw(mvcc_engine_key(behind, s(1)));
            stats_start(0);
            ck_assert_int_eq(running.key_count, 2);
        }
    }
}
END_TEST

/* A range counts once: two of them reach a limit of two. */
START_TEST(a_range_counts_once)
{
    put_keys("a", 1, 100, 2);
    put_keys("b", 1, 1, 1);
    put_keys("c", 1, 100, 2);
    put_keys("d", 1, 1, 1);
    put_keys("e", 1, 1, 2);
    stats_start(3 * SECOND);
    ck_assert_str_eq(clear_times(ALL, .after = s(1), .until = s(2), .max = 2),
                     "OK > [e0001,%FF%FF)");
    ck_assert_int_eq(running.key_count, 3);
    ck_stats();
}
END_TEST

/* A run goes over many versions of many keys, deletions among them. */
START_TEST(runs_go_from_key_to_key)
{
    for (int i = 0; i < 30; i++) {
        char key[40];
        snprintf(key, sizeof key, i % 2 == 0 ? "k%02d" : "%%01k%02d", i);
        for (int v = 2; v < 7; v++)
            mvcc_put_raw(mvcc_engine_key(key, s(v)), mvcc_bytes(v % 3 == i % 3 ? "" : "value"));
    }
    stats_start(7 * SECOND);
    for (int64_t to = 6; to > 0; to--) {
        ck_assert_str_eq(clear_times(ALL, .after = s(to), .until = forever()), "OK");
        ck_stats();
    }
    ck_assert_str_eq(store_text(), "");
}
END_TEST

/* Versions that stay, newer ones and older ones, are not stepped over one by one. */
START_TEST(versions_outside_are_passed_over)
{
    fault_view view;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    for (int v = 1; v <= 200; v++)
        mvcc_put("k", s(v), "value");
    mvcc_put("l", s(101), "value");
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    fault_view_arm(&view, 0);
    how.reader = &view.reader;
    how.stats = NULL;
    const what_goes what = {ALL, .after = s(99), .until = s(101)};
    ck_assert_str_eq(outcome_of(run(&how, &what, &rows, &mvcc.err), &rows), "OK");
    ck_assert_uint_lt(view.steps, 30);
    ck_assert_uint_le(view.seeks, 3);
    ck_assert_str_eq(mvcc_get("k", s(101)), "k@99000000000=value");
    ck_assert_str_eq(mvcc_get("l", s(200)), "none");
}
END_TEST

/* ---- Random data -------------------------------------------------------------------------------
 */

enum { MODEL_MAX = 400 };

static struct {
    struct model_version {
        int key;
        varve_ts ts;
        bool deleted;
    } versions[MODEL_MAX]; /* in the order of the store */
    int count;
} model;

static int compare_versions(const void *a, const void *b)
{
    const struct model_version *x = a;
    const struct model_version *y = b;
    return x->key != y->key ? x->key - y->key : varve_ts_compare(y->ts, x->ts);
}

static const char *model_key(int key)
{
    static char name[40];
    snprintf(name, sizeof name, key % 5 == 0 ? "%%01k%03d" : "k%03d", key);
    return name;
}

/* The system-local keys are the first, as in the store. */
static int model_order(size_t i)
{
    return i < 6 ? (int)i * 5 : (int)(i - 6) / 4 * 5 + (int)((i - 6) % 4) + 1;
}

static void put_random(test_random *random)
{
    model.count = 0;
    for (size_t k = 0; k < 30; k++) {
        size_t versions = test_random_below(random, 12);
        int64_t wall = 0;
        for (size_t v = 0; v < versions && model.count < MODEL_MAX; v++) {
            wall += 1 + (int64_t)test_random_below(random, 2 * SECOND);
            struct model_version *version = &model.versions[model.count++];
            *version = (struct model_version){(int)k, varve_ts_of(wall, (int32_t)(v % 3)),
                                              test_random_below(random, 3) == 0};
            mvcc_put_raw(mvcc_engine_key(model_key(model_order(k)), version->ts),
                         version->deleted ? bytes("") : bytes("value"));
        }
    }
    qsort(model.versions, (size_t)model.count, sizeof model.versions[0], compare_versions);
}

/* Remove from the model as the specification says; returns the key to resume with, or -1. */
static int revert_model(varve_ts after, varve_ts until, int max)
{
    struct model_version *v = model.versions;
    int left = 0;
    int i = 0;
    int count = 0;
    int resume = -1;
    while (i < model.count && resume < 0) {
        int end = i;
        while (end < model.count && varve_ts_compare(v[end].ts, after) > 0 &&
               varve_ts_compare(v[end].ts, until) <= 0)
            end++;
        if (end > i && count >= max) {
            resume = v[i].key;
        } else if (end > i) {
            count += end - i > 64 ? 1 : end - i;
            i = end;
        } else {
            v[left++] = v[i++];
        }
    }
    while (i < model.count)
        v[left++] = v[i++];
    model.count = left;
    return resume;
}

static void ck_model(void)
{
    varve_iter *it;
    varve_buf key = VARVE_BUF_INIT;
    varve_ts ts;
    int i = 0;
    ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it), i++) {
        ck_assert_int_lt(i, model.count);
        ck_ok(varve_key_decode(it->key, &key, &ts, &mvcc.err), &mvcc.err);
        ck_slice_eq(varve_buf_slice(&key),
                    mvcc_bytes(model_key(model_order((size_t)model.versions[i].key))));
        ck_assert_int_eq(varve_ts_compare(ts, model.versions[i].ts), 0);
    }
    ck_assert_int_eq(i, model.count);
    varve_iter_close(it);
    varve_buf_release(&key);
}

static void ck_resume(const varve_rows *rows, int key)
{
    ck_assert(rows->more == (key >= 0));
    if (key < 0)
        return;
    ck_slice_eq(varve_buf_slice(&rows->resume_start),
                mvcc_bytes(model_key(model_order((size_t)key))));
    ck_slice_eq(varve_buf_slice(&rows->resume_end), bytes("\xFF\xFF"));
}

/* Back to ever earlier times, in bites of random size. */
static void revert_randomly(test_random *random)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_buf scratch = VARVE_BUF_INIT;
    varve_write how = write_counted();
    varve_span all = {bytes(""), bytes("\xFF\xFF")};
    int64_t wall = 20 * SECOND;
    while (wall > 0) {
        wall -= 1 + (int64_t)test_random_below(random, 5 * SECOND);
        varve_ts after = varve_ts_of(wall < 0 ? 0 : wall, (int32_t)test_random_below(random, 3));
        int max = test_random_below(random, 3) == 0 ? 1000 : (int)test_random_below(random, 30);
        int resume = revert_model(after, forever(), max);
        how.scratch = max % 2 == 0 ? &scratch : NULL;
        ck_ok(varve_mvcc_clear_time_range(&how, all, after, forever(), max, &rows, &mvcc.err),
              &mvcc.err);
        ck_resume(&rows, resume);
        ck_model();
        ck_stats();
    }
    varve_rows_release(&rows);
    varve_buf_release(&scratch);
}

START_TEST(TestMVCCClearTimeRangeOnRandomData)
{
    test_random random = test_random_start();
    for (int round = 0; round < 8; round++) {
        put_random(&random);
        stats_start(20 * SECOND);
        revert_randomly(&random);
        while (model.count > 0) {
            struct model_version *last = &model.versions[--model.count];
            mvcc_clear_raw(mvcc_engine_key(model_key(model_order((size_t)last->key)), last->ts));
        }
    }
}
END_TEST

/* ---- Steps -------------------------------------------------------------------------------------
 */

/* Long keys, each a run of its own, make more than a MiB of clearings. */
static void put_long_keys(int count)
{
    char key[60000];
    memset(key, 'k', sizeof key);
    for (int i = 0; i < count; i++) {
        snprintf(key + 50000, 16, "%04d", i);
        mvcc_put_raw(mvcc_engine_key(key, s(2)), bytes("value"));
        mvcc_put_raw(mvcc_engine_key(key, s(1)), bytes("value"));
    }
    stats_start(3 * SECOND);
}

START_TEST(steps_are_bounded)
{
    fault_view view;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_buf scratch = VARVE_BUF_INIT;
    varve_write how = write_counted();
    const what_goes what = {ALL, .after = s(1), .until = s(2)};
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    how.reader = &view.reader;
    how.writer = &view.writer;
    how.scratch = &scratch;
    put_long_keys(50);
    fault_view_arm(&view, 0);
    ck_assert_str_eq(outcome_of(run(&how, &what, &rows, &mvcc.err), &rows), "OK");
    ck_assert_uint_eq(view.written, 3); /* 21 keys of 50,000 bytes are more than a MiB */
    ck_assert_uint_lt(scratch.capacity, (size_t)3 << 20);
    ck_stats();

    /* A failure leaves the steps before it. */
    for (unsigned nth = 2; nth < 110; nth += 35) {
        put_long_keys(50);
        fault_view_arm(&view, nth);
        varve_status status = run(&how, &what, &rows, &mvcc.err);
        if (view.fired) {
            ck_fails(status, VARVE_IO, &mvcc.err, "injected failure");
            ck_assert_int_eq(running.val_count, 100 - 21 * (int)view.written);
            ck_assert(!rows.more);
        }
        ck_stats();
    }
    varve_rows_release(&rows);
    varve_buf_release(&scratch);
}
END_TEST

/* ---- Refusals ----------------------------------------------------------------------------------
 */

START_TEST(arguments_that_make_no_sense_are_named)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write how = write_counted();
    varve_span span = {bytes("a"), bytes("z")};
    put_table();
    const char *before = store_text();
    ck_assert_str_eq(clear_times(.start = "a", .end = "", .until = s(1)), "EMPTY_KEY");
    ck_fails(varve_mvcc_clear_time_range(&how, span, at(-1), s(1), -1, &rows, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err, "after is negative: -0.000000001,0");
    ck_fails(
        varve_mvcc_clear_time_range(&how, span, at(1), varve_ts_of(1, -1), -1, &rows, &mvcc.err),
        VARVE_INVALID_ARGUMENT, &mvcc.err, "until is negative: 0.000000001,-1");
    ck_assert_str_eq(clear_times(.start = "z", .end = "a", .until = s(9)), "OK");
    how.ts = at(1);
    ck_fails(varve_mvcc_clear_time_range(&how, span, at(0), s(9), -1, &rows, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err, "varve_write.ts is not zero");
    ck_assert_str_eq(store_text(), before);
    ck_stats();
}
END_TEST

START_TEST(damage_is_told)
{
    put_table();
    mvcc_put_raw(mvcc_engine_key("b", varve_ts_zero()), bytes("garbage"));
    const char *before = raw_store_text();
    varve_stats numbers = running;
    ck_assert_str_eq(clear_times(ALL, .after = s(1), .until = s(9)), "CORRUPT");
    mvcc_clear_raw(mvcc_engine_key("b", varve_ts_zero()));
    mvcc_put_raw(hex("62 00 01 FF"), bytes("v"));
    ck_assert_str_eq(clear_times(ALL, .after = s(1), .until = s(9)), "CORRUPT_KEY");
    mvcc_clear_raw(hex("62 00 01 FF"));
    mvcc_put_raw(mvcc_engine_key("b", varve_ts_zero()), bytes("garbage"));
    ck_assert_str_eq(raw_store_text(), before);
    ck_assert_mem_eq(&numbers, &running, sizeof numbers);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestMVCCClearTimeRange);
    tcase_add_test(tcase, the_window_is_open_below_and_closed_above);
    tcase_add_test(tcase, an_intent_inside_is_in_the_way);
    tcase_add_test(tcase, intents_outside_stay);
    tcase_add_test(tcase, single_clearings_count_one_each);
    tcase_add_test(tcase, runs_are_not_cut);
    tcase_add_test(tcase, zero_stops_at_the_first_match);
    tcase_add_test(tcase, long_runs_are_cleared_as_ranges);
    tcase_add_test(tcase, a_range_counts_once);
    tcase_add_test(tcase, runs_go_from_key_to_key);
    tcase_add_test(tcase, versions_outside_are_passed_over);
    tcase_add_test(tcase, TestMVCCClearTimeRangeOnRandomData);
    tcase_add_test(tcase, steps_are_bounded);
    tcase_add_test(tcase, arguments_that_make_no_sense_are_named);
    tcase_add_test(tcase, damage_is_told);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/clear_time_range", fill));
}
