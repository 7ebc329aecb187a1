/* varve salvage: end a damaged write-ahead log in front of the damage. */
#include "log_file.h"
#include "output.h"
#include "store.h"

#include <inttypes.h>
#include <stdlib.h>

/* What the log files say. */
struct look {
    char file[64]; /* that has the first damage; empty if there is none */
    uint64_t offset;
    char text[256];
    bool has_fault; /* a log is damaged, or ends in the midst of a commit */
    bool no_memory;
    uint64_t *commits; /* that can be read behind that: the numbers of their first records */
    size_t count;
    size_t room;
};

/* ---- Looking ------------------------------------------------------------------------------- */

static bool make_room(struct look *look)
{
    if (look->count < look->room)
        return true;
    size_t room = look->room == 0 ? 1024 : 2 * look->room;
    uint64_t *commits = realloc(look->commits, room * sizeof *commits);
    look->no_memory = commits == NULL;
    if (commits == NULL)
        return false;
    look->commits = commits;
    look->room = room;
    return true;
}

static bool take_commit(void *arg, const struct log_commit *commit)
{
    struct look *look = arg;

    if (!look->has_fault)
        return true;
    if (!make_room(look))
        return false;
    look->commits[look->count++] = commit->first;
    return true;
}

static bool take_fault(void *arg, const struct log_fault *fault)
{
    struct look *look = arg;

    look->has_fault = true;
    if (fault->is_torn || look->file[0] != '\0')
        return true;
    snprintf(look->file, sizeof look->file, "%s", fault->file);
    snprintf(look->text, sizeof look->text, "%s", fault->text);
    look->offset = fault->offset;
    return true;
}

/*
 * How many commits that can be read are not kept, if all up to `sequence` is.  Some may be in front
 * of the damage: salvage goes no further than to a log that ends in the midst of a commit either,
 * if those behind it do not follow on what is in front.
 */
static uint64_t dropped(const struct look *look, uint64_t sequence)
{
    uint64_t commits = 0;

    for (size_t i = 0; i < look->count; i++)
        commits += look->commits[i] > sequence;
    return commits;
}

static enum tool_exit look_at_logs(const struct cli *cli, const char *path, struct look *look)
{
    const struct log_walk walk = {take_commit, take_fault, look, NULL};
    enum tool_exit code = log_files_walk(cli, path, &walk);

    return code == TOOL_OK && look->no_memory ? cli_fail(cli, TOOL_IO, "out of memory") : code;
}

/* Try to open the store without salvage.  `err` is empty if that succeeds. */
static enum tool_exit try_to_open(const struct cli *cli, const char *path, varve_error *err)
{
    varve_engine *engine = NULL;
    const varve_options options = {
        .struct_size = sizeof options, .path = path, .read_only = true, .must_exist = true};

    if (varve_engine_open(&options, &engine, err) == VARVE_OK)
        return varve_engine_close(engine, err) == VARVE_OK ? TOOL_OK
                                                           : cli_fail_error(cli, err, "%s", path);
    return cli_exit_of(err->status) == TOOL_CORRUPT
               ? TOOL_OK
               : cli_fail_error(cli, err, "cannot open the store %s", path);
}

/* ---- Salvaging ----------------------------------------------------------------------------- */

/* Open the store with what can be saved of its log, or with --dry-run look at that. */
static enum tool_exit salvage(const struct cli *cli, const char *path, uint64_t *sequence)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_engine *engine = NULL;
    const varve_options options = {.struct_size = sizeof options,
                                   .path = path,
                                   .read_only = cli->dry_run,
                                   .must_exist = true,
                                   .salvage = true};
    varve_status status = varve_engine_open(&options, &engine, &err);

    if (status != VARVE_OK)
        return cli_fail_reading(cli, &err, STORE_READ_ITS_FILES, "cannot open the store %s", path);
    *sequence = varve_engine_sequence(engine);
    status = varve_engine_close(engine, &err);
    return status == VARVE_OK ? TOOL_OK
                              : cli_fail_error(cli, &err, "cannot close the store %s", path);
}

static void print_json(const struct cli *cli, const struct look *look, uint64_t sequence)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_add(&line, "damaged", json_boolean(look->file[0] != '\0'));
    if (look->file[0] != '\0') {
        json_line_text(&line, "file", look->file);
        json_line_count(&line, "offset", look->offset);
        json_line_text(&line, "text", look->text);
        json_line_count(&line, "commits_dropped", dropped(look, sequence));
        json_line_count(&line, "sequence", sequence);
        json_line_add(&line, "dry_run", json_boolean(cli->dry_run));
    }
    json_line_end(&line);
}

static void print_text(const struct cli *cli, const struct look *look, uint64_t sequence)
{
    const char *would = cli->dry_run ? "would be " : "";

    if (look->file[0] == '\0') {
        out_text("the log is sound\n");
        return;
    }
    out_format("%s is damaged at byte %" PRIu64 ": %s\n", look->file, look->offset, look->text);
    out_format("%skept: all up to record %" PRIu64 "\n", would, sequence);
    out_format("%sdropped: what is damaged, and %" PRIu64 " commits that can be read\n", would,
               dropped(look, sequence));
}

/* End the log of a store that does not open for `err`, and say what has become of it. */
static enum tool_exit look_and_salvage(const struct cli *cli, const char *path, varve_error *err,
                                       struct look *look)
{
    uint64_t sequence = 0;
    enum tool_exit code = err->status == VARVE_OK ? TOOL_OK : look_at_logs(cli, path, look);

    if (code == TOOL_OK && err->status != VARVE_OK && look->file[0] == '\0')
        code = cli_fail_reading(cli, err, STORE_READ_ITS_FILES,
                                "the log of %s is sound, but it cannot be opened", path);
    if (code == TOOL_OK && look->file[0] != '\0')
        code = salvage(cli, path, &sequence);
    if (code != TOOL_OK)
        return code;
    if (cli->json)
        print_json(cli, look, sequence);
    else
        print_text(cli, look, sequence);
    return TOOL_OK;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    const char *path = cli->arguments[0];
    struct look look = {.count = 0};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = cli->dry_run ? TOOL_OK : cli_need_write(cli);

    (void)settings;
    if (code == TOOL_OK)
        code = try_to_open(cli, path, &err);
    if (code == TOOL_OK)
        code = look_and_salvage(cli, path, &err, &look);
    varve_error_release(&err);
    free(look.commits);
    return code;
}

const struct command cmd_salvage = {
    .name = "salvage",
    .section = TOOL_SECTION_JOBS,
    .summary = "End a damaged write-ahead log in front of the damage",
    .details =
        "Of a store that does not open because its log is damaged in the middle: what was "
        "committed in front of the damage is kept, all that follows is dropped for good, and the "
        "store opens again. Copy its directory first, and look with --dry-run, and with `varve wal "
        "dump` at what will be lost. Of a store whose log is sound nothing is changed. Damaged "
        "tables stay damaged.",
    .arguments = {"STORE"},
    .options = CLI_WRITE | CLI_DRY_RUN | CLI_JSON | CLI_REDACT,
    .run = run,
};
