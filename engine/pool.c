#include "engine/pool.h"

typedef _Atomic(varve__iter *) slot;

void varve__pool_init(varve__pool *pool)
{
    atomic_init(&pool->started, VARVE__ITER_NO_EPOCH + 1);
    atomic_init(&pool->finished, VARVE__ITER_NO_EPOCH + 1);
    atomic_init(&pool->may_hold, false);
    for (unsigned lane = 0; lane < VARVE__LANES; lane++)
        for (unsigned kind = 0; kind < VARVE__POOL_KINDS; kind++)
            atomic_init(&pool->lanes[lane].slots[kind], NULL);
}

/* ---- Writes --------------------------------------------------------------------------------- */

static void close_if_any(varve__iter *it)
{
    if (it != NULL)
        it->ops->close(&it->head);
}

void varve__pool_clear(varve__pool *pool)
{
    /* Writes come one after the other, mostly with no reading in between. */
    if (!atomic_load(&pool->may_hold) || !atomic_exchange(&pool->may_hold, false))
        return;
    for (unsigned lane = 0; lane < VARVE__LANES; lane++)
        for (unsigned kind = 0; kind < VARVE__POOL_KINDS; kind++)
            close_if_any(atomic_exchange(&pool->lanes[lane].slots[kind], NULL));
}

void varve__pool_write_begin(varve__pool *pool)
{
    (void)atomic_fetch_add(&pool->started, 1);
    varve__pool_clear(pool);
}

void varve__pool_write_end(varve__pool *pool)
{
    (void)atomic_fetch_add(&pool->finished, 1);
}

void varve__pool_renew(varve__pool *pool)
{
    varve__pool_write_begin(pool);
    varve__pool_write_end(pool);
}

/* ---- Iterators ------------------------------------------------------------------------------ */

uint64_t varve__pool_epoch(const varve__pool *pool)
{
    /*
     * In this order.  Neither count falls, and `finished` is never ahead of `started`: if it was
     * where `started` is found afterwards, all that had started then was finished.
     */
    uint64_t finished = atomic_load(&pool->finished);
    uint64_t started = atomic_load(&pool->started);
    return started == finished ? started : VARVE__ITER_NO_EPOCH;
}

static bool is_current(const varve__pool *pool, uint64_t epoch)
{
    return atomic_load(&pool->started) == epoch;
}

static slot *slot_of(varve__pool *pool, bool is_prefix)
{
    return &pool->lanes[varve__lane()].slots[is_prefix ? 1 : 0];
}

/*
 * Put `it` into its slot, in the place of what is there.
 *
 * A write may start meanwhile, whose clearing has passed by the slot already.  Either that write is
 * seen here, by the last look, and `it` is taken back; or it starts after that look, and so finds
 * `may_hold` set, or somebody at work who has found it set after `it` was in place.
 */
static void put(varve__pool *pool, varve__iter *it)
{
    slot *home = slot_of(pool, it->is_prefix);
    uint64_t epoch = it->epoch; /* once it is in the slot, others may take it and close it */
    varve__iter *former = atomic_exchange(home, it);
    if (!atomic_load(&pool->may_hold))
        atomic_store(&pool->may_hold, true);
    close_if_any(former);
    if (!is_current(pool, epoch))
        close_if_any(atomic_exchange(home, NULL));
}

static bool was_opened_with(const varve__iter *it, const varve_iter_options *options)
{
    return it->is_prefix == options->prefix && it->bypasses_cache == options->bypass_cache &&
           varve_slice_equal(it->open_lower, options->lower) &&
           varve_slice_equal(it->open_upper, options->upper);
}

varve__iter *varve__pool_take(varve__pool *pool, const varve_iter_options *options)
{
    slot *home = slot_of(pool, options->prefix);
    if (atomic_load_explicit(home, memory_order_relaxed) == NULL)
        return NULL;
    varve__iter *it = atomic_exchange(home, NULL);
    if (it == NULL)
        return NULL;
    if (!was_opened_with(it, options)) {
        put(pool, it);
        return NULL;
    }
    if (!is_current(pool, it->epoch)) {
        close_if_any(it);
        return NULL;
    }
    it->uses++;
    return it;
}

void varve__pool_give(varve__pool *pool, varve__iter *it)
{
    if (it->error.status != VARVE_OK || it->uses >= VARVE__POOL_USES ||
        !is_current(pool, it->epoch)) {
        close_if_any(it);
        return;
    }
    varve__iter_reset(it);
    it->owner = NULL;
    put(pool, it);
}
