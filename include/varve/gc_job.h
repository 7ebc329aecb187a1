/*
 * The garbage job: collects, in steps, what a policy (<varve/gc.h>) lets go of the keys of a span,
 * or only looks what that would be, and what keeps the rest.
 *
 * Holds (<varve/gc_hold.h>) are obeyed: each step looks for them anew.  An intent costs nothing:
 * its provisional version does not count as a version, and the newest committed one is treated as
 * the newest, which stays if it is a value; so nothing is missing if the intent is aborted.  Inline
 * values are not looked at: they have one version, the present one.
 *
 * Damaged keys are passed over, counted and told of: those with a metadata record or an engine key
 * that does not decode, or with versions but without the one that their intent is about.  Nothing
 * of them goes; only of a key with more versions than a step collects the oldest may have gone
 * before the damage is met.  An estimate looks at every record; collecting does not look at all
 * those that stay.  Nobody looks into values.  What cannot be read stops the job.
 *
 * Memory and the time of a step do not depend on how many versions a key has, but for those that a
 * count keeps, which are counted.  A step is at most one commit, which holds all there is to it:
 * the versions that go, how far garbage has then been collected, and the change of the statistics.
 * So the job may end at any point, with its process too, and be begun again.
 *
 * Of one key the oldest versions go first.  What goes leaves tombstones of RocksDB in its place,
 * until a compaction takes both away.
 */
#ifndef VARVE_GC_JOB_H
#define VARVE_GC_JOB_H

#include <varve/gc.h>
#include <varve/gc_hold.h>
#include <varve/job.h>
#include <varve/latches.h>
#include <varve/stats_account.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct varve_gc varve_gc;

/* Set `struct_size`, `policy` and `now`; zero elsewhere collects from all keys of applications. */
typedef struct varve_gc_options {
    size_t struct_size;
    varve_span span; /* keys below varve_key_app_min() are left out; an empty end is the end of all;
                        copied */
    const varve_gc_policy *policy; /* its holds count besides those of the store; copied */
    varve_ts now;                  /* the present, for ages and for the ends of holds */
    bool estimate;                 /* look at one snapshot, and change nothing */

    /*
     * Those that all writers take, and who stores holds: a step then acquires those of the keys
     * that it collects from, and they wait for one commit at most.  NULL: nobody else writes to
     * the keys of the span while a step runs.
     */
    varve_latches *latches;

    bool has_account;    /* keep up the statistics account of the name below, if the store has it */
    varve_slice account; /* copied */
    varve_durability durability; /* of each commit */
    uint64_t batch_versions;     /* that a step collects at most; 0 = 4,096 */
    uint64_t rate;               /* versions that go in a second; 0 = no limit */
    varve_slice resume;          /* a token, or empty */
    const varve_cancel *cancel;  /* NULL = none; looked at before each step */

    varve_damaged_key_fn damaged; /* is told of damaged keys; NULL: they are only counted */
    void *damaged_arg;
} varve_gc_options;

/* Versions and what statistics account for them; with them, whole keys and metadata records. */
typedef struct varve_gc_tally {
    uint64_t versions;
    uint64_t bytes;
} varve_gc_tally;

/* What a job has come to, with what was done before its token was taken.  Set `struct_size`. */
typedef struct varve_gc_report {
    size_t struct_size;
    varve_gc_tally collected; /* or, with `estimate`, what would be */
    uint64_t collected_keys;  /* of which nothing is left */
    uint64_t intent_keys;     /* that have an intent */
    varve_ts oldest_intent;   /* of these; zero if there is none */
    varve_ts horizon; /* reads below may miss what has been collected, or would be; zero: none */
    uint64_t commits; /* of collected versions */
    int64_t pause_ns; /* so long to wait in front of the next step keeps to the rate */

    /*
     * With `estimate`, what is not live and stays nevertheless.  With what would be collected that
     * is all that is not live of keys without damage or inline values: varve_stats_gc_bytes().
     */
    varve_gc_tally kept_by_policy;
    varve_gc_tally kept_by_holds;   /* which the policy lets go */
    varve_gc_tally kept_by_intents; /* provisional deletions, and what intents cover */

    uint64_t damaged_keys; /* that were passed over: they are in none of the numbers above */
} varve_gc_report;

/*
 * Open a job.  A token must be of a job with the same span and estimate, and for an estimate the
 * store must have the same holds as then.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT for options that do not fit, among them a policy that
 * lets nothing go, and for bytes that are no token of such a job; VARVE_UNSUPPORTED for options of
 * a later version; VARVE_CORRUPT or VARVE_CHECKSUM for a damaged hold, which is
 * named; VARVE_NO_MEMORY; what the store returns.
 */
VARVE_API VARVE_NODISCARD varve_status varve_gc_open(varve_engine *engine,
                                                     const varve_gc_options *options,
                                                     varve_gc **out, varve_error *err);

/*
 * Go on.  `*more` is false behind the last key, and a step more then does nothing.
 *
 * Returns VARVE_OK; VARVE_CANCELLED; VARVE_DEADLINE; as varve_gc_open() about holds;
 * VARVE_NO_MEMORY; what reading and varve_batch_commit() return, among them VARVE_CORRUPT for what
 * cannot be read.  After a failure the job stands where it stood before, and the next step tries
 * again.
 */
VARVE_API VARVE_NODISCARD varve_status varve_gc_step(varve_gc *job, bool *more, varve_error *err);

/* Fill `progress`.  Returns VARVE_OK, VARVE_INVALID_ARGUMENT or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_gc_get_progress(varve_gc *job,
                                                             varve_job_progress *progress,
                                                             varve_error *err);

/* Fill `report`.  Returns VARVE_OK or VARVE_INVALID_ARGUMENT. */
VARVE_API VARVE_NODISCARD varve_status varve_gc_get_report(const varve_gc *job,
                                                           varve_gc_report *report,
                                                           varve_error *err);

/*
 * Receives a hold, and what it keeps that the policy lets go: what would stay if it were the only
 * one.  Several holds keep much of the same.
 */
typedef varve_status (*varve_gc_held_fn)(void *arg, const varve_gc_hold *hold,
                                         const varve_gc_tally *keeps, varve_error *err);

/*
 * Of an estimate: call `each` for the holds, by name; those that have ended keep nothing.  Returns
 * VARVE_OK; VARVE_MISUSE of a job that is no estimate; otherwise as varve_gc_holds().
 */
VARVE_API VARVE_NODISCARD varve_status varve_gc_held(const varve_gc *job, varve_gc_held_fn each,
                                                     void *arg, varve_error *err);

/* Replace the contents of `token` by the job's.  Returns VARVE_OK or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_gc_token(const varve_gc *job, varve_buf *token,
                                                      varve_error *err);

/* Close the job; NULL is fine. */
VARVE_API void varve_gc_close(varve_gc *job);

#ifdef __cplusplus
}
#endif

#endif
