/*
 * Records of the line-based formats: what one line of a tsv or jsonl file says.
 */
#ifndef TOOLS_IMPORT_RECORD_H
#define TOOLS_IMPORT_RECORD_H

#include "import_input.h"

/* One version of one key.  All zero to begin with; its memory is reused from line to line. */
struct import_record {
    struct import_place place; /* its first byte */
    struct import_bytes key;   /* not checked */
    struct import_bytes raw;   /* its raw value; empty for a deletion */
    bool has_time;
    varve_ts ts;
};

void import_record_release(struct import_record *record);

/* Reads the next record.  IMPORT_END behind the last. */
typedef enum import_step (*import_next_fn)(struct import_input *in, struct import_record *record,
                                           struct import_fault *fault);

/*
 * KEY<TAB>VALUE[<TAB>TIME], with the escapes of PostgreSQL's COPY text format; \N as the value is a
 * deletion, as the time it is none.  Fields are decoded as they stream by, so that a line takes no
 * more memory than what it means.
 */
enum import_step import_tsv_next(struct import_input *in, struct import_record *record,
                                 struct import_fault *fault);

/* The longest line of a jsonl file, in bytes. */
#define IMPORT_JSONL_LINE_MAX ((size_t)64 << 20)

/* JSON objects, one on each line; docs/import.md has their members. */
enum import_step import_jsonl_next(struct import_input *in, struct import_record *record,
                                   struct import_fault *fault);

/*
 * Take a time field: one of the forms of times.h that name a time by themselves, above zero.
 * `place` is where it begins.
 */
bool import_record_time(struct import_record *record, varve_slice text, struct import_place place,
                        struct import_fault *fault);

/* Begin the raw value: an unset checksum and the tag.  Returns false if memory ran out. */
bool import_record_begin_raw(struct import_record *record, varve_tag tag);

#endif
