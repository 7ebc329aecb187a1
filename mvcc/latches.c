#include <varve/latches.h>

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "util/alloc.h"
#include "util/fail.h"
#include "util/hash.h"
#include "util/lane.h"

/*
 * Every stripe has a queue of those who hold or want keys of it: a key is in the queue of the
 * stripe that its bytes choose, a span in all.  One may go on when nobody in front of it in the
 * queue is in its way.
 *
 * Stripes are entered in ascending order, and what is in front of one in a queue has come earlier.
 * So whoever is waited for either holds all it wants, or waits further up in the same queue, or in
 * a later stripe: no circle of waiting can close.
 */

/* How often a token is looked at while waiting. */
#define LOOK_NANOSECONDS 2000000

#define FEW_PLACES 16

/* A key or a span in the queue of a stripe. */
struct place {
    struct place *before;
    struct place *behind;
    varve_latch *owner;
    varve_slice start; /* the key */
    varve_slice end;   /* of a span; empty = none */
    size_t stripe;
    bool is_span;
};

struct stripe {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* somebody has left the queue */
    struct place *first;
    struct place *last;
    char rest_of_the_line[VARVE__CACHE_LINE];
};

struct varve_latches {
    size_t count;
    struct stripe stripes[];
};

struct varve_latch {
    varve_latches *latches;
    size_t entered; /* so many places stand in queues */
    size_t count;
    struct place places[]; /* by stripe; behind them the bytes */
};

/* ---- The set -----------------------------------------------------------------------------------
 */

static void init_stripe(struct stripe *stripe)
{
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&stripe->mutex, NULL);
    (void)pthread_cond_init(&stripe->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    stripe->first = NULL;
    stripe->last = NULL;
}

varve_status varve_latches_open(size_t stripes, varve_latches **out, varve_error *err)
{
    size_t count = stripes > 0 ? stripes : VARVE_LATCHES_STRIPES_DEFAULT;
    *out = NULL;
    if (count > VARVE_LATCHES_STRIPES_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "%zu stripes exceed the limit of %d", count,
                           VARVE_LATCHES_STRIPES_MAX);
    size_t size = sizeof(varve_latches) + count * sizeof(struct stripe);
    varve_latches *latches = varve__malloc(size);
    if (latches == NULL)
        return varve__fail_no_memory(err, size);
    latches->count = count;
    for (size_t i = 0; i < count; i++)
        init_stripe(&latches->stripes[i]);
    *out = latches;
    return VARVE_OK;
}

void varve_latches_close(varve_latches *latches)
{
    if (latches == NULL)
        return;
    for (size_t i = 0; i < latches->count; i++) {
        (void)pthread_mutex_destroy(&latches->stripes[i].mutex);
        (void)pthread_cond_destroy(&latches->stripes[i].changed);
    }
    varve__free(latches);
}

/* ---- Places ------------------------------------------------------------------------------------
 */

static size_t stripe_of(const varve_latches *latches, varve_slice key)
{
    return (size_t)(varve__hash(key) % latches->count);
}

static bool is_empty(const varve_span *span)
{
    return span->end.size > 0 && varve_slice_compare(span->start, span->end) >= 0;
}

static bool is_below_end(varve_slice key, const struct place *span)
{
    return span->end.size == 0 || varve_slice_compare(key, span->end) < 0;
}

static bool has_key(const struct place *span, varve_slice key)
{
    return varve_slice_compare(span->start, key) <= 0 && is_below_end(key, span);
}

static bool overlap(const struct place *a, const struct place *b)
{
    if (a->is_span && b->is_span)
        return is_below_end(a->start, b) && is_below_end(b->start, a);
    if (a->is_span || b->is_span)
        return a->is_span ? has_key(a, b->start) : has_key(b, a->start);
    return varve_slice_equal(a->start, b->start);
}

static int by_stripe(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    return (a->stripe > b->stripe) - (a->stripe < b->stripe);
}

/* Few are sorted faster by putting one after the other into its place. */
static void sort(struct place *places, size_t count)
{
    if (count > FEW_PLACES) {
        qsort(places, count, sizeof places[0], by_stripe);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct place place = places[i];
        size_t at = i;
        for (; at > 0 && places[at - 1].stripe > place.stripe; at--)
            places[at] = places[at - 1];
        places[at] = place;
    }
}

/* ---- Making a latch ----------------------------------------------------------------------------
 */

/* What is asked for, and how much memory a copy takes. */
struct request {
    const varve_slice *keys;
    size_t count;
    const varve_span *spans;
    size_t span_count;
    size_t places;
    size_t bytes;
};

static void measure(struct request *request, const varve_latches *latches)
{
    request->places = request->count;
    request->bytes = 0;
    for (size_t i = 0; i < request->count; i++)
        request->bytes += request->keys[i].size;
    for (size_t i = 0; i < request->span_count; i++) {
        if (is_empty(&request->spans[i]))
            continue;
        request->places += latches->count;
        request->bytes += request->spans[i].start.size + request->spans[i].end.size;
    }
}

/* A copy of `bytes` at `*to`, which moves behind it. */
static varve_slice copy_bytes(varve_slice bytes, unsigned char **to)
{
    varve_slice copy = varve_slice_of(*to, bytes.size);
    if (bytes.size > 0)
        memcpy(*to, bytes.data, bytes.size);
    *to += bytes.size;
    return copy;
}

static void add_place(varve_latch *latch, size_t stripe, const varve_span *span, bool is_span)
{
    latch->places[latch->count++] = (struct place){.owner = latch,
                                                   .start = span->start,
                                                   .end = span->end,
                                                   .stripe = stripe,
                                                   .is_span = is_span};
}

static void fill(varve_latch *latch, const struct request *request)
{
    unsigned char *to = (unsigned char *)&latch->places[request->places];
    for (size_t i = 0; i < request->count; i++) {
        varve_span key = {.start = copy_bytes(request->keys[i], &to)};
        add_place(latch, stripe_of(latch->latches, key.start), &key, false);
    }
    for (size_t i = 0; i < request->span_count; i++) {
        if (is_empty(&request->spans[i]))
            continue;
        varve_span span;
        span.start = copy_bytes(request->spans[i].start, &to);
        span.end = copy_bytes(request->spans[i].end, &to);
        for (size_t stripe = 0; stripe < latch->latches->count; stripe++)
            add_place(latch, stripe, &span, true);
    }
    sort(latch->places, latch->count);
}

static varve_latch *make_latch(varve_latches *latches, struct request *request, varve_error *err)
{
    measure(request, latches);
    size_t size = sizeof(varve_latch) + request->places * sizeof(struct place) + request->bytes;
    varve_latch *latch = varve__malloc(size);
    if (latch == NULL) {
        (void)varve__fail_no_memory(err, size);
        return NULL;
    }
    latch->latches = latches;
    latch->entered = 0;
    latch->count = 0;
    fill(latch, request);
    return latch;
}

/* ---- Queues ------------------------------------------------------------------------------------
 */

static void enqueue(struct stripe *stripe, struct place *place)
{
    place->before = stripe->last;
    place->behind = NULL;
    if (stripe->last != NULL)
        stripe->last->behind = place;
    else
        stripe->first = place;
    stripe->last = place;
}

static void dequeue(struct stripe *stripe, struct place *place)
{
    if (place->before != NULL)
        place->before->behind = place->behind;
    else
        stripe->first = place->behind;
    if (place->behind != NULL)
        place->behind->before = place->before;
    else
        stripe->last = place->before;
}

static bool is_blocked(const struct place *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (const struct place *p = places[i].before; p != NULL; p = p->before)
            if (p->owner != places[i].owner && overlap(p, &places[i]))
                return true;
    return false;
}

static void wait_a_little(struct stripe *stripe)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_NANOSECONDS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&stripe->changed, &stripe->mutex, &until);
}

/* Wait, with the stripe's mutex held, until nobody in front of the places is in their way. */
static varve_status wait_for_turn(struct stripe *stripe, const struct place *places, size_t count,
                                  const varve_cancel *cancel, varve_error *err)
{
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && is_blocked(places, count)) {
        if (cancel == NULL)
            (void)pthread_cond_wait(&stripe->changed, &stripe->mutex);
        else
            wait_a_little(stripe);
        status = varve_cancel_check(cancel, err);
    }
    return status;
}

/* The places from `first` on that are in the same stripe. */
static size_t count_together(const varve_latch *latch, size_t first)
{
    size_t end = first;
    while (end < latch->count && latch->places[end].stripe == latch->places[first].stripe)
        end++;
    return end - first;
}

static struct stripe *stripe_at(const varve_latch *latch, size_t place)
{
    return &latch->latches->stripes[latch->places[place].stripe];
}

/* Enter the next stripe; on failure its places count as entered too. */
static varve_status enter_next(varve_latch *latch, const varve_cancel *cancel, varve_error *err)
{
    struct place *places = &latch->places[latch->entered];
    size_t count = count_together(latch, latch->entered);
    struct stripe *stripe = stripe_at(latch, latch->entered);
    (void)pthread_mutex_lock(&stripe->mutex);
    for (size_t i = 0; i < count; i++)
        enqueue(stripe, &places[i]);
    latch->entered += count;
    varve_status status = wait_for_turn(stripe, places, count, cancel, err);
    (void)pthread_mutex_unlock(&stripe->mutex);
    return status;
}

/* ---- Acquiring and releasing -------------------------------------------------------------------
 */

varve_status varve_latches_acquire(varve_latches *latches, const varve_slice *keys, size_t count,
                                   const varve_span *spans, size_t span_count,
                                   const varve_cancel *cancel, varve_latch **out, varve_error *err)
{
    struct request request = {
        .keys = keys, .count = count, .spans = spans, .span_count = span_count};
    *out = NULL;
    varve_status status = varve_cancel_check(cancel, err);
    if (status != VARVE_OK)
        return status;
    varve_latch *latch = make_latch(latches, &request, err);
    if (latch == NULL)
        return VARVE_NO_MEMORY;
    while (status == VARVE_OK && latch->entered < latch->count)
        status = enter_next(latch, cancel, err);
    if (status != VARVE_OK) {
        varve_latches_release(latch);
        return status;
    }
    *out = latch;
    return VARVE_OK;
}

void varve_latches_release(varve_latch *latch)
{
    if (latch == NULL)
        return;
    for (size_t first = 0; first < latch->entered;) {
        size_t count = count_together(latch, first);
        struct stripe *stripe = stripe_at(latch, first);
        (void)pthread_mutex_lock(&stripe->mutex);
        for (size_t i = first; i < first + count; i++)
            dequeue(stripe, &latch->places[i]);
        (void)pthread_cond_broadcast(&stripe->changed);
        (void)pthread_mutex_unlock(&stripe->mutex);
        first += count;
    }
    varve__free(latch);
}
