#include "engine/rocksdb/wal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "engine/rocksdb/files.h"
#include "util/alloc.h"
#include "util/fail.h"

/* A log is a row of blocks; a record has a header and does not cross the end of its block. */
#define BLOCK_SIZE 32768
#define HEADER_SIZE 7 /* checksum (4), length (2, little-endian), type */
#define LENGTH_AT 4
#define TYPE_AT 6

/* Not a type of RocksDB's, and the checksum of zeros does not fit it. */
#define TYPE_MARK 0xFF

struct wal {
    const char *directory;
    const char *name;
    int fd;
    uint64_t zeros_at;    /* where zeros stand for a record; UINT64_MAX = nowhere */
    unsigned char *block; /* BLOCK_SIZE bytes */
};

static varve_status fail_errno(const struct wal *wal, const char *verb, varve_error *err)
{
    return varve__fail(err, VARVE_IO, "cannot %s %s/%s: %s", verb, wal->directory, wal->name,
                       strerror(errno));
}

static bool is_zero(const unsigned char *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

/*
 * The offset in the block at which zeros stand for a record; `size` if there is none.  What else
 * may be wrong with a record is found by RocksDB.
 */
static size_t find_zeros(const unsigned char *block, size_t size)
{
    size_t at = 0;
    while (at + HEADER_SIZE <= size) {
        if (is_zero(block + at + LENGTH_AT, HEADER_SIZE - LENGTH_AT))
            return at;
        at +=
            HEADER_SIZE + ((size_t)block[at + LENGTH_AT] | (size_t)block[at + LENGTH_AT + 1] << 8);
    }
    return size;
}

/* Go through one block; returns whether it shows that zeros found before it, or in it, are no tail.
 */
static bool is_gap(struct wal *wal, uint64_t offset, size_t size)
{
    size_t from = 0;
    if (wal->zeros_at == UINT64_MAX) {
        from = find_zeros(wal->block, size);
        if (from < size)
            wal->zeros_at = offset + from;
    }
    return wal->zeros_at != UINT64_MAX && !is_zero(wal->block + from, size - from);
}

static varve_status find_gap(struct wal *wal, bool *found, varve_error *err)
{
    uint64_t offset = 0;
    ssize_t size;
    do {
        size = varve__read_at(wal->fd, offset, wal->block, BLOCK_SIZE);
        if (size < 0)
            return fail_errno(wal, "read", err);
        *found = is_gap(wal, offset, (size_t)size);
        offset += (uint64_t)size;
    } while (size == BLOCK_SIZE && !*found);
    return VARVE_OK;
}

static varve_status mark_gap(const struct wal *wal, varve_error *err)
{
    const unsigned char mark = TYPE_MARK;
    if (pwrite(wal->fd, &mark, 1, (off_t)(wal->zeros_at + TYPE_AT)) != 1 || fsync(wal->fd) != 0)
        return fail_errno(wal, "write", err);
    return VARVE_OK;
}

static varve_status check_open_log(struct wal *wal, bool mark, varve_error *err)
{
    bool found = false;
    varve_status status = find_gap(wal, &found, err);
    if (status != VARVE_OK || !found)
        return status;
    if (mark)
        return mark_gap(wal, err);
    return varve__fail(err, VARVE_CORRUPT,
                       "opening: the log %s has a gap of zeros at byte %" PRIu64, wal->name,
                       wal->zeros_at);
}

static varve_status check_log(int directory, struct wal *wal, bool mark, varve_error *err)
{
    wal->zeros_at = UINT64_MAX;
    wal->fd = openat(directory, wal->name, (mark ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (wal->fd < 0 && errno == ENOENT) /* a writer has done with it meanwhile */
        return VARVE_OK;
    if (wal->fd < 0)
        return fail_errno(wal, "open", err);
    varve_status status = check_open_log(wal, mark, err);
    (void)close(wal->fd);
    return status;
}

static bool is_log(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && strcmp(name + digits, ".log") == 0;
}

varve_status varve__wal_check(const char *directory, bool mark, varve_error *err)
{
    struct wal wal = {.directory = directory, .name = ""};
    varve_status status = VARVE_OK;
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return fail_errno(&wal, "list", err);
    wal.block = varve__malloc(BLOCK_SIZE);
    if (wal.block == NULL)
        status = varve__fail_no_memory(err, BLOCK_SIZE);
    while (status == VARVE_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            status = fail_errno(&wal, "list", err);
        if (entry == NULL)
            break;
        if (!is_log(entry->d_name))
            continue;
        wal.name = entry->d_name;
        status = check_log(dirfd(dir), &wal, mark, err);
    }
    varve__free(wal.block);
    (void)closedir(dir);
    return status;
}
