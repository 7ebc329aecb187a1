#include "util/gate.h"

#include <time.h>

void varve__gate_init(varve__gate *gate)
{
    for (unsigned i = 0; i < VARVE__GATE_LANES; i++)
        atomic_init(&gate->lanes[i].inside, 0);
    atomic_init(&gate->is_closed, false);
    (void)pthread_mutex_init(&gate->lock, NULL);
}

void varve__gate_destroy(varve__gate *gate)
{
    (void)pthread_mutex_destroy(&gate->lock);
}

/* The lane of this thread: they take turns, so that a few threads do not meet. */
static atomic_uint *lane_of(varve__gate *gate)
{
    static atomic_uint threads;
    static _Thread_local unsigned number; /* 0 = none yet */
    if (number == 0)
        number = 1 + atomic_fetch_add(&threads, 1) % VARVE__GATE_LANES;
    return &gate->lanes[number - 1].inside;
}

void varve__gate_enter(varve__gate *gate)
{
    atomic_uint *inside = lane_of(gate);
    /* Count first, look then; who closes does it the other way round, so one sees the other. */
    (void)atomic_fetch_add(inside, 1);
    while (atomic_load(&gate->is_closed)) {
        (void)atomic_fetch_sub(inside, 1);
        (void)pthread_mutex_lock(&gate->lock);
        (void)pthread_mutex_unlock(&gate->lock);
        (void)atomic_fetch_add(inside, 1);
    }
}

void varve__gate_leave(varve__gate *gate)
{
    (void)atomic_fetch_sub_explicit(lane_of(gate), 1, memory_order_release);
}

void varve__gate_close(varve__gate *gate)
{
    const struct timespec pause = {.tv_nsec = 20000};
    (void)pthread_mutex_lock(&gate->lock);
    atomic_store(&gate->is_closed, true);
    for (unsigned i = 0; i < VARVE__GATE_LANES; i++)
        while (atomic_load_explicit(&gate->lanes[i].inside, memory_order_acquire) > 0)
            (void)nanosleep(&pause, NULL);
}

void varve__gate_open(varve__gate *gate)
{
    atomic_store(&gate->is_closed, false);
    (void)pthread_mutex_unlock(&gate->lock);
}
