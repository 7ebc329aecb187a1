#include "mvcc/scan.h"

#include "util/fail.h"

/* What differs between the two directions. */
struct varve__scan_direction {
    varve_status (*open)(varve__walk *walk, varve_reader *reader, varve_slice lower,
                         varve_slice upper, varve_error *err);
    varve_status (*run)(varve__read *read, varve_error *err);
    /* Come to the walk's current key anew, or to the one behind it if that is gone. */
    varve_status (*again)(varve__walk *walk, varve_error *err);
    /* Let the rows go on at the walk's current key. */
    varve_status (*resume)(const varve__bounds *bounds, varve_slice prefix, varve_rows *rows,
                           varve_error *err);
};

varve_status varve__scan_resume(const varve__scan *scan, varve_rows *rows, varve_error *err)
{
    const varve__bounds *bounds = &scan->bounds;
    if (scan->read.max_rows == 0)
        return varve__bounds_resume(bounds, varve_buf_slice(&bounds->lower), rows, err);
    return scan->direction->resume(bounds, varve__walk_prefix(&scan->read.walk), rows, err);
}

varve_status varve__scan_enter(varve__read *read, varve_status status, varve_error *err)
{
    bool over = varve__read_is_over(read);
    if (status != VARVE_OK)
        return status;
    return over ? VARVE_NOT_FOUND : varve__walk_enter(&read->walk, err);
}

/* ---- Keys --------------------------------------------------------------------------------------
 */

/*
 * Evaluate the current key, and enter the next one.  One that yields its first record adds no
 * conflict, so that the scan is not over because of it.
 */
static inline varve_status scan_forward_key(varve__read *read, varve_error *err)
{
    varve__found found;
    if (varve__find_first(&read->view, &read->walk, &found)) {
        varve_status status = varve__read_emit(read, &found, err);
        return status == VARVE_OK ? varve__walk_enter_next(&read->walk, err) : status;
    }
    varve_status status = varve__read_key_further(read, err);
    if (status == VARVE_OK)
        status = varve__walk_next_key(&read->walk, err);
    return varve__scan_enter(read, status, err);
}

static varve_status scan_forward(varve__read *read, varve_error *err)
{
    return varve__scan_keys(read, scan_forward_key, err);
}

static const struct varve__scan_direction forward = {
    .open = varve__walk_open_first,
    .run = scan_forward,
    .again = varve__walk_again_first,
    .resume = varve__bounds_resume,
};

static const struct varve__scan_direction backward = {
    .open = varve__walk_open_last,
    .run = varve__scan_backward,
    .again = varve__walk_again_last,
    .resume = varve__bounds_resume_backward,
};

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
    return status == VARVE_OK ? scan->direction->run(read, err) : status;
}

/* ---- Scans -------------------------------------------------------------------------------------
 */

static varve_status open_walk(varve__scan *scan, varve_reader *reader, varve_span span,
                              varve_error *err)
{
    varve__walk *walk = &scan->read.walk;
    varve_status status = scan->direction->open(walk, reader, varve_buf_slice(&scan->bounds.lower),
                                                varve_buf_slice(&scan->bounds.upper), err);
    status = varve__read_check_collected(&scan->read, reader, span, status, err);
    return status == VARVE_OK ? varve__walk_enter(walk, err) : status;
}

static varve_status begin_span(varve__scan *scan, varve_reader *reader, varve_span span,
                               varve_error *err)
{
    varve_status status = varve__bounds_open(&scan->bounds, span, err);
    if (status == VARVE_OK)
        status = varve__read_check_options(&scan->read, err);
    if (status == VARVE_OK && scan->read.max_rows > 0)
        status = scan->bounds.is_empty ? VARVE_NOT_FOUND : open_walk(scan, reader, span, err);
    varve__rows_clear(scan->read.rows); /* which the span may point into */
    return status;
}

varve_status varve__scan_begin(varve__scan *scan, varve_reader *reader, const varve_read *how,
                               varve_span span, bool reverse, int64_t max_keys, varve_rows *rows,
                               varve_error *err)
{
    const unsigned flags = VARVE_READ_TOMBSTONES | VARVE_READ_FAIL_ON_MORE_RECENT |
                           VARVE_READ_INCONSISTENT | VARVE_READ_CHECK_COLLECTED;
    scan->direction = reverse ? &backward : &forward;
    scan->bounds = (varve__bounds){.is_empty = false};
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
    varve__bounds_release(&scan->bounds);
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
