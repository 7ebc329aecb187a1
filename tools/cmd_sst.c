/* varve sst dump, sst check, sst properties: table files by themselves. */
#include "progress.h"
#include "raw_record.h"
#include "span_options.h"
#include "table_file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tell what is wrong with a file; nothing if nothing is.  Returns the code. */
static enum tool_exit tell_fault(const struct cli *cli, const char *path, enum tool_exit code,
                                 const char *fault)
{
    if (code == TOOL_UNSUPPORTED)
        return cli_fail(cli, code,
                        "%s: unsupported: sst_dump is not installed, and without it varve reads "
                        "only what it wrote to be ingested%s%s; Debian has it in the package "
                        "`" ROCKSDB_TOOLS_PACKAGE "`",
                        path, fault[0] == '\0' ? "" : ": ", fault);
    if (code == TOOL_OK || fault[0] == '\0')
        return code;
    return cli_fail(cli, code, "%s: %s", path,
                    cli->redact && code == TOOL_CORRUPT ? "it is damaged" : fault);
}

static uint64_t size_of(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}

static void start_progress(const struct cli *cli, struct progress *progress)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < cli->list_count; i++)
        bytes += size_of(cli->list[i]);
    /* On one terminal the output itself tells how far it is. */
    progress_start(progress, "files", bytes, !isatty(STDOUT_FILENO));
    progress_expect(progress, cli->list_count);
    progress_update(progress, 0, 0);
}

/* What cannot be opened, sst_dump takes for an empty file, and a folder for one that is damaged. */
static enum tool_exit can_be_read(const struct cli *cli, const char *path)
{
    struct stat status;

    if (access(path, R_OK) != 0 && errno == EACCES)
        return cli_fail(cli, TOOL_IO, "%s: %s", path, strerror(errno));
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return cli_fail(cli, TOOL_IO, "%s: %s; name the table files in it", path, strerror(EISDIR));
    return TOOL_OK;
}

/* Each file in its turn, whatever became of those before; returns the first failure. */
static enum tool_exit each_file(const struct cli *cli,
                                enum tool_exit (*work)(const struct cli *cli, const char *path))
{
    enum tool_exit first = TOOL_OK;
    struct progress progress;
    uint64_t bytes = 0;

    start_progress(cli, &progress);
    for (size_t i = 0; i < cli->list_count && !out_failed(); i++) {
        enum tool_exit code = can_be_read(cli, cli->list[i]);
        if (code == TOOL_OK)
            code = work(cli, cli->list[i]);
        first = first == TOOL_OK ? code : first;
        bytes += size_of(cli->list[i]);
        progress_update(&progress, i + 1, bytes);
    }
    progress_end(&progress);
    return first;
}

/* ---- sst dump ------------------------------------------------------------------------------ */

/* A dump that is under way. */
struct dumping {
    const struct cli *cli;
    const char *path;
    int64_t shown;
    struct bytes last; /* the key of the last record */
    bool stopped;
    bool no_memory;
};

static void print_text(const struct dumping *dumping, uint64_t sequence, const varve_record *record)
{
    if (dumping->cli->list_count > 1)
        out_format("%s\t", dumping->path);
    if (sequence == NO_SEQUENCE)
        out_text("-\t");
    else
        out_format("%" PRIu64 "\t", sequence);
    raw_record_out(dumping->cli, record);
    out_text("\n");
}

static void print_json(const struct dumping *dumping, uint64_t sequence, const varve_record *record)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_bytes(&line, "file", varve_slice_text(dumping->path), false);
    if (sequence != NO_SEQUENCE)
        json_line_count(&line, "sequence", sequence);
    raw_record_json(dumping->cli, &line, record);
    json_line_end(&line);
}

/* Records of one key are not torn apart: it is a key that one goes on from. */
static bool ends_here(const struct dumping *dumping, const varve_record *record)
{
    return dumping->cli->limit >= 0 && dumping->shown >= dumping->cli->limit &&
           record->type != VARVE_RECORD_CLEAR_RANGE &&
           (dumping->last.size == 0 ||
            !varve_slice_equal(bytes_slice(&dumping->last), record->key));
}

static bool take_record(void *arg, uint64_t sequence, const varve_record *record)
{
    struct dumping *dumping = arg;

    if (ends_here(dumping, record)) {
        span_options_print_resume(dumping->cli, record->key);
        dumping->stopped = true;
        return false;
    }
    if (record->type != VARVE_RECORD_CLEAR_RANGE) {
        dumping->shown++;
        dumping->no_memory = !bytes_copy(&dumping->last, record->key);
    }
    if (dumping->cli->json)
        print_json(dumping, sequence, record);
    else
        print_text(dumping, sequence, record);
    return !out_failed() && !dumping->no_memory;
}

static enum tool_exit dump_file(const struct cli *cli, const char *path)
{
    struct dumping dumping = {.cli = cli, .path = path};
    struct bytes from = BYTES_INIT;
    char fault[RAW_COMPLAINT_MAX] = "";
    enum tool_exit code = TOOL_OK;

    if (cli->resume != NULL)
        code = cli_hex_key(cli, "--resume", cli->resume, &from);
    if (code == TOOL_OK) {
        code = table_file_scan(cli, path, bytes_slice(&from), varve_slice_of("", 0), take_record,
                               &dumping, fault);
        code = tell_fault(cli, path, code, fault);
    }
    if (code == TOOL_OK && dumping.no_memory)
        code = cli_fail(cli, TOOL_IO, "out of memory");
    bytes_release(&dumping.last);
    bytes_release(&from);
    return code;
}

static enum tool_exit run_dump(const struct cli *cli, void *settings)
{
    (void)settings;
    if (cli->list_count > 1 && (cli->limit >= 0 || cli->resume != NULL))
        return cli_fail(cli, TOOL_USAGE, "--limit and --resume are for one FILE");
    return each_file(cli, dump_file);
}

/* ---- sst check ----------------------------------------------------------------------------- */

static enum tool_exit check_file(const struct cli *cli, const char *path)
{
    struct json_line line;
    char fault[RAW_COMPLAINT_MAX];
    enum tool_exit code = table_file_check(cli, path, fault);

    if (code != TOOL_OK && code != TOOL_CORRUPT)
        return tell_fault(cli, path, code, fault);
    if (cli->redact && code != TOOL_OK)
        snprintf(fault, sizeof fault, "it does not read well");
    progress_wipe();
    if (cli->json) {
        json_line_begin(&line);
        json_line_bytes(&line, "file", varve_slice_text(path), false);
        json_line_add(&line, "good", json_boolean(code == TOOL_OK));
        if (code != TOOL_OK)
            json_line_bytes(&line, "fault", varve_slice_text(fault), false);
        json_line_end(&line);
    } else {
        out_format("%s\t%s%s%s\n", path, code == TOOL_OK ? "good" : "damaged",
                   code == TOOL_OK ? "" : "\t", code == TOOL_OK ? "" : fault);
    }
    return code;
}

static enum tool_exit run_check(const struct cli *cli, void *settings)
{
    (void)settings;
    enum tool_exit code = each_file(cli, check_file);
    if (code == TOOL_CORRUPT)
        return cli_fail(cli, code, "there is damage");
    return code;
}

/* ---- sst properties ------------------------------------------------------------------------ */

/* What sst_dump calls a property, and what it is called here. */
static const char *const properties[][2] = {
    {"data blocks", "data_blocks"},
    {"entries", "entries"},
    {"deletions", "deletions"},
    {"merge operands", "merge_operands"},
    {"range deletions", "range_deletions"},
    {"raw key size", "key_bytes"},
    {"raw value size", "value_bytes"},
    {"data block size", "data_block_bytes"},
    {"filter block size", "filter_block_bytes"},
    {"creation time", "created"},
    {"file creation time", "file_created"},
    {"original file number", "file_number"},
};

static bool take_property(void *arg, const char *name, const char *text)
{
    int64_t *numbers = arg;
    size_t count = sizeof properties / sizeof properties[0];

    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, properties[i][0]) == 0 && !cli_number(text, INT64_MAX, &numbers[i]))
            numbers[i] = -1;
    }
    /* Its name tells the version of the index; the number behind it is wanted all the same. */
    if (strncmp(name, "index block size", strlen("index block size")) == 0 &&
        !cli_number(text, INT64_MAX, &numbers[count]))
        numbers[count] = -1;
    return true;
}

static enum tool_exit print_properties(const struct cli *cli, const char *path)
{
    enum { COUNT = sizeof properties / sizeof properties[0] };
    int64_t numbers[COUNT + 1];
    char fault[RAW_COMPLAINT_MAX];
    struct json_line line;

    for (size_t i = 0; i <= COUNT; i++)
        numbers[i] = -1;
    enum tool_exit code = table_file_properties(cli, path, take_property, numbers, fault);
    if (code != TOOL_OK)
        return tell_fault(cli, path, code, fault);
    if (cli->json) {
        json_line_begin(&line);
        json_line_bytes(&line, "file", varve_slice_text(path), false);
    }
    for (size_t i = 0; i <= COUNT; i++) {
        const char *name = i == COUNT ? "index_block_bytes" : properties[i][1];
        if (numbers[i] >= 0 && cli->json)
            json_line_count(&line, name, (uint64_t)numbers[i]);
        else if (numbers[i] >= 0)
            out_format("%s\t%s\t%" PRId64 "\n", path, name, numbers[i]);
    }
    if (cli->json)
        json_line_end(&line);
    return TOOL_OK;
}

static enum tool_exit run_properties(const struct cli *cli, void *settings)
{
    (void)settings;
    return each_file(cli, print_properties);
}

/* ---- The commands -------------------------------------------------------------------------- */

#define NEEDS                                                                                      \
    " Takes sst_dump, of Debian's package " ROCKSDB_TOOLS_PACKAGE                                  \
    "; without it, files that varve wrote to be ingested can be read"

const struct command cmd_sst_dump_records = {
    .name = "sst dump",
    .section = TOOL_SECTION_FILES,
    .summary = "Print the records of table files",
    .details = "Each line has, between tabs, the sequence number of a record, what it does (put, "
               "merge, clear, single-clear, clear-range), its key with the time, and its value in "
               "hexadecimal; with several files, the file first. Removals of ranges come first, "
               "without a number." NEEDS ", as what they put.",
    .arguments = {"FILE..."},
    .options = CLI_LIMIT | CLI_RESUME | CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run_dump,
};

const struct command cmd_sst_check = {
    .name = "sst check",
    .section = TOOL_SECTION_FILES,
    .summary = "Hold all blocks of table files against their checksums",
    .details = "Goes on to the last file, whatever is found; the exit code is 5 if one is "
               "damaged." NEEDS ".",
    .arguments = {"FILE..."},
    .options = CLI_JSON | CLI_REDACT,
    .run = run_check,
};

const struct command cmd_sst_properties = {
    .name = "sst properties",
    .section = TOOL_SECTION_FILES,
    .summary = "Print the properties of table files, as numbers",
    .details = "Takes sst_dump, of Debian's package " ROCKSDB_TOOLS_PACKAGE ".",
    .arguments = {"FILE..."},
    .options = CLI_JSON | CLI_REDACT,
    .run = run_properties,
};
