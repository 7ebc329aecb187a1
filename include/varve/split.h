/*
 * Where to split a range of keys in two.
 */
#ifndef VARVE_SPLIT_H
#define VARVE_SPLIT_H

#include <varve/cancel.h>
#include <varve/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where a range must not be split: at a key inside one of these spans, `start` included and `end`
 * not; an empty end is the end of all.  Any order; they may overlap.
 */
typedef struct varve_no_split {
    const varve_span *spans;
    size_t count;
} varve_no_split;

/*
 * The spans that are used without a list: keys below 03; from 03 FF FF to 04; from 04 00
 * "liveness-" to 04 00 "liveness."; from 88 to 93.
 */
VARVE_API varve_no_split varve_no_split_default(void);

/* Whether a range may be split at `key`.  NULL takes the default; an empty list allows all. */
VARVE_API bool varve_split_key_is_valid(varve_slice key, const varve_no_split *no_split);

/*
 * A place to split at.  Start one as VARVE_SPLIT_INIT, end it with varve_split_release().  Sizes
 * are accounted ones: a key counts its length + 1 once, a version 12, a value its length.
 */
typedef struct varve_split {
    varve_buf key;         /* the first user key of the right part; empty if there is none */
    int64_t left_bytes;    /* of what lies in front of `key`, or of all */
    varve_buf largest_key; /* of the keys that have been looked at, the one with the most bytes */
    int64_t largest_bytes;
} varve_split;

/* An initialiser, in C and in C++. */
#define VARVE_SPLIT_INIT                                                                           \
    {                                                                                              \
        VARVE_BUF_INIT, 0, VARVE_BUF_INIT, 0                                                       \
    }

/* Free what it holds and make it empty. */
VARVE_API void varve_split_release(varve_split *split);

/*
 * Find the user key in `span` at which to split it so that the left part has about `target_bytes`:
 * never the first key of the span, never one that must not be split at, never one below 02, and
 * never inside a user key.  Reads keys up to where the answer is certain.  An empty end is the end
 * of all.
 *
 * Returns VARVE_OK with the key; VARVE_NOT_FOUND without one.  In that case everything has been
 * looked at, and if `largest_bytes` comes near to `left_bytes`, that one key is why.
 * VARVE_INVALID_ARGUMENT for a negative target; VARVE_CORRUPT_KEY; VARVE_CANCELLED;
 * VARVE_DEADLINE; VARVE_NO_MEMORY; what the reader returns.  After a failure `split` is empty.
 *
 * `no_split` as for varve_split_key_is_valid(); `cancel` may be NULL.  Works on one consistent
 * view; as thread-safe as the reader.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_find_split_key(
    varve_reader *reader, varve_span span, int64_t target_bytes, const varve_no_split *no_split,
    const varve_cancel *cancel, varve_split *split, varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
