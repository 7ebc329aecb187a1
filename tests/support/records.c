#include "tests/support/records.h"

#include <stdio.h>

#include <varve/key.h>

static varve_error err = VARVE_ERROR_INIT;

/* ---- Keys ---------------------------------------------------------------------------------------
 *
 * Encoded and decoded by hand, so that no allocation of the library is made for the test's own
 * sake.
 */

static size_t put_suffix(unsigned char *out, long long wall)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(~(unsigned long long)wall >> (56 - 8 * i));
    memset(out + 8, 0xFF, 4);
    return 12;
}

varve_slice key_of(const char *text)
{
    unsigned char key[256];
    size_t size = 0;
    const char *at = text;

    if (*text == '\0')
        return varve_slice_of(NULL, 0);
    for (; *at != '\0' && *at != '@'; at++) {
        ck_assert_uint_lt(size, sizeof key - 16);
        key[size++] = (unsigned char)*at;
        if (*at == '%') {
            key[size - 1] = hex(((char[]){at[1], at[2], '\0'})).data[0];
            at += 2;
        }
        if (key[size - 1] == 0x00)
            key[size++] = 0xFF;
    }
    key[size++] = 0x00;
    key[size++] = 0x01;
    if (*at == '@')
        size += put_suffix(key + size, strtoll(at + 1, NULL, 10));
    return copy_of(varve_slice_of(key, size));
}

/* A C string of the `size` bytes at `text`, of which none is NUL. */
static const char *kept_text(const char *text, size_t size)
{
    char *terminated = strndup(size > 0 ? text : "", size);
    ck_assert_ptr_nonnull(terminated);
    const char *kept =
        (const char *)copy_of(varve_slice_of(terminated, strlen(terminated) + 1)).data;
    free(terminated);
    return kept;
}

const char *key_text(varve_slice engine_key)
{
    char text[256];
    size_t size = 0;
    size_t prefix = varve_key_prefix_size(engine_key);
    ck_assert_msg(prefix == engine_key.size || prefix + 12 == engine_key.size, "no engine key: %s",
                  hex_text(engine_key));
    for (size_t i = 0; i + 2 < prefix; i++) {
        unsigned char byte = engine_key.data[i];
        bool plain = byte > ' ' && byte < 0x7F && byte != '%';
        size += (size_t)snprintf(text + size, sizeof text - size, plain ? "%c" : "%%%02X", byte);
        i += byte == 0x00;
    }
    if (prefix < engine_key.size) {
        unsigned long long wall = 0;
        for (size_t i = 0; i < 8; i++)
            wall = wall << 8 | (unsigned char)~engine_key.data[prefix + i];
        size += (size_t)snprintf(text + size, sizeof text - size, "@%llu", wall);
    }
    return kept_text(text, size);
}

/* ---- Reading -----------------------------------------------------------------------------------
 */

const char *position(varve_iter *it)
{
    varve_status status = varve_iter_status(it, NULL);
    if (it->valid)
        return status == VARVE_OK ? key_text(it->key) : "valid and failed";
    return status == VARVE_OK ? "-" : varve_status_name(status);
}

const char *get(varve_reader *reader, const char *key)
{
    varve_buf value = VARVE_BUF_INIT;
    varve_status status = varve_reader_get(reader, key_of(key), &value, &err);
    ck_assert_msg(status >= 0, "get %s: %s", key, err.message);
    ck_assert(status == VARVE_OK || value.size == 0);
    const char *text =
        status == VARVE_NOT_FOUND ? "-" : kept_text((const char *)value.data, value.size);
    varve_buf_release(&value);
    return text;
}

varve_iter *iter(varve_reader *reader, const varve_iter_options *options)
{
    varve_iter *it;
    ck_ok(varve_iter_open(reader, options, &it, &err), &err);
    ck_assert(!it->valid);
    return it;
}

static const char *walk(varve_iter *it, bool (*step)(varve_iter *it))
{
    size_t room = 1 << 20;
    char *text = malloc(room);
    size_t size = 0;
    ck_assert_ptr_nonnull(text);
    for (; it->valid; (void)step(it)) {
        varve_slice value = varve_iter_value(it);
        const char *key = key_text(it->key);
        ck_assert_uint_lt(size + strlen(key) + value.size + 3, room);
        size += (size_t)snprintf(text + size, room - size, "%s%s=%.*s", size > 0 ? " " : "", key,
                                 (int)value.size, (const char *)value.data);
    }
    const char *kept = kept_text(text, size);
    free(text);
    ck_ok(varve_iter_status(it, &err), &err);
    return kept;
}

const char *walk_forward(varve_iter *it)
{
    return walk(it, varve_iter_next);
}

const char *walk_backward(varve_iter *it)
{
    return walk(it, varve_iter_prev);
}

const char *all_of(varve_reader *reader)
{
    varve_iter *it = iter(reader, NULL);
    (void)varve_iter_seek_ge(it, key_of(""));
    const char *text = walk_forward(it);
    varve_iter_close(it);
    return text;
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

void put(varve_writer *writer, const char *key, const char *value)
{
    ck_ok(varve_writer_put(writer, key_of(key), varve_slice_text(value), &err), &err);
}

void clear(varve_writer *writer, const char *key)
{
    ck_ok(varve_writer_clear(writer, key_of(key), &err), &err);
}

void clear_range(varve_writer *writer, const char *start, const char *end)
{
    ck_ok(varve_writer_clear_range(writer, key_of(start), key_of(end), &err), &err);
}
