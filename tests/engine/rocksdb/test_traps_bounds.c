/*
 * Trap: RocksDB's iterators point at the caller's bytes of the bounds.  Whoever changes or frees
 * them moves the bounds of an open iterator, or lets RocksDB read freed memory; the suite under
 * valgrind sees the latter.
 */
#include "tests/engine/rocksdb/rocks.h"

/* Records from the first on, after a new seek. */
static unsigned raw_count(rocksdb_iterator_t *it)
{
    unsigned count = 0;
    for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
        count++;
    return count;
}

START_TEST(control_the_bound_moves_with_the_bytes)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = raw_open(options, place_path("raw"));
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    char upper[] = "c";

    ck_assert_ptr_null(raw_put(db, "a", "v"));
    ck_assert_ptr_null(raw_put(db, "b", "v"));
    ck_assert_ptr_null(raw_put(db, "c", "v"));
    ck_assert_ptr_null(raw_put(db, "d", "v"));
    rocksdb_readoptions_set_iterate_upper_bound(how, upper, 1);
    rocksdb_iterator_t *it = rocksdb_create_iterator(db, how);
    ck_assert_uint_eq(raw_count(it), 2);
    upper[0] = 'z';
    unsigned count = raw_count(it);
    printf("control: overwritten bytes moved the bound from 2 records to %u\n", count);
    ck_assert_uint_eq(count, 4);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
}
END_TEST

/* Bytes in a block of their own, which is overwritten and freed when the caller has done with them.
 */
static varve_slice in_a_block(varve_slice bytes, unsigned char **block)
{
    *block = malloc(bytes.size);
    memcpy(*block, bytes.data, bytes.size);
    return varve_slice_of(*block, bytes.size);
}

static void drop_block(unsigned char *block, size_t size)
{
    memset(block, 0xFF, size);
    free(block);
}

static void expect_records(varve_iter *it, unsigned first, unsigned last)
{
    unsigned number = first;
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it))
        ck_slice_eq(it->key, key_number(number++));
    ck_assert_uint_eq(number, last + 1);
    for (varve_iter_seek_le(it, bytes("")); it->valid; varve_iter_prev(it))
        ck_slice_eq(it->key, key_number(--number));
    ck_assert_uint_eq(number, first);
    ck_ok(varve_iter_status(it, &err), &err);
}

START_TEST(the_bounds_are_ours)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_iter_options options = {.struct_size = sizeof options};
    varve_iter *it = NULL;
    unsigned char *lower;
    unsigned char *upper;

    store_fill(engine, 500);
    ck_ok(varve_engine_flush(engine, &err), &err);
    options.lower = in_a_block(key_number(100), &lower);
    options.upper = in_a_block(key_number(200), &upper);
    ck_ok(varve_iter_open(varve_engine_reader(engine), &options, &it, &err), &err);
    drop_block(lower, options.lower.size);
    drop_block(upper, options.upper.size);

    expect_records(it, 100, 199);
    expect_records(it, 100, 199);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

START_TEST(narrowed_bounds_too)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_iter *it = NULL;
    unsigned char *lower;
    unsigned char *upper;

    store_fill(engine, 500);
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    varve_slice from = in_a_block(key_number(100), &lower);
    varve_slice to = in_a_block(key_number(200), &upper);
    ck_ok(varve_iter_set_bounds(it, from, to, &err), &err);
    drop_block(lower, from.size);
    drop_block(upper, to.size);

    expect_records(it, 100, 199);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

/* RocksDB is not told of a bound above all keys that varve writes; others write what they like. */
START_TEST(a_bound_above_all_keys_is_kept)
{
    varve_iter *it = NULL;
    varve_buf upper = VARVE_BUF_INIT;
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 3);
    store_close(engine);
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_t *db = raw_open(options, place_path("s"));
    ck_assert_ptr_null(raw_put(db, "\xFF\x05", "below the bound"));
    ck_assert_ptr_null(raw_put(db, "\xFF\x20", "below the bound"));
    ck_assert_ptr_null(raw_put(db, "\xFF\x30", "below the bound"));
    ck_assert_ptr_null(raw_put(db, "\xFF\xFF", "below the bound"));
    ck_assert_ptr_null(raw_put(db, "\xFF\xFF\x01", "above it"));
    ck_assert_ptr_null(raw_put(db, "\xFF\xFF\xFF", "above it"));
    rocksdb_close(db);
    rocksdb_options_destroy(options);

    engine = store_open(place_path("s"));
    ck_ok(varve_key_encode(varve_key_max(), varve_ts_zero(), &upper, &err), &err);
    const varve_iter_options bounds = {.struct_size = sizeof bounds,
                                       .upper = varve_buf_slice(&upper)};
    ck_ok(varve_iter_open(varve_engine_reader(engine), &bounds, &it, &err), &err);
    ck_assert(varve_iter_seek_ge(it, bytes("\xFF\x30")));
    ck_assert(varve_iter_next(it));
    ck_slice_eq(it->key, bytes("\xFF\xFF"));
    ck_assert(!varve_iter_next(it));
    ck_ok(varve_iter_status(it, &err), &err);
    ck_assert(!varve_iter_seek_ge(it, bytes("\xFF\xFF\x01")));
    static const char *const from[] = {"", "\xFF\xFF\x01", "\xFF\xFF\x02", "\xFF\xFF\xFF\xFF"};
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        ck_assert(varve_iter_seek_le(it, varve_slice_text(from[i])));
        ck_slice_eq(it->key, bytes("\xFF\xFF"));
        ck_assert(varve_iter_prev(it));
        ck_slice_eq(it->key, bytes("\xFF\x30"));
        ck_assert(varve_iter_next(it));
        ck_assert(!varve_iter_next(it));
    }
    ck_assert(varve_iter_seek_le(it, key_number(1)));
    ck_slice_eq(it->key, key_number(1));
    /* Narrower than that one, and yet above what is shown. */
    ck_ok(varve_iter_set_bounds(it, bytes(""), bytes("\xFF\x10"), &err), &err);
    ck_assert(varve_iter_seek_le(it, bytes("")));
    ck_slice_eq(it->key, bytes("\xFF\x05"));
    ck_assert(!varve_iter_next(it));
    ck_assert(varve_iter_seek_ge(it, bytes("\xFF\x01")));
    ck_slice_eq(it->key, bytes("\xFF\x05"));
    varve_iter_close(it);

    /* What stands at the bound itself, and nothing below it. */
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    ck_assert(varve_iter_seek_le(it, bytes("")));
    ck_slice_eq(it->key, bytes("\xFF\xFF\xFF"));
    varve_iter_close(it);
    const varve_iter_options at_it = {
        .struct_size = sizeof at_it, .lower = bytes("\xFF\xFF"), .upper = bytes("\xFF\xFF")};
    ck_ok(varve_iter_open(varve_engine_reader(engine), &at_it, &it, &err), &err);
    ck_assert(!varve_iter_seek_le(it, bytes("")));
    ck_assert(!varve_iter_seek_ge(it, bytes("")));
    varve_iter_close(it);
    const varve_iter_options up_to = {.struct_size = sizeof up_to, .upper = bytes("\xFF\xFF\x01")};
    ck_ok(varve_iter_open(varve_engine_reader(engine), &up_to, &it, &err), &err);
    ck_assert(varve_iter_seek_le(it, bytes("")));
    ck_slice_eq(it->key, bytes("\xFF\xFF"));
    varve_iter_close(it);
    varve_buf_release(&upper);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: bounds");
    TCase *cases = tcase_create("bounds");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, control_the_bound_moves_with_the_bytes);
    tcase_add_test(cases, the_bounds_are_ours);
    tcase_add_test(cases, narrowed_bounds_too);
    tcase_add_test(cases, a_bound_above_all_keys_is_kept);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
