/* varve sst-dump: RocksDB's sst_dump, as far as it only reads. */
#include "rocksdb_tools.h"

static const struct raw_rule rules[] = {
    {"check", NULL, 0},
    {"identify", NULL, 0},
    {"recompress", NULL, 0},
    {"scan", NULL, 0},
    {"verify", NULL, 0},
    {"raw", "it writes a file beside the table; `varve sst dump` prints what is in it", 0},
    {NULL, NULL, 0},
};

static const struct raw_rule known_options[] = {
    {"from", NULL, 0},
    {"to", NULL, 0},
    {"prefix", NULL, 0},
    {"read_num", NULL, 0},
    {"show_properties", NULL, 0},
    {"set_block_size", NULL, 0},
    {"compression_types", NULL, 0},
    {"compression_level_from", NULL, 0},
    {"compression_level_to", NULL, 0},
    {"verify_checksum", NULL, 0},
    {"output_hex", NULL, 0},
    {"input_key_hex", NULL, 0},

    {"file", "varve names the file", 0},
    {"command", "varve names the command", 0},
    {NULL, NULL, 0},
};

static enum tool_exit run(const struct cli *cli, void *settings)
{
    /* Without --verify_checksum none of its commands looks at checksums, `verify` neither. */
    const char *fixed[] = {"sst_dump",        NULL,           NULL, "--verify_checksum",
                           "--input_key_hex", "--output_hex", NULL};
    char *file = NULL;
    char *command = NULL;
    enum tool_exit code = TOOL_IO;

    (void)settings;
    if (raw_find_rule(cli, "sst_dump", rules) == NULL)
        return TOOL_USAGE;
    code = raw_check_options(cli, "sst_dump", known_options);
    if (code != TOOL_OK)
        return code;
    if (asprintf(&file, "--file=%s", cli->arguments[0]) < 0)
        file = NULL;
    if (asprintf(&command, "--command=%s", cli->list[0]) < 0)
        command = NULL;
    fixed[1] = file;
    fixed[2] = command;
    code = file == NULL || command == NULL ? cli_fail(cli, TOOL_IO, "out of memory")
                                           : raw_pass_on(cli, fixed);
    free(file);
    free(command);
    return code;
}

const struct command cmd_sst_dump = {
    .name = "sst-dump",
    .section = TOOL_SECTION_RAW,
    .summary = "Run RocksDB's sst_dump on a table file, as far as it only reads",
    .details = "Of its commands check, identify, recompress, scan and verify are passed on, with "
               "checksums looked at. Everything behind the command is for sst_dump; keys and "
               "values are in hexadecimal, those given with 0x in front. FILE may be a folder of "
               "table files, such as a store. It comes with Debian's "
               "package " ROCKSDB_TOOLS_PACKAGE ".",
    .arguments = {"FILE", "SST-DUMP-COMMAND..."},
    .options = CLI_PASS_ON,
    .run = run,
};
