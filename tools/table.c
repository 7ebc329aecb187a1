/* Tables on standard output. */
#include "table.h"

#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool add_columns(struct libscols_table *table, const struct table_column *columns)
{
    for (; columns->title != NULL; columns++) {
        int flags = columns->right ? SCOLS_FL_RIGHT : 0;
        if (scols_table_new_column(table, columns->title, 0, flags) == NULL)
            return false;
    }
    return true;
}

struct libscols_table *table_open(const struct table_column *columns)
{
    struct libscols_table *table = scols_new_table();

    if (table != NULL && add_columns(table, columns)) {
        /* Keys are quoted already, and a key that is cut is of no use. */
        scols_table_enable_noencoding(table, 1);
        scols_table_enable_nowrap(table, 1);
        scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
        return table;
    }
    scols_unref_table(table);
    out_no_memory();
    return NULL;
}

struct libscols_line *table_line(struct libscols_table *table)
{
    struct libscols_line *line = table == NULL ? NULL : scols_table_new_line(table, NULL);

    if (table != NULL && line == NULL)
        out_no_memory();
    return line;
}

void table_text(struct libscols_line *line, size_t column, const char *text)
{
    if (line != NULL && scols_line_set_data(line, column, text) != 0)
        out_no_memory();
}

void table_bytes(struct libscols_line *line, size_t column, varve_slice text)
{
    char *cell = strndup(text.size == 0 ? "" : (const char *)text.data, text.size);

    if (cell == NULL) {
        out_no_memory();
        return;
    }
    cli_make_harmless(cell);
    table_text(line, column, cell);
    free(cell);
}

void table_count(struct libscols_line *line, size_t column, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    table_text(line, column, text);
}

void table_print(struct libscols_table *table)
{
    char *text = NULL;

    if (table == NULL)
        return;
    if (scols_print_table_to_string(table, &text) != 0)
        out_no_memory();
    else
        out_format("%s\n", text);
    free(text);
    scols_unref_table(table);
}
