#include "engine/batch.h"
#include "format/batch_repr.h"
#include "util/alloc.h"
#include "util/fail.h"

static varve_status make_room(varve_batch *batch, varve_error *err)
{
    if (batch->savepoint_count < batch->savepoint_room)
        return VARVE_OK;
    size_t room = batch->savepoint_room > 0 ? 2 * batch->savepoint_room : 4;
    varve__savepoint *grown = varve__realloc(batch->savepoints, room * sizeof *grown);
    if (grown == NULL)
        return varve__fail_no_memory(err, room * sizeof *grown);
    batch->savepoints = grown;
    batch->savepoint_room = room;
    varve__batch_account(batch);
    return VARVE_OK;
}

varve_status varve_batch_savepoint(varve_batch *batch, varve_error *err)
{
    varve_status status = varve__batch_check(batch, VARVE__BATCH_ITSELF, err);
    if (status == VARVE_OK)
        status = make_room(batch, err);
    if (status != VARVE_OK)
        return status;
    batch->savepoints[batch->savepoint_count++] =
        (varve__savepoint){batch->repr.size, varve__repr_count(varve_batch_repr(batch))};
    return VARVE_OK;
}

/* No iterator is open. */
static void cut(varve_batch *batch, const varve__savepoint *mark)
{
    varve__batch_view_take_back(&batch->view, varve_buf_slice(&batch->repr), mark->size,
                                mark->count);
    varve__repr_cut(&batch->repr, mark->size, mark->count);
    varve__touched_cut(&batch->touched, mark->size, mark->count);
}

varve_status varve_batch_rollback(varve_batch *batch, varve_error *err)
{
    varve_status status = varve__batch_check(batch, VARVE__BATCH_ITSELF, err);
    if (status != VARVE_OK)
        return status;
    if (batch->iterators > 0)
        return varve__fail(err, VARVE_MISUSE, "%zu iterators are open over this batch",
                           batch->iterators);
    if (batch->savepoint_count == 0)
        return VARVE_NOT_FOUND;
    cut(batch, &batch->savepoints[--batch->savepoint_count]);
    varve__batch_account(batch);
    return VARVE_OK;
}

varve_status varve_batch_release(varve_batch *batch, varve_error *err)
{
    varve_status status = varve__batch_check(batch, VARVE__BATCH_ITSELF, err);
    if (status != VARVE_OK)
        return status;
    if (batch->savepoint_count == 0)
        return VARVE_NOT_FOUND;
    batch->savepoint_count--;
    return VARVE_OK;
}
