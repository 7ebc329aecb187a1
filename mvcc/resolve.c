#include <varve/key.h>
#include <varve/resolve.h>
#include <varve/ts.h>

#include "engine/view.h"
#include "format/fail.h"
#include "mvcc/resolve_key.h"

static varve_status check_key(varve_slice key, const varve_resolution *update, varve_error *err)
{
    if (key.size == 0)
        return varve__fail_empty_key(err);
    if (update->end_key.size > 0)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "can't resolve range intent as point intent");
    return VARVE_OK;
}

/*
 * An intent of a transaction that has committed mostly stands where it is to stay, and takes no
 * more than a look at its record.  VARVE_NOT_FOUND leaves it to the walk.
 */
static varve_status gather_from_record(varve__resolver *resolver, varve__walk *walk,
                                       varve_error *err)
{
    varve_reader *reader = resolver->change.reader;
    varve_slice prefix = varve__walk_prefix(walk);
    if (resolver->update.status != VARVE_TXN_COMMITTED)
        return VARVE_NOT_FOUND;
    varve_status status = reader->ops->get(reader, prefix, &resolver->record, err);
    varve_slice record = varve_buf_slice(&resolver->record);
    if (status == VARVE_OK)
        status = varve__resolve_record(resolver, prefix, record, err);
    if (status != VARVE_NOT_FOUND)
        walk->tally = (varve__walk_tally){.keys = 1, .seeks = 1, .bytes = record.size};
    return status;
}

static varve_status gather_from_walk(varve__resolver *resolver, varve__walk *walk, varve_error *err)
{
    varve_slice prefix = varve__walk_prefix(walk);
    varve_status status = varve__walk_open_prefix(walk, resolver->change.reader, prefix, err);
    if (status != VARVE_OK)
        return status;
    bool has_record = varve__walk_suffix(walk) == NULL;
    return has_record ? varve__resolve_key(resolver, walk, err) : VARVE_NOT_FOUND;
}

/* Gather what changes.  VARVE_NOT_FOUND if nothing does. */
static varve_status gather(varve__resolver *resolver, varve_slice key, varve_error *err)
{
    varve__walk walk;
    varve__walk_init(&walk);
    varve_status status = varve__walk_name_key(&walk, key, err);
    resolver->change.is_checked = varve_key_check(key, NULL) == VARVE_OK;
    if (status == VARVE_OK)
        status = gather_from_record(resolver, &walk, err);
    if (status == VARVE_NOT_FOUND)
        status = gather_from_walk(resolver, &walk, err);
    varve__change_send_bill(&resolver->change, &walk);
    varve__walk_release(&walk);
    return status;
}

varve_status varve_mvcc_resolve(const varve_write *how, varve_slice key,
                                const varve_resolution *resolution, bool *resolved,
                                varve_error *err)
{
    varve__resolver resolver;
    varve_status status = varve__resolver_begin(&resolver, how, resolution, err);
    if (status == VARVE_OK)
        status = check_key(key, &resolver.update, err);
    if (status == VARVE_OK)
        status = gather(&resolver, key, err);
    if (status == VARVE_OK)
        status = varve__change_apply(&resolver.change, err);
    varve__resolver_release(&resolver);
    if (resolved != NULL)
        *resolved = status == VARVE_OK;
    return status == VARVE_NOT_FOUND ? VARVE_OK : status;
}
