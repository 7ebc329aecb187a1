/*
 * Multi-version writes of user keys, over any writer of an engine.  <varve/mvcc.h> says what
 * versions, tombstones and inline values are.
 */
#ifndef VARVE_WRITE_H
#define VARVE_WRITE_H

#include <varve/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Writing ------------------------------------------------------------------------------- */

/*
 * One description of a write.  Set `struct_size`; zero elsewhere.
 *
 * `reader` and `writer` look at the same data: both lent by the engine, or both by one batch.  With
 * a NULL reader the write is blind: nothing is looked up, and the caller vouches that the key has
 * no records, or that it may write history below its newest version.  VARVE_WRITE_TOO_OLD,
 * VARVE_WRITE_INTENT and VARVE_INLINE_MIX do not occur then.
 *
 * Concurrent writers of the same keys are not ordered by these calls: the caller does that.
 */
typedef struct varve_write {
    size_t struct_size;
    varve_reader *reader;
    varve_writer *writer;
    varve_ts ts;        /* where the version is stored; zero = an inline value */
    varve_buf *scratch; /* memory to reuse from call to call, of which the arguments must not be
                           part; its contents are lost; NULL = allocate for each */
} varve_write;

/*
 * Store `raw` as the version of `key` at the write's timestamp, or as its inline value at timestamp
 * zero.  An empty `raw` is a deletion: the call is then varve_mvcc_delete().
 *
 * If the key has a version at or above the timestamp, the value is stored right above that version
 * instead and VARVE_WRITE_TOO_OLD says so: the one failure after which the write has been done. The
 * records of one write reach the writer in one atomic step.
 *
 * A key has either an inline value or versions: going against what it has is VARVE_INLINE_MIX.  The
 * exception is an inline value that is put (not deleted): the call does not look at the key at all,
 * and replaces whatever its metadata record holds.
 *
 * Returns VARVE_OK; VARVE_WRITE_TOO_OLD; VARVE_EMPTY_KEY; VARVE_INVALID_KEY; VARVE_TOO_LARGE;
 * VARVE_INVALID_ARGUMENT for a negative timestamp or a missing writer; VARVE_TIMESTAMP_OVERFLOW if
 * the key has a version at the largest timestamp; VARVE_WRITE_INTENT if it has an intent, at
 * whatever timestamp; VARVE_INLINE_MIX; VARVE_MERGE_CONFLICT if a version goes to a key whose
 * merges do not fit together, while writing or deleting its inline value heals it; VARVE_CORRUPT;
 * VARVE_CORRUPT_KEY; what the reader and writer return.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_put(const varve_write *how, varve_slice key,
                                                      varve_slice raw, varve_error *err);

/*
 * Delete `key`: store a tombstone at the write's timestamp, even if the key never existed, or
 * remove its inline value at timestamp zero, if it has one.  Returns as varve_mvcc_put().
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_delete(const varve_write *how, varve_slice key,
                                                         varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
