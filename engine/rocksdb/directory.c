#include "engine/rocksdb/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rocksdb/files.h"
#include "engine/rocksdb/version.h"
#include "util/alloc.h"
#include "util/fail.h"

/* A directory that is being looked at. */
struct place {
    const char *path;
    int fd; /* -1 = there is none */
};

/* What lies in a directory. */
struct contents {
    bool current;  /* RocksDB's CURRENT, the root of its database */
    bool database; /* files that exist only once a database has been complete */
    bool other;    /* anything but a half-written version file */
};

static varve_status fail_errno(varve_error *err, const char *verb, const char *path,
                               const char *name)
{
    int code = errno;
    varve_status status = code == ENOSPC || code == EDQUOT ? VARVE_NO_SPACE : VARVE_IO;
    return varve__fail(err, status, "cannot %s %s%s%s: %s", verb, path, name[0] == '\0' ? "" : "/",
                       name, strerror(code));
}

/* fsync of a directory; file systems that have no such thing say EINVAL. */
static int sync_directory(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
}

/* ---- The directory itself */

static varve_status open_place(struct place *place, varve_error *err)
{
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->fd >= 0 || errno == ENOENT)
        return VARVE_OK;
    if (errno == ENOTDIR)
        return varve__fail(err, VARVE_NOT_A_STORE, "%s is not a directory", place->path);
    return fail_errno(err, "open", place->path, "");
}

/* One level only: a mistyped path should not grow a tree of folders. */
static varve_status create_place(struct place *place, varve_error *err)
{
    if (mkdir(place->path, 0755) != 0 && errno != EEXIST)
        return fail_errno(err, "create", place->path, "");
    varve_status status = open_place(place, err);
    if (status != VARVE_OK)
        return status;
    int parent = place->fd < 0 ? -1 : openat(place->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return fail_errno(err, "open the parent of", place->path, "");
    int result = sync_directory(parent);
    if (result != 0)
        status = fail_errno(err, "sync the parent of", place->path, "");
    (void)close(parent);
    return status;
}

static void look_at(const char *name, struct contents *contents)
{
    static const char *const made_later[] = {"*.sst", "*.log", "OPTIONS-*", "MANIFEST-*"};

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        strcmp(name, VARVE__VERSION_FILE_TEMP) == 0)
        return;
    contents->other = true;
    if (strcmp(name, "CURRENT") == 0)
        contents->current = true;
    /* RocksDB writes the first manifest before CURRENT, and uses another one from then on. */
    if (strcmp(name, "MANIFEST-000001") == 0)
        return;
    for (size_t i = 0; i < sizeof made_later / sizeof made_later[0]; i++) {
        if (fnmatch(made_later[i], name, 0) == 0)
            contents->database = true;
    }
}

static varve_status list_place(const struct place *place, struct contents *contents,
                               varve_error *err)
{
    *contents = (struct contents){false};
    int fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        varve_status status = fail_errno(err, "list", place->path, "");
        if (fd >= 0)
            (void)close(fd);
        return status;
    }
    errno = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        look_at(entry->d_name, contents);
        errno = 0;
    }
    varve_status status = errno == 0 ? VARVE_OK : fail_errno(err, "list", place->path, "");
    (void)closedir(dir);
    return status;
}

/* ---- The version file */

static varve_status parse_file(const struct place *place, int fd, int64_t *version,
                               varve_error *err)
{
    char path[PATH_MAX]; /* for messages; cut if it is longer */
    unsigned char *data = varve__malloc(VARVE__VERSION_SIZE_MAX);
    if (data == NULL)
        return varve__fail_no_memory(err, VARVE__VERSION_SIZE_MAX);
    (void)snprintf(path, sizeof path, "%s/%s", place->path, VARVE__VERSION_FILE);
    ssize_t size = varve__read_at(fd, 0, data, VARVE__VERSION_SIZE_MAX);
    varve_status status;
    if (size < 0)
        status = fail_errno(err, "read", place->path, VARVE__VERSION_FILE);
    else
        status = varve__version_parse(varve_slice_of(data, (size_t)size), path, version, err);
    varve__free(data);
    return status;
}

/* VARVE_NOT_FOUND if there is no version file. */
static varve_status read_version(const struct place *place, int64_t *version, varve_error *err)
{
    int fd = openat(place->fd, VARVE__VERSION_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return VARVE_NOT_FOUND;
    if (fd < 0)
        return fail_errno(err, "open", place->path, VARVE__VERSION_FILE);
    varve_status status = parse_file(place, fd, version, err);
    (void)close(fd);
    return status;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Under another name first, so that the file is whole or not there. */
static varve_status write_version(const struct place *place, varve_error *err)
{
    int fd = openat(place->fd, VARVE__VERSION_FILE_TEMP,
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return fail_errno(err, "create", place->path, VARVE__VERSION_FILE_TEMP);
    varve_status status = VARVE_OK;
    if (write_all(fd, VARVE__VERSION_TEXT, strlen(VARVE__VERSION_TEXT)) != 0 || fsync(fd) != 0)
        status = fail_errno(err, "write", place->path, VARVE__VERSION_FILE_TEMP);
    if (close(fd) != 0 && status == VARVE_OK)
        status = fail_errno(err, "write", place->path, VARVE__VERSION_FILE_TEMP);
    if (status != VARVE_OK)
        return status;
    if (renameat(place->fd, VARVE__VERSION_FILE_TEMP, place->fd, VARVE__VERSION_FILE) != 0 ||
        sync_directory(place->fd) != 0)
        return fail_errno(err, "create", place->path, VARVE__VERSION_FILE);
    return VARVE_OK;
}

/* ---- Together */

static varve_status no_store(const varve_options *options, varve_error *err)
{
    return varve__fail(err, VARVE_NO_STORE, "there is no store at %s", options->path);
}

static bool may_create(const varve_options *options)
{
    return !options->read_only && !options->must_exist;
}

/* A directory without a version file: make it a store if it is empty. */
static varve_status adopt(const varve_options *options, const struct place *place, int64_t *version,
                          varve_error *err)
{
    struct contents contents;
    varve_status status = list_place(place, &contents, err);
    if (status != VARVE_OK)
        return status;
    if (contents.other) {
        /* Unless somebody has made the store between our two looks. */
        status = read_version(place, version, err);
        if (status != VARVE_NOT_FOUND)
            return status;
        return varve__fail(err, VARVE_NOT_A_STORE,
                           "%s is not empty and has no %s: it is not a varve store", options->path,
                           VARVE__VERSION_FILE);
    }
    if (!may_create(options))
        return no_store(options, err);
    *version = VARVE__VERSION_CURRENT;
    return write_version(place, err);
}

/* A directory with a version file: has RocksDB made its database? */
static varve_status find_database(const varve_options *options, const struct place *place,
                                  varve__directory *out, varve_error *err)
{
    struct contents contents;
    varve_status status = list_place(place, &contents, err);
    if (status != VARVE_OK)
        return status;
    if (!contents.current && contents.database)
        return varve__fail(err, VARVE_CORRUPT,
                           "%s has lost the file CURRENT: refusing to begin a new store over the "
                           "remains of the old one",
                           options->path);
    out->create = !contents.current;
    return out->create && !may_create(options) ? no_store(options, err) : VARVE_OK;
}

static varve_status prepare_place(const varve_options *options, const struct place *place,
                                  varve__directory *out, varve_error *err)
{
    /*
     * Orders those who would make the same store at the same time; ends with the close.  Where the
     * file system has no such locks they are on their own.
     */
    if (may_create(options))
        (void)flock(place->fd, LOCK_EX);
    varve_status status = read_version(place, &out->version, err);
    if (status == VARVE_NOT_FOUND)
        status = adopt(options, place, &out->version, err);
    if (status == VARVE_OK)
        status = find_database(options, place, out, err);
    return status;
}

varve_status varve__directory_prepare(const varve_options *options, varve__directory *out,
                                      varve_error *err)
{
    struct place place = {.path = options->path, .fd = -1};

    *out = (varve__directory){false, 0};
    varve_status status = open_place(&place, err);
    if (status == VARVE_OK && place.fd < 0)
        status = may_create(options) ? create_place(&place, err) : no_store(options, err);
    if (status == VARVE_OK)
        status = prepare_place(options, &place, out, err);
    if (place.fd >= 0)
        (void)close(place.fd);
    return status;
}
