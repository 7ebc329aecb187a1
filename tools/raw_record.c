/* The records that batches, logs and table files consist of. */
#include "raw_record.h"

const char *raw_record_name(varve_record_type type)
{
    switch (type) {
    case VARVE_RECORD_CLEAR:
        return "clear";
    case VARVE_RECORD_PUT:
        return "put";
    case VARVE_RECORD_MERGE:
        return "merge";
    case VARVE_RECORD_LOG:
        return "log";
    case VARVE_RECORD_SINGLE_CLEAR:
        return "single-clear";
    case VARVE_RECORD_CLEAR_RANGE:
        return "clear-range";
    }
    return "unknown";
}

/* ---- Text ---------------------------------------------------------------------------------- */

void raw_key_out(const struct cli *cli, varve_slice engine_key)
{
    varve_buf key = VARVE_BUF_INIT;
    char when[VARVE_TS_TEXT_MAX];
    varve_ts ts;

    if (varve_key_decode(engine_key, &key, &ts, NULL) != VARVE_OK) {
        if (cli->redact)
            out_redacted(engine_key.size);
        else
            out_hex(engine_key);
    } else {
        out_key(cli, varve_buf_slice(&key));
        out_format("/%s", varve_ts_format(ts, when));
    }
    varve_buf_release(&key);
}

/* Values, operands and log data may be anything: hexadecimal. */
static void print_data(const struct cli *cli, varve_slice data)
{
    if (cli->redact)
        out_redacted(data.size);
    else
        out_hex(data);
}

static bool has_data(const varve_record *record)
{
    return record->type == VARVE_RECORD_PUT || record->type == VARVE_RECORD_MERGE ||
           record->type == VARVE_RECORD_LOG;
}

void raw_record_out(const struct cli *cli, const varve_record *record)
{
    out_text(raw_record_name(record->type));
    if (record->type != VARVE_RECORD_LOG) {
        out_text("\t");
        raw_key_out(cli, record->key);
    }
    if (record->type == VARVE_RECORD_CLEAR_RANGE) {
        out_text("\t");
        raw_key_out(cli, record->value);
    } else if (has_data(record)) {
        out_text("\t");
        print_data(cli, record->value);
    }
}

/* ---- JSON ---------------------------------------------------------------------------------- */

json_t *raw_key_json(const struct cli *cli, varve_slice engine_key)
{
    struct json_line line;
    varve_buf key = VARVE_BUF_INIT;
    varve_ts ts;

    json_line_begin(&line);
    if (varve_key_decode(engine_key, &key, &ts, NULL) == VARVE_OK) {
        json_line_data(&line, cli, "key", varve_buf_slice(&key));
        json_line_time(&line, ts);
    } else if (cli->redact) {
        json_line_count(&line, "engine_key_size", engine_key.size);
    } else {
        json_line_hex(&line, "engine_key", engine_key);
    }
    varve_buf_release(&key);
    return json_line_take(&line);
}

void raw_record_json(const struct cli *cli, struct json_line *line, const varve_record *record)
{
    json_line_text(line, "type", raw_record_name(record->type));
    if (record->type == VARVE_RECORD_CLEAR_RANGE) {
        json_line_add(line, "start", raw_key_json(cli, record->key));
        json_line_add(line, "end", raw_key_json(cli, record->value));
    } else if (record->type != VARVE_RECORD_LOG) {
        json_line_add(line, "at", raw_key_json(cli, record->key));
    }
    if (has_data(record) && cli->redact)
        json_line_count(line, "data_size", record->value.size);
    else if (has_data(record))
        json_line_hex(line, "data", record->value);
}
