/*
 * Timestamps of a hybrid logical clock.
 */
#ifndef VARVE_TS_H
#define VARVE_TS_H

#include <varve/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The timestamp (0,0): the metadata position of a key, "no time". */
static inline varve_ts varve_ts_zero(void)
{
    varve_ts ts;
    ts.wall = 0;
    ts.logical = 0;
    return ts;
}

/* A timestamp from its parts. */
static inline varve_ts varve_ts_of(int64_t wall, int32_t logical)
{
    varve_ts ts;
    ts.wall = wall;
    ts.logical = logical;
    return ts;
}

/* The smallest timestamp that is not zero: (0,1). */
static inline varve_ts varve_ts_min(void)
{
    return varve_ts_of(0, 1);
}

/* The largest timestamp.  A read at it sees the newest version of everything. */
static inline varve_ts varve_ts_max(void)
{
    return varve_ts_of(INT64_MAX, INT32_MAX);
}

/* Order by wall time, then by logical: negative, zero or positive. */
static inline int varve_ts_compare(varve_ts a, varve_ts b)
{
    if (a.wall != b.wall)
        return a.wall < b.wall ? -1 : 1;
    return (a.logical > b.logical) - (a.logical < b.logical);
}

/* Whether it is (0,0). */
static inline bool varve_ts_is_zero(varve_ts ts)
{
    return ts.wall == 0 && ts.logical == 0;
}

/*
 * The smallest timestamp above `ts`, in `*next`.  Returns VARVE_OK, or VARVE_TIMESTAMP_OVERFLOW for
 * the largest timestamp, leaving `*next` alone.
 */
VARVE_API VARVE_NODISCARD varve_status varve_ts_next(varve_ts ts, varve_ts *next, varve_error *err);

/*
 * The largest timestamp below `ts`, in `*prev`.  Returns VARVE_OK, or VARVE_INVALID_ARGUMENT for
 * zero and for negative timestamps, leaving `*prev` alone.
 */
VARVE_API VARVE_NODISCARD varve_status varve_ts_prev(varve_ts ts, varve_ts *prev, varve_error *err);

/*
 * As varve_ts_prev(), but with logical 0 where the wall time has to step back: a cheap, not a
 * tight, lower neighbour.
 */
VARVE_API VARVE_NODISCARD varve_status varve_ts_floor_prev(varve_ts ts, varve_ts *prev,
                                                           varve_error *err);

/*
 * Component-wise sum, in `*sum`.  Returns VARVE_OK, or VARVE_TIMESTAMP_OVERFLOW when a component
 * leaves its range, leaving `*sum` alone.
 */
VARVE_API VARVE_NODISCARD varve_status varve_ts_add(varve_ts ts, int64_t wall, int32_t logical,
                                                    varve_ts *sum, varve_error *err);

/* Raise `*ts` to `other` if that is later; return whether it changed. */
static inline bool varve_ts_forward(varve_ts *ts, varve_ts other)
{
    if (varve_ts_compare(*ts, other) >= 0)
        return false;
    *ts = other;
    return true;
}

/* Lower `*ts` to `other` if that is earlier; return whether it changed. */
static inline bool varve_ts_backward(varve_ts *ts, varve_ts other)
{
    if (varve_ts_compare(*ts, other) <= 0)
        return false;
    *ts = other;
    return true;
}

/* Room for any printed timestamp with its terminator. */
#define VARVE_TS_TEXT_MAX 40

/*
 * Write the printed form into `text` and return it: `0,LOGICAL` for wall time 0, otherwise
 * `[-]SECONDS.NANOSECONDS,LOGICAL` with nine digits of nanoseconds.
 */
VARVE_API char *varve_ts_format(varve_ts ts, char text[VARVE_TS_TEXT_MAX]);

/*
 * Read a printed form: optional `-`, 1 to 19 digits, optional `.` and 1 to 20 digits taken as a
 * plain number of nanoseconds, `,`, optional `-` and 1 to 10 digits.  Returns VARVE_OK or
 * VARVE_INVALID_ARGUMENT, also where the number does not fit; then `*ts` is left alone.
 */
VARVE_API VARVE_NODISCARD varve_status varve_ts_parse(varve_slice text, varve_ts *ts,
                                                      varve_error *err);

#ifdef __cplusplus
}
#endif

#endif
