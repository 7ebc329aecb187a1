/*
 * Statistics by reading: hand-written records on every backend, and random ones against a model
 * that was written from the definitions of the numbers, not from the walk.
 */
#include "tests/support/mvcc.h"

#include <varve/stats.h>

#define SECOND INT64_C(1000000000)

static varve_ts seconds(int64_t count)
{
    return varve_ts_of(count * SECOND, 0);
}

static varve_status compute(const char *start, const char *end, int64_t now, varve_stats *stats)
{
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    return varve_stats_compute(mvcc.reader, span, now, NULL, stats, &mvcc.err);
}

/* The printed statistics of a span as of `now` seconds, or of the failure. */
static const char *stats_of(const char *start, const char *end, int64_t now)
{
    varve_stats stats;
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(compute(start, end, now * SECOND, &stats), &mvcc.err);
    stats.last_update_nanos /= SECOND;
    ck_ok(varve_stats_print(&stats, &text, &mvcc.err), &mvcc.err);
    const char *kept = mvcc_text(varve_buf_slice(&text));
    varve_buf_release(&text);
    return kept;
}

#define ck_stats(start, end, now, expected)                                                        \
    ck_assert_str_eq(stats_of(start, end, now), mvcc_text(varve_slice_text(expected)))

#define ck_compute_fails(status, message)                                                          \
    do {                                                                                           \
        varve_stats stats_ = {.sys_count = 77};                                                    \
        ck_fails(compute("", "", 0, &stats_), status, &mvcc.err, message);                         \
        ck_assert_int_eq(stats_.sys_count, 77);                                                    \
    } while (0)

/* ---- Hand-written records ----------------------------------------------------------------------
 */

START_TEST(an_empty_span_has_nothing)
{
    mvcc_put("a", seconds(1), "value");
    ck_stats("b", "", 3, "last_update_nanos=3");
    ck_stats("", "a", 3, "last_update_nanos=3");
    ck_stats("a", "a", 0, "empty");
    ck_stats("b", "a", 0, "empty");
}
END_TEST

START_TEST(values_under_values_age_from_what_covers_them)
{
    mvcc_put("a", seconds(1), "1234567890");
    mvcc_put("a", seconds(4), "12345678901234");
    mvcc_put("a", seconds(7), "1234567890");
    ck_stats("", "", 7,
             "last_update_nanos=7 gc_bytes_age=66 live_bytes=24 live_count=1 key_bytes=38 "
             "key_count=1 val_bytes=34 val_count=3");
    ck_stats("", "", 9,
             "last_update_nanos=9 gc_bytes_age=162 live_bytes=24 live_count=1 key_bytes=38 "
             "key_count=1 val_bytes=34 val_count=3");
}
END_TEST

START_TEST(tombstones_age_from_their_own_time)
{
    mvcc_delete("a", seconds(1));
    ck_stats("", "", 1, "last_update_nanos=1 key_bytes=14 key_count=1 val_count=1");
    ck_stats("", "", 3, "last_update_nanos=3 gc_bytes_age=28 key_bytes=14 key_count=1 val_count=1");
    mvcc_put("a", seconds(3), "1234567890");
    ck_stats("", "", 3,
             "last_update_nanos=3 gc_bytes_age=24 live_bytes=24 live_count=1 key_bytes=26 "
             "key_count=1 val_bytes=10 val_count=2");
}
END_TEST

/* The record of such an intent takes this much: no schema is needed to count it. */
static int64_t record_size(varve_ts ts, size_t value_size)
{
    return (int64_t)mvcc_intent_record(ts, value_size, 1).size;
}

START_TEST(intents_count_with_their_records)
{
    mvcc_put("a", seconds(1), "1234567890");
    mvcc_put_intent("a", seconds(3), "12345678901234", 1);
    int64_t record = record_size(seconds(3), 14);
    varve_stats stats;
    ck_ok(compute("", "", 5 * SECOND, &stats), &mvcc.err);
    ck_assert_int_eq(stats.live_bytes, 12 + 14 + 2 + record);
    ck_assert_int_eq(stats.live_count, 1);
    ck_assert_int_eq(stats.key_bytes, 26);
    ck_assert_int_eq(stats.key_count, 1);
    ck_assert_int_eq(stats.val_bytes, 24 + record);
    ck_assert_int_eq(stats.val_count, 2);
    ck_assert_int_eq(stats.intent_bytes, 26);
    ck_assert_int_eq(stats.intent_count, 1);
    ck_assert_int_eq(stats.intent_age, 2);
    ck_assert_int_eq(stats.gc_bytes_age, 44);
}
END_TEST

START_TEST(a_provisional_tombstone_is_garbage_and_an_intent)
{
    mvcc_put("a", seconds(1), "1234567890");
    mvcc_put_intent("a", seconds(3), "", 1);
    int64_t record = record_size(seconds(3), 0);
    varve_stats stats;
    ck_ok(compute("", "", 4 * SECOND, &stats), &mvcc.err);
    ck_assert_int_eq(stats.live_bytes, 0);
    ck_assert_int_eq(stats.live_count, 0);
    ck_assert_int_eq(stats.intent_bytes, 12);
    ck_assert_int_eq(stats.intent_age, 1);
    ck_assert_int_eq(stats.gc_bytes_age, 2 + record + 12 + 22);
}
END_TEST

START_TEST(inline_values_are_live)
{
    mvcc_put_inline("a", "1234567890");
    ck_stats("", "", 9,
             "last_update_nanos=9 live_bytes=26 live_count=1 key_bytes=2 key_count=1 val_bytes=24 "
             "val_count=1");
}
END_TEST

START_TEST(system_keys_are_counted_apart)
{
    mvcc_put("%01k%12a%00%01rdsc", seconds(1), "1234567890");
    mvcc_put("%01k%12a%00%01rdsc", seconds(2), "12345678901234");
    ck_stats("", "", 3, "last_update_nanos=3 sys_bytes=59 sys_count=1");
    mvcc_put_inline("%00", "1234567890"); /* 2 + 24 */
    mvcc_delete("%01%FF", seconds(1));    /* 3 + 12 */
    ck_stats("", "", 3, "last_update_nanos=3 sys_bytes=100 sys_count=3");
    ck_stats("%01%FF", "%02", 3, "last_update_nanos=3 sys_bytes=15 sys_count=1");
    mvcc_delete("%02", seconds(3));
    ck_stats("", "", 3,
             "last_update_nanos=3 key_bytes=14 key_count=1 val_count=1 sys_bytes=100 sys_count=3");
}
END_TEST

START_TEST(escapes_do_not_count)
{
    mvcc_put("a%00%00", seconds(1), "12345");
    ck_stats("", "", 1,
             "last_update_nanos=1 live_bytes=21 live_count=1 key_bytes=16 key_count=1 "
             "val_bytes=5 val_count=1");
}
END_TEST

START_TEST(spans_side_by_side_add_up)
{
    mvcc_put("a", seconds(1), "value");
    mvcc_put("b", seconds(1), "value");
    mvcc_delete("b", seconds(2));
    mvcc_put_intent("c", seconds(3), "value", 7);
    varve_stats all;
    varve_stats sum;
    varve_stats part;
    ck_ok(compute("", "", 9 * SECOND, &all), &mvcc.err);
    ck_ok(compute("", "b", 9 * SECOND, &sum), &mvcc.err);
    ck_ok(compute("b", "c", 9 * SECOND, &part), &mvcc.err);
    varve_stats_add(&sum, &part);
    ck_ok(compute("c", "", 9 * SECOND, &part), &mvcc.err);
    varve_stats_add(&sum, &part);
    ck_assert_mem_eq(&sum, &all, sizeof all);
    ck_assert_int_eq(all.key_count, 3);
}
END_TEST

/* ---- Damage ------------------------------------------------------------------------------------
 */

START_TEST(undecodable_metadata_is_an_error)
{
    mvcc_put("a", seconds(1), "value");
    mvcc_put_raw(mvcc_engine_key("b", varve_ts_zero()), bytes("garbage"));
    varve_stats stats;
    ck_status(compute("", "", 0, &stats), VARVE_CORRUPT, &mvcc.err);
    const char *front = "unable to decode MVCCMetadata";
    ck_assert_mem_eq(mvcc.err.message, front, strlen(front));
    ck_ok(compute("", "b", 0, &stats), &mvcc.err);
}
END_TEST

START_TEST(metadata_of_another_length_than_the_value_is_an_error)
{
    mvcc_put_intent("a", seconds(1), "1234567890", 1);
    mvcc_put_raw(mvcc_engine_key("a", seconds(1)), bytes("123456789"));
    ck_compute_fails(VARVE_CORRUPT, "expected mvcc metadata val bytes to equal 9; got 10");
}
END_TEST

START_TEST(an_inline_value_over_versions_is_an_error)
{
    mvcc_put("a", seconds(1), "value");
    mvcc_put_inline("a", "value");
    ck_compute_fails(VARVE_CORRUPT, "expected mvcc metadata key bytes to equal 12; got 0");
}
END_TEST

START_TEST(system_keys_may_have_it)
{
    mvcc_put("%01a", seconds(1), "value");
    mvcc_put_inline("%01a", "value");
    ck_stats("", "", 0, "sys_bytes=39 sys_count=1"); /* 3 + 19 + 12 + 5 */
}
END_TEST

START_TEST(a_malformed_key_is_an_error)
{
    mvcc_put("a", seconds(1), "value");
    mvcc_put_raw(hex("61 00 01 FF"), bytes("value"));
    ck_compute_fails(VARVE_CORRUPT_KEY, "unable to decode key: bad timestamp suffix length");
    mvcc_clear_raw(hex("61 00 01 FF"));
    mvcc_put_raw(hex("62 00 02"), bytes("value"));
    ck_compute_fails(VARVE_CORRUPT_KEY, "unable to decode key: unknown escape");
}
END_TEST

/* ---- Cancelling --------------------------------------------------------------------------------
 */

START_TEST(a_recount_can_be_cancelled)
{
    varve_cancel *cancel = NULL;
    varve_stats stats;
    varve_span everything = {bytes(""), bytes("")};
    mvcc_put("a", seconds(1), "value");
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    ck_ok(varve_stats_compute(mvcc.reader, everything, 0, cancel, &stats, &mvcc.err), &mvcc.err);
    varve_cancel_now(cancel);
    ck_status(varve_stats_compute(mvcc.reader, everything, 0, cancel, &stats, &mvcc.err),
              VARVE_CANCELLED, &mvcc.err);
    varve_cancel_close(cancel);
}
END_TEST

/* ---- The record of a range ---------------------------------------------------------------------
 */

START_TEST(statistics_of_a_range_are_stored_and_read)
{
    varve_stats stats = {.live_bytes = 5, .sys_count = -3};
    varve_stats read = {.sys_bytes = 9};
    varve_stats none = {0};
    ck_ok(varve_range_stats_get(mvcc.reader, 7, &read, &mvcc.err), &mvcc.err);
    ck_assert_mem_eq(&read, &none, sizeof read);
    ck_ok(varve_range_stats_put(mvcc.writer, 7, &stats, &mvcc.err), &mvcc.err);
    ck_ok(varve_range_stats_get(mvcc.reader, 7, &read, &mvcc.err), &mvcc.err);
    ck_assert_mem_eq(&read, &stats, sizeof read);
    ck_ok(varve_range_stats_get(mvcc.reader, 8, &read, &mvcc.err), &mvcc.err);
    ck_assert_mem_eq(&read, &none, sizeof read);
}
END_TEST

START_TEST(a_range_knows_what_its_record_will_take)
{
    varve_stats stats = {0};
    varve_stats counted;
    varve_stats_account_for_self(&stats, 1);
    ck_ok(varve_range_stats_put(mvcc.writer, 1, &stats, &mvcc.err), &mvcc.err);
    ck_ok(compute("", "", 0, &counted), &mvcc.err);
    ck_assert_mem_eq(&counted, &stats, sizeof stats);
    ck_assert_int_eq(stats.sys_bytes, 147);
}
END_TEST

START_TEST(damaged_statistics_of_a_range_are_told)
{
    const char *key = "%01i%89rstat";
    varve_stats stats = {.sys_count = 77};
    mvcc_put_inline(key, "%00%00%00%01%03a");
    ck_status(varve_range_stats_get(mvcc.reader, 1, &stats, &mvcc.err), VARVE_CHECKSUM, &mvcc.err);
    mvcc_put_inline(key, "%00%00%00%00%01%02");
    ck_status(varve_range_stats_get(mvcc.reader, 1, &stats, &mvcc.err), VARVE_VALUE_TYPE,
              &mvcc.err);
    mvcc_put_inline(key, "%00%00%00%00%03%09%01");
    ck_status(varve_range_stats_get(mvcc.reader, 1, &stats, &mvcc.err), VARVE_CORRUPT, &mvcc.err);
    ck_assert_int_eq(stats.sys_count, 77);
}
END_TEST

/* ---- Against a model ---------------------------------------------------------------------------
 */

enum { KEYS = 8, VERSIONS_MAX = 6, ROUNDS = 60 };

static const char *const key_names[KEYS] = {"%00", "%01k", "%01%FF", "%02", "a", "a%00", "b", "bb"};
static const int64_t key_lengths[KEYS] = {1, 2, 2, 1, 1, 2, 1, 2};

struct model_version {
    varve_ts ts;
    int64_t size;
};

struct model_key {
    struct model_version versions[VERSIONS_MAX]; /* newest first */
    int count;
    int64_t record; /* length of the metadata record, 0 for none */
    bool is_intent;
};

static int64_t secs(varve_ts ts)
{
    return ts.wall / SECOND;
}

/* Garbage is what is not seen at the end of time; it is so since the next change, or, for a
 * tombstone, since itself. */
static int64_t garbage_since(const struct model_key *key, int v)
{
    return key->versions[v].size == 0 ? secs(key->versions[v].ts) : secs(key->versions[v - 1].ts);
}

static void model_system(const struct model_key *key, int64_t meta, varve_stats *stats)
{
    stats->sys_count++;
    stats->sys_bytes += meta;
    for (int v = 0; v < key->count; v++)
        stats->sys_bytes += 12 + key->versions[v].size;
}

static void model_user(const struct model_key *key, int64_t key_length, int64_t now,
                       varve_stats *stats)
{
    int64_t meta = key_length + 1 + key->record;
    bool is_inline = key->count == 0;
    bool is_live = is_inline || key->versions[0].size > 0;
    stats->key_count++;
    stats->key_bytes += key_length + 1 + 12 * key->count;
    stats->val_count += is_inline ? 1 : key->count;
    stats->val_bytes += key->record;
    for (int v = 0; v < key->count; v++) {
        int64_t size = 12 + key->versions[v].size;
        stats->val_bytes += key->versions[v].size;
        if (v > 0 || !is_live)
            stats->gc_bytes_age += size * (now - garbage_since(key, v));
    }
    if (is_live) {
        stats->live_count++;
        stats->live_bytes += meta + (is_inline ? 0 : 12 + key->versions[0].size);
    } else {
        stats->gc_bytes_age += meta * (now - secs(key->versions[0].ts));
    }
    if (key->is_intent) {
        stats->intent_count++;
        stats->intent_bytes += 12 + key->versions[0].size;
        stats->intent_age += now - secs(key->versions[0].ts);
    }
}

static varve_slice value_of(int64_t size)
{
    return size == 0 ? bytes("") : repeated('x', (size_t)size);
}

static void write_versions(const char *name, struct model_key *key, test_random *random)
{
    int64_t wall = 40 * SECOND;
    key->count = 1 + (int)test_random_below(random, VERSIONS_MAX);
    for (int v = 0; v < key->count; v++) {
        wall -= 1 + (int64_t)test_random_below(random, 6 * SECOND);
        key->versions[v].ts = varve_ts_of(wall, (int32_t)test_random_below(random, 3));
        key->versions[v].size =
            test_random_below(random, 3) == 0 ? 0 : 1 + (int64_t)test_random_below(random, 20);
        mvcc_put_raw(mvcc_engine_key(name, key->versions[v].ts), value_of(key->versions[v].size));
    }
    key->is_intent = test_random_below(random, 3) == 0;
    if (key->is_intent) {
        varve_slice record =
            mvcc_intent_record(key->versions[0].ts, (size_t)key->versions[0].size, 1);
        key->record = (int64_t)record.size;
        mvcc_put_raw(mvcc_engine_key(name, varve_ts_zero()), record);
    }
}

static void clear_key(const char *name, const struct model_key *key)
{
    mvcc_clear_raw(mvcc_engine_key(name, varve_ts_zero()));
    for (int v = 0; v < key->count; v++)
        mvcc_clear_raw(mvcc_engine_key(name, key->versions[v].ts));
}

static void write_key(int k, struct model_key *key, test_random *random)
{
    static const char value[] = "12345678";
    size_t kind = test_random_below(random, 6);
    memset(key, 0, sizeof *key);
    if (kind == 0)
        return;
    if (kind > 1) {
        write_versions(key_names[k], key, random);
        return;
    }
    mvcc_put_inline(key_names[k], value);
    key->record = 13 + 1 + (int64_t)strlen(value);
}

START_TEST(random_records_are_counted_as_the_model_counts)
{
    test_random random = test_random_start();
    struct model_key keys[KEYS];
    memset(keys, 0, sizeof keys);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t now = 40 + (int64_t)test_random_below(&random, 100);
        varve_stats expected = {.last_update_nanos = now * SECOND + 7};
        varve_stats counted;
        for (int k = 0; k < KEYS; k++) {
            clear_key(key_names[k], &keys[k]);
            write_key(k, &keys[k], &random);
            if (keys[k].count == 0 && keys[k].record == 0)
                continue;
            if (k < 3)
                model_system(&keys[k], key_lengths[k] + 1 + keys[k].record, &expected);
            else
                model_user(&keys[k], key_lengths[k], now, &expected);
        }
        ck_ok(compute("", "", expected.last_update_nanos, &counted), &mvcc.err);
        ck_assert_mem_eq(&counted, &expected, sizeof counted);
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, an_empty_span_has_nothing);
    tcase_add_test(tcase, values_under_values_age_from_what_covers_them);
    tcase_add_test(tcase, tombstones_age_from_their_own_time);
    tcase_add_test(tcase, intents_count_with_their_records);
    tcase_add_test(tcase, a_provisional_tombstone_is_garbage_and_an_intent);
    tcase_add_test(tcase, inline_values_are_live);
    tcase_add_test(tcase, system_keys_are_counted_apart);
    tcase_add_test(tcase, escapes_do_not_count);
    tcase_add_test(tcase, spans_side_by_side_add_up);
    tcase_add_test(tcase, undecodable_metadata_is_an_error);
    tcase_add_test(tcase, metadata_of_another_length_than_the_value_is_an_error);
    tcase_add_test(tcase, an_inline_value_over_versions_is_an_error);
    tcase_add_test(tcase, system_keys_may_have_it);
    tcase_add_test(tcase, a_malformed_key_is_an_error);
    tcase_add_test(tcase, a_recount_can_be_cancelled);
    tcase_add_test(tcase, statistics_of_a_range_are_stored_and_read);
    tcase_add_test(tcase, a_range_knows_what_its_record_will_take);
    tcase_add_test(tcase, damaged_statistics_of_a_range_are_told);
    tcase_add_test(tcase, random_records_are_counted_as_the_model_counts);
}

int main(void)
{
    return mvcc_run(mvcc_suite("stats_compute", fill));
}
