#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/health.h"
#include "engine/rocksdb/intake.h"
#include "engine/rocksdb/store.h"

/* ---- The mark ------------------------------------------------------------------------------- */

static varve_status mark(varve__store *store, varve_error *err)
{
    varve_status status = VARVE_OK;
    if (store->path == NULL)
        return VARVE_OK;
    (void)pthread_mutex_lock(&store->marking);
    if (store->ingests == 0)
        status = varve__intake_mark(store->path, err);
    if (status == VARVE_OK)
        store->ingests++;
    (void)pthread_mutex_unlock(&store->marking);
    return status;
}

/* It goes when nothing is taken in, and the manifest on the disk is known to be right. */
static void unmark(varve__store *store, unsigned ended)
{
    if (store->path == NULL)
        return;
    (void)pthread_mutex_lock(&store->marking);
    store->ingests -= ended;
    if (store->ingests == 0 && !atomic_load(&store->is_doubtful) &&
        !varve__rocksdb_manifest_has_failed(store))
        varve__intake_unmark(store->path);
    (void)pthread_mutex_unlock(&store->marking);
}

/* ---- Failures ------------------------------------------------------------------------------- */

/*
 * If the manifest cannot be synced, RocksDB takes the new tables away, but the manifest may have
 * come to the disk all the same: a store that names tables which are not there does not open.  The
 * next change of anything, such as setting an option to what it is, begins a new manifest.
 */
void varve__rocksdb_settle(varve__store *store)
{
    static const char *const name = "report_bg_io_stats";
    static const char *const value = "false";
    char *text = NULL;
    /* Before: a doubt that comes up meanwhile is about the new manifest, and has to stay. */
    if (!atomic_exchange(&store->is_doubtful, false))
        return;
    rocksdb_set_options(store->db, 1, &name, &value, &text);
    if (text == NULL)
        unmark(store, 0);
    else
        atomic_store(&store->is_doubtful, true);
    rocksdb_free(text);
}

static varve_status note_failure(varve__store *store, char *text, varve_error *err)
{
    bool is_manifest = strstr(text, "/MANIFEST-") != NULL;
    varve_status status = varve__rocksdb_fail(err, "ingesting", text);
    /*
     * From a full disk RocksDB recovers by itself when a write has met it, too; it ends the process
     * then if the manifest has met it in an ingest, or is begun anew meanwhile.
     */
    if (status == VARVE_NO_SPACE && is_manifest)
        varve__rocksdb_stop(store);
    if (status == VARVE_IO) {
        atomic_store(&store->is_doubtful, true);
        varve__rocksdb_settle(store);
    }
    /* The text is mostly about the new files; whether the store has suffered is asked of it. */
    atomic_store(&store->is_suspect, true);
    return status;
}

/* ---- Ingesting ------------------------------------------------------------------------------ */

/*
 * With a snapshot open RocksDB gives the tables a sequence number of their own, in any case:
 * whoever reads the log finds that something is missing in it.
 */
varve_status varve__rocksdb_ingest(varve__store *store, const char *const *paths, size_t count,
                                   bool move, varve_error *err)
{
    char *text = NULL;
    varve_status status = varve__rocksdb_check_log(store, "ingesting", err);
    if (status == VARVE_OK)
        status = mark(store, err);
    if (status != VARVE_OK)
        return status;
    rocksdb_ingestexternalfileoptions_t *how = rocksdb_ingestexternalfileoptions_create();
    const rocksdb_snapshot_t *snapshot = rocksdb_create_snapshot(store->db);
    rocksdb_ingestexternalfileoptions_set_move_files(how, move);
    rocksdb_ingest_external_file(store->db, paths, count, how, &text);
    rocksdb_release_snapshot(store->db, snapshot);
    rocksdb_ingestexternalfileoptions_destroy(how);
    if (text != NULL)
        status = note_failure(store, text, err);
    unmark(store, 1);
    return status;
}
