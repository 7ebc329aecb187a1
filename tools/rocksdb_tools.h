/*
 * RocksDB's own tools, ldb and sst_dump, as child processes: Debian has them in the package
 * rocksdb-tools.
 */
#ifndef TOOLS_ROCKSDB_TOOLS_H
#define TOOLS_ROCKSDB_TOOLS_H

#include "cli.h"

#include <stdio.h>
#include <sys/types.h>

#define ROCKSDB_TOOLS_PACKAGE "rocksdb-tools"

/* One run.  Start one as RAW_INIT. */
struct raw {
    const struct cli *cli;
    const char *name; /* "ldb" */
    pid_t pid;        /* 0 while it is not running */
    FILE *out;        /* its output to be read, or NULL */
    FILE *errors;     /* what it has said on standard error */
};

#define RAW_INIT                                                                                   \
    {                                                                                              \
        NULL, NULL, 0, NULL, NULL                                                                  \
    }

#define RAW_COMPLAINT_MAX 1024

/* How a run ended: these tools end with 0 also after damage, and then have only said so. */
struct raw_end {
    int code;                          /* its exit code, or -1 */
    int signal;                        /* that killed it, or 0 */
    char complaint[RAW_COMPLAINT_MAX]; /* what it has said, as one line; "" = nothing */
};

/*
 * Run argv[0] with these arguments, NULL behind the last.  Its output goes where that of the tool
 * goes, or with `read` comes in raw->out.  Prints the failure; that there is no such program is
 * TOOL_UNSUPPORTED, and with `quiet` not printed.
 */
enum tool_exit raw_start(const struct cli *cli, const char *const *argv, bool read, bool quiet,
                         struct raw *raw);

/* Wait for its end.  Harmless if it is not running: `end` is then that of a good one. */
void raw_finish(struct raw *raw, struct raw_end *end);

/* End one whose output is of no interest any more. */
void raw_stop(struct raw *raw);

/* The code that such an end has for the tool: TOOL_OK if nothing was wrong. */
enum tool_exit raw_exit_of(const struct raw_end *end);

/* The same, after printing what was wrong with `subject`, a file or a store. */
enum tool_exit raw_report(const struct cli *cli, const char *name, const char *subject,
                          const struct raw_end *end);

/* Say that the program is not installed, and where to get it. */
enum tool_exit raw_missing(const struct cli *cli, const char *name);

/* ---- What may be passed on ----------------------------------------------------------------- */

/* One row of a list of what may be passed on, or not and why. */
struct raw_rule {
    const char *name; /* NULL behind the last */
    const char *why;  /* that it is refused; NULL = it may */
    unsigned flags;   /* for the command */
};

/*
 * The rule for a command, cli->list[0].  Prints why there is none, or that it refuses, and returns
 * NULL.
 */
const struct raw_rule *raw_find_rule(const struct cli *cli, const char *name,
                                     const struct raw_rule *rules);

/* Refuse options, in what stands behind the command, that the rules do not have. */
enum tool_exit raw_check_options(const struct cli *cli, const char *name,
                                 const struct raw_rule *rules);

/* Run it with `fixed`, NULL behind the last, and what stands behind the command, and report. */
enum tool_exit raw_pass_on(const struct cli *cli, const char *const *fixed);

#endif
