/*
 * The sound records of an export that may be damaged.
 */
#ifndef TOOLS_SOUND_RECORDS_H
#define TOOLS_SOUND_RECORDS_H

#include "record_file.h"

/* A record that has been read. */
struct sound_record {
    bool valid;
    bool behind_gap; /* something in front of it, or of the end, is damaged */
    struct import_place place;
    struct bytes key; /* the engine key */
    struct bytes value;
};

/* Start one as zero but for the first two; end it with sound_records_close(). */
struct sound_records {
    const struct cli *cli;
    const char *name; /* of the file */
    struct record_reader reader;
    struct sound_record at;    /* the record at hand, or the last one */
    struct sound_record next;  /* read behind it, not looked at */
    struct sound_record spare; /* its memory is reused */
    uint64_t faults;
    enum tool_exit damage; /* the code of the first of them */
};

/* Open the file and read its first line.  Returns TOOL_OK, or prints a failure. */
enum tool_exit sound_records_open(struct sound_records *records);

/*
 * Move to the next record that can be read and stands in order, if there is one.  What is wrong
 * with lines is printed, of very many the first, and they are passed over: `damage` is the code to
 * end with then.  One that is too far ahead does not take those behind it with it.  Returns
 * TOOL_OK, or prints a failure to read at all.
 */
enum tool_exit sound_records_next(struct sound_records *records);

/* At the end: say how many faults have not been printed. */
void sound_records_end(const struct sound_records *records);

void sound_records_close(struct sound_records *records);

#endif
