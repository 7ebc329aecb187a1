#include "engine/merge.h"

#include "engine/mem/mem.h"
#include "util/alloc.h"
#include "util/fail.h"

void varve__mem_operands_release(varve__mem_operands *operands)
{
    varve__free(operands->operands);
    *operands = (varve__mem_operands){.operands = NULL};
}

static varve_status add_operand(varve__mem_operands *operands, varve_slice operand,
                                varve_error *err)
{
    if (operands->count == operands->capacity) {
        size_t capacity = operands->capacity == 0 ? 16 : 2 * operands->capacity;
        varve_slice *grown = varve__realloc(operands->operands, capacity * sizeof *grown);
        if (grown == NULL)
            return varve__fail_no_memory(err, capacity * sizeof *grown);
        operands->operands = grown;
        operands->capacity = capacity;
    }
    operands->operands[operands->count++] = operand;
    return VARVE_OK;
}

/* They have been gathered newest first. */
static void reverse(varve__mem_operands *operands)
{
    for (size_t i = 0, j = operands->count; i + 1 < j; i++) {
        j--;
        varve_slice other = operands->operands[i];
        operands->operands[i] = operands->operands[j];
        operands->operands[j] = other;
    }
}

varve_status varve__mem_gather(const varve__index_entry *merge, varve__mem_operands *operands,
                               varve_error *err)
{
    varve_status status = VARVE_OK;
    const varve__index_entry *event = merge;
    operands->count = 0;
    operands->has_below = false;
    while (status == VARVE_OK && event != NULL && varve_slice_equal(event->key, merge->key) &&
           (event->kind == VARVE__MEM_MERGE || event->kind == VARVE__MEM_VOID)) {
        if (event->kind == VARVE__MEM_MERGE)
            status = add_operand(operands, varve__mem_value(event), err);
        event = varve__index_next(event);
    }
    if (event != NULL && event->kind == VARVE__MEM_PUT &&
        varve_slice_equal(event->key, merge->key)) {
        operands->has_below = true;
        operands->below = varve__mem_value(event);
    }
    reverse(operands);
    return status;
}

varve_status varve__mem_merge(const varve__mem_operands *operands, varve_buf *value,
                              varve_error *err)
{
    return varve__merge_full(operands->has_below ? &operands->below : NULL, operands->operands,
                             operands->count, value, err);
}
