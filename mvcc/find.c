#include "mvcc/find.h"

#include <varve/value.h>

#include "format/fail.h"

/* From the first record to the newest version at or below `ts`. */
static varve_status descend(varve__walk *walk, varve_ts ts, varve__found *found, varve_error *err)
{
    if (varve_ts_is_zero(ts))
        return VARVE_NOT_FOUND;
    unsigned char suffix[VARVE__SUFFIX_SIZE];
    varve__suffix_encode(ts, suffix);
    varve_status status = varve__walk_descend(walk, suffix, err);
    if (status == VARVE_OK)
        varve__find_here(walk, found);
    return status;
}

/* The same for an uncertain reader. */
static varve_status descend_certain(const varve__view *view, varve__walk *walk, varve_ts ts,
                                    varve__found *found, varve_error *err)
{
    varve_status status = descend(walk, ts, found, err);
    if (status == VARVE_OK && varve_ts_compare(found->ts, view->ts) > 0)
        return varve__fail_in_doubt(view, found->ts, err);
    return status;
}

/* Fetch what has been decided by the metadata record that the walk stands on. */
static varve_status take_sighted(const varve__view *view, varve__walk *walk,
                                 const varve__sight *sight, const varve__meta *meta,
                                 varve__found *found, varve_error *err)
{
    switch (sight->what) {
    case VARVE__SEE_INLINE:
        found->value = meta->raw;
        return VARVE_OK;
    case VARVE__SEE_HISTORY:
        (void)varve__see_history(view->txn, varve__walk_value(walk), &found->value);
        found->below = varve__view_below(view, meta);
        return VARVE_OK;
    case VARVE__SEE_AT_OR_BELOW:
    case VARVE__SEE_BESIDE:
        return descend(walk, sight->ts, found, err);
    case VARVE__SEE_CERTAIN:
        return descend_certain(view, walk, sight->ts, found, err);
    case VARVE__SEE_TOO_NEW:
        return varve__fail_too_new(view, sight->ts, err);
    case VARVE__SEE_UNCERTAIN:
        return varve__fail_in_doubt(view, sight->ts, err);
    case VARVE__SEE_LATER_EPOCH:
        return varve__fail_epoch(view, meta, err);
    case VARVE__SEE_FIRST: /* varve__find() has dealt with it */
    case VARVE__SEE_NOTHING:
    case VARVE__SEE_CONFLICT:
        break;
    }
    return VARVE_NOT_FOUND;
}

/* The key has a metadata record, on which the walk stands. */
static varve_status find_by_meta(const varve__view *view, varve__walk *walk,
                                 varve__conflicts *conflicts, varve__found *found, varve_error *err)
{
    varve__meta meta;
    varve_status status = varve__walk_meta(walk, &meta, err);
    if (status != VARVE_OK)
        return status;
    varve__sight sight = varve__see_meta(view, &meta, varve__walk_value(walk));
    *found = (varve__found){.row = sight.row};
    walk->tally.intents += meta.has_txn;
    if (sight.what == VARVE__SEE_BESIDE || sight.what == VARVE__SEE_CONFLICT)
        status = varve__conflicts_add(conflicts, varve__walk_prefix(walk), &meta, err);
    return status == VARVE_OK ? take_sighted(view, walk, &sight, &meta, found, err) : status;
}

varve_status varve__find_further(const varve__view *view, varve__walk *walk,
                                 varve__conflicts *conflicts, varve__found *found, varve_error *err)
{
    const unsigned char *suffix = varve__walk_suffix(walk);
    if (suffix == NULL)
        return find_by_meta(view, walk, conflicts, found, err);
    varve__sight sight = varve__see_newer_version(view, varve__suffix_decode(suffix));
    found->row = sight.row;
    return take_sighted(view, walk, &sight, NULL, found, err);
}

/* ---- For writers -------------------------------------------------------------------------------
 */

varve_status varve__find_to_write(varve__walk *walk, varve_slice user_key, varve_ts ts,
                                  const varve_txn *txn, varve__found *found, varve_error *err)
{
    varve__view view;
    varve__conflicts conflicts = {.list = NULL};
    varve__view_init(&view, ts, txn, 0);
    varve_status status = varve__find(&view, walk, &conflicts, found, err);
    if (conflicts.count > 0)
        status = varve__conflicts_fail(&conflicts, err);
    varve__conflicts_release(&conflicts);
    return status == VARVE_OK ? varve_value_verify(found->value, user_key, err) : status;
}

/* Whether the walk, at the front of a key, stands on a version at or below `ts`. */
static bool front_is_at_or_below(const varve__walk *walk, varve_ts ts)
{
    const unsigned char *suffix = varve__walk_suffix(walk);
    return suffix != NULL && varve_ts_compare(varve__suffix_decode(suffix), ts) <= 0;
}

varve_status varve__find_version(varve__walk *walk, varve_ts ts, varve__found *found,
                                 varve_error *err)
{
    *found = (varve__found){.row = 0};
    if (ts.wall < 0 || ts.logical < 0)
        return VARVE_NOT_FOUND;
    varve_status status = walk->at_front ? VARVE_OK : varve__walk_front(walk, err);
    if (status != VARVE_OK)
        return status;
    if (!front_is_at_or_below(walk, ts))
        return descend(walk, ts, found, err);
    varve__find_here(walk, found);
    return VARVE_OK;
}
