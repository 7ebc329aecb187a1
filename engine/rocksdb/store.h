/*
 * What the files of this folder share: the store and its snapshots.
 */
#ifndef VARVE_ENGINE_ROCKSDB_STORE_H
#define VARVE_ENGINE_ROCKSDB_STORE_H

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

#include "engine/backend.h"
#include "engine/rocksdb/fences.h"
#include "engine/rocksdb/manifest.h"

/*
 * What a secondary shows between two times of catching up: its database, for as long as anybody
 * uses it.
 */
typedef struct varve__generation {
    rocksdb_t *db;
    varve__fence_cache fences;
    atomic_size_t users;
    struct varve__files {
        varve__manifest manifest;
        uint64_t log_number; /* of the newest log, and its size */
        uint64_t log_bytes;
    } files; /* that it has been read from */
} varve__generation;

struct varve__store {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_env_t *env; /* of a store in memory, else NULL; borrowed by RocksDB until close */
    rocksdb_readoptions_t *get_options;   /* these are never changed, so threads may share them */
    rocksdb_readoptions_t *point_options; /* of iterators for one user key, without bounds */
    rocksdb_readoptions_t *walk_options;  /* of others without bounds */
    rocksdb_writeoptions_t *no_sync;
    rocksdb_writeoptions_t *sync;
    struct varve__lock *lock; /* while it is open for writing, on disk */
    char *path;               /* NULL for a store in memory */
    int64_t format_version;
    rocksdb_writeoptions_t *probe; /* for a write that only asks: does not wait in a stall */

    /* health.c: what has been learnt from failures. */
    atomic_int stopped;                 /* why the WAL takes nothing more; 0 = it does */
    atomic_uint_least64_t broken_log;   /* number of the WAL that met a full disk; 0 = none has */
    atomic_uint_least64_t unsynced_log; /* number of the WAL with a commit that may not be synced */
    atomic_uint_least64_t named_log;    /* the WAL, perhaps an older one, whose sync failed then */
    atomic_bool is_suspect;             /* something has failed since it was last found to work */
    atomic_uint_least64_t errors_seen;  /* of the background, when it was last found to work */

    /*
     * log_reader.c: a commit whose sync met a full disk is in its log, and RocksDB goes on without
     * it: the log that holds it, and the number that it would have had, which another one got.  0 =
     * there is none.
     */
    atomic_uint_least64_t refused_log;
    atomic_uint_least64_t refused;

    /* ingest.c */
    atomic_bool is_doubtful; /* the manifest on disk may name tables that are not there */
    pthread_mutex_t marking; /* of what follows, and of the mark in the directory */
    unsigned ingests;        /* on their way */

    /* open.c: the last opening has taken back an ingest that had failed. */
    bool has_taken_back;

    /* reopen.c: why it is closed inside; then `db` is NULL. */
    varve_error closed_by;

    varve__fence_cache fences;  /* of `db`, unless it is that of a generation */
    pthread_mutex_t compacting; /* held by the one compaction that somebody has asked for */

    /* secondary.c; of other stores both are NULL */
    varve__generation *shown; /* its database is `db` */
    varve__generation *next;  /* has been read, waits to be shown; under `following` */
    pthread_mutex_t following;
};

struct varve__store_snapshot {
    varve__generation *generation; /* of a secondary, held */
    const rocksdb_snapshot_t *snapshot;
    rocksdb_readoptions_t *get_options;
};

/* ---- open.c: on disk or in memory, as options->backend says */

varve_status varve__rocksdb_open(const varve_options *options, varve__store **out,
                                 varve_error *err);
void varve__rocksdb_close(varve__store *store);

/* Open the database of a store whose options are made. */
varve_status varve__rocksdb_open_for_writing(varve__store *store, const char *path,
                                             varve_error *err);

/* reopen.c: close and open the database, and what a store does that is closed inside. */
varve_status varve__rocksdb_reopen(varve__store *store, varve_error *err);
extern const varve__backend_ops varve__rocksdb_closed;

/* ---- read_only.c */

/*
 * Open the database of a store whose options are made, without a lock, also beside a writer; NULL
 * on failure.
 */
varve_status varve__rocksdb_open_read_only(const varve__store *store, const char *path,
                                           rocksdb_t **out, varve_error *err);

/* ---- secondary.c */

/* Open the database as a follower of its writer; `own_path` is a directory to make. */
varve_status varve__rocksdb_open_secondary(varve__store *store, const char *own_path,
                                           varve_error *err);
varve_status varve__rocksdb_catch_up(varve__store *store, varve_error *err);
void varve__rocksdb_caught_up(varve__store *store);

/* Hold a generation for one more user; returns its argument, which may be NULL. */
varve__generation *varve__generation_hold(varve__generation *generation);

/* Let go of it; NULL is fine. */
void varve__generation_release(varve__generation *generation);

/* The database of a generation; of a store if there is none. */
static inline rocksdb_t *varve__generation_db(const varve__store *store,
                                              const varve__generation *generation)
{
    return generation != NULL ? generation->db : store->db;
}

/* ---- read.c */

varve_status varve__rocksdb_get(varve__store *store, varve__store_snapshot *snapshot,
                                varve_slice key, varve_buf *value, varve_error *err);
varve_status varve__rocksdb_snapshot_open(varve__store *store, varve__store_snapshot **out,
                                          varve_error *err);
void varve__rocksdb_snapshot_close(varve__store *store, varve__store_snapshot *snapshot);

/* ---- iter.c */

/* Read options for iterators, with prefixes or in total order; the caller destroys them. */
rocksdb_readoptions_t *varve__rocksdb_read_options(bool prefix);

varve_status varve__rocksdb_iter_open(varve__store *store, varve__store_snapshot *snapshot,
                                      const varve_iter_options *options, varve_iter **out,
                                      varve_error *err);

/* ---- write.c */

varve_status varve__rocksdb_apply(varve__store *store, varve_slice repr, bool sync,
                                  varve_error *err);
varve_status varve__rocksdb_sync(varve__store *store, varve_error *err);
varve_status varve__rocksdb_flush(varve__store *store, varve_error *err);

/* Whether RocksDB would take a write; `what`, such as "compacting", is for the message. */
varve_status varve__rocksdb_check_writable(varve__store *store, const char *what, varve_error *err);

/* ---- compact.c */

varve_status varve__rocksdb_compact(varve__store *store, varve_error *err);
varve_status varve__rocksdb_compact_range(varve__store *store,
                                          const struct varve_compact_options *options,
                                          varve_error *err);

/* ---- sizes.c */

varve_status varve__rocksdb_approximate_bytes(varve__store *store, varve_slice start,
                                              varve_slice end, uint64_t *bytes, varve_error *err);

/* ---- stats.c */

varve_status varve__rocksdb_stats(varve__store *store, struct varve_engine_stats *stats,
                                  varve_error *err);
varve_status varve__rocksdb_stall(varve__store *store, struct varve_engine_stall *stall,
                                  varve_error *err);
varve_status varve__rocksdb_memory(varve__store *store, struct varve_engine_memory *memory,
                                   varve_error *err);

/* ---- ingest.c, checkpoint.c */

varve_status varve__rocksdb_ingest(varve__store *store, const char *const *paths, size_t count,
                                   bool move, varve_error *err);
/* Before a database is closed: let its manifest be right on the disk. */
void varve__rocksdb_settle(varve__store *store);
varve_status varve__rocksdb_checkpoint(varve__store *store, const char *path, varve_error *err);

/* ---- log_reader.c */

uint64_t varve__rocksdb_sequence(varve__store *store);
varve_status varve__rocksdb_wal_open(varve__store *store, uint64_t since, varve__store_wal **out,
                                     varve_error *err);
varve_status varve__rocksdb_wal_next(varve__store_wal *wal, struct varve_wal_commit *commit,
                                     varve_error *err);
void varve__rocksdb_wal_close(varve__store_wal *wal);
/* Remove what has been kept of a log with a commit that was refused. */
void varve__rocksdb_drop_refused(varve__store *store);

/* ---- info.c */

/* The number of tables of a level. */
uint64_t varve__rocksdb_tables_at(varve__store *store, int level);

/* A numeric property; 0 if RocksDB does not have it. */
uint64_t varve__rocksdb_property(varve__store *store, const char *name);
varve_status varve__rocksdb_info(varve__store *store, varve_engine_info *info, varve_error *err);
varve_status varve__rocksdb_tables(varve__store *store, varve_table_fn each, void *arg,
                                   varve_error *err);

#endif
