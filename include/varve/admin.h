/*
 * Looking after an engine: compaction, sizes, statistics, memory, capacity, stores as directories.
 *
 * Every function here may be called from any thread.
 */
#ifndef VARVE_ADMIN_H
#define VARVE_ADMIN_H

#include <varve/cancel.h>
#include <varve/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Compaction ---------------------------------------------------------------------------- */

/*
 * What to compact.  Set `struct_size`; zero elsewhere moves all that is in the memtables and upper
 * levels down to the last one.
 */
typedef struct varve_compact_options {
    size_t struct_size;
    varve_slice start; /* engine keys: from here; empty = the first */
    varve_slice end;   /* up to, not including, this one; empty = the last */
    bool bottommost;   /* rewrite the tables of the last level, too: drops all that is hidden */
    const varve_cancel *cancel; /* NULL = none */
} varve_compact_options;

/*
 * Flush, then compact the tables that hold keys of a range, and wait for it.  Cancelled, it leaves
 * the store as far compacted as it came; that takes some ten milliseconds.  Of several such calls
 * on an engine, varve_engine_compact() among them, one compacts and the others wait for their turn.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for a range that ends before it starts; VARVE_CANCELLED;
 * VARVE_DEADLINE; VARVE_READ_ONLY; VARVE_IO; VARVE_NO_SPACE; VARVE_CORRUPT; VARVE_NO_MEMORY if
 * there is no thread to watch the token.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_compact_range(
    varve_engine *engine, const varve_compact_options *options, varve_error *err);

/* ---- Sizes --------------------------------------------------------------------------------- */

/*
 * About how many bytes the records from `start` up to, not including, `end` take, in tables
 * (compressed) and in memtables (keys and values).  Empty bounds are those of everything.
 *
 * Tables are measured by their blocks.  Up to 50,000 records in the memtables are counted; of a
 * range that has more, all the records of the memtables not counted are taken to be in it, if it is
 * everything, and half of them otherwise.  Cleared and overwritten records count as long as they
 * stand in tables.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for a range that ends before it starts; VARVE_IO;
 * VARVE_CORRUPT.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_approximate_bytes(
    varve_engine *engine, varve_slice start, varve_slice end, uint64_t *bytes, varve_error *err);

/*
 * How many tables a read may have to look at, of a list in the order of varve_engine_tables():
 * those of level 0, and one for each other level that has any.
 */
VARVE_API uint64_t varve_tables_read_amplification(const varve_table *tables, size_t count);

/*
 * A list of tables in the order of varve_engine_tables() as text, a line for each level that has
 * any: `<level> [ <bytes> <tables> ]: <sizes>`.  Replaces what `text` held and ends it with a NUL
 * that `size` does not count.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_tables_text(const varve_table *tables, size_t count,
                                                         varve_buf *text, varve_error *err);

/* ---- Statistics ---------------------------------------------------------------------------- */

/*
 * Counters since the engine was opened, and gauges of this moment.  Set `struct_size`.  The memory
 * map backend counts nothing and has only the gauges of memory and snapshots.
 */
typedef struct varve_engine_stats {
    size_t struct_size;
    int64_t block_cache_hits;
    int64_t block_cache_misses;
    int64_t block_cache_usage;        /* bytes; of a shared cache: by all engines */
    int64_t block_cache_pinned_usage; /* bytes */
    int64_t bloom_filter_prefix_checked;
    int64_t bloom_filter_prefix_useful;
    int64_t memtable_hits;
    int64_t memtable_misses;
    int64_t memtable_total_size; /* bytes */
    int64_t flushes;
    int64_t compactions;
    int64_t table_readers_mem_estimate; /* bytes */
    int64_t pending_compaction_bytes_estimate;
    int64_t l0_file_count;
    int64_t read_amplification;
    int64_t running_flushes;
    int64_t running_compactions;
    int64_t background_errors;
    int64_t bytes_written; /* of commits */
    int64_t wal_bytes;
    int64_t wal_syncs;
    int64_t flush_write_bytes;
    int64_t compact_read_bytes;
    int64_t compact_write_bytes;
    int64_t bytes_read;       /* of gets */
    int64_t seeks;            /* of iterators */
    int64_t merge_operations; /* not by the backend: by the merge operator of this process */
    int64_t live_bytes;       /* estimate of the live data */
    int64_t snapshots;
    int64_t oldest_snapshot_seconds; /* Unix time of the oldest open one; 0 = none, or unknown */
    int64_t live_versions; /* of the set of tables: more than 1 = iterators hold old tables */
} varve_engine_stats;

/* Fill `stats`.  Returns VARVE_OK, VARVE_INVALID_ARGUMENT, or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_engine_get_stats(varve_engine *engine,
                                                              varve_engine_stats *stats,
                                                              varve_error *err);

/*
 * Whether writes are held back by the backend, because flushes or compactions fall behind.  Set
 * `struct_size`.
 */
typedef struct varve_engine_stall {
    size_t struct_size;
    bool stopped; /* writes wait until something has been flushed or compacted */
    bool delayed; /* writes are slowed down to `bytes_per_second` */
    uint64_t bytes_per_second;
    uint64_t delays;       /* of commits, since the engine was opened */
    uint64_t stall_micros; /* that writers have waited since the engine was opened */
} varve_engine_stall;

/* Fill `stall`.  Returns VARVE_OK, VARVE_INVALID_ARGUMENT, or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_engine_get_stall(varve_engine *engine,
                                                              varve_engine_stall *stall,
                                                              varve_error *err);

/*
 * What an engine holds in memory, in bytes.  Set `struct_size`.  `total` is the sum of the others
 * but the pinned.
 */
typedef struct varve_engine_memory {
    size_t struct_size;
    uint64_t memtables;
    uint64_t cache;         /* of a shared cache: all of it, whoever filled it */
    uint64_t cache_pinned;  /* the part of `cache` that cannot be evicted now */
    uint64_t table_readers; /* indexes and filters outside the cache */
    uint64_t batches;       /* of varve's open batches: bytes and indexes */
    uint64_t total;
    uint64_t newest; /* the cache of newest versions */
} varve_engine_memory;

/* Fill `memory`.  Returns VARVE_OK or VARVE_INVALID_ARGUMENT. */
VARVE_API VARVE_NODISCARD varve_status varve_engine_get_memory(varve_engine *engine,
                                                               varve_engine_memory *memory,
                                                               varve_error *err);

/* ---- Capacity, attributes, scratch space --------------------------------------------------- */

/* Bytes.  Set `struct_size`. */
typedef struct varve_engine_capacity {
    size_t struct_size;
    uint64_t capacity;  /* what the store may take at most */
    uint64_t available; /* of that, still free */
    uint64_t used;      /* by the files of the store */
} varve_engine_capacity;

/*
 * Ask the file system, within varve_options.max_bytes if that is set and less.  A store in memory
 * has max_bytes, 512 MiB by default, and all of it is available.  Returns VARVE_OK, VARVE_IO or
 * VARVE_INVALID_ARGUMENT.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_get_capacity(varve_engine *engine,
                                                                 varve_engine_capacity *capacity,
                                                                 varve_error *err);

/*
 * varve_options.attributes and the directory as `[<attributes separated by blanks>]=<directory>`;
 * the directory of a store in memory is `<in-mem>`.  Replaces what `text` held and ends it with a
 * NUL that `size` does not count.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_attributes(varve_engine *engine,
                                                               varve_buf *text, varve_error *err);

/*
 * Where scratch files of jobs on this engine belong: varve_options.temp_dir, else VARVE_TEMP below
 * the store; for a secondary its own directory; the system's (TMPDIR, or /tmp) for a store in
 * memory and for one opened for reading only.  A directory that is missing is made, but not its
 * parents.  Replaces what `path` held and ends it with a NUL that `size` does not count.  Returns
 * VARVE_OK, VARVE_IO, VARVE_NO_SPACE or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_temp_dir(varve_engine *engine, varve_buf *path,
                                                             varve_error *err);

/* ---- Secondaries --------------------------------------------------------------------------- */

/*
 * Bring an engine that was opened with varve_options.secondary_path up to what its primary has
 * written.  Open iterators and snapshots keep what they show, and keep open the tables of that.
 * Where anything has been written it costs what opening for reading only does; other calls on the
 * engine go on meanwhile and see either all of it or none.
 *
 * Returns VARVE_OK; VARVE_UNSUPPORTED for an engine that is no secondary; VARVE_IO, also if the
 * primary has changed its files for ten seconds on end; VARVE_CORRUPT; VARVE_NO_MEMORY.  After a
 * failure the engine shows what it did before.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_catch_up(varve_engine *engine,
                                                             varve_error *err);

/* ---- Stores as directories ----------------------------------------------------------------- */

/*
 * Remove the store at `path`, of whatever version: all files of it that varve and RocksDB have
 * made, and the directory if nothing else is left in it.  What ends half-way is still a store and
 * can be removed by another call.
 *
 * Returns VARVE_OK; VARVE_NO_STORE; VARVE_NOT_A_STORE, and nothing has been touched; VARVE_LOCKED
 * while an engine has it open for writing; VARVE_IO.
 */
VARVE_API VARVE_NODISCARD varve_status varve_store_destroy(const char *path, varve_error *err);

/* The version of a store's format.  Set `struct_size`. */
typedef struct varve_store_version {
    size_t struct_size;
    int64_t version;
    int64_t current; /* what this library makes */
    int64_t minimum; /* the oldest this library opens */
    bool can_open;   /* this library knows its version and all its features */
} varve_store_version;

/*
 * Read the version of the store at `path`, also of one that this library cannot open.  Returns
 * VARVE_OK, VARVE_NO_STORE, VARVE_NOT_A_STORE, VARVE_CORRUPT or VARVE_IO.
 */
VARVE_API VARVE_NODISCARD varve_status varve_store_get_version(const char *path,
                                                               varve_store_version *version,
                                                               varve_error *err);

/*
 * Raise the format of the store at `path` to what this library makes.  Nothing else does: opening
 * never changes it.  No engine may have the store open for writing.
 *
 * Returns VARVE_OK, also if there is nothing to do; VARVE_LOCKED; VARVE_INCOMPATIBLE for a version
 * or a feature that this library does not know; VARVE_NO_SPACE; otherwise as varve_engine_open() of
 * a store that must exist.
 */
VARVE_API VARVE_NODISCARD varve_status varve_store_upgrade(const char *path, varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
