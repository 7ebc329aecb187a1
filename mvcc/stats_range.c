#include <varve/mvcc.h>
#include <varve/stats.h>
#include <varve/value.h>

#include "util/buf.h"

varve_status varve_range_stats_put(varve_writer *writer, uint64_t range_id,
                                   const varve_stats *stats, varve_error *err)
{
    unsigned char record[VARVE_STATS_RECORD_SIZE];
    varve_write how = {.struct_size = sizeof how, .writer = writer};
    varve_buf key = VARVE_BUF_INIT;
    varve_buf raw = VARVE_BUF_INIT;
    varve_stats_encode(stats, record);
    varve_status status = varve_range_stats_key(range_id, &key, err);
    if (status == VARVE_OK)
        status = varve_value_set_bytes(&raw, varve_slice_of(record, sizeof record), err);
    if (status == VARVE_OK)
        status = varve_value_init_checksum(&raw, varve_buf_slice(&key), err);
    if (status == VARVE_OK)
        status = varve_mvcc_put(&how, varve_buf_slice(&key), varve_buf_slice(&raw), err);
    varve_buf_release(&raw);
    varve_buf_release(&key);
    return status;
}

/* Take the statistics out of the row that a read of them has come to. */
static varve_status from_row(const varve_rows *rows, varve_stats *stats, varve_error *err)
{
    size_t position = 0;
    varve_row row;
    varve_slice record;
    (void)varve_rows_next(rows, &position, &row);
    varve_status status = varve_value_verify(row.value, row.key, err);
    if (status == VARVE_OK)
        status = varve_value_get_bytes(row.value, &record, err);
    return status == VARVE_OK ? varve_stats_decode(record, stats, err) : status;
}

varve_status varve_range_stats_get(varve_reader *reader, uint64_t range_id, varve_stats *stats,
                                   varve_error *err)
{
    varve_read how = {.struct_size = sizeof how};
    varve_buf key = VARVE_BUF_INIT;
    varve_rows rows = VARVE_ROWS_INIT;
    varve_status status = varve_range_stats_key(range_id, &key, err);
    if (status == VARVE_OK)
        status = varve_mvcc_get(reader, &how, varve_buf_slice(&key), &rows, err);
    if (status == VARVE_OK)
        status = from_row(&rows, stats, err);
    if (status == VARVE_NOT_FOUND) {
        *stats = (varve_stats){0};
        status = VARVE_OK;
    }
    varve_rows_release(&rows);
    varve_buf_release(&key);
    return status;
}
