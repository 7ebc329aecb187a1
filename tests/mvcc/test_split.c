/*
 * Where ranges may be split, and where they are.
 */
#include "tests/support/mvcc.h"

#include <stdio.h>

#include <varve/split.h>
#include <varve/stats.h>

/* ---- Keys that allow a split -------------------------------------------------------------------
 */

static const struct {
    const char *key;
    bool is_valid;
} keys[] = {
    {"", false},
    {"00", false},
    {"02", false},
    {"02 00", false},
    {"02 FF", false},
    {"03", true},
    {"03 00", true},
    {"03 FF", true},
    {"03 FF FE FF", true},
    {"03 FF FF", false},
    {"03 FF FF 88", false},
    {"04", true},
    {"04 00 6C 69 76 65 6E 65 73 73 2C FF", true},
    {"04 00 6C 69 76 65 6E 65 73 73 2D", false},
    {"04 00 6C 69 76 65 6E 65 73 73 2D 61", false},
    {"04 00 6C 69 76 65 6E 65 73 73 2E", true},
    {"05", true},
    {"61", true},
    {"87 FF", true},
    {"88", false},
    {"92", false},
    {"92 FF", false},
    {"93", true},
    {"FF", true},
    {"FF 01", true},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

START_TEST(keys_that_allow_a_split)
{
    varve_no_split list = varve_no_split_default();
    ck_assert_int_eq(varve_split_key_is_valid(hex(keys[_i].key), NULL), keys[_i].is_valid);
    ck_assert_int_eq(varve_split_key_is_valid(hex(keys[_i].key), &list), keys[_i].is_valid);
}
END_TEST

START_TEST(an_empty_end_is_the_end_of_all)
{
    const varve_span spans[] = {{bytes("k"), bytes("")}};
    const varve_no_split list = {spans, 1};
    ck_assert(varve_split_key_is_valid(bytes("j"), &list));
    ck_assert(!varve_split_key_is_valid(bytes("k"), &list));
    ck_assert(!varve_split_key_is_valid(hex("FF FE"), &list));
}
END_TEST

START_TEST(the_list_can_be_another)
{
    varve_span spans[] = {{bytes("b"), bytes("c")}, {bytes("x"), bytes("y")}};
    varve_no_split list = {spans, 2};
    varve_no_split none = {NULL, 0};
    ck_assert(varve_split_key_is_valid(bytes("a\xFF"), &list));
    ck_assert(!varve_split_key_is_valid(bytes("b"), &list));
    ck_assert(varve_split_key_is_valid(bytes("c"), &list));
    ck_assert(!varve_split_key_is_valid(bytes("xx"), &list));
    ck_assert(varve_split_key_is_valid(bytes("\x02"), &list));
    ck_assert(varve_split_key_is_valid(bytes("\x02"), &none));
}
END_TEST

/* ---- Finding one -------------------------------------------------------------------------------
 */

/* Leave no record, so that a test can go on with others. */
static void clear_everything(void)
{
    for (bool more = true; more;) {
        varve_iter *it;
        ck_ok(varve_iter_open(mvcc.reader, NULL, &it, &mvcc.err), &mvcc.err);
        more = varve_iter_seek_ge(it, varve_slice_of(NULL, 0));
        varve_slice key = more ? copy_of(it->key) : bytes("");
        varve_iter_close(it);
        if (more)
            mvcc_clear_raw(key);
    }
}

static const char *split_with(const char *start, const char *end, int64_t target,
                              const varve_no_split *no_split)
{
    varve_split split = VARVE_SPLIT_INIT;
    varve_span span = {mvcc_bytes(start), mvcc_bytes(end)};
    varve_status status =
        varve_mvcc_find_split_key(mvcc.reader, span, target, no_split, NULL, &split, &mvcc.err);
    ck_assert_msg(status == VARVE_OK || status == VARVE_NOT_FOUND, "%s", mvcc.err.message);
    ck_assert_int_eq(split.key.size > 0, status == VARVE_OK);
    const char *key = status == VARVE_OK ? mvcc_text(varve_buf_slice(&split.key)) : "none";
    varve_split_release(&split);
    return key;
}

static const char *split_at(const char *start, const char *end, int64_t target)
{
    return split_with(start, end, target, NULL);
}

static int64_t half(void)
{
    varve_stats stats;
    varve_span everything = {bytes(""), bytes("")};
    ck_ok(varve_stats_compute(mvcc.reader, everything, 0, NULL, &stats, &mvcc.err), &mvcc.err);
    return varve_stats_total_bytes(&stats) / 2;
}

START_TEST(the_middle_key_halves)
{
    char key[20];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "%09d", i);
        mvcc_put(key, varve_ts_min(), "%00%00%00%00%03X");
    }
    ck_assert_str_eq(split_at("%02", "%FF%FF", half()), "000000050");
    ck_assert_str_eq(split_at("%02", "%FF%FF", 0), "000000001");
    ck_assert_str_eq(split_at("%02", "%FF%FF", INT64_MAX), "000000099");
    ck_assert_str_eq(split_at("", "", half()), "000000050");
    ck_assert_str_eq(split_at("000000010", "000000012", half()), "000000011");
    ck_assert_str_eq(split_at("000000010", "000000011", half()), "none");
}
END_TEST

/* Keys with three versions each, separated by blanks, the span, and where it is split. */
static const struct {
    const char *keys;
    const char *start;
    const char *end;
    const char *split;
} valid[] = {
    {"%02 %02%00 %02%FF", "%02", "", "none"},
    {"%02 %02%00 %02%FF %03", "%02", "", "%03"},
    {"%02 %02%00 %02%FF %03 %03%00 %03%FF", "%02", "", "%03"},
    {"%03%FF%FF %03%FF%FF%88 %04 %04%FF%FF%88", "%03%FF%FF", "", "%04"},
    {"%04zond %04zone %04zone%00 %04zone%FF", "%04zond", "", "%04zone%00"},
    {"%04zone %04zone%00 %04zone%FF %04zonf", "%04zone", "", "%04zone%FF"},
    {"b", "a", "", "none"},
    {"b", "b", "", "none"},
    {"%00 %01a a b", "", "", "b"},
    {"a b", "a", "b", "none"},
    {"", "a", "", "none"},
};
enum { VALID_COUNT = sizeof valid / sizeof valid[0] };

static void put_three_versions(const char *names)
{
    while (*names != '\0') {
        char name[40];
        size_t size = strcspn(names, " ");
        snprintf(name, sizeof name, "%.*s", (int)size, names);
        for (int64_t wall = 1; wall <= 3; wall++)
            mvcc_put(name, at(wall), "%00%00%00%00%03XXXXXXXXXX");
        names += size + (names[size] == ' ');
    }
}

START_TEST(splits_keep_out_of_spans_and_off_the_first_key)
{
    for (int i = 0; i < VALID_COUNT; i++) {
        clear_everything();
        put_three_versions(valid[i].keys);
        ck_assert_str_eq(split_at(valid[i].start, valid[i].end, half()), valid[i].split);
    }
}
END_TEST

enum { LOPSIDED_KEYS = 5 };

static const struct {
    size_t key_sizes[LOPSIDED_KEYS];
    size_t value_sizes[LOPSIDED_KEYS];
    int split;
} lopsided[] = {
    {{10, 100, 10, 10, 500}, {1, 1, 1, 1, 1}, 4},
    {{1000, 100, 500, 10, 10}, {1, 1, 1, 1, 1}, 1},
    {{1, 1, 1, 1, 1}, {10, 100, 10, 10, 500}, 4},
    {{1, 1, 1, 1, 1}, {1000, 100, 500, 10, 10}, 1},
    {{10, 100, 10, 10, 250}, {10, 100, 10, 10, 250}, 4},
    {{500, 50, 250, 5, 5}, {1000, 100, 500, 10, 10}, 1},
};
enum { LOPSIDED_COUNT = sizeof lopsided / sizeof lopsided[0] };

static const char *lopsided_key(int number, size_t size)
{
    static char key[2000];
    snprintf(key, sizeof key, "%d%.*s", number, (int)size, (const char *)repeated('X', size).data);
    return key;
}

START_TEST(lopsided_keys_are_split_near_the_heavy_side)
{
    for (int i = 0; i < LOPSIDED_COUNT; i++) {
        clear_everything();
        for (int k = 0; k < LOPSIDED_KEYS; k++) {
            varve_buf raw = VARVE_BUF_INIT;
            ck_ok(varve_value_set_bytes(&raw, repeated('X', lopsided[i].value_sizes[k]), &mvcc.err),
                  &mvcc.err);
            const char *key = lopsided_key(k, lopsided[i].key_sizes[k]);
            mvcc_put_raw(mvcc_engine_key(key, varve_ts_min()), varve_buf_slice(&raw));
            varve_buf_release(&raw);
        }
        int wanted = lopsided[i].split;
        ck_assert_str_eq(split_at("%02", "%FF%FF", half()),
                         lopsided_key(wanted, lopsided[i].key_sizes[wanted]));
    }
}
END_TEST

START_TEST(other_spans_move_the_split)
{
    varve_span spans[] = {{bytes("b"), bytes("d")}};
    varve_no_split list = {spans, 1};
    put_three_versions("a b c d e");
    ck_assert_str_eq(split_with("", "", half(), NULL), "c");
    ck_assert_str_eq(split_with("", "", half(), &list), "d");
    spans[0].end = bytes("z");
    ck_assert_str_eq(split_with("", "", half(), &list), "none");
}
END_TEST

/* A record of 2 + 15 bytes and a version of 12 + 5, then a version of 3 + 12 + 3. */
START_TEST(sizes_are_those_that_are_accounted)
{
    varve_split split = VARVE_SPLIT_INIT;
    varve_span everything = {bytes(""), bytes("")};
    mvcc_put("b%00", at(4), "123");
    mvcc_put_inline("a", "i");
    mvcc_put_raw(mvcc_engine_key("a", at(3)), bytes("12345"));
    mvcc_put("c", at(4), "x");
    ck_ok(varve_mvcc_find_split_key(mvcc.reader, everything, 34, NULL, NULL, &split, &mvcc.err),
          &mvcc.err);
    ck_slice_eq(varve_buf_slice(&split.key), bytes("b\0"));
    ck_assert_int_eq(split.left_bytes, 17 + 17);
    ck_slice_eq(varve_buf_slice(&split.largest_key), bytes("a"));
    ck_assert_int_eq(split.largest_bytes, 17 + 17);
    ck_ok(varve_mvcc_find_split_key(mvcc.reader, everything, 50, NULL, NULL, &split, &mvcc.err),
          &mvcc.err);
    ck_slice_eq(varve_buf_slice(&split.key), bytes("c"));
    ck_assert_int_eq(split.left_bytes, 17 + 17 + 18);
    varve_split_release(&split);
}
END_TEST

START_TEST(without_a_key_the_largest_one_is_told)
{
    varve_split split = VARVE_SPLIT_INIT;
    varve_span everything = {bytes(""), bytes("")};
    for (int64_t wall = 1; wall <= 1500; wall++)
        mvcc_put("hot", at(wall), "v");
    mvcc_put("%01own", at(1), "never looked at");
    ck_status(
        varve_mvcc_find_split_key(mvcc.reader, everything, 100, NULL, NULL, &split, &mvcc.err),
        VARVE_NOT_FOUND, &mvcc.err);
    ck_assert_uint_eq(split.key.size, 0);
    ck_slice_eq(varve_buf_slice(&split.largest_key), bytes("hot"));
    ck_assert_int_eq(split.largest_bytes, 4 + 1500 * 13);
    ck_assert_int_eq(split.left_bytes, split.largest_bytes);

    /* With keys beside it that are no place to split at. */
    mvcc_put("%02", at(1), "v");
    varve_span spans[] = {{bytes("h"), bytes("i")}};
    varve_no_split list = {spans, 1};
    ck_status(
        varve_mvcc_find_split_key(mvcc.reader, everything, 100, &list, NULL, &split, &mvcc.err),
        VARVE_NOT_FOUND, &mvcc.err);
    ck_assert_int_eq(split.left_bytes, split.largest_bytes + 2 + 13);
    varve_split_release(&split);
}
END_TEST

START_TEST(failures_leave_nothing)
{
    varve_split split = VARVE_SPLIT_INIT;
    varve_span everything = {bytes(""), bytes("")};
    varve_cancel *cancel = NULL;
    put_three_versions("a b c");
    ck_ok(varve_cancel_open(&cancel, &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_find_split_key(mvcc.reader, everything, 1, NULL, cancel, &split, &mvcc.err),
          &mvcc.err);
    varve_cancel_now(cancel);
    ck_status(
        varve_mvcc_find_split_key(mvcc.reader, everything, 1, NULL, cancel, &split, &mvcc.err),
        VARVE_CANCELLED, &mvcc.err);
    ck_assert_uint_eq(split.key.size + split.largest_key.size, 0);
    varve_cancel_close(cancel);
    ck_fails(varve_mvcc_find_split_key(mvcc.reader, everything, -1, NULL, NULL, &split, &mvcc.err),
             VARVE_INVALID_ARGUMENT, &mvcc.err, "the target of a split is negative");
    mvcc_put_raw(hex("62 00 01 FF"), bytes("value"));
    ck_status(
        varve_mvcc_find_split_key(mvcc.reader, everything, 500, NULL, NULL, &split, &mvcc.err),
        VARVE_CORRUPT_KEY, &mvcc.err);
    ck_assert_uint_eq(split.key.size + split.largest_key.size, 0);
    varve_split_release(&split);
}
END_TEST

/* ---- Against a model ---------------------------------------------------------------------------
 */

enum { MODEL_KEYS = 12, ROUNDS = 25 };

struct model_record {
    int key; /* its number; keys are letters */
    int64_t size;
};

/* Each record is a place: how far from the target is what lies in front of it? */
static const char *model_split(const struct model_record *records, size_t count, int64_t target)
{
    static char name[2];
    int64_t size = 0;
    int64_t best = INT64_MAX;
    int key = -1;
    for (size_t i = 0; i < count; i++) {
        int64_t off = target > size ? target - size : size - target;
        if (off > best)
            break;
        if (records[i].key != records[0].key && off < best) {
            best = off;
            key = records[i].key;
        }
        size += records[i].size;
    }
    snprintf(name, sizeof name, "%c", 'a' + key);
    return key < 0 ? "none" : name;
}

START_TEST(splits_are_those_of_the_model)
{
    test_random random = test_random_start();
    for (int round = 0; round < ROUNDS; round++) {
        struct model_record records[MODEL_KEYS * 4];
        size_t count = 0;
        int64_t total = 0;
        clear_everything();
        for (int k = 0; k < MODEL_KEYS; k++) {
            char name[] = {(char)('a' + k), '\0'};
            size_t versions = test_random_below(&random, 5);
            for (size_t v = 0; v < versions; v++) {
                size_t size = test_random_below(&random, 60);
                int64_t key_bytes = v == 0 ? 2 + 12 : 12;
                varve_ts ts = at(10 - (int64_t)v);
                mvcc_put_raw(mvcc_engine_key(name, ts), repeated('x', size));
                records[count++] = (struct model_record){k, key_bytes + (int64_t)size};
                total += records[count - 1].size;
            }
        }
        for (int i = 0; i < 20; i++) {
            int64_t target = (int64_t)test_random_below(&random, (size_t)total + 50);
            ck_assert_str_eq(split_at("", "", target), model_split(records, count, target));
        }
    }
}
END_TEST

static void fill(TCase *tcase)
{
    tcase_add_test(tcase, splits_keep_out_of_spans_and_off_the_first_key);
    tcase_add_test(tcase, lopsided_keys_are_split_near_the_heavy_side);
    tcase_add_test(tcase, splits_are_those_of_the_model);
    tcase_add_test(tcase, the_middle_key_halves);
    tcase_add_test(tcase, other_spans_move_the_split);
    tcase_add_test(tcase, sizes_are_those_that_are_accounted);
    tcase_add_test(tcase, without_a_key_the_largest_one_is_told);
    tcase_add_test(tcase, failures_leave_nothing);
}

int main(void)
{
    Suite *suite = mvcc_suite("split", fill);
    TCase *tcase = tcase_create("keys");
    tcase_add_loop_test(tcase, keys_that_allow_a_split, 0, KEY_COUNT);
    tcase_add_test(tcase, the_list_can_be_another);
    tcase_add_test(tcase, an_empty_end_is_the_end_of_all);
    suite_add_tcase(suite, tcase);
    return mvcc_run(suite);
}
