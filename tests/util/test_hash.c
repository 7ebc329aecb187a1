#include "util/hash.h"

#include "tests/support/support.h"

/* Wherever the bytes begin, and whatever lies behind them. */
START_TEST(the_place_of_the_bytes_does_not_matter)
{
    unsigned char room[64];
    for (size_t size = 0; size < 40; size++) {
        uint64_t hash = varve__hash(repeated('k', size));
        for (size_t at = 0; at < 16; at++) {
            memset(room, 'x', sizeof room);
            memset(room + at, 'k', size);
            ck_assert_uint_eq(varve__hash(varve_slice_of(room + at, size)), hash);
        }
    }
}
END_TEST

/* Any bits of it choose between buckets: none is much fuller than others. */
START_TEST(keys_in_a_row_are_spread)
{
    enum { KEYS = 4096, BUCKETS = 256 };
    for (unsigned shift = 0; shift <= 56; shift += 8) {
        unsigned counts[BUCKETS] = {0};
        for (uint32_t key = 0; key < KEYS; key++) {
            unsigned char bytes[4] = {(unsigned char)(key >> 8), (unsigned char)key, 0, 1};
            counts[varve__hash(varve_slice_of(bytes, sizeof bytes)) >> shift & (BUCKETS - 1)]++;
        }
        for (size_t i = 0; i < BUCKETS; i++)
            ck_assert_uint_lt(counts[i], 3 * KEYS / BUCKETS);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("util/hash");
    TCase *tcase = tcase_create("hash");
    tcase_add_test(tcase, the_place_of_the_bytes_does_not_matter);
    tcase_add_test(tcase, keys_in_a_row_are_spread);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
