/*
 * Searching for the end of damage, on an iterator over keys of which some ranges cannot be read.
 */
#include <stdio.h>

#include "engine/iter.h"
#include "tests/support/support.h"
#include "util/buf.h"
#include "util/fail.h"

enum { KEYS_MAX = 4096, BAD_MAX = 8 };

/* What is there: keys in their order, and of these the damaged, first to last. */
static struct {
    varve_slice keys[KEYS_MAX];
    size_t count;
    struct {
        size_t first;
        size_t last;
    } bad[BAD_MAX];
    size_t bad_count;
    unsigned seeks;
} store;

static bool is_bad(size_t at)
{
    for (size_t i = 0; i < store.bad_count; i++) {
        if (at >= store.bad[i].first && at <= store.bad[i].last)
            return true;
    }
    return false;
}

static void fake_seek_ge(varve_iter *it, varve_slice key)
{
    size_t at = 0;
    store.seeks++;
    while (at < store.count && varve_slice_compare(store.keys[at], key) < 0)
        at++;
    varve__iter *own = varve__iter_of(it);
    varve__iter_restart(own);
    it->valid = at < store.count && !is_bad(at);
    if (it->valid)
        it->key = store.keys[at];
    else if (at < store.count)
        (void)varve__fail(varve__iter_failed(own), VARVE_CORRUPT, "block %zu is damaged", at);
}

static const varve_iter_ops fake_ops = {.seek_ge = fake_seek_ge};

static varve__iter fake;

static void set_up(void)
{
    const varve_iter_options options = {.struct_size = sizeof options};
    memset(&store, 0, sizeof store);
    memset(&fake, 0, sizeof fake);
    ck_ok(varve__iter_init(&fake, &fake_ops, &options, NULL), NULL);
}

static void tear_down(void)
{
    varve__iter_release(&fake);
}

static void add(const char *format, unsigned number)
{
    char text[200];
    int size = snprintf(text, sizeof text, format, number);
    store.keys[store.count++] = copy_of(varve_slice_of(text, (size_t)size));
}

static void damage(size_t first, size_t last)
{
    store.bad[store.bad_count].first = first;
    store.bad[store.bad_count++].last = last;
}

/* The number of the key that is come to from behind one, up to behind another. */
static size_t past(size_t from, size_t end)
{
    varve_buf behind = VARVE_BUF_INIT;
    size_t at = 0;
    ck_ok(varve__buf_append(&behind, store.keys[end], NULL), NULL);
    ck_ok(varve__buf_append(&behind, varve_slice_of("", 1), NULL), NULL);
    if (!varve_iter_seek_past(&fake.head, store.keys[from], varve_buf_slice(&behind)))
        at = store.count;
    while (at < store.count && store.keys[at].data != fake.head.key.data)
        at++;
    varve_buf_release(&behind);
    return at;
}

/* Names of files, as long as these are, do not differ in their first bytes. */
static const char *const shapes[] = {
    "%05u", "key%u/%%/", "%08x-and-what-comes-behind-it",
    "https://example.com/a/long/way/down/to/where/they/differ/%06u",
    "%%%03u-https://example.com/a/long/way/down/to/where/they/differ"};

START_TEST(the_first_behind_the_damage_is_found)
{
    for (unsigned i = 0; i < 900; i++)
        add(shapes[_i], 100 + i);
    damage(50, 120);
    ck_assert_uint_eq(past(49, 899), 121);
    ck_assert_uint_eq(past(50, 899), 121);
    ck_assert_uint_eq(past(70, 121), 121);
    ck_assert_uint_lt(store.seeks, 3 * 1000);
}
END_TEST

/* One key far in front of it has nothing in common with them, and one far behind neither. */
START_TEST(what_lies_far_around_does_not_blur_it)
{
    add("!%u", 1);
    for (unsigned i = 0; i < 900; i++)
        add("https://example.com/a/long/way/down/to/where/they/differ/%06u", i);
    add("~%u", 1);
    damage(1, 300);
    ck_assert_uint_eq(past(0, 901), 301);
    store.bad[0].last = 900;
    ck_assert_uint_eq(past(0, 901), 901);
    damage(901, 901);
    ck_assert_uint_eq(past(0, 901), 902);
    ck_assert_int_eq((int)varve_iter_status(&fake.head, NULL), (int)VARVE_OK);
}
END_TEST

/* What lies between two damages is not passed over with them. */
START_TEST(the_end_of_the_first_damage_is_found)
{
    for (unsigned i = 0; i < 2000; i++)
        add("%05u", i);
    damage(100, 160);
    damage(500, 560);
    damage(1000, 1999);
    ck_assert_uint_eq(past(99, 1999), 161);
    ck_assert_uint_eq(past(499, 1999), 561);
    ck_assert_uint_eq(past(999, 1999), 2000);
}
END_TEST

/* If the end cannot be read from either, the failure there is the iterator's. */
START_TEST(it_fails_where_nothing_can_be_read)
{
    for (unsigned i = 0; i < 100; i++)
        add("%05u", i);
    damage(10, 99);
    ck_assert_uint_eq(past(9, 50), 100);
    ck_assert_int_eq((int)varve_iter_status(&fake.head, NULL), (int)VARVE_CORRUPT);
    ck_assert(!varve_iter_seek_past(&fake.head, store.keys[60], store.keys[20]));
    ck_assert_int_eq((int)varve_iter_status(&fake.head, NULL), (int)VARVE_CORRUPT);
    ck_assert(varve_iter_seek_past(&fake.head, varve_slice_of("", 0), varve_slice_of("", 0)));
}
END_TEST

static int compare_keys(const void *a, const void *b)
{
    return varve_slice_compare(*(const varve_slice *)a, *(const varve_slice *)b);
}

/*
 * Keys of few different bytes, of all lengths; the damage anywhere.  Of a key that goes on behind
 * another one with nothing but zeros, which no engine key does, nothing is promised.
 */
static void fill_at_random(test_random *random)
{
    store.count = 0;
    for (unsigned i = 0; i < 300; i++) {
        unsigned char key[40];
        size_t size = 1 + test_random_below(random, sizeof key);
        for (size_t j = 0; j < size; j++)
            key[j] = (const unsigned char[]){1, 2, 254, 255}[test_random_below(random, 4)];
        store.keys[store.count++] = copy_of(varve_slice_of(key, size));
    }
    qsort(store.keys, store.count, sizeof *store.keys, compare_keys);
    size_t kept = 1;
    for (size_t i = 1; i < store.count; i++) {
        if (!varve_slice_equal(store.keys[i], store.keys[kept - 1]))
            store.keys[kept++] = store.keys[i];
    }
    store.count = kept;
}

START_TEST(wherever_the_damage_lies)
{
    test_random random = test_random_start();
    for (unsigned round = 0; round < 100; round++) {
        fill_at_random(&random);
        size_t first = 1 + test_random_below(&random, store.count - 2);
        size_t last = first + test_random_below(&random, store.count - first);
        size_t end = last + test_random_below(&random, store.count - last);
        store.bad_count = 0;
        damage(first, last);
        ck_assert_uint_eq(past(first - 1, end), last + 1);
    }
}
END_TEST

static varve_status seek_past(void *context, varve_error *err)
{
    (void)context;
    (void)varve_iter_seek_past(&fake.head, store.keys[0], store.keys[9]);
    return varve_iter_status(&fake.head, err);
}

START_TEST(it_can_run_out_of_memory)
{
    for (unsigned i = 0; i < 10; i++)
        add("%05u", i);
    damage(1, 5);
    ck_assert_uint_ge(fault_alloc_each(seek_past, NULL), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("iter_past");
    TCase *tcase = tcase_create("fake");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, the_first_behind_the_damage_is_found, 0,
                        (int)(sizeof shapes / sizeof *shapes));
    tcase_add_test(tcase, what_lies_far_around_does_not_blur_it);
    tcase_add_test(tcase, the_end_of_the_first_damage_is_found);
    tcase_add_test(tcase, it_fails_where_nothing_can_be_read);
    tcase_add_test(tcase, wherever_the_damage_lies);
    tcase_add_test(tcase, it_can_run_out_of_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
