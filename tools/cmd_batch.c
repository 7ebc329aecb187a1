/* varve batch decode: the records of a batch representation. */
#include "data_argument.h"
#include "raw_record.h"

#include <inttypes.h>

struct settings {
    bool log; /* accept a sequence number */
};

/* ---- Printing ------------------------------------------------------------------------------ */

static void print_text(const struct cli *cli, const varve_record *record, size_t offset)
{
    out_format("%zu\t", offset);
    raw_record_out(cli, record);
    out_text("\n");
}

static void print_json(const struct cli *cli, const varve_record *record, size_t offset)
{
    struct json_line line;

    json_line_begin(&line);
    json_line_count(&line, "offset", offset);
    raw_record_json(cli, &line, record);
    json_line_end(&line);
}

static void print_header(const struct cli *cli, const varve_batch_reader *reader, size_t size)
{
    struct json_line line;

    if (cli->json) {
        json_line_begin(&line);
        json_line_count(&line, "sequence", varve_batch_reader_sequence(reader));
        json_line_count(&line, "records", varve_batch_reader_count(reader));
        json_line_count(&line, "bytes", size);
        json_line_end(&line);
        return;
    }
    out_format("0\tsequence %" PRIu64 ", %" PRIu32 " records, %zu bytes\n",
               varve_batch_reader_sequence(reader), varve_batch_reader_count(reader), size);
}

/* ---- Reading ------------------------------------------------------------------------------- */

static enum tool_exit fail_at(const struct cli *cli, varve_error *err)
{
    uint64_t offset = err->status == VARVE_BAD_BATCH ? err->detail.bad_batch.offset : 0;
    uint32_t record = err->status == VARVE_BAD_BATCH ? err->detail.bad_batch.record : 0;

    if (err->status != VARVE_BAD_BATCH)
        return cli_fail_error(cli, err, "DATA");
    cli_fail(cli, TOOL_REFUSED, "record %" PRIu32 ", byte %" PRIu64 ": %s", record, offset,
             err->message);
    varve_error_release(err);
    return TOOL_REFUSED;
}

/* Where the record began that ends behind `slice`; records lie one behind the other. */
static size_t end_of(varve_slice data, const varve_record *record)
{
    varve_slice last = record->value.data != NULL && record->type != VARVE_RECORD_CLEAR &&
                               record->type != VARVE_RECORD_SINGLE_CLEAR
                           ? record->value
                           : record->key;

    return (size_t)(last.data - data.data) + last.size;
}

static enum tool_exit print_records(const struct cli *cli, varve_slice data,
                                    varve_batch_reader *reader)
{
    varve_error err = VARVE_ERROR_INIT;
    size_t offset = VARVE_BATCH_HEADER_SIZE;
    varve_status status = VARVE_OK;
    varve_record record;

    while ((status = varve_batch_reader_next(reader, &record, &err)) == VARVE_OK) {
        if (cli->json)
            print_json(cli, &record, offset);
        else
            print_text(cli, &record, offset);
        offset = end_of(data, &record);
        if (out_failed())
            return TOOL_IO;
    }
    return status == VARVE_NOT_FOUND ? TOOL_OK : fail_at(cli, &err);
}

static enum tool_exit decode(const struct cli *cli, varve_slice data, bool log)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_batch_reader *reader;

    if (varve_batch_reader_open(data, log ? VARVE_BATCH_FROM_LOG : 0, &reader, &err) != VARVE_OK)
        return fail_at(cli, &err);
    print_header(cli, reader, data.size);
    enum tool_exit code = print_records(cli, data, reader);
    varve_batch_reader_close(reader);
    /* Well-formed is not all: keys, ranges and sizes may still be such that nothing is applied. */
    if (code == TOOL_OK && !log && varve_batch_repr_validate(data, &err) != VARVE_OK) {
        cli_fail_error(cli, &err, "the batch cannot be applied");
        code = TOOL_REFUSED;
    }
    return code;
}

static enum tool_exit run(const struct cli *cli, void *arg)
{
    const struct settings *settings = arg;
    struct bytes data = BYTES_INIT;
    enum tool_exit code = data_argument_read(cli, "DATA", cli->arguments[0], &data);

    if (code == TOOL_OK)
        code = decode(cli, bytes_slice(&data), settings->log);
    bytes_release(&data);
    return code;
}

enum { KEY_LOG = 0x200 };

static const struct argp_option options[] = {
    {"log", KEY_LOG, NULL, 0, "The batch is of a log: it has a sequence number", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct settings *settings = state->input;

    (void)text;
    if (key != KEY_LOG)
        return ARGP_ERR_UNKNOWN;
    settings->log = true;
    return 0;
}

static const struct argp argp = {.options = options, .parser = parse};

const struct command cmd_batch_decode = {
    .name = "batch decode",
    .section = TOOL_SECTION_FILES,
    .summary = "Print the records of a batch, and what is wrong with it",
    .details = DATA_ARGUMENT_HELP " Each line has the offset of a record, what it does, and its "
                                  "keys and data, separated by tabs. A fault is told with its "
                                  "offset, behind the records in front of it.",
    .arguments = {"DATA"},
    .options = CLI_JSON | CLI_HEX | CLI_REDACT,
    .argp = &argp,
    .settings_size = sizeof(struct settings),
    .run = run,
};
