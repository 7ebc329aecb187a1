/*
 * The store of the memory map backend: an index that only grows.
 *
 * Each record gets a number, the order of its event in the index; a put, a clear and a merge are
 * one event, a range clear one for each key it removes.  A state is a number: of each key the
 * newest event not above it counts.  Nothing is ever removed or moved, so a snapshot is its number,
 * and what iterators lend needs no copy.
 */
#ifndef VARVE_ENGINE_MEM_MEM_H
#define VARVE_ENGINE_MEM_MEM_H

#include "engine/backend.h"
#include "engine/iter.h"
#include "util/fair_lock.h"
#include "util/index.h"

enum varve__mem_kind {
    VARVE__MEM_PUT, /* `datum` is the address of the value, which lies in `values` */
    VARVE__MEM_CLEAR,
    VARVE__MEM_MERGE, /* `datum` likewise, of the operand; the value is made when it is read */
    VARVE__MEM_VOID   /* of a commit that failed half-way: never happened */
};

struct varve__store {
    varve__fair_lock lock; /* around all of the following */
    varve__index events;
    varve__arena values;
    uint64_t sequence; /* of the last commit; events above it are not there yet */
    uint64_t used;     /* the largest number given out; above `sequence` after failed commits */
};

struct varve__store_snapshot {
    uint64_t sequence;
};

/* The put or merge that the state `sequence` has under `key`; NULL if it has none. */
const varve__index_entry *varve__mem_visible(const varve__store *store, varve_slice key,
                                             uint64_t sequence);

/* The value of a put, the operand of a merge. */
static inline varve_slice varve__mem_value(const varve__index_entry *event)
{
    return varve_slice_of((const void *)(uintptr_t)event->datum, event->size);
}

/* What makes the value of a key whose newest event is a merge. */
typedef struct varve__mem_operands {
    bool has_below;
    varve_slice below;     /* the value under the operands */
    varve_slice *operands; /* oldest first */
    size_t count;
    size_t capacity;
} varve__mem_operands;

void varve__mem_operands_release(varve__mem_operands *operands);

/* Gather what lies at and below a merge; the store is locked.  Replaces what was gathered before.
 */
varve_status varve__mem_gather(const varve__index_entry *merge, varve__mem_operands *operands,
                               varve_error *err);

/* Make the value of what has been gathered; this needs no lock. */
varve_status varve__mem_merge(const varve__mem_operands *operands, varve_buf *value,
                              varve_error *err);

varve_status varve__mem_apply(varve__store *store, varve_slice repr, bool sync, varve_error *err);

varve_status varve__mem_iter_open(varve__store *store, varve__store_snapshot *snapshot,
                                  const varve_iter_options *options, varve_iter **out,
                                  varve_error *err);

/* ---- admin.c */

varve_status varve__mem_compact_range(varve__store *store,
                                      const struct varve_compact_options *options,
                                      varve_error *err);
varve_status varve__mem_approximate_bytes(varve__store *store, varve_slice start, varve_slice end,
                                          uint64_t *bytes, varve_error *err);
varve_status varve__mem_stats(varve__store *store, struct varve_engine_stats *stats,
                              varve_error *err);
varve_status varve__mem_stall(varve__store *store, struct varve_engine_stall *stall,
                              varve_error *err);
varve_status varve__mem_memory(varve__store *store, struct varve_engine_memory *memory,
                               varve_error *err);

#endif
