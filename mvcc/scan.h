/*
 * Scans in progress: what scan, reverse scan, iterate and cursors have in common.
 */
#ifndef VARVE_MVCC_SCAN_H
#define VARVE_MVCC_SCAN_H

#include "mvcc/bounds.h"
#include "mvcc/read.h"

struct varve__scan_direction;

typedef struct varve__scan {
    varve__read read;
    const struct varve__scan_direction *direction;
    varve__bounds bounds;
} varve__scan;

/*
 * Start a scan as varve__read_begin(); then check the span and the options, empty the rows, and go
 * to the first key, or the last if `reverse`.  varve__scan_end() follows in any case.
 *
 * Returns VARVE_OK, with that key as the current one; VARVE_NOT_FOUND if there is none; or a
 * failure.  A scan of at most no keys does not look for keys.
 */
varve_status varve__scan_begin(varve__scan *scan, varve_reader *reader, const varve_read *how,
                               varve_span span, bool reverse, int64_t max_keys, varve_rows *rows,
                               varve_error *err);

/* The same for reads that hand out rows as they go; `flags` are of varve_cursor_flags. */
varve_status varve__scan_begin_stream(varve__scan *scan, varve_reader *reader,
                                      const varve_read *how, varve_span span, unsigned flags,
                                      int64_t max_keys, varve_rows *rows, varve_error *err);

/*
 * Evaluate keys, from the current one on, until a limit is reached: VARVE_OK, and the next key is
 * the current one; or until there are no more, or as many conflicts as the caller wants to know of:
 * VARVE_NOT_FOUND.
 */
varve_status varve__scan_run(varve__scan *scan, varve_error *err);

/* Set the resume span of `rows`: from the current key on, or all if no key has been read. */
varve_status varve__scan_resume(const varve__scan *scan, varve_rows *rows, varve_error *err);

/* As varve__read_end(). */
varve_status varve__scan_end(varve__scan *scan, varve_status status, varve_error *err);

/* ---- For the directions --------------------------------------------------------------------- */

/*
 * A key has been evaluated, and the walk has left it, coming to `status`: make the key that it has
 * come to the current one, unless the scan is over.
 */
varve_status varve__scan_enter(varve__read *read, varve_status status, varve_error *err);

/* Key after key until a limit is reached; `key` evaluates one, and enters the next one. */
static inline varve_status varve__scan_keys(varve__read *read,
                                            varve_status (*key)(varve__read *, varve_error *),
                                            varve_error *err)
{
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && !varve__read_is_full(read)) {
        status = varve__read_check_cancel(read, err);
        if (status == VARVE_OK)
            status = key(read, err);
    }
    return status;
}

/* The same backwards, from the current key on, on whose last record the walk stands. */
varve_status varve__scan_backward(varve__read *read, varve_error *err);

#endif
