/*
 * Checking history files: every block of a file, on one backend.
 */
#ifndef TOOLS_HISTORIES_CHECK_H
#define TOOLS_HISTORIES_CHECK_H

#include <stdio.h>
#include <varve/engine.h>

/* How the blocks of some files have gone. */
struct tally {
    size_t files;
    size_t matching;  /* blocks */
    size_t differing; /* blocks; each ends its file */
};

/* A file to be checked, and how. */
struct check {
    const char *path;
    varve_backend backend;
    const char *backend_name;
    bool rewrite; /* make the file say what has come out */
    FILE *out;    /* where differences are told */
};

/*
 * Check all blocks of the file up to the first that differs.  False, having said why on standard
 * error, if the file cannot be read or written.
 */
bool check_file(const struct check *check, struct tally *tally);

#endif
