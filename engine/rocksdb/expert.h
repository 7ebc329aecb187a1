/*
 * RocksDB's own options as text: varve_options.rocksdb_options.
 */
#ifndef VARVE_ENGINE_ROCKSDB_EXPERT_H
#define VARVE_ENGINE_ROCKSDB_EXPERT_H

#include <rocksdb/c.h>

#include <varve/error.h>

/* Which of the options: those of tables change a table factory that has been set before. */
enum varve__expert_part { VARVE__EXPERT_STORE, VARVE__EXPERT_TABLES };

/*
 * Apply one part of `text`, which is `name=value;name=value`, to `*options`, which are replaced.
 * NULL is no text.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT, naming the option; or VARVE_NO_MEMORY.
 */
varve_status varve__expert_apply(rocksdb_options_t **options, const char *text,
                                 enum varve__expert_part part, varve_error *err);

#endif
