#include <inttypes.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"
#include "util/fail.h"

/* RocksDB's number for "compact the last level too, but not what has just been made". */
#define BOTTOMMOST_FORCE_OPTIMIZED 3

/* Give a batch to RocksDB and free it; returns RocksDB's text, NULL for success. */
static char *write_batch(varve__store *store, rocksdb_writebatch_t *batch, bool sync)
{
    char *text = NULL;
    rocksdb_write(store->db, sync ? store->sync : store->no_sync, batch, &text);
    rocksdb_writebatch_destroy(batch);
    /* A full disk heals; after any other failed sync RocksDB takes no write until it is closed. */
    if (text != NULL && varve__rocksdb_is_log_sync_failure(text) &&
        varve__rocksdb_status_of(text) == VARVE_IO)
        atomic_store(&store->stopped, true);
    return text;
}

varve_status varve__rocksdb_apply(varve__store *store, varve_slice repr, bool sync,
                                  varve_error *err)
{
    /* A write that begins after the stop is told of the old failure, but has been refused. */
    bool stopped = atomic_load(&store->stopped);
    char *text = write_batch(
        store, rocksdb_writebatch_create_from((const char *)repr.data, repr.size), sync);
    if (text == NULL)
        return VARVE_OK;
    return stopped ? varve__rocksdb_fail(err, "committing", text)
                   : varve__rocksdb_fail_commit(err, "committing", text);
}

/*
 * An empty batch, synced: it takes a few bytes of the WAL and drags all before it to the disk.
 * rocksdb_flush_wal() is no choice: after a failed write it aborts a RocksDB that has assertions.
 */
varve_status varve__rocksdb_sync(varve__store *store, varve_error *err)
{
    char *text = write_batch(store, rocksdb_writebatch_create(), true);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail_commit(err, "syncing", text);
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
