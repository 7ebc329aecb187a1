/*
 * Trap: a store that is open elsewhere is told by a text only.
 */
#include <signal.h>

#include "tests/engine/rocksdb/rocks.h"

static varve_status open_again(void)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = NULL;
    varve_error_release(&err);
    varve_status status = varve_engine_open(&options, &engine, &err);
    if (status == VARVE_OK)
        store_close(engine);
    return status;
}

START_TEST(a_store_opens_once_in_a_process)
{
    varve_engine *engine = store_open(place_path("s"));
    ck_status(open_again(), VARVE_LOCKED, &err);
    ck_assert_ptr_nonnull(strstr(err.message, place_path("s")));
    ck_assert_ptr_nonnull(strstr(err.message, "this process"));
    ck_ok(store_put(engine, key_at("k", 0), bytes("v")), &err);
    store_close(engine);
    ck_ok(open_again(), &err);
}
END_TEST

/* RocksDB knows its own locks by path, and the system lets the owner of a lock have it again. */
static void raw_open_twice(void)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *first = raw_open(options, place_path("s"));
    ck_assert_int_eq(symlink(place_path("s"), place_path("t")), 0);
    rocksdb_t *second = raw_open(options, place_path("t"));
    child_tell(raw_put(first, "k", "v") == NULL && raw_put(second, "k", "w") == NULL);
}

START_TEST(control_a_second_path_opens_a_second_time)
{
    int status = in_child(raw_open_twice);
    printf("control: two writers of one directory in one process: wait status %d\n", status);
    ck_assert_int_eq(child_told, 1);
}
END_TEST

START_TEST(a_second_path_does_not_help)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_engine *second = NULL;
    ck_assert_int_eq(symlink(place_path("s"), place_path("t")), 0);
    varve_options options = store_options(place_path("t"));
    ck_status(varve_engine_open(&options, &second, &err), VARVE_LOCKED, &err);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(err.message, "this process"));
    store_close(engine);
    engine = store_open_with(&options);
    ck_status(open_again(), VARVE_LOCKED, &err);
    store_close(engine);
}
END_TEST

/* Hold the store until killed; a byte through the pipe tells that it is open. */
static void hold(int end)
{
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(store_put(engine, key_at("k", 0), bytes("v")), &err);
    ck_assert_int_eq(write(end, "!", 1), 1);
    for (;;)
        (void)pause();
}

START_TEST(a_store_opens_in_one_process)
{
    int ends[2];
    char begun;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        hold(ends[1]);
    ck_assert_int_eq(read(ends[0], &begun, 1), 1);
    ck_status(open_again(), VARVE_LOCKED, &err);
    char holder[64];
    (void)snprintf(holder, sizeof holder, "process %ld has it open", (long)child);
    ck_assert_ptr_nonnull(strstr(err.message, place_path("s")));
    ck_assert_msg(access("/proc/locks", R_OK) != 0 || strstr(err.message, holder) != NULL, "%s",
                  err.message);
    /* The death of the holder frees it. */
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_ok(open_again(), &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: locked stores");
    TCase *cases = tcase_create("lock");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, a_store_opens_once_in_a_process);
    tcase_add_test(cases, control_a_second_path_opens_a_second_time);
    tcase_add_test(cases, a_second_path_does_not_help);
    tcase_add_test(cases, a_store_opens_in_one_process);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
