#include "engine/view.h"
#include "mvcc/check.h"
#include "mvcc/read.h"
#include "mvcc/recall.h"

/* Go to the first record of the key, unless what is kept of it decides. */
static varve_status recall_or_open(varve__read *read, varve_reader *reader, varve_slice key,
                                   varve__recall *recall, varve_error *err)
{
    varve_status status = varve__walk_name_key(&read->walk, key, err);
    if (status != VARVE_OK)
        return status;
    varve__recall_key(recall, reader, &read->view, &read->walk);
    if (recall->entry != NULL)
        return varve__recall_status(recall);
    status = varve__walk_open_prefix(&read->walk, reader, read->walk.prefix, err);
    varve__recall_keep(recall, reader, &read->walk, status);
    return status;
}

static inline varve_status get(varve__read *read, varve_reader *reader, varve_slice key,
                               varve_error *err)
{
    varve__recall recall;
    recall.entry = NULL;
    varve_status status = reader->newest == NULL
                              ? varve__walk_open_key(&read->walk, reader, key, err)
                              : recall_or_open(read, reader, key, &recall, err);
    status = varve__read_check_collected(read, reader, (varve_span){key, key}, status, err);
    varve__rows_clear(read->rows); /* one of which the key may be in */
    if (recall.entry == NULL)
        return status == VARVE_OK ? varve__read_key(read, err) : status;
    if (status == VARVE_OK)
        status = varve__read_emit(read, &recall.found, err);
    varve__newest_release(recall.entry);
    return status;
}

static inline varve_status check(const varve__read *read, varve_slice key, varve_error *err)
{
    varve_status status = varve__check_point(key, read->how.ts, err);
    return status == VARVE_OK ? varve__read_check_options(read, err) : status;
}

varve_status varve_mvcc_get(varve_reader *reader, const varve_read *how, varve_slice key,
                            varve_rows *rows, varve_error *err)
{
    const unsigned flags = VARVE_READ_TOMBSTONES | VARVE_READ_FAIL_ON_MORE_RECENT |
                           VARVE_READ_INCONSISTENT | VARVE_READ_CHECK_COLLECTED;
    varve__read read;
    varve_status status = varve__read_begin(&read, how, flags, 1, rows, err);
    if (status == VARVE_OK)
        status = check(&read, key, err);
    if (status == VARVE_OK)
        status = get(&read, reader, key, err);
    if (status == VARVE_OK && rows->count == 0)
        status = VARVE_NOT_FOUND;
    return varve__read_end(&read, status, err);
}
