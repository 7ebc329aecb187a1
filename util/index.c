#include "util/index.h"

#include "util/skip.h"

_Static_assert(_Alignof(varve__index_entry) <= VARVE__ARENA_ALIGN, "the arena aligns entries");

void varve__index_init(varve__index *index)
{
    *index = (varve__index){.random = VARVE__SKIP_SEED, .height = 1};
}

void varve__index_release(varve__index *index)
{
    varve__arena_release(&index->arena);
    varve__index_init(index);
}

void varve__index_reset(varve__index *index)
{
    varve__arena arena = index->arena;
    varve__arena_reset(&arena);
    varve__index_init(index);
    index->arena = arena;
}

static size_t entry_size(uint32_t height)
{
    return sizeof(varve__index_entry) + height * sizeof(varve__index_entry *);
}

/* Whether `entry` stands in front of (key, order). */
static bool is_before(const varve__index_entry *entry, varve_slice key, uint64_t order)
{
    int compared = varve_slice_compare(entry->key, key);
    return compared < 0 || (compared == 0 && entry->order > order);
}

/*
 * Descend to (key, order).  Returns the first entry not in front of it; `links`, unless NULL, gets
 * for each level the pointer that leads there, and `last`, unless NULL, the entry in front.
 */
static varve__index_entry *descend(const varve__index *index, varve_slice key, uint64_t order,
                                   varve__index_entry ***links, varve__index_entry **last)
{
    varve__index_entry *const *level = index->head;
    varve__index_entry *before = NULL;
    for (uint32_t h = index->height; h-- > 0;) {
        while (level[h] != NULL && is_before(level[h], key, order)) {
            before = level[h];
            level = before->next;
        }
        if (links != NULL)
            links[h] = (varve__index_entry **)(uintptr_t)&level[h];
    }
    if (last != NULL)
        *last = before;
    return level[0];
}

static varve__index_entry *new_entry(varve__index *index, varve_slice key)
{
    uint32_t height = varve__skip_height(&index->random, VARVE__INDEX_HEIGHT_MAX);
    varve__index_entry *entry = varve__arena_alloc(&index->arena, entry_size(height));
    unsigned char *bytes = varve__arena_alloc(&index->arena, key.size);
    if (entry == NULL || bytes == NULL)
        return NULL;
    if (key.size > 0)
        memcpy(bytes, key.data, key.size);
    entry->key = varve_slice_of(bytes, key.size);
    entry->height = height;
    return entry;
}

varve__index_entry *varve__index_insert(varve__index *index, varve_slice key, uint64_t order,
                                        uint32_t kind, uint64_t datum, size_t size)
{
    varve__index_entry **links[VARVE__INDEX_HEIGHT_MAX];
    varve__index_entry *entry = new_entry(index, key);
    if (entry == NULL)
        return NULL;
    entry->order = order;
    entry->kind = kind;
    entry->datum = datum;
    entry->size = size;
    if (index->height < entry->height)
        index->height = entry->height;
    (void)descend(index, key, order, links, NULL);
    for (uint32_t h = 0; h < entry->height; h++) {
        entry->next[h] = *links[h];
        *links[h] = entry;
    }
    index->count++;
    return entry;
}

void varve__index_cut(varve__index *index, varve_slice start, varve_slice end)
{
    varve__index_entry **from[VARVE__INDEX_HEIGHT_MAX];
    varve__index_entry **to[VARVE__INDEX_HEIGHT_MAX];
    if (varve_slice_compare(start, end) >= 0)
        return;
    (void)descend(index, start, UINT64_MAX, from, NULL);
    (void)descend(index, end, UINT64_MAX, to, NULL);
    for (uint32_t h = 0; h < index->height; h++)
        *from[h] = *to[h];
}

bool varve__index_remove(varve__index *index, varve_slice key, uint64_t order)
{
    varve__index_entry **links[VARVE__INDEX_HEIGHT_MAX];
    const varve__index_entry *entry = descend(index, key, order, links, NULL);
    if (entry == NULL || entry->order != order || !varve_slice_equal(entry->key, key))
        return false;
    for (uint32_t h = 0; h < entry->height; h++)
        *links[h] = entry->next[h];
    return true;
}

varve__index_entry *varve__index_seek_ge(const varve__index *index, varve_slice key, uint64_t order)
{
    return descend(index, key, order, NULL, NULL);
}

varve__index_entry *varve__index_seek_lt(const varve__index *index, varve_slice key)
{
    varve__index_entry *last;
    (void)descend(index, key, UINT64_MAX, NULL, &last);
    return last;
}

varve__index_entry *varve__index_last(const varve__index *index)
{
    varve__index_entry *const *level = index->head;
    varve__index_entry *last = NULL;
    for (uint32_t h = index->height; h-- > 0;) {
        while (level[h] != NULL) {
            last = level[h];
            level = last->next;
        }
    }
    return last;
}
