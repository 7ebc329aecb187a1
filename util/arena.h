/*
 * Memory that grows in chunks, never moves, and is freed or used again all at once.
 */
#ifndef VARVE_UTIL_ARENA_H
#define VARVE_UTIL_ARENA_H

#include <varve/base.h>

struct varve__arena_chunk;

typedef struct varve__arena {
    struct varve__arena_chunk *chunks; /* the newest first; allocations come from it */
    struct varve__arena_chunk *spare;  /* kept by a reset, to be used before new ones */
    size_t used;                       /* bytes of the newest chunk */
    size_t total;                      /* bytes of all chunks */
} varve__arena;

#define VARVE__ARENA_INIT                                                                          \
    {                                                                                              \
        NULL, NULL, 0, 0                                                                           \
    }

/* Free everything. */
void varve__arena_release(varve__arena *arena);

/* Take back all that has been allocated, and keep the memory for what will be. */
void varve__arena_reset(varve__arena *arena);

/*
 * See to it that the next allocations of together at most `size` bytes, each rounded up to
 * VARVE__ARENA_ALIGN, succeed.  False if there is no memory.
 */
bool varve__arena_reserve(varve__arena *arena, size_t size);

#define VARVE__ARENA_ALIGN 8

static inline size_t varve__arena_round(size_t size)
{
    return (size + VARVE__ARENA_ALIGN - 1) & ~(size_t)(VARVE__ARENA_ALIGN - 1);
}

/* Aligned memory; NULL if there is none, never after a reservation that covers it. */
void *varve__arena_alloc(varve__arena *arena, size_t size);

#endif
