#include "engine/engine.h"

#include "engine/snapshot.h"
#include "format/batch_repr.h"
#include "util/alloc.h"
#include "util/fail.h"

static const varve__backend_ops *const backends[] = {
    [VARVE_BACKEND_ROCKSDB] = &varve__backend_rocksdb,
    [VARVE_BACKEND_ROCKSDB_MEMORY] = &varve__backend_rocksdb_memory,
    [VARVE_BACKEND_MEM] = &varve__backend_mem,
};

/* ---- Logging and refusals ------------------------------------------------------------------- */

const char *varve__engine_name(const varve_engine *engine)
{
    return engine->options.path != NULL ? engine->options.path : engine->ops->name;
}

/* Where the backend tells of a failure: the log wants to know, even if the caller does not. */
static varve_error *teller(varve_error *err, varve_error *own)
{
    if (err != NULL)
        return err;
    own->status = VARVE_OK;
    own->message[0] = '\0';
    return own;
}

varve_status varve__engine_report(varve_engine *engine, const char *what, varve_status status,
                                  const varve_error *told)
{
    if (status < 0)
        varve__log(&engine->logger, VARVE_LOG_ERROR, "%s: %s: %s: %s", varve__engine_name(engine),
                   what, varve_status_name(status), told->message);
    return status;
}

varve_status varve__engine_check_writable(const varve_engine *engine, varve_error *err)
{
    if (engine->options.read_only)
        return varve__fail(err, VARVE_READ_ONLY, "%s was opened for reading only",
                           varve__engine_name(engine));
    return VARVE_OK;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static varve_engine *engine_of_reader(varve_reader *reader)
{
    return VARVE__CONTAINER_OF(reader, varve_engine, reader);
}

/* What a snapshot is to the backend. */
static varve__store_snapshot *state_of(const varve_snapshot *snapshot)
{
    return snapshot != NULL ? snapshot->state : NULL;
}

/* And to the pool. */
static uint64_t number_of(const varve_snapshot *snapshot)
{
    return snapshot != NULL ? snapshot->number : 0;
}

varve_status varve__engine_get(varve_engine *engine, const varve_snapshot *snapshot,
                               varve_slice engine_key, varve_buf *value, varve_error *err)
{
    varve_error own;
    varve_error *told = teller(err, &own);
    varve_status status = VARVE_NOT_FOUND;
    varve__store *store = varve__engine_enter(engine);
    if (snapshot == NULL)
        status = varve__recent_get(&engine->recent, &engine->pool, engine_key, value, told);
    if (status == VARVE_NOT_FOUND)
        status = engine->ops->get(store, state_of(snapshot), engine_key, value, told);
    varve__engine_leave(engine);
    return varve__engine_report(engine, "get", status, told);
}

/*
 * An iterator of the pool, already counted as open; NULL if there is none.
 *
 * Nobody passes the gate for it: counted first, and looked then whether that is closed.  Who closes
 * the gate does it the other way round, so one sees the other.
 */
static varve__iter *lend(varve_engine *engine, uint64_t snapshot, const varve_iter_options *options)
{
    varve__iter *it = NULL;
    unsigned lane = varve__lane();
    if (!varve__pool_may_have(&engine->pool, lane, options->prefix, snapshot))
        return NULL;
    varve__tally_add_at(&engine->iterators, lane);
    if (!varve__gate_is_closed(&engine->gate))
        it = varve__pool_take(&engine->pool, lane, options, snapshot);
    if (it == NULL)
        varve__tally_subtract_at(&engine->iterators, lane);
    return it;
}

/* The same, of the current state, for the user key of `prefix` alone. */
static inline varve__iter *lend_for_key(varve_engine *engine, varve_slice prefix)
{
    varve__iter *it = NULL;
    unsigned lane = varve__lane();
    if (!varve__pool_may_have(&engine->pool, lane, true, 0))
        return NULL;
    varve__tally_add_at(&engine->iterators, lane);
    if (!varve__gate_is_closed(&engine->gate))
        it = varve__pool_take_for_key(&engine->pool, lane, prefix);
    if (it == NULL)
        varve__tally_subtract_at(&engine->iterators, lane);
    return it;
}

/* One of the backend. */
static varve_status open_iter(varve_engine *engine, const varve_snapshot *snapshot,
                              const varve_iter_options *options, varve_iter **out, varve_error *err)
{
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    uint64_t epoch = varve__pool_epoch(&engine->pool);
    varve_status status = engine->ops->iter_open(store, state_of(snapshot), options, out, told);
    if (status == VARVE_OK) {
        varve__iter_of(*out)->epoch = epoch;
        varve__iter_of(*out)->snapshot = number_of(snapshot);
        varve__tally_add(&engine->iterators);
    }
    varve__engine_leave(engine);
    return varve__engine_report(engine, "open an iterator", status, told);
}

varve_status varve__engine_iter_open(varve_engine *engine, const varve_snapshot *snapshot,
                                     const varve_iter_options *options, varve_slice prefix,
                                     varve_iter **out, varve_error *err)
{
    varve__iter *lent = snapshot == NULL && prefix.size > 0
                            ? lend_for_key(engine, prefix)
                            : lend(engine, number_of(snapshot), options);
    if (lent == NULL)
        return open_iter(engine, snapshot, options, out, err);
    *out = &lent->head;
    return VARVE_OK;
}

varve_status varve__engine_iter_open_key(varve_engine *engine, const varve_snapshot *snapshot,
                                         varve_slice prefix, varve_iter **out, varve_error *err)
{
    varve_status status =
        varve__engine_iter_open(engine, snapshot, &varve__one_key, prefix, out, err);
    if (status == VARVE_OK)
        varve__iter_of(*out)->owner = &engine->iter_owner;
    return status;
}

void varve__engine_iter_close(varve_engine *engine, varve__iter *it)
{
    varve__pool_give(&engine->pool, varve__lane(), it);
}

varve_status varve__engine_snapshot(varve_engine *engine, varve__store_snapshot **out,
                                    varve_error *err)
{
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    varve_status status = engine->ops->snapshot_open(store, out, told);
    if (status == VARVE_OK)
        atomic_fetch_add(&engine->snapshots, 1);
    varve__engine_leave(engine);
    return varve__engine_report(engine, "open a snapshot", status, told);
}

void varve__engine_iter_failed(varve_engine *engine, const varve_error *failure)
{
    varve_status status = failure->status;
    if (status != VARVE_INVALID_ARGUMENT && status != VARVE_UNSUPPORTED && status != VARVE_MISUSE)
        (void)varve__engine_report(engine, "iterate", status, failure);
}

static varve_status engine_get(varve_reader *reader, varve_slice engine_key, varve_buf *value,
                               varve_error *err)
{
    return varve__engine_get(engine_of_reader(reader), NULL, engine_key, value, err);
}

static varve_status open_own_iter(varve_engine *engine, const varve_iter_options *options,
                                  varve_iter **out, varve_error *err)
{
    varve_status status = open_iter(engine, NULL, options, out, err);
    if (status == VARVE_OK)
        varve__iter_of(*out)->owner = &engine->iter_owner;
    return status;
}

static varve_status engine_iter_open(varve_reader *reader, const varve_iter_options *options,
                                     varve_slice prefix, varve_iter **out, varve_error *err)
{
    varve_engine *engine = engine_of_reader(reader);
    varve__iter *lent = prefix.size > 0 ? lend_for_key(engine, prefix) : lend(engine, 0, options);
    if (lent == NULL)
        return open_own_iter(engine, options, out, err);
    lent->owner = &engine->iter_owner;
    *out = &lent->head;
    return VARVE_OK;
}

static void engine_iter_close(varve__iter_owner *owner, varve__iter *it)
{
    varve_engine *engine = VARVE__CONTAINER_OF(owner, varve_engine, iter_owner);
    unsigned lane = varve__lane();
    varve__pool_give(&engine->pool, lane, it);
    varve__tally_subtract_at(&engine->iterators, lane);
}

static const varve__reader_ops engine_reader_ops = {engine_get, engine_iter_open};

varve_reader *varve_engine_reader(varve_engine *engine)
{
    return &engine->reader;
}

/* ---- Writing -------------------------------------------------------------------------------- */

/*
 * The first commit that fails is logged, and the first that succeeds again: on a full disk every
 * commit fails, and the log has to say so once.
 */
static void note_commit(varve_engine *engine, varve_status status, const varve_error *told)
{
    bool failed = status < 0;
    if (atomic_load_explicit(&engine->commits_fail, memory_order_relaxed) == failed ||
        atomic_exchange(&engine->commits_fail, failed) == failed)
        return;
    if (failed)
        (void)varve__engine_report(engine, "commit", status, told);
    else
        varve__log(&engine->logger, VARVE_LOG_INFO, "%s: commits succeed again",
                   varve__engine_name(engine));
}

static varve_status apply(varve_engine *engine, varve__store *store, varve_slice repr, bool sync,
                          varve_error *told)
{
    varve__pool_commit commit;
    varve__pool_commit_begin(&engine->pool, repr, &commit);
    varve_status status = engine->ops->apply(store, repr, sync, told);
    uint64_t epoch = varve__pool_write_end(&engine->pool);
    if (status == VARVE_OK && commit.count > 0 && commit.epoch == epoch)
        varve__recent_keep(&engine->recent, &commit);
    return status;
}

/* The same where newest versions are kept. */
static varve_status apply_counted(varve_engine *engine, varve__store *store, varve_slice repr,
                                  bool sync, varve_error *told)
{
    varve__newest_write write;
    varve__newest_write_begin(engine->newest, repr, &write);
    varve_status status = apply(engine, store, repr, sync, told);
    varve__newest_write_end(engine->newest, &write);
    return status;
}

varve_status varve__engine_commit(varve_engine *engine, varve_slice repr, varve_durability how,
                                  varve_error *err)
{
    if (repr.size <= VARVE_BATCH_HEADER_SIZE)
        return VARVE_OK;
    varve_status status = varve__engine_check_writable(engine, err);
    if (status != VARVE_OK)
        return status;
    const varve_options *options = &engine->options;
    bool sync = how != VARVE_NO_SYNC && !options->never_sync && options->wal == VARVE_WAL_ON;
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    status = engine->newest != NULL ? apply_counted(engine, store, repr, sync, told)
                                    : apply(engine, store, repr, sync, told);
    varve__engine_leave(engine);
    note_commit(engine, status, told);
    varve__state_note(engine, status);
    return status;
}

static varve_status engine_apply(varve_writer *writer, varve_slice repr, varve_error *err)
{
    varve_engine *engine = VARVE__CONTAINER_OF(writer, varve_engine, writer);
    return varve__engine_commit(engine, repr, engine->options.writer_durability, err);
}

static varve_status engine_write(varve_writer *writer, const varve_record *record, varve_error *err)
{
    varve_buf repr = VARVE_BUF_INIT;
    varve_status status = varve__repr_append(&repr, record, err);
    if (status == VARVE_OK)
        status = engine_apply(writer, varve_buf_slice(&repr), err);
    varve_buf_release(&repr);
    return status;
}

static const varve__writer_ops engine_writer_ops = {engine_apply, engine_write};

varve_writer *varve_engine_writer(varve_engine *engine)
{
    return &engine->writer;
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static void free_engine(varve_engine *engine)
{
    varve__gate_destroy(&engine->gate);
    (void)pthread_mutex_destroy(&engine->catching_up);
    varve__state_destroy(&engine->state);
    varve__options_disown(&engine->options);
    varve__newest_close(engine->newest);
    varve__recent_destroy(&engine->recent);
    varve__free(engine);
}

/* An engine with everything but its store. */
static varve_status new_engine(const varve_options *options, varve_engine **out, varve_error *err)
{
    varve_engine *engine = varve__calloc(1, sizeof *engine);
    if (engine == NULL)
        return varve__fail_no_memory(err, sizeof *engine);
    engine->reader.ops = &engine_reader_ops;
    engine->writer.ops = &engine_writer_ops;
    engine->iter_owner = (varve__iter_owner){engine, engine_iter_close};
    engine->open_ops = backends[options->backend];
    atomic_init(&engine->ops, engine->open_ops);
    engine->logger = (varve__logger){options->log, options->log_arg};
    varve__gate_init(&engine->gate);
    (void)pthread_mutex_init(&engine->catching_up, NULL);
    varve__state_init(&engine->state);
    atomic_init(&engine->batches, 0);
    atomic_init(&engine->snapshots, 0);
    atomic_init(&engine->snapshots_made, 0);
    varve__tally_init(&engine->iterators);
    atomic_init(&engine->batch_bytes, 0);
    varve__pool_init(&engine->pool);
    varve__recent_init(&engine->recent);
    atomic_init(&engine->commits_fail, false);
    varve_status status = varve__options_own(options, &engine->options, err);
    if (status == VARVE_OK && options->newest_bytes > 0)
        status = varve__newest_open(options->newest_bytes, &engine->newest, err);
    engine->reader.newest = engine->newest;
    if (status != VARVE_OK) {
        free_engine(engine);
        return status;
    }
    *out = engine;
    return VARVE_OK;
}

varve_status varve_engine_open(const varve_options *options, varve_engine **out, varve_error *err)
{
    varve_options complete;
    varve_engine *engine = NULL;
    *out = NULL;
    varve_status status = varve__options_complete(options, &complete, err);
    if (status == VARVE_OK)
        status = new_engine(&complete, &engine, err);
    if (status != VARVE_OK)
        return status;
    varve_error own;
    varve_error *told = teller(err, &own);
    status = engine->ops->open(&engine->options, &engine->store, told);
    if (status != VARVE_OK) {
        (void)varve__engine_report(engine, "open", status, told);
        free_engine(engine);
        return status;
    }
    varve__log(&engine->logger, VARVE_LOG_INFO, "%s: opened%s", varve__engine_name(engine),
               complete.read_only ? " for reading only" : "");
    *out = engine;
    return VARVE_OK;
}

varve_status varve__engine_check_idle(varve_engine *engine, bool also_batches, varve_error *err)
{
    size_t batches = atomic_load(&engine->batches);
    size_t snapshots = atomic_load(&engine->snapshots);
    size_t iterators = varve__tally_sum(&engine->iterators);
    if ((also_batches ? batches : 0) + snapshots + iterators == 0)
        return VARVE_OK;
    (void)varve__fail(err, VARVE_BUSY,
                      "the engine has open handles: %zu batches, %zu snapshots, %zu iterators",
                      batches, snapshots, iterators);
    if (err != NULL) {
        err->detail.busy.batches = batches;
        err->detail.busy.snapshots = snapshots;
        err->detail.busy.iterators = iterators;
    }
    return VARVE_BUSY;
}

static varve_status check_no_handles(varve_engine *engine, varve_error *err)
{
    varve_error own;
    varve_error *told = teller(err, &own);
    varve_status status = varve__engine_check_idle(engine, true, told);
    if (status != VARVE_OK)
        varve__log(&engine->logger, VARVE_LOG_WARN,
                   "%s: not closed: %zu batches, %zu snapshots and %zu iterators are open",
                   varve__engine_name(engine), told->detail.busy.batches,
                   told->detail.busy.snapshots, told->detail.busy.iterators);
    return status;
}

/* Whether closing would lose what has been committed and could be kept. */
static bool must_flush_to_keep(const varve_engine *engine)
{
    const varve_options *options = &engine->options;
    return options->wal == VARVE_WAL_OFF && !options->read_only &&
           options->backend == VARVE_BACKEND_ROCKSDB;
}

varve_status varve_engine_close(varve_engine *engine, varve_error *err)
{
    if (engine == NULL)
        return VARVE_OK;
    varve_status status = check_no_handles(engine, err);
    /* What has been closed inside has nothing left to lose. */
    if (status == VARVE_OK && must_flush_to_keep(engine) && !varve__state_has_failed(engine))
        status = varve_engine_flush(engine, err);
    if (status != VARVE_OK)
        return status;
    varve__pool_clear(&engine->pool);
    engine->ops->close(engine->store);
    varve__log(&engine->logger, VARVE_LOG_INFO, "%s: closed", varve__engine_name(engine));
    free_engine(engine);
    return VARVE_OK;
}

/* ---- Administration ------------------------------------------------------------------------- */

/* What writes to the store and takes no arguments. */
enum operation { SYNC, FLUSH, COMPACT };

static varve_status operate(const varve__backend_ops *ops, varve__store *store,
                            enum operation operation, varve_error *err)
{
    switch (operation) {
    case SYNC:
        return ops->sync(store, err);
    case FLUSH:
        return ops->flush(store, err);
    case COMPACT:
        break;
    }
    return ops->compact(store, err);
}

static varve_status administer(varve_engine *engine, enum operation operation, varve_error *err)
{
    static const char *const names[] = {"sync", "flush", "compact"};
    varve_status status = varve__engine_check_writable(engine, err);
    if (status != VARVE_OK)
        return status;
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    status = operate(engine->ops, store, operation, told);
    varve__pool_renew(&engine->pool);
    varve__engine_leave(engine);
    (void)varve__engine_report(engine, names[operation], status, told);
    varve__state_note(engine, status);
    return status;
}

varve_status varve_engine_sync(varve_engine *engine, varve_error *err)
{
    if (engine->options.wal == VARVE_WAL_OFF)
        return varve_engine_flush(engine, err);
    return administer(engine, SYNC, err);
}

varve_status varve_engine_flush(varve_engine *engine, varve_error *err)
{
    return administer(engine, FLUSH, err);
}

varve_status varve_engine_compact(varve_engine *engine, varve_error *err)
{
    return administer(engine, COMPACT, err);
}

static void give_newest(varve_engine *engine, varve_engine_info *info)
{
    varve__newest_numbers numbers = varve__newest_numbers_of(engine->newest);
    info->newest_bytes = numbers.bytes;
    info->newest_entries = numbers.entries;
    info->newest_hits = numbers.hits;
    info->newest_misses = numbers.misses;
    info->newest_evictions = numbers.evictions;
}

varve_status varve_engine_get_info(varve_engine *engine, varve_engine_info *info, varve_error *err)
{
    size_t given;
    varve_status status = varve__struct_size(info, "varve_engine_info", &given, err);
    if (status != VARVE_OK)
        return status;
    varve_engine_info known = {0};
    varve_error own;
    varve_error *told = teller(err, &own);
    varve__store *store = varve__engine_enter(engine);
    varve__pool_clear(&engine->pool);
    status = engine->ops->info(store, &known, told);
    varve__engine_leave(engine);
    (void)varve__engine_report(engine, "info", status, told);
    if (status != VARVE_OK)
        return status;
    known.open_batches = atomic_load(&engine->batches);
    known.open_snapshots = atomic_load(&engine->snapshots);
    known.open_iterators = varve__tally_sum(&engine->iterators);
    give_newest(engine, &known);
    varve__struct_give(info, given, &known, sizeof known);
    return VARVE_OK;
}
