/* varve check: whether all that a store holds fits together. */
#include "progress.h"
#include "records.h"
#include "span_options.h"
#include "stats_fields.h"
#include "times.h"

#include <inttypes.h>
#include <unistd.h>

struct settings {
    bool has_limit;
    int64_t limit;
};

/* A check that is under way. */
struct checking {
    const struct cli *cli;
    const struct settings *settings;
    const char *path;
    varve_buf key; /* of the record in front of what cannot be read */
    uint64_t shown;
    struct progress progress;
};

/* ---- Findings ------------------------------------------------------------------------------ */

/* The record that a finding is about, to be printed as others are. */
static struct record record_of(struct checking *checking, const varve_finding *finding)
{
    struct record record = {
        .engine_key = finding->engine_key, .key = finding->user_key, .ts = finding->ts};

    if (finding->problem == VARVE_CHECK_UNREADABLE &&
        varve_key_decode(finding->engine_key, &checking->key, &record.ts, NULL) == VARVE_OK)
        record.key = varve_buf_slice(&checking->key);
    return record;
}

/* Texts may quote what they are about: with --redact the kind of the problem has to do. */
static const char *text_of(const struct checking *checking, const varve_finding *finding,
                           char redacted[256])
{
    varve_slice table = cli_table_in(finding->text);

    if (!checking->cli->redact)
        return finding->text;
    snprintf(redacted, 256, "%s%s%.*s", varve_check_problem_text(finding->problem),
             table.size > 0 ? ": " : "", (int)table.size,
             table.size > 0 ? (const char *)table.data : "");
    return redacted;
}

static void print_finding(struct checking *checking, const varve_finding *finding)
{
    const struct cli *cli = checking->cli;
    const struct record record = record_of(checking, finding);
    char redacted[256];
    const char *text = text_of(checking, finding, redacted);
    struct json_line line;

    if (!cli->json) {
        record_out_key(cli, &record);
        out_format("\t%s\t%s\n", varve_check_problem_word(finding->problem), text);
        return;
    }
    json_line_begin(&line);
    record_json_key(cli, &line, &record);
    json_line_text(&line, "problem", varve_check_problem_word(finding->problem));
    json_line_text(&line, "text", text);
    json_line_end(&line);
}

static void take_finding(void *arg, const varve_finding *finding)
{
    struct checking *checking = arg;

    if (checking->settings->has_limit && checking->shown >= (uint64_t)checking->settings->limit)
        return;
    checking->shown++;
    progress_wipe();
    print_finding(checking, finding);
}

/* ---- The summary --------------------------------------------------------------------------- */

static void print_problems(const varve_check_result *result)
{
    const char *separator = ": ";

    out_format("findings: %" PRIu64, result->findings);
    for (unsigned i = 0; i < VARVE_CHECK_PROBLEMS; i++) {
        if (result->problems[i] == 0)
            continue;
        out_format("%s%" PRIu64 " %s", separator, result->problems[i],
                   varve_check_problem_word((varve_check_problem)i));
        separator = ", ";
    }
    out_text("\n");
}

static void print_account(const varve_check_result *result,
                          const struct stats_comparison *comparison)
{
    switch (comparison->result) {
    case STATS_NOT_COMPARED:
        if (result->keys_left_out > 0)
            out_format("statistics: not compared, %" PRIu64
                       " damaged keys or places are left out\n",
                       result->keys_left_out);
        else
            out_text("statistics: not compared, they are of the whole store\n");
        break;
    case STATS_NOT_KEPT:
        out_text("statistics: not kept\n");
        break;
    case STATS_EQUAL:
        out_text("statistics: kept, and equal to what has been counted\n");
        break;
    case STATS_ESTIMATED:
        out_text("statistics: kept, with estimates; what has been counted differs\n");
        break;
    case STATS_DIFFERENT:
        out_text("statistics: kept, but not equal to what has been counted\n");
        break;
    case STATS_DAMAGED:
        out_text("statistics: kept, but damaged\n");
        break;
    }
    stats_out_differences(comparison);
}

static void print_text(const varve_job_progress *done, const varve_check_result *result,
                       const struct stats_comparison *comparison)
{
    out_format("%" PRIu64 " keys, %" PRIu64 " records, %" PRIu64 " bytes\n", done->keys,
               done->records, done->bytes);
    print_problems(result);
    print_account(result, comparison);
}

static void print_json(const varve_job_progress *done, const varve_check_result *result,
                       const struct stats_comparison *comparison)
{
    json_t *problems = json_object();
    struct json_line line;

    for (unsigned i = 0; i < VARVE_CHECK_PROBLEMS; i++) {
        if (result->problems[i] != 0)
            json_object_set_new(problems, varve_check_problem_word((varve_check_problem)i),
                                json_integer((json_int_t)result->problems[i]));
    }
    json_line_begin(&line);
    json_line_count(&line, "keys", done->keys);
    json_line_count(&line, "records", done->records);
    json_line_count(&line, "bytes", done->bytes);
    json_line_count(&line, "findings", result->findings);
    json_line_add(&line, "problems", problems);
    json_line_count(&line, "keys_left_out", result->keys_left_out);
    stats_json(&line, "counted", &result->stats);
    stats_json_comparison(&line, comparison);
    json_line_end(&line);
}

/* ---- The command --------------------------------------------------------------------------- */

static enum tool_exit finish(struct checking *checking, varve_check *job, bool whole)
{
    varve_job_progress done = {.struct_size = sizeof done};
    varve_check_result result = {.struct_size = sizeof result};
    struct stats_comparison comparison = {.result = STATS_NOT_COMPARED};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = TOOL_OK;
    varve_status status = varve_check_get_progress(job, &done, &err);

    if (status == VARVE_OK)
        status = varve_check_get_result(job, &result, &err);
    if (status != VARVE_OK)
        return cli_fail_error(checking->cli, &err, "%s", checking->path);
    if (whole && result.keys_left_out == 0)
        code = stats_compare(checking->cli, checking->path, varve_check_reader(job), &result.stats,
                             &comparison);
    if (code != TOOL_OK)
        return code;
    if (checking->cli->json)
        print_json(&done, &result, &comparison);
    else
        print_text(&done, &result, &comparison);
    bool drifted = comparison.result == STATS_DIFFERENT || comparison.result == STATS_DAMAGED;
    if (result.findings == 0 && !drifted)
        return TOOL_OK;
    return cli_fail(checking->cli, TOOL_CORRUPT, "%s: %s", checking->path,
                    result.findings > 0 ? "something in it does not fit together"
                                        : "its statistics are wrong; `varve stats repair` rights "
                                          "them");
}

static enum tool_exit step_through(struct checking *checking, varve_check *job)
{
    varve_job_progress done = {.struct_size = sizeof done};
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = VARVE_OK;

    progress_start(&checking->progress, "records", 0, !isatty(STDOUT_FILENO));
    progress_update(&checking->progress, 0, 0);
    for (bool more = true; status == VARVE_OK && more && !out_failed();) {
        status = varve_check_step(job, &more, &err);
        if (status == VARVE_OK)
            status = varve_check_get_progress(job, &done, &err);
        checking->progress.total_bytes = done.total_bytes;
        progress_update(&checking->progress, done.records, done.bytes);
    }
    progress_end(&checking->progress);
    if (status != VARVE_OK)
        return cli_fail_error(checking->cli, &err, "%s", checking->path);
    return out_failed() ? TOOL_IO : TOOL_OK;
}

static enum tool_exit check(struct checking *checking, const struct store *store, varve_span span,
                            bool whole)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_check *job = NULL;
    varve_ts now;
    enum tool_exit code = time_of_ages(checking->cli, store->reader, &now);

    if (code != TOOL_OK)
        return code;
    const varve_check_options options = {.struct_size = sizeof options,
                                         .span = span,
                                         .now_nanos = now.wall,
                                         .each = take_finding,
                                         .arg = checking};
    if (varve_check_open(store->engine, &options, &job, &err) != VARVE_OK)
        return cli_fail_error(checking->cli, &err, "%s", store->path);
    code = step_through(checking, job);
    if (code == TOOL_OK)
        code = finish(checking, job, whole);
    varve_check_close(job);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    struct checking checking = {.cli = cli, .settings = arg, .path = cli->arguments[0]};
    bool whole = cli->prefix == NULL && cli->start == NULL && cli->end == NULL;
    const varve_span all = {varve_slice_of(NULL, 0), varve_slice_of(NULL, 0)};
    enum tool_exit code = span_options_read_bounds(cli, &range);

    if (code == TOOL_OK && varve_slice_compare(range.span.start, range.span.end) > 0)
        range.span.end = range.span.start;
    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = check(&checking, &store, whole ? all : range.span, whole);
    store_close(&store);
    varve_buf_release(&checking.key);
    span_options_release(&range);
    return code;
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_LIMIT = 0x200 };

static const struct argp_option options[] = {
    {"limit", KEY_LIMIT, "N", 0, "Print at most N findings; all are counted", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    if (key != KEY_LIMIT)
        return ARGP_ERR_UNKNOWN;
    settings->has_limit = true;
    if (!cli_number(text, INT64_MAX, &settings->limit))
        return cli_usage(state, "--limit '%s' is not a number", text);
    return 0;
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_check = {
    .name = "check",
    .section = TOOL_SECTION_CHECK,
    .summary = "Check that all records of a store fit together",
    .details =
        "Reads every record once: that its key decodes and stands in order, that metadata matches "
        "the versions behind it, that intents have their values and values their checksums. Each "
        "finding is a line: the key and its time, the kind of the problem, and what is wrong, "
        "separated by tabs. What cannot be read is passed over and told, with the table file and "
        "the last record before it.\n\n"
        "Then what has been read, and whether the statistics that the store keeps are those "
        "counted. Without a range everything is checked, varve's own records too.\n\n"
        "The exit code is 0 if the store is sound, and 5 if something was found or its statistics "
        "are wrong.",
    .arguments = {"STORE"},
    .options = CLI_SPAN | CLI_AT | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
