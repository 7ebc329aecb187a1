/*
 * What a directory must hold to be a store or to become one, and what is left of it otherwise.
 */
#include "engine/rocksdb/directory.h"
#include "engine/rocksdb/version.h"
#include "tests/engine/rocksdb/rocks.h"

enum { WRITE = 0, READ_ONLY = 1, MUST_EXIST = 2 };

static varve__directory found;

static varve_status prepare(const char *path, int how)
{
    varve_options options = store_options(path);
    options.read_only = (how & READ_ONLY) != 0;
    options.must_exist = (how & MUST_EXIST) != 0;
    varve_error_release(&err);
    return varve__directory_prepare(&options, &found, &err);
}

static bool exists(const char *path)
{
    struct stat what;
    return lstat(path, &what) == 0;
}

/* An empty file of that name in the directory `dir` of the test. */
static void touch(const char *dir, const char *name)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    file_write_text(path, "");
}

/* A directory named `s` with the version file of this library. */
static const char *make_versioned(void)
{
    const char *path = place_path("s");
    ck_assert_int_eq(mkdir(path, 0755), 0);
    file_write_text(place_path("s/VARVE_VERSION"), VARVE__VERSION_TEXT);
    return path;
}

START_TEST(a_missing_directory_becomes_a_store)
{
    size_t size;

    ck_ok(prepare(place_path("s"), WRITE), &err);
    ck_assert(found.create);
    ck_assert_int_eq(found.version, 1);
    unsigned char *text = file_read(place_path("s/VARVE_VERSION"), &size);
    ck_slice_eq(varve_slice_of(text, size), bytes("{\"Version\":1,\"Features\":[]}"));
    free(text);
    ck_assert(!exists(place_path("s/VARVE_VERSION_TEMP")));
}
END_TEST

START_TEST(so_does_an_empty_one_also_with_a_slash)
{
    ck_assert_int_eq(mkdir(place_path("s"), 0755), 0);
    ck_ok(prepare(place_path("s/"), WRITE), &err);
    ck_assert(found.create);
    ck_assert(exists(place_path("s/VARVE_VERSION")));
}
END_TEST

/* The process died while it wrote the version file. */
START_TEST(a_half_written_version_file_is_no_obstacle)
{
    ck_assert_int_eq(mkdir(place_path("s"), 0755), 0);
    file_write_text(place_path("s/VARVE_VERSION_TEMP"), "{\"Vers");
    ck_ok(prepare(place_path("s"), WRITE), &err);
    ck_assert(found.create);
    ck_assert(exists(place_path("s/VARVE_VERSION")));
    ck_assert(!exists(place_path("s/VARVE_VERSION_TEMP")));
}
END_TEST

START_TEST(only_one_level_is_created)
{
    ck_status(prepare(place_path("a/b"), WRITE), VARVE_IO, &err);
    ck_assert(!exists(place_path("a")));
}
END_TEST

START_TEST(nothing_is_created_where_that_is_not_wanted)
{
    int how = _i == 0 ? READ_ONLY : MUST_EXIST;

    ck_status(prepare(place_path("s"), how), VARVE_NO_STORE, &err);
    ck_assert(!exists(place_path("s")));
    ck_assert_int_eq(mkdir(place_path("s"), 0755), 0);
    ck_status(prepare(place_path("s"), how), VARVE_NO_STORE, &err);
    ck_assert(!exists(place_path("s/VARVE_VERSION")));
    /* A store that has a version but no database yet would have to be completed. */
    file_write_text(place_path("s/VARVE_VERSION"), VARVE__VERSION_TEXT);
    ck_status(prepare(place_path("s"), how), VARVE_NO_STORE, &err);
    touch(place_path("s"), "CURRENT");
    ck_ok(prepare(place_path("s"), how), &err);
    ck_assert(!found.create);
}
END_TEST

static const char *const strangers[] = {"CURRENT", "notes.txt", ".hidden", "VARVE_VERSION~"};

START_TEST(what_is_not_a_store_is_left_alone)
{
    char before[300];

    ck_assert_int_eq(mkdir(place_path("s"), 0755), 0);
    touch(place_path("s"), strangers[_i]);
    (void)snprintf(before, sizeof before,
                   "%s is not empty and has no VARVE_VERSION: it is not a "
                   "varve store",
                   place_path("s"));
    for (int how = WRITE; how <= MUST_EXIST; how++) {
        ck_status(prepare(place_path("s"), how), VARVE_NOT_A_STORE, &err);
        ck_assert_str_eq(err.message, before);
    }
    ck_assert(!exists(place_path("s/VARVE_VERSION")));
    ck_assert(!exists(place_path("s/VARVE_VERSION_TEMP")));
}
END_TEST

START_TEST(a_file_is_not_a_store)
{
    file_write_text(place_path("s"), "x");
    ck_status(prepare(place_path("s"), WRITE), VARVE_NOT_A_STORE, &err);
}
END_TEST

/* What RocksDB has on the disk before it writes CURRENT, in the order in which it appears. */
static const char *const created_first[] = {
    "LOCK", "LOG", "000000.dbtmp", "IDENTITY", "MANIFEST-000001", "000001.dbtmp"};

START_TEST(an_interrupted_creation_is_completed)
{
    const char *path = make_versioned();

    for (int i = 0; i < _i; i++)
        touch(path, created_first[i]);
    ck_ok(prepare(path, WRITE), &err);
    ck_assert(found.create);
    ck_assert_int_eq(found.version, 1);
}
END_TEST

/* The same for RocksDB itself: it makes its database over what it left behind. */
START_TEST(rocksdb_completes_it)
{
    const char *path = make_versioned();

    for (int i = 0; i < _i; i++)
        touch(path, created_first[i]);
    varve_engine *engine = store_open(path);
    ck_ok(store_put(engine, key_at("k", 0), bytes("v")), &err);
    store_close(engine);
    engine = store_open(path);
    ck_ok(store_has(engine, key_at("k", 0)), &err);
    store_close(engine);
}
END_TEST

static const char *const remains[] = {"000004.log", "000009.sst", "MANIFEST-000005",
                                      "OPTIONS-000007"};

START_TEST(a_store_without_its_root_is_damaged)
{
    const char *path = make_versioned();

    touch(path, "MANIFEST-000001");
    touch(path, remains[_i]);
    for (int how = WRITE; how <= MUST_EXIST; how++)
        ck_status(prepare(path, how), VARVE_CORRUPT, &err);
    touch(path, "CURRENT");
    ck_ok(prepare(path, WRITE), &err);
    ck_assert(!found.create);
}
END_TEST

/* A real store, so that the names above are those that RocksDB uses. */
START_TEST(a_real_store_without_its_root_is_damaged)
{
    varve_options options = store_options(place_path("s"));
    varve_engine *engine = store_open(place_path("s"));
    store_close(engine);
    ck_assert(exists(place_path("s/CURRENT")));
    ck_assert_int_eq(unlink(place_path("s/CURRENT")), 0);
    ck_status(varve_engine_open(&options, &engine, &err), VARVE_CORRUPT, &err);
    ck_assert_ptr_null(engine);
}
END_TEST

START_TEST(versions_that_are_not_ours_are_refused)
{
    const char *path = make_versioned();

    file_write_text(place_path("s/VARVE_VERSION"), "{\"Version\":2,\"Features\":[]}");
    ck_status(prepare(path, WRITE), VARVE_INCOMPATIBLE, &err);
    ck_assert_int_eq(err.detail.version.found, 2);
    ck_assert_int_eq(err.detail.version.supported, 1);
    file_write_text(place_path("s/VARVE_VERSION"), "nonsense");
    ck_status(prepare(path, WRITE), VARVE_CORRUPT, &err);
    ck_assert_ptr_nonnull(strstr(err.message, place_path("s/VARVE_VERSION is not formatted")));
    ck_assert_int_eq(unlink(place_path("s/VARVE_VERSION")), 0);
    ck_assert_int_eq(mkdir(place_path("s/VARVE_VERSION"), 0755), 0);
    ck_status(prepare(path, WRITE), VARVE_IO, &err);
}
END_TEST

/* Each of several processes that open a store at once finds or makes the same one. */
static void prepare_and_tell(void)
{
    varve_options options = store_options(place_path("s"));
    _exit(varve__directory_prepare(&options, &found, NULL) == VARVE_OK ? 0 : 1);
}

START_TEST(two_may_create_it_at_once)
{
    enum { CHILDREN = 8, ROUNDS = 20 };

    for (int round = 0; round < ROUNDS; round++) {
        pid_t children[CHILDREN];
        for (int i = 0; i < CHILDREN; i++) {
            children[i] = fork();
            if (children[i] == 0)
                prepare_and_tell();
        }
        for (int i = 0; i < CHILDREN; i++) {
            int status = -1;
            ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
            ck_assert_int_eq(status, 0);
        }
        place_remove(place_path("s"));
    }
}
END_TEST

START_TEST(without_memory_it_says_so)
{
    const char *path = make_versioned();

    fault_alloc_arm(1);
    varve_status status = prepare(path, WRITE);
    ck_assert(fault_alloc_disarm());
    ck_status(status, VARVE_NO_MEMORY, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rocksdb directory");
    TCase *cases = tcase_create("states");

    tcase_add_checked_fixture(cases, place_setup, place_teardown);
    tcase_add_test(cases, a_missing_directory_becomes_a_store);
    tcase_add_test(cases, so_does_an_empty_one_also_with_a_slash);
    tcase_add_test(cases, a_half_written_version_file_is_no_obstacle);
    tcase_add_test(cases, only_one_level_is_created);
    tcase_add_loop_test(cases, nothing_is_created_where_that_is_not_wanted, 0, 2);
    tcase_add_loop_test(cases, what_is_not_a_store_is_left_alone, 0,
                        sizeof strangers / sizeof strangers[0]);
    tcase_add_test(cases, a_file_is_not_a_store);
    tcase_add_loop_test(cases, an_interrupted_creation_is_completed, 0,
                        1 + sizeof created_first / sizeof created_first[0]);
    tcase_add_loop_test(cases, rocksdb_completes_it, 0,
                        1 + sizeof created_first / sizeof created_first[0]);
    tcase_add_loop_test(cases, a_store_without_its_root_is_damaged, 0,
                        sizeof remains / sizeof remains[0]);
    tcase_add_test(cases, a_real_store_without_its_root_is_damaged);
    tcase_add_test(cases, versions_that_are_not_ours_are_refused);
    tcase_add_test(cases, two_may_create_it_at_once);
    tcase_add_test(cases, without_memory_it_says_so);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
