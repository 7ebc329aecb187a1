/* varve gc run: collect garbage. */
#include "gc.h"
#include "interrupt.h"
#include "progress.h"
#include "times.h"

#include <inttypes.h>

/*
 * Two memtables may exist, and what is in them is next to nothing compared to what it removes:
 * small ones keep the memory of the whole command small.
 */
#define WRITE_BUFFER_BYTES (8 << 20)

/* What a step collects at most. */
#define STEP_VERSIONS 4096

/* The job that goes on where `*gc` is, which is closed, with another size of its steps. */
static varve_status reopen(const struct store *store, varve_gc_options options, uint64_t versions,
                           varve_gc **gc, varve_error *err)
{
    varve_buf token = VARVE_BUF_INIT;
    varve_status status = varve_gc_token(*gc, &token, err);

    varve_gc_close(*gc);
    *gc = NULL;
    options.resume = varve_buf_slice(&token);
    options.batch_versions = versions;
    if (status == VARVE_OK)
        status = varve_gc_open(store->engine, &options, gc, err);
    varve_buf_release(&token);
    return status;
}

struct collecting {
    const struct cli *cli;
    const struct store *store;
    const varve_gc_options *options;
    varve_gc *gc;
    varve_gc_report report;
    uint64_t before; /* versions collected by those who began the job */
    bool more;
};

static uint64_t left_of(const struct collecting *c)
{
    uint64_t done = c->report.collected.versions - c->before;

    return c->cli->limit < 0 ? UINT64_MAX : (uint64_t)c->cli->limit - done;
}

static varve_status step(struct collecting *c, struct progress *progress, varve_error *err)
{
    varve_job_progress done = {.struct_size = sizeof done};
    varve_status status = VARVE_OK;

    if (left_of(c) < c->options->batch_versions)
        status = reopen(c->store, *c->options, left_of(c), &c->gc, err);
    if (status == VARVE_OK)
        status = varve_gc_step(c->gc, &c->more, err);
    if (status == VARVE_OK)
        status = varve_gc_get_report(c->gc, &c->report, err);
    if (status == VARVE_OK)
        status = varve_gc_get_progress(c->gc, &done, err);
    progress->total_bytes = done.total_bytes;
    progress_update(progress, done.keys, done.bytes);
    if (status == VARVE_OK && c->more)
        interrupt_pause(c->report.pause_ns);
    return status;
}

static varve_status collect(struct collecting *c, varve_error *err)
{
    struct progress progress;
    varve_status status = varve_gc_open(c->store->engine, c->options, &c->gc, err);

    if (status == VARVE_OK)
        status = varve_gc_get_report(c->gc, &c->report, err);
    c->before = c->report.collected.versions;
    c->more = true;
    progress_start(&progress, "keys", 0, true);
    while (status == VARVE_OK && c->more && left_of(c) > 0)
        status = step(c, &progress, err);
    progress_end(&progress);
    return status;
}

static void print(const struct collecting *c)
{
    const varve_gc_report *report = &c->report;
    struct json_line line;

    if (c->cli->json) {
        json_line_begin(&line);
        gc_json_tally(&line, "collected", &report->collected, &report->collected_keys);
        json_line_count(&line, "commits", report->commits);
        gc_json_rest(&line, report);
        json_line_end(&line);
        return;
    }
    out_format("collected %" PRIu64 " versions of %" PRIu64 " bytes; nothing is left of %" PRIu64
               " keys\n",
               report->collected.versions, report->collected.bytes, report->collected_keys);
    gc_print_rest(report, "are");
}

static enum tool_exit print_resume(const struct collecting *c)
{
    varve_buf token = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = TOOL_OK;

    if (varve_gc_token(c->gc, &token, &err) != VARVE_OK)
        code = cli_fail_error(c->cli, &err, "%s", c->store->path);
    else
        span_options_print_resume(c->cli, varve_buf_slice(&token));
    varve_buf_release(&token);
    return code;
}

/* What has been collected until then is gone, and told; so is how to go on after an interrupt. */
static enum tool_exit fail(const struct collecting *c, varve_error *err)
{
    if (err->status != VARVE_CANCELLED || c->gc == NULL)
        return gc_fail(c->cli, c->store, c->options, c->gc, err);
    enum tool_exit code = cli_fail_error(c->cli, err, "%s: %" PRIu64 " versions collected",
                                         c->store->path, c->report.collected.versions);
    (void)print_resume(c);
    return code;
}

static enum tool_exit collect_from(const struct cli *cli, const struct store *store,
                                   const struct gc_settings *settings)
{
    struct gc_job job = GC_JOB_INIT;
    struct collecting collecting = {.cli = cli,
                                    .store = store,
                                    .options = &job.options,
                                    .report = {.struct_size = sizeof(varve_gc_report)}};
    varve_cancel *cancel = NULL;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = gc_job_read(cli, store, settings, &job);

    if (code == TOOL_OK)
        code = interrupt_begin(cli, &cancel);
    job.options.cancel = cancel;
    /* A step is followed by a pause: one of more than a second's worth would be above the rate. */
    job.options.batch_versions = settings->rate > 0 && settings->rate < STEP_VERSIONS
                                     ? (uint64_t)settings->rate
                                     : STEP_VERSIONS;
    if (code == TOOL_OK && collect(&collecting, &err) != VARVE_OK)
        code = fail(&collecting, &err);
    if (code == TOOL_OK) {
        print(&collecting);
        if (collecting.more)
            code = print_resume(&collecting);
    }
    if (code == TOOL_OK)
        code = damaged_keys_end(cli, store, collecting.report.damaged_keys);
    varve_gc_close(collecting.gc);
    interrupt_end(cancel);
    gc_job_release(&job);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    enum tool_exit code =
        store_open_writing_much(cli, cli->arguments[0], WRITE_BUFFER_BYTES, &store);

    if (code == TOOL_OK && cli->dry_run)
        code = gc_estimate(cli, &store, settings);
    else if (code == TOOL_OK)
        code = collect_from(cli, &store, settings);
    return store_close_writing(cli, &store, code);
}

const struct command cmd_gc_run = {
    .name = "gc run",
    .section = TOOL_SECTION_JOBS,
    .summary = "Collect garbage: versions that nobody needs any more",
    .details =
        "Removes what `varve gc estimate` with the same options counts, in commits of at most 4096 "
        "versions, each of which keeps the statistics of the store exact. It may be killed at any "
        "time and run again. SIGINT ends it behind a commit, with exit code 130; then, and with "
        "--limit after so many versions, it says how to go on.\n\n"
        "Reads below the time up to which garbage has been collected are refused from then on. "
        "What "
        "readers at a time need is kept by a hold at that time: see `varve gc hold`. The space is "
        "given back by compactions; `varve compact` does not wait for RocksDB to choose them.\n\n"
        "With --at, ages and the ends of holds are as of that time. With --dry-run this is `varve "
        "gc "
        "estimate`.",
    .arguments = {"STORE"},
    .options = CLI_AT | CLI_JSON | CLI_HEX | CLI_REDACT | CLI_SPAN | CLI_LIMIT | CLI_RESUME |
               CLI_WRITE | CLI_DRY_RUN,
    .argp = &gc_run_argp,
    .settings_size = sizeof(struct gc_settings),
    .run = run,
};
