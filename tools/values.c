/* Values as the tool shows them. */
#include "values.h"

static enum tool_exit decode_number(varve_slice raw, struct value *value, varve_error *err)
{
    varve_status status;

    if (value->tag == VARVE_TAG_INT) {
        value->kind = VALUE_INT;
        status = varve_value_get_int(raw, &value->integer, err);
    } else {
        value->kind = VALUE_FLOAT;
        status = varve_value_get_float(raw, &value->number, err);
    }
    /* A number that is none of its type is damage here: nobody asked for that type. */
    return status == VARVE_OK ? TOOL_OK : TOOL_CORRUPT;
}

static enum tool_exit decode_present(varve_slice raw, struct value *value, varve_error *err)
{
    struct file_value file;

    value->tag = varve_value_tag(raw);
    value->data =
        varve_slice_of(raw.data + VARVE_VALUE_HEADER_SIZE, raw.size - VARVE_VALUE_HEADER_SIZE);
    if (value->tag == VARVE_TAG_INT || value->tag == VARVE_TAG_FLOAT)
        return decode_number(raw, value, err);
    value->kind = VALUE_DATA;
    if (file_value_decode(raw, &file)) {
        value->kind = VALUE_FILE;
        value->data = file.content;
        memcpy(value->mode, file.mode, sizeof file.mode);
    }
    return TOOL_OK;
}

bool value_read(varve_slice raw, struct value *value, varve_error *err)
{
    *value = (struct value){.kind = VALUE_DELETED, .raw = raw};
    return raw.size >= VARVE_VALUE_HEADER_SIZE && decode_present(raw, value, err) == TOOL_OK;
}

bool value_take_apart(varve_slice key, varve_slice raw, struct value *value, varve_error *err)
{
    *value = (struct value){.kind = VALUE_DELETED, .raw = raw};
    /* Values that are too short to carry a tag do not pass. */
    return raw.size == 0 || (varve_value_verify(raw, key, err) == VARVE_OK &&
                             decode_present(raw, value, err) == TOOL_OK);
}

enum tool_exit value_decode(const struct cli *cli, varve_slice key, varve_slice raw,
                            struct value *value)
{
    varve_error err = VARVE_ERROR_INIT;
    char text[CLI_KEY_TEXT_MAX];

    if (value_take_apart(key, raw, value, &err))
        return TOOL_OK;
    cli_fail_reading(cli, &err, "; `varve range-data` shows its bytes, and goes on behind it",
                     "the value of key %s is damaged", cli_key_text(cli, key, text));
    return TOOL_CORRUPT;
}

const char *value_kind_name(const struct value *value)
{
    if (value->kind == VALUE_DELETED)
        return "deleted";
    return value->kind == VALUE_FILE ? value->mode : varve_tag_name(value->tag);
}

/* The library's printed form without its "/INT/" or "/FLOAT/". */
static void out_number(const struct value *value)
{
    varve_buf text = VARVE_BUF_INIT;
    size_t skip = strlen(varve_tag_name(value->tag)) + 2;

    if (varve_value_print(value->raw, &text, NULL) != VARVE_OK)
        out_no_memory();
    else
        out_bytes(text.data + skip, text.size - skip);
    varve_buf_release(&text);
}

static bool is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_FLOAT;
}

void value_out(const struct cli *cli, const struct value *value)
{
    if (cli->redact)
        out_redacted(value->data.size);
    else if (cli->hex)
        out_hex(value->data);
    else if (is_number(value))
        out_number(value);
    else
        out_slice(value->data);
}

void value_out_line(const struct cli *cli, const struct value *value)
{
    if (cli->hex || cli->redact || is_number(value))
        value_out(cli, value);
    else
        out_quoted(value->data);
}

void value_json_kind(struct json_line *line, const struct value *value)
{
    if (value->kind == VALUE_DELETED) {
        json_line_true(line, "deleted");
        return;
    }
    json_line_text(line, "tag", varve_tag_name(value->tag));
    if (value->kind == VALUE_FILE)
        json_line_text(line, "mode", value->mode);
}

void value_json(struct json_line *line, const struct cli *cli, const struct value *value)
{
    bool exact = !cli->hex && !cli->redact;

    value_json_kind(line, value);
    if (value->kind == VALUE_DELETED)
        return;
    if (value->kind == VALUE_INT && exact)
        json_line_add(line, "value", json_integer(value->integer));
    else if (value->kind == VALUE_FLOAT && exact)
        json_line_number(line, "value", value->number);
    else
        json_line_data(line, cli, "value", value->data);
}
