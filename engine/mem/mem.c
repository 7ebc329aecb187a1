#include "engine/mem/mem.h"

#include "engine/events.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

static varve_status mem_open(const varve_options *options, varve__store **out, varve_error *err)
{
    (void)options;
    varve__store *store = varve__calloc(1, sizeof *store);
    if (store == NULL)
        return varve__fail_no_memory(err, sizeof *store);
    varve__fair_lock_init(&store->lock);
    varve__index_init(&store->events);
    *out = store;
    return VARVE_OK;
}

static void mem_close(varve__store *store)
{
    varve__index_release(&store->events);
    varve__arena_release(&store->values);
    varve__fair_lock_destroy(&store->lock);
    varve__free(store);
}

const varve__index_entry *varve__mem_visible(const varve__store *store, varve_slice key,
                                             uint64_t sequence)
{
    const varve__index_entry *event = varve__events_find(&store->events, key, sequence);
    while (event != NULL && event->kind == VARVE__MEM_VOID) {
        event = varve__index_next(event);
        if (event != NULL && !varve_slice_equal(event->key, key))
            return NULL;
    }
    return event == NULL || event->kind == VARVE__MEM_CLEAR ? NULL : event;
}

/*
 * What a state has under a key: VARVE_OK with a put, or with a merge whose operands have been
 * gathered.
 */
static varve_status find(varve__store *store, const varve__store_snapshot *snapshot,
                         varve_slice key, const varve__index_entry **event,
                         varve__mem_operands *operands, varve_error *err)
{
    varve__fair_lock_read(&store->lock);
    uint64_t sequence = snapshot != NULL ? snapshot->sequence : store->sequence;
    varve_status status = VARVE_OK;
    *event = varve__mem_visible(store, key, sequence);
    if (*event == NULL)
        status = VARVE_NOT_FOUND;
    else if ((*event)->kind == VARVE__MEM_MERGE)
        status = varve__mem_gather(*event, operands, err);
    varve__fair_unlock_read(&store->lock);
    return status;
}

static varve_status mem_get(varve__store *store, varve__store_snapshot *snapshot, varve_slice key,
                            varve_buf *value, varve_error *err)
{
    const varve__index_entry *event;
    varve__mem_operands operands = {.operands = NULL};
    value->size = 0;
    varve_status status = find(store, snapshot, key, &event, &operands, err);
    if (status == VARVE_OK)
        status = event->kind == VARVE__MEM_MERGE
                     ? varve__mem_merge(&operands, value, err)
                     : varve__buf_assign(value, varve__mem_value(event), err);
    varve__mem_operands_release(&operands);
    return status;
}

static varve_status mem_snapshot_open(varve__store *store, varve__store_snapshot **out,
                                      varve_error *err)
{
    varve__store_snapshot *snapshot = varve__malloc(sizeof *snapshot);
    if (snapshot == NULL)
        return varve__fail_no_memory(err, sizeof *snapshot);
    varve__fair_lock_read(&store->lock);
    snapshot->sequence = store->sequence;
    varve__fair_unlock_read(&store->lock);
    *out = snapshot;
    return VARVE_OK;
}

static void mem_snapshot_close(varve__store *store, varve__store_snapshot *snapshot)
{
    (void)store;
    varve__free(snapshot);
}

/* There is no log and no table: everything stands where it is going to. */
static varve_status do_nothing(varve__store *store, varve_error *err)
{
    (void)store;
    (void)err;
    return VARVE_OK;
}

static uint64_t count_keys(const varve__store *store)
{
    uint64_t keys = 0;
    const varve__index_entry *event = varve__events_first_ge(&store->events, varve_slice_of("", 0));
    for (; event != NULL; event = varve__events_next_key(&store->events, event))
        keys += varve__mem_visible(store, event->key, store->sequence) != NULL;
    return keys;
}

static varve_status mem_info(varve__store *store, varve_engine_info *info, varve_error *err)
{
    (void)err;
    varve__fair_lock_read(&store->lock);
    info->sequence = store->sequence;
    info->estimated_keys = count_keys(store);
    info->memtable_bytes = store->events.arena.total + store->values.total;
    varve__fair_unlock_read(&store->lock);
    return VARVE_OK;
}

static varve_status mem_tables(varve__store *store, varve_table_fn each, void *arg,
                               varve_error *err)
{
    (void)store;
    (void)each;
    (void)arg;
    (void)err;
    return VARVE_OK;
}

static uint64_t mem_sequence(varve__store *store)
{
    varve__fair_lock_read(&store->lock);
    uint64_t sequence = store->sequence;
    varve__fair_unlock_read(&store->lock);
    return sequence;
}

const varve__backend_ops varve__backend_mem = {
    .name = "mem",
    .open = mem_open,
    .close = mem_close,
    .get = mem_get,
    .iter_open = varve__mem_iter_open,
    .apply = varve__mem_apply,
    .snapshot_open = mem_snapshot_open,
    .snapshot_close = mem_snapshot_close,
    .sync = do_nothing,
    .flush = do_nothing,
    .compact = do_nothing,
    .sequence = mem_sequence,
    .compact_range = varve__mem_compact_range,
    .approximate_bytes = varve__mem_approximate_bytes,
    .stats = varve__mem_stats,
    .stall = varve__mem_stall,
    .memory = varve__mem_memory,
    .info = mem_info,
    .tables = mem_tables,
};
