/*
 * Tables that change each time that somebody looks: an iterator is opened all the same.  And some
 * that change just when an iterator asks whether it may believe a second look at them.
 */
#include "tests/engine/rocksdb/faults.h"
#include "tests/engine/rocksdb/passing.h"
#include "tests/engine/rocksdb/rocks.h"

enum { KEYS = 3000 };

/* While this is not 0, each look at the version of the tables finds another one. */
static atomic_uint_least64_t looks;

/* The memtable becomes a table before its clears are counted the next time. */
static atomic_bool flushes;

__attribute__((visibility("default"))) int rocksdb_property_int(rocksdb_t *db, const char *name,
                                                                uint64_t *value);

static void flush(rocksdb_t *db)
{
    char *text = NULL;
    rocksdb_flushoptions_t *how = rocksdb_flushoptions_create();
    rocksdb_flush(db, how, &text);
    rocksdb_flushoptions_destroy(how);
    ck_assert_ptr_null(text);
}

/* The program is searched before RocksDB, as for faults.h. */
int rocksdb_property_int(rocksdb_t *db, const char *name, uint64_t *value)
{
    int (*real)(rocksdb_t *, const char *, uint64_t *);
    void *symbol = dlsym(RTLD_NEXT, "rocksdb_property_int");
    memcpy(&real, &symbol, sizeof symbol);
    if (strcmp(name, "rocksdb.num-deletes-active-mem-table") == 0 && atomic_exchange(&flushes, 0))
        flush(db);
    int result = real(db, name, value);
    if (strcmp(name, "rocksdb.current-super-version-number") == 0 && atomic_load(&looks) != 0)
        *value += atomic_fetch_add(&looks, 1);
    return result;
}

static varve_engine *open_store(void)
{
    varve_options options = store_options(place_path("s"));
    options.compression = VARVE_COMPRESSION_NONE;
    options.bottom_compression = VARVE_COMPRESSION_NONE;
    options.rocksdb_options = "disable_auto_compactions=true;target_file_size_base=10000";
    return store_open_with(&options);
}

/* With small tables side by side in one level. */
static varve_engine *open_tables(void)
{
    varve_engine *engine = open_store();
    store_fill(engine, KEYS);
    ck_ok(varve_engine_flush(engine, &err), &err);
    store_fill(engine, KEYS); /* compacting makes new tables of both */
    ck_ok(varve_engine_compact(engine, &err), &err);
    return engine;
}

static void check_walk(varve_engine *engine)
{
    varve_status status;
    ck_assert_uint_eq(store_count(engine, &status), KEYS);
    ck_assert_int_eq(status, VARVE_OK);
}

START_TEST(an_iterator_is_opened_while_tables_change)
{
    varve_engine *engine = open_tables();
    atomic_store(&looks, 1);
    for (int i = 0; i < 20; i++)
        check_walk(engine);
    ck_assert_uint_gt(atomic_exchange(&looks, 0), 20);
    check_walk(engine);
    store_close(engine);
}
END_TEST

static bool take_middle(void *arg, const varve_table *table)
{
    char *path = arg;
    if (varve_slice_compare(table->start, key_number(KEYS / 2)) <= 0 &&
        varve_slice_compare(table->end, key_number(KEYS / 2)) >= 0)
        (void)snprintf(path, PATH_MAX, "%s/%.*s", place_path("s"), (int)table->name.size,
                       (const char *)table->name.data);
    return true;
}

/*
 * As in test_fences.c: a read of a table fails once, and what lies in it is cleared by then.  But
 * the clears leave the memtable before they are counted.
 */
START_TEST(clears_that_have_left_the_memtable_count)
{
    bool backwards = _i != 0;
    char path[PATH_MAX] = "";
    varve_iter *it = NULL;
    store_close(open_tables());
    varve_engine *engine = open_store();
    ck_ok(varve_engine_tables(engine, take_middle, path, &err), &err);
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (unsigned i = 1; i < KEYS - 1; i++)
        ck_ok(varve_writer_clear(varve_engine_writer(engine), key_number(i), &err), &err);
    atomic_store(&flushes, true);
    walk_past_failure(it, backwards, path, KEYS);
    ck_assert(!atomic_load(&flushes));
    varve_iter_close(it);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb fences, changing");
    TCase *tcase = tcase_create("fences");
    tcase_add_checked_fixture(tcase, place_setup, place_teardown);
    tcase_add_test(tcase, an_iterator_is_opened_while_tables_change);
    tcase_add_loop_test(tcase, clears_that_have_left_the_memtable_count, 0, 2);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
