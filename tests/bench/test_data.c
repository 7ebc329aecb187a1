#include "tests/support/support.h"

#include <varve/key.h>
#include <varve/value.h>

#include "bench/data.h"

enum { KEYS = 2000, VERSIONS = 3, PARTS_MAX = 8 };

/* A store that counts what is loaded into it. */
static struct {
    unsigned seen[KEYS][VERSIONS];
    size_t in_part[PARTS_MAX];
    unsigned flushes;
    unsigned compactions;
    int64_t last_ts[KEYS];
} loaded;

static size_t key_number(varve_slice user)
{
    char text[17];
    ck_assert_uint_eq(user.size, BENCH_USER_SIZE);
    memcpy(text, user.data + 8, 16);
    text[16] = '\0';
    return strtoul(text, NULL, 10);
}

static void count_load(void *store, const bench_entry *entries, size_t count)
{
    (void)store;
    for (size_t i = 0; i < count; i++) {
        varve_buf user = VARVE_BUF_INIT;
        varve_ts ts;
        varve_error err = VARVE_ERROR_INIT;
        size_t number = key_number(entries[i].user);
        ck_ok(varve_key_decode(entries[i].engine, &user, &ts, &err), &err);
        ck_slice_eq(varve_buf_slice(&user), entries[i].user);
        ck_assert_int_eq(ts.wall, entries[i].ts);
        ck_assert_int_eq(varve_value_tag(entries[i].value), VARVE_TAG_BYTES);
        ck_assert_uint_eq(number % 1000, 0);
        ck_assert_int_gt(ts.wall, loaded.last_ts[number / 1000]); /* oldest first */
        loaded.last_ts[number / 1000] = ts.wall;
        for (unsigned version = 1; version <= VERSIONS; version++)
            loaded.seen[number / 1000][version - 1] += ts.wall == bench_version_ts(version);
        loaded.in_part[loaded.compactions + loaded.flushes]++;
        varve_buf_release(&user);
    }
}

static void count_flush(void *store)
{
    (void)store;
    loaded.flushes++;
}

static void count_compaction(void *store)
{
    (void)store;
    loaded.compactions++;
}

static const bench_contender counter = {
    .name = "counter",
    .load = count_load,
    .flush = count_flush,
    .compact = count_compaction,
};

static void load(bench_layout layout)
{
    bench_shape shape = {.layout = layout, .versions = VERSIONS, .value_size = 64, .keys = KEYS};
    memset(&loaded, 0, sizeof loaded);
    bench_load(&counter, NULL, &shape);
    for (size_t key = 0; key < KEYS; key++) {
        for (size_t version = 0; version < VERSIONS; version++)
            ck_assert_uint_eq(loaded.seen[key][version], 1);
    }
}

START_TEST(everything_is_loaded_once)
{
    load(BENCH_ONE);
    ck_assert_uint_eq(loaded.flushes, 0);
    ck_assert_uint_eq(loaded.compactions, 1);
    ck_assert_uint_eq(loaded.in_part[0], KEYS * VERSIONS);
}
END_TEST

START_TEST(level_zero_and_the_memtable_hold_the_newest_of_some_keys)
{
    load(BENCH_L0);
    ck_assert_uint_eq(loaded.flushes, 4);
    ck_assert_uint_eq(loaded.compactions, 1);
    /* 2.5 % of the keys in each file, 2 % in memory, give or take what chance does. */
    for (unsigned file = 1; file <= 4; file++) {
        ck_assert_uint_gt(loaded.in_part[file], KEYS / 80);
        ck_assert_uint_lt(loaded.in_part[file], KEYS / 20);
    }
    ck_assert_uint_gt(loaded.in_part[5], KEYS / 100);
    ck_assert_uint_lt(loaded.in_part[5], KEYS / 25);
}
END_TEST

START_TEST(values_differ_and_are_the_same_each_time)
{
    unsigned char a[512];
    unsigned char b[512];
    for (size_t size = 8; size <= 512; size *= 8) {
        bench_value(a, size, 5, 1);
        bench_value(b, size, 5, 1);
        ck_assert_int_eq(memcmp(a, b, size), 0);
        bench_value(b, size, 5, 2);
        ck_assert_int_ne(memcmp(a, b, size), 0);
        bench_value(b, size, 6, 1);
        ck_assert_int_ne(memcmp(a, b, size), 0);
    }
}
END_TEST

/* Picks keys and calls `check` for the number of each. */
static void pick(bench_pick how, size_t count, unsigned rows, void (*check)(size_t, int64_t))
{
    bench_shape shape = {.versions = 10, .value_size = 64, .keys = KEYS};
    bench_picker picker;
    bench_keys keys = {.count = 0};
    bench_picker_init(&picker, &shape);
    bench_pick_keys(&picker, how, count, rows, &keys);
    ck_assert_uint_eq(keys.count, count);
    for (size_t i = 0; i < count; i++) {
        varve_ts ts;
        varve_error err = VARVE_ERROR_INIT;
        ck_ok(varve_key_decode(keys.engines[i], NULL, &ts, &err), &err);
        ck_assert_msg(keys.ts == INT64_MAX || keys.ts == ts.wall, "read as of another time");
        check(key_number(keys.users[i]), ts.wall);
    }
    bench_keys_release(&keys);
}

static void newest_exists(size_t number, int64_t ts)
{
    ck_assert_uint_eq(number % 1000, 0);
    ck_assert_uint_lt(number / 1000, KEYS);
    ck_assert_int_eq(ts, bench_version_ts(10));
}

static void middle_exists(size_t number, int64_t ts)
{
    ck_assert_uint_eq(number % 1000, 0);
    ck_assert_int_eq(ts, bench_version_ts(5));
}

static void does_not_exist(size_t number, int64_t ts)
{
    (void)ts;
    ck_assert_uint_ne(number % 1000, 0);
    ck_assert_uint_lt(number / 1000, KEYS);
}

static void has_rows_behind(size_t number, int64_t ts)
{
    (void)ts;
    ck_assert_uint_eq(number % 1000, 0);
    ck_assert_uint_le(number / 1000 + 100, KEYS);
}

static void has_rows_before(size_t number, int64_t ts)
{
    (void)ts;
    ck_assert_uint_eq(number % 1000, 0);
    ck_assert_uint_ge(number / 1000, 100);
    ck_assert_uint_lt(number / 1000, KEYS);
}

static bool picked[KEYS * 1000];

static void is_new(size_t number, int64_t ts)
{
    does_not_exist(number, ts);
    ck_assert_int_gt(ts, bench_version_ts(10));
    ck_assert_msg(!picked[number], "picked twice");
    picked[number] = true;
}

static void is_over(size_t number, int64_t ts)
{
    ck_assert_uint_eq(number % 1000, 0);
    ck_assert_int_gt(ts, bench_version_ts(10));
    ck_assert_msg(!picked[number], "picked twice");
    picked[number] = true;
}

START_TEST(keys_are_picked_as_they_are_needed)
{
    pick(BENCH_PICK_NEWEST, 500, 0, newest_exists);
    pick(BENCH_PICK_HOT, 500, 0, newest_exists);
    pick(BENCH_PICK_MIDDLE, 500, 0, middle_exists);
    pick(BENCH_PICK_ABSENT, 500, 0, does_not_exist);
    pick(BENCH_PICK_START, 500, 100, has_rows_behind);
    pick(BENCH_PICK_START_MIDDLE, 500, 100, middle_exists);
    pick(BENCH_PICK_END, 500, 100, has_rows_before);
    pick(BENCH_PICK_BETWEEN, 500, 0, does_not_exist);
}
END_TEST

START_TEST(keys_to_write_are_picked_once)
{
    pick(BENCH_PICK_NEW, 5 * KEYS, 0, is_new);
    memset(picked, 0, sizeof picked);
    pick(BENCH_PICK_OVER, KEYS, 0, is_over);
}
END_TEST

static size_t last_behind;

static void is_behind(size_t number, int64_t ts)
{
    ck_assert_uint_eq(number % 1000, 0);
    ck_assert_uint_ge(number / 1000, KEYS);
    ck_assert_uint_gt(number, last_behind);
    ck_assert_int_gt(ts, bench_version_ts(10));
    last_behind = number;
}

START_TEST(keys_behind_all_others_follow_each_other)
{
    last_behind = 0;
    pick(BENCH_PICK_BEHIND, 5 * KEYS, 100, is_behind);
    ck_assert_uint_eq(last_behind / 1000, 6 * KEYS - 1);
}
END_TEST

START_TEST(the_same_keys_are_written_later)
{
    bench_shape shape = {.versions = 1, .value_size = 64, .keys = KEYS};
    bench_picker picker;
    bench_keys keys = {.count = 0};
    bench_picker_init(&picker, &shape);
    bench_pick_keys(&picker, BENCH_PICK_OVER, 2, 0, &keys);
    int64_t before = keys.ts;
    size_t number = key_number(keys.users[1]);
    bench_keys_later(&picker, &keys);
    ck_assert_int_gt(keys.ts, before);
    ck_assert_uint_eq(key_number(keys.users[1]), number);
    for (size_t i = 0; i < 2; i++) {
        varve_ts ts;
        varve_buf user = VARVE_BUF_INIT;
        varve_error err = VARVE_ERROR_INIT;
        ck_ok(varve_key_decode(keys.engines[i], &user, &ts, &err), &err);
        ck_assert_int_eq(ts.wall, keys.ts);
        ck_slice_eq(varve_buf_slice(&user), keys.users[i]);
        varve_buf_release(&user);
    }
    before = keys.ts;
    bench_pick_keys(&picker, BENCH_PICK_OVER, 2, 0, &keys);
    ck_assert_int_gt(keys.ts, before);
    bench_keys_release(&keys);
}
END_TEST

START_TEST(a_shape_has_a_name_and_a_size)
{
    char name[96];
    bench_shape shape = {
        .layout = BENCH_L0, .versions = 10, .value_size = 64, .keys = 1000, .beyond_cache = 4};
    bench_shape_name(&shape, name, sizeof name);
    ck_assert_str_eq(name, "l0-v10-b64-k1000-x4");
    ck_assert_uint_eq(bench_shape_bytes(&shape), 10 * 1000 * (38 + 64));
    shape.layout = BENCH_ONE;
    shape.beyond_cache = 0;
    bench_shape_name(&shape, name, sizeof name);
    ck_assert_str_eq(name, "one-v10-b64-k1000");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data");
    TCase *tcase = tcase_create("data");
    tcase_add_test(tcase, everything_is_loaded_once);
    tcase_add_test(tcase, level_zero_and_the_memtable_hold_the_newest_of_some_keys);
    tcase_add_test(tcase, values_differ_and_are_the_same_each_time);
    tcase_add_test(tcase, keys_are_picked_as_they_are_needed);
    tcase_add_test(tcase, keys_to_write_are_picked_once);
    tcase_add_test(tcase, keys_to_write_are_picked_once);
    tcase_add_test(tcase, keys_behind_all_others_follow_each_other);
    tcase_add_test(tcase, the_same_keys_are_written_later);
    tcase_add_test(tcase, a_shape_has_a_name_and_a_size);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
