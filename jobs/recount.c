#include <varve/recount.h>

#include <varve/admin.h>
#include <varve/wal.h>

#include "jobs/place.h"
#include "jobs/token.h"
#include "mvcc/recount.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

#define TOKEN_KIND 'R'
#define STEP_RECORDS 16384

enum { PLACES = sizeof(varve_stats) / sizeof(int64_t) };

/* What a token brings back. */
struct place {
    varve_buf key; /* the encoded prefix of the key to go on with, or the lower bound */
    varve_stats stats;
    uint64_t keys;
    uint64_t records;
    uint64_t bytes;
    bool done;
};

struct varve_recount {
    varve_snapshot *snapshot;
    uint64_t sequence; /* of the snapshot */
    varve_buf lower;
    varve_buf upper;
    uint64_t step_records;
    const varve_cancel *cancel;
    uint64_t total_bytes;
    varve__walk walk;
    bool on_walk;         /* the walk stands on the next record to count, or on the last of a key */
    bool in_key;          /* some of the current key has been counted */
    varve__recount count; /* with that */
    uint64_t records;     /* of the current key */
    uint64_t bytes;
    struct place from; /* without it */
    varve_buf at;      /* the user key of `from` */
};

/* ---- Tokens ------------------------------------------------------------------------------------
 */

static varve__token_job token_job(const varve_recount *job)
{
    return (varve__token_job){.kind = TOKEN_KIND,
                              .lower = varve_buf_slice(&job->lower),
                              .upper = varve_buf_slice(&job->upper)};
}

varve_status varve_recount_token(const varve_recount *job, varve_buf *token, varve_error *err)
{
    int64_t places[PLACES];
    const struct place *from = &job->from;
    const uint64_t numbers[] = {job->sequence, from->keys, from->records, from->bytes, from->done};
    memcpy(places, &from->stats, sizeof places);
    const varve__token_job kind = token_job(job);
    varve_status status = varve__token_begin(&kind, token, err);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && status == VARVE_OK; i++)
        status = varve__token_number(token, numbers[i], err);
    for (size_t i = 0; i < PLACES && status == VARVE_OK; i++)
        status = varve__token_number(token, (uint64_t)places[i], err);
    if (status == VARVE_OK)
        status = varve__token_bytes(token, varve_buf_slice(&from->key), err);
    return status == VARVE_OK ? varve__token_end(token, err) : status;
}

static varve_status take_place(varve_recount *job, varve__token_reader *reader,
                               const varve__token_job *kind, varve_error *err)
{
    int64_t places[PLACES];
    job->from.keys = varve__token_take_number(reader);
    job->from.records = varve__token_take_number(reader);
    job->from.bytes = varve__token_take_number(reader);
    job->from.done = varve__token_take_number(reader) != 0;
    for (size_t i = 0; i < PLACES; i++)
        places[i] = (int64_t)varve__token_take_number(reader);
    memcpy(&job->from.stats, places, sizeof places);
    varve_slice key = varve__token_take_place(reader, kind);
    varve_status status = varve__token_close(reader, err);
    return status == VARVE_OK ? varve__buf_assign(&job->from.key, key, err) : status;
}

static varve_status resume(varve_recount *job, varve_slice token, varve_error *err)
{
    varve__token_reader reader;
    const varve__token_job kind = token_job(job);
    varve_status status = varve__token_open(token, &kind, &reader, err);
    if (status != VARVE_OK)
        return status;
    if (varve__token_take_number(&reader) != job->sequence)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "the store has been written to since the job began");
    return take_place(job, &reader, &kind, err);
}

/* ---- Opening and closing -----------------------------------------------------------------------
 */

/* A snapshot of which the number is known: that of a moment in which nothing was committed. */
static varve_status open_snapshot(varve_recount *job, varve_engine *engine, varve_error *err)
{
    for (;;) {
        job->sequence = varve_engine_sequence(engine);
        varve_status status = varve_snapshot_open(engine, &job->snapshot, err);
        if (status != VARVE_OK || varve_engine_sequence(engine) == job->sequence)
            return status;
        varve_snapshot_close(job->snapshot);
        job->snapshot = NULL;
    }
}

static varve_status set_bounds(varve_recount *job, varve_span span, varve_error *err)
{
    if (span.start.size == 0)
        span.start = varve_key_app_min();
    return varve_span_encode(span, &job->lower, &job->upper, err);
}

static varve_status start(varve_recount *job, varve_engine *engine,
                          const varve_recount_options *options, varve_error *err)
{
    job->cancel = options->cancel;
    job->step_records = options->step_records > 0 ? options->step_records : STEP_RECORDS;
    job->from.stats.last_update_nanos = options->now_nanos;
    varve_status status = set_bounds(job, options->span, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&job->from.key, varve_buf_slice(&job->lower), err);
    if (status == VARVE_OK)
        status = open_snapshot(job, engine, err);
    if (status == VARVE_OK && options->resume.size > 0)
        status = resume(job, options->resume, err);
    if (status == VARVE_OK)
        status =
            varve_engine_approximate_bytes(engine, varve_buf_slice(&job->lower),
                                           varve_buf_slice(&job->upper), &job->total_bytes, err);
    return status;
}

varve_status varve_recount_open(varve_engine *engine, const varve_recount_options *options,
                                varve_recount **out, varve_error *err)
{
    varve_recount_options known;
    varve_status status =
        varve__struct_copy(&known, sizeof known, options, "varve_recount_options", err);
    if (status != VARVE_OK)
        return status;
    varve_recount *job = varve__calloc(1, sizeof *job);
    if (job == NULL)
        return varve__fail_no_memory(err, sizeof *job);
    status = start(job, engine, &known, err);
    if (status != VARVE_OK)
        varve_recount_close(job);
    else
        *out = job;
    return status;
}

void varve_recount_close(varve_recount *job)
{
    if (job == NULL)
        return;
    varve__walk_release(&job->walk);
    varve_snapshot_close(job->snapshot);
    varve_buf_release(&job->lower);
    varve_buf_release(&job->upper);
    varve_buf_release(&job->from.key);
    varve_buf_release(&job->at);
    varve__free(job);
}

/* ---- Counting ----------------------------------------------------------------------------------
 */

/* Go to the beginning of the current key. */
static varve_status find_place(varve_recount *job, varve_error *err)
{
    job->in_key = false;
    job->records = 0;
    job->bytes = 0;
    job->count = (varve__recount){.stats = job->from.stats};
    return varve__place_find(&job->walk, varve_snapshot_reader(job->snapshot),
                             varve_buf_slice(&job->from.key), varve_buf_slice(&job->upper), err);
}

static void add_record(varve_recount *job, varve_slice value)
{
    job->records++;
    job->bytes += job->walk.it->key.size + value.size;
}

/* The key that was being counted is complete. */
static void settle(varve_recount *job)
{
    job->from.stats = job->count.stats;
    job->from.keys++;
    job->from.records += job->records;
    job->from.bytes += job->bytes;
    job->records = 0;
    job->bytes = 0;
    job->in_key = false;
}

/* Make the key whose first record the walk stands on the one to go on with. */
static varve_status enter_key(varve_recount *job, varve_error *err)
{
    varve_status status = varve__walk_enter(&job->walk, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&job->from.key, varve__walk_prefix(&job->walk), err);
    return status;
}

static varve_status begin_key(varve_recount *job, varve_error *err)
{
    varve_slice value = varve_iter_value(job->walk.it);
    varve_status status = varve__recount_first(&job->count, &job->walk, value, err);
    if (status != VARVE_OK)
        return status;
    job->in_key = true;
    add_record(job, value);
    return VARVE_OK;
}

/*
 * The walk has passed the last record of the current key.  That is settled only together with the
 * place behind it, lest it be counted again when something fails in between.
 */
static varve_status end_key(varve_recount *job, varve_error *err)
{
    varve_status status = varve__walk_arrived(&job->walk, err);
    if (status == VARVE_OK)
        status = enter_key(job, err);
    if (status != VARVE_OK && status != VARVE_NOT_FOUND)
        return status;
    settle(job);
    return status == VARVE_OK ? begin_key(job, err) : status;
}

static varve_status count_older(varve_recount *job, varve_error *err)
{
    varve_slice value = varve_iter_value(job->walk.it);
    varve_status status = varve__recount_older(&job->count, &job->walk, value, err);
    if (status == VARVE_OK)
        add_record(job, value);
    return status;
}

/* One record.  VARVE_NOT_FOUND behind the last. */
static varve_status count_record(varve_recount *job, varve_error *err)
{
    varve_status status;
    if (!job->in_key) {
        status = enter_key(job, err);
        return status == VARVE_OK ? begin_key(job, err) : status;
    }
    status = varve__walk_older(&job->walk, err);
    if (status == VARVE_NOT_FOUND)
        return end_key(job, err);
    return status == VARVE_OK ? count_older(job, err) : status;
}

static varve_status count_step(varve_recount *job, varve_error *err)
{
    varve_status status = job->on_walk ? VARVE_OK : find_place(job, err);
    uint64_t before = job->from.records + job->records;
    while (status == VARVE_OK && job->from.records + job->records - before < job->step_records)
        status = count_record(job, err);
    return status;
}

varve_status varve_recount_step(varve_recount *job, bool *more, varve_error *err)
{
    varve_status status = varve_cancel_check(job->cancel, err);
    *more = !job->from.done;
    if (status != VARVE_OK || job->from.done)
        return status;
    status = count_step(job, err);
    job->on_walk = status == VARVE_OK;
    if (status == VARVE_NOT_FOUND) {
        job->from.done = true;
        *more = false;
        status = VARVE_OK;
    }
    return status;
}

/* ---- What has been found -----------------------------------------------------------------------
 */

varve_status varve_recount_get_progress(varve_recount *job, varve_job_progress *progress,
                                        varve_error *err)
{
    const varve_job_progress known = {.keys = job->from.keys + job->in_key,
                                      .records = job->from.records + job->records,
                                      .bytes = job->from.bytes + job->bytes,
                                      .total_bytes = job->total_bytes};
    return varve__place_tell(varve_buf_slice(&job->from.key), &job->at, known, progress, err);
}

varve_stats varve_recount_stats(const varve_recount *job)
{
    return job->from.done ? job->from.stats : job->count.stats;
}

varve_status varve_recount_difference(varve_recount *job, varve_slice name, varve_stats *difference,
                                      varve_error *err)
{
    varve_stats kept;
    if (!job->from.done)
        return varve__fail(err, VARVE_MISUSE, "not everything has been counted yet");
    varve_status status = varve_stats_account_get(varve_snapshot_reader(job->snapshot), name,
                                                  job->from.stats.last_update_nanos, &kept, err);
    if (status != VARVE_OK)
        return status;
    *difference = job->from.stats;
    varve_stats_subtract(difference, &kept);
    return VARVE_OK;
}
