/*
 * The iterator of a batch: what the engine has, under what the batch has done to it.
 *
 * Two cursors run side by side.  `below` walks over the engine; it is never behind, in the
 * direction of the walk, the key that is shown.  `event` is the newest event of a key of the batch,
 * and is never behind that key either.  Of the two the nearer one decides; at the same key the
 * batch does. What they show and the batch has cleared is passed over, the engine's part by a seek
 * to the end of the cleared interval.
 *
 * What is hidden once stays hidden, and a record of the batch is never taken back.  So a write that
 * is made while the iterator is open never asks `below` to turn back, and `event` has only to be
 * looked up again at the key shown.
 */
#include "engine/batch.h"

#include "engine/events.h"
#include "util/alloc.h"
#include "util/fail.h"

struct overlay {
    varve__iter base;
    varve_batch *batch;
    uint64_t user; /* of the batch, who has opened it */
    varve__iter *below;
    const varve__index_entry *event; /* NULL when there is none within the bounds */
    const varve__interval *hint;     /* of the cleared intervals */
    bool backward;                   /* the direction of the cursors */
    bool below_here;                 /* `below` stands on the key shown */
    bool event_here;                 /* `event` stands there; a landing shows its value then */
    varve_buf merged;                /* that value, if the event is a merge */
};

static struct overlay *overlay_of(varve_iter *head)
{
    return (struct overlay *)head;
}

static const varve__interval *cleared_at(struct overlay *it, varve_slice key)
{
    const varve__cover *cleared = &it->batch->view.cleared;
    return cleared->count == 0 ? NULL : varve__cover_find(cleared, &it->hint, key);
}

/* ---- The cursor over the engine ------------------------------------------------------------- */

/* These pass by the guard in front of `below`: the overlay has one of its own. */

static void below_next(struct overlay *it)
{
    it->below->ops->next(&it->below->head);
}

static void below_prev(struct overlay *it)
{
    it->below->ops->prev(&it->below->head);
}

static void below_seek_ge(struct overlay *it, varve_slice key)
{
    it->below->ops->seek_ge(&it->below->head, key);
}

static void below_seek_le(struct overlay *it, varve_slice key)
{
    it->below->ops->seek_le(&it->below->head, key);
}

/* Whether `below` has failed; the overlay then fails with it. */
static bool below_failed(struct overlay *it)
{
    if (it->below->error.status == VARVE_OK)
        return false;
    (void)varve__error_copy(&it->below->error, varve__iter_failed(&it->base));
    return true;
}

/* Whether nothing that is to be shown lies below `key`. */
static bool is_before_start(const struct overlay *it, varve_slice key)
{
    return varve_slice_compare(key, it->base.lower) <= 0;
}

/* Go on behind `interval`, which `below` stands in. */
static void leave_cleared_forward(struct overlay *it, const varve__interval *interval)
{
    if (varve__iter_is_behind_end(&it->base, interval->end))
        varve__iter_exhausted(it->below);
    else
        below_seek_ge(it, interval->end);
}

static void leave_cleared_backward(struct overlay *it, const varve__interval *interval)
{
    varve_slice start = interval->start;
    if (is_before_start(it, start)) {
        varve__iter_exhausted(it->below);
        return;
    }
    below_seek_le(it, start);
    if (it->below->head.valid && varve_slice_equal(it->below->head.key, start))
        below_prev(it);
}

/* ---- The cursor over the batch -------------------------------------------------------------- */

/*
 * It ends at the bounds in force and with the user key of a prefix iterator, although the guard
 * would stop there too: events that show nothing are passed over one by one, and outside there may
 * be many.
 */
static void set_event_forward(struct overlay *it, const varve__index_entry *event)
{
    bool beyond = event != NULL && varve__iter_is_behind_end(&it->base, event->key);
    it->event = beyond ? NULL : event;
}

static void set_event_backward(struct overlay *it, const varve__index_entry *event)
{
    varve_slice lower = it->base.lower;
    bool beyond = event != NULL && varve_slice_compare(event->key, lower) < 0;
    it->event = beyond ? NULL : event;
}

static void event_next(struct overlay *it)
{
    set_event_forward(it, varve__events_next_key(&it->batch->view.events, it->event));
}

static void event_prev(struct overlay *it)
{
    set_event_backward(it, varve__events_last_lt(&it->batch->view.events, it->event->key));
}

static void event_seek_ge(struct overlay *it, varve_slice key)
{
    set_event_forward(it, varve__events_first_ge(&it->batch->view.events, key));
}

static void event_seek_le(struct overlay *it, varve_slice key)
{
    const varve__index *events = &it->batch->view.events;
    const varve__index_entry *event = varve__events_find(events, key, VARVE__EVENT_NEWEST);
    set_event_backward(it, event != NULL ? event : varve__events_last_lt(events, key));
}

/* To the last key of all, as far as the bounds allow. */
static void event_seek_last(struct overlay *it)
{
    const varve__index *events = &it->batch->view.events;
    varve_slice upper = it->base.upper;
    set_event_backward(it, upper.size > 0 ? varve__events_last_lt(events, upper)
                                          : varve__events_last(events));
}

/* ---- What is shown -------------------------------------------------------------------------- */

static void show_below(struct overlay *it)
{
    it->below_here = true;
    it->event_here = false;
    varve__iter_found(&it->base, it->below->head.key);
}

/*
 * A value cannot fail, so that a merged one is made with the movement.  Where `below` is not on the
 * key, the engine does not have it, or has it in a cleared interval, which the finding tells.
 */
static bool merge_event(struct overlay *it, bool below_here)
{
    varve_slice stored = varve_slice_of(NULL, 0);
    varve_error err = VARVE_ERROR_INIT;
    varve__batch_finding found = varve__batch_view_finding(&it->batch->view, it->event, &it->hint);
    if (below_here)
        stored = it->below->ops->value(&it->below->head);
    if (varve__batch_merge(it->batch, &found, below_here ? &stored : NULL, &it->merged, &err) ==
        VARVE_OK)
        return true;
    (void)varve__error_copy(&err, varve__iter_failed(&it->base));
    varve_error_release(&err);
    return false;
}

static void show_event(struct overlay *it, bool below_here)
{
    if (it->event->kind == VARVE_RECORD_MERGE && !merge_event(it, below_here))
        return;
    it->below_here = below_here;
    it->event_here = true;
    varve__iter_found(&it->base, it->event->key);
}

/* Stand on the first visible key at or behind the cursors. */
static void show_forward(struct overlay *it)
{
    const varve_iter *below = &it->below->head;
    for (;;) {
        if (!below->valid && below_failed(it))
            return;
        if (!below->valid && it->event == NULL) {
            varve__iter_exhausted(&it->base);
            return;
        }
        int order = -1;
        if (it->event != NULL)
            order = below->valid ? varve_slice_compare(below->key, it->event->key) : 1;
        if (order < 0) {
            const varve__interval *cleared = cleared_at(it, below->key);
            if (cleared == NULL) {
                show_below(it);
                return;
            }
            leave_cleared_forward(it, cleared);
        } else if (it->event->kind != VARVE_RECORD_CLEAR) {
            show_event(it, order == 0);
            return;
        } else {
            if (order == 0)
                below_next(it);
            event_next(it);
        }
    }
}

/* Stand on the last visible key at or before the cursors. */
static void show_backward(struct overlay *it)
{
    const varve_iter *below = &it->below->head;
    for (;;) {
        if (!below->valid && below_failed(it))
            return;
        if (!below->valid && it->event == NULL) {
            varve__iter_exhausted(&it->base);
            return;
        }
        int order = 1;
        if (it->event != NULL)
            order = below->valid ? varve_slice_compare(below->key, it->event->key) : -1;
        if (order > 0) {
            const varve__interval *cleared = cleared_at(it, below->key);
            if (cleared == NULL) {
                show_below(it);
                return;
            }
            leave_cleared_backward(it, cleared);
        } else if (it->event->kind != VARVE_RECORD_CLEAR) {
            show_event(it, order == 0);
            return;
        } else {
            if (order == 0)
                below_prev(it);
            event_prev(it);
        }
    }
}

/* ---- Movements ------------------------------------------------------------------------------ */

/* Take in what has happened to the batch.  False if the iterator has failed over it. */
static bool follow_batch(struct overlay *it)
{
    varve_batch *batch = it->batch;
    varve_error err = VARVE_ERROR_INIT;
    varve_status status = varve__batch_check(batch, it->user, &err);
    if (status == VARVE_OK)
        status = varve__batch_catch_up(batch, &err);
    if (status != VARVE_OK) {
        (void)varve__error_copy(&err, varve__iter_failed(&it->base));
        varve_error_release(&err);
        return false;
    }
    it->hint = NULL;
    it->base.version = batch->version;
    return true;
}

static bool begin_seek(struct overlay *it, bool backward)
{
    varve__iter_restart(&it->base);
    it->backward = backward;
    return !varve__iter_is_outdated(&it->base) || follow_batch(it);
}

static void seek_ge(varve_iter *head, varve_slice key)
{
    struct overlay *it = overlay_of(head);
    varve_slice lower = it->base.lower;
    if (!begin_seek(it, false))
        return;
    if (varve_slice_compare(key, lower) < 0)
        key = lower;
    event_seek_ge(it, key);
    below_seek_ge(it, key);
    show_forward(it);
}

static void seek_le(varve_iter *head, varve_slice key)
{
    struct overlay *it = overlay_of(head);
    varve_slice upper = it->base.upper;
    if (!begin_seek(it, true))
        return;
    if (key.size == 0 || (upper.size > 0 && varve_slice_compare(key, upper) >= 0))
        event_seek_last(it);
    else
        event_seek_le(it, key);
    below_seek_le(it, key);
    show_backward(it);
}

/*
 * Look `event` up again, at the key shown: the batch has got new ones, or the direction changes.
 * The key stays good: it is that of an event, which never moves, or of `below`, which does not now.
 */
static void find_event_here(struct overlay *it)
{
    varve_slice key = it->base.head.key;
    if (it->backward)
        event_seek_le(it, key);
    else
        event_seek_ge(it, key);
    it->event_here = it->event != NULL && varve_slice_equal(it->event->key, key);
}

/*
 * Let both cursors look the other way, from the key shown.  If `below` does not stand on it, the
 * engine does not have it, or has it in a cleared interval, which it is led out of like any other.
 */
static void turn(struct overlay *it, bool backward)
{
    varve_slice key = it->base.head.key;
    it->backward = backward;
    find_event_here(it);
    if (it->below_here)
        return;
    if (backward)
        below_seek_le(it, key);
    else
        below_seek_ge(it, key);
}

/* What comes before a step in either direction.  False if the iterator has failed. */
static bool begin_step(struct overlay *it, bool backward)
{
    bool is_behind = varve__iter_is_outdated(&it->base);
    if (is_behind && !follow_batch(it))
        return false;
    if (it->backward != backward)
        turn(it, backward);
    else if (is_behind)
        find_event_here(it);
    return true;
}

static void next(varve_iter *head)
{
    struct overlay *it = overlay_of(head);
    if (!begin_step(it, false))
        return;
    if (it->below_here)
        below_next(it);
    if (it->event_here)
        event_next(it);
    show_forward(it);
}

static void prev(varve_iter *head)
{
    struct overlay *it = overlay_of(head);
    if (!begin_step(it, true))
        return;
    if (it->below_here)
        below_prev(it);
    if (it->event_here)
        event_prev(it);
    show_backward(it);
}

static varve_slice value(const varve_iter *head)
{
    const struct overlay *it = (const struct overlay *)head;
    if (it->event_here && it->event->kind == VARVE_RECORD_MERGE)
        return varve_buf_slice(&it->merged);
    if (it->event_here)
        return varve__batch_value(it->batch, it->event);
    return it->below->ops->value(&it->below->head);
}

static void close_overlay(varve_iter *head)
{
    struct overlay *it = overlay_of(head);
    varve__engine_iter_close(it->batch->engine, it->below);
    varve_buf_release(&it->merged);
    varve__iter_release(&it->base);
    varve__free(it);
}

static const varve_iter_ops overlay_ops = {
    .seek_ge = seek_ge,
    .seek_le = seek_le,
    .next = next,
    .prev = prev,
    .value = value,
    .close = close_overlay,
};

varve_status varve__overlay_open(varve_batch *batch, uint64_t user,
                                 const varve_iter_options *options, varve_slice prefix,
                                 varve_iter **out, varve_error *err)
{
    varve_iter *below = NULL;
    struct overlay *it = varve__calloc(1, sizeof *it);
    if (it == NULL)
        return varve__fail_no_memory(err, sizeof *it);
    varve_status status = varve__iter_init(&it->base, &overlay_ops, options, err);
    if (status == VARVE_OK)
        status = varve__engine_iter_open(batch->engine, varve__batch_below(batch), options, prefix,
                                         &below, err);
    if (status != VARVE_OK) {
        varve__iter_release(&it->base);
        varve__free(it);
        return status;
    }
    it->base.version_now = &batch->version;
    it->base.steps_before_seek = varve__iter_of(below)->steps_before_seek;
    it->batch = batch;
    it->user = user;
    it->below = varve__iter_of(below);
    *out = &it->base.head;
    return VARVE_OK;
}
