/*
 * Writes of every kind as text, for the tests of mvcc/.
 *
 * Keys and values are written as in tests/support/mvcc.h; a value is the data of a BYTES value
 * without checksum, or, where it begins with '#', the number of an INT value.  An outcome is "OK"
 * or the name of the status and the full text of the error:
 *
 *     WRITE_TOO_OLD: WriteTooOldError: write at timestamp 0.000000001,0 too old; wrote at ...
 *
 * Every write is held against what is true of all: one that fails, but for WRITE_TOO_OLD, leaves
 * store and statistics as they were; after one that does not, the statistics are those of a
 * recount.
 */
#ifndef VARVE_TESTS_SUPPORT_WRITES_H
#define VARVE_TESTS_SUPPORT_WRITES_H

#include "tests/support/mvcc.h"

#define SECOND INT64_C(1000000000)

/* What the writes of the test in progress have in common; zero it in the set-up. */
struct writes_test {
    varve_stats stats; /* of everything */
    bool estimates;    /* a merge has been: they are not those of a recount any more */
    bool blind;
    bool quiet; /* without statistics, which are then not looked at */
};
extern struct writes_test writes;

void writes_start(void);

/* A transaction that reads and writes at `ts`; its id is fifteen zeros and `id`. */
varve_txn writes_txn(unsigned char id, varve_ts ts);

static inline varve_ts seconds(int64_t count)
{
    return varve_ts_of(count * SECOND, 0);
}

/* The raw value that `text` stands for; NULL or "" is none. */
varve_slice writes_raw(const char *text);

/* The description of a write of `txn`, or of none, at `ts`, with all that is in common. */
varve_write writes_how(varve_ts ts, const varve_txn *txn);

/* The writes; as a transaction they are at its read timestamp.  A NULL value deletes. */
const char *writes_put(const char *key, varve_ts ts, const char *value);
const char *writes_put_as(const char *key, const varve_txn *txn, const char *value);

/* `expected` NULL = none, and "?" in front of it = or nothing at all. */
const char *writes_put_if(const char *key, varve_ts ts, const varve_txn *txn, const char *value,
                          const char *expected);
const char *writes_init_put(const char *key, varve_ts ts, const varve_txn *txn, const char *value,
                            bool fail_on_tombstone);

/* With the sum behind the outcome: "OK 3"; no sum if none was told. */
const char *writes_increment(const char *key, varve_ts ts, const varve_txn *txn, int64_t by);
const char *writes_merge(const char *key, varve_ts ts, const char *value);

/* "3: a b c > [d,z)", or "3 > [d,z)" if the keys do not return; failures behind that. */
const char *writes_delete_range(const char *start, const char *end, varve_ts ts,
                                const varve_txn *txn, int64_t max, bool return_keys);

/* What a get as `txn` or NULL shows, "value@time", "-@time" for a tombstone, "none" or failure. */
const char *writes_get(const char *key, varve_ts ts, const varve_txn *txn);

/*
 * All records of a key: "value@5 -@4s", in nanoseconds or whole seconds; in front "{inline}", or
 * "{1/0/3 w5 @7 6 0=old 2=-}" for an intent of transaction 1, epoch 0, sequence 3, which writes at
 * 5 and stands at 7 with a value of 6 bytes and this history.
 */
const char *writes_records(const char *key);

/*
 * Make the intent of a key, which has one, a committed version where it stands, by hand; the
 * statistics are those of a recount.
 */
void writes_commit(const char *key);

/* All records of the place as engine keys and values. */
const char *writes_everything(void);

/* The statistics aged to `nanos`, printed, last_update in seconds. */
const char *writes_stats(int64_t nanos);

#endif
