#include "util/gate.h"

#include <time.h>

void varve__gate_init(varve__gate *gate)
{
    for (unsigned i = 0; i < VARVE__LANES; i++)
        atomic_init(&gate->lanes[i].inside, 0);
    atomic_init(&gate->is_closed, false);
    (void)pthread_mutex_init(&gate->lock, NULL);
}

void varve__gate_destroy(varve__gate *gate)
{
    (void)pthread_mutex_destroy(&gate->lock);
}

void varve__gate_enter(varve__gate *gate)
{
    atomic_uint *inside = &gate->lanes[varve__lane()].inside;
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
    (void)atomic_fetch_sub_explicit(&gate->lanes[varve__lane()].inside, 1, memory_order_release);
}

void varve__gate_close(varve__gate *gate)
{
    const struct timespec pause = {.tv_nsec = 20000};
    (void)pthread_mutex_lock(&gate->lock);
    atomic_store(&gate->is_closed, true);
    for (unsigned i = 0; i < VARVE__LANES; i++)
        while (atomic_load_explicit(&gate->lanes[i].inside, memory_order_acquire) > 0)
            (void)nanosleep(&pause, NULL);
}

void varve__gate_open(varve__gate *gate)
{
    atomic_store(&gate->is_closed, false);
    (void)pthread_mutex_unlock(&gate->lock);
}
