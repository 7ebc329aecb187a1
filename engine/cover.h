/*
 * The cover: which parts of the key space range deletions have cleared.
 *
 * A skip list of intervals that neither overlap nor touch: painting a new one swallows what it
 * meets.  So whoever stands in one gets past all that is cleared there by one step.
 */
#ifndef VARVE_ENGINE_COVER_H
#define VARVE_ENGINE_COVER_H

#include "util/arena.h"

#define VARVE__COVER_HEIGHT_MAX 12

typedef struct varve__interval varve__interval;

/* What lies at or above `start` and below `end`. */
struct varve__interval {
    varve_slice start;
    varve_slice end;
    uint32_t height;
    varve__interval *next[]; /* `height` of them */
};

typedef struct varve__cover {
    varve__arena arena;
    varve__interval *head[VARVE__COVER_HEIGHT_MAX];
    varve__interval *spare[VARVE__COVER_HEIGHT_MAX]; /* swallowed ones, by height - 1 */
    size_t count;
    uint64_t random; /* state of the height generator */
} varve__cover;

void varve__cover_init(varve__cover *cover);
void varve__cover_release(varve__cover *cover);

/* Make it empty again, keeping its memory. */
void varve__cover_reset(varve__cover *cover);

/*
 * Paint from `start` up to, not including, `end`, whose bytes are copied.  False if there is no
 * memory, and then nothing has changed.  Pointers to intervals are good until the next call.
 */
bool varve__cover_paint(varve__cover *cover, varve_slice start, varve_slice end);

/*
 * The interval that holds `key`; NULL if none does.  `hint` starts as NULL and remembers the
 * neighbourhood from call to call: asking for keys near each other costs a comparison or two.
 */
const varve__interval *varve__cover_find(const varve__cover *cover, const varve__interval **hint,
                                         varve_slice key);

#endif
