/*
 * Checkpoints: a store like any other, or nothing at all.
 */
#include <dirent.h>
#include <pthread.h>

#include <varve/sst.h>

#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"

static varve_status checkpoint(varve_engine *engine, const char *name)
{
    varve_error_release(&err);
    return varve_engine_checkpoint(engine, place_path(name), &err);
}

/* How many names there are in the directory of the test. */
static unsigned names_in_place(void)
{
    unsigned count = 0;
    DIR *dir = opendir(place);
    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

static void check_count(const char *name, unsigned expected)
{
    varve_status status;
    varve_engine *engine = store_open(place_path(name));
    ck_assert_uint_eq(store_count(engine, &status), expected);
    ck_assert_int_eq(status, VARVE_OK);
    store_close(engine);
}

/* ---- What it is */

START_TEST(a_checkpoint_is_a_store_like_any_other)
{
    size_t size;
    size_t copy_size;
    varve_status status;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 1000);
    ck_ok(varve_engine_flush(engine, &err), &err);
    store_fill(engine, 1500); /* in the memtable, in part over the tables */
    ck_ok(checkpoint(engine, "c"), &err);
    ck_assert_uint_eq(names_in_place(), 2);
    ck_ok(store_put(engine, key_number(5000), bytes("later")), &err);

    /* Both are open for writing at the same time, and neither knows of the other. */
    varve_engine *copy = store_open(place_path("c"));
    ck_assert_uint_eq(store_count(copy, &status), 1500);
    ck_assert_int_eq(store_has(copy, key_number(5000)), VARVE_NOT_FOUND);
    ck_ok(store_put(copy, key_number(6000), bytes("other")), &err);
    ck_ok(varve_engine_compact(copy, &err), &err);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_assert_uint_eq(store_count(engine, &status), 1501);
    ck_assert_uint_eq(store_count(copy, &status), 1501);
    store_close(copy);
    store_close(engine);
    unsigned char *version = file_read(place_path("s/VARVE_VERSION"), &size);
    unsigned char *version_copy = file_read(place_path("c/VARVE_VERSION"), &copy_size);
    ck_slice_eq(varve_slice_of(version_copy, copy_size), varve_slice_of(version, size));
    free(version);
    free(version_copy);
}
END_TEST

START_TEST(it_has_what_bypassed_the_log)
{
    varve_options options = store_options(place_path("s"));
    options.wal = VARVE_WAL_OFF;
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 100);
    ck_ok(checkpoint(engine, "c"), &err);
    check_count("c", 100);
    store_close(engine);
}
END_TEST

START_TEST(an_empty_store_has_one_too)
{
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(checkpoint(engine, "c"), &err);
    store_close(engine);
    check_count("c", 0);
}
END_TEST

START_TEST(a_checkpoint_of_a_checkpoint)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    ck_ok(checkpoint(engine, "c"), &err);
    store_close(engine);
    engine = store_open(place_path("c"));
    ck_ok(checkpoint(engine, "d"), &err);
    store_close(engine);
    place_remove(place_path("c"));
    check_count("d", 10);
}
END_TEST

/* ---- By an engine that only reads */

static varve_engine *reader_open(void)
{
    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    return store_open_with(&options);
}

static void spoil(varve_engine *engine)
{
    ck_ok(
        varve_writer_clear_range(varve_engine_writer(engine), key_number(0), key_number(500), &err),
        &err);
    ck_ok(varve_engine_compact(engine, &err), &err);
}

START_TEST(whoever_reads_makes_one_beside_the_writer)
{
    varve_status status;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 1000);
    ck_ok(varve_engine_flush(engine, &err), &err);
    varve_engine *reader = reader_open();
    /* The reader does not see these: the first are in a table, the others in the log. */
    store_fill(engine, 1200);
    ck_ok(varve_engine_flush(engine, &err), &err);
    store_fill(engine, 1500);
    ck_ok(checkpoint(reader, "c"), &err);
    ck_assert_uint_eq(store_count(reader, &status), 1000);
    ck_assert_uint_eq(names_in_place(), 2);

    varve_engine *copy = store_open(place_path("c"));
    ck_assert_uint_eq(store_count(copy, &status), 1500);
    /* What becomes of the one is nothing to the other. */
    spoil(copy);
    ck_assert_uint_eq(store_count(copy, &status), 1000);
    ck_assert_uint_eq(store_count(engine, &status), 1500);
    store_fill(copy, 1);
    spoil(engine);
    ck_assert_uint_eq(store_count(engine, &status), 1000);
    ck_assert_uint_eq(store_count(copy, &status), 1001);
    store_close(copy);
    store_close(reader);
    store_close(engine);
    check_count("c", 1001);
}
END_TEST

START_TEST(so_does_a_follower_and_who_reads_alone)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    options.secondary_path = place_path("follower");
    varve_engine *follower = store_open_with(&options);
    ck_ok(checkpoint(follower, "c"), &err);
    store_close(follower);
    store_close(engine);
    engine = reader_open();
    ck_ok(checkpoint(engine, "d"), &err);
    store_close(engine);
    check_count("c", 10);
    check_count("d", 10);
}
END_TEST

/* A table that is being made: the writer may go on writing to it for long. */
START_TEST(tables_that_are_none_yet_stay_behind)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    ck_ok(varve_engine_flush(engine, &err), &err);
    file_write_text(place_path("s/000900.sst"), "half of a table");
    varve_engine *reader = reader_open();
    ck_ok(checkpoint(reader, "c"), &err);
    ck_assert_int_ne(access(place_path("c/000900.sst"), F_OK), 0);
    store_close(reader);
    store_close(engine);
    check_count("c", 10);
}
END_TEST

START_TEST(without_its_tables_there_is_none)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    store_close(engine);
    engine = reader_open();
    ck_assert_int_eq(unlink(place_path("s/CURRENT")), 0);
    ck_assert_int_lt(checkpoint(engine, "c"), 0);
    store_close(engine);
    ck_assert_uint_eq(names_in_place(), 1);
}
END_TEST

/* With an option of RocksDB it puts large values into files beside the tables. */
START_TEST(values_that_lie_beside_the_tables_come_along)
{
    varve_status status;
    varve_options options = store_options(place_path("s"));
    options.rocksdb_options = "enable_blob_files=true";
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, 100);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(store_put(engine, key_number(100), bytes("in the log")), &err);
    (void)file_find(place_path("s"), ".blob");
    varve_engine *reader = reader_open();
    file_write_text(place_path("s/000900.blob"), "half of such a file");
    ck_ok(checkpoint(reader, "c"), &err);
    store_close(reader);
    store_close(engine);
    place_remove(place_path("s"));
    check_count("c", 101);
    engine = store_open(place_path("c"));
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_assert_uint_eq(store_count(engine, &status), 101);
    ck_ok(status, &err);
    store_close(engine);
}
END_TEST

static struct {
    const char *folder; /* whose logs come to be one after the other; NULL = they all are there */
    uint64_t logs[8];   /* their numbers, ascending */
    unsigned count;
    unsigned listings;    /* so far */
    unsigned during;      /* the logs come to be during this listing, and it misses one of them */
    varve_engine *behind; /* changes its files right behind this listing; or NULL */
} birth;

/* Whether a log is there, or was there when the listing came to its place. */
static bool is_listed(uint64_t number)
{
    bool is_first = number <= birth.logs[0];
    bool is_last = number >= birth.logs[birth.count - 1];
    return is_first || birth.listings > birth.during || (birth.listings == birth.during && is_last);
}

/* A writer has new tables, and no logs any more that are not empty. */
static void change_behind(void)
{
    const char *folder = birth.folder;
    varve_engine *engine = birth.behind;
    birth.folder = NULL;
    birth.behind = NULL;
    ck_ok(store_put(engine, key_number(0), bytes("again")), &err);
    ck_ok(varve_engine_compact(engine, &err), &err);
    birth.folder = folder;
}

static bool is_hidden(const struct dirent *entry)
{
    char *end;
    uint64_t number = strtoull(entry->d_name, &end, 10);
    return birth.count > 0 && strcmp(end, ".log") == 0 && !is_listed(number);
}

/* Only for the thread of the test: RocksDB has others that look at its files. */
static _Thread_local bool is_of_test;

static bool is_in(DIR *dir, const char *folder)
{
    struct stat here;
    struct stat there;
    return folder != NULL && fstat(dirfd(dir), &here) == 0 && stat(folder, &there) == 0 &&
           here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static const char *vanishing; /* the path of a file that is gone when it has been listed */

static void let_vanish(DIR *dir, const struct dirent *entry)
{
    if (vanishing != NULL && entry != NULL && birth.listings >= birth.during &&
        strcmp(entry->d_name, strrchr(vanishing, '/') + 1) == 0)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
}

static void watch(void)
{
    is_of_test = true;
    birth.folder = place_path("s");
}

FAULT_EXPORT struct dirent *readdir(DIR *dir);

/* What comes to be while a directory is listed is listed or not, whatever came before it. */
struct dirent *readdir(DIR *dir)
{
    struct dirent *(*real)(DIR *);
    fault_find_real("readdir", &real);
    struct dirent *entry = real(dir);
    if (!is_of_test)
        return entry;
    let_vanish(dir, entry);
    if (!is_in(dir, birth.folder))
        return entry;
    while (entry != NULL && is_hidden(entry))
        entry = real(dir);
    birth.listings += entry == NULL;
    if (entry == NULL && birth.listings == birth.during + 1 && birth.behind != NULL)
        change_behind();
    return entry;
}

static int compare_logs(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;
    return (*a > *b) - (*a < *b);
}

static void find_logs(const char *folder)
{
    char *end;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    birth.count = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        uint64_t number = strtoull(entry->d_name, &end, 10);
        if (strcmp(end, ".log") != 0)
            continue;
        ck_assert_uint_lt(birth.count, sizeof birth.logs / sizeof birth.logs[0]);
        birth.logs[birth.count++] = number;
    }
    (void)closedir(dir);
    qsort(birth.logs, birth.count, sizeof birth.logs[0], compare_logs);
}

/* A writer whose memtables wait for each other, and their logs with them. */
static varve_engine *open_with_logs(void)
{
    varve_options options = store_options(place_path("s"));
    options.write_buffer_bytes = 64 << 10;
    options.rocksdb_options = "max_write_buffer_number=20;min_write_buffer_number_to_merge=10";
    varve_engine *engine = store_open_with(&options);
    for (unsigned i = 0; birth.count < 4; i++) {
        ck_assert_uint_lt(i, 100000);
        ck_ok(store_put(engine, key_number(i), bytes("sixteen bytes...")), &err);
        if (i % 100 == 0)
            find_logs(place_path("s"));
    }
    return engine;
}

/* Whichever of the listings misses a log that came before another one: no commit is missing. */
START_TEST(logs_that_begin_during_a_listing_leave_no_hole)
{
    varve_engine *engine = open_with_logs();
    varve_engine *reader = reader_open();
    unsigned missed = 0;
    watch();
    do {
        varve_status status;
        birth.listings = 0;
        birth.during = missed++;
        ck_ok(checkpoint(reader, "c"), &err);
        varve_engine *copy = store_open(place_path("c"));
        unsigned count = store_count(copy, &status);
        ck_assert_uint_gt(count, 0);
        ck_assert_msg(store_has(copy, key_number(count - 1)) == VARVE_OK,
                      "of %u listings the one behind %u lost a log", birth.listings, missed - 1);
        store_close(copy);
        place_remove(place_path("c"));
    } while (birth.listings > birth.during);
    birth.folder = NULL;
    ck_assert_uint_gt(missed, 2);
    store_close(reader);
    store_close(engine);
}
END_TEST

/* RocksDB lists them when it opens for reading, and would go on behind the hole. */
START_TEST(nor_for_whoever_opens_the_store_for_reading)
{
    varve_engine *engine = open_with_logs();
    unsigned missed = 0;
    watch();
    do {
        varve_status status;
        birth.listings = 0;
        birth.during = missed++;
        varve_engine *reader = reader_open();
        unsigned count = store_count(reader, &status);
        ck_assert_uint_gt(count, 0);
        ck_assert_msg(store_has(reader, key_number(count - 1)) == VARVE_OK,
                      "of %u listings the one behind %u lost a log", birth.listings, missed - 1);
        store_close(reader);
    } while (birth.listings > birth.during);
    birth.folder = NULL;
    ck_assert_uint_gt(missed, 2);
    store_close(engine);
}
END_TEST

/* Behind whichever of the listings the writer flushes and compacts: the copy is made anew. */
START_TEST(a_writer_that_changes_its_files_makes_it_begin_anew)
{
    unsigned changes = 0;
    varve_engine *engine = store_open(place_path("s"));
    varve_engine *reader = NULL;
    store_fill(engine, 10);
    reader = reader_open();
    birth.count = 0;
    do {
        store_fill(engine, 10 + changes);
        birth.listings = 0;
        birth.during = changes++;
        birth.behind = engine;
        watch();
        ck_ok(checkpoint(reader, "c"), &err);
        birth.folder = NULL;
        check_count("c", 10 + changes - 1);
        place_remove(place_path("c"));
    } while (birth.behind == NULL);
    ck_assert_uint_gt(changes, 4);
    birth.behind = NULL;
    store_close(reader);
    store_close(engine);
}
END_TEST

/* One whose records are in tables goes at any time, and the manifest stays as it is. */
START_TEST(a_log_that_goes_is_not_missed)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_ok(store_put(engine, key_number(10), bytes("in the log")), &err);
    varve_engine *reader = reader_open();
    for (int i = 0; i < 8; i++) {
        const char name[] = {'c', (char)('0' + i), '\0'};
        file_write_text(place_path("s/000001.log"), "old");
        watch();
        birth.listings = 0;
        birth.during = (unsigned)i;
        vanishing = place_path("s/000001.log");
        varve_status status = checkpoint(reader, name);
        vanishing = NULL;
        birth.folder = NULL;
        ck_ok(status, &err);
        (void)unlink(place_path("s/000001.log"));
        check_count(name, 11);
    }
    store_close(reader);
    store_close(engine);
}
END_TEST

/* Whatever is copied is on the disk before the copy has its name. */
START_TEST(copies_are_synced)
{
    static const char *const files[] = {".log", "/MANIFEST-", "/CURRENT", "/VARVE_VERSION"};
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    varve_engine *reader = reader_open();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char name[] = {'c', (char)('0' + i), '\0'};
        fault_arm(FAULT_SYNC, files[i], 0);
        ck_ok(checkpoint(reader, name), &err);
        ck_assert_msg(fault_disarm() == 1, "%s", files[i]);
    }
    store_close(reader);
    store_close(engine);
}
END_TEST

/* ---- What is refused */

START_TEST(what_exists_is_left_alone)
{
    size_t size;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    file_write_text(place_path("file"), "mine");
    ck_assert_int_eq(mkdir(place_path("dir"), 0755), 0);
    ck_assert_int_eq(symlink("nowhere", place_path("link")), 0);
    static const char *const names[] = {"file", "dir", "link", "s"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_status(checkpoint(engine, names[i]), VARVE_INVALID_ARGUMENT, &err);
        ck_assert_ptr_nonnull(strstr(err.message, "exists"));
    }
    ck_assert_uint_eq(names_in_place(), 4);
    unsigned char *data = file_read(place_path("file"), &size);
    ck_slice_eq(varve_slice_of(data, size), bytes("mine"));
    free(data);
    ck_assert_int_eq(rmdir(place_path("dir")), 0);
    ck_status(checkpoint(engine, "no/c"), VARVE_IO, &err);
    ck_status(varve_engine_checkpoint(engine, "", &err), VARVE_INVALID_ARGUMENT, &err);
    ck_status(varve_engine_checkpoint(engine, NULL, &err), VARVE_INVALID_ARGUMENT, &err);
    store_close(engine);
}
END_TEST

START_TEST(only_stores_on_the_disk_have_them)
{
    static const varve_backend backends[] = {VARVE_BACKEND_ROCKSDB_MEMORY, VARVE_BACKEND_MEM};
    for (size_t i = 0; i < 2; i++) {
        varve_options options = {.struct_size = sizeof options, .backend = backends[i]};
        varve_engine *engine = store_open_with(&options);
        ck_status(checkpoint(engine, "c"), VARVE_UNSUPPORTED, &err);
        store_close(engine);
    }
    ck_assert_uint_eq(names_in_place(), 0);
}
END_TEST

static varve_status without_memory(void *context, varve_error *error)
{
    varve_status status = varve_engine_checkpoint(context, place_path("c"), error);
    ck_assert_uint_eq(names_in_place(), status == VARVE_OK ? 2 : 1);
    return status;
}

START_TEST(without_memory_nothing_is_left)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    ck_assert_uint_gt(fault_alloc_each(without_memory, engine), 3);
    store_close(engine);
    check_count("c", 10);
    place_remove(place_path("c"));
    engine = reader_open();
    ck_assert_uint_gt(fault_alloc_each(without_memory, engine), 3);
    store_close(engine);
    check_count("c", 10);
}
END_TEST

/* ---- Beside writers */

#define PAIRS 3000
#define CHECKPOINTS 4

/* Two records in one commit, one after the other. */
static void *write_pairs(void *arg)
{
    varve_engine *engine = arg;
    varve_batch *batch = NULL;
    ck_assert_int_eq(varve_batch_open(engine, VARVE_BATCH_WRITE_ONLY, &batch, NULL), VARVE_OK);
    for (unsigned i = 0; i < PAIRS; i++) {
        unsigned char key[6] = {
            'k', (unsigned char)(1 + i / 200), (unsigned char)(1 + i % 200), 'a', 0x00, 0x01};
        varve_slice slice = varve_slice_of(key, sizeof key);
        varve_writer *writer = varve_batch_writer_of(batch);
        ck_assert_int_eq(varve_writer_put(writer, slice, slice, NULL), VARVE_OK);
        key[3] = 'b';
        ck_assert_int_eq(varve_writer_put(writer, slice, slice, NULL), VARVE_OK);
        ck_assert_int_eq(varve_batch_commit(batch, VARVE_NO_SYNC, NULL), VARVE_OK);
        ck_assert_int_eq(varve_batch_reset(batch, NULL), VARVE_OK);
    }
    varve_batch_close(batch);
    return NULL;
}

/*
 * Commits are there whole, and the first of them without a hole; made by the writer itself, and by
 * an engine that only reads.
 */
START_TEST(a_checkpoint_beside_a_writer_is_one_state)
{
    pthread_t thread;
    unsigned before = 0;
    varve_status status;
    varve_options options = store_options(place_path("s"));
    options.write_buffer_bytes = 64 << 10;
    varve_engine *engine = store_open_with(&options);
    varve_engine *reader = _i == 0 ? NULL : reader_open();
    ck_assert_int_eq(pthread_create(&thread, NULL, write_pairs, engine), 0);
    for (int i = 0; i < CHECKPOINTS; i++) {
        const char name[] = {'c', (char)('0' + i), '\0'};
        ck_ok(checkpoint(reader != NULL ? reader : engine, name), &err);
    }
    if (reader != NULL)
        store_close(reader);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    for (int i = 0; i < CHECKPOINTS; i++) {
        const char name[] = {'c', (char)('0' + i), '\0'};
        varve_engine *copy = store_open(place_path(name));
        unsigned count = store_count(copy, &status);
        ck_assert_uint_eq(count % 2, 0);
        ck_assert_uint_ge(count, before);
        before = count;
        if (count > 0) {
            unsigned last = count / 2 - 1;
            const unsigned char key[6] = {
                'k', (unsigned char)(1 + last / 200), (unsigned char)(1 + last % 200), 'b', 0x00,
                0x01};
            ck_ok(store_has(copy, varve_slice_of(key, sizeof key)), &err);
        }
        store_close(copy);
    }
    store_close(engine);
}
END_TEST

/* ---- Faults */

static const struct {
    unsigned ops;
    int code;
    varve_status status;
} faults[] = {{FAULT_WRITE, ENOSPC, VARVE_NO_SPACE},
              {FAULT_WRITE, EIO, VARVE_IO},
              {FAULT_SYNC, EIO, VARVE_IO},
              {FAULT_RENAME, EIO, VARVE_IO}};

/* Each write, sync and rename of the copy fails once: nothing is left, and the store is well. */
START_TEST(a_failed_checkpoint_leaves_nothing)
{
    enum { FAULTS = sizeof faults / sizeof faults[0] };
    unsigned fired = 0;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 100);
    ck_ok(varve_engine_flush(engine, &err), &err);
    varve_engine *reader = _i < FAULTS ? NULL : reader_open();
    for (long pass = 0;; pass++) {
        fault_arm_later(faults[_i % FAULTS].ops, "/store", faults[_i % FAULTS].code, pass);
        varve_status status = checkpoint(reader != NULL ? reader : engine, "c");
        if (fault_disarm() == 0) {
            ck_ok(status, &err);
            break;
        }
        fired++;
        if (status == VARVE_OK) { /* what RocksDB does not need to succeed */
            place_remove(place_path("c"));
            continue;
        }
        ck_status(status, faults[_i % FAULTS].status, &err);
        ck_assert_uint_eq(names_in_place(), 1);
        ck_ok(store_put(engine, key_number(0), bytes("v")), &err);
    }
    printf("checkpoint: %u calls failed, one at a time\n", fired);
    ck_assert_uint_gt(fired, 0);
    if (reader != NULL)
        store_close(reader);
    store_close(engine);
    check_count("c", 100);
}
END_TEST

/* It begins with a flush. */
START_TEST(a_store_that_cannot_flush_has_no_checkpoint)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 100);
    fault_arm(FAULT_WRITE, ".sst", ENOSPC);
    varve_status status = checkpoint(engine, "c");
    ck_assert_uint_gt(fault_disarm(), 0);
    ck_status(status, VARVE_NO_SPACE, &err);
    ck_assert_uint_eq(names_in_place(), 1);
    ck_assert_uint_eq(store_count(engine, &status), 100);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *tcase = tcase_create("store");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, a_checkpoint_is_a_store_like_any_other);
    tcase_add_test(tcase, it_has_what_bypassed_the_log);
    tcase_add_test(tcase, an_empty_store_has_one_too);
    tcase_add_test(tcase, a_checkpoint_of_a_checkpoint);
    tcase_add_test(tcase, whoever_reads_makes_one_beside_the_writer);
    tcase_add_test(tcase, so_does_a_follower_and_who_reads_alone);
    tcase_add_test(tcase, tables_that_are_none_yet_stay_behind);
    tcase_add_test(tcase, values_that_lie_beside_the_tables_come_along);
    tcase_add_test(tcase, logs_that_begin_during_a_listing_leave_no_hole);
    tcase_add_test(tcase, nor_for_whoever_opens_the_store_for_reading);
    tcase_add_test(tcase, a_writer_that_changes_its_files_makes_it_begin_anew);
    tcase_add_test(tcase, a_log_that_goes_is_not_missed);
    tcase_add_test(tcase, copies_are_synced);
    tcase_add_test(tcase, without_its_tables_there_is_none);
    tcase_add_test(tcase, what_exists_is_left_alone);
    tcase_add_test(tcase, only_stores_on_the_disk_have_them);
    tcase_add_test(tcase, without_memory_nothing_is_left);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("threads");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_loop_test(tcase, a_checkpoint_beside_a_writer_is_one_state, 0, 2);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("faults");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    /* Who only reads gives the copy its name by a call that cannot be made to fail here. */
    tcase_add_loop_test(tcase, a_failed_checkpoint_leaves_nothing, 0,
                        2 * sizeof faults / sizeof faults[0] - 1);
    tcase_add_test(tcase, a_store_that_cannot_flush_has_no_checkpoint);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
