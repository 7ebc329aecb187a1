/*
 * Recording failures: each failing site is one `return varve__fail(...)`.
 *
 * All of these accept a NULL error, release what it held before, and return the status recorded.
 */
#ifndef VARVE_UTIL_FAIL_H
#define VARVE_UTIL_FAIL_H

#include <varve/error.h>

/* Let `...` stand at the end of a message, of which something has been cut. */
void varve__message_cut(char message[VARVE_ERROR_MESSAGE_MAX]);

/* A failure without payload.  `format` makes the message, cut to its room. */
varve_status varve__fail(varve_error *err, varve_status status, const char *format, ...)
    VARVE_PRINTF(3, 4);

varve_status varve__fail_no_memory(varve_error *err, size_t wanted);

/* VARVE_TOO_LARGE about `what`, such as "value". */
varve_status varve__fail_too_large(varve_error *err, const char *what, uint64_t size,
                                   uint64_t limit);

/*
 * Make `to` an independent copy of `from`, whose status it returns; VARVE_NO_MEMORY instead, if
 * copying what the payload points at fails.  `from` may be an error that was put together from
 * borrowed parts: it is never released here.
 */
varve_status varve__error_copy(const varve_error *from, varve_error *to);

/*
 * Read the struct_size of a struct of the caller, whose type's name is `name`.
 *
 * Returns VARVE_OK; or VARVE_INVALID_ARGUMENT for NULL, zero, or a size that no version has.
 */
varve_status varve__struct_size(const void *from, const char *name, size_t *size, varve_error *err);

/*
 * Fill a struct of the caller, whose struct_size is `given`, with one of this library's version:
 * `known` bytes at `from`.  A caller of a later version gets zero for what this one does not know.
 */
void varve__struct_give(void *to, size_t given, const void *from, size_t known);

/* The part of varve__struct_copy() for a struct of another version. */
varve_status varve__struct_copy_other(void *to, size_t known, const void *from, const char *name,
                                      varve_error *err);

/*
 * Bring an options struct of the caller into a struct of this library's version: `known` bytes at
 * `to`, of which the first is the size_t struct_size, which becomes `known`.  What the caller's
 * version lacks becomes zero; what it has beyond must be zero.  `name` is the type's name.
 *
 * Returns VARVE_OK; VARVE_INVALID_ARGUMENT as varve__struct_size(); VARVE_UNSUPPORTED for fields of
 * a later version that are set.
 */
static inline varve_status varve__struct_copy(void *to, size_t known, const void *from,
                                              const char *name, varve_error *err)
{
    size_t given = 0;
    if (from != NULL)
        memcpy(&given, from, sizeof given);
    if (given != known)
        return varve__struct_copy_other(to, known, from, name, err);
    memcpy(to, from, known); /* as nearly always */
    return VARVE_OK;
}

#endif
