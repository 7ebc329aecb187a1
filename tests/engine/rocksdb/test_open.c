/*
 * Opening: stores that others have worked on, stores in memory, reading beside a writer.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "engine/backend.h"
#include "engine/rocksdb/version.h"
#include "tests/engine/rocksdb/rocks.h"

static varve_status try_open(const varve_options *options)
{
    varve_engine *engine = NULL;
    varve_error_release(&err);
    varve_status status = varve_engine_open(options, &engine, &err);
    if (status == VARVE_OK)
        store_close(engine);
    else
        ck_assert_ptr_null(engine);
    return status;
}

/* ---- Stores that others have worked on */

START_TEST(other_column_families_are_named)
{
    store_close(store_open(place_path("s")));
    rocksdb_options_t *raw = rocksdb_options_create();
    rocksdb_t *db = raw_open(raw, place_path("s"));
    char *text = NULL;
    rocksdb_column_family_handle_t *two = rocksdb_create_column_family(db, raw, "two", &text);
    ck_assert_ptr_null(text);
    rocksdb_column_family_handle_destroy(two);
    rocksdb_close(db);
    rocksdb_options_destroy(raw);

    varve_options options = store_options(place_path("s"));
    for (int read_only = 0; read_only <= 1; read_only++) {
        options.read_only = read_only == 1;
        ck_status(try_open(&options), VARVE_INCOMPATIBLE, &err);
        ck_assert_ptr_nonnull(strstr(err.message, "Column families not opened: two"));
    }
}
END_TEST

static int compare_backwards(void *state, const char *a, size_t a_size, const char *b,
                             size_t b_size)
{
    (void)state;
    return varve_slice_compare(varve_slice_of(b, b_size), varve_slice_of(a, a_size));
}

static const char *backwards_name(void *state)
{
    (void)state;
    return "backwards";
}

static void no_destructor(void *state)
{
    (void)state;
}

START_TEST(another_order_of_keys_is_refused)
{
    rocksdb_options_t *raw = rocksdb_options_create();
    rocksdb_comparator_t *order =
        rocksdb_comparator_create(NULL, no_destructor, compare_backwards, backwards_name);
    rocksdb_options_set_create_if_missing(raw, 1);
    rocksdb_options_set_comparator(raw, order);
    rocksdb_close(raw_open(raw, place_path("s")));
    rocksdb_options_destroy(raw);
    rocksdb_comparator_destroy(order);
    file_write_text(place_path("s/VARVE_VERSION"), VARVE__VERSION_TEXT);

    varve_options options = store_options(place_path("s"));
    ck_status(try_open(&options), VARVE_INCOMPATIBLE, &err);
}
END_TEST

/* Without a version file it is nobody's store, and stays what it is. */
START_TEST(a_plain_rocksdb_is_not_a_store)
{
    rocksdb_options_t *raw = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(raw, 1);
    rocksdb_t *db = raw_open(raw, place_path("s"));
    ck_assert_ptr_null(raw_put(db, "k", "v"));
    rocksdb_close(db);

    varve_options options = store_options(place_path("s"));
    ck_status(try_open(&options), VARVE_NOT_A_STORE, &err);
    options.read_only = true;
    ck_status(try_open(&options), VARVE_NOT_A_STORE, &err);
    rocksdb_close(raw_open(raw, place_path("s")));
    rocksdb_options_destroy(raw);
}
END_TEST

START_TEST(a_store_must_exist_if_asked)
{
    varve_options options = store_options(place_path("s"));
    options.must_exist = true;
    ck_status(try_open(&options), VARVE_NO_STORE, &err);
    store_close(store_open(place_path("s")));
    ck_ok(try_open(&options), &err);
}
END_TEST

/* ---- Stores in memory */

START_TEST(two_stores_in_memory_know_nothing_of_each_other)
{
    varve_options options = store_options(NULL);
    options.backend = VARVE_BACKEND_ROCKSDB_MEMORY;
    varve_engine *one = store_open_with(&options);
    varve_engine *two = store_open_with(&options);
    ck_ok(store_put(one, key_at("k", 0), bytes("v")), &err);
    ck_ok(varve_engine_flush(one, &err), &err);
    ck_ok(store_has(one, key_at("k", 0)), &err);
    ck_status(store_has(two, key_at("k", 0)), VARVE_NOT_FOUND, &err);

    varve_engine_info info = {.struct_size = sizeof info};
    ck_ok(varve_engine_get_info(one, &info, &err), &err);
    ck_assert_int_eq(info.format_version, 0);
    ck_assert_uint_eq(info.table_files, 1);
    store_close(one);
    store_close(two);
    one = store_open_with(&options);
    ck_status(store_has(one, key_at("k", 0)), VARVE_NOT_FOUND, &err);
    store_close(one);
}
END_TEST

/* ---- The log */

static char lines[4096];

static void collect_line(void *arg, varve_log_level level, const char *line)
{
    (void)arg;
    size_t used = strlen(lines);
    (void)snprintf(lines + used, sizeof lines - used, "%d %s\n", (int)level, line);
}

START_TEST(creation_and_salvage_are_logged)
{
    varve_options options = store_options(place_path("s"));
    char expected[512];
    options.log = collect_line;
    ck_ok(try_open(&options), &err);
    (void)snprintf(expected, sizeof expected, "0 %s: created\n", place_path("s"));
    ck_assert_msg(strstr(lines, expected) != NULL, "%s", lines);

    lines[0] = '\0';
    options.salvage = true;
    ck_ok(try_open(&options), &err);
    ck_assert_ptr_null(strstr(lines, "created"));
    (void)snprintf(expected, sizeof expected,
                   "1 %s: opened for salvage, up to sequence 0: ", place_path("s"));
    ck_assert_msg(strstr(lines, expected) != NULL, "%s", lines);
}
END_TEST

/* ---- Reading beside a writer */

/* A child that has the store open for writing, and does a burst of work for each byte it is sent.
 */
typedef struct writer {
    pid_t child;
    int to_child;
} writer;

/* New tables, each of them the end of a log. */
static void work(varve_engine *engine, unsigned burst)
{
    for (unsigned i = 1; i <= 100; i++) {
        ck_ok(store_put(engine, key_number(100 * burst + i), bytes("v")), &err);
        if (i % 10 == 0)
            ck_ok(varve_engine_flush(engine, &err), &err);
    }
}

static writer start_writer(void)
{
    int down[2];
    int up[2];
    char byte;
    ck_assert_int_eq(pipe(down), 0);
    ck_assert_int_eq(pipe(up), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        varve_engine *engine = store_open(place_path("s"));
        ck_ok(store_put(engine, key_number(0), bytes("first")), &err);
        ck_assert_int_eq(write(up[1], "!", 1), 1);
        for (unsigned burst = 0; read(down[0], &byte, 1) == 1; burst++)
            work(engine, burst);
        _exit(0);
    }
    ck_assert_int_eq(read(up[0], &byte, 1), 1); /* it is open */
    return (writer){child, down[1]};
}

static void stop_writer(writer w)
{
    ck_assert_int_eq(kill(w.child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(w.child, NULL, 0), w.child);
}

START_TEST(a_reader_beside_a_writer_sees_the_moment_of_opening)
{
    writer w = start_writer();
    varve_options options = store_options(place_path("s"));

    ck_status(try_open(&options), VARVE_LOCKED, &err);
    options.read_only = true;
    varve_engine *reader = store_open_with(&options);
    ck_ok(store_has(reader, key_number(0)), &err);
    ck_status(store_put(reader, key_number(1), bytes("v")), VARVE_READ_ONLY, &err);
    store_close(reader);
    stop_writer(w);
}
END_TEST

/* The numbered keys that the store shows; fails if one is missing in between. */
static unsigned count_unbroken(varve_engine *engine)
{
    varve_iter *it = NULL;
    unsigned count = 0;
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it)) {
        ck_slice_eq(it->key, key_number(count));
        count++;
    }
    ck_ok(varve_iter_status(it, &err), &err);
    varve_iter_close(it);
    return count;
}

/* Every opening finds an unbroken run of keys that never gets shorter, whatever the writer does. */
START_TEST(a_reader_beside_a_busy_writer_never_misses_a_key)
{
    writer w = start_writer();
    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    unsigned before = 0;
    unsigned grown = 0; /* openings that found more than the one before */

    for (int round = 0; round < 40 || grown < 2; round++) {
        ck_assert_int_eq(write(w.to_child, "!", 1), 1);
        varve_engine *reader = store_open_with(&options);
        unsigned count = count_unbroken(reader);
        ck_assert_uint_ge(count, before);
        grown += count > before;
        before = count;
        store_close(reader);
    }
    stop_writer(w);
    varve_engine *engine = store_open(place_path("s"));
    ck_assert_uint_ge(count_unbroken(engine), before);
    store_close(engine);
}
END_TEST

/* Naps that this thread takes: waiting for a writer is made of them. */
static _Thread_local unsigned naps;

__attribute__((visibility("default"))) int nanosleep(const struct timespec *time,
                                                     struct timespec *left);

int nanosleep(const struct timespec *time, struct timespec *left)
{
    naps++;
    errno = clock_nanosleep(CLOCK_REALTIME, 0, time, left);
    return errno == 0 ? 0 : -1;
}

/* Damage does not pass for a writer at work: the answer comes at once. */
START_TEST(a_lost_manifest_is_not_waited_for)
{
    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    store_close(store_open(place_path("s")));
    file_write_text(place_path("s/CURRENT"), "MANIFEST-004711\n");
    naps = 0;
    ck_status(try_open(&options), VARVE_CORRUPT, &err);
    ck_assert_ptr_nonnull(strstr(err.message, "MANIFEST-004711"));
    ck_assert_uint_eq(naps, 0);
}
END_TEST

/* Names, sizes and times of all files of the store. */
static char *listing(void)
{
    char command[512];
    char *text = calloc(1, 65536);
    (void)snprintf(command, sizeof command, "ls -la --time-style=full-iso '%s'", place_path("s"));
    FILE *list = popen(command, "r");
    ck_assert_ptr_nonnull(list);
    ck_assert_uint_gt(fread(text, 1, 65535, list), 0);
    (void)pclose(list);
    return text;
}

START_TEST(reading_only_writes_nothing)
{
    varve_engine *engine = store_open(place_path("s"));
    store_fill(engine, 100);
    store_close(engine);
    char *before = listing();
    varve_options options = store_options(place_path("s"));
    options.read_only = true;
    varve_status status;

    engine = store_open_with(&options);
    ck_assert_uint_eq(store_count(engine, &status), 100);
    store_close(engine);
    char *after = listing();
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

/* What the engine refuses before it reaches the backend, RocksDB refuses as well. */
START_TEST(the_backend_refuses_to_write_too)
{
    varve_options options = store_options(place_path("s"));
    varve__store *store = NULL;
    store_close(store_open(place_path("s")));
    options.read_only = true;
    options.cache_bytes = 1 << 20;
    options.write_buffer_bytes = 1 << 20;
    options.block_bytes = 4096;
    ck_ok(varve__backend_rocksdb.open(&options, &store, &err), &err);
    ck_status(varve__backend_rocksdb.apply(store, hex("00 00 00 00 00 00 00 00  00 00 00 00"),
                                           false, &err),
              VARVE_READ_ONLY, &err);
    varve__backend_rocksdb.close(store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb open");
    TCase *cases = tcase_create("open");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, other_column_families_are_named);
    tcase_add_test(cases, another_order_of_keys_is_refused);
    tcase_add_test(cases, a_plain_rocksdb_is_not_a_store);
    tcase_add_test(cases, a_store_must_exist_if_asked);
    tcase_add_test(cases, two_stores_in_memory_know_nothing_of_each_other);
    tcase_add_test(cases, creation_and_salvage_are_logged);
    tcase_add_test(cases, a_reader_beside_a_writer_sees_the_moment_of_opening);
    tcase_add_test(cases, a_reader_beside_a_busy_writer_never_misses_a_key);
    tcase_add_test(cases, a_lost_manifest_is_not_waited_for);
    tcase_add_test(cases, reading_only_writes_nothing);
    tcase_add_test(cases, the_backend_refuses_to_write_too);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
