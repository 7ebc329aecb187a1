/* varve range-data: the raw records of a span, taken apart. */
#include "own_records.h"
#include "records.h"
#include "values.h"

/* A listing that is under way. */
struct range_data {
    const struct cli *cli;
    int64_t shown;
};

static bool is_metadata(const struct record *record)
{
    return record->kind == RECORD_INTENT || record->kind == RECORD_CONFLICT ||
           record->kind == RECORD_INLINE;
}

/* ---- Text ---------------------------------------------------------------------------------- */

/* The library's printed form of a metadata record; it holds keys and values. */
static void print_metadata(const struct cli *cli, const struct record *record)
{
    varve_buf text = VARVE_BUF_INIT;

    if (cli->redact)
        out_redacted(record->value.size);
    else if (cli->hex)
        out_hex(record->value);
    else if (varve_meta_print(record->value, &text, NULL) != VARVE_OK)
        out_no_memory();
    else
        out_slice(varve_buf_slice(&text));
    varve_buf_release(&text);
}

static void print_raw(const struct cli *cli, const struct record *record)
{
    if (cli->redact)
        out_redacted(record->value.size);
    else
        out_hex(record->value);
}

static void print_text(const struct cli *cli, const struct record *record,
                       const struct value *value, const char *fault)
{
    record_out_key(cli, record);
    out_format("\t%s\t", record_kind_name(record->kind));
    if (fault != NULL) {
        out_format("damaged: %s\t", fault);
        print_raw(cli, record);
    } else if (record->kind == RECORD_INTENT || record->kind == RECORD_CONFLICT) {
        print_metadata(cli, record);
    } else if (value->kind != VALUE_DELETED) {
        out_format("%s\t", value_kind_name(value));
        value_out_line(cli, value);
    }
    int own = own_kind_of(record->key);
    if (own != 0)
        out_format("\t%s", own_kind_name(own));
    out_text("\n");
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_metadata(const struct cli *cli, struct json_line *line, const struct record *record)
{
    char id[VARVE_TXN_ID_TEXT_MAX];
    struct json_line txn;

    if (record->kind == RECORD_INTENT) {
        json_line_begin(&txn);
        json_line_text(&txn, "id", varve_txn_id_format(record->meta.txn.id, id));
        json_line_data(&txn, cli, "key", record->meta.txn.key);
        json_line_add(&txn, "epoch", json_integer(record->meta.txn.epoch));
        json_line_add(&txn, "sequence", json_integer(record->meta.txn.sequence));
        json_line_add(&txn, "priority", json_integer(record->meta.txn.priority));
        json_line_count(&txn, "earlier_values", record->meta.history_count);
        json_line_add(line, "txn", json_line_take(&txn));
    }
    if (cli->redact)
        json_line_count(line, "record_size", record->value.size);
    else
        json_line_hex(line, "record", record->value);
}

static void print_json(const struct cli *cli, const struct record *record,
                       const struct value *value, const char *fault)
{
    struct json_line line;
    int own = own_kind_of(record->key);

    json_line_begin(&line);
    record_json_key(cli, &line, record);
    json_line_text(&line, "kind", record_kind_name(record->kind));
    if (own != 0)
        json_line_text(&line, "own", own_kind_name(own));
    if (fault != NULL) {
        json_line_text(&line, "damage", fault);
        if (cli->redact)
            json_line_count(&line, "record_size", record->value.size);
        else
            json_line_hex(&line, "record", record->value);
    } else if (record->kind == RECORD_INTENT || record->kind == RECORD_CONFLICT) {
        add_metadata(cli, &line, record);
    } else {
        value_json(&line, cli, value);
    }
    json_line_end(&line);
}

/* ---- The command --------------------------------------------------------------------------- */

/* Take the value apart; what cannot be is told on its line, and the walk goes on. */
static const char *find_fault(const struct record *record, struct value *value)
{
    varve_slice raw = record->kind == RECORD_INLINE ? record->meta.value : record->value;

    *value = (struct value){.kind = VALUE_DELETED};
    if (record->kind == RECORD_DAMAGED)
        return record->fault;
    if (is_metadata(record) && record->kind != RECORD_INLINE)
        return NULL;
    return value_take_apart(record->key, raw, value, NULL) ? NULL
                                                           : "the value does not decode, or not "
                                                             "match its checksum";
}

static enum tool_exit take_record(void *arg, struct records *walk, const struct record *record)
{
    struct range_data *data = arg;
    struct value value;

    if (data->shown == data->cli->limit) {
        walk->stop = true;
        return TOOL_OK;
    }
    data->shown++;
    const char *fault = find_fault(record, &value);
    if (data->cli->json)
        print_json(data->cli, record, &value, fault);
    else
        print_text(data->cli, record, &value, fault);
    return TOOL_OK;
}

static enum tool_exit run(const struct cli *cli, void *settings)
{
    struct range_data data = {.cli = cli};

    (void)settings;
    return records_run(cli, take_record, &data);
}

const struct command cmd_range_data = {
    .name = "range-data",
    .section = TOOL_SECTION_LOOK,
    .summary = "Print all records of a range: versions, intents, inline values, own records",
    .details =
        "Each line has the user key with its timestamp, what the record is, and what is in it, "
        "separated by tabs: of a value its type and its data, of an intent the whole record. With "
        "--system varve's own records too, with what they are. What is damaged is said on its "
        "line, and the walk goes on.",
    .arguments = {"STORE"},
    .options = CLI_SPAN | CLI_LIMIT | CLI_RESUME | CLI_JSON | CLI_HEX | CLI_REDACT,
    .run = run,
};
