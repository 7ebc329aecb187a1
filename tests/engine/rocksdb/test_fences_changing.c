/*
 * Tables that change each time that somebody looks: an iterator is opened all the same.
 */
#include <dlfcn.h>
#include <stdatomic.h>

#include "tests/engine/rocksdb/rocks.h"

enum { KEYS = 3000 };

/* While this is not 0, each look at the version of the tables finds another one. */
static atomic_uint_least64_t looks;

__attribute__((visibility("default"))) int rocksdb_property_int(rocksdb_t *db, const char *name,
                                                                uint64_t *value);

/* The program is searched before RocksDB, as for faults.h. */
int rocksdb_property_int(rocksdb_t *db, const char *name, uint64_t *value)
{
    int (*real)(rocksdb_t *, const char *, uint64_t *);
    void *symbol = dlsym(RTLD_NEXT, "rocksdb_property_int");
    memcpy(&real, &symbol, sizeof symbol);
    int result = real(db, name, value);
    if (strcmp(name, "rocksdb.current-super-version-number") == 0 && atomic_load(&looks) != 0)
        *value += atomic_fetch_add(&looks, 1);
    return result;
}

static void check_walk(varve_engine *engine)
{
    varve_status status;
    ck_assert_uint_eq(store_count(engine, &status), KEYS);
    ck_assert_int_eq(status, VARVE_OK);
}

START_TEST(an_iterator_is_opened_while_tables_change)
{
    varve_options options = store_options(place_path("s"));
    options.rocksdb_options = "disable_auto_compactions=true;target_file_size_base=10000";
    varve_engine *engine = store_open_with(&options);
    store_fill(engine, KEYS);
    ck_ok(varve_engine_compact(engine, &err), &err);
    atomic_store(&looks, 1);
    for (int i = 0; i < 20; i++)
        check_walk(engine);
    ck_assert_uint_gt(atomic_exchange(&looks, 0), 20);
    check_walk(engine);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb fences, changing");
    TCase *tcase = tcase_create("fences");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, an_iterator_is_opened_while_tables_change);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
