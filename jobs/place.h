/*
 * Places: where a job goes on.
 *
 * A place is an engine key, or a bound, that does not lie between two records of one key: the
 * encoded prefix of a key, with which the job goes on, or what is right behind a key.  Records that
 * do not decode belong to a key, too, if anything in them looks like the end of a prefix; any other
 * is a key of its own.  So what follows never fails because of damage.
 */
#ifndef VARVE_JOBS_PLACE_H
#define VARVE_JOBS_PLACE_H

#include <varve/job.h>

#include "mvcc/walk.h"

/* The place in front of the key that a record is of, as a part of `engine_key`. */
varve_slice varve__place_of(varve_slice engine_key);

/* Replace the contents of `place` by the one behind that key. */
varve_status varve__place_behind(varve_slice engine_key, varve_buf *place, varve_error *err);

/*
 * Whether bytes from anywhere are a place between two bounds, where a job over them may stand; an
 * empty upper one is the end of all.
 */
bool varve__place_is_between(varve_slice bytes, varve_slice lower, varve_slice upper);

/*
 * Fill the caller's `progress` with what is `known`, and with the key of the place, which `at`
 * keeps; without a key, with the place itself.  Returns VARVE_OK, VARVE_INVALID_ARGUMENT or
 * VARVE_NO_MEMORY.
 */
varve_status varve__place_tell(varve_slice place, varve_buf *at, varve_job_progress known,
                               varve_job_progress *progress, varve_error *err);

/*
 * Bring a walk to the first record from `place` on; it is opened if it has not been.  Returns as
 * the movements of walks.
 */
varve_status varve__place_find(varve__walk *walk, varve_reader *reader, varve_slice place,
                               varve_slice upper, varve_error *err);

#endif
