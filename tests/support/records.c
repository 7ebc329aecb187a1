#include "tests/support/records.h"

#include <stdio.h>

#include <varve/key.h>
#include <varve/ts.h>

static varve_error err = VARVE_ERROR_INIT;

/* ---- Keys --------------------------------------------------------------------------------------
 */

varve_slice key_of(const char *text)
{
    unsigned char user[64];
    size_t size = 0;
    varve_buf key = VARVE_BUF_INIT;
    const char *at = text;

    if (*text == '\0')
        return varve_slice_of(NULL, 0);
    for (; *at != '\0' && *at != '@'; at++) {
        ck_assert_uint_lt(size, sizeof user);
        user[size++] = (unsigned char)*at;
        if (*at == '%') {
            user[size - 1] = hex(((char[]){at[1], at[2], '\0'})).data[0];
            at += 2;
        }
    }
    varve_ts ts = varve_ts_of(*at == '@' ? strtoll(at + 1, NULL, 10) : 0, 0);
    ck_ok(varve_key_encode(varve_slice_of(user, size), ts, &key, &err), &err);
    varve_slice copy = copy_of(varve_buf_slice(&key));
    varve_buf_release(&key);
    return copy;
}

/* A C string of the `size` bytes at `text`, of which none is NUL. */
static const char *kept_text(const char *text, size_t size)
{
    char *terminated = strndup(text, size);
    ck_assert_ptr_nonnull(terminated);
    const char *kept =
        (const char *)copy_of(varve_slice_of(terminated, strlen(terminated) + 1)).data;
    free(terminated);
    return kept;
}

const char *key_text(varve_slice engine_key)
{
    varve_buf user = VARVE_BUF_INIT;
    char text[256];
    size_t size = 0;
    varve_ts ts;
    ck_ok(varve_key_decode(engine_key, &user, &ts, &err), &err);
    for (size_t i = 0; i < user.size; i++) {
        bool plain = user.data[i] > ' ' && user.data[i] < 0x7F && user.data[i] != '%';
        size += (size_t)snprintf(text + size, sizeof text - size, plain ? "%c" : "%%%02X",
                                 user.data[i]);
    }
    if (!varve_ts_is_zero(ts))
        size += (size_t)snprintf(text + size, sizeof text - size, "@%lld", (long long)ts.wall);
    varve_buf_release(&user);
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
