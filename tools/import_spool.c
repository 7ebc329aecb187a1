/* Temporary files without a name, and the table of the marks that point into one. */
#include "import_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TAIL_SIZE ((size_t)256 << 10)

/* Where temporary files go. */
static const char *folder(void)
{
    const char *path = getenv("TMPDIR");

    return path == NULL || *path == '\0' ? "/tmp" : path;
}

bool import_spool_open(struct import_spool *spool, struct import_fault *fault)
{
    char *path = NULL;

    if (asprintf(&path, "%s/varve-import-XXXXXX", folder()) < 0)
        return import_no_memory(fault);
    spool->fd = mkostemp(path, O_CLOEXEC);
    int error = errno;
    if (spool->fd >= 0)
        unlink(path);
    else
        import_failed(fault, TOOL_IO, "%s: %s; TMPDIR names another place", path, strerror(error));
    free(path);
    return spool->fd >= 0;
}

void import_spool_close(struct import_spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    spool->fd = -1;
    import_bytes_release(&spool->tail);
}

void import_spool_reset(struct import_spool *spool)
{
    spool->size = 0;
    spool->tail.size = 0;
}

/* Bytes that are in the file. */
static uint64_t written(const struct import_spool *spool)
{
    return spool->size - spool->tail.size;
}

static bool write_at(const struct import_spool *spool, uint64_t offset, const unsigned char *data,
                     size_t size, struct import_fault *fault)
{
    while (size > 0) {
        ssize_t done = pwrite(spool->fd, data, size, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return import_failed(fault, TOOL_IO,
                                 "%s: a temporary file: %s; TMPDIR names another place", folder(),
                                 strerror(errno));
        data += done;
        offset += (uint64_t)done;
        size -= (size_t)done;
    }
    return true;
}

static bool flush(struct import_spool *spool, struct import_fault *fault)
{
    if (!write_at(spool, written(spool), spool->tail.data, spool->tail.size, fault))
        return false;
    spool->tail.size = 0;
    return true;
}

bool import_spool_append(struct import_spool *spool, const void *data, size_t size,
                         struct import_fault *fault)
{
    if (spool->tail.size + size > TAIL_SIZE && !flush(spool, fault))
        return false;
    if (size > TAIL_SIZE) {
        if (!write_at(spool, spool->size, data, size, fault))
            return false;
    } else if (!import_bytes_append(&spool->tail, data, size)) {
        return import_no_memory(fault);
    }
    spool->size += size;
    return true;
}

static bool read_at(const struct import_spool *spool, uint64_t offset, unsigned char *data,
                    size_t size, struct import_fault *fault)
{
    while (size > 0) {
        ssize_t got = pread(spool->fd, data, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return import_failed(fault, TOOL_IO, "%s: a temporary file: %s", folder(),
                                 got < 0 ? strerror(errno) : "it has been cut short");
        data += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

bool import_spool_read(struct import_spool *spool, uint64_t offset, void *data, size_t size,
                       struct import_fault *fault)
{
    if (size == 0)
        return true;
    if (offset >= written(spool)) {
        memcpy(data, spool->tail.data + (offset - written(spool)), size);
        return true;
    }
    if (offset + size > written(spool) && !flush(spool, fault))
        return false;
    return read_at(spool, offset, data, size, fault);
}

/* ---- Marks --------------------------------------------------------------------------------- */

void import_marks_release(struct import_marks *marks)
{
    free(marks->slots);
    memset(marks, 0, sizeof *marks);
}

/* The slot of a mark, or the free one where it belongs.  There is always a free one. */
static struct import_mark *slot_of(const struct import_marks *marks, uint64_t mark)
{
    /* Marks are numbered from 1 on: the multiplier spreads any other order as well. */
    size_t i = (size_t)((mark * 0x9E3779B97F4A7C15U) >> 20) & (marks->capacity - 1);

    while (marks->slots[i].mark != 0 && marks->slots[i].mark != mark)
        i = (i + 1) & (marks->capacity - 1);
    return &marks->slots[i];
}

static bool grow(struct import_marks *marks)
{
    struct import_marks larger = {.capacity = marks->capacity == 0 ? 1024 : 2 * marks->capacity,
                                  .count = marks->count};

    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < marks->capacity; i++) {
        if (marks->slots[i].mark != 0)
            *slot_of(&larger, marks->slots[i].mark) = marks->slots[i];
    }
    free(marks->slots);
    *marks = larger;
    return true;
}

bool import_marks_set(struct import_marks *marks, struct import_mark mark)
{
    if (marks->count + 1 > marks->capacity - marks->capacity / 4 && !grow(marks))
        return false;
    struct import_mark *slot = slot_of(marks, mark.mark);
    marks->count += slot->mark == 0;
    *slot = mark;
    return true;
}

const struct import_mark *import_marks_find(const struct import_marks *marks, uint64_t mark)
{
    if (marks->capacity == 0)
        return NULL;
    const struct import_mark *slot = slot_of(marks, mark);
    return slot->mark == mark ? slot : NULL;
}
