/* Commit labels, and values of files. */
#include "tools/file_value.h"
#include "tools/labels.h"

#include "tests/support/support.h"

#define SHA1_ID "0123456789abcdef0123456789abcdef01234567"
#define SHA256_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The raw value of a label at (2^32 + 1, 2), commit 3: header, wall time, logical part, number. */
#define RAW "00 00 00 00 03 | 00 00 00 01 00 00 00 01 | 00 00 00 02 | 00 00 00 00 00 00 00 03"

static varve_slice key_of(const char *id)
{
    static unsigned char key[LABEL_KEY_MAX];

    return label_key(varve_slice_text(id), key);
}

START_TEST(a_label_has_this_key)
{
    ck_hex(key_of(""), "01 76 67");
    ck_hex(key_of("01ab"), "01 76 67 30 31 61 62");
    ck_assert_uint_eq(key_of(SHA256_ID).size, LABEL_KEY_MAX);
}
END_TEST

START_TEST(a_label_has_these_bytes)
{
    const struct label label = {.ts = varve_ts_of(0x100000001, 2), .number = 3};
    unsigned char data[LABEL_DATA_SIZE];

    label_encode(&label, data);
    varve_slice raw = hex(RAW);
    ck_slice_eq(varve_slice_of(data, sizeof data),
                varve_slice_of(raw.data + VARVE_VALUE_HEADER_SIZE, LABEL_DATA_SIZE));
}
END_TEST

START_TEST(a_label_is_read)
{
    static const char *const ids[] = {SHA1_ID, SHA256_ID};
    struct label label;

    for (size_t i = 0; i < 2; i++) {
        ck_assert(label_decode(key_of(ids[i]), hex(RAW), &label));
        ck_assert_str_eq(label.id, ids[i]);
        ck_assert_int_eq(label.ts.wall, 0x100000001);
        ck_assert_int_eq(label.ts.logical, 2);
        ck_assert_uint_eq(label.number, 3);
    }
}
END_TEST

static const char *const bad_raws[] = {
    "",
    "00 00 00 00 03",
    "00 00 00 00 03 | 00 00 00 01 00 00 00 01 | 00 00 00 02 | 00 00 00 00 00 00 00",
    "00 00 00 00 03 | 00 00 00 01 00 00 00 01 | 00 00 00 02 | 00 00 00 00 00 00 00 03 00",
    "00 00 00 00 0A | 00 00 00 01 00 00 00 01 | 00 00 00 02 | 00 00 00 00 00 00 00 03",
    "00 00 00 00 03 | 80 00 00 01 00 00 00 01 | 00 00 00 02 | 00 00 00 00 00 00 00 03",
    "00 00 00 00 03 | 00 00 00 01 00 00 00 01 | 80 00 00 02 | 00 00 00 00 00 00 00 03",
};

START_TEST(a_damaged_label_is_none)
{
    struct label label;

    ck_assert(!label_decode(key_of(SHA1_ID), hex(bad_raws[_i]), &label));
}
END_TEST

START_TEST(another_key_is_no_label)
{
    static const char upper[] = "\x01vg0123456789ABCDEF0123456789abcdef01234567";
    struct label label;

    ck_assert(!label_decode(key_of(""), hex(RAW), &label));
    ck_assert(!label_decode(key_of("0123"), hex(RAW), &label));
    ck_assert(!label_decode(key_of(SHA1_ID "0"), hex(RAW), &label));
    ck_assert(!label_decode(varve_slice_text("\x01vi" SHA1_ID), hex(RAW), &label));
    ck_assert(!label_decode(varve_slice_text(upper), hex(RAW), &label));
    ck_assert(!label_decode(varve_slice_of("\x01v", 2), hex(RAW), &label));
}
END_TEST

START_TEST(a_file_is_taken_apart)
{
    struct file_value file;

    /* 100755 and two bytes; 120000 and none */
    ck_assert(file_value_decode(hex("00 00 00 00 0A 31 30 30 37 35 35 20 00 FF"), &file));
    ck_assert_str_eq(file.mode, FILE_MODE_EXECUTABLE);
    ck_hex(file.content, "00 FF");
    ck_assert(file_value_decode(hex("01 02 03 04 0A 31 32 30 30 30 30 20"), &file));
    ck_assert_str_eq(file.mode, FILE_MODE_SYMLINK);
    ck_assert_uint_eq(file.content.size, 0);
}
END_TEST

static const char *const no_files[] = {
    "",
    "00 00 00 00 0A",
    "00 00 00 00 0A 31 30 30 36 34 34",       /* no blank */
    "00 00 00 00 0A 31 30 30 36 34 34 30 20", /* seven digits */
    "00 00 00 00 0A 31 30 30 36 34 38 20",    /* not octal */
    "00 00 00 00 03 31 30 30 36 34 34 20 61", /* BYTES */
};

START_TEST(another_value_is_no_file)
{
    struct file_value file;

    ck_assert(!file_value_decode(copy_of(hex(no_files[_i])), &file));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("labels");
    TCase *tcase = tcase_create("labels");
    tcase_add_test(tcase, a_label_has_this_key);
    tcase_add_test(tcase, a_label_has_these_bytes);
    tcase_add_test(tcase, a_label_is_read);
    tcase_add_loop_test(tcase, a_damaged_label_is_none, 0, sizeof bad_raws / sizeof bad_raws[0]);
    tcase_add_test(tcase, another_key_is_no_label);
    tcase_add_test(tcase, a_file_is_taken_apart);
    tcase_add_loop_test(tcase, another_value_is_no_file, 0, sizeof no_files / sizeof no_files[0]);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
