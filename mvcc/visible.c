#include "mvcc/visible.h"

#include "format/fail.h"

/* The largest timestamp at or below `ts` that can be stored, or zero. */
static varve_ts storable_floor(varve_ts ts)
{
    if (ts.wall < 0)
        return varve_ts_zero();
    if (ts.logical >= 0)
        return ts;
    return ts.wall == 0 ? varve_ts_zero() : varve_ts_of(ts.wall - 1, INT32_MAX);
}

void varve__view_init(varve__view *view, varve_ts ts, bool fail_on_more_recent)
{
    view->ts = ts;
    view->fail_on_more_recent = fail_on_more_recent;
    view->seek_ts = storable_floor(ts);
    if (varve_ts_is_zero(view->seek_ts))
        memset(view->suffix, 0xFF, sizeof view->suffix);
    else
        varve__suffix_encode(view->seek_ts, view->suffix);
}

static varve__sight see_at_or_below(int row, varve_ts ts)
{
    if (varve_ts_is_zero(ts))
        return (varve__sight){.row = row, .what = VARVE__SEE_NOTHING};
    return (varve__sight){.row = row, .what = VARVE__SEE_AT_OR_BELOW, .ts = ts};
}

varve__sight varve__see_newer_version(const varve__view *view, varve_ts newest)
{
    if (view->fail_on_more_recent)
        return (varve__sight){.row = 2, .what = VARVE__SEE_TOO_NEW, .ts = newest};
    return see_at_or_below(4, view->seek_ts);
}

varve__sight varve__see_meta(const varve__view *view, const varve__meta *meta)
{
    if (meta->has_raw)
        return (varve__sight){.row = 5, .what = VARVE__SEE_INLINE};
    if (varve_ts_compare(meta->ts, view->ts) > 0 && !view->fail_on_more_recent)
        return see_at_or_below(6, view->seek_ts);
    return (varve__sight){.row = 8, .what = VARVE__SEE_CONFLICT};
}

varve_status varve__fail_too_new(const varve__view *view, varve_ts newest, varve_error *err)
{
    varve_ts next;
    varve_status status = varve_ts_next(newest, &next, err);
    if (status != VARVE_OK)
        return status;
    return varve__fail_too_old(err, view->ts, next);
}
