/*
 * Where the library gets its memory.
 */
#ifndef VARVE_ALLOC_H
#define VARVE_ALLOC_H

#include <varve/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Replacements for the C library's functions of the same names.  `resize` behaves as realloc,
 * `release` as free; both accept NULL.  They are called from any thread.
 */
typedef struct varve_allocator {
    void *(*allocate)(size_t size);
    void *(*resize)(void *memory, size_t size);
    void (*release)(void *memory);
} varve_allocator;

/*
 * Use `allocator` from now on for all memory that varve keeps; NULL goes back to the C library.
 * The struct is copied.
 *
 * Not thread-safe: call it before any other varve function, or while no varve object exists.  What
 * RocksDB, and a library that reads a file at opening, take for themselves does not pass here.
 */
VARVE_API void varve_allocator_set(const varve_allocator *allocator);

#ifdef __cplusplus
}
#endif

#endif
