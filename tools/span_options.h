/*
 * Which keys a command works on: --prefix, --start, --end, --system and --resume, which mean the
 * same wherever they are taken.
 */
#ifndef TOOLS_SPAN_OPTIONS_H
#define TOOLS_SPAN_OPTIONS_H

#include "cli.h"

/* The keys asked for, and the memory of the bounds.  Start one as SPAN_OPTIONS_INIT. */
struct span_options {
    varve_span span; /* if it ends before it starts there is no such key */
    struct bytes prefix;
    struct bytes start;
    struct bytes end;
    struct bytes resume;
    varve_buf prefix_end;
};

#define SPAN_OPTIONS_INIT                                                                          \
    {                                                                                              \
        {{NULL, 0}, {NULL, 0}}, BYTES_INIT, BYTES_INIT, BYTES_INIT, BYTES_INIT, VARVE_BUF_INIT     \
    }

/*
 * What the command line asks for; without any option all keys of applications.  --resume is a key
 * here: the first that is left, or with `reverse` the end of what is left.  Prints what is wrong.
 * The caller releases `options` whatever is returned.
 */
enum tool_exit span_options_read(const struct cli *cli, bool reverse, struct span_options *options);

/* The same for commands whose --resume is no key: it is not looked at. */
enum tool_exit span_options_read_bounds(const struct cli *cli, struct span_options *options);

/* And where a range that ends before it starts is wrong, since nothing can be done in it. */
enum tool_exit span_options_read_some(const struct cli *cli, struct span_options *options);

/* Say how to go on with --resume: on standard error, or with --json as the last object. */
void span_options_print_resume(const struct cli *cli, varve_slice resume);

void span_options_release(struct span_options *options);

#endif
