/*
 * Packing results into varve_rows.  A row is first packed and then either counted or dropped: a
 * reverse scan keeps what may turn out to be the answer.
 */
#ifndef VARVE_MVCC_ROWS_H
#define VARVE_MVCC_ROWS_H

#include <varve/mvcc.h>

#include "mvcc/conflicts.h"

/* Make the rows empty, keeping their memory. */
void varve__rows_clear(varve_rows *rows);

/* A row on its way: where it was packed, and what counting it takes. */
typedef struct varve__packed_row {
    size_t offset;
    size_t value_size;
    int64_t bytes; /* accounted */
} varve__packed_row;

/*
 * Pack a row behind the others: the user key behind an encoded `prefix`, `ts`, and `value`.  On
 * failure the rows are as before.
 */
varve_status varve__rows_pack(varve_rows *rows, varve_slice prefix, varve_ts ts, varve_slice value,
                              varve__packed_row *row, varve_error *err);

/* Let the rows, which have no intents, own a copy of these, in one piece of memory. */
varve_status varve__rows_give_intents(varve_rows *rows, const varve__conflicts *intents,
                                      varve_error *err);

/* The bytes that a row accounts for. */
uint64_t varve__row_bytes(size_t key_size, varve_ts ts, size_t value_size);

/* Count the row packed last. */
void varve__rows_count(varve_rows *rows, const varve__packed_row *row);

/* Take away the row packed last. */
void varve__rows_drop(varve_rows *rows, const varve__packed_row *row);

#endif
