/*
 * How a walk moves: by steps, or by seeks where steps have been in vain; what it finds is the same.
 */
#include <stdio.h>

#include "engine/iter.h"
#include "tests/support/mvcc.h"

/* All in memory is one sorted run: steps are tried as often as that says. */
enum { KEYS = 100, DEEP = 30, TRY = VARVE__STEPS_BEFORE_SEEK, TIMES_MAX = 1000 };

static varve_bill bill;

/* Versions at 1, 2, ... of a key. */
static void put_versions(int number, int versions)
{
    char key[16];
    (void)snprintf(key, sizeof key, "k%03d", number);
    for (int i = 1; i <= versions; i++)
        mvcc_put(key, at(i), "v");
}

static void put_keys(int from, int to, int versions)
{
    for (int number = from; number < to; number++)
        put_versions(number, versions);
}

static const char *all_at(int64_t ts, bool reverse)
{
    bill = (varve_bill){.struct_size = sizeof bill};
    return mvcc_scan_query(
        &(mvcc_query){.start = "", .end = "z", .ts = at(ts), .reverse = reverse, .bill = &bill});
}

/* The same of keys with so many versions each, in order of their numbers. */
static const char *expected_at(int64_t ts, bool reverse, const int *versions)
{
    static char text[32 * KEYS];
    size_t size = 0;
    text[0] = '\0';
    for (int i = 0; i < KEYS; i++) {
        int number = reverse ? KEYS - 1 - i : i;
        int64_t seen = ts < versions[number] ? ts : versions[number];
        size += (size_t)snprintf(text + size, sizeof text - size, "%sk%03d@%lld=v",
                                 i == 0 ? "" : " ", number, (long long)seen);
    }
    return text;
}

static void ck_moves(uint64_t seeks, uint64_t steps)
{
    ck_assert_uint_eq(bill.seeks, seeks);
    ck_assert_uint_eq(bill.steps, steps);
}

START_TEST(few_versions_are_stepped_over)
{
    put_keys(0, KEYS, 5);
    for (int reverse = 0; reverse < 2; reverse++) {
        (void)all_at(TIMES_MAX, reverse != 0);
        ck_assert_uint_eq(bill.rows, KEYS);
        ck_moves(1, 5 * KEYS);
    }
}
END_TEST

START_TEST(keys_with_one_version_are_a_step_each)
{
    put_keys(0, KEYS, 1);
    for (int reverse = 0; reverse < 2; reverse++) {
        (void)all_at(TIMES_MAX, reverse != 0);
        ck_assert_uint_eq(bill.rows, KEYS);
        ck_moves(1, KEYS);
    }
}
END_TEST

/* At the first two keys, at the 16th behind them, and at the 32nd behind that. */
enum { TRIES = 4 };

START_TEST(many_versions_are_sought_at_once)
{
    put_keys(0, KEYS, DEEP);
    (void)all_at(TIMES_MAX, false);
    ck_assert_uint_eq(bill.rows, KEYS);
    ck_moves(1 + KEYS, TRIES * TRY);
    /* A step leads from the front of a key to the one before it. */
    (void)all_at(TIMES_MAX, true);
    ck_assert_uint_eq(bill.rows, KEYS);
    ck_moves(1 + KEYS, TRIES * TRY + KEYS);
    /* A seek to the version, and steps over the five that are left. */
    (void)all_at(5, false);
    ck_assert_uint_eq(bill.rows, KEYS);
    ck_moves(1 + KEYS, TRIES * TRY + 5 * KEYS);
}
END_TEST

/* The 50th key is tried, and it is stepped from there on. */
START_TEST(steps_come_back)
{
    put_keys(0, 40, DEEP);
    put_keys(40, 140, 1);
    (void)all_at(TIMES_MAX, false);
    ck_assert_uint_eq(bill.rows, 140);
    ck_moves(1 + 49, 3 * TRY + 91);
}
END_TEST

/* One deep key among others is no reason to seek at those. */
START_TEST(a_deep_key_between_others_changes_nothing)
{
    put_keys(0, 50, 1);
    put_keys(50, 51, DEEP);
    put_keys(51, KEYS, 1);
    (void)all_at(TIMES_MAX, false);
    ck_assert_uint_eq(bill.rows, KEYS);
    ck_moves(2, KEYS - 1 + TRY);
}
END_TEST

START_TEST(what_is_found_does_not_depend_on_it)
{
    static const int depths[] = {1, 5, DEEP};
    static const int64_t times[] = {1, 3, 5, 6, 15, DEEP - 1, DEEP, TIMES_MAX};
    test_random dice = test_random_start();
    int versions[KEYS];
    for (int i = 0; i < KEYS; i++) {
        versions[i] = depths[test_random_below(&dice, 3)];
        put_versions(i, versions[i]);
    }
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        for (int reverse = 0; reverse < 2; reverse++) {
            const char *expected = expected_at(times[i], reverse != 0, versions);
            ck_assert(strcmp(all_at(times[i], reverse != 0), expected) ==
                      0); /* too long to print */
            varve_bill first = bill;
            ck_assert(strcmp(all_at(times[i], reverse != 0), expected) == 0);
            ck_moves(first.seeks, first.steps);
        }
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, few_versions_are_stepped_over);
    tcase_add_test(tcase, keys_with_one_version_are_a_step_each);
    tcase_add_test(tcase, many_versions_are_sought_at_once);
    tcase_add_test(tcase, steps_come_back);
    tcase_add_test(tcase, a_deep_key_between_others_changes_nothing);
    tcase_add_test(tcase, what_is_found_does_not_depend_on_it);
}

int main(void)
{
    return mvcc_run(mvcc_read_suite("mvcc/walk", fill));
}
