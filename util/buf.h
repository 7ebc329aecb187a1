/*
 * Filling byte buffers.  A call that fails with VARVE_NO_MEMORY leaves the buffer as it was.
 */
#ifndef VARVE_UTIL_BUF_H
#define VARVE_UTIL_BUF_H

#include <varve/error.h>

/* As varve_buf_release(), of one that mostly holds nothing. */
static inline void varve__buf_let_go(varve_buf *buf)
{
    if (buf->data != NULL)
        varve_buf_release(buf);
}

/* The part of varve__buf_reserve() that takes memory. */
varve_status varve__buf_grow(varve_buf *buf, size_t extra, varve_error *err);

/* Make room for `extra` more bytes behind the contents. */
static inline varve_status varve__buf_reserve(varve_buf *buf, size_t extra, varve_error *err)
{
    return extra <= buf->capacity - buf->size ? VARVE_OK : varve__buf_grow(buf, extra, err);
}

varve_status varve__buf_append(varve_buf *buf, varve_slice bytes, varve_error *err);

/* Append text made by `format`, without a terminator. */
varve_status varve__buf_printf(varve_buf *buf, varve_error *err, const char *format, ...)
    VARVE_PRINTF(3, 4);

/* Put a NUL behind the contents, which `size` does not count. */
varve_status varve__buf_terminate(varve_buf *buf, varve_error *err);

/* Append where varve__buf_reserve() has made room. */
static inline void varve__buf_push(varve_buf *buf, unsigned char byte)
{
    buf->data[buf->size++] = byte;
}

static inline void varve__buf_push_bytes(varve_buf *buf, varve_slice bytes)
{
    if (bytes.size == 0)
        return;
    memcpy(buf->data + buf->size, bytes.data, bytes.size);
    buf->size += bytes.size;
}

/* Empty the buffer and make room for `size` bytes. */
static inline varve_status varve__buf_restart(varve_buf *buf, size_t size, varve_error *err)
{
    size_t before = buf->size;
    buf->size = 0;
    varve_status status = varve__buf_reserve(buf, size, err);
    if (status != VARVE_OK)
        buf->size = before;
    return status;
}

/* Replace the contents by a copy of `bytes`, which must not lie inside the buffer. */
static inline varve_status varve__buf_assign(varve_buf *buf, varve_slice bytes, varve_error *err)
{
    varve_status status = varve__buf_restart(buf, bytes.size, err);
    if (status == VARVE_OK)
        varve__buf_push_bytes(buf, bytes);
    return status;
}

#endif
