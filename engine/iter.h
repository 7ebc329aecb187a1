/*
 * What all iterators have in common, for those who implement one: the backends and the batch
 * overlay.
 *
 * An implementation embeds varve__iter first.  Each positioning function ends in exactly one of
 * varve__iter_found(), varve__iter_exhausted() and varve__iter_failed().
 *
 * The bounds of the opening are the implementation's own.  Bounds that were narrowed after opening
 * and the prefix of a prefix iterator are looked after in engine/iter.c, by a table of operations
 * that it puts in front of the implementation's; an iterator without them pays nothing.  A prefix
 * iterator is therefore never moved backwards, and what it shows of other user keys does no harm.
 * An implementation that could go far outside of them for nothing asks varve__iter_is_behind_end().
 */
#ifndef VARVE_ENGINE_ITER_H
#define VARVE_ENGINE_ITER_H

#include <stdatomic.h>

#include <varve/engine.h>

/*
 * Steps or a seek: what lies a few records away is come to by steps, what lies further by a seek,
 * and how far it is shows only on the way.  So many steps as a seek costs are tried before it,
 * which is never more than twice as dear as the better of the two.  What has been in vain twice in
 * a row is not tried the next time: one seeks at once, and tries steps again at the 16th time, then
 * at the 32nd behind that, then at every 64th, until they lead there.
 *
 * What is counted begins with the opening, so that the same walk over the same tables moves alike
 * each time.
 */

/* What a seek costs in steps if the data lies in one sorted run, as far as nobody knows better. */
#define VARVE__STEPS_BEFORE_SEEK 8

/* The longest wait for the next try. */
#define VARVE__SEEKS_BEFORE_STEP 64U

/* What is come to by either; each is a habit of its own. */
typedef enum varve__aim {
    VARVE__AIM_NEXT_KEY,
    VARVE__AIM_OLDER, /* an old version of the key */
    VARVE__AIM_FRONT, /* backwards to the front of the key, or the key before it */
    VARVE__AIMS
} varve__aim;

typedef struct varve__habit {
    unsigned misses; /* in a row: tries that have been in vain */
    unsigned seeks;  /* left until the next try */
} varve__habit;

typedef struct varve__iter varve__iter;

/* The epoch of an iterator that shows another state than the engine's current one. */
#define VARVE__ITER_NO_EPOCH 0

/* Who opened an iterator, counts it, and has the last word on it. */
typedef struct varve__iter_owner {
    varve_engine *engine;
    /* Called once, to close `it`: hands it to its ops->close, or keeps it for another opening. */
    void (*close)(struct varve__iter_owner *owner, varve__iter *it);
} varve__iter_owner;

struct varve__iter {
    varve_iter head;
    const varve_iter_ops *ops; /* the implementation; head.ops may be the guard in front of it */
    const varve_iter_ops *open_ops; /* what head.ops was when it was opened */
    varve__iter_owner *owner;       /* may be NULL */
    varve_slice open_lower;         /* bounds of the opening; empty = none */
    varve_slice open_upper;
    varve_slice lower; /* bounds in force, never wider than those; empty = none */
    varve_slice upper;
    uint64_t epoch; /* of the state it shows (engine/pool.h), or VARVE__ITER_NO_EPOCH */
    const uint64_t *version_now; /* raised by what later movements show; NULL if nothing is */
    uint64_t version;            /* as far as the movements have taken it in */
    uint64_t snapshot;           /* its number, if it shows the state of one; else 0 */
    unsigned uses;               /* openings that the pool has spared */
    unsigned steps_before_seek;  /* what a seek costs */
    varve__habit habits[VARVE__AIMS];
    bool is_prefix;
    bool bypasses_cache;
    bool is_narrowed;        /* `lower` or `upper` differ from those of the opening */
    bool is_void;            /* nothing lies between the bounds in force */
    varve_buf open_bounds;   /* the bytes of the bounds of the opening */
    varve_buf narrow_bounds; /* the bytes of narrower ones */
    varve_slice prefix;      /* of a prefix iterator: that of the last seek, with its terminator */
    varve_buf prefix_bytes;  /* its bytes, unless they are the caller's */
    varve_buf scratch;       /* for the movements made of others */
    varve_error error;       /* the failure that stopped it */
};

/* The options of an iterator for one user key. */
extern const varve_iter_options varve__one_key;

/* Take `options` over into a zeroed iterator.  On failure it holds nothing. */
varve_status varve__iter_init(varve__iter *it, const varve_iter_ops *ops,
                              const varve_iter_options *options, varve_error *err);

/* Free what varve__iter_init() took; called by the implementation's close. */
void varve__iter_release(varve__iter *it);

/* Let the bounds of the opening be in force again. */
void varve__iter_widen(varve__iter *it);

static inline varve__iter *varve__iter_of(varve_iter *it)
{
    return (varve__iter *)it;
}

/* How many steps are to be tried this time. */
static inline unsigned varve__iter_steps(const varve__iter *it, varve__aim aim)
{
    return it->habits[aim].seeks > 0 ? 0 : it->steps_before_seek;
}

/* These steps, or fewer, have led there. */
static inline void varve__iter_stepped(varve__iter *it, varve__aim aim)
{
    it->habits[aim].misses = 0;
}

/* They have not, or there were none; what follows is a seek. */
void varve__iter_seeks(varve__iter *it, varve__aim aim);

/* It stands on the record of `key`, which is valid until the next movement. */
static inline void varve__iter_found(varve__iter *it, varve_slice key)
{
    it->head.valid = true;
    it->head.key = key;
}

/* It has run off an end. */
static inline void varve__iter_exhausted(varve__iter *it)
{
    it->head.valid = false;
    it->head.key = varve_slice_of(NULL, 0);
}

/* Report the failure that stopped it to the engine, and forget it. */
void varve__iter_forget(varve__iter *it);

/* Forget an earlier failure: the first thing every seek does. */
static inline void varve__iter_restart(varve__iter *it)
{
    if (it->error.status != VARVE_OK)
        varve__iter_forget(it);
}

/* Make it as it was after its opening: with the bounds of that, nowhere, and without failure. */
static inline void varve__iter_reset(varve__iter *it)
{
    if (it->is_narrowed)
        varve__iter_widen(it);
    it->head.ops = it->open_ops; /* varve__iter_seek_key() takes the guard away */
    memset(it->habits, 0, sizeof it->habits);
    it->prefix.size = 0; /* its bytes may be gone */
    varve__iter_restart(it);
    varve__iter_exhausted(it);
}

/* Whether something has been written that movements show, but not yet the record it stands on. */
static inline bool varve__iter_is_outdated(const varve__iter *it)
{
    return it->version_now != NULL && *it->version_now != it->version;
}

/*
 * Let an iterator of varve__iter_open_key() seek its key's first record.  From here on it goes
 * without the guard: it may come to rest on records of other keys, which the caller has to notice,
 * and it is not to be moved backwards.  The prefix is borrowed until it is closed.
 */
static inline void varve__iter_seek_key(varve_iter *head, varve_slice prefix)
{
    varve__iter *it = varve__iter_of(head);
    head->ops = it->ops;
    it->prefix = prefix;
    it->ops->seek_ge(head, prefix);
}

/* Whether `key` is at or above the upper bound in force, or not of the prefix that is sought. */
bool varve__iter_is_behind_end(const varve__iter *it, varve_slice key);

/* It has failed; returns where to record the failure.  The movement is over after that. */
varve_error *varve__iter_failed(varve__iter *it);

#endif
