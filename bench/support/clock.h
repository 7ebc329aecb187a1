/*
 * Clocks.
 */
#ifndef VARVE_BENCH_SUPPORT_CLOCK_H
#define VARVE_BENCH_SUPPORT_CLOCK_H

#include <time.h>

/* Nanoseconds by one of the system's clocks. */
static inline double bench_clock(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Nanoseconds of time that passes. */
static inline double bench_wall(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

/* Nanoseconds that this thread has worked. */
static inline double bench_cpu(void)
{
    return bench_clock(CLOCK_THREAD_CPUTIME_ID);
}

#endif
