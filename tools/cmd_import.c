/* varve import: bring a file or a stream into a store, whole or from where it was left. */
#include "import_job.h"
#include "import_records.h"
#include "output.h"
#include "times.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

struct settings {
    const char *time;
};

struct format {
    const char *name;
    const char *items; /* what it consists of */
    bool (*import)(struct import_job *job, struct import_fault *fault);
    bool takes_time;
};

static const struct format formats[] = {
    {"git", "commits", import_git, false},
    {"tsv", "records", import_tsv, true},
    {"jsonl", "records", import_jsonl, true},
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    }
    return NULL;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- The input ----------------------------------------------------------------------------- */

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

static const char *input_name(const char *path)
{
    return is_stdin(path) ? "standard input" : path;
}

static enum tool_exit open_input(const struct cli *cli, const char *path, int *fd)
{
    *fd = is_stdin(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return cli_fail(cli, TOOL_IO, "%s: %s", path, strerror(errno));
    return TOOL_OK;
}

static void close_input(int fd)
{
    if (fd > STDIN_FILENO)
        close(fd);
}

/* ---- What has been done -------------------------------------------------------------------- */

static void print_json(const struct format *format, const struct import_job *job, double seconds)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_text(&line, "format", format->name);
    if (job->dry_run)
        json_line_true(&line, "dry_run");
    json_line_count(&line, format->items, job->records);
    json_line_count(&line, "imported_before", job->passed_over);
    json_line_count(&line, "versions", job->sink.versions);
    json_line_count(&line, "deletions", job->sink.deletions);
    json_line_count(&line, "bytes", job->sink.value_bytes);
    json_line_count(&line, "input_bytes", job->in.place.offset);
    json_line_number(&line, "seconds", seconds);
    json_line_end(&line);
}

static void print_note(const struct cli *cli, const struct format *format,
                       const struct import_job *job, double seconds)
{
    double mebibytes = (double)job->sink.value_bytes / (1 << 20);
    double rate = seconds > 0 ? (double)job->sink.versions / seconds : 0;
    char before[64] = "";

    if (job->passed_over > 0)
        snprintf(before, sizeof before, " after %" PRIu64 " imported before", job->passed_over);
    cli_note(cli,
             "%s%" PRIu64 " %s%s: %" PRIu64 " versions, of which %" PRIu64
             " deletions, %.1f MiB in %.2f s, %.0f versions/s",
             job->dry_run ? "dry run, nothing written: " : "", job->records, format->items, before,
             job->sink.versions, job->sink.deletions, mebibytes, seconds, rate);
}

static enum tool_exit report_fault(const struct cli *cli, const struct import_job *job,
                                   struct import_fault *fault)
{
    const char *kept = job->records > 0 && !job->dry_run && !job->sink.failed
                           ? "; what comes before is imported"
                           : "";

    return import_fail(cli, input_name(cli->arguments[2]), fault, kept);
}

/* ---- The command --------------------------------------------------------------------------- */

/* --time, if it is given, as the time of records without one. */
static enum tool_exit take_time(const struct cli *cli, const struct format *format,
                                const char *text, struct import_job *job)
{
    struct time_spec spec;

    if (text == NULL)
        return TOOL_OK;
    if (!format->takes_time)
        return cli_fail(cli, TOOL_USAGE, "--time: the commits of a git history have their own");
    const char *wrong = time_parse(varve_slice_text(text), &spec);
    if (wrong == NULL && spec.kind != TIME_AT)
        wrong = "not a time that stands by itself";
    if (wrong == NULL && varve_ts_is_zero(spec.ts))
        wrong = "time zero is not one of a version";
    if (wrong != NULL)
        return cli_fail(cli, TOOL_USAGE, "--time '%s': %s", text, wrong);
    job->has_time = true;
    job->time = spec.ts;
    return TOOL_OK;
}

/* Import from `fd`, which is open. */
static enum tool_exit import_from(const struct cli *cli, const struct format *format, int fd,
                                  struct import_job *job)
{
    struct import_fault fault = {0};
    double began = seconds_now();
    bool good = import_input_open(&job->in, import_read_fd, &fd) || import_no_memory(&fault);

    good = good && import_sink_open(&job->sink, cli->arguments[1], job->dry_run, &fault);
    progress_start(&job->progress, format->items, import_size_of(fd), true);
    good = good && format->import(job, &fault);
    progress_end(&job->progress);
    struct import_fault closing = {0};
    if (!import_sink_close(&job->sink, &closing)) {
        if (good)
            fault = closing;
        good = false;
    }
    double seconds = seconds_now() - began;
    enum tool_exit code = good ? TOOL_OK : report_fault(cli, job, &fault);
    if (good && cli->json)
        print_json(format, job, seconds);
    else if (good)
        print_note(cli, format, job, seconds);
    import_input_close(&job->in);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    const struct format *format = find_format(cli->arguments[0]);
    struct import_job job = {.sink = IMPORT_SINK_INIT, .dry_run = cli->dry_run};
    int fd = -1;

    if (format == NULL && settings->time == NULL && strcmp(cli->arguments[0], "records") == 0)
        return import_records(cli);
    if (format == NULL && settings->time == NULL && strcmp(cli->arguments[0], "sst") == 0)
        return import_table(cli);
    if (format == NULL)
        return cli_fail(cli, TOOL_USAGE, "'%s' is no format%s: git, tsv, jsonl, records or sst",
                        cli->arguments[0], settings->time == NULL ? "" : " that takes --time");
    enum tool_exit code = take_time(cli, format, settings->time, &job);
    if (code == TOOL_OK)
        code = open_input(cli, cli->arguments[2], &fd);
    if (code == TOOL_OK)
        code = import_from(cli, format, fd, &job);
    close_input(fd);
    return code;
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_TIME = 0x200 };

static const struct argp_option options[] = {
    {"time", KEY_TIME, "TIME", 0, "Of records that have none, instead of now", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    switch (key) {
    case KEY_TIME:
        settings->time = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_import = {
    .name = "import",
    .section = TOOL_SECTION_JOBS,
    .summary = "Import a git history, tsv, jsonl or an export, or go on with an import",
    .details =
        "FORMAT is git, tsv, jsonl, records or sst, FILE a file or - for standard input; a missing "
        "STORE is "
        "created.\n\n"
        "git reads what `git fast-export --first-parent --show-original-ids --reencode=no "
        "--signed-tags=strip --tag-of-filtered-object=drop --use-done-feature REF` writes.\n"
        "tsv reads lines KEY<TAB>VALUE[<TAB>TIME] with the escapes of PostgreSQL's COPY; the value "
        "\\N is a deletion.\n"
        "jsonl reads a JSON object on each line, as `varve scan --json` prints them.\n\n"
        "records and sst are what `varve export` writes, and become a new store, whole or not at "
        "all.\n\n"
        "An import of the others may be killed at any time: the same command goes on where it "
        "ended, and one "
        "with an input that has grown imports what is new.",
    .arguments = {"FORMAT", "STORE", "FILE"},
    .options = CLI_DRY_RUN | CLI_JSON | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
