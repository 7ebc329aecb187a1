/*
 * Reading stored records: a subset of the protocol-buffer wire format.
 */
#ifndef VARVE_FORMAT_WIRE_H
#define VARVE_FORMAT_WIRE_H

#include <varve/base.h>

typedef enum varve__wire_type {
    VARVE__WIRE_VARINT = 0,
    VARVE__WIRE_FIXED64 = 1,
    VARVE__WIRE_BYTES = 2,
    VARVE__WIRE_FIXED32 = 5
} varve__wire_type;

/* One field.  `bytes` points into what is read. */
typedef struct varve__wire_field {
    uint32_t number;
    varve__wire_type type;
    uint64_t varint;   /* of VARVE__WIRE_VARINT */
    varve_slice bytes; /* of the other types */
} varve__wire_field;

/*
 * Take the next field off the front of `*left`, which is not empty.  Returns NULL, or what is
 * wrong.
 */
const char *varve__wire_next(varve_slice *left, varve__wire_field *field);

#endif
