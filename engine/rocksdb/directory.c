#include "engine/rocksdb/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rocksdb/files.h"
#include "engine/rocksdb/version.h"
#include "engine/rocksdb/version_file.h"
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

/* ---- The directory itself */

static varve_status open_place(struct place *place, varve_error *err)
{
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->fd >= 0 || errno == ENOENT)
        return VARVE_OK;
    if (errno == ENOTDIR)
        return varve__fail(err, VARVE_NOT_A_STORE, "%s is not a directory", place->path);
    return varve__fail_file(err, "open", place->path, "");
}

/* One level only: a mistyped path should not grow a tree of folders. */
static varve_status create_place(struct place *place, varve_error *err)
{
    if (mkdir(place->path, 0755) != 0 && errno != EEXIST)
        return varve__fail_file(err, "create", place->path, "");
    varve_status status = open_place(place, err);
    if (status != VARVE_OK)
        return status;
    int parent = place->fd < 0 ? -1 : openat(place->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return varve__fail_file(err, "open the parent of", place->path, "");
    int result = varve__sync_directory(parent);
    if (result != 0)
        status = varve__fail_file(err, "sync the parent of", place->path, "");
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
        varve_status status = varve__fail_file(err, "list", place->path, "");
        if (fd >= 0)
            (void)close(fd);
        return status;
    }
    errno = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        look_at(entry->d_name, contents);
        errno = 0;
    }
    varve_status status = errno == 0 ? VARVE_OK : varve__fail_file(err, "list", place->path, "");
    (void)closedir(dir);
    return status;
}

/* ---- Together */

static varve_status no_store(const char *path, varve_error *err)
{
    return varve__fail(err, VARVE_NO_STORE, "there is no store at %s", path);
}

static varve_status not_a_store(const char *path, varve_error *err)
{
    return varve__fail(err, VARVE_NOT_A_STORE,
                       "%s is not empty and has no %s: it is not a varve store", path,
                       VARVE__VERSION_FILE);
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
        status = varve__version_file_get(place->fd, place->path, version, err);
        if (status != VARVE_NOT_FOUND)
            return status;
        return not_a_store(options->path, err);
    }
    if (!may_create(options))
        return no_store(options->path, err);
    *version = VARVE__VERSION_CURRENT;
    return varve__version_file_write(place->fd, place->path, varve_slice_text(VARVE__VERSION_TEXT),
                                     err);
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
    return out->create && !may_create(options) ? no_store(options->path, err) : VARVE_OK;
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
    varve_status status = varve__version_file_get(place->fd, place->path, &out->version, err);
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
        status = may_create(options) ? create_place(&place, err) : no_store(options->path, err);
    if (status == VARVE_OK)
        status = prepare_place(options, &place, out, err);
    if (place.fd >= 0)
        (void)close(place.fd);
    return status;
}

varve_status varve__directory_find(const char *path, bool lock, int *fd, varve_error *err)
{
    struct place place = {.path = path, .fd = -1};
    struct contents contents = {false};

    *fd = -1;
    varve_status status = open_place(&place, err);
    if (status == VARVE_OK && place.fd < 0)
        return no_store(path, err);
    if (status != VARVE_OK)
        return status;
    if (lock)
        (void)flock(place.fd, LOCK_EX);
    if (faccessat(place.fd, VARVE__VERSION_FILE, F_OK, 0) == 0) {
        *fd = place.fd;
        return VARVE_OK;
    }
    status = errno == ENOENT ? list_place(&place, &contents, err)
                             : varve__fail_file(err, "look at", path, VARVE__VERSION_FILE);
    (void)close(place.fd);
    if (status != VARVE_OK)
        return status;
    return contents.other ? not_a_store(path, err) : no_store(path, err);
}
