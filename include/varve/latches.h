/*
 * Latches: who writes the same keys goes one after the other.
 *
 * A multi-version write looks at its keys and then writes them; two threads that do so at the same
 * time both build on what was there before, and one of them is lost.  A thread that holds latches
 * on all keys and spans that it is about to write, from before it looks until its write has been
 * applied or committed, excludes that.  Latches are not locks of a transaction: they are held for
 * the time of one operation, by one thread, and nothing is stored.
 *
 * They order those who take them, and nobody else.  Readers need none: they see one consistent
 * view.
 */
#ifndef VARVE_LATCHES_H
#define VARVE_LATCHES_H

#include <varve/cancel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The latches of a set of keys, for as many threads as there are. */
typedef struct varve_latches varve_latches;

/* What one call has acquired. */
typedef struct varve_latch varve_latch;

/* The number of stripes that 0 stands for, and the largest one. */
#define VARVE_LATCHES_STRIPES_DEFAULT 64
#define VARVE_LATCHES_STRIPES_MAX 65536

/*
 * Make latches.  Keys are spread over `stripes`, of which threads that take different keys seldom
 * meet in the same; a span takes part in all of them.  0 = VARVE_LATCHES_STRIPES_DEFAULT.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for too many; VARVE_NO_MEMORY.  On failure `*out` is
 * NULL.
 */
VARVE_API VARVE_NODISCARD varve_status varve_latches_open(size_t stripes, varve_latches **out,
                                                          varve_error *err);

/* Free latches that nobody holds or waits for; NULL is fine. */
VARVE_API void varve_latches_close(varve_latches *latches);

/*
 * Wait until nobody holds any of these keys, a key of these spans, or a span that overlaps, and
 * hold them all.  Both lists may be empty.  Who has come earlier comes first.  An empty end of a
 * span is the end of all keys; a span that ends before it starts has no keys.  The bytes are
 * copied.
 *
 * All that a thread needs is acquired in one call: who holds a latch and asks for another may wait
 * for ever.  `cancel` may be NULL; otherwise it is looked at before and while waiting, every few
 * milliseconds.
 *
 * Returns VARVE_OK; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_NO_MEMORY.  On failure `*out` is NULL
 * and nothing is held.
 */
VARVE_API VARVE_NODISCARD varve_status varve_latches_acquire(
    varve_latches *latches, const varve_slice *keys, size_t count, const varve_span *spans,
    size_t span_count, const varve_cancel *cancel, varve_latch **out, varve_error *err);

/* Let go of what was acquired, on any thread; NULL is fine. */
VARVE_API void varve_latches_release(varve_latch *latch);

#ifdef __cplusplus
}
#endif

#endif
