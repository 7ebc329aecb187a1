/*
 * Multi-version writes of user keys, over any writer of an engine.  <varve/mvcc.h> says what
 * versions, tombstones and inline values are.
 */
#ifndef VARVE_WRITE_H
#define VARVE_WRITE_H

#include <varve/read.h>
#include <varve/stats.h>
#include <varve/txn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- How to write -------------------------------------------------------------------------- */

/*
 * One description of a write.  Set `struct_size`; zero elsewhere.
 *
 * `reader` and `writer` look at the same data: both lent by the engine, or both by one batch.  With
 * a NULL reader the write is blind: nothing is looked up, and the caller vouches that the key has
 * no records, or that it may write history below its newest version.  VARVE_WRITE_TOO_OLD,
 * VARVE_WRITE_INTENT and VARVE_INLINE_MIX do not occur then.
 *
 * A transaction reads at `txn->read_ts`, which `ts` has to be, and stores at `txn->meta.write_ts`,
 * which is not below that: the version is provisional, and with it the key gets a metadata record
 * that makes it an intent.
 * The intent keeps the values that the transaction has written earlier, by their sequence numbers;
 * every write of a transaction to a key has a higher one than those before.  A write whose sequence
 * number is not higher is taken to be done once more, after a lost answer, say: it succeeds without
 * writing anything if it comes to the value that it has written the first time.  An intent stays
 * where it is if the transaction would now write below it.  Intents of earlier epochs are replaced.
 *
 * The statistics are those of a range of keys that contains the key, and are told of what the write
 * has changed; the ages move forward to its time.  After a failure they are as before, but for
 * VARVE_WRITE_TOO_OLD.
 *
 * A write that ends with VARVE_CANCELLED or VARVE_DEADLINE has done nothing, and one of many keys
 * what it had done before: doing it again does the rest.
 *
 * All records of one write reach the writer in one atomic step.  Concurrent writers of the same
 * keys are not ordered by these calls: the caller does that, or takes latches (<varve/latches.h>).
 * Apart from that they are as thread-safe as the reader and the writer; what the other members
 * point at is for one thread at a time.
 */
typedef struct varve_write {
    size_t struct_size;
    varve_reader *reader;
    varve_writer *writer;
    varve_ts ts;          /* where the version is stored; zero = an inline value */
    const varve_txn *txn; /* write as this transaction; NULL = as none */
    varve_stats *stats;   /* to be told; may be NULL */
    varve_buf *scratch;   /* memory to reuse from call to call, of which the arguments must not be
                             part; its contents are lost; NULL = allocate for each */
    varve_bill *bill;     /* add the cost of looking to this one; may be NULL */
    const varve_cancel *cancel; /* looked at before the write, and by writes of many keys between
                                   them; may be NULL */
} varve_write;

/* ---- Putting and deleting ------------------------------------------------------------------ */

/*
 * Store `raw` as the version of `key` at the write's timestamp, or as its inline value at timestamp
 * zero.  An empty `raw` is a deletion: the call is then varve_mvcc_delete().
 *
 * If the key has a version at or above the timestamp of the write (the one at which a transaction
 * reads), the value is stored right above that version instead, unless the transaction writes above
 * it anyway, and VARVE_WRITE_TOO_OLD says so: the one failure after which the write has been done.
 *
 * A key has either an inline value or versions: going against what it has is VARVE_INLINE_MIX.  The
 * exception is an inline value that is put (not deleted) without statistics: the call does not look
 * at the key at all, and replaces whatever its metadata record holds.
 *
 * Returns VARVE_OK; VARVE_WRITE_TOO_OLD; VARVE_EMPTY_KEY; VARVE_INVALID_KEY; VARVE_TOO_LARGE;
 * VARVE_INVALID_ARGUMENT for a negative timestamp, a missing writer, a transaction that reads at
 * another timestamp or would write below it, or an inline write of a transaction;
 * VARVE_TIMESTAMP_OVERFLOW if the key has a version at the largest timestamp; VARVE_WRITE_INTENT if
 * it has an intent of another transaction, at whatever timestamp; VARVE_TXN_EPOCH if it has one of
 * a later epoch of the same; VARVE_TXN_REPLAY for a write done once more that differs;
 * VARVE_INLINE_MIX; VARVE_MERGE_CONFLICT if a version goes to a key whose merges do not fit
 * together, while writing or deleting its inline value heals it; VARVE_CHECKSUM for an earlier
 * value of the transaction; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_CORRUPT; VARVE_CORRUPT_KEY;
 * VARVE_NO_MEMORY; what the reader and writer return.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_put(const varve_write *how, varve_slice key,
                                                      varve_slice raw, varve_error *err);

/*
 * Delete `key`: store a tombstone at the write's timestamp, even if the key never existed, or
 * remove its inline value at timestamp zero, if it has one.  Returns as varve_mvcc_put().
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_delete(const varve_write *how, varve_slice key,
                                                         varve_error *err);

/*
 * Put a value of tag BYTES that holds `bytes`, with its checksum set.  varve_mvcc_get_record()
 * reads it.  Returns as varve_mvcc_put().
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_put_record(const varve_write *how,
                                                             varve_slice key, varve_slice bytes,
                                                             varve_error *err);

/*
 * Store `raw` as the version of `key` at exactly the write's timestamp, which is not zero, wherever
 * among the versions of the key that is; an empty one is a deletion.  A version that stands there
 * is replaced.  For history that is brought in from elsewhere, in whatever order: it takes a few
 * looks at the key however many versions that has, and the statistics stay exact.  The reader must
 * not be NULL, and a transaction must be.
 *
 * Returns VARVE_OK; VARVE_EMPTY_KEY; VARVE_INVALID_KEY; VARVE_TOO_LARGE; VARVE_INVALID_ARGUMENT;
 * VARVE_WRITE_INTENT if the key has an intent, at whatever timestamp; VARVE_INLINE_MIX;
 * VARVE_MERGE_CONFLICT; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_CORRUPT; VARVE_CORRUPT_KEY;
 * VARVE_NO_MEMORY; what the reader and writer return.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_insert(const varve_write *how, varve_slice key,
                                                         varve_slice raw, varve_error *err);

/* ---- Values made of what is there ---------------------------------------------------------- */

/*
 * The writes below look at the value that the key has and then put another one, or refuse to.  What
 * they look at is what the transaction reads, and without one the newest value; a blind write takes
 * the key to have none.  They verify its checksum.  They return as varve_mvcc_put(), and besides
 * VARVE_CHECKSUM, VARVE_MERGE_CONFLICT for an inline value too, and VARVE_READ_UNCERTAIN if
 * the transaction is uncertain of a version; then nothing is written.
 */

/* What is expected to be there.  Set `struct_size`; zero elsewhere. */
typedef struct varve_expect {
    size_t struct_size;
    bool exists;        /* a value, `raw`; false = none, or a tombstone */
    varve_slice raw;    /* its checksum does not matter */
    bool allow_missing; /* or nothing at all */
} varve_expect;

/*
 * Put `raw` if the key's value is the expected one; otherwise VARVE_CONDITION_FAILED tells what is
 * there.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_put_if(const varve_write *how, varve_slice key,
                                                         varve_slice raw,
                                                         const varve_expect *expect,
                                                         varve_error *err);

/*
 * Put `raw` unless the key has a value with other data, or a tombstone while `fail_on_tombstone` is
 * set: VARVE_CONDITION_FAILED tells of these.  A value with the same data is written once more.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_init_put(const varve_write *how, varve_slice key,
                                                           varve_slice raw, bool fail_on_tombstone,
                                                           varve_error *err);

/*
 * Put the sum of the key's value, which is an INT, and `by`; no value counts as 0.  The checksum is
 * set.  `*sum`, unless NULL, is told after VARVE_OK and VARVE_WRITE_TOO_OLD.  A sum of more than 64
 * bits is VARVE_INTEGER_OVERFLOW, and `*sum` then the value that is there.  A value that is no
 * integer is VARVE_VALUE_TYPE.  After any other failure `*sum` is untouched.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_increment(const varve_write *how, varve_slice key,
                                                            int64_t by, int64_t *sum,
                                                            varve_error *err);

/* ---- Merging ------------------------------------------------------------------------------- */

/*
 * Merge `raw` into the inline value of `key` (<varve/merge.h>) without looking at the key, its
 * versions and intents included: merging into a key with an intent leaves a merge conflict.  The
 * write's timestamp is the time of the merge, zero for none, and is kept with the first operand.
 * The statistics get an estimate.
 *
 * Returns VARVE_OK; VARVE_EMPTY_KEY; VARVE_INVALID_KEY; VARVE_TOO_LARGE; VARVE_INVALID_ARGUMENT for
 * a transaction or a missing writer; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_NO_MEMORY; what the
 * writer returns.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_merge(const varve_write *how, varve_slice key,
                                                        varve_slice raw, varve_error *err);

/* ---- Ranges -------------------------------------------------------------------------------- */

/*
 * Delete the keys of a span that have a value, at most `max_keys` of them; a negative number and
 * INT64_MAX mean all, 0 none.  The values looked at are the newest ones, or those that the
 * transaction reads at the end of time.  Each key is then deleted as by varve_mvcc_delete(), in
 * ascending order; the first failure ends that.  Keys with inline values are deleted at timestamp
 * zero and are VARVE_INLINE_MIX at others.
 *
 * `rows`, unless NULL, gets the keys with the values that they had, if `return_keys` is set and all
 * went well; and where to go on, as from varve_mvcc_scan(), also after a failed deletion.
 * `*deleted`, unless NULL, gets the number of keys found, even if deleting one of them has failed.
 *
 * Each deletion is atomic, the whole is not: write to a batch for that.  Returns as
 * varve_mvcc_scan() and varve_mvcc_delete(): an intent of another transaction in the span, at
 * whatever timestamp, is VARVE_WRITE_INTENT before anything is deleted; after VARVE_WRITE_TOO_OLD
 * the key that it is about has been deleted, and those behind it have not.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_delete_range(const varve_write *how,
                                                               varve_span span, int64_t max_keys,
                                                               bool return_keys, varve_rows *rows,
                                                               int64_t *deleted, varve_error *err);

/*
 * Remove all records of the user keys of a span, versions, inline values and intents alike, without
 * looking at them and in one atomic step.  An empty start means the first key of all.  The
 * statistics of the keys have to be subtracted, or computed anew, by the caller.
 *
 * Returns VARVE_OK; VARVE_EMPTY_KEY for an empty end; VARVE_INVALID_ARGUMENT for a span that ends
 * before it starts; VARVE_INVALID_KEY; VARVE_NO_MEMORY; what the writer returns.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_clear_range(varve_writer *writer, varve_span span,
                                                              varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
