/* Drawing numbers. */
#include "verify_draw.h"

#include <stdlib.h>

/* SplitMix64: enough to draw by, and the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15U;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/* A number below `limit`; those of an incomplete last round would come too often. */
static uint64_t random_below(uint64_t *state, uint64_t limit)
{
    uint64_t excess = (UINT64_MAX - limit + 1) % limit;
    uint64_t number;

    do
        number = next_random(state);
    while (number > UINT64_MAX - excess);
    return number % limit;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Sort, and leave one of each. */
static uint64_t sort_unique(uint64_t *numbers, uint64_t count)
{
    uint64_t kept = 0;

    qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (uint64_t i = 0; i < count; i++) {
        if (kept == 0 || numbers[kept - 1] != numbers[i])
            numbers[kept++] = numbers[i];
    }
    return kept;
}

/* Few out of many: draw until there are enough different ones. */
static void draw_few(uint64_t *state, uint64_t total, uint64_t wanted, uint64_t *numbers)
{
    uint64_t count = 0;

    while (count < wanted) {
        for (uint64_t i = count; i < wanted; i++)
            numbers[i] = random_below(state, total);
        count = sort_unique(numbers, wanted);
    }
}

/* Most of them: walk over all, taking each with the chance that keeps the draw fair. */
static void draw_many(uint64_t *state, uint64_t total, uint64_t wanted, uint64_t *numbers)
{
    uint64_t count = 0;

    for (uint64_t number = 0; count < wanted; number++) {
        if (random_below(state, total - number) < wanted - count)
            numbers[count++] = number;
    }
}

bool draw_numbers(uint64_t seed, uint64_t total, uint64_t wanted, struct draw *draw)
{
    uint64_t state = seed;

    draw->numbers = NULL;
    draw->count = total;
    if (wanted >= total)
        return true;
    draw->count = wanted;
    if (wanted > SIZE_MAX / sizeof *draw->numbers)
        return false;
    draw->numbers = malloc((wanted + 1) * sizeof *draw->numbers);
    if (draw->numbers == NULL)
        return false;
    if (wanted > total / 2)
        draw_many(&state, total, wanted, draw->numbers);
    else
        draw_few(&state, total, wanted, draw->numbers);
    return true;
}

void draw_release(struct draw *draw)
{
    free(draw->numbers);
    draw->numbers = NULL;
    draw->count = 0;
}
