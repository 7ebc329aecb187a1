/*
 * The operations of a store that is closed inside, because opening it again has failed: all fail
 * with the reason of that.  Nothing is open in it that would have to be moved or closed.
 */
#include "engine/rocksdb/health.h"
#include "util/fail.h"

static varve_status fail(const varve__store *store, varve_error *err)
{
    return varve__fail(err, store->closed_by.status, "the store could not be reopened: %s",
                       store->closed_by.message);
}

static varve_status get(varve__store *store, varve__store_snapshot *snapshot, varve_slice key,
                        varve_buf *value, varve_error *err)
{
    (void)snapshot, (void)key, (void)value;
    return fail(store, err);
}

static varve_status iter_open(varve__store *store, varve__store_snapshot *snapshot,
                              const varve_iter_options *options, varve_iter **out, varve_error *err)
{
    (void)snapshot, (void)options, (void)out;
    return fail(store, err);
}

static varve_status apply(varve__store *store, varve_slice repr, bool sync, varve_error *err)
{
    (void)repr, (void)sync;
    return fail(store, err);
}

static varve_status snapshot_open(varve__store *store, varve__store_snapshot **out,
                                  varve_error *err)
{
    (void)out;
    return fail(store, err);
}

/* Syncing, flushing and compacting, and catching up. */
static varve_status operate(varve__store *store, varve_error *err)
{
    return fail(store, err);
}

static varve_status compact_range(varve__store *store, const struct varve_compact_options *options,
                                  varve_error *err)
{
    (void)options;
    return fail(store, err);
}

static varve_status approximate_bytes(varve__store *store, varve_slice start, varve_slice end,
                                      uint64_t *bytes, varve_error *err)
{
    (void)start, (void)end, (void)bytes;
    return fail(store, err);
}

static varve_status stats(varve__store *store, struct varve_engine_stats *out, varve_error *err)
{
    (void)out;
    return fail(store, err);
}

static varve_status stall(varve__store *store, struct varve_engine_stall *out, varve_error *err)
{
    (void)out;
    return fail(store, err);
}

static varve_status memory(varve__store *store, struct varve_engine_memory *out, varve_error *err)
{
    (void)out;
    return fail(store, err);
}

static varve_status ingest(varve__store *store, const char *const *paths, size_t count, bool move,
                           varve_error *err)
{
    (void)paths, (void)count, (void)move;
    return fail(store, err);
}

static varve_status checkpoint(varve__store *store, const char *path, varve_error *err)
{
    (void)path;
    return fail(store, err);
}

static uint64_t sequence(varve__store *store)
{
    (void)store;
    return 0;
}

static varve_status wal_open(varve__store *store, uint64_t since, varve__store_wal **out,
                             varve_error *err)
{
    (void)since, (void)out;
    return fail(store, err);
}

static varve_status info(varve__store *store, varve_engine_info *out, varve_error *err)
{
    (void)out;
    return fail(store, err);
}

static varve_status tables(varve__store *store, varve_table_fn each, void *arg, varve_error *err)
{
    (void)each, (void)arg;
    return fail(store, err);
}

const varve__backend_ops varve__rocksdb_closed = {
    .name = "rocksdb",
    .close = varve__rocksdb_close,
    .get = get,
    .iter_open = iter_open,
    .apply = apply,
    .snapshot_open = snapshot_open,
    .sync = operate,
    .flush = operate,
    .compact = operate,
    .compact_range = compact_range,
    .approximate_bytes = approximate_bytes,
    .stats = stats,
    .stall = stall,
    .memory = memory,
    .ingest = ingest,
    .checkpoint = checkpoint,
    .catch_up = operate,
    .caught_up = varve__rocksdb_caught_up,
    .sequence = sequence,
    .wal_open = wal_open,
    .state = varve__rocksdb_state,
    .reopen = varve__rocksdb_reopen,
    .info = info,
    .tables = tables,
};
