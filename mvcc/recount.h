/*
 * Counting statistics by reading records: what the writes' differences have come to has to be the
 * same.
 */
#ifndef VARVE_MVCC_RECOUNT_H
#define VARVE_MVCC_RECOUNT_H

#include <varve/stats.h>

#include "mvcc/walk.h"

/* A count in progress: zeroed, but for `stats.last_update_nanos`, which is "now". */
typedef struct varve__recount {
    varve_stats stats;
    varve__meta meta; /* of the current key, stored or implied by its newest version */
    int64_t key_size; /* of its metadata key */
    bool is_system;
    bool is_first;  /* the version to come is the key's newest */
    int64_t shadow; /* wall time of what covers the version to come */
} varve__recount;

/*
 * Account the first record of a key, on which the walk stands; it has entered the key.  `value` is
 * the record's: who counts has mostly asked for it already, and it costs a call into the engine.
 * Returns VARVE_OK; VARVE_CORRUPT; VARVE_MERGE_CONFLICT; VARVE_NO_MEMORY.
 */
varve_status varve__recount_first(varve__recount *r, const varve__walk *walk, varve_slice value,
                                  varve_error *err);

/* Account any other record of the key.  Returns VARVE_OK or VARVE_CORRUPT. */
varve_status varve__recount_older(varve__recount *r, const varve__walk *walk, varve_slice value,
                                  varve_error *err);

#endif
