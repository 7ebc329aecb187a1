/* varve gc estimate: what there is to collect, and what keeps the rest. */
#include "gc.h"
#include "progress.h"
#include "table.h"
#include "times.h"

static const struct table_column columns[] = {
    {"WHAT", false}, {"VERSIONS", true}, {"BYTES", true}, {NULL, false}};

static const struct table_column hold_columns[] = {
    {"HOLD", false}, {"TIME", false}, {"ENDS", false}, {"OWNER", false},
    {"KEEPS", true}, {"BYTES", true}, {NULL, false}};

/* ---- Text ---------------------------------------------------------------------------------- */

static void add_line(struct libscols_table *table, const char *what, const varve_gc_tally *tally)
{
    struct libscols_line *line = table_line(table);

    table_text(line, 0, what);
    table_count(line, 1, tally->versions);
    table_count(line, 2, tally->bytes);
}

struct hold_table {
    struct libscols_table *table;
    size_t count;
};

static varve_status add_hold(void *arg, const varve_gc_hold *hold, const varve_gc_tally *keeps,
                             varve_error *err)
{
    struct hold_table *holds = arg;
    char when[TIME_TEXT_MAX];

    (void)err;
    if (holds->count++ == 0)
        holds->table = table_open(hold_columns);
    struct libscols_line *line = table_line(holds->table);
    table_bytes(line, 0, hold->id);
    table_text(line, 1, time_format(hold->ts, true, when));
    table_text(line, 2,
               hold->expires == 0 ? "-" : time_format(varve_ts_of(hold->expires, 0), false, when));
    table_bytes(line, 3, hold->owner);
    table_count(line, 4, keeps->versions);
    table_count(line, 5, keeps->bytes);
    return VARVE_OK;
}

static varve_status print_text(const varve_gc *gc, const varve_gc_report *report, varve_error *err)
{
    struct libscols_table *table = table_open(columns);
    struct hold_table holds = {.count = 0};

    add_line(table, "would be collected", &report->collected);
    add_line(table, "kept by the policy", &report->kept_by_policy);
    add_line(table, "kept by holds", &report->kept_by_holds);
    add_line(table, "kept by intents", &report->kept_by_intents);
    table_print(table);
    out_format("nothing would be left of %llu keys\n", (unsigned long long)report->collected_keys);
    gc_print_rest(report, "would be");
    varve_status status = varve_gc_held(gc, add_hold, &holds, err);
    if (holds.count > 0) {
        out_text("\n");
        table_print(holds.table);
    }
    return status;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static varve_status add_json_hold(void *arg, const varve_gc_hold *hold, const varve_gc_tally *keeps,
                                  varve_error *err)
{
    struct json_line line;

    (void)err;
    json_line_begin(&line);
    json_line_bytes(&line, "hold", hold->id, false);
    json_line_time(&line, hold->ts);
    json_line_count(&line, "versions", keeps->versions);
    json_line_count(&line, "bytes", keeps->bytes);
    json_array_append_new(arg, json_line_take(&line));
    return VARVE_OK;
}

static varve_status print_json(const varve_gc *gc, const varve_gc_report *report,
                               const varve_job_progress *progress, varve_error *err)
{
    struct json_line line;
    json_t *holds = json_array();

    json_line_begin(&line);
    json_line_count(&line, "keys", progress->keys);
    json_line_count(&line, "records", progress->records);
    gc_json_tally(&line, "collected", &report->collected, &report->collected_keys);
    gc_json_tally(&line, "kept_by_policy", &report->kept_by_policy, NULL);
    gc_json_tally(&line, "kept_by_holds", &report->kept_by_holds, NULL);
    gc_json_tally(&line, "kept_by_intents", &report->kept_by_intents, NULL);
    gc_json_rest(&line, report);
    varve_status status = varve_gc_held(gc, add_json_hold, holds, err);
    json_line_add(&line, "holds", holds);
    json_line_end(&line);
    return status;
}

/* ---- The estimate -------------------------------------------------------------------------- */

static varve_status look(varve_gc *gc, varve_job_progress *done, varve_error *err)
{
    struct progress progress;
    bool more = true;
    varve_status status = varve_gc_get_progress(gc, done, err);

    progress_start(&progress, "keys", done->total_bytes, true);
    progress_update(&progress, done->keys, done->bytes);
    while (status == VARVE_OK && more) {
        status = varve_gc_step(gc, &more, err);
        if (status == VARVE_OK)
            status = varve_gc_get_progress(gc, done, err);
        progress_update(&progress, done->keys, done->bytes);
    }
    progress_end(&progress);
    return status;
}

static enum tool_exit estimate(const struct cli *cli, const struct store *store,
                               const varve_gc_options *options)
{
    varve_gc *gc = NULL;
    varve_job_progress done = {.struct_size = sizeof done};
    varve_gc_report report = {.struct_size = sizeof report};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code;
    varve_status status = varve_gc_open(store->engine, options, &gc, &err);

    if (status == VARVE_OK)
        status = look(gc, &done, &err);
    if (status == VARVE_OK)
        status = varve_gc_get_report(gc, &report, &err);
    if (status == VARVE_OK)
        status = cli->json ? print_json(gc, &report, &done, &err) : print_text(gc, &report, &err);
    code = status == VARVE_OK ? damaged_keys_end(cli, store, report.damaged_keys)
                              : gc_fail(cli, store, options, gc, &err);
    varve_gc_close(gc);
    return code;
}

enum tool_exit gc_estimate(const struct cli *cli, const struct store *store,
                           const struct gc_settings *settings)
{
    struct gc_job job = GC_JOB_INIT;
    enum tool_exit code = gc_job_read(cli, store, settings, &job);

    job.options.estimate = true;
    if (code == TOOL_OK)
        code = estimate(cli, store, &job.options);
    gc_job_release(&job);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    enum tool_exit code = store_open(cli, cli->arguments[0], &store);

    if (code == TOOL_OK)
        code = gc_estimate(cli, &store, settings);
    store_close(&store);
    return code;
}

const struct command cmd_gc_estimate = {
    .name = "gc estimate",
    .section = TOOL_SECTION_JOBS,
    .summary = "Say how much garbage there is to collect, and what keeps the rest",
    .details =
        "Judges every version and changes nothing. A version is garbage once nobody sees it who "
        "reads now: since the next one was written, and a deletion since its own time. What the "
        "policy lets go may still be kept by holds, see `varve gc holds`, and by intents, which "
        "`varve intents` lists. Each hold is told with what would stay if it were the only one.\n\n"
        "With --at, ages and the ends of holds are as of that time.",
    .arguments = {"STORE"},
    .options = CLI_AT | CLI_JSON | CLI_HEX | CLI_SPAN | CLI_REDACT,
    .argp = &gc_policy_argp,
    .settings_size = sizeof(struct gc_settings),
    .run = run,
};
