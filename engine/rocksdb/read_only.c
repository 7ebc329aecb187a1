/*
 * Opening for reading only takes no lock, so that a writer may change the files meanwhile: tables
 * and logs that the manifest named are gone, which RocksDB notices, or logs are gone whose records
 * have moved to tables that the manifest did not name yet, which it does not.  An opening counts if
 * the manifest is the same before and after it.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"
#include "util/fail.h"

/* How long to go on trying; a writer does not flush all the time. */
#define PATIENCE_SECONDS 10

/* The manifest in force: RocksDB appends to it, and begins another one now and then. */
struct manifest {
    char name[64]; /* the contents of CURRENT */
    off_t size;    /* -1 = could not be looked at */
};

static struct manifest look_at_manifest(const char *path)
{
    struct manifest manifest = {"", -1};
    char file[PATH_MAX];
    struct stat what;

    (void)snprintf(file, sizeof file, "%s/CURRENT", path);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return manifest;
    ssize_t size = read(fd, manifest.name, sizeof manifest.name - 1);
    (void)close(fd);
    if (size < 0)
        return manifest;
    manifest.name[strcspn(manifest.name, "\n")] = '\0';
    (void)snprintf(file, sizeof file, "%s/%s", path, manifest.name);
    if (stat(file, &what) == 0)
        manifest.size = what.st_size;
    return manifest;
}

static bool is_same(const struct manifest *a, const struct manifest *b)
{
    return a->size == b->size && strcmp(a->name, b->name) == 0;
}

/*
 * A store has no other column families.  RocksDB refuses them when it opens for writing, but not
 * when it opens for reading only.
 */
static varve_status check_families(const varve__store *store, const char *path, varve_error *err)
{
    char *text = NULL;
    size_t count = 0;
    char **names = rocksdb_list_column_families(store->options, path, &count, &text);
    /* The list is allocated in any case, if only to hold nothing. */
    varve_status status = text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "opening", text);
    for (size_t i = 0; i < count && status == VARVE_OK; i++) {
        if (strcmp(names[i], "default") != 0)
            status = varve__fail(err, VARVE_INCOMPATIBLE, "opening: Column families not opened: %s",
                                 names[i]);
    }
    rocksdb_list_column_families_destroy(names, count);
    return status;
}

static varve_status open_once(varve__store *store, const char *path, varve_error *err)
{
    char *text = NULL;
    varve_status status = check_families(store, path, err);
    if (status != VARVE_OK)
        return status;
    store->db = rocksdb_open_for_read_only(store->options, path, 0, &text);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "opening", text);
}

/* Open once; `changed` tells that a writer has made the outcome, good or bad, worthless. */
static varve_status try_open(varve__store *store, const char *path, bool *changed, varve_error *err)
{
    struct manifest before = look_at_manifest(path);
    varve_status status = open_once(store, path, err);
    struct manifest after = look_at_manifest(path);

    *changed = !is_same(&before, &after);
    if (!*changed)
        return status;
    if (store->db != NULL)
        rocksdb_close(store->db);
    store->db = NULL;
    return varve__fail(err, VARVE_IO, "opening: a writer keeps changing %s", path);
}

static int64_t seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

varve_status varve__rocksdb_open_read_only(varve__store *store, const char *path, varve_error *err)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    const int64_t end = seconds_now() + PATIENCE_SECONDS;
    varve_error failure = VARVE_ERROR_INIT;
    bool changed;

    varve_status status = try_open(store, path, &changed, &failure);
    while (changed && seconds_now() < end) {
        (void)nanosleep(&pause, NULL);
        status = try_open(store, path, &changed, &failure);
    }
    if (status != VARVE_OK)
        (void)varve__error_copy(&failure, err);
    varve_error_release(&failure);
    return status;
}
