/*
 * Spans of time and sizes as people write and read them.
 */
#ifndef TOOLS_UNITS_H
#define TOOLS_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* Read 90, 90s, 15m, 24h or 7d, in seconds.  Returns false if `text` is none, or too long to be
 * counted in them. */
bool duration_parse(const char *text, int64_t *seconds);

#define DURATION_TEXT_MAX 32

/* "12.5 s", "3 min", "5.0 h", "12.3 d": about how long it is.  Returns `text`. */
const char *duration_format(double seconds, char text[DURATION_TEXT_MAX]);

#define SIZE_TEXT_MAX 32

/* "12.0 MiB": about how many bytes.  Returns `text`. */
const char *size_format(double bytes, char text[SIZE_TEXT_MAX]);

#endif
