/*
 * Where a key has more versions that go than a batch takes, the oldest ones go first: what is left
 * is then garbage since the same time as before.
 */
#include "jobs/gc_gather.h"

#include <varve/wal.h>

#include "format/batch_repr.h"
#include "jobs/place.h"
#include "mvcc/stats_delta.h"
#include "util/buf.h"
#include "util/fail.h"

/* For each version that a batch takes, a step looks at so many records. */
#define RECORDS_PER_VERSION 16

/* What gathering from a key has come to. */
enum outcome {
    COMPLETE, /* all that goes of it */
    PART,     /* the oldest part */
    TOO_MUCH, /* nothing: it does not fit behind the other keys */
    DAMAGED   /* nothing: its records make no sense */
};

/* ---- Batches -----------------------------------------------------------------------------------
 */

void varve__gc_batch_init(varve__gc_batch *batch, varve_gc *job)
{
    *batch = (varve__gc_batch){.job = job, .next = job->from};
    batch->next.key = (varve_buf)VARVE_BUF_INIT;
    batch->next.bound = (varve_buf)VARVE_BUF_INIT;
}

void varve__gc_batch_release(varve__gc_batch *batch)
{
    varve__change_release(&batch->change);
    varve__run_release(&batch->run);
    varve__walk_release(&batch->walk);
    varve_buf_release(&batch->first);
    varve_buf_release(&batch->bound);
    varve__names_release(&batch->names);
    varve_buf_release(&batch->next.key);
    varve_buf_release(&batch->next.bound);
    varve_buf_release(&batch->behind);
}

/* Whether a record of the job's key stands at or behind its bound. */
static varve_status look_behind_bound(const varve_gc *job, bool *found, varve_error *err)
{
    varve_buf end = VARVE_BUF_INIT;
    varve__walk walk = {.it = NULL};
    varve_status status = varve__key_append_prefix_end(varve_buf_slice(&job->from.key), &end, err);
    if (status == VARVE_OK)
        status =
            varve__walk_open_first(&walk, varve_engine_reader(job->engine),
                                   varve_buf_slice(&job->from.bound), varve_buf_slice(&end), err);
    *found = status == VARVE_OK;
    varve__walk_release(&walk);
    varve_buf_release(&end);
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/*
 * Behind the bound, history may have been brought in since, or the job's token is of another store:
 * then the key is begun anew, lest newer versions go in front of older ones.
 */
static varve_status check_bound(varve_gc *job, varve_error *err)
{
    bool found = false;
    if (job->from.bound.size == 0 || varve_engine_sequence(job->engine) == job->sequence)
        return VARVE_OK;
    varve_status status = look_behind_bound(job, &found, err);
    if (found)
        job->from.bound.size = 0;
    return status;
}

/* Start with nothing gathered. */
static varve_status begin(varve__gc_batch *batch, varve_error *err)
{
    varve_gc *job = batch->job;
    const varve_write how = {.struct_size = sizeof how,
                             .reader = varve_engine_reader(job->engine),
                             .writer = varve_batch_writer_of(job->batch),
                             .stats = &batch->delta};
    varve__change_release(&batch->change);
    varve__walk_release(&batch->walk);
    batch->walk = (varve__walk){.it = NULL};
    batch->delta = (varve_stats){0};
    batch->versions = 0;
    batch->records = 0;
    batch->bytes = 0;
    batch->collected = varve_ts_zero();
    varve_status status = check_bound(job, err);
    return status == VARVE_OK ? varve__change_begin(&batch->change, &how, err) : status;
}

/* ---- Taking back -------------------------------------------------------------------------------
 */

/* What had been gathered in front of a key. */
typedef struct mark {
    size_t size;
    uint32_t count;
    varve_stats numbers;
    uint64_t versions;
    varve_ts collected;
} mark;

static mark mark_of(const varve__gc_batch *batch)
{
    varve_slice records = varve_buf_slice(batch->change.records);
    return (mark){.size = records.size,
                  .count = records.size > 0 ? varve__repr_count(records) : 0,
                  .numbers = batch->change.numbers,
                  .versions = batch->versions,
                  .collected = batch->collected};
}

static void take_back(varve__gc_batch *batch, const mark *to)
{
    varve__repr_cut(batch->change.records, to->size, to->count);
    batch->change.numbers = to->numbers;
    batch->versions = to->versions;
    batch->collected = to->collected;
    batch->run.length = 0;
}

/* ---- Damage ------------------------------------------------------------------------------------
 */

/*
 * What was asked of the walk has failed with the batch's problem.  If that is about the record on
 * which the walk stands, the key is damaged, and remembered; otherwise the step fails.
 */
static varve_status take_problem(varve__gc_batch *batch, const varve__walk *walk,
                                 enum outcome *outcome, varve_error *err)
{
    varve_error *problem = &batch->problem;
    varve_status status = VARVE_OK;
    bool is_damage = varve__damage_is_of_record(walk, problem);
    if (!is_damage)
        status = varve__error_copy(problem, err);
    else if (!batch->is_again || !batch->is_part) /* otherwise the next step begins with it */
        status = varve__damage_add(&batch->job->damage, walk->it->key, problem, err);
    if (is_damage)
        *outcome = DAMAGED;
    varve_error_release(problem);
    return status;
}

/* From the record at fault, which was remembered last, to the next key. */
static varve_status pass_damaged(varve__gc_batch *batch, varve_error *err)
{
    const varve__damage *damage = &batch->job->damage;
    varve_slice at_fault = varve__damaged_engine_key(&damage->list[damage->count - 1]);
    varve_status status = varve__place_behind(at_fault, &batch->behind, err);
    batch->records++;
    batch->next.keys++;
    return status == VARVE_OK ? varve__walk_seek(&batch->walk, varve_buf_slice(&batch->behind), err)
                              : status;
}

/* ---- Versions ----------------------------------------------------------------------------------
 */

/* Count the record on which the walk stands as one looked at. */
static void look_at(varve__gc_batch *batch, varve__walk *walk)
{
    batch->records++;
    batch->bytes += walk->it->key.size + varve__walk_value(walk).size;
}

/* The walk stands on a version that goes: account for it. */
static void count_version(varve__gc_batch *batch, varve__walk *walk)
{
    varve_ts ts = varve__suffix_decode(varve__walk_suffix(walk));
    size_t size = varve__walk_value(walk).size;
    varve_ts since = size == 0 ? ts : batch->since;
    varve__stats_gc_version(varve__change_stats(&batch->change), false, (int64_t)size, since.wall);
    if (varve_ts_compare(since, batch->collected) > 0)
        batch->collected = since;
    batch->since = ts;
    batch->versions++;
    look_at(batch, walk);
}

/* The newest version goes, a deletion: nothing is left of the key. */
static void count_key(varve__gc_batch *batch)
{
    varve__walk *walk = &batch->walk;
    varve_ts ts = varve__suffix_decode(varve__walk_suffix(walk));
    int64_t key_size = (int64_t)varve__key_unescaped_size(varve__walk_prefix(walk)) + 1;
    varve__stats_meta meta = varve__stats_implied(key_size, ts, 0);
    varve__stats_gc_meta(varve__change_stats(&batch->change), false, &meta);
}

/* Gather the versions from the current one on, up to `max` of them, one by one. */
static varve_status gather_versions(varve__gc_batch *batch, uint64_t max, bool *complete,
                                    varve_error *err)
{
    varve__walk *walk = &batch->walk;
    varve_status status = VARVE_OK;
    for (uint64_t i = 0; status == VARVE_OK && i < max; i++) {
        varve_ts ts = varve__suffix_decode(varve__walk_suffix(walk));
        count_version(batch, walk);
        status = varve__change_clear_version(&batch->change, varve__walk_prefix(walk), ts, err);
        if (status == VARVE_OK)
            status = varve__walk_older(walk, err);
    }
    *complete = status == VARVE_NOT_FOUND;
    return *complete ? VARVE_OK : status;
}

/* Gather the versions from the current one of `walk` on, which is over the key's part, as a run. */
static varve_status gather_run(varve__gc_batch *batch, varve__walk *walk, varve_error *err)
{
    uint64_t steps = 0;
    varve_status status = VARVE_OK;
    while (status == VARVE_OK) {
        count_version(batch, walk);
        status = varve__run_add(&batch->run, &batch->change, walk->it->key, err);
        if (status == VARVE_OK)
            status = varve__walk_older(walk, err);
    }
    if (status != VARVE_NOT_FOUND)
        return status;
    return varve__run_end(&batch->run, &batch->change, varve_buf_slice(&batch->bound), &steps, err);
}

/* ---- What goes of a key ------------------------------------------------------------------------
 */

/* From the metadata record to the newest committed version.  VARVE_NOT_FOUND if nothing may go. */
static varve_status pass_meta(varve__gc_batch *batch, varve_error *err)
{
    varve__meta meta;
    varve__walk *walk = &batch->walk;
    varve_status status = varve__damage_decode(walk, &meta, err);
    if (status != VARVE_OK)
        return status;
    batch->has_intent = meta.has_txn;
    batch->intent_ts = meta.ts;
    if (!meta.has_txn)
        return VARVE_NOT_FOUND;
    status = varve__walk_older(walk, err);
    if (status != VARVE_OK)
        return status;
    varve_ts first = varve__suffix_decode(varve__walk_suffix(walk));
    return varve_ts_compare(first, meta.ts) == 0 ? varve__walk_older(walk, err)
                                                 : varve__gc_fail_intent(err);
}

/* To the next version that has to be judged. */
static varve_status go_older(varve__gc_batch *batch, int steps, varve_error *err)
{
    varve_ts limit;
    unsigned char suffix[VARVE__SUFFIX_SIZE];
    varve__gc_decider *decider = &batch->job->decider;
    if (steps < VARVE__STEPS_BEFORE_SEEK || !varve__gc_decider_limit(decider, &limit))
        return varve__walk_older(&batch->walk, err);
    if (varve_ts_compare(limit, varve_ts_zero()) <= 0)
        return VARVE_NOT_FOUND;
    varve__suffix_encode(limit, suffix);
    varve__gc_decider_skip(decider);
    return varve__walk_descend(&batch->walk, suffix, err);
}

/*
 * From the key's first record to the first version that goes.  `*is_whole` if that is the key's
 * newest.  VARVE_NOT_FOUND if none goes.
 */
static varve_status find_first(varve__gc_batch *batch, bool *is_whole, varve_error *err)
{
    varve__walk *walk = &batch->walk;
    varve__gc_decider *decider = &batch->job->decider;
    varve_status status = VARVE_OK;
    varve__gc_decider_key(decider);
    batch->has_intent = false;
    look_at(batch, walk);
    if (varve__walk_suffix(walk) == NULL)
        status = pass_meta(batch, err);
    for (int steps = 0; status == VARVE_OK; steps++) {
        bool is_newest = steps == 0;
        varve_ts ts = varve__suffix_decode(varve__walk_suffix(walk));
        bool deleted = varve__walk_value(walk).size == 0;
        look_at(batch, walk);
        if (varve__gc_decider_next(decider, ts, deleted) == VARVE__GC_GOES) {
            *is_whole = is_newest && !batch->has_intent;
            batch->since = decider->since;
            return varve__buf_assign(&batch->first, walk->it->key, err);
        }
        status = go_older(batch, steps, err);
    }
    return status;
}

/* Whether the job has been at work in the current key. */
static bool is_begun(const varve__gc_batch *batch)
{
    const varve__gc_place *from = &batch->job->from;
    return from->bound.size > 0 &&
           varve_slice_equal(varve_buf_slice(&from->key), varve__walk_prefix(&batch->walk));
}

/* Set the bound behind what there still is of the current key. */
static varve_status set_bound(varve__gc_batch *batch, varve_error *err)
{
    if (is_begun(batch))
        return varve__buf_assign(&batch->bound, varve_buf_slice(&batch->job->from.bound), err);
    batch->bound.size = 0;
    return varve__key_append_prefix_end(varve__walk_prefix(&batch->walk), &batch->bound, err);
}

/* From the last version towards newer ones: to the one right above the part that goes now. */
static varve_status find_part(const varve__gc_batch *batch, varve__walk *part, varve_error *err)
{
    varve_status status = varve__walk_enter(part, err);
    for (uint64_t i = 0; status == VARVE_OK && i < batch->job->batch_versions; i++)
        status = varve__walk_newer(part, err);
    return status;
}

/* Gather the oldest of the versions that go, the walk standing on the first. */
static varve_status gather_oldest(varve__gc_batch *batch, varve__walk *part, bool is_whole,
                                  enum outcome *outcome, varve_error *err)
{
    varve_slice first = varve_buf_slice(&batch->first);
    varve_status status = find_part(batch, part, err);
    if (status == VARVE_NOT_FOUND) { /* they are few enough */
        *outcome = COMPLETE;
        if (is_whole)
            count_key(batch);
        status = varve__walk_seek(part, first, err);
        return status == VARVE_OK ? gather_run(batch, part, err) : status;
    }
    if (status != VARVE_OK)
        return status;
    *outcome = PART;
    batch->since = varve__suffix_decode(varve__walk_suffix(part));
    status = varve__walk_older(part, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&batch->next.bound, part->it->key, err);
    return status == VARVE_OK ? gather_run(batch, part, err) : status;
}

/* Gather as much of the key as a batch takes, with nothing in front of it. */
static varve_status gather_part(varve__gc_batch *batch, bool is_whole, enum outcome *outcome,
                                varve_error *err)
{
    varve__walk part = {.it = NULL};
    varve_error *problem = &batch->problem;
    *outcome = COMPLETE;
    varve_status status = set_bound(batch, err);
    if (status != VARVE_OK)
        return status;
    status = varve__walk_open_last(&part, varve_engine_reader(batch->job->engine),
                                   varve_buf_slice(&batch->first), varve_buf_slice(&batch->bound),
                                   problem);
    if (status == VARVE_OK)
        status = gather_oldest(batch, &part, is_whole, outcome, problem);
    if (status < 0)
        status = take_problem(batch, &part, outcome, err);
    varve__walk_release(&part);
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/* Gather all that goes of the key, the walk standing on the first version that does. */
static varve_status gather_all(varve__gc_batch *batch, bool is_whole, enum outcome *outcome,
                               varve_error *err)
{
    bool complete = false;
    uint64_t room = batch->job->batch_versions - batch->versions;
    varve_status status = VARVE_OK;
    if (is_whole)
        count_key(batch);
    if (!is_begun(batch))
        status = gather_versions(batch, room, &complete, &batch->problem);
    *outcome = complete ? COMPLETE : TOO_MUCH;
    return status < 0 ? take_problem(batch, &batch->walk, outcome, err) : status;
}

/* Gather what goes of the current key, on whose first record the walk stands. */
static varve_status gather_key(varve__gc_batch *batch, enum outcome *outcome, varve_error *err)
{
    bool is_whole = false;
    const mark before = mark_of(batch);
    *outcome = COMPLETE;
    varve_status status = find_first(batch, &is_whole, &batch->problem);
    if (status < 0)
        return take_problem(batch, &batch->walk, outcome, err);
    if (status == VARVE_NOT_FOUND)
        return VARVE_OK;
    varve_ts since = batch->since;
    status = gather_all(batch, is_whole, outcome, err);
    if (status == VARVE_OK && *outcome == TOO_MUCH) {
        take_back(batch, &before);
        batch->since = since;
        if (before.versions == 0)
            status = gather_part(batch, is_whole, outcome, err);
    }
    if (status == VARVE_OK && *outcome == DAMAGED)
        take_back(batch, &before);
    if (status == VARVE_OK && !batch->is_again && batch->versions > before.versions)
        status = varve__names_add(&batch->names, &batch->walk, err);
    return status;
}

/* ---- Keys --------------------------------------------------------------------------------------
 */

static bool is_enough(const varve__gc_batch *batch)
{
    uint64_t versions = batch->job->batch_versions;
    return batch->versions >= versions || varve__change_is_full(&batch->change) ||
           batch->records / RECORDS_PER_VERSION >= versions ||
           (!batch->is_again && varve__damage_is_full(&batch->job->damage));
}

/* The next step goes on with the current key. */
static varve_status stop_here(varve__gc_batch *batch, varve_error *err)
{
    return varve__buf_assign(&batch->next.key, varve__walk_prefix(&batch->walk), err);
}

/* The next step goes on with the key of the record on which the walk stands, whatever that is. */
static varve_status stop_in_front(varve__gc_batch *batch, varve_error *err)
{
    return varve__buf_assign(&batch->next.key, varve__place_of(batch->walk.it->key), err);
}

/* There is nothing more: the last key is the one reached. */
static varve_status stop_at_end(varve__gc_batch *batch, varve_error *err)
{
    if (batch->walk.prefix.size > 0)
        return stop_here(batch, err);
    return varve__buf_assign(&batch->next.key, varve_buf_slice(&batch->job->from.key), err);
}

/* All has been gathered from the current key. */
static void pass_key(varve__gc_batch *batch)
{
    batch->next.keys++;
    if (batch->has_intent && !batch->is_again)
        varve__gc_meet_intent(&batch->next.report, batch->intent_ts);
}

/* Gather from the key on whose first record the walk stands; `*enough` if the batch ends there. */
static varve_status gather_current(varve__gc_batch *batch, enum outcome *outcome, bool *enough,
                                   varve_error *err)
{
    *enough = is_enough(batch);
    if (*enough)
        return stop_in_front(batch, err);
    varve_status status = varve__walk_enter(&batch->walk, &batch->problem);
    status = status == VARVE_OK ? gather_key(batch, outcome, err)
                                : take_problem(batch, &batch->walk, outcome, err);
    if (status != VARVE_OK)
        return status;
    *enough = *outcome == PART || *outcome == TOO_MUCH;
    batch->is_part = *outcome == PART;
    return *enough ? stop_here(batch, err) : VARVE_OK;
}

/* To the first record of the key behind the current one. */
static varve_status go_to_next(varve__gc_batch *batch, enum outcome outcome, varve_error *err)
{
    varve_status status = VARVE_OK;
    if (outcome != DAMAGED)
        status = varve__walk_next_key(&batch->walk, &batch->problem);
    /* Of a key of which nothing goes, damage may be met only now. */
    if (status < 0)
        status = take_problem(batch, &batch->walk, &outcome, err);
    if (status >= 0 && outcome == COMPLETE)
        pass_key(batch);
    return status == VARVE_OK && outcome == DAMAGED ? pass_damaged(batch, err) : status;
}

varve_status varve__gc_gather(varve__gc_batch *batch, varve_error *err)
{
    varve_gc *job = batch->job;
    enum outcome outcome = COMPLETE;
    bool enough = false;
    varve_status status = begin(batch, err);
    if (status == VARVE_OK)
        status = varve__walk_open_first(&batch->walk, varve_engine_reader(job->engine),
                                        varve_buf_slice(&job->from.key),
                                        varve_buf_slice(&job->upper), err);
    while (status == VARVE_OK && !enough) {
        status = gather_current(batch, &outcome, &enough, err);
        if (status == VARVE_OK && !enough)
            status = go_to_next(batch, outcome, err);
    }
    batch->next.done = status == VARVE_NOT_FOUND;
    if (batch->next.done)
        status = stop_at_end(batch, err);
    batch->next.records += batch->records;
    batch->next.bytes += batch->bytes;
    return status;
}

/* Gather from the key with that name, if it still is there. */
static varve_status gather_named(varve__gc_batch *batch, varve_slice name, bool *enough,
                                 varve_error *err)
{
    enum outcome outcome;
    varve_buf key = VARVE_BUF_INIT;
    varve_status status = varve_key_encode(name, varve_ts_zero(), &key, err);
    if (status == VARVE_OK)
        status = varve__walk_seek(&batch->walk, varve_buf_slice(&key), err);
    bool is_there = status == VARVE_OK && batch->walk.it->key.size >= key.size &&
                    memcmp(batch->walk.it->key.data, key.data, key.size) == 0;
    varve_buf_release(&key);
    if (is_there)
        return gather_current(batch, &outcome, enough, err);
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/*
 * More keys have become damaged than a step remembers.  Nothing goes, and the next one begins where
 * this one did: it meets them one after the other.
 */
static varve_status start_over(varve__gc_batch *batch, varve_error *err)
{
    const varve__gc_place *from = &batch->job->from;
    const varve__gc_place next = batch->next;
    varve__damage_keep_below(&batch->job->damage, varve_slice_of(NULL, 0));
    batch->versions = 0;
    batch->next = *from;
    batch->next.key = next.key;
    batch->next.bound = next.bound;
    varve_status status = varve__buf_assign(&batch->next.key, varve_buf_slice(&from->key), err);
    return status == VARVE_OK
               ? varve__buf_assign(&batch->next.bound, varve_buf_slice(&from->bound), err)
               : status;
}

varve_status varve__gc_gather_again(varve__gc_batch *batch, varve_error *err)
{
    size_t position = 0;
    bool enough = false;
    uint64_t keys = batch->next.keys;
    varve_status status = begin(batch, err);
    batch->is_again = true;
    if (batch->is_part) /* how much of it goes is to be seen */
        status =
            varve__buf_assign(&batch->next.bound, varve_buf_slice(&batch->job->from.bound), err);
    if (status == VARVE_OK)
        status = varve__walk_open_first(&batch->walk, varve_engine_reader(batch->job->engine),
                                        varve_buf_slice(&batch->job->from.key),
                                        varve_buf_slice(&batch->job->upper), err);
    for (size_t i = 0; i < batch->names.count && status == VARVE_OK && !enough; i++)
        status = gather_named(batch, varve__names_next(&batch->names, &position), &enough, err);
    if (status >= 0 && batch->job->damage.overflows)
        return start_over(batch, err);
    batch->next.done = batch->next.done && !enough;
    batch->next.keys = keys;
    if (status >= 0 && enough)
        varve__damage_keep_below(&batch->job->damage, varve_buf_slice(&batch->next.key));
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}
