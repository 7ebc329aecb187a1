/*
 * Starting other programs, without a shell.
 */
#ifndef TOOLS_RUN_PROGRAM_H
#define TOOLS_RUN_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

/* The ends of a pipe; -1 where there is none. */
struct pipe_ends {
    int read;
    int write;
};

/* Returns false with errno set. */
bool pipe_open(struct pipe_ends *ends);

void pipe_close(struct pipe_ends *ends);

/* What becomes of the standard streams of a program. */
struct spawn_streams {
    int in;  /* -1: it is empty */
    int out; /* -1: as that of the tool */
    int err; /* the same */
};

/*
 * Start argv[0], which is looked for in the PATH, with these arguments, NULL behind the last.
 * Returns 0 or an error number; ENOENT if there is no such program.
 */
int spawn_program(const char *const *argv, const struct spawn_streams *streams, pid_t *pid);

/* Wait for its end; returns how it ended, as waitpid() tells. */
int spawn_collect(pid_t pid);

#endif
