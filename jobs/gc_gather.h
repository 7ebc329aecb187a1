/*
 * Gathering what goes: the next batch of a collecting job.
 */
#ifndef VARVE_JOBS_GC_GATHER_H
#define VARVE_JOBS_GC_GATHER_H

#include "jobs/gc.h"
#include "jobs/names.h"
#include "mvcc/change.h"

/* A batch in the making. */
typedef struct varve__gc_batch {
    varve_gc *job;
    varve__change change; /* the records that go; to be applied to the job's batch */
    varve_stats delta;    /* how the statistics change, once it has been applied */
    uint64_t versions;    /* that go */
    varve_ts collected;   /* the highest time since which nobody sees them */
    varve__names names;   /* the keys that they are of */
    varve__gc_place next; /* where to go on once this has been committed */

    /* While it is gathered. */
    varve__walk walk;
    varve__run run;
    varve_buf first; /* the engine key of the current key's first version that goes */
    varve_buf bound; /* right behind its last one */
    varve_ts since;  /* since when nobody sees the version to come, if that is a value */
    bool is_again;   /* from the keys of the names alone */
    bool is_part;    /* of one key, the oldest part of what goes */
    bool has_intent; /* the current key */
    varve_ts intent_ts;
    varve_error problem; /* of the record that is looked at; empty but there */
    varve_buf behind;    /* the place behind a damaged key */
    uint64_t records;    /* looked at */
    uint64_t bytes;      /* of these */
} varve__gc_batch;

/* Start one, and end it. */
void varve__gc_batch_init(varve__gc_batch *batch, varve_gc *job);
void varve__gc_batch_release(varve__gc_batch *batch);

/*
 * Gather from the keys behind the job's place: as much as a batch takes, or nothing if there is
 * nothing in so many records as a step looks at.
 */
varve_status varve__gc_gather(varve__gc_batch *batch, varve_error *err);

/* Forget that, and gather from the same keys as the store is now. */
varve_status varve__gc_gather_again(varve__gc_batch *batch, varve_error *err);

#endif
