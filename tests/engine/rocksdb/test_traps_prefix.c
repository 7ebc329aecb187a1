/*
 * Trap: with a prefix extractor, RocksDB's default read options let a seek ask the filters for the
 * prefix of the key sought.  If no record has it, tables that hold the true successor are skipped.
 */
#include "tests/engine/rocksdb/rocks.h"

enum { TABLES = 4, PROBES = 500 };

/* User keys k00000000, k00000010, ... spread over tables, so that a table can be skipped. */
static void fill(void)
{
    varve_engine *engine = store_open(place_path("s"));
    for (unsigned table = 0; table < TABLES; table++) {
        for (unsigned i = table; i <= PROBES; i += TABLES)
            ck_ok(store_put(engine, key_number(10 * i), bytes("v")), &err);
        ck_ok(varve_engine_flush(engine, &err), &err);
    }
    store_close(engine);
}

/* Sought in front of the record of `probe`, whose user key is the next one. */
static varve_slice key_before(unsigned probe)
{
    return key_number(10 * probe - 5);
}

static char *extract(void *state, const char *key, size_t size, size_t *prefix_size)
{
    (void)state;
    *prefix_size = varve_key_prefix_size(varve_slice_of(key, size));
    return (char *)(uintptr_t)key;
}

static unsigned char yes(void *state, const char *key, size_t size)
{
    (void)state, (void)key, (void)size;
    return 1;
}

static const char *extractor_name(void *state)
{
    (void)state;
    return "varve.userkey.v1";
}

static void no_destructor(void *state)
{
    (void)state;
}

START_TEST(control_default_options_miss_records)
{
    unsigned found = 0;
    char *text = NULL;

    fill();
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_prefix_extractor(
        options,
        rocksdb_slicetransform_create(NULL, no_destructor, extract, yes, yes, extractor_name));
    rocksdb_block_based_table_options_t *tables = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_whole_key_filtering(tables, 0);
    rocksdb_block_based_options_set_filter_policy(tables,
                                                  rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_options_set_block_based_table_factory(options, tables);
    rocksdb_block_based_options_destroy(tables);
    rocksdb_t *db = rocksdb_open_for_read_only(options, place_path("s"), 0, &text);
    ck_assert_ptr_null(text);
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    rocksdb_iterator_t *it = rocksdb_create_iterator(db, how);
    for (unsigned probe = 1; probe <= PROBES; probe++) {
        varve_slice sought = key_before(probe);
        size_t size;
        rocksdb_iter_seek(it, (const char *)sought.data, sought.size);
        if (!rocksdb_iter_valid(it))
            continue;
        const char *key = rocksdb_iter_key(it, &size);
        found += varve_slice_equal(varve_slice_of(key, size), key_number(10 * probe));
    }
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
    printf("control: default options found the next record in %u of %d probes\n", found, PROBES);
    ck_assert_uint_lt(found, PROBES / 2);
}
END_TEST

START_TEST(a_walk_finds_every_record)
{
    fill();
    varve_engine *engine = store_open(place_path("s"));
    varve_iter *it = NULL;

    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (unsigned probe = 1; probe <= PROBES; probe++) {
        ck_assert(varve_iter_seek_ge(it, key_before(probe)));
        ck_slice_eq(it->key, key_number(10 * probe));
        ck_assert(varve_iter_seek_le(it, key_before(probe)));
        ck_slice_eq(it->key, key_number(10 * (probe - 1)));
        ck_assert(varve_iter_seek_lt(it, key_number(10 * probe)));
        ck_slice_eq(it->key, key_number(10 * (probe - 1)));
    }
    ck_ok(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

START_TEST(a_snapshot_and_a_batch_find_them_too)
{
    fill();
    varve_engine *engine = store_open(place_path("s"));
    varve_snapshot *snapshot = NULL;
    varve_batch *batch = NULL;
    ck_ok(varve_snapshot_open(engine, &snapshot, &err), &err);
    ck_ok(varve_batch_open(engine, 0, &batch, &err), &err);
    varve_reader *readers[] = {varve_snapshot_reader(snapshot), varve_batch_reader_of(batch)};

    for (int i = 0; i < 2; i++) {
        varve_iter *it = NULL;
        ck_ok(varve_iter_open(readers[i], NULL, &it, &err), &err);
        for (unsigned probe = 1; probe <= PROBES; probe++) {
            ck_assert(varve_iter_seek_ge(it, key_before(probe)));
            ck_slice_eq(it->key, key_number(10 * probe));
        }
        varve_iter_close(it);
    }
    varve_batch_close(batch);
    varve_snapshot_close(snapshot);
    store_close(engine);
}
END_TEST

/* What the filters are for: one user key, and the end behind it. */
START_TEST(a_prefix_iterator_shows_one_user_key)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_iter_options options = {.struct_size = sizeof options, .prefix = true};
    varve_iter *it = NULL;

    for (int64_t ts = 1; ts <= 3; ts++) {
        ck_ok(store_put(engine, key_at("a", ts), bytes("v")), &err);
        ck_ok(store_put(engine, key_at("b", ts), bytes("v")), &err);
        ck_ok(varve_engine_flush(engine, &err), &err);
    }
    ck_ok(varve_iter_open(varve_engine_reader(engine), &options, &it, &err), &err);
    for (int round = 0; round < 2; round++) {
        const char *user_key = round == 0 ? "b" : "a";
        ck_assert(varve_iter_seek_ge(it, key_at(user_key, 0)));
        for (int64_t ts = 3; ts >= 1; ts--) {
            ck_assert(it->valid);
            ck_slice_eq(it->key, key_at(user_key, ts));
            (void)varve_iter_next(it);
        }
        ck_assert(!it->valid);
        ck_ok(varve_iter_status(it, &err), &err);
    }
    ck_assert(!varve_iter_seek_ge(it, key_at("aa", 0)));
    ck_ok(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: prefix filters");
    TCase *cases = tcase_create("filters");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, control_default_options_miss_records);
    tcase_add_test(cases, a_walk_finds_every_record);
    tcase_add_test(cases, a_snapshot_and_a_batch_find_them_too);
    tcase_add_test(cases, a_prefix_iterator_shows_one_user_key);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
