#include <inttypes.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"
#include "util/fail.h"

/* RocksDB's number for "compact the last level too, but not what has just been made". */
#define BOTTOMMOST_FORCE_OPTIMIZED 3

static const char *path_of(const varve__store *store)
{
    return store->path == NULL ? "the store in memory" : store->path;
}

/* Tell the log once when writing begins to fail, and once when it works again. */
static void note_outcome(varve__store *store, varve_status status, const char *message)
{
    bool failed = status != VARVE_OK;
    if (atomic_load_explicit(&store->write_failed, memory_order_relaxed) == failed)
        return;
    if (atomic_exchange(&store->write_failed, failed) == failed)
        return;
    if (failed)
        varve__log(&store->logger, VARVE_LOG_ERROR, "writing to %s fails: %s", path_of(store),
                   message);
    else
        varve__log(&store->logger, VARVE_LOG_INFO, "writing to %s works again", path_of(store));
}

/* The outcome of a call that goes through the WAL; `text` is RocksDB's, NULL for success. */
static varve_status outcome(varve__store *store, const char *what, char *text, varve_error *err)
{
    if (text == NULL) {
        note_outcome(store, VARVE_OK, "");
        return VARVE_OK;
    }
    varve_error failure = VARVE_ERROR_INIT;
    varve_status status = varve__rocksdb_fail_commit(&failure, what, text);
    if (status == VARVE_COMMIT_UNKNOWN)
        atomic_store(&store->sync_failed, true);
    note_outcome(store, status, failure.message);
    return varve__fail(err, status, "%s", failure.message);
}

varve_status varve__rocksdb_apply(varve__store *store, varve_slice repr, bool sync,
                                  varve_error *err)
{
    char *text = NULL;
    rocksdb_writebatch_t *batch =
        rocksdb_writebatch_create_from((const char *)repr.data, repr.size);
    rocksdb_write(store->db, sync ? store->sync : store->no_sync, batch, &text);
    rocksdb_writebatch_destroy(batch);
    return outcome(store, "committing", text, err);
}

varve_status varve__rocksdb_sync(varve__store *store, varve_error *err)
{
    if (store->wal_off)
        return varve__rocksdb_flush(store, err);
    /*
     * The kernel tells of a failed sync once and then forgets the pages: a second sync would
     * succeed without having written them.
     */
    if (atomic_load(&store->sync_failed))
        return varve__fail(
            err, VARVE_COMMIT_UNKNOWN,
            "an earlier sync of the log failed; reopen the store to see what it has");
    char *text = NULL;
    rocksdb_flush_wal(store->db, 1, &text);
    return outcome(store, "syncing", text, err);
}

varve_status varve__rocksdb_flush(varve__store *store, varve_error *err)
{
    char *text = NULL;
    rocksdb_flushoptions_t *how = rocksdb_flushoptions_create();
    rocksdb_flushoptions_set_wait(how, 1);
    rocksdb_flush(store->db, how, &text);
    rocksdb_flushoptions_destroy(how);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "flushing", text);
}

/* Write nothing: RocksDB says whether it would take a write. */
static varve_status probe(varve__store *store, varve_error *err)
{
    char *text = NULL;
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    rocksdb_write(store->db, store->no_sync, batch, &text);
    rocksdb_writebatch_destroy(batch);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "compacting", text);
}

static void compact_all(varve__store *store)
{
    rocksdb_compactoptions_t *how = rocksdb_compactoptions_create();
    rocksdb_compactoptions_set_bottommost_level_compaction(how, BOTTOMMOST_FORCE_OPTIMIZED);
    rocksdb_compact_range_opt(store->db, how, NULL, 0, NULL, 0);
    rocksdb_compactoptions_destroy(how);
}

/*
 * RocksDB's call cannot fail, so look for the traces of a failure: a store that takes no writes,
 * and the number of errors in the background.
 */
varve_status varve__rocksdb_compact(varve__store *store, varve_error *err)
{
    uint64_t before = varve__rocksdb_property(store, "rocksdb.background-errors");
    varve_status status = varve__rocksdb_flush(store, err);
    if (status == VARVE_OK)
        status = probe(store, err);
    if (status != VARVE_OK)
        return status;
    compact_all(store);
    status = probe(store, err);
    if (status != VARVE_OK)
        return status;
    uint64_t after = varve__rocksdb_property(store, "rocksdb.background-errors");
    if (after == before)
        return VARVE_OK;
    return varve__fail(err, VARVE_IO,
                       "compacting: %" PRIu64 " background errors, of which RocksDB tells no more",
                       after - before);
}
