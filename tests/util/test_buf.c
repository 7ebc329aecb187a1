#include "tests/support/support.h"

#include "util/buf.h"

static varve_error err = VARVE_ERROR_INIT;

START_TEST(appending_grows)
{
    varve_buf buf = VARVE_BUF_INIT;
    for (int i = 0; i < 1000; i++)
        ck_ok(varve__buf_append(&buf, bytes("0123456789"), &err), &err);
    ck_assert_uint_eq(buf.size, 10000);
    ck_assert_uint_ge(buf.capacity, buf.size);
    for (size_t i = 0; i < buf.size; i++)
        ck_assert_uint_eq(buf.data[i], '0' + i % 10);
    varve_buf_release(&buf);
    ck_assert_ptr_null(buf.data);
    ck_assert_uint_eq(buf.size, 0);
    ck_assert_uint_eq(buf.capacity, 0);
    varve_buf_release(&buf);
}
END_TEST

START_TEST(growing_is_rare)
{
    varve_buf buf = VARVE_BUF_INIT;
    int growths = 0;
    for (int i = 0; i < 100000; i++) {
        size_t before = buf.capacity;
        ck_ok(varve__buf_append(&buf, bytes("x"), &err), &err);
        growths += buf.capacity != before ? 1 : 0;
    }
    ck_assert_int_le(growths, 15);
    varve_buf_release(&buf);
}
END_TEST

START_TEST(nothing_needs_no_memory)
{
    varve_buf buf = VARVE_BUF_INIT;
    fault_alloc_arm(1);
    ck_ok(varve__buf_append(&buf, varve_slice_of(NULL, 0), &err), &err);
    ck_ok(varve__buf_assign(&buf, varve_slice_of(NULL, 0), &err), &err);
    ck_ok(varve__buf_reserve(&buf, 0, &err), &err);
    ck_assert(!fault_alloc_disarm());
    ck_assert_ptr_null(buf.data);
}
END_TEST

START_TEST(assigning_replaces_and_keeps_the_memory)
{
    varve_buf buf = VARVE_BUF_INIT;
    ck_ok(varve__buf_assign(&buf, repeated('x', 500), &err), &err);
    size_t capacity = buf.capacity;
    fault_alloc_arm(1);
    ck_ok(varve__buf_assign(&buf, bytes("short"), &err), &err);
    ck_buf_text(&buf, "short");
    ck_ok(varve__buf_restart(&buf, 500, &err), &err);
    ck_assert_uint_eq(buf.size, 0);
    ck_assert(!fault_alloc_disarm());
    ck_assert_uint_eq(buf.capacity, capacity);
    varve_buf_release(&buf);
}
END_TEST

START_TEST(reserved_room_takes_pushes)
{
    varve_buf buf = VARVE_BUF_INIT;
    ck_ok(varve__buf_append(&buf, bytes("ab"), &err), &err);
    ck_ok(varve__buf_reserve(&buf, 300, &err), &err);
    fault_alloc_arm(1);
    varve__buf_push(&buf, 'c');
    varve__buf_push_bytes(&buf, repeated('d', 299));
    varve__buf_push_bytes(&buf, varve_slice_of(NULL, 0));
    ck_assert(!fault_alloc_disarm());
    ck_assert_uint_eq(buf.size, 302);
    ck_assert_mem_eq(buf.data, "abcd", 4);
    varve_buf_release(&buf);
}
END_TEST

START_TEST(formatted_text_is_appended)
{
    varve_buf buf = VARVE_BUF_INIT;
    ck_ok(varve__buf_printf(&buf, &err, "%d-%s", 42, "x"), &err);
    ck_ok(varve__buf_printf(&buf, &err, "%300d", 7), &err);
    ck_assert_uint_eq(buf.size, 304);
    ck_assert_mem_eq(buf.data, "42-x   ", 7);
    ck_assert_uint_eq(buf.data[303], '7');
    varve_buf_release(&buf);
}
END_TEST

START_TEST(text_that_cannot_be_formatted_is_reported)
{
    varve_buf buf = VARVE_BUF_INIT;
    const wchar_t no_character[] = {(wchar_t)0x7FFFFFFF, 0};
    ck_status(varve__buf_printf(&buf, &err, "%ls", no_character), VARVE_INTERNAL, &err);
    ck_assert_uint_eq(buf.size, 0);
    varve_error_release(&err);
}
END_TEST

START_TEST(a_size_beyond_all_memory_is_refused)
{
    varve_buf buf = VARVE_BUF_INIT;
    ck_ok(varve__buf_assign(&buf, bytes("kept"), &err), &err);
    ck_status(varve__buf_reserve(&buf, SIZE_MAX, &err), VARVE_NO_MEMORY, &err);
    ck_status(varve__buf_restart(&buf, SIZE_MAX, &err), VARVE_NO_MEMORY, &err);
    ck_buf_text(&buf, "kept");
    varve_error_release(&err);
    varve_buf_release(&buf);
}
END_TEST

enum buf_call { APPEND, ASSIGN, RESTART, PRINTF, BUF_CALLS };

static varve_status call(enum buf_call which, varve_buf *buf, varve_error *error)
{
    varve_slice many = repeated('y', 1000);
    switch (which) {
    case APPEND:
        return varve__buf_append(buf, many, error);
    case ASSIGN:
        return varve__buf_assign(buf, many, error);
    case RESTART:
        return varve__buf_restart(buf, many.size, error);
    default:
        return varve__buf_printf(buf, error, "%1000d", 1);
    }
}

START_TEST(a_failed_call_leaves_the_buffer_as_it_was)
{
    varve_buf buf = VARVE_BUF_INIT;
    ck_ok(varve__buf_assign(&buf, bytes("kept"), &err), &err);
    fault_alloc_arm(1);
    ck_status(call((enum buf_call)_i, &buf, &err), VARVE_NO_MEMORY, &err);
    ck_assert(fault_alloc_disarm());
    ck_buf_text(&buf, "kept");
    varve_error_release(&err);
    varve_buf_release(&buf);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buf");
    TCase *tcase = tcase_create("buf");
    tcase_add_test(tcase, appending_grows);
    tcase_add_test(tcase, growing_is_rare);
    tcase_add_test(tcase, nothing_needs_no_memory);
    tcase_add_test(tcase, assigning_replaces_and_keeps_the_memory);
    tcase_add_test(tcase, reserved_room_takes_pushes);
    tcase_add_test(tcase, formatted_text_is_appended);
    tcase_add_test(tcase, text_that_cannot_be_formatted_is_reported);
    tcase_add_test(tcase, a_size_beyond_all_memory_is_refused);
    tcase_add_loop_test(tcase, a_failed_call_leaves_the_buffer_as_it_was, 0, BUF_CALLS);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
