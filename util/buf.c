#include "util/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/alloc.h"
#include "util/fail.h"

#define CAPACITY_MIN 64

void varve_buf_release(varve_buf *buf)
{
    if (buf->data == NULL)
        return; /* as most are that a read has at hand */
    varve__free(buf->data);
    *buf = (varve_buf)VARVE_BUF_INIT;
}

varve_status varve__buf_grow(varve_buf *buf, size_t extra, varve_error *err)
{
    if (extra > SIZE_MAX / 2 - buf->size)
        return varve__fail_no_memory(err, extra);
    size_t wanted = buf->size + extra;
    size_t capacity = buf->capacity < CAPACITY_MIN ? CAPACITY_MIN : 2 * buf->capacity;
    if (capacity < wanted)
        capacity = wanted;
    unsigned char *data = varve__realloc(buf->data, capacity);
    if (data == NULL)
        return varve__fail_no_memory(err, capacity);
    buf->data = data;
    buf->capacity = capacity;
    return VARVE_OK;
}

varve_status varve__buf_append(varve_buf *buf, varve_slice bytes, varve_error *err)
{
    varve_status status = varve__buf_reserve(buf, bytes.size, err);
    if (status == VARVE_OK)
        varve__buf_push_bytes(buf, bytes);
    return status;
}

varve_status varve__buf_printf(varve_buf *buf, varve_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return varve__fail(err, VARVE_INTERNAL, "cannot format \"%s\"", format);

    /* vsnprintf ends with a NUL, which takes room but does not count. */
    varve_status status = varve__buf_reserve(buf, (size_t)length + 1, err);
    if (status != VARVE_OK)
        return status;
    va_start(args, format);
    (void)vsnprintf((char *)buf->data + buf->size, (size_t)length + 1, format, args);
    va_end(args);
    buf->size += (size_t)length;
    return VARVE_OK;
}

varve_status varve__buf_terminate(varve_buf *buf, varve_error *err)
{
    varve_status status = varve__buf_reserve(buf, 1, err);
    if (status == VARVE_OK)
        buf->data[buf->size] = '\0';
    return status;
}
