#include "engine/rocksdb/cache.h"

#include <stdatomic.h>

#include "util/alloc.h"
#include "util/fail.h"

struct varve_cache {
    rocksdb_cache_t *raw;
    atomic_size_t holders;
};

varve_status varve_cache_open(uint64_t bytes, varve_cache **out, varve_error *err)
{
    *out = NULL;
    if (bytes == 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "a cache of no bytes holds nothing");
    varve_cache *cache = varve__malloc(sizeof *cache);
    if (cache == NULL)
        return varve__fail_no_memory(err, sizeof *cache);
    cache->raw = rocksdb_cache_create_lru((size_t)bytes);
    atomic_init(&cache->holders, 1);
    *out = cache;
    return VARVE_OK;
}

varve_cache *varve_cache_hold(varve_cache *cache)
{
    (void)atomic_fetch_add_explicit(&cache->holders, 1, memory_order_relaxed);
    return cache;
}

void varve_cache_release(varve_cache *cache)
{
    if (cache == NULL || atomic_fetch_sub(&cache->holders, 1) > 1)
        return;
    rocksdb_cache_destroy(cache->raw);
    varve__free(cache);
}

uint64_t varve_cache_capacity(const varve_cache *cache)
{
    return rocksdb_cache_get_capacity(cache->raw);
}

uint64_t varve_cache_used(const varve_cache *cache)
{
    return rocksdb_cache_get_usage(cache->raw);
}

uint64_t varve_cache_pinned(const varve_cache *cache)
{
    return rocksdb_cache_get_pinned_usage(cache->raw);
}

void varve_cache_resize(varve_cache *cache, uint64_t bytes)
{
    rocksdb_cache_set_capacity(cache->raw, (size_t)bytes);
}

rocksdb_cache_t *varve__cache_raw(const varve_cache *cache)
{
    return cache->raw;
}
