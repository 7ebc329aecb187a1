#include "mvcc/scan.h"
#include "util/alloc.h"
#include "util/fail.h"

struct varve_cursor {
    varve__scan scan;
    varve_rows rows; /* the present row */
    bool is_at_end;  /* no key is left to be evaluated */
    varve_error failure;
};

static varve_status begin(varve_cursor *cursor, varve_reader *reader, const varve_read *how,
                          varve_span span, unsigned flags, varve_error *err)
{
    varve_status status =
        varve__scan_begin_stream(&cursor->scan, reader, how, span, flags, 1, &cursor->rows, err);
    const varve__read *read = &cursor->scan.read;
    if (status >= 0 && read->view.inconsistent && read->how.max_intents != 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "varve_read.max_intents is not for an inconsistent cursor");
    cursor->is_at_end = status == VARVE_NOT_FOUND;
    return status < 0 ? status : VARVE_OK;
}

varve_status varve_cursor_open(varve_reader *reader, const varve_read *how, varve_span span,
                               unsigned flags, varve_cursor **out, varve_error *err)
{
    *out = NULL;
    varve_cursor *cursor = varve__calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return varve__fail_no_memory(err, sizeof *cursor);
    varve_status status = begin(cursor, reader, how, span, flags, err);
    if (status != VARVE_OK) {
        varve_cursor_close(cursor);
        return status;
    }
    *out = cursor;
    return VARVE_OK;
}

/* One row, or none at the end. */
static varve_status run(varve_cursor *cursor, varve_error *err)
{
    if (cursor->is_at_end)
        return VARVE_OK;
    varve_status status = varve__scan_run(&cursor->scan, err);
    cursor->is_at_end = status == VARVE_NOT_FOUND;
    return status < 0 ? status : VARVE_OK;
}

/* A conflict has been met: the rows behind it do not matter, but the conflicts do. */
static varve_status gather_conflicts(varve_cursor *cursor, varve_error *err)
{
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && !cursor->is_at_end) {
        varve__rows_clear(&cursor->rows);
        status = run(cursor, err);
    }
    return status == VARVE_OK ? varve__read_conflicts(&cursor->scan.read, err) : status;
}

static varve_status step(varve_cursor *cursor, varve_error *err)
{
    varve__read *read = &cursor->scan.read;
    varve__rows_clear(&cursor->rows);
    varve__conflicts_clear(&read->conflicts);
    varve_status status = run(cursor, err);
    if (status == VARVE_OK && read->conflicts.count > 0 && !read->view.inconsistent)
        status = gather_conflicts(cursor, err);
    if (status < 0)
        varve__rows_clear(&cursor->rows);
    varve__read_bill(read);
    return status;
}

varve_status varve_cursor_next(varve_cursor *cursor, varve_row *row, varve_error *err)
{
    if (cursor->failure.status == VARVE_OK)
        (void)step(cursor, &cursor->failure);
    if (cursor->failure.status != VARVE_OK)
        return varve__error_copy(&cursor->failure, err);
    size_t position = 0;
    return varve_rows_next(&cursor->rows, &position, row) ? VARVE_OK : VARVE_NOT_FOUND;
}

const varve_intent *varve_cursor_intents(const varve_cursor *cursor, size_t *count)
{
    const varve__read *read = &cursor->scan.read;
    *count = read->view.inconsistent ? read->conflicts.count : 0;
    return read->conflicts.list;
}

void varve_cursor_close(varve_cursor *cursor)
{
    if (cursor == NULL)
        return;
    varve__rows_clear(&cursor->rows);
    varve__conflicts_clear(&cursor->scan.read.conflicts);
    (void)varve__scan_end(&cursor->scan, VARVE_OK, NULL);
    varve_rows_release(&cursor->rows);
    varve_error_release(&cursor->failure);
    varve__free(cursor);
}
