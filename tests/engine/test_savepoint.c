#include <stdio.h>

#include "engine/batch.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

static varve_batch *batch;
static varve_reader *reader;
static varve_writer *writer;

static void enter(unsigned flags)
{
    ck_ok(varve_batch_open(on.engine, flags, &batch, &on.err), &on.err);
    reader = varve_batch_reader_of(batch);
    writer = varve_batch_writer_of(batch);
}

static void mark(void)
{
    ck_ok(varve_batch_savepoint(batch, &on.err), &on.err);
}

static void roll_back(void)
{
    ck_ok(varve_batch_rollback(batch, &on.err), &on.err);
}

static void release(void)
{
    ck_ok(varve_batch_release(batch, &on.err), &on.err);
}

START_TEST(a_rollback_leaves_the_very_bytes_of_the_mark)
{
    put(on.writer, "a", "engine");
    enter(0);
    mark();
    put(writer, "a", "1");
    varve_slice one = copy_of(varve_batch_repr(batch));
    mark();
    clear(writer, "a");
    clear_range(writer, "a", "z");
    put(writer, "b", "2");
    varve_slice two = copy_of(varve_batch_repr(batch));
    mark();
    put(writer, "c", "3");
    ck_text(all_of(reader), "b=2 c=3");
    roll_back();
    ck_slice_eq(varve_batch_repr(batch), two);
    ck_text(all_of(reader), "b=2");
    roll_back();
    ck_slice_eq(varve_batch_repr(batch), one);
    ck_text(all_of(reader), "a=1");
    ck_text(get(reader, "a"), "1");
    roll_back();
    ck_hex(varve_batch_repr(batch), "00 00 00 00 00 00 00 00 00 00 00 00");
    ck_assert(varve_batch_is_empty(batch));
    ck_text(all_of(reader), "a=engine");
    put(writer, "d", "4");
    ck_text(all_of(reader), "a=engine d=4");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_text(all_of(on.reader), "a=engine d=4");
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_release_keeps_what_was_recorded)
{
    enter(0);
    put(writer, "a", "1");
    mark();
    put(writer, "b", "2");
    mark();
    put(writer, "c", "3");
    release();
    ck_text(all_of(reader), "a=1 b=2 c=3");
    roll_back();
    ck_text(all_of(reader), "a=1");
    varve_batch_close(batch);
}
END_TEST

START_TEST(without_a_mark_nothing_is_found)
{
    enter(0);
    put(writer, "a", "1");
    ck_assert_int_eq(varve_batch_rollback(batch, &on.err), VARVE_NOT_FOUND);
    ck_assert_int_eq(varve_batch_release(batch, &on.err), VARVE_NOT_FOUND);
    mark();
    release();
    ck_assert_int_eq(varve_batch_rollback(batch, &on.err), VARVE_NOT_FOUND);
    mark();
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    ck_assert_int_eq(varve_batch_rollback(batch, &on.err), VARVE_NOT_FOUND);
    varve_batch_close(batch);
}
END_TEST

/* What was hidden from an iterator would come back behind it. */
START_TEST(a_rollback_waits_for_the_iterators)
{
    enter(0);
    mark();
    put(writer, "a", "1");
    varve_iter *it = iter(reader, NULL);
    ck_fails(varve_batch_rollback(batch, &on.err), VARVE_MISUSE, &on.err,
             "1 iterators are open over this batch");
    ck_text(all_of(reader), "a=1");
    varve_iter_close(it);
    roll_back();
    ck_text(all_of(reader), "");
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_committed_batch_has_no_marks)
{
    enter(0);
    mark();
    put(writer, "a", "1");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_fails(varve_batch_savepoint(batch, &on.err), VARVE_MISUSE, &on.err,
             "this batch was already committed");
    ck_fails(varve_batch_rollback(batch, &on.err), VARVE_MISUSE, &on.err,
             "this batch was already committed");
    ck_fails(varve_batch_release(batch, &on.err), VARVE_MISUSE, &on.err,
             "this batch was already committed");
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_write_only_batch_has_marks)
{
    enter(VARVE_BATCH_WRITE_ONLY);
    put(writer, "a", "1");
    mark();
    put(writer, "b", "2");
    roll_back();
    put(writer, "c", "3");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_text(all_of(on.reader), "a=1 c=3");
    varve_batch_close(batch);
}
END_TEST

/* Reads of single keys ask first whether the batch has touched them. */
START_TEST(what_takes_the_place_of_what_was_taken_back_is_seen)
{
    const varve_iter_options one_key = {.struct_size = sizeof one_key, .prefix = true};
    put(on.writer, "c", "engine");
    enter(0);
    put(writer, "a", "1");
    mark();
    put(writer, "b", "longer than what comes in its place");
    ck_text(get(reader, "c"), "engine");
    roll_back();
    put(writer, "c", "3");
    ck_text(get(reader, "c"), "3");
    varve_iter *it = iter(reader, &one_key);
    ck_assert(varve_iter_seek_ge(it, key_of("c")));
    ck_text(walk_forward(it), "c=3");
    varve_iter_close(it);
    ck_text(get(reader, "b"), "-");
    varve_batch_close(batch);
}
END_TEST

/* Whether it was read before the mark, after it, or not at all. */
START_TEST(reads_between_make_no_difference)
{
    for (int reads = 0; reads < 8; reads++) {
        enter(0);
        put(writer, "a", "1");
        if ((reads & 1) != 0)
            ck_text(all_of(reader), "a=1");
        mark();
        clear(writer, "a");
        put(writer, "b", "2");
        if ((reads & 2) != 0)
            ck_text(all_of(reader), "b=2");
        roll_back();
        if ((reads & 4) != 0)
            ck_text(all_of(reader), "a=1");
        put(writer, "b", "3");
        ck_text(all_of(reader), "a=1 b=3");
        varve_batch_close(batch);
    }
}
END_TEST

START_TEST(marks_go_as_deep_as_wanted)
{
    enum { DEPTH = 1000 };
    char value[16];
    enter(0);
    for (int i = 0; i < DEPTH; i++) {
        mark();
        (void)snprintf(value, sizeof value, "%d", i);
        put(writer, "k", value);
    }
    for (int i = DEPTH; i-- > 0;) {
        (void)snprintf(value, sizeof value, "%d", i);
        ck_text(get(reader, "k"), value);
        roll_back();
    }
    ck_text(get(reader, "k"), "-");
    varve_batch_close(batch);
}
END_TEST

/* It does not start over for a few records; but for a range clear, which hides others. */
START_TEST(a_rollback_keeps_what_the_view_knows)
{
    char key[16];
    enter(0);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(key, sizeof key, "k%02d", i);
        put(writer, key, "v");
    }
    for (int i = 0; i < 200; i++) {
        mark();
        put(writer, "k07", "new");
        clear(writer, "k08");
        put(writer, "k09", "new");
        if (i % 10 == 9)
            clear_range(writer, "k10", "k20");
        ck_text(get(reader, "k07"), "new");
        size_t size = batch->savepoints[0].size;
        roll_back();
        ck_assert(batch->view.offset == size || batch->view.offset == 0);
        if (i == 0)
            ck_assert_uint_eq(batch->view.offset, size);
        if (i == 9)
            ck_assert_uint_eq(batch->view.offset, 0);
        ck_text(get(reader, "k07"), "v");
        ck_text(get(reader, "k08"), "v");
        ck_text(get(reader, "k09"), "v");
        ck_text(get(reader, "k15"), "v");
    }
    /* And what it knows of records that are not there any more does not grow for ever. */
    ck_assert_uint_le(batch->view.events.count, 2 * 50);
    varve_batch_close(batch);
}
END_TEST

/* The engine knows at once what a batch holds. */
START_TEST(memory_is_told_when_it_changes)
{
    enum { MANY = 5000 };
    char key[16];
    enter(0);
    size_t before = atomic_load(&on.engine->batch_bytes);
    for (int i = 0; i < 100; i++)
        mark();
    ck_assert_uint_ge(atomic_load(&on.engine->batch_bytes),
                      before + 100 * sizeof(varve__savepoint));
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(key, sizeof key, "k%d", i);
        put(writer, key, "v");
    }
    ck_text(get(reader, "other"), "-");
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    put(writer, "k", "v");
    before = atomic_load(&on.engine->batch_bytes);
    /* A table of hashes that is far too large for that goes. */
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    ck_assert_uint_le(atomic_load(&on.engine->batch_bytes), before - MANY * sizeof(uint64_t));
    varve_batch_close(batch);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, a_rollback_leaves_the_very_bytes_of_the_mark);
    tcase_add_test(tcase, a_release_keeps_what_was_recorded);
    tcase_add_test(tcase, without_a_mark_nothing_is_found);
    tcase_add_test(tcase, a_rollback_waits_for_the_iterators);
    tcase_add_test(tcase, a_committed_batch_has_no_marks);
    tcase_add_test(tcase, a_write_only_batch_has_marks);
    tcase_add_test(tcase, what_takes_the_place_of_what_was_taken_back_is_seen);
    tcase_add_test(tcase, reads_between_make_no_difference);
    tcase_add_test(tcase, marks_go_as_deep_as_wanted);
    tcase_add_test(tcase, a_rollback_keeps_what_the_view_knows);
    tcase_add_test(tcase, memory_is_told_when_it_changes);
}

int main(void)
{
    return run_suite(backend_suite("savepoint", fill));
}
