/*
 * Holds: stored, listed, replaced, removed, refused where garbage has been collected already.
 */
#include <stdio.h>

#include <varve/gc_hold.h>
#include <varve/varve.h>

#include "mvcc/gc_horizon.h"
#include "tests/support/backend_faults.h"
#include "tests/support/backends.h"

/* ---- Holds as text -----------------------------------------------------------------------------
 */

static varve_gc_hold hold_of(const char *id, int64_t wall)
{
    return (varve_gc_hold){.struct_size = sizeof(varve_gc_hold),
                           .id = varve_slice_text(id),
                           .owner = bytes("owner"),
                           .reason = bytes("reason"),
                           .ts = varve_ts_of(wall, 0),
                           .created = 7};
}

static varve_status put(const char *id, int64_t wall)
{
    varve_gc_hold hold = hold_of(id, wall);
    return varve_gc_hold_put(on.engine, NULL, &hold, &on.err);
}

static varve_status add_hold(void *arg, const varve_gc_hold *hold, varve_error *err)
{
    char *text = arg;
    size_t used = strlen(text);
    (void)err;
    snprintf(text + used, 1000 - used, "%s%.*s@%d,%d/%d-%d %.*s:%.*s", used > 0 ? " | " : "",
             (int)hold->id.size, (const char *)hold->id.data, (int)hold->ts.wall, hold->ts.logical,
             (int)hold->created, (int)hold->expires, (int)hold->owner.size,
             (const char *)hold->owner.data, (int)hold->reason.size,
             (const char *)hold->reason.data);
    return VARVE_OK;
}

static const char *list(void)
{
    static char text[1000];
    text[0] = '\0';
    ck_ok(varve_gc_holds(on.reader, add_hold, text, &on.err), &on.err);
    return text;
}

static void collect_up_to(int64_t wall)
{
    varve__gc_horizon horizon;
    varve_span everything = {bytes(""), bytes("")};
    ck_ok(varve__gc_horizon_read(&horizon, on.reader, &on.err), &on.err);
    ck_ok(varve__gc_horizon_raise(&horizon, everything, varve_ts_of(wall, 0), &on.err), &on.err);
    ck_ok(varve__gc_horizon_put(&horizon, on.writer, &on.err), &on.err);
    varve__gc_horizon_release(&horizon);
}

/* ---- What is kept ------------------------------------------------------------------------------
 */

START_TEST(holds_are_listed_by_name)
{
    ck_assert_str_eq(list(), "");
    ck_ok(put("b", 20), &on.err);
    ck_ok(put("a", 10), &on.err);
    varve_gc_hold hold = hold_of("c", 30);
    hold.ts.logical = 4;
    hold.expires = 99;
    hold.owner = bytes("");
    hold.reason = bytes("");
    ck_ok(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), &on.err);
    ck_assert_str_eq(list(), "a@10,0/7-0 owner:reason | b@20,0/7-0 owner:reason | c@30,4/7-99 :");
    ck_ok(put("a", 11), &on.err); /* in place of the former one */
    ck_ok(varve_gc_hold_remove(on.engine, NULL, bytes("b"), &on.err), &on.err);
    ck_assert_str_eq(list(), "a@11,0/7-0 owner:reason | c@30,4/7-99 :");
    ck_status(varve_gc_hold_remove(on.engine, NULL, bytes("b"), &on.err), VARVE_NOT_FOUND, &on.err);
}
END_TEST

START_TEST(an_end_ends_a_hold)
{
    varve_gc_hold hold = hold_of("a", 10);
    ck_assert(varve_gc_hold_is_active(&hold, INT64_MAX));
    hold.expires = 50;
    ck_assert(varve_gc_hold_is_active(&hold, 49));
    ck_assert(!varve_gc_hold_is_active(&hold, 50));
}
END_TEST

static varve_status stop(void *arg, const varve_gc_hold *hold, varve_error *err)
{
    (void)hold;
    (void)err;
    ++*(unsigned *)arg;
    return VARVE_NOT_FOUND;
}

START_TEST(more_holds_than_a_page)
{
    enum { HOLDS = 250 };
    unsigned count = 0;
    char id[16];
    for (int i = 0; i < HOLDS; i++) {
        snprintf(id, sizeof id, "%03d", i);
        ck_ok(put(id, i), &on.err);
    }
    ck_status(varve_gc_holds(on.reader, stop, &count, &on.err), VARVE_NOT_FOUND, &on.err);
    ck_assert_uint_eq(count, 1);
    for (int i = 0; i < HOLDS; i++) {
        snprintf(id, sizeof id, "%03d", i);
        ck_ok(varve_gc_hold_remove(on.engine, NULL, varve_slice_text(id), &on.err), &on.err);
    }
    ck_assert_str_eq(list(), "");
}
END_TEST

/* The layout of docs/format.md. */
START_TEST(the_record_is_as_the_document_says)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_read how = {.struct_size = sizeof how};
    varve_row row;
    size_t position = 0;
    varve_slice data;
    varve_gc_hold hold = hold_of("x", 258);
    hold.ts.logical = 3;
    hold.expires = 9;
    hold.owner = bytes("me");
    hold.reason = bytes("why");
    ck_ok(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), &on.err);
    ck_ok(varve_mvcc_get(on.reader, &how, hex("01 76 68 78"), &rows, &on.err), &on.err);
    ck_assert(varve_rows_next(&rows, &position, &row));
    ck_ok(varve_value_verify(row.value, row.key, &on.err), &on.err);
    ck_ok(varve_value_get_bytes(row.value, &data, &on.err), &on.err);
    ck_hex(data, "01 00 00 00 00 00 00 01 02 00 00 00 03 00 00 00 00 00 00 00 07"
                 "   00 00 00 00 00 00 00 09 00 00 00 02 6D 65 77 68 79");
    varve_rows_release(&rows);
}
END_TEST

/* ---- What is refused ---------------------------------------------------------------------------
 */

START_TEST(what_has_been_collected_cannot_be_held)
{
    ck_ok(put("early", 10), &on.err);
    collect_up_to(50);
    ck_fails(put("late", 49), VARVE_BELOW_THRESHOLD, &on.err,
             "the hold at 0.000000049,0 comes too late: garbage has been collected up to "
             "0.000000050,0");
    ck_status(put("early", 20), VARVE_BELOW_THRESHOLD, &on.err);
    ck_assert_int_eq(on.err.detail.below_threshold.read.wall, 20);
    ck_assert_int_eq(on.err.detail.below_threshold.threshold.wall, 50);
    varve_error_release(&on.err);
    ck_ok(put("in time", 50), &on.err);
    ck_assert_str_eq(list(), "early@10,0/7-0 owner:reason | in time@50,0/7-0 owner:reason");
}
END_TEST

START_TEST(arguments_that_make_no_sense_are_named)
{
    varve_gc_hold hold = hold_of("", 1);
    ck_fails(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "the name of a hold has 1 to 64 bytes, not 0");
    hold.id = repeated('x', 65);
    ck_fails(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "the name of a hold has 1 to 64 bytes, not 65");
    ck_status(varve_gc_hold_remove(on.engine, NULL, hold.id, &on.err), VARVE_INVALID_ARGUMENT,
              &on.err);
    hold = hold_of("x", 1);
    hold.owner = repeated('o', 257);
    ck_fails(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "the owner of a hold has at most 256 bytes, not 257");
    hold = hold_of("x", 1);
    hold.reason = repeated('r', 1025);
    ck_fails(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "the reason of a hold has at most 1024 bytes, not 1025");
    hold = hold_of("x", -1);
    ck_fails(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), VARVE_INVALID_ARGUMENT, &on.err,
             "a time of the hold is negative");
    hold = hold_of("x", 1);
    hold.expires = -1;
    ck_status(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), VARVE_INVALID_ARGUMENT, &on.err);
    hold.struct_size = 0;
    ck_status(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), VARVE_INVALID_ARGUMENT, &on.err);
    varve_error_release(&on.err);
    ck_assert_str_eq(list(), "");
}
END_TEST

START_TEST(the_largest_parts_fit)
{
    varve_gc_hold hold = hold_of("x", INT64_MAX);
    hold.id = repeated(0xFF, VARVE_GC_HOLD_ID_MAX);
    hold.owner = repeated('o', VARVE_GC_HOLD_OWNER_MAX);
    hold.reason = repeated('r', VARVE_GC_HOLD_REASON_MAX);
    ck_ok(varve_gc_hold_put(on.engine, NULL, &hold, &on.err), &on.err);
    unsigned count = 0;
    ck_status(varve_gc_holds(on.reader, stop, &count, &on.err), VARVE_NOT_FOUND, &on.err);
    ck_assert_uint_eq(count, 1);
    ck_ok(varve_gc_hold_remove(on.engine, NULL, hold.id, &on.err), &on.err);
}
END_TEST

/* ---- Damage ------------------------------------------------------------------------------------
 */

static void put_record(varve_slice user_key, varve_slice raw)
{
    varve_write how = {.struct_size = sizeof how, .writer = on.writer};
    ck_ok(varve_mvcc_put(&how, user_key, raw, &on.err), &on.err);
}

START_TEST(damaged_holds_are_told_and_can_be_removed)
{
    char text[1000] = "";
    put_record(hex("01 76 68 78"), hex("00 00 00 00 03 01 00"));
    ck_fails(varve_gc_holds(on.reader, add_hold, text, &on.err), VARVE_CORRUPT, &on.err,
             "the hold of garbage collection at \"\\x01vhx\" does not decode");
    ck_ok(varve_gc_hold_remove(on.engine, NULL, bytes("x"), &on.err), &on.err);
    put_record(hex("01 76 68 79"), hex("00 00 00 07 03 01 00")); /* a wrong checksum */
    ck_status(varve_gc_holds(on.reader, add_hold, text, &on.err), VARVE_CHECKSUM, &on.err);
    varve_error_release(&on.err);
    ck_ok(varve_gc_hold_remove(on.engine, NULL, bytes("y"), &on.err), &on.err);
    put_record(hex("01 76 68 79"), hex("00 00 00 00 01 02")); /* an integer */
    ck_status(varve_gc_holds(on.reader, add_hold, text, &on.err), VARVE_VALUE_TYPE, &on.err);
    varve_error_release(&on.err);
    ck_ok(varve_gc_hold_remove(on.engine, NULL, bytes("y"), &on.err), &on.err);
    ck_assert_str_eq(list(), "");
}
END_TEST

/* Every cut of a record is told. */
START_TEST(records_that_are_cut_short)
{
    static const char *const whole =
        "00 00 00 00 03 01 00 00 00 00 00 00 01 02 00 00 00 03 00 00 00 00 00 00 00 07 00 00 00 00 "
        "00 00 00 09 00 00 00 02 6D 65";
    char text[1000] = "";
    varve_slice raw = hex(whole);
    for (size_t size = 6; size < raw.size; size++) {
        put_record(hex("01 76 68 78"), varve_slice_of(raw.data, size));
        ck_status(varve_gc_holds(on.reader, add_hold, text, &on.err), VARVE_CORRUPT, &on.err);
        varve_error_release(&on.err);
    }
    put_record(hex("01 76 68 78"), raw);
    ck_assert_str_eq(list(), "x@258,3/7-9 me:");
}
END_TEST

/* ---- Faults ------------------------------------------------------------------------------------
 */

static varve_status put_and_list(void *context, varve_error *err)
{
    char text[1000] = "";
    varve_gc_hold hold = hold_of("a", 20);
    (void)context;
    varve_status status = varve_gc_hold_put(on.engine, NULL, &hold, err);
    if (status == VARVE_OK)
        status = varve_gc_holds(on.reader, add_hold, text, err);
    if (status == VARVE_OK)
        status = varve_gc_hold_remove(on.engine, NULL, bytes("a"), err);
    else if (varve_gc_hold_remove(on.engine, NULL, bytes("a"), NULL) < 0)
        status = VARVE_INTERNAL;
    return status;
}

START_TEST(memory_may_run_out)
{
    if (on.backend != BACKEND_MAP) /* which keeps the memory of all that was ever written */
        ck_assert_uint_gt(fault_alloc_each(put_and_list, NULL), 5);
}
END_TEST

/* Whatever the engine's writer does. */
START_TEST(commits_are_synced)
{
    varve_engine *engine =
        backend_open_with(on.backend, (varve_options){.writer_durability = VARVE_NO_SYNC});
    varve_gc_hold hold = hold_of("a", 10);
    backend_faults_insert(engine);
    ck_ok(varve_gc_hold_put(engine, NULL, &hold, &on.err), &on.err);
    ck_assert(backend_faults.last_sync);
    backend_faults.last_sync = false;
    ck_ok(varve_gc_hold_remove(engine, NULL, bytes("a"), &on.err), &on.err);
    ck_assert(backend_faults.last_sync);
    backend_close(engine);
}
END_TEST

START_TEST(commits_may_fail)
{
    backend_faults_insert(on.engine);
    ck_ok(put("a", 11), &on.err);
    backend_faults.apply = VARVE_IO;
    ck_status(put("a", 12), VARVE_IO, &on.err);
    ck_status(varve_gc_hold_remove(on.engine, NULL, bytes("a"), &on.err), VARVE_IO, &on.err);
    varve_error_release(&on.err);
    backend_faults.apply = VARVE_OK;
    ck_assert_uint_eq(backend_faults.fired, 2);
    ck_assert_str_eq(list(), "a@11,0/7-0 owner:reason");
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, holds_are_listed_by_name);
    tcase_add_test(tcase, an_end_ends_a_hold);
    tcase_add_test(tcase, more_holds_than_a_page);
    tcase_add_test(tcase, the_record_is_as_the_document_says);
    tcase_add_test(tcase, what_has_been_collected_cannot_be_held);
    tcase_add_test(tcase, arguments_that_make_no_sense_are_named);
    tcase_add_test(tcase, the_largest_parts_fit);
    tcase_add_test(tcase, damaged_holds_are_told_and_can_be_removed);
    tcase_add_test(tcase, records_that_are_cut_short);
    tcase_add_test(tcase, memory_may_run_out);
    tcase_add_test(tcase, commits_are_synced);
    tcase_add_test(tcase, commits_may_fail);
}

int main(void)
{
    return run_suite(backend_suite("gc_hold", fill));
}
