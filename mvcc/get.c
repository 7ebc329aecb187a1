#include "mvcc/check.h"
#include "mvcc/read.h"

static varve_status get(varve__read *read, varve_reader *reader, varve_slice key, varve_error *err)
{
    varve_status status = varve__check_point(key, read->how.ts, err);
    if (status == VARVE_OK)
        status = varve__read_check_options(read, err);
    if (status == VARVE_OK)
        status = varve__walk_open_key(&read->walk, reader, key, err);
    status = varve__read_check_collected(read, reader, (varve_span){key, key}, status, err);
    varve__rows_clear(read->rows);
    if (status == VARVE_OK)
        status = varve__read_key(read, err);
    if (status == VARVE_OK && read->rows->count == 0)
        return VARVE_NOT_FOUND;
    return status;
}

varve_status varve_mvcc_get(varve_reader *reader, const varve_read *how, varve_slice key,
                            varve_rows *rows, varve_error *err)
{
    const unsigned flags = VARVE_READ_TOMBSTONES | VARVE_READ_FAIL_ON_MORE_RECENT |
                           VARVE_READ_INCONSISTENT | VARVE_READ_CHECK_COLLECTED;
    varve__read read;
    varve_status status = varve__read_begin(&read, how, flags, 1, rows, err);
    if (status == VARVE_OK)
        status = get(&read, reader, key, err);
    return varve__read_end(&read, status, err);
}
