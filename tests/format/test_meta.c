#include "tests/support/support.h"

#include <stdio.h>

#include <varve/meta.h>
#include <varve/ts.h>

#include "format/conflict.h"
#include "format/meta.h"
#include "format/varint.h"
#include "format/wire.h"
#include "util/buf.h"

static varve_error err = VARVE_ERROR_INIT;
static varve_buf out;

static void set_up(void)
{
    out = (varve_buf)VARVE_BUF_INIT;
}

static void tear_down(void)
{
    varve_buf_release(&out);
    varve_error_release(&err);
}

static varve__meta decoded(const char *text)
{
    varve__meta meta;
    memset(&meta, 0xEE, sizeof meta); /* Every field is set. */
    ck_ok(varve__meta_decode(hex(text), &meta, &err), &err);
    return meta;
}

/* ---- Records of the specification ---------------------------------------------------------------
 */

static const char inline_v[] = "12 04 08 00 10 00 18 00 20 00 28 00 32 06 00 00 00 00 03 76";

START_TEST(an_inline_value)
{
    varve__meta meta = decoded(inline_v);
    ck_assert(!meta.has_txn);
    ck_assert(meta.has_raw);
    ck_assert(!meta.deleted);
    ck_hex(meta.raw, "00 00 00 00 03 76");
    ck_assert_int_eq(meta.ts.wall, 0);
    ck_assert_int_eq(meta.ts.logical, 0);
    ck_assert_int_eq(meta.key_bytes, 0);
    ck_assert_int_eq(meta.val_bytes, 0);

    varve_slice raw = hex("00 00 00 00 03 76");
    ck_ok(varve__meta_append_inline(raw, &out, &err), &err);
    ck_hex(varve_buf_slice(&out), inline_v);
    ck_assert_uint_eq(out.size, 20);
    ck_assert_uint_eq(varve__meta_inline_size(raw), 20);
}
END_TEST

START_TEST(a_merge_operand)
{
    varve__meta meta = decoded("12 04 08 00 10 00 18 00 20 00 28 00 "
                               "32 08 00 00 00 00 03 64 65 66 3A 04 08 16 10 00");
    ck_assert(meta.has_raw);
    ck_hex(meta.raw, "00 00 00 00 03 64 65 66");
}
END_TEST

#define INTENT_OF_1                                                                                \
    "0A 18 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 2A 02 08 0B 4A 00 12 04 08 0B "   \
    "10 "                                                                                          \
    "00 18 00 20 0C 28 08"
#define INLINE_V "12 04 08 00 10 00 18 00 20 00 28 00 32 06 00 00 00 00 03 76"

static bool is_intent_of(const char *record, const varve_txn *txn)
{
    bool is = txn == NULL;
    ck_ok(varve_meta_is_intent_of(hex(record), txn, &is, &err), &err);
    return is;
}

START_TEST(intents_belong_to_a_transaction)
{
    varve_txn txn = VARVE_TXN_INIT;
    ck_assert(!is_intent_of(INTENT_OF_1, &txn));
    txn.meta.id[15] = 1;
    txn.meta.epoch = 7;
    ck_assert(is_intent_of(INTENT_OF_1, &txn));
    ck_assert(!is_intent_of(INTENT_OF_1, NULL));
    ck_assert(!is_intent_of(INLINE_V, &txn));

    bool is = true;
    ck_fails(varve_meta_is_intent_of(bytes("garbage"), &txn, &is, &err), VARVE_CORRUPT, &err,
             "unable to decode MVCCMetadata: illegal wire type");
    ck_assert(!is);
}
END_TEST

START_TEST(inline_values_are_in_their_records)
{
    varve_slice raw = bytes("before");
    ck_ok(varve_meta_value(hex(INLINE_V), &raw, &err), &err);
    ck_hex(raw, "00 00 00 00 03 76");
    ck_assert_int_eq(varve_meta_value(hex(INTENT_OF_1), &raw, &err), VARVE_NOT_FOUND);
    ck_assert_uint_eq(raw.size, 0);
    ck_ok(varve_meta_value(hex("32 00"), &raw, &err), &err);
    ck_assert_uint_eq(raw.size, 0);
    raw = bytes("before");
    ck_fails(varve_meta_value(bytes("garbage"), &raw, &err), VARVE_CORRUPT, &err,
             "unable to decode MVCCMetadata: illegal wire type");
    ck_assert_uint_eq(raw.size, 0);
}
END_TEST

START_TEST(an_intent)
{
    varve__meta meta = decoded("0A 18 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
                               "2A 02 08 0B 4A 00 12 04 08 0B 10 00 18 00 20 0C 28 08");
    ck_assert(meta.has_txn);
    ck_assert(!meta.has_raw);
    ck_assert(!meta.deleted);
    ck_slice_eq(varve_slice_of(meta.txn.id, 16), hex("00000000000000000000000000000001"));
    ck_assert_int_eq(meta.ts.wall, 11);
    ck_assert_int_eq(meta.ts.logical, 0);
    ck_assert_int_eq(meta.key_bytes, 12);
    ck_assert_int_eq(meta.val_bytes, 8);
}
END_TEST

static const char intent_with_history[] =
    "0A 1F 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 1A 01 61 20 01 2A 02 08 02 "
    "38 09 4A 00 12 04 08 02 10 00 18 00 20 0C 28 0A "
    "42 0E 08 00 12 0A 00 00 00 00 03 66 69 72 73 74 42 04 08 03 12 00";

START_TEST(an_intent_with_history)
{
    varve__meta meta = decoded(intent_with_history);
    ck_assert(meta.has_txn);
    ck_assert_uint_eq(meta.txn.id[15], 1);
    ck_assert_int_eq(meta.ts.wall, 2);
    ck_assert_int_eq(meta.val_bytes, 10);
}
END_TEST

START_TEST(records_are_taken_apart)
{
    varve_meta_info info = {.struct_size = sizeof info};
    ck_ok(varve_meta_decode(hex(intent_with_history), &info, &err), &err);
    ck_assert(info.has_txn && !info.has_value && !info.has_conflict && !info.deleted);
    ck_assert_uint_eq(info.txn.id[15], 1);
    ck_slice_eq(info.txn.key, bytes("a"));
    ck_assert_int_eq(info.txn.epoch, 1);
    ck_assert_int_eq(info.txn.sequence, 9);
    ck_assert_int_eq(info.ts.wall, 2);
    ck_assert_int_eq(info.value_size, 10);
    ck_assert_uint_eq(info.history_count, 2);
    ck_assert_uint_eq(info.struct_size, sizeof info);

    ck_ok(varve_meta_decode(hex(INLINE_V), &info, &err), &err);
    ck_assert(!info.has_txn && info.has_value);
    ck_hex(info.value, "00 00 00 00 03 76");
    ck_assert_uint_eq(info.history_count, 0);

    ck_fails(varve_meta_decode(bytes("garbage"), &info, &err), VARVE_CORRUPT, &err,
             "unable to decode MVCCMetadata: illegal wire type");
    ck_assert(info.has_value); /* as it was */
    info.struct_size = 0;
    ck_assert_int_eq(varve_meta_decode(hex(INLINE_V), &info, NULL), VARVE_INVALID_ARGUMENT);
}
END_TEST

START_TEST(an_empty_inline_value_is_present)
{
    varve__meta meta = decoded("32 00");
    ck_assert(meta.has_raw);
    ck_assert_uint_eq(meta.raw.size, 0);
    ck_ok(varve__meta_append_inline(bytes(""), &out, &err), &err);
    ck_hex(varve_buf_slice(&out), "12 04 08 00 10 00 18 00 20 00 28 00 32 00");
}
END_TEST

/* ---- What a reader puts up with
 * ------------------------------------------------------------------ */

START_TEST(fields_come_in_any_order)
{
    varve__meta meta = decoded("32 01 41 28 07 20 0C 18 01 12 04 10 05 08 02");
    ck_hex(meta.raw, "41");
    ck_assert(meta.deleted);
    ck_assert_int_eq(meta.key_bytes, 12);
    ck_assert_int_eq(meta.val_bytes, 7);
    ck_assert_int_eq(meta.ts.wall, 2);
    ck_assert_int_eq(meta.ts.logical, 5);
}
END_TEST

START_TEST(missing_fields_have_their_defaults)
{
    varve__meta meta = decoded("0A 00");
    ck_assert(meta.has_txn);
    ck_assert(!meta.has_raw);
    ck_assert(!meta.deleted);
    ck_slice_eq(varve_slice_of(meta.txn.id, 16), repeated(0, 16));
    ck_assert_int_eq(meta.ts.wall, 0);
    ck_assert_int_eq(meta.val_bytes, 0);
}
END_TEST

START_TEST(negative_numbers_take_ten_bytes)
{
    varve__meta meta = decoded("12 16 08 FF FF FF FF FF FF FF FF FF 01 "
                               "10 FE FF FF FF FF FF FF FF FF 01 32 00");
    ck_assert_int_eq(meta.ts.wall, -1);
    ck_assert_int_eq(meta.ts.logical, -2);
}
END_TEST

START_TEST(of_repeated_fields_the_last_counts)
{
    varve__meta meta = decoded("28 01 28 02 32 01 41 32 01 42");
    ck_assert_int_eq(meta.val_bytes, 2);
    ck_hex(meta.raw, "42");
}
END_TEST

/* And it counts whole: what it lacks is not taken from those before it. */
START_TEST(of_repeated_timestamps_the_last_counts)
{
    varve__meta meta = decoded("12 04 08 05 10 07 12 02 08 09 32 00");
    ck_assert_int_eq(meta.ts.wall, 9);
    ck_assert_int_eq(meta.ts.logical, 0);
}
END_TEST

/* Field 9 and 15 of the record, 2 of the transaction, 3 of a timestamp and of an entry. */
START_TEST(unknown_fields_are_skipped)
{
    varve__meta meta = decoded("48 05 79 01 02 03 04 05 06 07 08 7A 02 AA BB 7D 01 02 03 04 "
                               "0A 04 10 05 38 09 12 04 08 02 18 07 42 04 1A 00 12 00 32 01 41 "
                               "82 80 80 80 01 01 FF 3A 02 18 07");
    ck_assert(meta.has_txn);
    ck_hex(meta.raw, "41");
    ck_assert_int_eq(meta.ts.wall, 2);
}
END_TEST

/* ---- What cannot be decoded
 * ---------------------------------------------------------------------- */

static const struct {
    const char *bytes;
    const char *message;
} undecodable[] = {
    {"", "zero-length mvcc metadata"},
    {"12 04 08 00 10 00 18 00 20 00 28 00", "intent without transaction"},
    {"18 01", "intent without transaction"},
    {"67 61 72 62 61 67 65", "unable to decode MVCCMetadata: illegal wire type"}, /* garbage */
    {"0B", "unable to decode MVCCMetadata: illegal wire type"},                   /* a group */
    {"0C", "unable to decode MVCCMetadata: illegal wire type"},
    {"0E", "unable to decode MVCCMetadata: illegal wire type"},
    {"02 00", "unable to decode MVCCMetadata: field number 0"},
    {"80", "unable to decode MVCCMetadata: bad field tag"},
    {"88 80 80 80 80 00", "unable to decode MVCCMetadata: bad field tag"},
    {"88 80 80 80 10", "unable to decode MVCCMetadata: bad field tag"}, /* over 32 bits */
    {"28", "unable to decode MVCCMetadata: bad varint"},
    {"28 80", "unable to decode MVCCMetadata: bad varint"},
    {"28 FF FF FF FF FF FF FF FF FF 02", "unable to decode MVCCMetadata: bad varint"},
    {"28 80 80 80 80 80 80 80 80 80 80 00", "unable to decode MVCCMetadata: bad varint"},
    {"32", "unable to decode MVCCMetadata: bad length"},
    {"32 02 41", "unable to decode MVCCMetadata: field is cut short"},
    {"32 FF FF FF FF FF FF FF FF FF 01", "unable to decode MVCCMetadata: field is cut short"},
    {"79 01 02 03", "unable to decode MVCCMetadata: field is cut short"},
    {"7D 01 02 03", "unable to decode MVCCMetadata: field is cut short"},
    {"30 01", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"1A 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"22 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"2D 00 00 00 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"08 01", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"10 01", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"38 01", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"40 01", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"12 02 0A 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"12 02 08 80", "unable to decode MVCCMetadata: bad varint"},
    {"12 06 10 80 80 80 80 08", "unable to decode MVCCMetadata: number has more than 32 bits"},
    {"12 0B 10 FF FF FF FF F7 FF FF FF FF 01",
     "unable to decode MVCCMetadata: number has more than 32 bits"},
    {"3A 01 08", "unable to decode MVCCMetadata: bad varint"},
    {"0A 00 0A 00", "unable to decode MVCCMetadata: two transactions"},
    {"0A 03 0A 01 00", "unable to decode MVCCMetadata: transaction id is not 16 bytes long"},
    {"0A 02 08 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"0A 02 18 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"0A 02 22 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"0A 02 28 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"0A 02 48 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"0A 06 38 80 80 80 80 08", "unable to decode MVCCMetadata: number has more than 32 bits"},
    {"42 02 0A 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"42 02 10 00", "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"42 02 12 01", "unable to decode MVCCMetadata: field is cut short"},
    {"32 00 42 02 08 05 42 02 08 05", "unable to decode MVCCMetadata: history out of order"},
    {"32 00 42 02 08 05 42 02 08 04", "unable to decode MVCCMetadata: history out of order"},
    {"32 00 42 00 42 0B 08 FF FF FF FF FF FF FF FF FF 01",
     "unable to decode MVCCMetadata: history out of order"},
};
enum { UNDECODABLE_COUNT = sizeof undecodable / sizeof undecodable[0] };

START_TEST(damaged_records_are_corrupt)
{
    varve__meta meta = {.val_bytes = 77};
    ck_fails(varve__meta_decode(hex(undecodable[_i].bytes), &meta, &err), VARVE_CORRUPT, &err,
             undecodable[_i].message);
    ck_assert_int_eq(meta.val_bytes, 77);
}
END_TEST

/* A record that ends inside a field is damaged; one that ends between two may just be another. */
START_TEST(records_cut_short_are_never_read_beyond)
{
    varve_slice whole = hex(intent_with_history);
    static const size_t between[] = {33, 39, 41, 43, 45, 61, 67};
    for (size_t size = 1; size <= whole.size; size++) {
        bool is_between = false;
        for (size_t i = 0; i < sizeof between / sizeof between[0]; i++)
            is_between = is_between || between[i] == size;
        varve__meta meta;
        varve_slice cut = copy_of(varve_slice_of(whole.data, size));
        ck_assert_int_eq(varve__meta_decode(cut, &meta, NULL),
                         is_between ? VARVE_OK : VARVE_CORRUPT);
    }
}
END_TEST

/* ---- Inline records
 * ------------------------------------------------------------------------------ */

START_TEST(inline_values_of_every_size_are_read_back)
{
    static const size_t sizes[] = {0, 1, 5, 127, 128, 300, 16383, 16384, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        varve_slice raw = repeated(0xA5, sizes[i]);
        out.size = 0;
        ck_ok(varve__meta_append_inline(raw, &out, &err), &err);
        ck_assert_uint_eq(out.size, varve__meta_inline_size(raw));
        varve__meta meta;
        ck_ok(varve__meta_decode(varve_buf_slice(&out), &meta, &err), &err);
        ck_assert(meta.has_raw);
        ck_slice_eq(meta.raw, raw);
    }
}
END_TEST

START_TEST(inline_values_are_appended)
{
    ck_ok(varve__meta_append_inline(bytes("a"), &out, &err), &err);
    size_t size = out.size;
    ck_ok(varve__meta_append_inline(bytes("b"), &out, &err), &err);
    ck_assert_uint_eq(out.size, 2 * size);
    ck_assert_uint_eq(out.data[size - 1], 'a');
}
END_TEST

static varve_status append_inline(void *context, varve_error *error)
{
    (void)context;
    varve_buf buf = {malloc(2), 2, 2};
    memcpy(buf.data, "ok", 2);
    varve_status status = varve__meta_append_inline(bytes("v"), &buf, error);
    ck_assert_mem_eq(buf.data, "ok", 2);
    ck_assert_uint_eq(buf.size, status == VARVE_OK ? 2 + 15 : 2);
    free(buf.data);
    return status;
}

START_TEST(encoding_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(append_inline, NULL), 1);
}
END_TEST

START_TEST(decoding_needs_no_memory)
{
    fault_alloc_arm(1);
    (void)decoded(intent_with_history);
    ck_assert(!fault_alloc_disarm());
}
END_TEST

/* ---- Whole records: encoded to the bytes of the specification, and read back -------------------
 */

static const varve_txn_meta first_txn = {.id = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                                         .write_ts = {11, 0}};

static void expect_encoded(const varve__meta *meta, const varve__history_entry *history,
                           const char *text)
{
    out.size = 0;
    ck_ok(varve__meta_append(meta, history, &out, &err), &err);
    ck_hex(varve_buf_slice(&out), text);
}

START_TEST(an_intent_is_encoded)
{
    const varve__meta meta = {
        .has_txn = true, .txn = first_txn, .ts = {11, 0}, .key_bytes = 12, .val_bytes = 8};
    expect_encoded(&meta, NULL,
                   "0A 18 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
                   "2A 02 08 0B 4A 00 12 04 08 0B 10 00 18 00 20 0C 28 08");
    ck_assert_uint_eq(out.size, 38);
}
END_TEST

START_TEST(an_intent_with_history_is_encoded)
{
    const varve__history_entry history[] = {{0, hex("00 00 00 00 03 66 69 72 73 74")},
                                            {3, bytes("")}};
    varve__meta meta = {.has_txn = true,
                        .txn = first_txn,
                        .ts = {2, 0},
                        .key_bytes = 12,
                        .val_bytes = 10,
                        .history_count = 2};
    meta.txn.key = bytes("a");
    meta.txn.epoch = 1;
    meta.txn.write_ts = (varve_ts){2, 0};
    meta.txn.sequence = 9;
    expect_encoded(&meta, history, intent_with_history);
    ck_assert_uint_eq(out.size, 67);
}
END_TEST

START_TEST(inline_values_and_operands_are_encoded)
{
    varve__meta meta = {.has_raw = true, .raw = hex("00 00 00 00 03 76")};
    expect_encoded(&meta, NULL, inline_v);
    meta.raw = hex("00 00 00 00 03 64 65 66");
    meta.has_merge_ts = true;
    meta.merge_ts = (varve_ts){22, 0};
    expect_encoded(&meta, NULL,
                   "12 04 08 00 10 00 18 00 20 00 28 00 "
                   "32 08 00 00 00 00 03 64 65 66 3A 04 08 16 10 00");
    ck_assert_uint_eq(out.size, 28);
    /* The operand in the example of a batch, which has no timestamp. */
    meta = (varve__meta){.has_raw = true, .raw = hex("00 00 00 00 03 62 61 72")};
    expect_encoded(&meta, NULL,
                   "12 04 08 00 10 00 18 00 20 00 28 00 32 08 00 00 00 00 03 62 61 72");
    ck_assert_uint_eq(out.size, 0x16);
}
END_TEST

/* Absent and empty differ, and so do absent and zero. */
START_TEST(presence_is_kept)
{
    varve__meta meta = {.has_raw = true};
    expect_encoded(&meta, NULL, "12 04 08 00 10 00 18 00 20 00 28 00 32 00");
    meta.has_merge_ts = true;
    expect_encoded(&meta, NULL, "12 04 08 00 10 00 18 00 20 00 28 00 32 00 3A 04 08 00 10 00");
    varve__meta again = decoded("12 04 08 00 10 00 18 00 20 00 28 00 32 00 3A 04 08 00 10 00");
    ck_assert(again.has_raw && again.has_merge_ts && !again.has_txn);
    ck_assert(!decoded("32 00").has_merge_ts);
    ck_assert(decoded("32 00 3A 00").has_merge_ts);
}
END_TEST

/* Each number at both ends of its range. */
START_TEST(every_field_is_read_back)
{
    const varve__history_entry history[] = {
        {INT32_MIN, bytes("")}, {-1, bytes("x")}, {0, bytes("")}, {INT32_MAX, repeated('v', 300)}};
    varve__meta meta = {.has_txn = true,
                        .has_raw = true,
                        .has_merge_ts = true,
                        .deleted = true,
                        .ts = {INT64_MAX, INT32_MAX},
                        .key_bytes = INT64_MAX,
                        .val_bytes = INT64_MIN,
                        .raw = repeated('r', 200),
                        .merge_ts = {INT64_MIN, INT32_MIN},
                        .history_count = 4};
    meta.txn = (varve_txn_meta){.key = bytes("anchor\0key"),
                                .epoch = INT32_MIN,
                                .write_ts = {INT64_MIN, INT32_MAX},
                                .min_ts = {INT64_MAX, INT32_MIN},
                                .priority = INT32_MAX,
                                .sequence = -1};
    memset(meta.txn.id, 0xAB, sizeof meta.txn.id);
    ck_ok(varve__meta_append(&meta, history, &out, &err), &err);

    varve__meta again;
    ck_ok(varve__meta_decode(varve_buf_slice(&out), &again, &err), &err);
    ck_assert(again.has_txn && again.has_raw && again.has_merge_ts && again.deleted);
    ck_assert_mem_eq(again.txn.id, meta.txn.id, sizeof meta.txn.id);
    ck_slice_eq(again.txn.key, meta.txn.key);
    ck_assert_int_eq(again.txn.epoch, INT32_MIN);
    ck_assert_int_eq(again.txn.write_ts.wall, INT64_MIN);
    ck_assert_int_eq(again.txn.write_ts.logical, INT32_MAX);
    ck_assert_int_eq(again.txn.min_ts.wall, INT64_MAX);
    ck_assert_int_eq(again.txn.min_ts.logical, INT32_MIN);
    ck_assert_int_eq(again.txn.priority, INT32_MAX);
    ck_assert_int_eq(again.txn.sequence, -1);
    ck_assert_int_eq(again.ts.wall, INT64_MAX);
    ck_assert_int_eq(again.ts.logical, INT32_MAX);
    ck_assert_int_eq(again.key_bytes, INT64_MAX);
    ck_assert_int_eq(again.val_bytes, INT64_MIN);
    ck_slice_eq(again.raw, meta.raw);
    ck_assert_int_eq(again.merge_ts.wall, INT64_MIN);
    ck_assert_int_eq(again.merge_ts.logical, INT32_MIN);
    ck_assert_uint_eq(again.history_count, 4);
    varve_slice left = varve_buf_slice(&out);
    varve__history_entry entry;
    for (size_t i = 0; i < 4; i++) {
        ck_assert(varve__meta_next_history(&left, &entry));
        ck_assert_int_eq(entry.sequence, history[i].sequence);
        ck_slice_eq(entry.value, history[i].value);
    }
    ck_assert(!varve__meta_next_history(&left, &entry));
}
END_TEST

/* ---- Two ways of decoding -----------------------------------------------------------------------
 *
 * An intent as varve writes it is read straight through, all else field by field; so is the same
 * record behind a field that nobody knows.
 */

static varve_ts random_ts(test_random *random)
{
    return (varve_ts){(int64_t)(test_random_next(random) >> test_random_below(random, 64)),
                      (int32_t)(test_random_next(random) >> (32 + test_random_below(random, 32)))};
}

static varve__meta random_intent(test_random *random)
{
    varve__meta meta = {.has_txn = true,
                        .deleted = test_random_below(random, 2) == 0,
                        .ts = random_ts(random),
                        .key_bytes = 12,
                        .val_bytes = (int64_t)test_random_below(random, 1000)};
    meta.txn = (varve_txn_meta){.key = test_random_below(random, 3) == 0 ? bytes("") : bytes("key"),
                                .epoch = random_ts(random).logical,
                                .write_ts = random_ts(random),
                                .min_ts = random_ts(random),
                                .priority = random_ts(random).logical,
                                .sequence = random_ts(random).logical};
    for (size_t i = 0; i < sizeof meta.txn.id; i++)
        meta.txn.id[i] = (unsigned char)test_random_next(random);
    return meta;
}

static void ck_same_meta(const varve__meta *a, const varve__meta *b)
{
    ck_assert(a->has_txn == b->has_txn && a->has_raw == b->has_raw && a->deleted == b->deleted);
    ck_assert(a->has_merge_ts == b->has_merge_ts && a->has_conflict == b->has_conflict);
    ck_assert_mem_eq(a->txn.id, b->txn.id, sizeof a->txn.id);
    ck_slice_eq(a->txn.key, b->txn.key);
    ck_assert_int_eq(a->txn.epoch, b->txn.epoch);
    ck_assert_int_eq(a->txn.priority, b->txn.priority);
    ck_assert_int_eq(a->txn.sequence, b->txn.sequence);
    ck_assert_int_eq(varve_ts_compare(a->txn.write_ts, b->txn.write_ts), 0);
    ck_assert_int_eq(varve_ts_compare(a->txn.min_ts, b->txn.min_ts), 0);
    ck_assert_int_eq(varve_ts_compare(a->ts, b->ts), 0);
    ck_assert_int_eq(a->key_bytes, b->key_bytes);
    ck_assert_int_eq(a->val_bytes, b->val_bytes);
    ck_slice_eq(a->raw, b->raw);
    ck_assert_int_eq(varve_ts_compare(a->merge_ts, b->merge_ts), 0);
    ck_slice_eq(a->conflict, b->conflict);
    ck_assert_uint_eq(a->history_count, b->history_count);
}

START_TEST(both_ways_of_decoding_agree)
{
    enum { FRONT = 3 };
    test_random random = test_random_start();
    for (unsigned long i = 0; i < test_rounds(20000); i++) {
        const varve__meta meta = random_intent(&random);
        varve__meta straight;
        varve__meta by_fields;
        out.size = 0;
        ck_ok(varve__buf_append(&out, hex("F8 06 00"), &err), &err);
        ck_ok(varve__meta_append(&meta, NULL, &out, &err), &err);
        varve_slice whole = varve_buf_slice(&out);
        varve_slice record = varve_slice_of(whole.data + FRONT, whole.size - FRONT);
        for (size_t damage = i % 3; damage > 0; damage--)
            out.data[FRONT + test_random_below(&random, record.size)] =
                (unsigned char)test_random_next(&random);
        const char *problem = varve__meta_parse(record, &straight);
        const char *told = varve__meta_parse(whole, &by_fields);
        ck_assert_msg(problem == told || (problem != NULL && told != NULL), "%s", problem);
        if (problem == NULL)
            ck_same_meta(&straight, &by_fields);
        if (i % 3 == 0)
            ck_same_meta(&straight, &meta);
    }
}
END_TEST

/* What was read is not written again: nothing but the fields of the specification. */
START_TEST(unknown_fields_are_not_written_again)
{
    varve__meta meta = decoded("32 01 41 48 05 0A 04 10 05 38 09 42 04 1A 00 12 00 7A 01 AA");
    varve__history_entry entry;
    varve_slice left = hex("32 01 41 48 05 0A 04 10 05 38 09 42 04 1A 00 12 00 7A 01 AA");
    ck_assert(varve__meta_next_history(&left, &entry));
    expect_encoded(&meta, &entry,
                   "0A 18 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 2A 00 38 09 4A 00 "
                   "12 04 08 00 10 00 18 00 20 00 28 00 32 01 41 42 04 08 00 12 00");
}
END_TEST

static varve_status append_intent(void *context, varve_error *error)
{
    const varve__meta meta = {.has_txn = true, .txn = first_txn};
    (void)context;
    varve_buf buf = {malloc(2), 2, 2};
    memcpy(buf.data, "ok", 2);
    varve_status status = varve__meta_append(&meta, NULL, &buf, error);
    ck_assert_mem_eq(buf.data, "ok", 2);
    ck_assert_uint_eq(buf.size, status == VARVE_OK ? 2 + 38 : 2);
    free(buf.data);
    return status;
}

START_TEST(encoding_a_record_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(append_intent, NULL), 1);
}
END_TEST

/* ---- Conflict records ---------------------------------------------------------------------------
 */

/* Code 5, text "no", below an inline "A", two operands, and more that were not kept. */
static const char conflict_bytes[] = "08 05 12 02 6E 6F 1A 03 32 01 41 22 03 32 01 42 22 00 28 01";
#define CONFLICT_HEAD "12 04 08 00 10 00 18 00 20 00 28 00 A2 06 "

START_TEST(a_conflict_is_decoded)
{
    varve__conflict conflict;
    varve_slice operand;
    ck_assert_ptr_null(varve__conflict_parse(hex(conflict_bytes), &conflict));
    ck_assert_uint_eq(conflict.code, VARVE__CONFLICT_TYPES);
    ck_slice_eq(conflict.text, bytes("no"));
    ck_assert(conflict.has_below && conflict.more);
    ck_hex(conflict.below, "32 01 41");
    varve_slice left = conflict.operands;
    ck_assert(varve__conflict_next_operand(&left, &operand));
    ck_hex(operand, "32 01 42");
    ck_assert(varve__conflict_next_operand(&left, &operand));
    ck_hex(operand, "");
    ck_assert(!varve__conflict_next_operand(&left, &operand));

    ck_assert_ptr_null(varve__conflict_parse(hex("08 07"), &conflict));
    ck_assert(!conflict.has_below && !conflict.more);
    left = conflict.operands;
    ck_assert(!varve__conflict_next_operand(&left, &operand));
}
END_TEST

START_TEST(a_conflict_is_encoded)
{
    varve_buf operands = VARVE_BUF_INIT;
    ck_ok(varve__conflict_append_operand(hex("32 01 42"), &operands, &err), &err);
    ck_ok(varve__conflict_append_operand(hex(""), &operands, &err), &err);
    varve__conflict conflict = {.code = 5,
                                .text = bytes("no"),
                                .has_below = true,
                                .below = hex("32 01 41"),
                                .operands = varve_buf_slice(&operands),
                                .more = true};
    ck_ok(varve__conflict_append(&conflict, &out, &err), &err);
    ck_hex(varve_buf_slice(&out), conflict_bytes);
    varve_slice field = copy_of(varve_buf_slice(&out));
    const varve__meta meta = {.has_conflict = true, .conflict = field};
    char text[200];
    snprintf(text, sizeof text, "%s 14 %s", CONFLICT_HEAD, conflict_bytes);
    expect_encoded(&meta, NULL, text);
    out.size = 0;
    conflict = (varve__conflict){.code = 300};
    ck_ok(varve__conflict_append(&conflict, &out, &err), &err);
    ck_hex(varve_buf_slice(&out), "08 AC 02 12 00");
    varve_buf_release(&operands);
}
END_TEST

static const struct {
    const char *bytes;
    varve_status status;
    const char *message;
} conflicts[] = {
    {CONFLICT_HEAD "06 08 05 12 02 6E 6F", VARVE_MERGE_CONFLICT, "merge conflict: no"},
    /* Whatever else the record says. */
    {"32 01 41 A2 06 06 08 05 12 02 6E 6F", VARVE_MERGE_CONFLICT, "merge conflict: no"},
    {"A2 06 06 08 05 12 02 6E 6F", VARVE_MERGE_CONFLICT, "merge conflict: no"},
    {"A2 06 02 08 05", VARVE_MERGE_CONFLICT, "merge conflict: reason number 5"},
    {"A2 06 00", VARVE_MERGE_CONFLICT, "merge conflict: reason number 0"},
    {"A2 06 06 08 07 12 02 6E 0A", VARVE_MERGE_CONFLICT, "merge conflict: reason number 7"},
    {"A2 06 03 08 05 12", VARVE_CORRUPT, "unable to decode MVCCMetadata: bad length"},
    {"A2 06 02 0A 00", VARVE_CORRUPT,
     "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"A2 06 02 20 00", VARVE_CORRUPT,
     "unable to decode MVCCMetadata: wrong wire type of a known field"},
    {"A2 06 06 08 80 80 80 80 10", VARVE_CORRUPT,
     "unable to decode MVCCMetadata: number has more than 32 bits"},
    {"A0 06 01", VARVE_CORRUPT, "unable to decode MVCCMetadata: wrong wire type of a known field"},
};
enum { CONFLICTS = sizeof conflicts / sizeof conflicts[0] };

START_TEST(conflicts_are_told)
{
    varve__meta meta = {.val_bytes = 77};
    ck_fails(varve__meta_decode(hex(conflicts[_i].bytes), &meta, &err), conflicts[_i].status, &err,
             conflicts[_i].message);
    ck_assert_int_eq(meta.val_bytes, 77);
}
END_TEST

/* A text that is too long to be shown is none that varve has written. */
START_TEST(long_reasons_are_not_shown)
{
    varve__conflict conflict = {.code = 4, .text = repeated('x', 200)};
    ck_status(varve__fail_conflict(&conflict, &err), VARVE_MERGE_CONFLICT, &err);
    ck_assert_uint_eq(strlen(err.message), strlen("merge conflict: ") + 200);
    conflict.text = repeated('x', 201);
    ck_fails(varve__fail_conflict(&conflict, &err), VARVE_MERGE_CONFLICT, &err,
             "merge conflict: reason number 4");
}
END_TEST

/* ---- Varints
 * ------------------------------------------------------------------------------------- */

START_TEST(varints)
{
    static const struct {
        uint64_t number;
        const char *encoded;
    } rows[] = {
        {0, "00"},
        {127, "7F"},
        {128, "80 01"},
        {300, "AC 02"},
        {UINT32_MAX, "FF FF FF FF 0F"},
        {UINT64_MAX, "FF FF FF FF FF FF FF FF FF 01"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char buffer[VARVE__VARINT64_MAX];
        varve_slice expected = hex(rows[i].encoded);
        size_t size = varve__varint_encode(rows[i].number, buffer);
        ck_slice_eq(varve_slice_of(buffer, size), expected);
        ck_assert_uint_eq(varve__varint_size(rows[i].number), size);
        uint64_t number = 7;
        ck_assert_uint_eq(varve__varint_decode(expected, 64, &number), size);
        ck_assert_uint_eq(number, rows[i].number);
        ck_assert_uint_eq(varve__varint_decode(expected, 32, &number),
                          rows[i].number <= UINT32_MAX ? size : 0);
    }
}
END_TEST

START_TEST(varints_that_cannot_be_read)
{
    uint64_t number;
    ck_assert_uint_eq(varve__varint_decode(hex(""), 64, &number), 0);
    ck_assert_uint_eq(varve__varint_decode(hex("80"), 64, &number), 0);
    ck_assert_uint_eq(varve__varint_decode(hex("FF FF FF FF 10"), 32, &number), 0);
    ck_assert_uint_eq(varve__varint_decode(hex("80 80 80 80 80 00"), 32, &number), 0);
    ck_assert_uint_eq(varve__varint_decode(hex("FF FF FF FF FF FF FF FF FF 02"), 64, &number), 0);
    ck_assert_uint_eq(varve__varint_decode(hex("80 80 80 80 80 80 80 80 80 80 00"), 64, &number),
                      0);
    /* Longer than needed is fine, and so is what follows. */
    ck_assert_uint_eq(varve__varint_decode(hex("81 00 FF"), 32, &number), 2);
    ck_assert_uint_eq(number, 1);
}
END_TEST

START_TEST(a_field_points_into_what_is_read)
{
    varve_slice left = hex("1A 02 AA BB 20 05");
    const unsigned char *data = left.data;
    varve__wire_field field;
    ck_assert_ptr_null(varve__wire_next(&left, &field));
    ck_assert_uint_eq(field.number, 3);
    ck_assert_int_eq(field.type, VARVE__WIRE_BYTES);
    ck_assert_ptr_eq(field.bytes.data, data + 2);
    ck_assert_uint_eq(field.bytes.size, 2);
    ck_assert_ptr_null(varve__wire_next(&left, &field));
    ck_assert_uint_eq(field.number, 4);
    ck_assert_uint_eq(field.varint, 5);
    ck_assert_uint_eq(left.size, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("meta");
    TCase *tcase = tcase_create("decode");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, an_inline_value);
    tcase_add_test(tcase, a_merge_operand);
    tcase_add_test(tcase, intents_belong_to_a_transaction);
    tcase_add_test(tcase, inline_values_are_in_their_records);
    tcase_add_test(tcase, records_are_taken_apart);
    tcase_add_test(tcase, an_intent);
    tcase_add_test(tcase, an_intent_with_history);
    tcase_add_test(tcase, an_empty_inline_value_is_present);
    tcase_add_test(tcase, fields_come_in_any_order);
    tcase_add_test(tcase, missing_fields_have_their_defaults);
    tcase_add_test(tcase, negative_numbers_take_ten_bytes);
    tcase_add_test(tcase, of_repeated_fields_the_last_counts);
    tcase_add_test(tcase, of_repeated_timestamps_the_last_counts);
    tcase_add_test(tcase, unknown_fields_are_skipped);
    tcase_add_loop_test(tcase, damaged_records_are_corrupt, 0, UNDECODABLE_COUNT);
    tcase_add_test(tcase, records_cut_short_are_never_read_beyond);
    tcase_add_test(tcase, decoding_needs_no_memory);
    suite_add_tcase(suite, tcase);
    TCase *encode = tcase_create("encode");
    tcase_add_checked_fixture(encode, set_up, tear_down);
    tcase_add_test(encode, inline_values_of_every_size_are_read_back);
    tcase_add_test(encode, inline_values_are_appended);
    tcase_add_test(encode, encoding_can_run_out_of_memory);
    tcase_add_test(encode, an_intent_is_encoded);
    tcase_add_test(encode, an_intent_with_history_is_encoded);
    tcase_add_test(encode, inline_values_and_operands_are_encoded);
    tcase_add_test(encode, presence_is_kept);
    tcase_add_test(encode, every_field_is_read_back);
    tcase_add_test(encode, both_ways_of_decoding_agree);
    tcase_add_test(encode, unknown_fields_are_not_written_again);
    tcase_add_test(encode, encoding_a_record_can_run_out_of_memory);
    suite_add_tcase(suite, encode);
    TCase *conflict = tcase_create("conflict");
    tcase_add_checked_fixture(conflict, set_up, tear_down);
    tcase_add_test(conflict, a_conflict_is_decoded);
    tcase_add_test(conflict, a_conflict_is_encoded);
    tcase_add_loop_test(conflict, conflicts_are_told, 0, CONFLICTS);
    tcase_add_test(conflict, long_reasons_are_not_shown);
    suite_add_tcase(suite, conflict);
    TCase *wire = tcase_create("wire");
    tcase_add_test(wire, varints);
    tcase_add_test(wire, varints_that_cannot_be_read);
    tcase_add_test(wire, a_field_points_into_what_is_read);
    suite_add_tcase(suite, wire);
    return run_suite(suite);
}
