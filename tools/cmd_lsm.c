/* varve lsm: the levels of table files. */
#include "load.h"
#include "lsm.h"
#include "output.h"
#include "picture.h"
#include "store.h"
#include "table.h"
#include "units.h"

#include <inttypes.h>

struct settings {
    bool garbage;
};

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

/* What the engine key looks like, or NULL if memory runs out; the caller frees it. */
static char *key_text(const struct cli *cli, varve_slice engine_key)
{
    varve_buf quoted = VARVE_BUF_INIT;
    char *text = NULL;

    /* A key that is damaged is shown as it is. */
    if (cli->redact)
        return redacted_key(engine_key);
    if (cli->hex || varve_engine_key_print(engine_key, &quoted, NULL) != VARVE_OK)
        text = bytes_to_hex(engine_key);
    else
        text = strndup((const char *)quoted.data, quoted.size);
    varve_buf_release(&quoted);
    return text;
}

static void set_key(struct libscols_line *line, size_t column, varve_slice engine_key,
                    const struct cli *cli)
{
    char *text = key_text(cli, engine_key);

    if (text == NULL)
        out_no_memory();
    else
        table_text(line, column, text);
    free(text);
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static uint64_t largest_level(const struct lsm *lsm)
{
    uint64_t most = 0;

    for (size_t i = 0; i < lsm->count; i++)
        most = lsm->levels[i].bytes > most ? lsm->levels[i].bytes : most;
    return most;
}

/* One key, cut so that two of them and the number of a level fit on a line. */
static void print_bound(const struct cli *cli, varve_slice engine_key, int columns)
{
    char *text = key_text(cli, engine_key);
    int room = (columns - 10) / 2;

    if (text == NULL) {
        out_no_memory();
        return;
    }
    int size = (int)strlen(text);
    int kept = size <= room ? size : cli_cut_text(text, room - 3);
    out_format("%.*s%s", kept, text, kept < size ? "..." : "");
    free(text);
}

/* From which key to which a level goes. */
static void print_bounds(const struct cli *cli, const struct lsm_level *level, int columns)
{
    out_format("%5d ", level->number);
    print_bound(cli, bytes_slice(&level->tables[level->first].start), columns);
    out_text(" to ");
    print_bound(cli, bytes_slice(&level->tables[level->last].end), columns);
    out_text("\n");
}

/* A bar for each level, of which as much is lighter as its entries are deletions. */
static void print_picture(const struct cli *cli, const struct lsm *lsm, int columns)
{
    const int numbers = 48;
    char size[SIZE_TEXT_MAX];

    out_format("%5s %6s %10s %12s %9s\n", "LEVEL", "FILES", "SIZE", "ENTRIES", "DELETED");
    for (size_t i = 0; i < lsm->count; i++) {
        const struct lsm_level *level = &lsm->levels[i];
        double deleted = percent(level->deletions, level->entries);
        out_format("%5d %6zu %10s %12" PRIu64 " %7.1f %%  ", level->number, level->count,
                   size_format((double)level->bytes, size), level->entries, deleted);
        picture_bar(columns - numbers, level->bytes,
                    (uint64_t)((double)level->bytes * deleted / 100), largest_level(lsm));
        out_text("\n");
    }
    out_text("\n");
    for (size_t i = 0; i < lsm->count; i++)
        print_bounds(cli, &lsm->levels[i], columns);
}

static void print_garbage(const struct load *load)
{
    char bytes[SIZE_TEXT_MAX];
    char garbage[SIZE_TEXT_MAX];

    out_format("garbage %s, %.1f %% of %s of keys and values in %" PRIu64 " versions\n",
               size_format((double)load->garbage, garbage), percent(load->garbage, load->bytes),
               size_format((double)load->bytes, bytes), load->versions);
}

static void print_text(const struct cli *cli, const struct lsm *lsm, const struct load *load)
{
    int picture = picture_columns(cli);
    static const struct table_column columns[] = {
        {"LEVEL", true},     {"FILES", true},     {"BYTES", true},    {"ENTRIES", true},
        {"DELETIONS", true}, {"SMALLEST", false}, {"LARGEST", false}, {NULL, false},
    };
    struct libscols_table *table = picture != 0 ? NULL : table_open(columns);

    if (picture != 0)
        print_picture(cli, lsm, picture);
    for (size_t i = 0; table != NULL && i < lsm->count; i++) {
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
    if (table != NULL)
        table_print(table);

    char *text = lsm_text(lsm);
    if (text == NULL)
        out_no_memory();
    else
        out_format("\nread amplification %zu\n%s", lsm_read_amplification(lsm), text);
    free(text);
    if (load != NULL)
        print_garbage(load);
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

static void print_json(const struct cli *cli, const struct lsm *lsm, const struct load *load)
{
    struct json_line line;
    struct json_line garbage;
    json_t *levels = json_array();

    for (size_t i = 0; i < lsm->count; i++) {
        if (json_array_append_new(levels, level_json(&lsm->levels[i], cli)) != 0)
            out_no_memory();
    }
    json_line_begin(&line);
    json_line_count(&line, "read_amplification", lsm_read_amplification(lsm));
    json_line_add(&line, "levels", levels);
    if (load != NULL) {
        json_line_begin(&garbage);
        load_json(&garbage, load);
        json_line_add(&line, "garbage", json_line_take(&garbage));
    }
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

/* Of all that is stored, varve's own records too: files hold them with the others. */
static enum tool_exit weigh(const struct cli *cli, const struct store *store, struct load *load,
                            enum tool_exit *damage)
{
    const varve_span all = {varve_slice_of("", 0), varve_key_max()};

    return load_of_span(cli, store, all, load, damage);
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    struct store store = STORE_INIT;
    struct lsm lsm = {0};
    struct load load;
    enum tool_exit damage = TOOL_OK;

    enum tool_exit code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = read_tables(cli, &store, &lsm);
    if (code == TOOL_OK && settings->garbage)
        code = weigh(cli, &store, &load, &damage);
    if (code == TOOL_OK && cli->json)
        print_json(cli, &lsm, settings->garbage ? &load : NULL);
    else if (code == TOOL_OK)
        print_text(cli, &lsm, settings->garbage ? &load : NULL);
    lsm_release(&lsm);
    store_close(&store);
    return code == TOOL_OK ? damage : code;
}

enum { KEY_GARBAGE = 0x200 };

static const struct argp_option options[] = {
    {"garbage", KEY_GARBAGE, NULL, 0, "Walk over everything and say how much of it is garbage", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    (void)text;
    if (key != KEY_GARBAGE)
        return ARGP_ERR_UNKNOWN;
    settings->garbage = true;
    return 0;
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_lsm = {
    .name = "lsm",
    .section = TOOL_SECTION_LOOK,
    .summary = "Show the levels of table files",
    .details = "A table of the levels; how many files a read may have to look at; and for each "
               "level its bytes, its number of files, and the sizes of these. What is not yet in "
               "a table file is not shown: see `varve info`. On a terminal there are bars first, "
               "of which the lighter part stands for deletions. Garbage are versions that a newer "
               "one covers, and deletions.",
    .arguments = {"STORE"},
    .options = CLI_PLAIN | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
