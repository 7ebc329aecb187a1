/* Keys and values as operations are given them. */
#include "operation_values.h"

#include "data_argument.h"

#include <ctype.h>
#include <errno.h>

enum tool_exit operation_key(const struct cli *cli, const char *text, struct bytes *key)
{
    enum tool_exit code = cli_key(cli, "KEY", text, key);

    if (code == TOOL_OK && varve_slice_compare(bytes_slice(key), varve_key_app_min()) < 0)
        return cli_fail(cli, TOOL_USAGE,
                        "the key lies below 02, where varve keeps its own records; they are not "
                        "written by hand");
    return code;
}

static bool is_all_read(const char *text, const char *end)
{
    return errno == 0 && end != text && *end == '\0' && !isspace((unsigned char)*text);
}

static enum tool_exit refuse_number(const struct cli *cli, const char *name, const char *kind)
{
    return cli_fail(cli, TOOL_USAGE, "%s is no %s", name, kind);
}

enum tool_exit operation_number(const struct cli *cli, const char *name, const char *text,
                                int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    return is_all_read(text, end) ? TOOL_OK : refuse_number(cli, name, "integer of 64 bits");
}

static enum tool_exit set_int(const struct cli *cli, const char *name, const char *text,
                              varve_buf *raw)
{
    varve_error err = VARVE_ERROR_INIT;
    int64_t number;
    enum tool_exit code = operation_number(cli, name, text, &number);

    if (code == TOOL_OK && varve_value_set_int(raw, number, &err) != VARVE_OK)
        code = cli_fail_error(cli, &err, "%s", name);
    return code;
}

static enum tool_exit set_float(const struct cli *cli, const char *name, const char *text,
                                varve_buf *raw)
{
    varve_error err = VARVE_ERROR_INIT;
    char *end;

    errno = 0;
    double number = strtod(text, &end);
    if (!is_all_read(text, end))
        return refuse_number(cli, name, "number");
    if (varve_value_set_float(raw, number, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "%s", name);
    return TOOL_OK;
}

static enum tool_exit set_bytes(const struct cli *cli, const char *name, varve_slice data,
                                varve_buf *raw)
{
    varve_error err = VARVE_ERROR_INIT;

    if (varve_value_set_bytes(raw, data, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "%s", name);
    return TOOL_OK;
}

/* A number that standard input holds may end in a newline. */
static enum tool_exit set_number(const struct cli *cli, const char *name, varve_slice data,
                                 enum operation_type type, varve_buf *raw)
{
    char text[512];

    while (data.size > 0 && data.data[data.size - 1] == '\n')
        data.size--;
    if (data.size >= sizeof text || memchr(data.data, '\0', data.size) != NULL)
        return refuse_number(cli, name, "number");
    memcpy(text, data.data, data.size);
    text[data.size] = '\0';
    return type == OPERATION_INT ? set_int(cli, name, text, raw) : set_float(cli, name, text, raw);
}

/* The bytes of a VALUE: of a number as they are, whatever --hex says of keys. */
static enum tool_exit read_data(const struct cli *cli, const char *name, const char *text,
                                enum operation_type type, struct bytes *data)
{
    if (strcmp(text, "-") == 0 && cli->where != NULL)
        return cli_fail(cli, TOOL_USAGE,
                        "%s - is standard input, which a line has not; '\"-\"' is a hyphen", name);
    if (strcmp(text, "-") == 0)
        return data_argument_read(cli, name, text, data);
    if (type == OPERATION_BYTES)
        return cli_key(cli, name, text, data);
    return bytes_copy(data, varve_slice_text(text)) ? TOOL_OK
                                                    : cli_fail(cli, TOOL_IO, "out of memory");
}

enum tool_exit operation_value(const struct cli *cli, const char *name, const char *text,
                               enum operation_type type, varve_buf *raw)
{
    struct bytes data = BYTES_INIT;
    enum tool_exit code = read_data(cli, name, text, type, &data);

    if (code == TOOL_OK && type == OPERATION_BYTES)
        code = set_bytes(cli, name, bytes_slice(&data), raw);
    else if (code == TOOL_OK)
        code = set_number(cli, name, bytes_slice(&data), type, raw);
    bytes_release(&data);
    return code;
}
