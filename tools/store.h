/*
 * The store that a command works on.
 */
#ifndef TOOLS_STORE_H
#define TOOLS_STORE_H

#include "cli.h"

/*
 * A store that is open: for reading, seen as of one moment; or for writing, seen as it is.  Start
 * one as STORE_INIT.
 */
struct store {
    const char *path; /* as given */
    varve_engine *engine;
    varve_snapshot *snapshot; /* NULL when it is open for writing */
    varve_reader *reader;     /* of the snapshot, or of the engine */
    varve_writer *writer;     /* of the engine; NULL when it is open for reading */
};

#define STORE_INIT                                                                                 \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL                                                               \
    }

/* The way out where a store does not open for damage. */
#define STORE_READ_ITS_FILES                                                                       \
    "; `varve wal dump`, `varve sst check` and `varve find` read its files all the same"

/* And where the log is what is damaged. */
#define STORE_SALVAGE                                                                              \
    "; if it is the log, `varve wal dump` shows where, and `varve salvage` ends it there"

/* Which of both fits a failure to open a store: what is not of a named file is of the log. */
const char *store_way_out(const varve_error *err);

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

/*
 * Open the store at `path` for writing, which keeps all other writers out; one that is missing is
 * not created.  Refused without --write.  With --dry-run it is opened for reading, and `writer` is
 * NULL.  What is written is durable when the call that writes it returns.  Otherwise as
 * store_open(); to be closed by store_close_writing().
 */
enum tool_exit store_open_writing(const struct cli *cli, const char *path, struct store *store);

/*
 * The same for work that writes much and shall take little memory: with memtables of
 * `write_buffer_bytes`, of which two may exist.
 */
enum tool_exit store_open_writing_much(const struct cli *cli, const char *path,
                                       uint64_t write_buffer_bytes, struct store *store);

/*
 * Whether there is a store at the path, for those who read its files without opening it: of any
 * version, and with a version file that is damaged, too.  Prints if there is none.
 */
enum tool_exit store_is_there(const struct cli *cli, const char *path);

/* Close it; harmless if it is not open. */
void store_close(struct store *store);

/*
 * Close one that may be open for writing, which can fail.  Returns `code`, or if that is TOOL_OK
 * the code of the failure after printing it.
 */
enum tool_exit store_close_writing(const struct cli *cli, struct store *store, enum tool_exit code);

#endif
