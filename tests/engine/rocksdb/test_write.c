/*
 * What is durable when, and administration that writes.
 */
#include <signal.h>

#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"

/* ---- When the log is synced */

/* How often a file whose name contains `name` is synced by one commit of one record. */
static unsigned long syncs_of_commit(varve_engine *engine, varve_durability how, const char *name)
{
    varve_batch *batch = NULL;
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), key_at("k", 0), bytes("v"), &err), &err);
    fault_arm(FAULT_SYNC, name, 0);
    ck_ok(varve_batch_commit(batch, how, &err), &err);
    unsigned long count = fault_disarm();
    varve_batch_close(batch);
    return count;
}

START_TEST(a_commit_syncs_if_asked)
{
    varve_engine *engine = store_open(place_path("s"));

    ck_assert_uint_eq(syncs_of_commit(engine, VARVE_SYNC, ".log"), 1);
    ck_assert_uint_eq(syncs_of_commit(engine, VARVE_NO_SYNC, ".log"), 0);
    ck_assert_uint_eq(syncs_of_commit(engine, VARVE_SYNC, ".log"), 1);
    store_close(engine);
}
END_TEST

START_TEST(the_writer_of_the_engine_syncs_as_its_option_says)
{
    varve_options options = store_options(place_path("s"));

    for (int how = VARVE_SYNC; how <= VARVE_NO_SYNC; how++) {
        options.writer_durability = (varve_durability)how;
        varve_engine *engine = store_open_with(&options);
        fault_arm(FAULT_SYNC, ".log", 0);
        ck_ok(store_put(engine, key_at("k", 0), bytes("v")), &err);
        ck_assert_uint_eq(fault_disarm(), how == VARVE_SYNC ? 1 : 0);
        store_close(engine);
    }
}
END_TEST

START_TEST(never_means_never_until_the_engine_is_told)
{
    varve_options options = store_options(place_path("s"));
    options.never_sync = true;
    varve_engine *engine = store_open_with(&options);

    ck_assert_uint_eq(syncs_of_commit(engine, VARVE_SYNC, "/s/"), 0);
    fault_arm(FAULT_SYNC, ".log", 0);
    ck_ok(varve_engine_sync(engine, &err), &err);
    ck_assert_uint_eq(fault_disarm(), 1);
    store_close(engine);
}
END_TEST

/* Syncing writes an empty record: it must not count as a write, nor trouble the next opening. */
START_TEST(syncing_changes_nothing_else)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_engine_info before = {.struct_size = sizeof before};
    varve_engine_info after = {.struct_size = sizeof after};
    varve_status status;

    for (unsigned round = 0; round < 3; round++) {
        ck_ok(store_put(engine, key_number(round), bytes("v")), &err);
        ck_ok(varve_engine_get_info(engine, &before, &err), &err);
        ck_ok(varve_engine_sync(engine, &err), &err);
        ck_ok(varve_engine_sync(engine, &err), &err);
        ck_ok(varve_engine_get_info(engine, &after, &err), &err);
        ck_assert_uint_eq(after.sequence, before.sequence);
    }
    ck_assert_uint_eq(after.sequence, 3);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 3);
    ck_ok(varve_engine_get_info(engine, &after, &err), &err);
    ck_assert_uint_eq(after.sequence, 3);
    store_close(engine);
}
END_TEST

/* Without a log there is nothing to sync: the tables are written, and they are. */
START_TEST(without_a_log_syncing_flushes)
{
    varve_options options = store_options(place_path("s"));
    options.wal = VARVE_WAL_OFF;
    varve_engine *engine = store_open_with(&options);
    varve_engine_info info = {.struct_size = sizeof info};

    ck_assert_uint_eq(syncs_of_commit(engine, VARVE_SYNC, "/s/"), 0);
    fault_arm(FAULT_SYNC, ".sst", 0);
    ck_ok(varve_engine_sync(engine, &err), &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_ok(varve_engine_get_info(engine, &info, &err), &err);
    ck_assert_uint_eq(info.table_files, 1);
    store_close(engine);
}
END_TEST

/* ---- What the death of the process leaves */

static varve_wal_mode child_wal;
static bool child_flushes;

static void write_and_die(void)
{
    varve_options options = store_options(place_path("s"));
    options.wal = child_wal;
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 100);
    if (child_flushes)
        ck_ok(varve_engine_flush(engine, &err), &err);
    (void)raise(SIGKILL);
}

static unsigned survivors(varve_wal_mode wal, bool flushes)
{
    child_wal = wal;
    child_flushes = flushes;
    int status = in_child(write_and_die);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    varve_engine *engine = store_open(place_path("s"));
    varve_status walked;
    unsigned count = store_count(engine, &walked);
    ck_assert_int_eq(walked, VARVE_OK);
    store_close(engine);
    return count;
}

START_TEST(what_is_in_the_log_survives_the_process)
{
    ck_assert_uint_eq(survivors(VARVE_WAL_ON, false), 100);
}
END_TEST

START_TEST(what_is_in_no_log_dies_with_it)
{
    ck_assert_uint_eq(survivors(VARVE_WAL_OFF, false), 0);
}
END_TEST

START_TEST(but_not_after_a_flush)
{
    ck_assert_uint_eq(survivors(VARVE_WAL_OFF, true), 100);
}
END_TEST

START_TEST(closing_keeps_what_is_in_no_log)
{
    varve_options options = store_options(place_path("s"));
    varve_status status;
    options.wal = VARVE_WAL_OFF;
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 100);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 100);
    store_close(engine);
}
END_TEST

/* ---- Compaction */

START_TEST(compaction_leaves_one_level_of_what_is_alive)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_engine_info info = {.struct_size = sizeof info};
    varve_status status;

    for (int round = 0; round < 3; round++) {
        store_fill(engine, 100);
        ck_ok(varve_engine_flush(engine, &err), &err);
    }
    ck_ok(
        varve_writer_clear_range(varve_engine_writer(engine), key_number(10), key_number(90), &err),
        &err);
    ck_ok(varve_engine_get_info(engine, &info, &err), &err);
    ck_assert_uint_eq(info.table_files, 3);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_ok(varve_engine_get_info(engine, &info, &err), &err);
    ck_assert_uint_eq(info.table_files, 1);
    ck_assert_uint_eq(info.estimated_keys, 20);
    ck_assert_uint_eq(store_count(engine, &status), 20);
    /* What is already in the last level is written anew, not left. */
    fault_arm(FAULT_WRITE, ".sst", 0);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    store_close(engine);
}
END_TEST

static void three_tables(varve_engine *engine)
{
    for (int round = 0; round < 3; round++) {
        store_fill(engine, 100);
        ck_ok(varve_engine_flush(engine, &err), &err);
    }
}

/* RocksDB's call cannot say so. */
START_TEST(a_failed_compaction_is_told)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;

    three_tables(engine);
    fault_arm(FAULT_WRITE, ".sst", ENOSPC);
    status = varve_engine_compact(engine, &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_IO, &err);
    ck_assert_str_eq(err.message,
                     "compacting: 1 background errors, of which RocksDB tells no more");
    ck_assert_uint_eq(store_count(engine, &status), 100);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    ck_ok(varve_engine_compact(engine, &err), &err);
    store_close(engine);
}
END_TEST

/* After this one RocksDB stops, and later compactions do nothing at all. */
START_TEST(a_stopped_store_does_not_pretend_to_compact)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;

    three_tables(engine);
    fault_arm(FAULT_WRITE, ".sst", EIO);
    status = varve_engine_compact(engine, &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_IO, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "Input/output error"));
    varve_error_release(&err);
    ck_status(varve_engine_compact(engine, &err), VARVE_IO, &err);
    ck_assert_uint_eq(store_count(engine, &status), 100);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_ok(varve_engine_compact(engine, &err), &err);
    store_close(engine);
}
END_TEST

START_TEST(a_failed_flush_is_told)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;

    store_fill(engine, 100);
    fault_arm(FAULT_WRITE, ".sst", EIO);
    status = varve_engine_flush(engine, &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_IO, &err);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 100);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb write");
    TCase *cases = tcase_create("write");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, a_commit_syncs_if_asked);
    tcase_add_test(cases, the_writer_of_the_engine_syncs_as_its_option_says);
    tcase_add_test(cases, never_means_never_until_the_engine_is_told);
    tcase_add_test(cases, syncing_changes_nothing_else);
    tcase_add_test(cases, without_a_log_syncing_flushes);
    tcase_add_test(cases, what_is_in_the_log_survives_the_process);
    tcase_add_test(cases, what_is_in_no_log_dies_with_it);
    tcase_add_test(cases, but_not_after_a_flush);
    tcase_add_test(cases, closing_keeps_what_is_in_no_log);
    tcase_add_test(cases, compaction_leaves_one_level_of_what_is_alive);
    tcase_add_test(cases, a_failed_compaction_is_told);
    tcase_add_test(cases, a_stopped_store_does_not_pretend_to_compact);
    tcase_add_test(cases, a_failed_flush_is_told);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
