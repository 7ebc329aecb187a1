/*
 * Collecting what a policy lets go, a batch at a time.
 *
 * A batch is gathered from one view of the store, before anybody has to wait: the records that go,
 * and the keys that they are of.  Then the latches of these keys are acquired, and that of holds.
 * If anything has been committed to the store meanwhile, the batch is gathered once more, from
 * these keys alone: nothing can be changed under it now.
 *
 * How far garbage will have been collected is told before anything goes: where it follows from the
 * policy by a commit of its own, after which the holds are read again, and otherwise in the batch.
 * So of one who stores a hold and one who collects, one always sees the other.
 */
#include <varve/wal.h>

#include "jobs/account.h"
#include "jobs/gc_gather.h"
#include "mvcc/gc_hold.h"
#include "mvcc/gc_horizon.h"

/* ---- Holds -------------------------------------------------------------------------------------
 */

static varve_status obey_hold(void *arg, const varve_gc_hold *hold, varve_error *err)
{
    varve_gc *job = arg;
    (void)err;
    if (varve_gc_hold_is_active(hold, job->now.wall))
        varve__gc_decider_hold(&job->decider, hold->ts);
    return VARVE_OK;
}

static varve_status read_holds(varve_gc *job, varve_error *err)
{
    job->decider = job->policy;
    return varve_gc_holds(varve_engine_reader(job->engine), obey_hold, job, err);
}

static bool same_holds(const varve__gc_decider *a, const varve__gc_decider *b)
{
    return a->has_hold == b->has_hold && (!a->has_hold || varve_ts_compare(a->hold, b->hold) == 0);
}

/* ---- How far garbage is collected --------------------------------------------------------------
 */

/* Have the batch say that garbage has been collected to `ts`; `*raised` if that is news. */
static varve_status stage_horizon(varve_gc *job, varve_ts ts, bool *raised, varve_error *err)
{
    varve__gc_horizon horizon;
    varve_span span = {varve_buf_slice(&job->start), varve_buf_slice(&job->end)};
    varve_status status = varve__gc_horizon_read(&horizon, varve_engine_reader(job->engine), err);
    *raised =
        status == VARVE_OK && varve_ts_compare(varve__gc_horizon_lowest(&horizon, span), ts) < 0;
    if (*raised)
        status = varve__gc_horizon_raise(&horizon, span, ts, err);
    if (*raised && status == VARVE_OK)
        status = varve__gc_horizon_put(&horizon, varve_batch_writer_of(job->batch), err);
    varve__gc_horizon_release(&horizon);
    return status;
}

/* Tell, before anything goes, how far the policy will collect, if it says so. */
static varve_status announce(varve_gc *job, bool *told, varve_error *err)
{
    varve_ts horizon;
    *told = false;
    if (!varve__gc_decider_horizon(&job->decider, &horizon))
        return VARVE_OK;
    varve_status status = varve_batch_reset(job->batch, err);
    if (status == VARVE_OK)
        status = stage_horizon(job, horizon, told, err);
    return status == VARVE_OK && *told ? varve_batch_commit(job->batch, job->durability, err)
                                       : status;
}

/* ---- Batches -----------------------------------------------------------------------------------
 */

static varve_status gather_again(varve__gc_batch *batch, varve_error *err)
{
    varve_status status = read_holds(batch->job, err);
    return status == VARVE_OK ? varve__gc_gather_again(batch, err) : status;
}

/* See to it that what has been gathered is true, and remains so until it has been committed. */
static varve_status secure(varve__gc_batch *batch, uint64_t sequence, varve_latch **latch,
                           varve_error *err)
{
    varve_gc *job = batch->job;
    varve_status status = varve__names_acquire(&batch->names, varve__gc_holds_latch(), job->latches,
                                               job->cancel, latch, err);
    if (status == VARVE_OK && varve_engine_sequence(job->engine) != sequence)
        status = gather_again(batch, err);
    if (status != VARVE_OK || batch->versions == 0)
        return status;
    bool told;
    varve__gc_decider before = job->decider;
    status = announce(job, &told, err);
    if (status != VARVE_OK || !told)
        return status;
    status = read_holds(job, err);
    return status == VARVE_OK && !same_holds(&before, &job->decider)
               ? varve__gc_gather_again(batch, err)
               : status;
}

static void report_batch(varve__gc_batch *batch)
{
    varve_gc_report *report = &batch->next.report;
    const varve_stats *delta = &batch->delta;
    report->collected.versions += (uint64_t)(-delta->val_count);
    report->collected.bytes += (uint64_t)(-delta->key_bytes - delta->val_bytes);
    report->collected_keys += (uint64_t)(-delta->key_count);
    report->commits++;
    if (varve_ts_compare(batch->collected, report->horizon) > 0)
        report->horizon = batch->collected;
}

static varve_status commit(varve__gc_batch *batch, varve_error *err)
{
    bool raised;
    varve_gc *job = batch->job;
    varve_status status = varve_batch_reset(job->batch, err);
    if (status == VARVE_OK)
        status = varve__change_apply(&batch->change, err);
    if (status == VARVE_OK)
        status = stage_horizon(job, batch->collected, &raised, err);
    if (status == VARVE_OK && job->has_account)
        status = varve__account_stage(job->batch, job->engine, varve_buf_slice(&job->account),
                                      &batch->delta, err);
    if (status == VARVE_OK)
        status = varve_batch_commit(job->batch, job->durability, err);
    if (status != VARVE_OK)
        return status;
    job->sequence = varve_engine_sequence(job->engine);
    report_batch(batch);
    return VARVE_OK;
}

static varve_status collect(varve__gc_batch *batch, varve_error *err)
{
    varve_gc *job = batch->job;
    varve_latch *latch = NULL;
    uint64_t sequence = varve_engine_sequence(job->engine);
    varve_status status = read_holds(job, err);
    if (status == VARVE_OK)
        status = varve__gc_gather(batch, err);
    if (status == VARVE_OK && batch->versions > 0)
        status = secure(batch, sequence, &latch, err);
    if (status == VARVE_OK && batch->versions > 0)
        status = commit(batch, err);
    varve_latches_release(latch);
    return status;
}

/* The job stands where the batch has come to. */
static void move_on(varve_gc *job, varve__gc_place *next)
{
    varve__gc_place former = job->from;
    job->from = *next;
    *next = former;
}

varve_status varve__gc_collect_step(varve_gc *job, varve_error *err)
{
    varve__gc_batch batch;
    varve__gc_batch_init(&batch, job);
    varve_status status = collect(&batch, err);
    batch.next.report.damaged_keys += job->damage.count;
    if (status == VARVE_OK)
        move_on(job, &batch.next);
    varve__gc_batch_release(&batch);
    if (status != VARVE_OK)
        return status;
    return job->from.done ? VARVE_NOT_FOUND : VARVE_OK;
}
