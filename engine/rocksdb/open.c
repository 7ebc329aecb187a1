#include <inttypes.h>

#include "engine/rocksdb/directory.h"
#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/options.h"
#include "engine/rocksdb/store.h"
#include "util/alloc.h"
#include "util/fail.h"

/* Where a database lies in its private environment. */
#define MEMORY_PATH "/varve"

/* Give back all that a store has, also one that has not been opened completely. */
static void free_store(varve__store *store)
{
    if (store->db != NULL)
        rocksdb_close(store->db);
    if (store->get_options != NULL)
        rocksdb_readoptions_destroy(store->get_options);
    if (store->no_sync != NULL)
        rocksdb_writeoptions_destroy(store->no_sync);
    if (store->sync != NULL)
        rocksdb_writeoptions_destroy(store->sync);
    if (store->options != NULL)
        rocksdb_options_destroy(store->options);
    /* After the database, which only borrows it. */
    if (store->env != NULL)
        rocksdb_env_destroy(store->env);
    varve__free(store->path);
    varve__free(store);
}

static varve_status make_store(const varve_options *options, varve__store **out, varve_error *err)
{
    varve__store *store = varve__calloc(1, sizeof *store);
    if (store == NULL)
        return varve__fail_no_memory(err, sizeof *store);
    if (options->path != NULL) {
        size_t size = strlen(options->path) + 1;
        store->path = varve__malloc(size);
        if (store->path == NULL) {
            varve__free(store);
            return varve__fail_no_memory(err, size);
        }
        memcpy(store->path, options->path, size);
    }
    store->logger = (varve__logger){options->log, options->log_arg};
    store->wal_off = options->wal == VARVE_WAL_OFF;
    store->never_sync = options->never_sync;
    atomic_init(&store->write_failed, false);
    atomic_init(&store->stopped, false);

    store->get_options = rocksdb_readoptions_create();
    store->no_sync = rocksdb_writeoptions_create();
    store->sync = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(store->no_sync, store->wal_off);
    rocksdb_writeoptions_disable_WAL(store->sync, store->wal_off);
    rocksdb_writeoptions_set_sync(store->sync, !store->wal_off);
    *out = store;
    return VARVE_OK;
}

/*
 * A store has no other column families.  RocksDB refuses them when it opens for writing, but not
 * when it opens for reading only.
 */
static varve_status check_families(const varve__store *store, varve_error *err)
{
    char *text = NULL;
    size_t count = 0;
    char **names = rocksdb_list_column_families(store->options, store->path, &count, &text);
    if (text != NULL)
        return varve__rocksdb_fail(err, "opening", text);
    varve_status status = VARVE_OK;
    for (size_t i = 0; i < count && status == VARVE_OK; i++) {
        if (strcmp(names[i], "default") != 0)
            status = varve__fail(err, VARVE_INCOMPATIBLE,
                                 "opening: %s has a column family that varve does not know: %s",
                                 store->path, names[i]);
    }
    rocksdb_list_column_families_destroy(names, count);
    return status;
}

static varve_status open_database(varve__store *store, const varve_options *options,
                                  varve_error *err)
{
    char *text = NULL;
    if (options->read_only) {
        varve_status status = check_families(store, err);
        if (status != VARVE_OK)
            return status;
        store->db = rocksdb_open_for_read_only(store->options, store->path, 0, &text);
    } else {
        store->db =
            rocksdb_open(store->options, store->env == NULL ? store->path : MEMORY_PATH, &text);
    }
    return text == NULL ? VARVE_OK : varve__rocksdb_fail(err, "opening", text);
}

static void log_opened(varve__store *store, const varve_options *options, bool created)
{
    if (options->salvage)
        varve__log(&store->logger, VARVE_LOG_WARN,
                   "opened %s for salvage: what followed damage in its log is lost", store->path);
    varve__log(&store->logger, VARVE_LOG_INFO, "%s %s%s at sequence %" PRIu64,
               created ? "created" : "opened", store->path, options->read_only ? " read-only" : "",
               rocksdb_get_latest_sequence_number(store->db));
}

varve_status varve__rocksdb_open(const varve_options *options, varve__store **out, varve_error *err)
{
    varve__directory directory;
    varve__store *store = NULL;

    *out = NULL;
    varve_status status = make_store(options, &store, err);
    if (status != VARVE_OK)
        return status;
    status = varve__directory_prepare(options, &directory, err);
    if (status == VARVE_OK) {
        store->format_version = directory.version;
        store->options = varve__rocksdb_options(options, NULL, directory.create);
        status = open_database(store, options, err);
    }
    if (status != VARVE_OK) {
        free_store(store);
        return status;
    }
    log_opened(store, options, directory.create);
    *out = store;
    return VARVE_OK;
}

varve_status varve__rocksdb_open_memory(const varve_options *options, varve__store **out,
                                        varve_error *err)
{
    varve__store *store = NULL;

    *out = NULL;
    varve_status status = make_store(options, &store, err);
    if (status != VARVE_OK)
        return status;
    store->env = rocksdb_create_mem_env();
    store->options = varve__rocksdb_options(options, store->env, true);
    status = open_database(store, options, err);
    if (status != VARVE_OK) {
        free_store(store);
        return status;
    }
    *out = store;
    return VARVE_OK;
}

void varve__rocksdb_close(varve__store *store)
{
    if (store->path != NULL)
        varve__log(&store->logger, VARVE_LOG_INFO, "closing %s at sequence %" PRIu64, store->path,
                   rocksdb_get_latest_sequence_number(store->db));
    free_store(store);
}
