/*
 * All memory of the library passes through here, so that a host can account for it and a test can
 * refuse the n-th allocation.
 */
#ifndef VARVE_UTIL_ALLOC_H
#define VARVE_UTIL_ALLOC_H

#include <varve/alloc.h>

void *varve__malloc(size_t size);
void *varve__calloc(size_t count, size_t size);
void *varve__realloc(void *memory, size_t size);
void varve__free(void *memory);

#endif
