/* How the tool fails: one line on standard error and an exit code. */
#include "cli.h"

#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_SIZE = 4096 };

enum tool_exit cli_exit_of(varve_status status)
{
    switch (status) {
    case VARVE_OK:
        return TOOL_OK;
    case VARVE_NOT_FOUND:
        return TOOL_NO;
    case VARVE_INVALID_ARGUMENT:
    case VARVE_EMPTY_KEY:
    case VARVE_INVALID_KEY:
        return TOOL_USAGE;
    case VARVE_TOO_LARGE:
    case VARVE_TIMESTAMP_OVERFLOW:
    case VARVE_VALUE_TYPE:
    case VARVE_INTEGER_OVERFLOW:
    case VARVE_BELOW_THRESHOLD:
        return TOOL_REFUSED;
    case VARVE_LOCKED:
    case VARVE_READ_ONLY:
    case VARVE_NOT_A_STORE:
    case VARVE_INCOMPATIBLE:
    case VARVE_NO_STORE:
        return TOOL_STORE;
    case VARVE_CORRUPT:
    case VARVE_CORRUPT_KEY:
    case VARVE_CHECKSUM:
        return TOOL_CORRUPT;
    case VARVE_NO_MEMORY:
    case VARVE_IO:
    case VARVE_NO_SPACE:
    case VARVE_COMMIT_UNKNOWN:
    case VARVE_LOG_GAP:
        return TOOL_IO;
    case VARVE_TXN_EPOCH:
    case VARVE_WRITE_INTENT:
    case VARVE_WRITE_TOO_OLD:
    case VARVE_INLINE_MIX:
    case VARVE_MERGE_CONFLICT:
    case VARVE_READ_UNCERTAIN:
    case VARVE_CONDITION_FAILED:
    case VARVE_TXN_REPLAY:
    case VARVE_NOT_GARBAGE:
        return TOOL_CONFLICT;
    case VARVE_CANCELLED:
        return TOOL_INTERRUPTED;
    case VARVE_BAD_BATCH:
    case VARVE_MISUSE:
    case VARVE_UNSUPPORTED:
    case VARVE_BUSY:
    case VARVE_DEADLINE:
    case VARVE_INTERNAL:
        break;
    }
    return TOOL_INTERNAL;
}

const char *cli_way_out(varve_status status)
{
    switch (status) {
    case VARVE_NO_STORE:
        return "; look at the path; `varve import` creates stores";
    case VARVE_NOT_A_STORE:
        return "; name the folder of a store; an import also takes an empty one";
    case VARVE_LOCKED:
        return "; end the program that writes to it first";
    case VARVE_INCOMPATIBLE:
        return "; use the version of varve that wrote it";
    case VARVE_CANCELLED:
        return "; what has been done until then stays";
    case VARVE_NO_SPACE:
        return "; make room and run the command again";
    case VARVE_WRITE_INTENT:
        return "; `varve intents` shows whose, `--at` a time before them reads what was there";
    case VARVE_MERGE_CONFLICT:
        return "; `varve range-data` shows what it has, `varve put --inline` replaces that";
    case VARVE_BELOW_THRESHOLD:
        return "; ask for a later time";
    default:
        return "";
    }
}

/* How many bytes the first character has by its first byte in UTF-8; 0 = no character. */
static size_t claimed_size(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* How many bytes a character has that is UTF-8 and no control character; else 0. */
static size_t harmless_size(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t size = claimed_size(c[0]);

    for (size_t i = 1; i < size; i++) {
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    }
    if (size == 1)
        return c[0] >= 0x20 && c[0] != 0x7F;
    bool control = c[0] == 0xC2 && c[1] < 0xA0;
    bool overlong = (c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xF0 && c[1] < 0x90);
    bool beyond = (c[0] == 0xED && c[1] > 0x9F) || (c[0] == 0xF4 && c[1] > 0x8F);
    return control || overlong || beyond ? 0 : size;
}

void cli_make_harmless(char *text)
{
    for (char *c = text; *c != '\0';) {
        size_t size = harmless_size(c);
        if (size == 0)
            *c = '?';
        c += size == 0 ? 1 : size;
    }
}

/* Print one line. */
static void print_line(const struct cli *cli, char *text)
{
    cli_make_harmless(text);
    progress_wipe();
    if (cli != NULL && cli->command != NULL)
        fprintf(stderr, "varve: %s: %s\n", cli->where != NULL ? cli->where : cli->command->name,
                text);
    else
        fprintf(stderr, "varve: %s\n", text);
}

enum tool_exit cli_fail(const struct cli *cli, enum tool_exit code, const char *format, ...)
{
    char line[LINE_MAX_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    print_line(cli, line);
    return code;
}

void cli_note(const struct cli *cli, const char *format, ...)
{
    char line[LINE_MAX_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    print_line(cli, line);
}

/* Whether the texts of such a failure may have keys or values of the store in them. */
static bool may_quote_data(varve_status status)
{
    enum tool_exit code = cli_exit_of(status);

    return code != TOOL_STORE && code != TOOL_IO;
}

varve_slice cli_table_in(const char *text)
{
    const char *dot = strstr(text, ".sst");
    const char *start = dot;

    if (dot == NULL)
        return varve_slice_of(NULL, 0);
    while (start > text && start[-1] >= '0' && start[-1] <= '9')
        start--;
    return varve_slice_of(start, (size_t)(dot + 4 - start));
}

/* The text of an error without what it may quote: the kind of failure, and the table file. */
static void redact_text(const varve_error *err, char text[LINE_MAX_SIZE])
{
    varve_slice table = cli_table_in(err->message);

    snprintf(text, LINE_MAX_SIZE, "%s%s%.*s", varve_status_text(err->status),
             table.size > 0 ? ": " : "", (int)table.size,
             table.size > 0 ? (const char *)table.data : "");
}

static enum tool_exit fail_error(const struct cli *cli, varve_error *err, const char *way,
                                 const char *subject)
{
    char redacted[LINE_MAX_SIZE];
    varve_buf text = VARVE_BUF_INIT;
    enum tool_exit code = cli_exit_of(err->status);
    bool whole = varve_error_text(err, &text) == VARVE_OK;
    const char *shown = whole ? (const char *)text.data : err->message;

    if (cli->redact && may_quote_data(err->status)) {
        redact_text(err, redacted);
        shown = redacted;
    }
    cli_fail(cli, code, "%s: %s%s", subject, shown,
             code == TOOL_CORRUPT ? way : cli_way_out(err->status));
    varve_buf_release(&text);
    varve_error_release(err);
    return code;
}

enum tool_exit cli_fail_error(const struct cli *cli, varve_error *err, const char *format, ...)
{
    char subject[LINE_MAX_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(subject, sizeof subject, format, arguments);
    va_end(arguments);
    return fail_error(cli, err, "", subject);
}

enum tool_exit cli_fail_reading(const struct cli *cli, varve_error *err, const char *way,
                                const char *format, ...)
{
    char subject[LINE_MAX_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(subject, sizeof subject, format, arguments);
    va_end(arguments);
    return fail_error(cli, err, way, subject);
}

/* What the key looks like, or NULL if memory runs out; the caller frees it. */
static char *show_key(const struct cli *cli, varve_slice key)
{
    varve_buf quoted = VARVE_BUF_INIT;
    char *text = NULL;

    if (cli->redact)
        return asprintf(&text, "<%zu bytes>", key.size) < 0 ? NULL : text;
    if (cli->hex)
        return bytes_to_hex(key);
    if (varve_key_print(key, &quoted, NULL) == VARVE_OK)
        text = strndup((const char *)quoted.data, quoted.size);
    varve_buf_release(&quoted);
    return text;
}

int cli_cut_text(const char *text, int size)
{
    while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--;
    return size;
}

const char *cli_key_text(const struct cli *cli, varve_slice key, char text[CLI_KEY_TEXT_MAX])
{
    char *whole = show_key(cli, key);

    if (whole == NULL)
        snprintf(text, CLI_KEY_TEXT_MAX, "of %zu bytes", key.size);
    else if (strlen(whole) < CLI_KEY_TEXT_MAX)
        snprintf(text, CLI_KEY_TEXT_MAX, "%s", whole);
    else
        snprintf(text, CLI_KEY_TEXT_MAX, "%.*s...", cli_cut_text(whole, CLI_KEY_TEXT_MAX - 4),
                 whole);
    free(whole);
    return text;
}
