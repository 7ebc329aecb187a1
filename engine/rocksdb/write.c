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

/* Give a batch to RocksDB and free it; returns RocksDB's text, NULL for success. */
static char *write_batch(varve__store *store, rocksdb_writebatch_t *batch, bool sync)
{
    char *text = NULL;
    rocksdb_write(store->db, sync ? store->sync : store->no_sync, batch, &text);
    rocksdb_writebatch_destroy(batch);
    /* A full disk heals; after any other failed sync RocksDB refuses all writes until it is closed.
     */
    if (text != NULL && varve__rocksdb_is_log_sync_failure(text) &&
        varve__rocksdb_status_of(text) == VARVE_IO)
        atomic_store(&store->stopped, true);
    return text;
}

/* What has come of write_batch().  `unsure` takes a failed sync for an unknown outcome. */
static varve_status finish_write(varve__store *store, const char *what, char *text, bool unsure,
                                 varve_error *err)
{
    if (text == NULL) {
        note_outcome(store, VARVE_OK, "");
        return VARVE_OK;
    }
    varve_error failure = VARVE_ERROR_INIT;
    varve_status status = unsure ? varve__rocksdb_fail_commit(&failure, what, text)
                                 : varve__rocksdb_fail(&failure, what, text);
    note_outcome(store, status, failure.message);
    return varve__fail(err, status, "%s", failure.message);
}

varve_status varve__rocksdb_apply(varve__store *store, varve_slice repr, bool sync,
                                  varve_error *err)
{
    /* A write that begins after the stop is told of the old failure, but has been refused. */
    bool stopped = atomic_load(&store->stopped);
    char *text =
        write_batch(store, rocksdb_writebatch_create_from((const char *)repr.data, repr.size),
                    sync && !store->never_sync);
    return finish_write(store, "committing", text, !stopped, err);
}

/*
 * An empty batch, synced: it takes a few bytes of the WAL and drags all before it to the disk.
 * rocksdb_flush_wal() is no choice: after a failed write it aborts a RocksDB that has assertions.
 */
varve_status varve__rocksdb_sync(varve__store *store, varve_error *err)
{
    if (store->wal_off)
        return varve__rocksdb_flush(store, err);
    char *text = write_batch(store, rocksdb_writebatch_create(), true);
    return finish_write(store, "syncing", text, true, err);
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
    char *text = write_batch(store, rocksdb_writebatch_create(), false);
    return finish_write(store, "compacting", text, false, err);
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
