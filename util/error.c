#include <varve/error.h>

#include "util/alloc.h"
#include "util/fail.h"

/* Callers compiled with another version of the header own the memory of the struct. */
_Static_assert(sizeof(((varve_error *)NULL)->detail) == 96, "payloads fit the room for them");

/* ---- Payloads that own memory ------------------------------------------------------------------
 */

static void release_slice(varve_slice slice)
{
    varve__free((void *)(uintptr_t)slice.data);
}

static void release_intents(varve_error *err)
{
    for (size_t i = 0; i < err->detail.intents.count; i++) {
        release_slice(err->detail.intents.list[i].key);
        release_slice(err->detail.intents.list[i].txn.key);
    }
    varve__free(err->detail.intents.list);
}

static void release_replay(varve_error *err)
{
    release_slice(err->detail.replay.value);
    release_slice(err->detail.replay.written);
}

void varve_error_release(varve_error *err)
{
    if (err->status == VARVE_WRITE_INTENT)
        release_intents(err);
    else if (err->status == VARVE_READ_UNCERTAIN)
        varve__free(err->detail.uncertain.observed);
    else if (err->status == VARVE_CONDITION_FAILED)
        release_slice(err->detail.condition.raw);
    else if (err->status == VARVE_INTEGER_OVERFLOW)
        release_slice(err->detail.overflow.key);
    else if (err->status == VARVE_NOT_GARBAGE)
        release_slice(err->detail.not_garbage.key);
    else if (err->status == VARVE_TXN_REPLAY)
        release_replay(err);
    *err = (varve_error)VARVE_ERROR_INIT;
}

/*
 * Each function here replaces a payload that is borrowed, in an error of its status, by one that is
 * owned.  Without memory it returns false, and what is left of the payload can be released.
 */

static bool own_slice(varve_slice *slice)
{
    varve_slice from = *slice;
    *slice = varve_slice_of(NULL, 0);
    if (from.size == 0)
        return true;
    unsigned char *bytes = varve__malloc(from.size);
    if (bytes == NULL)
        return false;
    memcpy(bytes, from.data, from.size);
    *slice = varve_slice_of(bytes, from.size);
    return true;
}

static bool own_intent(varve_intent *intent)
{
    varve_slice txn_key = intent->txn.key;
    intent->txn.key = varve_slice_of(NULL, 0);
    if (!own_slice(&intent->key))
        return false;
    intent->txn.key = txn_key;
    return own_slice(&intent->txn.key);
}

static bool own_intents(varve_error *err)
{
    const varve_intent *from = err->detail.intents.list;
    size_t count = err->detail.intents.count;
    varve_intent *list = varve__calloc(count, sizeof *list);
    err->detail.intents.list = list;
    err->detail.intents.count = 0;
    if (list == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        list[i] = from[i];
        err->detail.intents.count = i + 1;
        if (!own_intent(&list[i]))
            return false;
    }
    return true;
}

static bool own_observed(varve_error *err)
{
    size_t size = err->detail.uncertain.observed_count * sizeof *err->detail.uncertain.observed;
    varve_slice bytes = varve_slice_of(err->detail.uncertain.observed, size);
    bool owned = own_slice(&bytes);
    err->detail.uncertain.observed = (varve_observed *)(uintptr_t)bytes.data;
    return owned;
}

static bool own_replay(varve_error *err)
{
    varve_slice written = err->detail.replay.written;
    err->detail.replay.written = varve_slice_of(NULL, 0);
    if (!own_slice(&err->detail.replay.value))
        return false;
    err->detail.replay.written = written;
    return own_slice(&err->detail.replay.written);
}

static bool own_payload(varve_error *err)
{
    switch (err->status) {
    case VARVE_WRITE_INTENT:
        return own_intents(err);
    case VARVE_READ_UNCERTAIN:
        return own_observed(err);
    case VARVE_CONDITION_FAILED:
        return own_slice(&err->detail.condition.raw);
    case VARVE_INTEGER_OVERFLOW:
        return own_slice(&err->detail.overflow.key);
    case VARVE_TXN_REPLAY:
        return own_replay(err);
    case VARVE_NOT_GARBAGE:
        return own_slice(&err->detail.not_garbage.key);
    default:
        return true;
    }
}

varve_status varve__error_copy(const varve_error *from, varve_error *to)
{
    if (to == NULL || from == to)
        return from->status;
    varve_error_release(to);
    *to = *from;
    if (!own_payload(to))
        return varve__fail(to, VARVE_NO_MEMORY, "out of memory: cannot copy the details of %s",
                           varve_status_name(from->status));
    return from->status;
}

/* ---- Names -------------------------------------------------------------------------------------
 */

const char *varve_status_name(varve_status status)
{
    switch (status) {
#define STATUS_NAME(name, value, text)                                                             \
    case VARVE_##name:                                                                             \
        return "VARVE_" #name;
        VARVE_STATUS_MAP(STATUS_NAME)
#undef STATUS_NAME
    }
    return "VARVE_UNKNOWN";
}

const char *varve_status_text(varve_status status)
{
    switch (status) {
#define STATUS_TEXT(name, value, text)                                                             \
    case VARVE_##name:                                                                             \
        return text;
        VARVE_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "not a status of this library";
}
