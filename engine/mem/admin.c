/*
 * What the memory map backend tells of itself, and the operations that have nothing to do in it.
 */
#include <varve/admin.h>

#include "engine/events.h"
#include "engine/mem/mem.h"

varve_status varve__mem_compact_range(varve__store *store, const varve_compact_options *options,
                                      varve_error *err)
{
    (void)store, (void)options, (void)err;
    return VARVE_OK;
}

varve_status varve__mem_approximate_bytes(varve__store *store, varve_slice start, varve_slice end,
                                          uint64_t *bytes, varve_error *err)
{
    (void)err;
    varve__fair_lock_read(&store->lock);
    const varve__index_entry *event = varve__events_first_ge(&store->events, start);
    while (event != NULL && (end.size == 0 || varve_slice_compare(event->key, end) < 0)) {
        const varve__index_entry *put = varve__mem_visible(store, event->key, store->sequence);
        if (put != NULL)
            *bytes += put->key.size + put->size;
        event = varve__events_next_key(&store->events, event);
    }
    varve__fair_unlock_read(&store->lock);
    return VARVE_OK;
}

static uint64_t bytes_of(varve__store *store)
{
    varve__fair_lock_read(&store->lock);
    uint64_t bytes = store->events.arena.total + store->values.total;
    varve__fair_unlock_read(&store->lock);
    return bytes;
}

varve_status varve__mem_stats(varve__store *store, varve_engine_stats *stats, varve_error *err)
{
    (void)err;
    stats->memtable_total_size = (int64_t)bytes_of(store);
    return VARVE_OK;
}

varve_status varve__mem_stall(varve__store *store, varve_engine_stall *stall, varve_error *err)
{
    (void)store, (void)stall, (void)err;
    return VARVE_OK;
}

varve_status varve__mem_memory(varve__store *store, varve_engine_memory *memory, varve_error *err)
{
    (void)err;
    memory->memtables = bytes_of(store);
    return VARVE_OK;
}
