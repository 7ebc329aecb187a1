#include <varve/ts.h>

#include <inttypes.h>
#include <stdio.h>

#include "format/print.h"
#include "util/fail.h"

#define NANOSECONDS 1000000000u

/* ---- Arithmetic --------------------------------------------------------------------------------
 */

varve_status varve_ts_next(varve_ts ts, varve_ts *next, varve_error *err)
{
    if (ts.logical < INT32_MAX)
        *next = varve_ts_of(ts.wall, ts.logical + 1);
    else if (ts.wall < INT64_MAX)
        *next = varve_ts_of(ts.wall + 1, 0);
    else
        return varve__fail(err, VARVE_TIMESTAMP_OVERFLOW, "there is no timestamp after the last");
    return VARVE_OK;
}

/* The timestamp before `ts`, with `logical` where the wall time steps back. */
static varve_status step_back(varve_ts ts, int32_t logical, varve_ts *prev, varve_error *err)
{
    if (ts.wall < 0 || ts.logical < 0 || varve_ts_is_zero(ts)) {
        char text[VARVE_TS_TEXT_MAX];
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "there is no timestamp before %s",
                           varve_ts_format(ts, text));
    }
    *prev =
        ts.logical > 0 ? varve_ts_of(ts.wall, ts.logical - 1) : varve_ts_of(ts.wall - 1, logical);
    return VARVE_OK;
}

varve_status varve_ts_prev(varve_ts ts, varve_ts *prev, varve_error *err)
{
    return step_back(ts, INT32_MAX, prev, err);
}

varve_status varve_ts_floor_prev(varve_ts ts, varve_ts *prev, varve_error *err)
{
    return step_back(ts, 0, prev, err);
}

varve_status varve_ts_add(varve_ts ts, int64_t wall, int32_t logical, varve_ts *sum,
                          varve_error *err)
{
    varve_ts result;
    if (__builtin_add_overflow(ts.wall, wall, &result.wall) ||
        __builtin_add_overflow(ts.logical, logical, &result.logical)) {
        char text[VARVE_TS_TEXT_MAX];
        return varve__fail(err, VARVE_TIMESTAMP_OVERFLOW,
                           "%s plus (%" PRId64 ",%" PRId32 ") is no timestamp",
                           varve_ts_format(ts, text), wall, logical);
    }
    *sum = result;
    return VARVE_OK;
}

/* ---- Text --------------------------------------------------------------------------------------
 */

char *varve_ts_format(varve_ts ts, char text[VARVE_TS_TEXT_MAX])
{
    uint64_t wall = ts.wall < 0 ? 0 - (uint64_t)ts.wall : (uint64_t)ts.wall;
    if (wall == 0)
        (void)snprintf(text, VARVE_TS_TEXT_MAX, "0,%" PRId32, ts.logical);
    else
        (void)snprintf(text, VARVE_TS_TEXT_MAX, "%s%" PRIu64 ".%09" PRIu64 ",%" PRId32,
                       ts.wall < 0 ? "-" : "", wall / NANOSECONDS, wall % NANOSECONDS, ts.logical);
    return text;
}

/* Take `c` off the front if it is there. */
static bool take(varve_slice *text, char c)
{
    if (text->size == 0 || text->data[0] != (unsigned char)c)
        return false;
    *text = varve_slice_of(text->data + 1, text->size - 1);
    return true;
}

/* Take 1 to `digits_max` decimal digits off the front; false also if the number has over 64 bits.
 */
static bool take_number(varve_slice *text, size_t digits_max, uint64_t *number)
{
    uint64_t result = 0;
    size_t digits = 0;
    while (digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9') {
        uint64_t digit = (uint64_t)(text->data[digits++] - '0');
        if (digits > digits_max || __builtin_mul_overflow(result, 10u, &result) ||
            __builtin_add_overflow(result, digit, &result))
            return false;
    }
    *text = varve_slice_of(text->data + digits, text->size - digits);
    *number = result;
    return digits > 0;
}

/* `magnitude` with a sign, if it lies within [-max - 1, max]. */
static bool apply_sign(bool negative, uint64_t magnitude, int64_t max, int64_t *number)
{
    if (magnitude > (uint64_t)max + (negative ? 1 : 0))
        return false;
    *number = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

static bool take_wall(varve_slice *text, int64_t *wall)
{
    bool negative = take(text, '-');
    uint64_t seconds;
    uint64_t nanoseconds = 0;
    uint64_t magnitude;
    return take_number(text, 19, &seconds) &&
           (!take(text, '.') || take_number(text, 20, &nanoseconds)) &&
           !__builtin_mul_overflow(seconds, (uint64_t)NANOSECONDS, &magnitude) &&
           !__builtin_add_overflow(magnitude, nanoseconds, &magnitude) &&
           apply_sign(negative, magnitude, INT64_MAX, wall);
}

static bool take_logical(varve_slice *text, int32_t *logical)
{
    bool negative = take(text, '-');
    uint64_t magnitude;
    int64_t number;
    if (!take_number(text, 10, &magnitude) || !apply_sign(negative, magnitude, INT32_MAX, &number))
        return false;
    *logical = (int32_t)number;
    return true;
}

varve_status varve_ts_parse(varve_slice text, varve_ts *ts, varve_error *err)
{
    varve_slice left = text;
    varve_ts result;
    if (!take_wall(&left, &result.wall) || !take(&left, ',') ||
        !take_logical(&left, &result.logical) || left.size > 0) {
        char quoted[100];
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "failed to parse %s as Timestamp",
                           varve__quote_brief(text, quoted, sizeof quoted));
    }
    *ts = result;
    return VARVE_OK;
}
