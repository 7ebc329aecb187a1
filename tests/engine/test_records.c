/*
 * Structured records, walks with a callback, and clearing what an iterator shows.
 */
#include <varve/key.h>

#include "engine/engine.h"
#include "format/batch_repr.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"
#include "util/fail.h"

/* ---- The readers and writers there are ----------------------------------------------------------
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

/* ---- Structured records -------------------------------------------------------------------------
 */

/* A record is well-formed if it begins with "ok"; what follows is kept. */
static varve_status decode(void *arg, varve_slice bytes, varve_error *err)
{
    if (bytes.size < 2 || memcmp(bytes.data, "ok", 2) != 0)
        return varve__fail(err, VARVE_CORRUPT, "not ok");
    *(size_t *)arg = bytes.size - 2;
    return VARVE_OK;
}

static int64_t key_bytes;
static int64_t value_bytes;
static size_t decoded;

static varve_status get_record(const char *key)
{
    varve_buf value = VARVE_BUF_INIT;
    key_bytes = value_bytes = -1;
    decoded = SIZE_MAX;
    varve_status status = varve_reader_get_record(reader, key_of(key), decode, &decoded, &value,
                                                  &key_bytes, &value_bytes, &on.err);
    varve_buf_release(&value);
    return status;
}

/* In a batch, or on the engine: read back, with sizes; in a batch, invisible outside. */
START_TEST(TestBatchProto)
{
    int64_t put_key = 0;
    int64_t put_value = 0;
    enter(_i);
    ck_ok(varve_writer_put_record(writer, key_of("proto"), bytes("ok..."), &put_key, &put_value,
                                  &on.err),
          &on.err);
    ck_assert_int_eq(put_key, 6);
    ck_assert_int_eq(put_value, 5);
    ck_ok(get_record("proto"), &on.err);
    ck_assert_uint_eq(decoded, 3);
    ck_assert_int_eq(key_bytes, 6);
    ck_assert_int_eq(value_bytes, 5);
    if (batch != NULL) {
        reader = on.reader;
        ck_assert_int_eq(get_record("proto"), VARVE_NOT_FOUND);
        ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
        ck_ok(get_record("proto"), &on.err);
        ck_assert_int_eq(key_bytes, 6);
        ck_assert_int_eq(value_bytes, 5);
    }
    leave();
}
END_TEST

START_TEST(records_tell_their_sizes)
{
    enter(_i);
    put(writer, "a%00b@7", "okay");
    put(writer, "empty", "");
    put(writer, "bad", "no");
    ck_ok(get_record("a%00b@7"), &on.err);
    ck_assert_int_eq(key_bytes, 3 + 1 + 12);
    ck_assert_int_eq(value_bytes, 4);
    ck_assert_int_eq(get_record("absent"), VARVE_NOT_FOUND);
    ck_assert_int_eq(key_bytes, 0);
    ck_assert_int_eq(value_bytes, 0);
    ck_assert_int_eq(get_record("empty"), VARVE_NOT_FOUND);
    ck_assert_int_eq(key_bytes, 0);
    ck_assert_uint_eq(decoded, SIZE_MAX);
    ck_fails(get_record("bad"), VARVE_CORRUPT, &on.err, "not ok");
    ck_assert_int_eq(key_bytes, 4);
    ck_assert_int_eq(value_bytes, 2);

    /* Who does not want the sizes does not get them. */
    varve_buf value = VARVE_BUF_INIT;
    ck_ok(varve_reader_get_record(reader, key_of("a%00b@7"), decode, &decoded, &value, NULL, NULL,
                                  &on.err),
          &on.err);
    ck_buf_text(&value, "okay");
    ck_ok(varve_writer_put_record(writer, key_of("c"), bytes("ok"), NULL, NULL, &on.err), &on.err);
    ck_status(varve_writer_put_record(writer, hex("00 01"), bytes("ok"), &key_bytes, &value_bytes,
                                      &on.err),
              VARVE_EMPTY_KEY, &on.err);
    ck_status(varve_reader_get_record(reader, hex("00 01"), decode, &decoded, &value, &key_bytes,
                                      &value_bytes, &on.err),
              VARVE_EMPTY_KEY, &on.err);
    varve_buf_release(&value);
    leave();
}
END_TEST

/* ---- Walks --------------------------------------------------------------------------------------
 */

static varve_buf walked = VARVE_BUF_INIT;
static const char *stop_at;
static varve_status stop_with;

static varve_status note(void *arg, varve_slice engine_key, varve_slice value, varve_error *err)
{
    ck_assert_ptr_eq(arg, &walked);
    const char *key = key_text(engine_key);
    varve_slice blank = bytes(" ");
    varve_slice parts[] = {varve_slice_text(key), bytes("="), value};
    if (walked.size == 0)
        blank.size = 0;
    walked.data = realloc(walked.data, walked.size + blank.size + parts[0].size + value.size + 1);
    if (blank.size > 0)
        walked.data[walked.size++] = ' ';
    for (int i = 0; i < 3; i++) {
        if (parts[i].size > 0)
            memcpy(walked.data + walked.size, parts[i].data, parts[i].size);
        walked.size += parts[i].size;
    }
    if (stop_at == NULL || strcmp(key, stop_at) != 0)
        return VARVE_OK;
    return stop_with < 0 ? varve__fail(err, stop_with, "enough") : stop_with;
}

static varve_status walk(varve_slice start, varve_slice end, uint64_t max)
{
    free(walked.data);
    walked = (varve_buf)VARVE_BUF_INIT;
    return varve_reader_iterate(reader, start, end, max, note, &walked, &on.err);
}

static void check_walk(const char *start, const char *end, uint64_t max, const char *expected)
{
    ck_ok(walk(key_of(start), key_of(end), max), &on.err);
    ck_buf_text(&walked, expected);
}

static void put_some(varve_writer *to)
{
    put(to, "a", "1");
    put(to, "b@2", "2");
    put(to, "b@1", "3");
    put(to, "c", "4");
    put(to, "d", "");
}

START_TEST(TestEngineScan1)
{
    enter(_i);
    put_some(writer);
    check_walk("", "", 0, "a=1 b@2=2 b@1=3 c=4 d=");
    check_walk("b", "d", 0, "b@2=2 b@1=3 c=4");
    check_walk("b@1", "c", 0, "b@1=3");
    check_walk("a", "d", 2, "a=1 b@2=2");
    check_walk("", "c", 0, "a=1 b@2=2 b@1=3");
    check_walk("", "c", 1, "a=1");
    leave();
}
END_TEST

START_TEST(TestEngineScan2)
{
    enter(_i);
    put_some(writer);
    check_walk("b", "", 0, "b@2=2 b@1=3 c=4 d=");
    check_walk("a", "a", 0, "");
    check_walk("c", "a", 0, "");
    check_walk("e", "", 0, "");
    check_walk("", "a", 0, "");
    check_walk("bb", "cc", 5, "c=4");
    check_walk("", "", 5, "a=1 b@2=2 b@1=3 c=4 d=");
    check_walk("", "", UINT64_MAX, "a=1 b@2=2 b@1=3 c=4 d=");
    /* Any bytes are bounds. */
    ck_ok(walk(hex("61 00 01 00"), hex("63"), 0), &on.err);
    ck_buf_text(&walked, "b@2=2 b@1=3");
    leave();
}
END_TEST

START_TEST(a_callback_ends_the_walk)
{
    enter(_i);
    put_some(writer);
    stop_at = "b@2";
    stop_with = VARVE_NOT_FOUND;
    ck_assert_int_eq(walk(key_of(""), key_of(""), 0), VARVE_NOT_FOUND);
    ck_buf_text(&walked, "a=1 b@2=2");
    ck_assert_int_eq(on.err.status, VARVE_OK);
    stop_with = VARVE_VALUE_TYPE;
    ck_fails(walk(key_of(""), key_of(""), 0), VARVE_VALUE_TYPE, &on.err, "enough");
    ck_buf_text(&walked, "a=1 b@2=2");
    stop_at = NULL;
    leave();
}
END_TEST

START_TEST(a_walk_fails_with_its_iterator)
{
    put_some(on.writer);
    backend_faults_insert(on.engine);
    enter(_i);
    backend_faults.iter_open = VARVE_NO_MEMORY;
    ck_fails(walk(key_of(""), key_of(""), 0), VARVE_NO_MEMORY, &on.err, "injected");
    backend_faults.iter_open = VARVE_OK;
    backend_faults.iter_step = VARVE_IO;
    ck_fails(walk(key_of(""), key_of(""), 0), VARVE_IO, &on.err, "injected");
    ck_buf_text(&walked, "a=1");
    backend_faults.iter_step = VARVE_OK;
    backend_faults.iter_seek = VARVE_CORRUPT;
    ck_fails(walk(key_of(""), key_of(""), 0), VARVE_CORRUPT, &on.err, "injected");
    backend_faults.iter_seek = VARVE_OK;
    leave();
}
END_TEST

/* ---- Clearing what an iterator shows ------------------------------------------------------------
 */

static uint64_t clear_iter(varve_iter *it, const char *start, const char *end)
{
    uint64_t cleared = UINT64_MAX;
    ck_ok(varve_writer_clear_iter_range(writer, it, key_of(start), key_of(end), &cleared, &on.err),
          &on.err);
    return cleared;
}

START_TEST(TestEngineDeleteIterRange)
{
    enter(_i);
    put_some(writer);
    varve_iter *it = iter(reader, NULL);
    ck_assert_uint_eq(clear_iter(it, "b@1", "d"), 2);
    ck_text(all_of(reader), "a=1 b@2=2 d=");
    varve_iter_close(it);
    it = iter(reader, NULL);
    ck_assert_uint_eq(clear_iter(it, "c", "b"), 0);
    ck_assert_uint_eq(clear_iter(it, "x", ""), 0);
    ck_assert_uint_eq(clear_iter(it, "b", ""), 2);
    ck_text(all_of(reader), "a=1");
    varve_iter_close(it);
    it = iter(reader, NULL);
    ck_ok(varve_writer_clear_iter_range(writer, it, key_of(""), key_of(""), NULL, &on.err),
          &on.err);
    ck_text(all_of(reader), "");
    varve_iter_close(it);
    leave();
}
END_TEST

/* Single records, of what the iterator shows and not of what there is. */
START_TEST(it_records_single_clears)
{
    varve_iter_options options = {.struct_size = sizeof options};
    put_some(on.writer);
    varve_iter *engine_iter = iter(on.reader, NULL);
    put(on.writer, "bb", "later");
    enter(BATCH);
    put(writer, "e", "batch");
    ck_assert_uint_eq(clear_iter(engine_iter, "a", "d"), 4);
    ck_text(all_of(reader), "bb=later d= e=batch");
    ck_hex(varve_batch_repr(batch),
           "00 00 00 00 00 00 00 00 05 00 00 00"
           "01 03 65 00 01 05 62 61 74 63 68 | 00 03 61 00 01"
           "00 0F 62 00 01 FF FF FF FF FF FF FF FD FF FF FF FF"
           "00 0F 62 00 01 FF FF FF FF FF FF FF FE FF FF FF FF | 00 03 63 00 01");
    varve_iter_close(engine_iter);

    /* Also what is the batch's own, and within the bounds of the iterator. */
    options.lower = key_of("d");
    options.upper = key_of("z");
    varve_iter *it = iter(reader, &options);
    ck_assert_uint_eq(clear_iter(it, "", ""), 2);
    ck_text(all_of(reader), "bb=later");
    varve_iter_close(it);
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_text(all_of(on.reader), "bb=later");
    leave();
}
END_TEST

START_TEST(a_failed_clearing_clears_nothing)
{
    uint64_t cleared = 7;
    varve_slice none = varve_slice_of(NULL, 0);
    put_some(on.writer);
    backend_faults_insert(on.engine);
    enter(_i);
    varve_iter *it = iter(on.reader, NULL);
    backend_faults.iter_step = VARVE_IO;
    ck_fails(varve_writer_clear_iter_range(writer, it, none, none, &cleared, &on.err), VARVE_IO,
             &on.err, "injected");
    ck_assert_uint_eq(cleared, 0);
    backend_faults.iter_step = VARVE_OK;
    ck_text(all_of(reader), "a=1 b@2=2 b@1=3 c=4 d=");
    if (batch == NULL)
        backend_faults.apply = VARVE_NO_SPACE;
    else
        ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_status(varve_writer_clear_iter_range(writer, it, none, none, &cleared, &on.err),
              batch == NULL ? VARVE_NO_SPACE : VARVE_MISUSE, &on.err);
    ck_assert_uint_eq(cleared, 0);
    ck_text(all_of(on.reader), "a=1 b@2=2 b@1=3 c=4 d=");
    varve_iter_close(it);
    leave();
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_loop_test(tcase, TestBatchProto, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, records_tell_their_sizes, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, TestEngineScan1, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, TestEngineScan2, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, a_callback_ends_the_walk, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, a_walk_fails_with_its_iterator, 0, WRITER_COUNT);
    tcase_add_loop_test(tcase, TestEngineDeleteIterRange, 0, WRITER_COUNT);
    tcase_add_test(tcase, it_records_single_clears);
    tcase_add_loop_test(tcase, a_failed_clearing_clears_nothing, 0, WRITER_COUNT);
}

int main(void)
{
    return run_suite(backend_suite("records", fill));
}
