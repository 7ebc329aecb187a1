#include <stdatomic.h>
#include <stdbool.h>

#include "tests/support/support.h"
#include "util/fair_lock.h"

enum { READERS = 3, WRITERS = 3, ROUNDS = 2000, TURNS = 50 };

static varve__fair_lock lock;
static atomic_int reading;
static atomic_uint wrong, changes, others_done;
static unsigned guarded; /* a race for the thread sanitizer, if the lock does not hold */

static void *read_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        varve__fair_lock_read(&lock);
        atomic_fetch_add(&reading, 1);
        if (guarded % 2 != 0)
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_sub(&reading, 1);
        varve__fair_unlock_read(&lock);
    }
    return NULL;
}

static void *write_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        varve__fair_lock_write(&lock);
        guarded++;
        if (atomic_load(&reading) != 0)
            atomic_fetch_add(&wrong, 1);
        guarded++;
        varve__fair_unlock_write(&lock);
    }
    return NULL;
}

static void run(void *(*const *bodies)(void *arg), int count)
{
    pthread_t threads[8];
    ck_assert_int_le(count, 8);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, bodies[i], NULL), 0);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

static void setup(void)
{
    varve__fair_lock_init(&lock);
}

static void teardown(void)
{
    varve__fair_lock_destroy(&lock);
}

START_TEST(writers_are_alone)
{
    static void *(*const bodies[READERS + WRITERS])(void *arg) = {
        read_often, write_often, read_often, write_often, read_often, write_often};
    run(bodies, READERS + WRITERS);
    ck_assert_uint_eq(atomic_load(&wrong), 0);
    ck_assert_uint_eq(guarded, 2 * WRITERS * ROUNDS);
}
END_TEST

/* Both are inside before either goes out: they would wait for ever if one kept the other out. */
static void *read_together(void *arg)
{
    (void)arg;
    varve__fair_lock_read(&lock);
    atomic_fetch_add(&reading, 1);
    while (atomic_load(&reading) < 2)
        continue;
    varve__fair_unlock_read(&lock);
    return NULL;
}

START_TEST(readers_are_together)
{
    static void *(*const bodies[2])(void *arg) = {read_together, read_together};
    run(bodies, 2);
    ck_assert_int_eq(atomic_load(&reading), 2);
}
END_TEST

/* These never rest, and there is always one of them waiting, until the others are through. */
static void *write_until_done(void *arg)
{
    (void)arg;
    while (atomic_load(&others_done) < 2) {
        varve__fair_lock_write(&lock);
        atomic_fetch_add(&changes, 1);
        varve__fair_unlock_write(&lock);
    }
    return NULL;
}

static void *read_until_done(void *arg)
{
    (void)arg;
    while (atomic_load(&others_done) < 2) {
        varve__fair_lock_read(&lock);
        varve__fair_unlock_read(&lock);
    }
    return NULL;
}

/* These come into the midst of it. */
static void await_changes(void)
{
    while (atomic_load(&changes) == 0)
        continue;
}

static void *get_through_reading(void *arg)
{
    (void)arg;
    await_changes();
    for (int i = 0; i < TURNS; i++) {
        varve__fair_lock_read(&lock);
        varve__fair_unlock_read(&lock);
    }
    atomic_fetch_add(&others_done, 1);
    return NULL;
}

static void *get_through_writing(void *arg)
{
    (void)arg;
    await_changes();
    for (int i = 0; i < TURNS; i++) {
        varve__fair_lock_write(&lock);
        varve__fair_unlock_write(&lock);
    }
    atomic_fetch_add(&others_done, 1);
    return NULL;
}

START_TEST(nobody_is_kept_out_by_a_stream_of_others)
{
    static void *(*const bodies[])(void *arg) = {write_until_done,    write_until_done,
                                                 read_until_done,     read_until_done,
                                                 get_through_reading, get_through_writing};
    run(bodies, 6);
}
END_TEST

/* While a reader is inside, a writer comes, and then a reader: they go in in that order. */
static atomic_int order;
static int writer_was, reader_was;

static void *come_to_write(void *arg)
{
    (void)arg;
    varve__fair_lock_write(&lock);
    writer_was = atomic_fetch_add(&order, 1);
    varve__fair_unlock_write(&lock);
    return NULL;
}

static void *come_to_read(void *arg)
{
    (void)arg;
    varve__fair_lock_read(&lock);
    reader_was = atomic_fetch_add(&order, 1);
    varve__fair_unlock_read(&lock);
    return NULL;
}

static void await_tickets(uint64_t count)
{
    uint64_t next;
    do {
        (void)pthread_mutex_lock(&lock.mutex);
        next = lock.next;
        (void)pthread_mutex_unlock(&lock.mutex);
    } while (next < count);
}

START_TEST(who_comes_first_goes_first)
{
    pthread_t threads[2];
    varve__fair_lock_read(&lock);
    ck_assert_int_eq(pthread_create(&threads[0], NULL, come_to_write, NULL), 0);
    await_tickets(2);
    ck_assert_int_eq(pthread_create(&threads[1], NULL, come_to_read, NULL), 0);
    await_tickets(3);
    ck_assert_int_eq(atomic_load(&order), 0);
    varve__fair_unlock_read(&lock);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(writer_was, 0);
    ck_assert_int_eq(reader_was, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fair lock");
    TCase *cases = tcase_create("threads");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, writers_are_alone);
    tcase_add_test(cases, readers_are_together);
    tcase_add_test(cases, nobody_is_kept_out_by_a_stream_of_others);
    tcase_add_test(cases, who_comes_first_goes_first);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
