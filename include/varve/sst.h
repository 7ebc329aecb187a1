/*
 * Table files: writing and reading them alone, taking them into an engine, checkpoints, and moving
 * a range of keys from one store to another.
 *
 * Files written here are RocksDB's table files; sst_dump reads them.
 */
#ifndef VARVE_SST_H
#define VARVE_SST_H

#include <varve/cancel.h>
#include <varve/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Writing a table ----------------------------------------------------------------------- */

/* One thread at a time. */
typedef struct varve_sst_writer varve_sst_writer;

/*
 * Begin a table at `path`; a file that is there is VARVE_INVALID_ARGUMENT and left alone.  Returns
 * VARVE_OK, VARVE_IO, VARVE_NO_SPACE or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_sst_writer_open(const char *path,
                                                             varve_sst_writer **out,
                                                             varve_error *err);

/*
 * Add a record.  Keys come in strictly ascending order of bytes.  Returns VARVE_OK;
 * VARVE_INVALID_ARGUMENT for a key out of order; VARVE_CORRUPT_KEY, VARVE_INVALID_KEY,
 * VARVE_EMPTY_KEY, VARVE_TOO_LARGE; VARVE_MISUSE on a finished writer; VARVE_NO_MEMORY; and
 * VARVE_IO, VARVE_NO_SPACE, which it returns from then on.  A write that fails may be told by
 * varve_sst_writer_finish() only.
 */
VARVE_API VARVE_NODISCARD varve_status varve_sst_writer_put(varve_sst_writer *writer,
                                                            varve_slice engine_key,
                                                            varve_slice value, varve_error *err);
/* The same for an operand of the merge operator, at a metadata key. */
VARVE_API VARVE_NODISCARD varve_status varve_sst_writer_merge(varve_sst_writer *writer,
                                                              varve_slice engine_key,
                                                              varve_slice operand,
                                                              varve_error *err);
/* The same for a removal: hides what an engine holds under the key before the table comes in. */
VARVE_API VARVE_NODISCARD varve_status varve_sst_writer_clear(varve_sst_writer *writer,
                                                              varve_slice engine_key,
                                                              varve_error *err);
/*
 * Hide everything that an engine holds from `start` up to, not including, `end` before the table
 * comes in; what the table itself holds stays.  At any time before the end, in any order.
 */
VARVE_API VARVE_NODISCARD varve_status varve_sst_writer_clear_range(varve_sst_writer *writer,
                                                                    varve_slice start,
                                                                    varve_slice end,
                                                                    varve_error *err);

/* Bytes of user keys and values so far; timestamps are not counted. */
VARVE_API uint64_t varve_sst_writer_data_bytes(const varve_sst_writer *writer);

/*
 * End the file and make it durable, its directory entry included.  A second call does nothing and
 * succeeds.  Returns VARVE_OK; VARVE_INVALID_ARGUMENT for a table without records; VARVE_IO;
 * VARVE_NO_SPACE.  After a failure the file is of no use.
 */
VARVE_API VARVE_NODISCARD varve_status varve_sst_writer_finish(varve_sst_writer *writer,
                                                               varve_error *err);

/* Free a writer, and remove its file unless it was finished; NULL is fine. */
VARVE_API void varve_sst_writer_close(varve_sst_writer *writer);

/* ---- Reading tables ------------------------------------------------------------------------ */

/*
 * A view of one or more table files, without a store.  It works in a scratch directory of its own,
 * which close removes, and never changes the files.
 *
 * Threads: the reader it lends may be used by many; adding and closing, by one.
 */
typedef struct varve_sst_reader varve_sst_reader;

/*
 * `temp_dir` is where the scratch directory is made; NULL takes the system's.  Returns VARVE_OK,
 * VARVE_IO, VARVE_NO_SPACE or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_sst_reader_open(const char *temp_dir,
                                                             varve_sst_reader **out,
                                                             varve_error *err);

/*
 * Add the table at `path`, by a hard link where the file system allows, else by a copy.  Its range
 * of keys must not overlap those of the tables added before.  All of it is read once.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for an overlap; VARVE_CORRUPT; VARVE_CORRUPT_KEY,
 * VARVE_INVALID_KEY for a table with keys that are no engine keys; VARVE_TOO_LARGE;
 * VARVE_INCOMPATIBLE for a table in another order; VARVE_IO; VARVE_NO_SPACE; VARVE_NO_MEMORY.  On
 * failure the reader is as before.
 */
VARVE_API VARVE_NODISCARD varve_status varve_sst_reader_add(varve_sst_reader *sst, const char *path,
                                                            varve_error *err);

/* What reads the tables; valid until the varve_sst_reader is closed. */
VARVE_API varve_reader *varve_sst_reader_reader(varve_sst_reader *sst);

/*
 * Close a reader and remove its scratch directory; NULL is fine.  With iterators open over it:
 * VARVE_BUSY, and it stays open.
 */
VARVE_API VARVE_NODISCARD varve_status varve_sst_reader_close(varve_sst_reader *sst,
                                                              varve_error *err);

/* ---- Taking tables into an engine ---------------------------------------------------------- */

/* How to ingest.  Set `struct_size`; zero elsewhere copies and trusts nothing. */
typedef struct varve_ingest_options {
    size_t struct_size;
    bool move; /* the files are gone then; linked into the store, where that can be, and not copied:
                  on its file system, and with no other name */
    bool trust_keys; /* skip the walk that looks at every key first */
} varve_ingest_options;

/*
 * Make the records of table files part of the store: all of them at once, above what is there, and
 * durable when the call returns, as is all that was committed before.  The files must not overlap
 * each other.  Before anything is taken in, every key is read and checked.  NULL options are all
 * zero.
 *
 * Open snapshots and iterators do not see the new records.  They take a sequence number, but are
 * not in the log: varve_wal_next() meets a gap there.
 *
 * Backends other than RocksDB on the disk read the records and commit them as one batch.  Clears of
 * single keys cannot be read out of a table: there, such a table is VARVE_UNSUPPORTED.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for no files or files that overlap; VARVE_CORRUPT;
 * VARVE_CORRUPT_KEY, VARVE_INVALID_KEY; VARVE_INCOMPATIBLE for a table in another order;
 * VARVE_TOO_LARGE for a value, and for too much at once in memory; VARVE_UNSUPPORTED;
 * VARVE_READ_ONLY; VARVE_COMMIT_UNKNOWN if what was committed before cannot be synced; VARVE_IO;
 * VARVE_NO_SPACE; VARVE_NO_MEMORY.  On failure nothing has been taken in and the files are as they
 * were.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_ingest(varve_engine *engine,
                                                           const char *const *paths, size_t count,
                                                           const varve_ingest_options *options,
                                                           varve_error *err);

/* ---- Checkpoints and ranges ---------------------------------------------------------------- */

/*
 * Make a copy of the store as it is now in a new directory, which must not exist: a store like any
 * other.  The memtables are flushed first; tables are hard-linked where the file system allows.  It
 * is durable when the call returns; readers and writers go on meanwhile.  If it fails, nothing is
 * left at `path`.  What varve_options.wal_keep_seconds has kept of the log does not come along.
 *
 * An engine that only reads makes one beside the writer of the store, if it has one, which is not
 * disturbed: of the store as it is now, whatever the engine itself shows.  The log is copied, not
 * flushed, so that what has been committed with the log off and not been flushed is missing.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT if there is something at `path`; VARVE_UNSUPPORTED for
 * stores in memory; VARVE_IO, of an engine that only reads also if the writer has changed its files
 * for ten seconds on end; VARVE_NO_SPACE; VARVE_CORRUPT; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_checkpoint(varve_engine *engine,
                                                               const char *path, varve_error *err);

/* What an export has written.  Set `struct_size`. */
typedef struct varve_export_result {
    size_t struct_size;
    uint64_t records;
    uint64_t data_bytes; /* of user keys and values */
    varve_buf resume;    /* engine key at which to go on; empty = done.  The caller starts it as
                            VARVE_BUF_INIT and releases it; the next call may begin at it */
} varve_export_result;

/* How to export.  Set `struct_size`. */
typedef struct varve_export_options {
    size_t struct_size;
    varve_slice start;     /* engine keys: from here */
    varve_slice end;       /* up to, not including, this one; empty = to the end */
    uint64_t target_bytes; /* end the table at the first user key at which it holds as much; 0 = no
                              such limit */
    bool replace;          /* ingesting it also removes what the other store has in the range */
    const varve_cancel *cancel; /* NULL = none; the file is removed then */
} varve_export_options;

/*
 * Write the records of a range that a reader shows into a new table at `path`, for
 * varve_engine_ingest() into another store.  An export from a snapshot is one state.  A user key
 * is never split between two tables.  A range without records makes no file unless `replace` is
 * set, and `records` is 0 then.
 *
 * Returns as varve_sst_writer_put() and varve_iter_status(); VARVE_CANCELLED; VARVE_DEADLINE.  On
 * failure there is no file.
 */
VARVE_API VARVE_NODISCARD varve_status varve_export_range(varve_reader *reader, const char *path,
                                                          const varve_export_options *options,
                                                          varve_export_result *result,
                                                          varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
