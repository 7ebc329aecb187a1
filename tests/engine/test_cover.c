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
static void paint(char start, char end)
{
    ck_assert(varve__cover_paint(&cover, start == ' ' ? bytes("") : letter(start),
                                 end == ' ' ? bytes("") : letter(end)));
}

/* What has been painted at the letters a to h. */
static const char *picture(void)
{
    static char text[9];
    const varve__interval *hint = NULL;
    for (int i = 0; i < 8; i++)
        text[i] = varve__cover_find(&cover, &hint, letter((char)('a' + i))) != NULL ? '#' : '.';
    return text;
}

START_TEST(an_interval_has_its_start_and_not_its_end)
{
    ck_assert_str_eq(picture(), "........");
    paint('c', 'f');
    ck_assert_str_eq(picture(), "..###...");
    const varve__interval *hint = NULL;
    ck_assert_ptr_nonnull(varve__cover_find(&cover, &hint, bytes("e\xFF")));
    ck_assert_ptr_null(varve__cover_find(&cover, &hint, bytes("b\xFF")));
    ck_assert_ptr_null(varve__cover_find(&cover, &hint, bytes("")));
}
END_TEST

START_TEST(empty_intervals_paint_nothing)
{
    paint('c', 'c');
    paint('d', 'c');
    paint(' ', ' ');
    ck_assert_str_eq(picture(), "........");
    ck_assert_uint_eq(cover.count, 0);
}
END_TEST

START_TEST(what_meets_or_touches_becomes_one)
{
    static const struct {
        char start, end;
        const char *picture;
        size_t count;
    } paintings[] = {
        {'b', 'c', ".#......", 1}, /* the first */
        {'d', 'e', ".#.#....", 2}, /* beside it */
        {'f', 'g', ".#.#.#..", 3}, /* beside that */
        {'d', 'e', ".#.#.#..", 3}, /* the same again */
        {'c', 'd', ".###.#..", 2}, /* fills a gap */
        {'c', 'd', ".###.#..", 2}, /* lies inside */
        {'e', 'f', ".#####..", 1}, /* fills the other */
        {'a', 'b', "######..", 1}, /* in front */
        {'f', 'h', "#######.", 1}, /* over the end */
        {'i', 'j', "#######.", 2}, /* apart */
        {' ', 'i', "########", 1}, /* swallows all */
    };
    for (size_t i = 0; i < sizeof paintings / sizeof paintings[0]; i++) {
        paint(paintings[i].start, paintings[i].end);
        ck_assert_str_eq(picture(), paintings[i].picture);
        ck_assert_uint_eq(cover.count, paintings[i].count);
    }
    const varve__interval *hint = NULL;
    const varve__interval *all = varve__cover_find(&cover, &hint, bytes("d"));
    ck_slice_eq(all->start, bytes(""));
    ck_slice_eq(all->end, bytes("j"));
}
END_TEST

START_TEST(a_reset_keeps_the_memory)
{
    paint('b', 'd');
    paint('f', 'g');
    size_t total = cover.arena.total;
    fault_alloc_arm(1);
    for (int i = 0; i < 3; i++) {
        varve__cover_reset(&cover);
        ck_assert_str_eq(picture(), "........");
        paint('c', 'e');
        ck_assert_str_eq(picture(), "..##....");
    }
    ck_assert(!fault_alloc_disarm());
    ck_assert_uint_eq(cover.arena.total, total);
}
END_TEST

/* ---- Against an array of places -----------------------------------------------------------------
 */

enum { PLACES = 400 };

static varve_slice place(size_t i)
{
    unsigned char key[2] = {(unsigned char)(i >> 8), (unsigned char)i};
    return copy_of(varve_slice_of(key, 2));
}

/* The interval found at a place is the whole painted run around it. */
static void check_place(const varve__interval *at, const bool painted[], size_t i,
                        const varve_slice keys[])
{
    ck_assert_int_eq(at != NULL, painted[i]);
    if (at == NULL)
        return;
    size_t start = i;
    size_t end = i;
    while (start > 0 && painted[start - 1])
        start--;
    while (painted[end])
        end++;
    ck_slice_eq(at->start, keys[start]);
    ck_slice_eq(at->end, keys[end]);
}

START_TEST(random_paintings_agree_with_an_array)
{
    test_random random = test_random_start();
    static bool painted[PLACES];
    varve_slice keys[PLACES];
    for (size_t i = 0; i < PLACES; i++)
        keys[i] = place(i);
    for (int round = 1; round <= 1500; round++) {
        if (round % 60 == 0) {
            varve__cover_reset(&cover);
            memset(painted, 0, sizeof painted);
        }
        size_t start = test_random_below(&random, PLACES);
        size_t width = test_random_below(&random, round % 37 == 0 ? PLACES : 6);
        size_t end = start + width < PLACES ? start + width : PLACES - 1;
        ck_assert(varve__cover_paint(&cover, keys[start], keys[end]));
        for (size_t i = start; i < end; i++)
            painted[i] = true;
        const varve__interval *near = NULL;
        const varve__interval *hint = NULL;
        for (size_t i = 0; i < PLACES; i += 1 + (size_t)round % 9) {
            size_t j = test_random_below(&random, PLACES);
            check_place(varve__cover_find(&cover, &near, keys[i]), painted, i, keys);
            check_place(varve__cover_find(&cover, &hint, keys[j]), painted, j, keys);
        }
    }
}
END_TEST

/* What was swallowed is used again: memory follows the intervals there are, not those there were.
 */
START_TEST(swallowed_intervals_are_used_again)
{
    for (size_t round = 0; round < 50; round++) {
        for (size_t i = 0; i < 100; i++)
            ck_assert(varve__cover_paint(&cover, place(300 * round + 3 * i),
                                         place(300 * round + 3 * i + 1)));
        ck_assert(varve__cover_paint(&cover, place(0), place(300 * (round + 1))));
        ck_assert_uint_eq(cover.count, 1);
    }
    /* 100 intervals, and 16 bytes of bounds for each of 5,050 paintings. */
    ck_assert_uint_lt(cover.arena.total, 100 * 300 + 5050 * 16 * 4);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    unsigned fired = 0;
    for (size_t i = 0; fired < 3; i++) {
        fault_alloc_arm(1);
        bool painted = varve__cover_paint(&cover, place(2 * i), place(2 * i + 1));
        bool refused = fault_alloc_disarm();
        ck_assert_int_eq(painted, !refused);
        ck_assert_uint_eq(cover.count, i + 1 - fired - refused);
        fired += refused;
        ck_assert_uint_lt(i, 10000);
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
    tcase_add_test(tcase, what_meets_or_touches_becomes_one);
    tcase_add_test(tcase, a_reset_keeps_the_memory);
    tcase_add_test(tcase, random_paintings_agree_with_an_array);
    tcase_add_test(tcase, swallowed_intervals_are_used_again);
    tcase_add_test(tcase, without_memory_nothing_changes);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
