/*
 * Temporary files without a name: what a stream defines now and refers to later.
 */
#ifndef TOOLS_IMPORT_SPOOL_H
#define TOOLS_IMPORT_SPOOL_H

#include "import_input.h"

struct import_spool {
    int fd; /* -1 while it is not open */
    uint64_t size;
    struct import_bytes tail; /* the end of it, which is not in the file yet */
};

#define IMPORT_SPOOL_INIT                                                                          \
    {                                                                                              \
        -1, 0,                                                                                     \
        {                                                                                          \
            NULL, 0, 0                                                                             \
        }                                                                                          \
    }

/* Open an empty spool in TMPDIR, or /tmp; the file is gone when the process ends, however it does.
 */
bool import_spool_open(struct import_spool *spool, struct import_fault *fault);

void import_spool_close(struct import_spool *spool);

/* Append bytes. */
bool import_spool_append(struct import_spool *spool, const void *data, size_t size,
                         struct import_fault *fault);

/* Read bytes that have been appended. */
bool import_spool_read(struct import_spool *spool, uint64_t offset, void *data, size_t size,
                       struct import_fault *fault);

/* Make it empty. */
void import_spool_reset(struct import_spool *spool);

/* ---- Marks --------------------------------------------------------------------------------- */

/* Where in a spool the content with a mark lies. */
struct import_mark {
    uint64_t mark; /* 0 = a free slot */
    uint64_t offset;
    uint64_t size;
};

/* All marks, hashed.  All zero is empty. */
struct import_marks {
    struct import_mark *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

void import_marks_release(struct import_marks *marks);

/* Add a mark that is not 0, or move it to another content; false if memory ran out. */
bool import_marks_set(struct import_marks *marks, struct import_mark mark);

/* Find a mark, or NULL; valid until the next is set. */
const struct import_mark *import_marks_find(const struct import_marks *marks, uint64_t mark);

#endif
