/*
 * Snapshots: a state of the engine, held by all who read it.
 */
#ifndef VARVE_ENGINE_SNAPSHOT_H
#define VARVE_ENGINE_SNAPSHOT_H

#include "engine/engine.h"

struct varve_snapshot {
    varve_reader reader;
    varve__iter_owner iter_owner;
    varve_engine *engine;
    varve__store_snapshot *state;
    uint64_t number;     /* of all snapshots of the engine, from 1 */
    atomic_size_t users; /* its iterators, batches over it, and one more until it is closed */
};

/* Use it once more, from any thread; it stays until each use has been given back. */
void varve__snapshot_hold(varve_snapshot *snapshot);

/* Give back one use. */
void varve__snapshot_let_go(varve_snapshot *snapshot);

#endif
