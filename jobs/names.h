/*
 * The user keys that a step changes, in one buffer, and their latches.
 */
#ifndef VARVE_JOBS_NAMES_H
#define VARVE_JOBS_NAMES_H

#include <varve/latches.h>

#include "mvcc/walk.h"

/* Zeroed, there are none. */
typedef struct varve__names {
    varve_buf bytes; /* of each its size, and the key */
    size_t count;
} varve__names;

/* Add the current key of a walk.  A failure leaves the names as they were. */
varve_status varve__names_add(varve__names *names, const varve__walk *walk, varve_error *err);

/* The name at `*position`, which begins at 0 and moves behind it. */
varve_slice varve__names_next(const varve__names *names, size_t *position);

/*
 * Acquire the latches of all of them, and of `further` if that is not empty.  Returns as
 * varve_latches_acquire(); NULL as `latches` are none, and `*latch` stays as it is.
 */
varve_status varve__names_acquire(const varve__names *names, varve_slice further,
                                  varve_latches *latches, const varve_cancel *cancel,
                                  varve_latch **latch, varve_error *err);

void varve__names_release(varve__names *names);

#endif
