#include "mvcc/conflicts.h"

#include "format/fail.h"
#include "format/key.h"
#include "util/alloc.h"

#define CAPACITY_MIN 8

void varve__conflicts_release(varve__conflicts *conflicts)
{
    if (conflicts->list == NULL)
        return; /* nearly every read meets none */
    varve__free(conflicts->list);
    varve__arena_release(&conflicts->keys);
    *conflicts = (varve__conflicts){.list = NULL};
}

void varve__conflicts_clear(varve__conflicts *conflicts)
{
    conflicts->count = 0;
    varve__arena_reset(&conflicts->keys);
}

static varve_status grow(varve__conflicts *conflicts, varve_error *err)
{
    if (conflicts->count < conflicts->capacity)
        return VARVE_OK;
    size_t capacity = conflicts->capacity == 0 ? CAPACITY_MIN : 2 * conflicts->capacity;
    size_t size = capacity * sizeof *conflicts->list;
    varve_intent *list = varve__realloc(conflicts->list, size);
    if (list == NULL)
        return varve__fail_no_memory(err, size);
    conflicts->list = list;
    conflicts->capacity = capacity;
    return VARVE_OK;
}

/* Copy the key to where it stays: `prefix` is unescaped into a buffer that knows it suffices. */
static varve_status keep_key(varve__conflicts *conflicts, varve_slice prefix, varve_slice *key,
                             varve_error *err)
{
    unsigned char *memory = varve__arena_alloc(&conflicts->keys, prefix.size);
    if (memory == NULL)
        return varve__fail_no_memory(err, prefix.size);
    varve_buf buf = {memory, 0, prefix.size};
    varve_status status = varve__key_unescape(prefix, &buf, err);
    *key = varve_buf_slice(&buf);
    return status;
}

/* Likewise the anchor key, which points into the record. */
static varve_status keep_anchor(varve__conflicts *conflicts, varve_slice *key, varve_error *err)
{
    if (key->size == 0)
        return VARVE_OK;
    unsigned char *memory = varve__arena_alloc(&conflicts->keys, key->size);
    if (memory == NULL)
        return varve__fail_no_memory(err, key->size);
    memcpy(memory, key->data, key->size);
    *key = varve_slice_of(memory, key->size);
    return VARVE_OK;
}

varve_status varve__conflicts_add(varve__conflicts *conflicts, varve_slice prefix,
                                  const varve__meta *meta, varve_error *err)
{
    varve_intent intent = {.txn = meta->txn, .ts = meta->ts};
    varve_status status = grow(conflicts, err);
    if (status == VARVE_OK)
        status = keep_key(conflicts, prefix, &intent.key, err);
    if (status == VARVE_OK)
        status = keep_anchor(conflicts, &intent.txn.key, err);
    if (status == VARVE_OK)
        conflicts->list[conflicts->count++] = intent;
    return status;
}

varve_status varve__conflicts_fail(const varve__conflicts *conflicts, varve_error *err)
{
    return varve__fail_intents(err, conflicts->list, conflicts->count, conflicts->more);
}
