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
    size_t size = 1;
    while (number >= 0x80) {
        number >>= 7;
        size++;
    }
    return size;
}

/*
 * Read a number of at most `bits` bits (32 or 64) from the front of `bytes`; returns the number of
 * bytes, 0 if they are cut short, too many, or the number has more bits.
 */
static inline size_t varve__varint_decode(varve_slice bytes, unsigned bits, uint64_t *number)
{
    uint64_t result = 0;
    unsigned shift = 0;
    if (bytes.size > 0 && bytes.data[0] < 0x80) { /* as most are */
        *number = bytes.data[0];
        return 1;
    }
    for (size_t i = 0; i < bytes.size && shift < bits; i++, shift += 7) {
        uint64_t group = bytes.data[i] & 0x7F;
        if (shift + 7 > bits && (group >> (bits - shift)) != 0)
            return 0;
        result |= group << shift;
        if ((bytes.data[i] & 0x80) == 0) {
            *number = result;
            return i + 1;
        }
    }
    return 0;
}

#endif
