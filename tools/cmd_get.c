/* varve get: the value of one key. */
#include "store.h"
#include "times.h"
#include "values.h"

/* Why there is no value: it, and its deletion, may have come later. */
static enum tool_exit explain_absence(const struct cli *cli, const struct store *store,
                                      varve_slice key)
{
    const varve_read newest = {
        .struct_size = sizeof newest, .ts = varve_ts_max(), .flags = VARVE_READ_TOMBSTONES};
    varve_rows rows = VARVE_ROWS_INIT;
    char text[CLI_KEY_TEXT_MAX];
    size_t position = 0;
    varve_row row = {.value = {NULL, 0}};
    bool later = varve_mvcc_get(store->reader, &newest, key, &rows, NULL) >= 0 &&
                 varve_rows_next(&rows, &position, &row);
    bool deleted = row.value.size == 0;

    varve_rows_release(&rows);
    cli_key_text(cli, key, text);
    if (cli->at != NULL && later)
        return cli_fail(cli, TOOL_NO, "key %s had no value at %s%s", text, cli->at,
                        deleted ? "; `varve history` lists what came later"
                                : ", it has one now; `varve history` says since when");
    return cli_fail(cli, TOOL_NO, "key %s has no value; `varve scan --keys` lists those that have",
                    text);
}

static enum tool_exit explain_deletion(const struct cli *cli, const varve_row *row)
{
    char text[CLI_KEY_TEXT_MAX];
    char when[TIME_TEXT_MAX];

    return cli_fail(cli, TOOL_NO,
                    "key %s was deleted at %s; `--at` an earlier time shows what it was",
                    cli_key_text(cli, row->key, text), time_format(row->ts, true, when));
}

static enum tool_exit print_row(const struct cli *cli, const varve_row *row)
{
    struct value value;
    struct json_line line;
    enum tool_exit code = value_decode(cli, row->key, row->value, &value);

    if (code != TOOL_OK)
        return code;
    if (cli->json) {
        json_line_begin(&line);
        json_line_data(&line, cli, "key", row->key);
        json_line_time(&line, row->ts);
        value_json(&line, cli, &value);
        json_line_end(&line);
        return TOOL_OK;
    }
    value_out(cli, &value);
    if (cli->hex || cli->redact)
        out_text("\n");
    return TOOL_OK;
}

static enum tool_exit get(const struct cli *cli, const struct store *store, varve_slice key,
                          varve_ts ts)
{
    const varve_read how = {.struct_size = sizeof how,
                            .ts = ts,
                            .flags = VARVE_READ_TOMBSTONES | VARVE_READ_CHECK_COLLECTED};
    varve_rows rows = VARVE_ROWS_INIT;
    varve_error err = VARVE_ERROR_INIT;
    char text[CLI_KEY_TEXT_MAX];
    size_t position = 0;
    varve_row row;
    enum tool_exit code;

    varve_status status = varve_mvcc_get(store->reader, &how, key, &rows, &err);
    if (status < 0)
        code = cli_fail_reading(cli, &err, CLI_AROUND_KEY, "%s: key %s", store->path,
                                cli_key_text(cli, key, text));
    else if (!varve_rows_next(&rows, &position, &row))
        code = explain_absence(cli, store, key);
    else if (row.value.size == 0)
        code = explain_deletion(cli, &row);
    else
        code = print_row(cli, &row);
    varve_rows_release(&rows);
    return code;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct store store = STORE_INIT;
    struct bytes key = BYTES_INIT;
    varve_ts ts;

    (void)settings;
    enum tool_exit code = cli_key(cli, "KEY", cli->arguments[1], &key);
    if (code == TOOL_OK)
        code = store_open_at(cli, &store, &ts);
    if (code == TOOL_OK)
        code = get(cli, &store, bytes_slice(&key), ts);
    store_close(&store);
    bytes_release(&key);
    return code;
}

const struct command cmd_get = {
    .name = "get",
    .section = TOOL_SECTION_LOOK,
    .summary = "Print the value of a key, now or at a time",
    .details =
        "The bytes of the value are printed as they are and nothing else; of a file that was "
        "imported from git, its content. A number is printed in decimal. If the key has no "
        "value, the exit code is 1 and a line on standard error says why.",
    .arguments = {"STORE", "KEY"},
    .options = CLI_AT | CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run,
};
