/*
 * What a reader sees of one user key: the decision table, in its one home.  Every read goes through
 * it, those that writers make included.
 *
 * A key is judged by its first record, which is its metadata record m or else its newest version
 * v1. R is the timestamp of the read, T the transaction that reads, if there is one, and U its
 * max_ts. T is uncertain if R < U.  The first row that matches decides:
 *
 *     A. The key has no metadata record.
 *     row  condition                              what the reader sees
 *       1  v1 <= R                                v1
 *       2  fail on more recent                    a failure: v1 is too new
 *      3a  T is uncertain, v1 <= U                a failure: v1 may have been there before
 *      3b  T is uncertain                         the newest version at or below U, if it is at or
 *                                                 below R; a failure as 3a if it is not
 *       4  otherwise                              the newest version at or below R
 *
 *     B. The key has a metadata record.
 *     row  condition                              what the reader sees
 *       5  m holds an inline value                that value, at timestamp zero
 *       6  not T's, m.ts > R (> U, if uncertain), the newest version at or below R; if uncertain,
 *          not fail on more recent                as 3b
 *       7  inconsistent                           the intent, told beside the rows, and the newest
 *                                                 version below it
 *       8  not T's                                a conflict with the intent
 *       9  T's, of its epoch, T.sequence >=       the provisional value, whatever R is
 *          m.sequence, which T does not ignore
 *      10  T's, of its epoch, and the history     the last such value, at timestamp zero
 *          has values up to T.sequence that T
 *          does not ignore
 *      11  T's, of its epoch                      the newest version below the intent
 *      12  T's, of a later epoch                  a failure
 *      13  T's, of an earlier epoch               the newest version below the intent
 *
 * "Below the intent" is strictly below m.ts and not above R.  No version stands at timestamp zero,
 * so "at or below zero" is nothing.  Two rows differ from what readers of 2020 did: those had no
 * failure in row 6, and at R zero they could see a version.
 */
#ifndef VARVE_MVCC_VISIBLE_H
#define VARVE_MVCC_VISIBLE_H

#include <varve/read.h>
#include <varve/ts.h>

#include "format/key.h"
#include "format/meta.h"

/* Who looks: what a read asks of every key alike. */
typedef struct varve__view {
    varve_ts ts; /* R as given; may be negative, which is below everything */
    bool fail_on_more_recent;
    bool inconsistent;
    bool is_uncertain;
    const varve_txn *txn; /* T or NULL */
    varve_ts seek_ts;     /* the largest timestamp at or below R that is not negative */
    varve_ts reach_ts; /* the same of U, if uncertain, else of R: what is above does not matter */
    unsigned char suffix[VARVE__SUFFIX_SIZE]; /* of seek_ts; for zero a bound behind all versions */
    unsigned char reach_suffix[VARVE__SUFFIX_SIZE]; /* of reach_ts */
} varve__view;

typedef enum varve__seen {
    VARVE__SEE_NOTHING,
    VARVE__SEE_FIRST,       /* the first record, a version */
    VARVE__SEE_INLINE,      /* the value inside the first record, the metadata record */
    VARVE__SEE_HISTORY,     /* the value of the intent history that varve__see_history() tells */
    VARVE__SEE_AT_OR_BELOW, /* the newest version at or below `ts`, if there is one */
    VARVE__SEE_CERTAIN,     /* the same; the read fails if it is above R */
    VARVE__SEE_BESIDE,      /* the same as at or below, and the key's intent is to be told */
    VARVE__SEE_CONFLICT,    /* the key's intent is in the way */
    VARVE__SEE_TOO_NEW,     /* the read fails: the version at `ts` is more recent */
    VARVE__SEE_UNCERTAIN,   /* the read fails: the version at `ts` is uncertain */
    VARVE__SEE_LATER_EPOCH  /* the read fails: T has been restarted since it began */
} varve__seen;

/* The row of earlier values of an intent. */
#define VARVE__ROW_OF_HISTORY 10

typedef struct varve__sight {
    int row; /* of the table */
    varve__seen what;
    varve_ts ts; /* where to look; zero = nowhere */
} varve__sight;

/* The parts of varve__view_init() for timestamps that no version has, and for uncertain readers. */
varve_ts varve__view_floor(varve_ts ts);
void varve__view_reach_up(varve__view *view);

/* Write the suffix of a timestamp that is not negative; of zero a bound behind all versions. */
static inline void varve__view_bound(varve_ts ts, unsigned char suffix[VARVE__SUFFIX_SIZE])
{
    if (ts.wall == 0 && ts.logical == 0)
        memset(suffix, 0xFF, VARVE__SUFFIX_SIZE);
    else
        varve__suffix_encode(ts, suffix);
}

/* The view of a read at `ts`, as `txn` or NULL; the flags are of varve_read_flags. */
static inline void varve__view_init(varve__view *view, varve_ts ts, const varve_txn *txn,
                                    unsigned flags)
{
    bool is_storable = ts.wall >= 0 && ts.logical >= 0;
    view->ts = ts;
    view->fail_on_more_recent = (flags & VARVE_READ_FAIL_ON_MORE_RECENT) != 0;
    view->inconsistent = (flags & VARVE_READ_INCONSISTENT) != 0;
    view->is_uncertain = false;
    view->txn = txn;
    view->seek_ts = is_storable ? ts : varve__view_floor(ts);
    view->reach_ts = view->seek_ts;
    varve__view_bound(view->seek_ts, view->suffix);
    memcpy(view->reach_suffix, view->suffix, sizeof view->suffix);
    if (txn != NULL)
        varve__view_reach_up(view);
}

/* Rows 2 to 4, behind varve__see_version(). */
varve__sight varve__see_newer_version(const varve__view *view, varve_ts newest);

/* Whether the version with that suffix is at or below R. */
static inline bool varve__view_shows(const varve__view *view, const unsigned char *suffix)
{
    return varve__suffix_is_at_or_below(suffix, view->suffix);
}

/* Whether it is at or below all that matters to the reader: U, if that is uncertain, or R. */
static inline bool varve__view_reaches(const varve__view *view, const unsigned char *suffix)
{
    return varve__suffix_is_at_or_below(suffix, view->reach_suffix);
}

/* Part A, for a key whose first record is the version with `suffix`. */
static inline varve__sight varve__see_version(const varve__view *view, const unsigned char *suffix)
{
    if (varve__view_shows(view, suffix))
        return (varve__sight){.row = 1, .what = VARVE__SEE_FIRST};
    return varve__see_newer_version(view, varve__suffix_decode(suffix));
}

/* Part B, for a key whose first record is the metadata `record` that `meta` was decoded from. */
varve__sight varve__see_meta(const varve__view *view, const varve__meta *meta, varve_slice record);

/* Whether the metadata record carries an intent of that transaction; NULL is none. */
bool varve__meta_is_of(const varve__meta *meta, const varve_txn *txn);

/*
 * The largest timestamp that is strictly below the intent of `meta` and not above R; zero if there
 * is none.
 */
varve_ts varve__view_below(const varve__view *view, const varve__meta *meta);

/* The last history value of sequence number at most T's that T does not ignore, if any. */
bool varve__see_history(const varve_txn *txn, varve_slice record, varve_slice *value);

/* The failure of a sight VARVE__SEE_TOO_NEW. */
varve_status varve__fail_too_new(const varve__view *view, varve_ts newest, varve_error *err);

/* The failure of VARVE__SEE_UNCERTAIN, and of VARVE__SEE_CERTAIN about a version above R. */
varve_status varve__fail_in_doubt(const varve__view *view, varve_ts existing, varve_error *err);

/* The failure of VARVE__SEE_LATER_EPOCH. */
varve_status varve__fail_epoch(const varve__view *view, const varve__meta *meta, varve_error *err);

#endif
