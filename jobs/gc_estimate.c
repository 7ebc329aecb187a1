/*
 * Looking what a policy lets go, and what keeps the rest: every version of a snapshot is judged.
 */
#include "jobs/gc.h"
#include "jobs/place.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

/* So many records are looked at in a step. */
#define STEP_RECORDS 16384

/* ---- Holds -------------------------------------------------------------------------------------
 */

static varve_status make_room(varve__gc_estimate *estimate, varve_error *err)
{
    if (estimate->hold_count < estimate->hold_room)
        return VARVE_OK;
    size_t room = estimate->hold_room * 2 + 8;
    varve__gc_held *holds = varve__realloc(estimate->holds, room * sizeof *holds);
    if (holds == NULL)
        return varve__fail_no_memory(err, room * sizeof *holds);
    estimate->holds = holds;
    estimate->hold_room = room;
    return VARVE_OK;
}

static varve_status add_hold(void *arg, const varve_gc_hold *hold, varve_error *err)
{
    varve_gc *job = arg;
    varve__gc_estimate *estimate = &job->estimate;
    bool is_active = varve_gc_hold_is_active(hold, job->now.wall);
    varve_status status = make_room(estimate, err);
    if (status != VARVE_OK)
        return status;
    estimate->holds[estimate->hold_count++] =
        (varve__gc_held){.ts = hold->ts, .is_active = is_active};
    if (is_active)
        varve__gc_decider_hold(&job->decider, hold->ts);
    return VARVE_OK;
}

varve_status varve__gc_estimate_open(varve_gc *job, varve_error *err)
{
    varve__gc_estimate *estimate = &job->estimate;
    varve_status status = varve_snapshot_open(job->engine, &estimate->snapshot, err);
    if (status != VARVE_OK)
        return status;
    return varve_gc_holds(varve_snapshot_reader(estimate->snapshot), add_hold, job, err);
}

void varve__gc_estimate_close(varve__gc_estimate *estimate)
{
    varve__walk_release(&estimate->walk);
    varve_snapshot_close(estimate->snapshot);
    varve__free(estimate->holds);
    varve_buf_release(&estimate->behind);
}

/* The next of the holds, in the order in which they were found. */
struct held_list {
    const varve__gc_estimate *estimate;
    size_t at;
    varve_gc_held_fn each;
    void *arg;
};

static varve_status tell_held(void *arg, const varve_gc_hold *hold, varve_error *err)
{
    struct held_list *list = arg;
    const varve__gc_estimate *estimate = list->estimate;
    const varve__gc_held *held = &estimate->holds[list->at++];
    return list->each(list->arg, hold, estimate->in_key ? &held->working : &held->keeps, err);
}

varve_status varve_gc_held(const varve_gc *job, varve_gc_held_fn each, void *arg, varve_error *err)
{
    struct held_list list = {.estimate = &job->estimate, .each = each, .arg = arg};
    if (!job->is_estimate)
        return varve__fail(err, VARVE_MISUSE, "only an estimate tells what holds keep");
    return varve_gc_holds(varve_snapshot_reader(job->estimate.snapshot), tell_held, &list, err);
}

/* ---- Versions ----------------------------------------------------------------------------------
 */

static void count(varve_gc_tally *tally, uint64_t bytes)
{
    tally->versions++;
    tally->bytes += bytes;
}

/* A version goes by the policy, and nobody sees it since then: each later hold alone allows that.
 */
static void count_held(varve__gc_estimate *estimate, uint64_t bytes, varve_ts since)
{
    for (size_t i = 0; i < estimate->hold_count; i++) {
        varve__gc_held *held = &estimate->holds[i];
        if (held->is_active && varve_ts_compare(since, held->ts) > 0)
            count(&held->working, bytes);
    }
}

/* Count a committed version that has been judged. */
static void count_judged(varve_gc *job, varve__gc_verdict verdict, uint64_t bytes)
{
    varve__gc_estimate *estimate = &job->estimate;
    varve_gc_report *report = &estimate->working.report;
    varve_ts since = job->decider.since;
    switch (verdict) {
    case VARVE__GC_NEWEST:
        if (estimate->has_intent)
            count(&report->kept_by_intents, bytes);
        break;
    case VARVE__GC_KEPT:
        count(&report->kept_by_policy, bytes);
        break;
    case VARVE__GC_HELD:
        count(&report->kept_by_holds, bytes);
        count_held(estimate, bytes, since);
        break;
    case VARVE__GC_GOES:
        count(&report->collected, bytes);
        if (varve_ts_compare(since, report->horizon) > 0)
            report->horizon = since;
        break;
    }
}

static void look_at_committed(varve_gc *job, varve_ts ts, uint64_t bytes, bool deleted)
{
    varve__gc_estimate *estimate = &job->estimate;
    /* With a deletion as its newest version, the key is as dead as that. */
    bool is_whole_key = job->decider.passed == 0 && deleted && !estimate->has_intent;
    varve__gc_verdict verdict = varve__gc_decider_next(&job->decider, ts, deleted);
    count_judged(job, verdict, is_whole_key ? bytes + estimate->meta_bytes : bytes);
    if (is_whole_key && verdict == VARVE__GC_GOES)
        estimate->working.report.collected_keys++;
}

/* The walk stands on a version of the current key. */
static varve_status look_at_version(varve_gc *job, varve_error *err)
{
    varve__gc_estimate *estimate = &job->estimate;
    varve_ts ts = varve__suffix_decode(varve__walk_suffix(&estimate->walk));
    size_t size = varve__walk_value(&estimate->walk).size;
    uint64_t bytes = VARVE_VERSION_TS_SIZE + size;
    bool is_provisional = estimate->awaits_value;
    if (is_provisional && varve_ts_compare(ts, estimate->intent_ts) != 0)
        return varve__gc_fail_intent(err);
    estimate->awaits_value = false;
    if (is_provisional && size == 0)
        count(&estimate->working.report.kept_by_intents, bytes + estimate->meta_bytes);
    else if (!is_provisional && (!estimate->has_meta || estimate->has_intent))
        look_at_committed(job, ts, bytes, size == 0);
    return VARVE_OK;
}

/* ---- Keys --------------------------------------------------------------------------------------
 */

static void add_record(varve__gc_estimate *estimate)
{
    varve_iter *it = estimate->walk.it;
    estimate->working.records++;
    estimate->working.bytes += it->key.size + varve_iter_value(it).size;
}

/* What has been seen of the current key is complete, or there is none. */
static void begin_place(varve_gc *job)
{
    varve__gc_estimate *estimate = &job->estimate;
    estimate->working = job->from;
    for (size_t i = 0; i < estimate->hold_count; i++)
        estimate->holds[i].working = estimate->holds[i].keeps;
}

static void settle(varve_gc *job)
{
    varve__gc_estimate *estimate = &job->estimate;
    varve__gc_place *from = &job->from;
    from->keys = estimate->working.keys;
    from->records = estimate->working.records;
    from->bytes = estimate->working.bytes;
    from->report = estimate->working.report;
    for (size_t i = 0; i < estimate->hold_count; i++)
        estimate->holds[i].keeps = estimate->holds[i].working;
    estimate->in_key = false;
}

/* The walk stands on the metadata record of the current key. */
static varve_status look_at_meta(varve_gc *job, varve_error *err)
{
    varve__meta meta;
    varve__gc_estimate *estimate = &job->estimate;
    varve_status status = varve__damage_decode(&estimate->walk, &meta, err);
    if (status != VARVE_OK)
        return status;
    estimate->has_meta = true;
    estimate->has_intent = meta.has_txn;
    estimate->awaits_value = meta.has_txn;
    estimate->intent_ts = meta.ts;
    estimate->meta_bytes += varve__walk_value(&estimate->walk).size;
    if (meta.has_txn)
        varve__gc_meet_intent(&estimate->working.report, meta.ts);
    return VARVE_OK;
}

/* The job goes on with the key of the record on which the walk stands, whatever that is. */
static varve_status stand_here(varve_gc *job, varve_error *err)
{
    varve_slice record = job->estimate.walk.it->key;
    return varve__buf_assign(&job->from.key, varve__place_of(record), err);
}

/* The walk stands on the first record of the key with which the job goes on. */
static varve_status begin_key(varve_gc *job, varve_error *err)
{
    varve__gc_estimate *estimate = &job->estimate;
    varve__walk *walk = &estimate->walk;
    varve_status status = varve__walk_enter(walk, err);
    if (status != VARVE_OK)
        return status;
    begin_place(job);
    varve__gc_decider_key(&job->decider);
    estimate->has_meta = false;
    estimate->has_intent = false;
    estimate->awaits_value = false;
    estimate->meta_bytes = varve__key_unescaped_size(varve__walk_prefix(walk)) + 1;
    status = varve__walk_suffix(walk) == NULL ? look_at_meta(job, err) : look_at_version(job, err);
    if (status != VARVE_OK)
        return status;
    estimate->in_key = true;
    estimate->working.keys++;
    add_record(estimate);
    return VARVE_OK;
}

/*
 * The walk has passed the last record of the current key.  That is settled only together with the
 * place behind it, lest a token or a failure make it count again.
 */
static varve_status end_key(varve_gc *job, varve_error *err)
{
    varve_status status = varve__walk_arrived(&job->estimate.walk, err);
    if (status == VARVE_OK)
        status = stand_here(job, err);
    if (status != VARVE_OK && status != VARVE_NOT_FOUND)
        return status;
    settle(job);
    return status == VARVE_OK ? begin_key(job, err) : status;
}

/* One record.  VARVE_NOT_FOUND behind the last. */
static varve_status look_at_record(varve_gc *job, varve_error *err)
{
    varve_status status;
    varve__gc_estimate *estimate = &job->estimate;
    if (!estimate->in_key) {
        status = stand_here(job, err);
        return status == VARVE_OK ? begin_key(job, err) : status;
    }
    status = varve__walk_older(&estimate->walk, err);
    if (status == VARVE_NOT_FOUND)
        return end_key(job, err);
    if (status == VARVE_OK)
        status = look_at_version(job, err);
    if (status == VARVE_OK)
        add_record(estimate);
    return status;
}

/* ---- Damage ------------------------------------------------------------------------------------
 */

/* The record on which the walk stands makes no sense: forget what has been seen of its key. */
static void leave_out(varve_gc *job)
{
    varve__gc_place *from = &job->from;
    varve__gc_estimate *estimate = &job->estimate;
    if (!estimate->in_key)
        estimate->working = *from;
    add_record(estimate);
    from->keys = estimate->working.keys + !estimate->in_key;
    from->records = estimate->working.records;
    from->bytes = estimate->working.bytes;
    from->report.damaged_keys++;
    estimate->in_key = false;
}

/* Go on behind its key. */
static varve_status pass_damaged(varve_gc *job, varve_error *err)
{
    varve__gc_estimate *estimate = &job->estimate;
    varve_slice at_fault = estimate->walk.it->key;
    varve_buf *behind = &estimate->behind;
    varve_status status = varve__place_behind(at_fault, behind, err);
    if (status == VARVE_OK)
        status = varve__damage_add(&job->damage, at_fault, &estimate->problem, err);
    if (status != VARVE_OK)
        return status;
    varve__damage_tell(&job->damage);
    leave_out(job);
    varve_buf place = job->from.key;
    job->from.key = *behind;
    *behind = place;
    return varve__walk_seek(&estimate->walk, varve_buf_slice(&job->from.key), err);
}

/* One record, or one damaged key.  VARVE_NOT_FOUND behind the last. */
static varve_status look_on(varve_gc *job, varve_error *err)
{
    varve__gc_estimate *estimate = &job->estimate;
    varve_error *problem = &estimate->problem;
    varve_status status = look_at_record(job, problem);
    if (status >= 0)
        return status;
    bool is_damage = varve__damage_is_of_record(&estimate->walk, problem);
    status = is_damage ? pass_damaged(job, err) : varve__error_copy(problem, err);
    varve_error_release(problem);
    return status;
}

/* ---- Steps -------------------------------------------------------------------------------------
 */

/* Go to the beginning of the current key. */
static varve_status find_place(varve_gc *job, varve_error *err)
{
    varve__gc_estimate *estimate = &job->estimate;
    estimate->in_key = false;
    return varve__place_find(&estimate->walk, varve_snapshot_reader(estimate->snapshot),
                             varve_buf_slice(&job->from.key), varve_buf_slice(&job->upper), err);
}

varve_status varve__gc_estimate_step(varve_gc *job, varve_error *err)
{
    varve__gc_estimate *estimate = &job->estimate;
    varve_status status = estimate->on_walk ? VARVE_OK : find_place(job, err);
    for (int records = 0; status == VARVE_OK && records < STEP_RECORDS; records++)
        status = look_on(job, err);
    estimate->on_walk = status == VARVE_OK;
    return status;
}
