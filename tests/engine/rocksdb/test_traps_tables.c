/*
 * Trap: an iterator that meets damage in the middle of a table looks as if it had reached the end.
 */
#include "tests/engine/rocksdb/rocks.h"

enum { RECORDS = 5000 };

/* A store with one table of many blocks, one of them damaged about `percent` into the file. */
static void make_damaged_table(unsigned percent)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, RECORDS);
    ck_ok(varve_engine_flush(engine, &err), &err);
    store_close(engine);
    const char *table = file_find(place_path("s"), ".sst");
    struct stat what;
    ck_assert_int_eq(stat(table, &what), 0);
    file_damage(table, (long)((size_t)what.st_size * percent / 100), 4);
}

START_TEST(control_the_damage_looks_like_the_end)
{
    unsigned count = 0;
    char *text = NULL;

    make_damaged_table(50);
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_t *db = raw_open(options, place_path("s"));
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    rocksdb_iterator_t *it = rocksdb_create_iterator(db, how);
    for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
        count++;
    printf("control: a loop that does not ask for the error ends after %u of %d records\n", count,
           RECORDS);
    ck_assert_uint_lt(count, RECORDS);
    rocksdb_iter_get_error(it, &text);
    ck_assert_ptr_nonnull(text);
    rocksdb_free(text);
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
}
END_TEST

START_TEST(damage_stops_a_walk_with_an_error)
{
    make_damaged_table(50);
    varve_engine *engine = store_open(place_path("s"));
    varve_iter *it = NULL;
    unsigned forward = 0;
    unsigned backward = 0;

    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it))
        ck_slice_eq(it->key, key_number(forward++));
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    ck_assert_uint_gt(forward, 0);
    /* Further movements leave it as it is; a seek to a sound place starts over. */
    ck_assert(!varve_iter_next(it));
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    ck_assert(varve_iter_seek_ge(it, key_number(0)));
    ck_ok(varve_iter_status(it, &err), &err);

    for (varve_iter_seek_le(it, bytes("")); it->valid; varve_iter_prev(it))
        ck_slice_eq(it->key, key_number(RECORDS - ++backward));
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    ck_assert_uint_gt(backward, 0);
    ck_assert_uint_lt(forward + backward, RECORDS);

    /* The record behind the last that could be read is in the damaged block. */
    ck_status(store_has(engine, key_number(forward)), VARVE_CORRUPT, &err);
    ck_ok(store_has(engine, key_number(forward - 1)), &err);
    ck_assert(!varve_iter_seek_ge(it, key_number(forward)));
    ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

/* RocksDB's iterator takes the failure of a block for that of the one it had read before. */
START_TEST(a_seek_forgets_the_failure_of_another)
{
    make_damaged_table(50);
    varve_engine *engine = store_open(place_path("s"));
    varve_iter *it = NULL;
    unsigned bad = 0;

    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it))
        bad++;
    for (unsigned sound = 0; sound < RECORDS; sound += RECORDS - 1) {
        for (int backward = 0; backward <= 1; backward++) {
            ck_assert(varve_iter_seek_ge(it, key_number(sound)));
            ck_assert(!varve_iter_seek_ge(it, key_number(bad)));
            ck_status(varve_iter_status(it, &err), VARVE_CORRUPT, &err);
            varve_error_release(&err);
            if (backward == 0)
                ck_assert_msg(varve_iter_seek_ge(it, key_number(sound)), "%u", sound);
            else
                ck_assert_msg(varve_iter_seek_le(it, key_number(sound)), "%u", sound);
            ck_slice_eq(it->key, key_number(sound));
            ck_ok(varve_iter_status(it, &err), &err);
        }
    }
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

START_TEST(compaction_finds_the_damage)
{
    make_damaged_table(50);
    varve_engine *engine = store_open(place_path("s"));

    ck_status(varve_engine_compact(engine, &err), VARVE_CORRUPT, &err);
    ck_status(store_put(engine, key_number(RECORDS), bytes("v")), VARVE_CORRUPT, &err);
    ck_ok(store_has(engine, key_number(0)), &err);
    store_close(engine);
}
END_TEST

START_TEST(a_missing_table_is_damage)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 10);
    ck_ok(varve_engine_flush(engine, &err), &err);
    store_close(engine);
    ck_assert_int_eq(unlink(file_find(place_path("s"), ".sst")), 0);
    for (int read_only = 0; read_only <= 1; read_only++) {
        options.read_only = read_only == 1;
        ck_status(varve_engine_open(&options, &engine, &err), VARVE_CORRUPT, &err);
        varve_error_release(&err);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: damaged tables");
    TCase *cases = tcase_create("tables");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, control_the_damage_looks_like_the_end);
    tcase_add_test(cases, damage_stops_a_walk_with_an_error);
    tcase_add_test(cases, a_seek_forgets_the_failure_of_another);
    tcase_add_test(cases, compaction_finds_the_damage);
    tcase_add_test(cases, a_missing_table_is_damage);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
