#include <pthread.h>

#include "tests/support/support.h"
#include "util/gate.h"

enum { PASSERS = 4, CLOSERS = 2, ROUNDS = 2000, CLOSINGS = 50 };

static varve__gate gate;
static atomic_int inside;  /* passers between enter and leave */
static atomic_int closers; /* between close and open */
static atomic_uint wrong;
static int guarded; /* a race for the thread sanitizer, if the gate does not hold */

static void *pass(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        varve__gate_enter(&gate);
        atomic_fetch_add(&inside, 1);
        if (atomic_load(&closers) != 0 || guarded % 2 != 0)
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_sub(&inside, 1);
        varve__gate_leave(&gate);
    }
    return NULL;
}

static void *close_it(void *arg)
{
    (void)arg;
    for (int i = 0; i < CLOSINGS; i++) {
        varve__gate_close(&gate);
        if (atomic_fetch_add(&closers, 1) != 0 || atomic_load(&inside) != 0)
            atomic_fetch_add(&wrong, 1);
        guarded++;
        guarded++;
        atomic_fetch_sub(&closers, 1);
        varve__gate_open(&gate);
    }
    return NULL;
}

START_TEST(nobody_is_inside_while_it_is_closed)
{
    pthread_t threads[PASSERS + CLOSERS];
    varve__gate_init(&gate);
    for (int i = 0; i < PASSERS + CLOSERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, i < PASSERS ? pass : close_it, NULL), 0);
    for (int i = 0; i < PASSERS + CLOSERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&wrong), 0);
    ck_assert_int_eq(guarded, 2 * CLOSERS * CLOSINGS);
    varve__gate_destroy(&gate);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gate");
    TCase *cases = tcase_create("threads");

    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, nobody_is_inside_while_it_is_closed);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
