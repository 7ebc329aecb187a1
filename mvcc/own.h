/*
 * Records of varve's own: inline values of tag BYTES, with their checksums, at user keys that begin
 * with 01 76 (docs/format.md).  And numbers inside of them, which are big-endian.
 */
#ifndef VARVE_MVCC_OWN_H
#define VARVE_MVCC_OWN_H

#include <varve/mvcc.h>

/*
 * Read the record of `user_key` into `rows`, which the caller releases; `*data` is what it holds,
 * valid as long as these.  Returns VARVE_OK; VARVE_NOT_FOUND; VARVE_CHECKSUM; VARVE_VALUE_TYPE; and
 * otherwise as varve_mvcc_get().
 */
varve_status varve__own_get(varve_reader *reader, varve_slice user_key, varve_rows *rows,
                            varve_slice *data, varve_error *err);

/* What a row with such a record holds.  Returns likewise. */
varve_status varve__own_data(const varve_row *row, varve_slice *data, varve_error *err);

/* Write it, whatever was there before.  Returns as varve_mvcc_put() of an inline value. */
varve_status varve__own_put(varve_writer *writer, varve_slice user_key, varve_slice data,
                            varve_error *err);

/* ---- Numbers ------------------------------------------------------------------------------- */

/* The size of a timestamp. */
#define VARVE__OWN_TS_SIZE 12

/* Append where varve__buf_reserve() has made room. */
void varve__own_push_u32(varve_buf *data, uint32_t number);
void varve__own_push_i64(varve_buf *data, int64_t number);
void varve__own_push_ts(varve_buf *data, varve_ts ts);

/* Take off the front of `*left`; false if it is too short. */
bool varve__own_take_u32(varve_slice *left, uint32_t *number);
bool varve__own_take_i64(varve_slice *left, int64_t *number);
bool varve__own_take_bytes(varve_slice *left, size_t size, varve_slice *bytes);
/* False for a negative one, too. */
bool varve__own_take_ts(varve_slice *left, varve_ts *ts);

#endif
