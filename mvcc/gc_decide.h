/*
 * Which versions of a key are garbage, told one version after the other in constant memory.
 *
 * Everything follows from one number of each version: the time since which nobody sees it who reads
 * at that time or later.  For a tombstone that is its own timestamp, for a value that of the next
 * newer version; the newest version has none if it is a value.  By age, a version goes if that time
 * is old enough, and a hold keeps it if that time is above the hold.  As the times fall from
 * version to version, whatever is older than a version that goes, goes too; and of several holds
 * only the earliest counts.
 */
#ifndef VARVE_MVCC_GC_DECIDE_H
#define VARVE_MVCC_GC_DECIDE_H

#include <varve/gc.h>
#include <varve/ts.h>

typedef enum varve__gc_verdict {
    VARVE__GC_NEWEST, /* stays: the newest version, a value, which no policy lets go */
    VARVE__GC_KEPT,   /* stays: the policy keeps it */
    VARVE__GC_HELD,   /* stays: the policy lets it go, a hold does not */
    VARVE__GC_GOES
} varve__gc_verdict;

typedef struct varve__gc_decider {
    bool has_age;
    bool has_count;
    bool intersection;
    bool has_hold;
    varve_ts age;  /* what nobody sees since this time is old enough; may be negative */
    int64_t keep;  /* so many versions stay */
    varve_ts hold; /* the earliest */

    /* The key in progress. */
    int64_t passed; /* versions so far */
    varve_ts newer; /* the last of them */
    varve_ts since; /* of the last of them: since when nobody sees it; not of VARVE__GC_NEWEST */
} varve__gc_decider;

/*
 * Start, in front of a key.  Returns VARVE_OK; VARVE_INVALID_ARGUMENT for a negative
 * `keep_versions`; VARVE_UNSUPPORTED for fields of a later version that are set.
 */
varve_status varve__gc_decider_init(varve__gc_decider *decider, const varve_gc_policy *policy,
                                    varve_ts now, varve_error *err);

/* One hold more. */
void varve__gc_decider_hold(varve__gc_decider *decider, varve_ts ts);

/* Another key begins. */
static inline void varve__gc_decider_key(varve__gc_decider *decider)
{
    decider->passed = 0;
}

/* Judge the next version of the key, older than the one before. */
varve__gc_verdict varve__gc_decider_next(varve__gc_decider *decider, varve_ts ts, bool deleted);

/*
 * Whether, behind a version that has been judged, all those of the key above `*limit` stay, so that
 * they need not be looked at.  Who leaves them out calls varve__gc_decider_skip() in front of the
 * first that is not above.
 */
bool varve__gc_decider_limit(const varve__gc_decider *decider, varve_ts *limit);
void varve__gc_decider_skip(varve__gc_decider *decider);

/*
 * The highest time since which nobody sees what may go, as far as it is known before any version
 * has been looked at: false where versions go by their number.
 */
bool varve__gc_decider_horizon(const varve__gc_decider *decider, varve_ts *horizon);

#endif
