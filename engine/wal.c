#include <inttypes.h>

#include <varve/wal.h>

#include "engine/engine.h"
#include "util/alloc.h"
#include "util/fail.h"

struct varve_wal_reader {
    varve_engine *engine;
    varve__store_wal *wal;
    uint64_t wanted;        /* the record that comes next */
    varve_wal_commit ahead; /* read while opening, if `has_ahead` */
    bool has_ahead;
    bool has_gap;        /* for good */
    uint64_t behind_gap; /* the next record that is there; 0 = none */
};

uint64_t varve_engine_sequence(varve_engine *engine)
{
    varve__store *store = varve__engine_enter(engine);
    uint64_t sequence = engine->ops->sequence(store);
    varve__engine_leave(engine);
    return sequence;
}

static varve_status fail_gap(const varve_wal_reader *reader, varve_error *err)
{
    uint64_t wanted = reader->wanted;
    uint64_t found = reader->behind_gap;
    if (found != 0)
        (void)varve__fail(err, VARVE_LOG_GAP,
                          "the log has a gap: record %" PRIu64
                          " is not in it; the next is %" PRIu64,
                          wanted, found);
    else
        (void)varve__fail(err, VARVE_LOG_GAP,
                          "the log has a gap: record %" PRIu64 " is not in it, nor any behind it",
                          wanted);
    if (err != NULL) {
        err->detail.log_gap.wanted = wanted;
        err->detail.log_gap.found = found;
    }
    return VARVE_LOG_GAP;
}

/*
 * The next commit of the log, which has to hold record `wanted`.  The number of the last record is
 * asked for first: what has been committed by then has to be in the log.
 */
static varve_status read_commit(varve_wal_reader *reader, varve_wal_commit *commit,
                                varve_error *err)
{
    varve_engine *engine = reader->engine;
    if (reader->has_gap)
        return fail_gap(reader, err);
    if (engine->ops->sequence(engine->store) < reader->wanted)
        return VARVE_NOT_FOUND;
    varve_status status = engine->ops->wal_next(reader->wal, commit, err);
    if (status < 0 || (status == VARVE_OK && commit->first <= reader->wanted))
        return status;
    reader->has_gap = true;
    reader->behind_gap = status == VARVE_OK ? commit->first : 0;
    return fail_gap(reader, err);
}

/* Position at record `wanted`, and read the commit that holds it, if it is there already. */
static varve_status start(varve_wal_reader *reader, varve_error *err)
{
    varve_engine *engine = reader->engine;
    uint64_t last = engine->ops->sequence(engine->store);
    if (reader->wanted > last + 1 && !varve__state_has_failed(engine))
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "since: record %" PRIu64 " is not next, the last one is %" PRIu64,
                           reader->wanted, last);
    varve_status status = engine->ops->wal_open(engine->store, reader->wanted, &reader->wal, err);
    if (status != VARVE_OK)
        return status;
    status = read_commit(reader, &reader->ahead, err);
    reader->has_ahead = status == VARVE_OK;
    if (status < 0)
        engine->ops->wal_close(reader->wal);
    return status < 0 ? status : VARVE_OK;
}

varve_status varve_wal_open(varve_engine *engine, uint64_t since, varve_wal_reader **out,
                            varve_error *err)
{
    *out = NULL;
    if (engine->open_ops->wal_open == NULL)
        return varve__fail(err, VARVE_UNSUPPORTED, "%s has no log", engine->open_ops->name);
    if (engine->options.secondary_path != NULL)
        return varve__fail(err, VARVE_UNSUPPORTED, "a secondary has no log; its writer has");
    if (since == 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "since: records are numbered from 1");
    varve_wal_reader *reader = varve__calloc(1, sizeof *reader);
    if (reader == NULL)
        return varve__fail_no_memory(err, sizeof *reader);
    *reader = (varve_wal_reader){.engine = engine, .wanted = since};
    (void)varve__engine_enter(engine);
    varve_status status = start(reader, err);
    if (status == VARVE_OK)
        varve__tally_add(&engine->iterators);
    varve__engine_leave(engine);
    if (status == VARVE_OK)
        *out = reader;
    else
        varve__free(reader);
    return status;
}

varve_status varve_wal_next(varve_wal_reader *reader, varve_wal_commit *commit, varve_error *err)
{
    varve_status status = VARVE_OK;
    if (reader->has_ahead)
        *commit = reader->ahead;
    else
        status = read_commit(reader, commit, err);
    reader->has_ahead = false;
    if (status == VARVE_OK)
        reader->wanted = commit->next;
    return status;
}

void varve_wal_close(varve_wal_reader *reader)
{
    if (reader == NULL)
        return;
    varve_engine *engine = reader->engine;
    engine->ops->wal_close(reader->wal);
    varve__free(reader);
    varve__tally_subtract(&engine->iterators);
}
