/*
 * Rates: how long to wait behind a step so that a job does not do more in a second than it may.
 */
#ifndef VARVE_JOBS_RATE_H
#define VARVE_JOBS_RATE_H

#include <stdint.h>

typedef struct varve__rate {
    uint64_t per_second; /* 0 = no limit */
    int64_t began_ns;    /* the step in progress, by the clock that is never set */
    int64_t due_ns;      /* the next one */
} varve__rate;

/* A step begins. */
void varve__rate_begin(varve__rate *rate);

/* It has done so much.  Returns how long to wait in front of the next one, in nanoseconds. */
int64_t varve__rate_end(varve__rate *rate, uint64_t done);

#endif
