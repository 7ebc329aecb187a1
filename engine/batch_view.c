#include "engine/batch.h"
#include "engine/events.h"
#include "format/batch_repr.h"
#include "util/fail.h"

void varve__batch_view_init(varve__batch_view *view)
{
    varve__index_init(&view->events);
    varve__cover_init(&view->cleared);
    view->offset = 0;
    view->records = 0;
    view->taken_back = 0;
}

void varve__batch_view_release(varve__batch_view *view)
{
    varve__index_release(&view->events);
    varve__cover_release(&view->cleared);
    varve__batch_view_init(view);
}

void varve__batch_view_reset(varve__batch_view *view)
{
    varve__index_reset(&view->events);
    varve__cover_reset(&view->cleared);
    view->offset = 0;
    view->records = 0;
    view->taken_back = 0;
}

static bool add_event(varve__batch_view *view, varve_slice repr, const varve_record *record,
                      uint64_t order)
{
    uint64_t datum = 0;
    if (record->type != VARVE_RECORD_CLEAR)
        datum = (uint64_t)(record->value.data - repr.data);
    return varve__index_insert(&view->events, record->key, order, (uint32_t)record->type, datum,
                               record->value.size) != NULL;
}

/* What it hides is taken out: whatever the index shows is younger than the cleared ranges. */
static bool clear_range(varve__batch_view *view, varve_slice start, varve_slice end)
{
    if (!varve__cover_paint(&view->cleared, start, end))
        return false;
    varve__index_cut(&view->events, start, end);
    return true;
}

static varve_status take_in(varve__batch_view *view, varve_slice repr, const varve_record *record,
                            varve_error *err)
{
    uint64_t order = (uint64_t)view->records + 1;
    bool done = true;
    switch (record->type) {
    case VARVE_RECORD_PUT:
    case VARVE_RECORD_CLEAR:
    case VARVE_RECORD_MERGE:
        done = add_event(view, repr, record, order);
        break;
    case VARVE_RECORD_CLEAR_RANGE:
        done = clear_range(view, record->key, record->value);
        break;
    case VARVE_RECORD_LOG:
        break;
    case VARVE_RECORD_SINGLE_CLEAR:
        return varve__fail(err, VARVE_INTERNAL, "a single clear reached a batch");
    }
    return done ? VARVE_OK : varve__fail_no_memory(err, record->key.size);
}

varve_status varve__batch_view_catch_up(varve__batch_view *view, varve_slice repr, varve_error *err)
{
    varve_record record;
    varve_status status = VARVE_OK;
    size_t offset = view->offset > 0 ? view->offset : VARVE_BATCH_HEADER_SIZE;
    while (status == VARVE_OK && offset < repr.size) {
        offset = varve__repr_take(repr, offset, &record);
        status = take_in(view, repr, &record, err);
        if (status == VARVE_OK) {
            view->offset = offset;
            view->records += record.type != VARVE_RECORD_LOG;
        }
    }
    return status;
}

/* Whether that was an event which the index has; what a range clear has taken out is not known. */
static bool take_back(varve__batch_view *view, const varve_record *record, uint64_t order)
{
    if (record->type == VARVE_RECORD_LOG)
        return true;
    view->taken_back++;
    return record->type != VARVE_RECORD_CLEAR_RANGE &&
           varve__index_remove(&view->events, record->key, order);
}

/*
 * A few events are taken out one by one.  If they are not few, or a range clear is among them, or
 * the index has come to hold more that is of no use, the view starts over.
 */
void varve__batch_view_take_back(varve__batch_view *view, varve_slice repr, size_t size,
                                 uint32_t count)
{
    varve_record record;
    if (view->offset <= size)
        return;
    bool is_sound = view->records - count + view->taken_back <= count;
    uint64_t order = (uint64_t)count + 1;
    for (size_t at = size; is_sound && at < view->offset;) {
        at = varve__repr_take(repr, at, &record);
        is_sound = take_back(view, &record, order);
        order += record.type != VARVE_RECORD_LOG;
    }
    if (!is_sound) {
        varve__batch_view_reset(view);
        return;
    }
    view->offset = size;
    view->records = count;
}

static varve__batch_answer ask_cover(const varve__batch_view *view, varve_slice key,
                                     const varve__interval **hint)
{
    if (view->cleared.count == 0 || varve__cover_find(&view->cleared, hint, key) == NULL)
        return VARVE__BATCH_UNTOUCHED;
    return VARVE__BATCH_CLEARED;
}

varve__batch_finding varve__batch_view_finding(const varve__batch_view *view,
                                               const varve__index_entry *event,
                                               const varve__interval **hint)
{
    varve_slice key = event->key;
    varve__batch_finding found = {.answer = VARVE__BATCH_CLEARED};
    if (event->kind == VARVE_RECORD_MERGE)
        found.merge = event;
    while (event != NULL && event->kind == VARVE_RECORD_MERGE &&
           varve_slice_equal(event->key, key)) {
        found.merges++;
        event = varve__index_next(event);
    }
    if (event == NULL || !varve_slice_equal(event->key, key)) {
        found.answer = ask_cover(view, key, hint);
    } else if (event->kind == VARVE_RECORD_PUT) {
        found.answer = VARVE__BATCH_PUT;
        found.put = event;
    }
    return found;
}

varve__batch_finding varve__batch_view_find(const varve__batch_view *view, varve_slice key,
                                            const varve__interval **hint)
{
    const varve__index_entry *event = varve__events_find(&view->events, key, VARVE__EVENT_NEWEST);
    if (event == NULL)
        return (varve__batch_finding){.answer = ask_cover(view, key, hint)};
    return varve__batch_view_finding(view, event, hint);
}
