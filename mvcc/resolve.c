#include <varve/resolve.h>

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

/* Gather what changes.  VARVE_NOT_FOUND if nothing does. */
static varve_status gather(varve__resolver *resolver, varve_slice key, varve_error *err)
{
    varve__walk walk = {.it = NULL};
    varve_status status = varve__walk_open_key(&walk, resolver->change.reader, key, err);
    if (status == VARVE_OK) {
        bool has_record = varve__walk_suffix(&walk) == NULL;
        status = has_record ? varve__resolve_key(resolver, &walk, err) : VARVE_NOT_FOUND;
    }
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
