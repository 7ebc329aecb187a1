#include "engine/events.h"
#include "engine/mem/mem.h"
#include "util/alloc.h"
#include "util/fail.h"

struct mem_iter {
    varve__iter base;
    varve__store *store;
    uint64_t sequence;               /* the state it shows */
    const varve__index_entry *event; /* the put or merge it stands on */
    varve__mem_operands operands;    /* of a merge */
    varve_buf merged;                /* its value */
};

static struct mem_iter *iter_of(varve_iter *head)
{
    return (struct mem_iter *)head;
}

static bool is_below(varve_slice key, varve_slice bound)
{
    return varve_slice_compare(key, bound) < 0;
}

/* Every movement happens under the store's lock, but for making the value of a merge. */
static void begin_movement(struct mem_iter *it)
{
    varve__fair_lock_read(&it->store->lock);
}

static void end_movement(struct mem_iter *it)
{
    bool is_merge = it->base.head.valid && it->event->kind == VARVE__MEM_MERGE;
    varve_error failure = VARVE_ERROR_INIT;
    varve_status status = VARVE_OK;
    if (is_merge)
        status = varve__mem_gather(it->event, &it->operands, &failure);
    varve__fair_unlock_read(&it->store->lock);
    if (is_merge && status == VARVE_OK)
        status = varve__mem_merge(&it->operands, &it->merged, &failure);
    if (status != VARVE_OK)
        (void)varve__error_copy(&failure, varve__iter_failed(&it->base));
    varve_error_release(&failure);
}

/* Stand on `event`'s key if the state has it. */
static bool stand_on(struct mem_iter *it, const varve__index_entry *event)
{
    it->event = varve__mem_visible(it->store, event->key, it->sequence);
    if (it->event == NULL)
        return false;
    varve__iter_found(&it->base, it->event->key);
    return true;
}

/* Stand on the first key at or behind that of `event`. */
static void show_forward(struct mem_iter *it, const varve__index_entry *event)
{
    varve_slice upper = it->base.open_upper;
    while (event != NULL && (upper.size == 0 || is_below(event->key, upper))) {
        if (stand_on(it, event))
            return;
        event = varve__events_next_key(&it->store->events, event);
    }
    varve__iter_exhausted(&it->base);
}

/* Stand on the last key at or before that of `event`. */
static void show_backward(struct mem_iter *it, const varve__index_entry *event)
{
    while (event != NULL && !is_below(event->key, it->base.open_lower)) {
        if (stand_on(it, event))
            return;
        event = varve__events_last_lt(&it->store->events, event->key);
    }
    varve__iter_exhausted(&it->base);
}

static void seek_ge(varve_iter *head, varve_slice key)
{
    struct mem_iter *it = iter_of(head);
    varve__iter_restart(&it->base);
    if (is_below(key, it->base.open_lower))
        key = it->base.open_lower;
    begin_movement(it);
    show_forward(it, varve__events_first_ge(&it->store->events, key));
    end_movement(it);
}

static const varve__index_entry *last_event_le(const struct mem_iter *it, varve_slice key)
{
    const varve__index *events = &it->store->events;
    varve_slice upper = it->base.open_upper;
    if (upper.size > 0 && (key.size == 0 || !is_below(key, upper)))
        return varve__events_last_lt(events, upper);
    if (key.size == 0)
        return varve__events_last(events);
    const varve__index_entry *event = varve__events_find(events, key, VARVE__EVENT_NEWEST);
    return event != NULL ? event : varve__events_last_lt(events, key);
}

static void seek_le(varve_iter *head, varve_slice key)
{
    struct mem_iter *it = iter_of(head);
    varve__iter_restart(&it->base);
    begin_movement(it);
    show_backward(it, last_event_le(it, key));
    end_movement(it);
}

static void next(varve_iter *head)
{
    struct mem_iter *it = iter_of(head);
    begin_movement(it);
    show_forward(it, varve__events_next_key(&it->store->events, it->event));
    end_movement(it);
}

static void prev(varve_iter *head)
{
    struct mem_iter *it = iter_of(head);
    begin_movement(it);
    show_backward(it, varve__events_last_lt(&it->store->events, it->event->key));
    end_movement(it);
}

static varve_slice value(const varve_iter *head)
{
    const struct mem_iter *it = (const struct mem_iter *)head;
    return it->event->kind == VARVE__MEM_MERGE ? varve_buf_slice(&it->merged)
                                               : varve__mem_value(it->event);
}

static void close_iter(varve_iter *head)
{
    struct mem_iter *it = iter_of(head);
    varve__mem_operands_release(&it->operands);
    varve_buf_release(&it->merged);
    varve__iter_release(&it->base);
    varve__free(it);
}

static const varve_iter_ops mem_iter_ops = {
    .seek_ge = seek_ge,
    .seek_le = seek_le,
    .next = next,
    .prev = prev,
    .value = value,
    .close = close_iter,
};

varve_status varve__mem_iter_open(varve__store *store, varve__store_snapshot *snapshot,
                                  const varve_iter_options *options, varve_iter **out,
                                  varve_error *err)
{
    struct mem_iter *it = varve__calloc(1, sizeof *it);
    if (it == NULL)
        return varve__fail_no_memory(err, sizeof *it);
    varve_status status = varve__iter_init(&it->base, &mem_iter_ops, options, err);
    if (status != VARVE_OK) {
        varve__free(it);
        return status;
    }
    it->store = store;
    varve__fair_lock_read(&store->lock);
    it->sequence = snapshot != NULL ? snapshot->sequence : store->sequence;
    varve__fair_unlock_read(&store->lock);
    *out = &it->base.head;
    return VARVE_OK;
}
