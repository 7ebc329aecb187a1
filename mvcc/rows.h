/*
 * Packing results into varve_rows.  A row is first packed and then either counted or dropped: a
 * reverse scan keeps what may turn out to be the answer.
 */
#ifndef VARVE_MVCC_ROWS_H
#define VARVE_MVCC_ROWS_H

#include <varve/mvcc.h>

#include "format/key.h"
#include "mvcc/conflicts.h"
#include "util/buf.h"

/* What stands in front of the key and the value of a packed row. */
typedef struct varve__row_head {
    int64_t wall;
    int32_t logical;
    uint32_t key_size;
    uint64_t value_size;
} varve__row_head;

/* The part of varve__rows_clear() for rows with intents. */
void varve__rows_drop_intents(varve_rows *rows);

/* Make the rows empty, keeping their memory. */
static inline void varve__rows_clear(varve_rows *rows)
{
    if (rows->intents != NULL)
        varve__rows_drop_intents(rows);
    rows->packed.size = 0;
    rows->count = 0;
    rows->bytes = 0;
    rows->more = false;
    rows->resume_start.size = 0;
    rows->resume_end.size = 0;
    rows->resume_ts = varve_ts_zero();
}

/* A row on its way: where it was packed, and what counting it takes. */
typedef struct varve__packed_row {
    size_t offset;
    size_t value_size;
    int64_t bytes; /* accounted */
} varve__packed_row;

/* The bytes that a row accounts for: eight beside its key and value. */
static inline uint64_t varve__row_bytes(size_t key_size, varve_ts ts, size_t value_size)
{
    return 8 + varve_key_scan_size(varve_slice_of(NULL, key_size), ts) + value_size;
}

/*
 * Write the user key behind a prefix `offset` bytes behind the packed rows, where there is room for
 * the prefix; returns its size.
 */
static inline size_t varve__rows_write_key(varve_buf *packed, size_t offset, varve_slice prefix,
                                           bool is_plain)
{
    if (is_plain) {
        memcpy(packed->data + packed->size + offset, prefix.data,
               prefix.size - VARVE__TERMINATOR_SIZE);
        return prefix.size - VARVE__TERMINATOR_SIZE;
    }
    size_t before = packed->size;
    packed->size += offset;
    (void)varve__key_unescape(prefix, packed, NULL);
    size_t size = packed->size - before - offset;
    packed->size = before;
    return size;
}

/*
 * Pack a row behind the others: the user key behind an encoded `prefix`, in which nothing is
 * escaped if it `is_plain`, `ts`, and `value`.  On failure the rows are as before.
 */
static inline varve_status varve__rows_pack(varve_rows *rows, varve_slice prefix, bool is_plain,
                                            varve_ts ts, varve_slice value, varve__packed_row *row,
                                            varve_error *err)
{
    varve_buf *packed = &rows->packed;
    size_t offset = packed->size;

    /* Escaped keys are never shorter: this is the only place where the buffer grows. */
    varve_status status =
        varve__buf_reserve(packed, sizeof(varve__row_head) + prefix.size + value.size, err);
    if (status != VARVE_OK)
        return status;
    size_t key_size = varve__rows_write_key(packed, sizeof(varve__row_head), prefix, is_plain);
    const varve__row_head head = {
        .wall = ts.wall,
        .logical = ts.logical,
        .key_size = (uint32_t)key_size,
        .value_size = value.size,
    };
    unsigned char *at = packed->data + offset;
    memcpy(at, &head, sizeof head);
    if (value.size > 0)
        memcpy(at + sizeof head + key_size, value.data, value.size);
    packed->size = offset + sizeof head + key_size + value.size;

    row->offset = offset;
    row->value_size = value.size;
    row->bytes = (int64_t)varve__row_bytes(key_size, ts, value.size);
    return VARVE_OK;
}

/* Let the rows, which have no intents, own a copy of these, in one piece of memory. */
varve_status varve__rows_give_intents(varve_rows *rows, const varve__conflicts *intents,
                                      varve_error *err);

/* Count the row packed last. */
static inline void varve__rows_count(varve_rows *rows, const varve__packed_row *row)
{
    rows->count++;
    rows->bytes += row->bytes;
}

/* Take away the row packed last. */
static inline void varve__rows_drop(varve_rows *rows, const varve__packed_row *row)
{
    rows->packed.size = row->offset;
}

#endif
