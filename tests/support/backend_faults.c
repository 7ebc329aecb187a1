#include "tests/support/backend_faults.h"

#include <stdio.h>

#include "util/fail.h"

struct backend_faults backend_faults;

/* The real one; there is one engine at a time. */
static const varve__backend_ops *real;
static const varve_iter_ops *real_iter;
static bool is_outcome_open;

static bool fails(varve_status status, varve_error *err)
{
    if (status == VARVE_OK)
        return false;
    backend_faults.fired++;
    is_outcome_open |= status == VARVE_COMMIT_UNKNOWN;
    (void)varve__fail(err, status, "injected");
    return true;
}

/* ---- Iterators ----------------------------------------------------------------------------------
 */

static bool movement_fails(varve_iter *head, varve_status status)
{
    varve__iter *it = varve__iter_of(head);
    backend_faults.moved++;
    return status != VARVE_OK && fails(status, varve__iter_failed(it));
}

static void faulty_seek_ge(varve_iter *head, varve_slice key)
{
    if (!movement_fails(head, backend_faults.iter_seek))
        real_iter->seek_ge(head, key);
}

static void faulty_seek_le(varve_iter *head, varve_slice key)
{
    if (!movement_fails(head, backend_faults.iter_seek))
        real_iter->seek_le(head, key);
}

static void faulty_next(varve_iter *head)
{
    if (!movement_fails(head, backend_faults.iter_step))
        real_iter->next(head);
}

static void faulty_prev(varve_iter *head)
{
    if (!movement_fails(head, backend_faults.iter_step))
        real_iter->prev(head);
}

static varve_slice faulty_value(const varve_iter *head)
{
    return real_iter->value(head);
}

static void faulty_close(varve_iter *head)
{
    real_iter->close(head);
}

static const varve_iter_ops faulty_iter_ops = {
    .seek_ge = faulty_seek_ge,
    .seek_le = faulty_seek_le,
    .next = faulty_next,
    .prev = faulty_prev,
    .value = faulty_value,
    .close = faulty_close,
};

static varve_status faulty_iter_open(varve__store *store, varve__store_snapshot *snapshot,
                                     const varve_iter_options *options, varve_iter **out,
                                     varve_error *err)
{
    if (fails(backend_faults.iter_open, err))
        return backend_faults.iter_open;
    varve_status status = real->iter_open(store, snapshot, options, out, err);
    if (status != VARVE_OK)
        return status;
    varve__iter *it = varve__iter_of(*out);
    real_iter = it->ops;
    if (it->head.ops == it->ops)
        it->head.ops = &faulty_iter_ops;
    it->ops = &faulty_iter_ops;
    return VARVE_OK;
}

/* ---- The store ----------------------------------------------------------------------------------
 */

static varve_status faulty_get(varve__store *store, varve__store_snapshot *snapshot,
                               varve_slice key, varve_buf *value, varve_error *err)
{
    if (fails(backend_faults.get, err))
        return backend_faults.get;
    return real->get(store, snapshot, key, value, err);
}

static varve_status faulty_apply(varve__store *store, varve_slice repr, bool sync, varve_error *err)
{
    backend_faults.applied++;
    backend_faults.last_sync = sync;
    if (fails(backend_faults.apply, err))
        return backend_faults.apply;
    varve_status status = real->apply(store, repr, sync, err);
    varve_slice behind = backend_faults.behind_next;
    backend_faults.behind_next = varve_slice_of(NULL, 0);
    return status == VARVE_OK && behind.size > 0 ? real->apply(store, behind, sync, err) : status;
}

static varve_status faulty_snapshot_open(varve__store *store, varve__store_snapshot **out,
                                         varve_error *err)
{
    if (fails(backend_faults.snapshot, err))
        return backend_faults.snapshot;
    return real->snapshot_open(store, out, err);
}

static varve_status faulty_sync(varve__store *store, varve_error *err)
{
    backend_faults.synced++;
    return fails(backend_faults.sync, err) ? backend_faults.sync : real->sync(store, err);
}

static varve_status faulty_flush(varve__store *store, varve_error *err)
{
    backend_faults.flushed++;
    return fails(backend_faults.flush, err) ? backend_faults.flush : real->flush(store, err);
}

static varve_status faulty_compact(varve__store *store, varve_error *err)
{
    return fails(backend_faults.compact, err) ? backend_faults.compact : real->compact(store, err);
}

static varve_status faulty_info(varve__store *store, varve_engine_info *info, varve_error *err)
{
    return fails(backend_faults.info, err) ? backend_faults.info : real->info(store, info, err);
}

static varve_status faulty_tables(varve__store *store, varve_table_fn each, void *arg,
                                  varve_error *err)
{
    if (fails(backend_faults.tables, err))
        return backend_faults.tables;
    return real->tables(store, each, arg, err);
}

static bool faulty_state(varve__store *store, varve_engine_state *state)
{
    varve_status reason = (varve_status)atomic_load(&backend_faults.state);
    if (!is_outcome_open && reason == VARVE_OK)
        return real->state != NULL && real->state(store, state);
    state->health = VARVE_HEALTH_READ_ONLY;
    state->reason = is_outcome_open ? VARVE_IO : reason;
    state->commit_unknown = is_outcome_open;
    (void)snprintf(state->message, sizeof state->message, "injected");
    return atomic_load(&backend_faults.passes);
}

void backend_faults_insert(varve_engine *engine)
{
    static varve__backend_ops ops;
    backend_faults = (struct backend_faults){.apply = VARVE_OK};
    varve__pool_clear(&engine->pool); /* iterators opened from now on are ours */
    real = engine->ops;
    is_outcome_open = false;
    ops = *engine->ops;
    ops.get = faulty_get;
    ops.iter_open = faulty_iter_open;
    ops.apply = faulty_apply;
    ops.snapshot_open = faulty_snapshot_open;
    ops.sync = faulty_sync;
    ops.flush = faulty_flush;
    ops.compact = faulty_compact;
    ops.info = faulty_info;
    ops.tables = faulty_tables;
    ops.state = faulty_state;
    engine->ops = &ops;
    engine->open_ops = &ops;
}
