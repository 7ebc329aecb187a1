/*
 * The tests of batches and of the engine below them that the behaviour asks for by name, as far as
 * they are not with their subject: test_batch_merge.c, test_distinct.c and test_records.c have
 * others.
 */
#include <stdio.h>

#include <varve/batch_repr.h>
#include <varve/key.h>
#include <varve/ts.h>

#include "engine/batch.h"
#include "tests/support/backends.h"
#include "tests/support/texts.h"

static varve_batch *batch;
static varve_reader *reader;
static varve_writer *writer;

static void enter_with(unsigned flags)
{
    ck_ok(varve_batch_open(on.engine, flags, &batch, &on.err), &on.err);
    reader = varve_batch_reader_of(batch);
    writer = varve_batch_writer_of(batch);
}

static void enter(void)
{
    enter_with(0);
}

static void commit(void)
{
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
}

static void leave(void)
{
    varve_batch_close(batch);
}

/* ---- What is in a batch, and when others see it -------------------------------------------------
 */

/* Put, clear and merge; a key that the engine has, and one that it has not. */
static void write_basics(void)
{
    put_text(on.writer, "b", "value");
    put_text(on.writer, "c", "foo");
    enter();
    put_text(writer, "a", "value");
    clear(writer, "b");
    merge_text(writer, "c", "bar");
}

START_TEST(TestBatchBasics)
{
    write_basics();
    ck_text(texts_of(on.reader), "b=value c=foo");
    ck_text(texts_of(reader), "a=value c=foobar");
    commit();
    ck_text(texts_of(on.reader), "a=value c=foobar");
    leave();
}
END_TEST

/* The bytes of behaviour 11.1. */
static const char *const basic_bytes =
    "00 00 00 00 00 00 00 00 03 00 00 00 | 01 03 61 00 01 05 76 61 6C 75 65 | 00 03 62 00 01"
    "02 03 63 00 01 16 12 04 08 00 10 00 18 00 20 00 28 00 32 08 00 00 00 00 03 62 61 72";

static void next_record(varve_batch_reader *records, varve_record_type type, const char *key,
                        varve_slice value)
{
    varve_record record;
    ck_ok(varve_batch_reader_next(records, &record, &on.err), &on.err);
    ck_assert_int_eq((int)record.type, (int)type);
    ck_slice_eq(record.key, key_of(key));
    ck_slice_eq(record.value, value);
}

START_TEST(TestBatchRepr)
{
    varve_batch_reader *records;
    varve_record record;
    put_text(on.writer, "b", "value");
    put_text(on.writer, "c", "foo");
    enter();
    put(writer, "a", "value");
    clear(writer, "b");
    merge_text(writer, "c", "bar");
    varve_slice repr = varve_batch_repr(batch);
    ck_hex(repr, basic_bytes);
    ck_ok(varve_batch_reader_open(repr, 0, &records, &on.err), &on.err);
    ck_assert_uint_eq(varve_batch_reader_count(records), 3);
    next_record(records, VARVE_RECORD_PUT, "a", bytes("value"));
    next_record(records, VARVE_RECORD_CLEAR, "b", bytes(""));
    next_record(records, VARVE_RECORD_MERGE, "c", record_of("bar"));
    ck_assert_int_eq(varve_batch_reader_next(records, &record, &on.err), VARVE_NOT_FOUND);
    varve_batch_reader_close(records);
    /* Applying it equals committing. */
    ck_ok(varve_writer_apply(on.writer, repr, &on.err), &on.err);
    ck_text(get(on.reader, "a"), "value");
    ck_text(get(on.reader, "b"), "-");
    ck_text(get_text(on.reader, "c"), "foobar");
    leave();
}
END_TEST

START_TEST(TestWriteBatchBasics)
{
    varve_buf value = VARVE_BUF_INIT;
    put_text(on.writer, "b", "value");
    put_text(on.writer, "c", "foo");
    enter_with(VARVE_BATCH_WRITE_ONLY);
    put(writer, "a", "value");
    clear(writer, "b");
    merge_text(writer, "c", "bar");
    ck_hex(varve_batch_repr(batch), basic_bytes);
    ck_fails(varve_reader_get(reader, key_of("a"), &value, &on.err), VARVE_UNSUPPORTED, &on.err,
             "write-only batch");
    ck_text(texts_of(on.reader), "b=value c=foo");
    commit();
    ck_text(get(on.reader, "a"), "value");
    ck_text(get_text(on.reader, "c"), "foobar");
    ck_text(get(on.reader, "b"), "-");
    leave();
}
END_TEST

START_TEST(TestApplyBatchRepr)
{
    write_basics();
    varve_slice bytes_of_one = copy_of(varve_batch_repr(batch));
    leave();
    enter();
    ck_ok(varve_writer_apply(writer, bytes_of_one, &on.err), &on.err);
    ck_slice_eq(varve_batch_repr(batch), bytes_of_one);
    ck_text(texts_of(reader), "a=value c=foobar");
    commit();
    ck_text(texts_of(on.reader), "a=value c=foobar");
    leave();
}
END_TEST

START_TEST(TestBatchGet)
{
    write_basics();
    merge_text(writer, "c", "baz");
    ck_text(get_text(reader, "a"), "value");
    ck_text(get_text(reader, "b"), "-");
    ck_text(get_text(reader, "c"), "foobarbaz");
    ck_text(get_text(reader, "d"), "-");
    leave();
}
END_TEST

START_TEST(TestBatchCombine)
{
    static const char *const values[] = {"0", "1", "2", "3"};
    put_text(on.writer, "k", "x");
    /* Several batches that absorb each other leave what the last has put, and all merges since. */
    varve_slice collected = bytes("");
    for (size_t i = 0; i < 4; i++) {
        enter();
        if (collected.size > 0)
            ck_ok(varve_writer_apply(writer, collected, &on.err), &on.err);
        put_text(writer, values[i], values[i]);
        merge_text(writer, "k", "y");
        collected = copy_of(varve_batch_repr(batch));
        if (i == 3)
            commit();
        leave();
    }
    ck_text(texts_of(on.reader), "0=0 1=1 2=2 3=3 k=xyyyy");
}
END_TEST

/* ---- Scans --------------------------------------------------------------------------------------
 */

struct scanned {
    char text[512];
};

static varve_status note(void *arg, varve_slice engine_key, varve_slice value, varve_error *err)
{
    struct scanned *to = arg;
    size_t size = strlen(to->text);
    (void)err;
    (void)snprintf(to->text + size, sizeof to->text - size, "%s%s=%.*s", size > 0 ? " " : "",
                   key_text(engine_key), (int)value.size, (const char *)value.data);
    return VARVE_OK;
}

static const char *scan(varve_reader *from, const char *start, const char *end, uint64_t max)
{
    static struct scanned result;
    result.text[0] = '\0';
    ck_ok(varve_reader_iterate(from, key_of(start), key_of(end), max, note, &result, &on.err),
          &on.err);
    return result.text;
}

START_TEST(TestBatchScan)
{
    static const char *const existing[] = {"a", "b", "d", "e@1", "g", "i"};
    static const struct {
        const char *start;
        const char *end;
        uint64_t max;
    } scans[] = {{"a", "z", 0}, {"a", "z", 4}, {"b", "g", 0}, {"b", "g", 2}, {"", "", 0},
                 {"", "d", 9},  {"e", "", 1},  {"z", "", 0},  {"g", "b", 0}, {"c", "c", 5}};
    enum { SCANS = sizeof scans / sizeof scans[0] };
    static char results[SCANS][512];
    for (size_t i = 0; i < sizeof existing / sizeof existing[0]; i++)
        put(on.writer, existing[i], "engine");
    enter();
    put(writer, "a", "batch");
    clear(writer, "b");
    put(writer, "c", "batch");
    put(writer, "e@2", "batch");
    clear_range(writer, "g", "h");
    put(writer, "h", "batch");
    put(writer, "j", "batch");
    ck_text(scan(reader, "a", "z", 4), "a=batch c=batch d=engine e@2=batch");
    for (size_t i = 0; i < SCANS; i++)
        (void)snprintf(results[i], sizeof results[i], "%s",
                       scan(reader, scans[i].start, scans[i].end, scans[i].max));
    commit();
    for (size_t i = 0; i < SCANS; i++)
        ck_text(scan(on.reader, scans[i].start, scans[i].end, scans[i].max), results[i]);
    leave();
}
END_TEST

START_TEST(TestBatchScanWithDelete)
{
    put(on.writer, "k", "value");
    enter();
    clear(writer, "k");
    ck_text(scan(reader, "", "", 0), "");
    ck_text(scan(on.reader, "", "", 0), "k=value");
    leave();
}
END_TEST

START_TEST(TestBatchScanMaxWithDeleted)
{
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    put(on.writer, "c", "3");
    enter();
    clear(writer, "a");
    ck_text(scan(reader, "", "", 1), "b=2");
    clear_range(writer, "b", "c");
    ck_text(scan(reader, "", "", 1), "c=3");
    leave();
}
END_TEST

START_TEST(TestBatchIteration)
{
    put(on.writer, "b", "engine");
    enter();
    put(writer, "a", "1");
    put(writer, "c@1", "2");
    put(writer, "d", "3");
    clear(writer, "d");
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_text(walk_forward(it), "a=1 b=engine c@1=2");
    ck_assert(varve_iter_seek_le(it, key_of("")));
    ck_text(walk_backward(it), "c@1=2 b=engine a=1");
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_assert(varve_iter_prev(it));
    ck_text(position(it), "a");
    ck_assert(varve_iter_next(it));
    ck_assert(varve_iter_next_key(it));
    ck_text(position(it), "c@1");
    ck_assert(varve_iter_prev_key(it));
    ck_text(position(it), "b");
    ck_assert(!varve_iter_seek_ge(it, key_of("d")));
    ck_ok(varve_iter_status(it, &on.err), &on.err);
    varve_iter_close(it);
    leave();
}
END_TEST

/* ---- Builders -----------------------------------------------------------------------------------
 */

static varve_batch_builder *builder;

/* The same in the batch and in the builder, whose bytes stay the same. */
static void both(varve_record_type type, varve_slice key, varve_slice value)
{
    switch (type) {
    case VARVE_RECORD_PUT:
        ck_ok(varve_writer_put(writer, key, value, &on.err), &on.err);
        ck_ok(varve_batch_builder_put(builder, key, value, &on.err), &on.err);
        break;
    case VARVE_RECORD_MERGE:
        ck_ok(varve_writer_merge(writer, key, value, &on.err), &on.err);
        ck_ok(varve_batch_builder_merge(builder, key, value, &on.err), &on.err);
        break;
    case VARVE_RECORD_CLEAR_RANGE:
        ck_ok(varve_writer_clear_range(writer, key, value, &on.err), &on.err);
        ck_ok(varve_batch_builder_clear_range(builder, key, value, &on.err), &on.err);
        break;
    default:
        ck_ok(varve_writer_clear(writer, key, &on.err), &on.err);
        ck_ok(varve_batch_builder_clear(builder, key, &on.err), &on.err);
    }
    ck_assert_uint_eq(varve_batch_builder_size(builder), varve_batch_repr(batch).size);
}

static varve_slice key_at(const char *user_key, varve_ts ts)
{
    varve_buf key = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(varve_slice_text(user_key), ts, &key, &on.err), &on.err);
    varve_slice copy = copy_of(varve_buf_slice(&key));
    varve_buf_release(&key);
    return copy;
}

START_TEST(TestBatchBuilder)
{
    static const varve_ts times[] = {{0, 0}, {1, 0}, {1, 1}};
    ck_ok(varve_batch_builder_open(&builder, &on.err), &on.err);
    enter();
    ck_assert_uint_eq(varve_batch_builder_size(builder), VARVE_BATCH_HEADER_SIZE);
    for (size_t i = 0; i < 3; i++) {
        both(VARVE_RECORD_PUT, key_at("a", times[i]), bytes("value"));
        both(VARVE_RECORD_CLEAR, key_at("b", times[i]), bytes(""));
    }
    both(VARVE_RECORD_MERGE, key_at("c", times[0]), record_of("bar"));
    both(VARVE_RECORD_CLEAR_RANGE, key_of("d"), key_of("e"));
    ck_slice_eq(varve_batch_builder_finish(builder), varve_batch_repr(batch));
    /* The example of behaviour 11.1; the builder has started over. */
    ck_ok(varve_batch_builder_put(builder, key_at("c", times[2]), bytes("v"), &on.err), &on.err);
    ck_hex(varve_batch_builder_finish(builder),
           "00 00 00 00 00 00 00 00 01 00 00 00"
           "01 0F 63 00 01 FF FF FF FF FF FF FF FE FF FF FF FE 01 76");
    varve_batch_builder_close(builder);
    leave();
}
END_TEST

START_TEST(TestBatchBuilderStress)
{
    test_random random = test_random_start();
    ck_ok(varve_batch_builder_open(&builder, &on.err), &on.err);
    for (int round = 0; round < 50; round++) {
        enter();
        for (size_t left = test_random_below(&random, 100); left > 0; left--) {
            char name[8];
            (void)snprintf(name, sizeof name, "%d", (int)test_random_below(&random, 1000));
            varve_ts ts = {(int64_t)test_random_below(&random, 3),
                           (int32_t)test_random_below(&random, 3)};
            varve_slice value = repeated('v', test_random_below(&random, 300));
            if (test_random_below(&random, 3) == 0)
                both(VARVE_RECORD_CLEAR, key_at(name, ts), bytes(""));
            else if (test_random_below(&random, 3) == 0)
                both(VARVE_RECORD_MERGE, key_of(name), value);
            else
                both(VARVE_RECORD_PUT, key_at(name, ts), value);
        }
        ck_slice_eq(varve_batch_builder_finish(builder), varve_batch_repr(batch));
        leave();
    }
    varve_batch_builder_close(builder);
}
END_TEST

START_TEST(TestDecodeKey)
{
    static const varve_ts times[] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    varve_buf user_key = VARVE_BUF_INIT;
    enter();
    for (size_t i = 0; i < 4; i++)
        ck_ok(varve_writer_put(writer, key_at("foo", times[i]), bytes("v"), &on.err), &on.err);
    commit();
    leave();
    varve_iter *it = iter(on.reader, NULL);
    (void)varve_iter_seek_ge(it, key_of(""));
    static const size_t order[] = {0, 2, 1, 3};
    for (size_t i = 0; i < 4; i++, (void)varve_iter_next(it)) {
        varve_ts ts;
        ck_assert(it->valid);
        ck_ok(varve_key_decode(it->key, &user_key, &ts, &on.err), &on.err);
        ck_buf_text(&user_key, "foo");
        ck_assert_int_eq(varve_ts_compare(ts, times[order[i]]), 0);
    }
    varve_iter_close(it);
    varve_buf_release(&user_key);
}
END_TEST

/* ---- The engine ---------------------------------------------------------------------------------
 */

/* A cached position of an iterator does not bring a cleared key back. */
START_TEST(TestEngineBatchStaleCachedIterator)
{
    enter();
    put(writer, "b@1", "value");
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_text(position(it), "b@1");
    clear(writer, "b@1");
    ck_assert(!varve_iter_seek_ge(it, key_of("b")));
    ck_assert(!varve_iter_seek_le(it, key_of("c")));
    varve_iter_close(it);
    leave();

    put_text(on.writer, "k", "inline");
    enter();
    it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("k")));
    clear(writer, "k");
    ck_text(get(reader, "k"), "-");
    ck_assert(!varve_iter_seek_ge(it, key_of("k")));
    varve_iter_close(it);
    leave();
}
END_TEST

enum { OPERATIONS = 10 };

static void operate(varve_writer *to, int operation)
{
    static const char *const values[] = {"a", "b", "c", "d"};
    if (operation < 4)
        put_text(to, "k", values[operation]);
    else if (operation < 8)
        merge_text(to, "k", values[operation - 4]);
    else
        clear(to, "k");
}

/* Any order of the same operations: directly, from the batch, from its iterator, after commit. */
START_TEST(TestEngineBatch)
{
    test_random random = test_random_start();
    char direct[256];
    for (int round = 0; round < 100; round++) {
        int operations[OPERATIONS];
        for (int i = 0; i < OPERATIONS; i++) {
            size_t j = test_random_below(&random, (size_t)i + 1);
            operations[i] = operations[j];
            operations[j] = i;
        }
        clear(on.writer, "k");
        for (int i = 0; i < OPERATIONS; i++)
            operate(on.writer, operations[i]);
        (void)snprintf(direct, sizeof direct, "%s", get_text(on.reader, "k"));
        clear(on.writer, "k");
        enter();
        for (int i = 0; i < OPERATIONS; i++)
            operate(writer, operations[i]);
        ck_text(get_text(reader, "k"), direct);
        varve_iter *it = iter(reader, NULL);
        bool found = varve_iter_seek_ge(it, key_of("k"));
        ck_text(found ? text_of(varve_iter_value(it)) : "-", direct);
        varve_iter_close(it);
        commit();
        ck_text(get_text(on.reader, "k"), direct);
        leave();
    }
}
END_TEST

START_TEST(TestEnginePutGetDelete)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_slice empty_key = hex("00 01");
    ck_status(varve_writer_put(on.writer, empty_key, bytes(""), &on.err), VARVE_EMPTY_KEY, &on.err);
    ck_status(varve_reader_get(on.reader, empty_key, &value, &on.err), VARVE_EMPTY_KEY, &on.err);
    ck_status(varve_writer_clear(on.writer, empty_key, &on.err), VARVE_EMPTY_KEY, &on.err);
    ck_status(varve_writer_merge(on.writer, empty_key, record_of("v"), &on.err), VARVE_EMPTY_KEY,
              &on.err);
    static const char *const values[] = {"dog", "", "cat"};
    for (int i = 0; i < 3; i++) {
        ck_text(get(on.reader, "k"), "-");
        put(on.writer, "k", values[i]);
        ck_text(get(on.reader, "k"), values[i]);
        clear(on.writer, "k");
        ck_text(get(on.reader, "k"), "-");
    }
    varve_buf_release(&value);
}
END_TEST

static void put_range(varve_writer *to)
{
    static const char *const all[] = {"a", "aa", "aaa", "aab", "ab", "abc", "b"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        put(to, all[i], "");
}

START_TEST(TestEngineDeleteRange)
{
    put_range(on.writer);
    ck_text(all_of(on.reader), "a= aa= aaa= aab= ab= abc= b=");
    clear_range(on.writer, "aa", "abc");
    ck_text(all_of(on.reader), "a= abc= b=");
}
END_TEST

START_TEST(TestEngineDeleteRangeBatch)
{
    put_range(on.writer);
    enter();
    clear_range(writer, "aa", "abc");
    ck_text(all_of(reader), "a= abc= b=");
    ck_text(all_of(on.reader), "a= aa= aaa= aab= ab= abc= b=");
    uint32_t count;
    ck_ok(varve_batch_repr_count(varve_batch_repr(batch), &count, &on.err), &on.err);
    ck_assert_uint_eq(count, 1);
    commit();
    ck_text(all_of(on.reader), "a= abc= b=");
    leave();

    /* The same without reads. */
    enter_with(VARVE_BATCH_WRITE_ONLY);
    clear_range(writer, "a", "ac");
    commit();
    ck_text(all_of(on.reader), "b=");
    leave();
}
END_TEST

/* ---- Iterators of batches -----------------------------------------------------------------------
 */

START_TEST(TestBatchIterReadOwnWrite)
{
    varve_buf value = VARVE_BUF_INIT;
    enter();
    varve_iter *before = iter(reader, NULL);
    varve_iter *engine_before = iter(on.reader, NULL);
    put(writer, "k", "v");
    varve_iter *after = iter(reader, NULL);
    varve_iter *engine_after = iter(on.reader, NULL);
    ck_assert(varve_iter_seek_ge(before, key_of("k")));
    ck_assert(varve_iter_seek_ge(after, key_of("k")));
    ck_assert(!varve_iter_seek_ge(engine_before, key_of("k")));
    ck_assert(!varve_iter_seek_ge(engine_after, key_of("k")));
    clear(writer, "k");
    ck_assert(!varve_iter_seek_ge(before, key_of("k")));
    ck_assert(!varve_iter_seek_ge(after, key_of("k")));
    put(writer, "k", "again");
    commit();
    ck_assert(!varve_iter_seek_ge(engine_after, key_of("k")));
    varve_iter_close(before);
    varve_iter_close(after);
    varve_iter_close(engine_before);
    varve_iter_close(engine_after);
    ck_fails(varve_reader_get(reader, key_of("k"), &value, &on.err), VARVE_MISUSE, &on.err,
             "this batch was already committed");
    ck_text(all_of(on.reader), "k=again");
    leave();
}
END_TEST

START_TEST(TestBatchPrefixIter)
{
    const varve_iter_options options = {.struct_size = sizeof options, .prefix = true};
    enter();
    clear(writer, "a");
    put(writer, "b", "value");
    varve_iter *it = iter(reader, &options);
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_assert(!varve_iter_seek_ge(it, key_of("a")));
    ck_ok(varve_iter_status(it, &on.err), &on.err);
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_assert(!varve_iter_next(it));
    varve_iter_close(it);
    leave();
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestBatchBasics);
    tcase_add_test(tcase, TestBatchRepr);
    tcase_add_test(tcase, TestWriteBatchBasics);
    tcase_add_test(tcase, TestApplyBatchRepr);
    tcase_add_test(tcase, TestBatchGet);
    tcase_add_test(tcase, TestBatchCombine);
    tcase_add_test(tcase, TestBatchScan);
    tcase_add_test(tcase, TestBatchScanWithDelete);
    tcase_add_test(tcase, TestBatchScanMaxWithDeleted);
    tcase_add_test(tcase, TestBatchIteration);
    tcase_add_test(tcase, TestBatchBuilder);
    tcase_add_test(tcase, TestBatchBuilderStress);
    tcase_add_test(tcase, TestDecodeKey);
    tcase_add_test(tcase, TestEngineBatchStaleCachedIterator);
    tcase_add_test(tcase, TestEngineBatch);
    tcase_add_test(tcase, TestEnginePutGetDelete);
    tcase_add_test(tcase, TestEngineDeleteRange);
    tcase_add_test(tcase, TestEngineDeleteRangeBatch);
    tcase_add_test(tcase, TestBatchIterReadOwnWrite);
    tcase_add_test(tcase, TestBatchPrefixIter);
}

int main(void)
{
    return run_suite(backend_suite("batch_checklist", fill));
}
