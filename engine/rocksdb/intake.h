/*
 * What is left of an ingest whose end nobody has seen.
 *
 * When RocksDB cannot sync the manifest in which it has just named new tables, it takes the tables
 * away, and writes another manifest at the next change.  If the process ends before that, or no
 * other manifest can be written, the one on the disk may name tables that are not there: such a
 * store does not open.  So a mark lies in a store while it takes in tables.  Whoever finds it in a
 * store that does not open may take the ingest back, by cutting off what the manifest says of it.
 */
#ifndef VARVE_ENGINE_ROCKSDB_INTAKE_H
#define VARVE_ENGINE_ROCKSDB_INTAKE_H

#include <varve/error.h>

/* An empty file.  RocksDB syncs the directory before it names the tables. */
#define VARVE__INTAKE_MARK "VARVE_INGEST"

bool varve__intake_is_marked(const char *path);

/* Returns VARVE_OK, VARVE_IO or VARVE_NO_SPACE. */
varve_status varve__intake_mark(const char *path, varve_error *err);
void varve__intake_unmark(const char *path);

/*
 * Cut the last record off the manifest of a store that nobody has open, if it names new tables and
 * does nothing else, and none of them is there.
 *
 * Returns VARVE_OK: there was one, and it has been cut off.  VARVE_NOT_FOUND: there was none.
 * VARVE_IO, VARVE_NO_SPACE, VARVE_NO_MEMORY.
 */
varve_status varve__intake_take_back(const char *path, varve_error *err);

#endif
