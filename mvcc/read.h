/*
 * What get, scan, reverse scan and versions have in common: the state of a read in progress, the
 * search for what a key yields, limits, and the end.
 */
#ifndef VARVE_MVCC_READ_H
#define VARVE_MVCC_READ_H

#include "mvcc/conflicts.h"
#include "mvcc/rows.h"
#include "mvcc/visible.h"
#include "mvcc/walk.h"

typedef struct varve__read {
    varve_read how;
    varve__view view;
    bool tombstones;  /* return them too */
    int64_t max_rows; /* INT64_MAX = all */
    varve_rows *rows;
    varve__walk walk;
    varve__conflicts conflicts;
} varve__read;

/* What a key yields.  The value's bytes are valid until the walk moves. */
typedef struct varve__found {
    varve_ts ts; /* zero for an inline value */
    varve_slice value;
} varve__found;

/*
 * Start a read: check `how`, which may have the flags of `flags_allowed`.  The rows are left alone,
 * for arguments of the caller may point into them; varve__rows_clear() comes after those have been
 * encoded.  varve__read_end() follows in any case.
 */
varve_status varve__read_begin(varve__read *read, const varve_read *how, unsigned flags_allowed,
                               int64_t max_rows, varve_rows *rows, varve_error *err);

/*
 * End a read that has come to `status`: conflicts turn success into their failure, and a failure
 * empties the rows.  Returns the read's final status.
 */
varve_status varve__read_end(varve__read *read, varve_status status, varve_error *err);

/*
 * What the current key yields, on whose first record the walk stands.  VARVE_NOT_FOUND is nothing,
 * a conflict included; that is added to the list.
 */
varve_status varve__read_find(varve__read *read, varve__found *found, varve_error *err);

/* What the walk stands on, a version. */
void varve__read_take(const varve__read *read, varve__found *found);

/* Make a row of what has been found, unless it is a tombstone that nobody asked for. */
varve_status varve__read_emit(varve__read *read, const varve__found *found, varve_error *err);

/* The row packed last is a result: count it, or drop the tombstone that nobody asked for. */
void varve__read_accept(varve__read *read, const varve__packed_row *row);

/* Both: what the current key yields becomes a row, if it yields anything. */
varve_status varve__read_key(varve__read *read, varve_error *err);

/* Whether the rows have reached a limit. */
bool varve__read_is_full(const varve__read *read);

#endif
