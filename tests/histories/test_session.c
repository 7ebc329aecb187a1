/* Sessions of histories: the dump of what is stored, and the ids of transactions. */
#include "tools/histories/session.h"

#include "tests/support/support.h"

static struct session session;

static void set_up(void)
{
    varve_error err = VARVE_ERROR_INIT;

    ck_assert(session_open(&session, VARVE_BACKEND_MEM, &err));
}

static void tear_down(void)
{
    session_close(&session);
}

static void store(const char *key, varve_ts ts, varve_slice value)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_buf engine_key = VARVE_BUF_INIT;

    ck_ok(varve_key_encode(varve_slice_text(key), ts, &engine_key, &err), &err);
    ck_ok(varve_writer_put(varve_engine_writer(session.engine), varve_buf_slice(&engine_key), value,
                           &err),
          &err);
    varve_buf_release(&engine_key);
}

static void check_dump(const char *expected)
{
    varve_error err = VARVE_ERROR_INIT;
    struct text text;

    text_begin(&text);
    ck_assert(session_dump(&session, text.file, &err));
    text_end(&text);
    ck_assert_msg(strncmp(text.data, expected, strlen(expected)) == 0, "%s", text.data);
    free(text.data);
}

START_TEST(an_empty_engine_has_no_data)
{
    check_dump("<no data>\n");
}
END_TEST

START_TEST(records_are_printed_in_their_order)
{
    store("b", varve_ts_of(1, 2), hex("00 00 00 00 01 04"));
    store("a", varve_ts_of(1, 0), bytes(""));
    store("a", varve_ts_of(2, 0), hex("00 00 00 00 03 00"));
    store("a", varve_ts_zero(), hex("12 04 08 00 10 00 18 00 20 00 28 00 32 06 00 00 00 00 03 76"));
    check_dump("meta: \"a\"/0,0 -> txn={<nil>} ts=0,0 del=false klen=0 vlen=0 raw=/BYTES/v\n"
               "data: \"a\"/0.000000002,0 -> /BYTES/0x00\n"
               "data: \"a\"/0.000000001,0 -> /<empty>\n"
               "data: \"b\"/0.000000001,2 -> /INT/2\n");
}
END_TEST

START_TEST(a_record_that_does_not_decode_is_printed_in_numbers)
{
    store("a", varve_ts_zero(), bytes("garbage"));
    check_dump("meta: \"a\"/0,0 -> error decoding proto from [103 97 114 98 97 103 101]: ");
}
END_TEST

START_TEST(ids_count_up)
{
    unsigned char id[VARVE_TXN_ID_SIZE];

    session_take_id(&session, id);
    ck_hex(varve_slice_of(id, sizeof id), "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01");
    for (int i = 2; i <= 256; i++)
        session_take_id(&session, id);
    ck_hex(varve_slice_of(id, sizeof id), "00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("histories/session");
    TCase *tcase = tcase_create("session");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, an_empty_engine_has_no_data);
    tcase_add_test(tcase, records_are_printed_in_their_order);
    tcase_add_test(tcase, a_record_that_does_not_decode_is_printed_in_numbers);
    tcase_add_test(tcase, ids_count_up);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
