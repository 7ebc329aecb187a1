/* varve top: the keys with the most versions, bytes or garbage. */
#include "load.h"
#include "picture.h"
#include "span_options.h"
#include "units.h"

#include <inttypes.h>
#include <stdio.h>

enum measure { BY_BYTES, BY_VERSIONS, BY_GARBAGE };

static const char *const measure_names[] = {"bytes", "versions", "garbage"};

enum { COUNT_USUAL = 10, COUNT_MAX = 1000 };

struct settings {
    enum measure by;
    int64_t count; /* 0 = the usual one */
};

struct entry {
    struct bytes key;
    struct load load;
};

/* A walk that is under way. */
struct top {
    const struct cli *cli;
    enum measure by;
    size_t room;
    size_t count;
    struct entry *entries; /* the largest first */
    struct bytes key;      /* the one that is being added up */
    struct load load;
    uint64_t keys;
    struct load all;
};

/* ---- Adding up ----------------------------------------------------------------------------- */

static uint64_t measure_of(const struct load *load, enum measure by)
{
    return by == BY_BYTES ? load->bytes : by == BY_VERSIONS ? load->versions : load->garbage;
}

/* Where the load belongs: behind those that are as large, which come first by their keys. */
static size_t place_of(const struct top *top, uint64_t measure)
{
    size_t place = top->count;

    while (place > 0 && measure_of(&top->entries[place - 1].load, top->by) < measure)
        place--;
    return place;
}

/* The key is complete: list it if it is one of the largest.  Returns false without memory. */
static bool finish_key(struct top *top)
{
    size_t place = place_of(top, measure_of(&top->load, top->by));
    struct entry entry = {.key = BYTES_INIT, .load = top->load};

    if (top->load.bytes == 0)
        return true;
    top->keys++;
    load_add_load(&top->all, &top->load);
    if (place == top->room || measure_of(&top->load, top->by) == 0)
        return true;
    if (!bytes_copy(&entry.key, bytes_slice(&top->key)))
        return false;
    if (top->count == top->room)
        bytes_release(&top->entries[--top->count].key);
    memmove(&top->entries[place + 1], &top->entries[place],
            (top->count - place) * sizeof *top->entries);
    top->entries[place] = entry;
    top->count++;
    return true;
}

static enum tool_exit take_record(void *arg, struct records *walk, const struct record *record)
{
    struct top *top = arg;
    (void)walk;
    if (record->new_key) {
        if (!finish_key(top) ||
            !bytes_copy(&top->key, record->key.size == 0 ? record->engine_key : record->key))
            return cli_fail(top->cli, TOOL_IO, "out of memory");
        top->load = (struct load){0};
    }
    load_add(&top->load, record);
    return TOOL_OK;
}

/* ---- Printing ------------------------------------------------------------------------------ */

static void print_json(const struct top *top)
{
    struct json_line line;

    for (size_t i = 0; i < top->count; i++) {
        json_line_begin(&line);
        json_line_data(&line, top->cli, "key", bytes_slice(&top->entries[i].key));
        load_json(&line, &top->entries[i].load);
        json_line_end(&line);
    }
    json_line_begin(&line);
    json_line_count(&line, "keys", top->keys);
    load_json(&line, &top->all);
    json_line_end(&line);
}

static void print_row(const struct load *load)
{
    char bytes[SIZE_TEXT_MAX];
    char garbage[SIZE_TEXT_MAX];

    out_format("%10" PRIu64 " %10s %10s", load->versions, size_format((double)load->bytes, bytes),
               size_format((double)load->garbage, garbage));
}

/* Of bytes the garbage is lighter; of the others the bar is one of all. */
static void print_bar(const struct top *top, const struct load *load, int columns)
{
    uint64_t most = measure_of(&top->entries[0].load, top->by);

    out_text("  ");
    picture_bar(columns, measure_of(load, top->by), top->by == BY_BYTES ? load->garbage : 0, most);
}

/* The bar of a key stands below it: the key may take all of its line. */
static void print_text(const struct top *top)
{
    const int numbers = 35;
    int columns = picture_columns(top->cli);

    out_format("%10s %10s %10s  %s\n", "VERSIONS", "BYTES", "GARBAGE", "KEY");
    for (size_t i = 0; i < top->count; i++) {
        print_row(&top->entries[i].load);
        out_text("  ");
        out_key(top->cli, bytes_slice(&top->entries[i].key));
        out_text("\n");
        if (columns == 0)
            continue;
        out_format("%*s", numbers - 3, "");
        print_bar(top, &top->entries[i].load, columns - numbers + 1);
        out_text("\n");
    }
    print_row(&top->all);
    out_format("  all of %" PRIu64 " keys\n", top->keys);
}

/* ---- The command --------------------------------------------------------------------------- */

static enum tool_exit walk_and_print(struct top *top, const struct store *store, varve_span span)
{
    struct records walk = {
        .store = store, .span = span, .each = take_record, .arg = top, .is_silent = true};
    enum tool_exit code = records_walk(top->cli, &walk);

    if (code == TOOL_OK && !finish_key(top))
        code = cli_fail(top->cli, TOOL_IO, "out of memory");
    if (code != TOOL_OK)
        return code;
    if (top->cli->json)
        print_json(top);
    else
        print_text(top);
    return walk.damage;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    struct top top = {.cli = cli,
                      .by = settings->by,
                      .room = settings->count == 0 ? COUNT_USUAL : (size_t)settings->count};
    enum tool_exit code = span_options_read_bounds(cli, &range);

    top.entries = calloc(top.room + 1, sizeof *top.entries);
    if (code == TOOL_OK && top.entries == NULL)
        code = cli_fail(cli, TOOL_IO, "out of memory");
    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = walk_and_print(&top, &store, range.span);
    for (size_t i = 0; i < top.count; i++)
        bytes_release(&top.entries[i].key);
    free(top.entries);
    bytes_release(&top.key);
    store_close(&store);
    span_options_release(&range);
    return code;
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_BY = 0x200, KEY_COUNT };

static const struct argp_option options[] = {
    {"by", KEY_BY, "WHAT", 0, "versions, bytes or garbage; without it bytes", 0},
    {"count", KEY_COUNT, "N", 0, "List N keys instead of 10; 1000 at most", 0},
    {0},
};

static error_t take_measure(struct settings *settings, const char *text,
                            const struct argp_state *state)
{
    for (size_t i = 0; i < sizeof measure_names / sizeof measure_names[0]; i++) {
        if (strcmp(text, measure_names[i]) == 0) {
            settings->by = (enum measure)i;
            return 0;
        }
    }
    return cli_usage(state, "--by '%s' is none of versions, bytes and garbage", text);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    switch (key) {
    case KEY_BY:
        return take_measure(settings, text, state);
    case KEY_COUNT:
        if (!cli_number(text, COUNT_MAX, &settings->count) || settings->count == 0)
            return cli_usage(state, "--count '%s' is not a number from 1 to 1000", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_top = {
    .name = "top",
    .section = TOOL_SECTION_LOOK,
    .summary = "List the keys with the most versions, bytes or garbage",
    .details =
        "Walks over the range once, in memory that depends on --count only. Bytes are those of "
        "stored keys and values, before compression. Garbage is what nobody needs who reads now: "
        "versions that a newer one covers, and deletions. Values of intents are no garbage, nor "
        "do they cover anything. On a terminal each key has a bar; of bytes the lighter part is "
        "garbage.",
    .arguments = {"STORE"},
    .options = CLI_SPAN | CLI_PLAIN | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
