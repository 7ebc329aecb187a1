/*
 * Merges in batches: on top of puts, clears, range clears and other merges of the batch, or of what
 * the engine has.
 */
#include "engine/batch.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/texts.h"

static varve_batch *batch;
static varve_reader *reader;
static varve_writer *writer;

static void enter(void)
{
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    reader = varve_batch_reader_of(batch);
    writer = varve_batch_writer_of(batch);
}

static void leave(void)
{
    varve_batch_close(batch);
}

static void commit(void)
{
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
}

/* ---- What merges stand on -----------------------------------------------------------------------
 */

START_TEST(TestBatchMerge)
{
    put_text(on.writer, "b", "engine");
    put_text(on.writer, "d", "engine");
    put_text(on.writer, "e", "engine");
    put_text(on.writer, "f", "engine");
    enter();
    put_text(writer, "a", "put");
    merge_text(writer, "a", "+x");
    merge_text(writer, "a", "+y");
    clear(writer, "b");
    merge_text(writer, "b", "x");
    merge_text(writer, "c", "x");
    merge_text(writer, "c", "+y");
    merge_text(writer, "c", "+z");
    merge_text(writer, "d", "+x");
    clear_range(writer, "e", "g");
    merge_text(writer, "e", "x");
    merge_text(writer, "f", "x");
    clear_range(writer, "f", "g");
    ck_text(texts_of(reader), "a=put+x+y b=x c=x+y+z d=engine+x e=x");
    ck_text(get_text(reader, "a"), "put+x+y");
    ck_text(get_text(reader, "b"), "x");
    ck_text(get_text(reader, "c"), "x+y+z");
    ck_text(get_text(reader, "d"), "engine+x");
    ck_text(get_text(reader, "e"), "x");
    ck_text(get_text(reader, "f"), "-");
    ck_text(texts_of(on.reader), "b=engine d=engine e=engine f=engine");
    commit();
    ck_text(texts_of(on.reader), "a=put+x+y b=x c=x+y+z d=engine+x e=x");
    leave();
}
END_TEST

/* A put or a clear cuts off the merges before it. */
START_TEST(later_puts_and_clears_decide)
{
    enter();
    merge_text(writer, "a", "x");
    put_text(writer, "a", "put");
    merge_text(writer, "b", "x");
    clear(writer, "b");
    merge_text(writer, "c", "x");
    clear(writer, "c");
    merge_text(writer, "c", "y");
    ck_text(texts_of(reader), "a=put c=y");
    commit();
    ck_text(texts_of(on.reader), "a=put c=y");
    leave();
}
END_TEST

/* The engine's value is the one it has when the batch is read. */
START_TEST(TestBatchConcurrency)
{
    enter();
    merge_text(writer, "a", "+batch");
    ck_text(get_text(reader, "a"), "+batch");
    put_text(on.writer, "a", "engine");
    ck_text(get_text(reader, "a"), "engine+batch");
    ck_text(texts_of(reader), "a=engine+batch");
    varve_iter *it = iter(reader, NULL);
    merge_text(on.writer, "a", "+later");
    ck_text(get_text(reader, "a"), "engine+later+batch");
    /* An iterator shows the engine of its opening. */
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    ck_text(text_at(it), "a=engine+batch");
    varve_iter_close(it);
    clear(on.writer, "a");
    ck_text(get_text(reader, "a"), "+batch");
    put_text(on.writer, "a", "last");
    commit();
    ck_text(get_text(on.reader, "a"), "last+batch");
    leave();
}
END_TEST

START_TEST(integers_are_summed)
{
    put_text(on.writer, "n", "40");
    enter();
    merge_text(writer, "n", "1");
    merge_text(writer, "n", "1");
    merge_text(writer, "m", "-5");
    ck_text(texts_of(reader), "m=-5 n=42");
    commit();
    merge_text(on.writer, "n", "-2");
    ck_text(texts_of(on.reader), "m=-5 n=40");
    leave();
}
END_TEST

/* The same conflict, read from the batch and from the engine after its commit. */
START_TEST(conflicts_are_shown_and_healed)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_buf later = VARVE_BUF_INIT;
    put_text(on.writer, "a", "text");
    ck_ok(varve_writer_put(on.writer, key_of("b"), bytes("no record"), &on.err), &on.err);
    enter();
    merge_text(writer, "a", "1");
    merge_text(writer, "b", "x");
    put_text(writer, "c", "1");
    merge_text(writer, "c", "x");
    merge_text(writer, "c", "y");
    ck_text(texts_of(reader), "a=conflict b=conflict c=conflict");
    ck_ok(varve_reader_get(reader, key_of("a"), &value, &on.err), &on.err);
    commit();
    ck_text(texts_of(on.reader), "a=conflict b=conflict c=conflict");
    ck_ok(varve_reader_get(on.reader, key_of("a"), &later, &on.err), &on.err);
    ck_slice_eq(varve_buf_slice(&value), varve_buf_slice(&later));
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    merge_text(writer, "a", "x");
    put_text(writer, "b", "healed");
    clear(writer, "c");
    merge_text(writer, "c", "x");
    ck_text(texts_of(reader), "a=conflict b=healed c=x");
    commit();
    ck_text(texts_of(on.reader), "a=conflict b=healed c=x");
    varve_buf_release(&value);
    varve_buf_release(&later);
    leave();
}
END_TEST

/* ---- Iterators ----------------------------------------------------------------------------------
 */

START_TEST(iterators_see_merges_from_their_next_movement_on)
{
    put_text(on.writer, "b", "B");
    put_text(on.writer, "d", "D");
    enter();
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    merge_text(writer, "b", "+1");
    merge_text(writer, "c", "x");
    merge_text(writer, "d", "+1");
    ck_text(text_at(it), "b=B");
    ck_assert(varve_iter_next(it));
    ck_text(text_at(it), "c=x");
    merge_text(writer, "c", "+2");
    merge_text(writer, "b", "+2");
    ck_text(text_at(it), "c=x");
    ck_assert(varve_iter_next(it));
    ck_text(text_at(it), "d=D+1");
    ck_assert(varve_iter_prev(it));
    ck_text(text_at(it), "c=x+2");
    ck_assert(varve_iter_prev(it));
    ck_text(text_at(it), "b=B+1+2");
    /* What was hidden below is not what a later merge stands on. */
    clear_range(writer, "b", "e");
    merge_text(writer, "d", "new");
    ck_assert(varve_iter_next(it));
    ck_text(text_at(it), "d=new");
    ck_assert(!varve_iter_prev(it));
    merge_text(writer, "b", "again");
    ck_assert(varve_iter_seek_le(it, key_of("")));
    ck_text(text_at(it), "d=new");
    ck_assert(varve_iter_prev(it));
    ck_text(text_at(it), "b=again");
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(merges_keep_to_bounds_and_prefixes)
{
    varve_iter_options options = {.struct_size = sizeof options};
    put_text(on.writer, "b", "B");
    enter();
    merge_text(writer, "a", "1");
    merge_text(writer, "b", "+1");
    merge_text(writer, "c", "1");
    options.lower = key_of("b");
    options.upper = key_of("c");
    varve_iter *it = iter(reader, &options);
    ck_assert(varve_iter_seek_ge(it, key_of("")));
    ck_text(text_at(it), "b=B+1");
    ck_assert(!varve_iter_next(it));
    ck_assert(varve_iter_seek_le(it, key_of("")));
    ck_text(text_at(it), "b=B+1");
    ck_assert(!varve_iter_prev(it));
    varve_iter_close(it);
    options = (varve_iter_options){.struct_size = sizeof options, .prefix = true};
    it = iter(reader, &options);
    ck_assert(varve_iter_seek_ge(it, key_of("b")));
    ck_text(text_at(it), "b=B+1");
    ck_assert(!varve_iter_next(it));
    varve_iter_close(it);
    leave();
}
END_TEST

START_TEST(a_lent_value_stays_until_the_next_movement)
{
    enter();
    merge_text(writer, "a", "x");
    merge_text(writer, "a", "+2");
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    varve_slice value = varve_iter_value(it);
    for (int i = 0; i < 100; i++)
        ck_ok(varve_writer_put(writer, key_of("a"), repeated('x', 500), &on.err), &on.err);
    ck_text(text_of(value), "x+2");
    ck_text(text_at(it), "a=x+2");
    /* It may be what is written next. */
    ck_ok(varve_writer_put(writer, key_of("a"), value, &on.err), &on.err);
    ck_text(get_text(reader, "a"), "x+2");
    varve_iter_close(it);
    leave();
}
END_TEST

/* ---- Savepoints and views -----------------------------------------------------------------------
 */

START_TEST(a_rollback_takes_merges_back)
{
    put_text(on.writer, "a", "A");
    enter();
    merge_text(writer, "a", "+1");
    ck_ok(varve_batch_savepoint(batch, &on.err), &on.err);
    merge_text(writer, "a", "+2");
    ck_text(get_text(reader, "a"), "A+1+2");
    ck_ok(varve_batch_rollback(batch, &on.err), &on.err);
    ck_text(get_text(reader, "a"), "A+1");
    leave();
}
END_TEST

START_TEST(a_distinct_view_merges_unseen)
{
    varve_distinct *distinct;
    put_text(on.writer, "a", "A");
    enter();
    merge_text(writer, "a", "+1");
    ck_ok(varve_distinct_open(batch, &distinct, &on.err), &on.err);
    merge_text(varve_distinct_writer(distinct), "a", "+2");
    ck_text(texts_of(varve_distinct_reader(distinct)), "a=A+1");
    varve_distinct_close(distinct);
    ck_text(texts_of(reader), "a=A+1+2");
    leave();
}
END_TEST

/* ---- Failures -----------------------------------------------------------------------------------
 */

START_TEST(failures_below_reach_a_merge)
{
    varve_buf value = VARVE_BUF_INIT;
    put_text(on.writer, "a", "A");
    put_text(on.writer, "b", "B");
    backend_faults_insert(on.engine);
    enter();
    merge_text(writer, "a", "+1");
    clear(writer, "b");
    merge_text(writer, "b", "1");
    backend_faults.get = VARVE_IO;
    ck_fails(varve_reader_get(reader, key_of("a"), &value, &on.err), VARVE_IO, &on.err, "injected");
    /* What the engine has does not matter here. */
    ck_text(get_text(reader, "b"), "1");
    backend_faults.get = VARVE_OK;
    leave();
    varve_buf_release(&value);
}
END_TEST

START_TEST(a_merge_without_memory_fails_the_movement)
{
    unsigned fired = 0;
    enter();
    merge_text(writer, "a", "x");
    merge_text(writer, "a", "+2");
    put_text(writer, "b", "B");
    varve_slice a = key_of("a");
    for (unsigned nth = 1;; nth++) {
        varve_iter *it = iter(reader, NULL);
        ck_assert(varve_iter_seek_ge(it, key_of("b")));
        fault_alloc_arm(nth);
        bool found = varve_iter_prev(it);
        bool refused = fault_alloc_disarm();
        if (refused) {
            ck_assert(!found);
            ck_status(varve_iter_status(it, &on.err), VARVE_NO_MEMORY, &on.err);
            ck_assert(varve_iter_seek_ge(it, a));
            fired++;
        }
        ck_text(text_at(it), "a=x+2");
        varve_iter_close(it);
        if (!refused)
            break;
    }
    ck_assert_uint_gt(fired, 0);
    leave();
}
END_TEST

START_TEST(many_merges_of_one_key)
{
    enum { MANY = 3000 };
    put_text(on.writer, "n", "1000000");
    enter();
    for (int i = 0; i < MANY; i++)
        merge_text(writer, "n", "2");
    ck_text(get_text(reader, "n"), "1006000");
    ck_text(texts_of(reader), "n=1006000");
    commit();
    ck_text(texts_of(on.reader), "n=1006000");
    leave();
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestBatchMerge);
    tcase_add_test(tcase, later_puts_and_clears_decide);
    tcase_add_test(tcase, TestBatchConcurrency);
    tcase_add_test(tcase, integers_are_summed);
    tcase_add_test(tcase, conflicts_are_shown_and_healed);
    tcase_add_test(tcase, iterators_see_merges_from_their_next_movement_on);
    tcase_add_test(tcase, merges_keep_to_bounds_and_prefixes);
    tcase_add_test(tcase, a_lent_value_stays_until_the_next_movement);
    tcase_add_test(tcase, a_rollback_takes_merges_back);
    tcase_add_test(tcase, a_distinct_view_merges_unseen);
    tcase_add_test(tcase, failures_below_reach_a_merge);
    tcase_add_test(tcase, a_merge_without_memory_fails_the_movement);
    tcase_add_test(tcase, many_merges_of_one_key);
}

int main(void)
{
    return run_suite(backend_suite("batch_merge", fill));
}
