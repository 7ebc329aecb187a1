#include <varve/resolve_job.h>

#include <varve/key.h>
#include <varve/ts.h>

#include "jobs/account.h"
#include "jobs/damage.h"
#include "jobs/names.h"
#include "jobs/place.h"
#include "jobs/rate.h"
#include "jobs/token.h"
#include "mvcc/resolve_key.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

#define TOKEN_KIND 'I'

/* What a step does at most. */
#define STEP_KEYS 4096
#define STEP_INTENTS 512
#define STEP_BYTES ((uint64_t)1 << 20)

/* What a token brings back. */
struct place {
    varve_buf key; /* the encoded prefix of the key to go on with, or the lower bound */
    uint64_t keys;
    uint64_t records;
    uint64_t bytes;
    varve_resolve_job_report report;
    bool done;
};

struct varve_resolve_job {
    varve_engine *engine;
    varve_resolve_job_options options; /* without what is copied below */
    unsigned char txn_id[VARVE_TXN_ID_SIZE];
    varve_buf account;
    varve_buf lower;
    varve_buf upper;
    varve_batch *batch;
    varve__rate rate;
    varve__damage damage; /* met in the step in progress */
    struct place from;
    varve_buf at; /* the user key of `from` */
};

/* A step: the keys of one batch, then what comes of them. */
struct step {
    varve_resolve_job *job;
    varve__names keys;
    uint64_t gathered_bytes;
    varve_buf next; /* where the next step begins */
    struct place to;
    varve_stats delta;
    varve_buf record;
    varve_error problem; /* of the key that is looked at; empty but there */
    varve_buf behind;    /* the place behind a damaged key */
};

/* ---- Tokens ------------------------------------------------------------------------------------
 */

enum { NUMBERS = 9 };

static void list_numbers(const struct place *from, uint64_t numbers[NUMBERS])
{
    const varve_resolve_job_report *report = &from->report;
    const uint64_t list[NUMBERS] = {
        from->keys,    from->records,   from->bytes,     report->intents, report->resolved,
        report->bytes, report->damaged, report->commits, from->done,
    };
    memcpy(numbers, list, sizeof list);
}

static void take_numbers(struct place *from, const uint64_t numbers[NUMBERS])
{
    *from = (struct place){
        .key = from->key,
        .keys = numbers[0],
        .records = numbers[1],
        .bytes = numbers[2],
        .report = {.intents = numbers[3],
                   .resolved = numbers[4],
                   .bytes = numbers[5],
                   .damaged = numbers[6],
                   .commits = numbers[7]},
        .done = numbers[8] != 0,
    };
}

static varve__token_job token_job(const varve_resolve_job *job)
{
    return (varve__token_job){.kind = TOKEN_KIND,
                              .estimate = job->options.estimate,
                              .lower = varve_buf_slice(&job->lower),
                              .upper = varve_buf_slice(&job->upper)};
}

/* Empty for any transaction. */
static varve_slice txn_id(const varve_resolve_job *job)
{
    return varve_slice_of(job->txn_id, job->options.txn_id != NULL ? sizeof job->txn_id : 0);
}

varve_status varve_resolve_job_token(const varve_resolve_job *job, varve_buf *token,
                                     varve_error *err)
{
    uint64_t numbers[NUMBERS];
    list_numbers(&job->from, numbers);
    const varve__token_job kind = token_job(job);
    varve_status status = varve__token_begin(&kind, token, err);
    if (status == VARVE_OK)
        status = varve__token_bytes(token, txn_id(job), err);
    if (status == VARVE_OK)
        status = varve__token_number(token, (uint64_t)job->options.status, err);
    for (size_t i = 0; i < NUMBERS && status == VARVE_OK; i++)
        status = varve__token_number(token, numbers[i], err);
    if (status == VARVE_OK)
        status = varve__token_bytes(token, varve_buf_slice(&job->from.key), err);
    return status == VARVE_OK ? varve__token_end(token, err) : status;
}

static varve_status resume(varve_resolve_job *job, varve_slice token, varve_error *err)
{
    varve__token_reader reader;
    uint64_t numbers[NUMBERS];
    const varve__token_job kind = token_job(job);
    varve_status status = varve__token_open(token, &kind, &reader, err);
    if (status != VARVE_OK)
        return status;
    if (!varve_slice_equal(varve__token_take_bytes(&reader), txn_id(job)) ||
        varve__token_take_number(&reader) != (uint64_t)job->options.status)
        return varve__fail(
            err, VARVE_INVALID_ARGUMENT,
            "the token is of a job about another transaction, or of another outcome");
    for (size_t i = 0; i < NUMBERS; i++)
        numbers[i] = varve__token_take_number(&reader);
    varve_slice key = varve__token_take_place(&reader, &kind);
    status = varve__token_close(&reader, err);
    if (status != VARVE_OK)
        return status;
    take_numbers(&job->from, numbers);
    return varve__buf_assign(&job->from.key, key, err);
}

/* ---- Opening and closing -----------------------------------------------------------------------
 */

static varve_status check_options(const varve_resolve_job_options *options, varve_error *err)
{
    if (!varve_txn_status_is_final(options->status))
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "status: a transaction that has neither committed nor aborted keeps its "
                           "intents");
    if (options->status == VARVE_TXN_ABORTED &&
        (options->has_epoch || !varve_ts_is_zero(options->commit_ts)))
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "epoch, commit_ts: what has been aborted has no time of its commit");
    if (options->commit_ts.wall < 0 || options->not_above.wall < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "commit_ts, not_above: negative");
    return VARVE_OK;
}

static varve_status start(varve_resolve_job *job, varve_engine *engine, varve_error *err)
{
    varve_resolve_job_options *options = &job->options;
    varve_span span = options->span;
    job->engine = engine;
    job->rate.per_second = options->estimate ? 0 : options->rate;
    job->damage.each = options->damaged;
    job->damage.arg = options->damaged_arg;
    if (options->txn_id != NULL)
        memcpy(job->txn_id, options->txn_id, sizeof job->txn_id);
    if (span.start.size == 0)
        span.start = varve_key_app_min();
    varve_status status = varve_span_encode(span, &job->lower, &job->upper, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&job->from.key, varve_buf_slice(&job->lower), err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&job->account, options->account, err);
    if (status == VARVE_OK && options->resume.size > 0)
        status = resume(job, options->resume, err);
    if (status == VARVE_OK && !options->estimate)
        status = varve_batch_open(engine, 0, &job->batch, err);
    return status;
}

varve_status varve_resolve_job_open(varve_engine *engine, const varve_resolve_job_options *options,
                                    varve_resolve_job **out, varve_error *err)
{
    varve_resolve_job_options known;
    *out = NULL;
    varve_status status =
        varve__struct_copy(&known, sizeof known, options, "varve_resolve_job_options", err);
    if (status == VARVE_OK)
        status = check_options(&known, err);
    if (status != VARVE_OK)
        return status;
    varve_resolve_job *job = varve__calloc(1, sizeof *job);
    if (job == NULL)
        return varve__fail_no_memory(err, sizeof *job);
    job->options = known;
    status = start(job, engine, err);
    if (status != VARVE_OK)
        varve_resolve_job_close(job);
    else
        *out = job;
    return status;
}

void varve_resolve_job_close(varve_resolve_job *job)
{
    if (job == NULL)
        return;
    varve_batch_close(job->batch);
    varve_buf_release(&job->account);
    varve_buf_release(&job->lower);
    varve_buf_release(&job->upper);
    varve_buf_release(&job->from.key);
    varve_buf_release(&job->at);
    varve__damage_release(&job->damage);
    varve__free(job);
}

/* ---- Looking for intents -----------------------------------------------------------------------
 */

static bool is_wanted(const varve_resolve_job *job, const varve__meta *meta)
{
    const varve_resolve_job_options *options = &job->options;
    if (!meta->has_txn)
        return false;
    if (options->txn_id != NULL && memcmp(meta->txn.id, job->txn_id, sizeof job->txn_id) != 0)
        return false;
    return varve_ts_is_zero(options->not_above) ||
           varve_ts_compare(meta->ts, options->not_above) <= 0;
}

/* Look at the metadata record that the walk stands on. */
static varve_status look(struct step *step, varve__walk *walk, varve_error *err)
{
    varve__meta meta;
    step->to.records++;
    step->to.bytes += walk->it->key.size + varve__walk_value(walk).size;
    varve_status status = varve__damage_decode(walk, &meta, err);
    if (status != VARVE_OK)
        return status;
    step->to.report.intents += meta.has_txn;
    if (!is_wanted(step->job, &meta))
        return VARVE_OK;
    step->gathered_bytes += (uint64_t)meta.val_bytes;
    return varve__names_add(&step->keys, walk, err);
}

static bool is_full(const struct step *step, uint64_t keys)
{
    uint64_t most = step->job->options.batch_intents;
    return keys >= STEP_KEYS || step->gathered_bytes >= STEP_BYTES ||
           step->keys.count >= (most > 0 ? most : STEP_INTENTS) ||
           varve__damage_is_full(&step->job->damage);
}

/* Remember that a key is damaged, because of the step's problem. */
static varve_status meet_damage(struct step *step, varve_slice engine_key, varve_error *err)
{
    varve_status status = varve__damage_add(&step->job->damage, engine_key, &step->problem, err);
    step->to.report.damaged++;
    return status;
}

/* From the record at fault to the next key. */
static varve_status pass_damaged(struct step *step, varve__walk *walk, varve_error *err)
{
    varve_status status = meet_damage(step, walk->it->key, err);
    if (status == VARVE_OK)
        status = varve__place_behind(walk->it->key, &step->behind, err);
    return status == VARVE_OK ? varve__walk_seek(walk, varve_buf_slice(&step->behind), err)
                              : status;
}

/* Look at the key on whose first record the walk stands, and go to the next one. */
static varve_status look_at_key(struct step *step, varve__walk *walk, varve_error *err)
{
    varve_error *problem = &step->problem;
    const varve__names names = step->keys;
    uint64_t intents = step->to.report.intents;
    varve_status status = varve__walk_enter(walk, problem);
    if (status == VARVE_OK && varve__walk_suffix(walk) == NULL)
        status = look(step, walk, problem);
    if (status == VARVE_OK)
        status = varve__walk_next_key(walk, problem);
    step->to.keys++;
    if (status >= 0)
        return status;
    if (varve__damage_is_of_record(walk, problem)) {
        step->keys.count = names.count;
        step->keys.bytes.size = names.bytes.size;
        step->to.report.intents = intents;
        status = pass_damaged(step, walk, err);
    } else {
        status = varve__error_copy(problem, err);
    }
    varve_error_release(problem);
    return status;
}

/* Go through keys until it is enough, or there are no more: VARVE_NOT_FOUND. */
static varve_status look_at_keys(struct step *step, varve__walk *walk, varve_error *err)
{
    for (uint64_t keys = 0;; keys++) {
        if (is_full(step, keys))
            return varve__buf_assign(&step->next, varve__place_of(walk->it->key), err);
        varve_status status = look_at_key(step, walk, err);
        if (status != VARVE_OK)
            return status;
    }
}

static varve_status gather(struct step *step, varve_error *err)
{
    varve_resolve_job *job = step->job;
    varve__walk walk = {.it = NULL};
    varve_status status =
        varve__walk_open_first(&walk, varve_engine_reader(job->engine),
                               varve_buf_slice(&job->from.key), varve_buf_slice(&job->upper), err);
    if (status == VARVE_OK)
        status = look_at_keys(step, &walk, err);
    varve__walk_release(&walk);
    step->to.done = status == VARVE_NOT_FOUND;
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

/* ---- Resolving ---------------------------------------------------------------------------------
 */

/* The intent of a key as it is now, which may no longer be the one that was found. */
static varve_status read_intent(struct step *step, varve_slice key, varve__meta *meta,
                                varve_error *err)
{
    varve_buf engine_key = VARVE_BUF_INIT;
    varve_status status = varve_key_encode(key, varve_ts_zero(), &engine_key, err);
    if (status == VARVE_OK)
        status = varve_reader_get(varve_engine_reader(step->job->engine),
                                  varve_buf_slice(&engine_key), &step->record, err);
    varve_buf_release(&engine_key);
    if (status != VARVE_OK)
        return status;
    status = varve__meta_decode(varve_buf_slice(&step->record), meta, NULL);
    return status == VARVE_OK && is_wanted(step->job, meta) ? VARVE_OK : VARVE_NOT_FOUND;
}

/* An intent has been resolved, or would be. */
static void settle_intent(struct step *step, const varve__meta *meta)
{
    step->to.report.resolved++;
    step->to.report.bytes += (uint64_t)meta->val_bytes;
}

/* What becomes of an intent's transaction. */
static varve_txn_meta outcome_of(const varve_resolve_job_options *options, const varve__meta *meta)
{
    varve_txn_meta txn = meta->txn;
    if (options->has_epoch)
        txn.epoch = options->epoch;
    txn.write_ts = varve_ts_is_zero(options->commit_ts) ? meta->ts : options->commit_ts;
    return txn;
}

/* Resolve the intent on which the walk is to stand.  VARVE_NOT_FOUND if it does not. */
static varve_status resolve_at(varve__resolver *resolver, varve__walk *walk, varve_slice key,
                               varve_error *err)
{
    varve_status status = varve__walk_open_key(walk, resolver->change.reader, key, err);
    if (status == VARVE_OK)
        status = varve__walk_suffix(walk) == NULL ? varve__resolve_key(resolver, walk, err)
                                                  : VARVE_NOT_FOUND;
    return status == VARVE_OK ? varve__change_apply(&resolver->change, err) : status;
}

/* The step's problem is what resolving a key has come to. */
static varve_status take_problem(struct step *step, const varve__resolver *resolver,
                                 const varve__walk *walk, varve_error *err)
{
    varve_error *problem = &step->problem;
    varve_status status;
    if (resolver->is_damaged)
        status = meet_damage(step, varve__walk_prefix(walk), err);
    else if (varve__damage_is_of_record(walk, problem))
        status = meet_damage(step, walk->it->key, err);
    else
        status = varve__error_copy(problem, err);
    varve_error_release(problem);
    return status;
}

/* Resolve the intent of one key into the batch, if the state of the key allows. */
static varve_status resolve_key(struct step *step, varve_slice key, const varve__meta *meta,
                                varve_error *err)
{
    varve_batch *batch = step->job->batch;
    const varve_write how = {.struct_size = sizeof how,
                             .reader = varve_batch_reader_of(batch),
                             .writer = varve_batch_writer_of(batch),
                             .stats = &step->delta};
    const varve_txn_meta txn = outcome_of(&step->job->options, meta);
    const varve_resolution resolution = {
        .struct_size = sizeof resolution, .txn = &txn, .status = step->job->options.status};
    varve__resolver resolver;
    varve__walk walk = {.it = NULL};
    varve_status status = varve__resolver_begin(&resolver, &how, &resolution, &step->problem);
    if (status == VARVE_OK)
        status = resolve_at(&resolver, &walk, key, &step->problem);
    if (status < 0)
        status = take_problem(step, &resolver, &walk, err);
    else if (status == VARVE_OK)
        settle_intent(step, meta);
    varve__walk_release(&walk);
    varve__resolver_release(&resolver);
    return status;
}

static varve_status resolve_keys(struct step *step, varve_error *err)
{
    size_t position = 0;
    varve_status status = VARVE_OK;
    for (size_t i = 0; i < step->keys.count && status == VARVE_OK; i++) {
        varve__meta meta;
        varve_slice key = varve__names_next(&step->keys, &position);
        status = read_intent(step, key, &meta, err);
        if (status == VARVE_OK && step->job->options.estimate)
            settle_intent(step, &meta);
        else if (status == VARVE_OK)
            status = resolve_key(step, key, &meta, err);
        if (status == VARVE_NOT_FOUND)
            status = VARVE_OK;
    }
    return status;
}

static varve_status commit(struct step *step, varve_error *err)
{
    varve_resolve_job *job = step->job;
    varve_status status = varve_batch_reset(job->batch, err);
    if (status == VARVE_OK)
        status = resolve_keys(step, err);
    if (status != VARVE_OK || varve_batch_is_empty(job->batch))
        return status;
    if (job->options.has_account)
        status = varve__account_stage(job->batch, job->engine, varve_buf_slice(&job->account),
                                      &step->delta, err);
    if (status == VARVE_OK)
        status = varve_batch_commit(job->batch, job->options.durability, err);
    step->to.report.commits += status == VARVE_OK;
    return status;
}

static varve_status resolve(struct step *step, varve_error *err)
{
    varve_latch *latch = NULL;
    const varve_resolve_job_options *options = &step->job->options;
    if (step->keys.count == 0)
        return VARVE_OK;
    if (options->estimate)
        return resolve_keys(step, err);
    varve_status status = varve__names_acquire(&step->keys, varve_slice_of(NULL, 0),
                                               options->latches, options->cancel, &latch, err);
    if (status == VARVE_OK)
        status = commit(step, err);
    varve_latches_release(latch);
    return status;
}

/* ---- Steps -------------------------------------------------------------------------------------
 */

/* The step has been done: the job stands where it has come to. */
static void settle(varve_resolve_job *job, struct step *step)
{
    varve_buf key = job->from.key;
    uint64_t resolved = step->to.report.resolved - job->from.report.resolved;
    step->to.report.pause_ns = varve__rate_end(&job->rate, resolved);
    varve__damage_tell(&job->damage);
    job->from = step->to;
    job->from.key = key;
    if (!step->to.done) {
        job->from.key = step->next;
        step->next = key;
    }
}

varve_status varve_resolve_job_step(varve_resolve_job *job, bool *more, varve_error *err)
{
    struct step step = {.job = job, .to = job->from};
    varve_status status = varve_cancel_check(job->options.cancel, err);
    if (status == VARVE_OK && !job->from.done) {
        job->damage.count = 0;
        varve__rate_begin(&job->rate);
        status = gather(&step, err);
        if (status == VARVE_OK)
            status = resolve(&step, err);
        if (status == VARVE_OK)
            settle(job, &step);
    }
    varve__names_release(&step.keys);
    varve_buf_release(&step.next);
    varve_buf_release(&step.record);
    varve_buf_release(&step.behind);
    *more = !job->from.done;
    return status;
}

/* ---- What has been done ------------------------------------------------------------------------
 */

varve_status varve_resolve_job_get_progress(varve_resolve_job *job, varve_job_progress *progress,
                                            varve_error *err)
{
    const varve_job_progress known = {
        .keys = job->from.keys, .records = job->from.records, .bytes = job->from.bytes};
    return varve__place_tell(varve_buf_slice(&job->from.key), &job->at, known, progress, err);
}

varve_status varve_resolve_job_get_report(const varve_resolve_job *job,
                                          varve_resolve_job_report *report, varve_error *err)
{
    size_t given;
    varve_status status = varve__struct_size(report, "varve_resolve_job_report", &given, err);
    if (status == VARVE_OK)
        varve__struct_give(report, given, &job->from.report, sizeof job->from.report);
    return status;
}
