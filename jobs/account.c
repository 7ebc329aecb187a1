#include "jobs/account.h"

#include <varve/stats_account.h>

varve_status varve__account_stage(varve_batch *batch, varve_engine *engine, varve_slice name,
                                  const varve_stats *delta, varve_error *err)
{
    varve_stats kept;
    varve_status status = varve_stats_account_get(varve_engine_reader(engine), name, 0, &kept, err);
    if (status == VARVE_NOT_FOUND)
        return VARVE_OK;
    return status == VARVE_OK
               ? varve_stats_account_add(varve_batch_writer_of(batch), name, delta, err)
               : status;
}
