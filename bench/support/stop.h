/*
 * Being told to end.
 */
#ifndef VARVE_BENCH_SUPPORT_STOP_H
#define VARVE_BENCH_SUPPORT_STOP_H

/* Let the signals that end a program be noticed instead, from now on. */
void bench_stop_on_signals(void);

/* The signal that came, or 0. */
int bench_stop_signal(void);

/*
 * A good place to end: if there was a signal, ends the process as bench_die() does.  What has been
 * measured is dropped, and whatever is registered with atexit() tidies up.
 */
void bench_end_if_stopped(void);

#endif
