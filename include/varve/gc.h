/*
 * Garbage collection: which old versions of a key nobody wants any more.
 *
 * The decision for one key is a pure function of its versions: it answers with a threshold, the
 * timestamp at and below which versions may go.
 */
#ifndef VARVE_GC_H
#define VARVE_GC_H

#include <varve/error.h>

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

#ifdef __cplusplus
}
#endif

#endif
