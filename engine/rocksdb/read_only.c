/*
 * Opening for reading only takes no lock, so that a writer may change the files meanwhile: tables
 * and logs that the manifest named are gone, which RocksDB notices, or logs are gone whose records
 * have moved to tables that the manifest did not name yet, which it does not.  Nor does it notice
 * if its list of the logs has one that has just begun and misses the one before it.  An opening
 * counts if the manifest and the newest log are the same before and after it.
 */
#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/health.h"
#include "engine/rocksdb/manifest.h"
#include "engine/rocksdb/store.h"
#include "util/fail.h"

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

static varve_status open_once(const varve__store *store, const char *path, rocksdb_t **out,
                              varve_error *err)
{
    char *text = NULL;
    varve_status status = check_families(store, path, err);
    if (status != VARVE_OK)
        return status;
    *out = rocksdb_open_for_read_only(store->options, path, 0, &text);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "opening", text);
}

/* Open once; `changed` tells that a writer has made the outcome, good or bad, worthless. */
static varve_status try_open(const varve__store *store, const char *path, rocksdb_t **out,
                             bool *changed, varve_error *err)
{
    *out = NULL;
    varve__manifest before = varve__manifest_look(path);
    uint64_t log_before = varve__rocksdb_newest_log(path, false);
    varve_status status = open_once(store, path, out, err);
    uint64_t log_after = varve__rocksdb_newest_log(path, false);
    varve__manifest after = varve__manifest_look(path);

    *changed = log_before != log_after || !varve__manifest_is_same(&before, &after);
    if (!*changed)
        return status;
    if (*out != NULL)
        rocksdb_close(*out);
    *out = NULL;
    return varve__fail(err, VARVE_IO, "opening: a writer keeps changing %s", path);
}

varve_status varve__rocksdb_open_read_only(const varve__store *store, const char *path,
                                           rocksdb_t **out, varve_error *err)
{
    const int64_t end = varve__patience_end();
    varve_error failure = VARVE_ERROR_INIT;
    bool changed;

    varve_status status = try_open(store, path, out, &changed, &failure);
    while (changed && varve__patience_wait(end))
        status = try_open(store, path, out, &changed, &failure);
    if (status != VARVE_OK)
        (void)varve__error_copy(&failure, err);
    varve_error_release(&failure);
    return status;
}
