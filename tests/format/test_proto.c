/*
 * What varve encodes by hand against what is generated from proto/varve.proto: equal bytes for
 * random records, and equal records for bytes as others might have written them.
 */
#include <varve/stats.h>
#include <varve/ts.h>
#include <varve/value.h>

#include <varve.pb-c.h>

#include "format/conflict.h"
#include "format/meta.h"
#include "format/series.h"
#include "format/wire.h"
#include "tests/support/support.h"

enum { ROUNDS = 2000, HISTORY_MAX = 3, OPERANDS_MAX = 3, POINTS_MAX = 4, PIECES_MAX = 64 };

static varve_error err = VARVE_ERROR_INIT;
static test_random random_state;

static void set_up(void)
{
    random_state = test_random_start();
}

/* ---- Random parts ------------------------------------------------------------------------------
 */

static size_t below(size_t limit)
{
    return test_random_below(&random_state, limit);
}

static bool coin(void)
{
    return below(2) == 0;
}

/* Of any length in bits, and either sign. */
static int64_t any_int64(void)
{
    uint64_t bits = test_random_next(&random_state) >> below(64);
    int64_t number = (int64_t)(bits & INT64_MAX);
    return below(4) == 0 ? -number : below(5) == 0 ? 0 : number;
}

static int32_t any_int32(void)
{
    int64_t number = any_int64() % ((int64_t)INT32_MAX + 1);
    return (int32_t)number;
}

static varve_ts any_ts(void)
{
    return varve_ts_of(any_int64(), any_int32());
}

static varve_slice any_bytes(void)
{
    return repeated((unsigned char)(1 + below(255)), below(200));
}

static double any_double(void)
{
    return (double)any_int64() / 8;
}

/* ---- Encoding and decoding by what is generated ------------------------------------------------
 */

static varve_slice packed(const ProtobufCMessage *message)
{
    static unsigned char room[1 << 16];
    size_t size = protobuf_c_message_get_packed_size(message);
    ck_assert_uint_le(size, sizeof room);
    ck_assert_uint_eq(protobuf_c_message_pack(message, room), size);
    return copy_of(varve_slice_of(room, size));
}

static ProtobufCMessage *unpacked(const ProtobufCMessageDescriptor *descriptor, varve_slice bytes)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, NULL, bytes.size, bytes.data);
    ck_assert_msg(message != NULL, "does not decode: %s", hex_text(bytes));
    return message;
}

static ProtobufCBinaryData binary_of(varve_slice bytes)
{
    varve_slice copy = copy_of(bytes);
    union {
        const unsigned char *constant;
        uint8_t *plain;
    } data = {copy.data};
    return (ProtobufCBinaryData){copy.size, data.plain};
}

static varve_slice slice_of(ProtobufCBinaryData data)
{
    return varve_slice_of(data.data, data.len);
}

/* ---- Bytes as others might write them ----------------------------------------------------------
 *
 * The fields of a message, some of them left out, among fields that nobody knows, in any order.
 */

static varve_slice unknown_field(void)
{
    varve_buf out = VARVE_BUF_INIT;
    ck_ok(varve__buf_reserve(&out, 40, &err), &err);
    switch (below(3)) {
    case 0:
        varve__wire_push_varint(&out, 50, (uint64_t)any_int64());
        break;
    case 1:
        varve__wire_push_tag(&out, 51, VARVE__WIRE_FIXED64);
        varve__buf_push_bytes(&out, bytes("12345678"));
        break;
    default:
        varve__wire_push_bytes(&out, 52, bytes("unknown"));
        varve__wire_push_tag(&out, 53, VARVE__WIRE_FIXED32);
        varve__buf_push_bytes(&out, bytes("1234"));
    }
    varve_slice kept = copy_of(varve_buf_slice(&out));
    varve_buf_release(&out);
    return kept;
}

/* The fields one by one, and unknown ones; without some of those that may be missing. */
static size_t take_apart(varve_slice message, bool may_miss, varve_slice pieces[PIECES_MAX])
{
    size_t count = 0;
    while (message.size > 0) {
        varve__wire_field field;
        const unsigned char *start = message.data;
        ck_assert_ptr_null(varve__wire_next(&message, &field));
        if (may_miss && below(6) == 0)
            continue;
        pieces[count++] = varve_slice_of(start, (size_t)(message.data - start));
        if (below(4) == 0)
            pieces[count++] = unknown_field();
        ck_assert_uint_lt(count, PIECES_MAX - 1);
    }
    return count;
}

static varve_slice disturbed(varve_slice message, bool may_miss, bool any_order)
{
    varve_slice pieces[PIECES_MAX];
    varve_buf out = VARVE_BUF_INIT;
    size_t count = take_apart(message, may_miss, pieces);
    for (size_t left = count; left > 0; left--) {
        size_t next = any_order ? below(left) : 0;
        ck_ok(varve__buf_append(&out, pieces[next], &err), &err);
        memmove(&pieces[next], &pieces[next + 1], (left - next - 1) * sizeof *pieces);
    }
    varve_slice kept = copy_of(varve_buf_slice(&out));
    varve_buf_release(&out);
    return kept;
}

/* ---- Metadata records --------------------------------------------------------------------------
 */

/* A record with all that it points at. */
struct record {
    varve__meta meta;
    varve__history_entry history[HISTORY_MAX];
    varve__conflict conflict;
    size_t operand_count;
    varve_slice operands[OPERANDS_MAX];
};

static varve_txn_meta any_txn(void)
{
    varve_txn_meta txn = {.key = any_bytes(),
                          .epoch = any_int32(),
                          .write_ts = any_ts(),
                          .min_ts = any_ts(),
                          .priority = any_int32(),
                          .sequence = any_int32()};
    for (size_t i = 0; i < sizeof txn.id; i++)
        txn.id[i] = (unsigned char)below(256);
    return txn;
}

static void any_history(struct record *record)
{
    int32_t sequence = any_int32() / 2;
    record->meta.history_count = below(HISTORY_MAX + 1);
    for (size_t i = 0; i < record->meta.history_count; i++) {
        record->history[i] = (varve__history_entry){sequence, any_bytes()};
        sequence += 1 + (int32_t)below(1000);
    }
}

/* The conflict field's contents, from its parts. */
static void encode_conflict(struct record *record)
{
    varve_buf out = VARVE_BUF_INIT;
    varve_buf operands = VARVE_BUF_INIT;
    for (size_t i = 0; i < record->operand_count; i++)
        ck_ok(varve__conflict_append_operand(record->operands[i], &operands, &err), &err);
    record->conflict.operands = copy_of(varve_buf_slice(&operands));
    ck_ok(varve__conflict_append(&record->conflict, &out, &err), &err);
    record->meta.conflict = copy_of(varve_buf_slice(&out));
    varve_buf_release(&operands);
    varve_buf_release(&out);
}

static void any_conflict(struct record *record)
{
    record->meta.has_conflict = true;
    record->conflict = (varve__conflict){
        .code = 1 + (uint32_t)below(300), .text = any_bytes(), .has_below = coin(), .more = coin()};
    if (record->conflict.has_below)
        record->conflict.below = any_bytes();
    record->operand_count = below(OPERANDS_MAX + 1);
    for (size_t i = 0; i < record->operand_count; i++)
        record->operands[i] = any_bytes();
    encode_conflict(record);
}

static struct record any_record(void)
{
    struct record record = {.meta = {.has_txn = coin(),
                                     .has_raw = coin(),
                                     .has_merge_ts = coin(),
                                     .deleted = coin(),
                                     .ts = any_ts(),
                                     .key_bytes = any_int64(),
                                     .val_bytes = any_int64()}};
    if (record.meta.has_txn)
        record.meta.txn = any_txn();
    if (record.meta.has_raw)
        record.meta.raw = any_bytes();
    if (record.meta.has_merge_ts)
        record.meta.merge_ts = any_ts();
    any_history(&record);
    if (coin())
        any_conflict(&record);
    return record;
}

static varve_slice encoded(const struct record *record)
{
    varve_buf out = VARVE_BUF_INIT;
    ck_ok(varve__meta_append(&record->meta, record->history, &out, &err), &err);
    varve_slice kept = copy_of(varve_buf_slice(&out));
    varve_buf_release(&out);
    return kept;
}

static void fill_ts(Varve__Timestamp *to, varve_ts ts, bool sparse)
{
    varve__timestamp__init(to);
    to->has_wall_time = !sparse || ts.wall != 0;
    to->wall_time = ts.wall;
    to->has_logical = !sparse || ts.logical != 0;
    to->logical = ts.logical;
}

/* The same record as the generated code has it. */
struct message {
    Varve__Metadata meta;
    Varve__Transaction txn;
    Varve__Timestamp ts, merge_ts, write_ts, min_ts;
    Varve__HistoryEntry entries[HISTORY_MAX], *history[HISTORY_MAX];
    Varve__Conflict conflict;
    ProtobufCBinaryData operands[OPERANDS_MAX];
    char text[256];
};

static void fill_txn(struct message *to, const varve_txn_meta *from)
{
    varve__transaction__init(&to->txn);
    fill_ts(&to->write_ts, from->write_ts, true);
    fill_ts(&to->min_ts, from->min_ts, true);
    to->txn.has_id = true;
    to->txn.id = binary_of(varve_slice_of(from->id, sizeof from->id));
    to->txn.has_key = from->key.size > 0;
    to->txn.key = binary_of(from->key);
    to->txn.has_epoch = from->epoch != 0;
    to->txn.epoch = from->epoch;
    to->txn.write_timestamp = &to->write_ts;
    to->txn.has_priority = from->priority != 0;
    to->txn.priority = from->priority;
    to->txn.has_sequence = from->sequence != 0;
    to->txn.sequence = from->sequence;
    to->txn.min_timestamp = &to->min_ts;
    to->meta.transaction = &to->txn;
}

static void fill_history(struct message *to, const struct record *from)
{
    to->meta.n_intent_history = from->meta.history_count;
    to->meta.intent_history = to->history;
    for (size_t i = 0; i < from->meta.history_count; i++) {
        Varve__HistoryEntry *entry = to->history[i] = &to->entries[i];
        varve__history_entry__init(entry);
        entry->has_sequence = true;
        entry->sequence = from->history[i].sequence;
        entry->has_value = true;
        entry->value = binary_of(from->history[i].value);
    }
}

static void fill_conflict(struct message *to, const struct record *from)
{
    varve_slice text = from->conflict.text;
    varve__conflict__init(&to->conflict);
    memcpy(to->text, text.data, text.size);
    to->text[text.size] = '\0';
    to->conflict.has_reason = true;
    to->conflict.reason = from->conflict.code;
    to->conflict.text = to->text;
    to->conflict.has_record = from->conflict.has_below;
    to->conflict.record = binary_of(from->conflict.below);
    to->conflict.n_operands = from->operand_count;
    to->conflict.operands = to->operands;
    for (size_t i = 0; i < from->operand_count; i++)
        to->operands[i] = binary_of(from->operands[i]);
    to->conflict.has_more = from->conflict.more;
    to->conflict.more = from->conflict.more;
    to->meta.conflict = &to->conflict;
}

static varve_slice packed_record(const struct record *from)
{
    struct message to;
    varve__metadata__init(&to.meta);
    if (from->meta.has_txn)
        fill_txn(&to, &from->meta.txn);
    fill_ts(&to.ts, from->meta.ts, false);
    to.meta.timestamp = &to.ts;
    to.meta.has_deleted = true;
    to.meta.deleted = from->meta.deleted;
    to.meta.has_key_bytes = true;
    to.meta.key_bytes = from->meta.key_bytes;
    to.meta.has_val_bytes = true;
    to.meta.val_bytes = from->meta.val_bytes;
    to.meta.has_raw = from->meta.has_raw;
    to.meta.raw = binary_of(from->meta.raw);
    fill_ts(&to.merge_ts, from->meta.merge_ts, false);
    to.meta.merge_timestamp = from->meta.has_merge_ts ? &to.merge_ts : NULL;
    fill_history(&to, from);
    if (from->meta.has_conflict)
        fill_conflict(&to, from);
    return packed(&to.meta.base);
}

START_TEST(records_have_the_bytes_of_the_schema)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct record record = any_record();
        ck_slice_eq(encoded(&record), packed_record(&record));
    }
}
END_TEST

/* What varve reads from bytes. */
static struct record parsed(varve_slice bytes)
{
    struct record record = {.operand_count = 0};
    varve_slice left = bytes;
    const char *problem = varve__meta_parse(bytes, &record.meta);
    ck_assert_msg(problem == NULL, "%s: %s", problem, hex_text(bytes));
    ck_assert_uint_le(record.meta.history_count, HISTORY_MAX);
    for (size_t i = 0; i < record.meta.history_count; i++)
        ck_assert(varve__meta_next_history(&left, &record.history[i]));
    if (!record.meta.has_conflict)
        return record;
    ck_assert_ptr_null(varve__conflict_parse(record.meta.conflict, &record.conflict));
    varve_slice operands = record.conflict.operands;
    while (varve__conflict_next_operand(&operands, &record.operands[record.operand_count]))
        record.operand_count++;
    return record;
}

static varve_ts ts_of(const Varve__Timestamp *ts)
{
    return ts == NULL ? varve_ts_zero() : varve_ts_of(ts->wall_time, ts->logical);
}

static varve_txn_meta txn_of(const Varve__Transaction *from)
{
    varve_txn_meta txn = {.key = slice_of(from->key),
                          .epoch = from->epoch,
                          .write_ts = ts_of(from->write_timestamp),
                          .min_ts = ts_of(from->min_timestamp),
                          .priority = from->priority,
                          .sequence = from->sequence};
    ck_assert_uint_eq(from->id.len, sizeof txn.id);
    memcpy(txn.id, from->id.data, sizeof txn.id);
    return txn;
}

static void take_conflict(struct record *record, const Varve__Conflict *from)
{
    record->meta.has_conflict = true;
    record->conflict = (varve__conflict){.code = from->reason,
                                         .text = varve_slice_text(from->text),
                                         .has_below = from->has_record,
                                         .below = slice_of(from->record),
                                         .more = from->more};
    record->operand_count = from->n_operands;
    for (size_t i = 0; i < from->n_operands; i++)
        record->operands[i] = slice_of(from->operands[i]);
    encode_conflict(record);
}

/* What the generated code reads from them. */
static struct record record_of(const Varve__Metadata *from)
{
    struct record record = {.meta = {.has_txn = from->transaction != NULL,
                                     .has_raw = from->has_raw,
                                     .has_merge_ts = from->merge_timestamp != NULL,
                                     .deleted = from->deleted,
                                     .ts = ts_of(from->timestamp),
                                     .key_bytes = from->key_bytes,
                                     .val_bytes = from->val_bytes,
                                     .raw = slice_of(from->raw),
                                     .merge_ts = ts_of(from->merge_timestamp),
                                     .history_count = from->n_intent_history}};
    if (from->transaction != NULL)
        record.meta.txn = txn_of(from->transaction);
    for (size_t i = 0; i < from->n_intent_history; i++)
        record.history[i] = (varve__history_entry){from->intent_history[i]->sequence,
                                                   slice_of(from->intent_history[i]->value)};
    if (from->conflict != NULL)
        take_conflict(&record, from->conflict);
    return record;
}

START_TEST(records_read_as_the_schema_says)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct record record = any_record();
        /* Entries of the history keep their order. */
        varve_slice bytes = disturbed(encoded(&record), true, record.meta.history_count < 2);
        ProtobufCMessage *message = unpacked(&varve__metadata__descriptor, bytes);
        struct record here = parsed(bytes);
        struct record there = record_of((const Varve__Metadata *)(const void *)message);
        if (here.meta.has_conflict)
            encode_conflict(&here);
        ck_slice_eq(encoded(&here), encoded(&there));
        protobuf_c_message_free_unpacked(message, NULL);
    }
}
END_TEST

/* Ten bytes have room for 70 bits: what is beyond 64 is lost there, and an error here. */
START_TEST(numbers_of_more_than_64_bits_are_refused)
{
    varve_slice largest = hex("20 FF FF FF FF FF FF FF FF FF 01");
    varve_slice beyond = hex("20 FF FF FF FF FF FF FF FF FF 03");
    varve__meta meta;
    for (int i = 0; i < 2; i++) {
        ProtobufCMessage *message =
            unpacked(&varve__metadata__descriptor, i == 0 ? largest : beyond);
        ck_assert_int_eq(((const Varve__Metadata *)(const void *)message)->key_bytes, -1);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    ck_assert_ptr_null(varve__meta_parse(largest, &meta));
    ck_assert_int_eq(meta.key_bytes, -1);
    ck_assert_ptr_nonnull(varve__meta_parse(beyond, &meta));
}
END_TEST

/* ---- Statistics --------------------------------------------------------------------------------
 */

#define STATISTICS(FIELD)                                                                          \
    FIELD(last_update_nanos)                                                                       \
    FIELD(intent_age)                                                                              \
    FIELD(gc_bytes_age)                                                                            \
    FIELD(live_bytes)                                                                              \
    FIELD(live_count)                                                                              \
    FIELD(key_bytes)                                                                               \
    FIELD(key_count)                                                                               \
    FIELD(val_bytes)                                                                               \
    FIELD(val_count)                                                                               \
    FIELD(intent_bytes)                                                                            \
    FIELD(intent_count)                                                                            \
    FIELD(sys_bytes)                                                                               \
    FIELD(sys_count)                                                                               \
    FIELD(contains_estimates)

static varve_stats any_stats(void)
{
    varve_stats stats;
#define FIELD(name) stats.name = any_int64();
    STATISTICS(FIELD)
#undef FIELD
    stats.contains_estimates = (int64_t)below(128);
    return stats;
}

static varve_slice packed_stats(const varve_stats *stats)
{
    Varve__Statistics to = VARVE__STATISTICS__INIT;
#define FIELD(name)                                                                                \
    to.has_##name = true;                                                                          \
    to.name = stats->name;
    STATISTICS(FIELD)
#undef FIELD
    return packed(&to.base);
}

START_TEST(statistics_have_the_bytes_of_the_schema)
{
    for (int round = 0; round < ROUNDS; round++) {
        varve_stats stats = any_stats();
        unsigned char record[VARVE_STATS_RECORD_SIZE];
        varve_stats_encode(&stats, record);
        ck_slice_eq(varve_slice_of(record, sizeof record), packed_stats(&stats));
    }
}
END_TEST

START_TEST(statistics_read_as_the_schema_says)
{
    for (int round = 0; round < ROUNDS; round++) {
        varve_stats stats = any_stats();
        varve_slice bytes = disturbed(packed_stats(&stats), true, true);
        ProtobufCMessage *message = unpacked(&varve__statistics__descriptor, bytes);
        const Varve__Statistics *there = (const Varve__Statistics *)(const void *)message;
        ck_ok(varve_stats_decode(bytes, &stats, &err), &err);
#define FIELD(name) ck_assert_int_eq(stats.name, there->name);
        STATISTICS(FIELD)
#undef FIELD
        protobuf_c_message_free_unpacked(message, NULL);
    }
}
END_TEST

/* ---- Time series -------------------------------------------------------------------------------
 */

static varve__point any_point(void)
{
    return (varve__point){.offset = any_int32(),
                          .count = (uint32_t)any_int64(),
                          .last = any_double(),
                          .sum = any_double(),
                          .max = any_double(),
                          .min = any_double(),
                          .first = any_double(),
                          .variance = any_double(),
                          .has_max = coin(),
                          .has_min = coin()};
}

static varve__series any_series(void)
{
    varve__series series = {
        .start = any_int64(), .sample_duration = any_int64(), .is_columnar = coin()};
    ck_ok(varve__series_reserve(&series, POINTS_MAX, &err), &err);
    series.count = below(POINTS_MAX + 1);
    if (series.is_columnar)
        series.columns = (unsigned)below(2 * VARVE__SERIES_VARIANCE);
    for (size_t i = 0; i < series.count; i++)
        series.points[i] = any_point();
    return series;
}

/* The data, without the head of the raw value. */
static varve_slice encoded_series(const varve__series *series)
{
    varve_buf raw = VARVE_BUF_INIT;
    ck_ok(varve__series_append_raw(series, &raw, &err), &err);
    varve_slice kept = copy_of(
        varve_slice_of(raw.data + VARVE_VALUE_HEADER_SIZE, raw.size - VARVE_VALUE_HEADER_SIZE));
    varve_buf_release(&raw);
    return kept;
}

/* Rows and columns as the generated code has them. */
struct samples {
    Varve__TimeSeries series;
    Varve__TimeSeries__Row rows[POINTS_MAX], *row[POINTS_MAX];
    int32_t offset[POINTS_MAX];
    uint32_t count[POINTS_MAX];
    double last[POINTS_MAX], sum[POINTS_MAX], max[POINTS_MAX], min[POINTS_MAX];
    double first[POINTS_MAX], variance[POINTS_MAX];
};

static void fill_rows(struct samples *to, const varve__series *from)
{
    to->series.n_rows = from->count;
    to->series.rows = to->row;
    for (size_t i = 0; i < from->count; i++) {
        const varve__point *point = &from->points[i];
        Varve__TimeSeries__Row *row = to->row[i] = &to->rows[i];
        varve__time_series__row__init(row);
        row->has_offset = row->has_count = row->has_sum = true;
        row->offset = point->offset;
        row->count = point->count;
        row->sum = point->sum;
        row->has_max = point->has_max;
        row->max = point->max;
        row->has_min = point->has_min;
        row->min = point->min;
    }
}

static void fill_columns(struct samples *to, const varve__series *from)
{
#define COLUMN(name, has)                                                                          \
    to->series.n_##name = (has) ? from->count : 0;                                                 \
    to->series.name = to->name;                                                                    \
    for (size_t i = 0; i < from->count; i++)                                                       \
        to->name[i] = from->points[i].name;
    COLUMN(offset, true)
    COLUMN(last, true)
    COLUMN(count, (from->columns & VARVE__SERIES_COUNT) != 0)
    COLUMN(sum, (from->columns & VARVE__SERIES_SUM) != 0)
    COLUMN(max, (from->columns & VARVE__SERIES_MAX) != 0)
    COLUMN(min, (from->columns & VARVE__SERIES_MIN) != 0)
    COLUMN(first, (from->columns & VARVE__SERIES_FIRST) != 0)
    COLUMN(variance, (from->columns & VARVE__SERIES_VARIANCE) != 0)
#undef COLUMN
}

static varve_slice packed_series(const varve__series *from)
{
    struct samples to;
    varve__time_series__init(&to.series);
    to.series.has_start = to.series.has_sample_duration = true;
    to.series.start = from->start;
    to.series.sample_duration = from->sample_duration;
    if (from->is_columnar)
        fill_columns(&to, from);
    else
        fill_rows(&to, from);
    return packed(&to.series.base);
}

START_TEST(series_have_the_bytes_of_the_schema)
{
    for (int round = 0; round < ROUNDS; round++) {
        varve__series series = any_series();
        ck_slice_eq(encoded_series(&series), packed_series(&series));
        varve__series_release(&series);
    }
}
END_TEST

static varve__series series_of_rows(const Varve__TimeSeries *from)
{
    varve__series series = {.start = from->start, .sample_duration = from->sample_duration};
    ck_ok(varve__series_reserve(&series, POINTS_MAX, &err), &err);
    series.count = from->n_rows;
    for (size_t i = 0; i < from->n_rows; i++) {
        const Varve__TimeSeries__Row *row = from->rows[i];
        series.points[i] = (varve__point){.offset = row->offset,
                                          .count = row->count,
                                          .sum = row->sum,
                                          .max = row->max,
                                          .min = row->min,
                                          .has_max = row->has_max,
                                          .has_min = row->has_min};
    }
    return series;
}

static varve__series series_of(const Varve__TimeSeries *from)
{
    if (from->n_offset == 0)
        return series_of_rows(from);
    varve__series series = {
        .start = from->start, .sample_duration = from->sample_duration, .is_columnar = true};
    ck_ok(varve__series_reserve(&series, POINTS_MAX, &err), &err);
    series.count = from->n_offset;
    memset(series.points, 0, series.count * sizeof *series.points);
#define COLUMN(name, column)                                                                       \
    series.columns |= from->n_##name > 0 ? (unsigned)(column) : 0;                                 \
    for (size_t i = 0; i < from->n_##name; i++)                                                    \
        series.points[i].name = from->name[i];
    COLUMN(offset, 0)
    COLUMN(last, 0)
    COLUMN(count, VARVE__SERIES_COUNT)
    COLUMN(sum, VARVE__SERIES_SUM)
    COLUMN(max, VARVE__SERIES_MAX)
    COLUMN(min, VARVE__SERIES_MIN)
    COLUMN(first, VARVE__SERIES_FIRST)
    COLUMN(variance, VARVE__SERIES_VARIANCE)
#undef COLUMN
    return series;
}

START_TEST(series_read_as_the_schema_says)
{
    for (int round = 0; round < ROUNDS; round++) {
        varve__series series = any_series();
        varve__series here = {.count = 0};
        varve_slice bytes = disturbed(encoded_series(&series), false, true);
        ProtobufCMessage *message = unpacked(&varve__time_series__descriptor, bytes);
        varve__series there = series_of((const Varve__TimeSeries *)(const void *)message);
        ck_ok(varve__series_decode_data(bytes, &here, &err), &err);
        ck_slice_eq(encoded_series(&here), encoded_series(&there));
        protobuf_c_message_free_unpacked(message, NULL);
        varve__series_release(&series);
        varve__series_release(&here);
        varve__series_release(&there);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("proto");
    TCase *tcase = tcase_create("proto");
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, records_have_the_bytes_of_the_schema);
    tcase_add_test(tcase, records_read_as_the_schema_says);
    tcase_add_test(tcase, numbers_of_more_than_64_bits_are_refused);
    tcase_add_test(tcase, statistics_have_the_bytes_of_the_schema);
    tcase_add_test(tcase, statistics_read_as_the_schema_says);
    tcase_add_test(tcase, series_have_the_bytes_of_the_schema);
    tcase_add_test(tcase, series_read_as_the_schema_says);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
