/*
 * What an operation changes, gathered for one atomic step: records for the writer, and what the
 * statistics will be when those have been written.
 *
 * An operation on a long range gathers and applies again and again, so that its memory is bounded.
 * Nothing of what has been gathered since shows when a step fails.
 */
#ifndef VARVE_MVCC_CHANGE_H
#define VARVE_MVCC_CHANGE_H

#include <varve/batch_repr.h>
#include <varve/mvcc.h>

#include "mvcc/walk.h"

/* A step of an operation on a range is over when its records have come to so many bytes. */
#define VARVE__CHANGE_BYTES ((size_t)1 << 20)

typedef struct varve__change {
    varve_reader *reader;
    varve_writer *writer;
    varve_stats *stats;  /* of the caller, or NULL */
    varve_stats numbers; /* what they will be */
    varve_buf *records;  /* a batch representation: the caller's scratch memory, or `own` */
    varve_buf own;
    varve_buf key;              /* the engine key of the record in the making */
    const varve_cancel *cancel; /* of the caller, or NULL */
    varve_bill *bill;           /* likewise */
    uint64_t intents;           /* met so far, for the bill */
    uint64_t tombstones;        /* keys met of which the newest version is one */
    bool is_checked;            /* the keys of the records may be written: nobody need look again */
} varve__change;

/*
 * Start with nothing, for an operation that reads and writes and has neither timestamp nor
 * transaction of its own.  The change must not move; varve__change_release() follows in any case.
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT; VARVE_UNSUPPORTED; VARVE_CANCELLED; or VARVE_DEADLINE.
 */
varve_status varve__change_begin(varve__change *change, const varve_write *how, varve_error *err);
void varve__change_release(varve__change *change);

/* Write what a walk has cost, and what has been met, on the caller's bill. */
void varve__change_send_bill(varve__change *change, const varve__walk *walk);

/*
 * Gather a record of the user key behind an encoded `prefix`: its metadata record, or its version
 * at `ts`.  The bytes of values are copied.  Return VARVE_OK, VARVE_NO_MEMORY or VARVE_TOO_LARGE.
 */
varve_status varve__change_put_meta(varve__change *change, varve_slice prefix, varve_slice record,
                                    varve_error *err);
varve_status varve__change_clear_meta(varve__change *change, varve_slice prefix, varve_error *err);
varve_status varve__change_put_version(varve__change *change, varve_slice prefix, varve_ts ts,
                                       varve_slice value, varve_error *err);
varve_status varve__change_clear_version(varve__change *change, varve_slice prefix, varve_ts ts,
                                         varve_error *err);

/* Where the difference that is being gathered goes; NULL if nobody counts. */
static inline varve_stats *varve__change_stats(varve__change *change)
{
    return change->stats != NULL ? &change->numbers : NULL;
}

/* VARVE_CANCELLED or VARVE_DEADLINE if the caller's token says so. */
static inline varve_status varve__change_check_cancel(const varve__change *change, varve_error *err)
{
    return change->cancel != NULL ? varve_cancel_check(change->cancel, err) : VARVE_OK;
}

/* Whether a step of an operation on a range is over. */
static inline bool varve__change_is_full(const varve__change *change)
{
    return change->records->size >= VARVE__CHANGE_BYTES;
}

/*
 * Hand everything over in one atomic step and start over.  Returns what the writer does; after a
 * failure the operation is over.
 */
varve_status varve__change_apply(varve__change *change, varve_error *err);

/* ---- Runs of records to be removed ---------------------------------------------------------- */

/* Up to so many neighbours are removed one by one, and more of them by clearing their range. */
#define VARVE__RUN_OF_CLEARS 64

/* Neighbours that are to be removed; zero is none yet. */
typedef struct varve__run {
    uint64_t length;
    varve_buf first; /* the engine key of the first */
    size_t size;     /* of the records in front of the run, and how many they are */
    uint32_t count;
} varve__run;

void varve__run_release(varve__run *run);

/* Add the next neighbour.  `engine_key` is copied. */
varve_status varve__run_add(varve__run *run, varve__change *change, varve_slice engine_key,
                            varve_error *err);

/*
 * End the run in front of `end`, an engine key or bound, and start over.  Nothing that is to stay
 * lies between its first record and `end`.  `*steps` grows by the number of records gathered.
 */
varve_status varve__run_end(varve__run *run, varve__change *change, varve_slice end,
                            uint64_t *steps, varve_error *err);

#endif
