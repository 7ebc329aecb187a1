/*
 * How varve sets RocksDB up.
 */
#ifndef VARVE_ENGINE_ROCKSDB_OPTIONS_H
#define VARVE_ENGINE_ROCKSDB_OPTIONS_H

#include <rocksdb/c.h>
#include <varve/engine.h>

/*
 * Options for RocksDB that follow `options`, which are complete; the caller destroys them.  `env`
 * may be NULL.  `create` allows to make a new database.
 */
rocksdb_options_t *varve__rocksdb_options(const varve_options *options, rocksdb_env_t *env,
                                          bool create);

#endif
