/*
 * Bytes that the tool owns.
 */
#ifndef TOOLS_BYTES_H
#define TOOLS_BYTES_H

#include <stdlib.h>
#include <varve/base.h>

/* Start one as BYTES_INIT, end it with bytes_release(). */
struct bytes {
    unsigned char *data;
    size_t size;
};

#define BYTES_INIT                                                                                 \
    {                                                                                              \
        NULL, 0                                                                                    \
    }

/* What it holds now. */
static inline varve_slice bytes_slice(const struct bytes *bytes)
{
    return varve_slice_of(bytes->data, bytes->size);
}

/* Hold a copy of `source` instead.  Returns false, changing nothing, if memory runs out. */
bool bytes_copy(struct bytes *bytes, varve_slice source);

/*
 * Hold what the hexadecimal digits of `text` mean instead, two a byte.  Returns false, changing
 * nothing, if they are none or memory runs out; `*is_hex` tells which.
 */
bool bytes_from_hex(struct bytes *bytes, varve_slice text, bool *is_hex);

/* Lower-case hexadecimal of `bytes`, which the caller frees; NULL if memory runs out. */
char *bytes_to_hex(varve_slice bytes);

/* Free it and make it empty; harmless if it is. */
static inline void bytes_release(struct bytes *bytes)
{
    free(bytes->data);
    bytes->data = NULL;
    bytes->size = 0;
}

#endif
