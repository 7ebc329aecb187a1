/*
 * Reading and writing stored records: a subset of the protocol-buffer wire format.
 */
#ifndef VARVE_FORMAT_WIRE_H
#define VARVE_FORMAT_WIRE_H

#include "format/varint.h"
#include "util/buf.h"

typedef enum varve__wire_type {
    VARVE__WIRE_VARINT = 0,
    VARVE__WIRE_FIXED64 = 1,
    VARVE__WIRE_BYTES = 2,
    VARVE__WIRE_FIXED32 = 5
} varve__wire_type;

/* ---- Reading -----------------------------------------------------------------------------------
 *
 * Functions that return text return NULL, or what is wrong.
 */

extern const char varve__wire_wrong_type[];
extern const char varve__wire_too_wide[];

/* One field.  `bytes` points into what is read. */
typedef struct varve__wire_field {
    uint32_t number;
    varve__wire_type type;
    uint64_t varint;   /* of VARVE__WIRE_VARINT */
    varve_slice bytes; /* of the other types */
} varve__wire_field;

/* What the functions below are made of.  They are inline for the sake of their callers' loops. */

static inline varve_slice varve__wire_take_front(varve_slice *left, size_t size)
{
    varve_slice front = varve_slice_of(left->data, size);
    *left = varve_slice_of(left->data + size, left->size - size);
    return front;
}

static inline bool varve__wire_take_varint(varve_slice *left, unsigned bits, uint64_t *number)
{
    size_t size = varve__varint_decode(*left, bits, number);
    (void)varve__wire_take_front(left, size);
    return size > 0;
}

static inline const char *varve__wire_take_bytes(varve_slice *left, uint64_t size,
                                                 varve_slice *bytes)
{
    if (size > left->size)
        return "field is cut short";
    *bytes = varve__wire_take_front(left, (size_t)size);
    return NULL;
}

/* Take the value of a field whose number and type are known. */
static inline const char *varve__wire_take_value(varve_slice *left, varve__wire_field *field)
{
    uint64_t size;
    switch (field->type) {
    case VARVE__WIRE_VARINT:
        return varve__wire_take_varint(left, 64, &field->varint) ? NULL : "bad varint";
    case VARVE__WIRE_FIXED64:
        return varve__wire_take_bytes(left, 8, &field->bytes);
    case VARVE__WIRE_FIXED32:
        return varve__wire_take_bytes(left, 4, &field->bytes);
    case VARVE__WIRE_BYTES:
        return varve__wire_take_varint(left, 64, &size)
                   ? varve__wire_take_bytes(left, size, &field->bytes)
                   : "bad length";
    }
    return "illegal wire type";
}

/* Take the next field off the front of `*left`, which is not empty. */
static inline const char *varve__wire_next(varve_slice *left, varve__wire_field *field)
{
    uint64_t tag;
    if (!varve__wire_take_varint(left, 32, &tag))
        return "bad field tag";
    field->number = (uint32_t)(tag >> 3);
    field->type = (varve__wire_type)(tag & 7);
    field->varint = 0;
    field->bytes = varve_slice_of(NULL, 0);
    if (field->number == 0)
        return "field number 0";
    return varve__wire_take_value(left, field);
}

/* Takes one field of a message; fields that it does not know it skips. */
typedef const char *varve__wire_take(const varve__wire_field *field, void *message);

/* Hand all fields of `bytes` to `take`, until one is wrong. */
static inline const char *varve__wire_read(varve_slice bytes, varve__wire_take *take, void *message)
{
    while (bytes.size > 0) {
        varve__wire_field field;
        const char *problem = varve__wire_next(&bytes, &field);
        if (problem == NULL)
            problem = take(&field, message);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}

/* The value of a field that must have the type asked for. */
static inline const char *varve__wire_int64(const varve__wire_field *field, int64_t *number)
{
    if (field->type != VARVE__WIRE_VARINT)
        return varve__wire_wrong_type;
    *number = (int64_t)field->varint;
    return NULL;
}

static inline const char *varve__wire_int32(const varve__wire_field *field, int32_t *number)
{
    int64_t wide;
    const char *problem = varve__wire_int64(field, &wide);
    if (problem != NULL)
        return problem;
    if (wide < INT32_MIN || wide > INT32_MAX)
        return varve__wire_too_wide;
    *number = (int32_t)wide;
    return NULL;
}

static inline const char *varve__wire_uint32(const varve__wire_field *field, uint32_t *number)
{
    if (field->type != VARVE__WIRE_VARINT)
        return varve__wire_wrong_type;
    if (field->varint > UINT32_MAX)
        return varve__wire_too_wide;
    *number = (uint32_t)field->varint;
    return NULL;
}

static inline const char *varve__wire_bytes(const varve__wire_field *field, varve_slice *bytes)
{
    if (field->type != VARVE__WIRE_BYTES)
        return varve__wire_wrong_type;
    *bytes = field->bytes;
    return NULL;
}

static inline const char *varve__wire_message(const varve__wire_field *field,
                                              varve__wire_take *take, void *message)
{
    varve_slice bytes;
    const char *problem = varve__wire_bytes(field, &bytes);
    return problem != NULL ? problem : varve__wire_read(bytes, take, message);
}

/* ---- Writing -----------------------------------------------------------------------------------
 *
 * The push functions append where varve__buf_reserve() has made room.
 */

/* The size of a field, with its tag. */
static inline size_t varve__wire_varint_size(uint32_t number, uint64_t value)
{
    return varve__varint_size((uint64_t)number << 3) + varve__varint_size(value);
}

static inline size_t varve__wire_bytes_size(uint32_t number, size_t size)
{
    return varve__wire_varint_size(number, size) + size;
}

static inline void varve__wire_push_raw_varint(varve_buf *out, uint64_t value)
{
    out->size += varve__varint_encode(value, out->data + out->size);
}

static inline void varve__wire_push_tag(varve_buf *out, uint32_t number, varve__wire_type type)
{
    varve__wire_push_raw_varint(out, (uint64_t)number << 3 | (unsigned)type);
}

static inline void varve__wire_push_varint(varve_buf *out, uint32_t number, uint64_t value)
{
    varve__wire_push_tag(out, number, VARVE__WIRE_VARINT);
    varve__wire_push_raw_varint(out, value);
}

/* The tag and length of a field of `size` bytes, which follow. */
static inline void varve__wire_push_length(varve_buf *out, uint32_t number, size_t size)
{
    varve__wire_push_tag(out, number, VARVE__WIRE_BYTES);
    varve__wire_push_raw_varint(out, size);
}

static inline void varve__wire_push_bytes(varve_buf *out, uint32_t number, varve_slice bytes)
{
    varve__wire_push_length(out, number, bytes.size);
    varve__buf_push_bytes(out, bytes);
}

#endif
