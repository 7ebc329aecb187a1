/* varve lsm: the levels of table files. */
#include "lsm.h"
#include "output.h"
#include "store.h"
#include "table.h"

/* ---- Text ---------------------------------------------------------------------------------- */

/* How long the user key is and its time; of a damaged engine key how long that is. */
static char *redacted_key(varve_slice engine_key)
{
    char when[VARVE_TS_TEXT_MAX];
    varve_buf user_key = VARVE_BUF_INIT;
    varve_ts ts = varve_ts_zero();
    char *text = NULL;
    bool good = varve_key_decode(engine_key, &user_key, &ts, NULL) == VARVE_OK;

    if (asprintf(&text, "<%zu bytes>%s%s", good ? user_key.size : engine_key.size,
                 varve_ts_is_zero(ts) ? "" : "/",
                 varve_ts_is_zero(ts) ? "" : varve_ts_format(ts, when)) < 0)
        text = NULL;
    varve_buf_release(&user_key);
    return text;
}

static void set_key(struct libscols_line *line, size_t column, varve_slice engine_key,
                    const struct cli *cli)
{
    varve_buf quoted = VARVE_BUF_INIT;
    char *text = NULL;

    /* A key that is damaged is shown as it is. */
    if (cli->redact)
        text = redacted_key(engine_key);
    else if (cli->hex || varve_engine_key_print(engine_key, &quoted, NULL) != VARVE_OK)
        text = bytes_to_hex(engine_key);
    else
        text = strndup((const char *)quoted.data, quoted.size);
    if (text == NULL)
        out_no_memory();
    else
        table_text(line, column, text);
    free(text);
    varve_buf_release(&quoted);
}

static void print_text(const struct cli *cli, const struct lsm *lsm)
{
    static const struct table_column columns[] = {
        {"LEVEL", true},     {"FILES", true},     {"BYTES", true},    {"ENTRIES", true},
        {"DELETIONS", true}, {"SMALLEST", false}, {"LARGEST", false}, {NULL, false},
    };
    struct libscols_table *table = table_open(columns);

    for (size_t i = 0; i < lsm->count; i++) {
        const struct lsm_level *level = &lsm->levels[i];
        struct libscols_line *line = table_line(table);
        table_count(line, 0, (uint64_t)level->number);
        table_count(line, 1, level->count);
        table_count(line, 2, level->bytes);
        table_count(line, 3, level->entries);
        table_count(line, 4, level->deletions);
        set_key(line, 5, bytes_slice(&level->tables[level->first].start), cli);
        set_key(line, 6, bytes_slice(&level->tables[level->last].end), cli);
    }
    table_print(table);

    char *text = lsm_text(lsm);
    if (text == NULL)
        out_no_memory();
    else
        out_format("\nread amplification %zu\n%s", lsm_read_amplification(lsm), text);
    free(text);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

/* The user key and the time of an engine key; as hexadecimal alone if it is damaged. */
static json_t *engine_key_json(varve_slice engine_key, const struct cli *cli)
{
    struct json_line line;
    varve_buf user_key = VARVE_BUF_INIT;
    varve_ts ts;

    json_line_begin(&line);
    if (varve_key_decode(engine_key, &user_key, &ts, NULL) == VARVE_OK) {
        json_line_data(&line, cli, "key", varve_buf_slice(&user_key));
        json_line_time(&line, ts);
    } else if (cli->redact) {
        json_line_count(&line, "engine_key_size", engine_key.size);
    } else {
        json_line_hex(&line, "engine_key", engine_key);
    }
    varve_buf_release(&user_key);
    return json_line_take(&line);
}

static json_t *table_json(const struct lsm_table *table, const struct cli *cli)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_bytes(&line, "name", bytes_slice(&table->name), false);
    json_line_count(&line, "bytes", table->bytes);
    json_line_count(&line, "entries", table->entries);
    json_line_count(&line, "deletions", table->deletions);
    json_line_add(&line, "smallest", engine_key_json(bytes_slice(&table->start), cli));
    json_line_add(&line, "largest", engine_key_json(bytes_slice(&table->end), cli));
    return json_line_take(&line);
}

static json_t *level_json(const struct lsm_level *level, const struct cli *cli)
{
    struct json_line line;
    json_t *tables = json_array();

    for (size_t i = 0; i < level->count; i++) {
        /* Takes over its argument also when it fails, and fails for NULL. */
        if (json_array_append_new(tables, table_json(&level->tables[i], cli)) != 0)
            out_no_memory();
    }
    json_line_begin(&line);
    json_line_count(&line, "level", (uint64_t)level->number);
    json_line_count(&line, "files", level->count);
    json_line_count(&line, "bytes", level->bytes);
    json_line_count(&line, "entries", level->entries);
    json_line_count(&line, "deletions", level->deletions);
    json_line_add(&line, "tables", tables);
    return json_line_take(&line);
}

static void print_json(const struct cli *cli, const struct lsm *lsm)
{
    struct json_line line;
    json_t *levels = json_array();

    for (size_t i = 0; i < lsm->count; i++) {
        if (json_array_append_new(levels, level_json(&lsm->levels[i], cli)) != 0)
            out_no_memory();
    }
    json_line_begin(&line);
    json_line_count(&line, "read_amplification", lsm_read_amplification(lsm));
    json_line_add(&line, "levels", levels);
    json_line_end(&line);
}

/* ---- The command --------------------------------------------------------------------------- */

static bool take_table(void *arg, const varve_table *table)
{
    struct lsm *lsm = arg;

    lsm->no_memory = !lsm_add(lsm, table);
    return !lsm->no_memory;
}

static enum tool_exit read_tables(const struct cli *cli, const struct store *store, struct lsm *lsm)
{
    varve_error err = VARVE_ERROR_INIT;

    if (varve_engine_tables(store->engine, take_table, lsm, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "%s", store->path);
    return lsm->no_memory ? cli_fail(cli, TOOL_IO, "out of memory") : TOOL_OK;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    struct lsm lsm = {0};

    (void)settings;
    enum tool_exit code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = read_tables(cli, &store, &lsm);
    if (code == TOOL_OK && cli->json)
        print_json(cli, &lsm);
    else if (code == TOOL_OK)
        print_text(cli, &lsm);
    lsm_release(&lsm);
    store_close(&store);
    return code;
}

const struct command cmd_lsm = {
    .name = "lsm",
    .section = TOOL_SECTION_LOOK,
    .summary = "Show the levels of table files",
    .details = "A table of the levels; how many files a read may have to look at; and for each "
               "level its bytes, its number of files, and the sizes of these. What is not yet in "
               "a table file is not shown: see `varve info`.",
    .arguments = {"STORE"},
    .options = CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run,
};
