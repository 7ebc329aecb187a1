#include "format/batch_repr.h"

#include <inttypes.h>

#include <varve/value.h>

#include "format/key.h"
#include "format/varint.h"
#include "util/buf.h"
#include "util/fail.h"
#include "util/little_endian.h"

#define COUNT_OFFSET 8

/* ---- Numbers of the header ---------------------------------------------------------------------
 */

uint32_t varve__repr_count(varve_slice repr)
{
    return varve__load_le32(repr.data + COUNT_OFFSET);
}

/* Spelled out, for compilers to make one store of it. */
static void set_count(varve_buf *repr, uint32_t count)
{
    unsigned char *out = repr->data + COUNT_OFFSET;
    out[0] = (unsigned char)count;
    out[1] = (unsigned char)(count >> 8);
    out[2] = (unsigned char)(count >> 16);
    out[3] = (unsigned char)(count >> 24);
}

static void add_to_count(varve_buf *repr, uint32_t more)
{
    set_count(repr, varve__repr_count(varve_buf_slice(repr)) + more);
}

/* ---- Record types ------------------------------------------------------------------------------
 */

struct shape {
    bool known;
    bool counted;
    bool has_key;
    bool has_value;
};

static struct shape shape_of(unsigned type)
{
    switch (type) {
    case VARVE_RECORD_CLEAR:
    case VARVE_RECORD_SINGLE_CLEAR:
        return (struct shape){true, true, true, false};
    case VARVE_RECORD_PUT:
    case VARVE_RECORD_MERGE:
    case VARVE_RECORD_CLEAR_RANGE:
        return (struct shape){true, true, true, true};
    case VARVE_RECORD_LOG:
        return (struct shape){true, false, false, true};
    default:
        return (struct shape){false, false, false, false};
    }
}

/* ---- Building ----------------------------------------------------------------------------------
 */

static void push_empty_header(varve_buf *repr)
{
    memset(repr->data, 0, VARVE_BATCH_HEADER_SIZE);
    repr->size = VARVE_BATCH_HEADER_SIZE;
}

varve_status varve__repr_begin(varve_buf *repr, varve_error *err)
{
    varve_status status = varve__buf_restart(repr, VARVE_BATCH_HEADER_SIZE, err);
    if (status == VARVE_OK)
        push_empty_header(repr);
    return status;
}

/* Make room for `size` bytes of records, and for the header if there is none yet; write that. */
static varve_status make_room(varve_buf *repr, uint64_t size, varve_error *err)
{
    uint64_t header = repr->size == 0 ? VARVE_BATCH_HEADER_SIZE : 0;
    uint64_t total = repr->size + header + size;
    if (total > VARVE_BATCH_SIZE_MAX)
        return varve__fail_too_large(err, "batch", total, VARVE_BATCH_SIZE_MAX);
    varve_status status = varve__buf_reserve(repr, (size_t)(header + size), err);
    if (status == VARVE_OK && repr->size == 0)
        push_empty_header(repr);
    return status;
}

static uint64_t varstring_size(varve_slice bytes)
{
    return varve__varint_size(bytes.size) + (uint64_t)bytes.size;
}

static void push_varstring(varve_buf *repr, varve_slice bytes)
{
    repr->size += varve__varint_encode(bytes.size, repr->data + repr->size);
    varve__buf_push_bytes(repr, bytes);
}

varve_status varve__repr_append(varve_buf *repr, const varve_record *record, varve_error *err)
{
    struct shape shape = shape_of(record->type);
    if (!shape.known)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "unexpected type %u", record->type);
    if (shape.has_value && record->value.size > VARVE_VALUE_SIZE_MAX)
        return varve__fail_too_large(err, "value", record->value.size, VARVE_VALUE_SIZE_MAX);
    /* Before sizes are added up: (size_t)-1 must not become a small one. */
    if (shape.has_key && record->key.size > VARVE_BATCH_SIZE_MAX)
        return varve__fail_too_large(err, "batch", record->key.size, VARVE_BATCH_SIZE_MAX);
    uint64_t size = 1 + (shape.has_key ? varstring_size(record->key) : 0) +
                    (shape.has_value ? varstring_size(record->value) : 0);
    varve_status status = make_room(repr, size, err);
    if (status != VARVE_OK)
        return status;

    varve__buf_push(repr, (unsigned char)record->type);
    if (shape.has_key)
        push_varstring(repr, record->key);
    if (shape.has_value)
        push_varstring(repr, record->value);
    if (shape.counted)
        add_to_count(repr, 1);
    return VARVE_OK;
}

varve_status varve__repr_append_repr(varve_buf *repr, varve_slice other, varve_error *err)
{
    varve_slice records =
        varve_slice_of(other.data + VARVE_BATCH_HEADER_SIZE, other.size - VARVE_BATCH_HEADER_SIZE);
    varve_status status = make_room(repr, records.size, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(repr, records);
    add_to_count(repr, varve__repr_count(other));
    return VARVE_OK;
}

void varve__repr_cut(varve_buf *repr, size_t size, uint32_t count)
{
    repr->size = size;
    if (size > 0)
        set_count(repr, count);
}

/* ---- Reading -----------------------------------------------------------------------------------
 */

/* Say where a VARVE_BAD_BATCH is, if `err` holds one. */
static varve_status locate(varve_error *err, size_t offset, uint32_t record)
{
    if (err != NULL) {
        err->detail.bad_batch.offset = offset;
        err->detail.bad_batch.record = record;
    }
    return VARVE_BAD_BATCH;
}

static varve_status check_size(varve_slice repr, varve_error *err)
{
    if (repr.size >= VARVE_BATCH_HEADER_SIZE)
        return VARVE_OK;
    (void)varve__fail(err, VARVE_BAD_BATCH, "batch repr too small: %zu < %d", repr.size,
                      VARVE_BATCH_HEADER_SIZE);
    return locate(err, 0, 0);
}

varve_status varve_batch_repr_count(varve_slice repr, uint32_t *count, varve_error *err)
{
    varve_status status = check_size(repr, err);
    if (status == VARVE_OK)
        *count = varve__repr_count(repr);
    return status;
}

varve_status varve__repr_reader_init(varve__repr_reader *reader, varve_slice repr, unsigned flags,
                                     varve_error *err)
{
    if ((flags & ~(unsigned)VARVE_BATCH_FROM_LOG) != 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "unknown flags of a batch reader: 0x%x",
                           flags);
    varve_status status = check_size(repr, err);
    if (status != VARVE_OK)
        return status;
    uint64_t sequence = varve__load_le64(repr.data);
    if (sequence != 0 && (flags & VARVE_BATCH_FROM_LOG) == 0) {
        (void)varve__fail(err, VARVE_BAD_BATCH, "bad sequence: expected 0, but found %" PRIu64,
                          sequence);
        return locate(err, 0, 0);
    }
    /* One by one: to clear the error, which is written before it is read, would take longest. */
    reader->repr = repr;
    reader->offset = VARVE_BATCH_HEADER_SIZE;
    reader->sequence = sequence;
    reader->count = varve__repr_count(repr);
    reader->found = 0;
    reader->failed = VARVE_OK;
    reader->error.status = VARVE_OK;
    return VARVE_OK;
}

/* Take a length and as many bytes off the front of `*left`. */
static varve_status take_varstring(varve_slice *left, varve_slice *string, varve_error *err)
{
    uint64_t size;
    size_t varint_size = varve__varint_decode(*left, 32, &size);
    if (varint_size == 0)
        return varve__fail(err, VARVE_BAD_BATCH, "unable to decode uvarint");
    size_t remaining = left->size - varint_size;
    if (size > remaining)
        return varve__fail(err, VARVE_BAD_BATCH,
                           "malformed varstring, expected %" PRIu64
                           " bytes, but only %zu remaining",
                           size, remaining);
    *string = varve_slice_of(left->data + varint_size, (size_t)size);
    *left = varve_slice_of(string->data + size, remaining - (size_t)size);
    return VARVE_OK;
}

/* Take the record at the front of `*left`. */
static varve_status take_record(varve__repr_reader *reader, varve_slice *left, varve_record *record,
                                varve_error *err)
{
    unsigned type = left->data[0];
    struct shape shape = shape_of(type);
    if (!shape.known)
        return varve__fail(err, VARVE_BAD_BATCH, "unexpected type %u", type);
    if (shape.counted && reader->found == reader->count)
        return varve__fail(err, VARVE_BAD_BATCH,
                           "invalid batch: expected %" PRIu32 " entries but found more",
                           reader->count);

    *record = (varve_record){.type = (varve_record_type)type};
    *left = varve_slice_of(left->data + 1, left->size - 1);
    varve_status status = VARVE_OK;
    if (shape.has_key)
        status = take_varstring(left, &record->key, err);
    if (shape.has_value && status == VARVE_OK)
        status = take_varstring(left, &record->value, err);
    if (shape.counted && status == VARVE_OK)
        reader->found++;
    return status;
}

/* No bytes are left: were there as many records as promised? */
static varve_status check_found(const varve__repr_reader *reader, varve_error *err)
{
    if (reader->found == reader->count)
        return VARVE_NOT_FOUND;
    return varve__fail(err, VARVE_BAD_BATCH,
                       "invalid batch: expected %" PRIu32 " entries but found %" PRIu32,
                       reader->count, reader->found);
}

varve_status varve__repr_reader_next(varve__repr_reader *reader, varve_record *record,
                                     varve_error *err)
{
    if (reader->failed != VARVE_OK)
        return varve__error_copy(&reader->error, err);
    varve_slice left =
        varve_slice_of(reader->repr.data + reader->offset, reader->repr.size - reader->offset);
    varve_record found;
    varve_status status = left.size == 0 ? check_found(reader, &reader->error)
                                         : take_record(reader, &left, &found, &reader->error);
    if (status < 0) {
        reader->failed = locate(&reader->error, reader->offset, reader->found);
        return varve__error_copy(&reader->error, err);
    }
    if (status == VARVE_OK) {
        *record = found;
        reader->offset = reader->repr.size - left.size;
    }
    return status;
}

/* A length and as many bytes, which are there. */
static inline varve_slice known_varstring(varve_slice repr, size_t *offset)
{
    uint64_t size = repr.data[*offset];
    if (size < 0x80)
        ++*offset;
    else
        *offset += varve__varint_decode(varve_slice_of(repr.data + *offset, repr.size - *offset),
                                        32, &size);
    varve_slice string = varve_slice_of(repr.data + *offset, (size_t)size);
    *offset += string.size;
    return string;
}

size_t varve__repr_take(varve_slice repr, size_t offset, varve_record *record)
{
    unsigned type = repr.data[offset++];
    record->type = (varve_record_type)type;
    record->key = varve_slice_of(NULL, 0);
    record->value = varve_slice_of(NULL, 0);
    if (type != VARVE_RECORD_LOG)
        record->key = known_varstring(repr, &offset);
    if (type != VARVE_RECORD_CLEAR && type != VARVE_RECORD_SINGLE_CLEAR)
        record->value = known_varstring(repr, &offset);
    return offset;
}

/* ---- Validating --------------------------------------------------------------------------------
 */

static varve_status validate_range(const varve_record *record, varve_error *err)
{
    size_t longer = record->key.size > record->value.size ? record->key.size : record->value.size;
    if (longer > VARVE_ENGINE_KEY_SIZE_MAX)
        return varve__fail(err, VARVE_INVALID_KEY,
                           "invalid range: a bound of %zu bytes exceeds the limit of %d", longer,
                           VARVE_ENGINE_KEY_SIZE_MAX);
    if (varve_slice_compare(record->key, record->value) > 0)
        return varve__fail(err, VARVE_BAD_BATCH, "invalid range: it ends before it starts");
    return VARVE_OK;
}

static varve_status validate_record(const varve_record *record, varve_error *err)
{
    if (record->type == VARVE_RECORD_CLEAR_RANGE)
        return validate_range(record, err);
    if (record->value.size > VARVE_VALUE_SIZE_MAX)
        return varve__fail_too_large(err, "value", record->value.size, VARVE_VALUE_SIZE_MAX);
    return record->type == VARVE_RECORD_LOG ? VARVE_OK : varve__engine_key_check(record->key, err);
}

/* Say in the message of a failure, whose payload is plain numbers, which record it is about. */
static varve_status in_record(varve_error *err, uint32_t number, varve_status status)
{
    if (err == NULL)
        return status;
    const varve_error failure = *err;
    (void)varve__fail(err, status, "record %" PRIu32 ": %s", number, failure.message);
    err->detail = failure.detail;
    return status;
}

varve_status varve__repr_validate(varve_slice repr, bool *is_plain, varve_error *err)
{
    *is_plain = true;
    if (repr.size > VARVE_BATCH_SIZE_MAX)
        return varve__fail_too_large(err, "batch", repr.size, VARVE_BATCH_SIZE_MAX);
    varve__repr_reader reader;
    varve_status status = varve__repr_reader_init(&reader, repr, 0, err);
    while (status == VARVE_OK) {
        size_t offset = reader.offset;
        uint32_t number = reader.found;
        varve_record record = {.type = VARVE_RECORD_LOG};
        status = varve__repr_reader_next(&reader, &record, err);
        if (status != VARVE_OK)
            break;
        *is_plain &= record.type != VARVE_RECORD_MERGE && record.type != VARVE_RECORD_SINGLE_CLEAR;
        status = validate_record(&record, err);
        if (status != VARVE_OK)
            status = in_record(err, number, status);
        if (status == VARVE_BAD_BATCH)
            status = locate(err, offset, number);
    }
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

varve_status varve_batch_repr_validate(varve_slice repr, varve_error *err)
{
    bool is_plain;
    return varve__repr_validate(repr, &is_plain, err);
}
