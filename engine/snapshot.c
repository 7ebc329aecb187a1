#include "engine/snapshot.h"

#include "util/alloc.h"
#include "util/fail.h"

void varve__snapshot_hold(varve_snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->users, 1);
}

/* The last frees the snapshot, and the engine is the last to hear of it. */
void varve__snapshot_let_go(varve_snapshot *snapshot)
{
    if (atomic_fetch_sub(&snapshot->users, 1) > 1)
        return;
    varve_engine *engine = snapshot->engine;
    varve__pool_clear_snapshots(&engine->pool);
    engine->ops->snapshot_close(engine->store, snapshot->state);
    varve__free(snapshot);
    atomic_fetch_sub(&engine->snapshots, 1);
}

static varve_status snapshot_get(varve_reader *reader, varve_slice engine_key, varve_buf *value,
                                 varve_error *err)
{
    varve_snapshot *snapshot = VARVE__CONTAINER_OF(reader, varve_snapshot, reader);
    return varve__engine_get(snapshot->engine, snapshot, engine_key, value, err);
}

static varve_status snapshot_iter_open(varve_reader *reader, const varve_iter_options *options,
                                       varve_slice prefix, varve_iter **out, varve_error *err)
{
    varve_snapshot *snapshot = VARVE__CONTAINER_OF(reader, varve_snapshot, reader);
    varve_status status =
        varve__engine_iter_open(snapshot->engine, snapshot, options, prefix, out, err);
    if (status != VARVE_OK)
        return status;
    varve__iter_of(*out)->owner = &snapshot->iter_owner;
    varve__snapshot_hold(snapshot);
    return VARVE_OK;
}

static void snapshot_iter_close(varve__iter_owner *owner, varve__iter *it)
{
    varve_snapshot *snapshot = VARVE__CONTAINER_OF(owner, varve_snapshot, iter_owner);
    varve__engine_iter_close(snapshot->engine, it);
    /* While the snapshot counts as open, so does the engine. */
    varve__tally_subtract(&snapshot->engine->iterators);
    varve__snapshot_let_go(snapshot);
}

static const varve__reader_ops snapshot_reader_ops = {snapshot_get, snapshot_iter_open};

varve_status varve_snapshot_open(varve_engine *engine, varve_snapshot **out, varve_error *err)
{
    *out = NULL;
    varve_snapshot *snapshot = varve__calloc(1, sizeof *snapshot);
    if (snapshot == NULL)
        return varve__fail_no_memory(err, sizeof *snapshot);
    varve_status status = varve__engine_snapshot(engine, &snapshot->state, err);
    if (status != VARVE_OK) {
        varve__free(snapshot);
        return status;
    }
    snapshot->reader.ops = &snapshot_reader_ops;
    snapshot->iter_owner = (varve__iter_owner){engine, snapshot_iter_close};
    snapshot->engine = engine;
    snapshot->number = atomic_fetch_add(&engine->snapshots_made, 1) + 1;
    atomic_init(&snapshot->users, 1);
    *out = snapshot;
    return VARVE_OK;
}

void varve_snapshot_close(varve_snapshot *snapshot)
{
    if (snapshot != NULL)
        varve__snapshot_let_go(snapshot);
}

varve_reader *varve_snapshot_reader(varve_snapshot *snapshot)
{
    return &snapshot->reader;
}
