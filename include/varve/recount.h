/*
 * The recount job: statistics of a span by reading it, in steps, on one snapshot of the store.
 *
 * Writers go on meanwhile.  What has been counted is the state of the moment when the job was
 * opened, and an account of the same moment can be held against it, and be corrected, although
 * others have added to it since.
 */
#ifndef VARVE_RECOUNT_H
#define VARVE_RECOUNT_H

#include <varve/job.h>
#include <varve/stats_account.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_recount varve_recount;

/* Set `struct_size`; zero elsewhere counts all keys of applications as of the time 0. */
typedef struct varve_recount_options {
    size_t struct_size;
    varve_span span;            /* empty start: varve_key_app_min(); empty end: all that follows */
    int64_t now_nanos;          /* wall time to which ages are computed; a token brings its own */
    uint64_t step_records;      /* that a step reads at most; 0 = 16,384 */
    varve_slice resume;         /* a token, or empty; copied */
    const varve_cancel *cancel; /* NULL = none; looked at before each step */
} varve_recount_options;

/*
 * Open a job.  A token must be of a job over the same span, and nothing must have been written to
 * the store since that job was opened: what was counted then would no longer be true.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for options that do not fit, bytes that are no token of
 * such a job, and a store that has changed; VARVE_UNSUPPORTED for options of a later version;
 * VARVE_CORRUPT_KEY; VARVE_NO_MEMORY; what the store returns.
 */
VARVE_API VARVE_NODISCARD varve_status varve_recount_open(varve_engine *engine,
                                                          const varve_recount_options *options,
                                                          varve_recount **out, varve_error *err);

/*
 * Count on.  `*more` is false behind the last key, and a step more then does nothing.
 *
 * Returns VARVE_OK or what varve_stats_compute() returns.  After a failure the job stands where it
 * stood at the beginning of the key at fault, and so would the next step.
 */
VARVE_API VARVE_NODISCARD varve_status varve_recount_step(varve_recount *job, bool *more,
                                                          varve_error *err);

/* Fill `progress`.  Returns VARVE_OK, VARVE_INVALID_ARGUMENT or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_recount_get_progress(varve_recount *job,
                                                                  varve_job_progress *progress,
                                                                  varve_error *err);

/* What has been counted so far; of the whole span once there is no more. */
VARVE_API varve_stats varve_recount_stats(const varve_recount *job);

/* Replace the contents of `token` by the job's.  Returns VARVE_OK or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_recount_token(const varve_recount *job,
                                                           varve_buf *token, varve_error *err);

/*
 * Of a job that is at its end: what the account `name`, as it was when the job was opened, lacks of
 * the numbers counted; all zero but for its time if it was right.
 *
 * Returns VARVE_OK; VARVE_MISUSE before the end; otherwise as varve_stats_account_get().
 */
VARVE_API VARVE_NODISCARD varve_status varve_recount_difference(varve_recount *job,
                                                                varve_slice name,
                                                                varve_stats *difference,
                                                                varve_error *err);

/* Close the job; NULL is fine. */
VARVE_API void varve_recount_close(varve_recount *job);

#ifdef __cplusplus
}
#endif

#endif
