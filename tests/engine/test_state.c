/*
 * The state of an engine as its owner sees it, on every backend: what is noticed when, who hears of
 * it, and who waits for whom.  Backends are told what to say; what real disks do to them is tested
 * in tests/engine/rocksdb/.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

enum { HEARD_MAX = 32 };
static struct {
    varve_engine *engine;
    varve_engine_state states[HEARD_MAX];
    unsigned count;
    unsigned flips; /* changes of state that the first callback brings about */
} heard;

static varve_engine_state state_now(void)
{
    varve_engine_state state = {.struct_size = sizeof state};
    ck_ok(varve_engine_get_state(on.engine, &state, &on.err), &on.err);
    return state;
}

static void hear(void *arg, const varve_engine_state *state)
{
    (void)arg;
    ck_assert_uint_lt(heard.count, HEARD_MAX);
    heard.states[heard.count++] = *state;
    while (heard.flips > 0) {
        atomic_store(&backend_faults.state, --heard.flips % 2 == 0 ? VARVE_IO : VARVE_NO_SPACE);
        (void)state_now();
    }
}

/* The engine of the test anew, heard of and with faults. */
static void open_heard(void)
{
    varve_options options = {.struct_size = sizeof options, .on_state = hear};
    backend_close(on.engine);
    on.engine = backend_open_with(on.backend, options);
    on.reader = varve_engine_reader(on.engine);
    on.writer = varve_engine_writer(on.engine);
    memset(&heard, 0, sizeof heard);
    backend_faults_insert(on.engine);
}

static void say(varve_status reason)
{
    atomic_store(&backend_faults.state, (int)reason);
}

static varve_status put_one(void)
{
    return varve_writer_put(on.writer, key_of("k@1"), bytes("v"), &on.err);
}

START_TEST(it_begins_healthy)
{
    int64_t before = test_real_time();
    open_heard();
    varve_engine_state state = state_now();
    ck_assert_int_eq(state.health, VARVE_HEALTHY);
    ck_assert_int_eq(state.reason, VARVE_OK);
    ck_assert(!state.commit_unknown);
    ck_assert_int_ge(state.since, before);
    ck_assert_int_le(state.since, test_real_time());
    ck_assert_uint_eq(state.changes, 0);
    ck_assert_str_eq(state.message, "");
    /* And there is nothing to recover. */
    ck_ok(varve_engine_recover(on.engine, NULL, &on.err), &on.err);
    ck_assert_uint_eq(state_now().changes, 0);
    ck_assert_uint_eq(heard.count, 0);
}
END_TEST

START_TEST(other_versions_ask_too)
{
    struct {
        varve_engine_state state;
        unsigned char more[16];
    } later;
    varve_engine_state none = {.struct_size = 0};
    ck_status(varve_engine_get_state(on.engine, &none, &on.err), VARVE_INVALID_ARGUMENT, &on.err);
    memset(&later, 0xFF, sizeof later);
    later.state.struct_size = sizeof later;
    ck_ok(varve_engine_get_state(on.engine, &later.state, &on.err), &on.err);
    ck_assert_uint_eq(later.state.struct_size, sizeof later);
    ck_assert_int_eq(later.state.health, VARVE_HEALTHY);
    for (size_t i = 0; i < sizeof later.more; i++)
        ck_assert_uint_eq(later.more[i], 0);
}
END_TEST

START_TEST(failed_writes_are_looked_into)
{
    open_heard();
    /* What says nothing of the store is no reason to look. */
    say(VARVE_IO);
    backend_faults.apply = VARVE_NO_MEMORY;
    ck_status(put_one(), VARVE_NO_MEMORY, &on.err);
    ck_assert_uint_eq(heard.count, 0);
    backend_faults.apply = VARVE_IO;
    ck_status(put_one(), VARVE_IO, &on.err);
    ck_assert_uint_eq(heard.count, 1);
    ck_status(put_one(), VARVE_IO, &on.err);
    ck_assert_uint_eq(heard.count, 1);
    /* Another reason, from a flush; and a write that succeeds. */
    say(VARVE_NO_SPACE);
    backend_faults.flush = VARVE_NO_SPACE;
    ck_status(varve_engine_flush(on.engine, &on.err), VARVE_NO_SPACE, &on.err);
    say(VARVE_OK);
    backend_faults.apply = VARVE_OK;
    ck_ok(put_one(), &on.err);

    static const varve_status reasons[] = {VARVE_IO, VARVE_NO_SPACE, VARVE_OK};
    ck_assert_uint_eq(heard.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(heard.states[i].reason, reasons[i]);
        ck_assert_uint_eq(heard.states[i].changes, i + 1);
        ck_assert_str_eq(heard.states[i].message, i < 2 ? "injected" : "");
    }
}
END_TEST

/* Those that wait while the callback runs are few: the last one is always told. */
START_TEST(the_last_change_is_told)
{
    open_heard();
    heard.flips = 21;
    say(VARVE_NO_SPACE);
    (void)state_now();
    ck_assert_uint_lt(heard.count, 21);
    ck_assert_uint_gt(heard.count, 2);
    for (unsigned i = 1; i < heard.count; i++)
        ck_assert_uint_gt(heard.states[i].changes, heard.states[i - 1].changes);
    const varve_engine_state *last = &heard.states[heard.count - 1];
    varve_engine_state now = state_now();
    ck_assert_uint_eq(last->changes, now.changes);
    ck_assert_int_eq(last->reason, now.reason);
}
END_TEST

START_TEST(a_store_in_memory_cannot_be_reopened)
{
    open_heard();
    say(VARVE_IO);
    varve_status status = varve_engine_recover(on.engine, NULL, &on.err);
    if (on.backend == BACKEND_DISK)
        ck_ok(status, &on.err);
    else
        ck_status(status, VARVE_UNSUPPORTED, &on.err);
    varve_error_release(&on.err);
    /* But what passes by itself may pass there, too. */
    atomic_store(&backend_faults.passes, true);
    if (on.backend != BACKEND_DISK)
        ck_fails(varve_engine_recover(on.engine, NULL, &on.err), VARVE_IO, &on.err, "injected");
    say(VARVE_OK);
    ck_ok(varve_engine_recover(on.engine, NULL, &on.err), &on.err);
}
END_TEST

static varve_cancel *cancel_after(int64_t milliseconds)
{
    varve_cancel *cancel = NULL;
    ck_ok(varve_cancel_open(&cancel, &on.err), &on.err);
    varve_cancel_after(cancel, milliseconds * 1000000);
    return cancel;
}

static void pause_for(int64_t milliseconds)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = (long)milliseconds * 1000000}, NULL);
}

struct recoverer {
    varve_cancel *cancel;
    varve_status status;
    pthread_t thread;
};

static void *recover_there(void *arg)
{
    struct recoverer *self = arg;
    self->status = varve_engine_recover(on.engine, self->cancel, NULL);
    return NULL;
}

static void start(struct recoverer *recoverer, int64_t milliseconds)
{
    recoverer->cancel = cancel_after(milliseconds);
    ck_assert_int_eq(pthread_create(&recoverer->thread, NULL, recover_there, recoverer), 0);
}

static varve_status outcome_of(struct recoverer *recoverer)
{
    ck_assert_int_eq(pthread_join(recoverer->thread, NULL), 0);
    varve_cancel_close(recoverer->cancel);
    return recoverer->status;
}

static bool is_recovering(void)
{
    varve__state *state = &on.engine->state;
    (void)pthread_mutex_lock(&state->lock);
    bool is = state->is_recovering;
    (void)pthread_mutex_unlock(&state->lock);
    return is;
}

START_TEST(those_who_recover_share_one_outcome)
{
    struct recoverer first;
    struct recoverer second;
    struct recoverer hasty;
    open_heard();
    say(VARVE_NO_SPACE);
    atomic_store(&backend_faults.passes, true);
    start(&first, 60000);
    while (!is_recovering())
        pause_for(1);
    start(&second, 60000);
    start(&hasty, 30);
    ck_assert_int_eq(outcome_of(&hasty), VARVE_DEADLINE);
    ck_assert(is_recovering());
    say(VARVE_OK);
    ck_assert_int_eq(outcome_of(&first), VARVE_OK);
    ck_assert_int_eq(outcome_of(&second), VARVE_OK);
    ck_assert_uint_eq(heard.count, 2);
}
END_TEST

/* Who has more patience than the first goes on in its place. */
START_TEST(only_their_own_patience_ends)
{
    struct recoverer first;
    struct recoverer second;
    open_heard();
    say(VARVE_NO_SPACE);
    atomic_store(&backend_faults.passes, true);
    start(&first, 60000);
    while (!is_recovering())
        pause_for(1);
    start(&second, 60000);
    pause_for(50); /* so that it waits for the first, most likely */
    varve_cancel_now(first.cancel);
    ck_assert_int_eq(outcome_of(&first), VARVE_CANCELLED);
    while (!is_recovering())
        pause_for(1);
    say(VARVE_OK);
    ck_assert_int_eq(outcome_of(&second), VARVE_OK);
}
END_TEST

START_TEST(a_failed_recovery_is_shared_too)
{
    struct recoverer first;
    struct recoverer second;
    open_heard();
    say(VARVE_NO_SPACE);
    atomic_store(&backend_faults.passes, true);
    start(&first, 60000);
    while (!is_recovering())
        pause_for(1);
    start(&second, 60000);
    /* What does not pass ends it for both; in memory there is no way back from it. */
    atomic_store(&backend_faults.passes, false);
    say(VARVE_IO);
    varve_status outcome = outcome_of(&first);
    ck_assert_int_eq(outcome, on.backend == BACKEND_DISK ? VARVE_OK : VARVE_UNSUPPORTED);
    varve_status other = outcome_of(&second);
    ck_assert_int_eq(other, outcome);
    say(VARVE_OK);
}
END_TEST

static atomic_bool entered, leaves;

static void *take_long(void *arg)
{
    (void)varve__engine_enter(arg);
    atomic_store(&entered, true);
    while (!atomic_load(&leaves))
        pause_for(1);
    varve__engine_leave(arg);
    return NULL;
}

/* A compaction, say: it keeps the store from being opened again, and nobody from reading. */
START_TEST(a_long_call_holds_up_recovery_alone)
{
    pthread_t thread;
    struct recoverer recoverer;
    varve_buf value = VARVE_BUF_INIT;
    open_heard();
    ck_ok(put_one(), &on.err);
    if (on.backend != BACKEND_DISK)
        return; /* there, nothing is opened again */
    say(VARVE_IO);
    ck_assert_int_eq(pthread_create(&thread, NULL, take_long, on.engine), 0);
    while (!atomic_load(&entered))
        pause_for(1);
    ck_status(varve_engine_recover(on.engine, NULL, &on.err), VARVE_BUSY, &on.err);
    varve_error_release(&on.err);
    start(&recoverer, 60000);
    while (!is_recovering())
        pause_for(1);
    for (unsigned reads = 0; reads < 100; reads++)
        ck_ok(varve_reader_get(on.reader, key_of("k@1"), &value, &on.err), &on.err);
    ck_assert(is_recovering());
    varve_cancel_now(recoverer.cancel);
    ck_assert_int_eq(outcome_of(&recoverer), VARVE_CANCELLED);
    start(&recoverer, 60000);
    atomic_store(&leaves, true);
    ck_assert_int_eq(outcome_of(&recoverer), VARVE_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    varve_buf_release(&value);
    say(VARVE_OK);
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, it_begins_healthy);
    tcase_add_test(tcase, other_versions_ask_too);
    tcase_add_test(tcase, failed_writes_are_looked_into);
    tcase_add_test(tcase, the_last_change_is_told);
    tcase_add_test(tcase, a_store_in_memory_cannot_be_reopened);
    tcase_add_test(tcase, those_who_recover_share_one_outcome);
    tcase_add_test(tcase, only_their_own_patience_ends);
    tcase_add_test(tcase, a_failed_recovery_is_shared_too);
    tcase_add_test(tcase, a_long_call_holds_up_recovery_alone);
}

int main(void)
{
    return run_suite(backend_suite("state", fill));
}
