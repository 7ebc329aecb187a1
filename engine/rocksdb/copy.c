/*
 * Copying a store that somebody may be writing to, without a lock and without a word to the writer.
 *
 * The tables that the manifest names are linked: no others, for a link to one that is still being
 * written, or that the copy would one day give the same number, is the writer's own file.  Logs and
 * the manifest grow and are copied.  It counts if the manifest is the same before and after: then
 * nothing that it names has gone, and no log whose records it does not have elsewhere.
 *
 * Logs are listed before the first is copied: a log is complete when the next one is there, and of
 * the last listed one there is a front part.  So the copy is the store as it was at a moment behind
 * the listing.  No option gets around that: varve refuses to have logs recycled, which would
 * give an old one the name of a new one, and those that are kept are moved to the archive when the
 * manifest has all of their records.
 *
 * With an option of RocksDB's large values lie in files beside the tables, and nothing in the C API
 * tells which of these the manifest names.  All are copied: what is still being written, or has
 * gone, is none of them, and whoever opens the copy for writing removes what he does not need.
 */
#include "engine/rocksdb/copy.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/rocksdb/files.h"
#include "engine/scratch.h"
#include "util/buf.h"
#include "util/fail.h"

/* A file of the store, and where it goes. */
struct file {
    varve_buf from;
    varve_buf to;
};

static varve_status find_file(const varve__store *store, const char *place, const char *name,
                              struct file *file, varve_error *err)
{
    *file = (struct file){VARVE_BUF_INIT, VARVE_BUF_INIT};
    varve_status status = varve__path_join(&file->from, store->path, name, err);
    return status == VARVE_OK ? varve__path_join(&file->to, place, name, err) : status;
}

static void release_file(struct file *file)
{
    varve_buf_release(&file->from);
    varve_buf_release(&file->to);
}

static varve_status copy_bytes(const struct file *file, varve_error *err)
{
    const char *to = varve__path_text(&file->to);
    varve_status status = varve__file_copy(varve__path_text(&file->from), to, err);
    return status == VARVE_OK ? varve__file_sync(to, err) : status;
}

static varve_status copy_file(const varve__store *store, const char *place, const char *name,
                              varve_error *err)
{
    struct file file;
    varve_status status = find_file(store, place, name, &file, err);
    if (status == VARVE_OK)
        status = copy_bytes(&file, err);
    release_file(&file);
    return status;
}

/* ---- Tables --------------------------------------------------------------------------------- */

/* They do not change any more, and are on the disk. */
static varve_status link_table(const varve__store *store, const char *place, const char *name,
                               varve_error *err)
{
    struct file file;
    varve_status status = find_file(store, place, name, &file, err);
    if (status == VARVE_OK && link(varve__path_text(&file.from), varve__path_text(&file.to)) != 0)
        status = copy_bytes(&file, err); /* on another file system, or one without links */
    release_file(&file);
    return status;
}

static varve_status link_tables(const varve__store *store, rocksdb_t *db, const char *place,
                                varve_error *err)
{
    const rocksdb_livefiles_t *files = rocksdb_livefiles(db);
    int count = rocksdb_livefiles_count(files);
    varve_status status = VARVE_OK;
    for (int i = 0; i < count && status == VARVE_OK; i++) {
        const char *name = rocksdb_livefiles_name(files, i);
        status = link_table(store, place, name[0] == '/' ? name + 1 : name, err);
    }
    rocksdb_livefiles_destroy(files);
    return status;
}

/* ---- Files that have numbers ---------------------------------------------------------------- */

static bool is_numbered(const char *name, const char *ending, uint64_t *number)
{
    char *end;
    *number = strtoull(name, &end, 10);
    return end != name && strcmp(end, ending) == 0;
}

static int compare_numbers(const void *left, const void *right)
{
    uint64_t a;
    uint64_t b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return a < b ? -1 : a > b;
}

static uint64_t number_at(const varve_buf *numbers, size_t offset)
{
    uint64_t number;
    memcpy(&number, numbers->data + offset, sizeof number);
    return number;
}

/* The numbers up to `last` of all files of that ending, in order, one behind the other. */
static varve_status list_numbers(const varve__store *store, const char *ending, uint64_t last,
                                 varve_buf *numbers, varve_error *err)
{
    varve_status status = VARVE_OK;
    uint64_t number;
    DIR *dir = opendir(store->path);
    if (dir == NULL)
        return varve__fail_file(err, "list", store->path, "");
    numbers->size = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL && status == VARVE_OK;
         entry = readdir(dir)) {
        if (!is_numbered(entry->d_name, ending, &number) || number > last)
            continue;
        status = varve__buf_reserve(numbers, sizeof number, err);
        if (status == VARVE_OK)
            varve__buf_push_bytes(numbers, varve_slice_of(&number, sizeof number));
    }
    (void)closedir(dir);
    if (numbers->size > 0)
        qsort(numbers->data, numbers->size / sizeof number, sizeof number, compare_numbers);
    return status;
}

/* One that has gone meanwhile had nothing any more that the manifest does not have. */
static varve_status copy_numbered(const varve__store *store, const char *place, uint64_t number,
                                  const char *ending, varve_error *err)
{
    char name[32];
    struct file file;
    varve_error failure = VARVE_ERROR_INIT;
    (void)snprintf(name, sizeof name, "%06" PRIu64 "%s", number, ending);
    varve_status status = find_file(store, place, name, &file, &failure);
    if (status == VARVE_OK)
        status = copy_bytes(&file, &failure);
    if (status == VARVE_IO && access(varve__path_text(&file.from), F_OK) != 0 && errno == ENOENT)
        status = VARVE_OK;
    else if (status != VARVE_OK)
        (void)varve__error_copy(&failure, err);
    varve_error_release(&failure);
    release_file(&file);
    return status;
}

static varve_status copy_all(const varve__store *store, const char *place, const varve_buf *numbers,
                             const char *ending, varve_error *err)
{
    varve_status status = VARVE_OK;
    for (size_t at = 0; at < numbers->size && status == VARVE_OK; at += sizeof(uint64_t))
        status = copy_numbered(store, place, number_at(numbers, at), ending, err);
    return status;
}

static varve_status copy_values(const varve__store *store, const char *place, varve_error *err)
{
    varve_buf numbers = VARVE_BUF_INIT;
    varve_status status = list_numbers(store, ".blob", UINT64_MAX, &numbers, err);
    if (status == VARVE_OK)
        status = copy_all(store, place, &numbers, ".blob", err);
    varve_buf_release(&numbers);
    return status;
}

/*
 * Of what comes to be during a listing, it may have the later and miss the earlier: the first one
 * tells how far to go, and all logs up to there have been there before the second.
 */
static varve_status copy_logs(const varve__store *store, const char *place, varve_error *err)
{
    varve_buf numbers = VARVE_BUF_INIT;
    varve_status status = list_numbers(store, ".log", UINT64_MAX, &numbers, err);
    if (status == VARVE_OK && numbers.size > 0) {
        uint64_t last = number_at(&numbers, numbers.size - sizeof last);
        status = list_numbers(store, ".log", last, &numbers, err);
    }
    if (status == VARVE_OK)
        status = copy_all(store, place, &numbers, ".log", err);
    varve_buf_release(&numbers);
    return status;
}

/* ---- The store ------------------------------------------------------------------------------ */

/* All that the manifest of that look is about. */
static varve_status copy_files(const varve__store *store, const varve__manifest *manifest,
                               const char *place, varve_error *err)
{
    rocksdb_t *db = NULL;
    if (mkdir(place, 0755) != 0)
        return varve__fail_file(err, "make the directory", place, "");
    varve_status status = varve__rocksdb_open_read_only(store, store->path, &db, err);
    if (status != VARVE_OK)
        return status;
    status = link_tables(store, db, place, err);
    rocksdb_close(db);
    if (status == VARVE_OK)
        status = copy_values(store, place, err);
    if (status == VARVE_OK)
        status = copy_logs(store, place, err);
    if (status == VARVE_OK)
        status = copy_file(store, place, manifest->name, err);
    return status == VARVE_OK ? copy_file(store, place, "CURRENT", err) : status;
}

/* Copy once; `changed` tells that a writer has made the outcome, good or bad, worthless. */
static varve_status try_copy(const varve__store *store, const char *place, bool *changed,
                             varve_error *err)
{
    varve__manifest before = varve__manifest_look(store->path);
    varve_status status = copy_files(store, &before, place, err);
    varve__manifest after = varve__manifest_look(store->path);
    *changed = !varve__manifest_is_same(&before, &after);
    if (!*changed)
        return status;
    varve__tree_remove(place);
    return varve__fail(err, VARVE_IO, "making a checkpoint: a writer keeps changing %s",
                       store->path);
}

varve_status varve__rocksdb_copy(const varve__store *store, const char *place, varve_error *err)
{
    const int64_t end = varve__patience_end();
    varve_error failure = VARVE_ERROR_INIT;
    bool changed;
    varve_status status = try_copy(store, place, &changed, &failure);
    while (changed && varve__patience_wait(end))
        status = try_copy(store, place, &changed, &failure);
    if (status != VARVE_OK)
        (void)varve__error_copy(&failure, err);
    varve_error_release(&failure);
    return status;
}
