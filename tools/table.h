/*
 * Tables on standard output, by libsmartcols.
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include "cli.h"

#include <libsmartcols.h>

struct table_column {
    const char *title;
    bool right; /* numbers */
};

/*
 * A table of these columns; the title behind the last is NULL.  NULL if memory runs out; the other
 * functions then do nothing.
 */
struct libscols_table *table_open(const struct table_column *columns);

/* A new line at the end; NULL if memory runs out. */
struct libscols_line *table_line(struct libscols_table *table);

/* Set the next cell of a line, from the left. */
void table_text(struct libscols_line *line, size_t column, const char *text);
void table_count(struct libscols_line *line, size_t column, uint64_t number);

/* The same of a text that somebody has stored: cli_make_harmless() goes over it. */
void table_bytes(struct libscols_line *line, size_t column, varve_slice text);

/* Print the table and free it. */
void table_print(struct libscols_table *table);

#endif
