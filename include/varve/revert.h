/*
 * Taking a span of keys back to what it was at an earlier time.
 */
#ifndef VARVE_REVERT_H
#define VARVE_REVERT_H

#include <varve/read.h>
#include <varve/write.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Remove, physically, the versions of a span of user keys that are above `after` and at or below
 * `until`.  Inline values stay, and so do intents outside of that time, with their provisional
 * values; one inside is in the way.
 *
 * Versions that lie next to each other are removed one by one if there are at most 64 of them, and
 * more by clearing their range.  When so many clearings as `max_batch` have been done (negative =
 * no limit) and another version is to be removed, `rows->more` is set, and the resume span goes
 * from its user key to the end of the span.  The limit may be exceeded by the clearings of one
 * group of neighbours.  `rows` gets no rows.
 *
 * `stats` is right afterwards if the versions that have been removed were the newest of their keys,
 * as with an `until` above everything.  Otherwise give NULL, and compute the statistics anew.
 *
 * Of `how` the reader and the writer are needed, `ts` and `txn` stay zero.  The work is done in
 * atomic steps of about a MiB, or of one group of neighbours, and `stats` change with each of them:
 * memory does not depend on the size of the span.  It looks at one consistent view.
 *
 * Returns VARVE_OK; VARVE_WRITE_INTENT about the first intent that is in the way; VARVE_EMPTY_KEY
 * for an empty end, while an empty start is the first key of all; VARVE_INVALID_ARGUMENT for a
 * negative timestamp and a `how` that does not fit; VARVE_CORRUPT for an undecodable metadata
 * record; VARVE_MERGE_CONFLICT; VARVE_CORRUPT_KEY; VARVE_CANCELLED; VARVE_DEADLINE;
 * VARVE_NO_MEMORY; what the reader and writer return.  With an intent in the way, all that lies in
 * front of it has been removed; after another failure the steps before it stand.
 */
VARVE_API VARVE_NODISCARD varve_status
varve_mvcc_clear_time_range(const varve_write *how, varve_span span, varve_ts after, varve_ts until,
                            int64_t max_batch, varve_rows *rows, varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
