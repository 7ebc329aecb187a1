/* Running git, and talking with it. */
#include "verify_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * What a user's configuration must not change: that the first commit counts as a change, that
 * submodules do, and that paths are those from the top.
 */
static const char *const fixed[] = {
    "--no-pager",
    "-c",
    "log.showRoot=true",
    "-c",
    "diff.ignoreSubmodules=none",
    "-c",
    "diff.relative=false",
    "-c",
    "log.showSignature=false",
};

enum { FIXED_COUNT = sizeof fixed / sizeof fixed[0] };

/* The ends of a pipe; -1 where there is none. */
struct pipe_ends {
    int read;
    int write;
};

static bool open_pipe(struct pipe_ends *ends)
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

static void close_pipe(struct pipe_ends *ends)
{
    close_end(&ends->read);
    close_end(&ends->write);
}

/* `git -C REPOSITORY FIXED... ARGUMENTS...` */
static int spawn_git(const char *repository, const char *const *arguments, int in, int out,
                     pid_t *pid)
{
    extern char **environ;
    const char *argv[3 + FIXED_COUNT + CHILD_ARGUMENTS_MAX + 1] = {"git", "-C", repository};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    size_t count = 3;

    for (size_t i = 0; i < FIXED_COUNT; i++)
        argv[count++] = fixed[i];
    for (size_t i = 0; arguments[i] != NULL && i < CHILD_ARGUMENTS_MAX; i++)
        argv[count++] = arguments[i];
    posix_spawn_file_actions_init(&actions);
    if (in >= 0)
        posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    /* The tool ignores SIGPIPE, and what is ignored stays so across exec. */
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    /* posix_spawn() does not change the arguments, whatever its type says. */
    char *unconst[sizeof argv / sizeof argv[0]];
    memcpy(unconst, argv, sizeof argv);
    int error = posix_spawnp(pid, "git", &actions, &attributes, unconst, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

enum tool_exit child_start(const struct cli *cli, const char *repository,
                           const char *const *arguments, bool talk, struct child *child)
{
    struct pipe_ends in = {-1, -1};
    struct pipe_ends out = {-1, -1};
    int error = 0;

    *child = (struct child)CHILD_INIT;
    child->cli = cli;
    child->name = arguments[0];
    if ((talk && !open_pipe(&in)) || !open_pipe(&out)) {
        error = errno;
        goto out;
    }
    error = spawn_git(repository, arguments, in.read, out.write, &child->pid);
    if (error != 0) {
        child->pid = 0;
        goto out;
    }
    child->from = fdopen(out.read, "r");
    child->to = talk ? fdopen(in.write, "w") : NULL;
    if (child->from == NULL || (talk && child->to == NULL)) {
        error = errno;
        child_stop(child);
        goto out;
    }
    out.read = in.write = -1;
out:
    close_pipe(&in);
    close_pipe(&out);
    if (error != 0)
        return cli_fail(cli, TOOL_IO, "git cannot be run: %s", strerror(error));
    return TOOL_OK;
}

static void close_streams(struct child *child)
{
    if (child->to != NULL)
        fclose(child->to);
    if (child->from != NULL)
        fclose(child->from);
    child->to = child->from = NULL;
}

/* Collect the process; returns how it ended, as waitpid() tells. */
static int collect(struct child *child)
{
    int status = 0;

    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    child->pid = 0;
    return status;
}

void child_stop(struct child *child)
{
    close_streams(child);
    if (child->pid == 0)
        return;
    kill(child->pid, SIGTERM);
    collect(child);
}

enum tool_exit child_finish(struct child *child)
{
    if (child->pid == 0)
        return TOOL_OK;
    bool failed = child->from != NULL && ferror(child->from);
    close_streams(child);
    int status = collect(child);
    if (!failed && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TOOL_OK;
    if (WIFSIGNALED(status))
        return cli_fail(child->cli, TOOL_IO, "git %s was killed by signal %d", child->name,
                        WTERMSIG(status));
    return cli_fail(child->cli, TOOL_IO, "git %s failed with exit code %d", child->name,
                    WEXITSTATUS(status));
}

enum tool_exit child_broken(struct child *child)
{
    child_stop(child);
    return cli_fail(child->cli, TOOL_IO, "git %s ended, or said what it never should", child->name);
}

enum tool_exit child_read_until(struct child *child, char delimiter, char **text, size_t *capacity,
                                size_t *size, bool *more)
{
    ssize_t got = getdelim(text, capacity, delimiter, child->from);

    *more = got > 0;
    *size = 0;
    if (got < 0)
        return ferror(child->from) ? child_broken(child) : TOOL_OK;
    if ((*text)[got - 1] != delimiter)
        return child_broken(child);
    *size = (size_t)got - 1;
    (*text)[*size] = '\0';
    return TOOL_OK;
}

enum tool_exit child_read(struct child *child, void *bytes, size_t size)
{
    if (size != 0 && fread(bytes, 1, size, child->from) != size)
        return child_broken(child);
    return TOOL_OK;
}
