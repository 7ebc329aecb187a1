#include "engine/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

#define COPY_SIZE ((size_t)1 << 18)

/* Open directories that a walk over a tree may have. */
#define WALK_DEPTH 16

varve_status varve__fail_path(varve_error *err, const char *verb, const char *path)
{
    int code = errno;
    varve_status status = code == ENOSPC || code == EDQUOT ? VARVE_NO_SPACE : VARVE_IO;
    return varve__fail(err, status, "cannot %s %s: %s", verb, path, strerror(code));
}

varve_status varve__path_join(varve_buf *path, const char *parent, const char *name,
                              varve_error *err)
{
    size_t room = strlen(parent) + strlen(name) + 2;
    varve_status status = varve__buf_restart(path, room, err);
    if (status != VARVE_OK)
        return status;
    path->size = (size_t)snprintf((char *)path->data, room, "%s/%s", parent, name);
    return VARVE_OK;
}

varve_status varve__scratch_make(const char *parent, varve_buf *path, varve_error *err)
{
    if (parent == NULL)
        parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    varve_status status = varve__path_join(path, parent, "varve-XXXXXX", err);
    if (status != VARVE_OK)
        return status;
    if (mkdtemp((char *)path->data) != NULL)
        return VARVE_OK;
    path->size = 0; /* there is nothing to be removed */
    return varve__fail_path(err, "make a directory in", parent);
}

/* The directory that a file lies in; freed by the caller. */
static varve_status parent_of(const char *path, char **copy, const char **parent, varve_error *err)
{
    size_t size = strlen(path) + 1;
    *copy = varve__malloc(size);
    if (*copy == NULL)
        return varve__fail_no_memory(err, size);
    memcpy(*copy, path, size);
    *parent = dirname(*copy);
    return VARVE_OK;
}

varve_status varve__scratch_beside(const char *path, varve_buf *scratch, varve_error *err)
{
    char *copy;
    const char *parent;
    varve_status status = parent_of(path, &copy, &parent, err);
    if (status != VARVE_OK)
        return status;
    status = varve__scratch_make(parent, scratch, err);
    varve__free(copy);
    return status;
}

static int remove_one(const char *path, const struct stat *what, int type, struct FTW *where)
{
    (void)what, (void)type, (void)where;
    (void)remove(path);
    return 0;
}

void varve__tree_remove(const char *path)
{
    (void)nftw(path, remove_one, WALK_DEPTH, FTW_DEPTH | FTW_PHYS);
}

/* ---- Copying -------------------------------------------------------------------------------- */

static bool write_all(int fd, const unsigned char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static varve_status copy_open(int source, const char *from, int target, const char *to,
                              varve_error *err)
{
    unsigned char *data = varve__malloc(COPY_SIZE);
    if (data == NULL)
        return varve__fail_no_memory(err, COPY_SIZE);
    varve_status status = VARVE_OK;
    ssize_t size = 1;
    while (status == VARVE_OK && size > 0) {
        size = read(source, data, COPY_SIZE);
        if (size < 0 && errno == EINTR)
            size = 1;
        else if (size < 0)
            status = varve__fail_path(err, "read", from);
        else if (!write_all(target, data, (size_t)size))
            status = varve__fail_path(err, "write", to);
    }
    varve__free(data);
    return status;
}

static varve_status copy_to(int source, const char *from, const char *to, varve_error *err)
{
    int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (target < 0)
        return varve__fail_path(err, "create", to);
    varve_status status = copy_open(source, from, target, to, err);
    if (close(target) != 0 && status == VARVE_OK)
        status = varve__fail_path(err, "write", to);
    if (status != VARVE_OK)
        (void)unlink(to);
    return status;
}

varve_status varve__file_copy(const char *from, const char *to, varve_error *err)
{
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return varve__fail_path(err, "open", from);
    varve_status status = copy_to(source, from, to, err);
    (void)close(source);
    return status;
}

/* ---- Syncing -------------------------------------------------------------------------------- */

static varve_status sync_path(const char *path, int flags, varve_error *err)
{
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return varve__fail_path(err, "open", path);
    varve_status status = VARVE_OK;
    if (fsync(fd) != 0 && errno != EINVAL) /* file systems that have no such thing */
        status = varve__fail_path(err, "sync", path);
    (void)close(fd);
    return status;
}

varve_status varve__file_sync(const char *path, varve_error *err)
{
    return sync_path(path, 0, err);
}

varve_status varve__directory_sync(const char *path, varve_error *err)
{
    return sync_path(path, O_DIRECTORY, err);
}

varve_status varve__parent_sync(const char *path, varve_error *err)
{
    char *copy;
    const char *parent;
    varve_status status = parent_of(path, &copy, &parent, err);
    if (status != VARVE_OK)
        return status;
    status = varve__directory_sync(parent, err);
    varve__free(copy);
    return status;
}
