/* varve intents resolve: end transactions that nobody will end any more. */
#include "damaged_keys.h"
#include "interrupt.h"
#include "output.h"
#include "position.h"
#include "progress.h"
#include "records.h"
#include "span_options.h"
#include "store.h"
#include "times.h"
#include "txn_prefix.h"
#include "units.h"

#include <inttypes.h>

/* What a step resolves at most. */
#define STEP_INTENTS 512

struct settings {
    struct txn_prefix txn; /* without a digit it is not given */
    bool has_age;
    int64_t older; /* seconds */
    bool commit;
    bool abort;
    bool has_time;
    varve_ts time; /* of the commit */
    bool has_epoch;
    int64_t epoch;
    int64_t rate; /* intents a second; 0 = no limit */
};

/* A job under way. */
struct resolving {
    const struct cli *cli;
    const struct store *store;
    varve_span span;
    varve_resolve_job *job;
    varve_resolve_job_report report;
    struct position position;
    struct progress progress;
    bool more;
    char reached[CLI_KEY_TEXT_MAX]; /* the key that it has come to; empty if it is not known */
};

/* ---- Doing --------------------------------------------------------------------------------- */

/* Intents lie anywhere: how far it is, is how much of the range lies in front of the key. */
static void tell_progress(struct resolving *resolving, const varve_job_progress *done)
{
    if (progress_is_due(&resolving->progress))
        progress_update(&resolving->progress, done->keys,
                        position_at(&resolving->position, done->at));
}

static varve_status step(struct resolving *resolving, varve_error *err)
{
    varve_job_progress done = {.struct_size = sizeof done};
    varve_status status = varve_resolve_job_step(resolving->job, &resolving->more, err);

    if (status == VARVE_OK)
        status = varve_resolve_job_get_report(resolving->job, &resolving->report, err);
    if (status == VARVE_OK)
        status = varve_resolve_job_get_progress(resolving->job, &done, err);
    if (status == VARVE_OK)
        tell_progress(resolving, &done);
    if (status == VARVE_OK && resolving->more)
        interrupt_pause(resolving->report.pause_ns);
    return status;
}

/* The key reached, for a message. */
static void remember_place(struct resolving *resolving)
{
    varve_job_progress done = {.struct_size = sizeof done};

    if (resolving->job != NULL &&
        varve_resolve_job_get_progress(resolving->job, &done, NULL) == VARVE_OK && done.at.size > 0)
        cli_key_text(resolving->cli, done.at, resolving->reached);
}

static varve_status resolve(struct resolving *resolving, const varve_resolve_job_options *options,
                            varve_error *err)
{
    struct progress *progress = &resolving->progress;
    varve_status status =
        varve_resolve_job_open(resolving->store->engine, options, &resolving->job, err);

    resolving->more = true;
    progress_start(progress, "keys", 0, true);
    if (progress->shown)
        position_begin(&resolving->position, resolving->store, resolving->span);
    progress->total_bytes = resolving->position.total;
    if (options->resume.size == 0) /* otherwise the first step tells where it begins */
        progress_update(progress, 0, 0);
    while (status == VARVE_OK && resolving->more)
        status = step(resolving, err);
    progress_end(progress);
    position_release(&resolving->position);
    remember_place(resolving);
    return status;
}

static void print(const struct cli *cli, const varve_resolve_job_report *report)
{
    struct json_line line;

    if (cli->json) {
        json_line_begin(&line);
        json_line_count(&line, "intents", report->intents);
        json_line_count(&line, "resolved", report->resolved);
        json_line_count(&line, "bytes", report->bytes);
        json_line_count(&line, "damaged", report->damaged);
        if (cli->dry_run)
            json_line_true(&line, "dry_run");
        json_line_end(&line);
        return;
    }
    out_format("%" PRIu64 " of %" PRIu64 " intents %s, with values of %" PRIu64 " bytes\n",
               report->resolved, report->intents, cli->dry_run ? "would be resolved" : "resolved",
               report->bytes);
}

static void print_resume(const struct resolving *resolving)
{
    varve_buf token = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;

    if (varve_resolve_job_token(resolving->job, &token, &err) != VARVE_OK)
        (void)cli_fail_error(resolving->cli, &err, "%s", resolving->store->path);
    else
        span_options_print_resume(resolving->cli, varve_buf_slice(&token));
    varve_buf_release(&token);
}

/* What has been done until then stands, and is told; so is how to go on after an interrupt. */
static enum tool_exit fail(const struct resolving *resolving, varve_error *err)
{
    records_tell_gap(resolving->cli, resolving->store, resolving->span, err, "resolved");
    bool named = resolving->reached[0] != '\0' && cli_exit_of(err->status) == TOOL_CORRUPT;
    bool interrupted = err->status == VARVE_CANCELLED && resolving->job != NULL;
    enum tool_exit code = cli_fail_reading(
        resolving->cli, err, CLI_AROUND_RANGE, "%s: %" PRIu64 " intents resolved%s%s",
        resolving->store->path, resolving->report.resolved, named ? ", then at or behind key " : "",
        named ? resolving->reached : "");

    if (interrupted)
        print_resume(resolving);
    return code;
}

/* ---- The command --------------------------------------------------------------------------- */

static void set_options(const struct cli *cli, const struct settings *settings,
                        varve_resolve_job_options *options)
{
    *options = (varve_resolve_job_options){.struct_size = sizeof *options,
                                           .status = settings->commit ? VARVE_TXN_COMMITTED
                                                                      : VARVE_TXN_ABORTED,
                                           .has_epoch = settings->has_epoch,
                                           .epoch = (int32_t)settings->epoch,
                                           .commit_ts = settings->time,
                                           .estimate = cli->dry_run,
                                           .has_account = true,
                                           .rate = (uint64_t)settings->rate};
    /* A step is followed by a pause: one of more than a second's worth would be above the rate. */
    if (settings->rate > 0 && settings->rate < STEP_INTENTS)
        options->batch_intents = (uint64_t)settings->rate;
}

/* The latest time that is so old; intents of later ones stay. */
static enum tool_exit set_age(const struct cli *cli, const struct store *store, int64_t seconds,
                              varve_resolve_job_options *options)
{
    varve_ts now;
    enum tool_exit code = time_of_ages(cli, store->reader, &now);

    if (code != TOOL_OK)
        return code;
    if (seconds >= now.wall / 1000000000)
        return cli_fail(cli, TOOL_USAGE, "--older-than reaches back before the beginning of time");
    options->not_above = varve_ts_of(now.wall - seconds * 1000000000, INT32_MAX);
    return TOOL_OK;
}

static enum tool_exit resolve_in(const struct cli *cli, const struct store *store,
                                 const struct settings *settings, varve_span span,
                                 varve_slice token)
{
    struct resolving resolving = {.cli = cli,
                                  .store = store,
                                  .span = span,
                                  .report = {.struct_size = sizeof(varve_resolve_job_report)}};
    varve_resolve_job_options options;
    struct damaged_keys damaged = {.cli = cli};
    unsigned char id[VARVE_TXN_ID_SIZE];
    varve_cancel *cancel = NULL;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = TOOL_OK;

    set_options(cli, settings, &options);
    options.span = span;
    options.resume = token;
    options.damaged = damaged_keys_tell;
    options.damaged_arg = &damaged;
    if (settings->has_age)
        code = set_age(cli, store, settings->older, &options);
    if (code == TOOL_OK && settings->txn.count > 0) {
        code = txn_prefix_find(cli, store, span, &settings->txn, id);
        options.txn_id = id;
    }
    if (code == TOOL_OK)
        code = interrupt_begin(cli, &cancel);
    options.cancel = cancel;
    if (code == TOOL_OK && resolve(&resolving, &options, &err) != VARVE_OK)
        code = fail(&resolving, &err);
    if (code == TOOL_OK) {
        print(cli, &resolving.report);
        code = damaged_keys_end(cli, store, resolving.report.damaged);
    }
    varve_resolve_job_close(resolving.job);
    interrupt_end(cancel);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct span_options range = SPAN_OPTIONS_INIT;
    struct bytes token = BYTES_INIT;
    struct store store = STORE_INIT;
    enum tool_exit code = span_options_read_some(cli, &range);

    if (code == TOOL_OK && cli->system)
        code = cli_fail(cli, TOOL_USAGE, "no transaction writes varve's own records");
    if (code == TOOL_OK)
        code = cli->resume != NULL ? cli_hex_key(cli, "--resume", cli->resume, &token) : TOOL_OK;
    if (code == TOOL_OK)
        code = store_open_writing(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = resolve_in(cli, &store, settings, range.span, bytes_slice(&token));
    code = store_close_writing(cli, &store, code);
    bytes_release(&token);
    span_options_release(&range);
    return code;
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_TXN = 0x200, KEY_OLDER, KEY_COMMIT, KEY_ABORT, KEY_COMMIT_TIME, KEY_EPOCH, KEY_RATE };

static const struct argp_option options[] = {
    {"txn", KEY_TXN, "ID", 0, "Only of the transaction whose id begins so, 8 digits or more", 0},
    {"older-than", KEY_OLDER, "TIME", 0, "Only those that are so old: 90s, 15m, 24h, 7d", 0},
    {"abort", KEY_ABORT, NULL, 0, "Remove them: what they have written is lost", 0},
    {"commit", KEY_COMMIT, NULL, 0, "Make versions of them that all can see", 0},
    {"commit-time", KEY_COMMIT_TIME, "TIME", 0, "With --commit: at TIME, not where each stands", 0},
    {"epoch", KEY_EPOCH, "N", 0, "With --commit: only of this epoch; others are removed", 0},
    {"rate", KEY_RATE, "N", 0, "Resolve N intents a second at most", 0},
    {0},
};

static error_t take_time(const struct argp_state *state, const char *text,
                         struct settings *settings)
{
    struct time_spec spec;
    const char *wrong = time_parse(varve_slice_text(text), &spec);

    if (wrong == NULL && (spec.kind != TIME_AT || varve_ts_is_zero(spec.ts)))
        wrong = "not a time that stands by itself";
    if (wrong != NULL)
        return cli_usage(state, "--commit-time '%s': %s", text, wrong);
    settings->has_time = true;
    settings->time = spec.ts;
    return 0;
}

static error_t check(const struct argp_state *state, const struct settings *settings)
{
    if (settings->txn.count == 0 && !settings->has_age)
        return cli_usage(state, "which intents? give --txn or --older-than");
    if (settings->commit == settings->abort)
        return cli_usage(state, "what has become of them? give --commit or --abort");
    if (settings->commit && settings->txn.count == 0)
        return cli_usage(state, "--commit is said of one transaction: give --txn");
    if (settings->abort && (settings->has_time || settings->has_epoch))
        return cli_usage(state, "--commit-time and --epoch go with --commit");
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    switch (key) {
    case KEY_TXN:
        if (!txn_prefix_read(text, &settings->txn))
            return cli_usage(state, "--txn '%s' is no id: 32 hexadecimal digits", text);
        if (settings->txn.count < TXN_PREFIX_MIN)
            return cli_usage(state, "--txn '%s' is too short: give %d digits or more", text,
                             TXN_PREFIX_MIN);
        return 0;
    case KEY_OLDER:
        settings->has_age = duration_parse(text, &settings->older);
        return settings->has_age
                   ? 0
                   : cli_usage(state, "--older-than '%s' is no time such as 90s, 15m, 24h or 7d",
                               text);
    case KEY_ABORT:
        settings->abort = true;
        return 0;
    case KEY_COMMIT:
        settings->commit = true;
        return 0;
    case KEY_COMMIT_TIME:
        return take_time(state, text, settings);
    case KEY_EPOCH:
        settings->has_epoch = cli_number(text, INT32_MAX, &settings->epoch);
        return settings->has_epoch ? 0 : cli_usage(state, "--epoch '%s' is no epoch", text);
    case KEY_RATE:
        if (!cli_number(text, INT64_MAX, &settings->rate) || settings->rate == 0)
            return cli_usage(state, "--rate '%s' is not a number from 1 on", text);
        return 0;
    case ARGP_KEY_END:
        return check(state, settings);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_intents_resolve = {
    .name = "intents resolve",
    .section = TOOL_SECTION_JOBS,
    .summary = "End transactions that nobody will end: commit or abort their intents",
    .details =
        "Only for transactions whose owner is gone for good: what is committed is seen by "
        "everybody, what is aborted is lost. `varve intents` lists them; --dry-run counts what "
        "would be resolved.\n\n"
        "It works in commits of at most 512 intents. SIGINT ends it behind one of them, with exit "
        "code 130, and it says how to go on; without that the same command does the rest, too. "
        "With --at, ages are those of that time. Damaged keys are left as they are and named; the "
        "exit code is 5 then.",
    .arguments = {"STORE"},
    .options =
        CLI_AT | CLI_SPAN | CLI_RESUME | CLI_WRITE | CLI_DRY_RUN | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
