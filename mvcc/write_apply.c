/*
 * The records of a write that is more than a version, on their way to the writer in one atomic
 * step: step 10 of mvcc/write.h.
 *
 * All bytes that have to be made are packed into the write's memory, behind the key.
 */
#include <varve/batch_repr.h>
#include <varve/ts.h>

#include "engine/view.h"
#include "format/batch_repr.h"
#include "format/key.h"
#include "mvcc/write.h"
#include "util/buf.h"

/* Room for the type and both lengths of a record in a representation. */
#define RECORD_OVERHEAD (1 + 2 * 10)

/* ---- Inline values -----------------------------------------------------------------------------
 */

static varve_status put_inline(const varve__write *write, size_t *record, varve_error *err)
{
    varve_buf *memory = write->memory;
    varve_record change = {.type = VARVE_RECORD_CLEAR, .key = varve_buf_slice(memory)};
    if (write->raw.size == 0)
        return varve__writer_write(write->how.writer, &change, err);
    size_t key_size = memory->size;
    varve_status status = varve__meta_append_inline(write->raw, memory, err);
    if (status != VARVE_OK)
        return status;
    *record = memory->size - key_size;
    change = (varve_record){VARVE_RECORD_PUT, varve_slice_of(memory->data, key_size),
                            varve_slice_of(memory->data + key_size, *record)};
    return varve__writer_write(write->how.writer, &change, err);
}

/* ---- Intents -----------------------------------------------------------------------------------
 */

static varve_status append_meta(const varve__write *write, varve_buf *memory, varve_error *err)
{
    const varve__write_copies *copies = write->copies;
    const varve__meta meta = {.has_txn = true,
                              .deleted = write->raw.size == 0,
                              .txn = write->how.txn->meta,
                              .ts = write->ts,
                              .key_bytes = VARVE_VERSION_TS_SIZE,
                              .val_bytes = (int64_t)write->raw.size,
                              .history_count = copies != NULL ? copies->history_count : 0};
    return varve__meta_append(&meta, copies != NULL ? copies->history : NULL, memory, err);
}

/* The representation of what an intent changes, of one key. */
struct intent_repr {
    unsigned char *key; /* the prefix, with room for a suffix behind it */
    size_t prefix_size;
    varve_buf bytes; /* in memory that is large enough never to grow */
};

/* Append a record of the version at `ts`, or of the metadata record at zero. */
static varve_status append(struct intent_repr *repr, varve_record_type type, varve_ts ts,
                           varve_slice value, varve_error *err)
{
    size_t size = repr->prefix_size;
    if (!varve_ts_is_zero(ts)) {
        varve__suffix_encode(ts, repr->key + size);
        size += VARVE__SUFFIX_SIZE;
    }
    const varve_record record = {type, varve_slice_of(repr->key, size), value};
    return varve__repr_append(&repr->bytes, &record, err);
}

/* Make room behind the key and the metadata record of `record` bytes for the representation. */
static varve_status begin_repr(const varve__write *write, size_t record, struct intent_repr *repr,
                               varve_error *err)
{
    varve_buf *memory = write->memory;
    size_t key_size = repr->prefix_size + VARVE__SUFFIX_SIZE;
    size_t size =
        VARVE_BATCH_HEADER_SIZE + 3 * (RECORD_OVERHEAD + key_size) + record + write->raw.size;
    varve_status status = varve__buf_reserve(memory, size, err);
    if (status != VARVE_OK)
        return status;
    repr->key = memory->data;
    repr->bytes = (varve_buf){memory->data + memory->size, 0, size};
    return VARVE_OK;
}

static varve_status put_intent(const varve__write *write, size_t *record, varve_error *err)
{
    varve_buf *memory = write->memory;
    struct intent_repr repr = {.prefix_size = memory->size};
    size_t key_size = repr.prefix_size + VARVE__SUFFIX_SIZE;
    memory->size = key_size; /* there is room for a suffix, which is written when it is wanted */
    varve_status status = append_meta(write, memory, err);
    if (status != VARVE_OK)
        return status;
    *record = memory->size - key_size;
    status = begin_repr(write, *record, &repr, err);
    if (status == VARVE_OK)
        status = append(&repr, VARVE_RECORD_PUT, varve_ts_zero(),
                        varve_slice_of(memory->data + key_size, *record), err);
    if (status == VARVE_OK && write->moves)
        status = append(&repr, VARVE_RECORD_CLEAR, write->from_ts, varve_slice_of(NULL, 0), err);
    if (status == VARVE_OK)
        status = append(&repr, VARVE_RECORD_PUT, write->ts, write->raw, err);
    if (status != VARVE_OK)
        return status;
    return varve__writer_apply(write->how.writer, varve_buf_slice(&repr.bytes), err);
}

/* ---- All ---------------------------------------------------------------------------------------
 */

varve_status varve__write_apply(const varve__write *write, size_t *record, varve_error *err)
{
    *record = 0;
    return write->is_inline ? put_inline(write, record, err) : put_intent(write, record, err);
}
