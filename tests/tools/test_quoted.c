/* Text in double quotes is read back as it is printed. */
#include "tools/quoted.h"

#include "tests/support/support.h"

#include <varve/key.h>

static void assert_read(const char *text, varve_slice expected)
{
    struct bytes bytes = BYTES_INIT;
    size_t wrong_at;

    ck_assert_msg(quoted_read(&bytes, varve_slice_text(text), &wrong_at), "%s at %zu", text,
                  wrong_at);
    ck_slice_eq(bytes_slice(&bytes), expected);
    bytes_release(&bytes);
}

START_TEST(what_is_printed_is_read_back)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf text = VARVE_BUF_INIT;
    unsigned char key[3];

    /* Every byte, and between others: parts of characters, too. */
    for (unsigned i = 0; i < 65536; i++) {
        key[0] = 'a';
        key[1] = (unsigned char)(i >> 8);
        key[2] = (unsigned char)i;
        ck_ok(varve_key_print(varve_slice_of(key, 3), &text, &err), &err);
        struct bytes bytes = BYTES_INIT;
        size_t wrong_at;
        ck_assert_msg(quoted_read(&bytes, varve_buf_slice(&text), &wrong_at), "%u at %zu", i,
                      wrong_at);
        ck_slice_eq(bytes_slice(&bytes), varve_slice_of(key, 3));
        bytes_release(&bytes);
        text.size = 0;
    }
    varve_buf_release(&text);
}
END_TEST

START_TEST(characters)
{
    assert_read("\"\\u00e4\\u20AC\\U0001f600\"", bytes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
    assert_read("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\\U00010000\\U0010ffff\"",
                bytes("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf"
                      "\xbf"));
}
END_TEST

START_TEST(what_is_wrong_is_told)
{
    static const struct {
        const char *text;
        size_t at;
    } cases[] = {
        {"", 0},
        {"a", 0},
        {"\"", 0},
        {"\"a", 0},
        {"\"a\"b\"", 2},
        {"\"ab\\q\"", 3},
        {"\"\\\"", 1},
        {"\"\\x1\"", 1},
        {"\"\\x\"", 1},
        {"\"\\xg0\"", 1},
        {"\"\\u123\"", 1},
        {"\"\\ud800\"", 1},
        {"\"\\U\"", 1},
        {"\"a\\udfff\"", 2},
        {"\"\\U00110000\"", 1},
    };
    struct bytes bytes = BYTES_INIT;
    size_t wrong_at;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(!quoted_read(&bytes, varve_slice_text(cases[i].text), &wrong_at), "%s",
                      cases[i].text);
        ck_assert_msg(wrong_at == cases[i].at, "%s: %zu", cases[i].text, wrong_at);
        ck_assert_ptr_null(bytes.data);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quoted");
    TCase *tcase = tcase_create("quoted");
    tcase_add_test(tcase, what_is_printed_is_read_back);
    tcase_add_test(tcase, characters);
    tcase_add_test(tcase, what_is_wrong_is_told);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
