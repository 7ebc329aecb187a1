#include "mvcc/own.h"

#include <varve/value.h>

#include "util/buf.h"

varve_status varve__own_data(const varve_row *row, varve_slice *data, varve_error *err)
{
    varve_status status = varve_value_verify(row->value, row->key, err);
    return status == VARVE_OK ? varve_value_get_bytes(row->value, data, err) : status;
}

varve_status varve__own_get(varve_reader *reader, varve_slice user_key, varve_rows *rows,
                            varve_slice *data, varve_error *err)
{
    /* A record that is there but empty is damaged, not absent. */
    varve_read how = {.struct_size = sizeof how, .flags = VARVE_READ_TOMBSTONES};
    varve_row row;
    size_t position = 0;
    varve_status status = varve_mvcc_get(reader, &how, user_key, rows, err);
    if (status != VARVE_OK)
        return status;
    (void)varve_rows_next(rows, &position, &row);
    return varve__own_data(&row, data, err);
}

varve_status varve__own_put(varve_writer *writer, varve_slice user_key, varve_slice data,
                            varve_error *err)
{
    varve_buf raw = VARVE_BUF_INIT;
    varve_write how = {.struct_size = sizeof how, .writer = writer};
    varve_status status = varve_value_set_bytes(&raw, data, err);
    if (status == VARVE_OK)
        status = varve_value_init_checksum(&raw, user_key, err);
    if (status == VARVE_OK)
        status = varve_mvcc_put(&how, user_key, varve_buf_slice(&raw), err);
    varve_buf_release(&raw);
    return status;
}

/* ---- Numbers -----------------------------------------------------------------------------------
 */

static void push(varve_buf *data, uint64_t number, unsigned size)
{
    for (unsigned i = size; i-- > 0;)
        varve__buf_push(data, (unsigned char)(number >> (8 * i)));
}

static bool take(varve_slice *left, uint64_t *number, size_t size)
{
    varve_slice bytes;
    if (!varve__own_take_bytes(left, size, &bytes))
        return false;
    *number = 0;
    for (size_t i = 0; i < size; i++)
        *number = *number << 8 | bytes.data[i];
    return true;
}

void varve__own_push_u32(varve_buf *data, uint32_t number)
{
    push(data, number, 4);
}

void varve__own_push_i64(varve_buf *data, int64_t number)
{
    push(data, (uint64_t)number, 8);
}

void varve__own_push_ts(varve_buf *data, varve_ts ts)
{
    varve__own_push_i64(data, ts.wall);
    varve__own_push_u32(data, (uint32_t)ts.logical);
}

bool varve__own_take_bytes(varve_slice *left, size_t size, varve_slice *bytes)
{
    if (left->size < size)
        return false;
    *bytes = varve_slice_of(left->data, size);
    *left = varve_slice_of(size == 0 ? left->data : left->data + size, left->size - size);
    return true;
}

bool varve__own_take_u32(varve_slice *left, uint32_t *number)
{
    uint64_t taken;
    bool is_there = take(left, &taken, 4);
    if (is_there)
        *number = (uint32_t)taken;
    return is_there;
}

bool varve__own_take_i64(varve_slice *left, int64_t *number)
{
    uint64_t taken;
    bool is_there = take(left, &taken, 8);
    if (is_there)
        *number = (int64_t)taken;
    return is_there;
}

bool varve__own_take_ts(varve_slice *left, varve_ts *ts)
{
    int64_t wall;
    uint32_t logical;
    if (!varve__own_take_i64(left, &wall) || !varve__own_take_u32(left, &logical))
        return false;
    *ts = (varve_ts){wall, (int32_t)logical};
    return ts->wall >= 0 && ts->logical >= 0;
}
