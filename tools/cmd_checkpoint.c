/* varve checkpoint: a copy of a store as it is now. */
#include "output.h"
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

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = store_open_alone(cli, cli->arguments[0], 0, &store);

    (void)settings;
    if (code == TOOL_OK &&
        varve_engine_checkpoint(store.engine, cli->arguments[1], &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s", cli->arguments[1]);
    code = store_close_writing(cli, &store, code);
    return code == TOOL_OK ? describe(cli, cli->arguments[1]) : code;
}

const struct command cmd_checkpoint = {
    .name = "checkpoint",
    .section = TOOL_SECTION_JOBS,
    .summary = "Make a copy of a store as it is now, which is a store like any other",
    .details =
        "DIRECTORY must not exist. Table files are hard links where the file system allows, so "
        "that the copy takes no time and no space; it is durable when the command ends. What the "
        "store holds does not change, but its memory tables are written to files, which no writer "
        "may be at work for: a program that has the store open makes checkpoints by itself, with "
        "varve_engine_checkpoint().",
    .arguments = {"STORE", "DIRECTORY"},
    .options = CLI_JSON,
    .run = run,
};
