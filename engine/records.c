/*
 * Reading and writing in larger strokes: structured records, and ranges of records.
 */
#include "engine/view.h"
#include "format/batch_repr.h"
#include "format/key.h"
#include "util/fail.h"

/* ---- Structured records --------------------------------------------------------------------- */

/* Tell the accounted size of a well-formed engine key, and that of a value. */
static void tell_sizes(varve_slice engine_key, size_t value_size, int64_t *key_bytes,
                       int64_t *value_bytes)
{
    size_t prefix = varve_key_prefix_size(engine_key);
    size_t key = varve__key_unescaped_size(varve_slice_of(engine_key.data, prefix)) + 1;
    if (key_bytes != NULL)
        *key_bytes = (int64_t)(key + (engine_key.size > prefix ? VARVE_VERSION_TS_SIZE : 0));
    if (value_bytes != NULL)
        *value_bytes = (int64_t)value_size;
}

varve_status varve_reader_get_record(varve_reader *reader, varve_slice engine_key,
                                     varve_decode_fn decode, void *arg, varve_buf *value,
                                     int64_t *key_bytes, int64_t *value_bytes, varve_error *err)
{
    if (key_bytes != NULL)
        *key_bytes = 0;
    if (value_bytes != NULL)
        *value_bytes = 0;
    varve_status status = varve_reader_get(reader, engine_key, value, err);
    if (status != VARVE_OK)
        return status;
    if (value->size == 0)
        return VARVE_NOT_FOUND;
    tell_sizes(engine_key, value->size, key_bytes, value_bytes);
    return decode(arg, varve_buf_slice(value), err);
}

varve_status varve_writer_put_record(varve_writer *writer, varve_slice engine_key,
                                     varve_slice bytes, int64_t *key_bytes, int64_t *value_bytes,
                                     varve_error *err)
{
    varve_status status = varve_writer_put(writer, engine_key, bytes, err);
    if (status == VARVE_OK)
        tell_sizes(engine_key, bytes.size, key_bytes, value_bytes);
    return status;
}

/* ---- Ranges --------------------------------------------------------------------------------- */

varve_status varve_reader_iterate(varve_reader *reader, varve_slice start, varve_slice end,
                                  uint64_t max, varve_record_fn each, void *arg, varve_error *err)
{
    varve_iter *it;
    const varve_iter_options options = {
        .struct_size = sizeof options, .lower = start, .upper = end};
    varve_status status = varve_iter_open(reader, &options, &it, err);
    if (status != VARVE_OK)
        return status;
    uint64_t count = 0;
    for (bool more = varve_iter_seek_ge(it, start); more; more = varve_iter_next(it)) {
        status = each(arg, it->key, varve_iter_value(it), err);
        if (status != VARVE_OK || ++count == max)
            break;
    }
    if (status == VARVE_OK)
        status = varve_iter_status(it, err);
    varve_iter_close(it);
    return status;
}

/* Append a clear of each record that `it` shows in the range. */
static varve_status collect_clears(varve_iter *it, varve_slice start, varve_slice end,
                                   varve_buf *repr, varve_error *err)
{
    bool more = varve_iter_seek_ge(it, start);
    while (more && (end.size == 0 || varve_iter_less(it, end))) {
        const varve_record record = {VARVE_RECORD_CLEAR, it->key, varve_slice_of(NULL, 0)};
        varve_status status = varve__repr_append(repr, &record, err);
        if (status != VARVE_OK)
            return status;
        more = varve_iter_next(it);
    }
    return varve_iter_status(it, err);
}

varve_status varve_writer_clear_iter_range(varve_writer *writer, varve_iter *it, varve_slice start,
                                           varve_slice end, uint64_t *cleared, varve_error *err)
{
    varve_buf repr = VARVE_BUF_INIT;
    varve_status status = varve__repr_begin(&repr, err);
    if (cleared != NULL)
        *cleared = 0;
    if (status == VARVE_OK)
        status = collect_clears(it, start, end, &repr, err);
    if (status == VARVE_OK)
        status = varve_writer_apply(writer, varve_buf_slice(&repr), err);
    if (status == VARVE_OK && cleared != NULL)
        *cleared = varve__repr_count(varve_buf_slice(&repr));
    varve_buf_release(&repr);
    return status;
}
