/*
 * Engines that follow a live writer.
 *
 * What one shows changes in catching up and at no other time.  RocksDB gives it no snapshots: reads
 * ignore them, iterators refuse them.  So a snapshot of varve's is a promise not to catch up, and
 * catching up with one open is refused.
 */
#include <varve/admin.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/manifest.h"
#include "engine/rocksdb/store.h"
#include "util/fail.h"

/* RocksDB's text if it fails, NULL for success; `changed` = the outcome, good or bad, is void. */
static char *try_catch_up(varve__store *store, bool *changed)
{
    char *text = NULL;
    varve__manifest before = varve__manifest_look(store->path);
    rocksdb_try_catch_up_with_primary(store->db, &text);
    varve__manifest after = varve__manifest_look(store->path);
    *changed = !varve__manifest_is_same(&before, &after);
    return text;
}

/*
 * RocksDB reads the manifest first and the logs then.  A log may be gone by that time, whose
 * records have moved to a table that the manifest did not name yet: it counts only if the manifest
 * has not changed meanwhile.
 */
static varve_status catch_up(varve__store *store, varve_error *err)
{
    const int64_t end = varve__patience_end();
    bool changed;
    char *text = try_catch_up(store, &changed);
    while (changed && varve__patience_wait(end)) {
        rocksdb_free(text);
        text = try_catch_up(store, &changed);
    }
    if (text != NULL)
        return varve__rocksdb_fail(err, "catching up", text);
    if (changed)
        return varve__fail(err, VARVE_IO, "catching up: a writer keeps changing %s", store->path);
    return VARVE_OK;
}

varve_status varve__rocksdb_open_secondary(varve__store *store, const char *path,
                                           const char *own_path, varve_error *err)
{
    char *text = NULL;
    varve_status status = varve__rocksdb_check_families(store, path, err);
    if (status != VARVE_OK)
        return status;
    store->is_secondary = true;
    store->db = rocksdb_open_as_secondary(store->options, path, own_path, &text);
    if (text != NULL)
        return varve__rocksdb_fail(err, "opening", text);
    return catch_up(store, err);
}

static varve_status fail_busy(size_t snapshots, varve_error *err)
{
    (void)varve__fail(err, VARVE_BUSY, "catching up: %zu snapshots are open", snapshots);
    if (err != NULL)
        err->detail.busy.snapshots = snapshots;
    return VARVE_BUSY;
}

varve_status varve__rocksdb_catch_up(varve__store *store, varve_error *err)
{
    (void)pthread_mutex_lock(&store->following);
    varve_status status =
        store->snapshots > 0 ? fail_busy(store->snapshots, err) : catch_up(store, err);
    (void)pthread_mutex_unlock(&store->following);
    return status;
}

void varve__rocksdb_count_snapshots(varve__store *store, int change)
{
    (void)pthread_mutex_lock(&store->following);
    store->snapshots += (size_t)change;
    (void)pthread_mutex_unlock(&store->following);
}
