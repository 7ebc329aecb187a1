/*
 * Collecting the garbage of given keys.
 */
#include <stdio.h>

#include "tests/support/fault.h"
#include "tests/support/intents.h"

/* ---- Collecting, as text -----------------------------------------------------------------------
 */

/* "OK", or the name of the failure with its full text. */
static const char *outcome(varve_status status)
{
    static char text[1000];
    varve_buf full = VARVE_BUF_INIT;
    if (status == VARVE_OK)
        return "OK";
    ck_assert_int_eq(mvcc.err.status, status);
    ck_assert_int_eq(varve_error_text(&mvcc.err, &full), VARVE_OK);
    snprintf(text, sizeof text, "%s: %.*s", varve_status_name(status) + strlen("VARVE_"),
             (int)full.size, (const char *)full.data);
    varve_buf_release(&full);
    varve_error_release(&mvcc.err);
    return text;
}

static const char *collect(const char *key, varve_ts threshold, varve_ts now)
{
    varve_write how = write_counted();
    varve_gc_key entry = {mvcc_bytes(key), threshold};
    return outcome(varve_mvcc_gc(&how, &entry, 1, now, &mvcc.err));
}

/* Store such versions as "3=c 2- 1=a", in whole seconds; "!" in front is an intent. */
static void put_versions(const char *key, const char *text)
{
    while (*text != '\0') {
        char *rest;
        bool is_intent = *text == '!';
        varve_ts ts = at(strtol(text + is_intent, &rest, 10) * SECOND);
        size_t size = strcspn(rest, " ");
        char value[100] = "";
        if (*rest == '=')
            snprintf(value, sizeof value, "%.*s", (int)size - 1, rest + 1);
        if (is_intent)
            intent(.key = key, .ts = ts, .value = value);
        else
            mvcc_put_raw(mvcc_engine_key(key, ts), mvcc_bytes(value));
        text = rest + size + (rest[size] == ' ');
    }
}

/* The inverse, for the versions without metadata of a key. */
static const char *versions_of(const char *key)
{
    static char text[1000];
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = varve_ts_max()};
    varve_row row;
    int size = 0;
    text[0] = '\0';
    ck_ok(varve_mvcc_versions(mvcc.reader, &how, mvcc_bytes(key), -1, &rows, &mvcc.err), &mvcc.err);
    for (size_t position = 0; varve_rows_next(&rows, &position, &row);)
        size += snprintf(text + size, sizeof text - (size_t)size, "%s%d%s%s", size > 0 ? " " : "",
                         (int)(row.ts.wall / SECOND), row.value.size > 0 ? "=" : "-",
                         mvcc_text(row.value));
    varve_rows_release(&rows);
    return text;
}

/* ---- Every row of the table --------------------------------------------------------------------
 */

static const struct row {
    const char *versions;
    int64_t threshold;
    const char *outcome;
    const char *left;
} rows[] = {
#define LIVE "NOT_GARBAGE: request to GC non-deleted, latest value of "
    {"2=v 1=v", 1, "OK", "2=v"},
    {"2=v 1=v", 2, LIVE, "2=v 1=v"},
    {"2=v 1=v", 9, LIVE, "2=v 1=v"},
    {"2- 1=v", 2, "OK", ""},
    {"2- 1=v", 1, "OK", "2-"},
    {"3=v 2=v 1=v", 1, "OK", "3=v 2=v"},
    {"3- 2=v 1=v", 2, "OK", "3-"},
    {"2- 1-", 2, "OK", ""},
    {"2- 1-", 1, "OK", "2-"},
    {"2- 1-", 9, "OK", ""},
    {"4=d 3- 2=b 1-", 3, "OK", "4=d"},
    {"4=d 3- 2=b 1-", 2, "OK", "4=d 3-"},
    {"4=d 3- 2=b 1-", 1, "OK", "4=d 3- 2=b"},
    {"4=d 3- 2=b 1-", 0, "OK", "4=d 3- 2=b 1-"},
    {"2-", 2, "OK", ""},
    {"2-", 1, "OK", "2-"},
    {"2=v", 1, "OK", "2=v"},
    {"2=v", 2, LIVE, "2=v"},
    {"", 2, "OK", ""},
};

static void try_row(const struct row *row, const char *key)
{
    char expected[200];
    put_versions(key, row->versions);
    stats_start(4 * SECOND);
    varve_stats numbers = running;
    bool fails = strcmp(row->outcome, "OK") != 0;
    snprintf(expected, sizeof expected, "%s%s", row->outcome,
             !fails ? "" : (key[0] == 'k' ? "\"k\"" : "\"\\x01k\\x00\""));
    ck_assert_str_eq(collect(key, at(row->threshold * SECOND), at(5 * SECOND)), expected);
    ck_assert_str_eq(versions_of(key), row->left);
    ck_stats();
    if (fails)
        ck_assert_mem_eq(&numbers, &running, sizeof running);
    for (int i = 0; i < 10; i++)
        mvcc_clear_raw(mvcc_engine_key(key, at(i * SECOND)));
}

START_TEST(every_row_of_the_table)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        try_row(&rows[i], "k");
        try_row(&rows[i], "%01k%00");
    }
}
END_TEST

START_TEST(thresholds_compare_both_parts_of_timestamps)
{
    mvcc_put_raw(mvcc_engine_key("k", varve_ts_of(5, 2)), bytes("c"));
    mvcc_put_raw(mvcc_engine_key("k", varve_ts_of(5, 1)), bytes("b"));
    mvcc_put_raw(mvcc_engine_key("k", at(5)), bytes("a"));
    stats_start(0);
    ck_assert_str_eq(collect("k", varve_ts_of(4, 9), at(9)), "OK");
    ck_assert_str_eq(store_text(), "k@5,2=c k@5,1=b k@5=a");
    ck_assert_str_eq(collect("k", at(5), at(9)), "OK");
    ck_assert_str_eq(store_text(), "k@5,2=c k@5,1=b");
    ck_assert_str_eq(collect("k", varve_ts_of(5, 1), at(9)), "OK");
    ck_assert_str_eq(store_text(), "k@5,2=c");
    ck_stats();
}
END_TEST

/* ---- The checklist -----------------------------------------------------------------------------
 */

START_TEST(TestMVCCGarbageCollect)
{
    put_versions("a", "2=v 1=v");
    put_versions("a-del", "3- 2=v 1=v");
    put_versions("b", "3=v 2=v 1=v");
    put_versions("b-del", "3- 2=v 1=v");
    put_versions("c-del", "2- 1=v");
    mvcc_put_inline("inline", "i");
    put_versions("r", "2=v 1=v");
    stats_start(3 * SECOND);
    const varve_gc_key keys[] = {
        {bytes("a"), at(SECOND)},          {bytes("a-del"), at(3 * SECOND)},
        {bytes("a-bad"), at(2 * SECOND)},  {bytes("inline"), varve_ts_zero()},
        {bytes("b"), at(SECOND)},          {bytes("b-del"), at(2 * SECOND)},
        {bytes("c-del"), at(9 * SECOND)},  {bytes("b-del"), at(2 * SECOND)},
        {bytes("inline"), varve_ts_zero()}};
    varve_write how = write_counted();
    ck_assert_str_eq(outcome(varve_mvcc_gc(&how, keys, sizeof keys / sizeof keys[0],
                                           at(10 * SECOND), &mvcc.err)),
                     "OK");
    ck_assert_str_eq(versions_of("a"), "2=v");
    ck_assert_str_eq(versions_of("a-del"), "");
    ck_assert_str_eq(versions_of("b"), "3=v 2=v");
    ck_assert_str_eq(versions_of("b-del"), "3-");
    ck_assert_str_eq(versions_of("c-del"), "");
    ck_assert_str_eq(versions_of("inline"), "");
    ck_assert_str_eq(versions_of("r"), "2=v 1=v");
    ck_assert_int_eq(running.last_update_nanos, 10 * SECOND);
    ck_stats();
}
END_TEST

START_TEST(TestMVCCGarbageCollectNonDeleted)
{
    put_versions("a", "2=v 1=v");
    mvcc_put_inline("b", "i");
    stats_start(0);
    ck_assert_str_eq(collect("a", at(2 * SECOND), at(2 * SECOND)), LIVE "\"a\"");
    ck_assert_str_eq(collect("b", varve_ts_zero(), at(2 * SECOND)), "OK");
    ck_assert_str_eq(mvcc_get("b", at(1)), "none");
    ck_stats();
}
END_TEST

START_TEST(TestMVCCGarbageCollectIntent)
{
    put_versions("a", "!2- 1=v");
    put_versions("b", "!2=w 1=v");
    stats_start(0);
    varve_stats numbers = running;
    ck_assert_str_eq(collect("a", at(2 * SECOND), at(2 * SECOND)),
                     "NOT_GARBAGE: request to GC intent at \"a\"");
    ck_assert_str_eq(collect("b", at(2 * SECOND), at(2 * SECOND)), LIVE "\"b\"");
    ck_assert_mem_eq(&numbers, &running, sizeof running);
    /* Below it, garbage is garbage. */
    ck_assert_str_eq(collect("a", at(SECOND), at(2 * SECOND)), "OK");
    ck_assert_str_eq(collect("b", at(SECOND), at(2 * SECOND)), "OK");
    ck_assert_str_eq(store_text(), "a!1.0.0/2000000000@2000000000 a@2000000000- "
                                   "b!1.0.0/2000000000@2000000000 b@2000000000=w");
    ck_stats();
}
END_TEST

/* ---- Order, repetition, neighbours -------------------------------------------------------------
 */

START_TEST(what_was_before_an_error_stays_done)
{
    put_versions("a", "2- 1=v");
    put_versions("b", "2=w 1=v");
    put_versions("c", "2- 1=v");
    stats_start(0);
    const varve_gc_key keys[] = {
        {bytes("c"), at(2 * SECOND)}, {bytes("b"), at(2 * SECOND)}, {bytes("a"), at(2 * SECOND)}};
    varve_write how = write_counted();
    ck_assert_str_eq(outcome(varve_mvcc_gc(&how, keys, 3, at(3 * SECOND), &mvcc.err)),
                     LIVE "\"b\"");
    ck_assert_str_eq(versions_of("a"), "2- 1=v");
    ck_assert_str_eq(versions_of("b"), "2=w 1=v");
    ck_assert_str_eq(versions_of("c"), "");
    ck_stats();
}
END_TEST

START_TEST(neighbours_are_not_touched)
{
    put_versions("k", "2- 1=v");
    put_versions("k%00", "2- 1=v");
    put_versions("k%00%00", "2- 1=v");
    stats_start(0);
    ck_assert_str_eq(collect("k%00", at(2 * SECOND), at(3 * SECOND)), "OK");
    ck_assert_str_eq(versions_of("k"), "2- 1=v");
    ck_assert_str_eq(versions_of("k%00"), "");
    ck_assert_str_eq(versions_of("k%00%00"), "2- 1=v");
    ck_stats();
}
END_TEST

/* An inline value that was merged onto versions: both are garbage, each by its own rule. */
START_TEST(versions_below_an_inline_value_go_too)
{
    put_versions("k", "3=v 2=v 1=v");
    mvcc_put_inline("k", "i");
    running = (varve_stats){0};
    ck_assert_str_eq(collect("k", at(2 * SECOND), at(3 * SECOND)), "OK");
    ck_assert_str_eq(versions_of("k"), "3=v");

    /* A version that nothing newer covers is garbage since now. */
    put_versions("l", "1=v");
    mvcc_put_inline("l", "i");
    running = (varve_stats){.last_update_nanos = 3 * SECOND};
    ck_assert_str_eq(collect("l", at(SECOND), at(5 * SECOND)), "OK");
    ck_numbers("last_update_nanos=5000000000 live_bytes=-17 live_count=-1 key_bytes=-14 "
               "key_count=-1 val_bytes=-16 val_count=-2");
}
END_TEST

/* ---- Many versions -----------------------------------------------------------------------------
 */

static void put_many(int from, int to)
{
    for (int i = from; i <= to; i++)
        mvcc_put_raw(mvcc_engine_key("k", at(i * SECOND)), mvcc_bytes(i % 5 == 0 ? "" : "value"));
}

START_TEST(many_versions_are_one_step)
{
    static const int counts[] = {1, 63, 64, 65, 66, 200};
    fault_view view;
    varve_write how = write_counted();
    mvcc_put("j", at(SECOND), "before");
    mvcc_put("l", at(SECOND), "behind");
    fault_view_init(&view, mvcc.reader, mvcc.writer);
    how.reader = &view.reader;
    how.writer = &view.writer;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        put_many(1, counts[c] + 20);
        stats_start(0);
        fault_view_arm(&view, 0);
        varve_gc_key entry = {bytes("k"), varve_ts_of(counts[c] * SECOND, 5)};
        ck_ok(varve_mvcc_gc(&how, &entry, 1, at(300 * SECOND), &mvcc.err), &mvcc.err);
        ck_assert_uint_eq(view.written, 1);
        ck_assert_uint_eq(view.seeks, 2); /* the versions that stay are not all stepped over */
        ck_assert_uint_lt(view.steps, (unsigned)counts[c] + 15);
        ck_stats();
        ck_assert_int_eq(running.key_count, 3);
        ck_assert_int_eq(running.val_count, 22);
    }
    ck_assert_str_eq(mvcc_get("j", at(9 * SECOND)), "j@1000000000=before");
    ck_assert_str_eq(mvcc_get("l", at(9 * SECOND)), "l@1000000000=behind");
}
END_TEST

/* Every threshold between, at and beside the versions of a key, found by steps or by a seek. */
START_TEST(every_threshold_finds_its_versions)
{
    for (int threshold = 0; threshold <= 30; threshold++) {
        put_many(1, 29);
        stats_start(0);
        ck_assert_str_eq(collect("k", at(threshold * SECOND), at(30 * SECOND)),
                         threshold >= 29 ? LIVE "\"k\"" : "OK");
        ck_assert_int_eq(running.val_count, threshold >= 29 ? 29 : 29 - threshold);
        ck_stats();
        for (int i = 1; i < 30; i++)
            mvcc_clear_raw(mvcc_engine_key("k", at(i * SECOND)));
    }
}
END_TEST

/* ---- Refusals ----------------------------------------------------------------------------------
 */

START_TEST(arguments_that_make_no_sense_are_named)
{
    varve_write how = write_counted();
    varve_gc_key no_key = {bytes(""), at(1)};
    ck_assert_str_eq(collect("", at(1), at(1)), "EMPTY_KEY: attempted access to empty key");
    ck_assert_str_eq(collect("k", at(-1), at(1)),
                     "INVALID_ARGUMENT: the threshold of \"k\" is negative");
    ck_assert_str_eq(collect("k", varve_ts_of(1, -1), at(1)),
                     "INVALID_ARGUMENT: the threshold of \"k\" is negative");
    how.ts = at(1);
    ck_assert_str_eq(outcome(varve_mvcc_gc(&how, &no_key, 1, at(1), &mvcc.err)),
                     "INVALID_ARGUMENT: varve_write.ts is not zero");
    how = write_counted();
    ck_assert_str_eq(outcome(varve_mvcc_gc(&how, NULL, 0, at(1), &mvcc.err)), "OK");
    how.stats = NULL;
    put_versions("k", "2- 1=v");
    mvcc_put_inline("l", "i");
    const varve_gc_key keys[] = {{bytes("k"), at(2 * SECOND)}, {bytes("l"), varve_ts_zero()}};
    ck_ok(varve_mvcc_gc(&how, keys, 2, at(1), NULL), &mvcc.err);
    ck_assert_str_eq(store_text(), "");
}
END_TEST

START_TEST(damage_is_told)
{
    mvcc_put_raw(mvcc_engine_key("a", varve_ts_zero()), bytes("garbage"));
    mvcc_put_raw(mvcc_engine_key("a", at(1)), bytes("v"));
    running = (varve_stats){0};
    const char *before = raw_store_text();
    varve_write how = write_counted();
    varve_gc_key entry = {bytes("a"), at(1)};
    ck_status(varve_mvcc_gc(&how, &entry, 1, at(1), &mvcc.err), VARVE_CORRUPT, &mvcc.err);
    varve_error_release(&mvcc.err);
    mvcc_put_raw(hex("62 00 01 FF"), bytes("v"));
    entry.key = bytes("b");
    ck_status(varve_mvcc_gc(&how, &entry, 1, at(1), &mvcc.err), VARVE_CORRUPT_KEY, &mvcc.err);
    varve_error_release(&mvcc.err);
    mvcc_clear_raw(hex("62 00 01 FF"));
    ck_assert_str_eq(raw_store_text(), before);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, every_row_of_the_table);
    tcase_add_test(tcase, thresholds_compare_both_parts_of_timestamps);
    tcase_add_test(tcase, TestMVCCGarbageCollect);
    tcase_add_test(tcase, TestMVCCGarbageCollectNonDeleted);
    tcase_add_test(tcase, TestMVCCGarbageCollectIntent);
    tcase_add_test(tcase, what_was_before_an_error_stays_done);
    tcase_add_test(tcase, neighbours_are_not_touched);
    tcase_add_test(tcase, versions_below_an_inline_value_go_too);
    tcase_add_test(tcase, many_versions_are_one_step);
    tcase_add_test(tcase, every_threshold_finds_its_versions);
    tcase_add_test(tcase, arguments_that_make_no_sense_are_named);
    tcase_add_test(tcase, damage_is_told);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/gc", fill));
}
