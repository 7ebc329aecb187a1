#include "mvcc/stage.h"

#include <varve/key.h>
#include <varve/ts.h>

#include "format/meta.h"

void varve__stage_begin(varve__stage *stage, varve_buf *scratch)
{
    *stage = (varve__stage){.memory = scratch};
    if (scratch == NULL)
        stage->memory = &stage->own;
}

void varve__stage_release(varve__stage *stage)
{
    varve_buf_release(&stage->own);
}

varve_status varve__stage_version(varve__stage *stage, varve_slice user_key, varve_ts ts,
                                  varve_slice raw, varve_error *err)
{
    varve_status status = varve_key_encode(user_key, ts, stage->memory, err);
    stage->record = (varve_record){VARVE_RECORD_PUT, varve_buf_slice(stage->memory), raw};
    return status;
}

varve_status varve__stage_inline(varve__stage *stage, varve_slice user_key, varve_slice raw,
                                 varve_error *err)
{
    /* The key and behind it the value: the memory may move until both are there. */
    varve_status status = varve_key_encode(user_key, varve_ts_zero(), stage->memory, err);
    if (status != VARVE_OK)
        return status;
    size_t key_size = stage->memory->size;
    status = varve__meta_append_inline(raw, stage->memory, err);
    if (status != VARVE_OK)
        return status;
    const unsigned char *bytes = stage->memory->data;
    stage->record =
        (varve_record){VARVE_RECORD_PUT, varve_slice_of(bytes, key_size),
                       varve_slice_of(bytes + key_size, stage->memory->size - key_size)};
    return VARVE_OK;
}

varve_status varve__stage_clear_meta(varve__stage *stage, varve_slice user_key, varve_error *err)
{
    varve_status status = varve_key_encode(user_key, varve_ts_zero(), stage->memory, err);
    stage->record =
        (varve_record){.type = VARVE_RECORD_CLEAR, .key = varve_buf_slice(stage->memory)};
    return status;
}

varve_status varve__stage_apply(varve__stage *stage, varve_writer *writer, varve_error *err)
{
    const varve_record *record = &stage->record;
    if (record->type == VARVE_RECORD_CLEAR)
        return varve_writer_clear(writer, record->key, err);
    return varve_writer_put(writer, record->key, record->value, err);
}
