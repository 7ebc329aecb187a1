/*
 * Arguments that are bytes: hexadecimal, a text with escapes in double quotes, @FILE, or - for
 * standard input.
 */
#ifndef TOOLS_DATA_ARGUMENT_H
#define TOOLS_DATA_ARGUMENT_H

#include "cli.h"

/* What the help of commands that take one says. */
#define DATA_ARGUMENT_HELP                                                                         \
    "DATA is hexadecimal, a text with escapes in double quotes, @FILE, or - for standard input; "  \
    "what these two hold is taken as it is, or with --hex as hexadecimal."

/*
 * Read the bytes that `text` means.  What files and standard input hold is taken as it is, or with
 * --hex as hexadecimal with blanks and newlines between the digits.  `name` is what messages call
 * the argument.  Prints what is wrong.  The caller releases `data`.
 */
enum tool_exit data_argument_read(const struct cli *cli, const char *name, const char *text,
                                  struct bytes *data);

#endif
