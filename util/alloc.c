#include "util/alloc.h"

#include <stdlib.h>

static const varve_allocator libc_allocator = {malloc, realloc, free};
static varve_allocator allocator = {malloc, realloc, free};

void varve_allocator_set(const varve_allocator *replacement)
{
    allocator = replacement != NULL ? *replacement : libc_allocator;
}

void *varve__malloc(size_t size)
{
    return allocator.allocate(size);
}

void *varve__calloc(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    void *memory = allocator.allocate(count * size);
    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

void *varve__realloc(void *memory, size_t size)
{
    return allocator.resize(memory, size);
}

void varve__free(void *memory)
{
    allocator.release(memory);
}
