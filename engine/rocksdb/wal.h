/*
 * RocksDB's write-ahead logs before RocksDB reads them.
 */
#ifndef VARVE_ENGINE_ROCKSDB_WAL_H
#define VARVE_ENGINE_ROCKSDB_WAL_H

#include <varve/error.h>

/*
 * Look for damage in the logs of `directory` that RocksDB would not see: zeros where a record
 * should begin, with something behind them, as a power failure may leave in what had not been
 * synced. RocksDB takes them for the end of a block and goes on behind it, so that records in the
 * middle are missed without a word.
 *
 * With `mark` the place is made unreadable instead, so that RocksDB's recovery stops there.
 *
 * Returns VARVE_OK, VARVE_CORRUPT, VARVE_IO or VARVE_NO_MEMORY.
 */
varve_status varve__wal_check(const char *directory, bool mark, varve_error *err);

#endif
