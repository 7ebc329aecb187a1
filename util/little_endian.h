/*
 * Numbers of fixed size whose lowest byte comes first.
 */
#ifndef VARVE_UTIL_LITTLE_ENDIAN_H
#define VARVE_UTIL_LITTLE_ENDIAN_H

#include <varve/base.h>

/* The number in the next `size` bytes, at most 8. */
static inline uint64_t varve__load_le(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = size; i-- > 0;)
        number = number << 8 | bytes[i];
    return number;
}

/*
 * The numbers in the next four and eight bytes.  Compilers make one load of bytes that are spelled
 * out, but not of a loop.
 */
static inline uint32_t varve__load_le32(const unsigned char *bytes)
{
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static inline uint64_t varve__load_le64(const unsigned char *bytes)
{
    return (uint64_t)varve__load_le32(bytes + 4) << 32 | varve__load_le32(bytes);
}

/* Write the lowest `size` bytes of `number`. */
static inline void varve__store_le(unsigned char *bytes, size_t size, uint64_t number)
{
    for (size_t i = 0; i < size; i++, number >>= 8)
        bytes[i] = (unsigned char)number;
}

#endif
