/*
 * Table files as the engine layer needs them.  RocksDB's library reads and writes them for every
 * backend: engine/rocksdb/ has these functions.
 */
#ifndef VARVE_ENGINE_SST_H
#define VARVE_ENGINE_SST_H

#include <varve/batch_repr.h>
#include <varve/sst.h>

#include "engine/backend.h"

/* ---- Writing -------------------------------------------------------------------------------- */

typedef struct varve__table_writer varve__table_writer;

/* Begin a table at `path`; a file that is there is written over. */
varve_status varve__table_writer_open(const char *path, varve__table_writer **out,
                                      varve_error *err);

/* Add a put, merge, clear or range clear.  After a failure the writer can only be closed. */
varve_status varve__table_writer_add(varve__table_writer *writer, const varve_record *record,
                                     varve_error *err);

/* End the table and sync its file; the writer can only be closed then. */
varve_status varve__table_writer_finish(varve__table_writer *writer, varve_error *err);

/* Free a writer; the file is the caller's business. */
void varve__table_writer_close(varve__table_writer *writer);

/*
 * varve_sst_writer_put() and the like without a look at the key and at whether it is finished.
 */
varve_status varve__sst_writer_add(varve_sst_writer *writer, const varve_record *record,
                                   varve_error *err);

/* ---- Reading -------------------------------------------------------------------------------- */

/* What a table holds.  To be released. */
typedef struct varve__table_info {
    varve_buf start;           /* the smallest key, or start of a range clear */
    varve_buf end;             /* the largest key, or end of a range clear */
    bool end_is_free;          /* no record is under `end`: another table may begin there */
    varve_buf ranges;          /* the range clears, as a batch representation; empty = none */
    uint64_t clears;           /* clears of single keys: it is known only how many */
    uint64_t sequence_at;      /* where the file holds its sequence number, which taking it in by */
    unsigned char sequence[8]; /* moving changes, and what it is */
} varve__table_info;

/* Receives the puts and merges of a table in order. */
typedef varve_status (*varve__table_fn)(void *arg, const varve_record *record, varve_error *err);

/*
 * Read a table, without changing it: all of it by `each`, unless that is NULL.  `scratch` is an
 * empty directory for what that takes.
 *
 * Returns VARVE_OK; what `each` does; VARVE_CORRUPT; VARVE_CORRUPT_KEY for a range clear with
 * impossible bounds; VARVE_INCOMPATIBLE for a table in another order; VARVE_IO; VARVE_NO_SPACE;
 * VARVE_NO_MEMORY.  `info` needs a release only after VARVE_OK.
 */
varve_status varve__table_read(const char *path, const char *scratch, varve__table_info *info,
                               varve__table_fn each, void *arg, varve_error *err);
void varve__table_info_release(varve__table_info *info);

/* Whether two tables have keys in common, or range clears that cover keys of the other. */
bool varve__table_infos_overlap(const varve__table_info *a, const varve__table_info *b);

/*
 * An `each` that refuses keys that may not be written, and values likewise: VARVE_CORRUPT_KEY,
 * VARVE_INVALID_KEY (also for a merge at a version), VARVE_TOO_LARGE.
 */
varve_status varve__table_check(void *arg, const varve_record *record, varve_error *err);

/*
 * Move a table, whose name goes away, into a RocksDB store on the disk without snapshots.  The file
 * is not changed if no table there begins or ends within it or at its bounds.
 */
varve_status varve__table_adopt(varve__store *store, const char *path, varve_error *err);

/* ---- Files ---------------------------------------------------------------------------------- */

/*
 * Copy a table, but for the number of a store that has taken it in: RocksDB would not take it with
 * that.  The other makes a hard link instead where that can be done.
 */
varve_status varve__table_copy(const char *path, const char *target, const varve__table_info *info,
                               varve_error *err);
varve_status varve__table_bring(const char *path, const char *target, const varve__table_info *info,
                                varve_error *err);

/* Take that number out of a file. */
varve_status varve__table_forget_number(const char *path, const varve__table_info *info,
                                        varve_error *err);

/* Give a file back the sequence number that it had, after a failed attempt to move it. */
void varve__table_restore(const char *path, const varve__table_info *info);

#endif
