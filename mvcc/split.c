#include <varve/split.h>

#include "mvcc/walk.h"
#include "util/buf.h"
#include "util/fail.h"

/* ---- Which keys allow a split ------------------------------------------------------------------
 */

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const unsigned char *)(literal), sizeof(literal) - 1                                      \
    }

static const varve_span default_spans[] = {
    {BYTES(""), BYTES("\x03")},
    {BYTES("\x03\xFF\xFF"), BYTES("\x04")},
    {BYTES("\x04\x00liveness-"), BYTES("\x04\x00liveness.")},
    {BYTES("\x88"), BYTES("\x93")},
};

varve_no_split varve_no_split_default(void)
{
    return (varve_no_split){default_spans, sizeof default_spans / sizeof default_spans[0]};
}

bool varve_split_key_is_valid(varve_slice key, const varve_no_split *no_split)
{
    varve_no_split list = no_split != NULL ? *no_split : varve_no_split_default();
    for (size_t i = 0; i < list.count; i++) {
        varve_slice end = list.spans[i].end;
        if (varve_slice_compare(key, list.spans[i].start) >= 0 &&
            (end.size == 0 || varve_slice_compare(key, end) < 0))
            return false;
    }
    return true;
}

/* ---- Finding one -------------------------------------------------------------------------------
 */

/* Looking at the clock for a deadline costs more than a record. */
#define RECORDS_BETWEEN_CHECKS 1024

struct search {
    varve__walk walk;
    varve_split *split;
    const varve_no_split *no_split;
    const varve_cancel *cancel;
    int64_t target;
    int64_t best; /* how far from the target the best key is */
    int64_t size; /* of all records so far */
    unsigned records;
    bool is_over;

    /* The current user key. */
    varve_buf key;
    int64_t key_start; /* size of all in front of it */
    bool may_split;
    bool is_best; /* it is the best so far */
};

void varve_split_release(varve_split *split)
{
    varve_buf_release(&split->key);
    varve_buf_release(&split->largest_key);
    *split = (varve_split)VARVE_SPLIT_INIT;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

/* Take the current key for the answer if that comes nearer to the target. */
static varve_status consider(struct search *search, varve_error *err)
{
    int64_t off = distance(search->target, search->size);
    if (off > search->best) {
        search->is_over = true;
        return VARVE_OK;
    }
    if (!search->may_split || off == search->best)
        return VARVE_OK;
    search->best = off;
    if (search->is_best)
        return VARVE_OK;
    search->is_best = true;
    search->split->left_bytes = search->key_start;
    return varve__buf_assign(&search->split->key, varve_buf_slice(&search->key), err);
}

/* Take a record into account, `key_bytes` of which are accounted for its key. */
static varve_status add_record(struct search *search, size_t key_bytes, varve_error *err)
{
    varve_status status = VARVE_OK;
    if (search->records++ % RECORDS_BETWEEN_CHECKS == 0)
        status = varve_cancel_check(search->cancel, err);
    if (status == VARVE_OK)
        status = consider(search, err);
    if (status == VARVE_OK && !search->is_over) {
        bool is_version = varve__walk_suffix(&search->walk) != NULL;
        size_t value = varve_iter_value(search->walk.it).size;
        search->size += (int64_t)(key_bytes + (is_version ? VARVE_VERSION_TS_SIZE : 0) + value);
    }
    return status;
}

/* The walk has left the current key, or the search is over. */
static varve_status end_key(struct search *search, varve_error *err)
{
    varve_split *split = search->split;
    int64_t bytes = search->size - search->key_start;
    if (bytes <= split->largest_bytes)
        return VARVE_OK;
    split->largest_bytes = bytes;
    return varve__buf_assign(&split->largest_key, varve_buf_slice(&search->key), err);
}

static varve_status begin_key(struct search *search, varve_error *err)
{
    bool is_first = search->records == 0;
    varve_status status = varve__walk_enter(&search->walk, err);
    if (status != VARVE_OK)
        return status;
    varve_slice prefix = varve__walk_prefix(&search->walk);
    status = varve__buf_restart(&search->key, prefix.size, err);
    if (status == VARVE_OK)
        status = varve__key_unescape(prefix, &search->key, err);
    search->key_start = search->size;
    search->is_best = false;
    search->may_split =
        !is_first && varve_split_key_is_valid(varve_buf_slice(&search->key), search->no_split);
    return status;
}

/* All records of the key on which the walk stands.  VARVE_NOT_FOUND behind the last key. */
static varve_status add_key(struct search *search, varve_error *err)
{
    varve_status status = begin_key(search, err);
    if (status == VARVE_OK)
        status = add_record(search, search->key.size + 1, err);
    while (status == VARVE_OK && !search->is_over) {
        status = varve__walk_older(&search->walk, err);
        if (status == VARVE_OK)
            status = add_record(search, 0, err);
    }
    bool is_left = status == VARVE_NOT_FOUND;
    if (status == VARVE_OK || is_left)
        status = end_key(search, err);
    return status == VARVE_OK && is_left ? varve__walk_arrived(&search->walk, err) : status;
}

static varve_status open_walk(struct search *search, varve_reader *reader, varve_span span,
                              varve_error *err)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    if (varve_slice_compare(span.start, varve_key_app_min()) < 0)
        span.start = varve_key_app_min();
    varve_status status = varve_span_encode(span, &lower, &upper, err);
    if (status == VARVE_OK)
        status = varve__walk_open_first(&search->walk, reader, varve_buf_slice(&lower),
                                        varve_buf_slice(&upper), err);
    varve_buf_release(&upper);
    varve_buf_release(&lower);
    return status;
}

/* Make of what has been found the answer. */
static varve_status answer(const struct search *search, varve_status status)
{
    varve_split *split = search->split;
    if (status < 0) {
        varve_split_release(split);
        return status;
    }
    if (split->key.size > 0)
        return VARVE_OK;
    split->left_bytes = search->size;
    return VARVE_NOT_FOUND;
}

varve_status varve_mvcc_find_split_key(varve_reader *reader, varve_span span, int64_t target_bytes,
                                       const varve_no_split *no_split, const varve_cancel *cancel,
                                       varve_split *split, varve_error *err)
{
    struct search search = {.split = split,
                            .no_split = no_split,
                            .cancel = cancel,
                            .target = target_bytes,
                            .best = INT64_MAX};
    varve_split_release(split);
    if (target_bytes < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "the target of a split is negative");
    varve_status status = open_walk(&search, reader, span, err);
    while (status == VARVE_OK && !search.is_over)
        status = add_key(&search, err);
    status = answer(&search, status);
    varve_buf_release(&search.key);
    varve__walk_release(&search.walk);
    return status;
}
