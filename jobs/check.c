#include <varve/check.h>

#include <inttypes.h>
#include <stdio.h>

#include <varve/admin.h>
#include <varve/ts.h>
#include <varve/value.h>

#include "mvcc/recount.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/fail.h"

#define STEP_RECORDS 16384

/* What is known of the key that the walk is in. */
struct key_state {
    bool is_open;  /* the walk is in a key whose records decode so far */
    bool is_known; /* its user key has been decoded; also behind its last record */
    bool is_left_out;
    bool awaits_version; /* its metadata is an intent's, whose value has to come next */
    bool is_inline;
    varve__meta meta;   /* where one of these needs it */
    varve_stats before; /* the statistics without the key */
};

struct varve_check {
    varve_engine *engine;
    varve_snapshot *snapshot;
    varve_buf upper;
    uint64_t step_records;
    varve_finding_fn each;
    void *arg;
    const varve_cancel *cancel;
    varve__walk walk;
    varve_slice value;    /* of the record that the walk stands on */
    varve_slice user_key; /* of the current key, once it is known; in the walk, or unescaped */
    varve_buf unescaped;
    struct key_state key;
    varve__recount count;
    varve_buf last; /* the record before; at first the lower bound */
    bool has_last;
    bool in_windows;      /* something could not be read */
    bool is_behind_gap;   /* and nothing has been read since */
    varve_buf from;       /* of the window */
    varve_buf window_end; /* empty in the last window */
    varve_buf told;       /* what was told last of what cannot be read */
    bool done;
    varve_error problem; /* of what is being read; empty but where it is looked at: making a new one
                            empty for each record would take a tenth of the time */
    varve_job_progress progress;
    varve_check_result result;
};

/* ---- Names -------------------------------------------------------------------------------------
 */

const char *varve_check_problem_word(varve_check_problem problem)
{
    static const char *const words[] = {
#define WORD(name, word, text) word,
        VARVE_CHECK_MAP(WORD)
#undef WORD
    };
    return (unsigned)problem < VARVE_CHECK_PROBLEMS ? words[problem] : "?";
}

const char *varve_check_problem_text(varve_check_problem problem)
{
    static const char *const texts[] = {
#define TEXT(name, word, text) text,
        VARVE_CHECK_MAP(TEXT)
#undef TEXT
    };
    return (unsigned)problem < VARVE_CHECK_PROBLEMS ? texts[problem] : "?";
}

/* ---- Findings ----------------------------------------------------------------------------------
 */

/* End with the problem. */
static varve_status give_problem(varve_check *job, varve_error *err)
{
    varve_status status = varve__error_copy(&job->problem, err);
    varve_error_release(&job->problem);
    return status;
}

/* Decode the current key, once. */
static varve_status know_user_key(varve_check *job, varve_error *err)
{
    if (job->key.is_known)
        return VARVE_OK;
    varve_slice prefix = varve__walk_prefix(&job->walk);
    varve_status status = varve__key_view(prefix, &job->unescaped, &job->user_key, err);
    job->key.is_known = status == VARVE_OK;
    return status;
}

static void tell(varve_check *job, varve_finding *finding)
{
    finding->struct_size = sizeof *finding;
    job->result.findings++;
    job->result.problems[finding->problem]++;
    if (job->each != NULL)
        job->each(job->arg, finding);
}

/* Tell of a record of the current key. */
static varve_status tell_record(varve_check *job, varve_check_problem problem, varve_ts ts,
                                const char *text, varve_error *err)
{
    varve_finding finding = {.problem = problem, .has_user_key = true, .ts = ts, .text = text};
    varve_buf engine_key = VARVE_BUF_INIT;
    varve_status status = know_user_key(job, err);
    if (status == VARVE_OK)
        status = varve_key_encode(job->user_key, ts, &engine_key, err);
    if (status == VARVE_OK) {
        finding.engine_key = varve_buf_slice(&engine_key);
        finding.user_key = job->user_key;
        tell(job, &finding);
    }
    varve_buf_release(&engine_key);
    return status;
}

/* The statistics do without the current key from now on. */
static void leave_out(varve_check *job)
{
    if (job->key.is_left_out)
        return;
    job->key.is_left_out = true;
    job->count.stats = job->key.before;
    job->result.keys_left_out++;
}

/* The record that the walk stands on has a problem that is not of one key. */
static void tell_raw(varve_check *job, varve_check_problem problem, varve_slice engine_key,
                     const char *text)
{
    varve_finding finding = {.problem = problem, .engine_key = engine_key, .text = text};
    tell(job, &finding);
}

/* ---- Values ------------------------------------------------------------------------------------
 */

static bool has_checksum(varve_slice raw)
{
    return raw.size > 0 && (raw.size < VARVE_VALUE_HEADER_SIZE ||
                            (raw.data[0] | raw.data[1] | raw.data[2] | raw.data[3]) != 0);
}

static varve_status check_value(varve_check *job, varve_slice raw, varve_ts ts, varve_error *err)
{
    if (!has_checksum(raw))
        return VARVE_OK;
    varve_status status = know_user_key(job, err);
    if (status != VARVE_OK || varve_value_verify(raw, job->user_key, &job->problem) == VARVE_OK)
        return status;
    status = tell_record(job, VARVE_CHECK_VALUE, ts, job->problem.message, err);
    varve_error_release(&job->problem);
    return status;
}

/* ---- Metadata ----------------------------------------------------------------------------------
 */

/* Sequence numbers ascend, and end below that of the intent. */
static varve_status check_history(varve_check *job, varve_slice record, varve_error *err)
{
    varve__history_entry entry;
    const varve__meta *meta = &job->key.meta;
    int64_t before = -1;
    bool sound = true;
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && varve__meta_next_history(&record, &entry)) {
        sound = sound && entry.sequence > before && entry.sequence < meta->txn.sequence;
        before = entry.sequence;
        status = check_value(job, entry.value, varve_ts_zero(), err);
    }
    if (status != VARVE_OK || sound)
        return status;
    return tell_record(job, VARVE_CHECK_HISTORY, varve_ts_zero(),
                       "the sequence numbers of the intent's earlier values do not ascend to its "
                       "own",
                       err);
}

static varve_status take_meta(varve_check *job, varve_slice record, varve_error *err)
{
    struct key_state *key = &job->key;
    key->is_inline = key->meta.has_raw;
    key->awaits_version = key->meta.has_txn;
    if (key->is_inline)
        return check_value(job, key->meta.raw, varve_ts_zero(), err);
    return check_history(job, record, err);
}

static varve_status check_meta(varve_check *job, varve_error *err)
{
    varve_slice record = job->value;
    varve_status status = varve__meta_decode(record, &job->key.meta, &job->problem);
    if (status == VARVE_OK)
        return take_meta(job, record, err);
    if (status == VARVE_NO_MEMORY)
        return give_problem(job, err);
    leave_out(job);
    status =
        tell_record(job, status == VARVE_MERGE_CONFLICT ? VARVE_CHECK_MERGE : VARVE_CHECK_METADATA,
                    varve_ts_zero(), job->problem.message, err);
    varve_error_release(&job->problem);
    return status;
}

/* The newest version of a key with an intent has to be its provisional value. */
static varve_status check_provisional(varve_check *job, varve_ts ts, varve_slice value,
                                      varve_error *err)
{
    const varve__meta *meta = &job->key.meta;
    char text[160];
    job->key.awaits_version = false;
    if (varve_ts_compare(ts, meta->ts) != 0) {
        leave_out(job);
        return tell_record(job, VARVE_CHECK_INTENT, varve_ts_zero(),
                           "the newest version is not at the intent's timestamp", err);
    }
    if (meta->key_bytes == VARVE_VERSION_TS_SIZE && meta->val_bytes == (int64_t)value.size &&
        meta->deleted == (value.size == 0))
        return VARVE_OK;
    leave_out(job);
    (void)snprintf(text, sizeof text,
                   "the record says %" PRId64 " bytes of key, %" PRId64 " of value, %s; the "
                   "version has %d, %zu, and is %s",
                   meta->key_bytes, meta->val_bytes, meta->deleted ? "deleted" : "not deleted",
                   VARVE_VERSION_TS_SIZE, value.size, value.size == 0 ? "deleted" : "not deleted");
    return tell_record(job, VARVE_CHECK_MISMATCH, varve_ts_zero(), text, err);
}

/* ---- Records -----------------------------------------------------------------------------------
 */

static varve_status check_version(varve_check *job, varve_error *err)
{
    struct key_state *key = &job->key;
    varve_ts ts = varve__suffix_decode(varve__walk_suffix(&job->walk));
    varve_slice value = job->value;
    varve_status status = VARVE_OK;
    if (key->awaits_version)
        status = check_provisional(job, ts, value, err);
    if (key->is_inline) {
        key->is_inline = false; /* once a key is enough */
        leave_out(job);
        status = tell_record(job, VARVE_CHECK_INLINE, ts,
                             "the key has an inline value and versions", err);
    }
    return status == VARVE_OK ? check_value(job, value, ts, err) : status;
}

/* All records of the current key have been seen. */
static varve_status end_key(varve_check *job, varve_error *err)
{
    bool lacks_version = job->key.is_open && job->key.awaits_version;
    if (lacks_version)
        leave_out(job);
    varve_status status = VARVE_OK;
    if (lacks_version)
        status =
            tell_record(job, VARVE_CHECK_INTENT, varve_ts_zero(), "the key has no version", err);
    job->progress.keys += job->key.is_open;
    job->key.is_open = false;
    return status;
}

static bool is_application_key(const varve_check *job)
{
    return varve__walk_prefix(&job->walk).data[0] >= varve_key_app_min().data[0];
}

/* varve's own records are in no account, and of a key behind damage the first ones may be missing.
 */
static void begin_count(varve_check *job)
{
    bool is_torn = job->is_behind_gap && varve__walk_suffix(&job->walk) != NULL;
    job->is_behind_gap = false;
    job->key.before = job->count.stats;
    if (is_torn || !is_application_key(job))
        job->key.is_left_out = true;
    else if (varve__recount_first(&job->count, &job->walk, job->value, NULL) != VARVE_OK)
        leave_out(job);
}

static varve_status first_record(varve_check *job, varve_error *err)
{
    struct key_state *key = &job->key;
    key->is_open = true;
    key->is_known = false;
    key->is_left_out = false;
    key->awaits_version = false;
    key->is_inline = false;
    begin_count(job);
    return varve__walk_suffix(&job->walk) == NULL ? check_meta(job, err) : check_version(job, err);
}

static varve_status older_record(varve_check *job, varve_error *err)
{
    if (!job->key.is_left_out &&
        varve__recount_older(&job->count, &job->walk, job->value, NULL) != VARVE_OK)
        leave_out(job);
    return check_version(job, err);
}

/* The key of the record does not decode: it belongs to nothing. */
static varve_status malformed_record(varve_check *job, varve_error *err)
{
    if (job->problem.status == VARVE_NO_MEMORY)
        return give_problem(job, err);
    tell_raw(job, VARVE_CHECK_KEY, job->walk.it->key, job->problem.message);
    job->result.keys_left_out++;
    varve_error_release(&job->problem);
    return VARVE_OK;
}

static varve_status check_order(varve_check *job, varve_error *err)
{
    varve_slice key = job->walk.it->key;
    if (job->has_last && varve_slice_compare(key, varve_buf_slice(&job->last)) <= 0)
        tell_raw(job, VARVE_CHECK_ORDER, key, "the record does not stand behind the one before it");
    job->has_last = true;
    return varve__buf_assign(&job->last, key, err);
}

/* Check the record that the walk stands on. */
static varve_status check_record(varve_check *job, varve_error *err)
{
    varve_status status = check_order(job, err);
    job->value = varve_iter_value(job->walk.it);
    job->progress.records++;
    job->progress.bytes += job->walk.it->key.size + job->value.size;
    if (status != VARVE_OK)
        return status;
    if (job->key.is_open) {
        status = varve__walk_check(&job->walk, &job->problem);
        if (status == VARVE_OK)
            return older_record(job, err);
        if (status != VARVE_NOT_FOUND)
            return malformed_record(job, err);
        status = end_key(job, err);
        if (status != VARVE_OK)
            return status;
    }
    status = varve__walk_enter(&job->walk, &job->problem);
    return status == VARVE_OK ? first_record(job, err) : malformed_record(job, err);
}

/* ---- Passing over what cannot be read ----------------------------------------------------------
 *
 * An iterator over everything fails at once if it has to look into a damaged block, wherever that
 * lies: it merges all tables.  From the first failure on, the rest is read in windows between the
 * bounds of tables, so that only windows in which a damaged block has a part lose anything, and of
 * these only what lies between where reading fails and where it can go on.
 */

/* The lowest bound of a table behind a key. */
struct search {
    varve_slice behind;
    varve_buf bound;
    varve_buf candidate;
    varve_status status;
};

static void consider(struct search *search, varve_slice key, bool behind_key)
{
    if (search->status == VARVE_OK)
        search->status = varve__buf_assign(&search->candidate, key, NULL);
    if (search->status == VARVE_OK && behind_key)
        search->status = varve__buf_append(&search->candidate, varve_slice_of("", 1), NULL);
    varve_slice bound = varve_buf_slice(&search->candidate);
    if (search->status != VARVE_OK || varve_slice_compare(bound, search->behind) <= 0)
        return;
    if (search->bound.size == 0 || varve_slice_compare(bound, varve_buf_slice(&search->bound)) < 0)
        search->status = varve__buf_assign(&search->bound, bound, NULL);
}

static bool take_bounds(void *arg, const varve_table *table)
{
    struct search *search = arg;
    consider(search, table->start, false);
    consider(search, table->end, true);
    return search->status == VARVE_OK;
}

/* Find the end of the window that begins at `from`; empty if none of the tables ends it. */
static varve_status find_window_end(varve_check *job, varve_error *err)
{
    struct search search = {.behind = varve_buf_slice(&job->from), .status = VARVE_OK};
    varve_status status = varve_engine_tables(job->engine, take_bounds, &search, err);
    if (status == VARVE_OK && search.status != VARVE_OK)
        status = varve__fail_no_memory(err, search.behind.size);
    varve_slice end = varve_buf_slice(&search.bound);
    if (job->upper.size > 0 && varve_slice_compare(end, varve_buf_slice(&job->upper)) >= 0)
        end.size = 0;
    if (status == VARVE_OK)
        status = varve__buf_assign(&job->window_end, end, err);
    varve_buf_release(&search.bound);
    varve_buf_release(&search.candidate);
    return status;
}

/* Read on from `from`, in a window.  Whether there is a record is for the next step to see. */
static varve_status open_window(varve_check *job, varve_error *err)
{
    varve_status status = find_window_end(job, err);
    if (status != VARVE_OK)
        return status;
    const varve_buf *upper = job->window_end.size > 0 ? &job->window_end : &job->upper;
    varve_iter_options options = {.struct_size = sizeof options,
                                  .lower = varve_buf_slice(&job->from),
                                  .upper = varve_buf_slice(upper)};
    varve_iter_close(job->walk.it);
    job->walk.it = NULL;
    status = varve_iter_open(varve_snapshot_reader(job->snapshot), &options, &job->walk.it, err);
    if (status == VARVE_OK)
        (void)varve_iter_seek_ge(job->walk.it, varve_buf_slice(&job->from));
    return status;
}

static varve_status next_window(varve_check *job, varve_error *err)
{
    if (job->window_end.size == 0)
        return VARVE_NOT_FOUND;
    varve_status status = varve__buf_assign(&job->from, varve_buf_slice(&job->window_end), err);
    return status == VARVE_OK ? open_window(job, err) : status;
}

static varve_status first_window(varve_check *job, varve_error *err)
{
    job->in_windows = true;
    varve_status status = varve__buf_assign(&job->from, varve_buf_slice(&job->last), err);
    if (status == VARVE_OK && job->has_last)
        status = varve__buf_append(&job->from, varve_slice_of("", 1), err);
    return status == VARVE_OK ? open_window(job, err) : status;
}

/* Read on behind the damage, in the window if anything of it can be read there. */
static varve_status cross(varve_check *job, varve_error *err)
{
    varve_slice from = varve_buf_slice(&job->from);
    varve_slice end = varve_buf_slice(job->window_end.size > 0 ? &job->window_end : &job->upper);
    if (job->has_last && varve_slice_compare(varve_buf_slice(&job->last), from) > 0)
        from = varve_buf_slice(&job->last);
    job->is_behind_gap = true;
    if (end.size > 0 && varve_iter_seek_past(job->walk.it, from, end))
        return VARVE_OK;
    if (varve_iter_status(job->walk.it, &job->problem) == VARVE_NO_MEMORY)
        return give_problem(job, err);
    varve_error_release(&job->problem);
    return next_window(job, err);
}

/* A block that has a part in several windows is told of once. */
static varve_status tell_unreadable(varve_check *job, const char *text, varve_error *err)
{
    varve_slice told = varve_slice_text(text);
    uint64_t left_out = job->result.keys_left_out;
    if (job->key.is_open)
        leave_out(job);
    job->key.is_open = false;
    if (varve_slice_equal(told, varve_buf_slice(&job->told)))
        return VARVE_OK;
    /* A place, unless the key stands for it: one that counts for nothing does not. */
    job->result.keys_left_out += job->result.keys_left_out == left_out;
    tell_raw(job, VARVE_CHECK_UNREADABLE, varve_buf_slice(&job->last), text);
    return varve__buf_assign(&job->told, told, err);
}

static bool is_damage(varve_status status)
{
    return status == VARVE_CORRUPT || status == VARVE_IO || status == VARVE_CORRUPT_KEY;
}

/* The engine could not read on behind the last record. */
static varve_status pass_over(varve_check *job, varve_error *err)
{
    if (!is_damage(job->problem.status))
        return give_problem(job, err);
    varve_status status = VARVE_OK;
    if (job->in_windows)
        status = tell_unreadable(job, job->problem.message, err);
    varve_error_release(&job->problem);
    if (status != VARVE_OK)
        return status;
    return job->in_windows ? cross(job, err) : first_window(job, err);
}

/* ---- Steps -------------------------------------------------------------------------------------
 */

/* Check one record, or find out where there is one.  VARVE_NOT_FOUND at the end. */
static varve_status go_on(varve_check *job, varve_error *err)
{
    varve_status status = varve__walk_arrived(&job->walk, &job->problem);
    if (status == VARVE_NOT_FOUND)
        return job->in_windows ? next_window(job, err) : status;
    if (status != VARVE_OK)
        return pass_over(job, err);
    status = check_record(job, err);
    (void)varve_iter_next(job->walk.it);
    return status;
}

static varve_status check_step(varve_check *job, varve_error *err)
{
    uint64_t until = job->progress.records + job->step_records;
    varve_status status = VARVE_OK;
    while (status == VARVE_OK && job->progress.records < until)
        status = go_on(job, err);
    if (status != VARVE_NOT_FOUND)
        return status;
    job->done = true;
    return end_key(job, err);
}

varve_status varve_check_step(varve_check *job, bool *more, varve_error *err)
{
    varve_status status = varve_cancel_check(job->cancel, err);
    if (status == VARVE_OK && !job->done)
        status = check_step(job, err);
    *more = !job->done;
    return status;
}

/* ---- Opening and closing -----------------------------------------------------------------------
 */

static varve_status start(varve_check *job, varve_engine *engine,
                          const varve_check_options *options, varve_error *err)
{
    job->engine = engine;
    job->each = options->each;
    job->arg = options->arg;
    job->cancel = options->cancel;
    job->step_records = options->step_records > 0 ? options->step_records : STEP_RECORDS;
    job->count.stats.last_update_nanos = options->now_nanos;
    varve_status status = varve_span_encode(options->span, &job->last, &job->upper, err);
    if (status == VARVE_OK)
        status = varve_snapshot_open(engine, &job->snapshot, err);
    if (status == VARVE_OK)
        status = varve_engine_approximate_bytes(engine, varve_buf_slice(&job->last),
                                                varve_buf_slice(&job->upper),
                                                &job->progress.total_bytes, err);
    if (status != VARVE_OK)
        return status;
    (void)varve__walk_open_first(&job->walk, varve_snapshot_reader(job->snapshot),
                                 varve_buf_slice(&job->last), varve_buf_slice(&job->upper),
                                 &job->problem);
    if (job->walk.it == NULL)
        return give_problem(job, err);
    /* What cannot be read is a finding of the first step. */
    varve_error_release(&job->problem);
    return VARVE_OK;
}

varve_status varve_check_open(varve_engine *engine, const varve_check_options *options,
                              varve_check **out, varve_error *err)
{
    varve_check_options known;
    varve_status status =
        varve__struct_copy(&known, sizeof known, options, "varve_check_options", err);
    if (status != VARVE_OK)
        return status;
    varve_check *job = varve__calloc(1, sizeof *job);
    if (job == NULL)
        return varve__fail_no_memory(err, sizeof *job);
    status = start(job, engine, &known, err);
    if (status != VARVE_OK)
        varve_check_close(job);
    else
        *out = job;
    return status;
}

void varve_check_close(varve_check *job)
{
    if (job == NULL)
        return;
    varve__walk_release(&job->walk);
    varve_snapshot_close(job->snapshot);
    varve_buf_release(&job->upper);
    varve_buf_release(&job->last);
    varve_buf_release(&job->from);
    varve_buf_release(&job->window_end);
    varve_buf_release(&job->told);
    varve_buf_release(&job->unescaped);
    varve__free(job);
}

/* ---- What has been found -----------------------------------------------------------------------
 */

varve_status varve_check_get_progress(varve_check *job, varve_job_progress *progress,
                                      varve_error *err)
{
    size_t given;
    varve_status status = varve__struct_size(progress, "varve_job_progress", &given, err);
    if (status == VARVE_OK && job->walk.prefix.size > 0)
        status = know_user_key(job, err);
    if (status != VARVE_OK)
        return status;
    varve_job_progress known = job->progress;
    known.keys += job->key.is_open;
    known.at = job->user_key;
    varve__struct_give(progress, given, &known, sizeof known);
    return VARVE_OK;
}

varve_status varve_check_get_result(const varve_check *job, varve_check_result *result,
                                    varve_error *err)
{
    size_t given;
    varve_status status = varve__struct_size(result, "varve_check_result", &given, err);
    if (status != VARVE_OK)
        return status;
    varve_check_result known = job->result;
    known.stats = job->count.stats;
    varve__struct_give(result, given, &known, sizeof known);
    return VARVE_OK;
}

varve_reader *varve_check_reader(const varve_check *job)
{
    return varve_snapshot_reader(job->snapshot);
}
