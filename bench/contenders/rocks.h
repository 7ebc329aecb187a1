/*
 * What the contenders that are RocksDB have in common.
 */
#ifndef VARVE_BENCH_CONTENDERS_ROCKS_H
#define VARVE_BENCH_CONTENDERS_ROCKS_H

#include <rocksdb/c.h>

#include "bench/contenders/contender.h"

/* End the process if RocksDB has set an error. */
void bench_rocks_check(char *error);

/*
 * The options of varve, written down apart from varve's own: the benchmark compares what RocksDB
 * made of both.  With `timestamps` keys carry RocksDB's own timestamps instead of varve's layout,
 * hence whole keys in the filters instead of their prefixes.
 */
rocksdb_options_t *bench_rocks_options(const bench_config *config, bool timestamps);

/* Flush, and flush and compact into the last level. */
void bench_rocks_flush(rocksdb_t *db);
void bench_rocks_compact(rocksdb_t *db);

#endif
