/*
 * A backend that fails when told to, in front of a real one.
 *
 * It stands between an open engine and its store, and remembers what the engine has asked of it.
 */
#ifndef VARVE_TESTS_SUPPORT_BACKEND_FAULTS_H
#define VARVE_TESTS_SUPPORT_BACKEND_FAULTS_H

#include "engine/engine.h"

struct backend_faults {
    varve_status apply; /* what these return, without reaching the store; VARVE_OK = they do */
    varve_status flush;
    varve_status sync;
    varve_status compact;
    varve_status get;
    varve_status snapshot;
    varve_status info;
    varve_status tables;
    varve_status iter_open;
    varve_status iter_step; /* next and prev of iterators opened from then on */
    varve_status iter_seek; /* their seeks */
    unsigned fired;         /* how often any of them has failed */

    atomic_int state;   /* why the store takes no writes; VARVE_OK = that of the real one */
    atomic_bool passes; /* and whether that may pass by itself */

    /* A representation that the store gets right behind the next one, from somebody else. */
    varve_slice behind_next;

    unsigned applied; /* calls of apply, flush and sync */
    unsigned flushed;
    unsigned synced;
    bool last_sync; /* what the last apply was told */
    unsigned moved; /* movements of iterators opened from then on */
};
extern struct backend_faults backend_faults;

/* Put it in front of `engine`'s store, with no faults. */
void backend_faults_insert(varve_engine *engine);

#endif
