#include "mvcc/read.h"

#include "mvcc/gc_horizon.h"
#include "util/fail.h"

/* What varve__read_end() looks at; the rest need not be set for every read. */
static void begin_empty(varve__read *read, varve_rows *rows)
{
    read->how.bill = NULL;
    read->rows = rows;
    varve__walk_init(&read->walk);
    read->conflicts = (varve__conflicts){.list = NULL};
    read->tombstones_met = 0;
}

static varve_status check_how(const varve_read *how, unsigned flags_allowed, varve_error *err)
{
    if ((how->flags & ~flags_allowed) != 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "flags 0x%x are not allowed in this read",
                           how->flags & ~flags_allowed);
    return how->bill != NULL ? varve__bill_check(how->bill, err) : VARVE_OK;
}

varve_status varve__read_begin(varve__read *read, const varve_read *how, unsigned flags_allowed,
                               int64_t max_rows, varve_rows *rows, varve_error *err)
{
    begin_empty(read, rows);
    varve_status status = varve__struct_copy(&read->how, sizeof read->how, how, "varve_read", err);
    if (status != VARVE_OK)
        return status;
    status = check_how(&read->how, flags_allowed, err);
    if (status != VARVE_OK) {
        read->how.bill = NULL; /* of a size that may not be true */
        return status;
    }
    unsigned flags = read->how.flags;
    read->tombstones = (flags & VARVE_READ_TOMBSTONES) != 0;
    read->max_rows = max_rows < 0 ? INT64_MAX : max_rows;
    varve__view_init(&read->view, read->how.ts, read->how.txn, flags);
    return varve__read_check_cancel(read, err);
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

varve_status varve__read_end(varve__read *read, varve_status status, varve_error *err)
{
    if (status >= 0 && read->conflicts.count > 0)
        status = settle_conflicts(read, status, err);
    if (status < 0)
        varve__rows_clear(read->rows);
    varve__conflicts_release(&read->conflicts);
    if (read->how.bill != NULL)
        varve__read_bill(read);
    varve__walk_release(&read->walk);
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
