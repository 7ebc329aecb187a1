/* varve wal dump: the write-ahead log, commit after commit. */
#include "log_file.h"
#include "raw_record.h"
#include "store.h"

#include <inttypes.h>
#include <unistd.h>

struct settings {
    int64_t since;
};

/* A dump that is under way. */
struct dumping {
    const struct cli *cli;
    uint64_t since;
    uint64_t expected; /* number of the next record; 0 = not known */
    int64_t shown;     /* commits */
    bool is_damaged;
    bool no_memory;
};

/* ---- What is not a record ------------------------------------------------------------------ */

static bool tell_fault(void *arg, const struct log_fault *fault)
{
    struct dumping *dumping = arg;
    const char *what = fault->is_torn ? "torn" : "damaged";
    struct json_line line;

    dumping->is_damaged = dumping->is_damaged || !fault->is_torn;
    if (dumping->cli->json) {
        json_line_begin(&line);
        json_line_text(&line, "fault", what);
        json_line_text(&line, "file", fault->file);
        json_line_count(&line, "offset", fault->offset);
        json_line_text(&line, "text", fault->text);
        json_line_end(&line);
    } else {
        out_format("-\t%s\t%s\t%" PRIu64 "\t%s\n", what, fault->file, fault->offset, fault->text);
    }
    return !out_failed();
}

/* Numbers that are not in the log: lost with what is damaged, or taken in as tables. */
static void tell_gap(const struct dumping *dumping, uint64_t first)
{
    struct json_line line;

    if (dumping->cli->json) {
        json_line_begin(&line);
        json_line_text(&line, "fault", "gap");
        json_line_count(&line, "from", dumping->expected);
        json_line_count(&line, "to", first - 1);
        json_line_end(&line);
    } else {
        out_format("-\tgap\t%" PRIu64 "\t%" PRIu64 "\n", dumping->expected, first - 1);
    }
}

static void print_commit(const struct dumping *dumping, const struct log_commit *commit,
                         uint32_t count)
{
    struct json_line line;

    if (dumping->cli->json) {
        json_line_begin(&line);
        json_line_count(&line, "commit", commit->first);
        json_line_text(&line, "file", commit->file);
        json_line_count(&line, "offset", commit->offset);
        json_line_count(&line, "records", count);
        json_line_count(&line, "bytes", commit->repr.size);
        json_line_end(&line);
    } else {
        out_format("%" PRIu64 "\tcommit\t%s\t%" PRIu64 "\t%" PRIu32 " records, %zu bytes\n",
                   commit->first, commit->file, commit->offset, count, commit->repr.size);
    }
}

static void tell_resume(const struct dumping *dumping, uint64_t first)
{
    struct json_line line;

    if (dumping->cli->json) {
        json_line_begin(&line);
        json_line_count(&line, "resume_since", first);
        json_line_end(&line);
    } else {
        cli_note(dumping->cli, "there is more; go on with --since %" PRIu64, first);
    }
}

/* ---- Records ------------------------------------------------------------------------------- */

static void print_record(const struct cli *cli, uint64_t sequence, const varve_record *record)
{
    struct json_line line;

    if (cli->json) {
        json_line_begin(&line);
        if (record->type != VARVE_RECORD_LOG)
            json_line_count(&line, "sequence", sequence);
        raw_record_json(cli, &line, record);
        json_line_end(&line);
        return;
    }
    if (record->type == VARVE_RECORD_LOG)
        out_text("-\t");
    else
        out_format("%" PRIu64 "\t", sequence);
    raw_record_out(cli, record);
    out_text("\n");
}

static varve_status print_records(const struct dumping *dumping, const struct log_commit *commit,
                                  varve_batch_reader *reader, varve_error *err)
{
    uint64_t sequence = commit->first;
    varve_record record;
    varve_status status;

    while ((status = varve_batch_reader_next(reader, &record, err)) == VARVE_OK && !out_failed()) {
        print_record(dumping->cli, sequence, &record);
        sequence += record.type != VARVE_RECORD_LOG;
    }
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/* A commit whose checksum is good and that still makes no sense. */
static void tell_bad_batch(struct dumping *dumping, const struct log_commit *commit,
                           varve_error *err)
{
    const struct log_fault fault = {commit->file, commit->offset, false,
                                    "the records of a commit do not decode"};

    dumping->no_memory = err->status == VARVE_NO_MEMORY;
    varve_error_release(err);
    tell_fault(dumping, &fault);
}

static bool take_commit(void *arg, const struct log_commit *commit)
{
    struct dumping *dumping = arg;
    varve_error err = VARVE_ERROR_INIT;
    varve_batch_reader *reader;
    uint32_t count = 0;

    if (varve_batch_repr_count(commit->repr, &count, &err) != VARVE_OK)
        varve_error_release(&err);
    uint64_t next = commit->first + count;
    if (next <= dumping->since && commit->first < dumping->since) {
        dumping->expected = next;
        return true;
    }
    if (dumping->shown == dumping->cli->limit) {
        tell_resume(dumping, commit->first);
        return false;
    }
    dumping->shown++;
    if (dumping->expected != 0 && commit->first > dumping->expected)
        tell_gap(dumping, commit->first);
    dumping->expected = next;
    print_commit(dumping, commit, count);
    if (varve_batch_reader_open(commit->repr, VARVE_BATCH_FROM_LOG, &reader, &err) != VARVE_OK) {
        tell_bad_batch(dumping, commit, &err);
        return !dumping->no_memory;
    }
    if (print_records(dumping, commit, reader, &err) != VARVE_OK)
        tell_bad_batch(dumping, commit, &err);
    varve_batch_reader_close(reader);
    return !out_failed() && !dumping->no_memory;
}

/* ---- The command --------------------------------------------------------------------------- */

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    struct dumping dumping = {.cli = cli, .since = (uint64_t)settings->since};
    struct progress progress;
    const struct log_walk walk = {take_commit, tell_fault, &dumping, &progress};
    const char *path = cli->arguments[0];
    enum tool_exit code = store_is_there(cli, path);

    if (code != TOOL_OK)
        return code;
    /* On one terminal the output itself tells how far it is. */
    progress_start(&progress, "commits", 0, !isatty(STDOUT_FILENO));
    code = log_files_walk(cli, path, &walk);
    progress_end(&progress);
    if (code == TOOL_OK && dumping.no_memory)
        return cli_fail(cli, TOOL_IO, "out of memory");
    if (code == TOOL_OK && dumping.is_damaged)
        return cli_fail(cli, TOOL_CORRUPT, "%s: the log is damaged", path);
    return code;
}

enum { KEY_SINCE = 0x200 };

static const struct argp_option options[] = {
    {"since", KEY_SINCE, "N", 0, "From the commit on that has the record of that sequence number",
     0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    if (key != KEY_SINCE)
        return ARGP_ERR_UNKNOWN;
    if (!cli_number(text, INT64_MAX, &settings->since))
        return cli_usage(state, "--since '%s' is not a number from 0 on", text);
    return 0;
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_wal_dump = {
    .name = "wal dump",
    .section = TOOL_SECTION_FILES,
    .summary = "Print the commits of the write-ahead log",
    .details = "For each commit a line with the number of its first record, its file, where it "
               "begins there, and its size; then its records, each with its number, what it does, "
               "its key and its data in hexadecimal, between tabs. The store is not opened. What "
               "is damaged is said in its place, and the dump goes on behind it; so is a log that "
               "ends in the midst of a commit, and gaps in the numbers. --limit counts commits.",
    .arguments = {"STORE"},
    .options = CLI_LIMIT | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
