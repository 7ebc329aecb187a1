#include "mvcc/rows.h"

#include <varve/ts.h>

#include "format/key.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

/* What stands in front of the key and the value of a packed row. */
struct row_head {
    int64_t wall;
    int32_t logical;
    uint32_t key_size;
    uint64_t value_size;
};

/* Bytes accounted for a row beside its key and value. */
#define ROW_OVERHEAD 8

void varve_rows_release(varve_rows *rows)
{
    varve_buf_release(&rows->packed);
    varve_buf_release(&rows->resume_start);
    varve_buf_release(&rows->resume_end);
    varve__free(rows->intents);
    *rows = (varve_rows)VARVE_ROWS_INIT;
}

bool varve_rows_next(const varve_rows *rows, size_t *position, varve_row *row)
{
    if (*position >= rows->packed.size)
        return false;
    struct row_head head;
    const unsigned char *bytes = rows->packed.data + *position;
    memcpy(&head, bytes, sizeof head);
    row->ts = varve_ts_of(head.wall, head.logical);
    row->key = varve_slice_of(bytes + sizeof head, head.key_size);
    row->value = varve_slice_of(bytes + sizeof head + head.key_size, (size_t)head.value_size);
    *position += sizeof head + head.key_size + (size_t)head.value_size;
    return true;
}

static void drop_intents(varve_rows *rows)
{
    varve__free(rows->intents);
    rows->intents = NULL;
    rows->intent_count = 0;
}

void varve__rows_clear(varve_rows *rows)
{
    if (rows->intents != NULL)
        drop_intents(rows);
    rows->packed.size = 0;
    rows->count = 0;
    rows->bytes = 0;
    rows->more = false;
    rows->resume_start.size = 0;
    rows->resume_end.size = 0;
    rows->resume_ts = varve_ts_zero();
}

varve_status varve__rows_pack(varve_rows *rows, varve_slice prefix, varve_ts ts, varve_slice value,
                              varve__packed_row *row, varve_error *err)
{
    varve_buf *packed = &rows->packed;
    size_t offset = packed->size;
    struct row_head head = {.wall = ts.wall, .logical = ts.logical, .value_size = value.size};

    /* Escaped keys are never shorter: this is the only place where the buffer grows. */
    varve_status status = varve__buf_reserve(packed, sizeof head + prefix.size + value.size, err);
    if (status != VARVE_OK)
        return status;
    packed->size += sizeof head;
    (void)varve__key_unescape(prefix, packed, NULL); /* there is room */
    size_t key_size = packed->size - offset - sizeof head;
    head.key_size = (uint32_t)key_size;
    memcpy(packed->data + offset, &head, sizeof head);
    varve__buf_push_bytes(packed, value);

    row->offset = offset;
    row->value_size = value.size;
    row->bytes = (int64_t)varve__row_bytes(key_size, ts, value.size);
    return VARVE_OK;
}

uint64_t varve__row_bytes(size_t key_size, varve_ts ts, size_t value_size)
{
    return ROW_OVERHEAD + varve_key_scan_size(varve_slice_of(NULL, key_size), ts) + value_size;
}

/* Move a slice to where it stays. */
static void keep(varve_slice *slice, unsigned char **room)
{
    if (slice->size == 0)
        return;
    memcpy(*room, slice->data, slice->size);
    slice->data = *room;
    *room += slice->size;
}

varve_status varve__rows_give_intents(varve_rows *rows, const varve__conflicts *intents,
                                      varve_error *err)
{
    size_t list_size = intents->count * sizeof *intents->list;
    size_t size = list_size;
    for (size_t i = 0; i < intents->count; i++)
        size += intents->list[i].key.size + intents->list[i].txn.key.size;
    unsigned char *memory = varve__malloc(size);
    if (memory == NULL)
        return varve__fail_no_memory(err, size);

    memcpy(memory, intents->list, list_size);
    rows->intents = (varve_intent *)(void *)memory;
    rows->intent_count = intents->count;
    unsigned char *room = memory + list_size;
    for (size_t i = 0; i < intents->count; i++) {
        keep(&rows->intents[i].key, &room);
        keep(&rows->intents[i].txn.key, &room);
    }
    return VARVE_OK;
}

void varve__rows_count(varve_rows *rows, const varve__packed_row *row)
{
    rows->count++;
    rows->bytes += row->bytes;
}

void varve__rows_drop(varve_rows *rows, const varve__packed_row *row)
{
    rows->packed.size = row->offset;
}
