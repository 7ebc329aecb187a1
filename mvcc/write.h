/*
 * The one write behind all writes of a key: put, delete, and the puts whose value is computed from
 * what is there.
 *
 * R is the timestamp at which a write reads, W the one at which it stores; without a transaction
 * both are the caller's.  The steps, in the order in which they are taken:
 *
 *      1  The key and the timestamp are checked.
 *      2  The key's metadata is looked up: its metadata record, or else what its newest version
 *         implies.  A blind write takes the key to have none, and so does the putting of an inline
 *         value that nobody accounts for.
 *      3  An inline value and versions exclude each other.
 *      4  An inline write, for which transactions are refused, replaces or removes the record.
 *      5  A transaction reads at the timestamp given; it stores at its write timestamp, which is
 *         not below.
 *      6  No metadata: the value is made of nothing.
 *      7  An intent.  (a) Another's is in the way.  (b) One of a later epoch refuses the write.
 *         (c) One whose sequence number is not below that of the write makes it a replay, which has
 *         to come to the value written then.  (d) Otherwise the value is made of what the
 *         transaction reads, or of the newest version below if it has no value of its own there.
 *         (e) It is made.  (f) The intent moves up to W, never down.  (g) Its provisional value
 *         goes to its history, unless it is ignored or of an earlier epoch.
 *      8  Versions of which one is at or above R: W moves right above the newest, and the write
 *         tells that it has come too late.  The value is made of what the transaction reads at R,
 *         or without one of the newest version.
 *      9  Versions that are all below R: the value is made of the newest.
 *     10  Metadata record, version, and the intent's version elsewhere go to the writer in one
 *         atomic step.
 *     11  The statistics are told.
 *
 * A failure of any step but the one announced in 8 leaves store and statistics as they were.
 */
#ifndef VARVE_MVCC_WRITE_H
#define VARVE_MVCC_WRITE_H

#include <varve/mvcc.h>

#include "format/meta.h"
#include "mvcc/stats_delta.h"
#include "mvcc/walk.h"

/* What is there when a value is made.  A tombstone exists, and has an empty raw value. */
typedef struct varve__existing {
    bool exists;
    varve_slice raw; /* valid during the call */
    varve_ts ts;     /* zero for an inline value, and for one of the intent's history */
} varve__existing;

/*
 * Make the value to be written of what is there, or refuse to.  `*raw` is the value given, which is
 * left alone by conditions.  What it is set to stays valid until the write is over.
 */
typedef varve_status (*varve__value_fn)(void *context, varve_slice key,
                                        const varve__existing *existing, varve_slice *raw,
                                        varve_error *err);

/* What a write over an intent keeps of that. */
typedef struct varve__write_copies {
    varve_buf record;              /* the metadata record, */
    varve_buf provisional;         /* the value, */
    varve__history_entry *history; /* and the history to come, which points into both */
    size_t history_count;
} varve__write_copies;

/*
 * A write in progress.  Set `key` and `raw`, empty for a deletion; and `make` and `context` for a
 * value that is made, otherwise NULL.  The rest is private to mvcc/write.c,
 * mvcc/rewrite.c and mvcc/write_apply.c.
 */
typedef struct varve__write {
    varve_slice key;
    varve_slice raw;
    varve__value_fn make;
    void *context;

    varve_write how;
    bool is_inline;
    bool is_too_old;
    bool is_replay;   /* nothing is left to be written */
    bool has_from;    /* the key had metadata */
    bool moves;       /* the intent leaves `from_ts` for `ts` */
    varve_ts read_ts; /* R */
    varve_ts ts;      /* W */
    varve_ts from_ts; /* of the metadata that the key had */
    varve__stats_meta from;
    int64_t below;               /* length of the value right below an intent that moves */
    varve_buf *memory;           /* the caller's scratch memory, or `own`: the encoded key first, */
    varve_buf own;               /* and behind it all other bytes that have to be made */
    varve__write_copies *copies; /* NULL = none */
    varve__walk walk;            /* over the key, on its first record */
    varve__meta meta;            /* the metadata record there, if there is one */
} varve__write;

/* Do it.  Returns as varve_mvcc_put(). */
varve_status varve__write_run(varve__write *write, const varve_write *how, varve_error *err);

/* Step 7, behind its part (a). */
varve_status varve__write_over_intent(varve__write *write, varve_error *err);

/*
 * Step 10 of an inline write, or of a transaction; the size of the new metadata record, 0 for none,
 * goes to `*record`.  `write->memory` holds the key's prefix.
 */
varve_status varve__write_apply(const varve__write *write, size_t *record, varve_error *err);

void varve__write_release_copies(varve__write *write);

/*
 * The transaction before its present operation: what that has seen, if it is done once more.  It
 * borrows from `txn`.
 */
varve_txn varve__write_txn_before(const varve_txn *txn);

/* Make the value of what the walk's key shows at `ts`, as `txn` or NULL; VARVE_OK at once, if
 * given. */
varve_status varve__write_make_at(varve__write *write, varve_ts ts, const varve_txn *txn,
                                  varve_error *err);

/* Make the value of what is there. */
static inline varve_status varve__write_make(varve__write *write, const varve__existing *existing,
                                             varve_error *err)
{
    if (write->make == NULL)
        return VARVE_OK;
    return write->make(write->context, write->key, existing, &write->raw, err);
}

#endif
