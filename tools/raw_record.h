/*
 * The records that batches, logs and table files consist of: what was done to an engine key.
 */
#ifndef TOOLS_RAW_RECORD_H
#define TOOLS_RAW_RECORD_H

#include "output.h"

/* "put", "clear" and so on; "unknown" for another number. */
const char *raw_record_name(varve_record_type type);

/* An engine key as its user key, a slash and its time; in hexadecimal if it is none. */
void raw_key_out(const struct cli *cli, varve_slice engine_key);

/* An object with the user key and the time; with the bytes of an engine key that is none. */
json_t *raw_key_json(const struct cli *cli, varve_slice engine_key);

/* Print what is done, the keys and the data in hexadecimal, between tabs, without a newline. */
void raw_record_out(const struct cli *cli, const varve_record *record);

/* Add the same. */
void raw_record_json(const struct cli *cli, struct json_line *line, const varve_record *record);

#endif
