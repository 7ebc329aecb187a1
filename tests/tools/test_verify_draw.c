/* Drawing numbers by a seed. */
#include "tools/verify_draw.h"

#include "tests/support/support.h"

static void check_draw(uint64_t total, uint64_t wanted)
{
    struct draw draw;

    ck_assert(draw_numbers(17, total, wanted, &draw));
    ck_assert_uint_eq(draw.count, wanted < total ? wanted : total);
    uint64_t good = 0;
    for (uint64_t i = 0; i < draw.count; i++)
        good += draw_at(&draw, i) < total && (i == 0 || draw_at(&draw, i - 1) < draw_at(&draw, i));
    ck_assert_uint_eq(good, draw.count);
    draw_release(&draw);
}

START_TEST(numbers_are_different_and_in_order)
{
    static const uint64_t totals[] = {0, 1, 2, 3, 10, 1000, UINT64_MAX};
    static const uint64_t wants[] = {0, 1, 2, 3, 5, 9, 10, 500, 501, 999, 1000, 1001};

    for (size_t t = 0; t < sizeof totals / sizeof totals[0]; t++) {
        for (size_t w = 0; w < sizeof wants / sizeof wants[0]; w++)
            check_draw(totals[t], wants[w]);
    }
}
END_TEST

START_TEST(all_are_drawn_when_there_are_no_more)
{
    struct draw draw;

    ck_assert(draw_numbers(1, 5, DRAW_ALL, &draw));
    ck_assert_uint_eq(draw.count, 5);
    for (uint64_t i = 0; i < 5; i++)
        ck_assert_uint_eq(draw_at(&draw, i), i);
    draw_release(&draw);
}
END_TEST

START_TEST(a_seed_draws_the_same_and_another_does_not)
{
    struct draw a;
    struct draw b;
    struct draw c;
    uint64_t same = 0;

    ck_assert(draw_numbers(1, 1000000, 1000, &a));
    ck_assert(draw_numbers(1, 1000000, 1000, &b));
    ck_assert(draw_numbers(2, 1000000, 1000, &c));
    for (uint64_t i = 0; i < 1000; i++) {
        ck_assert_uint_eq(draw_at(&a, i), draw_at(&b, i));
        same += draw_at(&a, i) == draw_at(&c, i);
    }
    ck_assert_uint_lt(same, 10);
    draw_release(&a);
    draw_release(&b);
    draw_release(&c);
}
END_TEST

/*
 * Each number comes as often as any other: of 20,000 draws `wanted` in 10.  The bounds are more
 * than eight standard deviations away.
 */
static void check_fair(uint64_t wanted)
{
    enum { TOTAL = 10, DRAWS = 20000 };
    unsigned seen[TOTAL] = {0};
    unsigned expected = (unsigned)(DRAWS * wanted / TOTAL);

    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        struct draw draw;
        ck_assert(draw_numbers(seed, TOTAL, wanted, &draw));
        for (uint64_t i = 0; i < draw.count; i++)
            seen[draw_at(&draw, i)]++;
        draw_release(&draw);
    }
    for (size_t i = 0; i < TOTAL; i++)
        ck_assert_msg(seen[i] > expected - 600 && seen[i] < expected + 600,
                      "%zu was drawn %u times, not about %u", i, seen[i], expected);
}

START_TEST(draws_are_fair)
{
    check_fair(1);
    check_fair(3);
    check_fair(7);
    check_fair(9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verify_draw");
    TCase *tcase = tcase_create("draw");

    tcase_add_test(tcase, numbers_are_different_and_in_order);
    tcase_add_test(tcase, all_are_drawn_when_there_are_no_more);
    tcase_add_test(tcase, a_seed_draws_the_same_and_another_does_not);
    tcase_add_test(tcase, draws_are_fair);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
