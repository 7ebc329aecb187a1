#include "engine/mem/mem.h"

#include "engine/engine.h"
#include "format/batch_repr.h"
#include "tests/support/backends.h"
#include "tests/support/records.h"

static varve__store *store;

static void set_up(void)
{
    backend_set_up_map();
    store = on.engine->store;
}

START_TEST(every_record_has_a_number)
{
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    put(on.writer, "c@1", "3");
    ck_assert_uint_eq(store->sequence, 3);
    clear(on.writer, "a");
    clear(on.writer, "never");
    ck_assert_uint_eq(store->sequence, 5);
    /* One event for each key that is there. */
    clear_range(on.writer, "a", "d");
    ck_assert_uint_eq(store->sequence, 7);
    clear_range(on.writer, "a", "d");
    ck_assert_uint_eq(store->sequence, 7);
}
END_TEST

START_TEST(info_counts_keys_and_bytes)
{
    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.estimated_keys, 0);
    for (int i = 0; i < 50; i++)
        put(on.writer, "k", "value");
    put(on.writer, "l", "value");
    put(on.writer, "m", "value");
    clear(on.writer, "l");
    ck_ok(varve_engine_get_info(on.engine, &info, &on.err), &on.err);
    ck_assert_uint_eq(info.estimated_keys, 2);
    ck_assert_uint_ge(info.memtable_bytes, 52 * 5);
    ck_assert_uint_eq(info.table_files, 0);
}
END_TEST

/* The engine refuses it before; a store that got it nevertheless must not take half of it. */
START_TEST(a_record_that_is_none_of_its_own_is_refused)
{
    varve_buf repr = VARVE_BUF_INIT;
    const varve_record good = {VARVE_RECORD_PUT, key_of("a"), bytes("must not appear")};
    const varve_record single = {VARVE_RECORD_SINGLE_CLEAR, key_of("b"), bytes("")};
    ck_ok(varve__repr_append(&repr, &good, &on.err), &on.err);
    ck_ok(varve__repr_append(&repr, &single, &on.err), &on.err);
    ck_fails(varve__mem_apply(store, varve_buf_slice(&repr), false, &on.err), VARVE_INTERNAL,
             &on.err, "record type 7 reached the store");
    ck_text(all_of(on.reader), "");
    put(on.writer, "b", "later");
    ck_text(all_of(on.reader), "b=later");
    repr.size = 5;
    ck_status(varve__mem_apply(store, varve_buf_slice(&repr), false, &on.err), VARVE_BAD_BATCH,
              &on.err);
    varve_buf_release(&repr);
}
END_TEST

/* What a failed commit left in the index is passed by, also where it is the newest of its key. */
START_TEST(what_a_failed_commit_left_is_not_seen)
{
    varve_buf repr = VARVE_BUF_INIT;
    const varve_record records[] = {
        {VARVE_RECORD_PUT, key_of("a"), bytes("failed")},
        {VARVE_RECORD_CLEAR, key_of("b"), bytes("")},
        {VARVE_RECORD_PUT, key_of("d"), bytes("failed")},
        {VARVE_RECORD_SINGLE_CLEAR, key_of("e"), bytes("")},
    };
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        ck_ok(varve__repr_append(&repr, &records[i], &on.err), &on.err);
    put(on.writer, "a", "1");
    put(on.writer, "b", "2");
    put(on.writer, "c", "3");
    for (int i = 0; i < 3; i++) {
        ck_status(varve__mem_apply(store, varve_buf_slice(&repr), false, &on.err), VARVE_INTERNAL,
                  &on.err);
        ck_text(all_of(on.reader), "a=1 b=2 c=3");
        put(on.writer, "c", "3");
        ck_text(all_of(on.reader), "a=1 b=2 c=3");
        ck_text(get(on.reader, "a"), "1");
        ck_text(get(on.reader, "d"), "-");
    }
    clear_range(on.writer, "", "z");
    ck_text(all_of(on.reader), "");
    varve_buf_release(&repr);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mem");
    TCase *tcase = tcase_create("mem");
    tcase_add_checked_fixture(tcase, set_up, backend_tear_down);
    tcase_add_test(tcase, every_record_has_a_number);
    tcase_add_test(tcase, info_counts_keys_and_bytes);
    tcase_add_test(tcase, a_record_that_is_none_of_its_own_is_refused);
    tcase_add_test(tcase, what_a_failed_commit_left_is_not_seen);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
