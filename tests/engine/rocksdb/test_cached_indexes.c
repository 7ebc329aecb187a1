/*
 * Trap: an index or a filter in parts is read part by part, and each part may be damaged.  Whatever
 * is damaged, a read must fail rather than miss records.
 */
#include "tests/engine/rocksdb/rocks.h"

#include "tests/support/seed.h"

enum { KEYS = 1000, DAMAGES = 400 };

/* Parts of a few entries each: some ten of the index, and of the filter. */
static varve_options small_parts(void)
{
    varve_options options = store_options(place_path("s"));
    options.block_bytes = 512;
    options.cache_indexes = true;
    options.bottom_compression = VARVE_COMPRESSION_NONE;
    options.rocksdb_options = "block_based_table_factory={metadata_block_size=128}";
    return options;
}

static unsigned count_back(varve_engine *engine, varve_status *status)
{
    varve_iter *it = NULL;
    unsigned count = 0;
    varve_error_release(&err);
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (varve_iter_seek_le(it, bytes("")); it->valid; varve_iter_prev(it))
        count++;
    *status = varve_iter_status(it, &err);
    varve_iter_close(it);
    return count;
}

/* Gets of all keys: those that have not been found, if none has failed. */
static unsigned miss(varve_engine *engine, bool *has_failed)
{
    unsigned missed = 0;
    for (unsigned key = 0; key < KEYS; key += 3) {
        varve_status status = store_has(engine, key_number(key));
        missed += status == VARVE_NOT_FOUND;
        *has_failed = *has_failed || status < 0;
    }
    return missed;
}

/* Whether a damaged store has told of it, in one way or another; it must not lose anything else. */
static bool is_told(void)
{
    varve_options options = small_parts();
    varve_engine *engine = NULL;
    varve_status status;
    bool has_failed = false;
    options.read_only = true;
    options.bottom_compression = VARVE_COMPRESSION_DEFAULT;
    varve_error_release(&err);
    if (varve_engine_open(&options, &engine, &err) != VARVE_OK)
        return true;
    ck_assert_uint_eq(miss(engine, &has_failed), 0);
    unsigned count = store_count(engine, &status);
    has_failed = has_failed || status != VARVE_OK;
    ck_assert(status != VARVE_OK || count == KEYS);
    count = count_back(engine, &status);
    has_failed = has_failed || status != VARVE_OK;
    ck_assert(status != VARVE_OK || count == KEYS);
    store_close(engine);
    return has_failed;
}

START_TEST(no_damage_makes_records_disappear)
{
    varve_options options = small_parts();
    varve_engine *engine = store_open_with(&options);
    test_random random = {test_seed()};
    unsigned told = 0;
    size_t size;
    store_fill(engine, KEYS);
    ck_ok(varve_engine_compact(engine, &err), &err);
    store_close(engine);
    const char *path = file_find(place_path("s"), ".sst");
    free(file_read(path, &size));
    for (unsigned i = 0; i < test_rounds(DAMAGES); i++) {
        long at = (long)test_random_below(&random, size);
        file_damage(path, at, 1);
        told += is_told();
        file_damage(path, at, 1);
    }
    /* What nobody reads, such as the properties, may be damaged without a word. */
    ck_assert_uint_gt(told, test_rounds(DAMAGES) / 2);
    ck_assert(!is_told());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cached indexes");
    TCase *tcase = tcase_create("disk");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, no_damage_makes_records_disappear);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
