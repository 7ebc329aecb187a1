/*
 * History files: comments, and directives with their input and what is expected of them.
 */
#ifndef TOOLS_HISTORIES_SCRIPT_H
#define TOOLS_HISTORIES_SCRIPT_H

#include "line.h"
#include "memory.h"

/* A directive with what follows it. */
struct block {
    size_t line;       /* of the directive, from 1 */
    char *directive;   /* trimmed and joined; to be freed by block_release() */
    varve_slice input; /* without the white space at both its ends */
    size_t input_line; /* its first line */
    char *expected;    /* lines that each end with LF */
    size_t expected_size;
    bool has_separator; /* the `----` in front of the expectation */
    bool doubled;       /* the expectation stands between doubled separators */
    size_t start;       /* in the file: where the expectation starts, behind the separator */
    size_t end;         /* and where what follows it starts */
};

/* Reads the blocks of a file one by one. */
struct script {
    varve_slice text;
    size_t at;   /* what has been read */
    size_t line; /* the number of the line there, from 1 */
};

/* Begin to read `text`, which is to outlive it. */
void script_begin(struct script *script, varve_slice text);

/*
 * Read the next directive, and what follows it if that is `run`: others have neither input nor
 * expectation.  False at the end of the file.  What has been read is to be released.
 */
bool script_next(struct script *script, struct block *block);

/* Free what it holds. */
void block_release(struct block *block);

/* Append to `out` what takes the place of the expectation of `block` to make it `actual`. */
void block_rewrite(const struct block *block, varve_slice actual, varve_slice file,
                   struct text *out);

#endif
