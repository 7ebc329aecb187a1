/* varve checkpoint: a copy of a store as it is now. */
#include "output.h"
#include "output_path.h"
#include "store.h"

#include <inttypes.h>

/* What the copy holds; opening it is a first look whether it can be read. */
static enum tool_exit describe(const struct cli *cli, const char *path)
{
    struct store copy = STORE_INIT;
    varve_engine_info info = {.struct_size = sizeof info};
    varve_error err = VARVE_ERROR_INIT;
    struct json_line line;
    enum tool_exit code = store_open(cli, path, &copy);

    if (code == TOOL_OK && varve_engine_get_info(copy.engine, &info, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s", path);
    if (code == TOOL_OK && cli->json) {
        json_line_begin(&line);
        json_line_text(&line, "path", path);
        json_line_count(&line, "files", info.table_files);
        json_line_count(&line, "bytes", info.table_bytes);
        json_line_count(&line, "sequence", info.sequence);
        json_line_end(&line);
    } else if (code == TOOL_OK) {
        out_format("%s: %" PRIu64 " table files, %" PRIu64 " bytes, sequence number %" PRIu64 "\n",
                   path, info.table_files, info.table_bytes, info.sequence);
    }
    store_close(&copy);
    return code;
}

static enum tool_exit make(const struct cli *cli, const struct store *store, const char *path)
{
    varve_error err = VARVE_ERROR_INIT;

    if (varve_engine_checkpoint(store->engine, path, &err) == VARVE_OK)
        return TOOL_OK;
    return cli_fail_reading(cli, &err,
                            "; `varve check` tells of all that is damaged, `varve export` with "
                            "--start and --end goes around it",
                            "%s", path);
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    const char *path = cli->arguments[1];
    enum tool_exit code = output_is_new(cli, path);

    (void)settings;
    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = make(cli, &store, path);
    store_close(&store);
    return code == TOOL_OK ? describe(cli, path) : code;
}

const struct command cmd_checkpoint = {
    .name = "checkpoint",
    .section = TOOL_SECTION_JOBS,
    .summary = "Make a copy of a store as it is now, which is a store like any other",
    .details =
        "DIRECTORY must not exist. Table files are hard links where the file system allows, so "
        "that the copy takes next to no time and space; it is durable when the command ends. The "
        "store is not changed, and a program that writes to it is not disturbed: the copy has what "
        "that had committed when the command was run. What it commits with the log off is in the "
        "copy once it is in table files; the program itself can make a checkpoint with all of it, "
        "by varve_engine_checkpoint().",
    .arguments = {"STORE", "DIRECTORY"},
    .options = CLI_JSON | CLI_REDACT,
    .run = run,
};
