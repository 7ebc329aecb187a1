/*
 * What is known of an engine's health, who hears of its changes, and who is recovering it.
 */
#ifndef VARVE_ENGINE_STATE_H
#define VARVE_ENGINE_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <varve/state.h>

/* Changes that wait for the callback to come back from one before. */
#define VARVE__UNTOLD_MAX 8

typedef struct varve__state {
    /*
     * Held while the backend is asked and its answer taken over, so that answers stay in order.
     * Before the gate, never inside it.
     */
    pthread_mutex_t observing;

    pthread_mutex_t lock; /* of what follows; held for moments */
    varve_engine_state now;
    varve_engine_state untold[VARVE__UNTOLD_MAX];
    unsigned untold_count;
    bool is_telling;

    pthread_cond_t recovered; /* with `lock` */
    bool is_recovering;
    bool is_pausing;     /* the one who recovers waits between two attempts */
    uint64_t recoveries; /* that have come to an end */
    uint64_t attempts;   /* likewise: a recovery makes one, or several if it may wait */
    varve_error outcome; /* of the last attempt, or recovery */

    atomic_int health; /* that of `now`, for those who only look */
    atomic_int reason;
} varve__state;

void varve__state_init(varve__state *state);
void varve__state_destroy(varve__state *state);

/*
 * Take note of how a call on the backend that writes has ended.  To be called outside the gate; it
 * calls the caller's callback.  An engine that is healthy and stays so pays a load for it.
 */
void varve__state_note(struct varve_engine *engine, varve_status status);

/* Whether the outcome of a commit is open still. */
bool varve__state_is_commit_unknown(struct varve_engine *engine);

/* Whether the store has been closed inside, and could not be opened again. */
bool varve__state_has_failed(struct varve_engine *engine);

#endif
