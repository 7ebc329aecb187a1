#include "mvcc/rows.h"

#include <varve/ts.h>

#include "format/key.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

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
    varve__row_head head;
    const unsigned char *bytes = rows->packed.data + *position;
    memcpy(&head, bytes, sizeof head);
    row->ts = varve_ts_of(head.wall, head.logical);
    row->key = varve_slice_of(bytes + sizeof head, head.key_size);
    row->value = varve_slice_of(bytes + sizeof head + head.key_size, (size_t)head.value_size);
    *position += sizeof head + head.key_size + (size_t)head.value_size;
    return true;
}

void varve__rows_drop_intents(varve_rows *rows)
{
    varve__free(rows->intents);
    rows->intents = NULL;
    rows->intent_count = 0;
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
