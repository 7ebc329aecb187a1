/* varve value decode, varve meta decode: what stored bytes say. */
#include "data_argument.h"
#include "values.h"

#include <inttypes.h>
#include <stdio.h>

struct settings {
    const char *key; /* whose value it is, or NULL */
};

/* ---- Values -------------------------------------------------------------------------------- */

static uint32_t checksum_of(varve_slice raw)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < 4; i++)
        sum = sum << 8 | raw.data[i];
    return sum;
}

/* What can be said of the checksum; `*good` becomes false if it is wrong. */
static const char *judge_checksum(varve_slice raw, const struct bytes *key, bool has_key,
                                  bool *good)
{
    *good = true;
    if (checksum_of(raw) == 0)
        return "none";
    if (!has_key)
        return "unchecked";
    *good = varve_value_verify(raw, bytes_slice(key), NULL) == VARVE_OK;
    return *good ? "good" : "wrong";
}

static void print_value_json(const struct cli *cli, const struct value *value, varve_slice raw,
                             const char *judgement)
{
    char checksum[16];
    struct json_line line;

    json_line_begin(&line);
    value_json(&line, cli, value);
    snprintf(checksum, sizeof checksum, "%08" PRIx32, checksum_of(raw));
    /* It would tell the value to whoever can guess it. */
    if (!cli->redact)
        json_line_text(&line, "checksum", checksum);
    json_line_text(&line, "checksum_is", judgement);
    json_line_end(&line);
}

static void print_value_text(const struct cli *cli, const struct value *value, varve_slice raw,
                             const char *judgement)
{
    out_format("%s\t", value_kind_name(value));
    value_out_line(cli, value);
    if (cli->redact)
        out_format("\tchecksum %s\n", judgement);
    else
        out_format("\tchecksum %08" PRIx32 ", %s\n", checksum_of(raw), judgement);
}

static enum tool_exit print_value(const struct cli *cli, varve_slice raw, const struct bytes *key,
                                  bool has_key)
{
    struct value value;
    varve_error err = VARVE_ERROR_INIT;
    bool good;

    if (raw.size < VARVE_VALUE_HEADER_SIZE)
        return cli_fail(cli, TOOL_CORRUPT, "a raw value has at least %d bytes, not %zu",
                        VARVE_VALUE_HEADER_SIZE, raw.size);
    if (!value_read(raw, &value, &err)) {
        cli_fail_error(cli, &err, "DATA");
        return TOOL_CORRUPT;
    }
    const char *judgement = judge_checksum(raw, key, has_key, &good);
    if (cli->json)
        print_value_json(cli, &value, raw, judgement);
    else
        print_value_text(cli, &value, raw, judgement);
    return good ? TOOL_OK : cli_fail(cli, TOOL_CORRUPT, "the value is not that of this key");
}

static enum tool_exit run_value(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    struct bytes data = BYTES_INIT;
    struct bytes key = BYTES_INIT;
    enum tool_exit code = data_argument_read(cli, "DATA", cli->arguments[0], &data);

    if (code == TOOL_OK && settings->key != NULL)
        code = cli_key(cli, "--key", settings->key, &key);
    if (code == TOOL_OK)
        code = print_value(cli, bytes_slice(&data), &key, settings->key != NULL);
    bytes_release(&data);
    bytes_release(&key);
    return code;
}

enum { KEY_KEY = 0x200 };

static const struct argp_option options[] = {
    {"key", KEY_KEY, "KEY", 0, "The key whose value it is: hold it against its checksum", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    if (key != KEY_KEY)
        return ARGP_ERR_UNKNOWN;
    settings->key = text;
    return 0;
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_value_decode = {
    .name = "value decode",
    .section = TOOL_SECTION_FILES,
    .summary = "Print what a raw value says: type, data, checksum",
    .details = DATA_ARGUMENT_HELP,
    .arguments = {"DATA"},
    .options = CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run_value,
};

/* ---- Metadata ------------------------------------------------------------------------------ */

static void print_meta_json(const struct cli *cli, const varve_meta_info *meta, varve_slice text)
{
    char id[VARVE_TXN_ID_TEXT_MAX];
    struct json_line line;
    struct value value;

    json_line_begin(&line);
    if (!cli->redact)
        json_line_bytes(&line, "text", text, false);
    if (meta->has_txn) {
        json_line_text(&line, "txn", varve_txn_id_format(meta->txn.id, id));
        json_line_data(&line, cli, "anchor", meta->txn.key);
        json_line_add(&line, "epoch", json_integer(meta->txn.epoch));
        json_line_add(&line, "sequence", json_integer(meta->txn.sequence));
        json_line_add(&line, "priority", json_integer(meta->txn.priority));
        json_line_time(&line, meta->ts);
        json_line_count(&line, "earlier_values", meta->history_count);
    }
    if (meta->has_value && value_read(meta->value, &value, NULL))
        value_json(&line, cli, &value);
    if (meta->has_conflict)
        json_line_true(&line, "conflict");
    json_line_end(&line);
}

/* The printed form has the anchor key and the value in it. */
static void print_meta_redacted(const struct cli *cli, const varve_meta_info *meta)
{
    char id[VARVE_TXN_ID_TEXT_MAX];
    char when[VARVE_TS_TEXT_MAX];
    struct value value;

    if (meta->has_txn) {
        out_format("intent\t%s\tepoch %" PRId32 "\tsequence %" PRId32 "\t%s\tanchor ",
                   varve_txn_id_format(meta->txn.id, id), meta->txn.epoch, meta->txn.sequence,
                   varve_ts_format(meta->ts, when));
        out_redacted(meta->txn.key.size);
    } else {
        out_text(meta->has_conflict ? "conflict" : "inline");
    }
    if (meta->has_value && value_read(meta->value, &value, NULL)) {
        out_format("\t%s\t", value_kind_name(&value));
        value_out_line(cli, &value);
    }
    out_text("\n");
}

static enum tool_exit print_meta(const struct cli *cli, varve_slice data)
{
    varve_meta_info meta = {.struct_size = sizeof meta};
    varve_error err = VARVE_ERROR_INIT;
    varve_buf text = VARVE_BUF_INIT;
    enum tool_exit code = TOOL_OK;

    if (varve_meta_decode(data, &meta, &err) != VARVE_OK ||
        varve_meta_print(data, &text, &err) != VARVE_OK) {
        code = cli_fail_error(cli, &err, "DATA is no metadata record");
    } else if (cli->json) {
        print_meta_json(cli, &meta, varve_buf_slice(&text));
    } else if (cli->redact) {
        print_meta_redacted(cli, &meta);
    } else {
        out_slice(varve_buf_slice(&text));
        out_text("\n");
    }
    varve_buf_release(&text);
    return code;
}

static enum tool_exit run_meta(const struct cli *cli, void *settings)
{
    struct bytes data = BYTES_INIT;
    enum tool_exit code = data_argument_read(cli, "DATA", cli->arguments[0], &data);

    (void)settings;
    if (code == TOOL_OK)
        code = print_meta(cli, bytes_slice(&data));
    bytes_release(&data);
    return code;
}

const struct command cmd_meta_decode = {
    .name = "meta decode",
    .section = TOOL_SECTION_FILES,
    .summary = "Print what a metadata record says: an intent, or an inline value",
    .details = DATA_ARGUMENT_HELP,
    .arguments = {"DATA"},
    .options = CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run_meta,
};
