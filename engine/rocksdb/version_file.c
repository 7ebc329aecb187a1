#include "engine/rocksdb/version_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "engine/rocksdb/files.h"
#include "engine/rocksdb/version.h"
#include "util/buf.h"
#include "util/fail.h"

static varve_status read_open(int file, const char *path, varve_buf *contents, varve_error *err)
{
    varve_status status = varve__buf_restart(contents, VARVE__VERSION_SIZE_MAX, err);
    if (status != VARVE_OK)
        return status;
    ssize_t size = varve__read_at(file, 0, contents->data, VARVE__VERSION_SIZE_MAX);
    if (size < 0)
        return varve__fail_file(err, "read", path, VARVE__VERSION_FILE);
    if (size == VARVE__VERSION_SIZE_MAX)
        return varve__fail(err, VARVE_CORRUPT, "version file %s/%s is too large", path,
                           VARVE__VERSION_FILE);
    contents->size = (size_t)size;
    return VARVE_OK;
}

varve_status varve__version_file_read(int fd, const char *path, varve_buf *contents,
                                      varve_error *err)
{
    int file = openat(fd, VARVE__VERSION_FILE, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return VARVE_NOT_FOUND;
    if (file < 0)
        return varve__fail_file(err, "open", path, VARVE__VERSION_FILE);
    varve_status status = read_open(file, path, contents, err);
    (void)close(file);
    return status;
}

varve_status varve__version_file_get(int fd, const char *path, int64_t *version, varve_error *err)
{
    char file[PATH_MAX]; /* for messages; cut if it is longer */
    varve_buf contents = VARVE_BUF_INIT;
    (void)snprintf(file, sizeof file, "%s/%s", path, VARVE__VERSION_FILE);
    varve_status status = varve__version_file_read(fd, path, &contents, err);
    if (status == VARVE_OK)
        status = varve__version_parse(varve_buf_slice(&contents), file, version, err);
    varve_buf_release(&contents);
    return status;
}

varve_status varve__version_file_check(const char *path, int64_t *version, varve_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return varve__fail_file(err, "open", path, "");
    varve_status status = varve__version_file_get(fd, path, version, err);
    (void)close(fd);
    if (status == VARVE_NOT_FOUND)
        return varve__fail(err, VARVE_NO_STORE, "the store at %s has been removed", path);
    return status;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static int write_all(int fd, varve_slice data)
{
    while (data.size > 0) {
        ssize_t n = write(fd, data.data, data.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data = varve_slice_of(data.data + n, data.size - (size_t)n);
    }
    return 0;
}

/* Under another name first, so that the file is whole or not there. */
varve_status varve__version_file_write(int fd, const char *path, varve_slice contents,
                                       varve_error *err)
{
    int file = openat(fd, VARVE__VERSION_FILE_TEMP,
                      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0)
        return varve__fail_file(err, "create", path, VARVE__VERSION_FILE_TEMP);
    varve_status status = VARVE_OK;
    if (write_all(file, contents) != 0 || fsync(file) != 0)
        status = varve__fail_file(err, "write", path, VARVE__VERSION_FILE_TEMP);
    if (close(file) != 0 && status == VARVE_OK)
        status = varve__fail_file(err, "write", path, VARVE__VERSION_FILE_TEMP);
    if (status != VARVE_OK)
        return status;
    if (renameat(fd, VARVE__VERSION_FILE_TEMP, fd, VARVE__VERSION_FILE) != 0 ||
        varve__sync_directory(fd) != 0)
        return varve__fail_file(err, "create", path, VARVE__VERSION_FILE);
    return VARVE_OK;
}
