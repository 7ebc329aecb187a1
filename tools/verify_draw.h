/*
 * Numbers drawn by a seed.
 */
#ifndef TOOLS_VERIFY_DRAW_H
#define TOOLS_VERIFY_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Different numbers below some total, in ascending order. */
struct draw {
    uint64_t count;
    uint64_t *numbers; /* NULL: all of them */
};

#define DRAW_ALL UINT64_MAX

/*
 * Draw `wanted` different numbers below `total`, or all if there are no more; each is as likely as
 * any other, and the same seed draws the same.  Returns false if memory ran out.
 */
bool draw_numbers(uint64_t seed, uint64_t total, uint64_t wanted, struct draw *draw);

void draw_release(struct draw *draw);

/* The i-th of them. */
static inline uint64_t draw_at(const struct draw *draw, uint64_t i)
{
    return draw->numbers == NULL ? i : draw->numbers[i];
}

#endif
