/* varve scan: the keys of a range and their values. */
#include "git_object.h"
#include "label_index.h"
#include "position.h"
#include "progress.h"
#include "span_options.h"
#include "times.h"
#include "values.h"
#include "walk.h"

#include <unistd.h>

struct settings {
    bool reverse;
    bool keys;
    bool tree;
    bool nul;
};

/* A scan that is under way. */
struct scan {
    const struct cli *cli;
    const struct settings *settings;
    enum git_hash hash;
    struct progress progress;
    struct position position;
    uint64_t keys;
    uint64_t bytes; /* of the store that have been passed, as far as somebody wants to know */
};

/* ---- Printing a key ------------------------------------------------------------------------ */

static void print_json(const struct scan *scan, const varve_row *row, const struct value *value)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_data(&line, scan->cli, "key", row->key);
    json_line_time(&line, row->ts);
    if (!scan->settings->keys)
        value_json(&line, scan->cli, value);
    json_line_end(&line);
}

static void print_text(const struct scan *scan, const varve_row *row, const struct value *value)
{
    char when[TIME_TEXT_MAX];

    out_key(scan->cli, row->key);
    if (!scan->settings->keys) {
        out_format("\t%s\t%s\t",
                   varve_ts_is_zero(row->ts) ? "inline" : time_format(row->ts, true, when),
                   value_kind_name(value));
        value_out_line(scan->cli, value);
    }
    out_text("\n");
}

/* The path as git prints it in front of a newline. */
static void print_git_path(varve_slice path)
{
    bool quotes = false;
    char text[5];

    for (size_t i = 0; i < path.size && !quotes; i++)
        quotes = git_quote_byte(path.data[i], text);
    if (!quotes) {
        out_slice(path);
        return;
    }
    out_text("\"");
    for (size_t i = 0; i < path.size; i++) {
        if (git_quote_byte(path.data[i], text))
            out_text(text);
        else
            out_bytes(&path.data[i], 1);
    }
    out_text("\"");
}

static void print_entry_text(const struct scan *scan, varve_slice path,
                             const struct file_value *file, const char *id)
{
    out_format("%s %s %s\t", file->mode, git_entry_type(file), id);
    if (scan->cli->hex)
        out_hex(path);
    else if (scan->settings->nul)
        out_slice(path);
    else
        print_git_path(path);
    out_bytes(scan->settings->nul ? "" : "\n", 1);
}

static void print_entry_json(const struct scan *scan, varve_slice path,
                             const struct file_value *file, const char *id)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_text(&line, "mode", file->mode);
    json_line_text(&line, "type", git_entry_type(file));
    json_line_text(&line, "oid", id);
    json_line_bytes(&line, "path", path, scan->cli->hex);
    json_line_end(&line);
}

static enum tool_exit print_entry(const struct scan *scan, const varve_row *row)
{
    struct file_value file;
    char key[CLI_KEY_TEXT_MAX];
    char id[GIT_OBJECT_ID_MAX];

    if (!file_value_decode(row->value, &file) || !git_entry_id(scan->hash, &file, id))
        return cli_fail(scan->cli, TOOL_REFUSED,
                        "key %s holds no file of a git repository, which --tree lists; "
                        "leave it out by --prefix, --start and --end",
                        cli_key_text(scan->cli, row->key, key));
    if (scan->cli->json)
        print_entry_json(scan, row->key, &file, id);
    else
        print_entry_text(scan, row->key, &file, id);
    return TOOL_OK;
}

static void tell_progress(struct scan *scan, varve_slice key)
{
    if (!progress_is_due(&scan->progress))
        return;
    scan->bytes = position_at(&scan->position, key);
    if (scan->settings->reverse)
        scan->bytes = scan->position.total - scan->bytes;
    progress_update(&scan->progress, scan->keys, scan->bytes);
}

static enum tool_exit print_row(void *arg, const varve_row *row)
{
    struct scan *scan = arg;
    struct value value;
    enum tool_exit code = value_decode(scan->cli, row->key, row->value, &value);

    scan->keys++;
    tell_progress(scan, row->key);
    if (code == TOOL_OK && scan->settings->tree)
        code = print_entry(scan, row);
    else if (code == TOOL_OK && scan->cli->json)
        print_json(scan, row, &value);
    else if (code == TOOL_OK)
        print_text(scan, row, &value);
    return code == TOOL_OK && out_failed() ? TOOL_IO : code;
}

/* ---- The command --------------------------------------------------------------------------- */

static enum tool_exit take_label_hash(void *arg, const varve_row *row)
{
    struct scan *scan = arg;

    if (row->key.size == LABEL_PREFIX_SIZE + LABEL_ID_MAX)
        scan->hash = GIT_SHA256;
    return TOOL_OK;
}

/* The labels tell which hash the repository uses: their ids have 40 or 64 digits. */
static enum tool_exit find_hash(struct scan *scan, const struct store *store)
{
    const struct walk walk = {.store = store,
                              .ts = varve_ts_max(),
                              .span = label_span(),
                              .limit = 1,
                              .each = take_label_hash,
                              .arg = scan};

    return walk_keys(scan->cli, &walk, NULL);
}

static enum tool_exit print_range(struct scan *scan, const struct store *store, varve_ts ts,
                                  varve_span span)
{
    struct bytes resume = BYTES_INIT;
    const struct walk walk = {.store = store,
                              .ts = ts,
                              .span = span,
                              .reverse = scan->settings->reverse,
                              .limit = scan->cli->limit,
                              .each = print_row,
                              .arg = scan};
    enum tool_exit code;

    /* On one terminal the output itself tells how far it is. */
    progress_start(&scan->progress, "keys", 0, !isatty(STDOUT_FILENO));
    if (scan->progress.shown)
        position_begin(&scan->position, store, span);
    scan->progress.total_bytes = scan->position.total;
    code = walk_keys(scan->cli, &walk, &resume);
    progress_end(&scan->progress);
    position_release(&scan->position);
    if (code == TOOL_OK && resume.data != NULL)
        span_options_print_resume(scan->cli, bytes_slice(&resume));
    bytes_release(&resume);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    struct scan scan = {.cli = cli, .settings = settings};
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    varve_ts ts;

    if (settings->nul && cli->json)
        return cli_fail(cli, TOOL_USAGE, "-z and --json exclude each other");
    /* The id of an object tells what is in it to whoever can guess. */
    if (settings->tree && cli->redact)
        return cli_fail(cli, TOOL_USAGE, "--tree and --redact exclude each other");
    enum tool_exit code = span_options_read(cli, settings->reverse, &range);
    if (code == TOOL_OK)
        code = store_open_at(cli, &store, &ts);
    if (code == TOOL_OK && settings->tree)
        code = find_hash(&scan, &store);
    if (code == TOOL_OK)
        code = print_range(&scan, &store, ts, range.span);
    store_close(&store);
    span_options_release(&range);
    return code;
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_REVERSE = 0x200, KEY_KEYS, KEY_TREE };

static const struct argp_option options[] = {
    {"reverse", KEY_REVERSE, NULL, 0, "From the last key to the first", 0},
    {"keys", KEY_KEYS, NULL, 0, "Print keys only", 0},
    {"tree", KEY_TREE, NULL, 0, "Print files as `git ls-tree -r` does", 0},
    {"null", 'z', NULL, 0, "With --tree: paths as they are, each line ended by a NUL", 0},
    {0},
};

static error_t check_settings(const struct settings *settings, const struct argp_state *state)
{
    if (settings->tree && settings->keys)
        return cli_usage(state, "--tree and --keys exclude each other");
    if (settings->nul && !settings->tree)
        return cli_usage(state, "-z works with --tree only");
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    (void)text;
    switch (key) {
    case KEY_REVERSE:
        settings->reverse = true;
        return 0;
    case KEY_KEYS:
        settings->keys = true;
        return 0;
    case KEY_TREE:
        settings->tree = true;
        return 0;
    case 'z':
        settings->nul = true;
        return 0;
    case ARGP_KEY_END:
        return check_settings(settings, state);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_scan = {
    .name = "scan",
    .alias = "ls",
    .section = TOOL_SECTION_LOOK,
    .summary = "Print the keys of a range and their values, now or at a time",
    .details = "Each line has a key, its time, its type and its value, separated by tabs. Keys and "
               "values are in double quotes with escapes; of a file the type is its mode.",
    .arguments = {"STORE"},
    .options = CLI_AT | CLI_SPAN | CLI_LIMIT | CLI_RESUME | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
