/*
 * Copying a store beside whoever writes to it.
 */
#ifndef VARVE_ENGINE_ROCKSDB_COPY_H
#define VARVE_ENGINE_ROCKSDB_COPY_H

#include "engine/rocksdb/store.h"

/*
 * Copy the database of a store that this engine only reads to the directory `place`, which it
 * makes: the state that whoever opens the store for reading now would see, with the log.  Tables
 * are linked where that works; values that lie beside them are copied.  All files are synced, their
 * directory is not.
 *
 * Returns VARVE_OK; VARVE_IO, also if a writer changes the files for ten seconds on end; otherwise
 * as varve__rocksdb_open_read_only().
 */
varve_status varve__rocksdb_copy(const varve__store *store, const char *place, varve_error *err);

#endif
