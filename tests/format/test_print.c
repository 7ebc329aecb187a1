#include "tests/support/support.h"

#include <varve/key.h>

#include "format/print.h"

static varve_error err = VARVE_ERROR_INIT;

static const struct {
    const char *key; /* in hexadecimal */
    const char *text;
} keys[] = {
    {"", "/Min"},
    {"FF FF", "/Max"},
    {"61", "\"a\""},
    {"63 00", "\"c\\x00\""},
    {"22 5C", "\"\\\"\\\\\""},
    {"07 08 09 0A 0B 0C 0D", "\"\\a\\b\\t\\n\\v\\f\\r\""},
    {"06 0E 1F 20", "\"\\x06\\x0e\\x1f \""},
    {"7F", "\"\\u007f\""},
    {"FF", "\"\\xff\""},
    {"FF FF 01", "\"\\xff\\xff\\x01\""},
    {"61 80 62", "\"a\\x80b\""},
    {"C3 A9 E2 82 AC F0 9F 98 80", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
    {"CC 81", "\"\xCC\x81\""},                   /* a combining mark */
    {"C3", "\"\\xc3\""},                         /* cut short */
    {"E2 82", "\"\\xe2\\x82\""},                 /* cut short */
    {"C0 80", "\"\\xc0\\x80\""},                 /* longer than needed */
    {"ED A0 80", "\"\\xed\\xa0\\x80\""},         /* a surrogate */
    {"F4 90 80 80", "\"\\xf4\\x90\\x80\\x80\""}, /* above U+10FFFF */
    {"C2 80", "\"\\u0080\""},                    /* a control character */
    {"C2 A0", "\"\\u00a0\""},                    /* no-break space */
    {"E3 80 80", "\"\\u3000\""},                 /* ideographic space */
    {"E2 80 A8", "\"\\u2028\""},                 /* line separator */
    {"E2 80 8B", "\"\\u200b\""},                 /* zero-width space: a format character */
    {"EE 80 80", "\"\\ue000\""},                 /* private use */
    {"CD B8", "\"\\u0378\""},                    /* unassigned */
    {"EF BF BD", "\"\\ufffd\""},
    {"EF BF BF", "\"\\uffff\""},
    {"F3 A0 80 81", "\"\\U000e0001\""},
    {"F4 8F BF BF", "\"\\U0010ffff\""},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

START_TEST(user_keys)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_key_print(hex(keys[_i].key), &text, &err), &err);
    ck_buf_text(&text, keys[_i].text);
    varve_buf_release(&text);
}
END_TEST

START_TEST(engine_keys)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_engine_key_print(hex("6B 00 01"), &text, &err), &err);
    ck_buf_text(&text, "\"k\"/0,0");
    text.size = 0;
    varve_slice version = hex("6B 00 01 FF FF FF FF FF FF FF F4 FF FF FF FF");
    ck_ok(varve_engine_key_print(version, &text, &err), &err);
    ck_buf_text(&text, "\"k\"/0.000000011,0");
    varve_buf_release(&text);
}
END_TEST

START_TEST(printing_appends)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_key_print(bytes("a"), &text, &err), &err);
    ck_ok(varve_key_print(bytes("b"), &text, &err), &err);
    ck_ok(varve_engine_key_print(hex("00 01"), &text, &err), &err);
    ck_buf_text(&text, "\"a\"\"b\"/Min/0,0");
    varve_buf_release(&text);
}
END_TEST

START_TEST(any_key_has_a_text_within_its_room)
{
    test_random random = test_random_start();
    for (int i = 0; i < 5000; i++) {
        unsigned char key[20];
        size_t size = test_random_below(&random, sizeof key);
        for (size_t j = 0; j < size; j++)
            key[j] = (unsigned char)test_random_next(&random);
        varve_buf text = VARVE_BUF_INIT;
        varve_slice exact = copy_of(varve_slice_of(key, size));
        ck_ok(varve_key_print(exact, &text, &err), &err);
        ck_assert_uint_le(text.size, varve__key_text_max(size));
        ck_assert(varve__is_printable(varve_buf_slice(&text)));
        varve_buf_release(&text);
    }
}
END_TEST

START_TEST(text_is_cut_between_characters_and_counted_whole)
{
    static char out[100];
    varve_slice key = bytes("a\x00\xC3\xA9z");
    static const char whole[] = "\"a\\x00\xC3\xA9z\"";
    /* Where a cut may be: behind the quote, a, \x00, e acute, z, the last quote. */
    static const size_t cuts[] = {0, 1, 2, 2, 2, 2, 6, 6, 8, 9, 10, 10};
    for (size_t room = 0; room < sizeof cuts / sizeof cuts[0]; room++) {
        varve__text text = {out, room, 0, 0};
        memset(out, '#', sizeof out);
        varve__text_add_key(&text, key);
        ck_assert_uint_eq(text.written, cuts[room]);
        ck_assert_uint_eq(text.size, sizeof whole - 1);
        ck_assert_mem_eq(out, whole, text.written);
        ck_assert_int_eq(out[room], '#');
    }
}
END_TEST

START_TEST(short_forms_say_that_they_are_cut)
{
    char out[20];
    ck_assert_str_eq(varve__key_brief(bytes("a"), out, sizeof out), "\"a\"");
    ck_assert_str_eq(varve__key_brief(bytes(""), out, sizeof out), "/Min");
    ck_assert_str_eq(varve__quote_brief(bytes(""), out, sizeof out), "\"\"");
    /* 15 characters have room beside the mark and the terminator. */
    ck_assert_str_eq(varve__key_brief(bytes("0123456789abc"), out, sizeof out),
                     "\"0123456789abc\"");
    ck_assert_str_eq(varve__key_brief(bytes("0123456789abcd"), out, sizeof out),
                     "\"0123456789abcd\"...");
    ck_assert_str_eq(varve__key_brief(bytes("0123456789abcdefgh"), out, sizeof out),
                     "\"0123456789abcd\"...");
    ck_assert_str_eq(varve__quote_brief(bytes("0123456789ab\x00z"), out, sizeof out),
                     "\"0123456789ab\"...");
    ck_assert_str_eq(varve__key_brief(repeated(0, 100), out, 9), "\"\"...");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("print");
    TCase *tcase = tcase_create("print");
    tcase_add_loop_test(tcase, user_keys, 0, KEY_COUNT);
    tcase_add_test(tcase, engine_keys);
    tcase_add_test(tcase, printing_appends);
    tcase_add_test(tcase, any_key_has_a_text_within_its_room);
    tcase_add_test(tcase, text_is_cut_between_characters_and_counted_whole);
    tcase_add_test(tcase, short_forms_say_that_they_are_cut);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
