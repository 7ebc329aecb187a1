#include <inttypes.h>

#include "engine/view.h"
#include "format/batch_repr.h"
#include "format/key.h"
#include "util/fail.h"

/* Versions are never merged: only the metadata position of a key is. */
static bool is_merge_of_version(const varve_record *record)
{
    return record->type == VARVE_RECORD_MERGE &&
           varve_key_prefix_size(record->key) != record->key.size;
}

/* Look for records that can be built and read, but not applied. */
static varve_status check_records(varve_slice repr, varve_error *err)
{
    varve__repr_reader reader;
    varve_record record;
    varve_status status = varve__repr_reader_init(&reader, repr, 0, err);
    while (status == VARVE_OK) {
        status = varve__repr_reader_next(&reader, &record, err);
        if (status != VARVE_OK)
            break;
        if (record.type == VARVE_RECORD_SINGLE_CLEAR)
            return varve__fail(err, VARVE_UNSUPPORTED,
                               "record %" PRIu32 ": single clear records cannot be applied",
                               reader.found - 1);
        if (is_merge_of_version(&record))
            return varve__fail(err, VARVE_INVALID_KEY,
                               "record %" PRIu32 ": invalid key: a version cannot be merged",
                               reader.found - 1);
    }
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

varve_status varve_writer_apply(varve_writer *writer, varve_slice repr, varve_error *err)
{
    bool is_plain;
    varve_status status = varve__repr_validate(repr, &is_plain, err);
    if (status == VARVE_OK && !is_plain)
        status = check_records(repr, err);
    if (status != VARVE_OK)
        return status;
    return writer->ops->apply(writer, repr, err);
}

static varve_status check_key(varve_slice engine_key, varve_error *err)
{
    if (varve_key_prefix_size(engine_key) == 2 && engine_key.data[0] == 0x00 &&
        engine_key.data[1] == 0x01)
        return varve__fail(err, VARVE_EMPTY_KEY, "the empty key cannot be written");
    return varve__engine_key_check(engine_key, err);
}

varve_status varve_writer_put(varve_writer *writer, varve_slice engine_key, varve_slice value,
                              varve_error *err)
{
    const varve_record record = {VARVE_RECORD_PUT, engine_key, value};
    varve_status status = check_key(engine_key, err);
    if (status != VARVE_OK)
        return status;
    return writer->ops->write(writer, &record, err);
}

varve_status varve_writer_clear(varve_writer *writer, varve_slice engine_key, varve_error *err)
{
    const varve_record record = {VARVE_RECORD_CLEAR, engine_key, varve_slice_of(NULL, 0)};
    varve_status status = check_key(engine_key, err);
    if (status != VARVE_OK)
        return status;
    return writer->ops->write(writer, &record, err);
}

varve_status varve_writer_clear_range(varve_writer *writer, varve_slice start, varve_slice end,
                                      varve_error *err)
{
    const varve_record record = {VARVE_RECORD_CLEAR_RANGE, start, end};
    size_t longer = start.size > end.size ? start.size : end.size;
    if (longer > VARVE_ENGINE_KEY_SIZE_MAX)
        return varve__fail(err, VARVE_INVALID_KEY,
                           "invalid range: a bound of %zu bytes exceeds the limit of %d", longer,
                           VARVE_ENGINE_KEY_SIZE_MAX);
    if (varve_slice_compare(start, end) > 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "end: the range ends before it starts");
    return writer->ops->write(writer, &record, err);
}

varve_status varve_writer_merge(varve_writer *writer, varve_slice engine_key, varve_slice operand,
                                varve_error *err)
{
    const varve_record record = {VARVE_RECORD_MERGE, engine_key, operand};
    varve_status status = check_key(engine_key, err);
    if (status != VARVE_OK)
        return status;
    if (is_merge_of_version(&record))
        return varve__fail(err, VARVE_INVALID_KEY, "invalid key: a version cannot be merged");
    return writer->ops->write(writer, &record, err);
}

/* ---- Without checks ------------------------------------------------------------------------- */

varve_status varve__writer_write(varve_writer *writer, const varve_record *record, varve_error *err)
{
    return writer->ops->write(writer, record, err);
}

varve_status varve__writer_apply(varve_writer *writer, varve_slice repr, varve_error *err)
{
    return writer->ops->apply(writer, repr, err);
}
