/* varve info: what a store is and holds, in numbers. */
#include "label_index.h"
#include "output.h"
#include "own_records.h"
#include "store.h"
#include "table.h"
#include "times.h"
#include "values.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLOCK_MARK_SIZE = 12 };

/* What varve's own records say. */
struct own_records {
    const struct cli *cli;
    bool has_mark;
    varve_ts mark;   /* of the clock */
    json_t *cursors; /* of imports: an object, by the name of the format */
    uint64_t labels;
    uint64_t others;
};

/* ---- Reading ------------------------------------------------------------------------------- */

static bool decode_mark(varve_slice raw, varve_ts *mark)
{
    varve_slice data;
    uint64_t wall = 0;
    uint32_t logical = 0;

    if (varve_value_get_bytes(raw, &data, NULL) != VARVE_OK || data.size != CLOCK_MARK_SIZE)
        return false;
    for (size_t i = 0; i < 8; i++)
        wall = wall << 8 | data.data[i];
    for (size_t i = 8; i < CLOCK_MARK_SIZE; i++)
        logical = logical << 8 | data.data[i];
    *mark = varve_ts_of((int64_t)wall, (int32_t)logical);
    return mark->wall >= 0 && mark->logical >= 0;
}

/* A cursor is a JSON object. */
static bool add_cursor(struct own_records *own, varve_slice name, varve_slice raw)
{
    varve_slice data;
    char format[32];

    if (varve_value_get_bytes(raw, &data, NULL) != VARVE_OK || name.size >= sizeof format)
        return false;
    json_t *cursor = json_loadb((const char *)data.data, data.size, 0, NULL);
    if (!json_is_object(cursor)) {
        json_decref(cursor);
        return false;
    }
    snprintf(format, sizeof format, "%.*s", (int)name.size, (const char *)name.data);
    /* Takes over the cursor, and fails for a name that is not UTF-8. */
    return json_object_set_new(own->cursors, format, cursor) == 0;
}

static enum tool_exit fail_damaged(const struct own_records *own, const char *what,
                                   const varve_row *row)
{
    char text[CLI_KEY_TEXT_MAX];

    return cli_fail(own->cli, TOOL_CORRUPT, "%s at key %s is damaged", what,
                    cli_key_text(own->cli, row->key, text));
}

static enum tool_exit take_record(void *arg, const varve_row *row)
{
    const size_t name_at = OWN_PREFIX_SIZE + 1;
    struct own_records *own = arg;

    switch (own_kind_of(row->key)) {
    case OWN_CLOCK:
        own->has_mark = decode_mark(row->value, &own->mark);
        return own->has_mark ? TOOL_OK : fail_damaged(own, "the clock's mark", row);
    case OWN_CURSOR:
        if (!add_cursor(own, varve_slice_of(row->key.data + name_at, row->key.size - name_at),
                        row->value))
            return fail_damaged(own, "an import's cursor", row);
        return TOOL_OK;
    case OWN_LABEL:
        own->labels++;
        return TOOL_OK;
    default:
        own->others++;
        return TOOL_OK;
    }
}

static enum tool_exit read_own_records(const struct cli *cli, const struct store *store,
                                       struct own_records *own)
{
    const struct walk walk = {.store = store,
                              .ts = varve_ts_max(),
                              .span = own_span(),
                              .limit = -1,
                              .each = take_record,
                              .arg = own};

    own->cli = cli;
    own->cursors = json_object();
    if (own->cursors == NULL)
        return cli_fail(cli, TOOL_IO, "out of memory");
    return walk_keys(cli, &walk, NULL);
}

/* ---- Printing ------------------------------------------------------------------------------ */

/* The numbers of the engine, as both forms show them. */
struct number {
    const char *name; /* in JSON */
    const char *text; /* for people */
    uint64_t value;
};

enum { NUMBERS_MAX = 8 };

static void list_numbers(const varve_engine_info *info, struct number numbers[NUMBERS_MAX])
{
    const struct number all[NUMBERS_MAX] = {
        {"format_version", "format version", (uint64_t)info->format_version},
        {"sequence", "sequence number", info->sequence},
        {"estimated_records", "records, estimated", info->estimated_keys},
        {"table_files", "table files", info->table_files},
        {"table_bytes", "bytes in table files", info->table_bytes},
        {"memtable_bytes", "bytes in memory tables", info->memtable_bytes},
        {"cache_bytes", "bytes in the block cache", info->cache_bytes},
        {"table_reader_bytes", "bytes of table indexes", info->table_reader_bytes},
    };

    memcpy(numbers, all, sizeof all);
}

static void print_json(const struct store *store, const struct number *numbers,
                       const struct own_records *own)
{
    struct json_line line;
    struct json_line mark;

    json_line_begin(&line);
    json_line_bytes(&line, "path", varve_slice_text(store->path), false);
    for (size_t i = 0; i < NUMBERS_MAX; i++)
        json_line_count(&line, numbers[i].name, numbers[i].value);
    json_line_count(&line, "commit_labels", own->labels);
    json_line_add(&line, "import_cursors", json_incref(own->cursors));
    if (own->has_mark) {
        json_line_begin(&mark);
        json_line_time(&mark, own->mark);
        json_line_add(&line, "clock_mark", json_line_take(&mark));
    }
    json_line_count(&line, "other_own_records", own->others);
    json_line_end(&line);
}

static void add_text(struct libscols_table *table, const char *name, const char *value)
{
    struct libscols_line *line = table_line(table);

    table_text(line, 0, name);
    table_text(line, 1, value);
}

static void add_count(struct libscols_table *table, const char *name, uint64_t value)
{
    struct libscols_line *line = table_line(table);

    table_text(line, 0, name);
    table_count(line, 1, value);
}

static void add_cursors(struct libscols_table *table, json_t *cursors)
{
    const char *format;
    json_t *cursor;

    json_object_foreach(cursors, format, cursor)
    {
        char name[64];
        snprintf(name, sizeof name, "import cursor %s", format);
        char *text = json_dumps(cursor, JSON_ENSURE_ASCII);
        if (text == NULL)
            out_no_memory();
        else
            add_text(table, name, text);
        free(text);
    }
}

static void print_text(const struct store *store, const struct number *numbers,
                       const struct own_records *own)
{
    static const struct table_column columns[] = {{"WHAT", false}, {"VALUE", false}, {NULL, false}};
    struct libscols_table *table = table_open(columns);
    char when[TIME_TEXT_MAX];

    add_text(table, "path", store->path);
    for (size_t i = 0; i < NUMBERS_MAX; i++)
        add_count(table, numbers[i].text, numbers[i].value);
    add_count(table, "commit labels", own->labels);
    add_cursors(table, own->cursors);
    if (own->has_mark)
        add_text(table, "clock mark", time_format(own->mark, true, when));
    if (own->others != 0)
        add_count(table, "other own records", own->others);
    table_print(table);
}

/* ---- The command --------------------------------------------------------------------------- */

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    struct own_records own = {0};
    varve_engine_info info = {.struct_size = sizeof info};
    struct number numbers[NUMBERS_MAX];
    varve_error err = VARVE_ERROR_INIT;

    (void)settings;
    enum tool_exit code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = read_own_records(cli, &store, &own);
    if (code == TOOL_OK && varve_engine_get_info(store.engine, &info, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s", store.path);
    if (code == TOOL_OK) {
        list_numbers(&info, numbers);
        if (cli->json)
            print_json(&store, numbers, &own);
        else
            print_text(&store, numbers, &own);
    }
    json_decref(own.cursors);
    store_close(&store);
    return code;
}

const struct command cmd_info = {
    .name = "info",
    .section = TOOL_SECTION_LOOK,
    .summary = "Show what a store is and holds, in numbers",
    .details = "The numbers of the engine as this command has opened it: a live writer has memory "
               "tables and a cache of its own. Then what varve keeps in the store for itself.",
    .arguments = {"STORE"},
    .options = CLI_JSON | CLI_REDACT,
    .run = run,
};
