/*
 * Files of a store.
 */
#ifndef VARVE_ENGINE_ROCKSDB_FILES_H
#define VARVE_ENGINE_ROCKSDB_FILES_H

#include <errno.h>
#include <unistd.h>

#include <varve/base.h>

#include "util/fail.h"

/* A failure of the system to `verb` the file `name` of `path`, or, if that is "", `path`. */
static inline varve_status varve__fail_file(varve_error *err, const char *verb, const char *path,
                                            const char *name)
{
    int code = errno;
    varve_status status = code == ENOSPC || code == EDQUOT ? VARVE_NO_SPACE : VARVE_IO;
    return varve__fail(err, status, "cannot %s %s%s%s: %s", verb, path, name[0] == '\0' ? "" : "/",
                       name, strerror(code));
}

/* fsync of a directory; file systems that have no such thing say EINVAL. */
static inline int varve__sync_directory(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
}

/* Read up to `size` bytes from `offset` on: how many there are, fewer only at the end; -1 on
 * failure. */
static inline ssize_t varve__read_at(int fd, uint64_t offset, unsigned char *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, data + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

#endif
