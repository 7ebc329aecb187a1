/* The levels of table files in a store. */
#include "lsm.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- Collecting ---------------------------------------------------------------------------- */

static struct lsm_level *level_of(struct lsm *lsm, int number)
{
    if (lsm->count != 0 && lsm->levels[lsm->count - 1].number == number)
        return &lsm->levels[lsm->count - 1];
    struct lsm_level *levels = realloc(lsm->levels, (lsm->count + 1) * sizeof *levels);
    if (levels == NULL)
        return NULL;
    lsm->levels = levels;
    levels[lsm->count] = (struct lsm_level){.number = number};
    return &levels[lsm->count++];
}

static bool copy_slices(struct lsm_table *to, const varve_table *from)
{
    return bytes_copy(&to->name, from->name) && bytes_copy(&to->start, from->start) &&
           bytes_copy(&to->end, from->end);
}

static void add_to_level(struct lsm_level *level, const struct lsm_table *table)
{
    size_t place = level->count++;
    const struct lsm_table *first = &level->tables[level->first];
    const struct lsm_table *last = &level->tables[level->last];

    level->tables[place] = *table;
    level->bytes += table->bytes;
    level->entries += table->entries;
    level->deletions += table->deletions;
    if (varve_slice_compare(bytes_slice(&table->start), bytes_slice(&first->start)) < 0)
        level->first = place;
    if (varve_slice_compare(bytes_slice(&table->end), bytes_slice(&last->end)) > 0)
        level->last = place;
}

bool lsm_add(struct lsm *lsm, const varve_table *table)
{
    struct lsm_level *level = level_of(lsm, table->level);
    struct lsm_table copy = {
        .bytes = table->bytes, .entries = table->entries, .deletions = table->deletions};

    if (level == NULL)
        return false;
    struct lsm_table *tables = realloc(level->tables, (level->count + 1) * sizeof *tables);
    if (tables == NULL)
        return false;
    level->tables = tables;
    if (!copy_slices(&copy, table)) {
        bytes_release(&copy.name);
        bytes_release(&copy.start);
        return false;
    }
    add_to_level(level, &copy);
    return true;
}

void lsm_release(struct lsm *lsm)
{
    for (size_t i = 0; i < lsm->count; i++) {
        for (size_t j = 0; j < lsm->levels[i].count; j++) {
            bytes_release(&lsm->levels[i].tables[j].name);
            bytes_release(&lsm->levels[i].tables[j].start);
            bytes_release(&lsm->levels[i].tables[j].end);
        }
        free(lsm->levels[i].tables);
    }
    free(lsm->levels);
    *lsm = (struct lsm){0};
}

size_t lsm_read_amplification(const struct lsm *lsm)
{
    size_t sum = 0;

    for (size_t i = 0; i < lsm->count; i++)
        sum += lsm->levels[i].number == 0 ? lsm->levels[i].count : 1;
    return sum;
}

/* ---- The text form ------------------------------------------------------------------------- */

enum { SIZE_TEXT_MAX = 24 };

/* In K, M, G or T, rounded to the nearest, half up. */
static void print_size(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
    static const char units[] = "KMGT";
    size_t unit = 0;
    uint64_t divisor = 1024;

    while (unit < 3 && bytes / divisor >= 1024) {
        divisor *= 1024;
        unit++;
    }
    uint64_t rounded = bytes / divisor + (bytes % divisor >= divisor / 2 ? 1 : 0);
    snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", rounded, units[unit]);
}

/* The widest total and the widest count over all levels. */
static void measure(const struct lsm *lsm, int *bytes_width, int *count_width)
{
    char text[SIZE_TEXT_MAX];

    *bytes_width = 0;
    *count_width = 0;
    for (size_t i = 0; i < lsm->count; i++) {
        print_size(lsm->levels[i].bytes, text);
        int bytes = (int)strlen(text);
        int count = snprintf(NULL, 0, "%zu", lsm->levels[i].count);
        *bytes_width = bytes > *bytes_width ? bytes : *bytes_width;
        *count_width = count > *count_width ? count : *count_width;
    }
}

/* The sizes of the tables, runs of equal ones as one. */
static void print_tables(const struct lsm_level *level, FILE *stream)
{
    char size[SIZE_TEXT_MAX];
    char next[SIZE_TEXT_MAX];
    size_t run;

    for (size_t i = 0; i < level->count; i += run) {
        print_size(level->tables[i].bytes, size);
        for (run = 1; i + run < level->count; run++) {
            print_size(level->tables[i + run].bytes, next);
            if (strcmp(size, next) != 0)
                break;
        }
        fprintf(stream, run == 1 ? " %s" : " %s[%zu]", size, run);
    }
}

char *lsm_text(const struct lsm *lsm)
{
    char *text = NULL;
    size_t length = 0;
    char size[SIZE_TEXT_MAX];
    int bytes_width;
    int count_width;
    FILE *stream = open_memstream(&text, &length);

    if (stream == NULL)
        return NULL;
    measure(lsm, &bytes_width, &count_width);
    for (size_t i = 0; i < lsm->count; i++) {
        const struct lsm_level *level = &lsm->levels[i];
        print_size(level->bytes, size);
        fprintf(stream, "%d [ %*s %*zu ]:", level->number, bytes_width, size, count_width,
                level->count);
        print_tables(level, stream);
        fputc('\n', stream);
    }
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
