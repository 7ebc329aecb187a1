/*
 * Fences: where, within a level, one table ends and the next one begins.
 *
 * RocksDB 7.8's iterators forget an error.  When one comes from a table to the next one of the
 * level, and cannot open that or read its first block, it goes on without the whole level, and
 * tells of no failure: the rest of the data is missing.  Backwards it is the last block.  (Cured in
 * RocksDB 8.5.2.)  A seek into the block does fail.  So an iterator that has come to the beginning
 * of a table, or beyond one, is set onto it by a seek; that finds the same record, or the failure.
 *
 * Backwards, RocksDB seeks the end of a table from the next one, so this loses the error too: the
 * end is sought forward, from right below, and then again backwards.
 *
 * Where much has been cleared, one movement comes to many tables at once.  All but the last of them
 * are looked at by an iterator that ends at the next one, lest each seek passes over all that is
 * cleared.
 *
 * In level 0 each table is on its own, and nothing is forgotten by this.
 *
 * One case is left, in any level: an error is forgotten as well within a table, where records are
 * passed over that a range deletion of this table or of a newer one covers.  A flush or a
 * compaction keeps these only for a snapshot.  Where range deletions end is told by nothing in the
 * C API.
 */
#ifndef VARVE_ENGINE_ROCKSDB_FENCES_H
#define VARVE_ENGINE_ROCKSDB_FENCES_H

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

#include <varve/error.h>

/* The end of a table that has another one behind it. */
typedef struct varve__fence_end {
    varve_slice key;   /* the last of the table */
    varve_slice below; /* less than that, with hardly a key between them */
    varve_slice above; /* right above it */
} varve__fence_end;

/* Those of one set of tables, shared by the iterators over it; never changed. */
typedef struct varve__fences {
    atomic_size_t users;
    uint64_t version; /* of the set of tables, as RocksDB counts them */
    size_t runs;      /* sorted ones: each table of level 0, and each other level that has any */
    size_t end_count;
    varve__fence_end *ends; /* ascending */
    size_t count;
    varve_slice keys[]; /* the beginnings, ascending */
} varve__fences;

/* Those that a database had when somebody asked last. */
typedef struct varve__fence_cache {
    pthread_mutex_t mutex;
    varve__fences *newest; /* or NULL */
    int64_t
        resting_until; /* no tables are asked for: they have changed faster than they can be told */
    pthread_mutex_t making; /* held by the one who asks for all tables, while others wait for it */
} varve__fence_cache;

/* An iterator, and the fences that it is to come to by seeks. */
typedef struct varve__fenced {
    rocksdb_iterator_t *raw;
    varve__fences *fences; /* held */
    bool is_exact;         /* they are those of just the tables that it shows */
    bool counts_clears;    /* given: whether to count them */
    uint64_t clears;       /* of single keys that were in the memtable, or a few less */
} varve__fenced;

void varve__fence_cache_init(varve__fence_cache *cache);
void varve__fence_cache_destroy(varve__fence_cache *cache);

/* Forget them: the database is another one now. */
void varve__fence_cache_clear(varve__fence_cache *cache);

/*
 * Open an iterator, and hold the fences of just those tables that it shows; of tables of a moment
 * before, if telling of them all takes longer than they stay the same.  An iterator with such
 * fences shows the same, but may lose an error where a new table begins.  Returns VARVE_OK or
 * VARVE_NO_MEMORY.
 */
varve_status varve__fences_iterator(varve__fence_cache *cache, rocksdb_t *db,
                                    const rocksdb_readoptions_t *how, varve__fenced *out,
                                    varve_error *err);

/*
 * Whether the tables are still those of the fences, and there are still so many clears of single
 * keys in the memtable: as many as there were when an iterator over just these tables was opened.
 */
bool varve__fences_has_no_new_clears(const varve__fences *fences, rocksdb_t *db, uint64_t clears);

/* Let go of them; NULL is fine. */
void varve__fences_release(varve__fences *fences);

/*
 * What a seek costs in steps: it goes to each sorted run, and a step to one.  Filters spare one
 * within a user key most of the runs.
 */
unsigned varve__fences_seek_cost(const varve__fences *fences, bool is_prefix);

/* The first fence above `key`; `count` if there is none. */
size_t varve__fences_find(const varve__fences *fences, varve_slice key);

/* How many ends there are below `key`. */
size_t varve__fences_ends_below(const varve__fences *fences, varve_slice key);

#endif
