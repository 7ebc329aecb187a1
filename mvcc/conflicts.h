/*
 * The intents that stand in a read's way, gathered in the order of the read.
 */
#ifndef VARVE_MVCC_CONFLICTS_H
#define VARVE_MVCC_CONFLICTS_H

#include "format/meta.h"
#include "util/arena.h"

typedef struct varve__conflicts {
    varve_intent *list;
    size_t count;
    size_t capacity;
    varve__arena keys;
    bool more; /* a scan's cap has ended the search */
} varve__conflicts;

void varve__conflicts_release(varve__conflicts *conflicts);

/* Forget them, keeping the memory. */
void varve__conflicts_clear(varve__conflicts *conflicts);

/* Add the intent that `meta` describes, on the user key behind an encoded `prefix`. */
varve_status varve__conflicts_add(varve__conflicts *conflicts, varve_slice prefix,
                                  const varve__meta *meta, varve_error *err);

/* The failure that lists them; there is at least one. */
varve_status varve__conflicts_fail(const varve__conflicts *conflicts, varve_error *err);

#endif
