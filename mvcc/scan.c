#include "mvcc/scan.h"

#include "util/buf.h"
#include "util/fail.h"

/* The span of a scan as encoded bounds; `lower` is empty for the very first key. */
struct bounds {
    varve_buf lower;
    varve_buf upper;
};

/* What differs between the two directions. */
struct direction {
    varve_status (*open)(varve__walk *walk, varve_reader *reader, varve_slice lower,
                         varve_slice upper, varve_error *err);
    varve_status (*key)(varve__read *read, varve_error *err);
    /* Set the resume span of a scan that goes on at the walk's current key. */
    varve_status (*resume)(varve__read *read, const struct bounds *bounds, varve_error *err);
};

/* Replace the contents of `to` by the user key behind an encoded prefix; nothing stands for it. */
static varve_status set_user_key(varve_buf *to, varve_slice prefix, varve_error *err)
{
    to->size = 0;
    return prefix.size == 0 ? VARVE_OK : varve__key_unescape(prefix, to, err);
}

/*
 * The part of the caller's span that is the same in the resume span is taken from the encoded
 * bounds, because the span may point into the rows: paging with one varve_rows is natural.
 */
static varve_status resume_start(varve_rows *rows, const struct bounds *bounds, varve_error *err)
{
    return set_user_key(&rows->resume_start, varve_buf_slice(&bounds->lower), err);
}

static varve_status resume_end(varve_rows *rows, const struct bounds *bounds, varve_error *err)
{
    return set_user_key(&rows->resume_end, varve_buf_slice(&bounds->upper), err);
}

static varve_status resume_forward(varve__read *read, const struct bounds *bounds, varve_error *err)
{
    varve_rows *rows = read->rows;
    varve_status status = set_user_key(&rows->resume_start, varve__walk_prefix(&read->walk), err);
    return status == VARVE_OK ? resume_end(rows, bounds, err) : status;
}

static varve_status resume_backward(varve__read *read, const struct bounds *bounds,
                                    varve_error *err)
{
    varve_rows *rows = read->rows;
    varve_status status = set_user_key(&rows->resume_end, varve__walk_prefix(&read->walk), err);
    if (status == VARVE_OK)
        status = varve__buf_append(&rows->resume_end, varve_slice_of("", 1), err);
    return status == VARVE_OK ? resume_start(rows, bounds, err) : status;
}

varve_status varve__scan_forward_key(varve__read *read, varve_error *err)
{
    varve_status status = varve__read_key(read, err);
    return status == VARVE_OK ? varve__walk_next_key(&read->walk, err) : status;
}

static const struct direction forward = {
    .open = varve__walk_open_first,
    .key = varve__scan_forward_key,
    .resume = resume_forward,
};

static const struct direction backward = {
    .open = varve__walk_open_last,
    .key = varve__scan_backward_key,
    .resume = resume_backward,
};

static bool has_enough_intents(const varve__read *read)
{
    return read->how.max_intents > 0 && read->conflicts.count >= read->how.max_intents;
}

/*
 * Evaluate keys until the end, which is VARVE_NOT_FOUND, or until a limit is reached and another
 * key exists, which is then the current one.
 */
static varve_status run(varve__read *read, const struct direction *direction, varve_error *err)
{
    for (;;) {
        varve_status status = varve__walk_enter(&read->walk, err);
        if (status != VARVE_OK || varve__read_is_full(read))
            return status;
        status = direction->key(read, err);
        read->conflicts.more = has_enough_intents(read);
        if (status != VARVE_OK)
            return status;
        if (read->conflicts.more)
            return VARVE_NOT_FOUND;
    }
}

static varve_status scan_bounds(varve__read *read, varve_reader *reader,
                                const struct bounds *bounds, const struct direction *direction,
                                varve_error *err)
{
    varve_status status = direction->open(&read->walk, reader, varve_buf_slice(&bounds->lower),
                                          varve_buf_slice(&bounds->upper), err);
    if (status == VARVE_OK)
        status = run(read, direction, err);
    if (status == VARVE_NOT_FOUND)
        return VARVE_OK;
    if (status != VARVE_OK)
        return status;
    read->rows->more = true;
    return direction->resume(read, bounds, err);
}

/* A scan of at most no keys has the whole span left. */
static varve_status scan_nothing(varve_rows *rows, const struct bounds *bounds, varve_error *err)
{
    rows->more = true;
    varve_status status = resume_start(rows, bounds, err);
    return status == VARVE_OK ? resume_end(rows, bounds, err) : status;
}

static varve_status scan_span(varve__read *read, varve_reader *reader, varve_span span,
                              const struct direction *direction, varve_error *err)
{
    if (span.end.size == 0)
        return varve__fail(err, VARVE_EMPTY_KEY, "attempted access to empty key");
    bool is_empty = varve_slice_compare(span.start, span.end) >= 0;
    struct bounds bounds = {VARVE_BUF_INIT, VARVE_BUF_INIT};
    varve_status status = varve_span_encode(span, &bounds.lower, &bounds.upper, err);
    varve__rows_clear(read->rows);
    if (status == VARVE_OK) {
        if (read->max_rows == 0)
            status = scan_nothing(read->rows, &bounds, err);
        else if (!is_empty)
            status = scan_bounds(read, reader, &bounds, direction, err);
    }
    varve_buf_release(&bounds.lower);
    varve_buf_release(&bounds.upper);
    return status;
}

static varve_status scan(varve_reader *reader, const varve_read *how, varve_span span,
                         int64_t max_keys, const struct direction *direction, varve_rows *rows,
                         varve_error *err)
{
    varve__read read;
    varve_status status = varve__read_begin(
        &read, how, VARVE_READ_TOMBSTONES | VARVE_READ_FAIL_ON_MORE_RECENT, max_keys, rows, err);
    if (status == VARVE_OK)
        status = scan_span(&read, reader, span, direction, err);
    return varve__read_end(&read, status, err);
}

varve_status varve_mvcc_scan(varve_reader *reader, const varve_read *how, varve_span span,
                             int64_t max_keys, varve_rows *rows, varve_error *err)
{
    return scan(reader, how, span, max_keys, &forward, rows, err);
}

varve_status varve_mvcc_reverse_scan(varve_reader *reader, const varve_read *how, varve_span span,
                                     int64_t max_keys, varve_rows *rows, varve_error *err)
{
    return scan(reader, how, span, max_keys, &backward, rows, err);
}
