#include "jobs/rate.h"

#include "util/steady.h"

void varve__rate_begin(varve__rate *rate)
{
    if (rate->per_second > 0)
        rate->began_ns = varve__steady_ns();
}

int64_t varve__rate_end(varve__rate *rate, uint64_t done)
{
    if (rate->per_second == 0)
        return 0;
    if (rate->due_ns < rate->began_ns)
        rate->due_ns = rate->began_ns; /* time that was not used is lost */
    rate->due_ns += (int64_t)((double)done / (double)rate->per_second * 1e9);
    int64_t pause = rate->due_ns - varve__steady_ns();
    return pause > 0 ? pause : 0;
}
