#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <varve/admin.h>

#include "engine/engine.h"
#include "engine/rocksdb/directory.h"
#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/files.h"
#include "engine/rocksdb/intake.h"
#include "engine/rocksdb/lock.h"
#include "engine/rocksdb/options.h"
#include "engine/rocksdb/version_file.h"
#include "util/fail.h"
#include "util/tree.h"

/* RocksDB takes its lock for this, and removes what has names such as it gives. */
static varve_status destroy_database(const char *path, varve_error *err)
{
    char *text = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    varve__rocksdb_quiet_log(options);
    rocksdb_destroy_db(options, path, &text);
    rocksdb_options_destroy(options);
    if (text == NULL)
        return VARVE_OK;
    varve_status status = varve__rocksdb_fail(err, "removing", text);
    return status == VARVE_LOCKED ? varve__rocksdb_fail_locked(path, err) : status;
}

static varve_status remove_entry(void *arg, int directory, const char *name,
                                 const struct stat *what, varve_error *err)
{
    const char *path = arg;
    if (unlinkat(directory, name, S_ISDIR(what->st_mode) ? AT_REMOVEDIR : 0) == 0 ||
        errno == ENOENT)
        return VARVE_OK;
    return varve__fail_file(err, "remove", path, name);
}

static varve_status remove_temp(int fd, const char *path, varve_error *err)
{
    struct stat what;
    if (fstatat(fd, VARVE__TEMP_DIR, &what, AT_SYMLINK_NOFOLLOW) != 0)
        return VARVE_OK;
    varve_status status = VARVE_OK;
    if (S_ISDIR(what.st_mode))
        status = varve__tree_walk(fd, VARVE__TEMP_DIR, remove_entry, (void *)(uintptr_t)path, err);
    if (status != VARVE_OK)
        return status;
    return remove_entry((void *)(uintptr_t)path, fd, VARVE__TEMP_DIR, &what, err);
}

static varve_status remove_file(int fd, const char *path, const char *name, varve_error *err)
{
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return VARVE_OK;
    return varve__fail_file(err, "remove", path, name);
}

/* The version file goes last: as long as it is there, this is a store. */
static varve_status remove_all(int fd, const char *path, varve_error *err)
{
    varve_status status = destroy_database(path, err);
    if (status == VARVE_OK)
        status = remove_temp(fd, path, err);
    if (status == VARVE_OK)
        status = remove_file(fd, path, VARVE__INTAKE_MARK, err);
    if (status == VARVE_OK)
        status = remove_file(fd, path, VARVE__VERSION_FILE_TEMP, err);
    if (status == VARVE_OK)
        status = remove_file(fd, path, VARVE__VERSION_FILE, err);
    if (status != VARVE_OK)
        return status;
    /* With something of somebody else's in it, it stays. */
    (void)rmdir(path);
    return VARVE_OK;
}

varve_status varve_store_destroy(const char *path, varve_error *err)
{
    varve__lock *lock = NULL;
    int fd;
    varve_status status = varve__directory_find(path, true, &fd, err);
    if (status != VARVE_OK)
        return status;
    status = varve__rocksdb_lock(path, &lock, err);
    if (status == VARVE_OK)
        status = remove_all(fd, path, err);
    varve__rocksdb_unlock(lock);
    (void)close(fd);
    return status;
}
