/*
 * What stands behind a shared cache.
 */
#ifndef VARVE_ENGINE_ROCKSDB_CACHE_H
#define VARVE_ENGINE_ROCKSDB_CACHE_H

#include <rocksdb/c.h>

#include <varve/cache.h>

/* RocksDB's cache, for as long as the caller holds `cache`. */
rocksdb_cache_t *varve__cache_raw(const varve_cache *cache);

#endif
