#include <stdio.h>

#include <varve/alloc.h>
#include <varve/batch_repr.h>

#include "engine/batch.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

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

static void leave(void)
{
    varve_batch_close(batch);
}

static void commit(void)
{
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
}

/* ---- Basics -------------------------------------------------------------------------------------
 */

START_TEST(writes_are_seen_inside_and_appear_with_the_commit)
{
    put(on.writer, "a", "engine");
    put(on.writer, "b", "engine");
    put(on.writer, "c", "engine");
    enter();
    put(writer, "b", "batch");
    clear(writer, "c");
    put(writer, "d@1", "batch");
    ck_text(all_of(on.reader), "a=engine b=engine c=engine");
    ck_text(all_of(reader), "a=engine b=batch d@1=batch");
    commit();
    ck_text(all_of(on.reader), "a=engine b=batch d@1=batch");
    leave();
}
END_TEST

START_TEST(a_batch_without_commit_leaves_no_trace)
{
    enter();
    put(writer, "a", "batch");
    clear_range(writer, "", "z");
    ck_text(all_of(reader), "");
    leave();
    ck_text(all_of(on.reader), "");
}
END_TEST

START_TEST(a_batch_reads_the_current_engine)
{
    enter();
    put(writer, "a", "batch");
    put(on.writer, "a", "engine");
    put(on.writer, "b", "engine");
    ck_text(get(reader, "a"), "batch");
    ck_text(get(reader, "b"), "engine");
    clear(on.writer, "b");
    ck_text(get(reader, "b"), "-");
    leave();
}
END_TEST

START_TEST(an_empty_batch_commits_without_touching_the_store)
{
    backend_faults_insert(on.engine);
    enter();
    ck_assert(varve_batch_is_empty(batch));
    ck_hex(varve_batch_repr(batch), "00 00 00 00 00 00 00 00 00 00 00 00");
    commit();
    ck_assert_uint_eq(backend_faults.applied, 0);
    ck_fails(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), VARVE_MISUSE, &on.err,
             "this batch was already committed");
    leave();
}
END_TEST

START_TEST(unknown_flags_are_refused)
{
    batch = (varve_batch *)&on;
    ck_fails(varve_batch_open(on.engine, 6, &batch, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "unknown flags of a batch: 0x6");
    ck_assert_ptr_null(batch);
}
END_TEST

START_TEST(the_representation_is_that_of_a_builder)
{
    varve_batch_builder *builder;
    varve_slice k1 = key_of("k@1");
    ck_ok(varve_batch_builder_open(&builder, &on.err), &on.err);
    enter();
    put(writer, "k@1", "value");
    ck_ok(varve_batch_builder_put(builder, k1, bytes("value"), &on.err), &on.err);
    clear(writer, "k");
    ck_ok(varve_batch_builder_clear(builder, key_of("k"), &on.err), &on.err);
    clear_range(writer, "a", "b@7");
    ck_ok(varve_batch_builder_clear_range(builder, key_of("a"), key_of("b@7"), &on.err), &on.err);
    varve_slice built = varve_batch_builder_finish(builder);
    ck_slice_eq(varve_batch_repr(batch), built);
    ck_assert(!varve_batch_is_empty(batch));
    leave();

    /* A batch that absorbed it has the same. */
    enter_with(VARVE_BATCH_WRITE_ONLY);
    ck_ok(varve_writer_apply(writer, built, &on.err), &on.err);
    ck_slice_eq(varve_batch_repr(batch), built);
    leave();
    varve_batch_builder_close(builder);
}
END_TEST

/* The example of the format: put "a" -> "value", clear "b". */
START_TEST(the_representation_has_these_bytes)
{
    enter();
    put(writer, "a", "value");
    clear(writer, "b");
    ck_hex(varve_batch_repr(batch), "00 00 00 00 00 00 00 00 02 00 00 00 |"
                                    "01 03 61 00 01 05 76 61 6C 75 65 | 00 03 62 00 01");
    leave();
}
END_TEST

START_TEST(a_write_only_batch_is_not_read)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_iter *it = (varve_iter *)&value;
    put(on.writer, "b", "engine");
    enter_with(VARVE_BATCH_WRITE_ONLY);
    put(writer, "a", "batch");
    clear_range(writer, "b", "c");
    ck_fails(varve_reader_get(reader, key_of("a"), &value, &on.err), VARVE_UNSUPPORTED, &on.err,
             "write-only batch");
    ck_fails(varve_iter_open(reader, NULL, &it, &on.err), VARVE_UNSUPPORTED, &on.err,
             "write-only batch");
    ck_assert_ptr_null(it);
    commit();
    ck_text(all_of(on.reader), "a=batch");
    leave();
}
END_TEST

/* ---- What the last of several operations leaves -------------------------------------------------
 */

/* All sequences of four out of put, clear and clear-range, over an engine that has the key or not.
 */
START_TEST(the_last_operation_decides)
{
    char expected[32];
    char value[16];
    for (int sequence = 0; sequence < 2 * 81; sequence++) {
        int left = sequence / 2;
        (void)snprintf(expected, sizeof expected, sequence % 2 == 0 ? "" : "k=old");
        if (sequence % 2 == 0)
            clear(on.writer, "k");
        else
            put(on.writer, "k", "old");
        enter();
        for (int i = 0; i < 4; i++, left /= 3) {
            (void)snprintf(value, sizeof value, "%d", i);
            if (left % 3 == 0)
                put(writer, "k", value);
            else if (left % 3 == 1)
                clear(writer, "k");
            else
                clear_range(writer, "j", "l");
            (void)snprintf(expected, sizeof expected, left % 3 == 0 ? "k=%s" : "%.0s", value);
            ck_text(all_of(reader), expected);
            ck_text(get(reader, "k"), left % 3 == 0 ? value : "-");
        }
        commit();
        ck_text(all_of(on.reader), expected);
        leave();
    }
}
END_TEST

START_TEST(range_clears_reach_what_is_below_and_before)
{
    put(on.writer, "a", "1");
    put(on.writer, "c", "1");
    put(on.writer, "e", "1");
    enter();
    put(writer, "b", "2");
    put(writer, "d", "2");
    clear_range(writer, "b", "d");
    ck_text(all_of(reader), "a=1 d=2 e=1");
    put(writer, "c", "3");
    ck_text(all_of(reader), "a=1 c=3 d=2 e=1");
    clear_range(writer, "", "c");
    ck_text(all_of(reader), "c=3 d=2 e=1");
    clear_range(writer, "c", "e");
    put(writer, "b@5", "4");
    ck_text(all_of(reader), "b@5=4 e=1");
    ck_text(get(reader, "c"), "-");
    commit();
    ck_text(all_of(on.reader), "b@5=4 e=1");
    leave();
}
END_TEST

START_TEST(many_puts_of_one_key_leave_the_last)
{
    char value[16];
    enter();
    put(writer, "a", "first");
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(value, sizeof value, "%d", i);
        put(writer, "k", value);
    }
    put(writer, "z", "last");
    ck_text(all_of(reader), "a=first k=9999 z=last");
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_le(it, key_of("")));
    ck_text(walk_backward(it), "z=last k=9999 a=first");
    varve_iter_close(it);
    commit();
    ck_text(all_of(on.reader), "a=first k=9999 z=last");
    leave();
}
END_TEST

/* ---- Iterators and writes -----------------------------------------------------------------------
 */

START_TEST(an_iterator_sees_writes_from_its_next_movement_on)
{
    put(on.writer, "a", "1");
    put(on.writer, "c", "1");
    put(on.writer, "e", "1");
    enter();
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    put(writer, "b", "2");
    ck_text(position(it), "a");
    ck_assert(varve_iter_next(it));
    ck_text(position(it), "b");
    clear(writer, "c");
    put(writer, "d", "2");
    ck_assert(varve_iter_next(it));
    ck_text(position(it), "d");
    clear_range(writer, "a", "d");
    clear(writer, "d");
    ck_slice_eq(varve_iter_value(it), bytes("2"));
    ck_assert(varve_iter_next(it));
    ck_text(position(it), "e");
    put(writer, "b", "3");
    ck_assert(varve_iter_prev(it));
    ck_text(position(it), "b");
    ck_slice_eq(varve_iter_value(it), bytes("3"));
    put(writer, "a", "3");
    put(writer, "bb", "3");
    ck_assert(varve_iter_prev(it));
    ck_text(position(it), "a");
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(an_iterator_does_not_see_later_commits_of_others)
{
    put(on.writer, "a", "1");
    put(on.writer, "c", "1");
    enter();
    varve_iter *it = iter(reader, NULL);
    put(on.writer, "b", "later");
    clear(on.writer, "c");
    put(writer, "d", "own");
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_text(walk_forward(it), "a=1 c=1 d=own");
    varve_iter_close(it);
    leave();
}
END_TEST

/* 11.5: no cached position for a key that has been cleared since. */
START_TEST(a_seek_does_not_find_what_was_cleared_since)
{
    enter();
    put(writer, "k", "v");
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("k")));
    clear(writer, "k");
    ck_assert(!varve_iter_seek_ge(it, key_of("k")));
    ck_text(get(reader, "k"), "-");
    varve_iter_close(it);
    leave();
}
END_TEST

/* The bytes of the batch move when it grows; what an iterator has lent must not. */
START_TEST(what_is_lent_outlives_the_growth_of_the_batch)
{
    enter();
    put(writer, "k", "value");
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("k")));
    varve_slice key = it->key;
    varve_slice value = varve_iter_value(it);
    varve_slice filler = repeated('f', 1000);
    for (int i = 0; i < 100; i++)
        ck_ok(varve_writer_put(writer, key_of(i % 2 == 0 ? "k" : "l"), filler, &on.err), &on.err);
    ck_slice_eq(key, key_of("k"));
    ck_slice_eq(value, bytes("value"));
    /* Asked again, it still tells of the record it stands on. */
    ck_slice_eq(varve_iter_value(it), bytes("value"));
    ck_assert(varve_iter_next(it));
    ck_text(position(it), "l");
    varve_iter_close(it);
    leave();
}
END_TEST

/* Whatever a batch has lent may be what is written next. */
START_TEST(a_batch_takes_its_own_bytes)
{
    for (int with_iterator = 0; with_iterator < 2; with_iterator++) {
        enter();
        put(writer, "k@1", "0123456789");
        varve_iter *it = with_iterator != 0 ? iter(reader, NULL) : NULL;
        for (int i = 0; i < 10; i++)
            ck_ok(varve_writer_apply(writer, varve_batch_repr(batch), &on.err), &on.err);
        varve_slice repr = varve_batch_repr(batch);
        uint32_t count;
        ck_ok(varve_batch_repr_count(repr, &count, &on.err), &on.err);
        ck_assert_uint_eq(count, 1024);
        varve_slice value = varve_slice_of(repr.data + repr.size - 10, 10);
        ck_slice_eq(value, bytes("0123456789"));
        for (int i = 0; i < 100; i++) {
            repr = varve_batch_repr(batch);
            value = varve_slice_of(repr.data + repr.size - 10, 10);
            ck_ok(varve_writer_put(writer, key_of("k@2"), value, &on.err), &on.err);
        }
        ck_text(all_of(reader), "k@2=0123456789 k@1=0123456789");
        varve_iter_close(it);
        leave();
    }
}
END_TEST

/* ---- After the commit ---------------------------------------------------------------------------
 */

static void check_misuse(const char *message)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_iter *it = (varve_iter *)&value;
    varve_slice repr = varve_slice_of("\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    ck_fails(varve_writer_put(writer, key_of("k"), bytes("v"), &on.err), VARVE_MISUSE, &on.err,
             message);
    ck_fails(varve_writer_clear(writer, key_of("k"), &on.err), VARVE_MISUSE, &on.err, message);
    ck_fails(varve_writer_clear_range(writer, key_of("k"), key_of("l"), &on.err), VARVE_MISUSE,
             &on.err, message);
    ck_fails(varve_writer_apply(writer, repr, &on.err), VARVE_MISUSE, &on.err, message);
    ck_fails(varve_reader_get(reader, key_of("k"), &value, &on.err), VARVE_MISUSE, &on.err,
             message);
    ck_fails(varve_iter_open(reader, NULL, &it, &on.err), VARVE_MISUSE, &on.err, message);
    ck_assert_ptr_null(it);
    ck_fails(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), VARVE_MISUSE, &on.err, message);
}

START_TEST(a_committed_batch_is_only_reset_or_closed)
{
    enter();
    put(writer, "k", "1");
    commit();
    check_misuse("this batch was already committed");
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    ck_assert(varve_batch_is_empty(batch));
    ck_text(all_of(reader), "k=1");
    put(writer, "l", "2");
    ck_text(all_of(reader), "k=1 l=2");
    commit();
    ck_text(all_of(on.reader), "k=1 l=2");
    leave();
}
END_TEST

START_TEST(a_failed_commit_may_be_repeated)
{
    static const varve_status failures[] = {VARVE_IO, VARVE_NO_SPACE, VARVE_NO_MEMORY};
    backend_faults_insert(on.engine);
    enter();
    put(writer, "k", "v");
    varve_iter *it = iter(reader, NULL);
    for (int i = 0; i < 3; i++) {
        backend_faults.apply = failures[i];
        ck_fails(varve_batch_commit(batch, VARVE_SYNC, &on.err), failures[i], &on.err, "injected");
        ck_text(all_of(reader), "k=v");
        ck_assert(varve_iter_seek_ge(it, key_of("k")));
    }
    varve_iter_close(it);
    backend_faults.apply = VARVE_OK;
    put(writer, "l", "w");
    commit();
    ck_text(all_of(on.reader), "k=v l=w");
    ck_assert_uint_eq(backend_faults.fired, 3);
    leave();
}
END_TEST

START_TEST(an_unknown_commit_may_not)
{
    backend_faults_insert(on.engine);
    enter();
    put(writer, "k", "v");
    backend_faults.apply = VARVE_COMMIT_UNKNOWN;
    ck_fails(varve_batch_commit(batch, VARVE_SYNC, &on.err), VARVE_COMMIT_UNKNOWN, &on.err,
             "injected");
    backend_faults.apply = VARVE_OK;
    check_misuse("this batch was already committed, with an unknown outcome");
    ck_assert_uint_eq(backend_faults.applied, 1);
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    ck_text(all_of(reader), "");
    leave();
}
END_TEST

START_TEST(iterators_stop_when_their_batch_is_done)
{
    enter();
    put(writer, "a", "1");
    put(writer, "b", "2");
    varve_iter *its[4];
    for (int i = 0; i < 4; i++) {
        its[i] = iter(reader, NULL);
        ck_assert(varve_iter_seek_ge(its[i], key_of("a")));
    }
    commit();
    ck_fails(varve_batch_reset(batch, &on.err), VARVE_MISUSE, &on.err,
             "4 iterators are open over this batch");
    /* The record it stands on stays. */
    ck_text(position(its[0]), "a");
    ck_slice_eq(varve_iter_value(its[0]), bytes("1"));
    ck_assert(!varve_iter_next(its[0]));
    ck_assert(!varve_iter_prev(its[1]));
    ck_assert(!varve_iter_seek_ge(its[2], key_of("a")));
    ck_assert(!varve_iter_seek_le(its[3], key_of("b")));
    for (int i = 0; i < 4; i++) {
        ck_fails(varve_iter_status(its[i], &on.err), VARVE_MISUSE, &on.err,
                 "this batch was already committed");
        varve_iter_close(its[i]);
    }
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    leave();
}
END_TEST

START_TEST(iterators_outlive_a_closed_batch)
{
    enter();
    put(on.writer, "a", "engine");
    put(writer, "b", "batch");
    varve_iter *its[2] = {iter(reader, NULL), iter(reader, NULL)};
    ck_assert(varve_iter_seek_ge(its[0], key_of("b")));
    ck_assert(varve_iter_seek_ge(its[1], key_of("a")));
    leave();
    ck_text(position(its[0]), "b");
    ck_slice_eq(varve_iter_value(its[0]), bytes("batch"));
    ck_slice_eq(varve_iter_value(its[1]), bytes("engine"));
    ck_assert(!varve_iter_next(its[1]));
    ck_fails(varve_iter_status(its[1], &on.err), VARVE_MISUSE, &on.err, "this batch was closed");
    varve_iter_close(its[1]);
    ck_assert(!varve_iter_seek_ge(its[0], key_of("")));
    ck_fails(varve_iter_status(its[0], &on.err), VARVE_MISUSE, &on.err, "this batch was closed");
    varve_iter_close(its[0]);
    ck_text(all_of(on.reader), "a=engine");
}
END_TEST

/* ---- Failures below -----------------------------------------------------------------------------
 */

START_TEST(failures_of_the_engine_reach_the_batch)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_iter *it = (varve_iter *)&value;
    put(on.writer, "a", "1");
    put(on.writer, "c", "1");
    backend_faults_insert(on.engine);
    enter();
    put(writer, "b", "2");
    backend_faults.get = VARVE_IO;
    ck_fails(varve_reader_get(reader, key_of("a"), &value, &on.err), VARVE_IO, &on.err, "injected");
    ck_text(get(reader, "b"), "2");
    backend_faults.iter_open = VARVE_NO_MEMORY;
    ck_fails(varve_iter_open(reader, NULL, &it, &on.err), VARVE_NO_MEMORY, &on.err, "injected");
    ck_assert_ptr_null(it);
    backend_faults.iter_open = VARVE_OK;

    it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    backend_faults.iter_step = VARVE_CORRUPT;
    ck_assert(!varve_iter_next(it));
    ck_fails(varve_iter_status(it, &on.err), VARVE_CORRUPT, &on.err, "injected");
    ck_assert(!varve_iter_next(it));
    ck_assert(varve_iter_seek_le(it, key_of("c")));
    ck_ok(varve_iter_status(it, &on.err), &on.err);
    ck_assert(!varve_iter_prev(it));
    ck_fails(varve_iter_status(it, &on.err), VARVE_CORRUPT, &on.err, "injected");
    backend_faults.iter_seek = VARVE_IO;
    ck_assert(!varve_iter_seek_ge(it, key_of("a")));
    ck_fails(varve_iter_status(it, &on.err), VARVE_IO, &on.err, "injected");
    ck_assert(!varve_iter_seek_le(it, key_of("b")));
    ck_fails(varve_iter_status(it, &on.err), VARVE_IO, &on.err, "injected");
    backend_faults.iter_seek = VARVE_OK;
    backend_faults.iter_step = VARVE_OK;
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_text(walk_forward(it), "a=1 b=2 c=1");
    varve_iter_close(it);
    leave();
    varve_buf_release(&value);
}
END_TEST

/* ---- Limits -------------------------------------------------------------------------------------
 */

/*
 * Nobody writes two gigabytes here: the batch is made to believe it has so many.  What it grows by
 * is little, so that the memory is reserved and never touched.
 */
START_TEST(a_batch_has_a_limit)
{
    const size_t limit = (size_t)VARVE_BATCH_SIZE_MAX;
    enter_with(VARVE_BATCH_WRITE_ONLY);
    put(writer, "k", "v");
    unsigned char *data = realloc(batch->repr.data, limit);
    ck_assert_ptr_nonnull(data);
    batch->repr.data = data;
    batch->repr.capacity = limit;
    batch->repr.size = limit - 17;

    /* A put of "k" with one byte takes seven. */
    put(writer, "k", "v");
    ck_assert_uint_eq(batch->repr.size, limit - 10);
    ck_fails(varve_writer_put(writer, key_of("k"), bytes("12345"), &on.err), VARVE_TOO_LARGE,
             &on.err, "batch of 2147483649 bytes exceeds the limit of 2147483648");
    varve_slice repr =
        hex("00 00 00 00 00 00 00 00 01 00 00 00 | 01 03 6B 00 01 05 31 32 33 34 35");
    ck_status(varve_writer_apply(writer, repr, &on.err), VARVE_TOO_LARGE, &on.err);
    ck_assert_uint_eq(on.err.detail.too_large.size, limit + 1);
    ck_assert_uint_eq(on.err.detail.too_large.limit, limit);
    ck_assert_uint_eq(batch->repr.size, limit - 10);
    put(writer, "k", "1234");
    ck_assert_uint_eq(batch->repr.size, limit);
    ck_status(varve_writer_clear(writer, key_of("k"), &on.err), VARVE_TOO_LARGE, &on.err);
    leave();
}
END_TEST

static bool has_resized;

static void *allocate_little(size_t size)
{
    return size > (size_t)1 << 30 ? NULL : malloc(size);
}

static void *resize_nothing(void *memory, size_t size)
{
    (void)memory, (void)size;
    has_resized = true;
    return NULL;
}

/*
 * Bytes that an iterator has lent stay where they are, also when the batch is filled to the last
 * byte: it may take other memory for more, which there is none of here, but not resize its own.
 */
START_TEST(what_is_lent_outlives_the_last_byte_of_the_limit)
{
    static const varve_allocator little = {allocate_little, resize_nothing, free};
    const size_t almost = (size_t)VARVE_BATCH_SIZE_MAX - 7;
    enter();
    varve_iter *it = iter(reader, NULL);
    put(writer, "k", "v");
    unsigned char *data = realloc(batch->repr.data, almost);
    ck_assert_ptr_nonnull(data);
    batch->repr.data = data;
    batch->repr.capacity = almost;
    batch->repr.size = almost;
    varve_slice repr = hex("00 00 00 00 00 00 00 00 01 00 00 00 | 01 03 6B 00 01 01 77");
    has_resized = false;
    varve_allocator_set(&little);
    varve_status status = varve_writer_apply(writer, repr, &on.err);
    varve_allocator_set(NULL);
    ck_status(status, VARVE_NO_MEMORY, &on.err);
    ck_assert(!has_resized);
    varve_iter_close(it);
    leave();
}
END_TEST

/* Sanitizers are slow, and see no more in more records. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(SANITIZED)
enum { MANY = 100000, MANY_RANGES = 5000 };
#else
enum { MANY = 1000000, MANY_RANGES = 10000 };
#endif

/* A spread of numbers that meets each one below MANY once: MANY is no multiple of the factor. */
static unsigned shuffled(unsigned i)
{
    return (unsigned)((uint64_t)i * 611953 % MANY);
}

static void number_text(unsigned number, char text[16])
{
    (void)snprintf(text, 16, "%08u", number);
}

START_TEST(a_million_records_and_ten_thousand_range_clears)
{
    char text[16];
    unsigned char key[10] = {[9] = 0x01}; /* eight digits and the terminator */
    put(on.writer, "00000007x", "cleared with 00000007");
    enter();
    for (unsigned i = 0; i < MANY; i++) {
        number_text(shuffled(i), text);
        memcpy(key, text, 8);
        varve_slice value = varve_slice_of(text, 8);
        /* Check takes note of each assertion, which is slow a million times. */
        if (varve_writer_put(writer, varve_slice_of(key, sizeof key), value, &on.err) != VARVE_OK)
            ck_abort_msg("put: %s", on.err.message);
    }
    /* Each clears the first half of its part; read in between, so that the view follows along. */
    unsigned part = MANY / MANY_RANGES;
    for (unsigned i = 0; i < MANY_RANGES; i++) {
        char end[16];
        number_text(i * part, text);
        number_text(i * part + part / 2, end);
        clear_range(writer, text, end);
        ck_text(get(reader, text), "-");
        ck_text(get(reader, end), end);
    }
    varve_iter *it = iter(reader, NULL);
    unsigned count = 0;
    for (bool more = varve_iter_seek_ge(it, key_of("")); more; more = varve_iter_next(it))
        count++;
    ck_assert_uint_eq(count, MANY_RANGES * (part - part / 2));
    for (bool more = varve_iter_seek_le(it, key_of("")); more; more = varve_iter_prev(it))
        count--;
    ck_assert_uint_eq(count, 0);
    varve_iter_close(it);
    leave();
}
END_TEST

/*
 * Puts that range clears have hidden, and runs of range clears that touch, cost a seek nothing: one
 * by one they would be ten thousand million steps here.
 */
START_TEST(what_is_cleared_is_not_walked_over)
{
    enum { PUTS = MANY / 5, PIECES = 1000, SEEKS = MANY / 20 };
    char text[16];
    unsigned char key[10] = {[9] = 0x01};
    put(on.writer, "00000000x", "engine");
    put(on.writer, "a", "engine");
    enter();
    put(writer, "b", "batch");
    for (unsigned i = 0; i < PUTS; i++) {
        number_text(i, text);
        memcpy(key, text, 8);
        if (varve_writer_put(writer, varve_slice_of(key, sizeof key), bytes("v"), &on.err) !=
            VARVE_OK)
            ck_abort_msg("put: %s", on.err.message);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        char end[16];
        number_text(i * (PUTS / PIECES), text);
        number_text((i + 1) * (PUTS / PIECES), end);
        clear_range(writer, text, end);
    }
    varve_iter *it = iter(reader, NULL);
    varve_slice first = key_of("");
    varve_slice last = key_of("99999999");
    unsigned found = 0;
    for (unsigned i = 0; i < SEEKS; i++) {
        found += varve_iter_seek_ge(it, first) && it->key.data[0] == 'a';
        found += varve_iter_seek_le(it, last);
    }
    ck_assert_uint_eq(found, SEEKS);
    varve_iter_close(it);
    ck_text(all_of(reader), "a=engine b=batch");
    leave();
}
END_TEST

/* ---- The suite ----------------------------------------------------------------------------------
 */

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, writes_are_seen_inside_and_appear_with_the_commit);
    tcase_add_test(tcase, a_batch_without_commit_leaves_no_trace);
    tcase_add_test(tcase, a_batch_reads_the_current_engine);
    tcase_add_test(tcase, an_empty_batch_commits_without_touching_the_store);
    tcase_add_test(tcase, unknown_flags_are_refused);
    tcase_add_test(tcase, the_representation_is_that_of_a_builder);
    tcase_add_test(tcase, the_representation_has_these_bytes);
    tcase_add_test(tcase, a_write_only_batch_is_not_read);
    tcase_add_test(tcase, the_last_operation_decides);
    tcase_add_test(tcase, range_clears_reach_what_is_below_and_before);
    tcase_add_test(tcase, many_puts_of_one_key_leave_the_last);
    tcase_add_test(tcase, an_iterator_sees_writes_from_its_next_movement_on);
    tcase_add_test(tcase, an_iterator_does_not_see_later_commits_of_others);
    tcase_add_test(tcase, a_seek_does_not_find_what_was_cleared_since);
    tcase_add_test(tcase, what_is_lent_outlives_the_growth_of_the_batch);
    tcase_add_test(tcase, a_batch_takes_its_own_bytes);
    tcase_add_test(tcase, a_committed_batch_is_only_reset_or_closed);
    tcase_add_test(tcase, a_failed_commit_may_be_repeated);
    tcase_add_test(tcase, an_unknown_commit_may_not);
    tcase_add_test(tcase, iterators_stop_when_their_batch_is_done);
    tcase_add_test(tcase, iterators_outlive_a_closed_batch);
    tcase_add_test(tcase, failures_of_the_engine_reach_the_batch);
}

int main(void)
{
    Suite *suite = backend_suite("batch", fill);
    TCase *large = tcase_create("large");
    tcase_add_checked_fixture(large, backend_set_up_map, backend_tear_down);
    tcase_add_test(large, a_batch_has_a_limit);
    tcase_add_test(large, what_is_lent_outlives_the_last_byte_of_the_limit);
    tcase_add_test(large, a_million_records_and_ten_thousand_range_clears);
    tcase_add_test(large, what_is_cleared_is_not_walked_over);
    suite_add_tcase(suite, large);
    return run_suite(suite);
}
