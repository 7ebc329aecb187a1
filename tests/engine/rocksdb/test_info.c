/*
 * What a store tells of itself.
 */
#include "tests/engine/rocksdb/rocks.h"

static varve_engine_info info_of(varve_engine *engine)
{
    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(engine, &info, &err), &err);
    return info;
}

START_TEST(numbers_follow_what_is_done)
{
    varve_engine *engine = store_open(place_path("s"));
    varve_engine_info info = info_of(engine);
    ck_assert_uint_eq(info.sequence, 0);
    ck_assert_uint_eq(info.estimated_keys, 0);
    ck_assert_uint_eq(info.table_files, 0);
    ck_assert_uint_eq(info.table_bytes, 0);
    ck_assert_int_eq(info.format_version, 1);
    uint64_t empty_memtable = info.memtable_bytes;
    uint64_t empty_cache = info.cache_bytes;

    store_fill(engine, 50000);
    info = info_of(engine);
    ck_assert_uint_eq(info.sequence, 50000);
    ck_assert_uint_eq(info.estimated_keys, 50000);
    ck_assert_uint_eq(info.table_files, 0);
    ck_assert_uint_ge(info.memtable_bytes, empty_memtable + 50000 * (11 + 16));

    ck_ok(varve_engine_flush(engine, &err), &err);
    info = info_of(engine);
    ck_assert_uint_eq(info.table_files, 1);
    ck_assert_uint_ge(info.table_bytes, 50000 * 16); /* the first level is not compressed */
    ck_assert_uint_lt(info.memtable_bytes, 50000 * (11 + 16));
    ck_assert_uint_ge(info.table_reader_bytes, 50000 * 10 / 8); /* at least the filter */

    varve_status status;
    ck_assert_uint_eq(store_count(engine, &status), 50000);
    info = info_of(engine);
    ck_assert_uint_ge(info.cache_bytes, empty_cache + 50000 * 16);
    store_close(engine);
}
END_TEST

/* ---- Tables */

#define TABLES_MAX 32

static struct {
    int level;
    uint64_t bytes;
    uint64_t entries;
    uint64_t deletions;
    char start[64];
    char end[64];
    char name[64];
} tables[TABLES_MAX];
static unsigned table_count;
static unsigned table_limit = TABLES_MAX;

static void keep_text(char text[64], varve_slice bytes)
{
    ck_assert_uint_lt(bytes.size, 64);
    memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
}

static bool keep_table(void *arg, const varve_table *table)
{
    ck_assert_ptr_eq(arg, &table_count);
    ck_assert_uint_lt(table_count, TABLES_MAX);
    tables[table_count].level = table->level;
    tables[table_count].bytes = table->bytes;
    tables[table_count].entries = table->entries;
    tables[table_count].deletions = table->deletions;
    keep_text(tables[table_count].start, table->start);
    keep_text(tables[table_count].end, table->end);
    keep_text(tables[table_count].name, table->name);
    table_count++;
    return table_count < table_limit;
}

static void list_tables(varve_engine *engine)
{
    table_count = 0;
    ck_ok(varve_engine_tables(engine, keep_table, &table_count, &err), &err);
}

/* A table of its own for the numbered keys from `first` to `last`. */
static void write_table(varve_engine *engine, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++)
        ck_ok(store_put(engine, key_number(i), bytes("sixteen bytes...")), &err);
    ck_ok(varve_engine_flush(engine, &err), &err);
}

START_TEST(tables_come_by_level_size_and_start)
{
    varve_engine *engine = store_open(place_path("s"));
    list_tables(engine);
    ck_assert_uint_eq(table_count, 0);

    write_table(engine, 0, 99);
    ck_ok(varve_engine_compact(engine, &err), &err);
    write_table(engine, 60, 64); /* small, and of one size with the next */
    write_table(engine, 40, 44);
    write_table(engine, 10, 39); /* the largest of its level, though written last */
    list_tables(engine);

    ck_assert_uint_eq(table_count, 4);
    ck_assert_int_eq(tables[0].level, 0);
    ck_assert_int_eq(tables[1].level, 0);
    ck_assert_int_eq(tables[2].level, 0);
    ck_assert_int_eq(tables[3].level, 6);
    ck_assert_str_eq(tables[0].start, "k00000010");
    ck_assert_uint_gt(tables[0].bytes, tables[1].bytes);
    ck_assert_uint_eq(tables[1].bytes, tables[2].bytes);
    ck_assert_str_eq(tables[1].start, "k00000040");
    ck_assert_str_eq(tables[2].start, "k00000060");
    ck_assert_str_eq(tables[3].start, "k00000000");
    ck_assert_str_eq(tables[3].end, "k00000099");
    ck_assert_uint_eq(tables[3].entries, 100);
    ck_assert_uint_eq(tables[0].entries, 30);
    ck_assert_uint_eq(tables[0].deletions, 0);
    ck_assert_ptr_null(strchr(tables[0].name, '/'));
    ck_assert_ptr_nonnull(strstr(tables[0].name, ".sst"));
    store_close(engine);
}
END_TEST

START_TEST(deletions_are_counted_and_a_listing_can_be_stopped)
{
    varve_engine *engine = store_open(place_path("s"));
    write_table(engine, 0, 9);
    ck_ok(varve_writer_clear(varve_engine_writer(engine), key_number(3), &err), &err);
    ck_ok(varve_engine_flush(engine, &err), &err);
    list_tables(engine);
    ck_assert_uint_eq(table_count, 2);
    ck_assert_uint_eq(tables[0].deletions + tables[1].deletions, 1);

    table_limit = 1;
    list_tables(engine);
    ck_assert_uint_eq(table_count, 1);
    store_close(engine);
}
END_TEST

static varve_status list_without_memory(void *context, varve_error *error)
{
    table_count = 0;
    return varve_engine_tables(context, keep_table, &table_count, error);
}

START_TEST(a_listing_without_memory_fails)
{
    varve_engine *engine = store_open(place_path("s"));
    write_table(engine, 0, 9);
    ck_assert_uint_eq(fault_alloc_each(list_without_memory, engine), 3);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb info");
    TCase *cases = tcase_create("info");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, numbers_follow_what_is_done);
    tcase_add_test(cases, tables_come_by_level_size_and_start);
    tcase_add_test(cases, deletions_are_counted_and_a_listing_can_be_stopped);
    tcase_add_test(cases, a_listing_without_memory_fails);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
