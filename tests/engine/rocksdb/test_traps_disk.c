/*
 * Traps: a full disk ends the process of a RocksDB that has assertions; so does a sync of the log
 * after a failed write, and a write after a full disk in some cases; and a commit whose sync has
 * failed is there after the next opening, though RocksDB called it failed.
 */
#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"
#include "tests/engine/rocksdb/small_disk.h"

/* ---- A disk that is really full */

static void wait_until_writable(varve_engine *engine, unsigned number)
{
    time_t end = time(NULL) + HEALING_SECONDS_MAX;
    while (store_put(engine, key_number(number), noise()) != VARVE_OK) {
        ck_assert_int_lt(time(NULL), end);
        pause_briefly();
    }
}

/* Until RocksDB goes on: then a flush succeeds, whatever has become of the log. */
static void wait_until_healed(varve_engine *engine)
{
    time_t end = time(NULL) + HEALING_SECONDS_MAX;
    varve_error_release(&err);
    while (varve_engine_flush(engine, &err) != VARVE_OK) {
        ck_assert_int_lt(time(NULL), end);
        varve_error_release(&err);
        pause_briefly();
    }
}

static void raw_fill_up(void)
{
    static char value[4001];
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    memset(value, 'v', sizeof value - 1);
    for (int failures = 0; failures < 100;) {
        char *text = raw_put(db, "k", value);
        failures += text != NULL;
        rocksdb_free(text);
    }
    rocksdb_close(db);
}

START_TEST(control_a_full_disk_ends_the_process)
{
    if (mount_small_disk())
        expect_death(in_child(raw_fill_up), "a full disk");
}
END_TEST

START_TEST(a_full_disk_is_an_answer)
{
    varve_status status;

    if (!mount_small_disk())
        return;
    place_ballast();
    varve_options options = store_options(place_path("s"));
    options.write_buffer_bytes = 4 << 20;
    varve_engine *engine = store_open_with(&options);
    unsigned count = fill_up_for_good(engine);
    ck_assert_uint_gt(count, 0); /* how many depends on what is flushed meanwhile */

    /* It stays an answer, whatever is asked; and all that went in is there. */
    for (int i = 0; i < 50; i++)
        ck_status(store_put(engine, key_number(count), noise()), VARVE_NO_SPACE, &err);
    ck_status(varve_engine_sync(engine, &err), VARVE_NO_SPACE, &err);
    ck_status(varve_engine_flush(engine, &err), VARVE_NO_SPACE, &err);
    ck_status(varve_engine_compact(engine, &err), VARVE_NO_SPACE, &err);
    ck_assert_uint_eq(store_count(engine, &status), count);
    ck_assert_int_eq(status, VARVE_OK);

    ck_assert_int_eq(unlink(place_path("ballast")), 0);
    ck_assert_int_eq(unlink(place_path("rest")), 0);
    wait_until_healed(engine);
    status = store_put(engine, key_number(count), noise());
    if (status != VARVE_OK) { /* the log was full when nothing was in memory */
        ck_status(status, VARVE_NO_SPACE, &err);
        ck_assert_ptr_nonnull(strstr(err.message, "reopen the store"));
        store_close(engine);
        engine = store_open_with(&options);
        ck_ok(store_put(engine, key_number(count), noise()), &err);
    }
    ck_assert_uint_eq(store_count(engine, &status), count + 1);
    store_close(engine);
    engine = store_open_with(&options);
    ck_assert_uint_eq(store_count(engine, &status), count + 1);
    store_close(engine);
}
END_TEST

/* Closing and opening while there is no space. */
START_TEST(a_full_disk_can_be_closed_and_opened)
{
    varve_status status;

    if (!mount_small_disk())
        return;
    place_ballast();
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = store_open_with(&options);
    unsigned count = fill_up(engine, 0, &status);
    ck_status(status, VARVE_NO_SPACE, &err);
    store_close(engine);

    varve_error_release(&err);
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_NO_SPACE, &err);
    ck_assert_ptr_null(engine);
    varve_error_release(&err);
    /* For reading it opens all the same. */
    options.read_only = true;
    engine = store_open_with(&options);
    ck_assert_uint_eq(store_count(engine, &status), count);
    store_close(engine);

    ck_assert_int_eq(unlink(place_path("ballast")), 0);
    options.read_only = false;
    engine = store_open_with(&options);
    ck_assert_uint_eq(store_count(engine, &status), count);
    ck_ok(store_put(engine, key_number(count), noise()), &err);
    store_close(engine);
}
END_TEST

START_TEST(there_is_no_room_for_a_new_store)
{
    varve_engine *engine = NULL;

    if (!mount_small_disk())
        return;
    char *rest = calloc(1, DISK_BYTES);
    int file = open(place_path("rest"), O_CREAT | O_WRONLY, 0644);
    while (write(file, rest, DISK_BYTES) > 0)
        continue;
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_int_eq(close(file), 0);
    free(rest);
    varve_options options = store_options(place_path("s"));
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_NO_SPACE, &err);
    ck_assert_ptr_null(engine);
    ck_assert_int_eq(unlink(place_path("rest")), 0);
    store_close(store_open_with(&options));
}
END_TEST

/* ---- Any user can have a disk that says it is full */

static void raw_write_on_full_disk(void)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    fault_arm(FAULT_WRITE, "/raw/", ENOSPC);
    for (int i = 0; i < 100; i++)
        rocksdb_free(raw_put(db, "k", "v"));
    _exit(fault_disarm() > 0 ? 0 : 1);
}

START_TEST(control_writes_that_fail_end_the_process)
{
    int status = in_child(raw_write_on_full_disk);
    expect_death(status, "a write to a full disk");
}
END_TEST

/*
 * Where the disk says it is full: the tables, everything.  In both cases RocksDB cannot get rid of
 * what it has in memory, and so cannot go on.
 */
static const char *const full_places[] = {".sst", "/s/"};

START_TEST(writes_that_fail_are_answers)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;

    store_fill(engine, 100);
    fault_arm(FAULT_WRITE, full_places[_i], ENOSPC);
    if (strcmp(full_places[_i], ".sst") == 0)
        ck_status(varve_engine_flush(engine, &err), VARVE_NO_SPACE, &err);
    for (int i = 0; i < 20; i++)
        ck_status(store_put(engine, key_number(100), bytes("v")), VARVE_NO_SPACE, &err);
    ck_status(varve_engine_sync(engine, &err), VARVE_NO_SPACE, &err);
    ck_assert_uint_eq(store_count(engine, &status), 100);
    unsigned long fired = fault_disarm();
    printf("a full disk at %s: fired %lu times\n", full_places[_i], fired);
    ck_assert_uint_gt(fired, 0);
    wait_until_writable(engine, 100);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 101);
    store_close(engine);
}
END_TEST

/*
 * If it is only the log that finds no space, RocksDB makes a table of what is in memory and goes on
 * with another log, at once; so only the first write is sure to fail.
 */
START_TEST(a_write_to_the_log_that_fails_is_an_answer)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;

    store_fill(engine, 100);
    fault_arm(FAULT_WRITE, ".log", ENOSPC);
    status = store_put(engine, key_number(100), bytes("v"));
    unsigned long fired = fault_disarm();
    printf("a full disk at .log: fired %lu times\n", fired);
    ck_assert_uint_eq(fired, 1);
    ck_status(status, VARVE_NO_SPACE, &err);
    ck_status(store_has(engine, key_number(100)), VARVE_NOT_FOUND, &err);
    wait_until_writable(engine, 101);
    ck_assert_uint_eq(store_count(engine, &status), 101);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 101);
    ck_status(store_has(engine, key_number(100)), VARVE_NOT_FOUND, &err);
    store_close(engine);
}
END_TEST

static void raw_write_after_healing(void)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_info_log_level(options, 4); /* the cure of the trap above */
    rocksdb_t *db = raw_open(options, place_path("raw"));
    fault_arm(FAULT_WRITE, ".log", ENOSPC);
    rocksdb_free(raw_put(db, "k", "v"));
    if (fault_disarm() == 0)
        _exit(1);
    for (int i = 0; i < 1000; i++) { /* the first after the healing ends it */
        pause_briefly();
        rocksdb_free(raw_put(db, "k", "v"));
    }
}

START_TEST(control_healing_with_an_empty_memtable_ends_the_process)
{
    int status = in_child(raw_write_after_healing);
    expect_death(status, "a write after a full disk that met an empty memtable");
}
END_TEST

/* The same is an answer: reading goes on, and a reopened store takes writes. */
START_TEST(healing_with_an_empty_memtable_needs_a_reopening)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;

    store_fill(engine, 100);
    ck_ok(varve_engine_flush(engine, &err), &err);
    fault_arm(FAULT_WRITE, ".log", ENOSPC);
    status = store_put(engine, key_number(100), bytes("v"));
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_NO_SPACE, &err);
    for (int i = 0; i < 100; i++) {
        pause_briefly();
        ck_status(store_put(engine, key_number(100), bytes("v")), VARVE_NO_SPACE, &err);
        ck_assert_ptr_nonnull(strstr(err.message, "reopen the store"));
    }
    ck_status(varve_engine_sync(engine, &err), VARVE_NO_SPACE, &err);
    ck_status(varve_engine_compact(engine, &err), VARVE_NO_SPACE, &err);
    wait_until_healed(engine);
    ck_status(store_put(engine, key_number(100), bytes("v")), VARVE_NO_SPACE, &err);
    ck_assert_uint_eq(store_count(engine, &status), 100);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 100);
    ck_ok(store_put(engine, key_number(100), bytes("v")), &err);
    store_close(engine);
}
END_TEST

/* ---- Syncs that fail */

static void raw_sync_after_failure(void)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_info_log_level(options, 4); /* the cure of the other trap */
    rocksdb_t *db = raw_open(options, place_path("raw"));
    char *text = NULL;
    fault_arm(FAULT_WRITE, ".log", EIO);
    rocksdb_free(raw_put(db, "k", "v"));
    if (fault_disarm() == 0)
        _exit(1);
    rocksdb_flush_wal(db, 1, &text);
}

START_TEST(control_a_sync_after_a_failed_write_ends_the_process)
{
    int status = in_child(raw_sync_after_failure);
    expect_death(status, "a sync after a failed write");
}
END_TEST

START_TEST(a_sync_after_a_failed_write_is_an_answer)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;

    ck_ok(store_put(engine, key_number(0), bytes("v")), &err);
    fault_arm(FAULT_WRITE, ".log", EIO);
    status = store_put(engine, key_number(1), bytes("v"));
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_IO, &err);
    ck_status(varve_engine_sync(engine, &err), VARVE_IO, &err);
    ck_ok(store_has(engine, key_number(0)), &err);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 1);
    store_close(engine);
}
END_TEST

/* Commit one numbered record, synced. */
static varve_status commit_synced(varve_engine *engine, unsigned number)
{
    varve_batch *batch = NULL;
    varve_error_release(&err);
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    ck_ok(varve_writer_put(varve_batch_writer_of(batch), key_number(number), bytes("v"), &err),
          &err);
    varve_status status = varve_batch_commit(batch, VARVE_SYNC, &err);
    varve_batch_close(batch);
    return status;
}

/*
 * The control is in the test: what RocksDB calls an I/O error, like that of a write which is gone,
 * is there after the next opening.  Only "unknown" is true of it.
 */
START_TEST(a_failed_sync_leaves_the_commit_unknown)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;

    ck_ok(commit_synced(engine, 0), &err);
    fault_arm(FAULT_SYNC, ".log", EIO);
    status = commit_synced(engine, 1);
    unsigned long fired = fault_disarm();
    printf("a failed sync of the log: fired %lu times\n", fired);
    ck_assert_uint_eq(fired, 1);
    ck_status(status, VARVE_COMMIT_UNKNOWN, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "While fdatasync"));

    /* From here on RocksDB takes nothing: these are certainly not done. */
    ck_status(commit_synced(engine, 2), VARVE_IO, &err);
    ck_status(store_put(engine, key_number(3), bytes("v")), VARVE_IO, &err);
    /* And a sync cannot say that what was committed before is safe. */
    varve_error_release(&err);
    ck_status(varve_engine_sync(engine, &err), VARVE_COMMIT_UNKNOWN, &err);
    ck_status(varve_engine_flush(engine, &err), VARVE_IO, &err);
    ck_ok(store_has(engine, key_number(0)), &err);
    ck_status(store_has(engine, key_number(1)), VARVE_NOT_FOUND, &err);
    store_close(engine);

    engine = store_open(place_path("s"));
    ck_ok(store_has(engine, key_number(0)), &err);
    status = store_has(engine, key_number(1));
    printf("control: after a reopen the commit that failed is %s\n",
           status == VARVE_OK ? "there" : "not there");
    ck_assert_int_eq(status, VARVE_OK);
    ck_status(store_has(engine, key_number(2)), VARVE_NOT_FOUND, &err);
    ck_status(store_has(engine, key_number(3)), VARVE_NOT_FOUND, &err);
    ck_ok(commit_synced(engine, 4), &err);
    store_close(engine);
}
END_TEST

/* The kernel tells of a failed sync once; the next one would succeed without having done its work.
 */
START_TEST(a_failed_sync_is_not_forgotten)
{
    varve_engine *engine = store_open(place_path("s"));

    store_fill(engine, 10);
    fault_arm(FAULT_SYNC, ".log", EIO);
    varve_status status = varve_engine_sync(engine, &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_COMMIT_UNKNOWN, &err);
    ck_status(varve_engine_sync(engine, &err), VARVE_COMMIT_UNKNOWN, &err);
    store_close(engine);
}
END_TEST

/* A failed sync of something else in the background: commits are refused, not unknown. */
START_TEST(a_failed_sync_of_a_table_leaves_nothing_unknown)
{
    varve_engine *engine = store_open(place_path("s"));
    static const char *const names[] = {".sst", "MANIFEST"};

    store_fill(engine, 10);
    fault_arm(FAULT_SYNC, names[_i], EIO);
    varve_status status = varve_engine_flush(engine, &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_status(status, VARVE_IO, &err);
    ck_status(commit_synced(engine, 11), VARVE_IO, &err);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), 10);
    store_close(engine);
}
END_TEST

/* A full disk can show at the sync, too, and heals. */
START_TEST(a_full_disk_during_a_sync_is_unknown_and_heals)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_status walked;

    for (unsigned round = 0; round < 3; round++) {
        store_fill(engine, 10);
        fault_arm(FAULT_SYNC, ".log", ENOSPC);
        varve_status status = commit_synced(engine, 10);
        ck_assert_uint_ge(fault_disarm(), 1);
        ck_status(status, VARVE_COMMIT_UNKNOWN, &err);
        wait_until_writable(engine, 11);
        ck_assert_uint_ge(store_count(engine, &walked), 11);
    }
    store_close(engine);
}
END_TEST

/*
 * RocksDB tries to go on, with a new log, and cannot as long as the disk is full.  What it refuses
 * meanwhile it explains with the sync that failed; but it is not there, and nobody needs to look.
 */
START_TEST(commits_after_a_full_disk_during_a_sync_are_not_unknown)
{
    varve_engine *engine = store_open(place_path("s"));
    time_t end = time(NULL) + HEALING_SECONDS_MAX;
    varve_status walked;

    store_fill(engine, 10);
    fault_arm(FAULT_SYNC, "/s", ENOSPC);
    ck_status(commit_synced(engine, 10), VARVE_COMMIT_UNKNOWN, &err);
    do {
        pause_briefly();
        ck_status(commit_synced(engine, 11), VARVE_NO_SPACE, &err);
        ck_assert_int_lt(time(NULL), end);
    } while (atomic_load(&fault.fired) < 2); /* the table that was to replace the log */
    ck_status(commit_synced(engine, 11), VARVE_NO_SPACE, &err);
    (void)fault_disarm();
    wait_until_writable(engine, 12);
    store_close(engine);
    /* Healed with another log, so that the first one is no longer unknown either. */
    engine = store_open(place_path("s"));
    ck_status(store_has(engine, key_number(10)), VARVE_NOT_FOUND, &err);
    ck_status(store_has(engine, key_number(11)), VARVE_NOT_FOUND, &err);
    ck_assert_uint_eq(store_count(engine, &walked), 11);
    store_close(engine);
}
END_TEST

/*
 * A synced commit syncs all logs that have not been, the oldest first; the record is in the newest.
 * Here that is the first one of a new log, and RocksDB, with nothing in memory to get rid of, goes
 * on with that log: what it calls failed is there again when the log is read.
 */
START_TEST(a_full_disk_during_a_sync_of_an_older_log)
{
    varve_options options = store_options(place_path("s"));
    varve_engine_state state = {.struct_size = sizeof state};
    options.write_buffer_bytes = 1 << 16;
    /* A full memtable waits for a second one, and its log with it. */
    options.rocksdb_options = "min_write_buffer_number_to_merge=2;max_write_buffer_number=4";
    varve_engine *engine = store_open_with(&options);
    ck_ok(store_put(engine, key_number(0), repeated('v', 1 << 17)), &err);
    const char *older = strrchr(file_find(place_path("s"), ".log"), '/');

    fault_arm(FAULT_SYNC, older, ENOSPC);
    varve_status status = commit_synced(engine, 1);
    ck_assert_uint_eq(fault_disarm(), 1);
    ck_status(status, VARVE_COMMIT_UNKNOWN, &err);
    wait_until_healed(engine);
    ck_ok(varve_engine_get_state(engine, &state, &err), &err);
    ck_assert(state.commit_unknown);
    ck_status(store_put(engine, key_number(1), bytes("later")), VARVE_NO_SPACE, &err);
    ck_ok(varve_engine_recover(engine, NULL, &err), &err);

    /* What reads tell from here on is for good. */
    status = store_has(engine, key_number(1));
    printf("control: after a reopen the commit is %s\n",
           status == VARVE_OK ? "there" : "not there");
    ck_assert_int_eq(status, VARVE_OK);
    ck_ok(store_put(engine, key_number(1), bytes("later")), &err);
    store_close(engine);
    engine = store_open_with(&options);
    varve_buf value = VARVE_BUF_INIT;
    ck_ok(varve_reader_get(varve_engine_reader(engine), key_number(1), &value, &err), &err);
    ck_buf_text(&value, "later");
    varve_buf_release(&value);
    store_close(engine);
}
END_TEST

/* The version file is synced before anything else is made. */
START_TEST(a_new_store_needs_its_version_file_safe)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = NULL;
    static const struct {
        unsigned op;
        int code;
        varve_status status;
    } faults[] = {{FAULT_WRITE, ENOSPC, VARVE_NO_SPACE},
                  {FAULT_WRITE, EIO, VARVE_IO},
                  {FAULT_SYNC, EIO, VARVE_IO},
                  {FAULT_RENAME, EIO, VARVE_IO},
                  {FAULT_RENAME, ENOSPC, VARVE_NO_SPACE}};

    fault_arm(faults[_i].op, "VARVE_VERSION", faults[_i].code);
    varve_status status = varve_engine_open(&options, &engine, &err);
    ck_assert_uint_eq(fault_disarm(), 1);
    ck_status(status, faults[_i].status, &err);
    varve_error_release(&err);
    store_close(store_open_with(&options));
}
END_TEST

/* Every opening makes a manifest and names it in CURRENT, the last step of all. */
START_TEST(an_opening_whose_rename_fails_can_be_repeated)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = NULL;
    varve_status walked;

    for (unsigned round = 0; round < 3; round++) {
        fault_arm(FAULT_RENAME, "CURRENT", EIO);
        varve_status status = varve_engine_open(&options, &engine, &err);
        ck_assert_uint_ge(fault_disarm(), 1);
        ck_status(status, VARVE_IO, &err);
        ck_assert_ptr_null(engine);
        varve_error_release(&err);
        engine = store_open_with(&options);
        ck_assert_uint_eq(store_count(engine, &walked), 10 * round);
        for (unsigned i = 0; i < 10; i++)
            ck_ok(store_put(engine, key_number(10 * round + i), bytes("v")), &err);
        store_close(engine);
        engine = NULL;
    }
}
END_TEST

START_TEST(a_directory_that_cannot_be_synced_is_an_error)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = NULL;

    fault_arm(FAULT_SYNC, place, EIO); /* the parent, which is synced first */
    varve_status status = varve_engine_open(&options, &engine, &err);
    ck_assert_uint_eq(fault_disarm(), 1);
    ck_status(status, VARVE_IO, &err);
    varve_error_release(&err);
    /* File systems without such a thing say EINVAL. */
    place_remove(place_path("s"));
    fault_arm(FAULT_SYNC, place, EINVAL);
    status = varve_engine_open(&options, &engine, NULL);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_assert_int_eq(status, VARVE_IO); /* that of the version file itself */
    ck_assert_ptr_null(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: full and failing disks");
    TCase *cases = tcase_create("disks");

    tcase_add_checked_fixture(cases, place_setup, teardown);
    tcase_add_test(cases, control_a_full_disk_ends_the_process);
    tcase_add_test(cases, a_full_disk_is_an_answer);
    tcase_add_test(cases, a_full_disk_can_be_closed_and_opened);
    tcase_add_test(cases, there_is_no_room_for_a_new_store);
    tcase_add_test(cases, control_writes_that_fail_end_the_process);
    tcase_add_loop_test(cases, writes_that_fail_are_answers, 0, 2);
    tcase_add_test(cases, a_write_to_the_log_that_fails_is_an_answer);
    tcase_add_test(cases, control_healing_with_an_empty_memtable_ends_the_process);
    tcase_add_test(cases, healing_with_an_empty_memtable_needs_a_reopening);
    tcase_add_test(cases, control_a_sync_after_a_failed_write_ends_the_process);
    tcase_add_test(cases, a_sync_after_a_failed_write_is_an_answer);
    tcase_add_test(cases, a_failed_sync_leaves_the_commit_unknown);
    tcase_add_test(cases, a_failed_sync_is_not_forgotten);
    tcase_add_loop_test(cases, a_failed_sync_of_a_table_leaves_nothing_unknown, 0, 2);
    tcase_add_test(cases, a_full_disk_during_a_sync_is_unknown_and_heals);
    tcase_add_test(cases, commits_after_a_full_disk_during_a_sync_are_not_unknown);
    tcase_add_test(cases, a_full_disk_during_a_sync_of_an_older_log);
    tcase_add_loop_test(cases, a_new_store_needs_its_version_file_safe, 0, 5);
    tcase_add_test(cases, an_opening_whose_rename_fails_can_be_repeated);
    tcase_add_test(cases, a_directory_that_cannot_be_synced_is_an_error);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
