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

/* One field.  `bytes` points into what is read. */
typedef struct varve__wire_field {
    uint32_t number;
    varve__wire_type type;
    uint64_t varint;   /* of VARVE__WIRE_VARINT */
    varve_slice bytes; /* of the other types */
} varve__wire_field;

/* Take the next field off the front of `*left`, which is not empty. */
const char *varve__wire_next(varve_slice *left, varve__wire_field *field);

/* Takes one field of a message; fields that it does not know it skips. */
typedef const char *varve__wire_take(const varve__wire_field *field, void *message);

/* Hand all fields of `bytes` to `take`, until one is wrong. */
const char *varve__wire_read(varve_slice bytes, varve__wire_take *take, void *message);

/* The value of a field that must have the type asked for. */
const char *varve__wire_int64(const varve__wire_field *field, int64_t *number);
const char *varve__wire_int32(const varve__wire_field *field, int32_t *number);
const char *varve__wire_uint32(const varve__wire_field *field, uint32_t *number);
const char *varve__wire_bytes(const varve__wire_field *field, varve_slice *bytes);
const char *varve__wire_message(const varve__wire_field *field, varve__wire_take *take,
                                void *message);

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
