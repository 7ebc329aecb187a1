/*
 * Numbers of fixed size whose highest byte comes first: they are in the order of their bytes.
 *
 * Compilers make one load of bytes that are spelled out, but not of a loop.
 */
#ifndef VARVE_UTIL_BIG_ENDIAN_H
#define VARVE_UTIL_BIG_ENDIAN_H

#include <varve/base.h>

/* The number in the next four bytes. */
static inline uint32_t varve__load_be32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The number in the next eight bytes. */
static inline uint64_t varve__load_be64(const unsigned char *bytes)
{
    return (uint64_t)bytes[0] << 56 | (uint64_t)bytes[1] << 48 | (uint64_t)bytes[2] << 40 |
           (uint64_t)bytes[3] << 32 | (uint64_t)bytes[4] << 24 | (uint64_t)bytes[5] << 16 |
           (uint64_t)bytes[6] << 8 | bytes[7];
}

#endif
