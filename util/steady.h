/* The clock that nobody sets, for how long something takes. */
#ifndef VARVE_UTIL_STEADY_H
#define VARVE_UTIL_STEADY_H

#include <stdint.h>
#include <time.h>

/* In nanoseconds since a moment that means nothing. */
static inline int64_t varve__steady_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
