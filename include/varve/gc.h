/*
 * Garbage collection: which old versions of a key nobody wants any more, and their removal.
 *
 * The decision for one key is a pure function of its versions: it answers with a threshold, the
 * timestamp at and below which versions may go.  The removal takes keys with such thresholds.
 */
#ifndef VARVE_GC_H
#define VARVE_GC_H

#include <varve/write.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What to keep.  Set `struct_size`; zero elsewhere keeps everything.
 *
 * By age, a version goes once the next newer one is `ttl_seconds` old, and a tombstone, with all
 * that is older, once it is so old itself.  By count, all but the newest `keep_versions` go.
 */
typedef struct varve_gc_policy {
    size_t struct_size;
    int64_t ttl_seconds;   /* 0 or less: nothing goes by age */
    int64_t keep_versions; /* tombstones counted; 0: nothing goes by count */
    bool intersection;     /* both given: only what both let go; otherwise what either does */
    const varve_ts *holds; /* what a reader at these times, or later, sees stays */
    size_t hold_count;
} varve_gc_policy;

/* One version of a key. */
typedef struct varve_gc_version {
    varve_ts ts;  /* zero for a metadata record: then nothing of the key may go */
    bool deleted; /* it is a tombstone */
} varve_gc_version;

/*
 * Decide what may go of the key that has these versions, newest first.  `now` is the present; only
 * its wall time counts.  `*threshold` is the timestamp at and below which versions may go, zero for
 * none.  It is that of a version, never of a newest one that is no tombstone.
 *
 * A hold at time H keeps the version that a reader at H sees, and all newer ones.  Where the key
 * has no version at or below H, it keeps all.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for a negative `keep_versions` or versions that are not
 * newest first; VARVE_UNSUPPORTED for fields of a later version that are set.
 */
VARVE_API VARVE_NODISCARD varve_status varve_gc_decide(const varve_gc_policy *policy, varve_ts now,
                                                       const varve_gc_version *versions,
                                                       size_t count, varve_ts *threshold,
                                                       varve_error *err);

/* Up to where a key is to be collected. */
typedef struct varve_gc_key {
    varve_slice key;
    varve_ts threshold; /* of the versions, those at and below this time go; zero: none of them */
} varve_gc_key;

/*
 * Collect garbage: remove the versions of each key that are at or below its threshold, and its
 * inline value, whatever the threshold.  A newest version goes only if it is a tombstone and no
 * intent; then nothing is left of the key.  Keys may come in any order and more than once, and need
 * not exist; nothing else is touched.
 *
 * `now` is the present: its wall time is that to which `stats` are aged when an inline value has
 * been collected.  Of `how` the reader and the writer are needed, `ts` and `txn` stay zero.
 *
 * Each key is one atomic step, and `stats` change with it: who has many keys gathers them in a
 * batch.  More than 64 versions of one key are removed by clearing their range.
 *
 * Returns VARVE_OK; VARVE_NOT_GARBAGE for a newest version at or below its threshold that is no
 * tombstone (`request to GC non-deleted, latest value of KEY`) or is an intent's (`request to GC
 * intent at KEY`); VARVE_EMPTY_KEY; VARVE_INVALID_ARGUMENT for a negative threshold and a `how`
 * that does not fit; VARVE_CORRUPT; VARVE_MERGE_CONFLICT; VARVE_CORRUPT_KEY; VARVE_CANCELLED;
 * VARVE_DEADLINE; VARVE_NO_MEMORY; what the reader and writer return.  After a failure the keys
 * before the one that failed have been collected, and nothing else has changed.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_gc(const varve_write *how,
                                                     const varve_gc_key *keys, size_t count,
                                                     varve_ts now, varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
