#include "engine/pool.h"

#include <varve/key.h>

#include "format/batch_repr.h"
#include "format/key.h"
#include "util/hash.h"

typedef _Atomic(varve__iter *) slot;

void varve__pool_init(varve__pool *pool)
{
    atomic_init(&pool->started, VARVE__ITER_NO_EPOCH + 1);
    atomic_init(&pool->finished, VARVE__ITER_NO_EPOCH + 1);
    atomic_init(&pool->settled, VARVE__ITER_NO_EPOCH + 1);
    atomic_init(&pool->swept, VARVE__ITER_NO_EPOCH + 1);
    atomic_init(&pool->marked, 0);
    for (unsigned kind = 0; kind < VARVE__POOL_KINDS; kind++)
        atomic_init(&pool->may_hold[kind], false);
    for (unsigned lane = 0; lane < VARVE__LANES; lane++)
        for (unsigned kind = 0; kind < VARVE__POOL_KINDS; kind++)
            atomic_init(&pool->lanes[lane].slots[kind], NULL);
    for (unsigned i = 0; i < VARVE__POOL_MARKS; i++)
        atomic_init(&pool->marks[i], VARVE__ITER_NO_EPOCH);
}

/* ---- Marks ---------------------------------------------------------------------------------- */

/* The mark of a user key, given by the hash of its prefix, and of the others of that hash. */
static atomic_uint_least64_t *mark_of(varve__pool *pool, uint64_t hash)
{
    return &pool->marks[hash % VARVE__POOL_MARKS];
}

/* Nothing is to be told of a commit. */
static void forget_puts(varve__pool_commit *commit)
{
    commit->epoch = VARVE__ITER_NO_EPOCH;
    commit->count = 0;
}

/* Note what a commit does to a metadata position, which is all of its record's key. */
static void note_put(varve__pool_commit *commit, const varve_record *record, uint64_t hash)
{
    if (record->type == VARVE_RECORD_PUT && commit->count < VARVE__POOL_PUTS_MAX)
        commit->puts[commit->count++] = (struct varve__pool_put){record->key, record->value, hash};
    else
        forget_puts(commit);
}

/* The user key at hand; the records of one mostly follow each other. */
struct marking {
    varve_slice prefix;
    uint64_t hash;
};

static bool mark_record(varve__pool *pool, struct marking *marking, const varve_record *record,
                        varve__pool_commit *commit, uint64_t number)
{
    varve_slice key = record->key;
    if (record->type == VARVE_RECORD_CLEAR_RANGE)
        return false;
    if (record->type == VARVE_RECORD_LOG)
        return true;
    if (marking->prefix.size == 0 || !varve__key_has_prefix(key, marking->prefix)) {
        marking->prefix = varve_slice_of(key.data, varve_key_prefix_size(key));
        marking->hash = varve__hash(marking->prefix);
        atomic_store_explicit(mark_of(pool, marking->hash), number, memory_order_release);
    }
    if (marking->prefix.size == key.size && commit->epoch != VARVE__ITER_NO_EPOCH)
        note_put(commit, record, marking->hash);
    return true;
}

/* What a commit of so many records counts as, of all that may be written before the next sweep. */
static unsigned weight_of(varve_slice repr, uint32_t count)
{
    return count + (unsigned)(repr.size / VARVE__POOL_BYTES_PER_MARK);
}

/* Mark all keys of a commit; false if these are too many, or cannot be told one by one. */
static bool mark_keys(varve__pool *pool, varve_slice repr, uint64_t number,
                      varve__pool_commit *commit)
{
    varve_record record;
    struct marking marking = {.hash = 0};
    uint32_t count = varve__repr_count(repr);
    unsigned weight = weight_of(repr, count);
    if (count > VARVE__POOL_MARKED_RECORDS ||
        atomic_fetch_add(&pool->marked, weight) + weight > VARVE__POOL_MARKS_MADE)
        return false;
    for (size_t offset = VARVE_BATCH_HEADER_SIZE; offset < repr.size;) {
        offset = varve__repr_take(repr, offset, &record);
        if (!mark_record(pool, &marking, &record, commit, number))
            return false;
    }
    return true;
}

/* ---- Writes --------------------------------------------------------------------------------- */

static void close_if_any(varve__iter *it)
{
    if (it != NULL)
        it->ops->close(&it->head);
}

static void clear(varve__pool *pool, unsigned kind)
{
    /* Writes come one after the other, mostly with no reading in between. */
    if (!atomic_load(&pool->may_hold[kind]) || !atomic_exchange(&pool->may_hold[kind], false))
        return;
    for (unsigned lane = 0; lane < VARVE__LANES; lane++)
        close_if_any(atomic_exchange(&pool->lanes[lane].slots[kind], NULL));
}

void varve__pool_clear(varve__pool *pool)
{
    for (unsigned kind = 0; kind < VARVE__POOL_KINDS; kind++)
        clear(pool, kind);
}

void varve__pool_clear_snapshots(varve__pool *pool)
{
    clear(pool, VARVE__POOL_SNAPSHOT_WALKS);
    clear(pool, VARVE__POOL_SNAPSHOT_POINTS);
}

static uint64_t start(varve__pool *pool)
{
    return atomic_fetch_add(&pool->started, 1) + 1;
}

/* A write of this number may touch any key. */
static void sweep(varve__pool *pool, uint64_t number)
{
    atomic_store(&pool->swept, number);
    atomic_store_explicit(&pool->marked, 0, memory_order_relaxed);
    varve__pool_clear(pool);
}

void varve__pool_write_begin(varve__pool *pool)
{
    sweep(pool, start(pool));
}

/* Whether there is anything to keep when a commit begins. */
static bool holds_lasting(const varve__pool *pool)
{
    for (unsigned kind = 0; kind < VARVE__POOL_KINDS; kind++)
        if (kind != VARVE__POOL_WALKS && atomic_load(&pool->may_hold[kind]))
            return true;
    return false;
}

/*
 * It has the epoch of its number if at its end no other one has started: what had finished at its
 * start then were the earlier ones, all of them.
 */
void varve__pool_commit_begin(varve__pool *pool, varve_slice repr, varve__pool_commit *commit)
{
    uint64_t number = start(pool);
    bool is_alone = atomic_load(&pool->finished) + 1 == number;
    commit->epoch = is_alone ? number : VARVE__ITER_NO_EPOCH;
    commit->count = 0;
    if (holds_lasting(pool) && mark_keys(pool, repr, number, commit)) {
        clear(pool, VARVE__POOL_WALKS);
    } else {
        forget_puts(commit);
        sweep(pool, number);
    }
}

uint64_t varve__pool_write_end(varve__pool *pool)
{
    uint64_t finished = atomic_fetch_add(&pool->finished, 1) + 1;
    /*
     * In this order.  Neither count falls, and `finished` is never ahead of `started`: if it was
     * where `started` is found afterwards, all that had started then was finished.  Of two that
     * come to this at once the later one may write first; an earlier number is as true.
     *
     * Adding nothing makes this look a part of the order of all writes of `started`: those that
     * start later find it there, so that their marks come behind those of the settled writes.  A
     * mere load would leave the order of two marks in the same place open.
     */
    if (atomic_fetch_add(&pool->started, 0) != finished)
        return VARVE__ITER_NO_EPOCH;
    atomic_store(&pool->settled, finished);
    return finished;
}

void varve__pool_renew(varve__pool *pool)
{
    varve__pool_write_begin(pool);
    (void)varve__pool_write_end(pool);
}

/* ---- Iterators ------------------------------------------------------------------------------ */

uint64_t varve__pool_epoch(const varve__pool *pool)
{
    return atomic_load(&pool->settled);
}

/* Whether an iterator of that kind and epoch may be lent once more; never one without an epoch. */
static inline bool is_of_use(const varve__pool *pool, unsigned kind, uint64_t epoch)
{
    if (kind == VARVE__POOL_WALKS)
        return varve__pool_is_current(pool, epoch);
    return atomic_load(&pool->swept) <= epoch;
}

/* What follows putting one into its slot, unless that was empty, and there is no write. */
static void settle(varve__pool *pool, slot *home, unsigned kind, uint64_t epoch,
                   varve__iter *former)
{
    if (!atomic_load(&pool->may_hold[kind]))
        atomic_store(&pool->may_hold[kind], true);
    close_if_any(former);
    if (!is_of_use(pool, kind, epoch))
        close_if_any(atomic_exchange(home, NULL));
}

/*
 * Put `it` into its slot, in the place of what is there.
 *
 * A write may start meanwhile, whose clearing has passed by the slot already.  Either that write is
 * seen here, by the last look, and `it` is taken back; or it tells of itself after that look, and
 * so finds `may_hold` set, or somebody at work who has found it set after `it` was in place.
 */
static inline void put(varve__pool *pool, unsigned lane, unsigned kind, varve__iter *it)
{
    slot *home = &pool->lanes[lane].slots[kind];
    uint64_t epoch = it->epoch; /* once it is in the slot, others may take it and close it */
    varve__iter *former = atomic_exchange(home, it);
    if (former != NULL || !atomic_load(&pool->may_hold[kind]) || !is_of_use(pool, kind, epoch))
        settle(pool, home, kind, epoch, former);
}

static bool was_opened_with(const varve__iter *it, const varve_iter_options *options)
{
    return it->bypasses_cache == options->bypass_cache &&
           varve_slice_equal(it->open_lower, options->lower) &&
           varve_slice_equal(it->open_upper, options->upper);
}

/* Lend what has been taken out, if it is good; otherwise a new one will be as good for others. */
static varve__iter *lend(varve__iter *it, bool is_good)
{
    if (!is_good) {
        close_if_any(it);
        return NULL;
    }
    it->uses++;
    return it;
}

/*
 * One over another snapshot is not put back: that may have been closed meanwhile, and with it those
 * that were in the pool.
 */
varve__iter *varve__pool_take(varve__pool *pool, unsigned lane, const varve_iter_options *options,
                              uint64_t snapshot)
{
    unsigned kind = varve__pool_kind(options->prefix, snapshot);
    varve__iter *it = atomic_exchange(&pool->lanes[lane].slots[kind], NULL);
    if (it == NULL)
        return NULL;
    if (it->snapshot != snapshot)
        return lend(it, false);
    if (was_opened_with(it, options))
        return lend(it, snapshot != 0 || varve__pool_is_current(pool, it->epoch));
    put(pool, lane, kind, it);
    return NULL;
}

bool varve__pool_shows(varve__pool *pool, uint64_t epoch, uint64_t hash)
{
    return atomic_load_explicit(mark_of(pool, hash), memory_order_acquire) <= epoch &&
           atomic_load(&pool->swept) <= epoch;
}

varve__iter *varve__pool_judge_for_key(varve__pool *pool, unsigned lane, varve_slice prefix,
                                       varve__iter *it)
{
    if (was_opened_with(it, &varve__one_key))
        return lend(it, varve__pool_is_current(pool, it->epoch) ||
                            varve__pool_shows(pool, it->epoch, varve__hash(prefix)));
    put(pool, lane, VARVE__POOL_POINTS, it);
    return NULL;
}

void varve__pool_give(varve__pool *pool, unsigned lane, varve__iter *it)
{
    unsigned kind = varve__pool_kind(it->is_prefix, it->snapshot);
    if (it->error.status != VARVE_OK || it->uses >= VARVE__POOL_USES ||
        !is_of_use(pool, kind, it->epoch)) {
        close_if_any(it);
        return;
    }
    varve__iter_reset(it);
    it->owner = NULL;
    put(pool, lane, kind, it);
}
