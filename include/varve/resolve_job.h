/*
 * The resolution job: ends transactions that nobody will end any more, by resolving their intents
 * over a span, in steps.
 *
 * Writers may go on meanwhile.  What a transaction has come to is for its coordinator to say; this
 * job takes the caller's word for it, and that cannot be taken back: a committed value is seen by
 * everybody, an aborted one is lost.
 */
#ifndef VARVE_RESOLVE_JOB_H
#define VARVE_RESOLVE_JOB_H

#include <varve/job.h>
#include <varve/latches.h>
#include <varve/resolve.h>
#include <varve/stats_account.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_resolve_job varve_resolve_job;

/* Set `struct_size`, `status`, and what says whose intents; zero elsewhere means all keys of
 * applications. */
typedef struct varve_resolve_job_options {
    size_t struct_size;
    varve_span span; /* empty start: varve_key_app_min(); empty end: all that follows; copied */

    /* Which intents: those that fit all that is given. */
    const unsigned char *txn_id; /* of this transaction, VARVE_TXN_ID_SIZE bytes, copied; or NULL */
    varve_ts not_above;          /* with a value at or below this time; zero = at any time */

    /*
     * What has become of their transactions: VARVE_TXN_COMMITTED or VARVE_TXN_ABORTED.  Of one that
     * has committed, in which epoch and at what time; an intent of another epoch, or above that
     * time, is then removed.  Without, each intent is taken to be of the epoch that has committed,
     * at the time at which it stands.  See varve_resolution.
     */
    varve_txn_status status;
    bool has_epoch;
    int32_t epoch;
    varve_ts commit_ts; /* zero = that of each intent */

    bool estimate;          /* count what would be resolved, and change nothing */
    varve_latches *latches; /* that all writers take; NULL: nobody else writes while a step runs */
    bool has_account;       /* keep up the statistics account of the name below, if there is one */
    varve_slice account;    /* copied */
    varve_durability durability; /* of each commit */
    uint64_t batch_intents;      /* that a step resolves at most; 0 = 512 */
    varve_slice resume;          /* a token, or empty; copied */
    const varve_cancel *cancel;  /* NULL = none; looked at before each step */

    uint64_t rate;                /* intents to be resolved in a second; 0 = no limit */
    varve_damaged_key_fn damaged; /* is told of damaged keys, of some 16 in a step; or NULL */
    void *damaged_arg;
} varve_resolve_job_options;

/* What a job has come to, with what was done before its token was taken.  Set `struct_size`. */
typedef struct varve_resolve_job_report {
    size_t struct_size;
    uint64_t intents;  /* met */
    uint64_t resolved; /* of these, resolved; with `estimate`, what would be */
    uint64_t bytes;    /* of the values of those */
    uint64_t damaged;  /* keys that were left as they are, for their records make no sense */
    uint64_t commits;
    int64_t pause_ns; /* so long to wait in front of the next step keeps to the rate */
} varve_resolve_job_report;

/*
 * Open a job.  A token must be of a job over the same span, about the same transaction, or any, and
 * with the same outcome; that of an estimate goes on with an estimate only.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for options that do not fit, a status that is neither,
 * or bytes that are no token of such a job; VARVE_UNSUPPORTED for options of a later version;
 * VARVE_NO_MEMORY; what the store returns.
 */
VARVE_API VARVE_NODISCARD varve_status
varve_resolve_job_open(varve_engine *engine, const varve_resolve_job_options *options,
                       varve_resolve_job **out, varve_error *err);

/*
 * Go on: look at some thousand keys at most, and resolve what is found in one commit.  `*more` is
 * false behind the last key, and a step more then does nothing.
 *
 * Returns VARVE_OK; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_NO_MEMORY; what reading and
 * varve_batch_commit() return, among them VARVE_CORRUPT for what cannot be read.  After a failure
 * the job stands where it stood before, and the next step tries again.
 */
VARVE_API VARVE_NODISCARD varve_status varve_resolve_job_step(varve_resolve_job *job, bool *more,
                                                              varve_error *err);

/*
 * Fill `progress`: `records` are metadata records, `bytes` are theirs, and there is no estimate of
 * all.  Returns VARVE_OK, VARVE_INVALID_ARGUMENT or VARVE_NO_MEMORY.
 */
VARVE_API VARVE_NODISCARD varve_status varve_resolve_job_get_progress(varve_resolve_job *job,
                                                                      varve_job_progress *progress,
                                                                      varve_error *err);

/* Fill `report`.  Returns VARVE_OK or VARVE_INVALID_ARGUMENT. */
VARVE_API VARVE_NODISCARD varve_status varve_resolve_job_get_report(
    const varve_resolve_job *job, varve_resolve_job_report *report, varve_error *err);

/* Replace the contents of `token` by the job's.  Returns VARVE_OK or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_resolve_job_token(const varve_resolve_job *job,
                                                               varve_buf *token, varve_error *err);

/* Close the job; NULL is fine. */
VARVE_API void varve_resolve_job_close(varve_resolve_job *job);

#ifdef __cplusplus
}
#endif

#endif
