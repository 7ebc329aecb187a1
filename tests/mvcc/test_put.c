#include <stdio.h>

#include <varve/mvcc.h>

#include "format/batch_repr.h"
#include "tests/support/mvcc.h"

#define TOMBSTONES VARVE_READ_TOMBSTONES

/* All records of the place as engine keys and values, to see that nothing was written. */
static const char *everything(void)
{
    static char text[4096];
    varve_iter *it;
    size_t size = 0;
    text[0] = '\0';
    ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
    for (varve_iter_seek_ge(it, varve_slice_of(NULL, 0)); it->valid; varve_iter_next(it))
        size += (size_t)snprintf(text + size, sizeof text - size, "%s:%s\n", hex_text(it->key),
                                 hex_text(varve_iter_value(it)));
    ck_assert_uint_lt(size, sizeof text);
    ck_ok(varve_iter_status(it, &mvcc.err), &mvcc.err);
    varve_iter_close(it);
    return text;
}

static varve_write write_at(varve_ts ts)
{
    return (varve_write){
        .struct_size = sizeof(varve_write), .reader = mvcc.reader, .writer = mvcc.writer, .ts = ts};
}

START_TEST(a_version_is_one_record)
{
    mvcc_put("k/10", at(11), "v");
    ck_assert_str_eq(everything(), "6B 2F 31 30 00 01 FF FF FF FF FF FF FF F4 FF FF FF FF:76\n");
}
END_TEST

START_TEST(newer_versions_go_on_top)
{
    ck_assert_str_eq(mvcc_try_put("k", at(5), "a"), "OK");
    ck_assert_str_eq(mvcc_try_put("k", varve_ts_of(5, 1), "b"), "OK");
    ck_assert_str_eq(mvcc_try_put("k", at(6), "c"), "OK");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9)), "k@6=c k@5,1=b k@5=a");
}
END_TEST

START_TEST(a_write_below_the_newest_version_goes_above_it)
{
    mvcc_put("k", at(10), "v");

    ck_assert_str_eq(mvcc_try_put("k", at(1), "low"), "WRITE_TOO_OLD 1 -> 10,1");
    ck_assert_str_eq(mvcc_try_put("k", at(10), "tie"), "WRITE_TOO_OLD 10 -> 10,2");
    ck_assert_str_eq(mvcc_try_put("k", varve_ts_of(10, 2), "tie"), "WRITE_TOO_OLD 10,2 -> 10,3");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(20)),
                     "k@10,3=tie k@10,2=tie k@10,1=low k@10=v");
    ck_assert_str_eq(mvcc_try_put("k", at(11), "fresh"), "OK");
}
END_TEST

START_TEST(ties_go_above_too)
{
    mvcc_put("k", at(10), "v");

    ck_assert_str_eq(mvcc_try_put("k", at(10), "w"), "WRITE_TOO_OLD 10 -> 10,1");
    ck_assert_str_eq(mvcc_get("k", varve_ts_of(10, 1)), "k@10,1=w");
    ck_assert_str_eq(mvcc_get("k", at(10)), "k@10=v");
}
END_TEST

START_TEST(tombstones_are_versions_like_others)
{
    ck_assert_str_eq(mvcc_try_delete("k", at(3)), "OK");
    ck_assert_str_eq(mvcc_try_put("k", at(1), "v"), "WRITE_TOO_OLD 1 -> 3,1");
    ck_assert_str_eq(mvcc_try_delete("k", at(2)), "WRITE_TOO_OLD 2 -> 3,2");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(9)), "k@3,2- k@3,1=v k@3-");
}
END_TEST

START_TEST(the_message_of_write_too_old)
{
    varve_write how = write_at(at(1));
    mvcc_put("k", at(10), "v");

    ck_fails(varve_mvcc_put(&how, bytes("k"), bytes("w"), &mvcc.err), VARVE_WRITE_TOO_OLD,
             &mvcc.err,
             "WriteTooOldError: write at timestamp 0.000000001,0 too old; "
             "wrote at 0.000000010,1");
    /* Whoever passes no error is told all the same. */
    ck_assert_int_eq(varve_mvcc_put(&how, bytes("k"), bytes("x"), NULL), VARVE_WRITE_TOO_OLD);
    ck_assert_str_eq(mvcc_get("k", at(11)), "k@10,2=x");
}
END_TEST

START_TEST(logical_parts_carry_into_the_wall_time)
{
    mvcc_put("k", varve_ts_of(10, INT32_MAX), "v");

    ck_assert_str_eq(mvcc_try_put("k", at(10), "w"), "WRITE_TOO_OLD 10 -> 11");
    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(20)), "k@11=w k@10,2147483647=v");
}
END_TEST

START_TEST(above_the_largest_timestamp_is_nothing)
{
    mvcc_put("k", varve_ts_max(), "last");
    const char *before = mvcc_text(varve_slice_text(everything()));

    ck_assert_str_eq(mvcc_try_put("k", at(10), "w"), "TIMESTAMP_OVERFLOW");
    ck_assert_str_eq(mvcc_try_delete("k", varve_ts_max()), "TIMESTAMP_OVERFLOW");
    ck_assert_str_eq(mvcc_text(varve_slice_text(everything())), before);
}
END_TEST

START_TEST(deletions)
{
    ck_assert_str_eq(mvcc_try_delete("never", at(5)), "OK");
    ck_assert_str_eq(everything(), "6E 65 76 65 72 00 01 FF FF FF FF FF FF FF FA FF FF FF FF:\n");
    mvcc_put("k", at(5), "v");
    ck_assert_str_eq(mvcc_try_put("k", at(6), ""), "OK");
    ck_assert_str_eq(mvcc_get("k", at(6)), "none");
    ck_assert_str_eq(mvcc_get_flags("k", at(6), TOMBSTONES), "k@6-");
    ck_assert_str_eq(mvcc_get("k", at(5)), "k@5=v");
}
END_TEST

START_TEST(inline_values)
{
    ck_assert_str_eq(mvcc_try_put("k", varve_ts_zero(), "%00%00%00%00%03v"), "OK");
    ck_assert_str_eq(everything(), "6B 00 01:12 04 08 00 10 00 18 00 20 00 28 00 "
                                   "32 06 00 00 00 00 03 76\n");
    ck_assert_str_eq(mvcc_try_put("k", varve_ts_zero(), "w"), "OK");
    ck_assert_str_eq(mvcc_get("k", varve_ts_zero()), "k@0=w");
    ck_assert_str_eq(mvcc_try_delete("k", varve_ts_zero()), "OK");
    ck_assert_str_eq(everything(), "");
    ck_assert_str_eq(mvcc_try_delete("k", varve_ts_zero()), "OK");
    ck_assert_str_eq(everything(), "");
}
END_TEST

START_TEST(an_empty_inline_value_is_a_deletion)
{
    mvcc_put_inline("k", "v");
    ck_assert_str_eq(mvcc_try_put("k", varve_ts_zero(), ""), "OK");
    ck_assert_str_eq(everything(), "");
    /* As such it looks at the key. */
    mvcc_put("l", at(5), "v");
    ck_assert_str_eq(mvcc_try_put("l", varve_ts_zero(), ""), "INLINE_MIX");
}
END_TEST

START_TEST(mixing_is_refused)
{
    varve_write how = write_at(at(5));
    mvcc_put_inline("i", "v");
    mvcc_put("k", at(5), "v");
    mvcc_put_intent("l", at(5), "p", 1);
    const char *before = mvcc_text(varve_slice_text(everything()));

    ck_fails(varve_mvcc_put(&how, bytes("i"), bytes("w"), &mvcc.err), VARVE_INLINE_MIX, &mvcc.err,
             "\"i\"/0,0: put is inline=false, but existing value is inline=true");
    ck_fails(varve_mvcc_delete(&how, bytes("i"), &mvcc.err), VARVE_INLINE_MIX, &mvcc.err,
             "\"i\"/0,0: put is inline=false, but existing value is inline=true");
    how.ts = varve_ts_zero();
    ck_fails(varve_mvcc_delete(&how, bytes("k"), &mvcc.err), VARVE_INLINE_MIX, &mvcc.err,
             "\"k\"/0,0: put is inline=true, but existing value is inline=false");
    ck_fails(varve_mvcc_delete(&how, bytes("l"), &mvcc.err), VARVE_INLINE_MIX, &mvcc.err,
             "\"l\"/0,0: put is inline=true, but existing value is inline=false");
    ck_assert_str_eq(mvcc_text(varve_slice_text(everything())), before);
}
END_TEST

/* No writer of varve makes one. */
START_TEST(an_intent_with_an_inline_value_is_inline)
{
    mvcc_put_raw(mvcc_engine_key("k", varve_ts_zero()),
                 hex("0A 12 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01"
                     "12 04 08 0C 10 00 18 00 20 0C 28 01 32 01 69"));

    ck_assert_str_eq(mvcc_get("k", at(20)), "k@0=i");
    ck_assert_str_eq(mvcc_try_put("k", at(20), "w"), "INLINE_MIX");
    ck_assert_str_eq(mvcc_try_put("k", varve_ts_zero(), ""), "OK");
    ck_assert_str_eq(everything(), "");
}
END_TEST

/* Putting an inline value does not look at the key. */
START_TEST(an_inline_put_does_not_look)
{
    mvcc_put("k", at(5), "v");

    ck_assert_str_eq(mvcc_try_put("k", varve_ts_zero(), "i"), "OK");
    ck_assert_str_eq(mvcc_get("k", at(9)), "k@0=i");
    mvcc_put_raw(mvcc_engine_key("l", varve_ts_zero()), mvcc_bytes("garbage"));
    ck_assert_str_eq(mvcc_try_put("l", varve_ts_zero(), "i"), "OK");
    ck_assert_str_eq(mvcc_get("l", at(9)), "l@0=i");
}
END_TEST

START_TEST(intents_are_in_the_way_at_any_time)
{
    mvcc_put("k", at(3), "v");
    mvcc_put_intent("k", varve_ts_of(12, 4), "p", 9);
    const char *before = mvcc_text(varve_slice_text(everything()));
    varve_write how = write_at(at(20));

    ck_assert_str_eq(mvcc_try_put("k", at(20), "w"), "WRITE_INTENT k@12,4/9");
    ck_assert_str_eq(mvcc_try_put("k", at(5), "w"), "WRITE_INTENT k@12,4/9");
    ck_assert_str_eq(mvcc_try_put("k", at(1), "w"), "WRITE_INTENT k@12,4/9");
    ck_assert_str_eq(mvcc_try_delete("k", at(20)), "WRITE_INTENT k@12,4/9");
    ck_fails(varve_mvcc_put(&how, bytes("k"), bytes("w"), &mvcc.err), VARVE_WRITE_INTENT, &mvcc.err,
             "conflicting intents on \"k\"");
    ck_assert_str_eq(mvcc_text(varve_slice_text(everything())), before);
}
END_TEST

START_TEST(damaged_records_stop_a_write)
{
    mvcc_put_raw(mvcc_engine_key("k", varve_ts_zero()), mvcc_bytes("garbage"));
    mvcc_put_raw(hex("6C 00 01 FF"), mvcc_bytes("x"));
    const char *before = mvcc_text(varve_slice_text(everything()));

    ck_assert_str_eq(mvcc_try_put("k", at(1), "v"), "CORRUPT");
    ck_assert_str_eq(mvcc_try_delete("k", varve_ts_zero()), "CORRUPT");
    ck_assert_str_eq(mvcc_try_put("l", at(1), "v"), "CORRUPT_KEY");
    ck_assert_str_eq(mvcc_text(varve_slice_text(everything())), before);
}
END_TEST

START_TEST(blind_writes_look_at_nothing)
{
    varve_write how = write_at(at(5));
    how.reader = NULL;
    mvcc_put("k", at(10), "v");
    mvcc_put_inline("i", "v");
    mvcc_put_intent("l", at(9), "p", 1);

    ck_ok(varve_mvcc_put(&how, bytes("k"), bytes("history"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_delete(&how, bytes("new"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(&how, bytes("i"), bytes("under"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(&how, bytes("l"), bytes("under"), &mvcc.err), &mvcc.err);
    how.ts = varve_ts_zero();
    ck_ok(varve_mvcc_delete(&how, bytes("i"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(&how, bytes("j"), bytes("v"), &mvcc.err), &mvcc.err);

    ck_assert_str_eq(mvcc_versions(.start = "k", .ts = at(20)), "k@10=v k@5=history");
    ck_assert_str_eq(mvcc_versions(.start = "new", .ts = at(20)), "new@5-");
    ck_assert_str_eq(mvcc_get("i", at(20)), "i@5=under");
    ck_assert_str_eq(mvcc_get("l", at(8)), "l@5=under");
    ck_assert_str_eq(mvcc_get("j", at(8)), "j@0=v");
    /* They keep the rules for arguments. */
    ck_status(varve_mvcc_put(&how, bytes(""), bytes("v"), &mvcc.err), VARVE_EMPTY_KEY, &mvcc.err);
}
END_TEST

START_TEST(keys)
{
    varve_write how = write_at(at(1));
    varve_slice longest = repeated('k', VARVE_KEY_SIZE_MAX);
    varve_slice too_long = repeated('k', VARVE_KEY_SIZE_MAX + 1);
    varve_slice zeros = repeated(0, VARVE_KEY_SIZE_MAX);

    ck_fails(varve_mvcc_put(&how, bytes(""), bytes("v"), &mvcc.err), VARVE_EMPTY_KEY, &mvcc.err,
             "attempted access to empty key");
    ck_status(varve_mvcc_delete(&how, bytes(""), &mvcc.err), VARVE_EMPTY_KEY, &mvcc.err);
    ck_status(varve_mvcc_put(&how, too_long, bytes("v"), &mvcc.err), VARVE_INVALID_KEY, &mvcc.err);
    ck_status(varve_mvcc_delete(&how, too_long, &mvcc.err), VARVE_INVALID_KEY, &mvcc.err);
    ck_status(varve_mvcc_put(&how, bytes("\xFF\xFF"), bytes("v"), &mvcc.err), VARVE_INVALID_KEY,
              &mvcc.err);
    ck_status(varve_mvcc_put(&how, bytes("\xFF\xFF\x01"), bytes("v"), &mvcc.err), VARVE_INVALID_KEY,
              &mvcc.err);
    ck_assert_str_eq(everything(), "");

    ck_ok(varve_mvcc_put(&how, longest, bytes("v"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(&how, zeros, bytes("w"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(&how, bytes("\xFF\xFE\xFF"), bytes("x"), &mvcc.err), &mvcc.err);
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read read = {.struct_size = sizeof read, .ts = at(1)};
    varve_span span = {bytes(""), varve_key_max()};
    ck_ok(varve_mvcc_scan(mvcc.reader, &read, span, -1, &rows, &mvcc.err), &mvcc.err);
    varve_row row;
    size_t position = 0;
    ck_assert(varve_rows_next(&rows, &position, &row) && varve_slice_equal(row.key, zeros));
    ck_assert(varve_rows_next(&rows, &position, &row) && varve_slice_equal(row.key, longest));
    ck_assert(varve_rows_next(&rows, &position, &row));
    ck_assert(!varve_rows_next(&rows, &position, &row));
    ck_assert_int_eq(rows.bytes, 2 * (8 + 65536 + 1 + 9 + 1) + (8 + 3 + 1 + 9 + 1));
    varve_rows_release(&rows);
}
END_TEST

START_TEST(values_too_large)
{
    varve_write how = write_at(at(1));
    unsigned char byte = 0;
    /* Nobody looks behind the first byte. */
    varve_slice raw = varve_slice_of(&byte, (size_t)VARVE_VALUE_SIZE_MAX + 1);

    ck_status(varve_mvcc_put(&how, bytes("k"), raw, &mvcc.err), VARVE_TOO_LARGE, &mvcc.err);
    ck_assert_uint_eq(mvcc.err.detail.too_large.size, VARVE_VALUE_SIZE_MAX + 1);
    ck_assert_uint_eq(mvcc.err.detail.too_large.limit, VARVE_VALUE_SIZE_MAX);
    ck_assert_str_eq(everything(), "");
}
END_TEST

START_TEST(negative_times)
{
    varve_write how = write_at(at(-1));
    ck_fails(varve_mvcc_put(&how, bytes("k\x00"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err, "cannot write to \"k\\x00\" at timestamp -0.000000001,0");
    how.ts = varve_ts_of(7, -2);
    ck_fails(varve_mvcc_delete(&how, bytes("k"), &mvcc.err), VARVE_INVALID_ARGUMENT, &mvcc.err,
             "cannot write to \"k\" at timestamp 0.000000007,-2");
    ck_status(varve_mvcc_delete(&how, bytes(""), &mvcc.err), VARVE_EMPTY_KEY, &mvcc.err);
    ck_assert_str_eq(everything(), "");
}
END_TEST

START_TEST(descriptions)
{
    varve_write how = write_at(at(1));
    how.writer = NULL;
    ck_fails(varve_mvcc_put(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
             &mvcc.err, "varve_write.writer is NULL");
    how.struct_size = 0;
    ck_status(varve_mvcc_put(&how, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
              &mvcc.err);
    ck_status(varve_mvcc_put(NULL, bytes("k"), bytes("v"), &mvcc.err), VARVE_INVALID_ARGUMENT,
              &mvcc.err);
}
END_TEST

START_TEST(scratch_memory_is_reused)
{
    varve_buf scratch = VARVE_BUF_INIT;
    varve_write how = write_at(at(1));
    how.scratch = &scratch;
    mvcc_put("a", at(5), "v");

    ck_ok(varve_mvcc_put(&how, bytes("k"),
                         bytes("long enough to grow the buffer for good, "
                               "beyond what small ones start with"),
                         &mvcc.err),
          &mvcc.err);
    const unsigned char *data = scratch.data;
    ck_assert_ptr_nonnull(data);
    ck_status(varve_mvcc_put(&how, bytes("a"), bytes("w"), &mvcc.err), VARVE_WRITE_TOO_OLD,
              &mvcc.err);
    varve_error_release(&mvcc.err);
    how.ts = varve_ts_zero();
    ck_ok(varve_mvcc_put(&how, bytes("i"), bytes("v"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_delete(&how, bytes("i"), &mvcc.err), &mvcc.err);
    ck_assert_ptr_eq(scratch.data, data);
    varve_buf_release(&scratch);
    ck_assert_str_eq(mvcc_versions(.start = "a", .ts = at(9)), "a@5,1=w a@5=v");
    ck_assert_str_eq(mvcc_get("i", at(9)), "none");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, a_version_is_one_record);
    tcase_add_test(tcase, newer_versions_go_on_top);
    tcase_add_test(tcase, a_write_below_the_newest_version_goes_above_it);
    tcase_add_test(tcase, ties_go_above_too);
    tcase_add_test(tcase, tombstones_are_versions_like_others);
    tcase_add_test(tcase, the_message_of_write_too_old);
    tcase_add_test(tcase, logical_parts_carry_into_the_wall_time);
    tcase_add_test(tcase, above_the_largest_timestamp_is_nothing);
    tcase_add_test(tcase, deletions);
    tcase_add_test(tcase, inline_values);
    tcase_add_test(tcase, an_empty_inline_value_is_a_deletion);
    tcase_add_test(tcase, mixing_is_refused);
    tcase_add_test(tcase, an_intent_with_an_inline_value_is_inline);
    tcase_add_test(tcase, an_inline_put_does_not_look);
    tcase_add_test(tcase, intents_are_in_the_way_at_any_time);
    tcase_add_test(tcase, damaged_records_stop_a_write);
    tcase_add_test(tcase, blind_writes_look_at_nothing);
    tcase_add_test(tcase, keys);
    tcase_add_test(tcase, values_too_large);
    tcase_add_test(tcase, negative_times);
    tcase_add_test(tcase, descriptions);
    tcase_add_test(tcase, scratch_memory_is_reused);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/put", fill));
}
