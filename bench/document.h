/*
 * The document of a run, as it is kept in a file.
 */
#ifndef VARVE_BENCH_DOCUMENT_H
#define VARVE_BENCH_DOCUMENT_H

#include <jansson.h>

enum { BENCH_SCHEMA = 2 };

/* Add to what was measured: goals, known figures, contenders, versions, the machine, the date. */
void bench_document_complete(json_t *run, const char *profile);

/* Read a document; ends the process if `path` holds none of this schema. */
json_t *bench_document_read(const char *path);

/* Write a document; ends the process if that fails. */
void bench_document_write(const json_t *run, const char *path);

#endif
