#include <varve/read.h>
#include <varve/value.h>

static varve_status decode_row(const varve_rows *rows, varve_decode_fn decode, void *arg,
                               varve_error *err)
{
    varve_row row;
    varve_slice data;
    size_t position = 0;
    (void)varve_rows_next(rows, &position, &row); /* there is one */
    varve_status status = varve_value_get_bytes(row.value, &data, err);
    return status == VARVE_OK ? decode(arg, data, err) : status;
}

varve_status varve_mvcc_get_record(varve_reader *reader, const varve_read *how, varve_slice key,
                                   varve_decode_fn decode, void *arg, bool *found, varve_rows *rows,
                                   varve_error *err)
{
    varve_status status = varve_mvcc_get(reader, how, key, rows, err);
    if (found != NULL)
        *found = status == VARVE_OK;
    if (status != VARVE_OK || decode == NULL)
        return status;
    return decode_row(rows, decode, arg, err);
}
