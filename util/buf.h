/*
 * Filling byte buffers.  A call that fails with VARVE_NO_MEMORY leaves the buffer as it was.
 */
#ifndef VARVE_UTIL_BUF_H
#define VARVE_UTIL_BUF_H

#include <varve/error.h>

/* Make room for `extra` more bytes behind the contents. */
varve_status varve__buf_reserve(varve_buf *buf, size_t extra, varve_error *err);

varve_status varve__buf_append(varve_buf *buf, varve_slice bytes, varve_error *err);

/* Empty the buffer and make room for `size` bytes. */
varve_status varve__buf_restart(varve_buf *buf, size_t size, varve_error *err);

/* Replace the contents by a copy of `bytes`, which must not lie inside the buffer. */
varve_status varve__buf_assign(varve_buf *buf, varve_slice bytes, varve_error *err);

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

#endif
