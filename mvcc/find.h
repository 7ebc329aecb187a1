/*
 * From the decision about a key to the value that it yields, for reads and for the reads that
 * writers make.
 */
#ifndef VARVE_MVCC_FIND_H
#define VARVE_MVCC_FIND_H

#include "mvcc/conflicts.h"
#include "mvcc/visible.h"
#include "mvcc/walk.h"

/* What a key yields.  The value's bytes are valid until the walk moves. */
typedef struct varve__found {
    int row;     /* of the decision table (mvcc/visible.h) */
    varve_ts ts; /* zero for an inline value, and for one of the intent history */
    varve_slice value;
    varve_ts below; /* of an earlier value: where versions older than the intent begin */
} varve__found;

/* What the walk stands on, a version. */
static inline void varve__find_here(varve__walk *walk, varve__found *found)
{
    found->ts = varve__suffix_decode(varve__walk_suffix(walk));
    found->value = varve__walk_value(walk);
}

/* The part of varve__find() for keys that take more than a look at their first record. */
varve_status varve__find_further(const varve__view *view, varve__walk *walk,
                                 varve__conflicts *conflicts, varve__found *found,
                                 varve_error *err);

/*
 * Whether the current key, on whose first record the walk stands, yields that, which is then what
 * has been found.  So do most keys; the decision table comes to the same.
 */
static inline bool varve__find_first(const varve__view *view, varve__walk *walk,
                                     varve__found *found)
{
    const unsigned char *suffix = varve__walk_suffix(walk);
    if (suffix == NULL || !varve__view_shows(view, suffix))
        return false;
    found->row = 1;
    varve__find_here(walk, found);
    return true;
}

/*
 * Judge the current key, on whose first record the walk stands, and fetch what it yields.
 * VARVE_NOT_FOUND is nothing.  An intent that is in the way, which is nothing, too, and one that is
 * to be told are added to `conflicts`.
 */
static inline varve_status varve__find(const varve__view *view, varve__walk *walk,
                                       varve__conflicts *conflicts, varve__found *found,
                                       varve_error *err)
{
    return varve__find_first(view, walk, found)
               ? VARVE_OK
               : varve__find_further(view, walk, conflicts, found, err);
}

/* ---- For writers --------------------------------------------------------------------------- */

/*
 * What a writer sees of the current key, on whose first record the walk stands, when it reads at
 * `ts` as `txn` or NULL: by the decision table as any reader, tombstones being values of length
 * zero.  The checksum is verified.  `user_key` is the current key.
 *
 * With `found->row` 9 this is the provisional value of the writer's own intent, with 10 an earlier
 * one of that, with 11 and 13 the committed version below.  After a value of row 1, 5 or 10, or
 * nothing, the walk may still stand on the first record; varve__walk_front() leads back to it.
 *
 * Returns VARVE_OK; VARVE_NOT_FOUND; VARVE_WRITE_INTENT about the one that is in the way;
 * VARVE_READ_UNCERTAIN; VARVE_TXN_EPOCH; VARVE_CHECKSUM; or the walk's failures.
 */
varve_status varve__find_to_write(varve__walk *walk, varve_slice user_key, varve_ts ts,
                                  const varve_txn *txn, varve__found *found, varve_error *err);

/*
 * The newest version of the current key at or below `ts`, from anywhere in the key; its metadata
 * record is passed over and nothing is verified.  `found->row` is 0.  Returns VARVE_OK;
 * VARVE_NOT_FOUND, also for a `ts` that is zero or negative; or the walk's failures.
 */
varve_status varve__find_version(varve__walk *walk, varve_ts ts, varve__found *found,
                                 varve_error *err);

#endif
