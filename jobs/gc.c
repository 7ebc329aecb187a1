#include "jobs/gc.h"

#include <varve/admin.h>

#include "jobs/place.h"
#include "jobs/token.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

#define TOKEN_KIND 'G'
#define BATCH_VERSIONS 4096

/* ---- Options -----------------------------------------------------------------------------------
 */

static varve_status check_options(const varve_gc *job, const varve_gc_options *options,
                                  varve_error *err)
{
    if (!job->policy.has_age && !job->policy.has_count)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "the policy keeps everything: it has neither an age nor a count");
    if (options->now.wall <= 0 || options->now.logical < 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "varve_gc_options.now is not a time of the present");
    if (job->end.size > 0 &&
        varve_slice_compare(varve_buf_slice(&job->start), varve_buf_slice(&job->end)) >= 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "varve_gc_options.span has no keys of applications");
    return VARVE_OK;
}

static varve_status set_span(varve_gc *job, varve_span span, varve_error *err)
{
    if (varve_slice_compare(span.start, varve_key_app_min()) < 0)
        span.start = varve_key_app_min();
    varve_status status = varve__buf_assign(&job->start, span.start, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&job->end, span.end, err);
    return status == VARVE_OK ? varve_span_encode(span, &job->lower, &job->upper, err) : status;
}

static varve_status take_options(varve_gc *job, const varve_gc_options *options, varve_error *err)
{
    job->latches = options->latches;
    job->cancel = options->cancel;
    job->is_estimate = options->estimate;
    job->has_account = options->has_account;
    job->durability = options->durability;
    job->batch_versions = options->batch_versions > 0 ? options->batch_versions : BATCH_VERSIONS;
    job->rate.per_second = options->estimate ? 0 : options->rate;
    job->now = options->now;
    job->damage.each = options->damaged;
    job->damage.arg = options->damaged_arg;
    varve_status status = varve__gc_decider_init(&job->policy, options->policy, options->now, err);
    job->decider = job->policy;
    if (status == VARVE_OK)
        status = set_span(job, options->span, err);
    if (status == VARVE_OK)
        status = check_options(job, options, err);
    if (status == VARVE_OK)
        status = varve__buf_assign(&job->account, options->account, err);
    return status == VARVE_OK ? varve__buf_assign(&job->from.key, varve_buf_slice(&job->lower), err)
                              : status;
}

/* ---- Tokens ------------------------------------------------------------------------------------
 */

/* The counters of a place, in the order of the token. */
enum { NUMBERS = 15 };

static void list_numbers(varve__gc_place *from, uint64_t *list[NUMBERS])
{
    varve_gc_report *report = &from->report;
    uint64_t *const numbers[NUMBERS] = {
        &from->keys,
        &from->records,
        &from->bytes,
        &report->collected.versions,
        &report->collected.bytes,
        &report->collected_keys,
        &report->intent_keys,
        &report->commits,
        &report->kept_by_policy.versions,
        &report->kept_by_policy.bytes,
        &report->kept_by_holds.versions,
        &report->kept_by_holds.bytes,
        &report->kept_by_intents.versions,
        &report->kept_by_intents.bytes,
        &report->damaged_keys,
    };
    memcpy(list, numbers, sizeof numbers);
}

static varve_status token_ts(varve_buf *token, varve_ts ts, varve_error *err)
{
    varve_status status = varve__token_number(token, (uint64_t)ts.wall, err);
    return status == VARVE_OK ? varve__token_number(token, (uint64_t)ts.logical, err) : status;
}

static varve_ts take_ts(varve__token_reader *reader)
{
    int64_t wall = (int64_t)varve__token_take_number(reader);
    return varve_ts_of(wall, (int32_t)varve__token_take_number(reader));
}

static varve__token_job token_job(const varve_gc *job)
{
    return (varve__token_job){.kind = TOKEN_KIND,
                              .estimate = job->is_estimate,
                              .lower = varve_buf_slice(&job->lower),
                              .upper = varve_buf_slice(&job->upper)};
}

static varve_status token_place(varve__gc_place *from, varve_buf *token, varve_error *err)
{
    uint64_t *numbers[NUMBERS];
    list_numbers(from, numbers);
    varve_status status = varve__token_number(token, from->done, err);
    for (size_t i = 0; i < NUMBERS && status == VARVE_OK; i++)
        status = varve__token_number(token, *numbers[i], err);
    if (status == VARVE_OK)
        status = token_ts(token, from->report.oldest_intent, err);
    if (status == VARVE_OK)
        status = token_ts(token, from->report.horizon, err);
    if (status == VARVE_OK)
        status = varve__token_bytes(token, varve_buf_slice(&from->key), err);
    return status == VARVE_OK ? varve__token_bytes(token, varve_buf_slice(&from->bound), err)
                              : status;
}

static varve_status token_holds(const varve__gc_estimate *estimate, varve_buf *token,
                                varve_error *err)
{
    varve_status status = varve__token_number(token, estimate->hold_count, err);
    for (size_t i = 0; i < estimate->hold_count && status == VARVE_OK; i++) {
        const varve__gc_held *held = &estimate->holds[i];
        status = token_ts(token, held->ts, err);
        if (status == VARVE_OK)
            status = varve__token_number(token, held->keeps.versions, err);
        if (status == VARVE_OK)
            status = varve__token_number(token, held->keeps.bytes, err);
    }
    return status;
}

varve_status varve_gc_token(const varve_gc *job, varve_buf *token, varve_error *err)
{
    varve__gc_place from = job->from;
    const varve__token_job kind = token_job(job);
    varve_status status = varve__token_begin(&kind, token, err);
    if (status == VARVE_OK)
        status = token_place(&from, token, err);
    if (status == VARVE_OK)
        status = token_holds(&job->estimate, token, err);
    return status == VARVE_OK ? varve__token_end(token, err) : status;
}

static varve_status take_place(varve__gc_place *from, varve__token_reader *reader,
                               const varve__token_job *kind, varve_error *err)
{
    uint64_t *numbers[NUMBERS];
    list_numbers(from, numbers);
    from->done = varve__token_take_number(reader) != 0;
    for (size_t i = 0; i < NUMBERS; i++)
        *numbers[i] = varve__token_take_number(reader);
    from->report.oldest_intent = take_ts(reader);
    from->report.horizon = take_ts(reader);
    varve_slice key = varve__token_take_place(reader, kind);
    varve_slice bound = varve__token_take_bytes(reader);
    varve_status status = varve__buf_assign(&from->key, key, err);
    return status == VARVE_OK ? varve__buf_assign(&from->bound, bound, err) : status;
}

static varve_status take_holds(varve__gc_estimate *estimate, varve__token_reader *reader,
                               varve_error *err)
{
    bool same = varve__token_take_number(reader) == estimate->hold_count;
    for (size_t i = 0; i < estimate->hold_count && same; i++) {
        varve__gc_held *held = &estimate->holds[i];
        same = varve_ts_compare(take_ts(reader), held->ts) == 0;
        held->keeps.versions = varve__token_take_number(reader);
        held->keeps.bytes = varve__token_take_number(reader);
    }
    if (!same)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "the holds of the store are not those of when the job began");
    return VARVE_OK;
}

/* Whether the bound is the engine key of a version of the key. */
static bool is_sound(const varve__gc_place *from)
{
    varve__key_parts parts;
    return from->bound.size == 0 ||
           (varve__key_split(varve_buf_slice(&from->bound), &parts, NULL) == VARVE_OK &&
            varve_slice_equal(parts.prefix, varve_buf_slice(&from->key)) && parts.suffix.size > 0);
}

static varve_status resume(varve_gc *job, varve_slice token, varve_error *err)
{
    varve__token_reader reader;
    const varve__token_job kind = token_job(job);
    varve_status status = varve__token_open(token, &kind, &reader, err);
    if (status != VARVE_OK)
        return status;
    status = take_place(&job->from, &reader, &kind, err);
    if (status == VARVE_OK)
        status = take_holds(&job->estimate, &reader, err);
    if (status == VARVE_OK)
        status = varve__token_close(&reader, err);
    return status == VARVE_OK && !is_sound(&job->from) ? varve__token_fail(err) : status;
}

/* ---- Opening and closing -----------------------------------------------------------------------
 */

static varve_status start(varve_gc *job, const varve_gc_options *options, varve_error *err)
{
    varve_status status = take_options(job, options, err);
    if (status == VARVE_OK && job->is_estimate)
        status = varve__gc_estimate_open(job, err);
    else if (status == VARVE_OK)
        status = varve_batch_open(job->engine, VARVE_BATCH_WRITE_ONLY, &job->batch, err);
    if (status == VARVE_OK && options->resume.size > 0)
        status = resume(job, options->resume, err);
    if (status == VARVE_OK)
        status =
            varve_engine_approximate_bytes(job->engine, varve_buf_slice(&job->lower),
                                           varve_buf_slice(&job->upper), &job->total_bytes, err);
    return status;
}

varve_status varve_gc_open(varve_engine *engine, const varve_gc_options *options, varve_gc **out,
                           varve_error *err)
{
    varve_gc_options known;
    *out = NULL;
    varve_status status =
        varve__struct_copy(&known, sizeof known, options, "varve_gc_options", err);
    if (status != VARVE_OK)
        return status;
    varve_gc *job = varve__calloc(1, sizeof *job);
    if (job == NULL)
        return varve__fail_no_memory(err, sizeof *job);
    job->engine = engine;
    status = start(job, &known, err);
    if (status == VARVE_OK)
        *out = job;
    else
        varve_gc_close(job);
    return status;
}

void varve_gc_close(varve_gc *job)
{
    if (job == NULL)
        return;
    varve__gc_estimate_close(&job->estimate);
    varve__damage_release(&job->damage);
    varve_batch_close(job->batch);
    varve_buf_release(&job->account);
    varve_buf_release(&job->start);
    varve_buf_release(&job->end);
    varve_buf_release(&job->lower);
    varve_buf_release(&job->upper);
    varve_buf_release(&job->from.key);
    varve_buf_release(&job->from.bound);
    varve_buf_release(&job->at);
    varve__free(job);
}

/* ---- Steps -------------------------------------------------------------------------------------
 */

void varve__gc_meet_intent(varve_gc_report *report, varve_ts ts)
{
    bool is_oldest = report->intent_keys == 0 || varve_ts_compare(ts, report->oldest_intent) < 0;
    report->intent_keys++;
    if (is_oldest)
        report->oldest_intent = ts;
}

varve_status varve__gc_fail_intent(varve_error *err)
{
    return varve__fail(err, VARVE_CORRUPT, "the newest version is not at the intent's timestamp");
}

varve_status varve_gc_step(varve_gc *job, bool *more, varve_error *err)
{
    varve_status status = varve_cancel_check(job->cancel, err);
    *more = !job->from.done;
    if (status != VARVE_OK || job->from.done)
        return status;
    job->damage.count = 0;
    uint64_t before = job->from.report.collected.versions;
    varve__rate_begin(&job->rate);
    status =
        job->is_estimate ? varve__gc_estimate_step(job, err) : varve__gc_collect_step(job, err);
    if (status < 0)
        return status;
    varve__damage_tell(&job->damage);
    varve_gc_report *report = &job->from.report;
    report->pause_ns = varve__rate_end(&job->rate, report->collected.versions - before);
    job->from.done = status == VARVE_NOT_FOUND;
    *more = !job->from.done;
    return VARVE_OK;
}

/* ---- What has been found -----------------------------------------------------------------------
 */

/* With what has been seen of the current key. */
static const varve__gc_place *newest_place(const varve_gc *job)
{
    return job->estimate.in_key ? &job->estimate.working : &job->from;
}

varve_status varve_gc_get_progress(varve_gc *job, varve_job_progress *progress, varve_error *err)
{
    const varve__gc_place *place = newest_place(job);
    const varve_job_progress known = {.keys = place->keys,
                                      .records = place->records,
                                      .bytes = place->bytes,
                                      .total_bytes = job->total_bytes};
    return varve__place_tell(varve_buf_slice(&job->from.key), &job->at, known, progress, err);
}

varve_status varve_gc_get_report(const varve_gc *job, varve_gc_report *report, varve_error *err)
{
    size_t given;
    varve_status status = varve__struct_size(report, "varve_gc_report", &given, err);
    if (status == VARVE_OK)
        varve__struct_give(report, given, &newest_place(job)->report, sizeof *report);
    return status;
}
