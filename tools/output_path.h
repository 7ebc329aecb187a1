/*
 * Paths of what a command makes.
 */
#ifndef TOOLS_OUTPUT_PATH_H
#define TOOLS_OUTPUT_PATH_H

#include "cli.h"

/*
 * Nothing is overwritten: refuse a path at which there is something, with TOOL_EXISTS.  All
 * commands that make files or stores ask this first, so that they end alike.
 */
enum tool_exit output_is_new(const struct cli *cli, const char *path);

#endif
