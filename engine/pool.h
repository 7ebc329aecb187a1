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
 *  - An iterator opened while the two counts were the same, e, shows the first e writes whole.  Of
 *    those that have started since it may show some, or not.  Its epoch is e; one that was opened
 *    while a write was on its way has none, and is never pooled.
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
 * An iterator pins the memtables and tables of its opening.  A write empties the pool before it
 * begins; so does everything that is about memory or tables: flush, compact, the numbers of the
 * engine.  Flushes and compactions in the background are no writes and tell nobody; because of them
 * an iterator is closed for good after VARVE__POOL_USES openings.
 *
 * Every call here but varve__pool_give() stands inside the engine's gate; what is in the pool does
 * not count as open, so nobody else keeps the store from being closed under it.
 */
#ifndef VARVE_ENGINE_POOL_H
#define VARVE_ENGINE_POOL_H

#include "engine/iter.h"
#include "util/lane.h"

#define VARVE__POOL_USES 100

/* A thread finds its last iterator of each kind again: for a point read, and for a walk. */
enum { VARVE__POOL_KINDS = 2 };

typedef struct varve__pool {
    char rest_of_the_line_before[VARVE__CACHE_LINE];
    atomic_uint_least64_t started;
    atomic_uint_least64_t finished;
    atomic_bool may_hold; /* false = there is none in any slot, or its giver has yet to look */
    char rest_of_the_line[VARVE__CACHE_LINE];
    struct {
        _Atomic(varve__iter *) slots[VARVE__POOL_KINDS];
        char rest_of_the_line[VARVE__CACHE_LINE - VARVE__POOL_KINDS * sizeof(void *)];
    } lanes[VARVE__LANES];
} varve__pool;

void varve__pool_init(varve__pool *pool);

/* Around each write, whether it succeeds or not.  Several may be on their way at once. */
void varve__pool_write_begin(varve__pool *pool);
void varve__pool_write_end(varve__pool *pool);

/* Close all iterators in the pool. */
void varve__pool_clear(varve__pool *pool);

/* The same, and those that are open now will not come back. */
void varve__pool_renew(varve__pool *pool);

/* The epoch of an iterator whose opening begins now; VARVE__ITER_NO_EPOCH during a write. */
uint64_t varve__pool_epoch(const varve__pool *pool);

/* An iterator as if opened with `options` now; NULL if there is none. */
varve__iter *varve__pool_take(varve__pool *pool, const varve_iter_options *options);

/* Take over an iterator that is being closed; its owner counts it as open until this returns. */
void varve__pool_give(varve__pool *pool, varve__iter *it);

#endif
