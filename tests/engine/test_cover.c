#include "engine/cover.h"
#include "tests/support/support.h"

static varve__cover cover;

static void set_up(void)
{
    varve__cover_init(&cover);
}

static void tear_down(void)
{
    varve__cover_release(&cover);
}

static varve_slice letter(char c)
{
    return copy_of(varve_slice_of(&c, 1));
}

/* Paint from letter to letter; a blank is the empty key, the lowest of all. */
static void paint(char start, char end, uint64_t order)
{
    ck_assert(varve__cover_paint(&cover, start == ' ' ? bytes("") : letter(start),
                                 end == ' ' ? bytes("") : letter(end), order));
}

/* The orders at the letters a to h, as digits; 0 where nothing has been painted. */
static const char *picture(void)
{
    static char text[9];
    const varve__interval *hint = NULL;
    for (int i = 0; i < 8; i++) {
        const varve__interval *at = varve__cover_find(&cover, &hint, letter((char)('a' + i)));
        text[i] = (char)('0' + (at != NULL ? (int)at->order : 0));
    }
    return text;
}

START_TEST(an_interval_has_its_start_and_not_its_end)
{
    ck_assert_str_eq(picture(), "00000000");
    paint('c', 'f', 1);
    ck_assert_str_eq(picture(), "00111000");
    const varve__interval *hint = NULL;
    ck_assert_ptr_nonnull(varve__cover_find(&cover, &hint, bytes("e\xFF")));
    ck_assert_ptr_null(varve__cover_find(&cover, &hint, bytes("b\xFF")));
    ck_assert_ptr_null(varve__cover_find(&cover, &hint, bytes("")));
}
END_TEST

START_TEST(empty_intervals_paint_nothing)
{
    paint('c', 'c', 1);
    paint('d', 'c', 2);
    paint(' ', ' ', 3);
    ck_assert_str_eq(picture(), "00000000");
    ck_assert_uint_eq(cover.count, 0);
}
END_TEST

START_TEST(the_latest_covers_what_was_there)
{
    static const struct {
        char start, end;
        const char *picture;
        size_t count;
    } paintings[] = {
        {'b', 'g', "01111100", 1}, /* the first */
        {'d', 'e', "01121100", 3}, /* cuts it in two */
        {'a', 'c', "33121100", 4}, /* shortens the left part */
        {'f', 'h', "33121440", 5}, /* shortens the right part */
        {'c', 'f', "33555440", 3}, /* takes the place of three */
        {'e', 'f', "33556440", 4}, /* cuts off an end */
        {'a', 'c', "77556440", 4}, /* takes the place of exactly one */
        {' ', 'h', "88888880", 1}, /* swallows all */
        {'h', 'i', "88888889", 2}, /* stands beside it */
    };
    for (size_t i = 0; i < sizeof paintings / sizeof paintings[0]; i++) {
        paint(paintings[i].start, paintings[i].end, i + 1);
        ck_assert_str_eq(picture(), paintings[i].picture);
        ck_assert_uint_eq(cover.count, paintings[i].count);
    }
}
END_TEST

START_TEST(neighbours_are_found)
{
    paint('b', 'd', 1);
    paint('f', 'g', 2);
    ck_assert_ptr_null(varve__cover_last_below(&cover, bytes("a")));
    ck_assert_ptr_null(varve__cover_last_below(&cover, bytes("b")));
    ck_assert_uint_eq(varve__cover_last_below(&cover, bytes("c"))->order, 1);
    ck_assert_uint_eq(varve__cover_last_below(&cover, bytes("f"))->order, 1);
    ck_assert_uint_eq(varve__cover_last_below(&cover, bytes("z"))->order, 2);
}
END_TEST

/* ---- Against an array that remembers the order at each place ------------------------------------
 */

enum { PLACES = 400 };

static varve_slice place(size_t i)
{
    unsigned char key[2] = {(unsigned char)(i >> 8), (unsigned char)i};
    return copy_of(varve_slice_of(key, 2));
}

START_TEST(random_paintings_agree_with_an_array)
{
    test_random random = test_random_start();
    static uint64_t orders[PLACES];
    varve_slice keys[PLACES];
    for (size_t i = 0; i < PLACES; i++)
        keys[i] = place(i);
    for (uint64_t order = 1; order <= 3000; order++) {
        size_t start = test_random_below(&random, PLACES);
        size_t width = test_random_below(&random, order % 7 == 0 ? PLACES : 12);
        size_t end = start + width < PLACES ? start + width : PLACES - 1;
        ck_assert(varve__cover_paint(&cover, keys[start], keys[end], order));
        for (size_t i = start; i < end; i++)
            orders[i] = order;
        const varve__interval *near = NULL;
        const varve__interval *hint = NULL;
        for (size_t i = 0; i < PLACES; i += 1 + order % 9) {
            size_t j = test_random_below(&random, PLACES);
            const varve__interval *at = varve__cover_find(&cover, &near, keys[i]);
            ck_assert_uint_eq(at != NULL ? at->order : 0, orders[i]);
            at = varve__cover_find(&cover, &hint, keys[j]);
            ck_assert_uint_eq(at != NULL ? at->order : 0, orders[j]);
        }
        ck_assert_uint_le(cover.count, 2 * order);
    }
}
END_TEST

/* What was swallowed is used again: memory follows the intervals there are, not those there were.
 */
START_TEST(swallowed_intervals_are_used_again)
{
    for (uint64_t round = 0; round < 50; round++) {
        for (uint64_t i = 0; i < 100; i++)
            ck_assert(
                varve__cover_paint(&cover, place(2 * i), place(2 * i + 1), 1 + 101 * round + i));
        ck_assert(varve__cover_paint(&cover, place(0), place(300), 101 * (round + 1)));
        ck_assert_uint_eq(cover.count, 1);
    }
    /* 100 intervals, and 16 bytes of bounds for each of 5,050 paintings. */
    ck_assert_uint_lt(cover.arena.total, 100 * 300 + 5050 * 16 * 4);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    unsigned fired = 0;
    paint('b', 'g', 1);
    for (uint64_t order = 2; fired < 3; order++) {
        char before[9];
        memcpy(before, picture(), sizeof before);
        fault_alloc_arm(1);
        bool painted = varve__cover_paint(&cover, bytes("c"), bytes("e"), order % 8 + 1);
        bool refused = fault_alloc_disarm();
        ck_assert_int_eq(painted, !refused);
        if (refused)
            ck_assert_str_eq(picture(), before);
        fired += refused;
        ck_assert_uint_lt(order, 100000);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cover");
    TCase *tcase = tcase_create("cover");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, an_interval_has_its_start_and_not_its_end);
    tcase_add_test(tcase, empty_intervals_paint_nothing);
    tcase_add_test(tcase, the_latest_covers_what_was_there);
    tcase_add_test(tcase, neighbours_are_found);
    tcase_add_test(tcase, random_paintings_agree_with_an_array);
    tcase_add_test(tcase, swallowed_intervals_are_used_again);
    tcase_add_test(tcase, without_memory_nothing_changes);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
