#include "util/lane.h"

_Thread_local unsigned varve__lane_number;

unsigned varve__lane_take(void)
{
    static atomic_uint threads;
    varve__lane_number = 1 + atomic_fetch_add(&threads, 1) % VARVE__LANES;
    return varve__lane_number - 1;
}

void varve__tally_init(varve__tally *tally)
{
    for (unsigned i = 0; i < VARVE__LANES; i++)
        atomic_init(&tally->lanes[i].count, 0);
}

size_t varve__tally_sum(const varve__tally *tally)
{
    size_t sum = 0;
    for (unsigned i = 0; i < VARVE__LANES; i++)
        sum += atomic_load(&tally->lanes[i].count);
    return (ptrdiff_t)sum < 0 ? 0 : sum;
}
