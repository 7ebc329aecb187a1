/*
 * Statistics of a range of keys: what is live, what is garbage and since when, what is provisional.
 *
 * Every write adds its share to the numbers, so that they are exact at all times without reading
 * the range again; varve_stats_compute() reads it again, and comes to the same numbers.  Only a
 * merge adds an estimate.
 *
 * The functions on numbers are pure and never fail.  Sums and products wrap around like unsigned
 * numbers, so that what has been added can always be subtracted again.
 */
#ifndef VARVE_STATS_H
#define VARVE_STATS_H

#include <varve/cancel.h>
#include <varve/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The numbers.  Keys below 02 are system-local: they are counted in `sys_bytes` and `sys_count`
 * alone.  The accounted size of a user key is its length + 1, once, with whatever records it has;
 * that of a version's timestamp is 12.
 *
 * The layout of this struct is fixed.  Start one as all zero.
 */
typedef struct varve_stats {
    int64_t contains_estimates; /* above zero: so many times, a number has been estimated */
    int64_t last_update_nanos;  /* wall time to which the ages are computed */
    int64_t intent_age;         /* whole seconds since each intent's timestamp, summed */
    int64_t gc_bytes_age;       /* bytes that are not live times whole seconds since they were */
    int64_t live_bytes;         /* keys, metadata and newest versions that are no tombstones */
    int64_t live_count;         /* keys counted in live_bytes */
    int64_t key_bytes;          /* all keys, and 12 for each version */
    int64_t key_count;          /* user keys that have any record */
    int64_t val_bytes;          /* all metadata records and all values of versions */
    int64_t val_count;          /* versions and inline values */
    int64_t intent_bytes;       /* of each intent 12 and its provisional value */
    int64_t intent_count;       /* intents */
    int64_t sys_bytes;          /* keys and values of system-local keys, metadata and versions */
    int64_t sys_count;          /* system-local user keys */
} varve_stats;

/* ---- Arithmetic ---------------------------------------------------------------------------- */

/* The bytes that are not live: keys and values without the live ones. */
VARVE_API int64_t varve_stats_gc_bytes(const varve_stats *stats);

/* All bytes: keys and values. */
VARVE_API int64_t varve_stats_total_bytes(const varve_stats *stats);

/*
 * Bring both ages to the wall time `nanos`.  Seconds are counted where whole seconds end: from
 * 0.999999999 s to 1 s is one second.  Goes back in time as well.
 */
VARVE_API void varve_stats_age_to(varve_stats *stats, int64_t nanos);

/* The same, but never back in time. */
VARVE_API void varve_stats_forward(varve_stats *stats, int64_t nanos);

/* Add `more`, after bringing both to the later one's time. */
VARVE_API void varve_stats_add(varve_stats *stats, const varve_stats *more);
/* Subtract `less`, likewise. */
VARVE_API void varve_stats_subtract(varve_stats *stats, const varve_stats *less);

/* The average age of an intent at the wall time `nanos`, in seconds; 0 without intents. */
VARVE_API double varve_stats_avg_intent_age(const varve_stats *stats, int64_t nanos);

/* What gc_bytes_age is at the wall time `nanos`. */
VARVE_API int64_t varve_stats_gc_byte_age(const varve_stats *stats, int64_t nanos);

/* ---- Recount ------------------------------------------------------------------------------- */

/*
 * Compute the statistics of the user keys of `span` by reading all of them, with ages as of the
 * wall time `now_nanos`.  An empty start is the first key of all, an empty end the end of all.  All
 * keys of the span are counted, varve's own records below varve_key_app_min() too.  Spans that lie
 * side by side may be computed one by one and added.
 *
 * `cancel` may be NULL.  Works on one consistent view; as thread-safe as the reader.
 *
 * Returns VARVE_OK; VARVE_CORRUPT for a metadata record that does not decode, and for one that does
 * not match the newest version (`expected mvcc metadata val bytes to equal 10; got 9`), as is the
 * case of an inline value on a key that has versions; VARVE_MERGE_CONFLICT for a key whose merges
 * do not fit together; VARVE_CORRUPT_KEY; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_NO_MEMORY; what
 * the reader returns.  After a failure `*stats` is untouched.
 */
VARVE_API VARVE_NODISCARD varve_status varve_stats_compute(varve_reader *reader, varve_span span,
                                                           int64_t now_nanos,
                                                           const varve_cancel *cancel,
                                                           varve_stats *stats, varve_error *err);

/* ---- Stored and printed form --------------------------------------------------------------- */

/* The size of a stored record of statistics, whatever the numbers are. */
#define VARVE_STATS_RECORD_SIZE 119

/*
 * Write the record of `stats`; docs/format.md has the layout.  Of `contains_estimates` it keeps 0
 * to 127: numbers beyond are brought to the nearer end.
 */
VARVE_API void varve_stats_encode(const varve_stats *stats,
                                  unsigned char record[VARVE_STATS_RECORD_SIZE]);

/*
 * Read a record: fields in any order, zero for those that are missing, unknown ones skipped.
 * Returns VARVE_OK; or VARVE_CORRUPT, leaving `*stats` alone.
 */
VARVE_API VARVE_NODISCARD varve_status varve_stats_decode(varve_slice record, varve_stats *stats,
                                                          varve_error *err);

/*
 * Replace the contents of `user_key` by the system-local key under which the statistics of range
 * `range_id` are kept.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_range_stats_key(uint64_t range_id, varve_buf *user_key,
                                                             varve_error *err);

/*
 * Store the statistics of a range: an inline value, replaced as a whole, that no statistics are
 * told of.  Returns as varve_mvcc_put() of an inline value.
 */
VARVE_API VARVE_NODISCARD varve_status varve_range_stats_put(varve_writer *writer,
                                                             uint64_t range_id,
                                                             const varve_stats *stats,
                                                             varve_error *err);

/*
 * Read them; all zero if none are stored.  Returns VARVE_OK; VARVE_CHECKSUM, VARVE_VALUE_TYPE or
 * VARVE_CORRUPT for a value that is no such record; and otherwise as varve_mvcc_get(), but never
 * VARVE_NOT_FOUND.  After a failure `*stats` is untouched.
 */
VARVE_API VARVE_NODISCARD varve_status varve_range_stats_get(varve_reader *reader,
                                                             uint64_t range_id, varve_stats *stats,
                                                             varve_error *err);

/*
 * Add to the statistics of range `range_id` what storing them for the first time will add.  The
 * size of the record does not depend on the numbers, so that this is exact.
 */
VARVE_API void varve_stats_account_for_self(varve_stats *stats, uint64_t range_id);

/*
 * Append the printed form to `text`: the numbers that are not zero, each as its field's name, `=`
 * and the number, in the order of the struct, a blank between two; `empty` if all are zero.
 * Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_stats_print(const varve_stats *stats, varve_buf *text,
                                                         varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
