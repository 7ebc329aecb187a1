#include "tests/support/support.h"

#include "format/meta.h"
#include "format/varint.h"
#include "format/wire.h"

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
    suite_add_tcase(suite, encode);
    TCase *wire = tcase_create("wire");
    tcase_add_test(wire, varints);
    tcase_add_test(wire, varints_that_cannot_be_read);
    tcase_add_test(wire, a_field_points_into_what_is_read);
    suite_add_tcase(suite, wire);
    return run_suite(suite);
}
