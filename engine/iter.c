#include "engine/iter.h"

#include "engine/engine.h"
#include "format/key.h"
#include "util/buf.h"
#include "util/fail.h"

const varve_iter_options varve__one_key = {.struct_size = sizeof varve__one_key, .prefix = true};

static bool starts_with(varve_slice bytes, varve_slice prefix)
{
    return bytes.size >= prefix.size && memcmp(bytes.data, prefix.data, prefix.size) == 0;
}

void varve__iter_forget(varve__iter *it)
{
    if (it->owner != NULL)
        varve__engine_iter_failed(it->owner->engine, &it->error);
    varve_error_release(&it->error);
}

varve_error *varve__iter_failed(varve__iter *it)
{
    varve__iter_exhausted(it);
    varve__iter_restart(it);
    return &it->error;
}

/* ---- The guard: narrowed bounds, empty bounds and prefixes ---------------------------------- */

bool varve__iter_is_behind_end(const varve__iter *it, varve_slice key)
{
    if (it->upper.size > 0 && varve_slice_compare(key, it->upper) >= 0)
        return true;
    return it->is_prefix && !starts_with(key, it->prefix);
}

static void stop_behind_end(varve__iter *it)
{
    if (it->head.valid && varve__iter_is_behind_end(it, it->head.key))
        varve__iter_exhausted(it);
}

static void stop_before_start(varve__iter *it)
{
    if (it->head.valid && varve_slice_compare(it->head.key, it->lower) < 0)
        varve__iter_exhausted(it);
}

/* Let the user key of `engine_key` be the one that is shown. */
static bool begin_prefix(varve__iter *it, varve_slice engine_key)
{
    size_t size = varve_key_prefix_size(engine_key);
    if (size < 2 || engine_key.data[size - 2] != 0x00 || engine_key.data[size - 1] != 0x01) {
        (void)varve__fail(varve__iter_failed(it), VARVE_INVALID_ARGUMENT,
                          "a prefix iterator seeks engine keys: these bytes hold no user key");
        return false;
    }
    varve_error *err = varve__iter_failed(it);
    varve_slice prefix = varve_slice_of(engine_key.data, size);
    if (varve__buf_assign(&it->prefix_bytes, prefix, err) != VARVE_OK)
        return false;
    it->prefix = varve_buf_slice(&it->prefix_bytes);
    return true;
}

static void guarded_seek_ge(varve_iter *head, varve_slice engine_key)
{
    varve__iter *it = varve__iter_of(head);
    varve__iter_restart(it);
    if (it->is_void) {
        varve__iter_exhausted(it);
        return;
    }
    if (it->is_prefix && !begin_prefix(it, engine_key))
        return;
    bool clamp = varve_slice_compare(engine_key, it->lower) < 0;
    it->ops->seek_ge(head, clamp ? it->lower : engine_key);
    stop_behind_end(it);
}

static void refuse_reverse(varve__iter *it)
{
    (void)varve__fail(varve__iter_failed(it), VARVE_UNSUPPORTED,
                      "unsupported reverse prefix iteration");
}

static void guarded_prev(varve_iter *head)
{
    varve__iter *it = varve__iter_of(head);
    if (it->is_prefix) {
        refuse_reverse(it);
        return;
    }
    it->ops->prev(head);
    stop_before_start(it);
}

static void guarded_seek_le(varve_iter *head, varve_slice engine_key)
{
    varve__iter *it = varve__iter_of(head);
    varve__iter_restart(it);
    if (it->is_prefix) {
        refuse_reverse(it);
        return;
    }
    if (it->is_void) {
        varve__iter_exhausted(it);
        return;
    }
    varve_slice upper = it->upper;
    bool clamp =
        upper.size > 0 && (engine_key.size == 0 || varve_slice_compare(engine_key, upper) >= 0);
    it->ops->seek_le(head, clamp ? upper : engine_key);
    if (clamp && head->valid && varve_slice_equal(head->key, upper))
        it->ops->prev(head);
    stop_before_start(it);
}

static void guarded_next(varve_iter *head)
{
    varve__iter *it = varve__iter_of(head);
    it->ops->next(head);
    stop_behind_end(it);
}

static varve_slice guarded_value(const varve_iter *head)
{
    return ((const varve__iter *)head)->ops->value(head);
}

static void guarded_close(varve_iter *head)
{
    varve__iter_of(head)->ops->close(head);
}

static const varve_iter_ops guard_ops = {
    .seek_ge = guarded_seek_ge,
    .seek_le = guarded_seek_le,
    .next = guarded_next,
    .prev = guarded_prev,
    .value = guarded_value,
    .close = guarded_close,
};

/* ---- Bounds --------------------------------------------------------------------------------- */

/* Put the guard in front where the bounds in force or a prefix ask for it. */
static void choose_ops(varve__iter *it)
{
    it->is_narrowed = !varve_slice_equal(it->lower, it->open_lower) ||
                      !varve_slice_equal(it->upper, it->open_upper);
    it->is_void = it->upper.size > 0 && varve_slice_compare(it->lower, it->upper) >= 0;
    it->head.ops = it->is_narrowed || it->is_void || it->is_prefix ? &guard_ops : it->ops;
}

/* Copy both bounds into `home`, replacing what it held.  On failure nothing has changed. */
static varve_status keep_bounds(varve_buf *home, varve_slice *lower, varve_slice *upper,
                                varve_error *err)
{
    if (lower->size + upper->size > 0) {
        varve_status status = varve__buf_restart(home, lower->size + upper->size, err);
        if (status != VARVE_OK)
            return status;
        varve__buf_push_bytes(home, *lower);
        varve__buf_push_bytes(home, *upper);
    }
    *lower = varve_slice_of(home->data, lower->size);
    *upper = varve_slice_of(lower->size > 0 ? home->data + lower->size : home->data, upper->size);
    return VARVE_OK;
}

void varve__iter_widen(varve__iter *it)
{
    it->lower = it->open_lower;
    it->upper = it->open_upper;
    choose_ops(it);
}

varve_status varve__iter_init(varve__iter *it, const varve_iter_ops *ops,
                              const varve_iter_options *options, varve_error *err)
{
    it->ops = ops;
    it->is_prefix = options->prefix;
    it->bypasses_cache = options->bypass_cache;
    it->steps_before_seek = VARVE__STEPS_BEFORE_SEEK;
    it->open_lower = options->lower;
    it->open_upper = options->upper;
    varve_status status = keep_bounds(&it->open_bounds, &it->open_lower, &it->open_upper, err);
    if (status != VARVE_OK)
        return status;
    varve__iter_widen(it);
    it->open_ops = it->head.ops;
    return VARVE_OK;
}

void varve__iter_release(varve__iter *it)
{
    varve_buf_release(&it->open_bounds);
    varve_buf_release(&it->narrow_bounds);
    varve_buf_release(&it->prefix_bytes);
    varve_buf_release(&it->scratch);
    varve_error_release(&it->error);
}

varve_status varve_iter_set_bounds(varve_iter *head, varve_slice lower, varve_slice upper,
                                   varve_error *err)
{
    varve__iter *it = varve__iter_of(head);
    if (lower.size == 0)
        lower = it->open_lower;
    if (upper.size == 0)
        upper = it->open_upper;
    if (varve_slice_compare(lower, it->open_lower) < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "lower: below the bound of the opening");
    if (it->open_upper.size > 0 && varve_slice_compare(upper, it->open_upper) > 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "upper: above the bound of the opening");

    varve_status status = keep_bounds(&it->narrow_bounds, &lower, &upper, err);
    if (status != VARVE_OK)
        return status;
    it->lower = lower;
    it->upper = upper;
    choose_ops(it);
    varve__iter_restart(it);
    varve__iter_exhausted(it);
    return VARVE_OK;
}

/* ---- Movements made of others --------------------------------------------------------------- */

void varve__iter_seeks(varve__iter *it, varve__aim aim)
{
    varve__habit *habit = &it->habits[aim];
    if (habit->seeks > 0) {
        habit->seeks--;
        return;
    }
    if (habit->misses < 4)
        habit->misses++;
    if (habit->misses >= 2)
        habit->seeks = (VARVE__SEEKS_BEFORE_STEP >> (4 - habit->misses)) - 1;
}

bool varve_iter_seek_lt(varve_iter *head, varve_slice engine_key)
{
    if (varve_iter_seek_le(head, engine_key) && varve_slice_equal(head->key, engine_key))
        (void)varve_iter_prev(head);
    return head->valid;
}

/* Copy the part of the key that all records of its user key share to `scratch`. */
static bool keep_user_key(varve__iter *it)
{
    varve_error err = VARVE_ERROR_INIT;
    varve__key_parts parts;
    varve_status status = varve__key_split(it->head.key, &parts, &err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&it->scratch, parts.prefix, &err);
    if (status != VARVE_OK)
        (void)varve__error_copy(&err, varve__iter_failed(it));
    varve_error_release(&err);
    return status == VARVE_OK;
}

bool varve_iter_next_key(varve_iter *head)
{
    varve__iter *it = varve__iter_of(head);
    if (!head->valid || !keep_user_key(it))
        return false;
    if (it->is_prefix) {
        varve__iter_exhausted(it);
        return false;
    }
    varve_slice user_key = varve_buf_slice(&it->scratch);
    for (unsigned left = varve__iter_steps(it, VARVE__AIM_NEXT_KEY); left > 0; left--) {
        if (!varve_iter_next(head) || !starts_with(head->key, user_key)) {
            varve__iter_stepped(it, VARVE__AIM_NEXT_KEY);
            return head->valid;
        }
    }
    varve__iter_seeks(it, VARVE__AIM_NEXT_KEY);
    /* With 00 02 for the terminator 00 01 it is the smallest key above all of the user key. */
    it->scratch.data[it->scratch.size - 1] = 0x02;
    return varve_iter_seek_ge(head, user_key);
}

bool varve_iter_prev_key(varve_iter *head)
{
    varve__iter *it = varve__iter_of(head);
    if (!head->valid || !keep_user_key(it))
        return false;
    varve_slice user_key = varve_buf_slice(&it->scratch);
    for (unsigned left = varve__iter_steps(it, VARVE__AIM_FRONT); left > 0; left--) {
        if (!varve_iter_prev(head) || !starts_with(head->key, user_key)) {
            varve__iter_stepped(it, VARVE__AIM_FRONT);
            return head->valid;
        }
    }
    varve__iter_seeks(it, VARVE__AIM_FRONT);
    return varve_iter_seek_lt(head, user_key);
}

/* ---- State and end -------------------------------------------------------------------------- */

varve_status varve_iter_status(const varve_iter *head, varve_error *err)
{
    const varve__iter *it = (const varve__iter *)head;
    return it->error.status == VARVE_OK ? VARVE_OK : varve__error_copy(&it->error, err);
}

static inline void hand_back(varve__iter *it)
{
    if (it->owner != NULL)
        it->owner->close(it->owner, it);
    else
        it->ops->close(&it->head);
}

static void close_failed(varve__iter *it)
{
    it->epoch = VARVE__ITER_NO_EPOCH; /* one that has failed is not lent again */
    varve__iter_forget(it);
    hand_back(it);
}

void varve_iter_close(varve_iter *head)
{
    if (head == NULL)
        return;
    varve__iter *it = varve__iter_of(head);
    if (it->error.status != VARVE_OK)
        close_failed(it);
    else
        hand_back(it);
}
