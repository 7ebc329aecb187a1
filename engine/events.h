/*
 * Walking an index (util/index.h) by keys: of each key the newest event stands first, and what
 * lies below it is mostly to be passed over.
 */
#ifndef VARVE_ENGINE_EVENTS_H
#define VARVE_ENGINE_EVENTS_H

#include "util/index.h"

/* Above the order of every event. */
#define VARVE__EVENT_NEWEST UINT64_MAX

/* The newest event of the first key at or above `key`; NULL if there is none. */
static inline const varve__index_entry *varve__events_first_ge(const varve__index *index,
                                                               varve_slice key)
{
    return varve__index_seek_ge(index, key, VARVE__EVENT_NEWEST);
}

/* The newest event of the last key below `key`; NULL if there is none. */
const varve__index_entry *varve__events_last_lt(const varve__index *index, varve_slice key);

/* The newest event of the last key of all; NULL if there is none. */
const varve__index_entry *varve__events_last(const varve__index *index);

/* The newest event of the key behind that of `event`; NULL if there is none. */
const varve__index_entry *varve__events_next_key(const varve__index *index,
                                                 const varve__index_entry *event);

/* The newest event of exactly `key` whose order is not above `order`; NULL if there is none. */
const varve__index_entry *varve__events_find(const varve__index *index, varve_slice key,
                                             uint64_t order);

#endif
