#include "mvcc/read.h"

#include "mvcc/gc_horizon.h"
#include "util/fail.h"

varve_status varve__read_check_how(varve__read *read, unsigned flags_allowed, varve_error *err)
{
    varve_read *how = &read->how;
    varve_status status = VARVE_OK;
    if ((how->flags & ~flags_allowed) != 0)
        status = varve__fail(err, VARVE_INVALID_ARGUMENT, "flags 0x%x are not allowed in this read",
                             how->flags & ~flags_allowed);
    else if (how->bill != NULL)
        status = varve__bill_check(how->bill, err);
    if (status != VARVE_OK)
        how->bill = NULL; /* of a size that may not be true */
    return status;
}

varve_status varve__read_check_inconsistent(const varve__read *read, varve_error *err)
{
    if (read->view.txn != NULL)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "cannot allow inconsistent reads within a transaction");
    if (read->view.fail_on_more_recent)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "cannot allow inconsistent reads with fail on more recent option");
    return VARVE_OK;
}

varve_status varve__read_find_collected(const varve__read *read, varve_reader *reader,
                                        varve_span span, varve_status status, varve_error *err)
{
    if (status < 0)
        return status;
    varve_status checked = varve__gc_check_read(reader, span, read->how.ts, err);
    return checked == VARVE_OK ? status : checked;
}

varve_status varve__read_conflicts(const varve__read *read, varve_error *err)
{
    if (read->conflicts.count == 0 || read->view.inconsistent)
        return VARVE_OK;
    return varve__conflicts_fail(&read->conflicts, err);
}

/* Conflicts are a failure of what has gone well so far, or intents beside the rows. */
static varve_status settle_conflicts(varve__read *read, varve_status status, varve_error *err)
{
    varve_status settled = read->view.inconsistent
                               ? varve__rows_give_intents(read->rows, &read->conflicts, err)
                               : varve__conflicts_fail(&read->conflicts, err);
    return settled < 0 ? settled : status;
}

varve_status varve__read_settle(varve__read *read, varve_status status, varve_error *err)
{
    if (status >= 0 && read->conflicts.count > 0)
        status = settle_conflicts(read, status, err);
    if (status < 0)
        varve__rows_clear(read->rows);
    varve__conflicts_release(&read->conflicts);
    if (read->how.bill != NULL)
        varve__read_bill(read);
    return status;
}

void varve__read_bill(varve__read *read)
{
    varve__walk_tally *tally = &read->walk.tally;
    const varve_bill cost = {
        .keys = tally->keys,
        .versions = tally->versions,
        .tombstones = read->tombstones_met,
        .intents = tally->intents,
        .steps = tally->steps,
        .seeks = tally->seeks,
        .bytes_read = tally->bytes,
        .rows = read->rows->count,
        .bytes_returned = (uint64_t)read->rows->bytes,
    };
    varve__bill_add(read->how.bill, &cost);
    *tally = (varve__walk_tally){.keys = 0};
    read->tombstones_met = 0;
}

varve_status varve__read_key_further(varve__read *read, varve_error *err)
{
    varve__found found;
    varve_status status =
        varve__find_further(&read->view, &read->walk, &read->conflicts, &found, err);
    if (status == VARVE_NOT_FOUND)
        return VARVE_OK;
    return status == VARVE_OK ? varve__read_emit(read, &found, err) : status;
}
