/*
 * Memory of the program: running out of it ends it, for there is nothing that would have to be
 * saved.
 */
#ifndef TOOLS_HISTORIES_MEMORY_H
#define TOOLS_HISTORIES_MEMORY_H

#include <stddef.h>
#include <stdio.h>

/* How the program ends when it cannot do its work; also argp's code for wrong usage. */
enum { EXIT_MATCH = 0, EXIT_DIFFERENT = 1, EXIT_NOTHING = 2 };

/* Say so on standard error and end the program. */
_Noreturn void memory_out(void);

/* As realloc(), but never NULL. */
void *memory_resize(void *memory, size_t size);

/* A copy of `size` bytes with a NUL behind them. */
char *memory_text(const void *bytes, size_t size);

/* Text that grows by writing to `file`. */
struct text {
    FILE *file;
    char *data;
    size_t size;
};

/* Begin an empty text. */
void text_begin(struct text *text);

/* End it.  What has been written is in `data`, for the caller to free, and ends with a NUL. */
void text_end(struct text *text);

#endif
