/*
 * Which keys have certainly not been seen: a Bloom filter of a fixed size.
 */
#ifndef TOOLS_NEW_KEYS_H
#define TOOLS_NEW_KEYS_H

#include <stdint.h>
#include <varve/base.h>

/* Start one as zero.  Without memory for it, all keys may have been seen. */
struct new_keys {
    uint64_t *words;
};

/* Begin with no keys.  Of five million one in twenty is taken for one of the others. */
void new_keys_begin(struct new_keys *keys);

/* Whether the key has certainly not been added before; it is from now on. */
bool new_keys_add(struct new_keys *keys, varve_slice key);

/* Free it; harmless if it has not been begun. */
void new_keys_release(struct new_keys *keys);

#endif
