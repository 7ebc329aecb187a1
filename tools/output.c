/* Standard output: text, bytes, JSON lines, and what becomes of failures. */
#include "output.h"
#include "times.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The errno of the first failure; 0 = none so far. */
static int failure;

static void remember_failure(void)
{
    if (failure == 0)
        failure = errno != 0 ? errno : EIO;
}

void out_bytes(const void *bytes, size_t size)
{
    if (failure != 0 || size == 0)
        return;
    errno = 0;
    if (fwrite(bytes, 1, size, stdout) != size)
        remember_failure();
}

void out_slice(varve_slice bytes)
{
    out_bytes(bytes.data, bytes.size);
}

void out_text(const char *text)
{
    out_bytes(text, strlen(text));
}

void out_format(const char *format, ...)
{
    va_list arguments;

    if (failure != 0)
        return;
    va_start(arguments, format);
    errno = 0;
    if (vfprintf(stdout, format, arguments) < 0)
        remember_failure();
    va_end(arguments);
}

void out_hex(varve_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    char text[512];

    for (size_t done = 0; done < bytes.size;) {
        size_t used = 0;
        for (; done < bytes.size && used < sizeof text; done++) {
            text[used++] = digits[bytes.data[done] >> 4];
            text[used++] = digits[bytes.data[done] & 15];
        }
        out_bytes(text, used);
    }
}

void out_no_memory(void)
{
    errno = ENOMEM;
    remember_failure();
}

void out_redacted(size_t size)
{
    out_format("<%zu bytes>", size);
}

static void out_printed(varve_slice key)
{
    varve_buf text = VARVE_BUF_INIT;

    if (varve_key_print(key, &text, NULL) != VARVE_OK)
        out_no_memory();
    else
        out_slice(varve_buf_slice(&text));
    varve_buf_release(&text);
}

void out_key(const struct cli *cli, varve_slice key)
{
    if (cli->redact)
        out_redacted(key.size);
    else if (cli->hex)
        out_hex(key);
    else
        out_printed(key);
}

void out_quoted(varve_slice bytes)
{
    /* As keys these two are bounds, which have names. */
    if (bytes.size == 0)
        out_text("\"\"");
    else if (varve_slice_equal(bytes, varve_key_max()))
        out_text("\"\\xff\\xff\"");
    else
        out_printed(bytes);
}

bool out_failed(void)
{
    return failure != 0;
}

enum tool_exit out_finish(const struct cli *cli, enum tool_exit code)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        remember_failure();
    if (failure == 0)
        return code;
    if (failure == EPIPE)
        return TOOL_CLOSED;
    return cli_fail(cli, TOOL_IO, "standard output: %s", strerror(failure));
}

/* ---- JSON ---------------------------------------------------------------------------------- */

void json_line_begin(struct json_line *line)
{
    line->object = json_object();
    line->digits = 1;
    line->failed = line->object == NULL;
}

void json_line_add(struct json_line *line, const char *name, json_t *value)
{
    /* Takes over `value` also when it fails, and fails for NULL. */
    if (json_object_set_new(line->object, name, value) != 0)
        line->failed = true;
}

void json_line_text(struct json_line *line, const char *name, const char *text)
{
    json_line_bytes(line, name, varve_slice_text(text), false);
}

void json_line_count(struct json_line *line, const char *name, uint64_t number)
{
    json_line_add(line, name, json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number));
}

/* The fewest significant digits that read back as the same number. */
static int digits_of(double number)
{
    char text[40];
    int digits = 1;

    for (; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) >= number && strtod(text, NULL) <= number)
            break;
    }
    return digits;
}

void json_line_number(struct json_line *line, const char *name, double number)
{
    if (isnan(number)) {
        json_line_text(line, name, "NaN");
    } else if (isinf(number)) {
        json_line_text(line, name, number > 0 ? "Infinity" : "-Infinity");
    } else {
        int digits = digits_of(number);
        line->digits = digits > line->digits ? digits : line->digits;
        json_line_add(line, name, json_real(number));
    }
}

void json_line_true(struct json_line *line, const char *name)
{
    json_line_add(line, name, json_true());
}

void json_line_hex(struct json_line *line, const char *name, varve_slice bytes)
{
    char *text = bytes_to_hex(bytes);

    json_line_add(line, name, text == NULL ? NULL : json_stringn_nocheck(text, 2 * bytes.size));
    free(text);
}

void json_line_bytes(struct json_line *line, const char *name, varve_slice bytes, bool hex)
{
    char hex_name[64];
    const char *text = bytes.size == 0 ? "" : (const char *)bytes.data;
    /* NULL for what is not UTF-8. */
    json_t *string = hex ? NULL : json_stringn(text, bytes.size);

    if (string != NULL) {
        json_line_add(line, name, string);
        return;
    }
    snprintf(hex_name, sizeof hex_name, "%s_hex", name);
    json_line_hex(line, hex_name, bytes);
}

void json_line_data(struct json_line *line, const struct cli *cli, const char *name,
                    varve_slice bytes)
{
    char size_name[64];

    if (!cli->redact) {
        json_line_bytes(line, name, bytes, cli->hex);
        return;
    }
    snprintf(size_name, sizeof size_name, "%s_size", name);
    json_line_count(line, size_name, bytes.size);
}

void json_line_time(struct json_line *line, varve_ts ts)
{
    char exact[VARVE_TS_TEXT_MAX];
    char utc[TIME_TEXT_MAX];

    json_line_text(line, "time", varve_ts_format(ts, exact));
    json_line_text(line, "utc", time_format(ts, false, utc));
}

static int write_json(const char *bytes, size_t size, void *arg)
{
    (void)arg;
    out_bytes(bytes, size);
    return 0;
}

void json_line_end(struct json_line *line)
{
    size_t flags = JSON_REAL_PRECISION((size_t)line->digits);

    if (line->failed || json_dump_callback(line->object, write_json, NULL, flags) != 0)
        out_no_memory();
    out_text("\n");
    json_decref(line->object);
}

json_t *json_line_take(struct json_line *line)
{
    if (!line->failed)
        return line->object;
    out_no_memory();
    json_decref(line->object);
    return NULL;
}
