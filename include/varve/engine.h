/*
 * Engines: ordered stores of engine keys (<varve/key.h>) with atomic batches.
 *
 * Two interfaces, varve_reader and varve_writer, and three things that lend them:
 *
 *                     reader  writer   opened by               closed by
 *     varve_engine      x       x      varve_engine_open()     varve_engine_close()
 *     varve_batch       x       x      varve_batch_open()      varve_batch_close()
 *     varve_snapshot    x              varve_snapshot_open()   varve_snapshot_close()
 *
 * Code that only reads takes a varve_reader, so it runs on all three.  A snapshot has no writer to
 * lend: writing to one does not compile.  What is lent cannot be closed by the borrower and lives
 * as long as its owner.
 *
 * Threads: an engine and a snapshot, with their readers and writers, may be used by any number of
 * threads.  A batch together with its reader, its writer, its distinct view and the iterators over
 * it is for one thread at a time, and so is each other handle by itself: an iterator, a builder, a
 * reader of a batch or of the log.  Which thread that is may change, if the two take care that one
 * has finished before the other begins.  A function that takes no handle may be called by any.
 *
 * A thread sees what it has seen before, and what others had seen when it heard of it from them:
 * once a read of the engine has shown a commit, no later one shows less.
 *
 * Batches, snapshots and iterators are closed before their engine, iterators before their batch or
 * snapshot: an engine with open handles refuses to close.
 */
#ifndef VARVE_ENGINE_H
#define VARVE_ENGINE_H

#include <varve/cache.h>
#include <varve/error.h>
#include <varve/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_engine varve_engine;
typedef struct varve_batch varve_batch;
typedef struct varve_snapshot varve_snapshot;
typedef struct varve_reader varve_reader;
typedef struct varve_writer varve_writer;
typedef struct varve_iter varve_iter;

/* ---- Opening and closing ------------------------------------------------------------------- */

/* What keeps the data. */
typedef enum varve_backend {
    VARVE_BACKEND_ROCKSDB = 0,        /* RocksDB in a directory */
    VARVE_BACKEND_ROCKSDB_MEMORY = 1, /* RocksDB in memory; gone with close */
    VARVE_BACKEND_MEM = 2 /* a small ordered map; gone with close; for tests and models */
} varve_backend;

/* Whether commits pass through the write-ahead log. */
typedef enum varve_wal_mode {
    VARVE_WAL_ON = 0, /* a commit is in the log before it returns */
    VARVE_WAL_OFF = 1 /* commits live in memory until varve_engine_flush(); a crash loses them */
} varve_wal_mode;

/* When a commit is forced to stable storage. */
typedef enum varve_durability {
    VARVE_SYNC = 0,   /* before the call returns: survives a power failure */
    VARVE_NO_SYNC = 1 /* some time later: survives the death of the process, not of the machine */
} varve_durability;

typedef enum varve_log_level {
    VARVE_LOG_INFO = 0, /* opened, closed, created */
    VARVE_LOG_WARN = 1, /* something that deserves a look */
    VARVE_LOG_ERROR = 2 /* a failure of the backend */
} varve_log_level;

/*
 * Receives one line without a newline for each event.  Called from any thread that uses the engine,
 * also from several at once, with no lock of varve held.  It must not call the engine.  What
 * stopped an iterator is told when the iterator is next sought, or closed.
 */
typedef void (*varve_log_fn)(void *arg, varve_log_level level, const char *line);

/* How table blocks are compressed. */
typedef enum varve_compression {
    VARVE_COMPRESSION_DEFAULT = 0,
    VARVE_COMPRESSION_NONE = 1,
    VARVE_COMPRESSION_LZ4 = 2,
    VARVE_COMPRESSION_ZSTD = 3
} varve_compression;

/*
 * How to open an engine.  Set `struct_size` to sizeof(varve_options); every other field may stay
 * zero, which is a good default for a store of moderate size.
 */
typedef struct varve_options {
    size_t struct_size;

    /*
     * The store: its directory, NULL for the memory backends.  These are always new and writable,
     * and refuse `read_only`, `must_exist` and `salvage`.
     */
    const char *path;
    varve_backend backend;

    /*
     * Take no lock and write nothing.  Works beside a live writer and shows the store as it is at
     * the time of opening.
     */
    bool read_only;

    /* Fail with VARVE_NO_STORE instead of creating a store. */
    bool must_exist;

    /*
     * Open in spite of damage in the middle of the WAL, dropping all that follows it.  Without,
     * such a store is VARVE_CORRUPT.
     */
    bool salvage;

    /*
     * What a commit costs and survives, see docs/durability.md.  `writer_durability` is that of
     * varve_engine_writer(); batches say theirs at commit.  With `never_sync` no commit syncs,
     * whatever it asks for: use varve_engine_sync().
     */
    varve_wal_mode wal;
    varve_durability writer_durability;
    bool never_sync;

    /* Sizes in bytes; zero takes the default. */
    uint64_t cache_bytes;        /* block cache; 32 MiB */
    uint64_t write_buffer_bytes; /* one memtable, of which two may exist; 64 MiB */
    uint64_t block_bytes;        /* a table block before compression; 8 KiB */

    int bloom_bits;     /* of the filter, per user key; 0 = 10, -1 = no filter */
    int max_open_files; /* 0 = no limit */

    /*
     * Keep logs that are no longer needed for varve_wal_open(): both zero keeps none.  They mean
     * nothing to the memory map and to an engine that only reads.
     */
    uint64_t wal_keep_seconds;
    uint64_t wal_keep_bytes;

    /* Where events are reported; NULL = silent. */
    varve_log_fn log;
    void *log_arg;

    /* Who hears of every change of state; NULL = nobody. */
    varve_state_fn on_state;
    void *on_state_arg;

    /*
     * Follow a live writer: take no lock, write nothing to the store, and see what the writer has
     * written each time varve_engine_catch_up() is called (<varve/admin.h>).  The directory given
     * here is this engine's own, for its scratch files; it is made if it is missing.  Implies
     * `must_exist` and excludes `read_only`, `salvage` and a limit of open files.
     */
    const char *secondary_path;

    /*
     * A block cache shared with other engines; `cache_bytes` must be zero then.  Held until the
     * engine is closed.  Not for the memory map.
     */
    varve_cache *cache;

    /* What varve_engine_get_capacity() may give out; 0 = all of the file system, or 512 MiB. */
    uint64_t max_bytes;

    /* Words, separated by commas, that the application knows a store by, such as "ssd,rack7". */
    const char *attributes;

    /* Where scratch files go; NULL = a directory below the store, or the system's. */
    const char *temp_dir;

    /*
     * Compression of the upper levels, and of the last one, which holds most of the data.  The
     * default is none for the two freshest levels, lz4 for those below, and zstd for the last; a
     * choice for the upper levels holds for all of them.  Not for the memory map, nor for reading
     * only.
     */
    varve_compression compression;
    varve_compression bottom_compression;

    /*
     * For experts: options of RocksDB as `name=value;name=value`, those of tables as
     * `block_based_table_factory={name=value;name=value}`.  A value is whole within one pair of
     * braces, or has none; names of parts, with dots, are not taken.  One that is unknown, that
     * varve sets itself, or that has no effect is VARVE_INVALID_ARGUMENT and named.  Not for the
     * memory map.
     */
    const char *rocksdb_options;

    /*
     * Keep indexes and filters of tables in the block cache, in parts, instead of all of them
     * beside it.  Memory and the time to open then do not grow with the store, and reads are
     * slower: docs/tuning.md.  Tables written without it have theirs in one part of up to some MiB
     * each, until they are compacted.  Not for the memory map.
     */
    bool cache_indexes;

    /*
     * A cache of newest versions, of at most so many bytes: gets of the present through
     * varve_engine_reader() find there what they have read before, and commits see to it that they
     * find nothing else.  0 = none; docs/tuning.md says what it gains and costs.
     */
    uint64_t newest_bytes;
} varve_options;

/*
 * Open a store, creating it if it is missing or its directory is empty.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT (the message names the field); VARVE_NO_STORE;
 * VARVE_NOT_A_STORE; VARVE_INCOMPATIBLE; VARVE_LOCKED; VARVE_CORRUPT; VARVE_IO; VARVE_NO_SPACE;
 * VARVE_UNSUPPORTED for a field of a later version that is set; VARVE_NO_MEMORY.  On failure `*out`
 * is NULL.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_open(const varve_options *options,
                                                         varve_engine **out, varve_error *err);

/*
 * Close an engine.  With batches, snapshots or iterators still open it returns VARVE_BUSY with
 * their numbers, and the engine stays open and usable.  No other thread may be inside a call on the
 * engine.  NULL is fine.
 *
 * With the WAL on nothing is lost by closing, or by not closing.  With the WAL off, closing
 * flushes; a failure of that is returned (VARVE_IO, VARVE_NO_SPACE) and the engine stays open.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_close(varve_engine *engine, varve_error *err);

/* The engine's reader: sees all committed writes.  Valid until the engine is closed. */
VARVE_API varve_reader *varve_engine_reader(varve_engine *engine);

/*
 * The engine's writer: each call is one atomic commit, as durable as `writer_durability` says.
 * Valid until the engine is closed.
 */
VARVE_API varve_writer *varve_engine_writer(varve_engine *engine);

/*
 * Make everything that has been committed durable: by syncing the WAL, or by flushing if it is off.
 *
 * Returns VARVE_OK; VARVE_COMMIT_UNKNOWN if the sync failed, for then nobody can tell;
 * VARVE_READ_ONLY; VARVE_IO; VARVE_NO_SPACE.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_sync(varve_engine *engine, varve_error *err);

/*
 * Write the memtables to table files and wait for it.  Returns VARVE_OK, VARVE_READ_ONLY, VARVE_IO,
 * VARVE_NO_SPACE or VARVE_CORRUPT.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_flush(varve_engine *engine, varve_error *err);

/*
 * Flush, then rewrite all table files into the last level, and wait for it.  Returns as
 * varve_engine_flush().
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_compact(varve_engine *engine, varve_error *err);

/* ---- What an engine tells of itself -------------------------------------------------------- */

/* Numbers about an engine.  Set `struct_size` before the call. */
typedef struct varve_engine_info {
    size_t struct_size;
    uint64_t sequence;       /* number of the last committed record */
    uint64_t estimated_keys; /* engine keys, by the backend's estimate */
    uint64_t table_files;
    uint64_t table_bytes;
    uint64_t memtable_bytes;     /* active and waiting memtables */
    uint64_t cache_bytes;        /* in the block cache */
    uint64_t table_reader_bytes; /* indexes and filters held outside the cache */
    uint64_t open_batches;
    uint64_t open_snapshots;
    uint64_t open_iterators;
    int64_t format_version; /* of the store; 0 for the memory backends */
    /* The cache of newest versions, since the opening: all 0 without. */
    uint64_t newest_bytes;
    uint64_t newest_entries;
    uint64_t newest_hits;
    uint64_t newest_misses;
    uint64_t newest_evictions; /* of what had to make room */
} varve_engine_info;

/* Fill `info`.  Returns VARVE_OK or VARVE_INVALID_ARGUMENT. */
VARVE_API VARVE_NODISCARD varve_status varve_engine_get_info(varve_engine *engine,
                                                             varve_engine_info *info,
                                                             varve_error *err);

/* One table file.  Slices are valid during the callback. */
typedef struct varve_table {
    int level;
    uint64_t bytes;
    uint64_t entries;
    uint64_t deletions;
    varve_slice name;
    varve_slice start; /* the smallest engine key */
    varve_slice end;   /* the largest engine key */
} varve_table;

/* Receives one table; returns whether to go on. */
typedef bool (*varve_table_fn)(void *arg, const varve_table *table);

/*
 * Call `each` for every table file: by level, within a level the largest first, then by start key.
 * The memory map backend has none.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_tables(varve_engine *engine,
                                                           varve_table_fn each, void *arg,
                                                           varve_error *err);

/* ---- Reading ------------------------------------------------------------------------------- */

/*
 * Copy the value stored under exactly `engine_key` into `value`, whose contents it replaces: with
 * nothing, unless it returns VARVE_OK.
 *
 * Returns VARVE_OK; VARVE_NOT_FOUND; VARVE_EMPTY_KEY; VARVE_CORRUPT_KEY if the argument is no
 * engine key; VARVE_UNSUPPORTED on a write-only batch; VARVE_MISUSE on a committed batch; VARVE_IO;
 * VARVE_CORRUPT; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_reader_get(varve_reader *reader,
                                                        varve_slice engine_key, varve_buf *value,
                                                        varve_error *err);

/* Looks at the bytes of a structured record.  Returns VARVE_OK, or its failure. */
typedef varve_status (*varve_decode_fn)(void *arg, varve_slice bytes, varve_error *err);

/*
 * Read a structured record: copy the stored bytes into `value` and have `decode` look at them.  A
 * record of length zero counts as absent.  `*key_bytes` becomes the size of the engine key by
 * statistics (<varve/key.h>), `*value_bytes` the stored length, and both zero for an absent one;
 * either may be NULL.
 *
 * Returns what varve_reader_get() does, then what `decode` does; the sizes are set all the same if
 * that fails.
 */
VARVE_API VARVE_NODISCARD varve_status varve_reader_get_record(
    varve_reader *reader, varve_slice engine_key, varve_decode_fn decode, void *arg,
    varve_buf *value, int64_t *key_bytes, int64_t *value_bytes, varve_error *err);

/*
 * Receives one record of varve_reader_iterate(); slices are valid during the callback.  VARVE_OK
 * goes on, a positive status ends the walk, a negative one is its failure.
 */
typedef varve_status (*varve_record_fn)(void *arg, varve_slice engine_key, varve_slice value,
                                        varve_error *err);

/*
 * Call `each` for the records from `start` up to, not including, `end`, in order, at most `max` of
 * them (0 = all).  Empty bounds are those of everything; a range that ends before it starts has no
 * records.
 *
 * Returns VARVE_OK when the range or `max` is exhausted; what `each` returned to end it; otherwise
 * as varve_iter_open() and varve_iter_status().
 */
VARVE_API VARVE_NODISCARD varve_status varve_reader_iterate(varve_reader *reader, varve_slice start,
                                                            varve_slice end, uint64_t max,
                                                            varve_record_fn each, void *arg,
                                                            varve_error *err);

/* How to open an iterator.  Set `struct_size`; zero elsewhere walks over everything. */
typedef struct varve_iter_options {
    size_t struct_size;
    varve_slice lower; /* engine key: nothing below it is shown; empty = no bound; copied */
    varve_slice upper; /* engine key: nothing at or above it is shown; empty = no bound; copied */
    bool prefix;       /* each seek shows the records of the user key sought, and no other */
    bool bypass_cache; /* do not fill the block cache: for long walks */
} varve_iter_options;

/*
 * What stands behind an iterator.  Applications call the functions below; the table is open to them
 * so that these can be inlined.  The positioning functions set `valid` and `key` themselves.
 */
typedef struct varve_iter_ops {
    void (*seek_ge)(varve_iter *it, varve_slice engine_key);
    void (*seek_le)(varve_iter *it, varve_slice engine_key);
    void (*next)(varve_iter *it);               /* called only while valid */
    void (*prev)(varve_iter *it);               /* called only while valid */
    varve_slice (*value)(const varve_iter *it); /* called only while valid */
    void (*close)(varve_iter *it);
} varve_iter_ops;

/*
 * A cursor over the records of a reader.  `valid` and `key` are kept up to date by every movement:
 * a step is one indirect call, a look is a load.
 *
 * This head is the whole public layout and will not change; what follows it in memory is private.
 */
struct varve_iter {
    const varve_iter_ops *ops;
    bool valid;      /* it stands on a record */
    varve_slice key; /* that record's engine key; its bytes are valid until the next movement */
};

/*
 * Open an iterator.  On an engine it shows the state of this moment, whatever is committed later.
 * On a batch it shows the engine's state of this moment under the batch's own writes, those made
 * later included from the next movement on.  NULL options walk over everything.  It stands nowhere
 * until the first seek.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT; VARVE_UNSUPPORTED on a write-only batch, and for a
 * field of a later version that is set; VARVE_MISUSE on a committed batch; VARVE_NO_MEMORY.  On
 * failure `*out` is NULL.
 */
VARVE_API VARVE_NODISCARD varve_status varve_iter_open(varve_reader *reader,
                                                       const varve_iter_options *options,
                                                       varve_iter **out, varve_error *err);

/*
 * Close an iterator; NULL is fine.  A few of an engine's are kept inside to be lent again, which
 * makes opening one cheap between two writes, through the same snapshot, and to read single keys
 * also beside small writes of other keys.  They count as closed; one of the next writes, a flush or
 * a compaction lets go of them.
 */
VARVE_API void varve_iter_close(varve_iter *it);

/*
 * Movements.  Each returns whether the iterator now stands on a record.  False means the end of the
 * data or bounds, or a failure: varve_iter_status() tells which.  A seek forgets an earlier
 * failure; the other movements leave an iterator that is not valid as it is.
 *
 * A key that is sought must not lie in memory that this iterator has lent.
 */

/*
 * To the first record at or above `engine_key`; the empty key means the first of all.  On a prefix
 * iterator the key must hold a whole user key: it fails with VARVE_INVALID_ARGUMENT otherwise.
 */
static inline bool varve_iter_seek_ge(varve_iter *it, varve_slice engine_key)
{
    it->ops->seek_ge(it, engine_key);
    return it->valid;
}

/*
 * To the last record at or below `engine_key`; the empty key means the last of all.  Not on a
 * prefix iterator: it fails with VARVE_UNSUPPORTED.
 */
static inline bool varve_iter_seek_le(varve_iter *it, varve_slice engine_key)
{
    it->ops->seek_le(it, engine_key);
    return it->valid;
}

/* One record on. */
static inline bool varve_iter_next(varve_iter *it)
{
    if (it->valid)
        it->ops->next(it);
    return it->valid;
}

/* One record back.  Not on a prefix iterator: it fails with VARVE_UNSUPPORTED. */
static inline bool varve_iter_prev(varve_iter *it)
{
    if (it->valid)
        it->ops->prev(it);
    return it->valid;
}

/* To the last record below `engine_key`; the empty key means the last of all. */
VARVE_API bool varve_iter_seek_lt(varve_iter *it, varve_slice engine_key);

/* To the first record of the next user key. */
VARVE_API bool varve_iter_next_key(varve_iter *it);

/* To the last record of the previous user key: its oldest version, or its metadata record. */
VARVE_API bool varve_iter_prev_key(varve_iter *it);

/*
 * Behind damage: to the first record at or above a place that can be read from, of those behind
 * `from`, at which reading has failed or behind which it fails, and before `end`; to the first
 * record at or above `end` if no such place is found.  `end` is a key behind the damage, such as
 * one behind the last of the table that the failure names.  It takes some hundred seeks, all but a
 * few of which fail, and finds the end of the first damage, if not what lies between it and more
 * damage right behind.  Not on a prefix iterator.
 */
VARVE_API bool varve_iter_seek_past(varve_iter *it, varve_slice from, varve_slice end);

/* The value of the record; only while valid.  Its bytes are valid until the next movement. */
static inline varve_slice varve_iter_value(const varve_iter *it)
{
    return it->ops->value(it);
}

/* Whether the record is below `engine_key`; false if the iterator stands nowhere. */
static inline bool varve_iter_less(const varve_iter *it, varve_slice engine_key)
{
    return it->valid && varve_slice_compare(it->key, engine_key) < 0;
}

/*
 * Narrow the bounds for the seeks to come: copies, empty = as at opening.  Bounds lie within those
 * given at opening; what they cut off is passed over by varve, while those of the opening also
 * spare the backend the work.  The iterator stands nowhere until the next seek.
 *
 * Returns VARVE_OK, VARVE_INVALID_ARGUMENT for wider bounds, or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_iter_set_bounds(varve_iter *it, varve_slice lower,
                                                             varve_slice upper, varve_error *err);

/*
 * VARVE_OK while the iterator is valid or has reached an end; otherwise the failure that stopped
 * it: VARVE_IO, VARVE_CORRUPT, VARVE_CORRUPT_KEY, VARVE_UNSUPPORTED, VARVE_INVALID_ARGUMENT,
 * VARVE_MISUSE over a batch that is committed or closed, VARVE_NO_MEMORY.  To be asked once, after
 * the loop.
 */
VARVE_API VARVE_NODISCARD varve_status varve_iter_status(const varve_iter *it, varve_error *err);

/* ---- Writing ------------------------------------------------------------------------------- */

/*
 * Apply the records of a batch representation (<varve/batch_repr.h>), all or none.
 *
 * On an engine: one commit, as durable as the engine's writer.  On a batch: its records are
 * appended.  `repr` is validated whole before anything is written.
 *
 * Returns VARVE_OK; VARVE_BAD_BATCH; VARVE_CORRUPT_KEY; VARVE_INVALID_KEY; VARVE_TOO_LARGE;
 * VARVE_UNSUPPORTED for single clears; VARVE_MISUSE on a committed batch;
 * VARVE_READ_ONLY; VARVE_IO; VARVE_NO_SPACE;
 * VARVE_COMMIT_UNKNOWN; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_writer_apply(varve_writer *writer, varve_slice repr,
                                                          varve_error *err);

/*
 * The small forms: one record each, all or nothing.  Beyond the failures of varve_writer_apply()
 * they refuse the empty user key (VARVE_EMPTY_KEY).
 */

/* Set the value under `engine_key`; it may be empty. */
VARVE_API VARVE_NODISCARD varve_status varve_writer_put(varve_writer *writer,
                                                        varve_slice engine_key, varve_slice value,
                                                        varve_error *err);
/* Remove `engine_key`, present or not. */
VARVE_API VARVE_NODISCARD varve_status varve_writer_clear(varve_writer *writer,
                                                          varve_slice engine_key, varve_error *err);
/*
 * Remove every record from `start` up to, not including, `end`.  The bounds may be any bytes, up to
 * VARVE_ENGINE_KEY_SIZE_MAX of them (more are VARVE_INVALID_KEY); a range that ends before it
 * starts is VARVE_INVALID_ARGUMENT.
 */
VARVE_API VARVE_NODISCARD varve_status varve_writer_clear_range(varve_writer *writer,
                                                                varve_slice start, varve_slice end,
                                                                varve_error *err);
/*
 * Merge an operand (<varve/merge.h>) into the metadata key `engine_key`, without reading it.  It
 * succeeds whatever is there: operands that do not fit together are told when the key is read.
 * Merging into a version is VARVE_INVALID_KEY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_writer_merge(varve_writer *writer,
                                                          varve_slice engine_key,
                                                          varve_slice operand, varve_error *err);

/*
 * Store a structured record, encoded: a put that tells what statistics need, as
 * varve_reader_get_record() does.  Returns as varve_writer_put(); the sizes are set on VARVE_OK.
 */
VARVE_API VARVE_NODISCARD varve_status
varve_writer_put_record(varve_writer *writer, varve_slice engine_key, varve_slice bytes,
                        int64_t *key_bytes, int64_t *value_bytes, varve_error *err);

/*
 * Remove, one by one, the records that `it` shows from `start` up to, not including, `end`: without
 * a range deletion, which would cost readers of a small range more than it saves.  Empty bounds are
 * those of everything; a range that ends before it starts has no records.
 *
 * All of it is one application to the writer, or none: the keys are gathered in memory first, and
 * more of them than a batch may hold are VARVE_TOO_LARGE.  `it` may be one over the batch that is
 * written; it stands anywhere afterwards.  `*cleared` (NULL = not wanted) becomes the number of
 * records.
 *
 * Returns as varve_writer_apply() and varve_iter_status().
 */
VARVE_API VARVE_NODISCARD varve_status
varve_writer_clear_iter_range(varve_writer *writer, varve_iter *it, varve_slice start,
                              varve_slice end, uint64_t *cleared, varve_error *err);

/* ---- Batches ------------------------------------------------------------------------------- */

enum varve_batch_flags {
    VARVE_BATCH_WRITE_ONLY = 1 /* never read: its reader refuses with VARVE_UNSUPPORTED */
};

/*
 * Open an empty batch: writes that become visible together.  Reads through it see the engine's
 * current state under the batch's own writes; merges are put on top of what the engine has when
 * they are read.  A batch closed without commit leaves no trace.
 *
 * Returns VARVE_OK, VARVE_INVALID_ARGUMENT for unknown flags, or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_open(varve_engine *engine, unsigned flags,
                                                        varve_batch **out, varve_error *err);

/*
 * The same over a snapshot: reads see its state under the batch's own writes, while the commit goes
 * to the engine as it is then.  The snapshot may be closed before the batch; the engine counts it
 * as open until the batch is closed.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_open_at(varve_snapshot *snapshot, unsigned flags,
                                                           varve_batch **out, varve_error *err);

/*
 * Close a batch, committed or not; NULL is fine.  Iterators that are still open over it fail with
 * VARVE_MISUSE at their next movement; the engine counts the batch as open until the last of them
 * is closed.
 */
VARVE_API void varve_batch_close(varve_batch *batch);

/* The batch's reader; valid until the batch is closed. */
VARVE_API varve_reader *varve_batch_reader_of(varve_batch *batch);

/* The batch's writer; valid until the batch is closed. */
VARVE_API varve_writer *varve_batch_writer_of(varve_batch *batch);

/*
 * The batch's representation so far; valid until its next write, rollback, commit, reset or close.
 */
VARVE_API varve_slice varve_batch_repr(const varve_batch *batch);

/* Whether nothing has been recorded. */
VARVE_API bool varve_batch_is_empty(const varve_batch *batch);

/*
 * Commit: everything at once becomes visible and as durable as `how` says.  An empty batch commits
 * without touching the store.  Afterwards the batch can only be reset or closed, and iterators over
 * it fail with VARVE_MISUSE at their next movement.  If the commit fails
 * the batch keeps its records and may be committed again, except after VARVE_COMMIT_UNKNOWN.
 *
 * Returns VARVE_OK; VARVE_MISUSE if it has been committed already; VARVE_READ_ONLY; VARVE_IO;
 * VARVE_NO_SPACE; VARVE_COMMIT_UNKNOWN; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_commit(varve_batch *batch, varve_durability how,
                                                          varve_error *err);

/*
 * Make the batch empty and usable again, without savepoints, keeping its memory.  VARVE_MISUSE
 * while iterators over it or a distinct view are open.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_reset(varve_batch *batch, varve_error *err);

/*
 * Savepoints: marks in a batch, one within the other, as many as wanted.
 *
 * rollback takes back everything that was recorded since the last mark, and the mark; release
 * forgets the last mark and keeps what was recorded.  Both return VARVE_NOT_FOUND without a mark.
 * All three return VARVE_OK, VARVE_MISUSE on a committed batch and on one with a distinct view, and
 * rollback also while iterators over the batch are open; VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_savepoint(varve_batch *batch, varve_error *err);
/* Take back what was recorded since the last mark, and the mark. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_rollback(varve_batch *batch, varve_error *err);
/* Forget the last mark and keep what was recorded. */
VARVE_API VARVE_NODISCARD varve_status varve_batch_release(varve_batch *batch, varve_error *err);

/*
 * A view on a batch for writing keys that are known to be distinct: it reads the batch as it was
 * when the view was opened, not what is written through it.  A view of a write-only batch reads the
 * engine alone.
 *
 * While it is open, everything on the batch itself but commit and close is VARVE_MISUSE
 * ("distinct batch open"), and so is a second view; varve_batch_repr() shows what is written
 * through the view, too.  Closing it gives the batch back, with what was written through the view.
 * After the batch is committed or closed the view can only be closed.
 * It belongs to the batch's thread.
 */
typedef struct varve_distinct varve_distinct;

/*
 * Open the view.  Returns VARVE_OK; or VARVE_MISUSE on a batch that is committed, or has one open
 * ("distinct batch already open"), leaving `*out` NULL.
 */
VARVE_API VARVE_NODISCARD varve_status varve_distinct_open(varve_batch *batch, varve_distinct **out,
                                                           varve_error *err);
/*
 * Close the view; NULL is fine.  Iterators over it that are still open fail with VARVE_MISUSE at
 * their next movement.
 */
VARVE_API void varve_distinct_close(varve_distinct *distinct);

/* The view's reader; valid until the view is closed. */
VARVE_API varve_reader *varve_distinct_reader(varve_distinct *distinct);

/* The view's writer; valid until the view is closed. */
VARVE_API varve_writer *varve_distinct_writer(varve_distinct *distinct);

/*
 * Commit tokens: how to learn, after VARVE_COMMIT_UNKNOWN or a crash, what became of a commit.
 *
 * A batch with a token stores it with its records: both are there or neither.  Once the store has
 * been opened again (varve_engine_recover() does so inside), lookup tells.  Tokens take space until
 * they are forgotten.
 */

/* The longest token, in bytes. */
#define VARVE_TOKEN_SIZE_MAX 64

/*
 * Give the batch a token: 1 to VARVE_TOKEN_SIZE_MAX bytes that nothing else uses, such as a random
 * number of 16 bytes.  `now` is kept with it, for varve_engine_tokens_forget().  It is a record of
 * the batch like others: a reset or a rollback takes it back.  Returns as varve_writer_put();
 * VARVE_INVALID_ARGUMENT for a token of another size or a negative timestamp.
 */
VARVE_API VARVE_NODISCARD varve_status varve_batch_set_token(varve_batch *batch, varve_slice token,
                                                             varve_ts now, varve_error *err);

/*
 * Whether a commit with the token has been made; `*when` (NULL = not wanted) becomes the time that
 * was given with it.  Returns VARVE_OK; VARVE_NOT_FOUND; VARVE_COMMIT_UNKNOWN while the engine
 * cannot know, because a commit's outcome is open and the store has not been opened again;
 * otherwise as varve_reader_get().
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_token_lookup(varve_engine *engine,
                                                                 varve_slice token, varve_ts *when,
                                                                 varve_error *err);

/*
 * Forget the tokens whose time is before `before`, at most `max` of them (0 = all); `*forgotten`
 * (NULL = not wanted) becomes their number, also after a failure: they go in several commits, as
 * durable as the engine's writer.  Returns as varve_batch_commit() and varve_iter_status();
 * VARVE_CORRUPT at a token that does not decode.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_tokens_forget(varve_engine *engine,
                                                                  varve_ts before, uint64_t max,
                                                                  uint64_t *forgotten,
                                                                  varve_error *err);

/* ---- Snapshots ----------------------------------------------------------------------------- */

/*
 * Keep the engine's state of this moment readable.  Returns VARVE_OK or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_snapshot_open(varve_engine *engine,
                                                           varve_snapshot **out, varve_error *err);

/*
 * Let go of the state; NULL is fine.  Iterators that are still open over it go on; the engine
 * counts the snapshot as open until the last of them is closed.
 */
VARVE_API void varve_snapshot_close(varve_snapshot *snapshot);

/* The snapshot's reader; valid until the snapshot is closed. */
VARVE_API varve_reader *varve_snapshot_reader(varve_snapshot *snapshot);

#ifdef __cplusplus
}
#endif

#endif
