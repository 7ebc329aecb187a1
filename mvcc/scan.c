#include "mvcc/scan.h"

#include "util/buf.h"
#include "util/fail.h"

/* What differs between the two directions. */
struct varve__scan_direction {
    varve_status (*open)(varve__walk *walk, varve_reader *reader, varve_slice lower,
                         varve_slice upper, varve_error *err);
    varve_status (*key)(varve__read *read, varve_error *err);
    /* Come to the walk's current key anew, or to the one behind it if that is gone. */
    varve_status (*again)(varve__walk *walk, varve_error *err);
    /* Set the resume span of a scan that goes on at the walk's current key. */
    varve_status (*resume)(varve__scan *scan, varve_rows *rows, varve_error *err);
};

/* ---- Resume spans ------------------------------------------------------------------------------
 */

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
static varve_status resume_start(varve__scan *scan, varve_rows *rows, varve_error *err)
{
    return set_user_key(&rows->resume_start, varve_buf_slice(&scan->lower), err);
}

static varve_status resume_end(varve__scan *scan, varve_rows *rows, varve_error *err)
{
    return set_user_key(&rows->resume_end, varve_buf_slice(&scan->upper), err);
}

static varve_status resume_forward(varve__scan *scan, varve_rows *rows, varve_error *err)
{
    varve_slice prefix = varve__walk_prefix(&scan->read.walk);
    varve_status status = set_user_key(&rows->resume_start, prefix, err);
    return status == VARVE_OK ? resume_end(scan, rows, err) : status;
}

static varve_status resume_backward(varve__scan *scan, varve_rows *rows, varve_error *err)
{
    varve_slice prefix = varve__walk_prefix(&scan->read.walk);
    varve_status status = set_user_key(&rows->resume_end, prefix, err);
    if (status == VARVE_OK)
        status = varve__buf_append(&rows->resume_end, varve_slice_of("", 1), err);
    return status == VARVE_OK ? resume_start(scan, rows, err) : status;
}

varve_status varve__scan_resume(varve__scan *scan, varve_rows *rows, varve_error *err)
{
    rows->more = true;
    if (scan->read.max_rows > 0)
        return scan->direction->resume(scan, rows, err);
    varve_status status = resume_start(scan, rows, err);
    return status == VARVE_OK ? resume_end(scan, rows, err) : status;
}

/* ---- Keys --------------------------------------------------------------------------------------
 */

static varve_status scan_forward_key(varve__read *read, varve_error *err)
{
    varve_status status = varve__read_key(read, err);
    return status == VARVE_OK ? varve__walk_next_key(&read->walk, err) : status;
}

static const struct varve__scan_direction forward = {
    .open = varve__walk_open_first,
    .key = scan_forward_key,
    .again = varve__walk_again_first,
    .resume = resume_forward,
};

static const struct varve__scan_direction backward = {
    .open = varve__walk_open_last,
    .key = varve__scan_backward_key,
    .again = varve__walk_again_last,
    .resume = resume_backward,
};

/* An inconsistent scan that knows enough intents has reached a limit; any other one is over. */
static bool is_over(varve__read *read)
{
    read->conflicts.more = varve__read_has_enough_intents(read);
    return read->conflicts.more && !read->view.inconsistent;
}

/* What is read may have been written to since the walk came to the current key. */
static varve_status keep_up(varve__scan *scan, varve_error *err)
{
    varve__walk *walk = &scan->read.walk;
    if (!varve__walk_is_outdated(walk))
        return VARVE_OK;
    varve_status status = scan->direction->again(walk, err);
    return status == VARVE_OK ? varve__walk_enter(walk, err) : status;
}

varve_status varve__scan_run(varve__scan *scan, varve_error *err)
{
    varve__read *read = &scan->read;
    if (varve__read_is_full(read))
        return VARVE_OK;
    varve_status status = keep_up(scan, err);
    while (status == VARVE_OK && !varve__read_is_full(read)) {
        status = varve__read_check_cancel(read, err);
        if (status == VARVE_OK)
            status = scan->direction->key(read, err);
        bool over = is_over(read);
        if (status == VARVE_OK)
            status = over ? VARVE_NOT_FOUND : varve__walk_enter(&read->walk, err);
    }
    return status;
}

/* ---- Scans -------------------------------------------------------------------------------------
 */

/* The span is taken from the bounds, for the caller's may have been in the rows. */
static varve_status check_collected(varve__scan *scan, varve_reader *reader, varve_status status,
                                    varve_error *err)
{
    varve_buf start = VARVE_BUF_INIT;
    varve_buf end = VARVE_BUF_INIT;
    if (status < 0 || (scan->read.how.flags & VARVE_READ_CHECK_COLLECTED) == 0)
        return status;
    varve_status decoded = set_user_key(&start, varve_buf_slice(&scan->lower), err);
    if (decoded == VARVE_OK)
        decoded = set_user_key(&end, varve_buf_slice(&scan->upper), err);
    varve_span span = {varve_buf_slice(&start), varve_buf_slice(&end)};
    status = decoded == VARVE_OK
                 ? varve__read_check_collected(&scan->read, reader, span, status, err)
                 : decoded;
    varve_buf_release(&start);
    varve_buf_release(&end);
    return status;
}

static varve_status open_walk(varve__scan *scan, varve_reader *reader, varve_error *err)
{
    varve__walk *walk = &scan->read.walk;
    varve_status status = scan->direction->open(walk, reader, varve_buf_slice(&scan->lower),
                                                varve_buf_slice(&scan->upper), err);
    status = check_collected(scan, reader, status, err);
    return status == VARVE_OK ? varve__walk_enter(walk, err) : status;
}

static varve_status begin_span(varve__scan *scan, varve_reader *reader, varve_span span,
                               varve_error *err)
{
    if (span.end.size == 0)
        return varve__fail(err, VARVE_EMPTY_KEY, "attempted access to empty key");
    varve_status status = varve__read_check_options(&scan->read, err);
    if (status != VARVE_OK)
        return status;
    bool is_empty = varve_slice_compare(span.start, span.end) >= 0;
    status = varve_span_encode(span, &scan->lower, &scan->upper, err);
    varve__rows_clear(scan->read.rows);
    if (status != VARVE_OK || scan->read.max_rows == 0)
        return status;
    return is_empty ? VARVE_NOT_FOUND : open_walk(scan, reader, err);
}

varve_status varve__scan_begin(varve__scan *scan, varve_reader *reader, const varve_read *how,
                               varve_span span, bool reverse, int64_t max_keys, varve_rows *rows,
                               varve_error *err)
{
    const unsigned flags = VARVE_READ_TOMBSTONES | VARVE_READ_FAIL_ON_MORE_RECENT |
                           VARVE_READ_INCONSISTENT | VARVE_READ_CHECK_COLLECTED;
    scan->direction = reverse ? &backward : &forward;
    scan->lower = (varve_buf)VARVE_BUF_INIT;
    scan->upper = (varve_buf)VARVE_BUF_INIT;
    varve_status status = varve__read_begin(&scan->read, how, flags, max_keys, rows, err);
    return status == VARVE_OK ? begin_span(scan, reader, span, err) : status;
}

varve_status varve__scan_begin_stream(varve__scan *scan, varve_reader *reader,
                                      const varve_read *how, varve_span span, unsigned flags,
                                      int64_t max_keys, varve_rows *rows, varve_error *err)
{
    bool reverse = (flags & VARVE_CURSOR_REVERSE) != 0;
    varve_status status = varve__scan_begin(scan, reader, how, span, reverse, max_keys, rows, err);
    if (status >= 0 && (flags & ~(unsigned)VARVE_CURSOR_REVERSE) != 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "flags 0x%x are not allowed in this read",
                           flags & ~(unsigned)VARVE_CURSOR_REVERSE);
    if (status >= 0 && scan->read.how.target_bytes != 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "varve_read.target_bytes is not for this read");
    return status;
}

varve_status varve__scan_end(varve__scan *scan, varve_status status, varve_error *err)
{
    varve_buf_release(&scan->lower);
    varve_buf_release(&scan->upper);
    return varve__read_end(&scan->read, status, err);
}

static varve_status scan_once(varve_reader *reader, const varve_read *how, varve_span span,
                              bool reverse, int64_t max_keys, varve_rows *rows, varve_error *err)
{
    varve__scan scan;
    varve_status status = varve__scan_begin(&scan, reader, how, span, reverse, max_keys, rows, err);
    if (status == VARVE_OK)
        status = varve__scan_run(&scan, err);
    if (status == VARVE_OK)
        status = varve__scan_resume(&scan, rows, err);
    return varve__scan_end(&scan, status == VARVE_NOT_FOUND ? VARVE_OK : status, err);
}

varve_status varve_mvcc_scan(varve_reader *reader, const varve_read *how, varve_span span,
                             int64_t max_keys, varve_rows *rows, varve_error *err)
{
    return scan_once(reader, how, span, false, max_keys, rows, err);
}

varve_status varve_mvcc_reverse_scan(varve_reader *reader, const varve_read *how, varve_span span,
                                     int64_t max_keys, varve_rows *rows, varve_error *err)
{
    return scan_once(reader, how, span, true, max_keys, rows, err);
}
