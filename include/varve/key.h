/*
 * Keys: user keys, and the engine keys they are stored under.
 *
 * An engine key is the user key with every 00 written as 00 FF, the terminator 00 01, and for a
 * version twelve more bytes: the timestamp, inverted and big-endian.  Plain byte order of engine
 * keys therefore gives, for one user key, the metadata record, then the newest version, ..., then
 * the oldest, and then the next user key.  docs/format.md has the layout byte by byte.
 *
 * What a function reads must not lie inside the buffer that it fills.
 */
#ifndef VARVE_KEY_H
#define VARVE_KEY_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest user key that can be written, in bytes. */
#define VARVE_KEY_SIZE_MAX 65536

/* Bytes that an escaped user key of that size can take, with terminator and version suffix. */
#define VARVE_ENGINE_KEY_SIZE_MAX (2 * VARVE_KEY_SIZE_MAX + 14)

/* The accounted size of a version's timestamp in statistics, whatever its layout. */
#define VARVE_VERSION_TS_SIZE 12

/* The bound above all user keys: FF FF.  Every key that is written lies below it. */
static inline varve_slice varve_key_max(void)
{
    return varve_slice_of("\xFF\xFF", 2);
}

/* The first key that applications own: 02.  Keys below it are for varve's own records. */
static inline varve_slice varve_key_app_min(void)
{
    return varve_slice_of("\x02", 1);
}

/*
 * Whether `user_key` may be written: VARVE_OK, VARVE_EMPTY_KEY, or VARVE_INVALID_KEY for a key of
 * more than VARVE_KEY_SIZE_MAX bytes or not below FF FF.
 */
VARVE_API VARVE_NODISCARD varve_status varve_key_check(varve_slice user_key, varve_error *err);

/*
 * Replace the contents of `engine_key` by the engine key of `user_key` at `ts`; zero gives the
 * metadata position.  Any user key is encoded, also those that cannot be written, for they serve as
 * bounds.  `user_key` must not lie inside `engine_key`.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for a negative timestamp; or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_key_encode(varve_slice user_key, varve_ts ts,
                                                        varve_buf *engine_key, varve_error *err);

/*
 * Take an engine key apart.  `user_key` (contents replaced) and `ts` may each be NULL.
 *
 * Returns VARVE_OK; VARVE_CORRUPT_KEY with a message that says what is wrong; or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_key_decode(varve_slice engine_key, varve_buf *user_key,
                                                        varve_ts *ts, varve_error *err);

/*
 * The length of the part that all records of one user key share, terminator included.  All of
 * `bytes` if it holds no terminator.
 */
VARVE_API size_t varve_key_prefix_size(varve_slice bytes);

/* The smallest user key above `user_key`: one more 00.  Returns VARVE_OK or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_key_next(varve_slice user_key, varve_buf *next,
                                                      varve_error *err);

/*
 * The smallest user key above all that begin with `prefix`: the last byte raised, bytes that
 * overflow dropped.  FF FF for the empty prefix, the prefix itself when it is all FF.  Returns
 * VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_key_prefix_end(varve_slice prefix, varve_buf *end,
                                                            varve_error *err);

/*
 * The engine key right behind a version: the same user key at the timestamp before, or the metadata
 * position of the next user key where there is none.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for a metadata key; VARVE_CORRUPT_KEY; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_key_next(varve_slice engine_key,
                                                             varve_buf *next, varve_error *err);

/*
 * The engine-key bounds of a user-key range: [metadata position of start, metadata position of
 * end). An empty start gives an empty lower bound: the very first key.  An empty end gives an empty
 * upper bound: no limit.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_span_encode(varve_span span, varve_buf *lower,
                                                         varve_buf *upper, varve_error *err);

/*
 * Sizes that statistics and scan limits account for a key.  They follow a fixed formula, not the
 * stored layout, so that the numbers stay comparable.
 */

/* Metadata key: key + 1.  Version: key + 1 + 12. */
static inline size_t varve_key_encoded_size(varve_slice user_key, varve_ts ts)
{
    return user_key.size + 1 + (ts.wall == 0 && ts.logical == 0 ? 0 : VARVE_VERSION_TS_SIZE);
}

/* As scans count: key + 1, 9 more for a version, 4 more if its logical part is not zero. */
static inline size_t varve_key_scan_size(varve_slice user_key, varve_ts ts)
{
    if (ts.logical != 0)
        return user_key.size + 1 + 9 + 4;
    return user_key.size + 1 + (ts.wall != 0 ? 9 : 0);
}

/*
 * Append the printed form of a user key to `text`: `/Min`, `/Max`, or double-quoted text with
 * escapes.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_key_print(varve_slice user_key, varve_buf *text,
                                                       varve_error *err);

/*
 * Append the printed form of an engine key, `KEY/TIMESTAMP`, to `text`.  Returns VARVE_OK,
 * VARVE_CORRUPT_KEY or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_key_print(varve_slice engine_key,
                                                              varve_buf *text, varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
