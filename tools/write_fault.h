/*
 * Why a key could not be written, in words.
 */
#ifndef TOOLS_WRITE_FAULT_H
#define TOOLS_WRITE_FAULT_H

#include "cli.h"

/* Print why writing `key` has failed, and return the exit code.  Releases `err`. */
enum tool_exit write_fault(const struct cli *cli, varve_slice key, varve_error *err);

/* The same where a key with versions was to get an inline value. */
enum tool_exit write_fault_of_versions(const struct cli *cli, varve_slice key);

#endif
