#include "engine/mem/mem.h"

#include "engine/events.h"
#include "format/batch_repr.h"
#include "util/fail.h"

static varve_status add(varve__store *store, varve_slice key, enum varve__mem_kind kind,
                        varve_slice value, varve_error *err)
{
    void *copy = NULL;
    if (value.size > 0) {
        copy = varve__arena_alloc(&store->values, value.size);
        if (copy == NULL)
            return varve__fail_no_memory(err, value.size);
        memcpy(copy, value.data, value.size);
    }
    uint64_t order = store->used + 1;
    if (varve__index_insert(&store->events, key, order, kind, (uintptr_t)copy, value.size) == NULL)
        return varve__fail_no_memory(err, key.size);
    store->used = order;
    return VARVE_OK;
}

static varve_status clear_range(varve__store *store, varve_slice start, varve_slice end,
                                varve_error *err)
{
    const varve_slice nothing = varve_slice_of(NULL, 0);
    const varve__index_entry *event = varve__events_first_ge(&store->events, start);
    while (event != NULL && varve_slice_compare(event->key, end) < 0) {
        if (varve__mem_visible(store, event->key, VARVE__EVENT_NEWEST) != NULL) {
            varve_status status = add(store, event->key, VARVE__MEM_CLEAR, nothing, err);
            if (status != VARVE_OK)
                return status;
        }
        event = varve__events_next_key(&store->events, event);
    }
    return VARVE_OK;
}

static varve_status apply_record(varve__store *store, const varve_record *record, varve_error *err)
{
    switch (record->type) {
    case VARVE_RECORD_PUT:
        return add(store, record->key, VARVE__MEM_PUT, record->value, err);
    case VARVE_RECORD_CLEAR:
        return add(store, record->key, VARVE__MEM_CLEAR, record->value, err);
    case VARVE_RECORD_CLEAR_RANGE:
        return clear_range(store, record->key, record->value, err);
    case VARVE_RECORD_MERGE:
        return add(store, record->key, VARVE__MEM_MERGE, record->value, err);
    case VARVE_RECORD_LOG:
        return VARVE_OK;
    case VARVE_RECORD_SINGLE_CLEAR:
        break;
    }
    return varve__fail(err, VARVE_INTERNAL, "record type %d reached the store", (int)record->type);
}

/*
 * What a failed commit has added keeps its numbers, which the next commit passes by; it must not be
 * found under them.  Looking at every event is slow, but so rare that nothing faster is worth it.
 */
static void take_back(varve__store *store)
{
    varve__index_entry *event = store->events.head[0];
    for (; event != NULL; event = varve__index_next(event)) {
        if (event->order > store->sequence)
            event->kind = VARVE__MEM_VOID;
    }
}

varve_status varve__mem_apply(varve__store *store, varve_slice repr, bool sync, varve_error *err)
{
    (void)sync;
    varve__repr_reader reader;
    varve_record record;
    varve_status status = varve__repr_reader_init(&reader, repr, 0, err);
    if (status != VARVE_OK)
        return status;
    varve__fair_lock_write(&store->lock);
    while (status == VARVE_OK) {
        status = varve__repr_reader_next(&reader, &record, err);
        if (status == VARVE_OK)
            status = apply_record(store, &record, err);
    }
    if (status == VARVE_NOT_FOUND) {
        store->sequence = store->used;
        status = VARVE_OK;
    } else {
        take_back(store);
    }
    varve__fair_unlock_write(&store->lock);
    return status;
}
