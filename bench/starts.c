#include "bench/starts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/support/die.h"
#include "bench/support/stop.h"

enum { PLACE_MAX = 4096 };

/* The arguments of the other process, in memory of their own. */
static char **arguments_of(char *const *argv, const char *place)
{
    static char option[PLACE_MAX + 16];
    size_t count = 0;
    while (argv[count] != NULL)
        count++;
    char **all = bench_alloc(count + 2, sizeof *all);
    (void)snprintf(option, sizeof option, "--" BENCH_START_OPTION "=%s", place);
    all[0] = argv[0];
    all[1] = option;
    memcpy(all + 2, argv + 1, (count - 1) * sizeof *all);
    return all;
}

static _Noreturn void become(char *const *arguments, const int pipe_ends[2])
{
    if (dup2(pipe_ends[1], STDOUT_FILENO) >= 0) {
        (void)close(pipe_ends[0]);
        (void)close(pipe_ends[1]);
        (void)execv("/proc/self/exe", arguments);
    }
    _exit(127);
}

/* Everything up to the end of what is written; a signal that comes is passed on. */
static char *read_all(int from, pid_t child, size_t *size)
{
    size_t capacity = 1 << 16;
    char *text = bench_alloc(capacity, 1);
    *size = 0;
    for (;;) {
        ssize_t got = read(from, text + *size, capacity - *size);
        if (bench_stop_signal() != 0)
            (void)kill(child, SIGTERM);
        if (got == 0 || (got < 0 && errno != EINTR))
            return text;
        *size += got < 0 ? 0 : (size_t)got;
        if (*size < capacity)
            continue;
        capacity *= 2;
        text = realloc(text, capacity);
        if (text == NULL)
            bench_die("out of memory");
    }
}

static void wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        if (bench_stop_signal() != 0)
            (void)kill(child, SIGTERM);
    }
    bench_end_if_stopped();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_die("the process that measures has failed");
}

json_t *bench_start(char *const *argv, const char *place)
{
    int pipe_ends[2];
    size_t size;
    json_error_t error;
    char **arguments = arguments_of(argv, place);
    if (pipe(pipe_ends) != 0)
        bench_die("a pipe cannot be made");
    pid_t child = fork();
    if (child < 0)
        bench_die("a process cannot be made");
    if (child == 0)
        become(arguments, pipe_ends);
    (void)close(pipe_ends[1]);
    char *text = read_all(pipe_ends[0], child, &size);
    wait_for(child);
    json_t *measured = json_loadb(text, size, 0, &error);
    if (measured == NULL)
        bench_die("the process that measures has written: %s", error.text);
    (void)close(pipe_ends[0]);
    free(arguments);
    free(text);
    return measured;
}

void bench_start_follow(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
}
