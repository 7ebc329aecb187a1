/*
 * The engine: a backend's store, who may close it, and how commits reach it.
 */
#ifndef VARVE_ENGINE_ENGINE_H
#define VARVE_ENGINE_ENGINE_H

#include <stdatomic.h>

#include "engine/backend.h"
#include "engine/iter.h"
#include "engine/newest.h"
#include "engine/pool.h"
#include "engine/recent.h"
#include "engine/state.h"
#include "engine/view.h"
#include "util/gate.h"

/* The directory below a store for scratch files. */
#define VARVE__TEMP_DIR "VARVE_TEMP"

struct varve_engine {
    varve_reader reader;
    varve_writer writer;
    varve__iter_owner iter_owner; /* of the iterators opened by `reader` */
    /*
     * To be read after varve__engine_enter(): while the store is closed inside, because reopening
     * it has failed, these are others that fail.
     */
    const varve__backend_ops *_Atomic ops;
    const varve__backend_ops *open_ops; /* those that it has been opened with */
    varve__store *store;
    varve_options options; /* complete, and owned */
    varve__logger logger;

    /*
     * Open handles, those over batches and snapshots included.  Whoever gives one back has finished
     * with the engine before: the next to look may close it.
     */
    atomic_size_t batches;
    atomic_size_t snapshots;
    atomic_uint_least64_t snapshots_made; /* so far */
    varve__tally iterators;
    atomic_size_t batch_bytes; /* of memory, held by the open batches */

    /*
     * Every call into the backend stands between varve__engine_enter() and varve__engine_leave(),
     * so that recovery can close and open the store inside.
     */
    varve__gate gate;

    /*
     * Held by the one thread that catches up; before the gate.  One that waits inside would let
     * nobody read when another closes the gate.
     */
    pthread_mutex_t catching_up;

    varve__pool pool;      /* of iterators of the current state */
    varve__recent recent;  /* of what has just been put */
    varve__newest *newest; /* NULL = it is switched off */

    varve__state state;

    atomic_bool commits_fail; /* the last commit did, as far as the log has been told */
};

/*
 * The store, for one call into the backend; the call is over with varve__engine_leave().  While the
 * store is reopened inside, it waits.  Not to be nested, and nothing of the caller (log, state and
 * walk callbacks) is called in between.  Opening an iterator, a snapshot or a log reader counts it
 * before leaving.  An iterator of the pool is counted without entering (engine.c).  What an open
 * handle does needs no entering: it keeps the store from being reopened.
 */
static inline varve__store *varve__engine_enter(varve_engine *engine)
{
    varve__gate_enter(&engine->gate);
    return engine->store;
}

static inline void varve__engine_leave(varve_engine *engine)
{
    varve__gate_leave(&engine->gate);
}

/*
 * Around whatever changes what the engine shows and is no commit: tables taken in, a secondary that
 * catches up, a store opened anew.  Inside, as the backend.
 */
static inline void varve__engine_change_begin(varve_engine *engine)
{
    varve__pool_write_begin(&engine->pool);
    if (engine->newest != NULL)
        varve__newest_change_begin(engine->newest);
}

static inline void varve__engine_change_end(varve_engine *engine)
{
    if (engine->newest != NULL)
        varve__newest_change_end(engine->newest);
    (void)varve__pool_write_end(&engine->pool);
}

/* What the engine is called in a line of the log. */
const char *varve__engine_name(const varve_engine *engine);

/* VARVE_READ_ONLY if it was opened so. */
varve_status varve__engine_check_writable(const varve_engine *engine, varve_error *err);

/* VARVE_BUSY with their numbers, if handles are open; batches only count with `batches`. */
varve_status varve__engine_check_idle(varve_engine *engine, bool batches, varve_error *err);

/* Bring the caller's options into `options`: checked, and with the defaults filled in. */
varve_status varve__options_complete(const varve_options *given, varve_options *options,
                                     varve_error *err);

/*
 * Make `options` an independent copy of complete ones: of their text, and of their hold on the
 * cache.  To be given back with varve__options_disown(), also after VARVE_NO_MEMORY.
 */
varve_status varve__options_own(const varve_options *given, varve_options *options,
                                varve_error *err);
void varve__options_disown(varve_options *options);

/*
 * Hand a valid representation to the backend, as durable as `how` and the engine's options say. One
 * without records does not reach it.
 */
varve_status varve__engine_commit(varve_engine *engine, varve_slice repr, varve_durability how,
                                  varve_error *err);

/*
 * Log that `what` failed, as `told` tells, and return `status`.  An expected answer passes in
 * silence.
 */
varve_status varve__engine_report(varve_engine *engine, const char *what, varve_status status,
                                  const varve_error *told);

/*
 * The backend's functions of these names, whose failures reach the log.  An iterator or a snapshot
 * that they open counts as open in the engine; who closes it counts it off.  NULL for `snapshot` is
 * the current state.  An iterator with a
 * `prefix` is for that user key alone, as one of varve__iter_open_key().
 */
varve_status varve__engine_get(varve_engine *engine, const varve_snapshot *snapshot,
                               varve_slice engine_key, varve_buf *value, varve_error *err);
varve_status varve__engine_iter_open(varve_engine *engine, const varve_snapshot *snapshot,
                                     const varve_iter_options *options, varve_slice prefix,
                                     varve_iter **out, varve_error *err);
/* The same for a user key, with the engine for its owner: varve_iter_close() does the rest. */
varve_status varve__engine_iter_open_key(varve_engine *engine, const varve_snapshot *snapshot,
                                         varve_slice prefix, varve_iter **out, varve_error *err);
/* Close an iterator that varve__engine_iter_open() has opened, or leave it to the pool. */
void varve__engine_iter_close(varve_engine *engine, varve__iter *it);
varve_status varve__engine_snapshot(varve_engine *engine, varve__store_snapshot **out,
                                    varve_error *err);

/* Log the failure of an iterator, unless its caller has asked for what it does not do. */
void varve__engine_iter_failed(varve_engine *engine, const varve_error *failure);

#endif
