/* Changes of a store. */
#include "change.h"

enum tool_exit change_begin(const struct cli *cli, const struct store *store, struct change *change)
{
    varve_error err = VARVE_ERROR_INIT;

    if (varve_batch_open(store->engine, 0, &change->batch, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "%s", store->path);
    return TOOL_OK;
}

varve_write change_write(struct change *change, varve_ts ts)
{
    const varve_write how = {.struct_size = sizeof how,
                             .reader = varve_batch_reader_of(change->batch),
                             .writer = varve_batch_writer_of(change->batch),
                             .ts = ts,
                             .stats = &change->delta,
                             .scratch = &change->scratch};
    return how;
}

/* Add the change to the account, if there is one. */
static varve_status add_to_account(struct change *change, varve_error *err)
{
    const varve_slice name = {NULL, 0};
    varve_stats kept;
    varve_status status =
        varve_stats_account_get(varve_batch_reader_of(change->batch), name, 0, &kept, err);

    if (status == VARVE_NOT_FOUND)
        return VARVE_OK;
    if (status != VARVE_OK)
        return status;
    return varve_stats_account_add(varve_batch_writer_of(change->batch), name, &change->delta, err);
}

enum tool_exit change_commit(const struct cli *cli, const struct store *store,
                             struct change *change)
{
    varve_error err = VARVE_ERROR_INIT;

    if (store->writer == NULL || varve_batch_is_empty(change->batch))
        return TOOL_OK;
    if (add_to_account(change, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "%s: the account of its statistics", store->path);
    if (varve_batch_commit(change->batch, VARVE_SYNC, &err) != VARVE_OK)
        return cli_fail_error(cli, &err, "%s", store->path);
    return TOOL_OK;
}

void change_end(struct change *change)
{
    varve_batch_close(change->batch);
    varve_buf_release(&change->scratch);
    *change = (struct change){0};
}
