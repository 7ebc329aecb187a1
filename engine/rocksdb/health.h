/*
 * What a store has learnt from failures: of its log, and whether RocksDB still takes writes.
 */
#ifndef VARVE_ENGINE_ROCKSDB_HEALTH_H
#define VARVE_ENGINE_ROCKSDB_HEALTH_H

#include "engine/rocksdb/store.h"

/* For a store that has just been opened, and nobody uses yet. */
void varve__rocksdb_health_init(varve__store *store);

/*
 * Whether the log may be written to, for `what`, such as "committing".
 *
 * Returns VARVE_OK; VARVE_IO if it has failed for good; VARVE_NO_SPACE if it has met a full disk.
 */
varve_status varve__rocksdb_check_log(varve__store *store, const char *what, varve_error *err);

/*
 * The highest number of a log in the directory, of one that holds something if that is `written`; 0
 * if that cannot be told, or it is in memory.
 */
uint64_t varve__rocksdb_newest_log(const char *path, bool written);

/* Learn from the text of a failed write or flush what later ones have to know. */
void varve__rocksdb_note_failure(varve__store *store, const char *text);

/*
 * The log that the text of the last failed sync named, 0 if there is none.  RocksDB gives that text
 * again to whoever writes later, and has not begun to do it then.
 */
uint64_t varve__rocksdb_log_told_of(varve__store *store);

/* Whether the text of a failure is that one, `told_of` from before the call that failed. */
bool varve__rocksdb_is_told_again(const char *text, uint64_t told_of);

/* Let nothing be written any more: the manifest has met a full disk behind RocksDB's back. */
void varve__rocksdb_stop(varve__store *store);

/* Whether that has happened. */
bool varve__rocksdb_manifest_has_failed(varve__store *store);

/* Whether a sync of the log has failed, so that nothing can be said of what was to be synced. */
bool varve__rocksdb_sync_has_failed(varve__store *store);

/* Give RocksDB a batch without records, which passes through the log; its text, NULL = success. */
char *varve__rocksdb_write_nothing(varve__store *store, const rocksdb_writeoptions_t *how);

/* As varve__backend_ops.state. */
bool varve__rocksdb_state(varve__store *store, struct varve_engine_state *state);

#endif
