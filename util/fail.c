#include "util/fail.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "util/alloc.h"

static void begin(varve_error *err, varve_status status)
{
    varve_error_release(err);
    err->status = status;
}

/* A character is not cut in two. */
void varve__message_cut(char message[VARVE_ERROR_MESSAGE_MAX])
{
    static const char mark[] = "...";
    size_t at = strnlen(message, VARVE_ERROR_MESSAGE_MAX - sizeof mark);
    while (at > 0 && ((unsigned char)message[at] & 0xC0) == 0x80)
        at--;
    memcpy(message + at, mark, sizeof mark);
}

varve_status varve__fail(varve_error *err, varve_status status, const char *format, ...)
{
    if (err == NULL)
        return status;

    /* The message may be made from what the error holds: format before letting go of it. */
    char message[VARVE_ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    if (vsnprintf(message, sizeof message, format, args) >= (int)sizeof message)
        varve__message_cut(message);
    va_end(args);
    begin(err, status);
    memcpy(err->message, message, sizeof message);
    return status;
}

varve_status varve__fail_no_memory(varve_error *err, size_t wanted)
{
    return varve__fail(err, VARVE_NO_MEMORY, "out of memory: cannot allocate %zu bytes", wanted);
}

varve_status varve__fail_too_large(varve_error *err, const char *what, uint64_t size,
                                   uint64_t limit)
{
    (void)varve__fail(err, VARVE_TOO_LARGE, "%s of %" PRIu64 " bytes exceeds the limit of %" PRIu64,
                      what, size, limit);
    if (err != NULL) {
        err->detail.too_large.size = size;
        err->detail.too_large.limit = limit;
    }
    return VARVE_TOO_LARGE;
}

/* No struct of any version comes near to this; memory that nobody has set mostly goes beyond it. */
#define STRUCT_SIZE_MAX 4096

varve_status varve__struct_size(const void *from, const char *name, size_t *size, varve_error *err)
{
    *size = 0;
    if (from != NULL)
        memcpy(size, from, sizeof *size);
    if (*size < sizeof *size || *size > STRUCT_SIZE_MAX)
        return varve__fail(err, VARVE_INVALID_ARGUMENT,
                           "%s must be given with struct_size = sizeof(%s)", name, name);
    return VARVE_OK;
}

varve_status varve__struct_copy_other(void *to, size_t known, const void *from, const char *name,
                                      varve_error *err)
{
    size_t given;
    varve_status status = varve__struct_size(from, name, &given, err);
    if (status != VARVE_OK)
        return status;
    const unsigned char *bytes = from;
    for (size_t i = known; i < given; i++) {
        if (bytes[i] != 0)
            return varve__fail(err, VARVE_UNSUPPORTED,
                               "%s has a field at byte %zu that this library does not know", name,
                               i);
    }
    memset(to, 0, known);
    memcpy(to, from, given < known ? given : known);
    /* The copy is one of this version, which may be handed on as such. */
    memcpy(to, &known, sizeof known);
    return VARVE_OK;
}

void varve__struct_give(void *to, size_t given, const void *from, size_t known)
{
    memset(to, 0, given);
    memcpy(to, from, given < known ? given : known);
    memcpy(to, &given, sizeof given);
}
