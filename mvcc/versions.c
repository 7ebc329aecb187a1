#include "mvcc/check.h"
#include "mvcc/read.h"

/* The rows end here; what is left begins at `ts`. */
static varve_status stop_before(varve_rows *rows, varve_ts ts)
{
    rows->more = true;
    rows->resume_ts = ts;
    return VARVE_OK;
}

/* From a version to the next older one at or below the time of the read. */
static varve_status step_older(varve__read *read, varve_ts from, varve_error *err)
{
    varve__walk *walk = &read->walk;
    bool is_above = varve_ts_compare(from, read->view.ts) > 0; /* the transaction's own value */
    return is_above ? varve__walk_descend(walk, read->view.suffix, err)
                    : varve__walk_older(walk, err);
}

/*
 * From what the key yields to the next older version.  An earlier value of an intent stands in the
 * metadata record, and the versions below that intent are older.
 */
static varve_status go_older(varve__read *read, varve__found *found, varve_error *err)
{
    if (found->row == VARVE__ROW_OF_HISTORY)
        return varve__find_version(&read->walk, found->below, found, err);
    if (varve_ts_is_zero(found->ts))
        return VARVE_NOT_FOUND; /* behind an inline value */
    varve_status status = step_older(read, found->ts, err);
    if (status == VARVE_OK)
        varve__find_here(&read->walk, found);
    return status;
}

/* Rows of `found` and of all older versions. */
static varve_status list(varve__read *read, varve__found found, varve_error *err)
{
    varve_status status = varve__read_emit(read, &found, err);
    while (status == VARVE_OK) {
        status = varve__read_check_cancel(read, err);
        if (status == VARVE_OK)
            status = go_older(read, &found, err);
        if (status != VARVE_OK)
            break;
        if (varve__read_is_full(read))
            return stop_before(read->rows, found.ts);
        status = varve__read_emit(read, &found, err);
    }
    return status;
}

static varve_status versions(varve__read *read, varve_reader *reader, varve_slice key,
                             varve_error *err)
{
    varve_status status = varve__check_point(key, read->how.ts, err);
    if (status == VARVE_OK)
        status = varve__read_check_options(read, err);
    if (status == VARVE_OK && read->max_rows > 0)
        status = varve__walk_open_key(&read->walk, reader, key, err);
    status = varve__read_check_collected(read, reader, (varve_span){key, key}, status, err);
    varve__rows_clear(read->rows);
    if (status == VARVE_OK && read->max_rows == 0)
        return stop_before(read->rows, read->how.ts);

    varve__found found;
    read->tombstones = true;
    if (status == VARVE_OK)
        status = varve__read_find(read, &found, err);
    if (status == VARVE_OK)
        status = list(read, found, err);
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}

varve_status varve_mvcc_versions(varve_reader *reader, const varve_read *how, varve_slice key,
                                 int64_t max_versions, varve_rows *rows, varve_error *err)
{
    varve__read read;
    const unsigned flags = VARVE_READ_INCONSISTENT | VARVE_READ_CHECK_COLLECTED;
    varve_status status = varve__read_begin(&read, how, flags, max_versions, rows, err);
    read.how.max_intents = 0; /* one key has one at most */
    if (status == VARVE_OK)
        status = versions(&read, reader, key, err);
    return varve__read_end(&read, status, err);
}
