#include "engine/iter.h"

#include "engine/engine.h"
#include "format/key.h"
#include "util/buf.h"
#include "util/fail.h"

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
    if (it->upper.size > 0 && varve_slice_compare(key, varve_buf_slice(&it->upper)) >= 0)
        return true;
    return it->is_prefix && !starts_with(key, varve_buf_slice(&it->prefix));
}

static void stop_behind_end(varve__iter *it)
{
    if (it->head.valid && varve__iter_is_behind_end(it, it->head.key))
        varve__iter_exhausted(it);
}

static void stop_before_start(varve__iter *it)
{
    if (it->head.valid && varve_slice_compare(it->head.key, varve_buf_slice(&it->lower)) < 0)
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
    return varve__buf_assign(&it->prefix, varve_slice_of(engine_key.data, size), err) == VARVE_OK;
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
    varve_slice lower = varve_buf_slice(&it->lower);
    it->ops->seek_ge(head, varve_slice_compare(engine_key, lower) < 0 ? lower : engine_key);
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
    varve_slice upper = varve_buf_slice(&it->upper);
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
    varve_slice lower = varve_buf_slice(&it->lower);
    varve_slice upper = varve_buf_slice(&it->upper);
    it->is_narrowed = !varve_slice_equal(lower, varve_buf_slice(&it->open_lower)) ||
                      !varve_slice_equal(upper, varve_buf_slice(&it->open_upper));
    it->is_void = upper.size > 0 && varve_slice_compare(lower, upper) >= 0;
    it->head.ops = it->is_narrowed || it->is_void || it->is_prefix ? &guard_ops : it->ops;
}

varve_status varve__iter_init(varve__iter *it, const varve_iter_ops *ops,
                              const varve_iter_options *options, varve_error *err)
{
    it->ops = ops;
    it->is_prefix = options->prefix;
    varve_status status = varve__buf_assign(&it->open_lower, options->lower, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&it->open_upper, options->upper, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&it->lower, options->lower, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&it->upper, options->upper, err);
    if (status != VARVE_OK) {
        varve__iter_release(it);
        return status;
    }
    choose_ops(it);
    return VARVE_OK;
}

void varve__iter_release(varve__iter *it)
{
    varve_buf_release(&it->open_lower);
    varve_buf_release(&it->open_upper);
    varve_buf_release(&it->lower);
    varve_buf_release(&it->upper);
    varve_buf_release(&it->prefix);
    varve_buf_release(&it->scratch);
    varve_error_release(&it->error);
}

varve_status varve_iter_set_bounds(varve_iter *head, varve_slice lower, varve_slice upper,
                                   varve_error *err)
{
    varve__iter *it = varve__iter_of(head);
    varve_slice open_lower = varve_buf_slice(&it->open_lower);
    varve_slice open_upper = varve_buf_slice(&it->open_upper);
    if (lower.size == 0)
        lower = open_lower;
    if (upper.size == 0)
        upper = open_upper;
    if (varve_slice_compare(lower, open_lower) < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "lower: below the bound of the opening");
    if (open_upper.size > 0 && varve_slice_compare(upper, open_upper) > 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "upper: above the bound of the opening");

    /* Room for both first, so that they change together. */
    varve_status status = varve__buf_reserve(&it->lower, lower.size, err);
    if (status == VARVE_OK)
        status = varve__buf_reserve(&it->upper, upper.size, err);
    if (status != VARVE_OK)
        return status;
    it->lower.size = 0;
    it->upper.size = 0;
    varve__buf_push_bytes(&it->lower, lower);
    varve__buf_push_bytes(&it->upper, upper);
    choose_ops(it);
    varve__iter_restart(it);
    varve__iter_exhausted(it);
    return VARVE_OK;
}

/* ---- Movements made of others --------------------------------------------------------------- */

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
    for (int i = 0; i < VARVE__STEPS_BEFORE_SEEK; i++) {
        if (!varve_iter_next(head) || !starts_with(head->key, user_key))
            return head->valid;
    }
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
    for (int i = 0; i < VARVE__STEPS_BEFORE_SEEK; i++) {
        if (!varve_iter_prev(head) || !starts_with(head->key, user_key))
            return head->valid;
    }
    return varve_iter_seek_lt(head, user_key);
}

/* ---- State and end -------------------------------------------------------------------------- */

varve_status varve_iter_status(const varve_iter *head, varve_error *err)
{
    const varve__iter *it = (const varve__iter *)head;
    return it->error.status == VARVE_OK ? VARVE_OK : varve__error_copy(&it->error, err);
}

void varve_iter_close(varve_iter *head)
{
    if (head == NULL)
        return;
    varve__iter_owner *owner = varve__iter_of(head)->owner;
    varve__iter_restart(varve__iter_of(head));
    head->ops->close(head);
    if (owner != NULL)
        owner->closed(owner);
}
