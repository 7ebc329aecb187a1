/*
 * RocksDB's errors are text.  This is the only place that reads it.
 */
#ifndef VARVE_ENGINE_ROCKSDB_ERRORS_H
#define VARVE_ENGINE_ROCKSDB_ERRORS_H

#include <varve/error.h>

/* The status that a text of RocksDB stands for; VARVE_INTERNAL for one that is not known. */
varve_status varve__rocksdb_status_of(const char *text);

/*
 * Whether the text tells of a failed sync of the write-ahead log.  The bytes may have reached the
 * disk all the same, now or never: what was to be synced is in an unknown state.
 */
bool varve__rocksdb_is_log_sync_failure(const char *text);

/* Whether the text tells of records that the log lacks. */
bool varve__rocksdb_is_log_gap(const char *text);

/* Whether the text tells of a failed write to the write-ahead log. */
bool varve__rocksdb_is_log_write_failure(const char *text);

/* The number of the log that the text names as "000004.log"; 0 if it names none. */
uint64_t varve__rocksdb_log_named(const char *text);

/* Record a failure of `what`, such as "reading", with RocksDB's text, which is freed. */
varve_status varve__rocksdb_fail(varve_error *err, const char *what, char *text);

/* The same for what goes through the write-ahead log, where a failed sync is VARVE_COMMIT_UNKNOWN.
 */
varve_status varve__rocksdb_fail_commit(varve_error *err, const char *what, char *text);

#endif
