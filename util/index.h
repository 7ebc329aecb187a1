/*
 * The ordered index: engine keys with what happened to them, newest event of a key first.
 *
 * A skip list.  Entries and their keys never move and live as long as the index, so a position in
 * it stays good while others are added; one that has been cut out keeps its contents, but leads
 * nowhere any more.  It knows no locks: its owner orders access.
 *
 * `kind` and `datum` belong to the owner; batches and the memory engine keep there what was done
 * and where the value stands.
 */
#ifndef VARVE_UTIL_INDEX_H
#define VARVE_UTIL_INDEX_H

#include "util/arena.h"

#define VARVE__INDEX_HEIGHT_MAX 12

typedef struct varve__index_entry varve__index_entry;

struct varve__index_entry {
    varve_slice key;
    uint64_t order; /* events are numbered upwards; of one key the highest comes first */
    uint64_t datum;
    size_t size; /* of the value */
    uint32_t kind;
    uint32_t height;
    varve__index_entry *next[]; /* `height` of them */
};

typedef struct varve__index {
    varve__arena arena;
    varve__index_entry *head[VARVE__INDEX_HEIGHT_MAX];
    size_t count;    /* added, cut out or not */
    uint64_t random; /* state of the height generator */
    uint32_t height;
} varve__index;

void varve__index_init(varve__index *index);
void varve__index_release(varve__index *index);

/* Make it empty again, keeping its memory. */
void varve__index_reset(varve__index *index);

/*
 * Add an event; the key is copied.  (key, order) must be new.  Returns NULL only without memory.
 */
varve__index_entry *varve__index_insert(varve__index *index, varve_slice key, uint64_t order,
                                        uint32_t kind, uint64_t datum, size_t size);

/* Cut out all entries of keys from `start` up to, not including, `end`, however many. */
void varve__index_cut(varve__index *index, varve_slice start, varve_slice end);

/* Take the entry of (key, order) out; false if there is none.  Its memory stays the index's. */
bool varve__index_remove(varve__index *index, varve_slice key, uint64_t order);

/* The first entry at or behind (key, order), that is: with a larger key, or the same key and an
 * order not above `order`.  NULL at the end. */
varve__index_entry *varve__index_seek_ge(const varve__index *index, varve_slice key,
                                         uint64_t order);

/* The last entry in front of all entries of `key`.  NULL at the front. */
varve__index_entry *varve__index_seek_lt(const varve__index *index, varve_slice key);

/* The last entry of all; NULL if there is none. */
varve__index_entry *varve__index_last(const varve__index *index);

static inline varve__index_entry *varve__index_next(const varve__index_entry *entry)
{
    return entry->next[0];
}

#endif
