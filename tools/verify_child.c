/* Running git, and talking with it. */
#include "verify_child.h"

#include "run_program.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

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

/* `git -C REPOSITORY FIXED... ARGUMENTS...` */
static int spawn_git(const char *repository, const char *const *arguments, int in, int out,
                     pid_t *pid)
{
    const char *argv[3 + FIXED_COUNT + CHILD_ARGUMENTS_MAX + 1] = {"git", "-C", repository};
    const struct spawn_streams streams = {in, out, -1};
    size_t count = 3;

    for (size_t i = 0; i < FIXED_COUNT; i++)
        argv[count++] = fixed[i];
    for (size_t i = 0; arguments[i] != NULL && i < CHILD_ARGUMENTS_MAX; i++)
        argv[count++] = arguments[i];
    return spawn_program(argv, &streams, pid);
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
    if ((talk && !pipe_open(&in)) || !pipe_open(&out)) {
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
    pipe_close(&in);
    pipe_close(&out);
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
    int status = spawn_collect(child->pid);

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
