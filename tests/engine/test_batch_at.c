/*
 * Batches over a snapshot, and what the engine knows of the memory of batches.
 */
#include "engine/batch.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

static varve_batch *open_at(varve_snapshot *snapshot, unsigned flags)
{
    varve_batch *batch;
    ck_ok(varve_batch_open_at(snapshot, flags, &batch, &on.err), &on.err);
    return batch;
}

START_TEST(it_reads_the_snapshot_and_commits_to_the_engine)
{
    varve_snapshot *snapshot;
    put(on.writer, "a", "old");
    put(on.writer, "b", "old");
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    put(on.writer, "a", "new");
    clear(on.writer, "b");
    put(on.writer, "c", "new");
    varve_batch *batch = open_at(snapshot, 0);
    varve_snapshot_close(snapshot);
    varve_reader *reader = varve_batch_reader_of(batch);
    varve_writer *writer = varve_batch_writer_of(batch);
    ck_text(all_of(reader), "a=old b=old");
    ck_text(get(reader, "b"), "old");
    ck_text(get(reader, "c"), "-");
    put(writer, "d", "batch");
    clear(writer, "a");
    put(on.writer, "e", "newer");
    ck_text(all_of(reader), "b=old d=batch");
    ck_ok(varve_batch_commit(batch, VARVE_NO_SYNC, &on.err), &on.err);
    ck_text(all_of(on.reader), "c=new d=batch e=newer");
    /* Reset, it is still over the snapshot. */
    ck_ok(varve_batch_reset(batch, &on.err), &on.err);
    ck_text(all_of(reader), "a=old b=old");
    varve_batch_close(batch);
}
END_TEST

START_TEST(a_distinct_view_of_a_write_only_one_reads_the_snapshot)
{
    varve_snapshot *snapshot;
    varve_distinct *distinct;
    put(on.writer, "a", "old");
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    varve_batch *batch = open_at(snapshot, VARVE_BATCH_WRITE_ONLY);
    varve_snapshot_close(snapshot);
    put(on.writer, "a", "new");
    put(varve_batch_writer_of(batch), "a", "batch");
    ck_ok(varve_distinct_open(batch, &distinct, &on.err), &on.err);
    ck_text(all_of(varve_distinct_reader(distinct)), "a=old");
    varve_distinct_close(distinct);
    varve_batch_close(batch);
}
END_TEST

START_TEST(it_counts_as_a_snapshot_until_the_last_of_its_iterators)
{
    varve_snapshot *snapshot;
    put(on.writer, "a", "old");
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    varve_batch *batch = open_at(snapshot, 0);
    varve_snapshot_close(snapshot);
    varve_iter *it = iter(varve_batch_reader_of(batch), NULL);
    ck_assert(varve_iter_seek_ge(it, key_of("a")));
    varve_batch_close(batch);
    ck_slice_eq(varve_iter_value(it), bytes("old"));
    ck_fails(varve_engine_close(on.engine, &on.err), VARVE_BUSY, &on.err,
             "the engine has open handles: 1 batches, 1 snapshots, 1 iterators");
    varve_iter_close(it);
    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.open_batches + info.open_snapshots + info.open_iterators, 0);
}
END_TEST

START_TEST(unknown_flags_are_refused)
{
    varve_snapshot *snapshot;
    varve_batch *batch = (varve_batch *)&on;
    ck_ok(varve_snapshot_open(on.engine, &snapshot, &on.err), &on.err);
    ck_fails(varve_batch_open_at(snapshot, 4, &batch, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "unknown flags of a batch: 0x4");
    ck_assert_ptr_null(batch);
    varve_snapshot_close(snapshot);
}
END_TEST

/* ---- Memory -------------------------------------------------------------------------------------
 */

static size_t held(void)
{
    return atomic_load(&on.engine->batch_bytes);
}

START_TEST(the_engine_knows_what_its_batches_hold)
{
    varve_batch *batches[2];
    ck_assert_uint_eq(held(), 0);
    for (int i = 0; i < 2; i++)
        ck_ok(varve_batch_open(on.engine, 0, &batches[i], &on.err), &on.err);
    varve_writer *writer = varve_batch_writer_of(batches[0]);
    varve_slice value = repeated('v', 10000);
    size_t before = held();
    for (int i = 0; i < 100; i++)
        ck_ok(varve_writer_put(writer, key_of("k"), value, &on.err), &on.err);
    ck_assert_uint_ge(held(), before + 1000000);
    before = held();
    ck_assert_str_ne(get(varve_batch_reader_of(batches[0]), "k"), "-");
    ck_assert_uint_gt(held(), before); /* the view */

    /* An iterator keeps the former homes of the bytes. */
    varve_iter *it = iter(varve_batch_reader_of(batches[0]), NULL);
    before = held();
    size_t capacity = batches[0]->repr.capacity;
    while (batches[0]->repr.capacity == capacity)
        ck_ok(varve_writer_put(writer, key_of("k"), value, &on.err), &on.err);
    ck_assert_uint_ge(held(), before + 2 * capacity);
    varve_iter_close(it);
    ck_assert_uint_lt(held(), before + 2 * capacity);

    /* A reset keeps the memory, and needs none for the same again. */
    ck_ok(varve_batch_reset(batches[0], &on.err), &on.err);
    before = held();
    for (int i = 0; i < 100; i++)
        ck_ok(varve_writer_put(writer, key_of("k"), value, &on.err), &on.err);
    ck_assert_str_ne(get(varve_batch_reader_of(batches[0]), "k"), "-");
    ck_assert_uint_eq(held(), before);
    varve_batch_close(batches[0]);
    ck_assert_uint_lt(held(), 10000);
    varve_batch_close(batches[1]);
    ck_assert_uint_eq(held(), 0);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, it_reads_the_snapshot_and_commits_to_the_engine);
    tcase_add_test(tcase, a_distinct_view_of_a_write_only_one_reads_the_snapshot);
    tcase_add_test(tcase, it_counts_as_a_snapshot_until_the_last_of_its_iterators);
    tcase_add_test(tcase, unknown_flags_are_refused);
    tcase_add_test(tcase, the_engine_knows_what_its_batches_hold);
}

int main(void)
{
    return run_suite(backend_suite("batch_at", fill));
}
