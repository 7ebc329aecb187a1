/* varve compact: rewrite table files, without what is no longer there. */
#include "interrupt.h"
#include "output.h"
#include "span_options.h"
#include "store.h"
#include "units.h"
#include "watch.h"

#include <inttypes.h>
#include <time.h>

struct settings {
    bool bottommost;
};

/* Table files, all of the store. */
struct tables {
    uint64_t files;
    uint64_t bytes;
};

/* ---- Progress ------------------------------------------------------------------------------ */

static void look(const void *arg, uint64_t *items, uint64_t *bytes)
{
    const struct store *store = arg;
    varve_engine_stats stats = {.struct_size = sizeof stats};

    if (varve_engine_get_stats(store->engine, &stats, NULL) != VARVE_OK)
        return;
    *items = (uint64_t)stats.compactions;
    *bytes = (uint64_t)stats.compact_read_bytes;
}

/* ---- Compacting ---------------------------------------------------------------------------- */

static varve_status count_tables(const struct store *store, struct tables *tables, varve_error *err)
{
    varve_engine_info info = {.struct_size = sizeof info};
    varve_status status = varve_engine_get_info(store->engine, &info, err);

    tables->files = info.table_files;
    tables->bytes = info.table_bytes;
    return status;
}

static varve_status compact(const struct store *store, const varve_compact_options *options,
                            varve_error *err)
{
    struct watch watch;
    uint64_t total_bytes = 0;
    varve_status status = varve_engine_approximate_bytes(store->engine, options->start,
                                                         options->end, &total_bytes, err);

    if (status != VARVE_OK)
        return status;
    watch_begin(&watch, "compactions", total_bytes, look, store);
    status = varve_engine_compact_range(store->engine, options, err);
    watch_end(&watch);
    return status;
}

/* Of nothing asked for, everything: varve's own records are stored in the same files. */
static varve_status set_bounds(const struct cli *cli, varve_span span, varve_buf *lower,
                               varve_buf *upper, varve_error *err)
{
    if (cli->prefix == NULL && cli->start == NULL && cli->end == NULL)
        return VARVE_OK;
    return varve_span_encode(span, lower, upper, err);
}

static void print_json(const struct tables *before, const struct tables *after, double seconds)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_count(&line, "files_before", before->files);
    json_line_count(&line, "bytes_before", before->bytes);
    json_line_count(&line, "files_after", after->files);
    json_line_count(&line, "bytes_after", after->bytes);
    json_line_number(&line, "seconds", seconds);
    json_line_end(&line);
}

static void print_text(const struct tables *before, const struct tables *after)
{
    char from[SIZE_TEXT_MAX];
    char to[SIZE_TEXT_MAX];

    out_format("%" PRIu64 " table files of %s before, %" PRIu64 " of %s now\n", before->files,
               size_format((double)before->bytes, from), after->files,
               size_format((double)after->bytes, to));
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum tool_exit compact_store(const struct cli *cli, const struct store *store,
                                    const varve_compact_options *options)
{
    struct tables before = {0};
    struct tables after = {0};
    varve_error err = VARVE_ERROR_INIT;
    double began = seconds_now();
    varve_status status = count_tables(store, &before, &err);

    if (status == VARVE_OK)
        status = compact(store, options, &err);
    if (status == VARVE_OK)
        status = count_tables(store, &after, &err);
    if (status != VARVE_OK)
        return cli_fail_reading(cli, &err, CLI_AROUND_RANGE, "%s", store->path);
    if (cli->json)
        print_json(&before, &after, seconds_now() - began);
    else
        print_text(&before, &after);
    return TOOL_OK;
}

static enum tool_exit compact_span(const struct cli *cli, const struct store *store,
                                   const struct settings *settings, varve_span span)
{
    varve_compact_options options = {.struct_size = sizeof options,
                                     .bottommost = settings->bottommost};
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_cancel *cancel = NULL;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = interrupt_begin(cli, &cancel);

    if (code == TOOL_OK && set_bounds(cli, span, &lower, &upper, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "the range");
    options.start = varve_buf_slice(&lower);
    options.end = varve_buf_slice(&upper);
    options.cancel = cancel;
    if (code == TOOL_OK)
        code = compact_store(cli, store, &options);
    interrupt_end(cancel);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    enum tool_exit code = span_options_read_bounds(cli, &range);

    if (code == TOOL_OK)
        code = store_open_writing(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = compact_span(cli, &store, settings, range.span);
    code = store_close_writing(cli, &store, code);
    span_options_release(&range);
    return code;
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_BOTTOMMOST = 0x200 };

static const struct argp_option options[] = {
    {"bottommost", KEY_BOTTOMMOST, NULL, 0, "The tables of the last level, too", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    (void)text;
    if (key != KEY_BOTTOMMOST)
        return ARGP_ERR_UNKNOWN;
    settings->bottommost = true;
    return 0;
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_compact = {
    .name = "compact",
    .section = TOOL_SECTION_JOBS,
    .summary = "Rewrite the table files of a range into the last level",
    .details =
        "What has been overwritten or removed goes with it, and gives its space back; what the "
        "store holds stays what it is. Without --bottommost, tables that are in the last level "
        "already stay as they are, if nothing above them has keys of theirs. It takes as much "
        "space again as what it rewrites, until it is done.\n\n"
        "SIGINT ends it in good order, with exit code 130: the store is as far compacted as it "
        "came.",
    .arguments = {"STORE"},
    .options = CLI_SPAN | CLI_WRITE | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
