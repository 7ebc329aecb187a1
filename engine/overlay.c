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
 *
 * A prefix iterator that seeks a user key which the batch has not touched has no events to look
 * for, and the batch's index need not follow what has been written since.  The writers of keys open
 * one after the other of these iterators: the last one that was closed is kept by the batch,
 * without its cursor over the engine, to be opened again.
 */
#include "engine/batch.h"

#include "engine/events.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

struct varve__overlay {
    varve__iter base;
    varve_batch *batch;
    uint64_t user; /* of the batch, who has opened it */
    varve__iter *below;
    const varve__index_entry *event; /* NULL when there is none within the bounds */
    const varve__interval *hint;     /* of the cleared intervals */
    bool has_events;                 /* false: a prefix iterator of a key that the last seek found
                                        untouched by the batch */
    bool backward;                   /* the direction of the cursors */
    bool below_here;                 /* `below` stands on the key shown */
    bool event_here;                 /* `event` stands there; a landing shows its value then */
    varve_buf merged;                /* that value, if the event is a merge */
};

static struct varve__overlay *overlay_of(varve_iter *head)
{
    return (struct varve__overlay *)head;
}

static const varve__interval *cleared_at(struct varve__overlay *it, varve_slice key)
{
    const varve__cover *cleared = &it->batch->view.cleared;
    return cleared->count == 0 ? NULL : varve__cover_find(cleared, &it->hint, key);
}

/* ---- The cursor over the engine ------------------------------------------------------------- */

/* These pass by the guard in front of `below`: the overlay has one of its own. */

static void below_next(struct varve__overlay *it)
{
    it->below->ops->next(&it->below->head);
}

static void below_prev(struct varve__overlay *it)
{
    it->below->ops->prev(&it->below->head);
}

static void below_seek_ge(struct varve__overlay *it, varve_slice key)
{
    it->below->ops->seek_ge(&it->below->head, key);
}

static void below_seek_le(struct varve__overlay *it, varve_slice key)
{
    it->below->ops->seek_le(&it->below->head, key);
}

/* Whether `below` has failed; the overlay then fails with it. */
static bool below_failed(struct varve__overlay *it)
{
    if (it->below->error.status == VARVE_OK)
        return false;
    (void)varve__error_copy(&it->below->error, varve__iter_failed(&it->base));
    return true;
}

/* Whether nothing that is to be shown lies below `key`. */
static bool is_before_start(const struct varve__overlay *it, varve_slice key)
{
    return varve_slice_compare(key, it->base.lower) <= 0;
}

/* Go on behind `interval`, which `below` stands in. */
static void leave_cleared_forward(struct varve__overlay *it, const varve__interval *interval)
{
    if (varve__iter_is_behind_end(&it->base, interval->end))
        varve__iter_exhausted(it->below);
    else
        below_seek_ge(it, interval->end);
}

static void leave_cleared_backward(struct varve__overlay *it, const varve__interval *interval)
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
static void set_event_forward(struct varve__overlay *it, const varve__index_entry *event)
{
    bool beyond = event != NULL && varve__iter_is_behind_end(&it->base, event->key);
    it->event = beyond ? NULL : event;
}

static void set_event_backward(struct varve__overlay *it, const varve__index_entry *event)
{
    varve_slice lower = it->base.lower;
    bool beyond = event != NULL && varve_slice_compare(event->key, lower) < 0;
    it->event = beyond ? NULL : event;
}

static void event_next(struct varve__overlay *it)
{
    set_event_forward(it, varve__events_next_key(&it->batch->view.events, it->event));
}

static void event_prev(struct varve__overlay *it)
{
    set_event_backward(it, varve__events_last_lt(&it->batch->view.events, it->event->key));
}

static void event_seek_ge(struct varve__overlay *it, varve_slice key)
{
    set_event_forward(it, varve__events_first_ge(&it->batch->view.events, key));
}

static void event_seek_le(struct varve__overlay *it, varve_slice key)
{
    const varve__index *events = &it->batch->view.events;
    const varve__index_entry *event = varve__events_find(events, key, VARVE__EVENT_NEWEST);
    set_event_backward(it, event != NULL ? event : varve__events_last_lt(events, key));
}

/* To the last key of all, as far as the bounds allow. */
static void event_seek_last(struct varve__overlay *it)
{
    const varve__index *events = &it->batch->view.events;
    varve_slice upper = it->base.upper;
    set_event_backward(it, upper.size > 0 ? varve__events_last_lt(events, upper)
                                          : varve__events_last(events));
}

/* ---- What is shown -------------------------------------------------------------------------- */

static void show_below(struct varve__overlay *it)
{
    it->below_here = true;
    it->event_here = false;
    varve__iter_found(&it->base, it->below->head.key);
}

/*
 * A value cannot fail, so that a merged one is made with the movement.  Where `below` is not on the
 * key, the engine does not have it, or has it in a cleared interval, which the finding tells.
 */
static bool merge_event(struct varve__overlay *it, bool below_here)
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

static void show_event(struct varve__overlay *it, bool below_here)
{
    if (it->event->kind == VARVE_RECORD_MERGE && !merge_event(it, below_here))
        return;
    it->below_here = below_here;
    it->event_here = true;
    varve__iter_found(&it->base, it->event->key);
}

/* Stand on the first visible key at or behind the cursors. */
static void show_forward(struct varve__overlay *it)
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
static void show_backward(struct varve__overlay *it)
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

/*
 * What comes before a movement.  False if it has failed: nothing had before, so that the failure
 * can be written where the iterator keeps it.
 */
static bool has_done(struct varve__overlay *it, varve_status status)
{
    if (status != VARVE_OK)
        varve__iter_exhausted(&it->base);
    return status == VARVE_OK;
}

/* Look at what the batch is now. */
static bool check_batch(struct varve__overlay *it)
{
    if (!has_done(it, varve__batch_check(it->batch, it->user, &it->base.error)))
        return false;
    it->base.version = it->batch->version;
    return true;
}

/* Let the index take in what has been written to the batch. */
static bool catch_up(struct varve__overlay *it)
{
    it->hint = NULL;
    return has_done(it, varve__batch_catch_up(it->batch, &it->base.error));
}

/* A prefix iterator goes to a user key: let `below` know, for it not to look beyond. */
static bool begin_key(struct varve__overlay *it)
{
    varve_error *err = &it->base.error;
    varve_slice prefix = it->base.prefix;
    it->below->prefix = prefix;
    return has_done(it, varve__batch_has_touched(it->batch, prefix, &it->has_events, err));
}

/* Forget where the cursors have been. */
static bool begin_seek(struct varve__overlay *it, bool backward)
{
    varve__iter_restart(&it->base);
    it->backward = backward;
    it->event = NULL;
    it->has_events = true;
    if (varve__iter_is_outdated(&it->base) && !check_batch(it))
        return false;
    if (it->base.is_prefix && !begin_key(it))
        return false;
    return !it->has_events || catch_up(it);
}

static void seek_ge(varve_iter *head, varve_slice key)
{
    struct varve__overlay *it = overlay_of(head);
    varve_slice lower = it->base.lower;
    if (!begin_seek(it, false))
        return;
    if (varve_slice_compare(key, lower) < 0)
        key = lower;
    if (it->has_events)
        event_seek_ge(it, key);
    below_seek_ge(it, key);
    show_forward(it);
}

static void seek_le(varve_iter *head, varve_slice key)
{
    struct varve__overlay *it = overlay_of(head);
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
static void find_event_here(struct varve__overlay *it)
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
static void turn(struct varve__overlay *it, bool backward)
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
static bool begin_step(struct varve__overlay *it, bool backward)
{
    bool is_behind = varve__iter_is_outdated(&it->base);
    if (is_behind && !(check_batch(it) && catch_up(it)))
        return false;
    if (it->backward != backward)
        turn(it, backward);
    else if (is_behind)
        find_event_here(it);
    return true;
}

static void next(varve_iter *head)
{
    struct varve__overlay *it = overlay_of(head);
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
    struct varve__overlay *it = overlay_of(head);
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
    const struct varve__overlay *it = (const struct varve__overlay *)head;
    if (it->event_here && it->event->kind == VARVE_RECORD_MERGE)
        return varve_buf_slice(&it->merged);
    if (it->event_here)
        return varve__batch_value(it->batch, it->event);
    return it->below->ops->value(&it->below->head);
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static void free_overlay(struct varve__overlay *it)
{
    varve_buf_release(&it->merged);
    varve__iter_release(&it->base);
    varve__free(it);
}

/* Keep one that has no cursor over the engine for the next opening, or free it. */
static void set_aside(struct varve__overlay *it)
{
    varve_batch *batch = it->batch;
    if (batch->spare != NULL || !it->base.is_prefix || it->base.open_bounds.size > 0) {
        free_overlay(it);
        return;
    }
    varve_buf_release(&it->merged);
    it->below = NULL;
    batch->spare = it;
    batch->spare_bytes = sizeof *it;
}

void varve__overlay_free_spare(varve_batch *batch)
{
    if (batch->spare != NULL)
        free_overlay(batch->spare);
    batch->spare = NULL;
    batch->spare_bytes = 0;
}

static void close_overlay(varve_iter *head)
{
    struct varve__overlay *it = overlay_of(head);
    varve__engine_iter_close(it->batch->engine, it->below);
    set_aside(it);
}

static const varve_iter_ops overlay_ops = {
    .seek_ge = seek_ge,
    .seek_le = seek_le,
    .next = next,
    .prev = prev,
    .value = value,
    .close = close_overlay,
};

/* The batch's spare iterator as if new; NULL if there is none for the options. */
static struct varve__overlay *take_spare(varve_batch *batch, const varve_iter_options *options)
{
    struct varve__overlay *it = batch->spare;
    bool has_bounds = options->lower.size + options->upper.size > 0;
    if (it == NULL || !options->prefix || has_bounds ||
        options->bypass_cache != it->base.bypasses_cache)
        return NULL;
    batch->spare = NULL;
    varve__iter_reset(&it->base);
    it->base.version = 0;
    it->event = NULL;
    it->below_here = false;
    it->event_here = false;
    return it;
}

static varve_status new_overlay(varve_batch *batch, const varve_iter_options *options,
                                struct varve__overlay **out, varve_error *err)
{
    struct varve__overlay *it = varve__calloc(1, sizeof *it);
    if (it == NULL)
        return varve__fail_no_memory(err, sizeof *it);
    varve_status status = varve__iter_init(&it->base, &overlay_ops, options, err);
    if (status != VARVE_OK) {
        varve__free(it);
        return status;
    }
    it->base.version_now = &batch->version;
    it->batch = batch;
    *out = it;
    return VARVE_OK;
}

varve_status varve__overlay_open(varve_batch *batch, uint64_t user,
                                 const varve_iter_options *options, varve_slice prefix,
                                 varve_iter **out, varve_error *err)
{
    varve_iter *below = NULL;
    struct varve__overlay *it = take_spare(batch, options);
    varve_status status = it != NULL ? VARVE_OK : new_overlay(batch, options, &it, err);
    if (status != VARVE_OK)
        return status;
    status = varve__engine_iter_open(batch->engine, varve__batch_below(batch), options, prefix,
                                     &below, err);
    if (status != VARVE_OK) {
        set_aside(it);
        return status;
    }
    it->user = user;
    it->below = varve__iter_of(below);
    it->base.steps_before_seek = it->below->steps_before_seek;
    *out = &it->base.head;
    return VARVE_OK;
}
