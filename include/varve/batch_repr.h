/*
 * Batch representations: the bytes of a batch, to be built, read and shipped.
 *
 * Twelve bytes of header (sequence number, record count) and the records.  docs/format.md has the
 * layout byte by byte.  Bytes of any origin may be read; nothing but well-formed ones is applied.
 */
#ifndef VARVE_BATCH_REPR_H
#define VARVE_BATCH_REPR_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The size of an empty representation, in bytes. */
#define VARVE_BATCH_HEADER_SIZE 12

/* The largest representation that can be applied, in bytes. */
#define VARVE_BATCH_SIZE_MAX ((uint64_t)1 << 31)

/* What a record does.  The numbers are stored. */
typedef enum varve_record_type {
    VARVE_RECORD_CLEAR = 0x00, /* key: remove it */
    VARVE_RECORD_PUT = 0x01,   /* key, value: set it */
    VARVE_RECORD_MERGE = 0x02, /* key, value: an operand for the merge operator */
    VARVE_RECORD_LOG = 0x03,   /* value: data for readers of the log; changes and counts nothing */
    VARVE_RECORD_SINGLE_CLEAR = 0x07, /* key: remove its only put */
    VARVE_RECORD_CLEAR_RANGE = 0x0F   /* key, value: remove all from key up to before value */
} varve_record_type;

/* One record.  Slices point into the representation. */
typedef struct varve_record {
    varve_record_type type;
    varve_slice key;   /* an engine key; the start of a range; empty for LOG */
    varve_slice value; /* the value, operand, log data, or the end of a range; empty for clears */
} varve_record;

/*
 * Builds a representation record by record.  One thread at a time.
 *
 * It takes keys as they are, malformed and empty ones too: applying the result refuses them.
 */
typedef struct varve_batch_builder varve_batch_builder;

/* Make a builder.  Returns VARVE_OK; or VARVE_NO_MEMORY, leaving `*builder` NULL. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_builder_open(varve_batch_builder **builder,
                                                                varve_error *err);
/* Free a builder and the bytes it lent; NULL is fine. */
VARVE_API void varve_batch_builder_close(varve_batch_builder *builder);

/*
 * Append one record.  Return VARVE_OK; VARVE_NO_MEMORY; or VARVE_TOO_LARGE when the value exceeds
 * its limit or the representation would exceed VARVE_BATCH_SIZE_MAX; then nothing was appended.
 */

/* Set `engine_key`. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_builder_put(varve_batch_builder *builder,
                                                               varve_slice engine_key,
                                                               varve_slice value, varve_error *err);
/* Remove `engine_key`. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_builder_clear(varve_batch_builder *builder,
                                                                 varve_slice engine_key,
                                                                 varve_error *err);
/* Merge an operand into `engine_key`. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_builder_merge(varve_batch_builder *builder,
                                                                 varve_slice engine_key,
                                                                 varve_slice operand,
                                                                 varve_error *err);
/* Remove everything from `start` up to, not including, `end`. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_builder_clear_range(varve_batch_builder *builder,
                                                                       varve_slice start,
                                                                       varve_slice end,
                                                                       varve_error *err);
/* Add bytes for readers of the log. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_builder_log(varve_batch_builder *builder,
                                                               varve_slice data, varve_error *err);

/* Bytes so far; VARVE_BATCH_HEADER_SIZE for an untouched builder. */
VARVE_API size_t varve_batch_builder_size(const varve_batch_builder *builder);

/*
 * The finished representation; the builder starts over.  The bytes belong to the builder and are
 * valid until its next call.
 */
VARVE_API varve_slice varve_batch_builder_finish(varve_batch_builder *builder);

/* Reads a representation record by record.  One thread at a time. */
typedef struct varve_batch_reader varve_batch_reader;

enum varve_batch_reader_flags {
    VARVE_BATCH_FROM_LOG = 1 /* accept a sequence number, as batches read from the WAL have one */
};

/*
 * Begin to read `repr`, whose bytes must stay unchanged until the reader is closed.  `flags` is 0
 * or VARVE_BATCH_FROM_LOG.
 *
 * Returns VARVE_OK; VARVE_BAD_BATCH if the header is cut short or has a sequence number;
 * VARVE_INVALID_ARGUMENT for unknown flags; VARVE_NO_MEMORY.  On failure `*reader` is NULL.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_reader_open(varve_slice repr, unsigned flags,
                                                               varve_batch_reader **reader,
                                                               varve_error *err);
/* Free a reader; NULL is fine. */
VARVE_API void varve_batch_reader_close(varve_batch_reader *reader);

/* The record count of the header; log data is not counted. */
VARVE_API uint32_t varve_batch_reader_count(const varve_batch_reader *reader);

/* The sequence number of the header. */
VARVE_API uint64_t varve_batch_reader_sequence(const varve_batch_reader *reader);

/*
 * Read the next record.  Returns VARVE_OK; VARVE_NOT_FOUND at the end; VARVE_BAD_BATCH, from then
 * on for every further call.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_reader_next(varve_batch_reader *reader,
                                                               varve_record *record,
                                                               varve_error *err);

/* The record count in the header of `repr`.  Returns VARVE_OK or VARVE_BAD_BATCH. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_repr_count(varve_slice repr, uint32_t *count,
                                                              varve_error *err);

/*
 * Whether `repr` may be applied: read to its end without error, every key of a put, clear and merge
 * a well-formed engine key of legal size, every range not ending before it starts, within the
 * limits.
 *
 * Returns VARVE_OK, VARVE_BAD_BATCH, VARVE_CORRUPT_KEY, VARVE_INVALID_KEY or VARVE_TOO_LARGE; the
 * message of one about a key, a range or a value begins with the number of its record.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_repr_validate(varve_slice repr,
                                                                 varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
