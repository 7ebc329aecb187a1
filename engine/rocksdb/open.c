#include <inttypes.h>

#include "engine/rocksdb/directory.h"
#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/health.h"
#include "engine/rocksdb/intake.h"
#include "engine/rocksdb/lock.h"
#include "engine/rocksdb/options.h"
#include "engine/rocksdb/store.h"
#include "engine/rocksdb/version_file.h"
#include "engine/rocksdb/wal.h"
#include "util/alloc.h"
#include "util/fail.h"

/* Where a database lies in its private environment. */
#define MEMORY_PATH "/varve"

/* Give back all that a store has, also one that has not been opened completely. */
static void free_store(varve__store *store)
{
    varve__generation_release(store->next);
    varve__generation_release(store->shown);
    if (store->db != NULL && store->shown == NULL) {
        varve__rocksdb_settle(store);
        rocksdb_close(store->db);
        varve__rocksdb_drop_refused(store);
    }
    varve__rocksdb_unlock(store->lock);
    if (store->get_options != NULL)
        rocksdb_readoptions_destroy(store->get_options);
    if (store->point_options != NULL)
        rocksdb_readoptions_destroy(store->point_options);
    if (store->walk_options != NULL)
        rocksdb_readoptions_destroy(store->walk_options);
    if (store->no_sync != NULL)
        rocksdb_writeoptions_destroy(store->no_sync);
    if (store->sync != NULL)
        rocksdb_writeoptions_destroy(store->sync);
    if (store->probe != NULL)
        rocksdb_writeoptions_destroy(store->probe);
    if (store->options != NULL)
        rocksdb_options_destroy(store->options);
    /* After the database, which only borrows it. */
    if (store->env != NULL)
        rocksdb_env_destroy(store->env);
    varve_error_release(&store->closed_by);
    varve__fence_cache_destroy(&store->fences);
    (void)pthread_mutex_destroy(&store->marking);
    (void)pthread_mutex_destroy(&store->compacting);
    (void)pthread_mutex_destroy(&store->following);
    varve__free(store->path);
    varve__free(store);
}

static varve__store *make_store(const varve_options *options)
{
    bool wal_off = options->wal == VARVE_WAL_OFF;
    varve__store *store = varve__calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    varve__rocksdb_health_init(store);
    varve__fence_cache_init(&store->fences);
    (void)pthread_mutex_init(&store->marking, NULL);
    (void)pthread_mutex_init(&store->compacting, NULL);
    (void)pthread_mutex_init(&store->following, NULL);
    store->get_options = rocksdb_readoptions_create();
    store->point_options = varve__rocksdb_read_options(true);
    store->walk_options = varve__rocksdb_read_options(false);
    store->no_sync = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(store->no_sync, wal_off);
    store->sync = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(store->sync, wal_off);
    rocksdb_writeoptions_set_sync(store->sync, !wal_off);
    store->probe = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(store->probe, wal_off);
    rocksdb_writeoptions_set_no_slowdown(store->probe, 1);
    return store;
}

static varve_status open_database(varve__store *store, const char *path, varve_error *err)
{
    char *text = NULL;
    varve__fence_cache_clear(&store->fences);
    store->db = rocksdb_open(store->options, path, &text);
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "opening", text);
}

/* Open a database under its lock, without what an ingest that failed may have left in it. */
static varve_status open_marked(varve__store *store, const char *path, varve_error *err)
{
    varve_error failure = VARVE_ERROR_INIT;
    varve_status status = open_database(store, path, &failure);
    store->has_taken_back = status == VARVE_CORRUPT && varve__intake_is_marked(path) &&
                            varve__intake_take_back(path, NULL) == VARVE_OK;
    if (store->has_taken_back) {
        varve_error_release(&failure);
        status = open_database(store, path, &failure);
    }
    if (status == VARVE_OK)
        varve__intake_unmark(path);
    else
        (void)varve__error_copy(&failure, err);
    varve_error_release(&failure);
    return status;
}

varve_status varve__rocksdb_open_for_writing(varve__store *store, const char *path,
                                             varve_error *err)
{
    varve_status status = varve__rocksdb_lock(path, &store->lock, err);
    if (status != VARVE_OK)
        return status;
    status = open_marked(store, path, err);
    if (status == VARVE_OK)
        return VARVE_OK;
    varve__rocksdb_unlock(store->lock);
    store->lock = NULL;
    return status == VARVE_LOCKED ? varve__rocksdb_fail_locked(path, err) : status;
}

static varve_status keep_path(varve__store *store, const char *path, varve_error *err)
{
    size_t size = strlen(path) + 1;
    store->path = varve__malloc(size);
    if (store->path == NULL)
        return varve__fail_no_memory(err, size);
    memcpy(store->path, path, size);
    return VARVE_OK;
}

/*
 * VARVE_LOCKED if somebody has the store open for writing.  RocksDB takes its lock before it looks
 * for a database, and gives it back when it finds one that it has been told not to find.
 */
static varve_status probe_lock(rocksdb_options_t *options, const char *path, varve_error *err)
{
    char *text = NULL;
    varve__lock *lock = NULL;
    varve_status status = varve__rocksdb_lock(path, &lock, err);
    if (status != VARVE_OK)
        return status;
    rocksdb_options_t *probing = rocksdb_options_create_copy(options);
    rocksdb_options_set_error_if_exists(probing, 1);
    rocksdb_t *db = rocksdb_open(probing, path, &text);
    rocksdb_options_destroy(probing);
    varve__rocksdb_unlock(lock);
    if (db != NULL)
        rocksdb_close(db);
    if (text != NULL && varve__rocksdb_status_of(text) == VARVE_LOCKED)
        status = varve__rocksdb_fail_locked(path, err);
    rocksdb_free(text);
    return status;
}

/*
 * Look for gaps in the logs, and let salvage end a log at its gap.  Not before the lock has been
 * found free: the log of a writer at work is not ours to judge or to change.
 */
static varve_status check_logs(const varve__store *store, const varve_options *options,
                               varve_error *err)
{
    varve_error locked = VARVE_ERROR_INIT;
    varve_status status = varve__wal_check(options->path, false, err);
    if (status != VARVE_CORRUPT || options->read_only)
        return status;
    if (probe_lock(store->options, options->path, &locked) == VARVE_OK)
        return options->salvage ? varve__wal_check(options->path, true, err) : status;
    status = varve__error_copy(&locked, err);
    varve_error_release(&locked);
    return status;
}

/* Whoever only reads cannot take back what keeps a store from opening. */
static varve_status open_for_reading(varve__store *store, const varve_options *options,
                                     varve_error *err)
{
    varve_error failure = VARVE_ERROR_INIT;
    varve_status status =
        options->secondary_path != NULL
            ? varve__rocksdb_open_secondary(store, options->secondary_path, &failure)
            : varve__rocksdb_open_read_only(store, options->path, &store->db, &failure);
    if (status == VARVE_CORRUPT && varve__intake_is_marked(options->path))
        (void)varve__fail(err, status, "an ingest has failed, open it once for writing: %s",
                          failure.message);
    else if (status != VARVE_OK)
        (void)varve__error_copy(&failure, err);
    varve_error_release(&failure);
    return status;
}

static varve_status open_as_asked(varve__store *store, const varve_options *options,
                                  varve_error *err)
{
    if (options->read_only)
        return open_for_reading(store, options, err);
    varve_status status = varve__rocksdb_open_for_writing(store, options->path, err);
    /* What was found before the lock was taken may have been changed until then. */
    if (status == VARVE_OK)
        status = varve__version_file_check(options->path, &store->format_version, err);
    return status;
}

static varve_status open_disk(varve__store *store, const varve_options *options, varve_error *err)
{
    const varve__logger logger = {options->log, options->log_arg};
    varve__directory directory;

    varve_status status = keep_path(store, options->path, err);
    if (status == VARVE_OK)
        status = varve__directory_prepare(options, &directory, err);
    if (status != VARVE_OK)
        return status;
    store->format_version = directory.version;
    status = varve__rocksdb_options(options, NULL, directory.create, &store->options, err);
    if (status == VARVE_OK)
        status = check_logs(store, options, err);
    if (status != VARVE_OK)
        return status;
    status = open_as_asked(store, options, err);
    if (status != VARVE_OK)
        return status;
    if (directory.create)
        varve__log(&logger, VARVE_LOG_INFO, "%s: created", options->path);
    if (store->has_taken_back)
        varve__log(&logger, VARVE_LOG_WARN,
                   "%s: tables whose ingest failed are not there and have been taken out of the "
                   "manifest",
                   options->path);
    if (options->salvage)
        varve__log(&logger, VARVE_LOG_WARN,
                   "%s: opened for salvage, up to sequence %" PRIu64
                   ": what follows damage in its log is lost",
                   options->path, rocksdb_get_latest_sequence_number(store->db));
    return VARVE_OK;
}

static varve_status open_memory(varve__store *store, const varve_options *options, varve_error *err)
{
    store->env = rocksdb_create_mem_env();
    varve_status status = varve__rocksdb_options(options, store->env, true, &store->options, err);
    return status == VARVE_OK ? open_database(store, MEMORY_PATH, err) : status;
}

varve_status varve__rocksdb_open(const varve_options *options, varve__store **out, varve_error *err)
{
    *out = NULL;
    varve__store *store = make_store(options);
    if (store == NULL)
        return varve__fail_no_memory(err, sizeof *store);
    varve_status status = options->backend == VARVE_BACKEND_ROCKSDB
                              ? open_disk(store, options, err)
                              : open_memory(store, options, err);
    if (status == VARVE_OK)
        *out = store;
    else
        free_store(store);
    return status;
}

void varve__rocksdb_close(varve__store *store)
{
    free_store(store);
}
