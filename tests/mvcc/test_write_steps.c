/*
 * The steps of a write (mvcc/write.h), one after the other, as their numbers say.
 */
#include "tests/support/writes.h"

#define ck_records(key, expected) ck_assert_str_eq(writes_records(key), expected)

/* ---- Step 1 ------------------------------------------------------------------------------------
 */

START_TEST(step_1_keys_and_timestamps_are_checked)
{
    varve_txn txn = writes_txn(1, at(-1));
    ck_assert_str_eq(writes_put("", at(1), "v"), "EMPTY_KEY: attempted access to empty key");
    ck_assert_str_eq(writes_put("", at(-1), "v"), "EMPTY_KEY: attempted access to empty key");
    ck_assert_str_eq(writes_put("k", at(-1), "v"),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp -0.000000001,0");
    ck_assert_str_eq(writes_put("k", varve_ts_of(1, -1), NULL),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp 0.000000001,-1");
    ck_assert_str_eq(writes_put_as("k", &txn, "v"),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp -0.000000001,0");
    ck_assert_str_eq(writes_increment("", at(1), NULL, 1),
                     "EMPTY_KEY: attempted access to empty key");
    ck_assert_str_eq(writes_put_if("", at(1), NULL, "v", NULL),
                     "EMPTY_KEY: attempted access to empty key");
    ck_assert_str_eq(writes_init_put("", at(1), NULL, "v", false),
                     "EMPTY_KEY: attempted access to empty key");
}
END_TEST

/* ---- Step 2 ------------------------------------------------------------------------------------
 */

START_TEST(step_2_the_first_record_counts)
{
    ck_assert_str_eq(writes_put("k", at(5), "v"), "OK");
    ck_assert_str_eq(writes_put("k%00", at(3), "w"), "OK");
    ck_assert_str_eq(writes_put("k", at(4), "x"),
                     "WRITE_TOO_OLD: WriteTooOldError: write at timestamp 0.000000004,0 too old; "
                     "wrote at 0.000000005,1");
    ck_records("k", "x@5,1 v@5");
    ck_records("k%00", "w@3");
}
END_TEST

START_TEST(step_2_a_blind_write_finds_nothing)
{
    varve_txn txn = writes_txn(1, at(3));
    writes.quiet = true; /* blind writes over something are not accounted for what they are */
    ck_assert_str_eq(writes_put("k", at(5), "v"), "OK");
    writes.blind = true;
    ck_assert_str_eq(writes_put("k", at(4), "below"), "OK");
    ck_assert_str_eq(writes_put_as("l", &txn, "p"), "OK");
    ck_assert_str_eq(writes_put_if("m", at(2), NULL, "x", "y"),
                     "CONDITION_FAILED: unexpected value: <nil>");
    ck_assert_str_eq(writes_put_if("m", at(2), NULL, "x", NULL), "OK");
    ck_assert_str_eq(writes_init_put("n", at(2), NULL, "x", true), "OK");
    ck_assert_str_eq(writes_increment("o", at(2), NULL, 4), "OK 4");
    writes.blind = false;
    ck_records("k", "v@5 below@4");
    ck_records("l", "{1/0/0 w3 @3 6} p@3");
    ck_records("m", "x@2");
    ck_records("n", "x@2");
    ck_records("o", "#4@2");
}
END_TEST

START_TEST(step_2_blind_writes_to_new_keys_are_accounted)
{
    varve_txn txn = writes_txn(1, at(3));
    writes.blind = true;
    ck_assert_str_eq(writes_put("a", at(4), "v"), "OK");
    ck_assert_str_eq(writes_put("b", at(4), NULL), "OK");
    ck_assert_str_eq(writes_put("c", varve_ts_zero(), "i"), "OK");
    ck_assert_str_eq(writes_put_as("d", &txn, "p"), "OK");
    ck_assert_str_eq(writes_put_as("%01sys", &txn, "p"), "OK");
}
END_TEST

/* ---- Step 3 ------------------------------------------------------------------------------------
 */

START_TEST(step_3_inline_values_and_versions_exclude_each_other)
{
    static const char *const put_version =
        "INLINE_MIX: \"i\"/0,0: put is inline=false, but existing value is inline=true";
    static const char *const put_inline =
        "INLINE_MIX: \"k\"/0,0: put is inline=true, but existing value is inline=false";
    varve_txn txn = writes_txn(1, at(9));
    varve_txn zero = writes_txn(2, varve_ts_zero());
    ck_assert_str_eq(writes_put("i", varve_ts_zero(), "v"), "OK");
    ck_assert_str_eq(writes_put("k", at(1), "v"), "OK");

    ck_assert_str_eq(writes_put("i", at(1), "w"), put_version);
    ck_assert_str_eq(writes_put("i", at(1), NULL), put_version);
    ck_assert_str_eq(writes_put_as("i", &txn, "w"), put_version);
    ck_assert_str_eq(writes_increment("i", at(1), NULL, 1), put_version);
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), "w"), put_inline);
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), NULL), put_inline);
    ck_assert_str_eq(writes_put_if("k", varve_ts_zero(), NULL, "w", "v"), put_inline);
    /* Before transactions are looked at. */
    ck_assert_str_eq(writes_put_as("k", &zero, "w"), put_inline);
    ck_assert_str_eq(writes_put_as("k", &txn, "p"), "OK");
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), NULL), put_inline);
}
END_TEST

/* ---- Step 4 ------------------------------------------------------------------------------------
 */

START_TEST(step_4_inline_values_are_replaced_and_removed)
{
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), "v"), "OK");
    ck_records("k", "{v}");
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), "longer"), "OK");
    ck_records("k", "{longer}");
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), NULL), "OK");
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), NULL), "OK");
    ck_assert_str_eq(writes_everything(), "");
    ck_assert_str_eq(writes_stats(0), "empty");
}
END_TEST

START_TEST(step_4_a_transaction_writes_no_inline_values)
{
    static const char *const refused =
        "INVALID_ARGUMENT: \"k\"/0,0: inline writes not allowed within transactions";
    varve_txn txn = writes_txn(1, varve_ts_zero());
    ck_assert_str_eq(writes_put_as("k", &txn, "v"), refused);
    ck_assert_str_eq(writes_put_as("k", &txn, NULL), refused);
    ck_assert_str_eq(writes_increment("k", varve_ts_zero(), &txn, 1), refused);
    writes.quiet = true;
    ck_assert_str_eq(writes_put_as("k", &txn, "v"), refused);
    writes.blind = true;
    ck_assert_str_eq(writes_put_as("k", &txn, "v"), refused);
}
END_TEST

START_TEST(step_4_inline_values_are_made_of_inline_values)
{
    const varve_ts zero = varve_ts_zero();
    ck_assert_str_eq(writes_increment("k", zero, NULL, 0), "OK 0");
    ck_assert_str_eq(writes_increment("k", zero, NULL, 5), "OK 5");
    ck_assert_str_eq(writes_put_if("k", zero, NULL, "#7", "#4"),
                     "CONDITION_FAILED: unexpected value: "
                     "raw_bytes:\"B\\r%\\214\\001\\n\" timestamp:<> ");
    ck_assert_str_eq(writes_put_if("k", zero, NULL, "#7", "#5"), "OK");
    ck_records("k", "{#7}");
    ck_assert_str_eq(writes_init_put("k", zero, NULL, "#7", true), "OK");
    ck_assert_str_eq(writes_put_if("k", zero, NULL, NULL, "#7"), "OK");
    ck_assert_str_eq(writes_everything(), "");
    ck_assert_str_eq(writes_put_if("k", zero, NULL, "new", NULL), "OK");
}
END_TEST

/* Merges that do not fit together are healed by an inline write, unless that has to read them. */
START_TEST(step_4_conflicts_of_merges)
{
    ck_assert_str_eq(writes_merge("k", varve_ts_zero(), "a"), "OK");
    ck_assert_str_eq(writes_merge("k", varve_ts_zero(), "#1"), "OK");
    varve_write how = writes_how(varve_ts_zero(), NULL);
    ck_status(varve_mvcc_increment(&how, bytes("k"), 1, NULL, &mvcc.err), VARVE_MERGE_CONFLICT,
              &mvcc.err);
    how.ts = at(1);
    ck_status(varve_mvcc_put(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_MERGE_CONFLICT,
              &mvcc.err);
    varve_error_release(&mvcc.err);
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), "healed"), "OK");
    ck_records("k", "{healed}");
    ck_assert_str_eq(writes_merge("k", varve_ts_zero(), "#1"), "OK");
    ck_assert_str_eq(writes_put("k", varve_ts_zero(), NULL), "OK");
    ck_assert_str_eq(writes_everything(), "");
}
END_TEST

/* ---- Step 5 ------------------------------------------------------------------------------------
 */

START_TEST(step_5_a_transaction_reads_at_the_timestamp)
{
    varve_txn txn = writes_txn(1, at(5));
    varve_write how = writes_how(varve_ts_zero(), &txn);
    how.ts = at(6);
    ck_fails(varve_mvcc_put(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err,
             "mvccPutInternal: txn's read timestamp 0.000000005,0 does not match timestamp "
             "0.000000006,0");
    txn.meta.write_ts = varve_ts_zero();
    ck_assert_str_eq(writes_put_as("k", &txn, "v"),
                     "INVALID_ARGUMENT: varve_txn.meta.write_ts is zero");
    txn.meta.write_ts = at(-7);
    ck_assert_str_eq(writes_put_as("k", &txn, "v"),
                     "INVALID_ARGUMENT: cannot write to \"k\" at timestamp -0.000000007,0");
    ck_assert_str_eq(writes_everything(), "");
}
END_TEST

/* Its intent would stand below a version that it has seen. */
START_TEST(step_5_not_before_it_reads)
{
    static const char *const refused =
        "INVALID_ARGUMENT: a transaction that reads at 0.000000015,0 cannot write at "
        "0.000000005,9";
    varve_txn txn = writes_txn(1, at(15));
    txn.meta.write_ts = varve_ts_of(5, 9);
    ck_assert_str_eq(writes_put("k", at(10), "v"), "OK");
    ck_assert_str_eq(writes_put_as("k", &txn, "w"), refused);
    ck_assert_str_eq(writes_put_as("l", &txn, NULL), refused);
    ck_assert_str_eq(writes_increment("l", at(15), &txn, 1), refused);
    txn.meta.write_ts = txn.read_ts;
    ck_assert_str_eq(writes_put_as("k", &txn, "w"), "OK");
}
END_TEST

START_TEST(step_5_and_writes_at_its_own)
{
    varve_txn txn = writes_txn(1, at(5));
    txn.meta.write_ts = at(9);
    ck_assert_str_eq(writes_put_as("k", &txn, "v"), "OK");
    ck_records("k", "{1/0/0 w9 @9 6} v@9");
}
END_TEST

/* ---- Steps 6 and 10 ----------------------------------------------------------------------------
 */

START_TEST(step_6_of_nothing)
{
    varve_txn txn = writes_txn(1, at(5));
    ck_assert_str_eq(writes_increment("a", at(5), NULL, 3), "OK 3");
    ck_assert_str_eq(writes_put_if("b", at(5), NULL, "v", "w"),
                     "CONDITION_FAILED: unexpected value: <nil>");
    ck_assert_str_eq(writes_put_if("b", at(5), NULL, "v", "?w"), "OK");
    ck_assert_str_eq(writes_init_put("c", at(5), &txn, "v", true), "OK");
    ck_records("a", "#3@5");
    ck_records("b", "v@5");
    ck_records("c", "{1/0/0 w5 @5 6} v@5");
}
END_TEST

/* The record of the specification: transaction ...01 at (11,0), eight bytes of value. */
START_TEST(step_10_the_bytes_of_an_intent)
{
    varve_txn txn = writes_txn(1, at(11));
    ck_assert_str_eq(writes_put_as("k", &txn, "abc"), "OK");
    ck_assert_str_eq(writes_everything(),
                     "6B 00 01:0A 18 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 2A 02 "
                     "08 0B 4A 00 12 04 08 0B 10 00 18 00 20 0C 28 08\n"
                     "6B 00 01 FF FF FF FF FF FF FF F4 FF FF FF FF:00 00 00 00 03 61 62 63\n");
}
END_TEST

START_TEST(step_10_a_provisional_tombstone)
{
    varve_txn txn = writes_txn(1, at(11));
    ck_assert_str_eq(writes_put_as("k", &txn, NULL), "OK");
    ck_records("k", "{1/0/0 w11 @11 0} -@11");
    /* An empty value that is put is one too. */
    ck_assert_str_eq(writes_put_as("l", &txn, ""), "OK");
    ck_records("l", "{1/0/0 w11 @11 0} -@11");
}
END_TEST

START_TEST(step_10_the_whole_of_the_transaction_is_kept)
{
    varve_txn txn = writes_txn(1, at(11));
    txn.meta.key = bytes("anchor");
    txn.meta.min_ts = at(3);
    txn.meta.priority = 7;
    txn.meta.epoch = 2;
    txn.meta.sequence = 4;
    ck_assert_str_eq(writes_put_as("k", &txn, "v"), "OK");
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(20)};
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err), VARVE_WRITE_INTENT,
              &mvcc.err);
    const varve_txn_meta *stored = &mvcc.err.detail.intents.list[0].txn;
    ck_slice_eq(stored->key, bytes("anchor"));
    ck_assert_int_eq(stored->min_ts.wall, 3);
    ck_assert_int_eq(stored->priority, 7);
    ck_assert_int_eq(stored->epoch, 2);
    ck_assert_int_eq(stored->sequence, 4);
    varve_error_release(&mvcc.err);
    varve_rows_release(&rows);
}
END_TEST

/* ---- Step 7 ------------------------------------------------------------------------------------
 */

START_TEST(step_7a_another_intent_is_in_the_way)
{
    varve_txn one = writes_txn(1, at(11));
    varve_txn two = writes_txn(2, at(20));
    ck_assert_str_eq(writes_put_as("k", &one, "v"), "OK");
    ck_assert_str_eq(writes_put_as("k", &two, "w"), "WRITE_INTENT: conflicting intents on \"k\"");
    two = writes_txn(2, at(5));
    ck_assert_str_eq(writes_put_as("k", &two, "w"), "WRITE_INTENT: conflicting intents on \"k\"");
    ck_assert_str_eq(writes_put("k", at(20), "w"), "WRITE_INTENT: conflicting intents on \"k\"");
    ck_assert_str_eq(writes_put("k", at(5), NULL), "WRITE_INTENT: conflicting intents on \"k\"");
    ck_assert_str_eq(writes_increment("k", at(5), NULL, 1),
                     "WRITE_INTENT: conflicting intents on \"k\"");
}
END_TEST

START_TEST(step_7b_a_later_epoch_refuses)
{
    varve_txn txn = writes_txn(1, at(11));
    txn.meta.epoch = 3;
    ck_assert_str_eq(writes_put_as("k", &txn, "v"), "OK");
    txn.meta.epoch = 2;
    txn.meta.sequence = 9;
    ck_assert_str_eq(writes_put_as("k", &txn, "w"),
                     "TXN_EPOCH: put with epoch 2 came after put with epoch 3 in txn "
                     "00000000-0000-0000-0000-000000000001");
    ck_assert_str_eq(writes_increment("k", at(11), &txn, 1),
                     "TXN_EPOCH: put with epoch 2 came after put with epoch 3 in txn "
                     "00000000-0000-0000-0000-000000000001");
}
END_TEST

/* Put `value` at `sequence` as `txn`, which has to succeed. */
static void put_at(varve_txn *txn, int32_t sequence, const char *value)
{
    txn->meta.sequence = sequence;
    ck_assert_str_eq(writes_put_as("k", txn, value), "OK");
}

START_TEST(step_7dg_the_provisional_value_goes_to_the_history)
{
    varve_txn txn = writes_txn(1, at(11));
    put_at(&txn, 0, "first");
    put_at(&txn, 3, NULL);
    put_at(&txn, 9, "third");
    ck_records("k", "{1/0/9 w11 @11 10 0=first 3=-} third@11");
    put_at(&txn, 10, "fourth");
    ck_records("k", "{1/0/10 w11 @11 11 0=first 3=- 9=third} fourth@11");
}
END_TEST

START_TEST(step_7d_ignored_values_are_passed_over)
{
    varve_txn txn = writes_txn(1, at(11));
    varve_seq_range some[] = {{2, 3}};
    varve_seq_range all[] = {{1, 3}};
    put_at(&txn, 1, "#10");
    put_at(&txn, 2, "#20");
    put_at(&txn, 3, "#30");
    txn.meta.sequence = 5;
    txn.ignored = some;
    txn.ignored_count = 1;
    /* Made of the last that is not ignored; the ignored one above is not kept. */
    ck_assert_str_eq(writes_increment("k", at(11), &txn, 1), "OK 11");
    ck_records("k", "{1/0/5 w11 @11 6 1=#10 2=#20} #11@11");

    txn.ignored = all;
    txn.ignored[0].end = 5;
    txn.meta.sequence = 6;
    /* Of nothing: nothing committed is there either, and the history is dropped. */
    ck_assert_str_eq(writes_increment("k", at(11), &txn, 7), "OK 7");
    ck_records("k", "{1/0/6 w11 @11 6} #7@11");
}
END_TEST

START_TEST(step_7d_behind_ignored_values_is_what_was_committed)
{
    varve_txn txn = writes_txn(1, at(11));
    varve_seq_range all[] = {{0, 1}};
    ck_assert_str_eq(writes_put("k", at(4), "#4"), "OK");
    ck_assert_str_eq(writes_put("k", at(6), "#6"), "OK");
    put_at(&txn, 1, "#10");
    txn.ignored = all;
    txn.ignored_count = 1;
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_increment("k", at(11), &txn, 1), "OK 7");
    /* Something was found: the history stays, of which there is none, and the ignored goes. */
    ck_records("k", "{1/0/2 w11 @11 6} #7@11 #6@6 #4@4");
}
END_TEST

START_TEST(step_7d_what_was_committed_is_strictly_below_and_not_above_R)
{
    varve_txn txn = writes_txn(1, at(5));
    ck_assert_str_eq(writes_put("k", at(4), "#4"), "OK");
    txn.meta.write_ts = at(11);
    put_at(&txn, 1, "#10");
    txn.meta.epoch = 1;
    txn.meta.sequence = 0;
    ck_assert_str_eq(writes_increment("k", at(5), &txn, 1), "OK 5");
    ck_records("k", "{1/1/0 w11 @11 6} #5@11 #4@4");
}
END_TEST

START_TEST(step_7d_a_provisional_tombstone_is_there_and_is_no_value)
{
    varve_txn txn = writes_txn(1, at(11));
    put_at(&txn, 1, NULL);
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_put_if("k", at(11), &txn, "v", "w"),
                     "CONDITION_FAILED: unexpected value: timestamp:<wall_time:11 > ");
    ck_assert_str_eq(writes_init_put("k", at(11), &txn, "v", true),
                     "CONDITION_FAILED: unexpected value: timestamp:<wall_time:11 > ");
    ck_assert_str_eq(writes_put_if("k", at(11), &txn, "v", NULL), "OK");
    ck_records("k", "{1/0/2 w11 @11 6 1=-} v@11");
}
END_TEST

START_TEST(step_7d_a_failed_condition_shows_the_provisional_value)
{
    varve_txn txn = writes_txn(1, at(11));
    put_at(&txn, 1, "v");
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_put_if("k", at(11), &txn, "x", "w"),
                     "CONDITION_FAILED: unexpected value: raw_bytes:\"\\000\\000\\000\\000\\003v\" "
                     "timestamp:<wall_time:11 > ");
}
END_TEST

/* The checksum of what was there is verified, also by a plain put. */
START_TEST(step_7d_checksums_are_verified)
{
    varve_txn txn = writes_txn(1, at(11));
    put_at(&txn, 1, "v");
    mvcc_put_raw(mvcc_engine_key("k", at(11)), hex("00 00 00 01 03 76"));
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_put_as("k", &txn, "w"),
                     "CHECKSUM: \"k\": invalid checksum (29887a19) value [00 00 00 01 03 76]");
    mvcc_put_raw(mvcc_engine_key("k", at(11)), hex("00 00 00"));
    ck_assert_str_eq(writes_put_as("k", &txn, "w"), "CHECKSUM: \"k\": invalid header size: 3");
}
END_TEST

START_TEST(step_7d_an_intent_without_its_value_is_corrupt)
{
    varve_txn txn = writes_txn(1, at(11));
    ck_assert_str_eq(writes_put("k", at(4), "below"), "OK");
    put_at(&txn, 1, "v");
    mvcc_clear_raw(mvcc_engine_key("k", at(11)));
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_put_as("k", &txn, "w"),
                     "CORRUPT: \"k\": the intent has no provisional value");
    txn.meta.sequence = 1;
    ck_assert_str_eq(writes_put_as("k", &txn, "v"),
                     "CORRUPT: \"k\": the intent has no provisional value");
    mvcc_clear_raw(mvcc_engine_key("k", at(4)));
    txn.meta.sequence = 2;
    ck_assert_str_eq(writes_put_as("k", &txn, "w"),
                     "CORRUPT: \"k\": the intent has no provisional value");
}
END_TEST

/* Moved from there, it would have taken the new metadata record away. */
START_TEST(step_7_an_intent_at_no_timestamp_is_corrupt)
{
    const varve_ts times[] = {varve_ts_zero(), at(-1), varve_ts_of(5, -1)};
    varve_slice record = mvcc_engine_key("k", varve_ts_zero());
    varve_txn txn = writes_txn(1, at(11));
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        writes.quiet = i % 2 == 0;
        mvcc_put_raw(record, mvcc_intent_record(times[i], 6, 1));
        for (txn.meta.epoch = 0; txn.meta.epoch < 2; txn.meta.epoch++)
            for (txn.meta.sequence = 0; txn.meta.sequence < 2; txn.meta.sequence++)
                ck_assert_str_eq(writes_put_as("k", &txn, "w"),
                                 "CORRUPT: the intent on \"k\" stands at no timestamp");
        mvcc_clear_raw(record);
    }
}
END_TEST

START_TEST(step_7f_an_intent_moves_up)
{
    varve_txn txn = writes_txn(1, at(5));
    ck_assert_str_eq(writes_put("k", at(3), "below"), "OK");
    put_at(&txn, 1, "v");
    txn.meta.write_ts = varve_ts_of(5, 2);
    put_at(&txn, 2, "w");
    ck_records("k", "{1/0/2 w5,2 @5,2 6 1=v} w@5,2 below@3");
    txn.meta.write_ts = at(3 * SECOND);
    put_at(&txn, 3, NULL);
    ck_records("k", "{1/0/3 w3s @3s 0 1=v 2=w} -@3s below@3");
}
END_TEST

START_TEST(step_7f_but_never_down)
{
    varve_txn txn = writes_txn(1, at(5));
    txn.meta.write_ts = at(9 * SECOND);
    put_at(&txn, 1, "v");
    txn.meta.write_ts = at(5);
    put_at(&txn, 2, "w");
    ck_records("k", "{1/0/2 w5 @9s 6 1=v} w@9s");
    txn.meta.epoch = 1;
    put_at(&txn, 0, "x");
    ck_records("k", "{1/1/0 w5 @9s 6} x@9s");
}
END_TEST

/* What moves is accounted for whatever is below. */
START_TEST(step_7f_moves_over_values_and_tombstones)
{
    for (int below = 0; below < 3; below++) {
        varve_txn txn = writes_txn(1, seconds(5));
        const char *key = below == 0 ? "a" : below == 1 ? "b" : "c";
        if (below > 0)
            ck_assert_str_eq(writes_put(key, seconds(2), below == 1 ? "value" : NULL), "OK");
        txn.meta.sequence = 1;
        ck_assert_str_eq(writes_put_as(key, &txn, "long value"), "OK");
        txn.meta.write_ts = seconds(9);
        txn.meta.sequence = 2;
        ck_assert_str_eq(writes_put_as(key, &txn, NULL), "OK");
        txn.meta.write_ts = seconds(12);
        txn.meta.sequence = 3;
        ck_assert_str_eq(writes_put_as(key, &txn, "v"), "OK");
        txn.meta.epoch = 1;
        txn.meta.write_ts = seconds(20);
        ck_assert_str_eq(writes_put_as(key, &txn, "new"), "OK");
    }
}
END_TEST

START_TEST(step_7f_moves_that_nobody_accounts_for)
{
    varve_txn txn = writes_txn(1, at(5));
    writes.quiet = true;
    ck_assert_str_eq(writes_put("k", at(3), "below"), "OK");
    put_at(&txn, 1, "v");
    txn.meta.write_ts = at(7);
    put_at(&txn, 2, "w");
    ck_records("k", "{1/0/2 w7 @7 6 1=v} w@7 below@3");
}
END_TEST

START_TEST(step_7g_a_later_epoch_has_no_history)
{
    varve_txn txn = writes_txn(1, at(11));
    put_at(&txn, 1, "v");
    put_at(&txn, 2, "w");
    txn.meta.epoch = 1;
    put_at(&txn, 0, "x");
    ck_records("k", "{1/1/0 w11 @11 6} x@11");
}
END_TEST

/* ---- Steps 8 and 9 -----------------------------------------------------------------------------
 */

#define TOO_OLD(attempted, actual)                                                                 \
    "WRITE_TOO_OLD: WriteTooOldError: write at timestamp " attempted " too old; wrote at " actual

START_TEST(step_8_the_table_of_write_too_old)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_assert_str_eq(writes_put("a", at(10), "v"), "OK");
    ck_assert_str_eq(writes_put("a", at(1), "w"), TOO_OLD("0.000000001,0", "0.000000010,1"));
    ck_records("a", "w@10,1 v@10");

    ck_assert_str_eq(writes_put("b", at(10), "v"), "OK");
    ck_assert_str_eq(writes_put("b", at(10), "w"), TOO_OLD("0.000000010,0", "0.000000010,1"));
    ck_records("b", "w@10,1 v@10");

    ck_assert_str_eq(writes_put("c", at(10), "v"), "OK");
    ck_assert_str_eq(writes_put_as("c", &txn, "w"), TOO_OLD("0.000000001,0", "0.000000010,1"));
    ck_records("c", "{1/0/0 w1 @10,1 6} w@10,1 v@10");

    ck_assert_str_eq(writes_put("d", at(10), "v"), "OK");
    txn = writes_txn(1, at(5));
    txn.meta.write_ts = at(20);
    ck_assert_str_eq(writes_put_as("d", &txn, "w"), TOO_OLD("0.000000005,0", "0.000000020,0"));
    ck_records("d", "{1/0/0 w20 @20 6} w@20 v@10");

    ck_assert_str_eq(writes_put("e", at(3), NULL), "OK");
    ck_assert_str_eq(writes_put("e", at(1), "w"), TOO_OLD("0.000000001,0", "0.000000003,1"));
    ck_records("e", "w@3,1 -@3");
}
END_TEST

START_TEST(step_8_what_values_are_made_of)
{
    varve_txn txn = writes_txn(1, at(1));
    ck_assert_str_eq(writes_put("a", at(10), "v1"), "OK");
    ck_assert_str_eq(writes_put_if("a", at(1), NULL, "v2", NULL),
                     "CONDITION_FAILED: unexpected value: "
                     "raw_bytes:\"\\000\\000\\000\\000\\003v1\" timestamp:<wall_time:10 > ");
    ck_assert_str_eq(writes_put_if("a", at(1), NULL, "v2", "v1"),
                     TOO_OLD("0.000000001,0", "0.000000010,1"));

    ck_assert_str_eq(writes_put("b", at(10), "v1"), "OK");
    ck_assert_str_eq(writes_put_if("b", at(1), &txn, "v2", "v1"),
                     "CONDITION_FAILED: unexpected value: <nil>");
    ck_assert_str_eq(writes_put_if("b", at(1), &txn, "v2", NULL),
                     TOO_OLD("0.000000001,0", "0.000000010,1"));
    ck_records("b", "{1/0/0 w1 @10,1 7} v2@10,1 v1@10");

    ck_assert_str_eq(writes_put("c", at(1), "#1"), "OK");
    ck_assert_str_eq(writes_put("c", at(3), "#2"), "OK");
    ck_assert_str_eq(writes_increment("c", at(2), NULL, 1),
                     TOO_OLD("0.000000002,0", "0.000000003,1") " 3");
    ck_records("c", "#3@3,1 #2@3 #1@1");

    ck_assert_str_eq(writes_put("d", at(1), "#1"), "OK");
    ck_assert_str_eq(writes_put("d", at(3), "#2"), "OK");
    txn = writes_txn(1, at(2));
    ck_assert_str_eq(writes_increment("d", at(2), &txn, 1),
                     TOO_OLD("0.000000002,0", "0.000000003,1") " 2");
    ck_records("d", "{1/0/0 w2 @3,1 6} #2@3,1 #2@3 #1@1");
}
END_TEST

/* R compares, not W. */
START_TEST(step_8_tombstones_are_read_as_such)
{
    varve_txn txn = writes_txn(1, at(2));
    ck_assert_str_eq(writes_put("k", at(1), NULL), "OK");
    ck_assert_str_eq(writes_put("k", at(3), "v"), "OK");
    ck_assert_str_eq(writes_init_put("k", at(2), &txn, "w", true),
                     "CONDITION_FAILED: unexpected value: timestamp:<wall_time:1 > ");
    ck_assert_str_eq(writes_init_put("k", at(2), &txn, "w", false),
                     TOO_OLD("0.000000002,0", "0.000000003,1"));
}
END_TEST

START_TEST(step_8_an_uncertain_transaction_that_reads)
{
    varve_txn txn = writes_txn(1, at(5));
    txn.max_ts = at(10);
    ck_assert_str_eq(writes_put("k", at(3), "old"), "OK");
    ck_assert_str_eq(writes_put("k", at(8), "new"), "OK");
    ck_assert_str_eq(writes_put_if("k", at(5), &txn, "x", "old"),
                     "READ_UNCERTAIN: ReadWithinUncertaintyIntervalError: read at time "
                     "0.000000005,0 encountered previous write with future timestamp "
                     "0.000000008,0 within uncertainty interval `t <= 0.000000010,0`; observed "
                     "timestamps: []");
    txn.max_ts = at(7);
    ck_assert_str_eq(writes_put_if("k", at(5), &txn, "x", "old"),
                     TOO_OLD("0.000000005,0", "0.000000008,1"));
}
END_TEST

START_TEST(step_8_one_that_does_not_read_is_told_of_the_timestamp)
{
    varve_txn txn = writes_txn(1, at(5));
    txn.max_ts = at(10);
    ck_assert_str_eq(writes_put("k", at(8), "new"), "OK");
    ck_assert_str_eq(writes_put_as("k", &txn, "x"), TOO_OLD("0.000000005,0", "0.000000008,1"));
}
END_TEST

START_TEST(step_8_above_the_largest_timestamp_is_nothing)
{
    varve_txn txn = writes_txn(1, at(5));
    writes.quiet = true; /* nobody recounts beyond the largest timestamp */
    ck_assert_str_eq(writes_put("k", varve_ts_max(), "v"), "OK");
    ck_assert_int_eq(strncmp(writes_put("k", at(5), "w"), "TIMESTAMP_OVERFLOW: ", 20), 0);
    ck_assert_int_eq(strncmp(writes_put_as("k", &txn, "w"), "TIMESTAMP_OVERFLOW: ", 20), 0);
    ck_assert_int_eq(strncmp(writes_increment("k", at(5), NULL, 1), "TIMESTAMP_OVERFLOW: ", 20), 0);
}
END_TEST

START_TEST(step_9_of_the_newest_version)
{
    varve_txn txn = writes_txn(1, at(9));
    ck_assert_str_eq(writes_put("k", at(3), "#3"), "OK");
    ck_assert_str_eq(writes_increment("k", at(5), NULL, 1), "OK 4");
    ck_assert_str_eq(writes_increment("k", at(9), &txn, 1), "OK 5");
    ck_records("k", "{1/0/0 w9 @9 6} #5@9 #4@5 #3@3");
}
END_TEST

START_TEST(step_9_checksums_are_verified)
{
    mvcc_put_raw(mvcc_engine_key("k", at(3)), hex("00 00 00 01 03 76"));
    varve_write how = writes_how(at(5), NULL);
    ck_status(varve_mvcc_increment(&how, bytes("k"), 1, NULL, &mvcc.err), VARVE_CHECKSUM,
              &mvcc.err);
    varve_error_release(&mvcc.err);
    /* A put that reads nothing does not mind. */
    ck_ok(varve_mvcc_put(&how, bytes("k"), writes_raw("v"), &mvcc.err), &mvcc.err);
    ck_records("k", "v@5 v@3");
}
END_TEST

/* ---- All that goes along -----------------------------------------------------------------------
 */

START_TEST(memory_is_reused)
{
    varve_txn txn = writes_txn(1, at(5));
    varve_buf scratch = VARVE_BUF_INIT;
    varve_write how = writes_how(varve_ts_zero(), &txn);
    how.scratch = &scratch;
    varve_slice value = writes_raw("a value of some length");
    txn.meta.write_ts = at(100);
    ck_ok(varve_mvcc_put(&how, bytes("key"), value, &mvcc.err), &mvcc.err);
    const unsigned char *data = scratch.data;
    ck_assert_ptr_nonnull(data);
    for (unsigned char c = 'a'; c < 'z'; c++)
        ck_ok(varve_mvcc_put(&how, varve_slice_of(&c, 1), value, &mvcc.err), &mvcc.err);
    ck_assert_ptr_eq(scratch.data, data);
    varve_buf_release(&scratch);
}
END_TEST

START_TEST(a_bill_adds_up)
{
    varve_bill bill = {.struct_size = sizeof bill};
    varve_txn txn = writes_txn(1, at(5));
    varve_write how = writes_how(at(3), NULL);
    how.bill = &bill;
    ck_ok(varve_mvcc_put(&how, bytes("k"), writes_raw("v"), &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.seeks, 1);
    ck_assert_uint_eq(bill.versions, 0);
    how.txn = &txn;
    how.ts = at(5);
    ck_ok(varve_mvcc_put(&how, bytes("k"), writes_raw("v"), &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.seeks, 2);
    ck_assert_uint_eq(bill.versions, 1);
    ck_assert_uint_eq(bill.intents, 0);
    txn.meta.sequence = 1;
    ck_ok(varve_mvcc_put(&how, bytes("k"), writes_raw("w"), &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.intents, 1);
    ck_assert_uint_gt(bill.steps, 0);
    ck_assert_uint_gt(bill.bytes_read, 0);
    ck_assert_uint_eq(bill.rows + bill.bytes_returned, 0);
    bill.struct_size = 3;
    ck_status(varve_mvcc_put(&how, bytes("k"), writes_raw("w"), &mvcc.err), VARVE_INVALID_ARGUMENT,
              &mvcc.err);
    varve_error_release(&mvcc.err);
}
END_TEST

/* Keys are billed that end in one, provisional ones too; not the tombstones that are written. */
START_TEST(a_bill_tells_of_tombstones)
{
    varve_bill bill = {.struct_size = sizeof bill};
    varve_txn txn = writes_txn(1, at(5));
    varve_write how = writes_how(at(1), NULL);
    how.bill = &bill;
    how.stats = NULL;
    ck_ok(varve_mvcc_delete(&how, bytes("k"), &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.tombstones, 0);
    how.ts = at(2);
    ck_ok(varve_mvcc_put(&how, bytes("k"), writes_raw("v"), &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.tombstones, 1);
    how.ts = at(5);
    how.txn = &txn;
    ck_ok(varve_mvcc_delete(&how, bytes("k"), &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.tombstones, 1);
    txn.meta.sequence = 1;
    ck_ok(varve_mvcc_put(&how, bytes("k"), writes_raw("v"), &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(bill.tombstones, 2);
}
END_TEST

START_TEST(records_have_a_checksum)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_row row;
    size_t position = 0;
    varve_write how = writes_how(at(3), NULL);
    varve_read read = {.struct_size = sizeof read, .ts = at(3)};
    ck_ok(varve_mvcc_put_record(&how, bytes("a"), bytes("value"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_get(mvcc.reader, &read, bytes("a"), &rows, &mvcc.err), &mvcc.err);
    ck_assert(varve_rows_next(&rows, &position, &row));
    ck_hex(row.value, "ED 6C 45 A8 03 76 61 6C 75 65");
    varve_rows_release(&rows);
    ck_status(varve_mvcc_put_record(&how, bytes(""), bytes("value"), &mvcc.err), VARVE_EMPTY_KEY,
              &mvcc.err);
    varve_error_release(&mvcc.err);
}
END_TEST

static void add_first_steps(TCase *tcase)
{
    tcase_add_test(tcase, step_1_keys_and_timestamps_are_checked);
    tcase_add_test(tcase, step_2_the_first_record_counts);
    tcase_add_test(tcase, step_2_a_blind_write_finds_nothing);
    tcase_add_test(tcase, step_2_blind_writes_to_new_keys_are_accounted);
    tcase_add_test(tcase, step_3_inline_values_and_versions_exclude_each_other);
    tcase_add_test(tcase, step_4_inline_values_are_replaced_and_removed);
    tcase_add_test(tcase, step_4_a_transaction_writes_no_inline_values);
    tcase_add_test(tcase, step_4_inline_values_are_made_of_inline_values);
    tcase_add_test(tcase, step_4_conflicts_of_merges);
    tcase_add_test(tcase, step_5_a_transaction_reads_at_the_timestamp);
    tcase_add_test(tcase, step_5_and_writes_at_its_own);
    tcase_add_test(tcase, step_5_not_before_it_reads);
    tcase_add_test(tcase, step_6_of_nothing);
    tcase_add_test(tcase, step_10_the_bytes_of_an_intent);
    tcase_add_test(tcase, step_10_a_provisional_tombstone);
    tcase_add_test(tcase, step_10_the_whole_of_the_transaction_is_kept);
}

static void fill(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, writes_start, NULL);
    add_first_steps(tcase);
    tcase_add_test(tcase, step_7a_another_intent_is_in_the_way);
    tcase_add_test(tcase, step_7b_a_later_epoch_refuses);
    tcase_add_test(tcase, step_7dg_the_provisional_value_goes_to_the_history);
    tcase_add_test(tcase, step_7d_ignored_values_are_passed_over);
    tcase_add_test(tcase, step_7d_behind_ignored_values_is_what_was_committed);
    tcase_add_test(tcase, step_7d_what_was_committed_is_strictly_below_and_not_above_R);
    tcase_add_test(tcase, step_7d_a_provisional_tombstone_is_there_and_is_no_value);
    tcase_add_test(tcase, step_7d_a_failed_condition_shows_the_provisional_value);
    tcase_add_test(tcase, step_7d_checksums_are_verified);
    tcase_add_test(tcase, step_7d_an_intent_without_its_value_is_corrupt);
    tcase_add_test(tcase, step_7_an_intent_at_no_timestamp_is_corrupt);
    tcase_add_test(tcase, step_7f_an_intent_moves_up);
    tcase_add_test(tcase, step_7f_but_never_down);
    tcase_add_test(tcase, step_7f_moves_over_values_and_tombstones);
    tcase_add_test(tcase, step_7f_moves_that_nobody_accounts_for);
    tcase_add_test(tcase, step_7g_a_later_epoch_has_no_history);
    tcase_add_test(tcase, step_8_the_table_of_write_too_old);
    tcase_add_test(tcase, step_8_what_values_are_made_of);
    tcase_add_test(tcase, step_8_tombstones_are_read_as_such);
    tcase_add_test(tcase, step_8_an_uncertain_transaction_that_reads);
    tcase_add_test(tcase, step_8_one_that_does_not_read_is_told_of_the_timestamp);
    tcase_add_test(tcase, step_8_above_the_largest_timestamp_is_nothing);
    tcase_add_test(tcase, step_9_of_the_newest_version);
    tcase_add_test(tcase, step_9_checksums_are_verified);
    tcase_add_test(tcase, memory_is_reused);
    tcase_add_test(tcase, a_bill_adds_up);
    tcase_add_test(tcase, a_bill_tells_of_tombstones);
    tcase_add_test(tcase, records_have_a_checksum);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/write_steps", fill));
}
