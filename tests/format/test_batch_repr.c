#include "tests/support/support.h"

#include <stdio.h>
#include <sys/mman.h>

#include <varve/key.h>
#include <varve/value.h>

#include "format/batch_repr.h"
#include "util/buf.h"

static varve_error err = VARVE_ERROR_INIT;
static varve_buf out;
static varve_batch_builder *builder;

static void set_up(void)
{
    out = (varve_buf)VARVE_BUF_INIT;
    ck_ok(varve_batch_builder_open(&builder, &err), &err);
}

static void tear_down(void)
{
    varve_batch_builder_close(builder);
    varve_buf_release(&out);
    varve_error_release(&err);
}

static varve_slice meta_key(const char *user_key)
{
    varve_buf buf = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(varve_slice_text(user_key), (varve_ts){0, 0}, &buf, &err), &err);
    varve_slice copy = copy_of(varve_buf_slice(&buf));
    varve_buf_release(&buf);
    return copy;
}

/* Zeros that take no memory until they are touched. */
static unsigned char *map_zeros(size_t size)
{
    void *data = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(data, MAP_FAILED);
    return data;
}

/* ---- The layout --------------------------------------------------------------------------------
 */

static const char empty[] = "00 00 00 00 00 00 00 00 00 00 00 00";

static const char put_clear_merge[] =
    "00 00 00 00 00 00 00 00 03 00 00 00 | 01 03 61 00 01 05 76 61 6C 75 65 | 00 03 62 00 01 | "
    "02 03 63 00 01 16 12 04 08 00 10 00 18 00 20 00 28 00 32 08 00 00 00 00 03 62 61 72";

static const char put_version[] = "00 00 00 00 00 00 00 00 01 00 00 00 | "
                                  "01 0F 63 00 01 FF FF FF FF FF FF FF FE FF FF FF FE 01 76";

static const char all_types[] =
    "00 00 00 00 00 00 00 00 05 00 00 00 | 03 02 61 62 | 00 01 61 | 01 01 62 00 | 02 00 01 63 | "
    "07 01 64 | 0F 01 65 01 66 | 03 00";

static void build_put_clear_merge(void)
{
    varve_slice operand = hex("12 04 08 00 10 00 18 00 20 00 28 00 32 08 00 00 00 00 03 62 61 72");
    ck_ok(varve_batch_builder_put(builder, meta_key("a"), bytes("value"), &err), &err);
    ck_ok(varve_batch_builder_clear(builder, meta_key("b"), &err), &err);
    ck_ok(varve_batch_builder_merge(builder, meta_key("c"), operand, &err), &err);
}

START_TEST(the_batch_of_the_specification)
{
    build_put_clear_merge();
    ck_assert_uint_eq(varve_batch_builder_size(builder), 56);
    ck_hex(varve_batch_builder_finish(builder), put_clear_merge);
}
END_TEST

START_TEST(the_version_of_the_specification)
{
    varve_buf key = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(bytes("c"), (varve_ts){1, 1}, &key, &err), &err);
    ck_ok(varve_batch_builder_put(builder, varve_buf_slice(&key), bytes("v"), &err), &err);
    ck_hex(varve_batch_builder_finish(builder), put_version);
    varve_buf_release(&key);
}
END_TEST

static const varve_record records_of_all_types[] = {
    {VARVE_RECORD_LOG, {NULL, 0}, {(const unsigned char *)"ab", 2}},
    {VARVE_RECORD_CLEAR, {(const unsigned char *)"a", 1}, {NULL, 0}},
    {VARVE_RECORD_PUT, {(const unsigned char *)"b", 1}, {NULL, 0}},
    {VARVE_RECORD_MERGE, {NULL, 0}, {(const unsigned char *)"c", 1}},
    {VARVE_RECORD_SINGLE_CLEAR, {(const unsigned char *)"d", 1}, {NULL, 0}},
    {VARVE_RECORD_CLEAR_RANGE, {(const unsigned char *)"e", 1}, {(const unsigned char *)"f", 1}},
    {VARVE_RECORD_LOG, {NULL, 0}, {NULL, 0}},
};
enum { TYPE_COUNT = sizeof records_of_all_types / sizeof records_of_all_types[0] };

START_TEST(every_type_of_record_is_written)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        ck_ok(varve__repr_append(&out, &records_of_all_types[i], &err), &err);
    ck_hex(varve_buf_slice(&out), all_types);
    ck_assert_uint_eq(varve__repr_count(varve_buf_slice(&out)), 5);
}
END_TEST

START_TEST(every_type_of_record_is_read)
{
    varve_batch_reader *reader;
    varve_record record;
    varve_slice repr = hex(all_types);
    ck_ok(varve_batch_reader_open(repr, 0, &reader, &err), &err);
    ck_assert_uint_eq(varve_batch_reader_count(reader), 5);
    ck_assert_uint_eq(varve_batch_reader_sequence(reader), 0);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        ck_ok(varve_batch_reader_next(reader, &record, &err), &err);
        ck_assert_int_eq(record.type, records_of_all_types[i].type);
        ck_slice_eq(record.key, records_of_all_types[i].key);
        ck_slice_eq(record.value, records_of_all_types[i].value);
    }
    ck_status(varve_batch_reader_next(reader, &record, &err), VARVE_NOT_FOUND, &err);
    ck_status(varve_batch_reader_next(reader, &record, &err), VARVE_NOT_FOUND, &err);
    varve_batch_reader_close(reader);
}
END_TEST

START_TEST(clears_have_no_value_whatever_the_record_says)
{
    varve_record clear = {VARVE_RECORD_CLEAR, bytes("a"), bytes("ignored")};
    varve_record log = {VARVE_RECORD_LOG, bytes("ignored"), bytes("b")};
    ck_ok(varve__repr_append(&out, &clear, &err), &err);
    ck_ok(varve__repr_append(&out, &log, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 00 00 00 00 01 00 00 00 | 00 01 61 | 03 01 62");
}
END_TEST

START_TEST(a_type_that_is_none_is_not_written)
{
    varve_record record = {(varve_record_type)4, bytes("a"), bytes("")};
    ck_fails(varve__repr_append(&out, &record, &err), VARVE_INVALID_ARGUMENT, &err,
             "unexpected type 4");
    ck_assert_uint_eq(out.size, 0);
}
END_TEST

START_TEST(long_strings_have_long_lengths)
{
    varve_slice value = repeated('v', 300);
    ck_ok(varve_batch_builder_put(builder, repeated('k', 128), value, &err), &err);
    varve_slice repr = varve_batch_builder_finish(builder);
    ck_assert_uint_eq(repr.size, 12 + 1 + 2 + 128 + 2 + 300);
    ck_slice_eq(varve_slice_of(repr.data + 12, 3), hex("01 80 01"));
    ck_slice_eq(varve_slice_of(repr.data + 12 + 3 + 128, 2), hex("AC 02"));
}
END_TEST

/* ---- The builder -------------------------------------------------------------------------------
 */

START_TEST(an_untouched_builder_is_an_empty_batch)
{
    ck_assert_uint_eq(varve_batch_builder_size(builder), 12);
    ck_hex(varve_batch_builder_finish(builder), empty);
    ck_assert_uint_eq(varve_batch_builder_size(builder), 12);
    ck_hex(varve_batch_builder_finish(builder), empty);
}
END_TEST

START_TEST(finishing_starts_over)
{
    build_put_clear_merge();
    ck_hex(varve_batch_builder_finish(builder), put_clear_merge);
    ck_assert_uint_eq(varve_batch_builder_size(builder), VARVE_BATCH_HEADER_SIZE);
    ck_ok(varve_batch_builder_log(builder, bytes("x"), &err), &err);
    ck_hex(varve_batch_builder_finish(builder), "00 00 00 00 00 00 00 00 00 00 00 00 | 03 01 78");
    ck_hex(varve_batch_builder_finish(builder), empty);
    build_put_clear_merge();
    ck_hex(varve_batch_builder_finish(builder), put_clear_merge);
}
END_TEST

START_TEST(keys_are_taken_as_they_are)
{
    ck_ok(varve_batch_builder_put(builder, bytes(""), bytes(""), &err), &err);
    ck_ok(varve_batch_builder_clear(builder, bytes("\x00\x07"), &err), &err);
    ck_ok(varve_batch_builder_clear_range(builder, bytes("b"), bytes("a"), &err), &err);
    ck_hex(varve_batch_builder_finish(builder),
           "00 00 00 00 00 00 00 00 03 00 00 00 | 01 00 00 | 00 02 00 07 | 0F 01 62 01 61");
}
END_TEST

START_TEST(what_is_too_large_is_not_appended)
{
    /* The bytes are not looked at: there are not that many. */
    varve_slice huge_value = varve_slice_of("x", VARVE_VALUE_SIZE_MAX + 1);
    varve_slice huge_key = varve_slice_of("x", VARVE_BATCH_SIZE_MAX - 12 - 6);
    build_put_clear_merge();
    ck_status(varve_batch_builder_put(builder, bytes("k"), huge_value, &err), VARVE_TOO_LARGE,
              &err);
    ck_assert_uint_eq(err.detail.too_large.size, 1073741825);
    ck_assert_uint_eq(err.detail.too_large.limit, 1073741824);
    ck_assert_str_eq(err.message, "value of 1073741825 bytes exceeds the limit of 1073741824");
    ck_status(varve_batch_builder_clear(builder, huge_key, &err), VARVE_TOO_LARGE, &err);
    /* The 56 bytes there are, one of type, five of length, and the key. */
    ck_assert_uint_eq(err.detail.too_large.size, 56 + 6 + (uint64_t)huge_key.size);
    ck_assert_uint_eq(err.detail.too_large.limit, 2147483648);
    ck_hex(varve_batch_builder_finish(builder), put_clear_merge);

    /* A length that is somebody's -1. */
    varve_slice wrong_key = varve_slice_of("x", SIZE_MAX);
    ck_status(varve_batch_builder_clear(builder, wrong_key, &err), VARVE_TOO_LARGE, &err);
    ck_assert_uint_eq(err.detail.too_large.size, SIZE_MAX);

    /* The header that is not there yet counts too. */
    varve_record clear = {VARVE_RECORD_CLEAR, varve_slice_of("x", VARVE_BATCH_SIZE_MAX - 17),
                          bytes("")};
    ck_status(varve__repr_append(&out, &clear, &err), VARVE_TOO_LARGE, &err);
    ck_assert_uint_eq(err.detail.too_large.size, 2147483649);
    ck_assert_uint_eq(out.size, 0);
}
END_TEST

START_TEST(what_is_just_at_the_limit_is_not_too_large)
{
    /* Memory is asked for, and refused. */
    varve_record put = {VARVE_RECORD_PUT, bytes("k"), varve_slice_of("x", VARVE_VALUE_SIZE_MAX)};
    varve_record clear = {VARVE_RECORD_CLEAR, varve_slice_of("x", VARVE_BATCH_SIZE_MAX - 18),
                          bytes("")};
    fault_alloc_arm(1);
    ck_status(varve__repr_append(&out, &put, &err), VARVE_NO_MEMORY, &err);
    ck_assert(fault_alloc_disarm());
    fault_alloc_arm(1);
    ck_status(varve__repr_append(&out, &clear, &err), VARVE_NO_MEMORY, &err);
    ck_assert(fault_alloc_disarm());
    ck_assert_uint_eq(out.size, 0);
}
END_TEST

START_TEST(the_first_record_has_room_beside_its_header)
{
    for (size_t size = 0; size < 300; size++) {
        varve_buf repr = VARVE_BUF_INIT;
        varve_record clear = {VARVE_RECORD_CLEAR, repeated('k', size), bytes("")};
        ck_ok(varve__repr_append(&repr, &clear, &err), &err);
        ck_assert_uint_le(repr.size, repr.capacity);
        varve_buf_release(&repr);
    }
}
END_TEST

/* A batch of 2 GiB less three bytes takes a record of three bytes and no more. */
START_TEST(the_limit_can_be_reached)
{
    varve_record three = {VARVE_RECORD_CLEAR, bytes("a"), bytes("")};
    varve_record four = {VARVE_RECORD_CLEAR, bytes("ab"), bytes("")};
    unsigned char *data = map_zeros(VARVE_BATCH_SIZE_MAX);
    varve_buf full = {data, VARVE_BATCH_SIZE_MAX - 3, VARVE_BATCH_SIZE_MAX};
    ck_status(varve__repr_append(&full, &four, &err), VARVE_TOO_LARGE, &err);
    ck_ok(varve__repr_append(&full, &three, &err), &err);
    ck_assert_uint_eq(full.size, VARVE_BATCH_SIZE_MAX);
    ck_assert_uint_eq(varve__repr_count(varve_buf_slice(&full)), 1);

    varve_record log = {VARVE_RECORD_LOG, bytes(""), bytes("a")};
    full.size = VARVE_BATCH_SIZE_MAX - 2;
    ck_status(varve__repr_append(&full, &log, &err), VARVE_TOO_LARGE, &err);
    full.size = VARVE_BATCH_SIZE_MAX - 3;
    ck_ok(varve__repr_append(&full, &log, &err), &err);
    ck_assert_uint_eq(full.size, VARVE_BATCH_SIZE_MAX);

    ck_status(varve__repr_append_repr(&full, hex("000000000000000001000000 00 00"), &err),
              VARVE_TOO_LARGE, &err);
    ck_ok(varve__repr_append_repr(&full, hex(empty), &err), &err);
    munmap(data, VARVE_BATCH_SIZE_MAX);
}
END_TEST

START_TEST(a_representation_begins_with_its_first_record)
{
    varve_record record = {VARVE_RECORD_CLEAR, bytes("a"), bytes("")};
    ck_ok(varve__repr_append(&out, &record, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 00 00 00 00 01 00 00 00 | 00 01 61");
    ck_ok(varve__repr_begin(&out, &err), &err);
    ck_hex(varve_buf_slice(&out), empty);
    ck_ok(varve__repr_append(&out, &record, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 00 00 00 00 01 00 00 00 | 00 01 61");
}
END_TEST

START_TEST(one_batch_is_appended_to_another)
{
    ck_ok(varve__repr_append_repr(&out, hex(put_version), &err), &err);
    ck_hex(varve_buf_slice(&out), put_version);
    ck_ok(varve__repr_append_repr(&out, hex(all_types), &err), &err);
    ck_ok(varve__repr_append_repr(&out, hex(empty), &err), &err);
    ck_assert_uint_eq(varve__repr_count(varve_buf_slice(&out)), 6);
    ck_assert_uint_eq(out.size, hex(put_version).size + hex(all_types).size - 12);
    ck_slice_eq(varve_slice_of(out.data + hex(put_version).size, 4), hex("03 02 61 62"));
}
END_TEST

/* The count is a 32-bit number, carried over all its bytes. */
START_TEST(counts_of_more_than_a_byte)
{
    varve_record record = {VARVE_RECORD_CLEAR, bytes(""), bytes("")};
    for (int i = 0; i < 70000; i++)
        ck_ok(varve__repr_append(&out, &record, &err), &err);
    ck_slice_eq(varve_slice_of(out.data + 8, 4), hex("70 11 01 00"));
    ck_ok(varve_batch_repr_validate(hex(empty), &err), &err);
    uint32_t count;
    ck_ok(varve_batch_repr_count(varve_buf_slice(&out), &count, &err), &err);
    ck_assert_uint_eq(count, 70000);
}
END_TEST

/* ---- The reader's errors -----------------------------------------------------------------------
 */

static const struct bad {
    const char *repr;
    const char *message;
    size_t offset;   /* of the record at fault */
    uint32_t record; /* its number: as many can be read before it */
} bad[] = {
    {"00 00 00 00 00 00 00 00 01 00 00 00", "invalid batch: expected 1 entries but found 0", 12, 0},
    {"00 00 00 00 00 00 00 00 02 00 00 00 | 00 03 61 00 01",
     "invalid batch: expected 2 entries but found 1", 17, 1},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 03 01 61",
     "invalid batch: expected 1 entries but found 0", 15, 0},
    {"00 00 00 00 00 00 00 00 FF FF FF FF | 00 03 61 00 01",
     "invalid batch: expected 4294967295 entries but found 1", 17, 1},
    {"00 00 00 00 00 00 00 00 00 00 00 00 | 00 03 61 00 01",
     "invalid batch: expected 0 entries but found more", 12, 0},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 00 03 61 00 01 | 03 00 | 01 01 61 00",
     "invalid batch: expected 1 entries but found more", 19, 1},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 00", "unable to decode uvarint", 12, 0},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 00 80", "unable to decode uvarint", 12, 0},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 00 FF FF FF FF 10", "unable to decode uvarint", 12, 0},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 00 80 80 80 80 80 00", "unable to decode uvarint", 12,
     0},
    {"00 00 00 00 00 00 00 00 02 00 00 00 | 00 03 61 00 01 | 01 01 61", "unable to decode uvarint",
     17, 1},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 03", "unable to decode uvarint", 12, 0},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 00 05 61 62",
     "malformed varstring, expected 5 bytes, but only 2 remaining", 12, 0},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 01 01 61 01",
     "malformed varstring, expected 1 bytes, but only 0 remaining", 12, 0},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 0F FF FF FF FF 0F 61",
     "malformed varstring, expected 4294967295 bytes, but only 1 remaining", 12, 0},
    {"00 00 00 00 00 00 00 00 01 00 00 00 | 04 01 61", "unexpected type 4", 12, 0},
    {"00 00 00 00 00 00 00 00 02 00 00 00 | 00 03 61 00 01 | FF", "unexpected type 255", 17, 1},
};
enum { BAD_COUNT = sizeof bad / sizeof bad[0] };

START_TEST(bad_batches_say_what_is_wrong_and_where)
{
    varve_batch_reader *reader;
    varve_record record = {VARVE_RECORD_LOG, bytes("kept"), bytes("")};
    uint32_t read = 0;
    ck_ok(varve_batch_reader_open(hex(bad[_i].repr), 0, &reader, &err), &err);
    varve_status status = varve_batch_reader_next(reader, &record, &err);
    for (; status == VARVE_OK; status = varve_batch_reader_next(reader, &record, &err))
        read += record.type != VARVE_RECORD_LOG ? 1 : 0;
    ck_assert_uint_eq(read, bad[_i].record);
    varve_record before = record;

    /* The error stays, also when nobody wants to know the details. */
    for (int again = 0; again < 2; again++) {
        ck_status(status, VARVE_BAD_BATCH, &err);
        ck_assert_uint_eq(err.detail.bad_batch.offset, bad[_i].offset);
        ck_assert_uint_eq(err.detail.bad_batch.record, bad[_i].record);
        ck_assert_str_eq(err.message, bad[_i].message);
        varve_error_release(&err);
        ck_assert_int_eq(varve_batch_reader_next(reader, &record, NULL), VARVE_BAD_BATCH);
        status = varve_batch_reader_next(reader, &record, &err);
    }
    ck_assert_int_eq(record.type, before.type);
    varve_batch_reader_close(reader);

    ck_fails(varve_batch_repr_validate(hex(bad[_i].repr), &err), VARVE_BAD_BATCH, &err,
             bad[_i].message);
    ck_assert_int_eq(varve_batch_repr_validate(hex(bad[_i].repr), NULL), VARVE_BAD_BATCH);
}
END_TEST

/*
 * RocksDB knows more types than can be delivered: those of other column families, of transactions,
 * of blobs.  Its own walk through a batch leaves some of them out; here each is named.
 */
START_TEST(a_type_that_is_not_delivered_is_named)
{
    static const unsigned char delivered[] = {VARVE_RECORD_CLEAR,        VARVE_RECORD_PUT,
                                              VARVE_RECORD_MERGE,        VARVE_RECORD_LOG,
                                              VARVE_RECORD_SINGLE_CLEAR, VARVE_RECORD_CLEAR_RANGE};
    unsigned char repr[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 'a', 1, 'b'};
    varve_batch_reader *reader;
    varve_record record;
    char message[64];
    for (unsigned type = 0; type < 256; type++) {
        if (memchr(delivered, (int)type, sizeof delivered) != NULL)
            continue;
        repr[12] = (unsigned char)type;
        varve_slice batch = varve_slice_of(repr, sizeof repr);
        (void)snprintf(message, sizeof message, "unexpected type %u", type);
        ck_ok(varve_batch_reader_open(batch, 0, &reader, &err), &err);
        ck_fails(varve_batch_reader_next(reader, &record, &err), VARVE_BAD_BATCH, &err, message);
        varve_batch_reader_close(reader);
        ck_fails(varve_batch_repr_validate(batch, &err), VARVE_BAD_BATCH, &err, message);
    }
}
END_TEST

START_TEST(too_few_bytes_for_a_header)
{
    varve_batch_reader *reader = (varve_batch_reader *)&out;
    uint32_t count = 77;
    varve_slice eleven = repeated(0, 11);
    const char *message = "batch repr too small: 11 < 12";
    ck_status(varve_batch_reader_open(eleven, 0, &reader, &err), VARVE_BAD_BATCH, &err);
    ck_assert_uint_eq(err.detail.bad_batch.offset, 0);
    ck_assert_str_eq(err.message, message);
    ck_fails(varve_batch_repr_count(eleven, &count, &err), VARVE_BAD_BATCH, &err, message);
    ck_fails(varve_batch_repr_validate(eleven, &err), VARVE_BAD_BATCH, &err, message);
    ck_fails(varve_batch_repr_validate(bytes(""), &err), VARVE_BAD_BATCH, &err,
             "batch repr too small: 0 < 12");
    ck_assert_ptr_null(reader);
    ck_assert_uint_eq(count, 77);
}
END_TEST

START_TEST(a_sequence_is_for_batches_of_the_log)
{
    varve_batch_reader *reader = (varve_batch_reader *)&out;
    varve_record record;
    varve_slice repr = hex("01 02 00 00 00 00 00 80 01 00 00 00 | 00 01 61");
    const char *message = "bad sequence: expected 0, but found 9223372036854776321";
    ck_status(varve_batch_reader_open(repr, 0, &reader, &err), VARVE_BAD_BATCH, &err);
    ck_assert_uint_eq(err.detail.bad_batch.offset, 0);
    ck_assert_uint_eq(err.detail.bad_batch.record, 0);
    ck_assert_str_eq(err.message, message);
    ck_fails(varve_batch_repr_validate(repr, &err), VARVE_BAD_BATCH, &err, message);
    ck_assert_ptr_null(reader);

    ck_ok(varve_batch_reader_open(repr, VARVE_BATCH_FROM_LOG, &reader, &err), &err);
    ck_assert_uint_eq(varve_batch_reader_sequence(reader), 0x8000000000000201);
    ck_assert_uint_eq(varve_batch_reader_count(reader), 1);
    ck_ok(varve_batch_reader_next(reader, &record, &err), &err);
    ck_slice_eq(record.key, bytes("a"));
    varve_batch_reader_close(reader);
    ck_ok(varve_batch_reader_open(hex(empty), VARVE_BATCH_FROM_LOG, &reader, &err), &err);
    varve_batch_reader_close(reader);
    varve_batch_reader_close(NULL);
}
END_TEST

START_TEST(unknown_flags_are_refused)
{
    varve_batch_reader *reader = (varve_batch_reader *)&out;
    ck_fails(varve_batch_reader_open(hex(empty), 6, &reader, &err), VARVE_INVALID_ARGUMENT, &err,
             "unknown flags of a batch reader: 0x6");
    ck_assert_ptr_null(reader);
}
END_TEST

/* Every prefix of a good batch is bad, and no byte beyond it is looked at. */
START_TEST(batches_cut_short_are_never_read_beyond)
{
    varve_slice whole = hex(put_clear_merge);
    for (size_t size = 0; size < whole.size; size++) {
        varve_slice cut = copy_of(varve_slice_of(whole.data, size));
        ck_status(varve_batch_repr_validate(cut, &err), VARVE_BAD_BATCH, &err);
    }
}
END_TEST

/* ---- Validation --------------------------------------------------------------------------------
 */

static varve_status validate_one(varve_record_type type, varve_slice key, varve_slice value)
{
    varve_record record = {type, key, value};
    varve_record first = {VARVE_RECORD_CLEAR, hex("61 00 01"), bytes("")};
    out.size = 0;
    ck_ok(varve__repr_append(&out, &first, &err), &err);
    ck_ok(varve__repr_append(&out, &record, &err), &err);
    return varve_batch_repr_validate(varve_buf_slice(&out), &err);
}

START_TEST(good_batches_are_valid)
{
    ck_ok(varve_batch_repr_validate(hex(empty), &err), &err);
    ck_ok(varve_batch_repr_validate(hex(put_clear_merge), &err), &err);
    ck_ok(varve_batch_repr_validate(hex(put_version), &err), &err);
    /* The empty user key is 00 01. */
    ck_ok(validate_one(VARVE_RECORD_PUT, hex("00 01"), bytes("")), &err);
    ck_ok(validate_one(VARVE_RECORD_LOG, bytes(""), bytes("anything")), &err);
    ck_ok(validate_one(VARVE_RECORD_CLEAR_RANGE, bytes(""), hex("FF FF 00 01")), &err);
    ck_ok(validate_one(VARVE_RECORD_CLEAR_RANGE, bytes("a"), bytes("a")), &err);
    ck_ok(validate_one(VARVE_RECORD_CLEAR_RANGE, hex("61 00 01"), hex("61 00 02")), &err);
    ck_ok(validate_one(VARVE_RECORD_CLEAR_RANGE, bytes(""), bytes("")), &err);
}
END_TEST

START_TEST(keys_must_be_engine_keys)
{
    static const varve_record_type types[] = {VARVE_RECORD_PUT, VARVE_RECORD_CLEAR,
                                              VARVE_RECORD_MERGE, VARVE_RECORD_SINGLE_CLEAR};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        ck_ok(validate_one(types[i], hex("61 00 01"), bytes("")), &err);
        ck_fails(validate_one(types[i], bytes(""), bytes("")), VARVE_CORRUPT_KEY, &err,
                 "record 1: unable to decode key: no terminator");
        ck_fails(validate_one(types[i], hex("61 00 01 02"), bytes("")), VARVE_CORRUPT_KEY, &err,
                 "record 1: unable to decode key: bad timestamp suffix length");
        ck_fails(validate_one(types[i], hex("FF FF 00 01"), bytes("")), VARVE_INVALID_KEY, &err,
                 "record 1: invalid key: it is not below /Max");
    }
}
END_TEST

START_TEST(ranges_must_not_end_before_they_start)
{
    ck_status(validate_one(VARVE_RECORD_CLEAR_RANGE, bytes("b"), bytes("a")), VARVE_BAD_BATCH,
              &err);
    ck_assert_str_eq(err.message, "record 1: invalid range: it ends before it starts");
    ck_assert_uint_eq(err.detail.bad_batch.offset, 12 + 5);
    ck_assert_uint_eq(err.detail.bad_batch.record, 1);
    ck_status(validate_one(VARVE_RECORD_CLEAR_RANGE, bytes("b"), bytes("")), VARVE_BAD_BATCH, &err);
    ck_assert_int_eq(varve_batch_repr_validate(varve_buf_slice(&out), NULL), VARVE_BAD_BATCH);
}
END_TEST

START_TEST(bounds_have_a_limit)
{
    varve_slice longest = repeated('k', VARVE_ENGINE_KEY_SIZE_MAX);
    varve_slice longer = repeated('k', VARVE_ENGINE_KEY_SIZE_MAX + 1);
    ck_ok(validate_one(VARVE_RECORD_CLEAR_RANGE, longest, bytes("l")), &err);
    ck_ok(validate_one(VARVE_RECORD_CLEAR_RANGE, bytes("a"), longest), &err);
    ck_fails(validate_one(VARVE_RECORD_CLEAR_RANGE, longer, bytes("l")), VARVE_INVALID_KEY, &err,
             "record 1: invalid range: a bound of 131087 bytes exceeds the limit of 131086");
    ck_status(validate_one(VARVE_RECORD_CLEAR_RANGE, bytes("a"), longer), VARVE_INVALID_KEY, &err);
}
END_TEST

START_TEST(batches_and_values_have_a_limit)
{
    /* The bytes are not looked at: there are not that many. */
    varve_slice huge = varve_slice_of("x", VARVE_BATCH_SIZE_MAX + 1);
    ck_fails(varve_batch_repr_validate(huge, &err), VARVE_TOO_LARGE, &err,
             "batch of 2147483649 bytes exceeds the limit of 2147483648");

    /* A put of one byte more than a value may have. */
    varve_slice head = hex("00 00 00 00 00 00 00 00 01 00 00 00 | 01 03 61 00 01 81 80 80 80 04");
    size_t size = head.size + VARVE_VALUE_SIZE_MAX + 1;
    unsigned char *data = map_zeros(size);
    memcpy(data, head.data, head.size);
    ck_status(varve_batch_repr_validate(varve_slice_of(data, size), &err), VARVE_TOO_LARGE, &err);
    ck_assert_str_eq(err.message,
                     "record 0: value of 1073741825 bytes exceeds the limit of 1073741824");
    ck_assert_uint_eq(err.detail.too_large.size, 1073741825);
    ck_assert_uint_eq(err.detail.too_large.limit, 1073741824);
    data[head.size - 5] = 0x80; /* One byte less: the last byte of the batch is left over. */
    ck_fails(varve_batch_repr_validate(varve_slice_of(data, size), &err), VARVE_BAD_BATCH, &err,
             "invalid batch: expected 1 entries but found more");
    ck_ok(varve_batch_repr_validate(varve_slice_of(data, size - 1), &err), &err);
    munmap(data, size);
}
END_TEST

/* ---- Round trip --------------------------------------------------------------------------------
 */

static varve_slice random_bytes(test_random *random)
{
    static unsigned char data[400];
    size_t size = test_random_below(random, test_random_below(random, 4) == 0 ? sizeof data : 8);
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)test_random_next(random);
    return copy_of(varve_slice_of(data, size));
}

START_TEST(any_records_are_read_back)
{
    static const varve_record_type types[] = {VARVE_RECORD_CLEAR,        VARVE_RECORD_PUT,
                                              VARVE_RECORD_MERGE,        VARVE_RECORD_LOG,
                                              VARVE_RECORD_SINGLE_CLEAR, VARVE_RECORD_CLEAR_RANGE};
    enum { RECORDS = 3000 };
    static varve_record records[RECORDS];
    test_random random = test_random_start();
    uint32_t counted = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        records[i] = (varve_record){types[test_random_below(&random, 6)], random_bytes(&random),
                                    random_bytes(&random)};
        if (records[i].type == VARVE_RECORD_LOG)
            records[i].key = bytes("");
        if (records[i].type == VARVE_RECORD_CLEAR || records[i].type == VARVE_RECORD_SINGLE_CLEAR)
            records[i].value = bytes("");
        counted += records[i].type != VARVE_RECORD_LOG ? 1 : 0;
        ck_ok(varve__repr_append(&out, &records[i], &err), &err);
    }
    varve__repr_reader reader;
    varve_record record;
    varve_slice exact = copy_of(varve_buf_slice(&out));
    ck_ok(varve__repr_reader_init(&reader, exact, 0, &err), &err);
    ck_assert_uint_eq(reader.count, counted);
    fault_alloc_arm(1);
    for (size_t i = 0; i < RECORDS; i++) {
        ck_ok(varve__repr_reader_next(&reader, &record, &err), &err);
        ck_assert_int_eq(record.type, records[i].type);
        ck_slice_eq(record.key, records[i].key);
        ck_slice_eq(record.value, records[i].value);
    }
    ck_status(varve__repr_reader_next(&reader, &record, &err), VARVE_NOT_FOUND, &err);
    ck_assert(!fault_alloc_disarm());
}
END_TEST

/* ---- Without memory ----------------------------------------------------------------------------
 */

static varve_status use_builder(void *context, varve_error *error)
{
    (void)context;
    varve_batch_builder *fresh = (varve_batch_builder *)&out;
    varve_status status = varve_batch_builder_open(&fresh, error);
    if (status != VARVE_OK) {
        ck_assert_ptr_null(fresh);
        return status;
    }
    status = varve_batch_builder_clear(fresh, bytes("a"), error);
    if (status == VARVE_OK)
        status = varve_batch_builder_put(fresh, bytes("b"), repeated('v', 1000), error);
    if (status != VARVE_OK)
        ck_hex(varve_batch_builder_finish(fresh), "000000000000000001000000 00 01 61");
    varve_batch_builder_close(fresh);
    return status;
}

START_TEST(building_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(use_builder, NULL), 3);
    varve_batch_builder_close(NULL);
}
END_TEST

static varve_status append_a_batch(void *context, varve_error *error)
{
    (void)context;
    varve_buf repr = VARVE_BUF_INIT;
    varve_slice other = hex(all_types);
    varve_status status = varve__repr_append_repr(&repr, other, error);
    ck_assert_uint_eq(repr.size, status == VARVE_OK ? other.size : 0);
    varve_buf_release(&repr);
    if (status == VARVE_OK)
        status = varve__repr_begin(&repr, error);
    varve_buf_release(&repr);
    return status;
}

START_TEST(appending_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(append_a_batch, NULL), 2);
}
END_TEST

static varve_status open_reader(void *context, varve_error *error)
{
    (void)context;
    varve_batch_reader *reader = (varve_batch_reader *)&out;
    varve_status status = varve_batch_reader_open(hex(all_types), 0, &reader, error);
    ck_assert(status == VARVE_OK || reader == NULL);
    varve_batch_reader_close(reader);
    return status;
}

START_TEST(reading_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(open_reader, NULL), 1);
}
END_TEST

static void add_building(Suite *suite)
{
    TCase *tcase = tcase_create("building");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_batch_of_the_specification);
    tcase_add_test(tcase, the_version_of_the_specification);
    tcase_add_test(tcase, every_type_of_record_is_written);
    tcase_add_test(tcase, clears_have_no_value_whatever_the_record_says);
    tcase_add_test(tcase, a_type_that_is_none_is_not_written);
    tcase_add_test(tcase, long_strings_have_long_lengths);
    tcase_add_test(tcase, an_untouched_builder_is_an_empty_batch);
    tcase_add_test(tcase, finishing_starts_over);
    tcase_add_test(tcase, keys_are_taken_as_they_are);
    tcase_add_test(tcase, what_is_too_large_is_not_appended);
    tcase_add_test(tcase, what_is_just_at_the_limit_is_not_too_large);
    tcase_add_test(tcase, the_first_record_has_room_beside_its_header);
    tcase_add_test(tcase, the_limit_can_be_reached);
    tcase_add_test(tcase, a_representation_begins_with_its_first_record);
    tcase_add_test(tcase, one_batch_is_appended_to_another);
    tcase_add_test(tcase, counts_of_more_than_a_byte);
    suite_add_tcase(suite, tcase);
}

static void add_reading(Suite *suite)
{
    TCase *tcase = tcase_create("reading");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, every_type_of_record_is_read);
    tcase_add_loop_test(tcase, bad_batches_say_what_is_wrong_and_where, 0, BAD_COUNT);
    tcase_add_test(tcase, a_type_that_is_not_delivered_is_named);
    tcase_add_test(tcase, too_few_bytes_for_a_header);
    tcase_add_test(tcase, a_sequence_is_for_batches_of_the_log);
    tcase_add_test(tcase, unknown_flags_are_refused);
    tcase_add_test(tcase, batches_cut_short_are_never_read_beyond);
    tcase_add_test(tcase, any_records_are_read_back);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("batch_repr");
    add_building(suite);
    add_reading(suite);
    TCase *validating = tcase_create("validating");
    tcase_add_checked_fixture(validating, set_up, tear_down);
    tcase_add_test(validating, good_batches_are_valid);
    tcase_add_test(validating, keys_must_be_engine_keys);
    tcase_add_test(validating, ranges_must_not_end_before_they_start);
    tcase_add_test(validating, bounds_have_a_limit);
    tcase_add_test(validating, batches_and_values_have_a_limit);
    suite_add_tcase(suite, validating);
    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, set_up, tear_down);
    tcase_add_test(memory, building_can_run_out_of_memory);
    tcase_add_test(memory, appending_can_run_out_of_memory);
    tcase_add_test(memory, reading_can_run_out_of_memory);
    suite_add_tcase(suite, memory);
    return run_suite(suite);
}
