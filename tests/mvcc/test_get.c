#include <stdio.h>

#include <varve/mvcc.h>

#include "tests/support/mvcc.h"

#define FAIL_ON_MORE_RECENT VARVE_READ_FAIL_ON_MORE_RECENT
#define TOMBSTONES VARVE_READ_TOMBSTONES

static void put_two_versions(void)
{
    mvcc_put("k", at(5), "b");
    mvcc_put("k", at(10), "a");
}

START_TEST(newest_version_at_or_below_the_time)
{
    put_two_versions();
    mvcc_put("k", varve_ts_of(10, 3), "c");

    ck_assert_str_eq(mvcc_get("k", at(4)), "none");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(4, INT32_MAX)), "none");
    ck_assert_str_eq(mvcc_get("k", at(5)), "k@5=b");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(5, 1)), "k@5=b");
    ck_assert_str_eq(mvcc_get("k", at(9)), "k@5=b");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(9, INT32_MAX)), "k@5=b");
    ck_assert_str_eq(mvcc_get("k", at(10)), "k@10=a");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(10, 2)), "k@10=a");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(10, 3)), "k@10,3=c");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(10, 4)), "k@10,3=c");
    ck_assert_str_eq(mvcc_get("k", at(11)), "k@10,3=c");
    ck_assert_str_eq(mvcc_get("k", varve_ts_max()), "k@10,3=c");
}
END_TEST

START_TEST(other_keys_are_not_shown)
{
    mvcc_put("a", at(1), "x");
    mvcc_put("k", at(20), "new");
    mvcc_put("l", at(1), "y");

    ck_assert_str_eq(mvcc_get("k", at(19)), "none");
    ck_assert_str_eq(mvcc_get("j", at(20)), "none");
    ck_assert_str_eq(mvcc_get("z", at(20)), "none");
}
END_TEST

START_TEST(prefixes_and_escapes_are_other_keys)
{
    static const char *const keys[] = {"/a",  "/a%00",  "/a%00%00", "/a%00%FF", "/a%01",  "/aa",
                                       "%00", "%00%00", "%00%FF",   "%FF",      "%FF%00", "%FF%FE"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        mvcc_put(keys[i], at(3), keys[i]);

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "%s@3=%s", keys[i], keys[i]);
        ck_assert_str_eq(mvcc_get(keys[i], at(3)), expected);
        ck_assert_str_eq(mvcc_get(keys[i], at(2)), "none");
    }
    ck_assert_str_eq(mvcc_get("/", at(3)), "none");
    ck_assert_str_eq(mvcc_get("/a%00%01", at(3)), "none");
}
END_TEST

/* Old enough that the version is sought instead of stepped to. */
START_TEST(deep_versions_are_found)
{
    char value[16], expected[32];
    for (int i = 1; i <= 100; i++) {
        snprintf(value, sizeof value, "v%d", i);
        mvcc_put("k", at(10 * i), value);
    }

    for (int i = 1; i <= 100; i++) {
        snprintf(expected, sizeof expected, "k@%d=v%d", 10 * i, i);
        ck_assert_str_eq(mvcc_get("k", at(10 * i)), expected);
        ck_assert_str_eq(mvcc_get("k", at(10 * i + 9)), expected);
    }
    ck_assert_str_eq(mvcc_get("k", at(9)), "none");
}
END_TEST

START_TEST(tombstones_hide_and_can_be_asked_for)
{
    put_two_versions();
    mvcc_delete("k", at(15));

    ck_assert_str_eq(mvcc_get("k", at(15)), "none");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(14, INT32_MAX)), "k@10=a");
    ck_assert_str_eq(mvcc_get_flags("k", at(15), TOMBSTONES), "k@15-");
    ck_assert_str_eq(mvcc_get_flags("k", at(20), TOMBSTONES), "k@15-");
    ck_assert_str_eq(mvcc_get_flags("k", at(14), TOMBSTONES), "k@10=a");
    ck_assert_str_eq(mvcc_get_flags("k", at(4), TOMBSTONES), "none");
}
END_TEST

/* Five bytes that hold the empty string are a value. */
START_TEST(an_empty_string_is_not_a_tombstone)
{
    mvcc_put("k", at(1), "%00%00%00%00%03");

    ck_assert_str_eq(mvcc_get("k", at(1)), "k@1=%00%00%00%00%03");
}
END_TEST

START_TEST(fail_on_more_recent)
{
    put_two_versions();

    ck_assert_str_eq(mvcc_get_flags("k", at(10), FAIL_ON_MORE_RECENT), "k@10=a");
    ck_assert_str_eq(mvcc_get_flags("k", at(9), FAIL_ON_MORE_RECENT), "WRITE_TOO_OLD 9 -> 10,1");
    ck_assert_str_eq(mvcc_get_flags("k", at(1), FAIL_ON_MORE_RECENT), "WRITE_TOO_OLD 1 -> 10,1");
    ck_assert_str_eq(mvcc_get_flags("l", at(1), FAIL_ON_MORE_RECENT), "none");
    mvcc_put("k", varve_ts_max(), "last");
    ck_assert_str_eq(mvcc_get_flags("k", at(9), FAIL_ON_MORE_RECENT), "TIMESTAMP_OVERFLOW");
}
END_TEST

START_TEST(intents)
{
    put_two_versions();
    mvcc_put_intent("k", at(12), "provisional", 1);

    ck_assert_str_eq(mvcc_get("k", at(12)), "WRITE_INTENT k@12/1");
    ck_assert_str_eq(mvcc_get("k", varve_ts_max()), "WRITE_INTENT k@12/1");
    ck_assert_str_eq(mvcc_get("k", at(11)), "k@10=a");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(11, INT32_MAX)), "k@10=a");
    ck_assert_str_eq(mvcc_get("k", at(9)), "k@5=b");
    ck_assert_str_eq(mvcc_get("k", at(4)), "none");
    ck_assert_str_eq(mvcc_get_flags("k", at(11), FAIL_ON_MORE_RECENT), "WRITE_INTENT k@12/1");
    ck_assert_str_eq(mvcc_get_flags("k", at(12), FAIL_ON_MORE_RECENT), "WRITE_INTENT k@12/1");
}
END_TEST

/* The cap is for scans: it does not end the search of a single key. */
START_TEST(no_cap_of_intents)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(12), .max_intents = 1};
    mvcc_put_intent("k", at(12), "provisional", 1);

    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err), VARVE_WRITE_INTENT,
              &mvcc.err);
    ck_assert_uint_eq(mvcc.err.detail.intents.count, 1);
    ck_assert(!mvcc.err.detail.intents.more);
    varve_rows_release(&rows);
}
END_TEST

/* The records of the encoding's two worked examples, byte by byte. */
START_TEST(intents_by_their_golden_bytes)
{
    varve_slice first = hex("0A 18 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01"
                            "2A 02 08 0B 4A 00 12 04 08 0B 10 00 18 00 20 0C 28 08");
    varve_slice second = hex("0A 1F 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01"
                             "1A 01 61 20 01 2A 02 08 02 38 09 4A 00 12 04 08 02 10 00 18 00"
                             "20 0C 28 0A 42 0E 08 00 12 0A 00 00 00 00 03 66 69 72 73 74"
                             "42 04 08 03 12 00");
    ck_slice_eq(mvcc_intent_record(at(11), 8, 1), first);

    mvcc_put("k", at(3), "old");
    mvcc_put_raw(mvcc_engine_key("k", varve_ts_zero()), first);
    mvcc_put_raw(mvcc_engine_key("k", at(11)), mvcc_bytes("12345678"));
    mvcc_put_raw(mvcc_engine_key("a", varve_ts_zero()), second);
    mvcc_put_raw(mvcc_engine_key("a", at(2)), mvcc_bytes("1234567890"));

    ck_assert_str_eq(mvcc_get("k", at(11)), "WRITE_INTENT k@11/1");
    ck_assert_str_eq(mvcc_get("k", at(10)), "k@3=old");
    ck_assert_str_eq(mvcc_get("a", at(2)), "WRITE_INTENT a@2/1");
    ck_assert_str_eq(mvcc_get("a", at(1)), "none");
}
END_TEST

/* Below an intent in the future, too, an old version may have to be sought. */
START_TEST(deep_versions_below_an_intent)
{
    for (int i = 1; i <= 50; i++)
        mvcc_put("k", at(i), "v");
    mvcc_put_intent("k", at(60), "p", 1);

    ck_assert_str_eq(mvcc_get("k", at(3)), "k@3=v");
    ck_assert_str_eq(mvcc_get("k", at(55)), "k@50=v");
}
END_TEST

START_TEST(inline_values_are_seen_at_any_time)
{
    mvcc_put_inline("k", "v");

    ck_assert_str_eq(mvcc_get("k", varve_ts_zero()), "k@0=v");
    ck_assert_str_eq(mvcc_get("k", at(1)), "k@0=v");
    ck_assert_str_eq(mvcc_get("k", varve_ts_max()), "k@0=v");
    ck_assert_str_eq(mvcc_get_flags("k", at(1), FAIL_ON_MORE_RECENT), "k@0=v");
}
END_TEST

/* Only raw records can bring both about: the inline value hides the versions. */
START_TEST(inline_values_hide_versions)
{
    put_two_versions();
    mvcc_put_inline("k", "inline");

    ck_assert_str_eq(mvcc_get("k", at(10)), "k@0=inline");
    ck_assert_str_eq(mvcc_get_flags("k", at(1), FAIL_ON_MORE_RECENT), "k@0=inline");
}
END_TEST

/* A record with a raw value of length 0, which only foreign writers leave: a tombstone. */
START_TEST(empty_inline_values_are_tombstones)
{
    mvcc_put_raw(mvcc_engine_key("k", varve_ts_zero()),
                 hex("12 04 08 00 10 00 18 00 20 00 28 00 32 00"));

    ck_assert_str_eq(mvcc_get("k", at(1)), "none");
    ck_assert_str_eq(mvcc_get_flags("k", at(1), TOMBSTONES), "k@0-");
}
END_TEST

START_TEST(time_zero_shows_no_version)
{
    put_two_versions();
    mvcc_put("l", varve_ts_min(), "first");
    mvcc_put_intent("m", at(7), "p", 2);

    ck_assert_str_eq(mvcc_get("k", varve_ts_zero()), "none");
    ck_assert_str_eq(mvcc_get("l", varve_ts_zero()), "none");
    ck_assert_str_eq(mvcc_get("l", varve_ts_min()), "l@0,1=first");
    ck_assert_str_eq(mvcc_get("m", varve_ts_zero()), "none");
    ck_assert_str_eq(mvcc_get_flags("l", varve_ts_zero(), FAIL_ON_MORE_RECENT),
                     "WRITE_TOO_OLD 0 -> 0,2");
    ck_assert_str_eq(mvcc_get_flags("m", varve_ts_zero(), FAIL_ON_MORE_RECENT),
                     "WRITE_INTENT m@7/2");
}
END_TEST

START_TEST(damaged_metadata)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(1)};
    static const struct {
        const char *bytes;
        const char *message;
    } cases[] = {
        {"", "zero-length mvcc metadata"},
        {"12 04 08 00 10 00 18 00 20 00 28 00", "intent without transaction"},
        {"67 61 72 62 61 67 65", "unable to decode MVCCMetadata"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mvcc_put_raw(mvcc_engine_key("k", varve_ts_zero()), hex(cases[i].bytes));
        ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err), VARVE_CORRUPT,
                  &mvcc.err);
        ck_assert_msg(strncmp(mvcc.err.message, cases[i].message, strlen(cases[i].message)) == 0,
                      "%s", mvcc.err.message);
        varve_error_release(&mvcc.err);
    }
    varve_rows_release(&rows);
}
END_TEST

/* Records that begin like those of "k" and are malformed behind the terminator. */
START_TEST(malformed_keys)
{
    mvcc_put("k", at(5), "v");
    mvcc_put_raw(hex("6B 00 01 00 01 02"), mvcc_bytes("x"));

    ck_assert_str_eq(mvcc_get("k", at(5)), "CORRUPT_KEY");
    ck_assert_str_eq(mvcc_get("j", at(5)), "none");
}
END_TEST

START_TEST(malformed_key_behind_the_first_version)
{
    mvcc_put("k", at(5), "v");
    /* (0,0) written out, which sorts behind all versions. */
    mvcc_put_raw(hex("6B 00 01 FF FF FF FF FF FF FF FF FF FF FF FF"), mvcc_bytes("x"));

    ck_assert_str_eq(mvcc_get("k", at(5)), "k@5=v");
    ck_assert_str_eq(mvcc_get("k", at(4)), "CORRUPT_KEY");
}
END_TEST

START_TEST(negative_parts_are_malformed)
{
    mvcc_put_raw(hex("6B 00 01 7F FF FF FF FF FF FF FF FF FF FF FF"), mvcc_bytes("x"));
    mvcc_put_raw(hex("6C 00 01 FF FF FF FF FF FF FF FE 7F FF FF FF"), mvcc_bytes("x"));

    ck_assert_str_eq(mvcc_get("k", at(5)), "CORRUPT_KEY");
    ck_assert_str_eq(mvcc_get("l", at(5)), "CORRUPT_KEY");
}
END_TEST

START_TEST(arguments)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(1)};

    ck_fails(varve_mvcc_get(mvcc.reader, &how, bytes(""), &rows, &mvcc.err), VARVE_EMPTY_KEY,
             &mvcc.err, "attempted access to empty key");
    how.ts = at(-1);
    ck_fails(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err,
             "cannot write to \"k\" at timestamp -0.000000001,0");
    /* The key is looked at first. */
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes(""), &rows, &mvcc.err), VARVE_EMPTY_KEY,
              &mvcc.err);
    how.ts = varve_ts_of(1, -1);
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err),
              VARVE_INVALID_ARGUMENT, &mvcc.err);
    how.ts = at(1);
    how.flags = 1U << 31;
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err),
              VARVE_INVALID_ARGUMENT, &mvcc.err);
    how.flags = 0;
    how.struct_size = 0;
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err),
              VARVE_INVALID_ARGUMENT, &mvcc.err);
    ck_status(varve_mvcc_get(mvcc.reader, NULL, bytes("k"), &rows, &mvcc.err),
              VARVE_INVALID_ARGUMENT, &mvcc.err);
    ck_assert_int_eq(varve_mvcc_get(mvcc.reader, NULL, bytes("k"), &rows, NULL),
                     VARVE_INVALID_ARGUMENT);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(readers_that_refuse)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(1)};
    varve_batch *batch;
    ck_ok(varve_batch_open(mvcc.engine, VARVE_BATCH_WRITE_ONLY, &batch, &mvcc.err), &mvcc.err);

    ck_status(varve_mvcc_get(varve_batch_reader_of(batch), &how, bytes("k"), &rows, &mvcc.err),
              VARVE_UNSUPPORTED, &mvcc.err);
    varve_batch_close(batch);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(rows_are_replaced)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how, .ts = at(20)};
    put_two_versions();
    ck_ok(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(rows.count, 1);
    ck_assert_int_eq(rows.bytes, 8 + 1 + 1 + 9 + 1);

    /* The key may be one that the rows hold. */
    varve_row row;
    size_t position = 0;
    ck_assert(varve_rows_next(&rows, &position, &row));
    how.ts = at(7);
    ck_ok(varve_mvcc_get(mvcc.reader, &how, row.key, &rows, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(mvcc_result(VARVE_OK, &rows, &mvcc.err), "k@5=b");

    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes("l"), &rows, &mvcc.err), VARVE_NOT_FOUND,
              &mvcc.err);
    ck_assert_uint_eq(rows.count, 0);
    position = 0;
    ck_assert(!varve_rows_next(&rows, &position, &row));
    ck_ok(varve_mvcc_get(mvcc.reader, &how, bytes("k"), &rows, &mvcc.err), &mvcc.err);
    ck_status(varve_mvcc_get(mvcc.reader, &how, bytes(""), &rows, &mvcc.err), VARVE_EMPTY_KEY,
              &mvcc.err);
    ck_assert_uint_eq(rows.count, 0);
    ck_assert_int_eq(rows.bytes, 0);
    varve_rows_release(&rows);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, newest_version_at_or_below_the_time);
    tcase_add_test(tcase, other_keys_are_not_shown);
    tcase_add_test(tcase, prefixes_and_escapes_are_other_keys);
    tcase_add_test(tcase, deep_versions_are_found);
    tcase_add_test(tcase, tombstones_hide_and_can_be_asked_for);
    tcase_add_test(tcase, an_empty_string_is_not_a_tombstone);
    tcase_add_test(tcase, fail_on_more_recent);
    tcase_add_test(tcase, intents);
    tcase_add_test(tcase, no_cap_of_intents);
    tcase_add_test(tcase, intents_by_their_golden_bytes);
    tcase_add_test(tcase, deep_versions_below_an_intent);
    tcase_add_test(tcase, inline_values_are_seen_at_any_time);
    tcase_add_test(tcase, inline_values_hide_versions);
    tcase_add_test(tcase, empty_inline_values_are_tombstones);
    tcase_add_test(tcase, time_zero_shows_no_version);
    tcase_add_test(tcase, damaged_metadata);
    tcase_add_test(tcase, malformed_keys);
    tcase_add_test(tcase, malformed_key_behind_the_first_version);
    tcase_add_test(tcase, negative_parts_are_malformed);
    tcase_add_test(tcase, arguments);
    tcase_add_test(tcase, readers_that_refuse);
    tcase_add_test(tcase, rows_are_replaced);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/get", fill));
}
