/*
 * Heights for the nodes of skip lists.
 */
#ifndef VARVE_UTIL_SKIP_H
#define VARVE_UTIL_SKIP_H

#include <varve/base.h>

/* Where the generator of a list starts: any number but 0. */
#define VARVE__SKIP_SEED 0x9E3779B97F4A7C15u

/*
 * Of four nodes of one height, one is higher, up to `height_max`.  The heights are those of a
 * xorshift generator: they need to be spread, not unpredictable, and the same in every run.
 */
static inline uint32_t varve__skip_height(uint64_t *random, uint32_t height_max)
{
    uint64_t x = *random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *random = x;
    uint32_t height = 1;
    for (; height < height_max && (x & 3) == 0; x >>= 2)
        height++;
    return height;
}

#endif
