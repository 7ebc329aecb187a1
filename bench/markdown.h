/*
 * A run as a page: Markdown, and pictures drawn by gnuplot.
 */
#ifndef VARVE_BENCH_MARKDOWN_H
#define VARVE_BENCH_MARKDOWN_H

#include <jansson.h>
#include <stdio.h>

/*
 * The whole run in Markdown: goals, a table for each operation with a row for each state, and the
 * contenders against what is known of them.  Pictures that lie in the folder `pictures`
 * (NULL: none) are referred to as in one of that name beside the page.
 */
void bench_print_markdown(FILE *out, const json_t *run, const char *pictures);

/*
 * Draw a picture for each operation into a folder: bench-OPERATION.svg.  Returns how many; says so
 * on stderr and draws none if there is no gnuplot.
 */
unsigned bench_draw(const json_t *run, const char *folder);

/*
 * Replace what stands in the file `path` between two lines, each of them a comment that says where
 * the results begin and end, by the run in Markdown, with its pictures in the folder `pictures`
 * beside the file.  Ends the process if the lines are not there.
 */
void bench_write_into(const json_t *run, const char *path);

#endif
