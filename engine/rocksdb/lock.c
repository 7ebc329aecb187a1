#include "engine/rocksdb/lock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/fail.h"

struct varve__lock {
    struct varve__lock *next;
    dev_t device;
    ino_t inode;
    pid_t owner; /* a child of fork finds the locks of its parent here, and has none of them */
};

static pthread_mutex_t locks_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct varve__lock *locks;

/* ---- This process --------------------------------------------------------------------------- */

static bool is_taken(const struct varve__lock *wanted)
{
    for (const struct varve__lock *lock = locks; lock != NULL; lock = lock->next)
        if (lock->device == wanted->device && lock->inode == wanted->inode &&
            lock->owner == wanted->owner)
            return true;
    return false;
}

static bool take(struct varve__lock *lock)
{
    (void)pthread_mutex_lock(&locks_mutex);
    bool free = !is_taken(lock);
    if (free) {
        lock->next = locks;
        locks = lock;
    }
    (void)pthread_mutex_unlock(&locks_mutex);
    return free;
}

varve_status varve__rocksdb_lock(const char *path, varve__lock **out, varve_error *err)
{
    struct stat what;
    *out = NULL;
    if (stat(path, &what) != 0)
        return varve__fail(err, VARVE_IO, "%s: %s", path, strerror(errno));
    struct varve__lock *lock = varve__calloc(1, sizeof *lock);
    if (lock == NULL)
        return varve__fail_no_memory(err, sizeof *lock);
    lock->device = what.st_dev;
    lock->inode = what.st_ino;
    lock->owner = getpid();
    if (!take(lock)) {
        varve__free(lock);
        return varve__fail(err, VARVE_LOCKED, "%s: this process has it open already", path);
    }
    *out = lock;
    return VARVE_OK;
}

void varve__rocksdb_unlock(varve__lock *lock)
{
    if (lock == NULL)
        return;
    (void)pthread_mutex_lock(&locks_mutex);
    struct varve__lock **at = &locks;
    while (*at != lock)
        at = &(*at)->next;
    *at = lock->next;
    (void)pthread_mutex_unlock(&locks_mutex);
    varve__free(lock);
}

/* ---- Other processes ------------------------------------------------------------------------ */

/*
 * The process that holds a lock on the file, 0 if that cannot be told.  The list of the system is
 * read instead of asking for the lock, since closing the file again would give up a lock that this
 * process holds on it.
 */
static long holder_of(const struct stat *file)
{
    char line[256];
    long holder = 0;
    FILE *list = fopen("/proc/locks", "re");
    if (list == NULL)
        return 0;
    while (holder == 0 && fgets(line, sizeof line, list) != NULL) {
        long process;
        unsigned device_major;
        unsigned device_minor;
        unsigned long inode;
        if (sscanf(line, "%*s POSIX %*s WRITE %ld %x:%x:%lu", &process, &device_major,
                   &device_minor, &inode) == 4 &&
            inode == (unsigned long)file->st_ino && device_major == major(file->st_dev) &&
            device_minor == minor(file->st_dev) && process > 0)
            holder = process;
    }
    (void)fclose(list);
    return holder;
}

varve_status varve__rocksdb_fail_locked(const char *path, varve_error *err)
{
    char name[4096];
    struct stat file;
    long holder = 0;
    int size = snprintf(name, sizeof name, "%s/LOCK", path);
    if (size > 0 && (size_t)size < sizeof name && stat(name, &file) == 0)
        holder = holder_of(&file);
    if (holder != 0)
        return varve__fail(err, VARVE_LOCKED, "%s: process %ld has it open", path, holder);
    return varve__fail(err, VARVE_LOCKED, "%s: another process has it open", path);
}
