/*
 * Traps that readers of versioned stores have fallen into, each by its number: the edges of times,
 * reverse scans over many versions, a transaction's own intents, uncertainty, and pages that are
 * cut inside many versions.
 */
#include <stdarg.h>
#include <stdio.h>

#include <varve/changes.h>
#include <varve/mvcc.h>

#include "tests/support/mvcc.h"

#define RAW(text) "%00%00%00%00%03" text
#define FAIL_ON_MORE_RECENT VARVE_READ_FAIL_ON_MORE_RECENT
#define TOMBSTONES VARVE_READ_TOMBSTONES

/* Text that lives as long as the test. */
static const char *text_of(const char *format, ...) VARVE_PRINTF(1, 2);

static const char *text_of(const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ck_assert(size >= 0 && (size_t)size < sizeof text);
    return (const char *)copy_of(varve_slice_of(text, (size_t)size + 1)).data;
}

/* ---- T10: at, one below and one above ----------------------------------------------------------
 */

/* When the key was written, ascending; some follow each other immediately. */
static const varve_ts times[] = {{0, 1},         {0, 2},
                                 {5, 0},         {5, 1},
                                 {5, 7},         {5, INT32_MAX},
                                 {6, 0},         {1000000000, INT32_MAX - 1},
                                 {INT64_MAX, 0}, {INT64_MAX, INT32_MAX}};
#define TIME_COUNT ((int)(sizeof times / sizeof times[0]))

static void put_at_times(void)
{
    static const char *const around[] = {"j%FF", "k%00", "ka", "l"};
    for (int i = 0; i < TIME_COUNT; i++) {
        mvcc_put("k", times[i], text_of("v%d", i));
        for (size_t j = 0; j < sizeof around / sizeof around[0]; j++)
            mvcc_put(around[j], times[i], "other");
    }
}

/* The last of the times that is not above `ts`; -1 if none is. */
static int last_until(varve_ts ts)
{
    int last = -1;
    for (int i = 0; i < TIME_COUNT && varve_ts_compare(times[i], ts) <= 0; i++)
        last = i;
    return last;
}

static const char *expected_at(varve_ts ts)
{
    int last = last_until(ts);
    if (last < 0)
        return "";
    varve_ts found = times[last];
    return found.logical == 0
               ? text_of("k@%lld=v%d", (long long)found.wall, last)
               : text_of("k@%lld,%d=v%d", (long long)found.wall, found.logical, last);
}

/* Every kind of read at that time. */
static void ck_seen_at(varve_ts ts)
{
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = ts), expected_at(ts));
    const char *newest = mvcc_versions(.start = "k", .ts = ts, .max = 1);
    ck_assert_int_eq(strncmp(newest, expected_at(ts), strlen(expected_at(ts))), 0);
    const char *strict = mvcc_see(.start = "k", .ts = ts, .flags = FAIL_ON_MORE_RECENT);
    if (last_until(ts) == TIME_COUNT - 1)
        ck_assert_str_eq(strict, expected_at(ts));
    else
        ck_assert_str_eq(strict, "TIMESTAMP_OVERFLOW"); /* there is nothing above the newest */
}

START_TEST(T10_reads_at_one_below_and_one_above_a_version)
{
    put_at_times();
    for (int i = 0; i < TIME_COUNT; i++) {
        varve_ts ts = times[i];
        ck_seen_at(ts);
        ck_ok(varve_ts_prev(times[i], &ts, &mvcc.err), &mvcc.err);
        ck_seen_at(ts);
        if (i < TIME_COUNT - 1) {
            ck_ok(varve_ts_next(times[i], &ts, &mvcc.err), &mvcc.err);
            ck_seen_at(ts);
        }
        ck_seen_at(varve_ts_of(times[i].wall, 0));
        ck_seen_at(varve_ts_of(times[i].wall, INT32_MAX));
        if (times[i].wall > 0)
            ck_seen_at(varve_ts_of(times[i].wall - 1, times[i].logical));
    }
}
END_TEST

START_TEST(T10_too_recent_at_the_very_next_time)
{
    mvcc_put("k", varve_ts_of(5, 7), "v");
    static const struct {
        varve_ts ts;
        const char *seen;
    } cases[] = {{{5, 6}, "WRITE_TOO_OLD 5,6 -> 5,8"},
                 {{5, 7}, "k@5,7=v"},
                 {{5, 8}, "k@5,7=v"},
                 {{4, INT32_MAX}, "WRITE_TOO_OLD 4,2147483647 -> 5,8"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(mvcc_see(.start = "k", .ts = cases[i].ts, .flags = FAIL_ON_MORE_RECENT),
                         cases[i].seen);
}
END_TEST

/* The versions that a window shows, newest first, and by their number only. */
static void ck_window(varve_ts after, varve_ts until)
{
    varve_changes *changes;
    varve_row row;
    varve_span span = {bytes("k"), bytes("k\0")};
    ck_ok(varve_changes_open(mvcc.reader, span, after, until, &changes, &mvcc.err), &mvcc.err);
    for (int i = last_until(until); i > last_until(after); i--) {
        ck_ok(varve_changes_next(changes, &mvcc.err), &mvcc.err);
        ck_assert(varve_changes_row(changes, &row));
        ck_assert_int_eq(varve_ts_compare(row.ts, times[i]), 0);
    }
    ck_status(varve_changes_next(changes, &mvcc.err), VARVE_NOT_FOUND, &mvcc.err);
    varve_changes_close(changes);
}

/* Windows do not take in their start, and do take in their end. */
START_TEST(T10_windows_begin_and_end_at_versions)
{
    put_at_times();
    for (int i = 0; i < TIME_COUNT; i++) {
        for (int j = 0; j < TIME_COUNT; j++) {
            varve_ts before_i;
            varve_ts before_j;
            ck_ok(varve_ts_prev(times[i], &before_i, &mvcc.err), &mvcc.err);
            ck_ok(varve_ts_prev(times[j], &before_j, &mvcc.err), &mvcc.err);
            ck_window(times[i], times[j]);
            ck_window(before_i, times[j]);
            ck_window(times[i], before_j);
            ck_window(before_i, before_j);
        }
    }
}
END_TEST

/* ---- T11: backwards over a hundred versions ----------------------------------------------------
 */

static void put_hundreds(void)
{
    static const char *const keys[] = {"a", "b", "b%00", "ba", "c"};
    for (int i = 1; i <= 100; i++) {
        for (size_t j = 0; j < sizeof keys / sizeof keys[0]; j++)
            mvcc_put(keys[j], at(i), text_of("%d", i));
    }
}

/* Spans that end or start right behind all versions of a key, or in front of them. */
START_TEST(T11_reverse_scans_over_a_hundred_versions)
{
    put_hundreds();
    for (int t = 0; t <= 101; t += t % 10 == 0 ? 1 : 9) {
        int seen = t > 100 ? 100 : t;
        const char *one = t == 0 ? "" : text_of("b@%d=%d", seen, seen);
        const char *all = text_of("c@%d=%d ba@%d=%d b%%00@%d=%d b@%d=%d a@%d=%d", seen, seen, seen,
                                  seen, seen, seen, seen, seen, seen, seen);
        const char *ends = text_of("b%%00@%d=%d b@%d=%d", seen, seen, seen, seen);
        ck_assert_str_eq(mvcc_reverse(.start = "", .end = "z", .ts = at(t)), t == 0 ? "" : all);
        ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "c%00", .ts = at(t)), t == 0 ? "" : all);
        ck_assert_str_eq(mvcc_reverse(.start = "b", .end = "b%00", .ts = at(t)), one);
        ck_assert_str_eq(mvcc_reverse(.start = "a%00", .end = "b%00", .ts = at(t)), one);
        ck_assert_str_eq(mvcc_reverse(.start = "a%FF", .end = "b%00%00", .ts = at(t)),
                         t == 0 ? "" : ends);
        ck_assert_str_eq(mvcc_reverse(.start = "b%00%00", .end = "ba", .ts = at(t)), "");
        ck_assert_str_eq(mvcc_reverse(.start = "c%00", .end = "z", .ts = at(t)), "");
        ck_assert_str_eq(mvcc_reverse(.start = "", .end = "a", .ts = at(t)), "");
    }
}
END_TEST

/* One key a page, from the last of the store to the first. */
START_TEST(T11_reverse_scans_of_one_key_at_both_ends)
{
    put_hundreds();
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "%FF%FF", .ts = at(50), .max = 1),
                     "c@50=50 > [,ba%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "ba%00", .ts = at(50), .max = 1),
                     "ba@50=50 > [,b%00%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "b%00%00", .ts = at(50), .max = 1),
                     "b%00@50=50 > [,b%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "b%00", .ts = at(50), .max = 1),
                     "b@50=50 > [,a%00)");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "a%00", .ts = at(50), .max = 1), "a@50=50");
    ck_assert_str_eq(mvcc_reverse(.start = "", .end = "a", .ts = at(50), .max = 1), "");
    ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "a%00", .ts = at(50), .max = 1), "a@50=50");
}
END_TEST

/* Bounds of an iterator inside the versions of a key: it stops there, by single steps and by keys.
 */
START_TEST(T11_reverse_iteration_with_bounds_inside_a_key)
{
    varve_iter *it;
    put_hundreds();
    varve_iter_options options = {.struct_size = sizeof options,
                                  .lower = mvcc_engine_key("b", at(70)),
                                  .upper = mvcc_engine_key("b", at(30))};
    ck_ok(varve_iter_open(mvcc.reader, &options, &it, &mvcc.err), &mvcc.err);
    int expected = 31;
    for (bool is = varve_iter_seek_lt(it, options.upper); is; is = varve_iter_prev(it))
        ck_slice_eq(it->key, mvcc_engine_key("b", at(expected++)));
    ck_assert_int_eq(expected, 71);
    ck_assert(varve_iter_seek_lt(it, mvcc_engine_key("c", varve_ts_zero())));
    ck_slice_eq(it->key, mvcc_engine_key("b", at(31)));
    ck_assert(!varve_iter_prev_key(it));
    ck_ok(varve_iter_status(it, &mvcc.err), &mvcc.err);
    varve_iter_close(it);
}
END_TEST

/* ---- T17: a transaction's own intents ----------------------------------------------------------
 */

static void put_as(const varve_txn *txn, const char *key, const char *value)
{
    varve_write how = {.struct_size = sizeof how,
                       .reader = mvcc.reader,
                       .writer = mvcc.writer,
                       .ts = txn->read_ts,
                       .txn = txn};
    varve_slice raw = mvcc_bytes(value);
    varve_status status = raw.size > 0 ? varve_mvcc_put(&how, mvcc_bytes(key), raw, &mvcc.err)
                                       : varve_mvcc_delete(&how, mvcc_bytes(key), &mvcc.err);
    ck_ok(status, &mvcc.err);
}

/* k: "base" at 5; an intent at 20 of one, two, nothing and four by sequences 1, 2, 3 and 4. */
static varve_txn put_sequences(void)
{
    static const char *const values[] = {RAW("one"), RAW("two"), "", RAW("four")};
    varve_txn txn = mvcc_txn(2, 1, 0, at(7), varve_ts_zero());
    txn.meta.write_ts = at(20);
    mvcc_put("k", at(5), RAW("base"));
    for (int32_t i = 0; i < 4; i++) {
        txn.meta.sequence = i + 1;
        put_as(&txn, "k", values[i]);
    }
    return txn;
}

static void ck_own(const varve_txn *txn, int64_t read_wall, const char *expected)
{
    const mvcc_query query = {.start = "k", .ts = at(read_wall), .txn = txn, .flags = TOMBSTONES};
    ck_assert_str_eq(mvcc_see_query(&query), expected);
}

START_TEST(T17_each_sequence_sees_its_own_value)
{
    varve_txn txn = put_sequences();
    static const char *const seen[] = {"k@5=" RAW("base"),  "k@0=" RAW("one"),
                                       "k@0=" RAW("two"),   "k@0-",
                                       "k@20=" RAW("four"), "k@20=" RAW("four")};
    for (int32_t i = 0; i < 6; i++) {
        txn.meta.sequence = i;
        ck_own(&txn, 7, seen[i]);
        ck_own(&txn, 30, seen[i]);
    }
    txn.meta.sequence = -1;
    ck_own(&txn, 30, "k@5=" RAW("base"));
    ck_own(&txn, 4, "");
}
END_TEST

/* Every part that can be rolled back, as seen from the end and from in between. */
START_TEST(T17_rolled_back_parts_are_not_seen)
{
    varve_txn txn = put_sequences();
    static const struct {
        varve_seq_range ignored;
        int32_t sequence;
        const char *seen;
    } cases[] = {
        {{4, 4}, 9, "k@0-"},
        {{3, 4}, 9, "k@0=" RAW("two")},
        {{2, 4}, 9, "k@0=" RAW("one")},
        {{1, 4}, 9, "k@5=" RAW("base")},
        {{0, 9}, 9, "k@5=" RAW("base")},
        {{1, 3}, 9, "k@20=" RAW("four")},
        {{5, 9}, 9, "k@20=" RAW("four")},
        {{3, 3}, 3, "k@0=" RAW("two")},
        {{1, 2}, 3, "k@0-"},
        {{1, 1}, 1, "k@5=" RAW("base")},
        {{2, 2}, 1, "k@0=" RAW("one")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        varve_seq_range ignored = cases[i].ignored;
        txn.ignored = &ignored;
        txn.ignored_count = 1;
        txn.meta.sequence = cases[i].sequence;
        ck_own(&txn, 7, cases[i].seen);
        ck_own(&txn, 25, cases[i].seen);
    }
    varve_seq_range two[] = {{1, 1}, {3, 4}};
    txn.ignored = two;
    txn.ignored_count = 2;
    txn.meta.sequence = 9;
    ck_own(&txn, 7, "k@0=" RAW("two"));
}
END_TEST

/* A restarted transaction passes over what it wrote before, and its older self is told so. */
START_TEST(T17_other_epochs)
{
    varve_txn txn = put_sequences();
    varve_txn restarted = txn;
    restarted.meta.epoch = 2;
    restarted.meta.sequence = 0;
    restarted.read_ts = at(20);
    ck_own(&restarted, 20, "k@5=" RAW("base"));
    ck_own(&restarted, 4, "");
    ck_own(&txn, 20, "k@20=" RAW("four"));

    restarted.meta.sequence = 1;
    put_as(&restarted, "k", RAW("anew"));
    ck_own(&restarted, 20, "k@20=" RAW("anew"));
    ck_own(&txn, 20, "TXN_EPOCH");
    ck_own(&txn, 3, "TXN_EPOCH");
    restarted.meta.sequence = 0;
    ck_own(&restarted, 20, "k@5=" RAW("base"));
}
END_TEST

/* One with another id is another transaction, whatever else is equal. */
START_TEST(T17_intents_of_others)
{
    varve_txn other = put_sequences();
    other.meta.id[0] = 1;
    ck_own(&other, 19, "k@5=" RAW("base"));
    ck_own(&other, 20, "WRITE_INTENT k@20/2");
    ck_own(NULL, 20, "WRITE_INTENT k@20/2");
    ck_own(NULL, 19, "k@5=" RAW("base"));
}
END_TEST

/* ---- T18: uncertainty at its edges -------------------------------------------------------------
 */

static varve_txn unsure(varve_ts read_ts, varve_ts max_ts)
{
    return mvcc_txn(9, 0, 0, read_ts, max_ts);
}

struct edge {
    varve_ts read_ts;
    varve_ts max_ts;
    const char *seen;
};

static void ck_edges(const struct edge *edges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        varve_txn txn = unsure(edges[i].read_ts, edges[i].max_ts);
        ck_assert_str_eq(mvcc_see(.start = "k", .ts = edges[i].read_ts, .txn = &txn),
                         edges[i].seen);
    }
}

/* Versions at 10,3 and 5. */
START_TEST(T18_versions_at_the_edges_of_uncertainty)
{
    static const struct edge edges[] = {
        {{10, 3}, {20, 0}, "k@10,3=" RAW("b")},
        {{10, 2}, {10, 3}, "READ_UNCERTAIN 10,2 < 10,3 <= 10,3"},
        {{10, 2}, {10, 4}, "READ_UNCERTAIN 10,2 < 10,3 <= 10,4"},
        {{10, 1}, {10, 2}, "k@5=" RAW("a")},
        {{10, 2}, {10, 2}, "k@5=" RAW("a")},
        {{10, 2}, {10, 1}, "k@5=" RAW("a")},
        {{10, 2}, {0, 0}, "k@5=" RAW("a")},
        {{5, 0}, {10, 2}, "k@5=" RAW("a")},
        {{4, INT32_MAX}, {5, 0}, "READ_UNCERTAIN 4,2147483647 < 5 <= 5"},
        {{4, INT32_MAX}, {10, 2}, "READ_UNCERTAIN 4,2147483647 < 5 <= 10,2"},
        {{4, 0}, {4, INT32_MAX}, ""},
        {{4, 0}, {20, 0}, "READ_UNCERTAIN 4 < 10,3 <= 20"},
    };
    mvcc_put("k", at(5), RAW("a"));
    mvcc_put("k", varve_ts_of(10, 3), RAW("b"));
    ck_edges(edges, sizeof edges / sizeof edges[0]);
}
END_TEST

/* The same below an intent of another transaction at 20,3. */
START_TEST(T18_intents_at_the_edges_of_uncertainty)
{
    static const struct edge edges[] = {
        {{20, 2}, {20, 3}, "WRITE_INTENT k@20,3/1"},
        {{20, 3}, {20, 3}, "WRITE_INTENT k@20,3/1"},
        {{20, 1}, {20, 2}, "k@10,3=" RAW("b")},
        {{20, 2}, {0, 0}, "k@10,3=" RAW("b")},
        {{10, 2}, {20, 2}, "READ_UNCERTAIN 10,2 < 10,3 <= 20,2"},
        {{10, 2}, {20, 3}, "WRITE_INTENT k@20,3/1"},
        {{10, 3}, {20, 2}, "k@10,3=" RAW("b")},
        {{4, 0}, {10, 2}, "READ_UNCERTAIN 4 < 5 <= 10,2"},
        {{5, 0}, {10, 2}, "k@5=" RAW("a")},
    };
    mvcc_put("k", at(5), RAW("a"));
    mvcc_put("k", varve_ts_of(10, 3), RAW("b"));
    mvcc_put_intent("k", varve_ts_of(20, 3), RAW("p"), 1);
    ck_edges(edges, sizeof edges / sizeof edges[0]);
}
END_TEST

/* A tombstone is as uncertain as a value; an own intent removes all doubt. */
START_TEST(T18_what_is_in_doubt_besides_values)
{
    varve_txn txn = unsure(at(7), at(10));
    mvcc_put("k", at(5), RAW("a"));
    mvcc_delete("k", at(10));
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(7), .txn = &txn),
                     "READ_UNCERTAIN 7 < 10 <= 10");
    txn.max_ts = varve_ts_of(9, INT32_MAX);
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(7), .txn = &txn), "k@5=" RAW("a"));
    txn.max_ts = at(50);
    mvcc_put_intent_of("k", at(20), RAW("own"), &txn, NULL);
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(7), .txn = &txn), "k@20=" RAW("own"));
    txn.meta.epoch = 1;
    ck_assert_str_eq(mvcc_see(.start = "k", .ts = at(7), .txn = &txn), "k@5=" RAW("a"));
}
END_TEST

/* ---- T21: pages cut inside many versions -------------------------------------------------------
 */

/* Keys with 1, 2, 9, 40 and 100 versions, with values of growing size, and one that is deleted. */
static void put_pages(void)
{
    static const struct {
        const char *key;
        int versions;
    } keys[] = {{"a", 1}, {"b", 2}, {"b%00", 100}, {"c", 9}, {"d", 100}, {"d%FF", 40}, {"e", 1}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        for (int t = 1; t <= keys[i].versions; t++)
            mvcc_put(keys[i].key, at(t), text_of("%0*d", 1 + (int)i * 7, t));
    }
    for (int t = 1; t <= 30; t++)
        mvcc_put("cc", at(t), "x");
    mvcc_delete("cc", at(31));
}

/* All pages of a span behind each other. */
static const char *read_pages(mvcc_query query)
{
    char all[1000] = "";
    for (int page = 0; page < 50; page++) {
        const char *one = mvcc_scan_query(&query);
        const char *rest = strstr(one, "> [");
        size_t size = rest != NULL ? (size_t)(rest - one) : strlen(one);
        size_t before = strlen(all);
        ck_assert_uint_lt(before + size, sizeof all);
        memcpy(all + before, one, size);
        all[before + size] = '\0';
        if (rest == NULL)
            return text_of("%s", all);
        ck_assert_uint_gt(size, 0); /* no page is empty */
        const char *comma = strchr(rest, ',');
        query.start = text_of("%.*s", (int)(comma - rest - 3), rest + 3);
        query.end = text_of("%.*s", (int)(strlen(comma) - 2), comma + 1);
    }
    ck_abort_msg("the pages never end");
    return NULL;
}

/* As text, without the blank that a page may leave at the end. */
static void ck_pages(const mvcc_query *query, const char *whole)
{
    const char *pages = read_pages(*query);
    size_t size = strlen(pages);
    while (size > 0 && pages[size - 1] == ' ')
        size--;
    ck_assert_str_eq(text_of("%.*s", (int)size, pages), whole);
}

START_TEST(T21_pages_are_the_whole)
{
    static const int64_t walls[] = {1, 2, 5, 9, 39, 40, 99, 100, 200};
    put_pages();
    for (size_t i = 0; i < sizeof walls / sizeof walls[0]; i++) {
        mvcc_query query = {
            .start = "", .end = "%FF%FF", .ts = at(walls[i]), .reverse = i % 2 == 1};
        const char *whole = mvcc_scan_query(&query);
        for (query.max = 1; query.max <= 9; query.max++)
            ck_pages(&query, whole);
        query.max = 0;
        for (query.target_bytes = 1; query.target_bytes < 400; query.target_bytes += 13)
            ck_pages(&query, whole);
        query.reverse = !query.reverse;
        query.target_bytes = 60;
        query.max = 2;
        const char *mirrored =
            mvcc_scan(.start = "", .end = "%FF%FF", .ts = at(walls[i]), .reverse = query.reverse);
        ck_pages(&query, mirrored);
    }
}
END_TEST

/* The next key is told by its name, wherever in its versions the page has ended. */
START_TEST(T21_resume_keys_between_many_versions)
{
    for (int t = 1; t <= 100; t++) {
        mvcc_put("a", at(t), "v");
        mvcc_put("b", at(t), "v");
        mvcc_put("c", at(t), "v");
    }
    for (int t = 1; t <= 100; t++) {
        ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(t), .max = 1),
                         text_of("a@%d=v > [b,z)", t));
        ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(t), .target_bytes = 21),
                         text_of("a@%d=v b@%d=v > [c,z)", t, t));
        ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(t), .max = 1),
                         text_of("c@%d=v > [a,b%%00)", t));
        ck_assert_str_eq(mvcc_reverse(.start = "a", .end = "z", .ts = at(t), .target_bytes = 21),
                         text_of("c@%d=v b@%d=v > [a,a%%00)", t, t));
        ck_assert_str_eq(mvcc_versions(.start = "b", .ts = at(t), .max = 1),
                         t == 1 ? "b@1=v" : text_of("b@%d=v > %d", t, t - 1));
    }
}
END_TEST

/* A first row beyond the limit is returned alone, in every direction and from every page. */
START_TEST(T21_first_rows_larger_than_the_limit)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    varve_read how = {.struct_size = sizeof how, .ts = at(9), .target_bytes = 10};
    varve_span span = {bytes("a"), bytes("z")};
    varve_write put = {.struct_size = sizeof put, .writer = mvcc.writer, .ts = at(1)};
    varve_slice large = repeated('x', 100000);
    ck_ok(varve_mvcc_put(&put, bytes("b"), large, &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(&put, bytes("c"), large, &mvcc.err), &mvcc.err);
    mvcc_put_intent("a", at(20), "later", 1);

    for (int reverse = 0; reverse < 2; reverse++) {
        size_t position = 0;
        ck_ok(reverse ? varve_mvcc_reverse_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err)
                      : varve_mvcc_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err),
              &mvcc.err);
        ck_assert_uint_eq(rows.count, 1);
        ck_assert_int_eq(rows.bytes, 8 + 1 + 1 + 9 + 100000);
        ck_assert(rows.more);
        ck_assert(varve_rows_next(&rows, &position, &row));
        ck_slice_eq(row.key, reverse ? bytes("c") : bytes("b"));
        ck_slice_eq(row.value, large);
        ck_buf_text(&rows.resume_start, reverse ? "a" : "c");
        ck_slice_eq(varve_buf_slice(&rows.resume_end), reverse ? bytes("b\0") : bytes("z"));
    }
    varve_rows_release(&rows);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, T10_reads_at_one_below_and_one_above_a_version);
    tcase_add_test(tcase, T10_too_recent_at_the_very_next_time);
    tcase_add_test(tcase, T10_windows_begin_and_end_at_versions);
    tcase_add_test(tcase, T11_reverse_scans_over_a_hundred_versions);
    tcase_add_test(tcase, T11_reverse_scans_of_one_key_at_both_ends);
    tcase_add_test(tcase, T11_reverse_iteration_with_bounds_inside_a_key);
    tcase_add_test(tcase, T17_each_sequence_sees_its_own_value);
    tcase_add_test(tcase, T17_rolled_back_parts_are_not_seen);
    tcase_add_test(tcase, T17_other_epochs);
    tcase_add_test(tcase, T17_intents_of_others);
    tcase_add_test(tcase, T18_versions_at_the_edges_of_uncertainty);
    tcase_add_test(tcase, T18_intents_at_the_edges_of_uncertainty);
    tcase_add_test(tcase, T18_what_is_in_doubt_besides_values);
    tcase_add_test(tcase, T21_pages_are_the_whole);
    tcase_add_test(tcase, T21_resume_keys_between_many_versions);
    tcase_add_test(tcase, T21_first_rows_larger_than_the_limit);
}

int main(void)
{
    return mvcc_run(mvcc_read_suite("mvcc/traps_reads", fill));
}
