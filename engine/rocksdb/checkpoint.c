/*
 * A checkpoint is made in a directory of its own beside the place where it is to be, and gets its
 * name when it is complete: whatever happens before, nothing is at that place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "engine/rocksdb/copy.h"
#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/health.h"
#include "engine/rocksdb/store.h"
#include "engine/rocksdb/version_file.h"
#include "engine/scratch.h"
#include "util/fail.h"

/* Whoever only reads has no lock, and may be beside a writer. */
static bool is_writer(const varve__store *store)
{
    return store->lock != NULL;
}

static varve_status copy_tables(varve__store *store, const char *path, varve_error *err)
{
    char *text = NULL;
    rocksdb_checkpoint_t *checkpoint = rocksdb_checkpoint_object_create(store->db, &text);
    if (text == NULL) {
        rocksdb_checkpoint_create(checkpoint, path, 0, &text);
        rocksdb_checkpoint_object_destroy(checkpoint);
    }
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "making a checkpoint", text);
}

/* Last, for it makes a store of the directory; and the directory after it. */
static varve_status copy_version(varve__store *store, const char *path, varve_error *err)
{
    varve_buf from = VARVE_BUF_INIT;
    varve_buf to = VARVE_BUF_INIT;
    varve_status status = varve__path_join(&from, store->path, VARVE__VERSION_FILE, err);
    if (status == VARVE_OK)
        status = varve__path_join(&to, path, VARVE__VERSION_FILE, err);
    if (status == VARVE_OK)
        status = varve__file_copy(varve__path_text(&from), varve__path_text(&to), err);
    if (status == VARVE_OK)
        status = varve__file_sync(varve__path_text(&to), err);
    if (status == VARVE_OK)
        status = varve__directory_sync(path, err);
    varve_buf_release(&from);
    varve_buf_release(&to);
    return status;
}

static varve_status fail_exists(const char *path, varve_error *err)
{
    return varve__fail(err, VARVE_INVALID_ARGUMENT, "path: %s exists", path);
}

/* To a name that nothing has; file systems that cannot see to that are taken at their word. */
static int rename_new(const char *from, const char *to)
{
    int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    return result != 0 && (errno == EINVAL || errno == ENOSYS) ? rename(from, to) : result;
}

/* Give it its name, unless somebody else has got that meanwhile; take it back if that may be lost.
 */
static varve_status publish(const char *made, const char *path, varve_error *err)
{
    if (rename_new(made, path) != 0)
        return errno == EEXIST ? fail_exists(path, err) : varve__fail_path(err, "create", path);
    varve_status status = varve__parent_sync(path, err);
    if (status != VARVE_OK)
        (void)rename_new(path, made);
    return status;
}

static varve_status make_in(varve__store *store, const char *place, const char *path,
                            varve_error *err)
{
    varve_buf made = VARVE_BUF_INIT;
    varve_status status = varve__path_join(&made, place, "store", err);
    if (status == VARVE_OK)
        status = is_writer(store) ? copy_tables(store, varve__path_text(&made), err)
                                  : varve__rocksdb_copy(store, varve__path_text(&made), err);
    if (status == VARVE_OK)
        status = copy_version(store, varve__path_text(&made), err);
    if (status == VARVE_OK)
        status = publish(varve__path_text(&made), path, err);
    varve_buf_release(&made);
    return status;
}

static varve_status flush(varve__store *store, varve_error *err)
{
    /* RocksDB ends the process if it is to flush a log that has failed. */
    varve_status status = varve__rocksdb_check_log(store, "making a checkpoint", err);
    return status == VARVE_OK ? varve__rocksdb_flush(store, err) : status;
}

varve_status varve__rocksdb_checkpoint(varve__store *store, const char *path, varve_error *err)
{
    struct stat what;
    varve_buf place = VARVE_BUF_INIT;
    if (lstat(path, &what) == 0)
        return fail_exists(path, err);
    varve_status status = is_writer(store) ? flush(store, err) : VARVE_OK;
    if (status == VARVE_OK)
        status = varve__scratch_beside(path, &place, err);
    if (status == VARVE_OK) {
        status = make_in(store, varve__path_text(&place), path, err);
        varve__tree_remove(varve__path_text(&place));
    }
    varve_buf_release(&place);
    return status;
}
