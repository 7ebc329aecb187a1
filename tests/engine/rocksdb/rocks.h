/*
 * What the tests of the RocksDB backend share: a directory of their own, stores in it, and children
 * for what may end a process.
 */
#ifndef VARVE_TESTS_ENGINE_ROCKSDB_ROCKS_H
#define VARVE_TESTS_ENGINE_ROCKSDB_ROCKS_H

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <rocksdb/c.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <varve/varve.h>

#include "tests/support/support.h"

/* ---- A directory for each test: a checked fixture */

static char place[256]; /* exists while a test runs */

static inline int place_remove_entry(const char *path, const struct stat *what, int type,
                                     struct FTW *where)
{
    (void)what, (void)type, (void)where;
    return remove(path);
}

static inline void place_remove(const char *path)
{
    (void)nftw(path, place_remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static inline void place_setup(void)
{
    const char *root = getenv("TMPDIR");
    (void)snprintf(place, sizeof place, "%s/varve-test-XXXXXX", root == NULL ? "/tmp" : root);
    ck_assert_ptr_nonnull(mkdtemp(place));
}

static inline void place_teardown(void)
{
    place_remove(place);
}

/* The path of `name` inside the directory of the test; it lives as long as the test. */
static inline const char *place_path(const char *name)
{
    char path[sizeof place + 64];
    int size = snprintf(path, sizeof path, "%s/%s", place, name);
    ck_assert_uint_lt((size_t)size, sizeof path);
    return (const char *)copy_of(varve_slice_of(path, (size_t)size + 1)).data;
}

/* ---- Files */

static inline void file_write(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void file_write_text(const char *path, const char *text)
{
    file_write(path, text, strlen(text));
}

/* The whole file, which the caller frees. */
static inline unsigned char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *data = malloc(*size + 1);
    ck_assert_uint_eq(fread(data, 1, *size, file), *size);
    ck_assert_int_eq(fclose(file), 0);
    return data;
}

/* Turn `count` bytes at `offset` of a file over; a negative offset counts from its end. */
static inline void file_damage(const char *path, long offset, size_t count)
{
    size_t size;
    unsigned char *data = file_read(path, &size);
    size_t first = offset < 0 ? size - (size_t)-offset : (size_t)offset;
    ck_assert_uint_le(first + count, size);
    for (size_t i = 0; i < count; i++)
        data[first + i] ^= 0x55;
    file_write(path, data, size);
    free(data);
}

/* The path of the only file below `dir` whose name ends with `ending` and that is not empty. */
static inline const char *file_find(const char *dir, const char *ending)
{
    char command[1024];
    static char found[1024];
    (void)snprintf(command, sizeof command, "find '%s' -name '*%s' -size +0", dir, ending);
    FILE *list = popen(command, "r");
    ck_assert_ptr_nonnull(list);
    ck_assert_msg(fgets(found, sizeof found, list) != NULL, "no %s in %s", ending, dir);
    found[strcspn(found, "\n")] = '\0';
    char second[1024];
    ck_assert_msg(fgets(second, sizeof second, list) == NULL, "more than one %s", ending);
    (void)pclose(list);
    return found;
}

/* A log that has become a table goes some time after the flush: wait until one log is left. */
static inline void wait_for_one_log(const char *dir)
{
    char pattern[1024];
    glob_t logs;
    size_t count = 0;
    (void)snprintf(pattern, sizeof pattern, "%s/*.log", dir);
    while (count != 1) {
        ck_assert_int_eq(glob(pattern, 0, NULL, &logs), 0);
        count = logs.gl_pathc;
        globfree(&logs);
        (void)usleep(1000);
    }
}

/* ---- Stores */

static varve_error err = VARVE_ERROR_INIT;

static inline varve_options store_options(const char *path)
{
    varve_options options = {.struct_size = sizeof options, .path = path};
    options.writer_durability = VARVE_NO_SYNC;
    return options;
}

static inline varve_engine *store_open_with(const varve_options *options)
{
    varve_engine *engine = NULL;
    ck_ok(varve_engine_open(options, &engine, &err), &err);
    return engine;
}

static inline varve_engine *store_open(const char *path)
{
    varve_options options = store_options(path);
    return store_open_with(&options);
}

static inline void store_close(varve_engine *engine)
{
    ck_ok(varve_engine_close(engine, &err), &err);
}

/* The engine key of version `ts` of `user_key`, which lives as long as the test; 0 = metadata. */
static inline varve_slice key_at(const char *user_key, int64_t ts)
{
    varve_buf key = VARVE_BUF_INIT;
    ck_ok(varve_key_encode(varve_slice_text(user_key), (varve_ts){ts, 0}, &key, &err), &err);
    varve_slice copy = copy_of(varve_buf_slice(&key));
    varve_buf_release(&key);
    return copy;
}

/* The metadata key of k00000042. */
static inline varve_slice key_number(unsigned number)
{
    char text[16];
    (void)snprintf(text, sizeof text, "k%08u", number);
    return key_at(text, 0);
}

static inline varve_status store_put(varve_engine *engine, varve_slice key, varve_slice value)
{
    varve_error_release(&err);
    return varve_writer_put(varve_engine_writer(engine), key, value, &err);
}

/* Put `count` numbered keys, each with a value of 16 bytes. */
static inline void store_fill(varve_engine *engine, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        ck_ok(store_put(engine, key_number(i), bytes("sixteen bytes...")), &err);
}

/* VARVE_OK, VARVE_NOT_FOUND, or a failure. */
static inline varve_status store_has(varve_engine *engine, varve_slice key)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_error_release(&err);
    varve_status status = varve_reader_get(varve_engine_reader(engine), key, &value, &err);
    varve_buf_release(&value);
    return status;
}

/* Walk over everything; returns the records seen and leaves the outcome in `status`. */
static inline unsigned store_count(varve_engine *engine, varve_status *status)
{
    varve_iter *it = NULL;
    unsigned count = 0;
    varve_error_release(&err);
    ck_ok(varve_iter_open(varve_engine_reader(engine), NULL, &it, &err), &err);
    for (varve_iter_seek_ge(it, bytes("")); it->valid; varve_iter_next(it))
        count++;
    *status = varve_iter_status(it, &err);
    varve_iter_close(it);
    return count;
}

/* ---- RocksDB without varve: the controls */

static inline rocksdb_t *raw_open(const rocksdb_options_t *options, const char *path)
{
    char *text = NULL;
    rocksdb_t *db = rocksdb_open(options, path, &text);
    ck_assert_msg(text == NULL, "%s", text);
    return db;
}

/* Returns RocksDB's text, NULL for success. */
static inline char *raw_put(rocksdb_t *db, const char *key, const char *value)
{
    char *text = NULL;
    rocksdb_writeoptions_t *how = rocksdb_writeoptions_create();
    rocksdb_put(db, how, key, strlen(key), value, strlen(value), &text);
    rocksdb_writeoptions_destroy(how);
    return text;
}

/* ---- Children */

/*
 * What the last child has told of itself, or -1.  Not its exit code: that is Valgrind's to set, as
 * RocksDB leaks where it is harmed, and where a control does not close it.
 */
static int child_told;
static int *child_tells; /* the same, in memory that both see */

static inline void child_tell(int what)
{
    *child_tells = what;
}

/*
 * Run `body` in a child and return what wait() says of it; 0 if it came to its end.  To be called
 * before the test opens its first engine: RocksDB's threads are those of the process, made once,
 * and a child has none of them.
 */
static inline int in_child(void (*body)(void))
{
    child_tells =
        mmap(NULL, sizeof *child_tells, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(child_tells, MAP_FAILED);
    child_tell(-1);
    (void)fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        /* A control dies on purpose: without a core file and without its last words. */
        const struct rlimit none = {0, 0};
        int nowhere = open("/dev/null", O_WRONLY);
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)dup2(nowhere, STDERR_FILENO);
        (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an exit of it */
        (void)signal(SIGBUS, SIG_DFL);
        body();
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    child_told = *child_tells;
    ck_assert_int_eq(munmap(child_tells, sizeof *child_tells), 0);
    return status;
}

/*
 * A control that shows its harm only with a RocksDB that has assertions, as Debian's.  A child that
 * has exited with a status has not come as far as that, and has shown nothing.
 */
static inline void expect_death(int status, const char *what)
{
    ck_assert_msg(status == 0 || WIFSIGNALED(status), "control broken before %s: wait status %d",
                  what, status);
    ck_assert_msg(status != 0 || getenv("VARVE_ROCKSDB_ASSERTS") == NULL,
                  "control not shown, though this RocksDB has assertions: %s", what);
    if (status == 0)
        printf("control not shown: %s did not end the process with this RocksDB\n", what);
    else
        printf("control: %s ended the process, wait status %d\n", what, status);
}

#endif
