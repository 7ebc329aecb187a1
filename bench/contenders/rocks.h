/*
 * What the contenders that are RocksDB have in common.
 */
#ifndef VARVE_BENCH_CONTENDERS_ROCKS_H
#define VARVE_BENCH_CONTENDERS_ROCKS_H

#include <rocksdb/c.h>

#include "bench/contenders/contender.h"

/* End the process if RocksDB has set an error. */
void bench_rocks_check(char *error);

/* What the keys of a database are like, on which its filters depend. */
typedef enum bench_rocks_keys {
    BENCH_ROCKS_VARVE, /* engine keys; filters over their prefixes, the options of varve */
    BENCH_ROCKS_PLAIN, /* engine keys; filters over whole keys, as RocksDB is mostly used */
    BENCH_ROCKS_UDT    /* user keys with RocksDB's own timestamps; filters over user keys */
} bench_rocks_keys;

/*
 * Options of a database.  Those for BENCH_ROCKS_VARVE are varve's, written down apart from varve's
 * own: the benchmark compares what RocksDB made of both.
 */
rocksdb_options_t *bench_rocks_options(const bench_config *config, bench_rocks_keys keys);

/* Flush, and flush and compact into the last level. */
void bench_rocks_flush(rocksdb_t *db);
void bench_rocks_compact(rocksdb_t *db);

/* One commit of engine keys. */
void bench_rocks_load(rocksdb_t *db, const rocksdb_writeoptions_t *how, const bench_entry *entries,
                      size_t count);

/* Look at every key and value from the first on, and count the records. */
uint64_t bench_rocks_read_all(rocksdb_iterator_t *it);

#endif
