/*
 * Resolving one intent: what both forms of resolution have in common.  The decision is that of
 * <varve/resolve.h>.
 */
#ifndef VARVE_MVCC_RESOLVE_KEY_H
#define VARVE_MVCC_RESOLVE_KEY_H

#include <varve/resolve.h>

#include "mvcc/change.h"
#include "mvcc/walk.h"

typedef struct varve__resolver {
    varve_resolution update;
    varve__change change;
    bool is_damaged; /* the last failure was about the state of the key alone */

    /* Of the key at hand, reused. */
    varve_buf record;  /* its metadata record */
    varve_buf history; /* what its history will be: an array of varve__history_entry */
    varve_buf rewritten;
} varve__resolver;

/* Check the arguments and start.  varve__resolver_release() follows in any case. */
varve_status varve__resolver_begin(varve__resolver *resolver, const varve_write *how,
                                   const varve_resolution *resolution, varve_error *err);
void varve__resolver_release(varve__resolver *resolver);

/*
 * Resolve the current key of `walk`, which stands on its metadata record: gather what changes.
 * VARVE_NOT_FOUND if there is nothing to do.  A failure that leaves `is_damaged` set has gathered
 * nothing.
 */
varve_status varve__resolve_key(varve__resolver *resolver, varve__walk *walk, varve_error *err);

/*
 * Resolve the key behind an encoded `prefix`, of which nothing but the metadata record is known.
 * VARVE_NOT_FOUND, with nothing gathered, if that does not do: varve__resolve_key() decides then.
 */
varve_status varve__resolve_record(varve__resolver *resolver, varve_slice prefix,
                                   varve_slice record, varve_error *err);

#endif
