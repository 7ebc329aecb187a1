/*
 * Numbers of fixed size whose highest byte comes first: they are in the order of their bytes.
 *
 * Compilers make one load or store of bytes that are spelled out, but not of a loop.
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

static inline void varve__store_be32(uint32_t number, unsigned char *bytes)
{
    bytes[0] = (unsigned char)(number >> 24);
    bytes[1] = (unsigned char)(number >> 16);
    bytes[2] = (unsigned char)(number >> 8);
    bytes[3] = (unsigned char)number;
}

static inline void varve__store_be64(uint64_t number, unsigned char *bytes)
{
    bytes[0] = (unsigned char)(number >> 56);
    bytes[1] = (unsigned char)(number >> 48);
    bytes[2] = (unsigned char)(number >> 40);
    bytes[3] = (unsigned char)(number >> 32);
    bytes[4] = (unsigned char)(number >> 24);
    bytes[5] = (unsigned char)(number >> 16);
    bytes[6] = (unsigned char)(number >> 8);
    bytes[7] = (unsigned char)number;
}

#endif
