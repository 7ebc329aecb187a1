/*
 * Lines of the language: a command and its arguments.
 *
 * Nothing here is copied: slices point into the line.
 */
#ifndef TOOLS_HISTORIES_LINE_H
#define TOOLS_HISTORIES_LINE_H

#include <varve/base.h>

/* ---- Text ---------------------------------------------------------------------------------- */

/* `text` without the white space at both its ends. */
varve_slice text_trim(varve_slice text);

/* Whether it is exactly this. */
bool text_is(varve_slice text, const char *word);

/* Whether it begins so. */
bool text_begins(varve_slice text, const char *start);

/* The part of `text` in front of the first `separator`, which is dropped; all if there is none. */
varve_slice text_cut(varve_slice *text, char separator);

/* Read a decimal number with an optional sign.  False, leaving `*number` alone, for others. */
bool text_int64(varve_slice text, int64_t *number);

/* The same for 32 bits. */
bool text_int32(varve_slice text, int32_t *number);

/* ---- Lines --------------------------------------------------------------------------------- */

/* `key`, `key=value` or `key=(value, value)`. */
struct argument {
    varve_slice key;
    varve_slice value; /* one value; of several, what stands in the parentheses */
    size_t count;      /* values */
};

/* Arguments in their order; a key may occur more than once, and then the first one counts. */
struct arguments {
    struct argument *list;
    size_t count;
};

struct line {
    varve_slice command;
    struct arguments arguments;
};

/*
 * Take a line apart.  False if it is none, with the column, from 1, at which it ceases to be one.
 * A line that has been taken apart is to be released.
 */
bool line_parse(varve_slice text, struct line *line, size_t *column);

/* Free its arguments. */
void line_release(struct line *line);

/* The first argument of that key, or NULL. */
const struct argument *arguments_find(const struct arguments *arguments, const char *key);

/* Append copies of `more` to `arguments`. */
void arguments_append(struct arguments *arguments, const struct arguments *more);

/* Free them and be without. */
void arguments_release(struct arguments *arguments);

/* Value number `index` of an argument, which is below its count. */
varve_slice argument_value(const struct argument *argument, size_t index);

#endif
