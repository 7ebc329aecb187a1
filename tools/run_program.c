/* Starting other programs. */
#include "run_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool pipe_open(struct pipe_ends *ends)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    ends->read = fds[0];
    ends->write = fds[1];
    return true;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void pipe_close(struct pipe_ends *ends)
{
    close_end(&ends->read);
    close_end(&ends->write);
}

static void connect_streams(posix_spawn_file_actions_t *actions,
                            const struct spawn_streams *streams)
{
    if (streams->in >= 0)
        posix_spawn_file_actions_adddup2(actions, streams->in, STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (streams->out >= 0)
        posix_spawn_file_actions_adddup2(actions, streams->out, STDOUT_FILENO);
    if (streams->err >= 0)
        posix_spawn_file_actions_adddup2(actions, streams->err, STDERR_FILENO);
}

int spawn_program(const char *const *argv, const struct spawn_streams *streams, pid_t *pid)
{
    extern char **environ;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    char *const *unconst;

    posix_spawn_file_actions_init(&actions);
    connect_streams(&actions, streams);
    /* The tool ignores SIGPIPE, and what is ignored stays so across exec. */
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    /* posix_spawn() does not change the arguments, whatever its type says. */
    memcpy(&unconst, &argv, sizeof unconst);
    int error = posix_spawnp(pid, argv[0], &actions, &attributes, unconst, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int spawn_collect(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}
