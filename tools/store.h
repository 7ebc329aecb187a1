/*
 * The store that a command works on.
 */
#ifndef TOOLS_STORE_H
#define TOOLS_STORE_H

#include "cli.h"

/* A store opened for reading, seen as of one moment.  Start one as STORE_INIT. */
struct store {
    const char *path; /* as given */
    varve_engine *engine;
    varve_snapshot *snapshot;
    varve_reader *reader; /* of the snapshot */
};

#define STORE_INIT                                                                                 \
    {                                                                                              \
        NULL, NULL, NULL, NULL                                                                     \
    }

/*
 * Open the store at `path` read-only, also beside a live writer, which is not disturbed.  Prints
 * the failure.  The caller closes `store` whatever is returned.
 */
enum tool_exit store_open(const struct cli *cli, const char *path, struct store *store);

/*
 * The same for the first argument of the command, and look up the time that --at names, or the
 * newest.
 */
enum tool_exit store_open_at(const struct cli *cli, struct store *store, varve_ts *ts);

/* Close it; harmless if it is not open. */
void store_close(struct store *store);

#endif
