/*
 * The pool: iterators of an engine's current state that were closed, waiting to be opened again.
 *
 * Opening one of RocksDB's costs as much as a short read with it.  It shows the state of its
 * opening, so it can be lent again as long as that is still the current one.
 *
 * For this, writes are counted: when one starts, before anybody can see anything of it, and when it
 * has finished.  A write is all that changes what the engine shows: commits, tables taken in, a
 * secondary that catches up, a store opened anew.  The sequence numbers of RocksDB do not tell all
 * of these, and tell of a commit when it can be seen already.
 *
 *  - Whenever the two counts are the same, e, the first e writes are settled.  An iterator opened
 *    from then on has the epoch e: it shows these writes whole.  Of those that have started since
 *    it may show some, or not.
 *  - If later, at any moment, the count of those started still is e, then there are none that have
 *    started since: it shows exactly the state of that moment.
 *
 * So an iterator is lent only if the count of those started is its epoch, looked at after it was
 * taken out of the pool and before it is handed over, and is then as good as one that the backend
 * has opened at that moment.  Nobody sees time go back.  Whoever has seen anything of a write, by a
 * get, by an iterator, or because a thread that had told him of it, has seen it after it was
 * counted as started: from then on he finds a count that is above the epoch of every iterator that
 * lacks it.  (The counts are sequentially consistent, and what is seen through RocksDB or through
 * any lock or atomic was published after the counting.)
 *
 * A read of one user key does with less: that none of the writes since then has touched that key.
 * A commit of not too many records therefore marks their keys before anybody can see it: there is a
 * mark for all keys that share a hash, and it is the number of the write, which is what it made of
 * the count of those started.  Any other write sweeps, which is to mark all keys at once.  If, at
 * any moment, neither the mark of a key nor the sweep is above e, then no write after e has touched
 * the key of which anything could be seen: of that key the iterator shows the state of that moment.
 * Marks need not grow for this: when the first e writes were settled, their marks had been made,
 * and all that are made later are above e.  (Each of the latter is ordered behind each of the
 * former, since the count of those started is written, not only read, by who settles.)
 *
 * What a snapshot shows does not change, and iterators over one are lent again to those who read
 * the same.
 *
 * An iterator pins the memtables and tables of its opening.  Those for walks are closed when a
 * write begins, all others when one sweeps, as one does after VARVE__POOL_MARKS_MADE marks, or
 * earlier if much has been written; and so does everything that is about memory or tables: flush,
 * compact, the numbers of the engine.  Flushes and compactions in the background are no writes and
 * tell nobody; because of them an iterator is closed for good after VARVE__POOL_USES openings.
 *
 * Every call here stands inside the engine's gate, or is made by somebody who has an iterator or a
 * snapshot open, or counts as such: what is in the pool does not, so nobody else keeps the store
 * from being closed under it.
 */
#ifndef VARVE_ENGINE_POOL_H
#define VARVE_ENGINE_POOL_H

#include "engine/iter.h"
#include "util/lane.h"

#define VARVE__POOL_USES 100

/* When a quarter of the marks have been made, too many readers would find theirs made by others. */
#define VARVE__POOL_MARKS 4096
#define VARVE__POOL_MARKS_MADE 1024

/* So many bytes of a commit count as one more mark: 16 MiB, which memtables keep, as all. */
#define VARVE__POOL_BYTES_PER_MARK 16384

/* The commit of more records than that does not look at each of them. */
#define VARVE__POOL_MARKED_RECORDS 128

/* A thread finds its last iterator of each kind again. */
enum {
    VARVE__POOL_WALKS,
    VARVE__POOL_POINTS,
    VARVE__POOL_SNAPSHOT_WALKS,
    VARVE__POOL_SNAPSHOT_POINTS,
    VARVE__POOL_KINDS
};

typedef struct varve__pool {
    char rest_of_the_line_before[VARVE__CACHE_LINE];
    atomic_uint_least64_t started;
    atomic_uint_least64_t finished;
    atomic_uint_least64_t settled; /* so many writes, the first ones, had finished all together */
    atomic_uint_least64_t swept;   /* by this write; no iterator older than that is lent */
    atomic_uint marked;            /* keys since then, about, and what counts as such */
    /* Of each kind: false = there is none in any slot, or its giver has yet to look. */
    atomic_bool may_hold[VARVE__POOL_KINDS];
    char rest_of_the_line[VARVE__CACHE_LINE];
    struct {
        _Atomic(varve__iter *) slots[VARVE__POOL_KINDS];
        char rest_of_the_line[VARVE__CACHE_LINE - VARVE__POOL_KINDS * sizeof(void *)];
    } lanes[VARVE__LANES];
    atomic_uint_least64_t marks[VARVE__POOL_MARKS];
} varve__pool;

void varve__pool_init(varve__pool *pool);

/* So many puts of a commit are told, and of a larger number none. */
#define VARVE__POOL_PUTS_MAX 32

/* A commit on its way. */
typedef struct varve__pool_commit {
    uint64_t epoch; /* its number, if all earlier writes had finished when it started; or
                       VARVE__ITER_NO_EPOCH */
    size_t count;   /* of what follows */
    /*
     * What it puts at metadata positions, in its order; nothing if it does anything else to these,
     * or marks no keys.  The bytes are those of the representation.
     */
    struct varve__pool_put {
        varve_slice key;
        varve_slice value;
        uint64_t hash;
    } puts[VARVE__POOL_PUTS_MAX];
} varve__pool_commit;

/*
 * Around each write, whether it succeeds or not: one of anything, or the commit of a valid
 * representation.  Several may be on their way at once.  The end returns the epoch of this moment
 * if all that have started have finished, or VARVE__ITER_NO_EPOCH: if it is that of a commit, there
 * has been no other write beside this.
 */
void varve__pool_write_begin(varve__pool *pool);
void varve__pool_commit_begin(varve__pool *pool, varve_slice repr, varve__pool_commit *commit);
uint64_t varve__pool_write_end(varve__pool *pool);

/* Whether the key whose prefix has this hash is as it was at that epoch. */
bool varve__pool_shows(varve__pool *pool, uint64_t epoch, uint64_t hash);

/* Close all iterators in the pool; or those over snapshots, one of which is about to be closed. */
void varve__pool_clear(varve__pool *pool);
void varve__pool_clear_snapshots(varve__pool *pool);

/* The same, and those that are open now will not come back. */
void varve__pool_renew(varve__pool *pool);

/* The epoch of an iterator whose opening begins now. */
uint64_t varve__pool_epoch(const varve__pool *pool);

static inline unsigned varve__pool_kind(bool is_prefix, uint64_t snapshot)
{
    unsigned first = snapshot != 0 ? VARVE__POOL_SNAPSHOT_WALKS : VARVE__POOL_WALKS;
    return first + is_prefix; /* the kinds are in this order */
}

/* Whether everything is as it was at that epoch. */
static inline bool varve__pool_is_current(const varve__pool *pool, uint64_t epoch)
{
    return atomic_load(&pool->started) == epoch;
}

/* What follows is given the lane of this thread. */

/* Whether it is worth while to ask for one of these. */
static inline bool varve__pool_may_have(const varve__pool *pool, unsigned lane, bool is_prefix,
                                        uint64_t snapshot)
{
    unsigned kind = varve__pool_kind(is_prefix, snapshot);
    return atomic_load_explicit(&pool->lanes[lane].slots[kind], memory_order_relaxed) != NULL;
}

/* An iterator as if opened with `options` now, of that snapshot if not 0; NULL if there is none. */
varve__iter *varve__pool_take(varve__pool *pool, unsigned lane, const varve_iter_options *options,
                              uint64_t snapshot);

/* The part of varve__pool_take_for_key() for what has to be looked at closer: `it`, taken out. */
varve__iter *varve__pool_judge_for_key(varve__pool *pool, unsigned lane, varve_slice prefix,
                                       varve__iter *it);

/* A prefix iterator without bounds, which shows the key of `prefix` as if opened now; or NULL. */
static inline varve__iter *varve__pool_take_for_key(varve__pool *pool, unsigned lane,
                                                    varve_slice prefix)
{
    varve__iter *it = atomic_exchange(&pool->lanes[lane].slots[VARVE__POOL_POINTS], NULL);
    if (it == NULL)
        return NULL;
    bool is_for_any = it->open_lower.size + it->open_upper.size == 0 && !it->bypasses_cache;
    if (!is_for_any || !varve__pool_is_current(pool, it->epoch))
        return varve__pool_judge_for_key(pool, lane, prefix, it);
    it->uses++;
    return it;
}

/* Take over an iterator that is being closed; its owner counts it as open until this returns. */
void varve__pool_give(varve__pool *pool, unsigned lane, varve__iter *it);

#endif
