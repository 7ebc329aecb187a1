/*
 * Differences between two texts, line by line.
 */
#ifndef TOOLS_HISTORIES_DIFF_H
#define TOOLS_HISTORIES_DIFF_H

#include <stdio.h>
#include <varve/base.h>

/*
 * Print all lines of both: those that `expected` alone has behind `-`, those of `actual` alone
 * behind `+`, those of both behind a blank.
 */
void diff_print(varve_slice expected, varve_slice actual, FILE *out);

#endif
