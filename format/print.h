/*
 * Keys and bytes as text.
 */
#ifndef VARVE_FORMAT_PRINT_H
#define VARVE_FORMAT_PRINT_H

#include <varve/error.h>

/*
 * Text that is written as far as its room goes, and counted whole.  It is cut between characters,
 * never inside one, and takes nothing more once it has been cut.
 */
typedef struct varve__text {
    char *data;
    size_t room;
    size_t written; /* bytes at `data` */
    size_t size;    /* bytes of the whole text */
} varve__text;

/* Add `bytes` whole or not at all. */
void varve__text_add(varve__text *text, varve_slice bytes);

/* Add a user key: `/Min`, `/Max`, or double-quoted text. */
void varve__text_add_key(varve__text *text, varve_slice user_key);

/* Room for any user key of `size` bytes: the longest escape takes four bytes for one. */
static inline size_t varve__key_text_max(size_t size)
{
    return 4 * size + 4;
}

/*
 * Write a user key, or `bytes` in double quotes, as a C string to `out`, which has `room` bytes,
 * more than 8.  What does not fit is cut, and `"...` stands for it.  Return `out`.
 */
char *varve__key_brief(varve_slice user_key, char *out, size_t room);
char *varve__quote_brief(varve_slice bytes, char *out, size_t room);

/* Append `bytes` in double quotes to `text`, whole.  Returns VARVE_OK or VARVE_NO_MEMORY. */
varve_status varve__quote_print(varve_slice bytes, varve_buf *text, varve_error *err);

/* Whether `bytes` are valid UTF-8 of nothing but printable characters. */
bool varve__is_printable(varve_slice bytes);

#endif
