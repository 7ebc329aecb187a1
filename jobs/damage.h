/*
 * What jobs do about keys whose records make no sense: leave them as they are, count them, and tell
 * of them (<varve/job.h>) once the step that has met them has succeeded.
 */
#ifndef VARVE_JOBS_DAMAGE_H
#define VARVE_JOBS_DAMAGE_H

#include <varve/job.h>

#include "mvcc/walk.h"

/*
 * Whether `problem`, with which a walk or a decoding has failed, is about the record that the walk
 * stands on, and not about reading.
 */
bool varve__damage_is_of_record(const varve__walk *walk, const varve_error *problem);

/*
 * Decode the metadata record on which a walk stands.  One of merges that do not fit together is a
 * record without transaction and value: it says what it is, and jobs have nothing to do there.
 */
varve_status varve__damage_decode(const varve__walk *walk, varve__meta *meta, varve_error *err);

/* A step that has met so many damaged keys is over. */
#define VARVE__DAMAGE_MAX 16

/* One of them. */
typedef struct varve__damaged {
    varve_buf bytes; /* the engine key of the record at fault, and behind it the user key */
    size_t engine_size;
    varve_status status;
    char text[VARVE_ERROR_MESSAGE_MAX];
} varve__damaged;

/* Those of a step, and who is told of them.  Zeroed, there are none, and nobody is. */
typedef struct varve__damage {
    varve_damaged_key_fn each; /* or NULL */
    void *arg;
    size_t count;
    bool overflows; /* one more has been met, and is not in the list */
    varve__damaged list[VARVE__DAMAGE_MAX];
} varve__damage;

static inline bool varve__damage_is_full(const varve__damage *damage)
{
    return damage->count == VARVE__DAMAGE_MAX;
}

/* Add a key; to a list that is full, that it overflows.  Returns VARVE_OK or VARVE_NO_MEMORY. */
varve_status varve__damage_add(varve__damage *damage, varve_slice engine_key,
                               const varve_error *problem, varve_error *err);

varve_slice varve__damaged_engine_key(const varve__damaged *key);

/* Forget those from `place` on, which the next step will meet again. */
void varve__damage_keep_below(varve__damage *damage, varve_slice place);

/* Tell of all of them, and start over. */
void varve__damage_tell(varve__damage *damage);

void varve__damage_release(varve__damage *damage);

#endif
