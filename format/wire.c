#include "format/wire.h"

#include "format/varint.h"

static varve_slice take(varve_slice *left, size_t size)
{
    varve_slice front = varve_slice_of(left->data, size);
    *left = varve_slice_of(left->data + size, left->size - size);
    return front;
}

static bool take_varint(varve_slice *left, unsigned bits, uint64_t *number)
{
    size_t size = varve__varint_decode(*left, bits, number);
    (void)take(left, size);
    return size > 0;
}

static const char *take_bytes(varve_slice *left, uint64_t size, varve_slice *bytes)
{
    if (size > left->size)
        return "field is cut short";
    *bytes = take(left, (size_t)size);
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
