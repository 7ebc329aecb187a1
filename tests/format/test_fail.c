#include "tests/support/support.h"

#include <stdio.h>

#include <varve/ts.h>

#include "format/fail.h"

static varve_error err = VARVE_ERROR_INIT;
static varve_buf text;

static void set_up(void)
{
    text = (varve_buf)VARVE_BUF_INIT;
}

static void tear_down(void)
{
    varve_buf_release(&text);
    varve_error_release(&err);
}

/* The full text, which ends with a NUL that does not count. */
static const char *full_text(const varve_error *error)
{
    ck_assert_int_eq(varve_error_text(error, &text), VARVE_OK);
    ck_assert_uint_lt(text.size, text.capacity);
    ck_assert_uint_eq(strlen((const char *)text.data), text.size);
    return (const char *)text.data;
}

/* ---- Write too old -----------------------------------------------------------------------------
 */

START_TEST(write_too_old_carries_both_timestamps)
{
    varve_ts attempted = {11, 0};
    varve_ts actual = {2000000001, 7};
    ck_status(varve__fail_too_old(&err, attempted, actual), VARVE_WRITE_TOO_OLD, &err);
    ck_assert_int_eq(err.detail.too_old.attempted.wall, 11);
    ck_assert_int_eq(err.detail.too_old.actual.wall, 2000000001);
    ck_assert_int_eq(err.detail.too_old.actual.logical, 7);
    ck_assert_str_eq(err.message, "WriteTooOldError: write at timestamp 0.000000011,0 too old; "
                                  "wrote at 2.000000001,7");
    ck_assert_str_eq(full_text(&err), err.message);
    ck_assert_int_eq(varve__fail_too_old(NULL, attempted, actual), VARVE_WRITE_TOO_OLD);
}
END_TEST

START_TEST(the_longest_timestamps_are_not_cut)
{
    varve_ts longest = {INT64_MIN, INT32_MIN};
    ck_fails(varve__fail_too_old(&err, longest, longest), VARVE_WRITE_TOO_OLD, &err,
             "WriteTooOldError: write at timestamp -9223372036.854775808,-2147483648 too old; "
             "wrote at -9223372036.854775808,-2147483648");
}
END_TEST

/* ---- Intents -----------------------------------------------------------------------------------
 */

enum { INTENTS_MAX = 30 };

static varve_status fail_intents(varve_error *error, size_t count, size_t key_size, bool more)
{
    char keys[INTENTS_MAX][200];
    varve_intent list[INTENTS_MAX];
    memset(list, 0, sizeof list);
    for (size_t i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "k%0*zu", (int)key_size - 1, i);
        list[i].key = varve_slice_text(keys[i]);
        list[i].ts.wall = (int64_t)i;
    }
    return varve__fail_intents(error, list, count, more);
}

START_TEST(intents_are_named)
{
    ck_status(fail_intents(&err, 1, 2, false), VARVE_WRITE_INTENT, &err);
    ck_assert_uint_eq(err.detail.intents.count, 1);
    ck_assert(!err.detail.intents.more);
    ck_assert_str_eq(err.message, "conflicting intents on \"k0\"");
    ck_assert_str_eq(full_text(&err), err.message);

    ck_status(fail_intents(&err, 3, 2, true), VARVE_WRITE_INTENT, &err);
    ck_assert_uint_eq(err.detail.intents.count, 3);
    ck_assert(err.detail.intents.more);
    ck_slice_eq(err.detail.intents.list[2].key, bytes("k2"));
    ck_assert_int_eq(err.detail.intents.list[2].ts.wall, 2);
    ck_assert_str_eq(err.message, "conflicting intents on \"k0\", \"k1\", \"k2\"");
    ck_assert_int_eq(fail_intents(NULL, 3, 2, true), VARVE_WRITE_INTENT);
}
END_TEST

START_TEST(up_to_ten_are_all_named)
{
    ck_status(fail_intents(&err, 10, 2, false), VARVE_WRITE_INTENT, &err);
    ck_assert_str_eq(full_text(&err),
                     "conflicting intents on \"k0\", \"k1\", \"k2\", \"k3\", \"k4\", \"k5\", "
                     "\"k6\", \"k7\", \"k8\", \"k9\"");
}
END_TEST

START_TEST(of_more_than_ten_five_at_each_end)
{
    ck_status(fail_intents(&err, 11, 3, false), VARVE_WRITE_INTENT, &err);
    ck_assert_str_eq(full_text(&err),
                     "conflicting intents on \"k00\", \"k01\", \"k02\", \"k03\", \"k04\" ... "
                     "\"k06\", \"k07\", \"k08\", \"k09\", \"k10\"");
    ck_status(fail_intents(&err, 30, 3, false), VARVE_WRITE_INTENT, &err);
    ck_assert_str_eq(full_text(&err),
                     "conflicting intents on \"k00\", \"k01\", \"k02\", \"k03\", \"k04\" ... "
                     "\"k25\", \"k26\", \"k27\", \"k28\", \"k29\"");
    ck_assert_uint_eq(err.detail.intents.count, 30);
}
END_TEST

START_TEST(the_message_is_cut_the_full_text_is_not)
{
    ck_status(fail_intents(&err, 10, 150, false), VARVE_WRITE_INTENT, &err);
    ck_assert_uint_lt(strlen(err.message), VARVE_ERROR_MESSAGE_MAX);
    const char *full = full_text(&err);
    ck_assert_uint_eq(strlen(full), strlen("conflicting intents on ") + 10 * 152 + 9 * 2);
    ck_assert_mem_eq(full, err.message, strlen(err.message) - 3);
    ck_assert_str_eq(err.message + strlen(err.message) - 3, "...");
    ck_assert_uint_gt(strlen(err.message), 200);
}
END_TEST

START_TEST(the_list_may_be_that_of_the_error_itself)
{
    ck_status(fail_intents(&err, 3, 2, true), VARVE_WRITE_INTENT, &err);
    ck_status(varve__fail_intents(&err, err.detail.intents.list + 1, 2, false), VARVE_WRITE_INTENT,
              &err);
    ck_assert_str_eq(err.message, "conflicting intents on \"k1\", \"k2\"");
    ck_assert_uint_eq(err.detail.intents.count, 2);
}
END_TEST

START_TEST(recording_intents_can_run_out_of_memory)
{
    unsigned nth = 1;
    for (bool fired = true; fired; nth++) {
        varve_error error = VARVE_ERROR_INIT;
        fault_alloc_arm(nth);
        varve_status status = fail_intents(&error, 2, 2, false);
        ck_assert_int_eq(error.status, status);
        varve_error_release(&error);
        ck_assert_int_eq(fault_alloc_live(), 0);
        fired = fault_alloc_disarm();
        ck_assert_int_eq(status, fired ? VARVE_NO_MEMORY : VARVE_WRITE_INTENT);
    }
    ck_assert_uint_eq(nth, 5); /* The list and two keys. */
}
END_TEST

/* ---- Uncertain reads ---------------------------------------------------------------------------
 */

START_TEST(an_uncertain_read_says_by_how_much)
{
    varve_observed observed[] = {{1, {15, 0}}, {22, {2000000001, 3}}};
    varve_txn txn = {.read_ts = {7, 0}, .max_ts = {12, 2}};
    txn.observed = observed;
    txn.observed_count = 2;
    ck_status(varve__fail_uncertain(&err, &txn, varve_ts_of(10, 1)), VARVE_READ_UNCERTAIN, &err);
    memset(observed, 0, sizeof observed);
    ck_assert_int_eq(err.detail.uncertain.read.wall, 7);
    ck_assert_int_eq(err.detail.uncertain.existing.logical, 1);
    ck_assert_int_eq(err.detail.uncertain.max.wall, 12);
    ck_assert_uint_eq(err.detail.uncertain.observed_count, 2);
    ck_assert_int_eq(err.detail.uncertain.observed[1].node, 22);
    ck_assert_str_eq(full_text(&err),
                     "ReadWithinUncertaintyIntervalError: read at time 0.000000007,0 encountered "
                     "previous write with future timestamp 0.000000010,1 within uncertainty "
                     "interval `t <= 0.000000012,2`; observed timestamps: [{1 0.000000015,0} "
                     "{22 2.000000001,3}]");
    ck_assert_int_eq(varve__fail_uncertain(NULL, &txn, varve_ts_of(10, 1)), VARVE_READ_UNCERTAIN);

    txn.observed_count = 0;
    ck_status(varve__fail_uncertain(&err, &txn, varve_ts_of(10, 1)), VARVE_READ_UNCERTAIN, &err);
    const char *end = "`t <= 0.000000012,2`; observed timestamps: []";
    ck_assert_str_eq(err.message + strlen(err.message) - strlen(end), end);
    ck_assert_str_eq(full_text(&err), err.message);
}
END_TEST

START_TEST(many_observations_are_in_the_full_text)
{
    varve_observed observed[40];
    varve_txn txn = {.read_ts = {7, 0}};
    for (int i = 0; i < 40; i++)
        observed[i] = (varve_observed){i, {i, i}};
    txn.observed = observed;
    txn.observed_count = 40;
    ck_status(varve__fail_uncertain(&err, &txn, varve_ts_of(10, 1)), VARVE_READ_UNCERTAIN, &err);
    const char *end = " {38 0.000000038,38} {39 0.000000039,39}]";
    const char *full = full_text(&err);
    ck_assert_str_eq(full + strlen(full) - strlen(end), end);
    ck_assert_uint_lt(strlen(err.message), VARVE_ERROR_MESSAGE_MAX);
}
END_TEST

/* ---- Conditions and sums -----------------------------------------------------------------------
 */

static const struct {
    const char *raw; /* in hexadecimal; NULL for no value */
    varve_ts ts;
    const char *text;
} conditions[] = {
    {NULL, {0, 0}, "unexpected value: <nil>"},
    {"00 00 00 00 03 76",
     {123, 2},
     "unexpected value: raw_bytes:\"\\000\\000\\000\\000\\003v\" "
     "timestamp:<wall_time:123 logical:2 > "},
    {"00 00 00 00 03 61",
     {0, 0},
     "unexpected value: raw_bytes:\"\\000\\000\\000\\000\\003a\" timestamp:<> "},
    {"", {5, 0}, "unexpected value: timestamp:<wall_time:5 > "},
    {"", {0, 5}, "unexpected value: timestamp:<logical:5 > "},
    {"0A 0D 09 22 5C 20 7E 7F 80 FF 27",
     {-1, 0},
     "unexpected value: raw_bytes:\"\\n\\r\\t\\\"\\\\ ~\\177\\200\\377'\" "
     "timestamp:<wall_time:-1 > "},
};

START_TEST(a_failed_condition_shows_the_actual_value)
{
    varve_slice raw = hex(conditions[_i].raw != NULL ? conditions[_i].raw : "");
    const varve_slice *actual = conditions[_i].raw != NULL ? &raw : NULL;
    ck_status(varve__fail_condition(&err, actual, conditions[_i].ts), VARVE_CONDITION_FAILED, &err);
    ck_assert_int_eq(err.detail.condition.exists, actual != NULL);
    ck_slice_eq(err.detail.condition.raw, raw);
    ck_assert_int_eq(err.detail.condition.ts.wall, conditions[_i].ts.wall);
    ck_assert_str_eq(err.message, conditions[_i].text);
    ck_assert_str_eq(full_text(&err), conditions[_i].text);
    ck_assert_int_eq(varve__fail_condition(NULL, actual, conditions[_i].ts),
                     VARVE_CONDITION_FAILED);
}
END_TEST

START_TEST(a_large_actual_value_is_all_in_the_full_text)
{
    varve_slice raw = repeated('x', 5000);
    ck_status(varve__fail_condition(&err, &raw, varve_ts_of(1, 0)), VARVE_CONDITION_FAILED, &err);
    ck_assert_uint_eq(err.detail.condition.raw.size, 5000);
    ck_assert_uint_eq(strlen(err.message), VARVE_ERROR_MESSAGE_MAX - 1);
    ck_assert_uint_eq(strlen(full_text(&err)), strlen("unexpected value: raw_bytes:\"\" "
                                                      "timestamp:<wall_time:1 > ") +
                                                   5000);
}
END_TEST

START_TEST(an_overflow_carries_its_parts)
{
    ck_status(varve__fail_overflow(&err, bytes("a\n"), INT64_MAX, 1), VARVE_INTEGER_OVERFLOW, &err);
    ck_slice_eq(err.detail.overflow.key, bytes("a\n"));
    ck_assert_int_eq(err.detail.overflow.value, INT64_MAX);
    ck_assert_int_eq(err.detail.overflow.increment, 1);
    ck_assert_str_eq(err.message, "key \"a\\n\" with value 9223372036854775807 incremented by 1 "
                                  "results in overflow");
    ck_assert_str_eq(full_text(&err), err.message);
    ck_assert_int_eq(varve__fail_overflow(NULL, bytes("a"), 1, -1), VARVE_INTEGER_OVERFLOW);
}
END_TEST

START_TEST(what_is_not_garbage_is_named)
{
    ck_fails(varve__fail_not_garbage(&err, bytes("a\n"), true), VARVE_NOT_GARBAGE, &err,
             "request to GC intent at \"a\\n\"");
    ck_status(varve__fail_not_garbage(&err, repeated('k', 1000), false), VARVE_NOT_GARBAGE, &err);
    ck_assert_uint_eq(err.detail.not_garbage.key.size, 1000);
    ck_assert(!err.detail.not_garbage.has_intent);
    ck_assert_uint_lt(strlen(err.message), VARVE_ERROR_MESSAGE_MAX);
    const char *full = full_text(&err);
    ck_assert_int_eq(strncmp(full, "request to GC non-deleted, latest value of \"kk", 46), 0);
    ck_assert_uint_eq(strlen(full), 43 + 1002);
    ck_assert_int_eq(varve__fail_not_garbage(NULL, bytes("a"), true), VARVE_NOT_GARBAGE);
}
END_TEST

START_TEST(a_replay_shows_both_values)
{
    varve_txn_meta txn = {.id = {[15] = 3}, .sequence = 2};
    varve_txn_meta intent = {.id = {[15] = 3}, .sequence = 4};
    ck_status(varve__fail_replay(&err, &txn, &intent, hex("00 00 00 00 03 76 32"),
                                 hex("00 00 00 00 03 76 31")),
              VARVE_TXN_REPLAY, &err);
    ck_assert_str_eq(err.message, "transaction 00000000-0000-0000-0000-000000000003 with sequence "
                                  "2 has a different value [0 0 0 0 3 118 50] after recomputing "
                                  "from what was written: [0 0 0 0 3 118 49]");
    ck_assert_str_eq(full_text(&err), err.message);
    ck_slice_eq(err.detail.replay.value, hex("00 00 00 00 03 76 32"));
    ck_slice_eq(err.detail.replay.written, hex("00 00 00 00 03 76 31"));
    ck_assert_int_eq(err.detail.replay.sequence, 2);
    ck_assert_int_eq(err.detail.replay.intent_sequence, 4);
    ck_assert(!err.detail.replay.missing);
    ck_assert_int_eq(varve__fail_replay(NULL, &txn, &intent, bytes("a"), bytes("")),
                     VARVE_TXN_REPLAY);
}
END_TEST

START_TEST(a_replay_of_long_values_is_all_in_the_full_text)
{
    varve_txn_meta txn = {.id = {[0] = 0xAB}, .sequence = -1};
    ck_status(varve__fail_replay(&err, &txn, &txn, repeated('d', 1000), bytes("")),
              VARVE_TXN_REPLAY, &err);
    ck_assert_uint_lt(strlen(err.message), VARVE_ERROR_MESSAGE_MAX);
    ck_assert_uint_eq(strlen(full_text(&err)),
                      strlen("transaction ab000000-0000-0000-0000-000000000000 with sequence -1 "
                             "has a different value [] after recomputing from what was written: "
                             "[]") +
                          4 * 1000 - 1);
}
END_TEST

START_TEST(a_replay_may_have_no_value_to_show)
{
    varve_txn_meta txn = {.id = {[15] = 1}, .sequence = -1};
    varve_txn_meta intent = {.id = {[15] = 1}, .sequence = 1};
    ck_status(varve__fail_missing(&err, &txn, &intent), VARVE_TXN_REPLAY, &err);
    ck_assert_str_eq(full_text(&err), "transaction 00000000-0000-0000-0000-000000000001 with "
                                      "sequence 1 missing an intent with lower sequence -1");
    ck_assert(err.detail.replay.missing);
    ck_assert_uint_eq(err.detail.replay.value.size + err.detail.replay.written.size, 0);
    ck_assert_int_eq(varve__fail_missing(NULL, &txn, &intent), VARVE_TXN_REPLAY);
}
END_TEST

/* Telling it, which is to succeed. */
static varve_status tell_of_a_replay(void *context, varve_error *failure)
{
    varve_txn_meta txn = {.sequence = 1};
    (void)context;
    varve_status status = varve__fail_replay(failure, &txn, &txn, bytes("a"), bytes("b"));
    if (status != VARVE_TXN_REPLAY)
        return status;
    varve_error_release(failure);
    return VARVE_OK;
}

START_TEST(telling_of_a_replay_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(tell_of_a_replay, NULL), 2);
}
END_TEST

START_TEST(a_read_of_what_may_be_gone_says_since_when)
{
    ck_status(varve__fail_below_threshold(&err, varve_ts_of(5, 0), varve_ts_of(7, 1)),
              VARVE_BELOW_THRESHOLD, &err);
    ck_assert_int_eq(err.detail.below_threshold.read.wall, 5);
    ck_assert_int_eq(err.detail.below_threshold.threshold.logical, 1);
    ck_assert_str_eq(err.message, "read at 0.000000005,0 is not above the threshold 0.000000007,1 "
                                  "of garbage collection");
    ck_assert_str_eq(full_text(&err), err.message);
    ck_assert_int_eq(varve__fail_below_threshold(NULL, varve_ts_of(5, 0), varve_ts_of(7, 1)),
                     VARVE_BELOW_THRESHOLD);
}
END_TEST

/* ---- Keys in messages --------------------------------------------------------------------------
 */

START_TEST(a_failure_shows_its_key)
{
    ck_fails(varve__fail_key(&err, VARVE_INLINE_MIX, bytes("a\n"), "the key %s has versions"),
             VARVE_INLINE_MIX, &err, "the key \"a\\n\" has versions");
    ck_assert_int_eq(varve__fail_key(NULL, VARVE_INLINE_MIX, bytes("a"), "%s"), VARVE_INLINE_MIX);
}
END_TEST

START_TEST(a_long_key_leaves_room_for_the_text_around_it)
{
    ck_status(varve__fail_key(&err, VARVE_INLINE_MIX, repeated('k', 5000), "on %s, sadly"),
              VARVE_INLINE_MIX, &err);
    const char *end = "kkk\"..., sadly";
    size_t size = strlen(err.message);
    ck_assert_uint_gt(size, VARVE_ERROR_MESSAGE_MAX - 10);
    ck_assert_str_eq(err.message + size - strlen(end), end);
}
END_TEST

START_TEST(a_long_text_leaves_room_for_the_key)
{
    char format[200];
    snprintf(format, sizeof format, "%%s: %0150d", 0);
    ck_status(varve__fail_key(&err, VARVE_INLINE_MIX, bytes("kept"), format), VARVE_INLINE_MIX,
              &err);
    ck_assert_mem_eq(err.message, "\"kept\": 000", 11);
}
END_TEST

/* ---- The full text of all others ---------------------------------------------------------------
 */

START_TEST(the_text_of_other_failures_is_their_message)
{
    ck_status(varve__fail(&err, VARVE_IO, "no such file"), VARVE_IO, &err);
    ck_assert_str_eq(full_text(&err), "no such file");
    ck_status(varve__fail(&err, VARVE_IO, "x"), VARVE_IO, &err);
    ck_assert_str_eq(full_text(&err), "x");
}
END_TEST

START_TEST(without_a_message_the_status_speaks)
{
    ck_assert_str_eq(full_text(&err), "success");
}
END_TEST

START_TEST(the_text_can_run_out_of_memory)
{
    ck_assert_str_eq(full_text(&err), "success");
    ck_status(fail_intents(&err, 10, 150, false), VARVE_WRITE_INTENT, &err);
    fault_alloc_arm(1);
    ck_assert_int_eq(varve_error_text(&err, &text), VARVE_NO_MEMORY);
    ck_assert(fault_alloc_disarm());
    ck_assert_str_eq((const char *)text.data, "success");
    ck_assert_uint_eq(text.size, strlen("success"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fail");
    TCase *tcase = tcase_create("fail");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, write_too_old_carries_both_timestamps);
    tcase_add_test(tcase, the_longest_timestamps_are_not_cut);
    tcase_add_test(tcase, intents_are_named);
    tcase_add_test(tcase, up_to_ten_are_all_named);
    tcase_add_test(tcase, of_more_than_ten_five_at_each_end);
    tcase_add_test(tcase, the_message_is_cut_the_full_text_is_not);
    tcase_add_test(tcase, the_list_may_be_that_of_the_error_itself);
    tcase_add_test(tcase, recording_intents_can_run_out_of_memory);
    tcase_add_test(tcase, an_uncertain_read_says_by_how_much);
    tcase_add_test(tcase, many_observations_are_in_the_full_text);
    tcase_add_loop_test(tcase, a_failed_condition_shows_the_actual_value, 0,
                        sizeof conditions / sizeof conditions[0]);
    tcase_add_test(tcase, a_large_actual_value_is_all_in_the_full_text);
    tcase_add_test(tcase, an_overflow_carries_its_parts);
    tcase_add_test(tcase, what_is_not_garbage_is_named);
    tcase_add_test(tcase, a_replay_shows_both_values);
    tcase_add_test(tcase, a_replay_of_long_values_is_all_in_the_full_text);
    tcase_add_test(tcase, a_replay_may_have_no_value_to_show);
    tcase_add_test(tcase, telling_of_a_replay_can_run_out_of_memory);
    tcase_add_test(tcase, a_read_of_what_may_be_gone_says_since_when);
    tcase_add_test(tcase, a_failure_shows_its_key);
    tcase_add_test(tcase, a_long_key_leaves_room_for_the_text_around_it);
    tcase_add_test(tcase, a_long_text_leaves_room_for_the_key);
    tcase_add_test(tcase, the_text_of_other_failures_is_their_message);
    tcase_add_test(tcase, without_a_message_the_status_speaks);
    tcase_add_test(tcase, the_text_can_run_out_of_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
