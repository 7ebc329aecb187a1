/* varve keys: the raw records of a span, without their values. */
#include "records.h"

struct settings {
    unsigned kinds; /* those to show, as bits; 0 = all */
    bool sizes;
};

/* A listing that is under way. */
struct keys {
    const struct cli *cli;
    const struct settings *settings;
    int64_t shown;
};

static void print_text(const struct keys *keys, const struct record *record)
{
    record_out_key(keys->cli, record);
    out_format("\t%s", record_kind_name(record->kind));
    if (keys->settings->sizes)
        out_format("\t%zu\t%zu", record->engine_key.size, record->value.size);
    out_text("\n");
}

static void print_json(const struct keys *keys, const struct record *record)
{
    struct json_line line;

    json_line_begin(&line);
    record_json_key(keys->cli, &line, record);
    json_line_text(&line, "kind", record_kind_name(record->kind));
    json_line_count(&line, "key_bytes", record->engine_key.size);
    json_line_count(&line, "value_bytes", record->value.size);
    json_line_end(&line);
}

static enum tool_exit take_record(void *arg, struct records *walk, const struct record *record)
{
    struct keys *keys = arg;
    unsigned wanted = keys->settings->kinds;

    if (wanted != 0 && (wanted & 1U << record->kind) == 0)
        return TOOL_OK;
    if (keys->shown == keys->cli->limit) {
        walk->stop = true;
        return TOOL_OK;
    }
    keys->shown++;
    if (keys->cli->json)
        print_json(keys, record);
    else
        print_text(keys, record);
    return TOOL_OK;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    struct keys keys = {.cli = cli, .settings = arg};

    return records_run(cli, take_record, &keys);
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_TYPE = 0x200, KEY_SIZES };

static const struct argp_option options[] = {
    {"type", KEY_TYPE, "KIND", 0,
     "Only records of that kind; may be given several times. value, deleted, provisional, intent, "
     "inline, conflict, damaged",
     0},
    {"sizes", KEY_SIZES, NULL, 0, "How long the stored key and the value are, too", 0},
    {0},
};

static error_t add_kind(struct settings *settings, const char *text, const struct argp_state *state)
{
    for (unsigned kind = 0; kind < RECORD_KINDS; kind++) {
        if (strcmp(text, record_kind_name((enum record_kind)kind)) == 0) {
            settings->kinds |= 1U << kind;
            return 0;
        }
    }
    return cli_usage(state, "--type '%s' is no kind of record", text);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    switch (key) {
    case KEY_TYPE:
        return add_kind(settings, text, state);
    case KEY_SIZES:
        settings->sizes = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_keys = {
    .name = "keys",
    .section = TOOL_SECTION_LOOK,
    .summary = "List the stored keys of a range: versions, inline values, intents",
    .details = "Each line has the user key, its timestamp (0,0 where metadata stands) and what the "
               "record is, separated by tabs. All versions are listed, also those that are "
               "deleted or covered; `varve range-data` shows what is in them.",
    .arguments = {"STORE"},
    .options = CLI_SPAN | CLI_LIMIT | CLI_RESUME | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
