/*
 * Engines that follow a live writer.
 *
 * RocksDB has secondaries of its own, but they show what has been overwritten: a value that was
 * read from the log stays in their memory and hides the newer one that the writer has put into a
 * table since.  They have no snapshots either.  So catching up opens the store once more, for
 * reading only.  What was shown before is a generation that lives on, until the last iterator and
 * the last snapshot that show it are closed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <varve/admin.h>

#include "engine/rocksdb/files.h"
#include "engine/rocksdb/store.h"
#include "engine/rocksdb/wal.h"
#include "util/alloc.h"
#include "util/fail.h"

/* ---- What there is to be read --------------------------------------------------------------- */

/*
 * Look at a log, if the entry is one.  It is the newest that grows; an older one goes some time
 * after its records have become a table, and that is no news.
 */
static void look_at_log(int directory, const char *name, struct varve__files *files)
{
    char *end;
    struct stat what;
    uint64_t number = strtoull(name, &end, 10);
    if (end == name || strcmp(end, ".log") != 0 || fstatat(directory, name, &what, 0) != 0)
        return;
    if (number < files->log_number)
        return;
    files->log_number = number;
    files->log_bytes = (uint64_t)what.st_size;
}

static struct varve__files look_at_files(const char *path)
{
    struct varve__files files = {.manifest = varve__manifest_look(path)};
    DIR *dir = opendir(path);
    if (dir == NULL)
        return files;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        look_at_log(dirfd(dir), entry->d_name, &files);
    (void)closedir(dir);
    return files;
}

static bool is_same(const struct varve__files *a, const struct varve__files *b)
{
    return a->manifest.size >= 0 && varve__manifest_is_same(&a->manifest, &b->manifest) &&
           a->log_number == b->log_number && a->log_bytes == b->log_bytes;
}

/* ---- Generations ---------------------------------------------------------------------------- */

varve__generation *varve__generation_hold(varve__generation *generation)
{
    if (generation != NULL)
        (void)atomic_fetch_add_explicit(&generation->users, 1, memory_order_relaxed);
    return generation;
}

void varve__generation_release(varve__generation *generation)
{
    if (generation == NULL || atomic_fetch_sub(&generation->users, 1) > 1)
        return;
    if (generation->db != NULL)
        rocksdb_close(generation->db);
    varve__fence_cache_destroy(&generation->fences);
    varve__free(generation);
}

/* Read the store as it is now. */
static varve_status read_store(const varve__store *store, varve__generation **out, varve_error *err)
{
    varve__generation *generation = varve__calloc(1, sizeof *generation);
    if (generation == NULL)
        return varve__fail_no_memory(err, sizeof *generation);
    atomic_init(&generation->users, 1);
    varve__fence_cache_init(&generation->fences);
    /* Before the reading: what comes later will be a difference. */
    generation->files = look_at_files(store->path);
    varve_status status = varve__wal_check(store->path, false, err);
    if (status == VARVE_OK)
        status = varve__rocksdb_open_read_only(store, store->path, &generation->db, err);
    if (status == VARVE_OK)
        *out = generation;
    else
        varve__generation_release(generation);
    return status;
}

/* ---- The store ------------------------------------------------------------------------------ */

varve_status varve__rocksdb_open_secondary(varve__store *store, const char *own_path,
                                           varve_error *err)
{
    if (mkdir(own_path, 0755) != 0 && errno != EEXIST)
        return varve__fail_file(err, "make the directory", own_path, "");
    varve_status status = read_store(store, &store->shown, err);
    if (status == VARVE_OK)
        store->db = store->shown->db;
    return status;
}

varve_status varve__rocksdb_catch_up(varve__store *store, varve_error *err)
{
    varve_status status = VARVE_OK;
    varve__generation *read = NULL;
    (void)pthread_mutex_lock(&store->following);
    struct varve__files files = look_at_files(store->path);
    const varve__generation *newest = store->next != NULL ? store->next : store->shown;
    if (!is_same(&files, &newest->files))
        status = read_store(store, &read, err);
    if (read != NULL) {
        varve__generation_release(store->next);
        store->next = read;
    }
    (void)pthread_mutex_unlock(&store->following);
    return status;
}

void varve__rocksdb_caught_up(varve__store *store)
{
    varve__generation *before = NULL;
    (void)pthread_mutex_lock(&store->following);
    if (store->next != NULL) {
        before = store->shown;
        store->shown = store->next;
        store->db = store->shown->db;
        store->next = NULL;
    }
    (void)pthread_mutex_unlock(&store->following);
    varve__generation_release(before);
}
