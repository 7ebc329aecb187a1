#include "engine/touched.h"

#include <stdio.h>

#include <varve/key.h>

#include "format/batch_repr.h"
#include "tests/support/records.h"
#include "util/buf.h"

static varve__touched touched;
static varve_buf repr;
static varve_error err = VARVE_ERROR_INIT;

static void set_up(void)
{
    touched = (varve__touched){.slots = NULL};
}

static void tear_down(void)
{
    varve__touched_release(&touched);
    varve_buf_release(&repr);
}

/* The representation gets a record, which nobody has looked at yet. */
static void write(varve_record_type type, varve_slice key, const char *value)
{
    const varve_record record = {type, key, varve_slice_text(value)};
    ck_ok(varve__repr_append(&repr, &record, &err), &err);
}

static bool has(varve_slice prefix)
{
    ck_ok(varve__touched_catch_up(&touched, varve_buf_slice(&repr), &err), &err);
    return varve__touched_has(&touched, prefix);
}

/* The prefix of a numbered key, and its version. */
static varve_slice prefix_of(unsigned number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "key%u%%00", number);
    return key_of(text);
}

static varve_slice version_of(unsigned number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "key%u%%00@%u", number, number + 1);
    return key_of(text);
}

START_TEST(every_record_touches_its_user_key)
{
    ck_assert(!has(key_of("a")));
    write(VARVE_RECORD_PUT, key_of("a@7"), "v");
    ck_assert(has(key_of("a")));
    ck_assert(!has(key_of("b")));
    write(VARVE_RECORD_PUT, key_of("b"), "v");
    write(VARVE_RECORD_CLEAR, key_of("c@1"), "");
    write(VARVE_RECORD_MERGE, key_of("d"), "v");
    write(VARVE_RECORD_PUT, key_of("a%00"), "v");
    static const char *const there[] = {"a", "b", "c", "d", "a%00"};
    static const char *const missing[] = {"", "aa", "a%00%00", "a%01", "e", "%00"};
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        ck_assert_msg(has(key_of(there[i])), "%s", there[i]);
    for (size_t i = 1; i < sizeof missing / sizeof missing[0]; i++)
        ck_assert_msg(!has(key_of(missing[i])), "%s", missing[i]);
}
END_TEST

START_TEST(bytes_for_the_log_touch_nothing)
{
    write(VARVE_RECORD_LOG, varve_slice_of(NULL, 0), "a\1");
    ck_assert(!has(key_of("a")));
    write(VARVE_RECORD_PUT, key_of("a"), "v");
    ck_assert(has(key_of("a")));
}
END_TEST

START_TEST(a_range_touches_everything)
{
    write(VARVE_RECORD_PUT, key_of("a"), "v");
    write(VARVE_RECORD_CLEAR_RANGE, key_of("m"), "n");
    write(VARVE_RECORD_PUT, key_of("b"), "v");
    ck_assert(has(key_of("a")));
    ck_assert(has(key_of("b")));
    ck_assert(has(key_of("c")));
    varve__touched_reset(&touched);
    repr.size = 0;
    ck_assert(!has(key_of("a")));
}
END_TEST

/* Of many keys all are known, and next to none of those beside them. */
START_TEST(a_large_table_tells_apart)
{
    enum { COUNT = 20000 };
    unsigned wrong = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        write(VARVE_RECORD_PUT, version_of(2 * i), "v");
        if (i % 100 == 0)
            ck_assert(has(prefix_of(2 * i)));
    }
    for (unsigned i = 0; i < COUNT; i++) {
        ck_assert(has(prefix_of(2 * i)));
        wrong += has(prefix_of(2 * i + 1));
    }
    ck_assert(!touched.is_everything);
    ck_assert_uint_eq(touched.count, COUNT);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_le(varve__touched_bytes(&touched), 4 * COUNT * sizeof(uint64_t));
}
END_TEST

START_TEST(the_same_key_takes_one_place)
{
    for (unsigned i = 0; i < 1000; i++)
        write(VARVE_RECORD_PUT, key_of(i % 2 == 0 ? "a" : "a@1"), "v");
    ck_assert(has(key_of("a")));
    ck_assert_uint_eq(touched.count, 1);
}
END_TEST

/* Where there is room, nobody has to look for records that are told of. */
START_TEST(records_are_taken_in_as_they_are_written)
{
    write(VARVE_RECORD_PUT, key_of("a"), "v");
    ck_assert(has(key_of("a")));
    for (unsigned i = 0; i < 200; i++) {
        const varve_record record = {VARVE_RECORD_PUT, version_of(i), varve_slice_text("v")};
        size_t before = repr.size;
        ck_ok(varve__repr_append(&repr, &record, &err), &err);
        varve__touched_add(&touched, &record, before, repr.size);
        bool is_known = touched.offset == repr.size;
        ck_assert_int_eq(varve__touched_has(&touched, prefix_of(i)), is_known);
        ck_assert(is_known || 2 * touched.count == touched.room);
        ck_assert(has(prefix_of(i)));
    }
    size_t offset = touched.offset;
    const varve_record range = {VARVE_RECORD_CLEAR_RANGE, key_of("m"), bytes("n")};
    varve__touched_add(&touched, &range, offset, offset + 9);
    const varve_record late = {VARVE_RECORD_PUT, key_of("z"), bytes("v")};
    varve__touched_add(&touched, &late, offset + 9, offset + 18);
    ck_assert_uint_eq(touched.offset, offset);
    ck_assert(!touched.is_everything);
    ck_assert(!varve__touched_has(&touched, key_of("z")));
}
END_TEST

/* What is cut off may be taken for touched; what is written in its place must be. */
START_TEST(after_a_cut_it_goes_on)
{
    write(VARVE_RECORD_PUT, key_of("a"), "v");
    size_t size = repr.size;
    write(VARVE_RECORD_PUT, key_of("b"), "v");
    ck_assert(has(key_of("b")));
    varve__repr_cut(&repr, size, 1);
    varve__touched_cut(&touched, size, 1);
    ck_assert(has(key_of("a")));
    write(VARVE_RECORD_PUT, key_of("c"), "v");
    ck_assert(has(key_of("c")));
    varve__repr_cut(&repr, 0, 0);
    varve__touched_cut(&touched, 0, 0);
    write(VARVE_RECORD_PUT, key_of("d"), "v");
    ck_assert(has(key_of("d")));
}
END_TEST

/* A batch that is taken back many times does not grow for that. */
START_TEST(what_is_cut_off_does_not_add_up)
{
    enum { KEPT = 100, ROUNDS = 500, EACH = 20 };
    for (unsigned i = 0; i < KEPT; i++)
        write(VARVE_RECORD_PUT, version_of(i), "v");
    size_t size = repr.size;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        for (unsigned i = 0; i < EACH; i++)
            write(VARVE_RECORD_PUT, version_of(round * EACH + KEPT + i), "v");
        ck_assert(has(prefix_of(round * EACH + KEPT)));
        varve__repr_cut(&repr, size, KEPT);
        varve__touched_cut(&touched, size, KEPT);
        ck_assert(has(prefix_of(round % KEPT)));
        ck_assert_uint_le(touched.room, 1024);
    }
}
END_TEST

/* A range that is cut off touches nothing any more, and one that is not everything. */
START_TEST(a_range_that_is_cut_off_touches_nothing)
{
    write(VARVE_RECORD_PUT, key_of("a"), "v");
    size_t size = repr.size;
    write(VARVE_RECORD_CLEAR_RANGE, key_of("m"), "n");
    size_t behind = repr.size;
    write(VARVE_RECORD_PUT, key_of("b"), "v");
    ck_assert(has(key_of("x")));
    varve__repr_cut(&repr, behind, 2);
    varve__touched_cut(&touched, behind, 2);
    ck_assert(has(key_of("x")));
    varve__repr_cut(&repr, size, 1);
    varve__touched_cut(&touched, size, 1);
    ck_assert(has(key_of("a")));
    ck_assert(!has(key_of("x")));
    write(VARVE_RECORD_PUT, key_of("x"), "v");
    ck_assert(has(key_of("x")));
    ck_assert(!has(key_of("y")));
}
END_TEST

/* Hashes that are not spread are not looked for at length, and tell nothing. */
START_TEST(a_crowded_table_gives_up)
{
    write(VARVE_RECORD_PUT, key_of("a"), "v");
    ck_assert(has(key_of("a")));
    ck_assert(!has(key_of("b")));
    memset(touched.slots, 0x5A, varve__touched_bytes(&touched));
    ck_assert(has(key_of("b")));
    write(VARVE_RECORD_PUT, key_of("c"), "v");
    ck_assert(has(key_of("c")));
    ck_assert(touched.is_everything);
}
END_TEST

START_TEST(a_reset_keeps_memory_that_is_of_use)
{
    for (unsigned i = 0; i < 1000; i++)
        write(VARVE_RECORD_PUT, version_of(i), "v");
    ck_assert(has(prefix_of(999)));
    size_t large = varve__touched_bytes(&touched);
    varve__touched_reset(&touched);
    ck_assert_uint_eq(varve__touched_bytes(&touched), large);
    repr.size = 0;
    ck_assert(!has(prefix_of(999)));
    write(VARVE_RECORD_PUT, version_of(5), "v");
    ck_assert(has(prefix_of(5)));
    varve__touched_reset(&touched); /* one key in room for a thousand */
    ck_assert_uint_eq(varve__touched_bytes(&touched), 0);
    ck_assert(has(prefix_of(5)));
}
END_TEST

START_TEST(without_memory_it_goes_on_later)
{
    unsigned fired = 0;
    for (unsigned i = 0; fired < 4; i++) {
        write(VARVE_RECORD_PUT, version_of(i), "v");
        fault_alloc_arm(1);
        varve_status status = varve__touched_catch_up(&touched, varve_buf_slice(&repr), &err);
        bool refused = fault_alloc_disarm();
        ck_status(status, refused ? VARVE_NO_MEMORY : VARVE_OK, &err);
        for (unsigned j = 0; j < i; j++)
            ck_assert(varve__touched_has(&touched, prefix_of(j)));
        ck_assert(has(prefix_of(i)));
        fired += refused;
        ck_assert_uint_lt(i, 10000);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("touched");
    TCase *tcase = tcase_create("touched");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, every_record_touches_its_user_key);
    tcase_add_test(tcase, bytes_for_the_log_touch_nothing);
    tcase_add_test(tcase, a_range_touches_everything);
    tcase_add_test(tcase, a_large_table_tells_apart);
    tcase_add_test(tcase, the_same_key_takes_one_place);
    tcase_add_test(tcase, records_are_taken_in_as_they_are_written);
    tcase_add_test(tcase, after_a_cut_it_goes_on);
    tcase_add_test(tcase, what_is_cut_off_does_not_add_up);
    tcase_add_test(tcase, a_range_that_is_cut_off_touches_nothing);
    tcase_add_test(tcase, a_crowded_table_gives_up);
    tcase_add_test(tcase, a_reset_keeps_memory_that_is_of_use);
    tcase_add_test(tcase, without_memory_it_goes_on_later);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
