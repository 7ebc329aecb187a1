#include "engine/touched.h"

#include <varve/key.h>

#include "format/batch_repr.h"
#include "format/key.h"
#include "util/alloc.h"
#include "util/fail.h"
#include "util/hash.h"

#define ROOM_MIN 64

/*
 * In a table that is at most half full hashes that look random stay close to where they belong.
 * Those that do not have been chosen, and are not worth a walk.
 */
#define PROBES_MAX 64

void varve__touched_release(varve__touched *touched)
{
    varve__free(touched->slots);
    *touched = (varve__touched){.slots = NULL};
}

void varve__touched_reset(varve__touched *touched)
{
    size_t room = touched->room;
    if (room > ROOM_MIN && touched->count < room / 16) {
        varve__touched_release(touched); /* to clear it would be most of the work */
        return;
    }
    if (touched->count > 0)
        memset(touched->slots, 0, varve__touched_bytes(touched));
    *touched = (varve__touched){.slots = touched->slots, .room = room};
}

void varve__touched_cut(varve__touched *touched, size_t size, uint32_t count)
{
    if (size > touched->offset)
        return;
    touched->offset = size;
    if (touched->is_range)
        touched->is_range = touched->is_everything = false;
    if (touched->count > 2 * ((size_t)count + ROOM_MIN))
        varve__touched_reset(touched); /* most are of no use, and all are taken in anew */
}

/* ---- The table ------------------------------------------------------------------------------ */

/* Never 0. */
static uint64_t hash_of(varve_slice prefix)
{
    uint64_t hash = varve__hash(prefix);
    return hash != 0 ? hash : 1;
}

/* The slot of a hash, or where it belongs; NULL if that is too far away. */
static uint64_t *find(const varve__touched *touched, uint64_t hash)
{
    size_t mask = touched->room - 1;
    for (size_t i = 0; i < PROBES_MAX; i++) {
        uint64_t *slot = &touched->slots[((size_t)hash + i) & mask];
        if (*slot == hash || *slot == 0)
            return slot;
    }
    return NULL;
}

static void add(varve__touched *touched, uint64_t hash)
{
    uint64_t *slot = find(touched, hash);
    if (slot == NULL) {
        touched->is_everything = true;
        return;
    }
    touched->count += *slot == 0;
    *slot = hash;
}

/* Twice the room, for a table of which half is in use. */
static varve_status grow(varve__touched *touched, varve_error *err)
{
    varve__touched grown = {.room = touched->room > 0 ? 2 * touched->room : ROOM_MIN,
                            .offset = touched->offset};
    grown.slots = varve__calloc(grown.room, sizeof *grown.slots);
    if (grown.slots == NULL)
        return varve__fail_no_memory(err, grown.room * sizeof *grown.slots);
    for (size_t i = 0; i < touched->room; i++) {
        if (touched->slots[i] != 0)
            add(&grown, touched->slots[i]);
    }
    varve__free(touched->slots);
    *touched = grown;
    return VARVE_OK;
}

/* ---- The records ---------------------------------------------------------------------------- */

static bool has_room(const varve__touched *touched)
{
    return 2 * touched->count < touched->room;
}

/* Returns the prefix of the key. */
static varve_slice add_key(varve__touched *touched, varve_slice key)
{
    varve_slice prefix = varve_slice_of(key.data, varve_key_prefix_size(key));
    add(touched, hash_of(prefix));
    return prefix;
}

/* Whether the record is that of one key. */
static bool has_key(const varve_record *record)
{
    return record->type != VARVE_RECORD_CLEAR_RANGE && record->type != VARVE_RECORD_LOG;
}

/* `*last` is the prefix of the record before, if there is one; many are of the same user key. */
static varve_status take_in(varve__touched *touched, const varve_record *record, varve_slice *last,
                            varve_error *err)
{
    if (record->type == VARVE_RECORD_CLEAR_RANGE)
        touched->is_range = touched->is_everything = true;
    if (!has_key(record) || (last->size > 0 && varve__key_has_prefix(record->key, *last)))
        return VARVE_OK;
    varve_status status = has_room(touched) ? VARVE_OK : grow(touched, err);
    if (status == VARVE_OK)
        *last = add_key(touched, record->key);
    return status;
}

void varve__touched_add(varve__touched *touched, const varve_record *record, size_t before,
                        size_t size)
{
    if (touched->offset != before || !has_room(touched) || !has_key(record))
        return;
    (void)add_key(touched, record->key);
    touched->offset = size;
}

varve_status varve__touched_catch_up(varve__touched *touched, varve_slice repr, varve_error *err)
{
    varve_record record;
    varve_slice last = varve_slice_of(NULL, 0);
    varve_status status = VARVE_OK;
    if (touched->offset == 0 && repr.size > 0)
        touched->offset = VARVE_BATCH_HEADER_SIZE;
    while (status == VARVE_OK && touched->offset < repr.size && !touched->is_everything) {
        size_t next = varve__repr_take(repr, touched->offset, &record);
        status = take_in(touched, &record, &last, err);
        if (status == VARVE_OK && !touched->is_range)
            touched->offset = next;
    }
    return status;
}

bool varve__touched_has(const varve__touched *touched, varve_slice prefix)
{
    if (touched->is_everything || touched->count == 0)
        return touched->is_everything;
    const uint64_t *slot = find(touched, hash_of(prefix));
    return slot == NULL || *slot != 0;
}
