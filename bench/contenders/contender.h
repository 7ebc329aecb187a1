/*
 * What is measured against each other: one interface for varve, RocksDB and their peers.
 *
 * The loops over keys lie inside the contenders, so that between one operation and the next stands
 * nothing but what the contender needs.
 */
#ifndef VARVE_BENCH_CONTENDERS_CONTENDER_H
#define VARVE_BENCH_CONTENDERS_CONTENDER_H

#include <varve/base.h>

/* What can be asked of a contender.  Reads see the newest version at or below `job->ts`. */
typedef enum bench_op {
    BENCH_GET_EXACT,       /* the record under an engine key: what RocksDB itself can do */
    BENCH_GET,             /* a key as of a time, by the best plan the contender has */
    BENCH_GET_FRESH,       /* the same with a new iterator for each */
    BENCH_SEEK,            /* engine keys with one iterator over everything */
    BENCH_SEEK_PREFIX,     /* engine keys with one iterator that uses the filters */
    BENCH_WALK,            /* `count` records from the first on */
    BENCH_WALK_BACK,       /* `count` records from the last on */
    BENCH_SCAN_RECORDS,    /* `rows` records from each key on, with a new iterator for each */
    BENCH_SCAN,            /* `rows` keys from each key on */
    BENCH_REVERSE,         /* `rows` keys below each key, backwards */
    BENCH_PUT,             /* one commit for each key, not synced */
    BENCH_PUT_BATCH,       /* one commit for `batch` keys, nothing looked up */
    BENCH_PUT_CHECKED,     /* one commit for `batch` keys, each of which is looked up first */
    BENCH_PUT_STATS,       /* the same over existing keys, and statistics are told of it */
    BENCH_PUT_IF,          /* one commit for `batch` keys, each of which has to have the value */
    BENCH_DELETE_RANGE,    /* one commit for `rows` keys that follow each other, found by a scan */
    BENCH_ENGINE_PUT,      /* engine keys through an indexed batch */
    BENCH_ENGINE_PUT_READ, /* the same, with the index in use */
    BENCH_OWN_SCAN,        /* `rows` records through a batch that holds half of them */
    BENCH_RECOUNT,         /* everything once, for its statistics */
    BENCH_TXN,             /* a transaction that puts `batch` keys, and whoever else might */
    BENCH_OPS
} bench_op;

/* One version of one key. */
typedef struct bench_entry {
    varve_slice user;   /* the user key */
    varve_slice engine; /* the engine key of this version */
    int64_t ts;
    varve_slice value; /* a raw value of varve's */
} bench_entry;

struct varve_options;

/* How to open a store. */
typedef struct bench_config {
    const char *path; /* a directory that exists and is empty */
    uint64_t cache_bytes;
    uint64_t write_buffer_bytes;
    uint64_t data_bytes;                 /* about what will be loaded */
    const struct varve_options *options; /* other ones, for varve; NULL: those of all contenders */
} bench_config;

/* A round of work. */
typedef struct bench_job {
    const varve_slice *users;   /* user keys */
    const varve_slice *engines; /* engine keys of versions of these */
    size_t count;               /* how many */
    int64_t ts;                 /* read as of, or write at */
    unsigned rows;
    unsigned batch;
    unsigned limit; /* steps before a seek, where a plan has the choice */
    varve_slice value;
    bool check; /* look at every byte that `bench_seen` counts, though it takes time */
} bench_job;

/*
 * Does a job and returns the sum of bench_seen() over what it has read, if `job->check`, which has
 * to be the same for all contenders.  May run in several threads at once if it only reads.
 */
typedef uint64_t (*bench_op_fn)(void *store, const bench_job *job);

typedef struct bench_contender {
    const char *name;
    const char *what;
    void *(*open)(const bench_config *config);
    void (*close)(void *store);
    /* One commit.  Versions of one key come oldest first. */
    void (*load)(void *store, const bench_entry *entries, size_t count);
    void (*flush)(void *store);   /* to a table file of its own; NULL: has no such thing */
    void (*compact)(void *store); /* to one sorted run; NULL: has no such thing */
    void (*ready)(void *store);   /* after loading, if not NULL */
    void (*touch)(void *store);   /* write something beside the data, so that reads start over */
    bench_op_fn run[BENCH_OPS];   /* NULL: cannot do it */
} bench_contender;

/* What a read has seen, in a number. */
static inline uint64_t bench_seen(const void *value, size_t size)
{
    return size + (size == 0 ? 0 : ((const unsigned char *)value)[size - 1]);
}

/* All contenders that were built in, varve first, until NULL. */
extern const bench_contender *const bench_contenders[];

/* Those that were not, with the library each one needs: "lmdb", "liblmdb", ..., NULL. */
extern const char *const bench_missing[];

/* The contender of that name, or NULL. */
const bench_contender *bench_contender_find(const char *name);

extern const bench_contender bench_varve;
extern const bench_contender bench_cached;
extern const bench_contender bench_raw;
extern const bench_contender bench_plain;
extern const bench_contender bench_udt;
extern const bench_contender bench_txn;
extern const bench_contender bench_wiredtiger;
extern const bench_contender bench_lmdb;
extern const bench_contender bench_sqlite;

#endif
