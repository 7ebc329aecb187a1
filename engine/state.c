#include "engine/engine.h"

#include <time.h>

#include "util/fail.h"
#include "util/steady.h"

static int64_t wall_time(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void varve__state_init(varve__state *state)
{
    (void)pthread_mutex_init(&state->observing, NULL);
    (void)pthread_mutex_init(&state->lock, NULL);
    (void)pthread_cond_init(&state->recovered, NULL);
    state->now.struct_size = sizeof state->now;
    state->now.since = wall_time();
    atomic_init(&state->health, VARVE_HEALTHY);
    atomic_init(&state->reason, VARVE_OK);
}

void varve__state_destroy(varve__state *state)
{
    varve_error_release(&state->outcome);
    (void)pthread_cond_destroy(&state->recovered);
    (void)pthread_mutex_destroy(&state->lock);
    (void)pthread_mutex_destroy(&state->observing);
}

bool varve__state_has_failed(varve_engine *engine)
{
    return atomic_load(&engine->state.health) == VARVE_HEALTH_FAILED;
}

/* ---- Telling of changes --------------------------------------------------------------------- */

static void tell_one(varve_engine *engine, const varve_engine_state *news)
{
    static const char *const words[] = {"healthy", "takes no writes", "failed"};
    if (news->health == VARVE_HEALTHY)
        varve__log(&engine->logger, VARVE_LOG_INFO, "%s: healthy", varve__engine_name(engine));
    else
        varve__log(&engine->logger, VARVE_LOG_WARN, "%s: %s: %s: %s", varve__engine_name(engine),
                   words[news->health], varve_status_name(news->reason), news->message);
    if (engine->options.on_state != NULL)
        engine->options.on_state(engine->options.on_state_arg, news);
}

/* Tell what has not been told yet, unless another thread, or this one further up, is at it. */
static void tell(varve_engine *engine)
{
    varve__state *state = &engine->state;
    (void)pthread_mutex_lock(&state->lock);
    if (state->is_telling) {
        (void)pthread_mutex_unlock(&state->lock);
        return;
    }
    state->is_telling = true;
    while (state->untold_count > 0) {
        varve_engine_state news = state->untold[0];
        state->untold_count--;
        memmove(state->untold, state->untold + 1, state->untold_count * sizeof news);
        (void)pthread_mutex_unlock(&state->lock);
        tell_one(engine, &news);
        (void)pthread_mutex_lock(&state->lock);
    }
    state->is_telling = false;
    (void)pthread_mutex_unlock(&state->lock);
}

/* ---- Looking -------------------------------------------------------------------------------- */

static bool is_change(const varve_engine_state *from, const varve_engine_state *to)
{
    return from->health != to->health || from->reason != to->reason ||
           from->commit_unknown != to->commit_unknown;
}

/* Make what the backend has answered the state of the engine; tell() is to follow. */
static void adopt(varve__state *state, const varve_engine_state *seen)
{
    (void)pthread_mutex_lock(&state->lock);
    varve_engine_state *now = &state->now;
    memcpy(now->message, seen->message, sizeof now->message);
    if (is_change(now, seen)) {
        now->health = seen->health;
        now->reason = seen->reason;
        now->commit_unknown = seen->commit_unknown;
        now->since = wall_time();
        now->changes++;
        if (state->untold_count == VARVE__UNTOLD_MAX)
            state->untold_count--;
        state->untold[state->untold_count++] = *now;
        atomic_store(&state->reason, seen->reason);
        atomic_store(&state->health, seen->health);
    }
    (void)pthread_mutex_unlock(&state->lock);
}

/* Ask the backend, and tell of what has changed; returns whether what is wrong may pass. */
static bool observe(varve_engine *engine)
{
    varve__state *state = &engine->state;
    varve_engine_state seen = {.struct_size = sizeof seen};
    bool may_pass = false;

    if (engine->options.read_only)
        return false;
    (void)pthread_mutex_lock(&state->observing);
    varve__store *store = varve__engine_enter(engine);
    const varve__backend_ops *ops = engine->ops;
    if (ops->state != NULL)
        may_pass = ops->state(store, &seen);
    varve__engine_leave(engine);
    adopt(state, &seen);
    (void)pthread_mutex_unlock(&state->observing);
    tell(engine);
    return may_pass;
}

/* Whether a failure says something of the store, and not only of what was asked. */
static bool is_of_the_store(varve_status status)
{
    return status == VARVE_IO || status == VARVE_NO_SPACE || status == VARVE_CORRUPT ||
           status == VARVE_COMMIT_UNKNOWN || status == VARVE_INTERNAL;
}

void varve__state_note(varve_engine *engine, varve_status status)
{
    bool is_healthy =
        atomic_load_explicit(&engine->state.health, memory_order_relaxed) == VARVE_HEALTHY;
    if (status >= 0 ? is_healthy : !is_of_the_store(status))
        return;
    /* While a disk is full each write says so. */
    if (!is_healthy && (int)status == atomic_load(&engine->state.reason))
        return;
    observe(engine);
}

bool varve__state_is_commit_unknown(varve_engine *engine)
{
    varve__state *state = &engine->state;
    if (atomic_load(&state->health) == VARVE_HEALTHY)
        return false;
    (void)observe(engine);
    (void)pthread_mutex_lock(&state->lock);
    bool is_unknown = state->now.commit_unknown;
    (void)pthread_mutex_unlock(&state->lock);
    return is_unknown;
}

varve_status varve_engine_get_state(varve_engine *engine, varve_engine_state *state,
                                    varve_error *err)
{
    size_t given;
    varve_status status = varve__struct_size(state, "varve_engine_state", &given, err);
    if (status != VARVE_OK)
        return status;
    (void)observe(engine);
    (void)pthread_mutex_lock(&engine->state.lock);
    varve_engine_state known = engine->state.now;
    (void)pthread_mutex_unlock(&engine->state.lock);
    known.struct_size = given;
    /* A caller of a later version gets zero for what this one does not know. */
    memset(state, 0, given);
    memcpy(state, &known, given < sizeof known ? given : sizeof known);
    return VARVE_OK;
}

/* ---- Recovering ----------------------------------------------------------------------------- */

/* How long what may pass by itself is waited for, once there is somebody who waits. */
#define PASSING_NS 6000000000
#define PAUSE_NS 20000000

/*
 * Handles that are open for a moment are waited for with the gate closed, for else there may always
 * be one.  Those that are open for long must not make others wait for long: the gate is closed for
 * a tenth of the time at most.
 */
#define HOLD_NS_MIN 2000000
#define HOLD_NS_MAX 100000000
#define PAUSES_PER_HOLD 10

static void sleep_ns(int64_t nanoseconds)
{
    const struct timespec time = {.tv_sec = nanoseconds / 1000000000,
                                  .tv_nsec = nanoseconds % 1000000000};
    (void)nanosleep(&time, NULL);
}

/*
 * Most calls take a moment, and who does not wait for handles waits so long for them.  A long one,
 * such as a compaction, must not keep others from reading.
 */
#define CALLS_NS 1000000000

static varve_status fail_with_calls(varve_engine *engine, varve_error *err)
{
    return varve__fail(err, VARVE_BUSY,
                       "%s has to be reopened, and a call that takes long is on its way",
                       varve__engine_name(engine));
}

/* Wait up to `hold` until no handle is open; nobody can open another one. */
static varve_status wait_until_idle(varve_engine *engine, int64_t hold, varve_error *err)
{
    int64_t end = varve__steady_ns() + hold;
    varve_status status = varve__engine_check_idle(engine, false, err);
    while (status != VARVE_OK && hold > 0 && varve__steady_ns() < end) {
        sleep_ns(HOLD_NS_MIN / 4);
        status = varve__engine_check_idle(engine, false, err);
    }
    return status;
}

/* Close and open the store, with nobody else inside. */
static varve_status reopen(varve_engine *engine, int64_t hold, varve_error *err)
{
    varve__state *state = &engine->state;
    varve_engine_state seen = {.struct_size = sizeof seen};

    (void)pthread_mutex_lock(&state->observing);
    if (!varve__gate_close_within(&engine->gate, hold > 0 ? hold : CALLS_NS)) {
        (void)pthread_mutex_unlock(&state->observing);
        return fail_with_calls(engine, err);
    }
    const varve__backend_ops *ops = engine->open_ops;
    varve_status status = wait_until_idle(engine, hold, err);
    if (status == VARVE_OK) {
        varve__engine_change_begin(engine);
        status = ops->reopen(engine->store, err);
        varve__engine_change_end(engine);
    }
    (void)ops->state(engine->store, &seen);
    engine->ops = seen.health == VARVE_HEALTH_FAILED ? ops->closed : ops;
    varve__gate_open(&engine->gate);
    adopt(state, &seen);
    (void)pthread_mutex_unlock(&state->observing);
    if (status == VARVE_OK)
        varve__log(&engine->logger, VARVE_LOG_INFO, "%s: reopened", varve__engine_name(engine));
    tell(engine);
    return status;
}

static varve_status fail_with_reason(varve__state *state, varve_error *err)
{
    (void)pthread_mutex_lock(&state->lock);
    varve_engine_state now = state->now;
    (void)pthread_mutex_unlock(&state->lock);
    return varve__fail(err, now.reason, "%s", now.message);
}

/* One attempt; `patient` leaves it to RocksDB, if that can do it; `hold` is for reopening. */
static varve_status try_to_recover(varve_engine *engine, bool patient, int64_t hold,
                                   varve_error *err)
{
    bool may_pass = observe(engine);
    if (atomic_load(&engine->state.health) == VARVE_HEALTHY)
        return VARVE_OK;
    if (may_pass && (patient || engine->open_ops->reopen == NULL))
        return fail_with_reason(&engine->state, err);
    if (engine->open_ops->reopen == NULL)
        return varve__fail(err, VARVE_UNSUPPORTED, "%s: a store in memory cannot be reopened",
                           varve__engine_name(engine));
    return reopen(engine, hold, err);
}

/* Tell those who wait how an attempt has ended, or the recovery; `state` is locked. */
static void tell_outcome(varve__state *state, const varve_error *outcome, bool is_end)
{
    varve_error_release(&state->outcome);
    (void)varve__error_copy(outcome, &state->outcome);
    state->attempts++;
    state->recoveries += is_end;
    state->is_recovering = !is_end;
    state->is_pausing = !is_end;
    (void)pthread_cond_broadcast(&state->recovered);
}

/* Between two attempts; who does not wait learns how the last one has ended. */
static void pause_between(varve__state *state, int64_t nanoseconds)
{
    sleep_ns(nanoseconds);
    (void)pthread_mutex_lock(&state->lock);
    state->is_pausing = false;
    (void)pthread_mutex_unlock(&state->lock);
}

static varve_status recover(varve_engine *engine, const varve_cancel *cancel, varve_error *err)
{
    varve__state *state = &engine->state;
    int64_t end_of_patience = cancel == NULL ? 0 : varve__steady_ns() + PASSING_NS;
    int64_t hold = cancel == NULL ? 0 : HOLD_NS_MIN;
    for (;;) {
        bool patient = varve__steady_ns() < end_of_patience;
        varve_status status = try_to_recover(engine, patient, hold, err);
        if (cancel == NULL || (status != VARVE_NO_SPACE && status != VARVE_BUSY))
            return status;
        bool is_busy = status == VARVE_BUSY;
        (void)pthread_mutex_lock(&state->lock);
        tell_outcome(state, err, false);
        (void)pthread_mutex_unlock(&state->lock);
        status = varve_cancel_check(cancel, err);
        if (status != VARVE_OK)
            return status;
        pause_between(state, is_busy ? PAUSES_PER_HOLD * hold : PAUSE_NS);
        if (is_busy && hold < HOLD_NS_MAX)
            hold *= 2;
    }
}

/*
 * Wait for the end of the recovery that is going on in another thread, or, without `cancel`, for
 * that of its attempt; `state` is locked.
 */
static varve_status wait_for_end(varve__state *state, const varve_cancel *cancel, varve_error *err)
{
    const uint64_t *ended = cancel == NULL ? &state->attempts : &state->recoveries;
    uint64_t before = *ended;
    while (*ended == before && (cancel != NULL || !state->is_pausing)) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += PAUSE_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&state->recovered, &state->lock, &until);
        varve_status status = varve_cancel_check(cancel, err);
        if (status != VARVE_OK)
            return status;
    }
    return VARVE_OK;
}

/* Whether another thread has ended with `outcome` what one with `cancel` would have gone on with.
 */
static bool has_given_up(varve_status outcome, const varve_cancel *cancel)
{
    if (outcome == VARVE_CANCELLED || outcome == VARVE_DEADLINE)
        return true;
    return cancel != NULL && (outcome == VARVE_BUSY || outcome == VARVE_NO_SPACE);
}

/*
 * Wait for the outcome of other threads, if there are any at it; `state` is locked.  `*is_ours`
 * becomes whether there is none, and this thread is to recover.
 */
static varve_status wait_for_others(varve__state *state, const varve_cancel *cancel, bool *is_ours,
                                    varve_error *err)
{
    *is_ours = false;
    while (state->is_recovering) {
        varve_status status = wait_for_end(state, cancel, err);
        if (status != VARVE_OK)
            return status;
        if (state->outcome.status == VARVE_OK)
            return VARVE_OK;
        if (!has_given_up(state->outcome.status, cancel))
            return varve__error_copy(&state->outcome, err);
    }
    *is_ours = true;
    return VARVE_OK;
}

varve_status varve_engine_recover(varve_engine *engine, const varve_cancel *cancel,
                                  varve_error *err)
{
    varve__state *state = &engine->state;
    varve_error outcome = VARVE_ERROR_INIT;
    varve_status status = varve__engine_check_writable(engine, err);
    if (status != VARVE_OK)
        return status;
    bool is_ours;
    (void)pthread_mutex_lock(&state->lock);
    status = wait_for_others(state, cancel, &is_ours, err);
    if (is_ours)
        state->is_recovering = true;
    (void)pthread_mutex_unlock(&state->lock);
    if (!is_ours)
        return status;

    status = recover(engine, cancel, &outcome);
    if (status == VARVE_OK)
        varve_error_release(&outcome); /* of an attempt before */
    else
        (void)varve__error_copy(&outcome, err);

    (void)pthread_mutex_lock(&state->lock);
    tell_outcome(state, &outcome, true);
    (void)pthread_mutex_unlock(&state->lock);
    varve_error_release(&outcome);
    return status;
}
