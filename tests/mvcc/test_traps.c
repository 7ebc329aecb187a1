/*
 * Keys and values at the edges of what there can be: runs of the bytes that the encoding of keys
 * escapes and ends with, the longest keys, no bytes at all.
 */
#include "tests/support/mvcc.h"

/* ---- Keys of bytes that mean something to the encoding ------------------------------------------
 */

enum { KEY_MAX = 4, KEYS = 320 };

static const unsigned char alphabet[] = {0x00, 0x01, 0xFE, 0xFF};

struct key {
    unsigned char data[KEY_MAX];
    size_t size;
};

static struct key keys[KEYS];
static size_t key_count;

static varve_slice key_of(size_t number)
{
    return varve_slice_of(keys[number].data, keys[number].size);
}

/* All keys of up to four of these bytes below FF FF, in their order: a key, then what it begins. */
static void list_keys(const struct key *prefix)
{
    if (prefix->size == KEY_MAX)
        return;
    for (size_t i = 0; i < sizeof alphabet; i++) {
        struct key key = *prefix;
        key.data[key.size++] = alphabet[i];
        if (key.size >= 2 && key.data[0] == 0xFF && key.data[1] == 0xFF)
            continue;
        ck_assert_uint_lt(key_count, KEYS);
        keys[key_count++] = key;
        list_keys(&key);
    }
}

static varve_write write_at(varve_ts ts)
{
    return (varve_write){
        .struct_size = sizeof(varve_write), .reader = mvcc.reader, .writer = mvcc.writer, .ts = ts};
}

static varve_read read_at(varve_ts ts)
{
    return (varve_read){.struct_size = sizeof(varve_read), .ts = ts};
}

/* Each key has its own bytes for a value at 1, and those of its follower at 2. */
static void write_keys(void)
{
    key_count = 0;
    list_keys(&(struct key){.size = 0});
    ck_assert_uint_eq(key_count, 4 + 16 + 64 + 256 - 1 - 4 - 16);
    for (size_t i = key_count; i-- > 0;) {
        varve_write first = write_at(at(1));
        varve_write second = write_at(at(2));
        ck_ok(varve_mvcc_put(&first, key_of(i), key_of(i), &mvcc.err), &mvcc.err);
        ck_ok(varve_mvcc_put(&second, key_of(i), key_of((i + 1) % key_count), &mvcc.err),
              &mvcc.err);
    }
}

/* The rows are the keys from `start` up to, not including, `end`, as of `wall`. */
static void check_rows(const varve_rows *rows, size_t start, size_t end, int64_t wall, bool reverse)
{
    size_t position = 0;
    varve_row row;

    ck_assert_uint_eq(rows->count, end - start);
    for (size_t i = start; i < end; i++) {
        size_t number = reverse ? end - 1 - (i - start) : i;
        ck_assert(varve_rows_next(rows, &position, &row));
        ck_slice_eq(row.key, key_of(number));
        ck_slice_eq(row.value, key_of((number + (size_t)wall - 1) % key_count));
        ck_assert_int_eq(row.ts.wall, wall);
    }
}

static void check_scans(size_t start, size_t end, int64_t wall)
{
    varve_read how = read_at(at(wall));
    varve_rows rows = VARVE_ROWS_INIT;
    varve_span span = {key_of(start), end < key_count ? key_of(end) : varve_key_max()};

    ck_ok(varve_mvcc_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), &mvcc.err);
    check_rows(&rows, start, end, wall, false);
    ck_ok(varve_mvcc_reverse_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), &mvcc.err);
    check_rows(&rows, start, end, wall, true);
    varve_rows_release(&rows);
}

START_TEST(keys_of_zeros_and_ones_keep_their_order)
{
    write_keys();
    for (int64_t wall = 1; wall <= 2; wall++) {
        check_scans(0, key_count, wall);
        for (size_t i = 0; i < key_count; i += 7)
            check_scans(i, i + (key_count - i) / 2, wall);
    }
}
END_TEST

START_TEST(each_of_them_is_found_alone)
{
    varve_rows rows = VARVE_ROWS_INIT;
    varve_buf next = VARVE_BUF_INIT;

    write_keys();
    for (size_t i = 0; i < key_count; i++) {
        varve_read how = read_at(at(1 + (int64_t)i % 2));
        ck_ok(varve_mvcc_get(mvcc.reader, &how, key_of(i), &rows, &mvcc.err), &mvcc.err);
        check_rows(&rows, i, i + 1, how.ts.wall, false);
        ck_ok(varve_key_next(key_of(i), &next, &mvcc.err), &mvcc.err);
        varve_span span = {key_of(i), varve_buf_slice(&next)};
        ck_ok(varve_mvcc_scan(mvcc.reader, &how, span, -1, &rows, &mvcc.err), &mvcc.err);
        check_rows(&rows, i, i + 1, how.ts.wall, false);
    }
    varve_buf_release(&next);
    varve_rows_release(&rows);
}
END_TEST

/* From limit to limit: where a scan has stopped, the next one goes on. */
static void walk(bool reverse)
{
    varve_read how = read_at(at(2));
    varve_rows rows = VARVE_ROWS_INIT;
    varve_buf start = VARVE_BUF_INIT;
    varve_buf end = VARVE_BUF_INIT;
    varve_span span = {key_of(0), varve_key_max()};
    size_t seen = 0;

    do {
        ck_ok(reverse ? varve_mvcc_reverse_scan(mvcc.reader, &how, span, 3, &rows, &mvcc.err)
                      : varve_mvcc_scan(mvcc.reader, &how, span, 3, &rows, &mvcc.err),
              &mvcc.err);
        size_t from = reverse ? key_count - seen - rows.count : seen;
        check_rows(&rows, from, from + rows.count, 2, reverse);
        seen += rows.count;
        varve_buf_release(&start);
        varve_buf_release(&end);
        start = rows.resume_start;
        end = rows.resume_end;
        rows.resume_start = rows.resume_end = (varve_buf)VARVE_BUF_INIT;
        span = (varve_span){varve_buf_slice(&start), varve_buf_slice(&end)};
    } while (rows.more);
    ck_assert_uint_eq(seen, key_count);
    varve_buf_release(&start);
    varve_buf_release(&end);
    varve_rows_release(&rows);
}

START_TEST(scans_resume_between_them)
{
    write_keys();
    walk(false);
    walk(true);
}
END_TEST

/* ---- The longest keys ---------------------------------------------------------------------------
 */

/* Zeros take twice their room in the store. */
static const unsigned char fillings[] = {0x00, 0x01, 'k', 0xFE};

START_TEST(a_key_of_full_length_is_one_like_others)
{
    varve_slice longest = repeated(fillings[_i], VARVE_KEY_SIZE_MAX);
    varve_slice shorter = varve_slice_of(longest.data, longest.size - 1);
    varve_rows rows = VARVE_ROWS_INIT;
    varve_write write = write_at(at(1));
    varve_read how = read_at(at(1));
    varve_row row;
    size_t position = 0;

    ck_ok(varve_mvcc_put(&write, longest, bytes("raw-1"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_put(&write, shorter, bytes("raw-2"), &mvcc.err), &mvcc.err);
    ck_ok(varve_mvcc_get(mvcc.reader, &how, longest, &rows, &mvcc.err), &mvcc.err);
    ck_assert(varve_rows_next(&rows, &position, &row));
    ck_slice_eq(row.key, longest);
    ck_slice_eq(row.value, bytes("raw-1"));

    /* A reverse scan that stops in front of it resumes at an end that is longer than any key. */
    unsigned char higher[VARVE_KEY_SIZE_MAX];
    memcpy(higher, longest.data, sizeof higher);
    higher[sizeof higher - 1]++;
    varve_slice above = varve_slice_of(higher, sizeof higher);
    ck_ok(varve_mvcc_put(&write, above, bytes("raw-3"), &mvcc.err), &mvcc.err);
    varve_span span = {shorter, varve_key_max()};
    ck_ok(varve_mvcc_reverse_scan(mvcc.reader, &how, span, 1, &rows, &mvcc.err), &mvcc.err);
    ck_assert(rows.more);
    ck_assert_uint_eq(rows.resume_end.size, VARVE_KEY_SIZE_MAX + 1);
    varve_rows rest = VARVE_ROWS_INIT;
    varve_span left = {varve_buf_slice(&rows.resume_start), varve_buf_slice(&rows.resume_end)};
    ck_ok(varve_mvcc_reverse_scan(mvcc.reader, &how, left, -1, &rest, &mvcc.err), &mvcc.err);
    ck_assert_uint_eq(rest.count, 2);

    write.ts = at(2);
    ck_ok(varve_mvcc_delete(&write, longest, &mvcc.err), &mvcc.err);
    how.ts = at(2);
    ck_assert_int_eq(varve_mvcc_get(mvcc.reader, &how, longest, &rows, &mvcc.err), VARVE_NOT_FOUND);
    ck_ok(varve_mvcc_get(mvcc.reader, &how, shorter, &rows, &mvcc.err), &mvcc.err);
    varve_rows_release(&rest);
    varve_rows_release(&rows);
}
END_TEST

START_TEST(a_longer_key_is_refused_and_writes_nothing)
{
    varve_slice longer = repeated(fillings[_i], VARVE_KEY_SIZE_MAX + 1);
    varve_write write = write_at(at(1));
    int64_t sum;

    ck_status(varve_mvcc_put(&write, longer, bytes("raw-1"), &mvcc.err), VARVE_INVALID_KEY,
              &mvcc.err);
    ck_status(varve_mvcc_delete(&write, longer, &mvcc.err), VARVE_INVALID_KEY, &mvcc.err);
    ck_status(varve_mvcc_increment(&write, longer, 1, &sum, &mvcc.err), VARVE_INVALID_KEY,
              &mvcc.err);
    varve_error_release(&mvcc.err);
    ck_assert_str_eq(mvcc_scan(.start = "%00", .end = "%FF%FF", .ts = at(9)), "");
}
END_TEST

/* ---- Nothing ------------------------------------------------------------------------------------
 */

START_TEST(no_bytes_are_no_key_and_no_value)
{
    ck_assert_str_eq(mvcc_try_put("", at(1), "v"), "EMPTY_KEY");
    ck_assert_str_eq(mvcc_try_delete("", at(1)), "EMPTY_KEY");
    ck_assert_str_eq(mvcc_get("", at(1)), "EMPTY_KEY");
    mvcc_put("k", at(1), "%00%00%00%00%03");
    mvcc_put("l", at(1), "");
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1)), "k@1=%00%00%00%00%03");
    ck_assert_str_eq(
        mvcc_scan(.start = "a", .end = "z", .ts = at(1), .flags = VARVE_READ_TOMBSTONES),
        "k@1=%00%00%00%00%03 l@1-");
}
END_TEST

START_TEST(a_batch_of_nothing_changes_nothing)
{
    varve_batch *batch = NULL;

    mvcc_put("k", at(1), "v");
    ck_ok(varve_batch_open(mvcc.engine, 0, &batch, &mvcc.err), &mvcc.err);
    ck_assert(varve_batch_is_empty(batch));
    varve_slice repr = copy_of(varve_batch_repr(batch));
    ck_ok(varve_batch_commit(batch, VARVE_SYNC, &mvcc.err), &mvcc.err);
    varve_batch_close(batch);
    ck_assert_uint_eq(repr.size, 12);
    ck_ok(varve_writer_apply(varve_engine_writer(mvcc.engine), repr, &mvcc.err), &mvcc.err);
    ck_assert_str_eq(mvcc_scan(.start = "a", .end = "z", .ts = at(1)), "k@1=v");
}
END_TEST

static void fill(TCase *tcase)
{
    const int count = sizeof fillings;

    tcase_add_test(tcase, keys_of_zeros_and_ones_keep_their_order);
    tcase_add_test(tcase, each_of_them_is_found_alone);
    tcase_add_test(tcase, scans_resume_between_them);
    tcase_add_loop_test(tcase, a_key_of_full_length_is_one_like_others, 0, count);
    tcase_add_loop_test(tcase, a_longer_key_is_refused_and_writes_nothing, 0, count);
    tcase_add_test(tcase, no_bytes_are_no_key_and_no_value);
    tcase_add_test(tcase, a_batch_of_nothing_changes_nothing);
}

int main(void)
{
    return mvcc_run(mvcc_suite("mvcc/traps", fill));
}
