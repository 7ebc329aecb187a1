/*
 * Changes of a store: an atomic batch that the store's statistics account hears of.
 */
#ifndef TOOLS_CHANGE_H
#define TOOLS_CHANGE_H

#include "store.h"

/* A change under way.  Start one as zero, and end it with change_end(). */
struct change {
    varve_batch *batch;
    varve_stats delta; /* what the writes of the batch have changed, for them to tell */
    varve_buf scratch; /* memory for them */
};

/*
 * Begin one, also in a store that is open for reading, where it can be read but not be committed.
 * Prints the failure.
 */
enum tool_exit change_begin(const struct cli *cli, const struct store *store,
                            struct change *change);

/* How to write to it, at `ts`: looking at what is there, and counting. */
varve_write change_write(struct change *change, varve_ts ts);

/*
 * Commit it durably, with what it has changed of the store's account of statistics, if the store
 * keeps one.  In a store that is open for reading nothing happens.  Prints the failure.
 */
enum tool_exit change_commit(const struct cli *cli, const struct store *store,
                             struct change *change);

/* Drop what has not been committed. */
void change_end(struct change *change);

#endif
