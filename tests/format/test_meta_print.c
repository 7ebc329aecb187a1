#include "tests/support/support.h"

#include <varve/meta.h>

#include "format/conflict.h"
#include "format/meta.h"

static varve_error err = VARVE_ERROR_INIT;

static const struct {
    const char *record;
    const char *text;
} records[] = {
    {"0A 18 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 2A 02 08 0B 4A 00 12 04 08 0B "
     "10 00 18 00 20 0C 28 08",
     "txn={id=00000000 key=/Min pri=0.00000000 epo=0 ts=0.000000011,0 min=0,0 seq=0} "
     "ts=0.000000011,0 del=false klen=12 vlen=8"},
    {"0A 1F 0A 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 1A 01 61 20 01 2A 02 08 02 38 "
     "09 4A 00 12 04 08 02 10 00 18 00 20 0C 28 0A 42 0E 08 00 12 0A 00 00 00 00 03 66 69 72 73 "
     "74 42 04 08 03 12 00",
     "txn={id=00000000 key=\"a\" pri=0.00000000 epo=1 ts=0.000000002,0 min=0,0 seq=9} "
     "ts=0.000000002,0 del=false klen=12 vlen=10 ih={{0 /BYTES/first}{3 /<empty>}}"},
    {"12 04 08 00 10 00 18 00 20 00 28 00 32 06 00 00 00 00 03 76",
     "txn={<nil>} ts=0,0 del=false klen=0 vlen=0 raw=/BYTES/v"},
    /* Of a merge, whose timestamp is not shown. */
    {"12 04 08 00 10 00 18 00 20 00 28 00 32 08 00 00 00 00 03 64 65 66 3A 04 08 16 10 00",
     "txn={<nil>} ts=0,0 del=false klen=0 vlen=0 raw=/BYTES/def"},
    {"12 04 08 00 10 00 18 00 20 00 28 00 32 00", "txn={<nil>} ts=0,0 del=false klen=0 vlen=0"},
    {"18 01 12 04 08 07 10 02", "txn={<nil>} ts=0.000000007,2 del=true klen=0 vlen=0"},
    {"", "txn={<nil>} ts=0,0 del=false klen=0 vlen=0"},
};

START_TEST(a_record_has_this_text)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_meta_print(hex(records[_i].record), &text, &err), &err);
    ck_buf_text(&text, records[_i].text);
    varve_buf_release(&text);
}
END_TEST

START_TEST(an_example_with_sequence_numbers)
{
    varve__meta meta = {.has_txn = true, .ts = {11, 0}, .key_bytes = 12, .val_bytes = 6};
    varve__history_entry history[] = {{10, bytes("\0\0\0\0\x03"
                                                 "a")},
                                      {20, bytes("\0\0\0\0\x03"
                                                 "b")}};
    varve_buf record = VARVE_BUF_INIT;
    varve_buf text = VARVE_BUF_INIT;
    meta.txn.id[15] = 1;
    meta.txn.write_ts.wall = 11;
    meta.txn.sequence = 30;
    meta.history_count = 2;
    ck_ok(varve__meta_append(&meta, history, &record, &err), &err);
    ck_ok(varve_meta_print(varve_buf_slice(&record), &text, &err), &err);
    ck_buf_text(&text, "txn={id=00000000 key=/Min pri=0.00000000 epo=0 ts=0.000000011,0 min=0,0 "
                       "seq=30} ts=0.000000011,0 del=false klen=12 vlen=6 "
                       "ih={{10 /BYTES/a}{20 /BYTES/b}}");
    varve_buf_release(&text);
    varve_buf_release(&record);
}
END_TEST

static varve_slice conflict_record(void)
{
    varve_buf field = VARVE_BUF_INIT;
    varve_buf record = VARVE_BUF_INIT;
    varve__conflict conflict = {.code = VARVE__CONFLICT_TYPES, .text = bytes("\"odd\" types")};
    varve__meta meta = {.has_conflict = true};
    ck_ok(varve__conflict_append(&conflict, &field, &err), &err);
    meta.conflict = varve_buf_slice(&field);
    ck_ok(varve__meta_append(&meta, NULL, &record, &err), &err);
    varve_slice kept = copy_of(varve_buf_slice(&record));
    varve_buf_release(&record);
    varve_buf_release(&field);
    return kept;
}

START_TEST(merges_that_do_not_fit_say_why)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_meta_print(conflict_record(), &text, &err), &err);
    ck_buf_text(&text, "txn={<nil>} ts=0,0 del=false klen=0 vlen=0 conflict=\"\\\"odd\\\" types\"");
    varve_buf_release(&text);
}
END_TEST

START_TEST(what_does_not_decode_leaves_the_text)
{
    varve_buf text = VARVE_BUF_INIT;
    ck_ok(varve_meta_print(hex("18 01"), &text, &err), &err);
    size_t before = text.size;
    ck_status(varve_meta_print(bytes("garbage"), &text, &err), VARVE_CORRUPT, &err);
    const char *front = "unable to decode MVCCMetadata: ";
    ck_assert_mem_eq(err.message, front, strlen(front));
    ck_assert_uint_eq(text.size, before);
    /* The reason of a conflict, too, that is cut short. */
    ck_status(varve_meta_print(hex("18 01 A2 06 01 FF"), &text, &err), VARVE_CORRUPT, &err);
    ck_assert_uint_eq(text.size, before);
    varve_error_release(&err);
    varve_buf_release(&text);
}
END_TEST

static varve_status print_all(void *context, varve_error *error)
{
    varve_slice conflict = *(const varve_slice *)context;
    varve_buf text = VARVE_BUF_INIT;
    varve_status status = varve_meta_print(hex(records[1].record), &text, error);
    ck_assert_int_eq(text.size > 0, status == VARVE_OK);
    if (status == VARVE_OK)
        status = varve_meta_print(conflict, &text, error);
    varve_buf_release(&text);
    return status;
}

START_TEST(printing_can_run_out_of_memory)
{
    varve_slice conflict = conflict_record();
    ck_assert_uint_gt(fault_alloc_each(print_all, &conflict), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("meta_print");
    TCase *tcase = tcase_create("meta_print");
    tcase_add_loop_test(tcase, a_record_has_this_text, 0, sizeof records / sizeof records[0]);
    tcase_add_test(tcase, an_example_with_sequence_numbers);
    tcase_add_test(tcase, merges_that_do_not_fit_say_why);
    tcase_add_test(tcase, what_does_not_decode_leaves_the_text);
    tcase_add_test(tcase, printing_can_run_out_of_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
