#include "mvcc/gc_horizon.h"

#include <varve/gc_hold.h>
#include <varve/key.h>
#include <varve/ts.h>

#include "format/fail.h"
#include "mvcc/own.h"
#include "util/buf.h"

#define RECORD_KEY "\x01\x76\x78"
#define RECORD_VERSION 1

/* ---- The record --------------------------------------------------------------------------------
 */

static bool take_step(varve_slice *left, varve__gc_step *step)
{
    uint32_t size;
    return varve__own_take_u32(left, &size) && varve__own_take_bytes(left, size, &step->start) &&
           varve__own_take_ts(left, &step->ts);
}

static bool decode(varve__gc_horizon *horizon, varve_slice data)
{
    varve_slice version;
    if (!varve__own_take_bytes(&data, 1, &version) || version.data[0] != RECORD_VERSION)
        return false;
    while (data.size > 0) {
        varve__gc_step *step = &horizon->steps[horizon->count];
        if (horizon->count == VARVE__GC_STEPS_MAX || !take_step(&data, step))
            return false;
        if (horizon->count > 0 && varve_slice_compare(step[-1].start, step->start) >= 0)
            return false;
        horizon->count++;
    }
    return true;
}

varve_status varve__gc_horizon_read(varve__gc_horizon *horizon, varve_reader *reader,
                                    varve_error *err)
{
    varve_slice data;
    horizon->rows = (varve_rows)VARVE_ROWS_INIT;
    horizon->spans = (varve_buf)VARVE_BUF_INIT;
    horizon->count = 0;
    varve_status status =
        varve__own_get(reader, varve_slice_text(RECORD_KEY), &horizon->rows, &data, err);
    if (status == VARVE_NOT_FOUND)
        return VARVE_OK;
    if (status == VARVE_OK && !decode(horizon, data))
        return varve__fail(err, VARVE_CORRUPT,
                           "the record of how far garbage has been collected does not decode");
    return status;
}

void varve__gc_horizon_release(varve__gc_horizon *horizon)
{
    varve_rows_release(&horizon->rows);
    varve_buf_release(&horizon->spans);
}

varve_status varve__gc_horizon_put(const varve__gc_horizon *horizon, varve_writer *writer,
                                   varve_error *err)
{
    varve_buf data = VARVE_BUF_INIT;
    size_t size = 1;
    for (size_t i = 0; i < horizon->count; i++)
        size += 4 + horizon->steps[i].start.size + VARVE__OWN_TS_SIZE;
    varve_status status = varve__buf_restart(&data, size, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push(&data, RECORD_VERSION);
    for (size_t i = 0; i < horizon->count; i++) {
        varve__own_push_u32(&data, (uint32_t)horizon->steps[i].start.size);
        varve__buf_push_bytes(&data, horizon->steps[i].start);
        varve__own_push_ts(&data, horizon->steps[i].ts);
    }
    status = varve__own_put(writer, varve_slice_text(RECORD_KEY), varve_buf_slice(&data), err);
    varve_buf_release(&data);
    return status;
}

/* ---- Steps -------------------------------------------------------------------------------------
 */

static bool is_end(varve_slice end)
{
    return end.size == 0 || varve_slice_compare(end, varve_key_max()) >= 0;
}

/* Whether the i-th step reaches into the span. */
static bool reaches(const varve__gc_horizon *horizon, size_t i, varve_span span)
{
    varve_slice start = horizon->steps[i].start;
    bool ends_before =
        i + 1 < horizon->count && varve_slice_compare(horizon->steps[i + 1].start, span.start) <= 0;
    bool begins_behind = !is_end(span.end) && varve_slice_compare(start, span.end) >= 0 &&
                         varve_slice_compare(start, span.start) > 0;
    return !ends_before && !begins_behind;
}

varve_ts varve__gc_horizon_highest(const varve__gc_horizon *horizon, varve_span span)
{
    varve_ts highest = varve_ts_zero();
    for (size_t i = 0; i < horizon->count; i++) {
        if (reaches(horizon, i, span) && varve_ts_compare(horizon->steps[i].ts, highest) > 0)
            highest = horizon->steps[i].ts;
    }
    return highest;
}

varve_ts varve__gc_horizon_lowest(const varve__gc_horizon *horizon, varve_span span)
{
    varve_ts lowest = varve_ts_max();
    if (horizon->count == 0 || varve_slice_compare(span.start, horizon->steps[0].start) < 0)
        return varve_ts_zero();
    for (size_t i = 0; i < horizon->count; i++) {
        if (reaches(horizon, i, span) && varve_ts_compare(horizon->steps[i].ts, lowest) < 0)
            lowest = horizon->steps[i].ts;
    }
    return lowest;
}

/* Let a step begin at `key`, with what holds there. */
static void cut(varve__gc_horizon *horizon, varve_slice key)
{
    varve__gc_step *steps = horizon->steps;
    size_t i = 0;
    while (i < horizon->count && varve_slice_compare(steps[i].start, key) < 0)
        i++;
    if (i < horizon->count && varve_slice_equal(steps[i].start, key))
        return;
    memmove(&steps[i + 1], &steps[i], (horizon->count - i) * sizeof *steps);
    steps[i] = (varve__gc_step){key, i > 0 ? steps[i - 1].ts : varve_ts_zero()};
    horizon->count++;
}

static void drop(varve__gc_horizon *horizon, size_t i)
{
    varve__gc_step *steps = horizon->steps;
    memmove(&steps[i], &steps[i + 1], (horizon->count - i - 1) * sizeof *steps);
    horizon->count--;
}

/* Steps that do not differ from the one before are none. */
static void tidy(varve__gc_horizon *horizon)
{
    for (size_t i = horizon->count; i-- > 0;) {
        varve_ts before = i > 0 ? horizon->steps[i - 1].ts : varve_ts_zero();
        if (varve_ts_compare(horizon->steps[i].ts, before) == 0)
            drop(horizon, i);
    }
}

/* The later of two neighbours whose times are nearest to each other. */
static size_t nearest(const varve__gc_horizon *horizon)
{
    size_t best = 1;
    uint64_t best_distance = UINT64_MAX;
    for (size_t i = 1; i < horizon->count; i++) {
        int64_t a = horizon->steps[i - 1].ts.wall;
        int64_t b = horizon->steps[i].ts.wall;
        uint64_t distance = (uint64_t)(a > b ? a - b : b - a);
        if (distance < best_distance) {
            best_distance = distance;
            best = i;
        }
    }
    return best;
}

/* There are too many: what is not remembered exactly is remembered as too high. */
static void merge_nearest(varve__gc_horizon *horizon)
{
    size_t i = nearest(horizon);
    varve__gc_step *steps = horizon->steps;
    if (varve_ts_compare(steps[i].ts, steps[i - 1].ts) > 0)
        steps[i - 1].ts = steps[i].ts;
    drop(horizon, i);
}

/* Keep the bytes of both keys: `span` is made to point to them. */
static varve_status copy_span(varve_buf *spans, varve_span *span, varve_error *err)
{
    varve_slice start = span->start;
    varve_status status = varve__buf_restart(spans, start.size + span->end.size + 1, err);
    if (status != VARVE_OK)
        return status;
    varve__buf_push_bytes(spans, start);
    varve__buf_push_bytes(spans, span->end);
    span->end = varve_slice_of(spans->data + start.size, span->end.size);
    span->start = varve_slice_of(spans->data, start.size);
    return VARVE_OK;
}

varve_status varve__gc_horizon_raise(varve__gc_horizon *horizon, varve_span span, varve_ts ts,
                                     varve_error *err)
{
    varve_status status = copy_span(&horizon->spans, &span, err);
    if (status != VARVE_OK)
        return status;
    cut(horizon, span.start);
    if (!is_end(span.end))
        cut(horizon, span.end);
    for (size_t i = 0; i < horizon->count; i++) {
        varve__gc_step *step = &horizon->steps[i];
        bool is_inside = varve_slice_compare(step->start, span.start) >= 0 &&
                         (is_end(span.end) || varve_slice_compare(step->start, span.end) < 0);
        if (is_inside && varve_ts_compare(step->ts, ts) < 0)
            step->ts = ts;
    }
    tidy(horizon);
    while (horizon->count > VARVE__GC_STEPS_MAX)
        merge_nearest(horizon);
    tidy(horizon);
    return VARVE_OK;
}

/* ---- Asking ------------------------------------------------------------------------------------
 */

varve_status varve_gc_collected(varve_reader *reader, varve_span span, varve_ts *until,
                                varve_error *err)
{
    varve__gc_horizon horizon;
    varve_status status = varve__gc_horizon_read(&horizon, reader, err);
    if (status == VARVE_OK)
        *until = varve__gc_horizon_highest(&horizon, span);
    varve__gc_horizon_release(&horizon);
    return status;
}

varve_status varve__gc_check_read(varve_reader *reader, varve_span span, varve_ts ts,
                                  varve_error *err)
{
    varve_ts until;
    varve_status status = varve_gc_collected(reader, span, &until, err);
    /* No version stands at zero: there, and below, nobody misses any. */
    if (status == VARVE_OK && varve_ts_compare(ts, varve_ts_zero()) > 0 &&
        varve_ts_compare(ts, until) < 0)
        return varve__fail_below_threshold(err, ts, until);
    return status;
}
