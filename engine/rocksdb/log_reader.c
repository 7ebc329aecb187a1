/*
 * RocksDB's iterator over its logs, which knows two ends: one after which it goes on when asked
 * again, and one after which another iterator has to be made.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <varve/wal.h>

#include "engine/rocksdb/errors.h"
#include "engine/rocksdb/store.h"
#include "util/alloc.h"
#include "util/fail.h"

#define HEADER_SIZE 12

/* How often in one call another iterator is made: logs may go away between listing and reading. */
#define ATTEMPTS 4

struct varve__store_wal {
    varve__store *store;
    varve__generation *generation; /* of a secondary, held */
    rocksdb_wal_iterator_t *raw;   /* NULL = to be made */
    rocksdb_writebatch_t *batch;   /* what has been lent; NULL = nothing */
    uint64_t next;                 /* the record that comes next */
    uint64_t from;                 /* where the next iterator begins: at that record, or the one
                                      before, to meet the log data between the two */
    size_t bare;    /* commits without records that were lent since record next - 1 */
    size_t to_skip; /* of these, what the iterator has yet to pass */
};

uint64_t varve__rocksdb_sequence(varve__store *store)
{
    return rocksdb_get_latest_sequence_number(store->db);
}

varve_status varve__rocksdb_wal_open(varve__store *store, uint64_t since, varve__store_wal **out,
                                     varve_error *err)
{
    varve__store_wal *wal = varve__calloc(1, sizeof *wal);
    if (wal == NULL)
        return varve__fail_no_memory(err, sizeof *wal);
    *wal = (varve__store_wal){.store = store, .next = since, .from = since - 1};
    wal->generation = varve__generation_hold(store->shown);
    *out = wal;
    return VARVE_OK;
}

static void give_back(varve__store_wal *wal)
{
    if (wal->batch != NULL)
        rocksdb_writebatch_destroy(wal->batch);
    wal->batch = NULL;
}

static void end_iterator(varve__store_wal *wal)
{
    if (wal->raw != NULL)
        rocksdb_wal_iter_destroy(wal->raw);
    wal->raw = NULL;
    wal->to_skip = wal->bare;
}

/*
 * The log would tell of a commit that was refused, in place of the one that got its number.  It is
 * kept aside by RocksDB once its memtable is flushed.
 */
void varve__rocksdb_drop_refused(varve__store *store)
{
    char path[PATH_MAX];
    uint64_t log = atomic_load(&store->refused_log);
    if (log == 0 || store->path == NULL)
        return;
    (void)snprintf(path, sizeof path, "%s/archive/%06" PRIu64 ".log", store->path, log);
    (void)unlink(path);
}

static bool may_be_refused(const varve__store_wal *wal, uint64_t first, uint64_t next)
{
    uint64_t refused = atomic_load(&wal->store->refused);
    return refused != 0 && first <= refused && refused < next;
}

/* Take over the batch at which the iterator stands; whether it is news. */
static bool take(varve__store_wal *wal, varve_wal_commit *commit)
{
    size_t size;
    uint64_t first;
    wal->batch = rocksdb_wal_iter_get_batch(wal->raw, &first);
    const char *data = rocksdb_writebatch_data(wal->batch, &size);
    uint64_t next = first + (uint64_t)rocksdb_writebatch_count(wal->batch);
    bool is_old = next < wal->next || (next == wal->next && first < next);
    if (is_old || size <= HEADER_SIZE || may_be_refused(wal, first, next))
        return false;
    if (first == next && wal->to_skip > 0) {
        wal->to_skip--;
        return false;
    }
    *commit = (varve_wal_commit){first, next, varve_slice_of(data, size)};
    return true;
}

/* The next batch that is news; false where the iterator ends. */
static bool advance(varve__store_wal *wal, varve_wal_commit *commit)
{
    while (rocksdb_wal_iter_valid(wal->raw)) {
        if (take(wal, commit))
            return true;
        give_back(wal);
        rocksdb_wal_iter_next(wal->raw);
    }
    return false;
}

/* Make an iterator, or move the one there is; NULL or RocksDB's text. */
static char *move(varve__store_wal *wal)
{
    char *text = NULL;
    if (wal->raw != NULL) {
        rocksdb_wal_iter_next(wal->raw);
        return NULL;
    }
    varve__rocksdb_drop_refused(wal->store);
    wal->raw = rocksdb_get_updates_since(varve__generation_db(wal->store, wal->generation),
                                         wal->from, NULL, &text);
    return text;
}

static void note(varve__store_wal *wal, const varve_wal_commit *commit)
{
    wal->bare = commit->first == commit->next ? wal->bare + 1 : 0;
    wal->next = commit->next;
    wal->from = commit->next - 1;
}

varve_status varve__rocksdb_wal_next(varve__store_wal *wal, varve_wal_commit *commit,
                                     varve_error *err)
{
    give_back(wal);
    for (int attempt = 1;; attempt++) {
        char *text = move(wal);
        if (text == NULL && advance(wal, commit)) {
            note(wal, commit);
            return VARVE_OK;
        }
        if (text == NULL)
            rocksdb_wal_iter_status(wal->raw, &text);
        if (text == NULL) /* it goes on from here */
            return VARVE_NOT_FOUND;
        end_iterator(wal);
        bool is_gap = varve__rocksdb_is_log_gap(text);
        if (is_gap && wal->from == wal->next) {
            rocksdb_free(text);
            return VARVE_NOT_FOUND;
        }
        if (attempt == ATTEMPTS)
            return varve__rocksdb_fail(err, "reading the log", text);
        /* Beyond a gap RocksDB goes only for an iterator that begins in it. */
        if (is_gap)
            wal->from = wal->next;
        rocksdb_free(text);
    }
}

void varve__rocksdb_wal_close(varve__store_wal *wal)
{
    give_back(wal);
    end_iterator(wal);
    varve__generation_release(wal->generation);
    varve__free(wal);
}
