/*
 * Prefix iterators over a batch: those that look at user keys which the batch has not touched, and
 * those that are opened again.
 */
#include <stdio.h>

#include "engine/batch.h"
#include "engine/iter.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

static const varve_iter_options one_key = {.struct_size = sizeof one_key, .prefix = true};

static varve_batch *batch;
static varve_reader *reader;
static varve_writer *writer;

static void begin(void)
{
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    reader = varve_batch_reader_of(batch);
    writer = varve_batch_writer_of(batch);
}

/* The records of the user key behind `key` from there on, through a new iterator. */
static const char *look(const char *key)
{
    varve_iter *it = iter(reader, &one_key);
    (void)varve_iter_seek_ge(it, key_of(key));
    const char *text = walk_forward(it);
    varve_iter_close(it);
    return text;
}

/* Whether the batch's index has taken in any of its records. */
static bool has_index(void)
{
    return batch->view.records > 0;
}

/* ---- Keys that are touched, and others ----------------------------------------------------------
 */

START_TEST(the_index_is_built_for_touched_keys_only)
{
    put(on.writer, "a@2", "old");
    put(on.writer, "b@2", "old");
    begin();
    put(writer, "b@3", "new");
    put(writer, "c@1", "new");
    ck_text(look("a"), "a@2=old");
    ck_text(look("d"), "");
    ck_text(get(reader, "a@2"), "old");
    ck_text(get(reader, "a@3"), "-");
    ck_assert(!has_index());
    ck_text(look("b"), "b@3=new b@2=old");
    ck_text(look("b@2"), "b@2=old");
    ck_text(look("c"), "c@1=new");
    ck_assert(has_index());
    ck_text(look("a"), "a@2=old");
    ck_text(get(reader, "c@1"), "new");
    varve_batch_close(batch);
}
END_TEST

/* One put after the other, each of which looks first: for all of them there is no index. */
START_TEST(looking_before_each_put_builds_no_index)
{
    char key[32];
    begin();
    for (int i = 0; i < 500; i++) {
        (void)snprintf(key, sizeof key, "k%d@1", i);
        ck_text(look(key), "");
        put(writer, key, "v");
    }
    ck_assert(!has_index());
    ck_text(look("k0"), "k0@1=v");
    ck_text(look("k499"), "k499@1=v");
    varve_batch_close(batch);
}
END_TEST

START_TEST(all_kinds_of_records_touch)
{
    put(on.writer, "a", "1");
    put(on.writer, "b@1", "2");
    put(on.writer, "c@1", "3");
    put(on.writer, "d@1", "4");
    begin();
    clear(writer, "a");
    clear(writer, "b@1");
    ck_text(look("a"), "");
    ck_text(look("b"), "");
    ck_text(look("c"), "c@1=3");
    clear_range(writer, "c", "c@1");
    ck_text(look("c"), "c@1=3");
    clear_range(writer, "c", "d");
    ck_text(look("c"), "");
    ck_text(look("d"), "d@1=4");
    ck_text(get(reader, "c@1"), "-");
    put(writer, "c@7", "new");
    ck_text(look("c"), "c@7=new");
    varve_batch_close(batch);
}
END_TEST

/* What is written to the batch after the seek is shown by the steps that follow. */
START_TEST(writes_show_behind_a_key_that_was_untouched)
{
    put(on.writer, "a@5", "5");
    put(on.writer, "a@3", "3");
    put(on.writer, "a@1", "1");
    begin();
    put(writer, "z", "z");
    varve_iter *it = iter(reader, &one_key);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_text(position(it), "a@5");
    put(writer, "a@4", "4");
    clear(writer, "a@3");
    put(writer, "a@9", "9");
    ck_assert(varve_iter_next(it));
    ck_text(position(it), "a@4");
    ck_slice_eq(varve_iter_value(it), bytes("4"));
    ck_assert(varve_iter_next(it));
    ck_text(position(it), "a@1");
    clear_range(writer, "a", "b");
    ck_assert(!varve_iter_next(it));
    ck_ok(varve_iter_status(it, &on.err), &on.err);
    (void)varve_iter_seek_ge(it, key_of("a"));
    ck_text(position(it), "-");
    (void)varve_iter_seek_ge(it, key_of("z"));
    ck_text(walk_forward(it), "z=z");
    varve_iter_close(it);
    varve_batch_close(batch);
}
END_TEST

/* One iterator goes from key to key, touched and not, in any order. */
START_TEST(one_iterator_goes_to_touched_keys_and_others)
{
    put(on.writer, "a@1", "old");
    put(on.writer, "b@1", "old");
    begin();
    put(writer, "b@2", "new");
    varve_iter *it = iter(reader, &one_key);
    for (int i = 0; i < 3; i++) {
        (void)varve_iter_seek_ge(it, key_of("a"));
        ck_text(walk_forward(it), "a@1=old");
        (void)varve_iter_seek_ge(it, key_of("b"));
        ck_text(walk_forward(it), "b@2=new b@1=old");
        (void)varve_iter_seek_ge(it, key_of("c"));
        ck_text(walk_forward(it), i == 0 ? "" : "c@1=late");
        if (i == 0)
            put(writer, "c@1", "late");
    }
    varve_iter_close(it);
    varve_batch_close(batch);
}
END_TEST

START_TEST(what_is_taken_back_is_not_there)
{
    put(on.writer, "b@1", "old");
    begin();
    put(writer, "a@1", "kept");
    ck_ok(varve_batch_savepoint(batch, &on.err), &on.err);
    put(writer, "b@2", "gone");
    clear_range(writer, "c", "d");
    ck_text(look("b"), "b@2=gone b@1=old");
    ck_ok(varve_batch_rollback(batch, &on.err), &on.err);
    ck_text(look("b"), "b@1=old");
    put(writer, "d@1", "new");
    ck_text(look("d"), "d@1=new");
    ck_text(look("a"), "a@1=kept");
    ck_text(look("c"), "");

    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    ck_text(look("a"), "");
    ck_text(look("d"), "");
    put(writer, "a@3", "again");
    ck_text(look("a"), "a@3=again");
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_distinct_view_does_not_see_its_writes)
{
    varve_distinct *distinct;
    put(on.writer, "a@1", "old");
    begin();
    put(writer, "b@1", "before");
    ck_ok(varve_distinct_open(batch, &distinct, &on.err), &on.err);
    reader = varve_distinct_reader(distinct);
    put(varve_distinct_writer(distinct), "a@2", "beside");
    put(varve_distinct_writer(distinct), "b@2", "beside");
    ck_text(look("a"), "a@1=old");
    ck_text(look("b"), "b@1=before");
    ck_text(get(reader, "a@2"), "-");
    varve_distinct_close(distinct);
    reader = varve_batch_reader_of(batch);
    ck_text(look("a"), "a@2=beside a@1=old");
    ck_text(look("b"), "b@2=beside b@1=before");
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_batch_at_a_snapshot_keeps_to_it)
{
    varve_snapshot *snapshot;
    put(on.writer, "a@1", "old");
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    ck_ok(varve_batch_open_at(snapshot, 0, &batch, &on.err), &on.err);
    varve_snapshot_close(snapshot);
    reader = varve_batch_reader_of(batch);
    ck_text(look("a"), "a@1=old");
    put(on.writer, "a@2", "later");
    put(varve_batch_writer_of(batch), "b@1", "own");
    ck_text(look("a"), "a@1=old");
    ck_text(get(reader, "a@2"), "-");
    ck_text(look("b"), "b@1=own");
    varve_batch_close(batch);
}
END_TEST

/* ---- Opened again -------------------------------------------------------------------------------
 */

START_TEST(a_closed_iterator_is_opened_again)
{
    put(on.writer, "a@2", "2");
    put(on.writer, "a@1", "1");
    begin();
    varve_iter *it = iter(reader, &one_key);
    ck_ok(varve_iter_set_bounds(it, key_of("a@1"), varve_slice_of(NULL, 0), &on.err), &on.err);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_text(walk_forward(it), "a@1=1");
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    varve_iter_close(it);

    varve_iter *again = iter(reader, &one_key);
    ck_assert_ptr_eq(again, it);
    ck_assert(!again->valid);
    ck_assert_uint_eq(again->key.size, 0);
    ck_assert(!varve_iter_next(again));
    ck_assert(varve_iter_seek_ge(again, key_of("a")));
    ck_text(walk_forward(again), "a@2=2 a@1=1");
    varve_iter_close(again);
    varve_batch_close(batch);
}
END_TEST

/* The engine moves on between two openings, and the second shows it. */
START_TEST(an_iterator_opened_again_shows_the_present)
{
    begin();
    put(writer, "own@1", "own");
    for (int i = 1; i <= 5; i++) {
        char key[32];
        char expected[32];
        (void)snprintf(key, sizeof key, "k%d@1", i);
        (void)snprintf(expected, sizeof expected, "k%d@1=v", i);
        ck_text(look(key), "");
        put(on.writer, key, "v");
        ck_text(look(key), expected);
        ck_text(look("own"), "own@1=own");
    }
    varve_batch_close(batch);
}
END_TEST

START_TEST(two_iterators_at_once_are_two)
{
    put(on.writer, "a@1", "1");
    put(on.writer, "b@1", "2");
    begin();
    varve_iter *first = iter(reader, &one_key);
    varve_iter *second = iter(reader, &one_key);
    ck_assert_ptr_ne(first, second);
    ck_assert(varve_iter_seek_ge(first, key_of("a")));
    ck_assert(varve_iter_seek_ge(second, key_of("b")));
    ck_text(position(first), "a@1");
    ck_text(position(second), "b@1");
    varve_iter_close(first);
    varve_iter *third = iter(reader, &one_key);
    ck_text(position(second), "b@1");
    ck_assert(varve_iter_seek_ge(third, key_of("a")));
    varve_iter_close(second);
    ck_text(position(third), "a@1");
    varve_iter_close(third);
    varve_batch_close(batch);
}
END_TEST

/* Neither one with bounds, nor one that walks over everything, comes out of one for a key. */
START_TEST(other_options_get_other_iterators)
{
    varve_iter_options bounds = one_key;
    varve_iter_options bypass = one_key;
    bounds.lower = key_of("a@1");
    bypass.bypass_cache = true;
    put(on.writer, "a@2", "2");
    put(on.writer, "a@1", "1");
    put(on.writer, "b@1", "3");
    begin();
    ck_text(look("a"), "a@2=2 a@1=1");
    varve_iter *it = iter(reader, &bounds);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_text(walk_forward(it), "a@1=1");
    varve_iter_close(it);
    ck_text(look("a"), "a@2=2 a@1=1");
    it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a@1")));
    ck_text(walk_forward(it), "a@1=1 b@1=3");
    varve_iter_close(it);
    it = iter(reader, &bypass);
    ck_assert(varve__iter_of(it)->bypasses_cache);
    varve_iter_close(it);
    it = iter(reader, &one_key);
    ck_assert(!varve__iter_of(it)->bypasses_cache);
    varve_iter_close(it);
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_batch_that_is_done_fails_them_all)
{
    static const char message[] = "this batch was already committed";
    put(on.writer, "a@1", "1");
    begin();
    put(writer, "b@1", "2");
    varve_iter *it = iter(reader, &one_key);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_text(look("a"), "a@1=1");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    for (int i = 0; i < 2; i++) {
        ck_assert(!varve_iter_seek_ge(it, key_of("a")));
        ck_fails(varve_iter_status(it, &on.err), VARVE_MISUSE, &on.err, message);
    }
    varve_iter_close(it);
    ck_fails(varve_iter_open(reader, &one_key, &it, &on.err), VARVE_MISUSE, &on.err, message);
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    ck_text(look("b"), "b@1=2");
    varve_batch_close(batch);
}
END_TEST

/* What a batch keeps is no open iterator, counts as its memory, and goes with it. */
START_TEST(what_is_kept_goes_with_the_batch)
{
    varve_engine_info info = {.struct_size = sizeof info};
    put(on.writer, "a@1", "1");
    begin();
    size_t before = atomic_load(&on.engine->batch_bytes);
    ck_text(look("a"), "a@1=1");
    ck_assert_uint_gt(atomic_load(&on.engine->batch_bytes), before);
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.open_batches, 1);
    ck_assert_uint_eq(info.open_iterators, 0);
    varve_iter *it = iter(reader, &one_key);
    varve_batch_close(batch);
    varve_iter_close(it);
    ck_assert_uint_eq(atomic_load(&on.engine->batch_bytes), 0);
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.open_batches + info.open_iterators, 0);
}
END_TEST

/* ---- Without memory -----------------------------------------------------------------------------
 */

static varve_status look_and_put(void *context, varve_error *err)
{
    varve_batch *own;
    (void)context;
    varve_status status = varve_batch_open(on.engine, 0, &own, err);
    for (char c = 'a'; c <= 'e' && status == VARVE_OK; c++) {
        const unsigned char key[] = {(unsigned char)c, 0x00, 0x01};
        varve_iter *it;
        status = varve_iter_open(varve_batch_reader_of(own), &one_key, &it, err);
        if (status != VARVE_OK)
            break;
        bool is_there = varve_iter_seek_ge(it, varve_slice_of(key, 3));
        status = varve_iter_status(it, err);
        ck_assert_int_eq(is_there, status == VARVE_OK && (c == 'a' || c == 'e'));
        varve_iter_close(it);
        if (status == VARVE_OK)
            status = varve_writer_put(varve_batch_writer_of(own), varve_slice_of("e\0\1", 3),
                                      bytes("v"), err);
    }
    varve_batch_close(own);
    return status;
}

START_TEST(without_memory_they_fail)
{
    put(on.writer, "a", "1");
    ck_assert_uint_gt(fault_alloc_each(look_and_put, NULL), 4);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, the_index_is_built_for_touched_keys_only);
    tcase_add_test(tcase, looking_before_each_put_builds_no_index);
    tcase_add_test(tcase, all_kinds_of_records_touch);
    tcase_add_test(tcase, writes_show_behind_a_key_that_was_untouched);
    tcase_add_test(tcase, one_iterator_goes_to_touched_keys_and_others);
    tcase_add_test(tcase, what_is_taken_back_is_not_there);
    tcase_add_test(tcase, a_distinct_view_does_not_see_its_writes);
    tcase_add_test(tcase, a_batch_at_a_snapshot_keeps_to_it);
    tcase_add_test(tcase, a_closed_iterator_is_opened_again);
    tcase_add_test(tcase, an_iterator_opened_again_shows_the_present);
    tcase_add_test(tcase, two_iterators_at_once_are_two);
    tcase_add_test(tcase, other_options_get_other_iterators);
    tcase_add_test(tcase, a_batch_that_is_done_fails_them_all);
    tcase_add_test(tcase, what_is_kept_goes_with_the_batch);
    tcase_add_test(tcase, without_memory_they_fail);
}

int main(void)
{
    return run_suite(backend_suite("overlay", fill));
}
