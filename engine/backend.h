/*
 * What a backend supplies.
 *
 * A backend keeps records and offers: get, iterate, apply, snapshots, administration.  Everything
 * else - handles and their counting, batches and what they show, argument checks, read-only
 * refusals, logging - is written once, above the backends, in engine/.
 *
 * Rules: `apply` gets a representation that has been validated and holds only puts, clears, range
 * clears (start <= end) and log data.  Every function but open and close may be called from several
 * threads at once; iterators by one thread each.  Iterators and snapshots are gone before close.
 */
#ifndef VARVE_ENGINE_BACKEND_H
#define VARVE_ENGINE_BACKEND_H

#include <varve/engine.h>

/* A backend's private state; each backend has its own struct behind it. */
typedef struct varve__store varve__store;

/* A backend's snapshot, likewise. */
typedef struct varve__store_snapshot varve__store_snapshot;

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

    /* Fill what the backend knows; the rest is the owner's. */
    varve_status (*info)(varve__store *store, varve_engine_info *info, varve_error *err);
    varve_status (*tables)(varve__store *store, varve_table_fn each, void *arg, varve_error *err);
} varve__backend_ops;

/* The backends that exist.  engine/engine.c chooses by varve_options.backend. */
extern const varve__backend_ops varve__backend_rocksdb;        /* engine/rocksdb/ */
extern const varve__backend_ops varve__backend_rocksdb_memory; /* engine/rocksdb/ */
extern const varve__backend_ops varve__backend_mem;            /* engine/mem/ */

#endif
