/*
 * What jobs have in common.
 *
 * A job works through a span of a store in steps, each bounded in time and memory: open it, step
 * until there is no more, close it.  Between two steps nothing is held that others would wait for.
 * Jobs that look at one state of the store, which are a recount, a check and the estimate of a
 * garbage job, have a snapshot open until they are closed: what others remove meanwhile takes up
 * its space until then.
 *
 * A job can be dropped: its token, taken after any step, opens a new one that goes on there, in
 * this process or a later one; a recount and an estimate begin again with the key in which it was
 * taken.  Only the check has none: it goes on from the key that its progress tells.  The library
 * never sleeps: who wants a job to be slow waits between the steps.
 *
 * One thread at a time uses a job; which one may change between two calls.  The engine must stay
 * open as long as the job is.
 */
#ifndef VARVE_JOB_H
#define VARVE_JOB_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How far a job has come, with what was done before its token was taken.  Set `struct_size`. */
typedef struct varve_job_progress {
    size_t struct_size;
    uint64_t keys;        /* user keys looked at */
    uint64_t records;     /* metadata records and versions looked at */
    uint64_t bytes;       /* of their keys and values */
    uint64_t total_bytes; /* an estimate of what there is in all; 0 = unknown */
    varve_slice at;       /* the user key reached; valid until the next call with the job */
} varve_job_progress;

/*
 * A key that a job leaves as it is, for its records make no sense.  Slices are valid during the
 * call that tells of it.
 */
typedef struct varve_damaged_key {
    size_t struct_size;
    varve_slice engine_key; /* of the record at fault */
    bool has_user_key;      /* which tells the key that it is of */
    varve_slice user_key;
    varve_status status; /* what is wrong: VARVE_CORRUPT, or VARVE_CORRUPT_KEY of the engine key */
    const char *text;    /* the particulars, one line */
} varve_damaged_key;

/* Receives one of them, once, when the step that has met it has succeeded. */
typedef void (*varve_damaged_key_fn)(void *arg, const varve_damaged_key *key);

#ifdef __cplusplus
}
#endif

#endif
