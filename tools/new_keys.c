/* Which keys have certainly not been seen. */
#include "new_keys.h"

#include <stdlib.h>

/* 4 MiB, of which the system gives what is used. */
enum { BITS = 25, PROBES = 3 };

void new_keys_begin(struct new_keys *keys)
{
    keys->words = calloc((size_t)1 << (BITS - 6), sizeof *keys->words);
}

static uint64_t stir(uint64_t hash)
{
    hash = (hash ^ hash >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t hash_of(varve_slice key)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ key.data[i]) * UINT64_C(0x100000001B3);
    return stir(stir(hash));
}

bool new_keys_add(struct new_keys *keys, varve_slice key)
{
    bool is_new = false;

    if (keys->words == NULL)
        return false;
    uint64_t hash = hash_of(key);
    uint64_t stride = hash >> 32 | 1;
    for (unsigned i = 0; i < PROBES; i++, hash += stride) {
        uint64_t bit = hash & ((UINT64_C(1) << BITS) - 1);
        uint64_t mask = UINT64_C(1) << bit % 64;
        is_new = is_new || (keys->words[bit / 64] & mask) == 0;
        keys->words[bit / 64] |= mask;
    }
    return is_new;
}

void new_keys_release(struct new_keys *keys)
{
    free(keys->words);
    keys->words = NULL;
}
