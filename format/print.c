#include "format/print.h"

#include <stdio.h>
#include <utf8proc.h>

#include <varve/key.h>
#include <varve/ts.h>

#include "format/key.h"
#include "util/buf.h"

/* ---- Characters --------------------------------------------------------------------------------
 */

/*
 * Letters, marks, numbers, punctuation and symbols, and of the spaces the ASCII one.  U+FFFD stands
 * for something that could not be read, so it is not taken for text.
 */
static bool is_printable(int32_t code_point)
{
    utf8proc_category_t category = utf8proc_category(code_point);
    return code_point == ' ' || (code_point != 0xFFFD && category >= UTF8PROC_CATEGORY_LU &&
                                 category <= UTF8PROC_CATEGORY_SO);
}

/* Read one character off the front of `bytes`; 0 if they do not begin with valid UTF-8. */
static size_t read_character(varve_slice bytes, int32_t *code_point)
{
    size_t longest = bytes.size < 4 ? bytes.size : 4;
    utf8proc_ssize_t size = utf8proc_iterate(bytes.data, (utf8proc_ssize_t)longest, code_point);
    return size > 0 ? (size_t)size : 0;
}

bool varve__is_printable(varve_slice bytes)
{
    while (bytes.size > 0) {
        int32_t code_point;
        size_t size = read_character(bytes, &code_point);
        if (size == 0 || !is_printable(code_point))
            return false;
        bytes = varve_slice_of(bytes.data + size, bytes.size - size);
    }
    return true;
}

/* ---- Quoting -----------------------------------------------------------------------------------
 */

void varve__text_add(varve__text *text, varve_slice bytes)
{
    if (bytes.size > 0 && text->written == text->size && bytes.size <= text->room - text->size) {
        memcpy(text->data + text->size, bytes.data, bytes.size);
        text->written += bytes.size;
    }
    text->size += bytes.size;
}

/* The letter behind the backslash for `code_point`, or NUL if it has none. */
static char escape_letter(int32_t code_point)
{
    if (code_point == '"' || code_point == '\\')
        return (char)code_point;
    return code_point >= '\a' && code_point <= '\r' ? "abtnvfr"[code_point - '\a'] : '\0';
}

/* Add the first character of `bytes`, or their first byte if they begin with none; return its size.
 */
static size_t add_quoted(varve__text *text, varve_slice bytes)
{
    char escape[12];
    int32_t code_point = 0;
    size_t size = read_character(bytes, &code_point);
    char letter = size > 0 ? escape_letter(code_point) : '\0';
    if (letter != '\0')
        (void)snprintf(escape, sizeof escape, "\\%c", letter);
    else if (size == 0 || code_point < ' ')
        (void)snprintf(escape, sizeof escape, "\\x%02x", bytes.data[0]);
    else if (is_printable(code_point))
        escape[0] = '\0';
    else
        (void)snprintf(escape, sizeof escape, code_point > 0xFFFF ? "\\U%08x" : "\\u%04x",
                       (unsigned)code_point);
    varve__text_add(text, escape[0] != '\0' ? varve_slice_text(escape)
                                            : varve_slice_of(bytes.data, size));
    return size == 0 ? 1 : size;
}

static void add_in_quotes(varve__text *text, varve_slice bytes)
{
    varve__text_add(text, varve_slice_text("\""));
    while (bytes.size > 0) {
        size_t size = add_quoted(text, bytes);
        bytes = varve_slice_of(bytes.data + size, bytes.size - size);
    }
    varve__text_add(text, varve_slice_text("\""));
}

void varve__text_add_key(varve__text *text, varve_slice user_key)
{
    if (user_key.size == 0)
        varve__text_add(text, varve_slice_text("/Min"));
    else if (varve_slice_equal(user_key, varve_key_max()))
        varve__text_add(text, varve_slice_text("/Max"));
    else
        add_in_quotes(text, user_key);
}

/* ---- Short forms for messages ------------------------------------------------------------------
 */

static const char cut_mark[] = "\"...";

static char *brief(void (*add)(varve__text *text, varve_slice bytes), varve_slice bytes, char *out,
                   size_t room)
{
    varve__text text = {out, room - sizeof cut_mark, 0, 0};
    add(&text, bytes);
    const char *end = text.size > text.written ? cut_mark : "";
    (void)snprintf(out + text.written, room - text.written, "%s", end);
    return out;
}

char *varve__key_brief(varve_slice user_key, char *out, size_t room)
{
    return brief(varve__text_add_key, user_key, out, room);
}

char *varve__quote_brief(varve_slice bytes, char *out, size_t room)
{
    return brief(add_in_quotes, bytes, out, room);
}

/* ---- Whole forms --------------------------------------------------------------------------
 */

static varve_status print(void (*add)(varve__text *text, varve_slice bytes), varve_slice bytes,
                          varve_buf *text, varve_error *err)
{
    size_t room = varve__key_text_max(bytes.size);
    varve_status status = varve__buf_reserve(text, room, err);
    if (status != VARVE_OK)
        return status;
    varve__text out = {(char *)text->data + text->size, room, 0, 0};
    add(&out, bytes);
    text->size += out.written;
    return VARVE_OK;
}

varve_status varve_key_print(varve_slice user_key, varve_buf *text, varve_error *err)
{
    return print(varve__text_add_key, user_key, text, err);
}

varve_status varve__quote_print(varve_slice bytes, varve_buf *text, varve_error *err)
{
    return print(add_in_quotes, bytes, text, err);
}

varve_status varve_engine_key_print(varve_slice engine_key, varve_buf *text, varve_error *err)
{
    varve_buf user_key = VARVE_BUF_INIT;
    size_t before = text->size;
    varve_ts ts;
    varve_status status = varve_key_decode(engine_key, &user_key, &ts, err);
    if (status != VARVE_OK)
        goto out;
    status = varve_key_print(varve_buf_slice(&user_key), text, err);
    if (status != VARVE_OK)
        goto out;
    char ts_text[VARVE_TS_TEXT_MAX];
    status = varve__buf_printf(text, err, "/%s", varve_ts_format(ts, ts_text));

out:
    if (status != VARVE_OK)
        text->size = before;
    varve_buf_release(&user_key);
    return status;
}
