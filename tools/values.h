/*
 * Values as the tool shows them.
 */
#ifndef TOOLS_VALUES_H
#define TOOLS_VALUES_H

#include "cli.h"
#include "file_value.h"
#include "output.h"

enum value_kind {
    VALUE_DELETED, /* a tombstone */
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_FILE, /* of a git repository; `data` is the content */
    VALUE_DATA, /* anything else; `data` is what follows the tag */
};

/* A raw value taken apart.  Slices point into the raw value. */
struct value {
    enum value_kind kind;
    varve_tag tag;
    char mode[FILE_MODE_SIZE + 1]; /* VALUE_FILE */
    varve_slice data;
    int64_t integer; /* VALUE_INT */
    double number;   /* VALUE_FLOAT */
    varve_slice raw;
};

/* Take apart a raw value that is not empty, whatever its checksum; otherwise as below. */
bool value_read(varve_slice raw, struct value *value, varve_error *err);

/*
 * Take apart the raw value of `key`, after holding it against its checksum if it has one.  Returns
 * false, with `err` (NULL = not wanted) saying why, if it is damaged.
 */
bool value_take_apart(varve_slice key, varve_slice raw, struct value *value, varve_error *err);

/*
 * The same of the raw value of `key`, which prints the failure.
 */
enum tool_exit value_decode(const struct cli *cli, varve_slice key, varve_slice raw,
                            struct value *value);

/* "BYTES" and so on; of a file its mode. */
const char *value_kind_name(const struct value *value);

/* Print it as it is: data as bytes, numbers in decimal; or as --hex and --redact want it. */
void value_out(const struct cli *cli, const struct value *value);

/* Print it on one line: data in quotes, numbers in decimal; or as --hex and --redact want it. */
void value_out_line(const struct cli *cli, const struct value *value);

/* Add `tag`, and `mode` of a file; `deleted` of a tombstone. */
void value_json_kind(struct json_line *line, const struct value *value);

/* Add the same and `value`, `value_hex` or `value_size`. */
void value_json(struct json_line *line, const struct cli *cli, const struct value *value);

#endif
