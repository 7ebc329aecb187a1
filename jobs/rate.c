#include "jobs/rate.h"

#include <time.h>

#define NANOSECONDS INT64_C(1000000000)

static int64_t clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

void varve__rate_begin(varve__rate *rate)
{
    if (rate->per_second > 0)
        rate->began_ns = clock_ns();
}

int64_t varve__rate_end(varve__rate *rate, uint64_t done)
{
    if (rate->per_second == 0)
        return 0;
    if (rate->due_ns < rate->began_ns)
        rate->due_ns = rate->began_ns; /* time that was not used is lost */
    rate->due_ns += (int64_t)((double)done / (double)rate->per_second * 1e9);
    int64_t pause = rate->due_ns - clock_ns();
    return pause > 0 ? pause : 0;
}
