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
    ck_ok(store_put(engine, key_at("k", 0), bytes("v")), &err);
    store_close(engine);
    ck_ok(open_again(), &err);
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
    tcase_add_test(cases, a_store_opens_in_one_process);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
