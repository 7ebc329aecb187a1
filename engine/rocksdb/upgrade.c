#include "engine/rocksdb/upgrade.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <varve/admin.h>

#include "engine/engine.h"
#include "engine/rocksdb/directory.h"
#include "engine/rocksdb/store.h"
#include "engine/rocksdb/version_file.h"
#include "util/fail.h"

/* A store's version file. */
struct file {
    char path[PATH_MAX]; /* for messages; cut if it is longer */
    int directory;
    varve_buf contents;
};

static varve_status open_file(const char *path, struct file *file, varve_error *err)
{
    file->contents = (varve_buf)VARVE_BUF_INIT;
    (void)snprintf(file->path, sizeof file->path, "%s/%s", path, VARVE__VERSION_FILE);
    varve_status status = varve__directory_find(path, false, &file->directory, err);
    if (status == VARVE_OK)
        status = varve__version_file_read(file->directory, path, &file->contents, err);
    if (status == VARVE_NOT_FOUND)
        status = varve__fail(err, VARVE_NO_STORE, "the store at %s has been removed", path);
    return status;
}

static void close_file(struct file *file)
{
    varve_buf_release(&file->contents);
    if (file->directory >= 0)
        (void)close(file->directory);
}

varve_status varve_store_get_version(const char *path, varve_store_version *version,
                                     varve_error *err)
{
    varve_store_version known = {0};
    struct file file;
    size_t given;
    varve_status status = varve__struct_size(version, "varve_store_version", &given, err);
    if (status != VARVE_OK)
        return status;
    status = open_file(path, &file, err);
    if (status == VARVE_OK) {
        varve_slice contents = varve_buf_slice(&file.contents);
        known.minimum = VARVE__VERSION_MIN;
        known.current = VARVE__VERSION_CURRENT;
        status = varve__version_parse(contents, file.path, &known.version, NULL);
        known.can_open = status == VARVE_OK;
        if (status == VARVE_CORRUPT) /* once more, to say why */
            status = varve__version_parse(contents, file.path, &known.version, err);
    }
    close_file(&file);
    if (status != VARVE_OK && status != VARVE_INCOMPATIBLE)
        return status;
    varve__struct_give(version, given, &known, sizeof known);
    return VARVE_OK;
}

/* Write the version while holding RocksDB's lock, which an open store has. */
static varve_status rewrite(const char *path, const struct file *file, int64_t version,
                            varve_error *err)
{
    const varve_options given = {.struct_size = sizeof given, .path = path, .must_exist = true};
    varve_buf changed = VARVE_BUF_INIT;
    varve_options options;
    varve__store *store = NULL;

    varve_status status = varve__options_complete(&given, &options, err);
    if (status == VARVE_OK)
        status = varve__rocksdb_open(&options, &store, err);
    if (status != VARVE_OK)
        return status;
    status =
        varve__version_set(varve_buf_slice(&file->contents), file->path, version, &changed, err);
    if (status == VARVE_OK)
        status = varve__version_file_write(file->directory, path, varve_buf_slice(&changed), err);
    varve_buf_release(&changed);
    varve__rocksdb_close(store);
    return status;
}

varve_status varve__store_upgrade(const char *path, varve__version_range range, varve_error *err)
{
    struct file file;
    int64_t version;
    varve_status status = open_file(path, &file, err);
    if (status == VARVE_OK)
        status = varve__version_parse_as(range, varve_buf_slice(&file.contents), file.path,
                                         &version, err);
    if (status == VARVE_OK && version < range.current)
        status = rewrite(path, &file, range.current, err);
    close_file(&file);
    return status;
}

varve_status varve_store_upgrade(const char *path, varve_error *err)
{
    return varve__store_upgrade(path, VARVE__VERSION_RANGE, err);
}
