/* Operations that write keys. */
#include "operations.h"

#include "operation_values.h"
#include "span_options.h"
#include "write_fault.h"

/* ---- Single keys --------------------------------------------------------------------------- */

/* One operation on a key while it is being done. */
struct stroke {
    const struct cli *cli;
    const char *const *arguments;
    const struct operation_settings *settings;
    struct writing *writing;
    struct outcome outcome;
    varve_buf raw;    /* of VALUE */
    varve_buf expect; /* of --expect */
    varve_write how;
};

static varve_slice key_of(const struct stroke *stroke)
{
    return bytes_slice(&stroke->outcome.key);
}

static enum tool_exit fail_stroke(const struct stroke *stroke, varve_error *err)
{
    return write_fault(stroke->cli, key_of(stroke), err);
}

/* The second argument as the value to write, with a checksum if that is wanted. */
static enum tool_exit take_value(struct stroke *stroke)
{
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = operation_value(stroke->cli, "VALUE", stroke->arguments[1],
                                          stroke->settings->type, &stroke->raw);

    if (code == TOOL_OK && stroke->settings->checksum &&
        varve_value_init_checksum(&stroke->raw, key_of(stroke), &err) != VARVE_OK)
        code = fail_stroke(stroke, &err);
    return code;
}

static enum tool_exit put(struct stroke *stroke)
{
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = take_value(stroke);

    if (code == TOOL_OK && varve_mvcc_put(&stroke->how, key_of(stroke),
                                          varve_buf_slice(&stroke->raw), &err) != VARVE_OK)
        code = fail_stroke(stroke, &err);
    return code;
}

static enum tool_exit delete_key(struct stroke *stroke)
{
    varve_error err = VARVE_ERROR_INIT;

    if (varve_mvcc_delete(&stroke->how, key_of(stroke), &err) != VARVE_OK)
        return fail_stroke(stroke, &err);
    return TOOL_OK;
}

static enum tool_exit put_if(struct stroke *stroke)
{
    const struct operation_settings *settings = stroke->settings;
    varve_expect expect = {.struct_size = sizeof expect,
                           .exists = settings->expect != NULL,
                           .allow_missing = settings->allow_missing};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = take_value(stroke);

    if (code == TOOL_OK && settings->expect != NULL)
        code = operation_value(stroke->cli, "--expect", settings->expect, settings->type,
                               &stroke->expect);
    expect.raw = varve_buf_slice(&stroke->expect);
    if (code == TOOL_OK &&
        varve_mvcc_put_if(&stroke->how, key_of(stroke), varve_buf_slice(&stroke->raw), &expect,
                          &err) != VARVE_OK)
        code = fail_stroke(stroke, &err);
    return code;
}

static enum tool_exit increment(struct stroke *stroke)
{
    const char *text = stroke->arguments[1];
    varve_error err = VARVE_ERROR_INIT;
    int64_t by = 1;

    if (text != NULL && operation_number(stroke->cli, "BY", text, &by) != TOOL_OK)
        return TOOL_USAGE;
    if (varve_mvcc_increment(&stroke->how, key_of(stroke), by, &stroke->outcome.sum, &err) !=
        VARVE_OK)
        return fail_stroke(stroke, &err);
    stroke->outcome.has_sum = true;
    return TOOL_OK;
}

/* ---- Merging ------------------------------------------------------------------------------- */

/* Statistics of the key alone, as of the time of the change. */
static varve_status compute_stats(const struct stroke *stroke, varve_stats *stats, varve_error *err)
{
    varve_buf next = VARVE_BUF_INIT;
    varve_span span = {key_of(stroke), {NULL, 0}};
    varve_status status = varve_key_next(span.start, &next, err);

    span.end = varve_buf_slice(&next);
    if (status == VARVE_OK)
        status =
            varve_stats_compute(stroke->how.reader, span,
                                stroke->writing->change.delta.last_update_nanos, NULL, stats, err);
    varve_buf_release(&next);
    return status;
}

/* A merge looks at nothing: what it would spoil is looked for here. */
static varve_status look_for_versions(const struct stroke *stroke, bool *versions, varve_error *err)
{
    const varve_read how = {
        .struct_size = sizeof how, .ts = varve_ts_max(), .flags = VARVE_READ_TOMBSTONES};
    varve_rows rows = VARVE_ROWS_INIT;
    size_t position = 0;
    varve_row row;
    varve_status status = varve_mvcc_get(stroke->how.reader, &how, key_of(stroke), &rows, err);

    *versions = status >= 0 && varve_rows_next(&rows, &position, &row) && !varve_ts_is_zero(row.ts);
    varve_rows_release(&rows);
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/* Merge, and tell the statistics what has come of it, where the merge itself only estimates. */
static varve_status merge_counted(struct stroke *stroke, varve_error *err)
{
    varve_stats before;
    varve_stats after;
    varve_write how = stroke->how;
    varve_status status = compute_stats(stroke, &before, err);

    how.stats = NULL;
    if (status == VARVE_OK)
        status = varve_mvcc_merge(&how, key_of(stroke), varve_buf_slice(&stroke->raw), err);
    if (status == VARVE_OK)
        status = compute_stats(stroke, &after, err);
    if (status == VARVE_OK) {
        varve_stats_subtract(&after, &before);
        varve_stats_add(&stroke->writing->change.delta, &after);
    }
    return status;
}

static enum tool_exit merge(struct stroke *stroke)
{
    varve_error err = VARVE_ERROR_INIT;
    bool versions = false;
    enum tool_exit code = take_value(stroke);

    if (code != TOOL_OK)
        return code;
    varve_status status = look_for_versions(stroke, &versions, &err);
    if (versions)
        return write_fault_of_versions(stroke->cli, key_of(stroke));
    if (status == VARVE_OK)
        status = merge_counted(stroke, &err);
    return status == VARVE_OK ? TOOL_OK : fail_stroke(stroke, &err);
}

/* ---- Ranges -------------------------------------------------------------------------------- */

/* Count what will be gone.  What is damaged cannot be counted, but it can be cleared. */
static enum tool_exit count_range(const struct cli *cli, struct writing *writing, varve_span span,
                                  struct outcome *outcome)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_stats stats;
    varve_status status =
        varve_stats_compute(varve_batch_reader_of(writing->change.batch), span,
                            writing->change.delta.last_update_nanos, NULL, &stats, &err);

    outcome->counted = status == VARVE_OK;
    if (status == VARVE_CORRUPT || status == VARVE_MERGE_CONFLICT) {
        varve_error_release(&err);
        cli_note(cli, "there are damaged keys in the range, so that statistics are no longer "
                      "exact; `varve stats repair` corrects them");
        return TOOL_OK;
    }
    if (status != VARVE_OK)
        return cli_fail_error(cli, &err, "%s", writing->store->path);
    varve_stats_subtract(&writing->change.delta, &stats);
    outcome->keys = stats.key_count;
    outcome->versions = stats.val_count;
    return TOOL_OK;
}

static enum tool_exit clear_span(const struct cli *cli, struct writing *writing, varve_span span)
{
    struct outcome outcome = {.operation = "clear-range", .of_range = true};
    varve_error err = VARVE_ERROR_INIT;
    enum tool_exit code = count_range(cli, writing, span, &outcome);

    if (code == TOOL_OK && varve_mvcc_clear_range(varve_batch_writer_of(writing->change.batch),
                                                  span, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s", writing->store->path);
    if (code == TOOL_OK &&
        (!bytes_copy(&outcome.key, span.start) || !bytes_copy(&outcome.end, span.end)))
        code = cli_fail(cli, TOOL_IO, "out of memory");
    if (code == TOOL_OK)
        code = writing_note(cli, writing, &outcome);
    bytes_release(&outcome.key);
    bytes_release(&outcome.end);
    return code;
}

static enum tool_exit clear_range(const struct cli *cli, struct writing *writing)
{
    struct span_options range = SPAN_OPTIONS_INIT;
    enum tool_exit code;

    if (cli->system)
        return cli_fail(cli, TOOL_USAGE, "varve's own records are not cleared by hand");
    if (cli->prefix == NULL && cli->start == NULL && cli->end == NULL)
        return cli_fail(cli, TOOL_USAGE, "which keys? give --prefix, --start or --end");
    code = span_options_read_some(cli, &range);
    if (code == TOOL_OK)
        code = clear_span(cli, writing, range.span);
    span_options_release(&range);
    return code;
}

/* ---- The table ----------------------------------------------------------------------------- */

static enum tool_exit time_of(const struct cli *cli, const struct operation_settings *settings,
                              struct writing *writing, varve_ts *ts)
{
    *ts = settings->is_inline ? varve_ts_zero() : settings->time;
    if (settings->is_inline || settings->has_time)
        return TOOL_OK;
    return writing_now(cli, writing, ts);
}

static enum tool_exit strike(const struct operation *operation, struct stroke *stroke)
{
    enum tool_exit code = operation_key(stroke->cli, stroke->arguments[0], &stroke->outcome.key);

    stroke->outcome.operation = operation->name;
    if (code == TOOL_OK)
        code = time_of(stroke->cli, stroke->settings, stroke->writing, &stroke->outcome.ts);
    if (code == TOOL_OK) {
        stroke->how = change_write(&stroke->writing->change, stroke->outcome.ts);
        code = operation->strike(stroke);
    }
    if (code == TOOL_OK)
        code = writing_note(stroke->cli, stroke->writing, &stroke->outcome);
    bytes_release(&stroke->outcome.key);
    varve_buf_release(&stroke->raw);
    varve_buf_release(&stroke->expect);
    return code;
}

enum tool_exit operation_apply(const struct operation *operation, const struct cli *cli,
                               const char *const *arguments,
                               const struct operation_settings *settings, struct writing *writing)
{
    struct operation_settings adjusted = *settings;
    struct stroke stroke = {
        .cli = cli, .arguments = arguments, .settings = &adjusted, .writing = writing};

    if (operation->strike == NULL)
        return clear_range(cli, writing);
    adjusted.is_inline |= operation->is_inline;
    return strike(operation, &stroke);
}

#define LINE_SETTINGS .settings_size = sizeof(struct operation_settings)

static const struct command put_line = {
    .name = "put", .arguments = {"KEY", "VALUE"}, .argp = &operation_put_argp, LINE_SETTINGS};
static const struct command delete_line = {
    .name = "del", .arguments = {"KEY"}, .argp = &operation_delete_argp, LINE_SETTINGS};
static const struct command put_if_line = {
    .name = "cput", .arguments = {"KEY", "VALUE"}, .argp = &operation_put_if_argp, LINE_SETTINGS};
static const struct command increment_line = {
    .name = "inc", .arguments = {"KEY", "[BY]"}, .argp = &operation_delete_argp, LINE_SETTINGS};
static const struct command merge_line = {
    .name = "merge", .arguments = {"KEY", "VALUE"}, .argp = &operation_merge_argp, LINE_SETTINGS};
static const struct command clear_range_line = {
    .name = "clear-range", .options = CLI_SPAN, LINE_SETTINGS};

#undef LINE_SETTINGS

static const struct operation operations[] = {
    {"put", &put_line, put, false},        {"del", &delete_line, delete_key, false},
    {"cput", &put_if_line, put_if, false}, {"inc", &increment_line, increment, false},
    {"merge", &merge_line, merge, true},   {"clear-range", &clear_range_line, NULL, false},
};

const struct operation *operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    }
    return NULL;
}
