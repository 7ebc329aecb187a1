/*
 * Failing and counting I/O: write, pwrite, fsync and fdatasync of this program and of the libraries
 * it has loaded, RocksDB among them, come through here.
 *
 * The linker exports from a program what its libraries import, and the program is searched before
 * the C library.  Include this from exactly one file of a program.  Every failure is counted: a
 * test that never failed anything has shown nothing.
 */
#ifndef VARVE_TESTS_ENGINE_ROCKSDB_FAULTS_H
#define VARVE_TESTS_ENGINE_ROCKSDB_FAULTS_H

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum fault_op { FAULT_WRITE = 1, FAULT_SYNC = 2 };

static struct {
    atomic_uint ops;      /* what fails now; 0 = nothing */
    const char *contains; /* only files whose path holds this */
    int code;             /* the errno they fail with; 0 = they do not, and are only counted */
    atomic_ulong fired;
} fault;

/* From now on let `ops` on files whose path contains `contains` fail with `code`. */
static void fault_arm(unsigned ops, const char *contains, int code)
{
    fault.contains = contains;
    fault.code = code;
    atomic_store(&fault.fired, 0);
    atomic_store(&fault.ops, ops);
}

/* Let everything work again; returns how many calls have failed, or been counted. */
static unsigned long fault_disarm(void)
{
    atomic_store(&fault.ops, 0);
    return atomic_load(&fault.fired);
}

static bool fault_hits(int fd, enum fault_op op)
{
    char link[64];
    char path[4096];

    if ((atomic_load(&fault.ops) & op) == 0)
        return false;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    if (strstr(path, fault.contains) == NULL)
        return false;
    atomic_fetch_add(&fault.fired, 1);
    errno = fault.code;
    return fault.code != 0;
}

/* The function of that name that would have been called without this file. */
static void fault_find_real(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, sizeof symbol); /* C has no conversion from one to the other */
}

#define FAULT_EXPORT __attribute__((visibility("default")))

FAULT_EXPORT ssize_t write(int fd, const void *data, size_t size);
FAULT_EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t offset);
FAULT_EXPORT int fsync(int fd);
FAULT_EXPORT int fdatasync(int fd);

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t);
    if (fault_hits(fd, FAULT_WRITE))
        return -1;
    fault_find_real("write", &real);
    return real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    if (fault_hits(fd, FAULT_WRITE))
        return -1;
    fault_find_real("pwrite", &real);
    return real(fd, data, size, offset);
}

int fsync(int fd)
{
    int (*real)(int);
    if (fault_hits(fd, FAULT_SYNC))
        return -1;
    fault_find_real("fsync", &real);
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int);
    if (fault_hits(fd, FAULT_SYNC))
        return -1;
    fault_find_real("fdatasync", &real);
    return real(fd);
}

#endif
