#include <pthread.h>
#include <stdbool.h>

#include "tests/support/support.h"
#include "util/lane.h"

enum { ROUNDS = 10000 };

static varve__tally tally;
static atomic_uint wrong;

static void *note_lane(void *lane)
{
    *(unsigned *)lane = varve__lane();
    if (varve__lane() != *(unsigned *)lane)
        atomic_fetch_add(&wrong, 1);
    return NULL;
}

static unsigned lane_of_new_thread(void)
{
    pthread_t thread;
    unsigned lane = VARVE__LANES;
    ck_assert_int_eq(pthread_create(&thread, NULL, note_lane, &lane), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return lane;
}

START_TEST(threads_take_turns_on_the_lanes)
{
    unsigned first = lane_of_new_thread();
    for (unsigned i = 1; i <= VARVE__LANES; i++)
        ck_assert_uint_eq(lane_of_new_thread(), (first + i) % VARVE__LANES);
    ck_assert_uint_eq(atomic_load(&wrong), 0);
}
END_TEST

static void *add_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        varve__tally_add(&tally);
    return NULL;
}

static void *subtract_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        varve__tally_subtract(&tally);
    return NULL;
}

START_TEST(what_one_thread_adds_another_may_subtract)
{
    pthread_t threads[3];
    varve__tally_init(&tally);
    ck_assert_uint_eq(varve__tally_sum(&tally), 0);
    add_many(NULL);
    ck_assert_int_eq(pthread_create(&threads[0], NULL, add_many, NULL), 0);
    ck_assert_int_eq(pthread_create(&threads[1], NULL, subtract_many, NULL), 0);
    ck_assert_int_eq(pthread_create(&threads[2], NULL, add_many, NULL), 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_le(varve__tally_sum(&tally), 3 * ROUNDS);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(varve__tally_sum(&tally), 2 * ROUNDS);
}
END_TEST

START_TEST(it_is_never_below_zero)
{
    varve__tally_init(&tally);
    varve__tally_subtract(&tally);
    ck_assert_uint_eq(varve__tally_sum(&tally), 0);
    varve__tally_add(&tally);
    varve__tally_add(&tally);
    ck_assert_uint_eq(varve__tally_sum(&tally), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lane");
    TCase *cases = tcase_create("threads");
    tcase_add_test(cases, threads_take_turns_on_the_lanes);
    tcase_add_test(cases, what_one_thread_adds_another_may_subtract);
    tcase_add_test(cases, it_is_never_below_zero);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
