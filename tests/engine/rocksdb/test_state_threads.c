/*
 * Recovery with others at work: readers go on, those who recover get one outcome, and what has been
 * acknowledged is there.
 */
#include <pthread.h>
#include <time.h>

#include "engine/engine.h"
#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"

enum { READERS = 3, ROUNDS = 6, RECORDS = 200 };

#define SECONDS_MAX 60

static struct {
    varve_engine *engine;
    atomic_bool ends;
    atomic_uint written;      /* numbered records that have been acknowledged, from 0 on */
    atomic_ulong reads;       /* that have succeeded */
    atomic_ulong changes;     /* told to the callback */
    atomic_int first_failure; /* of a reader */
} shared;

static void note(varve_status status)
{
    int none = VARVE_OK;
    if (status < 0)
        (void)atomic_compare_exchange_strong(&shared.first_failure, &none, (int)status);
    else
        atomic_fetch_add(&shared.reads, 1);
}

static varve_status walk(varve_reader *reader)
{
    varve_iter *it = NULL;
    varve_status status = varve_iter_open(reader, NULL, &it, NULL);
    if (status != VARVE_OK)
        return status;
    unsigned steps = 0;
    for (varve_iter_seek_ge(it, bytes("")); it->valid && steps < 50; varve_iter_next(it))
        steps++;
    status = varve_iter_status(it, NULL);
    varve_iter_close(it);
    return status;
}

/* The keys are made by the main thread: helpers of the tests are its own. */
static varve_slice keys[RECORDS];
static const char value_bytes[] = "v";

static void *read_on(void *arg)
{
    varve_reader *reader = varve_engine_reader(shared.engine);
    varve_buf value = VARVE_BUF_INIT;
    (void)arg;
    while (!atomic_load(&shared.ends)) {
        unsigned written = atomic_load(&shared.written);
        varve_snapshot *snapshot = NULL;
        note(varve_reader_get(reader, keys[written - 1], &value, NULL) == VARVE_OK
                 ? VARVE_OK
                 : VARVE_INTERNAL);
        note(walk(reader));
        varve_status status = varve_snapshot_open(shared.engine, &snapshot, NULL);
        if (status == VARVE_OK) {
            note(walk(varve_snapshot_reader(snapshot)));
            varve_snapshot_close(snapshot);
        }
        note(status);
        /* Moments without a handle, in which the store can be opened again. */
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    varve_buf_release(&value);
    return NULL;
}

/*
 * Writes the next record until it is there, and the last one again and again: the main thread needs
 * somebody who writes, and recovers what it breaks.
 */
static void *write_on(void *arg)
{
    unsigned number = 1;
    (void)arg;
    while (!atomic_load(&shared.ends)) {
        varve_slice value = varve_slice_of(value_bytes, 1);
        varve_status status =
            varve_writer_put(varve_engine_writer(shared.engine), keys[number], value, NULL);
        if (status == VARVE_OK)
            atomic_store(&shared.written, number + 1);
        if (status == VARVE_OK && number < RECORDS - 1)
            number++;
        (void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return NULL;
}

static void *ask_on(void *arg)
{
    varve_engine_state state = {.struct_size = sizeof state};
    (void)arg;
    while (!atomic_load(&shared.ends)) {
        note(varve_engine_get_state(shared.engine, &state, NULL));
        (void)nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    }
    return NULL;
}

static void *recover_too(void *arg)
{
    varve_status *status = arg;
    varve_cancel *cancel = NULL;
    *status = varve_cancel_open(&cancel, NULL);
    if (*status != VARVE_OK)
        return NULL;
    varve_cancel_after(cancel, (int64_t)SECONDS_MAX * 1000000000);
    *status = varve_engine_recover(shared.engine, cancel, NULL);
    varve_cancel_close(cancel);
    return NULL;
}

static void hear(void *arg, const varve_engine_state *state)
{
    (void)arg;
    /* In order, and none passed over: one at a time. */
    if (state->changes != atomic_fetch_add(&shared.changes, 1) + 1)
        note(VARVE_INTERNAL);
}

static varve_health health(void)
{
    varve_engine_state state = {.struct_size = sizeof state};
    ck_ok(varve_engine_get_state(shared.engine, &state, &err), &err);
    return state.health;
}

static void break_and_recover(unsigned round)
{
    varve_status outcomes[2];
    pthread_t others[2];

    fault_arm(round % 2 == 0 ? FAULT_WRITE : FAULT_SYNC, round % 2 == 0 ? ".log" : ".sst", EIO);
    /* A call that has failed is not known to the engine at once. */
    while (atomic_load(&fault.fired) == 0 || health() == VARVE_HEALTHY) {
        if (round % 2 != 0)
            ck_assert_int_ne(varve_engine_flush(shared.engine, NULL), VARVE_INTERNAL);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    ck_assert_uint_ge(fault_disarm(), 1);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&others[i], NULL, recover_too, &outcomes[i]), 0);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(others[i], NULL), 0);
        ck_assert_int_eq(outcomes[i], VARVE_OK);
    }
    ck_assert_int_eq(health(), VARVE_HEALTHY);
}

START_TEST(readers_go_on_while_it_is_recovered)
{
    varve_options options = store_options(place_path("s"));
    pthread_t threads[READERS + 2];
    varve_status status;

    options.on_state = hear;
    shared.engine = store_open_with(&options);
    for (unsigned i = 0; i < RECORDS; i++)
        keys[i] = key_number(i);
    ck_ok(store_put(shared.engine, keys[0], bytes("v")), &err);
    atomic_store(&shared.written, 1);
    for (unsigned i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, NULL), 0);
    ck_assert_int_eq(pthread_create(&threads[READERS], NULL, write_on, NULL), 0);
    ck_assert_int_eq(pthread_create(&threads[READERS + 1], NULL, ask_on, NULL), 0);
    for (unsigned round = 0; round < ROUNDS; round++)
        break_and_recover(round);
    atomic_store(&shared.ends, true);
    for (unsigned i = 0; i < READERS + 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);

    printf("%u recoveries, %lu reads beside them, %lu changes\n", ROUNDS,
           atomic_load(&shared.reads), atomic_load(&shared.changes));
    ck_assert_int_eq(atomic_load(&shared.first_failure), VARVE_OK);
    ck_assert_uint_ge(atomic_load(&shared.changes), 2 * ROUNDS);
    unsigned written = atomic_load(&shared.written);
    store_close(shared.engine);
    varve_engine *engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), written);
    store_close(engine);
    fault_print_calls();
}
END_TEST

/* ---- One who waits, and one who does not */

static bool is_recovering(void)
{
    varve__state *state = &shared.engine->state;
    (void)pthread_mutex_lock(&state->lock);
    bool is_at_it = state->is_recovering;
    (void)pthread_mutex_unlock(&state->lock);
    return is_at_it;
}

/* Another thread waits for an iterator that this one has open, and would for ever. */
START_TEST(one_who_does_not_wait_does_not_wait_for_another)
{
    pthread_t other;
    varve_status outcome;
    varve_iter *it = NULL;
    shared.engine = store_open(place_path("s"));
    ck_ok(store_put(shared.engine, key_number(0), bytes("v")), &err);
    fault_arm(FAULT_WRITE, ".log", EIO);
    ck_status(store_put(shared.engine, key_number(1), bytes("v")), VARVE_IO, &err);
    ck_assert_uint_ge(fault_disarm(), 1);
    ck_ok(varve_iter_open(varve_engine_reader(shared.engine), NULL, &it, &err), &err);
    ck_assert_int_eq(pthread_create(&other, NULL, recover_too, &outcome), 0);
    while (!is_recovering())
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    for (int i = 0; i < 5; i++) {
        ck_status(varve_engine_recover(shared.engine, NULL, &err), VARVE_BUSY, &err);
        ck_assert_uint_eq(err.detail.busy.iterators, 1);
        varve_error_release(&err);
    }
    ck_assert(is_recovering());
    varve_iter_close(it);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    ck_assert_int_eq(outcome, VARVE_OK);
    ck_ok(varve_engine_recover(shared.engine, NULL, &err), &err);
    store_close(shared.engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recovery with others at work");
    TCase *cases = tcase_create("threads");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, readers_go_on_while_it_is_recovered);
    tcase_add_test(cases, one_who_does_not_wait_does_not_wait_for_another);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
