/*
 * What a reader sees of one user key: the decision table, in its one home.  Get, both scans and
 * versions go through it.
 *
 * A key is judged by its first record, which is its metadata record m or else its newest version
 * v1. R is the timestamp of the read.  The first row that matches decides:
 *
 *     A. The key has no metadata record.
 *     row  condition                              what the reader sees
 *       1  v1 <= R                                v1
 *       2  fail on more recent                    a failure: v1 is too new
 *       4  otherwise                              the newest version at or below R
 *
 *     B. The key has a metadata record.
 *     row  condition                              what the reader sees
 *       5  m holds an inline value                that value, at timestamp zero
 *       6  m.ts > R, not fail on more recent      the newest version at or below R
 *       8  otherwise                              a conflict with the intent
 *
 * No version stands at timestamp zero, so "at or below zero" is nothing.  Rows are numbered as in
 * the table for readers inside transactions (3, 9 to 13) and for inconsistent ones (7), of which
 * this is the part that applies to all others.
 */
#ifndef VARVE_MVCC_VISIBLE_H
#define VARVE_MVCC_VISIBLE_H

#include <varve/ts.h>

#include "format/key.h"
#include "format/meta.h"

/* Who looks: what a read asks of every key alike. */
typedef struct varve__view {
    varve_ts ts; /* R as given; may be negative, which is below everything */
    bool fail_on_more_recent;
    varve_ts seek_ts; /* the largest timestamp at or below R that is not negative */
    unsigned char suffix[VARVE__SUFFIX_SIZE]; /* of seek_ts; for zero a bound behind all versions */
} varve__view;

typedef enum varve__seen {
    VARVE__SEE_NOTHING,
    VARVE__SEE_FIRST,       /* the first record, a version */
    VARVE__SEE_INLINE,      /* the value inside the first record, the metadata record */
    VARVE__SEE_AT_OR_BELOW, /* the newest version at or below `ts`, if there is one */
    VARVE__SEE_CONFLICT,    /* the key's intent is in the way */
    VARVE__SEE_TOO_NEW      /* the read fails: the version at `ts` is more recent */
} varve__seen;

typedef struct varve__sight {
    int row; /* of the table */
    varve__seen what;
    varve_ts ts;
} varve__sight;

void varve__view_init(varve__view *view, varve_ts ts, bool fail_on_more_recent);

/* Rows 2 to 4, behind varve__see_version(). */
varve__sight varve__see_newer_version(const varve__view *view, varve_ts newest);

/* Whether the version with that suffix is at or below R. */
static inline bool varve__view_reaches(const varve__view *view, const unsigned char *suffix)
{
    return memcmp(suffix, view->suffix, VARVE__SUFFIX_SIZE) >= 0;
}

/* Part A, for a key whose first record is the version with `suffix`. */
static inline varve__sight varve__see_version(const varve__view *view, const unsigned char *suffix)
{
    if (varve__view_reaches(view, suffix))
        return (varve__sight){.row = 1, .what = VARVE__SEE_FIRST};
    return varve__see_newer_version(view, varve__suffix_decode(suffix));
}

/* Part B, for a key whose first record is the metadata record that `meta` was decoded from. */
varve__sight varve__see_meta(const varve__view *view, const varve__meta *meta);

/* The failure of a sight VARVE__SEE_TOO_NEW. */
varve_status varve__fail_too_new(const varve__view *view, varve_ts newest, varve_error *err);

#endif
