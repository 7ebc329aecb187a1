/*
 * Keys and values as operations are given them.
 */
#ifndef TOOLS_OPERATION_VALUES_H
#define TOOLS_OPERATION_VALUES_H

#include "operations.h"

/* The key that is to be written; refuses those of varve's own records.  Prints what is wrong. */
enum tool_exit operation_key(const struct cli *cli, const char *text, struct bytes *key);

/*
 * The raw value that `text` means, without a checksum.  `name` is what messages call it.  Prints
 * what is wrong.  The caller releases `raw`.
 */
enum tool_exit operation_value(const struct cli *cli, const char *name, const char *text,
                               enum operation_type type, varve_buf *raw);

/* A number that is to be added.  Prints what is wrong. */
enum tool_exit operation_number(const struct cli *cli, const char *name, const char *text,
                                int64_t *number);

#endif
