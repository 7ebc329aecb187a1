#include <inttypes.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/health.h"
#include "engine/rocksdb/store.h"
#include "util/fail.h"

/* ---- Writing -------------------------------------------------------------------------------- */

varve_status varve__rocksdb_apply(varve__store *store, varve_slice repr, bool sync,
                                  varve_error *err)
{
    char *text = NULL;
    /* A write that begins after a failed sync is told of it again, but has been refused. */
    uint64_t told_of = varve__rocksdb_log_told_of(store);
    varve_status status = varve__rocksdb_check_log(store, "committing", err);
    if (status != VARVE_OK)
        return status;
    rocksdb_writebatch_t *batch =
        rocksdb_writebatch_create_from((const char *)repr.data, repr.size);
    rocksdb_write(store->db, sync ? store->sync : store->no_sync, batch, &text);
    rocksdb_writebatch_destroy(batch);
    if (text == NULL)
        return VARVE_OK;
    varve__rocksdb_note_failure(store, text);
    return varve__rocksdb_is_told_again(text, told_of)
               ? varve__rocksdb_fail(err, "committing", text)
               : varve__rocksdb_fail_commit(err, "committing", text);
}

/*
 * A synced write drags all before it to the disk, for a few bytes of log.  rocksdb_flush_wal() is
 * no choice: after a failed write it aborts a RocksDB that has assertions.
 */
varve_status varve__rocksdb_sync(varve__store *store, varve_error *err)
{
    varve_status status = varve__rocksdb_check_log(store, "syncing", err);
    if (status == VARVE_IO && varve__rocksdb_sync_has_failed(store))
        return varve__fail(
            err, VARVE_COMMIT_UNKNOWN,
            "syncing: a sync of the log failed, and another one would prove nothing; "
            "recover or reopen the store");
    if (status != VARVE_OK)
        return status;
    char *text = varve__rocksdb_write_nothing(store, store->sync);
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
    if (text == NULL)
        return VARVE_OK;
    varve__rocksdb_note_failure(store, text);
    return varve__rocksdb_fail(err, "flushing", text);
}

varve_status varve__rocksdb_check_writable(varve__store *store, const char *what, varve_error *err)
{
    varve_status status = varve__rocksdb_check_log(store, what, err);
    if (status != VARVE_OK)
        return status;
    char *text = varve__rocksdb_write_nothing(store, store->no_sync);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, what, text);
}
