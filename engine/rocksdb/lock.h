/*
 * Who has a store open for writing.
 *
 * RocksDB takes a record lock on the file LOCK, which keeps other processes out, and knows the
 * paths that this process has open.  It does not know that two paths may be one directory: then the
 * record lock does not help, for it never keeps out the process that holds it.
 */
#ifndef VARVE_ENGINE_ROCKSDB_LOCK_H
#define VARVE_ENGINE_ROCKSDB_LOCK_H

#include <varve/error.h>

typedef struct varve__lock varve__lock;

/*
 * Take the directory `path` for this process.  Returns VARVE_OK; VARVE_LOCKED if it is taken; or
 * VARVE_IO, VARVE_NO_MEMORY; `*out` is NULL then.
 */
varve_status varve__rocksdb_lock(const char *path, varve__lock **out, varve_error *err);

/* Give it back; NULL is fine. */
void varve__rocksdb_unlock(varve__lock *lock);

/* VARVE_LOCKED by another process, whose number is told if the system knows it. */
varve_status varve__rocksdb_fail_locked(const char *path, varve_error *err);

#endif
