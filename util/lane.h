/*
 * Lanes: what many threads change and few look at is kept in several places, and each thread keeps
 * to one of them.  Threads take turns on the lanes, so that a few of them do not meet.
 */
#ifndef VARVE_UTIL_LANE_H
#define VARVE_UTIL_LANE_H

#include <stdatomic.h>
#include <stddef.h>

#define VARVE__LANES 16
#define VARVE__CACHE_LINE 64

/*
 * One more than the lane of this thread; 0 = it has none yet.  Only for what follows.  Four bytes
 * are little enough for the model that finds it without a call, also in a shared library.
 */
extern _Thread_local unsigned varve__lane_number __attribute__((tls_model("initial-exec")));

/* Give this thread, which has none, its lane. */
unsigned varve__lane_take(void);

/* The lane of this thread, below VARVE__LANES: always the same.  Asked several times in each read.
 */
static inline unsigned varve__lane(void)
{
    return varve__lane_number != 0 ? varve__lane_number - 1 : varve__lane_take();
}

/* A count in lanes. */
typedef struct varve__tally {
    struct {
        atomic_size_t count; /* may be below zero: what one thread adds another takes away */
        char rest_of_the_line[VARVE__CACHE_LINE - sizeof(atomic_size_t)];
    } lanes[VARVE__LANES];
} varve__tally;

void varve__tally_init(varve__tally *tally);

/* On the lane of this thread. */
static inline void varve__tally_add_at(varve__tally *tally, unsigned lane)
{
    (void)atomic_fetch_add(&tally->lanes[lane].count, 1);
}

static inline void varve__tally_subtract_at(varve__tally *tally, unsigned lane)
{
    (void)atomic_fetch_sub(&tally->lanes[lane].count, 1);
}

static inline void varve__tally_add(varve__tally *tally)
{
    varve__tally_add_at(tally, varve__lane());
}

static inline void varve__tally_subtract(varve__tally *tally)
{
    varve__tally_subtract_at(tally, varve__lane());
}

/*
 * The count.  It is exact while nobody changes it; while some only subtract it is no less than what
 * they leave; while others also add it is about right, and never below zero.
 */
size_t varve__tally_sum(const varve__tally *tally);

#endif
