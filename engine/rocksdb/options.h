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
 *
 * Returns VARVE_OK; or what varve__expert_apply() does, leaving `*out` NULL.
 */
varve_status varve__rocksdb_options(const varve_options *options, rocksdb_env_t *env, bool create,
                                    rocksdb_options_t **out, varve_error *err);

/*
 * RocksDB built with assertions aborts the process when it writes a line to its info log after the
 * disk has become full.  At level FATAL, which this sets, it writes only while it opens.
 */
void varve__rocksdb_quiet_log(rocksdb_options_t *raw);

#endif
