/*
 * Exports as text: the records of a span as they are stored, a line each; docs/export.md has the
 * format, to the byte.
 */
#ifndef TOOLS_RECORD_FILE_H
#define TOOLS_RECORD_FILE_H

#include "import_input.h"

#include <stdio.h>

/* ---- Writing ------------------------------------------------------------------------------- */

/* Start one as zero but for `file`: NULL is standard output. */
struct record_writer {
    FILE *file;
    uint64_t records;
    uint64_t bytes;
    uint32_t crc;
    char *line; /* reused */
    size_t room;
    int error; /* an errno, once something has failed */
};

/* The first line: the span of user keys. */
void record_writer_begin(struct record_writer *writer, varve_span span);

/* A record, behind all that have been added. */
void record_writer_add(struct record_writer *writer, varve_slice key, varve_ts ts,
                       varve_slice value);

/* The last line. */
void record_writer_end(struct record_writer *writer);

void record_writer_release(struct record_writer *writer);

/* ---- Reading ------------------------------------------------------------------------------- */

/* Start one as zero; end it with record_reader_close().  The first two are the caller's to set. */
struct record_reader {
    bool in_any_order; /* the caller looks after the order */
    bool is_damaged;   /* the caller has gone on behind a fault: the last line cannot fit */
    int fd;
    struct import_input in;
    struct bytes start; /* the span that the file is of */
    struct bytes end;
    struct bytes key;
    struct bytes value;
    varve_buf engine_key; /* of the record at hand */
    varve_buf before;     /* of the one before */
    varve_ts ts;
    uint64_t records;
    bool has_last_line; /* it has been read, right or wrong */
    bool has_ended; /* so has the end of the file, or what has no business behind the last line */
};

/* Open the file at `path`, or standard input for -, and read its first line. */
bool record_reader_open(struct record_reader *reader, const char *path, struct import_fault *fault);

/*
 * Read the next record.  IMPORT_END behind the last, once the last line has been found right.
 * Behind a fault of a line one may go on, unless the file has ended.
 */
enum import_step record_reader_next(struct record_reader *reader, struct import_fault *fault);

void record_reader_close(struct record_reader *reader);

#endif
