#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>

#include <varve/ts.h>

#include "format/key.h"

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

static varve_slice encoded(varve_slice user_key, varve_ts ts)
{
    varve_buf buf = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(user_key, ts, &buf, &err), &err);
    varve_slice copy = copy_of(varve_buf_slice(&buf));
    varve_buf_release(&buf);
    return copy;
}

/* ---- The layout --------------------------------------------------------------------------------
 */

static const struct golden {
    varve_slice user_key;
    varve_ts ts;
    const char *engine_key;
} golden[] = {
#define KEY(literal)                                                                               \
    {                                                                                              \
        (const unsigned char *)(literal), sizeof(literal) - 1                                      \
    }
    {KEY(""), {0, 0}, "00 01"},
    {KEY("a"), {0, 0}, "61 00 01"},
    {KEY("a"), {INT64_MAX, INT32_MAX}, "61 00 01 80 00 00 00 00 00 00 00 80 00 00 00"},
    {KEY("a"), {INT64_MAX, 0}, "61 00 01 80 00 00 00 00 00 00 00 FF FF FF FF"},
    {KEY("a"), {1000000000, 0}, "61 00 01 FF FF FF FF C4 65 35 FF FF FF FF FF"},
    {KEY("a"), {1, 1}, "61 00 01 FF FF FF FF FF FF FF FE FF FF FF FE"},
    {KEY("a"), {1, 0}, "61 00 01 FF FF FF FF FF FF FF FE FF FF FF FF"},
    {KEY("a"), {0, 1}, "61 00 01 FF FF FF FF FF FF FF FF FF FF FF FE"},
    {KEY("a\x00"), {0, 0}, "61 00 FF 00 01"},
    {KEY("a\x00"
         "b"),
     {0, 0},
     "61 00 FF 62 00 01"},
    {KEY("\x00"), {0, 0}, "00 FF 00 01"},
    {KEY("\x00\xff"), {11, 0}, "00 FF FF 00 01 FF FF FF FF FF FF FF F4 FF FF FF FF"},
    {KEY("a\x00\x00"), {0, 1}, "61 00 FF 00 FF 00 01 FF FF FF FF FF FF FF FF FF FF FF FE"},
    {KEY("a\xff"), {0, 0}, "61 FF 00 01"},
    {KEY("\xff\xff"), {0, 0}, "FF FF 00 01"},
    {KEY("k/10"), {11, 0}, "6B 2F 31 30 00 01 FF FF FF FF FF FF FF F4 FF FF FF FF"},
    {KEY("a"), {5, 2147483646}, "61 00 01 FF FF FF FF FF FF FF FA 80 00 00 01"},
};
enum { GOLDEN_COUNT = sizeof golden / sizeof golden[0] };

START_TEST(golden_keys_encode)
{
    ck_ok(varve_key_encode(golden[_i].user_key, golden[_i].ts, &out, &err), &err);
    ck_hex(varve_buf_slice(&out), golden[_i].engine_key);
}
END_TEST

START_TEST(golden_keys_decode)
{
    varve_ts ts;
    varve_slice key = hex(golden[_i].engine_key);
    ck_ok(varve_key_decode(key, &out, &ts, &err), &err);
    ck_slice_eq(varve_buf_slice(&out), golden[_i].user_key);
    ck_assert_int_eq(varve_ts_compare(ts, golden[_i].ts), 0);
    ck_ok(varve_key_decode(key, NULL, NULL, &err), &err);
}
END_TEST

START_TEST(golden_keys_split)
{
    varve__key_parts parts;
    varve_slice key = hex(golden[_i].engine_key);
    fault_alloc_arm(1);
    ck_ok(varve__key_split(key, &parts, &err), &err);
    ck_assert(!fault_alloc_disarm());
    ck_slice_eq(parts.prefix, encoded(golden[_i].user_key, varve_ts_zero()));
    ck_assert_uint_eq(parts.prefix.size + parts.suffix.size, key.size);
    ck_assert_ptr_eq(parts.prefix.data, key.data);
    ck_assert_ptr_eq(parts.suffix.data, key.data + parts.prefix.size);
    ck_assert_uint_eq(varve__key_unescaped_size(parts.prefix), golden[_i].user_key.size);
    ck_assert_uint_eq(varve_key_prefix_size(key), parts.prefix.size);
}
END_TEST

START_TEST(negative_timestamps_are_not_encoded)
{
    ck_ok(varve_key_encode(bytes("kept"), varve_ts_zero(), &out, &err), &err);
    ck_fails(varve_key_encode(bytes("a"), varve_ts_of(-1, 0), &out, &err), VARVE_INVALID_ARGUMENT,
             &err, "a key cannot have a negative timestamp");
    ck_fails(varve_key_encode(bytes("a"), varve_ts_of(1, -1), &out, &err), VARVE_INVALID_ARGUMENT,
             &err, "a key cannot have a negative timestamp");
    ck_hex(varve_buf_slice(&out), "6B 65 70 74 00 01");
}
END_TEST

START_TEST(appending_keeps_what_is_there)
{
    ck_ok(varve__key_append(bytes("a"), varve_ts_zero(), &out, &err), &err);
    ck_ok(varve__key_append(bytes("b\x00"), varve_ts_of(1, 0), &out, &err), &err);
    ck_hex(varve_buf_slice(&out), "61 00 01 62 00 FF 00 01 FF FF FF FF FF FF FF FE FF FF FF FF");
}
END_TEST

START_TEST(a_key_longer_than_memory_is_refused)
{
    varve_slice endless = varve_slice_of("x", SIZE_MAX / 2);
    ck_status(varve_key_encode(endless, varve_ts_zero(), &out, &err), VARVE_NO_MEMORY, &err);
}
END_TEST

/* ---- Malformed keys ----------------------------------------------------------------------------
 */

static const struct malformed {
    const char *engine_key;
    const char *detail;
} malformed[] = {
    {"", "no terminator"},
    {"61", "no terminator"},
    {"61 62 FF 01", "no terminator"},
    {"61 00 FF", "no terminator"},
    {"00", "truncated escape"},
    {"61 00", "truncated escape"},
    {"61 00 FF 00", "truncated escape"},
    {"61 00 00 01", "unknown escape"},
    {"61 00 02", "unknown escape"},
    {"61 00 FE 00 01", "unknown escape"},
    {"61 00 01 00", "bad timestamp suffix length"},
    {"61 00 01 00 01", "bad timestamp suffix length"},
    {"61 00 01 FF FF FF FF FF FF FF FE", "bad timestamp suffix length"},
    {"61 00 01 FF FF FF FF FF FF FF FE FF FF FF", "bad timestamp suffix length"},
    {"61 00 01 FF FF FF FF FF FF FF FE FF FF FF FF FF", "bad timestamp suffix length"},
    {"61 00 01 FF FF FF FF FF FF FF FE FF FF FF FF 0D", "bad timestamp suffix length"},
    {"61 00 01 FF FF FF FF FF FF FF FF FF FF FF FF", "zero timestamp must not be encoded"},
    {"61 00 01 7F FF FF FF FF FF FF FE FF FF FF FF", "negative timestamp"},
    {"61 00 01 FF FF FF FF FF FF FF FE 7F FF FF FF", "negative timestamp"},
    {"61 00 01 00 00 00 00 00 00 00 00 00 00 00 00", "negative timestamp"},
};
enum { MALFORMED_COUNT = sizeof malformed / sizeof malformed[0] };

START_TEST(malformed_keys_are_corrupt)
{
    char message[VARVE_ERROR_MESSAGE_MAX];
    snprintf(message, sizeof message, "unable to decode key: %s", malformed[_i].detail);
    varve_slice key = hex(malformed[_i].engine_key);
    varve_ts ts = {7, 7};
    varve__key_parts parts;
    ck_ok(varve_key_encode(bytes("kept"), varve_ts_zero(), &out, &err), &err);

    ck_fails(varve__key_split(key, &parts, &err), VARVE_CORRUPT_KEY, &err, message);
    ck_fails(varve_key_decode(key, &out, &ts, &err), VARVE_CORRUPT_KEY, &err, message);
    ck_fails(varve_engine_key_next(key, &out, &err), VARVE_CORRUPT_KEY, &err, message);
    ck_fails(varve__engine_key_check(key, &err), VARVE_CORRUPT_KEY, &err, message);
    ck_fails(varve_engine_key_print(key, &out, &err), VARVE_CORRUPT_KEY, &err, message);
    ck_hex(varve_buf_slice(&out), "6B 65 70 74 00 01");
    ck_assert_int_eq(ts.wall, 7);
}
END_TEST

/* Every strict prefix of a version is its metadata key or malformed; no byte of it may be read. */
START_TEST(keys_cut_short_are_never_read_beyond)
{
    varve_slice whole = encoded(bytes("a\x00"
                                      "bc"),
                                varve_ts_of(3, 4));
    for (size_t size = 0; size < whole.size; size++) {
        varve_status status =
            varve_key_decode(copy_of(varve_slice_of(whole.data, size)), &out, NULL, NULL);
        ck_assert_int_eq(status,
                         size == varve_key_prefix_size(whole) ? VARVE_OK : VARVE_CORRUPT_KEY);
    }
}
END_TEST

/* ---- Order and round trip ----------------------------------------------------------------------
 */

struct decoded {
    varve_slice user_key;
    varve_ts ts;
};

static struct decoded random_decoded(test_random *random)
{
    static const unsigned char letters[] = {0x00, 0x01, 0x02, 'a', 0xFE, 0xFF};
    static const int64_t walls[] = {0, 1, 2, 255, 256, 1000000000, INT64_MAX - 1, INT64_MAX};
    static const int32_t logicals[] = {0, 1, 2, 255, INT32_MAX - 1, INT32_MAX};
    unsigned char key[6];
    size_t size = test_random_below(random, sizeof key);
    for (size_t i = 0; i < size; i++)
        key[i] = letters[test_random_below(random, sizeof letters)];
    struct decoded result = {
        copy_of(varve_slice_of(key, size)),
        {walls[test_random_below(random, 8)], logicals[test_random_below(random, 6)]}};
    if (test_random_below(random, 4) == 0)
        result.ts = varve_ts_zero();
    return result;
}

/* User keys first; of one user key the metadata first, then the newest version. */
static int compare_decoded(struct decoded a, struct decoded b)
{
    int keys = varve_slice_compare(a.user_key, b.user_key);
    if (keys != 0)
        return keys;
    bool a_is_version = !varve_ts_is_zero(a.ts);
    bool b_is_version = !varve_ts_is_zero(b.ts);
    if (a_is_version != b_is_version)
        return a_is_version ? 1 : -1;
    return varve_ts_compare(b.ts, a.ts);
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* A metadata record, then versions, newest first, and only then the next user key. */
START_TEST(TestMVCCKeys)
{
    const struct decoded ascending[] = {
        {bytes("a"), varve_ts_zero()},       {bytes("a"), varve_ts_max()},
        {bytes("a"), varve_ts_of(1, 1)},     {bytes("a"), varve_ts_of(1, 0)},
        {bytes("a"), varve_ts_of(0, 1)},     {bytes("a\x00"), varve_ts_zero()},
        {bytes("a\x00"), varve_ts_of(1, 0)}, {bytes("aa"), varve_ts_of(1, 0)},
        {bytes("b"), varve_ts_zero()},
    };
    for (size_t i = 1; i < sizeof ascending / sizeof ascending[0]; i++) {
        varve_slice before = encoded(ascending[i - 1].user_key, ascending[i - 1].ts);
        varve_slice key = encoded(ascending[i].user_key, ascending[i].ts);
        ck_assert_msg(varve_slice_compare(before, key) < 0, "%s is not before %s", hex_text(before),
                      hex_text(key));
    }
}
END_TEST

START_TEST(bytes_order_as_keys_do)
{
    test_random random = test_random_start();
    for (int i = 0; i < 20000; i++) {
        struct decoded a = random_decoded(&random);
        struct decoded b = random_decoded(&random);
        if (test_random_below(&random, 3) == 0)
            b.user_key = a.user_key;
        varve_slice a_bytes = encoded(a.user_key, a.ts);
        varve_slice b_bytes = encoded(b.user_key, b.ts);
        ck_assert_msg(sign(varve_slice_compare(a_bytes, b_bytes)) == sign(compare_decoded(a, b)),
                      "%s and %s are in the wrong order", hex_text(a_bytes), hex_text(b_bytes));
    }
}
END_TEST

START_TEST(decoding_gives_back_what_was_encoded)
{
    test_random random = test_random_start();
    for (int i = 0; i < 20000; i++) {
        struct decoded key = random_decoded(&random);
        varve_slice engine_key = encoded(key.user_key, key.ts);
        varve_ts ts;
        ck_ok(varve_key_decode(engine_key, &out, &ts, &err), &err);
        ck_slice_eq(varve_buf_slice(&out), key.user_key);
        ck_assert_int_eq(varve_ts_compare(ts, key.ts), 0);

        varve_slice prefix = encoded(key.user_key, varve_ts_zero());
        ck_assert_uint_eq(varve_key_prefix_size(engine_key), prefix.size);
        ck_assert_uint_eq(varve__key_unescaped_size(prefix), key.user_key.size);
        varve_slice viewed;
        ck_ok(varve__key_view(prefix, &out, &viewed, &err), &err);
        ck_slice_eq(viewed, key.user_key);
    }
}
END_TEST

/* ---- From key to key ---------------------------------------------------------------------------
 */

/* About as long as a few words, and alike but for some bytes, of which a few are escaped. */
static varve_slice random_alike(test_random *random)
{
    static const unsigned char letters[] = {'a', 'b', 0x01, 0xFF, 0x80, 0x00};
    unsigned char key[36];
    size_t size = test_random_below(random, 4) * 8 + test_random_below(random, 12);
    memset(key, 'a', size);
    for (size_t changes = test_random_below(random, 3); size > 0 && changes > 0; changes--)
        key[test_random_below(random, size)] = letters[test_random_below(random, sizeof letters)];
    return copy_of(varve_slice_of(key, size));
}

static bool is_plain(varve_slice user_key)
{
    return user_key.size == 0 || memchr(user_key.data, 0x00, user_key.size) == NULL;
}

/* Whether the prefix of `before` becomes that of `engine_key`, and else stays as it was. */
static bool follows(varve_slice before, varve_slice engine_key)
{
    varve_slice prefix = encoded(before, varve_ts_zero());
    unsigned char *bytes = (unsigned char *)malloc(prefix.size);
    memcpy(bytes, prefix.data, prefix.size);
    bool followed = varve__key_follow_plain(engine_key, bytes, prefix.size);
    ck_slice_eq(varve_slice_of(bytes, prefix.size),
                followed ? varve_slice_of(engine_key.data, varve_key_prefix_size(engine_key))
                         : prefix);
    free(bytes);
    return followed;
}

START_TEST(a_plain_key_follows_another_of_its_size)
{
    test_random random = test_random_start();
    int followed = 0;
    for (int i = 0; i < 20000; i++) {
        varve_slice before = random_alike(&random);
        varve_slice after = random_alike(&random);
        if (!is_plain(before))
            continue;
        bool expected = after.size == before.size && after.size >= 8 && is_plain(after) &&
                        !varve_slice_equal(before, after);
        ck_assert_int_eq(follows(before, encoded(after, varve_ts_of(5, 0))), expected);
        ck_assert(!follows(before, encoded(after, varve_ts_zero())));
        followed += expected;
    }
    ck_assert_int_gt(followed, 100);
}
END_TEST

/* One byte of a key that follows is another one, or the last ones are missing. */
START_TEST(what_is_malformed_does_not_follow)
{
    test_random random = test_random_start();
    for (int i = 0; i < 20000; i++) {
        unsigned char bytes[64];
        varve_slice before = random_alike(&random);
        varve_slice key = encoded(random_alike(&random), varve_ts_of(1, 0));
        if (!is_plain(before))
            continue;
        memcpy(bytes, key.data, key.size);
        static const unsigned char others[] = {0x00, 0x01, 0xFF, 0x7F, 'a'};
        bytes[test_random_below(&random, key.size)] =
            others[test_random_below(&random, sizeof others)];
        key.size -= test_random_below(&random, 3) == 0 ? test_random_below(&random, 3) : 0;
        key = copy_of(varve_slice_of(bytes, key.size));
        varve__key_parts parts;
        if (follows(before, key)) {
            ck_ok(varve__key_split(key, &parts, &err), &err);
            ck_assert_uint_eq(parts.suffix.size, VARVE__SUFFIX_SIZE);
            ck_assert_uint_eq(varve__key_unescaped_size(parts.prefix) + 2, parts.prefix.size);
        }
    }
}
END_TEST

/* ---- Derived keys ------------------------------------------------------------------------------
 */

START_TEST(the_next_user_key_has_one_more_zero)
{
    ck_ok(varve_key_next(bytes("a"), &out, &err), &err);
    ck_slice_eq(varve_buf_slice(&out), bytes("a\x00"));
    ck_ok(varve_key_next(bytes(""), &out, &err), &err);
    ck_slice_eq(varve_buf_slice(&out), bytes("\x00"));
}
END_TEST

static const struct {
    varve_slice prefix;
    varve_slice end;
} prefix_ends[] = {
    {KEY("a"), KEY("b")},         {KEY("a\xff"), KEY("b")},           {KEY("a\xff\xff"), KEY("b")},
    {KEY("a\x00"), KEY("a\x01")}, {KEY("a\xfe\xff"), KEY("a\xff")},   {KEY(""), KEY("\xff\xff")},
    {KEY("\xff"), KEY("\xff")},   {KEY("\xff\xff"), KEY("\xff\xff")},
};
enum { PREFIX_END_COUNT = sizeof prefix_ends / sizeof prefix_ends[0] };

START_TEST(the_end_of_a_prefix)
{
    ck_ok(varve_key_prefix_end(prefix_ends[_i].prefix, &out, &err), &err);
    ck_slice_eq(varve_buf_slice(&out), prefix_ends[_i].end);
}
END_TEST

START_TEST(the_end_of_a_prefix_is_the_smallest_key_above)
{
    test_random random = test_random_start();
    for (int i = 0; i < 5000; i++) {
        varve_slice prefix = random_decoded(&random).user_key;
        varve_slice other = random_decoded(&random).user_key;
        ck_ok(varve_key_prefix_end(prefix, &out, &err), &err);
        varve_slice end = varve_buf_slice(&out);
        if (prefix.size == 0 || varve_slice_equal(prefix, end))
            continue;
        bool has_prefix =
            other.size >= prefix.size && memcmp(other.data, prefix.data, prefix.size) == 0;
        bool in_range =
            varve_slice_compare(prefix, other) <= 0 && varve_slice_compare(other, end) < 0;
        ck_assert_msg(has_prefix == in_range, "%s against the prefix %s", hex_text(other),
                      hex_text(prefix));
    }
}
END_TEST

static const struct {
    const char *key;
    const char *next;
} engine_nexts[] = {
    /* (1,1) -> (1,0) -> (0, 2^31-1) -> ... -> (0,1) -> the metadata of "a\0" */
    {"61 00 01 FF FF FF FF FF FF FF FE FF FF FF FE",
     "61 00 01 FF FF FF FF FF FF FF FE FF FF FF FF"},
    {"61 00 01 FF FF FF FF FF FF FF FE FF FF FF FF",
     "61 00 01 FF FF FF FF FF FF FF FF 80 00 00 00"},
    {"61 00 01 FF FF FF FF FF FF FF FF FF FF FF FE", "61 00 FF 00 01"},
    {"00 FF 00 01 FF FF FF FF FF FF FF FF FF FF FF FE", "00 FF 00 FF 00 01"},
    {"00 01 FF FF FF FF FF FF FF FF FF FF FF FE", "00 FF 00 01"},
    {"61 00 01 80 00 00 00 00 00 00 00 80 00 00 00",
     "61 00 01 80 00 00 00 00 00 00 00 80 00 00 01"},
};
enum { ENGINE_NEXT_COUNT = sizeof engine_nexts / sizeof engine_nexts[0] };

START_TEST(the_engine_key_behind_a_version)
{
    ck_ok(varve_engine_key_next(hex(engine_nexts[_i].key), &out, &err), &err);
    ck_hex(varve_buf_slice(&out), engine_nexts[_i].next);
}
END_TEST

START_TEST(a_metadata_key_has_no_next_version)
{
    ck_fails(varve_engine_key_next(hex("61 00 01"), &out, &err), VARVE_INVALID_ARGUMENT, &err,
             "a metadata key has no next version");
}
END_TEST

START_TEST(the_bound_above_all_records_of_a_key)
{
    varve_slice prefix = encoded(bytes("a\x00"), varve_ts_zero());
    ck_ok(varve__key_append_prefix_end(prefix, &out, &err), &err);
    ck_hex(varve_buf_slice(&out), "61 00 FF 00 02");
    varve_slice end = varve_buf_slice(&out);
    ck_assert_int_lt(varve_slice_compare(encoded(bytes("a\x00"), varve_ts_min()), end), 0);
    ck_assert_int_lt(varve_slice_compare(end, encoded(bytes("a\x00\x00"), varve_ts_zero())), 0);
}
END_TEST

START_TEST(a_span_maps_to_metadata_positions)
{
    varve_buf upper = VARVE_BUF_INIT;
    varve_span span = {bytes("a"), bytes("b\x00")};
    ck_ok(varve_span_encode(span, &out, &upper, &err), &err);
    ck_hex(varve_buf_slice(&out), "61 00 01");
    ck_hex(varve_buf_slice(&upper), "62 00 FF 00 01");

    span = (varve_span){bytes(""), varve_key_max()};
    ck_ok(varve_span_encode(span, &out, &upper, &err), &err);
    ck_hex(varve_buf_slice(&out), "");
    ck_hex(varve_buf_slice(&upper), "FF FF 00 01");

    span = (varve_span){bytes("a"), bytes("")};
    ck_ok(varve_span_encode(span, &out, &upper, &err), &err);
    ck_hex(varve_buf_slice(&upper), "");
    varve_buf_release(&upper);
}
END_TEST

/* ---- Limits ------------------------------------------------------------------------------------
 */

START_TEST(legal_user_keys_pass)
{
    ck_ok(varve_key_check(bytes("\x00"), &err), &err);
    ck_ok(varve_key_check(bytes("\xff"), &err), &err);
    ck_ok(varve_key_check(bytes("\xff\xfe\xff\xff"), &err), &err);
    ck_ok(varve_key_check(repeated('k', VARVE_KEY_SIZE_MAX), &err), &err);
    ck_ok(varve_key_check(repeated(0, VARVE_KEY_SIZE_MAX), &err), &err);
}
END_TEST

START_TEST(illegal_user_keys_are_named)
{
    ck_fails(varve_key_check(bytes(""), &err), VARVE_EMPTY_KEY, &err,
             "attempted access to empty key");
    ck_fails(varve_key_check(bytes("\xff\xff"), &err), VARVE_INVALID_KEY, &err,
             "invalid key: /Max is not below /Max");
    ck_fails(varve_key_check(bytes("\xff\xff\x01"), &err), VARVE_INVALID_KEY, &err,
             "invalid key: \"\\xff\\xff\\x01\" is not below /Max");
    ck_fails(varve_key_check(repeated('k', VARVE_KEY_SIZE_MAX + 1), &err), VARVE_INVALID_KEY, &err,
             "invalid key: 65537 bytes exceed the limit of 65536");
}
END_TEST

START_TEST(engine_keys_are_held_to_the_limits_of_user_keys)
{
    ck_ok(varve__engine_key_check(hex("00 01"), &err), &err);
    ck_ok(varve__engine_key_check(encoded(bytes("\xff"), varve_ts_max()), &err), &err);
    /* As long as a key can get, and one byte longer, with and without escapes. */
    varve_slice longest = encoded(repeated(0, VARVE_KEY_SIZE_MAX), varve_ts_max());
    ck_assert_uint_eq(longest.size, VARVE_ENGINE_KEY_SIZE_MAX);
    ck_ok(varve__engine_key_check(longest, &err), &err);
    for (unsigned char byte = 0; byte < 2; byte++) {
        varve_slice too_long = encoded(repeated(byte, VARVE_KEY_SIZE_MAX + 1), varve_ts_max());
        ck_fails(varve__engine_key_check(too_long, &err), VARVE_INVALID_KEY, &err,
                 "invalid key: 65537 bytes exceed the limit of 65536");
    }
    ck_fails(varve__engine_key_check(hex("FF FF 00 01"), &err), VARVE_INVALID_KEY, &err,
             "invalid key: it is not below /Max");
    ck_fails(varve__engine_key_check(hex("FF FF 00 FF 00 01"), &err), VARVE_INVALID_KEY, &err,
             "invalid key: it is not below /Max");
}
END_TEST

START_TEST(the_prefix_of_bytes_without_a_terminator_is_all_of_them)
{
    static const char *const without[] = {"", "61", "00", "61 00", "61 00 02", "61 00 FF 01"};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        varve_slice key = hex(without[i]);
        ck_assert_uint_eq(varve_key_prefix_size(key), key.size);
    }
    ck_assert_uint_eq(varve_key_prefix_size(hex("61 00 FF 00 01 00 01")), 5);
    ck_assert_uint_eq(varve_key_prefix_size(hex("00 01 61 00 01")), 2);
}
END_TEST

START_TEST(accounted_sizes_follow_their_formulas)
{
    varve_slice a = bytes("a");
    ck_assert_uint_eq(varve_key_encoded_size(a, varve_ts_zero()), 2);
    ck_assert_uint_eq(varve_key_encoded_size(a, varve_ts_of(1, 0)), 14);
    ck_assert_uint_eq(varve_key_encoded_size(a, varve_ts_of(0, 1)), 14);
    ck_assert_uint_eq(varve_key_scan_size(a, varve_ts_zero()), 2);
    ck_assert_uint_eq(varve_key_scan_size(a, varve_ts_of(1, 0)), 11);
    ck_assert_uint_eq(varve_key_scan_size(a, varve_ts_of(1, 1)), 15);
    ck_assert_uint_eq(varve_key_scan_size(a, varve_ts_of(0, 1)), 15);
    ck_assert_uint_eq(varve_key_scan_size(bytes("a\x00"), varve_ts_zero()), 3);
    ck_assert_uint_eq(VARVE_VERSION_TS_SIZE, 12);
}
END_TEST

START_TEST(bounds_of_the_key_space)
{
    ck_hex(varve_key_max(), "FF FF");
    ck_hex(varve_key_app_min(), "02");
}
END_TEST

/* ---- Without memory ----------------------------------------------------------------------------
 */

typedef varve_status call(varve_buf *buf, varve_error *error);

static varve_status call_encode(varve_buf *buf, varve_error *error)
{
    return varve_key_encode(bytes("a"), varve_ts_of(1, 1), buf, error);
}

static varve_status call_append(varve_buf *buf, varve_error *error)
{
    return varve__key_append(repeated('a', 100), varve_ts_of(1, 1), buf, error);
}

static varve_status call_decode(varve_buf *buf, varve_error *error)
{
    return varve_key_decode(hex("61 00 01"), buf, NULL, error);
}

static varve_status call_unescape(varve_buf *buf, varve_error *error)
{
    return varve__key_unescape(hex("61 62 63 64 00 01"), buf, error);
}

static varve_status call_view(varve_buf *buf, varve_error *error)
{
    varve_slice viewed;
    return varve__key_view(hex("61 00 FF 63 00 01"), buf, &viewed, error);
}

static varve_status call_next(varve_buf *buf, varve_error *error)
{
    return varve_key_next(bytes("abc"), buf, error);
}

static varve_status call_prefix_end(varve_buf *buf, varve_error *error)
{
    return varve_key_prefix_end(bytes("abc"), buf, error);
}

static varve_status call_engine_next(varve_buf *buf, varve_error *error)
{
    return varve_engine_key_next(hex("61 00 01 FF FF FF FF FF FF FF FF FF FF FF FE"), buf, error);
}

static varve_status call_append_prefix_end(varve_buf *buf, varve_error *error)
{
    return varve__key_append_prefix_end(repeated('a', 100), buf, error);
}

static varve_status call_print(varve_buf *buf, varve_error *error)
{
    return varve_key_print(repeated('a', 100), buf, error);
}

static varve_status call_engine_print(varve_buf *buf, varve_error *error)
{
    return varve_engine_key_print(hex("61 00 01"), buf, error);
}

static varve_status call_span(varve_buf *buf, varve_error *error)
{
    varve_buf upper = VARVE_BUF_INIT;
    varve_span span = {bytes("a"), repeated('b', 1000)};
    varve_status status = varve_span_encode(span, buf, &upper, error);
    varve_buf_release(&upper);
    return status;
}

static call *const calls[] = {call_encode,     call_append,      call_decode,
                              call_unescape,   call_view,        call_next,
                              call_prefix_end, call_engine_next, call_append_prefix_end,
                              call_print,      call_engine_print};
enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

/* Calls one of them with a buffer in which there is something, but hardly room. */
static varve_status call_with_full_buffer(void *context, varve_error *error)
{
    call *const *called = context;
    varve_buf buf = {malloc(2), 2, 2};
    memcpy(buf.data, "ok", 2);
    varve_status status = (*called)(&buf, error);
    if (status != VARVE_OK)
        ck_slice_eq(varve_buf_slice(&buf), bytes("ok"));
    free(buf.data);
    return status;
}

START_TEST(without_memory_the_output_stays_as_it_was)
{
    call *called = calls[_i];
    ck_assert_uint_ge(fault_alloc_each(call_with_full_buffer, &called), 1);
}
END_TEST

static varve_status span_once(void *context, varve_error *error)
{
    (void)context;
    varve_buf lower = VARVE_BUF_INIT;
    varve_status status = call_span(&lower, error);
    varve_buf_release(&lower);
    return status;
}

START_TEST(encoding_a_span_can_run_out_of_memory)
{
    ck_assert_uint_eq(fault_alloc_each(span_once, NULL), 2);
}
END_TEST

static void add_derived(Suite *suite)
{
    TCase *tcase = tcase_create("derived");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_next_user_key_has_one_more_zero);
    tcase_add_loop_test(tcase, the_end_of_a_prefix, 0, PREFIX_END_COUNT);
    tcase_add_test(tcase, the_end_of_a_prefix_is_the_smallest_key_above);
    tcase_add_loop_test(tcase, the_engine_key_behind_a_version, 0, ENGINE_NEXT_COUNT);
    tcase_add_test(tcase, a_metadata_key_has_no_next_version);
    tcase_add_test(tcase, the_bound_above_all_records_of_a_key);
    tcase_add_test(tcase, a_span_maps_to_metadata_positions);
    tcase_add_test(tcase, legal_user_keys_pass);
    tcase_add_test(tcase, illegal_user_keys_are_named);
    tcase_add_test(tcase, engine_keys_are_held_to_the_limits_of_user_keys);
    tcase_add_test(tcase, the_prefix_of_bytes_without_a_terminator_is_all_of_them);
    tcase_add_test(tcase, accounted_sizes_follow_their_formulas);
    tcase_add_test(tcase, bounds_of_the_key_space);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("key");
    TCase *tcase = tcase_create("layout");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, golden_keys_encode, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tcase, golden_keys_decode, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tcase, golden_keys_split, 0, GOLDEN_COUNT);
    tcase_add_test(tcase, negative_timestamps_are_not_encoded);
    tcase_add_test(tcase, appending_keeps_what_is_there);
    tcase_add_test(tcase, a_key_longer_than_memory_is_refused);
    tcase_add_loop_test(tcase, malformed_keys_are_corrupt, 0, MALFORMED_COUNT);
    tcase_add_test(tcase, keys_cut_short_are_never_read_beyond);
    tcase_add_test(tcase, TestMVCCKeys);
    tcase_add_test(tcase, bytes_order_as_keys_do);
    tcase_add_test(tcase, decoding_gives_back_what_was_encoded);
    tcase_add_test(tcase, a_plain_key_follows_another_of_its_size);
    tcase_add_test(tcase, what_is_malformed_does_not_follow);
    suite_add_tcase(suite, tcase);
    add_derived(suite);
    TCase *memory = tcase_create("memory");
    tcase_add_checked_fixture(memory, set_up, tear_down);
    tcase_add_loop_test(memory, without_memory_the_output_stays_as_it_was, 0, CALL_COUNT);
    tcase_add_test(memory, encoding_a_span_can_run_out_of_memory);
    suite_add_tcase(suite, memory);
    return run_suite(suite);
}
