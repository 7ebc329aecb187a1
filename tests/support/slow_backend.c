#include "tests/support/slow_backend.h"

#include <time.h>

static const varve__backend_ops *real;
static varve__backend_ops slow;
static unsigned opening_pauses;
static unsigned pause_each;

void wait_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 50000};
    (void)nanosleep(&pause, NULL);
}

static void linger(unsigned pauses)
{
    static atomic_uint calls;
    if (atomic_fetch_add(&calls, 1) % pause_each != 0)
        return;
    for (unsigned i = 0; i < pauses; i++)
        wait_a_little();
}

static varve_status slow_apply(varve__store *store, varve_slice repr, bool sync, varve_error *err)
{
    linger(1);
    varve_status status = real->apply(store, repr, sync, err);
    linger(1);
    return status;
}

static varve_status slow_iter_open(varve__store *store, varve__store_snapshot *snapshot,
                                   const varve_iter_options *options, varve_iter **out,
                                   varve_error *err)
{
    varve_status status = real->iter_open(store, snapshot, options, out, err);
    linger(opening_pauses);
    return status;
}

void slow_backend_insert(varve_engine *engine, unsigned pauses_of_opening, unsigned nth)
{
    real = engine->ops;
    opening_pauses = pauses_of_opening;
    pause_each = nth;
    slow = *real;
    slow.apply = slow_apply;
    slow.iter_open = slow_iter_open;
    engine->ops = &slow;
}

void slow_backend_remove(varve_engine *engine)
{
    engine->ops = real;
}
