#include "util/arena.h"

#include "util/alloc.h"

#define CHUNK_SIZE_MIN 1024
#define CHUNK_SIZE_MAX (1u << 20)

struct varve__arena_chunk {
    struct varve__arena_chunk *older;
    size_t size; /* of `bytes` */
    unsigned char bytes[];
};

void varve__arena_reset(varve__arena *arena)
{
    while (arena->chunks != NULL) {
        struct varve__arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->older;
        chunk->older = arena->spare;
        arena->spare = chunk;
    }
    arena->used = 0;
}

void varve__arena_release(varve__arena *arena)
{
    varve__arena_reset(arena);
    while (arena->spare != NULL) {
        struct varve__arena_chunk *older = arena->spare->older;
        varve__free(arena->spare);
        arena->spare = older;
    }
    arena->total = 0;
}

/* Take a spare chunk with room for `size` bytes; NULL if there is none. */
static struct varve__arena_chunk *take_spare(varve__arena *arena, size_t size)
{
    struct varve__arena_chunk **link = &arena->spare;
    while (*link != NULL && (*link)->size < size)
        link = &(*link)->older;
    struct varve__arena_chunk *chunk = *link;
    if (chunk != NULL)
        *link = chunk->older;
    return chunk;
}

/* Chunks grow with the arena, so that small batches stay small and large ones take few chunks. */
static size_t chunk_size_for(const varve__arena *arena, size_t wanted)
{
    size_t size = arena->total;
    if (size < CHUNK_SIZE_MIN)
        size = CHUNK_SIZE_MIN;
    if (size > CHUNK_SIZE_MAX)
        size = CHUNK_SIZE_MAX;
    return size > wanted ? size : wanted;
}

static struct varve__arena_chunk *new_chunk(varve__arena *arena, size_t size)
{
    size_t bytes = varve__arena_round(chunk_size_for(arena, size));
    if (bytes < size || bytes > SIZE_MAX - sizeof *arena->chunks)
        return NULL;
    struct varve__arena_chunk *chunk = varve__malloc(sizeof *chunk + bytes);
    if (chunk == NULL)
        return NULL;
    chunk->size = bytes;
    arena->total += bytes;
    return chunk;
}

bool varve__arena_reserve(varve__arena *arena, size_t size)
{
    if (arena->chunks != NULL && arena->chunks->size - arena->used >= size)
        return true;
    struct varve__arena_chunk *chunk = take_spare(arena, size);
    if (chunk == NULL)
        chunk = new_chunk(arena, size);
    if (chunk == NULL)
        return false;
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->used = 0;
    return true;
}

void *varve__arena_alloc(varve__arena *arena, size_t size)
{
    size_t rounded = varve__arena_round(size);
    if (rounded < size || !varve__arena_reserve(arena, rounded))
        return NULL;
    void *memory = arena->chunks->bytes + arena->used;
    arena->used += rounded;
    return memory;
}
