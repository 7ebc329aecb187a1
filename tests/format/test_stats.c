#include "tests/support/support.h"

#include <stdio.h>

#include <varve/stats.h>

static varve_error err = VARVE_ERROR_INIT;
static varve_buf text;

static void set_up(void)
{
    text = (varve_buf)VARVE_BUF_INIT;
}

static void tear_down(void)
{
    varve_buf_release(&text);
    varve_error_release(&err);
}

#define SECOND INT64_C(1000000000)

#define ck_printed(stats, expected)                                                                \
    do {                                                                                           \
        text.size = 0;                                                                             \
        ck_ok(varve_stats_print(stats, &text, &err), &err);                                        \
        ck_buf_text(&text, expected);                                                              \
    } while (0)

/* ---- Ages --------------------------------------------------------------------------------------
 */

START_TEST(seconds_count_where_whole_seconds_end)
{
    varve_stats stats = {.intent_count = 11, .key_bytes = 42, .last_update_nanos = SECOND - 1000};
    varve_stats_age_to(&stats, SECOND - 1);
    ck_assert_int_eq(stats.gc_bytes_age, 0);
    ck_assert_int_eq(stats.intent_age, 0);
    varve_stats_age_to(&stats, SECOND);
    ck_assert_int_eq(stats.gc_bytes_age, 42);
    ck_assert_int_eq(stats.intent_age, 11);
    varve_stats_age_to(&stats, 2 * SECOND - 1);
    ck_assert_int_eq(stats.gc_bytes_age, 42);
    ck_assert_int_eq(stats.intent_age, 11);
    varve_stats_age_to(&stats, 2 * SECOND);
    ck_assert_int_eq(stats.gc_bytes_age, 84);
    ck_assert_int_eq(stats.intent_age, 22);
    ck_assert_int_eq(stats.last_update_nanos, 2 * SECOND);
}
END_TEST

START_TEST(ages_go_back_too_unless_told_to_go_forward)
{
    varve_stats stats = {.intent_count = 1, .key_bytes = 9, .live_bytes = 2};
    varve_stats_age_to(&stats, 5 * SECOND);
    varve_stats_forward(&stats, 3 * SECOND);
    ck_printed(&stats, "last_update_nanos=5000000000 intent_age=5 gc_bytes_age=35 live_bytes=2 "
                       "key_bytes=9 intent_count=1");
    varve_stats_forward(&stats, 6 * SECOND);
    varve_stats_age_to(&stats, 2 * SECOND);
    ck_printed(&stats, "last_update_nanos=2000000000 intent_age=2 gc_bytes_age=14 live_bytes=2 "
                       "key_bytes=9 intent_count=1");
    varve_stats_age_to(&stats, -2 * SECOND);
    ck_assert_int_eq(stats.intent_age, -2);
    varve_stats_age_to(&stats, -SECOND - 1); /* Truncated towards zero: still at -1. */
    ck_assert_int_eq(stats.intent_age, -1);
}
END_TEST

START_TEST(bytes_and_averages)
{
    varve_stats stats = {.key_bytes = 30, .val_bytes = 12, .live_bytes = 7, .intent_count = 4};
    ck_assert_int_eq(varve_stats_total_bytes(&stats), 42);
    ck_assert_int_eq(varve_stats_gc_bytes(&stats), 35);
    ck_assert_int_eq(varve_stats_gc_byte_age(&stats, 3 * SECOND), 105);
    stats.intent_age = 2;
    ck_assert(varve_stats_avg_intent_age(&stats, 3 * SECOND) == 3.5);
    ck_assert_int_eq(stats.last_update_nanos, 0);
    stats.intent_count = 0;
    ck_assert(varve_stats_avg_intent_age(&stats, 3 * SECOND) == 0);
}
END_TEST

/* ---- Sums --------------------------------------------------------------------------------------
 */

START_TEST(sums_age_the_earlier_to_the_later)
{
    varve_stats early = {.last_update_nanos = SECOND, .key_bytes = 10, .intent_count = 1};
    varve_stats late = {
        .last_update_nanos = 4 * SECOND, .key_bytes = 100, .val_bytes = 5, .sys_count = 3};
    varve_stats sum = early;
    varve_stats_add(&sum, &late);
    ck_printed(&sum, "last_update_nanos=4000000000 intent_age=3 gc_bytes_age=30 key_bytes=110 "
                     "val_bytes=5 intent_count=1 sys_count=3");
    varve_stats other = late;
    varve_stats_add(&other, &early);
    ck_assert_mem_eq(&other, &sum, sizeof sum);
    ck_assert_int_eq(early.gc_bytes_age, 0); /* What is added stays as it is. */

    varve_stats_subtract(&sum, &late);
    ck_printed(&sum, "last_update_nanos=4000000000 intent_age=3 gc_bytes_age=30 key_bytes=10 "
                     "intent_count=1");
    varve_stats_subtract(&sum, &early);
    ck_printed(&sum, "last_update_nanos=4000000000");
}
END_TEST

START_TEST(negative_counts_age_too)
{
    varve_stats stats = {
        .intent_count = 11, .key_bytes = 42, .val_bytes = 3, .last_update_nanos = SECOND - 1000};
    varve_stats negative = {0};
    varve_stats_subtract(&negative, &stats);
    ck_printed(&negative,
               "last_update_nanos=999999000 key_bytes=-42 val_bytes=-3 intent_count=-11");
    varve_stats_age_to(&negative, 3 * SECOND);
    ck_assert_int_eq(negative.intent_age, -33);
    ck_assert_int_eq(negative.gc_bytes_age, -135);
    varve_stats_add(&stats, &negative);
    ck_printed(&stats, "last_update_nanos=3000000000");
}
END_TEST

START_TEST(estimates_are_a_number_to_add)
{
    varve_stats stats = {.contains_estimates = 2};
    varve_stats more = {.contains_estimates = 3};
    varve_stats_add(&stats, &more);
    ck_assert_int_eq(stats.contains_estimates, 5);
    varve_stats_subtract(&stats, &more);
    ck_assert_int_eq(stats.contains_estimates, 2);
}
END_TEST

static varve_stats any_stats(test_random *random)
{
    varve_stats stats;
    unsigned char *out = (unsigned char *)&stats;
    for (size_t i = 0; i < sizeof stats; i++)
        out[i] = (unsigned char)test_random_next(random);
    return stats;
}

START_TEST(whatever_is_added_can_be_subtracted)
{
    test_random random = test_random_start();
    for (int i = 0; i < 2000; i++) {
        varve_stats stats = any_stats(&random);
        varve_stats more = any_stats(&random);
        int64_t later = more.last_update_nanos;
        varve_stats expected = stats;
        varve_stats_forward(&expected, later);
        varve_stats_add(&stats, &more);
        varve_stats_subtract(&stats, &more);
        ck_assert_mem_eq(&stats, &expected, sizeof stats);
    }
}
END_TEST

/* ---- The record --------------------------------------------------------------------------------
 */

static const char golden[] = "09 00 CA 9A 3B 00 00 00 00 | 11 02 00 00 00 00 00 00 00 |"
                             "19 FF FF FF FF FF FF FF FF | 21 04 00 00 00 00 00 00 00 |"
                             "29 05 00 00 00 00 00 00 00 | 31 06 00 00 00 00 00 00 00 |"
                             "39 07 00 00 00 00 00 00 00 | 41 08 00 00 00 00 00 00 00 |"
                             "49 09 00 00 00 00 00 00 00 | 51 0A 00 00 00 00 00 00 00 |"
                             "59 0B 00 00 00 00 00 00 00 | 61 0C 00 00 00 00 00 00 00 |"
                             "69 EF CD AB 89 67 45 23 01 | 70 03";

START_TEST(the_record_has_these_bytes)
{
    varve_stats stats = {
        .contains_estimates = 3,
        .last_update_nanos = SECOND,
        .intent_age = 2,
        .gc_bytes_age = -1,
        .live_bytes = 4,
        .live_count = 5,
        .key_bytes = 6,
        .key_count = 7,
        .val_bytes = 8,
        .val_count = 9,
        .intent_bytes = 10,
        .intent_count = 11,
        .sys_bytes = 12,
        .sys_count = 0x0123456789ABCDEF,
    };
    unsigned char record[VARVE_STATS_RECORD_SIZE];
    varve_stats read;
    varve_stats_encode(&stats, record);
    ck_hex(varve_slice_of(record, sizeof record), golden);
    ck_ok(varve_stats_decode(hex(golden), &read, &err), &err);
    ck_assert_mem_eq(&read, &stats, sizeof stats);
}
END_TEST

START_TEST(estimates_fit_one_byte)
{
    static const int64_t pairs[][2] = {{0, 0},           {126, 126}, {127, 127},    {128, 127},
                                       {INT64_MAX, 127}, {-1, 0},    {INT64_MIN, 0}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        varve_stats stats = {.contains_estimates = pairs[i][0]};
        unsigned char record[VARVE_STATS_RECORD_SIZE];
        varve_stats_encode(&stats, record);
        ck_ok(varve_stats_decode(varve_slice_of(record, sizeof record), &stats, &err), &err);
        ck_assert_int_eq(stats.contains_estimates, pairs[i][1]);
    }
}
END_TEST

START_TEST(any_record_reads_back)
{
    test_random random = test_random_start();
    for (int i = 0; i < 500; i++) {
        varve_stats stats = any_stats(&random);
        varve_stats read;
        unsigned char record[VARVE_STATS_RECORD_SIZE];
        stats.contains_estimates &= 0x7F;
        varve_stats_encode(&stats, record);
        ck_ok(varve_stats_decode(copy_of(varve_slice_of(record, sizeof record)), &read, &err),
              &err);
        ck_assert_mem_eq(&read, &stats, sizeof stats);
    }
}
END_TEST

static const struct {
    const char *record;
    const char *printed; /* or what is wrong */
    bool is_fault;
} records[] = {
    {"", "empty", false},
    {"70 05 | 09 01 00 00 00 00 00 00 00", "contains_estimates=5 last_update_nanos=1", false},
    {"70 01 70 02", "contains_estimates=2", false},
    {"78 07 | 82 01 02 61 62 | 7D 01 02 03 04 | 70 80 01", "contains_estimates=128", false},
    {"70", "bad varint", true},
    {"09 01 00 00", "field is cut short", true},
    {"08 01", "wrong wire type of a known field", true},
    {"71 01 00 00 00 00 00 00 00", "wrong wire type of a known field", true},
    {"67", "illegal wire type", true},
    {"00 01", "field number 0", true},
};

START_TEST(records_are_read_like_protocol_buffers)
{
    varve_stats stats = {.sys_count = 77};
    varve_status status = varve_stats_decode(hex(records[_i].record), &stats, &err);
    if (!records[_i].is_fault) {
        ck_ok(status, &err);
        ck_printed(&stats, records[_i].printed);
        return;
    }
    char message[VARVE_ERROR_MESSAGE_MAX];
    snprintf(message, sizeof message, "unable to decode MVCCStats: %s", records[_i].printed);
    ck_fails(status, VARVE_CORRUPT, &err, message);
    ck_printed(&stats, "sys_count=77");
}
END_TEST

/* ---- The record of a range ---------------------------------------------------------------------
 */

static const struct {
    uint64_t range_id;
    const char *key;
} keys[] = {
    {0, "01 69 88 72 73 74 61 74"},
    {1, "01 69 89 72 73 74 61 74"},
    {109, "01 69 F5 72 73 74 61 74"},
    {110, "01 69 F6 6E 72 73 74 61 74"},
    {255, "01 69 F6 FF 72 73 74 61 74"},
    {256, "01 69 F7 01 00 72 73 74 61 74"},
    {0x123456, "01 69 F8 12 34 56 72 73 74 61 74"},
    {UINT64_MAX, "01 69 FD FF FF FF FF FF FF FF FF 72 73 74 61 74"},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

START_TEST(a_range_has_a_key)
{
    ck_ok(varve_range_stats_key(keys[_i].range_id, &text, &err), &err);
    ck_hex(varve_buf_slice(&text), keys[_i].key);
}
END_TEST

START_TEST(keys_of_ranges_are_in_the_order_of_their_numbers)
{
    test_random random = test_random_start();
    varve_buf other = VARVE_BUF_INIT;
    for (int i = 0; i < 3000; i++) {
        uint64_t a = test_random_next(&random) >> test_random_below(&random, 64);
        uint64_t b = test_random_next(&random) >> test_random_below(&random, 64);
        ck_ok(varve_range_stats_key(a, &text, &err), &err);
        ck_ok(varve_range_stats_key(b, &other, &err), &err);
        int order = varve_slice_compare(varve_buf_slice(&text), varve_buf_slice(&other));
        ck_assert_int_eq((order > 0) - (order < 0), (a > b) - (a < b));
    }
    varve_buf_release(&other);
}
END_TEST

START_TEST(a_range_accounts_for_its_own_record)
{
    varve_stats stats = {.sys_bytes = 3, .sys_count = 1};
    varve_stats_account_for_self(&stats, 1);
    ck_printed(&stats, "sys_bytes=150 sys_count=2"); /* 147 more */
    varve_stats_account_for_self(&stats, 256);
    ck_printed(&stats, "sys_bytes=299 sys_count=3"); /* two more bytes of key */
}
END_TEST

/* ---- Printing ----------------------------------------------------------------------------------
 */

START_TEST(all_numbers_are_printed_in_order)
{
    varve_stats stats = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, INT64_MIN};
    ck_printed(&stats, "contains_estimates=1 last_update_nanos=2 intent_age=3 gc_bytes_age=4 "
                       "live_bytes=5 live_count=6 key_bytes=7 key_count=8 val_bytes=9 val_count=10 "
                       "intent_bytes=11 intent_count=12 sys_bytes=13 "
                       "sys_count=-9223372036854775808");
    varve_stats none = {0};
    ck_ok(varve_stats_print(&none, &text, &err), &err);
    ck_assert_mem_eq(text.data + text.size - 8, "808empty", 8);
}
END_TEST

static varve_status print_behind_text(void *context, varve_error *error)
{
    varve_stats stats = {.sys_bytes = 1000000, .sys_count = 1000000};
    varve_buf out = VARVE_BUF_INIT;
    (void)context;
    varve_status status = varve_stats_print(&stats, &out, error);
    ck_assert(status == VARVE_OK || out.size == 0);
    if (status == VARVE_OK) {
        varve_buf key = VARVE_BUF_INIT;
        status = varve_range_stats_key(5, &key, error);
        varve_buf_release(&key);
    }
    varve_buf_release(&out);
    return status;
}

START_TEST(printing_can_run_out_of_memory)
{
    ck_assert_uint_ge(fault_alloc_each(print_behind_text, NULL), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stats");
    TCase *tcase = tcase_create("stats");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, seconds_count_where_whole_seconds_end);
    tcase_add_test(tcase, ages_go_back_too_unless_told_to_go_forward);
    tcase_add_test(tcase, bytes_and_averages);
    tcase_add_test(tcase, sums_age_the_earlier_to_the_later);
    tcase_add_test(tcase, negative_counts_age_too);
    tcase_add_test(tcase, estimates_are_a_number_to_add);
    tcase_add_test(tcase, whatever_is_added_can_be_subtracted);
    tcase_add_test(tcase, the_record_has_these_bytes);
    tcase_add_test(tcase, estimates_fit_one_byte);
    tcase_add_test(tcase, any_record_reads_back);
    tcase_add_loop_test(tcase, records_are_read_like_protocol_buffers, 0,
                        sizeof records / sizeof records[0]);
    tcase_add_loop_test(tcase, a_range_has_a_key, 0, KEY_COUNT);
    tcase_add_test(tcase, keys_of_ranges_are_in_the_order_of_their_numbers);
    tcase_add_test(tcase, a_range_accounts_for_its_own_record);
    tcase_add_test(tcase, all_numbers_are_printed_in_order);
    tcase_add_test(tcase, printing_can_run_out_of_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
