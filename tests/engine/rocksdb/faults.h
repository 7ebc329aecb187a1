/*
 * Failing and counting I/O: write, pwrite, pread, fsync, fdatasync, rename and renameat of this
 * program and of the libraries it has loaded, RocksDB among them, come through here.
 *
 * The linker exports from a program what its libraries import, and the program is searched before
 * the C library.  Include this from exactly one file of a program.  Every failure is counted: a
 * test that never failed anything has shown nothing.
 */
#ifndef VARVE_TESTS_ENGINE_ROCKSDB_FAULTS_H
#define VARVE_TESTS_ENGINE_ROCKSDB_FAULTS_H

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum fault_op { FAULT_WRITE = 1, FAULT_SYNC = 2, FAULT_RENAME = 4, FAULT_READ = 8 };

enum fault_call {
    CALL_WRITE,
    CALL_PWRITE,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_RENAME,
    CALL_PREAD,
    CALLS
};

static struct {
    atomic_uint ops;      /* what fails now; 0 = nothing */
    const char *contains; /* only files whose path holds this */
    int code;             /* the errno they fail with; 0 = they do not, and are only counted */
    atomic_long until;    /* that many pass before */
    atomic_long left;     /* that many fail, and the rest passes */
    atomic_ulong fired;
    atomic_ulong by_call[CALLS]; /* failures since the program began */
} fault;

/* From now on let `ops` on files whose path contains `contains` fail with `code`. */
static inline void fault_arm(unsigned ops, const char *contains, int code)
{
    fault.contains = contains;
    fault.code = code;
    atomic_store(&fault.until, 0);
    atomic_store(&fault.left, LONG_MAX);
    atomic_store(&fault.fired, 0);
    atomic_store(&fault.ops, ops);
}

/* The same, after `pass` of these have passed. */
static inline void fault_arm_later(unsigned ops, const char *contains, int code, long pass)
{
    fault_arm(0, contains, code);
    atomic_store(&fault.until, pass);
    atomic_store(&fault.ops, ops);
}

/* Let just one of them fail. */
static inline void fault_arm_once(unsigned ops, const char *contains, int code)
{
    fault_arm(0, contains, code);
    atomic_store(&fault.left, 1);
    atomic_store(&fault.ops, ops);
}

/* Let everything work again; returns how many calls have failed, or been counted. */
static inline unsigned long fault_disarm(void)
{
    atomic_store(&fault.ops, 0);
    return atomic_load(&fault.fired);
}

static inline void fault_print_calls(void)
{
    static const char *const names[] = {"write", "pwrite", "fsync", "fdatasync", "rename", "pread"};
    printf("failed calls:");
    for (unsigned i = 0; i < CALLS; i++)
        printf(" %s %lu", names[i], atomic_load(&fault.by_call[i]));
    printf("\n");
}

static bool fault_hits_path(const char *path, enum fault_op op, enum fault_call call)
{
    if ((atomic_load(&fault.ops) & op) == 0 || strstr(path, fault.contains) == NULL ||
        atomic_fetch_sub(&fault.until, 1) > 0 || atomic_fetch_sub(&fault.left, 1) <= 0)
        return false;
    atomic_fetch_add(&fault.fired, 1);
    if (fault.code == 0)
        return false;
    atomic_fetch_add(&fault.by_call[call], 1);
    errno = fault.code;
    return true;
}

static bool fault_hits(int fd, enum fault_op op, enum fault_call call)
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
    return fault_hits_path(path, op, call);
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
FAULT_EXPORT ssize_t pread(int fd, void *data, size_t size, off_t offset);
FAULT_EXPORT int fsync(int fd);
FAULT_EXPORT int fdatasync(int fd);
FAULT_EXPORT int rename(const char *from, const char *to);
FAULT_EXPORT int renameat(int from_dir, const char *from, int to_dir, const char *to);

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t);
    if (fault_hits(fd, FAULT_WRITE, CALL_WRITE))
        return -1;
    fault_find_real("write", &real);
    return real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    if (fault_hits(fd, FAULT_WRITE, CALL_PWRITE))
        return -1;
    fault_find_real("pwrite", &real);
    return real(fd, data, size, offset);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    ssize_t (*real)(int, void *, size_t, off_t);
    if (fault_hits(fd, FAULT_READ, CALL_PREAD))
        return -1;
    fault_find_real("pread", &real);
    return real(fd, data, size, offset);
}

int fsync(int fd)
{
    int (*real)(int);
    if (fault_hits(fd, FAULT_SYNC, CALL_FSYNC))
        return -1;
    fault_find_real("fsync", &real);
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int);
    if (fault_hits(fd, FAULT_SYNC, CALL_FDATASYNC))
        return -1;
    fault_find_real("fdatasync", &real);
    return real(fd);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    if (fault_hits_path(to, FAULT_RENAME, CALL_RENAME))
        return -1;
    fault_find_real("rename", &real);
    return real(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    int (*real)(int, const char *, int, const char *);
    if (fault_hits_path(to, FAULT_RENAME, CALL_RENAME))
        return -1;
    fault_find_real("renameat", &real);
    return real(from_dir, from, to_dir, to);
}

#endif
