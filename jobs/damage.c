#include "jobs/damage.h"

#include <stdio.h>

#include "jobs/place.h"
#include "util/buf.h"

bool varve__damage_is_of_record(const varve__walk *walk, const varve_error *problem)
{
    bool is_damage = problem->status == VARVE_CORRUPT || problem->status == VARVE_CORRUPT_KEY;
    /* An iterator that has failed to read stands nowhere. */
    return is_damage && walk->it != NULL && walk->it->valid;
}

varve_status varve__damage_decode(const varve__walk *walk, varve__meta *meta, varve_error *err)
{
    varve_status status = varve__walk_meta(walk, meta, err);
    if (status != VARVE_MERGE_CONFLICT)
        return status;
    if (err != NULL)
        varve_error_release(err);
    *meta = (varve__meta){.has_txn = false};
    return VARVE_OK;
}

/* Behind the engine key, append the user key, if there is one. */
static varve_status add_user_key(varve_buf *bytes, varve_slice engine_key, varve_error *err)
{
    varve__key_parts parts;
    varve_slice place = varve__place_of(engine_key);
    if (varve__key_split(place, &parts, NULL) != VARVE_OK)
        return VARVE_OK;
    return varve__key_unescape(place, bytes, err);
}

varve_status varve__damage_add(varve__damage *damage, varve_slice engine_key,
                               const varve_error *problem, varve_error *err)
{
    varve__damaged *key = &damage->list[damage->count];
    if (varve__damage_is_full(damage)) {
        damage->overflows = true;
        return VARVE_OK;
    }
    varve_status status = varve__buf_assign(&key->bytes, engine_key, err);
    if (status == VARVE_OK)
        status = add_user_key(&key->bytes, engine_key, err);
    if (status != VARVE_OK)
        return status;
    key->engine_size = engine_key.size;
    key->status = problem->status;
    (void)snprintf(key->text, sizeof key->text, "%s", problem->message);
    damage->count++;
    return VARVE_OK;
}

varve_slice varve__damaged_engine_key(const varve__damaged *key)
{
    return varve_slice_of(key->bytes.data, key->engine_size);
}

void varve__damage_keep_below(varve__damage *damage, varve_slice place)
{
    size_t kept = 0;
    for (size_t i = 0; i < damage->count; i++) {
        varve__damaged key = damage->list[i];
        if (varve_slice_compare(varve__damaged_engine_key(&key), place) >= 0)
            continue;
        damage->list[i] = damage->list[kept];
        damage->list[kept++] = key;
    }
    damage->count = kept;
    damage->overflows = false;
}

static void tell(const varve__damage *damage, const varve__damaged *key)
{
    varve_slice bytes = varve_buf_slice(&key->bytes);
    const varve_damaged_key told = {
        .struct_size = sizeof told,
        .engine_key = varve__damaged_engine_key(key),
        .has_user_key = bytes.size > key->engine_size,
        .user_key = varve_slice_of(bytes.data + key->engine_size, bytes.size - key->engine_size),
        .status = key->status,
        .text = key->text,
    };
    damage->each(damage->arg, &told);
}

void varve__damage_tell(varve__damage *damage)
{
    for (size_t i = 0; i < damage->count && damage->each != NULL; i++)
        tell(damage, &damage->list[i]);
    damage->count = 0;
}

void varve__damage_release(varve__damage *damage)
{
    for (size_t i = 0; i < VARVE__DAMAGE_MAX; i++)
        varve_buf_release(&damage->list[i].bytes);
}
