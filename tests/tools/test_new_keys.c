/* Keys that have certainly not been seen. */
#include <stdio.h>

#include "tests/support/support.h"
#include "tools/new_keys.h"

static varve_slice key_of_number(unsigned number, char text[16])
{
    return varve_slice_of(text, (size_t)snprintf(text, 16, "key%u", number));
}

START_TEST(a_key_that_was_added_is_never_new)
{
    enum { KEYS = 100000 };
    struct new_keys keys = {NULL};
    char text[16];
    unsigned taken = 0;

    new_keys_begin(&keys);
    for (unsigned i = 0; i < KEYS; i++)
        taken += !new_keys_add(&keys, key_of_number(i, text));
    /* So few are taken for others that most need not be looked at: of these one in a million. */
    ck_assert_uint_lt(taken, 100);
    for (unsigned i = 0; i < KEYS; i++)
        ck_assert(!new_keys_add(&keys, key_of_number(i, text)));
    new_keys_release(&keys);
}
END_TEST

START_TEST(keys_of_all_sizes)
{
    static const unsigned char zeros[300];
    struct new_keys keys = {NULL};

    new_keys_begin(&keys);
    for (size_t size = 0; size < sizeof zeros; size++)
        ck_assert(new_keys_add(&keys, varve_slice_of(zeros, size)));
    for (size_t size = 0; size < sizeof zeros; size++)
        ck_assert(!new_keys_add(&keys, varve_slice_of(zeros, size)));
    new_keys_release(&keys);
}
END_TEST

START_TEST(without_memory_none_is_new)
{
    struct new_keys keys = {NULL};

    ck_assert(!new_keys_add(&keys, varve_slice_of("a", 1)));
    new_keys_release(&keys);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("new_keys");
    TCase *tcase = tcase_create("filter");
    tcase_add_test(tcase, a_key_that_was_added_is_never_new);
    tcase_add_test(tcase, keys_of_all_sizes);
    tcase_add_test(tcase, without_memory_none_is_new);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
