/*
 * The store of the memory map backend: an index that only grows.
 *
 * Each record gets a number, the order of its event in the index; a put and a clear are one event,
 * a range clear one for each key it removes.  A state is a number: of each key the newest event not
 * above it counts.  Nothing is ever removed or moved, so a snapshot is its number, and what
 * iterators lend needs no copy.
 */
#ifndef VARVE_ENGINE_MEM_MEM_H
#define VARVE_ENGINE_MEM_MEM_H

#include <pthread.h>

#include "engine/backend.h"
#include "engine/iter.h"
#include "util/index.h"

enum varve__mem_kind {
    VARVE__MEM_PUT, /* `datum` is the address of the value, which lies in `values` */
    VARVE__MEM_CLEAR,
    VARVE__MEM_VOID /* of a commit that failed half-way: never happened */
};

struct varve__store {
    pthread_rwlock_t lock; /* around all of the following */
    varve__index events;
    varve__arena values;
    uint64_t sequence; /* of the last commit; events above it are not there yet */
    uint64_t used;     /* the largest number given out; above `sequence` after failed commits */
};

struct varve__store_snapshot {
    uint64_t sequence;
};

/* The put that the state `sequence` has under `key`; NULL if it has none. */
const varve__index_entry *varve__mem_visible(const varve__store *store, varve_slice key,
                                             uint64_t sequence);

static inline varve_slice varve__mem_value(const varve__index_entry *event)
{
    return varve_slice_of((const void *)(uintptr_t)event->datum, event->size);
}

varve_status varve__mem_apply(varve__store *store, varve_slice repr, bool sync, varve_error *err);

varve_status varve__mem_iter_open(varve__store *store, varve__store_snapshot *snapshot,
                                  const varve_iter_options *options, varve_iter **out,
                                  varve_error *err);

#endif
