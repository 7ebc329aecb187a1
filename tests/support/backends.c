#include "tests/support/backends.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/engine.h"

const char *const backend_names[BACKEND_COUNT] = {"disk", "memory", "map"};

struct backend_test on;

/* ---- Directories -------------------------------------------------------------------------------
 */

const char *temp_dir_make(void)
{
    const char *parent = getenv("TMPDIR");
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/varve-test-XXXXXX", parent != NULL ? parent : "/tmp");
    ck_assert_msg(mkdtemp(path) != NULL, "cannot make %s", path);
    return (const char *)copy_of(varve_slice_of(path, strlen(path) + 1)).data;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void temp_dir_remove(const char *path)
{
    ck_assert_msg(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, "cannot remove %s", path);
}

/* ---- Engines -----------------------------------------------------------------------------------
 */

/* Those that are open; a test has no more. */
static varve_engine *opened[16];
enum { OPENED_MAX = sizeof opened / sizeof opened[0] };

/* Replace one of `opened`, which NULL fills up. */
static void note(const varve_engine *former, varve_engine *engine)
{
    int i = 0;
    while (i < OPENED_MAX && opened[i] != former)
        i++;
    ck_assert_int_lt(i, OPENED_MAX);
    opened[i] = engine;
}

/* What the first iterator after a flush finds out about the tables is kept with the store. */
static void open_iterators(void)
{
    for (int i = 0; i < OPENED_MAX; i++) {
        varve_iter *it;
        if (opened[i] != NULL &&
            varve_iter_open(varve_engine_reader(opened[i]), NULL, &it, NULL) == VARVE_OK)
            varve_iter_close(it);
    }
}

static void empty_pools(void)
{
    for (int i = 0; i < OPENED_MAX; i++) {
        if (opened[i] == NULL)
            continue;
        varve__pool_clear(&opened[i]->pool);
        if (opened[i]->newest != NULL)
            varve__newest_clear(opened[i]->newest);
    }
}

/*
 * A test writes little and opens often, and what RocksDB prepares at each opening grows with its
 * write buffer: space for the log, and a filter of its records.
 */
enum { BUFFER_BYTES = 8 << 20 };

varve_engine *backend_open_with(int backend, varve_options options)
{
    varve_error err = VARVE_ERROR_INIT;
    varve_engine *engine = NULL;
    options.struct_size = sizeof options;
    options.backend = (varve_backend)backend;
    if (options.write_buffer_bytes == 0)
        options.write_buffer_bytes = BUFFER_BYTES;
    if (backend == BACKEND_DISK && options.path == NULL)
        options.path = temp_dir_make();
    ck_ok(varve_engine_open(&options, &engine, &err), &err);
    note(NULL, engine);
    fault_alloc_ready = open_iterators;
    fault_alloc_settle = empty_pools;
    return engine;
}

varve_engine *backend_open(int backend)
{
    return backend_open_with(backend, (varve_options){.never_sync = true});
}

void backend_keep_newest(varve_engine *engine, uint64_t bytes)
{
    varve_error err = VARVE_ERROR_INIT;
    ck_ok(varve__newest_open(bytes, &engine->newest, &err), &err);
    varve_engine_reader(engine)->newest = engine->newest;
}

void backend_path(const varve_engine *engine, char *path, size_t size)
{
    const char *own = engine->options.path;
    (void)snprintf(path, size, "%s", own != NULL ? own : "");
}

void backend_leave(varve_engine *engine)
{
    varve_error err = VARVE_ERROR_INIT;
    note(engine, NULL);
    ck_ok(varve_engine_close(engine, &err), &err);
}

varve_engine *backend_reopen_with(varve_engine *engine, varve_options options)
{
    char path[4096];
    backend_path(engine, path, sizeof path);
    options.path = path;
    backend_leave(engine);
    return backend_open_with(BACKEND_DISK, options);
}

varve_engine *backend_reopen(varve_engine *engine)
{
    return backend_reopen_with(engine, (varve_options){.never_sync = engine->options.never_sync});
}

void backend_close(varve_engine *engine)
{
    char path[4096];
    backend_path(engine, path, sizeof path);
    backend_leave(engine);
    if (path[0] != '\0')
        temp_dir_remove(path);
}

/* ---- Suites ------------------------------------------------------------------------------------
 */

static void set_up(int backend)
{
    on = (struct backend_test){.backend = backend, .err = VARVE_ERROR_INIT};
    on.engine = backend_open(backend);
    on.reader = varve_engine_reader(on.engine);
    on.writer = varve_engine_writer(on.engine);
}

void backend_set_up_disk(void)
{
    set_up(BACKEND_DISK);
}

void backend_set_up_memory(void)
{
    set_up(BACKEND_MEMORY);
}

void backend_set_up_map(void)
{
    set_up(BACKEND_MAP);
}

void backend_tear_down(void)
{
    varve_error_release(&on.err);
    backend_close(on.engine);
}

Suite *backend_suite(const char *name, void (*fill)(TCase *tcase))
{
    /* Check tells a fixture nothing, so that there is one for each backend. */
    static void (*const set_ups[BACKEND_COUNT])(void) = {backend_set_up_disk, backend_set_up_memory,
                                                         backend_set_up_map};
    Suite *suite = suite_create(name);
    for (int i = 0; i < BACKEND_COUNT; i++) {
        TCase *tcase = tcase_create(backend_names[i]);
        tcase_add_checked_fixture(tcase, set_ups[i], backend_tear_down);
        fill(tcase);
        suite_add_tcase(suite, tcase);
    }
    return suite;
}
