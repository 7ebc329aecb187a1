/*
 * Multi-version reads of user keys, over any reader of an engine.  <varve/mvcc.h> says what
 * versions, tombstones and inline values are.
 */
#ifndef VARVE_READ_H
#define VARVE_READ_H

#include <varve/cancel.h>
#include <varve/engine.h>
#include <varve/txn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Results ------------------------------------------------------------------------------- */

/*
 * Results of a read, packed one behind the other, and where to go on.  Start one as
 * VARVE_ROWS_INIT, end it with varve_rows_release().  Each read replaces the contents and reuses
 * the memory.
 */
typedef struct varve_rows {
    varve_buf packed;       /* private; read with varve_rows_next() */
    size_t count;           /* rows */
    int64_t bytes;          /* accounted bytes: 8 + key + value for each row; see docs/format.md */
    bool more;              /* a limit ended the read; `resume` says what is left to read */
    varve_buf resume_start; /* with `more`: the user-key range that has not been read */
    varve_buf resume_end;
    varve_ts resume_ts;    /* with `more`, from varve_mvcc_versions(): read on at this timestamp */
    varve_intent *intents; /* that an inconsistent read has met, in its order; as long as the rows
                              they are owned by */
    size_t intent_count;
} varve_rows;

/* An initialiser, in C and in C++. */
#define VARVE_ROWS_INIT                                                                            \
    {                                                                                              \
        VARVE_BUF_INIT, 0, 0, false, VARVE_BUF_INIT, VARVE_BUF_INIT, {0, 0}, NULL, 0               \
    }

/* One result.  Slices point into the rows they came from, until those change or are released. */
typedef struct varve_row {
    varve_slice key;   /* the user key */
    varve_ts ts;       /* of the version; zero for an inline value */
    varve_slice value; /* the raw value; empty for a tombstone */
} varve_row;

/* Free what the rows hold and make them empty. */
VARVE_API void varve_rows_release(varve_rows *rows);

/*
 * Take the row at `*position` and move the position behind it; begin with 0.  Returns false,
 * leaving `row` alone, when there are no more.
 */
VARVE_API bool varve_rows_next(const varve_rows *rows, size_t *position, varve_row *row);

/* ---- Reading ------------------------------------------------------------------------------- */

enum varve_read_flags {
    VARVE_READ_TOMBSTONES = 1,          /* return tombstones too, as rows with an empty value */
    VARVE_READ_FAIL_ON_MORE_RECENT = 2, /* a version above the timestamp is VARVE_WRITE_TOO_OLD, an
                                           intent at any time is VARVE_WRITE_INTENT */
    VARVE_READ_INCONSISTENT = 4,        /* see what is below intents, and tell of those in
                                           `rows->intents`; without a transaction and without
                                           VARVE_READ_FAIL_ON_MORE_RECENT */
    VARVE_READ_CHECK_COLLECTED = 8      /* garbage has been collected (<varve/gc_hold.h>) beyond the
                                           timestamp, so that something may be missing, is
                                           VARVE_BELOW_THRESHOLD; costs one more get */
};

/*
 * What reads and writes have cost; every call that is given one adds up.  Start one as zero with
 * `struct_size` set.  Steps and seeks are movements of an iterator: those over keys and versions
 * that are not returned are what makes a read slow.  A get that is answered by the cache of newest
 * versions has none of them.
 */
typedef struct varve_bill {
    size_t struct_size;
    uint64_t keys;           /* user keys come to */
    uint64_t versions;       /* versions come to, again each time */
    uint64_t tombstones;     /* keys that yielded one, returned or not; to a write, keys of which
                                the newest version is one */
    uint64_t intents;        /* keys with one, the reader's own included */
    uint64_t steps;          /* of one record */
    uint64_t seeks;          /* from anywhere to anywhere */
    uint64_t bytes_read;     /* of the values looked at */
    uint64_t rows;           /* returned */
    uint64_t bytes_returned; /* accounted, as varve_rows.bytes */
} varve_bill;

/*
 * One description of a read.  Set `struct_size`; zero elsewhere.
 *
 * Of each key a read sees the newest version at or below `ts`, or nothing if that is a tombstone. A
 * key with an inline value shows that value alone, whatever `ts` is; `ts` zero shows nothing else.
 *
 * As a transaction, a read sees what that has written, whatever `ts` is: the last of its values
 * whose sequence number is neither above that of the transaction nor ignored, at timestamp zero if
 * the intent has got another value since.  Intents of its earlier epochs are passed over.  And it
 * is uncertain of versions above `ts` that are not above `txn->max_ts`: they may have been there
 * when it began, so that meeting one is VARVE_READ_UNCERTAIN.
 */
typedef struct varve_read {
    size_t struct_size;
    varve_ts ts;          /* see what was there at this time; varve_ts_max() for the newest */
    unsigned flags;       /* of varve_read_flags */
    const varve_txn *txn; /* read as this transaction; NULL = as none; its read_ts is not
                             looked at */
    int64_t target_bytes; /* but for get: stop when that many bytes are accounted; 0 = no
                                   limit */
    size_t max_intents; /* over spans: stop when so many intents have been met that are in the way,
                           or are to be told; 0 = no limit */
    const varve_cancel *cancel; /* looked at between keys, and between rows of one key */
    varve_bill *bill;           /* add the cost to this one */
} varve_read;

/*
 * Read one key: no row or one.
 *
 * Returns VARVE_OK with a row; VARVE_NOT_FOUND without; VARVE_EMPTY_KEY; VARVE_INVALID_ARGUMENT for
 * a negative timestamp, unknown flags or flags that do not go together; VARVE_WRITE_INTENT if
 * another transaction's intent at or below the timestamp (or what the reader is uncertain of) hides
 * the answer; VARVE_READ_UNCERTAIN; VARVE_TXN_EPOCH if the key has an intent of a later epoch of
 * the reading transaction; with the flag, VARVE_WRITE_TOO_OLD, whose `too_old` says where a write
 * would have gone (a read writes nothing), or VARVE_TIMESTAMP_OVERFLOW if nowhere; with the flag,
 * VARVE_BELOW_THRESHOLD, whatever there is; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_MERGE_CONFLICT
 * if merges of the key do not fit together
 * (<varve/merge.h>); VARVE_CORRUPT; VARVE_CORRUPT_KEY; VARVE_NO_MEMORY; what the reader returns,
 * such as VARVE_IO, or VARVE_UNSUPPORTED from a write-only batch.  After a failure `rows` is empty.
 *
 * An inconsistent read tells of the intent in `rows->intents`, also with VARVE_NOT_FOUND.  To read
 * as the owner of an intent, take varve_txn_of_meta().
 *
 * Works on one consistent view.  As thread-safe as the reader.  `key` may point into `rows`; that
 * is true of the arguments of all reads.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_get(varve_reader *reader, const varve_read *how,
                                                      varve_slice key, varve_rows *rows,
                                                      varve_error *err);

/*
 * Read a structured record: as varve_mvcc_get(), and then have `decode` look at the data of the
 * value, which has to be one of tag BYTES.  The row stays in `rows`.  Without `decode` the call
 * just tells whether there is a value.
 *
 * `*found`, which may be NULL, becomes true if a value was there, also if it is not a record:
 * VARVE_VALUE_TYPE then, or what `decode` returned.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_get_record(varve_reader *reader,
                                                             const varve_read *how, varve_slice key,
                                                             varve_decode_fn decode, void *arg,
                                                             bool *found, varve_rows *rows,
                                                             varve_error *err);

/*
 * Read the keys of a span in ascending order, at most `max_keys` of them; a negative number and
 * INT64_MAX mean all.  0 reads nothing and resumes with the whole span.
 *
 * At least one row is returned if there is one, whatever `target_bytes` says.  When a limit ends
 * the read and another key exists in the span, visible or not, `rows->more` is set, and the resume
 * span goes from that key to the end of the span.  An empty start means the first key of all, which
 * may be one of varve's own (varve_key_app_min() leaves those out); an empty end is
 * VARVE_EMPTY_KEY; a span that ends before it starts is empty.
 *
 * Keys with a conflict yield no row.  The scan goes on behind them until its end, a limit or
 * `max_intents`, and then fails with VARVE_WRITE_INTENT, which lists all that it has met.  Any
 * other failure ends it at once.  An inconsistent scan tells of intents instead, and `max_intents`
 * is one more limit to it, with a resume span.  A negative timestamp, which precedes all versions,
 * is allowed here.
 *
 * Returns VARVE_OK, and otherwise as varve_mvcc_get(), never VARVE_NOT_FOUND.  After a failure
 * `rows` is empty.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_scan(varve_reader *reader, const varve_read *how,
                                                       varve_span span, int64_t max_keys,
                                                       varve_rows *rows, varve_error *err);

/*
 * The same in descending order.  The resume span is then the front part of `span`, up to the next
 * key and including it.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_reverse_scan(varve_reader *reader,
                                                               const varve_read *how,
                                                               varve_span span, int64_t max_keys,
                                                               varve_rows *rows, varve_error *err);

/*
 * Read the versions of one key at and below `how->ts`, newest first, tombstones included; at most
 * `max_versions`, negative = all, 0 reads nothing and resumes at `how->ts`.  At least one row is
 * returned if there is one, whatever `target_bytes` says.
 *
 * When a limit ends the read and an older version exists, `rows->more` is set: the same call with
 * `rows->resume_ts`, the timestamp of that version, goes on.  If it was one of a transaction, it
 * goes on as none, for the transaction's own value is seen at any time.  An inline value is a
 * single row at timestamp zero, which hides versions that the key may have.
 *
 * What the key yields to the reader comes first: the transaction's own value, which may be one at
 * timestamp zero or above `how->ts`, and then the versions below its intent.  An intent above the
 * timestamp is passed over, one at or below it is VARVE_WRITE_INTENT, or told by an inconsistent
 * read.  Other flags are refused, and `max_intents` is not looked at.  Returns VARVE_OK, with no
 * row for a key that has nothing to show, and otherwise as varve_mvcc_get().  After a failure
 * `rows` is empty.
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_versions(varve_reader *reader,
                                                           const varve_read *how, varve_slice key,
                                                           int64_t max_versions, varve_rows *rows,
                                                           varve_error *err);

/* ---- Reading with a callback --------------------------------------------------------------- */

/* For varve_mvcc_iterate() and varve_cursor_open(). */
enum varve_cursor_flags {
    VARVE_CURSOR_REVERSE = 1 /* in descending order */
};

/*
 * Receives one row of varve_mvcc_iterate(), valid during the callback.  VARVE_OK goes on, a
 * positive status ends the walk, a negative one is its failure.
 */
typedef varve_status (*varve_row_fn)(void *arg, const varve_row *row, varve_error *err);

/*
 * Call `each` for what the keys of a span yield, in order, on one consistent view; of a batch that
 * the callbacks write to, as a cursor sees it.  `flags` are of varve_cursor_flags, everything else
 * is as in varve_mvcc_scan(); `target_bytes` is refused.
 *
 * Rows are read in portions of at most 1000, and a portion that cannot be read is a failure before
 * its first callback: VARVE_WRITE_INTENT then lists the conflicts of that portion.  The callbacks
 * may use the reader, and write.  A callback that ends the walk finds the rest of its portion read,
 * and on the bill.
 *
 * An inconsistent read leaves the intents that it has met in `intents`, which no other read needs:
 * it may be NULL for those.  With as many as `max_intents` it ends, having set the resume span of
 * `intents`.
 *
 * Returns VARVE_OK when the span is exhausted; what `each` returned to end it; otherwise as
 * varve_mvcc_scan().
 */
VARVE_API VARVE_NODISCARD varve_status varve_mvcc_iterate(varve_reader *reader,
                                                          const varve_read *how, varve_span span,
                                                          unsigned flags, varve_row_fn each,
                                                          void *arg, varve_rows *intents,
                                                          varve_error *err);

/* ---- Reading row by row -------------------------------------------------------------------- */

typedef struct varve_cursor varve_cursor;

/*
 * Open a cursor over what the keys of a span yield, in front of its first row.  `flags` are of
 * varve_cursor_flags, everything else is as in varve_mvcc_scan(); `target_bytes`, and `max_intents`
 * of an inconsistent read, are refused.
 *
 * A cursor holds one iterator and thereby one consistent view; it must be closed before what it
 * reads.  Over a batch it may or may not see what is written to that meanwhile, but sees each key
 * as it is at one time.  It is for one thread at a time.  The transaction, token and bill of `how`
 * must stay until it is closed; the span is copied.
 *
 * Returns as varve_mvcc_scan(); after a failure `*out` is NULL.
 */
VARVE_API VARVE_NODISCARD varve_status varve_cursor_open(varve_reader *reader,
                                                         const varve_read *how, varve_span span,
                                                         unsigned flags, varve_cursor **out,
                                                         varve_error *err);

/*
 * Go to the next row, whose slices are valid until the next call or the close.
 *
 * A key with a conflict is a failure, and ends the cursor: VARVE_WRITE_INTENT lists that conflict
 * and all behind it, up to the end of the span or `max_intents`.
 *
 * Returns VARVE_OK; VARVE_NOT_FOUND at the end, again and again; otherwise as varve_mvcc_scan(). A
 * cursor that has failed returns the same failure ever after.
 */
VARVE_API VARVE_NODISCARD varve_status varve_cursor_next(varve_cursor *cursor, varve_row *row,
                                                         varve_error *err);

/*
 * The intents that an inconsistent cursor has met on its way to the present row, or to the end;
 * `*count` of them, valid until the next call.
 */
VARVE_API const varve_intent *varve_cursor_intents(const varve_cursor *cursor, size_t *count);

/* Close it; NULL is fine. */
VARVE_API void varve_cursor_close(varve_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif
