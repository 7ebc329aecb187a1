/*
 * git as a child process: what it writes is read here, and what it is asked goes to it.
 */
#ifndef TOOLS_VERIFY_CHILD_H
#define TOOLS_VERIFY_CHILD_H

#include "cli.h"

#include <stdio.h>
#include <sys/types.h>

#define CHILD_ARGUMENTS_MAX 16

struct child {
    const struct cli *cli;
    const char *name; /* the git command, for messages */
    pid_t pid;        /* 0 while it is not running */
    FILE *to;         /* its standard input, or NULL */
    FILE *from;       /* its standard output */
};

/* What a process that is not running looks like. */
#define CHILD_INIT                                                                                 \
    {                                                                                              \
        NULL, NULL, 0, NULL, NULL                                                                  \
    }

/*
 * Run git in `repository` with these arguments, the first being the command, NULL behind the last.
 * With `talk` its standard input is ours to write, otherwise it is empty.  No shell is involved.
 * Prints the failure.
 */
enum tool_exit child_start(const struct cli *cli, const char *repository,
                           const char *const *arguments, bool talk, struct child *child);

/*
 * Wait for the end of a process whose output has been read, and require that it went well.  Prints
 * the failure.  Harmless if it is not running.
 */
enum tool_exit child_finish(struct child *child);

/* End a process whose output is of no interest any more. */
void child_stop(struct child *child);

/* A failure to read what the process writes, or to write to it.  Prints it and ends the process. */
enum tool_exit child_broken(struct child *child);

/*
 * Read up to the delimiter, which is replaced by a NUL: `*size` bytes at `*text`, which grows as
 * getdelim() does.  `*more` is false at the end of the output.
 */
enum tool_exit child_read_until(struct child *child, char delimiter, char **text, size_t *capacity,
                                size_t *size, bool *more);

/* Read exactly `size` bytes. */
enum tool_exit child_read(struct child *child, void *bytes, size_t size);

#endif
