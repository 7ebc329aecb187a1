/*
 * A benchmark that cannot go on has nothing to report: it says why and ends.
 */
#ifndef VARVE_BENCH_SUPPORT_DIE_H
#define VARVE_BENCH_SUPPORT_DIE_H

#include <stddef.h>
#include <varve/error.h>

/* End the process with exit code 2 and a message on stderr. */
_Noreturn void bench_die(const char *format, ...) VARVE_PRINTF(1, 2);

/* End the process unless `status` is VARVE_OK. */
void bench_must(varve_status status, const varve_error *err);

/* Zeroed memory; ends the process when there is none. */
void *bench_alloc(size_t count, size_t size);

/* A copy of `text` in new memory. */
char *bench_copy(const char *text);

#endif
