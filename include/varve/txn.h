/*
 * Transactions as the MVCC layer sees them: what reads and writes are told of the transaction they
 * belong to.
 *
 * varve has no coordinator here.  A transaction is a struct of the caller's: reads and writes take
 * it as it is and never change it; the functions below are the changes that one goes through.  They
 * do not touch any store, and are for one thread at a time.
 */
#ifndef VARVE_TXN_H
#define VARVE_TXN_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum varve_txn_status {
    VARVE_TXN_PENDING = 0,
    VARVE_TXN_COMMITTED = 1,
    VARVE_TXN_ABORTED = 2,
    VARVE_TXN_STAGING = 3 /* treated like pending */
} varve_txn_status;

/* Sequence numbers from `start` to `end`, both included. */
typedef struct varve_seq_range {
    int32_t start;
    int32_t end;
} varve_seq_range;

/*
 * A transaction.  Start one as VARVE_TXN_INIT, end it with varve_txn_release().
 *
 * `name`, `meta.key`, `observed` and `ignored` are the parts with memory.  The functions below copy
 * what they put there and free what stood there: do not assign these parts of a transaction that is
 * released.  All other fields may be read and assigned freely.
 *
 * Reads and writes only look.  To them a caller may also hand a struct whose parts are borrowed
 * from elsewhere, zero-initialised and filled by hand; such a one is neither released nor given to
 * the functions that change transactions.
 *
 * The size of this struct is fixed.
 */
typedef struct varve_txn {
    varve_txn_meta meta; /* what its intents will store */
    varve_slice name;    /* for people; may be empty */
    varve_txn_status status;
    bool has_key;       /* an anchor key has been given, though it may be empty */
    bool write_too_old; /* a write was moved above a newer version */
    varve_ts read_ts;   /* reads and conditions see what was there at this time */
    varve_ts max_ts;    /* versions in (read_ts, max_ts] are of uncertain order; zero = none are */
    varve_observed *observed; /* ascending nodes */
    size_t observed_count;
    varve_seq_range *ignored; /* writes that were rolled back; ascending, without overlap */
    size_t ignored_count;
    uint64_t reserved[4]; /* zero */
} varve_txn;

/* An initialiser, in C and in C++. */
#define VARVE_TXN_INIT                                                                             \
    {                                                                                              \
        {{0}, {NULL, 0}, 0, {0, 0}, {0, 0}, 0, 0}, {NULL, 0}, VARVE_TXN_PENDING, false, false,     \
            {0, 0}, {0, 0}, NULL, 0, NULL, 0,                                                      \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* Free what the transaction holds and make it VARVE_TXN_INIT. */
VARVE_API void varve_txn_release(varve_txn *txn);

/* ---- Beginning and copying ----------------------------------------------------------------- */

/*
 * Begin: a pending transaction that reads and writes at `ts`, with everything else zero.  `id` is
 * the caller's to make unique.  `key` is the anchor key, or NULL if there is none yet.  What `txn`
 * held is released.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for an id of nothing but zeros; or VARVE_NO_MEMORY.
 * After a failure `txn` is as it was.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_begin(varve_txn *txn,
                                                       const unsigned char id[VARVE_TXN_ID_SIZE],
                                                       varve_slice name, const varve_slice *key,
                                                       varve_ts ts, varve_error *err);

/*
 * Make `*copy`, whose contents are released, an independent copy of `txn`.  Returns VARVE_OK; or
 * VARVE_NO_MEMORY, leaving the copy as it was.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_clone(const varve_txn *txn, varve_txn *copy,
                                                       varve_error *err);

/*
 * A transaction to read with as the owner of an intent: pending, reading at the timestamp it writes
 * at, and certain of everything.  It borrows the key of `meta`: it is not to be changed or released
 * by the functions here.
 */
VARVE_API varve_txn varve_txn_of_meta(const varve_txn_meta *meta);

/* ---- Changing ------------------------------------------------------------------------------ */

/*
 * Restart in the next epoch: reads and writes at `ts` or the present write timestamp, whichever is
 * later, from sequence number 0 on, with nothing ignored.  `priority` raises that of the
 * transaction if that is not 0.
 *
 * Returns VARVE_OK; or VARVE_INVALID_ARGUMENT if there is no further epoch, changing nothing.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_restart(varve_txn *txn, varve_ts ts,
                                                         int32_t priority, varve_error *err);

/*
 * Move the sequence number by `steps`, which may be negative.  Returns VARVE_OK; or
 * VARVE_INVALID_ARGUMENT if that is no sequence number, changing nothing.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_step(varve_txn *txn, int64_t steps,
                                                      varve_error *err);

/*
 * Write at `ts` from now on; that may be below the present write timestamp.  Returns VARVE_OK; or
 * VARVE_INVALID_ARGUMENT for a timestamp below the read timestamp, changing nothing.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_advance(varve_txn *txn, varve_ts ts,
                                                         varve_error *err);

/* Set the status.  Returns VARVE_OK; or VARVE_INVALID_ARGUMENT for a number that is none. */
VARVE_API VARVE_NODISCARD varve_status varve_txn_set_status(varve_txn *txn, varve_txn_status status,
                                                            varve_error *err);

/*
 * Set the anchor key, which may be empty.  Returns VARVE_OK; or VARVE_NO_MEMORY, changing nothing.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_set_key(varve_txn *txn, varve_slice key,
                                                         varve_error *err);

/*
 * Ignore the writes of these sequence numbers, and no others.  The ranges ascend and do not
 * overlap; none of them ends before it starts.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for other ranges; or VARVE_NO_MEMORY.  After a failure
 * nothing has changed.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_ignore(varve_txn *txn,
                                                        const varve_seq_range *ranges, size_t count,
                                                        varve_error *err);

/*
 * Remember the time at which the transaction has met a node; the earliest one counts.  Returns
 * VARVE_OK; or VARVE_NO_MEMORY, changing nothing.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_observe(varve_txn *txn, int32_t node, varve_ts ts,
                                                         varve_error *err);

/*
 * Learn from another copy of the same transaction.  A transaction whose id is still all zero
 * becomes a copy of `other`.  Otherwise:
 *
 * - of a later epoch, its epoch, status, sequence number, ignored ranges and write_too_old are
 *   taken over;
 * - of the same epoch, the status if this one is pending, or staging and the other is further; the
 *   higher sequence number; its ignored ranges, if it has any; write_too_old if it reads later, and
 *   if both read at the same time, when it is set in either;
 * - of any epoch, the anchor key if there is none; the later read, write and max timestamps; the
 *   earlier min timestamp that is not zero; of each node the earlier observation; the higher
 *   priority, unless this one's is 0.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for another transaction; or VARVE_NO_MEMORY.  After a
 * failure nothing has changed.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_update(varve_txn *txn, const varve_txn *other,
                                                        varve_error *err);

/* ---- Asking -------------------------------------------------------------------------------- */

/* Whether `sequence` lies in one of these ranges, which ascend and do not overlap. */
VARVE_API bool varve_seq_is_ignored(const varve_seq_range *ranges, size_t count, int32_t sequence);

/* Whether the transaction ignores its writes of that sequence number. */
VARVE_API bool varve_txn_is_ignored(const varve_txn *txn, int32_t sequence);

/* Whether a transaction of that status is over: committed or aborted. */
VARVE_API bool varve_txn_status_is_final(varve_txn_status status);

/* ---- Printing ------------------------------------------------------------------------------ */

/* "PENDING" and so on; "UNKNOWN" for a number that is none. */
VARVE_API const char *varve_txn_status_name(varve_txn_status status);

/* Room for the text of a transaction's id, with its terminator. */
#define VARVE_TXN_ID_TEXT_MAX 37

/* Write `00000000-0000-0000-0000-000000000001` as a C string to `text`, and return it. */
VARVE_API const char *varve_txn_id_format(const unsigned char id[VARVE_TXN_ID_SIZE],
                                          char text[VARVE_TXN_ID_TEXT_MAX]);

/*
 * Append the printed form to `text`, of which the id shows its first eight digits:
 *
 *     id=00000000 key="a" pri=0.00000000 epo=0 ts=0.000000011,0 min=0,0 seq=30
 *
 * Returns VARVE_OK; or VARVE_NO_MEMORY, leaving the text as it was.
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_meta_print(const varve_txn_meta *meta,
                                                            varve_buf *text, varve_error *err);

/*
 * The same of a transaction, with its name in front if it has one, and how many ranges it ignores
 * behind if it ignores any; `rw` tells whether it has an anchor key:
 *
 *     "A" meta={...} rw=true stat=PENDING rts=0.000000011,0 wto=false max=0,0 isn=2
 */
VARVE_API VARVE_NODISCARD varve_status varve_txn_print(const varve_txn *txn, varve_buf *text,
                                                       varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
