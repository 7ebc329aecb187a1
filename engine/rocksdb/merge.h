/*
 * The merge operator in the form that RocksDB calls.
 */
#ifndef VARVE_ENGINE_ROCKSDB_MERGE_H
#define VARVE_ENGINE_ROCKSDB_MERGE_H

#include <rocksdb/c.h>

/*
 * A new operator, for rocksdb_options_set_merge_operator(), which takes it over.  Every opening of
 * a store has to set one.
 */
rocksdb_mergeoperator_t *varve__rocksdb_merge_operator(void);

#endif
