/*
 * Reading files of a store.
 */
#ifndef VARVE_ENGINE_ROCKSDB_FILES_H
#define VARVE_ENGINE_ROCKSDB_FILES_H

#include <errno.h>
#include <unistd.h>

#include <varve/base.h>

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
