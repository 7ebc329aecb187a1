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

/* ---- Pages that never reached the disk: a power failure may lose one and keep those behind it */

enum { PAGE = 4096 };

/* Open a store and put records into it that take `size` bytes each in the log. */
static varve_engine *open_log_of(size_t size)
{
    /* Headers and key take 33 bytes. */
    varve_slice value = repeated('v', size - 33);
    varve_engine *engine = store_open(place_path("s"));
    for (unsigned i = 0; i < RECORDS; i++)
        ck_ok(store_put(engine, key_number(i), value), &err);
    return engine;
}

/* A store as above, but with records of `size` bytes in the log; returns the log's path. */
static const char *make_log_of(size_t size)
{
    store_close(open_log_of(size));
    return file_find(place_path("s"), ".log");
}

static void lose_page(const char *log, size_t page)
{
    size_t size;
    unsigned char *data = file_read(log, &size);
    ck_assert_uint_lt((page + 1) * PAGE, size);
    memset(data + page * PAGE, 0, PAGE);
    file_write(log, data, size);
    free(data);
}

/* Records from the first on without one missing. */
static unsigned unbroken(varve_engine *engine)
{
    unsigned count = 0;
    while (store_has(engine, key_number(count)) == VARVE_OK)
        count++;
    return count;
}

START_TEST(control_a_lost_page_leaves_a_hole)
{
    lose_page(make_log_of(64), 1);
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_wal_recovery_mode(options,
                                          rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_t *db = raw_open(options, place_path("s"));
    rocksdb_close(db);
    rocksdb_options_destroy(options);
    varve_engine *engine = store_open(place_path("s"));
    varve_status status;
    unsigned count = store_count(engine, &status);
    unsigned front = unbroken(engine);
    printf("control: RocksDB opened without an error, with %u records, and then %u behind a hole\n",
           front, count - front);
    ck_assert_uint_gt(count, front);
    store_close(engine);
}
END_TEST

/* Whether a record begins with the page, or one of odd size lies across it. */
static const size_t record_sizes[] = {64, 128, 61, 100};

START_TEST(a_lost_page_is_damage)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = NULL;
    varve_status status;
    const char *log = make_log_of(record_sizes[_i]);

    lose_page(log, 9);
    for (int read_only = 0; read_only <= 1; read_only++) {
        options.read_only = read_only == 1;
        varve_error_release(&err);
        ck_status(varve_engine_open(&options, &engine, &err), VARVE_CORRUPT, &err);
    }
    /* Salvage marks the place, so reading only is not enough for it. */
    options.salvage = true;
    varve_error_release(&err);
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_CORRUPT, &err);
    options.read_only = false;
    varve_error_release(&err);
    engine = store_open_with(&options);
    unsigned count = store_count(engine, &status);
    ck_assert_uint_eq(count, unbroken(engine));
    ck_assert_uint_gt(count, 9 * PAGE / record_sizes[_i] - 10);
    ck_assert_uint_le(count, 9 * PAGE / record_sizes[_i]);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(unbroken(engine), count);
    store_close(engine);
}
END_TEST

/* The log of a store that is open is not looked at for others, let alone changed by salvage. */
START_TEST(the_log_of_a_writer_is_left_alone)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *second = NULL;
    varve_engine *writer = open_log_of(64);
    const char *log = file_find(place_path("s"), ".log");
    size_t size_before;
    size_t size_after;

    lose_page(log, 9);
    unsigned char *before = file_read(log, &size_before);
    for (int salvage = 0; salvage <= 1; salvage++) {
        options.salvage = salvage == 1;
        varve_error_release(&err);
        ck_status(varve_engine_open(&options, &second, &err), VARVE_LOCKED, &err);
    }
    unsigned char *after = file_read(log, &size_after);
    ck_assert_uint_eq(size_after, size_before);
    ck_assert_mem_eq(after, before, size_before);
    free(before);
    free(after);
    ck_ok(store_put(writer, key_number(RECORDS), bytes("v")), &err);
    store_close(writer);
}
END_TEST

/* Nothing behind them: a tail, whether it ends with the page, the block or much later. */
START_TEST(lost_pages_at_the_end_are_a_tail)
{
    static const size_t kept[] = {PAGE, 8 * PAGE, 9 * PAGE};
    const char *log = make_log_of(64);
    varve_status status;
    size_t size;
    unsigned char *data = file_read(log, &size);

    memset(data + kept[_i], 0, size - kept[_i]);
    file_write(log, data, size);
    free(data);
    varve_engine *engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), kept[_i] / 64);
    ck_assert_uint_eq(unbroken(engine), kept[_i] / 64);
    store_close(engine);
}
END_TEST

/* Records that fill several blocks are followed from one to the next. */
START_TEST(large_records_are_sound)
{
    varve_status status;
    const char *log = make_log();
    (void)log;
    varve_engine *engine = store_open(place_path("s"));
    for (unsigned i = 0; i < 20; i++)
        ck_ok(store_put(engine, key_number(RECORDS + i), repeated(0, 10000 * i)), &err);
    store_close(engine);
    engine = store_open(place_path("s"));
    ck_assert_uint_eq(store_count(engine, &status), RECORDS + 20);
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
    tcase_add_test(cases, control_a_lost_page_leaves_a_hole);
    tcase_add_test(cases, the_log_of_a_writer_is_left_alone);
    tcase_add_loop_test(cases, a_lost_page_is_damage, 0,
                        sizeof record_sizes / sizeof record_sizes[0]);
    tcase_add_loop_test(cases, lost_pages_at_the_end_are_a_tail, 0, 3);
    tcase_add_test(cases, large_records_are_sound);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
