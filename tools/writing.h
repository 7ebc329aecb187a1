/*
 * Operations under way that become one change of a store, and what came of each.
 */
#ifndef TOOLS_WRITING_H
#define TOOLS_WRITING_H

#include "change.h"

/* What one operation has done. */
struct outcome {
    const char *operation; /* its name */
    struct bytes key;      /* or where the range starts */
    struct bytes end;      /* of the range */
    bool of_range;
    varve_ts ts; /* of the version; zero: an inline value */
    bool has_sum;
    int64_t sum;
    int64_t keys;     /* of a range: cleared, if it could be counted */
    int64_t versions; /* likewise; inline values too */
    bool counted;
};

/* Operations under way, which become one change of a store.  Start it as zero but for `store`. */
struct writing {
    const struct store *store;
    struct change change;
    bool has_now;
    varve_ts now; /* the time of all that are given none */
    struct outcome *outcomes;
    size_t count;
    size_t room;
};

/* The time of what is given none: of the store's clock, and one for the whole change. */
enum tool_exit writing_now(const struct cli *cli, struct writing *writing, varve_ts *now);

/* Remember what has been done, and take over its memory.  Prints the failure. */
enum tool_exit writing_note(const struct cli *cli, struct writing *writing, struct outcome *done);

/* Commit, and print what the operations have done, in their order. */
enum tool_exit writing_commit(const struct cli *cli, struct writing *writing);

void writing_release(struct writing *writing);

#endif
