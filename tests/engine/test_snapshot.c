#include "engine/engine.h"
#include "tests/support/backends.h"
#include "tests/support/texts.h"

static varve_snapshot *snapshot_now(void)
{
    varve_snapshot *snapshot;
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    return snapshot;
}

START_TEST(a_snapshot_keeps_its_state)
{
    put(on.writer, "a", "1");
    put(on.writer, "b@1", "1");
    varve_snapshot *first = snapshot_now();
    put(on.writer, "a", "2");
    clear(on.writer, "b@1");
    put(on.writer, "c", "2");
    varve_snapshot *second = snapshot_now();
    clear_range(on.writer, "", "z");
    varve_reader *reader = varve_snapshot_reader(first);
    ck_text(all_of(reader), "a=1 b@1=1");
    ck_text(get(reader, "a"), "1");
    ck_text(get(reader, "b@1"), "1");
    ck_text(get(reader, "c"), "-");
    ck_text(all_of(varve_snapshot_reader(second)), "a=2 c=2");
    ck_text(all_of(on.reader), "");
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    ck_text(all_of(varve_snapshot_reader(second)), "a=2 c=2");
    varve_snapshot_close(first);
    ck_text(all_of(varve_snapshot_reader(second)), "a=2 c=2");
    varve_snapshot_close(second);
}
END_TEST

START_TEST(a_snapshot_of_nothing_stays_empty)
{
    varve_snapshot *snapshot = snapshot_now();
    put(on.writer, "a", "1");
    ck_text(all_of(varve_snapshot_reader(snapshot)), "");
    ck_text(get(varve_snapshot_reader(snapshot), "a"), "-");
    varve_snapshot_close(snapshot);
}
END_TEST

START_TEST(an_open_batch_is_not_in_a_snapshot)
{
    varve_batch *batch;
    put(on.writer, "a", "1");
    ck_ok(varve_batch_open(on.engine, 0, &batch, &on.err), &on.err);
    put(varve_batch_writer_of(batch), "a", "2");
    varve_snapshot *before = snapshot_now();
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    varve_snapshot *after = snapshot_now();
    ck_text(all_of(varve_snapshot_reader(before)), "a=1");
    ck_text(all_of(varve_snapshot_reader(after)), "a=2");
    varve_snapshot_close(before);
    varve_snapshot_close(after);
    varve_batch_close(batch);
}
END_TEST

START_TEST(iterators_go_on_after_the_snapshot_is_closed)
{
    put(on.writer, "a", "1");
    put(on.writer, "b", "1");
    varve_snapshot *snapshot = snapshot_now();
    varve_iter *its[2] = {iter(varve_snapshot_reader(snapshot), NULL),
                          iter(varve_snapshot_reader(snapshot), NULL)};
    clear_range(on.writer, "", "z");
    varve_snapshot_close(snapshot);
    ck_ok(varve_engine_compact(on.engine, &on.err), &on.err);
    ck_assert(varve_iter_seek_ge(its[0], key_of("")));
    ck_text(walk_forward(its[0]), "a=1 b=1");
    varve_iter_close(its[0]);
    ck_assert(varve_iter_seek_le(its[1], key_of("")));
    ck_text(walk_backward(its[1]), "b=1 a=1");
    varve_iter_close(its[1]);
}
END_TEST

static varve_status count_record(void *arg, varve_slice engine_key, varve_slice value,
                                 varve_error *err)
{
    (void)engine_key;
    (void)value;
    (void)err;
    ++*(unsigned *)arg;
    return VARVE_OK;
}

/* All that a reader can do, on a snapshot; what came later is not there. */
START_TEST(TestSnapshotMethods)
{
    varve_buf value = VARVE_BUF_INIT;
    put_text(on.writer, "a", "1");
    put_text(on.writer, "b@2", "2");
    put_text(on.writer, "c", "3");
    varve_snapshot *snapshot = snapshot_now();
    varve_reader *reader = varve_snapshot_reader(snapshot);
    put_text(on.writer, "a", "later");
    put_text(on.writer, "aa", "later");
    clear(on.writer, "b@2");
    merge_text(on.writer, "c", "4");

    ck_text(get_text(reader, "a"), "1");
    ck_text(get_text(reader, "b@2"), "2");
    ck_text(get_text(reader, "c"), "3");
    ck_text(get_text(reader, "aa"), "-");
    ck_status(varve_reader_get(reader, hex("00 01"), &value, &on.err), VARVE_EMPTY_KEY, &on.err);
    ck_text(texts_of(reader), "a=1 b@2=2 c=3");
    unsigned count = 0;
    ck_ok(varve_reader_iterate(reader, key_of(""), key_of("c"), 0, count_record, &count, &on.err),
          &on.err);
    ck_assert_uint_eq(count, 2);
    ck_ok(varve_reader_iterate(reader, key_of(""), key_of(""), 1, count_record, &count, &on.err),
          &on.err);
    ck_assert_uint_eq(count, 3);
    varve_iter *it = iter(reader, NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("aa")));
    ck_text(position(it), "b@2");
    ck_assert(varve_iter_prev(it));
    ck_text(position(it), "a");
    varve_iter_close(it);
    ck_text(texts_of(on.reader), "a=later aa=later c=7");
    varve_snapshot_close(snapshot);
    varve_buf_release(&value);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, TestSnapshotMethods);
    tcase_add_test(tcase, a_snapshot_keeps_its_state);
    tcase_add_test(tcase, a_snapshot_of_nothing_stays_empty);
    tcase_add_test(tcase, an_open_batch_is_not_in_a_snapshot);
    tcase_add_test(tcase, iterators_go_on_after_the_snapshot_is_closed);
}

int main(void)
{
    return run_suite(backend_suite("snapshot", fill));
}
