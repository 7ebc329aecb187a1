/*
 * The store that a command works on.
 */
#ifndef TOOLS_STORE_H
#define TOOLS_STORE_H

#include "cli.h"

/* A store opened for reading, seen as of one moment.  Start one as STORE_INIT. */
struct store {
    varve_engine *engine;
    varve_snapshot *snapshot;
    varve_reader *reader; /* of the snapshot */
};

#define STORE_INIT                                                                                 \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

/*
 * Open the store at `path` read-only, also beside a live writer, which is not disturbed.  Prints
 * the failure.  The caller closes `store` whatever is returned.
 */
enum tool_exit store_open(const struct cli *cli, const char *path, struct store *store);

/* Close it; harmless if it is not open. */
void store_close(struct store *store);

/* Open an engine as `options` say, for commands that write.  Prints the failure. */
enum tool_exit store_open_engine(const struct cli *cli, const varve_options *options,
                                 varve_engine **out);

#endif
