/*
 * Hashes of bytes, to spread keys over tables that never leave the process: words are taken as the
 * machine has them.
 */
#ifndef VARVE_UTIL_HASH_H
#define VARVE_UTIL_HASH_H

#include <varve/base.h>

static inline uint64_t varve__hash_stir(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

/* All of its bits depend on all bytes. */
static inline uint64_t varve__hash(varve_slice bytes)
{
    uint64_t hash = bytes.size;
    uint64_t word = 0;
    size_t left = bytes.size;
    const unsigned char *at = bytes.data;
    for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = varve__hash_stir(hash, word);
    }
    word = 0;
    for (; left > 0; left--)
        word = word << 8 | at[left - 1];
    return varve__hash_stir(varve__hash_stir(hash, word), 0);
}

#endif
