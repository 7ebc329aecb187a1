/*
 * Statistics accounts: statistics that a store keeps beside its data and that are exact at all
 * times, whoever writes and whenever the process ends.
 *
 * An account is one of varve's own records.  Whoever writes adds what a batch has changed, as one
 * merge in the same batch: nothing is read for it, and writers of one account do not have to wait
 * for each other.  For that, all numbers are kept as of the wall time 0, where they just add up.
 *
 * What an account speaks of is agreed between those who add to it.  That with the empty name is of
 * all keys of applications, varve_key_app_min() and above, and the `varve` tool keeps it up where
 * there is one.  An account counts nothing of varve's own records, so not itself.
 */
#ifndef VARVE_STATS_ACCOUNT_H
#define VARVE_STATS_ACCOUNT_H

#include <varve/cancel.h>
#include <varve/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Open the account `name` with these statistics, or replace what it has.  What others add at the
 * same time is lost: varve_stats_account_add() of a difference corrects an account beside writers.
 *
 * Returns VARVE_OK; VARVE_INVALID_KEY for a name that is too long; VARVE_NO_MEMORY; what the writer
 * returns.
 */
VARVE_API VARVE_NODISCARD varve_status varve_stats_account_set(varve_writer *writer,
                                                               varve_slice name,
                                                               const varve_stats *stats,
                                                               varve_error *err);

/*
 * Add statistics to the account, in the batch of the writes that they are of.  An account that has
 * not been opened comes into being with them alone, which is hardly what is wanted: look with
 * varve_stats_account_get() first.  Negative numbers take away.
 *
 * Returns as varve_stats_account_set().
 */
VARVE_API VARVE_NODISCARD varve_status varve_stats_account_add(varve_writer *writer,
                                                               varve_slice name,
                                                               const varve_stats *stats,
                                                               varve_error *err);

/*
 * Read the account, with ages as of the wall time `now_nanos`.
 *
 * Returns VARVE_OK; VARVE_NOT_FOUND if there is no such account; VARVE_VALUE_TYPE or
 * VARVE_MERGE_CONFLICT for a record that something else has been written to; VARVE_INVALID_KEY;
 * VARVE_NO_MEMORY; what the reader returns.  `*stats` is touched only if it is VARVE_OK.
 */
VARVE_API VARVE_NODISCARD varve_status varve_stats_account_get(varve_reader *reader,
                                                               varve_slice name, int64_t now_nanos,
                                                               varve_stats *stats,
                                                               varve_error *err);

/* Close the account: nothing is kept from now on.  Returns as varve_stats_account_set(). */
VARVE_API VARVE_NODISCARD varve_status varve_stats_account_remove(varve_writer *writer,
                                                                  varve_slice name,
                                                                  varve_error *err);

/*
 * Fold what has been added to the account into one record, so that reading it does not have to add
 * it up any more.  Backends fold as they compact; this compacts what the account lies in at once:
 * it flushes the memtables, and rewrites the one table of each level that the account's key falls
 * into.  Writers go on meanwhile, and what they add stays; no number changes.  What an open
 * snapshot has to see apart stays apart.
 *
 * Returns VARVE_OK; VARVE_NOT_FOUND if there is no such account; VARVE_INVALID_KEY;
 * VARVE_NO_MEMORY; what varve_engine_compact_range() and the engine's reader return.
 */
VARVE_API VARVE_NODISCARD varve_status varve_stats_account_consolidate(varve_engine *engine,
                                                                       varve_slice name,
                                                                       const varve_cancel *cancel,
                                                                       varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
