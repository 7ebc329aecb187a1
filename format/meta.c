#include "format/meta.h"

#include "format/varint.h"
#include "format/wire.h"
#include "util/buf.h"
#include "util/fail.h"

/* Fields of the record, of the transaction in it, of a timestamp, and of a history entry. */
enum { META_TXN = 1, META_TS, META_DELETED, META_KEY_BYTES, META_VAL_BYTES, META_RAW };
enum { META_MERGE_TS = 7, META_HISTORY = 8 };
enum { TXN_ID = 1, TXN_KEY = 3, TXN_EPOCH, TXN_TS, TXN_PRIORITY, TXN_SEQUENCE, TXN_MIN_TS = 9 };
enum { TS_WALL = 1, TS_LOGICAL };
enum { ENTRY_SEQUENCE = 1, ENTRY_VALUE };

/* ---- Decoding ----------------------------------------------------------------------------------
 */

/*
 * Each function here takes one field of its message and returns NULL, or what is wrong.  Fields
 * that are not known are skipped.
 */
typedef const char *take_field(const varve__wire_field *field, void *message);

static const char *decode(varve_slice bytes, take_field *take, void *message)
{
    while (bytes.size > 0) {
        varve__wire_field field;
        const char *problem = varve__wire_next(&bytes, &field);
        if (problem == NULL)
            problem = take(&field, message);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}

static const char wrong_type[] = "wrong wire type of a known field";

static const char *get_int64(const varve__wire_field *field, int64_t *number)
{
    if (field->type != VARVE__WIRE_VARINT)
        return wrong_type;
    *number = (int64_t)field->varint;
    return NULL;
}

static const char *get_int32(const varve__wire_field *field, int32_t *number)
{
    int64_t wide;
    const char *problem = get_int64(field, &wide);
    if (problem != NULL)
        return problem;
    if (wide < INT32_MIN || wide > INT32_MAX)
        return "number has more than 32 bits";
    *number = (int32_t)wide;
    return NULL;
}

static const char *get_bytes(const varve__wire_field *field, varve_slice *bytes)
{
    if (field->type != VARVE__WIRE_BYTES)
        return wrong_type;
    *bytes = field->bytes;
    return NULL;
}

static const char *get_message(const varve__wire_field *field, take_field *take, void *message)
{
    varve_slice bytes;
    const char *problem = get_bytes(field, &bytes);
    return problem != NULL ? problem : decode(bytes, take, message);
}

static const char *take_ts_field(const varve__wire_field *field, void *message)
{
    varve_ts *ts = message;
    switch (field->number) {
    case TS_WALL:
        return get_int64(field, &ts->wall);
    case TS_LOGICAL:
        return get_int32(field, &ts->logical);
    default:
        return NULL;
    }
}

static const char *get_txn_id(const varve__wire_field *field, varve__meta *meta)
{
    varve_slice id;
    const char *problem = get_bytes(field, &id);
    if (problem != NULL)
        return problem;
    if (id.size != sizeof meta->txn_id)
        return "transaction id is not 16 bytes long";
    memcpy(meta->txn_id, id.data, sizeof meta->txn_id);
    return NULL;
}

static const char *take_txn_field(const varve__wire_field *field, void *message)
{
    varve_ts ts;
    int32_t number;
    varve_slice key;
    switch (field->number) {
    case TXN_ID:
        return get_txn_id(field, message);
    case TXN_KEY:
        return get_bytes(field, &key);
    case TXN_TS:
    case TXN_MIN_TS:
        return get_message(field, take_ts_field, &ts);
    case TXN_EPOCH:
    case TXN_PRIORITY:
    case TXN_SEQUENCE:
        return get_int32(field, &number);
    default:
        return NULL;
    }
}

static const char *take_entry_field(const varve__wire_field *field, void *message)
{
    (void)message;
    int32_t sequence;
    varve_slice value;
    switch (field->number) {
    case ENTRY_SEQUENCE:
        return get_int32(field, &sequence);
    case ENTRY_VALUE:
        return get_bytes(field, &value);
    default:
        return NULL;
    }
}

static const char *get_txn(const varve__wire_field *field, varve__meta *meta)
{
    /* Two of them would have to be merged, which no writer asks for. */
    if (meta->has_txn)
        return "two transactions";
    meta->has_txn = true;
    const char *problem = get_bytes(field, &meta->txn);
    return problem != NULL ? problem : decode(meta->txn, take_txn_field, meta);
}

static const char *get_deleted(const varve__wire_field *field, varve__meta *meta)
{
    int64_t number;
    const char *problem = get_int64(field, &number);
    if (problem == NULL)
        meta->deleted = number != 0;
    return problem;
}

static const char *take_meta_field(const varve__wire_field *field, void *message)
{
    varve__meta *meta = message;
    varve_ts merge_ts;
    switch (field->number) {
    case META_TXN:
        return get_txn(field, meta);
    case META_TS:
        meta->ts = (varve_ts){0, 0};
        return get_message(field, take_ts_field, &meta->ts);
    case META_DELETED:
        return get_deleted(field, meta);
    case META_KEY_BYTES:
        return get_int64(field, &meta->key_bytes);
    case META_VAL_BYTES:
        return get_int64(field, &meta->val_bytes);
    case META_RAW:
        meta->has_raw = true;
        return get_bytes(field, &meta->raw);
    case META_MERGE_TS:
        return get_message(field, take_ts_field, &merge_ts);
    case META_HISTORY:
        return get_message(field, take_entry_field, NULL);
    default:
        return NULL;
    }
}

varve_status varve__meta_decode(varve_slice bytes, varve__meta *meta, varve_error *err)
{
    if (bytes.size == 0)
        return varve__fail(err, VARVE_CORRUPT, "zero-length mvcc metadata");
    varve__meta result;
    memset(&result, 0, sizeof result);
    const char *problem = decode(bytes, take_meta_field, &result);
    if (problem != NULL)
        return varve__fail(err, VARVE_CORRUPT, "unable to decode MVCCMetadata: %s", problem);
    if (!result.has_txn && !result.has_raw)
        return varve__fail(err, VARVE_CORRUPT, "intent without transaction");
    *meta = result;
    return VARVE_OK;
}

/* ---- Encoding ----------------------------------------------------------------------------------
 */

/* Timestamp zero, not deleted, no key bytes, no value bytes, and the tag of the raw value. */
static const unsigned char inline_head[] = {0x12, 0x04, 0x08, 0x00, 0x10, 0x00, 0x18,
                                            0x00, 0x20, 0x00, 0x28, 0x00, 0x32};

size_t varve__meta_inline_size(varve_slice raw)
{
    return sizeof inline_head + varve__varint_size(raw.size) + raw.size;
}

varve_status varve__meta_append_inline(varve_slice raw, varve_buf *out, varve_error *err)
{
    varve_status status = varve__buf_reserve(out, varve__meta_inline_size(raw), err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(out, varve_slice_of(inline_head, sizeof inline_head));
    out->size += varve__varint_encode(raw.size, out->data + out->size);
    varve__buf_push_bytes(out, raw);
    return VARVE_OK;
}
