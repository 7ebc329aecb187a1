#include <varve/key.h>
#include <varve/value.h>

#include "engine/engine.h"
#include "format/batch_repr.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

/* ---- The writers there are: the engine's, and that of a batch -----------------------------------
 */

enum { ENGINE, BATCH, WRITER_COUNT };

static varve_batch *batch;
static varve_reader *reader;
static varve_writer *writer;

static void enter(int which)
{
    batch = NULL;
    reader = on.reader;
    writer = on.writer;
    if (which == ENGINE)
        return;
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    reader = varve_batch_reader_of(batch);
    writer = varve_batch_writer_of(batch);
}

static void leave(void)
{
    varve_batch_close(batch);
}

/* ---- Small forms --------------------------------------------------------------------------------
 */

START_TEST(what_is_put_is_read)
{
    enter(_i);
    ck_text(get(reader, "k"), "-");
    put(writer, "k", "first");
    put(writer, "k@5", "version");
    put(writer, "empty", "");
    ck_text(get(reader, "k"), "first");
    ck_text(get(reader, "k@5"), "version");
    ck_text(get(reader, "k@6"), "-");
    ck_text(get(reader, "empty"), "");
    put(writer, "k", "second");
    ck_text(get(reader, "k"), "second");
    clear(writer, "k");
    clear(writer, "never");
    ck_text(all_of(reader), "empty= k@5=version");
    leave();
}
END_TEST

START_TEST(a_range_is_cleared_from_start_to_before_end)
{
    enter(_i);
    put(writer, "a", "1");
    put(writer, "a@2", "2");
    put(writer, "b", "3");
    put(writer, "c@1", "4");
    put(writer, "d", "5");
    clear_range(writer, "b", "b");
    ck_text(all_of(reader), "a=1 a@2=2 b=3 c@1=4 d=5");
    clear_range(writer, "a@2", "c@1");
    ck_text(all_of(reader), "a=1 c@1=4 d=5");
    put(writer, "b", "again");
    ck_text(all_of(reader), "a=1 b=again c@1=4 d=5");
    ck_ok(varve_writer_clear_range(writer, key_of(""), hex("63"), &on.err), &on.err);
    ck_text(all_of(reader), "c@1=4 d=5");
    ck_ok(varve_writer_clear_range(writer, key_of(""), hex("FF FF FF"), &on.err), &on.err);
    ck_text(all_of(reader), "");
    leave();
}
END_TEST

START_TEST(the_empty_key_is_refused)
{
    static const char *const keys[] = {"00 01", "00 01 FF FF FF FF FF FF FF FE FF FF FF FF"};
    varve_buf value = VARVE_BUF_INIT;
    enter(_i);
    for (int i = 0; i < 2; i++) {
        varve_slice key = hex(keys[i]);
        ck_fails(varve_writer_put(writer, key, bytes("v"), &on.err), VARVE_EMPTY_KEY, &on.err,
                 "the empty key cannot be written");
        ck_fails(varve_writer_clear(writer, key, &on.err), VARVE_EMPTY_KEY, &on.err,
                 "the empty key cannot be written");
        ck_fails(varve_reader_get(reader, key, &value, &on.err), VARVE_EMPTY_KEY, &on.err,
                 "the empty key cannot be read");
    }
    ck_text(all_of(reader), "");
    varve_buf_release(&value);
    leave();
}
END_TEST

START_TEST(what_is_no_engine_key_is_refused)
{
    static const char *const keys[] = {
        "",
        "61",
        "61 00",
        "61 00 02",
        "61 00 01 FF",
        "61 00 01 FF FF FF FF FF FF FF FF FF FF FF FF",
        "61 00 01 00 FF FF FF FF FF FF FF FF FF FF FF",
    };
    varve_buf value = VARVE_BUF_INIT;
    enter(_i);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        varve_slice key = hex(keys[i]);
        ck_status(varve_writer_put(writer, key, bytes("v"), &on.err), VARVE_CORRUPT_KEY, &on.err);
        ck_status(varve_writer_clear(writer, key, &on.err), VARVE_CORRUPT_KEY, &on.err);
        ck_status(varve_reader_get(reader, key, &value, &on.err), VARVE_CORRUPT_KEY, &on.err);
    }
    ck_text(all_of(reader), "");
    varve_buf_release(&value);
    leave();
}
END_TEST

static varve_slice long_key(size_t user_size)
{
    varve_buf key = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(repeated('k', user_size), (varve_ts){0, 0}, &key, &on.err), &on.err);
    varve_slice copy = copy_of(varve_buf_slice(&key));
    varve_buf_release(&key);
    return copy;
}

START_TEST(keys_have_limits)
{
    varve_slice longest = long_key(VARVE_KEY_SIZE_MAX);
    varve_slice longer = long_key(VARVE_KEY_SIZE_MAX + 1);
    varve_buf value = VARVE_BUF_INIT;
    enter(_i);
    ck_ok(varve_writer_put(writer, longest, bytes("v"), &on.err), &on.err);
    ck_ok(varve_reader_get(reader, longest, &value, &on.err), &on.err);
    ck_status(varve_writer_put(writer, longer, bytes("v"), &on.err), VARVE_INVALID_KEY, &on.err);
    ck_status(varve_writer_clear(writer, longer, &on.err), VARVE_INVALID_KEY, &on.err);
    ck_status(varve_writer_put(writer, hex("FF FF 00 01"), bytes("v"), &on.err), VARVE_INVALID_KEY,
              &on.err);
    ck_status(varve_reader_get(reader, longer, &value, &on.err), VARVE_NOT_FOUND, &on.err);
    varve_buf_release(&value);
    leave();
}
END_TEST

START_TEST(ranges_have_limits)
{
    varve_slice most = repeated('x', VARVE_ENGINE_KEY_SIZE_MAX);
    varve_slice more = repeated('x', VARVE_ENGINE_KEY_SIZE_MAX + 1);
    enter(_i);
    ck_ok(varve_writer_clear_range(writer, key_of(""), most, &on.err), &on.err);
    ck_fails(varve_writer_clear_range(writer, key_of(""), more, &on.err), VARVE_INVALID_KEY,
             &on.err, "invalid range: a bound of 131087 bytes exceeds the limit of 131086");
    ck_fails(varve_writer_clear_range(writer, more, hex("79"), &on.err), VARVE_INVALID_KEY, &on.err,
             "invalid range: a bound of 131087 bytes exceeds the limit of 131086");
    ck_fails(varve_writer_clear_range(writer, key_of("b"), key_of("a"), &on.err),
             VARVE_INVALID_ARGUMENT, &on.err, "end: the range ends before it starts");
    ck_fails(varve_writer_clear_range(writer, key_of("b"), key_of(""), &on.err),
             VARVE_INVALID_ARGUMENT, &on.err, "end: the range ends before it starts");
    leave();
}
END_TEST

START_TEST(values_have_a_limit)
{
    /* Its bytes are not looked at. */
    varve_slice value = varve_slice_of("v", VARVE_VALUE_SIZE_MAX + 1);
    enter(_i);
    ck_status(varve_writer_put(writer, key_of("k"), value, &on.err), VARVE_TOO_LARGE, &on.err);
    ck_assert_uint_eq(on.err.detail.too_large.size, VARVE_VALUE_SIZE_MAX + 1);
    ck_assert_uint_eq(on.err.detail.too_large.limit, VARVE_VALUE_SIZE_MAX);
    ck_text(all_of(reader), "");
    leave();
}
END_TEST

/* ---- Apply --------------------------------------------------------------------------------------
 */

static varve_buf repr;

static void add(varve_record_type type, const char *key, varve_slice value)
{
    const varve_record record = {type, key_of(key), value};
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
}

static varve_status apply(void)
{
    varve_status status = varve_writer_apply(writer, varve_buf_slice(&repr), &on.err);
    varve_buf_release(&repr);
    return status;
}

START_TEST(records_are_applied_in_order)
{
    enter(_i);
    put(writer, "a", "old");
    put(writer, "d", "old");
    add(VARVE_RECORD_PUT, "b", bytes("1"));
    add(VARVE_RECORD_PUT, "c", bytes("2"));
    add(VARVE_RECORD_CLEAR, "b", bytes(""));
    add(VARVE_RECORD_CLEAR_RANGE, "a", key_of("d"));
    add(VARVE_RECORD_LOG, "", bytes("for readers of the log"));
    add(VARVE_RECORD_PUT, "c", bytes("3"));
    add(VARVE_RECORD_PUT, "c@7", bytes("4"));
    add(VARVE_RECORD_CLEAR, "c@7", bytes(""));
    add(VARVE_RECORD_PUT, "c@7", bytes("5"));
    ck_ok(apply(), &on.err);
    ck_text(all_of(reader), "c=3 c@7=5 d=old");
    leave();
}
END_TEST

START_TEST(a_representation_without_records_does_nothing)
{
    enter(_i);
    ck_ok(varve__repr_begin(&repr, &on.err), &on.err);
    ck_ok(apply(), &on.err);
    ck_text(all_of(reader), "");
    if (batch != NULL)
        ck_assert(varve_batch_is_empty(batch));
    leave();
}
END_TEST

/* The small forms refuse it, but the bytes of a batch may hold it. */
START_TEST(the_empty_key_is_applied)
{
    varve_buf value = VARVE_BUF_INIT;
    enter(_i);
    const varve_record record = {VARVE_RECORD_PUT, hex("00 01"), bytes("v")};
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
    ck_ok(apply(), &on.err);
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_hex(it->key, "00 01");
    ck_slice_eq(varve_iter_value(it), bytes("v"));
    varve_iter_close(it);
    varve_buf_release(&value);
    leave();
}
END_TEST

static void good_record(void)
{
    add(VARVE_RECORD_PUT, "a", bytes("must not appear"));
}

static void cut_short(void)
{
    good_record();
    add(VARVE_RECORD_PUT, "b", bytes("value"));
    repr.size -= 3;
}

static void wrong_count(void)
{
    good_record();
    repr.data[8]++;
}

static void with_sequence(void)
{
    good_record();
    repr.data[0] = 1;
}

static void unknown_type(void)
{
    good_record();
    repr.data[VARVE_BATCH_HEADER_SIZE] = 0x09;
}

static void backward_range(void)
{
    good_record();
    add(VARVE_RECORD_CLEAR_RANGE, "z", key_of("b"));
}

static void malformed_key(void)
{
    const varve_record record = {VARVE_RECORD_PUT, hex("62 00 05"), bytes("v")};
    good_record();
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
}

static void malformed_clear(void)
{
    const varve_record record = {VARVE_RECORD_CLEAR, hex(""), bytes("")};
    good_record();
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
}

static void illegal_key(void)
{
    const varve_record record = {VARVE_RECORD_PUT, hex("FF FF 00 01"), bytes("v")};
    good_record();
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
}

static void merge_of_a_version(void)
{
    good_record();
    add(VARVE_RECORD_MERGE, "b@1", bytes("operand"));
}

static void single_clear(void)
{
    good_record();
    add(VARVE_RECORD_SINGLE_CLEAR, "b", bytes(""));
}

static void header_cut(void)
{
    good_record();
    repr.size = VARVE_BATCH_HEADER_SIZE - 1;
}

static const struct {
    void (*make)(void);
    varve_status status;
    const char *message;
} bad[] = {
    {cut_short, VARVE_BAD_BATCH, "malformed varstring, expected 5 bytes, but only 2 remaining"},
    {wrong_count, VARVE_BAD_BATCH, "invalid batch: expected 2 entries but found 1"},
    {with_sequence, VARVE_BAD_BATCH, "bad sequence: expected 0, but found 1"},
    {unknown_type, VARVE_BAD_BATCH, "unexpected type 9"},
    {header_cut, VARVE_BAD_BATCH, "batch repr too small: 11 < 12"},
    {backward_range, VARVE_BAD_BATCH, "record 1: invalid range: it ends before it starts"},
    {malformed_key, VARVE_CORRUPT_KEY, "record 1: unable to decode key: unknown escape"},
    {malformed_clear, VARVE_CORRUPT_KEY, "record 1: unable to decode key: no terminator"},
    {illegal_key, VARVE_INVALID_KEY, "record 1: invalid key: it is not below /Max"},
    {merge_of_a_version, VARVE_INVALID_KEY, "record 1: invalid key: a version cannot be merged"},
    {single_clear, VARVE_UNSUPPORTED, "record 1: single clear records cannot be applied"},
};

START_TEST(a_bad_representation_changes_nothing)
{
    enter(_i);
    put(writer, "k", "stays");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bad[i].make();
        ck_status(apply(), bad[i].status, &on.err);
        ck_assert_str_eq(on.err.message, bad[i].message);
        ck_text(all_of(reader), "k=stays");
    }
    put(writer, "l", "works");
    ck_text(all_of(reader), "k=stays l=works");
    if (batch != NULL)
        ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    leave();
}
END_TEST

/* ---- The suite ----------------------------------------------------------------------------------
 */

static void fill(TCase *tcase)
{
    tcase_add_loop_test(tcase, what_is_put_is_read, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, a_range_is_cleared_from_start_to_before_end, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, the_empty_key_is_refused, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, what_is_no_engine_key_is_refused, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, keys_have_limits, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, ranges_have_limits, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, values_have_a_limit, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, records_are_applied_in_order, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, a_representation_without_records_does_nothing, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, the_empty_key_is_applied, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, a_bad_representation_changes_nothing, 0, WRITER_COUNT);
}

int main(void)
{
    return run_suite(backend_suite("writer", fill));
}
