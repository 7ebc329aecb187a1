/*
 * All commit labels of a store, to be found by time.
 */
#ifndef TOOLS_LABEL_INDEX_H
#define TOOLS_LABEL_INDEX_H

#include "labels.h"
#include "store.h"

/* One label, its id in binary: a long history has many. */
struct label_entry {
    varve_ts ts;
    unsigned char id[LABEL_ID_MAX / 2];
};

/* Start one as {0}. */
struct label_index {
    struct label_entry *entries; /* by time, once loaded */
    size_t count;
    size_t capacity;
    size_t digits; /* of the longest id; 0 if there are no labels */
};

/* Read all labels.  Prints the failure.  The caller releases the index whatever is returned. */
enum tool_exit label_index_load(const struct cli *cli, const struct store *store,
                                struct label_index *index);

/* The id of the commit at exactly `ts`, in `id`.  Returns false if there is none. */
bool label_index_find(const struct label_index *index, varve_ts ts, char id[LABEL_ID_MAX + 1]);

void label_index_release(struct label_index *index);

/* The span of the keys of all labels. */
varve_span label_span(void);

#endif
