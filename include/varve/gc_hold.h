/*
 * What garbage collection (<varve/gc_job.h>) must not touch, and what it has: holds, and the times
 * up to which it has come.
 *
 * A hold has a name and keeps, of every key, what a reader at its time sees, and all that is newer.
 * It is stored, so that it outlives the process that wanted it, and may have an end.
 *
 * The store remembers, for each span, the highest time up to which garbage has been collected: a
 * read below it may miss versions.  VARVE_READ_CHECK_COLLECTED has reads refused then.
 */
#ifndef VARVE_GC_HOLD_H
#define VARVE_GC_HOLD_H

#include <varve/engine.h>
#include <varve/latches.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How long the parts of a hold may be, in bytes. */
#define VARVE_GC_HOLD_ID_MAX 64
#define VARVE_GC_HOLD_OWNER_MAX 256
#define VARVE_GC_HOLD_REASON_MAX 1024

/* A hold.  Set `struct_size`; zero elsewhere. */
typedef struct varve_gc_hold {
    size_t struct_size;
    varve_slice id;     /* its name, not empty: "backup-17" */
    varve_slice owner;  /* who wants it: "nightly backup on host 3" */
    varve_slice reason; /* what for; these are text for people */
    varve_ts ts;        /* what is seen at this time stays, and all that is newer */
    int64_t created;    /* wall time in nanoseconds; informational */
    int64_t expires;    /* likewise: from then on it holds nothing any more; 0 = never */
} varve_gc_hold;

/*
 * Store a hold, in place of one of the same name if there is one.  Both of its commits are synced.
 *
 * What has been collected cannot be held any more: garbage that has been collected anywhere in the
 * store to a time above `hold->ts` is VARVE_BELOW_THRESHOLD, and the store then holds what it did
 * before.
 *
 * `latches` are those that a collecting job is given; NULL if no other thread collects garbage or
 * stores holds meanwhile.
 *
 * Returns VARVE_OK; VARVE_BELOW_THRESHOLD; VARVE_INVALID_ARGUMENT for an empty name, parts that are
 * too long, and negative times; VARVE_UNSUPPORTED for fields of a later version that are set;
 * VARVE_CORRUPT; VARVE_CHECKSUM; VARVE_NO_MEMORY; and as varve_batch_commit().
 */
VARVE_API VARVE_NODISCARD varve_status varve_gc_hold_put(varve_engine *engine,
                                                         varve_latches *latches,
                                                         const varve_gc_hold *hold,
                                                         varve_error *err);

/*
 * Take a hold away.  Returns VARVE_OK; VARVE_NOT_FOUND if there is none of this name; otherwise as
 * varve_gc_hold_put().
 */
VARVE_API VARVE_NODISCARD varve_status varve_gc_hold_remove(varve_engine *engine,
                                                            varve_latches *latches, varve_slice id,
                                                            varve_error *err);

/* Whether a hold still holds at the wall time `nanos`. */
static inline bool varve_gc_hold_is_active(const varve_gc_hold *hold, int64_t nanos)
{
    return hold->expires == 0 || nanos < hold->expires;
}

/* Receives one hold, valid during the call.  VARVE_OK goes on; anything else ends the list. */
typedef varve_status (*varve_gc_hold_fn)(void *arg, const varve_gc_hold *hold, varve_error *err);

/*
 * Call `each` for the holds that a reader shows, by name, those that have ended too.  Returns
 * VARVE_OK; what `each` returned to end it; VARVE_CORRUPT or VARVE_CHECKSUM for a record that
 * is damaged, and named; VARVE_NO_MEMORY; what the reader returns.
 */
VARVE_API VARVE_NODISCARD varve_status varve_gc_holds(varve_reader *reader, varve_gc_hold_fn each,
                                                      void *arg, varve_error *err);

/*
 * The highest time up to which garbage has been collected among the user keys of `span`, zero if
 * none has: a read at that time, or later, misses nothing.  An empty start is the first key of all,
 * an empty end the end of all; a span that ends where it starts is that one key.  Returns VARVE_OK;
 * VARVE_CORRUPT; VARVE_CHECKSUM; VARVE_NO_MEMORY; what the reader returns.
 */
VARVE_API VARVE_NODISCARD varve_status varve_gc_collected(varve_reader *reader, varve_span span,
                                                          varve_ts *until, varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
