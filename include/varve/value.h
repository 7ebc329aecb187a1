/*
 * Raw values: four bytes of checksum, one of tag, then the data.
 *
 * A raw value of length 0 is "no value"; stored as a version it is a tombstone.  A raw value that
 * holds an empty byte string is five bytes long and is not a tombstone.
 */
#ifndef VARVE_VALUE_H
#define VARVE_VALUE_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The largest raw value that can be written, in bytes. */
#define VARVE_VALUE_SIZE_MAX ((uint64_t)1 << 30)

/* Bytes in front of a value's data. */
#define VARVE_VALUE_HEADER_SIZE 5

/* What a value's data is.  The numbers are stored. */
typedef enum varve_tag {
    VARVE_TAG_UNKNOWN = 0,
    VARVE_TAG_INT = 1,
    VARVE_TAG_FLOAT = 2,
    VARVE_TAG_BYTES = 3,
    VARVE_TAG_TIME = 4,
    VARVE_TAG_DECIMAL = 5,
    VARVE_TAG_DURATION = 6,
    VARVE_TAG_DELIMITED_BYTES = 8,
    VARVE_TAG_DELIMITED_DECIMAL = 9,
    VARVE_TAG_TUPLE = 10,
    VARVE_TAG_BITARRAY = 11,
    VARVE_TAG_TIMETZ = 12,
    VARVE_TAG_TIMESERIES = 100,
    VARVE_TAG_COUNTERS = 101
} varve_tag;

/* The tag of a raw value; VARVE_TAG_UNKNOWN if it is shorter than a header. */
VARVE_API varve_tag varve_value_tag(varve_slice raw);

/* "BYTES" and so on; "UNKNOWN" and a number that is no tag give "UNKNOWN". */
VARVE_API const char *varve_tag_name(varve_tag tag);

/*
 * Setters: replace the contents of `raw` by a value with an unset checksum.  The argument must not
 * lie inside `raw`.  Return VARVE_OK, VARVE_NO_MEMORY, or VARVE_TOO_LARGE beyond
 * VARVE_VALUE_SIZE_MAX.
 */

/* A value of tag BYTES. */
VARVE_API VARVE_NODISCARD varve_status varve_value_set_bytes(varve_buf *raw, varve_slice data,
                                                             varve_error *err);
/* A value of tag TUPLE. */
VARVE_API VARVE_NODISCARD varve_status varve_value_set_tuple(varve_buf *raw, varve_slice data,
                                                             varve_error *err);
/* A value of tag INT: a zigzag varint. */
VARVE_API VARVE_NODISCARD varve_status varve_value_set_int(varve_buf *raw, int64_t number,
                                                           varve_error *err);
/* A value of tag INT that holds 0 or 1. */
VARVE_API VARVE_NODISCARD varve_status varve_value_set_bool(varve_buf *raw, bool truth,
                                                            varve_error *err);
/* A value of tag FLOAT: eight bytes, big-endian. */
VARVE_API VARVE_NODISCARD varve_status varve_value_set_float(varve_buf *raw, double number,
                                                             varve_error *err);
/*
 * A value of tag COUNTERS: a row of numbers, which merges add place by place.  NULL does for no
 * numbers.
 */
VARVE_API VARVE_NODISCARD varve_status varve_value_set_counters(varve_buf *raw,
                                                                const int64_t *counters,
                                                                size_t count, varve_error *err);

/*
 * Getters.  Return VARVE_OK, or VARVE_VALUE_TYPE when the tag differs (`value type is not WANTED:
 * ACTUAL`) or the data is none of that type.
 */

/* The data of a BYTES value; points into `raw`. */
VARVE_API VARVE_NODISCARD varve_status varve_value_get_bytes(varve_slice raw, varve_slice *data,
                                                             varve_error *err);
/* The data of a TUPLE value; points into `raw`. */
VARVE_API VARVE_NODISCARD varve_status varve_value_get_tuple(varve_slice raw, varve_slice *data,
                                                             varve_error *err);
/* The number of an INT value. */
VARVE_API VARVE_NODISCARD varve_status varve_value_get_int(varve_slice raw, int64_t *number,
                                                           varve_error *err);
/* The truth of an INT value that is 0 or 1; any other number is VARVE_VALUE_TYPE. */
VARVE_API VARVE_NODISCARD varve_status varve_value_get_bool(varve_slice raw, bool *truth,
                                                            varve_error *err);
/* The number of a FLOAT value. */
VARVE_API VARVE_NODISCARD varve_status varve_value_get_float(varve_slice raw, double *number,
                                                             varve_error *err);
/*
 * The numbers of a COUNTERS value: `*count` tells how many it has; as many of them as have room in
 * the `room` places of `counters` are written there, and zero into the places that are left.
 */
VARVE_API VARVE_NODISCARD varve_status varve_value_get_counters(varve_slice raw, int64_t *counters,
                                                                size_t room, size_t *count,
                                                                varve_error *err);

/*
 * Set the checksum of `raw` as the value of `user_key`.  Nothing happens to an absent value or one
 * too short to carry data.  Returns VARVE_OK, or VARVE_MISUSE if the checksum is set already.
 */
VARVE_API VARVE_NODISCARD varve_status varve_value_init_checksum(varve_buf *raw,
                                                                 varve_slice user_key,
                                                                 varve_error *err);

/*
 * Hold `raw` against its checksum as the value of `user_key`.  An unset checksum and an absent
 * value pass.  Returns VARVE_OK, or VARVE_CHECKSUM, also for a value of 1 to 4 bytes.
 */
VARVE_API VARVE_NODISCARD varve_status varve_value_verify(varve_slice raw, varve_slice user_key,
                                                          varve_error *err);

/*
 * Whether two present raw values are equal but for their checksums.  Raw values of fewer than five
 * bytes are compared whole.
 */
VARVE_API bool varve_value_equal_data(varve_slice a, varve_slice b);

/*
 * Append the printed form to `text`: `/BYTES/...`, `/INT/...`, `/<empty>` and so on.  Returns
 * VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_value_print(varve_slice raw, varve_buf *text,
                                                         varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
