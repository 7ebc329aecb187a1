/*
 * The input of an import: a stream of bytes, where in it something is, and what is wrong with it.
 */
#ifndef TOOLS_IMPORT_INPUT_H
#define TOOLS_IMPORT_INPUT_H

#include "cli.h"

#include <sys/types.h>

/* ---- Faults -------------------------------------------------------------------------------- */

/* A place in the input. */
struct import_place {
    uint64_t line;   /* from 1 */
    uint64_t offset; /* in bytes, from 0 */
};

/* Why an import cannot go on. */
struct import_fault {
    enum tool_exit code;
    bool placed; /* `place` tells where in the input */
    struct import_place place;
    bool of_input; /* the message is about the input as a whole */
    bool quotes;   /* the message may have bytes of the input or of the store in it */
    char message[1024];
};

/* Record that the input is wrong at `place`; returns false, so that a failing site is one
 * statement. */
bool import_malformed(struct import_fault *fault, struct import_place place, const char *format,
                      ...) VARVE_PRINTF(3, 4);

/* Record that the input as a whole is at fault; returns false. */
bool import_failed_input(struct import_fault *fault, enum tool_exit code, const char *format, ...)
    VARVE_PRINTF(3, 4);

/* Record a failure that the input has no part in; returns false. */
bool import_failed(struct import_fault *fault, enum tool_exit code, const char *format, ...)
    VARVE_PRINTF(3, 4);

/* Record a failure of the library at `what`, taking over `err`; returns false. */
bool import_failed_error(struct import_fault *fault, varve_error *err, const char *what);

/* Record that memory ran out; returns false. */
bool import_no_memory(struct import_fault *fault);

/*
 * Print the fault of the input of that name, with the place if there is one, as --redact wants it,
 * and `rest` behind it.  Returns its code.
 */
enum tool_exit import_fail(const struct cli *cli, const char *name,
                           const struct import_fault *fault, const char *rest);

/* `place`, `bytes` further on in the same line. */
static inline struct import_place import_place_within(struct import_place place, size_t bytes)
{
    place.offset += bytes;
    return place;
}

/* ---- Growing bytes ------------------------------------------------------------------------- */

/* Bytes that grow; all zero is empty. */
struct import_bytes {
    unsigned char *data;
    size_t size;
    size_t capacity;
};

void import_bytes_release(struct import_bytes *bytes);

/* Make room for `extra` more bytes; false if memory ran out. */
bool import_bytes_reserve(struct import_bytes *bytes, size_t extra);

/* Append; false if memory ran out. */
bool import_bytes_append(struct import_bytes *bytes, const void *data, size_t size);

/* What it holds now; never NULL, so that it can be stepped through. */
static inline varve_slice import_bytes_slice(const struct import_bytes *bytes)
{
    return varve_slice_of(bytes->data == NULL ? (const unsigned char *)"" : bytes->data,
                          bytes->size);
}

/* ---- The stream ---------------------------------------------------------------------------- */

/* The size of an open file, for the progress; 0 for a pipe, which has none. */
uint64_t import_size_of(int fd);

/* Reads as read(2) does: bytes, 0 at the end, -1 with errno. */
typedef ssize_t (*import_read_fn)(void *arg, void *buffer, size_t size);

/* What a step through the input came to. */
enum import_step {
    IMPORT_FAULT = -1, /* the fault says why */
    IMPORT_OK = 0,
    IMPORT_END = 1 /* the input has ended */
};

struct import_input {
    import_read_fn read;
    void *arg;
    unsigned char *chunk; /* what has been read and not handed out is [start, end) */
    size_t start;
    size_t end;
    size_t summed; /* where in the chunk `crc` ends */
    bool at_end;
    struct import_place place; /* of the next byte */
    uint32_t crc;
    struct import_bytes line; /* for lines that span chunks */
};

/* Begin at the first byte.  Returns false if memory ran out. */
bool import_input_open(struct import_input *in, import_read_fn read, void *arg);

void import_input_close(struct import_input *in);

/* An import_read_fn over a file descriptor: `arg` points to the int. */
ssize_t import_read_fd(void *arg, void *buffer, size_t size);

/* Show bytes that come next, at least one, without taking them; valid until the next call. */
enum import_step import_input_window(struct import_input *in, varve_slice *window,
                                     struct import_fault *fault);

/* Take the first `size` bytes of the window. */
void import_input_take(struct import_input *in, size_t size);

/* Take between 1 and `max` bytes; valid until the next call. */
enum import_step import_input_chunk(struct import_input *in, size_t max, varve_slice *chunk,
                                    struct import_fault *fault);

/*
 * Take a line; `line` is without its newline and valid until the next call.  The last line of the
 * input may lack one.  A line of more than `max` bytes is malformed.
 */
enum import_step import_input_line(struct import_input *in, size_t max, varve_slice *line,
                                   struct import_fault *fault);

/* CRC-32 of all bytes taken so far. */
uint32_t import_input_crc(struct import_input *in);

#endif
