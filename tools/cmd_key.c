/* varve key encode, varve key decode: user keys and the engine keys they are stored under. */
#include "data_argument.h"
#include "output.h"
#include "times.h"

/* ---- Encoding ------------------------------------------------------------------------------ */

/* The timestamp that --at names, without a store to look into; zero without --at. */
static enum tool_exit take_time(const struct cli *cli, varve_ts *ts)
{
    struct time_spec spec;

    *ts = varve_ts_zero();
    if (cli->at == NULL)
        return TOOL_OK;
    if (time_parse(varve_slice_text(cli->at), &spec) != NULL || spec.kind != TIME_AT)
        return cli_fail(cli, TOOL_USAGE, "--at '%s' is not a time that stands by itself", cli->at);
    *ts = spec.ts;
    return TOOL_OK;
}

static void print_encoded(const struct cli *cli, varve_slice key, varve_ts ts,
                          varve_slice engine_key)
{
    struct json_line line;

    if (!cli->json) {
        if (cli->redact)
            out_redacted(engine_key.size);
        else
            out_hex(engine_key);
        out_text("\n");
        return;
    }
    json_line_begin(&line);
    json_line_data(&line, cli, "key", key);
    json_line_time(&line, ts);
    if (cli->redact)
        json_line_count(&line, "engine_key_size", engine_key.size);
    else
        json_line_hex(&line, "engine_key", engine_key);
    json_line_end(&line);
}

static enum tool_exit run_encode(const struct cli *cli, void *settings)
{
    struct bytes key = BYTES_INIT;
    varve_buf engine_key = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_ts ts;
    enum tool_exit code = cli_key(cli, "KEY", cli->arguments[0], &key);

    (void)settings;
    if (code == TOOL_OK)
        code = take_time(cli, &ts);
    if (code == TOOL_OK && varve_key_encode(bytes_slice(&key), ts, &engine_key, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "KEY");
    if (code == TOOL_OK)
        print_encoded(cli, bytes_slice(&key), ts, varve_buf_slice(&engine_key));
    varve_buf_release(&engine_key);
    bytes_release(&key);
    return code;
}

const struct command cmd_key_encode = {
    .name = "key encode",
    .section = TOOL_SECTION_FILES,
    .summary = "Print the engine key that a user key is stored under",
    .details = "In hexadecimal: of the version at the time that --at names, or of the metadata "
               "position without it.",
    .arguments = {"KEY"},
    .options = CLI_AT | CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run_encode,
};

/* ---- Decoding ------------------------------------------------------------------------------ */

static void print_decoded(const struct cli *cli, varve_slice key, varve_ts ts)
{
    char when[VARVE_TS_TEXT_MAX];
    struct json_line line;

    if (!cli->json) {
        out_key(cli, key);
        out_format("/%s\n", varve_ts_format(ts, when));
        return;
    }
    json_line_begin(&line);
    json_line_data(&line, cli, "key", key);
    json_line_time(&line, ts);
    json_line_end(&line);
}

static enum tool_exit run_decode(const struct cli *cli, void *settings)
{
    struct bytes data = BYTES_INIT;
    varve_buf key = VARVE_BUF_INIT;
    varve_error err = VARVE_ERROR_INIT;
    varve_ts ts;
    enum tool_exit code = data_argument_read(cli, "DATA", cli->arguments[0], &data);

    (void)settings;
    if (code == TOOL_OK && varve_key_decode(bytes_slice(&data), &key, &ts, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "DATA is no engine key");
    if (code == TOOL_OK)
        print_decoded(cli, varve_buf_slice(&key), ts);
    varve_buf_release(&key);
    bytes_release(&data);
    return code;
}

const struct command cmd_key_decode = {
    .name = "key decode",
    .section = TOOL_SECTION_FILES,
    .summary = "Print the user key and the timestamp of an engine key",
    .details = DATA_ARGUMENT_HELP " The timestamp of the metadata position is 0,0.",
    .arguments = {"DATA"},
    .options = CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run_decode,
};
