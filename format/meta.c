#include "format/meta.h"

#include <varve/meta.h>

#include "format/conflict.h"
#include "format/wire.h"
#include "util/fail.h"

/* Fields of the record, of the transaction in it, of a timestamp, and of a history entry. */
enum { META_TXN = 1, META_TS, META_DELETED, META_KEY_BYTES, META_VAL_BYTES, META_RAW };
enum { META_MERGE_TS = 7, META_HISTORY = 8, META_CONFLICT = 100 };
enum { TXN_ID = 1, TXN_KEY = 3, TXN_EPOCH, TXN_TS, TXN_PRIORITY, TXN_SEQUENCE, TXN_MIN_TS = 9 };
enum { TS_WALL = 1, TS_LOGICAL };
enum { ENTRY_SEQUENCE = 1, ENTRY_VALUE };

/* ---- Decoding ----------------------------------------------------------------------------------
 */

/* A record in the course of being decoded. */
struct parse {
    varve__meta meta;
    int32_t last_sequence; /* of the history */
};

static const char *take_ts_field(const varve__wire_field *field, void *message)
{
    varve_ts *ts = message;
    switch (field->number) {
    case TS_WALL:
        return varve__wire_int64(field, &ts->wall);
    case TS_LOGICAL:
        return varve__wire_int32(field, &ts->logical);
    default:
        return NULL;
    }
}

/* Of a repeated timestamp the last counts, whole. */
static const char *get_ts(const varve__wire_field *field, varve_ts *ts)
{
    *ts = (varve_ts){0, 0};
    return varve__wire_message(field, take_ts_field, ts);
}

static const char *get_txn_id(const varve__wire_field *field, varve_txn_meta *txn)
{
    varve_slice id;
    const char *problem = varve__wire_bytes(field, &id);
    if (problem != NULL)
        return problem;
    if (id.size != sizeof txn->id)
        return "transaction id is not 16 bytes long";
    memcpy(txn->id, id.data, sizeof txn->id);
    return NULL;
}

static const char *take_txn_field(const varve__wire_field *field, void *message)
{
    varve_txn_meta *txn = message;
    switch (field->number) {
    case TXN_ID:
        return get_txn_id(field, txn);
    case TXN_KEY:
        return varve__wire_bytes(field, &txn->key);
    case TXN_EPOCH:
        return varve__wire_int32(field, &txn->epoch);
    case TXN_TS:
        return get_ts(field, &txn->write_ts);
    case TXN_PRIORITY:
        return varve__wire_int32(field, &txn->priority);
    case TXN_SEQUENCE:
        return varve__wire_int32(field, &txn->sequence);
    case TXN_MIN_TS:
        return get_ts(field, &txn->min_ts);
    default:
        return NULL;
    }
}

static const char *take_entry_field(const varve__wire_field *field, void *message)
{
    varve__history_entry *entry = message;
    switch (field->number) {
    case ENTRY_SEQUENCE:
        return varve__wire_int32(field, &entry->sequence);
    case ENTRY_VALUE:
        return varve__wire_bytes(field, &entry->value);
    default:
        return NULL;
    }
}

static const char *get_entry(const varve__wire_field *field, struct parse *parse)
{
    varve__history_entry entry = {.sequence = 0};
    const char *problem = varve__wire_message(field, take_entry_field, &entry);
    if (problem != NULL)
        return problem;
    if (parse->meta.history_count > 0 && entry.sequence <= parse->last_sequence)
        return "history out of order";
    parse->meta.history_count++;
    parse->last_sequence = entry.sequence;
    return NULL;
}

static const char *get_txn(const varve__wire_field *field, varve__meta *meta)
{
    /* Two of them would have to be merged, which no writer asks for. */
    if (meta->has_txn)
        return "two transactions";
    meta->has_txn = true;
    return varve__wire_message(field, take_txn_field, &meta->txn);
}

static const char *get_deleted(const varve__wire_field *field, varve__meta *meta)
{
    int64_t number;
    const char *problem = varve__wire_int64(field, &number);
    if (problem == NULL)
        meta->deleted = number != 0;
    return problem;
}

static const char *take_meta_field(const varve__wire_field *field, void *message)
{
    struct parse *parse = message;
    varve__meta *meta = &parse->meta;
    switch (field->number) {
    case META_TXN:
        return get_txn(field, meta);
    case META_TS:
        return get_ts(field, &meta->ts);
    case META_DELETED:
        return get_deleted(field, meta);
    case META_KEY_BYTES:
        return varve__wire_int64(field, &meta->key_bytes);
    case META_VAL_BYTES:
        return varve__wire_int64(field, &meta->val_bytes);
    case META_RAW:
        meta->has_raw = true;
        return varve__wire_bytes(field, &meta->raw);
    case META_MERGE_TS:
        meta->has_merge_ts = true;
        return get_ts(field, &meta->merge_ts);
    case META_HISTORY:
        return get_entry(field, parse);
    case META_CONFLICT:
        meta->has_conflict = true;
        return varve__wire_bytes(field, &meta->conflict);
    default:
        return NULL;
    }
}

/* ---- Decoding the intents that varve writes ----------------------------------------------------
 *
 * Their fields stand in one order, and an intent without a history is read straight through.  All
 * else, and whatever is wrong, is left to the general way.
 */

/* Take the number of the next field, if that is the one expected. */
static inline bool expect_number(varve_slice *left, uint32_t number, varve__wire_type type,
                                 uint64_t *value)
{
    if (left->size == 0 || left->data[0] != (number << 3 | (uint32_t)type))
        return false;
    (void)varve__wire_take_front(left, 1);
    return varve__wire_take_varint(left, 64, value);
}

static inline bool expect_int64(varve_slice *left, uint32_t number, int64_t *value)
{
    uint64_t wide;
    if (!expect_number(left, number, VARVE__WIRE_VARINT, &wide))
        return false;
    *value = (int64_t)wide;
    return true;
}

/* One that is not written if it is 0. */
static inline bool expect_sparse32(varve_slice *left, uint32_t number, int32_t *value)
{
    uint64_t wide;
    if (left->size == 0 || left->data[0] != (number << 3 | VARVE__WIRE_VARINT))
        return true;
    if (!expect_number(left, number, VARVE__WIRE_VARINT, &wide) || wide > INT32_MAX)
        return false;
    *value = (int32_t)wide;
    return true;
}

static inline bool expect_bytes(varve_slice *left, uint32_t number, varve_slice *bytes)
{
    uint64_t size;
    return expect_number(left, number, VARVE__WIRE_BYTES, &size) &&
           varve__wire_take_bytes(left, size, bytes) == NULL;
}

static bool expect_ts(varve_slice *left, uint32_t number, varve_ts *ts)
{
    varve_slice bytes;
    if (!expect_bytes(left, number, &bytes))
        return false;
    if (bytes.size > 0 && bytes.data[0] == (TS_WALL << 3 | VARVE__WIRE_VARINT) &&
        !expect_int64(&bytes, TS_WALL, &ts->wall))
        return false;
    return expect_sparse32(&bytes, TS_LOGICAL, &ts->logical) && bytes.size == 0;
}

static bool expect_txn(varve_slice *left, varve_txn_meta *txn)
{
    varve_slice bytes;
    varve_slice id;
    if (!expect_bytes(left, META_TXN, &bytes) || !expect_bytes(&bytes, TXN_ID, &id) ||
        id.size != sizeof txn->id)
        return false;
    memcpy(txn->id, id.data, sizeof txn->id);
    if (bytes.size > 0 && bytes.data[0] == (TXN_KEY << 3 | VARVE__WIRE_BYTES) &&
        !expect_bytes(&bytes, TXN_KEY, &txn->key))
        return false;
    return expect_sparse32(&bytes, TXN_EPOCH, &txn->epoch) &&
           expect_ts(&bytes, TXN_TS, &txn->write_ts) &&
           expect_sparse32(&bytes, TXN_PRIORITY, &txn->priority) &&
           expect_sparse32(&bytes, TXN_SEQUENCE, &txn->sequence) &&
           expect_ts(&bytes, TXN_MIN_TS, &txn->min_ts) && bytes.size == 0;
}

/* Decode into a zeroed `meta`; false if it is not such an intent. */
static bool parse_intent(varve_slice bytes, varve__meta *meta)
{
    int64_t deleted;
    if (!expect_txn(&bytes, &meta->txn) || !expect_ts(&bytes, META_TS, &meta->ts) ||
        !expect_int64(&bytes, META_DELETED, &deleted) ||
        !expect_int64(&bytes, META_KEY_BYTES, &meta->key_bytes) ||
        !expect_int64(&bytes, META_VAL_BYTES, &meta->val_bytes) || bytes.size > 0)
        return false;
    meta->has_txn = true;
    meta->deleted = deleted != 0;
    return true;
}

/* ---- Decoding records --------------------------------------------------------------------------
 */

static const char *parse_any(varve_slice bytes, varve__meta *meta)
{
    struct parse parse;
    memset(&parse, 0, sizeof parse);
    const char *problem = varve__wire_read(bytes, take_meta_field, &parse);
    if (problem == NULL)
        *meta = parse.meta;
    return problem;
}

const char *varve__meta_parse(varve_slice bytes, varve__meta *meta)
{
    varve__meta intent;
    memset(&intent, 0, sizeof intent);
    if (!parse_intent(bytes, &intent))
        return parse_any(bytes, meta);
    *meta = intent;
    return NULL;
}

static varve_status fail_undecodable(const char *problem, varve_error *err)
{
    return varve__fail(err, VARVE_CORRUPT, "unable to decode MVCCMetadata: %s", problem);
}

static varve_status fail_merges(varve_slice bytes, varve_error *err)
{
    varve__conflict conflict;
    const char *problem = varve__conflict_parse(bytes, &conflict);
    return problem != NULL ? fail_undecodable(problem, err) : varve__fail_conflict(&conflict, err);
}

varve_status varve__meta_decode(varve_slice bytes, varve__meta *meta, varve_error *err)
{
    varve__meta result;
    if (bytes.size == 0)
        return varve__fail(err, VARVE_CORRUPT, "zero-length mvcc metadata");
    const char *problem = varve__meta_parse(bytes, &result);
    if (problem != NULL)
        return fail_undecodable(problem, err);
    if (result.has_conflict)
        return fail_merges(result.conflict, err);
    if (!result.has_txn && !result.has_raw)
        return varve__fail(err, VARVE_CORRUPT, "intent without transaction");
    *meta = result;
    return VARVE_OK;
}

bool varve__meta_next_history(varve_slice *left, varve__history_entry *entry)
{
    while (left->size > 0) {
        varve__wire_field field;
        if (varve__wire_next(left, &field) != NULL)
            return false; /* not of a record that has been decoded */
        if (field.number == META_HISTORY) {
            *entry = (varve__history_entry){.sequence = 0};
            return varve__wire_message(&field, take_entry_field, entry) == NULL;
        }
    }
    return false;
}

/* ---- Encoding ----------------------------------------------------------------------------------
 */

/* Negative numbers take ten bytes. */
static uint64_t wide(int64_t number)
{
    return (uint64_t)number;
}

static size_t ts_size(varve_ts ts)
{
    return varve__wire_varint_size(TS_WALL, wide(ts.wall)) +
           varve__wire_varint_size(TS_LOGICAL, wide(ts.logical));
}

static void push_ts(varve_buf *out, uint32_t number, varve_ts ts)
{
    varve__wire_push_length(out, number, ts_size(ts));
    varve__wire_push_varint(out, TS_WALL, wide(ts.wall));
    varve__wire_push_varint(out, TS_LOGICAL, wide(ts.logical));
}

/* Of a transaction only the numbers that are not 0 are written, in its timestamps too. */
static size_t sparse_size(uint32_t number, int64_t value)
{
    return value == 0 ? 0 : varve__wire_varint_size(number, wide(value));
}

static void push_sparse(varve_buf *out, uint32_t number, int64_t value)
{
    if (value != 0)
        varve__wire_push_varint(out, number, wide(value));
}

static size_t sparse_ts_size(varve_ts ts)
{
    return sparse_size(TS_WALL, ts.wall) + sparse_size(TS_LOGICAL, ts.logical);
}

static void push_sparse_ts(varve_buf *out, uint32_t number, varve_ts ts, size_t size)
{
    varve__wire_push_length(out, number, size);
    push_sparse(out, TS_WALL, ts.wall);
    push_sparse(out, TS_LOGICAL, ts.logical);
}

/* The sizes of a transaction and of the timestamps in it: those of a record are asked for twice. */
struct txn_sizes {
    size_t write_ts;
    size_t min_ts;
    size_t all;
};

static struct txn_sizes measure_txn(const varve_txn_meta *txn)
{
    struct txn_sizes sizes = {.write_ts = sparse_ts_size(txn->write_ts),
                              .min_ts = sparse_ts_size(txn->min_ts)};
    sizes.all =
        varve__wire_bytes_size(TXN_ID, sizeof txn->id) + sparse_size(TXN_EPOCH, txn->epoch) +
        varve__wire_bytes_size(TXN_TS, sizes.write_ts) + sparse_size(TXN_PRIORITY, txn->priority) +
        sparse_size(TXN_SEQUENCE, txn->sequence) + varve__wire_bytes_size(TXN_MIN_TS, sizes.min_ts);
    if (txn->key.size > 0)
        sizes.all += varve__wire_bytes_size(TXN_KEY, txn->key.size);
    return sizes;
}

static void push_txn(varve_buf *out, const varve_txn_meta *txn, const struct txn_sizes *sizes)
{
    varve__wire_push_length(out, META_TXN, sizes->all);
    varve__wire_push_bytes(out, TXN_ID, varve_slice_of(txn->id, sizeof txn->id));
    if (txn->key.size > 0)
        varve__wire_push_bytes(out, TXN_KEY, txn->key);
    push_sparse(out, TXN_EPOCH, txn->epoch);
    push_sparse_ts(out, TXN_TS, txn->write_ts, sizes->write_ts);
    push_sparse(out, TXN_PRIORITY, txn->priority);
    push_sparse(out, TXN_SEQUENCE, txn->sequence);
    push_sparse_ts(out, TXN_MIN_TS, txn->min_ts, sizes->min_ts);
}

static size_t entry_size(const varve__history_entry *entry)
{
    return varve__wire_varint_size(ENTRY_SEQUENCE, wide(entry->sequence)) +
           varve__wire_bytes_size(ENTRY_VALUE, entry->value.size);
}

static void push_entry(varve_buf *out, const varve__history_entry *entry)
{
    varve__wire_push_length(out, META_HISTORY, entry_size(entry));
    varve__wire_push_varint(out, ENTRY_SEQUENCE, wide(entry->sequence));
    varve__wire_push_bytes(out, ENTRY_VALUE, entry->value);
}

static size_t meta_size(const varve__meta *meta, const struct txn_sizes *txn,
                        const varve__history_entry *history)
{
    size_t size = varve__wire_bytes_size(META_TS, ts_size(meta->ts)) +
                  varve__wire_varint_size(META_DELETED, meta->deleted) +
                  varve__wire_varint_size(META_KEY_BYTES, wide(meta->key_bytes)) +
                  varve__wire_varint_size(META_VAL_BYTES, wide(meta->val_bytes));
    if (meta->has_txn)
        size += varve__wire_bytes_size(META_TXN, txn->all);
    if (meta->has_raw)
        size += varve__wire_bytes_size(META_RAW, meta->raw.size);
    if (meta->has_merge_ts)
        size += varve__wire_bytes_size(META_MERGE_TS, ts_size(meta->merge_ts));
    for (size_t i = 0; i < meta->history_count; i++)
        size += varve__wire_bytes_size(META_HISTORY, entry_size(&history[i]));
    if (meta->has_conflict)
        size += varve__wire_bytes_size(META_CONFLICT, meta->conflict.size);
    return size;
}

varve_status varve__meta_append(const varve__meta *meta, const varve__history_entry *history,
                                varve_buf *out, varve_error *err)
{
    struct txn_sizes txn = {.all = 0};
    if (meta->has_txn)
        txn = measure_txn(&meta->txn);
    varve_status status = varve__buf_reserve(out, meta_size(meta, &txn, history), err);
    if (status != VARVE_OK)
        return status;
    if (meta->has_txn)
        push_txn(out, &meta->txn, &txn);
    push_ts(out, META_TS, meta->ts);
    varve__wire_push_varint(out, META_DELETED, meta->deleted);
    varve__wire_push_varint(out, META_KEY_BYTES, wide(meta->key_bytes));
    varve__wire_push_varint(out, META_VAL_BYTES, wide(meta->val_bytes));
    if (meta->has_raw)
        varve__wire_push_bytes(out, META_RAW, meta->raw);
    if (meta->has_merge_ts)
        push_ts(out, META_MERGE_TS, meta->merge_ts);
    for (size_t i = 0; i < meta->history_count; i++)
        push_entry(out, &history[i]);
    if (meta->has_conflict)
        varve__wire_push_bytes(out, META_CONFLICT, meta->conflict);
    return VARVE_OK;
}

/* ---- Inline values -----------------------------------------------------------------------------
 *
 * They are written all the time: their record is a constant front and the value.
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
    varve__wire_push_raw_varint(out, raw.size);
    varve__buf_push_bytes(out, raw);
    return VARVE_OK;
}

varve_status varve_meta_is_intent_of(varve_slice record, const varve_txn *txn, bool *is,
                                     varve_error *err)
{
    varve__meta meta;
    const char *problem = varve__meta_parse(record, &meta);
    *is = false;
    if (problem != NULL)
        return fail_undecodable(problem, err);
    *is = txn != NULL && meta.has_txn && memcmp(meta.txn.id, txn->meta.id, sizeof meta.txn.id) == 0;
    return VARVE_OK;
}

varve_status varve_meta_value(varve_slice record, varve_slice *raw, varve_error *err)
{
    varve__meta meta;
    const char *problem = varve__meta_parse(record, &meta);
    *raw = varve_slice_of(NULL, 0);
    if (problem != NULL)
        return fail_undecodable(problem, err);
    if (!meta.has_raw)
        return VARVE_NOT_FOUND;
    *raw = meta.raw;
    return VARVE_OK;
}

varve_status varve_meta_decode(varve_slice record, varve_meta_info *info, varve_error *err)
{
    varve__meta meta;
    size_t given;
    varve_status status = varve__struct_size(info, "varve_meta_info", &given, err);

    if (status != VARVE_OK)
        return status;
    const char *problem = varve__meta_parse(record, &meta);
    if (problem != NULL)
        return fail_undecodable(problem, err);
    const varve_meta_info known = {.struct_size = given,
                                   .has_txn = meta.has_txn,
                                   .has_value = meta.has_raw,
                                   .has_conflict = meta.has_conflict,
                                   .deleted = meta.deleted,
                                   .txn = meta.txn,
                                   .ts = meta.ts,
                                   .value_size = meta.val_bytes,
                                   .value = meta.raw,
                                   .history_count = meta.history_count};
    varve__struct_give(info, given, &known, sizeof known);
    return VARVE_OK;
}
