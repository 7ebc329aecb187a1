/* varve export: the records of a span in a file. */
#include "output.h"
#include "output_path.h"
#include "record_file.h"
#include "records.h"
#include "span_options.h"
#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
    bool sst;
};

/* What has been written. */
struct written {
    uint64_t records;
    uint64_t bytes;
};

/* ---- Text ---------------------------------------------------------------------------------- */

static enum tool_exit fail_file(const struct cli *cli, int error)
{
    return cli_fail(cli, TOOL_IO, "%s: %s%s", cli->arguments[1], strerror(error),
                    error == ENOSPC ? "; make room and run the command again" : "");
}

/* A walk that writes, and on whose behalf. */
struct copying {
    const struct cli *cli;
    struct record_writer *writer;
};

static enum tool_exit take_record(void *arg, struct records *walk, const struct record *record)
{
    const struct copying *copying = arg;

    (void)walk;
    if (record->key.size == 0)
        return cli_fail(
            copying->cli, TOOL_CORRUPT,
            "a stored key does not decode; `varve keys` shows it, and --start and --end "
            "go around it");
    record_writer_add(copying->writer, record->key, record->ts, record->value);
    return copying->writer->error == 0 ? TOOL_OK : fail_file(copying->cli, copying->writer->error);
}

static enum tool_exit copy_records(const struct cli *cli, const struct store *store,
                                   varve_span span, struct record_writer *writer)
{
    struct copying copying = {cli, writer};
    struct records walk = {.store = store,
                           .span = span,
                           .each = take_record,
                           .arg = &copying,
                           .is_silent = writer->file != NULL};

    record_writer_begin(writer, span);
    enum tool_exit code = records_walk(cli, &walk);
    /* Without its last line no reader takes the file for a whole one. */
    if (code == TOOL_OK && walk.damage != TOOL_OK)
        code = cli_fail(cli, walk.damage,
                        "the export is not whole and not kept; --start and --end go around what "
                        "cannot be read");
    if (code == TOOL_OK)
        record_writer_end(writer);
    if (code == TOOL_OK && writer->error != 0)
        code = fail_file(cli, writer->error);
    return code;
}

/* Close a file that has been written, and durably if all went well; else it is removed. */
static enum tool_exit close_file(const struct cli *cli, FILE *file, enum tool_exit code)
{
    bool good = code != TOOL_OK || (fflush(file) == 0 && fsync(fileno(file)) == 0);
    int error = errno;

    good = (fclose(file) == 0 || code != TOOL_OK) && good;
    if (!good)
        code = fail_file(cli, error);
    if (code != TOOL_OK)
        unlink(cli->arguments[1]);
    return code;
}

static enum tool_exit export_text(const struct cli *cli, const struct store *store, varve_span span,
                                  struct written *written)
{
    const char *path = cli->arguments[1];
    bool to_stdout = strcmp(path, "-") == 0;
    enum tool_exit code = to_stdout ? TOOL_OK : output_is_new(cli, path);
    struct record_writer writer = {.file = NULL};

    if (code != TOOL_OK)
        return code;
    writer.file = to_stdout ? NULL : fopen(path, "wxe");
    if (!to_stdout && writer.file == NULL)
        return fail_file(cli, errno);
    code = copy_records(cli, store, span, &writer);
    if (!to_stdout)
        code = close_file(cli, writer.file, code);
    record_writer_release(&writer);
    *written = (struct written){writer.records, writer.bytes};
    return code;
}

/* ---- Tables -------------------------------------------------------------------------------- */

static void look(const void *arg, uint64_t *items, uint64_t *bytes)
{
    struct stat file;

    *items = 1; /* the one that is being written, there already or not */
    if (stat(arg, &file) == 0)
        *bytes = (uint64_t)file.st_size;
}

/* One call, which says nothing on its way. */
static varve_status write_table(const struct store *store, const char *path,
                                const varve_export_options *options, varve_export_result *result,
                                varve_error *err)
{
    struct watch watch;
    uint64_t total = 0;
    varve_status status =
        varve_engine_approximate_bytes(store->engine, options->start, options->end, &total, err);

    if (status != VARVE_OK)
        return status;
    watch_begin(&watch, "table", total, look, path);
    status = varve_export_range(store->reader, path, options, result, err);
    watch_end(&watch);
    return status;
}

static enum tool_exit export_table(const struct cli *cli, const struct store *store,
                                   varve_span span, struct written *written)
{
    varve_export_result result = {.struct_size = sizeof result, .resume = VARVE_BUF_INIT};
    varve_export_options options = {.struct_size = sizeof options};
    const char *path = cli->arguments[1];
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = output_is_new(cli, path);

    if (code != TOOL_OK)
        return code;
    varve_status status = varve_span_encode(span, &lower, &upper, &err);
    options.start = varve_buf_slice(&lower);
    options.end = varve_buf_slice(&upper);
    if (status == VARVE_OK)
        status = write_table(store, path, &options, &result, &err);
    if (status != VARVE_OK) {
        records_tell_gap(cli, store, span, &err, "exported");
        code = cli_fail_reading(cli, &err, CLI_AROUND_RANGE, "%s: not written", path);
    } else if (result.records == 0) {
        code = cli_fail(cli, TOOL_NO, "there are no records in the range, and a table has some");
    }
    *written = (struct written){result.records, result.data_bytes};
    varve_buf_release(&result.resume);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    return code;
}

/* ---- The command --------------------------------------------------------------------------- */

static void report(const struct cli *cli, const struct written *written)
{
    struct json_line line;

    if (cli->json) {
        json_line_begin(&line);
        json_line_count(&line, "records", written->records);
        json_line_count(&line, "bytes", written->bytes);
        json_line_end(&line);
    } else {
        cli_note(cli, "%" PRIu64 " records, %" PRIu64 " bytes", written->records, written->bytes);
    }
}

static enum tool_exit check_arguments(const struct cli *cli, const struct settings *settings)
{
    bool to_stdout = strcmp(cli->arguments[1], "-") == 0;

    /* An account of all keys would be wrong with some of them. */
    if (cli->system && (cli->prefix != NULL || cli->start != NULL || cli->end != NULL))
        return cli_fail(cli, TOOL_USAGE,
                        "--system exports varve's own records, which speak of all of the store: "
                        "without --prefix, --start and --end");
    if (to_stdout && (settings->sst || cli->json))
        return cli_fail(cli, TOOL_USAGE, "standard output takes --format records, without --json");
    return TOOL_OK;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    struct written written = {0, 0};
    enum tool_exit code = check_arguments(cli, settings);

    if (code == TOOL_OK)
        code = span_options_read_some(cli, &range);
    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK && settings->sst)
        code = export_table(cli, &store, range.span, &written);
    else if (code == TOOL_OK)
        code = export_text(cli, &store, range.span, &written);
    if (code == TOOL_OK)
        report(cli, &written);
    store_close(&store);
    span_options_release(&range);
    return code;
}

enum { KEY_FORMAT = 0x200 };

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "FORMAT", 0, "records (as without) or sst", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    if (key != KEY_FORMAT)
        return ARGP_ERR_UNKNOWN;
    settings->sst = strcmp(text, "sst") == 0;
    if (!settings->sst && strcmp(text, "records") != 0)
        return cli_usage(state, "--format '%s' is neither records nor sst", text);
    return 0;
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_export = {
    .name = "export",
    .section = TOOL_SECTION_JOBS,
    .summary = "Write the records of a range to a file, for `varve import records` or sst",
    .details =
        "FILE must not exist; - is standard output. The records are those of one moment, as they "
        "are stored: versions, deletions, intents, inline values, with their checksums. The format "
        "records is text, whose bytes depend on nothing but the records; sst is a table file of "
        "RocksDB's. Without --system, varve's own records stay behind.",
    .arguments = {"STORE", "FILE"},
    .options = CLI_SPAN | CLI_JSON | CLI_HEX,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
