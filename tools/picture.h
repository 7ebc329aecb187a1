/*
 * Pictures made of characters, for people who look at a terminal.
 */
#ifndef TOOLS_PICTURE_H
#define TOOLS_PICTURE_H

#include "cli.h"

/*
 * How many columns there are to draw in: those of the terminal that standard output is, or COLUMNS
 * if that is set; 0 where nothing is to be drawn, because it is none, or for --plain or --json.
 */
int picture_columns(const struct cli *cli);

/*
 * Print a bar of at most `columns`: `part` of `whole` of them, of which the last `shade`, measured
 * as `part` is, are lighter.  Something that is not zero is never drawn as nothing.
 */
void picture_bar(int columns, uint64_t part, uint64_t shade, uint64_t whole);

/* A bucket of a timeline. */
struct picture_bucket {
    uint64_t values;
    uint64_t deletions;
};

/*
 * Print a line of one character for each bucket: how many values fall into it by height, or that
 * there are only deletions.
 */
void picture_timeline(const struct picture_bucket *buckets, int count);

#endif
