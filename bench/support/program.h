/*
 * What programs that measure have in common: options, a directory to work in, a document written at
 * the end.
 */
#ifndef VARVE_BENCH_SUPPORT_PROGRAM_H
#define VARVE_BENCH_SUPPORT_PROGRAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { BENCH_WORDS_MAX = 8 };

typedef struct bench_arguments {
    const char *dir;   /* where to keep data; NULL: $TMPDIR or /tmp */
    const char *start; /* where to work, started by another process; or NULL */
    bool smoke;        /* everything, too small to mean anything */
    char *words[BENCH_WORDS_MAX];
    size_t words_count;
} bench_arguments;

/*
 * Parse --dir and --smoke, and up to BENCH_WORDS_MAX words.  The program is called `name`, takes
 * `words` (as --help tells them; NULL: none) and does `what`.
 */
bench_arguments bench_arguments_parse(int argc, char **argv, const char *name, const char *words,
                                      const char *what);

/*
 * Make a directory to work in, below `root`, or the default of bench_place_make() if that is NULL.
 * It is removed when the process ends, also by a signal.
 */
const char *bench_program_place(const char *root);

/*
 * Work in the directory of the process that has started this one, which removes it; if that has
 * gone by the end, this one does.
 */
const char *bench_program_share_place(const char *start);

/* Write a document to standard output, and release it. */
void bench_program_write(json_t *document);

#endif
