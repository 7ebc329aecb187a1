/* varve approx-size: about how many bytes the records of a range take. */
#include "output.h"
#include "span_options.h"
#include "store.h"

#include <inttypes.h>

/* The engine key in front of a user key; of the ends none, which means everything. */
static varve_status bound_of(varve_slice key, varve_buf *bound, varve_error *err)
{
    if (key.size == 0 || varve_slice_equal(key, varve_key_max()))
        return VARVE_OK;
    return varve_key_encode(key, varve_ts_zero(), bound, err);
}

static enum tool_exit measure(const struct cli *cli, const struct store *store, varve_span span,
                              uint64_t *bytes)
{
    varve_buf start = VARVE_BUF_INIT;
    varve_buf end = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = VARVE_OK;

    *bytes = 0;
    if (varve_slice_compare(span.start, span.end) >= 0)
        return TOOL_OK;
    status = bound_of(span.start, &start, &err);
    if (status == VARVE_OK)
        status = bound_of(span.end, &end, &err);
    if (status == VARVE_OK)
        status = varve_engine_approximate_bytes(store->engine, varve_buf_slice(&start),
                                                varve_buf_slice(&end), bytes, &err);
    varve_buf_release(&start);
    varve_buf_release(&end);
    return status == VARVE_OK ? TOOL_OK : cli_fail_error(cli, &err, "%s", store->path);
}

static void print(const struct cli *cli, uint64_t bytes)
{
    struct json_line line;

    if (!cli->json) {
        out_format("%" PRIu64 "\n", bytes);
        return;
    }
    json_line_begin(&line);
    json_line_count(&line, "bytes", bytes);
    json_line_end(&line);
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    uint64_t bytes = 0;
    enum tool_exit code = span_options_read_bounds(cli, &range);

    (void)settings;
    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK)
        code = measure(cli, &store, range.span, &bytes);
    if (code == TOOL_OK)
        print(cli, bytes);
    store_close(&store);
    span_options_release(&range);
    return code;
}

const struct command cmd_approx_size = {
    .name = "approx-size",
    .section = TOOL_SECTION_LOOK,
    .summary = "Estimate how many bytes the records of a range take",
    .details = "In table files, compressed, and in what has not been written to these yet. All "
               "versions count, and what has been overwritten or cleared as long as it stands in "
               "files. Nothing is read but indexes: the answer comes at once, and is off by a "
               "block of each file at either end.",
    .arguments = {"STORE"},
    .options = CLI_SPAN | CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run,
};
