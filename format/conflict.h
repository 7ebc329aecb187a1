/*
 * Conflict records: metadata records of keys whose merges did not fit together.  They keep what was
 * there, and stay conflict records until the key is put or cleared.
 */
#ifndef VARVE_FORMAT_CONFLICT_H
#define VARVE_FORMAT_CONFLICT_H

#include <varve/error.h>

/* Why merges do not fit together.  The numbers are stored. */
typedef enum varve__conflict_code {
    VARVE__CONFLICT_BELOW = 1,      /* what was there does not decode */
    VARVE__CONFLICT_INTENT = 2,     /* what was there is a transaction's intent */
    VARVE__CONFLICT_OPERAND = 3,    /* an operand does not decode, or is a conflict itself */
    VARVE__CONFLICT_NO_VALUE = 4,   /* an operand without a value */
    VARVE__CONFLICT_TYPES = 5,      /* values of types that cannot be combined */
    VARVE__CONFLICT_INT = 6,        /* an integer does not decode */
    VARVE__CONFLICT_SERIES = 7,     /* a time series does not decode */
    VARVE__CONFLICT_START = 8,      /* time series with different starts */
    VARVE__CONFLICT_DURATION = 9,   /* time series with different sample durations */
    VARVE__CONFLICT_COLUMNS = 10,   /* time series with different columns */
    VARVE__CONFLICT_TOO_LARGE = 11, /* the combined value would exceed its limit */
    VARVE__CONFLICT_COUNTERS = 12   /* counters do not decode */
} varve__conflict_code;

/* The operands that a record keeps have at most so many bytes together. */
#define VARVE__CONFLICT_KEPT_MAX 65536

/* What a conflict record holds.  Slices of a decoded one point into the encoded bytes. */
typedef struct varve__conflict {
    uint32_t code;        /* a varve__conflict_code, or that of a later version */
    varve_slice text;     /* the reason in words */
    bool has_below;       /* something was there */
    varve_slice below;    /* the record that was there, operands that did fit included */
    varve_slice operands; /* encoded; read with varve__conflict_next_operand() */
    bool more;            /* there were operands that have not been kept */
} varve__conflict;

/* Decode the conflict field of a metadata record.  Returns NULL, or what is wrong. */
const char *varve__conflict_parse(varve_slice bytes, varve__conflict *conflict);

/*
 * The next operand, oldest first.  `*left` is `operands` at first, and what is left of it
 * afterwards.  Returns false behind the last.
 */
bool varve__conflict_next_operand(varve_slice *left, varve_slice *operand);

/* Append an operand to what becomes the `operands` of a conflict. */
varve_status varve__conflict_append_operand(varve_slice operand, varve_buf *operands,
                                            varve_error *err);

/* Append the conflict field's contents to `out`. */
varve_status varve__conflict_append(const varve__conflict *conflict, varve_buf *out,
                                    varve_error *err);

/* VARVE_MERGE_CONFLICT with the reason: `merge conflict: ...`. */
varve_status varve__fail_conflict(const varve__conflict *conflict, varve_error *err);

#endif
