/*
 * Starting the program again, so that a run consists of several processes.
 */
#ifndef VARVE_BENCH_STARTS_H
#define VARVE_BENCH_STARTS_H

#include <jansson.h>

/* The option with which it is started, and the directory to work in behind it. */
#define BENCH_START_OPTION "start"

/*
 * Run this program with its arguments `argv` and, in front of them, the option that lets it work in
 * `place` and write what it has measured to its standard output; returns that.  Ends the process if
 * the other one fails or a signal comes; the other one ends before this one does.
 */
json_t *bench_start(char *const *argv, const char *place);

/* In the process that was started: end when the one that has started it does. */
void bench_start_follow(void);

#endif
