/*
 * What a backend supplies.
 *
 * A backend keeps records and offers: get, iterate, apply, snapshots, administration.  Everything
 * else - handles and their counting, batches and what they show, argument checks, read-only
 * refusals, logging - is written once, above the backends, in engine/.
 *
 * Rules: `apply` gets a representation that has been validated and holds only puts, clears, merges
 * at metadata keys, range clears (start <= end) and log data.  Every function but open, close and
 * reopen may be called from several threads at once; iterators by one thread each.  Iterators,
 * snapshots and log readers are gone before close and reopen.  An operation that is NULL is
 * VARVE_UNSUPPORTED.
 */
#ifndef VARVE_ENGINE_BACKEND_H
#define VARVE_ENGINE_BACKEND_H

#include <varve/engine.h>

/* A backend's private state; each backend has its own struct behind it. */
typedef struct varve__store varve__store;

/* A backend's snapshot, likewise. */
typedef struct varve__store_snapshot varve__store_snapshot;

/* A backend's reader of its log, likewise. */
typedef struct varve__store_wal varve__store_wal;

struct varve_compact_options;
struct varve_engine_stats;
struct varve_engine_stall;
struct varve_engine_memory;
struct varve_engine_state;
struct varve_wal_commit;

/* Where a backend reports what happens in it; may be called from any thread. */
typedef struct varve__logger {
    varve_log_fn fn; /* NULL = silent */
    void *arg;
} varve__logger;

/* Format one line and hand it to the logger. */
void varve__log(const varve__logger *logger, varve_log_level level, const char *format, ...)
    VARVE_PRINTF(3, 4);

typedef struct varve__backend_ops {
    const char *name; /* for messages: "rocksdb", "rocksdb-mem", "mem" */

    /*
     * `options` is complete: arguments have been checked and defaults filled in, but for
     * `max_open_files`, where 0 stays and means no limit.
     */
    varve_status (*open)(const varve_options *options, varve__store **out, varve_error *err);
    /* Cannot fail: what must not be lost has been flushed before by the owner. */
    void (*close)(varve__store *store);

    /* `snapshot` NULL means the current state.  Replaces the contents of `value`. */
    varve_status (*get)(varve__store *store, varve__store_snapshot *snapshot, varve_slice key,
                        varve_buf *value, varve_error *err);

    /*
     * Make an iterator (see engine/iter.h; the backend allocates the whole struct and calls
     * varve__iter_init()).  `options` is complete.
     */
    varve_status (*iter_open)(varve__store *store, varve__store_snapshot *snapshot,
                              const varve_iter_options *options, varve_iter **out,
                              varve_error *err);

    varve_status (*apply)(varve__store *store, varve_slice repr, bool sync, varve_error *err);

    varve_status (*snapshot_open)(varve__store *store, varve__store_snapshot **out,
                                  varve_error *err);
    void (*snapshot_close)(varve__store *store, varve__store_snapshot *snapshot);

    varve_status (*sync)(varve__store *store, varve_error *err); /* the WAL */
    varve_status (*flush)(varve__store *store, varve_error *err);
    varve_status (*compact)(varve__store *store, varve_error *err);
    /* `options` is complete; the range is not empty.  The flush has been done. */
    varve_status (*compact_range)(varve__store *store, const struct varve_compact_options *options,
                                  varve_error *err);

    /* Bounds are as given, start < end; an empty end is that of everything. */
    varve_status (*approximate_bytes)(varve__store *store, varve_slice start, varve_slice end,
                                      uint64_t *bytes, varve_error *err);
    /* Fill what the backend knows of a zeroed struct; the rest is the owner's. */
    varve_status (*stats)(varve__store *store, struct varve_engine_stats *stats, varve_error *err);
    varve_status (*stall)(varve__store *store, struct varve_engine_stall *stall, varve_error *err);
    varve_status (*memory)(varve__store *store, struct varve_engine_memory *memory,
                           varve_error *err);

    /* Tables whose keys have been looked at. */
    varve_status (*ingest)(varve__store *store, const char *const *paths, size_t count, bool move,
                           varve_error *err);
    varve_status (*checkpoint)(varve__store *store, const char *path, varve_error *err);
    /*
     * Of a secondary: read what the writer has written by now; and then, with nobody else in a call
     * on the store, show what was read last.  Open iterators and snapshots keep what they show.
     */
    varve_status (*catch_up)(varve__store *store, varve_error *err);
    void (*caught_up)(varve__store *store);

    /* The write-ahead log: each as in <varve/wal.h>; gaps are found above the backends. */
    uint64_t (*sequence)(varve__store *store);
    varve_status (*wal_open)(varve__store *store, uint64_t since, varve__store_wal **out,
                             varve_error *err);
    varve_status (*wal_next)(varve__store_wal *wal, struct varve_wal_commit *commit,
                             varve_error *err);
    void (*wal_close)(varve__store_wal *wal);

    /*
     * Whether the store takes writes by now, without waiting.  Fills health, reason, commit_unknown
     * and message of a zeroed struct; returns whether what is wrong may pass by itself.  NULL =
     * always healthy.  Called by one thread at a time.
     */
    bool (*state)(varve__store *store, struct varve_engine_state *state);
    /*
     * Close and open what is inside, after which the store is healthy; nobody else is in a call on
     * it.  On failure it is as before; or closed inside, which its state tells: then `closed` has
     * the operations to go on with, each of which fails with the reason.
     */
    varve_status (*reopen)(varve__store *store, varve_error *err);
    const struct varve__backend_ops *closed;

    /* Fill what the backend knows; the rest is the owner's. */
    varve_status (*info)(varve__store *store, varve_engine_info *info, varve_error *err);
    varve_status (*tables)(varve__store *store, varve_table_fn each, void *arg, varve_error *err);
} varve__backend_ops;

/* The backends that exist.  engine/engine.c chooses by varve_options.backend. */
extern const varve__backend_ops varve__backend_rocksdb;        /* engine/rocksdb/ */
extern const varve__backend_ops varve__backend_rocksdb_memory; /* engine/rocksdb/ */
extern const varve__backend_ops varve__backend_mem;            /* engine/mem/ */

#endif
