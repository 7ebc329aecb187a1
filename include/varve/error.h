/*
 * What can go wrong, and how it is told.
 *
 * Every function that can fail returns a varve_status and takes a varve_error as its last argument.
 * The status is enough to decide what to do next; the varve_error carries what a person wants to
 * read and what a caller needs in order to act, such as the timestamps of a conflict.
 */
#ifndef VARVE_ERROR_H
#define VARVE_ERROR_H

#include <varve/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One row per status: name, value, text.  The enum, varve_status_name(), varve_status_text() and
 * docs/errors.md all come from this list.  Values are part of the ABI: add rows, never renumber.
 *
 * Zero is success.  A positive status is an expected answer that is not a value.  A negative status
 * is a failure: nothing has been changed, but for the two that say otherwise in their text.
 */
#define VARVE_STATUS_MAP(X)                                                                        \
    X(OK, 0, "success")                                                                            \
    X(NOT_FOUND, 1, "there is no value under this key")                                            \
    X(INVALID_ARGUMENT, -1, "an argument makes no sense; the message names it")                    \
    X(EMPTY_KEY, -2, "the empty key cannot be accessed")                                           \
    X(INVALID_KEY, -3, "the user key is longer than 65,536 bytes or not below FF FF")              \
    X(TOO_LARGE, -4, "a value or batch exceeds its limit; `too_large` carries size and limit")     \
    X(BAD_BATCH, -5, "the bytes are not a batch representation; `bad_batch` says where")           \
    X(TIMESTAMP_OVERFLOW, -6, "the operation needs a timestamp beyond the largest one")            \
    X(MISUSE, -7, "the object is not in a state that allows this call; nothing was done")          \
    X(UNSUPPORTED, -8, "this engine, batch or iterator does not offer the operation")              \
    X(BUSY, -9, "open handles forbid closing; `busy` counts them, the engine stays open")          \
    X(CANCELLED, -10, "the caller's token cancelled the call")                                     \
    X(DEADLINE, -11, "the deadline of the caller's token has passed")                              \
    X(NO_MEMORY, -20, "an allocation failed")                                                      \
    X(IO, -21, "the file system reported an error")                                                \
    X(NO_SPACE, -22, "the file system is full")                                                    \
    X(CORRUPT, -23, "stored bytes are damaged")                                                    \
    X(CORRUPT_KEY, -24, "a stored key is not an engine key")                                       \
    X(LOCKED, -25, "another process, or this one, has the store open for writing")                 \
    X(READ_ONLY, -26, "the engine was opened for reading only")                                    \
    X(COMMIT_UNKNOWN, -27, "the commit may or may not be durable; a reopened store tells")         \
    X(NOT_A_STORE, -28, "the directory holds something that is not a varve store")                 \
    X(INCOMPATIBLE, -29, "the store's format is newer than, or unknown to, this library")          \
    X(NO_STORE, -30, "there is no store at this path")                                             \
    X(LOG_GAP, -31, "the log no longer has the record asked for; `log_gap` has both numbers")      \
    X(WRITE_INTENT, -40, "a transaction's intent is in the way; `intents` lists them")             \
    X(WRITE_TOO_OLD, -41, "a newer version exists; a write HAS been done, at `too_old.actual`")    \
    X(VALUE_TYPE, -42, "the value has another type, or bytes that are none of its type")           \
    X(CHECKSUM, -43, "the value does not match its checksum")                                      \
    X(INLINE_MIX, -44, "a key has either an inline value or versions, not both")                   \
    X(MERGE_CONFLICT, -45, "merged operands do not fit together; a put or a clear heals the key")  \
    X(READ_UNCERTAIN, -46, "a version lies in a read's uncertainty; `uncertain` has the times")    \
    X(CONDITION_FAILED, -47, "the value is not the expected one; `condition` has what is there")   \
    X(INTEGER_OVERFLOW, -48, "the sum has more than 64 bits; `overflow` carries its parts")        \
    X(BELOW_THRESHOLD, -49, "what was there at that time may have been collected as garbage")      \
    X(TXN_EPOCH, -50, "an intent of a later epoch of the same transaction is there")               \
    X(TXN_REPLAY, -51, "a repeated write is not what was written first; `replay` has both")        \
    X(NOT_GARBAGE, -52, "the newest version of a key is not garbage; `not_garbage` has the key")   \
    X(INTERNAL, -99, "an invariant of varve does not hold, or the backend failed unexpectedly")

typedef enum varve_status {
#define VARVE_STATUS_ENUM(name, value, text) VARVE_##name = (value),
    VARVE_STATUS_MAP(VARVE_STATUS_ENUM)
#undef VARVE_STATUS_ENUM
} varve_status;

/* A timestamp: nanoseconds of wall time and a logical tie-breaker.  See <varve/ts.h>. */
typedef struct varve_ts {
    int64_t wall;    /* nanoseconds since the Unix epoch */
    int32_t logical; /* orders events of one nanosecond */
} varve_ts;

/* The size of a transaction's id, in bytes. */
#define VARVE_TXN_ID_SIZE 16

/* What an intent stores of its transaction.  See <varve/txn.h>. */
typedef struct varve_txn_meta {
    unsigned char id[VARVE_TXN_ID_SIZE]; /* alone decides whose an intent is */
    varve_slice key;                     /* the anchor key; informational; may be empty */
    int32_t epoch;                       /* raised by a restart: intents of older epochs are void */
    varve_ts write_ts;                   /* provisional commit timestamp, where intents stand */
    varve_ts min_ts;  /* the earliest timestamp of the transaction; informational */
    int32_t priority; /* informational */
    int32_t sequence; /* number of the operation */
} varve_txn_meta;

/* A transaction's intent that stood in the way. */
typedef struct varve_intent {
    varve_slice key;    /* the user key */
    varve_txn_meta txn; /* as the intent stores it; its write_ts may differ from `ts` */
    varve_ts ts;        /* where the provisional value stands */
} varve_intent;

/* The time at which a transaction has met a node of a cluster; versions above it are later. */
typedef struct varve_observed {
    int32_t node;
    varve_ts ts;
} varve_observed;

/* Room for the message of an error, with its terminator; one that is cut to it ends with `...`. */
#define VARVE_ERROR_MESSAGE_MAX 256

/*
 * Details of one failure.  Lives in the caller's memory: start it as VARVE_ERROR_INIT, end it with
 * varve_error_release().  Passing NULL instead is always allowed and drops the details.
 *
 * After a call that returned a negative status, `status` equals it and `message` is not empty; an
 * earlier failure that the struct still held has been released.  After any other return the struct
 * is untouched.  `status` alone says which member of `detail` is meaningful.
 */
typedef struct varve_error {
    varve_status status;
    union {
        struct {                /* VARVE_WRITE_INTENT: at least one, in the read's order */
            varve_intent *list; /* owned by this struct, with the keys in it */
            size_t count;
            bool more; /* the caller's cap ended the search */
        } intents;
        struct { /* VARVE_WRITE_TOO_OLD */
            varve_ts attempted;
            varve_ts actual; /* where a write has put its value; a read has written nothing */
        } too_old;
        struct { /* VARVE_BUSY */
            size_t batches;
            size_t snapshots;
            size_t iterators;
        } busy;
        struct { /* VARVE_TOO_LARGE, in bytes */
            uint64_t size;
            uint64_t limit;
        } too_large;
        struct {             /* VARVE_BAD_BATCH */
            uint64_t offset; /* of the record that could not be read, in bytes */
            uint32_t record; /* its number, from 0 */
        } bad_batch;
        struct { /* VARVE_INCOMPATIBLE */
            int64_t found;
            int64_t supported;
        } version;
        struct { /* VARVE_LOG_GAP: sequence numbers */
            uint64_t wanted;
            uint64_t found; /* the next one that is there; 0 = none */
        } log_gap;
        struct { /* VARVE_READ_UNCERTAIN: the version may have been there before the read */
            varve_ts read;
            varve_ts existing;        /* of the version, above `read` */
            varve_ts max;             /* up to here the transaction is uncertain */
            varve_observed *observed; /* of the transaction, owned by this struct */
            size_t observed_count;
        } uncertain;
        struct {             /* VARVE_CONDITION_FAILED: what is there instead */
            bool exists;     /* false: nothing */
            varve_slice raw; /* the raw value, owned by this struct; empty for a tombstone */
            varve_ts ts;     /* of the version; zero for an inline value or an earlier write */
        } condition;
        struct {             /* VARVE_INTEGER_OVERFLOW */
            varve_slice key; /* the user key, owned by this struct */
            int64_t value;   /* which has not changed */
            int64_t increment;
        } overflow;
        struct { /* VARVE_BELOW_THRESHOLD */
            varve_ts read;
            varve_ts threshold; /* garbage has been collected up to this time */
        } below_threshold;
        struct { /* VARVE_TXN_REPLAY: an operation of a transaction, done once more */
            unsigned char id[VARVE_TXN_ID_SIZE]; /* of the transaction */
            int32_t sequence;                    /* of the operation */
            int32_t intent_sequence;             /* of the intent that the key has */
            bool missing;        /* it left no value the first time; there are no values here */
            varve_slice value;   /* raw, of this time, owned by this struct; empty: a deletion */
            varve_slice written; /* likewise, of the first time */
        } replay;
        struct {             /* VARVE_NOT_GARBAGE */
            varve_slice key; /* the user key, owned by this struct */
            bool has_intent; /* the version is a deletion, but provisional; false: a value */
        } not_garbage;
        uint64_t reserved[12]; /* room for payloads to come: the size of this struct is fixed */
    } detail;
    char message[VARVE_ERROR_MESSAGE_MAX];
} varve_error;

/* An initialiser, in C and in C++. */
#define VARVE_ERROR_INIT                                                                           \
    {                                                                                              \
        VARVE_OK, {{NULL, 0, false}}, ""                                                           \
    }

/* Free what the error owns and make it VARVE_OK again; harmless if it is. */
VARVE_API void varve_error_release(varve_error *err);

/*
 * The full text, rendered from the payload: `message` is cut to its room, this names every intent
 * that fits the rules of its kind.  Without a message it is the text of the status.  Replaces what
 * `text` held and ends it with a NUL that `size` does not count.
 *
 * Returns VARVE_OK; or VARVE_NO_MEMORY, leaving `text` as it was.
 */
VARVE_API VARVE_NODISCARD varve_status varve_error_text(const varve_error *err, varve_buf *text);

/* "VARVE_NOT_FOUND" and so on; "VARVE_UNKNOWN" for a number that is none. */
VARVE_API const char *varve_status_name(varve_status status);

/* One line that says what the status means, in general. */
VARVE_API const char *varve_status_text(varve_status status);

#ifdef __cplusplus
}
#endif

#endif
