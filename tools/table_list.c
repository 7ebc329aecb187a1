/* The table files of a store. */
#include "table_list.h"

#include "rocksdb_tools.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

static struct table_entry *add(struct table_list *list, varve_slice name, int level)
{
    struct table_entry *tables = realloc(list->tables, (list->count + 1) * sizeof *tables);
    char *copy = strndup((const char *)name.data, name.size);

    list->tables = tables == NULL ? list->tables : tables;
    list->no_memory = list->no_memory || tables == NULL || copy == NULL;
    if (tables == NULL || copy == NULL) {
        free(copy);
        return NULL;
    }
    tables[list->count] = (struct table_entry){.name = copy, .level = level};
    return &tables[list->count++];
}

void table_list_release(struct table_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->tables[i].name);
        bytes_release(&list->tables[i].start);
        bytes_release(&list->tables[i].end);
    }
    free(list->tables);
    *list = (struct table_list){0};
}

static int compare(const void *left, const void *right)
{
    const struct table_entry *a = left;
    const struct table_entry *b = right;
    unsigned long long a_number = strtoull(a->name, NULL, 10);
    unsigned long long b_number = strtoull(b->name, NULL, 10);

    /* As a number without a sign, the level that is not known is the last. */
    if (a->level != b->level)
        return (unsigned)a->level < (unsigned)b->level ? -1 : 1;
    return a_number > b_number ? -1 : a_number < b_number;
}

/* By levels, and the newest of each first. */
static enum tool_exit finish(const struct cli *cli, struct table_list *list)
{
    if (list->count > 1)
        qsort(list->tables, list->count, sizeof *list->tables, compare);
    return list->no_memory ? cli_fail(cli, TOOL_IO, "out of memory") : TOOL_OK;
}

/* ---- Of an open store ---------------------------------------------------------------------- */

static bool take_table(void *arg, const varve_table *table)
{
    struct table_list *list = arg;
    varve_slice name = table->name;

    /* RocksDB has a slash in front. */
    while (name.size > 0 && name.data[0] == '/')
        name = varve_slice_of(name.data + 1, name.size - 1);
    struct table_entry *entry = add(list, name, table->level);
    if (entry != NULL)
        list->no_memory =
            !bytes_copy(&entry->start, table->start) || !bytes_copy(&entry->end, table->end);
    return !list->no_memory;
}

enum tool_exit table_list_of_store(const struct cli *cli, const struct store *store,
                                   struct table_list *list)
{
    varve_error err = VARVE_ERROR_INIT;

    if (varve_engine_tables(store->engine, take_table, list, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "%s", store->path);
    return finish(cli, list);
}

/* ---- Of a folder --------------------------------------------------------------------------- */

static int is_table(const struct dirent *entry)
{
    size_t digits = strspn(entry->d_name, "0123456789");

    return digits > 0 && strcmp(entry->d_name + digits, ".sst") == 0;
}

static void set_level(struct table_list *list, unsigned long long number, int level)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strtoull(list->tables[i].name, NULL, 10) == number)
            list->tables[i].level = level;
    }
}

/* "--- level 0 --- ...", and behind it " 9:1323[1 .. 4]..." for each table. */
static void read_levels(FILE *out, struct table_list *list)
{
    unsigned long long number;
    unsigned long long size;
    char bracket;
    int level = -1;
    char *line = NULL;
    size_t capacity = 0;

    while (getline(&line, &capacity, out) > 0) {
        if (sscanf(line, "--- level %d", &level) == 1)
            continue;
        if (sscanf(line, " %llu:%llu%c", &number, &size, &bracket) == 3 && bracket == '[')
            set_level(list, number, level);
    }
    free(line);
}

/* The manifest that CURRENT names. */
static bool find_manifest(const char *path, char option[PATH_MAX])
{
    char current[PATH_MAX];
    char name[256];

    snprintf(current, sizeof current, "%s/CURRENT", path);
    FILE *file = fopen(current, "r");
    bool good = file != NULL && fgets(name, sizeof name, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (good) {
        name[strcspn(name, "\n")] = '\0';
        good = snprintf(option, PATH_MAX, "--path=%s/%s", path, name) < PATH_MAX;
    }
    return good;
}

/* Levels are told if they can be. */
static void find_levels(const struct cli *cli, const char *path, struct table_list *list)
{
    char option[PATH_MAX];
    const char *argv[] = {"ldb", "manifest_dump", "--hex", option, NULL};
    struct raw raw = RAW_INIT;
    struct raw_end end;

    if (!find_manifest(path, option) || raw_start(cli, argv, true, true, &raw) != TOOL_OK)
        return;
    read_levels(raw.out, list);
    raw_finish(&raw, &end);
}

enum tool_exit table_list_of_files(const struct cli *cli, const char *path, struct table_list *list)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, is_table, versionsort);

    if (count < 0)
        return cli_fail(cli, TOOL_IO, "%s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        add(list, varve_slice_text(names[i]->d_name), -1);
        free(names[i]);
    }
    free(names);
    find_levels(cli, path, list);
    return finish(cli, list);
}
