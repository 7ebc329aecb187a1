/*
 * Engine keys without decoding them: what scans and writers do with encoded bytes.
 */
#ifndef VARVE_FORMAT_KEY_H
#define VARVE_FORMAT_KEY_H

#include <varve/key.h>
#include <varve/ts.h>

#include "util/big_endian.h"

/* The two bytes that end an escaped user key. */
#define VARVE__TERMINATOR_SIZE 2

/* Bytes of a version's timestamp behind the terminator. */
#define VARVE__SUFFIX_SIZE 12

/* Whether a version can stand at `ts`, which is then neither negative nor zero. */
static inline bool varve__ts_is_of_version(varve_ts ts)
{
    return ts.wall >= 0 && ts.logical >= 0 && (ts.wall != 0 || ts.logical != 0);
}

/* Write the version suffix of a timestamp that is not negative and not zero. */
static inline void varve__suffix_encode(varve_ts ts, unsigned char suffix[VARVE__SUFFIX_SIZE])
{
    /* Inverted, so that a larger number sorts first. */
    varve__store_be64(~(uint64_t)ts.wall, suffix);
    varve__store_be32(~(uint32_t)ts.logical, suffix + 8);
}

/* The inverse, for a suffix that varve__key_split() has accepted. */
static inline varve_ts varve__suffix_decode(const unsigned char suffix[VARVE__SUFFIX_SIZE])
{
    return varve_ts_of((int64_t)~varve__load_be64(suffix), (int32_t)~varve__load_be32(suffix + 8));
}

/* Whether so many bytes are one: not of zero, and neither part negative; both are inverted. */
static inline bool varve__suffix_is_valid(const unsigned char suffix[VARVE__SUFFIX_SIZE])
{
    return (suffix[0] & suffix[8] & 0x80) != 0 &&
           (varve__load_be64(suffix) != UINT64_MAX || varve__load_be32(suffix + 8) != UINT32_MAX);
}

/* Whether a version is as old as another, or older: what sorts at or behind it. */
static inline bool varve__suffix_is_at_or_below(const unsigned char suffix[VARVE__SUFFIX_SIZE],
                                                const unsigned char other[VARVE__SUFFIX_SIZE])
{
    uint64_t wall = varve__load_be64(suffix);
    uint64_t other_wall = varve__load_be64(other);
    if (wall != other_wall)
        return wall > other_wall;
    return varve__load_be32(suffix + 8) >= varve__load_be32(other + 8);
}

/* An engine key in its parts.  Slices point into the key. */
typedef struct varve__key_parts {
    varve_slice prefix; /* escaped user key with its terminator; shared by all its records */
    varve_slice suffix; /* empty at the metadata position, else VARVE__SUFFIX_SIZE bytes */
} varve__key_parts;

/*
 * Split and validate an engine key completely (every rule of a malformed key is looked at) without
 * copying.  Returns VARVE_OK or VARVE_CORRUPT_KEY.
 */
varve_status varve__key_split(varve_slice engine_key, varve__key_parts *parts, varve_error *err);

/*
 * Size of the prefix of an engine key that is well-formed and has nothing escaped in it, as nearly
 * all have: the user key stands there as it is.  0: varve__key_split() tells.
 */
static inline size_t varve__key_plain_prefix_size(varve_slice engine_key)
{
    const unsigned char *zero =
        engine_key.size == 0 ? NULL : memchr(engine_key.data, 0x00, engine_key.size);
    if (zero == NULL)
        return 0;
    size_t size = (size_t)(zero - engine_key.data) + VARVE__TERMINATOR_SIZE;
    if (engine_key.size == size + VARVE__SUFFIX_SIZE)
        return zero[1] == 0x01 && varve__suffix_is_valid(zero + VARVE__TERMINATOR_SIZE) ? size : 0;
    return engine_key.size == size && zero[1] == 0x01 ? size : 0;
}

/* Eight bytes as a number, to look at all of them at once. */
static inline uint64_t varve__key_word(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Whether one of its bytes is zero. */
static inline bool varve__key_word_has_zero(uint64_t word)
{
    return ((word - 0x0101010101010101U) & ~word & 0x8080808080808080U) != 0;
}

/*
 * Make `prefix`, of `size` bytes and with nothing escaped in it, that of `engine_key`, if this is a
 * well-formed version of another user key of just that size with nothing escaped in it, either.  So
 * are most keys that a walk comes to; and of most the beginning is the same, and stays.  False,
 * with nothing changed, if it is not, or if that is not told here.
 */
static inline bool varve__key_follow_plain(varve_slice engine_key, unsigned char *prefix,
                                           size_t size)
{
    enum { WORD = sizeof(uint64_t) };
    const unsigned char *key = engine_key.data;
    if (size < WORD + VARVE__TERMINATOR_SIZE || engine_key.size != size + VARVE__SUFFIX_SIZE ||
        key[size - 2] != 0x00 || key[size - 1] != 0x01 || !varve__suffix_is_valid(key + size))
        return false;

    /* The last word ends with the user key, and shares bytes with the one before it. */
    size_t last = size - VARVE__TERMINATOR_SIZE - WORD;
    size_t first = 0; /* that differs */
    while (first < last && varve__key_word(key + first) == varve__key_word(prefix + first))
        first += WORD;
    uint64_t end = varve__key_word(key + last);
    if (first >= last && end == varve__key_word(prefix + last))
        return false;
    bool has_zero = varve__key_word_has_zero(end);
    for (size_t at = first; at < last; at += WORD)
        has_zero |= varve__key_word_has_zero(varve__key_word(key + at));
    if (has_zero)
        return false;

    for (size_t at = first; at < last; at += WORD)
        memcpy(prefix + at, key + at, WORD);
    memcpy(prefix + last, &end, WORD);
    return true;
}

/* The part of varve__key_prefix_size() for keys in which something is escaped, or that are none. */
size_t varve__key_escaped_prefix_size(varve_slice bytes);

/* As varve_key_prefix_size(); RocksDB asks several times in each read. */
static inline size_t varve__key_prefix_size(varve_slice bytes)
{
    const unsigned char *zero = bytes.size == 0 ? NULL : memchr(bytes.data, 0x00, bytes.size);
    if (zero == NULL)
        return bytes.size;
    size_t size = (size_t)(zero - bytes.data) + VARVE__TERMINATOR_SIZE;
    return size <= bytes.size && zero[1] == 0x01 ? size : varve__key_escaped_prefix_size(bytes);
}

/* Whether `engine_key` is well-formed: what varve__key_split() returns. */
varve_status varve__key_validate(varve_slice engine_key, varve_error *err);

/*
 * Append the user key whose escaped form with terminator is `prefix` (validated) to `user_key`.  No
 * memory is needed where there is room for `prefix.size` bytes.
 */
varve_status varve__key_unescape(varve_slice prefix, varve_buf *user_key, varve_error *err);

/* The same without a copy: `*user_key` lies in `prefix`, or in `room` if there is an escape. */
varve_status varve__key_view(varve_slice prefix, varve_buf *room, varve_slice *user_key,
                             varve_error *err);

/* Size of the user key whose escaped form with terminator is `prefix` (validated). */
size_t varve__key_unescaped_size(varve_slice prefix);

/*
 * The longest prefix that a user key of `size` bytes can have, with each of them escaped and the
 * terminator; and the size of the largest user key of which any prefix has so much room.
 */
#define VARVE__PREFIX_SIZE_MAX(size) (2 * (size) + VARVE__TERMINATOR_SIZE)
#define VARVE__KEY_SIZE_IN(room) (((room)-VARVE__TERMINATOR_SIZE) / 2)

/* Whether an engine key is one of the user key behind an encoded prefix. */
static inline bool varve__key_has_prefix(varve_slice engine_key, varve_slice prefix)
{
    return engine_key.size >= prefix.size && memcmp(engine_key.data, prefix.data, prefix.size) == 0;
}

/* Write the prefix of a user key where there is room for the longest; returns its size. */
size_t varve__key_write_prefix(varve_slice user_key, unsigned char *out);

/* Append the engine key to `out`, as varve_key_encode() but without replacing the contents. */
varve_status varve__key_append(varve_slice user_key, varve_ts ts, varve_buf *out, varve_error *err);

/*
 * Append to `out` the smallest byte string above every record of the user key whose escaped form
 * with terminator is `prefix`: the prefix with 00 02 in place of 00 01.
 */
varve_status varve__key_append_prefix_end(varve_slice prefix, varve_buf *out, varve_error *err);

/*
 * Whether `engine_key` may be written under: well-formed and of legal size; the empty user key
 * passes. Returns VARVE_OK, VARVE_CORRUPT_KEY or VARVE_INVALID_KEY.
 */
varve_status varve__engine_key_check(varve_slice engine_key, varve_error *err);

#endif
