/*
 * Trap: RocksDB's default recovery stops at damage in the middle of its log and opens without a
 * word, everything behind it lost.
 */
#include "tests/engine/rocksdb/rocks.h"

enum { RECORDS = 1000 };

/* A store whose records are all in one log, none of them in a table; returns the log's path. */
static const char *make_log(void)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, RECORDS);
    store_close(engine);
    return file_find(place_path("s"), ".log");
}

static void damage_middle(const char *log)
{
    size_t size;
    free(file_read(log, &size));
    file_damage(log, (long)(size / 2), 1);
}

START_TEST(control_the_default_drops_records_silently)
{
    damage_middle(make_log());
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_t *db = raw_open(options, place_path("s"));
    rocksdb_readoptions_t *how = rocksdb_readoptions_create();
    rocksdb_iterator_t *it = rocksdb_create_iterator(db, how);
    unsigned count = 0;
    for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
        count++;
    rocksdb_iter_destroy(it);
    rocksdb_readoptions_destroy(how);
    rocksdb_close(db);
    rocksdb_options_destroy(options);
    printf("control: RocksDB opened without an error, with %u of %d records\n", count, RECORDS);
    ck_assert_uint_lt(count, RECORDS);
}
END_TEST

START_TEST(damage_in_the_middle_is_an_error)
{
    damage_middle(make_log());
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = NULL;

    for (int read_only = 0; read_only <= 1; read_only++) {
        options.read_only = read_only == 1;
        ck_status(varve_engine_open(&options, &engine, &err), VARVE_CORRUPT, &err);
        ck_assert_ptr_null(engine);
        varve_error_release(&err);
    }
}
END_TEST

static char lines[4096];

static void collect_line(void *arg, varve_log_level level, const char *line)
{
    (void)arg;
    size_t used = strlen(lines);
    (void)snprintf(lines + used, sizeof lines - used, "%d %s\n", (int)level, line);
}

/* All in front of the damage, nothing of what is behind, and it says so. */
START_TEST(salvage_keeps_what_is_in_front)
{
    damage_middle(make_log());
    varve_options options = store_options(place_path("s"));
    char expected[64];
    varve_status status;

    options.salvage = true;
    options.log = collect_line;
    varve_engine *engine = store_open_with(&options);
    unsigned count = store_count(engine, &status);
    ck_assert_uint_gt(count, RECORDS / 4);
    ck_assert_uint_lt(count, RECORDS);
    ck_ok(store_has(engine, key_number(count - 1)), &err);
    ck_status(store_has(engine, key_number(count)), VARVE_NOT_FOUND, &err);
    (void)snprintf(expected, sizeof expected, "opened for salvage, up to sequence %u: ", count);
    ck_assert_msg(strstr(lines, expected) != NULL, "%s", lines);
    store_close(engine);
    /* From then on it is an ordinary store again. */
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), count);
    store_close(engine);
}
END_TEST

/* What an ordinary crash leaves: the last record cut short at any place, or zeros behind it. */
START_TEST(a_torn_tail_is_dropped)
{
    static const off_t cuts[] = {1, 7, 20, 40};
    const char *log = make_log();
    struct stat what;
    varve_status status;

    ck_assert_int_eq(stat(log, &what), 0);
    ck_assert_int_eq(truncate(log, what.st_size - cuts[_i]), 0);
    varve_engine *engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), RECORDS - 1);
    ck_ok(store_has(engine, key_number(RECORDS - 2)), &err);
    store_close(engine);
}
END_TEST

START_TEST(zeros_at_the_end_are_no_damage)
{
    const char *log = make_log();
    struct stat what;
    varve_status status;

    ck_assert_int_eq(stat(log, &what), 0);
    ck_assert_int_eq(truncate(log, what.st_size + 5000), 0);
    varve_engine *engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), RECORDS);
    store_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap: damaged log");
    TCase *cases = tcase_create("log");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, control_the_default_drops_records_silently);
    tcase_add_test(cases, damage_in_the_middle_is_an_error);
    tcase_add_test(cases, salvage_keeps_what_is_in_front);
    tcase_add_loop_test(cases, a_torn_tail_is_dropped, 0, 4);
    tcase_add_test(cases, zeros_at_the_end_are_no_damage);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
