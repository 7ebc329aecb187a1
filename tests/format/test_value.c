#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>

#include <varve/value.h>

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

/* ---- The layout --------------------------------------------------------------------------------
 */

START_TEST(byte_strings)
{
    varve_slice data;
    ck_ok(varve_value_set_bytes(&out, bytes("v"), &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 03 76");
    ck_ok(varve_value_get_bytes(varve_buf_slice(&out), &data, &err), &err);
    ck_slice_eq(data, bytes("v"));
    ck_assert_ptr_eq(data.data, out.data + 5);

    ck_ok(varve_value_set_bytes(&out, bytes(""), &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 03");
    ck_ok(varve_value_get_bytes(varve_buf_slice(&out), &data, &err), &err);
    ck_slice_eq(data, bytes(""));
}
END_TEST

START_TEST(tuples)
{
    varve_slice data;
    ck_ok(varve_value_set_tuple(&out, bytes("100644 x"), &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 0A 31 30 30 36 34 34 20 78");
    ck_ok(varve_value_get_tuple(varve_buf_slice(&out), &data, &err), &err);
    ck_slice_eq(data, bytes("100644 x"));
}
END_TEST

static const struct {
    int64_t number;
    const char *raw;
} integers[] = {
    {0, "00 00 00 00 01 00"},
    {1, "00 00 00 00 01 02"},
    {2, "00 00 00 00 01 04"},
    {-1, "00 00 00 00 01 01"},
    {63, "00 00 00 00 01 7E"},
    {64, "00 00 00 00 01 80 01"},
    {300, "00 00 00 00 01 D8 04"},
    {INT64_MAX, "00 00 00 00 01 FE FF FF FF FF FF FF FF FF 01"},
    {INT64_MIN, "00 00 00 00 01 FF FF FF FF FF FF FF FF FF 01"},
};
enum { INTEGER_COUNT = sizeof integers / sizeof integers[0] };

START_TEST(integers_are_zigzag_varints)
{
    int64_t number;
    ck_ok(varve_value_set_int(&out, integers[_i].number, &err), &err);
    ck_hex(varve_buf_slice(&out), integers[_i].raw);
    ck_ok(varve_value_get_int(hex(integers[_i].raw), &number, &err), &err);
    ck_assert_int_eq(number, integers[_i].number);
}
END_TEST

START_TEST(any_integer_is_read_back)
{
    test_random random = test_random_start();
    for (int i = 0; i < 20000; i++) {
        int64_t number = (int64_t)test_random_next(&random) >> test_random_below(&random, 64);
        int64_t back;
        ck_ok(varve_value_set_int(&out, number, &err), &err);
        ck_ok(varve_value_get_int(varve_buf_slice(&out), &back, &err), &err);
        ck_assert_int_eq(back, number);
    }
}
END_TEST

START_TEST(data_that_is_no_integer)
{
    static const char *const raws[] = {
        "00 00 00 00 01",                                  /* nothing */
        "00 00 00 00 01 80",                               /* cut short */
        "00 00 00 00 01 FF FF FF FF FF FF FF FF FF 02",    /* more than 64 bits */
        "00 00 00 00 01 80 80 80 80 80 80 80 80 80 80 00", /* more than 10 bytes */
        "00 00 00 00 01 02 00",                            /* something behind it */
    };
    for (size_t i = 0; i < sizeof raws / sizeof raws[0]; i++) {
        int64_t number = 7;
        bool truth = true;
        ck_fails(varve_value_get_int(hex(raws[i]), &number, &err), VARVE_VALUE_TYPE, &err,
                 "int64 varint decoding failed");
        ck_status(varve_value_get_bool(hex(raws[i]), &truth, &err), VARVE_VALUE_TYPE, &err);
        ck_assert_int_eq(number, 7);
        ck_assert(truth);
    }
}
END_TEST

START_TEST(truth_is_an_integer)
{
    bool truth;
    ck_ok(varve_value_set_bool(&out, true, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 01 02");
    ck_ok(varve_value_get_bool(varve_buf_slice(&out), &truth, &err), &err);
    ck_assert(truth);
    ck_ok(varve_value_set_bool(&out, false, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 01 00");
    ck_ok(varve_value_get_bool(varve_buf_slice(&out), &truth, &err), &err);
    ck_assert(!truth);

    ck_ok(varve_value_set_int(&out, -5, &err), &err);
    ck_fails(varve_value_get_bool(varve_buf_slice(&out), &truth, &err), VARVE_VALUE_TYPE, &err,
             "invalid bool: -5");
}
END_TEST

START_TEST(floats_are_eight_bytes)
{
    double number;
    ck_ok(varve_value_set_float(&out, 1.0, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 02 3F F0 00 00 00 00 00 00");
    ck_ok(varve_value_set_float(&out, -2.5, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 02 C0 04 00 00 00 00 00 00");
    ck_ok(varve_value_get_float(varve_buf_slice(&out), &number, &err), &err);
    ck_assert_double_eq(number, -2.5);

    ck_fails(varve_value_get_float(hex("00 00 00 00 02"), &number, &err), VARVE_VALUE_TYPE, &err,
             "float64 value should be exactly 8 bytes: 0");
    ck_fails(varve_value_get_float(hex("00 00 00 00 02 00 00 00 00 00 00 00 00 00"), &number, &err),
             VARVE_VALUE_TYPE, &err, "float64 value should be exactly 8 bytes: 9");
}
END_TEST

START_TEST(counters_are_numbers_of_eight_bytes)
{
    static const int64_t numbers[] = {1, -2, INT64_MIN};
    int64_t back[4] = {7, 7, 7, 7};
    size_t count;
    ck_ok(varve_value_set_counters(&out, numbers, 3, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 65 01 00 00 00 00 00 00 00 "
                                  "FE FF FF FF FF FF FF FF 00 00 00 00 00 00 00 80");
    ck_ok(varve_value_get_counters(varve_buf_slice(&out), back, 2, &count, &err), &err);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(back[1], -2);
    ck_assert_int_eq(back[2], 7);
    ck_ok(varve_value_get_counters(varve_buf_slice(&out), back, 4, &count, &err), &err);
    ck_assert_int_eq(back[2], INT64_MIN);
    ck_assert_int_eq(back[3], 0);

    ck_ok(varve_value_set_counters(&out, NULL, 0, &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00 65");
    ck_ok(varve_value_get_counters(varve_buf_slice(&out), NULL, 0, &count, &err), &err);
    ck_assert_uint_eq(count, 0);

    ck_fails(varve_value_get_counters(hex("00 00 00 00 65 01"), back, 4, &count, &err),
             VARVE_VALUE_TYPE, &err, "the size of counters should be a multiple of 8 bytes: 1");
    ck_fails(varve_value_get_counters(hex("00 00 00 00 01 02"), back, 4, &count, &err),
             VARVE_VALUE_TYPE, &err, "value type is not COUNTERS: INT");
    ck_status(varve_value_set_counters(&out, numbers, SIZE_MAX / 8 + 1, &err), VARVE_TOO_LARGE,
              &err);
}
END_TEST

/* ---- Tags --------------------------------------------------------------------------------------
 */

static const struct {
    unsigned char number;
    const char *name;
} tags[] = {{0, "UNKNOWN"},      {1, "INT"},        {2, "FLOAT"},    {3, "BYTES"},
            {4, "TIME"},         {5, "DECIMAL"},    {6, "DURATION"}, {8, "DELIMITED_BYTES"},
            {10, "TUPLE"},       {11, "BITARRAY"},  {12, "TIMETZ"},  {9, "DELIMITED_DECIMAL"},
            {100, "TIMESERIES"}, {101, "COUNTERS"}, {7, "UNKNOWN"},  {255, "UNKNOWN"}};
enum { TAG_COUNT = sizeof tags / sizeof tags[0] };

START_TEST(tags_have_numbers_and_names)
{
    unsigned char raw[] = {0, 0, 0, 0, tags[_i].number, 'x'};
    varve_tag tag = varve_value_tag(varve_slice_of(raw, sizeof raw));
    ck_assert_int_eq((int)tag, tags[_i].number);
    ck_assert_str_eq(varve_tag_name(tag), tags[_i].name);
    ck_assert_int_eq(varve_value_tag(varve_slice_of(raw, 5)), tag);
    ck_assert_int_eq(varve_value_tag(varve_slice_of(raw, 4)), VARVE_TAG_UNKNOWN);
    ck_assert_int_eq(varve_value_tag(varve_slice_of(NULL, 0)), VARVE_TAG_UNKNOWN);
}
END_TEST

START_TEST(getters_name_the_type_they_found)
{
    varve_slice data;
    int64_t number;
    double real;
    bool truth;
    varve_slice text = hex("00 00 00 00 03 76");
    varve_slice integer = hex("00 00 00 00 01 02");
    ck_fails(varve_value_get_int(text, &number, &err), VARVE_VALUE_TYPE, &err,
             "value type is not INT: BYTES");
    ck_fails(varve_value_get_bool(text, &truth, &err), VARVE_VALUE_TYPE, &err,
             "value type is not INT: BYTES");
    ck_fails(varve_value_get_float(text, &real, &err), VARVE_VALUE_TYPE, &err,
             "value type is not FLOAT: BYTES");
    ck_fails(varve_value_get_bytes(integer, &data, &err), VARVE_VALUE_TYPE, &err,
             "value type is not BYTES: INT");
    ck_fails(varve_value_get_tuple(integer, &data, &err), VARVE_VALUE_TYPE, &err,
             "value type is not TUPLE: INT");
    ck_fails(varve_value_get_bytes(hex("00 00 00 00"), &data, &err), VARVE_VALUE_TYPE, &err,
             "value type is not BYTES: UNKNOWN");
    ck_fails(varve_value_get_bytes(hex(""), &data, &err), VARVE_VALUE_TYPE, &err,
             "value type is not BYTES: UNKNOWN");
}
END_TEST

START_TEST(a_value_beyond_the_limit_is_refused)
{
    ck_ok(varve_value_set_bytes(&out, bytes("kept"), &err), &err);
    /* The bytes are not looked at: there are not that many. */
    varve_slice huge = varve_slice_of("x", VARVE_VALUE_SIZE_MAX - 4);
    ck_fails(varve_value_set_bytes(&out, huge, &err), VARVE_TOO_LARGE, &err,
             "value of 1073741825 bytes exceeds the limit of 1073741824");
    ck_hex(varve_buf_slice(&out), "00 00 00 00 03 6B 65 70 74");

    /* One byte less is allowed: memory is asked for. */
    fault_alloc_arm(1);
    huge.size--;
    ck_status(varve_value_set_bytes(&out, huge, &err), VARVE_NO_MEMORY, &err);
    ck_assert(fault_alloc_disarm());
}
END_TEST

/* ---- Checksum ----------------------------------------------------------------------------------
 */

static varve_slice with_checksum(varve_slice user_key)
{
    ck_ok(varve_value_init_checksum(&out, user_key, &err), &err);
    return varve_buf_slice(&out);
}

START_TEST(checksums_of_the_specification)
{
    ck_ok(varve_value_set_bytes(&out, bytes("value"), &err), &err);
    ck_hex(with_checksum(bytes("a")), "ED 6C 45 A8 03 76 61 6C 75 65");
    ck_ok(varve_value_set_int(&out, 3, &err), &err);
    ck_hex(with_checksum(bytes("r")), "58 4C F1 58 01 06");
    /* The check value of the polynomial: "12345678" is the key, "9" the tag and data. */
    ck_ok(varve_value_set_bytes(&out, bytes(""), &err), &err);
    out.data[4] = '9';
    ck_hex(with_checksum(bytes("12345678")), "CB F4 39 26 39");
    /* The same bytes, but for the tag all data. */
    ck_ok(varve_value_set_bytes(&out, bytes("23456789"), &err), &err);
    out.data[4] = '1';
    ck_hex(with_checksum(bytes("")), "CB F4 39 26 31 32 33 34 35 36 37 38 39");
}
END_TEST

/* The CRC-32 of 9D 0A D9 6D is zero; it is stored as 1. */
START_TEST(a_checksum_of_zero_becomes_one)
{
    ck_ok(varve_value_set_bytes(&out, bytes("\x0A\xD9\x6D"), &err), &err);
    out.data[4] = 0x9D;
    ck_hex(with_checksum(bytes("")), "00 00 00 01 9D 0A D9 6D");
    ck_ok(varve_value_verify(varve_buf_slice(&out), bytes(""), &err), &err);
}
END_TEST

/* CRC-32 (IEEE), bit by bit, of what has been summed up so far and one more byte. */
static uint32_t crc_with(uint32_t sum, unsigned char byte)
{
    sum = ~sum ^ byte;
    for (int bit = 0; bit < 8; bit++)
        sum = (sum & 1) != 0 ? sum >> 1 ^ 0xEDB88320 : sum >> 1;
    return ~sum;
}

/* How the sum is computed depends on how long key and value are together. */
START_TEST(a_checksum_is_the_crc_at_any_size)
{
    static unsigned char key[64];
    static unsigned char data[600];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 151 >> 3);
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (unsigned char)(i * 89 >> 1);
    for (size_t key_size = 0; key_size <= sizeof key; key_size += key_size < 5 ? 1 : 59) {
        uint32_t sum = 0;
        for (size_t i = 0; i < key_size; i++)
            sum = crc_with(sum, key[i]);
        sum = crc_with(sum, VARVE_TAG_BYTES);
        for (size_t size = 0; size < sizeof data; sum = crc_with(sum, data[size++])) {
            ck_ok(varve_value_set_bytes(&out, varve_slice_of(data, size), &err), &err);
            varve_slice raw = with_checksum(varve_slice_of(key, key_size));
            uint32_t stored = (uint32_t)raw.data[0] << 24 | (uint32_t)raw.data[1] << 16 |
                              (uint32_t)raw.data[2] << 8 | raw.data[3];
            ck_assert_msg(stored == sum, "key of %zu, data of %zu bytes", key_size, size);
        }
    }
}
END_TEST

START_TEST(a_checksum_is_set_once)
{
    ck_ok(varve_value_set_bytes(&out, bytes("v"), &err), &err);
    ck_ok(varve_value_init_checksum(&out, bytes("a"), &err), &err);
    ck_fails(varve_value_init_checksum(&out, bytes("a"), &err), VARVE_MISUSE, &err,
             "the checksum of the value is set already");
}
END_TEST

START_TEST(absent_and_short_values_get_none)
{
    ck_ok(varve_value_init_checksum(&out, bytes("a"), &err), &err);
    ck_assert_uint_eq(out.size, 0);
    ck_ok(varve_value_set_bytes(&out, bytes(""), &err), &err);
    out.size = 4;
    ck_ok(varve_value_init_checksum(&out, bytes("a"), &err), &err);
    ck_hex(varve_buf_slice(&out), "00 00 00 00");
}
END_TEST

START_TEST(verifying)
{
    ck_ok(varve_value_verify(hex("ED 6C 45 A8 03 76 61 6C 75 65"), bytes("a"), &err), &err);
    ck_ok(varve_value_verify(hex("00 00 00 00 03 76"), bytes("a"), &err), &err);
    ck_ok(varve_value_verify(hex("00 00 00 00 03"), bytes("a"), &err), &err);
    ck_ok(varve_value_verify(hex(""), bytes("a"), &err), &err);
    ck_fails(varve_value_verify(hex("00"), bytes("a"), &err), VARVE_CHECKSUM, &err,
             "\"a\": invalid header size: 1");
    ck_fails(varve_value_verify(hex("00 00 00 00"), bytes(""), &err), VARVE_CHECKSUM, &err,
             "/Min: invalid header size: 4");
    /* What was computed, and what was read. */
    ck_fails(varve_value_verify(hex("00 00 00 07 03 76 61 6C 75 65"), bytes("a"), &err),
             VARVE_CHECKSUM, &err,
             "\"a\": invalid checksum (ed6c45a8) value [00 00 00 07 03 76 61 6c 75 65]");
}
END_TEST

START_TEST(every_damaged_bit_is_found)
{
    ck_ok(varve_value_set_bytes(&out, bytes("value"), &err), &err);
    varve_slice raw = with_checksum(bytes("a"));
    for (size_t bit = 0; bit < 8 * raw.size; bit++) {
        out.data[bit / 8] ^= (unsigned char)(1u << (bit % 8));
        ck_status(varve_value_verify(raw, bytes("a"), &err), VARVE_CHECKSUM, &err);
        out.data[bit / 8] ^= (unsigned char)(1u << (bit % 8));
    }
    ck_ok(varve_value_verify(raw, bytes("a"), &err), &err);
    ck_status(varve_value_verify(raw, bytes("b"), &err), VARVE_CHECKSUM, &err);
}
END_TEST

START_TEST(long_keys_and_values_are_cut_in_the_message)
{
    varve_slice raw = repeated(0xAB, 10000);
    ck_status(varve_value_verify(raw, repeated('k', 1000), &err), VARVE_CHECKSUM, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "kkk\"...: invalid checksum ("));
    ck_assert_ptr_nonnull(strstr(err.message, ") value [ab ab ab"));
}
END_TEST

START_TEST(equality_ignores_the_checksum)
{
    varve_slice unset = hex("00 00 00 00 03 76");
    ck_assert(varve_value_equal_data(unset, hex("01 02 03 04 03 76")));
    ck_assert(varve_value_equal_data(hex("00 00 00 00 03"), hex("01 02 03 04 03")));
    ck_assert(!varve_value_equal_data(unset, hex("00 00 00 00 03 77")));
    ck_assert(!varve_value_equal_data(unset, hex("00 00 00 00 01 76")));
    ck_assert(!varve_value_equal_data(unset, hex("00 00 00 00 03")));
    ck_assert(!varve_value_equal_data(unset, hex("00 00 00 00")));
    /* Shorter ones are compared whole. */
    ck_assert(varve_value_equal_data(hex("01 02"), hex("01 02")));
    ck_assert(!varve_value_equal_data(hex("01 02"), hex("03 02")));
    ck_assert(!varve_value_equal_data(hex("01 02 03 04"), hex("01 02 03 04 05")));
    ck_assert(varve_value_equal_data(hex(""), hex("")));
}
END_TEST

/* ---- Printing ----------------------------------------------------------------------------------
 */

static const struct {
    const char *raw;
    const char *text;
} printed[] = {
    {"", "/<empty>"},
    {"00 00 00 00 01 D8 04", "/INT/300"},
    {"00 00 00 00 01 FF FF FF FF FF FF FF FF FF 01", "/INT/-9223372036854775808"},
    {"00 00 00 00 02 C0 04 00 00 00 00 00 00", "/FLOAT/-2.5"},
    {"00 00 00 00 03 76", "/BYTES/v"},
    {"AA BB CC DD 03 76", "/BYTES/v"},
    {"00 00 00 00 03", "/BYTES/"},
    {"00 00 00 00 03 61 20 22 5C 2F 7E", "/BYTES/a \"\\/~"},
    {"00 00 00 00 03 C3 A9 E2 82 AC F0 9F 98 80", "/BYTES/\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
    {"00 00 00 00 03 61 0A", "/BYTES/0x610a"},
    {"00 00 00 00 03 00", "/BYTES/0x00"},
    {"00 00 00 00 03 7F", "/BYTES/0x7f"},
    {"00 00 00 00 03 61 FF", "/BYTES/0x61ff"},
    {"00 00 00 00 03 C3", "/BYTES/0xc3"},                /* cut short */
    {"00 00 00 00 03 ED A0 80", "/BYTES/0xeda080"},      /* a surrogate */
    {"00 00 00 00 03 C0 80", "/BYTES/0xc080"},           /* longer than needed */
    {"00 00 00 00 03 EF BF BD", "/BYTES/0xefbfbd"},      /* U+FFFD */
    {"00 00 00 00 03 C2 A0", "/BYTES/0xc2a0"},           /* no-break space */
    {"00 00 00 00 03 C2 AD", "/BYTES/0xc2ad"},           /* soft hyphen: a format character */
    {"00 00 00 00 03 F4 90 80 80", "/BYTES/0xf4908080"}, /* above U+10FFFF */
    {"00 00 00 00 00 01", "/<err: unknown tag: UNKNOWN>"},
    {"01", "/<err: unknown tag: UNKNOWN>"},
    {"00 00 00 03", "/<err: unknown tag: UNKNOWN>"},
    {"00 00 00 00 64 01", "/<err: unknown tag: TIMESERIES>"},
    {"00 00 00 00 65", "/COUNTERS/"},
    {"00 00 00 00 65 01 00 00 00 00 00 00 00 FE FF FF FF FF FF FF FF", "/COUNTERS/1,-2"},
    {"00 00 00 00 65 01", "/<err: the size of counters should be a multiple of 8 bytes: 1>"},
    {"00 00 00 00 04 01", "/<err: unknown tag: TIME>"},
    {"00 00 00 00 0A 01", "/<err: unknown tag: TUPLE>"},
    {"00 00 00 00 01", "/<err: int64 varint decoding failed>"},
    {"00 00 00 00 02 01", "/<err: float64 value should be exactly 8 bytes: 1>"},
};
enum { PRINTED_COUNT = sizeof printed / sizeof printed[0] };

START_TEST(printed_forms)
{
    ck_ok(varve_value_print(hex(printed[_i].raw), &out, &err), &err);
    ck_buf_text(&out, printed[_i].text);
}
END_TEST

static const struct {
    double number;
    const char *text;
} floats[] = {
    {0.0, "0"},
    {-0.0, "-0"},
    {1.0, "1"},
    {-1.0, "-1"},
    {0.1, "0.1"},
    {0.5, "0.5"},
    {0.1 + 0.2, "0.30000000000000004"},
    {3.141592653589793, "3.141592653589793"},
    {10.0, "10"},
    {123.0, "123"},
    {100000.0, "100000"},
    {120000.0, "120000"},
    {123456.0, "123456"},
    {123456.75, "123456.75"},
    {1000000.0, "1e+06"},
    {1234567.0, "1.234567e+06"},
    {123456789.0, "1.23456789e+08"},
    {1e21, "1e+21"},
    {1e100, "1e+100"},
    {0.01, "0.01"},
    {0.0001, "0.0001"},
    {0.00012345, "0.00012345"},
    {0.00001, "1e-05"},
    {0.000012345, "1.2345e-05"},
    {-1.5e-10, "-1.5e-10"},
    {5e-324, "5e-324"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {9007199254740993.0, "9.007199254740992e+15"},
    {INFINITY, "+Inf"},
    {-INFINITY, "-Inf"},
    {NAN, "NaN"},
};
enum { FLOAT_COUNT = sizeof floats / sizeof floats[0] };

static void print_float(double number, char *text, size_t room)
{
    varve_buf raw = VARVE_BUF_INIT;
    out.size = 0;
    ck_ok(varve_value_set_float(&raw, number, &err), &err);
    ck_ok(varve_value_print(varve_buf_slice(&raw), &out, &err), &err);
    varve_buf_release(&raw);
    ck_assert_uint_gt(out.size, strlen("/FLOAT/"));
    ck_assert_mem_eq(out.data, "/FLOAT/", strlen("/FLOAT/"));
    snprintf(text, room, "%.*s", (int)(out.size - strlen("/FLOAT/")),
             (const char *)out.data + strlen("/FLOAT/"));
}

START_TEST(floats_are_printed_short)
{
    char text[100];
    print_float(floats[_i].number, text, sizeof text);
    ck_assert_str_eq(text, floats[_i].text);
}
END_TEST

static int digits_of(const char *text)
{
    int leading = 0;
    int count = 0;
    int zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        leading = leading || (*text >= '1' && *text <= '9');
        if (*text < '0' || *text > '9' || !leading)
            continue;
        count++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return count - zeros;
}

/* What is printed reads back as the same number, and no shorter text would. */
START_TEST(any_float_is_read_back_from_the_fewest_digits)
{
    test_random random = test_random_start();
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = test_random_next(&random);
        double number;
        memcpy(&number, &bits, sizeof number);
        if (test_random_below(&random, 2) == 0)
            number = (double)(int64_t)(bits % 2000000) / 1000;
        if (!isfinite(number) || number == 0)
            continue;
        char text[100];
        print_float(number, text, sizeof text);
        ck_assert_msg(strtod(text, NULL) == number, "%s is not %.17g", text, number);
        char shorter[100];
        int digits = digits_of(text);
        if (digits > 1) {
            snprintf(shorter, sizeof shorter, "%.*e", digits - 2, number);
            ck_assert_msg(strtod(shorter, NULL) != number, "%s is longer than %s", text, shorter);
        }
    }
}
END_TEST

/* ---- Without memory ----------------------------------------------------------------------------
 */

static varve_status set_and_print(void *context, varve_error *error)
{
    const char *const *raw = context;
    varve_slice value = hex(*raw);
    varve_buf text = {malloc(2), 2, 2};
    memcpy(text.data, "ok", 2);
    varve_status status = varve_value_print(value, &text, error);
    if (status != VARVE_OK)
        ck_slice_eq(varve_buf_slice(&text), bytes("ok"));
    else
        ck_assert_mem_eq(text.data, "ok/", 3);
    free(text.data);
    return status;
}

START_TEST(printing_can_run_out_of_memory)
{
    const char *raw = printed[_i].raw;
    ck_assert_uint_eq(fault_alloc_each(set_and_print, &raw), 1);
}
END_TEST

static varve_status set(void *context, varve_error *error)
{
    (void)context;
    varve_buf raw = VARVE_BUF_INIT;
    varve_status status = varve_value_set_int(&raw, 1, error);
    if (status == VARVE_OK)
        status = varve_value_set_bytes(&raw, repeated('x', 1000), error);
    if (status != VARVE_OK && raw.size > 0)
        ck_hex(varve_buf_slice(&raw), "00 00 00 00 01 02");
    varve_buf_release(&raw);
    return status;
}

START_TEST(setting_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(set, NULL), 2);
}
END_TEST

static void add_printing(Suite *suite)
{
    TCase *tcase = tcase_create("printing");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, printed_forms, 0, PRINTED_COUNT);
    tcase_add_loop_test(tcase, floats_are_printed_short, 0, FLOAT_COUNT);
    tcase_add_test(tcase, any_float_is_read_back_from_the_fewest_digits);
    tcase_add_loop_test(tcase, printing_can_run_out_of_memory, 0, PRINTED_COUNT);
    tcase_add_test(tcase, setting_can_run_out_of_memory);
    suite_add_tcase(suite, tcase);
}

static void add_checksum(Suite *suite)
{
    TCase *tcase = tcase_create("checksum");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, checksums_of_the_specification);
    tcase_add_test(tcase, a_checksum_of_zero_becomes_one);
    tcase_add_test(tcase, a_checksum_is_the_crc_at_any_size);
    tcase_add_test(tcase, a_checksum_is_set_once);
    tcase_add_test(tcase, absent_and_short_values_get_none);
    tcase_add_test(tcase, verifying);
    tcase_add_test(tcase, every_damaged_bit_is_found);
    tcase_add_test(tcase, long_keys_and_values_are_cut_in_the_message);
    tcase_add_test(tcase, equality_ignores_the_checksum);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("value");
    TCase *tcase = tcase_create("layout");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, byte_strings);
    tcase_add_test(tcase, tuples);
    tcase_add_loop_test(tcase, integers_are_zigzag_varints, 0, INTEGER_COUNT);
    tcase_add_test(tcase, any_integer_is_read_back);
    tcase_add_test(tcase, data_that_is_no_integer);
    tcase_add_test(tcase, truth_is_an_integer);
    tcase_add_test(tcase, floats_are_eight_bytes);
    tcase_add_test(tcase, counters_are_numbers_of_eight_bytes);
    tcase_add_loop_test(tcase, tags_have_numbers_and_names, 0, TAG_COUNT);
    tcase_add_test(tcase, getters_name_the_type_they_found);
    tcase_add_test(tcase, a_value_beyond_the_limit_is_refused);
    suite_add_tcase(suite, tcase);
    add_checksum(suite);
    add_printing(suite);
    return run_suite(suite);
}
