#include "engine/cover.h"

#include "util/skip.h"

void varve__cover_init(varve__cover *cover)
{
    *cover = (varve__cover){.random = VARVE__SKIP_SEED};
}

void varve__cover_release(varve__cover *cover)
{
    varve__arena_release(&cover->arena);
    varve__cover_init(cover);
}

void varve__cover_reset(varve__cover *cover)
{
    varve__arena arena = cover->arena;
    varve__arena_reset(&arena);
    varve__cover_init(cover);
    cover->arena = arena;
}

/* ---- Intervals ------------------------------------------------------------------------------ */

static size_t interval_size(uint32_t height)
{
    return sizeof(varve__interval) + height * sizeof(varve__interval *);
}

/* Room for all that one painting takes: its bounds and itself. */
static bool reserve_painting(varve__cover *cover, size_t start_size, size_t end_size)
{
    size_t room = varve__arena_round(interval_size(VARVE__COVER_HEIGHT_MAX));
    return varve__arena_reserve(&cover->arena, room + varve__arena_round(start_size) +
                                                   varve__arena_round(end_size));
}

static varve_slice copy_bound(varve__cover *cover, varve_slice bound)
{
    if (bound.size == 0)
        return bound;
    void *copy = varve__arena_alloc(&cover->arena, bound.size);
    memcpy(copy, bound.data, bound.size);
    return varve_slice_of(copy, bound.size);
}

/* Put a new interval where `links` lead. */
static void link_new(varve__cover *cover, varve__interval **links[], varve_slice start,
                     varve_slice end)
{
    uint32_t height = varve__skip_height(&cover->random, VARVE__COVER_HEIGHT_MAX);
    varve__interval *interval = cover->spare[height - 1];
    if (interval != NULL)
        cover->spare[height - 1] = interval->next[0];
    else
        interval = varve__arena_alloc(&cover->arena, interval_size(height));
    interval->start = start;
    interval->end = end;
    interval->height = height;
    for (uint32_t h = 0; h < height; h++) {
        interval->next[h] = *links[h];
        *links[h] = interval;
    }
    cover->count++;
}

/* Take the first interval behind `links` out, and keep it for later. */
static void unlink_first(varve__cover *cover, varve__interval **links[])
{
    varve__interval *interval = *links[0];
    for (uint32_t h = 0; h < interval->height; h++)
        *links[h] = interval->next[h];
    interval->next[0] = cover->spare[interval->height - 1];
    cover->spare[interval->height - 1] = interval;
    cover->count--;
}

/* ---- Painting and asking -------------------------------------------------------------------- */

/*
 * The last interval that starts below `key`; `links`, unless NULL, gets for each level the pointer
 * that leads to the first that does not.
 */
static varve__interval *descend(const varve__cover *cover, varve_slice key,
                                varve__interval **links[])
{
    varve__interval *const *level = cover->head;
    varve__interval *before = NULL;
    for (uint32_t h = VARVE__COVER_HEIGHT_MAX; h-- > 0;) {
        while (level[h] != NULL && varve_slice_compare(level[h]->start, key) < 0) {
            before = level[h];
            level = before->next;
        }
        if (links != NULL)
            links[h] = (varve__interval **)(uintptr_t)&level[h];
    }
    return before;
}

/* Take out what begins at or below `end`, behind `links`.  Returns where it ends, or `end`. */
static varve_slice swallow(varve__cover *cover, varve__interval **links[], varve_slice end)
{
    while (*links[0] != NULL && varve_slice_compare((*links[0])->start, end) <= 0) {
        if (varve_slice_compare((*links[0])->end, end) > 0)
            end = (*links[0])->end;
        unlink_first(cover, links);
    }
    return end;
}

bool varve__cover_paint(varve__cover *cover, varve_slice start, varve_slice end)
{
    varve__interval **links[VARVE__COVER_HEIGHT_MAX];
    if (varve_slice_compare(start, end) >= 0)
        return true;
    varve__interval *before = descend(cover, start, links);
    bool touches = before != NULL && varve_slice_compare(before->end, start) >= 0;
    if (touches && varve_slice_compare(before->end, end) >= 0)
        return true;
    if (!reserve_painting(cover, start.size, end.size))
        return false;
    end = swallow(cover, links, copy_bound(cover, end));
    if (touches)
        before->end = end;
    else
        link_new(cover, links, copy_bound(cover, start), end);
    return true;
}

/* Whether `hint` is the last interval that starts at or below `key`, NULL meaning that none does.
 */
static bool is_near(const varve__cover *cover, const varve__interval *hint, varve_slice key)
{
    const varve__interval *next = hint != NULL ? hint->next[0] : cover->head[0];
    return (hint == NULL || varve_slice_compare(hint->start, key) <= 0) &&
           (next == NULL || varve_slice_compare(key, next->start) < 0);
}

const varve__interval *varve__cover_find(const varve__cover *cover, const varve__interval **hint,
                                         varve_slice key)
{
    if (!is_near(cover, *hint, key)) {
        const varve__interval *below = descend(cover, key, NULL);
        const varve__interval *next = below != NULL ? below->next[0] : cover->head[0];
        bool starts_here = next != NULL && varve_slice_equal(next->start, key);
        *hint = starts_here ? next : below;
    }
    return *hint != NULL && varve_slice_compare(key, (*hint)->end) < 0 ? *hint : NULL;
}
