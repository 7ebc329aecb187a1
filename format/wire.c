#include "format/wire.h"

static varve_slice take_front(varve_slice *left, size_t size)
{
    varve_slice front = varve_slice_of(left->data, size);
    *left = varve_slice_of(left->data + size, left->size - size);
    return front;
}

static bool take_varint(varve_slice *left, unsigned bits, uint64_t *number)
{
    size_t size = varve__varint_decode(*left, bits, number);
    (void)take_front(left, size);
    return size > 0;
}

static const char *take_bytes(varve_slice *left, uint64_t size, varve_slice *bytes)
{
    if (size > left->size)
        return "field is cut short";
    *bytes = take_front(left, (size_t)size);
    return NULL;
}

/* Take the value of a field whose number and type are known. */
static const char *take_value(varve_slice *left, varve__wire_field *field)
{
    uint64_t size;
    switch (field->type) {
    case VARVE__WIRE_VARINT:
        return take_varint(left, 64, &field->varint) ? NULL : "bad varint";
    case VARVE__WIRE_FIXED64:
        return take_bytes(left, 8, &field->bytes);
    case VARVE__WIRE_FIXED32:
        return take_bytes(left, 4, &field->bytes);
    case VARVE__WIRE_BYTES:
        return take_varint(left, 64, &size) ? take_bytes(left, size, &field->bytes) : "bad length";
    }
    return "illegal wire type";
}

const char *varve__wire_next(varve_slice *left, varve__wire_field *field)
{
    uint64_t tag;
    if (!take_varint(left, 32, &tag))
        return "bad field tag";
    field->number = (uint32_t)(tag >> 3);
    field->type = (varve__wire_type)(tag & 7);
    field->varint = 0;
    field->bytes = varve_slice_of(NULL, 0);
    if (field->number == 0)
        return "field number 0";
    return take_value(left, field);
}

const char *varve__wire_read(varve_slice bytes, varve__wire_take *take, void *message)
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

static const char wrong_type[] = "wrong wire type of a known field";

const char *varve__wire_int64(const varve__wire_field *field, int64_t *number)
{
    if (field->type != VARVE__WIRE_VARINT)
        return wrong_type;
    *number = (int64_t)field->varint;
    return NULL;
}

static const char too_wide[] = "number has more than 32 bits";

const char *varve__wire_int32(const varve__wire_field *field, int32_t *number)
{
    int64_t wide;
    const char *problem = varve__wire_int64(field, &wide);
    if (problem != NULL)
        return problem;
    if (wide < INT32_MIN || wide > INT32_MAX)
        return too_wide;
    *number = (int32_t)wide;
    return NULL;
}

const char *varve__wire_uint32(const varve__wire_field *field, uint32_t *number)
{
    if (field->type != VARVE__WIRE_VARINT)
        return wrong_type;
    if (field->varint > UINT32_MAX)
        return too_wide;
    *number = (uint32_t)field->varint;
    return NULL;
}

const char *varve__wire_bytes(const varve__wire_field *field, varve_slice *bytes)
{
    if (field->type != VARVE__WIRE_BYTES)
        return wrong_type;
    *bytes = field->bytes;
    return NULL;
}

const char *varve__wire_message(const varve__wire_field *field, varve__wire_take *take,
                                void *message)
{
    varve_slice bytes;
    const char *problem = varve__wire_bytes(field, &bytes);
    return problem != NULL ? problem : varve__wire_read(bytes, take, message);
}
