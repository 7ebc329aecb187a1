/*
 * Block caches that several engines share.
 *
 * A cache is counted: its maker holds it once, and so does each engine that was opened with it,
 * until it is closed.  The memory is freed when the last of them lets go.  Any thread may use it.
 */
#ifndef VARVE_CACHE_H
#define VARVE_CACHE_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_cache varve_cache;

/*
 * Make a cache of at most `bytes`, held once by the caller.  Returns VARVE_OK;
 * VARVE_INVALID_ARGUMENT for zero bytes; or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_cache_open(uint64_t bytes, varve_cache **out,
                                                        varve_error *err);

/* Hold it once more; returns its argument. */
VARVE_API varve_cache *varve_cache_hold(varve_cache *cache);

/* Let go of it; NULL is fine. */
VARVE_API void varve_cache_release(varve_cache *cache);

/* What it may hold, in bytes. */
VARVE_API uint64_t varve_cache_capacity(const varve_cache *cache);
/* What it holds, in bytes. */
VARVE_API uint64_t varve_cache_used(const varve_cache *cache);
/* How much of that is in use at this moment and cannot be evicted, in bytes. */
VARVE_API uint64_t varve_cache_pinned(const varve_cache *cache);

/* Change what it may hold; what is over is evicted unless it is in use. */
VARVE_API void varve_cache_resize(varve_cache *cache, uint64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
