/* Ending long work at SIGINT. */
#include "interrupt.h"

#include <signal.h>
#include <time.h>

/* What the handler cancels: a command has one such work at a time. */
static varve_cancel *volatile to_cancel;

static void handle(int signal)
{
    (void)signal;
    varve_cancel_now(to_cancel);
}

static void set_handler(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

enum tool_exit interrupt_begin(const struct cli *cli, varve_cancel **cancel)
{
    varve_error err = VARVE_ERROR_INIT;
    sigset_t interrupts;

    if (varve_cancel_open(cancel, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "cannot start");
    to_cancel = *cancel;
    set_handler(handle);
    /* Whoever has started this may have left it blocked, which nobody could mean here. */
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    sigprocmask(SIG_UNBLOCK, &interrupts, NULL);
    return TOOL_OK;
}

void interrupt_pause(int64_t nanoseconds)
{
    struct timespec time = {.tv_sec = nanoseconds / 1000000000,
                            .tv_nsec = nanoseconds % 1000000000};

    if (nanoseconds > 0)
        nanosleep(&time, NULL);
}

void interrupt_end(varve_cancel *cancel)
{
    if (cancel != NULL)
        set_handler(SIG_DFL);
    varve_cancel_close(cancel);
}
