/* varve gc holds, gc hold, gc release: what garbage collection must not touch. */
#include "gc.h"
#include "table.h"
#include "times.h"

#include <time.h>

static int64_t wall_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- gc holds ------------------------------------------------------------------------------ */

static const struct table_column columns[] = {{"HOLD", false}, {"TIME", false},  {"MADE", false},
                                              {"ENDS", false}, {"OWNER", false}, {"REASON", false},
                                              {NULL, false}};

struct list {
    const struct cli *cli;
    struct libscols_table *table;
    int64_t now;
};

static void cell_time(struct libscols_line *line, size_t column, int64_t nanos)
{
    char when[TIME_TEXT_MAX];

    table_text(line, column, nanos == 0 ? "-" : time_format(varve_ts_of(nanos, 0), false, when));
}

static void add_row(const struct list *list, const varve_gc_hold *hold)
{
    struct libscols_line *line = table_line(list->table);
    char when[TIME_TEXT_MAX];

    table_bytes(line, 0, hold->id);
    table_text(line, 1, time_format(hold->ts, true, when));
    cell_time(line, 2, hold->created);
    cell_time(line, 3, hold->expires);
    table_bytes(line, 4, hold->owner);
    table_bytes(line, 5, hold->reason);
}

static void json_wall(struct json_line *line, const char *name, int64_t nanos)
{
    char when[TIME_TEXT_MAX];

    if (nanos != 0)
        json_line_text(line, name, time_format(varve_ts_of(nanos, 0), false, when));
}

static void print_json(const struct cli *cli, const varve_gc_hold *hold, int64_t now)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_bytes(&line, "hold", hold->id, cli->hex);
    json_line_time(&line, hold->ts);
    json_wall(&line, "made", hold->created);
    json_wall(&line, "ends", hold->expires);
    json_line_bytes(&line, "owner", hold->owner, cli->hex);
    json_line_bytes(&line, "reason", hold->reason, cli->hex);
    json_line_add(&line, "active", json_boolean(varve_gc_hold_is_active(hold, now)));
    json_line_end(&line);
}

static varve_status add_hold(void *arg, const varve_gc_hold *hold, varve_error *err)
{
    const struct list *list = arg;

    (void)err;
    if (list->cli->json)
        print_json(list->cli, hold, list->now);
    else
        add_row(list, hold);
    return VARVE_OK;
}

static enum tool_exit run_holds(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    struct list list = {.cli = cli, .now = wall_now()};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = store_open(cli, cli->arguments[0], &store);

    (void)settings;
    if (code == TOOL_OK && !cli->json)
        list.table = table_open(columns);
    if (code == TOOL_OK && varve_gc_holds(store.reader, add_hold, &list, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s", store.path);
    if (list.table != NULL)
        table_print(list.table);
    store_close(&store);
    return code;
}

const struct command cmd_gc_holds = {
    .name = "gc holds",
    .section = TOOL_SECTION_JOBS,
    .summary = "List the holds, which keep versions from garbage collection",
    .details = "A hold keeps what readers at its time see, and all that is newer. `varve gc "
               "estimate` says how much each of them keeps.",
    .arguments = {"STORE"},
    .options = CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run_holds,
};

/* ---- gc hold ------------------------------------------------------------------------------- */

struct hold_settings {
    const char *owner;
    const char *reason;
    const char *ends;
};

enum { KEY_OWNER = 0x200, KEY_REASON, KEY_ENDS };

static const struct argp_option options[] = {
    {"owner", KEY_OWNER, "TEXT", 0, "Who wants it", 0},
    {"reason", KEY_REASON, "TEXT", 0, "What for", 0},
    {"ends", KEY_ENDS, "TIME", 0, "From then on it holds nothing any more", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct hold_settings *settings = state->input;

    switch (key) {
    case KEY_OWNER:
        settings->owner = text;
        return 0;
    case KEY_REASON:
        settings->reason = text;
        return 0;
    case KEY_ENDS:
        settings->ends = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = options, .parser = parse};

static varve_slice text_or_none(const char *text)
{
    return text == NULL ? varve_slice_of("", 0) : varve_slice_text(text);
}

/* Fill in the times of a hold. */
static enum tool_exit read_times(const struct cli *cli, const struct store *store,
                                 const struct hold_settings *settings, varve_gc_hold *hold)
{
    varve_ts ends = varve_ts_zero();
    enum tool_exit code = TOOL_OK;

    hold->created = wall_now();
    hold->ts = varve_ts_of(hold->created, 0);
    if (cli->at != NULL)
        code = time_resolve(cli, store->reader, cli->at, &hold->ts);
    if (code == TOOL_OK && settings->ends != NULL)
        code = time_resolve(cli, store->reader, settings->ends, &ends);
    hold->expires = ends.wall;
    return code;
}

static void print_held(const struct cli *cli, const varve_gc_hold *hold)
{
    char when[TIME_TEXT_MAX];

    if (cli->json) {
        print_json(cli, hold, hold->created);
        return;
    }
    out_text("hold\t");
    out_quoted(hold->id);
    out_format("\t%s\n", time_format(hold->ts, true, when));
}

static enum tool_exit put_hold(const struct cli *cli, const struct store *store,
                               const struct hold_settings *settings)
{
    varve_gc_hold hold = {.struct_size = sizeof hold,
                          .id = varve_slice_text(cli->arguments[1]),
                          .owner = text_or_none(settings->owner),
                          .reason = text_or_none(settings->reason)};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = read_times(cli, store, settings, &hold);

    if (code == TOOL_OK && varve_gc_hold_put(store->engine, NULL, &hold, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s: hold '%s'", store->path, cli->arguments[1]);
    if (code == TOOL_OK)
        print_held(cli, &hold);
    return code;
}

static enum tool_exit run_hold(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    enum tool_exit code = store_open_writing(cli, cli->arguments[0], &store);

    if (code == TOOL_OK)
        code = put_hold(cli, &store, settings);
    return store_close_writing(cli, &store, code);
}

const struct command cmd_gc_hold = {
    .name = "gc hold",
    .section = TOOL_SECTION_JOBS,
    .summary = "Keep what readers at a time see from garbage collection",
    .details = "Stores a hold of that name, in place of one that it may have had: at the time that "
               "--at gives, or now. If garbage has been collected beyond that time, it is refused.",
    .arguments = {"STORE", "NAME"},
    .options = CLI_AT | CLI_WRITE | CLI_JSON | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct hold_settings),
    .run = run_hold,
};

/* ---- gc release ---------------------------------------------------------------------------- */

static void print_released(const struct cli *cli, varve_slice name)
{
    struct json_line line;

    if (!cli->json) {
        out_text("released\t");
        out_quoted(name);
        out_text("\n");
        return;
    }
    json_line_begin(&line);
    json_line_bytes(&line, "released", name, false);
    json_line_end(&line);
}

static enum tool_exit remove_hold(const struct cli *cli, const struct store *store)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_slice name = varve_slice_text(cli->arguments[1]);
    varve_status status = varve_gc_hold_remove(store->engine, NULL, name, &err);

    if (status == VARVE_NOT_FOUND)
        return cli_fail(cli, TOOL_NO, "there is no hold '%s'; `varve gc holds` lists them",
                        cli->arguments[1]);
    if (status != VARVE_OK)
        return cli_fail_error(cli, &err, "%s: hold '%s'", store->path, cli->arguments[1]);
    print_released(cli, name);
    return TOOL_OK;
}

static enum tool_exit run_release(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    enum tool_exit code = store_open_writing(cli, cli->arguments[0], &store);

    (void)settings;
    if (code == TOOL_OK)
        code = remove_hold(cli, &store);
    return store_close_writing(cli, &store, code);
}

const struct command cmd_gc_release = {
    .name = "gc release",
    .section = TOOL_SECTION_JOBS,
    .summary = "Take a hold away",
    .details = "What it kept may be collected from then on, unless others keep it too.",
    .arguments = {"STORE", "NAME"},
    .options = CLI_WRITE | CLI_JSON | CLI_REDACT,
    .run = run_release,
};
