#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/health.h"
#include "engine/rocksdb/lock.h"
#include "engine/rocksdb/version_file.h"
#include "engine/rocksdb/wal.h"
#include "util/alloc.h"
#include "util/fail.h"

/* What an opening writes besides the tables that it makes of the logs. */
#define OPENING_BYTES ((uint64_t)1 << 20)

/* A name that a store may have left over, and that is known wherever its files are. */
#define PROBE_FILE "/" VARVE__VERSION_FILE_TEMP
#define PROBE_BYTES 4096

/* ---- Is there any use in trying? ------------------------------------------------------------ */

static varve_status fail_errno(varve_error *err, const char *path, const char *what)
{
    int code = errno;
    bool is_full = code == ENOSPC || code == EDQUOT;
    return varve__fail(err, is_full ? VARVE_NO_SPACE : VARVE_IO, "recovering: %s: %s: %s", path,
                       what, strerror(code));
}

static uint64_t size_of_logs(const char *path)
{
    uint64_t size = 0;
    struct stat what;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        const char *ending = strrchr(entry->d_name, '.');
        if (ending != NULL && strcmp(ending, ".log") == 0 &&
            fstatat(dirfd(dir), entry->d_name, &what, 0) == 0)
            size += (uint64_t)what.st_size;
    }
    (void)closedir(dir);
    return size;
}

static varve_status check_room(const char *path, varve_error *err)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0)
        return fail_errno(err, path, "cannot tell how much room there is");
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    uint64_t needed = size_of_logs(path) + OPENING_BYTES;
    if (room >= needed)
        return VARVE_OK;
    return varve__fail(err, VARVE_NO_SPACE,
                       "recovering: opening %s may need %" PRIu64 " bytes, and %" PRIu64
                       " are free",
                       path, needed, room);
}

static int write_probe(const char *probe)
{
    static const char zeros[PROBE_BYTES];
    int fd = open(probe, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, zeros, sizeof zeros);
    int result = written == (ssize_t)sizeof zeros && fsync(fd) == 0 ? 0 : -1;
    int code = written >= 0 && written < (ssize_t)sizeof zeros ? ENOSPC : errno;
    (void)close(fd);
    errno = code;
    return result;
}

/* Whether the disk takes anything at all: a store that is closed and cannot be opened is worse. */
static varve_status check_disk(const char *path, varve_error *err)
{
    size_t size = strlen(path) + sizeof PROBE_FILE;
    char *probe = varve__malloc(size);
    if (probe == NULL)
        return varve__fail_no_memory(err, size);
    (void)snprintf(probe, size, "%s%s", path, PROBE_FILE);
    varve_status status = VARVE_OK;
    if (write_probe(probe) != 0)
        status = fail_errno(err, probe, "the disk does not take it");
    (void)unlink(probe);
    varve__free(probe);
    return status;
}

/* Without a log, what is in memory is saved now or lost; a full disk may still pass. */
static varve_status save_what_has_no_log(varve__store *store, varve_error *err)
{
    if (store->db == NULL || !rocksdb_writeoptions_get_disable_WAL(store->no_sync))
        return VARVE_OK;
    varve_status status = varve__rocksdb_flush(store, err);
    return status == VARVE_NO_SPACE ? status : VARVE_OK;
}

/* ---- Reopening ------------------------------------------------------------------------------ */

static void close_inside(varve__store *store)
{
    if (store->db != NULL) {
        varve__rocksdb_settle(store);
        rocksdb_close(store->db);
    }
    store->db = NULL;
    varve__rocksdb_unlock(store->lock);
    store->lock = NULL;
}

static varve_status open_inside(varve__store *store, varve_error *err)
{
    varve_status status = varve__wal_check(store->path, false, err);
    if (status == VARVE_OK)
        status = varve__rocksdb_open_for_writing(store, store->path, err);
    return status;
}

varve_status varve__rocksdb_reopen(varve__store *store, varve_error *err)
{
    varve_status status = check_disk(store->path, err);
    if (status == VARVE_OK)
        status = check_room(store->path, err);
    if (status == VARVE_OK)
        status = save_what_has_no_log(store, err);
    if (status != VARVE_OK)
        return status;
    close_inside(store);
    /* Whatever it was opened with: there is a store, and nothing in it is to be given up. */
    rocksdb_options_set_create_if_missing(store->options, 0);
    rocksdb_options_set_wal_recovery_mode(store->options,
                                          rocksdb_tolerate_corrupted_tail_records_recovery);
    varve_error_release(&store->closed_by);
    status = open_inside(store, &store->closed_by);
    if (status != VARVE_OK)
        return varve__error_copy(&store->closed_by, err);
    varve__rocksdb_health_init(store);
    return VARVE_OK;
}
