/*
 * A gate: many pass in and out at little cost; rarely somebody closes it, and then waits until
 * everybody is out.
 *
 * Those who pass count themselves in lanes, so that threads which only pass do not slow each other
 * down.
 */
#ifndef VARVE_UTIL_GATE_H
#define VARVE_UTIL_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/lane.h"

typedef struct varve__gate {
    struct {
        atomic_uint inside;
        char rest_of_the_line[VARVE__CACHE_LINE - sizeof(atomic_uint)];
    } lanes[VARVE__LANES];
    atomic_bool is_closed;
    pthread_mutex_t lock; /* held by who has closed it */
} varve__gate;

void varve__gate_init(varve__gate *gate);
void varve__gate_destroy(varve__gate *gate);

/* The part of varve__gate_enter() for one who has counted himself while it is closed. */
void varve__gate_wait(varve__gate *gate);

/* Pass in; waits while it is closed.  Not by a thread that is inside, or has closed it. */
static inline void varve__gate_enter(varve__gate *gate)
{
    /* Count first, look then; who closes does it the other way round, so one sees the other. */
    (void)atomic_fetch_add(&gate->lanes[varve__lane()].inside, 1);
    if (atomic_load(&gate->is_closed))
        varve__gate_wait(gate);
}

/* Whether it is; to one who has told otherwise that he is about to do what it guards. */
static inline bool varve__gate_is_closed(const varve__gate *gate)
{
    return atomic_load(&gate->is_closed);
}

/* Pass out again, on the thread that has passed in. */
static inline void varve__gate_leave(varve__gate *gate)
{
    (void)atomic_fetch_sub_explicit(&gate->lanes[varve__lane()].inside, 1, memory_order_release);
}

/* Close it and wait until nobody is inside.  Others that close it wait for their turn. */
void varve__gate_close(varve__gate *gate);

/*
 * The same, but only if everybody is out within so many nanoseconds; else false, and it is open.
 * Others that have closed it are waited for all the same.
 */
bool varve__gate_close_within(varve__gate *gate, int64_t nanoseconds);

/* Open it again. */
void varve__gate_open(varve__gate *gate);

#endif
