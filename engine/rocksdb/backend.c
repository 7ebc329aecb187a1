#include "engine/rocksdb/health.h"
#include "engine/rocksdb/store.h"

/*
 * The two differ in where opening puts the bytes, and then in that files of the caller's do not
 * come into a private file system, nor out of it.
 */
#define OPERATIONS                                                                                 \
    .open = varve__rocksdb_open, .close = varve__rocksdb_close, .get = varve__rocksdb_get,         \
    .iter_open = varve__rocksdb_iter_open, .apply = varve__rocksdb_apply,                          \
    .snapshot_open = varve__rocksdb_snapshot_open,                                                 \
    .snapshot_close = varve__rocksdb_snapshot_close, .sync = varve__rocksdb_sync,                  \
    .flush = varve__rocksdb_flush, .compact = varve__rocksdb_compact, .info = varve__rocksdb_info, \
    .tables = varve__rocksdb_tables, .sequence = varve__rocksdb_sequence,                          \
    .wal_open = varve__rocksdb_wal_open, .wal_next = varve__rocksdb_wal_next,                      \
    .wal_close = varve__rocksdb_wal_close, .compact_range = varve__rocksdb_compact_range,          \
    .approximate_bytes = varve__rocksdb_approximate_bytes, .stats = varve__rocksdb_stats,          \
    .stall = varve__rocksdb_stall, .memory = varve__rocksdb_memory,                                \
    .catch_up = varve__rocksdb_catch_up, .caught_up = varve__rocksdb_caught_up,                    \
    .state = varve__rocksdb_state

const varve__backend_ops varve__backend_rocksdb = {
    .name = "rocksdb",
    OPERATIONS,
    .ingest = varve__rocksdb_ingest,
    .checkpoint = varve__rocksdb_checkpoint,
    .reopen = varve__rocksdb_reopen,
    .closed = &varve__rocksdb_closed,
};
/* What is in memory only would be gone when it is closed inside. */
const varve__backend_ops varve__backend_rocksdb_memory = {.name = "rocksdb-mem", OPERATIONS};
