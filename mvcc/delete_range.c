#include <varve/key.h>
#include <varve/ts.h>

#include "format/fail.h"
#include "mvcc/bill.h"
#include "mvcc/rows.h"
#include "mvcc/write.h"

static varve_status check(varve_write *known, const varve_write *how, varve_error *err)
{
    varve_status status = varve__struct_copy(known, sizeof *known, how, "varve_write", err);
    if (status != VARVE_OK)
        return status;
    if (known->reader == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.reader is NULL");
    if (known->writer == NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "varve_write.writer is NULL");
    return varve__bill_check(known->bill, err);
}

/*
 * The newest values, as they were before the operation of the transaction: one that is done once
 * more sees what it saw the first time.
 */
static varve_status find_keys(const varve_write *how, varve_span span, int64_t max_keys,
                              varve_rows *rows, varve_error *err)
{
    varve_txn before;
    varve_read read = {
        .struct_size = sizeof read, .ts = varve_ts_max(), .cancel = how->cancel, .bill = how->bill};
    if (how->txn != NULL) {
        before = varve__write_txn_before(how->txn);
        read.txn = &before;
    }
    return varve_mvcc_scan(how->reader, &read, span, max_keys, rows, err);
}

static varve_status delete_rows(const varve_write *how, const varve_rows *rows, varve_error *err)
{
    varve_row row;
    size_t position = 0;
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && varve_rows_next(rows, &position, &row))
        status = varve_mvcc_delete(how, row.key, err);
    return status;
}

/* Keep only where to go on. */
static void drop_keys(varve_rows *rows)
{
    rows->packed.size = 0;
    rows->count = 0;
    rows->bytes = 0;
}

static varve_status run(const varve_write *how, varve_span span, int64_t max_keys, bool return_keys,
                        varve_rows *rows, int64_t *deleted, varve_error *err)
{
    varve_status status = find_keys(how, span, max_keys, rows, err);
    if (status != VARVE_OK)
        return status;
    *deleted = (int64_t)rows->count;
    status = delete_rows(how, rows, err);
    if (status != VARVE_OK || !return_keys)
        drop_keys(rows);
    return status;
}

varve_status varve_mvcc_delete_range(const varve_write *how, varve_span span, int64_t max_keys,
                                     bool return_keys, varve_rows *rows, int64_t *deleted,
                                     varve_error *err)
{
    varve_write known;
    varve_rows own = VARVE_ROWS_INIT;
    int64_t count = 0;
    varve_status status = check(&known, how, err);
    if (status == VARVE_OK)
        status = run(&known, span, max_keys, return_keys, rows != NULL ? rows : &own, &count, err);
    else if (rows != NULL)
        varve__rows_clear(rows);
    varve_rows_release(&own);
    if (deleted != NULL)
        *deleted = count;
    return status;
}

varve_status varve_mvcc_clear_range(varve_writer *writer, varve_span span, varve_error *err)
{
    varve_buf lower = VARVE_BUF_INIT;
    varve_buf upper = VARVE_BUF_INIT;
    if (span.end.size == 0)
        return varve__fail_empty_key(err);
    varve_status status = varve_span_encode(span, &lower, &upper, err);
    if (status == VARVE_OK)
        status =
            varve_writer_clear_range(writer, varve_buf_slice(&lower), varve_buf_slice(&upper), err);
    varve_buf_release(&lower);
    varve_buf_release(&upper);
    return status;
}
