/*
 * Trap: RocksDB opens for reading only without a lock.  It reads the manifest, then lists the logs;
 * if a writer flushes in between, the log is gone, the table that took its records is not in the
 * manifest that was read, and the records are missed without a word.
 *
 * Here the writer flushes exactly then: this program's open() and opendir() stand in front of those
 * that RocksDB would call.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>

#include "tests/engine/rocksdb/rocks.h"

enum { RECORDS = 100 };

static int to_writer = -1;
static int from_writer = -1;
static unsigned flushes_left; /* how often to let the writer flush in between */
static unsigned flushes_done;
static bool manifest_was_read;

/* The writer has moved its records to a table when this returns. */
static void let_writer_flush(void)
{
    char done;
    flushes_left--;
    ck_assert_int_eq(write(to_writer, "!", 1), 1);
    ck_assert_int_eq(read(from_writer, &done, 1), 1);
    flushes_done++;
}

static void find_real(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, sizeof symbol);
}

#define EXPORT __attribute__((visibility("default")))

EXPORT int open(const char *path, int flags, ...);
EXPORT DIR *opendir(const char *path);

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...);
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    if (strstr(path, "/MANIFEST-") != NULL)
        manifest_was_read = true;
    find_real("open", &real);
    return real(path, flags, mode);
}

DIR *opendir(const char *path)
{
    DIR *(*real)(const char *);
    if (flushes_left > 0 && manifest_was_read && strstr(path, "/s") != NULL)
        let_writer_flush();
    manifest_was_read = false;
    find_real("opendir", &real);
    return real(path);
}

static void put_records(varve_engine *engine, unsigned first)
{
    for (unsigned i = first; i < first + RECORDS; i++)
        ck_ok(store_put(engine, key_number(i), bytes("v")), &err);
}

/*
 * A writer whose records are all in its log; it flushes when it is told to, after as many more, and
 * answers when the log is gone.
 */
static pid_t start_writer(void)
{
    int down[2];
    int up[2];
    ck_assert_int_eq(pipe(down), 0);
    ck_assert_int_eq(pipe(up), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        char byte;
        varve_engine *engine = store_open(place_path("s"));
        put_records(engine, 0);
        ck_assert_int_eq(write(up[1], ".", 1), 1);
        for (unsigned round = 1; read(down[0], &byte, 1) == 1; round++) {
            put_records(engine, round * RECORDS);
            ck_ok(varve_engine_flush(engine, &err), &err);
            wait_for_one_log(place_path("s"));
            ck_assert_int_eq(write(up[1], ".", 1), 1);
        }
        _exit(0);
    }
    char begun;
    to_writer = down[1];
    from_writer = up[0];
    ck_assert_int_eq(read(from_writer, &begun, 1), 1);
    return child;
}

static void stop_writer(pid_t child)
{
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(control_records_are_missed)
{
    pid_t writer = start_writer();
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    unsigned count = 0;
    char *text = NULL;

    flushes_left = 2; /* it reads the manifest twice, first only to look into it */
    rocksdb_t *db = rocksdb_open_for_read_only(options, place_path("s"), 0, &text);
    ck_assert_msg(text == NULL, "%s", text);
    ck_assert_uint_eq(flushes_done, 2);
    rocksdb_iterator_t *it = rocksdb_create_iterator(db, how);
    for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
        count++;
    rocksdb_iter_get_error(it, &text);
    ck_assert_ptr_null(text);
    printf("control: RocksDB opened without an error, with %u of %d records\n", count, 3 * RECORDS);
    ck_assert_uint_lt(count, 3 * RECORDS);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
    stop_writer(writer);
}
END_TEST

START_TEST(every_record_is_seen)
{
    pid_t writer = start_writer();
    varve_options options = store_options(place_path("s"));
    varve_status status;

    options.read_only = true;
    flushes_left = (unsigned)_i;
    varve_engine *engine = store_open_with(&options);
    ck_assert_uint_eq(flushes_done, (unsigned)_i);
    ck_assert_uint_eq(store_count(engine, &status), RECORDS * (1 + (unsigned)_i));
    ck_assert_int_eq(status, VARVE_OK);
    store_close(engine);
    stop_writer(writer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: reading beside a writer");
    TCase *cases = tcase_create("reader");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, control_records_are_missed);
    tcase_add_loop_test(cases, every_record_is_seen, 0, 5);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
