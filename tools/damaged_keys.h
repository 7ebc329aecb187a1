/*
 * Keys that jobs leave as they are, for their records make no sense: how commands tell of them.
 */
#ifndef TOOLS_DAMAGED_KEYS_H
#define TOOLS_DAMAGED_KEYS_H

#include "store.h"

/* Of one job; zero but for `cli`. */
struct damaged_keys {
    const struct cli *cli;
    uint64_t told;
};

/* A varve_damaged_key_fn: name the key, and what is wrong, on a line; of very many the first. */
void damaged_keys_tell(void *arg, const varve_damaged_key *key);

/* The end of a command that has met so many: the code of damage after a line, or TOOL_OK. */
enum tool_exit damaged_keys_end(const struct cli *cli, const struct store *store, uint64_t count);

#endif
