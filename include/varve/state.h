/*
 * Whether an engine takes writes, and the way back if it does not.
 *
 *     healthy    reads and writes
 *     read-only  a background error or a failed write: reads go on, writes fail at once with the
 *                reason's status; heals by itself (a full disk) or by varve_engine_recover()
 *     failed     recovering has failed after the store was closed inside: every call fails with the
 *                reason's status; varve_engine_recover() may be tried again
 */
#ifndef VARVE_STATE_H
#define VARVE_STATE_H

#include <varve/cancel.h>

#ifdef __cplusplus
extern "C" {
#endif

struct varve_engine;

typedef enum varve_health {
    VARVE_HEALTHY = 0,
    VARVE_HEALTH_READ_ONLY = 1,
    VARVE_HEALTH_FAILED = 2
} varve_health;

/* The state of an engine.  Set `struct_size` before asking for it. */
typedef struct varve_engine_state {
    size_t struct_size;
    varve_health health;
    varve_status reason; /* VARVE_NO_SPACE, VARVE_IO, VARVE_CORRUPT ...; VARVE_OK while healthy */
    bool commit_unknown; /* a commit's outcome was left open since the last opening */
    int64_t since;       /* of the last change, or the opening; nanoseconds since the Unix epoch */
    uint64_t changes;    /* of health, reason or commit_unknown, since the engine was opened */
    char message[VARVE_ERROR_MESSAGE_MAX]; /* the reason in words; empty while healthy */
} varve_engine_state;

/*
 * Fill `state`.  Looks whether what was known still holds: what has gone wrong in the background,
 * and what has healed by itself, is noticed here if no write has noticed it before.
 *
 * Returns VARVE_OK or VARVE_INVALID_ARGUMENT.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_get_state(struct varve_engine *engine,
                                                              varve_engine_state *state,
                                                              varve_error *err);

/*
 * Receives the changes of state (varve_options.on_state), in order and one at a time, on a thread
 * that is in a call on the engine, with no lock of varve held that another call would need; but it
 * must not call varve_engine_recover() or varve_engine_close(), nor take long: of changes that come
 * while it runs, only a few wait, and `changes` tells of those that have been passed over.
 */
typedef void (*varve_state_fn)(void *arg, const varve_engine_state *state);

/*
 * Bring an engine back to health: wait until there is space again, let RocksDB heal if it can, and
 * otherwise close and open the store inside.  A healthy engine is left alone.
 *
 * Reads go on throughout, but for the moment of reopening, during which they wait, and shorter ones
 * in which that is tried.  Reopening needs the store without open snapshots, iterators and log
 * readers (batches may stay open): while there are any, and it has to be reopened, the call waits
 * for them as well, and for calls that take long, such as a compaction.  `cancel` ends the waiting;
 * NULL does not wait for any of these.  One thread recovers; others that call it meanwhile wait for
 * its outcome, or go on in its place if it was less patient.  With NULL they wait no longer than an
 * attempt takes, which is an opening of the store at most and little more, and return what the one
 * who recovers is waiting for: VARVE_NO_SPACE or VARVE_BUSY.
 *
 * After VARVE_COMMIT_UNKNOWN reads tell what became of the commit once this has returned VARVE_OK.
 *
 * With the log off (VARVE_WAL_OFF), a store that has to be reopened loses what has not been
 * flushed, as it would by the death of the process.
 *
 * Returns VARVE_OK: healthy.  VARVE_BUSY: it has to be reopened, and handles are open (payload
 * counts them) or a long call is on its way (it counts none).  VARVE_NO_SPACE, VARVE_IO,
 * VARVE_CORRUPT ...: the reason is still there. VARVE_CANCELLED, VARVE_DEADLINE.  After any of
 * these the engine is as readable as before, unless its state is now VARVE_HEALTH_FAILED.
 * VARVE_READ_ONLY for an engine opened for reading only; VARVE_UNSUPPORTED for a failed store in
 * memory, which cannot be opened again.
 */
VARVE_API VARVE_NODISCARD varve_status varve_engine_recover(struct varve_engine *engine,
                                                            const varve_cancel *cancel,
                                                            varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
