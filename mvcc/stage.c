#include "mvcc/stage.h"

#include <varve/key.h>
#include <varve/ts.h>

#include "format/batch_repr.h"
#include "format/key.h"
#include "util/buf.h"

/* Room for the type and both lengths of a record in a representation. */
#define RECORD_OVERHEAD (1 + 2 * 10)

void varve__stage_begin(varve__stage *stage, varve_buf *scratch)
{
    stage->own = (varve_buf)VARVE_BUF_INIT;
    stage->memory = scratch != NULL ? scratch : &stage->own;
    stage->memory->size = 0;
    stage->count = 0;
}

void varve__stage_release(varve__stage *stage)
{
    varve_buf_release(&stage->own);
}

/* ---- Records -----------------------------------------------------------------------------------
 */

static varve__stage_bytes outside(varve_slice bytes)
{
    return (varve__stage_bytes){.outside = bytes.data, .size = bytes.size};
}

/* What has been packed since the memory held `offset` bytes. */
static varve__stage_bytes packed(const varve__stage *stage, size_t offset)
{
    return (varve__stage_bytes){.offset = offset, .size = stage->memory->size - offset};
}

static varve_slice slice_of(const varve__stage *stage, const varve__stage_bytes *bytes)
{
    if (bytes->outside != NULL)
        return varve_slice_of(bytes->outside, bytes->size);
    return varve_slice_of(stage->memory->data + bytes->offset, bytes->size);
}

/* A record without value. */
static varve_status add(varve__stage *stage, varve_record_type type, varve_slice user_key,
                        varve_ts ts, varve_error *err)
{
    size_t offset = stage->memory->size;
    varve_status status = varve__key_append(user_key, ts, stage->memory, err);
    if (status != VARVE_OK)
        return status;
    varve__stage_record *record = &stage->records[stage->count++];
    record->type = type;
    record->key = packed(stage, offset);
    record->value = (varve__stage_bytes){.size = 0};
    return VARVE_OK;
}

static varve__stage_record *last(varve__stage *stage)
{
    return &stage->records[stage->count - 1];
}

varve_status varve__stage_version(varve__stage *stage, varve_slice user_key, varve_ts ts,
                                  varve_slice raw, varve_error *err)
{
    varve_status status = add(stage, VARVE_RECORD_PUT, user_key, ts, err);
    if (status == VARVE_OK)
        last(stage)->value = outside(raw);
    return status;
}

varve_status varve__stage_clear_version(varve__stage *stage, varve_slice user_key, varve_ts ts,
                                        varve_error *err)
{
    return add(stage, VARVE_RECORD_CLEAR, user_key, ts, err);
}

varve_status varve__stage_meta(varve__stage *stage, varve_slice user_key, const varve__meta *meta,
                               const varve__history_entry *history, size_t *size, varve_error *err)
{
    varve_status status = add(stage, VARVE_RECORD_PUT, user_key, varve_ts_zero(), err);
    if (status != VARVE_OK)
        return status;
    size_t offset = stage->memory->size;
    status = varve__meta_append(meta, history, stage->memory, err);
    last(stage)->value = packed(stage, offset);
    *size = last(stage)->value.size;
    return status;
}

varve_status varve__stage_inline(varve__stage *stage, varve_slice user_key, varve_slice raw,
                                 varve_error *err)
{
    varve_status status = add(stage, VARVE_RECORD_PUT, user_key, varve_ts_zero(), err);
    if (status != VARVE_OK)
        return status;
    size_t offset = stage->memory->size;
    status = varve__meta_append_inline(raw, stage->memory, err);
    last(stage)->value = packed(stage, offset);
    return status;
}

varve_status varve__stage_clear_meta(varve__stage *stage, varve_slice user_key, varve_error *err)
{
    return add(stage, VARVE_RECORD_CLEAR, user_key, varve_ts_zero(), err);
}

/* ---- Handing over ------------------------------------------------------------------------------
 */

static varve_record record_of(const varve__stage *stage, const varve__stage_record *staged)
{
    return (varve_record){staged->type, slice_of(stage, &staged->key),
                          slice_of(stage, &staged->value)};
}

static varve_status apply_one(const varve__stage *stage, varve_writer *writer, varve_error *err)
{
    varve_record record = record_of(stage, &stage->records[0]);
    if (record.type == VARVE_RECORD_CLEAR)
        return varve_writer_clear(writer, record.key, err);
    return varve_writer_put(writer, record.key, record.value, err);
}

static size_t representation_bound(const varve__stage *stage)
{
    size_t size = VARVE_BATCH_HEADER_SIZE;
    for (size_t i = 0; i < stage->count; i++)
        size += RECORD_OVERHEAD + stage->records[i].key.size + stage->records[i].value.size;
    return size;
}

static varve_status apply_all(varve__stage *stage, varve_writer *writer, varve_error *err)
{
    size_t bound = representation_bound(stage);
    varve_status status = varve__buf_reserve(stage->memory, bound, err);
    if (status != VARVE_OK)
        return status;
    /* The rest of the memory, which is large enough never to grow on its own. */
    varve_buf repr = {stage->memory->data + stage->memory->size, 0, bound};
    for (size_t i = 0; i < stage->count; i++) {
        varve_record record = record_of(stage, &stage->records[i]);
        status = varve__repr_append(&repr, &record, err);
        if (status != VARVE_OK)
            return status;
    }
    return varve_writer_apply(writer, varve_buf_slice(&repr), err);
}

varve_status varve__stage_apply(varve__stage *stage, varve_writer *writer, varve_error *err)
{
    if (stage->count == 0)
        return VARVE_OK;
    return stage->count == 1 ? apply_one(stage, writer, err) : apply_all(stage, writer, err);
}
