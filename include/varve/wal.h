/*
 * The write-ahead log as a stream of commits, for those who ship or archive it.
 *
 * Every record of a commit has a sequence number; they are consecutive.  A reader of the log says
 * where to begin and gets commit after commit, each as a batch representation
 * (<varve/batch_repr.h>) that carries the number of its first record.  If the log no longer has
 * what comes next, that is VARVE_LOG_GAP with both numbers and never a silent jump.
 *
 * Commits that several threads make at the same moment may come as one, in their order.  A commit
 * of log data alone takes no number: it comes with the next that does, and a reader that begins at
 * that number may be told of it again.
 *
 * RocksDB deletes logs when their memtables have been flushed.  varve_options.wal_keep_seconds and
 * wal_keep_bytes keep them for readers.  What comes in by varve_engine_ingest() is not in the log,
 * but takes a number: a reader meets a gap there, as in front of what was written with the WAL off.
 */
#ifndef VARVE_WAL_H
#define VARVE_WAL_H

#include <varve/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One thread at a time; counts as an iterator of its engine. */
typedef struct varve_wal_reader varve_wal_reader;

/* The number of the last committed record; 0 for none. */
VARVE_API uint64_t varve_engine_sequence(varve_engine *engine);

/*
 * Read the log from the commit that holds record `since` on.  Numbers begin at 1.  `since` may be
 * one above the last record: then it waits for what comes.
 *
 * Returns VARVE_OK; VARVE_LOG_GAP if that record is no longer in the log; VARVE_INVALID_ARGUMENT if
 * it is further in the future; VARVE_UNSUPPORTED for the memory map and for secondaries; VARVE_IO;
 * VARVE_CORRUPT; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_wal_open(varve_engine *engine, uint64_t since,
                                                      varve_wal_reader **out, varve_error *err);

/* One commit.  `repr` is valid until the reader's next call. */
typedef struct varve_wal_commit {
    uint64_t first;   /* number of its first record */
    uint64_t next;    /* number of the first record behind it: where a later reader goes on */
    varve_slice repr; /* to be read with VARVE_BATCH_FROM_LOG */
} varve_wal_commit;

/*
 * The next commit.  Returns VARVE_OK; VARVE_NOT_FOUND at the end of the log as it is now: a later
 * call goes on from there; VARVE_LOG_GAP, from then on for every further call: begin anew at
 * `log_gap.found`, with a copy of the store that is as new; VARVE_CORRUPT; VARVE_IO;
 * VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_wal_next(varve_wal_reader *reader,
                                                      varve_wal_commit *commit, varve_error *err);

/* Close it; NULL is fine. */
VARVE_API void varve_wal_close(varve_wal_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
