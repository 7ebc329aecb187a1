#include <varve/error.h>

#include "util/alloc.h"
#include "util/fail.h"

/* Callers compiled with another version of the header own the memory of the struct. */
_Static_assert(sizeof(((varve_error *)NULL)->detail) == 96, "payloads fit the room for them");

static void release_intents(varve_error *err)
{
    for (size_t i = 0; i < err->detail.intents.count; i++)
        varve__free((void *)(uintptr_t)err->detail.intents.list[i].key.data);
    varve__free(err->detail.intents.list);
}

void varve_error_release(varve_error *err)
{
    if (err->status == VARVE_WRITE_INTENT)
        release_intents(err);
    *err = (varve_error)VARVE_ERROR_INIT;
}

static bool copy_key(varve_slice from, varve_slice *to)
{
    *to = varve_slice_of(NULL, 0);
    if (from.size == 0)
        return true;
    unsigned char *bytes = varve__malloc(from.size);
    if (bytes == NULL)
        return false;
    memcpy(bytes, from.data, from.size);
    *to = varve_slice_of(bytes, from.size);
    return true;
}

varve_status varve__error_set_intents(varve_error *err, const varve_intent *list, size_t count,
                                      bool more)
{
    varve_intent *copy = varve__calloc(count, sizeof *copy);
    if (copy == NULL)
        return varve__fail_no_memory(err, count * sizeof *copy);
    err->status = VARVE_WRITE_INTENT;
    err->detail.intents.list = copy;
    err->detail.intents.count = count;
    err->detail.intents.more = more;
    for (size_t i = 0; i < count; i++) {
        copy[i] = list[i];
        if (!copy_key(list[i].key, &copy[i].key)) {
            err->detail.intents.count = i;
            return varve__fail_no_memory(err, list[i].key.size);
        }
    }
    return VARVE_WRITE_INTENT;
}

varve_status varve__error_copy(const varve_error *from, varve_error *to)
{
    if (to == NULL || from == to)
        return from->status;
    varve_error_release(to);
    if (from->status == VARVE_WRITE_INTENT) {
        varve_status status = varve__error_set_intents(
            to, from->detail.intents.list, from->detail.intents.count, from->detail.intents.more);
        if (status != VARVE_WRITE_INTENT)
            return status;
    } else {
        to->detail = from->detail;
    }
    to->status = from->status;
    memcpy(to->message, from->message, sizeof to->message);
    return from->status;
}

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
