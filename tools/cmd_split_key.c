/* varve split-key: where to split a range in two. */
#include "records.h"
#include "span_options.h"

#include <inttypes.h>

struct settings {
    int64_t target; /* bytes of the left part; 0 = half of all */
};

/* What has been found out. */
struct answer {
    varve_split all; /* of the whole range: its bytes, and the largest key */
    varve_split split;
    bool found;
};

static double percent(int64_t part, int64_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

/* ---- Printing ------------------------------------------------------------------------------ */

static void print_json(const struct cli *cli, const struct answer *answer)
{
    struct json_line line;
    struct json_line largest;

    json_line_begin(&line);
    if (answer->found)
        json_line_data(&line, cli, "key", varve_buf_slice(&answer->split.key));
    json_line_count(&line, "bytes", (uint64_t)answer->all.left_bytes);
    if (answer->found) {
        json_line_count(&line, "left_bytes", (uint64_t)answer->split.left_bytes);
        json_line_count(&line, "right_bytes",
                        (uint64_t)(answer->all.left_bytes - answer->split.left_bytes));
    }
    if (answer->all.largest_bytes != 0) {
        json_line_begin(&largest);
        json_line_data(&largest, cli, "key", varve_buf_slice(&answer->all.largest_key));
        json_line_count(&largest, "bytes", (uint64_t)answer->all.largest_bytes);
        json_line_add(&line, "largest", json_line_take(&largest));
    }
    json_line_end(&line);
}

static void print_text(const struct cli *cli, const struct answer *answer)
{
    int64_t all = answer->all.left_bytes;
    int64_t left = answer->split.left_bytes;

    if (answer->found) {
        out_key(cli, varve_buf_slice(&answer->split.key));
        out_format("\n%" PRId64 " bytes (%.1f %%) in front of it, %" PRId64
                   " (%.1f %%) from it on\n",
                   left, percent(left, all), all - left, percent(all - left, all));
    }
    if (answer->all.largest_bytes == 0)
        return;
    out_format("the largest key holds %.1f %% of the bytes, %" PRId64 " of %" PRId64 ": ",
               percent(answer->all.largest_bytes, all), answer->all.largest_bytes, all);
    out_key(cli, varve_buf_slice(&answer->all.largest_key));
    out_text("\n");
}

/* There is no key to split at: say why. */
static enum tool_exit explain(const struct cli *cli, const struct answer *answer)
{
    int64_t all = answer->all.left_bytes;

    if (all == 0)
        return cli_fail(cli, TOOL_NO, "there are no keys in the range");
    return cli_fail(cli, TOOL_NO,
                    "there is no key to split at: one key holds %.1f %% of the bytes, and versions "
                    "of a key stay together",
                    percent(answer->all.largest_bytes, all));
}

/* ---- The command --------------------------------------------------------------------------- */

/* Find a key with about `target` bytes in front of it; `*found` tells whether there is one. */
static enum tool_exit find(const struct cli *cli, const struct store *store, varve_span span,
                           int64_t target, const varve_no_split *no_split, varve_split *split,
                           bool *found)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_status status =
        varve_mvcc_find_split_key(store->reader, span, target, no_split, NULL, split, &err);

    *found = status == VARVE_OK;
    if (status >= 0)
        return TOOL_OK;
    records_tell_gap(cli, store, span, &err, "looked at");
    return cli_fail_reading(cli, &err, CLI_AROUND_RANGE, "%s", store->path);
}

static enum tool_exit answer_for(const struct cli *cli, const struct store *store, varve_span span,
                                 int64_t target, struct answer *answer)
{
    /* Where nothing may be split everything is looked at. */
    const varve_no_split nowhere = {.spans = &span, .count = 1};
    bool found;
    enum tool_exit code = find(cli, store, span, INT64_MAX, &nowhere, &answer->all, &found);

    if (code != TOOL_OK || answer->all.left_bytes == 0)
        return code;
    return find(cli, store, span, target == 0 ? answer->all.left_bytes / 2 : target, NULL,
                &answer->split, &answer->found);
}

static enum tool_exit print_answer(const struct cli *cli, const struct answer *answer)
{
    if (cli->json)
        print_json(cli, answer);
    else
        print_text(cli, answer);
    return answer->found ? TOOL_OK : explain(cli, answer);
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    struct span_options range = SPAN_OPTIONS_INIT;
    struct store store = STORE_INIT;
    struct answer answer = {VARVE_SPLIT_INIT, VARVE_SPLIT_INIT, false};
    enum tool_exit code = span_options_read_bounds(cli, &range);

    if (code == TOOL_OK)
        code = store_open(cli, cli->arguments[0], &store);
    if (code == TOOL_OK && varve_slice_compare(range.span.start, range.span.end) < 0)
        code = answer_for(cli, &store, range.span, settings->target, &answer);
    if (code == TOOL_OK)
        code = print_answer(cli, &answer);
    varve_split_release(&answer.all);
    varve_split_release(&answer.split);
    store_close(&store);
    span_options_release(&range);
    return code;
}

/* ---- Its options --------------------------------------------------------------------------- */

enum { KEY_TARGET = 0x200 };

static const struct argp_option options[] = {
    {"target", KEY_TARGET, "BYTES", 0, "How much is to be in front of the key, instead of half", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    if (key != KEY_TARGET)
        return ARGP_ERR_UNKNOWN;
    if (!cli_number(text, INT64_MAX, &settings->target) || settings->target == 0)
        return cli_usage(state, "--target '%s' is not a number of bytes from 1 on", text);
    return 0;
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_split_key = {
    .name = "split-key",
    .section = TOOL_SECTION_LOOK,
    .summary = "Find the key at which to split a range in two halves",
    .details = "Prints the first key of the right part, how many bytes lie on either side, and "
               "which key holds the most of them: versions of a key are never parted. Bytes are "
               "those of keys and values, not of files. If there is no such key, the exit code "
               "is 1.",
    .arguments = {"STORE"},
    .options = CLI_SPAN | CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
