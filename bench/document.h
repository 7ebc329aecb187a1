/*
 * The document of a run, as it is kept in a file.
 */
#ifndef VARVE_BENCH_DOCUMENT_H
#define VARVE_BENCH_DOCUMENT_H

#include <jansson.h>

/* Documents of the schema before it can still be read: what differs in them is made anew. */
enum { BENCH_SCHEMA = 3, BENCH_SCHEMA_OLDEST = 2 };

/* Add to what was measured: goals, known figures, contenders, versions, the machine, the date. */
void bench_document_complete(json_t *run, const char *profile);

/*
 * Read a document; ends the process if `path` holds none that can be read.  What follows from the
 * measured, bounds, goals and known figures, is made anew.
 */
json_t *bench_document_read(const char *path);

/* Write a document; ends the process if that fails. */
void bench_document_write(const json_t *run, const char *path);

#endif
