/*
 * The garbage job from inside: what opening it, looking and collecting share.
 */
#ifndef VARVE_JOBS_GC_H
#define VARVE_JOBS_GC_H

#include <varve/gc_job.h>

#include "jobs/damage.h"
#include "jobs/rate.h"
#include "mvcc/gc_decide.h"
#include "mvcc/walk.h"

/* What a token brings back. */
typedef struct varve__gc_place {
    varve_buf key;   /* the encoded prefix of the key to go on with, or the lower bound */
    varve_buf bound; /* of that key, everything from this engine key on went; empty = nothing */
    bool done;
    uint64_t keys;
    uint64_t records;
    uint64_t bytes;
    varve_gc_report report;
} varve__gc_place;

/* A hold, and what it keeps. */
typedef struct varve__gc_held {
    varve_ts ts;
    bool is_active;
    varve_gc_tally keeps;   /* of the keys in front of the place */
    varve_gc_tally working; /* with what has been seen of the current key */
} varve__gc_held;

/* An estimate in progress. */
typedef struct varve__gc_estimate {
    varve_snapshot *snapshot;
    varve__walk walk;
    bool on_walk;  /* the walk stands on the next record, or on the last of a key */
    bool in_key;   /* some of the current key has been seen */
    bool has_meta; /* which has a metadata record */
    bool has_intent;
    varve_ts intent_ts;
    bool awaits_value;       /* of that intent: the version to come has to be its */
    uint64_t meta_bytes;     /* of the current key and its metadata record */
    varve__gc_place working; /* with what has been seen of the current key; without the buffers */
    varve__gc_held *holds;
    size_t hold_count;
    size_t hold_room;
    varve_error problem; /* of the record that is looked at; empty but there */
    varve_buf behind;    /* the place behind a damaged key */
} varve__gc_estimate;

struct varve_gc {
    varve_engine *engine;
    varve_latches *latches;
    const varve_cancel *cancel;
    bool is_estimate;
    bool has_account;
    varve_buf account;
    varve_durability durability;
    uint64_t batch_versions;
    varve__rate rate;
    uint64_t total_bytes;
    varve_ts now;
    varve_buf start; /* the span, as user keys, */
    varve_buf end;
    varve_buf lower; /* and as bounds */
    varve_buf upper;
    varve__gc_decider policy;  /* with the caller's holds, without those of the store */
    varve__gc_decider decider; /* with both */
    varve__gc_place from;
    varve_batch *batch; /* NULL for an estimate */
    uint64_t sequence;  /* the store's, right behind the last commit: nobody had written since */
    varve__gc_estimate estimate;
    varve__damage damage; /* met in the step in progress */
    varve_buf at;         /* the user key of `from` */
};

/* ---- jobs/gc.c -------------------------------------------------------------------------------
 */

/* Remember an intent. */
void varve__gc_meet_intent(varve_gc_report *report, varve_ts ts);

/* The newest version of a key is not that of its intent: VARVE_CORRUPT. */
varve_status varve__gc_fail_intent(varve_error *err);

/* ---- jobs/gc_estimate.c ----------------------------------------------------------------------
 */

/* Fill in a zeroed estimate. */
varve_status varve__gc_estimate_open(varve_gc *job, varve_error *err);
void varve__gc_estimate_close(varve__gc_estimate *estimate);

/* Look on.  VARVE_NOT_FOUND behind the last key. */
varve_status varve__gc_estimate_step(varve_gc *job, varve_error *err);

/* ---- jobs/gc_collect.c -----------------------------------------------------------------------
 */

/* Collect on, by one commit at most.  VARVE_NOT_FOUND behind the last key. */
varve_status varve__gc_collect_step(varve_gc *job, varve_error *err);

#endif
