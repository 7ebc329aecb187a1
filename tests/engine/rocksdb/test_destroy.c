/*
 * Removing stores, and nothing else.
 */
#include <errno.h>

#include <varve/admin.h>

#include "tests/engine/rocksdb/rocks.h"

static bool exists(const char *path)
{
    struct stat what;
    return lstat(path, &what) == 0;
}

static void make_store(const char *path)
{
    varve_engine *engine = store_open(path);
    store_fill(engine, 100);
    ck_ok(varve_engine_flush(engine, &err), &err);
    store_fill(engine, 10);
    store_close(engine);
}

static void destroy(const char *path)
{
    ck_ok(varve_store_destroy(path, &err), &err);
}

START_TEST(a_store_goes_whole)
{
    const char *path = place_path("s");
    make_store(path);
    destroy(path);
    ck_assert(!exists(path));
    ck_status(varve_store_destroy(path, &err), VARVE_NO_STORE, &err);

    /* And another one may begin there. */
    varve_status status;
    varve_engine *engine = store_open(path);
    ck_assert_uint_eq(store_count(engine, &status), 0);
    store_close(engine);
}
END_TEST

START_TEST(scratch_files_go_with_it)
{
    varve_buf temp = VARVE_BUF_INIT;
    char inside[512];
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(varve_engine_temp_dir(engine, &temp, &err), &err);
    store_close(engine);
    file_write_text(place_path("mine"), "keep");
    (void)snprintf(inside, sizeof inside, "%s/job", (const char *)temp.data);
    ck_assert_int_eq(mkdir(inside, 0700), 0);
    (void)snprintf(inside, sizeof inside, "%s/job/file", (const char *)temp.data);
    file_write_text(inside, "scratch");
    (void)snprintf(inside, sizeof inside, "%s/link", (const char *)temp.data);
    ck_assert_int_eq(symlink(place, inside), 0);
    destroy(place_path("s"));
    ck_assert(!exists(place_path("s")));
    ck_assert(exists(place_path("mine")));
    varve_buf_release(&temp);
}
END_TEST

/* What is somebody else's stays, and so does the directory. */
START_TEST(other_files_stay)
{
    make_store(place_path("s"));
    file_write_text(place_path("s/notes.txt"), "mine");
    ck_assert_int_eq(mkdir(place_path("s/sub"), 0700), 0);
    file_write_text(place_path("s/sub/000001.sst"), "mine");
    destroy(place_path("s"));
    ck_assert(exists(place_path("s/notes.txt")));
    ck_assert(exists(place_path("s/sub/000001.sst")));
    ck_assert(!exists(place_path("s/VARVE_VERSION")));
    ck_assert(!exists(place_path("s/CURRENT")));
    ck_assert(!exists(place_path("s/LOCK")));
    ck_status(varve_store_destroy(place_path("s"), &err), VARVE_NOT_A_STORE, &err);
    ck_assert(exists(place_path("s/notes.txt")));
}
END_TEST

START_TEST(what_is_no_store_is_not_touched)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_close(raw_open(options, place_path("raw")));
    rocksdb_options_destroy(options);
    ck_status(varve_store_destroy(place_path("raw"), &err), VARVE_NOT_A_STORE, &err);
    ck_assert(exists(place_path("raw/CURRENT")));
    ck_assert(!exists(place_path("raw/VARVE_VERSION")));

    file_write_text(place_path("file"), "mine");
    ck_status(varve_store_destroy(place_path("file"), &err), VARVE_NOT_A_STORE, &err);
    ck_assert(exists(place_path("file")));
    ck_assert_int_eq(mkdir(place_path("empty"), 0700), 0);
    ck_status(varve_store_destroy(place_path("empty"), &err), VARVE_NO_STORE, &err);
    ck_assert(exists(place_path("empty")));
    ck_fails(varve_store_destroy("/no/such/place", &err), VARVE_NO_STORE, &err,
             "there is no store at /no/such/place");
}
END_TEST

START_TEST(an_open_store_is_locked)
{
    varve_status status;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    ck_status(varve_store_destroy(place_path("s"), &err), VARVE_LOCKED, &err);
    /* By another name, too. */
    ck_assert_int_eq(symlink(place_path("s"), place_path("other")), 0);
    ck_status(varve_store_destroy(place_path("other"), &err), VARVE_LOCKED, &err);
    store_fill(engine, 20);
    ck_ok(varve_engine_flush(engine, &err), &err);
    ck_assert_uint_eq(store_count(engine, &status), 20);
    store_close(engine);
    /* Through the link: the store goes, the link stays. */
    destroy(place_path("other"));
    ck_assert(!exists(place_path("s/VARVE_VERSION")));
}
END_TEST

START_TEST(a_store_of_another_process_is_locked)
{
    int ready[2];
    char byte;
    int status;
    ck_assert_int_eq(pipe(ready), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)store_open(place_path("s"));
        if (write(ready[1], ".", 1) == 1)
            (void)pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_status(varve_store_destroy(place_path("s"), &err), VARVE_LOCKED, &err);
    ck_assert(exists(place_path("s/CURRENT")));
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    destroy(place_path("s"));
    ck_assert(!exists(place_path("s")));
}
END_TEST

/* Whatever version it has, whatever a crash has left of it. */
START_TEST(remains_go_too)
{
    make_store(place_path("newer"));
    file_write_text(place_path("newer/VARVE_VERSION"), "{\"Version\":99}");
    destroy(place_path("newer"));
    ck_assert(!exists(place_path("newer")));

    make_store(place_path("damaged"));
    file_write_text(place_path("damaged/VARVE_VERSION"), "?");
    destroy(place_path("damaged"));
    ck_assert(!exists(place_path("damaged")));

    ck_assert_int_eq(mkdir(place_path("bare"), 0700), 0);
    file_write_text(place_path("bare/VARVE_VERSION"), "{\"Version\":1,\"Features\":[]}");
    file_write_text(place_path("bare/VARVE_VERSION_TEMP"), "{");
    destroy(place_path("bare"));
    ck_assert(!exists(place_path("bare")));

    make_store(place_path("half"));
    ck_assert_int_eq(remove(place_path("half/CURRENT")), 0);
    destroy(place_path("half"));
    ck_assert(!exists(place_path("half")));
}
END_TEST

/* What cannot be removed is told, and a second call does the rest. */
START_TEST(a_failure_leaves_a_store)
{
    varve_buf temp = VARVE_BUF_INIT;
    if (geteuid() == 0)
        return; /* may remove anything */
    make_store(place_path("s"));
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(varve_engine_temp_dir(engine, &temp, &err), &err);
    store_close(engine);
    file_write_text(place_path("s/VARVE_TEMP/file"), "scratch");
    ck_assert_int_eq(chmod((const char *)temp.data, 0500), 0);
    ck_status(varve_store_destroy(place_path("s"), &err), VARVE_IO, &err);
    ck_assert(exists(place_path("s/VARVE_VERSION")));
    ck_assert_int_eq(chmod((const char *)temp.data, 0700), 0);
    destroy(place_path("s"));
    ck_assert(!exists(place_path("s")));
    varve_buf_release(&temp);
}
END_TEST

static varve_status destroy_body(void *context, varve_error *failure)
{
    (void)context;
    return varve_store_destroy(place_path("s"), failure);
}

START_TEST(each_allocation_may_fail)
{
    /* A fault leaves the store; the last round, without one, removes it. */
    make_store(place_path("s"));
    ck_assert_uint_ge(fault_alloc_each(destroy_body, NULL), 1);
    ck_assert(!exists(place_path("s")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb destroy");
    TCase *cases = tcase_create("destroy");
    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, a_store_goes_whole);
    tcase_add_test(cases, scratch_files_go_with_it);
    tcase_add_test(cases, other_files_stay);
    tcase_add_test(cases, what_is_no_store_is_not_touched);
    tcase_add_test(cases, an_open_store_is_locked);
    tcase_add_test(cases, a_store_of_another_process_is_locked);
    tcase_add_test(cases, remains_go_too);
    tcase_add_test(cases, a_failure_leaves_a_store);
    tcase_add_test(cases, each_allocation_may_fail);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
