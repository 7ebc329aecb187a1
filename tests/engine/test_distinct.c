#include "engine/batch.h"
#include "format/batch_repr.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

static varve_batch *batch;
static varve_reader *reader;
static varve_writer *writer;
static varve_distinct *distinct;
static varve_reader *view;
static varve_writer *view_writer;

static void enter(unsigned flags)
{
    ck_ok(varve_batch_open(on.engine, flags, &batch, &on.err), &on.err);
    reader = varve_batch_reader_of(batch);
    writer = varve_batch_writer_of(batch);
}

static void open_view(void)
{
    ck_ok(varve_distinct_open(batch, &distinct, &on.err), &on.err);
    view = varve_distinct_reader(distinct);
    view_writer = varve_distinct_writer(distinct);
}

static void close_view(void)
{
    varve_distinct_close(distinct);
}

static void commit(void)
{
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
}

START_TEST(TestBatchDistinct)
{
    put(on.writer, "b", "engine");
    put(on.writer, "e", "engine");
    enter(0);
    put(writer, "a", "batch");
    clear(writer, "e");
    open_view();
    put(view_writer, "b", "view");
    put(view_writer, "c", "view");
    clear(view_writer, "a");
    clear_range(view_writer, "a", "b");
    /* It reads what was there before it, and not what it writes. */
    ck_text(all_of(view), "a=batch b=engine");
    ck_text(get(view, "a"), "batch");
    ck_text(get(view, "b"), "engine");
    ck_text(get(view, "c"), "-");
    ck_text(get(view, "e"), "-");
    varve_iter *it = iter(view, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    put(view_writer, "aa", "view");
    ck_assert(varve_iter_next(it));
    ck_text(position(it), "b");
    ck_assert(varve_iter_seek_le(it, key_of("")));
    ck_text(walk_backward(it), "b=engine a=batch");
    varve_iter_close(it);
    close_view();
    /* The batch has both. */
    ck_text(all_of(reader), "aa=view b=view c=view");
    ck_text(all_of(on.reader), "b=engine e=engine");
    commit();
    ck_text(all_of(on.reader), "aa=view b=view c=view");
    varve_batch_close(batch);
}
END_TEST

static void check_parent_refuses(void)
{
    static const char text[] = "distinct batch open";
    const varve_slice repr = varve_slice_of("\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    varve_buf value = VARVE_BUF_INIT;
    varve_iter *it = (varve_iter *)&value;
    varve_slice k = key_of("k");
    ck_fails(varve_writer_put(writer, k, bytes("v"), &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_writer_clear(writer, k, &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_writer_clear_range(writer, k, key_of("l"), &on.err), VARVE_MISUSE, &on.err,
             text);
    ck_fails(varve_writer_apply(writer, repr, &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_reader_get(reader, k, &value, &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_iter_open(reader, NULL, &it, &on.err), VARVE_MISUSE, &on.err, text);
    ck_assert_ptr_null(it);
    ck_fails(varve_batch_set_token(batch, bytes("t"), (varve_ts){1, 0}, &on.err), VARVE_MISUSE,
             &on.err, text);
    ck_fails(varve_batch_savepoint(batch, &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_batch_rollback(batch, &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_batch_release(batch, &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_batch_reset(batch, &on.err), VARVE_MISUSE, &on.err, text);
    varve_distinct *second = distinct;
    ck_fails(varve_distinct_open(batch, &second, &on.err), VARVE_MISUSE, &on.err,
             "distinct batch already open");
    ck_assert_ptr_null(second);
}

START_TEST(TestBatchDistinctPanics)
{
    enter(0);
    put(writer, "a", "1");
    put(writer, "b", "1");
    varve_iter *its[4];
    for (int i = 0; i < 4; i++) {
        its[i] = iter(reader, NULL);
        ck_assert(varve_iter_seek_ge(its[i], key_of("b")));
    }
    open_view();
    check_parent_refuses();
    ck_assert(!varve_iter_next(its[0]));
    ck_assert(!varve_iter_prev(its[1]));
    ck_assert(!varve_iter_seek_ge(its[2], key_of("a")));
    ck_assert(!varve_iter_seek_le(its[3], key_of("a")));
    for (int i = 0; i < 4; i++)
        ck_fails(varve_iter_status(its[i], &on.err), VARVE_MISUSE, &on.err, "distinct batch open");
    put(view_writer, "c", "2");
    close_view();
    for (int i = 0; i < 4; i++) {
        ck_assert(varve_iter_seek_ge(its[i], key_of("")));
        ck_text(walk_forward(its[i]), "a=1 b=1 c=2");
        varve_iter_close(its[i]);
    }
    put(writer, "d", "3");
    ck_text(all_of(reader), "a=1 b=1 c=2 d=3");
    varve_batch_close(batch);
}
END_TEST

START_TEST(TestWriteOnlyBatchDistinct)
{
    put(on.writer, "a", "engine");
    enter(VARVE_BATCH_WRITE_ONLY);
    put(writer, "b", "batch");
    clear(writer, "a");
    open_view();
    put(view_writer, "c", "view");
    ck_text(all_of(view), "a=engine");
    ck_text(get(view, "b"), "-");
    close_view();
    varve_buf value = VARVE_BUF_INIT;
    ck_fails(varve_reader_get(reader, key_of("a"), &value, &on.err), VARVE_UNSUPPORTED, &on.err,
             "write-only batch");
    /* Not even what the first view has written. */
    open_view();
    ck_text(all_of(view), "a=engine");
    close_view();
    commit();
    ck_text(all_of(on.reader), "b=batch c=view");
    varve_batch_close(batch);
}
END_TEST

START_TEST(TestBatchDistinctAfterApplyBatchRepr)
{
    varve_buf repr = VARVE_BUF_INIT;
    const varve_record record = {VARVE_RECORD_PUT, key_of("a"), bytes("applied")};
    ck_ok(varve__repr_append(&repr, &record, &on.err), &on.err);
    enter(0);
    ck_ok(varve_writer_apply(writer, varve_buf_slice(&repr), &on.err), &on.err);
    open_view();
    ck_text(get(view, "a"), "applied");
    ck_ok(varve_writer_apply(view_writer, varve_buf_slice(&repr), &on.err), &on.err);
    put(view_writer, "b", "view");
    ck_text(all_of(view), "a=applied");
    close_view();
    ck_text(all_of(reader), "a=applied b=view");
    ck_assert_uint_eq(varve__repr_count(varve_batch_repr(batch)), 3);
    varve_buf_release(&repr);
    varve_batch_close(batch);
}
END_TEST

START_TEST(views_follow_one_another)
{
    enter(0);
    for (int round = 0; round < 3; round++) {
        static const char *const seen[] = {"", "a=0", "a=0 b=1"};
        static const char *const keys[] = {"a", "b", "c"};
        static const char *const values[] = {"0", "1", "2"};
        open_view();
        put(view_writer, keys[round], values[round]);
        ck_text(all_of(view), seen[round]);
        close_view();
    }
    ck_text(all_of(reader), "a=0 b=1 c=2");
    varve_batch_close(batch);
}
END_TEST

static void check_view_refuses(const char *text)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_iter *it = (varve_iter *)&value;
    const varve_slice repr = varve_slice_of("\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    ck_fails(varve_writer_put(view_writer, key_of("k"), bytes("v"), &on.err), VARVE_MISUSE, &on.err,
             text);
    ck_fails(varve_writer_apply(view_writer, repr, &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_reader_get(view, key_of("k"), &value, &on.err), VARVE_MISUSE, &on.err, text);
    ck_fails(varve_iter_open(view, NULL, &it, &on.err), VARVE_MISUSE, &on.err, text);
}

START_TEST(a_batch_is_committed_under_its_view)
{
    enter(0);
    put(writer, "a", "batch");
    open_view();
    put(view_writer, "b", "view");
    varve_iter *it = iter(view, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    commit();
    ck_text(all_of(on.reader), "a=batch b=view");
    check_view_refuses("this batch was already committed");
    ck_assert(!varve_iter_next(it));
    ck_fails(varve_iter_status(it, &on.err), VARVE_MISUSE, &on.err,
             "this batch was already committed");
    varve_iter_close(it);
    ck_fails(varve_batch_reset(batch, &on.err), VARVE_MISUSE, &on.err, "distinct batch open");
    close_view();
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_view_outlives_its_batch_only_to_be_closed)
{
    enter(0);
    open_view();
    put(view_writer, "b", "view");
    varve_batch_close(batch);
    check_view_refuses("this batch was closed");
    ck_fails(varve_engine_close(on.engine, &on.err), VARVE_BUSY, &on.err,
             "the engine has open handles: 1 batches, 0 snapshots, 0 iterators");
    close_view();
    ck_text(all_of(on.reader), "");
}
END_TEST

START_TEST(iterators_stop_when_their_view_is_closed)
{
    enter(0);
    put(writer, "a", "1");
    open_view();
    varve_iter *it = iter(view, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    close_view();
    check_view_refuses("this distinct batch was closed");
    ck_text(position(it), "a");
    ck_slice_eq(varve_iter_value(it), bytes("1"));
    ck_assert(!varve_iter_next(it));
    ck_fails(varve_iter_status(it, &on.err), VARVE_MISUSE, &on.err,
             "this distinct batch was closed");
    /* Another view does not bring it back. */
    open_view();
    ck_assert(!varve_iter_seek_ge(it, key_of("a")));
    ck_fails(varve_iter_status(it, &on.err), VARVE_MISUSE, &on.err,
             "this distinct batch was closed");
    /* Nor is the batch gone before it. */
    varve_batch_close(batch);
    close_view();
    ck_assert(!varve_iter_seek_ge(it, key_of("a")));
    varve_iter_close(it);
}
END_TEST

START_TEST(closing_no_view_is_fine)
{
    varve_distinct_close(NULL);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestBatchDistinct);
    tcase_add_test(tcase, TestBatchDistinctPanics);
    tcase_add_test(tcase, TestWriteOnlyBatchDistinct);
    tcase_add_test(tcase, TestBatchDistinctAfterApplyBatchRepr);
    tcase_add_test(tcase, views_follow_one_another);
    tcase_add_test(tcase, a_batch_is_committed_under_its_view);
    tcase_add_test(tcase, a_view_outlives_its_batch_only_to_be_closed);
    tcase_add_test(tcase, iterators_stop_when_their_view_is_closed);
    tcase_add_test(tcase, closing_no_view_is_fine);
}

int main(void)
{
    return run_suite(backend_suite("distinct", fill));
}
