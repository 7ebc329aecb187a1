/*
 * Gets from what an engine keeps of newest versions (engine/newest.h).
 *
 * What is kept of a key is its first record, which decides about most reads of the present: it is a
 * version at or below the time of the read, or an inline value, or there is none.  Where it does
 * not decide, the key is read as if nothing had been kept, all of it from one view.
 */
#ifndef VARVE_MVCC_RECALL_H
#define VARVE_MVCC_RECALL_H

#include "engine/newest.h"
#include "mvcc/find.h"

/* What has been recalled of a key, or why nothing was. */
typedef struct varve__recall {
    const varve__newest_entry *entry; /* what decides; NULL = nothing does, or nobody has looked */
    varve__newest_look look;          /* in vain */
    varve__found found;               /* rows 1 and 5 of the decision table */
} varve__recall;

/* Look for what decides what the view sees of the walk's key, which has been named. */
void varve__recall_key(varve__recall *recall, varve_reader *reader, const varve__view *view,
                       varve__walk *walk);

/* With an entry: VARVE_OK if the key has records, and `found` is what it yields; or NOT_FOUND. */
static inline varve_status varve__recall_status(const varve__recall *recall)
{
    return recall->entry->exists ? VARVE_OK : VARVE_NOT_FOUND;
}

/* Without: keep what the walk, whose opening has come to `status`, has found first of the key. */
void varve__recall_keep(const varve__recall *recall, varve_reader *reader, const varve__walk *walk,
                        varve_status status);

#endif
