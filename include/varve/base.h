/*
 * Things every other header needs: visibility, byte slices, byte buffers.
 */
#ifndef VARVE_BASE_H
#define VARVE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define VARVE_API __attribute__((visibility("default")))
#define VARVE_NODISCARD __attribute__((warn_unused_result))
#define VARVE_PRINTF(format_index, first_argument)                                                 \
    __attribute__((format(printf, format_index, first_argument)))
#else
#define VARVE_API
#define VARVE_NODISCARD
#define VARVE_PRINTF(format_index, first_argument)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Bytes that somebody else owns.  `data` may be NULL when `size` is 0.  How long the bytes live is
 * said by the function that hands the slice out.
 */
typedef struct varve_slice {
    const unsigned char *data;
    size_t size;
} varve_slice;

/* The slice of `size` bytes at `data`. */
static inline varve_slice varve_slice_of(const void *data, size_t size)
{
    varve_slice slice;
    slice.data = (const unsigned char *)data;
    slice.size = size;
    return slice;
}

/* The bytes of a C string, without its terminator. */
static inline varve_slice varve_slice_text(const char *text)
{
    return varve_slice_of(text, strlen(text));
}

/* Bytewise order, a prefix before what it is a prefix of: negative, zero or positive. */
static inline int varve_slice_compare(varve_slice a, varve_slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

/* Same length and same bytes. */
static inline bool varve_slice_equal(varve_slice a, varve_slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/*
 * Bytes that the caller owns and the library fills.  Start one as VARVE_BUF_INIT, end it with
 * varve_buf_release().  A buffer may be handed to one call after the other; its memory is reused.
 */
typedef struct varve_buf {
    unsigned char *data;
    size_t size;
    size_t capacity;
} varve_buf;

/* An initialiser, in C and in C++. */
#define VARVE_BUF_INIT                                                                             \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

/* Free what the buffer holds and make it empty; harmless on an empty one. */
VARVE_API void varve_buf_release(varve_buf *buf);

/* What the buffer holds now; valid until the buffer is changed or released. */
static inline varve_slice varve_buf_slice(const varve_buf *buf)
{
    return varve_slice_of(buf->data, buf->size);
}

/* A range of user keys: `start` inclusive, `end` exclusive. */
typedef struct varve_span {
    varve_slice start;
    varve_slice end;
} varve_span;

#ifdef __cplusplus
}
#endif

#endif
