/*
 * The write-ahead log of a store as its files: commit after commit, past what is damaged, also of a
 * store that cannot be opened.  <varve/wal.h> reads the log of an open store and stops at damage.
 */
#ifndef TOOLS_LOG_FILE_H
#define TOOLS_LOG_FILE_H

#include "cli.h"
#include "progress.h"

/* One commit.  Slices and the name are valid until the walk goes on. */
struct log_commit {
    const char *file; /* "000012.log" */
    uint64_t offset;  /* where it begins in the file */
    uint64_t first;   /* number of its first record */
    varve_slice repr; /* to be read with VARVE_BATCH_FROM_LOG */
};

/* What is wrong at a place. */
struct log_fault {
    const char *file;
    uint64_t offset;
    bool is_torn; /* the file ends there in the midst of a commit, as after a crash: no damage */
    const char *text;
};

/* A walk over all logs; `commit` and `fault` return false to end it. */
struct log_walk {
    bool (*commit)(void *arg, const struct log_commit *commit);
    bool (*fault)(void *arg, const struct log_fault *fault);
    void *arg;
    struct progress *progress; /* has been started without a total, and counts commits; or NULL */
};

/* Walk over the logs of the store at `path`, in their order.  Prints what cannot be read at all. */
enum tool_exit log_files_walk(const struct cli *cli, const char *path, const struct log_walk *walk);

#endif
