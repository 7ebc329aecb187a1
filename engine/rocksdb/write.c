#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"
#include "util/fail.h"

/* RocksDB's number for "compact the last level too, but not what has just been made". */
#define BOTTOMMOST_FORCE_OPTIMIZED 3

/* ---- Logs that have met a full disk --------------------------------------------------------- */

/* The highest number of a log in the directory; 0 if that cannot be told. */
static uint64_t newest_log(const char *path)
{
    uint64_t newest = 0;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char *end;
        uint64_t number = strtoull(entry->d_name, &end, 10);
        if (strcmp(end, ".log") == 0 && number > newest)
            newest = number;
    }
    (void)closedir(dir);
    return newest;
}

/*
 * When there is space again RocksDB goes on by itself, with a new log if its memtable holds
 * records. If not, it goes on with the old one, whose writer remembers its failure: the next write
 * then fails for good, or aborts the process if RocksDB has assertions.  So a log that has met a
 * full disk gets no more writes.
 */
static varve_status check_log(varve__store *store, const char *what, varve_error *err)
{
    uint_least64_t broken = atomic_load_explicit(&store->broken_log, memory_order_relaxed);
    if (broken == 0)
        return VARVE_OK;
    if (newest_log(store->path) > broken) {
        (void)atomic_compare_exchange_strong(&store->broken_log, &broken, 0);
        return VARVE_OK;
    }
    return varve__fail(err, VARVE_NO_SPACE,
                       "%s: the log %06" PRIu64
                       " met a full disk and is not replaced yet; if there "
                       "is space again and this does not pass, reopen the store",
                       what, broken);
}

/* Learn from a failed write what later ones have to know. */
static void note_failure(varve__store *store, const char *text)
{
    varve_status status = varve__rocksdb_status_of(text);
    /* Other than a full disk, a failed sync does not heal: RocksDB takes no write until closed. */
    if (status == VARVE_IO && varve__rocksdb_is_log_sync_failure(text))
        atomic_store(&store->stopped, true);
    uint64_t log = varve__rocksdb_log_named(text);
    if (status == VARVE_NO_SPACE && log != 0)
        atomic_store(&store->broken_log, log);
    /* Last: whoever knows this one finds the log broken, too, and does not write to it. */
    if (log != 0 && varve__rocksdb_is_log_sync_failure(text))
        atomic_store(&store->unsynced_log, log);
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* Give a batch to RocksDB; returns RocksDB's text, NULL for success. */
static char *write_batch(varve__store *store, rocksdb_writebatch_t *batch, bool sync)
{
    char *text = NULL;
    rocksdb_write(store->db, sync ? store->sync : store->no_sync, batch, &text);
    if (text != NULL)
        note_failure(store, text);
    return text;
}

varve_status varve__rocksdb_apply(varve__store *store, varve_slice repr, bool sync,
                                  varve_error *err)
{
    /* A write that begins after a failed sync is told of it again, but has been refused. */
    bool stopped = atomic_load(&store->stopped);
    uint64_t unsynced = atomic_load(&store->unsynced_log);
    varve_status status = check_log(store, "committing", err);
    if (status != VARVE_OK)
        return status;
    rocksdb_writebatch_t *batch =
        rocksdb_writebatch_create_from((const char *)repr.data, repr.size);
    char *text = write_batch(store, batch, sync);
    rocksdb_writebatch_destroy(batch);
    if (text == NULL)
        return VARVE_OK;
    bool refused = stopped || (unsynced != 0 && varve__rocksdb_log_named(text) == unsynced);
    return refused ? varve__rocksdb_fail(err, "committing", text)
                   : varve__rocksdb_fail_commit(err, "committing", text);
}

/* Write a batch without records: it passes through the log like any other. */
static char *write_nothing(varve__store *store, bool sync)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    char *text = write_batch(store, batch, sync);
    rocksdb_writebatch_destroy(batch);
    return text;
}

/*
 * A synced write drags all before it to the disk, for a few bytes of log.  rocksdb_flush_wal() is
 * no choice: after a failed write it aborts a RocksDB that has assertions.
 */
varve_status varve__rocksdb_sync(varve__store *store, varve_error *err)
{
    varve_status status = check_log(store, "syncing", err);
    if (status != VARVE_OK)
        return status;
    char *text = write_nothing(store, true);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail_commit(err, "syncing", text);
}

/* ---- Administration ------------------------------------------------------------------------- */

varve_status varve__rocksdb_flush(varve__store *store, varve_error *err)
{
    char *text = NULL;
    rocksdb_flushoptions_t *how = rocksdb_flushoptions_create();
    rocksdb_flushoptions_set_wait(how, 1);
    rocksdb_flush(store->db, how, &text);
    rocksdb_flushoptions_destroy(how);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "flushing", text);
}

static void compact_all(varve__store *store)
{
    rocksdb_compactoptions_t *how = rocksdb_compactoptions_create();
    rocksdb_compactoptions_set_bottommost_level_compaction(how, BOTTOMMOST_FORCE_OPTIMIZED);
    rocksdb_compact_range_opt(store->db, how, NULL, 0, NULL, 0);
    rocksdb_compactoptions_destroy(how);
}

/* Whether RocksDB would take a write. */
static varve_status check_writable(varve__store *store, varve_error *err)
{
    varve_status status = check_log(store, "compacting", err);
    if (status != VARVE_OK)
        return status;
    char *text = write_nothing(store, false);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "compacting", text);
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
        status = check_writable(store, err);
    if (status != VARVE_OK)
        return status;
    compact_all(store);
    status = check_writable(store, err);
    if (status != VARVE_OK)
        return status;
    uint64_t after = varve__rocksdb_property(store, "rocksdb.background-errors");
    if (after == before)
        return VARVE_OK;
    return varve__fail(err, VARVE_IO,
                       "compacting: %" PRIu64 " background errors, of which RocksDB tells no more",
                       after - before);
}
