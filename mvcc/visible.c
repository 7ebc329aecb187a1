#include "mvcc/visible.h"

#include "format/fail.h"

varve_ts varve__view_floor(varve_ts ts)
{
    if (ts.wall < 0)
        return varve_ts_zero();
    if (ts.logical >= 0)
        return ts;
    return ts.wall == 0 ? varve_ts_zero() : varve_ts_of(ts.wall - 1, INT32_MAX);
}

void varve__view_reach_up(varve__view *view)
{
    if (varve_ts_compare(view->ts, view->txn->max_ts) >= 0)
        return;
    view->is_uncertain = true;
    view->reach_ts = varve__view_floor(view->txn->max_ts);
    varve__view_bound(view->reach_ts, view->reach_suffix);
}

static varve__sight see_from(int row, varve__seen what, varve_ts ts)
{
    return (varve__sight){.row = row, .what = what, .ts = ts};
}

static varve__sight see_at_or_below(int row, varve_ts ts)
{
    return see_from(row, varve_ts_is_zero(ts) ? VARVE__SEE_NOTHING : VARVE__SEE_AT_OR_BELOW, ts);
}

/* What lies at or below the reach, of a reader who is uncertain or not. */
static varve__sight see_within_reach(const varve__view *view, int row)
{
    if (!view->is_uncertain || varve_ts_is_zero(view->reach_ts))
        return see_at_or_below(row, view->reach_ts);
    return see_from(row, VARVE__SEE_CERTAIN, view->reach_ts);
}

varve__sight varve__see_newer_version(const varve__view *view, varve_ts newest)
{
    if (view->fail_on_more_recent)
        return see_from(2, VARVE__SEE_TOO_NEW, newest);
    if (!view->is_uncertain)
        return see_at_or_below(4, view->seek_ts);
    if (varve_ts_compare(newest, view->reach_ts) <= 0)
        return see_from(3, VARVE__SEE_UNCERTAIN, newest);
    return see_within_reach(view, 3);
}

bool varve__meta_is_of(const varve__meta *meta, const varve_txn *txn)
{
    return meta->has_txn && txn != NULL &&
           memcmp(meta->txn.id, txn->meta.id, sizeof meta->txn.id) == 0;
}

varve_ts varve__view_below(const varve__view *view, const varve__meta *meta)
{
    varve_ts below = view->seek_ts;
    if (varve_ts_compare(meta->ts, view->ts) <= 0 && varve_ts_prev(meta->ts, &below, NULL) < 0)
        return varve_ts_zero();
    return below;
}

bool varve__see_history(const varve_txn *txn, varve_slice record, varve_slice *value)
{
    varve__history_entry entry;
    bool found = false;
    while (varve__meta_next_history(&record, &entry)) {
        if (entry.sequence > txn->meta.sequence || varve_txn_is_ignored(txn, entry.sequence))
            continue;
        *value = entry.value;
        found = true;
    }
    return found;
}

/* Rows 6 to 8. */
static varve__sight see_foreign_intent(const varve__view *view, const varve__meta *meta)
{
    if (varve_ts_compare(meta->ts, view->is_uncertain ? view->txn->max_ts : view->ts) > 0 &&
        !view->fail_on_more_recent)
        return see_within_reach(view, 6);
    if (view->inconsistent)
        return see_from(7, VARVE__SEE_BESIDE, varve__view_below(view, meta));
    return see_from(8, VARVE__SEE_CONFLICT, varve_ts_zero());
}

/* Rows 9 to 13. */
static varve__sight see_own_intent(const varve__view *view, const varve__meta *meta,
                                   varve_slice record)
{
    const varve_txn *txn = view->txn;
    varve_slice value;
    if (txn->meta.epoch < meta->txn.epoch)
        return see_from(12, VARVE__SEE_LATER_EPOCH, varve_ts_zero());
    if (txn->meta.epoch > meta->txn.epoch)
        return see_at_or_below(13, varve__view_below(view, meta));
    if (txn->meta.sequence >= meta->txn.sequence && !varve_txn_is_ignored(txn, meta->txn.sequence))
        return see_at_or_below(9, varve__view_floor(meta->ts));
    if (meta->history_count > 0 && varve__see_history(txn, record, &value))
        return see_from(10, VARVE__SEE_HISTORY, varve_ts_zero());
    return see_at_or_below(11, varve__view_below(view, meta));
}

varve__sight varve__see_meta(const varve__view *view, const varve__meta *meta, varve_slice record)
{
    if (meta->has_raw)
        return see_from(5, VARVE__SEE_INLINE, varve_ts_zero());
    if (varve__meta_is_of(meta, view->txn))
        return see_own_intent(view, meta, record);
    return see_foreign_intent(view, meta);
}

varve_status varve__fail_too_new(const varve__view *view, varve_ts newest, varve_error *err)
{
    varve_ts next;
    varve_status status = varve_ts_next(newest, &next, err);
    if (status != VARVE_OK)
        return status;
    return varve__fail_too_old(err, view->ts, next);
}

varve_status varve__fail_in_doubt(const varve__view *view, varve_ts existing, varve_error *err)
{
    varve_txn reader = *view->txn;
    reader.read_ts = view->ts;
    return varve__fail_uncertain(err, &reader, existing);
}

varve_status varve__fail_epoch(const varve__view *view, const varve__meta *meta, varve_error *err)
{
    return varve__fail(err, VARVE_TXN_EPOCH,
                       "failed to read with epoch %d due to a write intent with epoch %d",
                       view->txn->meta.epoch, meta->txn.epoch);
}
