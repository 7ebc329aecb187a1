#include "util/gate.h"

#include <time.h>

#include "util/steady.h"

#define PAUSE_NS 20000

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

void varve__gate_wait(varve__gate *gate)
{
    atomic_uint *inside = &gate->lanes[varve__lane()].inside;
    do {
        (void)atomic_fetch_sub(inside, 1);
        (void)pthread_mutex_lock(&gate->lock);
        (void)pthread_mutex_unlock(&gate->lock);
        (void)atomic_fetch_add(inside, 1);
    } while (atomic_load(&gate->is_closed));
}

static bool is_empty(const varve__gate *gate)
{
    for (unsigned i = 0; i < VARVE__LANES; i++)
        if (atomic_load_explicit(&gate->lanes[i].inside, memory_order_acquire) > 0)
            return false;
    return true;
}

static void shut(varve__gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    atomic_store(&gate->is_closed, true);
}

void varve__gate_close(varve__gate *gate)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    shut(gate);
    while (!is_empty(gate))
        (void)nanosleep(&pause, NULL);
}

bool varve__gate_close_within(varve__gate *gate, int64_t nanoseconds)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    shut(gate);
    int64_t end = varve__steady_ns() + nanoseconds;
    while (!is_empty(gate)) {
        if (varve__steady_ns() >= end) {
            varve__gate_open(gate);
            return false;
        }
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

void varve__gate_open(varve__gate *gate)
{
    atomic_store(&gate->is_closed, false);
    (void)pthread_mutex_unlock(&gate->lock);
}
