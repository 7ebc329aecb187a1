/*
 * Failures whose messages show keys and timestamps.  As the functions of util/fail.h, these accept
 * a NULL error, release what it held before, and return the status recorded.
 */
#ifndef VARVE_FORMAT_FAIL_H
#define VARVE_FORMAT_FAIL_H

#include <varve/txn.h>

#include "util/fail.h"

/* VARVE_EMPTY_KEY: `attempted access to empty key`. */
varve_status varve__fail_empty_key(varve_error *err);

/* VARVE_WRITE_TOO_OLD: `WriteTooOldError: write at timestamp A too old; wrote at B`. */
varve_status varve__fail_too_old(varve_error *err, varve_ts attempted, varve_ts actual);

/*
 * Those whose payload has parts of its own: all of it is copied; VARVE_NO_MEMORY instead, if that
 * fails.  The texts are those of the full rendering, of which the message has what it has room for.
 */

/* VARVE_WRITE_INTENT: `conflicting intents on KEY, KEY ...`. */
varve_status varve__fail_intents(varve_error *err, const varve_intent *list, size_t count,
                                 bool more);

/*
 * VARVE_READ_UNCERTAIN: `ReadWithinUncertaintyIntervalError: ...`, about a version at `existing`
 * that a read of the transaction has met.
 */
varve_status varve__fail_uncertain(varve_error *err, const varve_txn *txn, varve_ts existing);

/* VARVE_CONDITION_FAILED: `unexpected value: ...`; `actual` is NULL for no value at all. */
varve_status varve__fail_condition(varve_error *err, const varve_slice *actual, varve_ts ts);

/* VARVE_INTEGER_OVERFLOW: `key KEY with value N incremented by M results in overflow`. */
varve_status varve__fail_overflow(varve_error *err, varve_slice user_key, int64_t value,
                                  int64_t increment);

/*
 * VARVE_TXN_REPLAY, about a write of `txn` whose sequence number is not above that of the `intent`
 * that the key has: it has no value there, or another one than it has been `written` with.
 */
varve_status varve__fail_missing(varve_error *err, const varve_txn_meta *txn,
                                 const varve_txn_meta *intent);
varve_status varve__fail_replay(varve_error *err, const varve_txn_meta *txn,
                                const varve_txn_meta *intent, varve_slice value,
                                varve_slice written);

/* VARVE_NOT_GARBAGE: `request to GC intent at KEY`, or `... non-deleted, latest value of KEY`. */
varve_status varve__fail_not_garbage(varve_error *err, varve_slice user_key, bool has_intent);

/* VARVE_BELOW_THRESHOLD: `read at R is not above the threshold T of garbage collection`. */
varve_status varve__fail_below_threshold(varve_error *err, varve_ts read, varve_ts threshold);

/*
 * A failure about a user key: `format` holds one %s, which becomes the printed key (cut to its
 * room).
 */
varve_status varve__fail_key(varve_error *err, varve_status status, varve_slice user_key,
                             const char *format) VARVE_PRINTF(4, 0);

#endif
