/*
 * Lists of tables as numbers and as text.
 */
#include <inttypes.h>
#include <stdio.h>

#include <varve/admin.h>

#include "util/buf.h"

/* The tables of one level within the list. */
struct level {
    const varve_table *tables;
    size_t count;
    uint64_t bytes;
};

/* The level that begins the list. */
static struct level first_level(const varve_table *tables, size_t count)
{
    struct level level = {tables, 0, 0};
    while (level.count < count && tables[level.count].level == tables[0].level)
        level.bytes += tables[level.count++].bytes;
    return level;
}

uint64_t varve_tables_read_amplification(const varve_table *tables, size_t count)
{
    uint64_t runs = 0;
    for (size_t i = 0; i < count; i++) {
        /* The tables of level 0 overlap: each is a run of its own. */
        if (tables[i].level == 0 || i == 0 || tables[i].level != tables[i - 1].level)
            runs++;
    }
    return runs;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* Digits of a uint64_t, a unit, a terminator. */
#define SIZE_TEXT_MAX 24

/* Rounded to the nearest whole of a unit, half up. */
static void print_size(char text[SIZE_TEXT_MAX], uint64_t bytes)
{
    static const char units[] = "KMGT";
    unsigned unit = 0;
    while (unit < 3 && bytes >> (20 + 10 * unit) > 0)
        unit++;
    uint64_t of_unit = (uint64_t)1 << (10 + 10 * unit);
    uint64_t whole = bytes / of_unit + (bytes % of_unit >= of_unit / 2);
    (void)snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", whole, units[unit]);
}

struct widths {
    int bytes;
    int count;
};

static void widen(int *width, int size)
{
    if (size > *width)
        *width = size;
}

static struct widths measure(const varve_table *tables, size_t count)
{
    struct widths widths = {0, 0};
    struct level level;
    for (size_t i = 0; i < count; i += level.count) {
        char text[SIZE_TEXT_MAX];
        level = first_level(tables + i, count - i);
        print_size(text, level.bytes);
        widen(&widths.bytes, (int)strlen(text));
        widen(&widths.count, snprintf(NULL, 0, "%zu", level.count));
    }
    return widths;
}

/* The sizes of a level: those that look the same become one, with their number. */
static varve_status print_sizes(varve_buf *text, const struct level *level, varve_error *err)
{
    varve_status status = VARVE_OK;
    size_t same;
    for (size_t i = 0; i < level->count && status == VARVE_OK; i += same) {
        char size[SIZE_TEXT_MAX];
        char next[SIZE_TEXT_MAX];
        print_size(size, level->tables[i].bytes);
        for (same = 1; i + same < level->count; same++) {
            print_size(next, level->tables[i + same].bytes);
            if (strcmp(size, next) != 0)
                break;
        }
        status = same == 1 ? varve__buf_printf(text, err, " %s", size)
                           : varve__buf_printf(text, err, " %s[%zu]", size, same);
    }
    return status;
}

static varve_status print_level(varve_buf *text, const struct level *level,
                                const struct widths *widths, varve_error *err)
{
    char total[SIZE_TEXT_MAX];
    print_size(total, level->bytes);
    varve_status status = varve__buf_printf(text, err, "%d [ %*s %*zu ]:", level->tables[0].level,
                                            widths->bytes, total, widths->count, level->count);
    if (status == VARVE_OK)
        status = print_sizes(text, level, err);
    return status == VARVE_OK ? varve__buf_append(text, varve_slice_of("\n", 1), err) : status;
}

varve_status varve_tables_text(const varve_table *tables, size_t count, varve_buf *text,
                               varve_error *err)
{
    struct widths widths = measure(tables, count);
    struct level level;
    varve_status status = VARVE_OK;
    text->size = 0;
    for (size_t i = 0; i < count && status == VARVE_OK; i += level.count) {
        level = first_level(tables + i, count - i);
        status = print_level(text, &level, &widths, err);
    }
    return status == VARVE_OK ? varve__buf_terminate(text, err) : status;
}
