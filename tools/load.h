/*
 * What keys weigh: versions, bytes, and how much of them is garbage.
 */
#ifndef TOOLS_LOAD_H
#define TOOLS_LOAD_H

#include "records.h"

/* Start one as zero. */
struct load {
    uint64_t versions;
    uint64_t bytes;   /* of stored keys and values, before compression */
    uint64_t garbage; /* those of versions that nobody needs who reads now */
    bool covered;     /* private: the newest version of the key has been seen */
};

/*
 * Add a record of a key, in the order of a walk.  Garbage are versions that a newer one covers, and
 * deletions; values of intents are none, nor do they cover anything.
 */
void load_add(struct load *load, const struct record *record);

/* Add what another key weighs. */
void load_add_load(struct load *load, const struct load *other);

/* Add `versions`, `bytes` and `garbage_bytes`. */
void load_json(struct json_line *line, const struct load *load);

/*
 * Weigh all keys of a span that can be read.  `*damage` is the code to end with if some cannot be;
 * then, and after a failure, it has been printed.
 */
enum tool_exit load_of_span(const struct cli *cli, const struct store *store, varve_span span,
                            struct load *load, enum tool_exit *damage);

#endif
