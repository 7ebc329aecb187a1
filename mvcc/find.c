#include "mvcc/find.h"

#include <varve/value.h>

#include "format/fail.h"

void varve__find_here(varve__walk *walk, varve__found *found)
{
    found->ts = varve__suffix_decode(varve__walk_suffix(walk));
    found->value = varve__walk_value(walk);
}

varve_status varve__find_sight(const varve__view *view, varve__walk *walk, varve__meta *meta,
                               varve__sight *sight, varve_error *err)
{
    const unsigned char *suffix = varve__walk_suffix(walk);
    if (suffix != NULL) {
        *sight = varve__see_version(view, suffix);
        return VARVE_OK;
    }
    varve_status status = varve__walk_meta(walk, meta, err);
    if (status == VARVE_OK)
        *sight = varve__see_meta(view, meta, varve__walk_value(walk));
    return status;
}

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

varve_status varve__find_sighted(const varve__view *view, varve__walk *walk,
                                 const varve__meta *meta, const varve__sight *sight,
                                 varve__found *found, varve_error *err)
{
    found->row = sight->row;
    switch (sight->what) {
    case VARVE__SEE_FIRST:
        varve__find_here(walk, found);
        return VARVE_OK;
    case VARVE__SEE_INLINE:
        *found = (varve__found){.row = sight->row, .value = meta->raw};
        return VARVE_OK;
    case VARVE__SEE_HISTORY:
        *found = (varve__found){.row = sight->row, .value = sight->value};
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
    case VARVE__SEE_NOTHING:
    case VARVE__SEE_CONFLICT:
        break;
    }
    return VARVE_NOT_FOUND;
}

/* ---- For writers -------------------------------------------------------------------------------
 */

static varve_status fail_intent(varve_slice user_key, const varve__meta *meta, varve_error *err)
{
    varve_intent intent = {.key = user_key, .txn = meta->txn, .ts = meta->ts};
    return varve__fail_intents(err, &intent, 1, false);
}

varve_status varve__find_to_write(varve__walk *walk, varve_slice user_key, varve_ts ts,
                                  const varve_txn *txn, varve__found *found, varve_error *err)
{
    varve__meta meta;
    varve__sight sight;
    varve__view view;
    varve__view_init(&view, ts, txn, 0);
    varve_status status = varve__find_sight(&view, walk, &meta, &sight, err);
    if (status != VARVE_OK)
        return status;
    if (sight.what == VARVE__SEE_CONFLICT)
        return fail_intent(user_key, &meta, err);
    status = varve__find_sighted(&view, walk, &meta, &sight, found, err);
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
