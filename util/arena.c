#include "util/arena.h"

#include "util/alloc.h"

#define CHUNK_SIZE_MIN 1024
#define CHUNK_SIZE_MAX (1u << 20)

struct varve__arena_chunk {
    struct varve__arena_chunk *older;
    size_t size; /* of `bytes` */
    unsigned char bytes[];
};

void varve__arena_release(varve__arena *arena)
{
    while (arena->chunks != NULL) {
        struct varve__arena_chunk *older = arena->chunks->older;
        varve__free(arena->chunks);
        arena->chunks = older;
    }
    arena->used = 0;
    arena->total = 0;
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

bool varve__arena_reserve(varve__arena *arena, size_t size)
{
    if (arena->chunks != NULL && arena->chunks->size - arena->used >= size)
        return true;
    size_t bytes = varve__arena_round(chunk_size_for(arena, size));
    if (bytes < size || bytes > SIZE_MAX - sizeof *arena->chunks)
        return false;
    struct varve__arena_chunk *chunk = varve__malloc(sizeof *chunk + bytes);
    if (chunk == NULL)
        return false;
    chunk->older = arena->chunks;
    chunk->size = bytes;
    arena->chunks = chunk;
    arena->used = 0;
    arena->total += bytes;
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
