/* varve stats: the statistics that a store keeps of its keys. */
#include "progress.h"
#include "records.h"
#include "span_options.h"
#include "stats_fields.h"
#include "store.h"
#include "times.h"

#include <inttypes.h>
#include <unistd.h>

/* The account of all keys of applications. */
static varve_slice account_of_store(void)
{
    return varve_slice_of(NULL, 0);
}

static const char advice[] = "`varve stats repair STORE --write` begins to";

/* ---- stats show ---------------------------------------------------------------------------- */

static void print_kept(const struct cli *cli, const varve_stats *stats)
{
    struct json_line line;

    if (!cli->json) {
        stats_out(stats);
        return;
    }
    json_line_begin(&line);
    stats_json(&line, "kept", stats);
    json_line_end(&line);
}

static enum tool_exit show(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_stats stats;
    varve_ts now;
    enum tool_exit code = store_open(cli, cli->arguments[0], &store);

    (void)settings;
    if (code == TOOL_OK)
        code = time_of_ages(cli, store.reader, &now);
    if (code == TOOL_OK) {
        varve_status status =
            varve_stats_account_get(store.reader, account_of_store(), now.wall, &stats, &err);
        if (status == VARVE_OK)
            print_kept(cli, &stats);
        else if (status == VARVE_NOT_FOUND)
            code = cli_fail(cli, TOOL_NO, "%s keeps no statistics; %s", store.path, advice);
        else
            code =
                cli_fail_error(cli, &err, "%s: reading the statistics that it keeps", store.path);
        varve_error_release(&err);
    }
    store_close(&store);
    return code;
}

const struct command cmd_stats_show = {
    .name = "stats show",
    .section = TOOL_SECTION_CHECK,
    .summary = "Print the statistics that a store keeps, with ages as of now or a time",
    .details = "They are of all keys of applications, and as exact as a recount, unless "
               "contains_estimates is above 0. Where a store keeps none, the exit code is 1.",
    .arguments = {"STORE"},
    .options = CLI_AT | CLI_JSON | CLI_REDACT,
    .run = show,
};

/* ---- Counting ------------------------------------------------------------------------------ */

/* A count that is under way. */
struct counting {
    const struct cli *cli;
    const struct store *store;
    varve_span span; /* of user keys; its end is not empty */
    varve_recount *job;
    bool more;
};

static enum tool_exit fail_count(const struct counting *counting, varve_error *err)
{
    /* What stands in the way has to go before all can be counted. */
    static const char around[] =
        "; `varve check` tells of all that is damaged, `varve keys` and `varve range-data` show "
        "what can be read";
    const struct cli *cli = counting->cli;
    const char *path = counting->store->path;
    varve_job_progress done = {.struct_size = sizeof done};
    char text[CLI_KEY_TEXT_MAX];
    varve_span left = counting->span;
    bool named = cli_exit_of(err->status) == TOOL_CORRUPT &&
                 varve_recount_get_progress(counting->job, &done, NULL) == VARVE_OK &&
                 done.at.size > 0;

    if (named)
        left.start = done.at;
    records_tell_gap(cli, counting->store, left, err, "counted");
    if (!named)
        return cli_fail_reading(cli, err, around, "%s", path);
    return cli_fail_reading(cli, err, around, "%s: at or behind key %s", path,
                            cli_key_text(cli, done.at, text));
}

/* Whether a new job with the token would begin behind where this one has begun. */
static bool has_moved(const struct counting *counting, const varve_buf *first)
{
    varve_buf token = VARVE_BUF_INIT;
    bool moved = varve_recount_token(counting->job, &token, NULL) == VARVE_OK &&
                 !varve_slice_equal(varve_buf_slice(&token), varve_buf_slice(first));

    varve_buf_release(&token);
    return moved;
}

/* Count up to `until` records, but one key at least, of which `first` is the token. */
static varve_status step_through(struct counting *counting, varve_job_progress *done,
                                 uint64_t until, const varve_buf *first, varve_error *err)
{
    struct progress progress;
    varve_status status = VARVE_OK;

    progress_start(&progress, "records", done->total_bytes, !isatty(STDOUT_FILENO));
    progress_update(&progress, done->records, done->bytes);
    while (status == VARVE_OK && counting->more &&
           (done->records < until || !has_moved(counting, first))) {
        status = varve_recount_step(counting->job, &counting->more, err);
        if (status == VARVE_OK)
            status = varve_recount_get_progress(counting->job, done, err);
        progress_update(&progress, done->records, done->bytes);
    }
    progress_end(&progress);
    return status;
}

/* Count on, up to --limit or to the end. */
static enum tool_exit count(struct counting *counting)
{
    varve_buf first = VARVE_BUF_INIT;
    varve_job_progress done = {.struct_size = sizeof done};
    varve_error err = VARVE_ERROR_INIT;
    int64_t limit = counting->cli->limit;
    varve_status status = varve_recount_get_progress(counting->job, &done, &err);

    counting->more = true;
    if (status == VARVE_OK)
        status = varve_recount_token(counting->job, &first, &err);
    if (status == VARVE_OK)
        status = step_through(
            counting, &done, limit < 0 ? UINT64_MAX : done.records + (uint64_t)limit, &first, &err);
    varve_buf_release(&first);
    if (status == VARVE_OK)
        return TOOL_OK;
    return fail_count(counting, &err);
}

/* ---- stats recount ------------------------------------------------------------------------- */

static bool is_whole(const struct cli *cli)
{
    return cli->prefix == NULL && cli->start == NULL && cli->end == NULL && !cli->system;
}

/* Compare with the account as it was when the job was opened. */
static enum tool_exit compare(const struct cli *cli, const struct store *store, varve_recount *job,
                              struct stats_comparison *comparison)
{
    const varve_stats counted = varve_recount_stats(job);

    *comparison = (struct stats_comparison){.result = STATS_NOT_COMPARED, .counted = counted};
    if (!is_whole(cli))
        return TOOL_OK;
    return stats_compare(cli, store->path, store->reader, &counted, comparison);
}

static void print_count(const struct cli *cli, const struct stats_comparison *comparison)
{
    struct json_line line;

    if (!cli->json) {
        stats_out_comparison(comparison);
        if (comparison->result == STATS_NOT_KEPT)
            out_text("the store keeps no statistics\n");
        return;
    }
    json_line_begin(&line);
    stats_json(&line, "counted", &comparison->counted);
    stats_json_comparison(&line, comparison);
    json_line_end(&line);
}

static enum tool_exit judge(const struct cli *cli, const struct store *store,
                            const struct stats_comparison *comparison)
{
    if (comparison->result == STATS_DIFFERENT)
        return cli_fail(cli, TOOL_CORRUPT,
                        "%s: its statistics are wrong; `varve stats repair` rights them",
                        store->path);
    if (comparison->result == STATS_DAMAGED)
        return cli_fail(cli, TOOL_CORRUPT,
                        "%s: the statistics that it keeps are damaged: %s; `varve stats repair` "
                        "writes them anew",
                        store->path, cli->redact ? "they do not decode" : comparison->fault);
    return TOOL_OK;
}

static enum tool_exit print_token(const struct cli *cli, const struct store *store,
                                  const varve_recount *job)
{
    varve_buf token = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = TOOL_OK;

    if (varve_recount_token(job, &token, &err) == VARVE_OK)
        span_options_print_resume(cli, varve_buf_slice(&token));
    else
        code = cli_fail_error(cli, &err, "%s", store->path);
    varve_buf_release(&token);
    return code;
}

static enum tool_exit recount_job(const struct cli *cli, const struct store *store, varve_span span,
                                  varve_recount *job)
{
    struct stats_comparison comparison;
    struct counting counting = {.cli = cli, .store = store, .span = span, .job = job};
    enum tool_exit code = count(&counting);

    if (code == TOOL_OK && counting.more)
        return print_token(cli, store, job);
    if (code == TOOL_OK)
        code = compare(cli, store, job, &comparison);
    if (code != TOOL_OK)
        return code;
    print_count(cli, &comparison);
    return judge(cli, store, &comparison);
}

static enum tool_exit recount_span(const struct cli *cli, const struct store *store,
                                   varve_span span)
{
    const varve_span all = {varve_slice_of(NULL, 0), varve_slice_of(NULL, 0)};
    struct bytes token = BYTES_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_recount *job = NULL;
    varve_ts now;
    enum tool_exit code = time_of_ages(cli, store->reader, &now);

    if (code == TOOL_OK && cli->resume != NULL)
        code = cli_hex_key(cli, "--resume", cli->resume, &token);
    if (code == TOOL_OK) {
        const varve_recount_options options = {
            .struct_size = sizeof options,
            .span = is_whole(cli) ? all : span,
            .now_nanos = now.wall,
            .step_records = cli->limit > 0 && cli->limit < 16384 ? (uint64_t)cli->limit : 0,
            .resume = bytes_slice(&token)};
        if (varve_recount_open(store->engine, &options, &job, &err) != VARVE_OK)
            code = cli_fail_error(cli, &err, "%s", cli->resume != NULL ? "--resume" : store->path);
    }
    if (code == TOOL_OK)
        code = recount_job(cli, store, span, job);
    varve_recount_close(job);
    bytes_release(&token);
    return code;
}

static enum tool_exit recount(const struct cli *cli, void *settings)
{
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    enum tool_exit code = span_options_read_bounds(cli, &range);

    (void)settings;
    /* To the job an empty start is the first key of applications. */
    if (code == TOOL_OK && range.span.start.size == 0)
        range.span.start = varve_slice_of("", 1);
    if (code == TOOL_OK && varve_slice_compare(range.span.start, range.span.end) > 0)
        range.span.end = range.span.start;
    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = recount_span(cli, &store, range.span);
    store_close(&store);
    span_options_release(&range);
    return code;
}

const struct command cmd_stats_recount = {
    .name = "stats recount",
    .section = TOOL_SECTION_CHECK,
    .summary = "Count the statistics of a store, or a range, by reading it",
    .details =
        "Of the whole store they are held against those that it keeps, field by field; the exit "
        "code is 5 if these are wrong. With --limit it stops once so many records have been read, "
        "and one key at least, and says how to go on: at the beginning of the key that it was in. "
        "That is refused if the store has changed since.",
    .arguments = {"STORE"},
    .options = CLI_SPAN | CLI_AT | CLI_LIMIT | CLI_RESUME | CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = recount,
};

/* ---- stats repair -------------------------------------------------------------------------- */

/* The store is this command's alone, so that what has been counted is what there is. */
static varve_status right(const struct store *store, const struct stats_comparison *comparison,
                          varve_error *err)
{
    varve_stats difference = comparison->counted;

    switch (comparison->result) {
    case STATS_NOT_COMPARED:
    case STATS_EQUAL:
        return VARVE_OK;
    case STATS_NOT_KEPT:
    case STATS_DAMAGED:
        return varve_stats_account_set(store->writer, account_of_store(), &comparison->counted,
                                       err);
    case STATS_ESTIMATED:
    case STATS_DIFFERENT:
        break;
    }
    varve_stats_subtract(&difference, &comparison->kept);
    return varve_stats_account_add(store->writer, account_of_store(), &difference, err);
}

static void print_repair(const struct cli *cli, const struct stats_comparison *comparison)
{
    const char *done = cli->dry_run ? "dry run, nothing written: " : "";
    struct json_line line;

    if (cli->json) {
        json_line_begin(&line);
        if (cli->dry_run)
            json_line_true(&line, "dry_run");
        stats_json(&line, "counted", &comparison->counted);
        stats_json_comparison(&line, comparison);
        json_line_end(&line);
        return;
    }
    stats_out_comparison(comparison);
    if (comparison->result == STATS_EQUAL)
        out_text("the statistics were right\n");
    else if (comparison->result == STATS_NOT_KEPT)
        out_format("%sthe store keeps statistics from now on\n", done);
    else if (comparison->result == STATS_DAMAGED)
        out_format("%sthe statistics were damaged and are written anew\n", done);
    else
        out_format("%sthe statistics are righted by the difference\n", done);
}

static enum tool_exit repair_job(const struct cli *cli, const struct store *store,
                                 varve_recount *job)
{
    struct stats_comparison comparison;
    struct counting counting = {
        .cli = cli, .store = store, .span = {varve_key_app_min(), varve_key_max()}, .job = job};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = count(&counting);

    if (code == TOOL_OK)
        code = compare(cli, store, job, &comparison);
    if (code == TOOL_OK && !cli->dry_run && right(store, &comparison, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s", store->path);
    if (code == TOOL_OK)
        print_repair(cli, &comparison);
    return code;
}

static enum tool_exit repair(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_recount *job = NULL;
    varve_ts now;
    enum tool_exit code = store_open_writing(cli, cli->arguments[0], &store);

    (void)settings;
    if (code == TOOL_OK)
        code = time_of_ages(cli, store.reader, &now);
    if (code == TOOL_OK) {
        const varve_recount_options options = {.struct_size = sizeof options,
                                               .now_nanos = now.wall};
        if (varve_recount_open(store.engine, &options, &job, &err) != VARVE_OK)
            code = cli_fail_error(cli, &err, "%s", store.path);
    }
    if (code == TOOL_OK)
        code = repair_job(cli, &store, job);
    varve_recount_close(job);
    return store_close_writing(cli, &store, code);
}

const struct command cmd_stats_repair = {
    .name = "stats repair",
    .section = TOOL_SECTION_CHECK,
    .summary = "Right the statistics that a store keeps, or begin to keep them",
    .details = "Counts them by reading the store and writes what they lack, in one commit. Prints "
               "what `varve stats recount` does of the time before. The store must not be open "
               "for writing elsewhere; varve_recount_difference() does the same beside writers.",
    .arguments = {"STORE"},
    .options = CLI_WRITE | CLI_DRY_RUN | CLI_JSON | CLI_REDACT,
    .run = repair,
};

/* ---- stats consolidate --------------------------------------------------------------------- */

static void print_consolidated(const struct cli *cli, const char *path)
{
    struct json_line line;

    if (!cli->json) {
        out_format("%s: its statistics are one record now\n", path);
        return;
    }
    json_line_begin(&line);
    json_line_true(&line, "consolidated");
    json_line_end(&line);
}

static enum tool_exit consolidate(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = store_open_writing(cli, cli->arguments[0], &store);

    (void)settings;
    if (code == TOOL_OK) {
        varve_status status =
            varve_stats_account_consolidate(store.engine, account_of_store(), NULL, &err);
        if (status == VARVE_OK)
            print_consolidated(cli, store.path);
        else if (status == VARVE_NOT_FOUND)
            code = cli_fail(cli, TOOL_NO, "%s keeps no statistics; %s", store.path, advice);
        else
            code = cli_fail_reading(cli, &err, "; `varve check` tells of all that is damaged", "%s",
                                    store.path);
        varve_error_release(&err);
    }
    return store_close_writing(cli, &store, code);
}

const struct command cmd_stats_consolidate = {
    .name = "stats consolidate",
    .section = TOOL_SECTION_JOBS,
    .summary = "Fold what batches have added to the statistics of a store into one record",
    .details = "Reading the statistics adds up what has been added to them since they were last "
               "folded. RocksDB folds as it compacts; this does it at once, by compacting the "
               "tables in which they lie. No number changes.",
    .arguments = {"STORE"},
    .options = CLI_WRITE | CLI_JSON | CLI_REDACT,
    .run = consolidate,
};
