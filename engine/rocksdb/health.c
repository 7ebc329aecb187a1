#include "engine/rocksdb/health.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/rocksdb/errors.h"
#include "util/fail.h"

/* Why nothing more is written to the log until the store is opened again. */
enum { NOT_STOPPED = 0, STOPPED_BY_WRITE, STOPPED_BY_SYNC, STOPPED_BY_MANIFEST };

void varve__rocksdb_health_init(varve__store *store)
{
    atomic_store(&store->stopped, NOT_STOPPED);
    atomic_store(&store->broken_log, 0);
    atomic_store(&store->unsynced_log, 0);
    atomic_store(&store->named_log, 0);
    atomic_store(&store->is_suspect, false);
    atomic_store(&store->is_doubtful, false);
    atomic_store(&store->errors_seen, 0);
}

/* ---- The log -------------------------------------------------------------------------------- */

/* Whether a file of the directory holds nothing. */
static bool is_empty(DIR *dir, const char *name)
{
    struct stat what;
    return fstatat(dirfd(dir), name, &what, 0) == 0 && what.st_size == 0;
}

uint64_t varve__rocksdb_newest_log(const char *path, bool written)
{
    uint64_t newest = 0;
    DIR *dir = path == NULL ? NULL : opendir(path);
    if (dir == NULL)
        return 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char *end;
        uint64_t number = strtoull(entry->d_name, &end, 10);
        if (strcmp(end, ".log") == 0 && number > newest &&
            !(written && is_empty(dir, entry->d_name)))
            newest = number;
    }
    (void)closedir(dir);
    return newest;
}

/*
 * When there is space again RocksDB goes on by itself, with a new log if its memtable holds
 * records. If not, it goes on with the old one, whose writer remembers its failure: the next write
 * then fails for good, or aborts the process if RocksDB has assertions.  So a log that has met a
 * full disk gets no more writes.
 */
static varve_status check_space(varve__store *store, const char *what, varve_error *err)
{
    uint_least64_t broken = atomic_load_explicit(&store->broken_log, memory_order_relaxed);
    if (broken == 0)
        return VARVE_OK;
    if (varve__rocksdb_newest_log(store->path, false) > broken) {
        (void)atomic_compare_exchange_strong(&store->broken_log, &broken, 0);
        return VARVE_OK;
    }
    return varve__fail(err, VARVE_NO_SPACE,
                       "%s: the log %06" PRIu64 " met a full disk and is not replaced yet; if "
                       "there is space again and this does not pass, recover or reopen the store",
                       what, broken);
}

varve_status varve__rocksdb_check_log(varve__store *store, const char *what, varve_error *err)
{
    int stopped = atomic_load_explicit(&store->stopped, memory_order_relaxed);
    if (stopped == NOT_STOPPED)
        return check_space(store, what, err);
    if (stopped == STOPPED_BY_MANIFEST)
        return varve__fail(
            err, VARVE_IO,
            "%s: the manifest met a full disk; nothing is written until the store is "
            "recovered or reopened",
            what);
    return varve__fail(err, VARVE_IO,
                       "%s: %s the log failed; nothing is written to it until the store is "
                       "recovered or reopened",
                       what, stopped == STOPPED_BY_SYNC ? "a sync of" : "a write to");
}

/*
 * The number of the log that a failure is about, 0 if it is about none.  A sync is one of all logs
 * that have not been synced, the oldest first, while what was to be synced is in the newest: if
 * RocksDB already tries to go on with another one, that is still empty.  The first sync of a log is
 * followed by one of its directory, whose failure names no log; that of a flush or a compaction
 * reads the same, but counts as an error of the background.
 */
static uint64_t log_of_failure(varve__store *store, const char *text, bool is_sync)
{
    uint64_t named = varve__rocksdb_log_named(text);
    if (!is_sync)
        return named;
    bool is_of_background = varve__rocksdb_property(store, "rocksdb.background-errors") !=
                            atomic_load(&store->errors_seen);
    if (named == 0 && is_of_background)
        return 0;
    uint64_t newest = varve__rocksdb_newest_log(store->path, true);
    return newest > named ? newest : named;
}

uint64_t varve__rocksdb_log_told_of(varve__store *store)
{
    return atomic_load(&store->unsynced_log) == 0 ? 0 : atomic_load(&store->named_log);
}

bool varve__rocksdb_is_told_again(const char *text, uint64_t told_of)
{
    return told_of != 0 && varve__rocksdb_log_named(text) == told_of;
}

void varve__rocksdb_note_failure(varve__store *store, const char *text)
{
    varve_status status = varve__rocksdb_status_of(text);
    bool is_sync = varve__rocksdb_is_log_sync_failure(text);

    atomic_store(&store->is_suspect, true);
    if (status == VARVE_NO_SPACE &&
        varve__rocksdb_is_told_again(text, varve__rocksdb_log_told_of(store)))
        return;
    uint64_t log = log_of_failure(store, text, is_sync);
    /* Other than a full disk, these do not heal: the writer of the log remembers its failure. */
    if (status == VARVE_IO && (is_sync || varve__rocksdb_is_log_write_failure(text)))
        atomic_store(&store->stopped, is_sync ? STOPPED_BY_SYNC : STOPPED_BY_WRITE);
    if (status == VARVE_NO_SPACE && log != 0)
        atomic_store(&store->broken_log, log);
    if (status == VARVE_NO_SPACE && log != 0 && is_sync) {
        atomic_store(&store->refused, rocksdb_get_latest_sequence_number(store->db) + 1);
        atomic_store(&store->refused_log, log);
    }
    if (log == 0 || !is_sync)
        return;
    atomic_store(&store->named_log, varve__rocksdb_log_named(text));
    /* Last: whoever knows this one finds the log broken, too, and does not write to it. */
    atomic_store(&store->unsynced_log, log);
}

void varve__rocksdb_stop(varve__store *store)
{
    atomic_store(&store->stopped, STOPPED_BY_MANIFEST);
}

bool varve__rocksdb_manifest_has_failed(varve__store *store)
{
    return atomic_load(&store->stopped) == STOPPED_BY_MANIFEST;
}

bool varve__rocksdb_sync_has_failed(varve__store *store)
{
    return atomic_load(&store->stopped) == STOPPED_BY_SYNC;
}

char *varve__rocksdb_write_nothing(varve__store *store, const rocksdb_writeoptions_t *how)
{
    char *text = NULL;
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    rocksdb_write(store->db, how, batch, &text);
    rocksdb_writebatch_destroy(batch);
    if (text != NULL)
        varve__rocksdb_note_failure(store, text);
    return text;
}

/* ---- The state ------------------------------------------------------------------------------ */

static void say(struct varve_engine_state *state, varve_health health, const varve_error *reason)
{
    state->health = health;
    state->reason = reason->status;
    memcpy(state->message, reason->message, sizeof state->message);
}

/*
 * Whether RocksDB takes a write: nothing but a write tells, for the errors that it counts are those
 * of its background, and it never counts back.  A store that is stalled takes it, only later.
 */
static bool takes_writes(varve__store *store, varve_error *reason)
{
    uint64_t errors = varve__rocksdb_property(store, "rocksdb.background-errors");
    if (!atomic_exchange(&store->is_suspect, false) && errors == atomic_load(&store->errors_seen))
        return true;
    char *text = varve__rocksdb_write_nothing(store, store->probe);
    if (text == NULL || strncmp(text, "Result incomplete", strlen("Result incomplete")) == 0) {
        rocksdb_free(text);
        atomic_store(&store->errors_seen, errors);
        return true;
    }
    (void)varve__rocksdb_fail(reason, "writing", text);
    return false;
}

/* A commit is no longer unknown once RocksDB has gone on without the log that it is in. */
static bool is_commit_unknown(varve__store *store)
{
    uint_least64_t log = atomic_load(&store->unsynced_log);
    if (log == 0)
        return varve__rocksdb_sync_has_failed(store);
    if (varve__rocksdb_sync_has_failed(store) ||
        varve__rocksdb_newest_log(store->path, false) <= log)
        return true;
    (void)atomic_compare_exchange_strong(&store->unsynced_log, &log, 0);
    return false;
}

bool varve__rocksdb_state(varve__store *store, struct varve_engine_state *state)
{
    varve_error reason = VARVE_ERROR_INIT;
    if (store->db == NULL) {
        say(state, VARVE_HEALTH_FAILED, &store->closed_by);
        return false;
    }
    bool is_stopped = atomic_load(&store->stopped) != NOT_STOPPED;
    bool is_usable = varve__rocksdb_check_log(store, "writing", &reason) == VARVE_OK;
    if (is_usable && takes_writes(store, &reason)) {
        state->commit_unknown = is_commit_unknown(store);
        return false;
    }
    say(state, VARVE_HEALTH_READ_ONLY, &reason);
    state->commit_unknown =
        varve__rocksdb_sync_has_failed(store) || atomic_load(&store->unsynced_log) != 0;
    if (is_stopped || reason.status != VARVE_NO_SPACE)
        return false;
    /* RocksDB replaces the log together with the memtable, and only if there is something in it. */
    return is_usable || varve__rocksdb_property(store, "rocksdb.num-entries-active-mem-table") > 0;
}
