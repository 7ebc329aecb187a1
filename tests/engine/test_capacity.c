/*
 * What a store may take, and what it takes.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/capacity.h"
#include "tests/support/backends.h"

static varve_error err = VARVE_ERROR_INIT;

/* ---- The rules ----------------------------------------------------------------------------------
 */

static const struct {
    uint64_t total, available, used, max_bytes;
    uint64_t capacity, left;
} rules[] = {
    {1000, 600, 100, 0, 1000, 600},    /* no limit */
    {1000, 600, 100, 1000, 1000, 600}, /* not below the total: none */
    {1000, 600, 100, 2000, 1000, 600},
    {1000, 600, 100, 999, 999, 600}, /* the file system has less left than the limit */
    {1000, 600, 100, 500, 500, 400}, /* the limit has less left */
    {1000, 600, 100, 700, 700, 600},
    {1000, 600, 100, 100, 100, 0},
    {1000, 600, 100, 50, 50, 0}, /* over the limit already: not below zero */
    {1000, 0, 100, 500, 500, 0},
    {0, 0, 0, 0, 0, 0},
    {INT64_MAX, INT64_MAX, 0, 0, INT64_MAX, INT64_MAX},
};

START_TEST(the_rules)
{
    varve_engine_capacity capacity = {0};
    ck_ok(varve__capacity_of(rules[_i].total, rules[_i].available, rules[_i].used,
                             rules[_i].max_bytes, &capacity, &err),
          &err);
    ck_assert_uint_eq(capacity.capacity, rules[_i].capacity);
    ck_assert_uint_eq(capacity.available, rules[_i].left);
    ck_assert_uint_eq(capacity.used, rules[_i].used);
}
END_TEST

START_TEST(no_file_system_is_that_large)
{
    varve_engine_capacity capacity = {0};
    ck_fails(varve__capacity_of((uint64_t)INT64_MAX + 1, 1, 1, 1, &capacity, &err), VARVE_IO, &err,
             "a file system of 9223372036854775808 bytes is larger than 9223372036854775807");
    ck_status(varve__capacity_of(UINT64_MAX, 1, 1, 1, &capacity, &err), VARVE_IO, &err);
}
END_TEST

/* ---- The walk -----------------------------------------------------------------------------------
 */

static void write_file(const char *dir, const char *name, size_t size)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    if (size > 0)
        ck_assert_uint_eq(fwrite(repeated('x', size).data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void make(const char *dir, const char *name, int (*how)(const char *, mode_t))
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    ck_assert_int_eq(how(path, 0700), 0);
}

/* Regular files count, wherever they are; links, directories and pipes do not. */
START_TEST(regular_files_count)
{
    const char *dir = temp_dir_make();
    char link[4096];
    uint64_t used = 77;
    ck_ok(varve__capacity_used(dir, &used, &err), &err);
    ck_assert_uint_eq(used, 0);
    write_file(dir, "a", 1000);
    write_file(dir, "empty", 0);
    make(dir, "sub", mkdir);
    make(dir, "sub/deeper", mkdir);
    make(dir, "pipe", mkfifo);
    write_file(dir, "sub/b", 20);
    write_file(dir, "sub/deeper/c", 3);
    (void)snprintf(link, sizeof link, "%s/link", dir);
    ck_assert_int_eq(symlink("a", link), 0);
    (void)snprintf(link, sizeof link, "%s/loop", dir);
    ck_assert_int_eq(symlink(".", link), 0);
    ck_ok(varve__capacity_used(dir, &used, &err), &err);
    ck_assert_uint_eq(used, 1023);
    temp_dir_remove(dir);
    ck_status(varve__capacity_used(dir, &used, &err), VARVE_IO, &err);
}
END_TEST

struct churn {
    const char *dir;
    atomic_bool stop;
    atomic_uint made;
};

static void *make_and_remove(void *arg)
{
    struct churn *churn = arg;
    char path[4096];
    while (!atomic_load(&churn->stop)) {
        (void)snprintf(path, sizeof path, "%s/d%u", churn->dir, churn->made % 7);
        (void)mkdir(path, 0700);
        (void)snprintf(path, sizeof path, "d%u/f", churn->made % 7);
        write_file(churn->dir, path, 10);
        (void)snprintf(path, sizeof path, "%s/d%u/f", churn->dir, churn->made % 7);
        (void)remove(path);
        (void)snprintf(path, sizeof path, "%s/d%u", churn->dir, churn->made % 7);
        (void)remove(path);
        atomic_fetch_add(&churn->made, 1);
    }
    return NULL;
}

START_TEST(files_may_vanish)
{
    struct churn churn = {.dir = temp_dir_make()};
    pthread_t thread;
    atomic_init(&churn.stop, false);
    for (int i = 0; i < 200; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "f%d", i);
        write_file(churn.dir, name, 1);
    }
    ck_assert_int_eq(pthread_create(&thread, NULL, make_and_remove, &churn), 0);
    /* The other thread has to get somewhere meanwhile, however slow the machine is. */
    for (int i = 0; i < 300 || atomic_load(&churn.made) <= 10; i++) {
        uint64_t used;
        ck_ok(varve__capacity_used(churn.dir, &used, &err), &err);
        ck_assert_uint_ge(used, 200);
        ck_assert_uint_le(used, 200 + 7 * 10);
    }
    atomic_store(&churn.stop, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    temp_dir_remove(churn.dir);
}
END_TEST

/* ---- Engines ------------------------------------------------------------------------------------
 */

static varve_engine_capacity capacity_of(varve_engine *engine)
{
    varve_engine_capacity capacity = {.struct_size = sizeof capacity};
    ck_ok(varve_engine_get_capacity(engine, &capacity, &err), &err);
    ck_assert_uint_eq(capacity.struct_size, sizeof capacity);
    return capacity;
}

START_TEST(an_engine_on_the_disk)
{
    struct statvfs system;
    varve_engine *engine = backend_open(BACKEND_DISK);
    varve_engine_capacity whole = capacity_of(engine);
    ck_assert_int_eq(statvfs("/tmp", &system), 0);
    if (getenv("TMPDIR") == NULL)
        ck_assert_uint_eq(whole.capacity, (uint64_t)system.f_blocks * system.f_frsize);
    ck_assert_uint_gt(whole.capacity, 0);
    ck_assert_uint_le(whole.available, whole.capacity);
    ck_assert_uint_gt(whole.used, 0);
    ck_assert_uint_lt(whole.used, 1 << 20);
    for (unsigned char i = 'a'; i < 'k'; i++)
        ck_ok(varve_writer_put(varve_engine_writer(engine), hex("61 00 01"), repeated(i, 1 << 17),
                               &err),
              &err);
    ck_assert_uint_gt(capacity_of(engine).used, whole.used + 10 * (1 << 17));
    backend_close(engine);

    engine = backend_open_with(BACKEND_DISK, (varve_options){.max_bytes = 1 << 20});
    varve_engine_capacity limited = capacity_of(engine);
    ck_assert_uint_eq(limited.capacity, 1 << 20);
    ck_assert_uint_eq(limited.available, (1 << 20) - limited.used);
    backend_close(engine);
}
END_TEST

START_TEST(an_engine_in_memory)
{
    for (int backend = BACKEND_MEMORY; backend <= BACKEND_MAP; backend++) {
        varve_engine *engine = backend_open(backend);
        varve_engine_capacity capacity = capacity_of(engine);
        ck_assert_uint_eq(capacity.capacity, 512 << 20);
        ck_assert_uint_eq(capacity.available, 512 << 20);
        ck_assert_uint_eq(capacity.used, 0);
        backend_close(engine);
        engine = backend_open_with(backend, (varve_options){.max_bytes = 12345});
        capacity = capacity_of(engine);
        ck_assert_uint_eq(capacity.capacity, 12345);
        ck_assert_uint_eq(capacity.available, 12345);
        backend_close(engine);
    }
}
END_TEST

START_TEST(the_struct_has_a_size)
{
    varve_engine *engine = backend_open(BACKEND_MAP);
    varve_engine_capacity capacity = {.struct_size = 0, .used = 7};
    ck_status(varve_engine_get_capacity(engine, &capacity, &err), VARVE_INVALID_ARGUMENT, &err);
    capacity.struct_size = offsetof(varve_engine_capacity, used);
    ck_ok(varve_engine_get_capacity(engine, &capacity, &err), &err);
    ck_assert_uint_eq(capacity.used, 7);
    ck_assert_uint_eq(capacity.capacity, 512 << 20);
    backend_close(engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capacity");
    TCase *tcase = tcase_create("capacity");
    tcase_add_loop_test(tcase, the_rules, 0, sizeof rules / sizeof rules[0]);
    tcase_add_test(tcase, no_file_system_is_that_large);
    tcase_add_test(tcase, regular_files_count);
    tcase_add_test(tcase, files_may_vanish);
    tcase_add_test(tcase, an_engine_on_the_disk);
    tcase_add_test(tcase, an_engine_in_memory);
    tcase_add_test(tcase, the_struct_has_a_size);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
