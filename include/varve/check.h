/*
 * The check job: whether what a store holds fits together, record by record, in steps, on one
 * snapshot.  It goes on behind what is damaged and tells of each finding; writers are not
 * disturbed.
 *
 * Of a table that is damaged, it passes over the blocks that cannot be read.  If one is the first
 * of a table of level 0, no iterator shows what lies before it in any table, nor does this job.
 *
 * It reads every record once, holds values against their checksums where they have one, and counts
 * the statistics on the way.
 */
#ifndef VARVE_CHECK_H
#define VARVE_CHECK_H

#include <varve/job.h>
#include <varve/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One row per problem: name, its word, what it is. */
#define VARVE_CHECK_MAP(X)                                                                         \
    X(UNREADABLE, "unreadable", "the engine cannot read behind this: a block is passed over")      \
    X(KEY, "key", "an engine key does not decode")                                                 \
    X(ORDER, "order", "a record does not stand behind the one before it")                          \
    X(METADATA, "metadata", "a metadata record does not decode")                                   \
    X(MERGE, "merge", "merges of the key do not fit together; a put or a clear heals it")          \
    X(MISMATCH, "mismatch", "a metadata record is not that of the newest version")                 \
    X(INTENT, "intent", "an intent has no provisional value")                                      \
    X(HISTORY, "history", "earlier values of an intent are out of order")                          \
    X(INLINE, "inline", "an inline value stands on a key that has versions")                       \
    X(VALUE, "value", "a value is damaged: its checksum differs, or it is too short to be one")

typedef enum varve_check_problem {
#define VARVE_CHECK_ENUM(name, word, text) VARVE_CHECK_##name,
    VARVE_CHECK_MAP(VARVE_CHECK_ENUM)
#undef VARVE_CHECK_ENUM
        VARVE_CHECK_PROBLEMS /* how many there are */
} varve_check_problem;

/* The word for a problem; "?" for a number that is none. */
VARVE_API const char *varve_check_problem_word(varve_check_problem problem);

/* What the problem is, in words; likewise. */
VARVE_API const char *varve_check_problem_text(varve_check_problem problem);

/* What has been found.  Slices are valid during the call that tells of it. */
typedef struct varve_finding {
    size_t struct_size;
    varve_check_problem problem;
    varve_slice engine_key; /* of the record; of what is unreadable: the last record before it */
    bool has_user_key;      /* the engine key decodes */
    varve_slice user_key;
    varve_ts ts;      /* zero of a metadata record */
    const char *text; /* the particulars, one line */
} varve_finding;

/* Receives one finding. */
typedef void (*varve_finding_fn)(void *arg, const varve_finding *finding);

typedef struct varve_check varve_check;

/* Set `struct_size`; zero elsewhere checks the whole store. */
typedef struct varve_check_options {
    size_t struct_size;
    varve_span span;       /* of user keys; an empty start is the very first, varve's own too */
    int64_t now_nanos;     /* wall time to which the statistics' ages are computed */
    uint64_t step_records; /* that a step reads at most; 0 = 16,384 */
    varve_finding_fn each; /* NULL: they are only counted */
    void *arg;             /* of `each` */
    const varve_cancel *cancel; /* NULL = none; looked at before each step */
} varve_check_options;

/* What has been found so far. */
typedef struct varve_check_result {
    size_t struct_size;
    uint64_t findings;      /* in all */
    uint64_t keys_left_out; /* keys, or places, that the statistics do not count, being damaged */
    varve_stats stats;      /* of the application keys of the span; exact if nothing was left out */
    uint64_t problems[VARVE_CHECK_PROBLEMS]; /* findings by kind; last, as later versions may have
                                                more kinds */
} varve_check_result;

/*
 * Open a job.  To go on where an earlier one stopped, begin the span at the key that its progress
 * tells.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT; VARVE_UNSUPPORTED for options of a later version;
 * VARVE_NO_MEMORY; what the store returns.
 */
VARVE_API VARVE_NODISCARD varve_status varve_check_open(varve_engine *engine,
                                                        const varve_check_options *options,
                                                        varve_check **out, varve_error *err);

/*
 * Check on.  `*more` is false behind the last record.
 *
 * Returns VARVE_OK, whatever has been found; VARVE_CANCELLED; VARVE_DEADLINE; VARVE_NO_MEMORY,
 * after which the job can only be closed.
 */
VARVE_API VARVE_NODISCARD varve_status varve_check_step(varve_check *job, bool *more,
                                                        varve_error *err);

/* Fill `progress`.  Returns VARVE_OK, VARVE_INVALID_ARGUMENT or VARVE_NO_MEMORY. */
VARVE_API VARVE_NODISCARD varve_status varve_check_get_progress(varve_check *job,
                                                                varve_job_progress *progress,
                                                                varve_error *err);

/* Fill `result`.  Returns VARVE_OK or VARVE_INVALID_ARGUMENT. */
VARVE_API VARVE_NODISCARD varve_status varve_check_get_result(const varve_check *job,
                                                              varve_check_result *result,
                                                              varve_error *err);

/*
 * The reader of the job's snapshot, for an account that is to be held against the statistics; valid
 * until the job is closed.
 */
VARVE_API varve_reader *varve_check_reader(const varve_check *job);

/* Close the job; NULL is fine. */
VARVE_API void varve_check_close(varve_check *job);

#ifdef __cplusplus
}
#endif

#endif
