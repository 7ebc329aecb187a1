#include "util/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "util/fail.h"

static varve_status fail_errno(varve_error *err, const char *verb, const char *name)
{
    return varve__fail(err, VARVE_IO, "cannot %s %s: %s", verb, name, strerror(errno));
}

static varve_status visit(DIR *dir, const char *name, varve__tree_fn each, void *arg,
                          varve_error *err)
{
    struct stat what;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return VARVE_OK;
    if (fstatat(dirfd(dir), name, &what, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? VARVE_OK : fail_errno(err, "look at", name);
    if (S_ISDIR(what.st_mode)) {
        varve_status status = varve__tree_walk(dirfd(dir), name, each, arg, err);
        if (status != VARVE_OK)
            return status;
    }
    return each(arg, dirfd(dir), name, &what, err);
}

static varve_status walk(DIR *dir, const char *name, varve__tree_fn each, void *arg,
                         varve_error *err)
{
    varve_status status = VARVE_OK;
    while (status == VARVE_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            return fail_errno(err, "list", name);
        if (entry == NULL)
            break;
        status = visit(dir, entry->d_name, each, arg, err);
    }
    return status;
}

varve_status varve__tree_walk(int parent, const char *name, varve__tree_fn each, void *arg,
                              varve_error *err)
{
    /* The root may be a link to a directory; what is found in it may not. */
    int follow = parent == AT_FDCWD ? 0 : O_NOFOLLOW;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
    if (fd < 0 && parent != AT_FDCWD && errno == ENOENT)
        return VARVE_OK;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        varve_status status = fail_errno(err, "list", name);
        if (fd >= 0)
            (void)close(fd);
        return status;
    }
    varve_status status = walk(dir, name, each, arg, err);
    (void)closedir(dir);
    return status;
}
