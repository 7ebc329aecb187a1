/*
 * RocksDB calls the operator when a merged key is read, and in flushes and compactions.  There a
 * refusal would stop the store for good, so that what does not fit together becomes a conflict
 * record; see engine/merge.h.
 *
 * Only for lack of memory is a full merge refused: nothing is lost by that.  A read then fails with
 * VARVE_NO_MEMORY; a store whose flush or compaction has met it takes no more writes until it is
 * opened again, as after any failure of these.  A partial merge may always be refused: RocksDB then
 * keeps the operands as they are.
 */
#include "engine/rocksdb/merge.h"

#include "engine/merge.h"
#include "util/alloc.h"

/* Stores remember it. */
#define OPERATOR_NAME "varve.merge.v1"

/* Of a key that is merged now and then there are no more operands than this at a time. */
#define OPERANDS_ON_STACK 16

/* Lent to RocksDB instead of a value: it copies what it is given, whether there is one or not. */
static char no_value[1];

/* What RocksDB hands over, and what it wants back. */
struct call {
    const char *const *operands;
    const size_t *sizes;
    size_t count;
    unsigned char *success;
    size_t *value_size;
};

typedef varve_status merge_fn(const varve_slice *existing, const varve_slice *operands,
                              size_t count, varve_buf *value, varve_error *err);

static varve_status merge_into(const struct call *call, merge_fn *merge,
                               const varve_slice *existing, varve_buf *value)
{
    varve_slice few[OPERANDS_ON_STACK] = {{NULL, 0}};
    varve_slice *operands = few;
    if (call->count > OPERANDS_ON_STACK) {
        operands = varve__calloc(call->count, sizeof *operands);
        if (operands == NULL)
            return VARVE_NO_MEMORY;
    }
    for (size_t i = 0; i < call->count; i++)
        operands[i] = varve_slice_of(call->operands[i], call->sizes[i]);
    varve_status status = merge(existing, operands, call->count, value, NULL);
    if (operands != few)
        varve__free(operands);
    return status;
}

/* RocksDB looks at the size in any case, and gives every value back to free_value(). */
static char *answer(const struct call *call, merge_fn *merge, const varve_slice *existing)
{
    varve_buf value = VARVE_BUF_INIT;
    *call->success = merge_into(call, merge, existing, &value) == VARVE_OK;
    if (!*call->success) {
        varve_buf_release(&value);
        *call->value_size = 0;
        return no_value;
    }
    *call->value_size = value.size;
    return (char *)value.data;
}

static char *full_merge(void *state, const char *key, size_t key_size, const char *existing,
                        size_t existing_size, const char *const *operands, const size_t *sizes,
                        int count, unsigned char *success, size_t *value_size)
{
    (void)state, (void)key, (void)key_size;
    const struct call call = {operands, sizes, (size_t)count, success, value_size};
    varve_slice below = varve_slice_of(existing, existing_size);
    return answer(&call, varve__merge_full, existing != NULL ? &below : NULL);
}

static varve_status merge_partial(const varve_slice *existing, const varve_slice *operands,
                                  size_t count, varve_buf *value, varve_error *err)
{
    (void)existing;
    return varve__merge_partial(operands, count, value, err);
}

static char *partial_merge(void *state, const char *key, size_t key_size,
                           const char *const *operands, const size_t *sizes, int count,
                           unsigned char *success, size_t *value_size)
{
    (void)state, (void)key, (void)key_size;
    const struct call call = {operands, sizes, (size_t)count, success, value_size};
    return answer(&call, merge_partial, NULL);
}

static void free_value(void *state, const char *value, size_t size)
{
    (void)state, (void)size;
    if (value != no_value)
        varve__free((char *)(uintptr_t)value); /* the callback's type has a const too many */
}

static const char *operator_name(void *state)
{
    (void)state;
    return OPERATOR_NAME;
}

static void no_destructor(void *state)
{
    (void)state;
}

rocksdb_mergeoperator_t *varve__rocksdb_merge_operator(void)
{
    return rocksdb_mergeoperator_create(NULL, no_destructor, full_merge, partial_merge, free_value,
                                        operator_name);
}
