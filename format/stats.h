/*
 * What all arithmetic with statistics is made of.  Numbers wrap around: a sum of wild timestamps
 * stays defined, and can be taken back.
 */
#ifndef VARVE_FORMAT_STATS_H
#define VARVE_FORMAT_STATS_H

#include <varve/base.h>

static inline int64_t varve__plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t varve__minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t varve__times(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* Whole seconds between two wall times, counted where whole seconds end; negative backwards. */
int64_t varve__seconds_between(int64_t from_nanos, int64_t to_nanos);

#endif
