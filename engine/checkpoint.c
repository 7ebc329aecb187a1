#include <varve/sst.h>

#include "engine/engine.h"
#include "util/fail.h"

varve_status varve_engine_checkpoint(varve_engine *engine, const char *path, varve_error *err)
{
    if (path == NULL || path[0] == '\0')
        return varve__fail(err, VARVE_INVALID_ARGUMENT, "path: a store needs a directory");
    if (engine->open_ops->checkpoint == NULL)
        return varve__fail(err, VARVE_UNSUPPORTED, "checkpoints are made of stores on the disk");
    varve_error own = VARVE_ERROR_INIT;
    varve__store *store = varve__engine_enter(engine);
    varve_status status = engine->ops->checkpoint(store, path, &own);
    if (!engine->options.read_only)
        varve__pool_renew(&engine->pool); /* the memtables have been flushed */
    varve__engine_leave(engine);
    (void)varve__engine_report(engine, "checkpoint", status, &own);
    if (!engine->options.read_only)
        varve__state_note(engine, status);
    if (status != VARVE_OK)
        (void)varve__error_copy(&own, err);
    varve_error_release(&own);
    return status;
}
