/*
 * Trap: RocksDB that is closed with an iterator open ends the process, or reads freed memory later.
 */
#include "tests/engine/rocksdb/rocks.h"

static void raw_close_under_an_iterator(void)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    ck_assert_ptr_null(raw_put(db, "k", "v"));
    rocksdb_iterator_t *it = rocksdb_create_iterator(db, how);
    rocksdb_iter_seek_to_first(it);
    rocksdb_close(db);
    rocksdb_iter_destroy(it);
}

START_TEST(control_closing_under_an_iterator)
{
    expect_death(in_child(raw_close_under_an_iterator), "closing under an iterator");
}
END_TEST

START_TEST(closing_with_open_handles_is_refused)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_batch *batch = NULL;
    varve_snapshot *snapshot = NULL;
    varve_iter *over_engine = NULL;
    varve_iter *over_snapshot = NULL;
    varve_iter *over_batch = NULL;

    ck_ok(store_put(engine, key_at("k", 0), bytes("v")), &err);
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_ok(varve_snapshot_open(engine, &snapshot, &err), &err);
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &over_engine, &err), &err);
    ck_ok(varve_iter_open(varve_snapshot_reader(snapshot), NULL, &over_snapshot, &err), &err);
    ck_ok(varve_iter_open(varve_batch_reader_of(batch), NULL, &over_batch, &err), &err);

    ck_status(varve_engine_close(engine, &err), VARVE_BUSY, &err);
    ck_assert_uint_eq(err.detail.busy.batches, 1);
    ck_assert_uint_eq(err.detail.busy.snapshots, 1);
    ck_assert_uint_ge(err.detail.busy.iterators, 3);
    /* All of it goes on working. */
    ck_assert(varve_iter_seek_ge(over_engine, bytes("")));
    ck_assert(varve_iter_seek_ge(over_snapshot, bytes("")));
    ck_assert(varve_iter_seek_ge(over_batch, bytes("")));
    ck_ok(store_put(engine, key_at("l", 0), bytes("v")), &err);

    varve_iter_close(over_batch);
    varve_iter_close(over_snapshot);
    varve_batch_close(batch);
    varve_snapshot_close(snapshot);
    varve_error_release(&err);
    ck_status(varve_engine_close(engine, &err), VARVE_BUSY, &err);
    ck_assert_uint_eq(err.detail.busy.batches, 0);
    ck_assert_uint_eq(err.detail.busy.snapshots, 0);
    ck_assert_uint_eq(err.detail.busy.iterators, 1);
    varve_error_release(&err);
    varve_iter_close(over_engine);
    store_close(engine);
}
END_TEST

/* What is closed before its iterators stays until the last of them is closed. */
START_TEST(owners_closed_early_still_count)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_snapshot *snapshot = NULL;
    varve_iter *it = NULL;

    ck_ok(store_put(engine, key_at("k", 0), bytes("v")), &err);
    ck_ok(varve_snapshot_open(engine, &snapshot, &err), &err);
    ck_ok(varve_iter_open(varve_snapshot_reader(snapshot), NULL, &it, &err), &err);
    varve_snapshot_close(snapshot);
    ck_status(varve_engine_close(engine, &err), VARVE_BUSY, &err);
    varve_error_release(&err);
    ck_assert(varve_iter_seek_ge(it, bytes("")));
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: open handles");
    TCase *cases = tcase_create("handles");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, control_closing_under_an_iterator);
    tcase_add_test(cases, closing_with_open_handles_is_refused);
    tcase_add_test(cases, owners_closed_early_still_count);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
