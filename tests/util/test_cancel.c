#include <pthread.h>

#include <varve/cancel.h>

#include "tests/support/support.h"

static varve_error err = VARVE_ERROR_INIT;
static varve_cancel *cancel;

static void setup(void)
{
    ck_ok(varve_cancel_open(&cancel, &err), &err);
}

static void teardown(void)
{
    varve_cancel_close(cancel);
    varve_error_release(&err);
}

START_TEST(nothing_is_cancelled_at_first)
{
    ck_ok(varve_cancel_check(NULL, &err), &err);
    ck_ok(varve_cancel_check(cancel, &err), &err);
    varve_cancel_close(NULL);
}
END_TEST

static void *cancel_it(void *arg)
{
    varve_cancel_now(arg);
    return NULL;
}

START_TEST(another_thread_cancels)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_it, cancel), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_status(varve_cancel_check(cancel, &err), VARVE_CANCELLED, &err);
    varve_cancel_after(cancel, 1); /* what is cancelled stays cancelled, not late */
    ck_status(varve_cancel_check(cancel, &err), VARVE_CANCELLED, &err);
    ck_assert_int_eq(varve_cancel_check(cancel, NULL), VARVE_CANCELLED);
}
END_TEST

START_TEST(a_deadline_passes_and_can_be_moved)
{
    varve_cancel_after(cancel, 1);
    varve_status status;
    do
        status = varve_cancel_check(cancel, &err);
    while (status == VARVE_OK);
    ck_status(status, VARVE_DEADLINE, &err);
    varve_error_release(&err);
    varve_cancel_after(cancel, INT64_MAX);
    ck_ok(varve_cancel_check(cancel, &err), &err);
    varve_cancel_after(cancel, 1);
    while (varve_cancel_check(cancel, NULL) == VARVE_OK)
        continue;
    varve_cancel_after(cancel, 0);
    ck_ok(varve_cancel_check(cancel, &err), &err);
    varve_cancel_after(cancel, 1);
    varve_cancel_after(cancel, -1);
    ck_ok(varve_cancel_check(cancel, &err), &err);
}
END_TEST

START_TEST(there_is_no_memory)
{
    varve_cancel *none = cancel;
    fault_alloc_arm(1);
    varve_status status = varve_cancel_open(&none, &err);
    ck_assert(fault_alloc_disarm());
    ck_status(status, VARVE_NO_MEMORY, &err);
    ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cancel");
    TCase *cases = tcase_create("tokens");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, nothing_is_cancelled_at_first);
    tcase_add_test(cases, another_thread_cancels);
    tcase_add_test(cases, a_deadline_passes_and_can_be_moved);
    tcase_add_test(cases, there_is_no_memory);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
