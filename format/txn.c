#include <varve/txn.h>

#include <inttypes.h>

#include <varve/ts.h>

#include "util/alloc.h"
#include "util/fail.h"

/* ---- Memory ------------------------------------------------------------------------------------
 */

static void free_slice(varve_slice slice)
{
    varve__free((void *)(uintptr_t)slice.data);
}

/* An own copy of `size` bytes in `*copy`; NULL for none. */
static varve_status copy_bytes(const void *from, size_t size, void **copy, varve_error *err)
{
    *copy = NULL;
    if (size == 0)
        return VARVE_OK;
    void *bytes = varve__malloc(size);
    if (bytes == NULL)
        return varve__fail_no_memory(err, size);
    memcpy(bytes, from, size);
    *copy = bytes;
    return VARVE_OK;
}

static varve_status copy_slice(varve_slice from, varve_slice *copy, varve_error *err)
{
    void *bytes;
    varve_status status = copy_bytes(from.data, from.size, &bytes, err);
    *copy = varve_slice_of(bytes, bytes == NULL ? 0 : from.size);
    return status;
}

/* The parts of a transaction that have memory; parts that are to be put into one, all or none. */
typedef struct parts {
    varve_slice name;
    varve_slice key;
    varve_observed *observed;
    size_t observed_count;
    varve_seq_range *ignored;
    size_t ignored_count;
} parts;

static parts parts_of(const varve_txn *txn)
{
    return (parts){txn->name,           txn->meta.key, txn->observed,
                   txn->observed_count, txn->ignored,  txn->ignored_count};
}

static void parts_put(const parts *from, varve_txn *txn)
{
    txn->name = from->name;
    txn->meta.key = from->key;
    txn->observed = from->observed;
    txn->observed_count = from->observed_count;
    txn->ignored = from->ignored;
    txn->ignored_count = from->ignored_count;
}

static void parts_free(const parts *owned)
{
    free_slice(owned->name);
    free_slice(owned->key);
    varve__free(owned->observed);
    varve__free(owned->ignored);
}

static varve_status copy_ignored(const varve_seq_range *ranges, size_t count,
                                 varve_seq_range **copy, varve_error *err)
{
    void *memory;
    varve_status status = copy_bytes(ranges, count * sizeof *ranges, &memory, err);
    *copy = memory;
    return status;
}

/* Own copies of `from`; none on failure. */
static varve_status parts_copy(const parts *from, parts *copy, varve_error *err)
{
    void *observed;
    *copy = (parts){.observed_count = from->observed_count, .ignored_count = from->ignored_count};
    varve_status status = copy_slice(from->name, &copy->name, err);
    if (status == VARVE_OK)
        status = copy_slice(from->key, &copy->key, err);
    if (status == VARVE_OK) {
        size_t size = from->observed_count * sizeof *from->observed;
        status = copy_bytes(from->observed, size, &observed, err);
        copy->observed = status == VARVE_OK ? observed : NULL;
    }
    if (status == VARVE_OK)
        status = copy_ignored(from->ignored, from->ignored_count, &copy->ignored, err);
    if (status != VARVE_OK)
        parts_free(copy);
    return status;
}

void varve_txn_release(varve_txn *txn)
{
    parts owned = parts_of(txn);
    parts_free(&owned);
    *txn = (varve_txn)VARVE_TXN_INIT;
}

/* ---- Beginning and copying ---------------------------------------------------------------------
 */

static bool is_zero_id(const unsigned char id[VARVE_TXN_ID_SIZE])
{
    static const unsigned char zero[VARVE_TXN_ID_SIZE];
    return memcmp(id, zero, sizeof zero) == 0;
}

/* Make `txn` what `fresh` is, whose parts may be borrowed, even from `txn`. */
static varve_status replace(varve_txn *txn, const varve_txn *fresh, varve_error *err)
{
    varve_txn result = *fresh;
    parts borrowed = parts_of(fresh);
    parts copies;
    varve_status status = parts_copy(&borrowed, &copies, err);
    if (status != VARVE_OK)
        return status;
    parts_put(&copies, &result);
    varve_txn_release(txn);
    *txn = result;
    return VARVE_OK;
}

varve_status varve_txn_begin(varve_txn *txn, const unsigned char id[VARVE_TXN_ID_SIZE],
                             varve_slice name, const varve_slice *key, varve_ts ts,
                             varve_error *err)
{
    if (is_zero_id(id))
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "the id of a transaction must not be zero");
    varve_txn fresh = VARVE_TXN_INIT;
    memcpy(fresh.meta.id, id, VARVE_TXN_ID_SIZE);
    fresh.meta.write_ts = ts;
    fresh.read_ts = ts;
    fresh.name = name;
    fresh.has_key = key != NULL;
    if (key != NULL)
        fresh.meta.key = *key;
    return replace(txn, &fresh, err);
}

varve_status varve_txn_clone(const varve_txn *txn, varve_txn *copy, varve_error *err)
{
    return replace(copy, txn, err);
}

varve_txn varve_txn_of_meta(const varve_txn_meta *meta)
{
    varve_txn txn = VARVE_TXN_INIT;
    txn.meta = *meta;
    txn.has_key = meta->key.size > 0;
    txn.read_ts = meta->write_ts;
    txn.max_ts = meta->write_ts;
    return txn;
}

/* ---- Changing ----------------------------------------------------------------------------------
 */

static void forward(varve_ts *ts, varve_ts other)
{
    if (varve_ts_compare(*ts, other) < 0)
        *ts = other;
}

/* Priority 0 is that of a transaction that everybody may push: it stays. */
static void raise_priority(varve_txn *txn, int32_t priority)
{
    if (txn->meta.priority != 0 && txn->meta.priority < priority)
        txn->meta.priority = priority;
}

static void set_ignored(varve_txn *txn, varve_seq_range *ranges, size_t count)
{
    varve__free(txn->ignored);
    txn->ignored = ranges;
    txn->ignored_count = count;
}

varve_status varve_txn_restart(varve_txn *txn, varve_ts ts, int32_t priority, varve_error *err)
{
    if (txn->meta.epoch == INT32_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "there is no epoch after the last");
    txn->meta.epoch++;
    forward(&txn->meta.write_ts, ts);
    txn->read_ts = txn->meta.write_ts;
    txn->meta.sequence = 0;
    txn->write_too_old = false;
    set_ignored(txn, NULL, 0);
    raise_priority(txn, priority);
    return VARVE_OK;
}

varve_status varve_txn_step(varve_txn *txn, int64_t steps, varve_error *err)
{
    int64_t sequence;
    if (__builtin_add_overflow(txn->meta.sequence, steps, &sequence) || sequence < INT32_MIN ||
        sequence > INT32_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "%" PRId64 " steps lead from %" PRId32 " to no sequence number", steps,
                           txn->meta.sequence);
    txn->meta.sequence = (int32_t)sequence;
    return VARVE_OK;
}

varve_status varve_txn_advance(varve_txn *txn, varve_ts ts, varve_error *err)
{
    if (varve_ts_compare(ts, txn->read_ts) < 0) {
        char text[VARVE_TS_TEXT_MAX];
        char read_text[VARVE_TS_TEXT_MAX];
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "a transaction that reads at %s cannot write at %s",
                           varve_ts_format(txn->read_ts, read_text), varve_ts_format(ts, text));
    }
    txn->meta.write_ts = ts;
    return VARVE_OK;
}

static bool is_status(varve_txn_status status)
{
    return status == VARVE_TXN_PENDING || status == VARVE_TXN_COMMITTED ||
           status == VARVE_TXN_ABORTED || status == VARVE_TXN_STAGING;
}

varve_status varve_txn_set_status(varve_txn *txn, varve_txn_status status, varve_error *err)
{
    if (!is_status(status))
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "%d is no status of a transaction",
                           (int)status);
    txn->status = status;
    return VARVE_OK;
}

varve_status varve_txn_set_key(varve_txn *txn, varve_slice key, varve_error *err)
{
    varve_slice copy;
    varve_status status = copy_slice(key, &copy, err);
    if (status != VARVE_OK)
        return status;
    free_slice(txn->meta.key);
    txn->meta.key = copy;
    txn->has_key = true;
    return VARVE_OK;
}

varve_status varve_txn_ignore(varve_txn *txn, const varve_seq_range *ranges, size_t count,
                              varve_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].end < ranges[i].start || (i > 0 && ranges[i].start <= ranges[i - 1].end))
            return varve__fail(err, VARVE_INVALID_ARGUMENT,
                               "ignored ranges must ascend, but %" PRId32 "-%" PRId32 " does not",
                               ranges[i].start, ranges[i].end);
    }
    varve_seq_range *copy;
    varve_status status = copy_ignored(ranges, count, &copy, err);
    if (status == VARVE_OK)
        set_ignored(txn, copy, count);
    return status;
}

/* ---- Observed timestamps -----------------------------------------------------------------------
 */

static const varve_observed *take(const varve_observed **list, size_t *left)
{
    (*left)--;
    return (*list)++;
}

/* Both lists in one at `out`, which has room for them; of one node the earlier time.  Returns how
 * many that are. */
static size_t merge(const varve_observed *a, size_t a_left, const varve_observed *b, size_t b_left,
                    varve_observed *out)
{
    size_t count = 0;
    while (a_left > 0 || b_left > 0) {
        if (b_left == 0 || (a_left > 0 && a->node < b->node)) {
            out[count++] = *take(&a, &a_left);
        } else if (a_left == 0 || b->node < a->node) {
            out[count++] = *take(&b, &b_left);
        } else {
            varve_observed mine = *take(&a, &a_left);
            varve_observed other = *take(&b, &b_left);
            out[count++] = varve_ts_compare(mine.ts, other.ts) <= 0 ? mine : other;
        }
    }
    return count;
}

/* What `txn` will have observed, in `result`: an own list, or NULL. */
static varve_status merge_observed(const varve_txn *txn, const varve_observed *list, size_t count,
                                   parts *result, varve_error *err)
{
    size_t room = txn->observed_count + count;
    result->observed = NULL;
    result->observed_count = 0;
    if (room == 0)
        return VARVE_OK;
    result->observed = varve__calloc(room, sizeof *list);
    if (result->observed == NULL)
        return varve__fail_no_memory(err, room * sizeof *list);
    result->observed_count =
        merge(txn->observed, txn->observed_count, list, count, result->observed);
    return VARVE_OK;
}

varve_status varve_txn_observe(varve_txn *txn, int32_t node, varve_ts ts, varve_error *err)
{
    varve_observed one = {node, ts};
    parts merged;
    varve_status status = merge_observed(txn, &one, 1, &merged, err);
    if (status != VARVE_OK)
        return status;
    varve__free(txn->observed);
    txn->observed = merged.observed;
    txn->observed_count = merged.observed_count;
    return VARVE_OK;
}

/* ---- Updating ----------------------------------------------------------------------------------
 */

/* The parts that `txn` will have after the update, as copies. */
static varve_status updated_parts(const varve_txn *txn, const varve_txn *other, parts *result,
                                  varve_error *err)
{
    bool takes_ignored = txn->meta.epoch < other->meta.epoch ||
                         (txn->meta.epoch == other->meta.epoch && other->ignored_count > 0);
    const varve_txn *ignoring = takes_ignored ? other : txn;
    parts wanted = {
        .name = txn->name,
        .key = txn->meta.key.size == 0 ? other->meta.key : txn->meta.key,
        .ignored = ignoring->ignored,
        .ignored_count = ignoring->ignored_count,
    };
    varve_status status = parts_copy(&wanted, result, err);
    if (status != VARVE_OK)
        return status;
    status = merge_observed(txn, other->observed, other->observed_count, result, err);
    if (status != VARVE_OK)
        parts_free(result);
    return status;
}

static void update_in_epoch(varve_txn *txn, const varve_txn *other)
{
    if (txn->status == VARVE_TXN_PENDING ||
        (txn->status == VARVE_TXN_STAGING && other->status != VARVE_TXN_PENDING))
        txn->status = other->status;
    int order = varve_ts_compare(txn->read_ts, other->read_ts);
    if (order == 0)
        txn->write_too_old = txn->write_too_old || other->write_too_old;
    else if (order < 0)
        txn->write_too_old = other->write_too_old;
    if (txn->meta.sequence < other->meta.sequence)
        txn->meta.sequence = other->meta.sequence;
}

static void update_numbers(varve_txn *txn, const varve_txn *other)
{
    if (txn->meta.epoch < other->meta.epoch) {
        txn->meta.epoch = other->meta.epoch;
        txn->meta.sequence = other->meta.sequence;
        txn->status = other->status;
        txn->write_too_old = other->write_too_old;
    } else if (txn->meta.epoch == other->meta.epoch) {
        update_in_epoch(txn, other);
    }
    txn->has_key = txn->has_key || other->has_key;
    forward(&txn->meta.write_ts, other->meta.write_ts);
    forward(&txn->read_ts, other->read_ts);
    forward(&txn->max_ts, other->max_ts);
    varve_ts min_ts = other->meta.min_ts;
    if (varve_ts_is_zero(txn->meta.min_ts) ||
        (!varve_ts_is_zero(min_ts) && varve_ts_compare(min_ts, txn->meta.min_ts) < 0))
        txn->meta.min_ts = min_ts;
    raise_priority(txn, other->meta.priority);
}

varve_status varve_txn_update(varve_txn *txn, const varve_txn *other, varve_error *err)
{
    if (is_zero_id(txn->meta.id))
        return varve_txn_clone(other, txn, err);
    if (memcmp(txn->meta.id, other->meta.id, VARVE_TXN_ID_SIZE) != 0) {
        char mine[VARVE_TXN_ID_TEXT_MAX];
        char others[VARVE_TXN_ID_TEXT_MAX];
        return varve__fail(
            err, VARVE_INVALID_ARGUMENT, "transaction %s cannot be updated from transaction %s",
            varve_txn_id_format(txn->meta.id, mine), varve_txn_id_format(other->meta.id, others));
    }
    parts updated;
    varve_status status = updated_parts(txn, other, &updated, err);
    if (status != VARVE_OK)
        return status;
    update_numbers(txn, other);
    parts old = parts_of(txn);
    parts_put(&updated, txn);
    parts_free(&old);
    return VARVE_OK;
}

/* ---- Asking ------------------------------------------------------------------------------------
 */

bool varve_seq_is_ignored(const varve_seq_range *ranges, size_t count, int32_t sequence)
{
    for (size_t i = count; i-- > 0;) {
        if (sequence >= ranges[i].start)
            return sequence <= ranges[i].end;
    }
    return false;
}

bool varve_txn_is_ignored(const varve_txn *txn, int32_t sequence)
{
    return varve_seq_is_ignored(txn->ignored, txn->ignored_count, sequence);
}

bool varve_txn_status_is_final(varve_txn_status status)
{
    return status == VARVE_TXN_COMMITTED || status == VARVE_TXN_ABORTED;
}
