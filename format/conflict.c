#include "format/conflict.h"

#include "format/print.h"
#include "format/wire.h"
#include "util/fail.h"

enum { CODE = 1, TEXT, BELOW, OPERAND, MORE };

/* A reason that is shown has at most so many bytes. */
#define TEXT_MAX 200

/* ---- Decoding ----------------------------------------------------------------------------------
 */

static const char *get_more(const varve__wire_field *field, varve__conflict *conflict)
{
    int64_t number;
    const char *problem = varve__wire_int64(field, &number);
    if (problem == NULL)
        conflict->more = number != 0;
    return problem;
}

static const char *take_field(const varve__wire_field *field, void *message)
{
    varve__conflict *conflict = message;
    varve_slice operand;
    switch (field->number) {
    case CODE:
        return varve__wire_uint32(field, &conflict->code);
    case TEXT:
        return varve__wire_bytes(field, &conflict->text);
    case BELOW:
        conflict->has_below = true;
        return varve__wire_bytes(field, &conflict->below);
    case OPERAND:
        return varve__wire_bytes(field, &operand);
    case MORE:
        return get_more(field, conflict);
    default:
        return NULL;
    }
}

const char *varve__conflict_parse(varve_slice bytes, varve__conflict *conflict)
{
    varve__conflict result;
    memset(&result, 0, sizeof result);
    const char *problem = varve__wire_read(bytes, take_field, &result);
    if (problem != NULL)
        return problem;
    result.operands = bytes;
    *conflict = result;
    return NULL;
}

bool varve__conflict_next_operand(varve_slice *left, varve_slice *operand)
{
    while (left->size > 0) {
        varve__wire_field field;
        if (varve__wire_next(left, &field) != NULL)
            return false; /* not of a conflict that has been decoded */
        if (field.number == OPERAND)
            return varve__wire_bytes(&field, operand) == NULL;
    }
    return false;
}

/* ---- Encoding ----------------------------------------------------------------------------------
 */

varve_status varve__conflict_append_operand(varve_slice operand, varve_buf *operands,
                                            varve_error *err)
{
    varve_status status =
        varve__buf_reserve(operands, varve__wire_bytes_size(OPERAND, operand.size), err);
    if (status == VARVE_OK)
        varve__wire_push_bytes(operands, OPERAND, operand);
    return status;
}

varve_status varve__conflict_append(const varve__conflict *conflict, varve_buf *out,
                                    varve_error *err)
{
    size_t size = varve__wire_varint_size(CODE, conflict->code) +
                  varve__wire_bytes_size(TEXT, conflict->text.size) +
                  varve__wire_bytes_size(BELOW, conflict->below.size) + conflict->operands.size +
                  varve__wire_varint_size(MORE, 1);
    varve_status status = varve__buf_reserve(out, size, err);
    if (status != VARVE_OK)
        return status;
    varve__wire_push_varint(out, CODE, conflict->code);
    varve__wire_push_bytes(out, TEXT, conflict->text);
    if (conflict->has_below)
        varve__wire_push_bytes(out, BELOW, conflict->below);
    varve__buf_push_bytes(out, conflict->operands);
    if (conflict->more)
        varve__wire_push_varint(out, MORE, 1);
    return VARVE_OK;
}

/* ---- Telling -----------------------------------------------------------------------------------
 */

varve_status varve__fail_conflict(const varve__conflict *conflict, varve_error *err)
{
    varve_slice text = conflict->text;
    if (text.size == 0 || text.size > TEXT_MAX || !varve__is_printable(text))
        return varve__fail(err, VARVE_MERGE_CONFLICT, "merge conflict: reason number %u",
                           (unsigned)conflict->code);
    return varve__fail(err, VARVE_MERGE_CONFLICT, "merge conflict: %.*s", (int)text.size,
                       (const char *)text.data);
}
