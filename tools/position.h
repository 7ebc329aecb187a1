/*
 * How far a walk over keys is, by the bytes of the store that lie in front of it: for progress.
 */
#ifndef TOOLS_POSITION_H
#define TOOLS_POSITION_H

#include "store.h"

/* Start one as zero. */
struct position {
    const struct store *store;
    varve_buf lower; /* engine keys */
    varve_buf upper;
    uint64_t total; /* about how many bytes the span takes; 0 = not known */
};

/* Begin with the span of user keys that is walked over; to be released whatever comes of it. */
void position_begin(struct position *position, const struct store *store, varve_span span);

/* About how many bytes of it lie in front of the key; at most `total`. */
uint64_t position_at(const struct position *position, varve_slice key);

void position_release(struct position *position);

#endif
