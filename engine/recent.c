#include "engine/recent.h"

#include <varve/key.h>

#include "util/buf.h"
#include "util/hash.h"

void varve__recent_init(varve__recent *recent)
{
    atomic_init(&recent->has_any, false);
    (void)pthread_mutex_init(&recent->lock, NULL);
}

void varve__recent_destroy(varve__recent *recent)
{
    (void)pthread_mutex_destroy(&recent->lock);
}

static struct varve__recent_slot *slot_of(varve__recent *recent, uint64_t hash)
{
    /* Other bits than the pool's marks go by: keys of one mark lie in different slots. */
    return &recent->slots[(hash >> 32) % VARVE__RECENT_SLOTS];
}

/* ---- Keeping -------------------------------------------------------------------------------- */

/* Of several puts of one key the last one stays, or none if that is too long. */
static void keep(varve__recent *recent, const struct varve__pool_put *put, uint64_t epoch)
{
    struct varve__recent_slot *slot = slot_of(recent, put->hash);
    varve_slice key = put->key;
    varve_slice value = put->value;
    slot->epoch = VARVE__ITER_NO_EPOCH;
    if (key.size > VARVE__RECENT_BYTES || value.size > VARVE__RECENT_BYTES - key.size)
        return;
    slot->epoch = epoch;
    slot->key_size = (uint32_t)key.size;
    slot->value_size = (uint32_t)value.size;
    memcpy(slot->bytes, key.data, key.size);
    if (value.size > 0)
        memcpy(slot->bytes + key.size, value.data, value.size);
}

void varve__recent_keep(varve__recent *recent, const varve__pool_commit *commit)
{
    if (pthread_mutex_trylock(&recent->lock) != 0)
        return; /* what is there of these keys is older, and is not given out any more */
    for (size_t i = 0; i < commit->count; i++)
        keep(recent, &commit->puts[i], commit->epoch);
    atomic_store_explicit(&recent->has_any, true, memory_order_release);
    (void)pthread_mutex_unlock(&recent->lock);
}

/* ---- Getting -------------------------------------------------------------------------------- */

static varve_status get_locked(varve__recent *recent, varve__pool *pool, varve_slice engine_key,
                               varve_buf *value, varve_error *err)
{
    uint64_t hash = varve__hash(engine_key);
    const struct varve__recent_slot *slot = slot_of(recent, hash);
    if (slot->epoch == VARVE__ITER_NO_EPOCH || slot->key_size != engine_key.size ||
        memcmp(slot->bytes, engine_key.data, engine_key.size) != 0 ||
        !varve__pool_shows(pool, slot->epoch, hash))
        return VARVE_NOT_FOUND;
    return varve__buf_append(value, varve_slice_of(slot->bytes + slot->key_size, slot->value_size),
                             err);
}

varve_status varve__recent_get(varve__recent *recent, varve__pool *pool, varve_slice engine_key,
                               varve_buf *value, varve_error *err)
{
    if (!atomic_load_explicit(&recent->has_any, memory_order_acquire) ||
        varve_key_prefix_size(engine_key) != engine_key.size ||
        pthread_mutex_trylock(&recent->lock) != 0)
        return VARVE_NOT_FOUND;
    varve_status status = get_locked(recent, pool, engine_key, value, err);
    (void)pthread_mutex_unlock(&recent->lock);
    return status;
}
