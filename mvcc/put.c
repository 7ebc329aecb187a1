#include <varve/value.h>

#include "mvcc/write.h"

varve_status varve_mvcc_put(const varve_write *how, varve_slice key, varve_slice raw,
                            varve_error *err)
{
    varve__write write;
    write.key = key;
    write.raw = raw;
    write.make = NULL;
    return varve__write_run(&write, how, err);
}

varve_status varve_mvcc_delete(const varve_write *how, varve_slice key, varve_error *err)
{
    return varve_mvcc_put(how, key, varve_slice_of(NULL, 0), err);
}

varve_status varve_mvcc_put_record(const varve_write *how, varve_slice key, varve_slice bytes,
                                   varve_error *err)
{
    varve_buf raw = VARVE_BUF_INIT;
    varve_status status = varve_value_set_bytes(&raw, bytes, err);
    if (status == VARVE_OK)
        status = varve_value_init_checksum(&raw, key, err);
    if (status == VARVE_OK)
        status = varve_mvcc_put(how, key, varve_buf_slice(&raw), err);
    varve_buf_release(&raw);
    return status;
}
