#include "bench/support/stop.h"

#include <signal.h>
#include <stddef.h>

#include "bench/support/die.h"

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    stopped = number;
}

/* Calls that wait return when a signal comes. */
void bench_stop_on_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction how = {.sa_handler = stop};
    (void)sigemptyset(&how.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)sigaction(signals[i], &how, NULL);
}

int bench_stop_signal(void)
{
    return stopped;
}

void bench_end_if_stopped(void)
{
    if (stopped != 0)
        bench_die("stopped by signal %d", (int)stopped);
}
