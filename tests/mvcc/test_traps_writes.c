/*
 * Traps that writers of versioned stores have fallen into, each by its number: garbage at the edges
 * of its threshold, splits of what cannot be split, a transaction's own intents, writes that come
 * too late, conditions on nothing, deletions of ranges, and clocks that go back.
 */
#include <stdio.h>

#include "tests/support/fault.h"
#include "tests/support/writes.h"

#include <varve/clock.h>
#include <varve/mvcc.h>

#define ck_records(key, expected) ck_assert_str_eq(writes_records(key), expected)
#define ck_done(outcome) ck_assert_str_eq(outcome, "OK")
#define TOO_OLD(attempted, actual)                                                                 \
    "WRITE_TOO_OLD: WriteTooOldError: write at timestamp 0." attempted " too old; wrote at "       \
    "0." actual

/* The outcome of a write without what is told about it. */
static const char *kind(const char *outcome)
{
    static char text[30];
    (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(outcome, ":"), outcome);
    return text;
}

/* The statistics, aged to any time, are those of a recount. */
static void ck_counted(void)
{
    static const int64_t times[] = {0, SECOND, 9 * SECOND - 1, 1000 * SECOND};
    varve_span all = {bytes(""), bytes("")};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        varve_stats counted;
        varve_stats aged = writes.stats;
        ck_ok(varve_stats_compute(mvcc.reader, all, times[i], NULL, &counted, &mvcc.err),
              &mvcc.err);
        varve_stats_age_to(&aged, times[i]);
        ck_assert_mem_eq(&aged, &counted, sizeof aged);
    }
}

static varve_status collect_key(const varve_write *how, const char *key, varve_ts threshold)
{
    const varve_gc_key entry = {mvcc_bytes(key), threshold};
    return varve_mvcc_gc(how, &entry, 1, seconds(100), &mvcc.err);
}

/* "OK" or the name of the status. */
static const char *collect(const char *key, varve_ts threshold)
{
    varve_write how = writes_how(varve_ts_zero(), NULL);
    varve_status status = collect_key(&how, key, threshold);
    varve_error_release(&mvcc.err);
    ck_counted();
    return varve_status_name(status) + strlen("VARVE_");
}

static const char *resolve(const char *key, const varve_txn *txn, varve_txn_status as)
{
    varve_write how = writes_how(varve_ts_zero(), NULL);
    varve_resolution resolution = {.struct_size = sizeof resolution,
                                   .txn = &txn->meta,
                                   .status = as,
                                   .ignored = txn->ignored,
                                   .ignored_count = txn->ignored_count};
    bool resolved;
    ck_ok(varve_mvcc_resolve(&how, mvcc_bytes(key), &resolution, &resolved, &mvcc.err), &mvcc.err);
    ck_counted();
    return resolved ? "resolved" : "nothing";
}

/* Put as a transaction at a sequence number. */
static const char *put_at(varve_txn *txn, int32_t sequence, const char *key, const char *value)
{
    txn->meta.sequence = sequence;
    return writes_put_as(key, txn, value);
}

/* ---- T12: garbage at the very time of a version -------------------------------------------------
 */

START_TEST(T12_thresholds_at_one_below_and_one_above_a_version)
{
    const varve_ts below = varve_ts_of(2 * SECOND - 1, INT32_MAX);
    const varve_ts above = varve_ts_of(2 * SECOND, 1);
    const varve_ts thresholds[] = {below, seconds(2), above};
    const char *const left[] = {"v@4s -@3s w@2s", "v@4s -@3s", "v@4s -@3s"};
    for (int i = 0; i < 3; i++) {
        char live[2] = {(char)('a' + i), 0};
        char gone[2] = {(char)('m' + i), 0};
        for (int newest_is_live = 0; newest_is_live < 2; newest_is_live++) {
            const char *key = newest_is_live ? live : gone;
            ck_done(writes_put(key, seconds(1), "x"));
            ck_done(writes_put(key, seconds(2), "w"));
            ck_done(writes_put(key, seconds(3), NULL));
        }
        ck_done(writes_put(live, seconds(4), "v"));
        ck_assert_str_eq(collect(live, thresholds[i]), "OK");
        ck_assert_str_eq(collect(gone, thresholds[i]), "OK");
        ck_records(live, left[i]);
        ck_records(gone, left[i] + strlen("v@4s "));
    }
}
END_TEST

START_TEST(T12_tombstones_at_the_threshold)
{
    ck_done(writes_put("a", seconds(1), "v"));
    ck_done(writes_put("a", seconds(2), NULL));
    ck_done(writes_put("a", seconds(3), "w"));
    /* One that is not the newest goes with what it covers; */
    ck_assert_str_eq(collect("a", seconds(2)), "OK");
    ck_records("a", "w@3s");
    /* a newest value does not; */
    ck_assert_str_eq(collect("a", seconds(3)), "NOT_GARBAGE");
    ck_done(writes_put("a", seconds(4), NULL));
    ck_assert_str_eq(collect("a", varve_ts_of(4 * SECOND - 1, INT32_MAX)), "OK");
    ck_records("a", "-@4s");
    /* a newest tombstone does, and leaves nothing. */
    ck_assert_str_eq(collect("a", seconds(4)), "OK");
    ck_assert_str_eq(writes_everything(), "");
    ck_assert_str_eq(writes_stats(9 * SECOND), "last_update_nanos=9");
}
END_TEST

/* Keys that have never had but deletions are garbage like others. */
START_TEST(T12_keys_of_deletions_only)
{
    for (int64_t wall = 1; wall <= 100; wall++)
        ck_done(writes_put("d", seconds(wall), NULL));
    ck_assert_str_eq(collect("d", seconds(30)), "OK");
    ck_assert_int_eq(writes.stats.val_count, 70);
    ck_assert_str_eq(collect("d", seconds(99)), "OK");
    ck_records("d", "-@100s");
    ck_assert_str_eq(collect("d", seconds(100)), "OK");
    ck_assert_str_eq(writes_everything(), "");
    ck_assert_int_eq(writes.stats.gc_bytes_age, 0);
}
END_TEST

START_TEST(T12_intents_on_top)
{
    varve_txn txn = writes_txn(1, seconds(3));
    for (int deleted = 0; deleted < 2; deleted++) {
        const char *key = deleted ? "a" : "b";
        ck_done(writes_put(key, seconds(1), "v"));
        ck_done(writes_put(key, seconds(2), "w"));
        ck_done(put_at(&txn, 1, key, deleted ? NULL : "p"));
        ck_assert_str_eq(collect(key, seconds(3)), "NOT_GARBAGE");
        ck_assert_str_eq(collect(key, seconds(1)), "OK");
        ck_assert_str_eq(resolve(key, &txn, VARVE_TXN_ABORTED), "resolved");
        ck_records(key, "w@2s");
    }
}
END_TEST

/* ---- T13: garbage collection that is interrupted ------------------------------------------------
 */

enum { GC_KEYS = 5 };

static varve_gc_key gc_keys[GC_KEYS];

/* Of every second key everything goes; one of them loses a long run. */
static void put_garbage(void)
{
    static const char *const names[GC_KEYS] = {"%01sys", "a", "b", "c", "d"};
    writes_start();
    for (int i = 0; i < GC_KEYS; i++) {
        varve_write how = writes_how(varve_ts_zero(), NULL);
        int versions = i == 2 ? 70 : 3;
        gc_keys[i] = (varve_gc_key){mvcc_bytes(names[i]), seconds(i % 2 == 0 ? versions : 2)};
        for (how.ts = seconds(1); how.ts.wall <= versions * SECOND; how.ts.wall += SECOND) {
            bool last = how.ts.wall == versions * SECOND;
            varve_slice raw = last && i % 2 == 0 ? bytes("") : writes_raw("v");
            ck_ok(varve_mvcc_put(&how, gc_keys[i].key, raw, &mvcc.err), &mvcc.err);
        }
    }
}

static void clear_all(void)
{
    varve_span all = {bytes("\x01"), varve_key_max()};
    ck_ok(varve_mvcc_clear_range(mvcc.writer, all, &mvcc.err), &mvcc.err);
}

/* Fail each write in turn and go on from there: nothing is counted twice, and nothing forgotten. */
START_TEST(T13_collection_goes_on_where_it_was_interrupted)
{
    fault_view view;
    put_garbage();
    varve_write how = writes_how(varve_ts_zero(), NULL);
    ck_ok(varve_mvcc_gc(&how, gc_keys, GC_KEYS, seconds(200), &mvcc.err), &mvcc.err);
    const char *expected = writes_everything();
    const varve_stats stats = writes.stats;
    ck_counted();
    unsigned fired = 0;
    for (unsigned nth = 1;; nth += 3) {
        clear_all();
        put_garbage();
        fault_view_init(&view, mvcc.reader, mvcc.writer);
        fault_view_arm(&view, nth);
        how.reader = &view.reader;
        how.writer = &view.writer;
        varve_status status = varve_mvcc_gc(&how, gc_keys, GC_KEYS, seconds(200), &mvcc.err);
        if (!view.fired)
            break;
        fired++;
        ck_fails(status, VARVE_IO, &mvcc.err, "injected failure");
        ck_counted();
        ck_ok(varve_mvcc_gc(&how, gc_keys, GC_KEYS, seconds(200), &mvcc.err), &mvcc.err);
        ck_assert_str_eq(writes_everything(), expected);
        ck_assert_mem_eq(&writes.stats, &stats, sizeof stats);
    }
    ck_assert_uint_gt(fired, 2 * GC_KEYS);
    ck_assert_str_eq(writes_everything(), expected);
}
END_TEST

/* ---- T16: what cannot be split ------------------------------------------------------------------
 */

/* "KEY LEFT" or "none of LEFT, KEY has LARGEST". */
static const char *split(const char *start, const char *end, int64_t target)
{
    static char text[200];
    varve_split found = VARVE_SPLIT_INIT;
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    varve_status status =
        varve_mvcc_find_split_key(mvcc.reader, span, target, NULL, NULL, &found, &mvcc.err);
    ck_assert_int_ge(status, 0);
    const char *largest = mvcc_text(varve_buf_slice(&found.largest_key));
    if (status == VARVE_OK)
        snprintf(text, sizeof text, "%s %d", mvcc_text(varve_buf_slice(&found.key)),
                 (int)found.left_bytes);
    else
        snprintf(text, sizeof text, "none of %d, %s has %d", (int)found.left_bytes, largest,
                 (int)found.largest_bytes);
    varve_split_release(&found);
    return text;
}

START_TEST(T16_splits_of_nothing_of_one_key_and_of_intents)
{
    varve_txn txn = writes_txn(1, seconds(1));
    /* The empty range; one that ends before it starts; and one of system keys. */
    ck_assert_str_eq(split("a", "z", 0), "none of 0,  has 0");
    ck_assert_str_eq(split("z", "a", 10), "none of 0,  has 0");
    ck_done(writes_put("%01a", seconds(1), "v"));
    ck_done(writes_put("%01b", seconds(1), "v"));
    ck_assert_str_eq(split("", "%02", 10), "none of 0,  has 0");
    /* A key of one version: 2 for the key, 12 for the timestamp, 6 for the value. */
    ck_done(writes_put("k", seconds(1), "v"));
    ck_assert_str_eq(split("", "", 10), "none of 20, k has 20");
    /* Of many: they stay together, wherever the target is. */
    for (int64_t wall = 2; wall <= 50; wall++)
        ck_done(writes_put("k", seconds(wall), "v"));
    for (int64_t target = 0; target < 1000; target += 111)
        ck_assert_str_eq(split("a", "z", target), "none of 902, k has 902");
    ck_assert_str_eq(split("k", "k%00", 500), "none of 902, k has 902");
    /* Never in front of the first key, and not within one behind it either. */
    ck_done(writes_put("l", seconds(1), "v"));
    ck_assert_str_eq(split("a", "z", 0), "l 902");
    ck_assert_str_eq(split("a", "z", INT64_MAX), "l 902");
    ck_assert_str_eq(split("l", "z", 10), "none of 20, l has 20");
    /* Intents are two records of one key: 2 + 46 + 12 + 6. */
    for (const char *key = "p\0q\0r\0s\0"; *key != '\0'; key += 2)
        ck_done(writes_put_as(key, &txn, "v"));
    ck_assert_str_eq(split("p", "q", 30), "none of 66, p has 66");
    ck_assert_str_eq(split("p", "z", 132), "r 132");
    for (int64_t target = 0; target <= 300; target += 10)
        ck_assert_ptr_nonnull(strstr("q 66 r 132 s 198", split("p", "z", target)));
}
END_TEST

/* ---- T17: intents of one's own -----------------------------------------------------------------
 */

START_TEST(T17_a_lower_sequence_never_overwrites)
{
    varve_txn txn = writes_txn(1, seconds(2));
    ck_done(put_at(&txn, 3, "k", "a"));
    ck_done(put_at(&txn, 7, "k", "b"));
    const char *before = writes_everything();
    for (int32_t sequence = -1; sequence <= 7; sequence++) {
        const char *outcome = put_at(&txn, sequence, "k", sequence < 5 ? "a" : "b");
        bool written = sequence == 3 || sequence == 7;
        ck_assert_str_eq(kind(outcome), written ? "OK" : "TXN_REPLAY");
    }
    ck_assert_str_eq(kind(put_at(&txn, 7, "k", "a")), "TXN_REPLAY");
    ck_assert_str_eq(writes_everything(), before);
}
END_TEST

/* A part that was rolled back is gone from what comes after: reads, conditions and the commit. */
START_TEST(T17_a_rolled_back_part_leaves_nothing_behind)
{
    varve_seq_range part = {4, 8};
    varve_txn txn = writes_txn(1, seconds(2));
    ck_done(writes_put("k", seconds(1), "#1"));
    ck_assert_str_eq((txn.meta.sequence = 2, writes_increment("k", at(0), &txn, 10)), "OK 11");
    ck_assert_str_eq((txn.meta.sequence = 5, writes_increment("k", at(0), &txn, 100)), "OK 111");
    ck_assert_str_eq((txn.meta.sequence = 8, writes_increment("k", at(0), &txn, 1000)), "OK 1111");
    txn.ignored = &part;
    txn.ignored_count = 1;
    txn.meta.sequence = 9;
    ck_assert_str_eq(kind(writes_put_if("k", at(0), &txn, "#0", "#1111")), "CONDITION_FAILED");
    ck_assert_str_eq(writes_increment("k", at(0), &txn, 10000), "OK 10011");
    ck_records("k", "{1/0/9 w2s @2s 8 2=#11 5=#111} #10011@2s #1@1s");
    /* And that write with it. */
    part.end = 9;
    ck_assert_str_eq(resolve("k", &txn, VARVE_TXN_COMMITTED), "resolved");
    ck_records("k", "#11@2s #1@1s");
}
END_TEST

START_TEST(T17_an_older_epoch_is_as_good_as_gone)
{
    varve_txn txn = writes_txn(1, seconds(2));
    ck_done(writes_put("k", seconds(1), "#1"));
    ck_assert_str_eq((txn.meta.sequence = 9, writes_increment("k", at(0), &txn, 10)), "OK 11");
    txn.meta.epoch = 1;
    txn.meta.sequence = 1;
    txn.meta.write_ts = txn.read_ts = seconds(4);
    ck_assert_str_eq(writes_increment("k", at(0), &txn, 100), "OK 101");
    ck_records("k", "{1/1/1 w4s @4s 7} #101@4s #1@1s");
    txn.meta.epoch = 0;
    txn.meta.sequence = 10;
    ck_assert_str_eq(kind(writes_put_as("k", &txn, "#5")), "TXN_EPOCH");
    ck_assert_str_eq(resolve("k", &txn, VARVE_TXN_COMMITTED), "resolved");
    ck_records("k", "#1@1s");
}
END_TEST

/* The answer to a resolution was lost: done once more it finds a version, and leaves that alone. */
START_TEST(T17_what_has_been_resolved_stays)
{
    const varve_txn_status all[] = {VARVE_TXN_COMMITTED, VARVE_TXN_ABORTED, VARVE_TXN_PENDING,
                                    VARVE_TXN_STAGING};
    varve_txn txn = writes_txn(1, seconds(2));
    ck_done(writes_put("k", seconds(1), "v"));
    ck_done(put_at(&txn, 1, "k", "p"));
    txn.meta.write_ts = seconds(3);
    ck_assert_str_eq(resolve("k", &txn, VARVE_TXN_COMMITTED), "resolved");
    const char *after = writes_everything();
    ck_records("k", "p@3s v@1s");
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(resolve("k", &txn, all[i]), "nothing");
        ck_assert_str_eq(writes_everything(), after);
    }
    /* Nor does it touch the intent of another that has come since. */
    varve_txn other = writes_txn(2, seconds(5));
    ck_done(put_at(&other, 1, "k", "q"));
    after = writes_everything();
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(resolve("k", &txn, all[i]), "nothing");
    ck_assert_str_eq(writes_everything(), after);
}
END_TEST

/* ---- T18: writes that come too late -------------------------------------------------------------
 */

START_TEST(T18_puts_at_one_below_and_one_above_a_version)
{
    const struct {
        varve_ts ts;
        const char *outcome;
        const char *records;
    } rows[] = {
        {{9, INT32_MAX}, TOO_OLD("000000009,2147483647", "000000010,6"), "w@10,6 v@10,5"},
        {{10, 4}, TOO_OLD("000000010,4", "000000010,6"), "w@10,6 v@10,5"},
        {{10, 5}, TOO_OLD("000000010,5", "000000010,6"), "w@10,6 v@10,5"},
        {{10, 6}, "OK", "w@10,6 v@10,5"},
        {{11, 0}, "OK", "w@11 v@10,5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char key[2] = {(char)('a' + i), 0};
        char own[2] = {(char)('m' + i), 0};
        varve_txn txn = writes_txn(1, rows[i].ts);
        ck_done(writes_put(key, varve_ts_of(10, 5), "v"));
        ck_assert_str_eq(writes_put(key, rows[i].ts, "w"), rows[i].outcome);
        ck_records(key, rows[i].records);
        ck_done(writes_put(own, varve_ts_of(10, 5), "v"));
        ck_assert_str_eq(writes_put_as(own, &txn, "w"), rows[i].outcome);
        ck_assert_str_eq(strchr(writes_records(own), '}') + 2, rows[i].records);
    }
}
END_TEST

START_TEST(T18_too_late_below_an_intent)
{
    varve_txn own = writes_txn(1, at(10));
    varve_txn other = writes_txn(2, at(4));
    ck_done(writes_put("k", at(5), "v"));
    ck_done(put_at(&own, 1, "k", "p"));
    /* Others meet the intent first, at whatever time they write. */
    ck_assert_str_eq(writes_put("k", at(4), "w"), "WRITE_INTENT: conflicting intents on \"k\"");
    ck_assert_str_eq(writes_put("k", at(12), "w"), "WRITE_INTENT: conflicting intents on \"k\"");
    ck_assert_str_eq(writes_put_as("k", &other, "w"), "WRITE_INTENT: conflicting intents on \"k\"");
    /* Once it is gone they are too late; above what is there, not above what was. */
    ck_assert_str_eq(resolve("k", &own, VARVE_TXN_ABORTED), "resolved");
    ck_assert_str_eq(writes_put("k", at(4), "w"), TOO_OLD("000000004,0", "000000005,1"));
    ck_records("k", "w@5,1 v@5");
}
END_TEST

/* One that makes its value is uncertain of a version that may have been there when it began. */
START_TEST(T18_writes_at_the_edges_of_uncertainty)
{
    for (int64_t limit = 9; limit <= 11; limit++) {
        char key[2] = {(char)('a' + limit), 0};
        varve_txn txn = writes_txn(1, at(5));
        txn.max_ts = at(limit);
        ck_done(writes_put(key, at(1), "#1"));
        ck_done(writes_put(key, at(10), "#2"));
        const char *outcome = writes_increment(key, at(0), &txn, 5);
        if (limit < 10)
            ck_assert_str_eq(outcome, TOO_OLD("000000005,0", "000000010,1") " 6");
        else
            ck_assert_str_eq(kind(outcome), "READ_UNCERTAIN");
        /* One that does not read is just too late. */
        ck_assert_str_eq(put_at(&txn, 1, key, "#7"),
                         limit < 10 ? "OK" : TOO_OLD("000000005,0", "000000010,1"));
    }
}
END_TEST

/* ---- T19: conditions ---------------------------------------------------------------------------
 */

/* A value of no bytes is one; a tombstone is none, though it is told with its time. */
START_TEST(T19_missing_empty_and_deleted)
{
    static const char *const missing = "CONDITION_FAILED: unexpected value: <nil>";
    static const char *const empty = "CONDITION_FAILED: unexpected value: "
                                     "raw_bytes:\"\\000\\000\\000\\000\\003\" "
                                     "timestamp:<wall_time:1 > ";
    static const char *const deleted = "CONDITION_FAILED: unexpected value: "
                                       "timestamp:<wall_time:1 > ";
    varve_slice empty_string = hex("00 00 00 00 03");
    varve_expect expect = {.struct_size = sizeof expect, .exists = true, .raw = empty_string};
    varve_write how = writes_how(at(1), NULL);
    ck_ok(varve_mvcc_put(&how, bytes("e"), empty_string, &mvcc.err), &mvcc.err);
    ck_done(writes_put("d", at(1), NULL));

    ck_assert_str_eq(writes_put_if("m", at(2), NULL, "v", "x"), missing);
    ck_assert_str_eq(writes_put_if("d", at(2), NULL, "v", "x"), deleted);
    ck_assert_str_eq(writes_put_if("e", at(2), NULL, "v", "x"), empty);
    ck_assert_str_eq(writes_put_if("e", at(2), NULL, "v", "?x"), empty);
    ck_assert_str_eq(writes_put_if("e", at(2), NULL, "v", NULL), empty);
    /* The empty string is expected: nothing and a tombstone are not that. */
    how.ts = at(2);
    ck_status(varve_mvcc_put_if(&how, bytes("m"), writes_raw("v"), &expect, &mvcc.err),
              VARVE_CONDITION_FAILED, &mvcc.err);
    ck_status(varve_mvcc_put_if(&how, bytes("d"), writes_raw("v"), &expect, &mvcc.err),
              VARVE_CONDITION_FAILED, &mvcc.err);
    varve_error_release(&mvcc.err);
    ck_ok(varve_mvcc_put_if(&how, bytes("e"), writes_raw("v"), &expect, &mvcc.err), &mvcc.err);
    ck_records("e", "v@2 @1");
    ck_done(writes_put_if("m", at(2), NULL, "v", NULL));
    ck_done(writes_put_if("d", at(2), NULL, "v", "?x"));
    ck_records("m", "v@2");
    ck_records("d", "v@2 -@1");
}
END_TEST

START_TEST(T19_conditions_on_ones_own_intent)
{
    varve_txn txn = writes_txn(1, at(5));
    ck_done(writes_put("k", at(1), "old"));
    ck_done(put_at(&txn, 1, "k", "own"));
    txn.meta.sequence = 2;
    /* What was committed is not what is there any more; the value has the time of the intent. */
    ck_assert_str_eq(writes_put_if("k", at(0), &txn, "new", "old"),
                     "CONDITION_FAILED: unexpected value: "
                     "raw_bytes:\"\\000\\000\\000\\000\\003own\" timestamp:<wall_time:5 > ");
    ck_done(writes_put_if("k", at(0), &txn, "new", "own"));
    /* Done once more, it compares with what it saw. */
    ck_done(writes_put_if("k", at(0), &txn, "new", "own"));
    ck_assert_str_eq(writes_put_if("k", at(0), &txn, "new", "new"),
                     "CONDITION_FAILED: unexpected value: "
                     "raw_bytes:\"\\000\\000\\000\\000\\003own\" timestamp:<> ");
    /* A deletion of one's own is a tombstone. */
    ck_done(put_at(&txn, 3, "k", NULL));
    txn.meta.sequence = 4;
    ck_assert_str_eq(writes_put_if("k", at(0), &txn, "v", "new"),
                     "CONDITION_FAILED: unexpected value: timestamp:<wall_time:5 > ");
    ck_assert_str_eq(writes_init_put("k", at(0), &txn, "v", true),
                     "CONDITION_FAILED: unexpected value: timestamp:<wall_time:5 > ");
    ck_done(writes_put_if("k", at(0), &txn, "v", NULL));
    ck_records("k", "{1/0/4 w5 @5 6 1=own 2=new 3=-} v@5 old@1");
}
END_TEST

/* ---- T20: deletions of ranges ------------------------------------------------------------------
 */

START_TEST(T20_puts_around_a_deleted_range)
{
    for (const char *key = "a\0b\0c\0d\0"; *key != '\0'; key += 2)
        ck_done(writes_put(key, seconds(1), "v"));
    ck_assert_str_eq(writes_delete_range("a", "d", seconds(3), NULL, -1, true), "3 a b c");
    /* Above it a key is there again; below, right above it, and late. */
    ck_done(writes_put("a", seconds(4), "w"));
    ck_assert_str_eq(kind(writes_put("b", seconds(2), "w")), "WRITE_TOO_OLD");
    ck_records("a", "w@4s -@3s v@1s");
    ck_records("b", "w@3s,1 -@3s v@1s");
    ck_records("d", "v@1s");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "d", .ts = seconds(3)), "");
    /* A second deletion finds what has come back, and nothing else. */
    ck_assert_str_eq(writes_delete_range("a", "d", seconds(6), NULL, -1, true), "2 a b");
    ck_records("c", "-@3s v@1s");
    /* One that is too late says so at the first key that it meets. */
    ck_done(writes_put("b", seconds(7), "x"));
    ck_done(writes_put("c", seconds(7), "x"));
    ck_assert_str_eq(writes_delete_range("a", "d", seconds(2), NULL, -1, true),
                     "2 WRITE_TOO_OLD: WriteTooOldError: write at timestamp 2.000000000,0 too old; "
                     "wrote at 7.000000000,1");
    ck_assert_str_eq(writes_get("c", seconds(9), NULL), "x@7s");
}
END_TEST

START_TEST(T20_a_deleted_range_across_a_threshold)
{
    for (const char *key = "a\0b\0c\0"; *key != '\0'; key += 2)
        ck_done(writes_put(key, seconds(1), "v"));
    ck_assert_str_eq(writes_delete_range("a", "z", seconds(3), NULL, -1, false), "3");
    ck_done(writes_put("b", seconds(5), "w"));
    /* Below the deletion the values go and it stays; with it all goes but what came after. */
    ck_assert_str_eq(collect("a", seconds(2)), "OK");
    ck_records("a", "-@3s");
    ck_assert_str_eq(kind(writes_put("a", seconds(2), "late")), "WRITE_TOO_OLD");
    ck_records("a", "late@3s,1 -@3s");
    for (const char *key = "a\0b\0c\0"; *key != '\0'; key += 2)
        ck_assert_str_eq(collect(key, seconds(3)), "OK");
    ck_records("a", "late@3s,1");
    ck_records("b", "w@5s");
    ck_records("c", "");
    /* Nothing remembers the deletion of a key that is gone. */
    ck_done(writes_put("c", seconds(2), "new"));
    ck_records("c", "new@2s");
}
END_TEST

/* ---- T22: clocks -------------------------------------------------------------------------------
 */

static int64_t physical_now;

static int64_t physical(void *arg)
{
    (void)arg;
    return physical_now;
}

/* Writes at the times of the clock come one above the other, whatever happens to physical time. */
START_TEST(T22_a_clock_that_goes_back_between_writes)
{
    static const int64_t steps[] = {100, 100, 40, -7, INT64_MIN, 101, 0, 101, 5};
    varve_clock_options options = {.struct_size = sizeof options, .physical = physical};
    varve_clock *clock;
    varve_ts last = varve_ts_zero();
    ck_ok(varve_clock_open(mvcc.engine, &options, &clock, &mvcc.err), &mvcc.err);
    writes.quiet = true; /* the mark of the clock is written past them */
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        varve_ts now;
        physical_now = steps[i];
        ck_ok(varve_clock_now(clock, &now, &mvcc.err), &mvcc.err);
        ck_assert_int_gt(varve_ts_compare(now, last), 0);
        ck_done(writes_put("k", now, "v"));
        last = now;
    }
    ck_records("k", "v@101,3 v@101,2 v@101,1 v@101 v@100,4 v@100,3 v@100,2 v@100,1 v@100");
    varve_clock_close(clock);
}
END_TEST

/* The tick behind the last logical one is one of wall time, for the clock and for late writes. */
START_TEST(T22_logical_parts_overflow)
{
    varve_clock_options options = {.struct_size = sizeof options, .physical = physical};
    varve_clock *clock;
    varve_ts now;
    writes.quiet = true;
    physical_now = 5;
    ck_ok(varve_clock_open(mvcc.engine, &options, &clock, &mvcc.err), &mvcc.err);
    ck_ok(varve_clock_observe(clock, varve_ts_of(7, INT32_MAX), &mvcc.err), &mvcc.err);
    ck_ok(varve_clock_now(clock, &now, &mvcc.err), &mvcc.err);
    ck_assert_int_eq(varve_ts_compare(now, at(8)), 0);
    ck_done(writes_put("k", varve_ts_of(7, INT32_MAX), "v"));
    ck_assert_str_eq(writes_put("k", at(3), "w"), TOO_OLD("000000003,0", "000000008,0"));
    ck_records("k", "w@8 v@7,2147483647");

    ck_fails(varve_clock_observe(clock, varve_ts_max(), &mvcc.err), VARVE_TIMESTAMP_OVERFLOW,
             &mvcc.err, "there is no timestamp after the last");
    ck_ok(varve_clock_observe(clock, varve_ts_of(INT64_MAX, INT32_MAX - 1), &mvcc.err), &mvcc.err);
    ck_ok(varve_clock_now(clock, &now, &mvcc.err), &mvcc.err);
    ck_done(writes_put("l", now, "v"));
    ck_fails(varve_clock_now(clock, &now, &mvcc.err), VARVE_TIMESTAMP_OVERFLOW, &mvcc.err,
             "there is no timestamp after the last");
    ck_assert_str_eq(writes_put("l", varve_ts_max(), "w"),
                     "TIMESTAMP_OVERFLOW: there is no timestamp after the last");
    varve_clock_close(clock);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, writes_start, NULL);
    tcase_add_test(tcase, T12_thresholds_at_one_below_and_one_above_a_version);
    tcase_add_test(tcase, T12_tombstones_at_the_threshold);
    tcase_add_test(tcase, T12_keys_of_deletions_only);
    tcase_add_test(tcase, T12_intents_on_top);
    tcase_add_test(tcase, T13_collection_goes_on_where_it_was_interrupted);
    tcase_add_test(tcase, T16_splits_of_nothing_of_one_key_and_of_intents);
    tcase_add_test(tcase, T17_a_lower_sequence_never_overwrites);
    tcase_add_test(tcase, T17_a_rolled_back_part_leaves_nothing_behind);
    tcase_add_test(tcase, T17_an_older_epoch_is_as_good_as_gone);
    tcase_add_test(tcase, T17_what_has_been_resolved_stays);
    tcase_add_test(tcase, T18_puts_at_one_below_and_one_above_a_version);
    tcase_add_test(tcase, T18_too_late_below_an_intent);
    tcase_add_test(tcase, T18_writes_at_the_edges_of_uncertainty);
    tcase_add_test(tcase, T19_missing_empty_and_deleted);
    tcase_add_test(tcase, T19_conditions_on_ones_own_intent);
    tcase_add_test(tcase, T20_puts_around_a_deleted_range);
    tcase_add_test(tcase, T20_a_deleted_range_across_a_threshold);
    tcase_add_test(tcase, T22_a_clock_that_goes_back_between_writes);
    tcase_add_test(tcase, T22_logical_parts_overflow);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/traps_writes", fill));
}
