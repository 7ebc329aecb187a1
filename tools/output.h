/*
 * What the tool prints on standard output: text, tables, and JSON lines.
 *
 * The first failure is remembered and everything after it is dropped: a long walk asks out_failed()
 * now and then, and cli_main() reports the failure at the end.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include "cli.h"

#include <jansson.h>

void out_bytes(const void *bytes, size_t size);
void out_slice(varve_slice bytes);
void out_text(const char *text);
void out_format(const char *format, ...) VARVE_PRINTF(1, 2);

/* Lower-case hexadecimal. */
void out_hex(varve_slice bytes);

/* A user key in quotes (see varve_key_print()), as --hex and --redact want it. */
void out_key(const struct cli *cli, varve_slice key);

/* "<12 bytes>", which stands for a key or value with --redact. */
void out_redacted(size_t size);

/* Any bytes in quotes, by the same rules. */
void out_quoted(varve_slice bytes);

/* Whether something could not be written, so that there is no point in going on. */
bool out_failed(void);

/* Remember that memory ran out while something was prepared for printing. */
void out_no_memory(void);

/*
 * Write out what is buffered.  Returns `code`, or the code of the failure after reporting it.
 */
enum tool_exit out_finish(const struct cli *cli, enum tool_exit code);

/* ---- JSON ---------------------------------------------------------------------------------- */

/*
 * One JSON object on a line of its own.  Begin it, add members in the order they are to appear, end
 * it; failures to allocate are remembered and reported as failures of the output.
 */
struct json_line {
    json_t *object;
    int digits; /* of numbers that are not integers: as few as tell them apart */
    bool failed;
};

void json_line_begin(struct json_line *line);

/* Print the object and free it. */
void json_line_end(struct json_line *line);

/* Take the object instead, to be a member of another; NULL if it has failed. */
json_t *json_line_take(struct json_line *line);

/* Add a member; takes over `value`. */
void json_line_add(struct json_line *line, const char *name, json_t *value);

void json_line_text(struct json_line *line, const char *name, const char *text);
void json_line_count(struct json_line *line, const char *name, uint64_t number);
/* A floating-point number; "NaN", "Infinity" and "-Infinity" are strings. */
void json_line_number(struct json_line *line, const char *name, double number);

void json_line_true(struct json_line *line, const char *name);

/*
 * Add bytes: as the string NAME if they are UTF-8 (RFC 3629) and `hex` is not set, otherwise as the
 * hexadecimal string NAME_hex.
 */
void json_line_bytes(struct json_line *line, const char *name, varve_slice bytes, bool hex);

/*
 * Add bytes of a key or value that the store holds, as --hex and --redact want them: NAME,
 * NAME_hex, or only how many they are as NAME_size.
 */
void json_line_data(struct json_line *line, const struct cli *cli, const char *name,
                    varve_slice bytes);

/* Add bytes in hexadecimal under just this name. */
void json_line_hex(struct json_line *line, const char *name, varve_slice bytes);

/* Add `time`, the exact printed form that every time argument accepts, and `utc`, RFC 3339. */
void json_line_time(struct json_line *line, varve_ts ts);

#endif
