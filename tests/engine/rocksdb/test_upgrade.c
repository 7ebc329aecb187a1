/*
 * The version of a store, told and raised.
 */
#include <varve/admin.h>

#include "engine/rocksdb/upgrade.h"
#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/rocks.h"

static const varve__version_range later = {1, 2};

static void make_store(void)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    store_close(engine);
}

static void set_version(const char *text)
{
    file_write_text(place_path("s/VARVE_VERSION"), text);
}

static void check_file(const char *expected)
{
    size_t size;
    unsigned char *data = file_read(place_path("s/VARVE_VERSION"), &size);
    ck_slice_eq(varve_slice_of(data, size), varve_slice_text(expected));
    free(data);
}

/* ---- Told --------------------------------------------------------------------------------------
 */

static const struct {
    const char *text;
    int64_t version;
    bool can_open;
} told[] = {
    {"{\"Version\":1,\"Features\":[]}", 1, true},
    {"{\"Version\":1}", 1, true},
    {"{\"Version\":1,\"Features\":[\"x\"]}", 1, false},
    {"{\"Version\":2,\"Features\":[]}", 2, false},
    {"{\"Version\":0}", 0, false},
    {"{\"Version\":9223372036854775807}", INT64_MAX, false},
};

START_TEST(the_version_is_told)
{
    varve_store_version version = {.struct_size = sizeof version};
    make_store();
    set_version(told[_i].text);
    ck_ok(varve_store_get_version(place_path("s"), &version, &err), &err);
    ck_assert_uint_eq(version.struct_size, sizeof version);
    ck_assert_int_eq(version.version, told[_i].version);
    ck_assert_int_eq(version.current, 1);
    ck_assert_int_eq(version.minimum, 1);
    ck_assert(version.can_open == told[_i].can_open);

    varve_engine *engine;
    varve_options options = store_options(place_path("s"));
    varve_status status = varve_engine_open(&options, &engine, &err);
    ck_assert_int_eq(status, told[_i].can_open ? VARVE_OK : VARVE_INCOMPATIBLE);
    if (status == VARVE_OK)
        store_close(engine);
    check_file(told[_i].text);
}
END_TEST

START_TEST(what_has_none_is_told)
{
    varve_store_version version = {.struct_size = sizeof version};
    ck_status(varve_store_get_version(place_path("s"), &version, &err), VARVE_NO_STORE, &err);
    file_write_text(place_path("file"), "mine");
    ck_status(varve_store_get_version(place_path("file"), &version, &err), VARVE_NOT_A_STORE, &err);
    ck_status(varve_store_get_version(place, &version, &err), VARVE_NOT_A_STORE, &err);
    make_store();
    set_version("{\"Version\":\"one\"}");
    ck_status(varve_store_get_version(place_path("s"), &version, &err), VARVE_CORRUPT, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "VARVE_VERSION is not formatted correctly; "));
    file_write(place_path("s/VARVE_VERSION"), repeated(' ', 1 << 17).data, 1 << 17);
    ck_status(varve_store_get_version(place_path("s"), &version, &err), VARVE_CORRUPT, &err);
    version.struct_size = 0;
    ck_status(varve_store_get_version(place_path("s"), &version, &err), VARVE_INVALID_ARGUMENT,
              &err);
    ck_status(varve_store_get_version(place_path("s"), NULL, &err), VARVE_INVALID_ARGUMENT, &err);
}
END_TEST

/* Also of a store that is open. */
START_TEST(an_open_store_tells_its_version)
{
    varve_store_version version = {.struct_size = sizeof version};
    varve_engine *engine = store_open(place_path("s"));
    ck_ok(varve_store_get_version(place_path("s"), &version, &err), &err);
    ck_assert_int_eq(version.version, 1);
    store_close(engine);
}
END_TEST

/* ---- Raised ------------------------------------------------------------------------------------
 */

START_TEST(there_is_nothing_to_do)
{
    make_store();
    set_version("{\"Version\":1,\"By\":\"us\"}");
    ck_ok(varve_store_upgrade(place_path("s"), &err), &err);
    check_file("{\"Version\":1,\"By\":\"us\"}");
    ck_status(varve_store_upgrade(place_path("none"), &err), VARVE_NO_STORE, &err);
    ck_status(varve_store_upgrade(place, &err), VARVE_NOT_A_STORE, &err);
}
END_TEST

START_TEST(a_later_library_raises_it)
{
    varve_engine *engine;
    varve_options options = store_options(place_path("s"));
    make_store();
    ck_ok(varve__store_upgrade(place_path("s"), later, &err), &err);
    check_file("{\"Version\":2,\"Features\":[]}");
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_INCOMPATIBLE, &err);
    ck_assert_str_eq(err.message,
                     "incompatible rocksdb data version, current:1, on disk:2, minimum:1");
    ck_ok(varve__store_upgrade(place_path("s"), later, &err), &err);
    check_file("{\"Version\":2,\"Features\":[]}");
}
END_TEST

/* Nobody else raises it: opening, writing and closing leave the file as it is. */
START_TEST(opening_does_not_raise_it)
{
    varve_status status;
    make_store();
    set_version(" {\"Version\": 1} ");
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 20);
    ck_ok(varve_engine_compact(engine, &err), &err);
    ck_assert_uint_eq(store_count(engine, &status), 20);
    store_close(engine);
    check_file(" {\"Version\": 1} ");
}
END_TEST

START_TEST(unknown_stores_are_not_raised)
{
    make_store();
    set_version("{\"Version\":3}");
    ck_status(varve__store_upgrade(place_path("s"), later, &err), VARVE_INCOMPATIBLE, &err);
    ck_assert_int_eq(err.detail.version.found, 3);
    ck_assert_int_eq(err.detail.version.supported, 2);
    check_file("{\"Version\":3}");
    ck_status(varve_store_upgrade(place_path("s"), &err), VARVE_INCOMPATIBLE, &err);
    set_version("{\"Version\":1,\"Features\":[\"x\"]}");
    ck_status(varve__store_upgrade(place_path("s"), later, &err), VARVE_INCOMPATIBLE, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "does not know: x"));
    set_version("?");
    ck_status(varve__store_upgrade(place_path("s"), later, &err), VARVE_CORRUPT, &err);
    check_file("?");
}
END_TEST

START_TEST(an_open_store_is_locked)
{
    varve_engine *engine = store_open(place_path("s"));
    ck_status(varve__store_upgrade(place_path("s"), later, &err), VARVE_LOCKED, &err);
    check_file("{\"Version\":1,\"Features\":[]}");
    store_close(engine);
    ck_ok(varve__store_upgrade(place_path("s"), later, &err), &err);
}
END_TEST

/* The old file or the new one, whatever fails. */
START_TEST(a_failure_leaves_the_old_version)
{
    static const struct {
        unsigned op;
        int code;
        varve_status status;
    } faults[] = {{FAULT_WRITE, ENOSPC, VARVE_NO_SPACE},
                  {FAULT_WRITE, EIO, VARVE_IO},
                  {FAULT_SYNC, EIO, VARVE_IO}};
    make_store();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fault_arm(faults[i].op, "VARVE_VERSION_TEMP", faults[i].code);
        ck_status(varve__store_upgrade(place_path("s"), later, &err), faults[i].status, &err);
        ck_assert_uint_gt(fault_disarm(), 0);
        check_file("{\"Version\":1,\"Features\":[]}");
        store_close(store_open(place_path("s")));
    }
    ck_ok(varve__store_upgrade(place_path("s"), later, &err), &err);
    check_file("{\"Version\":2,\"Features\":[]}");
}
END_TEST

static varve_status tell_and_raise(void *context, varve_error *failure)
{
    varve_store_version version = {.struct_size = sizeof version};
    (void)context;
    set_version("{\"Version\":1}");
    varve_status status = varve_store_get_version(place_path("s"), &version, failure);
    if (status == VARVE_OK)
        status = varve__store_upgrade(place_path("s"), later, failure);
    check_file(status == VARVE_OK ? "{\"Version\":2}" : "{\"Version\":1}");
    return status;
}

START_TEST(each_allocation_may_fail)
{
    make_store();
    ck_assert_uint_ge(fault_alloc_each(tell_and_raise, NULL), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb upgrade");
    TCase *cases = tcase_create("upgrade");
    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_loop_test(cases, the_version_is_told, 0, sizeof told / sizeof told[0]);
    tcase_add_test(cases, what_has_none_is_told);
    tcase_add_test(cases, an_open_store_tells_its_version);
    tcase_add_test(cases, there_is_nothing_to_do);
    tcase_add_test(cases, a_later_library_raises_it);
    tcase_add_test(cases, opening_does_not_raise_it);
    tcase_add_test(cases, unknown_stores_are_not_raised);
    tcase_add_test(cases, an_open_store_is_locked);
    tcase_add_test(cases, a_failure_leaves_the_old_version);
    tcase_add_test(cases, each_allocation_may_fail);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
