#include "engine/events.h"

/* Events of one key after which a descent is likely to cost less than walking on. */
#define STEPS_BEFORE_SEEK 4

static const varve__index_entry *newest_of(const varve__index *index,
                                           const varve__index_entry *oldest)
{
    return oldest == NULL ? NULL : varve__events_first_ge(index, oldest->key);
}

const varve__index_entry *varve__events_last_lt(const varve__index *index, varve_slice key)
{
    return newest_of(index, varve__index_seek_lt(index, key));
}

const varve__index_entry *varve__events_last(const varve__index *index)
{
    return newest_of(index, varve__index_last(index));
}

const varve__index_entry *varve__events_next_key(const varve__index *index,
                                                 const varve__index_entry *event)
{
    const varve__index_entry *next = event;
    for (int i = 0; i < STEPS_BEFORE_SEEK; i++) {
        next = varve__index_next(next);
        if (next == NULL || !varve_slice_equal(next->key, event->key))
            return next;
    }
    /* Orders begin at 1: nothing of this key stands at or behind 0. */
    return varve__index_seek_ge(index, event->key, 0);
}

const varve__index_entry *varve__events_find(const varve__index *index, varve_slice key,
                                             uint64_t order)
{
    const varve__index_entry *event = varve__index_seek_ge(index, key, order);
    return event != NULL && varve_slice_equal(event->key, key) ? event : NULL;
}
