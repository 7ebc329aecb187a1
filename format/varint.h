/*
 * Variable-length integers: seven bits a byte, the lowest first, the high bit meaning "more".
 */
#ifndef VARVE_FORMAT_VARINT_H
#define VARVE_FORMAT_VARINT_H

#include <varve/base.h>

/* The longest encodings, in bytes. */
#define VARVE__VARINT32_MAX 5
#define VARVE__VARINT64_MAX 10

/* Write `number` at `out`, which has room; returns the number of bytes. */
static inline size_t varve__varint_encode(uint64_t number, unsigned char *out)
{
    size_t size = 0;
    while (number >= 0x80) {
        out[size++] = (unsigned char)(number | 0x80);
        number >>= 7;
    }
    out[size++] = (unsigned char)number;
    return size;
}

/* The bytes that varve__varint_encode() takes. */
static inline size_t varve__varint_size(uint64_t number)
{
    return number < 0x80 ? 1 : ((size_t)(63 - __builtin_clzll(number)) + 7) / 7;
}

/*
 * Read a number of at most `bits` bits (32 or 64) from the front of `bytes`; returns the number of
 * bytes, 0 if they are cut short, too many, or the number has more bits.
 */
static inline size_t varve__varint_decode(varve_slice bytes, unsigned bits, uint64_t *number)
{
    if (bytes.size > 0 && bytes.data[0] < 0x80) { /* as most are */
        *number = bytes.data[0];
        return 1;
    }
    size_t whole = bits / 7; /* groups of which all bits count */
    size_t left = bytes.size < whole ? bytes.size : whole;
    uint64_t result = 0;
    size_t i = 0;
    for (unsigned shift = 0; i < left; i++, shift += 7) {
        unsigned char byte = bytes.data[i];
        result |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *number = result;
            return i + 1;
        }
    }
    if (i == bytes.size || bytes.data[i] >> (bits - 7 * whole) != 0)
        return 0;
    *number = result | (uint64_t)bytes.data[i] << (7 * whole);
    return i + 1;
}

#endif
