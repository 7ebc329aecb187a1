#include "tests/support/support.h"

#include "util/index.h"

static varve__index tree;

static void set_up(void)
{
    varve__index_init(&tree);
}

static void tear_down(void)
{
    varve__index_release(&tree);
}

/* ---- A sorted array does the same, slowly -------------------------------------------------------
 */

enum { EVENTS_MAX = 3000 };

struct event {
    varve_slice key;
    uint64_t order;
};

static struct event events[EVENTS_MAX];
static size_t event_count;

static int compare_events(const struct event *a, const struct event *b)
{
    int keys = varve_slice_compare(a->key, b->key);
    return keys != 0 ? keys : (a->order < b->order) - (a->order > b->order);
}

static void add_event(varve_slice key, uint64_t order)
{
    struct event fresh = {copy_of(key), order};
    size_t at = event_count++;
    while (at > 0 && compare_events(&events[at - 1], &fresh) > 0) {
        events[at] = events[at - 1];
        at--;
    }
    events[at] = fresh;
}

/* Keys from few letters and lengths, so that many are equal or prefixes of others. */
static varve_slice random_key(test_random *random)
{
    static const unsigned char letters[] = {0x00, 0x01, 'a', 0xFF};
    static unsigned char data[5];
    size_t size = test_random_below(random, sizeof data + 1);
    for (size_t i = 0; i < size; i++)
        data[i] = letters[test_random_below(random, sizeof letters)];
    return varve_slice_of(data, size);
}

static void fill(test_random *random, size_t count)
{
    while (event_count < count) {
        varve_slice key = random_key(random);
        uint64_t order = event_count + 1;
        if (test_random_below(random, 2) == 0)
            order = UINT64_MAX / 2 - event_count;
        varve__index_entry *entry =
            varve__index_insert(&tree, key, order, (uint32_t)event_count, order + 1, key.size);
        ck_assert_ptr_nonnull(entry);
        ck_slice_eq(entry->key, key);
        ck_assert_uint_eq(entry->kind, event_count);
        ck_assert_uint_eq(entry->datum, order + 1);
        ck_assert_uint_eq(entry->size, key.size);
        add_event(key, order);
    }
    ck_assert_uint_eq(tree.count, event_count);
}

/* `entry` is the event at `at`; at the end, or before the front, it is NULL. */
static void ck_entry(const varve__index_entry *entry, size_t at)
{
    if (at >= event_count) {
        ck_assert_ptr_null(entry);
        return;
    }
    ck_assert_ptr_nonnull(entry);
    ck_slice_eq(entry->key, events[at].key);
    ck_assert_uint_eq(entry->order, events[at].order);
}

/* The number of events in front of (key, order). */
static size_t events_before(varve_slice key, uint64_t order)
{
    struct event wanted = {key, order};
    size_t at = 0;
    while (at < event_count && compare_events(&events[at], &wanted) < 0)
        at++;
    return at;
}

START_TEST(an_empty_index_has_no_entries)
{
    ck_assert_ptr_null(varve__index_seek_ge(&tree, bytes(""), UINT64_MAX));
    ck_assert_ptr_null(varve__index_seek_lt(&tree, bytes("x")));
    ck_assert_ptr_null(varve__index_last(&tree));
    ck_assert_uint_eq(tree.count, 0);
}
END_TEST

START_TEST(the_newest_event_of_a_key_comes_first)
{
    for (uint64_t order = 1; order <= 5; order++)
        ck_assert_ptr_nonnull(varve__index_insert(&tree, bytes("k"), order, 0, 0, 0));
    const varve__index_entry *entry = varve__index_seek_ge(&tree, bytes("k"), UINT64_MAX);
    for (uint64_t order = 5; order >= 1; order--, entry = varve__index_next(entry))
        ck_assert_uint_eq(entry->order, order);
    ck_assert_ptr_null(entry);
    ck_assert_uint_eq(varve__index_seek_ge(&tree, bytes("k"), 3)->order, 3);
    ck_assert_ptr_null(varve__index_seek_ge(&tree, bytes("k"), 0));
    ck_assert_ptr_null(varve__index_seek_lt(&tree, bytes("k")));
}
END_TEST

START_TEST(it_answers_as_a_sorted_array_does)
{
    test_random random = test_random_start();
    for (size_t count = 1; count <= EVENTS_MAX; count *= 7) {
        fill(&random, count);
        const varve__index_entry *entry = varve__index_seek_ge(&tree, bytes(""), UINT64_MAX);
        for (size_t at = 0; at < event_count; at++, entry = varve__index_next(entry))
            ck_entry(entry, at);
        ck_assert_ptr_null(entry);
        ck_entry(varve__index_last(&tree), event_count - 1);
        for (int i = 0; i < 2000; i++) {
            varve_slice key = copy_of(random_key(&random));
            uint64_t order = test_random_below(&random, event_count + 2);
            if (test_random_below(&random, 2) == 0)
                order = UINT64_MAX / 2 - order;
            ck_entry(varve__index_seek_ge(&tree, key, order), events_before(key, order));
            ck_entry(varve__index_seek_lt(&tree, key), events_before(key, UINT64_MAX) - 1);
        }
    }
}
END_TEST

/* Take out of the array what a cut takes out of the index. */
static void cut_events(varve_slice start, varve_slice end)
{
    size_t kept = 0;
    for (size_t at = 0; at < event_count; at++) {
        if (varve_slice_compare(events[at].key, start) < 0 ||
            varve_slice_compare(events[at].key, end) >= 0)
            events[kept++] = events[at];
    }
    event_count = kept;
}

START_TEST(cuts_leave_what_lies_outside)
{
    test_random random = test_random_start();
    uint64_t order = 0;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 30 && event_count < EVENTS_MAX; i++) {
            varve_slice key = random_key(&random);
            order++;
            ck_assert_ptr_nonnull(varve__index_insert(&tree, key, order, 0, 0, 0));
            add_event(key, order);
        }
        varve_slice start = copy_of(random_key(&random));
        varve_slice end = copy_of(random_key(&random));
        varve__index_cut(&tree, start, end);
        if (varve_slice_compare(start, end) < 0)
            cut_events(start, end);
        const varve__index_entry *entry = varve__index_seek_ge(&tree, bytes(""), UINT64_MAX);
        for (size_t at = 0; at < event_count; at++, entry = varve__index_next(entry))
            ck_entry(entry, at);
        ck_assert_ptr_null(entry);
        ck_entry(varve__index_last(&tree), event_count - 1);
        varve_slice key = copy_of(random_key(&random));
        ck_entry(varve__index_seek_lt(&tree, key), events_before(key, UINT64_MAX) - 1);
    }
}
END_TEST

/* The one of them that is asked for goes, also of a key that has others. */
START_TEST(entries_are_taken_out_one_by_one)
{
    test_random random = test_random_start();
    fill(&random, 1000);
    while (event_count > 0) {
        size_t at = (size_t)test_random_below(&random, event_count);
        struct event gone = events[at];
        ck_assert(varve__index_remove(&tree, gone.key, gone.order));
        ck_assert(!varve__index_remove(&tree, gone.key, gone.order));
        memmove(&events[at], &events[at + 1], (--event_count - at) * sizeof events[0]);
        ck_entry(varve__index_seek_ge(&tree, gone.key, gone.order), at);
        ck_entry(varve__index_last(&tree), event_count - 1);
    }
    ck_assert_ptr_null(varve__index_seek_ge(&tree, bytes(""), UINT64_MAX));
}
END_TEST

START_TEST(a_reset_keeps_the_memory)
{
    for (int round = 0; round < 4; round++) {
        if (round > 0)
            fault_alloc_arm(1);
        for (uint64_t order = 1; order <= 1000; order++)
            ck_assert_ptr_nonnull(varve__index_insert(&tree, bytes("key"), order, 0, 0, 0));
        ck_assert(round == 0 || !fault_alloc_disarm());
        varve__index_reset(&tree);
        ck_assert_uint_eq(tree.count, 0);
        ck_assert_ptr_null(varve__index_last(&tree));
    }
}
END_TEST

START_TEST(entries_and_their_keys_stay_where_they_are)
{
    test_random random = test_random_start();
    varve__index_entry *entry = varve__index_insert(&tree, bytes("mmm"), 1, 2, 3, 4);
    const unsigned char *data = entry->key.data;
    add_event(bytes("mmm"), 1);
    fill(&random, 2000);
    ck_assert_ptr_eq(varve__index_seek_ge(&tree, bytes("mmm"), 1), entry);
    ck_assert_ptr_eq(entry->key.data, data);
    ck_slice_eq(entry->key, bytes("mmm"));
}
END_TEST

/* A quarter of the entries of each level stands in the next. */
START_TEST(levels_thin_out)
{
    enum { COUNT = 40000 };
    size_t levels[VARVE__INDEX_HEIGHT_MAX] = {0};
    for (uint64_t order = 0; order < COUNT; order++) {
        uint32_t height = varve__index_insert(&tree, bytes("k"), order, 0, 0, 0)->height;
        ck_assert_uint_ge(height, 1);
        ck_assert_uint_le(height, VARVE__INDEX_HEIGHT_MAX);
        levels[height - 1]++;
    }
    size_t expected = COUNT;
    for (size_t h = 0; expected > 200; h++, expected /= 4) {
        size_t here = expected - expected / 4;
        ck_assert_uint_gt(levels[h], here - here / 5);
        ck_assert_uint_lt(levels[h], here + here / 5);
    }
}
END_TEST

START_TEST(without_memory_nothing_is_added)
{
    test_random random = test_random_start();
    fault_alloc_arm(1);
    ck_assert_ptr_null(varve__index_insert(&tree, bytes("k"), 1, 0, 0, 0));
    ck_assert(fault_alloc_disarm());
    fill(&random, 100);

    /* The entry finds room, its key does not. */
    fault_alloc_arm(1);
    ck_assert_ptr_null(varve__index_insert(&tree, repeated('k', 100000), 1, 0, 0, 0));
    ck_assert(fault_alloc_disarm());

    ck_assert_uint_eq(tree.count, 100);
    const varve__index_entry *entry = varve__index_seek_ge(&tree, bytes(""), UINT64_MAX);
    for (size_t at = 0; at < event_count; at++, entry = varve__index_next(entry))
        ck_entry(entry, at);
    ck_assert_ptr_null(entry);
}
END_TEST

START_TEST(a_released_index_is_empty_and_can_be_filled_again)
{
    ck_assert_ptr_nonnull(varve__index_insert(&tree, bytes("k"), 1, 0, 0, 0));
    varve__index_release(&tree);
    ck_assert_ptr_null(varve__index_last(&tree));
    ck_assert_uint_eq(tree.count, 0);
    ck_assert_ptr_nonnull(varve__index_insert(&tree, bytes("k"), 1, 0, 0, 0));
    ck_assert_ptr_nonnull(varve__index_last(&tree));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("index");
    TCase *tcase = tcase_create("index");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, an_empty_index_has_no_entries);
    tcase_add_test(tcase, the_newest_event_of_a_key_comes_first);
    tcase_add_test(tcase, it_answers_as_a_sorted_array_does);
    tcase_add_test(tcase, cuts_leave_what_lies_outside);
    tcase_add_test(tcase, entries_are_taken_out_one_by_one);
    tcase_add_test(tcase, a_reset_keeps_the_memory);
    tcase_add_test(tcase, entries_and_their_keys_stay_where_they_are);
    tcase_add_test(tcase, levels_thin_out);
    tcase_add_test(tcase, without_memory_nothing_is_added);
    tcase_add_test(tcase, a_released_index_is_empty_and_can_be_filled_again);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
