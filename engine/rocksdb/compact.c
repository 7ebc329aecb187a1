/*
 * Compactions that somebody asks for.
 *
 * RocksDB does one of them at a time, and lets all of them of a store be stopped from another
 * thread.  So here, too, one is on its way at a time, and a thread that watches the caller's token
 * stops that one.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <time.h>

#include <varve/admin.h>

#include "engine/rocksdb/store.h"
#include "util/fail.h"

/* RocksDB's numbers, which its C header does not name. */
#define BOTTOMMOST_SKIP 0
#define BOTTOMMOST_FORCE_OPTIMIZED 3 /* all tables but those that have just been made */

/* How often the token is looked at. */
#define LOOK_NANOSECONDS 10000000

static struct timespec next_look(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += LOOK_NANOSECONDS;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/* ---- One after the other -------------------------------------------------------------------- */

static varve_status take_turn(varve__store *store, const varve_cancel *cancel, varve_error *err)
{
    varve_status status = VARVE_OK;
    while (status == VARVE_OK) {
        struct timespec time = next_look();
        if (pthread_mutex_timedlock(&store->compacting, &time) == 0)
            return VARVE_OK;
        status = varve_cancel_check(cancel, err);
    }
    return status;
}

/* ---- Stopping it ---------------------------------------------------------------------------- */

struct watch {
    rocksdb_t *db;
    const varve_cancel *cancel;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;    /* the compaction has ended */
    bool stopped; /* the watcher has stopped it */
};

static void *watch_token(void *arg)
{
    struct watch *watch = arg;
    (void)pthread_mutex_lock(&watch->lock);
    while (!watch->done && !watch->stopped) {
        struct timespec time = next_look();
        (void)pthread_cond_timedwait(&watch->changed, &watch->lock, &time);
        watch->stopped = !watch->done && varve_cancel_check(watch->cancel, NULL) != VARVE_OK;
    }
    (void)pthread_mutex_unlock(&watch->lock);
    /* Waits for the end of the compaction; one that has not begun yet does not begin. */
    if (watch->stopped)
        rocksdb_disable_manual_compaction(watch->db);
    return NULL;
}

static varve_status watch_begin(struct watch *watch, varve_error *err)
{
    (void)pthread_mutex_init(&watch->lock, NULL);
    (void)pthread_cond_init(&watch->changed, NULL);
    int code = pthread_create(&watch->thread, NULL, watch_token, watch);
    if (code == 0)
        return VARVE_OK;
    (void)pthread_cond_destroy(&watch->changed);
    (void)pthread_mutex_destroy(&watch->lock);
    return varve__fail(err, VARVE_NO_MEMORY, "no thread to watch a compaction: %s", strerror(code));
}

static void watch_end(struct watch *watch)
{
    (void)pthread_mutex_lock(&watch->lock);
    watch->done = true;
    (void)pthread_cond_signal(&watch->changed);
    (void)pthread_mutex_unlock(&watch->lock);
    (void)pthread_join(watch->thread, NULL);
    if (watch->stopped)
        rocksdb_enable_manual_compaction(watch->db);
    (void)pthread_cond_destroy(&watch->changed);
    (void)pthread_mutex_destroy(&watch->lock);
}

/* ---- Compacting ----------------------------------------------------------------------------- */

static void compact(varve__store *store, const varve_compact_options *options)
{
    rocksdb_compactoptions_t *how = rocksdb_compactoptions_create();
    rocksdb_compactoptions_set_bottommost_level_compaction(
        how, options->bottommost ? BOTTOMMOST_FORCE_OPTIMIZED : BOTTOMMOST_SKIP);
    rocksdb_compact_range_opt(
        store->db, how, options->start.size > 0 ? (const char *)options->start.data : NULL,
        options->start.size, options->end.size > 0 ? (const char *)options->end.data : NULL,
        options->end.size);
    rocksdb_compactoptions_destroy(how);
}

static varve_status compact_watched(varve__store *store, const varve_compact_options *options,
                                    varve_error *err)
{
    struct watch watch = {.db = store->db, .cancel = options->cancel};
    if (options->cancel == NULL) {
        compact(store, options);
        return VARVE_OK;
    }
    varve_status status = watch_begin(&watch, err);
    if (status != VARVE_OK)
        return status;
    compact(store, options);
    watch_end(&watch);
    return watch.stopped ? varve_cancel_check(options->cancel, err) : VARVE_OK;
}

/*
 * RocksDB's call cannot fail, so look for the traces of a failure: a store that takes no writes,
 * and the number of errors in the background.
 */
static varve_status compact_checked(varve__store *store, const varve_compact_options *options,
                                    varve_error *err)
{
    uint64_t before = varve__rocksdb_property(store, "rocksdb.background-errors");
    varve_status status = varve__rocksdb_check_writable(store, "compacting", err);
    if (status == VARVE_OK)
        status = compact_watched(store, options, err);
    if (status == VARVE_OK)
        status = varve__rocksdb_check_writable(store, "compacting", err);
    if (status != VARVE_OK)
        return status;
    uint64_t after = varve__rocksdb_property(store, "rocksdb.background-errors");
    if (after == before)
        return VARVE_OK;
    return varve__fail(err, VARVE_IO,
                       "compacting: %" PRIu64 " background errors, of which RocksDB tells no more",
                       after - before);
}

varve_status varve__rocksdb_compact_range(varve__store *store, const varve_compact_options *options,
                                          varve_error *err)
{
    varve_status status = take_turn(store, options->cancel, err);
    if (status != VARVE_OK)
        return status;
    status = compact_checked(store, options, err);
    (void)pthread_mutex_unlock(&store->compacting);
    return status;
}

varve_status varve__rocksdb_compact(varve__store *store, varve_error *err)
{
    const varve_compact_options everything = {.struct_size = sizeof everything, .bottommost = true};
    varve_status status = varve__rocksdb_flush(store, err);
    return status == VARVE_OK ? varve__rocksdb_compact_range(store, &everything, err) : status;
}
