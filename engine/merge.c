#include "engine/merge.h"

#include <stdatomic.h>
#include <varve/merge.h>

#include "engine/combine.h"
#include "format/meta.h"
#include "util/buf.h"
#include "util/fail.h"

static atomic_uint_least64_t operations;

uint64_t varve__merge_operations(void)
{
    return atomic_load_explicit(&operations, memory_order_relaxed);
}

static void count_operation(void)
{
    (void)atomic_fetch_add_explicit(&operations, 1, memory_order_relaxed);
}

static varve_status append_value(varve_slice raw, const varve_ts *ts, varve_buf *out,
                                 varve_error *err)
{
    varve__meta meta = {.has_raw = true, .raw = raw, .has_merge_ts = ts != NULL};
    if (ts != NULL)
        meta.merge_ts = *ts;
    return varve__meta_append(&meta, NULL, out, err);
}

/* ---- Partial merges ----------------------------------------------------------------------------
 */

/*
 * Add an operand that merges with its neighbours as it would one by one with whatever lies below:
 * its value has a header and, if it is a time series, points, which tell its columns.
 * VARVE_MERGE_CONFLICT for any other.
 */
static varve_status add_plain(varve__combined *value, varve_slice operand, varve__meta *meta,
                              varve_error *err)
{
    varve__misfit misfit;
    size_t points = value->series.count;
    if (varve__meta_parse(operand, meta) != NULL || meta->has_conflict ||
        meta->raw.size < VARVE_VALUE_HEADER_SIZE)
        return VARVE_MERGE_CONFLICT;
    varve_status status = varve__combined_add(value, meta->raw, &misfit, err);
    if (status == VARVE_OK && value->tag == VARVE_TAG_TIMESERIES && value->series.count <= points)
        return VARVE_MERGE_CONFLICT;
    return status;
}

static varve_status merge_partial(varve__combined *value, const varve_slice *operands, size_t count,
                                  varve_buf *out, varve_error *err)
{
    varve__meta first = {.has_raw = false};
    varve__meta other;
    varve_slice raw;
    varve_status status = add_plain(value, operands[0], &first, err);
    for (size_t i = 1; i < count && status == VARVE_OK; i++)
        status = add_plain(value, operands[i], &other, err);
    if (status == VARVE_MERGE_CONFLICT)
        return VARVE_NOT_FOUND;
    if (status == VARVE_OK)
        status = varve__combined_raw(value, false, &raw, err);
    if (status != VARVE_OK)
        return status;
    out->size = 0;
    return append_value(raw, first.has_merge_ts ? &first.merge_ts : NULL, out, err);
}

varve_status varve__merge_partial(const varve_slice *operands, size_t count, varve_buf *out,
                                  varve_error *err)
{
    if (count < 2)
        return VARVE_NOT_FOUND;
    count_operation();
    varve__combined value = {.form = VARVE__COMBINED_NOTHING};
    varve_status status = merge_partial(&value, operands, count, out, err);
    varve__combined_release(&value);
    return status;
}

/* ---- Full merges -------------------------------------------------------------------------------
 */

/* A merge in progress: a value, or from the first misfit on a conflict. */
struct merge {
    const varve_slice *existing;
    varve__combined value;
    bool has_merge_ts;
    varve_ts merge_ts;
    size_t taken;      /* operands that are part of the value */
    bool has_conflict; /* nothing more becomes part of the value */
    varve__misfit misfit;
    varve__conflict conflict;
    varve_buf below;    /* of the conflict, if it has been made here */
    varve_buf operands; /* of the conflict, encoded */
    size_t kept;        /* their bytes, without what the encoding adds */
    size_t last_at;     /* where the last of them begins */
    size_t last_size;   /* its bytes, which are the last of `operands` */
};

static void release(struct merge *merge)
{
    varve__combined_release(&merge->value);
    varve_buf_release(&merge->below);
    varve_buf_release(&merge->operands);
}

static varve_status append_operand(struct merge *merge, varve_slice operand, varve_error *err)
{
    merge->last_at = merge->operands.size;
    merge->last_size = operand.size;
    merge->kept += operand.size;
    return varve__conflict_append_operand(operand, &merge->operands, err);
}

static bool has_room(const struct merge *merge, size_t size)
{
    return size <= VARVE__CONFLICT_KEPT_MAX && merge->kept <= VARVE__CONFLICT_KEPT_MAX - size;
}

/*
 * Merge the operand with the last one that is kept, so that what a conflict record keeps does not
 * depend on which of them had been merged before.
 */
static varve_status extend_last(struct merge *merge, varve_slice operand, varve_buf *merged,
                                varve_error *err)
{
    const unsigned char *end = merge->operands.data + merge->operands.size;
    const varve_slice both[] = {varve_slice_of(end - merge->last_size, merge->last_size), operand};
    varve_status status = varve__merge_partial(both, 2, merged, err);
    if (status != VARVE_OK)
        return status;
    if (!has_room(merge, merged->size > merge->last_size ? merged->size - merge->last_size : 0)) {
        merge->conflict.more = true;
        return VARVE_OK;
    }
    merge->operands.size = merge->last_at;
    merge->kept -= merge->last_size;
    return append_operand(merge, varve_buf_slice(merged), err);
}

/* Keep an operand of a conflict.  From the first that there is no room for on, none is kept. */
static varve_status keep_operand(struct merge *merge, varve_slice operand, varve_error *err)
{
    if (merge->conflict.more)
        return VARVE_OK;
    varve_status status = VARVE_NOT_FOUND;
    if (merge->operands.size > 0) {
        varve_buf merged = VARVE_BUF_INIT;
        status = extend_last(merge, operand, &merged, err);
        varve_buf_release(&merged);
    }
    if (status != VARVE_NOT_FOUND)
        return status;
    if (has_room(merge, operand.size))
        return append_operand(merge, operand, err);
    merge->conflict.more = true;
    return VARVE_OK;
}

/* Append the record of the value so far. */
static varve_status append_merged(struct merge *merge, varve_buf *out, varve_error *err)
{
    varve_slice raw;
    varve_status status = varve__combined_raw(&merge->value, true, &raw, err);
    if (status != VARVE_OK)
        return status;
    return append_value(raw, merge->has_merge_ts ? &merge->merge_ts : NULL, out, err);
}

/* From now on it is a conflict, with `misfit` as the reason. */
static varve_status begin_conflict(struct merge *merge, varve_error *err)
{
    merge->has_conflict = true;
    merge->conflict.code = (uint32_t)merge->misfit.code;
    merge->conflict.text = varve_slice_text(merge->misfit.text);
    if (merge->taken > 0) {
        varve_status status = append_merged(merge, &merge->below, err);
        merge->conflict.has_below = true;
        merge->conflict.below = varve_buf_slice(&merge->below);
        return status;
    }
    merge->conflict.has_below = merge->existing != NULL;
    if (merge->existing != NULL)
        merge->conflict.below = *merge->existing;
    return VARVE_OK;
}

static varve_status fail_below(struct merge *merge, const char *problem, varve_error *err)
{
    (void)varve__misfit_set(&merge->misfit, VARVE__CONFLICT_BELOW,
                            "what is there does not decode: %s", problem);
    return begin_conflict(merge, err);
}

static varve_status fail_intent(struct merge *merge, varve_error *err)
{
    (void)varve__misfit_set(&merge->misfit, VARVE__CONFLICT_INTENT,
                            "there is an intent of a transaction");
    return begin_conflict(merge, err);
}

/* Go on with a conflict record. */
static varve_status resume_conflict(struct merge *merge, varve_slice bytes, varve_error *err)
{
    const char *problem = varve__conflict_parse(bytes, &merge->conflict);
    if (problem != NULL)
        return fail_below(merge, problem, err);
    merge->has_conflict = true;
    varve_slice left = merge->conflict.operands;
    varve_slice operand;
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && varve__conflict_next_operand(&left, &operand))
        status = append_operand(merge, operand, err);
    return status;
}

static varve_status begin(struct merge *merge, varve_error *err)
{
    varve__meta meta;
    if (merge->existing == NULL)
        return VARVE_OK;
    const char *problem = varve__meta_parse(*merge->existing, &meta);
    if (problem != NULL)
        return fail_below(merge, problem, err);
    if (meta.has_conflict)
        return resume_conflict(merge, meta.conflict, err);
    if (meta.has_txn)
        return fail_intent(merge, err);
    if (meta.has_raw)
        varve__combined_begin(&merge->value, meta.raw);
    merge->has_merge_ts = meta.has_merge_ts;
    merge->merge_ts = meta.merge_ts;
    return VARVE_OK;
}

/* Add the value of an operand.  VARVE_MERGE_CONFLICT with the misfit. */
static varve_status add_operand(struct merge *merge, const varve__meta *meta, varve_error *err)
{
    bool is_first = merge->value.form == VARVE__COMBINED_NOTHING;
    if (meta->has_conflict)
        return varve__misfit_set(&merge->misfit, VARVE__CONFLICT_OPERAND,
                                 "an operand is a conflict itself");
    if (!meta->has_raw && !is_first)
        return varve__misfit_set(&merge->misfit, VARVE__CONFLICT_NO_VALUE,
                                 "an operand has no value");
    varve_status status = varve__combined_add(&merge->value, meta->raw, &merge->misfit, err);
    if (status == VARVE_OK && is_first && meta->has_merge_ts) {
        merge->has_merge_ts = true;
        merge->merge_ts = meta->merge_ts;
    }
    return status;
}

static varve_status take_operand(struct merge *merge, varve_slice operand, varve_error *err)
{
    varve__meta meta;
    if (merge->has_conflict)
        return keep_operand(merge, operand, err);
    const char *problem = varve__meta_parse(operand, &meta);
    varve_status status;
    if (problem != NULL)
        status = varve__misfit_set(&merge->misfit, VARVE__CONFLICT_OPERAND,
                                   "an operand does not decode: %s", problem);
    else
        status = add_operand(merge, &meta, err);
    if (status == VARVE_OK)
        merge->taken++;
    if (status != VARVE_MERGE_CONFLICT)
        return status;
    status = begin_conflict(merge, err);
    return status == VARVE_OK ? keep_operand(merge, operand, err) : status;
}

static varve_status append_conflict(struct merge *merge, varve_buf *out, varve_error *err)
{
    varve_buf bytes = VARVE_BUF_INIT;
    merge->conflict.operands = varve_buf_slice(&merge->operands);
    varve_status status = varve__conflict_append(&merge->conflict, &bytes, err);
    if (status == VARVE_OK) {
        const varve__meta meta = {.has_conflict = true, .conflict = varve_buf_slice(&bytes)};
        status = varve__meta_append(&meta, NULL, out, err);
    }
    varve_buf_release(&bytes);
    return status;
}

static varve_status merge_full(struct merge *merge, const varve_slice *operands, size_t count,
                               varve_buf *out, varve_error *err)
{
    varve_status status = begin(merge, err);
    for (size_t i = 0; i < count && status == VARVE_OK; i++)
        status = take_operand(merge, operands[i], err);
    if (status != VARVE_OK)
        return status;
    out->size = 0;
    return merge->has_conflict ? append_conflict(merge, out, err) : append_merged(merge, out, err);
}

varve_status varve__merge_full(const varve_slice *existing, const varve_slice *operands,
                               size_t count, varve_buf *out, varve_error *err)
{
    struct merge merge;
    memset(&merge, 0, sizeof merge);
    merge.existing = existing;
    count_operation();
    varve_status status = merge_full(&merge, operands, count, out, err);
    release(&merge);
    return status;
}

/* ---- <varve/merge.h> ---------------------------------------------------------------------------
 */

varve_status varve_merge_operand(varve_slice raw, const varve_ts *ts, varve_buf *operand,
                                 varve_error *err)
{
    if (raw.size > VARVE_VALUE_SIZE_MAX)
        return varve__fail_too_large(err, "value", raw.size, VARVE_VALUE_SIZE_MAX);
    return append_value(raw, ts, operand, err);
}

static varve_status fold(varve__combined *value, const varve_slice *raws, size_t count,
                         varve_buf *raw, varve_error *err)
{
    varve__misfit misfit;
    varve_slice result;
    varve_status status = VARVE_OK;
    for (size_t i = 0; i < count && status == VARVE_OK; i++)
        status = varve__combined_add(value, raws[i], &misfit, err);
    if (status == VARVE_MERGE_CONFLICT)
        return varve__fail(err, VARVE_MERGE_CONFLICT, "merge conflict: %s", misfit.text);
    if (status == VARVE_OK)
        status = varve__combined_raw(value, true, &result, err);
    return status == VARVE_OK ? varve__buf_assign(raw, result, err) : status;
}

varve_status varve_merge_fold(const varve_slice *raws, size_t count, varve_buf *raw,
                              varve_error *err)
{
    varve__combined value = {.form = VARVE__COMBINED_NOTHING};
    varve_status status = fold(&value, raws, count, raw, err);
    varve__combined_release(&value);
    return status;
}
