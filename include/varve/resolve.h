/*
 * Resolving intents: what becomes of the provisional values of a transaction when its end is known,
 * or when its timestamp has been pushed.
 */
#ifndef VARVE_RESOLVE_H
#define VARVE_RESOLVE_H

#include <varve/read.h>
#include <varve/txn.h>
#include <varve/write.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What is known of a transaction.  Set `struct_size`; zero elsewhere.
 *
 * Let m be the intent as it is stored.  It is resolved if its transaction has the id of `txn`:
 *
 *     status             m's epoch              m's timestamp        m
 *     committed          that of `txn`          at or below write_ts becomes a version at write_ts
 *     committed          that of `txn`          above write_ts       is removed
 *     committed          another                any                  is removed
 *     aborted            any                    any                  is removed
 *     pending, staging   that of `txn` or later below write_ts       moves to write_ts
 *     pending, staging   that of `txn` or later otherwise            stays as it is
 *     pending, staging   an earlier one         any                  is removed
 *
 * An intent of the epoch of `txn` that stays an intent or becomes a version is first rolled back if
 * its sequence number is ignored: its value is then the last one of its history that is not
 * ignored, and if there is none, the intent is removed.  One that would stay as it is changes in
 * place; no intent ever moves down.  Where a removed intent stood, the version below is the newest
 * again.  All else that an intent stores of its transaction stays what it is.
 */
typedef struct varve_resolution {
    size_t struct_size;
    const varve_txn_meta *txn; /* id, epoch and write_ts count */
    varve_txn_status status;
    const varve_seq_range *ignored; /* writes that were rolled back; ascending, without overlap */
    size_t ignored_count;
    varve_slice end_key; /* of an update that is meant for a range; one key refuses it, ranges take
                            their span from elsewhere */
} varve_resolution;

/*
 * Resolve the intent of `key`, if the transaction has one there.  `*resolved` (NULL = not wanted)
 * tells whether anything was done; after a failure it is false.
 *
 * Of `how` the reader and the writer are needed, `ts` and `txn` stay zero.  `scratch` spares
 * allocations from call to call, `bill` is told the cost of looking, and `cancel` ends the call
 * early.  The records of an intent change in one atomic step, and `stats` with them.
 *
 * Returns VARVE_OK, also if there is no such intent; VARVE_EMPTY_KEY; VARVE_INVALID_ARGUMENT for an
 * `end_key` (`can't resolve range intent as point intent`), a negative write timestamp, ranges that
 * do not ascend, a number that is no status, and a `how` that does not fit; VARVE_CORRUPT for an
 * undecodable metadata record, and for one whose provisional value is missing and has to move (a
 * value that stays where it is, is not looked at); VARVE_MERGE_CONFLICT; VARVE_CORRUPT_KEY;
 * VARVE_CANCELLED; VARVE_DEADLINE; VARVE_NO_MEMORY; VARVE_TOO_LARGE for an intent whose history and
 * value do not fit a batch; what the reader and writer return.  After a failure nothing has
 * changed.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_resolve(const varve_write *how, varve_slice key,
                                                          const varve_resolution *resolution,
                                                          bool *resolved, varve_error *err);

/*
 * Resolve all intents that the transaction has in a span of user keys, in ascending order, until
 * `max_keys` of them have been resolved; a negative number means all.  Intents that the resolution
 * leaves as they are do not count, nor do those of others.
 *
 * When the limit ends the work in front of the end of the span, `rows->more` is set and the resume
 * span goes from behind the last key resolved to the end of the span, whether or not there is more
 * to do; with 0 it is the whole span.  `rows` gets no rows.
 *
 * The work is done in steps of about a MiB, each of them atomic: memory does not depend on the
 * size of the span.  It looks at one consistent view.  Keys whose state is damaged, as by an
 * undecodable metadata record, are left as they are, counted in `*skipped` (NULL = not wanted), and
 * passed over; varve_mvcc_resolve() of such a key says why.
 *
 * Returns VARVE_OK; VARVE_EMPTY_KEY for an empty end, while an empty start is the first key of all;
 * and otherwise as varve_mvcc_resolve().  After a failure the steps before it stand: `*resolved`
 * says of how many intents, and `stats` has counted them.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_resolve_range(const varve_write *how,
                                                                varve_span span, int64_t max_keys,
                                                                const varve_resolution *resolution,
                                                                int64_t *resolved, int64_t *skipped,
                                                                varve_rows *rows, varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
